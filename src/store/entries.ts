import type { Entry } from '#domain/entry.js';
import type { EntryKind } from '#domain/words.js';
import type { Queryable } from './pools.js';

/** Which entries; everything is left out that does not match. `recordedSince`: recorded at that moment or later (ISO 8601). */
export interface EntryFilter {
  kinds?: readonly EntryKind[];
  recordedSince?: string;
}

/** Written out in SQL, in UTC: a JavaScript Date would have its own opinion of the year 62 and of zones. */
const iso = (column: string, format = 'SS') =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:${format}"Z"')`;

const COLUMNS = `n, ${iso('at')} as at, ${iso('until')} as until, precision,
  ${iso('recorded_at', 'SS.MS')} as "recordedAt", ${iso('edited_at', 'SS.MS')} as "editedAt",
  kind, text, erased, detail, struck, json_build_object('id', by_id, 'name', by_name) as by, source, link`;

const PAGE = 500;

/** @returns the entries in order of (at, n), read page by page. Inside a snapshot the pages agree with each other. */
export async function* entries(
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
export function latestEntries(
  db: Queryable,
  team: string,
  incident: number,
  limit: number,
): Promise<Entry[]> {
  return select(
    db,
    'latest_entries',
    `select * from (select ${COLUMNS} from entry e where team = $1 and incident = $2
                    order by e.at desc, e.n desc limit $3) newest order by at, n`,
    [team, incident, limit],
  );
}

/** @returns entry `n`, struck or not, or null. */
export async function entry(db: Queryable, team: string, incident: number, n: number): Promise<Entry | null> {
  const sql = `select ${COLUMNS} from entry where team = $1 and incident = $2 and n = $3`;
  return (await select(db, 'entry', sql, [team, incident, n]))[0] ?? null;
}

/** @returns these entries by number, struck ones too; what does not exist is absent. */
export async function entriesNumbered(
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
export async function lastEntryBy(
  db: Queryable,
  team: string,
  incident: number,
  byId: string,
): Promise<Entry | null> {
  const sql = `select ${COLUMNS} from entry e
    where team = $1 and incident = $2 and by_id = $3 and not struck and kind not in ('run', 'step') order by e.n desc limit 1`;
  return (await select(db, 'last_entry_by', sql, [team, incident, byId]))[0] ?? null;
}

/** @returns the entry of a captured Slack message, struck or not, or null. `ts` is compared as text. */
export async function capturedEntry(
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
      order by seq limit 1)`;
  return (await select(db, 'captured_entry', sql, [team, incident, channel, ts]))[0] ?? null;
}

/** @returns whether an unstruck entry says that this action item is done. */
export async function actionDone(
  db: Queryable,
  team: string,
  incident: number,
  action: number,
): Promise<boolean> {
  const sql = `select 1 from entry where team = $1 and incident = $2 and kind = 'action' and not struck
    and detail @> jsonb_build_object('action', $3::int, 'done', true) limit 1`;
  return (
    (await db.query({ name: 'action_done', text: sql, values: [team, incident, action] })).rows.length === 1
  );
}

async function select(db: Queryable, name: string, text: string, values: unknown[]): Promise<Entry[]> {
  return (await db.query<Entry>({ name, text, values })).rows;
}

/** @returns entries of those kinds that are not struck, in order of recording. */
export function entriesOf(
  db: Queryable,
  team: string,
  incident: number,
  kinds: readonly EntryKind[],
): Promise<Entry[]> {
  const sql = `select ${COLUMNS} from entry e where team = $1 and incident = $2 and kind = any($3) and not struck order by n`;
  return select(db, 'entries_of', sql, [team, incident, kinds]);
}
