import type pg from 'pg';
import { type Queryable, queryable, transaction, withConnection } from './pools.js';

/** Nobody pays so many rows, nor claims so many lanes, between a backup and its restore. */
const AHEAD = 1_000_000;
/** Incidents that may have been opened in that time, and shown to people. */
const NUMBERS = 100;

/** What stands in Slack and can only have come from a later state of this database than the one that is here. */
export interface Evidence {
  /** The highest id of a row of the outbox that was seen in a message of ours. */
  row: number;
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
  /** When that was last done for each workspace, and from which number incidents go on; of none: never. */
  history(): Promise<Array<{ team: string; restoredAt: string; numbersFrom: number }>>;
}

/**
 * What a dump does not carry along: a cluster has a number of its own, a database and a table have one in their cluster.
 * A restored copy of the server's files has the same ones; that it is old is seen in Slack (deliver/restored.ts).
 */
const HOME = `concat_ws(' ', (select system_identifier from pg_control_system()),
  (select oid from pg_database where datname = current_database()), 'outbox'::regclass::oid)`;

export function restores(pool: pg.Pool): Restores {
  const one = <T>(work: (db: Queryable) => Promise<T>) =>
    withConnection(pool, (client) => work(queryable(client)));
  const moved = async (db: Queryable, lock = '') =>
    (await db.query(`select 1 from workspace where home <> ${HOME} ${lock}`)).rows.length > 0;
  return {
    arrive: () =>
      one((db) =>
        transaction(db, async () => {
          // Of several that start at the same moment one does it.
          if (await moved(db, 'for update')) return restored(db, 0);
          await db.query(`update workspace set home = ${HOME} where home is null`);
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
    restored: ({ row } = { row: 0 }) => one((db) => transaction(db, () => restored(db, row))),
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
async function restored(db: Queryable, row: number): Promise<number> {
  await db.query(
    `select setval('outbox_id_seq', greatest((select last_value from outbox_id_seq), $1::bigint) + ${AHEAD}),
       setval('lane_fence', (select last_value from lane_fence) + ${AHEAD})`,
    [row],
  );
  const { rowCount } = await db.query(
    `update outbox set dead_at = now(), error = 'restored_from_backup'
     where kind = 'run.advance' and done_at is null and dead_at is null`,
  );
  // As after an attempt whose answer was lost: every delivery looks before it speaks.
  await db.query('update outbox set started_at = now() where done_at is null and started_at is null');
  await db.query(
    `update workspace w set home = ${HOME}, restored_at = now(), numbers_from =
       (select coalesce(max(incident), 0) + 1 + ${NUMBERS} from fact f where f.team = w.team)`,
  );
  return rowCount ?? 0;
}
