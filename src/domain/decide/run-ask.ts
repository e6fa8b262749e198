import type { DraftFact } from '../fact.js';
import type { Asking } from '../intent.js';
import { isRefusal, type Refusal, refuse } from '../refusal.js';
import { runRef } from '../run-fact.js';
import { hasChanged, RUNS_UNDER_WAY, type RunState, runsOf } from '../run-state.js';
import { type IncidentState, refOf } from '../state.js';
import { type Decision, type Found, given, happened, type IntentOf } from './context.js';
import { runNamed, standing } from './run-named.js';

export function proposeRun(
  state: IncidentState,
  intent: IntentOf<'ProposeRun'>,
  asking: Asking,
  found: Found,
): Decision {
  const { count, list } = runsOf(state);
  const under = list.filter((run) => run.status !== 'ended');
  if (under.length >= RUNS_UNDER_WAY) {
    return refuse('TOO_MANY', {
      what: 'runs under way',
      count: under.length + 1,
      limit: RUNS_UNDER_WAY,
      next: '`runs` lists them; `cancel RUN` ends one.',
    });
  }
  const busy = intent.planOnly ? null : targetBusy(found, intent.target);
  if (busy) return busy;
  const { runbook, target, planOnly, definition, inputs } = intent;
  const data = {
    ...happened(state, asking, null),
    ...{ run: count + 1, runbook, planOnly, target },
    ...(asking.owner && { owner: asking.owner.id }),
  };
  return [{ type: 'RunProposed', data, texts: { definition, inputs } }];
}

/** One run at a time on a target, whichever incident it is of. */
function targetBusy(found: Found, target: string): Refusal | null {
  if (!found.holder) return null;
  const { incident, run, hidden } = found.holder;
  return refuse('RUN_TARGET_BUSY', {
    target,
    of: hidden ? null : { ref: refOf(incident), run: runRef(run) },
  });
}

/** Stops a run where it stands: what was done stays done, and `undo` takes it back. */
export function cancelRun(state: IncidentState, intent: IntentOf<'CancelRun'>, asking: Asking): Decision {
  const run = runNamed(state, intent.run);
  if (isRefusal(run)) return run;
  const name = runRef(run.run);
  if (run.status === 'ended') return refuse('RUN_ENDED', { run: name, standing: standing(run) });
  if (run.cancelled) return refuse('RUN_CANCELLED_ALREADY', { run: name });
  const data = { ...happened(state, asking, null), run: run.run };
  return [{ type: 'RunCancelled', data, texts: given({ reason: intent.reason }) }];
}

/** Takes back what was done, in reverse order: of a run that has ended, or that stands still and asks. */
export function undoRun(
  state: IncidentState,
  intent: IntentOf<'UndoRun'>,
  asking: Asking,
  found: Found,
): Decision {
  const run = runNamed(state, intent.run);
  if (isRefusal(run)) return run;
  const name = runRef(run.run);
  if (run.status === 'running' || run.status === 'undoing') {
    return refuse('RUN_BUSY', { run: name, standing: standing(run) });
  }
  if (!hasChanged(run) || run.end === 'undone') {
    return refuse('RUN_NOTHING_TO_UNDO', { run: name, standing: standing(run) });
  }
  const own = found.holder?.incident === state.number && found.holder.run === run.run;
  const busy = own ? null : targetBusy(found, run.target);
  if (busy) return busy;
  const n = happened(state, asking, null);
  if (run.status !== 'asking') return [undoing(run, n)];
  return [answered(run, n, 'undo', null), undoing(run, { ...n, n: n.n + 1 })];
}

function undoing(run: RunState, at: ReturnType<typeof happened>): DraftFact {
  return { type: 'RunUndoing', data: { ...at, run: run.run, why: 'asked' }, texts: {} };
}

function answered(
  run: RunState,
  at: ReturnType<typeof happened>,
  choice: string,
  reason: string | null,
): DraftFact {
  const { step, phase, attempt } = run.asked as NonNullable<RunState['asked']>;
  return {
    type: 'StepAnswered',
    data: { ...at, run: run.run, step, phase, attempt, choice },
    texts: given({ reason }),
  };
}

/** @returns the run, which stands still and asks; or that it does not. */
function asking(state: IncidentState, number: number): RunState | Refusal {
  const run = runNamed(state, number);
  if (isRefusal(run)) return run;
  if (run.status === 'asking' && run.asked) return run;
  return refuse('RUN_NOT_ASKING', { run: runRef(run.run), standing: standing(run) });
}

/** The person says: do that step (again). */
export function retryStep(state: IncidentState, intent: IntentOf<'RetryStep'>, by: Asking): Decision {
  const run = asking(state, intent.run);
  if (isRefusal(run)) return run;
  if (run.asked?.why === 'question') return wantsAnswer(run);
  return [answered(run, happened(state, by, null), 'retry', null)];
}

/** The person says: go on without it. What it may have done is theirs to know. */
export function skipStep(state: IncidentState, intent: IntentOf<'SkipStep'>, by: Asking): Decision {
  const run = asking(state, intent.run);
  if (isRefusal(run)) return run;
  const { step, phase, attempt } = run.asked as NonNullable<RunState['asked']>;
  const at = happened(state, by, null);
  return [
    answered(run, at, 'skip', intent.reason),
    {
      type: 'StepFinished',
      data: {
        ...at,
        n: at.n + 1,
        run: run.run,
        step,
        phase,
        attempt,
        outcome: 'skipped',
        startedAt: null,
        posts: 0,
      },
      texts: { summary: intent.reason },
    },
  ];
}

export function answerStep(state: IncidentState, intent: IntentOf<'AnswerStep'>, by: Asking): Decision {
  const run = asking(state, intent.run);
  if (isRefusal(run)) return run;
  const asked = run.asked as NonNullable<RunState['asked']>;
  if (asked.why !== 'question')
    return refuse('RUN_NOT_ASKING', { run: runRef(run.run), standing: standing(run) });
  // A button of an earlier question must not answer this one.
  if (intent.step !== null && intent.step !== asked.step) {
    return refuse('RUN_NOT_ASKING', { run: runRef(run.run), standing: standing(run) });
  }
  const choice = asked.choices.find((one) => one.toLowerCase() === intent.choice.trim().toLowerCase());
  if (choice === undefined) return wantsAnswer(run);
  return [answered(run, happened(state, by, null), choice, null)];
}

function wantsAnswer(run: RunState): Refusal {
  return refuse('RUN_WANTS_AN_ANSWER', {
    run: runRef(run.run),
    step: run.asked?.step ?? '',
    choices: run.asked?.choices ?? [],
  });
}
