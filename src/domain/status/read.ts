import { ERASED } from '../incident/entry.js';
import { POST_STATES, refOf, STANDING, toSeconds } from '../words.js';
import { historyOf, lastDays } from './history.js';
import {
  COMPONENT_STATES,
  type ComponentState,
  MAINTENANCE_STATES,
  type MaintenanceState,
  type Overall,
  type PublicComponent,
  type PublicImpact,
  type PublicIncident,
  type PublicMaintenance,
  type PublicPage,
  type PublicPost,
} from './page.js';
import {
  Course,
  type Heard,
  inOrder,
  isPlan,
  momentOf,
  type PublicEntry,
  recordedAt,
  seconds,
  type Told,
  Track,
  worse,
} from './track.js';

/** The entries of an incident that is no drill, struck and erased ones too. Those that the public has no part in are passed over. */
export interface PublicRecord {
  readonly incident: number;
  readonly private: boolean;
  readonly entries: readonly PublicEntry[];
}

/** A component as tocsin.yml has it. `since`: from when on it was watched (UTC, ISO 8601); null: not known. */
export interface KnownComponent {
  readonly name: string;
  readonly group: string | null;
  readonly description: string | null;
  readonly since: string | null;
}

interface How {
  /** The page's: its days are those of the calendar there. */
  readonly zone: string;
  readonly now: Date;
  /** Makes a name of ours (`INC-7`, `INC-7#12`, `component:NAME`) 12 lower-case letters and digits that nobody can take back. */
  readonly idOf: (of: string) => string;
  /** Posts from before there was a page are on it too. */
  readonly earlier?: boolean;
}

/**
 * Everything that the public may know, made of what was recorded. Pure; the order of `records` does not matter.
 *
 * Each incident, and each planned work, says by itself how a component is from moment to moment, by happened time; what is
 * shown is the worst of it. A struck entry says nothing.
 * @param known the components of tocsin.yml, in its order. Others that were published once are listed where it names none, and
 *   else while something that goes on names them
 */
export function publicPage(
  records: readonly PublicRecord[],
  known: readonly KnownComponent[],
  how: How,
): PublicPage {
  const at = toSeconds(how.now);
  const reading: Reading = { ...how, ms: Date.parse(at), components: new Map(), updatedAt: null };
  const incidents: PublicIncident[] = [];
  const maintenances: PublicMaintenance[] = [];
  for (const record of records) {
    if (record.incident === STANDING) readStanding(record.entries, reading, incidents, maintenances);
    else {
      const id = reading.idOf(refOf(record.incident));
      const ref = record.private ? id : refOf(record.incident);
      const entries = record.entries.filter((one) => isOnPage(one, reading));
      const incident = incidentOf({ incident: record.incident, id, ref, entries }, reading);
      if (incident) incidents.push(incident);
    }
  }
  incidents.sort(newestFirst((one) => `${one.startedAt} ${one.createdAt} ${one.id}`));
  maintenances.sort(newestFirst((one) => `${one.from} ${one.createdAt} ${one.id}`));
  const goesOn = new Set([
    ...incidents.flatMap(({ over, components }) => (over ? [] : components.map(({ name }) => name))),
    ...maintenances.flatMap(({ state, components }) => (state === 'in_progress' ? components : [])),
  ]);
  const all = known.length === 0;
  const components = componentsOf(known, reading, (name) => all || goesOn.has(name));
  const overall = overallOf(components, incidents);
  return { at, updatedAt: reading.updatedAt, overall, components, incidents, maintenances };
}

/** What is known while the records are read one after the other. */
interface Reading extends How {
  /** Now, in whole seconds. */
  readonly ms: number;
  readonly components: Map<string, Heard>;
  updatedAt: string | null;
}

function isOnPage({ kind, detail }: PublicEntry, { earlier = false }: Reading): boolean {
  if (kind === 'component') return detail.state !== undefined;
  return kind === 'post' && (earlier || detail.components !== undefined);
}

