import type { Retries } from '#deliver/lane.js';
import { laneOfRun, laneOfTimer, runLaneOf } from '#domain/incident/effect.js';
import type { IncidentState } from '#domain/incident/state.js';
import { mayApprove } from '#domain/run/decide.js';
import { nextOf } from '#domain/run/next.js';
import { changesOf, planHash, type RunPlan, sendingOf } from '#domain/run/plan.js';
import type { Runbook } from '#domain/run/runbook.js';
import { runsOf } from '#domain/run/state.js';
import { type RunView, runViewOf } from '#domain/run/view.js';
import { isScheduled, refOf, runRef } from '#domain/words.js';
import { ActionFailed, Lost } from '#runbooks/action.js';
import { Unavailable } from '#store/pools.js';
import { CHOICES, Moved, NotKept, type RunTell, runTell, type StepDesk } from './context.js';
import { finisher } from './finish.js';
import { RunLease } from './lease.js';
import { planRun } from './plan.js';
import type { RunWorld } from './ports.js';
import { doStep } from './step.js';

/** How a drive ended: the run rests until somebody speaks, or until that moment; or the process is stopping. */
type Rest = { until: Date | null } | 'stopping';

interface Drive {
  team: string;
  incident: number;
  run: number;
  world: RunWorld;
  lease: RunLease;
  /** The process is stopping: finish the step in hand, begin no other. */
  stopping: AbortSignal;
  cancelled: AbortSignal;
}

/** A pause as short as this is slept through, with the run in hand. */
const NAP_MS = 2_500;
/** So often in a row a run may have moved on under us; then somebody else is at it. */
const MOVES = 20;

/** Takes a run as far as it goes now. @throws Lost | NotKept, or when the database is away: it is taken up again later */
async function driveRun(drive: Drive): Promise<Rest> {
  const { team, incident: number, run, world, lease } = drive;
  const tell = runTell(world, team, number, lease.signal);
  for (let moves = 0; moves < MOVES; ) {
    const facts = await world.facts(team, number, run);
    const view = runViewOf(facts, run);
    const incident = await world.incident(team, number);
    if (!view || !incident) return { until: null };
    // Cancelled, ended, and asked to undo, all while we were at it: whoever takes it up next has a signal of its own.
    if (drive.cancelled.aborted && !view.state.cancelled) return 'stopping';
    try {
      const rest = await oneMove({ ...drive, tell, view, incident });
      if (rest) return rest;
      moves = 0;
    } catch (error) {
      if (!(error instanceof Moved)) throw error;
      if (lease.signal.aborted) throw new Lost();
      world.log.info({ run: runRef(run), incident: refOf(number), why: error.message }, 'a run has moved on');
      moves += 1;
    }
  }
  throw new Lost();
}

interface Turn extends Omit<Drive, 'incident'> {
  tell: RunTell;
  view: RunView;
  incident: IncidentState;
}

/** Does the next thing. @returns how to rest; null: look what is next */
async function oneMove(turn: Turn): Promise<Rest | null> {
  const { view, incident, world, lease, tell, run } = turn;
  const { fence } = lease.hold;
  const runbook = world.readRunbook(view.definition ?? '');
  if (view.state.status === 'ended') {
    // Whoever was away must not give away what the run's undo has taken since.
    await lease.secure();
    await world.targets.release(turn.team, { incident: incident.number, run });
    return { until: null };
  }
  if (!runbook) {
    const summary = 'its definition cannot be read any more';
    await tell({ type: 'EndRun', run, fence, end: 'failed', summary });
    return null;
  }
  if (turn.stopping.aborted) return 'stopping';
  const next = nextOf(view, runbook, world.now());
  switch (next.do) {
    case 'nothing':
      return { until: null };
    case 'rest': {
      const ms = next.until ? next.until.getTime() - world.now().getTime() : Number.POSITIVE_INFINITY;
      if (ms > NAP_MS) return { until: next.until };
      await nap(Math.max(0, ms), [lease.signal, turn.stopping, turn.cancelled]);
      return null;
    }
    case 'delay': {
      const { spec, phase, attempt } = next;
      const until = next.until.toISOString();
      await tell({ type: 'DelayStep', run, step: spec.id, phase, attempt, fence, until, error: null });
      return null;
    }
    case 'plan':
    case 'begin':
      await planned(turn, runbook, next.do === 'begin');
      return null;
    case 'end':
      await tell({ type: 'EndRun', run, fence, end: next.end, summary: next.summary });
      return null;
    case 'undo':
      await tell({ type: 'BeginUndo', run, fence });
      return null;
    case 'ask': {
      const { spec, phase, attempt, why, question } = next;
      await tell({
        type: 'AskStep',
        run,
        step: spec.id,
        phase,
        attempt,
        fence,
        why,
        question,
        choices: CHOICES,
      });
      return null;
    }
    case 'abandon': {
      const { spec, phase, attempt } = next;
      const at = { run, step: spec.id, phase, attempt };
      await tell({ type: 'TakeStep', ...at, fence });
      const error = new ActionFailed('cancelled while it ran, and its worker is gone: look at what it did');
      await finisher(turn, at).failed(null, error);
      return null;
    }
    case 'start':
    case 'resume':
      if (view.state.status === 'undoing' && !(await mine(turn))) {
        return { until: new Date(world.now().getTime() + BUSY_MS) };
      }
      await doStep(deskOf(turn), next);
      return null;
  }
}

