import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { normal, timeOf } from '#alerts/normal.js';
import type { Reported } from '#alerts/sender.js';
import { SENDERS } from '#alerts/senders/senders.js';
import { MOST } from '#domain/alert/signal.js';
import { isPrintable } from '#domain/text.js';
import { Scrub } from '#runbooks/scrub.js';
import { effort } from '../support/effort.js';
import { alertmanagerAlert, alertmanagerBody, hookOf, NOW, received, senderOf, unreadable } from './kit.js';

const scrub = new Scrub(() => 'fp:000000000000');
const SECRET = 'a-key-that-nobody-may-see';
scrub.learn(SECRET);
const of = (more: Partial<Reported>) =>
  normal({ alert: 'a', status: 'firing', labels: {}, ...more }, { scrub, now: NOW });

describe('times', () => {
  test.each([
    ['with a fraction', '2026-11-10T01:40:00.123456789Z', '2026-11-10T01:40:00Z'],
    ['with an offset', '2026-11-10T02:40:00+01:00', '2026-11-10T01:40:00Z'],
    ['with an offset without a colon', '2026-11-10T01:40:00.315+0000', '2026-11-10T01:40:00Z'],
    ['with a blank', '2026-11-10 01:40:00', '2026-11-10T01:40:00Z'],
    ['in seconds', 1794274800, '2026-11-10T01:40:00Z'],
    ['in milliseconds, as text', '1794274800000', '2026-11-10T01:40:00Z'],
    ['a little ahead', '2026-11-10T01:46:00Z', '2026-11-10T01:46:00Z'],
    ['far ahead', '2026-11-10T01:49:00Z', '2026-11-10T01:43:07Z'],
    ['in the year 9999', '9999-12-31T23:59:59Z', '2026-11-10T01:43:07Z'],
  ])('%s', (_, given, expected) => {
    expect(of({ since: given }).since).toBe(expected);
  });
  test.each([
    '0001-01-01T00:00:00Z',
    '',
    'yesterday',
    '1',
    0,
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    null,
    {},
    [],
    true,
    '2026-13-45T99:00:00Z',
    '1970-01-01T00:00:00Z',
  ])('%j stands for none', (given) => {
    expect(timeOf(given, NOW)).toBeNull();
    expect(of({ since: given }).since).toBe('2026-11-10T01:43:07Z');
  });
  test('an end that fires has none, one before its beginning is at it, one that is not told is null', () => {
    const since = '2026-11-10T01:40:00Z';
    expect(of({ since, until: '2026-11-10T01:41:00Z' }).until).toBeNull();
    expect(of({ status: 'resolved', since, until: '2026-11-10T01:00:00Z' }).until).toBe(since);
    expect(of({ status: 'resolved', since }).until).toBeNull();
    expect(of({ status: 'resolved', until: since })).toMatchObject({ since, until: since });
  });
});

describe('texts', () => {
  test('nothing that moves a cursor, no NUL, no half of a character', () => {
    const signal = of({
      title: '\u001b[31mred\u001b[0m\u0000 \ud800x\u202e',
      text: 'a\u0000b\nc',
      labels: { 'n\u0000': 'v\udfff' },
    });
    expect(signal).toMatchObject({ title: 'red x', text: 'ab\nc', labels: { n: 'v' } });
  });
  test('a title is one line, and the name of the alert where there is none', () => {
    expect(of({ title: ' a\n\n b\tc ' }).title).toBe('a b c');
    expect(of({ labels: { alertname: 'Disk' } }).title).toBe('Disk');
    expect(of({ title: ' \n' }).title).toBe('a');
  });
  test('markup stays text', () => {
    expect(of({ title: '<!channel> <script>alert(1)</script> *b* [x](javascript:1)' }).title).toBe(
      '<!channel> <script>alert(1)</script> *b* [x](javascript:1)',
    );
  });
  test('a secret is taken out, also one that something unseen was put into, and before anything is cut', () => {
    const signal = of({
      title: `it said ${SECRET}`,
      text: `${'x'.repeat(MOST.text - 10)}${SECRET}`,
      labels: { key: `a-key-that\u0000-nobody-may-see` },
      links: [{ title: 'x', url: `https://x.example/?k=${SECRET}` }],
    });
    expect(JSON.stringify(signal)).not.toContain('a-key-that');
    expect(signal.title).toContain('[secret fp:');
  });
  test('everything has an end', () => {
    const long = '😀'.repeat(100_000);
    const signal = of({
      alert: long,
      title: long,
      text: long,
      labels: Object.fromEntries(
        Array.from({ length: 10_000 }, (_, i) => [`${i}${'n'.repeat(500)}`, long.slice(0, 4_000)]),
      ),
      values: Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`v${i}`, i])),
      links: Array.from({ length: 100 }, (_, i) => ({ title: long, url: `https://x.example/${i}` })),
    });
    const length = (text: string) => [...text].length;
    expect(length(signal.alert)).toBeLessThanOrEqual(MOST.alert);
    expect(length(signal.title)).toBe(MOST.title);
    expect(length(`${signal.text}`)).toBe(MOST.text);
    expect(Object.keys(signal.labels)).toHaveLength(MOST.labels);
    expect(
      Object.entries(signal.labels).every(
        ([name, value]) => length(name) <= MOST.labelName && length(value) <= MOST.labelValue,
      ),
    ).toBe(true);
    expect(Object.keys(signal.values)).toHaveLength(MOST.values);
    expect(signal.links).toHaveLength(MOST.links);
    expect(JSON.stringify(signal)).not.toMatch(/\\ud[89a-f]/);
  });
  test('two long identities that differ at their end stay two', () => {
    const long = 'x'.repeat(1_000);
    expect(of({ alert: `${long}1` }).alert).not.toBe(of({ alert: `${long}2` }).alert);
  });
  test('a label that every object has a member of is a label, and one that is none is left out', () => {
    const labels = JSON.parse(
      '{"__proto__":"x","constructor":"c","toString":"t","empty":"","null":null,"deep":{"a":[1]},"n":1.5,"t":true}',
    );
    expect(Object.entries(of({ labels }).labels)).toEqual([
      ['constructor', 'c'],
      ['toString', 't'],
      ['deep', '{"a":[1]}'],
      ['n', '1.5'],
      ['t', 'true'],
    ]);
  });
  test.each([
    'javascript:alert(1)',
    'ftp://x.example',
    'https://user:password@x.example',
    'https://',
    'not one',
    `https://x.example/${'x'.repeat(3_000)}`,
    7,
    null,
    'https://x.example/a b',
  ])('%j is no link', (url) => {
    expect(of({ links: [{ title: 'x', url }] }).links).toEqual([]);
  });
});

