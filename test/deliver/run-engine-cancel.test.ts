import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ActionFailed, Lost } from '#runbooks/action.js';
import { type Doing, definition, type RunKit, startRunKit, TEAM } from './run-kit.js';

let kit: RunKit;
beforeEach(async () => {
  kit = await startRunKit();
});
afterEach(async () => {
  expect(kit.errors).toEqual([]);
  await kit.end();
});

const names = () => kit.outside.calls.map(({ name, undoing }) => (undoing ? `undo ${name}` : name));
const cancel = (run: number) => kit.says({ type: 'CancelRun', run, reason: 'enough' });
const undo = (run: number) => kit.says({ type: 'UndoRun', run });
const end = async (run: number) => (await kit.view(run)).state.end;
const free = async () => expect(await kit.store.targets.holder(TEAM, 'test')).toBeNull();
const refuses: Doing = async () => {
  throw new ActionFailed('it says no');
};

describe('cancel', () => {
  const steps = ['one t.idem t.cas', 'two t.cas'];

  test('while it is planned, and while it waits for approval', async () => {
    kit.outside.onPlan = async () => {
      kit.outside.onPlan = () => new Promise(() => {});
      await cancel(1);
    };
    const planning = await kit.planned(definition(['one t.idem', 'two t.cas']));
    expect(await end(planning)).toBe('cancelled');
    kit.outside.onPlan = async () => undefined;
    const waiting = await kit.planned(definition(steps));
    await cancel(waiting);
    expect(await cancel(waiting)).toMatchObject({ code: 'RUN_CANCELLED_ALREADY' });
    expect(await kit.approve(waiting)).toMatchObject({ code: 'RUN_NOT_WAITING' });
    await kit.drive(waiting);
    expect(await end(waiting)).toBe('cancelled');
    expect((await kit.view(waiting)).summary).toBe('before anything was changed');
    expect(await cancel(waiting)).toMatchObject({ code: 'RUN_ENDED' });
    expect(names()).toEqual([]);
    await free();
  });

  const doing: Array<[string, Doing, RegExp]> = [
    [
      'an action that listens',
      async (_, { signal }) => void (await sleep(60_000, undefined, { signal })),
      /look/,
    ],
    ['an action that does not', () => new Promise(() => {}), /look at what it did/],
    [
      'an action that says how far it came',
      async (_, { signal }) => {
        await sleep(60_000, undefined, { signal }).catch(() => undefined);
        throw new ActionFailed('half of it was done');
      },
      /half of it was done/,
    ],
  ];
  test.each(doing)('while a step is done by %s', async (_, action, words) => {
    for (const uses of ['t.idem', 't.unsafe', 't.read']) {
      kit.outside.doing.set(uses, async (input, context) => {
        await cancel(run);
        return action(input, context);
      });
    }
    let run = 0;
    for (const uses of ['t.idem', 't.unsafe', 't.read']) {
      run = await kit.planned(
        definition([{ id: 'one', uses, retry: { attempts: 3, backoff: '10ms' } }, 'two t.cas']),
      );
      await kit.approve(run);
      await kit.drive(run);
      const view = await kit.view(run);
      expect(view.steps.get('one')?.run).toMatchObject({
        outcome: 'failed',
        error: expect.stringMatching(words),
      });
      expect(view.state.end).toBe('cancelled');
      // What only reads leaves nothing to look at.
      expect(view.summary).toBe(
        uses === 't.read' ? 'before anything was changed' : 'not known how far it came, look at: one',
      );
      await free();
    }
    expect(names()).toEqual(['t.idem', 't.unsafe', 't.read']);
  });

  test('while a step looks at what is there before: it does not begin', async () => {
    const run = await kit.planned(definition(steps));
    await kit.approve(run);
    kit.outside.onCapture = async () => void (await cancel(run));
    await kit.drive(run);
    expect(names()).toEqual([]);
    const view = await kit.view(run);
    expect(view.steps.get('one')?.run?.startedAt ?? null).toBeNull();
    expect(view.state.end).toBe('cancelled');
  });

  test('while a step waits, while one waits to be tried again, and while one asks', async () => {
    const until = () => new Date(kit.now().getTime() + 3_600_000);
    const actions: Doing[] = [
      async () => ({ kind: 'wait', until: until(), summary: 'waits' }),
      async () => ({ kind: 'ask', question: 'Well?', choices: ['a', 'b'] }),
      refuses,
    ];
    for (const action of actions) {
      kit.outside.doing.set('t.idem', action);
      const retry = { attempts: 2, backoff: '1h' };
      const run = await kit.ran(definition([{ id: 'one', uses: 't.idem', retry }]));
      expect(await end(run)).toBeNull();
      await cancel(run);
      await kit.drive(run);
      expect(await end(run)).toBe('cancelled');
      await free();
    }
  });

  test('while the worker that was at a step is gone: nobody knows, and that is said', async () => {
    kit.outside.doing.set('t.idem', async () => {
      throw new Lost();
    });
    const run = await kit.ran(definition(steps));
    await cancel(run);
    await kit.drive(run);
    const view = await kit.view(run);
    expect(view.steps.get('one')?.run).toMatchObject({
      outcome: 'failed',
      error: expect.stringContaining('gone'),
    });
    expect(view.state.end).toBe('cancelled');
    await undo(run);
    await kit.drive(run);
    expect(names()).toEqual(['t.idem', 'undo t.cas']);
    expect(await end(run)).toBe('undone');
  });

  test('while it is undone: it stops there, and may be taken up again', async () => {
    const run = await kit.ran(definition(['one t.cas t.cas', 'two t.idem t.unsafe']));
    kit.outside.doing.set('t.unsafe', async () => void (await cancel(run)));
    await undo(run);
    await kit.drive(run);
    expect(names()).toEqual(['t.cas', 't.idem', 'undo t.unsafe']);
    expect(await end(run)).toBe('cancelled');
    await undo(run);
    await kit.drive(run);
    expect(names().slice(3)).toEqual(['undo t.cas']);
    expect(await end(run)).toBe('undone');
  });
});
