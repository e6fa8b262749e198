import type { DraftFact } from '../incident/fact.js';
import type { Asking, Decision, Found, Intent, IntentOf } from '../incident/intent.js';
import type { IncidentState } from '../incident/state.js';
import { holder, PERMISSIONS, type Rules } from '../permission.js';
import { isRefusal, type Refusal, refuse } from '../refusal.js';
import { given } from '../text.js';
import { happened, refOf, runRef } from '../words.js';
import type { Approvers } from './fact.js';
import type { RunIntent, WorkerRunIntent } from './intent.js';
import { hasChanged, isApproved, RUNS_UNDER_WAY, type RunState, runsOf } from './state.js';

export function decideRun(
  state: IncidentState,
  intent: RunIntent,
  asking: Asking,
  found: Found,
  rules: Rules,
): Decision {
  if (isWork(intent)) return decideWork(state, intent, asking);
  switch (intent.type) {
    case 'ProposeRun':
      return proposeRun(state, intent, asking, found);
    case 'ApproveRun':
      return approveRun(state, intent, asking, rules);
    case 'RejectRun':
      return rejectRun(state, intent, asking);
    case 'CancelRun':
      return cancelRun(state, intent, asking);
    case 'UndoRun':
      return undoRun(state, intent, asking, found);
    case 'RetryStep':
      return retryStep(state, intent, asking);
    case 'SkipStep':
      return skipStep(state, intent, asking);
    case 'AnswerStep':
      return answerStep(state, intent, asking);
    default: {
      const unknown: never = intent;
      throw new Error(`an intent of an unknown type: ${JSON.stringify(unknown)}`);
    }
  }
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
  return refuse('RUN_TARGET_BUSY', {
    target,
    of: hidden ? null : { ref: refOf(incident), run: runRef(run) },
  });
}

/** Stops a run where it stands: what was done stays done, and `undo` takes it back. */
function cancelRun(state: IncidentState, intent: IntentOf<'CancelRun'>, asking: Asking): Decision {
  const run = runNamed(state, intent.run);
  if (isRefusal(run)) return run;
  const name = runRef(run.run);
  if (run.status === 'ended') return refuse('RUN_ENDED', { run: name, standing: standing(run) });
  if (run.cancelled) return refuse('RUN_CANCELLED_ALREADY', { run: name });
  const data = { ...happened(state, asking, null), run: run.run };
  return [{ type: 'RunCancelled', data, texts: given({ reason: intent.reason }) }];
}

