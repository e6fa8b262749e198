import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { readOrganisation } from '#config/organisation.js';
import { laneOfRun } from '#domain/incident/effect.js';
import { isRefusal } from '#domain/refusal.js';
import { ActionFailed } from '#runbooks/action.js';
import type { KeyStore } from '#runbooks/keystores/keystore.js';
import { Scrub } from '#runbooks/scrub.js';
import { fingerprints } from '#runbooks/secret.js';
import { readRunbookSettings } from '#runbooks/settings.js';
import { openSystems } from '#runbooks/systems.js';
import { drainRunLane } from '#runs/advance.js';
import { doScheduled } from '#schedules/scheduled.js';
import { watchStanding } from '#schedules/standing.js';
import type { ScheduleWorld } from '#schedules/world.js';
import { startScheduleWorker } from '#worker/worker.js';
import { definition, type RunKit, startRunKit, TEAM } from './run-kit.js';

let kit: RunKit;
let folder: string;
let world: ScheduleWorld;

const keys = (store: 'old' | 'new', values: Record<string, string>) =>
  writeFileSync(join(folder, `${store}.json`), JSON.stringify(values));

function settings(more: string) {
  const org = readOrganisation(
    `keystores:
  old: { type: json-file, path: ${folder}/old.json }
  new: { type: json-file, path: ${folder}/new.json }
pairs:
  tts:
    { truth: old, senders: [old], acceptors: [new], key: k, probe: { urls: ["http://127.0.0.1:1/"], header: x }, drain: 1s }
schedules:
${more}`,
    'tocsin.yml',
  );
  if (Array.isArray(org)) throw new Error(org.join('\n'));
  const read = readRunbookSettings(org, org.at);
  if ('problems' in read) throw new Error(read.problems.join('\n'));
  return read.settings;
}

/** The world of schedules over the kit's store, with real key stores. */
function worldFor(read: ReturnType<typeof settings>): ScheduleWorld {
  const fingerprint = fingerprints('pepper');
  const scrub = new Scrub(fingerprint);
  return {
    ...kit.world,
    systems: { ...openSystems(read, { env: {}, scrub, fingerprint }), fingerprint },
    scrub,
    schedules: kit.store.schedules,
    openIncidents: (team) => kit.store.openIncidents(team),
    recordedIn: async (team, key) => (await kit.store.receiptOf(team, key))?.incident ?? null,
    propose: async (_team, runbook, inputs) => ({
      type: 'ProposeRun',
      runbook,
      definition: definition(['turn t.cas']),
      inputs: JSON.stringify(inputs),
      target: `pair:${inputs.pair}`,
      planOnly: false,
    }),
    async open(intent, asking) {
      const answer = await kit.handle(intent, null, asking);
      return isRefusal(answer) ? answer : answer.incident;
    },
  };
}

/** Has what is scheduled done as often as asked, each time as if its time had come. */
async function tick(read: ReturnType<typeof settings>, name: string) {
  const spec = JSON.stringify(read.schedules.get(name));
  await kit.store.schedules.sync(TEAM, [{ name, spec, firstAt: new Date(0) }]);
  const { rowCount } = await pool().query("update schedule set next_at = now() - interval '1 second'");
  expect(rowCount).toBe(1);
  expect(await doScheduled(TEAM, read.schedules, world)).toBe(true);
}
let client: pg.Pool;
const pool = () => client;

const entries = async (incident: number) => {
  const texts: string[] = [];
  await kit.store.snapshot(async (at) => {
    for await (const entry of at.entries(TEAM, incident))
      if (entry.kind === 'note') texts.push(entry.text ?? '');
  });
  return texts;
};
const open = async () => (await kit.store.openIncidents(TEAM)).map(({ number }) => number);
const resolve = (incident: number) =>
  kit.says({ type: 'ChangeStatus', status: 'resolved', moment: null, text: null }, incident);

