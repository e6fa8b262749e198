import { describe, expect, test } from '@jest/globals';
import { laneOfRun } from '#domain/incident/effect.js';
import { FOLD } from '#domain/incident/state.js';
import { isRefusal } from '#domain/refusal.js';
import { drainRunLane } from '#runs/advance.js';
import { BO, definition, eachWithRunKit, type RunKit, TEAM } from './kit.js';

let kit: RunKit;
eachWithRunKit((one) => {
  kit = one;
});

const CHEN = { id: 'U0CHEN0003', name: 'chen' };
const names = () => kit.outside.calls.map(({ name }) => name);
const state = async (run: number) => (await kit.view(run)).state;
const one = (approval: object = {}) => definition(['one t.cas t.cas'], { approval });
const facts = async (run: number) =>
  (await kit.store.incidents.runFacts(TEAM, 1, run)).map(({ type }) => type);

describe('approval', () => {
  test('of an older plan counts for nothing', async () => {
    const run = await kit.planned(one());
    const old = (await state(run)).hash ?? '';
    await kit.approve(run);
    kit.outside.version = 'v2';
    await kit.drive(run);
    const by = (hash: string) => kit.says({ type: 'ApproveRun', run, hash, breakGlass: null }, 1, BO);
    expect(await by(old.slice(0, 8))).toMatchObject({ code: 'RUN_PLAN_CHANGED' });
    await kit.drive(run);
    expect(names()).toEqual([]);
    await by(((await state(run)).hash ?? '').slice(0, 8));
    await kit.drive(run);
    expect((await state(run)).end).toBe('succeeded');
  });

  test('takes two where two are required: not one twice, and not who asked', async () => {
    const run = await kit.planned(one({ required: 2 }));
    await kit.approve(run);
    expect(await kit.approve(run)).toMatchObject({ code: 'RUN_APPROVED_ALREADY' });
    expect(await kit.says({ type: 'ApproveRun', run, hash: null, breakGlass: null })).toMatchObject({
      code: 'RUN_OWN',
    });
    await kit.drive(run);
    expect(names()).toEqual([]);
    await kit.approve(run, CHEN);
    await kit.drive(run);
    expect(names()).toEqual(['t.cas']);
  });

  test('comes from those who are named, and of them only', async () => {
    kit.people.push(BO.id);
    const run = await kit.planned(one({ from: ['@sre'] }));
    expect(await kit.approve(run, CHEN)).toMatchObject({ code: 'RUN_NOT_AN_APPROVER' });
    expect(
      await kit.says({ type: 'ApproveRun', run, hash: null, breakGlass: null }, 1, BO, 'cli'),
    ).toMatchObject({
      code: 'RUN_NEEDS_A_PERSON',
    });
    await kit.approve(run);
    await kit.drive(run);
    expect((await state(run)).end).toBe('succeeded');
  });

  test('is asked for again when whoever gave it has left the group before it began', async () => {
    kit.people.push(BO.id);
    const run = await kit.planned(one({ from: ['@sre'] }));
    await kit.approve(run);
    kit.people.splice(0, 1, CHEN.id);
    await kit.drive(run);
    expect(await state(run)).toMatchObject({
      status: 'waiting',
      approvals: [],
      approvers: { people: [CHEN.id] },
    });
    expect(await kit.approve(run)).toMatchObject({ code: 'RUN_NOT_AN_APPROVER' });
    expect(names()).toEqual([]);
    await kit.approve(run, CHEN);
    await kit.drive(run);
    expect(names()).toEqual(['t.cas']);
  });

  test('runs out, and gives the target back', async () => {
    const run = await kit.planned(one({ expires: '10m' }));
    await kit.passes(599_000, run);
    expect((await state(run)).status).toBe('waiting');
    kit.windOn(2_000);
    expect(await kit.approve(run)).toMatchObject({ code: 'RUN_APPROVAL_EXPIRED' });
    await kit.passes(0, run);
    expect((await state(run)).end).toBe('expired');
    expect(await kit.store.targets.holder(TEAM, 'test')).toBeNull();
    expect(await kit.approve(run)).toMatchObject({ code: 'RUN_APPROVAL_EXPIRED' });
  });

  test('may be broken through, loudly and with a reason, even by who asked', async () => {
    const run = await kit.planned(one({ required: 2, from: ['@sre'] }));
    await kit.says({ type: 'ApproveRun', run, hash: null, breakGlass: 'everybody is asleep' });
    await kit.drive(run);
    const view = await kit.view(run);
    expect(view.approvals).toMatchObject([{ breakGlass: true, reason: 'everybody is asleep' }]);
    expect(view.state.end).toBe('succeeded');
    const entries = await kit.sql(`select text from entry where text like '%everybody is asleep%'`);
    expect(entries).toHaveLength(1);
  });

  test('is not needed where nothing is left to change', async () => {
    const change = { id: 'change', uses: 't.cas', when: 'not {{ incident.ref }}' };
    const run = await kit.planned(definition(['look t.read', change], { approval: { required: 3 } }));
    expect(await state(run)).toMatchObject({ end: 'succeeded' });
    expect(kit.outside.calls.map(({ name }) => name)).toEqual(['t.read']);
  });

  test('is asked for where a runbook that only reads asks for it, and only there', async () => {
    const run = await kit.planned(definition(['look t.read'], { approval: { required: 1 } }));
    expect(await state(run)).toMatchObject({ status: 'waiting', end: null });
    await kit.approve(run);
    await kit.drive(run);
    expect((await state(run)).end).toBe('succeeded');
    const silent = await kit.planned(definition(['look t.read']));
    expect((await state(silent)).end).toBe('succeeded');
  });

  test('of nobody does not wait for the world to stand still', async () => {
    let n = 0;
    kit.outside.onPlan = async () => {
      kit.outside.version = `v${++n}`;
    };
    const run = await kit.planned(one({ required: 0 }));
    expect((await state(run)).end).toBe('succeeded');
    expect((await facts(run)).filter((type) => type === 'RunPlanned')).toHaveLength(2);
  });
});

