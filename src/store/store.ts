import { type Commit, commit } from './commit.js';
import { incidents, type Snapshot, snapshot, targets } from './incidents.js';
import { outbox } from './outbox.js';
import { installation, people, tokens, workspaces } from './people.js';
import {
  byKeyOnly,
  openPools,
  outcomeOfQuery,
  type PoolConfig,
  queryable,
  type Report,
  troubleOf,
  tryWriting,
  Unavailable,
  warmUp,
  withOwnClient,
} from './pools.js';
import { posts } from './posts.js';
import { eraseTexts, type Fold, rebuild, restores } from './rebuild.js';
import { schedules } from './schedules.js';
import { inTurn, lockedAmong, type Stream, type Turn } from './turn.js';

/** Everything that is kept. Reading methods throw `Unavailable` when the database cannot be asked. */
export type Store = ReturnType<typeof openStore>;
export type Outbox = Store['outbox'];

/** For so long a refused commit is believed more than a look that went well. */
const REFUSED_MS = 10_000;

/** Opens the store on a migrated database. Connects lazily: a database that is down makes calls fail, not this one. */
export function openStore(config: PoolConfig, report: Report) {
  const { writer, general, exports } = openPools(config, report);
  const db = queryable(general);
  const forRebuild = { ...config, options: byKeyOnly(config) };
  // What a look may miss: a commit that was refused proves more than a row for the sake of it.
  let refused: { at: number; error: Unavailable } | null = null;
  const remembering = async (write: () => Promise<void>): Promise<void> => {
    try {
      await write();
      refused = null;
    } catch (error) {
      if (error instanceof Unavailable && troubleOf(error).state === 'refusing')
        refused = { at: performance.now(), error };
      throw error;
    }
  };
  return {
    incidents: incidents(db),
    commit: (wanted: Commit) => remembering(() => commit(writer, wanted)),
    /** While no other process that asks for a turn writes to the same workspaces. */
    inTurn: <T>(teams: readonly string[], wait: boolean, work: (turn: Turn) => Promise<T>) =>
      inTurn(writer, teams, wait, (turn) =>
        work({ ...turn, commit: (wanted) => remembering(() => turn.commit(wanted)) }),
      ),
    lockedAmong: (streams: readonly Stream[]) => lockedAmong(writer, streams),
    snapshot: <T>(read: (at: Snapshot) => Promise<T>) => snapshot(general, read),
    /** The same on connections that are there for what is long. */
    longSnapshot: <T>(read: (at: Snapshot) => Promise<T>) => snapshot(exports, read),
    /** Recomputes summaries and entries of a workspace, or of all, from the facts. @returns how many incidents. */
    rebuild: (fold: Fold, team?: string) =>
      withOwnClient(forRebuild, (client) => rebuild(client, fold, team)),
    /** Erases texts of one fact for ever, and what rests on them. A writer that keeps states in memory must load again. */
    eraseTexts: (
      fold: Fold,
      at: { team: string; incident: number; seq: number },
      fields: readonly string[],
    ) => withOwnClient(forRebuild, (client) => eraseTexts(client, fold, at, fields)),
    targets: targets(db),
    schedules: schedules(db),
    people: people(db),
    workspaces: workspaces(general),
    tokens: tokens(db),
    restores: restores(general),
    outbox: { ...outbox(db), ...posts(db) },
    /** Opens the connections of commits before the first one needs them. One that cannot be had is opened when it is needed. */
    warmUp: () => warmUp(writer),
    /** @returns what tells this database from every other: the name of what it shares with other installations. */
    installation: () => installation(db),
    /** @returns the database's clock, in ms since 1970: the cheapest sign of life. */
    async ping(): Promise<number> {
      const sql = 'select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms';
      const { rows } = await db.query<{ ms: number }>(sql);
      return rows[0]?.ms ?? 0;
    },
    /**
     * Writes something and takes it back. Speaks of commits too: what one of them was refused for just now counts.
     * @throws {Unavailable} when the database cannot be asked, or takes nothing: see `troubleOf`
     */
    async tryWriting(): Promise<void> {
      await tryWriting(writer, outcomeOfQuery);
      if (refused && performance.now() - refused.at < REFUSED_MS) throw refused.error;
    },
    async close(): Promise<void> {
      await Promise.all([writer.end(), general.end(), exports.end()]);
    },
  };
}
