import type { Effect, EffectKind } from '#domain/incident/effect.js';
import { WAITS } from '#domain/slack-code.js';
import { on, type Queryable, SOON, utc } from './pools.js';

/** While an incident has no channel there is nowhere to show the rest: a dead row of this kind holds up its whole lane. */
const BLOCKING: EffectKind = 'channel.open';

/** Something owed, as a delivery sees it. */
export interface OwedRow {
  id: number;
  team: string;
  lane: string;
  incident: number;
  seq: number;
  effect: Effect;
  /** Attempts that began, this far. */
  attempts: number;
  /** An earlier attempt began and nobody knows how it ended: look before acting. */
  uncertain: boolean;
  error: string | null;
}

interface DeadRow extends OwedRow {
  /** ISO 8601, UTC. */
  deadAt: string;
  error: string;
  dead: true;
  /** From when on it is tried again by itself (ISO 8601, UTC); null: only when a person asks for it. */
  again: string | null;
}

/** What Slack has refused: given up, or (not `dead`) to be tried again soon. */
type RefusedRow = Omit<DeadRow, 'dead' | 'deadAt'> & { dead: boolean };

interface OutboxStats {
  /** Neither done nor dead. */
  open: number;
  /** Of those, behind a dead row that holds up their lane. */
  blocked: number;
  dead: number;
  lanes: number;
}

const OWED_COLUMNS = `o.id::float8 as id, o.team, o.lane, o.incident, o.seq,
  json_build_object('kind', o.kind, 'payload', o.payload) as effect, o.attempts,
  o.started_at is not null as uncertain, o.error`;

/**
 * A time that was written when the database's clock was ahead says nothing once it is right again, and would hold a lane up
 * until it is reached. Each stands beside the time at which it was written; one that was written later than now is such a
 * one. A second of grace, because a transaction's `now()` is that of its beginning.
 */
export const believed = (row: string): string => `${row}.set_at <= now() + interval '1 second'`;

/** Now, rounded as the stored times are: a time that was just written as `now()` has come, though its milliseconds were rounded up. */
export const NOW = 'now()::timestamptz(3)';

/** May row `o` be paid now? */
const DUE = `(o.due_at <= ${NOW} or not ${believed('o')})`;

/** Is row `o`'s lane held up? */
const BLOCKED = `exists (select from outbox b where b.team = o.team and b.lane = o.lane
  and b.dead_at is not null and b.kind = '${BLOCKING}')`;

/**
 * When a dead row `o` gets another try by itself: a channel that could not be made, because what stood in its way is most
 * often mended by somebody who knows nothing of us. Every ten minutes in the first hour of its incident, then every hour,
 * for a week.
 */
const AGAIN = `(select case when o.dead_at - f.recorded_at < interval '1 hour' then o.dead_at + interval '10 minutes'
    when o.dead_at - f.recorded_at < interval '7 days' then o.dead_at + interval '1 hour' end
  from fact f where f.team = o.team and f.incident = o.incident and f.seq = o.seq and o.kind = '${BLOCKING}')`;

// What speaks of dead rows is not itself something that people miss.
const MISSED = `kind not in ('channel.notice', 'person.tell')`;

/** @returns rows that were given up, oldest first; of every workspace when none is named. */
async function deadRows(
  db: Queryable,
  team: string | null = null,
  incident: number | null = null,
): Promise<DeadRow[]> {
  const { rows } = await db.query<DeadRow>(
    `select ${OWED_COLUMNS}, true as dead, ${utc('dead_at')} as "deadAt", ${utc(AGAIN)} as again
     from outbox o where dead_at is not null and ${MISSED} and ($1::text is null or team = $1)
       and ($2::int is null or incident = $2) order by o.id`,
    [team, incident],
  );
  return rows;
}

/**
 * @returns what a workspace (or one incident) misses: what was given up, and a channel that Slack does not make now; of one
 *   incident everything that Slack has refused more than once and that is tried again by itself. A mere wait is no refusal.
 */
