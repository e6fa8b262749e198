import type { AskedWhy, Phase, RunEnd } from './fact.js';
import type { Runbook, StepSpec } from './runbook.js';
import { isApproved } from './state.js';
import type { RunView } from './view.js';

/** What a run needs next. A worker does it, records what came of it, and asks again. */
export type Next =
  /** Read the world and write down the plan. */
  | { do: 'plan' }
  /** Everybody agreed: check that the world is still as it was when the plan was made, then begin. */
  | { do: 'begin' }
  | { do: 'start'; spec: StepSpec; phase: Phase; attempt: number }
  /** Somebody began it and did not say how it ended. */
  | { do: 'resume'; spec: StepSpec; phase: Phase; attempt: number }
  /** The run was cancelled while a worker, which is gone now, was at this step. */
  | { do: 'abandon'; spec: StepSpec; phase: Phase; attempt: number }
  | { do: 'undo' }
  | { do: 'ask'; spec: StepSpec; phase: Phase; attempt: number; why: AskedWhy; question: string }
  /** The end of its wait was written by a clock that was ahead: the whole wait is counted again from now. */
  | { do: 'delay'; spec: StepSpec; phase: Phase; attempt: number; until: Date }
  /** Nothing until somebody says something, or until that time. */
  | { do: 'rest'; until: Date | null }
  | { do: 'end'; end: RunEnd; summary: string | null }
  | { do: 'nothing' };

/** The whole order of a run, as a pure function. @param runbook of the definition that the run was asked for with */
export function nextOf(view: RunView, runbook: Runbook, now: Date): Next {
  const { state } = view;
  if (state.status === 'ended') return { do: 'nothing' };
  if (state.cancelled) return cancelled(view, runbook);
  switch (state.status) {
    case 'planning':
      return { do: 'plan' };
    case 'waiting':
      return waiting(view, now);
    case 'asking':
      return { do: 'rest', until: null };
    case 'running':
      return running(view, runbook, now);
    case 'undoing':
      return undoing(view, runbook, now);
  }
}

function waiting({ state, plannedAt }: RunView, now: Date): Next {
  if (state.planOnly) return { do: 'end', end: 'planned', summary: null };
  if (isApproved(state)) return { do: 'begin' };
  // By a clock that was ahead nobody knows how long it may still be approved: the plan is made anew.
  if (isAhead(plannedAt, now)) return { do: 'plan' };
  const expires = new Date(state.approvers?.expiresAt ?? 0);
  if (expires <= now) {
    const { length: count } = state.approvals;
    const some = `only ${count} of ${state.approvers?.required ?? 0} approved it in time`;
    return { do: 'end', end: 'expired', summary: count === 0 ? 'nobody approved it in time' : some };
  }
  return { do: 'rest', until: expires };
}

function cancelled(view: RunView, runbook: Runbook): Next {
  const { state } = view;
  for (const spec of runbook.steps) {
    for (const phase of ['run', 'undo'] as const) {
      const mark = state.steps[spec.id]?.[phase];
      if (mark?.state === 'running') return { do: 'abandon', spec, phase, attempt: mark.attempt };
    }
  }
  const summary = leftByCancelling(view, runbook);
  return { do: 'end', end: 'cancelled', summary };
}

/** What a cancelled run leaves behind: done, undone, or not known. */
function leftByCancelling(view: RunView, runbook: Runbook): string {
  const told = (ids: StepSpec[], what: string) =>
    ids.length === 0 ? [] : [`${what}: ${ids.map(({ id }) => id).join(', ')}`];
  const changing = runbook.steps.filter((spec) => changed(view, spec));
  const of = (spec: StepSpec) => view.steps.get(spec.id) ?? {};
  const undone = changing.filter((spec) => of(spec).undo?.outcome === 'done');
  const open = changing.filter((spec) => !undone.includes(spec));
  const unsure = open.filter(
    (spec) => of(spec).run?.outcome !== 'done' || (of(spec).undo?.startedAt ?? null) !== null,
  );
  const parts = [
    ...told(
      open.filter((spec) => !unsure.includes(spec)),
      'what was done stays done',
    ),
    ...told(unsure, 'not known how far it came, look at'),
    ...told(undone, 'undone'),
  ];
  return parts.length === 0 ? 'before anything was changed' : parts.join('; ');
}