describe('a target', () => {
  test('has one run at a time: a second is refused, and hears of the first', async () => {
    const run = await kit.planned(one());
    expect(await kit.propose(one())).toMatchObject({
      code: 'RUN_TARGET_BUSY',
      sentence: expect.stringContaining(`RUN-${run}`),
    });
    // A look does no harm, and another target is another matter.
    expect(await kit.propose(one(), { planOnly: true })).toBe(2);
    expect(await kit.propose(one(), { target: 'elsewhere' })).toBe(3);
  });

  test('asked for by two at once goes to one; the other ends and names it', async () => {
    const [first, second] = [await kit.propose(one()), await kit.propose(one())].map(Number) as [
      number,
      number,
    ];
    await Promise.all([kit.drive(first), kit.drive(second)]);
    const ends = [await kit.view(first), await kit.view(second)];
    const loser = ends.find((view) => view.state.end === 'failed');
    const winner = ends.find((view) => view.state.status === 'waiting');
    expect(loser?.summary).toBe(`RUN-${winner?.state.run} of INC-1 holds test`);
    expect(names()).toEqual([]);
  });

  test('held by a run of a private incident says no more than that it is held', async () => {
    const other = { title: 'hush', severity: null, components: [], drill: false, moment: null };
    const opened = await kit.says({ type: 'OpenIncident', private: true, ...other }, null, BO);
    if (isRefusal(opened)) throw new Error(opened.sentence);
    const ask = {
      type: 'ProposeRun',
      runbook: 'hush',
      definition: one(),
      inputs: '{}',
      target: 'test',
    } as const;
    // Asked for at once by both, so that only whoever plans finds it held.
    const run = Number(await kit.propose(one()));
    await kit.says({ ...ask, planOnly: false }, opened.incident, BO);
    const lane = laneOfRun(TEAM, opened.incident, 1);
    const options = { world: kit.world, wakeAt: () => {}, owner: 'test' };
    await drainRunLane(lane, options, new AbortController().signal);
    await kit.drive(run);
    expect((await kit.view(run)).summary).toBe('another run holds test');
    const refused = await kit.propose(one());
    expect(refused).toMatchObject({ code: 'RUN_TARGET_BUSY' });
    expect(JSON.stringify(refused)).not.toMatch(/INC-2|RUN-|hush/);
    // Whoever is in it hears which.
    expect(JSON.stringify(await kit.propose(one(), {}, BO))).toMatch(/RUN-1 of INC-2/);
  });

  const endings: Array<[string, (run: number) => Promise<unknown>]> = [
    ['succeeded', kitApproves],
    ['rejected', (run) => kit.says({ type: 'RejectRun', run, reason: null })],
    ['cancelled', (run) => kit.says({ type: 'CancelRun', run, reason: null })],
    ['expired', async () => kit.windOn(3_600_000)],
    [
      'failed',
      async (run) => {
        await kitApproves(run);
        kit.outside.planFails.set('t.cas', 'the store is gone');
      },
    ],
  ];
  test.each(endings)('is free again when a run has %s', async (how, ends) => {
    const run = await kit.planned(one());
    expect(await kit.store.targets.holder(TEAM, 'test')).toEqual({ incident: 1, run });
    await ends(run);
    await kit.passes(0, run);
    expect((await state(run)).end).toBe(how);
    expect(await kit.store.targets.holder(TEAM, 'test')).toBeNull();
    expect(await kit.propose(one())).toBe(run + 1);
  });

  test('is given back by whoever comes next when the worker died in between', async () => {
    const run = await kit.planned(one());
    const { targets } = kit.store;
    const dying = { ...targets, release: () => Promise.reject(new Error('killed')) };
    await kit.approve(run);
    await kit.drive(run, { world: { ...kit.world, targets: dying } });
    expect(kit.errors.splice(0)).toHaveLength(1);
    expect((await state(run)).end).toBe('succeeded');
    await kit.leaseEnds(run);
    await kit.drive(run);
    expect(await targets.holder(TEAM, 'test')).toBeNull();
  });
});

