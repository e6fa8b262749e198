import type { Asking, Intent } from '../intent.js';
import type { Rules } from '../permission.js';
import type { RunIntent } from '../run-intent.js';
import type { IncidentState } from '../state.js';
import type { Decision, Found } from './context.js';
import { approveRun, rejectRun } from './run-approve.js';
import { answerStep, cancelRun, proposeRun, retryStep, skipStep, undoRun } from './run-ask.js';
import { decideWork, isWork } from './run-work.js';

const ASKED = new Set<string>([
  'ProposeRun',
  'ApproveRun',
  'RejectRun',
  'CancelRun',
  'UndoRun',
  'RetryStep',
  'SkipStep',
  'AnswerStep',
] satisfies Array<RunIntent['type']>);

export function isRunIntent(intent: Intent): intent is RunIntent {
  return ASKED.has(intent.type) || isWork(intent);
}

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
