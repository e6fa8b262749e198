import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Core } from '#compose/core.js';
import { runWorldOf } from '#compose/worlds.js';
import type { Config } from '#config/config.js';
import { laneOfRun } from '#domain/incident/effect.js';
import { isOfRun } from '#domain/incident/state.js';
import { type RunView, runViewOf } from '#domain/run/view.js';
import { refOf, runRef } from '#domain/words.js';
import { createLog, type Log } from '#log.js';
import { drainRunLane } from '#runs/advance.js';
import type { RunWorld } from '#runs/context.js';
import { createGroups } from '#slack/people/groups.js';
import { createSlackClient } from '#slack/transport/client.js';
import { Unavailable } from '#store/pools.js';
import type { Io } from '../core.js';
import { linesOf, type Screen, standingLine, type Telling } from './text.js';

/** The exit code of whoever leaves a run before its end, as after Ctrl-C. */
export const LEFT = 130;

/**
 * Takes a run along in this process until its end, or until the person leaves it.
 * @param at `known`: facts of the run that its reader knows already
 * @returns the run as it ended; null: it was left, and how it goes on has been said
 */
export async function takeAlong(
  core: Core,
  config: Config,
  io: Io,
  at: { incident: number; run: number; known: number },
  screen: Screen,
): Promise<RunView | null> {
  const team = await core.team();
  const [ref, run] = [refOf(at.incident), runRef(at.run)];
  const log = createLog(io.env.LOG_LEVEL ? config.logLevel : 'warn');
  // Whoever commits here wakes nobody: a bot's relay looks for itself, and so do we.
  const world = runWorldOf(core, groupsOf(config, log), () => {}, log);
  const telling: Telling = { ref, command: config.org.command, names: await namesOf(core, team) };
  const leaving = new AbortController();
  // Only once: the second one ends the process, which leaves the run as a killed bot does.
  const leave = () => {
    leaving.abort();
    if (!screen.live) io.err('Leaving when the step in hand is done; once more leaves at once.\n');
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.once(signal, leave);
  try {
    const ended = await followRun({ core, world, team, ...at, telling, screen, leaving: leaving.signal });
    if (ended === null) {
      await screen.line(`${run} goes on when a bot or “tocsin runbook watch ${ref} ${run}” takes it.`);
    }
    return ended;
  } finally {
    for (const signal of signals) process.off(signal, leave);
  }
}

/** Needed only to find out who is in a group of approvers. */
function groupsOf(config: Config, log: Log) {
  const { botToken: token, apiUrl } = config.slack;
  return token === null ? null : createGroups(createSlackClient({ token, log, apiUrl }));
}

/** Names of the people whom runbooks may ask, as far as they are known. */
async function namesOf(core: Core, team: string): Promise<Map<string, string>> {
  const ids = [...core.runbooks.settings.approvers.values()].flat().filter((id) => /^[UW]/.test(id));
  const known = await core.store.people.byIds(team, ids);
  return new Map(known.map(({ id, name }) => [id, `@${name}`]));
}

/** How often the record is looked at, and with it whether the run waits for somebody to take it along. */
const LOOK_MS = 200;
const LANES = 10_000;

interface Following {
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
async function followRun(following: Following): Promise<RunView | null> {
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
      const facts = (await core.store.incidents.runFacts(team, incident, run)).filter(isOfRun);
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
