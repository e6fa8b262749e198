import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Answer } from '#answer/answer.js';
import { mostConnections, startWeb, type Web, type WebLimits } from '#web/server.js';
import { memoryLog } from '../queue/log.js';
import { until } from '../support/until.js';

// The one HTTP server under load, under attack, and when it is told to go.
let log: ReturnType<typeof memoryLog>;
let web: Web;
let answering: () => Promise<Answer>;
let telling: Promise<void>;
const sockets: Socket[] = [];

beforeEach(() => {
  log = memoryLog();
  telling = Promise.resolve();
  answering = async () => ({ kind: 'text', text: 'said' });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await web.close(false);
});

async function start(limits: Partial<WebLimits> = {}): Promise<void> {
  const ok = { state: 'ok' as const };
  const token = {
    ...{ team: 'T1', name: 'program', scope: 'write' as const, private: false },
    ...{ owner: null, revokedAt: null, expiresAt: null, expired: false, usedLately: true },
  };
  web = await startWeb(
    {
      health: { now: () => ({ database: ok, queue: ok, deliveries: ok, slack: ok, page: ok, process: ok }) },
      exports: {} as never,
      api: {
        answer: () => answering(),
        tokens: { byHash: async () => token, noteUse() {} },
        zone: 'UTC',
      },
      hooks: {} as never,
      slack: (incoming, response) => {
        let size = 0;
        incoming.on('data', (chunk: Buffer) => {
          size += chunk.length;
        });
        incoming.on('end', () => response.end(`${size} bytes`));
        return telling;
      },
      log: log as never,
    },
    '127.0.0.1',
    0,
    limits,
  );
  web.ready();
}

/** A socket that says this and nothing more. @returns what came back, once it is closed */
async function says(text: string): Promise<{ socket: Socket; answer: Promise<string> }> {
  const socket = connect(web.port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => {});
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk;
  });
  await once(socket, 'connect');
  socket.write(text);
  return { socket, answer: once(socket, 'close').then(() => answer) };
}

/** Strangers, each of whom is gone before the next one comes. */
async function newcomers(): Promise<void> {
  for (let n = 0; n < 5; n++) await (await says('')).answer;
}

const POST = 'POST /slack/events HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n';
const ASKED = [
  'POST /api/v1/commands HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x\r\n',
  'content-type: application/json\r\ncontent-length: 23\r\n\r\n{"text":"note INC-1 x"}',
].join('');

describe('requests that never come to their end', () => {
  test('are given up: a head, a body, and one that trickles', async () => {
    await start({ arrivalMs: 100 });
    const silent = await says('');
    const head = await says('POST /slack/events HTTP/1.1\r\nhost: x\r\n');
    const body = await says(POST);
    const trickling = await says(POST);
    const timer = setInterval(() => trickling.socket.write('x'), 10);
    try {
      expect(await silent.answer).toMatch(/^(HTTP\/1.1 408 |$)/);
      expect(await head.answer).toContain('408');
      expect(await body.answer).toContain('That took too long to arrive.');
      expect(await trickling.answer).toContain('That took too long to arrive.');
    } finally {
      clearInterval(timer);
    }
  });

  test('an answer may take longer, and a connection may rest longer, than a request may', async () => {
    await start({ arrivalMs: 100 });
    answering = async () => {
      await sleep(500);
      return { kind: 'text', text: 'slowly' };
    };
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect(await command(agent)).toMatchObject({ status: 200, text: expect.stringContaining('slowly') });
    await sleep(500);
    expect(await command(agent)).toMatchObject({ status: 200, reused: true });
    agent.destroy();
  });

  test('what strangers send is not read before it is known who they are', async () => {
    await start();
    const head = 'POST /api/v1/commands HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';
    const { socket } = await says(`${head}content-length: 900000\r\n\r\n{`);
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toContain('401');
  });
});

