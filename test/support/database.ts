import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { packageFolder, runnableBinaries } from '#store/embedded/binaries.js';
import { chooseAccount } from '#store/embedded/folder.js';
import { type Connection, connectionUrl, port, role } from '#store/embedded/server.js';
import { migrate } from '#store/migrate.js';
import { postgresServer } from './postgres.js';
import { folderOfThisRun, ofThisRun } from './run.js';
import type { Server } from './server.js';

export type TestDatabase = {
  /** Spread into a `pg.PoolConfig`. */
  config: Connection;
  /** The same as a `DATABASE_URL`. */
  url: string;
  /** Drops the database, whoever is still connected. */
  close(): Promise<void>;
};

/**
 * A fresh, migrated database for one test file, with nothing in it: a copy of one that the first file of the run has
 * migrated, on a real PostgreSQL that all files of the run share.
 *
 *     let db: TestDatabase;
 *     beforeAll(async () => { db = await testDatabase(); });
 *     afterAll(() => db.close());
 */
export async function testDatabase(): Promise<TestDatabase> {
  const server = await sharedServer();
  return create(server, await migratedTemplate(server));
}

/** One without a table, for tests of what migrates it or has nothing to do with our tables. */
export async function emptyDatabase(): Promise<TestDatabase> {
  return create(await sharedServer(), 'template0');
}

/** A database on a PostgreSQL of its own, which can be killed and started again. */
export type MortalDatabase = TestDatabase & {
  /** Without a good-bye, as in a power cut that spares the disk. */
  kill(): Promise<void>;
  start(): Promise<void>;
};

/** The same as `testDatabase`, for tests that take its server away: what it has said to be committed it still has then. */
export async function mortalDatabase(): Promise<MortalDatabase> {
  const run = await folderOfThisRun();
  const server = await serverIn(await mkdtemp(join(run, 'mortal-')), run, ['synchronous_commit=on']);
  await server.start();
  const config = { host: server.description.folder, port, user: role, database: 'tocsin' };
  await admin({ ...config, database: 'postgres' }, (client) => client.query('CREATE DATABASE tocsin'));
  await migrate(config);
  return {
    config,
    url: connectionUrl(config),
    // Ends what belongs to it too, and writes nothing more.
    kill: () => server.kill('SIGQUIT'),
    start: () => server.start(),
    close: () => server.stop('SIGQUIT'),
  };
}

async function create(server: Connection, template: string): Promise<TestDatabase> {
  const config = { ...server, database: `test_${randomBytes(6).toString('hex')}` };
  await admin(server, (client) => client.query(`CREATE DATABASE ${config.database} TEMPLATE ${template}`));
  return {
    config,
    url: connectionUrl(config),
    async close() {
      await admin(server, (client) =>
        client.query(`DROP DATABASE IF EXISTS ${config.database} WITH (FORCE)`),
      );
    },
  };
}

function sharedServer(): Promise<Connection> {
  return ofThisRun('postgres', async (folder) => {
    // Databases come and go; their log need not be kept for long.
    const server = await serverIn(folder, dirname(folder), ['max_wal_size=1GB', 'checkpoint_timeout=1h']);
    await server.start();
    return { server, said: { host: folder, port, user: role, database: 'postgres' } };
  });
}

/**
 * The same programs that the bot starts where it has no other database; durability alone is not asked of them.
 * @param beside where the programs are made runnable for the account that the server runs as
 */
async function serverIn(folder: string, beside: string, settings: string[]): Promise<Server> {
  const account = await chooseAccount(null, folder);
  const { postgres } = await runnableBinaries(packageFolder(), beside, account);
  return postgresServer(folder, dirname(postgres), account, {
    initdb: ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'],
    settings: [
      // Files that run beside each other share one, some with a dozen processes, killed or stopped, that hold on to theirs.
      ...['max_connections=300', 'timezone=UTC', 'jit=off', 'io_method=sync'],
      // Nobody else reads its log.
      ...['wal_level=minimal', 'max_wal_senders=0', ...settings],
    ],
  });
}

const MIGRATIONS = fileURLToPath(new URL('../../migrations', import.meta.url));
/** Names our lock among those of the `postgres` database. */
const LOCK = 0x74656d;

/** @returns the name of the database that was migrated once, by these very migrations */
async function migratedTemplate(server: Connection): Promise<string> {
  const hash = createHash('sha256');
  for (const name of readdirSync(MIGRATIONS).filter((one) => one.endsWith('.sql')))
    hash.update(readFileSync(join(MIGRATIONS, name)));
  const template = `migrated_${hash.digest('hex').slice(0, 12)}`;
  await admin(server, async (client) => {
    const there = async () =>
      (await client.query('select 1 from pg_database where datname = $1', [template])).rowCount;
    if (await there()) return;
    // Whoever comes second finds it made; it gets its name only when it is whole.
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    if (await there()) return;
    const half = `half_${randomBytes(6).toString('hex')}`;
    await client.query(`CREATE DATABASE ${half} TEMPLATE template0`);
    await migrate({ ...server, database: half });
    // Nobody is connected to a template, ever: so files may copy it at the same moment.
    await client.query(`ALTER DATABASE ${half} ALLOW_CONNECTIONS false`);
    await client.query(`ALTER DATABASE ${half} RENAME TO ${template}`);
  });
  return template;
}

async function admin<T>(server: Connection, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(server);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
