import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openFolder, type PublicFile } from '#public/folder.js';
import { startWeb, type Web, type WebLimits } from '#web/server.js';
import { STATUS_POLICY } from '#web/status.js';
import { memoryLog } from '../queue/log.js';
import { until } from '../support/until.js';

let base: string;
let dir: string;
let web: Web;
let log: ReturnType<typeof memoryLog>;
const sockets: Socket[] = [];

const PAGE: PublicFile[] = [
  [
    'index.html',
    '<!doctype html><html lang="en"><head><title>Status</title></head><body>index</body></html>',
  ],
  ['history.html', '<head>history'],
  ['history/2024-11.html', '<head>November'],
  ['incidents/INC-7.html', '<head>seven'],
  ['incidents/k3j9x0q2m4zz.html', '<head>nobody’s number'],
  ['components/text-to-speech.html', '<head>speech'],
  ['components/text-to-speech.atom', '<feed/>'],
  ['components/text-to-speech.json', '{"version":"https://jsonfeed.org/version/1.1"}'],
  ['components/api-eu.html', '<head>EU'],
  [
    'components.json',
    JSON.stringify([
      { name: 'Text to Speech (Developer API)', slug: 'text-to-speech' },
      { name: 'API / EU', slug: 'api-eu' },
      { name: 'constructor', slug: '../../x' },
    ]),
  ],
  ['feed.atom', '<feed/>'],
  ['feed.json', '{}'],
  ['badge.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
  ['style.css', 'body {}'],
  ['page.js', ';'],
  ['api/v2/summary.json', '{"page":{}}'],
  ['api/v2/incidents/unresolved.json', '{}'],
];

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'tocsin-web-status-'));
  dir = join(base, 'status');
  log = memoryLog();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await web.close(false);
  await rm(base, { recursive: true, force: true });
});

const write = (files = PAGE, revision = 'r1') =>
  openFolder(dir, { installation: 'one' }).write(async () => ({ revision, files }));

/** As it is while database and queue are dead: every other port fails whoever uses it. */
async function start(limits: Partial<WebLimits> = {}, freshMs = 0): Promise<void> {
  const away = { state: 'away' as const, reason: 'dead' };
  const dead = new Proxy({}, { get: () => () => Promise.reject(new Error('dead')) }) as never;
  web = await startWeb(
    {
      health: {
        now: () => ({
          database: away,
          queue: away,
          deliveries: away,
          slack: away,
          page: away,
          process: away,
        }),
      },
      exports: dead,
      api: dead,
      hooks: dead,
      slack: (incoming, response) => {
        incoming.resume();
        incoming.on('end', () => response.end('slack'));
      },
      status: { dir: () => dir, log, freshMs },
      log: log as never,
    },
    '127.0.0.1',
    0,
    limits,
  );
}

interface Answered {
  status: number;
  type: string;
  headers: NodeJS.Dict<string | string[]>;
  text: string;
}

/** The path goes as it is: no client mends it on the way. */
async function ask(
  path: string,
  { method = 'GET', headers = {}, agent }: { method?: string; headers?: object; agent?: Agent } = {},
): Promise<Answered> {
  const asked = request({ host: '127.0.0.1', port: web.port, path, method, headers: { ...headers }, agent });
  asked.end();
  const [answer] = await once(asked, 'response');
  let text = '';
  for await (const chunk of answer) text += chunk;
  return {
    status: answer.statusCode,
    type: answer.headers['content-type'] ?? '',
    headers: answer.headers,
    text,
  };
}

