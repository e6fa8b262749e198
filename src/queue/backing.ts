import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { types } from 'node:util';
import {
  assertSchemaCompatibility,
  type BackendFactory,
  LATEST_SCHEMA_VERSION,
  PostgresConnection,
  type PostgresConnectionOptions,
  PostgresQueueBackend,
  type Processor,
  Queue,
  type QueueBaseOptions,
  type QueueOptions,
  type RedisQueueBackend,
  runMigrations,
  SchemaMigrationRequiredError,
  Worker,
  type WorkerOptions,
} from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';
import pg from 'pg';
import type { Condition } from '#domain/words.js';
import { outliving } from '#store/pools.js';

/** What the two engines differ in: how BullMQ's classes are built and which connections they hold. */
export interface Backing {
  /** A producer that fails at once, instead of waiting, when the server is away. */
  queue<Data>(name: string): Queue<Data>;
  worker<Data>(name: string, processor: Processor<Data, void>, concurrency: number): Worker<Data, void>;
  /** How the server is, by a write that is taken back; null: it is the database, which others look at. Never rejects. */
  check(): Promise<Condition> | null;
  /** Closes what queues and workers share; called after they are closed. */
  close(): Promise<void>;
}

const LATE = 'recording goes on, deliveries wait';

// How Redis begins an answer by which it refuses whatever is asked.
const REFUSING: ReadonlyArray<[begin: RegExp, reason: string, fix: string]> = [
  [/^OOM/, 'Redis is full (OOM)', 'raise maxmemory, or see what fills it, with maxmemory-policy noeviction'],
  [
    /^MISCONF/,
    'Redis cannot save to its disk (MISCONF)',
    'make room on the disk of Redis; its log says more',
  ],
  [/^READONLY/, 'that Redis is a replica (READONLY)', 'let REDIS_URL name the primary'],
  [/^NOREPLICAS/, 'Redis has too few replicas (NOREPLICAS)', 'start them, or lower min-replicas-to-write'],
  [/^(LOADING|MASTERDOWN|CLUSTERDOWN|BUSY)/, 'Redis is not ready', 'wait, or look into its log'],
  [
    /NOAUTH|WRONGPASS|invalid (username-)?password/i,
    'Redis does not let us in',
    'check user and password in REDIS_URL',
  ],
  [/^NOPERM/, 'our user of Redis may not do that (NOPERM)', 'give it the rights to read and write all keys'],
  [/max number of clients/i, 'Redis has no connection left for us', 'raise maxclients, or end other clients'],
];

/** @returns in words what a command to Redis failed with */
export function troubleOfRedis(error: unknown): Condition {
  const { code, error: message } = describeError(error);
  const said = message.replace(/^Ready check failed: /, '');
  const known = REFUSING.find(([begin]) => begin.test(said));
  if (known) return { state: 'refusing', reason: known[1], fix: `${known[2]}; ${LATE}` };
  if ((error as Error).name === 'ReplyError')
    return {
      state: 'refusing',
      reason: `Redis says no (${said.split(' ', 1)[0]})`,
      fix: `look into its log; ${LATE}`,
    };
  return {
    state: 'away',
    reason: `Redis does not answer${code ? ` (${code})` : ''}`,
    fix: `check REDIS_URL and that the server runs; ${LATE}`,
  };
}

/** Writes a key and takes it back. @returns how Redis is; never throws */
async function tryRedis(redis: Redis): Promise<Condition> {
  const key = `tocsin:try:${randomUUID()}`;
  try {
    // It goes by itself where we cannot take it back any more.
    await redis.set(key, '1', 'PX', 10_000);
    await redis.del(key);
  } catch (error) {
    return troubleOfRedis(error);
  }
  const policy = await policyOf(redis);
  if (policy === null || policy === 'noeviction') return { state: 'ok' };
  return {
    state: 'degraded',
    reason: `Redis answers, but drops keys when it is full (${policy})`,
    fix: 'set maxmemory-policy to noeviction; nothing recorded is at risk, deliveries would be late',
  };
}

