import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { openEmbedded } from '#store/embedded/embedded.js';
import { type Connection, connectionUrl } from '#store/embedded/server.js';

export type TestDatabase = {
  /** Spread into a `pg.PoolConfig`. */
  config: Connection;
  /** The same as a `DATABASE_URL`. */
  url: string;
  /** Drops the database, whoever is still connected. */
  close(): Promise<void>;
};

/**
 * A fresh, empty database for one test file, on a real embedded PostgreSQL that all test files of this run
 * share: the first file starts it, the last to close stops it, and its folder goes when the run ends.
 *
 *     let db: TestDatabase;
 *     beforeAll(async () => { db = await testDatabase(); });
 *     afterAll(() => db.close());
 */
export async function testDatabase(): Promise<TestDatabase> {
  const folder = join(tmpdir(), `tocsin-test-${process.getuid?.()}-${runPid()}`);
  await makeFolder(folder);
  const embedded = await openEmbedded({
    dataDir: join(folder, 'data'),
    systemFolder: join(folder, 'system'),
    role: 'guest',
    // Files that run beside each other share it, some with a dozen processes, killed or stopped, that hold on to theirs.
    connections: 300,
  });
  const name = `test_${randomBytes(6).toString('hex')}`;
  // template0: nobody is ever connected to it, so files may create their databases at the same moment.
  await admin(embedded.connection, `CREATE DATABASE ${name} TEMPLATE template0`);
  // What a test records need not outlive a crash of the machine, and so waits for no disk that another test keeps busy.
  await admin(embedded.connection, `ALTER DATABASE ${name} SET synchronous_commit = off`);
  const config = { ...embedded.connection, database: name };
  return {
    config,
    url: connectionUrl(config),
    async close() {
      await admin(embedded.connection, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await embedded.close();
    },
  };
}

async function admin(connection: Connection, sql: string): Promise<void> {
  const client = new pg.Client({ ...connection, database: 'postgres' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** Whoever creates the folder also sees to its removal, by a shell that outlives even a killed run. */
async function makeFolder(folder: string): Promise<void> {
  const made = await mkdir(folder, { mode: 0o711 }).then(
    () => true,
    () => false,
  );
  if (!made) return;
  await chmod(folder, 0o711); // whatever the umask says
  const watcher = spawn('/bin/sh', ['-c', removeAfterRun, 'sh', String(runPid()), folder], {
    detached: true,
    stdio: 'ignore',
    cwd: '/',
  });
  watcher.on('error', () => undefined);
  watcher.unref();
}

// The server was stopped by the last test file; only after a killed run is there one to stop, and then nobody
// holds its folder any more, so its pid file is the truth.
const removeAfterRun = `
  while kill -0 "$1" 2>/dev/null; do sleep 0.2; done
  for file in "$2"/data/postgres/postmaster.pid "$2"/system/*/postgres/postmaster.pid; do
    [ -f "$file" ] || continue
    pid=$(sed -n 1p "$file"); socket=$(sed -n 5p "$file")
    kill -INT "$pid" && while kill -0 "$pid"; do sleep 0.1; done
    rmdir "$socket"
  done
  rm -rf "$2"
`;

/** The process whose end is the end of the run: jest itself, of which we may be a worker. */
function runPid(): number {
  return process.argv[1]?.includes('jest-worker') ? process.ppid : process.pid;
}