beforeEach(async () => {
  kit = await startRunKit();
  client = new pg.Pool({ ...kit.database.config, max: 2 });
  client.on('error', () => {});
  folder = mkdtempSync(join(tmpdir(), 'tocsin-scheduled-'));
  await resolve(1);
});
afterEach(async () => {
  await client.end();
  await kit.end();
  rmSync(folder, { recursive: true });
});

describe('the drift watch', () => {
  test('opens an incident with the difference by fingerprint, tells each difference once, and its end', async () => {
    const read = settings(
      '  watch: { drift: { from: old, to: new }, every: 5m, severity: sev2, components: [TTS] }',
    );
    world = worldFor(read);
    keys('old', { one: 'value-of-one-1', two: 'value-of-two-2' });
    keys('new', { one: 'value-of-one-1' });
    await tick(read, 'watch');
    expect(await open()).toEqual([2]);
    const [first] = await entries(2);
    expect(first).toMatch(/^Drift: new lacks two \(fp:[0-9a-f]{12}\) of old\.$/);
    expect((await kit.store.load(TEAM, 2))?.state).toMatchObject({ severity: 'sev2', components: ['TTS'] });
    await tick(read, 'watch');
    expect(await entries(2)).toHaveLength(1);
    keys('new', { one: 'another-value-1' });
    await tick(read, 'watch');
    expect((await entries(2))[1]).toMatch(/another value under one/);
    keys('new', { one: 'value-of-one-1', two: 'value-of-two-2' });
    await tick(read, 'watch');
    expect((await entries(2))[2]).toBe('new and old are in step again.');
    await tick(read, 'watch');
    expect(await entries(2)).toHaveLength(3);
    const { rows } = await pool().query("select payload from outbox where kind = 'run.offer'");
    // Not for the second difference: key-sync overwrites nothing.
    expect(rows.map(({ payload }) => payload)).toEqual([
      { runbook: 'key-sync', inputs: { from: 'old', to: 'new' } },
    ]);
    expect(JSON.stringify(rows)).not.toContain('value-of');
  });

  test('notes it on the incident that is open on its component, and opens a new one after a resolve', async () => {
    const read = settings('  watch: { drift: { from: old, to: new }, every: 5m, components: [TTS] }');
    world = worldFor(read);
    await kit.says({ ...OPEN, components: ['TTS'] }, null);
    keys('old', { one: 'value-of-one-1' });
    keys('new', {});
    await tick(read, 'watch');
    expect(await open()).toEqual([2]);
    expect(await entries(2)).toHaveLength(1);
    await resolve(2);
    await tick(read, 'watch');
    expect(await open()).toEqual([3]);
    expect(await entries(3)).toHaveLength(1);
  });

  test('places of a store that disagree are told as that, and not as a missing key', async () => {
    const read = settings('  watch: { drift: { from: old, to: new }, every: 5m }');
    world = worldFor(read);
    keys('old', { one: 'value-of-one-1' });
    const told = 'places of new disagree about one: file lacks it, live has fp:0123456789ab';
    const apart = new Map([['one', { told, keys: [] }]]);
    const torn = { read: async () => ({ version: 'v', keys: new Map(), apart }) } as unknown as KeyStore;
    const { store } = world.systems;
    world.systems = { ...world.systems, store: (name) => (name === 'new' ? torn : store(name)) };
    await tick(read, 'watch');
    expect(await entries(2)).toEqual([`Drift: ${told}.`]);
  });

  test('a store that cannot be read is no drift', async () => {
    const read = settings('  watch: { drift: { from: old, to: new }, every: 5m }');
    world = worldFor(read);
    keys('old', { one: 'value-of-one-1' });
    writeFileSync(join(folder, 'new.json'), 'not json');
    await tick(read, 'watch');
    expect(await open()).toEqual([]);
  });
});

const OPEN = {
  type: 'OpenIncident',
  title: 'y',
  severity: null,
  components: [] as string[],
  private: false,
  drill: false,
  moment: null,
} as const;

