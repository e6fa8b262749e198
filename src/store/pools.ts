import pg from 'pg';
import { outcomeOfConnecting, outcomeOfQuery } from './outcome.js';

/** Where the database is (as `pg` takes it), and how many connections at most. */
export interface PoolConfig extends pg.ClientConfig {
  writers?: number;
  others?: number;
}

export interface Pools {
  /** For commits alone: short statements, cancelled by the server after two seconds. */
  writer: pg.Pool;
  /** For everything else that is short. */
  general: pg.Pool;
  /** For exports: whole incidents are read, and nothing else may wait for that. */
  exports: pg.Pool;
}

/** What we tell about trouble on an idle connection: a sentence, never a value. */
export type Report = (message: string, error: Error) => void;

/** Anything that runs SQL: a pool, or the one connection of a transaction. Fails with `Unavailable` or a plain error. */
export interface Queryable {
  query<R extends pg.QueryResultRow>(
    query: string | pg.QueryConfig,
    values?: unknown[],
  ): Promise<pg.QueryResult<R>>;
}

/** @returns the same, its failures put into our words. */
export function queryable(from: pg.Pool | pg.ClientBase): Queryable {
  return {
    async query<R extends pg.QueryResultRow>(query: string | pg.QueryConfig, values?: unknown[]) {
      try {
        return await from.query<R>(query, values);
      } catch (error) {
        throw outcomeOfQuery(error);
      }
    },
  };
}

const STATEMENT_TIMEOUT = 2_000;
/** How many incidents are read at once for exports. */
export const EXPORTS = 2;
/** Shorter by far, so that who waits beside somebody whose incident is locked can still be written within the two seconds. */
const LOCK_TIMEOUT = 500;
const LONGEST_MS = 30_000;

/** Three small pools, so that nothing waits for an export, and no commit for anything. At most 2 + 4 + 2 connections. */
export function openPools(config: PoolConfig, report: Report): Pools {
  const { writers = 2, others = 4, ...connection } = config;
  const common = {
    ...connection,
    connectionTimeoutMillis: 2_000,
    application_name: 'tocsin',
    keepAlive: true,
  };
  const writer = new pg.Pool({
    ...common,
    max: writers,
    idleTimeoutMillis: 0,
    // A turn is given back on the heels of its commit (turn.ts).
    pipeline: true,
    statement_timeout: STATEMENT_TIMEOUT,
    lock_timeout: LOCK_TIMEOUT,
    // When not even the cancellation comes back, the network is gone: stop waiting, outcome unknown.
    query_timeout: STATEMENT_TIMEOUT + 1_000,
    options: byKeyOnly(connection),
  });
  const general = new pg.Pool({
    ...common,
    max: others,
    idleTimeoutMillis: 30_000,
    statement_timeout: LONGEST_MS,
    // As above: on a dead wire nobody would ever hear of the end.
    query_timeout: LONGEST_MS + 1_000,
  });
  const exports = new pg.Pool({
    ...common,
    max: EXPORTS,
    idleTimeoutMillis: 10_000,
    statement_timeout: 30_000,
    // A snapshot keeps the server from cleaning up: whoever stands still in the middle of one loses it.
    idle_in_transaction_session_timeout: 60_000,
  });
  for (const pool of [writer, general, exports]) {
    pool.on('error', (error) => report('a database connection was lost', error));
    outliving(pool);
  }
  return { writer, general, exports };
}

/**
 * The same pool, whose connections may break at any moment. A pool listens for errors of a connection only while it is
 * idle, and whoever borrows it begins to listen a moment after; an error that nobody hears in between ends the process.
 * It is no news to the borrower: whatever it asks of that connection next fails.
 */
export function outliving(pool: pg.Pool): pg.Pool {
  return pool.on('connect', (client) => client.on('error', () => {}));
}

/**
 * A connection for `work`, given back afterwards; one that failed is thrown away.
 * @throws {Unavailable} when there is no connection to be had: nothing was sent
 */
export async function withConnection<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect().catch((error: Error) => {
    throw outcomeOfConnecting(error);
  });
  let broken: Error | undefined;
  try {
    return await work(client);
  } catch (error) {
    broken =
      !(error instanceof pg.DatabaseError) || error.severity === 'FATAL' ? (error as Error) : undefined;
    throw error;
  } finally {
    client.release(broken);
  }
}

/** Opens all connections of a pool. Whoever answers Slack within three seconds has no time for that. */
export async function warmUp(pool: pg.Pool): Promise<void> {
  const size = pool.options.max ?? 0;
  const opened = await Promise.allSettled(Array.from({ length: size }, () => pool.connect()));
  for (const one of opened) if (one.status === 'fulfilled') one.value.release();
}

/**
 * Server options for a connection that runs the commit statement. Its plan is kept for as long as the connection lives,
 * and may be made while the tables are still empty and a scan looks cheap. Everything it looks up is found by primary
 * key, so that is all it may do.
 */
export function byKeyOnly({ options }: pg.ClientConfig): string {
  return [options, '-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off']
    .filter(Boolean)
    .join(' ');
}

/** A connection of its own, outside of the pools and without a time limit on statements: migrations, rebuilding. */
export async function withOwnClient<T>(
  config: pg.ClientConfig,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionTimeoutMillis: 5_000, ...config, statement_timeout: 0 });
  // Without a listener a server that goes away would bring the process down.
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Everything in `work` or nothing. */
export async function transaction<T>(client: Queryable, work: () => Promise<T>, mode = ''): Promise<T> {
  await client.query(`begin ${mode}`);
  try {
    const result = await work();
    await client.query('commit');
    return result;
  } catch (error) {
    // The connection may be what failed: then it is thrown away, and the transaction with it.
    await client.query('rollback').catch(() => {});
    throw error;
  }
}
