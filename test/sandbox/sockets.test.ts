import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SocketModeClient } from '@slack/socket-mode';
import { WebSocket } from 'ws';
import { until } from '../support/until.js';
import { type Kit, quiet, socketApp, startKit } from './kit.js';

let kit: Kit;
const sockets: WebSocket[] = [];
beforeAll(async () => {
  kit = await startKit({ settings: { rateLimits: false, retryScale: 0, ackMs: 20_000 } });
});
afterAll(async () => {
  for (const socket of sockets) socket.terminate();
  await kit.stop();
});

const ticket = async (): Promise<string> => {
  const headers = { authorization: `Bearer ${kit.sandbox.appToken}` };
  const answer = await fetch(`${kit.sandbox.apiUrl}apps.connections.open`, { method: 'POST', headers });
  return ((await answer.json()) as { url: string }).url;
};

/** Connects and reads frames as they come. */
async function connect(
  url: string,
): Promise<{ socket: WebSocket; next: () => Promise<Record<string, unknown>> }> {
  const socket = new WebSocket(url);
  sockets.push(socket);
  const frames: Record<string, unknown>[] = [];
  const waiting: Array<(frame: Record<string, unknown>) => void> = [];
  socket.on('message', (data) => {
    const frame = JSON.parse(String(data)) as Record<string, unknown>;
    const first = waiting.shift();
    if (first) first(frame);
    else frames.push(frame);
  });
  await once(socket, 'open');
  return {
    socket,
    next: () =>
      new Promise((resolve) => (frames.length > 0 ? resolve(frames.shift()!) : waiting.push(resolve))),
  };
}

const type = (text = 'x') =>
  kit.act('command', { user: 'ana', channel: 'incidents', command: '/incident', text });

