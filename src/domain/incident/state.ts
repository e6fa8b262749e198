import { type Alerts, evolveAlerts, firstAlert } from '../alert/state.js';
import { evolveLinks, type Link, type LinkFactBody, mergedInto } from '../link/link.js';
import { evolvePages, type Pages, unlessOver } from '../paging/page.js';
import { evolveRuns, type Runs, rolesChanged, runsOf } from '../run/state.js';
import type { MaintenanceState } from '../status/page.js';
import { LIMITS } from '../text.js';
import { evolveWatches, unlessReopened, type Watches } from '../watch/watch.js';
import {
  isInSlack,
  type Loss,
  MARKS,
  type Mark,
  type Person,
  type PostState,
  type Precision,
  type Severity,
  STANDING,
  type Status,
} from '../words.js';
import { type Bridge, bridgeOver } from './bridge.js';
import { unseal } from './chain.js';
import {
  amendmentOf,
  ERASED,
  entryOf,
  isOfAlert,
  isOfLink,
  isOfPage,
  isOfReminder,
  isOfRun,
  isOfWatch,
  listed,
} from './entry.js';
import type { Fact, Milestone, Restored } from './fact.js';
import type { Rhythm } from './reminder.js';

/**
 * What deciding needs to know of an incident. Bounded: it does not grow with the timeline
 * (lists in it have a limit, see text.ts). Kept as the incident's summary row.
 */
export interface IncidentState {
  team: string;
  number: number;
  title: string;
  severity: Severity | null;
  status: Status;
  /** The entry that set the status; null: nobody set it, it is `investigating` because it was opened. */
  statusEntry: number | null;
  private: boolean;
  drill: boolean;
  components: string[];
  opener: Person;
  /** Everybody who was brought in by a command: they may see a private incident. */
  members: string[];
  /** When each of them was brought in last (UTC): an invitation may still be on its way. Absent in older summaries. */
  since?: Record<string, string>;
  roles: Record<string, Person>;
  /** `lost`: nothing can be shown there, for that reason; `since`: the fact that last said whether it is lost. */
  channel: { id: string; name: string; lost?: Loss; since?: number } | null;
  /** `again`: it was posted anew, because somebody had deleted it. */
  headline: { channel: string; ts: string; again?: true } | null;
  announcement: { channel: string; ts: string } | null;
  opened: { at: string; precision: Precision; n: number };
  milestones: Record<Mark, Milestone | null>;
  /** The newest impact, for the headline; gone when that entry is struck. */
  impact: { n: number; text: string | null; failed: number | null; total: number | null } | null;
  /** The newest that was measured. Absent: none, or its entry is struck. */
  measured?: { n: number; failed: number; total: number; unaffected: string[]; limited?: true };
  /** What people named as not affected, each with the entry that said so. Absent: nothing. */
  unaffected?: Array<{ n: number; name: string }>;
  lastPost: { state: PostState; at: string; n: number } | null;
  /** `by` when the public is promised another post, by the post `n` of the time `at`. Absent: it is not. */
  promised?: { n: number; at: string; by: string };
  /** What the public calls it, and the post that says so. Absent: nobody has given it a title for the public. */
  publicTitle?: { n: number; title: string };
  /** Planned work; of the standing record alone. Absent: there has been none. */
  maintenances?: Maintenances;
  /** How many timeline entries and action items have been numbered. */
  entries: number;
  actions: number;
  /** Numbers of entries that were passed over, because a lost record had given them. Absent: none. */
  skipped?: number;
  /** Absent in a summary that was written before there were runs. */
  runs?: Runs;
  /** Absent: nobody has watched it yet. */
  watches?: Watches;
  /** What monitoring says, by groups. Absent: it has said nothing. */
  alerts?: Alerts;
  /** Resolved, because it was no incident. Absent: it was one. */
  falseAlarm?: true;
  /** What its channel is reminded by. Absent: nothing was recorded since there are reminders. */
  rhythm?: Rhythm;
  /** Images of its messages are kept. Absent: none ever was. */
  images?: true;
  /** What it has to do with other incidents. Absent: nothing that was said. */
  links?: Link[];
  /** Who came late and has been told how it stands. Absent: nobody. */
  caughtUp?: string[];
  /** The newest call. Absent: there has been none. */
  bridge?: Bridge;
  /** Who was called for. Absent: nobody was. */
  pages?: Pages;
  recordedAt: string;
}

