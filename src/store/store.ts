import type { Entry } from '../domain/entry.js';
import type { IncidentState } from '../domain/state.js';
import { type Commit, commit } from './commit.js';
import { capturedEntry, entry, lastEntryBy } from './entries.js';
import { type IncidentFilter, incidentOfChannel, listIncidents, openIncidents } from './incidents.js';
import { openPools, type PoolConfig, queryable, type Report } from './pools.js';
import { type Snapshot, snapshot } from './snapshot.js';
import { type Loaded, load, nextNumber, type Receipt, receiptOf, wasWritten } from './streams.js';

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
  lastEntryBy(team: string, incident: number, byId: string): Promise<Entry | null>;
  capturedEntry(team: string, incident: number, channel: string, ts: string): Promise<Entry | null>;
  snapshot<T>(read: (at: Snapshot) => Promise<T>): Promise<T>;
  /** @returns the database's clock, in ms since 1970: the cheapest sign of life. */
  ping(): Promise<number>;
  close(): Promise<void>;
}

/** Opens the store on a migrated database. Connects lazily: a database that is down makes calls fail, not this one. */
export function openStore(config: PoolConfig, report: Report): Store {
  const { writer, reader } = openPools(config, report);
  const db = queryable(reader);
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
    lastEntryBy: (...at) => lastEntryBy(db, ...at),
    capturedEntry: (...at) => capturedEntry(db, ...at),
    snapshot: (read) => snapshot(reader, read),
    async ping() {
      const sql = 'select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms';
      const { rows } = await db.query<{ ms: number }>(sql);
      return rows[0]?.ms ?? 0;
    },
    async close() {
      await Promise.all([writer.end(), reader.end()]);
    },
  };
}
