import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sign } from '#sandbox/app/transport/http.js';
import { type Kit, startKit } from './kit.js';
import { PlainApp, type Request } from './plain-app.js';

let kit: Kit;
let app: PlainApp;
const type = (text = 'x') =>
  kit.act('command', { user: 'ana', channel: 'incidents', command: '/incident', text });
// Only where nobody will answer is the clock made short: a slow machine must not fail the others.
const patience = (ack_ms: number) => kit.act('settings', { ack_ms });
const fieldOf = (request: Request, name: string) => new URLSearchParams(request.body).get(name) ?? '';

beforeAll(async () => {
  app = new PlainApp();
  await app.start();
  kit = await startKit({
    eventsUrl: app.url,
    signingSecret: 'shh',
    settings: { rateLimits: false, retryScale: 0, ackMs: 20_000 },
  });
  // A machine that stalls must not let triggers expire by themselves.
  await kit.act('clock', { freeze: true });
});
afterAll(async () => {
  app.stop();
  await kit.stop();
});

describe('signed requests', () => {
  test('the known vector of the v0 signature', () => {
    const body =
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
    expect(sign('8f742231b10e8888abcd99yyyzzz85a5', 1531420618, body)).toBe(
      'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    );
  });

  test('are signed over the bytes that were sent, with the exact content type', async () => {
    app.got.length = 0;
    await type('ünï & <x>');
    const [request] = app.got;
    expect(request!.headers['content-type']).toBe('application/x-www-form-urlencoded');
    const timestamp = Number(request!.headers['x-slack-request-timestamp']);
    expect(request!.headers['x-slack-signature']).toBe(sign('shh', timestamp, request!.body));
    expect(fieldOf(request!, 'text')).toBe('ünï &amp; &lt;x&gt;');
  });
});

describe('the ack clock', () => {
  test.each([
    ['no answer', 'never' as const, 'operation_timeout'],
    ['a refusal', { status: 500 }, 'dispatch_failed'],
    [
      'blocks that Slack refuses',
      { status: 200, headers: { 'content-type': 'application/json' }, body: '{"blocks":[{"type":"nope"}]}' },
      'invalid_command_response',
    ],
  ])('%s', async (_name, answer, error) => {
    if (answer === 'never') await patience(50);
    app.answer = () => answer;
    expect(await type()).toMatchObject({ ok: false, error });
    await patience(20_000);
    app.answer = () => ({ status: 200 });
    const { ephemerals } = await kit.look<{ ephemerals: Array<{ text: string; from: string }> }>(
      'state?user=ana',
    );
    expect(ephemerals.at(-1)).toMatchObject({
      from: 'slackbot',
      text: `/incident failed with the error "${error}"`,
    });
  });

  test('a modal stays open when its submission is not taken', async () => {
    await type();
    const view = {
      type: 'modal',
      title: { type: 'plain_text', text: 'T' },
      submit: { type: 'plain_text', text: 'Send' },
      blocks: [{ type: 'section', text: { type: 'plain_text', text: 'x' } }],
    };
    expect(
      await kit.refusal('views.open', { trigger_id: fieldOf(app.got.at(-1)!, 'trigger_id'), view }),
    ).toMatchObject({ ok: true });
    app.answer = () => 'never';
    await patience(50);
    expect(await kit.act('view/submit', { user: 'ana' })).toMatchObject({
      ok: false,
      error: 'operation_timeout',
    });
    await patience(20_000);
    app.answer = () => ({ status: 200 });
    expect((await kit.look<{ views: unknown[] }>('state')).views).toHaveLength(1);
    expect(await kit.act('view/submit', { user: 'ana' })).toMatchObject({ ok: true });
    expect((await kit.look<{ views: unknown[] }>('state')).views).toEqual([]);
  });
});

describe('triggers', () => {
  const view = (change: object = {}) => ({
    type: 'modal',
    title: { type: 'plain_text', text: 'Title' },
    blocks: [{ type: 'section', text: { type: 'plain_text', text: 'x' } }],
    ...change,
  });
  const open = (trigger_id: string, change: object = {}) =>
    kit.refusal('views.open', { trigger_id, view: view(change) });
  const trigger = async () => {
    await type();
    return fieldOf(app.got.at(-1)!, 'trigger_id');
  };

  test('live three seconds and once', async () => {
    expect(await open('123.456.abc')).toMatchObject({ error: 'invalid_trigger_id' });
    const first = await trigger();
    expect(first).toMatch(/^\d+\.\d+\.[0-9a-f]+$/);
    expect(await open(first)).toMatchObject({ ok: true });
    expect(await open(first)).toMatchObject({ error: 'exchanged_trigger_id' });
    const late = await trigger();
    await kit.act('clock', { advance_ms: 3001 });
    expect(await open(late)).toMatchObject({ error: 'expired_trigger_id' });
  });

  test.each<[string, object, string]>([
    [
      'a title of 25',
      { title: { type: 'plain_text', text: 'x'.repeat(25) } },
      'must be less than 25 characters [json-pointer:/view/title/text]',
    ],
    [
      '101 blocks',
      { blocks: Array.from({ length: 101 }, () => ({ type: 'divider' })) },
      'no more than 100 items allowed [json-pointer:/view/blocks]',
    ],
    [
      'metadata of 3001',
      { private_metadata: 'x'.repeat(3001) },
      'must be less than 3001 characters [json-pointer:/view/private_metadata]',
    ],
    [
      'a block of messages only',
      { blocks: [{ type: 'markdown', text: 'x' }] },
      'unsupported type: markdown [json-pointer:/view/blocks/0/type]',
    ],
    [
      'inputs without submit',
      {
        blocks: [
          { type: 'input', label: { type: 'plain_text', text: 'x' }, element: { type: 'plain_text_input' } },
        ],
      },
      'must define `submit` to use an `input` block in modals [json-pointer:/view/blocks/0/input]',
    ],
  ])('%s is refused and keeps the trigger', async (_name, change, message) => {
    const id = await trigger();
    expect(await open(id, change)).toMatchObject({
      error: 'invalid_arguments',
      response_metadata: { messages: [`[ERROR] ${message}`] },
    });
    expect(await open(id)).toMatchObject({ ok: true });
  });

  test('a view of more than 250 kB is too large', async () => {
    const text = { type: 'plain_text', text: 'x'.repeat(2999) };
    expect(
      await open(await trigger(), { blocks: Array.from({ length: 90 }, () => ({ type: 'section', text })) }),
    ).toMatchObject({
      error: 'view_too_large',
    });
  });

  test('updates respect the hash, the external id and typed values', async () => {
    const opened = await open(await trigger(), { external_id: 'mine' });
    const { hash, id } = opened.view as { hash: string; id: string };
    const update = (args: object) => kit.refusal('views.update', { view: view(), ...args });
    expect(await update({ view_id: id, hash: 'old' })).toMatchObject({ error: 'hash_conflict' });
    expect(await update({ external_id: 'mine', hash })).toMatchObject({ ok: true });
    expect(await update({ view_id: 'V0' })).toMatchObject({ error: 'not_found' });
    expect(await kit.refusal('views.push', { trigger_id: await trigger(), view: view() })).toMatchObject({
      error: 'not_found',
    });
    const home = { type: 'home', blocks: [{ type: 'divider' }] };
    expect(await kit.refusal('views.publish', { user_id: 'U0ANA00001', view: home })).toMatchObject({
      ok: true,
    });
    expect(
      await kit.refusal('views.publish', { user_id: 'U0ANA00001', view: home, hash: 'x' }),
    ).toMatchObject({
      error: 'hash_conflict',
    });
  });
});

describe('response_url', () => {
  const post = async (url: string, body: object) => {
    const response = await fetch(url, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
    return [response.status, await response.text()];
  };

  test('five times and half an hour', async () => {
    await type();
    const url = fieldOf(app.got.at(-1)!, 'response_url');
    for (let i = 0; i < 5; i++) expect(await post(url, { text: `${i}` })).toEqual([200, 'ok']);
    expect(await post(url, { text: '6' })).toEqual([404, 'used_url']);
    await type();
    const late = fieldOf(app.got.at(-1)!, 'response_url');
    await kit.act('clock', { advance_ms: 30 * 60_000 + 1 });
    expect(await post(late, { text: 'late' })).toEqual([404, 'expired_url']);
  });
});

describe('events that are not taken', () => {
  const say = async (text: string) => {
    await kit.act('message', { user: 'ana', channel: 'retries', text });
  };

  beforeAll(async () => {
    await kit.client.conversations.create({ name: 'retries' });
    await kit.act('join', { user: 'ana', channel: 'retries' });
  });

  test('come three times more with the same id and say why', async () => {
    app.answer = (request) => ({ status: request.body.includes('please take this') ? 500 : 200 });
    await say('please take this');
    const got = await app.until(4, 'please take this');
    const header = (name: string) => got.map((request) => request.headers[name]);
    expect(header('x-slack-retry-num')).toEqual([undefined, '1', '2', '3']);
    expect(header('x-slack-retry-reason')).toEqual([undefined, 'http_error', 'http_error', 'http_error']);
    expect(new Set(got.map((request) => JSON.parse(request.body).event_id)).size).toBe(1);
    expect(got[0]!.headers['content-type']).toBe('application/json');
  });

  test('stop when taken, or when the app says so', async () => {
    let fails = 1;
    app.answer = () => ({ status: fails-- > 0 ? 500 : 200 });
    await say('second time');
    await app.until(2, 'second time');
    app.answer = () => ({ status: 500, headers: { 'x-slack-no-retry': '1' } });
    await say('never again');
    await app.until(1, 'never again');
    app.answer = () => ({ status: 200 });
    // By the time a later event has come, a repeat (which would be immediate) has come too.
    await say('later');
    await say('last');
    const [last] = await app.until(1, '"last"');
    const { events } = await kit.look<{ events: Array<{ payload: object; attempts: object[] }> }>('events');
    const attempts = (text: string) =>
      events.find((it) => JSON.stringify(it.payload).includes(text))?.attempts.length;
    expect([attempts('second time'), attempts('never again')]).toEqual([2, 1]);
    expect(app.got.filter((request) => request.body.includes('never again'))).toHaveLength(1);
    expect(await kit.act('deliver-again', { kind: 'event' })).toMatchObject({ ok: true });
    expect((await app.until(2, '"last"')).map((request) => request.body)).toEqual([last!.body, last!.body]);
  });
});
