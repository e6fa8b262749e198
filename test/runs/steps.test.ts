import { describe, expect, test } from '@jest/globals';
import type { StepOutcome } from '#domain/run/fact.js';
import { ActionFailed, type RunContext } from '#runbooks/action.js';
import { definition, eachWithRunKit, type RunKit } from './kit.js';

let kit: RunKit;
eachWithRunKit((one) => {
  kit = one;
});

const names = () => kit.outside.calls.map(({ name }) => name);
const step = async (run: number, id: string) => (await kit.view(run)).steps.get(id)?.run;
const asked = async (run: number) => (await kit.view(run)).state.asked;
/** An action that fails a few times. */
const failing = (times: number, error: () => Error) => async () => {
  if (times-- > 0) throw error();
  return undefined;
};

describe('a step that fails', () => {
  const retried = (uses: string, attempts = 3) =>
    definition([{ id: 'one', uses, retry: { attempts, backoff: '10ms' } }]);

  test('is tried again after a pause that doubles, as often as it says', async () => {
    kit.outside.doing.set(
      't.idem',
      failing(2, () => new ActionFailed('not yet')),
    );
    const run = await kit.ran(retried('t.idem'));
    expect(await step(run, 'one')).toMatchObject({ outcome: 'done', attempt: 3 });
    const pauses = (await kit.store.incidents.runFacts('T1', 1, run)).flatMap((fact) =>
      fact.type === 'StepWaits' ? [Date.parse(fact.data.until) - Date.parse(fact.recordedAt)] : [],
    );
    expect(pauses.map((ms) => ms <= 10 || ms <= 20)).toEqual([true, true]);
    expect(pauses).toHaveLength(2);
  });

  test('and fails for good when that is used up: a person is asked', async () => {
    kit.outside.doing.set(
      't.cas',
      failing(9, () => new ActionFailed('it says no')),
    );
    const run = await kit.ran(retried('t.cas'));
    expect(names()).toHaveLength(3);
    expect(await asked(run)).toMatchObject({ step: 'one', why: 'failed', attempt: 3 });
    expect((await step(run, 'one'))?.question).toBe('it says no');
  });

  test('and says that trying it again would do harm is not tried again by itself: a person is asked', async () => {
    kit.outside.doing.set(
      't.cas',
      failing(9, () => new ActionFailed('look first', { final: true })),
    );
    const run = await kit.ran(retried('t.cas'));
    expect(names()).toHaveLength(1);
    expect(await asked(run)).toMatchObject({ step: 'one', why: 'failed', attempt: 1 });
  });

  test('waits out a long pause without a worker', async () => {
    kit.outside.doing.set(
      't.idem',
      failing(1, () => new ActionFailed('not yet')),
    );
    const steps = [{ id: 'one', uses: 't.idem', retry: { attempts: 2, backoff: '1h' } }];
    const run = await kit.ran(definition(steps));
    expect(names()).toHaveLength(1);
    await kit.drive(run);
    expect(names()).toHaveLength(1);
    await kit.passes(3_600_000, run);
    expect((await kit.view(run)).state.end).toBe('succeeded');
  });

  test('an unsafe one is tried again only where it says that nothing happened', async () => {
    kit.outside.doing.set(
      't.unsafe',
      failing(1, () => new ActionFailed('refused')),
    );
    kit.outside.doing.set(
      't.unsafe2',
      failing(1, () => new ActionFailed('no answer', { unsure: true })),
    );
    const retry = { attempts: 3, backoff: '10ms' };
    const run = await kit.ran(
      definition([
        { id: 'one', uses: 't.unsafe', retry },
        { id: 'two', uses: 't.unsafe2', retry },
      ]),
    );
    expect(names()).toEqual(['t.unsafe', 't.unsafe', 't.unsafe2']);
    expect(await asked(run)).toMatchObject({ step: 'two', why: 'unknown' });
  });

  const told: Array<[string, () => void, StepOutcome | null, RegExp]> = [
    ['happened', () => undefined, 'done', /^$/],
    [
      'did not',
      () => {
        throw new ActionFailed('no trace of it');
      },
      null,
      /has not happened.*no trace of it/,
    ],
    [
      'cannot tell',
      () => {
        throw new Error('the target is away');
      },
      null,
      /nobody knows.*cannot tell.*the target is away/,
    ],
    [
      'cannot tell, it says',
      () => {
        throw new ActionFailed('half an answer', { unsure: true });
      },
      null,
      /nobody knows.*cannot tell.*half an answer/,
    ],
  ];
  test.each(told)('of an unsafe one its check says: it %s', async (_, check, outcome, question) => {
    kit.outside.doing.set('t.unsafe', async () => {
      throw new Error('the connection was lost');
    });
    kit.outside.doing.set('t.read', async () => void check());
    const run = await kit.ran(definition([{ id: 'one', uses: 't.unsafe', check: { uses: 't.read' } }]));
    expect(names()).toEqual(['t.unsafe', 't.read']);
    const one = await step(run, 'one');
    expect(one?.outcome).toBe(outcome);
    expect(one?.question ?? '').toMatch(question);
    expect((await kit.view(run)).state.status).toBe(outcome === 'done' ? 'ended' : 'asking');
  });

  test('done, but without effect, says its verify: failed, and what it did is kept for the undo', async () => {
    kit.outside.doing.set('t.read', async () => {
      throw new ActionFailed('nothing changed');
    });
    const run = await kit.ran(definition([{ id: 'one', uses: 't.cas', verify: { uses: 't.read' } }]));
    expect(await step(run, 'one')).toMatchObject({
      question: expect.stringContaining('did not take effect: nothing changed'),
      output: { did: 't.cas' },
    });
  });
});

