import { mkdtemp } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { available, Server } from './server.js';
import { freePort } from './wire.js';

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

/** Whether redis-server is on this machine; where tests must be complete its absence is an error. */
export const redisAvailable = (): boolean => available(['redis-server', '--version'], 'redis-server');

/** Starts redis-server on a free port in a folder of its own. */
export async function startRedis(): Promise<TestRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-redis-'));
  const port = await freePort();
  const settings = { port: `${port}`, bind: '127.0.0.1', dir: folder, save: '', appendonly: 'no' };
  const server = new Server({
    name: 'redis-server',
    command: ['redis-server', ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])],
    folder,
    ready: async () => (await ask(port, 'PING')) === '+PONG',
  });
  await server.start();
  return {
    url: `redis://127.0.0.1:${port}`,
    pid: () => server.pid,
    async flushall() {
      await ask(port, 'FLUSHALL');
    },
    keys: async () => Number((await ask(port, 'DBSIZE')).slice(1)),
    // A line for each client, below one that says how long the answer is.
    connections: async () => (await ask(port, 'CLIENT LIST')).split('\n').length - 2,
    kill9: () => server.kill(),
    restart: () => server.start(),
    stop: () => server.stop(),
  };
}

/** Says one line to a Redis. @returns its answer, as it is on the wire, without the last line's end */
function ask(port: number, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const connection = connect(port, '127.0.0.1', () => connection.write(`${line}\r\nQUIT\r\n`));
    connection.on('data', (chunk) => {
      answer += chunk;
    });
    connection.on('error', reject);
    connection.on('close', () => {
      // The good-bye's own answer comes last.
      const said = answer.endsWith('+OK\r\n') ? answer.slice(0, -'+OK\r\n'.length) : answer;
      if (said.startsWith('-') || said === '') reject(new Error(`redis-server: ${said}`));
      else resolve(said.trimEnd());
    });
  });
}
