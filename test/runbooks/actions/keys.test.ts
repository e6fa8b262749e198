import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Lost } from '#runbooks/action.js';
import { keysAdd } from '#runbooks/actions/keys-add.js';
import { keysCompare } from '#runbooks/actions/keys-compare.js';
import { keysRemove } from '#runbooks/actions/keys-remove.js';
import { type KeyStore, StoreFailed } from '#runbooks/keystores/keystore.js';
import { failure, fp, Kit } from './kit.js';

let kit: Kit;
const OLD = { 'client-1': 'value-one', 'client-2': 'value-two', 'client-3': 'value-three' };
const NEW = { 'client-3': 'value-three', own: 'value-own' };

beforeEach(async () => {
  kit = await Kit.open();
  await kit.store('old', OLD);
  await kit.store('new', NEW);
});
afterEach(() => kit.close());

const compare = { from: 'old', to: 'new' };
const both = { from: 'old', to: 'new', keys: ['client-2', 'client-1', 'client-1'] };
const FPS = { 'client-1': fp('value-one'), 'client-2': fp('value-two') };

test('a comparison says what is missing, extra, mismatched, by fingerprint', async () => {
  await kit.write('new', { ...NEW, 'client-2': 'other' });
  const { output, summary } = await kit.done(keysCompare, compare);
  expect(output).toEqual({
    missing: ['client-1'],
    extra: ['own'],
    mismatched: ['client-2'],
    disagreeing: [],
    same: 1,
    empty: false,
    fingerprints: { ...FPS, own: fp('value-own') },
  });
  expect(summary).toBe(
    `1 missing (client-1 ${FPS['client-1']}), 1 mismatched (client-2 ${FPS['client-2']}), 1 extra (own ${fp('value-own')}), 1 key the same`,
  );
  expect(kit.said).toEqual([`client-2: ${FPS['client-2']} in old, ${fp('other')} in new`]);
  const plan = await kit.plan(keysCompare, compare);
  expect(plan.output).toEqual(output);
  expect(Object.keys(plan.versions)).toEqual(['keys:old', 'keys:new']);
});

const VALUES = `client-1: ${FPS['client-1']} in old, ${fp('other')} in new`;

test.each<[string, Record<string, string>, string | null]>([
  [
    'a missing key',
    { ...OLD, 'client-1': '' },
    `new lacks keys of old: 1 missing (client-1 ${FPS['client-1']})`,
  ],
  ['a mismatched key', { ...OLD, 'client-1': 'other' }, `new has another value under ${VALUES}`],
  [
    'both',
    { ...OLD, 'client-1': 'other', 'client-2': '' },
    `new lacks keys of old: 1 missing (client-2 ${FPS['client-2']}); new has another value under ${VALUES}`,
  ],
  ['only an extra key', { ...OLD, own: 'value-own' }, null],
  ['equal stores', OLD, null],
])('none-missing with %s', async (_, there, message) => {
  await kit.write('new', Object.fromEntries(Object.entries(there).filter(([, value]) => value !== '')));
  const given = { ...compare, require: 'none-missing' };
  const run = kit.run(keysCompare, given);
  if (message === null) await run;
  else expect((await failure(run)).message).toBe(message);
  // An earlier step of the same runbook may put it right.
  const { does } = await kit.plan(keysCompare, given);
  expect(does.endsWith(', and fails as long as that is so')).toBe(message !== null);
});

test('none-missing: of a store that holds no key, or of the same store twice, nothing is proved', async () => {
  const given = { ...compare, require: 'none-missing' };
  await kit.write('old', {});
  const empty = await failure(kit.run(keysCompare, given));
  expect(empty.message).toBe('old holds no key: nothing to compare with');
  await rm(join(kit.folder, 'old.json'));
  const gone = await failure(kit.run(keysCompare, given));
  expect(gone.message).toBe('old holds no key (the file is not there yet): nothing to compare with');
  await kit.done(keysCompare, compare);
  expect(keysCompare.input.safeParse({ from: 'old', to: 'old' }).success).toBe(false);
});

