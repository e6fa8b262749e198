import type { BlockButtonAction, Middleware, SlackActionMiddlewareArgs } from '@slack/bolt';
import { z } from 'zod';
import type { Asking, TypedIntent } from '#domain/incident/intent.js';
import { isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import { type RunState, runsOf } from '#domain/run/state.js';
import { runRef } from '#domain/words.js';
import {
  type Context,
  ephemeral,
  inTime,
  noAnswer,
  type Reply,
  refused,
  respondTo,
  said,
  spokenBy,
  standsIn,
  triggerKey,
  unexpected,
} from '../context.js';
import { unpacked } from '../packed.js';

const TOO_OLD = said('That button is too old to be understood. `runs` shows how the runs stand.');

/**
 * A button under a run. The answer is for whoever clicked; the message itself stays, and is brought up to date by
 * what the click leads to.
 */
export function onRunButton(context: Context): Middleware<SlackActionMiddlewareArgs<BlockButtonAction>> {
  return ({ body, action, ack }) => {
    const tell = (reply: Reply) =>
      respondTo(body.response_url, { replace_original: false, ...ephemeral(reply) }, context.log);
    return inTime<Reply>({
      work: decided(context, body, action.action_id.replace(/^run:/, ''), carriedRun(action.value)),
      failed: (reply) => reply,
      async answer(reply) {
        await ack();
        if (reply) await tell(reply);
      },
      later: tell,
      request: triggerKey(body.trigger_id),
      log: context.log,
    });
  };
}

async function decided(
  context: Context,
  body: BlockButtonAction,
  what: string,
  carried: CarriedRun | null,
): Promise<Reply> {
  if (!carried) return TOO_OLD;
  let ready: { intent: TypedIntent; asking: Asking } | Refusal;
  try {
    ready = await prepared(context, body, what, carried);
  } catch (error) {
    unexpected(context, error, triggerKey(body.trigger_id), 'A click could not be looked up');
    return refused(noAnswer(error));
  }
  if (isRefusal(ready)) return refused(ready);
  const outcome = await context.handle(ready.intent, carried.incident, ready.asking);
  return isRefusal(outcome) ? refused(outcome) : said(outcome.receipt);
}

/** Who asks for what, or why it is too late for that. Only looks. */
async function prepared(
  context: Context,
  body: BlockButtonAction,
  what: string,
  carried: CarriedRun,
): Promise<{ intent: TypedIntent; asking: Asking } | Refusal> {
  const { user } = body;
  const speaker = { payload: body, user: user.id, handle: user.username ?? user.name };
  const spoken = await spokenBy(context, speaker, keyOf(what, carried, body));
  const seesPrivate = await standsIn(context, spoken.asking, body.channel?.id, carried.incident);
  const asking: Asking = { ...spoken.asking, seesPrivate };
  const old = await outOfDate(context, what, carried, asking);
  return old ?? { intent: intentOf(what, carried, asking), asking };
}

/**
 * A double click has two triggers and is one decision: it is known by who decided what on which plan or question.
 * Cancelling has nothing to tell two of them apart by, and needs nothing: the second is refused.
 */
function keyOf(what: string, { incident, run, mark }: CarriedRun, body: BlockButtonAction): string | null {
  if (what === 'cancel') return triggerKey(body.trigger_id);
  return `run:${incident}:${run}:${what}:${mark}:${body.user.id}`;
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

/** What a button under a run brings back. `mark`: see `markOf`. */
export interface CarriedRun {
  incident: number;
  run: number;
  mark: string;
  /** One of the answers to a question. */
  choice?: string;
}

const RUN = z.object({
  incident: z.number().int().positive(),
  run: z.number().int().positive(),
  mark: z.string(),
  choice: z.string().optional(),
});

/** @returns null for a button that this version did not make */
export function carriedRun(value: string | undefined): CarriedRun | null {
  const read = RUN.safeParse(unpacked(value));
  if (!read.success) return null;
  const { choice, ...rest } = read.data;
  return choice === undefined ? rest : { ...rest, choice };
}

/**
 * Names what a button is shown under: this plan (`HASH/UNTIL`), this question (`run/add/2`), this end, or a status.
 * The same button later has the same name, another plan's or another attempt's has not.
 */
export function markOf(state: RunState, endedAt: string | null): string {
  const { asked, status, hash, approvers, end } = state;
  if (asked) return `${asked.phase}/${asked.step}/${asked.attempt}`;
  if (status === 'waiting') return `${hash ?? ''}/${approvers?.expiresAt ?? ''}`;
  return status === 'ended' ? `${end ?? ''}/${endedAt ?? ''}` : status;
}
