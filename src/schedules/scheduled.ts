import type { IncidentState } from '#domain/incident/state.js';
import { isPassing, isRefusal, type Refusal, type RefusalCode } from '#domain/refusal.js';
import { refOf, STANDING, scheduleId } from '#domain/words.js';
import { isInWindow, nextInWindow, type Schedule } from '#runbooks/schedule.js';
import type { DueSchedule, KeptSchedule } from '#store/due/schedules.js';
import { watchDrift } from './drift.js';
import { askingOf, digest, keptWith, openedBy, type ScheduleWorld, sinceWhen, tellTrouble } from './world.js';

/** Writes the configured schedules into the table, and forgets those that are configured no more. */
export async function syncSchedules(
  team: string,
  schedules: ReadonlyMap<string, Schedule>,
  world: ScheduleWorld,
): Promise<void> {
  const now = world.now();
  const wanted = [...schedules.values()].map((schedule) => ({
    name: schedule.name,
    spec: JSON.stringify(schedule),
    firstAt: firstOf(schedule, now),
  }));
  await world.schedules.sync(team, wanted);
}

/** A watch begins at once; a rotation after its first period, because nobody knows how old the keys are. */
function firstOf(schedule: Schedule, now: Date): Date {
  return 'drift' in schedule.task ? now : nextInWindow(schedule, new Date(now.getTime() + schedule.everyMs));
}

/** If the worker dies, the schedule is due again after this long. */
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
  // Only another process has it in its configuration, and does it there.
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
  const inputs = { pair, ...schedule.inputs };
  const proposed = await world.propose({ runbook: schedule.runbook, inputs, planOnly: false });
  // A refusal is told where everybody reads it: it must not name a private incident.
  const asking = { ...askingOf(schedule, due, due.dueAt, now), seesPrivate: false };
  const answer = isRefusal(proposed) ? proposed : await world.tell(proposed.intent, STANDING, asking);
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
  const asking = askingOf(schedule, due, 'standing-record', world.now());
  await world.tell({ type: 'OpenStandingRecord' }, null, asking);
}

/** What usually passes by itself, and needs a person only when it lasts. */
const PASSING = new Set<RefusalCode>(['RUN_TARGET_BUSY', 'TOO_MANY']);
const PATIENCE_MS = 60 * 60_000;

/** Why a rotation was refused the last time, kept with the schedule. */
interface Refused {
  why: string;
  /** Of the first time in a row. ISO 8601, UTC. */
  since: string;
  /** Where that was told; null: nowhere yet. */
  incident: number | null;
}

/**
 * A rotation that was refused before it began left nothing that people see. It is told in an incident, once for each
 * reason as long as that is open.
 * @returns what to keep for the next time
 */
async function tellRefused(
  schedule: Schedule,
  refusal: Refusal,
  due: DueSchedule,
  world: ScheduleWorld,
): Promise<string> {
  const { code, sentence, next } = refusal;
  const now = world.now();
  const before = keptWith<Refused>(due);
  const again = before.why === sentence;
  const incident = (again && before.incident) || null;
  const since = sinceWhen(again ? before.since : undefined, now);
  if (!again) world.log.error({ schedule: schedule.name, code }, sentence);
  const kept = (told: number | null) =>
    JSON.stringify({ why: sentence, since, incident: told } satisfies Refused);
  if ((PASSING.has(code) || isPassing(refusal)) && now.getTime() - Date.parse(since) < PATIENCE_MS)
    return kept(null);
  const by = scheduleId(schedule.name);
  if (incident !== null && (await openedBy(by, due.team, world))?.number === incident) return kept(incident);
  const trouble = {
    by,
    schedule,
    title: `Scheduled ${schedule.runbook} cannot begin`,
    text: `The schedule \`${schedule.name}\` could not begin \`${schedule.runbook}\`: ${sentence} ${next} It is tried again when this incident is resolved.`,
    // The due time is part of the key: the same reason may come back after its incident was resolved.
    key: `${by}:refused:${digest(sentence)}:${due.dueAt}`,
  };
  return kept(await tellTrouble(due.team, trouble, world));
}

/** What came of a schedule the last time, in a word. `none`: it was not due yet, or its first time is not over. */
export function outcomeOf({
  watches,
  outcome,
  done,
  claimed,
}: KeptSchedule): 'in_step' | 'drifted' | 'unread' | 'done' | 'put_off' | 'refused' | 'under_way' | 'none' {
  if (outcome === null) return 'none';
  const kept = keptWith<{ hash: string | null; unread: unknown; why: string }>({ outcome });
  // A store that cannot be read neither begins a drift nor ends one; that the watch is blind is what counts now.
  if (watches) return kept.unread ? 'unread' : kept.hash ? 'drifted' : 'in_step';
  if (kept.why !== undefined) return 'refused';
  if (claimed) return 'under_way';
  return done ? 'done' : 'put_off';
}
