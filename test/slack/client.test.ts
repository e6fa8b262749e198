import { execFile } from 'node:child_process';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Logs } from '#log.js';
import { createSlackClient, type SlackClient, withoutSecrets } from '#slack/transport/client.js';
import { compiled } from '../support/compiled.js';

const TOKEN = 'xoxb-1234-secret';
const lines: string[] = [];
const log: Logs = {
  debug: (_, line) => lines.push(line),
  info: (_, line) => lines.push(line),
  warn: (_, line) => lines.push(line),
  error: (_, line) => lines.push(line),
};

let answer: RequestListener = () => {};
let asked = 0;
let server: Server;
let client: SlackClient;
let apiUrl: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    asked++;
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/`;
  client = createSlackClient({ token: TOKEN, apiUrl, log, timeout: 2_000 });
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function answering(status: number, body: unknown, headers: Record<string, string> = {}): void {
  asked = 0;
  answer = (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

test.each([
  ['done', 200, { ok: true, ts: '1.2' }, {}, { kind: 'ok', data: { ok: true, ts: '1.2' } }],
  ['a limit', 429, { ok: false }, { 'retry-after': '7' }, { kind: 'ratelimited', retryAfterMs: 7_000 }],
  ['a limit of nothing', 429, {}, { 'retry-after': '0' }, { kind: 'ratelimited', retryAfterMs: 1_000 }],
  ['a limit of days', 429, {}, { 'retry-after': '999999' }, { kind: 'ratelimited', retryAfterMs: 3_600_000 }],
  ['JSON that is no answer', 200, [], {}, { kind: 'unknown', error: 'no_json', sent: true }],
  ['a no without a reason', 200, { ok: false }, {}, { kind: 'unknown', error: 'no_json', sent: true }],
  ['an empty answer', 200, '', {}, { kind: 'unknown', error: 'no_json', sent: true }],
  ['a limit without a time', 429, {}, {}, { kind: 'ratelimited', retryAfterMs: 5_000 }],
  [
    'a limit in the body',
    200,
    { ok: false, error: 'ratelimited' },
    {},
    { kind: 'ratelimited', retryAfterMs: 1_000 },
  ],
  [
    'a refusal',
    200,
    { ok: false, error: 'is_archived' },
    {},
    { kind: 'refused', error: 'is_archived', needed: null },
  ],
  [
    'a missing scope',
    200,
    { ok: false, error: 'missing_scope', needed: 'pins:write', provided: 'x' },
    {},
    { kind: 'refused', error: 'missing_scope', needed: 'pins:write' },
  ],
  [
    'Slack in doubt',
    200,
    { ok: false, error: 'fatal_error' },
    {},
    { kind: 'unknown', error: 'fatal_error', sent: true },
  ],
  ['a broken Slack', 503, 'oops', {}, { kind: 'unknown', error: 'http_503', sent: true }],
  ['a page instead of JSON', 200, '<html>hi</html>', {}, { kind: 'unknown', error: 'no_json', sent: true }],
  ['a page that is not there', 404, 'Not found', {}, { kind: 'unknown', error: 'http_404', sent: true }],
  ['a proxy that forbids it', 403, 'no', {}, { kind: 'unknown', error: 'http_403', sent: true }],
  ['a proxy that answers in JSON', 405, { message: 'no' }, {}, { kind: 'unknown', error: 'http_405' }],
  [
    'a no of Slack’s with a status',
    403,
    { ok: false, error: 'missing_scope', needed: 'pins:write' },
    {},
    { kind: 'refused', error: 'missing_scope', needed: 'pins:write' },
  ],
])('%s', async (_, status, body, headers, expected) => {
  answering(status, body, headers as Record<string, string>);
  expect(await client.call('chat.postMessage', { channel: 'C1', text: 'x' })).toMatchObject(expected);
  // Repeating is the business of whoever calls.
  expect(asked).toBe(1);
});

test('no answer in time: nobody knows', async () => {
  answer = () => {};
  expect(await client.call('chat.postMessage')).toMatchObject({ kind: 'unknown', sent: true });
});

test('a connection that breaks: nobody knows', async () => {
  answer = (request) => void request.socket.destroy();
  expect(await client.call('chat.postMessage')).toMatchObject({ kind: 'unknown', sent: true });
});

test('nobody listens: it never left', async () => {
  const gone = createServer();
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
  const { port } = gone.address() as AddressInfo;
  await new Promise((resolve) => gone.close(resolve));
  // In a process of its own: errors of fetch are foreign objects inside jest, and Slack's client drops their causes there.
  const { folder, remove } = await compiled('src/slack', 'src/domain');
  try {
    const script = `
      import { createSlackClient } from './src/slack/transport/client.js';
      const log = { debug() {}, info() {}, warn() {}, error() {} };
      const client = createSlackClient({ token: 'xoxb-t', apiUrl: 'http://127.0.0.1:${port}/api/', log });
      console.log(JSON.stringify(await client.call('chat.postMessage')));`;
    const { stdout } = await promisify(execFile)('node', ['--input-type=module', '-e', script], {
      cwd: folder,
    });
    expect(JSON.parse(stdout)).toEqual({ kind: 'unknown', error: 'ECONNREFUSED', sent: false });
  } finally {
    await remove();
  }
});

test('arguments arrive as a form, the token in its header', async () => {
  let seen = '';
  let authorization: string | undefined;
  answer = (request, response) => {
    authorization = request.headers.authorization;
    request.on('data', (chunk) => {
      seen += chunk;
    });
    request.on('end', () => response.end('{"ok":true}'));
  };
  await client.call('chat.postMessage', { channel: 'C1', blocks: [{ type: 'divider' }], skipped: undefined });
  expect(new URLSearchParams(seen).get('blocks')).toBe('[{"type":"divider"}]');
  expect(seen).not.toContain('skipped');
  expect(authorization).toBe(`Bearer ${TOKEN}`);
});

test('no line of the log holds a secret', async () => {
  answering(200, { ok: false, error: 'x', response_metadata: { messages: [`[ERROR] bad ${TOKEN}`] } });
  await client.call('chat.postMessage');
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.join('\n')).not.toContain('secret');
  expect(withoutSecrets('got xapp-1-A-b-c and wss://w.slack.com/link?ticket=abc')).toBe(
    'got [token] and wss://w.slack.com/[ticket]',
  );
  expect(withoutSecrets('https://hooks.slack.com/commands/T1/2/abc')).toBe(
    'https://hooks.slack.com/commands/[address]',
  );
});
