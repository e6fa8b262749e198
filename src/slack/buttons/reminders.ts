import { plain } from '#domain/command/entered.js';
import type { TypedIntent } from '#domain/incident/intent.js';
import { isRefusal } from '#domain/refusal.js';
import { personLabel } from '#domain/words.js';
import { unpacked } from '../blocks/buttons.js';
import { answeredMessage, REMINDER_VALUE } from '../blocks/reminder.js';
import {
  askAndReply,
  type Context,
  lookedUp,
  type Reply,
  refused,
  respondTo,
  said,
  triggerKey,
} from '../listener.js';
import { asItIs } from '../modals/modals.js';
import { asTyped, type Click, clicked, clickedBy, originOf, tooOld } from './click.js';

/** A button under a reminder. What came of it takes the reminder's place: nobody is to answer it twice. */
export const onReminder = (context: Context) => clicked(context, remind, false);

async function remind(context: Context, { body, action }: Click): Promise<Reply | null> {
  const carried = unpacked(REMINDER_VALUE, action.value);
  if (!carried) return tooOld('Type `status`, `snooze 30m` or `lead @NAME`.');
  const { incident, seq } = carried;
  const [what = '', span = '30m'] = action.action_id.replace(/^remind:/, '').split(':');
  // Not of whoever presses it: of one reminder there is one answer, and who comes second reads what the first one did.
  const key = `remind:${incident}:${seq}:${what}${what === 'snooze' ? `:${span}` : ''}`;
  const typed = (line: string, under: string | null = key) =>
    asTyped(context, body, incident, plain(line), under);
  const done = { context, body, incident };
  switch (what) {
    case 'update':
      return typed('status', null);
    case 'snooze':
      return answered(await typed(`snooze ${span}`), 'snoozed', done);
    case 'resolve':
      return answered(await typed('resolve'), 'resolved', done);
    case 'lead':
    case 'going':
      return meant(what, key, done);
    default:
      return tooOld('Type `status`, `snooze 30m` or `lead @NAME`.');
  }
}

interface Answering {
  context: Context;
  body: Click['body'];
  incident: number;
}

/** What no line says: that it is oneself who leads, or that a quiet incident is still going. */
async function meant(what: 'lead' | 'going', key: string, done: Answering): Promise<Reply | null> {
  const { context, body, incident } = done;
  const asked = await lookedUp(context, triggerKey(body.trigger_id), async () => {
    const { asking, here } = await clickedBy(context, body, incident, key);
    const by = { ...asking, seesPrivate: here };
    const state = await context.read.incident(by, incident);
    return isRefusal(state) ? state : { asking: by, lead: state.roles.lead };
  });
  if (isRefusal(asked)) return refused(asked);
  const { asking, lead } = asked;
  // A button says that nobody leads; that somebody does is not undone by it.
  if (what === 'lead' && lead && lead.id !== asking.by.id)
    return said(`${personLabel(lead)} leads by now. To take over: ${context.command} lead @NAME`);
  const intent: TypedIntent =
    what === 'going'
      ? { type: 'ConfirmOngoing' }
      : { type: 'AssignRole', role: 'lead', person: asking.by, seen: null };
  const reply = await askAndReply(context, { intent, incident, asking }, originOf(body));
  return answered(reply, what, done);
}

/** Only where something came of it: of a *no*, the reminder stays as it is. */
async function answered(
  reply: Reply | null,
  what: Parameters<typeof answeredMessage>[0],
  { context, body, incident }: Answering,
): Promise<Reply | null> {
  if (!reply?.recorded) return reply;
  const { asking } = await clickedBy(context, body, incident, null);
  const state = await asItIs(context, asking, incident);
  const message = answeredMessage(what, state, body.user.id, context.now());
  // Nobody waits for it: a reminder that stays as it was can be pressed again, and says the same.
  void respondTo(body.response_url, { replace_original: true, ...message }, context.log);
  return reply;
}
