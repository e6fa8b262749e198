import { expect, test } from '@jest/globals';
import type { Asking, TypedIntent } from '#domain/incident/intent.js';
import type { IncidentState } from '#domain/incident/state.js';
import { Cache } from '#handle/draft.js';
import { createAdmission } from '#handle/lookups.js';
import type { Loaded } from '#store/incidents.js';

// What a process remembers has an end: incidents and requests come and go for years.

test('of incidents and requests the latest are remembered, and only so many', () => {
  const cache = new Cache(3, 3);
  const known = (seq: number) => ({ seq, epoch: 0 }) as Loaded;
  for (const n of [1, 2, 3]) {
    cache.set('T1', n, known(1));
    cache.addKey('T1', `k${n}`);
    cache.compare('T1', n, known(2), 0);
  }
  cache.set('T1', 1, known(3));
  for (const n of [4, 5]) {
    cache.set('T1', n, known(1));
    cache.addKey('T1', `k${n}`);
    cache.compare('T1', n, known(2), 0);
  }
  const numbers = [1, 2, 3, 4, 5];
  expect(numbers.filter((n) => cache.get('T1', n))).toEqual([1, 4, 5]);
  expect(numbers.filter((n) => cache.hasKey('T1', `k${n}`))).toEqual([3, 4, 5]);
  expect(numbers.filter((n) => cache.isShared('T1', n, 1))).toEqual([3, 4, 5]);
});

test('which incidents are public is remembered of the latest five thousand', async () => {
  const looked: number[] = [];
  const admit = createAdmission(
    {
      account: async () => 'member',
      inChannel: async () => true,
      isAmong: async () => false,
      async stateOf(_team, incident) {
        looked.push(incident);
        return { number: incident, private: false } as IncidentState;
      },
    },
    {},
  );
  const note: TypedIntent = { type: 'RecordNote', text: 'x', moment: null };
  const asking: Asking = {
    team: 'T1',
    by: { id: 'U1', name: 'Ana' },
    account: 'member',
    source: 'slack',
    key: null,
    now: new Date(0),
    seesPrivate: false,
  };
  for (let n = 1; n <= 5_001; n++) await admit(note, n, asking);
  looked.length = 0;
  for (const n of [5_001, 2, 1]) await admit(note, n, asking);
  expect(looked).toEqual([1]);
});
