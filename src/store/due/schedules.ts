import { believed, NOW } from '../outbox.js';
import { type Queryable, SOON, utc } from '../pools.js';

/** A schedule that is due: claimed, so that nobody else does it now. */
export interface DueSchedule {
  team: string;
  name: string;
  /** When it was to be done, the same for everybody who takes it up until it is settled. ISO 8601, UTC. */
  dueAt: string;
  /** What came of it the last time, as its task wrote it down. */
  outcome: string | null;
}

/** A schedule as it stands in the table. Times in seconds since 1970. */
export interface KeptSchedule {
  name: string;
  /** It watches for drift; else it rotates. */
  watches: boolean;
  outcome: string | null;
  lastDone: number | null;
  next: number;
  /** What was last written of it says that it was done. */
  done: boolean;
  /** Somebody has it in hand. */
  claimed: boolean;
}

export type Schedules = ReturnType<typeof schedules>;

/** When what is to be done: in the database, because a queue forgets and a process dies. */
export function schedules(db: Queryable) {
  return {
    /**
     * Makes the table say what the configuration says: what is new is first due at `firstAt`, what has changed keeps its
     * time, but is due no later than a new one would be; what is gone is forgotten. Of one that has another task (other
     * stores, another pair) what came of the old one is forgotten too. `spec` is JSON, the task under `task`.
     */
    async sync(
      team: string,
      wanted: ReadonlyArray<{ name: string; spec: string; firstAt: Date }>,
    ): Promise<void> {
      const rows = wanted.map(({ name, spec, firstAt }) => ({ name, spec, first_at: firstAt.toISOString() }));
      await db.query(
        `with wanted as (
           select * from json_to_recordset($2::json) as w(name text, spec text, first_at timestamptz)
         ), gone as (
           delete from schedule where team = $1 and name not in (select name from wanted)
         )
         insert into schedule (team, name, spec, next_at) select $1, name, spec, first_at from wanted
         on conflict (team, name) do update
           set spec = excluded.spec, next_at = least(schedule.next_at, excluded.next_at),
             (outcome, due_at) = (
               select schedule.outcome, schedule.due_at
               where schedule.spec::jsonb -> 'task' is not distinct from excluded.spec::jsonb -> 'task'
             )
           where schedule.spec <> excluded.spec`,
        [team, JSON.stringify(rows)],
      );
    },
    /**
     * Takes one that is due. It is due again after `holdMs`: if the worker dies, the schedule is retried after this long.
     * @returns null: none is due
     */
    async claim(team: string, holdMs: number): Promise<DueSchedule | null> {
      const { rows } = await db.query<DueSchedule>({
        name: 'claim_schedule',
        text: `with due as (
                 select name, coalesce(due_at, next_at) as due_at from schedule
                 -- To look once too often is no harm, to rotate twice would be: so not of both is a time that was
                 -- written when the clock was ahead passed over.
                 where team = $1 and (next_at <= ${NOW} or not ${believed('schedule')} and spec::jsonb -> 'task' ? 'drift')
                 order by next_at limit 1 for update skip locked
               )
               update schedule s set next_at = now() + $2 * interval '1 millisecond', set_at = now(), due_at = due.due_at
               from due where s.team = $1 and s.name = due.name
               returning s.team, s.name, s.outcome,
                 ${utc('due.due_at', 'SS.MS')} as "dueAt"`,
        values: [team, holdMs],
      });
      return rows[0] ?? null;
    },
    /** @returns those of all workspaces, for metrics */
    async all(): Promise<KeptSchedule[]> {
      const { rows } = await db.query<KeptSchedule>({
        name: 'all_schedules',
        text: `select name, spec::jsonb -> 'task' ? 'drift' as watches, outcome,
                 extract(epoch from last_at)::float8 as "lastDone", extract(epoch from next_at)::float8 as next,
                 coalesce(last_at = set_at, false) as done, due_at is not null as claimed
               from schedule order by name`,
        ...SOON,
      });
      return rows;
    },
    /** It was done, or put off. @param done it was done: its age counts from now */
    async settle(
      team: string,
      name: string,
      nextAt: Date,
      outcome: string | null,
      done: boolean,
    ): Promise<void> {
      await db.query({
        name: 'settle_schedule',
        text: `update schedule set next_at = $3, set_at = now(), due_at = null, outcome = $4,
                 last_at = case when $5 then now() else last_at end
               where team = $1 and name = $2`,
        values: [team, name, nextAt.toISOString(), outcome, done],
      });
    },
  };
}
