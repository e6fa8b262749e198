import { setTimeout as sleep } from 'node:timers/promises';
import { alertsLaneOf, publicLaneOf, runLaneOf, watchLaneOf } from '#domain/incident/effect.js';
import type { PlainLog } from '#log.js';
import { type Engine, outageLog, pause } from './engine.js';

/** The queue that carries wake-ups, and all that a wake-up says. */
export const LANES = 'lanes';
/** Wake-ups of runs, which take as long as their steps, and of watches, which take as long as what they look at. */
export const RUNS = 'runs';
/** Wake-ups of groups of alerts, which wait for nobody in Slack. */
export const ALERTS = 'alerts';
/** Wake-ups of what the public is shown and told: ten thousand mails keep no incident waiting. */
export const PUBLIC = 'public';
export interface LaneJob {
  lane: string;
}

interface RelayOptions {
  /** Whose queues carry the wake-ups: `LANES`, and `RUNS`, `ALERTS` and `PUBLIC` for lanes of runs and watches, of alerts, of the public's. */
  engine: Pick<Engine, 'queue'>;
  /** Port to the outbox: lanes with a row that is due and that nobody holds, the longest due first. */
  dueLanes(limit: number): Promise<Array<{ lane: string }>>;
  /** Milliseconds between two looks into the outbox; 1,000. It bounds what a lost wake-up can cost. */
  intervalMs?: number;
  /** After so many milliseconds a lane that stays due and free is woken past what the queue holds of it; 10,000. */
  aroundMs?: number;
  now?: () => Date;
  log: PlainLog;
}

export interface Relay {
  /** After a commit: these lanes have something due. Costs microseconds, never throws, never waits. */
  nudge(lanes: Iterable<string>): void;
  /** The lane has something due at `date` (a back-off, a `Retry-After`). Of several dates the earliest counts. */
  wakeAt(lane: string, date: Date): void;
  /** Ends the loop and the timers; resolves when nothing of the relay is running any more. */
  stop(): Promise<void>;
}

const LIMIT = 2_000;

// Under a storm wake-ups leave in batches this far apart, and those of one lane LANE_GAP_MS apart: a job costs as
// much as a few commits, and Slack takes one post a second from a lane. A nudge after a quiet moment leaves at once.
const GAP_MS = 5;
const LANE_GAP_MS = 250;
const SAY_AGAIN_MS = 60_000;

/**
 * One lane, one waiting wake-up, none lost.
 *
 * `deduplication` with `keepLastIfActive` is what holds this together. While a lane's job waits, another is
 * dropped: the waiting one will see the new row, which was committed before. While it *runs*, another is kept
 * and starts when it is finished: the handler may have looked already. Both engines decide that inside one
 * script or under one advisory lock. What was not chosen: a job id per lane (a wake-up during the run is
 * swallowed), plain deduplication (the same), ids of their own (every look of the loop adds a job to a lane
 * that is only slow), and removing the key when the handler starts (a second worker finds the lane held,
 * goes home, and the row waits for the loop).
 *
 * Everything else is the loop: the outbox says what is due, so Redis may be flushed, a batch may fail, a
 * process may die with its timers, and it costs one interval. And should the key itself be held by a job that nobody
 * will ever finish (its lock was given out by a clock that was ahead), the loop goes round it: another key.
 */
