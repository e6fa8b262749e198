import type { DraftFact } from '../fact.js';
import type { Asking, Intent } from '../intent.js';
import { isRefusal, type Refusal, refuse } from '../refusal.js';
import { runRef } from '../run-fact.js';
import type { WorkerRunIntent } from '../run-intent.js';
import { isApproved, type RunState } from '../run-state.js';
import type { IncidentState } from '../state.js';
import { type Decision, given, happened } from './context.js';
import { runNamed } from './run-named.js';

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

export function isWork(intent: Intent): intent is WorkerRunIntent {
  return WORK.has(intent.type);
}

/**
 * What a worker says of a run. Whoever acts under an older fence than somebody has acted under since changes nothing,
 * and so does whoever finishes what was never begun, or begins what is done.
 */
export function decideWork(state: IncidentState, intent: WorkerRunIntent, asking: Asking): Decision {
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
