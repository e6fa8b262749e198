import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Opened, openedStore } from './opened.js';

// What /metrics reads of the database.

let db: Opened;
beforeAll(async () => {
  db = await openedStore();
});
afterAll(() => db.close());
beforeEach(() => db.sql('truncate outbox, lane, schedule'));

/** @param more SQL of further columns and their values */
async function owed(incident: number, kind: string, more: Record<string, string> = {}): Promise<void> {
  const columns = Object.keys(more).map((name) => `, ${name}`);
  const values = Object.values(more).map((value) => `, ${value}`);
  await db.sql(
    `insert into outbox (team, lane, incident, seq, kind, payload${columns.join('')})
     values ('T1', 'T1/INC-${incident}', ${incident}, 1, $1, '{}'${values.join('')})`,
    [kind],
  );
}

test('what is owed, by kind: open, held up, given up, and for how long the oldest has been due', async () => {
  await owed(1, 'channel.entry', {
    owed_at: "now() - interval '10 minutes'",
    due_at: "now() - interval '10 minutes'",
  });
  await owed(1, 'channel.entry');
  await owed(1, 'channel.entry', { done_at: 'now()' });
  // An alarm clock that is set for later is not late.
  await owed(2, 'run.advance', { owed_at: "now() - interval '1 day'", due_at: "now() + interval '1 hour'" });
  // Its channel cannot be made: what is behind it waits, and its age says nothing.
  await owed(3, 'channel.open', { dead_at: 'now()', error: "'restricted_action'" });
  await owed(3, 'headline.refresh', { owed_at: "now() - interval '1 day'" });
  // What speaks of dead rows is nothing that people miss.
  await owed(4, 'channel.notice', { dead_at: 'now()' });
  const rows = await db.store.outbox.byKind();
  const of = (kind: string) => rows.find((row) => row.kind === kind);
  expect(of('channel.entry')).toMatchObject({ open: 2, blocked: 0, dead: 0 });
  expect(of('channel.entry')?.oldestS).toBeGreaterThanOrEqual(600);
  expect(of('channel.entry')?.oldestS).toBeLessThan(86_400);
  expect(of('run.advance')).toEqual({ kind: 'run.advance', open: 1, blocked: 0, dead: 0, oldestS: 0 });
  expect(of('channel.open')).toEqual({ kind: 'channel.open', open: 0, blocked: 0, dead: 1, oldestS: 0 });
  expect(of('headline.refresh')).toEqual({
    kind: 'headline.refresh',
    open: 1,
    blocked: 1,
    dead: 0,
    oldestS: 0,
  });
  expect(of('channel.notice')).toBeUndefined();
});

test('runs under way, by status, of open incidents and of the standing record', async () => {
  const incident = (team: string, number: number, open: boolean, ...statuses: string[]) =>
    db.sql(
      `insert into incident (team, number, seq, head, state, open, private, updated_at)
       values ($1, $2, 1, '', $3, $4, false, now())`,
      [team, number, JSON.stringify({ runs: { list: statuses.map((status) => ({ status })) } }), open],
    );
  await db.sql("insert into workspace (team) values ('T1'), ('T2')");
  await incident('T1', 0, false, 'running', 'ended');
  await incident('T1', 1, true, 'waiting', 'asking', 'ended');
  await incident('T2', 1, true, 'asking');
  await incident('T2', 2, false, 'asking');
  await db.sql(
    `insert into incident (team, number, seq, head, state, open, private, updated_at)
     values ('T2', 3, 1, '', '{}', true, false, now())`,
  );
  const rows = await db.store.incidents.runsUnderWay();
  expect(Object.fromEntries(rows.map(({ status, runs }) => [status, runs]))).toEqual({
    running: 1,
    waiting: 1,
    asking: 2,
  });
});

test('schedules, with what was last done of each', async () => {
  const { schedules } = db.store;
  const task = { watch: { drift: { from: 'old', to: 'new' } }, rotate: { rotate: 'tts' } };
  await schedules.sync(
    'T1',
    Object.entries(task).map(([name, of]) => ({
      name,
      spec: JSON.stringify({ name, task: of }),
      firstAt: new Date(1_000),
    })),
  );
  const fresh = { outcome: null, lastDone: null, next: 1, done: false, claimed: false };
  expect(await schedules.all()).toEqual([
    { name: 'rotate', watches: false, ...fresh },
    { name: 'watch', watches: true, ...fresh },
  ]);
  await schedules.settle('T1', 'watch', new Date(5_000), 'what came of it', true);
  await schedules.settle('T1', 'rotate', new Date(6_000), 'INC-7 is open', false);
  const [rotate, watch] = await schedules.all();
  expect(rotate).toMatchObject({ outcome: 'INC-7 is open', lastDone: null, next: 6, done: false });
  expect(watch).toMatchObject({ outcome: 'what came of it', next: 5, done: true, claimed: false });
  expect(watch?.lastDone).toBeGreaterThan(1_600_000_000);
  await schedules.claim('T1', 60_000);
  expect((await schedules.all()).find(({ name }) => name === 'watch')).toMatchObject({
    done: false,
    claimed: true,
  });
});