/** Asks the server that jobs live in, once. Without Redis they live in the database, which is asked elsewhere. */
export async function checkQueue(redisUrl: string | null): Promise<Condition> {
  if (redisUrl === null) return { state: 'ok', reason: 'in PostgreSQL' };
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    connectTimeout: 2_000,
    commandTimeout: 2_000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    // One that is loading its data says so when it is asked.
    enableReadyCheck: false,
  });
  // Each failure also comes as an event, which would end the process when nobody listened, and says more.
  let failure: unknown = null;
  const keep = (error: unknown) => {
    failure ??= error;
  };
  redis.on('error', keep);
  try {
    const connected = await settlesWithin(3_000, redis.connect().catch(keep));
    if (!connected || failure !== null) return troubleOfRedis(failure ?? new Error('no answer'));
    const condition = await tryRedis(redis);
    return condition.state === 'ok'
      ? { ...condition, reason: 'Redis answers and takes what it is given' }
      : condition;
  } finally {
    redis.disconnect();
  }
}

/** @returns null where Redis does not tell (hosted ones often forbid CONFIG) */
async function policyOf(redis: Redis): Promise<string | null> {
  try {
    const [, policy] = (await redis.config('GET', 'maxmemory-policy')) as string[];
    return policy ?? null;
  } catch {
    return null;
  }
}

/**
 * How every queue is opened, on both engines.
 *
 * A finished wake-up is worth nothing, so nothing is kept; a kept job could also hold on to its lane's
 * deduplication key. One attempt: trying again is the outbox's business, and the reconcile loop brings
 * the lane back for as long as something in it is due.
 */
const queueSettings = {
  defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1 },
  // Nobody reads the event stream; on PostgreSQL it is a table.
  streams: { events: { maxLen: 256 } },
} satisfies Partial<QueueOptions>;

/**
 * How every worker is opened, on both engines. With BullMQ's own values a killed worker is noticed after
 * a minute and a job that met two crashes is failed for good; with these it is five seconds at most, for ever.
 */
export const workerSettings = {
  lockDuration: 4_000,
  stalledInterval: 1_000,
  maxStalledCount: 50,
  // After a refused connection BullMQ would sleep 15 s before it looks again.
  runRetryDelay: 1_000,
  removeOnComplete: { count: 0 },
  removeOnFail: { count: 0 },
} satisfies Partial<WorkerOptions>;

/** Milliseconds until the n-th attempt to reconnect: never more than 2.2 s after the server is back. */
function reconnectDelay(attempt: number): number {
  return Math.min(200 * attempt, 2_000) + Math.floor(Math.random() * 200);
}

/** Waits for `work` at most `ms` milliseconds; true when it settled in time. Never rejects. */
export function settlesWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  const done = new AbortController();
  const settled = work.then(
    () => true,
    () => true,
  );
  const late = sleep(ms, false, { signal: done.signal }).catch(() => false);
  return Promise.race([settled, late]).finally(() => done.abort());
}

