import type { Phase } from '#domain/run/fact.js';
import type { RunState, StepMark } from '#domain/run/state.js';
import type { RunView, StepView } from '#domain/run/view.js';
import { personLabel, runRef } from '#domain/words.js';
import { durationInWords, excerpt } from './clock.js';

/** Ended runs in an answer; the `json` export has all. */
const ENDED = 10;

/** The status of a run, in words that follow its name. */
export function runStatusText({ state }: { state: RunState }): string {
  if (state.cancelled && state.status !== 'ended') return 'is being cancelled';
  switch (state.status) {
    case 'planning':
      return 'is being planned';
    case 'waiting':
      return state.planOnly ? 'is planned' : 'waits for approval';
    case 'running':
      return 'is running';
    case 'asking':
      return state.asked ? `asks about step ${state.asked.step}` : 'asks';
    case 'undoing':
      return 'is being undone';
    case 'ended':
      return state.end === null ? 'ended' : ENDS[state.end];
  }
}

const ENDS = {
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'was cancelled',
  rejected: 'was rejected',
  expired: 'expired',
  planned: 'was planned; nothing was changed',
  undone: 'was undone',
  'partly-undone': 'was undone in part',
} as const;

/** The answer to `runs`: a line per run, and the steps of those under way. */
export function runsText(ref: string, runs: readonly RunView[], now: Date): string {
  if (runs.length === 0) return `${ref} has no runs. \`run RUNBOOK\` starts one, \`--plan\` only plans it.`;
  const ended = runs.filter(({ state }) => state.status === 'ended');
  const left = new Set(ended.slice(0, -ENDED));
  const more = left.size > 0 ? [`… ${left.size} earlier ended: \`export json\` has them all`] : [];
  const lines = runs
    .filter((run) => !left.has(run))
    .flatMap((run) => [
      runLine(run, now),
      ...(run.state.status === 'ended' ? [] : stepLines(run).map((step) => `  ${stepText(step, now)}`)),
    ]);
  return [`Runs of ${ref}:`, ...more, ...lines].join('\n');
}

function runLine(run: RunView, now: Date): string {
  const { state, by, proposedAt, endedAt, summary } = run;
  const name = `${runRef(state.run)} ${state.runbook}`;
  const asked = `asked for by ${excerpt(personLabel(by), 60)} ${agoText(proposedAt, now)}`;
  const when = endedAt ? `; ended ${agoText(endedAt, now)}` : '';
  const why = endedAt && summary ? `: ${excerpt(summary)}` : '';
  return `${name} ${runStatusText(run)}${why} (${asked}${when})`;
}

function stepText({ id, state, phase, view }: StepLine, now: Date): string {
  const what = phase === 'undo' && state !== 'undone' ? `undoing ${id}` : id;
  const took = view?.startedAt && state !== 'pending' ? ` · ${tookText(view, state, now)}` : '';
  const said = view?.question ?? view?.error ?? view?.summary ?? null;
  return `${what}: ${state}${took}${said === null ? '' : ` · ${excerpt(said)}`}`;
}

function tookText(view: NonNullable<StepLine['view']>, state: StepLine['state'], now: Date): string {
  if (view.finishedAt) return durationText(view.startedAt ?? view.finishedAt, view.finishedAt);
  const since = durationText(view.startedAt ?? now.toISOString(), now.toISOString());
  return state === 'running' ? `for ${since}` : `began ${since} ago`;
}

/** How long something took, in words: under ten seconds with a tenth, as far as the clocks agree. */
export function durationText(from: string, to: string): string {
  const ms = Math.max(0, Date.parse(to) - Date.parse(from));
  if (ms < 100) return 'under 0.1 s';
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : durationInWords(Math.floor(ms / 1000));
}

/** `2 min ago`: the coarsest unit is enough. */
function agoText(at: string, now: Date): string {
  const seconds = Math.max(0, Math.floor((now.getTime() - Date.parse(at)) / 1000));
  if (seconds < 10) return 'just now';
  const unit = [86_400, 3_600, 60].find((one) => seconds >= one) ?? 1;
  return `${durationInWords(Math.floor(seconds / unit) * unit)} ago`;
}

/** A run as the `json` export has it. */
export function runItem(run: RunView) {
  return {
    id: runRef(run.state.run),
    runbook: run.state.runbook,
    state: run.state.end ?? run.state.status,
    steps: stepLines(run).map(({ id, state, startedAt, finishedAt }) => ({
      id,
      state,
      started_at: startedAt,
      finished_at: finishedAt,
    })),
  };
}

type StepState = 'pending' | 'running' | 'waiting' | 'asking' | 'done' | 'failed' | 'skipped' | 'undone';

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

/** @returns the steps in order: those of the plan, then those that were begun and are not in it any more. */
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

/** Are steps of that phase over? Once a run is being undone, none of its steps is continued. */
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
      // The run was ended, or turned round, while this step was open: if it had begun, it did not come to its end.
      if (over) return view?.startedAt ? 'failed' : 'pending';
      if (mark?.state === 'running') return 'running';
      return mark?.state === 'asked' ? 'asking' : 'waiting';
  }
}
