import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Ledger, noted, opened } from './ledger.js';
import { type Opened, openedStore } from './opened.js';

let db: Opened;
beforeAll(async () => {
  db = await openedStore();
  const ledger = new Ledger('T1', 1);
  const first = ledger.next([opened(), noted(2, 'kept')], { key: 'k' });
  await db.store.commit({
    ...first,
    facts: first.facts.map((f) => (f.key ? { ...f, asked: 'as asked' } : f)),
  });
});
afterAll(() => db.close());

const everything = () =>
  db.sql('select f.*, t.field, t.salt, t.text from fact f join fact_text t using (team, incident, seq)');

describe('facts are append-only', () => {
  test.each([
    "update fact set body = '{}'",
    "update fact set receipt = 'other'",
    "update fact set receipt = null, hash = 'other'",
    "update fact set asked = 'other'",
    'update fact set asked = null',
    'update fact set key = null',
    'delete from fact',
    'truncate fact',
    'truncate fact, fact_text cascade',
    "update fact_text set text = 'other'",
    'update fact_text set salt = null',
    'update fact_text set text = null',
    "update fact_text set salt = null, text = null, field = 'x'",
    'update fact_text set salt = null, text = null, seq = 9',
    'delete from fact_text',
    'truncate fact_text',
  ])('%s', async (sql) => {
    const before = await everything();
    await expect(db.sql(sql)).rejects.toMatchObject({ code: '23001' });
    // Also for those who switch ordinary triggers off, as replication and some restores do.
    await db.sql('set session_replication_role = replica');
    await expect(db.sql(sql)).rejects.toMatchObject({ code: '23001' });
    await db.sql('set session_replication_role = origin');
    expect(await everything()).toEqual(before);
  });

  test('a receipt can go, because it quotes texts, and takes along what was asked; the fact stays as it is', async () => {
    const before = await db.sql('select body, hash, key from fact order by seq');
    expect(await db.store.incidents.receiptOf('T1', 'k')).toMatchObject({ asked: 'as asked' });
    await db.sql('update fact set receipt = null');
    expect(await db.sql('select body, hash, key from fact order by seq')).toEqual(before);
    expect(await db.store.incidents.receiptOf('T1', 'k')).toMatchObject({ receipt: '', asked: null });
  });

  test('a text can be erased, salt and text together, and stays erased', async () => {
    const erase = "update fact_text set salt = null, text = null where seq = 2 and field = 'text'";
    await db.sql(erase);
    await db.sql(erase);
    await expect(
      db.sql("update fact_text set salt = 'aa', text = 'back' where seq = 2"),
    ).rejects.toMatchObject({ code: '23001' });
    expect(await db.sql("select salt, text from fact_text where seq = 2 and field = 'text'")).toEqual([
      { salt: null, text: null },
    ]);
  });
});
