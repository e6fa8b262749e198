import type { DraftFact } from '../incident/fact.js';
import type { Asking, Decision, Found, IntentOf } from '../incident/intent.js';
import type { IncidentState } from '../incident/state.js';
import { holder, PERMISSIONS, type Rules } from '../permission.js';
import { isRefusal, type Refusal, refuse } from '../refusal.js';
import { given } from '../text.js';
import { type Happened, happened, refOf, runRef } from '../words.js';
import type { Approvers } from './fact.js';
import type { PersonRunIntent, RunIntent, WorkerRunIntent } from './intent.js';
import { hasChanged, isApproved, RUNS_UNDER_WAY, type RunState, runsOf } from './state.js';

/** What a rule may need to know, beside the run. */
interface On {
  state: IncidentState;
  asking: Asking;
  found: Found;
  rules: Rules;
}

/** What follows from an intent about a run: what people ask for, and what its worker records. */
export function decideRun(
  state: IncidentState,
  intent: RunIntent,
  asking: Asking,
  found: Found,
  rules: Rules,
): Decision {
  if (intent.type === 'ProposeRun') return proposeRun(state, intent, asking, found);
  const run = runNamed(state, intent.run);
  if (isRefusal(run)) return run;
  if (isWork(intent)) return decideWork(state, run, intent, asking);
  const rule = RULES[intent.type] as Rule<typeof intent.type>;
  return rule(run, intent, { state, asking, found, rules });
}

function isWork(intent: Exclude<RunIntent, { type: 'ProposeRun' }>): intent is WorkerRunIntent {
  return !Object.hasOwn(RULES, intent.type);
}

/** @returns the run of that number, or why there is none to speak of. */
function runNamed(state: IncidentState, number: number): RunState | Refusal {
  const { count, list } = runsOf(state);
  const run = list.find((one) => one.run === number);
  if (run) return run;
  const ref = refOf(state.number);
  if (number <= count) return refuse('RUN_FORGOTTEN', { ref, run: runRef(number) });
  const known = list.filter(({ status }) => status !== 'ended').map((one) => runRef(one.run));
  return refuse('NO_SUCH_RUN', { ref, run: runRef(number), known });
}

function proposeRun(
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
  const of = hidden ? null : { ref: refOf(incident), run: runRef(run) };
  return refuse('RUN_TARGET_BUSY', { target, of });
}

/** What a person may ask of a run that there is. */
type Rule<T extends PersonRunIntent['type']> = (run: RunState, intent: IntentOf<T>, on: On) => Decision;

