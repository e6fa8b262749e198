import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { keysRotate } from '#runbooks/actions/keys-rotate.js';
import { Secret } from '#runbooks/secret.js';
import { effort } from '../../support/effort.js';
import { failure, fp } from './kit.js';
import { BACK, FORWARD, K1, type Shape, World } from './rotation-world.js';

const worlds: World[] = [];
const open = async (shape: Shape = { senders: 2, acceptors: 2 }) => {
  const world = await World.open(shape);
  worlds.push(world);
  return world;
};
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.kit.close();
});

/** All is well with `key`, and nothing else is left. */
function expectSteady(world: World, key: string, previous: string): void {
  const { senders, acceptors } = world.pair;
  const files = world.files();
  expect(files.truth).toEqual({ current: key, previous });
  for (const name of senders) expect(files[name]).toEqual({ key, other: 'of-somebody-else' });
  for (const name of acceptors)
    expect(Object.values(files[name] ?? {}).sort()).toEqual([key, 'of-a-client'].sort());
  expect(world.violations).toEqual([]);
}

const refusal = (world: World, phase: string, more = {}) =>
  failure(world.kit.run(keysRotate, { pair: 'tts', phase }, more));
const forwardTo = async (world: World, last: string) => {
  const steps = [];
  for (const phase of FORWARD.slice(0, FORWARD.indexOf(last as 'mint') + 1))
    steps.push(await world.phase(phase));
  return steps;
};

test('a rotation, twice: steady with a fresh key, and nothing but fingerprints is shown', async () => {
  const world = await open();
  let before = K1;
  for (let round = 0; round < 2; round += 1) {
    const steps = await forwardTo(world, 'settle');
    const key = world.files().truth?.current as string;
    expect(key).toMatch(/^[\w-]{43}$/);
    expectSteady(world, key, before);
    expect(steps[0]?.output).toMatchObject({ current: fp(before), pending: fp(key) });
    expect(steps.at(-1)?.output).toEqual({ current: fp(key), pending: null, previous: fp(before) });
    const shown = JSON.stringify([steps, world.kit.said]);
    expect(shown).not.toContain(key);
    expect(shown).not.toContain(before);
    before = key;
  }
});

test('the checker sees a sender that changes before its acceptors', async () => {
  const world = await open();
  await world.phase('mint');
  const pending = new Secret(world.files().truth?.pending as string);
  const { signal } = new AbortController();
  await world.kit.stores.get('sender-1')?.put('key', pending, new Secret(K1), signal);
  expect(world.violations.join()).toContain('I1 after write 2 (sender-1): acceptor-1 would refuse sender-1');
});

// Every write of a rotation with two senders and two acceptors: 1 + 2 + 2 + 2 + 3.
const WRITES = Array.from({ length: 10 }, (_, n) => n + 1);
/** The first with which the truth settles. */
const SETTLING = 8;

test.each(WRITES)(
  'a crash before and one after write %i: run again, it ends steady with the next key',
  async (write) => {
    for (const after of [false, true]) {
      const world = await open();
      world.crashes.push({ write, after });
      await forwardTo(world, 'settle');
      expect(world.crashes).toEqual([]);
      expectSteady(world, world.files().truth?.current as string, K1);
      expect(world.files().truth?.current).not.toBe(K1);
    }
  },
);

test.each(WRITES.filter((write) => write < SETTLING))(
  'a crash before and one after write %i, and then undone: steady with the first key',
  async (write) => {
    for (const after of [false, true]) {
      const world = await open();
      world.crashes.push({ write, after });
      const steps = [];
      while (world.crashes.length > 0) steps.push(await world.broken(FORWARD[steps.length] as string));
      await world.undo(steps);
      expectSteady(world, K1, 'zeroth-key-value');
    }
  },
);

test('whatever crashes, forward or back, in whatever shape: no sender is ever refused, and it ends steady', async () => {
  const count = fc.integer({ min: 1, max: 3 });
  const gaps = fc.array(fc.record({ gap: fc.integer({ min: 1, max: 6 }), after: fc.boolean() }), {
    maxLength: 6,
  });
  const turn = fc.constantFrom('settle', 'retire', 'drain', 'switch', 'prove', 'accept', 'mint');
  await fc.assert(
    fc.asyncProperty(count, count, gaps, turn, async (senders, acceptors, crashes, last) => {
      const world = await open({ senders, acceptors });
      let write = 0;
      for (const { gap, after } of crashes) {
        write += gap;
        world.crashes.push({ write, after });
      }
      const steps = await forwardTo(world, last);
      if (last === 'settle') return expectSteady(world, world.files().truth?.current as string, K1);
      await world.undo(steps);
      expectSteady(world, K1, 'zeroth-key-value');
    }),
    { numRuns: effort(10) },
  );
});