describe('a step that waits', () => {
  const waits =
    (until: () => Date) =>
    async (_: object, { waited }: RunContext) =>
      waited ? undefined : ({ kind: 'wait', until: until(), summary: 'waits' } as const);

  test('needs no worker to live that long: its time is a row', async () => {
    kit.outside.doing.set(
      't.idem',
      waits(() => new Date(kit.now().getTime() + 3_600_000)),
    );
    const run = await kit.ran(definition(['one t.idem', 'two t.cas']));
    expect(names()).toEqual(['t.idem']);
    const rows = await kit.sql<{ due: boolean }>(
      `select due_at > now() + interval '59 minutes' as due from outbox where lane like '%/timer/%' and done_at is null order by id`,
    );
    // The first is of the plan, which would have expired.
    expect(rows).toEqual([{ due: false }, { due: true }]);
    await kit.passes(1_800_000, run);
    expect(names()).toEqual(['t.idem']);
    await kit.passes(1_800_000, run);
    expect(names()).toEqual(['t.idem', 't.idem', 't.cas']);
    expect((await kit.view(run)).state.end).toBe('succeeded');
  });

  test('a minute is a minute, whatever else the run has an alarm for', async () => {
    kit.outside.doing.set(
      't.idem',
      waits(() => new Date(kit.now().getTime() + 60_000)),
    );
    // The plan would have run out in a day.
    const run = await kit.ran(definition(['one t.idem'], { approval: { required: 1, expires: '24h' } }));
    await kit.passes(60_000, run);
    expect((await kit.view(run)).state.end).toBe('succeeded');
  });

  test('is woken again when the alarm went off by a clock that is ahead of ours', async () => {
    const until = new Date(kit.now().getTime() + 60_000);
    kit.outside.doing.set(
      't.idem',
      waits(() => until),
    );
    const run = await kit.ran(definition(['one t.idem']));
    for (let early = 0; early < 2; early++) {
      await kit.sql(`update outbox set due_at = now() where lane like '%/timer/%'`);
      await kit.passes(0, run);
      const open = await kit.sql(`select 1 from outbox where lane like '%/timer/%' and done_at is null`);
      expect(open.length).toBeGreaterThan(0);
    }
    await kit.passes(60_000, run);
    expect((await kit.view(run)).state.end).toBe('succeeded');
  });
});

