import { isOfRun } from '#domain/incident/entry.js';
import type { Fact } from '#domain/incident/fact.js';
import type { StepEffect } from '#domain/run/runbook.js';

/** One thing that really happened in the world outside, in the order in which it happened there. */
export interface Happening {
  /** `1/3`: incident and run. */
  run: string;
  step: string;
  worker: string;
  /** Under which the worker believed to act. */
  fence: number;
  /** False: the world outside saw that it had been done, or that it came too late, and changed nothing. */
  effective: boolean;
}

/** What was to happen in one run, what was recorded of it, and what happened. */
export interface RunHistory {
  run: string;
  steps: Array<{ id: string; effect: StepEffect }>;
  facts: Fact[];
  happenings: Happening[];
}

/** `lost`: something is not done, or not said to be. `doubled`: done or said twice. `stale`: done by one who had no right to it. */
export interface Violation {
  kind: 'lost' | 'doubled' | 'stale';
  run: string;
  text: string;
}

/** What is wrong with a run that should have succeeded, where every doubt was answered by a person. */
export function violationsOf(history: RunHistory): Violation[] {
  const { run } = history;
  const wrong: Violation[] = [];
  const say = (kind: Violation['kind'], text: string) => wrong.push({ kind, run, text });
  checkEnd(history, say);
  checkFences(history, say);
  for (const step of history.steps) {
    checkRecord(history, step.id, say);
    checkWorld(history, step, say);
  }
  checkOrder(history, say);
  return wrong;
}

type Say = (kind: Violation['kind'], text: string) => void;

function checkEnd({ facts }: RunHistory, say: Say): void {
  const ends = facts.flatMap((fact) => (fact.type === 'RunEnded' ? [fact.data.end] : []));
  if (ends.length === 0) say('lost', 'it never ended');
  if (ends.length > 1) say('doubled', `it ended ${ends.length} times`);
  if (ends.some((end) => end !== 'succeeded')) say('lost', `it ended: ${ends.join(', ')}`);
}

/** Whoever acts under an older fence than somebody before has no right to. */
function checkFences({ facts, happenings, steps, ...of }: RunHistory, say: Say): void {
  let recorded = 0;
  for (const fact of facts) {
    if (!isOfRun(fact) || !('fence' in fact.data)) continue;
    if (fact.data.fence < recorded) say('stale', `${fact.type} under ${fact.data.fence} after ${recorded}`);
    recorded = Math.max(recorded, fact.data.fence);
  }
  let acted = 0;
  for (const { step, fence, effective } of happenings) {
    if (!effective) continue;
    // Where the target knows no condition, a call on its way may arrive late: that is what the person took upon himself.
    const unsafe = steps.find(({ id }) => id === step)?.effect === 'unsafe';
    const risked = unsafe && retries({ ...of, facts, happenings, steps }, step) > 0;
    if (fence < acted && !risked) say('stale', `${step} took effect under ${fence} after ${acted}`);
    acted = Math.max(acted, fence);
  }
}

/** Said to be done (or left out by a person) once, and begun no more after that. */
function checkRecord({ facts }: RunHistory, step: string, say: Say): void {
  let over = 0;
  for (const fact of facts) {
    if (!isOfRun(fact) || !('step' in fact.data) || fact.data.step !== step) continue;
    if (fact.type === 'StepFinished' && fact.data.outcome !== 'failed') {
      over += 1;
      if (fact.data.outcome === 'skipped' && fact.by.id === 'tocsin') say('lost', `${step} was left out`);
    } else if (over > 0) say('doubled', `${step}: ${fact.type} after it was over`);
  }
  if (over === 0) say('lost', `${step} was never finished`);
  if (over > 1) say('doubled', `${step} was finished ${over} times`);
}

function checkWorld(history: RunHistory, { id, effect }: RunHistory['steps'][number], say: Say): void {
  if (effect === 'read') return;
  const times = history.happenings.filter(({ step, effective }) => step === id && effective).length;
  if (times === 0) say('lost', `${id} never took effect`);
  const most = effect === 'unsafe' ? 1 + retries(history, id) : 1;
  if (times > most) say('doubled', `${id} (${effect}) took effect ${times} times`);
}

/** No step takes effect before those before it have. */
function checkOrder({ steps, happenings }: RunHistory, say: Say): void {
  const first = (id: string) => happenings.findIndex(({ step, effective }) => step === id && effective);
  let before = -1;
  for (const { id } of steps) {
    const at = first(id);
    if (at < 0) continue;
    if (at < before) say('stale', `${id} took effect before a step that comes first`);
    before = Math.max(before, at);
  }
}

/** How often a person said: do it again. */
function retries({ facts }: RunHistory, step: string): number {
  return facts.filter(
    (fact) => fact.type === 'StepAnswered' && fact.data.step === step && fact.data.choice === 'retry',
  ).length;
}
