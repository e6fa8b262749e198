import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Core } from '#compose/core.js';
import { drainRunLane, laneOfRun } from '#deliver/run-lane.js';
import type { RunWorld } from '#deliver/run-ports.js';
import { isOfRun } from '#domain/evolve.js';
import { runRef } from '#domain/run-fact.js';
import { type RunView, runViewOf } from '#domain/runbook-run.js';
import { Unavailable } from '#store/outcome.js';
import { linesOf, standingLine, type Telling } from './runbook-lines.js';
import type { Screen } from './runbook-screen.js';

/** How often the record is looked at, and with it whether the run waits for somebody to take it along. */
const LOOK_MS = 200;
const LANES = 10_000;

export interface Following {
  core: Core;
  world: RunWorld;
  team: string;
  incident: number;
  run: number;
  telling: Telling;
  screen: Screen;
  /** Facts of the run that its reader knows already. */
  known: number;
  /** Ends when the person wants to leave: the step in hand is finished, no other is begun. */
  leaving: AbortSignal;
}

/**
 * Takes a run along in this process, and tells what happens to it, whoever makes it happen. A bot that has the run
 * keeps it: only what is due and in nobody's hands is taken, under the same lease that bots take, so that a process
 * that is killed here leaves what a killed bot leaves.
 * @returns the run as it ended, or null: it was left before
 */
export async function followRun(following: Following): Promise<RunView | null> {
  const { core, screen, leaving, team, incident, run } = following;
  const owner = `${hostname()}:${process.pid}:${randomBytes(4).toString('hex')}`;
  const lane = laneOfRun(team, incident, run);
  let told = following.known;
  let away = false;
  let failure: unknown = null;
  let driving: Promise<void> | null = null;

  const drive = (due: string) => {
    // The times at which to go on are rows, and looked for with the others.
    const options = { world: following.world, wakeAt: () => {}, owner };
    driving = drainRunLane(due, options, leaving)
      .catch((error: unknown) => {
        if (!(error instanceof Unavailable)) failure = error;
      })
      .finally(() => {
        driving = null;
      });
  };

  for (;;) {
    if (failure !== null) throw failure;
    try {
      // In this order: what is not due any more has been written down before the facts are read.
      const idle = driving === null;
      const due = idle && !leaving.aborted ? await dueLane(core, team, lane) : null;
      const facts = (await core.store.runFacts(team, incident, run)).filter(isOfRun);
      for (; told < facts.length; told++) {
        const fact = facts[told];
        const view = runViewOf(facts.slice(0, told + 1), run);
        // On a terminal the line at the bottom says that a step is running.
        if (!fact || !view || (screen.live && fact.type === 'StepStarted')) continue;
        for (const line of linesOf(fact, view, following.telling)) await screen.line(line);
      }
      const view = runViewOf(facts, run);
      if (!view) throw new Error(`there is no ${runRef(run)}`);
      if (idle && due === null && view.state.status === 'ended') return done(screen, view);
      if (idle && leaving.aborted) return done(screen, null);
      if (due !== null) drive(due);
      const leave = leaving.aborted ? ' · leaving when that is done; Ctrl-C again leaves at once' : '';
      await screen.status(`${standingLine(view, new Date())}${leave}`);
      away = false;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      if (leaving.aborted && driving === null) return done(screen, null);
      if (!away) await screen.line('The database does not answer; trying again.');
      away = true;
    }
    await sleep(LOOK_MS);
  }
}

async function done<T>(screen: Screen, result: T): Promise<T> {
  await screen.status('');
  return result;
}

/** @returns the lane of the run, or of one of its alarm clocks, that is due and that nobody holds */
async function dueLane(core: Core, team: string, lane: string): Promise<string | null> {
  const due = await core.store.outbox.dueLanes(LANES);
  const own = due.find(
    (one) => one.team === team && (one.lane === lane || one.lane.startsWith(`${lane}/timer`)),
  );
  return own?.lane ?? null;
}
