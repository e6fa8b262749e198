import type pg from 'pg';
import { unseal } from '#domain/incident/chain.js';
import type { Entry } from '#domain/incident/entry.js';
import type { Fact, FactType } from '#domain/incident/fact.js';
import type { IncidentState } from '#domain/incident/state.js';
import { type EntryKind, STANDING } from '#domain/words.js';
import { on, type Queryable, queryable, SOON, transaction, utc, withConnection } from './pools.js';

/** Which entries; everything is left out that does not match. `recordedSince`: recorded at that moment or later (ISO 8601). */
interface EntryFilter {
  kinds?: readonly EntryKind[];
  recordedSince?: string;
}

/** The members of an Entry, from `entry e`. */
export const COLUMNS = `n, ${utc('at')} as at, ${utc('until')} as until, precision,
  ${utc('recorded_at', 'SS.MS')} as "recordedAt", ${utc('edited_at', 'SS.MS')} as "editedAt",
  kind, text, erased, detail, struck, json_build_object('id', by_id, 'name', by_name) as by, source, link`;

const PAGE = 500;

/** @returns the entries in order of (at, n), read page by page. Inside a snapshot the pages agree with each other. */
async function* entries(
  db: Queryable,
  team: string,
  incident: number,
  { kinds, recordedSince }: EntryFilter = {},
): AsyncGenerator<Entry> {
  let at = '-infinity';
  let n = 0;
  for (;;) {
    const { rows } = await db.query<Entry>({
      name: 'entries',
      text: `select ${COLUMNS} from entry e
             where team = $1 and incident = $2 and (e.at, e.n) > ($3::timestamptz, $4)
               and ($5::text[] is null or kind = any($5)) and ($6::timestamptz is null or recorded_at >= $6)
             order by e.at, e.n limit ${PAGE}`,
      values: [team, incident, at, n, kinds ?? null, recordedSince ?? null],
    });
    yield* rows;
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    ({ at, n } = last);
  }
}

/** @returns the newest `limit` entries by (at, n), in that order. */
function latestEntries(db: Queryable, team: string, incident: number, limit: number): Promise<Entry[]> {
  return select(
    db,
    'latest_entries',
    `select * from (select ${COLUMNS} from entry e where team = $1 and incident = $2
                    order by e.at desc, e.n desc limit $3) newest order by at, n`,
    [team, incident, limit],
  );
}

/** @returns entry `n`, struck or not, or null. */
async function entry(db: Queryable, team: string, incident: number, n: number): Promise<Entry | null> {
  const sql = `select ${COLUMNS} from entry where team = $1 and incident = $2 and n = $3`;
  return (await select(db, 'entry', sql, [team, incident, n]))[0] ?? null;
}

/** @returns these entries by number, struck ones too; what does not exist is absent. */
async function entriesNumbered(
  db: Queryable,
  team: string,
  incident: number,
  numbers: readonly number[],
): Promise<Map<number, Entry>> {
  const sql = `select ${COLUMNS} from entry where team = $1 and incident = $2 and n = any($3::int[])`;
  const found = await select(db, 'entries_numbered', sql, [team, incident, numbers]);
  return new Map(found.map((one) => [one.n, one]));
}

/** @returns the last entry that this person recorded and that is not struck, or null. */
async function lastEntryBy(
  db: Queryable,
  team: string,
  incident: number,
  byId: string,
): Promise<Entry | null> {
  const sql = `select ${COLUMNS} from entry e
    where team = $1 and incident = $2 and by_id = $3 and not struck and kind not in ('run', 'step', 'alert', 'page')
      and not detail ? 'watch' order by e.n desc limit 1`;
  return (await select(db, 'last_entry_by', sql, [team, incident, byId]))[0] ?? null;
}

/** @returns the newest entry of a captured Slack message, struck or not, or null. `ts` is compared as text. */
async function capturedEntry(
  db: Queryable,
  team: string,
  incident: number,
  channel: string,
  ts: string,
): Promise<Entry | null> {
  // Written like the index fact_captured, or the index would not be used.
  const sql = `select ${COLUMNS} from entry where team = $1 and incident = $2 and n = (
      select (body::jsonb #>> '{data,n}')::int from fact
      where team = $1 and incident = $2 and type = 'MessageCaptured'
        and (body::jsonb #>> '{data,channel}') = $3 and (body::jsonb #>> '{data,ts}') = $4
      order by seq desc limit 1)`;
  return (await select(db, 'captured_entry', sql, [team, incident, channel, ts]))[0] ?? null;
}

