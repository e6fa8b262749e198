import pg from 'pg';
import type { Effect } from '#domain/incident/effect.js';
import type { Amendment, Entry } from '#domain/incident/entry.js';
import type { IncidentState } from '#domain/incident/state.js';
import type { FactRow, Loaded, Receipt } from './incidents.js';
import {
  Locked,
  outcomeOfCommit,
  outcomeOfConnecting,
  outcomeOfQuery,
  type Queryable,
  queryable,
  troubleOf,
  tryWriting,
  Unavailable,
  warmUp,
  withConnection,
} from './pools.js';

/**
 * A sealed fact on its way to disk. `key`, `receipt`, `asked`: the request it answers (intent.ts), on the first fact of that
 * request only.
 */
interface FactToWrite extends Readonly<FactRow> {
  key: string | null;
  receipt: string | null;
  asked?: string | null;
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
async function commit(writer: pg.Pool, wanted: Commit): Promise<void> {
  try {
    await withConnection(writer, (client) => send(client, wanted));
  } catch (error) {
    throw error instanceof Unavailable ? error : outcomeOfCommit(error);
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

/**
 * Settles an `Unconfirmed`: is every fact of that commit on disk, with its hash? Salts make hashes unlike any other's.
 * `false` says only *not yet*: the lost statement may still be running. Sending it again decides.
 */
async function wasWritten(db: Queryable, wanted: Commit): Promise<boolean> {
  const facts = wanted.facts.map(({ team, incident, seq, hash }) => ({ team, incident, seq, hash }));
  const { rows } = await db.query<{ found: number }>(
    `select count(*)::int as found
     from json_to_recordset($1::json) as w(team text, incident int, seq int, hash text)
     join fact f using (team, incident, seq, hash)`,
    [JSON.stringify(facts)],
  );
  return rows[0]?.found === facts.length;
}

/** An incident. */
export interface Stream {
  team: string;
  incident: number;
}

/** What stands in the database now: those of the incidents that there are, and the first answers to those keys that were recorded. */
interface Seen {
  known: ReadonlyArray<Stream & Loaded>;
  receipts: ReadonlyArray<Omit<Receipt, 'body'> & { team: string; key: string }>;
}

/** The connection on which it is our turn. */
export interface Turn {
  /** False: another process did not give its turn back in time, and may write at the same time. */
  taken: boolean;
  /** Reads what stands in the database now, whatever is remembered of it. */
  reload(streams: readonly Stream[], keys: ReadonlyArray<{ team: string; key: string }>): Promise<Seen>;
  /** As `commit` of the store. With it the turn ends. */
  commit(wanted: Commit): Promise<void>;
}

/**
 * Runs `work` while no other process that asks for a turn writes to these workspaces. Where two processes write to the same
 * incidents all the time, deciding on what one remembers fails every time, at the cost of a whole statement and its
 * rollback; waiting for one's turn costs little. A turn is a courtesy: it is an advisory lock, and what may be written is
 * still decided by the versions in the one statement that writes. A process that hangs while it has the turn delays others by
 * the time limit on locks. One commit a turn: it is given back right behind the commit on the wire, so that the next one's
 * begins when that is written, and not when we have heard of it and told everybody who waited for it.
 * @param wait false: go on without a turn
 * @throws {Unavailable} there is no connection to be had, or it was lost before `work` began
 */
async function inTurn<T>(
  writer: pg.Pool,
  teams: readonly string[],
  wait: boolean,
  work: (turn: Turn) => Promise<T>,
): Promise<T> {
  const client = await writer.connect().catch((error: Error) => {
    throw outcomeOfConnecting(error);
  });
  let broken: Error | undefined;
  let given: Promise<unknown> | null = null;
  const noting = async <R>(does: Promise<R>): Promise<R> => {
    try {
      return await does;
    } catch (error) {
      if (!(error instanceof pg.DatabaseError) || error.severity === 'FATAL') broken = error as Error;
      throw error;
    }
  };
  const ask = async <R extends pg.QueryResultRow>(query: pg.QueryConfig): Promise<R[]> => {
    try {
      return (await noting(client.query<R>(query))).rows;
    } catch (error) {
      throw outcomeOfQuery(error);
    }
  };
  const giveBack = (): void => {
    if (!wait) return;
    // Session-level: a statement that failed has not given them back.
    given ??= ask({ name: 'turn_end', text: 'select pg_advisory_unlock_all()' }).catch((error: Error) => {
      broken = error;
    });
  };
  try {
    let taken = false;
    try {
      if (wait) await ask({ name: 'turn_take', text: TAKE_SQL, values: [teams] });
      taken = wait;
    } catch (error) {
      if (!(error instanceof Locked)) throw error;
    }
    return await work({
      taken,
      async reload(streams, keys) {
        const values = [
          streams.map(({ team }) => team),
          streams.map(({ incident }) => incident),
          keys.map(({ team }) => team),
          keys.map(({ key }) => key),
        ];
        const [seen] = await ask<{ known: Seen['known']; receipts: Seen['receipts'] }>({
          name: 'turn_reload',
          text: RELOAD_SQL,
          values,
        });
        return seen ?? { known: [], receipts: [] };
      },
      commit(wanted) {
        const written = noting(send(client, wanted));
        giveBack();
        return written.catch((error: unknown) => {
          throw outcomeOfCommit(error);
        });
      },
    });
  } finally {
    if (!broken) giveBack();
    await given;
    client.release(broken);
  }
}

/** Every process takes the locks in this order, so that two never wait for each other. */
const TAKE_SQL = `
select pg_advisory_lock(k) from (
  select distinct hashtextextended(team, 7630691) as k from unnest($1::text[]) as t(team) order by k) in_order`;

/** A statement of its own: what it sees is what stood there once the turn was ours, not when we began to wait for it. */
const RELOAD_SQL = `
select
  (select coalesce(json_agg(json_build_object('team', i.team, 'incident', i.number, 'seq', i.seq, 'head', i.head,
     'epoch', i.epoch, 'state', i.state)), '[]')
   from unnest($1::text[], $2::int[]) as s(team, number)
   join incident i on i.team = s.team and i.number = s.number) as known,
  (select coalesce(json_agg(json_build_object('team', f.team, 'key', f.key, 'incident', f.incident,
     'receipt', coalesce(f.receipt, ''), 'asked', f.asked)), '[]')
   from unnest($3::text[], $4::text[]) as k(team, key)
   join fact f on f.team = k.team and f.key = k.key and f.key is not null) as receipts`;

/** @returns those of the incidents whose rows somebody holds at this moment: a rebuild, an erasure, another's commit. */
async function lockedAmong(writer: pg.Pool, streams: readonly Stream[]): Promise<Stream[]> {
  const { rows } = await queryable(writer).query<Stream>({
    name: 'locked_among',
    // Nobody is waited for, and nothing is held beyond the statement.
    text: `with there as (
             select i.team, i.number from unnest($1::text[], $2::int[]) as s(team, number)
             join incident i on i.team = s.team and i.number = s.number
           ), free as (
             select i.team, i.number from incident i
             where (i.team, i.number) in (select team, number from there) for no key update skip locked
           )
           select team, number as incident from there except select team, number from free`,
    values: [streams.map(({ team }) => team), streams.map(({ incident }) => incident)],
  });
  return rows;
}

/** For so long a refused commit is believed more than a trial that went well. */
const REFUSED_MS = 10_000;

/** Everything that writes facts. */
export function commits(writer: pg.Pool, db: Queryable) {
  // What a trial may miss: a commit that was refused proves more than a row for the sake of it.
  let refused: { at: number; error: Unavailable } | null = null;
  const remembering = async (write: () => Promise<void>): Promise<void> => {
    try {
      await write();
      refused = null;
    } catch (error) {
      if (error instanceof Unavailable && troubleOf(error).state === 'refusing')
        refused = { at: performance.now(), error };
      throw error;
    }
  };
  return {
    commit: (wanted: Commit) => remembering(() => commit(writer, wanted)),
    wasWritten: (wanted: Commit) => wasWritten(db, wanted),
    /** While no other process that asks for a turn writes to the same workspaces. */
    inTurn: <T>(teams: readonly string[], wait: boolean, work: (turn: Turn) => Promise<T>) =>
      inTurn(writer, teams, wait, (turn) =>
        work({ ...turn, commit: (wanted) => remembering(() => turn.commit(wanted)) }),
      ),
    lockedAmong: (streams: readonly Stream[]) => lockedAmong(writer, streams),
    /**
     * Writes something and takes it back. Speaks of commits too: what one of them was refused for just now counts.
     * @throws {Unavailable} when the database cannot be asked, or takes nothing: see `troubleOf`
     */
    async tryWriting(): Promise<void> {
      await tryWriting(writer, outcomeOfQuery);
      if (refused && performance.now() - refused.at < REFUSED_MS) throw refused.error;
    },
    /** Opens the connections of commits before the first one needs them. One that cannot be had is opened when it is needed. */
    warmUp: () => warmUp(writer),
  };
}
