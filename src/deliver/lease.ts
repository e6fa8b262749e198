import { Lost } from '#runbooks/action.js';
import type { Hold, Lane } from '#store/lanes.js';
import type { Outbox } from './ports.js';

/** The longest that a call to Slack lasts: the time-out of the Web API client (slack/client.ts). */
export const CALL_MS = 10_000;
/**
 * How long a lane stays ours without renewal, and so the longest that a killed worker can hold it up. A call ends
 * before the lease under which it was made can have ended.
 */
export const LEASE_MS = 12_000;
const MARGIN_MS = 1_000;

/**
 * The right to drain one lane. Every call to Slack asks it first: a worker that was frozen, or cut off from the
 * database, finds its time gone and stops before it speaks. `fence` guards what it writes in the same way.
 */
export class Lease {
  #since = moment();
  #renewing: Promise<void> | null = null;

  private constructor(
    private readonly outbox: Outbox,
    readonly hold: Hold,
  ) {}

  /** @returns null: another worker has the lane. */
  static async claim(outbox: Outbox, lane: Lane, owner: string): Promise<Lease | null> {
    const before = moment();
    const hold = await outbox.claimLane(lane, owner, LEASE_MS);
    if (!hold) return null;
    const lease = new Lease(outbox, hold);
    lease.#since = before;
    return lease;
  }

  /** Makes sure that the lease outlives one more call; renews it when it would not. @throws Lost */
  async secure(): Promise<void> {
    if (LEASE_MS - age(this.#since) > CALL_MS + MARGIN_MS) return;
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = null;
    });
    await this.#renewing;
    if (LEASE_MS - age(this.#since) <= CALL_MS) throw new Lost();
  }

  async #renew(): Promise<void> {
    const before = moment();
    if (!(await this.outbox.renewLane(this.hold, LEASE_MS))) throw new Lost();
    this.#since = before;
  }
}

// The wall clock may be set, and the monotonic one stands still while a machine sleeps: believe whichever says more.
export interface Moment {
  wall: number;
  steady: number;
}
export const moment = (wall = Date.now()): Moment => ({ wall, steady: performance.now() });
export const age = (since: Moment, wall = Date.now()): number =>
  Math.max(wall - since.wall, performance.now() - since.steady);
