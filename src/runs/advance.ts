import { setTimeout as sleep } from 'node:timers/promises';
import { laneOfRun, laneOfTimer, runLaneOf } from '#domain/incident/effect.js';
import { mayApprove } from '#domain/run/decide.js';
import { nextOf } from '#domain/run/next.js';
import { changesOf, planHash, type RunPlan, sendingOf } from '#domain/run/plan.js';
import type { Runbook } from '#domain/run/runbook.js';
import { runsOf } from '#domain/run/state.js';
import { runViewOf } from '#domain/run/view.js';
import { isScheduled, refOf, runRef } from '#domain/words.js';
import { holdLane, type LaneOptions, type Lease, type Terms } from '#lanes/lane.js';
import { Lost } from '#runbooks/action.js';
import { Unavailable } from '#store/pools.js';
import { type HeldRun, Moved, NotKept, type RunWorld, runTell } from './context.js';
import { planRun } from './plan.js';
import { abandonStep, ask, delay, doStep, stepOf } from './step.js';

/** How far a run went: it rests until somebody speaks, or until that moment; or the process is stopping. */
type Rest = { until: Date | null } | 'stopping';

/** A pause as short as this is slept through, with the run in hand. */
const SHORT_MS = 2_500;
/** So often in a row a run may have moved on under us; then somebody else is at it. */
const MOVES = 20;

/**
 * Takes a run as far as it goes now.
 * @param stopping the process is stopping: finish the step in hand, begin no other
 * @throws Lost | NotKept, or when the database is away: it is taken up again later
 */
