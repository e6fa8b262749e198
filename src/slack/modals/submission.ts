import type { Middleware, SlackViewMiddlewareArgs, ViewResponseAction, ViewSubmitAction } from '@slack/bolt';
import type { Asking } from '#domain/incident/intent.js';
import { isLimited } from '#domain/permission.js';
import { isRefusal } from '#domain/refusal.js';
import {
  type Asker,
  askerOf,
  type Context,
  ephemeral,
  interaction,
  isInChannelOf,
  lookedUp,
  type Reply,
  refused,
  replyFor,
  respondTo,
  said,
  triggerKey,
} from '../listener.js';
import { type Form, type From, meantBy, receiptModal, rememberedIn, type Values, valuesOf } from './form.js';

/** The field at which a form says what is wrong with all of it. */
const MAIN: Record<Form, string> = { open: 'title', note: 'text', log: 'text' };

/** A submitted form asks for what a command line could ask for; it is not put into one, where a quote could end a field. */
export function onSubmission(
  context: Context,
  form: Form,
): Middleware<SlackViewMiddlewareArgs<ViewSubmitAction>> {
  return ({ body, view, ack }) => {
    const values = valuesOf(view);
    const from = rememberedIn(view);
    return interaction<ViewResponseAction>(context, {
      request: triggerKey(body.trigger_id),
      work: submit(context, form, body, values, from),
      failed: (reply) => withTyped(reply, values),
      ack,
      inAnswer(reply) {
        const { block, words } = reply;
        if (block) return { response_action: 'errors', errors: { [block]: words.replaceAll('`', '') } };
        // Without a response address nothing else is sure to reach the person.
        if (from.reply !== null) return undefined;
        return { response_action: 'update', view: receiptModal(ephemeral(reply).text ?? '') };
      },
      // The form is closed by now: what was typed into it must not be lost with it.
      tell: (reply) => tell(context, from, body.user.id, reply.block ? withTyped(reply, values) : reply),
    });
  };
}

/** @returns what to say; with `block`, an input is at fault and the form stays open */
async function submit(
  context: Context,
  form: Form,
  body: ViewSubmitAction,
  values: Values,
  from: From,
): Promise<Reply | null> {
  const block = MAIN[form];
  if (form !== 'open' && from.incident === null) {
    return { ...said('That form is too old to be understood. Type the command again.'), block };
  }
  const request = triggerKey(body.trigger_id);
  const asker = await lookedUp(context, request, () => submittedBy(context, body, from));
  if (isRefusal(asker)) return { ...refused(asker), block };
  const { asking, zone, zoneKnown } = asker;
  const { command, components } = context;
  const meant = meantBy(form, values, { now: asking.now, zone, zoneKnown, command, components });
  if ('wrong' in meant) return { ...refused(meant.wrong), block: meant.block };
  const asked = { ...meant, incident: from.incident, asking };
  const answer = await context.answer(asked);
  const reply = await replyFor(context, answer, asked, {
    channel: from.channel ?? '',
    trigger: body.trigger_id,
    reply: from.reply,
  });
  if (reply === null || answer.kind !== 'refused') return reply;
  // It may have been recorded: a form that stays open would ask to be sent again, as another entry.
  return answer.refusal.code === 'NOT_CONFIRMED' ? withTyped(reply, values) : { ...reply, block };
}

function withTyped(reply: Reply, values: Values): Reply {
  return { ...reply, words: `${reply.words}\n\nYou typed: ${values.all()}` };
}

async function submittedBy(context: Context, body: ViewSubmitAction, from: From): Promise<Asker> {
  const actor = {
    payload: body,
    user: body.user.id,
    handle: body.user.name,
    channel: from.channel,
  };
  // A form that was mended is submitted again under the same view; each submission has a trigger of its own.
  const asker = await askerOf(context, actor, triggerKey(body.trigger_id));
  const { asking } = asker;
  // Who opened a form in an incident's channel was in it; elsewhere a private incident can be named by anybody.
  const seesPrivate = await mayRecord(context, asking, from);
  return { ...asker, asking: { ...asking, seesPrivate } };
}

/** What a full member records in a public incident does not wait for Slack; whoever must be in the channel is looked for. */
async function mayRecord(context: Context, asking: Asking, { channel, incident }: From): Promise<boolean> {
  if (channel === null || incident === null) return false;
  if ((await context.where.incident(asking.team, channel)) !== incident) return false;
  const state = await context.read.incident({ ...asking, seesPrivate: true }, incident);
  if (isRefusal(state)) return false;
  if (!state.private && !isLimited(asking.account)) return true;
  return isInChannelOf(context, asking, channel, incident);
}

/**
 * To that person alone: through the command's own response address; when that is used up (a form was open for half an hour), in
 * the channel if the bot is there; else as a direct message.
 */
async function tell(context: Context, from: From, user: string, reply: Reply): Promise<void> {
  const message = ephemeral(reply);
  if (await respondTo(from.reply, message, context.log)) return;
  const { text } = message;
  if (from.channel) {
    const shown = await context.client.call('chat.postEphemeral', { channel: from.channel, user, text });
    if (shown.kind === 'ok') return;
  }
  const sent = await context.client.call('chat.postMessage', { channel: user, text });
  if (sent.kind !== 'ok') context.log.warn({ user }, 'What came of a form could not be told');
}
