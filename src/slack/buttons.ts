import type { BlockButtonAction, Middleware, SlackActionMiddlewareArgs } from '@slack/bolt';
import { type Entered, plain } from '#domain/command/entered.js';
import type { Asking, TypedIntent } from '#domain/incident/intent.js';
import { isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import { type RunState, runsOf } from '#domain/run/state.js';
import { runRef } from '#domain/words.js';
import { LINE_VALUE, OFFER_VALUE, POST_VALUE, unpacked } from './blocks/buttons.js';
import { type CarriedRun, markOf, RUN_VALUE } from './blocks/run.js';
import { REOPEN_VALUE, WATCH_VALUE } from './blocks/watch.js';
import {
  type Asker,
  askAndReply,
  askerOf,
  type Context,
  ephemeral,
  interaction,
  isInChannelOf,
  lookedUp,
  type Origin,
  type Reply,
  refused,
  respondTo,
  said,
  triggerKey,
} from './listener.js';

type ButtonArgs = SlackActionMiddlewareArgs<BlockButtonAction>;
type Click = { body: BlockButtonAction; action: BlockButtonAction['actions'][number] };

/** The button under the preview of a status post: records it. */
export const onPublish = (context: Context) => clicked(context, publish, true);
/** One of the open incidents: the line that did not say which is answered for that one. */
export const onChoose = (context: Context) => clicked(context, choose, true);
/** An offered runbook: the same as typing the command that stands beside the button, in that incident. */
export const onRunOffer = (context: Context) => clicked(context, plan, false);
/** *Watch 30m* under the receipt of `resolve`: the same as typing it. */
export const onWatch = (context: Context) => clicked(context, watch, false);
/** *Reopen* under what a watch saw. */
export const onReopen = (context: Context) => clicked(context, reopen, false);
/** A button under a run. The message itself is brought up to date by what the decision leads to. */
export const onRunButton = (context: Context) => clicked(context, decide, false);

/** *Cancel* under the preview of a status post: nothing is recorded. */
export function onCancel(context: Context): Middleware<ButtonArgs> {
  return async ({ body, ack }) => {
    await ack();
    await tell(context, body, said('Nothing was kept.'), true);
  };
}

/** @param replaces the question gives way to what came of it; else the message stays, and only who clicked reads the answer */
function clicked(
  context: Context,
  work: (context: Context, click: Click) => Promise<Reply | null>,
  replaces: boolean,
): Middleware<ButtonArgs> {
  return ({ body, action, ack }) =>
    interaction(context, {
      request: triggerKey(body.trigger_id),
      work: work(context, { body, action }),
      ack,
      tell: (reply) => tell(context, body, reply, replaces),
    });
}

function tell(context: Context, body: BlockButtonAction, reply: Reply, replaces: boolean): Promise<boolean> {
  return respondTo(body.response_url, { replace_original: replaces, ...ephemeral(reply) }, context.log);
}

const tooOld = (next: string) => said(`That button is too old to be understood. ${next}`);
const TYPE_AGAIN = 'Type the command again.';
const TYPE_BESIDE = 'Type the command that stands beside it.';
const SEE_RUNS = '`runs` shows how the runs stand.';

/**
 * Who clicked, and whether they are in that incident's channel now.
 * @param key of what was typed or decided, so that a double click, which has two triggers, is one fact; null: the trigger
 */
async function clickedBy(
  context: Context,
  body: BlockButtonAction,
  incident: number,
  key: string | null,
): Promise<Asker & { here: boolean }> {
  const { user } = body;
  const actor = { payload: body, user: user.id, handle: user.username ?? user.name };
  const asker = await askerOf(context, actor, key ?? triggerKey(body.trigger_id));
  return { ...asker, here: await isInChannelOf(context, asker.asking, body.channel?.id, incident) };
}

const originOf = (body: BlockButtonAction): Origin => ({
  channel: body.channel?.id ?? '',
  trigger: body.trigger_id,
  reply: body.response_url || null,
});

async function publish(context: Context, { body, action }: Click): Promise<Reply | null> {
  const carried = unpacked(POST_VALUE, action.value);
  if (!carried) return tooOld(TYPE_AGAIN);
  const { intent, incident, key } = carried;
  const { asking, here } = await clickedBy(context, body, incident, key);
  return askAndReply(context, { intent, incident, asking: { ...asking, seesPrivate: here } }, originOf(body));
}

async function choose(context: Context, { body, action }: Click): Promise<Reply | null> {
  const carried = unpacked(LINE_VALUE, action.value);
  if (!carried) return tooOld(TYPE_AGAIN);
  const { line, incident, key } = carried;
  const reply = await asTyped(context, body, incident, line, key && `${key}:${incident}`);
  return reply ?? said('The form is open.');
}

async function plan(context: Context, { body, action }: Click): Promise<Reply | null> {
  const offer = unpacked(OFFER_VALUE, action.value);
  if (!offer) return tooOld(TYPE_BESIDE);
  const inputs = Object.entries(offer.inputs).map(([name, value]) => `${name}="${value}"`);
  const line = plain(['run', offer.runbook, ...inputs].join(' '));
  return asTyped(context, body, offer.incident, line, null);
}

/** However often it is clicked, and by however many: of each offer there is one watch. */
async function watch(context: Context, { body, action }: Click): Promise<Reply | null> {
  const carried = unpacked(WATCH_VALUE, action.value);
  if (!carried) return tooOld('Type `watch`.');
  const { incident, n, span } = carried;
  return asTyped(context, body, incident, plain(`watch ${span}`), `watch:${incident}:${n}`);
}

async function reopen(context: Context, { body, action }: Click): Promise<Reply | null> {
  const carried = unpacked(REOPEN_VALUE, action.value);
  if (!carried) return tooOld('Type `reopen REASON`.');
  const { incident, watch, n } = carried;
  const key = `watch:reopen:${incident}:${watch}:${n}`;
  const { asking, here } = await clickedBy(context, body, incident, key);
  const intent: TypedIntent = { type: 'ReopenIncident', reason: `the watch saw it fail (#${n})` };
  return askAndReply(context, { intent, incident, asking: { ...asking, seesPrivate: here } }, originOf(body));
}

/**
 * As if the line had been typed in that incident's channel. That it was offered there once says nothing of what whoever
 * clicks may do or see there today.
 */
async function asTyped(
  context: Context,
  body: BlockButtonAction,
  incident: number,
  entered: Entered,
  key: string | null,
): Promise<Reply | null> {
  const { here, ...asker } = await clickedBy(context, body, incident, key);
  return askAndReply(context, { ...asker, implied: incident, chosen: !here, entered }, originOf(body));
}

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