describe('more connections than there may be', () => {
  test('make room from the oldest that says nothing; whoever asks is answered, and the log says it once', async () => {
    await start({ connections: 20 });
    const silent = await Promise.all(Array.from({ length: 60 }, () => says('GET / HTTP/1.1\r\n')));
    const bodies = await Promise.all(Array.from({ length: 20 }, () => says(POST)));
    for (let n = 0; n < 10; n++) expect((await command()).status).toBe(200);
    await until('the oldest are gone', () => silent.slice(0, 40).every(({ socket }) => socket.closed));
    expect(bodies.filter(({ socket }) => socket.closed).length).toBeGreaterThan(0);
    expect(log.lines.filter((line) => line.includes('as many connections'))).toHaveLength(1);
  });

  test('never cut off one whose request is being answered', async () => {
    await start({ connections: 5 });
    let answer: (said: Answer) => void = () => {};
    answering = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    const asked = command();
    await until('it is being answered', () => answer.length === 1);
    await Promise.all(Array.from({ length: 40 }, () => says('')));
    answer({ kind: 'text', text: 'still here' });
    expect(await asked).toMatchObject({ status: 200, text: expect.stringContaining('still here') });
  });

  test('nor where there is nobody else who could make room', async () => {
    await start({ connections: 1 });
    let answer: (said: Answer) => void = () => {};
    answering = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    const asked = command();
    await until('it is being answered', () => answer.length === 1);
    await newcomers();
    answer({ kind: 'text', text: 'still here' });
    expect(await asked).toMatchObject({ status: 200, text: expect.stringContaining('still here') });
  });

  test('never cut off one with a second request, sent before the first was answered', async () => {
    await start({ connections: 1 });
    const answers: Array<(said: Answer) => void> = [];
    answering = () => new Promise((resolve) => answers.push(resolve));
    const { socket } = await says(ASKED + ASKED);
    let heard = '';
    socket.on('data', (chunk) => {
      heard += chunk;
    });
    await until('both are being answered', () => answers.length === 2);
    answers[0]?.({ kind: 'text', text: 'the first' });
    await until('one is', () => heard.includes('the first'));
    await newcomers();
    answers[1]?.({ kind: 'text', text: 'the second' });
    await until('and so is the other', () => heard.includes('the second'));
  });

  test('make room from those that do not take the answers they asked for', async () => {
    await start({ connections: 3 });
    let given = 0;
    const text = 'x'.repeat(20_000_000);
    answering = async () => {
      given++;
      return { kind: 'text', text };
    };
    for (let n = 0; n < 3; n++) (await says(ASKED)).socket.pause();
    await until('they were answered', () => given === 3);
    answering = async () => ({ kind: 'text', text: 'said' });
    for (let n = 0; n < 5; n++) expect((await command()).status).toBe(200);
  });

  test('rest in hundreds, and whoever asks is answered', async () => {
    await start({ connections: 100 });
    const agent = new Agent({ keepAlive: true, maxSockets: 300 });
    const all = await Promise.all(Array.from({ length: 300 }, () => command(agent)));
    for (let n = 0; n < 10; n++) expect((await command()).status).toBe(200);
    expect(all.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(100);
    agent.destroy();
  });

  test('leave files for everything else, whatever the limit is', () => {
    const limits = (soft: string) => `Max open files            ${soft}              524288      files\n`;
    expect(mostConnections(limits('1024'))).toBe(768);
    expect(mostConnections(limits('256'))).toBe(106);
    expect(mostConnections(limits('64'))).toBe(50);
    expect(mostConnections(limits('1048576'))).toBe(10_000);
    expect(mostConnections(limits('unlimited'))).toBe(10_000);
    expect(mostConnections('')).toBe(106);
  });
});

interface Outcome {
  status?: number;
  text?: string;
  connection?: string;
  reused: boolean;
  failure?: string;
}

/** One command over the API. Never rejects: a connection that was cut is what we look for. */
function command(agent?: Agent, port = web.port): Promise<Outcome> {
  return new Promise((resolve) => {
    const asked = request(
      {
        port,
        host: '127.0.0.1',
        path: '/api/v1/commands',
        method: 'POST',
        agent,
        headers: { authorization: 'Bearer x', 'content-type': 'application/json' },
      },
      (response: IncomingMessage) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('error', (error) => resolve({ failure: String(error), reused: asked.reusedSocket }));
        response.on('end', () =>
          resolve({
            status: response.statusCode,
            text,
            connection: response.headers.connection,
            reused: asked.reusedSocket,
          }),
        );
      },
    );
    asked.on('error', (error: Error & { code?: string }) =>
      resolve({ failure: error.code ?? String(error), reused: asked.reusedSocket }),
    );
    asked.end('{"text":"note INC-1 x"}');
  });
}

