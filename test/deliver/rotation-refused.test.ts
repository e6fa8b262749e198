import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ScheduleWorld } from '#schedules/world.js';
import { type ScheduleKit, startScheduleKit } from './schedule-kit.js';

let kit: ScheduleKit;

beforeEach(async () => {
  kit = await startScheduleKit();
});
afterEach(() => kit.end());

describe('a rotation that is refused before it begins', () => {
  test('is told in an incident, and waits for its end', async () => {
    await kit.tick();
    await kit.tick();
    expect(await kit.opened()).toEqual([2]);
    expect((await kit.store.incidents.load('T1', 2))?.state).toMatchObject({
      title: 'Scheduled turn cannot begin',
      components: ['TTS'],
    });
    expect(await kit.notes(2)).toEqual([
      expect.stringMatching(
        /^The schedule `turn` could not begin `turn`: There is no runbook called “turn”\./,
      ),
    ]);
    expect(await kit.outcome()).toBe('INC-2 is open');
    await kit.resolve(2);
    await kit.tick();
    expect(await kit.opened()).toEqual([3]);
    kit.runbook(['turn t.cas']);
    await kit.resolve(3);
    await kit.tick();
    expect(await kit.runs()).toHaveLength(1);
  });

  test('is told once for each reason, also where that incident does not hold it up', async () => {
    await kit.tick();
    await kit.sql("update incident set state = jsonb_set(state, '{components}', '[]') where number = 2");
    for (let i = 0; i < 3; i++) await kit.tick();
    expect(await kit.notes(2)).toHaveLength(1);
    kit.runbook(['turn t.cas'], { inputs: { pair: { type: 'string' }, zone: { type: 'string' } } });
    for (let i = 0; i < 3; i++) await kit.tick();
    expect(await kit.notes(2)).toHaveLength(2);
    expect((await kit.notes(2))[1]).toMatch(/The input `zone` of turn must be given/);
    expect(await kit.opened()).toEqual([2]);
    expect(kit.errors).toHaveLength(2);
  });

  test('is told once by workers that die when it is told', async () => {
    const dying: ScheduleWorld = {
      ...kit.world,
      schedules: {
        ...kit.world.schedules,
        settle: async () => {
          throw new Error('killed');
        },
      },
    };
    // The incident is no longer in the way when the next one takes it up.
    const aside = () =>
      kit.sql("update incident set state = jsonb_set(state, '{components}', '[]') where number = 2");
    for (const its of [dying, dying, kit.world]) {
      await kit.tick(its).catch((error) => expect(String(error)).toMatch('killed'));
      await aside();
    }
    expect(await kit.opened()).toEqual([2]);
    expect(await kit.notes(2)).toHaveLength(1);
  });

  test('because another run is at it is told only when that lasts', async () => {
    kit.runbook(['turn t.cas']);
    await kit.open({ components: ['Other'], private: true });
    await kit.store.targets.take('T1', 'pair:tts', { incident: 2, run: 1 });
    await kit.tick();
    kit.windOn(59 * 60_000);
    await kit.tick();
    expect(await kit.opened()).toEqual([2]);
    kit.windOn(2 * 60_000);
    await kit.tick();
    expect(await kit.opened()).toEqual([2, 3]);
    // The other run is of a private incident.
    expect((await kit.notes(3))[0]).toMatch(/Another run holds `pair:tts`/);
    expect((await kit.notes(3))[0]).not.toContain('INC-2');
  });

  test('and that is told after an hour, also where a clock that was a day ahead saw it first', async () => {
    kit.runbook(['turn t.cas']);
    await kit.open({ components: ['Other'] });
    await kit.store.targets.take('T1', 'pair:tts', { incident: 2, run: 1 });
    kit.windOn(24 * 60 * 60_000);
    await kit.tick();
    kit.windOn(-24 * 60 * 60_000);
    await kit.tick();
    kit.windOn(61 * 60_000);
    await kit.tick();
    expect(await kit.opened()).toEqual([2, 3]);
  });
});

describe('a rotation whose time has come', () => {
  beforeEach(() => kit.runbook(['turn t.cas']));

  test('does not wait for a drill', async () => {
    await kit.open({ drill: true });
    await kit.tick();
    expect(await kit.runs()).toHaveLength(1);
  });

  test('waits for a private incident, and does not say which', async () => {
    await kit.open({ private: true });
    await kit.tick();
    expect(await kit.runs()).toHaveLength(0);
    expect(await kit.outcome()).toBe('a private incident is open');
    await kit.resolve(2);
    await kit.tick();
    expect(await kit.runs()).toHaveLength(1);
  });
});