/** The standing record is no incident: it holds planned work, and what another status page told of. */
function readStanding(
  entries: readonly PublicEntry[],
  reading: Reading,
  incidents: PublicIncident[],
  maintenances: PublicMaintenance[],
): void {
  const posts = entries.filter(({ kind }) => kind === 'post');
  for (const [ref, of] of grouped(posts, ({ detail }) => detail.maintenance)) {
    const maintenance = maintenanceOf(ref, of, reading);
    if (maintenance) maintenances.push(maintenance);
  }
  for (const [external, of] of grouped(posts, ({ detail }) => detail.imported)) {
    const id = reading.idOf(`imported:${external}`);
    const ref = addressOf(external, id);
    const incident = incidentOf({ incident: STANDING, id, ref, entries: of }, reading);
    if (incident) incidents.push(incident);
  }
  // Without a post it is nothing to read, so neither id nor address is asked for.
  const others = entries.filter((one) => one.kind === 'component' && isOnPage(one, reading));
  incidentOf({ incident: STANDING, id: '', ref: '', entries: others }, reading);
}

function grouped(entries: readonly PublicEntry[], by: (entry: PublicEntry) => string | undefined) {
  const groups = new Map<string, PublicEntry[]>();
  for (const entry of entries) {
    const key = by(entry);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group) group.push(entry);
    else groups.set(key, [entry]);
  }
  return groups;
}

// -- one incident --

interface Source {
  readonly incident: number;
  readonly id: string;
  readonly ref: string;
  readonly entries: readonly PublicEntry[];
}

/** @returns null: nothing was posted, so there is nothing to read; what it says of components counts all the same */
function incidentOf({ incident, id, ref, entries }: Source, reading: Reading): PublicIncident | null {
  const all = inOrder(entries, reading.ms);
  const standing = all.filter(({ entry }) => !entry.struck);
  const track = new Track(reading.components, reading.ms);
  const course = new Course();
  const posts: PublicPost[] = [];
  for (const told of all) {
    const { entry } = told;
    const { kind, detail, struck } = entry;
    if (kind === 'component') {
      const state = oneOf(COMPONENT_STATES, detail.state);
      if (!struck && state && entry.text !== null) track.set(entry.text, state, told);
      continue;
    }
    // One that a newer version of ours may know.
    const state = oneOf(POST_STATES, detail.state);
    if (!state) continue;
    const says = new Map<string, PublicPost['components'][number]>();
    if (!struck) {
      const ends = course.goOn(state, told);
      for (const { name, to } of namedIn(entry)) {
        const from = track.name(name, told);
        says.set(name, { name, from, to: to ?? says.get(name)?.to ?? null });
      }
      for (const { name, to } of says.values()) if (to) track.set(name, to, told);
      // What it says nothing else of, it ends for.
      const ended = ends ? track.states().filter(({ name }) => !says.get(name)?.to) : [];
      for (const { name, state: from } of ended) {
        if (from === 'operational' && !says.has(name)) continue;
        says.set(name, { name, from, to: 'operational' });
        track.end(name, told);
      }
    }
    posts.push(postOf(incident, told, state, [...says.values()], reading));
  }
  const updatedAt = seen(entries, reading);
  if (posts.length === 0 || updatedAt === null) return null;
  const newest = posts.findLast(({ withdrawnAt }) => withdrawnAt === null);
  // Where everything was withdrawn, nothing was the matter.
  if (newest) track.touch(ref, course.stretches());
  const over = !newest || course.over;
  return {
    ...{ id, ref, title: titleOf(standing), state: course.state ?? 'resolved', over },
    impact: newest ? impactOf(track, over) : 'none',
    startedAt: (standing.length > 0 ? standing : all)[0]?.at ?? updatedAt,
    updatedAt,
    createdAt: entries.map(recordedAt).sort()[0] ?? updatedAt,
    ...{ monitoringAt: course.monitoringAt, resolvedAt: over ? course.resolvedAt : null },
    nextBy: over ? null : (newest?.nextBy ?? null),
    components: track.states().map(({ name, worst, now }) => ({ name, worst: worst ?? now, state: now })),
    posts: posts.reverse(),
  };
}

const IMPACT: Readonly<Record<ComponentState, PublicImpact>> = {
  operational: 'none',
  maintenance: 'none',
  degraded: 'minor',
  partial: 'major',
  major: 'critical',
};

/** An incident that nobody has explained yet is not nothing. */
function impactOf(track: Track, over: boolean): PublicImpact {
  const said = track.states().flatMap(({ worst }) => worst ?? []);
  if (said.length === 0) return over ? 'none' : 'minor';
  return IMPACT[said.reduce(worse)];
}

