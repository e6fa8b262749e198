import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { ActionFailed, Lost } from '#runbooks/action.js';
import { type Doing, definition, type RunKit, TEAM, withRunKit } from './kit.js';

const names = (kit: RunKit) =>
  kit.outside.calls.map(({ name, undoing }) => (undoing ? `undo ${name}` : name));
const cancel = (kit: RunKit, run: number) => kit.says({ type: 'CancelRun', run, reason: 'enough' });
const undo = (kit: RunKit, run: number) => kit.says({ type: 'UndoRun', run });
const end = async (kit: RunKit, run: number) => (await kit.view(run)).state.end;
const free = async (kit: RunKit, target = 'test') =>
  expect(await kit.store.targets.holder(TEAM, target)).toBeNull();
const refuses: Doing = async () => {
  throw new ActionFailed('it says no');
};

describe('cancel', () => {
  const steps = ['one t.idem t.cas', 'two t.cas'];

  test.concurrent(
    'while it is planned, and while it waits for approval',
    withRunKit(async (kit) => {
      kit.outside.onPlan = async () => {
        kit.outside.onPlan = () => new Promise(() => {});
        await cancel(kit, 1);
      };
      const planning = await kit.planned(definition(['one t.idem', 'two t.cas']));
      expect(await end(kit, planning)).toBe('cancelled');
      kit.outside.onPlan = async () => undefined;
      const waiting = await kit.planned(definition(steps));
      await cancel(kit, waiting);
      expect(await cancel(kit, waiting)).toMatchObject({ code: 'RUN_CANCELLED_ALREADY' });
      expect(await kit.approve(waiting)).toMatchObject({ code: 'RUN_NOT_WAITING' });
      await kit.drive(waiting);
      expect(await end(kit, waiting)).toBe('cancelled');
      expect((await kit.view(waiting)).summary).toBe('before anything was changed');
      expect(await cancel(kit, waiting)).toMatchObject({ code: 'RUN_ENDED' });
      expect(names(kit)).toEqual([]);
      await free(kit);
    }),
  );

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
  test.concurrent.each(doing)(
    'while a step is done by %s',
    withRunKit(async (kit, _, action, words) => {
      const isCancelled = async (uses: string) => {
        kit.outside.doing.set(uses, async (input, context) => {
          await cancel(kit, run);
          return action(input, context);
        });
        const steps = [{ id: 'one', uses, retry: { attempts: 3, backoff: '10ms' } }, 'two t.cas'];
        const run = await kit.planned(definition(steps), uses);
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
        await free(kit, uses);
      };
      // Beside each other: a worker looks every second whether its run was cancelled, and leaves an action after three more.
      const all = ['t.idem', 't.unsafe', 't.read'];
      await Promise.all(all.map(isCancelled));
      expect(names(kit).sort()).toEqual(all.sort());
    }),
  );

  test.concurrent(
    'while a step looks at what is there before: it does not begin',
    withRunKit(async (kit) => {
      const run = await kit.planned(definition(steps));
      await kit.approve(run);
      kit.outside.onCapture = async () => void (await cancel(kit, run));
      await kit.drive(run);
      expect(names(kit)).toEqual([]);
      const view = await kit.view(run);
      expect(view.steps.get('one')?.run?.startedAt ?? null).toBeNull();
      expect(view.state.end).toBe('cancelled');
    }),
  );

  test.concurrent(
    'while a step waits, while one waits to be tried again, and while one asks',
    withRunKit(async (kit) => {
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
        expect(await end(kit, run)).toBeNull();
        await cancel(kit, run);
        await kit.drive(run);
        expect(await end(kit, run)).toBe('cancelled');
        await free(kit);
      }
    }),
  );

  test.concurrent(
    'while the worker that was at a step is gone: nobody knows, and that is said',
    withRunKit(async (kit) => {
      kit.outside.doing.set('t.idem', async () => {
        throw new Lost();
      });
      const run = await kit.ran(definition(steps));
      await cancel(kit, run);
      await kit.drive(run);
      const view = await kit.view(run);
      expect(view.steps.get('one')?.run).toMatchObject({
        outcome: 'failed',
        error: expect.stringContaining('gone'),
      });
      expect(view.state.end).toBe('cancelled');
      await undo(kit, run);
      await kit.drive(run);
      expect(names(kit)).toEqual(['t.idem', 'undo t.cas']);
      expect(await end(kit, run)).toBe('undone');
    }),
  );

  test.concurrent(
    'while it is undone: it stops there, and may be taken up again',
    withRunKit(async (kit) => {
      const run = await kit.ran(definition(['one t.cas t.cas', 'two t.idem t.unsafe']));
      kit.outside.doing.set('t.unsafe', async () => void (await cancel(kit, run)));
      await undo(kit, run);
      await kit.drive(run);
      expect(names(kit)).toEqual(['t.cas', 't.idem', 'undo t.unsafe']);
      expect(await end(kit, run)).toBe('cancelled');
      await undo(kit, run);
      await kit.drive(run);
      expect(names(kit).slice(3)).toEqual(['undo t.cas']);
      expect(await end(kit, run)).toBe('undone');
    }),
  );
});
