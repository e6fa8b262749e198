import { type EffectKind, laneBeside } from '#domain/incident/effect.js';
import { natureOf, waitingFor } from '#domain/slack-code.js';
import type { Loss } from '#domain/words.js';
import { age, type Moment, moment } from '#elapsed.js';
import { holdLane, type LaneOptions, type Lease, type Terms } from '#lanes/lane.js';
import type { Delivered } from '#metrics.js';
import { Lost } from '#runbooks/action.js';
import type { Lane, Settlement } from '#store/outbox.js';
import { Unavailable } from '#store/pools.js';
import {
  Attempt,
  type Body,
  type Gate,
  isAboutTheMessage,
  isPermanent,
  Later,
  LEASE_MS,
  NotRecorded,
  Refused,
  TRIES,
  triesOf,
  Undeliverable,
  Unknown,
} from './attempt.js';
import { seeChannel } from './channel/reach.js';
import type { OutboxRow, World } from './ports.js';
import { oweNotices } from './undelivered.js';

// A busy lane goes to the end of the queue after this long, so that the others get their turn.
const TURN_MS = 5_000;
// More open rows than one message holds; the rest is seen once these are settled. They are read three times a second
// while a lane is busy, so not many more.
const ROWS = 100;
/** Each of these can stand in a message of its own. Of the others many ask for the same one, and would ask for it for ever. */
const APART: ReadonlySet<EffectKind> = new Set(['channel.entry', 'channel.amend']);

interface DrainOptions extends LaneOptions {
  world: World;
  gate: Gate;
  /** Pays a batch of rows, all of one kind (or all shown as entries). */
  deliver: (attempt: Attempt) => Promise<Body>;
}

/** A delivery whose lease ran out is begun anew, which costs a look into Slack. */
const TERMS: Terms = { ms: LEASE_MS, marginMs: 1_500, revives: false };

/**
 * Pays what one lane owes: claims its lease, pays due rows in order, stops when nothing is due, when the turn is
 * over or when asked to, and says when to come back. Nothing here sleeps: a lane that has to wait leaves, and its
 * worker is free for another.
 *
 * A worker that dies here leaves a lease, gone after 4 s, and rows noted as begun, which the next one looks for
 * in Slack before it pays them.
 */
export function drainLane(lane: Lane, options: DrainOptions, signal: AbortSignal): Promise<void> {
  return holdLane(lane, options, TERMS, (lease) => drain(lease, options, signal));
}

/** @returns for how many ms the lane is to rest, or null: until it has something to do. */
async function drain(lease: Lease, options: DrainOptions, signal: AbortSignal): Promise<number | null> {
  const { world } = options;
  // What the gate holds back is known to this process only; the row says nothing of it.
  const parked = new Map<number, { since: Moment; ms: number }>();
  const end = performance.now() + TURN_MS;
  let found: number | undefined;

  for (;;) {
    const now = world.now();
    const rows = (await lease.owed(ROWS)) as OutboxRow[];
    const loaded = rows[0] ? await world.incidents.load(rows[0].team, rows[0].incident) : null;
    if (!loaded) return null;
    const incident = loaded.state;
    const { lost, since } = incident.channel ?? {};
    if (lost === undefined && since !== found) {
      found = since;
      // What waited for the channel has lower numbers than what is owed by now, and so goes first.
      if (rows[0] && (await world.outbox.reviveLost(rows[0])) > 0) continue;
    }
    const shelved = lost === undefined ? [] : rows.filter(({ effect }) => IN_CHANNEL.has(effect.kind));
    const [waits] = shelved;
    if (lost !== undefined && waits) {
      await shelve(lease, world, shelved, lost);
      // Somebody is at work there, so it may be there again, and Slack may not have told us.
      await oweLook(options, waits);
      continue;
    }
    const ready = incident.channel !== null && incident.headline !== null;
    const dueAt = ({ id }: OutboxRow) => {
      const rest = parked.get(id);
      return rest ? new Date(now.getTime() + Math.max(0, rest.ms - age(rest.since, now.getTime()))) : now;
    };
    const next = pick(rows, now, dueAt, ready, alone);
    if (next === null) return null;
    if ('waitUntil' in next) return Math.max(0, next.waitUntil.getTime() - now.getTime());
    if (signal.aborted || performance.now() > end) return null;

    await lease.secure();
    const attempt = new Attempt(next.batch, incident, lease, options.gate, world);
    const began = performance.now();
    let ended: Delivered = 'lost';
    try {
      const result = await options.deliver(attempt);
      await lease.settle(attempt.ids, { done: result });
      ended = 'done';
      // Something was said in the incident's channel: so it can be told what it was not shown.
      if (ORDERED.has(attempt.row.effect.kind)) await world.outbox.reviveNotices(lease.hold);
    } catch (error) {
      if (error instanceof Lost) throw error;
      if (error instanceof Later && !error.told && !attempt.unsure) {
        const wall = world.now().getTime();
        const rest = { since: moment(wall), ms: error.until.getTime() - wall };
        for (const row of attempt.rows) parked.set(row.id, rest);
        ended = 'waits';
      } else {
        const behind = await lossBehind(attempt, error);
        ended =
          'lost' in behind
            ? await shelve(lease, world, attempt.rows, behind.lost)
            : await fail(lease, options, attempt, behind.error);
      }
    } finally {
      attempt.end();
      if (attempt.shutOut && ended !== 'lost' && attempt.incident.channel?.lost === undefined)
        await oweLook(options, attempt.row);
      const { kind } = attempt.row.effect;
      world.metrics?.delivered(kind, ended, attempt.rows.length, performance.now() - began);
    }
  }
}

