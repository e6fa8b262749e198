import type { RequestListener } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Json } from '#domain/run/runbook.js';
import type { Action } from '#runbooks/action.js';
import { http } from '#runbooks/actions/http.js';
import { probe } from '#runbooks/actions/probe.js';
import { prometheusQuery } from '#runbooks/actions/prometheus-query.js';
import { send } from '#runbooks/actions/request.js';
import { shell } from '#runbooks/actions/shell.js';
import { hostOf } from '#runbooks/reach.js';
import { failure, Kit } from './kit.js';

// Where a step asks, and what it sends there: as the definition says, or tocsin.yml, and not as whoever asks for it says.
let kit: Kit;
/** What came to a server that stands for anybody's. */
let seen: string[];
let url: string;
beforeEach(async () => {
  kit = await Kit.open();
  seen = [];
  url = await kit.serve((request, response) => {
    seen.push(`${request.url} ${request.headers.host} ${request.headers.authorization ?? 'no secret'}`);
    response.end(JSON.stringify({ status: 'success', data: { resultType: 'scalar', result: [1, '1'] } }));
  });
  kit.secrets.set('deploy-token', 'canary-token-value');
});
afterEach(() => kit.close());

const list = (...entries: string[]) => {
  kit.hosts = entries.map((entry) => hostOf(entry) as NonNullable<ReturnType<typeof hostOf>>);
};
const EVERY: Array<[string, Action, Record<string, Json>]> = [
  ['http', http as Action, {}],
  ['probe', probe as Action, { good: 1, within: '2s' }],
  ['prometheus.query', prometheusQuery as Action, { query: 'up', condition: '> 0' }],
];
const SECRET = { secret_headers: { Authorization: 'deploy-token' } };

/** Planned and run, it fails for the same reason, and nobody was asked. @returns the reason */
async function refused(action: Action, given: Record<string, Json>, written: Record<string, Json>) {
  const planned = await failure(kit.plan(action, given, { written }));
  const ran = await failure(kit.run(action, given, { written }));
  expect(ran).toMatchObject({ message: planned.message, unsure: false });
  expect(seen).toEqual([]);
  return planned.message;
}

