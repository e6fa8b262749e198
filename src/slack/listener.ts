import type {
  Middleware,
  RespondArguments,
  SlackCommandMiddlewareArgs,
  SlashCommand,
  types,
} from '@slack/bolt';
import { z } from 'zod';
import type { Asked, Answer as Said, Typed } from '#answer/answer.js';
import type { NextOffer } from '#answer/here.js';
import type { Mine } from '#answer/mine.js';
import { decodeSlack, type Entered, plain } from '#domain/command/entered.js';
import { verbNamed } from '#domain/command/verbs.js';
import type { Effect } from '#domain/incident/effect.js';
import type { Asking, TypedIntent } from '#domain/incident/intent.js';
import { isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import { scrubSecrets } from '#domain/secret/scrub.js';
import { natureOf } from '#domain/slack-code.js';
import type { PostPreview } from '#domain/status/publish.js';
import { POST_STATES, refOf } from '#domain/words.js';
import { nothingKept, notRead, type Handle as Recorder } from '#handle/handle.js';
import type { Logs } from '#log.js';
import type { Metrics } from '#metrics.js';
import type { Read } from '#read/read.js';
import type { Shelf } from '#runbooks/definition/shelf.js';
import { Unavailable } from '#store/pools.js';
import type { Store } from '#store/store.js';
import { type CarriedLine, type CarriedNext, nextButtons, packed, whichIncident } from './blocks/buttons.js';
import { type AskedPost, type CarriedPost, publishQuestion } from './blocks/publish.js';
import { type Block, cut, escaped, MAX, receiptBlocks } from './blocks/text.js';
import { watchOffer } from './blocks/watch.js';
import { type From, receiptModal, type Shown } from './modals/form.js';
import { FORMS, shownIn } from './modals/modals.js';
import { seenOf } from './modals/steer.js';
import { type Groups, groupsIn, peopleIn } from './people/groups.js';
import type { Members } from './people/members.js';
import { Memory, type People, profileIn } from './people/people.js';
import { type Home, type SlackClient, withoutSecrets } from './transport/client.js';

// What this room needs of others, as narrow as it can be; compose hands it in.

export type Recorded = { recorded: true; receipt: string };
type Handle = (...of: Parameters<Recorder>) => Promise<Recorded | Refusal>;
export type Answer =
  | Exclude<Said, { kind: 'recorded' }>
  | (Omit<Extract<Said, { kind: 'recorded' }>, 'recorded'> & { recorded?: { incident: number } });
/** Our names for Slack's workspaces, the first word of every key. */
export type Workspace = Pick<Store['workspaces'], 'resolve' | 'find' | 'first'>;

/** What every listener of this room works with; made once. */
export interface Context {
  /** The slash command, such as `/incident`. */
  command: string;
  /** Zone of people whose own is not known. */
  zone: string;
  /** Components that the organisation knows, offered in forms. */
  components: readonly string[];
  /** Whoever comes late into an incident's channel is told how it stands. */
  catchesUp: boolean;
  answer: (asked: Asked) => Promise<Answer>;
  handle: Handle;
  /** `emoji`: their names, any of which keeps a message; `deleted`: what becomes of the words of one that is deleted. */
  capture: { emoji: readonly string[]; deleted: 'hide' | 'keep' };
  read: Pick<Read, 'incident' | 'open' | 'list' | 'ofChannel' | 'captured' | 'actions'>;
  /** What somebody has before them, over all incidents. `inside`: ids of the channels that they are in; null: not known. */
  mine: (asking: Asking, inside: ReadonlySet<string> | null) => Promise<Mine>;
  /** What can be run. */
  shelf: Pick<Shelf, 'list' | 'get'>;
  homes: Homes;
  /** Leaves an effect in the outbox that no fact caused: an export to send, a pinned message to fetch. Resolves when it is kept. */
  owe(
    effect: Effect,
    of: { team: string; incident: number; key: string | null; inMs?: number },
  ): Promise<void>;
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
  /**
   * Where our links lead; null: nowhere. `everybody`: tocsin.yml leaves it to every full member to look at a public incident.
   */
  links: { base: string; everybody: boolean } | null;
  /** @returns the bot's own user id, once Slack has said it */
  self(): string | null;
  log: Logs;
  metrics?: Pick<Metrics, 'slackAnswered'>;
  now: () => Date;
}

/** What people see in the app's Home tab. */
export interface Homes {
  /**
   * Shows somebody's anew, in the background. Never throws.
   * @param payload of theirs: it says for which workspace it is
   * @param notice what came of what they pressed in it; told directly where the tab cannot be shown
   */
  refresh(payload: unknown, user: string, notice?: string): void;
}

/** Somebody in front of Slack, as a payload names them. */
interface Actor {
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

export interface Asker {
  asking: Asking;
  zone: string;
  zoneKnown: boolean;
}

/**
 * Who asks. Looks at memory and, for a stranger, at the database; never at Slack.
 * @param key idempotency key of this delivery
 */
export async function askerOf(context: Context, actor: Actor, key: string | null): Promise<Asker> {
  const resolved = context.where.team(actor.payload);
  const team = typeof resolved === 'string' ? resolved : await resolved;
  const looked = context.people.known(team, actor.user, actor.profile);
  const known = looked instanceof Promise ? await looked : looked;
  return {
    asking: {
      team,
      by: { id: actor.user, name: known.name ?? (actor.handle || null) },
      source: 'slack',
      key,
      now: context.now(),
      seesPrivate: false,
      account: known.account,
      ...(actor.channel && { channel: actor.channel }),
    },
    zone: known.zone ?? context.zone,
    zoneKnown: known.zone !== null,
  };
}

/** Who acts in an event, and the incident whose channel that is about; null: it is no incident's. */
export async function askerOfEvent(
  context: Context,
  body: { event_id: string },
  by: { user: string },
  channel: string,
): Promise<{ asking: Asking; incident: number | null }> {
  const actor = { payload: body, user: by.user, profile: profileIn(by) };
  const { asking } = await askerOf(context, actor, `event:${body.event_id}`);
  return { asking, incident: await context.where.incident(asking.team, channel) };
}

/**
 * Is whoever clicks, or submits a form, in that incident's channel now? The place alone does not say it: a public channel
 * can be looked at from outside, and a form stays open when its channel has been left. The channel's list does; where
 * Slack does not give it, the record.
 * @param channel where they clicked, or opened the form
 */
export async function isInChannelOf(
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
  // What is nearer to the installation comes first: the outer `team_id` may be that of whoever acted.
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

  /** A command must not wait for Slack, because recording needs nothing from it; but only what was typed may make a workspace. */
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
  /** The input of a form that is at fault: the form stays open. */
  block?: string;
  /** What the form gives way to, while it is open. */
  view?: types.ModalView;
  /** It is in the record. */
  recorded?: true;
  /** The question that was answered still stands: it can be answered again. */
  keeps?: true;
}

/** Slack cuts a message at 40,000 characters without saying so; a text that is cut here says it. */
const LONGEST = 38_000;
const REST = '\n… and more: `export md` gives all of it.';

export function said(words: string): Reply {
  return { words, formatted: false };
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
/** A channel in which much happens makes Slack say *wait*, several times over; who clicked is told after all. */
const WAITS = 10;
const LONGEST_WAIT_S = 30;

/**
 * Say something through a response address: it works wherever the person is, whether or not the bot is there.
 * @returns whether Slack took it; never throws. The address is a secret and stays out of the log.
 */
export async function respondTo(
  url: string | null | undefined,
  message: object,
  log: Logs,
): Promise<boolean> {
  if (!url) return false;
  let waits = 0;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    let pauseMs = 300 * attempt;
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
      if (response.status === 429 && waits < WAITS) {
        // To be told to wait is no failure: it is neither counted as one nor answered sooner than Slack asks.
        waits += 1;
        attempt -= 1;
        const asked = Number(response.headers.get('retry-after') ?? 1);
        pauseMs = 1000 * Math.min(LONGEST_WAIT_S, asked > 0 ? asked : 1);
      } else if (response.status >= 400 && response.status < 500) {
        // Used up or expired: asking again changes nothing.
        return false;
      }
    } catch (error) {
      const why = withoutSecrets(error instanceof Error ? error.message : String(error));
      log.warn({ why, attempt }, 'A late answer did not reach Slack');
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  return false;
}

/** Slack waits three seconds; an empty answer at two leaves one for the way. */
const LATE_MS = 2_000;

/**
 * Gives the outcome in the answer itself; where that takes too long, answers empty and tells it later. A failure is logged
 * and becomes a sentence.
 */
export async function interaction<A = void>(
  context: Pick<Context, 'log' | 'metrics'>,
  of: {
    /** The key under which it is recorded; on every line that belongs to it. */
    request: string | null;
    /** What has to be done. null: there is nothing to say */
    work: Promise<Reply | null>;
    /** What is said when the work fails, made of the reply that it is not known whether it was recorded. */
    failed?: (reply: Reply) => Reply;
    ack: (body?: A) => Promise<void>;
    /** What Slack takes in its answer; absent or undefined: the answer is empty, and `tell` follows. */
    inAnswer?: (reply: Reply) => A | undefined;
    /** Tells it another way. */
    tell: (reply: Reply) => Promise<unknown>;
  },
): Promise<void> {
  const { log, metrics } = context;
  const { request, ack, tell } = of;
  const began = performance.now();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    ack().catch((error: unknown) => log.warn({ err: error, request }, 'An empty answer did not reach Slack'));
  }, LATE_MS);
  let reply: Reply | null;
  try {
    reply = await of.work;
  } catch (error) {
    log.error({ err: error, request }, 'What somebody asked for failed');
    // A failure that was not foreseen: here it is not known whether anything was recorded.
    const unsure = refused(refuse('NOT_CONFIRMED', {}));
    reply = of.failed ? of.failed(unsure) : unsure;
  } finally {
    clearTimeout(timer);
    metrics?.slackAnswered(late, performance.now() - began);
  }
  if (!late) {
    const body = reply ? of.inAnswer?.(reply) : undefined;
    try {
      await (body ? ack(body) : ack());
      if (body) return;
    } catch (error) {
      // The answer may have failed because the socket closed. What was recorded is recorded: it is told the other way.
      log.warn({ err: error, request }, 'An answer did not reach Slack; telling it later');
    }
  }
  if (reply) await tell(reply);
}

/**
 * Looks up what has to be known before anything is recorded. Where that fails, nothing was kept, and the answer says so.
 * @param onlyLooks they only asked: nothing would have been kept
 */
export async function lookedUp<T>(
  { log }: Pick<Context, 'log'>,
  request: string | null,
  work: () => Promise<T>,
  onlyLooks = false,
): Promise<T | Refusal> {
  try {
    return await work();
  } catch (error) {
    // A database that is away is said once, elsewhere, and not with each request.
    if (!(error instanceof Unavailable))
      log.error({ err: error, request }, 'A request could not be looked up');
    if (!(error instanceof NotSure)) return onlyLooks ? notRead(error) : nothingKept(error);
    const why = 'Slack has not said yet which workspace this bot is installed in';
    return refuse(onlyLooks ? 'NOT_READ' : 'NOT_RECORDED', { why });
  }
}

/** The slash command: commit, then the receipt in the same answer. */
export function onCommand(context: Context): Middleware<SlackCommandMiddlewareArgs> {
  return ({ command, ack }) =>
    interaction<RespondArguments>(context, {
      request: triggerKey(command.trigger_id),
      work: answerCommand(context, command),
      failed: (reply) => (onlyLooks(command) ? NOT_READ : reply),
      ack,
      inAnswer: ephemeral,
      tell: (reply) => respondTo(command.response_url, ephemeral(reply), context.log),
    });
}

const NOT_READ = refused(refuse('NOT_READ', { why: 'something failed here' }));

/** Used after a failure only: somebody who asked a question must not read that something may be in the record. */
function onlyLooks({ text }: SlashCommand): boolean {
  const verb = verbNamed((text ?? '').trim().split(/\s/, 1)[0] || 'here');
  return verb !== null && (verb.looks || verb.name === 'list' || verb.name === 'help');
}

async function answerCommand(context: Context, command: SlashCommand): Promise<Reply | null> {
  if (command.command !== context.command) {
    return said(`I listen to ${context.command}, not to ${command.command}: see \`command\` in tocsin.yml.`);
  }
  const { trigger_id: trigger, channel_id: channel, response_url: reply } = command;
  const request = triggerKey(trigger);
  const typed = await lookedUp(context, request, () => typedIn(context, command), onlyLooks(command));
  if (isRefusal(typed)) return refused(typed);
  return askAndReply(context, typed, { channel, trigger, reply: reply || null });
}

/** Everything that the answer needs, from memory where possible: a note typed in a known channel asks nobody. */
async function typedIn(context: Context, command: SlashCommand): Promise<Typed> {
  const { user_id: user, user_name: handle, channel_id: channel, trigger_id: trigger } = command;
  const asker = await askerOf(context, { payload: command, user, handle, channel }, triggerKey(trigger));
  const implied = context.where.incident(asker.asking.team, channel);
  const here = { id: channel, name: command.channel_name };
  return {
    ...asker,
    implied: implied instanceof Promise ? await implied : implied,
    entered: await entered(context, asker.asking.team, command.text ?? '', here),
  };
}

/**
 * Slack's encoding undone, with the names that we know.
 * @param here the channel of the payload with the name it gives, so that a mention of it has one
 */
export async function entered(
  context: Pick<Context, 'people' | 'groups'>,
  team: string,
  raw: string,
  here?: { id: string; name: string | undefined },
): Promise<Entered> {
  const ids = raw.includes('<@') ? peopleIn(raw) : [];
  const names = ids.length > 0 ? await context.people.names(team, ids) : null;
  const unnamed = raw.includes('<!subteam^') ? groupsIn(raw) : [];
  const groups = unnamed.length > 0 ? await context.groups.names(unnamed) : null;
  return decodeSlack(raw, {
    group: (id) => groups?.get(id) ?? null,
    person: (id) => names?.get(id) ?? null,
    // In private channels and direct messages Slack gives a kind instead of a name.
    channel: (id) =>
      here?.id === id && here.name && !['privategroup', 'directmessage'].includes(here.name)
        ? here.name
        : null,
  });
}

/** Where a command was typed, as far as an answer needs it. */
export interface Origin {
  channel: string;
  trigger: string | undefined;
  /** Response address, for what is said after a form. */
  reply: string | null;
  /** What a form that opens from there remembers and shows beside the usual. */
  form?: { from?: Partial<From>; shown?: Partial<Shown> };
}

/**
 * Opens a modal: the only call to Slack that an answer may wait for, and it is made before anything is recorded.
 * @returns whether it is open
 */
export async function openView(
  { swift, log }: Pick<Context, 'swift' | 'log'>,
  trigger: string | undefined,
  view: types.ModalView,
): Promise<boolean> {
  if (!trigger) return false;
  const result = await swift.call('views.open', { trigger_id: trigger, view });
  if (result.kind === 'ok') return true;
  const why = result.kind === 'ratelimited' ? 'ratelimited' : result.error;
  log.warn({ why, view: view.callback_id }, 'A form could not be opened');
  return false;
}

/**
 * Tells somebody who is in no channel, and has no response address: on top of what they look at, else as a direct message.
 * @param trigger of theirs, if it was not used
 */
export async function tellAlone(
  context: Pick<Context, 'swift' | 'client' | 'log'>,
  user: string,
  reply: Reply,
  trigger?: string,
): Promise<void> {
  const { text = '' } = ephemeral(reply);
  if (trigger && (await openView(context, trigger, receiptModal(text, 'Tocsin')))) return;
  await tellDirectly(context, user, { text, mrkdwn: reply.formatted });
}

/**
 * Tells somebody in a direct message what they wait for: tried again where Slack is not well. What may have come all the same is
 * sent again too: a bot cannot look there, and twice is better than not at all.
 */
export async function tellDirectly(
  { client, log }: Pick<Context, 'client' | 'log'>,
  user: string,
  message: object,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const sent = await client.call('chat.postMessage', { ...message, channel: user });
    if (sent.kind === 'ok') return;
    const passing = sent.kind === 'refused' ? !['final', 'shut'].includes(natureOf(sent.error)) : true;
    if (attempt === ATTEMPTS || !passing) {
      const why = sent.kind === 'ratelimited' ? sent.kind : sent.error;
      return log.warn({ user, why }, 'An answer could not be told');
    }
    const asked = sent.kind === 'ratelimited' ? sent.retryAfterMs : 300 * attempt;
    await new Promise((resolve) => setTimeout(resolve, Math.min(asked, LONGEST_WAIT_S * 1_000)));
  }
}

