import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { inTurns, type Queryable } from '#store/pools.js';
import { openStore, type Store } from '#store/store.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { until } from '../support/until.js';

let database: TestDatabase;
let store: Store;
beforeAll(async () => {
  database = await testDatabase();
  store = openStore(database.config, () => {});
});
afterAll(async () => {
  await store.close();
  await database.close();
});

test('however many ask about subscribers, and however long that takes, nobody else waits for a connection', async () => {
  const other = new pg.Client(database.config);
  await other.connect();
  await other.query('begin');
  await other.query('lock table subscriber in access exclusive mode');
  const asked = Array.from({ length: 100 }, (_, i) => store.subscribers.get('T1', `s${i}`));
  const settled = Promise.allSettled(asked);
  await until('some of them wait in the database', async () => {
    // Within a transaction the same is read again and again.
    await other.query('select pg_stat_clear_snapshot()');
    const { rows } = await other.query<{ n: number }>(
      `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return (rows[0]?.n ?? 0) >= 2;
  });
  try {
    for (let i = 0; i < 20; i++) expect(await store.ping()).toBeGreaterThan(0);
    expect(await store.incidents.load('T1', 1)).toBeNull();
  } finally {
    await other.query('rollback');
    await other.end();
    await settled;
  }
  // Nor is anybody of them refused for having waited.
  expect(new Set((await settled).map(({ status }) => status))).toEqual(new Set(['fulfilled']));
});

test('a statement that fails gives its turn to the next', async () => {
  let under = 0;
  let most = 0;
  const db: Queryable = {
    async query(text) {
      under += 1;
      most = Math.max(most, under);
      await new Promise((resolve) => setImmediate(resolve));
      under -= 1;
      if (text === 'bad') throw new Error('refused');
      return { rows: [], rowCount: 0, command: '', oid: 0, fields: [] };
    },
  };
  const turns = inTurns(db, 2);
  const asked = Array.from({ length: 20 }, (_, i) => turns.query(i % 3 === 0 ? 'bad' : 'good'));
  const ended = await Promise.allSettled(asked);
  expect(ended.filter(({ status }) => status === 'rejected')).toHaveLength(7);
  expect(most).toBe(2);
  await turns.query('good');
  expect(under).toBe(0);
});
