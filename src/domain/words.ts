/** The closed vocabularies of an incident. Their order is the order in which people are offered them. */
export const SEVERITIES = ['sev1', 'sev2', 'sev3', 'sev4'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** How the bot lost an incident's channel: it was taken out, or not let see it any more, or the channel is in the archive. */
export const LOSSES = ['removed', 'archived', 'gone'] as const;
export type Loss = (typeof LOSSES)[number];

export const STATUSES = ['investigating', 'identified', 'monitoring', 'resolved'] as const;
export type Status = (typeof STATUSES)[number];

/** States of a public status post: the statuses and, after the end, the postmortem. */
export const POST_STATES = [...STATUSES, 'postmortem'] as const;
export type PostState = (typeof POST_STATES)[number];

/** Milestones that people mark; `opened` is always known. */
export const MARKS = ['started', 'detected', 'mitigated', 'resolved'] as const;
export type Mark = (typeof MARKS)[number];

export type EntryKind =
  | 'opened'
  | 'note'
  | 'message'
  | 'status'
  | 'severity'
  | 'role'
  | 'title'
  | 'milestone'
  | 'component'
  | 'impact'
  | 'cause'
  | 'action'
  | 'post'
  | 'run'
  | 'step'
  | 'alert'
  | 'link'
  | 'bridge'
  | 'page';

/**
 * How something that we depend on is. `degraded`: it works, but not as it should; `refusing`: it answers, and does not do
 * what it is asked; `away`: it does not answer.
 */
type State = 'ok' | 'degraded' | 'refusing' | 'away';

/** A state, with what people need to know of it: `reason` completes “the database is away: …”, `fix` is what to do. */
export interface Condition {
  state: State;
  reason?: string;
  fix?: string;
}

/** Where a fact came in. `bot` is Tocsin itself, when it pays what it owes; `alerts` is monitoring, as the rules of tocsin.yml let it. */
export const SOURCES = ['slack', 'cli', 'api', 'bot', 'alerts'] as const;
export type Source = (typeof SOURCES)[number];

/** How exactly a time was given: what was typed, never more. */
export const PRECISIONS = ['second', 'minute', 'approx', 'date'] as const;
export type Precision = (typeof PRECISIONS)[number];

/**
 * When something happened. `at` and `until` are UTC, ISO 8601 with `Z` and whole seconds
 * (`2024-11-10T01:41:00Z`); `until` is set for a range. With precision `date` the time of day means nothing.
 */
export interface Moment {
  readonly at: string;
  readonly until: string | null;
  readonly precision: Precision;
}

/** @returns the instant as UTC ISO 8601 with whole seconds and `Z`: the form in which happened-times are kept. */
export function toSeconds(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}

/** The record is read in many zones: a time inside a sentence says its own, and its day where that is another one than beside it. */
export function minuteText(at: string, beside: string): string {
  const sameDay = at.slice(0, 10) === beside.slice(0, 10);
  return `${at.slice(sameDay ? 11 : 0, 16).replace('T', ' ')} UTC`;
}

/** @returns the moment of something that happens now. */
export function momentNow(now: Date): Moment {
  return { at: toSeconds(now), until: null, precision: 'second' };
}

export interface Happened extends Moment {
  /** Number of the timeline entry, given once. */
  readonly n: number;
}

/** What a new timeline entry begins with: its number, the `offset`-th after those of the incident, and when it happened. */
export function happened(
  { entries }: { entries: number },
  { now }: { now: Date },
  moment: Moment | null,
  offset = 0,
): Happened {
  const { at, until, precision } = moment ?? momentNow(now);
  return { n: entries + 1 + offset, at, until, precision };
}

/**
 * The standing record of a workspace: what Tocsin does by itself, outside of any incident (scheduled rotations). It
 * reads like an incident and is none: it has no channel, is never open, and no list shows it.
 */
export const STANDING = 0;

/** @returns the name under which people know an incident. */
export function refOf(incident: number): string {
  return `INC-${incident}`;
}

/** @returns the number in `INC-7`, `inc-7`, or null for anything else. */
export function numberOf(ref: string): number | null {
  const match = /^inc-(0|[1-9][0-9]{0,8})$/i.exec(ref);
  return match ? Number(match[1]) : null;
}

/** @returns the name under which people know a run. */
export function runRef(run: number): string {
  return `RUN-${run}`;
}

/** @returns the name under which people know planned work. */
export function maintenanceRef(maintenance: number): string {
  return `MNT-${maintenance}`;
}

/** @returns the number in `MNT-3`, `mnt-3`, or null for anything else. */
export function maintenanceNumberOf(word: string): number | null {
  const match = /^mnt-([1-9][0-9]{0,5})$/i.exec(word);
  return match ? Number(match[1]) : null;
}

/** @returns the number in `RUN-3`, `run-3` or `3`, or null for anything else. */
export function runNumberOf(word: string): number | null {
  const match = /^(?:run-)?([1-9][0-9]{0,5})$/i.exec(word);
  return match ? Number(match[1]) : null;
}

/**
 * Somebody who acts: a Slack user (`U…`), `cli:<OS user>`, `token:<NAME>`, or `tocsin` itself.
 * `name` is the one known at that moment, or null.
 */
export interface Person {
  readonly id: string;
  readonly name: string | null;
}

/**
 * What kind of account somebody has in our workspace. `guest`: invited into one or several channels only; `outside`: of
 * another workspace, met in a shared channel. A deactivated account keeps its kind.
 */
const PERSON_KINDS = ['member', 'guest', 'outside', 'bot'] as const;
export type PersonKind = (typeof PERSON_KINDS)[number];

/** What somebody may be taken for: `gone` is deactivated, `unknown` is whom Slack has not described yet. */
export type Account = PersonKind | 'gone' | 'unknown';

/** @param person as they were last heard of; null: never */
export function accountOf(person: { deleted: boolean; kind?: PersonKind | null } | null): Account {
  if (!person) return 'unknown';
  return person.deleted ? 'gone' : (person.kind ?? 'unknown');
}

/** How somebody is named in the record: whoever reads it later must see that a person was not one of ours. */
export function nameInRecord({ name, kind }: { name: string; kind: PersonKind | null }): string {
  return kind === 'outside' ? `${name} (outside)` : name;
}

/** Somebody as typed: a mention has the id, a bare `@name` only the name. Resolved to a Person before deciding. */
export interface PersonRef {
  readonly id: string | null;
  readonly name: string | null;
}

/** `S…` is a user group of Slack: it may be invited, and is nobody who could lead, own or act. */
export function isGroup(id: string | null): boolean {
  return id !== null && /^S[A-Z0-9]+$/.test(id);
}

/** Somebody whom Slack knows; a program or a command line is nobody there. */
export function isInSlack(id: string): boolean {
  return /^[UW][A-Z0-9]+$/.test(id);
}

/** What a reader is shown: the name that was known, else the id. */
export function personLabel(person: { id: string; name: string | null }): string {
  const source = sourceOf(person.id);
  const own = isTracker(person.id) ? `${person.id.slice(TRACKER.length)} (tracker)` : person.id;
  return person.name ?? (source === null ? own : `${source} (alerts)`);
}

/** How a schedule of tocsin.yml is named where it acts; people, machines and tokens have other beginnings. */
export function scheduleId(name: string): string {
  return `schedule:${name}`;
}

/** Who asks, where nobody does: the bot itself, or a schedule by its `scheduleId`. */
export function botAsking(team: string, key: string | null, now: Date, id = 'tocsin') {
  return { team, by: { id, name: null }, source: 'bot' as const, key, now, seesPrivate: true };
}

/** Trackers that an action item may be filed in. */
export const TRACKERS = ['github', 'jira'] as const;
export type TrackerKind = (typeof TRACKERS)[number];

const TRACKER = 'tracker:';

/** Who acts where a tracker says that something happened to a ticket. */
export function trackerId(kind: TrackerKind): string {
  return `${TRACKER}${kind}`;
}

/** Did a tracker say so? What it says is not said to it again. */
export function isTracker(id: string): boolean {
  return id.startsWith(TRACKER);
}

/** Who asks where monitoring speaks: a source of `alerts.sources` in tocsin.yml, by its name. */
export function alertsAsking(team: string, source: string, key: string | null, now: Date) {
  const by = { id: `${ALERTS}${source}`, name: null };
  return { team, by, source: 'alerts' as const, key, now, seesPrivate: true };
}

const ALERTS = 'alerts:';

/** @returns the source of alerts that acts under that id; null: it is none */
export function sourceOf(id: string): string | null {
  return id.startsWith(ALERTS) ? id.slice(ALERTS.length) : null;
}

export function isScheduled(id: string): boolean {
  return id.startsWith('schedule:');
}
