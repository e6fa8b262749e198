import v8 from 'node:v8';
import vm from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { itemsOf } from '#domain/incident/action.js';
import type { Commit } from '#store/commit.js';
import { until } from '../support/until.js';
import { captured, Ledger, noted, opened, struck } from './ledger.js';
import { collect, type Opened, openedStore } from './opened.js';

let db: Opened;
beforeAll(async () => {
  db = await openedStore();
});
afterAll(() => db.close());

// Node only hands out its collector to those who ask for it by this name.
v8.setFlagsFromString('--expose-gc');
const collectGarbage = vm.runInNewContext('gc') as () => void;

const pad = (n: number) => String(n).padStart(2, '0');

describe('a long incident', () => {
  const TEXT = 'x'.repeat(200);
  let ledger: Ledger;
  beforeAll(async () => {
    ledger = new Ledger('T1', 1);
    await db.store.commit(ledger.next([opened()]));
    for (let batch = 0; batch < 80; batch++) {
      const drafts = Array.from({ length: 250 }, (_, i) => {
        const n = 2 + batch * 250 + i;
        // Many happened at the same second, and most out of order: paging must neither skip nor repeat.
        return noted(n, `${n} ${TEXT}`, `2024-11-10T01:${pad((n * 7) % 60)}:${pad((n * 13) % 3)}Z`);
      });
      await db.store.commit({ ...ledger.next(drafts), effects: [] });
    }
  }, 240_000);

  test('streams 20,001 entries in order, each once, holding a page of them at a time', async () => {
    let count = 0;
    let disorder = 0;
    let held = 0;
    let most = 0;
    const gone = new FinalizationRegistry<null>(() => held--);
    await db.store.snapshot(async (at) => {
      let last = '';
      for await (const entry of at.entries('T1', 1)) {
        const place = `${entry.at} ${String(entry.n).padStart(6, '0')}`;
        if (place <= last) disorder++;
        last = place;
        held++;
        gone.register(entry, null);
        if (++count % 500 !== 0) continue;
        collectGarbage();
        // Finalizers run between turns of the loop, some turns after the collection on a busy machine.
        for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
        most = Math.max(most, held);
      }
    });
    expect({ count, disorder }).toEqual({ count: 20_001, disorder: 0 });
    expect(most).toBeLessThan(2_000);
  }, 240_000);

  test('streams its facts in order, with their texts', async () => {
    let seq = 0;
    await db.store.snapshot(async (at) => {
      for await (const fact of at.facts('T1', 1)) {
        const fields = fact.texts.map((text) => text.field).join();
        if (fact.seq !== ++seq || fields !== (seq === 1 ? 'by,title' : 'by,text'))
          throw new Error(`at ${seq}: ${fields}`);
      }
    });
    expect(seq).toBe(20_001);
  });

  test('is seen as it stood, whatever is written meanwhile; several streams may be read at once', async () => {
    const { seq } = ledger;
    await db.store.snapshot(async (at) => {
      const facts = at.facts('T1', 1)[Symbol.asyncIterator]();
      await facts.next();
      await db.store.commit(ledger.next([noted(seq + 1, 'later', '2024-11-10T23:59:59Z')]));
      let n = 0;
      let later = false;
      for await (const entry of at.entries('T1', 1)) {
        if (n++ % 1_000 === 0) await facts.next();
        later ||= entry.text === 'later';
      }
      expect({ n, later }).toEqual({ n: seq, later: false });
      expect((await at.load('T1', 1))?.seq).toBe(seq);
      expect(await at.latestEntries('T1', 1, 1)).not.toMatchObject([{ text: 'later' }]);
    });
    await db.store.snapshot(async (at) => {
      expect(await at.latestEntries('T1', 1, 1)).toMatchObject([{ text: 'later' }]);
    });
  });

  test('an abandoned or failing reader gives its connection back', async () => {
    for (let i = 0; i < 10; i++) {
      await db.store.snapshot(async (at) => {
        for await (const _ of at.entries('T1', 1)) break;
      });
      await expect(db.store.snapshot(async () => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
    }
    expect(await db.store.ping()).toBeGreaterThan(0);
  });

  test('newest entries, in order of happening', async () => {
    const all = await db.store.snapshot((at) => collect(at.entries('T1', 1)));
    const newest = await db.store.snapshot((at) => at.latestEntries('T1', 1, 30));
    expect(newest).toEqual(all.slice(-30));
  });
});

describe('filters and look-ups', () => {
  let ledger: Ledger;
  const message: Commit[] = [];
  beforeAll(async () => {
    ledger = new Ledger('T2', 5);
    await db.store.commit(ledger.next([opened()]));
    await db.store.commit(ledger.next([noted(2, 'by ana')]));
    await db.store.commit(ledger.next([noted(3, 'by bo')], { by: { id: 'U2', name: null } }));
    message.push(ledger.next([captured(4, 'C1', '1731201000.000100')]));
    await db.store.commit(message[0] as Commit);
    await db.store.commit(
      ledger.next([
        {
          type: 'ActionAdded',
          data: {
            n: 5,
            at: '2024-11-10T02:00:00Z',
            until: null,
            precision: 'minute',
            action: 1,
            owner: null,
          },
          texts: { text: 'rotate' },
        },
        { type: 'ChannelOpened', data: { channel: 'C77' }, texts: { name: 'inc-5' } },
      ]),
    );
  });

  test('entries of some kinds, or recorded since', async () => {
    await db.store.snapshot(async (at) => {
      const kinds = async (filter: Parameters<typeof at.entries>[2]) =>
        (await collect(at.entries('T2', 5, filter))).map((e) => e.kind);
      expect(await kinds({ kinds: ['message', 'action'] })).toEqual(['message', 'action']);
      expect(await kinds({ recordedSince: '2024-11-10T01:42:10.123Z' })).toHaveLength(5);
      expect(await kinds({ recordedSince: '2024-11-10T01:42:10.124Z' })).toEqual([]);
    });
  });

  test('the last entry of a person, passing over struck ones', async () => {
    expect(await db.store.incidents.lastEntryBy('T2', 5, 'U2')).toMatchObject({
      n: 3,
      by: { id: 'U2', name: null },
    });
    await db.store.commit(ledger.next([struck(3, 'oops')]));
    expect(await db.store.incidents.lastEntryBy('T2', 5, 'U2')).toBeNull();
    expect(await db.store.incidents.lastEntryBy('T2', 5, 'U1')).toMatchObject({ n: 5 });
  });

  test('a captured message by its place in Slack, also when struck', async () => {
    const find = (ts: string, channel = 'C1', team = 'T2') =>
      db.store.incidents.capturedEntry(team, 5, channel, ts);
    expect(await find('1731201000.000100')).toEqual(message[0]?.entries[0]?.entry);
    expect(await find('1731201000.00010')).toBeNull();
    expect(await find('1731201000.000100', 'C2')).toBeNull();
    expect(await find('1731201000.000100', 'C1', 'T1')).toBeNull();
    await db.store.commit(ledger.next([struck(4, 'oops')]));
    expect(await find('1731201000.000100')).toMatchObject({ n: 4, struck: true });
  });

  test('whether an action is done, and not once that was struck', async () => {
    const done = async (action: number) =>
      itemsOf(await db.store.incidents.entriesOfAction('T2', 5, action))[0]?.done ?? false;
    expect(await done(1)).toBe(false);
    await db.store.commit(
      ledger.next([
        {
          type: 'ActionCompleted',
          data: { n: 6, at: '2024-11-10T02:00:00Z', until: null, precision: 'minute', action: 1 },
          texts: {},
        },
      ]),
    );
    expect(await done(1)).toBe(true);
    expect(await done(2)).toBe(false);
    await db.store.commit(ledger.next([struck(6, 'not yet')]));
    expect(await done(1)).toBe(false);
  });

  test('incidents by channel, open ones, and pages of all', async () => {
    expect(await db.store.incidents.ofChannel('T2', 'C77')).toBe(5);
    expect(await db.store.incidents.ofChannel('T1', 'C77')).toBeNull();
    for (const number of [6, 7, 8])
      await db.store.commit(new Ledger('T2', number).next([opened(`number ${number}`)]));
    const resolved = new Ledger('T2', 9);
    await db.store.commit(
      resolved.next([
        opened(),
        {
          type: 'StatusChanged',
          data: {
            n: 2,
            at: '2024-11-10T02:02:00Z',
            until: null,
            precision: 'minute',
            status: 'resolved',
            reopened: false,
          },
          texts: {},
        },
      ]),
    );
    const numbers = (states: Array<{ number: number }>) => states.map((state) => state.number);
    expect(numbers(await db.store.incidents.open('T2'))).toEqual([5, 6, 7, 8]);
    expect(numbers(await db.store.incidents.list('T2', { limit: 2 }))).toEqual([9, 8]);
    expect(numbers(await db.store.incidents.list('T2', { limit: 2, before: 8 }))).toEqual([7, 6]);
    expect(numbers(await db.store.incidents.list('T2', { limit: 9, open: false }))).toEqual([9]);
    expect(await db.store.incidents.nextNumber('T2')).toBe(10);
  });
});

test('whoever reads for long has connections of their own, and leaves all the others to those who are short', async () => {
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let inside = 0;
  const stays = async () => {
    inside += 1;
    await held;
  };
  const long = Array.from({ length: 2 }, () => db.store.longSnapshot(stays));
  const short = Array.from({ length: 4 }, () => db.store.snapshot(stays));
  const all = Promise.all([...long, ...short]);
  // One that gets no connection gives up, and so does this test.
  await Promise.race([all, until('all of them read at once', () => inside === 6)]).finally(letGo);
  await all;
});
