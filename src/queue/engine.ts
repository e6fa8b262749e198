import {
  assertSchemaCompatibility,
  type BackendFactory,
  type Job,
  LATEST_SCHEMA_VERSION,
  PostgresConnection,
  type PostgresConnectionOptions,
  PostgresQueueBackend,
  type Processor,
  Queue,
  type QueueBaseOptions,
  type RedisQueueBackend,
  runMigrations,
  SchemaMigrationRequiredError,
  Worker,
} from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';
import pg, { type PoolConfig } from 'pg';
import type { Condition } from '#domain/words.js';
import { outliving } from '#store/pools.js';
import { troubleOfRedis, tryRedis } from './check.js';
import { type QueueLog, queueSettings, reconnectDelay, workerSettings } from './settings.js';
import { describeError, type Outage, outageLog, within } from './waiting.js';

/** The name of jobs that only prove that a worker is alive; `worker` answers them by itself. */
export const CANARY = 'canary';

/** What a handler gets beside its job's data. */
interface HandlerContext {
  /** Aborted when the engine closes: finish the row in hand, take no other. */
  signal: AbortSignal;
}

/** Does one job. It may run twice and beside itself; what it throws is logged and costs the job, nothing else. */
type Handler<Data> = (data: Data, context: HandlerContext) => Promise<void>;

export interface Engine {
  readonly kind: 'redis' | 'postgres';
  /** The producer for a queue; the same object for the same name. `add` rejects at once when the server is away. */
  queue<Data>(name: string): Queue<Data>;
  /** Starts working on a queue. An outage is survived and logged, never thrown. */
  worker<Data>(name: string, handler: Handler<Data>, options: { concurrency: number }): EngineWorker;
  /** How the queue's server is, by a write that is taken back; null: it is the database, which others look at. Never rejects. */
  check(): Promise<Condition> | null;
  /**
   * Stops all workers and closes all connections. Handlers get `graceMs` (5,000) to finish; the job of one
   * that does not is taken up by another worker when its lock runs out. Ends within about `graceMs` + 4 s
   * whatever the servers do.
   */
  close(options?: { graceMs?: number }): Promise<void>;
}

export interface EngineOptions {
  /** Redis or Valkey, as `redis://` or `rediss://`. Takes precedence over `database`. */
  redisUrl?: string;
  /**
   * Whose wake-ups these are, where several installations share one Redis: each hears its own only. Digits and letters.
   * Absent: BullMQ's own name for them.
   */
  installation?: string;
  /** PostgreSQL, as `pg` takes it. BullMQ's tables live in a schema of their own. */
  database?: PoolConfig;
  log: QueueLog;
}

/**
 * Opens the queue engine: Redis when it has an address, else PostgreSQL.
 *
 * An absent Redis is no error (recording goes on without it; it is joined when it comes). An absent
 * PostgreSQL rejects.
 */
export async function openEngine({ redisUrl, installation, database, log }: EngineOptions): Promise<Engine> {
  if (!redisUrl && !database) throw new Error('openEngine needs redisUrl or database');
  const outage = outageLog(log, redisUrl ? 'Redis (queue)' : 'PostgreSQL (queue)');
  const backing: Backing = redisUrl
    ? await redisBacking(redisUrl, installation, outage.failed)
    : await postgresBacking(database ?? {}, outage.failed);
  const queues = new Map<string, Queue>();
  const workers: EngineWorker[] = [];
  let closing: Promise<void> | undefined;

  const close = async (graceMs: number): Promise<void> => {
    const undone = await Promise.all(workers.map((worker) => worker.close(graceMs)));
    const left = undone.reduce((sum, count) => sum + count, 0);
    if (left > 0) log.warn({ left }, 'closing the queue with handlers still running');
    await within(1_000, Promise.all([...queues.values()].map((queue) => queue.close())));
    await within(1_000, backing.close());
  };

  return {
    kind: backing.kind,
    queue<Data>(name: string) {
      let queue = queues.get(name);
      if (!queue) {
        queue = backing.queue<object>(name) as Queue;
        queue.on('error', outage.failed);
        queues.set(name, queue);
      }
      return queue as Queue<Data>;
    },
    worker<Data>(name: string, handler: Handler<Data>, { concurrency }: { concurrency: number }) {
      const stopping = new AbortController();
      const processor = async (job: Job<Data, void>): Promise<void> => {
        outage.recovered();
        if (job.name === CANARY || stopping.signal.aborted) return;
        try {
          await handler(job.data, { signal: stopping.signal });
        } catch (error) {
          log.error({ queue: name, data: job.data, ...describeError(error) }, 'a queue handler failed');
          throw error;
        }
      };
      const worker = superviseWorker(
        (run) => backing.worker<Data>(name, run, concurrency),
        processor,
        stopping,
        outage,
        log,
      );
      workers.push(worker);
      return worker;
    },
    check: () => backing.check(),
    close({ graceMs = 5_000 } = {}) {
      closing ??= close(graceMs);
      return closing;
    },
  };
}

