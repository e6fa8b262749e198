import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { laneOfRun } from '#domain/incident/effect.js';
import type { RunContext } from '#runbooks/action.js';
import { definition, type RunKit, TEAM, withRunKit } from './kit.js';

const names = (kit: RunKit) => kit.outside.calls.map(({ name }) => name);
const step = async (kit: RunKit, run: number, id: string) => (await kit.view(run)).steps.get(id)?.run;

const never = () => new Promise<never>(() => {});

describe('time limits', () => {
  test.concurrent(
    'end an action that listens',
    withRunKit(async (kit) => {
      kit.outside.doing.set('t.idem', async (_, { signal }) => sleep(60_000, undefined, { signal }));
      const run = await kit.ran(definition([{ id: 'one', uses: 't.idem', timeout: '50ms' }]));
      expect((await step(kit, run, 'one'))?.question).toContain('longer than 0.05 s');
    }),
  );

  test.concurrent(
    'leave one behind that does not, and it may change nothing any more',
    withRunKit(async (kit) => {
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
      expect((await step(kit, run, 'one'))?.question).toContain('longer than');
      await expect(left?.secure()).rejects.toThrow();
    }),
  );

  test.concurrent(
    'hold for plans and for looks at what is there before',
    withRunKit(async (kit) => {
      kit.outside.onPlan = never;
      const stuck = await kit.planned(definition([{ id: 'one', uses: 't.cas', timeout: '50ms' }]));
      expect((await kit.view(stuck)).state.end).toBe('failed');
      expect((await kit.view(stuck)).summary).toContain('no plan can be made');
    }),
  );
});

describe('the worker', () => {
  test.concurrent(
    'is told to stop: it finishes the step in hand, and another goes on',
    withRunKit(async (kit) => {
      const stopping = new AbortController();
      kit.outside.doing.set('t.idem', async () => void stopping.abort());
      const run = await kit.planned(definition(['one t.idem', 'two t.cas']));
      await kit.approve(run);
      await kit.drive(run, { signal: stopping.signal });
      expect(names(kit)).toEqual(['t.idem']);
      expect(await step(kit, run, 'one')).toMatchObject({ outcome: 'done' });
      await kit.drive(run);
      expect(names(kit)).toEqual(['t.idem', 't.cas']);
    }),
  );

  test.concurrent(
    'finds the run in the hands of another, and leaves it alone',
    withRunKit(async (kit) => {
      const run = await kit.planned(definition(['one t.idem']));
      await kit.approve(run);
      const lane = laneOfRun(TEAM, 1, run);
      await kit.store.outbox.claimLane({ team: TEAM, lane }, 'another', 60_000);
      await kit.drive(run);
      expect(names(kit)).toEqual([]);
    }),
  );

  test.concurrent(
    'loses the run while a step acts: its word counts no more, and it begins nothing else',
    withRunKit(async (kit) => {
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
      expect(names(kit)).toEqual(['t.idem']);
      expect(await step(kit, run, 'one')).toMatchObject({ outcome: null });
    }),
  );

  const blinks = [
    ['before it is written', false],
    ['after it was written', true],
  ] as const;
  test.concurrent.each(blinks)(
    'asks nobody about a step that it did while the database blinked, %s',
    withRunKit(async (kit, _, written) => {
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
      expect(names(kit)).toEqual(['t.unsafe', 't.cas']);
      expect((await kit.view(run)).state.end).toBe('succeeded');
      expect([...failed]).toEqual(expect.arrayContaining(['StartStep', 'FinishStep', 'EndRun']));
    }),
  );
});