/** @returns Slack's `ts` of the message that an entry captured; null: it captured none */
async function capturedTs(db: Queryable, team: string, incident: number, n: number): Promise<string | null> {
  const { rows } = await db.query<{ ts: string }>({
    name: 'captured_ts',
    text: `select body::jsonb #>> '{data,ts}' as ts from fact
           where team = $1 and incident = $2 and type = 'MessageCaptured' and (body::jsonb #>> '{data,n}')::int = $3`,
    values: [team, incident, n],
  });
  return rows[0]?.ts ?? null;
}

/** @returns in which incidents a message is recorded, and whether its newest entry there is struck. Private ones too. */
async function captures(
  db: Queryable,
  team: string,
  channel: string,
  ts: string,
): Promise<Array<{ incident: number; n: number; struck: boolean }>> {
  // Written like the index fact_captured_at.
  const sql = `select distinct on (f.incident) f.incident, e.n, e.struck
    from fact f join entry e on e.team = f.team and e.incident = f.incident and e.n = (f.body::jsonb #>> '{data,n}')::int
    where f.team = $1 and type = 'MessageCaptured'
      and (body::jsonb #>> '{data,channel}') = $2 and (body::jsonb #>> '{data,ts}') = $3
    order by f.incident, f.seq desc`;
  return select(db, 'captures', sql, [team, channel, ts]);
}

/** @returns the entry of an alert, by its `alertId`, or null. */
async function alertEntry(
  db: Queryable,
  team: string,
  incident: number,
  alert: string,
): Promise<Entry | null> {
  // Written like the index entry_alert. Asked for in order, or for the first alone, PostgreSQL would rather read the whole timeline.
  const sql = `select ${COLUMNS} from entry where team = $1 and incident = $2 and kind = 'alert' and (detail ->> 'alert') = $3`;
  const found = await select(db, 'alert_entry', sql, [team, incident, alert]);
  return found.sort((a, b) => a.n - b.n)[0] ?? null;
}

/** @returns the alerts of a group that fire, those first that began last. */
function firingAlerts(
  db: Queryable,
  team: string,
  incident: number,
  group: string,
  limit: number,
): Promise<Entry[]> {
  const sql = `select ${COLUMNS} from entry e where team = $1 and incident = $2 and kind = 'alert'
    and (detail ->> 'group') = $3 and detail @> '{"firing": true}' order by (detail ->> 'since') desc, e.n desc limit $4`;
  return select(db, 'firing_alerts', sql, [team, incident, group, limit]);
}

/** @returns what was said of that action item and is not struck, in order of recording. */
function entriesOfAction(db: Queryable, team: string, incident: number, action: number): Promise<Entry[]> {
  const sql = `select ${COLUMNS} from entry e where team = $1 and incident = $2 and kind = 'action' and not struck
    and (detail ->> 'action')::int = $3 order by n`;
  return select(db, 'entries_of_action', sql, [team, incident, action]);
}

/** @param name under which the statement is prepared, once for each connection */
async function select<R extends object = Entry>(
  db: Queryable,
  name: string,
  text: string,
  values: unknown[],
): Promise<R[]> {
  return (await db.query<R>({ name, text, values })).rows;
}

/** @returns entries of those kinds that are not struck, in order of recording. */
function entriesOf(
  db: Queryable,
  team: string,
  incident: number,
  kinds: readonly EntryKind[],
): Promise<Entry[]> {
  const sql = `select ${COLUMNS} from entry e where team = $1 and incident = $2 and kind = any($3) and not struck order by n`;
  return select(db, 'entries_of', sql, [team, incident, kinds]);
}

/** Reading at one moment: whatever is asked, the answers agree with each other. Valid only inside `snapshot`. */
const atOneMoment = (db: Queryable) => on(db, { load, entries, latestEntries, facts, keptBytes });
export type Snapshot = ReturnType<typeof atOneMoment>;

/**
 * Runs `read` in one read-only REPEATABLE READ transaction. The transaction ends when `read` has settled, so streams
 * must be consumed inside of it.
 */
