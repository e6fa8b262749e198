import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { unseal } from '#domain/incident/chain.js';
import { amendmentOf, entryOf } from '#domain/incident/entry.js';
import { evolve } from '#domain/incident/state.js';
import { similarity } from '#domain/link/alike.js';
import { migrate } from '#store/migrate.js';
import { FOUND_SQL } from '#store/search.js';
import { openStore } from '#store/store.js';
import { Ledger, noted, opened } from './ledger.js';
import { freshDatabase, type Opened, openedStore } from './opened.js';

const FOLD = { unseal, entryOf, amendmentOf, evolve };
let db: Opened;
beforeAll(async () => {
  db = await openedStore();
});
afterAll(() => db.close());

/** Incidents whose entries are made of sixty words, `each` a piece; every hundredth has one that is rare. */
const fill = (incidents: number, each: number) =>
  db.sql(
    `with made as (
       insert into incident (team, number, seq, head, state, open, private, updated_at)
       select 'T9', i, 1, '', '{"private": false, "members": []}', false, false, now() from generate_series(1, $1) i
     )
     insert into entry (team, incident, n, at, precision, recorded_at, kind, text, erased, detail, struck, by_id, source)
     select 'T9', i, n, now(), 'second', now(), 'note',
       (select string_agg('word' || (i * 7 + n * 13 + k * k) % 60, ' ') from generate_series(1, 6) k)
         || case when i % 100 = 0 and n = 1 then ' xylophone' else '' end, false, '{}', false, 'U1', 'slack'
     from generate_series(1, $1) i, generate_series(1, $2) n`,
    [incidents, each],
  );

test('a search goes by the index, and reads no timeline from one end to the other', async () => {
  await fill(100, 50);
  // As autovacuum does it.
  await db.sql("select gin_clean_pending_list('entry_words'), gin_clean_pending_list('entry_letters')");
  await db.sql('analyze entry, incident');
  const plan = async (words: string[]) => {
    const sql = FOUND_SQL.replaceAll('$1', "'T9'").replaceAll('$2', `'{${words}}'`).replaceAll('$3', "'U1'");
    return JSON.stringify(await db.sql(`explain ${sql}`));
  };
  for (const words of [['xylophone'], ['word1', 'xylophone'], ['word1', 'word2', 'word3']]) {
    expect(await plan(words)).toContain('entry_words');
    expect(await plan(words)).not.toContain('Seq Scan on entry');
  }
  expect(await db.store.search.found('T9', ['xylophone'], 'U1')).toEqual([
    { incident: 100, score: expect.any(Number) },
  ]);
  // A misspelt word goes by the other one.
  const near = await db.sql(
    `explain select 1 from entry e where team = 'T9' and e.text is not null and not e.struck and 'xylophne' <% tocsin_plain("left"(e.text, 300)) limit 200`,
  );
  expect(JSON.stringify(near)).toContain('entry_letters');
  expect(await db.store.search.meant('T9', ['xylophne', 'wordd17'], 'U1')).toEqual(['xylophone', 'word17']);
});

/** As people type at night, and what they meant. */
const SLIPS: ReadonlyArray<[string, string]> = [
  ['timeuot', 'timeout'],
  ['databse', 'database'],
  ['chekout', 'checkout'],
  ['conection', 'connection'],
  ['kubernets', 'kubernetes'],
  ['latncy', 'latency'],
  ['certifcate', 'certificate'],
  ['defualt', 'default'],
  ['gatway', 'gateway'],
  ['redsi', 'redis'],
  ['roolback', 'rollback'],
  ['replicaton', 'replication'],
  ['autentication', 'authentication'],
  ['postgress', 'postgres'],
];

