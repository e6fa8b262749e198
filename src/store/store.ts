import { commits } from './commit.js';
import { actions } from './due/actions.js';
import { canvases } from './due/canvases.js';
import { schedules } from './due/schedules.js';
import { incidents, type Snapshot, snapshot, targets } from './incidents.js';
import { outbox } from './outbox.js';
import { installation, people, tokens, workspaces } from './people.js';
import {
  byKeyOnly,
  inTurns,
  openPools,
  type PoolConfig,
  queryable,
  type Report,
  withOwnClient,
} from './pools.js';
import { posts } from './posts.js';
import { published } from './public/published.js';
import { subscribers } from './public/subscribers.js';
import { eraseTexts, type Fold, rebuild, restores } from './rebuild.js';
import { search } from './search.js';
import { signals } from './signals.js';

/** Everything that is kept. Reading methods throw `Unavailable` when the database cannot be asked. */
export type Store = ReturnType<typeof openStore>;
export type Outbox = Store['outbox'];

/** How many statements about subscribers are under way at a time: there may be ten thousand, and incidents wait for none of them. */
const SUBSCRIBERS = 2;

/** Opens the store on a migrated database. Connects lazily: a database that is down makes calls fail, not this one. */
export function openStore(config: PoolConfig, report: Report) {
  const { writer, general, exports } = openPools(config, report);
  const db = queryable(general);
  const forRebuild = { ...config, options: byKeyOnly(config) };
  return {
    incidents: incidents(db),
    search: search(general, db),
    ...commits(writer, db),
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
    canvases: canvases(db),
    actions: actions(db),
    signals: signals(db),
    subscribers: subscribers(inTurns(db, SUBSCRIBERS)),
    published: published(db),
    people: people(db),
    workspaces: workspaces(general),
    tokens: tokens(db),
    restores: restores(general),
    outbox: { ...outbox(db), ...posts(db) },
    /** @returns what tells this database from every other: the name of what it shares with other installations. */
    installation: () => installation(db),
    /** @returns the database's clock, in ms since 1970: the cheapest sign of life. */
    async ping(): Promise<number> {
      const sql = 'select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms';
      const { rows } = await db.query<{ ms: number }>(sql);
      return rows[0]?.ms ?? 0;
    },
    async close(): Promise<void> {
      await Promise.all([writer.end(), general.end(), exports.end()]);
    },
  };
}
