import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { z } from 'zod';
import type { StepEffect } from '#domain/run/runbook.js';
import { type Action, ActionFailed, type RunContext, type StepResult } from '#runbooks/action.js';
import type { Chance } from '../support/chance.js';

/** The world outside: a database of its own. `happening` is only ever added to. */
export const OUTSIDE_SQL = `
create table happening (id bigserial primary key, run text not null, step text not null, kind text not null,
  worker text not null, fence bigint not null, effective boolean not null, at timestamptz not null default clock_timestamp());
create table done (key text primary key);
create table cell (run text primary key, version int not null)`;

/** Each adds a line that says what came of it: how targets of the three kinds behave. */
const CHANGES = {
  // Knows the key of what was done.
  idempotent: `with first as (insert into done (key) values ($1 || '/' || $2) on conflict do nothing returning 1)
    insert into happening (run, step, kind, worker, fence, effective)
    select $1, $2, 'idempotent', $3, $4, exists (select from first) and $5::int is null returning effective`,
  // Compares and sets: a write that rests on an older version changes nothing.
  conditional: `with moved as (update cell set version = version + 1 where run = $1 and version = $5 returning 1)
    insert into happening (run, step, kind, worker, fence, effective)
    select $1, $2, 'conditional', $3, $4, exists (select from moved) returning effective`,
  unsafe: `insert into happening (run, step, kind, worker, fence, effective)
    select $1, $2, 'unsafe', $3, $4, $5::int is null returning effective`,
} as const satisfies Partial<Record<StepEffect, string>>;
type Kind = keyof typeof CHANGES;

export interface OutsideOptions {
  pool: pg.Pool;
  worker: string;
  /** Under which fence this process believes to hold that run. */
  fenceOf: (run: string) => number;
  /** Called when the right to act was just confirmed, directly before acting. */
  brink: (kind: Kind) => void;
  /** The longest sleep before and after acting. */
  napMs: number;
  chance: Chance;
}

/** The actions of chaos: `out.KIND`, and `out.look`, which reads whether a step has happened. */
export function outsideActions(options: OutsideOptions): Map<string, Action> {
  const kinds = Object.keys(CHANGES) as Kind[];
  const actions = [...kinds.map((kind) => changing(kind, options)), looking(options)];
  return new Map(actions.map((action) => [action.name, action]));
}

const PLAN = { touches: [], current: null, desired: null, versions: {}, output: null };

function changing(kind: Kind, options: OutsideOptions): Action {
  const { pool, worker, fenceOf, brink } = options;
  return {
    name: `out.${kind}`,
    does: 'adds a line to the log of the world outside',
    effect: kind,
    input: z.strictObject({}),
    outputs: ['worker'],
    plan: async () => ({ ...PLAN, does: 'adds a line', touches: ['outside'] }),
    capture: async (_, { key }) => (kind === 'conditional' ? versionOf(pool, placeOf(key).run) : null),
    async run(_, context): Promise<StepResult> {
      const { run, step } = placeOf(context.key);
      await nap(options, context);
      const client = await pool.connect();
      let broken: Error | undefined;
      let effective: boolean | undefined;
      try {
        await context.secure();
        brink(kind);
        const values = [run, step, worker, fenceOf(run), kind === 'conditional' ? context.captured : null];
        const { rows } = await client.query<{ effective: boolean }>(CHANGES[kind], values);
        effective = rows[0]?.effective;
      } catch (error) {
        broken = error as Error;
        throw error;
      } finally {
        client.release(broken);
      }
      await nap(options, context);
      if (effective || (await happened(pool, run, step))) {
        return { kind: 'done', output: { worker }, summary: 'added a line' };
      }
      throw new ActionFailed('somebody else has changed it');
    },
  };
}

function looking({ pool }: OutsideOptions): Action {
  return {
    name: 'out.look',
    does: 'reads whether a step has happened',
    effect: 'read',
    input: z.strictObject({ step: z.string() }),
    outputs: [],
    plan: async () => ({ ...PLAN, does: 'looks' }),
    async run({ step }, { key }): Promise<StepResult> {
      if (!(await happened(pool, placeOf(key).run, step))) throw new ActionFailed('there is no line of it');
      return { kind: 'done', output: {}, summary: 'there is a line of it' };
    },
  };
}

/** `T1/2/3/step/run` is step `step` of `2/3`. */
function placeOf(key: string): { run: string; step: string } {
  const [, incident, run, step = ''] = key.split('/');
  return { run: `${incident}/${run}`, step };
}

async function versionOf(pool: pg.Pool, run: string): Promise<number> {
  await pool.query('insert into cell (run, version) values ($1, 0) on conflict do nothing', [run]);
  const { rows } = await pool.query<{ version: number }>('select version from cell where run = $1', [run]);
  return rows[0]?.version ?? -1;
}

/** Has that step changed the world? */
export async function happened(pool: pg.Pool, run: string, step: string): Promise<boolean> {
  const text = 'select 1 from happening where run = $1 and step = $2 and effective limit 1';
  return (await pool.query(text, [run, step])).rowCount === 1;
}

async function nap({ napMs, chance }: OutsideOptions, { signal }: RunContext): Promise<void> {
  await sleep(chance.next() * napMs, undefined, { signal });
}

/** A pool whose connections may be cut without bringing the process down. */
export function outsidePool(config: pg.PoolConfig, max: number): pg.Pool {
  const pool = new pg.Pool({ ...config, max, connectionTimeoutMillis: 5_000 });
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}
