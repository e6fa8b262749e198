import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Kit, manifest, startKit } from './kit.js';
import { PlainApp } from './plain-app.js';

let kit: Kit;
let app: PlainApp;
beforeAll(async () => {
  app = new PlainApp();
  await app.start();
  const withHooks = manifest((it) => it.oauth_config.scopes.bot.push('incoming-webhook'));
  kit = await startKit({ manifest: withHooks, eventsUrl: app.url, clock: { frozen: true } });
});
afterAll(async () => {
  app.stop();
  await kit.stop();
});
beforeEach(async () => {
  app.answer = () => ({ status: 200 });
  await kit.act('reset');
});

const JSON_TYPE = 'application/json';
const post = async (url: string, body: string, type = JSON_TYPE) => {
  const response = await fetch(url, { method: 'POST', body, headers: { 'content-type': type } });
  return [response.status, await response.text()];
};
const say = (url: string, body: object) => post(url, JSON.stringify(body));
const fields = () => new URLSearchParams(app.got.at(-1)!.body);
const type = (text = '', more: object = {}) =>
  kit.act('command', { user: 'ana', channel: 'general', command: '/incident', text, ...more });
const commandUrl = async () => {
  await type();
  return fields().get('response_url')!;
};
interface State {
  ephemerals: Array<{ text: string; from: string; thread_ts?: string; user: string }>;
  channels: Array<{ name: string; messages: Array<{ text: string; ts: string; thread_ts?: string }> }>;
}
const state = () => kit.look<State>('state');
const messages = async (channel = 'general') =>
  (await state()).channels.find((it) => it.name === channel)!.messages;
const BUTTON = [
  {
    type: 'actions',
    block_id: 'b',
    elements: [{ type: 'button', action_id: 'go', text: { type: 'plain_text', text: 'Go' } }],
  },
];
/** The address that a click on a message brings, and that message. */
const buttonUrl = async () => {
  const { ts } = (await kit.client.chat.postMessage({
    channel: 'C0GENERAL1',
    text: 'press',
    blocks: BUTTON as never,
  })) as { ts?: string };
  await kit.act('action', { user: 'bo', channel: 'general', ts, action_id: 'go' });
  return { ts, url: (JSON.parse(fields().get('payload')!) as { response_url: string }).response_url };
};

describe('a response_url', () => {
  test.each<[string, string, string]>([
    ['words', 'hello', JSON_TYPE],
    ['half JSON', '{"text":', JSON_TYPE],
    ['a list', '[{"text":"x"}]', JSON_TYPE],
    ['nothing', '', JSON_TYPE],
    ['a form without payload', 'text=x', 'application/x-www-form-urlencoded'],
  ])('does not take %s', async (_name, body, sent) => {
    expect(await post(await commandUrl(), body, sent)).toEqual([400, 'invalid_payload']);
  });

  test('takes JSON whatever it is called, and a form with a payload', async () => {
    const url = await commandUrl();
    expect(await post(url, '{"text":"plain"}', 'text/plain')).toEqual([200, 'ok']);
    const form = `payload=${encodeURIComponent('{"text":"in a form"}')}`;
    expect(await post(url, form, 'application/x-www-form-urlencoded')).toEqual([200, 'ok']);
    expect((await state()).ephemerals.map((it) => it.text)).toEqual(['plain', 'in a form']);
  });

  test.each<[object, number, string]>([
    [{}, 400, 'no_text'],
    [{ text: '' }, 400, 'no_text'],
    [{ attachments: 'x' }, 400, 'invalid_attachments'],
    [{ attachments: Array.from({ length: 101 }, () => ({ text: 'x' })) }, 400, 'too_many_attachments'],
    [{ blocks: [{ type: 'nope' }] }, 400, 'invalid_blocks'],
  ])('refuses %j', async (body, status, code) => {
    expect(await say(await commandUrl(), body)).toEqual([status, code]);
  });

  test('is unknown to whoever guesses', async () => {
    expect(await say(`${kit.sandbox.url}/commands/T0SANDBOX1/guess`, { text: 'x' })).toEqual([
      404,
      'expired_url',
    ]);
  });

  test('speaks where the app is no member, to one person unless told otherwise, in a thread if asked', async () => {
    const url = await commandUrl();
    await say(url, { text: 'for you' });
    await say(url, { text: 'for all', response_type: 'in_channel' });
    const [root] = await messages();
    await say(url, {
      text: 'below',
      response_type: 'in_channel',
      thread_ts: root!.ts,
      replace_original: false,
    });
    expect((await state()).ephemerals).toMatchObject([{ text: 'for you', user: 'U0ANA00001', from: 'app' }]);
    expect(await messages()).toMatchObject([{ text: 'for all' }, { text: 'below', thread_ts: root!.ts }]);
  });

  test('replaces and deletes the message with the button, in place', async () => {
    const { ts, url } = await buttonUrl();
    await say(url, { text: 'pressed', replace_original: true });
    expect(await messages()).toMatchObject([{ ts, text: 'pressed' }]);
    await say(url, { delete_original: true });
    expect(await messages()).toEqual([]);
  });

  test('cannot touch a typed command', async () => {
    const url = await commandUrl();
    expect(await say(url, { delete_original: true })).toEqual([200, 'ok']);
    expect((await state()).ephemerals).toEqual([]);
    expect(await say(url, { replace_original: true, text: 'new' })).toEqual([200, 'ok']);
    expect((await state()).ephemerals).toMatchObject([{ text: 'new' }]);
  });

  test('an order to fail is heard', async () => {
    const url = await commandUrl();
    await kit.act('fault', { method: 'response_url', kind: 'ratelimit', value: 'slow down' });
    expect(await say(url, { text: 'x' })).toEqual([429, 'slow down']);
  });
});

