import type { Asking } from '#domain/intent.js';
import { isRefusal } from '#domain/refusal.js';
import { Unavailable } from '#store/outcome.js';
import type { SlackClient } from './client.js';
import type { Groups } from './groups.js';
import type { Members } from './members.js';
import type { People } from './people.js';
import type { Answerer, Handle, Log, Owe, Read } from './ports.js';
import type { Where } from './where.js';

/** What every listener of this room works with; made once. */
export interface Context {
  /** The slash command, such as `/incident`. */
  command: string;
  /** Zone of people whose own is not known. */
  zone: string;
  /** Components that the organisation knows, offered in forms. */
  components: readonly string[];
  answer: Answerer;
  handle: Handle;
  read: Read;
  owe: Owe;
  where: Where;
  people: People;
  members: Members;
  groups: Groups;
  /** For work beside the answer. */
  client: SlackClient;
  /** For the one call that an answer may wait for: opening a modal. Gives up before the trigger does. */
  swift: SlackClient;
  /** @returns a message's address, or null: never fails, and gives up soon */
  permalink(channel: string, ts: string): Promise<string | null>;
  /** @returns the bot's own user id, once Slack has said it */
  self(): string | null;
  log: Log;
  now: () => Date;
}

/** Somebody in front of Slack, as a payload names them. */
export interface Speaker {
  /** The whole of it: it says for which workspace it is. */
  payload: unknown;
  user: string;
  /** Slack's `user_profile`, which tells of people from outside whom no list holds. */
  profile?: unknown;
  /** The handle in the payload, for somebody whom we have not met. */
  handle?: string | null;
  /** Where they typed it. */
  channel?: string | null;
}

export interface Spoken {
  asking: Asking;
  zone: string;
  zoneKnown: boolean;
}

/**
 * Who asks. Looks at memory and, for a stranger, at the database; never at Slack.
 * @param key idempotency key of this delivery
 */
export async function spokenBy(context: Context, speaker: Speaker, key: string | null): Promise<Spoken> {
  const resolved = context.where.team(speaker.payload);
  const team = typeof resolved === 'string' ? resolved : await resolved;
  const looked = context.people.known(team, speaker.user, speaker.profile);
  const known = looked instanceof Promise ? await looked : looked;
  return {
    asking: {
      team,
      by: { id: speaker.user, name: known.name ?? (speaker.handle || null) },
      source: 'slack',
      key,
      now: context.now(),
      seesPrivate: false,
      account: known.account,
      ...(speaker.channel && { channel: speaker.channel }),
    },
    zone: known.zone ?? context.zone,
    zoneKnown: known.zone !== null,
  };
}

/**
 * Is whoever clicks, or submits a form, in that incident's channel now? The place alone does not say it: a public channel
 * can be looked at from outside, and a form stays open when its channel has been left. The channel's list does; where
 * Slack does not give it, the record.
 * @param channel where they clicked, or opened the form
 */
export async function standsIn(
  { where, members, read }: Pick<Context, 'where' | 'members' | 'read'>,
  asking: Asking,
  channel: string | null | undefined,
  incident: number | null,
): Promise<boolean> {
  if (!channel || incident === null || (await where.incident(asking.team, channel)) !== incident)
    return false;
  const there = await members.has(channel, asking.by.id);
  if (there !== null) return there;
  const state = await read.incident({ ...asking, seesPrivate: true }, incident);
  return !isRefusal(state) && (!state.private || state.members.includes(asking.by.id));
}

/** Before a command could be looked at something failed. A database that is away is not told with each command: it is said once, elsewhere. */
export function unexpected(
  { log }: Pick<Context, 'log'>,
  error: unknown,
  request: string | null,
  message: string,
): void {
  if (!(error instanceof Unavailable)) log.error({ err: error, request }, message);
}

/** The key of a command or an interaction: Slack gives each a trigger, and repeats it when it delivers again. */
export function triggerKey(trigger: string | undefined): string | null {
  return trigger ? `trigger:${trigger}` : null;
}
