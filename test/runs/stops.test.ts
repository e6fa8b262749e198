import { describe, expect, test } from '@jest/globals';
import { ActionFailed, type RunContext } from '#runbooks/action.js';
import { BO, type Doing, definition, eachWithRunKit, type RunKit, TEAM } from './kit.js';

let kit: RunKit;
eachWithRunKit((one) => {
  kit = one;
});

const names = () => kit.outside.calls.map(({ name, undoing }) => (undoing ? `undo ${name}` : name));
const cancel = (run: number) => kit.says({ type: 'CancelRun', run, reason: 'enough' });
const undo = (run: number) => kit.says({ type: 'UndoRun', run });
const end = async (run: number) => (await kit.view(run)).state.end;
const free = async () => expect(await kit.store.targets.holder(TEAM, 'test')).toBeNull();
const refuses = (message = 'it says no'): Doing => {
  return async () => {
    throw new ActionFailed(message);
  };
};
/** Fails until somebody mends it. */
function breaks(name: string): () => void {
  kit.outside.doing.set(name, refuses());
  return () => void kit.outside.doing.delete(name);
}

describe('a question', () => {
  const asks: Doing = async (_, { answer }) =>
    answer
      ? { kind: 'done', output: { ...answer }, summary: 'answered' }
      : { kind: 'ask', question: 'Move on?', choices: ['Yes', 'No'] };
  const steps = ['first t.read', 'second t.idem'];
  const answer = (run: number, choice: string, step: string | null = null) =>
    kit.says({ type: 'AnswerStep', run, step, choice }, 1, BO);

  test('stands until a person chooses, of the choices there are', async () => {
    kit.outside.doing.set('t.read', asks);
    const run = await kit.ran(definition(steps));
    expect((await kit.view(run)).state.asked).toMatchObject({ why: 'question', choices: ['Yes', 'No'] });
    await kit.drive(run);
    expect(names()).toEqual(['t.read']);
    expect(await answer(run, 'Perhaps')).toMatchObject({ code: 'RUN_WANTS_AN_ANSWER' });
    expect(await kit.says({ type: 'RetryStep', run })).toMatchObject({ code: 'RUN_WANTS_AN_ANSWER' });
    expect(await answer(run, 'Yes', 'second')).toMatchObject({ code: 'RUN_NOT_ASKING' });
    await answer(run, 'yes', 'first');
    await kit.drive(run);
    const view = await kit.view(run);
    expect(view.steps.get('first')?.run?.output).toEqual({ choice: 'Yes', by: BO.id, name: BO.name });
    expect(view.state.end).toBe('succeeded');
    expect(await answer(run, 'Yes', 'first')).toMatchObject({ code: 'RUN_NOT_ASKING' });
  });

  test('is not answered by a button of an earlier one', async () => {
    kit.outside.doing.set('t.read', asks);
    const run = await kit.ran(definition(['first t.read', 'second t.read']));
    await answer(run, 'No', 'first');
    await kit.drive(run);
    expect((await kit.view(run)).state.asked).toMatchObject({ step: 'second' });
    expect(await answer(run, 'Yes', 'first')).toMatchObject({ code: 'RUN_NOT_ASKING' });
    expect((await kit.view(run)).state.asked).toMatchObject({ step: 'second' });
  });

  test('may be left open: skipped, or everything undone', async () => {
    kit.outside.doing.set('t.read', asks);
    const run = await kit.ran(definition(['zero t.cas t.idem', ...steps]));
    expect(await undo(run)).not.toHaveProperty('refused');
    await kit.drive(run);
    expect(names()).toEqual(['t.cas', 't.read', 'undo t.idem']);
    expect(await end(run)).toBe('undone');
    await free();
  });
});

