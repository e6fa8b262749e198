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
  readonly #shut = new Map<string, number>();

  constructor(private readonly now: () => Date) {}

  /** @returns until when this call must wait, or null when it may be made. */
  until(method: string, channel: unknown): Date | null {
    const key = keyOf(method, channel);
    const at = this.#shut.get(key);
    if (at === undefined) return null;
    if (at > this.now().getTime()) return new Date(at);
    this.#shut.delete(key);
    return null;
  }

  /** Shuts for `ms` from now, or longer if it was shut for longer already. @returns until when */
  shut(method: string, channel: unknown, ms: number): Date {
    const key = keyOf(method, channel);
    const at = Math.max(this.#shut.get(key) ?? 0, this.now().getTime() + ms);
    this.#shut.set(key, at);
    if (this.#shut.size > 1_000) this.#sweep();
    return new Date(at);
  }

  #sweep(): void {
    const now = this.now().getTime();
    for (const [key, at] of this.#shut) if (at <= now) this.#shut.delete(key);
  }
}

function keyOf(method: string, channel: unknown): string {
  return PER_CHANNEL.has(method) ? `${method} ${String(channel)}` : method;
}
