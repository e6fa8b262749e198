import { afterEach, beforeEach, expect } from '@jest/globals';
import pg from 'pg';
import { z } from 'zod';
import { lookupsOf } from '#compose/core.js';
import { laneOfRun } from '#domain/incident/effect.js';
import type { Intent } from '#domain/incident/intent.js';
import { isRefusal, type Refusal } from '#domain/refusal.js';
import type { Json, StepEffect } from '#domain/run/runbook.js';
import { type RunView, runViewOf } from '#domain/run/view.js';
import { createHandle } from '#handle/handle.js';
import { type Action, ActionFailed, type RunContext, type StepResult } from '#runbooks/action.js';
import { readDefinition } from '#runbooks/definition/definition.js';
import { Secret } from '#runbooks/secret.js';
import { drainRunLane } from '#runs/advance.js';
import type { RunWorld } from '#runs/context.js';
import { openStore } from '#store/store.js';
import { testDatabase } from '../support/database.js';

export const ANA = { id: 'U0ANA00001', name: 'ana' };
export const BO = { id: 'U0BO000002', name: 'bo' };
export const TEAM = 'T1';
const MEMBERS = ['U0ANA00001', 'U0BO000002', 'U0CHEN0003', 'U0DEE00004'].map((id) => ({
  id,
  name: id,
  handle: id,
  realName: null,
  tz: null,
  isBot: false,
  deleted: false,
  kind: 'member' as const,
}));

/** What a test's action does when it is run. */
export type Doing = (input: Record<string, Json>, context: RunContext) => Promise<StepResult | undefined>;

/** An action of the world outside: what it does is the test's to say, and what was called is written down. */
function scripted(name: string, effect: StepEffect, world: Outside): Action<Record<string, Json>> {
  return {
    name,
    does: 'what the test says',
    effect,
    input: z.record(z.string(), z.any()),
    // The last three are what a test may have it give, or not give.
    outputs: ['did', 'read', 'empty', 'full', 'nowhere'],
    async plan(input) {
      await world.onPlan();
      const failure = world.planFails.get(name);
      if (failure) throw new ActionFailed(failure);
      return {
        does: `${name} ${JSON.stringify(input)}`,
        touches: effect === 'read' ? [] : ['the world'],
        current: null,
        desired: null,
        versions: { world: world.version },
        output: effect === 'read' ? { read: world.version } : null,
      };
    },
    async capture() {
      await world.onCapture();
      return { before: world.version };
    },
    async run(input, context) {
      if (effect !== 'read') await context.secure();
      world.calls.push({ name, input, undoing: context.undoing !== null, captured: context.captured });
      const result = await world.doing.get(name)?.(input, context);
      return result ?? { kind: 'done', output: { did: name }, summary: `${name} did it` };
    },
  };
}

/** The world that runs change, as the tests see it. */
class Outside {
  version = 'v1';
  calls: Array<{ name: string; input: Record<string, Json>; undoing: boolean; captured: Json }> = [];
  doing = new Map<string, Doing>();
  planFails = new Map<string, string>();
  /** Called while a plan is made, and while a step looks at what is there before it begins. */
  onPlan: () => Promise<void> = async () => undefined;
  onCapture: () => Promise<void> = async () => undefined;
  actions = new Map(
    (
      [
        ['t.read', 'read'],
        ['t.idem', 'idempotent'],
        ['t.cas', 'conditional'],
        ['t.unsafe', 'unsafe'],
        ['t.unsafe2', 'unsafe'],
      ] as const
    ).map(([name, effect]) => [name, scripted(name, effect, this)]),
  );
}

export type RunKit = Awaited<ReturnType<typeof startRunKit>>;

