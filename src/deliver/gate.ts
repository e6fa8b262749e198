import { age, type Moment, moment } from '#elapsed.js';
import type { Pace } from '#store/posts.js';
import type { Outbox } from './ports.js';

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
/** Who has not asked again for so long is not there any more. */
const FORGOTTEN_MS = 3 * ASK_AGAIN_MS;
/** In a quiet quarter of an hour all that Slack allows is ours again. */
const RECOVERY_MS = 15 * 60_000;

export const POST = 'chat.postMessage';

/** Where all processes find out whose turn it is to post; the store's. */
export type Posts = Pick<Outbox, 'turnToPost' | 'tooManyPosts'>;

/**
 * Which methods must wait, and until when. One per process, so that one lane's `Retry-After` is heeded by all
 * lanes, while other methods and other channels go on. The workspace's posts are shared out among all processes.
 */
export class Gate {
  readonly #shut = new Map<string, { since: Moment; ms: number }>();
  #perMinute = POSTS_PER_MINUTE;
  #paceAt = performance.now();

  constructor(private readonly now: () => Date) {}

  /**
   * Asks for this channel's turn among all those that want to post in the workspace; it is used up by asking.
   * @param urgent it goes first
   * @returns until when a post must wait, or null when it may be made
   */
  async turn(posts: Posts, team: string, channel: unknown, urgent: boolean): Promise<Date | null> {
    const ms = await posts.turnToPost({ team, channel: String(channel), urgent }, this.#pace(), FORGOTTEN_MS);
    return ms === 0 ? null : new Date(this.now().getTime() + Math.min(ms, ASK_AGAIN_MS));
  }

  /** Slack says that posts are too many: other programs post too, or this workspace may do less. */
  async tooMany(posts: Posts, team: string): Promise<void> {
    this.#pace();
    this.#perMinute = Math.max(FEWEST_PER_MINUTE, this.#perMinute * 0.8);
    // Those who do not hear of it hear it from Slack.
    await posts.tooManyPosts(team, this.#pace()).catch(() => undefined);
  }

  #pace(): Pace {
    const now = performance.now();
    const recovered = ((now - this.#paceAt) / RECOVERY_MS) * POSTS_PER_MINUTE;
    this.#perMinute = Math.min(POSTS_PER_MINUTE, this.#perMinute + recovered);
    this.#paceAt = now;
    return { everyMs: 60_000 / this.#perMinute, burst: BURST, gapMs: POST_GAP_MS };
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
