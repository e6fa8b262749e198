import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { hookAddress } from '#public/subscribe/address.js';
import { isInside } from '#runbooks/reach.js';
import { change, incident, type Kit, post, startHook, startKit, TEAM } from './kit.js';

let kit: Kit;
const hooks: Array<Awaited<ReturnType<typeof startHook>>> = [];
const hooked = async (...of: Parameters<typeof startHook>) => {
  const hook = await startHook(...of);
  hooks.push(hook);
  kit.settings.webhooks = { allow: [...(kit.settings.webhooks?.allow ?? []), hook.host] };
  return hook;
};
beforeAll(async () => {
  kit = await startKit();
});
afterEach(async () => {
  await Promise.all(hooks.splice(0).map((hook) => hook.close()));
  await kit.empties();
});
afterAll(() => kit.close());

test('a webhook gets each change by itself, in order, signed so that anybody’s library verifies it', async () => {
  const hook = await hooked();
  const [id = ''] = await kit.subscribed([hook.url()]);
  const one = post(1, { components: [{ name: 'Speech', from: 'operational', to: 'partial' }] });
  await kit.says(change(1, { post: one, of: incident([one]) }), change(2));
  await kit.paysAll();
  const secret = (await kit.of(id)).secret ?? '';
  const verified = hook.calls.map(
    ({ body, headers }) =>
      new Webhook(secret).verify(body, headers as Record<string, string>) as Record<string, unknown>,
  );
  expect(verified).toMatchObject([
    {
      type: 'status.posted',
      timestamp: '2024-11-10T01:44:00.000Z',
      data: {
        page: { name: 'Example', status_indicator: 'major' },
        incident: {
          ...{ id: 'abcdef123456', name: 'Voices are silent', status: 'identified', impact: 'major' },
          shortlink: 'https://status.example.org/incidents/INC-7.html',
          incident_updates: [
            {
              ...{ id: 'post1', body: 'words of 1', status: 'identified' },
              affected_components: [
                { name: 'Speech', old_status: 'operational', new_status: 'partial_outage' },
              ],
            },
          ],
        },
        update_id: 'post1',
        components: [{ name: 'Speech', status: 'operational' }],
      },
    },
    { data: { update_id: 'post2' } },
  ]);
  const ids = hook.calls.map(({ headers }) => headers['webhook-id']);
  expect(new Set(ids).size).toBe(2);
  expect(() =>
    new Webhook(secret).verify(`${hook.calls[0]?.body} `, hook.calls[0]?.headers as Record<string, string>),
  ).toThrow();
  expect(JSON.stringify(verified)).not.toContain('INC-0');
});

test('one that wants to hear of some components hears of these, of what names none, and of nothing else', async () => {
  const hook = await hooked();
  await kit.subscribed([hook.url('/speech')], { components: ['Speech', 'Gone'] });
  await kit.subscribed([hook.url('/search')], { components: ['Search'] });
  await kit.subscribed([hook.url('/gone')], { components: ['Gone'] });
  await kit.subscribed([hook.url('/all')]);
  await kit.says(
    ...[change(1), change(2, { components: ['Search'] }), change(3, { components: ['Speech', 'Search'] })],
    change(4, { components: [] }),
    change(5, { kind: 'state', of: null, post: null, components: ['Search'] }),
  );
  await kit.paysAll();
  const heard = (at: string) =>
    hook.calls.filter(({ path }) => path === at).map(({ body }) => JSON.parse(body));
  const posts = (at: string) => heard(at).map(({ type, data }) => data.update_id ?? type);
  expect(posts('/speech')).toEqual(['post1', 'post3', 'post4']);
  expect(posts('/search')).toEqual(['post2', 'post3', 'post4', 'status.state']);
  // What names no component may concern anybody.
  expect(posts('/gone')).toEqual(['post4']);
  expect(posts('/all')).toEqual(['post1', 'post2', 'post3', 'post4', 'status.state']);
});

