import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ROUTES } from '#runbooks/routes/routes.js';
import { fingerprints, Secret } from '#runbooks/secret.js';
import { readRunbookSettings } from '#runbooks/settings.js';
import { openSystems } from '#runbooks/systems.js';
import { haproxyAvailable } from './support/haproxy.js';

interface Counts {
  sent: number;
  ok: number;
  failed: number;
  inFlight: number;
  byOutcome: Record<string, number>;
  byServer: Record<string, { ok: number; failed: number }>;
  firstFailure: { at: string; id: string; outcome: string; servedBy: string } | null;
  lastFailure: { at: string } | null;
}
type Second = { at: string; sent: number; ok: number; failed: number };
type Mark = { sent: number; ok: number; failed: number };
type Final = Counts & { seconds: Second[] };
interface Load {
  pid: number;
  counts(): Promise<Counts>;
  settled(): Promise<Counts>;
  mark(): Promise<Mark>;
  since(mark: Mark): Promise<Mark>;
  failedSince(mark: Mark): Promise<number>;
  stop(): Promise<Final>;
}
interface Service {
  url: string;
  pid: number;
  stop(): Promise<void>;
}
interface Stack {
  gateway: { url: string; kind: string; pids: number[] };
  old: Service;
  new: Service;
  load: Load;
  settings: {
    keystores: Record<string, { path?: string }>;
    routes: Record<string, { type: string }>;
    pairs: Record<string, unknown>;
  };
  urls: { gateway: string; through: string; old: string; new: string };
  pids: number[];
  moveRoute(to: string): Promise<void>;
  keysOf(name: string): Record<string, string>;
  stop(): Promise<Final>;
}
interface Generator {
  counts(): Counts;
  settled(): Promise<Counts>;
  seconds(): Second[];
  stop(): Promise<Counts>;
}
type Options = { folder: string; rate?: number; timeoutMs?: number; kind?: string; newKnows?: string };

const pathOf = (file: string) => fileURLToPath(new URL(`../demo/stack/${file}`, import.meta.url));
const { startStack, startTts } = (await import(pathOf('stack.mjs'))) as {
  startStack(options: Options): Promise<Stack>;
  startTts(name: string, keys: string, folder: string): Promise<Service>;
};
const { generate } = (await import(pathOf('generator.mjs'))) as {
  generate(options: { url: string; rate: number; timeoutMs?: number; most?: number }): Generator;
};
const { replace } = (await import(pathOf('file.mjs'))) as { replace(path: string, text: string): void };
const { prometheusInstalled, startPrometheus } = (await import(pathOf('prometheus.mjs'))) as {
  prometheusInstalled(): boolean;
  startPrometheus(options: {
    folder: string;
    targets: Record<string, string>;
  }): Promise<{ url: string; pids: number[]; stop(): Promise<void> }>;
};

/** Where tests must be complete a missing server is an error; elsewhere a skip that says how to end it. */
function prometheusAvailable(): boolean {
  if (prometheusInstalled()) return true;
  const line =
    'prometheus is missing; install it with: apt-get install -y --no-install-recommends prometheus';
  if (process.env.CI === 'true' || process.env.TOCSIN_TEST_REQUIRE === '1') throw new Error(line);
  process.stderr.write(`skipped: ${line}\n`);
  return false;
}
const haproxy = haproxyAvailable();
const prometheus = prometheusAvailable();

let folder: string;
let ends: Array<() => Promise<unknown>>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-stack-'));
  ends = [];
});
afterEach(async () => {
  for (const end of ends.reverse()) await end().catch(() => {});
  rmSync(folder, { recursive: true, force: true });
});

async function stage(options: Partial<Options> = {}): Promise<Stack> {
  const stack = await startStack({ folder, rate: 200, timeoutMs: 60_000, ...options });
  ends.push(stack.stop);
  return stack;
}

/** Looks again until it is so; only jest's own guard ends it otherwise. */
async function until<T>(look: () => T | Promise<T>): Promise<Exclude<T, false | null | undefined>> {
  for (;;) {
    const found = await look();
    if (found) return found as Exclude<T, false | null | undefined>;
    await sleep(10);
  }
}

/** What failed, by what it came to: an assertion on it says why, where a number would not. */
const failures = ({ byOutcome }: Counts) =>
  Object.fromEntries(Object.entries(byOutcome).filter(([outcome]) => !/^2\d\d$/.test(outcome)));
