import type { Core } from '#compose/core.js';
import type { Config } from '#config/config.js';
import { runViewOf } from '#domain/run/view.js';
import { runRef } from '#domain/words.js';
import { runStatusText } from '#render/runs.js';
import type { Io } from '../core.js';
import { LEFT, takeAlong } from './take.js';
import { plain, planText, Screen } from './text.js';

/**
 * Of a run that only plans: takes it along here until its plan is there, and prints that as `runbook plan` does.
 * @returns 1 when no plan can be made
 */
export async function printPlan(
  core: Core,
  config: Config,
  io: Io,
  at: { incident: number; run: number },
): Promise<number> {
  const { scrub, read } = core.runbooks;
  const tell = (text: string) => io.err(scrub.text(text));
  const before = runViewOf(
    await core.store.incidents.runFacts(await core.team(), at.incident, at.run),
    at.run,
  );
  if (!before?.state.planOnly) {
    // Under the same key: whoever wants a plan only must not take a run along.
    tell(`That key was used before, for ${runRef(at.run)}, which is not only a plan.\n`);
    return 1;
  }
  // Nothing of how it came about: what is to be read is the plan.
  const screen = new Screen(tell, null);
  const ended = await takeAlong(core, config, io, { ...at, known: Number.POSITIVE_INFINITY }, screen);
  if (ended === null) return LEFT;
  const runbook = read(ended.definition ?? '');
  if (ended.state.end !== 'planned' || !ended.plan || !runbook) {
    const why = plain(ended.summary ?? `${runRef(at.run)} ${runStatusText(ended)}`);
    tell(`${why.charAt(0).toUpperCase()}${why.slice(1)}\n`);
    return 1;
  }
  await io.out(scrub.text(planText(runbook, ended.plan)));
  return 0;
}
