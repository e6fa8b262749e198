import type { Call, StepSpec } from '#domain/run/runbook.js';
import { ActionFailed, Lost, type Output, type RunContext } from '#runbooks/action.js';
import { effectOf, readyCall, scopeOf } from './call.js';
import {
  type At,
  CHOICES,
  Moved,
  messageOf,
  NotKept,
  readingContext,
  type StepDesk,
  within,
} from './context.js';
import type { Finisher } from './finish.js';

/** Did a step that was done take effect? @throws ActionFailed it did not; what it did is with the error, for the undo */
export async function verify(
  desk: StepDesk,
  spec: StepSpec,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const scope = scopeOf(desk.view, desk.incident);
  const own = { ...scope, steps: { ...(scope.steps as object), [spec.id]: output } };
  try {
    await readOnly(desk, spec.verify as Call, own, signal);
  } catch (error) {
    if (error instanceof Lost) throw error;
    throw new ActionFailed(`done, but it did not take effect: ${messageOf(error)}`, { output });
  }
}

/**
 * Of an unsafe step nobody knows how it ended: its check says so, or a person does. It is never done again by itself,
 * not even when the check says that it has not happened: what was sent may still arrive.
 */
export async function lookWhetherItHappened(
  desk: StepDesk,
  spec: StepSpec,
  at: At,
  finish: Finisher,
  why: string,
): Promise<void> {
  let known = `nobody knows whether it happened: ${why}`;
  if (spec.check && at.phase === 'run') {
    const limit = AbortSignal.any([desk.lease.signal, AbortSignal.timeout(spec.timeoutS * 1_000)]);
    try {
      await readOnly(desk, spec.check, scopeOf(desk.view, desk.incident), limit);
      return await finish.adopted();
    } catch (error) {
      if (desk.lease.signal.aborted || error instanceof Lost) throw new Lost();
      if (!isOutcome(error)) throw error;
      known =
        error instanceof ActionFailed && !error.unsure
          ? `it has not happened, says its check (${error.message}); ${why}`
          : `${known}, and its check cannot tell: ${messageOf(error)}`;
    }
  }
  const fence = desk.lease.hold.fence;
  await desk.tell({ type: 'AskStep', ...at, fence, why: 'unknown', question: known, choices: CHOICES });
}

/** What an action threw, and not what recording did. */
function isOutcome(error: unknown): boolean {
  return !(error instanceof Moved || error instanceof NotKept);
}

/** Runs a call that must only read (`check`, `verify`). @throws what the action throws */
async function readOnly(
  desk: StepDesk,
  call: Call,
  scope: Record<string, unknown>,
  signal: AbortSignal,
): Promise<void> {
  const { action, input, written } = readyCall(call, scope, desk.world.actions);
  if (effectOf(action, input, null) !== 'read') throw new ActionFailed(`${call.uses} does not only read`);
  const at: At = { run: desk.view.state.run, step: call.uses, phase: 'run', attempt: 0 };
  const context: RunContext = {
    ...readingContext(desk, at, written, signal),
    async secure() {
      throw new ActionFailed(`${call.uses} is only to read here`);
    },
    captured: null,
    planned: null,
    undoing: null,
    waited: null,
    answer: null,
    say: () => undefined,
    post: async () => undefined,
  };
  const result = await within(signal, () => action.run(input, context));
  if (result.kind !== 'done') throw new ActionFailed(`${call.uses} gave no answer`);
}
