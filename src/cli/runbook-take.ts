import type { Core } from '#compose/core.js';
import { runWorldOf } from '#compose/run-world.js';
import type { Config } from '#config.js';
import { runRef } from '#domain/run-fact.js';
import type { RunView } from '#domain/runbook-run.js';
import { refOf } from '#domain/state.js';
import { createLog, type Log } from '#log.js';
import { createSlackClient } from '#slack/client.js';
import { followRun } from './runbook-follow.js';
import type { Telling } from './runbook-lines.js';
import type { Screen } from './runbook-screen.js';
import type { Io } from './verb.js';

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
  const world = runWorldOf(core, slackOf(config, log), () => {}, log);
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
function slackOf(config: Config, log: Log) {
  const { botToken: token, apiUrl } = config.slack;
  return token === null ? null : createSlackClient({ token, log, ...(apiUrl && { apiUrl }) });
}

/** Names of the people whom runbooks may ask, as far as they are known. */
async function namesOf(core: Core, team: string): Promise<Map<string, string>> {
  const ids = [...core.runbooks.settings.approvers.values()].flat().filter((id) => /^[UW]/.test(id));
  const known = await core.store.people.byIds(team, ids);
  return new Map(known.map(({ id, name }) => [id, `@${name}`]));
}
