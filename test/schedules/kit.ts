import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { readOrganisation } from '#config/organisation.js';
import { openShelf, proposeOf } from '#runbooks/definition/shelf.js';
import { Scrub } from '#runbooks/scrub.js';
import { fingerprints } from '#runbooks/secret.js';
import { readRunbookSettings } from '#runbooks/settings.js';
import { openSystems } from '#runbooks/systems.js';
import { doScheduled } from '#schedules/scheduled.js';
import { watchStanding } from '#schedules/standing.js';
import type { ScheduleWorld } from '#schedules/world.js';
import { definition, startRunKit, TEAM } from '../runs/kit.js';

/** `turn` rotates the pair `tts` with the runbook `turn`; `watch` compares the key stores `old` and `new`. */
const TURN = 'turn: { rotate: tts, every: 1d, runbook: turn, components: [TTS] }';
export const WATCH = 'watch: { drift: { from: old, to: new }, every: 5s, components: [TTS] }';

export type ScheduleKit = Awaited<ReturnType<typeof startScheduleKit>>;

/**
 * Schedules over the store and the writer of incidents as a bot has them, with two real key stores, a real folder of
 * runbooks, and a world outside that a test directs. No incident is open.
 * @param schedule one, as the configuration has it
 */
export async function startScheduleKit(schedule = TURN) {
  const kit = await startRunKit();
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-schedule-'));
  const runbooks = join(folder, 'runbooks');
  mkdirSync(runbooks);
  const path = (store: string) => join(folder, `${store}.json`);
  const fingerprint = fingerprints('pepper');
  const scrub = new Scrub(fingerprint);
  const propose = proposeOf({
    shelf: openShelf({ folders: [runbooks], actions: kit.outside.actions }),
    scrub,
    learnKeys: async () => undefined,
  });

  function settings(line: string) {
    const org = readOrganisation(
      `keystores:
  old: { type: json-file, path: ${path('old')} }
  new: { type: json-file, path: ${path('new')} }
pairs:
  tts:
    { truth: old, senders: [old], acceptors: [new], key: k, probe: { urls: ["http://127.0.0.1:1/"], header: x }, drain: 1s }
schedules:
  ${line}`,
      'tocsin.yml',
    );
    if (Array.isArray(org)) throw new Error(org.join('\n'));
    const read = readRunbookSettings(org, org.at);
    if ('problems' in read) throw new Error(read.problems.join('\n'));
    return read.settings;
  }

  let { schedules, ...read } = settings(schedule);
  const systems = () => ({
    ...openSystems({ schedules, ...read }, { env: {}, scrub, fingerprint }),
    fingerprint,
  });
  let world: ScheduleWorld = {
    ...kit.world,
    systems: systems(),
    scrub,
    schedules: kit.store.schedules,
    openIncidents: (team) => kit.store.incidents.open(team),
    recordedIn: async (team, key) => (await kit.store.incidents.receiptOf(team, key))?.incident ?? null,
    propose,
  };

  const state = async (incident: number) => (await kit.store.incidents.load(TEAM, incident))?.state;
  async function due() {
    const all = [...schedules].map(([name, spec]) => ({
      name,
      spec: JSON.stringify(spec),
      firstAt: new Date(0),
    }));
    await kit.store.schedules.sync(TEAM, all);
    await kit.sql("update schedule set next_at = now() - interval '1 second'");
  }
  async function tick(its: ScheduleWorld = world) {
    await due();
    expect(await doScheduled(TEAM, schedules, its)).toBe(true);
  }

  const scheduled = {
    ...kit,
    /** What schedules are handed; a test may change it. */
    get world() {
      return world;
    },
    /** The schedules of the configuration. */
    get schedules() {
      return schedules;
    },
    path,
    /** Another schedule than the one that it began with. */
    configure(line: string) {
      ({ schedules, ...read } = settings(line));
      world = { ...world, systems: systems() };
    },
    keys: (store: 'old' | 'new', values: Record<string, string>) =>
      writeFileSync(path(store), JSON.stringify(values)),
    /** Puts the runbook `turn` there, or another. */
    runbook: (steps: Array<string | object>, other: object = {}) =>
      writeFileSync(
        join(runbooks, 'turn.yml'),
        definition(steps, {
          name: 'turn',
          inputs: { pair: { type: 'string' } },
          target: 'pair:{{ inputs.pair }}',
          ...other,
        }),
      ),
    /** Its time has come. */
    due,
    /** Has what is scheduled done, as if its time had come. */
    tick,
    /** Some, with so much time after each. */
    async ticks(count: number, apartMs: number) {
      for (let i = 0; i < count; i++) {
        await tick();
        kit.windOn(apartMs);
      }
    },
    /** A worker takes that run of the standing record as far as it goes. */
    run: (run: number) => kit.drive(run, { incident: 0 }),
    /** A process that has just begun looks twice at the standing record. */
    async watch(its: ScheduleWorld = world) {
      const told = new Set<string>();
      await watchStanding(TEAM, schedules, its, told);
      await watchStanding(TEAM, schedules, its, told);
    },
    state,
    runs: async () => (await state(0))?.runs?.list ?? [],
    outcome: async () => (await kit.sql<{ outcome: string }>('select outcome from schedule'))[0]?.outcome,
    async notes(incident: number) {
      const texts: string[] = [];
      await kit.store.snapshot(async (at) => {
        for await (const entry of at.entries(TEAM, incident))
          if (entry.kind === 'note') texts.push(entry.text ?? '');
      });
      return texts;
    },
    opened: async () => (await kit.store.incidents.open(TEAM)).map(({ number }) => number),
    /** In which incidents a button was owed, and for what. */
    offers: () =>
      kit.sql<{ incident: number; payload: object }>(
        "select incident::int, payload from outbox where kind = 'run.offer' order by id",
      ),
    open: (more: { drill?: boolean; private?: boolean; components?: string[] } = {}) =>
      kit.says(
        {
          type: 'OpenIncident',
          title: 'y',
          severity: null,
          components: ['TTS'],
          private: false,
          drill: false,
          moment: null,
          ...more,
        },
        null,
      ),
    resolve: (incident: number) =>
      kit.says({ type: 'ChangeStatus', status: 'resolved', moment: null, text: null }, incident),
    async end() {
      await kit.end();
      rmSync(folder, { recursive: true });
    },
  };
  await scheduled.resolve(1);
  return scheduled;
}
