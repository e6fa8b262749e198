import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from './clock.js';

/**
 * Makes ids and message times.
 *
 * A bot keeps what it has seen in its own database, which outlives a sandbox. So ids must not repeat from one
 * run to the next unless a test asks for it with a seed.
 */
export class Ids {
  #count = 0;
  #lastMicros = 0;
  readonly #seed: string;
  /** Whether a seed was given. */
  readonly repeatable: boolean;

  constructor(
    readonly clock: Clock,
    seed?: string,
  ) {
    this.repeatable = seed !== undefined;
    this.#seed = seed ?? randomBytes(8).toString('hex');
  }

  /** `C0…`, `V0…`, `F0…`: a prefix and ten capital letters and digits. */
  make(prefix: string): string {
    return `${prefix}0${this.#digits(36).toString(36).toUpperCase().padStart(9, '0').slice(-9)}`;
  }

  /** Lower-case hex of the given length. */
  hex(length: number): string {
    return this.#hash().slice(0, length);
  }

  /** A version 4 UUID in shape. */
  uuid(): string {
    const h = this.#hash();
    return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-a${h.slice(17, 20)}-${h.slice(20, 32)}`;
  }

  /** The shape Slack checks before it looks a trigger up: digits, a dot, digits, a dot, hex. */
  trigger(): string {
    return `${this.#digits(40)}.${this.#digits(36)}.${this.hex(32)}`;
  }

  /** A message time: unique in the workspace and ascending, so that it sorts as text. */
  ts(): string {
    const micros = Math.max(this.clock.now() * 1000, this.#lastMicros + 1);
    this.#lastMicros = micros;
    const whole = Math.floor(micros / 1_000_000);
    return `${whole}.${String(micros % 1_000_000).padStart(6, '0')}`;
  }

  /** Starts over: with a seed the same ids come again, without one none of them does. */
  reset(): void {
    this.#lastMicros = 0;
    if (this.repeatable) this.#count = 0;
  }

  #digits(bits: number): bigint {
    return BigInt(`0x${this.#hash().slice(0, bits / 4)}`);
  }

  #hash(): string {
    this.#count += 1;
    return createHash('sha256').update(`${this.#seed}:${this.#count}`).digest('hex');
  }
}
