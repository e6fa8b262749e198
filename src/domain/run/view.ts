import { isOfRun } from '../incident/entry.js';
import type { Fact } from '../incident/fact.js';
import type { Person } from '../words.js';
import type { AskedAgain, Phase, RunFactBody, StepOutcome } from './fact.js';
import type { RunPlan } from './plan.js';
import type { Json } from './runbook.js';
import { evolveRun, proposed, type RunState } from './state.js';

/** One step in one phase, as far as it has come. Times are UTC, ISO 8601 with milliseconds. */
export interface StepView {
  step: string;
  phase: Phase;
  attempt: number;
  /** Attempts that failed since somebody last said *retry*: waits and answers are none. */
  failures: number;
  /** When the first attempt began; null: it never did. */
  startedAt: string | null;
  /** When it ended, by itself or because the run ended, or turned round, while it was open: then `outcome` is null. */
  finishedAt: string | null;
  outcome: StepOutcome | null;
  /** Under which fence the present attempt began, or was taken over. */
  fence: number;
  /** How often the present attempt was taken over from a worker that was lost. */
  taken: number;
  waitsUntil: string | null;
  /** When that was recorded. */
  waitsSince: string | null;
  /** `time`: the step itself asked to wait; `retry`: the pause before another attempt. */
  waitedFor: 'time' | 'retry' | null;
  captured: Json;
  /** Read by later steps. Every attempt adds to it. */
  output: Record<string, Json>;
  summary: string | null;
  error: string | null;
  log: string | null;
  question: string | null;
  answer: { choice: string; by: Person } | null;
}

/** Everything that is known of one run: a fold of its facts. */
export interface RunView {
  state: RunState;
  by: Person;
  proposedAt: string;
  definition: string | null;
  inputs: Record<string, string | number | boolean>;
  plan: RunPlan | null;
  /** When it was recorded. */
  plannedAt: string | null;
  /** Why people are asked about another plan than before; null: they are not. */
  again: AskedAgain | null;
  approvals: Array<{ by: Person; at: string; breakGlass: boolean; reason: string | null }>;
  startedAt: string | null;
  endedAt: string | null;
  /** In words, at the end: a reason, or what people should still know. */
  summary: string | null;
  steps: Map<string, Partial<Record<Phase, StepView>>>;
}

/** @returns the run that these facts tell of (others of the incident are passed over), or null when there is none. */
export function runViewOf(facts: Iterable<Fact>, number: number): RunView | null {
  return runViewsOf(facts).find(({ state }) => state.run === number) ?? null;
}

/** @returns every run that these facts tell of, in order of their numbers. */
export function runViewsOf(facts: Iterable<Fact>): RunView[] {
  const views = new Map<number, RunView>();
  for (const fact of facts) {
    if (!isOfRun(fact)) continue;
    const view = views.get(fact.data.run);
    if (fact.type === 'RunProposed') views.set(fact.data.run, begun(fact));
    else if (view) after(view, fact);
  }
  return [...views.values()];
}

type RunFact = Fact & RunFactBody;

function begun(fact: Extract<RunFact, { type: 'RunProposed' }>): RunView {
  return {
    state: proposed(fact),
    by: fact.by,
    proposedAt: fact.recordedAt,
    definition: fact.texts.definition ?? null,
    inputs: parsed(fact.texts.inputs, {}),
    plan: null,
    plannedAt: null,
    again: null,
    approvals: [],
    startedAt: null,
    endedAt: null,
    summary: null,
    steps: new Map(),
  };
}

