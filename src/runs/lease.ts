import type { Outbox } from '#deliver/ports.js';
import { age, moment } from '#elapsed.js';
import { Lost } from '#runbooks/action.js';
import type { Hold, Lane } from '#store/outbox.js';

/** How long a run stays ours without a sign of life: a killed worker holds it up for no longer. */
const RUN_LEASE_MS = 5_000;
const BEAT_MS = 1_000;
/** A change of the world begins only while the lease has at least this long to live. */
const MARGIN_MS = 2_000;

/**
 * The right to take one run along. It beats while a step runs, however long that takes; a worker that was frozen, or
 * cut off from the database, finds its time gone, hears it through `signal`, and may change nothing more.
 */
export class RunLease {
  #since = moment();
  #renewing: Promise<void> | null = null;
  readonly #lost = new AbortController();
  readonly #timer: NodeJS.Timeout;

  private constructor(
    private readonly outbox: Pick<Outbox, 'renewLane'>,
    readonly hold: Hold,
    since: ReturnType<typeof moment>,
    private readonly onBeat: () => void,
  ) {
    this.#since = since;
    this.#timer = setInterval(() => {
      this.onBeat();
      // A beat that fails is no loss yet: the next may reach the database in time.
      this.#renew().catch(() => undefined);
    }, BEAT_MS);
  }

  /** @param onBeat called about once a second while the lease is held. @returns null: another worker has the run */
  static async claim(
    outbox: Pick<Outbox, 'claimLane' | 'renewLane'>,
    lane: Lane,
    owner: string,
    onBeat: () => void,
  ): Promise<RunLease | null> {
    const before = moment();
    const hold = await outbox.claimLane(lane, owner, RUN_LEASE_MS);
    return hold && new RunLease(outbox, hold, before, onBeat);
  }

  /** Ends when the run is no longer ours. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Makes sure that the run is still ours, and will be for long enough to change something. @throws Lost */
  async secure(): Promise<void> {
    if (this.#lost.signal.aborted) throw new Lost();
    if (RUN_LEASE_MS - age(this.#since) > MARGIN_MS) return;
    await this.#renew();
    if (RUN_LEASE_MS - age(this.#since) <= MARGIN_MS) throw this.#lose();
  }

  /** Stops beating. The lane itself is given back by whoever claimed. */
  end(): void {
    clearInterval(this.#timer);
  }

  async #renew(): Promise<void> {
    this.#renewing ??= this.#ask().finally(() => {
      this.#renewing = null;
    });
    await this.#renewing;
  }

  async #ask(): Promise<void> {
    const before = moment();
    let held: boolean;
    try {
      held = await answered(this.outbox.renewLane(this.hold, RUN_LEASE_MS));
    } catch (error) {
      if (age(this.#since) >= RUN_LEASE_MS) throw this.#lose();
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
async function answered<T>(asked: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the database does not answer')), RUN_LEASE_MS);
  });
  try {
    return await Promise.race([asked, silence]);
  } finally {
    clearTimeout(timer);
  }
}
