import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { KEEP_PAID_MS } from '../../src/worker/worker.js';
import { type Opened, openedStore } from './opened.js';

// What was paid goes after a time; what is owed, held, resting or given up stays.

let db: Opened;
beforeAll(async () => {
  db = await openedStore();
});
afterAll(() => db.close());
beforeEach(() => db.sql('truncate outbox, lane'));

const TEAM = 'T1';
const laneOf = (n: number) => ({ team: TEAM, lane: `${TEAM}/INC-1/RUN-1/timer/${n}` });
const counts = async () =>
  (
    await db.sql(
      'select (select count(*)::int from outbox) as rows, (select count(*)::int from lane) as lanes',
    )
  )[0];
const owe = (n: number) =>
  db.store.outbox.owe({ kind: 'run.advance', payload: { run: 1 } } as never, {
    ...laneOf(n),
    incident: 1,
    key: `alarm:${n}`,
  });
/** To let time pass, what it is compared with is moved. */
const daysPass = (days: number) =>
  db.sql(`update outbox set done_at = done_at - $1 * interval '1 day' where done_at is not null`, [days]);
async function pay(n: number) {
  const hold = await db.store.outbox.claimLane(laneOf(n), 'me', 60_000);
  if (!hold) throw new Error('held');
  const rows = await db.store.outbox.owedRows(laneOf(n), 10);
  const ids = rows.map(({ id }) => id);
  await db.store.outbox.settle(hold, ids, { done: null });
  return hold;
}
async function sweepAll() {
  for (;;) {
    const { rows, lanes } = await db.store.outbox.sweep(KEEP_PAID_MS, 500);
    if (rows < 500 && lanes < 500) return;
  }
}

test('ten thousand lanes, an alarm each, paid and given back: the tables are small afterwards', async () => {
  const [MANY, PAID] = [10_000, 200];
  // As many at once as its few connections give a turn to, on a machine that is busy too.
  for (let n = 0; n < PAID; n += 20) {
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        await owe(n + i);
        await db.store.outbox.releaseLane(await pay(n + i));
      }),
    );
  }
  // The others are as the first, but for their names.
  const other = `jsonb_build_object('lane', $1 || n, 'key', 'alarm:' || n, 'id', 1000000 + n)`;
  for (const table of ['lane', 'outbox'])
    await db.sql(
      `insert into ${table} ${table === 'outbox' ? 'overriding system value' : ''}
         select (jsonb_populate_record(t, ${other})).* from ${table} t, generate_series($2::int, $3::int) n
         where t.lane = $1 || 0`,
      [laneOf(0).lane.slice(0, -1), PAID, MANY - 1],
    );
  expect(await counts()).toEqual({ rows: MANY, lanes: MANY });
  // Idle lanes go at once, rows when nobody can ask for them any more.
  await sweepAll();
  expect(await counts()).toEqual({ rows: MANY, lanes: 0 });
  expect(await owe(1)).toBe(false);
  await daysPass(KEEP_PAID_MS / 86_400_000 + 1);
  await db.sql('analyze outbox');
  const plan = await db.sql<{ 'QUERY PLAN': string }>(
    `explain select team, id from outbox where done_at < now() - interval '3 days' order by done_at limit 500`,
  );
  expect(plan.map((row) => row['QUERY PLAN']).join('\n')).toMatch(/outbox_done/);
  await sweepAll();
  expect(await counts()).toEqual({ rows: 0, lanes: 0 });
});

test('what is owed, given up, held or told to rest stays, and what waits is found all the same', async () => {
  const { outbox } = db.store;
  for (const n of [1, 2, 3, 4, 5]) await owe(n);
  // 1 is owed. 2 was given up. 3 was paid, and is still held. 4 was paid, and is to rest. 5 was paid and released.
  const second = await outbox.claimLane(laneOf(2), 'me', 60_000);
  const [row] = await outbox.owedRows(laneOf(2), 1);
  await outbox.settle(second as never, [row?.id as number], { dead: 'refused' });
  await outbox.releaseLane(second as never);
  await pay(3);
  await outbox.releaseLane(await pay(4), 60_000);
  await outbox.releaseLane(await pay(5));
  await daysPass(30);
  await sweepAll();
  const lanes = await db.sql<{ lane: string }>('select lane from lane order by lane');
  expect(lanes.map(({ lane }) => lane.split('/').at(-1))).toEqual(['2', '3', '4']);
  expect(await outbox.dueLanes(10)).toEqual([laneOf(1)]);
  expect((await outbox.dead()).map(({ lane }) => lane)).toEqual([laneOf(2).lane]);
  // The one that was told to rest is not claimed before its time because its rows are gone.
  expect(await outbox.claimLane(laneOf(4), 'me', 1_000)).toBeNull();
});

test('whoever held a lane that was forgotten since may do nothing in the one of the same name', async () => {
  const { outbox } = db.store;
  await owe(1);
  const old = await pay(1);
  await outbox.releaseLane(old);
  await sweepAll();
  expect(await counts()).toMatchObject({ lanes: 0 });
  expect(await outbox.renewLane(old, 60_000)).toBe(false);
  await owe(2);
  await db.sql('update outbox set lane = $1 where key = $2', [laneOf(1).lane, 'alarm:2']);
  const hold = await outbox.claimLane(laneOf(1), 'another', 60_000);
  expect(hold?.fence).toBeGreaterThan(old.fence);
  const [row] = await outbox.owedRows(laneOf(1), 1);
  const ids = [row?.id as number];
  expect(await outbox.renewLane(old, 60_000)).toBe(false);
  expect(await outbox.markStarted(old, ids, 60_000)).toBe(false);
  expect(await outbox.settle(old, ids, { done: null })).toBe(false);
  expect(await outbox.releaseLane(old)).toBe('lost');
  expect(await outbox.settle(hold as never, ids, { done: null })).toBe(true);
});

test('two who clear away at once do not wait for each other, nor for who pays', async () => {
  for (let n = 0; n < 50; n++) {
    await owe(n);
    await db.store.outbox.releaseLane(await pay(n));
  }
  await daysPass(30);
  const both = [db.store, db.another()];
  const swept = await Promise.all(
    both.flatMap((store) => Array.from({ length: 5 }, () => store.outbox.sweep(KEEP_PAID_MS, 10))),
  );
  expect(swept.reduce((sum, { rows }) => sum + rows, 0)).toBeLessThanOrEqual(50);
  await sweepAll();
  expect(await counts()).toEqual({ rows: 0, lanes: 0 });
});
