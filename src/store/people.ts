import { createHash } from 'node:crypto';
import { and, eq, gt, inArray, isNull, lt, or, type SQL, sql } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import { nameInRecord, type Person, type PersonKind, STANDING } from '#domain/words.js';
import { asking, type Queryable, queryable, transaction, Unavailable, withConnection } from './pools.js';
import { incident, person, token, workspace } from './schema.js';

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

/** The workspace of somebody who works on the machine before Slack has ever been seen. */
const LOCAL = 'local';

/** Which workspaces there are. `team` is our id, and stays; `slackTeam` is Slack's, null until it claims the row. */
export interface Workspaces {
  /** @returns our id of a Slack workspace. Seen first, it claims the row that has none yet, else it gets its own. */
  resolve(slackTeam: string): Promise<string>;
  /** @returns our id of a Slack workspace that has been seen, else null. Makes none. */
  find(slackTeam: string): Promise<string | null>;
  /** As `resolve`, as long as no other Slack workspace has been seen. @returns null when one has. */
  first(slackTeam: string): Promise<string | null>;
  /** @returns all of them, oldest first. */
  list(): Promise<WorkspaceRow[]>;
  /** @returns how much each workspace holds, for those that hold anything: incidents (the standing record is none) and tokens. */
  holdings(): Promise<ReadonlyMap<string, Holding>>;
  /** @returns the only workspace, or null when there is none or more than one. */
  only(): Promise<string | null>;
  /** Makes the unclaimed workspace `local` when there is no workspace at all. @returns the only workspace, null when there are several. */
  ensureLocal(): Promise<string | null>;
}

export interface WorkspaceRow {
  team: string;
  slackTeam: string | null;
}

interface Holding {
  incidents: number;
  tokens: number;
}

/**
 * What tells one PostgreSQL from every other. Outside of a transaction: it may be refused.
 * @returns '': this host does not let us ask, and the database's own names have to do
 */
async function serverIdentity(db: Queryable): Promise<string> {
  try {
    const text = 'select system_identifier::text as id from pg_control_system()';
    return (await db.query<{ id: string }>(text)).rows[0]?.id ?? '';
  } catch (error) {
    if (error instanceof Unavailable && error.code !== '42501') throw error;
    return '';
  }
}

/** The moment at which our tables were made: young servers number their databases alike. */
async function born(db: Queryable): Promise<string> {
  const text = 'select extract(epoch from min(applied_at))::text as id from migration';
  return (await db.query<{ id: string }>(text)).rows[0]?.id ?? '';
}

/**
 * Tells this database from every other, for what is shared with others (one Redis for several installations). The same for
 * every process on it, by whatever address; another for a dump that was restored elsewhere.
 * @returns sixteen letters and digits
 */
export async function installation(db: Queryable): Promise<string> {
  const server = (await serverIdentity(db)) || (await born(db));
  const { rows } = await db.query<{ id: string }>(
    `select datname || '/' || oid as id from pg_database where datname = current_database()`,
  );
  return createHash('sha256').update(`${server}/${rows[0]?.id}`).digest('hex').slice(0, 16);
}

/**
 * What a dump does not carry along: a cluster has a number of its own, a database and a table have one in their cluster.
 * A restored copy of the server's files has the same ones; that it is old is seen in Slack (deliver/restored.ts).
 */
export async function homeOf(db: Queryable): Promise<string> {
  const server = await serverIdentity(db);
  const { rows } = await db.query<{ place: string }>(
    `select oid || ' ' || 'outbox'::regclass::oid as place from pg_database where datname = current_database()`,
  );
  return `${server} ${rows[0]?.place}`.trim();
}

/** Is `home` another than this one? Not every account is told the server: then the places in it have to do. */
export const ELSEWHERE = (home: string) => `(home <> ${home}
  and not ((home ~ '^\\d+ \\d+$' or ${home} ~ '^\\d+ \\d+$')
    and substring(home from '\\d+ \\d+$') = substring(${home} from '\\d+ \\d+$')))`;

