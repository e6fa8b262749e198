import type { Intent } from '#domain/intent.js';
import { scheduleId } from '#domain/person.js';
import { isRefusal } from '#domain/refusal.js';
import type { IncidentState } from '#domain/state.js';
import type { Schedule } from '#runbooks/schedule.js';
import type { DueSchedule } from '#store/schedules.js';
import { askingOf, type ScheduleWorld } from './schedule-world.js';

/** A watch that is due, with what it stands on. */
export interface Watching {
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
export async function homeOf(
  told: number | null,
  { schedule, due, world }: Watching,
): Promise<number | null> {
  const open = (await world.openIncidents(due.team)).filter(
    (incident) => !incident.drill && !incident.private,
  );
  const own = ({ opener }: IncidentState) => opener.id === scheduleId(schedule.name);
  const near = ({ components }: IncidentState) =>
    components.some((component) => schedule.components.includes(component));
  const home = open.find(({ number }) => number === told) ?? open.find(own) ?? open.find(near);
  return home?.number ?? null;
}

/** @param what names what it is about. @returns its number; null: it could not be opened, and the log says why */
export async function opened(title: string, what: string, watching: Watching): Promise<number | null> {
  const { schedule, due, world } = watching;
  const { severity, components } = schedule;
  const intent: Intent = {
    type: 'OpenIncident',
    title: world.scrub.text(title).slice(0, 200),
    severity,
    components,
    private: false,
    drill: false,
    moment: null,
  };
  // The due time is part of the key: the same drift may come back after its incident was resolved.
  const number = await world.open(intent, askingOf(schedule, due, `open:${what}:${due.dueAt}`, world.now()));
  if (!isRefusal(number)) return number;
  world.log.error({ schedule: schedule.name, code: number.code }, number.sentence);
  return null;
}

/** @param what names what it is about. @returns whether it stands there now; when not, the log says why */
export async function note(
  incident: number,
  text: string,
  what: string,
  { schedule, due, world }: Watching,
): Promise<boolean> {
  const intent: Intent = { type: 'RecordNote', moment: null, text: world.scrub.text(text) };
  const asking = askingOf(schedule, due, `${incident}:${what}:${due.dueAt}`, world.now());
  const answer = await world.tell(intent, incident, asking);
  if (!isRefusal(answer)) return true;
  world.log.error({ schedule: schedule.name, incident, code: answer.code }, answer.sentence);
  return false;
}