test('one that fails is tried again with growing pauses, under the same id, for a day; nobody waits for it', async () => {
  let down = true;
  const bad = await hooked((path) => (path === '/bad' && down ? 503 : 200));
  const [id = ''] = await kit.subscribed([bad.url('/bad')], { share: 4 });
  await kit.subscribed([bad.url('/good')], { share: 4 });
  await kit.says(change(1));
  await kit.paysAll();
  const first = await kit.of(id);
  expect(first).toMatchObject({ tries: 1, lastError: 'answered 503', failures: 0 });
  const pause = (one: { retryAt: string | null }) => Date.parse(one.retryAt ?? '');
  await kit.says(change(2));
  await kit.paysAll();
  expect(bad.calls.filter(({ path }) => path === '/good')).toHaveLength(2);
  // Its second change waits behind its first.
  expect(bad.calls.filter(({ path }) => path === '/bad')).toHaveLength(1);
  await kit.waits();
  const before = Date.now();
  await kit.paysAll();
  expect(pause(await kit.of(id)) - before).toBeGreaterThan(50_000);
  expect(await kit.of(id)).toMatchObject({ tries: 2 });
  down = false;
  await kit.waits();
  await kit.paysAll();
  const calls = bad.calls.filter(({ path }) => path === '/bad');
  expect(calls.map(({ headers }) => headers['webhook-id'])).toEqual([
    ...Array(3).fill(calls[0]?.headers['webhook-id']),
    calls[3]?.headers['webhook-id'],
  ]);
  expect(calls[3]?.body).toContain('words of 2');
  expect(await kit.of(id)).toMatchObject({ tries: 0, lastError: null, failures: 0 });
  down = true;
  await kit.says(change(3));
  await kit.paysAll();
  await kit.sql(`update public_change set noted_at = noted_at - interval '25 hours'`);
  await kit.waits();
  await kit.paysAll();
  expect(await kit.of(id)).toMatchObject({ failures: 1, lastError: 'answered 503', state: 'confirmed' });
  expect((await kit.sql('select 1 from outbox where done_at is null')).length).toBe(0);
});

test('ten that never answer hold up nobody but themselves, and 410 is taken at its word', async () => {
  kit.settings.hookMs = 400;
  const hook = await hooked((path) => (path.startsWith('/never') ? 'never' : path === '/gone' ? 410 : 200));
  const never = await kit.subscribed(
    Array.from({ length: 10 }, (_, i) => hook.url(`/never${i}`)),
    { share: 7 },
  );
  const [gone = ''] = await kit.subscribed([hook.url('/gone')], { share: 7 });
  await kit.subscribed(
    Array.from({ length: 30 }, (_, i) => hook.url(`/ok${i}`)),
    { share: 7 },
  );
  await kit.says(change(1));
  await kit.paysAll();
  expect(hook.calls.filter(({ path }) => path.startsWith('/ok'))).toHaveLength(30);
  expect(await kit.of(never[0] ?? '')).toMatchObject({ tries: 1, lastError: 'did not answer within 0.4 s' });
  expect(await kit.of(gone)).toMatchObject({ state: 'retired', lastError: 'answered 410: it wants no more' });
});

test('redirects are not followed, long answers not read', async () => {
  const inside = await hooked();
  const hook = await hooked((path) => (path === '/to' ? inside.url('/secret') : 'long'));
  const [to = '', long = ''] = await kit.subscribed([hook.url('/to'), hook.url('/long')]);
  await kit.says(change(1));
  await kit.paysAll();
  expect(inside.calls).toEqual([]);
  expect((await kit.of(to)).lastError).toBe('answered 302: a redirect is not followed');
  expect(await kit.of(long)).toMatchObject({ tries: 0, lastError: null });
});