/**
 * What is typed, clicked and submitted is asked in the same way.
 * @returns what to say; null: a form has been opened, nothing to say
 */
export async function askAndReply(context: Context, asked: Asked, origin: Origin): Promise<Reply | null> {
  return replyFor(context, await context.answer(asked), asked, origin);
}

/** Makes of an answer what is said in Slack, and does what it asks of Slack. */
export async function replyFor(
  context: Context,
  answer: Answer,
  asked: Asked,
  { channel, trigger, reply, form: more }: Origin,
): Promise<Reply | null> {
  switch (answer.kind) {
    case 'recorded': {
      const words = answer.remark ? `${answer.text}\n${answer.remark}` : answer.text;
      const offer = answer.watch && watchOffer(words, answer.watch);
      // One that does not fit is shown as a text, which takes more.
      const blocks = offer ?? (words.length > MAX.section ? null : receiptBlocks(words));
      return { ...said(words), recorded: true, ...(blocks && { blocks }) };
    }
    case 'text': {
      const blocks = answer.next && likelyNext(answer.next, asked.asking);
      return { ...said(answer.text), formatted: answer.ours === true, ...(blocks && { blocks }) };
    }
    case 'refused': {
      const blocks = question(answer, asked);
      return { ...refused(answer.refusal), ...(blocks && { blocks }) };
    }
    case 'form': {
      const { form, incident } = answer;
      const { asking } = asked;
      const zone = 'zone' in asked ? asked.zone : context.zone;
      const shown = await shownIn(context, form, incident, { asking, zone }, more?.shown);
      const seen = shown.of && { seen: seenOf(shown.of) };
      const place: From = { incident, channel: channel || null, reply, ...seen, ...more?.from };
      if (await openView(context, trigger, FORMS[form].view(place, shown))) return null;
      const line = `${context.command} ${FORMS[form].line}`;
      return said(`Slack does not open the form now. Type it on one line: ${line}`);
    }
    case 'export': {
      const { incident, format, zone } = answer;
      const { team, by, key } = asked.asking;
      const payload = { format, zone, channel, user: by.id };
      await context.owe({ kind: 'export.send', payload }, { team, incident, key });
      const what = format === 'postmortem.md' ? 'The postmortem draft' : `The export (${format})`;
      return said(
        `${what} of ${refOf(incident)} follows as a file: here, or as a direct message where I am not a member.`,
      );
    }
    default: {
      const unknown: never = answer;
      throw new Error(`an answer of an unknown kind: ${JSON.stringify(unknown)}`);
    }
  }
}

