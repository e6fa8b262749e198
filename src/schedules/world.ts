import type { Intent } from '#domain/incident/intent.js';
import type { IncidentState } from '#domain/incident/state.js';
import { isRefusal, type Refusal } from '#domain/refusal.js';
import { scheduleId } from '#domain/words.js';
import type { Schedule } from '#runbooks/schedule.js';
import type { RunWorld } from '#runs/context.js';
import type { DueSchedule, Schedules } from '#store/schedules.js';

/** What scheduled work stands on. */
export interface ScheduleWorld
  extends Pick<RunWorld, 'tell' | 'facts' | 'systems' | 'scrub' | 'owe' | 'now' | 'log'> {
  schedules: Schedules;
  openIncidents(team: string): Promise<IncidentState[]>;
  incident(team: string, incident: number): Promise<IncidentState | null>;
  /** @returns the incident in which the request with that key was recorded; null: it never was */
  recordedIn(team: string, key: string): Promise<number | null>;
  /** Makes an intent of a runbook from the shelf. */
  propose(team: string, runbook: string, inputs: Record<string, string>): Promise<Intent | Refusal>;
  /** Opens an incident, or the standing record. @returns its number */
  open(intent: Intent, asking: Asking): Promise<number | Refusal>;
}

type Asking = Parameters<RunWorld['tell']>[2];

/** @returns who acts, and under which key: the same due time twice is one thing. */
export function askingOf(schedule: Schedule, due: DueSchedule, what: string, now: Date): Asking {
  return {
    team: due.team,
    by: { id: scheduleId(schedule.name), name: null },
    source: 'bot',
    key: `schedule:${schedule.name}:${what}`,
    now,
    seesPrivate: true,
  };
}

/** What stands in the way of a scheduled rotation. */
export interface Trouble {
  /** Who acts: the schedule, as `scheduleId` names it. */
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
  const { by, schedule, key } = trouble;
  const asking = askingAs(by, team, world);
  const open = await openedBy(by, team, world);
  const intent: Intent = {
    type: 'OpenIncident',
    title: world.scrub.text(trouble.title).slice(0, 200),
    severity: schedule?.severity ?? null,
    // On the same components, so that the next attempt waits for people.
    components: schedule?.components ?? [],
    private: false,
    drill: false,
    moment: null,
  };
  const number = open?.number ?? (await world.open(intent, { ...asking, key }));
  if (isRefusal(number)) {
    world.log.error({ by, code: number.code }, number.sentence);
    return null;
  }
  return tellIn(number, team, trouble, world);
}

/** @returns where it stands now, told before included; null: it could not be told, and the log says why */
export async function tellIn(
  incident: number,
  team: string,
  { by, text, key }: Pick<Trouble, 'by' | 'text' | 'key'>,
  world: ScheduleWorld,
): Promise<number | null> {
  const intent: Intent = { type: 'RecordNote', moment: null, text: world.scrub.text(text).slice(0, 2_000) };
  const answer = await world.tell(intent, incident, { ...askingAs(by, team, world), key: noteKey(key) });
  if (!isRefusal(answer)) return answer.state.number;
  world.log.error({ by, incident, code: answer.code }, answer.sentence);
  return null;
}

/** Under which the note of that trouble is recorded. */
export const noteKey = (key: string) => `${key}:note`;

function askingAs(id: string, team: string, world: ScheduleWorld) {
  const by = { id, name: null };
  return { team, by, source: 'bot' as const, key: '', now: world.now(), seesPrivate: true };
}