/** Adds one fact to a view that is being made here, and nobody else has yet. */
function after(view: RunView, fact: RunFact): void {
  const before = view.state;
  view.state = evolveRun(before, fact);
  switch (fact.type) {
    case 'RunPlanned':
      view.plan = parsed<RunPlan | null>(fact.texts.plan, null);
      view.plannedAt = fact.recordedAt;
      view.again = null;
      view.approvals = [];
      return;
    case 'RunApproved': {
      const { by, recordedAt: at, texts, data } = fact;
      view.approvals.push({ by, at, breakGlass: data.breakGlass, reason: texts.reason ?? null });
      return;
    }
    case 'RunAskedAgain':
      view.again = fact.data.why;
      return;
    case 'RunStarted':
      view.startedAt ??= fact.recordedAt;
      return;
    case 'RunUndoing':
      close(view, fact.recordedAt);
      view.endedAt = null;
      return;
    case 'RunEnded':
      close(view, fact.recordedAt);
      view.endedAt = fact.recordedAt;
      view.summary = fact.texts.summary ?? null;
      return;
    case 'StepStarted':
    case 'StepTaken':
    case 'StepWaits':
    case 'StepFinished':
    case 'StepAsked':
    case 'StepAnswered':
      afterStep(view, fact, before.steps[fact.data.step]?.[fact.data.phase]?.state === 'due');
      return;
    default:
      return;
  }
}

/** A step that was begun and has not ended is not continued: it ends here. */
function close(view: RunView, at: string): void {
  for (const [step, phases] of view.steps) {
    const closed = Object.values(phases).map((one) => [one.phase, closedAt(one, at)]);
    view.steps.set(step, Object.fromEntries(closed));
  }
}

function closedAt(step: StepView, at: string): StepView {
  return step.startedAt === null || step.finishedAt !== null ? step : { ...step, finishedAt: at };
}

type StepFact = Extract<RunFact, { data: { step: string } }>;

function afterStep(view: RunView, fact: StepFact, waited: boolean): void {
  const { step, phase, attempt } = fact.data;
  const phases = view.steps.get(step) ?? {};
  const before = phases[phase] ?? fresh(step, phase);
  view.steps.set(step, { ...phases, [phase]: { ...before, attempt, ...changed(before, fact, waited) } });
}

/** @param waited it waited already */
function changed(before: StepView, fact: StepFact, waited: boolean): Partial<StepView> {
  switch (fact.type) {
    case 'StepStarted':
      return {
        startedAt: before.startedAt ?? fact.data.at,
        fence: fact.data.fence,
        taken: 0,
        finishedAt: null,
        outcome: null,
        error: null,
        question: null,
        // As it was before the first attempt; later attempts may see their own traces.
        captured: before.startedAt === null ? parsed(fact.texts.captured, null) : before.captured,
      };
    case 'StepTaken':
      return { fence: fact.data.fence, taken: before.taken + 1 };
    case 'StepWaits':
      // The same wait with another end: its purpose stays the same.
      if (waited) return { waitsUntil: fact.data.until, waitsSince: fact.recordedAt };
      return {
        waitsUntil: fact.data.until,
        waitsSince: fact.recordedAt,
        waitedFor: 'error' in fact.texts ? 'retry' : 'time',
        failures: before.failures + ('error' in fact.texts ? 1 : 0),
        error: fact.texts.error ?? null,
      };
    case 'StepFinished':
      return {
        finishedAt: fact.recordedAt,
        outcome: fact.data.outcome,
        waitsUntil: null,
        waitsSince: null,
        question: null,
        output: { ...before.output, ...parsed(fact.texts.output, {}) },
        summary: fact.texts.summary ?? null,
        error: fact.texts.error ?? null,
        log: fact.texts.log ?? null,
      };
    case 'StepAsked':
      return { question: fact.texts.question ?? null, answer: null };
    case 'StepAnswered':
      return { question: null, answer: { choice: fact.data.choice, by: fact.by }, failures: 0 };
  }
}

function fresh(step: string, phase: Phase): StepView {
  return {
    step,
    phase,
    attempt: 0,
    failures: 0,
    startedAt: null,
    finishedAt: null,
    outcome: null,
    fence: 0,
    taken: 0,
    waitsUntil: null,
    waitsSince: null,
    waitedFor: null,
    captured: null,
    output: {},
    summary: null,
    error: null,
    log: null,
    question: null,
    answer: null,
  };
}

/** A text that was erased, or is not JSON, tells nothing. */
function parsed<T>(text: string | null | undefined, otherwise: T): T {
  if (text === null || text === undefined) return otherwise;
  try {
    return JSON.parse(text) as T;
  } catch {
    return otherwise;
  }
}
