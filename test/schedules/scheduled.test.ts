import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ActionFailed } from '#runbooks/action.js';
import type { KeyStore } from '#runbooks/keystores/keystore.js';
import { doScheduled } from '#schedules/scheduled.js';
import type { ScheduleWorld } from '#schedules/world.js';
import { startScheduleWorker } from '#worker/worker.js';
import { definition, TEAM } from '../runs/kit.js';
import { until } from '../support/until.js';
import { type ScheduleKit, startScheduleKit } from './kit.js';

let kit: ScheduleKit;

beforeEach(async () => {
  kit = await startScheduleKit();
  // Any runbook is there, and has one step.
  kit.world.propose = async ({ runbook, inputs }) => ({
    intent: {
      type: 'ProposeRun',
      runbook,
      definition: definition(['turn t.cas']),
      inputs: JSON.stringify(inputs),
      target: `pair:${inputs.pair}`,
      planOnly: false,
    },
    notes: [],
  });
});
afterEach(() => kit.end());

describe('the drift watch', () => {
  test('opens an incident with the difference by fingerprint, tells each difference once, and its end', async () => {
    kit.configure('watch: { drift: { from: old, to: new }, every: 5m, severity: sev2, components: [TTS] }');
    kit.keys('old', { one: 'value-of-one-1', two: 'value-of-two-2' });
    kit.keys('new', { one: 'value-of-one-1' });
    await kit.tick();
    expect(await kit.opened()).toEqual([2]);
    const [first] = await kit.notes(2);
    expect(first).toMatch(/^Drift: new lacks two \(fp:[0-9a-f]{12}\) of old\.$/);
    expect(await kit.state(2)).toMatchObject({ severity: 'sev2', components: ['TTS'] });
    await kit.tick();
    expect(await kit.notes(2)).toHaveLength(1);
    kit.keys('new', { one: 'another-value-1' });
    await kit.tick();
    expect((await kit.notes(2))[1]).toMatch(/another value under one/);
    kit.keys('new', { one: 'value-of-one-1', two: 'value-of-two-2' });
    await kit.tick();
    expect((await kit.notes(2))[2]).toBe('new and old are in step again.');
    await kit.tick();
    expect(await kit.notes(2)).toHaveLength(3);
    const offers = await kit.offers();
    // Not for the second difference: key-sync overwrites nothing.
    expect(offers.map(({ payload }) => payload)).toEqual([
      { runbook: 'key-sync', inputs: { from: 'old', to: 'new' } },
    ]);
    expect(JSON.stringify(offers)).not.toContain('value-of');
  });

  test('notes it on the incident that is open on its component, and opens a new one after a resolve', async () => {
    kit.configure('watch: { drift: { from: old, to: new }, every: 5m, components: [TTS] }');
    await kit.open();
    kit.keys('old', { one: 'value-of-one-1' });
    kit.keys('new', {});
    await kit.tick();
    expect(await kit.opened()).toEqual([2]);
    expect(await kit.notes(2)).toHaveLength(1);
    await kit.resolve(2);
    await kit.tick();
    expect(await kit.opened()).toEqual([3]);
    expect(await kit.notes(3)).toHaveLength(1);
  });

  test('places of a store that disagree are told as that, and not as a missing key', async () => {
    kit.configure('watch: { drift: { from: old, to: new }, every: 5m }');
    kit.keys('old', { one: 'value-of-one-1' });
    const told = 'places of new disagree about one: file lacks it, live has fp:0123456789ab';
    const apart = new Map([['one', { told, keys: [] }]]);
    const torn = { read: async () => ({ version: 'v', keys: new Map(), apart }) } as unknown as KeyStore;
    const { store } = kit.world.systems;
    kit.world.systems = { ...kit.world.systems, store: (name) => (name === 'new' ? torn : store(name)) };
    await kit.tick();
    expect(await kit.notes(2)).toEqual([`Drift: ${told}.`]);
  });

  test('a store that cannot be read is no drift', async () => {
    kit.configure('watch: { drift: { from: old, to: new }, every: 5m }');
    kit.keys('old', { one: 'value-of-one-1' });
    writeFileSync(kit.path('new'), 'not json');
    await kit.tick();
    expect(await kit.opened()).toEqual([]);
  });
});

