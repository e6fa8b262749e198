import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { unseal } from '#domain/incident/chain.js';
import { amendmentOf, entryOf } from '#domain/incident/entry.js';
import { evolve } from '#domain/incident/state.js';
import type { Fold } from '#store/rebuild.js';
import { captured, edited, Ledger, noted, opened, struck } from './ledger.js';
import { collect, type Opened, openedStore } from './opened.js';

const fold: Fold = {
  unseal,
  entryOf,
  amendmentOf,
  evolve,
};

let db: Opened;
const long = new Ledger('T1', 1);
const short = new Ledger('T1', 2);
const elsewhere = new Ledger('T2', 1);
beforeAll(async () => {
  db = await openedStore();
  await db.store.commit(long.next([opened('Silent', ['TTS', 'Gateway'])]));
  for (let n = 2; n < 1_400; n += 100) {
    const notes = Array.from({ length: 100 }, (_, i) => noted(n + i, `note ${n + i}`));
    await db.store.commit(
      long.next([...notes, edited(n + 50, 'edited at once'), edited(2, `edited by ${n}`)]),
    );
  }
  await db.store.commit(long.next([struck(3, 'wrong'), captured(1_402, 'C1', '1.2')]));
  await db.store.commit(short.next([opened('Short')], { key: 'k' }));
  await db.store.commit(elsewhere.next([opened('Elsewhere'), noted(2, 'here')]));
});
afterAll(() => db.close());

const readings = async () => ({
  entries: await db.sql('select * from entry order by team, incident, n'),
  incidents: await db.sql(
    'select team, number, seq, head, state, open, private, channel_id from incident order by team, number',
  ),
});
const facts = () => db.sql('select * from fact order by team, incident, seq');

test('rebuilding changes nothing where nothing was wrong', async () => {
  const before = [await readings(), await facts()];
  expect(await db.store.rebuild(fold)).toBe(3);
  expect([await readings(), await facts()]).toEqual(before);
});

test('whatever happened to summaries and entries, the facts bring them back', async () => {
  const before = await readings();
  await db.sql("update entry set text = 'tampered', struck = true where n % 3 = 0");
  await db.sql('delete from entry where n % 3 = 1');
  await db.sql("delete from incident where team = 'T1' and number = 1");
  await db.sql(`update incident set state = '{"title":"tampered"}', open = false, head = 'x'`);
  await db.sql(
    "insert into entry select 'T1', 99, n, at, until, precision, recorded_at, edited_at, kind, text, erased, detail, struck, by_id, by_name, source, link from entry where team = 'T2'",
  );
  await db.sql(
    "insert into incident select 'T1', 99, seq, head, state, open, private, channel_id, updated_at from incident where team = 'T2'",
  );
  expect(await readings()).not.toEqual(before);
  expect(await db.store.rebuild(fold)).toBe(3);
  expect(await readings()).toEqual(before);
  expect((await db.store.incidents.load('T1', 1))?.state).toEqual(long.state);
});

test('one workspace alone', async () => {
  const before = await readings();
  await db.sql("update entry set text = 'tampered'");
  expect(await db.store.rebuild(fold, 'T2')).toBe(1);
  const texts = await db.sql("select distinct team, text = 'tampered' as tampered from entry order by team");
  expect(texts).toEqual([
    { team: 'T1', tampered: true },
    { team: 'T2', tampered: false },
  ]);
  await db.store.rebuild(fold);
  expect(await readings()).toEqual(before);
});

test('a fold that fails leaves the incident as it was', async () => {
  const before = await readings();
  const failing: Fold = { ...fold, entryOf: (fact) => (fact.seq > 700 ? raise() : entryOf(fact)) };
  const raise = () => {
    throw new Error('a bug in the fold');
  };
  await expect(db.store.rebuild(failing)).rejects.toThrow('a bug in the fold');
  expect(await readings()).toEqual(before);
});

test('a writer that goes on meanwhile loses nothing', async () => {
  let stop = false;
  const rebuilding = (async () => {
    while (!stop) await db.store.rebuild(fold, 'T2');
  })();
  for (let n = 3; n < 120; n++) {
    const twin = elsewhere.twin();
    const commit = elsewhere.next([noted(n, `note ${n}`), edited(n - 1, `edited ${n - 1}`)]);
    await db.store.commit(commit).catch(async (error) => {
      // Met by the rebuild at the wrong moment: as `handle` does, once more.
      expect(error).toMatchObject({ name: 'Conflict', kind: 'version' });
      expect((await db.store.incidents.load('T2', 1))?.head).toBe(twin.head);
      for (;;) {
        // Decided anew: on what the rebuild left.
        const epoch = (await db.store.incidents.load('T2', 1))?.epoch ?? 0;
        const summaries = commit.summaries.map((summary) => ({ ...summary, epoch }));
        const again = await db.store.commit({ ...commit, summaries }).then(
          () => true,
          () => false,
        );
        if (again) return;
      }
    });
  }
  stop = true;
  await rebuilding;
  const before = await readings();
  const written = await db.store.snapshot((at) => collect(at.entries('T2', 1)));
  expect(written.map((entry) => entry.text).sort()).toEqual(
    ['Elsewhere', 'note 119', ...Array.from({ length: 117 }, (_, i) => `edited ${i + 2}`)].sort(),
  );
  expect((await db.store.incidents.load('T2', 1))?.head).toBe(elsewhere.head);
  await db.store.rebuild(fold, 'T2');
  expect(await readings()).toEqual(before);
});

test('an erased text is gone from every table that is read, and the fact stays as it was', async () => {
  const before = (await facts()) as Array<{ seq: number; body: string; hash: string }>;
  const at = { team: 'T1', incident: 2, seq: 1 };
  expect(await db.store.eraseTexts(fold, at, ['title', 'by', 'nothing'])).toBe(2);
  expect(await db.store.eraseTexts(fold, at, ['title', 'by'])).toBe(0);
  expect(await db.store.incidents.entry('T1', 2, 1)).toMatchObject({
    text: null,
    erased: true,
    by: { id: 'U1', name: null },
  });
  expect((await db.store.incidents.load('T1', 2))?.state.title).not.toBe('Short');
  const rows = await db.store.snapshot((s) => collect(s.facts('T1', 2)));
  expect(rows[0]?.texts).toEqual([
    { field: 'by', salt: null, text: null },
    { field: 'title', salt: null, text: null },
  ]);
  // The receipt quoted the title; nothing else of the fact has changed.
  const bare = (list: object[]) => list.map((fact) => ({ ...fact, receipt: null }));
  expect(bare((await facts()) as object[])).toEqual(bare(before));
  expect(JSON.stringify([await readings(), rows])).not.toContain('Short');
});
