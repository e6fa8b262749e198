import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { masked } from '#sandbox/app/traffic.js';
import { until } from '../support/until.js';
import { type Kit, startKit } from './kit.js';
import { PlainApp } from './plain-app.js';

interface Exchange {
  seq: number;
  way: string;
  kind: string;
  name: string;
  status: number | null;
  outcome: string;
  ms: number;
  request: Record<string, unknown>;
  answer: unknown;
  fault?: string;
  retry?: object;
}

let kit: Kit;
let app: PlainApp;
beforeAll(async () => {
  app = new PlainApp();
  await app.start();
  kit = await startKit({ eventsUrl: app.url, signingSecret: 'sign-here-please' });
});
afterAll(async () => {
  app.stop();
  await kit.stop();
});
beforeEach(() => kit.act('reset'));

const traffic = async (query = '') =>
  (await kit.look<{ traffic: Exchange[]; last: number }>(`traffic?${query}`)).traffic;
const type = (text: string) =>
  kit.act('command', { user: 'ana', channel: 'general', command: '/incident', text });
const urlOf = () => new URLSearchParams(app.got.at(-1)!.body).get('response_url')!;
const answerTo = (url: string, body: string) =>
  fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json' } });

test('everything both ways stands in one list, in order', async () => {
  await type('hello');
  await answerTo(urlOf(), '{"text":"hi"}');
  await kit.refusal('users.info', { user: 'U0NOBODY00' });
  await kit.client.conversations.create({ name: 'seen' });
  await until('the event is in it', async () => (await traffic('kind=event')).length > 0);
  const list = await traffic();
  expect(list.map((it) => [it.way, it.kind, it.name, it.status, it.outcome])).toEqual([
    ['out', 'command', '/incident', 200, 'ok'],
    ['in', 'response_url', 'response_url', 200, 'ok'],
    ['in', 'api', 'users.info', 200, 'user_not_found'],
    ['in', 'api', 'conversations.create', 200, 'ok'],
    ['out', 'event', 'channel_created', 200, 'ok'],
  ]);
  expect(list[0]).toMatchObject({ request: { text: 'hello' }, answer: '', ms: expect.any(Number) });
  expect(list[3]).toMatchObject({
    request: { name: 'seen' },
    answer: { ok: true, channel: { name: 'seen' } },
  });
});

test('it can be narrowed and continued', async () => {
  for (const text of ['1', '2', '3']) await type(text);
  const all = await traffic();
  expect(await traffic('limit=1')).toEqual([all.at(-1)]);
  expect(await traffic(`since=${all[0]!.seq}`)).toEqual(all.slice(1));
  expect(await traffic('kind=api')).toEqual([]);
  expect(await kit.look('traffic?kind=gossip')).toMatchObject({ ok: false, error: 'invalid' });
});

test('failures and repeats say so', async () => {
  await kit.act('settings', { retry_scale: 0 });
  await kit.act('fault', { method: 'event', kind: 'http500', value: 503 });
  await kit.act('fault', { method: 'auth.test', kind: 'ratelimit' });
  await kit.refusal('auth.test');
  await kit.client.conversations.create({ name: 'repeated' });
  const events = await until('both are there', async () => {
    const list = await traffic('kind=event');
    return list.length === 2 && list;
  });
  expect(events).toMatchObject([
    { status: 503, outcome: 'http_error', fault: 'http500' },
    { status: 200, outcome: 'ok', retry: { num: 1, reason: 'http_error' } },
  ]);
  expect((await traffic('kind=api'))[0]).toMatchObject({
    status: 429,
    outcome: 'ratelimited',
    fault: 'ratelimit',
  });
});

test('what went out can be delivered again', async () => {
  await type('once more');
  await kit.refusal('auth.test');
  const [command, call] = await traffic();
  app.got.length = 0;
  expect(await kit.act('traffic/replay', { seq: command!.seq })).toMatchObject({
    ok: true,
    acks: [{ status: 200 }],
  });
  const again = new URLSearchParams(app.got[0]!.body);
  expect([again.get('text'), again.get('response_url')]).toEqual([
    'once more',
    expect.stringMatching(/\/commands\/T0SANDBOX1\/[0-9a-f]{24}$/),
  ]);
  expect(await kit.act('traffic/replay', { seq: call!.seq })).toMatchObject({
    ok: false,
    error: 'not_outgoing',
  });
  expect(await kit.act('traffic/replay', { seq: 12345 })).toMatchObject({
    ok: false,
    error: 'unknown_exchange: 12345',
  });
});

test('nothing in it can be used by whoever reads it', async () => {
  await type('secret');
  const url = urlOf();
  await answerTo(url, JSON.stringify({ text: `take ${kit.sandbox.botToken}` }));
  await fetch(`${kit.sandbox.apiUrl}auth.test`, {
    method: 'POST',
    body: new URLSearchParams({ token: kit.sandbox.botToken, x: '1' }),
  });
  const text = JSON.stringify(await traffic());
  for (const secret of [
    kit.sandbox.botToken,
    kit.sandbox.appToken,
    'sign-here-please',
    url.split('/').at(-1)!,
  ])
    expect(text).not.toContain(secret);
  expect(text).toContain('/commands/T0SANDBOX1/');
  expect(
    masked({ url: 'ws://x/link/?ticket=0a1b-2c3d&app_id=A0', access_token: 'x', rest: ['xoxp-1-2'] }),
  ).toEqual({
    ...{ url: 'ws://x/link/?ticket=…&app_id=A0', access_token: '…', rest: ['xoxp-…'] },
  });
});

test('it does not grow for ever', async () => {
  for (let i = 0; i < 2300; i += 50)
    await Promise.all(Array.from({ length: 50 }, () => kit.refusal('api.test')));
  const list = await traffic('limit=2000');
  expect(list.length).toBe(2000);
  expect(list.at(-1)!.seq - list[0]!.seq).toBe(1999);
});
