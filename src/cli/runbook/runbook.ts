import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Core } from '#compose/core.js';
import { openRunbooks } from '#compose/runbooks.js';
import { runWorldOf } from '#compose/worlds.js';
import type { Config } from '#config/config.js';
import { laneOfRun } from '#domain/incident/effect.js';
import type { Asking } from '#domain/incident/intent.js';
import { isOfRun } from '#domain/incident/state.js';
import { remarkOnOwner } from '#domain/permission.js';
import { isRefusal, type Refusal } from '#domain/refusal.js';
import type { RunPlan } from '#domain/run/plan.js';
import { runsOf } from '#domain/run/state.js';
import { UNKNOWN } from '#domain/run/template.js';
import { type RunView, runViewOf } from '#domain/run/view.js';
import { numberOf, refOf, runNumberOf, runRef } from '#domain/words.js';
import type { Recorded } from '#handle/handle.js';
import { createLog, type Log } from '#log.js';
import { runStatusText } from '#render/runs.js';
import { ACTIONS } from '#runbooks/actions/actions.js';
import { proposeOf } from '#runbooks/definition/shelf.js';
import { drainRunLane } from '#runs/advance.js';
import type { RunWorld } from '#runs/context.js';
import { planSteps } from '#runs/plan.js';
import { createGroups } from '#slack/people/groups.js';
import { createSlackClient } from '#slack/transport/client.js';
import { Unavailable } from '#store/pools.js';
import { type Io, Usage, type Verb, withCore } from '../core.js';
import { askingHere, configWithSecret, readAsked, refusalText } from './asked.js';
import { lintRunbooks, listRunbooks, showRunbook } from './lint.js';
import { linesOf, plain, planText, Screen, standingLine, type Telling } from './text.js';

// A plan of no incident: whatever would be read of one is known when it runs.
const INCIDENT = { ref: UNKNOWN, title: UNKNOWN, status: UNKNOWN, severity: UNKNOWN };

/** `runbook plan NAME [key=value]…`: reads what a run would do and prints it. Nothing is changed, nothing recorded. */
async function planRunbook(args: string[], io: Io): Promise<number> {
  const asked = readAsked(args, 'plan');
  const runbooks = await openRunbooks(configWithSecret(io, 'nothing'));
  const { scrub, systems } = runbooks;
  const no = (text: string) => {
    io.err(`${scrub.text(text)}\n`);
    return 1;
  };
  const proposed = await proposeOf(runbooks)({ ...asked, planOnly: true });
  if (isRefusal(proposed)) return no(refusalText(proposed).trimEnd());
  const { intent } = proposed;
  const runbook = intent.type === 'ProposeRun' ? runbooks.read(intent.definition) : null;
  if (intent.type !== 'ProposeRun' || !runbook) return no(`${asked.runbook} cannot be read.`);
  const scope = { inputs: JSON.parse(intent.inputs), incident: INCIDENT, run: { id: UNKNOWN } };
  const world = { actions: ACTIONS, systems, scrub, now: () => new Date() };
  let plan: RunPlan;
  try {
    const of = { target: intent.target, key: `plan/${runbook.name}`, scope };
    plan = await planSteps(of, runbook, world, new AbortController().signal);
  } catch (error) {
    return no(`No plan can be made: ${plain(error instanceof Error ? error.message : String(error))}`);
  }
  await io.out(scrub.text(planText(runbook, plan)));
  return 0;
}

/**
 * `runbook run`: proposes a run, takes it along here, and shows how it goes; with `--plan` it ends with its plan.
 * @returns 0 only when it succeeded
 */
async function runRunbook(args: string[], io: Io): Promise<number> {
  const asked = readAsked(args, 'run');
  const config = configWithSecret(io, 'database');
  return withCore(io, async (core) => {
    const no = (text: string) => {
      io.err(core.runbooks.scrub.text(text));
      return 1;
    };
    const asking = await askingHere(core, requestOf(asked), asked.owner);
    if (isRefusal(asking)) return no(refusalText(asking));
    // Before anything that may have changed since it was asked for: the runbook, which incidents are open.
    const before = asking.key === null ? null : await core.before(asking);
    const recorded = before ?? (await propose(core, asked, asking));
    if (typeof recorded === 'string') return no(recorded);
    if (isRefusal(recorded)) return no(refusalText(recorded));
    await io.out(`${recorded.receipt}\n`);
    const run = runOf(recorded);
    // The same key again: it may have named another request, or a run that is long forgotten.
    if (run === null) return no('That key was used before, and not for a run.\n');
    const at = { incident: recorded.incident, run };
    if (asked.planOnly) return printPlan(core, config, io, at);
    return follow(core, config, io, { ...at, known: recorded.repeated ? 0 : 1 });
  });
}

/** `runbook watch INC-7 RUN-3`: takes along and shows a run that somebody asked for before. */
async function watchRun(args: string[], io: Io): Promise<number> {
  // A bare number would be a run's; the incident is always named in full.
  const [first = '', second = ''] = args;
  const [incident, run] =
    numberOf(first) === null
      ? [numberOf(second), runNumberOf(first)]
      : [numberOf(first), runNumberOf(second)];
  if (incident === null || run === null || args.length > 2) {
    throw new Usage('name the incident and the run, such as `INC-7 RUN-3`');
  }
  const config = configWithSecret(io, 'database');
  return withCore(io, async (core) => {
    const asking = await askingHere(core, null, null);
    const state = isRefusal(asking) ? asking : await core.read.incident(asking, incident);
    if (isRefusal(state)) {
      io.err(refusalText(state));
      return 1;
    }
    if (run > runsOf(state).count) {
      io.err(
        `${refOf(incident)} has no ${runRef(run)}. \`tocsin runs ${refOf(incident)}\` lists its runs.\n`,
      );
      return 1;
    }
    return follow(core, config, io, { incident, run, known: 0 });
  });
}