describe('an incoming webhook', () => {
  const hook = async (channel = 'general') => (await kit.act<{ url: string }>('webhook', { channel })).url;

  test('posts', async () => {
    const url = await hook();
    expect(await say(url, { text: 'hello <world>' })).toEqual([200, 'ok']);
    expect(await messages()).toMatchObject([{ text: 'hello &lt;world&gt;', bot_id: 'B0SANDBOX1' }]);
  });

  test.each<[string, (url: string) => Promise<unknown>, unknown]>([
    ['no text', (url) => say(url, {}), [400, 'no_text']],
    ['bad blocks', (url) => say(url, { blocks: [{ type: 'nope' }] }), [400, 'invalid_blocks']],
    ['words', (url) => post(url, 'hello'), [400, 'invalid_payload']],
    ['a wrong secret', (url) => say(`${url}x`, { text: 'x' }), [403, 'invalid_token']],
    [
      'an unknown hook',
      (url) => say(url.replace(/\/B[^/]+/, '/B0NOBODY'), { text: 'x' }),
      [404, 'no_service'],
    ],
  ])('%s', async (_name, send, answer) => {
    expect(await send(await hook())).toEqual(answer);
  });

  test('says when its channel is archived', async () => {
    const url = await hook('incidents');
    await kit.act('channel/archive', { user: 'ana', channel: 'incidents' });
    expect(await say(url, { text: 'x' })).toEqual([410, 'channel_is_archived']);
  });

  test('needs its scope', async () => {
    const poor = await startKit();
    expect(await poor.act('webhook', { channel: 'general' })).toMatchObject({
      error: 'missing_scope: incoming-webhook',
    });
    await poor.stop();
  });
});

describe('a command', () => {
  test.each<[string, ReturnType<PlainApp['answer']>, object]>([
    ['created', { status: 201 }, { ok: false, error: 'dispatch_failed', ack: { status: 201 } }],
    ['moved', { status: 302, headers: { location: '/x' } }, { ok: false, error: 'dispatch_failed' }],
    [
      'JSON that is none',
      { status: 200, body: '{"te', headers: { 'content-type': JSON_TYPE } },
      { ok: false, error: 'invalid_command_response' },
    ],
    [
      'a list',
      { status: 200, body: '[1]', headers: { 'content-type': JSON_TYPE } },
      { ok: false, error: 'invalid_command_response' },
    ],
    ['an empty object', { status: 200, body: '{}', headers: { 'content-type': JSON_TYPE } }, { ok: true }],
    ['words', { status: 200, body: 'done' }, { ok: true, ack: { body: 'done' } }],
  ])('answered with %s', async (_name, answer, outcome) => {
    app.answer = () => answer;
    expect(await type()).toMatchObject(outcome);
  });

  test('typed in a thread is never sent', async () => {
    app.got.length = 0;
    expect(await type('x', { thread_ts: '1.1' })).toMatchObject({
      ok: false,
      error: 'not_supported_in_threads',
    });
    expect(app.got).toEqual([]);
    expect((await state()).ephemerals).toMatchObject([
      { from: 'slackbot', thread_ts: '1.1', text: '/incident is not supported in threads. Sorry!' },
    ]);
  });

  test('of nobody is no command', async () => {
    expect(await type('', { command: '/other' })).toMatchObject({ ok: false, error: 'not_a_command' });
  });

  test.each<[string, string, string]>([
    ['@bo', '<@U0BO000002>', '@bo'],
    ['#general', '<#C0GENERAL1|general>', '#general'],
    ['#secret', expect.stringMatching(/^<#C\w+\|>$/) as unknown as string, '#secret'],
    ['https://x.y', '<https://x.y>', 'https://x.y'],
  ])('carries %s escaped if its manifest says so', async (text, escaped, plain) => {
    await kit.act('channel', { user: 'ana', name: 'secret', private: true });
    await type(text);
    expect(fields().get('text')).toEqual(escaped);
    await type(text, { command: '/raw' });
    expect(fields().get('text')).toBe(plain);
  });
});
