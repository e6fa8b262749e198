import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

/** A real redis-server of one's own. */
export interface TestRedis {
  url: string;
  pid(): number;
  flushall(): Promise<void>;
  /** Kills it without a good-bye. The data of this test server is in memory only and goes with it. */
  kill9(): Promise<void>;
  /** Starts it again, empty, on the same port. */
  restart(): Promise<void>;
  /** How many keys it holds. */
  keys(): Promise<number>;
  /** How many clients it has, the one that asks apart. */
  connections(): Promise<number>;
  stop(): Promise<void>;
}

const INSTALL = 'apt-get install -y --no-install-recommends redis-server';

/**
 * Whether redis-server is on this machine. Where tests must be complete (`CI=true`,
 * `TOCSIN_TEST_REQUIRE=1`) its absence is an error; elsewhere it is a skip that says how to end it.
 */
export function redisAvailable(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    const line = `redis-server is missing; install it with: ${INSTALL}`;
    if (process.env.CI === 'true' || process.env.TOCSIN_TEST_REQUIRE === '1') throw new Error(line);
    process.stderr.write(`skipped: ${line}\n`);
    return false;
  }
}

/** Starts redis-server on a free port in a folder of its own. */
export async function startRedis(): Promise<TestRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-redis-'));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const settings = [
    '--port',
    `${port}`,
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--save',
    '',
    '--appendonly',
    'no',
  ];
  let server: ChildProcess | undefined;

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const dying = server;
    server = undefined;
    if (!dying || dying.exitCode !== null || dying.signalCode !== null) return;
    const gone = new Promise((resolve) => dying.once('exit', resolve));
    dying.kill(signal);
    await gone;
  };
  const start = async (): Promise<void> => {
    server = spawn('redis-server', settings, { stdio: 'ignore' });
    await using(url, (client) => client.ping());
  };
  await start();
  return {
    url,
    pid: () => server?.pid ?? 0,
    async flushall() {
      await using(url, (client) => client.flushall());
    },
    keys: () => using(url, (client) => client.dbsize()),
    connections: () =>
      using(
        url,
        async (client) =>
          String(await client.client('LIST'))
            .trim()
            .split('\n').length - 1,
      ),
    kill9: () => end('SIGKILL'),
    restart: start,
    async stop() {
      await end('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Asks the server something, waiting for it to come up. */
async function using<T>(url: string, ask: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url, { retryStrategy: () => 20, maxRetriesPerRequest: null });
  client.on('error', () => {});
  try {
    return await Promise.race([
      ask(client),
      sleep(10_000, undefined, { ref: false }).then(() => {
        throw new Error('redis-server does not answer');
      }),
    ]);
  } finally {
    client.disconnect();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
