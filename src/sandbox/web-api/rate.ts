import type { Clock } from '../workspace/clock.js';
import type { Settings } from '../workspace/settings.js';
import type { World } from '../workspace/world.js';

export type Tier = 1 | 2 | 3 | 4 | 'special' | 'posting';

const MINUTE = 60_000;
const PER_MINUTE = { 1: 1, 2: 20, 3: 50, 4: 100, special: 300, posting: 300 } as const;
// One message a second in a channel, and one more in a burst.
const CHANNEL_BURST = 2;
/** One budget for all ways of posting: several hundred a minute in a workspace. */
const POSTING = 'posting';

/** Why there is nothing left: the method's budget, or that of the conversation. */
export interface Limited {
  /** Whole seconds to wait, for `Retry-After`. */
  readonly wait: number;
  readonly of: 'method' | 'conversation';
}

/** Slack's limits: so many calls of a method in any minute, and one message a second in a channel. */
export class RateLimits {
  on = true;
  readonly #calls = new Map<string, number[]>();
  readonly #channels = new Map<string, { tokens: number; at: number }>();

  constructor(
    readonly clock: Clock,
    readonly settings: Pick<Settings, 'historyProfile'> = { historyProfile: 'internal' },
  ) {}

  /**
   * Takes one call out of the budget.
   * @param bucket the conversation that it posts into, from {@link postingBucket}
   * @returns undefined when there was room; otherwise nothing was taken
   */
  take(method: string, tier: Tier, bucket?: string): Limited | undefined {
    if (!this.on) return undefined;
    const now = this.clock.now();
    const counted = tier === 'posting' ? POSTING : method;
    const recent = (this.#calls.get(counted) ?? []).filter((at) => at > now - MINUTE);
    if (recent.length >= PER_MINUTE[this.#tierOf(method, tier)])
      return { wait: secondsUntil((recent[0] ?? now) + MINUTE - now), of: 'method' };
    const wait = bucket === undefined ? undefined : this.#takeChannel(bucket, now);
    if (wait !== undefined) return { wait, of: 'conversation' };
    recent.push(now);
    this.#calls.set(counted, recent);
    return undefined;
  }

  reset(): void {
    this.#calls.clear();
    this.#channels.clear();
  }

  #tierOf(method: string, tier: Tier): Tier {
    const history = method === 'conversations.history' || method === 'conversations.replies';
    return history && this.settings.historyProfile === 'distributed' ? 1 : tier;
  }

  #takeChannel(channel: string, now: number): number | undefined {
    const bucket = this.#channels.get(channel) ?? { tokens: CHANNEL_BURST, at: now };
    const tokens = Math.min(CHANNEL_BURST, bucket.tokens + (now - bucket.at) / 1000);
    if (tokens < 1) {
      this.#channels.set(channel, { tokens, at: now });
      return secondsUntil((1 - tokens) * 1000);
    }
    this.#channels.set(channel, { tokens: tokens - 1, at: now });
    return undefined;
  }
}

/** Posts although their own limit is another one. */
const ALSO_POSTS = new Set(['chat.update', 'chat.postEphemeral']);

/**
 * The budget of the conversation that a call posts into; undefined when it posts nothing.
 * @param text reads an argument of the call
 */
export function bucketOf(
  world: World,
  name: string,
  tier: Tier,
  text: (argument: string) => string | undefined,
): string | undefined {
  const to = text('channel');
  if (!to || (tier !== 'posting' && !ALSO_POSTS.has(name))) return undefined;
  return postingBucket(world, to, name === 'chat.postEphemeral' ? text('user') : undefined);
}

function secondsUntil(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}

/**
 * The budget that a post takes from, however the conversation is named: by id, by name, or by the person whose direct
 * message it is. What only one person sees has a budget of its own.
 * @param to the `channel` argument
 * @param onlyFor the person who alone will see it
 */
export function postingBucket(world: World, to: string, onlyFor?: string): string {
  const suffix = onlyFor ? `:${onlyFor}` : '';
  const channel = world.channels.get(to) ?? world.channelNamed(to.replace(/^#/, ''));
  if (!channel) return `${world.userNamed(to)?.id ?? to}${suffix}`;
  if (channel.kind !== 'im') return `${channel.id}${suffix}`;
  const { botUserId } = world.identity;
  return `${[...channel.members].find((member) => member !== botUserId) ?? channel.id}${suffix}`;
}