const adds = (counts: Counts) => counts.ok + counts.failed + counts.inFlight;
const sum = (record: Record<string, number>) => Object.values(record).reduce((a, b) => a + b, 0);
const keysIn = (stack: Stack, store: string) =>
  JSON.parse(readFileSync(stack.settings.keystores[store]?.path ?? '', 'utf8')) as Record<string, string>;
const setKeys = (stack: Stack, store: string, keys: object) =>
  replace(stack.settings.keystores[store]?.path ?? '', JSON.stringify(keys));

/** How many of the load's requests a service answered so, by its own account. */
async function metric(service: Service, status: number): Promise<number> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  const found = text.matchAll(/^tts_requests_total\{method="POST",status="(\d+)",key="[^"]*"\} (\d+)$/gm);
  return [...found]
    .filter(([, its]) => its === String(status))
    .reduce((n, [, , count]) => n + Number(count), 0);
}

/** Gone, or dead and only waiting for whoever inherits it to take notice. */
function gone(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return true;
  }
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.startsWith('Z') ?? false;
  } catch {
    return existsSync('/proc');
  }
}

describe.each([
  ['haproxy', haproxy],
  ['node', true],
])('the stage with %s', (kind, here) => {
  const play = here ? test : test.skip;

  play.each(['nothing', 'older'])(
    'a naive cut-over to a service that knows %s fails requests, and both sides count the same',
    async (newKnows) => {
      const stack = await stage({ kind, newKnows });
      expect(stack.gateway.kind).toBe(kind);
      await until(async () => (await stack.load.counts()).ok >= 20);
      expect(failures(await stack.load.counts())).toEqual({});
      await stack.moveRoute('new');
      await until(async () => (await stack.load.counts()).failed >= 19);
      await stack.moveRoute('old');
      await stack.load.settled();
      const mark = await stack.load.mark();
      await until(async () => (await stack.load.since(mark)).ok >= 40);
      expect(await stack.load.failedSince(mark)).toBe(0);
      const final = await stack.load.stop();
      expect(final.failed).toBe(mark.failed);
      expect(await metric(stack.new, 401)).toBe(final.failed);
      expect(await metric(stack.old, 201)).toBe(final.ok);
      expect(final.byOutcome).toEqual({ 201: final.ok, 401: final.failed });
      expect(final.byServer).toEqual({
        'tts-old': { ok: final.ok, failed: 0 },
        'tts-new': { ok: 0, failed: final.failed },
      });
      expect(final.firstFailure).toMatchObject({ outcome: '401', servedBy: 'tts-new' });
      expect(final).toMatchObject({ inFlight: 0, sent: final.ok + final.failed });
      for (const column of ['sent', 'ok', 'failed'] as const)
        expect(final.seconds.reduce((n, second) => n + second[column], 0)).toBe(final[column]);
      expect(await stack.stop()).toEqual(final);
    },
  );

  play(
    'with the key added first nothing fails; taken away and given back under load, it is seen',
    async () => {
      const stack = await stage({ kind });
      const key = keysIn(stack, 'tts-old');
      setKeys(stack, 'tts-new', key);
      expect(Object.values(stack.keysOf('new'))).toEqual(Object.values(stack.keysOf('gateway')));
      await stack.moveRoute('new');
      await until(async () => ((await stack.load.counts()).byServer['tts-new']?.ok ?? 0) >= 100);
      await stack.load.settled();
      expect(failures(await stack.load.counts())).toEqual({});
      setKeys(stack, 'tts-new', {});
      await until(async () => (await stack.load.counts()).failed >= 5);
      setKeys(stack, 'tts-new', key);
      const { failed } = await stack.load.settled();
      const mark = await stack.load.mark();
      await until(async () => (await stack.load.since(mark)).ok >= 40);
      expect(mark.failed).toBe(failed);
      expect(await stack.load.failedSince(mark)).toBe(0);
    },
  );

  play(
    'Tocsin opens its stores and its route by the settings, syncs, moves and rotates without a failure',
    async () => {
      const stack = await stage({ kind });
      const { keystores, routes, pairs } = stack.settings;
      const drivable = ROUTES.some(({ type }) => type === routes.tts?.type);
      const none = {
        commands: {},
        secrets: {},
        approvers: {},
        schedules: {},
        http: {},
        watch: {},
        impact: {},
      };
      const read = readRunbookSettings({ keystores, routes: drivable ? routes : {}, pairs, ...none }, String);
      if (!('settings' in read)) throw new Error(read.problems.join('\n'));
      const scrub = { learn() {} };
      const systems = openSystems(read.settings, { env: {}, scrub, fingerprint: fingerprints('pepper') });
      const { signal } = new AbortController();
      const [gateway, newer] = [systems.store('gateway'), systems.store('tts-new')];
      const [[id, key] = ['', new Secret('')]] = (await systems.store('tts-old').read(signal)).keys;
      const { key: own } = systems.pair('tts');
      expect((await gateway.read(signal)).keys.get(own)?.equals(key)).toBe(true);
      await newer.put(id, key, null, signal);
      if (drivable) await systems.route('tts').set('new', 'old', signal);
      else await stack.moveRoute('new');
      await until(async () => ((await stack.load.counts()).byServer['tts-new']?.ok ?? 0) >= 20);
      const next = new Secret('the-second-key-of-this-test');
      await newer.put('second', next, null, signal);
      await gateway.put(own, next, key, signal);
      // What is under way with the first key still needs it.
      await stack.load.settled();
      await newer.remove(id, key, signal);
      const mark = await stack.load.mark();
      await until(async () => (await stack.load.since(mark)).ok >= 20);
      const { sent, ok, failed } = await stack.load.stop();
      expect({ sent, failed }).toEqual({ sent: ok, failed: 0 });
      expect(await (await fetch(`${stack.urls.new}/metrics`)).text()).toContain('key="second"');
    },
  );

  play('a killed service shows as failures, not as a hang', async () => {
    const stack = await stage({ kind });
    await until(async () => (await stack.load.counts()).ok >= 5);
    process.kill(stack.old.pid, 'SIGKILL');
    await until(async () => (await stack.load.counts()).failed >= 30);
    const final = await stack.stop();
    expect(final).toMatchObject({ inFlight: 0, sent: final.ok + final.failed });
    expect(final.byOutcome['503']).toBeGreaterThan(0);
    expect(final.byServer.nobody?.failed).toBe(final.failed);
    // Refused at once, or reset when it was under way: nobody waited for an answer that could not come.
    const kinds = Object.keys(final.byOutcome).filter(
      (outcome) => !['201', '502', '503', 'ECONNRESET'].includes(outcome),
    );
    expect(kinds).toEqual([]);
  });

  play(
    'the request keeps its id, the key is the gateway’s own, and a route to nowhere is refused',
    async () => {
      const stack = await stage({ kind, rate: 1 });
      const ask = (headers: Record<string, string>) => fetch(stack.urls.through, { method: 'POST', headers });
      const kept = await ask({ 'x-request-id': 'abc-1', 'x-api-key': 'a client made this up' });
      expect([kept.status, kept.headers.get('x-request-id'), kept.headers.get('x-served-by')]).toEqual([
        201,
        'abc-1',
        'tts-old',
      ]);
      const [one, other] = [await ask({}), await ask({})];
      expect(one.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
      expect(one.headers.get('x-request-id')).not.toBe(other.headers.get('x-request-id'));
      await stack.moveRoute('elsewhere');
      expect((await ask({})).status).toBe(503);
      const direct = await fetch(`${stack.urls.new}/v1/clips`);
      expect([direct.status, direct.headers.get('x-served-by')]).toEqual([401, 'tts-new']);
    },
  );

  play('keys stand in the key files only, and those are private', async () => {
    const stack = await stage({ kind });
    await stack.moveRoute('new');
    await until(async () => (await stack.load.counts()).failed >= 1);
    const [key = ''] = Object.values(keysIn(stack, 'tts-old'));
    expect(key.length).toBeGreaterThanOrEqual(32);
    const said: string[] = [JSON.stringify([stack.settings, stack.keysOf('old'), stack.keysOf('gateway')])];
    for (const url of [stack.urls.old, stack.urls.new, stack.urls.gateway])
      said.push(await (await fetch(`${url}/metrics`)).text());
    said.push(JSON.stringify(await stack.stop()));
    expect(said.filter((text) => text.includes(key))).toEqual([]);
    const holders: string[] = [];
    for (const name of readdirSync(folder)) {
      const stat = statSync(join(folder, name));
      expect([name, (stat.mode & 0o777).toString(8)]).toEqual([name, '600']);
      if (stat.isFile() && readFileSync(join(folder, name), 'utf8').includes(key)) holders.push(name);
    }
    expect((statSync(folder).mode & 0o777).toString(8)).toBe('700');
    const gateway = kind === 'haproxy' ? 'keys.map' : 'keys.json';
    expect(holders.sort()).toEqual([gateway, 'old.keys.json', 'truth.keys.json'].sort());
  });

  play('nothing is left running after stop', async () => {
    const stack = await stage({ kind });
    expect(stack.pids.filter(gone)).toEqual([]);
    const [final, again] = await Promise.all([stack.stop(), stack.stop()]);
    expect(again).toBe(final);
    expect(stack.pids.filter((pid) => !gone(pid))).toEqual([]);
  });

  play('nothing is left running when the parent is killed', async () => {
    const script = `
      const { startStack } = await import(${JSON.stringify(pathOf('stack.mjs'))});
      const { pids } = await startStack(${JSON.stringify({ folder, rate: 200, kind })});
      console.log(JSON.stringify(pids));`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pids = JSON.parse(await firstLine(parent)) as number[];
    expect(pids.length).toBe(kind === 'haproxy' ? 5 : 4);
    expect(pids.filter(gone)).toEqual([]);
    parent.kill('SIGKILL');
    await until(() => pids.every(gone));
  });
});

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('no output');
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return line;
}