const RULES: { readonly [T in Exclude<PersonRunIntent['type'], 'ProposeRun'>]: Rule<T> } = {
  /**
   * One person's yes to one plan. It counts for the plan of that hash only, once, until the plan expires, and only from
   * people who may approve: not from whoever asked, nor from the owner of the token that asked, nor from somebody who has
   * changed an approving role since the plan was shown.
   */
  ApproveRun: (run, intent, { state, asking, rules }) => {
    const name = runRef(run.run);
    // A program, or a command line, is nobody in particular.
    if (asking.source !== 'slack') return refuse('RUN_NEEDS_A_PERSON', { run: name });
    if (run.end === 'expired' && run.approvers) return expired(run, run.approvers);
    if (run.status !== 'waiting' || !run.approvers || !run.hash) return no('RUN_NOT_WAITING', run);
    if (run.cancelled) return refuse('RUN_NOT_WAITING', { run: name, how: 'was cancelled' });
    if (intent.hash !== null && (intent.hash === '' || !run.hash.startsWith(intent.hash))) {
      return otherPlan(run, intent.hash, run.hash.slice(0, 8));
    }
    if (Date.parse(run.approvers.expiresAt) <= asking.now.getTime()) return expired(run, run.approvers);
    const breakGlass = intent.breakGlass !== null;
    const refusal = breakGlass ? null : yesRefused(state, run, asking.by.id, rules);
    if (refusal) return refusal;
    // Enough have said yes already, and the worker is on its way.
    if (isApproved(run)) return refuse('RUN_APPROVED_ALREADY', { run: name, more: 0 });
    const data = {
      ...happened(state, asking, null),
      ...{ run: run.run, hash: run.hash, breakGlass, required: run.approvers.required },
      count: new Set([...run.approvals, asking.by.id]).size,
    };
    return [{ type: 'RunApproved', data, texts: given({ reason: intent.breakGlass }) }];
  },

  /** Anybody who sees it may say no. */
  RejectRun: (run, { reason }, { state, asking }) => {
    if (run.status !== 'waiting' && run.status !== 'planning') return no('RUN_NOT_WAITING', run);
    const data = { ...happened(state, asking, null), run: run.run, end: 'rejected' as const };
    return [{ type: 'RunEnded', data, texts: given({ summary: reason }) }];
  },

  /** Stops a run where it is: what was done stays done, and `undo` takes it back. */
  CancelRun: (run, { reason }, { state, asking }) => {
    if (run.status === 'ended') return no('RUN_ENDED', run);
    if (run.cancelled) return refuse('RUN_CANCELLED_ALREADY', { run: runRef(run.run) });
    const data = { ...happened(state, asking, null), run: run.run };
    return [{ type: 'RunCancelled', data, texts: given({ reason }) }];
  },

  /** Takes back what was done, in reverse order: of a run that has ended, or that stands still and asks. */
  UndoRun: (run, _intent, { state, asking, found }) => {
    if (run.status === 'running' || run.status === 'undoing') return no('RUN_BUSY', run);
    if (!hasChanged(run) || run.end === 'undone') return no('RUN_NOTHING_TO_UNDO', run);
    const own = found.holder?.incident === state.number && found.holder.run === run.run;
    const busy = own ? null : targetBusy(found, run.target);
    if (busy) return busy;
    const at = happened(state, asking, null);
    if (run.status !== 'asking' || !run.asked) return [undoing(run, at)];
    return [answered(run, run.asked, at, 'undo', null), undoing(run, { ...at, n: at.n + 1 })];
  },

  /** The person says: do that step (again). */
  RetryStep: (run, _intent, { state, asking }) => {
    if (!asks(run)) return no('RUN_NOT_ASKING', run);
    if (run.asked.why === 'question') return wantsAnswer(run);
    return [answered(run, run.asked, happened(state, asking, null), 'retry', null)];
  },

  /** The person says: go on without it. What it may have done is for them to find out. */
  SkipStep: (run, { reason }, { state, asking }) => {
    if (!asks(run)) return no('RUN_NOT_ASKING', run);
    const { step, phase, attempt } = run.asked;
    const at = happened(state, asking, null);
    const data = {
      ...{ ...at, n: at.n + 1, run: run.run, step, phase, attempt },
      ...{ outcome: 'skipped' as const, startedAt: null, posts: 0 },
    };
    return [
      answered(run, run.asked, at, 'skip', reason),
      { type: 'StepFinished', data, texts: { summary: reason } },
    ];
  },

  AnswerStep: (run, intent, { state, asking }) => {
    if (!asks(run) || run.asked.why !== 'question') return no('RUN_NOT_ASKING', run);
    // A button of an earlier question must not answer this one.
    if (intent.step !== null && intent.step !== run.asked.step) return no('RUN_NOT_ASKING', run);
    const typed = intent.choice.trim().toLowerCase();
    const choice = run.asked.choices.find((one) => one.toLowerCase() === typed);
    if (choice === undefined) return wantsAnswer(run);
    return [answered(run, run.asked, happened(state, asking, null), choice, null)];
  },
};

type Asked = NonNullable<RunState['asked']>;

/** Does the run stand still, and ask? */
function asks(run: RunState): run is RunState & { asked: Asked } {
  return run.status === 'asking' && run.asked !== null;
}

function answered(
  { run }: RunState,
  { step, phase, attempt }: Asked,
  at: Happened,
  choice: string,
  reason: string | null,
): DraftFact {
  const data = { ...at, run, step, phase, attempt, choice };
  return { type: 'StepAnswered', data, texts: given({ reason }) };
}

function undoing({ run }: RunState, at: Happened): DraftFact {
  return { type: 'RunUndoing', data: { ...at, run, why: 'asked' }, texts: {} };
}

function wantsAnswer({ run, asked }: RunState & { asked: Asked }): Refusal {
  return refuse('RUN_WANTS_AN_ANSWER', { run: runRef(run), step: asked.step, choices: asked.choices });
}

