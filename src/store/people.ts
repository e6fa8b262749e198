import { and, eq, inArray, or, type SQL, sql } from 'drizzle-orm';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import { nameInRecord, type Person, type PersonKind } from '#domain/person.js';
import { asking } from './outcome.js';
import { person } from './schema.js';

/** Somebody of a workspace as we last heard of them. `name`: as Slack shows it; `tz`: IANA zone, null when unknown; `kind`: null when not heard yet. */
export interface KnownPerson {
  id: string;
  name: string;
  handle: string | null;
  realName: string | null;
  tz: string | null;
  isBot: boolean;
  deleted: boolean;
  kind: PersonKind | null;
}

/** The cache of names and zones. It may be behind; it is never waited for. */
export interface People {
  get(team: string, id: string): Promise<KnownPerson | null>;
  byIds(team: string, ids: readonly string[]): Promise<KnownPerson[]>;
  /**
   * Everybody whose shown name, handle or full name this is, whatever the case: several may be. Deactivated accounts only
   * with `alsoGone`.
   */
  findByName(team: string, name: string, alsoGone?: boolean): Promise<KnownPerson[]>;
  personById(team: string, id: string): Promise<Person | null>;
  /** The one whom that name means, or null: nobody, or more than one. A deactivated account counts where nobody else is called so. */
  personByName(team: string, name: string): Promise<Person | null>;
  /** A kind that is known stays so when the newer word does not say it. */
  upsert(team: string, people: readonly KnownPerson[]): Promise<void>;
}

const COLUMNS = {
  id: person.id,
  name: person.name,
  handle: person.handle,
  realName: person.realName,
  tz: person.tz,
  isBot: person.isBot,
  deleted: person.deleted,
  kind: person.kind,
};

/** A workspace may have tens of thousands: a statement takes well below its time limit. */
const BATCH = 5_000;

export function people(db: NodePgDatabase): People {
  const select = (wanted: SQL | undefined) =>
    asking(() => db.select(COLUMNS).from(person).where(wanted).orderBy(person.id));
  const byIds: People['byIds'] = (team, ids) =>
    select(and(eq(person.team, team), inArray(person.id, [...ids])));
  const get: People['get'] = async (team, id) => (await byIds(team, [id]))[0] ?? null;
  const calledSo = (team: string, name: string) => {
    const called = [person.name, person.handle, person.realName].map(
      (c) => sql`lower(${c}) = lower(${name})`,
    );
    return select(and(eq(person.team, team), or(...called)));
  };
  const findByName: People['findByName'] = async (team, name, alsoGone = false) =>
    (await calledSo(team, name)).filter((one) => alsoGone || !one.deleted);
  return {
    get,
    byIds,
    findByName,
    personById: async (team, id) => shown(await get(team, id)),
    async personByName(team, name) {
      const called = await calledSo(team, name);
      // Somebody who has left is meant only where nobody else can be.
      const there = called.filter((one) => !one.deleted);
      const [one, another] = there.length > 0 ? there : called;
      return one && !another ? shown(one) : null;
    },
    async upsert(team, list) {
      // The same person twice in one statement would be refused; the newer word counts.
      const latest = [...new Map(list.map((one) => [one.id, one])).values()];
      // One JSON parameter: thousands of single ones take drizzle half a minute.
      for (let from = 0; from < latest.length; from += BATCH) {
        const rows = JSON.stringify(latest.slice(from, from + BATCH));
        await asking(() =>
          db.execute(sql`
            insert into person (team, id, name, handle, real_name, tz, is_bot, deleted, kind)
            select ${team}, id, name, handle, "realName", tz, "isBot", deleted, kind
            from json_to_recordset(${rows}::json) as p(id text, name text, handle text, "realName" text, tz text,
              "isBot" boolean, deleted boolean, kind text)
            on conflict (team, id) do update set name = excluded.name, handle = excluded.handle,
              real_name = excluded.real_name, tz = excluded.tz, is_bot = excluded.is_bot, deleted = excluded.deleted,
              kind = coalesce(excluded.kind, person.kind), updated_at = now()`),
        );
      }
    },
  };
}

function shown(known: KnownPerson | null): Person | null {
  return known && { id: known.id, name: nameInRecord(known) };
}
