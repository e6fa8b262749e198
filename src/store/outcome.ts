import { types } from 'node:util';
import { DrizzleQueryError } from 'drizzle-orm';
import pg from 'pg';
import { Told } from '#told.js';

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

/** Some row is held by somebody else for longer than we wait: an incident is being rebuilt or erased. Nothing was written. */
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

/** What a failed look-up (or a write that may simply be tried again) means. drizzle's wrapper is taken off: it prints parameters. */
export function outcomeOfQuery(error: unknown): Error {
  const cause = error instanceof DrizzleQueryError ? error.cause : error;
  // Put into our words already, with the code.
  if (cause instanceof Unavailable) return cause;
  if (cause instanceof pg.DatabaseError && cause.code) {
    if (cause.code === NOT_GRANTED) return new Locked(`the database refused (${cause.code})`, cause.code);
    if ([REFUSED_NOW, ENDED, NOT_LET_IN].some((codes) => codes.test(cause.code ?? ''))) {
      return new Unavailable(`the database refused (${cause.code})`, cause.code);
    }
    return withoutValues(cause);
  }
  if (isConnectionTrouble(cause)) return new Unavailable(cause.message);
  return isNativeError(cause) ? cause : new Error('a database query failed');
}

/**
 * @param error what a connection that was not to be had failed with: nothing was sent
 * @returns the same in our words
 */
export function outcomeOfConnecting(error: Error): Unavailable {
  const code = error instanceof pg.DatabaseError ? (error.code ?? null) : null;
  return new Unavailable(`no connection to the database: ${error.message}`, code);
}

/** For queries built by drizzle: turns their failures into `Unavailable` or a plain error. */
export async function asking<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw outcomeOfQuery(error);
  }
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