/** How much work has been planned, and that which is not over, the oldest plan first. */
export interface Maintenances {
  count: number;
  list: Array<{
    maintenance: number;
    /** The entry that says when it is planned. */
    n: number;
    title: string;
    from: string;
    to: string;
    state: MaintenanceState;
    components: string[];
  }>;
}

/**
 * The state after one more fact. Never changes the state that it is given.
 * @param state null: before the first fact, which is that the incident was opened
 */
export function evolve(state: IncidentState | null, fact: Fact): IncidentState {
  const next = unlessOver(evolved(state, fact));
  const rhythm = rhythmAfter(next.rhythm, fact);
  return rhythm === next.rhythm ? next : { ...next, rhythm };
}

function evolved(state: IncidentState | null, fact: Fact): IncidentState {
  if (fact.type === 'IncidentOpened') return opened(fact);
  if (state === null) throw new Error('a stream that does not begin with its opening');
  const n = 'n' in fact.data ? fact.data.n : 0;
  const next: IncidentState = { ...state, entries: Math.max(state.entries, n) };
  if (isOfRun(fact)) return { ...next, runs: evolveRuns(runsOf(state), fact, holdersOf(state.roles)) };
  if (isOfWatch(fact)) return { ...next, watches: evolveWatches(state.watches, fact) };
  if (isOfAlert(fact)) return seenFirst({ ...next, alerts: evolveAlerts(state.alerts ?? {}, fact) });
  if (isOfLink(fact)) return linked(next, fact);
  if (isOfReminder(fact)) return next;
  if (isOfPage(fact)) return { ...next, pages: evolvePages(state.pages, fact) };
  switch (fact.type) {
    case 'StatusChanged': {
      const { status, dismissed } = fact.data;
      // An update while it is resolved does not make an incident of it; leaving `resolved` does.
      const alarm = falseAlarm(status === 'resolved' && (dismissed || state.falseAlarm));
      const changed = {
        ...withoutAlarm(status === 'resolved' ? bridgeOver(next) : unmerged(next)),
        ...{ status, statusEntry: n, milestones: afterStatus(state, fact) },
        ...alarm,
      };
      return unlessReopened(changed, fact.by);
    }
    case 'SeverityChanged':
      return { ...next, severity: fact.data.severity };
    case 'RoleAssigned': {
      const person: Person = { id: fact.data.person, name: fact.texts.person ?? null };
      return {
        ...next,
        roles: { ...state.roles, [fact.data.role]: person },
        ...broughtIn(state, [person.id], fact.recordedAt),
        ...(state.runs && { runs: rolesChanged(state.runs, fact.data.role, fact.by.id) }),
      };
    }
    case 'PeopleInvited':
      return { ...next, ...broughtIn(state, fact.data.people, fact.recordedAt) };
    case 'PeopleLeft': {
      const gone = new Set(fact.data.people);
      const since = Object.entries(state.since ?? {}).filter(([id]) => !gone.has(id));
      return {
        ...next,
        members: state.members.filter((id) => !gone.has(id)),
        since: Object.fromEntries(since),
      };
    }
    case 'TitleChanged':
      return { ...next, title: fact.texts.title ?? ERASED };
    case 'MilestoneMarked': {
      const { milestone, at, precision } = fact.data;
      return {
        ...next,
        milestones: { ...state.milestones, [milestone]: { at, precision, marked: true, n } },
      };
    }
    case 'ComponentAdded': {
      const component = fact.texts.component ?? ERASED;
      return { ...next, components: [...state.components, component] };
    }
    case 'ComponentRemoved': {
      const gone = fact.texts.component ?? ERASED;
      return { ...next, components: state.components.filter((c) => c !== gone) };
    }
    case 'ImpactRecorded': {
      const { failed, total, components, unaffected = 0 } = fact.data;
      const impact = { n, text: fact.texts.text ?? null, failed, total };
      const names = listed(fact, 'component', components + unaffected);
      // What was not affected says nothing of the damage: the figures that stand go on standing.
      const bare = unaffected > 0 && impact.text === null && failed === null && total === null;
      return {
        ...next,
        ...(!bare && { impact }),
        ...(unaffected > 0 && { unaffected: spared(state, n, names.slice(components)) }),
      };
    }
    case 'ImpactMeasured': {
      const { failed, total, components, limited } = fact.data;
      const names = listed(fact, 'component', components.length);
      const unaffected = names.filter((_, i) => components[i]?.failed === 0 && components[i].total > 0);
      return { ...next, measured: { n, failed, total, unaffected, ...(limited && { limited }) } };
    }
    case 'ActionAdded':
      return { ...next, actions: Math.max(state.actions, fact.data.action) };
    case 'StatusPosted':
      return posted(next, fact);
    case 'MaintenancePlanned':
    case 'MaintenancePosted':
      return { ...next, maintenances: maintained(state.maintenances, fact) };
    case 'EntryEdited':
      return state.impact?.n === fact.data.entry
        ? { ...next, impact: { ...state.impact, text: fact.texts.text ?? null } }
        : next;
    case 'EntryRetimed':
      return retimed(next, fact.data);
    case 'EntryStruck':
      return unlessReopened(
        seenFirst(
          restore(
            withoutLinks(struck(next, fact.data.entry), ({ n }) => n === fact.data.entry),
            fact,
          ),
        ),
        fact.by,
      );
    case 'ChannelOpened':
      return { ...next, channel: { id: fact.data.channel, name: fact.texts.name ?? fact.data.channel } };
    case 'ChannelLost': {
      const { channel: lost, how } = fact.data;
      return { ...next, channel: { ...named(state, lost), lost: how, since: fact.seq } };
    }
    case 'ChannelFound':
      return { ...next, channel: { ...named(state, fact.data.channel), since: fact.seq } };
    case 'ChannelRenamed': {
      const { channel: id } = fact.data;
      return { ...next, channel: { ...state.channel, id, name: fact.texts.name ?? id } };
    }
    case 'HeadlinePosted':
      return { ...next, headline: { ...fact.data, ...(state.headline && { again: true }) } };
    case 'BridgeOpened': {
      const { at } = fact.data;
      return { ...next, bridge: { n, at, url: fact.texts.url ?? null, by: fact.by.id } };
    }
    case 'BridgeShown': {
      const { bridge, ...shown } = fact.data;
      return state.bridge?.n === bridge ? { ...next, bridge: { ...state.bridge, shown } } : next;
    }
    case 'Announced':
      return { ...next, announcement: fact.data };
    case 'CaughtUp':
      return { ...next, caughtUp: [...new Set([...(state.caughtUp ?? []), ...fact.data.people])] };
    case 'NumbersSkipped': {
      const { entries, actions, runs } = fact.data;
      const skipped = (state.skipped ?? 0) + entries - state.entries;
      return { ...next, entries, skipped, actions, runs: { ...runsOf(state), count: runs } };
    }
    case 'FilesKept':
      return { ...next, images: true };
    case 'NoteRecorded':
    case 'MessageCaptured':
    case 'LineTakenIn':
    case 'MessageEdited':
    case 'MessageDeleted':
    case 'CauseRecorded':
    case 'ActionChanged':
    case 'ActionCompleted':
    case 'ActionReopened':
    case 'ActionFiled':
    case 'ComponentStateSet':
    case 'PostImported':
    case 'MeasureAsked':
      return next;
    default: {
      const unknown: never = fact;
      throw new Error(`a fact of an unknown type: ${JSON.stringify(unknown)}`);
    }
  }
}