describe('a scheduled rotation', () => {
  test('runs in the standing record, agreed to by the configuration, and takes no number from incidents', async () => {
    const read = settings('  turn: { rotate: tts, every: 1d }');
    world = worldFor(read);
    await tick(read, 'turn');
    const state = (await kit.store.load(TEAM, 0))?.state;
    expect(state?.runs?.list).toMatchObject([
      { run: 1, runbook: 'key-rotate', target: 'pair:tts', by: 'schedule:turn' },
    ]);
    const options = { world: kit.world, wakeAt: () => {}, owner: 'test' };
    await drainRunLane(laneOfRun(TEAM, 0, 1), options, new AbortController().signal);
    expect((await kit.store.load(TEAM, 0))?.state.runs?.list[0]).toMatchObject({
      end: 'succeeded',
      approvals: [],
    });
    expect(await open()).toEqual([]);
    expect((await kit.store.listIncidents(TEAM, { limit: 10 })).map(({ number }) => number)).toEqual([1]);
    const { rows } = await pool().query('select distinct kind from outbox where incident = 0');
    expect(rows).toEqual([{ kind: 'run.advance' }]);
    await tick(read, 'turn');
    expect((await kit.store.load(TEAM, 0))?.state.runs?.count).toBe(2);
    expect(await kit.says({ ...OPEN }, null)).toMatchObject({ incident: 2 });
  });

  test('hands its inputs to the runbook that it names, beside the pair', async () => {
    const read = settings(
      '  turn: { rotate: tts, every: 1d, runbook: key-rotate-slow, inputs: { drain: "20" } }',
    );
    world = worldFor(read);
    await tick(read, 'turn');
    const [fact] = (await kit.store.runFacts(TEAM, 0, 1)).filter(({ type }) => type === 'RunProposed');
    expect(fact).toMatchObject({
      data: { runbook: 'key-rotate-slow' },
      texts: { inputs: '{"pair":"tts","drain":"20"}' },
    });
  });

  test('opens an incident when it stops, once', async () => {
    const read = settings('  turn: { rotate: tts, every: 1d }');
    world = worldFor(read);
    kit.outside.doing.set('t.cas', async () => {
      throw new ActionFailed('the store says no');
    });
    await tick(read, 'turn');
    const options = { world: kit.world, wakeAt: () => {}, owner: 'test' };
    await drainRunLane(laneOfRun(TEAM, 0, 1), options, new AbortController().signal);
    for (const told of [new Set<string>(), new Set<string>()]) {
      await watchStanding(TEAM, read.schedules, world, told);
      await watchStanding(TEAM, read.schedules, world, told);
    }
    expect(await open()).toEqual([2]);
    expect(await entries(2)).toHaveLength(1);
    expect((await entries(2))[0]).toMatch(/RUN-1 of INC-0 waits for a person at step turn/);
    // People decide there from anywhere: it has no channel of its own.
    expect(await kit.says({ type: 'SkipStep', run: 1, reason: 'seen' }, 0)).toMatchObject({ recorded: true });
    await drainRunLane(laneOfRun(TEAM, 0, 1), options, new AbortController().signal);
    expect((await kit.store.load(TEAM, 0))?.state.runs?.list[0]).toMatchObject({ end: 'succeeded' });
  });

  test('waits while an incident is open on what it would touch', async () => {
    const read = settings('  turn: { rotate: tts, every: 1d, components: [TTS] }');
    world = worldFor(read);
    await kit.says({ ...OPEN, components: ['TTS'] }, null);
    await tick(read, 'turn');
    expect(await kit.store.load(TEAM, 0)).toBeNull();
    const { rows } = await pool().query('select outcome, next_at > now() as later, last_at from schedule');
    expect(rows).toEqual([{ outcome: 'INC-2 is open', later: true, last_at: null }]);
    await resolve(2);
    await kit.says({ ...OPEN, components: ['Billing'] }, null);
    await tick(read, 'turn');
    expect((await kit.store.load(TEAM, 0))?.state.runs?.count).toBe(1);
  });

  test('waits for its window', async () => {
    const hour = new Date().getUTCHours();
    const two = (n: number) => String(n % 24).padStart(2, '0');
    const read = settings(
      `  turn: { rotate: tts, every: 1d, window: "${two(hour + 2)}:00-${two(hour + 3)}:00 UTC" }`,
    );
    world = worldFor(read);
    await tick(read, 'turn');
    expect(await kit.store.load(TEAM, 0)).toBeNull();
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
  const due = () => pool().query("update schedule set next_at = now() - interval '1 second'");

  test.each([
    ['begins no second rotation', 'turn', '  turn: { rotate: tts, every: 30d }'],
    ['opens no second incident', 'watch', '  watch: { drift: { from: old, to: new }, every: 5m }'],
  ])('%s', async (_, name, text) => {
    const read = settings(text);
    world = worldFor(read);
    keys('old', { one: 'value-of-one-1' });
    keys('new', {});
    const spec = JSON.stringify(read.schedules.get(name));
    await kit.store.schedules.sync(TEAM, [{ name, spec, firstAt: new Date(0) }]);
    for (const its of [dying(world), dying(world), world]) {
      await due();
      await doScheduled(TEAM, read.schedules, its).catch((error) => expect(String(error)).toMatch('killed'));
      const options = { world: kit.world, wakeAt: () => {}, owner: 'test' };
      await drainRunLane(laneOfRun(TEAM, 0, 1), options, new AbortController().signal);
    }
    const count = (await kit.store.load(TEAM, 0))?.state.runs?.count ?? 0;
    expect({ runs: count, open: (await open()).length }).toEqual(
      name === 'turn' ? { runs: 1, open: 0 } : { runs: 0, open: 1 },
    );
    // The next time is another time.
    await due();
    await doScheduled(TEAM, read.schedules, world);
    expect((await kit.store.load(TEAM, 0))?.state.runs?.count ?? 0).toBe(name === 'turn' ? 2 : 0);
  });
});

test('a worker that stops leaves no pile of looks to be worked off', async () => {
  let looks = 0;
  let slow = () => {};
  const read = settings('  watch: { drift: { from: old, to: new }, every: 5m }');
  world = worldFor(read);
  const worker = startScheduleWorker({
    schedules: read.schedules,
    world,
    everyMs: 5,
    team: async () => {
      looks += 1;
      await new Promise<void>((resolve) => {
        slow = resolve;
      });
      return null;
    },
  });
  while (looks === 0) await new Promise((done) => setTimeout(done, 5));
  await new Promise((done) => setTimeout(done, 100));
  const stopped = worker.stop();
  slow();
  await stopped;
  expect(looks).toBe(1);
});

test('two workers look at the same table, and one does it', async () => {
  const read = settings('  watch: { drift: { from: old, to: new }, every: 5m }');
  world = worldFor(read);
  keys('old', { one: 'value-of-one-1' });
  keys('new', {});
  const team = async () => TEAM;
  const workers = [1, 2, 3].map(() =>
    startScheduleWorker({ schedules: read.schedules, world, team, everyMs: 20 }),
  );
  for (let i = 0; i < 200 && (await open()).length === 0; i++)
    await new Promise((done) => setTimeout(done, 50));
  await new Promise((done) => setTimeout(done, 200));
  await Promise.all(workers.map((worker) => worker.stop()));
  expect(await open()).toEqual([2]);
  expect(await entries(2)).toHaveLength(1);
});

test('what the configuration no longer says is forgotten', async () => {
  const spec = (name: string) => ({ name, spec: '{}', firstAt: new Date() });
  await kit.store.schedules.sync(TEAM, [spec('a'), spec('b')]);
  await kit.store.schedules.sync(TEAM, [spec('b')]);
  const { rows } = await pool().query('select name from schedule');
  expect(rows).toEqual([{ name: 'b' }]);
});
