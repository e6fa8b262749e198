import type { Effect } from '#domain/incident/effect.js';
import type { Entry } from '#domain/incident/entry.js';
import type { Fact } from '#domain/incident/fact.js';
import type { IncidentState } from '#domain/incident/state.js';
import type { EntryKind } from '#domain/words.js';
import { type Commit, commit } from './commit.js';
import {
  actionDone,
  capturedEntry,
  entriesNumbered,
  entriesOf,
  entry,
  factNumbered,
  factsOfRuns,
  type Loaded,
  lastEntryBy,
  load,
  nextNumber,
  type Receipt,
  receiptOf,
  type Snapshot,
  snapshot,
  type Targets,
  targets,
  wasWritten,
} from './entries.js';
import {
  claimLane,
  type DeadRow,
  deadRows,
  dueLanes,
  type Hold,
  type Lane,
  type LateLane,
  late,
  markStarted,
  type OutboxStats,
  type OwedRow,
  outboxStats,
  owedRows,
  type RefusedRow,
  refusedRows,
  releaseLane,
  renewLane,
  retryDead,
  reviveNotices,
  reviveOpenings,
  type Settlement,
  settle,
  sweep,
} from './outbox.js';
import {
  installation,
  type People,
  people,
  type Tokens,
  tokens,
  type Workspaces,
  workspaces,
} from './people.js';
import {
  byKeyOnly,
  openPools,
  outcomeOfQuery,
  type PoolConfig,
  type Queryable,
  queryable,
  type Report,
  troubleOf,
  tryWriting,
  Unavailable,
  warmUp,
  withOwnClient,
} from './pools.js';
import { type Pace, type Poster, tooManyPosts, turnToPost } from './posts.js';
import { eraseTexts, type Fold, type Restores, rebuild, restores } from './rebuild.js';
import { type Schedules, schedules } from './schedules.js';
import { inTurn, lockedAmong, type Stream, type Turn } from './turn.js';

/**
 * What we owe the world. After `Unavailable` each may be sent again and nothing is paid twice: at worst a claim whose
 * answer was lost must run out first, an attempt counts double, or `owe` without a key leaves its effect twice.
 */
export interface Outbox {
  dueLanes(limit: number): Promise<Lane[]>;
  claimLane(lane: Lane, owner: string, leaseMs: number): Promise<Hold | null>;
  renewLane(hold: Hold, leaseMs: number): Promise<boolean>;
  releaseLane(hold: Hold, restMs?: number | null): Promise<number | null | 'lost'>;
  owedRows(lane: Lane, limit: number): Promise<OwedRow[]>;
  markStarted(hold: Hold, ids: readonly number[], leaseMs: number): Promise<boolean>;
  settle(hold: Hold, ids: readonly number[], how: Settlement): Promise<boolean>;
  /** @returns milliseconds until that channel's turn in the workspace; 0: now, and it counts as posted */
  turnToPost(who: Poster, pace: Pace, keepMs: number): Promise<number>;
  tooManyPosts(team: string, pace: Pace): Promise<void>;
  /** Leaves something that no fact owes. @returns false: the same request has left it before. */
  owe(effect: Effect, of: OwedFor): Promise<boolean>;
  late(ms: number, limit: number): Promise<{ lanes: LateLane[]; dead: number }>;
  dead(team?: string, incident?: number): Promise<DeadRow[]>;
  /** What was given up, and what Slack refuses for now: channels, and of one incident everything. */
  refused(team: string, incident?: number): Promise<RefusedRow[]>;
  reviveNotices(lane: Lane): Promise<number>;
  /** Tries again, by itself, to make channels that could not be made and whose time has come; up to `limit`. @returns how many */
  reviveOpenings(limit: number): Promise<number>;
  retryDead(team: string, ids: readonly number[] | 'all'): Promise<number>;
  stats(): Promise<OutboxStats>;
  /** Clears away up to `limit` rows that were paid longer than `keepMs` ago, and as many idle lanes. */
  sweep(keepMs: number, limit: number): Promise<{ rows: number; lanes: number }>;
}

