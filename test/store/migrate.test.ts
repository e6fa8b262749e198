import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { DatabaseNewer, migrate, pendingMigrations } from '#store/migrate.js';
import { freshDatabase } from './opened.js';

type Database = Awaited<ReturnType<typeof freshDatabase>>;
const all: Database[] = [];
const folders: string[] = [];
async function database(): Promise<Database> {
  const made = await freshDatabase();
  all.push(made);
  return made;
}
/** A copy of our migrations, to which tests add. */
async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'tocsin-migrations-'));
  folders.push(made);
  await cp('migrations', made, { recursive: true });
  return made;
}
async function add(to: string, tag: string, sql: string): Promise<void> {
  const path = join(to, 'meta/_journal.json');
  const journal = JSON.parse(await readFile(path, 'utf8'));
  const { idx, when } = journal.entries.at(-1);
  journal.entries.push({ idx: idx + 1, version: '7', when: when + 1, tag, breakpoints: true });
  await writeFile(path, JSON.stringify(journal));
  await writeFile(join(to, `${tag}.sql`), sql);
}
async function query(config: pg.ClientConfig, sql: string) {
  const client = new pg.Client(config);
  await client.connect();
  return client.query(sql).finally(() => client.end());
}

let ours: number;
beforeAll(async () => {
  ours = JSON.parse(await readFile('migrations/meta/_journal.json', 'utf8')).entries.length;
});
afterAll(async () => {
  await Promise.all(all.map((one) => one.close()));
  await Promise.all(folders.map((path) => rm(path, { recursive: true })));
});

describe('migrations', () => {
  test('are applied once; the second time there is nothing to do', async () => {
    const { config } = await database();
    expect(await pendingMigrations(config)).toBe(ours);
    expect(await migrate(config)).toEqual({ applied: ours });
    expect(await migrate(config)).toEqual({ applied: 0 });
    expect(await pendingMigrations(config)).toBe(0);
  });

  test('are applied once when many processes start together', async () => {
    const { config } = await database();
    const done = await Promise.all(Array.from({ length: 6 }, () => migrate(config)));
    expect(done.map((one) => one.applied).sort()).toEqual([0, 0, 0, 0, 0, ours]);
  });

  test('go forward only by what is missing', async () => {
    const { config } = await database();
    await migrate(config);
    const newer = await folder();
    await add(newer, '0099_more', 'create table more (team text)');
    expect(await pendingMigrations(config, newer)).toBe(1);
    expect(await migrate(config, newer)).toEqual({ applied: 1 });
    expect((await query(config, 'select * from more')).rows).toEqual([]);
  });

  test('refuse a database that is newer than the code, and leave it as it is', async () => {
    const { config } = await database();
    const newer = await folder();
    await add(newer, '0099_more', 'create table more (team text)');
    await migrate(config, newer);
    await expect(migrate(config)).rejects.toThrow(DatabaseNewer);
    await expect(pendingMigrations(config)).rejects.toThrow(/newer version/);
    expect((await query(config, 'select count(*)::int as n from migration')).rows).toEqual([{ n: ours + 1 }]);
  });

  test('that fail half-way leave nothing, and go through when repaired', async () => {
    const { config } = await database();
    const broken = await folder();
    await add(broken, '0098_first', 'create table first_half (team text)');
    await add(
      broken,
      '0099_second',
      'create table second_half (team text);--> statement-breakpoint\nselect 1/0',
    );
    await expect(migrate(config, broken)).rejects.toThrow(/division by zero/);
    expect(
      (await query(config, "select to_regclass('fact') as fact, to_regclass('first_half') as half")).rows,
    ).toEqual([{ fact: null, half: null }]);
    expect(await migrate(config)).toEqual({ applied: ours });
  });
});
