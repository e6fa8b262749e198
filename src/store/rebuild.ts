import type pg from 'pg';
import { type Effect, effectsOf, laneOfEffect } from '#domain/incident/effect.js';
import type { Amendment, Entry } from '#domain/incident/entry.js';
import type { Fact } from '#domain/incident/fact.js';
import type { IncidentState } from '#domain/incident/state.js';
import {
  COMMIT_SQL,
  commitValues,
  type PlacedAmendment,
  type PlacedEntry,
  type SummaryToWrite,
} from './commit.js';
import { type FactRow, facts } from './incidents.js';
import { ELSEWHERE, homeOf } from './people.js';
import { type Queryable, queryable, transaction, utc, withConnection } from './pools.js';

/** How facts become summaries and entries: the domain's own functions, handed in. `state` is null before the first fact. */
export interface Fold {
  unseal(row: FactRow): Fact;
  evolve(state: IncidentState | null, fact: Fact): IncidentState;
  entryOf(fact: Fact): Entry | null;
  amendmentOf(fact: Fact): Amendment | null;
}

/** Entries and corrections are written in batches, so that an incident of any length needs little memory. */
const BATCH = 500;

/**
 * Computes every summary and entry row from the facts, one transaction per incident. It may run beside a working bot:
 * the incident's row is locked, and a commit to that incident waits for the lock, then goes through or is decided again.
 * Running it twice, or again after it died half-way, does no harm.
 * @param team only this workspace; null: all
 * @returns how many incidents were rebuilt
 */
export async function rebuild(
  client: pg.ClientBase,
  fold: Fold,
  team: string | null = null,
): Promise<number> {
  const db = queryable(client);
  const { rows } = await db.query<{ team: string; incident: number }>(
    'select team, incident from fact where seq = 1 and ($1::text is null or team = $1) order by team, incident',
    [team],
  );
  for (const at of rows) await transaction(db, () => rebuildIncident(db, fold, at.team, at.incident));
  // Rows that rest on no fact: never written by us.
  const orphan =
    '($1::text is null or r.team = $1) and not exists (select from fact f where f.team = r.team and f.incident =';
  await db.query(`delete from entry r where ${orphan} r.incident)`, [team]);
  await db.query(`delete from incident r where ${orphan} r.number)`, [team]);
  return rows.length;
}

/**
 * Erases texts of a fact for ever (the fact and its hash stay), and rebuilds what rested on them, in one transaction. If the
 * public was told of that fact, its page is owed anew.
 * @returns how many texts were erased; 0 when they were gone already, and nobody has said them again since
 */
export async function eraseTexts(
  client: pg.ClientBase,
  fold: Fold,
  at: { team: string; incident: number; seq: number },
  fields: readonly string[],
): Promise<number> {
  const db = queryable(client);
  return transaction(db, async () => {
    const { rowCount } = await db.query(
      `update fact_text set salt = null, text = null
       where team = $1 and incident = $2 and seq = $3 and field = any($4) and salt is not null`,
      [at.team, at.incident, at.seq, fields],
    );
    // The same words stand with what the sender said; and may once more, where it has said them since they were erased.
    const said = await db.query(
      `update signal s set body = '{}', key = '' from fact f
       where f.team = $1 and f.incident = $2 and f.seq = $3 and f.type in ('AlertFired', 'AlertChanged')
         and s.team = f.team and s.alert = f.body::jsonb #>> '{data,alert}' and s.outcome is not null and s.body <> '{}'
         and exists (select from fact_text t where t.team = f.team and t.incident = f.incident and t.seq = f.seq
           and t.field = any($4) and t.salt is null)`,
      [at.team, at.incident, at.seq, fields],
    );
    // Without its digest an image is nobody's any more.
    await db.query(
      `delete from kept_file k using fact f, fact_text t
       where f.team = $1 and f.incident = $2 and f.seq = $3 and f.type = 'FilesKept'
         and t.team = f.team and t.incident = f.incident and t.seq = f.seq and t.field = any($4) and t.salt is null
         and k.team = f.team and k.incident = f.incident and k.n = (f.body::jsonb #>> '{data,entry}')::int
         and k.file = f.body::jsonb #>> array['data', 'files', split_part(t.field, '.', 2), 'id']`,
      [at.team, at.incident, at.seq, fields],
    );
    if (rowCount) {
      // The answer to that request quotes what was said.
      await db.query(
        `update fact set receipt = null where team = $1 and incident = $2 and receipt is not null and seq =
           (select max(seq) from fact where team = $1 and incident = $2 and seq <= $3 and key is not null)`,
        [at.team, at.incident, at.seq],
      );
      await rebuildIncident(db, fold, at.team, at.incident, at.seq);
    }
    return rowCount || (said.rowCount ?? 0);
  });
}

/**
 * Inside a transaction.
 * @param erased the fact of which texts are gone
 */
