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
 * BullMQ's own `close()` waits for handlers without end, and its `close(true)` for none; so the waiting is
 * done here, and BullMQ is told only what came of it.
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

  return {
    ready: () => worker.waitUntilReady(),
    async close(graceMs) {
      stopping.abort();
      await worker.pause(true);
      await within(graceMs, Promise.allSettled(running));
      const left = running.size;
      if (!(await within(2_000, worker.close(left > 0)))) {
        // A server that is away keeps BullMQ waiting for a polite good-bye.
        await within(2_000, worker.getBackend().close(true));
      }
      return left;
    },
  };
}
