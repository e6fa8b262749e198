import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { NotWritten, StoreFailed } from '#runbooks/keystores/keystore.js';
import { postgres } from '#runbooks/keystores/postgres.js';
import { Secret } from '#runbooks/secret.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { until } from '../../support/until.js';
import { keyStoreContract, plain, surroundings } from './contract.js';
import { networkContract } from './network.js';

const on = new AbortController().signal;
const TABLE = { table: 'Keys', id_column: 'client_id', value_column: 'select' };

const open = (url: string, more: object = {}) =>
  postgres.open(
    'tts-new',
    postgres.settings.parse({ url: 'secret:DB', ...TABLE, ...more }),
    surroundings({ DB: url }),
  );

/** A table whose names must be quoted, shared with another service. */
const CREATE = `create table "Keys" (
  service text not null, client_id text not null, "select" text, note text default 'made by us',
  primary key (service, client_id))`;
const where = { service: 'tts' };

async function tableOf(db: TestDatabase): Promise<pg.Client> {
  const admin = new pg.Client(db.config);
  await admin.connect();
  await admin.query(CREATE);
  return admin;
}

keyStoreContract('postgres', async () => {
  const db = await testDatabase();
  const admin = await tableOf(db);
  return {
    async empty() {
      await admin.query('truncate "Keys"');
      await admin.query(`insert into "Keys" values ('stt', 'client-1', 'somebody else''s')`);
    },
    open: () => open(db.url, { where }),
    values: ['plain-key', "blanks and\nlines'", '"\\', 'ünï-鍵-🔑', ' ', 'null', '$1', 'x'.repeat(100_000)],
    refused: [
      { id: '', value: 'canary' },
      { id: 'client-2', value: '' },
      { id: 'client-2', value: 'canary\0' },
      { id: 'client-1', value: 'canary\ud800' },
    ],
    async stop() {
      await admin.end();
      await db.close();
    },
  };
});

networkContract('postgres', async () => {
  const db = await testDatabase();
  const admin = await tableOf(db);
  return {
    at: { path: `${db.config.host}/.s.PGSQL.${db.config.port}` },
    empty: () => admin.query('truncate "Keys"').then(() => undefined),
    // The server asks for no password; this one must not be seen.
    open: (port) =>
      open(`postgres://${db.config.user}:canary-password@127.0.0.1:${port}/${db.config.database}`, { where }),
    async stop() {
      await admin.end();
      await db.close();
    },
  };
});

