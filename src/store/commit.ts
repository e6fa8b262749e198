import type pg from 'pg';
import type { Effect } from '#domain/incident/effect.js';
import type { Amendment, Entry } from '#domain/incident/entry.js';
import type { IncidentState } from '#domain/incident/state.js';
import { outcomeOfCommit, Unavailable, withConnection } from './pools.js';

/**
 * A sealed fact on its way to disk. `key`, `receipt`, `asked`: the request it answers (intent.ts), on the first fact of that
 * request only.
 */
interface FactToWrite {
  team: string;
  incident: number;
  seq: number;
  type: string;
  v: number;
  /** UTC ISO 8601 with milliseconds, as in `body`. */
  recordedAt: string;
  body: string;
  hash: string;
  key: string | null;
  receipt: string | null;
  asked?: string | null;
  texts: ReadonlyArray<{ field: string; salt: string | null; text: string | null }>;
}

/** An incident's summary as it stands after its newest fact. `expected`: the version this was decided on, 0 for a new incident. */
export interface SummaryToWrite {
  team: string;
  incident: number;
  seq: number;
  expected: number;
  /** As loaded; 0 for a new incident. A rebuild or an erasure since then makes this a version conflict. */
  epoch: number;
  head: string;
  state: IncidentState;
}

interface OwedEffect {
  team: string;
  lane: string;
  incident: number;
  seq: number;
  effect: Effect;
}

/** Everything that one flush of the writer wants to be true, atomically. */
export interface Commit {
  facts: readonly FactToWrite[];
  entries: readonly PlacedEntry[];
  amendments: readonly PlacedAmendment[];
  summaries: readonly SummaryToWrite[];
  effects: readonly OwedEffect[];
}

/**
 * Writes everything or nothing: one prepared statement, which is its own transaction.
 * Facts of an incident carry consecutive numbers, so writing number `expected + 1` twice violates the primary key:
 * that is the check of the expected version. The summary's own check adds that nothing is missing in between.
 * @throws {Conflict} nothing was written; look for the keys first, then load and decide again
 * @throws {Unavailable} nothing was written
 * @throws {Unconfirmed} written or not: send the same commit again; a `Conflict` after that, ask `wasWritten`
 */
export async function commit(writer: pg.Pool, wanted: Commit): Promise<void> {
  try {
    await withConnection(writer, (client) => send(client, wanted));
  } catch (error) {
    throw error instanceof Unavailable ? error : outcomeOfCommit(error);
  }
}

/** The same on a connection that the caller holds. `noting` sees the failure before it is put into our words. */
export async function commitOn(
  client: pg.ClientBase,
  wanted: Commit,
  noting: <R>(does: Promise<R>) => Promise<R>,
): Promise<void> {
  try {
    await noting(send(client, wanted));
  } catch (error) {
    throw outcomeOfCommit(error);
  }
}

async function send(client: pg.ClientBase, wanted: Commit): Promise<void> {
  await client.query({ name: 'commit', text: COMMIT_SQL, values: commitValues(wanted) });
}

/** @returns the parameters of COMMIT_SQL. */
export function commitValues(wanted: Commit): Array<string | number> {
  const { entries, amendments } = settleAmendments(wanted.entries, wanted.amendments);
  // Every writer takes row locks in one order, or two that share incidents could wait for each other.
  const summaries = [...wanted.summaries].sort(byIncident);
  return [
    rows(wanted.facts, factRow),
    rows(wanted.facts.flatMap(textRows), (row) => row),
    rows(entries, ({ team, incident, entry }) => ({ team, incident, n: entry.n, ...entryRow(entry) })),
    rows(amendments, ({ team, incident, amendment: { n, set } }) => {
      const { detail = {}, ...others } = set;
      return { team, incident, n, set: entryRow(others), detail };
    }),
    rows(summaries, summaryRow),
    rows(wanted.effects, ({ effect, ...owed }) => ({ ...owed, kind: effect.kind, payload: effect.payload })),
    summaries.filter((summary) => summary.expected > 0).length,
    amendments.length,
  ];
}

function rows<T>(items: readonly T[], row: (item: T) => object): string {
  return JSON.stringify(items.map(row));
}

function factRow({ recordedAt, texts: _, ...fact }: FactToWrite): object {
  return { ...fact, recorded_at: recordedAt };
}

function textRows({ team, incident, seq, texts }: FactToWrite): object[] {
  return texts.map(({ field, salt, text }) => ({ team, incident, seq, field, salt, text }));
}

function summaryRow({ team, incident, seq, expected, epoch, head, state }: SummaryToWrite): object {
  return {
    team,
    number: incident,
    seq,
    expected,
    epoch,
    head,
    state,
    open: state.status !== 'resolved',
    private: state.private,
    channel_id: state.channel?.id ?? null,
  };
}

/** An entry, or the members of one that change, as columns. What is absent stays absent. */
function entryRow(entry: Partial<Entry>): object {
  const { recordedAt, editedAt, by, n: _, ...same } = entry;
  return { ...same, recorded_at: recordedAt, edited_at: editedAt, by_id: by?.id, by_name: by?.name };
}

function byIncident(a: SummaryToWrite, b: SummaryToWrite): number {
  if (a.team !== b.team) return a.team < b.team ? -1 : 1;
  return a.incident - b.incident;
}

