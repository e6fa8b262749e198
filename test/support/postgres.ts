import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/** A PostgreSQL of the machine's own, with the programs that come with it, in a folder of its own. */
export interface TestPostgres {
  url(database: string): string;
  /** Superuser's word, in `postgres` or another database. */
  sql(text: string, database?: string): Promise<pg.QueryResult>;
  /** `pg_dump`, `pg_restore` …, as anybody would type them. */
  runs(program: string, ...args: string[]): void;
  folder: string;
  stop(): Promise<void>;
}

const INSTALL = 'apt-get install -y --no-install-recommends postgresql';

/** Where Debian keeps them, newest first. */
const PROGRAMS = '/usr/lib/postgresql';

function programs(): string | null {
  try {
    const versions = readdirSync(PROGRAMS).sort((a, b) => Number(b) - Number(a));
    const found = versions.find((version) =>
      ['initdb', 'postgres', 'pg_dump'].every((name) =>
        readdirSync(join(PROGRAMS, version, 'bin')).includes(name),
      ),
    );
    return found === undefined ? null : join(PROGRAMS, found, 'bin');
  } catch {
    return null;
  }
}

/** Whether one is here; where tests must be complete its absence is an error. */
export function postgresAvailable(): boolean {
  if (programs() !== null) return true;
  const line = `a PostgreSQL with pg_dump is missing; install it with: ${INSTALL}`;
  if (process.env.CI === 'true' || process.env.TOCSIN_TEST_REQUIRE === '1') throw new Error(line);
  process.stderr.write(`skipped: ${line}\n`);
  return false;
}

export async function startPostgres(): Promise<TestPostgres> {
  const bin = programs();
  if (bin === null) throw new Error(`no PostgreSQL here; install it with: ${INSTALL}`);
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-pg-'));
  // It refuses to run as root.
  const as = process.getuid?.() === 0 ? account('postgres') : {};
  if (as.uid !== undefined && as.gid !== undefined) await chown(folder, as.uid, as.gid);
  const data = join(folder, 'data');
  const settings = { cwd: folder, env: { PATH: bin, LC_ALL: 'C' }, stdio: 'ignore' as const, ...as };
  execFileSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'tocsin', '-A', 'trust', '-E', 'UTF8', '-N'],
    settings,
  );
  const options = [
    'fsync=off',
    'listen_addresses=',
    'shared_buffers=16MB',
    `unix_socket_directories=${folder}`,
  ];
  const server: ChildProcess = spawn(
    join(bin, 'postgres'),
    ['-D', data, ...options.flatMap((one) => ['-c', one])],
    settings,
  );
  const gone = once(server, 'exit');
  const at = (database: string) => ({ host: folder, user: 'tocsin', database });
  const sql = async (text: string, database = 'postgres') => {
    const client = new pg.Client(at(database));
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await client.query(text);
    } finally {
      await client.end();
    }
  };
  for (;;) {
    const answers = await sql('select 1').catch(() => null);
    if (answers) break;
    if (server.exitCode !== null)
      throw new Error(`PostgreSQL did not start: it ended with ${server.exitCode}`);
    await sleep(50);
  }
  return {
    folder,
    sql,
    url: (database) => `postgres://tocsin@/${database}?host=${encodeURIComponent(folder)}`,
    runs: (program, ...args) =>
      void execFileSync(join(bin, program), args, {
        ...settings,
        env: { ...settings.env, PGHOST: folder, PGUSER: 'tocsin' },
        stdio: ['ignore', 'ignore', 'inherit'],
      }),
    async stop() {
      if (server.exitCode === null && server.signalCode === null) {
        server.kill('SIGINT');
        await gone;
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function account(name: string): { uid?: number; gid?: number } {
  const id = (which: string) => Number(execFileSync('id', [which, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