export function workspaces(db: NodePgDatabase, pool: pg.Pool): Workspaces {
  const list = () =>
    asking(() =>
      db
        .select({ team: workspace.team, slackTeam: workspace.slackTeam })
        .from(workspace)
        .orderBy(workspace.createdAt, workspace.team),
    );
  const only = async () => {
    const [first, second] = await list();
    return first && !second ? first.team : null;
  };
  /**
   * Two that see a workspace first at the same moment take turns: this happens once in its life. A transaction of
   * drizzle's keeps its connection for ever when not even `begin` gets through.
   */
  const alone = <T>(work: (tx: Pick<NodePgDatabase, 'select' | 'insert' | 'update'>) => Promise<T>) =>
    asking(() =>
      withConnection(pool, (client) =>
        transaction(queryable(client), async () => {
          await client.query('lock table workspace in share row exclusive mode');
          return work(drizzle(client));
        }),
      ),
    );
  const claimedBy = async (tx: Pick<NodePgDatabase, 'select'>, slackTeam: string) =>
    (await tx.select({ team: workspace.team }).from(workspace).where(eq(workspace.slackTeam, slackTeam)))[0]
      ?.team;
  const find = async (slackTeam: string) => (await asking(() => claimedBy(db, slackTeam))) ?? null;
  const claim = async (slackTeam: string, may: (others: number) => boolean) => {
    const known = await find(slackTeam);
    if (known !== null) return known;
    const home = await homeOf(queryable(pool));
    return alone(async (tx) => {
      const meanwhile = await claimedBy(tx, slackTeam);
      if (meanwhile !== undefined) return meanwhile;
      const rows = await tx
        .select({ team: workspace.team, slackTeam: workspace.slackTeam })
        .from(workspace)
        .orderBy(workspace.createdAt, workspace.team);
      if (!may(rows.filter((row) => row.slackTeam !== null).length)) return null;
      const free = rows.find((row) => row.slackTeam === null);
      if (!free) {
        await tx.insert(workspace).values({ team: slackTeam, slackTeam, home });
        return slackTeam;
      }
      await tx.update(workspace).set({ slackTeam }).where(eq(workspace.team, free.team));
      return free.team;
    });
  };
  return {
    list,
    only,
    find,
    first: (slackTeam) => claim(slackTeam, (others) => others === 0),
    resolve: async (slackTeam) => (await claim(slackTeam, () => true)) as string,
    async holdings() {
      const counted = (what: typeof incident | typeof token, where?: SQL) =>
        asking(() =>
          db
            .select({ team: what.team, n: sql<number>`count(*)::int` })
            .from(what)
            .where(where)
            .groupBy(what.team),
        );
      const held = new Map<string, Holding>();
      const of = (team: string) => {
        const known = held.get(team) ?? { incidents: 0, tokens: 0 };
        held.set(team, known);
        return known;
      };
      for (const { team, n } of await counted(incident, gt(incident.number, STANDING)))
        of(team).incidents = n;
      for (const { team, n } of await counted(token)) of(team).tokens = n;
      return held;
    },
    async ensureLocal() {
      if ((await list()).length > 0) return only();
      const home = await homeOf(queryable(pool));
      await alone(async (tx) => {
        const [any] = await tx.select({ team: workspace.team }).from(workspace).limit(1);
        if (!any) await tx.insert(workspace).values({ team: LOCAL, home });
      });
      return only();
    },
  };
}

type Scope = 'read' | 'write' | 'admin';

/** An API token as it is made: the token itself is never stored. `private`: it sees private incidents. */
interface NewToken {
  team: string;
  name: string;
  /** SHA-256 of the token, hex. */
  hash: string;
  scope: Scope;
  private: boolean;
  /** Id of the person whose word it is, or null. */
  owner?: string | null;
  /** For how long it is good, in ms from now; null: until it is revoked. */
  lastsMs?: number | null;
}

