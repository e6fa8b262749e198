import { askerIn, forbidden, powerFor, type Rules } from '../permission.js';
import { isRefusal, type Refusal, refuse } from '../refusal.js';
import { decideRun } from '../run/decide.js';
import { runsOf } from '../run/state.js';
import { given, LIMITS } from '../text.js';
import { happened, type Moment, momentNow, personLabel, refOf } from '../words.js';
import type { Entry } from './entry.js';
import type { DraftFact } from './fact.js';
import type { Asker, Asking, Decision, Found, Intent, IntentOf } from './intent.js';
import { standingWithout } from './standing.js';
import type { IncidentState } from './state.js';

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
    default:
      return decideRun(state, intent, asking, found, rules);
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

/** `component.0`, `component.1` …: lists of texts, each erasable on its own. */
function numbered(field: string, values: string[]): Record<string, string> {
  return Object.fromEntries(values.map((value, i) => [`${field}.${i}`, value]));
}

/** @returns a refusal when more than `limit` things would be kept. */
function tooMany(what: string, count: number, limit: number, next: string): Refusal | null {
  return count > limit ? refuse('TOO_MANY', { what, count, limit, next }) : null;
}

/** @returns the entry, or why it cannot be corrected. */
function standing(state: IncidentState, found: Found, entry: number): Entry | Refusal {
  const ref = refOf(state.number);
  if (!found.entry || found.entry.n !== entry) return refuse('NO_SUCH_ENTRY', { ref, entry });
  if (found.entry.struck) return refuse('ENTRY_STRUCK', { ref, entry });
  return found.entry;
}

function recordNote(state: IncidentState, intent: IntentOf<'RecordNote'>, asking: Asking): Decision {
  return [
    { type: 'NoteRecorded', data: happened(state, asking, intent.moment), texts: { text: intent.text } },
  ];
}

/** Every line or none: the facts of one decision are written together. */
function recordLog(state: IncidentState, intent: IntentOf<'RecordLog'>, asking: Asking): Decision {
  const excess = tooMany('lines', intent.lines.length, LIMITS.logLines, 'Paste them in several parts.');
  if (excess) return excess;
  return intent.lines.map((line, i) => ({
    type: 'NoteRecorded',
    data: happened(state, asking, line.moment, i),
    texts: { text: line.text },
  }));
}

function recordCause(state: IncidentState, intent: IntentOf<'RecordCause'>, asking: Asking): Decision {
  return [{ type: 'CauseRecorded', data: happened(state, asking, null), texts: { text: intent.text } }];
}

/** One message is one entry, however many people pin it: the second is told who was first. */
function captureMessage(
  state: IncidentState,
  intent: IntentOf<'CaptureMessage'>,
  asking: Asking,
  found: Found,
): Decision {
  const { channel, ts, text, author, link } = intent.message;
  if (found.captured) {
    const by = personLabel(found.captured.by);
    return refuse('ALREADY_CAPTURED', { ref: refOf(state.number), entry: found.captured.n, by });
  }
  // `ts` is seconds, a dot, and a serial number; only the seconds are a time.
  const at = `${new Date(Number.parseInt(ts, 10) * 1000).toISOString().slice(0, 19)}Z`;
  return [
    {
      type: 'MessageCaptured',
      data: {
        ...happened(state, asking, { at, until: null, precision: 'second' }),
        channel,
        ts,
        author: author.id,
        link,
      },
      texts: given({ text, author: author.name }),
    },
  ];
}

function addAction(state: IncidentState, intent: IntentOf<'AddAction'>, asking: Asking): Decision {
  const { text, owner } = intent;
  return [
    {
      type: 'ActionAdded',
      data: { ...happened(state, asking, null), action: state.actions + 1, owner: owner?.id ?? null },
      texts: given({ text, owner: owner?.name ?? null }),
    },
  ];
}

