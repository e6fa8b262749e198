import type pg from 'pg';
import type { Condition } from '#domain/words.js';
import { Unavailable } from './outcome.js';
import { withConnection } from './pools.js';

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
