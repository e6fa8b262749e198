import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DUE_LANES_SQL, type Hold, type Lane, type OwedRow } from '#store/outbox.js';
import type { Outbox } from '#store/store.js';
import { Ledger, noted, opened } from './ledger.js';
import { type Opened, openedStore } from './opened.js';

let db: Opened;
let outbox: Outbox;
beforeAll(async () => {
  db = await openedStore();
  outbox = db.store.outbox;
});
afterAll(() => db.close());
beforeEach(() => db.sql('truncate outbox, lane'));

const A: Lane = { team: 'T1', lane: 'T1/INC-1' };
const B: Lane = { team: 'T1', lane: 'T1/INC-2' };
const LONG = 600_000;

async function owe(lane: Lane, ...kinds: string[]): Promise<void> {
  for (const kind of kinds) {
    await db.sql(
      `insert into outbox (team, lane, incident, seq, kind, payload) values ($1, $2, 1, 1, $3, '{"n":1}')`,
      [lane.team, lane.lane, kind],
    );
  }
}
async function claim(lane: Lane, owner = 'one', leaseMs = LONG): Promise<Hold> {
  const hold = await outbox.claimLane(lane, owner, leaseMs);
  if (!hold) throw new Error('the lane is held by another');
  return hold;
}
const ids = async (lane: Lane) => (await outbox.owedRows(lane, 100)).map((row) => row.id);
const rowsOnDisk = () =>
  db.sql('select id, attempts, started_at, done_at, dead_at, due_at, error, result from outbox order by id');
/** The clock that counts is the database's: to let time pass, move what it is compared with. */
const leaseRunsOut = (lane: Lane) =>
  db.sql("update lane set lease_until = now() - interval '1 ms' where lane = $1", [lane.lane]);

test('a fence is never given twice, also when the lane was forgotten in between', async () => {
  const given: number[] = [];
  const claimAndRelease = async () => {
    await owe(A, 'channel.entry');
    const hold = await claim(A);
    given.push(hold.fence);
    await outbox.releaseLane(hold);
  };
  for (let i = 0; i < 3; i++) await claimAndRelease();
  // As the sweep does with a lane that has long been idle.
  await db.sql('delete from lane');
  for (let i = 0; i < 3; i++) await claimAndRelease();
  expect(given).toEqual([...new Set(given)].sort((a, b) => a - b));
});

describe('what a commit owes', () => {
  test('is there in order, and its lane is due', async () => {
    const ledger = new Ledger('T1', 1);
    await db.store.commit(ledger.next([opened(), noted(2, 'a'), noted(3, 'b')]));
    expect(await outbox.dueLanes(10)).toEqual([A]);
    const rows = await outbox.owedRows(A, 10);
    expect(rows.map((row) => [row.seq, row.effect])).toEqual(
      [1, 2, 3].map((n) => [n, { kind: 'channel.entry', payload: { n, head: null } }]),
    );
    const [row] = rows;
    const expected: OwedRow = {
      id: expect.any(Number),
      team: 'T1',
      lane: A.lane,
      incident: 1,
      seq: 1,
      attempts: 0,
      uncertain: false,
      error: null,
      effect: { kind: 'channel.entry', payload: { n: 1, head: null } },
    } as unknown as OwedRow;
    expect(row).toEqual(expected);
  });
});