describe('a run that stands still at a failed step', () => {
  const steps = ['one t.cas t.cas', 'two t.idem t.idem', 'three t.read'];

  test('retry does it once more, and goes on', async () => {
    const mend = breaks('t.idem');
    const run = await kit.ran(definition(steps));
    mend();
    await kit.says({ type: 'RetryStep', run });
    await kit.drive(run);
    expect(names()).toEqual(['t.cas', 't.idem', 't.idem', 't.read']);
    expect(await end(run)).toBe('succeeded');
    expect(await kit.says({ type: 'RetryStep', run })).toMatchObject({ code: 'RUN_NOT_ASKING' });
  });

  test('skip goes on without it, and says who said so', async () => {
    breaks('t.idem');
    const run = await kit.ran(definition(steps));
    await kit.says({ type: 'SkipStep', run, reason: 'done by hand' }, 1, BO);
    await kit.drive(run);
    const view = await kit.view(run);
    expect(view.steps.get('two')?.run).toMatchObject({ outcome: 'skipped', summary: 'done by hand' });
    expect(view.steps.get('two')?.run?.answer).toEqual({ choice: 'skip', by: BO });
    expect(view.state.end).toBe('succeeded');
  });

  test('undo takes back what was done, and what may have been done in part', async () => {
    const mend = breaks('t.idem');
    const run = await kit.ran(definition(steps));
    mend();
    await undo(run);
    await kit.drive(run);
    expect(names()).toEqual(['t.cas', 't.idem', 'undo t.idem', 'undo t.cas']);
    expect(await end(run)).toBe('undone');
    await free();
  });

  const choices = [
    ['RetryStep', 'undone', ['undo t.unsafe', 'undo t.unsafe', 'undo t.cas']],
    ['SkipStep', 'partly-undone', ['undo t.unsafe', 'undo t.cas']],
    ['UndoRun', 'undone', ['undo t.unsafe', 'undo t.unsafe', 'undo t.cas']],
  ] as const;
  test.each(choices)('an undo that fails stands still too: %s', async (type, ends, calls) => {
    const run = await kit.ran(definition(['one t.cas t.cas', 'two t.idem t.unsafe']));
    const mend = breaks('t.unsafe');
    await undo(run);
    await kit.drive(run);
    expect((await kit.view(run)).state).toMatchObject({
      status: 'asking',
      asked: { step: 'two', phase: 'undo', why: 'failed' },
    });
    mend();
    await kit.says({ type, run, reason: 'by hand' });
    await kit.drive(run);
    expect(names().slice(2)).toEqual(calls);
    expect(await end(run)).toBe(ends);
    if (ends === 'partly-undone') expect((await kit.view(run)).summary).toContain('two (skipped)');
    await free();
  });
});

describe('undo', () => {
  test('of what succeeded gives back what each step found and gave, once', async () => {
    const seen: Array<RunContext['undoing']> = [];
    kit.outside.doing.set('t.idem', async (_, { undoing }) => void seen.push(undoing));
    const run = await kit.ran(
      definition([{ id: 'one', uses: 't.cas', with: { a: 1 }, undo: { uses: 't.idem' } }]),
    );
    await free();
    await undo(run);
    await kit.drive(run);
    expect(seen).toEqual([{ captured: { before: 'v1' }, input: { a: 1 }, output: { did: 't.cas' } }]);
    expect(await end(run)).toBe('undone');
    expect(await undo(run)).toMatchObject({ code: 'RUN_NOTHING_TO_UNDO' });
    await free();
  });

  test('of what was cancelled, and says what it cannot take back', async () => {
    const steps = ['one t.cas t.cas', 'two t.unsafe', 'three t.idem'];
    kit.outside.doing.set('t.unsafe', async () => void (await cancel(1)));
    const run = await kit.ran(definition(steps));
    expect(await end(run)).toBe('cancelled');
    expect((await kit.view(run)).summary).toContain('one, two');
    await undo(run);
    await kit.drive(run);
    expect(names()).toEqual(['t.cas', 't.unsafe', 'undo t.cas']);
    expect(await end(run)).toBe('partly-undone');
    expect((await kit.view(run)).summary).toBe('not undone: two (it has no undo)');
  });

  test('does not begin while another run has the target', async () => {
    const run = await kit.ran(definition(['one t.cas t.idem']));
    const other = await kit.planned(definition(['one t.cas']));
    expect(await undo(run)).toMatchObject({ code: 'RUN_TARGET_BUSY' });
    await kit.says({ type: 'RejectRun', run: other, reason: null });
    await kit.drive(other);
    // Between the look and the worker another one is quicker.
    await undo(run);
    await kit.store.targets.take(TEAM, 'test', { incident: 9, run: 9 });
    await kit.drive(run);
    expect(names()).toEqual(['t.cas']);
    await kit.store.targets.release(TEAM, { incident: 9, run: 9 });
    await kit.passes(5_000, run);
    expect(names()).toEqual(['t.cas', 'undo t.idem']);
    expect(await end(run)).toBe('undone');
  });

  test('has nothing to do where nothing began', async () => {
    const ends: Array<[number, string]> = [];
    const planOnly = await kit.propose(definition(['one t.cas']), { planOnly: true });
    if (typeof planOnly === 'number') ends.push([planOnly, 'planned']);
    await kit.drive(Number(planOnly));
    const rejected = await kit.planned(definition(['one t.cas']));
    await kit.says({ type: 'RejectRun', run: rejected, reason: 'no' });
    await kit.drive(rejected);
    ends.push([rejected, 'rejected']);
    const waiting = await kit.planned(definition(['one t.cas']));
    expect(await undo(waiting)).toMatchObject({ code: 'RUN_NOTHING_TO_UNDO' });
    await cancel(waiting);
    await kit.drive(waiting);
    ends.push([waiting, 'cancelled']);
    for (const [run, how] of ends) {
      expect(await end(run)).toBe(how);
      expect(await undo(run)).toMatchObject({ code: 'RUN_NOTHING_TO_UNDO' });
    }
    expect(names()).toEqual([]);
  });
});