/** Everything that is kept. Reading methods throw `Unavailable` when the database cannot be asked. */
export interface Store {
  commit(wanted: Commit): Promise<void>;
  wasWritten(wanted: Commit): Promise<boolean>;
  /** While no other process that asks for a turn writes to the same workspaces. */
  inTurn<T>(teams: readonly string[], wait: boolean, work: (turn: Turn) => Promise<T>): Promise<T>;
  /** Those whose rows somebody holds at this moment. */
  lockedAmong(streams: readonly Stream[]): Promise<Stream[]>;
  load(team: string, incident: number): Promise<Loaded | null>;
  receiptOf(team: string, key: string): Promise<Receipt | null>;
  nextNumber(team: string): Promise<number>;
  incidentOfChannel(team: string, channelId: string): Promise<number | null>;
  openIncidents(team: string): Promise<IncidentState[]>;
  listIncidents(team: string, filter: IncidentFilter): Promise<IncidentState[]>;
  entry(team: string, incident: number, n: number): Promise<Entry | null>;
  entriesNumbered(team: string, incident: number, numbers: readonly number[]): Promise<Map<number, Entry>>;
  lastEntryBy(team: string, incident: number, byId: string): Promise<Entry | null>;
  capturedEntry(team: string, incident: number, channel: string, ts: string): Promise<Entry | null>;
  actionDone(team: string, incident: number, action: number): Promise<boolean>;
  entriesOf(team: string, incident: number, kinds: readonly EntryKind[]): Promise<Entry[]>;
  /** The facts of one run in order; `null`: of all runs of the incident. */
  runFacts(team: string, incident: number, run: number): Promise<Fact[]>;
  factsOfRuns(team: string, incident: number, runs: readonly number[]): Promise<Fact[]>;
  fact(team: string, incident: number, seq: number): Promise<Fact | null>;
  targets: Targets;
  schedules: Schedules;
  snapshot<T>(read: (at: Snapshot) => Promise<T>): Promise<T>;
  /** The same on connections that are there for what is long. */
  longSnapshot<T>(read: (at: Snapshot) => Promise<T>): Promise<T>;
  /** Recomputes summaries and entries of a workspace, or of all, from the facts. @returns how many incidents. */
  rebuild(fold: Fold, team?: string): Promise<number>;
  /** Erases texts of one fact for ever, and what rests on them. A writer that keeps states in memory must load again. */
  eraseTexts(
    fold: Fold,
    at: { team: string; incident: number; seq: number },
    fields: readonly string[],
  ): Promise<number>;
  people: People;
  workspaces: Workspaces;
  tokens: Tokens;
  restores: Restores;
  outbox: Outbox;
  /** Opens the connections of commits before the first one needs them. One that cannot be had is opened when it is needed. */
  warmUp(): Promise<void>;
  /** @returns what tells this database from every other: the name of what it shares with other installations. */
  installation(): Promise<string>;
  /** @returns the database's clock, in ms since 1970: the cheapest sign of life. */
  ping(): Promise<number>;
  /**
   * Writes something and takes it back. Speaks of commits too: what one of them was refused for just now counts.
   * @throws {Unavailable} when the database cannot be asked, or takes nothing: see `troubleOf`
   */
  tryWriting(): Promise<void>;
  close(): Promise<void>;
}

/** For so long a refused commit is believed more than a look that went well. */
const REFUSED_MS = 10_000;

