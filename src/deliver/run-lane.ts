import { runRef } from '#domain/run-fact.js';
import { runsOf } from '#domain/run-state.js';
import { refOf } from '#domain/state.js';
import { Lost } from '#runbooks/action.js';
import { Unavailable } from '#store/outcome.js';
import type { Retries } from './lane.js';
import { driveRun } from './run-drive.js';
import { RunLease } from './run-lease.js';
import type { RunWorld } from './run-ports.js';
import { NotKept } from './run-tell.js';

// `T024BE7LD/INC-7/RUN-3`, and the lanes of its alarm clocks, `…/timer/17`.
const LANE = /^([^/]+)\/INC-(\d+)\/RUN-(\d+)(\/timer(?:\/\d+)?)?$/;
/** A database that is away comes back; a mistake of ours does not mend itself, and is only to be seen in the log. */
const RETRY_MS = 1_000;
const BUG_RETRY_MS = 30_000;

/** @returns what lane this is of; null: of no run */
export function runLaneOf(
  lane: string,
): { team: string; incident: number; run: number; timer: boolean } | null {
  const [, team, incident, run, timer] = LANE.exec(lane) ?? [];
  if (team === undefined) return null;
  return { team, incident: Number(incident), run: Number(run), timer: timer !== undefined };
}

export function laneOfRun(team: string, incident: number, run: number): string {
  return `${team}/${refOf(incident)}/${runRef(run)}`;
}

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
  const lane = `${laneOfRun(team, incident, run)}/timer/${fence}`;
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