/** The channel, with the name that is known. */
function named({ channel }: IncidentState, id: string): { id: string; name: string } {
  return { id, name: channel?.name ?? id };
}

/** Whatever somebody does about it, reminders of it begin anew. */
function rhythmAfter(rhythm: Rhythm = {}, fact: Fact): Rhythm {
  const { recordedAt: at, by: who, seq } = fact;
  const { told: { quiet, ...told } = {}, next: promise, ...others } = rhythm;
  const { update, public: _, ...less } = told;
  const kept = promise && { next: promise };
  const heard = { ...others, heard: at };
  const updated = { ...heard, updated: at };
  switch (fact.type) {
    case 'IncidentOpened':
      return updated;
    case 'SeverityChanged':
      return { ...updated, ...kept, ...toldOf({ ...less, public: told.public }) };
    case 'StatusChanged': {
      const { next, n } = fact.data;
      const anew = next === undefined ? {} : { next: { n, by: next, at, who } };
      return { ...updated, ...anew, ...toldOf({ ...less, public: told.public }) };
    }
    case 'StatusPosted':
      return { ...updated, ...toldOf(less) };
    case 'UpdatePromised': {
      const { next, n } = fact.data;
      const anew = next === null ? {} : { next: { n, by: next, at, who } };
      return { ...heard, ...anew, ...toldOf({ ...less, public: told.public }) };
    }
    case 'RemindersSnoozed': {
      const { snoozed: _, ...rest } = { ...others, ...kept };
      const { until } = fact.data;
      return until === null ? rest : { ...rest, snoozed: { until, at, who } };
    }
    case 'OngoingConfirmed':
      return { ...heard, ...kept, ...toldOf(told) };
    case 'RoleAssigned': {
      const { lead: _, ...more } = told;
      return { ...heard, ...kept, ...toldOf(fact.data.role === 'lead' ? more : told) };
    }
    case 'ChannelReminded': {
      const { about, nth: count, promise: of, last } = fact.data;
      const one = { count, at, seq, ...(of !== undefined && { promise: of }), ...(last && { last }) };
      return { ...rhythm, told: { ...rhythm.told, [about]: one } };
    }
    case 'EntryStruck':
      // What was promised in it is not.
      return promise?.n === fact.data.entry ? { ...others, ...toldOf({ ...told, quiet }) } : rhythm;
    default:
      return 'n' in fact.data ? { ...heard, ...kept, ...toldOf(told) } : rhythm;
  }
}

