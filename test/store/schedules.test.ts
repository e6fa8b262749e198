import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openStore, type Store } from '#store/store.js';
import { type TestDatabase, testDatabase } from '../support/database.js';

let database: TestDatabase;
let store: Store;
beforeEach(async () => {
  database = await testDatabase();
  store = openStore(database.config, () => {});
});
afterEach(async () => {
  await store.close();
  await database.close();
});

const PAST = new Date(0);
const watch = (task: object, more: object = {}) => [
  { name: 'watch', spec: JSON.stringify({ name: 'watch', task, ...more }), firstAt: PAST },
];

test.each([
  ['stays with other settings', { drift: { to: 'new', from: 'old' } }, 'what came of it'],
  ['is forgotten when other stores are watched', { drift: { from: 'old', to: 'newer' } }, null],
  ['is forgotten when a pair is rotated instead', { rotate: 'tts' }, null],
])('what came of a schedule %s', async (_, task, expected) => {
  const { schedules } = store;
  await schedules.sync('T1', watch({ drift: { from: 'old', to: 'new' } }));
  await schedules.settle('T1', 'watch', PAST, 'what came of it', true);
  const before = await schedules.claim('T1', 0);
  expect(before?.outcome).toBe('what came of it');
  await schedules.sync('T1', watch(task, { everyMs: 5 }));
  const after = await schedules.claim('T1', 0);
  expect(after?.outcome).toBe(expected);
});