test('none-mismatched: what adding cannot mend fails at planning, unless an earlier step may mend it', async () => {
  const given = { ...compare, require: 'none-mismatched' };
  await kit.plan(keysCompare, given);
  await kit.done(keysCompare, given);
  await kit.write('new', { ...NEW, 'client-1': 'other' });
  for (const attempt of [kit.plan(keysCompare, given), kit.run(keysCompare, given)])
    expect((await failure(attempt)).message).toBe(
      `new has another value under ${VALUES}, which adding leaves alone: mend it by hand, or replace the key on all sides (key-rotate)`,
    );
  const [place] = kit.stores.get('new')?.places ?? [];
  const foreseen = new Map([[String(place), null]]);
  const { does } = await keysCompare.plan(keysCompare.input.parse(given), kit.context(), foreseen);
  expect(does).toMatch(/, and fails as long as that is so$/);
});

test('adding: planned, done, repeated, undone', async () => {
  expect(await kit.plan(keysAdd, both)).toMatchObject({
    does: `adds 2 keys to new (client-1 ${FPS['client-1']}, client-2 ${FPS['client-2']})`,
    current: '2 keys',
    desired: '4 keys',
    output: { added: ['client-1', 'client-2'], fingerprints: FPS },
  });
  expect(await kit.holds('new')).toEqual(NEW);

  const captured = await kit.capture(keysAdd, both);
  const { output } = await kit.done(keysAdd, both, { captured });
  expect(output).toEqual({ added: ['client-1', 'client-2'], fingerprints: FPS });
  expect(await kit.holds('new')).toEqual({ ...OLD, ...NEW });
  expect(kit.secured).toBe(2);
  expect((await kit.done(keysAdd, both, { captured })).output).toEqual(output);
  expect(kit.secured).toBe(2);
  // Planned anew it adds nothing, and takes nothing as its own.
  expect((await kit.done(keysAdd, both)).output).toEqual({ added: [], fingerprints: {} });

  const undo = { store: 'new', keys: output.added as string[] };
  const undoing = { captured, input: both, output };
  const undone = await kit.done(keysRemove, undo, { undoing });
  expect(undone.output).toEqual({ removed: ['client-1', 'client-2'], absent: [], fingerprints: FPS });
  expect(await kit.holds('new')).toEqual(NEW);
});

test('an undo takes away what is ours, and leaves alone and names the rest', async () => {
  const captured = await kit.capture(keysAdd, both);
  const { output } = await kit.done(keysAdd, both, { captured });
  await kit.write('new', { ...(await kit.holds('new')), 'client-1': 'somebody else put this' });
  const undoing = { captured, input: both, output };
  const left = await failure(
    kit.run(keysRemove, { store: 'new', keys: ['client-1', 'client-2', 'own'] }, { undoing }),
  );
  expect(left.message).toContain(
    `left alone: client-1 ${fp('somebody else put this')}, own ${fp('value-own')}`,
  );
  const fingerprints = { 'client-2': FPS['client-2'] };
  expect(left.output).toEqual({ removed: ['client-2'], absent: [], fingerprints });
  expect(await kit.holds('new')).toEqual({ ...NEW, 'client-1': 'somebody else put this' });
});

test('another value under the same id is never overwritten', async () => {
  await kit.write('new', { ...NEW, 'client-2': 'other' });
  for (const attempt of [kit.plan(keysAdd, both), kit.run(keysAdd, both)]) {
    expect((await failure(attempt)).message).toBe('new has another value under client-2: left alone');
  }
  expect(await kit.holds('new')).toEqual({ ...NEW, 'client-2': 'other' });
});

