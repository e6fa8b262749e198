import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readOrganisation } from '#config/organisation.js';
import { ActionFailed } from '#runbooks/action.js';
import { fingerprints, Secret } from '#runbooks/secret.js';
import { type RunbookSettings, readRunbookSettings } from '#runbooks/settings.js';
import { openSystems } from '#runbooks/systems.js';

const folder = mkdtempSync(join(tmpdir(), 'tocsin-settings-'));
afterAll(() => rmSync(folder, { recursive: true }));

const GOOD = `
keystores:
  truth: { type: json-file, path: ${folder}/truth.json }
  gateway: { type: haproxy-map, socket: /run/g.sock, file: /etc/g.map, columns: id-value }
  tts-new:
    probe: { url: "http://127.0.0.1:8003/", header: x-key, refused: 401, negative: false }
    type: haproxy-map
    columns: value-id
    instances:
      - { name: tts-1, socket: /run/1.sock, file: /etc/1.map }
      - { name: tts-2, socket: /run/2.sock, file: /etc/2.map, map: keys.map }
routes:
  tts: { type: haproxy-map, socket: /run/g.sock, file: /etc/r.map, key: active, choices: [tts-old, tts-new], probe: { url: "http://127.0.0.1:8000/v1", status: [200, 204] } }
  web: { type: nginx, file: /etc/nginx/service.conf, live: "http://127.0.0.1:1/route", pid: /run/nginx.pid }
pairs:
  gateway-tts:
    truth: truth
    senders: [gateway]
    acceptors: [tts-new]
    key: client-1
    probe: { urls: ["http://127.0.0.1:8001/"], header: x-key, status: 204 }
    drain: 2s
commands:
  restart: { run: [/usr/bin/systemctl, restart, tts], env: { TOKEN: "secret:token", MODE: plain } }
secrets:
  token: env:DEPLOY_TOKEN
  other: file:${folder}/other
  sent: { from: env:SENT_TOKEN, to: [https://deploy.example, "http://hooks.example:8080/services/a/"] }
http: { hosts: [status.example, "metrics:9090", "https://api.example"] }
approvers:
  sre: [U012AB3CD, S012AB3CD]
schedules:
  drift: { drift: { from: truth, to: tts-new }, every: 5m }
  nightly: { rotate: gateway-tts, every: 30d, window: "22:30-04:00 Europe/Berlin", components: [TTS] }
`;

function read(source: string) {
  const org = readOrganisation(source, 'tocsin.yml');
  if (Array.isArray(org)) throw new Error(org.join('\n'));
  return readRunbookSettings(org, org.at);
}
function settingsOf(source: string): RunbookSettings {
  const result = read(source);
  if ('problems' in result) throw new Error(result.problems.join('\n'));
  return result.settings;
}
const problemsOf = (source: string): string[] => {
  const result = read(source);
  return 'problems' in result ? result.problems : [];
};

