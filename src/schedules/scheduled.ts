import type { IncidentState } from '#domain/incident/state.js';
import { isRefusal } from '#domain/refusal.js';
import { refOf, STANDING } from '#domain/words.js';
import { isInWindow, nextInWindow, type Schedule } from '#runbooks/schedule.js';
import type { DueSchedule } from '#store/schedules.js';
import { watchDrift } from './drift.js';
import { tellRefused } from './rotation.js';
import { askingOf, type ScheduleWorld } from './world.js';

/** Whoever has one in hand and dies delays it by this much. */
const HOLD_MS = 60_000;
/** How long rotation waits for an incident to end, before it looks again. */
const PUT_OFF_MS = 60_000;

/** Does one thing that is due. @returns false: nothing is */
export async function doScheduled(
  team: string,
  schedules: ReadonlyMap<string, Schedule>,
  world: ScheduleWorld,
): Promise<boolean> {
  const due = await world.schedules.claim(team, HOLD_MS);
  if (!due) return false;
  const schedule = schedules.get(due.name);
  // Another process has another configuration: its affair.
  if (!schedule) return true;
  const { task } = schedule;
  if ('drift' in task) {
    const outcome = await watchDrift(schedule, task.drift, due, world);
    await world.schedules.settle(team, due.name, after(schedule, world.now()), outcome, true);
  } else {
    await rotate(schedule, task.rotate, due, world);
  }
  return true;
}

/** Somewhat later than exactly then, so that many installations do not all look at the same second. */
function after(schedule: Schedule, now: Date): Date {
  const jitter = Math.min(schedule.everyMs / 20, 30_000) * Math.random();
  return nextInWindow(schedule, new Date(now.getTime() + schedule.everyMs + jitter));
}

/** Begins a rotation in the standing record; not while an incident is open on what it would touch. */
async function rotate(
  schedule: Schedule,
  pair: string,
  due: DueSchedule,
  world: ScheduleWorld,
): Promise<void> {
  const { team } = due;
  const now = world.now();
  const later = (at: Date, outcome: string) =>
    world.schedules.settle(team, schedule.name, at, outcome, false);
  const putOff = (at: Date, why: string) => {
    world.log.info({ schedule: schedule.name, until: at.toISOString(), why }, 'scheduled work is put off');
    return later(at, why);
  };
  // Claimed late, after the bot was away.
  if (!isInWindow(schedule, now)) return putOff(nextInWindow(schedule, now), 'outside of its window');
  const open = (await world.openIncidents(team)).find((incident) => touches(schedule, incident));
  if (open) {
    // What is put off may be seen by people who must not know of that one.
    const which = open.private ? 'a private incident' : refOf(open.number);
    return putOff(nextInWindow(schedule, new Date(now.getTime() + PUT_OFF_MS)), `${which} is open`);
  }
  await standingRecord(schedule, due, world);
  const intent = await world.propose(team, schedule.runbook, { pair, ...schedule.inputs });
  // A refusal is told where everybody reads it: it must not name a private incident.
  const asking = { ...askingOf(schedule, due, due.dueAt, now), seesPrivate: false };
  const answer = isRefusal(intent) ? intent : await world.tell(intent, STANDING, asking);
  if (isRefusal(answer)) {
    const outcome = await tellRefused(schedule, answer, due, world);
    return later(new Date(now.getTime() + PUT_OFF_MS), outcome);
  }
  await world.schedules.settle(team, schedule.name, after(schedule, now), answer.receipt, true);
}

/** A drill touches nothing; a private incident does, though its number is not told. */
function touches(schedule: Schedule, incident: IncidentState): boolean {
  if (incident.drill) return false;
  if (schedule.components.length === 0) return true;
  return incident.components.some((component) => schedule.components.includes(component));
}

async function standingRecord(schedule: Schedule, due: DueSchedule, world: ScheduleWorld): Promise<void> {
  if (await world.incident(due.team, STANDING)) return;
  await world.open({ type: 'OpenStandingRecord' }, askingOf(schedule, due, 'standing-record', world.now()));
}
