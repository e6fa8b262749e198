import { setTimeout as sleep } from 'node:timers/promises';
import type { LaneJob } from '#queue/relay.js';

/** Its multiples lie everywhere between two whole numbers, and never twice at the same place. */
const GOLDEN = 0.618_033_988_75;

/**
 * The outbox as the queue sees it: lanes with rows, one holder a lane. In memory, so that it outlives any
 * server of the test.
 */
export class Outbox {
  readonly #due = new Map<string, number>();
  readonly #held = new Set<string>();
  /** How often a worker came for each lane. */
  readonly visits = new Map<string, number>();
  #moments = 0;
  committed = 0;
  delivered = 0;

  /** A row is committed in each of these lanes. */
  commit(...lanes: string[]): void {
    this.committed += lanes.length;
    for (const lane of lanes) this.#due.set(lane, (this.#due.get(lane) ?? 0) + 1);
  }

  /** The relay's port. */
  readonly dueLanes = async (limit: number): Promise<Array<{ lane: string }>> =>
    [...this.#due.keys()]
      .filter((lane) => !this.#held.has(lane))
      .slice(0, limit)
      .map((lane) => ({ lane }));

  /** A handler: holds the lane, delivers what is due in it, and is slow to let go after its last look. */
  readonly drain = async ({ lane }: LaneJob): Promise<void> => {
    this.visits.set(lane, (this.visits.get(lane) ?? 0) + 1);
    if (this.#held.has(lane)) return;
    this.#held.add(lane);
    try {
      while (this.#due.has(lane)) {
        this.delivered += this.#due.get(lane) ?? 0;
        this.#due.delete(lane);
        await sleep(this.#moment(3));
      }
      await sleep(this.#moment(6));
    } finally {
      this.#held.delete(lane);
    }
  };

  /** Milliseconds below `below`, another number each time, and the same numbers in every run. */
  #moment(below: number): number {
    this.#moments += 1;
    return (this.#moments * GOLDEN * below) % below;
  }

  get left(): string[] {
    return [...this.#due.keys()];
  }
}