/**
 * Slack has refused it because of how the channel is: is it lost?
 * @returns else what it failed with, or what keeps Slack from telling: then it is tried again
 */
async function lossBehind(attempt: Attempt, error: unknown): Promise<{ lost: Loss } | { error: unknown }> {
  if (!attempt.shutOut || !IN_CHANNEL.has(attempt.row.effect.kind)) return { error };
  try {
    const lost = await seeChannel(attempt);
    return lost === null ? { error } : { lost };
  } catch (other) {
    if (other instanceof Lost) throw other;
    return { error: isPermanent(other) ? error : other };
  }
}

/** Puts aside what cannot be shown while the channel is lost. Who is to know that is told once, by the fact that says so. */
async function shelve(lease: Lease, world: World, rows: OutboxRow[], lost: Loss): Promise<Delivered> {
  const [row] = rows;
  await lease.settle(
    rows.map(({ id }) => id),
    { dead: waitingFor(lost) },
  );
  world.log.info({ lane: row?.lane, rows: rows.length, lost }, 'waits for its channel');
  return 'dead';
}

/** A part of a delivery was refused for the channel's sake: somebody has to ask how the channel is. */
async function oweLook({ world, wakeAt }: DrainOptions, { team, incident, id }: OutboxRow): Promise<void> {
  const lane = laneBeside(team, incident, 'channel.look');
  const owed = { team, lane, incident, key: `look:${id}` };
  if (await world.outbox.owe({ kind: 'channel.look', payload: {} }, owed)) wakeAt(lane, world.now());
}

/** Perhaps one of several is to blame: for its last try each is alone. */
function alone(row: OutboxRow): boolean {
  return row.error !== null && (isAboutTheMessage(row.error) || triesOf(row.error) >= TRIES - 1);
}

async function fail(
  lease: Lease,
  { world, wakeAt, retries }: DrainOptions,
  attempt: Attempt,
  error: unknown,
): Promise<Delivered> {
  const { row } = attempt;
  // Before anything is waited for: the clock may be put right meanwhile, and `Later` names a time of day.
  const now = world.now();
  const about = { lane: row.lane, kind: row.effect.kind, rows: attempt.ids };
  const several = attempt.rows.length > 1 && APART.has(row.effect.kind);
  if (several && error instanceof Refused && isAboutTheMessage(error.message)) {
    // Kept with the rows, because the next try at them is a second away and may be another process's.
    const how = { retryInMs: 0, error: error.message, uncertain: attempt.unsure };
    await lease.settle(attempt.ids, how);
    world.log.warn({ ...about, error: error.message }, 'refused together, these are tried one by one');
    return 'retry';
  }
  // One that failed before it began is an attempt too, or it would come back every second for ever.
  await attempt.begin();
  const how = verdict(error, row.attempts, attempt.unsure, now, row.error);
  if ('dead' in how) {
    // Before they are settled: if the worker dies in between, the next one owes them again, which changes nothing.
    const lanes = await oweNotices(world, attempt.rows, attempt.incident, how.dead);
    for (const lane of lanes) if (lane !== row.lane) wakeAt(lane, world.now());
  }
  await lease.settle(attempt.ids, how);
  if ('dead' in how) world.log.error({ ...about, error: how.dead }, 'a delivery is dead until it is retried');
  else if ('error' in how) {
    const times = retries ? retries.count(row.lane) : 1;
    if (times !== null) world.log.warn({ ...about, ...how, times }, 'a delivery will be tried again');
  }
  return 'dead' in how ? 'dead' : error instanceof Later ? 'waits' : 'retry';
}

