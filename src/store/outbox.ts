import type { Effect, EffectKind } from '#domain/effect.js';
import type { Queryable } from './pools.js';

/** While an incident has no channel there is nowhere to show the rest: a dead row of this kind holds up its whole lane. */
export const BLOCKING: EffectKind = 'channel.open';

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

export interface DeadRow extends OwedRow {
  /** ISO 8601, UTC. */
  deadAt: string;
  error: string;
  dead: true;
  /** From when on it is tried again by itself (ISO 8601, UTC); null: only when a person asks for it. */
  again: string | null;
}

/** What Slack has refused: given up, or (not `dead`) to be tried again soon. */
export type RefusedRow = Omit<DeadRow, 'dead' | 'deadAt'> & { dead: boolean };

export interface OutboxStats {
  /** Neither done nor dead. */
  open: number;
  /** Of those, behind a dead row that holds up their lane. */
  blocked: number;
  dead: number;
  lanes: number;
  /** How long the oldest open row that is not blocked has been due, in ms; 0 when nothing is due. */
  oldestDueMs: number;
}

export const OWED_COLUMNS = `o.id::float8 as id, o.team, o.lane, o.incident, o.seq,
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
export const DUE = `(o.due_at <= ${NOW} or not ${believed('o')})`;

/** Is row `o`'s lane held up? */
export const BLOCKED = `exists (select from outbox b where b.team = o.team and b.lane = o.lane
  and b.dead_at is not null and b.kind = '${BLOCKING}')`;

/**
 * When a dead row `o` gets another try by itself: a channel that could not be made, because what stood in its way is most
 * often mended by somebody who knows nothing of us. Every ten minutes in the first hour of its incident, then every hour,
 * for a week.
 */
const AGAIN = `(select case when o.dead_at - f.recorded_at < interval '1 hour' then o.dead_at + interval '10 minutes'
    when o.dead_at - f.recorded_at < interval '7 days' then o.dead_at + interval '1 hour' end
  from fact f where f.team = o.team and f.incident = o.incident and f.seq = o.seq and o.kind = '${BLOCKING}')`;
const iso = (time: string): string => `to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;

// What speaks of dead rows is not itself something that people miss.
export const MISSED = `kind not in ('channel.notice', 'person.tell')`;

/** @returns rows that were given up, oldest first; of every workspace when none is named. */
export async function deadRows(
  db: Queryable,
  team: string | null = null,
  incident: number | null = null,
): Promise<DeadRow[]> {
  const { rows } = await db.query<DeadRow>(
    `select ${OWED_COLUMNS}, true as dead, ${iso('dead_at')} as "deadAt", ${iso(AGAIN)} as again
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
export async function refusedRows(
  db: Queryable,
  team: string,
  incident: number | null = null,
): Promise<RefusedRow[]> {
  const { rows } = await db.query<RefusedRow>({
    name: 'refused_rows',
    // The two partial indexes, each read once.
    text: `select * from (
             select ${OWED_COLUMNS}, true as dead, ${iso(AGAIN)} as again
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
export async function reviveNotices(db: Queryable, team: string, lane: string): Promise<number> {
  const { rowCount } = await db.query({
    name: 'revive_notices',
    text: `update outbox set dead_at = null, due_at = now(), attempts = 0, error = null
           where team = $1 and lane = $2 and dead_at is not null and kind = 'channel.notice'`,
    values: [team, lane],
  });
  return rowCount ?? 0;
}

/**
 * Gives channels that could not be made another try, when it is time for it (AGAIN). What they were refused with stays with
 * them until Slack says something else. A time of death that is not reached yet comes from a clock that was ahead.
 * @returns how many, at most `limit`: Slack makes few channels a minute
 */
export async function reviveOpenings(db: Queryable, limit: number): Promise<number> {
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
export async function retryDead(
  db: Queryable,
  team: string,
  ids: readonly number[] | 'all',
): Promise<number> {
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
export async function outboxStats(db: Queryable): Promise<OutboxStats> {
  const { rows } = await db.query<OutboxStats>(`
    with open_row as (select due_at, team, lane, ${BLOCKED} as blocked from outbox o where done_at is null and dead_at is null)
    select count(*)::int as open, (count(*) filter (where blocked))::int as blocked,
      (select count(*)::int from outbox where dead_at is not null and ${MISSED}) as dead,
      count(distinct (team, lane))::int as lanes,
      greatest(0, coalesce(extract(epoch from now() - min(due_at) filter (where not blocked)) * 1000, 0))::float8
        as "oldestDueMs"
    from open_row`);
  return rows[0] ?? { open: 0, blocked: 0, dead: 0, lanes: 0, oldestDueMs: 0 };
}
