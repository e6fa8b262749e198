/** Time as the sandbox sees it: the machine's clock plus what a test has wound it forward, or standing still. */
export class Clock {
  #offsetMs = 0;
  #frozenAt: number | undefined;

  /** Milliseconds since the epoch. */
  now(): number {
    return (this.#frozenAt ?? Date.now()) + this.#offsetMs;
  }

  /** Whole seconds since the epoch, the unit of most Slack fields. */
  seconds(): number {
    return Math.floor(this.now() / 1000);
  }

  /** Winds the clock forward, so that expiries can be tested without waiting. */
  advance(ms: number): void {
    this.#offsetMs += ms;
  }

  /** Stops the clock, or lets it run again; `advance` works either way. */
  freeze(on: boolean): void {
    this.#frozenAt = on ? Date.now() : undefined;
  }
}
