import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { BadConfig, loadConfig, type Need } from '#config/config.js';
import { readOrganisation } from '#config/organisation.js';

const folder = mkdtempSync(join(tmpdir(), 'tocsin-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function problems(env: Record<string, string>, need: Need = 'bot'): string[] {
  try {
    loadConfig(env, need);
    return [];
  } catch (error) {
    if (error instanceof BadConfig) return error.problems;
    throw error;
  }
}

describe('the environment', () => {
  test('a good one', () => {
    expect(problems({ SLACK_BOT_TOKEN: 'xoxb-1', SLACK_APP_TOKEN: 'xapp-1' })).toEqual([]);
    expect(problems({ SLACK_BOT_TOKEN: 'xoxb-1', SLACK_SIGNING_SECRET: 's', DATABASE_URL: '' })).toEqual([]);
    expect(problems({ DATABASE_URL: 'postgres://u@/d?host=/run/x&port=5432' }, 'database')).toEqual([]);
    expect(problems({}, 'database')).toEqual([]);
  });

  test('everything that is wrong is listed at once, each with what to do, without any value', () => {
    const found = problems({
      PORT: '70000',
      DATABASE_URL: 'mysql://user:hunter2@host/db',
      REDIS_URL: 'redis.example.com',
      LOG_LEVEL: 'loud',
      TOCSIN_CONFIG: join(folder, 'absent.yml'),
      TOCSIN_SECRET: 'short',
    });
    expect(found.map((problem) => problem.split(':')[0])).toEqual([
      'DATABASE_URL',
      'REDIS_URL',
      'PORT',
      'TOCSIN_SECRET',
      'LOG_LEVEL',
      'SLACK_BOT_TOKEN',
      'SLACK_APP_TOKEN or SLACK_SIGNING_SECRET',
      'TOCSIN_CONFIG',
    ]);
    for (const problem of found) expect(problem).toContain(';');
    expect(found.join()).not.toContain('hunter2');
  });

  test.each(['p/w', 'p#w', 'p?w', 'p@w', 'p%w', 'p:w', 'p w', 'p&w=$x', 'ünï'])(
    'a password may hold any characters beside the address: %s',
    (password) => {
      const env = { DATABASE_URL: 'postgres://u@h:5432/d?sslmode=disable', DATABASE_PASSWORD: password };
      const { databaseUrl } = loadConfig(env, 'database');
      const client = new pg.Client({ connectionString: databaseUrl ?? '' });
      expect(client).toMatchObject({ user: 'u', password, host: 'h', database: 'd', port: 5432 });
    },
  );

  test.each([
    [{ DATABASE_PASSWORD: 'canary' }, 'DATABASE_PASSWORD: is for'],
    [{ DATABASE_URL: 'postgres://u:x@h/d', DATABASE_PASSWORD: 'canary' }, 'DATABASE_PASSWORD: needs'],
    [{ DATABASE_URL: 'postgres://h/d', DATABASE_PASSWORD: 'canary' }, 'DATABASE_PASSWORD: needs'],
    ...['can/ary', 'can#ary', 'can?ary', 'can@ary', 'can%ary'].map((password) => [
      { DATABASE_URL: `postgres://u:${password}@h/d` },
      'DATABASE_URL: holds characters that mean something else.*DATABASE_PASSWORD',
    ]),
  ] as Array<[Record<string, string>, string]>)('%j is refused with the remedy', (env, start) => {
    const found = problems(env, 'database');
    expect(found).toEqual([expect.stringMatching(new RegExp(`^${start}`))]);
    expect(found.join()).not.toMatch(/can.?ary/);
  });

  test('an address of the Web API or of our own holds no password, and one that is there is not shown', () => {
    const addresses = (at: string) => ({ SLACK_API_URL: `http://${at}h/api/`, PUBLIC_URL: `https://${at}h` });
    for (const at of ['user:canary@', 'canary@', ':canary@']) {
      const found = problems(addresses(at), 'nothing');
      expect(found).toEqual([
        'SLACK_API_URL: must not hold a user or a password; write it without what stands before the @',
        'PUBLIC_URL: must not hold a user or a password; write it without what stands before the @',
      ]);
    }
    expect(problems(addresses(''), 'nothing')).toEqual([]);
  });

  test('an address whose port is none, or whose password is not written for an address, is refused, without it', () => {
    const refused = (name: string, value: string) => problems({ [name]: value }, 'nothing');
    const NO_PORT = expect.stringContaining('has a port that there is none of; ports are 1 to 65535');
    for (const [scheme, name] of [
      ['postgres', 'DATABASE_URL'],
      ['redis', 'REDIS_URL'],
    ] as const) {
      for (const at of [
        'h:99999',
        'u:canary@h:65536/d',
        '[::1]:70000/d',
        'u:canary@h:0/d',
        'h:abc/d',
        ':canary@h:-1',
      ])
        expect([at, refused(name, `${scheme}://${at}`)]).toEqual([at, [NO_PORT]]);
      // Digits before a slash are a port to every reader, and the rest is a path; an `@` behind it says otherwise. So does
      // one behind what every reader takes for the host.
      for (const password of ['ca/nary', 'ca#nary', 'ca?nary', '1/2#3', 'c@a#nary', 'c@a/nary', 'c@a?nary']) {
        const found = refused(name, `${scheme}://u:${password}@h:5432/d`);
        expect([password, found]).toEqual([
          password,
          [expect.stringMatching(/: holds characters .*%2F for \/, %23/)],
        ]);
        expect(found.join()).not.toContain('nary');
      }
      for (const good of ['u:ca%2Fnary@h:5432/d', 'h', 'h:65535/0', '[::1]:5432/d', 'u:p@h/d?x=a@b'])
        expect([good, refused(name, `${scheme}://${good}`)]).toEqual([good, []]);
    }
    expect(refused('DATABASE_URL', 'postgres://u@/d?host=/run/x&port=99999')).toEqual([NO_PORT]);
    for (const at of ['u:canary@:5432/d', ':5432/d'])
      expect(refused('DATABASE_URL', `postgres://${at}`)).toEqual([
        'DATABASE_URL: has no host before its port; write host:port',
      ]);
  });

  test.each(['-1', '65536', '3e3', '0x50', ' 80x', '8 0', '1.5', 'http'])('PORT %s is none', (port) => {
    expect(problems({ PORT: port }, 'nothing')).toEqual([expect.stringMatching(/^PORT: is not a port; /)]);
  });
  test.each(['http://h', 'h:3000', '::1:x y', 'a b', '[::1', '/run/x', '-h'])('HOST %s is none', (host) => {
    expect(problems({ HOST: host }, 'nothing')).toEqual([expect.stringMatching(/^HOST: is not a host; /)]);
  });
  test.each([
    ['[::1]', '::1'],
    ['::', '::'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    ['127.0.0.1', '127.0.0.1'],
    ['tocsin_1.example', 'tocsin_1.example'],
  ])('HOST %s is one', (typed, host) => {
    expect(loadConfig({ HOST: typed, PORT: '0' }, 'nothing')).toMatchObject({ host, port: 0 });
  });

  test('a secret is required with a database of one’s own', () => {
    const env = { SLACK_BOT_TOKEN: 'b', SLACK_APP_TOKEN: 'a', DATABASE_URL: 'postgres://h/d' };
    expect(problems(env)).toEqual([expect.stringContaining('TOCSIN_SECRET')]);
    expect(problems({ ...env, TOCSIN_SECRET: '0123456789abcdef' })).toEqual([]);
  });
});

describe('tocsin.yml', () => {
  const read = (source: string) => readOrganisation(source, 'tocsin.yml');

  test('absent or empty: sensible defaults', () => {
    expect(read('')).toMatchObject({ command: '/incident', zone: null, announce: null, components: [] });
  });
  test('kinds of secrets that are left in texts', () => {
    expect(read('')).toMatchObject({ secrets_in_text: { keep: [] } });
    expect(read('secrets_in_text: { keep: [password, JSON web token] }\n')).toMatchObject({
      secrets_in_text: { keep: ['password', 'JSON web token'] },
    });
    expect(read('secrets_in_text:\n  keep: [passwords]\n')).toEqual([
      expect.stringMatching(
        /^tocsin\.yml:2: secrets_in_text\.keep\.0 is no kind of secret .*; the kinds are private key, .*, password, /,
      ),
    ]);
  });
  test('where a call is held, and whether channels have a canvas', () => {
    expect(read('')).toMatchObject({ bridge: null, canvas: false });
    expect(read('bridge: https://meet.example/{{ref}}\ncanvas: true\n')).toMatchObject({
      bridge: { url: 'https://meet.example/{{ref}}', atOpen: false },
      canvas: true,
    });
    expect(read('zone: UTC\nbridge: { url: "http://meet.example" }\ncanvas: often\n')).toEqual([
      expect.stringMatching(/^tocsin\.yml:2: bridge is no address of a meeting: https only/),
      'tocsin.yml:3: canvas is not true or false; write it as one',
    ]);
  });
  test('what keeps a message, and what is kept of it', () => {
    expect(read('')).toMatchObject({ capture: { emoji: ['pushpin'], files: false, deleted: 'hide' } });
    expect(read('capture: { emoji: [":star:", pin, "+1"], files: true, deleted: keep }\n')).toMatchObject({
      capture: { emoji: ['star', 'pin', '+1'], files: true, deleted: 'keep' },
    });
    expect(read('capture: { files: true }\n')).toMatchObject({ capture: { emoji: ['pushpin'] } });
    expect(read('capture:\n  emoji: [📌]\n  deleted: gone\n')).toEqual([
      expect.stringMatching(
        /^tocsin\.yml:2: capture\.emoji\.0 is not the name of an emoji; write it as .*pushpin/,
      ),
      expect.stringMatching(/^tocsin\.yml:3: capture\.deleted is not one of hide, keep/),
    ]);
    expect(read('capture:\n  emoji: [white_check_mark]\n  files: yes please\n')).toEqual([
      expect.stringMatching(/^tocsin\.yml:2: capture\.emoji\.0 is the tick that the bot itself sets/),
      expect.stringMatching(/^tocsin\.yml:3: capture\.files is not true or false/),
    ]);
    expect(read('capture: { emojis: [star] }\n')).toEqual([expect.stringMatching(/capture has keys/)]);
  });
  test('names file, line and what to write instead', () => {
    expect(read('zone: Mars/Base\ncommand: incident\n')).toEqual([
      expect.stringMatching(/^tocsin\.yml:2: command .*\/incident/),
      expect.stringMatching(/^tocsin\.yml:1: zone .*Europe\/Berlin/),
    ]);
    expect(read('announce: ops\ncomponnents: [a]\n')).toEqual([
      expect.stringMatching(/componnents.*known ones are/),
    ]);
    expect(read('announce: [unclosed\n')).toEqual([expect.stringMatching(/^tocsin\.yml:\d+: /)]);
    expect(read('announce: a\nannounce: b\n')).toEqual([expect.stringMatching(/^tocsin\.yml:2: /)]);
    expect(read('- a list\n')).toEqual([
      'tocsin.yml:1: is not a mapping, such as { name: value }; write it as one',
    ]);
    expect(read('roles: x\ncomponents: [""]\n')).toEqual([
      'tocsin.yml:1: roles is not a list, such as [a, b]; write it as one',
      'tocsin.yml:2: components.0 is empty; write it, or leave it out',
    ]);
  });
  test('what is no YAML, or no document of settings, says where, and what to do', () => {
    const bomb = ['a: &a [x, x, x, x, x]'];
    for (const [at, of] of ['ba', 'cb', 'dc', 'ed'])
      bomb.push(`${at}: &${at} [${Array(9).fill(`*${of}`).join(', ')}]`);
    for (const [source, sentence] of [
      ['zone: UTC\n\troles: [a]\n', 'tocsin.yml:2: is indented with a tab; YAML takes spaces only'],
      ['zone: UTC\nzone: UTC\n', 'tocsin.yml:2: says a key for the second time; keep one of them'],
      ['zone: UTC\n---\nzone: UTC\n', 'tocsin.yml:2: begins a second document (---); keep one'],
      [
        `${bomb.join('\n')}\ncomponents: [*e, *e]\n`,
        'tocsin.yml:1: repeats itself too often with aliases (*name); write out what they stand for',
      ],
    ] as const)
      expect(read(source)).toEqual([sentence]);
    expect(read('zone: [\n')).toEqual([
      expect.stringMatching(/^tocsin\.yml:2: is not YAML: .*; correct it there or just above$/),
    ]);
    expect(read('- a\n')).toEqual([expect.stringMatching(/^tocsin\.yml:1: is not a mapping/)]);
    expect(read('')).toMatchObject({ announce: null });
  });
  test('the zone is what a command takes too, and nothing else', () => {
    expect(read('zone: europe/berlin\n')).toMatchObject({ zone: 'Europe/Berlin' });
    expect(read('zone: "+02:00"\n')).toMatchObject({ zone: 'UTC+02:00' });
    expect(read('zone: Z\n')).toMatchObject({ zone: 'UTC' });
    for (const zone of ['AST', 'EST5EDT', 'Japan', 'UTC+2', 'UTC+02:00', 'SystemV/PST8'])
      expect(read(`zone: ${zone}\n`)).toEqual([
        expect.stringMatching(/^tocsin\.yml:1: zone is not a time zone\. /),
      ]);
    expect(read('zone: US/Pacfic\n')).toEqual([expect.stringContaining('Did you mean `US/Pacific`?')]);
  });
  test('settings of parts that are still to come are no mistake', () => {
    expect(read('severities: [1]\nannounce: ops\n')).toMatchObject({ announce: 'ops' });
  });
  test('reminders: lengths of time, each of which may be off', () => {
    const MIN = 60_000;
    const usual = {
      update: { sev1: 30 * MIN, sev2: 60 * MIN, sev3: null, sev4: null, none: 60 * MIN },
      lead: { afterMs: 10 * MIN, of: ['sev1', 'sev2'] },
      ...{ quietMs: 24 * 60 * MIN, times: 3 },
    };
    for (const source of ['', 'reminders:\n', 'reminders: {}\n'])
      expect(read(source)).toMatchObject({ reminders: usual });
    const silent = { update: { sev1: null, sev4: null, none: null }, lead: null, quietMs: null };
    for (const off of ['off', 'false'])
      expect(read(`reminders: ${off}\n`)).toMatchObject({ reminders: silent });
    const some =
      'reminders:\n  update: { sev1: 15m, sev3: 1h30m, none: off }\n  lead: 5m\n  quiet: off\n  times: 1\n';
    expect(read(some)).toMatchObject({
      reminders: {
        update: { ...usual.update, sev1: 15 * MIN, sev3: 90 * MIN, none: null },
        ...{ lead: { afterMs: 5 * MIN, of: ['sev1', 'sev2'] }, quietMs: null, times: 1 },
      },
    });
    expect(read('reminders: { update: off, lead: { after: 1h, severities: [sev1] } }\n')).toMatchObject({
      reminders: { ...usual, update: silent.update, lead: { afterMs: 60 * MIN, of: ['sev1'] } },
    });
  });
  test.each([
    [
      'reminders:\n  update:\n    sev1: 30\n',
      3,
      /update\.sev1 is no length of time from 1m to 7d; write it with its unit/,
    ],
    [
      'reminders:\n  update:\n    sev9: 30m\n',
      2,
      /update has keys that mean nothing here \(sev9\); the known ones are sev1, sev2, sev3, sev4, none/,
    ],
    ['reminders:\n  quiet: 1s\n', 2, /quiet is no length of time/],
    [
      'reminders:\n  lead: { after: 5m, severities: [high] }\n',
      2,
      /severities\.0 is no severity; there are sev1, sev2/,
    ],
    ['reminders:\n  times: 0\n', 2, /times is too small; write 1 to 10/],
    ['reminders:\n  times: 1.5\n', 2, /times is not a whole number/],
    [
      'reminders:\n  often: 5m\n',
      1,
      /reminders has keys that mean nothing here \(often\); the known ones are update, lead, quiet, times/,
    ],
    ['reminders: 5m\n', 1, /reminders is not a mapping/],
  ])('%j is a mistake, said with its line', (source, line, words) => {
    const said = read(source);
    expect(said).toEqual([expect.stringMatching(words)]);
    expect(String(said)).toMatch(new RegExp(`^tocsin\\.yml:${line}: `));
  });
  test('the sections about runbooks are let through as they are, and one can ask where they stand', () => {
    const source =
      'announce: ops\nkeystores:\n  tts-old:\n    type: json-file\n    path: /k\nroutes:\nroles: [lead]\n';
    const org = read(source);
    if (Array.isArray(org)) throw new Error(org.join());
    expect(org).toMatchObject({ keystores: { 'tts-old': { type: 'json-file', path: '/k' } }, routes: {} });
    expect(org).toMatchObject({ approvers: {}, pairs: {}, commands: {}, secrets: {}, schedules: {} });
    expect(org.at(['keystores'])).toBe('tocsin.yml:2');
    expect(org.at(['keystores', 'tts-old'])).toBe('tocsin.yml:3');
    expect(org.at(['keystores', 'tts-old', 'path'])).toBe('tocsin.yml:5');
    expect(org.at(['keystores', 'tts-old', 'absent', 'more'])).toBe('tocsin.yml:3');
    expect(org.at(['roles', 0])).toBe('tocsin.yml:7');
    expect(org.at(['nowhere'])).toBe('tocsin.yml:1');
    expect(read('announce: ops\nkeystores: [a]\n')).toEqual([
      expect.stringMatching(/^tocsin\.yml:2: keystores /),
    ]);
  });
  test('everything is said at once: what is wrong here, and what other rooms find in their sections', () => {
    const source = 'zone: Mars\nkeystores:\n  a: { type: x }\nrouts: {}\nroutes: [1]\n';
    const seen: unknown[] = [];
    const wrong = readOrganisation(source, 'tocsin.yml', (sections, at) => {
      seen.push(sections.keystores, sections.routes, sections.pairs);
      return [`${at(['keystores', 'a'])}: keystores.a is of no kind`];
    });
    expect(seen).toEqual([{ a: { type: 'x' } }, {}, {}]);
    expect(wrong).toEqual([
      expect.stringMatching(/^tocsin\.yml:1: zone is not a time zone/),
      expect.stringMatching(/^tocsin\.yml:5: routes /),
      expect.stringMatching(/mean nothing here \(routs\)/),
      'tocsin.yml:3: keystores.a is of no kind',
    ]);
    const path = join(folder, 'both.yml');
    writeFileSync(path, 'zone: Mars\n');
    const load = () => loadConfig({ TOCSIN_CONFIG: path, PORT: 'x' }, 'bot', () => ['and this']);
    expect(load).toThrow(/PORT: [\s\S]*SLACK_BOT_TOKEN: [\s\S]*zone is not[\s\S]*and this/);
  });
  test('what is no file that can be read is named, with what to do; nobody waits for a pipe', () => {
    const at = (name: string) => join(folder, name);
    mkdirSync(at('settings.yml'));
    writeFileSync(at('latin.yml'), Buffer.from([0x61, 0x3a, 0x20, 0xff]));
    writeFileSync(at('utf16.yml'), Buffer.from('\ufeffzone: UTC', 'utf16le'));
    execFileSync('mkfifo', [at('pipe.yml')]);
    symlinkSync(at('nowhere'), at('link.yml'));
    symlinkSync(at('loop.yml'), at('loop.yml'));
    for (const [name, why] of [
      ['settings.yml', /is a folder; name the file itself/],
      ['latin.yml', /is not UTF-8; save it as such/],
      ['utf16.yml', /is not UTF-8; save it as such/],
      ['pipe.yml', /is no regular file; put the settings into one/],
      ['link.yml', /is a link that leads to no file; correct the link/],
      ['loop.yml', /cannot be read \(ELOOP\); /],
      ['latin.yml/x', /there is no file .*; correct the path/],
      ['absent.yml', /there is no file .*; correct the path/],
    ] as const) {
      const found = problems({ TOCSIN_CONFIG: at(name) }, 'nothing');
      expect([name, found]).toEqual([name, [expect.stringMatching(/^TOCSIN_CONFIG: /)]]);
      expect(found[0]).toMatch(why);
    }
    expect(problems({ TOCSIN_CONFIG: '/dev/null' }, 'nothing')).toEqual([]);
  });
  test('a folder of runbooks that is a file is named', () => {
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    const wrong = (path: string) => problems({ TOCSIN_RUNBOOKS: path }, 'nothing');
    expect(wrong(file)).toEqual([
      `TOCSIN_RUNBOOKS: ${file} is a file; name the folder that holds the runbooks`,
    ]);
    expect(wrong(join(file, 'x'))).toEqual([expect.stringContaining('lies in a file; name the folder')]);
    expect(wrong(folder)).toEqual([]);
    expect(wrong(join(folder, 'absent'))).toEqual([]);
  });
  test('a file is read from where it is said to be', () => {
    const path = join(folder, 'mine.yml');
    writeFileSync(path, 'announce: war-room\n');
    expect(loadConfig({ TOCSIN_CONFIG: path }, 'nothing').org.announce).toBe('war-room');
  });
});