function kitApproves(run: number) {
  return kit.approve(run);
}

describe('a run that cannot be', () => {
  test('is only looked at when only a plan was asked for', async () => {
    const run = Number(await kit.propose(one(), { planOnly: true }));
    await kit.drive(run);
    const view = await kit.view(run);
    expect(view.state.end).toBe('planned');
    expect(view.plan?.steps).toMatchObject([{ id: 'one', touches: ['the world'] }]);
    expect(names()).toEqual([]);
    expect(await kit.approve(run)).toMatchObject({ code: 'RUN_NOT_WAITING' });
  });

  test('ends with the reason when no plan can be made, and nothing is done', async () => {
    kit.outside.planFails.set('t.cas', 'there is no such key');
    const run = await kit.planned(definition(['zero t.idem', 'one t.cas']));
    const view = await kit.view(run);
    expect(view.state.end).toBe('failed');
    expect(view.summary).toContain('one: there is no such key');
    expect(names()).toEqual([]);
  });

  test('ends when its definition cannot be read any more, or was erased', async () => {
    const world = { ...kit.world, readRunbook: () => null };
    const unread = Number(await kit.propose(one()));
    await kit.drive(unread, { world });
    expect(await kit.view(unread)).toMatchObject({
      state: { end: 'failed' },
      summary: expect.stringContaining('cannot be read'),
    });
    const erased = await kit.planned(one());
    const at = (await kit.store.incidents.runFacts(TEAM, 1, erased)).find(
      ({ type }) => type === 'RunProposed',
    );
    await kit.store.eraseTexts(FOLD, { team: TEAM, incident: 1, seq: at?.seq ?? 0 }, ['definition']);
    await kit.approve(erased);
    await kit.drive(erased, {
      world: {
        ...kit.world,
        readRunbook: (source) => (source === '' ? null : kit.world.readRunbook(source)),
      },
    });
    expect((await kit.view(erased)).definition).toBeNull();
    expect((await state(erased)).end).toBe('failed');
    expect(names()).toEqual([]);
  });
});
