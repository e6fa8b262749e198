import { expect, test } from '@jest/globals';
import { outcomeOf } from '#schedules/scheduled.js';

const kept = {
  name: 'x',
  watches: false,
  outcome: null,
  lastDone: null,
  next: 1,
  done: false,
  claimed: false,
};
const found = (hash: string | null, unread: object | null = null) =>
  JSON.stringify({ hash, incident: 7, unread });

test.each([
  ['none', { watches: true }],
  ['in_step', { watches: true, outcome: found(null), done: true }],
  ['drifted', { watches: true, outcome: found('abc'), done: true }],
  ['drifted', { watches: true, outcome: found('abc'), claimed: true }],
  [
    'unread',
    { watches: true, outcome: found('abc', { since: 'then', misses: 1, incident: null }), done: true },
  ],
  ['none', {}],
  ['done', { outcome: 'INC-0: RUN-3 is being planned.', done: true }],
  ['put_off', { outcome: 'INC-7 is open' }],
  ['under_way', { outcome: 'INC-7 is open', claimed: true }],
  ['refused', { outcome: JSON.stringify({ why: 'There is no runbook x.', since: 'then', incident: 7 }) }],
] as const)('%s', (expected, more) => {
  expect(outcomeOf({ ...kept, ...more })).toBe(expected);
});