test('an undo can be cut short and gone through again', async () => {
  const world = await open();
  const steps = await forwardTo(world, 'drain');
  await world.undo(steps.slice(3));
  await world.undo(steps);
  expectSteady(world, K1, 'zeroth-key-value');
});

test('the plan of the first phase rests on every store; the others say what they do', async () => {
  const world = await open();
  const plan = await world.kit.plan(keysRotate, { pair: 'tts', phase: 'mint' });
  expect(Object.keys(plan.versions)).toEqual(
    ['truth', 'sender-1', 'sender-2', 'acceptor-1', 'acceptor-2'].map((n) => `keys:${n}`),
  );
  for (const phase of [...FORWARD.slice(1), 'unretire', 'unswitch', 'unaccept', 'unmint']) {
    const later = await world.kit.plan(keysRotate, { pair: 'tts', phase });
    expect(later).toMatchObject({ versions: {}, output: null });
    expect(later.touches.length === 0).toBe(['prove', 'drain'].includes(phase));
  }
  // A service that logs or counts by the client's id will see another one.
  expect((await world.kit.plan(keysRotate, { pair: 'tts', phase: 'accept' })).does).toBe(
    'has acceptor-1, acceptor-2 accept the pending key too; the client is called tocsin-… there from then on (now legacy in acceptor-1, legacy in acceptor-2)',
  );
  expect(world.writes).toBe(0);
});

test('never two rotations: one that is under way or was left is said, and not adopted', async () => {
  const world = await open();
  await world.phase('mint');
  const pending = fp(world.files().truth?.pending as string);
  const second = await refusal(world, 'mint');
  expect(second.message).toContain(`pending key ${pending}: a rotation is under way or was left`);
  await failure(world.kit.plan(keysRotate, { pair: 'tts', phase: 'mint' }));
  // Nor is it taken away by the undo of the one that failed.
  const captured = await world.kit.capture(keysRotate, { pair: 'tts', phase: 'mint' });
  await refusal(world, 'unmint', { undoing: { captured, input: null, output: {} } });
  expect(fp(world.files().truth?.pending as string)).toBe(pending);
});

test('it does not begin while things are not steady', async () => {
  const world = await open();
  await world.kit.write('sender-2', { key: 'another' });
  expect((await refusal(world, 'mint')).message).toContain(`sender-2 (${fp('another')})`);
  await world.kit.write('sender-2', { key: K1 });
  await world.kit.write('acceptor-1', {});
  expect((await refusal(world, 'mint')).message).toBe(`acceptor-1 would refuse ${fp(K1)}`);
  await world.kit.write('acceptor-1', { a: K1, b: 'zeroth-key-value' });
  expect((await refusal(world, 'mint')).message).toBe(`acceptor-1 still holds ${fp('zeroth-key-value')}`);
  expect(world.writes).toBe(0);
});

test('no sender changes while an acceptor would refuse it', async () => {
  const world = await open();
  await forwardTo(world, 'accept');
  await world.kit.write('acceptor-2', { legacy: K1 });
  expect((await refusal(world, 'switch')).message).toMatch(/^acceptor-2 would refuse fp:/);
  expect((await refusal(world, 'prove')).message).toMatch(/^acceptor-2 would refuse fp:/);
  expect(world.files()['sender-1']?.key).toBe(K1);
});

test('an acceptor whose file is right and whose service refuses is found by proving', async () => {
  const world = await open();
  await forwardTo(world, 'accept');
  const lying = await world.kit.serve((_, response) => response.writeHead(401).end());
  const gullible = await world.kit.serve((_, response) => response.writeHead(200).end());
  const real = world.pair.probe;
  for (const [url, message] of [
    [lying, 'answered 401 to key pending'],
    [gullible, 'accepts any key'],
  ] as const) {
    world.kit.pairs.set('tts', { ...world.pair, probe: { ...real, urls: [...real.urls, url] } });
    expect((await refusal(world, 'prove')).message).toContain(message);
  }
});

