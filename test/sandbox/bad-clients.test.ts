import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { until } from '../support/until.js';
import { type Kit, startKit } from './kit.js';

let kit: Kit;
const sockets: Array<{ destroy(): void } | WebSocket> = [];
beforeAll(async () => {
  kit = await startKit({ settings: { rateLimits: false, retryScale: 0, ackMs: 20_000 } });
});
afterAll(async () => {
  for (const socket of sockets) 'terminate' in socket ? socket.terminate() : socket.destroy();
  await kit.stop();
});

const portOf = ({ sandbox }: Kit) => Number(new URL(sandbox.url).port);

/** A connection that says what it is told and hears what comes. */
async function line(to = kit): Promise<{ socket: Socket; heard: () => string; closed: Promise<unknown> }> {
  const socket = connect(portOf(to), '127.0.0.1');
  sockets.push(socket);
  let heard = '';
  socket.on('data', (data) => {
    heard += String(data);
  });
  // The other side may cut it while something is on its way.
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.on('close', resolve));
  await once(socket, 'connect');
  return { socket, heard: () => heard, closed };
}

const well = async () => expect(await kit.client.auth.test()).toMatchObject({ ok: true });
const head = (path: string, length: number, type = 'application/json') =>
  [
    `POST ${path} HTTP/1.1`,
    'Host: x',
    `Authorization: Bearer ${kit.sandbox.botToken}`,
    `Content-Type: ${type}`,
    `Content-Length: ${length}`,
    '',
    '',
  ].join('\r\n');
const ticket = async ({ sandbox } = kit) => {
  const response = await fetch(`${sandbox.apiUrl}apps.connections.open`, {
    method: 'POST',
    headers: { authorization: `Bearer ${sandbox.appToken}` },
  });
  return ((await response.json()) as { url: string }).url;
};
const connections = async () => (await kit.look<{ connections: number }>('connections')).connections;

test.each([
  ['api/chat.postMessage', '{"ok":false,"error":"request_too_large"}'],
  ['commands/T0SANDBOX1/x', 'request_too_large'],
  ['control/message', '{"ok":false,"error":"request_too_large"}'],
])('50 MB to %s are refused before they have come', async (path, body) => {
  const { socket, heard, closed } = await line();
  socket.write(head(`/${path}`, 50_000_000));
  socket.write(Buffer.alloc(64_000, 'x'));
  await until('an answer', () => heard().includes('\r\n\r\n'));
  expect(heard()).toMatch(/^HTTP\/1\.1 413 /);
  expect(heard()).toContain(body);
  socket.destroy();
  await closed;
  await well();
});

test('a body of 50 MB that is sent whole, from a client that only then listens', async () => {
  const sent = fetch(`${kit.sandbox.apiUrl}chat.postMessage`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${kit.sandbox.botToken}` },
    body: new Uint8Array(50_000_000),
  }).then(
    ({ status }) => status,
    () => 'cut off',
  );
  await well();
  expect([413, 'cut off']).toContain(await sent);
});

test('half requests are let go, and others are served meanwhile', async () => {
  const hasty = await startKit({ patience: { headersMs: 1500, requestMs: 1500 } });
  try {
    const halves = await Promise.all(Array.from({ length: 30 }, () => line(hasty)));
    for (const [index, { socket }] of halves.entries())
      socket.write(
        index % 2
          ? 'POST /api/auth.test HTTP/1.1\r\nHost: x\r\nX-Slow: '
          : `${head('/api/auth.test', 100)}{"ha`,
      );
    expect(await hasty.client.auth.test()).toMatchObject({ ok: true });
    await Promise.all(halves.map(({ closed }) => closed));
    expect(halves.map(({ heard }) => heard().slice(0, 12))).toEqual(halves.map(() => 'HTTP/1.1 408'));
  } finally {
    await hasty.stop();
  }
});

test.each([
  ['what is no HTTP', 'hello there\r\n\r\n'],
  [
    'two lengths',
    'POST /api/auth.test HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx',
  ],
  ['endless headers', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`],
  [
    'an upgrade to elsewhere',
    'GET /else HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  ],
])('%s is answered with a 4xx and the line is cut', async (_name, bytes) => {
  const { socket, heard, closed } = await line();
  socket.write(bytes);
  await closed;
  expect(heard()).toMatch(/^HTTP\/1\.1 4\d\d /);
  await well();
});

test('who leaves in the middle of an upgrade takes nothing along', async () => {
  for (let i = 0; i < 10; i++) {
    const { socket } = await line();
    socket.write(
      'GET /link/?ticket=x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    socket.resetAndDestroy();
  }
  await well();
});

test('a client that asks and never reads stops only itself', async () => {
  const { socket } = await line();
  socket.pause();
  const ask = `GET /control/state HTTP/1.1\r\nHost: x\r\n\r\n`;
  for (let i = 0; i < 100; i++) socket.write(ask);
  await well();
  socket.destroy();
  await well();
});

test('a socket that is never read is cut before it fills the memory, and the events go on elsewhere', async () => {
  const socket = new WebSocket(await ticket());
  sockets.push(socket);
  await once(socket, 'open');
  socket.pause();
  await kit.client.conversations.join({ channel: 'C0GENERAL1' });
  await kit.act('settings', { ack_ms: 50 });
  const text = 'x'.repeat(40_000);
  await until('it is cut', async () => {
    const said = Array.from({ length: 10 }, () =>
      kit.act('message', { user: 'ana', channel: 'general', text }),
    );
    await Promise.all(said);
    return (await connections()) === 0;
  });
  await kit.act('settings', { ack_ms: 20_000 });
  await well();
});

test('a socket that answers no ping is cut, one that does stays', async () => {
  const pinging = await startKit({ settings: { socketPingMs: 50 } });
  try {
    const [first, second] = [await ticket(pinging), await ticket(pinging)];
    const mute = new WebSocket(first, { autoPong: false });
    const polite = new WebSocket(second);
    sockets.push(mute, polite);
    await Promise.all([once(polite, 'open'), once(mute, 'open').then(() => once(mute, 'close'))]);
    expect(polite.readyState).toBe(WebSocket.OPEN);
  } finally {
    await pinging.stop();
  }
});

test('a socket that sends what it should not: bytes, words, lists, megabytes', async () => {
  const socket = new WebSocket(await ticket());
  sockets.push(socket);
  await once(socket, 'message');
  for (const bad of [
    Buffer.from([1, 2, 3]),
    'words',
    '[]',
    'null',
    '{"envelope_id":7}',
    '{"envelope_id":"nobody"}',
  ])
    socket.send(bad);
  const typed = kit.act('command', { user: 'ana', channel: 'general', command: '/incident' });
  const [frame] = (await once(socket, 'message')) as [Buffer];
  const { envelope_id } = JSON.parse(String(frame)) as { envelope_id: string };
  socket.send(Buffer.from(JSON.stringify({ envelope_id, payload: { text: 'as bytes' } })), { binary: true });
  socket.send(JSON.stringify({ envelope_id, payload: { text: 'as text' } }));
  expect(await typed).toMatchObject({ ok: true, ack: { body: { text: 'as text' } } });
  const closed = once(socket, 'close');
  socket.on('error', () => {});
  socket.send('x'.repeat(2_000_000));
  await closed;
  await well();
});
