import type {
  MessageShortcut,
  Middleware,
  SlackEventMiddlewareArgs,
  SlackShortcutMiddlewareArgs,
  SlackViewMiddlewareArgs,
  types,
  ViewSubmitAction,
} from '@slack/bolt';
import { z } from 'zod';
import { checkText } from '#domain/command/entered.js';
import type { TypedIntent } from '#domain/incident/intent.js';
import type { IncidentState } from '#domain/incident/state.js';
import { isPassing, isRefusal, refuse } from '#domain/refusal.js';
import { botAsking, type Person, refOf, STANDING } from '#domain/words.js';
import { age, type Moment, moment } from '#elapsed.js';
import { unpacked } from '../blocks/buttons.js';
import { LINES_VALUE } from '../blocks/entry.js';
import { cut, plain } from '../blocks/text.js';
import { type Click, clicked, clickedBy, originOf, tooOld } from '../buttons.js';
import {
  askAndReply,
  askerOf,
  askerOfEvent,
  type Context,
  entered,
  ephemeral,
  interaction,
  openView,
  type Reply,
  refused,
  respondTo,
  said,
  triggerKey,
} from '../listener.js';
import { input, modal, valuesOf } from '../modals/form.js';
import { Memory } from '../people/people.js';
import type { SlackClient } from '../transport/client.js';
import { type Captured, capture, changeIn, messageIn, type SlackMessage } from './capture.js';

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
    return capture(context, captured, implied, { ...asking, seesPrivate: true });
  }

  const open = await context.read.open(asking);
  const only = open[0];
  if (only === undefined) return refused(refuse('NO_OPEN_INCIDENT', { verb: 'note' }));
  if (open.length === 1) return capture(context, captured, only.number, asking);
  const view = whichModal(open, unassigned.keep(captured));
  if (await openView(context, shortcut.trigger_id, view)) return null;
  const known = open.map((state) => ({ ref: `INC-${state.number}`, title: state.title }));
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
    return interaction(context, {
      request: triggerKey(body.trigger_id),
      work: record(context, body, Number(valuesOf(view).chosen('incident')[0]), found),
      ack,
      tell: (reply) => respondTo(found?.reply, ephemeral(reply), context.log),
    });
  };
}

async function record(
  context: Context,
  body: ViewSubmitAction,
  incident: number,
  found: ReturnType<Unassigned['find']>,
): Promise<Reply> {
  if (!found || !Number.isInteger(incident)) return said('That form is too old. Add the message again.');
  const actor = { payload: body, user: body.user.id, handle: body.user.name };
  const { asking } = await askerOf(context, actor, null);
  if ('message' in found) return capture(context, found, incident, asking);
  const { channel, ts } = found;
  const owed = { team: asking.team, incident, key: `message:${channel}:${ts}:${asking.by.id}` };
  await context.owe({ kind: 'message.capture', payload: { channel, ts, by: asking.by.id } }, owed);
  return said(
    `The message will be fetched and added to ${refOf(incident)}; look at the timeline in a moment.`,
  );
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

/** Slack's limit on what a modal carries. */
const LIMIT = 3_000;
const LONGEST_WAIT_MS = 30 * 60_000;

/** Messages whose incident is still being chosen. */
interface Unassigned {
  /** @returns what the modal is to carry, at most 3,000 characters */
  keep(captured: Captured): string;
  /** @returns the message; or only its place, when it was too long and this process does not remember it */
  find(carried: string): Captured | z.infer<typeof PLACE> | null;
}

/** A short message travels with the modal; a long one waits here, and if this process ends it is fetched from its place. */
export function createUnassigned(now: () => Date): Unassigned {
  const kept = new Memory<Captured>(LONGEST_WAIT_MS, 200, () => now().getTime());
  return {
    keep(captured) {
      const whole = JSON.stringify(captured);
      if (whole.length <= LIMIT) return whole;
      const { channel, message, reply } = captured;
      kept.set(`${channel.id} ${message.ts}`, captured);
      return JSON.stringify({ channel: channel.id, ts: message.ts, reply });
    },
    find(carried) {
      const json: unknown = JSON.parse(carried || 'null');
      const whole = CAPTURED.safeParse(json);
      if (whole.success) return whole.data;
      const place = PLACE.safeParse(json);
      if (!place.success) return null;
      return kept.get(`${place.data.channel} ${place.data.ts}`) ?? place.data;
    },
  };
}

/** Asks whose timeline a message belongs to, when several incidents are open and the channel is none's. */
function whichModal(open: readonly IncidentState[], from: string): types.ModalView {
  const options = open.slice(0, 100).map((state) => ({
    text: plain(cut(`${refOf(state.number)} ${state.title}`, 75)),
    value: String(state.number),
  }));
  return modal({
    callbackId: 'which',
    title: 'Add to timeline',
    submit: 'Record',
    from,
    blocks: [
      input('incident', 'Which incident?', {
        type: 'static_select',
        placeholder: plain('Choose one'),
        options,
      }),
    ],
  });
}