describe('whatever is sent', () => {
  const settings: Record<string, object> = { json: { members: { alert: '/id', labels: '/labels' } } };

  test.each(SENDERS.map(({ type }) => type))(
    '%s: it is taken or refused, and nothing else happens',
    (type) => {
      fc.assert(
        fc.property(
          fc.json({ maxDepth: 6 }),
          fc.constantFrom('', '/v2/enqueue', '/v2/alerts', '/v2/alerts/x/close'),
          (body, path) => {
            const hook = hookOf(body, { path, headers: { 'content-type': 'application/cloudevents+json' } });
            try {
              for (const one of received(type, hook, settings[type]).alerts) normal(one, { scrub, now: NOW });
            } catch (error) {
              expect(error).toHaveProperty('name', 'Unreadable');
            }
          },
        ),
        { numRuns: effort(100) },
      );
    },
  );

  test('of an alert with members of any kind everything that is kept can be kept and read', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()),
        fc.jsonValue(),
        fc.string({ unit: 'binary' }),
        (labels, startsAt, summary) => {
          const body = alertmanagerBody([
            alertmanagerAlert({ labels, startsAt: JSON.stringify(startsAt), annotations: { summary } }),
          ]);
          const [one] = received('alertmanager', hookOf(body)).alerts;
          const signal = normal(one as Reported, { scrub, now: NOW });
          const texts = [signal.title, signal.alert, ...Object.entries(signal.labels).flat()];
          expect(texts.every(isPrintable)).toBe(true);
          expect(signal.title).not.toBe('');
        },
      ),
      { numRuns: effort(200) },
    );
  });

  test.each([
    ['nothing', '', /empty/],
    ['half of it', '{"alerts":[{"status":"fir', /ends too early/],
    ['no JSON', 'alerts=1', /not JSON/],
    ['another encoding', Buffer.from([0x7b, 0xff, 0x7d]), /not UTF-8/],
    ['a hundred thousand brackets', '['.repeat(100_000), /nested/],
    ['deep and whole', `{"alerts":${'['.repeat(100)}${']'.repeat(100)}}`, /nested/],
    ['a list of too many', `{"alerts":[${'{},'.repeat(10_000)}{}]}`, /more than 10000 members/],
    ['an object of too many', `{${'"a":1,'.repeat(10_000)}"b":1}`, /more than 10000 members/],
    ['too many, and not whole', `[0,[${','.repeat(10_000)}`, /more than 10000 members/],
    ['a list', '[]', /expected object/],
    ['null', 'null', /expected object/],
    ['a list of numbers', '{"alerts":[1]}', /alerts\.0/],
  ])('%s is refused with what is wrong', (_, body, what) => {
    const { status, message } = unreadable(() => received('alertmanager', hookOf(body)));
    expect([status, message]).toEqual([400, expect.stringMatching(what)]);
    expect(message.length).toBeLessThan(500);
  });

  test('ten thousand labels are read, and the first of them kept', () => {
    const labels = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`l${i}`, 'x']));
    const [one] = received('alertmanager', hookOf(alertmanagerBody([alertmanagerAlert({ labels })]))).alerts;
    expect(Object.keys(normal(one as Reported, { scrub, now: NOW }).labels)).toHaveLength(64);
  });

  test('commas and members of others are not counted', () => {
    const many = Array.from({ length: 9_999 }, () => ({ a: 1, b: ',,' }));
    const body = { ...alertmanagerBody(), more: [many, many], text: ','.repeat(20_000) };
    expect(received('alertmanager', hookOf(body)).alerts).toHaveLength(1);
  });

  test('brackets within texts are not counted', () => {
    const summary = `${'['.repeat(500)}\\"${'{'.repeat(500)}`;
    const body = alertmanagerBody([alertmanagerAlert({ annotations: { summary } })]);
    expect(senderOf('alertmanager').read(hookOf(body), {}).alerts[0]?.title).toBe(summary);
  });
});
