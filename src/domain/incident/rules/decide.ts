import { decideAlert } from '../../alert/decide.js';
import type { AlertIntent } from '../../alert/intent.js';
import { decideLink, goesOnElsewhere, isAboutLink } from '../../link/decide.js';
import type { LinkIntent } from '../../link/link.js';
import { decidePage, isAboutPages, pagedFor } from '../../paging/decide.js';
import type { PageIntent } from '../../paging/page.js';
import { askerIn, forbidden, maySay, powerFor, type Rules } from '../../permission.js';
import { type Refusal, refuse } from '../../refusal.js';
import { decideRun } from '../../run/decide.js';
import type { RunIntent } from '../../run/intent.js';
import { runsOf } from '../../run/state.js';
import { isPublicEntry, PUBLISHING } from '../../status/decide.js';
import { given, LIMITS } from '../../text.js';
import { decideWatch, isAboutWatch } from '../../watch/decide.js';
import type { WatchIntent } from '../../watch/watch.js';
import { happened, type Moment, type Person, personLabel, refOf } from '../../words.js';
import { bridgeOf, hostOf } from '../bridge.js';
import type { DraftFact } from '../fact.js';
import type { Asker, Asking, Decision, Found, Intent, IntentOf, Rule } from '../intent.js';
import { sameRhythm } from '../reminder.js';
import type { IncidentState } from '../state.js';
import { CORRECTING } from './correct.js';
import { FOLLOWING } from './follow.js';
import { captured, numbered, RECORDING, tooMany, tooManyComponents } from './record.js';

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
  if (intent.type === 'OpenIncident') return openIncident(intent, asking, found);
  if (intent.type === 'OpenStandingRecord') return openStandingRecord(asking);
  if (state === null) return refuse('NO_SUCH_INCIDENT', { ref: 'incident' });
  const elsewhere = goesOnElsewhere(state, intent, asking, found);
  if (elsewhere) return elsewhere;
  if (isAboutLink(intent)) return decideLink(state, intent, asking, found);
  if (isAboutPages(intent)) return decidePage(state, intent, asking, found);
  if (isAboutWatch(intent)) return decideWatch(state, intent, asking);
  if (isAboutAlerts(intent)) return decideAlert(state, intent, asking, found);
  if (isAboutRun(intent)) return decideRun(state, intent, asking, found, rules);
  const kept = keptByPublishers(intent, found, rules);
  if (kept) return kept;
  const rule = RULES[intent.type] as Rule<typeof intent.type>;
  return rule(state, intent, asking, found);
}

const HOW: Partial<Record<Intent['type'], 'strike' | 'time'>> = {
  StrikeEntry: 'strike',
  UndoLastEntry: 'strike',
  RetimeEntry: 'time',
};

/** Where it was said who publishes, whoever may correct other entries has still no say in what is public. */
function keptByPublishers(intent: Intent, { entry }: Found, rules: Rules): Refusal | null {
  const how = HOW[intent.type];
  if (!how || !entry || !rules.publish || !isPublicEntry(entry)) return null;
  return refuse('POST_IS_PUBLIC', { entry: entry.n, how });
}

const ABOUT_ALERTS: ReadonlySet<Intent['type']> = new Set<Intent['type']>([
  ...(['RecordAlert', 'NoteAlertsShown', 'MoveAlerts', 'TakeAlerts'] as const),
] satisfies Array<AlertIntent['type']>);

function isAboutAlerts(intent: Intent): intent is AlertIntent {
  return ABOUT_ALERTS.has(intent.type);
}

function isAboutRun(intent: Intent): intent is RunIntent {
  return !Object.hasOwn(RULES, intent.type);
}

/** Checked before anything else: somebody who may not do a thing is told nothing more about it. */
function notPermitted(
  state: IncidentState | null,
  intent: Intent,
  asking: Asking,
  asker: Asker,
  rules: Rules,
): Refusal | null {
  const power = powerFor(intent);
  if (!maySay(intent, asking.source)) return refuse('NO_SUCH_INCIDENT', { ref: 'incident' });
  if (power === null) return null;
  // Nobody approves from there at all, which is said where approvals are decided.
  if (intent.type === 'ApproveRun' && asking.source !== 'slack') return null;
  const run =
    state && 'run' in intent ? (runsOf(state).list.find((one) => one.run === intent.run) ?? null) : null;
  return forbidden(power, state, asking, asker, rules, run);
}

