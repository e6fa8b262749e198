import type { Asking, TypedIntent } from '#domain/incident/intent.js';
import { isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import { type RunState, runsOf } from '#domain/run/state.js';
import { runRef } from '#domain/words.js';
import { unpacked } from '../blocks/buttons.js';
import { type CarriedRun, markOf, RUN_VALUE } from '../blocks/run.js';
import { askAndReply, type Context, lookedUp, type Reply, refused, triggerKey } from '../listener.js';
import { type Click, clicked, clickedBy, originOf, tooOld } from './click.js';

/** A button under a run. The message itself is brought up to date by what the decision leads to. */
export const onRunButton = (context: Context) => clicked(context, decide, false);
const SEE_RUNS = '`runs` shows how the runs stand.';

async function decide(context: Context, { body, action }: Click): Promise<Reply | null> {
  const what = action.action_id.replace(/^run:/, '');
  const carried = unpacked(RUN_VALUE, action.value);
  if (!carried) return tooOld(SEE_RUNS);
  const { incident } = carried;
  const asking = await lookedUp(context, triggerKey(body.trigger_id), async () => {
    const by = await clickedBy(context, body, incident, keyOf(what, carried, body.user.id));
    const asked: Asking = { ...by.asking, seesPrivate: by.here };
    return (await outOfDate(context, what, carried, asked)) ?? asked;
  });
  if (isRefusal(asking)) return refused(asking);
  return askAndReply(context, { intent: intentOf(what, carried, asking), incident, asking }, originOf(body));
}

/**
 * A double click has two triggers and is one decision: it is known by who decided what on which plan or question.
 * Cancelling has nothing to tell two of them apart by, and needs nothing: the second is refused.
 * @returns null: the click's own trigger has to do
 */
function keyOf(what: string, { incident, run, mark }: CarriedRun, user: string): string | null {
  return what === 'cancel' ? null : `run:${incident}:${run}:${what}:${mark}:${user}`;
}

function intentOf(what: string, { run, mark, choice }: CarriedRun, { by }: Asking): TypedIntent {
  switch (what) {
    case 'approve':
      return { type: 'ApproveRun', run, hash: mark.split('/')[0] || 'none', breakGlass: null };
    case 'reject':
      return { type: 'RejectRun', run, reason: null };
    case 'cancel':
      return { type: 'CancelRun', run, reason: null };
    case 'undo':
      return { type: 'UndoRun', run };
    case 'retry':
      return { type: 'RetryStep', run };
    case 'skip':
      return { type: 'SkipStep', run, reason: `skipped in Slack by ${by.name ?? by.id}` };
    default: {
      const [, step = ''] = mark.split('/');
      return { type: 'AnswerStep', run, step, choice: choice ?? '' };
    }
  }
}

/**
 * A button of an earlier plan or question must not decide on this one. Everything else about a run `handle` judges by
 * itself, and gives the receipt again where the same click comes twice.
 */
async function outOfDate(
  context: Context,
  what: string,
  carried: CarriedRun,
  asking: Asking,
): Promise<Refusal | null> {
  const state = await context.read.incident(asking, carried.incident);
  if (isRefusal(state)) return state;
  const run = runsOf(state).list.find((one) => one.run === carried.run);
  if (!run) return null;
  const moved = (why: string) => refuse('RUN_MOVED_ON', { run: runRef(run.run), why });
  if (run.asked && what !== 'cancel' && markOf(run, null) !== carried.mark) {
    return moved(`it asks about step ${run.asked.step} now`);
  }
  if (what === 'reject' && run.status === 'waiting' && !carried.mark.startsWith(`${run.hash}/`)) {
    return refuse('RUN_PLAN_CHANGED', { run: runRef(run.run), plan: run.hash?.slice(0, 8) ?? '' });
  }
  if (what === 'cancel' && isUndoing(run) && !/^undo(?:ing$|\/)/.test(carried.mark)) {
    return moved('it is being undone');
  }
  return null;
}

function isUndoing({ status, asked }: RunState): boolean {
  return status === 'undoing' || asked?.phase === 'undo';
}