/** The real store, writer and worker of runs, with one open incident, and a world outside that a test directs. */
export async function startRunKit() {
  const database = await testDatabase();
  const store = openStore(database.config, () => {});
  const behind = new pg.Pool({ ...database.config, max: 1 });
  behind.on('error', () => {});
  const handle = createHandle({ store: lookupsOf(store), relay: { nudge() {} }, onError: () => {} });
  // Whom the tests let ask, agree and cancel: full members of the workspace, who speak in the incident's channel.
  await store.people.upsert(TEAM, MEMBERS);
  const outside = new Outside();
  let ahead = 0;
  let typed = 0;
  const people: string[] = [];
  const secrets: string[] = [];
  const scrubbed = (text: string) =>
    secrets.reduce((all, secret) => all.replaceAll(secret, '[secret]'), text);
  const now = () => new Date(Date.now() + ahead);
  const world: RunWorld = {
    outbox: store.outbox,
    incident: async (team, incident) => (await store.incidents.load(team, incident))?.state ?? null,
    facts: (team, incident, run) => store.incidents.runFacts(team, incident, run),
    targets: store.targets,
    tell: handle,
    readRunbook(source) {
      const read = readDefinition(source, 'test.yml', outside.actions);
      if ('problems' in read) throw new Error(read.problems.join('\n'));
      return read.runbook;
    },
    actions: outside.actions,
    systems: {
      store: () => no('store'),
      route: () => no('route'),
      pair: () => no('pair'),
      command: () => no('command'),
      storeProbe: () => no('probe'),
      routeProbe: () => no('probe'),
      secretFor: () => new Secret('a secret'),
      hosts: [],
      fingerprint: () => 'fp:000000000000',
    },
    scrub: { text: scrubbed, json: (value) => JSON.parse(scrubbed(JSON.stringify(value))) },
    approversOf: async () => people,
    gone: async (_team, ids) => ids.filter((id) => kit.gone.includes(id)),
    async owe(effect, of) {
      await store.outbox.owe(effect, of);
    },
    now,
    log: { info() {}, warn() {}, error: (fields) => kit.errors.push(fields) },
  };
  const kit = {
    database,
    store,
    handle,
    outside,
    world,
    people,
    secrets,
    errors: [] as object[],
    gone: [] as string[],
    now,
    windOn: (ms: number) => {
      ahead += ms;
    },
    async says(intent: Intent, target: number | null = 1, by = ANA, source: 'slack' | 'cli' = 'slack') {
      const key = `t:${++typed}`;
      return handle(intent, target, {
        team: TEAM,
        by,
        source,
        key,
        now: now(),
        seesPrivate: source === 'slack',
      });
    },
    /** Asks for a run of that definition. @returns its number, or the refusal */
    async propose(definition: string, more: { planOnly?: boolean; target?: string } = {}, by = ANA) {
      const answer = await kit.says(
        {
          type: 'ProposeRun',
          runbook: 'test',
          definition,
          inputs: '{}',
          target: more.target ?? 'test',
          planOnly: more.planOnly ?? false,
        },
        1,
        by,
      );
      if (isRefusal(answer)) return answer;
      const fact = answer.facts.find((one) => one.type === 'RunProposed');
      return fact?.type === 'RunProposed' ? fact.data.run : 0;
    },
    /** Asks for a run and takes it to where it waits for approval. */
    async planned(definition: string, target?: string): Promise<number> {
      const run = await kit.propose(definition, { ...(target && { target }) });
      if (typeof run !== 'number') throw new Error(JSON.stringify(run));
      await kit.drive(run);
      return run;
    },
    approve: (run: number, by = BO): Promise<unknown | Refusal> =>
      kit.says({ type: 'ApproveRun', run, hash: null, breakGlass: null }, 1, by),
    /** One worker takes the run as far as it goes. */
    drive: (run: number, options: { incident?: number; world?: RunWorld; signal?: AbortSignal } = {}) =>
      drainRunLane(
        laneOfRun(TEAM, options.incident ?? 1, run),
        { world: options.world ?? world, wakeAt: () => {}, owner: 'test' },
        options.signal ?? new AbortController().signal,
      ),
    /** A run that was planned, approved and taken as far as it goes. */
    async ran(definition: string): Promise<number> {
      const run = await kit.planned(definition);
      await kit.approve(run);
      await kit.drive(run);
      return run;
    },
    /** Time passes; alarms that are due by then go off, and the run goes on. */
    async passes(ms: number, run: number, its: RunWorld = world): Promise<void> {
      kit.windOn(ms);
      const timers = `${laneOfRun(TEAM, 1, run)}/timer/%`;
      await kit.sql(
        "update outbox set due_at = now() - interval '1 second' where lane like $1 and due_at <= $2",
        [timers, now()],
      );
      const options = { world: its, wakeAt: () => {}, owner: 'test' };
      for (const { lane } of await store.outbox.dueLanes(100)) {
        if (lane.includes('/timer/')) await drainRunLane(lane, options, new AbortController().signal);
      }
      await kit.drive(run, { world: its });
    },
    /** The lease of a worker that is gone runs out. */
    async leaseEnds(run: number): Promise<void> {
      await kit.sql('update lane set lease_until = now(), next_at = null where lane like $1', [
        `${laneOfRun(TEAM, 1, run)}%`,
      ]);
    },
    /** Looks behind the store's back. */
    async sql<R extends object>(text: string, values: unknown[] = []): Promise<R[]> {
      return (await behind.query<R>(text, values)).rows;
    },
    async view(run: number): Promise<RunView> {
      const view = runViewOf(await store.incidents.runFacts(TEAM, 1, run), run);
      if (!view) throw new Error('no such run');
      return view;
    },
    async end() {
      await Promise.all([store.close(), behind.end()]);
      await database.close();
    },
  };
  await kit.says(
    {
      type: 'OpenIncident',
      title: 'x',
      severity: null,
      components: [],
      private: false,
      drill: false,
      moment: null,
    },
    null,
  );
  return kit;
}

/** Every test of this file or group gets a kit of its own, and nothing may have gone wrong in it. */
export function eachWithRunKit(take: (kit: RunKit) => void): void {
  let kit: RunKit;
  beforeEach(async () => {
    kit = await startRunKit();
    take(kit);
  });
  afterEach(async () => {
    try {
      expect(kit.errors).toEqual([]);
    } finally {
      await kit.end();
    }
  });
}

/**
 * A test with a kit of its own, for `test.concurrent`: most of its time it waits for what a worker does of itself every
 * so often, and others may go beside it.
 */
export function withRunKit<T extends unknown[]>(
  body: (kit: RunKit, ...args: T) => Promise<void>,
): (...args: T) => Promise<void> {
  return async (...args) => {
    const kit = await startRunKit();
    try {
      await body(kit, ...args);
      expect(kit.errors).toEqual([]);
    } finally {
      await kit.end();
    }
  };
}

function no(what: string): never {
  throw new ActionFailed(`there is no ${what} here`);
}

/** A definition in few words: `id action undo?`. */
export function definition(steps: Array<string | object>, more: object = {}): string {
  const list = steps.map((step) => {
    if (typeof step !== 'string') return step;
    const [id, uses, undo] = step.split(' ');
    return { id, title: id, uses, with: {}, ...(undo && { undo: { uses: undo, with: {} } }) };
  });
  return JSON.stringify({ name: 'test', title: 'A test', steps: list, ...more });
}
