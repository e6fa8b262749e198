import type { PublicRecord } from '#domain/status/read.js';
import type { PublicEntry } from '#domain/status/track.js';
import { toSeconds } from '#domain/words.js';
import { on, type Queryable, utc } from '../pools.js';

const PUBLIC = "kind = 'post' or kind = 'component' and detail ? 'state'";

/**
 * What a public page is made of: posts and states of components, struck and erased ones too, of every incident that is no
 * drill, with planned work and what another page told in the standing record. Who recorded them, and the reasons that they
 * gave, are not read: what is not here gets nowhere.
 * @returns in no order; an incident without any is absent
 */
async function publicRecords(db: Queryable, team: string): Promise<PublicRecord[]> {
  const { rows } = await db.query<PublicEntry & { incident: number; private: boolean }>({
    name: 'public_records',
    // Written like the index entry_public, twice. A state is long: only those are opened whose incident has anything public.
    text: `
      with public as materialized (
        select number, private, state from incident where team = $1
          and number in (select incident from entry where team = $1 and (${PUBLIC}))
      )
      select e.incident, i.private, n, ${utc('at')} as at, ${utc('until')} as until, precision,
        ${utc('recorded_at', 'SS.MS')} as "recordedAt", ${utc('edited_at', 'SS.MS')} as "editedAt",
        kind, text, erased, detail - '{anyway,struckReason}'::text[] as detail, struck
      from entry e join (select number, private from public where not (state ->> 'drill')::boolean) i
        on i.number = e.incident
      where team = $1 and (${PUBLIC})`,
    values: [team],
  });
  const records = new Map<number, PublicRecord & { entries: PublicEntry[] }>();
  for (const { incident, private: hidden, ...entry } of rows) {
    const record = records.get(incident) ?? { incident, private: hidden, entries: [] };
    record.entries.push(entry);
    records.set(incident, record);
  }
  return [...records.values()];
}

/**
 * @returns what is another whenever `publicRecords` may be another: whatever changes it owes the page anew, in the same
 *   transaction. Also when old rows are cleared away. Ask for it before the records: what comes in between is then read twice
 *   and not missed.
 */
async function revision(db: Queryable, team: string): Promise<string> {
  const { rows } = await db.query<{ revision: string }>({
    name: 'public_revision',
    // Numbers are given before they are committed, so the highest alone would miss one that comes in behind it.
    text: `select concat_ws('.', count(*), max(id), sum(id)) as revision from outbox
           where team = $1 and kind = 'status.page'`,
    values: [team],
  });
  return rows[0]?.revision ?? '';
}

/**
 * Remembers that these components are watched, from `now` on if they were not known yet.
 * @returns since when each of them is (UTC, whole seconds), by its name
 */
async function seen(
  db: Queryable,
  team: string,
  names: readonly string[],
  now: Date,
): Promise<Map<string, string>> {
  const known = async () => {
    const { rows } = await db.query<{ name: string; since: string }>({
      name: 'components_seen',
      text: `select name, ${utc('since')} as since from status_component where team = $1 and name = any($2)`,
      values: [team, names],
    });
    return new Map(rows.map(({ name, since }) => [name, since]));
  };
  const before = await known();
  if (names.every((name) => before.has(name))) return before;
  await db.query({
    name: 'components_met',
    text: `insert into status_component (team, name, since) select distinct $1, name, $3::timestamptz
           from unnest($2::text[]) as of(name) on conflict (team, name) do nothing`,
    values: [team, names, toSeconds(now)],
  });
  // Another process may have met them first.
  return known();
}

/** What the public may know, and since when. */
export const published = (db: Queryable) => on(db, { records: publicRecords, revision, seen });
