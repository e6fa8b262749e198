import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import pg from 'pg';
import { readOrganisation } from '#config/organisation.js';
import { isRefusal } from '#domain/refusal.js';
import { Scrub } from '#runbooks/scrub.js';
import { fingerprints } from '#runbooks/secret.js';
import { readRunbookSettings } from '#runbooks/settings.js';
import { openSystems } from '#runbooks/systems.js';
import { doScheduled } from '#schedules/scheduled.js';
import type { ScheduleWorld } from '#schedules/world.js';
import { startRunKit, TEAM } from './run-kit.js';

export const ONE = 'value-of-one-1';
export const TWO = 'value-of-two-2';
export const MINUTE = 60_000;

export type DriftKit = Awaited<ReturnType<typeof startDriftKit>>;

/** A watch over two real key stores, with the store and the writer of incidents as a bot has them; none is open. */
export async function startDriftKit() {
  const kit = await startRunKit();
  const database = new pg.Pool({ ...kit.database.config, max: 2 });
  database.on('error', () => {});
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-drift-'));
  const path = (store: string) => join(folder, `${store}.json`);

  function settings(more: string) {
    const org = readOrganisation(
      `keystores:
  old: { type: json-file, path: ${path('old')} }
  new: { type: json-file, path: ${path('new')} }
schedules:
  watch: { drift: { from: old, to: new }, every: 5s, ${more} }`,
      'tocsin.yml',
    );
    if (Array.isArray(org)) throw new Error(org.join('\n'));
    const found = readRunbookSettings(org, org.at);
    if ('problems' in found) throw new Error(found.problems.join('\n'));
    return found.settings;
  }

  function worldOf(read: ReturnType<typeof settings>): ScheduleWorld {
    const fingerprint = fingerprints('pepper');
    const scrub = new Scrub(fingerprint);
    // What only rotations need is left out.
    const world: Partial<ScheduleWorld> = {
      ...kit.world,
      systems: { ...openSystems(read, { env: {}, scrub, fingerprint }), fingerprint },
      scrub,
      schedules: kit.store.schedules,
      openIncidents: (team) => kit.store.incidents.open(team),
      async open(intent, asking) {
        const answer = await kit.handle(intent, null, asking);
        return isRefusal(answer) ? answer : answer.incident;
      },
    };
    return world as ScheduleWorld;
  }

  let read = settings('components: [TTS]');
  const drift = {
    path,
    world: worldOf(read),
    /** Other settings than `components: [TTS]`. */
    configure(more: string) {
      read = settings(more);
      drift.world = worldOf(read);
    },
    keys: (store: 'old' | 'new', values: Record<string, string>) =>
      writeFileSync(path(store), JSON.stringify(values)),
    /** One look, as if its time had come. */
    async look() {
      const spec = JSON.stringify(read.schedules.get('watch'));
      await kit.store.schedules.sync(TEAM, [{ name: 'watch', spec, firstAt: new Date(0) }]);
      await database.query("update schedule set next_at = now() - interval '1 second'");
      expect(await doScheduled(TEAM, read.schedules, drift.world)).toBe(true);
    },
    windOn: kit.windOn,
    /** Some, with so much time after each. */
    async looks(count: number, apart: number) {
      for (let i = 0; i < count; i++) {
        await drift.look();
        kit.windOn(apart);
      }
    },
    async notes(incident: number) {
      const texts: string[] = [];
      await kit.store.snapshot(async (at) => {
        for await (const entry of at.entries(TEAM, incident))
          if (entry.kind === 'note') texts.push(entry.text ?? '');
      });
      return texts;
    },
    state: async (incident: number) => (await kit.store.incidents.load(TEAM, incident))?.state,
    opened: async () => (await kit.store.incidents.open(TEAM)).map(({ number }) => number),
    /** In which incidents a button was owed. */
    async offers() {
      const { rows } = await database.query(
        "select incident from outbox where kind = 'run.offer' order by id",
      );
      return rows.map(({ incident }) => Number(incident));
    },
    open: (more: { drill?: boolean; private?: boolean } = {}) =>
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
      await database.end();
      await kit.end();
      rmSync(folder, { recursive: true });
    },
  };
  await drift.resolve(1);
  return drift;
}
