import { age, type Moment, moment } from '#elapsed.js';

// Slack counts posts per channel and everything else per method.
// `run.show` is our own pace: a run that goes fast would change its message with every step.
const PER_CHANNEL = new Set(['chat.postMessage', 'chat.postEphemeral', 'chat.update', 'run.show']);

/** Slack's own limit on posts to one channel; more may be dropped or hidden. */
export const POST_GAP_MS = 1_000;

/** Posts of all channels together: Slack allows "several hundred" a minute, and after a burst it allows none for most of one. */
const POSTS_PER_MINUTE = 270;
const FEWEST_PER_MINUTE = 60;
const BURST = 20;
/** So long a lane waits at most before it asks again: something urgent may have come to it meanwhile. */
const ASK_AGAIN_MS = 2_000;
/** Who has not asked again for so long is not there any more: its worker died, or another one posts for it. */
const FORGOTTEN_MS = 3 * ASK_AGAIN_MS;

/**
 * Shares out the posts of a workspace: in turn, channel by channel, and first to those that say something urgent. A channel
 * that has to wait says everything at once that has come meanwhile, so nobody is late by more than one round.
 */
class Turns {
  #tokens = BURST;
  #perMinute = POSTS_PER_MINUTE;
  #at: number;
  #waiting: Array<{ channel: string; urgent: boolean; asked: number }> = [];

  constructor(private readonly now: () => number) {
    this.#at = now();
  }

  /** @returns milliseconds until this channel should ask again; 0: it is its turn */
  ask(channel: string, urgent: boolean): number {
    this.#refill();
    const now = this.#at;
    this.#waiting = this.#waiting.filter(
      (one) => Math.abs(now - one.asked) < FORGOTTEN_MS || one.channel === channel,
    );
    const known = this.#waiting.find((one) => one.channel === channel);
    if (known) {
      known.asked = now;
      known.urgent ||= urgent;
    } else this.#waiting.push({ channel, urgent, asked: now });
    const order = [
      ...this.#waiting.filter((one) => one.urgent),
      ...this.#waiting.filter((one) => !one.urgent),
    ];
    const ahead = order.findIndex((one) => one.channel === channel);
    if (ahead + 1 <= this.#tokens) return 0;
    const ms = ((ahead + 1 - this.#tokens) * 60_000) / this.#perMinute;
    return Math.ceil(Math.min(Math.max(ms, 1), ASK_AGAIN_MS));
  }

  /** This channel speaks now. */
  took(channel: string): void {
    this.#refill();
    this.#tokens -= 1;
    this.#waiting = this.#waiting.filter((one) => one.channel !== channel);
  }

  /** Slack says that it was too much: other processes post too, or this workspace may do less. */
  tooMuch(): void {
    this.#refill();
    this.#perMinute = Math.max(FEWEST_PER_MINUTE, this.#perMinute * 0.8);
    this.#tokens = Math.min(this.#tokens, 0);
  }

  #refill(): void {
    const now = this.now();
    const minutes = Math.max(0, now - this.#at) / 60_000;
    this.#at = now;
    // In a quiet quarter of an hour all of it is ours again.
    this.#perMinute = Math.min(POSTS_PER_MINUTE, this.#perMinute + (minutes / 15) * POSTS_PER_MINUTE);
    this.#tokens = Math.min(BURST, this.#tokens + minutes * this.#perMinute);
  }
}

const POST = 'chat.postMessage';

/**
 * Which methods must wait, and until when. One per process, so that one lane's `Retry-After` is heeded by all
 * lanes, while other methods and other channels go on.
 */
export class Gate {
  readonly #shut = new Map<string, { since: Moment; ms: number }>();
  readonly #turns: Turns;

  constructor(private readonly now: () => Date) {
    this.#turns = new Turns(() => now().getTime());
  }

  /** @returns until when a post must wait for its channel's turn, or null when it may be made. @param urgent it goes first */
  turn(method: string, channel: unknown, urgent: boolean): Date | null {
    if (method !== POST) return null;
    const ms = this.#turns.ask(String(channel), urgent);
    return ms === 0 ? null : new Date(this.now().getTime() + ms);
  }

  /** A call is made now. Two lanes may post to the announcement channel at the same moment. */
  made(method: string, channel: unknown): void {
    if (method !== POST) return;
    this.#turns.took(String(channel));
    this.shut(method, channel, POST_GAP_MS);
  }

  /** Slack wants us to wait. @returns until when */
  told(method: string, channel: unknown, ms: number): Date {
    if (method === POST) this.#turns.tooMuch();
    return this.shut(method, channel, ms);
  }

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
    return shut ? Math.max(0, Math.ceil(shut.ms - age(shut.since, this.now().getTime()))) : 0;
  }

  #sweep(): void {
    for (const key of this.#shut.keys()) if (this.#left(key) <= 0) this.#shut.delete(key);
  }
}

function keyOf(method: string, channel: unknown): string {
  return PER_CHANNEL.has(method) ? `${method} ${String(channel)}` : method;
}