async function refusedRows(
  db: Queryable,
  team: string,
  incident: number | null = null,
): Promise<RefusedRow[]> {
  const { rows } = await db.query<RefusedRow>({
    name: 'refused_rows',
    // The two partial indexes, each read once.
    text: `select * from (
             select ${OWED_COLUMNS}, true as dead, ${utc(AGAIN)} as again
             from outbox o where team = $1 and dead_at is not null and ${MISSED}
             union all
             select ${OWED_COLUMNS}, false as dead, null as again from outbox o where team = $1 and done_at is null and dead_at is null
               and error is not null and (kind = '${BLOCKING}' or incident = $2 and attempts > 1
                 and error not like '%must wait' and kind <> 'run.advance' and ${MISSED})) r
           where ($2::int is null or incident = $2) order by id`,
    values: [team, incident],
  });
  return rows;
}

/** A channel takes messages again: what it was to be told of, it is told now. @returns how many notices */
async function reviveNotices(db: Queryable, { team, lane }: Lane): Promise<number> {
  const { rowCount } = await db.query({
    name: 'revive_notices',
    text: `update outbox set dead_at = null, due_at = now(), attempts = 0, error = null
           where team = $1 and lane = $2 and dead_at is not null and kind = 'channel.notice'`,
    values: [team, lane],
  });
  return rowCount ?? 0;
}

/** An incident's channel is there again: what waited for it in that lane is owed anew, in its old order. @returns how many rows */
async function reviveLost(db: Queryable, { team, lane }: Lane): Promise<number> {
  const { rowCount } = await db.query({
    name: 'revive_lost',
    text: `update outbox set dead_at = null, due_at = now(), set_at = now(), owed_at = now(), attempts = 0, error = null
           where team = $1 and lane = $2 and dead_at is not null and starts_with(error, '${WAITS}')`,
    values: [team, lane],
  });
  return rowCount ?? 0;
}

/**
 * Gives channels that could not be made another try, when it is time for it (AGAIN). What they were refused with stays with
 * them until Slack says something else. A time of death that is not reached yet comes from a clock that was ahead.
 * @returns how many, at most `limit`: Slack makes few channels a minute
 */
async function reviveOpenings(db: Queryable, limit: number): Promise<number> {
  const { rowCount } = await db.query({
    name: 'revive_openings',
    text: `with due as (
             select team, id from outbox o where dead_at is not null and kind = '${BLOCKING}'
               and (${AGAIN} <= now() or dead_at > now() + interval '1 second')
             order by dead_at limit $1 for update skip locked
           ) update outbox o set dead_at = null, due_at = now(), set_at = now(), owed_at = now(), attempts = 0
           from due where o.team = due.team and o.id = due.id`,
    values: [limit],
  });
  return rowCount ?? 0;
}

/** Gives dead rows another life, with fresh attempts and their errors forgotten; a relay finds them within a second. @returns how many. */
async function retryDead(db: Queryable, team: string, ids: readonly number[] | 'all'): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `with revived as (
       update outbox set dead_at = null, due_at = now(), set_at = now(), owed_at = now(), attempts = 0, error = null
       where team = $1 and dead_at is not null and ($2::bigint[] is null or id = any($2)) returning kind)
     select count(*)::int as count from revived where ${MISSED}`,
    [team, ids === 'all' ? null : ids],
  );
  return rows[0]?.count ?? 0;
}

/** @returns counts over all workspaces, for metrics and the doctor. Reads open and dead rows only, never those that are done. */
async function outboxStats(db: Queryable): Promise<OutboxStats> {
  const { rows } = await db.query<OutboxStats>(`
    with open_row as (select team, lane, ${BLOCKED} as blocked from outbox o where done_at is null and dead_at is null)
    select count(*)::int as open, (count(*) filter (where blocked))::int as blocked,
      (select count(*)::int from outbox where dead_at is not null and ${MISSED}) as dead,
      count(distinct (team, lane))::int as lanes
    from open_row`);
  return rows[0] ?? { open: 0, blocked: 0, dead: 0, lanes: 0 };
}