describe('how damage is measured', () => {
  const impact = (more: string, secrets = '') => `${secrets}impact:\n${more}`;
  const good =
    '  prometheus: { url: "http://prometheus:9090/" }\n  failed: tts_requests_total{status!~"2.."}\n  total: tts_requests_total\n';

  test('nothing is needed', () => {
    expect(settingsOf('').impact).toBeNull();
    expect(settingsOf('impact:').impact).toBeNull();
  });

  test('all of it is read, with its defaults', () => {
    expect(settingsOf(impact(good)).impact).toEqual({
      url: 'http://prometheus:9090/',
      authorization: null,
      failed: 'tts_requests_total{status!~"2.."}',
      total: 'tts_requests_total',
      by: [],
      componentLabel: null,
      components: new Map(),
      stepMs: 15_000,
    });
    const secret = 'secrets:\n  prom: { from: env:PROM, to: ["https://prometheus.example"] }\n';
    const all = `  prometheus: { url: "https://prometheus.example/select/0", authorization: "secret:prom" }
  failed: "errors_total{service=~'tts|voice', status!=\\"200\\",}"
  total: errors_total {}
  by: [status, region]
  component_label: service
  components: { tts: "Text to Speech" }
  step: 30s
`;
    expect(settingsOf(impact(all, secret)).impact).toMatchObject({
      authorization: 'secret:prom',
      by: ['status', 'region'],
      components: new Map([['tts', 'Text to Speech']]),
      stepMs: 30_000,
    });
  });

  test.each([
    ['nothing to count', '  prometheus: { url: "http://p" }\n  total: x', /^tocsin\.yml:1: impact\.failed /],
    [
      'a function',
      good.replace('total: tts', 'total: rate(tts').concat(''),
      /^tocsin\.yml:4: impact\.total is no selector of counters; write it as /,
    ],
    [
      'a range',
      good.replace('total: tts_requests_total', 'total: tts_requests_total[5m]'),
      /impact\.total is no selector/,
    ],
    [
      'no name of a counter',
      good.replace('total: tts_requests_total', 'total: \'{job="x"}\''),
      /impact\.total is no selector/,
    ],
    [
      'an open quote',
      good.replace('total: tts_requests_total', `total: 'x{a="b}'`),
      /impact\.total is no selector/,
    ],
    [
      'a metadata address',
      good.replace('prometheus:9090', '169.254.169.254'),
      /^tocsin\.yml:2: impact\.prometheus\.url is a link-local or metadata address/,
    ],
    [
      'a password',
      good.replace('prometheus:9090', 'a:b@prometheus'),
      /impact\.prometheus\.url must not hold a user or a password/,
    ],
    ['a query in the address', good.replace('9090/', '9090/?a=b'), /impact\.prometheus\.url must end before/],
    [
      'a key that means nothing',
      `${good}  fail: x\n`,
      /^tocsin\.yml:1: impact has keys that mean nothing here \(fail\)/,
    ],
    [
      'names of no label',
      `${good}  components: { a: b }\n`,
      /^tocsin\.yml:5: impact\.components says what values mean/,
    ],
    ['a step of no time', `${good}  step: 1ms\n`, /^tocsin\.yml:5: impact\.step must be how often/],
    [
      'a value for a secret',
      good.replace('/" }', '/", authorization: "Bearer canary" }'),
      /^tocsin\.yml:2: impact\.prometheus\.authorization must be a reference such as secret:NAME/,
    ],
    [
      'a secret that is not there',
      good.replace('/" }', '/", authorization: "secret:p" }'),
      /^tocsin\.yml:2: .*refers to a secret that is not under `secrets:`: there is none$/,
    ],
  ])('%s is refused, with where and what to write', (_, source, problem) => {
    const problems = problemsOf(impact(source));
    expect(problems).toEqual([expect.stringMatching(problem)]);
    expect(problems.join()).not.toContain('canary');
  });

  test('a secret goes where it may and nowhere else', () => {
    const secret = 'secrets:\n  prom: { from: env:PROM, to: ["https://other.example"] }\n';
    const source = good.replace('/" }', '/", authorization: "secret:prom" }');
    expect(problemsOf(impact(source, secret))).toEqual([
      'tocsin.yml:4: impact.prometheus.authorization names a secret that may not be sent there; write under secrets: `prom: { from: env:PROM, to: [http://prometheus:9090/] }`',
    ]);
  });
});

