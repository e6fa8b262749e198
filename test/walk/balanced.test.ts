import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { Agent, createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type Embedded, openEmbedded } from '#store/embedded/embedded.js';
import { connectionUrl } from '#store/embedded/server.js';
import { balancer, haproxyAvailable, type TestHaproxy } from '../support/haproxy.js';
import { type Scratch, scratch } from '../support/scratch.js';
import { freePort } from '../support/wire.js';
import { type BotHere, type BotProcess, LATE_MS, pause, signedCommand, startWalk, type Walk } from './kit.js';

// Several webs, with what stands in front of them: a real HAProxy, or Slack's own sockets.
const DOCS = fileURLToPath(new URL('../../docs/operating.md', import.meta.url));

/** The backend that the documentation shows, for these webs; asked more often, so that the test is short. */
function backendFor(ports: readonly number[]): string[] {
  const shown = /```haproxy\n([\s\S]*?)```/.exec(readFileSync(DOCS, 'utf8'))?.[1] ?? '';
  const lines = shown.trimEnd().replace('inter 2s fastinter 500ms', 'inter 100ms').split('\n');
  const own = lines.filter((line) => !/^ {2}server /.test(line));
  expect([lines.length - own.length, own.join('\n')]).toEqual([2, expect.stringContaining('inter 100ms')]);
  // As patient as a busy machine needs: otherwise an answer has to come before the next question is due.
  return [
    ...own,
    '  timeout check 10s',
    ...ports.map((port, i) => `  server web-${i + 1} 127.0.0.1:${port}`),
  ];
}

/** Waits until the balancer sends requests to both. */
async function bothUp(haproxy: TestHaproxy): Promise<void> {
  for (let i = 0; i < 1_200; i++) {
    const up = (await haproxy.tell('show stat')).match(/^tocsin,web-\d,.*?,UP,/gm) ?? [];
    if (up.length === 2) return;
    await pause(50);
  }
  throw new Error('the balancer does not find both');
}

/** Waits until the balancer has had so many more answers from each of these on how they are. */
async function askedAgain(ports: readonly number[], times: number): Promise<void> {
  const heard = new Map(ports.map((port) => [port, 0]));
  await new Promise<void>((resolve) => {
    const hear = (message: unknown) => {
      const { request, socket } = message as { request: IncomingMessage; socket: Socket };
      if (request.url !== '/readyz') return;
      const port = socket.localPort as number;
      heard.set(port, (heard.get(port) ?? 0) + 1);
      // It asks again when it has the answer to the last one.
      if ([...heard.values()].some((count) => count <= times)) return;
      unsubscribe('http.server.request.start', hear);
      resolve();
    };
    subscribe('http.server.request.start', hear);
  });
}

/** What became of a request: never an error, because a connection that was cut is what we look for. */
interface Outcome {
  note: string;
  status?: number;
  body: string;
}

/** Where answers come that were not in time: each request has a place of its own. */
function lateAnswers() {
  const came = new Map<string, (words: string) => void>();
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    response.end('ok');
    came.get(request.url ?? '')?.(text);
  }).listen(0);
  return {
    place() {
      const path = `/${came.size}`;
      const words = new Promise<string>((resolve) => came.set(path, resolve));
      const { port } = server.address() as AddressInfo;
      return {
        url: `http://127.0.0.1:${port}${path}`,
        words: () => Promise.race([words, pause(LATE_MS).then(() => '')]),
      };
    },
    close: () => server.close(),
  };
}

/** People who type one line after the other, on connections that are kept, until they are stopped. */
function people(walk: Walk, count: number) {
  const outcomes: Outcome[] = [];
  const agent = new Agent({ keepAlive: true, maxSockets: count });
  let stopped = false;
  const late = lateAnswers();
  const send = async (note: string): Promise<Outcome> => {
    const place = late.place();
    const outcome = await sendTo(place.url, note);
    // An answer that would have come after two seconds is empty, and its words follow.
    return outcome.status === 200 && outcome.body === ''
      ? { ...outcome, body: await place.words() }
      : outcome;
  };
  const sendTo = (reply: string, note: string) =>
    new Promise<Outcome>((resolve) => {
      const fields = { text: `note INC-1 ${note}`, response_url: reply };
      const { body, ...signed } = signedCommand(walk.slack.signingSecret, fields);
      const asked = request(
        `http://127.0.0.1:${walk.port}/slack/events`,
        { ...signed, agent },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => {
            text += chunk;
          });
          response.on('error', (error) => resolve({ note, body: String(error) }));
          response.on('end', () => resolve({ note, status: response.statusCode, body: text }));
        },
      );
      asked.on('error', (error) => resolve({ note, body: String(error) }));
      asked.end(body);
    });
  const typing = Array.from({ length: count }, async (_, who) => {
    for (let n = 0; !stopped; n++) {
      outcomes.push(await send(`words of ${who}, ${n}`));
      await pause(40);
    }
  });
  const load = {
    outcomes,
    /** Waits until so many more are through. */
    async more(than: number): Promise<void> {
      const until = outcomes.length + than;
      while (outcomes.length < until) await pause(20);
    },
    async stop(): Promise<Outcome[]> {
      stopped = true;
      await Promise.all(typing);
      agent.destroy();
      late.close();
      return outcomes;
    },
  };
  // A test that fails in between leaves nobody typing.
  loads.add(load);
  return load;
}
const loads = new Set<{ stop(): Promise<unknown> }>();
afterEach(async () => {
  for (const load of loads) await load.stop();
  loads.clear();
});

