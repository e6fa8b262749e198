import { createHash } from 'node:crypto';
import type { Intent } from '#domain/incident/intent.js';
import type { IncidentState } from '#domain/incident/state.js';
import { isRefusal } from '#domain/refusal.js';
import { botAsking, scheduleId } from '#domain/words.js';
import type { proposeOf } from '#runbooks/definition/shelf.js';
import type { Schedule } from '#runbooks/schedule.js';
import type { RunWorld } from '#runs/context.js';
import type { DueSchedule, Schedules } from '#store/due/schedules.js';

/** What scheduled work stands on. */
export interface ScheduleWorld
  extends Pick<RunWorld, 'tell' | 'incident' | 'facts' | 'systems' | 'scrub' | 'owe' | 'now' | 'log'> {
  schedules: Schedules;
  openIncidents(team: string): Promise<IncidentState[]>;
  /** @returns the incident in which the request with that key was recorded; null: it never was */
  recordedIn(team: string, key: string): Promise<number | null>;
  propose: ReturnType<typeof proposeOf>;
}

type Asking = Parameters<RunWorld['tell']>[2];

/** @param what names what is asked for: at the same due time it is one thing, however often it is asked for */
export function askingOf(schedule: Schedule, due: DueSchedule, what: string, now: Date): Asking {
  const by = scheduleId(schedule.name);
  return botAsking(due.team, `${by}:${what}`, now, by);
}

/** What was kept with a schedule the last time; nothing, where that cannot be read. */
export function keptWith<T>({ outcome }: Pick<DueSchedule, 'outcome'>): Partial<T> {
  try {
    return (JSON.parse(outcome ?? '{}') ?? {}) as Partial<T>;
  } catch {
    return {};
  }
}

/** @returns since when something has been so. A time that lies ahead was written by a clock that was: it begins now. */
export function sinceWhen(before: string | undefined, now: Date): string {
  return before && Date.parse(before) <= now.getTime() ? before : now.toISOString();
}

export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Opens an incident on the components of a schedule, so that its next attempt waits for people. @returns its number; null: it could not be opened, and the log says why */
export async function openIncident(
  title: string,
  schedule: Pick<Schedule, 'severity' | 'components'> | undefined,
  asking: Asking,
  world: ScheduleWorld,
): Promise<number | null> {
  const { severity = null, components = [] } = schedule ?? {};
  const named = world.scrub.text(title).slice(0, 200);
  const plain = { private: false, drill: false, moment: null };
  const intent: Intent = { type: 'OpenIncident', title: named, severity, components, ...plain };
  const answer = await world.tell(intent, null, asking);
  if (!isRefusal(answer)) return answer.incident;
  world.log.error({ by: asking.by.id, code: answer.code }, answer.sentence);
  return null;
}

/** @returns the incident in which it stands now, noted before included; null: it could not be noted, and the log says why */
export async function note(
  incident: number,
  text: string,
  asking: Asking,
  world: ScheduleWorld,
): Promise<number | null> {
  const intent: Intent = { type: 'RecordNote', moment: null, text: world.scrub.text(text) };
  const answer = await world.tell(intent, incident, asking);
  if (!isRefusal(answer)) return answer.state.number;
  world.log.error({ by: asking.by.id, incident, code: answer.code }, answer.sentence);
  return null;
}

/** What stands in the way of a scheduled rotation. */
interface Trouble {
  /** The schedule, as `scheduleId` names it. */
  by: string;
  /** Absent: the configuration does not have it any more. */
  schedule: Schedule | undefined;
  title: string;
  text: string;
  /** The same key twice is told once. */
  key: string;
}

/** @returns the open incident that this schedule has opened: one for all its troubles, as long as it is open */
export async function openedBy(
  by: string,
  team: string,
  world: Pick<ScheduleWorld, 'openIncidents'>,
): Promise<IncidentState | null> {
  return (await world.openIncidents(team)).find(({ opener }) => opener.id === by) ?? null;
}

/**
 * The standing record has no channel, so what needs a person is told in an incident: a note on the one that this
 * schedule has open, else a new one.
 * @returns its number; null: it could not be told, and the log says why
 */
export async function tellTrouble(
  team: string,
  trouble: Trouble,
  world: ScheduleWorld,
): Promise<number | null> {
  const { by, schedule, title, key } = trouble;
  const open = await openedBy(by, team, world);
  const number =
    open?.number ?? (await openIncident(title, schedule, botAsking(team, key, world.now(), by), world));
  return number === null ? null : tellIn(number, team, trouble, world);
}

/** @returns where it stands now; null: it could not be told, and the log says why */
export function tellIn(
  incident: number,
  team: string,
  { by, text, key }: Pick<Trouble, 'by' | 'text' | 'key'>,
  world: ScheduleWorld,
): Promise<number | null> {
  const short = world.scrub.text(text).slice(0, 2_000);
  return note(incident, short, botAsking(team, noteKey(key), world.now(), by), world);
}

/** Under which the note of that trouble is recorded. */
export const noteKey = (key: string) => `${key}:note`;
