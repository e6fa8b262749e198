import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Opened, openedStore } from './opened.js';

const COMMITTED = 'migrations/schema.sql';

let db: Opened;
beforeAll(async () => {
  db = await openedStore();
});
afterAll(() => db.close());

test('the committed schema is the one that the migrations make (npm run schema:dump)', async () => {
  const [row] = await db.sql<{ dump: string }>(await readFile('scripts/schema-dump.sql', 'utf8'));
  const dump = row?.dump ?? '';
  if (process.env.TOCSIN_WRITE_SCHEMA) await writeFile(COMMITTED, dump);
  expect(dump).toBe(await readFile(COMMITTED, 'utf8'));
});

test('every table and every unique key begins with the workspace', async () => {
  const keys = await db.sql<{ key: string; first: string }>(
    `select i.indexrelid::regclass::text as key, a.attname as first
     from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
     where i.indisunique and i.indrelid::regclass::text in (select tablename from pg_tables where schemaname = 'public')`,
  );
  // What Slack calls the workspace, and our own list of migrations, which belongs to none.
  const strange = keys.filter(
    ({ key, first }) => first !== 'team' && !['workspace_slack_team', 'migration_pkey'].includes(key),
  );
  expect(strange).toEqual([]);
  expect(keys.length).toBeGreaterThan(8);
  const tables = await db.sql(
    `select t.tablename from pg_tables t where schemaname = 'public' and tablename <> 'migration' and not exists
       (select from pg_attribute a where a.attrelid = t.tablename::regclass and a.attname = 'team' and a.attnum = 1 and a.attnotnull)`,
  );
  expect(tables).toEqual([]);
});