describe('the sections of tocsin.yml about runbooks', () => {
  test('nothing is needed', () => {
    const settings = settingsOf('');
    for (const section of ['keystores', 'routes', 'pairs', 'commands', 'secrets', 'approvers'] as const)
      expect(settings[section].size).toBe(0);
  });

  test('good ones are read, with their defaults', () => {
    const settings = settingsOf(GOOD);
    expect([...settings.keystores].map(([name, { kind }]) => `${name} ${kind.type}`)).toEqual([
      'truth json-file',
      'gateway haproxy-map',
      'tts-new haproxy-map',
    ]);
    expect(settings.pairs.get('gateway-tts')).toEqual({
      name: 'gateway-tts',
      truth: 'truth',
      senders: ['gateway'],
      acceptors: ['tts-new'],
      key: 'client-1',
      probe: { urls: ['http://127.0.0.1:8001/'], header: 'x-key', status: [204], refused: [401, 403] },
      through: null,
      drainMs: 2_000,
    });
    expect(settings.approvers.get('sre')).toEqual(['U012AB3CD', 'S012AB3CD']);
    expect(settings.schedules.get('drift')).toMatchObject({
      task: { drift: { from: 'truth', to: 'tts-new' } },
      everyMs: 300_000,
      runbook: 'key-sync',
    });
    expect(settings.schedules.get('nightly')).toMatchObject({
      task: { rotate: 'gateway-tts' },
      everyMs: 30 * 86_400_000,
      window: { from: 22 * 60 + 30, to: 4 * 60, zone: 'Europe/Berlin' },
      components: ['TTS'],
      runbook: 'key-rotate',
    });
  });

  test.each([
    ['no type', 'keystores:\n  a: { path: /x }', /^tocsin\.yml:2: keystores\.a needs a `type`: .*json-file/],
    [
      'an unknown type',
      'routes:\n  a: { type: envoy }',
      /^tocsin\.yml:2: routes\.a needs a `type`: .*haproxy-map/,
    ],
    [
      'text for a list',
      'commands:\n  a: { run: x }',
      /^tocsin\.yml:2: commands\.a\.run is text; write a list$/,
    ],
    [
      'none of the values',
      'keystores:\n  a: { type: haproxy-map, columns: x, socket: /a, file: /b }',
      /columns is none of the values allowed; write id-value, value-id$/,
    ],
    [
      'a name of a variable',
      'commands:\n  a: { run: [x], env: { "1": x } }',
      /env\.1 is not a name that can/,
    ],
    ['text for a mapping', 'schedules:\n  a: x', /schedules\.a is text; write a mapping$/],
    ['no settings at all', 'keystores:\n  a:', /^tocsin\.yml:2: keystores\.a needs a `type`/],
    ['a bad name', 'keystores:\n  "a b": { type: json-file, path: /x }', /keystores\.a b is not a name/],
    [
      'a relative path',
      'keystores:\n  a:\n    type: json-file\n    path: x',
      /^tocsin\.yml:4: .*\.path must be an absolute path/,
    ],
    [
      'a missing path',
      'keystores:\n  a:\n    type: json-file',
      /^tocsin\.yml:2: keystores\.a\.path is missing/,
    ],
    [
      'a misspelt key',
      'keystores:\n  a: { type: json-file, pfad: /x, path: /x }',
      /mean nothing here \(pfad\); the known ones are path/,
    ],
    [
      'neither instances nor socket',
      'keystores:\n  a: { type: haproxy-map, columns: id-value }',
      /needs either `instances`/,
    ],
    [
      'two instances of a name',
      'keystores:\n  a: { type: haproxy-map, columns: id-value, instances: [{ socket: /s, file: /a }, { socket: /s, file: /b }] }',
      /two instances of the same name/,
    ],
    [
      'a path that could break a command',
      'routes:\n  a: { type: haproxy-map, socket: /s, file: "/a;b", key: x }',
      /file must be a path without/,
    ],
    [
      'a pair without stores',
      GOOD.replace('truth: truth', 'truth: nowhere'),
      /pairs\.gateway-tts\.truth names no key store: there are truth, gateway, tts-new$/,
    ],
    [
      'a pair with a bad span',
      GOOD.replace('drain: 2s', 'drain: soon'),
      /pairs\.gateway-tts\.drain is not a duration/,
    ],
    [
      'a pair with a bad address',
      GOOD.replace('http://127.0.0.1:8001/', 'ftp://x'),
      /probe\.urls\.0 must be an address/,
    ],
    [
      'a watch over one store',
      GOOD.replace('from: truth, to: tts-new', 'from: truth, to: truth'),
      /^tocsin\.yml:\d+: schedules\.drift\.drift\.to is the store that `from` names; name another$/,
    ],
    [
      'an approver by name',
      'approvers:\n  sre: [ana]',
      /^tocsin\.yml:2: approvers\.sre\.0 is not the id of a user/,
    ],
    [
      'a reference to nothing',
      'commands:\n  a: { run: [x], env: { T: "secret:gone" } }',
      /commands\.a refers to a secret .*: there is none/,
    ],
    [
      'a secret as an argument',
      'secrets:\n  t: env:T\ncommands:\n  a: { run: [curl, -H, "secret:t"] }',
      /^tocsin\.yml:4: commands\.a\.run names a secret, which everybody on the machine could read there; .* env$/,
    ],
    [
      'a secret beside other text',
      'secrets:\n  t: env:T\ncommands:\n  a: { run: [x], env: { AUTH: "Bearer secret:t" } }',
      /^tocsin\.yml:4: commands\.a\.env\.AUTH holds a secret beside other text, .* secret:NAME alone/,
    ],
    [
      'a command of nothing',
      'commands:\n  a: { run: [] }',
      /commands\.a\.run must have at least the program/,
    ],
    [
      'a store that is tried at two places, said in two ways',
      'keystores:\n  a: { type: json-file, path: /x, probe: { url: "http://a/", urls: ["http://b/"] } }',
      /^tocsin\.yml:2: keystores\.a\.probe needs either `url`, .*, or `urls`/,
    ],
    [
      'a store that is tried nowhere',
      'keystores:\n  a: { type: json-file, path: /x, probe: { header: x } }',
      /probe needs either `url`/,
    ],
    [
      'a store that is tried where a cloud keeps credentials',
      'keystores:\n  a: { type: json-file, path: /x, probe: { url: "http://0xa9fea9fe/" } }',
      /keystores\.a\.probe\.url is a link-local or metadata address/,
    ],
    [
      'a password in a probe',
      'routes:\n  a: { type: haproxy-map, socket: /s, file: /f, key: k, probe: { url: "http://u:canary@h/" } }',
      /routes\.a\.probe\.url must not hold a user or a password; name a secret for it$/,
    ],
    [
      'a secret that goes to what is no address',
      'secrets:\n  a: { from: env:A, to: [deploy.example] }',
      /^tocsin\.yml:2: secrets\.a\.to\.0 must be an address such as/,
    ],
    [
      'a secret that goes to an address with a query',
      'secrets:\n  a: { from: env:A, to: ["https://h/?q=1"] }',
      /secrets\.a\.to\.0 must end before \? and #/,
    ],
    [
      'a secret that goes somewhere and stands there itself',
      'secrets:\n  a: { from: canary, to: ["https://h"] }',
      /^tocsin\.yml:2: secrets\.a\.from must be env:VARIABLE or file:\/path; the value itself/,
    ],
    [
      'a host with a path',
      'http: { hosts: ["status.example/x"] }',
      /^tocsin\.yml:1: http\.hosts\.0 is no host; write it as status\.example, metrics\.internal:9090/,
    ],
    ['a host with a star', 'http: { hosts: ["*.example"] }', /http\.hosts\.0 is no host/],
    ['a host with a user', 'http: { hosts: ["a@b"] }', /http\.hosts\.0 is no host/],
    [
      'a host where a cloud keeps credentials',
      'http: { hosts: ["169.254.169.254"] }',
      /http\.hosts\.0 is a link-local or metadata address, which is never asked/,
    ],
    [
      'http with something else',
      'http: { host: [a] }',
      /http has keys that mean nothing here \(host\); the known ones are hosts/,
    ],
    [
      'what an argument may be, which is no pattern',
      'commands:\n  a: { run: [x], takes: ["("] }',
      /commands\.a\.takes\.0 is no regular expression/,
    ],
    ['nginx with both ways', GOOD.replace('pid: /run', 'reload: [x], pid: /run'), /needs either `reload`/],
  ])('%s is a problem with its place', (_, source, expected) => {
    expect(problemsOf(source)).toEqual([expect.stringMatching(expected)]);
  });

  test('a secret that stands there itself is a problem that does not repeat it', () => {
    const problems = problemsOf(
      'secrets:\n  a: canary-secret\n  b: "env:canary secret"\n  c: { canary: canary }\n',
    );
    expect(problems).toHaveLength(3);
    for (const problem of problems) {
      expect(problem).toMatch(/^tocsin\.yml:[234]: secrets\.[abc] must be env:VARIABLE or file:\/path/);
      expect(problem).not.toMatch(/canary/);
    }
  });

  test('everything that is wrong is said at once', () => {
    expect(problemsOf('keystores:\n  a: 1\n  b: 2\nroutes:\n  c: 3\nsecrets:\n  d: 4\n')).toHaveLength(4);
  });
});