/** Takes back what was done, in reverse order: of a run that has ended, or that stands still and asks. */
function undoRun(state: IncidentState, intent: IntentOf<'UndoRun'>, asking: Asking, found: Found): Decision {
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
function retryStep(state: IncidentState, intent: IntentOf<'RetryStep'>, by: Asking): Decision {
  const run = asking(state, intent.run);
  if (isRefusal(run)) return run;
  if (run.asked?.why === 'question') return wantsAnswer(run);
  return [answered(run, happened(state, by, null), 'retry', null)];
}

/** The person says: go on without it. What it may have done is theirs to know. */
function skipStep(state: IncidentState, intent: IntentOf<'SkipStep'>, by: Asking): Decision {
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

function answerStep(state: IncidentState, intent: IntentOf<'AnswerStep'>, by: Asking): Decision {
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

/**
 * One person's yes to one plan. It counts for the plan of that hash only, once, while it stands, and from people who
 * may: neither who asked, nor whose token asked, nor who changed since by whose role one may.
 */
function approveRun(
  state: IncidentState,
  intent: IntentOf<'ApproveRun'>,
  asking: Asking,
  rules: Rules,
): Decision {
  const run = runNamed(state, intent.run);
  if (isRefusal(run)) return run;
  const name = runRef(run.run);
  // A program, or whoever sits at a machine, is nobody in particular.
  if (asking.source !== 'slack') return refuse('RUN_NEEDS_A_PERSON', { run: name });
  if (run.end === 'expired' && run.approvers) return expired(run, run.approvers);
  if (run.status !== 'waiting' || !run.approvers || !run.hash) {
    return refuse('RUN_NOT_WAITING', { run: name, standing: standing(run) });
  }
  if (run.cancelled) return refuse('RUN_NOT_WAITING', { run: name, standing: 'was cancelled' });
  if (intent.hash !== null && (intent.hash === '' || !run.hash.startsWith(intent.hash))) {
    return otherPlan(run, intent.hash, run.hash.slice(0, 8));
  }
  if (Date.parse(run.approvers.expiresAt) <= asking.now.getTime()) {
    return expired(run, run.approvers);
  }
  const breakGlass = intent.breakGlass !== null;
  if (!breakGlass) {
    if (run.approvals.includes(asking.by.id))
      return refuse('RUN_APPROVED_ALREADY', { run: name, more: missing(run) });
    const own = run.by === asking.by.id || run.owner === asking.by.id;
    if (own && !run.approvers.self) return refuse('RUN_OWN', { run: name });
    const changed = rolesChangedBy(run, rules, asking.by.id);
    if (changed) return refuse('RUN_ROLES_CHANGED', { run: name, role: changed, runbook: run.runbook });
    const late = from(run).find(
      (role) => state.roles[role]?.id === asking.by.id && holder(role, state, run) === null,
    );
    if (late && !mayApprove(state, run, asking.by.id))
      return refuse('RUN_ROLE_LATE', { run: name, role: late, runbook: run.runbook });
    if (!mayApprove(state, run, asking.by.id)) {
      return refuse('RUN_NOT_AN_APPROVER', { run: name, from: run.approvers.from });
    }
  }
  // Enough have said yes already, and the worker is on its way.
  if (isApproved(run)) return refuse('RUN_APPROVED_ALREADY', { run: name, more: 0 });
  return [
    {
      type: 'RunApproved',
      data: {
        ...happened(state, asking, null),
        run: run.run,
        hash: run.hash,
        breakGlass,
        count: new Set([...run.approvals, asking.by.id]).size,
        required: run.approvers.required,
      },
      texts: given({ reason: intent.breakGlass }),
    },
  ];
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
 * Whoever made somebody a lead while a plan waits must not be the one who agrees to it, whoever that somebody is.
 * @returns the role that they changed since the plan was shown, and by which one may approve it; null: none
 */
function rolesChangedBy(run: RunState, rules: Rules, person: string): string | null {
  const counted = from(run).length > 0 ? from(run) : (rules.approve ?? PERMISSIONS.approve.from);
  return counted.find((role) => run.meddlers?.[role]?.includes(person)) ?? null;
}

/** Anybody who sees it may say no. */
function rejectRun(state: IncidentState, intent: IntentOf<'RejectRun'>, asking: Asking): Decision {
  const run = runNamed(state, intent.run);
  if (isRefusal(run)) return run;
  if (run.status !== 'waiting' && run.status !== 'planning') {
    return refuse('RUN_NOT_WAITING', { run: runRef(run.run), standing: standing(run) });
  }
  const data = { ...happened(state, asking, null), run: run.run, end: 'rejected' as const };
  return [{ type: 'RunEnded', data, texts: given({ summary: intent.reason }) }];
}

const WORK = new Set<string>([
  'NoteRunPlanned',
  'StartRun',
  'StartStep',
  'TakeStep',
  'DelayStep',
  'FinishStep',
  'AskStep',
  'BeginUndo',
  'EndRun',
  'NoteRunShown',
] satisfies Array<WorkerRunIntent['type']>);

function isWork(intent: Intent): intent is WorkerRunIntent {
  return WORK.has(intent.type);
}

/**
 * What a worker says of a run. Whoever acts under an older fence than somebody has acted under since changes nothing,
 * and so does whoever finishes what was never begun, or begins what is done.
 */
function decideWork(state: IncidentState, intent: WorkerRunIntent, asking: Asking): Decision {
  const run = runNamed(state, intent.run);
  if (isRefusal(run)) return run;
  if (intent.type === 'NoteRunShown') {
    const { channel, ts } = intent;
    return [{ type: 'RunShown', data: { run: run.run, channel, ts }, texts: {} }];
  }
  const wrong = intent.fence < run.fence ? 'its fence is old' : misfit(run, intent);
  if (wrong !== null) return refuse('RUN_MOVED_ON', { run: runRef(run.run), why: wrong });
  return factsOf(state, run, intent, asking);
}

/** @returns why that does not follow from how the run stands; null: it does. */
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
      // What was found out before somebody agreed, or asked for the undo, counts no more.
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
  // What is cancelled begins nothing more; what has begun still says how it ended.
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
      const { hash, steps, changes, approvers, plan } = intent;
      const again = run.hash !== null;
      const planned: DraftFact = {
        type: 'RunPlanned',
        data: { run: run.run, hash, steps, changes, approvers, again },
        texts: { plan },
      };
      if (!intent.again) return [planned];
      return [
        planned,
        { type: 'RunAskedAgain', data: { ...at, run: run.run, why: intent.again }, texts: {} },
      ];
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
      return [
        {
          type: 'StepFinished',
          data: { ...at, ...ofStep(intent), outcome, startedAt, posts: posts.length },
          texts: { ...given({ output, summary, error, log }), ...numbered },
        },
      ];
    }
    case 'AskStep': {
      const data = { ...at, ...ofStep(intent), why: intent.why, choices: intent.choices };
      return [{ type: 'StepAsked', data, texts: { question: intent.question } }];
    }
    case 'BeginUndo':
      return [{ type: 'RunUndoing', data: { ...at, run: run.run, why: 'failed' }, texts: {} }];
    case 'EndRun':
      return [
        {
          type: 'RunEnded',
          data: { ...at, run: run.run, end: intent.end },
          texts: given({ summary: intent.summary }),
        },
      ];
  }
}

function ofStep({ run, step, phase, attempt }: StepIntent) {
  return { run, step, phase, attempt };
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

/** How a run stands, for a refusal: `waits for approval`, `has succeeded`. */
function standing(run: RunState): string {
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
