/** Where a clock starts. */
export interface ClockStart {
  /** Milliseconds since the epoch; absent: the machine's time. */
  readonly now?: number;
  /** Whether it stands still until `advance` moves it. */
  readonly frozen?: boolean;
}

interface Timer {
  readonly due: number;
  /** Timers of one moment fire in the order in which they were set. */
  readonly order: number;
  readonly run: () => void;
}

/** A node timer cannot wait longer; the clock then looks again. */
const LONGEST_WAIT_MS = 2_147_000_000;

/**
 * Time as the sandbox sees it: the machine's clock plus what a test has wound it forward, or standing still.
 *
 * Everything that happens later in the sandbox waits here, so that winding the clock makes it happen.
 */
export class Clock {
  #offsetMs = 0;
  #frozenAt: number | undefined;
  #timers: Timer[] = [];
  #order = 0;
  #wake: NodeJS.Timeout | undefined;

  constructor(readonly start: ClockStart = {}) {
    this.#begin();
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return (this.#frozenAt ?? Date.now()) + this.#offsetMs;
  }

  /** Whole seconds since the epoch, the unit of most Slack fields. */
  seconds(): number {
    return Math.floor(this.now() / 1000);
  }

  get frozen(): boolean {
    return this.#frozenAt !== undefined;
  }

  /** Winds the clock forward; what is due on the way happens at its own moment, oldest first. */
  advance(ms: number): void {
    const target = this.#offsetMs + ms;
    for (;;) {
      const behind = target - this.#offsetMs;
      const next = this.#timers[0];
      if (!next || next.due > this.now() + behind) break;
      this.#offsetMs += Math.max(0, next.due - this.now());
      this.#timers.shift();
      next.run();
    }
    this.#offsetMs = Math.max(this.#offsetMs, target);
    this.#arm();
  }

  /** Stops the clock, or lets it run again; `advance` works either way. */
  freeze(on: boolean): void {
    if (on === this.frozen) return;
    this.#frozenAt = on ? Date.now() : undefined;
    this.#arm();
  }

  /**
   * Runs something once when the clock reaches a moment, by itself or because it was wound forward.
   * What is due already runs in the next turn of the event loop, never before this returns.
   * @param whenMs milliseconds since the epoch
   * @returns takes it back; does nothing once it has run
   */
  at(whenMs: number, run: () => void): () => void {
    this.#order += 1;
    const timer: Timer = { due: whenMs, order: this.#order, run };
    const later = this.#timers.findIndex((other) => other.due > timer.due);
    this.#timers.splice(later < 0 ? this.#timers.length : later, 0, timer);
    this.#arm();
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
      this.#arm();
    };
  }

  /** Like {@link at}, counted from now. */
  after(ms: number, run: () => void): () => void {
    return this.at(this.now() + ms, run);
  }

  /** What waits, to be put back by {@link putBack}. */
  waiting(): readonly unknown[] {
    return [...this.#timers];
  }

  /** Makes exactly that wait which {@link waiting} returned; what has become due since then happens at once. */
  putBack(timers: readonly unknown[]): void {
    this.#timers = timers.filter(isTimer);
    this.#arm();
  }

  /** Back to where it started; nothing waits any more. */
  reset(): void {
    this.#timers = [];
    this.#begin();
    this.#arm();
  }

  /** Forgets what waits, so that the process can end. */
  stop(): void {
    this.#timers = [];
    this.#arm();
  }

  #begin(): void {
    const { now, frozen = false } = this.start;
    const real = Date.now();
    this.#offsetMs = now === undefined ? 0 : now - real;
    this.#frozenAt = frozen ? real : undefined;
  }

  #arm(): void {
    clearTimeout(this.#wake);
    this.#wake = undefined;
    const next = this.#timers[0];
    if (!next) return;
    const wait = next.due - this.now();
    if (wait > 0 && this.frozen) return;
    this.#wake = setTimeout(() => this.#fire(), Math.min(Math.max(0, wait), LONGEST_WAIT_MS));
    this.#wake.unref();
  }

  #fire(): void {
    for (;;) {
      const next = this.#timers[0];
      if (!next || next.due > this.now()) break;
      this.#timers.shift();
      next.run();
    }
    this.#arm();
  }
}

function isTimer(value: unknown): value is Timer {
  return typeof value === 'object' && value !== null && 'due' in value && 'run' in value;
}
