import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { available, Server } from './server.js';
import { freePort } from './wire.js';

/** A real nginx of one's own, with an include file that names the service. */
export interface TestNginx {
  folder: string;
  url: string;
  /** Where it says which service it goes by now. */
  live: string;
  /** The include file: `map "" $service { default NAME; }`. */
  file: string;
  pid: string;
  /** `nginx -t` and `nginx -s reload` with its configuration. */
  test: string[];
  reload: string[];
  stop(): Promise<void>;
}

/** Whether nginx is here; where tests must be complete its absence is an error. */
export const nginxAvailable = (): boolean => available(['nginx', '-v'], 'nginx');

/** Two workers, answering every request with the name of the service. */
export async function startNginx(service: string): Promise<TestNginx> {
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-nginx-'));
  await mkdir(join(folder, 'temp'));
  const port = await freePort();
  const file = join(folder, 'service.conf');
  const config = join(folder, 'nginx.conf');
  const pid = join(folder, 'nginx.pid');
  await writeFile(file, `map "" $service { default ${service}; }\n`);
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `  ${kind}_temp_path ${join(folder, 'temp', kind)};`,
  );
  const lines = [
    // Run as whoever runs the tests, root included: its folder is nobody else's.
    process.getuid?.() === 0 ? 'user root;' : '',
    'worker_processes 2;',
    'daemon off;',
    `pid ${pid};`,
    `error_log ${join(folder, 'error.log')};`,
    'events {}',
    'http {',
    '  access_log off;',
    ...temp,
    `  include ${file};`,
    '  server {',
    `    listen 127.0.0.1:${port};`,
    '    location = /route { return 200 $service; }',
    '    location / { return 200 "served by $service"; }',
    '  }',
    '}',
    '',
  ];
  await writeFile(config, lines.join('\n'));
  const args = ['-p', folder, '-e', join(folder, 'error.log'), '-c', config];
  const live = `http://127.0.0.1:${port}/route`;
  const server = new Server({
    name: 'nginx',
    command: ['nginx', ...args],
    folder,
    ready: async () => (await fetch(live)).ok,
  });
  await server.start();
  return {
    folder,
    url: `http://127.0.0.1:${port}`,
    live,
    file,
    pid,
    test: ['nginx', '-t', '-q', ...args],
    reload: ['nginx', '-s', 'reload', ...args],
    // So it ends its workers too.
    stop: () => server.stop('SIGTERM'),
  };
}