test('the old key stays while a sender uses it, before the drain and after', async () => {
  const world = await open();
  await forwardTo(world, 'prove');
  for (const phase of ['drain', 'retire', 'settle']) {
    expect((await refusal(world, phase)).message).toContain('not every sender uses');
  }
  await world.phase('switch');
  await world.phase('drain');
  const now = world.files()['sender-1'] as Record<string, string>;
  await world.kit.write('sender-1', { ...now, key: K1 });
  expect((await refusal(world, 'retire')).message).toContain(`sender-1 (${fp(K1)})`);
  expect((await refusal(world, 'drain', { waited: new Date() })).message).toContain('sender-1');
  expect(Object.values(world.files()['acceptor-1'] ?? {})).toContain(K1);
});

test('draining takes its time, and so does taking back what was accepted', async () => {
  const world = await open();
  await forwardTo(world, 'switch');
  const until = new Date(world.kit.now.getTime() + 60_000);
  expect(await world.kit.run(keysRotate, { pair: 'tts', phase: 'drain' })).toMatchObject({
    kind: 'wait',
    until,
  });
  await world.phase('unswitch');
  const writes = world.writes;
  expect(await world.kit.run(keysRotate, { pair: 'tts', phase: 'unaccept' })).toMatchObject({
    kind: 'wait',
    until,
  });
  expect(world.writes).toBe(writes);
});

test('the next key is not taken back while a sender uses it, nor forgotten while an acceptor takes it', async () => {
  const world = await open();
  await forwardTo(world, 'switch');
  expect((await refusal(world, 'unaccept', { waited: new Date() })).message).toContain(
    'not every sender uses',
  );
  expect((await refusal(world, 'unmint')).message).toContain('not every sender uses');
  await world.phase('unswitch');
  expect((await refusal(world, 'unmint')).message).toContain('acceptor-1, acceptor-2 still hold fp:');
  expect(world.violations).toEqual([]);
});

test('once the old key is retired it comes back before a sender does; once all is settled, there is only forward', async () => {
  const world = await open();
  const steps = await forwardTo(world, 'retire');
  expect((await refusal(world, 'unswitch')).message).toBe(`acceptor-1, acceptor-2 would refuse ${fp(K1)}`);
  await world.phase('settle');
  const files = world.files();
  for (const { phase, captured, output } of steps) {
    const back = BACK[phase];
    if (!back) continue;
    const undoing = { captured, input: null, output };
    expect((await refusal(world, back, { undoing, waited: new Date() })).message).toContain('only forward');
  }
  expect(world.files()).toEqual(files);
  expect(world.violations).toEqual([]);
});

test('a retired key that an instance still accepts is not called retired', async () => {
  const world = await open();
  await forwardTo(world, 'drain');
  const pending = world.files().truth?.pending;
  const behind = await world.kit.serve((request, response) => {
    const key = String(request.headers['x-api-key']);
    response.writeHead([K1, pending].includes(key) ? 200 : 401).end();
  });
  const { probe } = world.pair;
  world.kit.pairs.set('tts', { ...world.pair, probe: { ...probe, urls: [...probe.urls, behind] } });
  expect((await refusal(world, 'retire')).message).toBe(`${behind}/ still answers 200 to ${fp(K1)}`);
});

test('an outsider who changes a sender midway stops what would have it refused', async () => {
  const world = await open();
  await forwardTo(world, 'accept');
  const pending = world.files().truth?.pending as string;
  // Between the first acceptor and the second.
  world.kit.onSecure = () =>
    writeFileSync(join(world.kit.folder, 'sender-1.json'), JSON.stringify({ key: pending }));
  const stopped = await refusal(world, 'unaccept', { waited: new Date() });
  expect(stopped.message).toContain(`sender-1 (${fp(pending)})`);
  expect(Object.values(world.files()['acceptor-1'] ?? {})).not.toContain(pending);
  expect(Object.values(world.files()['acceptor-2'] ?? {})).toContain(pending);
});

test('a switch that takes in every store and fails through the gateway is no success', async () => {
  const world = await open();
  await forwardTo(world, 'prove');
  const broken = await world.kit.serve((_, response) => response.writeHead(502).end());
  world.kit.pairs.set('tts', { ...world.pair, through: broken });
  const failed = await refusal(world, 'switch');
  expect(failed).toMatchObject({ unsure: false, message: `${broken}/ answered 502 through the gateway` });
});

test('somebody else’s key in a sender is left alone', async () => {
  const world = await open();
  await forwardTo(world, 'prove');
  await world.kit.write('sender-2', { key: 'another' });
  expect((await refusal(world, 'switch')).message).toBe(
    `sender-2 uses ${fp('another')}, which is no key of tts: left alone`,
  );
  expect(world.files()['sender-2']?.key).toBe('another');
});