describe('the page is there while everything else is dead, and before the bot is ready', () => {
  beforeEach(async () => {
    await write();
    await start();
  });

  const HTML = 'text/html; charset=utf-8';
  test.each([
    ['/status/', HTML, 'index'],
    ['/status/index.html', HTML, 'index'],
    ['/status?from=mail', HTML, 'index'],
    ['/STATUS/', HTML, 'index'],
    ['/status/history', HTML, 'history'],
    ['/status/history.html', HTML, 'history'],
    ['/status/history/2024-11', HTML, 'November'],
    ['/status/incidents/INC-7', HTML, 'seven'],
    ['/status/incidents/INC-7.html', HTML, 'seven'],
    ['/status/incidents/inc-7', HTML, 'seven'],
    ['/status/incidents/inc-7.html?x', HTML, 'seven'],
    ['/status/incidents/k3j9x0q2m4zz', HTML, 'nobody’s number'],
    ['/status/components/text-to-speech', HTML, 'speech'],
    ['/status/components/text-to-speech.html', HTML, 'speech'],
    ['/status/components/Text%20to%20Speech%20(Developer%20API)', HTML, 'speech'],
    ['/status/components/text%20to%20speech%20%28developer%20api%29', HTML, 'speech'],
    ['/status/components/API%20%2F%20EU', HTML, 'EU'],
    ['/status/components/API%20%2F%20EU.html', HTML, 'EU'],
    ['/status/components/text-to-speech.atom', 'application/atom+xml; charset=utf-8', '<feed/>'],
    [
      '/status/components/Text%20to%20Speech%20(Developer%20API).atom',
      'application/atom+xml; charset=utf-8',
      '<feed/>',
    ],
    ['/status/components/text-to-speech.json', 'application/feed+json; charset=utf-8', 'jsonfeed'],
    ['/status/feed.atom', 'application/atom+xml; charset=utf-8', '<feed/>'],
    ['/status/feed.json', 'application/feed+json; charset=utf-8', '{}'],
    ['/status/badge.svg', 'image/svg+xml; charset=utf-8', '<svg'],
    ['/status/style.css', 'text/css; charset=utf-8', 'body'],
    ['/status/page.js', 'text/javascript; charset=utf-8', ';'],
    ['/status/api/v2/summary.json', 'application/json; charset=utf-8', '{"page":{}}'],
    ['/status/api/v2/incidents/unresolved.json', 'application/json; charset=utf-8', '{}'],
  ])('%s', async (path, type, text) => {
    const answer = await ask(path);
    expect([answer.status, answer.type, answer.text]).toEqual([200, type, expect.stringContaining(text)]);
    expect(answer.headers).toMatchObject({
      'cache-control': 'public, max-age=10, stale-if-error=86400',
      etag: expect.stringMatching(/^"[\w-]+"$/),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'content-length': String(Buffer.byteLength(answer.text)),
    });
    expect(answer.headers['content-security-policy']).toEqual(
      type === HTML
        ? STATUS_POLICY
        : type.startsWith('image/svg')
          ? expect.stringContaining('sandbox')
          : undefined,
    );
    const open = !/html|css|javascript/.test(type);
    expect(answer.headers['access-control-allow-origin']).toBe(open ? '*' : undefined);
    expect(answer.headers['x-powered-by']).toBeUndefined();
    // HEAD says the same, without the text.
    const head = await ask(path, { method: 'HEAD' });
    expect([head.status, head.type, head.text, head.headers.etag]).toEqual([
      200,
      type,
      '',
      answer.headers.etag,
    ]);
    // Who has it is told so.
    for (const tag of [answer.headers.etag, `"x", W/${answer.headers.etag}`, '*']) {
      const again = await ask(path, { headers: { 'If-None-Match': tag } });
      expect([again.status, again.text, again.headers.etag]).toEqual([304, '', answer.headers.etag]);
      expect(again.headers['cache-control']).toBe(answer.headers['cache-control']);
    }
    expect((await ask(path, { headers: { 'If-None-Match': '"another"' } })).status).toBe(200);
  });

  test('/status itself has its links one step deeper, and a tag of its own', async () => {
    const [bare, deep] = [await ask('/status'), await ask('/status/')];
    expect(bare.text).toBe(deep.text.replace('<head>', '<head><base href="status/">'));
    expect(bare.headers['content-length']).toBe(String(Buffer.byteLength(bare.text)));
    expect(bare.headers.etag).not.toBe(deep.headers.etag);
    expect(STATUS_POLICY).toContain("base-uri 'self'");
    expect((await ask('/status', { headers: { 'If-None-Match': bare.headers.etag } })).status).toBe(304);
  });

  test.each([
    ['/status/history/', '../history'],
    ['/status/incidents/INC-7/', '../INC-7'],
    ['/status/components/API%20%2F%20EU/', '../API%20%2F%20EU'],
  ])('%s leads to where its links are right', async (path, to) => {
    const answer = await ask(path);
    expect([answer.status, answer.headers.location]).toEqual([301, to]);
    expect((await fetch(`http://127.0.0.1:${web.port}${path}`)).status).toBe(200);
  });

  test('what is new is shown', async () => {
    await write(
      PAGE.map(([path, text]) => [path, path === 'history.html' ? '<head>newer' : text]),
      'r2',
    );
    expect((await ask('/status/history')).text).toBe('<head>newer');
  });
});