async function recorded(walk: Walk): Promise<string[]> {
  const { out } = await walk.tocsin('export', 'INC-1', '--format', 'json');
  const { timeline } = JSON.parse(out) as { timeline: Array<{ text: string }> };
  return timeline.map(({ text }) => text).filter((text) => text.startsWith('words of '));
}

const behindHaproxy = haproxyAvailable() ? describe : describe.skip;

behindHaproxy('two webs behind a balancer', () => {
  let walk: Walk;
  let haproxy: TestHaproxy;
  const ports: number[] = [];
  const webs: Array<{ stop(): Promise<unknown> }> = [];
  /** The first is a process that goes on listening for as long as bots do; the other one is as much faster as the balancer. */
  const start = async (i: number) => {
    if (i === 0) return walk.bot(ports[i]);
    const bot = await walk.here({ lingerMs: 1_000 }, {}, { at: ports[i] as number });
    return { stop: () => bot.stop(true) };
  };
  beforeAll(async () => {
    walk = await startWalk();
    for (let i = 0; i < 2; i++) {
      ports.push(await freePort());
      webs.push(await start(i));
    }
    haproxy = await balancer(walk.port, backendFor(ports));
    await bothUp(haproxy);
    expect((await walk.type('ana', 'incidents', 'open sev3 Restarts')).text).toMatch(/INC-1/);
  });
  afterAll(async () => {
    await haproxy?.stop();
    await walk?.end();
  });

  test('restarted one after the other, under load: no connection is cut, nobody meets a bare 503, each note has its receipt', async () => {
    const load = people(walk, 4);
    const said: Array<Awaited<ReturnType<Walk['type']>>> = [];
    for (const i of [1, 0, 1]) {
      await load.more(20);
      const gone = webs[i]?.stop();
      let stopped = false;
      void gone?.then(() => {
        stopped = true;
      });
      // Slack's own requests, too, while it drains, goes and comes again.
      while (!stopped) {
        said.push(await walk.type('bo', 'incidents', `note INC-1 words of bo, ${said.length}`));
        await pause(20);
      }
      if (i === 0) expect(await gone).toBe(0);
      webs[i] = await start(i);
      await bothUp(haproxy);
    }
    await load.more(20);
    const outcomes = await load.stop();
    expect(outcomes.filter(({ status, body }) => status !== 200 || !body.includes('recorded'))).toEqual([]);
    expect(said.filter(({ ok, text }) => !ok || !text.includes('recorded'))).toEqual([]);
    const notes = [...outcomes.map(({ note }) => note), ...said.map((_, n) => `words of bo, ${n}`)];
    expect((await recorded(walk)).sort()).toEqual(notes.sort());
  }, 300_000);
});