/** What to do next in a lane: pay these rows together, come back then, or go home. */
type Picked = { batch: OutboxRow[] } | { waitUntil: Date } | null;

// Rows in one message. Slack's limits are on characters and blocks, and the wording keeps to them; this one keeps the
// metadata of a message small.
const BATCH = 50;

/** These stand in the channel in the order in which things happened. The others may overtake, and be overtaken. */
const ORDERED: ReadonlySet<EffectKind> = new Set([
  'channel.open',
  'channel.found',
  'channel.entry',
  'channel.amend',
]);
/** These belong to an entry, and are not seen before it: they wait for what is ordered and was owed before them. */
const BEHIND: ReadonlySet<EffectKind> = new Set(['impact.picture', 'channel.follow']);
/** These speak in the incident's channel, so they come after it was made. */
const IN_CHANNEL: ReadonlySet<EffectKind> = new Set([
  'channel.entry',
  'channel.amend',
  'channel.notice',
  'channel.restored',
  'headline.refresh',
  'bridge.show',
  'bridge.end',
  'people.invite',
  'people.remove',
  'impact.picture',
  'channel.follow',
  'run.show',
  'run.log',
  'run.post',
  'run.offer',
  'watch.tell',
  'alerts.show',
]);

/**
 * The order of a lane, as a pure function.
 *
 * An ordered row that has to wait holds every ordered row behind it; independent ones (an export, an invitation,
 * the headline, a capture) go on. What a `channel.open` still owes once the channel and its headline stand
 * (topic, groups) holds nobody up. Neighbouring entries become one batch, although independent
 * rows lie between them; all waiting refreshes are one refresh, and so are notices and those of one run's message.
 * @param rows open rows of one lane in order of id
 * @param dueAt when a row may be tried
 * @param ready the incident has its channel and headline
 * @param alone rows to be tried alone, because Slack refused them together with others
 */
export function pick(
  rows: OutboxRow[],
  now: Date,
  dueAt: (row: OutboxRow) => Date,
  ready: boolean,
  alone: (row: OutboxRow) => boolean,
): Picked {
  const due = (row: OutboxRow): boolean => dueAt(row) <= now;
  const opening = !ready && rows.find((row) => row.effect.kind === 'channel.open');
  const ordered = rows.filter(
    (row) => ORDERED.has(row.effect.kind) && !(ready && row.effect.kind === 'channel.open'),
  );
  const head = ordered[0];
  const early = (row: OutboxRow) => head !== undefined && head.id < row.id && BEHIND.has(row.effect.kind);
  const free = rows.filter(
    (row) =>
      !ordered.includes(row) &&
      !early(row) &&
      !(opening && opening.id < row.id && IN_CHANNEL.has(row.effect.kind)),
  );
  const first = [...(head ? [head] : []), ...free].filter(due).sort((a, b) => a.id - b.id)[0];
  if (first) return { batch: companions(first, first === head ? ordered : free, due, alone) };

  const times = [...(head ? [head] : []), ...free].map((row) => dueAt(row).getTime());
  return times.length > 0 ? { waitUntil: new Date(Math.min(...times)) } : null;
}

