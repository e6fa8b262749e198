import type { Fact } from '#domain/incident/fact.js';
import type { Phase, RunEnd } from '#domain/run/fact.js';
import { type RunState, runsOf } from '#domain/run/state.js';
import { isScheduled, refOf, runRef, STANDING, scheduleId } from '#domain/words.js';
import type { Schedule } from '#runbooks/schedule.js';
import { noteKey, openedBy, type ScheduleWorld, tellIn, tellTrouble } from './world.js';

/** Ends that nobody needs to look at. */
const WELL = new Set<RunEnd>(['succeeded', 'undone', 'planned']);

/**
 * The standing record has no channel, so a run there that stopped, or ended otherwise than it should, opens an
 * incident that says so: once for each question and each end. While that is open, it also hears what came of it.
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
  const current = new Set<string>();
  for (const run of runsOf(standing).list) {
    if (!isScheduled(run.by)) continue;
    const why = trouble(run);
    // Of a run that goes on, each step: in between it may have asked, and have been answered, unseen by this process.
    const seen =
      why === null ? `${nameOf(run)}:${run.status}:${run.end}:${JSON.stringify(run.steps)}` : keyOf(run, why);
    current.add(seen);
    if (told.has(seen)) continue;
    const schedule = schedules.get(run.by.slice(scheduleId('').length));
    const done =
      why === null ? await tellAnswer(team, run, world) : await tellStop(team, run, why, schedule, world);
    if (!done) return;
    told.add(seen);
  }
  // Runs come and go for years: of those that are over, it need not be remembered what was said.
  for (const seen of told) if (!current.has(seen)) told.delete(seen);
}

function trouble(run: RunState): string | null {
  if (run.asked) return waitsAt(run.asked);
  return run.status === 'ended' && run.end !== null ? endedAs(run.end) : null;
}

/** @returns as `trouble` said it when that had just happened */
function stopOf(fact: Fact): string | null {
  if (fact.type === 'StepAsked') return waitsAt(fact.data);
  return fact.type === 'RunEnded' ? endedAs(fact.data.end) : null;
}

const waitsAt = ({ step, phase, attempt }: { step: string; phase: Phase; attempt: number }) =>
  `waits for a person at ${phase === 'undo' ? 'the undoing of ' : ''}step ${step} (attempt ${attempt})`;
const endedAs = (end: RunEnd) => (WELL.has(end) ? null : `ended as ${end}`);
const nameOf = ({ run }: RunState) => `${runRef(run)} of ${refOf(STANDING)}`;
const keyOf = ({ run }: RunState, why: string) => `stopped:${refOf(STANDING)}:${runRef(run)}:${why}`;

/** @returns false: it could not be told, and is tried again */
async function tellStop(
  team: string,
  run: RunState,
  why: string,
  schedule: Schedule | undefined,
  world: ScheduleWorld,
): Promise<boolean> {
  const title = `Scheduled ${run.runbook} on ${run.target}: ${why}`;
  const text = `${nameOf(run)} ${why}. \`runs ${refOf(STANDING)}\` shows how it stands; ${next(run)}`;
  const stop = { by: run.by, schedule, title, text, key: keyOf(run, why) };
  return (await tellTrouble(team, stop, world)) !== null;
}

function next(run: RunState): string {
  const of = `${refOf(STANDING)} ${runRef(run.run)}`;
  return run.asked
    ? `\`retry ${of}\`, \`skip ${of} REASON\` or \`undo ${of}\` goes on.`
    : 'its entries say why.';
}

/**
 * A run that waits for nobody: what it was told to do, and its end, are noted on the open incident that heard of its
 * stop. Where none is open, nobody waits to hear it.
 * @returns false: it could not be told, and is tried again
 */
async function tellAnswer(team: string, run: RunState, world: ScheduleWorld): Promise<boolean> {
  const { by } = run;
  const open = await openedBy(by, team, world);
  if (!open) return true;
  let heard: { key: string; choice: string | null } | null = null;
  for (const fact of await world.facts(team, STANDING, run.run)) {
    if (fact.type === 'StepAnswered' && heard) heard.choice = fact.data.choice;
    if (fact.type === 'RunUndoing' && fact.data.why === 'asked' && heard) heard.choice = 'undo';
    const why = stopOf(fact);
    const key = why === null ? null : keyOf(run, why);
    if (key !== null && (await world.recordedIn(team, noteKey(key))) === open.number)
      heard = { key, choice: null };
  }
  if (!heard) return true;
  const text =
    run.status === 'ended'
      ? `${nameOf(run)} ended as ${run.end}; it waits for nobody any more.`
      : `${nameOf(run)} waits for nobody any more${heard.choice ? ` (the answer: ${heard.choice})` : ''}; it ${run.status === 'undoing' ? 'is being undone' : 'goes on'}.`;
  const key = `${heard.key}:${run.status === 'ended' ? 'ended' : 'answered'}`;
  return (await tellIn(open.number, team, { by, text, key }, world)) !== null;
}