/** @returns why this person's yes does not count for the plan, unless they break the glass; null: it counts */
export function yesRefused(
  state: IncidentState,
  run: RunState,
  person: string,
  rules: Rules,
): Refusal | null {
  const { runbook, approvals } = run;
  const name = runRef(run.run);
  if (approvals.includes(person)) return refuse('RUN_APPROVED_ALREADY', { run: name, more: missing(run) });
  const own = run.by === person || run.owner === person;
  if (own && !run.approvers?.self) return refuse('RUN_OWN', { run: name });
  const changed = rolesChangedBy(run, rules, person);
  if (changed) return refuse('RUN_ROLES_CHANGED', { run: name, role: changed, runbook });
  if (mayApprove(state, run, person)) return null;
  const late = from(run).find(
    (role) => state.roles[role]?.id === person && holder(role, state, run) === null,
  );
  if (late) return refuse('RUN_ROLE_LATE', { run: name, role: late, runbook });
  return refuse('RUN_NOT_AN_APPROVER', { run: name, from: [...from(run)] });
}

function expired({ run, runbook }: RunState, { expiresAt: at }: Approvers): Refusal {
  return refuse('RUN_APPROVAL_EXPIRED', { run: runRef(run), at: `${at.slice(11, 16)} UTC`, runbook });
}

/** A plan that there was is out of date; anything else was rather mistyped. */
function otherPlan({ run, earlier = [] }: RunState, hash: string, plan: string): Refusal {
  const was = hash !== '' && earlier.some((one) => one.startsWith(hash));
  if (was) return refuse('RUN_PLAN_CHANGED', { run: runRef(run), plan });
  return refuse('RUN_NO_SUCH_PLAN', { run: runRef(run), hash: hash.slice(0, 16), plan });
}

function missing(run: RunState): number {
  return Math.max(0, (run.approvers?.required ?? 0) - run.approvals.length);
}

const from = (run: RunState): readonly string[] => run.approvers?.from ?? [];

/**
 * Is this person among those whose yes counts? Groups and names count as they stood when the plan was made; a role
 * counts for whoever held it when the plan was shown, and holds it still.
 */
export function mayApprove(state: IncidentState, run: RunState, person: string): boolean {
  const { people = [] } = run.approvers ?? {};
  const names = from(run);
  if (names.length === 0 || people.includes(person) || names.includes(person)) return true;
  return names.some((role) => holder(role, state, run) === person);
}

/**
 * A person who gives a role that may approve to anybody, while a plan waits, must not approve that plan.
 * @returns the role that they changed since the plan was shown, and by which one may approve it; null: none
 */
function rolesChangedBy(run: RunState, rules: Rules, person: string): string | null {
  const counted = from(run).length > 0 ? from(run) : (rules.approve ?? PERMISSIONS.approve.from);
  return counted.find((role) => run.meddlers?.[role]?.includes(person)) ?? null;
}

/**
 * What a worker records of a run. A worker changes nothing if another has acted under a newer fence since, if it finishes
 * a step that was never begun, or if it begins one that is done.
 */
function decideWork(state: IncidentState, run: RunState, intent: WorkerRunIntent, asking: Asking): Decision {
  if (intent.type === 'NoteRunShown') {
    const { channel, ts } = intent;
    return [{ type: 'RunShown', data: { run: run.run, channel, ts }, texts: {} }];
  }
  const wrong = intent.fence < run.fence ? 'its fence is old' : misfit(run, intent);
  if (wrong !== null) return refuse('RUN_MOVED_ON', { run: runRef(run.run), why: wrong });
  return factsOf(state, run, intent, asking);
}

/** @returns why that cannot follow from the run's state; null: it can. */
function misfit(run: RunState, intent: Exclude<WorkerRunIntent, { type: 'NoteRunShown' }>): string | null {
  if (run.status === 'ended') return 'it has ended';
  switch (intent.type) {
    case 'NoteRunPlanned':
      return run.started ? 'changes have begun' : null;
    case 'StartRun':
      if (run.started || run.status !== 'waiting') return 'it does not wait to begin';
      if (run.cancelled) return 'it was cancelled';
      return run.hash === intent.hash ? null : 'that is not the plan which was approved';
    case 'BeginUndo':
      return run.started && run.status !== 'undoing' ? null : 'there is nothing to undo';
    case 'EndRun':
      // The worker had found this out before somebody approved, or asked for the undo.
      if (intent.end === 'expired' && isApproved(run)) return 'it was approved';
      return run.status === 'undoing' && ['succeeded', 'expired', 'planned'].includes(intent.end)
        ? 'it is being undone'
        : null;
    default:
      return misfitStep(run, intent);
  }
}

type StepIntent = Extract<WorkerRunIntent, { step: string }>;

