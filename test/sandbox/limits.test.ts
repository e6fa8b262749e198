import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Kit, startKit } from './kit.js';

let kit: Kit | undefined;
afterAll(() => kit?.stop());
beforeEach(async () => {
  await kit?.stop();
  kit = await startKit({ settings: { rateLimits: true } });
  // Standing still, so that a slow machine does not refill the budget.
  await kit.act('clock', { freeze: true });
});

const raw = (method: string, body: object, signal?: AbortSignal) =>
  fetch(`${kit!.sandbox.apiUrl}${method}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${kit!.sandbox.botToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal,
  });

describe('rate limits', () => {
  test('two messages at once in a channel, then one a second; other channels are free', async () => {
    const say = (channel: string) => raw('chat.postMessage', { channel, text: 'x' });
    expect((await say('C0GENERAL1')).status).toBe(200);
    expect((await say('C0GENERAL1')).status).toBe(200);
    const third = await say('C0GENERAL1');
    expect([third.status, third.headers.get('retry-after')]).toEqual([429, '1']);
    expect(await third.json()).toEqual({ ok: false, error: 'ratelimited' });
    expect((await say('C0INCIDENT')).status).toBe(200);
    await kit!.act('clock', { advance_ms: 1000 });
    expect((await say('C0GENERAL1')).status).toBe(200);
    expect((await say('C0GENERAL1')).status).toBe(429);
  });

  test('twenty of a Tier 2 method in a minute', async () => {
    for (let i = 0; i < 20; i++)
      expect((await raw('conversations.create', { name: `inc-${i}` })).status).toBe(200);
    const refused = await raw('conversations.create', { name: 'inc-20' });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60']);
    expect((await raw('conversations.setTopic', { channel: 'C0' })).status).toBe(200);
    await kit!.act('clock', { advance_ms: 60_000 });
    expect((await raw('conversations.create', { name: 'inc-20' })).status).toBe(200);
  });

  test('can be switched off', async () => {
    await kit!.act('settings', { rate_limits: false });
    for (let i = 0; i < 25; i++)
      expect((await raw('conversations.create', { name: `many-${i}` })).status).toBe(200);
  });
});

describe('ordered failures', () => {
  const topics = async () =>
    (await kit!.look<{ channels: Array<{ name: string }> }>('state')).channels.map((it) => it.name);

  test.each([
    [{ kind: 'ratelimit', value: 7 }, 429, { error: 'ratelimited' }],
    [{ kind: 'error', value: 'fatal_error' }, 200, { ok: false, error: 'fatal_error' }],
    [{ kind: 'http500' }, 500, { ok: false }],
    [{ kind: 'http500', value: 503 }, 503, { ok: false }],
  ])('%j', async (fault, status, body) => {
    await kit!.act('fault', { method: 'conversations.create', times: 1, ...fault });
    const answer = await raw('conversations.create', { name: 'faulty' });
    expect(answer.status).toBe(status);
    if (status === 429) expect(answer.headers.get('retry-after')).toBe('7');
    expect(await answer.json()).toMatchObject(body);
    expect(await topics()).not.toContain('faulty');
    expect((await raw('conversations.create', { name: 'faulty' })).status).toBe(200);
    expect(await topics()).toContain('faulty');
  });

  test('a dropped answer has its effect, a cut connection has none, and both are told apart in the log', async () => {
    await kit!.act('fault', { method: 'conversations.create', kind: 'drop' });
    await expect(raw('conversations.create', { name: 'dropped' })).rejects.toThrow();
    await kit!.act('fault', { method: 'conversations.create', kind: 'cut' });
    await expect(raw('conversations.create', { name: 'cut-off' })).rejects.toThrow();
    expect(await topics()).toContain('dropped');
    expect(await topics()).not.toContain('cut-off');
    const { calls } = await kit!.look<{ calls: object[] }>('log?method=conversations.create');
    expect(calls).toMatchObject([{ args: { name: 'dropped' }, answer: { ok: true }, fault: 'drop' }]);
  });

  test('a call that hangs does nothing, for as long as its caller waits, and is in the log meanwhile', async () => {
    await kit!.act('fault', { method: 'conversations.create', kind: 'hang' });
    const given = new AbortController();
    const hung = raw('conversations.create', { name: 'hanging' }, given.signal).catch(
      (error: Error) => error.name,
    );
    const logged = async () =>
      (await kit!.look<{ calls: object[] }>('log?method=conversations.create')).calls as Array<{
        fault?: string;
      }>;
    while (!(await logged()).some(({ fault }) => fault === 'hang')) await new Promise(setImmediate);
    expect((await logged()).at(-1)).toMatchObject({ args: { name: 'hanging' }, status: 0, answer: {} });
    given.abort();
    expect(await hung).toBe('AbortError');
    expect(await topics()).not.toContain('hanging');
  });

  test('the log never holds a token', async () => {
    await fetch(`${kit!.sandbox.apiUrl}auth.test`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `token=${kit!.sandbox.botToken}&x=1`,
    });
    const log = await kit!.look<{ calls: object[] }>('log');
    expect(log.calls).toMatchObject([{ method: 'auth.test', args: { x: '1' }, answer: { ok: true } }]);
    expect(JSON.stringify(log)).not.toContain(kit!.sandbox.botToken);
  });
});