test('a key that has changed since it was approved is not copied', async () => {
  const captured = await kit.capture(keysAdd, both);
  await kit.write('old', { ...OLD, 'client-1': 'rotated' });
  const stale = await failure(kit.run(keysAdd, both, { captured }));
  expect(stale.message).toBe('key client-1 of old has changed since: plan again');
  expect(await kit.holds('new')).toEqual(NEW);
  const removal = await kit.capture(keysRemove, { store: 'old', keys: ['client-2'] });
  await kit.write('old', { ...OLD, 'client-2': 'rotated' });
  await failure(kit.run(keysRemove, { store: 'old', keys: ['client-2'] }, { captured: removal }));
  expect((await kit.holds('old'))['client-2']).toBe('rotated');
});

test('a failure midway says what was added; one that is not known counts, for the undo', async () => {
  for (const written of [false, true]) {
    await kit.write('new', NEW);
    const real = kit.stores.get('new') as KeyStore;
    kit.stores.set('new', failing(real, 'client-2', written));
    const captured = await kit.capture(keysAdd, both);
    const failed = await failure(kit.run(keysAdd, both, { captured }));
    expect(failed).toMatchObject({
      unsure: true,
      output: { added: ['client-1', 'client-2'], fingerprints: FPS },
    });
    kit.stores.set('new', real);
    const undoing = { captured, input: both, output: failed.output };
    await kit.done(keysRemove, { store: 'new', keys: failed.output.added as string[] }, { undoing });
    expect(await kit.holds('new')).toEqual(NEW);
  }
});

test('a key that a removal left in one place only is removed, and not taken for gone', async () => {
  const real = await kit.store('half', { 'client-1': 'value-one' });
  const undoing = { captured: null, input: null, output: { added: ['client-1'], fingerprints: FPS } };
  const given = { store: 'half', keys: ['client-1'] };
  const halves: KeyStore = {
    name: real.name,
    type: real.type,
    places: real.places,
    async read(signal) {
      const { version, keys } = await real.read(signal);
      const apart = [...keys].map(
        ([id, key]) => [id, { told: `half holds ${id} in part`, keys: [key] }] as const,
      );
      return { version, keys: new Map(), apart: new Map(apart) };
    },
    put: (...args) => real.put(...args),
    remove: (...args) => real.remove(...args),
  };
  kit.stores.set('half', { ...halves, remove: async () => {} });
  expect((await failure(kit.run(keysRemove, given, { undoing }))).message).toBe('half still holds client-1');
  kit.stores.set('half', halves);
  expect((await kit.done(keysRemove, given, { undoing })).output.removed).toEqual(['client-1']);
  expect(await kit.holds('half')).toEqual({});
});

test('the right to change is asked for before every key', async () => {
  kit.onSecure = () => {
    if (kit.secured === 2) throw new Lost();
  };
  await expect(kit.run(keysAdd, both)).rejects.toBeInstanceOf(Lost);
  expect(await kit.holds('new')).toEqual({ ...NEW, 'client-1': 'value-one' });
});

test('cancelled midway, it says what was added', async () => {
  const stop = new AbortController();
  kit.onSecure = () => {};
  const say = () => stop.abort();
  const stopped = await failure(kit.run(keysAdd, both, { signal: stop.signal, say }));
  expect(stopped).toMatchObject({ unsure: false, output: { added: ['client-1'] } });
  expect(await kit.holds('new')).toEqual({ ...NEW, 'client-1': 'value-one' });
});

test('unknown stores and keys, and a store that cannot be read, are said', async () => {
  expect((await failure(kit.plan(keysAdd, { ...both, to: 'nwe' }))).message).toContain('there are old, new');
  expect((await failure(kit.plan(keysAdd, { ...both, keys: ['client-9'] }))).message).toBe(
    'old has no key client-9',
  );
  expect(keysAdd.input.safeParse({ ...both, to: 'old' }).success).toBe(false);
  await kit.write('new', 'half a fi' as never);
  expect((await failure(kit.run(keysCompare, compare))).message).toContain('new');
});