/** The first fact of an incident. The caller gives the number; if two take the same one, the store refuses the second. */
function openIncident(
  intent: IntentOf<'OpenIncident'>,
  asking: Asking,
  found: Pick<Found, 'paging'>,
): Decision {
  const components = [...new Set(intent.components)];
  const excess = tooManyComponents(components.length);
  if (excess) return excess;
  const { severity, private: hidden, drill, title, message } = intent;
  const data = {
    ...happened({ entries: 0 }, asking, intent.moment),
    ...{ severity, private: hidden, drill, components: components.length },
  };
  return [
    { type: 'IncidentOpened', data, texts: { title, ...numbered('component', components) } },
    // With the opening or not at all: nobody goes back for the message from which an incident was opened.
    ...(message ? [captured(message, { entries: data.n }, asking)] : []),
    ...pagedFor(severity, null, { drill }, asking, found, message ? 2 : 1),
  ];
}

/** The record of what is done outside of incidents: it has a title so that it reads like one. */
function openStandingRecord(asking: Asking): Decision {
  const plain = { severity: null, private: false, drill: false, components: [], moment: null };
  return openIncident({ type: 'OpenIncident', title: 'Scheduled work', ...plain }, asking, {});
}

const RULES: {
  readonly [T in Exclude<
    Intent['type'],
    | RunIntent['type']
    | AlertIntent['type']
    | WatchIntent['type']
    | LinkIntent['type']
    | PageIntent['type']
    | 'OpenIncident'
    | 'OpenStandingRecord'
  >]: Rule<T>;
} = {
  ...RECORDING,

  ...FOLLOWING,

  ...PUBLISHING,
  // -- what the incident is --

  /** Any status may follow any other: people correct themselves. The same one again needs a text to be worth an entry. */
  ChangeStatus: (state, { status, moment, text, next = null, seen }, asking) => {
    if (status === state.status && text === null && state.statusEntry !== null) {
      return next === null
        ? refuse('STATUS_UNCHANGED', { ref: refOf(state.number), status })
        : promised(state, next, asking);
    }
    if (seen !== undefined && seen !== state.statusEntry && status !== state.status) {
      const now = state.statusEntry === null ? state.status : `${state.status} (#${state.statusEntry})`;
      return refuse('CHANGED_SINCE', { ref: refOf(state.number), now });
    }
    const vain = next && promisedInVain({ ...state, status }, next, asking);
    if (vain) return vain;
    const data = {
      ...{ ...happened(state, asking, moment), status, reopened: false },
      ...(next && { next: next.at }),
    };
    return [{ type: 'StatusChanged', data, texts: given({ text }) }];
  },

  ReopenIncident: (state, { reason }, asking) => {
    if (state.status !== 'resolved') {
      return refuse('NOT_RESOLVED', { ref: refOf(state.number), status: state.status });
    }
    const data = { ...happened(state, asking, null), status: 'investigating' as const, reopened: true };
    return [{ type: 'StatusChanged', data, texts: { text: reason } }];
  },

  /** Also of what was resolved as an incident before; what it was taken for then stays in the timeline. */
  DismissIncident: (state, { reason }, asking) => {
    if (state.falseAlarm) return refuse('DISMISSED_ALREADY', { ref: refOf(state.number) });
    const data = { ...happened(state, asking, null), status: 'resolved' as const, reopened: false };
    return [{ type: 'StatusChanged', data: { ...data, dismissed: true }, texts: given({ text: reason }) }];
  },

  ChangeSeverity: (state, { severity, reason, seen }, asking, found) => {
    if (severity === state.severity && reason === null) {
      return refuse('SEVERITY_UNCHANGED', { ref: refOf(state.number), severity });
    }
    if (seen !== undefined && seen !== state.severity && severity !== state.severity) {
      return refuse('CHANGED_SINCE', {
        ref: refOf(state.number),
        now: state.severity ?? 'without a severity',
      });
    }
    const data = { ...happened(state, asking, null), severity };
    return [
      { type: 'SeverityChanged', data, texts: given({ text: reason }) },
      ...pagedFor(severity, state, state, asking, found, 1),
    ];
  },

  /** One at a time, while it lasts; where it is then, whoever answers says. */
  OpenBridge: (state, { url }, asking) => {
    const ref = refOf(state.number);
    if (state.status === 'resolved') return refuse('BRIDGE_RESOLVED', { ref });
    if (bridgeOf(state)) return refuse('BRIDGE_OPEN', { ref, channel: state.channel?.name ?? null });
    if (url === null) return refuse('BRIDGE_UNSET', {});
    const data = happened(state, asking, null);
    return [{ type: 'BridgeOpened', data, texts: { host: hostOf(url), url } }];
  },

  ChangeTitle: (state, { title }, asking) =>
    title === state.title
      ? refuse('TITLE_UNCHANGED', { ref: refOf(state.number) })
      : [{ type: 'TitleChanged', data: happened(state, asking, null), texts: { title } }],

  AddComponent: (state, { component }, asking) => {
    if (state.components.includes(component)) {
      return refuse('COMPONENT_PRESENT', { ref: refOf(state.number), component });
    }
    const next = 'Remove one first: `component remove NAME`.';
    const excess = tooManyComponents(state.components.length + 1, next);
    return excess ?? [{ type: 'ComponentAdded', data: happened(state, asking, null), texts: { component } }];
  },

  RemoveComponent: (state, { component }, asking) => {
    const { components } = state;
    return components.includes(component)
      ? [{ type: 'ComponentRemoved', data: happened(state, asking, null), texts: { component } }]
      : refuse('COMPONENT_ABSENT', { ref: refOf(state.number), component, components });
  },

  /** Marking again replaces; no order is imposed: contradictions are shown by the readings, not refused. */
  MarkMilestone: (state, { milestone, moment }, asking) => [
    { type: 'MilestoneMarked', data: { ...happened(state, asking, moment), milestone }, texts: {} },
  ],

  // -- who --

  AssignRole: (state, { role, person, seen }, asking) => {
    const held = state.roles[role];
    if (held?.id === person.id) {
      return refuse('ROLE_UNCHANGED', { ref: refOf(state.number), role, person: personLabel(person) });
    }
    if (seen !== undefined && seen !== (held?.id ?? null)) {
      const now = held ? `in the hands of ${personLabel(held)} as ${role}` : `without a ${role}`;
      return refuse('CHANGED_SINCE', { ref: refOf(state.number), now });
    }
    const roles = Object.keys(state.roles).length + (held ? 0 : 1);
    const excess = tooMany('roles', roles, LIMITS.roles, 'Use a role that the incident has already.');
    if (excess) return excess;
    const data = { ...happened(state, asking, null), role, person: person.id };
    return [{ type: 'RoleAssigned', data, texts: given({ person: person.name }) }];
  },

  /** Brings people in. No timeline entry: who was invited is seen in the channel. */
  InvitePeople: (state, intent) => {
    const people = eachOnce(intent.people);
    const members = new Set([...state.members, ...people.map(({ id }) => id)]).size;
    const excess =
      tooMany('people', people.length, LIMITS.people, 'Invite them in several goes.') ??
      tooMany('people', members, LIMITS.members, 'Invite the others in Slack.');
    if (excess) return excess;
    return [{ type: 'PeopleInvited', data: { people: people.map(({ id }) => id) }, texts: namesOf(people) }];
  },

  UninvitePeople: (state, { people }) => peopleLeft(state, people, 'removed'),
  NotePeopleLeft: (state, { people }) => peopleLeft(state, people, 'left'),

  ...CORRECTING,

  // -- what people want to be reminded of --

  PromiseUpdate: (state, { next }, asking) => {
    if (next === null && !state.rhythm?.next)
      return refuse('NO_UPDATE_PROMISED', { ref: refOf(state.number) });
    return promised(state, next, asking);
  },

  SnoozeReminders: (state, { until }, asking) => {
    const ref = refOf(state.number);
    if (until === null)
      return state.rhythm?.snoozed
        ? [{ type: 'RemindersSnoozed', data: { until: null }, texts: {} }]
        : refuse('NOT_SNOOZED', { ref });
    // What the public was promised is reminded of all the same.
    if (state.status === 'resolved' && !state.promised) return refuse('NO_UPDATE_DUE', { ref });
    const ms = Date.parse(until.at) - asking.now.getTime();
    if (ms <= 0 || ms > LONGEST_SNOOZED_MS)
      return refuse('NOT_WITHIN', { at: until.at, within: '24 hours', form: 'snooze 30m' });
    return [{ type: 'RemindersSnoozed', data: { until: until.at }, texts: {} }];
  },

  ConfirmOngoing: (state) =>
    state.status === 'resolved'
      ? refuse('NO_UPDATE_DUE', { ref: refOf(state.number) })
      : [{ type: 'OngoingConfirmed', data: {}, texts: {} }],

  /** Nobody is reminded of what has been done since it was found due, or of what another process has said already. */
  RemindChannel: (state, { due: { about, nth, promise, last }, rhythm }) => {
    const over = state.status === 'resolved' && about !== 'public';
    if (over || (about === 'public' && state.promised?.n !== promise)) return [];
    if (!sameRhythm(state.rhythm, rhythm)) return [];
    const data = { about, nth, ...(promise !== null && { promise }), ...(last && { last: true as const }) };
    return [{ type: 'ChannelReminded', data, texts: {} }];
  },

  // -- what the bot did in Slack; a second report of the same (a repeated delivery) adds nothing --

  NoteChannelOpened: (state, { channel: { id, name } }) =>
    state.channel?.id === id ? [] : [{ type: 'ChannelOpened', data: { channel: id }, texts: { name } }],

  NoteChannelSeen: (state, { channel, name, lost }) => {
    if (state.channel?.id !== channel) return [];
    const was = state.channel.lost ?? null;
    const facts: DraftFact[] = [];
    if (name !== null && name !== '' && name !== state.channel.name)
      facts.push({ type: 'ChannelRenamed', data: { channel }, texts: { name } });
    if (lost !== null && lost !== was)
      facts.push({ type: 'ChannelLost', data: { channel, how: lost }, texts: {} });
    if (lost === null && was !== null) facts.push({ type: 'ChannelFound', data: { channel }, texts: {} });
    return facts;
  },

  NoteHeadlinePosted: (state, { channel, ts }) =>
    state.headline?.ts === ts && state.headline.channel === channel
      ? []
      : [{ type: 'HeadlinePosted', data: { channel, ts }, texts: {} }],

  NoteAnnounced: (state, { channel, ts }) =>
    state.announcement?.ts === ts && state.announcement.channel === channel
      ? []
      : [{ type: 'Announced', data: { channel, ts }, texts: {} }],

  NoteCaughtUp: (state, { people }) => {
    const told = [...new Set(people)].filter((id) => !state.caughtUp?.includes(id));
    return told.length > 0 ? [{ type: 'CaughtUp', data: { people: told }, texts: {} }] : [];
  },

  NoteBridgeShown: (state, { bridge, shown }) =>
    state.bridge?.n === bridge && state.bridge.shown?.ts !== shown.ts
      ? [{ type: 'BridgeShown', data: { bridge, ...shown }, texts: {} }]
      : [],

  /** Numbers never go back: the report may be older than the state. */
  SkipNumbers: (state, { entries, actions, runs }) => {
    const now = { entries: state.entries, actions: state.actions, runs: runsOf(state).count };
    if (entries <= now.entries && actions <= now.actions && runs <= now.runs) return [];
    const data = {
      entries: Math.max(entries, now.entries),
      actions: Math.max(actions, now.actions),
      runs: Math.max(runs, now.runs),
    };
    return [{ type: 'NumbersSkipped', data, texts: {} }];
  },
};

