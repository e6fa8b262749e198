import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { KeyStore } from '#runbooks/keystores/keystore.js';
import { type DriftKit, MINUTE, ONE, startDriftKit } from './drift-kit.js';

let drift: DriftKit;

beforeEach(async () => {
  drift = await startDriftKit();
});
afterEach(() => drift.end());

describe('a store that cannot be read', () => {
  const broken = () => writeFileSync(drift.path('old'), `{"one": "${ONE}"`);

  test('is told of once, after five minutes and three looks, and when it can be read again', async () => {
    drift.keys('new', { one: ONE });
    broken();
    await drift.looks(4, MINUTE);
    expect(await drift.opened()).toEqual([]);
    await drift.looks(4, MINUTE);
    expect(await drift.opened()).toEqual([2]);
    expect(await drift.state(2)).toMatchObject({ components: ['TTS'], private: false });
    const [first, ...more] = await drift.notes(2);
    expect(first).toMatch(
      /^Drift between old and new has not been looked for since \d{4}-\d\d-\d\d \d\d:\d\d UTC: old: .*old\.json is not a json-file/,
    );
    expect(more).toEqual([]);
    drift.keys('old', { one: ONE });
    await drift.looks(2, MINUTE);
    expect((await drift.notes(2)).slice(1)).toEqual(['Drift between old and new is looked for again.']);
  });

  test('is not told of after two looks, however far apart, nor when a look between succeeded', async () => {
    drift.keys('new', { one: ONE });
    broken();
    await drift.looks(2, 60 * MINUTE);
    drift.keys('old', { one: ONE });
    await drift.look();
    broken();
    await drift.looks(2, 60 * MINUTE);
    expect(await drift.opened()).toEqual([]);
    await drift.look();
    expect(await drift.opened()).toEqual([2]);
  });

  test('is told of in time, also where the first look was made by a clock that was an hour ahead', async () => {
    drift.keys('new', { one: ONE });
    broken();
    drift.windOn(60 * MINUTE);
    await drift.look();
    drift.windOn(-60 * MINUTE);
    await drift.looks(7, MINUTE);
    expect(await drift.opened()).toEqual([2]);
  });

  test('is noted on the open incident, and on the next when that is resolved', async () => {
    drift.keys('new', { one: ONE });
    broken();
    await drift.open();
    await drift.looks(7, MINUTE);
    expect(await drift.notes(2)).toHaveLength(1);
    await drift.open();
    await drift.resolve(2);
    await drift.looks(2, MINUTE);
    expect(await drift.notes(3)).toHaveLength(1);
    expect(await drift.opened()).toEqual([3]);
  });

  test('leaves a drift that was told as it stands', async () => {
    drift.keys('old', { one: ONE });
    drift.keys('new', {});
    await drift.look();
    broken();
    await drift.looks(7, MINUTE);
    drift.keys('old', { one: ONE });
    await drift.looks(2, MINUTE);
    expect(await drift.notes(2)).toEqual([
      expect.stringMatching(/^Drift: new lacks one/),
      expect.stringMatching(/^Drift between old and new has not been looked for/),
      'Drift between old and new is looked for again.',
    ]);
    expect(await drift.offers()).toEqual([2]);
  });

  test('is told of with no secret that its message may quote', async () => {
    drift.world.scrub = { ...drift.world.scrub, text: (text) => text.replaceAll('open sesame', '[secret]') };
    const failing = { read: () => Promise.reject(new Error('db: open sesame')) } as unknown as KeyStore;
    drift.world.systems = { ...drift.world.systems, store: () => failing };
    await drift.looks(7, MINUTE);
    expect((await drift.notes(2))[0]).toMatch(/UTC: db: \[secret\]\.$/);
  });

  test('has a drift that is found later told in the incident that it opened', async () => {
    drift.configure('components: []');
    drift.keys('new', {});
    broken();
    await drift.looks(7, MINUTE);
    drift.keys('old', { one: ONE });
    await drift.look();
    expect(await drift.opened()).toEqual([2]);
    expect((await drift.notes(2))[2]).toMatch(/^Drift: new lacks one/);
  });
});