describe('what a step gives', () => {
  test('decides about later ones; what is left out is said, and what points nowhere fails when it runs', async () => {
    kit.outside.doing.set('t.unsafe', async () => ({
      kind: 'done',
      output: { empty: [], full: ['x'] },
      summary: 'looked',
    }));
    const run = await kit.ran(
      definition([
        { id: 'look', uses: 't.unsafe' },
        { id: 'one', uses: 't.cas', when: '{{ steps.look.empty }}' },
        { id: 'two', uses: 't.cas', when: '{{ steps.look.full }}', with: { list: '{{ steps.look.full }}' } },
        { id: 'three', uses: 't.idem', with: { list: '{{ steps.look.nowhere }}' } },
      ]),
    );
    expect(names()).toEqual(['t.unsafe', 't.cas']);
    expect(kit.outside.calls[1]?.input).toEqual({ list: ['x'] });
    expect(await step(run, 'one')).toMatchObject({ outcome: 'skipped', startedAt: null });
    expect(await asked(run)).toMatchObject({ step: 'three', why: 'failed' });
    expect(await step(run, 'three')).toMatchObject({ startedAt: null });
  });

  test('is bounded, however much it prints and gives', async () => {
    kit.outside.doing.set('t.idem', async (_, { say }) => {
      say('the beginning');
      const line = 'x'.repeat(1_000_000);
      for (let i = 0; i < 100; i++) say(line);
      say('the end');
      const output = { small: 1, body: 'y'.repeat(100_000_000) };
      return { kind: 'done', output, summary: 'z'.repeat(1_000_000) };
    });
    const run = await kit.ran(definition(['one t.idem']));
    const one = await step(run, 'one');
    expect(one?.log?.length).toBeLessThan(40_000);
    expect(one?.log).toMatch(/^the beginning\n.*left out.*the end\n$/s);
    expect(one?.output).toEqual({ small: 1, left_out: ['body'] });
    expect(one?.summary?.length).toBeLessThanOrEqual(2_000);
  });

  test('holds no secret, wherever it appears', async () => {
    const secret = 'hunter2-hunter2-hunter2';
    kit.secrets.push(secret);
    kit.outside.version = `v ${secret}`;
    kit.outside.doing.set('t.idem', async (_, { say, post }) => {
      say(`printed ${secret}`);
      await post(`posted ${secret}`, null);
      return { kind: 'done', output: { [secret]: secret }, summary: `said ${secret}` };
    });
    kit.outside.doing.set('t.read', async (_, { answer }) =>
      answer ? undefined : { kind: 'ask', question: `really ${secret}?`, choices: ['yes', 'no'] },
    );
    kit.outside.doing.set('t.cas', async () => {
      throw new ActionFailed(`refused ${secret}`, { output: { had: secret } });
    });
    kit.outside.doing.set('t.unsafe', async () => {
      throw new Error(`lost ${secret}`);
    });
    const run = await kit.ran(definition(['one t.idem', 'two t.read', 'three t.unsafe', 'four t.cas']));
    await kit.says({ type: 'AnswerStep', run, step: null, choice: 'yes' });
    await kit.drive(run);
    await kit.says({ type: 'SkipStep', run, reason: 'enough' });
    await kit.drive(run);
    expect(await asked(run)).toMatchObject({ step: 'four' });
    for (const table of ['fact', 'fact_text', 'entry', 'incident', 'outbox', 'lane', 'run_target']) {
      const rows = await kit.sql(`select 1 from ${table} t where t::text like '%hunter2%'`);
      expect([table, rows.length]).toEqual([table, 0]);
    }
    // The check itself can see what is there.
    expect(await kit.sql(`select 1 from fact_text t where t::text like '%printed [secret]%'`)).toHaveLength(
      1,
    );
  });

  test('forty steps are a run', async () => {
    const steps = Array.from({ length: 40 }, (_, i) => `step-${i} t.idem t.idem`);
    const run = await kit.ran(definition(steps));
    expect(names()).toHaveLength(40);
    await kit.says({ type: 'UndoRun', run });
    await kit.drive(run);
    expect(names()).toHaveLength(80);
    expect((await kit.view(run)).state.end).toBe('undone');
  });
});