export async function snapshot<T>(pool: pg.Pool, read: (at: Snapshot) => Promise<T>): Promise<T> {
  return withConnection(pool, (client) => {
    const db = queryable(client);
    return transaction(db, () => read(atOneMoment(db)), 'isolation level repeatable read read only');
  });
}

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
  /** UTC ISO 8601 with milliseconds, as in `body`. */
  recordedAt: string;
  body: string;
  hash: string;
  texts: Array<{ field: string; salt: string | null; text: string | null }>;
}

/** @returns the incident, or null when there is none. */
async function load(db: Queryable, team: string, incident: number): Promise<Loaded | null> {
  const sql = 'select state, seq, head, epoch from incident where team = $1 and number = $2';
  return (await select<Loaded>(db, 'load', sql, [team, incident]))[0] ?? null;
}

/** @returns how many runs are under way, by status, over all workspaces, for metrics */
async function runsUnderWay(db: Queryable): Promise<Array<{ status: string; runs: number }>> {
  // The standing record of a workspace is never open, and has runs.
  const text = `
    with here as (
      select state from incident where open
      union all select i.state from workspace w join incident i on i.team = w.team and i.number = ${STANDING})
    select r ->> 'status' as status, count(*)::int as runs
    from here, jsonb_array_elements(coalesce(state #> '{runs,list}', '[]'::jsonb)) r
    where r ->> 'status' <> 'ended' group by 1`;
  const { rows } = await db.query<{ status: string; runs: number }>({
    name: 'runs_under_way',
    text,
    ...SOON,
  });
  return rows;
}

/** @returns the receipt given to the request with this key, or null when it was never recorded. */
async function receiptOf(db: Queryable, team: string, key: string): Promise<Receipt | null> {
  const sql = `select incident, coalesce(receipt, '') as receipt, body, asked from fact where team = $1 and key = $2`;
  return (await select<Receipt>(db, 'receipt', sql, [team, key]))[0] ?? null;
}

/** @returns the number that the next incident gets. Two that ask at the same moment get the same one: the second to commit has a version conflict. */
async function nextNumber(db: Queryable, team: string): Promise<number> {
  const sql = `select greatest(coalesce(max(incident), 0) + 1,
    coalesce((select numbers_from from workspace where team = $1), 1)) as next from fact where team = $1`;
  return (await select<{ next: number }>(db, 'next_number', sql, [team]))[0]?.next ?? 1;
}

/** Facts may carry texts of 40,000 characters: pages are small, so that memory stays small too. */
const FACTS_PAGE = 200;

/** @returns an incident's facts in order, read page by page. Inside a snapshot the pages agree with each other. */
export async function* facts(db: Queryable, team: string, incident: number): AsyncGenerator<FactRow> {
  for (let after = 0; ; ) {
    const rows = await select<FactRow>(db, 'facts', FACTS_SQL, [team, incident, after, FACTS_PAGE]);
    yield* rows;
    const last = rows.at(-1);
    if (!last || rows.length < FACTS_PAGE) return;
    after = last.seq;
  }
}

/** The members of a FactRow, from `fact f`. */
const FACT_COLUMNS = `team, incident, seq, type, v, body, hash,
  ${utc('recorded_at', 'SS.MS')} as "recordedAt",
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

/** Which run holds a target. */
interface TargetHolder {
  incident: number;
  run: number;
}

/** @returns the facts of these runs of an incident, in order. */
async function factsOfRuns(
  db: Queryable,
  team: string,
  incident: number,
  runs: readonly number[],
): Promise<Fact[]> {
  const sql = `select ${FACT_COLUMNS} from fact f where team = $1 and incident = $2 and type ~ '^(Run|Step)'
    and (body::jsonb #>> '{data,run}')::int = any($3::int[]) order by seq`;
  return (await select<FactRow>(db, 'facts_of_runs', sql, [team, incident, runs])).map(unseal);
}

/** @returns one fact, or null when there is none of that number. */
async function factNumbered(
  db: Queryable,
  team: string,
  incident: number,
  seq: number,
): Promise<(Fact & { type: FactType }) | null> {
  const sql = `select ${FACT_COLUMNS} from fact f where team = $1 and incident = $2 and seq = $3`;
  const [row] = await select<FactRow>(db, 'fact_numbered', sql, [team, incident, seq]);
  return row ? unseal(row) : null;
}

