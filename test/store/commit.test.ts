import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Commit } from '#store/commit.js';
import { Conflict } from '#store/pools.js';
import type { Store } from '#store/store.js';
import { ana, edited, Ledger, noted, opened, struck, together } from './ledger.js';
import { collect, type Opened, openedStore } from './opened.js';

let db: Opened;
beforeAll(async () => {
  db = await openedStore();
});
afterAll(() => db.close());

let numbers = 0;
/** An incident that is open already, on disk and in the ledger. */
async function incident(...texts: string[]): Promise<Ledger> {
  const ledger = new Ledger('T1', ++numbers);
  await db.store.commit(
    ledger.next([opened('Silent', ['TTS']), ...texts.map((text, i) => noted(i + 2, text))]),
  );
  return ledger;
}

const timeline = (ledger: Ledger) =>
  db.store.snapshot((at) => collect(at.entries(ledger.team, ledger.incident)));
const rowCounts = async () =>
  (
    await db.sql(`select (select count(*) from fact) facts, (select count(*) from fact_text) texts,
      (select count(*) from entry) entries, (select count(*) from incident) incidents,
      (select count(*) from outbox) owed, (select max(updated_at) from incident) touched`)
  )[0];

describe('what is written comes back', () => {
  test('state, version and head', async () => {
    const ledger = await incident('one');
    expect(await db.store.incidents.load('T1', ledger.incident)).toEqual({
      state: ledger.state,
      seq: 2,
      head: ledger.head,
      epoch: 0,
    });
    await db.store.commit(ledger.next([noted(3, 'two')]));
    expect(await db.store.incidents.load('T1', ledger.incident)).toEqual({
      state: ledger.state,
      seq: 3,
      head: ledger.head,
      epoch: 0,
    });
    expect(await db.store.incidents.load('T2', ledger.incident)).toBeNull();
  });

  test('entries, to the last character of any text', async () => {
    const texts = [
      `${'x'.repeat(39_990)}😀 äöü`,
      '"quotes" \\ back\\slash {a,b} NULL \t\r\n tab',
      '\u0001\u001f\u007f\u2028\u2029\ufeff\uffff',
      'e\u0301 ≠ é \u{1F468}\u200D\u{1F469} مرحبا',
      ' ',
    ];
    const ledger = new Ledger('T1', ++numbers);
    const commit = ledger.next([opened(), ...texts.map((text, i) => noted(i + 2, text))]);
    await db.store.commit(commit);
    const written = await timeline(ledger);
    expect(written.slice(0, -1).map((entry) => entry.text)).toEqual(texts);
    expect(written).toEqual(expect.arrayContaining(commit.entries.map((placed) => placed.entry)));
    const facts = await db.store.snapshot((at) => collect(at.facts('T1', ledger.incident)));
    const kept = (fact: Pick<Commit['facts'][number], 'texts'>) =>
      [...fact.texts].sort((a, b) => (a.field < b.field ? -1 : 1));
    expect(facts).toEqual(
      commit.facts.map(({ key: _, receipt: __, ...fact }) => ({ ...fact, texts: kept(fact) })),
    );
  });

  test('moments from year 1 to 9999, ranges and milliseconds, in order of happening', async () => {
    const ledger = await incident();
    const times = [
      '9999-12-31T23:59:59Z',
      '0001-01-01T00:00:00Z',
      '1582-10-10T12:00:00Z',
      '2024-02-29T23:59:59Z',
    ];
    await db.store.commit(ledger.next(times.map((at, i) => noted(i + 2, 'x', at))));
    const ordered = (await timeline(ledger)).filter((entry) => entry.n > 1).map((entry) => entry.at);
    expect(ordered).toEqual([...times].sort());
    const ranged: Commit = ledger.next([noted(6, 'range')]);
    const until = '2024-11-10T02:05:00Z';
    const placed = ranged.entries.map(({ entry, ...at }) => ({
      ...at,
      entry: { ...entry, until, by: { id: 'U9', name: null } },
    }));
    await db.store.commit({ ...ranged, entries: placed });
    expect(await db.store.incidents.entry('T1', ledger.incident, 6)).toEqual(placed[0]?.entry);
  });
});

