import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { laneOfRun } from '#domain/incident/effect.js';
import type { RunContext } from '#runbooks/action.js';
import { definition, type RunKit, startRunKit, TEAM } from './run-kit.js';

let kit: RunKit;
beforeEach(async () => {
  kit = await startRunKit();
});
afterEach(async () => {
  expect(kit.errors).toEqual([]);
  await kit.end();
});

const names = () => kit.outside.calls.map(({ name }) => name);
const step = async (run: number, id: string) => (await kit.view(run)).steps.get(id)?.run;

const never = () => new Promise<never>(() => {});

describe('time limits', () => {
  test('end an action that listens', async () => {
    kit.outside.doing.set('t.idem', async (_, { signal }) => sleep(60_000, undefined, { signal }));
    const run = await kit.ran(definition([{ id: 'one', uses: 't.idem', timeout: '50ms' }]));
    expect((await step(run, 'one'))?.question).toContain('longer than 0.05 s');
  });

  test('leave one behind that does not, and it may change nothing any more', async () => {
    let left: RunContext | undefined;
    kit.outside.doing.set('t.idem', (_, context) => {
      left = context;
      return never();
    });
    const run = await kit.ran(
      definition([
        { id: 'one', uses: 't.idem', timeout: '50ms' },
        { id: 'two', uses: 't.cas' },
      ]),
    );
    expect((await step(run, 'one'))?.question).toContain('longer than');
    await expect(left?.secure()).rejects.toThrow();
  });

  test('hold for plans and for looks at what is there before', async () => {
    kit.outside.onPlan = never;
    const stuck = await kit.planned(definition([{ id: 'one', uses: 't.cas', timeout: '50ms' }]));
    expect((await kit.view(stuck)).state.end).toBe('failed');
    expect((await kit.view(stuck)).summary).toContain('no plan can be made');
  });
});

describe('the worker', () => {
  test('is told to stop: it finishes the step in hand, and another goes on', async () => {
    const stopping = new AbortController();
    kit.outside.doing.set('t.idem', async () => void stopping.abort());
    const run = await kit.planned(definition(['one t.idem', 'two t.cas']));
    await kit.approve(run);
    await kit.drive(run, { signal: stopping.signal });
    expect(names()).toEqual(['t.idem']);
    expect(await step(run, 'one')).toMatchObject({ outcome: 'done' });
    await kit.drive(run);
    expect(names()).toEqual(['t.idem', 't.cas']);
  });

  test('finds the run in the hands of another, and leaves it alone', async () => {
    const run = await kit.planned(definition(['one t.idem']));
    await kit.approve(run);
    const lane = laneOfRun(TEAM, 1, run);
    await kit.store.outbox.claimLane({ team: TEAM, lane }, 'another', 60_000);
    await kit.drive(run);
    expect(names()).toEqual([]);
  });

  test('loses the run while a step acts: its word counts no more, and it begins nothing else', async () => {
    let refused = false;
    kit.outside.doing.set('t.idem', async (_, { secure, signal }) => {
      await kit.leaseEnds(run);
      await kit.store.outbox.claimLane({ team: TEAM, lane: laneOfRun(TEAM, 1, run) }, 'another', 60_000);
      // Hears it at the next beat.
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return secure().then(
        () => undefined,
        (error) => {
          refused = true;
          throw error;
        },
      );
    });
    const run = await kit.planned(definition(['one t.idem', 'two t.cas']));
    await kit.approve(run);
    await kit.drive(run);
    expect(refused).toBe(true);
    expect(names()).toEqual(['t.idem']);
    expect(await step(run, 'one')).toMatchObject({ outcome: null });
  });

  const blinks = [
    ['before it is written', false],
    ['after it was written', true],
  ] as const;
  test.each(blinks)(
    'asks nobody about a step that it did while the database blinked, %s',
    async (_, written) => {
      const failed = new Set<string>();
      const world = {
        ...kit.world,
        tell: (async (intent, target, asking) => {
          if (failed.has(intent.type)) return kit.handle(intent, target, asking);
          failed.add(intent.type);
          if (written) await kit.handle(intent, target, asking);
          const code = written ? ('NOT_CONFIRMED' as const) : ('NOT_RECORDED' as const);
          return { refused: true, code, sentence: 'the database does not answer', next: '' } as never;
        }) as typeof kit.world.tell,
      };
      const run = await kit.propose(definition(['one t.unsafe', 'two t.cas']));
      if (typeof run !== 'number') throw new Error('no run');
      await kit.drive(run, { world });
      await kit.approve(run);
      await kit.drive(run, { world });
      expect(names()).toEqual(['t.unsafe', 't.cas']);
      expect((await kit.view(run)).state.end).toBe('succeeded');
      expect([...failed]).toEqual(expect.arrayContaining(['StartStep', 'FinishStep', 'EndRun']));
    },
  );
});