/** What is owed of one kind, over all workspaces. `oldestS`: for how long the oldest has been due; 0: none is. */
interface OwedOfKind {
  kind: EffectKind;
  open: number;
  blocked: number;
  dead: number;
  oldestS: number;
}

/** The same by kind, with its age, for metrics. Its cost is the number of open and of dead rows. */
async function owedByKind(db: Queryable): Promise<OwedOfKind[]> {
  const { rows } = await db.query<OwedOfKind>({
    name: 'owed_by_kind',
    text: `
      with counted as (
        select kind, ${BLOCKED} as blocked, false as dead, extract(epoch from now() - ${SINCE}) as s
        from outbox o where ${OPEN}
        union all
        select kind, false, true, null from outbox where dead_at is not null and ${MISSED})
      select kind, (count(*) filter (where not dead))::int as open, (count(*) filter (where blocked))::int as blocked,
        (count(*) filter (where dead))::int as dead,
        coalesce(greatest(0, max(s) filter (where not blocked)), 0)::float8 as "oldestS"
      from counted group by kind`,
    ...SOON,
  });
  return rows;
}

/** A lane: what is owed because of one incident, paid in order. */
export interface Lane {
  team: string;
  lane: string;
}

/** The right to drain a lane. Every claim and every release raises the fence, for ever; with an older fence nothing can be changed. */
export interface Hold extends Lane {
  fence: number;
}

/**
 * How an attempt ended. `uncertain`: it may have had its effect all the same, the next one must look first.
 * A dead row keeps that mark, for the case that it is revived.
 */
export type Settlement =
  | { done: unknown }
  | { retryInMs: number; error: string; uncertain?: boolean }
  | { dead: string };

/**
 * Lanes whose next row is due and that nobody holds, the longest waiting first.
 * Jumps from lane to lane along the index of open rows: its cost is the number of lanes that owe something, however
 * many rows they owe and however many were paid before.
 */
async function dueLanes(db: Queryable, limit: number): Promise<Lane[]> {
  const { rows } = await db.query<Lane>({ name: 'due_lanes', text: DUE_LANES_SQL, values: [limit] });
  return rows;
}

const OPEN = 'done_at is null and dead_at is null';
/** The first open row of each lane, as `o`. */
const HEADS = (columns: string[]) => `
with recursive o as (
  (select ${columns.join(', ')} from outbox where ${OPEN} order by team, lane, id limit 1)
  union all
  select head.* from o, lateral (
    select ${columns.map((column) => `n.${column}`).join(', ')} from outbox n
    where n.done_at is null and n.dead_at is null and (n.team, n.lane) > (o.team, o.lane)
    order by n.team, n.lane, n.id limit 1) head
)`;
export const DUE_LANES_SQL = `${HEADS(['team', 'lane', 'due_at', 'set_at'])}
select team, lane from o
where ${DUE} and not ${BLOCKED} and not exists (
  select from lane l where l.team = o.team and l.lane = o.lane
    and ${believed('l')} and (l.lease_until > ${NOW} or l.next_at > ${NOW}))
order by due_at limit $1`;

/** A lane whose first delivery has been owed for long, and why it may be. */
export interface LateLane extends Lane {
  kind: EffectKind;
  /** How long it has been owed; from when it could be paid first, where that was not at once. */
  ms: number;
  /** What the last attempt failed with. */
  error: string | null;
  /** The lane was told to rest until later: a rate limit. */
  resting: boolean;
  /** A worker has the lane in hand. */
  held: boolean;
}

/**
 * @returns lanes that owe something for longer than `ms`, the longest waiting first, none that a dead row holds up; and how
 *   many rows are dead. Its cost is the number of lanes that owe something, and of dead rows.
 */
async function late(db: Queryable, ms: number, limit: number): Promise<{ lanes: LateLane[]; dead: number }> {
  const lanes = await db.query<LateLane>({
    name: 'late_lanes',
    text: LATE_LANES_SQL,
    values: [ms, limit],
    ...SOON,
  });
  const text = `select count(*)::int as dead from outbox where dead_at is not null and ${MISSED}`;
  const { rows } = await db.query<{ dead: number }>({ name: 'dead_rows', text, ...SOON });
  return { lanes: lanes.rows, dead: rows[0]?.dead ?? 0 };
}

