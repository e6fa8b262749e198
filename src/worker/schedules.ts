import { nextInWindow, type Schedule } from '#runbooks/schedule.js';
import { doScheduled } from '#schedules/scheduled.js';
import { watchStanding } from '#schedules/standing.js';
import type { ScheduleWorld } from '#schedules/world.js';

export interface ScheduleWorkerOptions {
  schedules: ReadonlyMap<string, Schedule>;
  world: ScheduleWorld;
  /** The workspace whose stores these are; null: that is not known yet, or there are several. */
  team: () => Promise<string | null>;
  /** How often the table is looked at, in ms; 1,000. */
  everyMs?: number;
}

/** Does what is due, as long as it runs. The times stand in the database: every worker may look, one does it. */
export function startScheduleWorker({ schedules, world, team, everyMs = 1_000 }: ScheduleWorkerOptions): {
  stop(): Promise<void>;
} {
  let stopped = false;
  let synced: string | null = null;
  const told = new Set<string>();
  let doing: Promise<void> = Promise.resolve();

  async function look(): Promise<void> {
    const where = await team();
    if (where === null) return;
    if (synced !== where) {
      const now = world.now();
      const wanted = [...schedules.values()].map((schedule) => ({
        name: schedule.name,
        spec: JSON.stringify(schedule),
        firstAt: firstOf(schedule, now),
      }));
      await world.schedules.sync(where, wanted);
      synced = where;
    }
    while (!stopped && (await doScheduled(where, schedules, world)));
    await watchStanding(where, schedules, world, told);
  }

  // No schedules: only what an earlier configuration left is to be forgotten, which `sync` does once.
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    doing = look()
      .catch((error: unknown) => {
        world.log.warn({ error: String(error) }, 'scheduled work could not be looked at');
      })
      .finally(() => {
        busy = false;
      });
    if (schedules.size === 0) clearInterval(timer);
  }, everyMs);

  return {
    async stop() {
      stopped = true;
      clearInterval(timer);
      await doing;
    },
  };
}

/** A watch begins at once; a rotation after its first period, because nobody knows how old the keys are. */
function firstOf(schedule: Schedule, now: Date): Date {
  return 'drift' in schedule.task ? now : nextInWindow(schedule, new Date(now.getTime() + schedule.everyMs));
}