describe('Socket Mode', () => {
  test('without a connection a command fails at once', async () => {
    expect(await type()).toMatchObject({ ok: false, error: 'dispatch_failed' });
  });

  test('a ticket is good for one connection', async () => {
    const url = await ticket();
    const { next, socket } = await connect(url);
    expect(await next()).toMatchObject({
      type: 'hello',
      num_connections: 1,
      connection_info: { app_id: 'A0SANDBOX1' },
    });
    const second = new WebSocket(url);
    const [error] = (await once(second, 'error')) as [Error];
    expect(error.message).toContain('408');
    socket.close();
    await once(socket, 'close');
  });

  test('each payload goes to one connection, and only its ack counts', async () => {
    const a = await connect(await ticket());
    const b = await connect(await ticket());
    await Promise.all([a.next(), b.next()]);
    const answer = type('hello');
    const taken = await Promise.race([
      a.next().then((frame) => ({ frame, by: a })),
      b.next().then((frame) => ({ frame, by: b })),
    ]);
    expect(taken.frame).toMatchObject({
      type: 'slash_commands',
      accepts_response_payload: true,
      payload: { text: 'hello' },
    });
    taken.by.socket.send('not json');
    taken.by.socket.send(JSON.stringify({ envelope_id: 'another', payload: { text: 'no' } }));
    taken.by.socket.send(JSON.stringify({ envelope_id: taken.frame.envelope_id, payload: {} }));
    expect(await answer).toMatchObject({ ok: true, ack: { status: 200, body: '' } });
    await kit.act('settings', { ack_ms: 50 });
    expect(await type('nobody answers')).toMatchObject({ ok: false, error: 'operation_timeout' });
    for (const { socket } of [a, b]) {
      socket.close();
      await once(socket, 'close');
    }
  });

  test('an event without ack comes again with the same id', async () => {
    const { socket, next } = await connect(await ticket());
    await next();
    await kit.act('settings', { ack_ms: 50 });
    await kit.client.conversations.create({ name: 'socket-events' });
    const frames = [await next(), await next(), await next(), await next()];
    expect(frames.map((it) => [it.type, it.retry_attempt, it.retry_reason])).toEqual([
      ['events_api', 0, ''],
      ['events_api', 1, 'timeout'],
      ['events_api', 2, 'timeout'],
      ['events_api', 3, 'timeout'],
    ]);
    expect(new Set(frames.map((it) => (it.payload as { event_id: string }).event_id)).size).toBe(1);
    expect(new Set(frames.map((it) => it.envelope_id)).size).toBe(4);
    socket.close();
    await once(socket, 'close');
  });

  test('the eleventh connection is sent away', async () => {
    const ten = [];
    for (let i = 0; i < 10; i++) ten.push(await connect(await ticket()));
    const eleventh = await connect(await ticket());
    expect(await eleventh.next()).toMatchObject({ type: 'disconnect', reason: 'too_many_websockets' });
    for (const { socket } of ten) socket.terminate();
  });

  test('an app that is asked to refresh goes away and can come back', async () => {
    const app = socketApp(kit.sandbox);
    await app.start();
    const before = await kit.look<{ connections: number }>('connections');
    expect(before.connections).toBeGreaterThan(0);
    expect(await kit.act('disconnect', { reason: 'refresh_requested' })).toMatchObject({ ok: true });
    for (;;) if ((await kit.look<{ connections: number }>('connections')).connections === 0) break;
    await app.stop();
  });

  test('a socket has a life: a warning, the order to refresh, the end; by the clock', async () => {
    await kit.act('clock', { freeze: true });
    await kit.act('settings', { socket_life_ms: 60_000 });
    const { socket, next } = await connect(await ticket());
    expect(await next()).toMatchObject({ type: 'hello', debug_info: { approximate_connection_time: 60 } });
    await kit.act('clock', { advance_ms: 50_000 });
    expect(await next()).toMatchObject({ type: 'disconnect', reason: 'warning' });
    await kit.act('clock', { advance_ms: 10_000 });
    expect(await next()).toMatchObject({ type: 'disconnect', reason: 'refresh_requested' });
    const closed = once(socket, 'close');
    await kit.act('clock', { advance_ms: 10_000 });
    expect((await closed)[0]).toBe(1000);
    await kit.act('settings', { socket_life_ms: null });
  });

  test('debug_reconnects makes that life six minutes', async () => {
    const { socket, next } = await connect(`${await ticket()}&debug_reconnects=true`);
    expect(await next()).toMatchObject({ debug_info: { approximate_connection_time: 360 } });
    await kit.act('clock', { advance_ms: 360_000 });
    expect([await next(), await next()]).toMatchObject([
      { reason: 'warning' },
      { reason: 'refresh_requested' },
    ]);
    socket.close();
    await once(socket, 'close');
  });

  test('an address that nobody used for a minute is good for nothing', async () => {
    const url = await ticket();
    await kit.act('clock', { advance_ms: 60_001 });
    const late = new WebSocket(url);
    const [error] = (await once(late, 'error')) as [Error];
    expect(error.message).toContain('408');
  });

  test('the hello can be withheld', async () => {
    await kit.act('fault', { method: 'hello', kind: 'drop' });
    const silent = await connect(await ticket());
    const heard = await connect(await ticket());
    expect(await heard.next()).toMatchObject({ type: 'hello', num_connections: 2 });
    for (const { socket } of [silent, heard]) {
      socket.close();
      await once(socket, 'close');
    }
  });

  test('commands and clicks that nobody took are not sent again', async () => {
    const { socket, next } = await connect(await ticket());
    await next();
    await kit.act('settings', { ack_ms: 30 });
    expect(await type('once')).toMatchObject({ error: 'operation_timeout' });
    expect(await next()).toMatchObject({ payload: { text: 'once' } });
    await kit.act('clock', { advance_ms: 600_000 });
    await kit.act('settings', { ack_ms: 20_000 });
    const answer = type('next');
    const frame = await next();
    expect(frame).toMatchObject({ payload: { text: 'next' } });
    socket.send(JSON.stringify({ envelope_id: frame.envelope_id }));
    expect(await answer).toMatchObject({ ok: true });
    socket.close();
    await once(socket, 'close');
  });

  test('Socket Mode switched off sends everybody away and lets nobody in, until it is on again', async () => {
    const { socket, next } = await connect(await ticket());
    await next();
    const unused = await ticket();
    const closed = once(socket, 'close');
    await kit.act('socket-mode', { on: false });
    expect(await next()).toMatchObject({ type: 'disconnect', reason: 'link_disabled' });
    await closed;
    const late = new WebSocket(unused);
    expect(String(((await once(late, 'error')) as [Error])[0])).toContain('408');
    const headers = { authorization: `Bearer ${kit.sandbox.appToken}` };
    const open = async () =>
      (await fetch(`${kit.sandbox.apiUrl}apps.connections.open`, { method: 'POST', headers })).json();
    expect(await open()).toEqual({ ok: false, error: 'access_denied' });
    await kit.act('socket-mode', { on: true });
    expect(await open()).toMatchObject({ ok: true });
  });
});

