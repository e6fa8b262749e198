import type { Intent } from '#domain/incident/intent.js';
import type { IncidentState } from '#domain/incident/state.js';
import type { Refusal } from '#domain/refusal.js';
import { scheduleId } from '#domain/words.js';
import type { Schedule } from '#runbooks/schedule.js';
import type { RunWorld } from '#runs/ports.js';
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
