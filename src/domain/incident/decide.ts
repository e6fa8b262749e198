import { decideAlert } from '../alert/decide.js';
import type { AlertIntent } from '../alert/intent.js';
import { badLines, linesInMessage } from '../command/pasted.js';
import { decideLink, goesOnElsewhere, isAboutLink, mergeStands } from '../link/decide.js';
import type { LinkIntent } from '../link/link.js';
import { decidePage, isAboutPages, pagedFor } from '../paging/decide.js';
import type { PageIntent } from '../paging/page.js';
import { askerIn, forbidden, maySay, powerFor, type Rules } from '../permission.js';
import { isRefusal, type Refusal, refuse } from '../refusal.js';
import { decideRun } from '../run/decide.js';
import type { RunIntent } from '../run/intent.js';
import { runsOf } from '../run/state.js';
import { isPublicEntry, PUBLISHING } from '../status/decide.js';
import { given, LIMITS } from '../text.js';
import { decideWatch, isAboutWatch } from '../watch/decide.js';
import type { WatchIntent } from '../watch/watch.js';
import { happened, type Moment, momentNow, type Person, personLabel, refOf, STANDING } from '../words.js';
import { isAddition } from './action.js';
import { bridgeOf, hostOf } from './bridge.js';
import type { Entry } from './entry.js';
import type { DraftFact, MeasuredWindow } from './fact.js';
import { FOLLOWING } from './follow.js';
import type { Asker, Asking, CapturedMessage, Decision, Found, Intent, IntentOf, LogLine } from './intent.js';
import { sameRhythm } from './reminder.js';
import { restoredWithout } from './restored.js';
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

/** A message at its own time. */
function captured(message: CapturedMessage, { entries }: { entries: number }, asking: Asking): DraftFact {
  const { channel, ts, text, author, link, edited, secrets = [] } = message;
  const files = (message.files ?? []).slice(0, LIMITS.files);
  // `ts` is seconds, a dot, and a serial number; only the seconds are a time.
  const moment = momentNow(new Date(Number.parseInt(ts, 10) * 1000));
  const data = {
    ...{ ...happened({ entries }, asking, moment), channel, ts, author: author.id, link },
    ...(secrets.length > 0 && { secrets: [...secrets] }),
    ...(edited !== undefined && { edited }),
    ...(files.length > 0 && { files: files.map(({ id, type, size }) => ({ id, type, size })) }),
  };
  const names = numbered(
    'file',
    files.map(({ name }) => name),
  );
  return { type: 'MessageCaptured', data, texts: { ...given({ text, author: author.name }), ...names } };
}

/** The record of what is done outside of incidents: it has a title so that it reads like one. */
function openStandingRecord(asking: Asking): Decision {
  const plain = { severity: null, private: false, drill: false, components: [], moment: null };
  return openIncident({ type: 'OpenIncident', title: 'Scheduled work', ...plain }, asking, {});
}

