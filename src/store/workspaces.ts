import { createHash } from 'node:crypto';
import { eq, isNull } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import { asking, Unavailable } from './outcome.js';
import { type Queryable, queryable, transaction, withConnection } from './pools.js';
import { workspace } from './schema.js';

/** The workspace of somebody who works on the machine before Slack has ever been seen. */
export const LOCAL = 'local';

/** Which workspaces there are. `team` is our id, and stays; `slackTeam` is Slack's, null until it claims the row. */
export interface Workspaces {
  /** @returns our id of a Slack workspace. Seen first, it claims the row that has none yet, else it gets its own. */
  resolve(slackTeam: string): Promise<string>;
  /** @returns all of them, oldest first. */
  list(): Promise<Array<{ team: string; slackTeam: string | null }>>;
  /** @returns the only workspace, or null when there is none or more than one. */
  only(): Promise<string | null>;
  /** Makes the unclaimed workspace `local` when there is no workspace at all. @returns the only workspace, null when there are several. */
  ensureLocal(): Promise<string | null>;
}

/**
 * Tells this database from every other, for what is shared with others (one Redis for several installations). The same for
 * every process on it, by whatever address; another for a dump that was restored elsewhere.
 * @returns sixteen letters and digits
 */
export async function installation(db: Queryable): Promise<string> {
  // Some hosts do not let everybody ask for the server's identity: then the database's own has to do.
  const server = await db
    .query<{ id: string }>('select system_identifier::text as id from pg_control_system()')
    .then(({ rows }) => rows[0]?.id ?? '')
    .catch((error: unknown) => {
      if (error instanceof Unavailable) throw error;
      return '';
    });
  const { rows } = await db.query<{ id: string }>(
    `select datname || '/' || oid as id from pg_database where datname = current_database()`,
  );
  return createHash('sha256').update(`${server}/${rows[0]?.id}`).digest('hex').slice(0, 16);
}

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
  return {
    list,
    only,
    async resolve(slackTeam) {
      const known = await asking(() => claimedBy(db, slackTeam));
      if (known !== undefined) return known;
      return alone(async (tx) => {
        const meanwhile = await claimedBy(tx, slackTeam);
        if (meanwhile !== undefined) return meanwhile;
        const [free] = await tx
          .select({ team: workspace.team })
          .from(workspace)
          .where(isNull(workspace.slackTeam))
          .orderBy(workspace.createdAt, workspace.team)
          .limit(1);
        if (!free) {
          await tx.insert(workspace).values({ team: slackTeam, slackTeam });
          return slackTeam;
        }
        await tx.update(workspace).set({ slackTeam }).where(eq(workspace.team, free.team));
        return free.team;
      });
    },
    async ensureLocal() {
      await alone(async (tx) => {
        const [any] = await tx.select({ team: workspace.team }).from(workspace).limit(1);
        if (!any) await tx.insert(workspace).values({ team: LOCAL });
      });
      return only();
    },
  };
}
