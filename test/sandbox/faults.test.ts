import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '../support/until.js';
import { type Kit, startKit } from './kit.js';
import { PlainApp } from './plain-app.js';

let kit: Kit;
let app: PlainApp;
beforeAll(async () => {
  app = new PlainApp();
  await app.start();
  kit = await startKit({ eventsUrl: app.url });
});
afterAll(async () => {
  app.stop();
  await kit.stop();
});
beforeEach(async () => {
  await kit.act('reset');
  app.got.length = 0;
});

const fault = (it: object) => kit.act('fault', it);
const names = async () =>
  (await kit.look<{ channels: Array<{ name: string }> }>('state')).channels.map((it) => it.name);
const type = (text = '') =>
  kit.act('command', { user: 'ana', channel: 'general', command: '/incident', text });

describe('calls', () => {
  test('the third one fails, once', async () => {
    await fault({ method: 'conversations.create', kind: 'error', value: 'fatal_error', after: 2 });
    const outcomes: unknown[] = [];
    for (const name of ['a', 'b', 'c', 'd'])
      outcomes.push((await kit.refusal('conversations.create', { name })).error ?? 'ok');
    expect(outcomes).toEqual(['ok', 'ok', 'fatal_error', 'ok']);
  });

  test('any answer, instead of the call or laid over it', async () => {
    await fault({ method: 'conversations.create', kind: 'answer', answer: { ok: true, channel: null } });
    expect(await kit.refusal('conversations.create', { name: 'ghost' })).toEqual({ ok: true, channel: null });
    expect(await names()).not.toContain('ghost');
    await fault({ method: 'conversations.create', kind: 'answer', merge: true, answer: { warning: 'odd' } });
    expect(await kit.refusal('conversations.create', { name: 'real' })).toMatchObject({
      ok: true,
      warning: 'odd',
      channel: { name: 'real' },
    });
    expect(await names()).toContain('real');
    await fault({
      method: 'auth.test',
      kind: 'answer',
      value: 503,
      answer: { ok: false, error: 'service_unavailable' },
    });
    const response = await fetch(`${kit.sandbox.apiUrl}auth.test`, {
      headers: { authorization: `Bearer ${kit.sandbox.botToken}` },
    });
    expect([response.status, await response.json()]).toEqual([
      503,
      { ok: false, error: 'service_unavailable' },
    ]);
  });

  test('only in one channel, only with one kind of token', async () => {
    await fault({
      method: 'chat.postMessage',
      kind: 'error',
      value: 'restricted_action',
      channel: 'C0GENERAL1',
      times: 2,
    });
    const say = (channel: string) => kit.refusal('chat.postMessage', { channel, text: 'x' });
    expect(await say('C0INCIDENT')).toMatchObject({ ok: true });
    expect(await say('C0GENERAL1')).toMatchObject({ error: 'restricted_action' });
    await fault({ method: 'auth.test', kind: 'error', value: 'token_expired', token: 'user' });
    expect(await kit.refusal('auth.test')).toMatchObject({ ok: true });
    const { token } = await kit.act<{ token: string }>('token', { user: 'ana' });
    const asAna = await fetch(`${kit.sandbox.apiUrl}auth.test`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(await asAna.json()).toMatchObject({ error: 'token_expired' });
  });

  test('an answer that dribbles in is whole in the end', async () => {
    await fault({ method: 'auth.test', kind: 'slow_body', value: 60 });
    const response = await fetch(`${kit.sandbox.apiUrl}auth.test`, {
      headers: { authorization: `Bearer ${kit.sandbox.botToken}` },
    });
    let pieces = 0;
    let text = '';
    for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
      pieces++;
      text += piece;
    }
    expect(pieces).toBeGreaterThan(1);
    expect(JSON.parse(text)).toMatchObject({ ok: true, user: 'testbot' });
  });

  test('a fault that nobody knows is refused', async () => {
    expect(await fault({ method: 'auth.test', kind: 'explode' })).toMatchObject({
      ok: false,
      error: 'invalid',
    });
  });
});

describe('deliveries', () => {
  test.each<[object, object, number]>([
    [{ kind: 'drop' }, { ok: false, error: 'operation_timeout' }, 0],
    [{ kind: 'cut' }, { ok: false, error: 'dispatch_failed' }, 0],
    [{ kind: 'http500', value: 502 }, { ok: false, error: 'dispatch_failed', ack: { status: 502 } }, 0],
    [{ kind: 'duplicate' }, { ok: true }, 2],
    [{ kind: 'delay', value: 5 }, { ok: true }, 1],
  ])('a command: %j', async (what, outcome, came) => {
    await fault({ method: 'command', ...what });
    expect(await type()).toMatchObject(outcome);
    expect(app.got).toHaveLength(came);
    expect(await type('next')).toMatchObject({ ok: true });
  });

  test('an event of one type: lost for good, or failed and repeated', async () => {
    await kit.client.conversations.create({ name: 'lost' });
    await kit.act('join', { user: 'ana', channel: 'lost' });
    const say = (text: string) => kit.act('message', { user: 'ana', channel: 'lost', text });
    const came = (text: string) => app.got.filter((it) => it.body.includes(text));
    await fault({ method: 'event', type: 'message', kind: 'drop' });
    await fault({ method: 'event', type: 'reaction_added', kind: 'drop' });
    await say('never there');
    await fault({ method: 'event', type: 'message', kind: 'cut' });
    await say('the second time');
    await until('it came', () => came('the second time').length === 1);
    expect(came('the second time')[0]!.headers).toMatchObject({
      'x-slack-retry-num': '1',
      'x-slack-retry-reason': 'connection_failed',
    });
    await fault({ method: 'event', type: 'message', kind: 'duplicate' });
    await say('twin');
    await until('both came', () => came('twin').length === 2);
    expect(came('twin')[0]!.body).toBe(came('twin')[1]!.body);
    expect(came('never there')).toEqual([]);
  });

  test('what is ordered for every call leaves deliveries alone', async () => {
    await fault({ method: '*', kind: 'error', value: 'fatal_error', times: 2 });
    expect(await type()).toMatchObject({ ok: true });
    expect(await kit.refusal('auth.test')).toMatchObject({ error: 'fatal_error' });
  });
});
