import pg from 'pg';
import { migrate } from '#store/migrate.js';
import { openStore, type Store } from '#store/store.js';
import { emptyDatabase, testDatabase } from '../support/database.js';

export interface Opened {
  config: pg.ClientConfig;
  store: Store;
  /** A second process, as far as the database can tell. */
  another(): Store;
  /** Looks behind the store's back. */
  sql<R extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<R[]>;
  close(): Promise<void>;
}

/** A database of its own, empty. With TEST_DATABASE_URL on that server, to try another PostgreSQL version; else on the embedded one. */
export async function freshDatabase(): Promise<{ config: pg.ClientConfig; close(): Promise<void> }> {
  const url = process.env.TEST_DATABASE_URL;
  if (!url) return emptyDatabase();
  const name = `test_${process.pid}_${Math.random().toString(36).slice(2)}`;
  const admin = async (sql: string) => {
    const client = new pg.Client(url);
    await client.connect();
    await client.query(sql);
    await client.end();
  };
  await admin(`create database ${name} template template0`);
  const at = new URL(url);
  at.pathname = `/${name}`;
  return { config: { connectionString: at.href }, close: () => admin(`drop database ${name} with (force)`) };
}

async function migratedDatabase(): Promise<{ config: pg.ClientConfig; close(): Promise<void> }> {
  if (!process.env.TEST_DATABASE_URL) return testDatabase();
  const database = await freshDatabase();
  await migrate(database.config);
  return database;
}

/** A migrated database of its own with a store on it. */
export async function openedStore(): Promise<Opened> {
  const database = await migratedDatabase();
  const stores: Store[] = [];
  const another = () => {
    const store = openStore(database.config, () => {});
    stores.push(store);
    return store;
  };
  const client = new pg.Client(database.config);
  client.on('error', () => {});
  await client.connect();
  return {
    config: database.config,
    store: another(),
    another,
    async sql<R extends pg.QueryResultRow>(text: string, values?: unknown[]) {
      return (await client.query<R>(text, values)).rows;
    },
    async close() {
      await Promise.all(stores.map((store) => store.close()));
      await client.end();
      await database.close();
    },
  };
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
