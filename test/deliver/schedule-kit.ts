import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { proposeOf } from '#compose/propose.js';
import { readOrganisation } from '#config/organisation.js';
import { laneOfRun } from '#domain/incident/effect.js';
import { isRefusal } from '#domain/refusal.js';
import { openShelf } from '#runbooks/definition/shelf.js';
import { Scrub } from '#runbooks/scrub.js';
import { fingerprints } from '#runbooks/secret.js';
import { readRunbookSettings } from '#runbooks/settings.js';
import { drainRunLane } from '#runs/advance.js';
import { doScheduled } from '#schedules/scheduled.js';
import { watchStanding } from '#schedules/standing.js';
import type { ScheduleWorld } from '#schedules/world.js';
import { definition, startRunKit, TEAM } from './run-kit.js';

export type ScheduleKit = Awaited<ReturnType<typeof startScheduleKit>>;

/**
 * One schedule, `turn`, which rotates the pair `tts` with the runbook `turn` of a real folder; with the store and the
 * writer of incidents as a bot has them, and a world outside that a test directs. No incident is open.
 */
export async function startScheduleKit(more = 'components: [TTS]') {
  const kit = await startRunKit();
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-schedule-'));
  const runbooks = join(folder, 'runbooks');
  mkdirSync(runbooks);

  const org = readOrganisation(
    `keystores:
  old: { type: json-file, path: ${folder}/old.json }
  new: { type: json-file, path: ${folder}/new.json }
pairs:
  tts:
    { truth: old, senders: [old], acceptors: [new], key: k, probe: { urls: ["http://127.0.0.1:1/"], header: x }, drain: 1s }
schedules:
  turn: { rotate: tts, every: 1d, runbook: turn, ${more} }`,
    'tocsin.yml',
  );
  if (Array.isArray(org)) throw new Error(org.join('\n'));
  const read = readRunbookSettings(org, org.at);
  if ('problems' in read) throw new Error(read.problems.join('\n'));
  const { schedules } = read.settings;

  const scrub = new Scrub(fingerprints('pepper'));
  const propose = proposeOf({
    shelf: openShelf({ folders: [runbooks], actions: kit.outside.actions }),
    scrub,
    learnKeys: async () => undefined,
  });
  const world: ScheduleWorld = {
    ...kit.world,
    scrub,
    schedules: kit.store.schedules,
    openIncidents: (team) => kit.store.incidents.open(team),
    recordedIn: async (team, key) => (await kit.store.incidents.receiptOf(team, key))?.incident ?? null,
    async propose(_team, runbook, inputs) {
      const proposed = await propose({ runbook, inputs, planOnly: false });
      return isRefusal(proposed) ? proposed : proposed.intent;
    },
    async open(intent, asking) {
      const answer = await kit.handle(intent, null, asking);
      return isRefusal(answer) ? answer : answer.incident;
    },
  };
  const scheduled = {
    ...kit,
    world,
    schedules,
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
    /** Has what is scheduled done, as if its time had come. */
    async tick(its: ScheduleWorld = world) {
      const spec = JSON.stringify(schedules.get('turn'));
      await kit.store.schedules.sync(TEAM, [{ name: 'turn', spec, firstAt: new Date(0) }]);
      await kit.sql("update schedule set next_at = now() - interval '1 second'");
      expect(await doScheduled(TEAM, schedules, its)).toBe(true);
    },
    /** A worker takes that run of the standing record as far as it goes. */
    run: (run: number) =>
      drainRunLane(
        laneOfRun(TEAM, 0, run),
        { world: kit.world, wakeAt: () => {}, owner: 'test' },
        new AbortController().signal,
      ),
    /** A process that has just begun looks twice at the standing record. */
    async watch(its: ScheduleWorld = world) {
      const told = new Set<string>();
      await watchStanding(TEAM, schedules, its, told);
      await watchStanding(TEAM, schedules, its, told);
    },
    runs: async () => (await kit.store.incidents.load(TEAM, 0))?.state.runs?.list ?? [],
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
