import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { laneOfPublic } from '#domain/incident/effect.js';
import { type Destination, PARTS, type PublicChange, Refusing } from '#public/change.js';
import { change, type Kit, startKit, TEAM } from './subscribe/kit.js';

let kit: Kit;
beforeAll(async () => {
  kit = await startKit();
});
afterEach(() => kit.empties());
afterAll(() => kit.close());

const PAGE = laneOfPublic(TEAM, 'page');
const TELL = laneOfPublic(TEAM, 'tell');

function destination(part: number, tell: (of: PublicChange) => Promise<void>): Destination {
  return { name: `part ${part}`, part, tell };
}

test('one writing of the page is for all that is due', async () => {
  let built = 0;
  kit.settings.build = async () => {
    built += 1;
  };
  for (const incident of [1, 2, 2, 3]) await kit.owesPage(incident);
  await kit.paysAll();
  expect(built).toBe(1);
  expect((await kit.rows(PAGE)).map(({ done }) => done)).toEqual([true, true, true, true]);
  expect(kit.said).toEqual([]);
});

test('a page that cannot be written is tried for ever; whoever waits is told once, and when it works', async () => {
  let full = true;
  kit.settings.build = async () => {
    if (full) throw new Error('ENOSPC: no space left on device');
  };
  await kit.owesPage(1);
  await kit.owesPage(1, 2);
  const pauses: number[] = [];
  for (let i = 1; i <= 12; i++) {
    await kit.paysAll();
    const [row] = await kit.rows(PAGE);
    pauses.push(Math.round((row?.ms ?? 0) / 1_000));
    expect(kit.said).toHaveLength(i < 3 ? 0 : 1);
    await kit.waits();
  }
  expect(pauses.slice(0, 8)).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  expect(kit.said).toEqual([{ incidents: [1, 1], error: 'ENOSPC: no space left on device' }]);
  // Another incident's people wait by now as well.
  await kit.owesPage(5);
  await kit.paysAll();
  expect(kit.said[1]).toEqual({ incidents: [5], error: 'ENOSPC: no space left on device' });
  full = false;
  await kit.waits();
  await kit.paysAll();
  expect(kit.said.slice(2)).toEqual([{ incidents: [1, 1, 5], error: null }]);
  expect((await kit.rows(PAGE)).every(({ done, dead }) => done && !dead)).toBe(true);
  // The next outage is another one.
  full = true;
  await kit.owesPage(1, 3);
  for (let i = 0; i < 3; i++) {
    await kit.paysAll();
    await kit.waits();
  }
  expect(kit.said).toHaveLength(4);
});

test('each destination has each change once, in order, whatever the others do', async () => {
  const told: Record<number, number[]> = { [PARTS.slack]: [], [PARTS.webhook]: [] };
  let away = true;
  const good = destination(PARTS.slack, async ({ seq }) => void told[PARTS.slack]?.push(seq));
  const bad = destination(PARTS.webhook, async ({ seq }) => {
    if (away) throw new Error('not now');
    told[PARTS.webhook]?.push(seq);
  });
  kit.settings.others = [good, bad];
  for (const seq of [1, 2, 3]) {
    await kit.says(change(seq));
    await kit.paysAll();
  }
  expect(told).toEqual({ [PARTS.slack]: [1, 2, 3], [PARTS.webhook]: [] });
  const waiting = await kit.rows(laneOfPublic(TEAM, 'tell', PARTS.webhook));
  expect(waiting.map(({ seq, done, error }) => ({ seq, done, error }))).toEqual([
    { seq: 1, done: false, error: 'not now' },
    { seq: 2, done: false, error: null },
    { seq: 3, done: false, error: null },
  ]);
  away = false;
  await kit.waits();
  await kit.paysAll();
  expect(told[PARTS.webhook]).toEqual([1, 2, 3]);
});

test('a worker that dies while it hands on leaves each change once in each lane', async () => {
  kit.settings.others = [destination(PARTS.slack, async () => {})];
  await kit.says(change(1), change(2));
  let left = 20;
  const owe = kit.store.outbox.owe;
  const dying = kit.pay(TELL, {
    outbox: {
      ...kit.store.outbox,
      owe: async (...of) => {
        left -= 1;
        if (left === 0) throw new Error('killed');
        return owe(...of);
      },
    },
  });
  await dying;
  await kit.waits();
  await kit.pay(TELL);
  expect(await kit.rows(TELL)).toMatchObject([{ done: true }, { done: true }]);
  for (const part of [0, 15, PARTS.slack])
    expect((await kit.rows(laneOfPublic(TEAM, 'tell', part))).map(({ seq }) => seq)).toEqual([1, 2]);
});

test('what is refused for good is dead at once, what fails for a day is dead then; the next one is told', async () => {
  const told: number[] = [];
  kit.settings.others = [
    destination(PARTS.slack, async ({ seq }) => {
      if (seq === 1) throw new Refusing('there is no such channel');
      if (seq === 2) throw new Error('time-out');
      told.push(seq);
    }),
  ];
  const recent = new Date(Date.now() - 60_000).toISOString();
  await kit.says(
    change(1, { recordedAt: recent }),
    change(2, { recordedAt: recent }),
    change(3, { recordedAt: recent }),
  );
  const lane = laneOfPublic(TEAM, 'tell', PARTS.slack);
  for (let i = 0; i < 5; i++) {
    await kit.paysAll();
    await kit.waits();
  }
  expect(await kit.rows(lane)).toMatchObject([
    { dead: true, error: 'there is no such channel' },
    { dead: false, error: 'time-out' },
    { dead: false, done: false },
  ]);
  kit.becomes(change(2, { recordedAt: new Date(Date.now() - 25 * 3_600_000).toISOString() }));
  await kit.paysAll();
  expect(await kit.rows(lane)).toMatchObject([{ dead: true }, { dead: true }, { done: true }]);
  expect(told).toEqual([3]);
  // `tocsin deliveries` has them.
  expect((await kit.store.outbox.dead(TEAM)).map(({ effect }) => effect.kind)).toEqual([
    'status.tell',
    'status.tell',
  ]);
});

test('what says nothing to the public, or is for somebody who is gone, is simply done', async () => {
  await kit.store.outbox.owe(
    { kind: 'status.tell', payload: { seq: 99 } },
    { team: TEAM, incident: 9, key: null, lane: TELL },
  );
  await kit.store.outbox.owe(
    { kind: 'status.tell', payload: { seq: 1 } },
    { team: TEAM, incident: 9, key: null, lane: laneOfPublic(TEAM, 'tell', PARTS.statuspage) },
  );
  await kit.paysAll();
  expect(await kit.sql('select 1 from outbox where done_at is null')).toEqual([]);
  expect(await kit.sql('select 1 from public_change')).toEqual([]);
});