/** The parts of an error that are safe to log. */
export function describeError(error: unknown): { code?: string; error: string } {
  // Errors of sockets may come from another realm than ours, where `instanceof` does not know them.
  if (!types.isNativeError(error)) return { error: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  // A refused connection to a name with several addresses is an AggregateError without a message.
  return { ...(code ? { code } : {}), error: error.message || code || error.name };
}

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
    // Only the "owner" listens again after a dropped connection, and workers must.
    new SharingBackend(
      connection,
      name,
      options as QueueBaseOptions<PostgresConnectionOptions>,
      role?.withBlockingConnection ?? false,
    )) as Factory;
  const common = { connection: {} };
  // BullMQ keeps times of day here, by the clock of the process that wrote them. A time that was written by a clock ahead
  // would keep the jobs of dead workers locked, and all others from looking for them, until it is reached.
  const clamp = () => {
    const now = Date.now();
    pool.query(CLAMP_SQL, [now, now + workerSettings.lockDuration]).catch(onError);
  };
  clamp();
  const clamping = setInterval(clamp, CLAMP_MS);
  clamping.unref();
  return {
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
 * Leaves the connection to the others when its worker or queue is closed. BullMQ answers nothing at all on a connection that
 * is being closed, so a wake-up that was just being sent would never end, nor would whoever waits for it at the end of a
 * process.
 */
class SharingBackend extends PostgresQueueBackend {
  override async close(): Promise<void> {}
}

/**
 * On a pool of ours: one that BullMQ makes, and what listens beside it, hear of a broken connection too late, see
 * `outliving`. Of such a pool it would take its tables to be in another schema.
 */
class Connection extends PostgresConnection {
  override readonly schema = QUEUE_SCHEMA;
  readonly #inTurn = new WeakSet<object>();

  /** All workers of a process listen on one connection, and ask for that as they start; pg wants to be asked one thing at a time. */
  override async getListenClient(): ReturnType<PostgresConnection['getListenClient']> {
    const client = await super.getListenClient();
    if (this.#inTurn.has(client)) return client;
    this.#inTurn.add(client);
    const query = client.query.bind(client) as (...asked: unknown[]) => Promise<unknown>;
    let last: Promise<unknown> = Promise.resolve();
    const inTurn = (...asked: unknown[]) => {
      const answer = last.then(() => query(...asked));
      last = answer.catch(() => undefined);
      return answer;
    };
    return Object.assign(client, { query: inTurn });
  }
}

/**
 * Brings BullMQ's schema up to date; safe to call from several processes at once. Without need it changes
 * nothing and asks for no right to create anything.
 */
async function migrateQueue(database: pg.PoolConfig): Promise<void> {
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

/**
 * BullMQ on Redis or Valkey: one connection for all queues of the process, two for each worker.
 *
 * All keys begin with the installation's own name: of two installations on one Redis each would otherwise take the other's
 * wake-ups, whose rows it cannot find.
 *
 * Waits a moment for Redis, so that the first wake-ups of a process find it; an absent one is no error.
 */
export async function redisBacking(
  url: string,
  installation: string | undefined,
  onError: (error: Error) => void,
): Promise<Backing> {
  const own = installation === undefined ? {} : { prefix: `tocsin-${installation}` };
  const options = {
    connectTimeout: 5_000,
    retryStrategy: reconnectDelay,
    // A peer that vanished without a word: a worker hears something on both of its connections every few
    // seconds when all is well, and the canary sees to it that queues do.
    socketTimeout: 15_000,
    // After a failover the old primary answers, but takes no writes: look the name up again.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  } satisfies RedisOptions;
  const producer = new Redis(url, {
    ...options,
    // Fail at once: the outbox keeps what matters, and nothing may pile up in memory.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    commandTimeout: 3_000,
  });
  // What the connection last failed with: a command says only that there is none.
  let failure: Error | null = null;
  producer.on('error', (error) => {
    failure = error;
    onError(error);
  });
  producer.on('ready', () => {
    failure = null;
  });
  await settlesWithin(2_000, new Promise((resolve) => producer.once('ready', resolve)));
  // BullMQ's version check asks INFO once and keeps a failure for the life of the object: a Redis that
  // goes away at that very moment would leave a worker dead for ever.
  const skipVersionCheck = true;
  return {
    queue: (name) =>
      new Queue(name, {
        ...queueSettings,
        ...own,
        connection: producer,
        skipVersionCheck,
        // Otherwise the first calls of a process that started before Redis wait without end.
        skipWaitingForReady: true,
      }),
    worker: (name, processor, concurrency) =>
      new Worker(name, processor, {
        ...workerSettings,
        ...own,
        connection: { ...options, url, maxRetriesPerRequest: null },
        skipVersionCheck,
        concurrency,
      }),
    check: async () =>
      producer.status === 'ready' ? tryRedis(producer) : troubleOfRedis(failure ?? new Error()),
    close: async () => producer.disconnect(),
  };
}
