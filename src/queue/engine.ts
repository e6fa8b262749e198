import type { Job, Queue } from 'bullmq';
import type { PoolConfig } from 'pg';
import type { Condition } from '#domain/words.js';
import type { Backing } from './backing.js';
import { describeError, outageLog } from './outage.js';
import { postgresBacking } from './postgres.js';
import { redisBacking } from './redis.js';
import type { QueueLog } from './settings.js';
import { within } from './waiting.js';
import { type EngineWorker, superviseWorker } from './worker.js';

/** The name of jobs that only prove that a worker is alive; `worker` answers them by itself. */
export const CANARY = 'canary';

/** What a handler gets beside its job's data. */
export interface HandlerContext {
  /** Aborted when the engine closes: finish the row in hand, take no other. */
  signal: AbortSignal;
}

/** Does one job. It may run twice and beside itself; what it throws is logged and costs the job, nothing else. */
export type Handler<Data> = (data: Data, context: HandlerContext) => Promise<void>;

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
