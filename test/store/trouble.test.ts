import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { chown, mkdtemp, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { nothingKept, notRead } from '#handle/handle.js';
import { migrate } from '#store/migrate.js';
import { outcomeOfConnecting, outcomeOfQuery, troubleOf, tryWriting, Unavailable } from '#store/pools.js';
import { openStore, type Store } from '#store/store.js';
import { Ledger, noted, opened } from './ledger.js';
import { type Opened, openedStore } from './opened.js';

// A database that answers, and takes nothing: what people, doctor and balancer are told is why.
let db: Opened;
let ledger: Ledger;
let number = 0;
beforeAll(async () => {
  db = await openedStore();
});
afterAll(() => db.close());

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => null,
    (error: unknown) => error,
  );
}
const next = () => {
  ledger = new Ledger('T1', ++number);
  return ledger.next([opened()]);
};

test('what is well takes a write, and keeps nothing of it', async () => {
  const before = await db.sql("select relname from pg_class where relkind = 'r' and relpersistence = 'p'");
  for (let n = 0; n < 3; n++) expect(await failure(db.store.tryWriting())).toBeNull();
  expect(await db.sql("select relname from pg_class where relkind = 'r' and relpersistence = 'p'")).toEqual(
    before,
  );
});

test('read-only from one moment to the next: a table of the session itself would still be written to', async () => {
  const pool = new pg.Pool({ ...db.config, max: 1 });
  try {
    await tryWriting(pool, outcomeOfQuery);
    await pool.query('set default_transaction_read_only = on');
    expect(troubleOf(await failure(tryWriting(pool, outcomeOfQuery)))).toMatchObject({
      reason: 'it is read-only (25006)',
    });
  } finally {
    await pool.end();
  }
});

test('read-only: known without anybody writing, and said to whoever does', async () => {
  const name = (await db.sql<{ name: string }>('select current_database() as name'))[0]?.name;
  await db.sql(`alter database ${name} set default_transaction_read_only = on`);
  const store = openStore(db.config, () => {});
  try {
    expect(troubleOf(await failure(store.tryWriting()))).toMatchObject({
      state: 'refusing',
      reason: 'it is read-only (25006)',
    });
    const error = await failure(store.commit(next()));
    expect(nothingKept(error)).toMatchObject({
      code: 'DATABASE_REFUSES',
      sentence: 'Nothing was kept. The database answers, but takes nothing: it is read-only (25006).',
      next: expect.stringContaining('standby'),
    });
  } finally {
    await store.close();
    const admin = new pg.Client({ ...db.config, options: '-c default_transaction_read_only=off' });
    await admin.connect();
    await admin.query(`alter database ${name} reset default_transaction_read_only`);
    await admin.end();
  }
});

describe('an account', () => {
  let store: Store;
  let role: string;
  beforeAll(async () => {
    role = `r${Math.random().toString(36).slice(2)}`;
    await db.sql(`create role ${role} login`);
    for (const table of ['fact', 'outbox']) await db.sql(`grant select on ${table} to ${role}`);
    store = openStore({ ...db.config, user: role }, () => {});
  });
  afterAll(async () => {
    await store.close();
    await db.sql(`drop owned by ${role}`);
    await db.sql(`drop role ${role}`);
  });

  test('without the right to write is told so, and nobody hears “not confirmed” of what certainly was not', async () => {
    expect(troubleOf(await failure(store.tryWriting()))).toMatchObject({
      state: 'refusing',
      reason: 'our account may not write there (42501)',
    });
    expect(nothingKept(await failure(store.commit(next())))).toMatchObject({ code: 'DATABASE_REFUSES' });
  });

  test('that has no right to temporary tables, but to ours, is well', async () => {
    const name = (await db.sql<{ name: string }>('select current_database() as name'))[0]?.name;
    await db.sql(`revoke temporary on database ${name} from public`);
    await db.sql(`grant insert on fact, outbox to ${role}`);
    const other = openStore({ ...db.config, user: role }, () => {});
    expect(await failure(other.tryWriting())).toBeNull();
    await other.close();
    await db.sql(`grant temporary on database ${name} to public`);
  });

  test('without a connection left is told so, and so is one that only asks', async () => {
    await db.sql(`alter role ${role} connection limit 0`);
    const other = openStore({ ...db.config, user: role }, () => {});
    const error = await failure(other.tryWriting());
    expect(troubleOf(error)).toMatchObject({
      state: 'refusing',
      reason: 'it has no connection left for us (53300)',
    });
    expect(notRead(await failure(other.incidents.load('T1', 1)))).toMatchObject({
      code: 'NOT_READ',
      sentence: expect.stringContaining('no connection left for us'),
    });
    await other.close();
    await db.sql(`alter role ${role} connection limit -1`);
  });

  test('that is let in no more is told so', async () => {
    await db.sql(`alter role ${role} nologin`);
    const other = openStore({ ...db.config, user: role }, () => {});
    expect(troubleOf(await failure(other.tryWriting()))).toMatchObject({
      state: 'refusing',
      reason: 'it does not let us in (28000)',
    });
    await other.close();
  });
});

