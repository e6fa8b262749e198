import { createHash } from 'node:crypto';
import type pg from 'pg';
import { nameInRecord, type Person, type PersonKind, STANDING } from '#domain/words.js';
import { type Queryable, queryable, transaction, Unavailable, utc, withConnection } from './pools.js';

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

const COLUMNS = 'id, name, handle, real_name as "realName", tz, is_bot as "isBot", deleted, kind';

/** A workspace may have tens of thousands: a statement takes well below its time limit. */
const BATCH = 5_000;

/** The cache of names and zones. It may be behind; it is never waited for. */
export function people(db: Queryable) {
  const select = async (name: string, where: string, values: unknown[]) => {
    const text = `select ${COLUMNS} from person where team = $1 and ${where} order by id`;
    return (await db.query<KnownPerson>({ name, text, values })).rows;
  };
  const byIds = (team: string, ids: readonly string[]) => select('people_by_id', 'id = any($2)', [team, ids]);
  const get = async (team: string, id: string) => (await byIds(team, [id]))[0] ?? null;
  const calledSo = (team: string, name: string) =>
    select(
      'people_called',
      // Not `in`: each of the three has an index of its own.
      '(lower(name) = lower($2) or lower(handle) = lower($2) or lower(real_name) = lower($2))',
      [team, name],
    );
  return {
    get,
    byIds,
    /**
     * Everybody whose shown name, handle or full name this is, whatever the case: several may be. Deactivated accounts
     * only with `alsoGone`.
     */
    findByName: async (team: string, name: string, alsoGone = false) =>
      (await calledSo(team, name)).filter((one) => alsoGone || !one.deleted),
    personById: async (team: string, id: string) => shown(await get(team, id)),
    /** The one whom that name means, or null: nobody, or more than one. A deactivated account counts where nobody else is called so. */
    async personByName(team: string, name: string): Promise<Person | null> {
      const called = await calledSo(team, name);
      const there = called.filter((one) => !one.deleted);
      const [one, another] = there.length > 0 ? there : called;
      return one && !another ? shown(one) : null;
    },
    /** A kind that is known stays so when the newer word does not say it. */
    async upsert(team: string, list: readonly KnownPerson[]): Promise<void> {
      // The same person twice in one statement would be refused; the newer word counts.
      const latest = [...new Map(list.map((one) => [one.id, one])).values()];
      for (let from = 0; from < latest.length; from += BATCH) {
        const text = `
          insert into person (team, id, name, handle, real_name, tz, is_bot, deleted, kind)
          select $1, id, name, handle, "realName", tz, "isBot", deleted, kind
          from json_to_recordset($2::json) as p(id text, name text, handle text, "realName" text, tz text,
            "isBot" boolean, deleted boolean, kind text)
          on conflict (team, id) do update set name = excluded.name, handle = excluded.handle,
            real_name = excluded.real_name, tz = excluded.tz, is_bot = excluded.is_bot, deleted = excluded.deleted,
            kind = coalesce(excluded.kind, person.kind), updated_at = now()`;
        await db.query(text, [team, JSON.stringify(latest.slice(from, from + BATCH))]);
      }
    },
  };
}

function shown(known: KnownPerson | null): Person | null {
  return known && { id: known.id, name: nameInRecord(known) };
}

/** The workspace of somebody who works on the machine before Slack has ever been seen. */
const LOCAL = 'local';

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

export type Workspaces = ReturnType<typeof workspaces>;

