import { addAction, completeAction } from './decide/action.js';
import type { Decision, Found } from './decide/context.js';
import { editEntry, retimeEntry, strikeEntry, undoLastEntry } from './decide/correct.js';
import { noteAnnounced, noteChannelOpened, noteHeadlinePosted, skipNumbers } from './decide/deliveries.js';
import { recordImpact } from './decide/impact.js';
import { openIncident, openStandingRecord } from './decide/open.js';
import { captureMessage, recordCause, recordLog, recordNote } from './decide/record.js';
import { decideRun, isRunIntent } from './decide/run.js';
import {
  addComponent,
  assignRole,
  changeTitle,
  invitePeople,
  peopleLeft,
  removeComponent,
} from './decide/shape.js';
import { changeSeverity, changeStatus, markMilestone, publishPost, reopenIncident } from './decide/status.js';
import type { Asking, Intent } from './intent.js';
import { type Asker, askerIn, forbidden, powerFor, type Rules } from './permission.js';
import { type Refusal, refuse } from './refusal.js';
import { runsOf } from './run-state.js';
import type { IncidentState } from './state.js';

export type { Decision, Found } from './decide/context.js';

/**
 * The rulebook: what follows from an intent. Pure: the clock is in `asking.now`.
 * @param state null for a new incident
 * @param rules who may do what, where tocsin.yml says otherwise than the table of permissions
 * @returns the facts to record together (none: nothing to record), or a refusal
 */
export function decide(
  state: IncidentState | null,
  intent: Intent,
  asking: Asking,
  found: Found,
  rules: Rules = {},
): Decision {
  const no = notPermitted(state, intent, asking, found.asker ?? askerIn(asking), rules);
  if (no) return no;
  if (intent.type === 'OpenIncident') return openIncident(intent, asking);
  if (intent.type === 'OpenStandingRecord') return openStandingRecord(asking);
  if (state === null) return refuse('NO_SUCH_INCIDENT', { ref: 'incident' });
  if (isRunIntent(intent)) return decideRun(state, intent, asking, found, rules);
  switch (intent.type) {
    case 'RecordNote':
      return recordNote(state, intent, asking);
    case 'RecordLog':
      return recordLog(state, intent, asking);
    case 'CaptureMessage':
      return captureMessage(state, intent, asking, found);
    case 'ChangeStatus':
      return changeStatus(state, intent, asking);
    case 'ReopenIncident':
      return reopenIncident(state, intent, asking);
    case 'ChangeSeverity':
      return changeSeverity(state, intent, asking);
    case 'AssignRole':
      return assignRole(state, intent, asking);
    case 'InvitePeople':
      return invitePeople(state, intent);
    case 'UninvitePeople':
    case 'NotePeopleLeft':
      return peopleLeft(state, intent);
    case 'ChangeTitle':
      return changeTitle(state, intent, asking);
    case 'MarkMilestone':
      return markMilestone(state, intent, asking);
    case 'AddComponent':
      return addComponent(state, intent, asking);
    case 'RemoveComponent':
      return removeComponent(state, intent, asking);
    case 'RecordImpact':
      return recordImpact(state, intent, asking);
    case 'RecordCause':
      return recordCause(state, intent, asking);
    case 'AddAction':
      return addAction(state, intent, asking);
    case 'CompleteAction':
      return completeAction(state, intent, asking, found);
    case 'PublishPost':
      return publishPost(state, intent, asking);
    case 'EditEntry':
      return editEntry(state, intent, found);
    case 'RetimeEntry':
      return retimeEntry(state, intent, found);
    case 'StrikeEntry':
      return strikeEntry(state, intent, found);
    case 'UndoLastEntry':
      return undoLastEntry(state, found);
    case 'NoteChannelOpened':
      return noteChannelOpened(state, intent);
    case 'NoteHeadlinePosted':
      return noteHeadlinePosted(state, intent);
    case 'NoteAnnounced':
      return noteAnnounced(state, intent);
    case 'SkipNumbers':
      return skipNumbers(state, intent);
    default: {
      const unknown: never = intent;
      throw new Error(`an intent of an unknown type: ${JSON.stringify(unknown)}`);
    }
  }
}

/** Looked at before anything else: what somebody may not do, they are told nothing more about. */
function notPermitted(
  state: IncidentState | null,
  intent: Intent,
  asking: Asking,
  asker: Asker,
  rules: Rules,
): Refusal | null {
  const power = powerFor(intent);
  if (power === null) return asking.source === 'bot' ? null : refuse('NO_SUCH_INCIDENT', { ref: 'incident' });
  // Nobody approves from there at all, which is said where approvals are decided.
  if (intent.type === 'ApproveRun' && asking.source !== 'slack') return null;
  const run =
    state && 'run' in intent ? (runsOf(state).list.find((one) => one.run === intent.run) ?? null) : null;
  return forbidden(power, state, asking, asker, rules, run);
}