// Of one that was never tried the time that it was left for counts (an alarm clock); of the others, since when it is owed.
const SINCE = `case when o.attempts = 0 and ${believed('o')} then greatest(o.owed_at, o.due_at) else o.owed_at end`;
const LATE_LANES_SQL = `${HEADS(['team', 'lane', 'kind', 'due_at', 'set_at', 'owed_at', 'attempts', 'error'])}
select o.team, o.lane, o.kind, o.error, (extract(epoch from now() - ${SINCE}) * 1000)::float8 as ms,
  coalesce(l.next_at > ${NOW} and ${believed('l')}, false) as resting,
  coalesce(l.lease_until > ${NOW} and ${believed('l')}, false) as held
from o left join lane l on l.team = o.team and l.lane = o.lane
where now() - ${SINCE} > $1 * interval '1 millisecond' and not ${BLOCKED}
order by ms desc limit $2`;

/**
 * Takes the lease of a lane, by the database's clock.
 * @returns the hold, or null: somebody else has it, or the lane was told to rest a while
 */
async function claimLane(
  db: Queryable,
  { team, lane }: Lane,
  owner: string,
  leaseMs: number,
): Promise<Hold | null> {
  const { rows } = await db.query<{ fence: number }>({
    name: 'claim_lane',
    text: `insert into lane (team, lane, owner, fence, lease_until)
           values ($1, $2, $3, nextval('lane_fence'), now() + $4 * interval '1 millisecond')
           on conflict (team, lane) do update
             set owner = excluded.owner, fence = greatest(excluded.fence, lane.fence + 1),
               lease_until = excluded.lease_until, next_at = null, set_at = now()
             where not ${believed('lane')}
               or (lane.lease_until is null or lane.lease_until <= ${NOW})
                 and (lane.next_at is null or lane.next_at <= ${NOW})
           returning fence::float8 as fence`,
    values: [team, lane, owner, leaseMs],
  });
  return rows[0] ? { team, lane, fence: rows[0].fence } : null;
}

/** Prolongs the lease. @returns false when the hold is lost: stop. */
async function renewLane(db: Queryable, hold: Hold, leaseMs: number): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'renew_lane',
    text: `update lane set lease_until = now() + $4 * interval '1 millisecond', set_at = now()
           where team = $1 and lane = $2 and fence = $3`,
    values: [hold.team, hold.lane, hold.fence, leaseMs],
  });
  return rowCount === 1;
}

/** @returns up to `limit` rows of a lane in order, up to the first that is not due yet; none when the lane is held up by a dead one. */
async function owedRows(db: Queryable, { team, lane }: Lane, limit: number): Promise<OwedRow[]> {
  const { rows } = await db.query<OwedRow & { due: boolean }>({
    name: 'owed_rows',
    text: `select ${OWED_COLUMNS}, ${DUE} as due from outbox o
           where team = $1 and lane = $2 and ${OPEN} and not ${BLOCKED} order by o.id limit $3`,
    values: [team, lane, limit],
  });
  const notYet = rows.findIndex((row) => !row.due);
  return (notYet < 0 ? rows : rows.slice(0, notYet)).map(({ due: _, ...row }) => row);
}

/**
 * Says before a call to the outside that its outcome is now unknown, and prolongs the lease so that the call has time.
 * @returns false when the hold is lost or its lease ran out: do not call
 */
async function markStarted(
  db: Queryable,
  hold: Hold,
  ids: readonly number[],
  leaseMs: number,
): Promise<boolean> {
  const { rows } = await db.query<{ held: boolean }>({
    name: 'mark_started',
    text: `with held as (
             update lane set lease_until = now() + $5 * interval '1 millisecond', set_at = now()
             where team = $1 and lane = $2 and fence = $3 and lease_until > now() returning 1
           ), started as (
             update outbox set started_at = now(), attempts = attempts + 1
             where team = $1 and lane = $2 and id = any($4::bigint[]) and ${OPEN} and exists (select from held)
           ) select exists (select from held) as held`,
    values: [hold.team, hold.lane, hold.fence, ids, leaseMs],
  });
  return rows[0]?.held ?? false;
}

