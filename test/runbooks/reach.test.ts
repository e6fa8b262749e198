import { lookup } from 'node:dns';
import { describe, expect, test } from '@jest/globals';
import {
  guardedLookup,
  hostOf,
  isAsWritten,
  isBelow,
  isListed,
  isNever,
  ROUTING,
  writtenBeginning,
} from '#runbooks/reach.js';

const hostname = (host: string) => new URL(`http://${host}/`).hostname;

describe('what is never asked', () => {
  test.each([
    '169.254.169.254',
    '169.254.0.1',
    // As a number, in hex, in octal, in parts, with a dot at the end, with other dots and digits.
    '2852039166',
    '0xa9fea9fe',
    '0xA9.0xFE.0xA9.0xFE',
    '0251.0376.0251.0376',
    '169.16689662',
    '169.254.43518',
    '169.254.169.254.',
    '169。254。169。254',
    '１６９．２５４．１６９．２５４',
    '①⑥⑨.254.169.254',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '[fe80::1]',
    '[febf:ffff::1]',
    '[fd00:ec2::254]',
    '[fd00:0ec2:0:0:0:0:0:254]',
    '[fd20:ce::254]',
    '[::ffff:169.254.169.254]',
    '[::ffff:a9fe:a9fe]',
    '[::169.254.169.254]',
    '[64:ff9b::169.254.169.254]',
    '[2002:a9fe:a9fe::1]',
    // Translated (SIIT), behind a NAT64 prefix of one's own, ISATAP, Teredo.
    '[::ffff:0:169.254.169.254]',
    '[64:ff9b:1::169.254.169.254]',
    '[64:ff9b:1:a9fe:a9:fe00::]',
    '[64:ff9b:1:7a9:fe:a9fe::]',
    '[64:ff9b:1:7:a9:fea9:fe00:0]',
    '[2001:db8::5efe:169.254.169.254]',
    '[2001:db8::200:5efe:a9fe:a9fe]',
    '[2001:0:102:304:0:0:5601:5601]',
    '[::ffff:100.100.100.200]',
    'metadata.google.internal',
    'METADATA.google.internal.',
    'metadata',
    'metadata.goog',
    'instance-data.ec2.internal',
  ])('%s', (host) => expect(isNever(hostname(host))).toBe(true));

  test.each([
    '127.0.0.1',
    '10.0.0.1',
    '169.253.255.255',
    '169.255.0.1',
    '100.100.100.201',
    '[::1]',
    '[fd00::1]',
    '[fec0::1]',
    '[::ffff:10.0.0.1]',
    '[2002:a9fd::1]',
    '[2001:db8::a9fe:a9fe]',
    '[64:ff9b:1::10.0.0.1]',
    '[2001:0:102:304:0:0:f5ff:fffe]',
    '[2001:db8::5efe:10.0.0.1]',
    'metadata.example',
    'status.example',
  ])('but %s may be', (host) => expect(isNever(hostname(host))).toBe(false));

  test('of an interface, too, as a resolver gives it', () => expect(isNever('fe80::1%eth0')).toBe(true));
});

test.each([{ all: true }, { all: false }, {}])('a name is resolved as it always is: %j', async (options) => {
  type Answer = [unknown, unknown, unknown];
  const ours = await new Promise<Answer>((done) =>
    guardedLookup('localhost', options, (...all) => done(all as Answer)),
  );
  const theirs = await new Promise<Answer>((done) =>
    lookup('localhost', options as never, ((...all: Answer) => done(all)) as never),
  );
  expect(ours.slice(0, 3).filter((one) => one !== undefined)).toEqual(
    theirs.filter((one) => one !== undefined),
  );
});

test('a name that stands for one of those is not connected to', async () => {
  // An address is resolved to itself, as by a resolver whose owner has changed their mind.
  const why = await new Promise<Error | null>((done) =>
    guardedLookup('169.254.169.254', { all: true }, (error) => done(error)),
  );
  expect(why?.message).toBe(
    '169.254.169.254 stands for 169.254.169.254, a link-local or metadata address, which is never asked',
  );
  const none = await new Promise<NodeJS.ErrnoException | null>((done) =>
    guardedLookup('nowhere.invalid', {}, (error) => done(error)),
  );
  expect(none?.code).toMatch(/^(ENOTFOUND|EAI_AGAIN)$/);
});

describe('hosts that templates may reach', () => {
  const listed = (entry: string, url: string) => {
    const host = hostOf(entry);
    return host !== null && isListed([host], new URL(url));
  };
  test.each([
    ['status.example', 'http://status.example/x'],
    ['status.example', 'https://STATUS.example:443/x?y'],
    ['Status.Example', 'http://status.example:80/'],
    ['metrics:9090', 'http://metrics:9090/'],
    ['metrics:9090', 'https://metrics:9090/'],
    ['metrics:80', 'http://metrics/'],
    ['https://api.example', 'https://api.example/'],
    ['https://api.example:8443/', 'https://api.example:8443/'],
    ['[::1]:8080', 'http://[0:0::1]:8080/'],
    ['127.0.0.1:8080', 'http://2130706433:8080/'],
  ])('%s: %s', (entry, url) => expect(listed(entry, url)).toBe(true));

  test.each([
    ['status.example', 'http://status.example:8080/'],
    ['status.example', 'http://status.example.attacker.example/'],
    ['status.example', 'http://attacker.example/status.example'],
    ['status.example', 'http://status.example@attacker.example/'],
    ['status.example', 'http://attacker.example\\@status.example/'],
    ['status.example', 'http://a.status.example/'],
    ['status.example', 'http://status.example./'],
    ['metrics:9090', 'http://metrics/'],
    ['metrics:80', 'https://metrics/'],
    ['https://api.example', 'http://api.example/'],
    ['https://api.example', 'https://api.example:80/'],
  ])('%s is not %s', (entry, url) => expect(listed(entry, url)).toBe(false));

  test.each([
    '',
    '*',
    '*.example',
    'a b',
    'a/b',
    'a@b',
    'ftp://a',
    'http://',
    'a?b',
    'a#b',
    'a:99999',
    'a\\b',
    '10.0.0.0/8',
  ])('%p is none', (text) => expect(hostOf(text)).toBeNull());
});