/** What one type of intent leads to in an incident that there is. */
type Rule<T extends Intent['type']> = (
  state: IncidentState,
  intent: IntentOf<T>,
  asking: Asking,
  found: Found,
) => Decision;

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
  // -- what happened --

  RecordNote: (state, { moment, text }, asking) => [
    { type: 'NoteRecorded', data: happened(state, asking, moment), texts: { text } },
  ],

  /** Every line or none: the facts of one decision are written together. A list that has grown is pasted as a whole again. */
  RecordLog: (state, { lines }, asking, { notes }) => {
    const excess = tooMany('lines', lines.length, LIMITS.logLines, 'Paste them in several parts.');
    if (excess) return excess;
    const fresh = withoutKnown(lines, notes ?? []);
    if (fresh.length === 0) return refuse('LINES_KNOWN', { ref: refOf(state.number), count: lines.length });
    return fresh.map(({ moment, text }, i) => ({
      type: 'NoteRecorded',
      data: happened(state, asking, moment, i),
      texts: { text },
    }));
  },

  /** One message is one entry, however many people pin it: the second is told who was first. */
  CaptureMessage: (state, { message }, asking, { captured: before }) => {
    const taken = before && takenAs(before);
    if (before && taken)
      return refuse('LINES_TAKEN_IN', { ref: refOf(state.number), entry: before.n, as: taken });
    // What was struck else may be recorded anew.
    if (!before || before.struck) return [captured(message, state, asking)];
    const by = personLabel(before.by);
    return refuse('ALREADY_CAPTURED', { ref: refOf(state.number), entry: before.n, by });
  },

  /** Its lines take the place of the message, which stays readable as struck: so each stands at its own time. */
  TakeInLines: (state, { of }, asking, found) => {
    const { entry, written } = found;
    const none = refuse('NO_LINES', { entry: entry?.n ?? ('entry' in of ? of.entry : null) });
    if (!entry) return 'entry' in of ? refuse('NO_SUCH_ENTRY', { ref: refOf(state.number), ...of }) : none;
    const { n, struck, text, detail } = entry;
    const taken = takenAs(entry);
    if (taken !== null) return refuse('LINES_TAKEN_IN', { ref: refOf(state.number), entry: n, as: taken });
    if (struck) return refuse('ENTRY_STRUCK', { ref: refOf(state.number), entry: n });
    if (!written || text === null || !detail.author) return none;
    const { sent: now, zone, zoneKnown } = written;
    const read = linesInMessage(text, { now, zone, zoneKnown });
    if (!read) return none;
    if (read.wrong.length > 0) return badLines(read.wrong);
    const { id: author, name } = detail.author;
    const texts = given({ author: name });
    const lines = read.lines.map(({ moment, text: line }, i) => ({
      type: 'LineTakenIn' as const,
      data: { ...happened(state, asking, moment, i), entry: n, author, link: entry.link },
      texts: { ...texts, text: line },
    }));
    const as = `as #${state.entries + 1} to #${state.entries + lines.length}`;
    return [...lines, strike(entry, found, `${TAKEN}${as}`)];
  },

  RecordCause: (state, { text }, asking) => [
    { type: 'CauseRecorded', data: happened(state, asking, null), texts: { text } },
  ],

  /**
   * Impact as entered. When it says from when to when, that is its place in the timeline;
   * otherwise its place is where it was recorded.
   */
  RecordImpact: (state, intent, asking) => {
    const { text, failed, total, from, to, components: named } = intent;
    const unaffected = [...new Set(intent.unaffected ?? [])];
    const nothing = text === null && failed === null && total === null;
    if (nothing && named.length + unaffected.length === 0) {
      return refuse('IMPACT_EMPTY', { form: 'impact TEXT, or impact --failed 19 --from 01:41 --to 01:44' });
    }
    if (failed !== null && total !== null && failed > total) {
      return refuse('IMPACT_CONTRADICTS', { why: `${failed} failed of ${total}` });
    }
    if (from && to && to.at < from.at) {
      return refuse('TIME_RANGE_BACKWARDS', { from: from.at, to: to.at });
    }
    const components = [...new Set(named)];
    const both = components.find((name) => unaffected.includes(name));
    if (both !== undefined)
      return refuse('IMPACT_CONTRADICTS', { why: `“${both}” is named as affected and as not affected` });
    const excess = tooManyComponents(components.length + unaffected.length);
    if (excess) return excess;
    const data = {
      ...happened(state, asking, span(from, to)),
      ...{ failed, total, from: from?.at ?? null, to: to?.at ?? null, components: components.length },
      ...(unaffected.length > 0 && { unaffected: unaffected.length }),
    };
    const texts = { ...given({ text }), ...numbered('component', [...components, ...unaffected]) };
    return [{ type: 'ImpactRecorded', data, texts }];
  },

  /** That it is to be measured. No timeline entry: what is found out has one. */
  MeasureImpact: (state, { from, to, components: named }, asking, { damageFrom }) => {
    const components = [...new Set(named)];
    const excess = tooManyComponents(components.length);
    if (excess) return excess;
    const window = windowOf(state, from, to, asking, damageFrom ?? null);
    const ms = Date.parse(window.to) - Date.parse(window.from);
    if (!(ms > 0 && ms <= LONGEST_MEASURED_MS)) return refuse('MEASURE_WINDOW', window);
    const data = { ...window, components: components.length };
    return [{ type: 'MeasureAsked', data, texts: numbered('component', components) }];
  },

  NoteImpactMeasured: (state, { asked, measured }, asking) => {
    const { from, to, start, end, components, groups, failedQuery, totalQuery, ...others } = measured;
    const data = {
      ...happened(state, asking, { at: from, until: to, precision: 'second' }),
      ...{ ...others, from, to, start, end, asked },
      components: components.map(({ failed, total }) => ({ failed, total })),
    };
    const names = components.map(({ name }) => name);
    const texts = {
      ...{ failedQuery, totalQuery },
      ...(groups.length > 0 && { groups: JSON.stringify(groups) }),
      ...numbered('component', names),
    };
    return [{ type: 'ImpactMeasured', data, texts }];
  },

  AddAction: (state, { text, owner, due = null }, asking) => {
    const data = {
      ...happened(state, asking, null),
      ...{ action: state.actions + 1, owner: owner?.id ?? null },
      ...(due !== null && { due }),
    };
    return [{ type: 'ActionAdded', data, texts: given({ text, owner: owner?.name ?? null }) }];
  },

  /** Only what is another than before is kept. */
  ChangeAction: (state, { action, owner, due, whose }, asking, { item }) => {
    const ref = refOf(state.number);
    if (!item) return refuse('NO_SUCH_ACTION', { ref, action });
    if (item.done) return refuse('ACTION_DONE', { ref, action });
    if (whose !== undefined && item.owner?.id !== whose) return refuse('ACTION_NOT_YOURS', { ref, action });
    const passes = owner !== undefined && owner?.id !== item.owner?.id;
    const moves = due !== undefined && due !== item.due;
    if (!passes && !moves) return refuse('ACTION_UNCHANGED', { ref, action });
    const data = {
      ...{ ...happened(state, asking, null), action },
      ...(passes && { owner: owner?.id ?? null }),
      ...(moves && { due }),
    };
    return [{ type: 'ActionChanged', data, texts: given({ owner: (passes && owner?.name) || null }) }];
  },

  CompleteAction: (state, { action }, asking, { actionDone, item }) => {
    const ref = refOf(state.number);
    if (action < 1 || action > state.actions || item === null)
      return refuse('NO_SUCH_ACTION', { ref, action });
    if (actionDone) return refuse('ACTION_DONE', { ref, action });
    return [{ type: 'ActionCompleted', data: { ...happened(state, asking, null), action }, texts: {} }];
  },

  ReopenAction: (state, { action }, asking, { item }) =>
    item?.done
      ? [{ type: 'ActionReopened', data: { ...happened(state, asking, null), action }, texts: {} }]
      : refuse('ACTION_OPEN', { ref: refOf(state.number), action }),

  /** Of one item there is one ticket: the first that was found stays. */
  NoteActionFiled: (state, { action, tracker, ticket, url }, _asking, { item }) => {
    if (!item) return refuse('NO_SUCH_ACTION', { ref: refOf(state.number), action });
    if (item.ticket) return [];
    return [{ type: 'ActionFiled', data: { action, entry: item.entry, tracker }, texts: { ticket, url } }];
  },

  ...FOLLOWING,

  ...PUBLISHING,

  /** Posts of another page are no incident of ours: all of them stand in the standing record. */
  ImportPost: (state, { from, external, state: posted, moment, title, text, components, states }, asking) => {
    if (state.number !== STANDING) return refuse('NO_SUCH_INCIDENT', { ref: refOf(state.number) });
    const data = {
      ...happened(state, asking, moment),
      ...{ from, external, state: posted, components: components.length, states },
    };
    return [{ type: 'PostImported', data, texts: { title, text, ...numbered('component', components) } }];
  },

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

  // -- corrections --

  /** Words may be corrected where they are a person's own; the earlier words stay in the record as a fact. */
  EditEntry: (state, intent, _asking, found) => {
    const entry = correctable(state, found, intent.entry);
    if (isRefusal(entry)) return entry;
    if (isPublicEntry(entry)) return refuse('POST_IS_PUBLIC', { entry: entry.n, how: 'edit' });
    const wordless = entry.kind === 'action' && !isAddition(entry.detail);
    const next = wordless
      ? 'Strike it if it is wrong: `strike N REASON`.'
      : entry.detail.measured
        ? 'What was measured stays as it was measured: `strike N REASON`, and `impact measure` again.'
        : insteadOf(entry);
    return next
      ? refuse('ENTRY_NOT_EDITABLE', { entry: entry.n, kind: entry.kind, next })
      : [{ type: 'EntryEdited', data: { entry: entry.n }, texts: { text: intent.text } }];
  },

  RetimeEntry: (state, intent, _asking, found) => {
    const entry = correctable(state, found, intent.entry);
    if (isRefusal(entry)) return entry;
    const { at, until, precision } = intent.moment;
    if (entry.detail.measured) {
      const next =
        'What was measured was measured then: `impact measure --from TIME --to TIME` measures anew.';
      return refuse('ENTRY_NOT_EDITABLE', { entry: entry.n, kind: entry.kind, next });
    }
    return (
      ofMachine(entry) ?? [
        {
          type: 'EntryRetimed',
          data: { entry: entry.n, at, until, precision, ...publicOf(entry) },
          texts: {},
        },
      ]
    );
  },

  /** Struck entries stay visible as struck. What such an entry had changed (a status, a title) is what it was before. */
  StrikeEntry: (state, intent, _asking, found) => {
    const entry = correctable(state, found, intent.entry);
    if (isRefusal(entry)) return entry;
    const machine = ofMachine(entry) ?? mergeStands(entry, state);
    if (machine) return machine;
    if (entry.kind === 'opened') {
      const next = 'An incident cannot be un-opened: `resolve` it and say why.';
      return refuse('ENTRY_NOT_EDITABLE', { entry: entry.n, kind: entry.kind, next });
    }
    return [strike(entry, found, intent.reason)];
  },

  /** `undo`: the asker's own last entry that nobody struck. */
  UndoLastEntry: (state, _intent, _asking, found) => {
    const { entry } = found;
    if (!entry || entry.struck || entry.kind === 'opened') {
      return refuse('NOTHING_TO_UNDO', { ref: refOf(state.number) });
    }
    const stands = mergeStands(entry, state);
    if (stands) return stands;
    return [strike(entry, found, 'undone by its author')];
  },

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

