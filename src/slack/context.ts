import type { RespondArguments } from '@slack/bolt';
import { z } from 'zod';
import type { Asking } from '#domain/incident/intent.js';
import { isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import { nothingKept, notRead } from '#handle/handle.js';
import { channelRemark } from '#render/receipt.js';
import { Unavailable } from '#store/pools.js';
import { type Block, cut, escaped } from './blocks/text.js';
import type { Groups } from './people/groups.js';
import type { Members } from './people/members.js';
import { type Home, Memory, type People } from './people/people.js';
import type { Answerer, Handle, Log, Owe, Read, Recorded, Workspace } from './ports.js';
import { type SlackClient, withoutSecrets } from './transport/client.js';

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

/** Which workspace and which incident a payload speaks of, from memory where that is safe. */
interface Where {
  /**
   * Ours, whatever the payload names: in a channel shared with another workspace, and in an Enterprise, the envelope may
   * name another one. What it names counts only while Slack has not said who we are.
   * @returns our name of the workspace that we are installed in
   * @throws NotSure while that is not known: an event is then not answered, so that Slack sends it again
   */
  team(payload: unknown): string | Promise<string>;
  /** @returns the incident whose channel this is, or null */
  incident(team: string, channel: string): number | null | Promise<number | null>;
}

/** Slack has not said who we are, and the payload names a workspace that we have never met. */
export class NotSure extends Error {
  override name = 'NotSure';
  constructor() {
    super('Slack has not said yet in which workspace we are installed');
  }
}

/** @returns the refusal for whoever could not be answered. @param looks they only asked: nothing would have been kept */
export function noAnswer(error: unknown, looks = false): Refusal {
  if (!(error instanceof NotSure)) return looks ? notRead(error) : nothingKept(error);
  const why = 'Slack has not said yet which workspace this bot is installed in';
  return refuse(looks ? 'NOT_READ' : 'NOT_RECORDED', { why });
}

const id = z.string().min(1).nullish().catch(null);
const named = z.object({ id }).nullish().catch(null);
const ENVELOPE = z.object({
  event: z.unknown().optional(),
  authorizations: z
    .array(z.object({ team_id: id }))
    .nullish()
    .catch(null),
  context_team_id: id,
  view: z.object({ app_installed_team_id: id }).nullish().catch(null),
  team: named,
  team_id: id,
  user: z.object({ team_id: id }).nullish().catch(null),
});

/** @returns Slack's id of the workspace for which a payload was sent, as far as it says so; and whether it is an event */
export function addressee(payload: unknown): { team: string | null; event: boolean } {
  const read = ENVELOPE.safeParse(payload);
  if (!read.success) return { team: null, event: false };
  const { event, authorizations, context_team_id, view, team, team_id, user } = read.data;
  // The nearer to the installation first: the outer `team_id` may be that of whoever acted.
  const team_ = authorizations?.[0]?.team_id || context_team_id || view?.app_installed_team_id;
  return { team: team_ || team?.id || team_id || user?.team_id || null, event: event !== undefined };
}

export function createWhere(options: {
  read: Pick<Read, 'ofChannel'>;
  workspace: Workspace;
  /** @returns where we are installed, null while Slack has not said it */
  home: () => Home | null;
  now: () => Date;
}): Where {
  const { workspace, home } = options;
  // Neither ever changes once it is known: a workspace keeps its name, a channel its incident.
  let ours: { slack: string; team: string } | null = null;
  const channels = new Memory<number>(24 * 3_600_000, 20_000, () => options.now().getTime());

  async function installed(slack: string): Promise<string> {
    const team = await workspace.resolve(slack);
    ours = { slack, team };
    return team;
  }

  /** Recording needs nothing from Slack, so a command must not wait for it; but nothing that was not typed makes a workspace. */
  async function unsure(payload: unknown): Promise<string> {
    const { team, event } = addressee(payload);
    const found = team === null ? null : await workspace.find(team);
    if (found !== null) return found;
    const first = team === null || event || !team.startsWith('T') ? null : await workspace.first(team);
    if (first === null) throw new NotSure();
    return first;
  }

  return {
    team(payload) {
      const slack = home()?.team;
      if (slack === undefined) return unsure(payload);
      return ours?.slack === slack ? ours.team : installed(slack);
    },
    incident(team, channel) {
      const key = `${team} ${channel}`;
      const known = channels.get(key);
      if (known !== undefined) return known;
      return options.read.ofChannel(team, channel).then((incident) => {
        // A *no* is not kept: the next line may be typed in a channel that was made a moment ago.
        if (incident !== null) channels.set(key, incident);
        return incident;
      });
    },
  };
}

/** What somebody gets to read, and only they. `words` is plain text, escaped on its way out. */
export interface Reply {
  words: string;
  /** Our own sentences set commands in `code`; what people wrote is shown literally. */
  formatted: boolean;
  blocks?: Block[];
}

/** Slack cuts at 40,000 without a word; what is left out here is said. */
const LONGEST = 38_000;
const REST = '\n… and more: `export md` gives all of it.';

export function said(words: string): Reply {
  return { words, formatted: false };
}

/** The receipt, and that the incident has no channel, where that is so: they may not have been told. */
export async function recorded(
  { read }: Pick<Context, 'read'>,
  team: string,
  { receipt, incident, ref }: Recorded,
): Promise<Reply> {
  // It is recorded, whatever becomes of this look.
  const rows = await read.refused(team, incident).catch(() => []);
  const remark = channelRemark(ref, rows);
  return said(remark === null ? receipt : `${receipt}\n${remark}`);
}

export function refused(refusal: Refusal): Reply {
  return { words: `${refusal.sentence}\n${refusal.next}`, formatted: true };
}

/** @returns the message for an answer or a response address: for one person's eyes, pinging nobody */
export function ephemeral(reply: Reply): RespondArguments & { response_type: 'ephemeral' } {
  return {
    response_type: 'ephemeral',
    text: cut(escaped(reply.words), LONGEST, REST),
    ...(reply.formatted ? {} : { mrkdwn: false }),
    ...(reply.blocks && { blocks: reply.blocks }),
  };
}

/** Slack takes five answers per address, within thirty minutes. */
const ATTEMPTS = 3;

/**
 * Say something through a response address: it works wherever the person is, whether or not the bot is there.
 * @returns whether Slack took it; never throws. The address is a secret and stays out of the log.
 */
export async function respondTo(url: string | null | undefined, message: object, log: Log): Promise<boolean> {
  if (!url) return false;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(message),
        redirect: 'error',
        signal: AbortSignal.timeout(5_000),
      });
      await response.body?.cancel();
      if (response.ok) return true;
      log.warn({ status: response.status, attempt }, 'Slack did not take a late answer');
      // Used up or expired: asking again changes nothing.
      if (response.status >= 400 && response.status < 500 && response.status !== 429) return false;
    } catch (error) {
      const why = withoutSecrets(error instanceof Error ? error.message : String(error));
      log.warn({ why, attempt }, 'A late answer did not reach Slack');
    }
    await new Promise((resolve) => setTimeout(resolve, 300 * attempt));
  }
  return false;
}

