import { describe, expect, test } from '@jest/globals';
import type { IncidentState } from '#domain/incident/state.js';
import { ALIKE, alike, similarity } from '#domain/link/alike.js';
import { fold, NOW, opened, stream } from './given.js';

/** Titles of one outage, as two people type them who do not know of each other; found in public incident reports, and shortened. */
const SAME: ReadonlyArray<[string, string]> = [
  ['API answers 401', 'API returns 401 for all requests'],
  ['Checkout fails with 500', '500 errors in checkout'],
  ['Redis timeouts', 'Timeouts talking to Redis'],
  ['Payment latency high', 'High latency on payments'],
  ['Login broken', 'Users cannot login'],
  ['Database replica lag', 'Replica lag on the main database'],
  ['TTS returns errors', 'Errors from the TTS service'],
  ['Search is down', 'search down in eu-west'],
  ['Webhooks delayed', 'Webhook delivery is delayed'],
  ['Certificate expired on api.example.com', 'Expired certificate on the API'],
  ['Kafka consumer lag growing', 'consumer lag on kafka'],
  ['Emails are not sent', 'No emails sent since noon'],
  ['DNS resolution fails', 'DNS failing in production'],
  ['Disk full on build agents', 'build agents: disk is full'],
  ['Zahlungen schlagen fehl', 'Zahlung schlägt fehl im Shop'],
  ['ログインできない', 'ログインできない状態'],
];
/** Titles of outages that have nothing to do with each other but happen at the same time. */
const OTHER: ReadonlyArray<[string, string]> = [
  ['API answers 401', 'Emails are not sent'],
  ['Search is down', 'Login is down'],
  ['Redis timeouts', 'Disk full on build agents'],
  ['Checkout fails with 500', 'Image uploads fail'],
  ['Database replica lag', 'Dashboard shows no data'],
  ['Payment latency high', 'High memory on workers'],
  ['Webhooks delayed', 'Certificate expired on api.example.com'],
  ['TTS returns errors', 'Search returns stale results'],
  ['DNS resolution fails', 'Mobile app crashes on start'],
  ['Kafka consumer lag growing', 'Users see a blank page'],
  ['Login broken', 'Broken links in emails'],
  ['Deploys are stuck', 'Builds are slow'],
  ['Errors in EU', 'Latency in US'],
  ['Reports late', 'Invoices wrong'],
];
const over = (pairs: typeof SAME, threshold: number) =>
  pairs.filter(([a, b]) => similarity(a, b) >= threshold).map(([a]) => a);

test('the threshold finds most titles of one outage, and hardly any of two', () => {
  const counted = (threshold: number) => [over(SAME, threshold).length, over(OTHER, threshold).length];
  expect([SAME.length, OTHER.length]).toEqual([16, 14]);
  expect(ALIKE).toBe(0.3);
  expect(counted(ALIKE)).toEqual([14, 2]);
  // These have one of their two words in common.
  expect(over(OTHER, ALIKE)).toEqual(['Search is down', 'Login broken']);
  expect([counted(0.2), counted(0.4)]).toEqual([
    [16, 3],
    [11, 0],
  ]);
});

describe('what may be the same', () => {
  const state = (number: number, title: string, more: Partial<IncidentState> = {}): IncidentState => ({
    ...(fold(stream(opened)) as IncidentState),
    ...{ number, title, components: [] },
    ...more,
  });
  const resolved = (at: string): Partial<IncidentState> => ({
    status: 'resolved',
    milestones: {
      ...{ started: null, detected: null, mitigated: null },
      resolved: { at, precision: 'minute', marked: false, n: 2 },
    },
  });
  const mine = state(20, 'Redis timeouts', { components: ['Cache'] });
  const of = (...others: IncidentState[]) => alike(mine, others, NOW).map(({ state }) => state.number);

  test.each<[string, IncidentState, boolean]>([
    ['a like title', state(7, 'timeouts from redis'), true],
    ['the same component, in any case', state(7, 'Everything is slow', { components: ['cache'] }), true],
    ['neither', state(7, 'Emails are not sent'), false],
    ['itself', mine, false],
    ['resolved within a day', state(7, 'Redis timeouts', resolved('2024-11-09T03:00:00Z')), true],
    ['resolved before', state(7, 'Redis timeouts', resolved('2024-11-09T01:00:00Z')), false],
    ['a drill', state(7, 'Redis timeouts', { drill: true }), false],
    [
      'a false alarm',
      state(7, 'Redis timeouts', { ...resolved('2024-11-10T01:00:00Z'), falseAlarm: true }),
      false,
    ],
    ['merged away', state(7, 'Redis timeouts', { links: [{ n: 3, other: 8, how: 'into' }] }), false],
  ])('%s', (_, other, is) => {
    expect(of(other)).toEqual(is ? [7] : []);
  });

  test('at most three, the likeliest first', () => {
    const others = [
      state(3, 'Redis timeouts everywhere'),
      state(4, 'Redis timeouts', { components: ['Cache'] }),
      state(5, 'Redis timeouts', resolved('2024-11-10T01:00:00Z')),
      state(6, 'Redis timeouts'),
      state(7, 'Slow', { components: ['Cache'] }),
    ];
    expect(of(...others)).toEqual([4, 6, 5]);
  });

  test('a drill has drills, and what is linked already is not offered', () => {
    const drill = { ...mine, drill: true, links: [{ n: 2, other: 6, how: 'linked' as const }] };
    const others = [5, 6].map((number) => state(number, 'Redis timeouts', { drill: true }));
    expect(alike(drill, others, NOW).map(({ state }) => state.number)).toEqual([5]);
  });
});
