// setTimeout takes no more than 2^31 - 1 ms and fires at once beyond it.
const LONGEST_MS = 2_147_000_000;

/**
 * One timer per lane, for wake-ups that lie ahead.
 *
 * They live in this process only: delayed jobs would outlive it, but the outbox row does that already, and
 * BullMQ's delayed jobs on PostgreSQL sometimes end as completed (taskforcesh/bullmq#4814).
 */
export class LaneTimers {
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