/** Slack waits three seconds; an empty answer at two leaves one for the way. */
const LATE_MS = 2_000;

/**
 * Give the outcome in the answer itself; when it takes too long, answer empty and tell it later.
 * @param work what has to be done; what it throws is logged and becomes a sentence
 * @param answer answers Slack; null: empty, the outcome follows
 * @param later tells the outcome another way
 */
export async function inTime<T>(options: {
  work: Promise<T>;
  failed: (reply: Reply) => T;
  answer: (outcome: T | null) => Promise<void>;
  later: (outcome: T) => Promise<unknown>;
  /** The key under which it is recorded; on every line that belongs to it. */
  request: string | null;
  log: Log;
}): Promise<void> {
  const { log, request } = options;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    options
      .answer(null)
      .catch((error: unknown) => log.warn({ err: error, request }, 'An empty answer did not reach Slack'));
  }, LATE_MS);
  let outcome: T;
  try {
    outcome = await options.work;
  } catch (error) {
    log.error({ err: error, request }, 'What somebody asked for failed');
    // Something we did not foresee: whether it is in the record is not known here.
    outcome = options.failed(refused(refuse('NOT_CONFIRMED', {})));
  } finally {
    clearTimeout(timer);
  }
  if (late) {
    await options.later(outcome);
    return;
  }
  try {
    await options.answer(outcome);
  } catch (error) {
    // The socket closed under us, say. What was recorded is recorded: tell it the other way.
    log.warn({ err: error, request }, 'An answer did not reach Slack; telling it later');
    await options.later(outcome);
  }
}
