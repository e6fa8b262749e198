import { age, type Moment, moment } from '#elapsed.js';

/** A small map that forgets: entries live `ttlMs`, and beyond `max` the oldest go first. */
export class Memory<V> {
  readonly #entries = new Map<string, { value: V; since: Moment; ttlMs: number }>();

  constructor(
    private readonly ttlMs: number,
    private readonly max: number,
    private readonly clock: () => number,
  ) {}

  /** @returns what is remembered and still fresh */
  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    return entry && age(entry.since, this.clock()) < entry.ttlMs ? entry.value : undefined;
  }

  /** @returns what is remembered, however old */
  stale(key: string): V | undefined {
    return this.#entries.get(key)?.value;
  }

  set(key: string, value: V, ttlMs = this.ttlMs): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, since: moment(this.clock()), ttlMs });
    if (this.#entries.size <= this.max) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      break;
    }
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}