/** Which workspaces there are. `team` is our id, and stays; `slackTeam` is Slack's, null until it claims the row. */
export function workspaces(pool: pg.Pool) {
  const db = queryable(pool);
  const listed = async (from: Queryable) => {
    const text = 'select team, slack_team as "slackTeam" from workspace order by created_at, team';
    return (await from.query<WorkspaceRow>(text)).rows;
  };
  const list = () => listed(db);
  const only = async () => {
    const [first, second] = await list();
    return first && !second ? first.team : null;
  };
  /** Two that see a workspace first at the same moment take turns: this happens once in its life. */
  const alone = <T>(work: (tx: Queryable) => Promise<T>) =>
    withConnection(pool, (client) => {
      const tx = queryable(client);
      return transaction(tx, async () => {
        await tx.query('lock table workspace in share row exclusive mode');
        return work(tx);
      });
    });
  const claimedBy = async (from: Queryable, slackTeam: string) => {
    const text = 'select team from workspace where slack_team = $1';
    return (await from.query<{ team: string }>(text, [slackTeam])).rows[0]?.team ?? null;
  };
  const add = (tx: Queryable, team: string, slackTeam: string | null, home: string) =>
    tx.query('insert into workspace (team, slack_team, home) values ($1, $2, $3)', [team, slackTeam, home]);
  const claim = async (slackTeam: string, may: (others: number) => boolean) => {
    const known = await claimedBy(db, slackTeam);
    if (known !== null) return known;
    const home = await homeOf(db);
    return alone(async (tx) => {
      const meanwhile = await claimedBy(tx, slackTeam);
      if (meanwhile !== null) return meanwhile;
      const rows = await listed(tx);
      if (!may(rows.filter((row) => row.slackTeam !== null).length)) return null;
      const free = rows.find((row) => row.slackTeam === null);
      if (free)
        await tx.query('update workspace set slack_team = $1 where team = $2', [slackTeam, free.team]);
      else await add(tx, slackTeam, slackTeam, home);
      return free?.team ?? slackTeam;
    });
  };
  /** @returns how much each workspace holds, for those that hold anything: incidents (the standing record is none) and tokens. */
  async function holdings(): Promise<ReadonlyMap<string, Holding>> {
    const text = `
      select team, coalesce(incidents, 0) as incidents, coalesce(tokens, 0) as tokens
      from (select team, count(*)::int as incidents from incident where number > ${STANDING} group by team) i
      full join (select team, count(*)::int as tokens from token group by team) t using (team)`;
    const { rows } = await db.query<Holding & { team: string }>(text);
    return new Map(rows.map(({ team, ...held }) => [team, held]));
  }
  return {
    /** @returns all of them, oldest first. */
    list,
    /** @returns the only workspace, or null when there is none or more than one. */
    only,
    /** @returns our id of a Slack workspace that has been seen, else null. Makes none. */
    find: (slackTeam: string) => claimedBy(db, slackTeam),
    /** As `resolve`, as long as no other Slack workspace has been seen. @returns null when one has. */
    first: (slackTeam: string) => claim(slackTeam, (others) => others === 0),
    /** @returns our id of a Slack workspace. Seen first, it claims the row that has none yet, else it gets its own. */
    resolve: async (slackTeam: string) => (await claim(slackTeam, () => true)) as string,
    holdings,
    /**
     * The workspace that is meant where no payload and no token says so: the only one; else the one that we are installed
     * in; else the only one that holds anything. @returns null where that cannot be told
     * @param installed asks Slack for the one of our token; null: it does not say. Asked only where there is more than one
     */
    async home(installed: () => Promise<string | null>): Promise<string | null> {
      const rows = await list();
      const [first, second] = rows;
      if (!first || !second) return first?.team ?? null;
      const told = await installed();
      const ours = told === null ? undefined : rows.find((row) => row.slackTeam === told);
      if (ours) return ours.team;
      const held = await holdings();
      const [only, other] = rows.filter((row) => held.has(row.team));
      return only && !other ? only.team : null;
    },
    /** Makes the unclaimed workspace `local` when there is no workspace at all. @returns the only workspace, null when there are several. */
    async ensureLocal(): Promise<string | null> {
      if ((await list()).length > 0) return only();
      const home = await homeOf(db);
      await alone(async (tx) => {
        if ((await listed(tx)).length === 0) await add(tx, LOCAL, null, home);
      });
      return only();
    },
  };
}

/** `publish` may what `write` may, and change what the public reads; `admin` may no more than `write`. */
type Scope = 'read' | 'write' | 'publish' | 'admin';

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

const LATELY = "interval '1 minute'";

const iso = (column: string) => utc(`t.${column}`, 'SS.MS');

const KEPT = `
  select t.team, t.name, t.scope, t.private, case when t.owner is not null
      then json_build_object('id', t.owner, 'name', p.name, 'gone', coalesce(p.deleted, false)) end as owner,
    ${iso('created_at')} as "createdAt", ${iso('expires_at')} as "expiresAt",
    coalesce(t.expires_at <= now(), false) as expired, ${iso('last_used_at')} as "lastUsedAt",
    coalesce(t.last_used_at > now() - ${LATELY}, false) as "usedLately", ${iso('revoked_at')} as "revokedAt"
  from token t left join person p on p.team = t.team and p.id = t.owner`;

/** Every question goes to the database, whose clock counts: what one process withdraws, all others refuse at once. */
export function tokens(db: Queryable) {
  /** Uses that are being noted: of a burst of requests one is enough. */
  const noting = new Set<string>();
  const changesOne = async (text: string, values: unknown[]) => (await db.query(text, values)).rowCount === 1;
  return {
    /** @returns false when there is, or was, a token of that name: nothing was changed. */
    create({ team, name, hash, scope, private: seesPrivate, owner = null, lastsMs = null }: NewToken) {
      const text = `insert into token (team, name, hash, scope, private, owner, expires_at)
        values ($1, $2, $3, $4, $5, $6, now() + $7::float8 * interval '1 ms') on conflict do nothing`;
      return changesOne(text, [team, name, hash, scope, seesPrivate, owner, lastsMs]);
    },
    async byHash(hash: string): Promise<KeptToken | null> {
      const text = `${KEPT} where t.hash = $1 order by t.name`;
      return (await db.query<KeptToken>({ name: 'token_by_hash', text, values: [hash] })).rows[0] ?? null;
    },
    async list(team: string): Promise<KeptToken[]> {
      return (await db.query<KeptToken>(`${KEPT} where t.team = $1 order by t.name`, [team])).rows;
    },
    /** @returns whether this withdrew it: false when there is no such token, or it was withdrawn before. */
    revoke(team: string, name: string) {
      const text = 'update token set revoked_at = now() where team = $1 and name = $2 and revoked_at is null';
      return changesOne(text, [team, name]);
    },
    /** Notes that it was used, once a minute at most, and keeps nobody waiting. Where that fails it is not noted. */
    noteUse({ team, name, usedLately }: Pick<KeptToken, 'team' | 'name' | 'usedLately'>): void {
      const at = `${team}/${name}`;
      if (usedLately || noting.has(at)) return;
      noting.add(at);
      const text = `update token set last_used_at = now() where team = $1 and name = $2
        and (last_used_at is null or last_used_at < now() - ${LATELY})`;
      void db
        .query(text, [team, name])
        .catch(() => undefined)
        .finally(() => noting.delete(at));
    },
  };
}