async function rebuildIncident(
  db: Queryable,
  fold: Fold,
  team: string,
  incident: number,
  erased: number | null = null,
): Promise<void> {
  // Held until the end: a commit to this incident waits here.
  const { rows } = await db.query<{ seq: number; epoch: number }>(
    'select seq, epoch from incident where team = $1 and number = $2 for update',
    [team, incident],
  );
  await db.query('delete from entry where team = $1 and incident = $2', [team, incident]);
  let state: IncidentState | null = null;
  let newest: FactRow | null = null;
  let entries: PlacedEntry[] = [];
  let amendments: PlacedAmendment[] = [];
  let owed: Effect[] = [];
  const flush = async (summaries: SummaryToWrite[] = []) => {
    const effects = owed.map((effect) => {
      return { team, lane: laneOfEffect(team, incident, effect), incident, seq: erased ?? 0, effect };
    });
    owed = [];
    const values = commitValues({ facts: [], entries, amendments, summaries, effects });
    await db.query({ name: 'commit', text: COMMIT_SQL, values });
    entries = [];
    amendments = [];
  };
  for await (const row of facts(db, team, incident)) {
    const fact = fold.unseal(row);
    const entry = fold.entryOf(fact);
    const amendment = fold.amendmentOf(fact);
    // Whatever brought it onto the page, the page does without it now.
    if (row.seq === erased)
      owed = effectsOf(fact, state, row.hash).filter(({ kind }) => kind === 'status.page');
    state = fold.evolve(state, fact);
    newest = row;
    if (entry) entries.push({ team, incident, entry });
    if (amendment) amendments.push({ team, incident, amendment });
    if (entries.length + amendments.length >= BATCH) await flush();
  }
  if (!state || !newest) return;
  const { seq: expected, epoch } = rows[0] ?? { seq: 0, epoch: 0 };
  await flush([{ team, incident, seq: newest.seq, expected, epoch, head: newest.hash, state }]);
  // Writers remember states: with this they must load again, or they would put an erased title back.
  await db.query('update incident set epoch = epoch + 1 where team = $1 and number = $2', [team, incident]);
}

/**
 * Nobody pays so many rows, nor claims so many lanes, between a backup and its restore. The same backup may be put back
 * twice: from the time of day on (in ms) nothing was given after the first time either.
 */
const AHEAD = 1_000_000;
const FURTHER = (last: string) =>
  `greatest(${last} + ${AHEAD}, (extract(epoch from clock_timestamp()) * 1000)::bigint)`;
/** Incidents that may have been opened in that time, and shown to people. */
const NUMBERS = 100;

/** What stands in Slack and can only have come from a later state of this database than the one that is here. */
interface Evidence {
  /** The highest id of a row of the outbox that was seen in a message of ours. */
  row?: number;
}

/** What a restore from a backup asks for. */
export function restores(pool: pg.Pool) {
  const one = <T>(work: (db: Queryable, home: string) => Promise<T>) =>
    withConnection(pool, async (client) => {
      const db = queryable(client);
      return work(db, await homeOf(db));
    });
  const moved = async (db: Queryable, home: string, lock = '') =>
    (await db.query(`select 1 from workspace where ${ELSEWHERE('$1')} ${lock}`, [home])).rows.length > 0;
  return {
    /**
     * Says where the data stands now; where it stood in another database before, it was restored from a backup, and
     * `restored` is done. Called by every bot process as it starts.
     * @returns how many runs stand still for that; null: nothing was restored
     */
    arrive: (): Promise<number | null> =>
      one((db, home) =>
        transaction(db, async () => {
          // Of several that start at the same moment one does it.
          if (await moved(db, home, 'for update')) return restored(db, home, 0);
          await db.query('update workspace set home = $1 where home is null or length(home) < length($1)', [
            home,
          ]);
          return null;
        }),
      ),
    /** Looks without changing anything: do the data stand in another database than when a bot last started? */
    moved: () => one(moved),
    /** The highest id that a row of the outbox was ever given here. */
    async lastRow(): Promise<number> {
      const { rows } = await one((db) =>
        db.query<{ last: number }>('select last_value::float8 as last from outbox_id_seq'),
      );
      return rows[0]?.last ?? 0;
    },
    /**
     * From now on: whatever is owed is looked for in Slack before it is said; no number that people may have seen is given
     * again; a run that was going on goes on when a person says so, because nobody knows what it did after the backup.
     * @returns how many runs stand still
     */
    restored: ({ row = 0 }: Evidence = {}) =>
      one((db, home) => transaction(db, () => restored(db, home, row))),
    /** Slack has channels of incidents up to this number: after a restore none of them is given again. */
    async beyond(incident: number): Promise<void> {
      await one((db) =>
        db.query(
          `update workspace w set numbers_from = $1 where restored_at is not null and numbers_from < $1
             and $1 > (select coalesce(max(incident), 0) + 1 from fact f where f.team = w.team)`,
          [incident + 1],
        ),
      );
    },
    /** When that was last done for each workspace, and from which number incidents go on; of none: never. */
    async history() {
      const { rows } = await one((db) =>
        db.query<{ team: string; restoredAt: string; numbersFrom: number }>(
          `select team, ${utc('restored_at')} as "restoredAt",
             numbers_from as "numbersFrom" from workspace where restored_at is not null order by team`,
        ),
      );
      return rows;
    },
  };
}

/** Inside a transaction. */
async function restored(db: Queryable, home: string, row: number): Promise<number> {
  await db.query(
    `select setval('outbox_id_seq', ${FURTHER('greatest((select last_value from outbox_id_seq), $1::bigint)')}),
       setval('lane_fence', ${FURTHER('(select last_value from lane_fence)')})`,
    [row],
  );
  const { rows } = await db.query<{ runs: number }>(
    `with held as (
       update outbox set dead_at = now(), error = 'restored_from_backup'
       where kind = 'run.advance' and done_at is null and dead_at is null returning team, incident, payload
     ) select count(distinct (team, incident, payload))::int as runs from held`,
  );
  // As after an attempt whose answer was lost: every delivery looks before it speaks.
  await db.query('update outbox set started_at = now() where done_at is null and started_at is null');
  await db.query(
    `update workspace w set home = $1, restored_at = now(), numbers_from =
       (select greatest(coalesce(max(incident), 0) + 1 + ${NUMBERS}, w.numbers_from) from fact f where f.team = w.team)`,
    [home],
  );
  return rows[0]?.runs ?? 0;
}
