import { and, eq, isNull, lt, or, type SQL, sql } from 'drizzle-orm';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import { asking } from './outcome.js';
import { person, token } from './schema.js';

export type Scope = 'read' | 'write' | 'admin';

/** An API token as it is made: the token itself is never stored. `private`: it sees private incidents. */
export interface NewToken {
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