describe.each(EVERY)('%s', (_, action, more) => {
  test('an address that the definition spells out is its author’s word, in a path filled in too', async () => {
    await kit.plan(action, { url, ...more });
    await kit.done(action, { url, ...more });
    const deep = { url: `${url}/a/b`, ...more };
    await kit.done(action, deep, { written: { ...more, url: `${url}/a/{{ inputs.x }}` } });
    expect(seen).toHaveLength(2);
  });

  test('one that a template fills in must be listed, with its port', async () => {
    for (const written of [
      '{{ inputs.url }}',
      'http://{{ inputs.host }}/',
      'http://127.0.0.1:{{ inputs.port }}/',
      undefined,
    ]) {
      const said: Record<string, Json> = written === undefined ? {} : { url: written };
      for (const hosts of [
        [],
        ['status.example'],
        ['127.0.0.1'],
        ['127.0.0.1:1'],
        [`https://${new URL(url).host}`],
      ]) {
        list(...hosts);
        const why = await refused(action, { url, ...more }, { ...more, ...said });
        expect(why).toContain(
          `${url} comes from a template, and is no host that tocsin.yml lets templates reach`,
        );
        expect(why).toMatch(hosts.length === 0 ? /there is none$/ : /there are [\w.:]+$/);
      }
    }
    list(new URL(url).host);
    await kit.done(action, { url, ...more }, { written: { ...more, url: '{{ inputs.url }}' } });
    expect(seen).toHaveLength(1);
  });

  test('a path that is filled in stays below where it stands', async () => {
    const written = { ...more, url: `${url}/public/{{ inputs.x }}` };
    const why = await refused(action, { url: `${url}/public/../admin`, ...more }, written);
    expect(why).toMatch(/\/admin\S* leads out of what the runbook says, which is \S+\/public\/: /);
  });

  test.each([
    'http://169.254.169.254/latest/meta-data',
    'http://2852039166/',
    'http://0xa9.0xfe.0xa9.0xfe/',
    'http://[::ffff:169.254.169.254]/',
    'http://[fe80::1]/',
    'http://metadata.google.internal/',
  ])('nobody asks %s, whoever wrote it', async (never) => {
    list(new URL(never).host);
    for (const written of [never, '{{ inputs.url }}'])
      expect(await refused(action, { url: never, ...more }, { ...more, url: written })).toMatch(
        /is a link-local or metadata address, which is never asked$/,
      );
  });

  test('a secret goes where tocsin.yml says', async () => {
    const given = { url: `${url}/x`, ...more, ...SECRET };
    expect(await refused(action, given, given)).toContain(
      `the secret deploy-token may not be sent to ${url}`,
    );
    kit.destinations.set('deploy-token', ['https://deploy.example', `${url}/y`]);
    await refused(action, given, given);
    kit.destinations.set('deploy-token', [`${url}/x`]);
    await kit.plan(action, given);
    expect(seen).toEqual([]);
    await kit.done(action, given);
    expect(seen).toEqual([expect.stringMatching(/^\/x\S* \S+ canary-token-value$/)]);
  });

  test('beside a secret no template says where, not even to a host that is listed and that may have it', async () => {
    list(new URL(url).host);
    kit.destinations.set('deploy-token', [url]);
    const given = { url: `${url}/x`, ...more, ...SECRET };
    for (const written of [
      '{{ inputs.url }}',
      'http://{{ inputs.host }}/x',
      'http://127.0.0.1{{ inputs.port }}/x',
    ])
      expect(await refused(action, given, { ...given, url: written })).toContain(
        'secret_headers stand beside it',
      );
    for (const secret_headers of [
      '{{ steps.a.json }}',
      { Authorization: '{{ inputs.secret }}' },
      {},
    ] as Json[])
      expect(await refused(action, given, { ...given, secret_headers })).toBe(
        "secret_headers.Authorization comes from a template; write the secret's name out",
      );
    // Below a host that is written out it may.
    await kit.done(action, given, { written: { ...given, url: `${url}/{{ inputs.x }}` } });
    expect(seen).toHaveLength(1);
  });
});

describe.each(EVERY.slice(0, 2))('%s: a header that routes', (_, action, more) => {
  test.each(['Host', 'X-Forwarded-Host', 'Forwarded', 'x-original-url'])('%s', async (name) => {
    const given = { url, ...more, headers: { [name]: 'other.example' } };
    for (const headers of [{ [name]: '{{ inputs.host }}' }, '{{ steps.a.json }}'])
      expect(await refused(action, given, { ...given, headers })).toBe(
        `the header ${name} says where a request goes, and comes from a template`,
      );
    kit.destinations.set('deploy-token', [url]);
    const secret = { ...given, ...SECRET };
    expect(await refused(action, secret, secret)).toContain('stands beside secret_headers');
    await kit.done(action, given);
    expect(seen).toHaveLength(1);
  });
});

test('a line break that is filled in begins no other header, and no other request', async () => {
  kit.destinations.set('deploy-token', [url]);
  const broken = 'x\r\nHost: attacker.example\r\n\r\nGET /admin HTTP/1.1';
  const headers = { 'X-Note': broken };
  const written = { url, headers: { 'X-Note': '{{ inputs.x }}' }, ...SECRET };
  expect((await failure(kit.run(http, { url, headers, ...SECRET }, { written }))).message).toContain(
    'cannot be asked',
  );
  expect(seen).toEqual([]);
  // In an address a URL leaves them out.
  const into = { url: `${url}/a/{{ inputs.x }}`, ...SECRET };
  await kit.done(http, { url: `${url}/a/${broken}`, ...SECRET }, { written: into });
  expect(seen).toEqual([
    `/a/xHost:%20attacker.exampleGET%20/admin%20HTTP/1.1 ${new URL(url).host} canary-token-value`,
  ]);
});

