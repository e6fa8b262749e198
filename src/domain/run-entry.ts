import type { EntryDetail } from './entry.js';
import { type RunFactBody, runRef } from './run-fact.js';

/** What a fact of a run adds to the timeline: which text it shows, and what it adds to that. */
export interface RunLine {
  kind: 'run' | 'step';
  field: string | null;
  detail: EntryDetail;
}

type Told = Extract<
  RunFactBody,
  {
    type:
      | 'RunProposed'
      | 'RunApproved'
      | 'RunAskedAgain'
      | 'RunCancelled'
      | 'RunUndoing'
      | 'RunEnded'
      | 'StepFinished'
      | 'StepAsked'
      | 'StepAnswered';
  }
>;

/** @returns the timeline's line for what a reader of the postmortem must know of a run. */
export function runLine(fact: Told & { texts: Readonly<Record<string, string | null>> }): RunLine {
  const of = { run: runRef(fact.data.run) };
  const run = (what: string, field: string | null, more: EntryDetail = {}): RunLine => ({
    kind: 'run',
    field,
    detail: { ...of, what, ...more },
  });
  switch (fact.type) {
    case 'RunProposed':
      return run(fact.data.planOnly ? 'plan asked for' : 'asked for', 'inputs', {
        runbook: fact.data.runbook,
      });
    case 'RunApproved':
      return run(approved(fact.data), 'reason');
    case 'RunAskedAgain':
      return run(
        fact.data.why === 'moved'
          ? 'must be approved anew: the world has moved since its plan'
          : 'must be approved anew: somebody who agreed would not be asked any more',
        null,
      );
    case 'RunCancelled':
      return run('cancelled', 'reason');
    case 'RunUndoing':
      return run(fact.data.why === 'failed' ? 'undoing, because a step failed' : 'undoing', null);
    case 'RunEnded':
      return run(fact.data.end, 'summary');
    case 'StepFinished':
      return step(fact.data, of, fact.data.outcome, fact.data.outcome === 'failed' ? 'error' : 'summary');
    case 'StepAsked':
      return step(fact.data, of, 'asks', 'question');
    case 'StepAnswered':
      return step(fact.data, of, `answered “${fact.data.choice}”`, 'reason');
  }
}

function approved({
  breakGlass,
  count,
  required,
}: {
  breakGlass: boolean;
  count: number;
  required: number;
}): string {
  if (breakGlass) return 'approved, breaking the glass';
  return required > 1 ? `approved, ${count} of ${required}` : 'approved';
}

function step(
  data: { step: string; phase: 'run' | 'undo' },
  of: EntryDetail,
  what: string,
  field: string,
): RunLine {
  return {
    kind: 'step',
    field,
    detail: { ...of, step: data.step, what: data.phase === 'undo' ? `undo ${what}` : what },
  };
}

/** `RUN-3 key-sync asked for: from=tts-old to=tts-new`, `RUN-3 add: done, added 2 keys`. */
export function runText({ run = '', runbook, step, what = '' }: EntryDetail, given: string | null): string {
  if (step !== undefined) return `${run} ${step}: ${what}${given ? `, ${given}` : ''}`;
  const inputs = runbook !== undefined && given !== null ? inputsText(given) : given;
  const words = [run, runbook, what].filter((word) => word !== undefined && word !== '').join(' ');
  return inputs ? `${words}: ${inputs}` : words;
}

/** `{"from":"tts-old"}` as people type it. What is not that (an erased text, say) stays as it is. */
export function inputsText(json: string): string {
  try {
    const inputs = JSON.parse(json) as Record<string, unknown>;
    return Object.entries(inputs)
      .filter(([, value]) => value !== '')
      .map(
        ([name, value]) => `${name}=${/[\s"]/.test(String(value)) ? JSON.stringify(value) : String(value)}`,
      )
      .join(' ');
  } catch {
    return json;
  }
}
