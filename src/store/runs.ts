import { unseal } from '#domain/chain.js';
import type { Fact, FactType } from '#domain/fact.js';
import type { Queryable } from './pools.js';
import { FACT_COLUMNS, type FactRow } from './streams.js';

/** Which run holds a target. */
export interface TargetHolder {
  incident: number;
  run: number;
}

/** @returns the facts of these runs of an incident, in order. */
export async function factsOfRuns(
  db: Queryable,
  team: string,
  incident: number,
  runs: readonly number[],
): Promise<Fact[]> {
  const { rows } = await db.query<FactRow>({
    name: 'facts_of_runs',
    text: `select ${FACT_COLUMNS} from fact f where team = $1 and incident = $2 and type ~ '^(Run|Step)'
             and (body::jsonb #>> '{data,run}')::int = any($3::int[]) order by seq`,
    values: [team, incident, runs],
  });
  return rows.map(unseal);
}

/** @returns one fact, or null when there is none of that number. */
export async function factNumbered(
  db: Queryable,
  team: string,
  incident: number,
  seq: number,
): Promise<(Fact & { type: FactType }) | null> {
  const { rows } = await db.query<FactRow>({
    name: 'fact_numbered',
    text: `select ${FACT_COLUMNS} from fact f where team = $1 and incident = $2 and seq = $3`,
    values: [team, incident, seq],
  });
  return rows[0] ? unseal(rows[0]) : null;
}

/** Who may change what at the moment. A run that dies keeps its targets: whoever takes it along gives them back. */
export interface Targets {
  /** @returns who has it now: the asker's own run, when it was free or is its own already */
  take(team: string, target: string, holder: TargetHolder): Promise<TargetHolder>;
  release(team: string, holder: TargetHolder): Promise<void>;
  holder(team: string, target: string): Promise<TargetHolder | null>;
}

export function targets(db: Queryable): Targets {
  const holder = async (team: string, target: string) => {
    const { rows } = await db.query<TargetHolder>({
      name: 'target_holder',
      text: 'select incident, run from run_target where team = $1 and target = $2',
      values: [team, target],
    });
    return rows[0] ?? null;
  };
  return {
    async take(team, target, { incident, run }) {
      // Twice, because it may be given back between the look and the taking.
      for (let tries = 0; tries < 3; tries++) {
        await db.query({
          name: 'take_target',
          text: `insert into run_target (team, target, incident, run) values ($1, $2, $3, $4)
                 on conflict (team, target) do nothing`,
          values: [team, target, incident, run],
        });
        const has = await holder(team, target);
        if (has) return has;
      }
      return { incident: 0, run: 0 };
    },
    async release(team, { incident, run }) {
      await db.query({
        name: 'release_target',
        text: 'delete from run_target where team = $1 and incident = $2 and run = $3',
        values: [team, incident, run],
      });
    },
    holder,
  };
}