describe('an address as its author wrote it', () => {
  test.each([
    ['http://h/{{ inputs.x }}', 'http://h/'],
    ['http://h:8080/a/{{ inputs.x }}?q={{ inputs.y }}', 'http://h:8080/a/'],
    ['https://h?q={{ inputs.x }}', 'https://h/?q='],
    ['https://h/whole', 'https://h/whole'],
  ])('%s begins with %s', (text, beginning) => expect(writtenBeginning(text)?.href).toBe(beginning));

  test.each([
    '{{ inputs.url }}',
    '{{ inputs.scheme }}://h/',
    'http{{ inputs.s }}://h/',
    'http://{{ inputs.host }}/',
    'http://h{{ inputs.x }}',
    'http://h{{ inputs.x }}/',
    'http://h.example{{ inputs.x }}/path',
    'http://h:{{ inputs.port }}/',
    'http://h:80{{ inputs.x }}/',
    'http://{{ inputs.user }}@h/',
    'http://u@{{ inputs.h }}/',
    'http:{{ inputs.x }}//h/',
    'http://\\{{ inputs.x }}',
    'http://…/v1',
  ])('%s leaves open where it leads', (text) => expect(writtenBeginning(text)).toBeNull());

  const path = 'http://h.example/v1/{{ inputs.x }}';
  test.each([
    '',
    'a',
    'a/b',
    '//evil.example',
    '@evil.example',
    '\\\\evil.example',
    ':80@evil.example',
    '?q',
    '#f',
  ])('what is filled in cannot lead elsewhere: %s', (filled) => {
    const url = new URL(path.replace('{{ inputs.x }}', filled));
    expect(url.host).toBe('h.example');
    expect(isAsWritten(path, url)).toBe(true);
  });
  test.each(['group%2Fproject', '.well-known/x', '..a', 'a..', 'v1.2;x', '...', 'a%2eb', '100%25'])(
    'what only looks like a step up is none: %s',
    (filled) => expect(isAsWritten(path, new URL(path.replace('{{ inputs.x }}', filled)))).toBe(true),
  );
  test.each([
    ...['..', '../admin', '%2e%2e/admin', '..\\admin', 'a/../../admin', '\t../admin'],
    // What servers make of it that know parameters of a folder, or decode once more than a URL does.
    ...['..;/admin', '..;x=1/admin', '%2e%2e%3b/admin', 'a/..;/..;/admin', '%252e%252e/admin'],
    ...['a%2f..%2f..%2fadmin', '..%2fadmin', '..%5cadmin', '%252e%252e%252fadmin'],
  ])('nor out of the path: %p', (filled) =>
    expect(isAsWritten(path, new URL(path.replace('{{ inputs.x }}', filled)))).toBe(false),
  );
  test('another address is not as written', () => {
    expect(isAsWritten('{{ inputs.url }}', new URL('http://h/'))).toBe(false);
    expect(isAsWritten('http://h/a', new URL('https://h/a'))).toBe(false);
    expect(isAsWritten('http://h/a', new URL('http://h:81/a'))).toBe(false);
  });
});

test('below a place', () => {
  expect(isBelow(['https://a', 'https://h/x/'], new URL('https://h/x'))).toBe(true);
  expect(isBelow([], new URL('https://h/'))).toBe(false);
  expect(isBelow(['https://h/x'], new URL('https://h/x%5c..%5cy'))).toBe(false);
  for (const up of [
    '..;/y',
    '..;a=b/y',
    '%2e%2e%3b/y',
    '%252e%252e/y',
    'a%252f..%252f..%252fy',
    'a%252fy',
    'a%25252fy',
  ])
    expect([up, isBelow(['https://h/x'], new URL(`https://h/x/${up}`))]).toEqual([up, false]);
  for (const within of ['a', 'a/b;c=d', '.hidden', 'v1..2'])
    expect([within, isBelow(['https://h/x'], new URL(`https://h/x/${within}`))]).toEqual([within, true]);
});

test('headers that route', () => {
  for (const name of ['Host', 'x-forwarded-host', 'Forwarded', 'X-Original-URL', 'Proxy-Authorization'])
    expect(name).toMatch(ROUTING);
  for (const name of ['X-Api-Key', 'Accept', 'Content-Type', 'X-Hostile', 'Authorization'])
    expect(name).not.toMatch(ROUTING);
});
