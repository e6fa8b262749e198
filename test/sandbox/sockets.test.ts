import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { type Kit, socketApp, startKit } from './kit.js';

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
});
