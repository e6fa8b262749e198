import { createHash } from 'node:crypto';
import type { Intent } from '#domain/intent.js';
import { isRefusal } from '#domain/refusal.js';
import type { IncidentState } from '#domain/state.js';
import { laneOf } from '#handle/plan.js';
import type { Keys } from '#runbooks/keystore.js';
import type { Schedule } from '#runbooks/schedule.js';
import type { Fingerprint } from '#runbooks/secret.js';
import type { DueSchedule } from '#store/schedules.js';
import { askingOf, type ScheduleWorld } from './schedule-world.js';

const READ_MS = 20_000;
/** Keys that are named; of more, their number. */
const NAMED = 10;

/** What was found the last time, kept with the schedule. */
interface Found {
  /** Of the difference; null: none. */
  hash: string | null;
  incident: number | null;
}

/**
 * Compares two stores. A difference opens an incident, or is noted on the one that is open; the same difference is
 * told once, its end too.
 * @returns what to keep for the next time
 */
export async function watchDrift(
  schedule: Schedule,
  { from, to }: { from: string; to: string },
  due: DueSchedule,
  world: ScheduleWorld,
): Promise<string> {
  const before = foundBefore(due.outcome);
  const difference = await differenceOf(from, to, world);
  if ('unread' in difference) {
    // A store that cannot be read is no drift; the next look may reach it.
    world.log.warn({ schedule: schedule.name, why: difference.unread }, 'drift could not be looked for');
    return JSON.stringify(before);
  }
  const text = difference.text;
  const hash = text === null ? null : createHash('sha256').update(text).digest('hex');
  const home = await homeOf(schedule, due, before, world);
  if (hash === before.hash && (hash === null || home !== null)) return JSON.stringify(before);
  const note = async (incident: number, sentence: string) => {
    const intent: Intent = { type: 'RecordNote', moment: null, text: sentence };
    const key = `${incident}:${hash ?? 'none'}:${due.dueAt}`;
    await world.tell(intent, incident, askingOf(schedule, due, key, world.now()));
  };
  if (text === null || hash === null) {
    if (home !== null) await note(home, `${to} and ${from} are in step again.`);
    return JSON.stringify({ hash: null, incident: home } satisfies Found);
  }
  const incident =
    home ?? (await opened(schedule, `${to} does not hold the keys of ${from}`, hash, due, world));
  if (incident === null) return JSON.stringify(before);
  await note(incident, text);
  await world.owe(
    { kind: 'run.offer', payload: { runbook: schedule.runbook, inputs: { from, to, ...schedule.inputs } } },
    {
      team: due.team,
      incident,
      lane: laneOf(due.team, incident),
      key: `offer:${schedule.name}:${incident}:${hash}`,
    },
  );
  return JSON.stringify({ hash, incident } satisfies Found);
}

function foundBefore(outcome: string | null): Found {
  try {
    const { hash, incident } = JSON.parse(outcome ?? '{}') as Partial<Found>;
    return { hash: hash ?? null, incident: incident ?? null };
  } catch {
    return { hash: null, incident: null };
  }
}

/** The open incident that this belongs to: the one that it opened, else one on the same component. */
async function homeOf(
  schedule: Schedule,
  due: DueSchedule,
  before: Found,
  world: ScheduleWorld,
): Promise<number | null> {
  const open = await world.openIncidents(due.team);
  const own = open.find(({ number }) => number === before.incident);
  const near = (incident: IncidentState) =>
    incident.components.some((component) => schedule.components.includes(component));
  return own?.number ?? open.find(near)?.number ?? null;
}

async function opened(
  schedule: Schedule,
  title: string,
  hash: string,
  due: DueSchedule,
  world: ScheduleWorld,
): Promise<number | null> {
  const { severity, components } = schedule;
  const intent: Intent = {
    type: 'OpenIncident',
    title,
    severity,
    components,
    private: false,
    drill: false,
    moment: null,
  };
  // The due time is part of the key: the same drift may come back after its incident was resolved.
  const asking = askingOf(schedule, due, `open:${hash}:${due.dueAt}`, world.now());
  const number = await world.open(intent, asking);
  if (!isRefusal(number)) return number;
  world.log.error({ schedule: schedule.name, code: number.code }, number.sentence);
  return null;
}

/** @returns the difference in words, by id and fingerprint; null: there is none */
async function differenceOf(
  from: string,
  to: string,
  { systems }: ScheduleWorld,
): Promise<{ text: string | null } | { unread: string }> {
  let left: Keys;
  let right: Keys;
  try {
    const signal = AbortSignal.timeout(READ_MS);
    [left, right] = await Promise.all([systems.store(from).read(signal), systems.store(to).read(signal)]);
  } catch (error) {
    return { unread: error instanceof Error ? error.message : String(error) };
  }
  const ids = [...left.keys.keys()].sort();
  // What only some of a store's places hold is neither there nor missing.
  const apart = [left, right].flatMap((store) => [...(store.apart?.values() ?? [])].map(({ told }) => told));
  const missing = ids.filter((id) => !right.keys.has(id) && !right.apart?.has(id));
  const differs = [...left.keys]
    .flatMap(([id, key]) => (right.keys.get(id)?.equals(key) === false ? [id] : []))
    .sort();
  const parts = [
    ...(missing.length > 0 ? [`${to} lacks ${named(missing, left, systems.fingerprint)}`] : []),
    ...(differs.length > 0
      ? [`${to} has another value under ${named(differs, left, systems.fingerprint)}`]
      : []),
  ];
  const differing = parts.length > 0 ? [`${parts.join('; ')} of ${from}`] : [];
  const all = [...differing, ...apart.slice(0, NAMED)];
  return { text: all.length === 0 ? null : `Drift: ${all.join('; ')}.` };
}

function named(ids: string[], { keys }: Keys, fingerprint: Fingerprint): string {
  const shown = ids.slice(0, NAMED).map((id) => {
    const key = keys.get(id);
    return key ? `${id} (${fingerprint(key)})` : id;
  });
  const more = ids.length > NAMED ? ` and ${ids.length - NAMED} more` : '';
  return `${shown.join(', ')}${more}`;
}