/** Somebody else's run has the target that an undo wants: it is looked at again so much later. */
const BUSY_MS = 5_000;

function deskOf({ view, incident, world, lease, tell, cancelled }: Turn): StepDesk {
  return { view, incident, world, lease, tell, cancelled };
}

async function mine({ world, team, incident, run, view }: Turn): Promise<boolean> {
  const own = { incident: incident.number, run };
  const has = await world.targets.take(team, view.state.target, own);
  return has.incident === own.incident && has.run === own.run;
}

/**
 * Writes down the plan; or, before the first change, looks whether it still stands as it was approved, and asks again
 * when the world has moved, or one of those who agreed would not be asked any more.
 */
async function planned(turn: Turn, runbook: Runbook, begin: boolean): Promise<void> {
  const { view, incident, world, lease, tell, run, team } = turn;
  const { fence } = lease.hold;
  if (!view.state.planOnly && !(await mine(turn))) {
    const has = await world.targets.holder(team, view.state.target);
    const other = has ? await world.incident(team, has.incident) : null;
    // Who may see this incident need not be allowed to know of that one.
    const named = has && (has.incident === incident.number || other?.private === false);
    const who = named ? `${runRef(has.run)} of ${refOf(has.incident)} holds` : 'another run holds';
    return tell({ type: 'EndRun', run, fence, end: 'failed', summary: `${who} ${view.state.target}` });
  }
  let plan: RunPlan;
  try {
    const signal = AbortSignal.any([lease.signal, turn.cancelled]);
    plan = await planRun(view, runbook, incident, world, signal);
  } catch (error) {
    if (lease.signal.aborted) throw new Lost();
    if (turn.cancelled.aborted) return;
    const why = error instanceof Error ? error.message : String(error);
    const summary = begin ? `the plan can no longer be made: ${why}` : `no plan can be made: ${why}`;
    return tell({ type: 'EndRun', run, fence, end: 'failed', summary });
  }
  // Reading may have taken long: the plan of a worker that was away must not take the place of a newer one.
  await lease.secure();
  const hash = planHash(plan, view.definition ?? '', JSON.stringify(view.inputs));
  const people = await world.approversOf(team, runbook.approval.from, view.state.approvers?.people ?? []);
  const same = hash === view.state.hash;
  const agreed = begin && same && (await stillAgreed(turn, people));
  if (agreed) return tell({ type: 'StartRun', run, fence, hash });
  const { required, from, self, expiresS } = runbook.approval;
  const changes = changesOf(plan).length;
  // What would change something has nothing to change now; a runbook that never would, and wants a yes, gets to ask.
  // To send a secret out is to act, too.
  const acts = changes + sendingOf(plan).length > 0;
  const idle = !acts && plan.steps.some(({ effect }) => effect !== 'read');
  // Nobody answers for a machine's or a token's word: one person more has to agree, unless there is nothing to agree to.
  const nobodys = /^(cli|token):/.test(view.by.id) && view.state.owner === undefined;
  const more = nobodys && (acts || required > 0) ? 1 : 0;
  // What is scheduled was agreed to by whoever wrote tocsin.yml.
  const needed = idle || isScheduled(view.by.id) ? 0 : required + more;
  await tell({
    type: 'NoteRunPlanned',
    run,
    fence,
    hash,
    steps: runbook.steps.map(({ id }) => id),
    changes,
    approvers: {
      required: needed,
      from,
      people,
      self,
      expiresAt: new Date(world.now().getTime() + expiresS * 1_000).toISOString(),
    },
    plan: JSON.stringify(plan),
    again: !begin || needed === 0 ? null : same ? 'approvers' : 'moved',
  });
  // Nobody has to see it: in a world that never stands still it would be read anew for ever.
  if (begin && needed === 0) await tell({ type: 'StartRun', run, fence, hash });
}

/** Would everybody who agreed still be asked? Groups and roles may have changed since, and accounts may be gone. */
async function stillAgreed({ view, incident, world, team }: Turn, people: string[]): Promise<boolean> {
  const { state } = view;
  if (state.granted || !state.approvers) return state.granted;
  const now = { ...state, approvers: { ...state.approvers, people } };
  const gone = await world.gone(team, state.approvals);
  const counts = state.approvals.filter((who) => mayApprove(incident, now, who) && !gone.includes(who));
  return counts.length >= state.approvers.required;
}