function companions(
  first: OutboxRow,
  queue: OutboxRow[],
  due: (row: OutboxRow) => boolean,
  alone: (row: OutboxRow) => boolean,
): OutboxRow[] {
  switch (first.effect.kind) {
    case 'channel.entry':
    case 'channel.amend': {
      if (alone(first)) return [first];
      // Each is to be heard as often as the others before it is given up.
      const tries = triesOf(first.error);
      const end = queue.findIndex(
        (row) => !APART.has(row.effect.kind) || !due(row) || alone(row) || triesOf(row.error) !== tries,
      );
      return queue.slice(0, end === -1 ? BATCH : Math.min(end, BATCH));
    }
    case 'headline.refresh':
    case 'announcement.refresh':
    case 'canvas.refresh':
    case 'channel.notice':
    case 'people.catchup':
      return queue.filter((row) => row.effect.kind === first.effect.kind && due(row));
    case 'run.show': {
      const { run } = first.effect.payload;
      return queue.filter(
        (row) => row.effect.kind === 'run.show' && row.effect.payload.run === run && due(row),
      );
    }
    case 'ticket.look': {
      const { action } = first.effect.payload;
      return queue.filter(
        (row) => row.effect.kind === 'ticket.look' && row.effect.payload.action === action && due(row),
      );
    }
    case 'alerts.show': {
      const { group } = first.effect.payload;
      return queue.filter(
        (row) => row.effect.kind === 'alerts.show' && row.effect.payload.group === group && due(row),
      );
    }
    default:
      return [first];
  }
}

const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

// A mistake of ours (a wording that throws, say) would hold its lane for ever: after about four minutes it is
// dead, which people can see and retry. What else went wrong before, an outage of Slack's say, does not count.
const BUG_TRIES = 10;

/** @param error as kept with a row. @returns how often a mistake of ours has met it, in a row */
function bugsOf(error: string | null): number {
  return Number(/ \(internal, try (\d+) of \d+\)$/.exec(error ?? '')?.[1] ?? 0);
}

/** Milliseconds to wait after the n-th failed attempt (1, 2, …): doubles up to a minute, minus up to a tenth. */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const full = Math.min(FIRST_MS * 2 ** Math.min(attempt - 1, 10), LONGEST_MS);
  return Math.round(full * (1 - random() / 10));
}

/**
 * What becomes of rows whose delivery failed.
 *
 * Slack away is retried for ever, so an outage of hours delivers everything afterwards, in order. A plain no is
 * dead at once, so that the rest goes on; a code that we do not know is heard a few times first. A bot that is shut out keeps what it owes for when it is let in again.
 * @param attempts how often it was tried before this time
 * @param unsure something of this or an earlier attempt may have reached Slack
 * @param before what was kept with the rows until now
 */
export function verdict(
  error: unknown,
  attempts: number,
  unsure: boolean,
  now: Date,
  before: string | null = null,
): Settlement {
  const message = error instanceof Error ? error.message : String(error);
  const retry = (mayHaveHappened: boolean): Settlement => ({
    retryInMs: backoffMs(attempts + 1),
    error: message.slice(0, 500),
    uncertain: unsure || mayHaveHappened,
  });
  if (error instanceof Later) {
    const retryInMs = Math.max(0, error.until.getTime() - now.getTime());
    // A mere wait does not make forgotten what we are counting.
    const counted = before !== null && (triesOf(before) > 0 || bugsOf(before) > 0);
    return { retryInMs, error: counted ? before : message, uncertain: unsure };
  }
  if (error instanceof Undeliverable) return { dead: error.code };
  // Whether it may have happened is known to the attempt: some requests certainly never left. A database that was away for a
  // moment, and is back to settle this, is no mistake of ours, however often Slack was away before.
  if (error instanceof Unknown || error instanceof NotRecorded || error instanceof Unavailable)
    return retry(false);
  if (error instanceof Refused) {
    if (error.final) return { dead: error.kept };
    // Of a code that we do not know nobody can say whether it means that nothing happened.
    if (error.tries > 0) return { retryInMs: backoffMs(error.tries), error: error.kept, uncertain: true };
    return retry(natureOf(error.code) === 'doubtful');
  }
  const bugs = bugsOf(before) + 1;
  const words = message.slice(0, 500);
  if (bugs >= BUG_TRIES) return { dead: `internal: ${words}` };
  const kept = `${words} (internal, try ${bugs} of ${BUG_TRIES})`;
  return { retryInMs: backoffMs(bugs), error: kept, uncertain: true };
}
