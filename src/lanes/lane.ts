import { setTimeout as sleep } from 'node:timers/promises';
import { age, moment } from '#elapsed.js';
import { Lost } from '#runbooks/action.js';
import type { Hold, Lane, OwedRow, Settlement } from '#store/outbox.js';
import { Unavailable } from '#store/pools.js';
import type { Store } from '#store/store.js';

/** The store's lanes, as far as this room uses them. Everything that writes answers false when the hold is lost. */
export type Lanes = Pick<Store['outbox'], 'claimLane' | 'renewLane' | 'releaseLane' | 'owedRows' | 'settle'>;

export interface LaneOptions {
  world: { outbox: Lanes; now(): Date; log: { warn(fields: object, message: string): void } };
  /** The process that holds the leases. */
  owner: string;
  /** Wakes the lane at that time; the relay's. */
  wakeAt: (lane: string, at: Date) => void;
  /** Absent: every failure is said. */
  retries?: Retries;
}

/** How a kind of work holds its lanes. */
export interface Terms {
  /** How long a lane stays ours without a sign of life, and so the longest that a killed worker can hold it up. */
  ms: number;
  /** Nothing in the world outside is changed on a lease that has less than this to live. */
  marginMs: number;
  /**
   * A lease that ran out unseen (the process was frozen, the machine asleep) is asked for once more: where nobody has taken
   * the lane, the work goes on. Otherwise it is lost at once, and begun anew.
   */
  revives: boolean;
  /** Called about once a second while the lane is held. */
  onBeat?: () => void;
}

const BEAT_MS = 1_000;

/**
 * Works on one lane under its lease, if no other worker has it: claims, works, gives it back, and has it woken when it has
 * something to do again. Nothing is settled here; a worker that dies leaves a lease that runs out, and its rows as they are.
 * @param work returns for how many ms the lane is to rest; null: until it has something to do
 */
export async function holdLane(
  lane: Lane,
  options: LaneOptions,
  terms: Terms,
  work: (lease: Lease) => Promise<number | null>,
): Promise<void> {
  const { world, owner } = options;
  const lease = await Lease.claim(world.outbox, lane, owner, terms);
  if (!lease) return;
  let restMs: number | null = null;
  try {
    restMs = await work(lease);
  } catch (error) {
    if (!(error instanceof Lost)) throw error;
    world.log.warn({ lane: lane.lane }, 'another worker has taken over this lane');
  } finally {
    lease.end();
    await release(lease.hold, options, restMs);
  }
}

async function release(hold: Hold, { world, wakeAt }: LaneOptions, restMs: number | null): Promise<void> {
  try {
    const ms = await world.outbox.releaseLane(hold, restMs);
    if (typeof ms === 'number') wakeAt(hold.lane, new Date(world.now().getTime() + ms));
  } catch (error) {
    // The database is away: then the lease runs out by itself, and the relay finds what is due.
    world.log.warn(
      { lane: hold.lane, error: String(error) },
      'a lane could not be released; its lease will run out',
    );
  }
}

/**
 * The right to work on one lane. It beats while the work lasts, however long one step or one call takes. A worker that was
 * frozen, or cut off from the database, finds its time gone, hears it through `signal`, and may change nothing more;
 * `hold.fence` guards what it writes in the same way.
 */
export class Lease {
  #since = moment();
  #renewing: Promise<void> | null = null;
  readonly #lost = new AbortController();
  readonly #timer: NodeJS.Timeout;

  private constructor(
    private readonly outbox: Lanes,
    readonly hold: Hold,
    private readonly terms: Terms,
    since: ReturnType<typeof moment>,
  ) {
    this.#since = since;
    this.#timer = setInterval(() => {
      this.terms.onBeat?.();
      // A beat that fails is no loss yet: the next may reach the database in time.
      this.#renew().catch(() => undefined);
    }, BEAT_MS);
    this.#timer.unref();
  }

  /** @returns null: another worker has the lane */
  static async claim(outbox: Lanes, lane: Lane, owner: string, terms: Terms): Promise<Lease | null> {
    const before = moment();
    const hold = await outbox.claimLane(lane, owner, terms.ms);
    return hold && new Lease(outbox, hold, terms, before);
  }

  /** Ends when the lane is no longer ours. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Makes sure that the lane is still ours, and will be for long enough to change something. @throws Lost */
  async secure(): Promise<void> {
    if (this.#lost.signal.aborted) throw new Lost();
    if (this.#leftMs() > this.terms.marginMs) return;
    await this.#renew();
    if (this.#leftMs() <= this.terms.marginMs) throw this.#lose();
  }

  /** @returns the rows that are due in the lane, oldest first */
  owed(limit: number): Promise<OwedRow[]> {
    return this.outbox.owedRows(this.hold, limit);
  }

  /** Writes down how rows ended. @throws Lost: nothing was written */
  async settle(ids: readonly number[], how: Settlement): Promise<void> {
    if (!(await this.outbox.settle(this.hold, ids, how))) throw new Lost();
  }

  /** Stops beating; `holdLane` gives the lane back. */
  end(): void {
    clearInterval(this.#timer);
  }

  #leftMs(): number {
    return this.terms.ms - age(this.#since);
  }

  async #renew(): Promise<void> {
    if (this.#lost.signal.aborted) throw new Lost();
    this.#renewing ??= this.#ask().finally(() => {
      this.#renewing = null;
    });
    await this.#renewing;
  }

  async #ask(): Promise<void> {
    const before = moment();
    if (!this.terms.revives && this.#leftMs() <= 0) throw this.#lose();
    let held: boolean;
    try {
      held = await answeredWithin(this.outbox.renewLane(this.hold, this.terms.ms), this.terms.ms);
    } catch (error) {
      if (this.#leftMs() <= 0) throw this.#lose();
      throw error;
    }
    if (!held) throw this.#lose();
    this.#since = before;
  }

  #lose(): Lost {
    this.end();
    this.#lost.abort(new Lost());
    return new Lost();
  }
}

/** A database that says nothing at all is one that cannot be reached. */
async function answeredWithin<T>(asked: Promise<T>, ms: number): Promise<T> {
  const done = new AbortController();
  const silence = sleep(ms, undefined, { signal: done.signal }).then(() => {
    throw new Unavailable('the database does not answer');
  });
  silence.catch(() => undefined);
  try {
    return await Promise.race([asked, silence]);
  } finally {
    done.abort();
  }
}

const SAY_AGAIN_MS = 60_000;

/** What is tried again and again is said once a minute for each lane, with how often it was. One per process. */
export class Retries {
  readonly #lanes = new Map<string, { said: number; times: number }>();

  /** Counts one more. @returns how often it was since it was last said; null: it need not be said yet */
  count(lane: string): number | null {
    const now = performance.now();
    const { said, times } = this.#lanes.get(lane) ?? { said: Number.NEGATIVE_INFINITY, times: 0 };
    const due = now - said >= SAY_AGAIN_MS;
    this.#lanes.set(lane, due ? { said: now, times: 0 } : { said, times: times + 1 });
    if (this.#lanes.size > 1_000)
      for (const [other, { said }] of this.#lanes) if (now - said >= SAY_AGAIN_MS) this.#lanes.delete(other);
    return due ? times + 1 : null;
  }
}
