import { and, eq } from 'drizzle-orm';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import { asking } from './outcome.js';
import { token } from './schema.js';

export type Scope = 'read' | 'write' | 'admin';

/** An API token as we keep it: the token itself is never stored. `private`: it sees private incidents. */
export interface KeptToken {
  team: string;
  name: string;
  /** SHA-256 of the token, hex. */
  hash: string;
  scope: Scope;
  private: boolean;
}

export interface Tokens {
  /** @returns false when there is a token of that name already: nothing was changed. */
  create(kept: KeptToken): Promise<boolean>;
  byHash(hash: string): Promise<KeptToken | null>;
  list(team: string): Promise<Array<Omit<KeptToken, 'hash'>>>;
  /** @returns whether there was such a token. It is refused from now on. */
  revoke(team: string, name: string): Promise<boolean>;
}

const SHOWN = { team: token.team, name: token.name, scope: token.scope, private: token.private };

export function tokens(db: NodePgDatabase): Tokens {
  return {
    async create(kept) {
      const made = await asking(() =>
        db.insert(token).values(kept).onConflictDoNothing().returning({ name: token.name }),
      );
      return made.length === 1;
    },
    async byHash(hash) {
      const [kept] = await asking(() =>
        db
          .select({ ...SHOWN, hash: token.hash })
          .from(token)
          .where(eq(token.hash, hash))
          .limit(1),
      );
      return kept ?? null;
    },
    list: (team) =>
      asking(() => db.select(SHOWN).from(token).where(eq(token.team, team)).orderBy(token.name)),
    async revoke(team, name) {
      const named = and(eq(token.team, team), eq(token.name, name));
      const gone = await asking(() => db.delete(token).where(named).returning({ name: token.name }));
      return gone.length === 1;
    },
  };
}
