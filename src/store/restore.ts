import type pg from 'pg';
import { type Queryable, queryable, transaction, withConnection } from './pools.js';
import { ELSEWHERE, homeOf } from './workspaces.js';

/**
 * Nobody pays so many rows, nor claims so many lanes, between a backup and its restore. The same backup may be put back
 * twice: from the time of day on (in ms) nothing was given after the first time either.
 */
const AHEAD = 1_000_000;
const FURTHER = (last: string) =>
  `greatest(${last} + ${AHEAD}, (extract(epoch from clock_timestamp()) * 1000)::bigint)`;
/** Incidents that may have been opened in that time, and shown to people. */
const NUMBERS = 100;

/** What stands in Slack and can only have come from a later state of this database than the one that is here. */
export interface Evidence {
  /** The highest id of a row of the outbox that was seen in a message of ours. */
  row?: number;
}

export interface Restores {
  /**
   * Says where the data stands now; where it stood in another database before, it was restored from a backup, and
   * `restored` is done. Called by every bot process as it starts.
   * @returns how many runs stand still for that; null: nothing was restored
   */
  arrive(): Promise<number | null>;
  /** Looks without changing anything: do the data stand in another database than when a bot last started? */
  moved(): Promise<boolean>;
  /** The highest id that a row of the outbox was ever given here. */
  lastRow(): Promise<number>;
  /**
   * From now on: whatever is owed is looked for in Slack before it is said; no number that people may have seen is given
   * again; a run that was going on goes on when a person says so, because nobody knows what it did after the backup.
   * @returns how many runs stand still
   */
  restored(evidence?: Evidence): Promise<number>;
  /** Slack has channels of incidents up to this number: after a restore none of them is given again. */
  beyond(incident: number): Promise<void>;
  /** When that was last done for each workspace, and from which number incidents go on; of none: never. */
  history(): Promise<Array<{ team: string; restoredAt: string; numbersFrom: number }>>;
}

export function restores(pool: pg.Pool): Restores {
  const one = <T>(work: (db: Queryable, home: string) => Promise<T>) =>
    withConnection(pool, async (client) => {
      const db = queryable(client);
      return work(db, await homeOf(db));
    });
  const moved = async (db: Queryable, home: string, lock = '') =>
    (await db.query(`select 1 from workspace where ${ELSEWHERE('$1')} ${lock}`, [home])).rows.length > 0;
  return {
    arrive: () =>
      one((db, home) =>
        transaction(db, async () => {
          // Of several that start at the same moment one does it.
          if (await moved(db, home, 'for update')) return restored(db, home, 0);
          await db.query('update workspace set home = $1 where home is null or length(home) < length($1)', [
            home,
          ]);
          return null;
        }),
      ),
    moved: () => one(moved),
    async lastRow() {
      const { rows } = await one((db) =>
        db.query<{ last: number }>('select last_value::float8 as last from outbox_id_seq'),
      );
      return rows[0]?.last ?? 0;
    },
    restored: ({ row = 0 } = {}) => one((db, home) => transaction(db, () => restored(db, home, row))),
    async beyond(incident) {
      await one((db) =>
        db.query(
          `update workspace w set numbers_from = $1 where restored_at is not null and numbers_from < $1
             and $1 > (select coalesce(max(incident), 0) + 1 from fact f where f.team = w.team)`,
          [incident + 1],
        ),
      );
    },
    async history() {
      const { rows } = await one((db) =>
        db.query<{ team: string; restoredAt: string; numbersFrom: number }>(
          `select team, to_char(restored_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "restoredAt",
             numbers_from as "numbersFrom" from workspace where restored_at is not null order by team`,
        ),
      );
      return rows;
    },
  };
}

/** Inside a transaction. */
async function restored(db: Queryable, home: string, row: number): Promise<number> {
  await db.query(
    `select setval('outbox_id_seq', ${FURTHER('greatest((select last_value from outbox_id_seq), $1::bigint)')}),
       setval('lane_fence', ${FURTHER('(select last_value from lane_fence)')})`,
    [row],
  );
  const { rows } = await db.query<{ runs: number }>(
    `with held as (
       update outbox set dead_at = now(), error = 'restored_from_backup'
       where kind = 'run.advance' and done_at is null and dead_at is null returning team, incident, payload
     ) select count(distinct (team, incident, payload))::int as runs from held`,
  );
  // As after an attempt whose answer was lost: every delivery looks before it speaks.
  await db.query('update outbox set started_at = now() where done_at is null and started_at is null');
  await db.query(
    `update workspace w set home = $1, restored_at = now(), numbers_from =
       (select greatest(coalesce(max(incident), 0) + 1 + ${NUMBERS}, w.numbers_from) from fact f where f.team = w.team)`,
    [home],
  );
  return rows[0]?.runs ?? 0;
}
