import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

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

const INSTALL = 'apt-get install -y --no-install-recommends nginx';

/** Whether nginx is here; where tests must be complete its absence is an error. */
export function nginxAvailable(): boolean {
  try {
    execFileSync('nginx', ['-v'], { stdio: 'ignore' });
    return true;
  } catch {
    const line = `nginx is missing; install it with: ${INSTALL}`;
    if (process.env.CI === 'true' || process.env.TOCSIN_TEST_REQUIRE === '1') throw new Error(line);
    process.stderr.write(`skipped: ${line}\n`);
    return false;
  }
}

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
  const server: ChildProcess = spawn('nginx', args, { stdio: 'ignore' });
  const live = `http://127.0.0.1:${port}/route`;
  for (let tries = 0; ; tries++) {
    if (
      await fetch(live).then(
        (answer) => answer.ok,
        () => false,
      )
    )
      break;
    if (tries > 1_000 || server.exitCode !== null) throw new Error('nginx does not answer');
    await sleep(10);
  }
  return {
    folder,
    url: `http://127.0.0.1:${port}`,
    live,
    file,
    pid,
    test: ['nginx', '-t', '-q', ...args],
    reload: ['nginx', '-s', 'reload', ...args],
    async stop() {
      if (server.exitCode === null) {
        const gone = once(server, 'exit');
        server.kill('SIGTERM');
        await gone;
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
