import { age, type Moment, moment } from './lease.js';

// Slack counts posts per channel and everything else per method.
// `run.show` is our own pace: a run that goes fast would change its message with every step.
const PER_CHANNEL = new Set(['chat.postMessage', 'chat.postEphemeral', 'chat.update', 'run.show']);

/** Slack's own limit on posts to one channel; more may be dropped or hidden. */
export const POST_GAP_MS = 1_000;

/**
 * Which methods must wait, and until when. One per process, so that one lane's `Retry-After` is heeded by all
 * lanes, while other methods and other channels go on.
 */
export class Gate {
  readonly #shut = new Map<string, { since: Moment; ms: number }>();

  constructor(private readonly now: () => Date) {}

  /** @returns until when this call must wait, or null when it may be made. */
  until(method: string, channel: unknown): Date | null {
    const key = keyOf(method, channel);
    const ms = this.#left(key);
    if (ms > 0) return new Date(this.now().getTime() + ms);
    this.#shut.delete(key);
    return null;
  }

  /** Shuts for `ms` from now, or longer if it was shut for longer already. @returns until when */
  shut(method: string, channel: unknown, ms: number): Date {
    const key = keyOf(method, channel);
    const left = Math.max(this.#left(key), ms);
    const now = this.now().getTime();
    this.#shut.set(key, { since: moment(now), ms: left });
    if (this.#shut.size > 1_000) this.#sweep();
    return new Date(now + left);
  }

  /** A wait is a span, not a time of day: a clock that was ahead must not keep anything shut until it is reached. */
  #left(key: string): number {
    const shut = this.#shut.get(key);
    return shut ? Math.max(0, shut.ms - age(shut.since, this.now().getTime())) : 0;
  }

  #sweep(): void {
    for (const key of this.#shut.keys()) if (this.#left(key) <= 0) this.#shut.delete(key);
  }
}

function keyOf(method: string, channel: unknown): string {
  return PER_CHANNEL.has(method) ? `${method} ${String(channel)}` : method;
}