/** @returns all facts about entry `n`: the one that it is a reading of, and what became of it, in order */
async function history(db: Queryable, team: string, incident: number, n: number): Promise<Fact[]> {
  // Written like the index fact_amends. The fact of an entry is found by its time: bodies are read only where that is the same.
  const sql = `select ${FACT_COLUMNS} from fact f where team = $1 and incident = $2 and seq in (
      select seq from fact where team = $1 and incident = $2
        and type in ('EntryEdited', 'EntryRetimed', 'EntryStruck', 'MessageEdited', 'MessageDeleted', 'FilesKept')
        and ((body::jsonb #>> '{data,entry}')::int) = $3
      union all
      select seq from fact where team = $1 and incident = $2
        and recorded_at = (select recorded_at from entry where team = $1 and incident = $2 and n = $3)
        and (body::jsonb #>> '{data,n}')::int = $3)
    order by seq`;
  return (await select<FactRow>(db, 'history', sql, [team, incident, n])).map(unseal);
}

/** @returns the bytes of an image that is kept with entry `n`, or null. */
async function keptBytes(
  db: Queryable,
  team: string,
  incident: number,
  n: number,
  file: string,
): Promise<Buffer | null> {
  const sql = 'select bytes from kept_file where team = $1 and incident = $2 and n = $3 and file = $4';
  const [found] = await select<{ bytes: Buffer }>(db, 'kept_bytes', sql, [team, incident, n, file]);
  return found?.bytes ?? null;
}

/** @returns how many bytes of images are kept with an incident's entries, without those of entry `n`. */
async function keptSize(db: Queryable, team: string, incident: number, n: number): Promise<number> {
  const sql = `select coalesce(sum(octet_length(bytes)), 0)::float8 as size from kept_file
    where team = $1 and incident = $2 and n <> $3`;
  return (await select<{ size: number }>(db, 'kept_size', sql, [team, incident, n]))[0]?.size ?? 0;
}

/** Keeps an image. The record says later that it is kept; twice is once. */
async function keepBytes(
  db: Queryable,
  at: { team: string; incident: number; n: number; file: string },
  bytes: Uint8Array,
): Promise<void> {
  const sql = `insert into kept_file (team, incident, n, file, bytes) values ($1, $2, $3, $4, $5)
    on conflict (team, incident, n, file) do update set bytes = excluded.bytes`;
  await select(db, 'keep_bytes', sql, [at.team, at.incident, at.n, at.file, bytes]);
}

/** Drops images of entry `n` that the record does not say are kept. */
async function dropBytes(db: Queryable, team: string, incident: number, n: number): Promise<void> {
  const sql = `delete from kept_file k where team = $1 and incident = $2 and n = $3 and not exists (
    select from fact f where f.team = $1 and f.incident = $2 and f.type = 'FilesKept' and (f.body::jsonb #>> '{data,entry}')::int = $3
      and f.body::jsonb #> '{data,files}' @> jsonb_build_array(jsonb_build_object('id', k.file)))`;
  await select(db, 'drop_bytes', sql, [team, incident, n]);
}

