import { age, type Moment, moment } from '#elapsed.js';
import { Lost } from '#runbooks/action.js';
import type { Hold, Lane } from '#store/outbox.js';
import type { Outbox } from './ports.js';

/** The longest that a call to Slack lasts: the time-out of the Web API client (slack/transport/client.ts). */
export const CALL_MS = 10_000;
/** How long a lane stays ours without a sign of life, and so the longest that a killed worker can hold it up. */
export const LEASE_MS = 4_000;
const BEAT_MS = 1_000;
/** Nothing is said to Slack on a lease that has less than this to live. */
const MARGIN_MS = 1_500;

/**
 * The right to drain one lane. It beats for as long as the worker is at it, during a call to Slack too; every call asks it
 * first: a worker that was frozen, or cut off from the database, finds its time gone and stops before it speaks. `fence`
 * guards what it writes in the same way.
 *
 * A call that Slack takes longer over than a lease lives may still be on its way when another worker comes after a crash:
 * that one looks in Slack before it speaks, and where Slack is that slow a message may stand twice, never be missing.
 */
export class Lease {
  #since: Moment;
  #renewing: Promise<void> | null = null;
  #lost = false;
  readonly #timer: NodeJS.Timeout;

  private constructor(
    private readonly outbox: Pick<Outbox, 'renewLane'>,
    readonly hold: Hold,
    since: Moment,
  ) {
    this.#since = since;
    // A beat that fails is no loss yet: the next may reach the database in time.
    this.#timer = setInterval(() => this.#renewed().catch(() => undefined), BEAT_MS);
    this.#timer.unref();
  }

  /** @returns null: another worker has the lane. */
  static async claim(
    outbox: Pick<Outbox, 'claimLane' | 'renewLane'>,
    lane: Lane,
    owner: string,
  ): Promise<Lease | null> {
    const before = moment();
    const hold = await outbox.claimLane(lane, owner, LEASE_MS);
    return hold && new Lease(outbox, hold, before);
  }

  /** Makes sure that the lane is ours, and will be for long enough to begin to speak. @throws Lost */
  async secure(): Promise<void> {
    if (!this.#lost && LEASE_MS - age(this.#since) > MARGIN_MS) return;
    await this.#renewed();
    if (LEASE_MS - age(this.#since) <= MARGIN_MS) throw new Lost();
  }

  /** Stops beating. The lane itself is given back by whoever claimed. */
  end(): void {
    clearInterval(this.#timer);
  }

  async #renewed(): Promise<void> {
    if (this.#lost) throw new Lost();
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = null;
    });
    await this.#renewing;
  }

  async #renew(): Promise<void> {
    const before = moment();
    // Once it has run out another may have had it, and given it back: it is not ours to prolong.
    if (age(this.#since) >= LEASE_MS || !(await this.outbox.renewLane(this.hold, LEASE_MS))) {
      this.#lost = true;
      this.end();
      throw new Lost();
    }
    this.#since = before;
  }
}