async function nap(ms: number, signals: AbortSignal[]): Promise<void> {
  const signal = AbortSignal.any(signals);
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => resolve(void clearTimeout(timer)), { once: true });
  });
}

/** A database that is away comes back; a mistake of ours does not mend itself, and is only to be seen in the log. */
const RETRY_MS = 1_000;
const BUG_RETRY_MS = 30_000;

export interface RunLaneOptions {
  world: RunWorld;
  /** Wakes a lane at that time; the relay's. */
  wakeAt: (lane: string, at: Date) => void;
  owner: string;
  retries?: Retries;
}

/**
 * Takes one run as far as it goes now, under its lease.
 *
 * A worker that dies here leaves a lease, gone after 5 s, the row that woke it, and the facts: whoever comes next goes
 * on from those. A row is settled only when the run rests, so nothing can be forgotten in between.
 */
export async function drainRunLane(
  lane: string,
  options: RunLaneOptions,
  signal: AbortSignal,
): Promise<void> {
  const of = runLaneOf(lane);
  if (!of) throw new Error(`not a lane of a run: ${lane}`);
  const { world, owner } = options;
  const { team, incident, run } = of;
  const cancelled = new AbortController();
  const onBeat = () => {
    void isCancelled(world, team, incident, run).then((yes) => yes && cancelled.abort());
  };
  const lease = await RunLease.claim(world.outbox, { team, lane }, owner, onBeat);
  if (!lease) return;
  let wake: Date | null = null;
  try {
    const rows = await world.outbox.owedRows(lease.hold, 100);
    const ids = rows.map(({ id }) => id);
    if (ids.length === 0) return;
    if (of.timer) {
      await ring(world, of, rows[0]?.id ?? 0);
    } else {
      const rest = await driveRun({
        team,
        incident,
        run,
        world,
        lease,
        stopping: signal,
        cancelled: cancelled.signal,
      });
      if (rest === 'stopping') return;
      if (rest.until) await setAlarm(world, of, rest.until, lease.hold.fence, options);
    }
    if (!(await world.outbox.settle(lease.hold, ids, { done: null }))) throw new Lost();
  } catch (error) {
    if (error instanceof Lost) {
      world.log.warn({ lane }, 'another worker has taken over this run');
      return;
    }
    // Not settled: the row stays, and the relay finds it.
    const passing = error instanceof NotKept || error instanceof Unavailable;
    wake = new Date(world.now().getTime() + (passing ? RETRY_MS : BUG_RETRY_MS));
    const times = options.retries ? options.retries.count(lane) : 1;
    if (times !== null)
      world.log[passing ? 'warn' : 'error'](
        { lane, err: error, times },
        'a run could not be taken further now',
      );
  } finally {
    lease.end();
    await release(world, lease, wake, options);
  }
}

async function isCancelled(world: RunWorld, team: string, incident: number, run: number): Promise<boolean> {
  const state = await world.incident(team, incident).catch(() => null);
  return state !== null && runsOf(state).list.some((one) => one.run === run && one.cancelled);
}

/**
 * The time at which to go on is a row, not a timer: it outlives every process. Each is in a lane of its own (rows of one
 * lane go in order): the alarm for a plan that runs out tomorrow must not hold up the one for a step that waits a minute.
 */
async function setAlarm(
  world: RunWorld,
  { team, incident, run }: { team: string; incident: number; run: number },
  dueAt: Date,
  fence: number,
  { wakeAt }: RunLaneOptions,
): Promise<void> {
  const lane = laneOfTimer(team, incident, run, fence);
  // Its fence too: where our clock is behind the database's, an alarm goes off too early, and another is needed.
  const key = `alarm:${refOf(incident)}:${runRef(run)}:${fence}:${dueAt.toISOString()}`;
  const inMs = Math.max(0, dueAt.getTime() - world.now().getTime());
  await world.owe({ kind: 'run.advance', payload: { run } }, { team, incident, lane, key, inMs });
  wakeAt(lane, dueAt);
}

/** The alarm goes off: the run itself is woken, in its own lane. */
async function ring(
  world: RunWorld,
  { team, incident, run }: { team: string; incident: number; run: number },
  row: number,
): Promise<void> {
  const lane = laneOfRun(team, incident, run);
  await world.owe({ kind: 'run.advance', payload: { run } }, { team, incident, lane, key: `ring:${row}` });
}

async function release(
  world: RunWorld,
  lease: RunLease,
  wake: Date | null,
  { wakeAt }: RunLaneOptions,
): Promise<void> {
  const { lane } = lease.hold;
  const now = world.now().getTime();
  try {
    const ms = await world.outbox.releaseLane(lease.hold, wake && Math.max(0, wake.getTime() - now));
    if (typeof ms === 'number') wakeAt(lane, new Date(now + ms));
  } catch (error) {
    world.log.warn({ lane, error: String(error) }, 'a run could not be given back; its lease will run out');
  }
}