describe('a scheduled rotation', () => {
  test('runs in the standing record, agreed to by the configuration, and takes no number from incidents', async () => {
    kit.configure('turn: { rotate: tts, every: 1d }');
    await kit.tick();
    const state = (await kit.store.incidents.load(TEAM, 0))?.state;
    expect(state?.runs?.list).toMatchObject([
      { run: 1, runbook: 'key-rotate', target: 'pair:tts', by: 'schedule:turn' },
    ]);
    await kit.run(1);
    expect((await kit.runs())[0]).toMatchObject({
      end: 'succeeded',
      approvals: [],
    });
    expect(await kit.opened()).toEqual([]);
    expect((await kit.store.incidents.list(TEAM, { limit: 10 })).map(({ number }) => number)).toEqual([1]);
    const rows = await kit.sql('select distinct kind from outbox where incident = 0');
    expect(rows).toEqual([{ kind: 'run.advance' }]);
    await kit.tick();
    expect((await kit.store.incidents.load(TEAM, 0))?.state.runs?.count).toBe(2);
    expect(await kit.open({ components: [] })).toMatchObject({ incident: 2 });
  });

  test('hands its inputs to the runbook that it names, beside the pair', async () => {
    kit.configure('turn: { rotate: tts, every: 1d, runbook: key-rotate-slow, inputs: { drain: "20" } }');
    await kit.tick();
    const [fact] = (await kit.store.incidents.runFacts(TEAM, 0, 1)).filter(
      ({ type }) => type === 'RunProposed',
    );
    expect(fact).toMatchObject({
      data: { runbook: 'key-rotate-slow' },
      texts: { inputs: '{"pair":"tts","drain":"20"}' },
    });
  });

  test('opens an incident when it stops, once', async () => {
    kit.configure('turn: { rotate: tts, every: 1d }');
    kit.outside.doing.set('t.cas', async () => {
      throw new ActionFailed('the store says no');
    });
    await kit.tick();
    await kit.run(1);
    await kit.watch();
    await kit.watch();
    expect(await kit.opened()).toEqual([2]);
    expect(await kit.notes(2)).toHaveLength(1);
    expect((await kit.notes(2))[0]).toMatch(/RUN-1 of INC-0 waits for a person at step turn/);
    // People decide there from anywhere: it has no channel of its own.
    expect(await kit.says({ type: 'SkipStep', run: 1, reason: 'seen' }, 0)).toMatchObject({ recorded: true });
    await kit.run(1);
    expect((await kit.runs())[0]).toMatchObject({ end: 'succeeded' });
  });

  test('waits while an incident is open on what it would touch', async () => {
    kit.configure('turn: { rotate: tts, every: 1d, components: [TTS] }');
    await kit.open();
    await kit.tick();
    expect(await kit.store.incidents.load(TEAM, 0)).toBeNull();
    const rows = await kit.sql('select outcome, next_at > now() as later, last_at from schedule');
    expect(rows).toEqual([{ outcome: 'INC-2 is open', later: true, last_at: null }]);
    await kit.resolve(2);
    await kit.open({ components: ['Billing'] });
    await kit.tick();
    expect((await kit.store.incidents.load(TEAM, 0))?.state.runs?.count).toBe(1);
  });

  test('waits for its window', async () => {
    const hour = new Date().getUTCHours();
    const two = (n: number) => String(n % 24).padStart(2, '0');
    kit.configure(`turn: { rotate: tts, every: 1d, window: "${two(hour + 2)}:00-${two(hour + 3)}:00 UTC" }`);
    await kit.tick();
    expect(await kit.store.incidents.load(TEAM, 0)).toBeNull();
  });
});

describe('a worker that dies before it can say that it is done', () => {
  const dying = (its: ScheduleWorld): ScheduleWorld => ({
    ...its,
    schedules: {
      ...its.schedules,
      settle: async () => {
        throw new Error('killed');
      },
    },
  });
  test.each([
    ['begins no second rotation', 'turn', 'turn: { rotate: tts, every: 30d }'],
    ['opens no second incident', 'watch', 'watch: { drift: { from: old, to: new }, every: 5m }'],
  ])('%s', async (_, name, text) => {
    kit.configure(text);
    kit.keys('old', { one: 'value-of-one-1' });
    kit.keys('new', {});
    for (const its of [dying(kit.world), dying(kit.world), kit.world]) {
      await kit.due();
      await doScheduled(TEAM, kit.schedules, its).catch((error) => expect(String(error)).toMatch('killed'));
      await kit.run(1);
    }
    const count = (await kit.store.incidents.load(TEAM, 0))?.state.runs?.count ?? 0;
    expect({ runs: count, open: (await kit.opened()).length }).toEqual(
      name === 'turn' ? { runs: 1, open: 0 } : { runs: 0, open: 1 },
    );
    // The next time is another time.
    await kit.due();
    await doScheduled(TEAM, kit.schedules, kit.world);
    expect((await kit.store.incidents.load(TEAM, 0))?.state.runs?.count ?? 0).toBe(name === 'turn' ? 2 : 0);
  });
});

test('a worker that stops leaves no pile of looks to be worked off', async () => {
  // Only what comes every so often: the database goes by the real clock.
  jest.useFakeTimers({
    doNotFake: ['Date', 'hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'setTimeout'],
  });
  try {
    let looks = 0;
    let slow = () => {};
    const worker = startScheduleWorker({
      schedules: kit.schedules,
      world: kit.world,
      everyMs: 5,
      team: async () => {
        looks += 1;
        await new Promise<void>((resolve) => {
          slow = resolve;
        });
        return null;
      },
    });
    // The time of twenty looks; the first is not over.
    await jest.advanceTimersByTimeAsync(100);
    const stopped = worker.stop();
    slow();
    await stopped;
    await jest.advanceTimersByTimeAsync(100);
    expect(looks).toBe(1);
  } finally {
    jest.useRealTimers();
  }
});

test('two workers look at the same table, and one does it', async () => {
  kit.configure('watch: { drift: { from: old, to: new }, every: 5m }');
  kit.keys('old', { one: 'value-of-one-1' });
  kit.keys('new', {});
  const looks = [0, 0, 0];
  const workers = looks.map((_, i) =>
    startScheduleWorker({
      schedules: kit.schedules,
      world: kit.world,
      everyMs: 20,
      team: async () => {
        looks[i] = (looks[i] ?? 0) + 1;
        return TEAM;
      },
    }),
  );
  await until('it is done', async () => (await kit.opened()).length > 0);
  // A look begins when the one before is over: from the second on it saw that it was done.
  const then = [...looks];
  await until('each has looked since', () => looks.every((count, i) => count >= (then[i] ?? 0) + 2));
  await Promise.all(workers.map((worker) => worker.stop()));
  expect(await kit.opened()).toEqual([2]);
  expect(await kit.notes(2)).toHaveLength(1);
});

test('what the configuration no longer says is forgotten', async () => {
  const spec = (name: string) => ({ name, spec: '{}', firstAt: new Date() });
  await kit.store.schedules.sync(TEAM, [spec('a'), spec('b')]);
  await kit.store.schedules.sync(TEAM, [spec('b')]);
  const rows = await kit.sql('select name from schedule');
  expect(rows).toEqual([{ name: 'b' }]);
});