behindHaproxy('a database that stops, behind a balancer', () => {
  let walk: Walk;
  let haproxy: TestHaproxy;
  let at: Scratch;
  let database: Embedded;
  const ports: number[] = [];
  const webs: BotHere[] = [];
  const open = () =>
    openEmbedded({ dataDir: join(at.folder, 'data'), role: 'bot', systemFolder: join(at.folder, 'system') });
  beforeAll(async () => {
    at = await scratch();
    database = await open();
    await at.data(join(at.folder, 'data'));
    walk = await startWalk();
    for (let i = 0; i < 2; i++) {
      ports.push(await freePort());
      const at = ports[i] as number;
      const more = { DATABASE_URL: connectionUrl(database.connection) };
      webs.push(await walk.here({ lookMs: 300, canaryMs: 300 }, more, { at }));
    }
    haproxy = await balancer(walk.port, backendFor(ports));
    await bothUp(haproxy);
    expect((await walk.type('ana', 'incidents', 'open sev3 Outage')).text).toMatch(/INC-1/);
  });
  afterAll(async () => {
    await haproxy?.stop();
    await walk?.end();
    await database?.close();
    await at?.remove();
  });

  const ready = (query = '', method = 'GET') =>
    Promise.all(webs.map(({ url }) => fetch(`${url}/readyz${query}`, { method })));
  const bodies = async () =>
    Promise.all((await ready()).map(async (one) => (await one.json()) as Record<string, unknown>));
  const asked = async () => (await haproxy.tell('show stat')).match(/^tocsin,web-\d,.*$/gm) ?? [];

  test('both stay in, and say that nothing was kept and why, until it is back', async () => {
    const load = people(walk, 4);
    await load.more(20);
    await database.close();
    await load.more(20);
    for (;;) {
      const known = await bodies();
      // Each part is looked at in its own time.
      if (known.every((one) => [one.database, one.queue, one.deliveries].every((now) => now === 'away')))
        break;
      await pause(50);
    }
    // More often than it needs to take one out.
    await askedAgain(ports, 6);
    await load.more(20);
    for (const one of await bodies()) {
      expect(one).toMatchObject({ state: 'degraded', database: 'away', queue: 'away', deliveries: 'away' });
      expect(one.reasons).toMatchObject({ database: expect.stringContaining('does not answer') });
    }
    for (const method of ['GET', 'HEAD']) {
      expect((await ready('', method)).map(({ status }) => status)).toEqual([200, 200]);
      expect((await ready('?strict', method)).map(({ status }) => status)).toEqual([503, 503]);
    }
    expect((await asked()).filter((line) => !/,UP,/.test(line))).toEqual([]);
    database = await open();
    for (;;) {
      if ((await ready('?strict')).every(({ status }) => status === 200)) break;
      await pause(50);
    }
    await load.more(20);
    const outcomes = await load.stop();
    const kept = outcomes.filter(({ body }) => body.includes('recorded'));
    const told = outcomes.filter(({ body }) =>
      /Nothing was kept: the database does not answer|The database answers, but takes nothing: .*\(57P0/.test(
        body,
      ),
    );
    expect(outcomes.filter(({ status }) => status !== 200)).toEqual([]);
    const rest = outcomes.filter((one) => !kept.includes(one) && !told.includes(one));
    // Of one that was on its way when the database went nobody may know.
    expect(rest.filter(({ body }) => !body.includes('Not confirmed'))).toEqual([]);
    expect(told.length).toBeGreaterThan(20);
    expect(outcomes.at(-1)?.body).toContain('recorded');
  }, 300_000);
});

describe('two processes with sockets', () => {
  let walk: Walk;
  const bots: BotProcess[] = [];
  beforeAll(async () => {
    walk = await startWalk({ socket: true });
    for (let i = 0; i < 2; i++) bots.push(await walk.bot(await freePort()));
    expect((await walk.type('ana', 'incidents', 'open sev3 Sockets')).text).toMatch(/INC-1/);
  });
  afterAll(() => walk?.end());

  test('restarted one after the other: what came over a socket is answered, or was left to the other', async () => {
    const said: Array<Awaited<ReturnType<Walk['type']>> & { note: string }> = [];
    let stopped = false;
    const typing = Array.from({ length: 4 }, async (_, who) => {
      for (let n = 0; !stopped; n++) {
        const note = `words of ${who}, ${n}`;
        said.push({ note, ...(await walk.type('ana', 'incidents', `note INC-1 ${note}`)) });
        await pause(20);
      }
    });
    loads.add({
      async stop() {
        stopped = true;
        await Promise.all(typing);
      },
    });
    for (const i of [0, 1]) {
      const before = said.length;
      while (said.length < before + 20) await pause(20);
      // Sockets go at once, whoever says so; only HTTP goes on for a while for the sake of a balancer.
      expect(await bots[i]?.stop('SIGINT')).toBe(0);
      bots[i] = await walk.bot(await freePort());
    }
    stopped = true;
    await Promise.all(typing);
    // What Slack sent in the moment of a good-bye meets nobody: then the person is told, and nothing is kept.
    const answered = said.filter(({ ok, text }) => ok && text.includes('recorded')).map(({ note }) => note);
    expect((await recorded(walk)).sort()).toEqual(answered.sort());
  }, 300_000);
});