/** Begins the reason for which a message is struck whose lines are entries now. */
const TAKEN = 'taken in line by line, ';

/** @returns as which entries the lines of a recorded message were taken in; null: they were not */
function takenAs({ detail }: Entry): string | null {
  return detail.struckReason?.startsWith(TAKEN) ? detail.struckReason.slice(TAKEN.length) : null;
}

/** @returns those lines that are not among what was recorded before: a line that stands there once is left out once */
function withoutKnown(lines: readonly LogLine[], notes: readonly Entry[]): readonly LogLine[] {
  const name = ({ at, until, precision }: Moment, text: string | null) =>
    JSON.stringify([at, until, precision, text]);
  const known = new Map<string, number>();
  for (const note of notes) {
    const of = name(note, note.text);
    known.set(of, (known.get(of) ?? 0) + 1);
  }
  return lines.filter(({ moment, text }) => {
    const of = name(moment, text);
    const left = known.get(of) ?? 0;
    known.set(of, left - 1);
    return left <= 0;
  });
}

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

/** @returns a refusal when more than `limit` things would be kept. */
function tooMany(what: string, count: number, limit: number, next: string): Refusal | null {
  return count > limit ? refuse('TOO_MANY', { what, count, limit, next }) : null;
}

function tooManyComponents(count: number, next = 'Name the ones that matter most.'): Refusal | null {
  return tooMany('components', count, LIMITS.components, next);
}

