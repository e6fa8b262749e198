import { createHash } from 'node:crypto';
import { eq, gt, type SQL, sql } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import { STANDING } from '#domain/state.js';
import { asking, Unavailable } from './outcome.js';
import { type Queryable, queryable, transaction, withConnection } from './pools.js';
import { incident, token, workspace } from './schema.js';

/** The workspace of somebody who works on the machine before Slack has ever been seen. */
export const LOCAL = 'local';

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

export interface Holding {
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
