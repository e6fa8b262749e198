import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ActionFailed } from '#runbooks/action.js';
import { watchStanding } from '#schedules/standing.js';
import type { ScheduleWorld } from '#schedules/world.js';
import type { Doing } from './run-kit.js';
import { type ScheduleKit, startScheduleKit } from './schedule-kit.js';

let kit: ScheduleKit;

beforeEach(async () => {
  kit = await startScheduleKit();
  kit.runbook(['turn t.cas t.cas', 'drain t.idem t.idem']);
});
afterEach(() => kit.end());

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
