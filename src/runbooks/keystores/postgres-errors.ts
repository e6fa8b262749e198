/**
 * What went wrong with PostgreSQL, in words that are safe to show: its own messages and details quote rows.
 * @param sent had a write been sent, so that it may have happened?
 */
export function toldPostgres(error: unknown, stopped: boolean, sent: boolean): string {
  const { code, message, name } = error as NodeJS.ErrnoException;
  if (!stopped && code && /^[0-9A-Z]{5}$/.test(code)) {
    const why = REFUSALS[code] ?? 'refused it';
    // Classes 08 and 57: the connection or the server went away; what it was doing then is not known.
    return `${why} (${code})${sent && /^(08|57P)/.test(code) ? UNSURE : ''}`;
  }
  const why = stopped ? 'stopped' : (code ?? (/time-?out/i.test(message) ? 'too slow' : name));
  return `gave no answer (${why})${sent ? UNSURE : ''}`;
}

/** Did the server say no to a statement, and so do nothing of it? Not class 57: those were ended midway. */
export function saidNo(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return Object.hasOwn(REFUSALS, code) && !code.startsWith('57');
}

const UNSURE = '; it may have been written';

const REFUSALS: Record<string, string> = {
  '22001': 'has a column that is too short for it',
  '22P02': 'has a column of another type',
  '23502': 'has a column that needs a value which we do not know',
  '23505': 'has such a value already, in a column where it must be unique',
  '25006': 'is read-only, a replica perhaps',
  '28000': 'does not let us in',
  '28P01': 'does not take our password',
  '3D000': 'has no such database',
  '42501': 'does not permit it',
  '42703': 'has no such column',
  '42P01': 'has no such table',
  '53300': 'has too many connections',
  '55P03': 'has it locked',
  '57014': 'took too long, and gave up',
  '57P01': 'is being shut down',
  '57P03': 'is starting or stopping',
};
