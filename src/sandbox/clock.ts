/** Time as the sandbox sees it: the machine's clock plus what a test has wound it forward. */
export class Clock {
  #offsetMs = 0;

  /** Milliseconds since the epoch. */
  now(): number {
    return Date.now() + this.#offsetMs;
  }

  /** Whole seconds since the epoch, the unit of most Slack fields. */
  seconds(): number {
    return Math.floor(this.now() / 1000);
  }

  /** Winds the clock forward, so that expiries can be tested without waiting. */
  advance(ms: number): void {
    this.#offsetMs += ms;
  }
}