describe('the lease of a lane', () => {
  test('goes to one of many who ask at the same moment', async () => {
    await owe(A, 'channel.entry');
    const other = db.another().outbox;
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => (i % 2 ? outbox : other).claimLane(A, `worker ${i}`, LONG)),
    );
    expect(answers.filter(Boolean)).toHaveLength(1);
    expect(await outbox.dueLanes(10)).toEqual([]);
  });

  test('passes on when it ran out, when it was given back, and always with a higher fence', async () => {
    await owe(A, 'channel.entry');
    const first = await claim(A);
    await leaseRunsOut(A);
    expect(await outbox.dueLanes(10)).toEqual([A]);
    const second = await claim(A, 'two');
    expect(second.fence).toBeGreaterThan(first.fence);
    expect(await outbox.releaseLane(second)).toBe(0);
    const third = await claim(A, 'three');
    expect(third.fence).toBeGreaterThan(second.fence);
  });

  test('a stale holder changes nothing', async () => {
    await owe(A, 'channel.entry', 'channel.entry');
    const stale = await claim(A, 'frozen');
    const rows = await ids(A);
    await leaseRunsOut(A);
    const holder = await claim(A, 'awake');
    const before = [await rowsOnDisk(), await db.sql('select * from lane')];
    expect(await outbox.markStarted(stale, rows, LONG)).toBe(false);
    expect(await outbox.settle(stale, rows, { done: {} })).toBe(false);
    expect(await outbox.settle(stale, rows, { dead: 'x' })).toBe(false);
    expect(await outbox.settle(stale, rows, { retryInMs: 0, error: 'x' })).toBe(false);
    expect(await outbox.renewLane(stale, LONG)).toBe(false);
    expect(await outbox.releaseLane(stale)).toBe('lost');
    expect([await rowsOnDisk(), await db.sql('select * from lane')]).toEqual(before);
    expect(await outbox.settle(holder, rows, { done: {} })).toBe(true);
  });

  test('who gave the lane back is stale too', async () => {
    await owe(A, 'channel.entry');
    const hold = await claim(A);
    await outbox.releaseLane(hold);
    expect(await outbox.settle(hold, await ids(A), { done: {} })).toBe(false);
    expect(await outbox.renewLane(hold, LONG)).toBe(false);
  });

  test('that ran out lets nothing begin, though nobody took it; renewed, it does', async () => {
    await owe(A, 'channel.entry');
    const hold = await claim(A);
    await leaseRunsOut(A);
    expect(await outbox.markStarted(hold, await ids(A), LONG)).toBe(false);
    expect(await outbox.renewLane(hold, LONG)).toBe(true);
    expect(await outbox.markStarted(hold, await ids(A), LONG)).toBe(true);
  });

  test('a settlement and a takeover at the same moment: the row is paid, or the holder knows that it lost', async () => {
    const other = db.another().outbox;
    for (let round = 0; round < 25; round++) {
      await db.sql('truncate outbox, lane');
      await owe(A, 'channel.entry');
      const hold = await claim(A);
      const rows = await ids(A);
      await leaseRunsOut(A);
      const [settled, taken] = await Promise.all([
        outbox.settle(hold, rows, { done: {} }),
        other.claimLane(A, 'two', LONG),
      ]);
      expect(taken).not.toBeNull();
      expect((await ids(A)).length).toBe(settled ? 0 : 1);
    }
  });

  test('nobody takes a lane over in the middle of a settlement', async () => {
    await owe(A, 'channel.entry');
    const hold = await claim(A);
    const rows = await ids(A);
    await leaseRunsOut(A);
    // Somebody looks at the row with a lock, so that the settlement stops half-way.
    await db.sql('begin');
    await db.sql('select from outbox for update');
    const waiting = async (count: number, or = () => false) => {
      const sql =
        "select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
      // Inside a transaction the activity is remembered from its first look.
      while (!or() && ((await db.sql<{ n: number }>(sql))[0]?.n ?? 0) < count)
        await db.sql('select pg_stat_clear_snapshot()');
    };
    const settling = outbox.settle(hold, rows, { done: {} });
    await waiting(1);
    let taken = false;
    const taking = db
      .another()
      .outbox.claimLane(A, 'two', LONG)
      .finally(() => {
        taken = true;
      });
    await waiting(2, () => taken);
    expect(taken).toBe(false);
    await db.sql('commit');
    expect(await settling).toBe(true);
    expect(await taking).not.toBeNull();
    expect(await ids(A)).toEqual([]);
  });

  test('a hold of one lane does not reach the rows of another', async () => {
    await owe(A, 'channel.entry');
    await owe(B, 'channel.entry');
    const hold = await claim(A);
    await outbox.settle(hold, await ids(B), { done: {} });
    expect(await ids(B)).toHaveLength(1);
  });
});