function completeAction(
  state: IncidentState,
  intent: IntentOf<'CompleteAction'>,
  asking: Asking,
  found: Found,
): Decision {
  const { action } = intent;
  const ref = refOf(state.number);
  if (action < 1 || action > state.actions) return refuse('NO_SUCH_ACTION', { ref, action });
  if (found.actionDone) return refuse('ACTION_DONE', { ref, action });
  return [{ type: 'ActionCompleted', data: { ...happened(state, asking, null), action }, texts: {} }];
}

/**
 * Impact as entered. When it says from when to when, that is where it stands in the timeline;
 * otherwise it stands where it was recorded.
 */
function recordImpact(state: IncidentState, intent: IntentOf<'RecordImpact'>, asking: Asking): Decision {
  const { text, failed, total, from, to } = intent;
  if (text === null && failed === null && total === null && intent.components.length === 0) {
    return refuse('IMPACT_EMPTY', { form: 'impact TEXT, or impact --failed 19 --from 01:41 --to 01:44' });
  }
  if (failed !== null && total !== null && failed > total) {
    return refuse('IMPACT_CONTRADICTS', { why: `${failed} failed of ${total}` });
  }
  if (from && to && to.at < from.at) {
    return refuse('TIME_RANGE_BACKWARDS', { from: from.at, to: to.at });
  }
  const components = [...new Set(intent.components)];
  const excess = tooMany(
    'components',
    components.length,
    LIMITS.components,
    'Name the ones that matter most.',
  );
  if (excess) return excess;
  return [
    {
      type: 'ImpactRecorded',
      data: {
        ...happened(state, asking, span(from, to)),
        failed,
        total,
        from: from?.at ?? null,
        to: to?.at ?? null,
        components: components.length,
      },
      texts: { ...given({ text }), ...numbered('component', components) },
    },
  ];
}

function span(from: Moment | null, to: Moment | null): Moment | null {
  if (from && to) {
    // A span is as vague as its vaguer end.
    const precision = from.precision === 'second' ? to.precision : from.precision;
    return { at: from.at, until: to.at, precision };
  }
  return from ?? to;
}

function assignRole(state: IncidentState, intent: IntentOf<'AssignRole'>, asking: Asking): Decision {
  const { role, person } = intent;
  const held = state.roles[role];
  if (held?.id === person.id) {
    return refuse('ROLE_UNCHANGED', { ref: refOf(state.number), role, person: personLabel(person) });
  }
  const roles = Object.keys(state.roles).length + (held ? 0 : 1);
  const excess = tooMany('roles', roles, LIMITS.roles, 'Use a role that the incident has already.');
  if (excess) return excess;
  return [
    {
      type: 'RoleAssigned',
      data: { ...happened(state, asking, null), role, person: person.id },
      texts: given({ person: person.name }),
    },
  ];
}

/** Brings people in. No timeline entry: who was invited is seen in the channel. */
function invitePeople(state: IncidentState, intent: IntentOf<'InvitePeople'>): Decision {
  const people = [...new Map(intent.people.map((person) => [person.id, person])).values()];
  const members = new Set([...state.members, ...people.map((person) => person.id)]).size;
  const excess =
    tooMany('people', people.length, LIMITS.people, 'Invite them in several goes.') ??
    tooMany('people', members, LIMITS.members, 'Invite the others in Slack.');
  if (excess) return excess;
  const names = people.map((person) => person.name);
  return [
    {
      type: 'PeopleInvited',
      data: { people: people.map((person) => person.id) },
      texts: Object.fromEntries(
        Object.entries(numbered('person', names as string[])).filter(([, name]) => name !== null),
      ),
    },
  ];
}