describe('a service', () => {
  test('judges every request by the keys of that moment', async () => {
    const path = join(folder, 'keys.json');
    replace(path, '{}');
    const service = await startTts('tts-new', path, folder);
    ends.push(service.stop);
    const statuses = async (...keys: string[]) => {
      const all: number[] = [];
      for (const key of keys)
        all.push((await fetch(`${service.url}/v1/clips`, { headers: { 'x-api-key': key } })).status);
      return all.join(' ');
    };
    // Same length every time, and written faster than some clocks tick: size and time alone would not tell.
    for (let n = 10; n < 60; n++) {
      replace(path, JSON.stringify({ current: `key-${n}` }));
      expect(await statuses(`key-${n}`, `key-${n - 1}`)).toBe('200 401');
    }
    replace(path, JSON.stringify({ a: 'key-1', b: 'key-2' }));
    expect(await statuses('key-1', 'key-2', 'key-3', '')).toBe('200 200 401 401');
    // Somebody who writes without care: half a file, then the rest of it, in place.
    writeFileSync(path, '{"a":"key-1"');
    expect(await statuses('key-1', 'key-2')).toBe('200 200');
    writeFileSync(path, '{"a":"key-1"}');
    expect(await statuses('key-1', 'key-2')).toBe('200 401');
    const text = await (await fetch(`${service.url}/metrics`)).text();
    expect(text).toContain('tts_requests_total{method="GET",status="200",key="a"} 3\n');
    expect(text).toContain('tts_requests_total{method="GET",status="401",key="none"} 1\n');
    expect(text).toMatch(/^tts_requests_in_flight 0$/m);
    expect(text).not.toContain('key-');
  });

  test('does not start without its keys, and says so without quoting them', async () => {
    const path = join(folder, 'keys.json');
    writeFileSync(path, '["sesame-open"]');
    const failure = await startTts('tts-new', path, folder).catch((error: Error) => error.message);
    expect(failure).toContain('keys.json cannot be read');
    expect(readFileSync(join(folder, 'stack.log'), 'utf8') + failure).not.toContain('sesame');
  });
});

