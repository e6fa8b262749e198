import pg from 'pg';
import { type Commit, commitOn } from './commit.js';
import type { Loaded, Receipt } from './incidents.js';
import { Locked, outcomeOfConnecting, outcomeOfQuery } from './pools.js';

/** An incident. */
export interface Stream {
  team: string;
  incident: number;
}

/** What stands in the database now: those of the incidents that there are, and the first answers to those keys that were recorded. */
interface Seen {
  known: ReadonlyArray<Stream & Loaded>;
  receipts: ReadonlyArray<Omit<Receipt, 'body'> & { team: string; key: string }>;
}

/** The connection on which it is our turn. */
export interface Turn {
  /** False: another process did not give its turn back in time, and may write at the same time. */
  taken: boolean;
  look(streams: readonly Stream[], keys: ReadonlyArray<{ team: string; key: string }>): Promise<Seen>;
  /** As `commit` of the store. With it the turn ends. */
  commit(wanted: Commit): Promise<void>;
}

/**
 * Runs `work` while no other process that asks for a turn writes to these workspaces. Where two processes write to the same
 * incidents all the time, deciding on what one remembers fails every time, at the cost of a whole statement and its
 * rollback; waiting for one's turn costs little. A turn is a courtesy: it is an advisory lock, and what may be written is
 * still decided by the versions in the one statement that writes. A process that hangs while it has the turn delays others by
 * the time limit on locks. One commit a turn: it is given back right behind the commit on the wire, so that the next one's
 * begins when that is written, and not when we have heard of it and told everybody who waited for it.
 * @param wait false: go on without a turn
 * @throws {Unavailable} there is no connection to be had, or it was lost before `work` began
 */
export async function inTurn<T>(
  writer: pg.Pool,
  teams: readonly string[],
  wait: boolean,
  work: (turn: Turn) => Promise<T>,
): Promise<T> {
  const client = await writer.connect().catch((error: Error) => {
    throw outcomeOfConnecting(error);
  });
  let broken: Error | undefined;
  let given: Promise<unknown> | null = null;
  const noting = async <R>(does: Promise<R>): Promise<R> => {
    try {
      return await does;
    } catch (error) {
      if (!(error instanceof pg.DatabaseError) || error.severity === 'FATAL') broken = error as Error;
      throw error;
    }
  };
  const ask = async <R extends pg.QueryResultRow>(query: pg.QueryConfig): Promise<R[]> => {
    try {
      return (await noting(client.query<R>(query))).rows;
    } catch (error) {
      throw outcomeOfQuery(error);
    }
  };
  const giveBack = (): void => {
    if (!wait) return;
    // Session-level: a statement that failed has not given them back.
    given ??= ask({ name: 'turn_end', text: 'select pg_advisory_unlock_all()' }).catch((error: Error) => {
      broken = error;
    });
  };
  try {
    let taken = false;
    try {
      if (wait) await ask({ name: 'turn_take', text: TAKE_SQL, values: [teams] });
      taken = wait;
    } catch (error) {
      if (!(error instanceof Locked)) throw error;
    }
    return await work({
      taken,
      async look(streams, keys) {
        const values = [
          streams.map(({ team }) => team),
          streams.map(({ incident }) => incident),
          keys.map(({ team }) => team),
          keys.map(({ key }) => key),
        ];
        const [seen] = await ask<{ known: Seen['known']; receipts: Seen['receipts'] }>({
          name: 'turn_look',
          text: LOOK_SQL,
          values,
        });
        return seen ?? { known: [], receipts: [] };
      },
      commit(commit) {
        const written = commitOn(client, commit, noting);
        giveBack();
        return written;
      },
    });
  } finally {
    if (!broken) giveBack();
    await given;
    client.release(broken);
  }
}

/** Every process takes the locks in this order, so that two never wait for each other. */
const TAKE_SQL = `
select pg_advisory_lock(k) from (
  select distinct hashtextextended(team, 7630691) as k from unnest($1::text[]) as t(team) order by k) in_order`;

/** A statement of its own: what it sees is what stood there once the turn was ours, not when we began to wait for it. */
const LOOK_SQL = `
select
  (select coalesce(json_agg(json_build_object('team', i.team, 'incident', i.number, 'seq', i.seq, 'head', i.head,
     'epoch', i.epoch, 'state', i.state)), '[]')
   from unnest($1::text[], $2::int[]) as s(team, number)
   join incident i on i.team = s.team and i.number = s.number) as known,
  (select coalesce(json_agg(json_build_object('team', f.team, 'key', f.key, 'incident', f.incident,
     'receipt', coalesce(f.receipt, ''), 'asked', f.asked)), '[]')
   from unnest($3::text[], $4::text[]) as k(team, key)
   join fact f on f.team = k.team and f.key = k.key and f.key is not null) as receipts`;

/** @returns those of the incidents whose rows somebody holds at this moment: a rebuild, an erasure, another's commit. */
export async function lockedAmong(writer: pg.Pool, streams: readonly Stream[]): Promise<Stream[]> {
  try {
    const { rows } = await writer.query<Stream>({
      name: 'locked_among',
      // Nobody is waited for, and nothing is held beyond the statement.
      text: `with there as (
               select i.team, i.number from unnest($1::text[], $2::int[]) as s(team, number)
               join incident i on i.team = s.team and i.number = s.number
             ), free as (
               select i.team, i.number from incident i
               where (i.team, i.number) in (select team, number from there) for no key update skip locked
             )
             select team, number as incident from there except select team, number from free`,
      values: [streams.map(({ team }) => team), streams.map(({ incident }) => incident)],
    });
    return rows;
  } catch (error) {
    throw outcomeOfQuery(error);
  }
}
