import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Core } from '#compose/core.js';
import { openRunbooks, type Runbooks } from '#compose/runbooks.js';
import { runWorldOf } from '#compose/worlds.js';
import type { Config } from '#config/config.js';
import { laneOfRun } from '#domain/incident/effect.js';
import { isOfRun } from '#domain/incident/entry.js';
import type { Asking } from '#domain/incident/intent.js';
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
import { Told } from '#told.js';
import { granted, type Io, Usage, type Verb, withCore } from '../core.js';
import { type Asked, askingHere, configWithSecret, readAsked } from './asked.js';
import { lintRunbooks, listRunbooks, showRunbook } from './lint.js';
import { linesOf, plain, planText, Screen, statusLine, type Telling } from './text.js';

// A plan of no incident: whatever would be read of one is known when it runs.
const INCIDENT = { ref: UNKNOWN, title: UNKNOWN, status: UNKNOWN, severity: UNKNOWN };

/** `runbook plan NAME [key=value]…`: reads what a run would do and prints it. Nothing is changed, nothing recorded. */
async function planRunbook(args: string[], io: Io): Promise<void> {
  const asked = readAsked(args, 'plan');
  const runbooks = await openRunbooks(configWithSecret(io, 'nothing'));
  const { scrub, systems } = runbooks;
  try {
    const { intent } = granted(await proposeOf(runbooks)({ ...asked, planOnly: true }));
    const runbook = intent.type === 'ProposeRun' ? runbooks.read(intent.definition) : null;
    if (intent.type !== 'ProposeRun' || !runbook) throw new Told(`${asked.runbook} cannot be read.`);
    const scope = { inputs: JSON.parse(intent.inputs), incident: INCIDENT, run: { id: UNKNOWN } };
    const world = { actions: ACTIONS, systems, scrub, now: () => new Date() };
    let plan: RunPlan;
    try {
      const of = { target: intent.target, key: `plan/${runbook.name}`, scope };
      plan = await planSteps(of, runbook, world, new AbortController().signal);
    } catch (error) {
      const why = plain(error instanceof Error ? error.message : String(error));
      throw new Told(`No plan can be made: ${why}`);
    }
    await io.out(scrub.text(planText(runbook, plan)));
  } catch (error) {
    throw scrubbed(error, runbooks);
  }
}

/**
 * What is told about a runbook may quote its definition, or what was typed: known secrets are taken out of it.
 * @returns the same error: its class says what else is to be told, such as what to do about the database
 */
function scrubbed(error: unknown, { scrub }: Pick<Runbooks, 'scrub'>): unknown {
  if (error instanceof Told) error.message = scrub.text(error.message);
  return error;
}

/**
 * `runbook run`: proposes a run, takes it along here, and shows how it goes; with `--plan` it ends with its plan.
 * @returns 0 only when it succeeded
 */