async function advance(
  { team, incident: number, run }: RunLane,
  on: Pick<HeldRun, 'world' | 'lease' | 'cancelled'>,
  stopping: AbortSignal,
): Promise<Rest> {
  const { world, lease, cancelled } = on;
  const tell = runTell(world, team, number, lease.signal);
  for (let moves = 0; moves < MOVES; ) {
    const facts = await world.facts(team, number, run);
    const view = runViewOf(facts, run);
    const incident = await world.incident(team, number);
    if (!view || !incident) return { until: null };
    // Cancelled, ended, and asked to undo, all while we were at it: the next worker has a signal of its own.
    if (cancelled.aborted && !view.state.cancelled) return 'stopping';
    try {
      const rest = await oneMove({ ...on, tell, view, incident }, stopping);
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

/** Does the next thing. @returns how to rest; null: look what is next */
async function oneMove(held: HeldRun, stopping: AbortSignal): Promise<Rest | null> {
  const { view, incident, world, lease, tell, cancelled } = held;
  const { run } = view.state;
  const { fence } = lease.hold;
  const runbook = world.readRunbook(view.definition ?? '');
  if (view.state.status === 'ended') {
    // A worker that was away must not give away what the run's undo has taken since.
    await lease.secure();
    await world.targets.release(incident.team, { incident: incident.number, run });
    return { until: null };
  }
  if (!runbook) {
    const summary = 'its definition cannot be read any more';
    await tell({ type: 'EndRun', run, fence, end: 'failed', summary });
    return null;
  }
  if (stopping.aborted) return 'stopping';
  const next = nextOf(view, runbook, world.now());
  switch (next.do) {
    case 'nothing':
      return { until: null };
    case 'rest': {
      const ms = next.until ? next.until.getTime() - world.now().getTime() : Number.POSITIVE_INFINITY;
      if (ms > SHORT_MS) return { until: next.until };
      const signal = AbortSignal.any([lease.signal, stopping, cancelled]);
      await sleep(Math.max(0, ms), undefined, { signal }).catch(() => undefined);
      return null;
    }
    case 'delay':
      await delay(stepOf(held, next), next.until, null);
      return null;
    case 'plan':
    case 'begin':
      await planned(held, runbook, next.do === 'begin');
      return null;
    case 'end':
      await tell({ type: 'EndRun', run, fence, end: next.end, summary: next.summary });
      return null;
    case 'undo':
      await tell({ type: 'BeginUndo', run, fence });
      return null;
    case 'ask':
      await ask(stepOf(held, next), next.why, next.question);
      return null;
    case 'abandon':
      await abandonStep(stepOf(held, next));
      return null;
    case 'start':
    case 'resume':
      if (view.state.status === 'undoing' && !(await takesTarget(held))) {
        return { until: new Date(world.now().getTime() + BUSY_MS) };
      }
      await doStep(held, next);
      return null;
  }
}

/** Somebody else's run has the target that an undo wants: it is looked at again so much later. */
const BUSY_MS = 5_000;

/** Takes the run's target for it. @returns false: another run has it */
async function takesTarget({ world, incident, view }: HeldRun): Promise<boolean> {
  const own = { incident: incident.number, run: view.state.run };
  const holder = await world.targets.take(incident.team, view.state.target, own);
  return holder.incident === own.incident && holder.run === own.run;
}

/**
 * Writes down the plan; or, before the first change, looks whether it still stands as it was approved, and asks again
 * when the world has moved, or one of those who agreed would not be asked any more.
 */
async function planned(held: HeldRun, runbook: Runbook, begin: boolean): Promise<void> {
  const { view, incident, world, lease, tell, cancelled } = held;
  const { run } = view.state;
  const { team } = incident;
  const { fence } = lease.hold;
  if (!view.state.planOnly && !(await takesTarget(held))) {
    const has = await world.targets.holder(team, view.state.target);
    const other = has ? await world.incident(team, has.incident) : null;
    // Who may see this incident need not be allowed to know of that one.
    const named = has && (has.incident === incident.number || other?.private === false);
    const who = named ? `${runRef(has.run)} of ${refOf(has.incident)} holds` : 'another run holds';
    return tell({ type: 'EndRun', run, fence, end: 'failed', summary: `${who} ${view.state.target}` });
  }
  let plan: RunPlan;
  try {
    const signal = AbortSignal.any([lease.signal, cancelled]);
    plan = await planRun(view, runbook, incident, world, signal);
  } catch (error) {
    if (lease.signal.aborted) throw new Lost();
    if (cancelled.aborted) return;
    const why = error instanceof Error ? error.message : String(error);
    const summary = begin ? `the plan can no longer be made: ${why}` : `no plan can be made: ${why}`;
    return tell({ type: 'EndRun', run, fence, end: 'failed', summary });
  }
  // Reading may have taken long: the plan of a worker that was away must not take the place of a newer one.
  await lease.secure();
  const hash = planHash(plan, view.definition ?? '', JSON.stringify(view.inputs));
  const people = await world.approversOf(team, runbook.approval.from, view.state.approvers?.people ?? []);
  const same = hash === view.state.hash;
  const agreed = begin && same && (await stillAgreed(held, people));
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
  // What is scheduled was agreed to by the author of tocsin.yml.
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
async function stillAgreed({ view, incident, world }: HeldRun, people: string[]): Promise<boolean> {
  const { state } = view;
  if (state.granted || !state.approvers) return state.granted;
  const now = { ...state, approvers: { ...state.approvers, people } };
  const gone = await world.gone(incident.team, state.approvals);
  const counts = state.approvals.filter((who) => mayApprove(incident, now, who) && !gone.includes(who));
  return counts.length >= state.approvers.required;
}

/** A database that is away comes back; a mistake of ours does not mend itself, and is only to be seen in the log. */
const RETRY_MS = 1_000;
const BUG_RETRY_MS = 30_000;

/** A step that was in hand while the machine slept goes on, if nobody else has taken the run. */
const TERMS: Terms = { ms: 5_000, marginMs: 2_000, revives: true };

export interface RunLaneOptions extends LaneOptions {
  world: RunWorld;
}

type RunLane = NonNullable<ReturnType<typeof runLaneOf>>;

/**
 * Takes one run as far as it goes now, under its lease.
 *
 * A worker that dies here leaves a lease, gone after 5 s, the row that woke it, and the facts: the next worker goes
 * on from those. A row is settled only when the run rests, so nothing can be forgotten in between.
 * @param stopping the process is stopping: the step in hand is finished, no other is begun
 */
export async function drainRunLane(
  lane: string,
  options: RunLaneOptions,
  stopping: AbortSignal,
): Promise<void> {
  const of = runLaneOf(lane);
  if (!of) throw new Error(`not a lane of a run: ${lane}`);
  const { world, retries } = options;
  const cancelled = new AbortController();
  const onBeat = () => {
    void isCancelled(world, of).then((yes) => yes && cancelled.abort());
  };
  const work = async (lease: Lease): Promise<null> => {
    const rows = await lease.owed(100);
    const [first] = rows;
    if (!first) return null;
    if (of.timer) {
      await wakeRun(world, of, first.id);
    } else {
      const rest = await advance(of, { world, lease, cancelled: cancelled.signal }, stopping);
      if (rest === 'stopping') return null;
      if (rest.until) await setAlarm(of, rest.until, lease.hold.fence, options);
    }
    await lease.settle(
      rows.map(({ id }) => id),
      { done: null },
    );
    return null;
  };
  await holdLane({ team: of.team, lane }, options, { ...TERMS, onBeat }, (lease) =>
    work(lease).catch((error: unknown) => {
      if (error instanceof Lost) throw error;
      // Not settled: the row stays, and the relay finds it.
      const passing = error instanceof NotKept || error instanceof Unavailable;
      const times = retries ? retries.count(lane) : 1;
      const about = { lane, err: error, times };
      if (times !== null)
        world.log[passing ? 'warn' : 'error'](about, 'a run could not be taken further now');
      return passing ? RETRY_MS : BUG_RETRY_MS;
    }),
  );
}

async function isCancelled(world: RunWorld, { team, incident, run }: RunLane): Promise<boolean> {
  const state = await world.incident(team, incident).catch(() => null);
  return state !== null && runsOf(state).list.some((one) => one.run === run && one.cancelled);
}

/**
 * The time at which to go on is a row, not a timer: it outlives every process. Each is in a lane of its own (rows of one
 * lane go in order): the alarm for a plan that runs out tomorrow must not hold up the one for a step that waits a minute.
 */
async function setAlarm(
  { team, incident, run }: RunLane,
  dueAt: Date,
  fence: number,
  { world, wakeAt }: RunLaneOptions,
): Promise<void> {
  const lane = laneOfTimer(team, incident, run, fence);
  // Its fence too: where our clock is behind the database's, an alarm goes off too early, and another is needed.
  const key = `alarm:${refOf(incident)}:${runRef(run)}:${fence}:${dueAt.toISOString()}`;
  const inMs = Math.max(0, dueAt.getTime() - world.now().getTime());
  await world.owe({ kind: 'run.advance', payload: { run } }, { team, incident, lane, key, inMs });
  wakeAt(lane, dueAt);
}

/** The alarm of that row goes off: the run is woken, in its own lane. */
async function wakeRun(world: RunWorld, { team, incident, run }: RunLane, row: number): Promise<void> {
  const lane = laneOfRun(team, incident, run);
  await world.owe({ kind: 'run.advance', payload: { run } }, { team, incident, lane, key: `ring:${row}` });
}
