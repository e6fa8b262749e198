import { laneOf } from '#domain/incident/effect.js';
import type { IncidentState } from '#domain/incident/state.js';
import { scheduleId } from '#domain/words.js';
import { diff, type KeyDiff } from '#runbooks/actions/key-diff.js';
import type { Keys } from '#runbooks/keystores/keystore.js';
import type { Schedule } from '#runbooks/schedule.js';
import type { Fingerprint } from '#runbooks/secret.js';
import type { DueSchedule } from '#store/due/schedules.js';
import { askingOf, digest, keptWith, note, openIncident, type ScheduleWorld, sinceWhen } from './world.js';

/** What was found the last time, kept with the schedule. */
interface Found {
  /** Of the difference; null: none. */
  hash: string | null;
  /** Where that was told. */
  incident: number | null;
  /** Since when a store cannot be read; null: both were. */
  unread: Unread | null;
}

/**
 * Compares two stores. A difference opens an incident, or is noted on the one that is open; the same difference is
 * told once, its end too. When the incident that heard of it is no longer open, it is told anew.
 * @returns what to keep for the next time
 */
export async function watchDrift(
  schedule: Schedule,
  { from, to }: { from: string; to: string },
  due: DueSchedule,
  world: ScheduleWorld,
): Promise<string> {
  const watching: Watching = { schedule, due, world, from, to };
  const { hash = null, incident = null, unread = null } = keptWith<Found>(due);
  const before: Found = { hash, incident, unread };
  const difference = await differenceOf(watching);
  if ('unread' in difference) {
    // A store that cannot be read is no drift, and does not end one.
    world.log.warn({ schedule: schedule.name, why: difference.unread }, 'drift could not be looked for');
    const unread = await stillUnread(before.unread, difference.unread, before.incident, watching);
    return kept({ ...before, unread });
  }
  await readAgain(before.unread, watching);
  const { found } = difference;
  const home = await homeOf(before.incident, watching);
  if (found === null) {
    // Who never heard of the drift need not hear of its end.
    if (before.hash !== null && home !== null && home === before.incident)
      await noted(home, `${to} and ${from} are in step again.`, 'none', watching);
    return kept({ ...before, hash: null, unread: null });
  }
  const seen = digest(found.text);
  if (seen === before.hash && home !== null && home === before.incident)
    return kept({ ...before, unread: null });
  const there = home ?? (await opened(found.title, seen, watching));
  // What could not be told is tried again the next time.
  if (there === null || !(await noted(there, found.text, seen, watching)))
    return kept({ ...before, unread: null });
  if (found.offered) await offer(there, seen, watching);
  return kept({ hash: seen, incident: there, unread: null });
}

async function offer(incident: number, hash: string, watching: Watching): Promise<void> {
  const { schedule, due, world, from, to } = watching;
  await world.owe(
    { kind: 'run.offer', payload: { runbook: schedule.runbook, inputs: { from, to, ...schedule.inputs } } },
    {
      team: due.team,
      incident,
      lane: laneOf(due.team, incident),
      // The due time is part of the key: the same drift may come back.
      key: `offer:${schedule.name}:${incident}:${hash}:${due.dueAt}`,
    },
  );
}

const kept = (found: Found) => JSON.stringify(found);

const READ_MS = 20_000;
/** Keys that are named; of more, their number. */
const NAMED = 10;
/** What this one refuses is known; of another, its author knows what it can mend. */
const BUILT_IN = 'key-sync';

/** In words, by id and fingerprint. */
interface Difference {
  title: string;
  text: string;
  /** Can the runbook of the watch mend it? */
  offered: boolean;
}

/** @returns how the stores differ, null: not at all; or why that cannot be told */
async function differenceOf(watching: Watching): Promise<{ found: Difference | null } | { unread: string }> {
  const { schedule, world, from, to } = watching;
  const { systems } = world;
  const signal = AbortSignal.timeout(READ_MS);
  let found: KeyDiff;
  try {
    const context = { ...systems, signal, key: schedule.name, written: {}, now: () => world.now() };
    found = await diff(from, to, context);
  } catch (error) {
    return { unread: world.scrub.text(error instanceof Error ? error.message : String(error)) };
  }
  const empty = found.from.keys.size === 0 && !found.from.apart?.size;
  // Whatever `to` holds would do, and nothing would be proven: `from` was emptied, or is another place than was meant.
  const told = empty ? [nothingIn(from, found.from)] : differing(found, watching);
  if (told.length === 0) return { found: null };
  const cannot = schedule.runbook === BUILT_IN ? refusals(found, watching, empty) : [];
  const advice = cannot.length > 0 ? ` \`${BUILT_IN}\` cannot mend this: ${cannot.join('; ')}.` : '';
  return {
    found: {
      title: empty ? `${from} holds no keys` : `${to} does not hold the keys of ${from}`,
      text: `Drift: ${told.join('; ')}.${advice}`,
      offered: cannot.length === 0,
    },
  };
}

function nothingIn(from: string, { note }: Keys): string {
  return `${from} holds no keys${note ? ` (${note})` : ''}, so that nothing can be compared with it`;
}

