import type { Middleware, SlackViewMiddlewareArgs, ViewSubmitAction } from '@slack/bolt';
import { plain } from '#domain/command/entered.js';
import { readTime } from '#domain/command/time.js';
import { type Refusal, refuse } from '#domain/refusal.js';
import { answered } from './answered.js';
import { type Context, spokenBy } from './context.js';
import type { Form } from './form.js';
import { inTime } from './in-time.js';
import { type From, rememberedIn, type Values, valuesOf } from './modal/frame.js';
import { logLine } from './modal/log.js';
import { noteLine } from './modal/note.js';
import { openLine } from './modal/open.js';
import type { Typed } from './ports.js';
import { ephemeral, type Reply, refused } from './reply.js';
import { respondTo } from './response-url.js';

const LINE: Record<Form, (values: Values) => string> = { open: openLine, note: noteLine, log: logLine };

/** What came of a submission; with `block`, an input is at fault and the form stays open. */
interface Outcome {
  reply: Reply | null;
  block: string | null;
}

/** A submitted form says what a command line could say, so it goes the same way. */
export function onSubmission(
  context: Context,
  form: Form,
): Middleware<SlackViewMiddlewareArgs<ViewSubmitAction>> {
  return ({ body, view, ack }) => {
    const values = valuesOf(view);
    const from = rememberedIn(view);
    return inTime<Outcome>({
      work: submit(context, form, body, values, from),
      failed: (reply) => ({ reply, block: form === 'open' ? 'title' : 'text' }),
      async answer(outcome) {
        if (outcome?.block && outcome.reply) {
          const errors = { [outcome.block]: outcome.reply.words.replaceAll('`', '') };
          return ack({ response_action: 'errors', errors });
        }
        await ack();
        if (outcome?.reply) await tell(context, from, body.user.id, outcome.reply);
      },
      async later({ reply, block }) {
        if (!reply) return;
        // The form is closed by now: what was typed into it must not be lost with it.
        const words = block ? `${reply.words}\n\nYou typed: ${LINE[form](values)}` : reply.words;
        await tell(context, from, body.user.id, { ...reply, words });
      },
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
  const speaker = {
    team: body.team?.id ?? body.user.team_id ?? '',
    user: body.user.id,
    handle: body.user.name,
  };
  // A form is submitted once: a second click on it is the same fact.
  const spoken = await spokenBy(context, speaker, `view:${body.view.id}`);
  // Fields of a form come as typed: there is nothing of Slack's to undo.
  const entered = plain(LINE[form](values));
  const typed = { ...spoken, implied: from.incident, entered };
  const untimely = form === 'note' ? badTime(values.text('at'), typed) : null;
  if (untimely) return { reply: refused(untimely), block: 'at' };
  const answer = await context.answer(typed);
  const spot = { channel: from.channel ?? '', trigger: undefined, reply: from.reply };
  const reply = await answered(context, answer, typed, spot);
  return { reply, block: answer.kind === 'refused' ? blockOf(form, answer.refusal, values) : null };
}

/** On a line, words that are no time are text; in a field for a time they are a mistake. */
function badTime(at: string, { asking, zone, zoneKnown }: Typed): Refusal | null {
  if (at.trim() === '') return null;
  const read = readTime(at, { now: asking.now, zone, zoneKnown });
  if (read && 'refused' in read) return read;
  return read === null || read.rest.trim() !== '' ? refuse('TIME_UNKNOWN', { got: at.trim() }) : null;
}

/** The input that a refusal speaks of. */
function blockOf(form: Form, { code }: Refusal, values: Values): string {
  if (form !== 'log' && code.startsWith('TIME_')) return 'at';
  if (form === 'open' && /component/i.test(code) && values.text('components') !== '') return 'components';
  return form === 'open' ? 'title' : 'text';
}

/** To that person alone: through the command's own response address, else in the channel if the bot is there. */
async function tell(context: Context, from: From, user: string, reply: Reply): Promise<void> {
  const message = ephemeral(reply);
  if (await respondTo(from.reply, message, context.log)) return;
  if (!from.channel) return;
  await context.client.call('chat.postEphemeral', { channel: from.channel, user, text: message.text });
}
