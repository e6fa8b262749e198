import type pg from 'pg';
import type { Entry } from '#domain/entry.js';
import { type EntryFilter, entries, latestEntries } from './entries.js';
import { queryable, transaction, withConnection } from './pools.js';
import { type FactRow, facts, type Loaded, load } from './streams.js';

/** Reading at one moment: whatever is asked, the answers agree with each other. Valid only inside `snapshot`. */
export interface Snapshot {
  load(team: string, incident: number): Promise<Loaded | null>;
  entries(team: string, incident: number, filter?: EntryFilter): AsyncIterable<Entry>;
  latestEntries(team: string, incident: number, limit: number): Promise<Entry[]>;
  facts(team: string, incident: number): AsyncIterable<FactRow>;
}

/**
 * Runs `read` in one read-only REPEATABLE READ transaction. The transaction ends when `read` has settled, so streams
 * must be consumed inside of it.
 */
export async function snapshot<T>(pool: pg.Pool, read: (at: Snapshot) => Promise<T>): Promise<T> {
  return withConnection(pool, (client) => {
    const db = queryable(client);
    const at: Snapshot = {
      load: (team, incident) => load(db, team, incident),
      entries: (team, incident, filter) => entries(db, team, incident, filter),
      latestEntries: (team, incident, limit) => latestEntries(db, team, incident, limit),
      facts: (team, incident) => facts(db, team, incident),
    };
    return transaction(db, () => read(at), 'isolation level repeatable read read only');
  });
}