describe('what is inside is not called', () => {
  test.each([
    ...[
      'http://127.0.0.1/',
      'https://127.0.0.1/',
      'https://localhost/',
      'https://bot/',
      'https://x.internal/',
    ],
    ...[
      'https://10.0.0.1/',
      'https://172.16.3.4/',
      'https://192.168.1.1/',
      'https://100.64.0.1/',
      'https://0.0.0.0/',
    ],
    ...[
      'https://169.254.169.254/latest',
      'https://[fe80::1]/',
      'https://[fd00::1]/',
      'https://[::1]/',
      'https://[::]/',
    ],
    ...['https://[::ffff:10.0.0.1]/', 'https://[64:ff9b::10.0.0.1]/', 'https://[64:ff9b:1::7f00:1]/'],
    ...[
      'https://[2002:0a00:0001::]/',
      'https://[2001:0:1:2:3:4:80ff:fffe]/',
      'https://[2a00::5efe:10.0.0.1]/',
    ],
    ...[
      'https://[2001:db8::1]/',
      'https://224.0.0.1/',
      'https://255.255.255.255/',
      'https://0x7f.1/',
      'https://2130706433/',
    ],
    ...[
      'https://metadata.google.internal/',
      'http://hooks.example.org/',
      'ftp://hooks.example.org/',
      'https://u:p@example.org/',
    ],
    ...[
      'https://printer.local/',
      'javascript:alert(1)',
      'https://exa mple.org/',
      'https://example.org/\r\nHost: x',
      '',
    ],
  ])('%s cannot be subscribed', (typed) => {
    expect(hookAddress(typed, [])).toHaveProperty('why');
  });

  test.each([
    'https://hooks.example.org/x?y=1',
    'https://93.184.215.14/',
    'https://[2606:2800:21f:cb07::1]:8443/',
  ])('%s can', (typed) => {
    expect(hookAddress(typed, [])).toEqual({ url: typed });
    expect(isInside(new URL(typed).hostname)).toBe(false);
  });

  test('nor where a name that was good stands for it by now, or is an address, or was never listed', async () => {
    const hook = await hooked();
    // This machine's own names stand for 127.0.0.1 or a private address: what DNS rebinding would do to any name.
    kit.settings.webhooks = { allow: [] };
    const port = new URL(hook.url()).port;
    const ids = [];
    for (const url of [
      `https://localhost:${port}/`,
      `https://127.0.0.1:${port}/`,
      `http://127.0.0.1:${port}/x`,
    ])
      ids.push(...(await kit.subscribed([url])));
    await kit.says(change(1));
    await kit.paysAll();
    for (const id of ids)
      expect(await kit.of(id)).toMatchObject({
        tries: 1,
        lastError: expect.stringContaining('an address that is not on the internet'),
      });
    expect(hook.calls).toEqual([]);
  });

  test('and a listed one is, but never where a cloud keeps its credentials', async () => {
    kit.settings.webhooks = { allow: [{ hostname: '169.254.169.254', port: null, protocol: null }] };
    expect(hookAddress('http://169.254.169.254/', kit.settings.webhooks.allow)).toHaveProperty('why');
    const [id = ''] = await kit.subscribed(['http://169.254.169.254/']);
    await kit.says(change(1));
    await kit.paysAll();
    expect((await kit.of(id)).lastError).toContain('never asked');
  });
});

test('a webhook that somebody names is asked first, and is told nothing before its owner confirms', async () => {
  const hook = await hooked();
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  await kit.store.subscribers.ask({
    ...{
      team: TEAM,
      id: 'a'.repeat(24),
      kind: 'webhook',
      address: hook.url(),
      components: [],
      language: 'en',
    },
    ...{ share: 0, secret },
  });
  await kit.says(change(1));
  await kit.paysAll();
  expect(hook.calls).toHaveLength(1);
  const [call] = hook.calls;
  const body = new Webhook(secret).verify(call?.body ?? '', call?.headers as Record<string, string>) as {
    type: string;
    data: { url: string };
  };
  expect(body.type).toBe('status.subscription');
  expect(body.data.url).toMatch(/^https:\/\/bot\.example\.org\/status\/confirm\/[\w-]{43}$/);
  await kit.paysAll();
  expect(hook.calls).toHaveLength(1);
});
