import { createHash } from 'node:crypto';
import { laneOf } from '#handle/plan.js';
import type { Schedule } from '#runbooks/schedule.js';
import type { DueSchedule } from '#store/schedules.js';
import { differenceOf } from './drift-difference.js';
import { homeOf, note, opened, type Watching } from './drift-incident.js';
import { readAgain, stillUnread, type Unread } from './drift-unread.js';
import type { ScheduleWorld } from './schedule-world.js';

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
  const before = foundBefore(due.outcome);
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
      await note(home, `${to} and ${from} are in step again.`, 'none', watching);
    return kept({ ...before, hash: null, unread: null });
  }
  const hash = createHash('sha256').update(found.text).digest('hex');
  if (hash === before.hash && home !== null && home === before.incident)
    return kept({ ...before, unread: null });
  const incident = home ?? (await opened(found.title, hash, watching));
  // What could not be told is tried again the next time.
  if (incident === null || !(await note(incident, found.text, hash, watching)))
    return kept({ ...before, unread: null });
  if (found.offered) await offer(incident, hash, watching);
  return kept({ hash, incident, unread: null });
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

function foundBefore(outcome: string | null): Found {
  try {
    const { hash, incident, unread } = JSON.parse(outcome ?? '{}') as Partial<Found>;
    return { hash: hash ?? null, incident: incident ?? null, unread: unread ?? null };
  } catch {
    return { hash: null, incident: null, unread: null };
  }
}
