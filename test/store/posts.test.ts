import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Pace } from '#store/posts.js';
import type { Outbox } from '#store/store.js';
import { type Opened, openedStore } from './opened.js';

// Posts of a whole workspace, which all of its workers share.

const TEAM = 'T1';
const PACE: Pace = { everyMs: 60_000 / 270, burst: 20, gapMs: 1_000 };
const KEEP_MS = 6_000;
const ASK_AGAIN_MS = 2_000;

let db: Opened;
let workers: Outbox[];
beforeAll(async () => {
  db = await openedStore();
  workers = [db.store.outbox, db.another().outbox];
});
afterAll(() => db.close());
beforeEach(async () => {
  await db.sql('truncate outbox, lane');
  wound = 0;
});

const asks = (channel: string, urgent = false, worker = 0, pace = PACE) =>
  (workers[worker] as Outbox).turnToPost({ team: TEAM, channel, urgent }, pace, KEEP_MS);
/** To let time pass, what it is compared with is moved; how long the machine takes over it counts too. */
let wound = 0;
const time = () => performance.now() + wound;
async function winds(ms: number) {
  if (ms <= 0) return;
  wound += ms;
  await db.sql("update lane set next_at = next_at - $1 * interval '1 millisecond'", [ms]);
}

/** Channels that always have something to say, each woken by whichever worker has time. @returns when each spoke, in ms */
async function speak(forMs: number, channels: number, urgent: (channel: number) => boolean = () => false) {
  const began = time();
  const next = Array.from({ length: channels }, () => began);
  const spoke: number[][] = next.map(() => []);
  let turn = 0;
  for (;;) {
    const at = Math.min(...next);
    if (at - began > forMs) return spoke;
    await winds(at - time());
    const channel = next.indexOf(at);
    const ms = await asks(`C${channel}`, urgent(channel), turn++ % 2);
    if (ms === 0) spoke[channel]?.push(time() - began);
    next[channel] = time() + (ms === 0 ? PACE.gapMs : Math.min(ms, ASK_AGAIN_MS));
  }
}
const longest = (times: number[]) => Math.max(...times.slice(1).map((at, i) => at - (times[i] as number)));

test('two workers together post no more than Slack takes in any minute, and every channel has its turn', async () => {
  const spoke = await speak(120_000, 50);
  const all = spoke.flat().sort((a, b) => a - b);
  for (const at of all) expect(all.filter((one) => one >= at && one < at + 60_000).length).toBeLessThan(300);
  expect(all.length).toBeGreaterThan(2 * 270 - 10);
  for (const times of spoke) {
    expect(times[0]).toBeLessThan(15_000);
    expect(longest(times)).toBeLessThan(15_000);
  }
  const counts = spoke.map((times) => times.length);
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
});

test('what is urgent does not wait for a round, and takes nobody’s turn for long', async () => {
  const spoke = await speak(60_000, 50, (channel) => channel === 7);
  expect(longest(spoke[7] as number[])).toBeLessThan(3_000);
  for (const times of spoke) expect(longest(times)).toBeLessThan(20_000);
});

test('one channel is posted to once a second, whoever does it', async () => {
  expect(await asks('C1', true, 0)).toBe(0);
  const left = await asks('C1', true, 1);
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThanOrEqual(1_000);
  expect(await asks('C2', false, 1)).toBe(0);
  await winds(left);
  expect(await asks('C1', true, 1)).toBe(0);
});

test('a few at once are not held up; after Slack said that it was too much nothing comes at once', async () => {
  for (let i = 0; i < 10; i++) expect(await asks(`C${i}`, false, i % 2)).toBe(0);
  // A pace so slow that a busy machine does not see it move on.
  const slow = { ...PACE, everyMs: 60_000 };
  await workers[0]?.tooManyPosts(TEAM, slow);
  expect(await asks('C11', true, 1, slow)).toBeGreaterThan(0);
  await winds(60_000);
  expect(await asks('C11', true, 1, slow)).toBe(0);
  // Another workspace is another matter.
  expect(await workers[0]?.turnToPost({ team: 'T2', channel: 'C1', urgent: false }, slow, KEEP_MS)).toBe(0);
});

test('who does not come back is forgotten, and so is all of it in the end', async () => {
  const slow = { ...PACE, everyMs: 60_000, burst: 1 };
  expect(await asks('C1', false, 0, slow)).toBe(0);
  expect(await asks('C2', false, 0, slow)).toBeGreaterThan(59_000 - 30_000);
  const behind = await asks('C3', false, 1, slow);
  expect(behind).toBeGreaterThan(60_000);
  // The worker that spoke for C2 has died.
  await winds(KEEP_MS);
  expect(await asks('C3', false, 1, slow)).toBeLessThan(60_000);
  await winds(120_000);
  await db.store.outbox.sweep(1, 500);
  expect(await db.sql('select * from lane')).toEqual([]);
});

test('a clock that was ahead holds nobody up', async () => {
  for (let i = 0; i < 20; i++) await asks(`C${i}`);
  await asks('C99');
  await db.sql("update lane set next_at = next_at + interval '1 hour', set_at = set_at + interval '1 hour'");
  expect(await asks('C1')).toBe(0);
  expect(await asks('C100', true)).toBe(0);
});
