import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Hold, Lane } from '#store/outbox.js';
import type { Outbox } from '#store/store.js';
import { type Opened, openedStore } from './opened.js';

// The database's clock was an hour ahead for some seconds, and whatever was written then says so.
let db: Opened;
let outbox: Outbox;
beforeAll(async () => {
  db = await openedStore();
  outbox = db.store.outbox;
});
afterAll(() => db.close());
beforeEach(() => db.sql('truncate outbox, lane, schedule'));

const A: Lane = { team: 'T1', lane: 'T1/INC-1' };
const EFFECT = { kind: 'channel.entry', payload: { n: 1, head: null } } as const;
const owe = (inMs = 0, lane = A.lane) =>
  outbox.owe(EFFECT, { team: 'T1', lane, incident: 1, key: null, inMs });
const claim = async (lane = A): Promise<Hold> => {
  const hold = await outbox.claimLane(lane, 'one', 600_000);
  if (!hold) throw new Error('the lane is held by another');
  return hold;
};
/** As if all that stands there had been written by a clock that was ahead. */
async function wasAhead(by: string): Promise<void> {
  const all = (table: string, columns: string[]) =>
    db.sql(`update ${table} set ${columns.map((name) => `${name} = ${name} + $1::interval`).join(', ')}`, [
      by,
    ]);
  await all('outbox', ['due_at', 'set_at', 'owed_at', 'started_at']);
  await all('lane', ['lease_until', 'next_at', 'set_at']);
  await all('schedule', ['next_at', 'set_at', 'due_at', 'last_at']);
}

describe.each(['1 hour', '10 seconds', '3 days'])('a clock that was %s ahead', (by) => {
  test('holds up nothing that was left then', async () => {
    await owe();
    await wasAhead(by);
    expect(await outbox.dueLanes(10)).toEqual([A]);
    expect(await outbox.owedRows(await claim(), 10)).toHaveLength(1);
  });

  test('holds up no lane that was leased or told to rest then, nor a row that was put off', async () => {
    await owe();
    const hold = await claim();
    const ids = (await outbox.owedRows(hold, 10)).map(({ id }) => id);
    await outbox.markStarted(hold, ids, 600_000);
    await outbox.settle(hold, ids, { retryInMs: 30_000, error: 'x' });
    await wasAhead(by);
    expect(await outbox.dueLanes(10)).toEqual([A]);
    const next = await claim();
    expect(next.fence).toBe(hold.fence + 1);
    expect(await outbox.owedRows(next, 10)).toHaveLength(1);
    expect(await outbox.releaseLane(next, 60_000)).toBeGreaterThan(50_000);
    await wasAhead(by);
    expect(await outbox.dueLanes(10)).toEqual([A]);
    const last = await claim();
    expect(await outbox.releaseLane(last)).toBe(0);
  });

  test('takes nothing from who held a lane when it was put right: it renews, and goes on', async () => {
    await owe();
    const hold = await claim();
    await wasAhead(by);
    expect(await outbox.renewLane(hold, 600_000)).toBe(true);
    expect(await outbox.claimLane(A, 'two', 600_000)).toBeNull();
    expect(await outbox.dueLanes(10)).toEqual([]);
  });

  test('makes a watch look at once, and no rotation come twice', async () => {
    const spec = (task: object) => JSON.stringify({ task });
    await db.store.schedules.sync('T1', [
      { name: 'rotate', spec: spec({ rotate: 'pair' }), firstAt: new Date() },
      { name: 'watch', spec: spec({ drift: { from: 'a', to: 'b' } }), firstAt: new Date() },
    ]);
    for (const name of ['rotate', 'watch'])
      await db.store.schedules.settle('T1', name, new Date(Date.now() + 60_000), null, true);
    await wasAhead(by);
    expect(await db.store.schedules.claim('T1', 1_000)).toMatchObject({ name: 'watch' });
    expect(await db.store.schedules.claim('T1', 1_000)).toBeNull();
  });
});

test('an alarm that was set for later goes off then, and not before', async () => {
  await owe(3_600_000);
  expect(await outbox.dueLanes(10)).toEqual([]);
  expect(await outbox.owedRows(await claim(), 10)).toEqual([]);
  expect((await outbox.late(0, 10)).lanes).toEqual([]);
});

describe('what is late', () => {
  const passes = (seconds: number) =>
    db.sql(
      "update outbox set owed_at = owed_at - $1 * interval '1 s', due_at = due_at - $1 * interval '1 s'",
      [seconds],
    );
  const late = async () => (await outbox.late(60_000, 10)).lanes;

  test('has been owed for longer than that, however often it was tried', async () => {
    await owe();
    await passes(30);
    expect(await late()).toEqual([]);
    await passes(60);
    const expected = { ...A, kind: 'channel.entry', error: null, resting: false, held: false };
    expect(await late()).toEqual([{ ...expected, ms: expect.any(Number) }]);
    const hold = await claim();
    const ids = (await outbox.owedRows(hold, 10)).map(({ id }) => id);
    await outbox.markStarted(hold, ids, 600_000);
    await outbox.settle(hold, ids, { retryInMs: 60_000, error: 'chat.postMessage: internal_error' });
    expect(await late()).toMatchObject([{ error: 'chat.postMessage: internal_error', held: true }]);
    await outbox.releaseLane(hold, 60_000);
    expect(await late()).toMatchObject([{ resting: true, held: false }]);
  });

  test('is not what was given up, nor what that holds up; given another life, it begins anew', async () => {
    await owe();
    const hold = await claim();
    const ids = (await outbox.owedRows(hold, 10)).map(({ id }) => id);
    await outbox.settle(hold, ids, { dead: 'channel_not_found' });
    await passes(90);
    expect(await outbox.late(60_000, 10)).toEqual({ lanes: [], dead: 1 });
    await outbox.retryDead('T1', 'all');
    expect(await outbox.late(60_000, 10)).toEqual({ lanes: [], dead: 0 });
  });
});