describe('corrections', () => {
  test('of an entry written before, of one in the same commit, and several of one', async () => {
    const ledger = await incident('first');
    await db.store.commit(
      ledger.next([
        noted(3, 'second'),
        edited(2, 'FIRST'),
        edited(3, 'SECOND'),
        struck(2, 'wrong'),
        edited(2, 'First'),
      ]),
    );
    const [first, second] = (await timeline(ledger)).filter((entry) => entry.n > 1);
    expect(first).toMatchObject({ text: 'First', struck: true, detail: { struckReason: 'wrong' }, by: ana });
    expect(first?.editedAt).toBe('2024-11-10T01:42:10.123Z');
    expect(second).toMatchObject({ text: 'SECOND', struck: false });
  });

  test('keep what they do not name, also in the detail', async () => {
    const ledger = await incident();
    await db.store.commit(ledger.next([struck(1, 'never happened')]));
    const entry = await db.store.incidents.entry('T1', ledger.incident, 1);
    expect(entry).toMatchObject({ text: 'Silent', at: '2024-11-10T01:42:10Z', kind: 'opened' });
    expect(entry?.detail).toEqual({
      severity: 'sev2',
      components: ['TTS'],
      private: false,
      drill: false,
      struckReason: 'never happened',
    });
  });

  test('of an entry that does not exist fail the whole commit', async () => {
    const ledger = await incident();
    const before = await rowCounts();
    await expect(db.store.commit(ledger.next([noted(2, 'kept?'), edited(99, 'x')]))).rejects.toThrow(
      Conflict,
    );
    expect(await rowCounts()).toEqual(before);
  });
});

describe('all or nothing', () => {
  test.each<[string, (commit: Commit) => Commit]>([
    ['a fact that is there', (c) => ({ ...c, facts: c.facts.map((f) => ({ ...f, seq: 1 })) })],
    [
      'a text twice',
      (c) => ({ ...c, facts: c.facts.map((f) => ({ ...f, texts: [...f.texts, ...f.texts] })) }),
    ],
    [
      'an entry number that is there',
      (c) => ({ ...c, entries: c.entries.map((e) => ({ ...e, entry: { ...e.entry, n: 1 } })) }),
    ],
    [
      'a summary decided on another version',
      (c) => ({ ...c, summaries: c.summaries.map((s) => ({ ...s, expected: 7 })) }),
    ],
    [
      'a summary of an incident that is there',
      (c) => ({ ...c, summaries: c.summaries.map((s) => ({ ...s, expected: 0 })) }),
    ],
  ])('%s: a version conflict, and nothing is written', async (_, broken) => {
    const ledger = await incident('one');
    const before = await rowCounts();
    const wanted = broken(ledger.next([noted(3, 'two')], { key: `whole ${ledger.incident}` }));
    await expect(db.store.commit(wanted)).rejects.toEqual(
      expect.objectContaining({ name: 'Conflict', kind: 'version' }),
    );
    expect(await rowCounts()).toEqual(before);
  });

  test('a moment that does not exist is a bug: thrown as such, without the values, and nothing is written', async () => {
    const ledger = await incident('one');
    const before = await rowCounts();
    const error = await db.store
      .commit(ledger.next([noted(3, 'TOP SECRET', '2024-13-45T00:00:00Z')]))
      .catch((e) => e);
    expect(error).not.toBeInstanceOf(Conflict);
    expect(String(error)).not.toContain('TOP SECRET');
    expect(await rowCounts()).toEqual(before);
  });

  test('one incident out of date takes its whole flush back; without it the rest goes through', async () => {
    const [a, b] = [await incident(), await incident()];
    const stale = b.twin();
    await db.store.commit(b.next([noted(2, 'first')]));
    const wanted = a.next([noted(2, 'waits')]);
    await expect(db.store.commit(together(wanted, stale.next([noted(2, 'late')])))).rejects.toThrow(Conflict);
    expect((await db.store.incidents.load('T1', a.incident))?.seq).toBe(1);
    await db.store.commit(wanted);
    expect((await db.store.incidents.load('T1', a.incident))?.seq).toBe(2);
  });
});