/** Longer, and it is off: `reminders:` of tocsin.yml says for how long nobody need be reminded. */
const LONGEST_SNOOZED_MS = 24 * 3_600_000;
/** Until then nobody is reminded, so that a slip in the date must not silence an incident for good. */
const LONGEST_PROMISED_MS = 7 * 86_400_000;

/** By when more will be said, as an entry: others wait for it. */
function promised(state: IncidentState, next: Moment | null, asking: Asking): Decision {
  const vain = next && promisedInVain(state, next, asking);
  const data = { ...happened(state, asking, null), next: next?.at ?? null };
  return vain ?? [{ type: 'UpdatePromised', data, texts: {} }];
}

/** @returns why nobody would wait for that */
function promisedInVain(
  { number, status }: Pick<IncidentState, 'number' | 'status'>,
  next: Moment,
  { now }: Asking,
): Refusal | null {
  if (status === 'resolved') return refuse('NO_UPDATE_DUE', { ref: refOf(number) });
  const ms = Date.parse(next.at) - now.getTime();
  if (ms <= 0) return refuse('NEXT_UPDATE_PAST', { next: next.at });
  if (ms <= LONGEST_PROMISED_MS) return null;
  return refuse('NOT_WITHIN', { at: next.at, within: '7 days', form: 'next 30m' });
}

/** `person.0` …: the names that are known. */
function namesOf(people: readonly Person[]): Record<string, string> {
  return given(Object.fromEntries(people.map(({ name }, i) => [`person.${i}`, name])));
}

function eachOnce(people: readonly Person[]): Person[] {
  return [...new Map(people.map((person) => [person.id, person])).values()];
}

/** Takes people out, or notes that they went. If none of them is a member, there is nothing to record. */
function peopleLeft(state: IncidentState, left: readonly Person[], how: 'removed' | 'left'): Decision {
  const removed = how === 'removed';
  const people = eachOnce(left);
  // Of a public incident only those are members whom a command brought in; others are in the channel all the same.
  const out = removed && !state.private ? people : people.filter(({ id }) => state.members.includes(id));
  if (out.length === 0) {
    return removed
      ? refuse('NOT_A_MEMBER', { ref: refOf(state.number), people: people.map(personLabel).join(', ') })
      : [];
  }
  const excess = tooMany('people', out.length, LIMITS.people, 'Take them out in several goes.');
  if (excess) return excess;
  return [{ type: 'PeopleLeft', data: { people: out.map(({ id }) => id), how }, texts: namesOf(out) }];
}
