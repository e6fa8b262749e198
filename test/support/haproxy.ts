import { mkdtemp, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { available, Server } from './server.js';
import { until } from './until.js';
import { freePort } from './wire.js';

/** A real HAProxy of one's own, in a folder of its own. */
export interface TestHaproxy {
  folder: string;
  url: string;
  /** Its Runtime API. */
  socket: string;
  /** Maps by name, as files: `keys`, and `route` in a gateway. */
  map(name: 'keys' | 'route'): string;
  /** Sends one line to the Runtime API and gives the answer. */
  tell(line: string): Promise<string>;
  /** Reads its configuration and its maps again, and waits until the new worker answers. */
  reload(): Promise<void>;
  /** Without a good-bye; the folder stays. */
  kill9(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Whether haproxy is here; where tests must be complete its absence is an error. */
export const haproxyAvailable = (): boolean => available(['haproxy', '-v'], 'haproxy');

/** A service that takes what has a key of its map (`KEY ID` a line) in `x-key`, and refuses the rest with 401. */
export const acceptor = (keys = ''): Promise<TestHaproxy> =>
  start({ keys, route: '' }, (port, map) => [
    'frontend accepts',
    `  bind 127.0.0.1:${port}`,
    `  http-request return status 401 unless { req.hdr(x-key),map(${map('keys')}) -m found }`,
    `  http-request return status 200 content-type text/plain lf-string %[req.hdr(x-key),map(${map('keys')})]`,
  ]);

/**
 * A gateway that sets `x-key` to the key of its client (`ID KEY` a line), and sends it where `active` of its route map
 * points, to the instances there in turn. It tries no request twice.
 * @param given `client` the one that all requests come from; else each says it in `x-client`
 */
export const gateway = (
  backends: Record<string, string | string[]>,
  { keys = '', route = '', client }: { keys?: string; route?: string; client?: string } = {},
): Promise<TestHaproxy> =>
  start({ keys, route }, (port, map) => [
    'frontend sends',
    `  bind 127.0.0.1:${port}`,
    `  http-request set-header x-key %[${client ? `str(${client})` : 'req.hdr(x-client)'},map(${map('keys')})]`,
    `  use_backend %[str(active),map(${map('route')})]`,
    ...Object.entries(backends).flatMap(([name, urls]) => [
      `backend ${name}`,
      '  retries 0',
      `  http-response set-header x-backend ${name}`,
      ...[urls].flat().map((url, n) => `  server instance-${n + 1} ${new URL(url).host}`),
    ]),
  ]);

/** What stands in front of webs. @param backend lines of its configuration, the section's head and the servers included */
export const balancer = (port: number, backend: string[]): Promise<TestHaproxy> =>
  start(
    { keys: '', route: '' },
    () => ['frontend people', `  bind 127.0.0.1:${port}`, '  default_backend tocsin', ...backend],
    port,
  );

async function start(
  maps: Record<'keys' | 'route', string>,
  services: (port: number, map: (name: 'keys' | 'route') => string) => string[],
  at?: number,
): Promise<TestHaproxy> {
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-haproxy-'));
  const port = at ?? (await freePort());
  const socket = join(folder, 'admin.sock');
  const config = join(folder, 'haproxy.cfg');
  const map = (name: 'keys' | 'route') => join(folder, `${name}.map`);
  for (const [name, content] of Object.entries(maps)) await writeFile(join(folder, `${name}.map`), content);
  const lines = [
    'global',
    `  stats socket ${socket} mode 600 level admin expose-fd listeners`,
    'defaults',
    '  mode http',
    '  timeout connect 120s',
    '  timeout client 120s',
    '  timeout server 120s',
    ...services(port, map),
    '',
  ];
  await writeFile(config, lines.join('\n'));
  const tell = (line: string) =>
    new Promise<string>((resolve, reject) => {
      let answer = '';
      const connection = connect(socket, () => connection.write(`${line}\n`));
      connection.on('data', (chunk) => {
        answer += chunk;
      });
      connection.on('error', reject);
      connection.on('close', () => resolve(answer));
    });
  const worker = async () => Number(/^Pid: (\d+)/m.exec(await tell('show info').catch(() => ''))?.[1] ?? 0);
  const server = new Server({
    name: 'haproxy',
    command: ['haproxy', '-W', '-db', '-q', '-f', config],
    folder,
    ready: async () => (await worker()) > 0,
    // A worker goes when its master does; until then it would go on answering.
    children: async () => [await worker()].filter((pid) => pid > 0),
  });
  await server.start();
  return {
    folder,
    url: `http://127.0.0.1:${port}`,
    socket,
    map,
    tell,
    async reload() {
      const before = await worker();
      server.sends('SIGUSR2');
      await until('another worker of haproxy answers', async () => {
        const now = await worker();
        return now > 0 && now !== before;
      });
    },
    kill9: () => server.kill(),
    start: () => server.start(),
    stop: () => server.stop(),
  };
}