/** The newest by recording: what it is called now, whichever moment that was said of. */
function titleOf(standing: readonly Told[]): string | null {
  const titled = standing.filter(({ entry }) => entry.detail.title);
  const newest = titled.reduce<Told | null>((a, b) => (a && a.entry.n > b.entry.n ? a : b), null);
  return newest?.entry.detail.title ?? null;
}

function postOf(
  incident: number,
  { entry, at, recorded }: Told,
  state: PublicPost['state'],
  components: PublicPost['components'],
  { idOf }: Reading,
): PublicPost {
  const { n, precision, editedAt, text, struck, erased, detail } = entry;
  const edited = editedAt && seconds(editedAt);
  return {
    id: idOf(`${refOf(incident)}#${n}`),
    n,
    state,
    at,
    precision,
    recordedAt: recorded,
    text: struck || erased ? null : text,
    correctedAt: struck ? null : edited,
    withdrawnAt: struck ? (edited ?? recorded) : null,
    nextBy: struck ? null : (detail.next ?? null),
    components,
  };
}

/** @returns what a post says of components; null: it names one, and no state. A name that was erased is none. */
function namedIn({ detail }: PublicEntry): Array<{ name: string; to: ComponentState | null }> {
  const { components = [], states = [] } = detail;
  return components
    .map((name, i) => ({ name, to: oneOf(COMPONENT_STATES, states[i]) }))
    .filter(({ name }) => name !== ERASED);
}

// -- planned work --

function maintenanceOf(
  ref: string,
  entries: readonly PublicEntry[],
  reading: Reading,
): PublicMaintenance | null {
  const plan = entries.find(isPlan);
  const updatedAt = seen(entries, reading);
  if (!plan || updatedAt === null) return null;
  const all = inOrder(entries, reading.ms);
  const planned = plan.struck ? [] : namedIn(plan).map(({ name }) => name);
  const track = new Track(reading.components, reading.ms);
  const posts: PublicPost[] = [];
  let state: MaintenanceState = 'scheduled';
  let startedAt: string | null = null;
  let endedAt: string | null = null;
  for (const told of all) {
    const { entry, at } = told;
    const says: Array<PublicPost['components'][number]> = [];
    const posted = oneOf(MAINTENANCE_STATES, entry.detail.state);
    if (!posted) continue;
    if (!entry.struck) {
      const over = posted === 'completed' || posted === 'cancelled';
      for (const name of planned) {
        const from = track.name(name, told);
        const ends = over && from === 'maintenance';
        const to = posted === 'in_progress' ? 'maintenance' : ends ? 'operational' : null;
        if (to) track.set(name, to, told);
        says.push({ name, from, to });
      }
      // The plan may have been recorded when the work had begun, or was over.
      if (entry !== plan) {
        state = posted;
        if (posted === 'in_progress') startedAt ??= at;
        endedAt = over ? (endedAt ?? at) : null;
      }
    }
    const post = postOf(STANDING, told, posted, says, reading);
    posts.push(entry === plan ? { ...post, precision: 'second' } : post);
  }
  track.touch(ref, []);
  if (plan.struck && state !== 'completed') state = 'cancelled';
  return {
    ...{ id: reading.idOf(ref), ref, state, startedAt, endedAt, updatedAt },
    title: titleOf(all.filter(({ entry }) => !entry.struck)) ?? ref,
    from: momentOf(plan, plan.at),
    to: momentOf(plan, plan.until ?? plan.at),
    createdAt: entries.map(recordedAt).sort()[0] ?? updatedAt,
    components: planned,
    posts: posts.reverse(),
  };
}

// -- components --

