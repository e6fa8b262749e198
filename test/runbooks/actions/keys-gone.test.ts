import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { keysAdd } from '#runbooks/actions/keys-add.js';
import { keysRemove } from '#runbooks/actions/keys-remove.js';
import { type KeyStore, NotWritten, StoreFailed } from '#runbooks/keystores/keystore.js';
import { failure, fp, Kit } from './kit.js';

let kit: Kit;
const NEW = { a: 'value-a', b: 'value-b', own: 'value-own' };
const FPS = { a: fp('value-a'), b: fp('value-b') };
const given = { store: 'new', keys: ['a', 'b'] };
const undoing = { captured: null, input: null, output: { added: ['a', 'b'], fingerprints: FPS } };

beforeEach(async () => {
  kit = await Kit.open();
  await kit.store('old', { a: 'value-a', b: 'value-b' });
  await kit.store('new', NEW);
});
afterEach(() => kit.close());

test('an undo does not claim a key that was not there any more when it began', async () => {
  await kit.write('new', { a: 'value-a', own: 'value-own' });
  const { output, summary } = await kit.done(keysRemove, given, { undoing });
  expect(output).toEqual({ removed: ['a'], absent: ['b'], fingerprints: { a: FPS.a } });
  expect(summary).toBe(`removed a ${FPS.a} from new; was not there any more: b ${FPS.b}`);
  expect(kit.secured).toBe(1);
});

test('where none of them was there any more, nothing was removed', async () => {
  await kit.write('new', {});
  const { output, summary } = await kit.done(keysRemove, given, { undoing });
  expect(output).toEqual({ removed: [], absent: ['a', 'b'], fingerprints: {} });
  expect(summary).toBe(`removed nothing from new; was not there any more: a ${FPS.a}, b ${FPS.b}`);
});

test('done again after a death, it counts what has gone since it began, and does not claim it', async () => {
  const captured = await kit.capture(keysRemove, given);
  await kit.write('new', { b: 'value-b' });
  for (const more of [{ undoing }, { planned: { fingerprints: FPS } }, {}]) {
    await kit.write('new', { b: 'value-b' });
    const { output, summary } = await kit.done(keysRemove, given, { captured, ...more });
    expect(output).toEqual({ removed: ['a', 'b'], absent: [], fingerprints: FPS });
    expect(summary).toBe(
      `removed b ${FPS.b} from new; gone since the step began, by an earlier attempt or by others: a ${FPS.a}`,
    );
  }
});

test('what was another key when it began was not ours to take, though it is gone now', async () => {
  await kit.write('new', { a: 'somebody-elses', b: 'value-b' });
  const captured = await kit.capture(keysRemove, given);
  await kit.write('new', { b: 'value-b' });
  const { output } = await kit.done(keysRemove, given, { captured, undoing });
  expect(output).toEqual({ removed: ['b'], absent: ['a'], fingerprints: { b: FPS.b } });
});

test('beside a key that is left alone it says the same of the others', async () => {
  await kit.write('new', { a: 'somebody-elses' });
  const { message, output } = await failure(kit.run(keysRemove, given, { undoing }));
  expect(message).toBe(
    `new has other keys by now, left alone: a ${fp('somebody-elses')}; was not there any more: b ${FPS.b}`,
  );
  expect(output).toEqual({ removed: [], absent: ['b'], fingerprints: {} });
});

test('a refusal for certain: nothing counts as added, and nothing is left to undo', async () => {
  await kit.write('new', { own: 'value-own' });
  kit.stores.set('new', refusing(kit.stores.get('new') as KeyStore, new NotWritten('new: no right')));
  const failed = await failure(kit.run(keysAdd, { from: 'old', to: 'new', keys: ['a', 'b'] }));
  expect(failed).toMatchObject({ unsure: false, output: { added: ['a'], fingerprints: { a: FPS.a } } });
});

test('a removal: refused for certain it is not counted; with its outcome unknown it is, to be put back', async () => {
  const real = kit.stores.get('new') as KeyStore;
  for (const [error, removed] of [
    [new NotWritten('new: no right'), ['a']],
    [new StoreFailed('new: no answer'), ['a', 'b']],
  ] as const) {
    await kit.write('new', NEW);
    kit.stores.set('new', refusing(real, error));
    const failed = await failure(kit.run(keysRemove, given));
    expect(failed).toMatchObject({ unsure: removed.length === 2, output: { removed, absent: [] } });
  }
});

/** The real store, which fails at the key b. */
function refusing(real: KeyStore, error: Error): KeyStore {
  return {
    name: real.name,
    type: real.type,
    places: real.places,
    read: (signal) => real.read(signal),
    async put(id, ...more) {
      if (id === 'b') throw error;
      await real.put(id, ...more);
    },
    async remove(id, ...more) {
      if (id === 'b') throw error;
      await real.remove(id, ...more);
    },
  };
}