test.each(['http://169.254.169.254/', 'https://[fd00:ec2::254]/', 'http://metadata.google.internal/'])(
  'the last look is at the request itself: %s',
  (never) => {
    const asked = { method: 'GET', url: never, headers: { Authorization: 'canary-token-value' } };
    expect(() => send(asked, AbortSignal.timeout(10_000), 10_000)).toThrow(
      /is a link-local or metadata address, which is never asked$/,
    );
  },
);

test('no redirect is followed, with a secret or without', async () => {
  kit.destinations.set('deploy-token', [url]);
  for (const status of [301, 302, 303, 307, 308]) {
    const moved: RequestListener = (_, response) => response.writeHead(status, { Location: url }).end();
    const from = await kit.serve(moved);
    kit.destinations.set('deploy-token', [from, url]);
    for (const more of [{}, SECRET]) await kit.done(http, { url: from, ...more, expect: { status } });
  }
  expect(seen).toEqual([]);
});

test('a probe may ask where a route says, with the status that it says', async () => {
  const given = { route: 'tts', good: 2, every: '10ms', within: '5s' };
  expect((await failure(kit.plan(probe, given))).message).toContain('there is no probe of the route tts');
  kit.routeProbes.set('tts', { url, status: [200] });
  expect((await kit.plan(probe, given)).does).toContain(`2 good answers in a row from ${url}/`);
  // The address is the configuration's, so that a name from whoever asked is well.
  const written = { ...given, route: '{{ inputs.route }}' };
  expect(await kit.done(probe, given, { written })).toMatchObject({ output: { good: 2 } });
  kit.routeProbes.set('tts', { url, status: [204] });
  await failure(kit.run(probe, { ...given, within: '50ms' }));
  for (const wrong of [{}, { url, route: 'tts' }]) expect(probe.input.safeParse(wrong).success).toBe(false);
});

describe('a program that is given a secret', () => {
  const allow = (secret: boolean, takes: RegExp[] | null = null) =>
    kit.commands.set('tell', { file: 'true', args: [], cwd: null, env: {}, secret, takes });
  const given = (arg: string) => ({ command: 'tell', args: [arg] });
  const filled = { command: 'tell', args: ['{{ inputs.x }}'] };
  const ADDRESSES = [
    'http://attacker.example/',
    'attacker.example',
    '10.0.0.1',
    '2130706433',
    '0x7f000001',
    '::1',
    'user@host',
    '//host',
    '/etc/hosts',
    '--proxy=host',
    'attacker%2eexample',
    '%3a%2f%2fhost',
    'a b',
    'a\nb',
  ];

  test.each(ADDRESSES)('takes nothing from a template that could lead it elsewhere: %p', async (arg) => {
    allow(true);
    expect(await refused(shell as Action, given(arg), filled)).toBe(
      'argument 1 of tell comes from a template and could be an address, and tell holds a secret: say which may be, under commands: tell: takes: ["…"] in tocsin.yml',
    );
    expect(await refused(shell as Action, given(arg), { command: 'tell', args: '{{ inputs.all }}' })).toMatch(
      /could be an address/,
    );
    // Written out it is the author's; without a secret there is nothing to send.
    await kit.done(shell, given(arg));
    allow(false);
    await kit.done(shell, given(arg), { written: filled });
  });

  test.each(['node-7', 'v41', '42', 'a=b', ''])('plain words do: %p', async (arg) => {
    allow(true);
    await kit.done(shell, given(arg), { written: filled });
  });

  test('and what tocsin.yml says of it, nothing else', async () => {
    allow(true, [/^(?:[a-z]+\.internal\.example)$/u]);
    await kit.done(shell, given('pool.internal.example'), { written: filled });
    for (const arg of ['node-7', 'pool.internal.example.attacker', 'attacker/pool.internal.example'])
      expect(await refused(shell as Action, given(arg), filled)).toContain(
        'it fits none of those under commands: tell',
      );
  });
});