describe('how an attempt ends', () => {
  test('begun and never settled: uncertain; settled as failed for certain: not; uncertain when said so', async () => {
    await owe(A, 'channel.entry');
    const hold = await claim(A);
    const look = async () => (await outbox.owedRows(A, 1))[0];
    const rows = await ids(A);
    await outbox.markStarted(hold, rows, LONG);
    expect(await look()).toMatchObject({ uncertain: true, attempts: 1 });
    await outbox.settle(hold, rows, { retryInMs: 0, error: 'no route' });
    expect(await look()).toMatchObject({ uncertain: false, attempts: 1, error: 'no route' });
    await outbox.markStarted(hold, rows, LONG);
    await outbox.settle(hold, rows, { retryInMs: 0, error: 'time out', uncertain: true });
    expect(await look()).toMatchObject({ uncertain: true, attempts: 2, error: 'time out' });
  });

  test('what may be tried again at once is owed at once, however its milliseconds are rounded', async () => {
    await owe(A, 'channel.entry');
    const hold = await claim(A);
    const rows = await ids(A);
    for (let n = 0; n < 100; n++) {
      await outbox.settle(hold, rows, { retryInMs: 0, error: 'no route' });
      expect(await ids(A)).toEqual(rows);
    }
  });

  test('done is final', async () => {
    await owe(A, 'channel.entry');
    const hold = await claim(A);
    const rows = await ids(A);
    await outbox.settle(hold, rows, { done: { ts: '1.2' } });
    const before = await rowsOnDisk();
    expect(before[0]).toMatchObject({ result: { ts: '1.2' }, error: null, started_at: null });
    await outbox.settle(hold, rows, { dead: 'late' });
    expect(await rowsOnDisk()).toEqual(before);
    expect(await outbox.releaseLane(hold)).toBeNull();
  });

  test('a row that waits holds up the later ones, and the lane says when to come back', async () => {
    await owe(A, 'channel.entry', 'channel.entry');
    const hold = await claim(A);
    const [first] = await ids(A);
    await outbox.settle(hold, [first as number], { retryInMs: LONG, error: 'x' });
    expect(await ids(A)).toEqual([]);
    const ms = await outbox.releaseLane(hold);
    expect(ms).toBeGreaterThan(LONG / 2);
    expect(ms).toBeLessThanOrEqual(LONG);
    expect(await outbox.dueLanes(10)).toEqual([]);
    await db.sql('update outbox set due_at = now() where id = $1', [first]);
    expect(await outbox.dueLanes(10)).toEqual([A]);
    expect(await ids(A)).toHaveLength(2);
  });

  test('a lane that was told to rest is claimed by nobody before its time, whatever is due', async () => {
    await owe(A, 'channel.entry');
    expect(await outbox.releaseLane(await claim(A), LONG)).toBeGreaterThan(LONG / 2);
    expect(await outbox.dueLanes(10)).toEqual([]);
    expect(await outbox.claimLane(A, 'two', LONG)).toBeNull();
    await db.sql("update lane set next_at = now() - interval '1 ms'");
    expect(await outbox.dueLanes(10)).toEqual([A]);
    expect(await outbox.claimLane(A, 'two', LONG)).not.toBeNull();
  });

  test('dead: the rest goes on; seen, counted and brought back to life, still uncertain', async () => {
    await owe(A, 'channel.entry', 'channel.entry');
    const hold = await claim(A);
    const [first, second] = (await ids(A)) as [number, number];
    await outbox.markStarted(hold, [first], LONG);
    await outbox.settle(hold, [first], { dead: 'is_archived' });
    expect(await ids(A)).toEqual([second]);
    expect(await outbox.dead('T1')).toMatchObject([
      { id: first, error: 'is_archived', deadAt: expect.stringMatching(/Z$/) },
    ]);
    expect(await outbox.dead('T2')).toEqual([]);
    expect(await outbox.dead()).toHaveLength(1);
    expect(await outbox.stats()).toMatchObject({ open: 1, dead: 1, blocked: 0, lanes: 1 });
    expect(await outbox.retryDead('T2', 'all')).toBe(0);
    expect(await outbox.retryDead('T1', [second])).toBe(0);
    expect(await outbox.retryDead('T1', [first])).toBe(1);
    expect(await outbox.owedRows(A, 10)).toMatchObject([
      { id: first, uncertain: true, attempts: 0 },
      { id: second },
    ]);
  });

  test('a dead channel.open holds up its lane, which shows in the counts, until it is retried', async () => {
    await owe(A, 'channel.open', 'channel.entry', 'channel.entry');
    await owe(B, 'channel.entry');
    const hold = await claim(A);
    const [open] = (await ids(A)) as [number];
    await outbox.settle(hold, [open], { dead: 'restricted_action' });
    expect(await ids(A)).toEqual([]);
    expect(await outbox.releaseLane(hold)).toBeNull();
    expect(await outbox.dueLanes(10)).toEqual([B]);
    expect(await outbox.stats()).toMatchObject({ open: 3, blocked: 2, dead: 1, lanes: 2 });
    expect(await outbox.retryDead('T1', 'all')).toBe(1);
    // Its turn comes after those who have waited since before.
    expect(await outbox.dueLanes(10)).toEqual([B, A]);
    expect(await ids(A)).toHaveLength(3);
  });
});

