import { join } from 'node:path';
import { lookupsOf } from '#compose/core.js';
import { factLine } from '#domain/incident/chain.js';
import { laneOfRun } from '#domain/incident/effect.js';
import type { Intent } from '#domain/incident/intent.js';
import { verifyFacts } from '#domain/incident/verify.js';
import { isRefusal } from '#domain/refusal.js';
import type { StepEffect } from '#domain/run/runbook.js';
import { runsOf } from '#domain/run/state.js';
import { createHandle } from '#handle/handle.js';
import { migrate } from '#store/migrate.js';
import { openStore } from '#store/store.js';
import { testDatabase } from '../support/database.js';
import { type Happening, type RunHistory, type Violation, violationsOf } from '../support/history.js';
import { happened, OUTSIDE_SQL, outsidePool } from './chaos-outside.js';

const TEAM = 'T1';
const ANA = { id: 'U0ANA00001', name: 'ana' };

export type ChaosKit = Awaited<ReturnType<typeof startChaosKit>>;

/**
 * A record and a world outside, in two databases, and an operator who answers by looking at the world outside.
 * @param code our sources as JavaScript, for workers that are processes
 */
export async function startChaosKit(code: string) {
  const [database, outside] = [await testDatabase(), await testDatabase()];
  await migrate(database.config);
  const behind = outsidePool(database.config, 2);
  const world = outsidePool(outside.config, 2);
  await world.query(OUTSIDE_SQL);
  const store = openStore(database.config, () => {});
  const handle = createHandle({ store: lookupsOf(store), relay: { nudge() {} }, onError: () => {} });
  let said = 0;

  /** Says it until it is known to be recorded, or to be refused for a reason of its own. */
  const says = async (intent: Intent, target: number | null) => {
    const key = `chaos:${++said}`;
    for (;;) {
      const asking = {
        team: TEAM,
        by: ANA,
        // Who may is not what is tried here.
        source: 'bot',
        key,
        now: new Date(),
        seesPrivate: false,
      } as const;
      const answer = await handle(intent, target, asking);
      if (!isRefusal(answer) || !/^NOT_/.test(answer.code)) return answer;
    }
  };

  const kit = {
    database: database.config,
    outside: outside.config,
    process: join(code, 'test/runs/mortal.js'),
    store,
    steps: [] as RunHistory['steps'],
    runs: [] as Array<{ incident: number; run: number; lane: string }>,

    /** Asks for that many runs, ten to an incident, each with a target of its own. */
    async propose(runs: number, length: number) {
      const { steps, definition } = runbookOf(length);
      kit.steps = steps;
      for (let i = 0; i < runs; i++) {
        const incident = Math.floor(i / 10) + 1;
        if (i % 10 === 0) await says(OPEN, null);
        const intent = { type: 'ProposeRun', runbook: 'chaos', definition, inputs: '{}' } as const;
        const answer = await says({ ...intent, target: `target ${i}`, planOnly: false }, incident);
        if (isRefusal(answer)) throw new Error(JSON.stringify(answer));
        const run = (i % 10) + 1;
        kit.runs.push({ incident, run, lane: laneOfRun(TEAM, incident, run) });
      }
    },

    /** Answers every run that asks. @returns how many runs have not ended */
    async operate(): Promise<number> {
      let open = 0;
      for (const incident of new Set(kit.runs.map((one) => one.incident))) {
        const state = (await store.incidents.load(TEAM, incident))?.state;
        for (const { run, status, asked } of state ? runsOf(state).list : []) {
          if (status !== 'ended') open += 1;
          if (!asked) continue;
          const known = await happened(world, `${incident}/${run}`, asked.step);
          const skip = { type: 'SkipStep', run, reason: 'it is there' } as const;
          await says(known ? skip : { type: 'RetryStep', run }, incident);
        }
      }
      return open;
    },

    async sql<R extends object>(text: string, values: unknown[] = []): Promise<R[]> {
      return (await behind.query<R>(text, values)).rows;
    },

    /** Ends every connection to both databases. */
    async cut() {
      const text = `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = any($1) and pid <> pg_backend_pid()`;
      await kit.sql(text, [[database.config.database, outside.config.database]]);
    },

    async violations(): Promise<Violation[]> {
      const { rows } = await world.query<Happening>('select * from happening order by id');
      const all: Violation[] = [];
      for (const { incident, run } of kit.runs) {
        const name = `${incident}/${run}`;
        const happenings = rows.filter((row) => row.run === name).map(numbered);
        const facts = await store.incidents.runFacts(TEAM, incident, run);
        all.push(...violationsOf({ run: name, steps: kit.steps, facts, happenings }));
      }
      return all;
    },

    /** What is left behind though every run has ended, and what is wrong with the record itself. */
    async leftovers() {
      const chains: Array<Awaited<ReturnType<typeof verifyFacts>>> = [];
      for (const incident of new Set(kit.runs.map((one) => one.incident))) {
        chains.push(await store.snapshot((at) => verifyFacts(linesOf(at.facts(TEAM, incident)))));
      }
      return {
        targets: await kit.sql('select * from run_target'),
        owed: await kit.sql(`select * from outbox where kind = 'run.advance' and done_at is null`),
        broken: chains.filter(({ ok }) => !ok),
      };
    },

    async end() {
      await store.close();
      await Promise.all([behind.end(), world.end()]);
      await outside.close();
      await database.close();
    },
  };
  return kit;
}

const OPEN: Intent = {
  type: 'OpenIncident',
  title: 'chaos',
  severity: null,
  components: [],
  private: false,
  drill: false,
  moment: null,
};

/** Steps of every kind in turn; of the unsafe ones half can be checked. */
function runbookOf(length: number) {
  const kinds = ['idempotent', 'conditional', 'unsafe'] as const;
  const steps = Array.from({ length }, (_, i) => ({
    id: `step-${i}`,
    effect: (kinds[i % 3] ?? 'read') as StepEffect,
  }));
  const definition = JSON.stringify({
    name: 'chaos',
    title: 'Chaos',
    approval: { required: 0 },
    steps: steps.map(({ id, effect }, i) => ({
      id,
      uses: `out.${effect}`,
      retry: { attempts: 5, backoff: '100ms' },
      ...(i % 6 === 5 && { check: { uses: 'out.look', with: { step: id } } }),
    })),
  });
  return { steps, definition };
}

// `bigint` comes as text.
const numbered = (row: Happening): Happening => ({ ...row, fence: Number(row.fence) });

async function* linesOf(facts: AsyncIterable<Parameters<typeof factLine>[0]>): AsyncGenerator<string> {
  for await (const fact of facts) yield factLine(fact);
}
