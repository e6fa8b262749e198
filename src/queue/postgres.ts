import {
  assertSchemaCompatibility,
  type BackendFactory,
  LATEST_SCHEMA_VERSION,
  PostgresConnection,
  type PostgresConnectionOptions,
  PostgresQueueBackend,
  Queue,
  type QueueBaseOptions,
  type RedisQueueBackend,
  runMigrations,
  SchemaMigrationRequiredError,
  Worker,
} from 'bullmq';
import pg from 'pg';
import { outliving } from '#store/pools.js';
import type { Backing } from './backing.js';
import { queueSettings, workerSettings } from './settings.js';

/** Where BullMQ keeps its tables, apart from ours. */
export const QUEUE_SCHEMA = 'tocsin_queue';

type Factory = BackendFactory<PostgresQueueBackend> & BackendFactory<RedisQueueBackend>;

// Wake-ups are tiny: more connections than this only take them from the store. One of them listens.
const POOL_SIZE = 5;

const CLAMP_MS = 5_000;
/** What cannot be: a look for the dead that was made later than now, a lock that lasts longer than locks do. */
const CLAMP_SQL = `
  with looked as (
    update meta set value = ($1::bigint)::text
    where field = 'stalled-check' and value::bigint > $1::bigint + 1000
  )
  update job set locked_until_ms = $2
  where state = 'active' and locked_until_ms > $2::bigint + 1000`;

/**
 * BullMQ on PostgreSQL. Migrates BullMQ's schema when it is missing or old.
 *
 * One pool and one LISTEN connection serve every queue and worker of the process (BullMQ's
 * `createPostgresBackend` would open a pool for each): two connections at rest.
 *
 * @throws when the database cannot be reached; without it there is no bot to run.
 */
export async function postgresBacking(
  database: pg.PoolConfig,
  onError: (error: Error) => void,
): Promise<Backing> {
  await migrateQueue(database);
  const pool = outliving(
    new pg.Pool({
      ...poolOptions(database),
      max: POOL_SIZE,
      application_name: 'tocsin-queue',
      options: [database.options, `-c search_path=${QUEUE_SCHEMA}`].filter(Boolean).join(' '),
    }),
  );
  const connection = new Connection(pool);
  connection.on('error', onError);
  try {
    // BullMQ keeps a failed first contact for the life of the connection, so it happens here, where it can
    // be reported, and before any queue or worker stands on it.
    await connection.waitUntilReady();
  } catch (error) {
    await connection.close();
    await pool.end();
    throw error;
  }
  // BullMQ's classes are typed by their backend and default to Redis's; nobody above uses that part.
  const share = ((name, options, role) =>
    // Only the "owner" listens again after a dropped connection, and workers must. That closing one worker
    // then closes the connection for all is no harm: the engine closes everything together.
    new PostgresQueueBackend(
      connection,
      name,
      options as QueueBaseOptions<PostgresConnectionOptions>,
      role?.withBlockingConnection ?? false,
    )) as Factory;
  const common = { connection: {} };
  // BullMQ keeps times of day here, by the clock of whoever wrote them. One that was ahead would keep jobs of the dead locked,
  // and everybody from looking for them, until it is reached.
  const clamp = () => {
    const now = Date.now();
    pool.query(CLAMP_SQL, [now, now + workerSettings.lockDuration]).catch(onError);
  };
  clamp();
  const clamping = setInterval(clamp, CLAMP_MS);
  clamping.unref();
  return {
    kind: 'postgres',
    queue: (name) => new Queue(name, { ...queueSettings, ...common }, share),
    worker: (name, processor, concurrency) =>
      new Worker(name, processor, { ...workerSettings, ...common, concurrency }, share),
    check: () => null,
    async close() {
      clearInterval(clamping);
      await connection.close();
      await pool.end();
    },
  };
}

/**
 * On a pool of ours: one that BullMQ makes, and what listens beside it, hear of a broken connection too late, see
 * `outliving`. Of such a pool it would take its tables to be in another schema.
 */
class Connection extends PostgresConnection {
  override readonly schema = QUEUE_SCHEMA;
}

/**
 * Brings BullMQ's schema up to date; safe to call from several processes at once. Without need it changes
 * nothing and asks for no right to create anything.
 */
export async function migrateQueue(database: pg.PoolConfig): Promise<void> {
  const client = new pg.Client(poolOptions(database));
  client.on('error', () => {});
  await client.connect();
  try {
    const version = await assertSchemaCompatibility(client, QUEUE_SCHEMA).catch((error: unknown) => {
      if (error instanceof SchemaMigrationRequiredError) return 0;
      throw error;
    });
    if (version < LATEST_SCHEMA_VERSION) await runMigrations(client, QUEUE_SCHEMA);
  } finally {
    await client.end();
  }
}

function poolOptions(database: pg.PoolConfig): pg.PoolConfig {
  return {
    ...database,
    // A server that neither answers nor refuses must not hold a wake-up for ever.
    connectionTimeoutMillis: 5_000,
    query_timeout: 5_000,
    idleTimeoutMillis: 10_000,
    keepAlive: true,
  };
}