describe('systems', () => {
  const on = new AbortController().signal;
  let learned: string[];
  const systems = (env: Record<string, string> = {}) =>
    openSystems(settingsOf(GOOD), {
      env,
      scrub: { learn: (secret: Secret) => void learned.push(secret.reveal()) },
      fingerprint: fingerprints('pepper'),
    });
  beforeEach(() => {
    learned = [];
  });

  test('each is had by its name, and is the same one again', () => {
    const all = systems();
    expect(all.store('tts-new')).toMatchObject({ name: 'tts-new', type: 'haproxy-map' });
    expect(all.store('tts-new').places).toEqual(['/etc/1.map', '/run/1.sock', '/etc/2.map', '/run/2.sock']);
    expect(all.store('truth')).toBe(all.store('truth'));
    expect(all.route('tts')).toMatchObject({ name: 'tts', choices: ['tts-old', 'tts-new'] });
    expect(all.pair('gateway-tts').drainMs).toBe(2_000);
  });

  test('an unknown name lists those there are', () => {
    const all = systems();
    for (const [ask, names] of [
      [() => all.store('x'), 'truth, gateway, tts-new'],
      [() => all.route('x'), 'tts, web'],
      [() => all.pair('constructor'), 'gateway-tts'],
      [() => all.command('__proto__'), 'restart'],
      [() => all.secret('x'), 'token, other, sent'],
      [() => all.secretFor('x', 'http://h/'), 'token, other, sent'],
      [() => all.storeProbe('x'), 'truth, gateway, tts-new'],
      [() => all.routeProbe('x'), 'tts, web'],
    ] as const) {
      expect(ask).toThrow(ActionFailed);
      expect(ask).toThrow(`there are ${names}`);
    }
  });

  test('a secret is resolved anew each time, and learned', () => {
    const all = systems({ DEPLOY_TOKEN: 'canary-token' });
    expect(all.secret('token').reveal()).toBe('canary-token');
    for (const value of ['canary-first', 'canary-second']) {
      writeFileSync(join(folder, 'other'), `${value}\n`);
      expect(all.secret('other').reveal()).toBe(value);
    }
    expect(all.command('restart')).toEqual({
      file: '/usr/bin/systemctl',
      args: ['restart', 'tts'],
      cwd: null,
      env: { TOKEN: 'canary-token', MODE: 'plain' },
      secret: true,
      takes: null,
    });
    expect(learned).toEqual(['canary-token', 'canary-first', 'canary-second', 'canary-token']);
  });

  test('keys, and the other secrets, go only where it is said; where nothing is, that is what to write', () => {
    const all = systems({ SENT_TOKEN: 'canary-sent', DEPLOY_TOKEN: 'canary-token' });
    expect(all.storeProbe('tts-new')).toEqual({
      urls: ['http://127.0.0.1:8003/'],
      header: 'x-key',
      status: [200],
      refused: [401],
      negative: false,
    });
    expect(all.routeProbe('tts')).toEqual({ url: 'http://127.0.0.1:8000/v1', status: [200, 204] });
    expect(() => all.storeProbe('truth')).toThrow(
      'tocsin.yml has no probe under keystores: truth, so its keys may be sent nowhere; write there `probe: { url: "https://…", header: X-Api-Key }`',
    );
    expect(() => all.routeProbe('web')).toThrow(/no probe under routes: web, .*write there `probe:/);
    for (const url of [
      'https://deploy.example/',
      'https://DEPLOY.example:443/any/path?q=1',
      'http://hooks.example:8080/services/a',
      'http://hooks.example:8080/services/a/b',
    ])
      expect(all.secretFor('sent', url).reveal()).toBe('canary-sent');
    for (const url of [
      'http://deploy.example/',
      'https://deploy.example:8443/',
      'https://deploy.example.attacker.example/',
      'https://deploy.example@attacker.example/',
      'http://hooks.example:8080/services/ab',
      'http://hooks.example:8080/services/a/../b',
      'http://hooks.example:8080/services/a/%2e%2e/b',
      'http://hooks.example:8080/services/a/..%2fb',
      'http://hooks.example:8080/',
    ])
      expect(() => all.secretFor('sent', url)).toThrow(
        /the secret sent may not be sent to \S+, but to https:/,
      );
    expect(() => all.secretFor('token', 'https://deploy.example/x')).toThrow(
      'the secret token may not be sent to https://deploy.example; where it may stands in tocsin.yml, under secrets: token: { from: env:DEPLOY_TOKEN, to: [https://deploy.example] }',
    );
    expect(all.hosts).toEqual([
      { hostname: 'status.example', port: null, protocol: null },
      { hostname: 'metrics', port: 9090, protocol: null },
      { hostname: 'api.example', port: null, protocol: 'https:' },
    ]);
  });

  test('a secret that is not there says where it was looked for', () => {
    expect(() => systems().secret('token')).toThrow(
      'the secret token is empty: there is nothing in env:DEPLOY_TOKEN',
    );
    rmSync(join(folder, 'other'), { force: true });
    expect(() => systems().secret('other')).toThrow(/other could not be read from file:.*: ENOENT/);
    expect(() => systems().command('restart')).toThrow(ActionFailed);
  });

  test('a secret is read from a file and from nothing else: nobody waits for the writer of a pipe', () => {
    const other = join(folder, 'other');
    const instead = (make: () => void) => {
      rmSync(other, { force: true, recursive: true });
      make();
      return () => systems().secret('other');
    };
    const device = /other could not be read from file:\S+: it is a pipe or a device and no regular file$/;
    expect(instead(() => execFileSync('mkfifo', [other]))).toThrow(device);
    expect(instead(() => symlinkSync('/dev/zero', other))).toThrow(device);
    expect(instead(() => mkdirSync(other))).toThrow(/file:\S+: it is a folder; name the file in it$/);
    writeFileSync(join(folder, 'mounted'), 'canary-other\n');
    expect(instead(() => symlinkSync('mounted', other))().reveal()).toBe('canary-other');
    rmSync(other);
  });

  test('what a store reads or is given is learned', async () => {
    writeFileSync(join(folder, 'truth.json'), '{"a":"canary-read"}');
    const store = systems().store('truth');
    await store.read(on);
    expect(learned).toEqual(['canary-read']);
    await store.put('b', new Secret('canary-put'), null, on);
    await store.remove('a', new Secret('canary-wrong'), on).catch(() => {});
    expect(learned).toEqual(['canary-read', 'canary-put', 'canary-wrong']);
  });
});
