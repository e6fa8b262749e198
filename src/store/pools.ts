import { types } from 'node:util';
import pg from 'pg';
import type { Condition } from '#domain/words.js';
import { Told } from '#told.js';

/** Where the database is (as `pg` takes it), and how many connections at most. */
export interface PoolConfig extends pg.ClientConfig {
  writers?: number;
  others?: number;
}

interface Pools {
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

/**
 * @returns the same, with `most` statements under way at a time. Whoever asks for very many waits for their own, and leaves
 *   connections to everybody else: nobody waits for a connection here, so nobody is refused for having waited too long.
 */
export function inTurns(db: Queryable, most: number): Queryable {
  const waiting: Array<() => void> = [];
  let under = 0;
  return {
    async query<R extends pg.QueryResultRow>(query: string | pg.QueryConfig, values?: unknown[]) {
      // Whoever is called has its place from the one that ended.
      if (under < most) under += 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await db.query<R>(query, values);
      } finally {
        const next = waiting.shift();
        if (next) next();
        else under -= 1;
      }
    },
  };
}

/** @returns SQL that writes a time out in UTC: a JavaScript Date would have its own opinion of the year 62 and of zones. */
export const utc = (time: string, seconds: 'SS' | 'SS.MS' = 'SS'): string =>
  `to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:${seconds}"Z"')`;

type Given<D, F> = {
  [K in keyof F]: F[K] extends (db: D, ...rest: infer A) => infer R ? (...rest: A) => R : never;
};

/** @returns functions that ask a database, as the noun that they belong to offers them: the database is given to each */
export function on<D, F extends Record<string, (db: D, ...rest: never[]) => unknown>>(db: D, functions: F) {
  const given = Object.entries(functions).map(([name, ask]) => [
    name,
    (...rest: never[]) => ask(db, ...rest),
  ]);
  return Object.fromEntries(given) as Given<D, F>;
}

/** Time limit of look-ups for health and metrics, which prefer no answer to a slow one. */
export const SOON = { query_timeout: 3_000 };