function toldOf(told: NonNullable<Rhythm['told']>): Pick<Rhythm, 'told'> {
  const kept = Object.entries(told).filter(([, one]) => one !== undefined);
  return kept.length > 0 ? { told: Object.fromEntries(kept) } : {};
}

/** One that goes on elsewhere is over here. */
function linked(state: IncidentState, fact: Fact & LinkFactBody): IncidentState {
  const links = evolveLinks(state.links, fact);
  if (fact.type !== 'IncidentMerged') return { ...state, links };
  const { at, precision, n } = fact.data;
  const over = { at, precision, marked: false, n };
  const { milestones } = state;
  const stands = milestones.resolved && (milestones.resolved.marked || state.status === 'resolved');
  return {
    ...bridgeOver(state),
    ...{ links, status: 'resolved', statusEntry: n },
    milestones: stands ? milestones : { ...milestones, resolved: over },
  };
}

/** Whatever is not over goes on here. */
function unmerged(state: IncidentState): IncidentState {
  return mergedInto(state) === null ? state : withoutLinks(state, ({ how }) => how === 'into');
}

function withoutLinks({ links = [], ...state }: IncidentState, gone: (link: Link) => boolean): IncidentState {
  const left = links.filter((link) => !gone(link));
  return left.length > 0 ? { ...state, links: left } : state;
}

function opened(fact: Extract<Fact, { type: 'IncidentOpened' }>): IncidentState {
  const { n, at, precision, severity, drill } = fact.data;
  return {
    team: fact.team,
    number: fact.incident,
    title: fact.texts.title ?? ERASED,
    severity,
    status: fact.incident === STANDING ? 'resolved' : 'investigating',
    statusEntry: null,
    private: fact.data.private,
    drill,
    components: listed(fact, 'component', fact.data.components),
    opener: fact.by,
    members: [fact.by.id],
    since: { [fact.by.id]: fact.recordedAt },
    roles: {},
    channel: null,
    headline: null,
    announcement: null,
    opened: { at, precision, n },
    milestones: { started: null, detected: null, mitigated: null, resolved: null },
    impact: null,
    lastPost: null,
    entries: 1,
    actions: 0,
    recordedAt: fact.recordedAt,
  };
}

function posted(
  { promised, ...state }: IncidentState,
  { data, texts }: Extract<Fact, { type: 'StatusPosted' }>,
): IncidentState {
  const { n, at, next } = data;
  const title = texts.title ?? null;
  // What is told later of an earlier moment leaves the promise of a later one alone. A drill promises nobody anything.
  const newer = promised === undefined || at >= promised.at;
  const now = newer ? (next === undefined ? undefined : { n, at, by: next }) : promised;
  return {
    ...state,
    lastPost: { state: data.state, at, n },
    ...(now && !state.drill && { promised: now }),
    ...(title !== null && { publicTitle: { n, title } }),
  };
}