async function runRunbook(args: string[], io: Io): Promise<number> {
  const asked = readAsked(args, 'run');
  configWithSecret(io, 'database');
  return withCore(io, async (core) => {
    const recorded = await record(core, asked).catch((error: unknown) => {
      throw scrubbed(error, core.runbooks);
    });
    await io.out(`${recorded.receipt}\n`);
    const run = runOf(recorded);
    // The same key again: it may have named another request, or a run that is long forgotten.
    if (run === null) throw new Told('That key was used before, and not for a run.');
    const at = { incident: recorded.incident, run };
    if (asked.planOnly) return printPlan(core, io, at);
    return follow(core, io, { ...at, known: recorded.repeated ? 0 : 1 });
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
  configWithSecret(io, 'database');
  return withCore(io, async (core) => {
    const asking = await askingHere(core, null, null);
    const { count } = runsOf(granted(await core.read.incident(asking, incident)));
    if (run > count) {
      const ref = refOf(incident);
      throw new Told(`${ref} has no ${runRef(run)}. \`tocsin runs ${ref}\` lists its runs.`);
    }
    return follow(core, io, { incident, run, known: 0 });
  });
}

/** What makes it this request, as it was typed, and in whatever order. */
function requestOf({ runbook, inputs, incident, planOnly, key }: Asked) {
  if (key === null) return null;
  return { key, request: ['runbook run', runbook, Object.entries(inputs).sort(), incident, planOnly] };
}

/** @returns the proposal, recorded now, or before under the same key */
async function record(core: Core, asked: Asked): Promise<Recorded> {
  const asking = await askingHere(core, requestOf(asked), asked.owner);
  // Before anything that may have changed since it was asked for: the runbook, which incidents are open.
  const before = asking.key === null ? null : await core.before(asking);
  if (before) return granted(before);
  const incident = asked.incident ?? (await onlyOpen(core, asking));
  const { intent, notes } = granted(await proposeOf(core.runbooks)(asked));
  const remarks = [...notes, ...(asked.planOnly ? [] : remarkOnOwner(asking))];
  const recorded = await core.handle(intent, incident, asking, remarks);
  const busy = isRefusal(recorded) && recorded.code === 'RUN_TARGET_BUSY' && intent.type === 'ProposeRun';
  return granted(busy ? await withWatch(core, recorded, intent.target, asking) : recorded);
}

/** @returns the number of the only open incident. @throws Told when there is none, or more than one */
async function onlyOpen(core: Core, asking: Asking): Promise<number> {
  const open = await core.read.open(asking);
  const [only, another] = open;
  if (only && !another) return only.number;
  if (!only) {
    throw new Told(
      'No incident is open. Open one with `tocsin open TITLE`, or name an older one with `--incident INC-1`.',
    );
  }
  const offered = open.slice(-8).map(({ number, title }) => `\n  ${refOf(number)}  ${title}`);
  throw new Told(`Which incident? Name it with \`--incident ${refOf(only.number)}\`.${offered.join('')}`);
}

/** @returns the number of the run that was asked for, also when it had been asked for under that key before */
function runOf({ facts, receipt, repeated }: Recorded): number | null {
  const [fact] = facts;
  if (fact?.type === 'RunProposed') return fact.data.run;
  const [, said] = (repeated && /· (RUN-[0-9]+) will be planned/.exec(receipt)) || [];
  return said === undefined ? null : runNumberOf(said);
}

/** A run that is taken along here. */
interface Followed {
  incident: number;
  run: number;
  /** Facts of the run that its reader knows already. */
  known: number;
}

async function follow(core: Core, io: Io, at: Followed): Promise<number> {
  const { scrub } = core.runbooks;
  const screen = new Screen((text) => io.out(scrub.text(text)), terminal(io));
  const ended = await takeAlong(core, io, at, screen);
  if (ended === null) return LEFT;
  const { end, planOnly } = ended.state;
  return end === 'succeeded' || (planOnly && end === 'planned') ? 0 : 1;
}

function terminal({ env }: Io): (() => number) | null {
  const live = process.stdout.isTTY && env.TERM !== 'dumb';
  return live ? () => process.stdout.columns || 80 : null;
}

const VERBS: Readonly<Record<string, Verb['run']>> = {
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
  run([verb = '', ...args], io) {
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
 * @returns the run as it ended; null: it was left, and how it goes on has been said
 */
async function takeAlong(core: Core, io: Io, at: Followed, screen: Screen): Promise<RunView | null> {
  const { config } = core;
  const team = await core.team();
  const [ref, run] = [refOf(at.incident), runRef(at.run)];
  const log = createLog(config.logLevel);
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

/** How often the facts of the run are read, and its lane is looked for among those that are due. */
const POLL_MS = 200;
const LANES = 10_000;

interface Following extends Followed {
  core: Core;
  world: RunWorld;
  team: string;
  telling: Telling;
  screen: Screen;
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
  let advancing: Promise<void> | null = null;

  const advance = (due: string) => {
    // The times at which to go on are rows, and looked for with the others.
    const options = { world: following.world, wakeAt: () => {}, owner };
    advancing = drainRunLane(due, options, leaving)
      .catch((error: unknown) => {
        if (!(error instanceof Unavailable)) failure = error;
      })
      .finally(() => {
        advancing = null;
      });
  };

  for (;;) {
    if (failure !== null) throw failure;
    try {
      // In this order: what is not due any more has been written down before the facts are read.
      const idle = advancing === null;
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
      if (due !== null) advance(due);
      const leave = leaving.aborted ? ' · leaving when that is done; Ctrl-C again leaves at once' : '';
      await screen.status(`${statusLine(view, new Date())}${leave}`);
      away = false;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      if (leaving.aborted && advancing === null) return done(screen, null);
      if (!away) await screen.line('The database does not answer; trying again.');
      away = true;
    }
    await sleep(POLL_MS);
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
export async function printPlan(core: Core, io: Io, at: Omit<Followed, 'known'>): Promise<number> {
  const { scrub, read } = core.runbooks;
  const facts = await core.store.incidents.runFacts(await core.team(), at.incident, at.run);
  // Under the same key: whoever wants a plan only must not take a run along.
  if (!runViewOf(facts, at.run)?.state.planOnly)
    throw new Told(`That key was used before, for ${runRef(at.run)}, which is not only a plan.`);
  // Nothing of how it came about: what is to be read is the plan.
  const screen = new Screen((text) => io.err(scrub.text(text)), null);
  const ended = await takeAlong(core, io, { ...at, known: Number.POSITIVE_INFINITY }, screen);
  if (ended === null) return LEFT;
  const runbook = read(ended.definition ?? '');
  if (ended.state.end !== 'planned' || !ended.plan || !runbook) {
    const why = plain(ended.summary ?? `${runRef(at.run)} ${runStatusText(ended)}`);
    throw new Told(scrub.text(`${why.charAt(0).toUpperCase()}${why.slice(1)}`));
  }
  await io.out(scrub.text(planText(runbook, ended.plan)));
  return 0;
}