function running(view: RunView, runbook: Runbook, now: Date): Next {
  const next = firstOf(runbook.steps, 'run', view, now);
  if (next === null) return { do: 'end', end: 'succeeded', summary: null };
  if (next.do !== 'ask' || runbook.onFailure === 'ask') return next;
  if (runbook.steps.some((one) => changed(view, one))) return { do: 'undo' };
  // Where nothing was changed there is nothing to take back, and the run has simply failed.
  return { do: 'end', end: 'failed', summary: `${next.spec.id}: ${next.question}` };
}

/** What the first of these steps needs that is neither done nor skipped: a failed one asks. @returns null: there is none */
function firstOf(specs: StepSpec[], phase: Phase, view: RunView, now: Date): Next | null {
  for (const spec of specs) {
    const mark = view.state.steps[spec.id]?.[phase];
    if (mark?.state === 'done' || mark?.state === 'skipped') continue;
    if (mark?.state !== 'failed') return stepNext(view, spec, phase, now);
    const question = view.steps.get(spec.id)?.[phase]?.error ?? 'it failed';
    return { do: 'ask', spec, phase, attempt: mark.attempt, why: 'failed', question };
  }
  return null;
}

/** Backwards through every step that began, failed ones too: they may have done a part. */
function undoing(view: RunView, runbook: Runbook, now: Date): Next {
  const specs = runbook.steps.filter((spec) => begun(view, spec) && spec.undo).reverse();
  const next = firstOf(specs, 'undo', view, now);
  if (next) return next;
  const left = notUndone(view, runbook);
  const why = failureOf(view, runbook);
  if (left.length === 0) return { do: 'end', end: 'undone', summary: why };
  const summary = [`not undone: ${left.join(', ')}`, ...(why === null ? [] : [why])].join('; ');
  return { do: 'end', end: 'partly-undone', summary };
}

function begun({ steps }: RunView, { id }: StepSpec): boolean {
  return (steps.get(id)?.run?.startedAt ?? null) !== null;
}

/** Did it begin, and does it do more than read? */
function changed(view: RunView, spec: StepSpec): boolean {
  const effect = view.plan?.steps.find(({ id }) => id === spec.id)?.effect ?? 'unsafe';
  return begun(view, spec) && effect !== 'read';
}

/** @returns which step failed, and why; null: none did */
function failureOf({ steps }: RunView, runbook: Runbook): string | null {
  for (const { id } of runbook.steps) {
    const run = steps.get(id)?.run;
    if (run?.outcome === 'failed') return `because ${id} failed: ${run.error ?? 'it does not say why'}`;
  }
  return null;
}

/** @returns the steps that changed something and were not undone, each with the reason. */
function notUndone(view: RunView, runbook: Runbook): string[] {
  return runbook.steps.flatMap((spec) => {
    if (!changed(view, spec)) return [];
    if (!spec.undo) return [`${spec.id} (it has no undo)`];
    const undo = view.steps.get(spec.id)?.undo;
    return undo?.outcome === 'done' ? [] : [`${spec.id} (${undo?.outcome ?? 'not tried'})`];
  });
}

/** Clocks of two machines differ by less than this. */
const SKEW_MS = 1_000;

/** Was that recorded by a clock that was ahead? Then the times that it wrote mean nothing. */
function isAhead(recordedAt: string | null, now: Date): boolean {
  return recordedAt !== null && Date.parse(recordedAt) > now.getTime() + SKEW_MS;
}

function stepNext({ state, steps }: RunView, spec: StepSpec, phase: Phase, now: Date): Next {
  const mark = state.steps[spec.id]?.[phase];
  if (!mark) return { do: 'start', spec, phase, attempt: 1 };
  switch (mark.state) {
    case 'running':
      return { do: 'resume', spec, phase, attempt: mark.attempt };
    case 'due': {
      const until = new Date(mark.until ?? 0);
      const since = steps.get(spec.id)?.[phase]?.waitsSince ?? null;
      if (since !== null && isAhead(since, now)) {
        const ms = Math.max(0, until.getTime() - Date.parse(since));
        return { do: 'delay', spec, phase, attempt: mark.attempt, until: new Date(now.getTime() + ms) };
      }
      return until <= now ? { do: 'start', spec, phase, attempt: mark.attempt + 1 } : { do: 'rest', until };
    }
    default:
      return { do: 'start', spec, phase, attempt: mark.attempt + 1 };
  }
}