const STATEMENT_TIMEOUT = 2_000;
/** How many incidents are read at once for exports. */
const EXPORTS = 2;
/** Far shorter than that: a commit that meets a locked incident fails soon, and what shared it is written within the two seconds. */
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
    // A turn is given back on the heels of its commit (commit.ts).
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
    // As above: on a dead connection the end would never be noticed.
    query_timeout: LONGEST_MS + 1_000,
  });
  const exports = new pg.Pool({
    ...common,
    max: EXPORTS,
    idleTimeoutMillis: 10_000,
    statement_timeout: 30_000,
    // A snapshot keeps the server from cleaning up: a reader that hangs in the middle of one loses it.
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
 * idle, and a borrower begins to listen a moment after; an error in between, without a listener, ends the process.
 * The borrower loses nothing by this: its next query on that connection fails.
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

/** Opens all connections of a pool: a first command must be answered within three seconds, and has no time for that. */
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

/** Why the database does not do what it is asked, and what its operator can do; words that stand after a colon. */
export interface Trouble extends Condition {
  state: 'refusing' | 'away';
  reason: string;
  fix: string;
}

// PostgreSQL's own codes; the first that a code begins with counts. A disk that was mounted read-only again is 42501.
const REFUSING: ReadonlyArray<[code: string, reason: string, fix: string]> = [
  ['53100', 'its disk is full', 'make room on the disk of PostgreSQL'],
  ['53200', 'it is out of memory', 'give PostgreSQL more memory, or less to do'],
  [
    '53300',
    'it has no connection left for us',
    'raise max_connections or the CONNECTION LIMIT of our account, or end other connections',
  ],
  ['53', 'it is short of something', 'look into the log of PostgreSQL'],
  [
    '25006',
    'it is read-only',
    'let DATABASE_URL name the primary and no standby, or take default_transaction_read_only back',
  ],
  [
    '42501',
    'our account may not write there',
    'give back the rights of the account in DATABASE_URL, or see whether the disk of PostgreSQL is mounted read-only',
  ],
  ['57P03', 'it is starting, stopping or recovering', 'wait, or look into the log of PostgreSQL'],
  ['57P05', 'it ends idle sessions', 'take idle_session_timeout back'],
  ['28', 'it does not let us in', 'check user and password in DATABASE_URL, and pg_hba.conf'],
  ['3D', 'it has no such database', 'check the name in DATABASE_URL, or restore it'],
  [
    '55000',
    'that database takes no connections',
    'allow connections to it (ALTER DATABASE … ALLOW_CONNECTIONS)',
  ],
];

/** @returns the words for what a look-up, a commit or a connection failed with, whatever that is */
export function troubleOf(error: unknown): Trouble {
  const code = error instanceof Unavailable ? error.code : null;
  const known = code === null ? undefined : REFUSING.find(([begin]) => code.startsWith(begin));
  if (known) {
    const [, reason, fix] = known;
    return { state: 'refusing', reason: `${reason} (${code})`, fix };
  }
  return {
    state: 'away',
    reason: code === '57014' || code === '55P03' ? `it is too slow (${code})` : 'it does not answer',
    fix: 'check that PostgreSQL runs and can be reached',
  };
}

/**
 * Without a table of its own there is nothing that a look could write to and take back, and what already has room on the
 * disk proves nothing: a table of the session alone is empty again after each commit, so that each row needs room anew.
 */
const TRY_SQL = `
  create temporary table if not exists tocsin_try (at timestamptz) on commit delete rows;
  insert into tocsin_try values (now())`;
const MAY_SQL = `
  select current_setting('transaction_read_only') = 'on' as "readOnly",
    (select bool_and(has_table_privilege(t.oid, 'insert'))
     from pg_class t where t.oid in (to_regclass('fact'), to_regclass('outbox'))) as may`;

/**
 * Writes a row and takes it back, over one of the connections that commits use.
 * @throws {Unavailable} when the database cannot be asked, or takes nothing
 */
export async function tryWriting(writer: pg.Pool, outcomeOf: (error: unknown) => Error): Promise<void> {
  try {
    await withConnection(writer, async (client) => {
      const { rows } = await client.query<{ readOnly: boolean; may: boolean | null }>(MAY_SQL);
      if (rows[0]?.readOnly) throw new Unavailable('the database is read-only (25006)', '25006');
      if (rows[0]?.may === false) throw new Unavailable('the database lets us read only (42501)', '42501');
      await client.query(TRY_SQL).catch((error: Error & { routine?: string }) => {
        // An account without the right to such tables can write all the same.
        if (error.routine !== 'InitTempTableNamespace') throw error;
      });
    });
  } catch (error) {
    throw error instanceof Unavailable ? error : outcomeOf(error);
  }
}

// Errors of sockets may come from another realm than ours (in tests they do), where `instanceof` does not know them.
const { isNativeError } = types;

/** Somebody else was first: nothing was written. `version`: load again and decide again. `key`: the same request was recorded before. */
export class Conflict extends Error {
  override name = 'Conflict';
  constructor(readonly kind: 'version' | 'key') {
    super(kind === 'key' ? 'recorded before under this key' : 'the incident has moved on');
  }
}

/** The database cannot be used now: certainly nothing was written (or there is nothing to read). */
export class Unavailable extends Told {
  override name = 'Unavailable';
  /** @param code PostgreSQL's own, when it said why; `troubleOf` puts it into words */
  constructor(
    message: string,
    readonly code: string | null = null,
  ) {
    super(message);
  }
}

/** A row is locked for longer than we wait: an incident is being rebuilt or erased. Nothing was written. */
export class Locked extends Unavailable {
  override name = 'Locked';
}

/** The connection was lost after the statement had been sent: written or not, nobody knows yet. */
export class Unconfirmed extends Error {
  override name = 'Unconfirmed';
}

/** Out of disk, memory or connections; cancelled by the time limit; read-only, also its disk. */
const REFUSED_NOW = /^(53|57014|25006|42501)/;
/** A lock was not to be had within its time limit. */
const NOT_GRANTED = '55P03';
/** The session was ended, or the server is in trouble: with these an answer could have been cut off after the commit. */
const ENDED = /^(08|57P|58|XX)/;
/** Not let in: wrong password, no such database, one that takes no connections. Met while connecting, before anything was sent. */
const NOT_LET_IN = /^(28|3D|55000)/;
/** Deadlock, serialization failure: the other one won. */
const LOST_RACE = /^40/;

/** Raised by our own function when a commit did not find every row that it named: the incident moved, or is being rebuilt. */
const REFUSED = 'TC409';

/** What a failed commit means. Anything that is not one of our three outcomes is a bug and comes back without its values. */
export function outcomeOfCommit(error: unknown): Error {
  if (!(error instanceof pg.DatabaseError) || !error.code) {
    return new Unconfirmed('the connection was lost before the database answered', { cause: error });
  }
  if (ENDED.test(error.code) || error.severity === 'FATAL' || error.severity === 'PANIC') {
    return new Unconfirmed(`the database ended the session (${error.code})`);
  }
  if (error.code === '23505') return new Conflict(error.constraint === 'fact_key' ? 'key' : 'version');
  if (LOST_RACE.test(error.code)) return new Conflict('version');
  if (error.code === REFUSED) return new Conflict('version');
  if (error.code === NOT_GRANTED) return new Locked(`the database refused (${error.code})`, error.code);
  if (REFUSED_NOW.test(error.code))
    return new Unavailable(`the database refused (${error.code})`, error.code);
  return withoutValues(error);
}

/** What a failed look-up (or a write that may simply be tried again) means. */
export function outcomeOfQuery(error: unknown): Error {
  // Put into our words already, with the code.
  if (error instanceof Unavailable) return error;
  if (error instanceof pg.DatabaseError && error.code) {
    const { code } = error;
    if (code === NOT_GRANTED) return new Locked(`the database refused (${code})`, code);
    if ([REFUSED_NOW, ENDED, NOT_LET_IN].some((codes) => codes.test(code)))
      return new Unavailable(`the database refused (${code})`, code);
    return withoutValues(error);
  }
  if (isConnectionTrouble(error)) return new Unavailable(error.message);
  return isNativeError(error) ? error : new Error('a database query failed');
}

/**
 * @param error what a connection that was not to be had failed with: nothing was sent
 * @returns the same in our words
 */
export function outcomeOfConnecting(error: Error): Unavailable {
  const code = error instanceof pg.DatabaseError ? (error.code ?? null) : null;
  return new Unavailable(`no connection to the database: ${error.message}`, code);
}

/** Errors of sockets carry a code (`ECONNREFUSED`), those of pg and its pool only a sentence. */
function isConnectionTrouble(error: unknown): error is Error {
  if (!isNativeError(error)) return false;
  if ('code' in error && typeof error.code === 'string' && /^E[A-Z]+$/.test(error.code)) return true;
  return /connection|not queryable|read timeout|timeout exceeded/i.test(error.message);
}

/** PostgreSQL puts rows and values into `detail` and `where`; they are people's texts and stay out of logs. */
function withoutValues(error: pg.DatabaseError): Error {
  const where = [error.table, error.constraint].filter(Boolean).join(' ');
  return new Error(`database error ${error.code}${where ? ` at ${where}` : ''}: ${error.message}`);
}
