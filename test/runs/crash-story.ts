import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Fact } from '#domain/incident/fact.js';
import type { StepEffect } from '#domain/run/runbook.js';
import { ActionFailed, type RunContext } from '#runbooks/action.js';
import type { RunWorld } from '#runs/context.js';
import { type Happening, violationsOf } from '../support/history.js';
import { definition, type RunKit, startRunKit, TEAM } from './kit.js';

let kit: RunKit;

const STEPS: Array<{ id: string; effect: StepEffect }> = [
  { id: 'look', effect: 'read' },
  { id: 'keyed', effect: 'idempotent' },
  { id: 'sent', effect: 'unsafe' },
  { id: 'set', effect: 'conditional' },
  { id: 'checked', effect: 'unsafe' },
  { id: 'waits', effect: 'idempotent' },
];
const RUNBOOK = definition(
  [
    'look t.read',
    { id: 'keyed', uses: 't.idem', with: { id: 'keyed' } },
    { id: 'sent', uses: 't.unsafe', with: { id: 'sent' } },
    { id: 'set', uses: 't.cas', with: { id: 'set' } },
    {
      id: 'checked',
      uses: 't.unsafe2',
      with: { id: 'checked' },
      check: { uses: 't.read', with: { of: 'checked' } },
    },
    { id: 'waits', uses: 't.idem', with: { id: 'waits', first: 'wait' } },
  ],
  { approval: { required: 0 } },
);

/** The world outside: what happened, and when a worker dies right after it made something happen. */
class Target {
  happenings: Happening[] = [];
  constructor(private readonly dealt: () => void) {}

  async change(
    { id, first }: { id?: string; first?: string },
    { waited, key }: RunContext,
    effect: StepEffect,
  ) {
    const step = String(id);
    if (first === 'wait' && !waited) {
      return { kind: 'wait', until: new Date(kit.now().getTime() + 5), summary: 'waits' } as const;
    }
    const there = this.happenings.some((one) => one.step === step);
    const effective = effect === 'unsafe' || !there;
    this.happenings.push({ run: key, step, worker: 'w', fence: 0, effective });
    this.dealt();
    return undefined;
  }
}

/**
 * A worker that dies like a killed process: its `n`-th dealing (with the database, or with the world outside) happens,
 * but it never hears of it. From then on nothing it does reaches anybody.
 */
function mortal(world: RunWorld, n: number) {
  let left = n;
  let dead = false;
  const dealt = () => {
    if (dead) throw new Error('dead men tell no tales');
    left -= 1;
    dead = left <= 0;
    if (dead) throw new Error('killed');
  };
  const dealing = <A extends unknown[], R>(deal: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      if (dead) throw new Error('dead men tell no tales');
      const result = await deal(...args);
      dealt();
      return result;
    };
  };
  const { outbox, targets } = world;
  const its: RunWorld = {
    ...world,
    outbox: {
      claimLane: dealing(outbox.claimLane),
      renewLane: dealing(outbox.renewLane),
      releaseLane: dealing(outbox.releaseLane),
      owedRows: dealing(outbox.owedRows),
      settle: dealing(outbox.settle),
    },
    targets: {
      take: dealing(targets.take),
      release: dealing(targets.release),
      holder: dealing(targets.holder),
    },
    incident: dealing(world.incident),
    facts: dealing(world.facts),
    tell: dealing(world.tell),
    approversOf: dealing(world.approversOf),
    owe: dealing(world.owe),
    log: { info() {}, warn() {}, error() {} },
  };
  return { world: its, died: () => dead, dealt };
}

/**
 * Registers the test. Dead just after a dealing is dead before the next one: the world cannot tell them apart.
 * @param first of its dealings at which a worker is killed, then every `stride`-th
 */
export function runCrashStory({ first, stride }: { first: number; stride: number }): void {
  beforeAll(async () => {
    kit = await startRunKit();
  });
  afterAll(() => kit.end());

  describe('a worker killed at any of its dealings', () => {
    test('leaves a run that another one brings to its end: nothing lost, nothing done twice', async () => {
      let asked = 0;
      // Where a worker died at none of the dealings after which a person must be asked, those beside them are tried too.
      for (let from = first; asked === 0 && from < first + stride; from++) {
        let survived = false;
        let n = from;
        for (; !survived; n += stride) {
          const its = mortal(kit.world, n);
          const target = new Target(its.dealt);
          outside(target);
          const run = Number(await kit.propose(RUNBOOK, { target: `target ${n}` }));
          await kit.drive(run, { world: its.world }).catch(() => undefined);
          await kit.passes(0, run, its.world).catch(() => undefined);
          survived = !its.died();
          // Of the dead one's own timers none is left running: its lease has ended.
          outside(new Survivor(target));
          asked += await bringToItsEnd(run, target);
          const facts = await kit.store.incidents.runFacts(TEAM, 1, run);
          const wrong = violationsOf({
            run: `RUN-${run}`,
            steps: STEPS,
            facts,
            happenings: target.happenings,
          });
          expect({ n, wrong }).toEqual({ n, wrong: [] });
          expect({ n, retried: retriedUnsafe(facts) }).toEqual({ n, retried: [] });
          expect(await kit.sql(`select 1 from run_target`)).toEqual([]);
          expect(
            await kit.sql(`select 1 from outbox where kind = 'run.advance' and done_at is null`),
          ).toEqual([]);
        }
        // A run that ended early would have tested nothing, nor would one that never had to ask.
        expect(n - stride).toBeGreaterThan(60);
      }
      expect(asked).toBeGreaterThan(stride > 1 ? 0 : 1);
    });
  });
}

/** The same target in the hands of somebody who lives. */
class Survivor extends Target {
  constructor(of: Target) {
    super(() => undefined);
    this.happenings = of.happenings;
  }
}

function outside(target: Target): void {
  const { doing } = kit.outside;
  doing.set('t.idem', (input, context) => target.change(input, context, 'idempotent'));
  doing.set('t.cas', (input, context) => target.change(input, context, 'conditional'));
  for (const name of ['t.unsafe', 't.unsafe2']) {
    doing.set(name, (input, context) => target.change(input, context, 'unsafe'));
  }
  doing.set('t.read', async ({ of }) => {
    if (of !== undefined && !target.happenings.some(({ step }) => step === of)) {
      throw new ActionFailed('there is no trace of it');
    }
    return undefined;
  });
}

/** Others take it along, and a person who looks at the target answers. @returns how often it asked */
async function bringToItsEnd(run: number, { happenings }: Target): Promise<number> {
  let asked = 0;
  for (let visits = 0; visits < 30; visits++) {
    await kit.leaseEnds(run);
    await kit.passes(5, run);
    const { state } = await kit.view(run);
    if (state.status === 'ended') return asked;
    if (!state.asked) continue;
    asked += 1;
    const there = happenings.some(({ step }) => step === state.asked?.step);
    await kit.says(there ? { type: 'SkipStep', run, reason: 'it is there' } : { type: 'RetryStep', run });
  }
  return asked;
}

/** Unsafe steps that were begun twice though nobody had said so. */
function retriedUnsafe(facts: Fact[]): string[] {
  return STEPS.filter(({ effect }) => effect === 'unsafe').flatMap(({ id }) => {
    const count = (type: string) =>
      facts.filter((fact) => fact.type === type && 'step' in fact.data && fact.data.step === id).length;
    const answers = facts.filter(
      (fact) => fact.type === 'StepAnswered' && fact.data.step === id && fact.data.choice === 'retry',
    ).length;
    return count('StepStarted') > 1 + answers ? [id] : [];
  });
}