describe('the generator', () => {
  /** What a server may do to a request, in turn. */
  const DEEDS = ['good', 'error', 'reset', 'half', 'other', 'good'] as const;

  async function served(
    act: (n: number, id: string) => string,
    hang = false,
  ): Promise<[Server, string, Map<string, number>]> {
    const tally = new Map<string, number>();
    let n = 0;
    const server = createServer((request, response) => {
      request.resume().once('end', () => {
        const id = String(request.headers['x-request-id']);
        const deed = act(n++, id);
        tally.set(deed, (tally.get(deed) ?? 0) + 1);
        if (hang) return;
        if (deed === 'reset') return request.socket.resetAndDestroy();
        response.writeHead(deed === 'error' ? 500 : 201, {
          'x-request-id': deed === 'other' ? 'another' : id,
          'content-length': 10,
        });
        response.write('12345');
        if (deed === 'half') setImmediate(() => request.socket.destroy());
        else response.end('67890');
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ends.push(async () => {
      server.closeAllConnections();
      server.close();
    });
    return [server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`, tally];
  }

  test('counts every request once, as what it came to, and sends none twice', async () => {
    const ids: string[] = [];
    const [, url, tally] = await served((n, id) => {
      ids.push(id);
      return DEEDS[n % DEEDS.length] ?? 'good';
    });
    const load = generate({ url, rate: 300, timeoutMs: 120_000 });
    const seen: Counts[] = [];
    await until(() => {
      seen.push(load.counts());
      return load.counts().sent >= 200;
    });
    const final = await load.stop();
    seen.push(final);
    expect(seen.filter((counts) => adds(counts) !== counts.sent)).toEqual([]);
    expect(final).toMatchObject({ inFlight: 0, sent: ids.length, ok: tally.get('good') });
    expect(new Set(ids).size).toBe(ids.length);
    expect(final.byOutcome).toEqual({
      201: tally.get('good'),
      500: tally.get('error'),
      ECONNRESET: (tally.get('reset') ?? 0) + (tally.get('half') ?? 0),
      'answer to another request': tally.get('other'),
    });
    expect(sum(final.byOutcome)).toBe(final.sent);
    expect(load.seconds().reduce((n, { sent }) => n + sent, 0)).toBe(final.sent);
  });

  test('goes on sending while nobody answers, and waits for nobody for ever', async () => {
    const [, url, tally] = await served(() => 'hang', true);
    const load = generate({ url, rate: 200, timeoutMs: 600 });
    // More of them wait than any number of connections that a closed loop would use.
    await until(() => load.counts().inFlight >= 40);
    const final = await load.stop();
    expect(final).toMatchObject({
      ok: 0,
      failed: final.sent,
      inFlight: 0,
      byOutcome: { timeout: final.sent },
    });
    expect(tally.get('hang')).toBeLessThanOrEqual(final.sent);
  });

  test('no more are under way than it may have, and what waits for that is said to be late', async () => {
    const [, url] = await served(() => 'hang', true);
    const load = generate({ url, rate: 2_000, timeoutMs: 300, most: 20 });
    let most = 0;
    await until(() => {
      most = Math.max(most, load.counts().inFlight);
      return load.counts().sent >= 60;
    });
    const final = (await load.stop()) as Counts & { maxLateMs: number };
    expect(most).toBeLessThanOrEqual(20);
    expect(final.maxLateMs).toBeGreaterThanOrEqual(200);
  });

  test('an address where nobody listens is so many failures', async () => {
    const [server, url] = await served(() => 'good');
    await new Promise((resolve) => server.close(resolve));
    const load = generate({ url, rate: 200 });
    await until(() => load.counts().failed >= 10);
    const final = await load.stop();
    expect(final).toMatchObject({ ok: 0, failed: final.sent, byOutcome: { ECONNREFUSED: final.sent } });
  });
});

describe('a stage that cannot start', () => {
  /** Processes whose command line names this folder. */
  const running = () =>
    readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid))
      .filter((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
        } catch {
          return false;
        }
      });

  (existsSync('/proc') ? test : test.skip)('leaves nothing running', async () => {
    const good = await stage({ kind: 'node' });
    expect(running().length).toBeGreaterThanOrEqual(3);
    await good.stop();
    // The services are up by the time that the gateway finds its file in the way.
    rmSync(join(folder, 'keys.json'));
    mkdirSync(join(folder, 'keys.json'));
    await expect(startStack({ folder, kind: 'node' })).rejects.toThrow('EISDIR');
    expect(running()).toEqual([]);
  });

  test.each([
    ['x'.repeat(100), 'too long for a socket'],
    ['a b', 'characters that haproxy.cfg cannot hold'],
  ])('for HAProxy says what is wrong with the folder %s', async (name, reason) => {
    await expect(startStack({ folder: join(folder, name), kind: 'haproxy' })).rejects.toThrow(reason);
  });
});

test('a generator that was killed cannot say what it counted, and keeps nothing running', async () => {
  const stack = await stage({ kind: 'node' });
  process.kill(stack.load.pid, 'SIGKILL');
  await expect(stack.stop()).rejects.toThrow('the load generator has ended');
  expect(stack.pids.filter((pid) => !gone(pid))).toEqual([]);
});

(prometheus ? test : test.skip)('Prometheus reads the services', async () => {
  const stack = await stage({ kind: haproxy ? 'haproxy' : 'node' });
  const targets = { 'tts-old': stack.urls.old, 'tts-new': stack.urls.new, gateway: stack.urls.gateway };
  const server = await startPrometheus({ folder, targets });
  ends.push(server.stop);
  const ask = async (query: string) => {
    const answer = await fetch(`${server.url}/api/v1/query?query=${encodeURIComponent(query)}`);
    const { data } = (await answer.json()) as { data: { result: Array<{ value: [number, string] }> } };
    return Number(data.result[0]?.value[1] ?? 0);
  };
  await until(async () => (await ask('sum(up)')) === 3);
  await stack.moveRoute('new');
  await until(async () => (await ask('sum(tts_requests_total{job="tts-new",status="401"})')) >= 19);
  await server.stop();
  expect(server.pids.filter((pid) => !gone(pid))).toEqual([]);
});