test('the official client: connected, told, asked, sent away, and back again by itself', async () => {
  const own = await startKit({ settings: { rateLimits: false, retryScale: 0 } });
  // It waits as long before it comes back as it waits for a pong.
  const client = new SocketModeClient({
    appToken: own.sandbox.appToken,
    clientOptions: { slackApiUrl: own.sandbox.apiUrl },
    clientPingTimeout: 400,
    logger: quiet,
  });
  type Told = { ack: (answer?: object) => Promise<void>; body: Record<string, unknown> };
  const got: Array<Record<string, unknown>> = [];
  const kinds: string[] = [];
  client.on('slack_event', ({ type }: { type: string }) => kinds.push(type));
  client.on('app_mention', async ({ ack, body }: Told) => {
    got.push(body);
    await ack();
  });
  client.on('slash_commands', ({ ack }: Told) => ack({ text: 'heard' }));
  client.on('interactive', ({ ack, body }: Told) =>
    ack(
      body.type === 'view_submission'
        ? { response_action: 'errors', errors: { title: 'Say more' } }
        : undefined,
    ),
  );
  const connections = async () => (await own.look<{ connections: number }>('connections')).connections;
  try {
    await client.start();
    expect(await connections()).toBe(1);
    await own.client.conversations.join({ channel: 'C0INCIDENT' });
    await own.act('message', { user: 'ana', channel: 'incidents', text: '@testbot hello' });
    await until('the mention', () => got.length > 0);
    expect(got[0]).toMatchObject({
      type: 'event_callback',
      event: { type: 'app_mention', user: 'U0ANA00001' },
    });
    const asked = { user: 'ana', channel: 'incidents', command: '/incident', text: 'x' };
    const answer = await own.act<{ trigger_id: string }>('command', asked);
    expect(answer).toMatchObject({ ok: true, ack: { body: { text: 'heard' } } });
    const plain = (text: string) => ({ type: 'plain_text' as const, text });
    const input = { type: 'plain_text_input' as const, action_id: 'text' };
    await own.client.views.open({
      trigger_id: answer.trigger_id,
      view: {
        ...{ type: 'modal', title: plain('Open'), submit: plain('Send') },
        blocks: [{ type: 'input', block_id: 'title', label: plain('Title'), element: input }],
      },
    });
    const sent = await own.act('view/submit', { user: 'ana', values: { title: { text: 'Voices' } } });
    expect(sent).toMatchObject({ ok: false, error: 'errors', errors: { title: 'Say more' } });
    for (const reason of ['refresh_requested', 'cut']) {
      const back = new Promise<void>((resolve) => client.once('connected', () => resolve()));
      await own.act('disconnect', { reason });
      await back;
      await until('the one connection', async () => (await connections()) === 1);
      expect(await own.act('command', asked)).toMatchObject({ ok: true, ack: { body: { text: 'heard' } } });
    }
    expect(new Set(kinds)).toEqual(new Set(['events_api', 'slash_commands', 'interactive']));
  } finally {
    await client.disconnect();
    await own.stop();
  }
});
