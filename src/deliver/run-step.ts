import { setTimeout as sleep } from 'node:timers/promises';
import type { Next } from '#domain/run-next.js';
import type { Call, StepSpec } from '#domain/runbook.js';
import { type RunView, runViewOf } from '#domain/runbook-run.js';
import { holds, TemplateFailed, UNKNOWN, whyLeftOut } from '#domain/template.js';
import { ActionFailed, Lost } from '#runbooks/action.js';
import { effectOf, type ReadyCall, readyCall } from './run-call.js';
import { lookWhetherItHappened } from './run-check.js';
import { type At, CHOICES, messageOf, readingContext, type StepDesk, within } from './run-desk.js';
import { type Finisher, finisher } from './run-finish.js';
import { perform } from './run-perform.js';
import { scopeOf } from './run-scope.js';
import { Moved } from './run-tell.js';

type Doing = Extract<Next, { do: 'start' | 'resume' }>;

/** Does a step, or goes on with one that somebody began, and records what came of it. @throws Moved | NotKept | Lost */
export async function doStep(desk: StepDesk, next: Doing): Promise<void> {
  const { spec, phase } = next;
  const at: At = { run: desk.view.state.run, step: spec.id, phase, attempt: next.attempt };
  const finish = finisher(desk, at);
  const ready = await prepared(desk, next, finish);
  if (ready === null) return;
  const unsafe = effectOf(ready.action, ready.input, phase === 'run' ? spec.effect : null) === 'unsafe';
  const { fence } = desk.lease.hold;

  if (next.do === 'resume') {
    // First of all: whatever the earlier worker still says of this step counts no more.
    await desk.tell({ type: 'TakeStep', ...at, fence });
    if (unsafe) {
      return lookWhetherItHappened(desk, spec, at, finish, 'the worker that was at it is gone');
    }
  } else {
    const changed = phase === 'run' ? unlikeThePlan(desk.view, spec, ready) : null;
    if (changed !== null) {
      return desk.tell({ type: 'AskStep', ...at, fence, why: 'failed', question: changed, choices: CHOICES });
    }
    const captured = await capture(desk, spec, ready, at, finish);
    if (captured === FAILED) return;
    const now = desk.world.now().toISOString();
    await desk.tell({ type: 'StartStep', ...at, fence, at: now, captured }).catch(async (error) => {
      // Written after all, though nobody could tell us so: a fence is ours alone.
      await reread(desk);
      if (!(error instanceof Moved) || !isOurs(desk, at)) throw error;
    });
  }
  await reread(desk);
  await perform(desk, spec, ready, unsafe, at, finish);
}

/** @returns the call, ready to be made; null: the step is over already, which is recorded */
async function prepared(desk: StepDesk, next: Doing, finish: Finisher): Promise<ReadyCall | null> {
  const { spec, phase } = next;
  const call = phase === 'undo' ? (spec.undo as Call) : spec;
  try {
    const scope = scopeOf(desk.view, desk.incident);
    const asks = phase === 'run' && next.do === 'start' && spec.when !== null;
    if (asks && !holds(spec.when as string, scope)) {
      await finish.skipped(whyLeftOut(spec.when as string));
      return null;
    }
    return readyCall(call, scope, desk.world.actions);
  } catch (error) {
    if (!(error instanceof ActionFailed) && !(error instanceof TemplateFailed)) throw error;
    if (next.do === 'start') await finish.neverBegan(error.message);
    else await finish.failed(null, new ActionFailed(error.message));
    return null;
  }
}

const FAILED = Symbol('capture failed');

/** What stands there before the first attempt: later ones may see their own traces, so they keep the first's. */
async function capture(
  desk: StepDesk,
  { retry }: StepSpec,
  { action, input }: ReadyCall,
  at: At,
  finish: Finisher,
): Promise<string | null | typeof FAILED> {
  const before = desk.view.steps.get(at.step)?.[at.phase];
  if (!action.capture || (before?.startedAt ?? null) !== null) return null;
  for (let tries = 1; ; tries++) {
    const signal = AbortSignal.any([desk.lease.signal, desk.cancelled, AbortSignal.timeout(CAPTURE_MS)]);
    try {
      const seen = await within(signal, async () =>
        action.capture?.(input, readingContext(desk, at, signal)),
      );
      return JSON.stringify(seen ?? null);
    } catch (error) {
      if (desk.lease.signal.aborted) throw new Lost();
      // Nothing was begun: that the run is cancelled is recorded already.
      if (desk.cancelled.aborted) return FAILED;
      if (tries >= retry.attempts) {
        await finish.neverBegan(messageOf(error));
        return FAILED;
      }
    }
    const ms = Math.min(retry.backoffS * 1_000 * 2 ** (tries - 1), CAPTURE_PAUSE_MS);
    await sleep(ms, undefined, { signal: AbortSignal.any([desk.lease.signal, desk.cancelled]) }).catch(
      () => {},
    );
  }
}

/** The longest pause between two looks: the run is in hand meanwhile. */
const CAPTURE_PAUSE_MS = 5_000;
const CAPTURE_MS = 30_000;

/**
 * What was approved is what is done: the same input, wherever the plan could know it.
 * @returns what to ask; null: it is as planned, or a person has said *retry* and so saw how things stand
 */
function unlikeThePlan(view: RunView, spec: StepSpec, { given }: ReadyCall): string | null {
  const planned = view.plan?.steps.find(({ id }) => id === spec.id);
  if (!planned || planned.effect === 'read') return null;
  if (view.steps.get(spec.id)?.run?.answer?.choice === 'retry') return null;
  const before = JSON.stringify(planned.input);
  // What the plan could not know nobody has agreed to in detail.
  if (planned.when === 'maybe' && before.includes(String(UNKNOWN))) return null;
  if (planned.when !== 'left out' && before === JSON.stringify(given)) return null;
  return 'it would now do something else than what was approved';
}

/** Did we ourselves begin this attempt, and nobody has said anything of it since? */
function isOurs({ view, lease }: StepDesk, { step, phase, attempt }: At): boolean {
  const mark = view.state.steps[step]?.[phase];
  const began = view.steps.get(step)?.[phase];
  return mark?.state === 'running' && mark.attempt === attempt && began?.fence === lease.hold.fence;
}

/** The start that was just recorded, with what was captured, belongs to what the action is given. */
async function reread(desk: StepDesk): Promise<void> {
  const { team, number } = desk.incident;
  const facts = await desk.world.facts(team, number, desk.view.state.run);
  desk.view = runViewOf(facts, desk.view.state.run) ?? desk.view;
}