function maintained(
  before: Maintenances = { count: 0, list: [] },
  fact: Extract<Fact, { type: 'MaintenancePlanned' | 'MaintenancePosted' }>,
): Maintenances {
  const { maintenance } = fact.data;
  if (fact.type === 'MaintenancePlanned') {
    const { n, at, until, components } = fact.data;
    const title = fact.texts.title ?? ERASED;
    const planned = {
      ...{ maintenance, n, title, from: at, to: until ?? at, state: 'scheduled' as const },
      components: listed(fact, 'component', components),
    };
    return { count: Math.max(before.count, maintenance), list: [...before.list, planned] };
  }
  const { state } = fact.data;
  const over = state === 'completed' || state === 'cancelled';
  const list = before.list.flatMap((one) =>
    one.maintenance !== maintenance ? [one] : over ? [] : [{ ...one, state }],
  );
  return { ...before, list };
}

/** The newest word on a component counts; of more than there is room for, the newest stay. */
function spared(state: IncidentState, n: number, names: string[]): IncidentState['unaffected'] {
  const others = (state.unaffected ?? []).filter(({ name }) => !names.includes(name));
  return [...others, ...names.map((name) => ({ n, name }))].slice(-LIMITS.components);
}

function broughtIn(state: IncidentState, people: string[], at: string) {
  return {
    members: [...new Set([...state.members, ...people])],
    since: { ...state.since, ...Object.fromEntries(people.map((id) => [id, at])) },
  };
}

function holdersOf(roles: IncidentState['roles']): Record<string, string> {
  return Object.fromEntries(Object.entries(roles).map(([role, { id }]) => [role, id]));
}

/** Resolving sets its milestone unless a person marked it; leaving `resolved` takes an unmarked one back. */
function afterStatus(state: IncidentState, fact: Extract<Fact, { type: 'StatusChanged' }>) {
  const { status, at, precision, n } = fact.data;
  const held = state.milestones.resolved;
  if (held?.marked) return state.milestones;
  if (status !== 'resolved') return { ...state.milestones, resolved: null };
  // An update while resolved ("still fine") does not move the moment at which it was.
  if (state.status === 'resolved' && held) return state.milestones;
  return { ...state.milestones, resolved: { at, precision, marked: false, n } };
}

function withoutAlarm({ falseAlarm: _, ...state }: IncidentState): IncidentState {
  return state;
}

function falseAlarm(is: boolean | undefined): { falseAlarm?: true } {
  return is ? { falseAlarm: true } : {};
}

/** It was detected when monitoring saw it first, unless a person says when. */
function seenFirst(state: IncidentState): IncidentState {
  const { detected } = state.milestones;
  if (state.alerts === undefined || detected?.marked) return state;
  const first = firstAlert(state.alerts);
  const milestone = first && { ...first, precision: 'second' as const, marked: false };
  return { ...state, milestones: { ...state.milestones, detected: milestone } };
}

function retimed(
  state: IncidentState,
  moved: { entry: number; at: string; until: string | null; precision: Milestone['precision'] },
): IncidentState {
  const { entry, at, precision } = moved;
  const milestones = { ...state.milestones };
  for (const mark of MARKS) {
    const held = milestones[mark];
    if (held?.n === entry) milestones[mark] = { ...held, at, precision };
  }
  const opened = state.opened.n === entry ? { ...state.opened, at, precision } : state.opened;
  const { maintenances } = state;
  const list = maintenances?.list.map((one) =>
    one.n === entry ? { ...one, from: at, to: moved.until ?? at } : one,
  );
  return {
    ...state,
    opened,
    milestones,
    ...(maintenances && list && { maintenances: { ...maintenances, list } }),
  };
}