export function startRelay(options: RelayOptions): Relay {
  const { engine, dueLanes, intervalMs = 1_000, aroundMs = 10_000, now = () => new Date(), log } = options;
  const sending = outageLog(log, 'the queue, for wake-ups');
  const looking = outageLog(log, 'the outbox, for due lanes');
  /** Lanes whose wake-ups leave with the next batch. */
  const leaving = new Set<string>();
  // Lanes that every look so far found due and free, and since when, by the clock that nobody sets.
  let undrained = new Map<string, number>();
  let said = Number.NEGATIVE_INFINITY;
  let stopped = false;
  let sender: Promise<void> | undefined;

  const wake = (lanes: Iterable<string>): void => {
    if (stopped) return;
    for (const lane of lanes) leaving.add(lane);
    if (leaving.size > 0) sender ??= send();
  };

  const send = async (): Promise<void> => {
    // Lets the rest of this turn add its lanes to the same batch.
    await new Promise(setImmediate);
    while (leaving.size > 0) {
      const lanes = [...leaving];
      leaving.clear();
      try {
        await add(lanes);
        sending.recovered();
      } catch (error) {
        // Not kept: the loop finds them again, in the only place that knows what is due.
        sending.failed(error);
      }
      await sleep(GAP_MS);
    }
    // In the same breath as the look at `leaving`: a nudge from here on starts a sender of its own.
    sender = undefined;
  };

  const add = async (lanes: string[]): Promise<void> => {
    const queues = [LANES, RUNS, ALERTS, PUBLIC];
    await Promise.all(
      queues.map((queue) =>
        addTo(
          queue,
          lanes.filter((lane) => queueOf(lane) === queue),
        ),
      ),
    );
  };

  const addTo = async (name: string, lanes: string[]): Promise<unknown> => {
    const jobs = lanes.map((lane) => wakeUp(lane, roundOf(lane)));
    const [first, ...others] = jobs;
    if (!first) return;
    const queue = engine.queue<LaneJob>(name);
    // The usual case is one lane, and a batch takes a millisecond longer.
    return others.length === 0 ? queue.add(first.name, first.data, first.opts) : queue.addBulk(jobs);
  };

  /** How many times over it is time to go round what the queue holds of this lane; 0: it is not. */
  const roundOf = (lane: string): number => {
    const since = undrained.get(lane);
    return since === undefined ? 0 : Math.floor((performance.now() - since) / aroundMs);
  };

  const seenDue = (lanes: string[]): void => {
    const before = undrained;
    const at = performance.now();
    undrained = new Map(lanes.map((lane) => [lane, before.get(lane) ?? at]));
    const stuck = lanes.filter((lane) => roundOf(lane) > 0);
    if (stuck.length === 0 || at - said < SAY_AGAIN_MS) return;
    said = at;
    log.warn(
      { lanes: stuck.length, lane: stuck[0] },
      'lanes are due, free and not drained: they are woken past what the queue holds of them',
    );
  };

  const timers = new LaneTimers((lane) => pace.now(lane), now);
  const pace = new Pace(LANE_GAP_MS, (lane) => {
    // It was told to rest, and will be woken: until then nobody may take it, and a job would only find that out.
    // Should that ever be wrong (another process gave it back earlier), the loop finds it.
    if (!timers.has(lane)) wake([lane]);
  });
  const stopping = new AbortController();
  const loop = (async () => {
    while (!stopped) {
      try {
        const due = await dueLanes(LIMIT);
        looking.recovered();
        const lanes = due.map(({ lane }) => lane);
        seenDue(lanes);
        wake(lanes);
      } catch (error) {
        looking.failed(error);
      }
      await pause(intervalMs, stopping.signal);
    }
  })();

  return {
    nudge(lanes) {
      if (stopped) return;
      for (const lane of lanes) pace.call(lane);
    },
    wakeAt: (lane, date) => {
      if (!stopped) timers.set(lane, date);
    },
    async stop() {
      stopped = true;
      stopping.abort();
      timers.clear();
      pace.clear();
      await Promise.all([loop, sender]);
    },
  };
}

function queueOf(lane: string): string {
  if (runLaneOf(lane) || watchLaneOf(lane)) return RUNS;
  if (publicLaneOf(lane)) return PUBLIC;
  return alertsLaneOf(lane) ? ALERTS : LANES;
}

function wakeUp(lane: string, round: number) {
  const id = round === 0 ? lane : `${lane}~${round}`;
  return { name: 'wake', data: { lane }, opts: { deduplication: { id, keepLastIfActive: true } } };
}

// setTimeout takes no more than 2^31 - 1 ms and fires at once beyond it.
const LONGEST_MS = 2_147_000_000;

/**
 * One timer per lane, for wake-ups that lie ahead.
 *
 * They live in this process only: delayed jobs would outlive it, but the outbox row does that already, and
 * BullMQ's delayed jobs on PostgreSQL sometimes end as completed (taskforcesh/bullmq#4814).
 */
class LaneTimers {
  readonly #timers = new Map<string, { at: number; timer: NodeJS.Timeout }>();

  constructor(
    private readonly wake: (lane: string) => void,
    private readonly now: () => Date,
  ) {}

  /** Wakes the lane at `date`, or earlier when it was already to be woken earlier. A date gone by means now. */
  set(lane: string, date: Date): void {
    const ms = Math.min(Math.max(date.getTime() - this.now().getTime(), 0), LONGEST_MS);
    // From here on a span: the clock may be set, and two times are only compared by one that is not.
    const at = performance.now() + ms;
    const before = this.#timers.get(lane);
    if (before && before.at <= at) return;
    if (before) clearTimeout(before.timer);
    const timer = setTimeout(() => {
      this.#timers.delete(lane);
      this.wake(lane);
    }, ms);
    // A far-off wake-up must not keep a process alive that has nothing else to do.
    timer.unref();
    this.#timers.set(lane, { at, timer });
  }

  has(lane: string): boolean {
    return this.#timers.has(lane);
  }

  /** Forgets all of them. */
  clear(): void {
    for (const { timer } of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}

/** Wakes a lane at once, then no more often than every `gapMs`. The last call of a storm is kept, never dropped. */
class Pace {
  /** Lanes that were woken less than `gapMs` ago. */
  readonly #resting = new Map<string, { again: boolean; timer: NodeJS.Timeout }>();

  constructor(
    private readonly gapMs: number,
    private readonly wake: (lane: string) => void,
  ) {}

  call(lane: string): void {
    const resting = this.#resting.get(lane);
    if (resting) resting.again = true;
    else this.#go(lane);
  }

  /** Wakes it now, whatever the gap; what is called for shortly after waits its turn. */
  now(lane: string): void {
    clearTimeout(this.#resting.get(lane)?.timer);
    this.#go(lane);
  }

  #go(lane: string): void {
    const timer = setTimeout(() => {
      const again = this.#resting.get(lane)?.again;
      this.#resting.delete(lane);
      if (again) this.#go(lane);
    }, this.gapMs);
    this.#resting.set(lane, { again: false, timer });
    this.wake(lane);
  }

  /** Forgets what was to come. */
  clear(): void {
    for (const { timer } of this.#resting.values()) clearTimeout(timer);
    this.#resting.clear();
  }
}
