import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Kit, manifest, startKit } from './kit.js';

let kit: Kit;
beforeAll(async () => {
  const withHooks = manifest((it) => it.oauth_config.scopes.bot.push('incoming-webhook'));
  kit = await startKit({
    manifest: withHooks,
    settings: { rateLimits: true, retryScale: 0 },
    clock: { frozen: true },
  });
});
afterAll(() => kit.stop());
beforeEach(() => kit.act('reset'));

const call = async (method: string, args: Record<string, string> = {}) => {
  const response = await fetch(`${kit.sandbox.apiUrl}${method}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${kit.sandbox.botToken}` },
    body: new URLSearchParams(args),
  });
  return {
    status: response.status,
    wait: response.headers.get('retry-after'),
    body: (await response.json()) as Record<string, unknown>,
  };
};
const say = async (channel: string) => (await call('chat.postMessage', { channel, text: 'x' })).status;
const texts = async (channel: string) => {
  const { channels } = await kit.look<{
    channels: Array<{ name: string; messages: Array<{ text: string }> }>;
  }>('state');
  return channels.find((it) => it.name === channel)!.messages.map((it) => it.text);
};
const toAddress = async (url: string, body: object) => {
  const response = await fetch(url, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
  return [response.status, response.headers.get('retry-after'), await response.text()];
};

describe('one message a second in a conversation', () => {
  test('however it is named', async () => {
    expect([await say('C0GENERAL1'), await say('C0GENERAL1')]).toEqual([200, 200]);
    expect([await say('C0GENERAL1'), await say('general'), await say('#general')]).toEqual([429, 429, 429]);
    expect(await say('C0INCIDENT')).toBe(200);
  });

  test('a person and the direct message with them are one', async () => {
    const { body } = await call('conversations.open', { users: 'U0ANA00001' });
    const { id } = body.channel as { id: string };
    expect([await say('U0ANA00001'), await say(id), await say(id), await say('U0ANA00001')]).toEqual([
      200, 200, 429, 429,
    ]);
    expect(await say('U0BO000002')).toBe(200);
  });

  test('over all means: updates, addresses, webhooks', async () => {
    const posted = await call('chat.postMessage', { channel: 'general', text: 'x' });
    const ts = String(posted.body.ts);
    expect((await call('chat.update', { channel: 'C0GENERAL1', ts, text: 'y' })).status).toBe(200);
    const refused = await call('chat.update', { channel: 'C0GENERAL1', ts, text: 'z' });
    expect(refused).toMatchObject({ status: 429, wait: '1', body: { ok: false, error: 'ratelimited' } });
    const { url } = await kit.act<{ url: string }>('webhook', { channel: 'general' });
    expect(await toAddress(url, { text: 'x' })).toEqual([429, '1', 'ratelimited']);
    await kit.act('clock', { advance_ms: 1000 });
    expect(await toAddress(url, { text: 'x' })).toEqual([200, null, 'ok']);
    expect(await say('general')).toBe(429);
  });

  test('what one person alone sees takes nothing from the others', async () => {
    const whisper = async (user: string) =>
      (await call('chat.postEphemeral', { channel: 'C0GENERAL1', user, text: 'x' })).status;
    expect([await whisper('U0ANA00001'), await whisper('U0ANA00001'), await whisper('U0ANA00001')]).toEqual([
      200, 200, 429,
    ]);
    expect([await whisper('U0BO000002'), await say('general')]).toEqual([200, 200]);
  });

  test('an answer takes from the channel only where it replaces what everybody sees', async () => {
    const button = { type: 'button', action_id: 'go', text: { type: 'plain_text', text: 'Go' } };
    const given = {
      channel: 'C0GENERAL1',
      blocks: JSON.stringify([{ type: 'actions', elements: [button] }]),
    };
    const own = await call('chat.postEphemeral', { ...given, user: 'U0ANA00001' });
    const shared = await call('chat.postMessage', given);
    expect([await say('general'), await say('general')]).toEqual([200, 429]);
    // No app is there to take the click; the address that came with it is good all the same.
    const replace = async (ts: unknown) => {
      const click = { user: 'ana', channel: 'general', ts, action_id: 'go' };
      const { delivery } = await kit.act<{ delivery: string }>('action', click);
      const url = `${kit.sandbox.url}/commands/${kit.sandbox.teamId}/${delivery}`;
      return (await toAddress(url, { replace_original: true, text: 'gone' }))[0];
    };
    expect(await replace(own.body.message_ts)).toBe(200);
    expect(await replace(shared.body.ts)).toBe(429);
  });
});

test('the wait is a whole number of seconds, and other methods stay usable', async () => {
  await say('general');
  await say('general');
  await kit.act('clock', { advance_ms: 300 });
  expect(await call('chat.postMessage', { channel: 'general', text: 'x' })).toMatchObject({
    status: 429,
    wait: '1',
  });
  expect((await call('auth.test')).status).toBe(200);
});

test('several hundred posts a minute in the workspace, over all ways', async () => {
  const rooms: string[] = [];
  for (let i = 0; i < 19; i++)
    rooms.push(
      String(((await call('conversations.create', { name: `r${i}` })).body.channel as { id: string }).id),
    );
  let posted = 0;
  for (let second = 0; posted < 300 && second < 20; second++) {
    for (const room of rooms) if (posted < 300 && (await say(room)) === 200) posted++;
    await kit.act('clock', { advance_ms: 1000 });
  }
  expect(posted).toBe(300);
  const over = await call('chat.postMessage', { channel: rooms[0]!, text: 'x' });
  expect([over.status, Number(over.wait)]).toEqual([429, expect.any(Number)]);
  expect(Number(over.wait)).toBeGreaterThan(1);
});

test('the excess can be taken and hidden, with one notice', async () => {
  await kit.act('settings', { hide_excess: true });
  for (const text of ['one', 'two', 'three', 'four'])
    expect(await call('chat.postMessage', { channel: 'C0GENERAL1', text })).toMatchObject({
      status: 200,
      body: { ok: true, ts: expect.any(String) },
    });
  expect(await texts('general')).toEqual(['one', 'two', expect.stringContaining('high volume')]);
});

test('history for apps that are sold: once a minute, fifteen at most', async () => {
  await call('conversations.join', { channel: 'C0GENERAL1' });
  await kit.act('settings', { rate_limits: false });
  for (let i = 0; i < 20; i++) await call('chat.postMessage', { channel: 'C0GENERAL1', text: `${i}` });
  await kit.act('settings', { rate_limits: true, history_profile: 'distributed' });
  const first = await call('conversations.history', { channel: 'C0GENERAL1', limit: '100' });
  expect(first.body.messages).toHaveLength(15);
  expect(await call('conversations.history', { channel: 'C0GENERAL1' })).toMatchObject({
    status: 429,
    wait: '60',
  });
  await kit.act('settings', { history_profile: 'internal' });
  expect(
    (await call('conversations.history', { channel: 'C0GENERAL1', limit: '100' })).body.messages,
  ).toHaveLength(21);
});
