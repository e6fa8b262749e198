import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { Told } from '#told.js';
import { transaction, withOwnClient } from './pools.js';

/** The same folder from `src/store` and from `dist/store`, wherever the process was started. */
const FOLDER = fileURLToPath(new URL('../../migrations', import.meta.url));
/** Names our lock among all advisory locks of the database: 'toc'. */
const LOCK = 0x746f63;

/** The database was migrated by a newer Tocsin: running on it could misread what that one wrote. */
export class DatabaseNewer extends Told {
  override name = 'DatabaseNewer';
}

/**
 * Brings the database up to this code's schema; does nothing when it is there already. Forward only, all pending
 * migrations in one transaction. Two processes that start together take turns under an advisory lock.
 *
 * drizzle's own migrator is not used to apply: it takes no lock, does not notice a newer database, and needs the right
 * to create schemas even when there is none to create.
 * @param folder where the migrations are; tests pass another one
 * @returns how many migrations were applied now
 * @throws {DatabaseNewer} when the database holds a migration that this code does not know; nothing was changed
 */
export async function migrate(config: pg.ClientConfig, folder = FOLDER): Promise<{ applied: number }> {
  return withOwnClient(config, async (client) => {
    // Ending the session frees it, also when this process dies.
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    const pending = await pendingOf(client, folder);
    // Without need nothing is created, nor the right to create needed: the account that migrates may be another than the one that runs.
    if (pending.length === 0) return { applied: 0 };
    await client.query(
      'create table if not exists migration (id bigint primary key, applied_at timestamptz not null default now())',
    );
    await apply(client, pending);
    return { applied: pending.length };
  });
}

/**
 * Looks without changing anything: may this code run on that database as it is?
 * @returns how many migrations are missing: 0 when it may
 * @throws {DatabaseNewer} when the database is newer than the code
 */
export async function pendingMigrations(config: pg.ClientConfig, folder = FOLDER): Promise<number> {
  return withOwnClient(config, async (client) => (await pendingOf(client, folder)).length);
}

/** A migration is known by the moment at which it was made, so line endings and comments do not matter. */
interface Migration {
  id: number;
  statements: string[];
}

/** @returns the migrations that drizzle-kit has written, in order */
async function migrationsIn(folder: string): Promise<Migration[]> {
  const { entries } = JSON.parse(await readFile(join(folder, 'meta/_journal.json'), 'utf8')) as {
    entries: Array<{ tag: string; when: number }>;
  };
  return Promise.all(
    entries.map(async ({ tag, when }) => {
      const text = await readFile(join(folder, `${tag}.sql`), 'utf8');
      return { id: when, statements: text.split('--> statement-breakpoint') };
    }),
  );
}

async function pendingOf(client: pg.Client, folder: string): Promise<Migration[]> {
  const known = await migrationsIn(folder);
  const { rows: there } = await client.query("select 1 where to_regclass('migration') is not null");
  if (there.length === 0) return known;
  const { rows } = await client.query<{ id: string }>('select id from migration');
  const done = new Set(rows.map((row) => Number(row.id)));
  const strange = [...done].filter((id) => !known.some((migration) => migration.id === id));
  if (strange.length > 0) {
    throw new DatabaseNewer(
      `The database has ${strange.length} migration(s) that this Tocsin does not know: a newer version migrated it. ` +
        'Start that version, or restore a backup from before the upgrade.',
    );
  }
  return known.filter((migration) => !done.has(migration.id));
}

async function apply(client: pg.Client, pending: Migration[]): Promise<void> {
  await transaction(client, async () => {
    for (const { id, statements } of pending) {
      for (const statement of statements) await client.query(statement);
      await client.query('insert into migration (id) values ($1)', [id]);
    }
  });
}