test('what nobody answers is away, and so is what is only slow', async () => {
  const nowhere = openStore({ host: '127.0.0.1', port: 1, user: 'x', database: 'x' }, () => {});
  const error = await failure(nowhere.tryWriting());
  expect(troubleOf(error)).toMatchObject({ state: 'away', reason: 'it does not answer' });
  expect(nothingKept(error).sentence).toBe('Nothing was kept: the database does not answer.');
  expect(nothingKept(new Unavailable('x', '57014')).sentence).toBe(
    'Nothing was kept: the database does not answer.',
  );
  await nowhere.close();
});

test('a server that starts or stops is not one that is away', () => {
  const starting = Object.assign(new pg.DatabaseError('the database system is starting up', 0, 'error'), {
    code: '57P03',
  });
  expect(troubleOf(outcomeOfConnecting(starting))).toMatchObject({
    state: 'refusing',
    reason: 'it is starting, stopping or recovering (57P03)',
  });
});

test('a commit that was refused counts, whatever a look says, until one is taken again', async () => {
  const store = openStore(db.config, () => {});
  await store.commit(next());
  await db.sql(`create function full_disk() returns trigger language plpgsql as
    $$ begin raise exception 'no space left' using errcode = '53100'; end $$`);
  await db.sql('create trigger full_disk before insert on entry execute function full_disk()');
  const refused = ledger.next([noted(2, 'x')]);
  expect(await failure(store.commit(refused))).toBeInstanceOf(Unavailable);
  expect(troubleOf(await failure(store.tryWriting()))).toMatchObject({ reason: 'its disk is full (53100)' });
  await db.sql('drop trigger full_disk on entry');
  await store.commit(refused);
  expect(await failure(store.tryWriting())).toBeNull();
  await store.close();
});

/** Puts a disk of 24 MB there. */
function mount(folder: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', folder], { stdio: 'ignore' });
}

/** Needs root, and the right to mount, which a container may not have. */
function mayMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-disk-'));
  try {
    mount(folder);
    execFileSync('umount', [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(folder);
  }
}

(mayMount() ? describe : describe.skip)('where a disk may be mounted', () => {
  test('a disk that really is full is known before anybody writes, and its end as well', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tocsin-disk-'));
    mount(folder);
    try {
      const data = (await db.sql<{ data: string }>('show data_directory').catch(() => []))[0] as
        | { data_directory?: string }
        | undefined;
      const { uid, gid } = await stat(data?.data_directory ?? '/');
      await chown(folder, uid, gid);
      const name = `small_${Math.random().toString(36).slice(2)}`;
      await db.sql(`create tablespace ${name} location '${folder}'`);
      await db.sql(`create database ${name} template template0 tablespace ${name}`);
      const config = { ...db.config, database: name };
      await migrate(config);
      const store = openStore(config, () => {});
      const fill = join(folder, 'fill');
      try {
        await store.commit(next());
        expect(await failure(store.tryWriting())).toBeNull();
        await writeFile(fill, Buffer.alloc(24_000_000)).catch(() => {});
        await writeFile(`${fill}2`, Buffer.alloc(8_192)).catch(() => {});
        const trouble = { state: 'refusing', reason: 'its disk is full (53100)' };
        expect(troubleOf(await failure(store.tryWriting()))).toMatchObject(trouble);
        // What is on the disk already still has some room in it; then nothing goes any more.
        let n = 1;
        let error: unknown = null;
        while (error === null && n < 500)
          error = await failure(store.commit(ledger.next([noted(++n, 'x'.repeat(5_000))])));
        expect(troubleOf(error)).toMatchObject(trouble);
        await unlink(fill);
        // The commit that was refused is remembered for a while; the next one that is taken ends it.
        const again = new Ledger('T2', 1);
        await store.commit(again.next([opened()]));
        expect(await failure(store.tryWriting())).toBeNull();
      } finally {
        await store.close();
        await db.sql(`drop database ${name} with (force)`);
        await db.sql(`drop tablespace ${name}`);
      }
    } finally {
      execFileSync('umount', [folder]);
      await rm(folder, { recursive: true });
    }
  });
});
