import { setTimeout as sleep } from 'node:timers/promises';
import type { Next } from '#domain/run-next.js';
import type { Call, StepSpec } from '#domain/runbook.js';
import { runViewOf } from '#domain/runbook-run.js';
import { holds, TemplateFailed, whyLeftOut } from '#domain/template.js';
import { ActionFailed, Lost } from '#runbooks/action.js';
import { inputAsApproved, unlikeThePlan } from './run-approved.js';
import { checked, effectOf, type ReadyCall, readyCall } from './run-call.js';
import { lookWhetherItHappened } from './run-check.js';
import { type At, CHOICES, messageOf, readingContext, type StepDesk, within } from './run-desk.js';
import { type Finisher, finisher } from './run-finish.js';
import { perform } from './run-perform.js';
import { scopeOf } from './run-scope.js';
import { Moved } from './run-tell.js';

/** A step that ends whoever does it must not end them all, one after the other, for ever. */
const TAKEN_MOST = 10;

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
    const taken = desk.view.steps.get(at.step)?.[phase]?.taken ?? 0;
    if (taken + 1 >= TAKEN_MOST) {
      const question = `${taken + 1} workers in a row were lost at it, and it may be what ends them`;
      return desk.tell({ type: 'AskStep', ...at, fence, why: 'unknown', question, choices: CHOICES });
    }
    if (unsafe) {
      return lookWhetherItHappened(desk, spec, at, finish, 'the worker that was at it is gone');
    }
  } else {
    const changed = phase === 'run' ? unlikeThePlan(desk.view, spec, ready.given) : null;
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
    const ready = readyCall(call, scope, desk.world.actions);
    if (phase === 'undo') return ready;
    const given = inputAsApproved(desk.view, spec, ready.given, scope);
    return given === ready.given ? ready : checked(ready.action, given, ready.written);
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
  { action, input, written }: ReadyCall,
  at: At,
  finish: Finisher,
): Promise<string | null | typeof FAILED> {
  const before = desk.view.steps.get(at.step)?.[at.phase];
  if (!action.capture || (before?.startedAt ?? null) !== null) return null;
  for (let tries = 1; ; tries++) {
    const signal = AbortSignal.any([desk.lease.signal, desk.cancelled, AbortSignal.timeout(CAPTURE_MS)]);
    try {
      const seen = await within(signal, async () =>
        action.capture?.(input, readingContext(desk, at, written, signal)),
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
