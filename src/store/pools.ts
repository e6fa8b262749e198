import pg from 'pg';
import { outcomeOfQuery, Unavailable } from './outcome.js';

/** Where the database is (as `pg` takes it), and how many connections at most. */
export interface PoolConfig extends pg.ClientConfig {
  writers?: number;
  readers?: number;
}

export interface Pools {
  /** For commits alone: short statements, cancelled by the server after two seconds. */
  writer: pg.Pool;
  reader: pg.Pool;
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
export function queryable(from: pg.Pool | pg.PoolClient): Queryable {
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

/**
 * Two small pools, so that a long export never makes a commit wait for a connection.
 * The bot as a whole keeps below 1–2 writers, 4 readers and one listener per process.
 */
export function openPools(config: PoolConfig, report: Report): Pools {
  const { writers = 2, readers = 4, ...connection } = config;
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
    statement_timeout: STATEMENT_TIMEOUT,
    // When not even the cancellation comes back, the network is gone: stop waiting, outcome unknown.
    query_timeout: STATEMENT_TIMEOUT + 1_000,
    // The commit statement is the same every time; planning it again would cost more than running it.
    options: [connection.options, '-c plan_cache_mode=force_generic_plan'].filter(Boolean).join(' '),
  });
  const reader = new pg.Pool({
    ...common,
    max: readers,
    idleTimeoutMillis: 30_000,
    statement_timeout: 30_000,
  });
  for (const pool of [writer, reader])
    pool.on('error', (error) => report('a database connection was lost', error));
  return { writer, reader };
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
    throw new Unavailable(`no connection to the database: ${error.message}`);
  });
  // While it is lent, the pool does not listen for its errors.
  const ignore = () => {};
  client.on('error', ignore);
  let broken: Error | undefined;
  try {
    return await work(client);
  } catch (error) {
    broken =
      !(error instanceof pg.DatabaseError) || error.severity === 'FATAL' ? (error as Error) : undefined;
    throw error;
  } finally {
    client.off('error', ignore);
    client.release(broken);
  }
}