/**
 * A post that is asked about before it is public.
 * @returns it as it would be recorded, and what the public would see; null: the answer is no such question
 */
export function askedPost(
  answer: Answer,
): { intent: AskedPost; incident: number; preview: PostPreview } | null {
  if (answer.kind !== 'refused' || answer.refusal.code !== 'PUBLISH_NEEDS_CONFIRMATION') return null;
  const { refusal, intent, incident } = answer;
  const { preview } = refusal;
  if (!preview || incident === undefined || !intent || !isPost(intent)) return null;
  // The moment stays the one that was meant when it was typed, however late the click is.
  // So do the state and the components: what the person sees in the question is what is recorded.
  const state = POST_STATES.find((one) => one === preview.state) ?? null;
  const components = preview.components.map(({ name }) => name);
  const pinned =
    intent.type === 'PublishPost' ? { ...intent, state, components, only: true as const } : intent;
  return { intent: { ...pinned, confirmed: true }, incident, preview };
}

function isPost(intent: TypedIntent): intent is AskedPost {
  return intent.type === 'PublishPost' || intent.type === 'CorrectPost';
}

/** Buttons for what is likely next. A second press of one is the same request: nothing is done twice. */
function likelyNext({ head, incident, choices, channels, seen }: NextOffer, { key }: Asking): Block[] {
  const buttons = choices.flatMap(({ label, line, sure }) => {
    const carried: CarriedNext = {
      ...{ line: plain(line), incident, key: key && `${key}:${line}` },
      ...(seen && { seen }),
    };
    const value = packed(carried);
    return value === null ? [] : [{ label, value, ...(sure !== undefined && { sure }) }];
  });
  return nextButtons(head, buttons, channels);
}

/** Some refusals are questions: for those, buttons that answer them, if what was typed fits into a button. */
function question(answer: Extract<Answer, { kind: 'refused' }>, asked: Asked): Block[] | null {
  const { asking } = asked;
  const { key } = asking;
  const post = askedPost(answer);
  if (post) {
    const { intent, incident, preview } = post;
    const carried: CarriedPost = { intent, incident, key };
    const value = packed(carried);
    return value === null ? null : publishQuestion(preview, refOf(incident), value);
  }
  const { offered = [], refusal } = answer;
  // A button would carry a secret on, in a message that stays.
  if (offered.length === 0 || !('entered' in asked) || scrubSecrets(asked.entered.text).removed.length > 0)
    return null;
  const choices = offered.flatMap(({ incident, title, yours }) => {
    const carried: CarriedLine = { line: asked.entered, incident, key };
    const value = packed(carried);
    return value === null ? [] : [{ ref: refOf(incident), title, yours, value }];
  });
  if (choices.length === 0) return null;
  const none = refusal.code === 'NO_OPEN_INCIDENT';
  const words = none ? 'No incident is open that you can see. One of the last?' : 'Which incident?';
  return whichIncident(choices, asked.entered.text, words);
}
