import { renameSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { KeyStore } from '#runbooks/keystores/keystore.js';
import { Secret } from '#runbooks/secret.js';
import { type ScheduleKit, startScheduleKit, WATCH } from './kit.js';

let kit: ScheduleKit;

beforeEach(async () => {
  kit = await startScheduleKit(WATCH);
});
afterEach(() => kit.end());

const ONE = 'value-of-one-1';
const TWO = 'value-of-two-2';
const MINUTE = 60_000;
const offers = async () => (await kit.offers()).map(({ incident }) => incident);

describe('a store to compare with that holds no keys', () => {
  test('is a drift of its own, and never the end of one', async () => {
    kit.keys('old', { one: ONE, two: TWO });
    kit.keys('new', { one: ONE });
    await kit.tick();
    renameSync(kit.path('old'), kit.path('away'));
    await kit.tick();
    await kit.tick();
    expect(await kit.notes(2)).toEqual([
      expect.stringMatching(/^Drift: new lacks two/),
      expect.stringMatching(/^Drift: old holds no keys \(the file is not there yet\)/),
    ]);
    renameSync(kit.path('away'), kit.path('old'));
    kit.keys('new', { one: ONE, two: TWO });
    await kit.tick();
    expect((await kit.notes(2))[2]).toBe('new and old are in step again.');
    expect(await offers()).toEqual([2]);
  });

  test('opens an incident that says so, with nothing to mend it from', async () => {
    kit.keys('old', {});
    kit.keys('new', { one: ONE });
    await kit.tick();
    expect((await kit.state(2))?.title).toBe('old holds no keys');
    expect(await kit.notes(2)).toHaveLength(1);
    expect(await offers()).toEqual([]);
  });
});

describe('where a drift is told', () => {
  test('is another open incident when the one that heard of it is resolved, with a button there', async () => {
    kit.keys('old', { one: ONE });
    kit.keys('new', {});
    await kit.open();
    await kit.tick();
    await kit.open();
    await kit.tick();
    expect(await kit.notes(3)).toEqual([]);
    await kit.resolve(2);
    await kit.tick();
    await kit.tick();
    expect(await kit.notes(3)).toEqual([expect.stringMatching(/^Drift: new lacks one/)]);
    expect(await offers()).toEqual([2, 3]);
    kit.keys('new', { one: ONE });
    await kit.tick();
    expect((await kit.notes(3))[1]).toBe('new and old are in step again.');
    expect(await kit.opened()).toEqual([3]);
  });

  test('its end is told only there', async () => {
    kit.keys('old', { one: ONE });
    kit.keys('new', {});
    await kit.open();
    await kit.tick();
    await kit.open();
    await kit.resolve(2);
    kit.keys('new', { one: ONE });
    await kit.tick();
    expect(await kit.notes(3)).toEqual([]);
  });

  test('it is offered again when it comes back', async () => {
    kit.keys('old', { one: ONE });
    for (const values of [{}, { one: ONE }, {}] as Record<string, string>[]) {
      kit.keys('new', values);
      await kit.tick();
    }
    expect(await kit.notes(2)).toHaveLength(3);
    expect(await offers()).toEqual([2, 2]);
  });

  test.each([{ drill: true }, { private: true }])('is no incident with %j', async (hidden) => {
    kit.keys('old', { one: ONE });
    kit.keys('new', {});
    await kit.open(hidden);
    await kit.tick();
    expect(await kit.notes(2)).toEqual([]);
    expect(await kit.notes(3)).toHaveLength(1);
    expect(await offers()).toEqual([3]);
  });
});

describe('the button', () => {
  test('is left out where key-sync would refuse, and the text says what a person must do', async () => {
    kit.keys('old', { one: ONE, two: TWO });
    kit.keys('new', { one: 'another-value-1', two: TWO });
    await kit.tick();
    const print = (value: string) => kit.world.systems.fingerprint(new Secret(value));
    const [first] = await kit.notes(2);
    expect(first).toContain(
      `new has another value under one (${print(ONE)} in old, ${print('another-value-1')} in new)`,
    );
    expect(first).toMatch(
      /`key-sync` cannot mend this: it overwrites nothing.*under one by hand.*`key-rotate`\.$/,
    );
    expect(await offers()).toEqual([]);
    // Nor where something is missing beside it: there is no plan then either.
    kit.keys('new', { one: 'another-value-1' });
    await kit.tick();
    expect((await kit.notes(2))[1]).toMatch(/lacks two.*another value under one/);
    expect(await offers()).toEqual([]);
    kit.keys('new', { one: ONE });
    await kit.tick();
    expect(await offers()).toEqual([2]);
  });

  test('is there for places that disagree only where adding makes them agree', async () => {
    kit.keys('old', { one: ONE });
    const torn = (held: string) => {
      const apart = new Map([
        ['one', { told: 'places of new disagree about one', keys: [new Secret(held)] }],
      ]);
      return { read: async () => ({ version: 'v', keys: new Map(), apart }) } as unknown as KeyStore;
    };
    const { store } = kit.world.systems;
    const places = { new: torn('another-value-1') };
    kit.world.systems = {
      ...kit.world.systems,
      store: (name) => (name === 'new' ? places.new : store(name)),
    };
    await kit.tick();
    expect((await kit.notes(2))[0]).toMatch(/disagree about one\. `key-sync` cannot.*make the places agree/);
    expect(await offers()).toEqual([]);
    places.new = torn(ONE);
    await kit.tick();
    expect((await kit.notes(2))[1]).toBe('Drift: places of new disagree about one.');
    expect(await offers()).toEqual([2]);
  });

  test('of a runbook of their own is always there: what it can mend, its author knows', async () => {
    kit.configure(
      'watch: { drift: { from: old, to: new }, every: 5s, components: [TTS], runbook: overwrite }',
    );
    kit.keys('old', { one: ONE });
    kit.keys('new', { one: 'another-value-1' });
    await kit.tick();
    expect((await kit.notes(2))[0]).not.toMatch('key-sync');
    expect(await offers()).toEqual([2]);
  });
});

describe('a store that cannot be read', () => {
  const broken = () => writeFileSync(kit.path('old'), `{"one": "${ONE}"`);

  test('is told of once, after five minutes and three looks, and when it can be read again', async () => {
    kit.keys('new', { one: ONE });
    broken();
    await kit.ticks(4, MINUTE);
    expect(await kit.opened()).toEqual([]);
    await kit.ticks(4, MINUTE);
    expect(await kit.opened()).toEqual([2]);
    expect(await kit.state(2)).toMatchObject({ components: ['TTS'], private: false });
    const [first, ...more] = await kit.notes(2);
    expect(first).toMatch(
      /^Drift between old and new has not been looked for since \d{4}-\d\d-\d\d \d\d:\d\d UTC: old: .*old\.json is not a json-file/,
    );
    expect(more).toEqual([]);
    kit.keys('old', { one: ONE });
    await kit.ticks(2, MINUTE);
    expect((await kit.notes(2)).slice(1)).toEqual(['Drift between old and new is looked for again.']);
  });

  test('is not told of after two looks, however far apart, nor when a look between succeeded', async () => {
    kit.keys('new', { one: ONE });
    broken();
    await kit.ticks(2, 60 * MINUTE);
    kit.keys('old', { one: ONE });
    await kit.tick();
    broken();
    await kit.ticks(2, 60 * MINUTE);
    expect(await kit.opened()).toEqual([]);
    await kit.tick();
    expect(await kit.opened()).toEqual([2]);
  });

  test('is told of in time, also where the first look was made by a clock that was an hour ahead', async () => {
    kit.keys('new', { one: ONE });
    broken();
    kit.windOn(60 * MINUTE);
    await kit.tick();
    kit.windOn(-60 * MINUTE);
    await kit.ticks(7, MINUTE);
    expect(await kit.opened()).toEqual([2]);
  });

  test('is noted on the open incident, and on the next when that is resolved', async () => {
    kit.keys('new', { one: ONE });
    broken();
    await kit.open();
    await kit.ticks(7, MINUTE);
    expect(await kit.notes(2)).toHaveLength(1);
    await kit.open();
    await kit.resolve(2);
    await kit.ticks(2, MINUTE);
    expect(await kit.notes(3)).toHaveLength(1);
    expect(await kit.opened()).toEqual([3]);
  });

  test('leaves a drift that was told as it stands', async () => {
    kit.keys('old', { one: ONE });
    kit.keys('new', {});
    await kit.tick();
    broken();
    await kit.ticks(7, MINUTE);
    kit.keys('old', { one: ONE });
    await kit.ticks(2, MINUTE);
    expect(await kit.notes(2)).toEqual([
      expect.stringMatching(/^Drift: new lacks one/),
      expect.stringMatching(/^Drift between old and new has not been looked for/),
      'Drift between old and new is looked for again.',
    ]);
    expect(await offers()).toEqual([2]);
  });

  test('is told of with no secret that its message may quote', async () => {
    kit.world.scrub = { ...kit.world.scrub, text: (text) => text.replaceAll('open sesame', '[secret]') };
    const failing = { read: () => Promise.reject(new Error('db: open sesame')) } as unknown as KeyStore;
    kit.world.systems = { ...kit.world.systems, store: () => failing };
    await kit.ticks(7, MINUTE);
    expect((await kit.notes(2))[0]).toMatch(/UTC: db: \[secret\]\.$/);
  });

  test('has a drift that is found later told in the incident that it opened', async () => {
    kit.configure('watch: { drift: { from: old, to: new }, every: 5s }');
    kit.keys('new', {});
    broken();
    await kit.ticks(7, MINUTE);
    kit.keys('old', { one: ONE });
    await kit.tick();
    expect(await kit.opened()).toEqual([2]);
    expect((await kit.notes(2))[2]).toMatch(/^Drift: new lacks one/);
  });
});
