import type { Processor, Worker } from 'bullmq';
import { describeError, type Outage } from './outage.js';
import type { QueueLog } from './settings.js';
import { within } from './waiting.js';

/** A running worker, as the rooms above see it. */
export interface EngineWorker {
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
export function superviseWorker<Data>(
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