/** Writes down how an attempt ended. @returns false when the hold is lost: nothing was changed. */
async function settle(db: Queryable, hold: Hold, ids: readonly number[], how: Settlement): Promise<boolean> {
  const { team, lane, fence } = hold;
  const end = 'done' in how ? 'done' : 'dead' in how ? 'dead' : 'retry';
  const retryInMs = 'retryInMs' in how ? how.retryInMs : 0;
  const uncertain = 'dead' in how || ('uncertain' in how && how.uncertain === true);
  const error = 'dead' in how ? how.dead : 'error' in how ? how.error : null;
  const result = 'done' in how ? JSON.stringify(how.done ?? null) : null;
  const { rows } = await db.query<{ held: boolean }>({
    name: 'settle',
    text: `with held as (
             select from lane where team = $1 and lane = $2 and fence = $3 for update
           ), settled as (
             update outbox set
               done_at = case when $5 = 'done' then now() end,
               dead_at = case when $5 = 'dead' then now() end,
               due_at = case when $5 = 'retry' then now() + $6 * interval '1 millisecond' else due_at end,
               set_at = case when $5 = 'retry' then now() else set_at end,
               started_at = case when $7 then started_at end,
               error = $8, result = $9::jsonb
             where team = $1 and lane = $2 and id = any($4::bigint[]) and ${OPEN} and exists (select from held)
           ) select exists (select from held) as held`,
    values: [team, lane, fence, ids, end, retryInMs, uncertain, error, result],
  });
  return rows[0]?.held ?? false;
}

/**
 * Gives a lane back. `restMs`: nobody may claim it for so long, whatever becomes due (Slack said: retry after).
 * @returns in how many ms the lane has something to do again (0: at once; something may have been added while it was held);
 *   null: nothing is left, or nothing that could be paid; 'lost': somebody else has the lane, nothing was changed
 */
async function releaseLane(
  db: Queryable,
  hold: Hold,
  restMs: number | null = null,
): Promise<number | null | 'lost'> {
  const { rows } = await db.query<{ ms: number | null }>({
    name: 'release_lane',
    text: `with freed as (
             update lane set owner = null, lease_until = null, fence = greatest(nextval('lane_fence'), fence + 1),
               next_at = now() + $4 * interval '1 millisecond', set_at = now()
             where team = $1 and lane = $2 and fence = $3 returning team, lane, next_at
           )
           select case when head.due_at is not null then
               greatest(0, ceil(extract(epoch from greatest(case when head.due then now() else head.due_at end, freed.next_at)
                 - now()) * 1000)) end::float8 as ms
           from freed left join lateral (
             select due_at, ${DUE} as due from outbox o where team = freed.team and lane = freed.lane and ${OPEN} and not ${BLOCKED}
             order by id limit 1) head on true`,
    values: [hold.team, hold.lane, hold.fence, restMs],
  });
  return rows[0] ? rows[0].ms : 'lost';
}

/**
 * Clears away a little of what nobody will ask for again: rows that were paid longer than `keepMs` ago, and lanes that owe
 * nothing, rest for nobody and are held by nobody. What was given up stays until a person has decided. Several may do it
 * at once.
 * @param keepMs longer than any delivery looks back, and than anybody sends the same request again (`key`)
 * @returns how many rows and lanes went; fewer than `limit` of both: that was all
 */