/** `component.0`, `component.1` …: lists of texts, each erasable on its own. */
function numbered(field: string, values: string[]): Record<string, string> {
  return Object.fromEntries(values.map((value, i) => [`${field}.${i}`, value]));
}

/** `person.0` …: the names that are known. */
function namesOf(people: readonly Person[]): Record<string, string> {
  return given(Object.fromEntries(people.map(({ name }, i) => [`person.${i}`, name])));
}

function eachOnce(people: readonly Person[]): Person[] {
  return [...new Map(people.map((person) => [person.id, person])).values()];
}

/** What is measured at once: longer than an incident lasts, and short enough to be read sample by sample. */
const LONGEST_MEASURED_MS = 7 * 86_400_000;

/** From the beginning of the damage to its end, as far as somebody has said when these were. */
function windowOf(
  { milestones, opened }: IncidentState,
  from: Moment | null,
  to: Moment | null,
  { now }: Asking,
  damageFrom: string | null,
): MeasuredWindow {
  const at = (moment: { at: string; precision: string } | null) =>
    moment && moment.precision !== 'date' ? moment.at : null;
  const { at: today } = momentNow(now);
  const begin =
    first({
      asked: from?.at,
      started: at(milestones.started),
      impact: damageFrom,
      detected: at(milestones.detected),
    }) ?? ({ why: 'opened', at: opened.at } as const);
  const later = (end: string | null) => (end !== null && end > begin.at ? end : null);
  const end =
    first({
      asked: to?.at,
      mitigated: later(at(milestones.mitigated)),
      resolved: later(at(milestones.resolved)),
    }) ?? ({ why: 'now', at: today } as const);
  // What has not happened yet was not counted.
  const [until = today] = [end.at, today].sort();
  return { from: begin.at, to: until, start: begin.why, end: end.why };
}

