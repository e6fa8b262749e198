import type pg from 'pg';
import type { Outbox, OutboxRow } from '#deliver/ports.js';

export function testOutbox(db: pg.Pool): Outbox {
  const held = 'exists (select 1 from lane l where l.team = $1 and l.lane = $2 and l.fence = $3)';
  return {
    async claim(team, lane, owner, leaseMs) {
      const { rows } = await db.query(
        `insert into lane as l (team, lane, owner, fence, lease_until) values ($1, $2, $3, 1, now() + $4 * interval '1 ms')
         on conflict (team, lane) do update set owner = $3, fence = l.fence + 1, lease_until = now() + $4 * interval '1 ms'
         where l.lease_until is null or l.lease_until < now() returning fence::int`,
        [team, lane, owner, leaseMs],
      );
      return rows[0] ?? null;
    },
    async renew(team, lane, fence, leaseMs) {
      const { rowCount } = await db.query(
        `update lane set lease_until = now() + $4 * interval '1 ms' where team = $1 and lane = $2 and fence = $3`,
        [team, lane, fence, leaseMs],
      );
      return rowCount === 1;
    },
    async release(team, lane, fence, nextAt) {
      await db.query(
        'update lane set lease_until = null, owner = null, next_at = $4 where team = $1 and lane = $2 and fence = $3',
        [team, lane, fence, nextAt],
      );
    },
    async open(team, lane, limit) {
      const { rows } = await db.query(
        `select id::int, team, lane, incident, seq, kind, payload, due_at as "dueAt", attempts, started_at as "startedAt", error
           from outbox where team = $1 and lane = $2 and done_at is null and dead_at is null order by id limit $3`,
        [team, lane, limit],
      );
      return rows as OutboxRow[];
    },
    async start(team, lane, fence, ids) {
      const { rowCount } = await db.query(
        `update outbox set started_at = coalesce(started_at, now()) where team = $1 and lane = $2 and id = any($4) and ${held}`,
        [team, lane, fence, ids],
      );
      return rowCount === ids.length;
    },
    async settle(team, lane, fence, ids, how) {
      const set =
        'done' in how
          ? ['done_at = now(), result = $5, started_at = null', JSON.stringify(how.done)]
          : 'dead' in how
            ? ['dead_at = now(), error = $5, started_at = null', how.dead]
            : [
                `error = $5, due_at = $6, attempts = attempts + $7, started_at = ${how.unsure ? 'started_at' : 'null'}`,
                how.error,
                how.retryAt,
                how.counts ? 1 : 0,
              ];
      const { rowCount } = await db.query(
        `update outbox set ${String(set[0])} where team = $1 and lane = $2 and id = any($4) and ${held}`,
        [team, lane, fence, ids, ...set.slice(1)],
      );
      return rowCount === ids.length;
    },
  };
}
