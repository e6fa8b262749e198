import type pg from 'pg';
import type { Amendment, Entry } from '#domain/entry.js';
import type { Fact } from '#domain/fact.js';
import type { IncidentState } from '#domain/state.js';
import type { PlacedAmendment, PlacedEntry } from './amend.js';
import { commitValues, type SummaryToWrite } from './commit.js';
import { COMMIT_SQL } from './commit-sql.js';
import { type Queryable, queryable, transaction } from './pools.js';
import { type FactRow, facts } from './streams.js';

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
 * Erases texts of a fact for ever (the fact and its hash stay), and rebuilds what rested on them, in one transaction.
 * @returns how many texts were erased; 0 when they were gone already
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
    if (rowCount) {
      // The answer to that request quotes what was said.
      await db.query(
        `update fact set receipt = null where team = $1 and incident = $2 and receipt is not null and seq =
           (select max(seq) from fact where team = $1 and incident = $2 and seq <= $3 and key is not null)`,
        [at.team, at.incident, at.seq],
      );
      await rebuildIncident(db, fold, at.team, at.incident);
    }
    return rowCount ?? 0;
  });
}

/** Inside a transaction. */
async function rebuildIncident(db: Queryable, fold: Fold, team: string, incident: number): Promise<void> {
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
  const flush = async (summaries: SummaryToWrite[] = []) => {
    const values = commitValues({ facts: [], entries, amendments, summaries, effects: [] });
    await db.query({ name: 'commit', text: COMMIT_SQL, values });
    entries = [];
    amendments = [];
  };
  for await (const row of facts(db, team, incident)) {
    const fact = fold.unseal(row);
    const entry = fold.entryOf(fact);
    const amendment = fold.amendmentOf(fact);
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
