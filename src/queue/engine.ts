import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, Processor, Queue, Worker } from 'bullmq';
import type { PoolConfig } from 'pg';
import type { PlainLog } from '#log.js';
import { type Backing, describeError, postgresBacking, redisBacking, settlesWithin } from './backing.js';

/** The name of jobs that only prove that a worker is alive; `worker` answers them by itself. */
export const CANARY = 'canary';

/** What a handler gets beside its job's data. */
interface HandlerContext {
  /** Aborted when the engine closes: finish the row in hand, take no other. */
  signal: AbortSignal;
}

/** Does one job. It may run twice and beside itself; what it throws is logged and costs the job, nothing else. */
type Handler<Data> = (data: Data, context: HandlerContext) => Promise<void>;

export interface Engine extends Pick<Backing, 'check'> {
  /** The producer for a queue; the same object for the same name. `add` rejects at once when the server is away. */
  queue<Data>(name: string): Queue<Data>;
  /** Starts working on a queue. An outage is survived and logged, never thrown. */
  worker<Data>(name: string, handler: Handler<Data>, options: { concurrency: number }): EngineWorker;
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
  log: PlainLog;
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
    await settlesWithin(1_000, Promise.all([...queues.values()].map((queue) => queue.close())));
    await settlesWithin(1_000, backing.close());
  };

  return {
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
  log: PlainLog,
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
      await settlesWithin(graceMs, Promise.allSettled([...running]));
      // What is still being fetched gets a moment, else a job would be left behind and hold its lane up until
      // its lock runs out. A server that is away would keep us waiting for ever.
      const idle = await settlesWithin(1_000, paused);
      const left = running.size;
      await settlesWithin(1_000, worker.close(!reached || !idle || left > 0));
      return left;
    },
  };
}

/** Sleeps for `ms`, or until `signal` is aborted. Never rejects. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal }).catch(() => undefined);

/** Logs the first failure of an outage and its end, however many calls fail in between. */
interface Outage {
  /** Call on every failure; `error` may be anything. */
  failed(error: unknown): void;
  /** Call on every success. */
  recovered(): void;
}

// While it lasts, an outage is mentioned again this often, so that it is not only in yesterday's log.
const REMINDER_MS = 60_000;

// Connections of one server break one by one, and what was fetched before is still done in between: a success counts
// only when nothing has failed for as long as this.
const CALM_MS = 1_000;

/**
 * One line when something stops working, one when it works again.
 *
 * Only code and message are logged: the error objects of ioredis carry the command that failed, and the
 * command may be `AUTH`.
 */
export function outageLog(log: PlainLog, what: string): Outage {
  let since: number | undefined;
  let mentioned = 0;
  let last = 0;
  let failures = 0;
  return {
    failed(error) {
      failures += 1;
      const now = performance.now();
      last = now;
      if (since !== undefined && now - mentioned < REMINDER_MS) return;
      since ??= now;
      mentioned = now;
      log.warn({ what, ...describeError(error) }, `${what} is not answering; trying on`);
    },
    recovered() {
      if (since === undefined) return;
      const now = performance.now();
      if (now - last < CALM_MS) return;
      const ms = Math.round(now - since);
      log.info({ what, failures, ms }, `${what} is answering again`);
      since = undefined;
      failures = 0;
    },
  };
}
