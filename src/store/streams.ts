import type { IncidentState } from '#domain/state.js';
import type { Commit } from './commit.js';
import type { Queryable } from './pools.js';

/** An incident as it stands: the state after fact `seq`, whose hash is `head`. */
export interface Loaded {
  state: IncidentState;
  seq: number;
  head: string;
  /** Changes when the summary was computed anew; goes back with the next commit. */
  epoch: number;
}

/** The answer that was given to a request, and the fact that it was given for. `asked`: the request's fingerprint; null: none is known. */
export interface Receipt {
  incident: number;
  receipt: string;
  body: string;
  asked: string | null;
}

/** A stored fact. `body` byte for byte as hashed; erased texts have null salt and text; fields in alphabetical order. */
export interface FactRow {
  team: string;
  incident: number;
  seq: number;
  type: string;
  v: number;
  recordedAt: string;
  body: string;
  hash: string;
  texts: Array<{ field: string; salt: string | null; text: string | null }>;
}

/** @returns the incident, or null when there is none. */
export async function load(db: Queryable, team: string, incident: number): Promise<Loaded | null> {
  const { rows } = await db.query<Loaded>({
    name: 'load',
    text: 'select state, seq, head, epoch from incident where team = $1 and number = $2',
    values: [team, incident],
  });
  return rows[0] ?? null;
}

/** @returns the receipt given to the request with this key, or null when it was never recorded. */
export async function receiptOf(db: Queryable, team: string, key: string): Promise<Receipt | null> {
  const { rows } = await db.query<Receipt>({
    name: 'receipt',
    text: "select incident, coalesce(receipt, '') as receipt, body, asked from fact where team = $1 and key = $2",
    values: [team, key],
  });
  return rows[0] ?? null;
}

/** @returns the number that the next incident gets. Two that ask at the same moment get the same one: the second to commit has a version conflict. */
export async function nextNumber(db: Queryable, team: string): Promise<number> {
  const { rows } = await db.query<{ next: number }>({
    name: 'next_number',
    text: `select greatest(coalesce(max(incident), 0) + 1,
             coalesce((select numbers_from from workspace where team = $1), 1)) as next from fact where team = $1`,
    values: [team],
  });
  return rows[0]?.next ?? 1;
}

/**
 * Settles an `Unconfirmed`: is every fact of that commit on disk, with its hash? Salts make hashes unlike any other's.
 * `false` says only *not yet*: the lost statement may still be running. Sending it again decides.
 */
export async function wasWritten(db: Queryable, wanted: Commit): Promise<boolean> {
  const facts = wanted.facts.map(({ team, incident, seq, hash }) => ({ team, incident, seq, hash }));
  const { rows } = await db.query<{ found: number }>(
    `select count(*)::int as found
     from json_to_recordset($1::json) as w(team text, incident int, seq int, hash text)
     join fact f using (team, incident, seq, hash)`,
    [JSON.stringify(facts)],
  );
  return rows[0]?.found === facts.length;
}

/** Facts may carry texts of 40,000 characters: pages are small, so that memory stays small too. */
const PAGE = 200;

/** @returns an incident's facts in order, read page by page. Inside a snapshot the pages agree with each other. */
export async function* facts(db: Queryable, team: string, incident: number): AsyncGenerator<FactRow> {
  for (let after = 0; ; ) {
    const { rows } = await db.query<FactRow>({
      name: 'facts',
      text: FACTS_SQL,
      values: [team, incident, after, PAGE],
    });
    yield* rows;
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    after = last.seq;
  }
}

/** The members of a FactRow, from `fact f`. */
export const FACT_COLUMNS = `team, incident, seq, type, v, body, hash,
  to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "recordedAt",
  coalesce((select json_agg(json_build_object('field', t.field, 'salt', t.salt, 'text', t.text)
                            order by t.field collate "C")
            from fact_text t
            where t.team = f.team and t.incident = f.incident and t.seq = f.seq), '[]') as texts`;

const FACTS_SQL = `
select ${FACT_COLUMNS}
from fact f
where team = $1 and incident = $2 and seq > $3
order by seq
limit $4`;
