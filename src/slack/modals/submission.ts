import type { Middleware, SlackViewMiddlewareArgs, ViewSubmitAction } from '@slack/bolt';
import type { Asking } from '#domain/incident/intent.js';
import { isLimited } from '#domain/permission.js';
import { isRefusal } from '#domain/refusal.js';
import {
  type Context,
  ephemeral,
  inTime,
  noAnswer,
  type Reply,
  recorded,
  refused,
  respondTo,
  type Spoken,
  said,
  spokenBy,
  standsIn,
  triggerKey,
  unexpected,
} from '../context.js';
import {
  type Form,
  type FormContext,
  type From,
  type Meant,
  receiptModal,
  rememberedIn,
  type Values,
  valuesOf,
  type Wrong,
} from './frame.js';
import { meantByLog } from './log.js';
import { meantByNote } from './note.js';
import { meantByOpen } from './open.js';

type Reader = (values: Values, context: FormContext) => Meant | Wrong;
const READERS: Record<Form, Reader> = { open: meantByOpen, note: meantByNote, log: meantByLog };
/** Where a form says what is wrong with all of it. */
const MAIN: Record<Form, string> = { open: 'title', note: 'text', log: 'text' };

/** What came of a submission; with `block`, an input is at fault and the form stays open. */
interface Outcome {
  reply: Reply | null;
  block: string | null;
}

/** A submitted form asks for what a command line could ask for; it is not put into one, where a quote could end a field. */
export function onSubmission(
  context: Context,
  form: Form,
): Middleware<SlackViewMiddlewareArgs<ViewSubmitAction>> {
  return ({ body, view, ack }) => {
    const values = valuesOf(view);
    const from = rememberedIn(view);
    return inTime<Outcome>({
      work: submit(context, form, body, values, from),
      failed: (reply) => ({ reply: withTyped(reply, values), block: null }),
      async answer(outcome) {
        if (outcome?.block && outcome.reply) {
          const errors = { [outcome.block]: outcome.reply.words.replaceAll('`', '') };
          return ack({ response_action: 'errors', errors });
        }
        // Without a response address nothing else is sure to reach the person.
        if (outcome?.reply && from.reply === null) {
          return ack({ response_action: 'update', view: receiptModal(ephemeral(outcome.reply).text ?? '') });
        }
        await ack();
        if (outcome?.reply) await tell(context, from, body.user.id, outcome.reply);
      },
      async later({ reply, block }) {
        if (!reply) return;
        // The form is closed by now: what was typed into it must not be lost with it.
        await tell(context, from, body.user.id, block ? withTyped(reply, values) : reply);
      },
      request: triggerKey(body.trigger_id),
      log: context.log,
    });
  };
}

async function submit(
  context: Context,
  form: Form,
  body: ViewSubmitAction,
  values: Values,
  from: From,
): Promise<Outcome> {
  if (form !== 'open' && from.incident === null) {
    return {
      reply: said('That form is too old to be understood. Type the command again.'),
      block: MAIN[form],
    };
  }
  let spoken: Spoken;
  try {
    spoken = await submittedBy(context, body, from);
  } catch (error) {
    unexpected(context, error, triggerKey(body.trigger_id), 'A form could not be looked up');
    return { reply: refused(noAnswer(error)), block: MAIN[form] };
  }
  const { asking, zone, zoneKnown } = spoken;
  const { command, components } = context;
  const meant = READERS[form](values, { now: asking.now, zone, zoneKnown, command, components });
  if ('wrong' in meant) return { reply: refused(meant.wrong), block: meant.block };
  const outcome = await context.handle(meant.intent, from.incident, asking, meant.notes);
  if (!isRefusal(outcome)) return { reply: await recorded(context, asking.team, outcome), block: null };
  const reply = refused(outcome);
  // It may be in the record: a form that stays open would ask to be sent again, as another entry.
  if (outcome.code === 'NOT_CONFIRMED') return { reply: withTyped(reply, values), block: null };
  return { reply, block: MAIN[form] };
}

function withTyped(reply: Reply, values: Values): Reply {
  return { ...reply, words: `${reply.words}\n\nYou typed: ${values.all()}` };
}

async function submittedBy(context: Context, body: ViewSubmitAction, from: From): Promise<Spoken> {
  const speaker = {
    payload: body,
    user: body.user.id,
    handle: body.user.name,
    channel: from.channel,
  };
  // A form that was mended is submitted again under the same view; each submission has a trigger of its own.
  const spoken = await spokenBy(context, speaker, triggerKey(body.trigger_id));
  const { asking } = spoken;
  // Who opened a form in an incident's channel was in it; elsewhere a private incident can be named by anybody.
  const seesPrivate = await mayRecord(context, asking, from);
  return { ...spoken, asking: { ...asking, seesPrivate } };
}

/** What a full member records in a public incident does not wait for Slack; whoever must be in the channel is looked for. */
async function mayRecord(context: Context, asking: Asking, { channel, incident }: From): Promise<boolean> {
  if (channel === null || incident === null) return false;
  if ((await context.where.incident(asking.team, channel)) !== incident) return false;
  const state = await context.read.incident({ ...asking, seesPrivate: true }, incident);
  if (isRefusal(state)) return false;
  if (!state.private && !isLimited(asking.account)) return true;
  return standsIn(context, asking, channel, incident);
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
