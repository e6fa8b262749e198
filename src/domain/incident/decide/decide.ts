import { type Asker, askerIn, forbidden, powerFor, type Rules } from '../../permission.js';
import { type Refusal, refuse } from '../../refusal.js';
import { decideRun, isRunIntent } from '../../run/decide.js';
import { runsOf } from '../../run/state.js';
import { LIMITS } from '../../text.js';
import { momentNow } from '../../words.js';
import type { Asking, Intent } from '../intent.js';
import type { IncidentState } from '../state.js';
import {
  addComponent,
  assignRole,
  changeSeverity,
  changeStatus,
  changeTitle,
  invitePeople,
  markMilestone,
  peopleLeft,
  publishPost,
  removeComponent,
  reopenIncident,
} from './change.js';
import { editEntry, retimeEntry, strikeEntry, undoLastEntry } from './correct.js';
import {
  addAction,
  captureMessage,
  completeAction,
  type Decision,
  type Found,
  type IntentOf,
  numbered,
  recordCause,
  recordImpact,
  recordLog,
  recordNote,
  tooMany,
} from './record.js';

export type { Decision, Found } from './record.js';

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

/** A channel is made once: a second report of it (a repeated delivery) adds nothing. */
function noteChannelOpened(state: IncidentState, intent: IntentOf<'NoteChannelOpened'>): Decision {
  const { id, name } = intent.channel;
  if (state.channel?.id === id) return [];
  return [{ type: 'ChannelOpened', data: { channel: id }, texts: { name } }];
}

function noteHeadlinePosted(state: IncidentState, intent: IntentOf<'NoteHeadlinePosted'>): Decision {
  const { channel, ts } = intent;
  if (state.headline?.ts === ts && state.headline.channel === channel) return [];
  return [{ type: 'HeadlinePosted', data: { channel, ts }, texts: {} }];
}

function noteAnnounced(state: IncidentState, intent: IntentOf<'NoteAnnounced'>): Decision {
  const { channel, ts } = intent;
  if (state.announcement?.ts === ts && state.announcement.channel === channel) return [];
  return [{ type: 'Announced', data: { channel, ts }, texts: {} }];
}

/** None is taken back: what is said of numbers may be older than the state that it meets. */
function skipNumbers(state: IncidentState, intent: IntentOf<'SkipNumbers'>): Decision {
  const now = { entries: state.entries, actions: state.actions, runs: runsOf(state).count };
  const { entries, actions, runs } = intent;
  if (entries <= now.entries && actions <= now.actions && runs <= now.runs) return [];
  const data = {
    entries: Math.max(entries, now.entries),
    actions: Math.max(actions, now.actions),
    runs: Math.max(runs, now.runs),
  };
  return [{ type: 'NumbersSkipped', data, texts: {} }];
}

/** The first fact of an incident. Its number comes from the caller: two who race for one are told apart by the store. */
function openIncident(intent: IntentOf<'OpenIncident'>, asking: Asking): Decision {
  const components = [...new Set(intent.components)];
  const excess = tooMany(
    'components',
    components.length,
    LIMITS.components,
    'Name the ones that matter most.',
  );
  if (excess) return excess;
  const { at, until, precision } = intent.moment ?? momentNow(asking.now);
  return [
    {
      type: 'IncidentOpened',
      data: {
        n: 1,
        at,
        until,
        precision,
        severity: intent.severity,
        private: intent.private,
        drill: intent.drill,
        components: components.length,
      },
      texts: { title: intent.title, ...numbered('component', components) },
    },
  ];
}

/** The record of what is done outside of incidents: it has a title so that it reads like one. */
function openStandingRecord(asking: Asking): Decision {
  const data = {
    n: 1,
    ...momentNow(asking.now),
    severity: null,
    private: false,
    drill: false,
    components: 0,
  };
  return [{ type: 'IncidentOpened', data, texts: { title: 'Scheduled work' } }];
}