test('looking for due lanes costs by the lane: not by what was paid, nor by how much a lane owes', async () => {
  const put = (rows: number, lanes: number, done: string) =>
    db.sql(`insert into outbox (team, lane, incident, seq, kind, payload, done_at)
      select 'T1', 'T1/INC-' || (i % ${lanes}), 1, i, 'channel.entry', '{"n":1}', ${done} from generate_series(1, ${rows}) i`);
  await put(200_000, 500, 'now()');
  await put(9_000, 3, 'null');
  await db.sql('analyze outbox');
  expect((await outbox.dueLanes(10)).map((lane) => lane.lane).sort()).toEqual([
    'T1/INC-0',
    'T1/INC-1',
    'T1/INC-2',
  ]);
  expect(await outbox.dueLanes(2)).toHaveLength(2);
  expect(await outbox.stats()).toMatchObject({ open: 9000, lanes: 3 });
  const plan = await db.sql(`explain (analyze, buffers) ${DUE_LANES_SQL.replace('$1', '10')}`);
  const [, hit = '0', read = '0'] =
    /Buffers: shared(?: hit=(\d+))?(?: read=(\d+))?/.exec(JSON.stringify(plan)) ?? [];
  expect(Number(hit) + Number(read)).toBeGreaterThan(0);
  expect(Number(hit) + Number(read)).toBeLessThan(100);
});

test('what no fact owes is left once for each request', async () => {
  const effect = {
    kind: 'export.send' as const,
    payload: { format: 'md', zone: 'UTC', channel: 'C1', user: 'U1' },
  };
  const of = { team: 'T1', lane: A.lane, incident: 1 };
  expect(await outbox.owe(effect, { ...of, key: 'k' })).toBe(true);
  expect(await outbox.owe(effect, { ...of, key: 'k' })).toBe(false);
  expect(await outbox.owe(effect, { ...of, key: null })).toBe(true);
  expect(await outbox.owe(effect, { ...of, key: null })).toBe(true);
  expect(await outbox.owe(effect, { ...of, team: 'T2', key: 'k' })).toBe(true);
  expect(await outbox.owedRows(A, 10)).toMatchObject([{ effect }, { effect }, { effect }]);
});
