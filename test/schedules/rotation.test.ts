import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ActionFailed } from '#runbooks/action.js';
import { watchStanding } from '#schedules/standing.js';
import type { ScheduleWorld } from '#schedules/world.js';
import type { Doing } from '../runs/kit.js';
import { type ScheduleKit, startScheduleKit } from './kit.js';

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

const fails: Doing = async () => {
  throw new ActionFailed('the acceptor is down');
};
const failsForward: Doing = async (input, context) => (context.undoing ? undefined : fails(input, context));

/** A scheduled run that has stopped at `drain`, told in an incident. */
async function stopped(run = 1) {
  kit.outside.doing.set('t.idem', failsForward);
  await kit.tick();
  await kit.run(run);
  await kit.watch();
}

describe('the incident of a scheduled run that stopped', () => {
  beforeEach(() => kit.runbook(['turn t.cas t.cas', 'drain t.idem t.idem']));

  test('hears that it was answered, and how it ended, each once', async () => {
    await stopped();
    await kit.says({ type: 'UndoRun', run: 1 }, 0);
    await kit.watch();
    await kit.watch();
    await kit.run(1);
    expect((await kit.runs())[0]).toMatchObject({ end: 'undone' });
    await kit.watch();
    await kit.watch();
    expect(await kit.notes(2)).toEqual([
      expect.stringMatching(/^RUN-1 of INC-0 waits for a person at step drain/),
      'RUN-1 of INC-0 waits for nobody any more (the answer: undo); it is being undone.',
      'RUN-1 of INC-0 ended as undone; it waits for nobody any more.',
    ]);
  });

  test('is remembered as it stands now, not as it ever stood', async () => {
    const told = new Set<string>();
    await stopped();
    await watchStanding('T1', kit.schedules, kit.world, told);
    const before = [...told];
    await kit.says({ type: 'RetryStep', run: 1 }, 0);
    await kit.run(1);
    await watchStanding('T1', kit.schedules, kit.world, told);
    expect(before).toHaveLength(1);
    expect([...told]).toHaveLength(1);
    expect([...told]).not.toEqual(before);
  });

  test('hears of each question and each answer, and of an end that comes at once', async () => {
    await stopped();
    await kit.says({ type: 'RetryStep', run: 1 }, 0);
    await kit.watch();
    await kit.run(1);
    await kit.watch();
    kit.outside.doing.delete('t.idem');
    await kit.says({ type: 'RetryStep', run: 1 }, 0);
    await kit.run(1);
    await kit.watch();
    expect(await kit.notes(2)).toEqual([
      expect.stringMatching(/waits for a person at step drain \(attempt 1\)/),
      'RUN-1 of INC-0 waits for nobody any more (the answer: retry); it goes on.',
      expect.stringMatching(/waits for a person at step drain \(attempt 2\)/),
      'RUN-1 of INC-0 ended as succeeded; it waits for nobody any more.',
    ]);
  });

  test('hears of a question while a step is undone, though that step asked before', async () => {
    kit.runbook(['turn t.cas t.unsafe', 'drain t.idem t.idem']);
    await stopped();
    kit.outside.doing.set('t.unsafe', fails);
    kit.outside.doing.set('t.idem', fails);
    await kit.says({ type: 'UndoRun', run: 1 }, 0);
    await kit.run(1);
    await kit.watch();
    expect((await kit.notes(2))[1]).toMatch(/waits for a person at the undoing of step /);
  });

  test('hears nothing of another run, nor when it is resolved', async () => {
    await stopped();
    await kit.resolve(2);
    await kit.says({ type: 'SkipStep', run: 1, reason: 'seen' }, 0);
    await kit.run(1);
    await stopped(2);
    expect(await kit.opened()).toEqual([3]);
    await kit.watch();
    expect(await kit.notes(2)).toHaveLength(1);
    expect(await kit.notes(3)).toEqual([expect.stringMatching(/^RUN-2 of INC-0 waits/)]);
  });

  test('hears it once from workers that die when it is recorded', async () => {
    await stopped();
    await kit.says({ type: 'UndoRun', run: 1 }, 0);
    const dying: ScheduleWorld = {
      ...kit.world,
      async tell(...given) {
        await kit.world.tell(...given);
        throw new Error('killed');
      },
    };
    for (const its of [dying, dying, kit.world])
      await kit.watch(its).catch((error) => expect(String(error)).toMatch('killed'));
    expect(await kit.notes(2)).toHaveLength(2);
  });
});
