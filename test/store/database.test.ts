import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg, { type PoolConfig } from 'pg';
import { pendingMigrations } from '#store/migrate.js';
import { openStore } from '#store/store.js';
import { emptyDatabase, type TestDatabase, testDatabase } from '../support/database.js';

/** What the embedded server is besides durable (that the test of it has): version, zone, addresses, encoding, order. */
const KIND = `SELECT current_setting('server_version_num')::int / 10000 AS version, current_setting('timezone') AS zone,
  current_setting('listen_addresses') AS addresses, current_setting('server_encoding') AS encoding,
  (SELECT datlocale FROM pg_database WHERE datname = current_database()) AS locale`;
const BOTS_OWN = [{ version: 18, zone: 'UTC', addresses: '', encoding: 'UTF8', locale: 'C.UTF-8' }];

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.close());

test.each(['a PoolConfig', 'a DATABASE_URL'])('the test database is reached by %s', async (way) => {
  const pool = new pg.Pool(way === 'a PoolConfig' ? { ...db.config } : { connectionString: db.url });
  pool.on('error', () => undefined);
  const { rows } = await pool.query('SELECT current_database() AS name, current_user AS role');
  await pool.end();
  expect(rows).toEqual([{ name: db.config.database, role: 'tocsin' }]);
});

test('two test databases do not see each other, and closing one leaves the other', async () => {
  const other = await testDatabase();
  await query(db, 'CREATE TABLE seen (n int)');
  expect(await query(other, "SELECT to_regclass('seen') AS t")).toEqual([{ t: null }]);
  await other.close();
  expect(await query(db, "SELECT to_regclass('seen')::text AS t")).toEqual([{ t: 'seen' }]);
  await expect(query(other, 'SELECT 1')).rejects.toThrow('does not exist');
});

test('a test database has all tables and nothing in them, an empty one no table', async () => {
  const other = await emptyDatabase();
  expect(await pendingMigrations(db.config)).toBe(0);
  expect(await query(db, 'SELECT count(*)::int AS n FROM fact')).toEqual([{ n: 0 }]);
  expect(await pendingMigrations(other.config)).toBeGreaterThan(0);
  await other.close();
});

test('both are of the same kind as a bot’s own', async () => {
  expect(await query(db, KIND)).toEqual(BOTS_OWN);
});

test('each database has a name of its own, the same by every address', async () => {
  const other = await testDatabase();
  const named = async (config: PoolConfig) => {
    const store = openStore(config, () => {});
    try {
      return await store.installation();
    } finally {
      await store.close();
    }
  };
  try {
    const name = await named(db.config);
    expect(name).toMatch(/^[0-9a-f]{16}$/);
    expect(await named({ connectionString: db.url })).toBe(name);
    expect(await named(other.config)).not.toBe(name);
  } finally {
    await other.close();
  }
});

test('also where nobody may ask for the server’s identity, and another one numbers its databases alike', async () => {
  const other = await testDatabase();
  const guest = `guest_of_${other.config.database}`;
  const named = async () => {
    const store = openStore({ ...other.config, user: guest }, () => {});
    try {
      return await store.installation();
    } finally {
      await store.close();
    }
  };
  try {
    await query(other, `create role ${guest} login`);
    await query(other, `grant select on migration to ${guest}`);
    await query(other, 'revoke execute on function pg_control_system() from public');
    const name = await named();
    expect(await named()).toBe(name);
    await query(other, "update migration set applied_at = applied_at - interval '1 day'");
    expect(await named()).not.toBe(name);
  } finally {
    await other.close();
    await query(db, `drop role if exists ${guest}`);
  }
});

async function query(database: TestDatabase, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ ...database.config });
  client.on('error', () => undefined);
  await client.connect().catch(async (error) => {
    await client.end();
    throw error;
  });
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
