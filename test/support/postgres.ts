import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { chmod, chown, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { roomForDatabases } from './room.js';
import { missing, Server } from './server.js';

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
export const postgresAvailable = (): boolean =>
  programs() !== null || missing('a PostgreSQL with pg_dump', 'postgresql');

export async function startPostgres(): Promise<TestPostgres> {
  const bin = programs();
  if (bin === null) throw new Error('no PostgreSQL here');
  const folder = await mkdtemp(join(roomForDatabases(), 'tocsin-pg-'));
  // It refuses to run as root.
  const as = process.getuid?.() === 0 ? account('postgres') : null;
  const server = await postgresServer(folder, bin, as);
  await server.start();
  return {
    folder,
    sql: (text, database = 'postgres') => superuser(folder, text, database),
    url: (database) => `postgres://tocsin@/${database}?host=${encodeURIComponent(folder)}`,
    runs: (program, ...args) =>
      void execFileSync(join(bin, program), args, {
        ...as,
        cwd: folder,
        env: { PATH: bin, LC_ALL: 'C', PGHOST: folder, PGUSER: 'tocsin' },
        stdio: ['ignore', 'ignore', 'inherit'],
      }),
    stop: () => server.stop('SIGINT'),
  };
}

/**
 * A PostgreSQL with new data, not started yet, that listens in its folder only. What tests record need not outlive
 * the machine, so it waits for no disk.
 * @param bin folder of its programs
 * @param as whose the data are
 */
export async function postgresServer(
  folder: string,
  bin: string,
  as: { uid: number; gid: number } | null,
  { initdb = [], settings = [] }: { initdb?: string[]; settings?: string[] } = {},
): Promise<Server> {
  await chmod(folder, 0o700);
  if (as) await chown(folder, as.uid, as.gid);
  const data = join(folder, 'data');
  const options = { ...(as && { uid: as.uid, gid: as.gid }), env: { PATH: bin, LC_ALL: 'C', TZ: 'UTC' } };
  execFileSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'tocsin', '-A', 'trust', '-E', 'UTF8', '-N', ...initdb],
    { ...options, cwd: folder, stdio: 'ignore' },
  );
  const all = [
    ...['fsync=off', 'full_page_writes=off', 'synchronous_commit=off', 'listen_addresses='],
    ...['shared_buffers=32MB', `unix_socket_directories=${folder}`, 'unix_socket_permissions=0700'],
    ...settings,
  ];
  return new Server({
    name: 'postgres',
    command: [join(bin, 'postgres'), '-D', data, ...all.flatMap((one) => ['-c', one])],
    folder,
    options: { ...options, detached: true },
    ready: async () => Boolean(await superuser(folder, 'select 1')),
  });
}

async function superuser(folder: string, text: string, database = 'postgres'): Promise<pg.QueryResult> {
  const client = new pg.Client({ host: folder, user: 'tocsin', database });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await client.query(text);
  } finally {
    await client.end();
  }
}

function account(name: string): { uid: number; gid: number } {
  const id = (which: string) => Number(execFileSync('id', [which, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