/** Takes people out, or notes that they went. Who is no member is none afterwards: then there is nothing to record. */
function peopleLeft(
  state: IncidentState,
  intent: IntentOf<'UninvitePeople'> | IntentOf<'NotePeopleLeft'>,
): Decision {
  const removed = intent.type === 'UninvitePeople';
  const people = [...new Map(intent.people.map((person) => [person.id, person])).values()];
  // Of a public incident only those are members whom a command brought in; others are in the channel all the same.
  const out = removed && !state.private ? people : people.filter(({ id }) => state.members.includes(id));
  if (out.length === 0) {
    return removed
      ? refuse('NOT_A_MEMBER', { ref: refOf(state.number), people: people.map(personLabel).join(', ') })
      : [];
  }
  const excess = tooMany('people', out.length, LIMITS.people, 'Take them out in several goes.');
  if (excess) return excess;
  const names = out.flatMap(({ name }, i) => (name === null ? [] : [[`person.${i}`, name] as const]));
  return [
    {
      type: 'PeopleLeft',
      data: { people: out.map(({ id }) => id), how: removed ? 'removed' : 'left' },
      texts: Object.fromEntries(names),
    },
  ];
}

function changeTitle(state: IncidentState, intent: IntentOf<'ChangeTitle'>, asking: Asking): Decision {
  if (intent.title === state.title) return refuse('TITLE_UNCHANGED', { ref: refOf(state.number) });
  return [{ type: 'TitleChanged', data: happened(state, asking, null), texts: { title: intent.title } }];
}

function addComponent(state: IncidentState, intent: IntentOf<'AddComponent'>, asking: Asking): Decision {
  const { component } = intent;
  if (state.components.includes(component)) {
    return refuse('COMPONENT_PRESENT', { ref: refOf(state.number), component });
  }
  const excess = tooMany(
    'components',
    state.components.length + 1,
    LIMITS.components,
    'Remove one first: `component remove NAME`.',
  );
  return excess ?? [{ type: 'ComponentAdded', data: happened(state, asking, null), texts: { component } }];
}

function removeComponent(
  state: IncidentState,
  intent: IntentOf<'RemoveComponent'>,
  asking: Asking,
): Decision {
  const { component } = intent;
  if (!state.components.includes(component)) {
    const { components } = state;
    return refuse('COMPONENT_ABSENT', { ref: refOf(state.number), component, components });
  }
  return [{ type: 'ComponentRemoved', data: happened(state, asking, null), texts: { component } }];
}

/** Any status may follow any other: people correct themselves. The same one again needs a text to be worth an entry. */
function changeStatus(state: IncidentState, intent: IntentOf<'ChangeStatus'>, asking: Asking): Decision {
  const { status, moment, text } = intent;
  if (status === state.status && text === null && state.statusEntry !== null) {
    return refuse('STATUS_UNCHANGED', { ref: refOf(state.number), status });
  }
  return [
    {
      type: 'StatusChanged',
      data: { ...happened(state, asking, moment), status, reopened: false },
      texts: given({ text }),
    },
  ];
}

function reopenIncident(state: IncidentState, intent: IntentOf<'ReopenIncident'>, asking: Asking): Decision {
  if (state.status !== 'resolved') {
    return refuse('NOT_RESOLVED', { ref: refOf(state.number), status: state.status });
  }
  return [
    {
      type: 'StatusChanged',
      data: { ...happened(state, asking, null), status: 'investigating', reopened: true },
      texts: { text: intent.reason },
    },
  ];
}

function changeSeverity(state: IncidentState, intent: IntentOf<'ChangeSeverity'>, asking: Asking): Decision {
  const { severity, reason } = intent;
  if (severity === state.severity && reason === null) {
    return refuse('SEVERITY_UNCHANGED', { ref: refOf(state.number), severity });
  }
  return [
    {
      type: 'SeverityChanged',
      data: { ...happened(state, asking, null), severity },
      texts: given({ text: reason }),
    },
  ];
}

/** Marking again replaces; no order is imposed: contradictions are shown by the readings, not refused. */
function markMilestone(state: IncidentState, intent: IntentOf<'MarkMilestone'>, asking: Asking): Decision {
  const data = { ...happened(state, asking, intent.moment), milestone: intent.milestone };
  return [{ type: 'MilestoneMarked', data, texts: {} }];
}