describe('a postgres store and its server', () => {
  let db: TestDatabase;
  let admin: pg.Client;
  const [k1, k2] = [new Secret('canary-one'), new Secret('canary-two')];
  beforeAll(async () => {
    db = await testDatabase();
    admin = await tableOf(db);
  });
  afterAll(async () => {
    await admin?.end();
    await db?.close();
  });
  beforeEach(() => admin.query('truncate "Keys"'));
  const failure = async (doing: Promise<unknown>): Promise<string> => {
    const error = (await doing.catch((e) => e)) as Error;
    expect(error).toBeInstanceOf(StoreFailed);
    expect(`${error.stack} ${error.cause}`).not.toMatch(/canary/);
    return error.message;
  };

  test('other columns and other rows stay as they are', async () => {
    await admin.query(
      `insert into "Keys" values ('stt', 'client-1', 'theirs', 'note'), ('tts', 'client-2', 'k', 'n')`,
    );
    const store = open(db.url, { where });
    await store.put('client-1', k1, null, on);
    await store.put('client-2', k2, new Secret('k'), on);
    await store.remove('client-1', k1, on);
    const { rows } = await admin.query('select * from "Keys" order by service');
    expect(rows).toEqual([
      { service: 'stt', client_id: 'client-1', select: 'theirs', note: 'note' },
      { service: 'tts', client_id: 'client-2', select: 'canary-two', note: 'n' },
    ]);
  });

  test('leaves no connection behind, whether it went well or not', async () => {
    const store = open(db.url, { where });
    await store.put('client-1', k1, null, on);
    await store.put('client-1', k2, null, on).catch(() => undefined);
    await store.read(on);
    const count = async () =>
      (
        await admin.query(
          `select from pg_stat_activity where application_name = 'tocsin' and datname = current_database()`,
        )
      ).rowCount;
    // The server notices a good-bye a moment later.
    await until('no connection is left', async () => (await count()) === 0);
  });

  test('a row without a key is refused, and written over by nobody', async () => {
    const store = open(db.url, { where });
    await admin.query(`insert into "Keys" values ('tts', 'client-1', null)`);
    expect(await failure(store.read(on))).toMatch(/row of client-1 in Keys service=tts has no key/);
    expect(await failure(store.put('client-1', k1, null, on))).toMatch(/client-1/);
    expect((await admin.query('select "select" from "Keys"')).rows).toEqual([{ select: null }]);
  });

  test.each([
    ['an id that is unique on its own', 'unique (client_id)', true],
    ['the same columns in another order', 'unique (client_id, service)', true],
    ['none', 'check (true)', false],
    ['one over too many columns', 'unique (service, client_id, v)', false],
    ['one that is checked at commit only', 'unique (service, client_id) deferrable', false],
  ])('a unique index: %s', async (_, constraint, enough) => {
    await admin.query(`create table other (service text, client_id text, v text, ${constraint})`);
    try {
      const store = open(db.url, { where, table: 'public.other', value_column: 'v' });
      const put = store.put('client-1', k1, null, on);
      if (enough) await put;
      else
        expect(await failure(put)).toMatch(
          /cannot be changed safely.*unique index on \(service, client_id\)/,
        );
      expect(plain(await store.read(on))).toEqual(enough ? { 'client-1': 'canary-one' } : {});
    } finally {
      await admin.query('drop table other');
    }
  });

  test('keys that differ in case only are two, though the column takes them for one', async () => {
    await admin.query(
      `create collation blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
    );
    await admin.query('create table other (client_id text primary key, v text collate blind)');
    const store = open(db.url, { table: 'other', value_column: 'v' });
    await store.put('client-1', k1, null, on);
    await expect(store.put('client-1', k2, new Secret('CANARY-one'), on)).rejects.toThrow(/not what it was/);
    await store.put('client-1', new Secret('CANARY-one'), k1, on);
    expect(plain(await store.read(on))).toEqual({ 'client-1': 'CANARY-one' });
  });

  test.each([
    ['no such table', { table: 'nowhere' }, /no such table \(42P01\)/],
    ['no such column', { table: 'short', value_column: 'nowhere' }, /no such column \(42703\)/],
    ['a column that is too short', { table: 'short', value_column: 'v' }, /too short for it \(22001\)/],
    ['a row that is forbidden', { table: 'forbidden', value_column: 'v' }, /refused it \(23514\)/],
  ])('%s', async (_, more, message) => {
    await admin.query('create table if not exists short (client_id text primary key, v varchar(3))');
    await admin.query(
      `create table if not exists forbidden (client_id text primary key, v text check (v not like 'canary%'))`,
    );
    expect(await failure(open(db.url, more).put('client-1', k1, null, on))).toMatch(message);
  });

  test('what the server refuses was not written, for certain; what it took and does not show may be', async () => {
    const role = async (name: string, rights: string) => {
      await admin.query(`create role ${name} login`);
      await admin.query(`grant ${rights} on "Keys" to ${name}`);
      return open(db.url.replace(`//${db.config.user}@`, `//${name}@`), { where });
    };
    const reader = await role(`tocsin_reader_${process.pid}`, 'select');
    const blind = await role(`tocsin_blind_${process.pid}`, 'insert');
    try {
      const refused = await reader.put('client-1', k1, null, on).catch((e) => e);
      expect(refused.message).toMatch(/does not permit it \(42501\)$/);
      expect(refused).toBeInstanceOf(NotWritten);
      expect((await admin.query('select from "Keys"')).rowCount).toBe(0);
      const unseen = await blind.put('client-1', k1, null, on).catch((e) => e);
      expect(unseen).toBeInstanceOf(StoreFailed);
      expect(unseen).not.toBeInstanceOf(NotWritten);
      expect((await admin.query('select from "Keys"')).rowCount).toBe(1);
    } finally {
      for (const name of [`tocsin_reader_${process.pid}`, `tocsin_blind_${process.pid}`])
        await admin.query(`drop owned by ${name}; drop role ${name}`);
    }
  });

  test('a trigger that makes something else of a key is noticed', async () => {
    await admin.query(`create table upper (client_id text primary key, v text);
      create function up() returns trigger language plpgsql as $$ begin new.v = upper(new.v); return new; end $$;
      create trigger up before insert on upper for each row execute function up()`);
    const put = open(db.url, { table: 'upper', value_column: 'v' }).put('client-1', k1, null, on);
    expect(await failure(put)).toMatch(/reads differently/);
  });

  test('an address that cannot be understood is not shown', async () => {
    for (const url of ['canary:password@host', 'postgres://u:canary@[bad/d', 'mysql://u:canary@h/d'])
      expect(await failure(open(url).read(on))).toMatch(/^tts-new: secret:DB is not an address/);
  });

  test.each([
    { table: 'keys; drop table x' },
    { table: 'a.b.c' },
    { id_column: 'id"' },
    { where: { 'a b': 1 } },
    { where: { select: 'x' } },
    { url: 'postgres://u:canary@h/d' },
  ])('settings %j are refused, and not repeated', (more) => {
    const parsed = postgres.settings.safeParse({ url: 'secret:DB', ...TABLE, ...more });
    expect(parsed.success).toBe(false);
    expect(JSON.stringify(parsed.error)).not.toMatch(/canary|drop table/);
  });
});