function misfitStep(run: RunState, intent: StepIntent): string | null {
  const moving = intent.phase === 'undo' ? 'undoing' : 'running';
  if (run.status !== moving) return `it is ${run.status}`;
  const mark = run.steps[intent.step]?.[intent.phase];
  const open = mark === undefined || mark.state === 'again' || mark.state === 'due';
  // A cancelled run begins no step; a step that has begun still says how it ended.
  if (intent.type === 'StartStep' && run.cancelled) return 'it was cancelled';
  if (intent.type === 'StartStep') return open ? null : `step ${intent.step} is ${mark.state}`;
  // Left out, or asked about, before it began.
  if (open && (intent.type === 'AskStep' || (intent.type === 'FinishStep' && intent.startedAt === null)))
    return null;
  if (intent.type === 'AskStep' && mark?.state === 'failed') return null;
  // A wait is given another end.
  if (intent.type === 'DelayStep' && mark?.state === 'due' && mark.attempt === intent.attempt) return null;
  if (mark?.state !== 'running') return `step ${intent.step} was not begun`;
  return mark.attempt === intent.attempt ? null : `step ${intent.step} is at attempt ${mark.attempt}`;
}

function factsOf(
  state: IncidentState,
  run: RunState,
  intent: Exclude<WorkerRunIntent, { type: 'NoteRunShown' }>,
  asking: Asking,
): DraftFact[] | Refusal {
  const at = happened(state, asking, null);
  switch (intent.type) {
    case 'NoteRunPlanned': {
      const { hash, steps, changes, approvers, plan, again: why } = intent;
      const data = { run: run.run, hash, steps, changes, approvers, again: run.hash !== null };
      const planned: DraftFact = { type: 'RunPlanned', data, texts: { plan } };
      if (!why) return [planned];
      return [planned, { type: 'RunAskedAgain', data: { ...at, run: run.run, why }, texts: {} }];
    }
    case 'StartRun':
      return [{ type: 'RunStarted', data: { run: run.run, fence: intent.fence }, texts: {} }];
    case 'StartStep': {
      const data = { ...ofStep(intent), fence: intent.fence, at: intent.at };
      return [{ type: 'StepStarted', data, texts: given({ captured: intent.captured }) }];
    }
    case 'TakeStep':
      return [{ type: 'StepTaken', data: { ...ofStep(intent), fence: intent.fence }, texts: {} }];
    case 'DelayStep': {
      const data = { ...ofStep(intent), until: intent.until };
      return [{ type: 'StepWaits', data, texts: given({ error: intent.error }) }];
    }
    case 'FinishStep': {
      const { outcome, startedAt, output, summary, error, log, posts } = intent;
      const numbered = Object.fromEntries(posts.map((post, i) => [`post.${i}`, post]));
      const data = { ...at, ...ofStep(intent), outcome, startedAt, posts: posts.length };
      const texts = { ...given({ output, summary, error, log }), ...numbered };
      return [{ type: 'StepFinished', data, texts }];
    }
    case 'AskStep': {
      const data = { ...at, ...ofStep(intent), why: intent.why, choices: intent.choices };
      return [{ type: 'StepAsked', data, texts: { question: intent.question } }];
    }
    case 'BeginUndo':
      return [{ type: 'RunUndoing', data: { ...at, run: run.run, why: 'failed' }, texts: {} }];
    case 'EndRun': {
      const data = { ...at, run: run.run, end: intent.end };
      return [{ type: 'RunEnded', data, texts: given({ summary: intent.summary }) }];
    }
  }
}

function ofStep({ run, step, phase, attempt }: StepIntent) {
  return { run, step, phase, attempt };
}

/** A refusal that says the status of the run. */
function no(
  code: 'RUN_NOT_WAITING' | 'RUN_ENDED' | 'RUN_BUSY' | 'RUN_NOTHING_TO_UNDO' | 'RUN_NOT_ASKING',
  run: RunState,
): Refusal {
  return refuse(code, { run: runRef(run.run), how: howOf(run) });
}

/** The status of a run, in words that follow its name: `waits for approval`, `has ended: succeeded`. */
function howOf(run: RunState): string {
  switch (run.status) {
    case 'planning':
      return 'is being planned';
    case 'waiting':
      return 'waits for approval';
    case 'running':
      return 'is running';
    case 'asking':
      return run.asked ? `waits for an answer on step ${run.asked.step}` : 'waits for an answer';
    case 'undoing':
      return 'is being undone';
    case 'ended':
      return run.end === 'planned' ? 'was a plan only' : `has ended: ${run.end}`;
  }
}