/** What the public was told cannot be edited, only corrected by another post: so it is asked for twice. */
function publishPost(state: IncidentState, intent: IntentOf<'PublishPost'>, asking: Asking): Decision {
  const posted = intent.state ?? state.status;
  if (!intent.confirmed) return refuse('PUBLISH_NEEDS_CONFIRMATION', { state: posted, text: intent.text });
  return [
    {
      type: 'StatusPosted',
      data: { ...happened(state, asking, intent.moment), state: posted },
      texts: { text: intent.text },
    },
  ];
}

/** How to correct what an entry records, where its words are not free text. */
const INSTEAD: Partial<Record<Entry['kind'], string>> = {
  opened: 'Change the title with `title TEXT`.',
  title: 'Change the title with `title TEXT`.',
  role: 'Assign the role again: `role NAME @person`.',
  milestone: 'Mark it again: `mark MILESTONE TIME`.',
  component: 'Use `component add NAME` or `component remove NAME`.',
  run: 'What a run did stays as it was; add what is to be known with `note`.',
  step: 'What a run did stays as it was; add what is to be known with `note`.',
  post: 'What the public was told stays as it was told: `publish` a correction.',
};

/** Words may be corrected where they are a person's own; the earlier words stay in the record as a fact. */
function editEntry(state: IncidentState, intent: IntentOf<'EditEntry'>, found: Found): Decision {
  const entry = standing(state, found, intent.entry);
  if (isRefusal(entry)) return entry;
  const refusal = notEditable(entry);
  return refusal ?? [{ type: 'EntryEdited', data: { entry: entry.n }, texts: { text: intent.text } }];
}

function notEditable(entry: Entry): Refusal | null {
  const done = entry.kind === 'action' && entry.detail.done === true;
  const next = done ? 'Strike it if it is wrong: `strike N REASON`.' : INSTEAD[entry.kind];
  return next ? refuse('ENTRY_NOT_EDITABLE', { entry: entry.n, kind: entry.kind, next }) : null;
}

function retimeEntry(state: IncidentState, intent: IntentOf<'RetimeEntry'>, found: Found): Decision {
  const entry = standing(state, found, intent.entry);
  if (isRefusal(entry)) return entry;
  const machine = ofMachine(entry);
  if (machine) return machine;
  const { at, until, precision } = intent.moment;
  return [{ type: 'EntryRetimed', data: { entry: entry.n, at, until, precision }, texts: {} }];
}

/** Struck entries stay visible as struck. What such an entry had changed (a status, a title) is what it was before. */
function strikeEntry(state: IncidentState, intent: IntentOf<'StrikeEntry'>, found: Found): Decision {
  const entry = standing(state, found, intent.entry);
  if (isRefusal(entry)) return entry;
  const machine = ofMachine(entry);
  if (machine) return machine;
  if (entry.kind === 'opened') {
    const next = 'An incident cannot be un-opened: `resolve` it and say why.';
    return refuse('ENTRY_NOT_EDITABLE', { entry: entry.n, kind: entry.kind, next });
  }
  return [strike(entry, found, intent.reason)];
}

/** What a run did is not for people to correct. */
function ofMachine(entry: Entry): Refusal | null {
  const next = INSTEAD[entry.kind];
  if (!next || (entry.kind !== 'run' && entry.kind !== 'step')) return null;
  return refuse('ENTRY_NOT_EDITABLE', { entry: entry.n, kind: entry.kind, next });
}

/** What stood by that entry stands no longer: the fact says what does instead. */
function strike(entry: Entry, found: Found, reason: string): DraftFact {
  const standing = standingWithout(found.changes, entry);
  return {
    type: 'EntryStruck',
    data: { entry: entry.n, restored: standing?.restored ?? null },
    texts: { reason, ...standing?.texts },
  };
}

/** `undo`: the asker's own last entry that still stands. */
function undoLastEntry(state: IncidentState, found: Found): Decision {
  const entry = found.entry;
  if (!entry || entry.struck || entry.kind === 'opened') {
    return refuse('NOTHING_TO_UNDO', { ref: refOf(state.number) });
  }
  return [strike(entry, found, 'undone by its author')];
}