describe('what is not there', () => {
  beforeEach(async () => {
    await write();
    await writeFile(join(base, 'secret.html'), 'secret');
    await writeFile(join(base, 'status2.html'), 'secret');
    await writeFile(join(dir, 'secret.pem'), 'secret');
    await writeFile(join(dir, '.secret.html'), 'secret');
    await mkdir(join(dir, '.git'));
    await writeFile(join(dir, '.git/config.json'), 'secret');
    await symlink(join(base, 'secret.html'), join(dir, 'out.html'));
    await symlink(base, join(dir, 'up'));
    await symlink('history.html', join(dir, 'within.html'));
    await start();
  });

  test('is the same for a private incident as for one that never was', async () => {
    const answers = await Promise.all(
      ['INC-6', 'INC-8', 'inc-8', 'INC-8.html', 'INC-999999', 'aaaaaaaaaaaa', 'x'].map((ref) =>
        ask(`/status/incidents/${ref}`),
      ),
    );
    const [first] = answers;
    for (const { status, text, headers } of answers) {
      const { date, ...rest } = headers;
      const { date: _, ...others } = first?.headers ?? {};
      expect([status, text, rest]).toEqual([404, first?.text, others]);
      expect(date).toBeDefined();
    }
    expect(first?.type).toBe('text/html; charset=utf-8');
    expect(first?.text).toMatch(
      /<html lang="en">[\s\S]*<title>There is nothing here<\/title>[\s\S]*<main>[\s\S]*<h1>[\s\S]*href="\.\.\/"/,
    );
    expect(first?.headers['content-security-policy']).toBe(STATUS_POLICY);
  });

  test.each([
    '/status/..%2fsecret.html',
    '/status/..%2Fsecret',
    '/status/%2e%2e/secret.html',
    '/status/../secret.html',
    '/status/..\\secret.html',
    '/status/..%5csecret.html',
    '/status/%2e%2e%2fsecret.html',
    '/status/%252e%252e%252fsecret.html',
    '/status/incidents/..%2f..%2fsecret.html',
    '/status/components/..%2f..%2fsecret',
    '/status/components/constructor',
    '/status/components/__proto__',
    `/status/%2f${'etc%2fpasswd'}`,
    '/status//etc/passwd',
    '/status/secret.pem',
    '/status/.secret.html',
    '/status/.secret',
    '/status/.tocsin-status.json',
    '/status/%2etocsin-status.json',
    '/status/.git/config.json',
    '/status/out.html',
    '/status/out',
    '/status/up/secret.html',
    '/status/incidents',
    '/status/incidents/',
    '/status/api',
    '/status/index.html%00.css',
    '/status/%ff',
    '/status/%',
    '/status2',
    '/statusx/index.html',
  ])('%s', async (path) => {
    const answer = await ask(path);
    expect(answer.status).toBe(404);
    expect(answer.text).not.toMatch(/secret|root:|tocsin\.status/);
    expect(log.lines).toEqual([]);
  });

  test('is no name that is too long, or leads too deep', async () => {
    for (const path of ['a'.repeat(300), 'a/'.repeat(3_000)])
      expect(await ask(`/status/${path}`)).toMatchObject({ status: 404 });
    expect(log.lines).toEqual([]);
  });

  test('a link within the folder is followed', async () => {
    expect(await ask('/status/within')).toMatchObject({ status: 200, text: '<head>history' });
  });

  test('says so in JSON to programs', async () => {
    const answer = await ask('/status/api/v2/nothing.json');
    expect([answer.status, JSON.parse(answer.text), answer.headers['access-control-allow-origin']]).toEqual([
      404,
      { error: 'not found' },
      '*',
    ]);
  });

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s changes nothing here', async (method) => {
    const answer = await ask('/status/', { method });
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD']);
  });

  test('a page of somebody else may ask before it asks', async () => {
    const answer = await ask('/status/api/v2/summary.json', { method: 'OPTIONS' });
    expect([
      answer.status,
      answer.headers['access-control-allow-origin'],
      answer.headers['access-control-allow-headers'],
    ]).toEqual([204, '*', '*']);
  });
});