/** An API token as it stands. Times as UTC ISO 8601 with milliseconds. */
export interface KeptToken {
  team: string;
  name: string;
  scope: Scope;
  private: boolean;
  /** `name` as last heard, null when unknown; `gone`: the account is deactivated. */
  owner: { id: string; name: string | null; gone: boolean } | null;
  createdAt: string;
  expiresAt: string | null;
  expired: boolean;
  lastUsedAt: string | null;
  usedLately: boolean;
  revokedAt: string | null;
}

/** Every question goes to the database, whose clock counts: what one process withdraws, all others refuse at once. */
export interface Tokens {
  /** @returns false when there is, or was, a token of that name: nothing was changed. */
  create(made: NewToken): Promise<boolean>;
  byHash(hash: string): Promise<KeptToken | null>;
  list(team: string): Promise<KeptToken[]>;
  /** @returns whether this withdrew it: false when there is no such token, or it was withdrawn before. */
  revoke(team: string, name: string): Promise<boolean>;
  /** Notes that it was used, once a minute at most, and keeps nobody waiting. Where that fails it is not noted. */
  noteUse(used: Pick<KeptToken, 'team' | 'name' | 'usedLately'>): void;
}

const LATELY = sql`interval '1 minute'`;

const iso = (column: SQL | typeof token.createdAt) =>
  sql<string | null>`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const SHOWN = {
  team: token.team,
  name: token.name,
  scope: token.scope,
  private: token.private,
  owner: token.owner,
  ownerName: person.name,
  ownerGone: sql<boolean>`coalesce(${person.deleted}, false)`,
  createdAt: sql<string>`${iso(token.createdAt)}`,
  expiresAt: iso(sql`${token.expiresAt}`),
  expired: sql<boolean>`coalesce(${token.expiresAt} <= now(), false)`,
  lastUsedAt: iso(sql`${token.lastUsedAt}`),
  usedLately: sql<boolean>`coalesce(${token.lastUsedAt} > now() - ${LATELY}, false)`,
  revokedAt: iso(sql`${token.revokedAt}`),
};

export function tokens(db: NodePgDatabase): Tokens {
  /** Uses that are being noted: of a burst of requests one is enough. */
  const noting = new Set<string>();
  const select = async (wanted: SQL | undefined): Promise<KeptToken[]> => {
    const rows = await asking(() =>
      db
        .select(SHOWN)
        .from(token)
        .leftJoin(person, and(eq(person.team, token.team), eq(person.id, token.owner)))
        .where(wanted)
        .orderBy(token.name),
    );
    return rows.map(({ owner, ownerName, ownerGone, ...others }) => ({
      ...others,
      owner: owner === null ? null : { id: owner, name: ownerName, gone: ownerGone },
    }));
  };
  const named = (team: string, name: string) => and(eq(token.team, team), eq(token.name, name));
  return {
    async create({ lastsMs = null, owner = null, ...made }) {
      const expiresAt = lastsMs === null ? null : sql`now() + ${lastsMs}::float8 * interval '1 ms'`;
      const done = await asking(() =>
        db
          .insert(token)
          .values({ ...made, owner, expiresAt })
          .onConflictDoNothing()
          .returning({ name: token.name }),
      );
      return done.length === 1;
    },
    byHash: async (hash) => (await select(eq(token.hash, hash)))[0] ?? null,
    list: (team) => select(eq(token.team, team)),
    async revoke(team, name) {
      const gone = await asking(() =>
        db
          .update(token)
          .set({ revokedAt: sql`now()` })
          .where(and(named(team, name), isNull(token.revokedAt)))
          .returning({ name: token.name }),
      );
      return gone.length === 1;
    },
    noteUse({ team, name, usedLately }) {
      const at = `${team}/${name}`;
      if (usedLately || noting.has(at)) return;
      noting.add(at);
      const before = or(isNull(token.lastUsedAt), lt(token.lastUsedAt, sql`now() - ${LATELY}`));
      void db
        .update(token)
        .set({ lastUsedAt: sql`now()` })
        .where(and(named(team, name), before))
        .catch(() => undefined)
        .finally(() => noting.delete(at));
    },
  };
}