describe('races', () => {
  test('two processes on one version: exactly one wins, each time', async () => {
    const other = db.another();
    let ledger = await incident();
    for (let n = 2; n < 40; n++) {
      const rival = ledger.twin();
      const outcomes = await Promise.allSettled([
        db.store.commit(ledger.next([noted(n, 'mine')])),
        other.commit(rival.next([noted(n, 'theirs')])),
      ]);
      const [won, lost] =
        outcomes[0].status === 'fulfilled' ? [outcomes[0], outcomes[1]] : [outcomes[1], outcomes[0]];
      expect(won.status).toBe('fulfilled');
      expect(lost).toMatchObject({ status: 'rejected', reason: { name: 'Conflict', kind: 'version' } });
      if (won === outcomes[1]) ledger = rival;
      expect((await other.incidents.load('T1', ledger.incident))?.head).toBe(ledger.head);
    }
  });

  test('the same request in two processes, on two incidents: one fact, and its receipt for both', async () => {
    const other = db.another();
    for (let round = 0; round < 20; round++) {
      const [a, b] = [await incident(), await incident()];
      const key = `slack:trigger ${round}`;
      const outcomes = await Promise.allSettled([
        db.store.commit(a.next([noted(2, 'x')], { key })),
        other.commit(b.next([noted(2, 'x')], { key })),
      ]);
      expect(outcomes.map((o) => o.status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(outcomes.find((o) => o.status === 'rejected')).toMatchObject({
        reason: { name: 'Conflict', kind: 'key' },
      });
      const winner = outcomes[0].status === 'fulfilled' ? a : b;
      expect(await other.incidents.receiptOf('T1', key)).toMatchObject({
        incident: winner.incident,
        receipt: 'recorded 2',
      });
      expect(await other.incidents.receiptOf('T2', key)).toBeNull();
    }
  });

  test('flushes that share incidents in opposite order end as conflicts, never as a hang', async () => {
    const other = db.another();
    for (let round = 0; round < 20; round++) {
      const [a, b] = [await incident(), await incident()];
      const [a2, b2] = [a.twin(), b.twin()];
      const outcomes = await Promise.allSettled([
        db.store.commit(together(a.next([noted(2, 'x')]), b.next([noted(2, 'x')]))),
        other.commit(together(b2.next([noted(2, 'y')]), a2.next([noted(2, 'y')]))),
      ]);
      const lost = outcomes.filter((o) => o.status === 'rejected');
      expect(lost.length).toBeGreaterThan(0);
      for (const outcome of lost) expect(outcome).toMatchObject({ reason: { kind: 'version' } });
    }
  });

  test('the next number is asked by two: the second to commit loses, and the number after is free', async () => {
    const team = 'T-numbers';
    const other = db.another();
    const [first, second] = await Promise.all([
      db.store.incidents.nextNumber(team),
      other.incidents.nextNumber(team),
    ]);
    expect([first, second]).toEqual([1, 1]);
    const outcomes = await Promise.allSettled([
      db.store.commit(new Ledger(team, 1).next([opened('a')])),
      other.commit(new Ledger(team, 1).next([opened('b')])),
    ]);
    expect(outcomes.map((o) => o.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await other.incidents.nextNumber(team)).toBe(2);
  });
});

describe('a turn', () => {
  const freeFor = (other: Store) => other.inTurn(['T1'], true, async ({ taken }) => taken);

  test('ends with its commit, while whoever had it still has people to answer', async () => {
    const other = db.another();
    const ledger = new Ledger('T1', ++numbers);
    await db.store.inTurn(['T1'], true, async (turn) => {
      expect(turn.taken).toBe(true);
      await turn.commit(ledger.next([opened()]));
      expect(await freeFor(other)).toBe(true);
    });
  });

  test('ends also when nothing could be written, and when nothing was to be', async () => {
    const other = db.another();
    const ledger = await incident();
    const late = ledger.next([noted(2, 'late')]);
    await db.store.commit(late);
    await db.store.inTurn(['T1'], true, async (turn) => {
      await expect(turn.commit(late)).rejects.toThrow(Conflict);
      expect(await freeFor(other)).toBe(true);
    });
    await db.store.inTurn(['T1'], true, async () => {});
    expect(await freeFor(other)).toBe(true);
  });

  test('is one at a time until then', async () => {
    const other = db.another();
    await db.store.inTurn(['T1'], true, async () => {
      expect(await freeFor(other)).toBe(false);
    });
  });
});
