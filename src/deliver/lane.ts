import type { EffectKind } from '#domain/effect.js';
import { Attempt, type Body } from './attempt.js';
import { isAboutTheMessage, Later, Lost, Refused } from './failure.js';
import type { Gate } from './gate.js';
import { Lease } from './lease.js';
import { pick } from './pick.js';
import type { OutboxRow, Settlement, World } from './ports.js';
import { verdict } from './verdict.js';

// A busy lane goes to the end of the queue after this long, so that the others get their turn.
const TURN_MS = 5_000;
// More open rows than one message holds; the rest is seen once these are settled.
const LOOK = 200;

export interface DrainOptions {
  world: World;
  gate: Gate;
  /** Pays a batch of rows, all of one kind (or all shown as entries). */
  deliver: (attempt: Attempt) => Promise<Body>;
  /** Wakes the lane at that time; the relay's. */
  wakeAt: (lane: string, at: Date) => void;
  /** Who holds the leases of this process. */
  owner: string;
}

/**
 * Pays what one lane owes: claims its lease, pays due rows in order, stops when nothing is due, when the turn is
 * over or when asked to, and says when to come back. Nothing here sleeps: a lane that has to wait leaves, and its
 * worker is free for another.
 *
 * A worker that dies here leaves a lease, gone after 10 s, and rows noted as begun, which the next one looks for
 * in Slack before it pays them.
 */
export async function drainLane(
  { team, lane }: { team: string; lane: string },
  options: DrainOptions,
  signal: AbortSignal,
): Promise<void> {
  const { world } = options;
  const lease = await Lease.claim(world.outbox, team, lane, options.owner);
  if (!lease) return;
  let nextAt: Date | null = null;
  try {
    nextAt = await drain(lease, options, signal);
  } catch (error) {
    if (!(error instanceof Lost)) throw error;
    world.log.warn({ lane }, 'another worker has taken over this lane');
    return;
  } finally {
    // After a failure of the database too: then this fails as well, and the lease runs out by itself.
    await world.outbox.release(team, lane, lease.fence, nextAt).catch((error: unknown) => {
      world.log.warn({ lane, error: String(error) }, 'a lane could not be released; its lease will run out');
    });
  }
  if (nextAt) options.wakeAt(lane, nextAt);
}

/** @returns when the lane wants to be drained again, or null: when something new is due. */
async function drain(lease: Lease, options: DrainOptions, signal: AbortSignal): Promise<Date | null> {
  const { world } = options;
  const { team, lane } = lease;
  // What the gate holds back is known to this process only; the row says nothing of it.
  const parked = new Map<number, Date>();
  const end = performance.now() + TURN_MS;

  for (;;) {
    const now = world.now();
    const rows = await world.outbox.open(team, lane, LOOK);
    const loaded = rows[0] ? await world.incidents.load(team, rows[0].incident) : null;
    if (!loaded) return null;
    const incident = loaded.state;
    const ready = incident.channel !== null && incident.headline !== null;
    const next = pick(rows, now, (row) => dueAt(row, parked), ready, alone);
    if (next === null) return null;
    if ('waitUntil' in next) return next.waitUntil;
    if (signal.aborted || performance.now() > end) return now;

    await lease.hold();
    const attempt = new Attempt(next.batch, incident, lease, options.gate, world);
    try {
      const result = await options.deliver(attempt);
      await settle(lease, world, attempt.rows, { done: result });
    } catch (error) {
      if (error instanceof Lost) throw error;
      if (error instanceof Later && !error.told && !attempt.unsure) {
        for (const row of attempt.rows) parked.set(row.id, error.until);
      } else if (attempt.rows.length > 1 && error instanceof Refused && isAboutTheMessage(error.message)) {
        // Kept with the rows, because the next try at them is a second away and may be another process's.
        const how = { retryAt: now, error: error.message, counts: false, unsure: attempt.unsure };
        await settle(lease, world, attempt.rows, how);
      } else {
        await fail(lease, world, attempt, error);
      }
    } finally {
      attempt.end();
    }
  }
}

// Never tried means due, whatever the clocks of database and process say to each other.
function dueAt(row: OutboxRow, parked: Map<number, Date>): Date {
  return parked.get(row.id) ?? (row.error === null ? new Date(0) : row.dueAt);
}

function alone(row: OutboxRow): boolean {
  return row.error !== null && isAboutTheMessage(row.error);
}

async function fail(lease: Lease, world: World, attempt: Attempt, error: unknown): Promise<void> {
  const { row } = attempt;
  const how = verdict(error, row.attempts, attempt.unsure, world.now());
  await settle(lease, world, attempt.rows, how);
  const about = { lane: row.lane, kind: row.kind, rows: attempt.rows.map(({ id }) => id) };
  if ('dead' in how) world.log.error({ ...about, error: how.dead }, 'a delivery is dead until it is retried');
  else if ('retryAt' in how) {
    world.log.warn({ ...about, error: how.error, retryAt: how.retryAt }, 'a delivery will be tried again');
  }
}

async function settle(
  lease: Lease,
  world: World,
  rows: OutboxRow<EffectKind>[],
  how: Settlement,
): Promise<void> {
  const ids = rows.map((row) => row.id);
  if (!(await world.outbox.settle(lease.team, lease.lane, lease.fence, ids, how))) throw new Lost();
}
