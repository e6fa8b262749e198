import { renameSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { KeyStore } from '#runbooks/keystores/keystore.js';
import { Secret } from '#runbooks/secret.js';
import { type DriftKit, ONE, startDriftKit, TWO } from './drift-kit.js';

let drift: DriftKit;

beforeEach(async () => {
  drift = await startDriftKit();
});
afterEach(() => drift.end());

describe('a store to compare with that holds no keys', () => {
  test('is a drift of its own, and never the end of one', async () => {
    drift.keys('old', { one: ONE, two: TWO });
    drift.keys('new', { one: ONE });
    await drift.look();
    renameSync(drift.path('old'), drift.path('away'));
    await drift.look();
    await drift.look();
    expect(await drift.notes(2)).toEqual([
      expect.stringMatching(/^Drift: new lacks two/),
      expect.stringMatching(/^Drift: old holds no keys \(the file is not there yet\)/),
    ]);
    renameSync(drift.path('away'), drift.path('old'));
    drift.keys('new', { one: ONE, two: TWO });
    await drift.look();
    expect((await drift.notes(2))[2]).toBe('new and old are in step again.');
    expect(await drift.offers()).toEqual([2]);
  });

  test('opens an incident that says so, with nothing to mend it from', async () => {
    drift.keys('old', {});
    drift.keys('new', { one: ONE });
    await drift.look();
    expect((await drift.state(2))?.title).toBe('old holds no keys');
    expect(await drift.notes(2)).toHaveLength(1);
    expect(await drift.offers()).toEqual([]);
  });
});

describe('where a drift is told', () => {
  test('is another open incident when the one that heard of it is resolved, with a button there', async () => {
    drift.keys('old', { one: ONE });
    drift.keys('new', {});
    await drift.open();
    await drift.look();
    await drift.open();
    await drift.look();
    expect(await drift.notes(3)).toEqual([]);
    await drift.resolve(2);
    await drift.look();
    await drift.look();
    expect(await drift.notes(3)).toEqual([expect.stringMatching(/^Drift: new lacks one/)]);
    expect(await drift.offers()).toEqual([2, 3]);
    drift.keys('new', { one: ONE });
    await drift.look();
    expect((await drift.notes(3))[1]).toBe('new and old are in step again.');
    expect(await drift.opened()).toEqual([3]);
  });

  test('its end is told only there', async () => {
    drift.keys('old', { one: ONE });
    drift.keys('new', {});
    await drift.open();
    await drift.look();
    await drift.open();
    await drift.resolve(2);
    drift.keys('new', { one: ONE });
    await drift.look();
    expect(await drift.notes(3)).toEqual([]);
  });

  test('it is offered again when it comes back', async () => {
    drift.keys('old', { one: ONE });
    for (const values of [{}, { one: ONE }, {}] as Record<string, string>[]) {
      drift.keys('new', values);
      await drift.look();
    }
    expect(await drift.notes(2)).toHaveLength(3);
    expect(await drift.offers()).toEqual([2, 2]);
  });

  test.each([{ drill: true }, { private: true }])('is no incident with %j', async (hidden) => {
    drift.keys('old', { one: ONE });
    drift.keys('new', {});
    await drift.open(hidden);
    await drift.look();
    expect(await drift.notes(2)).toEqual([]);
    expect(await drift.notes(3)).toHaveLength(1);
    expect(await drift.offers()).toEqual([3]);
  });
});

describe('the button', () => {
  test('is left out where key-sync would refuse, and the text says what a person must do', async () => {
    drift.keys('old', { one: ONE, two: TWO });
    drift.keys('new', { one: 'another-value-1', two: TWO });
    await drift.look();
    const print = (value: string) => drift.world.systems.fingerprint(new Secret(value));
    const [first] = await drift.notes(2);
    expect(first).toContain(
      `new has another value under one (${print(ONE)} in old, ${print('another-value-1')} in new)`,
    );
    expect(first).toMatch(
      /`key-sync` cannot mend this: it overwrites nothing.*under one by hand.*`key-rotate`\.$/,
    );
    expect(await drift.offers()).toEqual([]);
    // Nor where something is missing beside it: there is no plan then either.
    drift.keys('new', { one: 'another-value-1' });
    await drift.look();
    expect((await drift.notes(2))[1]).toMatch(/lacks two.*another value under one/);
    expect(await drift.offers()).toEqual([]);
    drift.keys('new', { one: ONE });
    await drift.look();
    expect(await drift.offers()).toEqual([2]);
  });

  test('is there for places that disagree only where adding makes them agree', async () => {
    drift.keys('old', { one: ONE });
    const torn = (held: string) => {
      const apart = new Map([
        ['one', { told: 'places of new disagree about one', keys: [new Secret(held)] }],
      ]);
      return { read: async () => ({ version: 'v', keys: new Map(), apart }) } as unknown as KeyStore;
    };
    const { store } = drift.world.systems;
    const places = { new: torn('another-value-1') };
    drift.world.systems = {
      ...drift.world.systems,
      store: (name) => (name === 'new' ? places.new : store(name)),
    };
    await drift.look();
    expect((await drift.notes(2))[0]).toMatch(
      /disagree about one\. `key-sync` cannot.*make the places agree/,
    );
    expect(await drift.offers()).toEqual([]);
    places.new = torn(ONE);
    await drift.look();
    expect((await drift.notes(2))[1]).toBe('Drift: places of new disagree about one.');
    expect(await drift.offers()).toEqual([2]);
  });

  test('of a runbook of their own is always there: what it can mend, its author knows', async () => {
    drift.configure('components: [TTS], runbook: overwrite');
    drift.keys('old', { one: ONE });
    drift.keys('new', { one: 'another-value-1' });
    await drift.look();
    expect((await drift.notes(2))[0]).not.toMatch('key-sync');
    expect(await drift.offers()).toEqual([2]);
  });
});
