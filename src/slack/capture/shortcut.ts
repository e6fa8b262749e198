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
import type { IncidentState } from '#domain/incident/state.js';
import { refuse } from '#domain/refusal.js';
import { refOf } from '#domain/words.js';
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
import { type Captured, capture, messageIn } from './capture.js';

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

/** The reaction that keeps a message. */
const PIN = 'pushpin';

/**
 * :pushpin: on a message in an incident's channel. The event names the message without its text; fetching it is owed, so that
 * neither a crash nor a rate limit loses it. Slack gets its answer after that is kept.
 * @throws when it could not be kept: then Slack sends the event again
 */
export function onReaction(context: Context): Middleware<SlackEventMiddlewareArgs<'reaction_added'>> {
  return async ({ event, body }) => {
    if (event.reaction !== PIN || event.item.type !== 'message') return;
    const { channel, ts } = event.item;
    const { asking, incident } = await askerOfEvent(context, body, event, channel);
    if (incident === null) return;
    const { team, key } = asking;
    await context.owe(
      { kind: 'message.capture', payload: { channel, ts, by: event.user } },
      { team, incident, key },
    );
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