function differing({ from: left, to: right, ...found }: KeyDiff, { world, from, to }: Watching): string[] {
  const { fingerprint } = world.systems;
  // What only some of a store's places hold is neither there nor missing.
  const missing = found.missing.filter((id) => !right.apart?.has(id));
  const lacked = listed(missing, (id) => `${id} (${print(id, left, fingerprint)})`);
  const others = listed(
    found.mismatched,
    (id) => `${id} (${print(id, left, fingerprint)} in ${from}, ${print(id, right, fingerprint)} in ${to})`,
  );
  return [
    ...(missing.length > 0 ? [`${to} lacks ${lacked} of ${from}`] : []),
    ...(found.mismatched.length > 0 ? [`${to} has another value under ${others}`] : []),
    ...found.disagreeing.slice(0, NAMED).map(({ told }) => told),
  ];
}

/** @returns why the built-in runbook would refuse to plan it, or fail, and what a person does instead */
function refusals({ mismatched, disagreeing }: KeyDiff, { from }: Watching, empty: boolean): string[] {
  if (empty) return [`put the keys of ${from} back, or name another store in the schedule`];
  return [
    ...(mismatched.length > 0
      ? [
          `it overwrites nothing, so put the right key under ${listed(mismatched)} by hand, or replace it everywhere with \`key-rotate\``,
        ]
      : []),
    ...(disagreeing.some(({ mendable }) => !mendable) ? ['make the places agree by hand first'] : []),
  ];
}

function listed(ids: readonly string[], name: (id: string) => string = (id) => id): string {
  const more = ids.length > NAMED ? ` and ${ids.length - NAMED} more` : '';
  return `${ids.slice(0, NAMED).map(name).join(', ')}${more}`;
}

function print(id: string, { keys }: Keys, fingerprint: Fingerprint): string {
  const key = keys.get(id);
  return key ? fingerprint(key) : 'no key';
}

/** A watch that is due, with what it stands on. */
interface Watching {
  schedule: Schedule;
  due: DueSchedule;
  world: ScheduleWorld;
  from: string;
  to: string;
}

/**
 * The open incident that a drift belongs to: the one that heard of it, else one that this watch opened, else one on the
 * same component. Never a drill or a private one: there, those who must mend it would not see it.
 * @param told the one that heard of it
 */
async function homeOf(told: number | null, { schedule, due, world }: Watching): Promise<number | null> {
  const open = (await world.openIncidents(due.team)).filter(
    (incident) => !incident.drill && !incident.private,
  );
  const own = ({ opener }: IncidentState) => opener.id === scheduleId(schedule.name);
  const near = ({ components }: IncidentState) =>
    components.some((component) => schedule.components.includes(component));
  const home = open.find(({ number }) => number === told) ?? open.find(own) ?? open.find(near);
  return home?.number ?? null;
}

/** Under which something is told. The due time is part of it: the same drift may come back after its incident was resolved. */
function asking(what: string, { schedule, due, world }: Watching) {
  return askingOf(schedule, due, `${what}:${due.dueAt}`, world.now());
}

/** @param what names what it is about. @returns its number; null: it could not be opened */
function opened(title: string, what: string, watching: Watching): Promise<number | null> {
  return openIncident(title, watching.schedule, asking(`open:${what}`, watching), watching.world);
}

/** @param what names what it is about. @returns whether it stands there now */
async function noted(incident: number, text: string, what: string, watching: Watching): Promise<boolean> {
  return (await note(incident, text, asking(`${incident}:${what}`, watching), watching.world)) !== null;
}

// A restart of a store, or a network that was away for a moment, is nobody's affair.
const MISSES = 3;
const FOR_MS = 5 * 60_000;

/** How long a watch has been blind, kept with the schedule: a restart of the bot does not begin anew. */
interface Unread {
  /** Of the first look that failed. ISO 8601, UTC. */
  since: string;
  misses: number;
  /** Where that was told; null: nowhere yet. */
  incident: number | null;
}

/**
 * Counts a look that failed. A watch that stays blind says so once: silence would pass for stores that are in step.
 * @param drift where a drift was told, and this belongs too
 */
async function stillUnread(
  before: Unread | null,
  why: string,
  drift: number | null,
  watching: Watching,
): Promise<Unread> {
  const { world, from, to } = watching;
  const now = world.now();
  const { misses, incident } = before ?? { misses: 0, incident: null };
  const since = sinceWhen(before?.since, now);
  const unread: Unread = { since, misses: misses + 1, incident };
  if (unread.misses < MISSES || now.getTime() - Date.parse(since) < FOR_MS) return unread;
  const home = await homeOf(incident ?? drift, watching);
  if (home !== null && home === incident) return unread;
  const there =
    home ?? (await opened(`Drift between ${from} and ${to} is not being looked for`, 'unread', watching));
  if (there === null) return unread;
  const minute = `${since.slice(0, 16).replace('T', ' ')} UTC`;
  const text = `Drift between ${from} and ${to} has not been looked for since ${minute}: ${why}.`;
  return (await noted(there, text, 'unread', watching)) ? { ...unread, incident: there } : unread;
}

/** Tells it where it was told that they could not be read, as long as that is open. */
async function readAgain(before: Unread | null, watching: Watching): Promise<void> {
  const told = before?.incident ?? null;
  if (told === null || (await homeOf(told, watching)) !== told) return;
  const { from, to } = watching;
  await noted(told, `Drift between ${from} and ${to} is looked for again.`, 'read', watching);
}
