import type {
  MessageShortcut,
  Middleware,
  SlackEventMiddlewareArgs,
  SlackShortcutMiddlewareArgs,
  SlackViewMiddlewareArgs,
  types,
  ViewResponseAction,
  ViewSubmitAction,
} from '@slack/bolt';
import { z } from 'zod';
import { checkText, plain as plainly } from '#domain/command/entered.js';
import type { ListAsked } from '#domain/command/verbs.js';
import type { Asking, TypedIntent } from '#domain/incident/intent.js';
import type { IncidentState } from '#domain/incident/state.js';
import { mergedInto } from '#domain/link/link.js';
import { isPassing, isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import { LIMITS } from '#domain/text.js';
import { botAsking, momentNow, type Person, refOf, STANDING } from '#domain/words.js';
import { age, type Moment, moment } from '#elapsed.js';
import { unpacked } from '../blocks/buttons.js';
import { LINES_VALUE } from '../blocks/entry.js';
import { cut, escaped, plain } from '../blocks/text.js';
import { type Click, clicked, clickedBy, originOf, tooOld } from '../buttons/click.js';
import {
  askAndReply,
  askerOf,
  askerOfEvent,
  type Context,
  entered,
  ephemeral,
  interaction,
  lookedUp,
  openView,
  type Reply,
  refused,
  respondTo,
  said,
  tellAlone,
  triggerKey,
} from '../listener.js';
import { input, modal, valuesOf } from '../modals/form.js';
import type { Sent } from '../modals/submission.js';
import { Memory } from '../people/people.js';
import type { SlackClient } from '../transport/client.js';
import {
  type Captured,
  capture,
  changeIn,
  messageIn,
  readMessage,
  type SlackMessage,
  tick,
} from './capture.js';

type ShortcutArgs = SlackShortcutMiddlewareArgs<MessageShortcut>;

/** *Add to timeline* on a message. The payload holds the message, so it works in channels that the bot cannot read. */
export function onAddToTimeline(context: Context, unassigned: Unassigned): Middleware<ShortcutArgs> {
  return ({ shortcut, ack }) =>
    interaction(context, {
      request: triggerKey(shortcut.trigger_id),
      work: add(context, unassigned, shortcut),
      ack,
      tell: (reply) => respondTo(shortcut.response_url, ephemeral(reply), context.log),
    });
}

async function add(
  context: Context,
  unassigned: Unassigned,
  shortcut: MessageShortcut,
): Promise<Reply | null> {
  const message = messageIn(shortcut.message);
  if (!message) return said('That message cannot be read. Record what it says with a note.');
  const { id: channel, name } = shortcut.channel;
  const captured: Captured = {
    message,
    channel: { id: channel, name },
    reply: shortcut.response_url || null,
  };
  const actor = { payload: shortcut, user: shortcut.user.id, handle: shortcut.user.name };
  const { asking } = await askerOf(context, actor, null);
  const implied = await context.where.incident(asking.team, channel);
  if (implied !== null) {
    // A message in an incident's channel is seen only by people who are in it.
    return outcome(await capture(context, captured, implied, { ...asking, seesPrivate: true }));
  }
  // Elsewhere it is asked, also where one is open: what was written there may be about something else, and not for everybody.
  const choices = await lookedUp(
    context,
    triggerKey(shortcut.trigger_id),
    () => choicesFor(context, asking),
    true,
  );
  if (isRefusal(choices)) return refused(choices);
  const { open, over } = choices;
  if (open.length + over.length === 0) return refused(refuse('NO_OPEN_INCIDENT', { verb: 'note' }));
  const view = whichModal(choices, JSON.stringify(unassigned.keep(captured, LIMIT)));
  if (await openView(context, shortcut.trigger_id, view)) return null;
  const known = open.map((state) => ({ ref: refOf(state.number), title: state.title }));
  return refused(refuse('WHICH_INCIDENT', { verb: 'note', open: known }));
}

/** *Take in as entries* under the receipt of a message: twice is once, however often it is pressed, and whoever does. */
export const onTakeLines = (context: Context) => clicked(context, takeLines, true);

async function takeLines(context: Context, { body, action }: Click): Promise<Reply | null> {
  const carried = unpacked(LINES_VALUE, action.value);
  if (!carried) return tooOld('Type `log #N`, with the number of the entry.');
  const { incident, channel, ts } = carried;
  const { asking, here } = await clickedBy(context, body, incident, `lines:${incident}:${channel}:${ts}`);
  const intent = { type: 'TakeInLines' as const, of: { channel, ts } };
  return askAndReply(context, { intent, incident, asking: { ...asking, seesPrivate: here } }, originOf(body));
}

/** Those in which a message may be noted: what is open, and what was resolved lately, for messages are gathered afterwards too. */
interface Choices {
  open: IncidentState[];
  over: IncidentState[];
}

const LATELY_MS = 7 * 86_400_000;

async function choicesFor({ read }: Context, asking: Asking): Promise<Choices> {
  const since = momentNow(new Date(asking.now.getTime() - LATELY_MS));
  const asked: ListAsked = {
    ...{ statuses: ['resolved'], all: false, severities: [], components: [], since, until: null },
    ...{ mine: false, lead: null, drills: false, page: 1, typed: '' },
  };
  const [open, list] = await Promise.all([read.open(asking), read.list(asking, asked, [])]);
  // What was merged takes no notes any more.
  const over = isRefusal(list) ? [] : list.items.filter((state) => mergedInto(state) === null);
  return { open: open.toReversed(), over };
}

const outcome = (result: Reply | Refusal): Reply => (isRefusal(result) ? refused(result) : result);

type Reacted = SlackEventMiddlewareArgs<'reaction_added' | 'reaction_removed'>;
type Pinned = SlackEventMiddlewareArgs<'pin_added' | 'pin_removed'>;

/**
 * :pushpin: on a message in an incident's channel, or whatever emoji tocsin.yml names; or its being taken away. The event names
 * the message without its text; fetching it is owed, so that neither a crash nor a rate limit loses it. Slack gets its answer
 * after that is kept.
 * @throws when it could not be kept: then Slack sends the event again
 */
export function onReaction(context: Context): Middleware<Reacted> {
  return async ({ event, body }) => {
    const { item, reaction } = event;
    // What somebody's skin looks like is no other sign.
    const name = reaction.split('::')[0] ?? reaction;
    if (item.type !== 'message' || !context.capture.emoji.includes(name)) return;
    await owePin(context, body, event, item.channel, item.ts, event.type === 'reaction_added');
  };
}

const PINNED = z.object({ type: z.literal('message'), message: z.object({ ts: z.string() }) });

/** The same with Slack's own pins. Our headline is pinned by ourselves. @throws as `onReaction` */
export function onPin(context: Context): Middleware<Pinned> {
  return async ({ event, body }) => {
    const item = PINNED.safeParse(event.item);
    if (!item.success) return;
    await owePin(context, body, event, event.channel_id, item.data.message.ts, event.type === 'pin_added');
  };
}

async function owePin(
  context: Context,
  body: { event_id: string },
  by: { user: string },
  channel: string,
  ts: string,
  on: boolean,
): Promise<void> {
  if (by.user === context.self()) return;
  const { asking, incident } = await askerOfEvent(context, body, by, channel);
  if (incident === null) return;
  const { team, key } = asking;
  const kind = on ? 'message.capture' : 'message.unpinned';
  await context.owe({ kind, payload: { channel, ts, by: by.user } }, { team, incident, key });
}

/**
 * What Slack says in every channel that we are in. Only that a recorded message has other words, or is gone, is anything to us: all
 * else is let go of before anything is looked up, kept or logged.
 * @throws when it could not be kept: then Slack sends the event again
 */
export function onMessage(context: Context): Middleware<SlackEventMiddlewareArgs<'message'>> {
  return async ({ event, body }) => {
    const change = changeIn(event);
    if (!change) return;
    const { channel, ts, at, now } = change;
    const team = await context.where.team(body);
    const recorded = await context.read.captured(team, channel, ts);
    if (recorded.length === 0) return;
    const place = { channel, ts };
    const intent: TypedIntent =
      now === null
        ? { type: 'NoteMessageDeleted', at: place, ts: at, hides: context.capture.deleted === 'hide' }
        : {
            ...{ type: 'NoteMessageEdited', at: place },
            edit: { ts: now.edited ?? at, channel, text: (await entered(context, team, now.raw)).text },
          };
    const unfit =
      intent.type === 'NoteMessageEdited' && checkText(intent.edit.text, undefined, 'The message');
    if (unfit)
      return context.log.warn({ code: unfit.code }, 'New words of a recorded message cannot be kept');
    // Who deleted it Slack does not say.
    const asking = botAsking(team, null, context.now());
    const by = now === null ? asking.by : await editorOf(context, team, now);
    for (const { incident } of recorded) {
      const key = `event:${body.event_id}:${incident}`;
      const outcome = await context.handle(intent, incident, { ...asking, by, key });
      if (isRefusal(outcome) && isPassing(outcome)) throw new Error(outcome.code);
    }
  };
}

async function editorOf(context: Context, team: string, { author, editor }: SlackMessage): Promise<Person> {
  const id = editor ?? author.id;
  if (id === author.id && author.name !== null) return { id, name: author.name };
  return { id, name: (await context.people.known(team, id, author.profile)).name };
}

const MENTION = z.object({
  channel: z.string().min(1),
  ts: z.string().regex(/^\d+\.\d+$/),
  user: z.string().regex(/^[UW][A-Z0-9]+$/),
  thread_ts: z.string().optional().catch(undefined),
  // Of an app, which may answer in its turn; of a message that was mentioned before it was changed.
  bot_id: z.undefined().optional(),
  edited: z.undefined().optional(),
});

/**
 * The bot was mentioned: whoever did so is told where the command is. Answering is owed, so that the same event twice is one
 * answer, whichever process it comes to. Outside of incidents it is owed by the standing record.
 * @throws when it could not be kept: then Slack sends the event again
 */
export function onMention(context: Context): Middleware<SlackEventMiddlewareArgs<'app_mention'>> {
  return async ({ event, body }) => {
    const read = MENTION.safeParse(event);
    if (!read.success || read.data.user === context.self()) return;
    const { channel, ts, user, thread_ts: thread } = read.data;
    const { asking, incident } = await askerOfEvent(context, body, { user }, channel);
    const { team, key, now } = asking;
    if (incident === null) {
      const opened = await context.handle(
        { type: 'OpenStandingRecord' },
        null,
        botAsking(team, 'standing-record', now),
      );
      if (isRefusal(opened)) throw new Error(opened.code);
    }
    const bot = context.self();
    const payload = { channel, ts, user, bot, ...(thread !== undefined && thread !== ts && { thread }) };
    await context.owe({ kind: 'mention.answer', payload }, { team, incident: incident ?? STANDING, key });
  };
}

/** After an answer that did not come in time Slack is not asked for this long: a person waits once for it, not twice. */
const SKIP_MS = 30_000;

/** @returns a function that gives a message's address, or null: never fails, never takes longer than the client's patience */
export function createPermalink(client: SlackClient, now: () => Date) {
  let unwell: Moment | null = null;
  return async (channel: string, ts: string): Promise<string | null> => {
    if (unwell && age(unwell, now().getTime()) < SKIP_MS) return null;
    const result = await client.call('chat.getPermalink', { channel, message_ts: ts });
    if (result.kind === 'unknown' || result.kind === 'ratelimited') unwell = moment(now().getTime());
    return result.kind === 'ok' && typeof result.data.permalink === 'string' ? result.data.permalink : null;
  };
}

/** The incident has been chosen for a message that was to be added to a timeline. */
export function onWhich(
  context: Context,
  unassigned: Unassigned,
): Middleware<SlackViewMiddlewareArgs<ViewSubmitAction>> {
  return ({ body, view, ack }) => {
    const found = unassigned.find(view.private_metadata);
    return interaction<ViewResponseAction>(context, {
      request: triggerKey(body.trigger_id),
      work: record(context, body, Number(valuesOf(view).chosen('incident')[0]), found),
      ack,
      inAnswer: ({ block, words }) =>
        block ? { response_action: 'errors', errors: { [block]: words.replaceAll('`', '') } } : undefined,
      async tell(reply) {
        if (await respondTo(found?.reply, ephemeral(reply), context.log)) return;
        await tellAlone(context, body.user.id, reply);
      },
    });
  };
}

async function record(
  context: Context,
  body: ViewSubmitAction,
  incident: number,
  found: ReturnType<Unassigned['find']>,
): Promise<Reply> {
  const block = 'incident';
  if (!found || !Number.isInteger(incident))
    return { ...said('That form is too old. Add the message again.'), block };
  const actor = { payload: body, user: body.user.id, handle: body.user.name };
  const asker = await lookedUp(context, triggerKey(body.trigger_id), () => askerOf(context, actor, null));
  if (isRefusal(asker)) return { ...refused(asker), block };
  const { asking } = asker;
  if ('message' in found) {
    const result = await capture(context, found, incident, asking);
    // Another one may be chosen; what may have been recorded is not to be sent again.
    const again = isRefusal(result) && result.code !== 'NOT_CONFIRMED';
    return again ? { ...outcome(result), block } : outcome(result);
  }
  const of = await lookedUp(context, null, () => context.read.incident(asking, incident));
  if (isRefusal(of)) return { ...refused(of), block };
  await fetchLater(context, found, incident, asking);
  return said(
    `The message will be fetched and added to ${refOf(incident)}; look at the timeline in a moment.`,
  );
}

/** A message of which only the place is known is fetched, beside everything else. */
async function fetchLater(
  { owe }: Pick<Context, 'owe'>,
  { channel, ts }: Place,
  incident: number,
  { team, by }: Asking,
): Promise<void> {
  const key = `message:${channel}:${ts}:${by.id}`;
  await owe({ kind: 'message.capture', payload: { channel, ts, by: by.id } }, { team, incident, key });
}

/** *Declare from message*: the form of `open`, its title filled in; the message is recorded with the incident. */
export function onDeclareFrom(context: Context, unassigned: Unassigned): Middleware<ShortcutArgs> {
  return ({ shortcut, ack }) =>
    interaction(context, {
      request: triggerKey(shortcut.trigger_id),
      work: declareFrom(context, unassigned, shortcut),
      ack,
      tell: (reply) => respondTo(shortcut.response_url, ephemeral(reply), context.log),
    });
}

/** Room for a message in what a form remembers, beside the rest. */
const ROOM = 2_300;

async function declareFrom(
  context: Context,
  unassigned: Unassigned,
  shortcut: MessageShortcut,
): Promise<Reply | null> {
  const message = messageIn(shortcut.message);
  if (!message) return said('That message cannot be read. Open the incident with `open TITLE`.');
  const { channel, trigger_id: trigger, response_url: reply } = shortcut;
  const captured: Captured = { message, channel: { id: channel.id, name: channel.name }, reply: null };
  const actor = { payload: shortcut, user: shortcut.user.id, handle: shortcut.user.name };
  const asker = await lookedUp(context, triggerKey(trigger), () =>
    askerOf(context, actor, triggerKey(trigger)),
  );
  if (isRefusal(asker)) return refused(asker);
  const here = { id: channel.id, name: channel.name };
  const { text } = await entered(context, asker.asking.team, message.raw, here);
  const hidden = channel.name === 'privategroup' || channel.name === 'directmessage';
  const about = [
    `Its first entry: ${escaped(cut(text.replace(/\s+/g, ' '), 200))}`,
    ...(hidden
      ? ['*It was written where not everybody reads.* Whoever sees the incident will read it.']
      : []),
  ].join('\n');
  const from = { message: unassigned.keep(captured, ROOM) };
  const asked = { ...asker, implied: null, entered: plainly('open') };
  const form = { from, shown: { title: titleIn(text), about } };
  return askAndReply(context, asked, { channel: channel.id, trigger, reply: reply || null, form });
}

/** The first line with words in it, without marks of formatting around it. */
function titleIn(text: string): string {
  const line = text.split(/[\r\n\u2028\u2029]/).find((one) => /[\p{L}\p{N}]/u.test(one)) ?? '';
  const bare = line.replace(/\s+/g, ' ').replace(/^[\s>*_~`•-]+|[\s*_~`]+$/g, '');
  return cut(bare, LIMITS.title);
}

/** What the form of `open` does with the message that it was opened from. */
export function createSent(context: Context, unassigned: Unassigned): Sent {
  return {
    async read(carried, asking) {
      const found = unassigned.find(carried);
      if (!found || !('message' in found)) return null;
      const read = await readMessage(context, found, asking.team);
      return isRefusal(read) ? read : read.message;
    },
    async recorded(carried, incident, asking, message) {
      if (message) {
        tick(context, message.channel, message.ts);
        return null;
      }
      const found = unassigned.find(carried);
      if (!found || 'message' in found) return 'The message is not in it: add it with *Add to timeline*.';
      await fetchLater(context, found, incident, asking);
      return 'The message will be fetched and added; look at the timeline in a moment.';
    },
  };
}

const CAPTURED = z.object({
  channel: z.object({ id: z.string(), name: z.string().optional() }),
  message: z.object({
    ts: z.string(),
    raw: z.string(),
    author: z.object({ id: z.string(), name: z.string().nullable(), profile: z.unknown().optional() }),
    edited: z.string().optional(),
    files: z
      .array(
        z.object({
          ...{ id: z.string(), name: z.string() },
          ...{ type: z.string().nullable(), size: z.number().nullable() },
        }),
      )
      .optional(),
  }),
  reply: z.string().nullable(),
});
/** What is carried when the message itself is too long: where it is. */
const PLACE = z.object({ channel: z.string(), ts: z.string(), reply: z.string().nullable() });
type Place = z.infer<typeof PLACE>;

/** Slack's limit on what a modal carries. */
const LIMIT = 3_000;
const LONGEST_WAIT_MS = 30 * 60_000;

/** Messages whose incident is still being chosen, or opened. */
export interface Unassigned {
  /** @returns what a form is to carry: the message, where it fits into so many characters; else only its place */
  keep(captured: Captured, room: number): Captured | Place;
  /** @returns the message; or only its place, when it was too long and this process does not remember it; null: it is neither */
  find(carried: unknown): Captured | Place | null;
}

/** A short message travels with the modal; a long one waits here, and if this process ends it is fetched from its place. */
export function createUnassigned(now: () => Date): Unassigned {
  const kept = new Memory<Captured>(LONGEST_WAIT_MS, 200, () => now().getTime());
  return {
    keep(captured, room) {
      if (JSON.stringify(captured).length <= room) return captured;
      const { channel, message, reply } = captured;
      kept.set(`${channel.id} ${message.ts}`, captured);
      return { channel: channel.id, ts: message.ts, reply };
    },
    find(carried) {
      const json = typeof carried === 'string' ? jsonIn(carried) : carried;
      const whole = CAPTURED.safeParse(json);
      if (whole.success) return whole.data;
      const place = PLACE.safeParse(json);
      if (!place.success) return null;
      return kept.get(`${place.data.channel} ${place.data.ts}`) ?? place.data;
    },
  };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Asks whose timeline a message belongs to, where the channel is none's; one that is alone is chosen already. */
export function whichModal({ open, over }: Choices, from: string): types.ModalView {
  const options = (states: readonly IncidentState[]) =>
    states.slice(0, 100).map((state) => ({
      text: plain(cut(`${refOf(state.number)} ${state.title}`, 75)),
      value: String(state.number),
    }));
  const groups = [
    { label: plain('Open'), options: options(open) },
    { label: plain('Resolved lately'), options: options(over) },
  ].filter((group) => group.options.length > 0);
  const only = open.length === 1 ? groups[0]?.options[0] : undefined;
  return modal({
    callbackId: 'which',
    title: 'Add to timeline',
    submit: 'Record',
    from,
    blocks: [
      input('incident', 'Which incident?', {
        type: 'static_select',
        placeholder: plain('Choose one'),
        option_groups: groups,
        ...(only && { initial_option: only }),
      }),
    ],
  });
}