/** @param shows whether one that is not known is listed */
function componentsOf(
  known: readonly KnownComponent[],
  reading: Reading,
  shows: (name: string) => boolean,
): PublicComponent[] {
  const { components, zone, ms: now, idOf } = reading;
  const days = lastDays(zone, now);
  const listed = new Map<string, KnownComponent>();
  for (const one of known) if (!listed.has(one.name)) listed.set(one.name, one);
  const others = [...components.keys()].filter((name) => !listed.has(name)).sort();
  for (const name of others) listed.set(name, { name, group: null, description: null, since: null });
  const all = [...listed.values()].map((one) => {
    const heard = components.get(one.name);
    const since = one.since === null ? Number.POSITIVE_INFINITY : wholeSeconds(Date.parse(one.since));
    const met = heard ? Math.min(since, Date.parse(heard.recorded)) : since;
    return { ...one, id: idOf(`component:${one.name}`), heard, since, met };
  });
  // Also of those that are not listed now: nothing else takes over their addresses.
  const slugs = slugsOf(all);
  const names = new Set(known.map(({ name }) => name));
  const shown = all.filter(({ name }) => names.has(name) || shows(name));
  return shown.map(({ id, name, group, description, heard, since }) => {
    const first = Math.min(since, heard?.first ?? Number.POSITIVE_INFINITY);
    const knownFrom = first === Number.POSITIVE_INFINITY ? now : first;
    const history = historyOf(heard ?? { changes: [], touches: [] }, { knownFrom, now, days });
    return {
      ...{ id, name, slug: slugs.get(name) ?? id, group, description },
      state: history.state,
      stateSince: heard?.said ? iso(history.since) : null,
      knownFrom: iso(knownFrom),
      ...{ days: history.days, uptime: history.uptime },
    };
  });
}

/**
 * Addresses outlive a page: of two components with one address the one that we met first keeps it, and the other has part of
 * its id behind it, whatever their order in tocsin.yml is.
 */
function slugsOf(all: ReadonlyArray<{ name: string; id: string; met: number }>): Map<string, string> {
  const taken = new Set<string>();
  const slugs = new Map<string, string>();
  const byAge = [...all].sort((a, b) => (a.met === b.met ? (a.name < b.name ? -1 : 1) : a.met - b.met));
  for (const { name, id } of byAge) {
    const plain = slugOf(name);
    const slug = [plain, `${plain}-${id.slice(0, 6)}`].find((one) => isFree(one) && !taken.has(one)) ?? id;
    taken.add(slug);
    slugs.set(name, slug);
  }
  return slugs;
}

/** Neither nothing, nor what a folder shows by itself. */
function isFree(slug: string): boolean {
  return /^[a-z0-9]/.test(slug) && slug !== 'index';
}

const LONGEST_SLUG = 60;

/** @returns `text-to-speech-developer-api`; empty where there is no Latin letter and no digit in it */
function slugOf(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase();
  return plain
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, LONGEST_SLUG)
    .replace(/-$/, '');
}

/** Of an incident on another page: its id there, where that can be an address and is none of ours. */
function addressOf(external: string, id: string): string {
  const asItIs =
    /^[a-z0-9][a-z0-9_-]{0,63}$/.test(external) && isFree(external) && !/^(inc|mnt)-/.test(external);
  return asItIs ? external : `${slugOf(external)}-${id}`.replace(/^-/, '');
}

function overallOf(components: readonly PublicComponent[], incidents: readonly PublicIncident[]): Overall {
  const worst = components.reduce<ComponentState>((so, { state }) => worse(so, state), 'operational');
  if (worst !== 'operational' && worst !== 'maintenance') return { kind: worst, indicator: IMPACT[worst] };
  // What was planned does not hide what was not.
  if (incidents.some(({ over }) => !over)) return { kind: 'incident', indicator: 'minor' };
  return worst === 'maintenance'
    ? { kind: worst, indicator: worst }
    : { kind: 'operational', indicator: 'none' };
}

// -- small things --

function oneOf<T extends string>(words: readonly T[], word: string | null | undefined): T | null {
  return words.find((one) => one === word) ?? null;
}

/** @returns the newest thing in those entries, which the page has changed with; null: there are none */
function seen(entries: readonly PublicEntry[], reading: Reading): string | null {
  const times = entries.flatMap((one) => [recordedAt(one), ...(one.editedAt ? [seconds(one.editedAt)] : [])]);
  const newest = times.sort().at(-1) ?? null;
  if (newest !== null && (reading.updatedAt ?? '') < newest) reading.updatedAt = newest;
  return newest;
}

function newestFirst<T>(key: (one: T) => string): (a: T, b: T) => number {
  return (a, b) => (key(a) < key(b) ? 1 : -1);
}

const wholeSeconds = (ms: number): number => Math.floor(ms / 1000) * 1000;
const iso = (ms: number): string => toSeconds(new Date(ms));
