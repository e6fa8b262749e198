/** Wakes a lane at once, then no more often than every `gapMs`. The last call of a storm is kept, never dropped. */
export class Pace {
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