function struck(state: IncidentState, entry: number): IncidentState {
  const milestones: Record<Mark, Milestone | null> = { ...state.milestones };
  for (const mark of MARKS) if (milestones[mark]?.n === entry) milestones[mark] = null;
  const impact = state.impact?.n === entry ? null : state.impact;
  const lastPost = state.lastPost?.n === entry ? null : state.lastPost;
  const { measured, unaffected, publicTitle, maintenances, promised, ...others } = state;
  const spared = unaffected?.filter(({ n }) => n !== entry) ?? [];
  return {
    ...(others.bridge?.n === entry ? bridgeOver(others) : others),
    ...(measured && measured.n !== entry && { measured }),
    ...(publicTitle && publicTitle.n !== entry && { publicTitle }),
    ...(promised && promised.n !== entry && { promised }),
    ...(maintenances && {
      maintenances: { ...maintenances, list: maintenances.list.filter(({ n }) => n !== entry) },
    }),
    ...(spared.length > 0 && { unaffected: spared }),
    ...{ milestones, impact, lastPost },
  };
}

/** Takes over what counts again, as the fact says it; it was found among the entries when the strike was decided. */
function restore(state: IncidentState, fact: Extract<Fact, { type: 'EntryStruck' }>): IncidentState {
  const { restored } = fact.data;
  if (!restored) return state;
  const { status, severity, title, role, components, milestones, post, promised, planned } = restored;
  if (planned) return { ...state, maintenances: plannedAgain(state, fact, planned, components ?? 0) };
  const { promised: _, ...unpromised } = state;
  return {
    ...(status ? withoutAlarm(state) : promised === undefined ? state : unpromised),
    ...(promised && !state.drill && { promised }),
    ...(status && { status: status.status, statusEntry: status.n, ...falseAlarm(status.dismissed) }),
    ...(severity && { severity: severity.severity }),
    ...(title && { title: fact.texts.title ?? ERASED }),
    ...(role && { roles: rolesWith(state.roles, role, fact.texts.person ?? null) }),
    ...(role && state.runs && { runs: rolesChanged(state.runs, role.role, fact.by.id) }),
    ...(components !== undefined && { components: listed(fact, 'component', components) }),
    ...(milestones && { milestones: { ...state.milestones, ...milestones } }),
    ...(post !== undefined && { lastPost: post }),
  };
}

function plannedAgain(
  state: IncidentState,
  fact: Fact,
  planned: NonNullable<Restored['planned']>,
  components: number,
): Maintenances {
  const { count = 0, list = [] } = state.maintenances ?? {};
  const others = list.filter(({ maintenance }) => maintenance !== planned.maintenance);
  const texts = { title: fact.texts.title ?? ERASED, components: listed(fact, 'component', components) };
  const all = [...others, { ...planned, ...texts }].sort((a, b) => a.maintenance - b.maintenance);
  return { count, list: all };
}

function rolesWith(
  roles: Record<string, Person>,
  { role, person }: { role: string; person: string | null },
  name: string | null,
): Record<string, Person> {
  const { [role]: _, ...others } = roles;
  return person === null ? others : { ...others, [role]: { id: person, name } };
}

/** How readings come out of facts: what `rebuild` runs over the whole record. */
export const FOLD = Object.freeze({ unseal, entryOf, amendmentOf, evolve });

// What coming and going means for an incident.

/** Who comes sooner than this has seen the channel being made: there is nothing to catch up on. */
const BEGINNING_MS = 5 * 60_000;

/**
 * Has somebody who came at that moment missed something? Reckoned from the headline, which is posted once the channel stands and
 * its first people are in: Slack may have made the channel long after the incident was opened.
 */
export function cameLate({ headline, status }: IncidentState, at: Date): boolean {
  if (!headline || status === 'resolved') return false;
  return at.getTime() - Number.parseInt(headline.ts, 10) * 1000 > BEGINNING_MS;
}

/** The roles that somebody has, the lead first. */
export function rolesOf({ roles }: Pick<IncidentState, 'roles'>, person: string): string[] {
  const held = Object.keys(roles).filter((role) => roles[role]?.id === person);
  return held.sort((a, b) => Number(b === 'lead') - Number(a === 'lead'));
}

/** Who could take a role over from somebody who has gone, the nearest first: who has another, then who was brought in. */
export function couldFollow({ roles, opener, members }: IncidentState, gone: string): string[] {
  const holders = Object.keys(roles)
    .sort((a, b) => Number(b === 'lead') - Number(a === 'lead'))
    .map((role) => roles[role]?.id ?? '');
  return [...new Set([...holders, opener.id, ...members])].filter((id) => isInSlack(id) && id !== gone);
}