/** Opens the store on a migrated database. Connects lazily: a database that is down makes calls fail, not this one. */
export function openStore(config: PoolConfig, report: Report): Store {
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
    commit: (wanted) => remembering(() => commit(writer, wanted)),
    wasWritten: (wanted) => wasWritten(db, wanted),
    inTurn: (teams, wait, work) =>
      inTurn(writer, teams, wait, (turn) =>
        work({ ...turn, commit: (wanted) => remembering(() => turn.commit(wanted)) }),
      ),
    lockedAmong: (streams) => lockedAmong(writer, streams),
    load: (...at) => load(db, ...at),
    receiptOf: (...at) => receiptOf(db, ...at),
    nextNumber: (team) => nextNumber(db, team),
    incidentOfChannel: (...at) => incidentOfChannel(db, ...at),
    openIncidents: (team) => openIncidents(db, team),
    listIncidents: (...at) => listIncidents(db, ...at),
    entry: (...at) => entry(db, ...at),
    entriesNumbered: (...at) => entriesNumbered(db, ...at),
    lastEntryBy: (...at) => lastEntryBy(db, ...at),
    capturedEntry: (...at) => capturedEntry(db, ...at),
    actionDone: (...at) => actionDone(db, ...at),
    entriesOf: (...at) => entriesOf(db, ...at),
    runFacts: (team, incident, run) => factsOfRuns(db, team, incident, [run]),
    factsOfRuns: (...of) => factsOfRuns(db, ...of),
    fact: (...at) => factNumbered(db, ...at),
    targets: targets(db),
    schedules: schedules(db),
    snapshot: (read) => snapshot(general, read),
    longSnapshot: (read) => snapshot(exports, read),
    rebuild: (fold, team) => withOwnClient(forRebuild, (client) => rebuild(client, fold, team)),
    eraseTexts: (fold, ...what) => withOwnClient(forRebuild, (client) => eraseTexts(client, fold, ...what)),
    people: people(db),
    workspaces: workspaces(general),
    tokens: tokens(db),
    restores: restores(general),
    outbox: {
      dueLanes: (limit) => dueLanes(db, limit),
      claimLane: (...what) => claimLane(db, ...what),
      renewLane: (...what) => renewLane(db, ...what),
      releaseLane: (...what) => releaseLane(db, ...what),
      owedRows: (...what) => owedRows(db, ...what),
      markStarted: (...what) => markStarted(db, ...what),
      settle: (...what) => settle(db, ...what),
      turnToPost: (...what) => turnToPost(db, ...what),
      tooManyPosts: (...what) => tooManyPosts(db, ...what),
      owe: (...what) => owe(db, ...what),
      late: (...what) => late(db, ...what),
      dead: (...of) => deadRows(db, ...of),
      refused: (...of) => refusedRows(db, ...of),
      reviveNotices: ({ team, lane }) => reviveNotices(db, team, lane),
      reviveOpenings: (limit) => reviveOpenings(db, limit),
      retryDead: (...what) => retryDead(db, ...what),
      stats: () => outboxStats(db),
      sweep: (...what) => sweep(db, ...what),
    },
    warmUp: () => warmUp(writer),
    installation: () => installation(db),
    async ping() {
      const sql = 'select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms';
      const { rows } = await db.query<{ ms: number }>(sql);
      return rows[0]?.ms ?? 0;
    },
    async tryWriting() {
      await tryWriting(writer, outcomeOfQuery);
      if (refused && performance.now() - refused.at < REFUSED_MS) throw refused.error;
    },
    async close() {
      await Promise.all([writer.end(), general.end(), exports.end()]);
    },
  };
}

/** Which incidents: `open` true for those not resolved, false for the resolved ones; `before`: only numbers below, for the next page. */
interface IncidentFilter {
  limit: number;
  open?: boolean;
  before?: number;
}

/** @returns the incident whose channel this is, or null. Should two ever claim one channel, the older has it. */
async function incidentOfChannel(db: Queryable, team: string, channelId: string): Promise<number | null> {
  const { rows } = await db.query<{ number: number }>({
    name: 'incident_of_channel',
    text: 'select number from incident where team = $1 and channel_id = $2 order by number limit 1',
    values: [team, channelId],
  });
  return rows[0]?.number ?? null;
}

/** @returns every incident that is not resolved, oldest first. Private ones too: who may see them is decided in `read`. */
async function openIncidents(db: Queryable, team: string): Promise<IncidentState[]> {
  return states(db, 'open_incidents', 'select state from incident where team = $1 and open order by number', [
    team,
  ]);
}

/** @returns incidents, newest first, without the standing record. Private ones too: who may see them is decided in `read`. */
async function listIncidents(db: Queryable, team: string, filter: IncidentFilter): Promise<IncidentState[]> {
  const sql = `select state from incident
    where team = $1 and number > 0 and ($2::boolean is null or open = $2) and ($3::int is null or number < $3)
    order by number desc limit $4`;
  return states(db, 'list_incidents', sql, [team, filter.open ?? null, filter.before ?? null, filter.limit]);
}

async function states(
  db: Queryable,
  name: string,
  text: string,
  values: unknown[],
): Promise<IncidentState[]> {
  const { rows } = await db.query<{ state: IncidentState }>({ name, text, values });
  return rows.map((row) => row.state);
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