async function sweep(db: Queryable, keepMs: number, limit: number): Promise<{ rows: number; lanes: number }> {
  const rows = await db.query({
    name: 'sweep_rows',
    text: `with old as (
             select team, id from outbox where done_at < now() - $1 * interval '1 millisecond'
             order by done_at limit $2 for update skip locked
           ) delete from outbox o using old where o.team = old.team and o.id = old.id`,
    values: [keepMs, limit],
  });
  const lanes = await db.query({
    name: 'sweep_lanes',
    text: `with idle as (
             select team, lane from lane l
             where (lease_until is null or lease_until < now() - interval '1 minute')
               and (next_at is null or next_at <= ${NOW})
               and not exists (select from outbox o where o.team = l.team and o.lane = l.lane and ${OPEN})
               and not exists (select from outbox o where o.team = l.team and o.lane = l.lane and dead_at is not null)
             limit $1 for update of l skip locked
           ) delete from lane l using idle where l.team = idle.team and l.lane = idle.lane`,
    values: [limit],
  });
  return { rows: rows.rowCount ?? 0, lanes: lanes.rowCount ?? 0 };
}

/** What something owed belongs to. `key` names the request: the same one twice owes it once (null: no such promise). */
interface OwedFor {
  team: string;
  lane: string;
  incident: number;
  key: string | null;
  /** Not before so many milliseconds have passed; at once when absent. A span, because whose clock is right is not known. */
  inMs?: number;
}

/**
 * Leaves an effect in the outbox that no fact caused: an export to send, a pinned message to fetch.
 * @returns false: the same request has left it before
 */
async function owe(
  db: Queryable,
  effect: Effect,
  { team, lane, incident, key, inMs }: OwedFor,
): Promise<boolean> {
  const { rows } = await db.query<{ left: boolean }>({
    name: 'owe',
    // Cut off and not rounded up: what is due at once is not due in a moment.
    text: `with owed as (
             insert into outbox (team, lane, incident, seq, kind, payload, key, due_at)
             values ($1, $2, $3, 0, $4, $5, $6, date_trunc('milliseconds', now()) + $7::float8 * interval '1 ms') on conflict (team, key) where key is not null do nothing returning 1
           ) select exists (select from owed) as left`,
    values: [team, lane, incident, effect.kind, JSON.stringify(effect.payload), key, inMs ?? 0],
  });
  return rows[0]?.left ?? false;
}

/** @returns the newest call, of those that are not cleared away yet, of which Slack made no card, and what it said; null: none */
async function refusedCard(db: Queryable): Promise<{ refused: string; incident: number } | null> {
  const { rows } = await db.query<{ refused: string; incident: number }>(
    `select result ->> 'refused' as refused, incident from outbox
     where done_at is not null and kind = 'bridge.show' and result ->> 'refused' is not null order by id desc limit 1`,
  );
  return rows[0] ?? null;
}

/** What a lane owes later, it owes now. */
async function hurry(db: Queryable, { team, lane }: Lane): Promise<void> {
  await db.query({
    name: 'hurry',
    text: `update outbox set due_at = now(), set_at = now()
           where team = $1 and lane = $2 and ${OPEN} and due_at > now()`,
    values: [team, lane],
  });
}

/** The same, where something is owed behind that row. */
async function hurryBehind(db: Queryable, { team, lane }: Lane, id: number): Promise<void> {
  await db.query({
    name: 'hurry_behind',
    text: `update outbox set due_at = now(), set_at = now()
           where team = $1 and lane = $2 and ${OPEN} and due_at > now() and id <= $3
             and exists (select from outbox o where o.team = $1 and o.lane = $2 and o.id > $3 and o.done_at is null and o.dead_at is null)`,
    values: [team, lane, id],
  });
}

/**
 * What we owe the world. After `Unavailable` each may be sent again and nothing is paid twice: at worst a claim whose
 * answer was lost must run out first, an attempt counts double, or `owe` without a key leaves its effect twice.
 */
export const outbox = (db: Queryable) =>
  on(db, {
    dueLanes,
    claimLane,
    renewLane,
    releaseLane,
    owedRows,
    markStarted,
    settle,
    owe,
    hurry,
    hurryBehind,
    refusedCard,
    late,
    dead: deadRows,
    refused: refusedRows,
    reviveNotices,
    reviveLost,
    reviveOpenings,
    retryDead,
    stats: outboxStats,
    byKind: owedByKind,
    sweep,
  });
