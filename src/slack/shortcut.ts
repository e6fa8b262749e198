import type { MessageShortcut, Middleware, SlackShortcutMiddlewareArgs } from '@slack/bolt';
import { isRefusal, refuse } from '#domain/refusal.js';
import { type Captured, capture } from './capture.js';
import { type Context, spokenBy, triggerKey } from './context.js';
import { openView } from './form.js';
import { inTime } from './in-time.js';
import { messageIn } from './message.js';
import { whichModal } from './modal/which.js';
import { ephemeral, type Reply, refused, said } from './reply.js';
import { respondTo } from './response-url.js';
import type { Waiting } from './waiting.js';

type ShortcutArgs = SlackShortcutMiddlewareArgs<MessageShortcut>;

/** *Add to timeline* on a message. The payload holds the message, so it works in channels that the bot cannot read. */
export function onAddToTimeline(context: Context, waiting: Waiting): Middleware<ShortcutArgs> {
  return ({ shortcut, ack }) =>
    inTime<Reply | null>({
      work: add(context, waiting, shortcut),
      failed: (reply) => reply,
      async answer(reply) {
        await ack();
        if (reply) await respondTo(shortcut.response_url, ephemeral(reply), context.log);
      },
      later: async (reply) => reply && respondTo(shortcut.response_url, ephemeral(reply), context.log),
      request: triggerKey(shortcut.trigger_id),
      log: context.log,
    });
}

async function add(context: Context, waiting: Waiting, shortcut: MessageShortcut): Promise<Reply | null> {
  const message = messageIn(shortcut.message);
  if (!message) return said('That message cannot be read. Record what it says with a note.');
  const { id: channel, name } = shortcut.channel;
  const captured: Captured = {
    message,
    channel: { id: channel, name },
    reply: shortcut.response_url || null,
  };
  const speaker = {
    payload: shortcut,
    user: shortcut.user.id,
    handle: shortcut.user.name,
  };
  const { asking } = await spokenBy(context, speaker, null);
  const implied = await context.where.incident(asking.team, channel);
  if (implied !== null) {
    // Whoever can see a message in an incident's channel is in it.
    return outcome(await capture(context, captured, implied, { ...asking, seesPrivate: true }));
  }

  const open = await context.read.open(asking);
  const only = open[0];
  if (only === undefined) return refused(refuse('NO_OPEN_INCIDENT', { verb: 'note' }));
  if (open.length === 1) return outcome(await capture(context, captured, only.number, asking));
  const view = whichModal(open, waiting.keep(captured));
  if (await openView(context, shortcut.trigger_id, view)) return null;
  const known = open.map((state) => ({ ref: `INC-${state.number}`, title: state.title }));
  return refused(refuse('WHICH_INCIDENT', { verb: 'note', open: known }));
}

export function outcome(result: Awaited<ReturnType<typeof capture>>): Reply {
  return isRefusal(result) ? refused(result) : said(result.receipt);
}