/** Which run may change which target now. A run whose worker dies keeps its targets; the worker that takes it over releases them. */
export function targets(db: Queryable) {
  const holder = async (team: string, target: string) => {
    const sql = 'select incident, run from run_target where team = $1 and target = $2';
    return (await select<TargetHolder>(db, 'target_holder', sql, [team, target]))[0] ?? null;
  };
  return {
    /** @returns who has it now: the asker's own run, when it was free or is its own already */
    async take(team: string, target: string, { incident, run }: TargetHolder): Promise<TargetHolder> {
      // Up to three times, because it may be released between the insert and the look-up.
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
    async release(team: string, { incident, run }: TargetHolder): Promise<void> {
      await db.query({
        name: 'release_target',
        text: 'delete from run_target where team = $1 and incident = $2 and run = $3',
        values: [team, incident, run],
      });
    },
    holder,
  };
}

/** Which incidents: `open` true for those not resolved, false for the resolved ones; `before`: only numbers below, for the next page. */
interface IncidentFilter {
  limit: number;
  open?: boolean;
  before?: number;
}

/** @returns the incident whose channel this is, or null. Should two ever claim one channel, the older has it. */
async function incidentOfChannel(db: Queryable, team: string, channelId: string): Promise<number | null> {
  const sql = 'select number from incident where team = $1 and channel_id = $2 order by number limit 1';
  const [found] = await select<{ number: number }>(db, 'incident_of_channel', sql, [team, channelId]);
  return found?.number ?? null;
}

/** @returns every incident that is not resolved, oldest first. Private ones too: who may see them is decided in `read`. */
async function openIncidents(db: Queryable, team: string): Promise<IncidentState[]> {
  return states(db, 'open_incidents', 'select state from incident where team = $1 and open order by number', [
    team,
  ]);
}

/** @returns incidents that have a channel, and are open or have promised their public another post. */
async function reminding(db: Queryable, team: string): Promise<IncidentState[]> {
  // Written like the index incident_promising, and that of open ones.
  const sql = `select state from incident where team = $1 and (open or state ? 'promised') and channel_id is not null
    order by number`;
  return states(db, 'reminding_incidents', sql, [team]);
}

/** @returns incidents of which a page waits for somebody */
async function pagesWaiting(db: Queryable, team: string): Promise<IncidentState[]> {
  // Written like the index incident_paging.
  const sql = "select state from incident where team = $1 and state -> 'pages' ? 'waiting' order by number";
  return states(db, 'paging_incidents', sql, [team]);
}

/** @returns incidents, newest first, without the standing record. Private ones too: who may see them is decided in `read`. */
async function listIncidents(db: Queryable, team: string, filter: IncidentFilter): Promise<IncidentState[]> {
  const sql = `select state from incident
    where team = $1 and number > 0 and ($2::boolean is null or open = $2) and ($3::int is null or number < $3)
    order by number desc limit $4`;
  return states(db, 'list_incidents', sql, [team, filter.open ?? null, filter.before ?? null, filter.limit]);
}

/** @returns the newest open incident in which that group of alerts is at home, or null. A private one too. */
async function openWithGroup(db: Queryable, team: string, group: string): Promise<IncidentState | null> {
  const sql = `select state from incident where team = $1 and open and state -> 'alerts' ? $2
    and not (state -> 'alerts' -> $2) ? 'moved' order by number desc limit 1`;
  return (await states(db, 'open_with_group', sql, [team, group]))[0] ?? null;
}

/**
 * @returns of groups of alerts the incident in which something was recorded of them last, whether it is open or not. By the
 *   record, which is never cleared away. One that they have left counts only where no other has taken them
 */
async function homesOf(db: Queryable, team: string, groups: readonly string[]): Promise<Map<string, number>> {
  // Every incident is looked at once, however many groups are asked for: that is for questions of people.
  const sql = `select distinct on (a.key) a.key as "group", i.number
    from incident i cross join lateral jsonb_each(i.state -> 'alerts') a
    where i.team = $1 and i.state -> 'alerts' ?| $2::text[] and a.key = any($2)
    order by a.key, a.value ? 'moved', a.value ->> 'last' desc, i.number desc`;
  const rows = await select<{ group: string; number: number }>(db, 'homes_of', sql, [team, groups]);
  return new Map(rows.map(({ group, number }) => [group, number]));
}

async function states(...asked: Parameters<typeof select>): Promise<IncidentState[]> {
  return (await select<{ state: IncidentState }>(...asked)).map(({ state }) => state);
}

/** @returns the facts of one run in order. */
async function runFacts(db: Queryable, team: string, incident: number, run: number): Promise<Fact[]> {
  return factsOfRuns(db, team, incident, [run]);
}

/** Readings of what was recorded; each throws `Unavailable` when the database cannot be asked. */
export const incidents = (db: Queryable) =>
  on(db, {
    load,
    receiptOf,
    runsUnderWay,
    nextNumber,
    ofChannel: incidentOfChannel,
    open: openIncidents,
    reminding,
    pagesWaiting,
    list: listIncidents,
    entry,
    entriesNumbered,
    lastEntryBy,
    capturedEntry,
    capturedTs,
    captures,
    history,
    keptSize,
    keepBytes,
    dropBytes,
    alertEntry,
    firingAlerts,
    openWithGroup,
    homesOf,
    entriesOfAction,
    entriesOf,
    fact: factNumbered,
    runFacts,
    factsOfRuns,
  });
