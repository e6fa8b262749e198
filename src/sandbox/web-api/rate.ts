import type { Clock } from '../workspace/clock.js';

export type Tier = 1 | 2 | 3 | 4 | 'special' | 'posting';

const MINUTE = 60_000;
const PER_MINUTE = { 1: 1, 2: 20, 3: 50, 4: 100, special: 300, posting: 300 } as const;
// One message a second in a channel, and one more in a burst.
const CHANNEL_BURST = 2;

/** Slack's limits: so many calls of a method in any minute, and one message a second in a channel. */
export class RateLimits {
  on = true;
  readonly #calls = new Map<string, number[]>();
  readonly #channels = new Map<string, { tokens: number; at: number }>();

  constructor(readonly clock: Clock) {}

  /**
   * Takes one call out of the budget.
   * @returns seconds to wait, a whole number, when there is none left; nothing was taken then
   */
  take(method: string, tier: Tier, channel?: string): number | undefined {
    if (!this.on) return undefined;
    const now = this.clock.now();
    const recent = (this.#calls.get(method) ?? []).filter((at) => at > now - MINUTE);
    if (recent.length >= PER_MINUTE[tier]) {
      return Math.max(1, Math.ceil(((recent[0] ?? now) + MINUTE - now) / 1000));
    }
    if (tier === 'posting' && channel) {
      const wait = this.#takeChannel(channel, now);
      if (wait) return wait;
    }
    recent.push(now);
    this.#calls.set(method, recent);
    return undefined;
  }

  reset(): void {
    this.#calls.clear();
    this.#channels.clear();
  }

  #takeChannel(channel: string, now: number): number | undefined {
    const bucket = this.#channels.get(channel) ?? { tokens: CHANNEL_BURST, at: now };
    const tokens = Math.min(CHANNEL_BURST, bucket.tokens + (now - bucket.at) / 1000);
    if (tokens < 1) {
      this.#channels.set(channel, { tokens, at: now });
      return Math.max(1, Math.ceil(1 - tokens));
    }
    this.#channels.set(channel, { tokens: tokens - 1, at: now });
    return undefined;
  }
}
