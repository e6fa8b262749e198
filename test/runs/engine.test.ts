import { describe, expect, test } from '@jest/globals';
import { ActionFailed } from '#runbooks/action.js';
import { ANA, BO, definition, eachWithRunKit, type RunKit } from './kit.js';

let kit: RunKit;
eachWithRunKit((one) => {
  kit = one;
});

const names = () => kit.outside.calls.map(({ name, undoing }) => (undoing ? `undo ${name}` : name));

describe('a run', () => {
  test('is planned by reading only, approved by another person, and then done step by step', async () => {
    const run = await kit.planned(definition(['look t.read', 'change t.cas t.idem']));
    expect((await kit.view(run)).state).toMatchObject({ status: 'waiting', approvals: [] });
    expect(names()).toEqual([]);
    expect(await kit.says({ type: 'ApproveRun', run, hash: null, breakGlass: null })).toMatchObject({
      code: 'RUN_OWN',
    });
    await kit.approve(run);
    await kit.drive(run);
    expect(names()).toEqual(['t.read', 't.cas']);
    const view = await kit.view(run);
    expect(view.state).toMatchObject({ status: 'ended', end: 'succeeded' });
    expect(view.steps.get('change')?.run).toMatchObject({
      outcome: 'done',
      captured: { before: 'v1' },
      output: { did: 't.cas' },
    });
    expect(await kit.store.targets.holder('T1', 'test')).toBeNull();
  });

  test.each([
    ['a token', 'token:board', 'api', null, 2],
    ['the command line', 'cli:ops', 'cli', null, 2],
    ['a token with an owner', 'token:board', 'api', ANA, 1],
    ['the command line with an owner', 'cli:ops', 'cli', ANA, 1],
  ] as const)('that %s asked for needs so many approvals', async (_, id, source, owner, required) => {
    const intent = {
      type: 'ProposeRun',
      runbook: 'test',
      inputs: '{}',
      target: 'test',
      planOnly: false,
    } as const;
    const asked = await kit.handle({ ...intent, definition: definition(['change t.cas']) }, 1, {
      ...{
        team: 'T1',
        by: { id, name: null },
        source,
        owner,
        key: 'k:1',
        now: kit.now(),
        seesPrivate: false,
      },
    });
    expect(asked).toMatchObject({ recorded: true });
    await kit.drive(1);
    expect((await kit.view(1)).state).toMatchObject({ status: 'waiting', approvers: { required } });
    if (owner) expect(await kit.approve(1, ANA)).toMatchObject({ code: 'RUN_OWN' });
    await kit.approve(1, BO);
    await kit.drive(1);
    expect((await kit.view(1)).state.status).toBe(required === 1 ? 'ended' : 'waiting');
  });

  test('asks again when the world has moved since the plan', async () => {
    const run = await kit.planned(definition(['change t.cas']));
    const first = (await kit.view(run)).state.hash;
    await kit.approve(run);
    kit.outside.version = 'v2';
    await kit.drive(run);
    const { state } = await kit.view(run);
    expect(state).toMatchObject({ status: 'waiting', approvals: [] });
    expect(state.hash).not.toBe(first);
    expect(names()).toEqual([]);
    await kit.approve(run);
    await kit.drive(run);
    expect((await kit.view(run)).state.end).toBe('succeeded');
  });

  test('that failed before it changed anything has failed, whatever its definition says of undoing', async () => {
    kit.outside.doing.set('t.read', async () => {
      throw new ActionFailed('keys are missing');
    });
    const run = await kit.planned(definition(['gate t.read', 'turn t.cas t.idem'], { on_failure: 'undo' }));
    await kit.approve(run);
    await kit.drive(run);
    const view = await kit.view(run);
    expect(view.state.end).toBe('failed');
    expect(view.summary).toBe('gate: keys are missing');
    expect(kit.outside.calls.map(({ name }) => name)).toEqual(['t.read']);
  });

  test('undoes in reverse order what was done, of itself when its definition says so', async () => {
    kit.outside.doing.set('t.unsafe', async () => {
      throw new ActionFailed('it says no');
    });
    const steps = ['one t.cas t.idem', 'two t.idem t.cas', 'three t.unsafe'];
    const run = await kit.planned(definition(steps, { on_failure: 'undo' }));
    await kit.approve(run);
    await kit.drive(run);
    expect(names()).toEqual(['t.cas', 't.idem', 't.unsafe', 'undo t.cas', 'undo t.idem']);
    const view = await kit.view(run);
    // The third began, and has no undo: that is said, not glossed over.
    expect(view.state.end).toBe('partly-undone');
    expect(view.summary).toContain('three');
  });

  test('says in the timeline that it must be approved anew, and why', async () => {
    const run = await kit.planned(definition(['change t.cas']));
    await kit.approve(run);
    kit.outside.version = 'v2';
    await kit.drive(run);
    expect(await kit.view(run)).toMatchObject({ again: 'moved', approvals: [] });
    await kit.approve(run);
    kit.gone.push(BO.id);
    await kit.drive(run);
    expect(await kit.view(run)).toMatchObject({ again: 'approvers', state: { status: 'waiting' } });
    expect(names()).toEqual([]);
    const told: Array<string | undefined> = [];
    await kit.store.snapshot(async (at) => {
      for await (const { detail } of at.entries('T1', 1)) if (detail.run) told.push(detail.what);
    });
    expect(told).toEqual([
      'asked for',
      'approved',
      'must be approved anew: the world has moved since its plan',
      'approved',
      'must be approved anew: somebody who agreed would not be asked any more',
    ]);
  });

  test('is told what was approved, so that an action does no other', async () => {
    const planned: unknown[] = [];
    kit.outside.doing.set('t.cas', async (_, context) => {
      planned.push(context.planned);
      return undefined;
    });
    const run = await kit.planned(definition(['look t.read', 'change t.cas']));
    await kit.approve(run);
    await kit.drive(run);
    expect(planned).toEqual([null]);
    expect((await kit.view(run)).plan?.steps.map(({ output }) => output)).toEqual([{ read: 'v1' }, null]);
  });
});
