import type { Phase } from '#domain/run-fact.js';
import type { RunState, StepMark } from '#domain/run-state.js';
import type { RunView, StepView } from '#domain/runbook-run.js';

export type StepState =
  | 'pending'
  | 'running'
  | 'waiting'
  | 'asking'
  | 'done'
  | 'failed'
  | 'skipped'
  | 'undone';

/** One step of a run as people are shown it. */
export interface StepLine {
  id: string;
  state: StepState;
  /** Whether it is being done, or taken back. */
  phase: Phase;
  /** What is known of the phase that counts now; null: it has not begun. */
  view: StepView | null;
  /** When it was done as the runbook says: UTC, ISO 8601; null where it never began, or has not ended. */
  startedAt: string | null;
  finishedAt: string | null;
}

/** @returns the steps in order: those of the plan, then what was begun and stands in it no more. */
export function stepLines(run: RunView): StepLine[] {
  const { order } = run.state;
  const others = [...run.steps.keys()].filter((id) => !order.includes(id));
  return [...order, ...others].map((id) => stepLine(run, id));
}

function stepLine(run: RunView, id: string): StepLine {
  const marks = run.state.steps[id] ?? {};
  const views = run.steps.get(id) ?? {};
  // A person who skips the undoing of a step leaves the step as it was.
  const phase: Phase = marks.undo !== undefined && marks.undo.state !== 'skipped' ? 'undo' : 'run';
  const view = views[phase] ?? null;
  const state = stateOf(marks[phase], phase, view, isOver(run.state, phase));
  const over = state === 'done' || state === 'failed' || state === 'skipped' || state === 'undone';
  return {
    id,
    state,
    phase,
    view,
    startedAt: views.run?.startedAt ?? null,
    finishedAt: over ? (views.run?.finishedAt ?? null) : null,
  };
}

/** Does nothing more come of steps in that phase? Once a run is undone, it goes on with none. */
function isOver({ status, asked }: RunState, phase: Phase): boolean {
  return status === 'ended' || (phase === 'run' && (status === 'undoing' || asked?.phase === 'undo'));
}

function stateOf(mark: StepMark | undefined, phase: Phase, view: StepView | null, over: boolean): StepState {
  switch (mark?.state) {
    case undefined:
      return 'pending';
    case 'done':
      return phase === 'undo' ? 'undone' : 'done';
    case 'failed':
    case 'skipped':
      return mark.state;
    default:
      // The run was ended, or turned round, while this one was open: what has begun did not come to its end.
      if (over) return view?.startedAt ? 'failed' : 'pending';
      if (mark?.state === 'running') return 'running';
      return mark?.state === 'asked' ? 'asking' : 'waiting';
  }
}