test('no page yet: it is said that it is not there yet, and then it is there', async () => {
  await start();
  for (const path of ['/status', '/status/', '/status/incidents/INC-7', '/status/api/v2/summary.json']) {
    const answer = await ask(path);
    expect([answer.status, answer.headers['retry-after'], answer.headers['cache-control']]).toEqual([
      503,
      '5',
      'no-store',
    ]);
  }
  await write();
  expect((await ask('/status')).status).toBe(200);
  await rm(dir, { recursive: true });
  expect((await ask('/status')).status).toBe(503);
});

test('the disk is not asked again for everyone who asks', async () => {
  await write();
  await start({}, 600_000);
  expect((await ask('/status/')).text).toContain('index');
  await rm(dir, { recursive: true });
  const answers = await Promise.all(Array.from({ length: 50 }, () => ask('/status/')));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
});

describe('as many connections as there may be', () => {
  /** A connection on which one request was answered. @returns how to ask once more on the same */
  const resting = async (path: string, method = 'GET') => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const asking = async () => {
      const asked = request({ host: '127.0.0.1', port: web.port, path, method, agent });
      const connected = once(asked, 'socket');
      asked.end();
      const [[socket], [answer]] = await Promise.all([connected, once(asked, 'response')]);
      for await (const _ of answer);
      return { socket: socket as Socket, reused: asked.reusedSocket };
    };
    const { socket } = await asking();
    sockets.push(socket);
    return { socket, isSame: async () => (await asking()).reused };
  };

  test('one of Slack’s stays, however many read the page after it, and half of them are the readers’', async () => {
    await write();
    await start({ connections: 8 });
    const slack = await resting('/slack/events', 'POST');
    const readers: Socket[] = [];
    for (let n = 0; n < 12; n++) readers.push((await resting('/status/')).socket);
    await until(
      'the oldest readers have gone',
      () => readers.filter(({ destroyed }) => destroyed).length >= 8,
    );
    expect(readers.slice(-4).map(({ destroyed }) => destroyed)).toEqual([false, false, false, false]);
    expect(await slack.isSame()).toBe(true);
    // Of those who come without a word none pushes it out either, while readers rest.
    const silent = Array.from({ length: 7 }, () => connect(web.port, '127.0.0.1'));
    sockets.push(...silent);
    await until('all readers have gone', () => readers.every(({ destroyed }) => destroyed));
    expect(await slack.isSame()).toBe(true);
    expect(silent.filter(({ destroyed }) => destroyed)).toEqual([]);
  });

  test('a reader who does not take the answer makes room before one of Slack’s', async () => {
    await write(PAGE.map(([path, text]) => [path, path === 'page.js' ? 'x'.repeat(12_000_000) : text]));
    await start({ connections: 4 });
    const slack = await resting('/slack/events', 'POST');
    const stuck = Array.from({ length: 3 }, () => {
      const socket = connect(web.port, '127.0.0.1');
      socket.write('GET /status/page.js HTTP/1.1\r\nhost: x\r\n\r\n');
      return socket;
    });
    sockets.push(...stuck);
    // The answers have begun, and go no further than the buffers in between.
    await Promise.all(stuck.map((socket) => once(socket, 'readable')));
    for (const socket of stuck) socket.on('error', () => {});
    expect((await ask('/healthz', { agent: new Agent() })).status).toBe(200);
    await until('somebody made room', () => log.lines.some((line) => line.includes('are cut off')));
    expect(await slack.isSame()).toBe(true);
  });
});