describe('what is no HTTP', () => {
  test('is sent away, and harms nobody: TLS, a tunnel, another protocol, a WebSocket', async () => {
    await start();
    const hello = Buffer.from('16030100a5010000a10303', 'hex').toString('latin1');
    for (const bytes of [hello, 'CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n', '\0\0\0', 'EHLO x\r\n\r\n'])
      expect(await (await says(bytes)).answer).toMatch(/^(HTTP\/1.1 400 |$)/);
    const upgrade = 'GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n';
    const { socket } = await says(upgrade);
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toContain('404');
    expect((await command()).status).toBe(200);
  });
});

describe('told to go', () => {
  test('a connection on which nothing was ever said holds nobody up, one that has begun is answered', async () => {
    await start({ lingerMs: 20 });
    const silent = await says('');
    const begun = await says('GET /healthz HTTP/1.1\r\nhost: x\r\n');
    const closed = web.close();
    await silent.answer;
    begun.socket.write('\r\n');
    expect(await begun.answer).toMatch(/^HTTP\/1.1 200 [\s\S]*connection: close/i);
    await closed;
  });

  test('what is told after an answer that was empty to be in time is waited for', async () => {
    await start();
    let tell: () => void = () => {};
    telling = new Promise((resolve) => {
      tell = resolve;
    });
    const { answer } = await says(
      'POST /slack/events HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nconnection: close\r\n\r\nxx',
    );
    expect(await answer).toContain('2 bytes');
    let gone = false;
    const closed = web.close(false).then(() => {
      gone = true;
    });
    await until('nobody listens any more', () =>
      fetch(`http://127.0.0.1:${web.port}/healthz`).then(
        () => false,
        () => true,
      ),
    );
    expect(gone).toBe(false);
    tell();
    await closed;
  });

  test('what has begun is answered, also when that takes longer than we listen', async () => {
    await start({ lingerMs: 20 });
    let answer: (said: Answer) => void = () => {};
    answering = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    const agent = new Agent({ keepAlive: true });
    const asked = command(agent);
    await until('it is being answered', () => answer.length === 1);
    const closed = web.close();
    await until('nobody listens any more', () =>
      fetch(`http://127.0.0.1:${web.port}/healthz`).then(
        () => false,
        () => true,
      ),
    );
    answer({ kind: 'text', text: 'after all' });
    expect(await asked).toMatchObject({
      status: 200,
      connection: 'close',
      text: expect.stringContaining('after all'),
    });
    await closed;
    agent.destroy();
  });

  test('under load, with a balancer that looks at /readyz, no request is cut off in several restarts', async () => {
    let asked = 0;
    for (let restart = 0; restart < 3; restart++) {
      // Long beside the balancer's 50 ms, also on a machine that stands still now and then.
      await start({ lingerMs: 2_000 });
      answering = async () => {
        // Another time for each, so that a restart finds them at every stage.
        await sleep((++asked * 7) % 20);
        return { kind: 'text', text: 'said' };
      };
      const { port } = web;
      const agent = new Agent({ keepAlive: true, maxSockets: 16 });
      const outcomes: Outcome[] = [];
      let up = true;
      const balancer = (async () => {
        while (up) {
          const response = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
          up = response?.status === 200;
          await sleep(50);
        }
      })();
      const clients = Array.from({ length: 16 }, async () => {
        while (up) outcomes.push(await command(agent, port));
      });
      await until('there is load', () => outcomes.length > 50);
      await web.close();
      await Promise.all([balancer, ...clients]);
      agent.destroy();
      expect(outcomes.filter(({ status }) => status !== 200)).toEqual([]);
      expect(outcomes.some(({ connection }) => connection === 'close')).toBe(true);
    }
  });
});

test.each([
  [{ format: 'md', zone: 'UTC' }, '/incidents/INC-7/timeline.md'],
  [{ format: 'facts', zone: 'UTC' }, '/incidents/INC-7/facts.jsonl'],
  [{ format: 'csv', zone: 'Europe/Berlin' }, '/incidents/INC-7/timeline.csv?zone=Europe%2FBerlin'],
] as const)('a program that asks for an export hears where it is: %j', async (wanted, path) => {
  await start();
  answering = async () => ({ kind: 'export', incident: 7, ...wanted });
  const response = await fetch(`http://127.0.0.1:${web.port}/api/v1/commands`, {
    method: 'POST',
    headers: { authorization: 'Bearer x', 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ text: 'export md INC-7' }),
  });
  expect(await response.json()).toEqual({ ok: true, text: `GET ${path} with this token.` });
});