/** What makes it this request, as it was typed, and in whatever order. */
function requestOf({ runbook, inputs, incident, planOnly, key }: ReturnType<typeof readAsked>) {
  if (key === null) return null;
  return { key, request: ['runbook run', runbook, Object.entries(inputs).sort(), incident, planOnly] };
}

/** @returns what was recorded; a refusal; or what to tell when nobody can say in which incident */
async function propose(
  core: Core,
  asked: ReturnType<typeof readAsked>,
  asking: Asking,
): Promise<Recorded | Refusal | string> {
  const incident = asked.incident ?? (await onlyOpen(core, asking));
  if (typeof incident === 'string') return incident;
  const proposed = await proposeOf(core.runbooks)(asked);
  if (isRefusal(proposed)) return proposed;
  const { intent } = proposed;
  const notes = [...proposed.notes, ...(asked.planOnly ? [] : remarkOnOwner(asking))];
  const recorded = await core.handle(intent, incident, asking, notes);
  const busy = isRefusal(recorded) && recorded.code === 'RUN_TARGET_BUSY' && intent.type === 'ProposeRun';
  return busy ? withWatch(core, recorded, intent.target, asking) : recorded;
}

/** @returns the number of the only open incident; or what to tell when there is none, or more than one */
async function onlyOpen(core: Core, asking: Asking): Promise<number | string> {
  const open = await core.read.open(asking);
  const [only, another] = open;
  if (only && !another) return only.number;
  if (!only) {
    return 'No incident is open. Open one with `tocsin open TITLE`, or name an older one with `--incident INC-1`.\n';
  }
  const offered = open.slice(-8).map(({ number, title }) => `  ${refOf(number)}  ${title}\n`);
  return `Which incident? Name it with \`--incident ${refOf(only.number)}\`.\n${offered.join('')}`;
}

/** @returns the number of the run that was asked for, also when it had been asked for under that key before */
function runOf({ facts, receipt, repeated }: Recorded): number | null {
  const [fact] = facts;
  if (fact?.type === 'RunProposed') return fact.data.run;
  const [, said] = (repeated && /· (RUN-[0-9]+) will be planned/.exec(receipt)) || [];
  return said === undefined ? null : runNumberOf(said);
}

async function follow(
  core: Core,
  config: Config,
  io: Io,
  at: { incident: number; run: number; known: number },
): Promise<number> {
  const { scrub } = core.runbooks;
  const screen = new Screen((text) => io.out(scrub.text(text)), terminal(io));
  const ended = await takeAlong(core, config, io, at, screen);
  if (ended === null) return LEFT;
  const { end, planOnly } = ended.state;
  return end === 'succeeded' || (planOnly && end === 'planned') ? 0 : 1;
}

function terminal({ env }: Io): (() => number) | null {
  const live = process.stdout.isTTY && env.TERM !== 'dumb';
  return live ? () => process.stdout.columns || 80 : null;
}

const VERBS: Readonly<Record<string, (args: string[], io: Io) => Promise<number>>> = {
  lint: lintRunbooks,
  list: listRunbooks,
  show: showRunbook,
  plan: planRunbook,
  run: runRunbook,
  watch: watchRun,
};

/** `tocsin runbook …`: runbooks without Slack. `lint`, `list`, `show` and `plan` need no database either. */
export const runbook: Verb = {
  form: `runbook lint [FILE|FOLDER|NAME]…
       tocsin runbook list
       tocsin runbook show NAME
       tocsin runbook plan NAME [key=value]…      (of no incident: one that is named is not looked at)
       tocsin runbook run [INC-7] NAME [key=value]… [--plan] [--incident INC-7] [--key KEY] [--owner @ana]
       tocsin runbook watch INC-7 RUN-3`,
  help: 'check, show and plan runbooks; run one, also when neither Slack nor a bot is there',
  async run([verb = '', ...args], io) {
    const known = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
    if (!known) throw new Usage(verb === '' ? 'say what to do' : `there is no “runbook ${verb}”`);
    return known(args, io);
  },
};

/**
 * Another run holds the target, and here it may well be that no bot runs, so that it would never end.
 * @returns the refusal, and how whoever asks can take that run along; of an incident that is hidden from them nothing
 */
export async function withWatch(
  { store, read }: Pick<Core, 'store' | 'read'>,
  refusal: Refusal,
  target: string,
  asking: Asking,
): Promise<Refusal> {
  const has = await store.targets.holder(asking.team, target);
  if (has === null || isRefusal(await read.incident(asking, has.incident))) return refusal;
  const watch = `\`tocsin runbook watch ${refOf(has.incident)} ${runRef(has.run)}\``;
  return { ...refusal, next: `${refusal.next} Where no bot runs, ${watch} goes on with it.` };
}

/** The exit code of whoever leaves a run before its end, as after Ctrl-C. */
const LEFT = 130;

/**
 * Takes a run along in this process until its end, or until the person leaves it.
 * @param at `known`: facts of the run that its reader knows already
 * @returns the run as it ended; null: it was left, and how it goes on has been said
 */
async function takeAlong(
  core: Core,
  config: Config,
  io: Io,
  at: { incident: number; run: number; known: number },
  screen: Screen,
): Promise<RunView | null> {
  const team = await core.team();
  const [ref, run] = [refOf(at.incident), runRef(at.run)];
  const log = createLog(io.env.LOG_LEVEL ? config.logLevel : 'warn');
  // A commit made here wakes no worker: the relay of a bot polls, and so do we.
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