test('misspelt words are taken for those that were meant, and a strange one for none', async () => {
  const ledger = new Ledger('T8', 1);
  const notes = SLIPS.map(([, meant], i) => noted(i + 2, `the ${meant} is at fault`));
  await db.store.commit(ledger.next([opened('Slips'), ...notes]));
  const typed = SLIPS.map(([slip]) => slip);
  const meant: string[] = [];
  for (const word of typed) meant.push(...(await db.store.search.meant('T8', [word], null)));
  const wrong = SLIPS.filter(([, one], i) => meant[i] !== one).map(([slip]) => slip);
  // Two letters in the wrong order in the middle of a short word leave too little of it.
  expect(wrong).toEqual(['defualt']);
  for (const word of ['xyzzy', 'invoice', '42', '故障'])
    expect(await db.store.search.meant('T8', [word], null)).toEqual([word]);
});

test('letters are compared as pg_trgm compares them', async () => {
  for (const [a, b] of [
    ['Redis timeouts', 'Timeouts talking to Redis'],
    ['API answers 401', 'api returns 401 for all'],
    ['x', 'xx'],
    ['', 'a'],
    ['a b a', 'b'],
  ] as const) {
    const [row] = await db.sql<{ s: number }>('select similarity($1, $2)::float8 as s', [a, b]);
    expect(similarity(a, b)).toBeCloseTo(row?.s ?? -1, 5);
  }
});

describe('a database that does not let us have the extensions', () => {
  let bare: Awaited<ReturnType<typeof freshDatabase>>;
  let store: ReturnType<typeof openStore>;
  let client: pg.Client;
  const FORBID = `
    create function no_extension() returns event_trigger language plpgsql as
      $$ begin raise insufficient_privilege using message = 'permission denied to create extension'; end $$;
    create event trigger no_extension on ddl_command_start when tag in ('CREATE EXTENSION') execute function no_extension()`;
  beforeAll(async () => {
    bare = await freshDatabase();
    client = new pg.Client(bare.config);
    await client.connect();
    await client.query(FORBID);
    await migrate(bare.config);
    store = openStore(bare.config, () => {});
    const ledger = new Ledger('T1', 1);
    await store.commit(ledger.next([opened('Élan'), noted(2, 'the Kubernetes scheduler, naïve')]));
  });
  afterAll(async () => {
    await store.close();
    await client.end();
    await bare.close();
  });
  const finds = async (words: string) => (await store.search.found('T1', words.split(' '), null)).length;

  test('is searched without what is missing', async () => {
    expect(await store.search.searchParts()).toEqual({ unaccent: false, trigrams: false, stale: false });
    expect([await finds('kubernetes sched'), await finds('naïve'), await finds('naive')]).toEqual([1, 1, 0]);
    expect(await store.search.meant('T1', ['kubernets'], null)).toEqual(['kubernets']);
  });

  test('and with it, once it is there and the readings are made anew', async () => {
    await client.query('drop event trigger no_extension');
    await client.query('create extension unaccent');
    expect(await store.search.searchParts()).toMatchObject({ unaccent: true, stale: true });
    await store.search.setUp();
    await store.rebuild(FOLD);
    expect(await store.search.searchParts()).toEqual({ unaccent: true, trigrams: true, stale: false });
    expect([await finds('naive'), await finds('elan')]).toEqual([1, 1]);
    expect(await store.search.meant('T1', ['kubernets'], null)).toEqual(['kubernetes']);
    // Nothing to do: nothing is done.
    await store.search.setUp();
  });

  test('an extension that is dropped takes search along, and nothing else', async () => {
    await expect(client.query('drop extension unaccent')).rejects.toThrow('depend');
    await client.query('drop extension unaccent, pg_trgm cascade');
    const ledger = new Ledger('T1', 2);
    await store.commit(ledger.next([opened('Still taken')]));
    expect(await store.search.wordsIn('élan')).toBeNull();
    expect(await store.search.searchParts()).toMatchObject({ unaccent: false, stale: true });
    await client.query(
      "create event trigger no_extension on ddl_command_start when tag in ('CREATE EXTENSION') execute function no_extension()",
    );
    await store.search.setUp();
    expect(await store.search.wordsIn('Still-taken')).toEqual(['still', 'taken']);
    expect(await finds('still')).toBe(1);
  });
});
