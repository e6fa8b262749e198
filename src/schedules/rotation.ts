import { createHash } from 'node:crypto';
import { isPassing, type Refusal, type RefusalCode } from '#domain/refusal.js';
import { scheduleId } from '#domain/words.js';
import type { Schedule } from '#runbooks/schedule.js';
import type { DueSchedule } from '#store/schedules.js';
import { openedBy, tellTrouble } from './trouble.js';
import type { ScheduleWorld } from './world.js';

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
export async function tellRefused(
  schedule: Schedule,
  refusal: Refusal,
  due: DueSchedule,
  world: ScheduleWorld,
): Promise<string> {
  const { code, sentence, next } = refusal;
  const now = world.now();
  const before = refusedBefore(due.outcome);
  const again = before?.why === sentence ? before : null;
  const incident = again?.incident ?? null;
  // One that lies ahead was written by a clock that was: it begins now.
  const since = again && Date.parse(again.since) <= now.getTime() ? again.since : now.toISOString();
  if (!again) world.log.error({ schedule: schedule.name, code }, sentence);
  const kept = (told: number | null) =>
    JSON.stringify({ why: sentence, since, incident: told } satisfies Refused);
  if ((PASSING.has(code) || isPassing(refusal)) && now.getTime() - Date.parse(since) < PATIENCE_MS)
    return kept(null);
  const by = scheduleId(schedule.name);
  if (incident !== null && (await openedBy(by, due.team, world))?.number === incident) return kept(incident);
  const what = createHash('sha256').update(sentence).digest('hex');
  const trouble = {
    by,
    schedule,
    title: `Scheduled ${schedule.runbook} cannot begin`,
    text: `The schedule \`${schedule.name}\` could not begin \`${schedule.runbook}\`: ${sentence} ${next} It is tried again when this incident is resolved.`,
    // The due time is part of the key: the same reason may come back after its incident was resolved.
    key: `${by}:refused:${what}:${due.dueAt}`,
  };
  return kept(await tellTrouble(due.team, trouble, world));
}

function refusedBefore(outcome: string | null): Refused | null {
  try {
    const { why, since, incident } = JSON.parse(outcome ?? '{}') as Partial<Refused>;
    return why && since ? { why, since, incident: incident ?? null } : null;
  } catch {
    return null;
  }
}
