import type { Intent } from '#domain/intent.js';
import { isScheduled, scheduleId } from '#domain/person.js';
import { isRefusal } from '#domain/refusal.js';
import { runRef } from '#domain/run-fact.js';
import { type RunState, runsOf } from '#domain/run-state.js';
import { refOf, STANDING } from '#domain/state.js';
import type { Schedule } from '#runbooks/schedule.js';
import type { ScheduleWorld } from './schedule-world.js';

/** Ends that nobody needs to look at. */
const WELL = new Set(['succeeded', 'undone', 'planned']);

/**
 * The standing record has no channel, so a run there that stopped, or ended otherwise than it should, opens an
 * incident that says so: once for each question and each end.
 * @param told what this process has said already; what another said is known by its key
 */
export async function watchStanding(
  team: string,
  schedules: ReadonlyMap<string, Schedule>,
  world: ScheduleWorld,
  told: Set<string>,
): Promise<void> {
  const standing = await world.incident(team, STANDING);
  if (!standing) return;
  for (const run of runsOf(standing).list) {
    const why = isScheduled(run.by) ? trouble(run) : null;
    const key = `stopped:${refOf(STANDING)}:${runRef(run.run)}:${why}`;
    if (why === null || told.has(key)) continue;
    const schedule = schedules.get(run.by.slice(scheduleId('').length));
    const intent: Intent = {
      type: 'OpenIncident',
      title: `Scheduled ${run.runbook} on ${run.target}: ${why}`.slice(0, 200),
      severity: schedule?.severity ?? null,
      // On the same components, so that the next attempt waits for people.
      components: schedule?.components ?? [],
      private: false,
      drill: false,
      moment: null,
    };
    const by = { id: run.by, name: null };
    const asking = { team, by, source: 'bot' as const, now: world.now(), seesPrivate: true };
    // One incident for one trouble, however often it comes back while that is open.
    const open = (await world.openIncidents(team)).find(({ opener }) => opener.id === run.by);
    const number = open?.number ?? (await world.open(intent, { ...asking, key }));
    if (isRefusal(number)) return;
    const text = `${runRef(run.run)} of ${refOf(STANDING)} ${why}. \`runs ${refOf(STANDING)}\` shows how it stands; ${next(run)}`;
    await world.tell({ type: 'RecordNote', moment: null, text }, number, { ...asking, key: `${key}:note` });
    told.add(key);
  }
}

function trouble(run: RunState): string | null {
  if (run.asked) return `waits for a person at step ${run.asked.step} (attempt ${run.asked.attempt})`;
  if (run.status !== 'ended' || run.end === null || WELL.has(run.end)) return null;
  return `ended as ${run.end}`;
}

function next(run: RunState): string {
  const of = `${refOf(STANDING)} ${runRef(run.run)}`;
  return run.asked
    ? `\`retry ${of}\`, \`skip ${of} REASON\` or \`undo ${of}\` goes on.`
    : 'its entries say why.';
}