function first<K extends string>(of: Record<K, string | null | undefined>): { why: K; at: string } | null {
  for (const why of Object.keys(of) as K[]) if (of[why]) return { why, at: of[why] as string };
  return null;
}

function span(from: Moment | null, to: Moment | null): Moment | null {
  if (from && to) {
    // A span is as vague as its vaguer end.
    const precision = from.precision === 'second' ? to.precision : from.precision;
    return { at: from.at, until: to.at, precision };
  }
  return from ?? to;
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

/** @returns the entry, or why it cannot be corrected. */
function correctable(state: IncidentState, found: Found, entry: number): Entry | Refusal {
  const ref = refOf(state.number);
  if (!found.entry || found.entry.n !== entry) return refuse('NO_SUCH_ENTRY', { ref, entry });
  if (found.entry.struck) return refuse('ENTRY_STRUCK', { ref, entry });
  return found.entry;
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
  alert: 'What monitoring said stays as it was said; `split KEY` takes alerts out that belong elsewhere.',
  link: 'Strike it, and link them anew: `link INC-9 REASON`.',
  bridge: 'Strike it, and open another one: `bridge https://…`.',
  page: 'Who was paged stays as it was; add what is to be known with `note`.',
  post: 'What the public was told stays as it was told: `publish` a correction.',
};

const OF_MACHINES: ReadonlySet<Entry['kind']> = new Set<Entry['kind']>([
  ...(['run', 'step', 'alert', 'page'] as const),
]);

function insteadOf({ kind, detail }: Entry): string | undefined {
  if (detail.promise) return 'Promise another time with `next 30m`, or none with `next off`.';
  return detail.watch
    ? 'What a watch saw stays as it was; add what is to be known with `note`.'
    : INSTEAD[kind];
}

/** What a run did, a watch saw, and what monitoring said, is not for people to correct. */
function ofMachine(entry: Entry): Refusal | null {
  const next = insteadOf(entry);
  if (!next || !(OF_MACHINES.has(entry.kind) || entry.detail.watch)) return null;
  return refuse('ENTRY_NOT_EDITABLE', { entry: entry.n, kind: entry.kind, next });
}

/** The page follows. */
function publicOf(entry: Entry): { public?: true } {
  return isPublicEntry(entry) ? { public: true } : {};
}

/** A struck entry counts no longer: the fact says what counts instead. */
function strike(entry: Entry, found: Found, reason: string): DraftFact {
  const instead = restoredWithout(found.changes, entry);
  return {
    type: 'EntryStruck',
    data: {
      ...{ entry: entry.n, restored: instead?.restored ?? null, ...publicOf(entry) },
      ...(entry.kind === 'action' && entry.detail.action !== undefined && { action: entry.detail.action }),
    },
    texts: { reason, ...instead?.texts },
  };
}
