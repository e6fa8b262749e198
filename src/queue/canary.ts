import type { PlainLog } from '#log.js';
import { settlesWithin } from './backing.js';
import { CANARY, type Engine, outageLog, pause } from './engine.js';
import { LANES } from './relay.js';

interface CanaryStatus {
  /** A canary came through lately. False too when no worker runs anywhere, or all are busy for long. */
  ok: boolean;
  /** When the last one finished, by its worker's clock; null before the first. */
  lastSeenAt: Date | null;
  /** Milliseconds since the last one was seen to have finished, or since we began to look. */
  quietMs: number;
  /** Milliseconds from adding to finishing of the last one, or so far of one that is overdue; null before the first. */
  lagMs: number | null;
}

export interface Canary {
  status(): CanaryStatus;
  stop(): Promise<void>;
}

interface CanaryOptions {
  everyMs?: number;
  log: PlainLog;
}

// First look at a canary after this long; then ever less often, up to `everyMs`.
const FIRST_LOOK_MS = 50;

// Missing this many in a row means that the queue stands still.
const LATE = 3;

/**
 * Proves the queue alive by seeing jobs finish.
 *
 * It shares the queue and the workers with the real wake-ups, because every way in which BullMQ has been seen
 * to stand still had `isRunning()` true; and it looks at the job instead of listening for events, so that it
 * costs no connection and works from a process that has no worker itself.
 */
export function startCanary(engine: Engine, options: CanaryOptions): Canary {
  const { everyMs = 5_000, log } = options;
  const queue = engine.queue<object>(LANES);
  const outage = outageLog(log, 'the queue, for its canary');
  const stopping = new AbortController();
  let lastSeenAt: Date | null = null;
  // When that was learned, by the clock that nobody sets.
  let learned: number | null = null;
  let lagMs: number | null = null;
  const began = performance.now();
  let flying: { id: string; since: number } | undefined;

  const release = async (): Promise<void> => {
    const since = performance.now();
    // Before the others (a long queue is no dead queue), and kept for a moment so that it can be looked at.
    const options = { lifo: true, removeOnComplete: { count: 20 } };
    const job = await queue.add(CANARY, {}, options);
    flying = { id: job.id ?? '', since };
  };

  const landed = async (): Promise<boolean> => {
    if (!flying) return true;
    const job = await queue.getJob(flying.id);
    if (job && !job.finishedOn) return false;
    // One that is gone was flushed with all the rest: it says nothing, and the next one follows.
    if (job?.finishedOn) {
      lastSeenAt = new Date(job.finishedOn);
      learned = performance.now();
      lagMs = Math.max(0, job.finishedOn - job.timestamp);
    }
    flying = undefined;
    return true;
  };

  const loop = (async () => {
    while (!stopping.signal.aborted) {
      try {
        if (!flying) await release();
        let wait = FIRST_LOOK_MS;
        while (!stopping.signal.aborted && !(await landed())) {
          await pause(wait, stopping.signal);
          wait = Math.min(2 * wait, everyMs);
        }
        outage.recovered();
      } catch (error) {
        outage.failed(error);
      }
      await pause(everyMs, stopping.signal);
    }
  })();

  return {
    status() {
      const time = performance.now();
      const quietMs = Math.round(time - (learned ?? began));
      const ok = learned !== null && quietMs <= LATE * everyMs;
      const inTheAir = flying ? Math.round(time - flying.since) : 0;
      return { ok, lastSeenAt, quietMs, lagMs: lagMs === null ? null : Math.max(lagMs, inTheAir) };
    },
    async stop() {
      stopping.abort();
      await settlesWithin(4_000, loop);
    },
  };
}