/** A running worker, as the rooms above see it. */
interface EngineWorker {
  /** Resolves once the worker has reached its server for the first time. */
  ready(): Promise<void>;
  /**
   * Takes no more jobs, lets running handlers finish for up to `graceMs`, then lets go.
   * @returns how many handlers were still running then.
   */
  close(graceMs: number): Promise<number>;
}

// What a worker hears when it comes back from a pause longer than its lock, or after a flush. The server is well.
const LOST_JOB = /^(Missing (key|lock) for job|Lock mismatch for job|could not renew lock|Job \S+ is not in)/;

/**
 * Puts a bound on closing and a listener on everything that could throw.
 *
 * BullMQ's own `close()` waits without end, for handlers and for a server that is away, and its `close(true)`
 * for nothing; so the waiting is done here, and BullMQ is told only what came of it.
 */
function superviseWorker<Data>(
  create: (processor: Processor<Data, void>) => Worker<Data, void>,
  processor: Processor<Data, void>,
  stopping: AbortController,
  outage: Outage,
  log: QueueLog,
): EngineWorker {
  const running = new Set<Promise<void>>();
  const worker = create((job, token) => {
    const run = processor(job, token);
    running.add(run);
    return run.finally(() => running.delete(run));
  });
  worker.on('error', (error) => {
    if (LOST_JOB.test(error.message)) log.info(describeError(error), 'a job was taken over or flushed away');
    else outage.failed(error);
  });

  let reached = false;
  const ready = worker.waitUntilReady().then(() => {
    reached = true;
  });
  ready.catch(() => {});

  return {
    ready: () => ready,
    async close(graceMs) {
      stopping.abort();
      const paused = worker.pause();
      await within(graceMs, Promise.allSettled([...running]));
      // What is still being fetched gets a moment, else a job would be left behind and hold its lane up until
      // its lock runs out. A server that is away would keep us waiting for ever.
      const idle = await within(1_000, paused);
      const left = running.size;
      await within(1_000, worker.close(!reached || !idle || left > 0));
      return left;
    },
  };
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
async function postgresBacking(database: pg.PoolConfig, onError: (error: Error) => void): Promise<Backing> {
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
async function redisBacking(
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
  await within(2_000, new Promise((resolve) => producer.once('ready', resolve)));
  // BullMQ's version check asks INFO once and keeps a failure for the life of the object: a Redis that
  // goes away at that very moment would leave a worker dead for ever.
  const skipVersionCheck = true;
  return {
    kind: 'redis',
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

/** What the two engines differ in: how BullMQ's classes are built and which connections they hold. */
interface Backing {
  readonly kind: 'redis' | 'postgres';
  /** A producer that fails at once, instead of waiting, when the server is away. */
  queue<Data>(name: string): Queue<Data>;
  worker<Data>(name: string, processor: Processor<Data, void>, concurrency: number): Worker<Data, void>;
  /** How the server is, by a write that is taken back; null: it is the database, which others look at. Never rejects. */
  check(): Promise<Condition> | null;
  /** Closes what queues and workers share; called after they are closed. */
  close(): Promise<void>;
}