test('whatever two stores hold: compared, added and undone they are as before, and no value is shown', async () => {
  const value = fc.integer({ min: 10_000, max: 10_003 }).map((n) => `secret-${n}`);
  const store = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'constructor', 'toString'), value, {
    noNullPrototype: true,
  });
  await fc.assert(
    fc.asyncProperty(store, store, async (from, to) => {
      await kit.write('old', from);
      await kit.write('new', to);
      const compared = (await kit.done(keysCompare, compare)).output;
      const given = { ...compare, keys: compared.missing as string[] };
      const captured = await kit.capture(keysAdd, given);
      const { output, summary } = await kit.done(keysAdd, given, { captured });
      expect(await kit.holds('new')).toEqual({ ...from, ...to });
      expect(output.added).toEqual(compared.missing);
      await kit.done(
        keysRemove,
        { store: 'new', keys: output.added as string[] },
        { undoing: { captured, input: given, output } },
      );
      expect(await kit.holds('new')).toEqual(to);
      const none = await kit.done(keysRemove, { store: 'new', keys: compared.missing as string[] });
      expect(none.output.removed).toEqual([]);
      expect(JSON.stringify([compared, output, summary, captured, kit.said])).not.toContain('secret-');
    }),
    { numRuns: 40 },
  );
});

/** The real store, which cannot say whether it wrote one key. */
function failing(real: KeyStore, broken: string, written: boolean): KeyStore {
  return {
    name: real.name,
    type: real.type,
    places: real.places,
    read: (signal) => real.read(signal),
    remove: (...args) => real.remove(...args),
    async put(id, value, expected, signal) {
      if (id !== broken || written) await real.put(id, value, expected, signal);
      if (id === broken) throw new StoreFailed(`new: instance 2 of 2 does not answer`);
    },
  };
}

test('values that nobody approved are neither added nor removed', async () => {
  const planned = {
    added: ['client-1', 'client-2'],
    fingerprints: { ...FPS, 'client-2': fp('another one') },
  };
  const { message } = await failure(kit.run(keysAdd, both, { planned }));
  expect(message).toContain(
    `key client-2 of old is ${FPS['client-2']} now, and ${fp('another one')} was approved`,
  );
  expect(await kit.holds('new')).toEqual(NEW);
  const agreed = { removed: ['own'], fingerprints: { own: fp('what it was') } };
  const left = await failure(kit.run(keysRemove, { store: 'new', keys: ['own'] }, { planned: agreed }));
  expect(left.message).toContain('left alone');
  expect(await kit.holds('new')).toEqual(NEW);
  await kit.run(keysAdd, both, { planned: { added: ['client-1', 'client-2'], fingerprints: FPS } });
  expect(await kit.holds('new')).toEqual({ ...NEW, 'client-1': 'value-one', 'client-2': 'value-two' });
});

test('ids that every object has are ids like others', async () => {
  await kit.write('old', { constructor: 'value-one', other: 'value-two' });
  await kit.write('new', { constructor: 'value-one' });
  const given = { from: 'old', to: 'new', keys: ['constructor', 'other'] };
  const plan = await kit.plan(keysAdd, given);
  const { output } = await kit.done(keysAdd, given, { planned: plan.output });
  expect(output.added).toEqual(['other']);
});

test('where the plan says that nothing is removed, nothing is, though somebody has added it since', async () => {
  const given = { store: 'new', keys: ['client-1'] };
  const plan = await kit.plan(keysRemove, given);
  expect(plan.does).toMatch(/^removes nothing/);
  await kit.write('new', { ...NEW, 'client-1': 'somebody-elses' });
  await kit.run(keysRemove, given, { planned: plan.output }).catch(() => null);
  expect(await kit.holds('new')).toMatchObject({ 'client-1': 'somebody-elses' });
});
