import { drizzle } from 'drizzle-orm/node-postgres';
import type { Effect } from '#domain/effect.js';
import type { Entry } from '#domain/entry.js';
import type { Fact } from '#domain/fact.js';
import type { IncidentState } from '#domain/state.js';
import type { EntryKind } from '#domain/words.js';
import { type Commit, commit } from './commit.js';
import { actionDone, capturedEntry, entriesNumbered, entriesOf, entry, lastEntryBy } from './entries.js';
import { type IncidentFilter, incidentOfChannel, listIncidents, openIncidents } from './incidents.js';
import {
  claimLane,
  dueLanes,
  type Hold,
  type Lane,
  markStarted,
  owedRows,
  releaseLane,
  renewLane,
  type Settlement,
  settle,
} from './lanes.js';
import {
  type DeadRow,
  deadRows,
  type OutboxStats,
  type OwedRow,
  outboxStats,
  type RefusedRow,
  refusedRows,
  retryDead,
  reviveNotices,
} from './outbox.js';
import { type OwedFor, owe } from './owe.js';
import { type People, people } from './people.js';
import {
  byKeyOnly,
  openPools,
  type PoolConfig,
  queryable,
  type Report,
  warmUp,
  withOwnClient,
} from './pools.js';
import { eraseTexts, type Fold, rebuild } from './rebuild.js';
import { factNumbered, factsOfRuns, type Targets, targets } from './runs.js';
import { type Schedules, schedules } from './schedules.js';
import { type Snapshot, snapshot } from './snapshot.js';
import { type Loaded, load, nextNumber, type Receipt, receiptOf, wasWritten } from './streams.js';
import { type Tokens, tokens } from './tokens.js';
import { installation, type Workspaces, workspaces } from './workspaces.js';

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
  /** Leaves something that no fact owes. @returns false: the same request has left it before. */
  owe(effect: Effect, of: OwedFor): Promise<boolean>;
  dead(team?: string, incident?: number): Promise<DeadRow[]>;
  /** What was given up, and channels that Slack does not make now. */
  refused(team: string, incident?: number): Promise<RefusedRow[]>;
  reviveNotices(lane: Lane): Promise<number>;
  retryDead(team: string, ids: readonly number[] | 'all'): Promise<number>;
  stats(): Promise<OutboxStats>;
}

/** Everything that is kept. Reading methods throw `Unavailable` when the database cannot be asked. */
export interface Store {
  commit(wanted: Commit): Promise<void>;
  wasWritten(wanted: Commit): Promise<boolean>;
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
  outbox: Outbox;
  /** Opens the connections of commits before the first one needs them. One that cannot be had is opened when it is needed. */
  warmUp(): Promise<void>;
  /** @returns what tells this database from every other: the name of what it shares with other installations. */
  installation(): Promise<string>;
  /** @returns the database's clock, in ms since 1970: the cheapest sign of life. */
  ping(): Promise<number>;
  close(): Promise<void>;
}

/** Opens the store on a migrated database. Connects lazily: a database that is down makes calls fail, not this one. */
export function openStore(config: PoolConfig, report: Report): Store {
  const { writer, general } = openPools(config, report);
  const db = queryable(general);
  const orm = drizzle(general);
  const forRebuild = { ...config, options: byKeyOnly(config) };
  return {
    commit: (wanted) => commit(writer, wanted),
    wasWritten: (wanted) => wasWritten(db, wanted),
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
    rebuild: (fold, team) => withOwnClient(forRebuild, (client) => rebuild(client, fold, team)),
    eraseTexts: (fold, ...what) => withOwnClient(forRebuild, (client) => eraseTexts(client, fold, ...what)),
    people: people(orm),
    workspaces: workspaces(orm, general),
    tokens: tokens(orm),
    outbox: {
      dueLanes: (limit) => dueLanes(db, limit),
      claimLane: (...what) => claimLane(db, ...what),
      renewLane: (...what) => renewLane(db, ...what),
      releaseLane: (...what) => releaseLane(db, ...what),
      owedRows: (...what) => owedRows(db, ...what),
      markStarted: (...what) => markStarted(db, ...what),
      settle: (...what) => settle(db, ...what),
      owe: (...what) => owe(db, ...what),
      dead: (...of) => deadRows(db, ...of),
      refused: (...of) => refusedRows(db, ...of),
      reviveNotices: ({ team, lane }) => reviveNotices(db, team, lane),
      retryDead: (...what) => retryDead(db, ...what),
      stats: () => outboxStats(db),
    },
    warmUp: () => warmUp(writer),
    installation: () => installation(db),
    async ping() {
      const sql = 'select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms';
      const { rows } = await db.query<{ ms: number }>(sql);
      return rows[0]?.ms ?? 0;
    },
    async close() {
      await Promise.all([writer.end(), general.end()]);
    },
  };
}