/**
 * The one statement that writes: six JSON documents in, everything or nothing out, in one round trip. Measured against
 * `unnest` over 52 array parameters (see README.md): the JSON form is faster and far shorter.
 *
 * Its parts see the database as it was before the statement; what one part inserts, another cannot update. `$7` and `$8`
 * say how many summaries and amended entries must have been found: fewer, and `tocsin_refuse` fails the whole statement.
 * No NOTIFY: commits that notify wait for each other, and the relay of another process looks once a second anyway.
 */
export const COMMIT_SQL = `
with new_fact as (
  insert into fact (team, incident, seq, type, v, recorded_at, body, hash, key, receipt, asked)
  select team, incident, seq, type, v, recorded_at, body, hash, key, receipt, asked
  from json_to_recordset($1::json) as f(team text, incident int, seq int, type text, v int, recorded_at timestamptz,
    body text, hash text, key text, receipt text, asked text)
), new_text as (
  insert into fact_text (team, incident, seq, field, salt, text)
  select team, incident, seq, field, salt, text
  from json_to_recordset($2::json) as t(team text, incident int, seq int, field text, salt text, text text)
), new_entry as (
  insert into entry (team, incident, n, at, until, precision, recorded_at, edited_at, kind, text, erased, detail,
    struck, by_id, by_name, source, link)
  select team, incident, n, at, until, precision, recorded_at, edited_at, kind, text, erased, detail,
    struck, by_id, by_name, source, link
  from json_to_recordset($3::json) as e(team text, incident int, n int, at timestamptz, until timestamptz,
    precision text, recorded_at timestamptz, edited_at timestamptz, kind text, text text, erased boolean, detail jsonb,
    struck boolean, by_id text, by_name text, source text, link text)
), amended as (
  update entry e
  set (at, until, precision, recorded_at, edited_at, kind, text, erased, detail, struck, by_id, by_name, source, link) =
    (select r.at, r.until, r.precision, r.recorded_at, r.edited_at, r.kind, r.text, r.erased, e.detail || a.detail,
       r.struck, r.by_id, r.by_name, r.source, r.link
     from jsonb_populate_record(e, a.set) r)
  from json_to_recordset($4::json) as a(team text, incident int, n int, set jsonb, detail jsonb)
  where e.team = a.team and e.incident = a.incident and e.n = a.n
  returning 1
), summary as (
  select * from json_to_recordset($5::json) as s(team text, number int, seq int, expected int, epoch int, head text, state jsonb,
    open boolean, private boolean, channel_id text)
), new_incident as (
  insert into incident (team, number, seq, head, state, open, private, channel_id, updated_at)
  select team, number, seq, head, state, open, private, channel_id, now() from summary where expected = 0
), moved as (
  update incident i
  set seq = s.seq, head = s.head, state = s.state, open = s.open, private = s.private, channel_id = s.channel_id,
    updated_at = now()
  from summary s
  where s.expected > 0 and i.team = s.team and i.number = s.number and i.seq = s.expected and i.epoch = s.epoch
  returning 1
), owed as (
  insert into outbox (team, lane, incident, seq, kind, payload)
  select team, lane, incident, seq, kind, payload
  from json_to_recordset($6::json) as o(team text, lane text, incident int, seq int, kind text, payload jsonb)
  returning 1
)
select
  case when (select count(*) from moved) <> $7 or (select count(*) from amended) <> $8 then tocsin_refuse('version') end`;

export interface PlacedEntry {
  team: string;
  incident: number;
  entry: Entry;
}

export interface PlacedAmendment {
  team: string;
  incident: number;
  amendment: Amendment;
}

/** @returns the entry as it stands after the correction; `detail` is merged member by member. */
function amended(entry: Entry, { set }: Amendment): Entry {
  return { ...entry, ...set, detail: { ...entry.detail, ...set.detail } };
}

/**
 * One SQL statement updates a row at most once and does not see rows that it inserts itself. So corrections of entries
 * that are new in the same commit go into those entries, and several corrections of one entry become one, in order.
 */
function settleAmendments(
  entries: readonly PlacedEntry[],
  amendments: readonly PlacedAmendment[],
): { entries: PlacedEntry[]; amendments: PlacedAmendment[] } {
  if (amendments.length === 0) return { entries: [...entries], amendments: [] };
  const nameOf = (at: { team: string; incident: number }, n: number) => `${at.incident}/${n}/${at.team}`;
  const fresh = new Map(entries.map((placed) => [nameOf(placed, placed.entry.n), placed]));
  const later = new Map<string, PlacedAmendment>();
  for (const placed of amendments) {
    const name = nameOf(placed, placed.amendment.n);
    const mine = fresh.get(name);
    if (mine) {
      fresh.set(name, { ...mine, entry: amended(mine.entry, placed.amendment) });
      continue;
    }
    const before = later.get(name);
    later.set(name, before ? { ...placed, amendment: merged(before.amendment, placed.amendment) } : placed);
  }
  return { entries: [...fresh.values()], amendments: [...later.values()] };
}

function merged(first: Amendment, second: Amendment): Amendment {
  const detail = { ...first.set.detail, ...second.set.detail };
  return { n: first.n, set: { ...first.set, ...second.set, detail } };
}
