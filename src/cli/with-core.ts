import { type Core, openCore } from '#compose/core.js';
import { databaseTold } from '#compose/database.js';
import { loadConfig } from '#config.js';
import { createLog } from '#log.js';
import { pendingMigrations } from '#store/migrate.js';
import { outcomeOfQuery, Unavailable } from '#store/outcome.js';
import { Told } from '#told.js';
import { patient } from './patience.js';
import type { Io } from './verb.js';

/** Runs with the database open: joins a running bot's, or starts the embedded one for as long as it takes. */
export async function withCore<T>(io: Io, run: (core: Core) => Promise<T>): Promise<T> {
  // What a person typed at a prompt should not be answered by a log: only what went wrong.
  const config = loadConfig({ ...io.env, LOG_LEVEL: io.env.LOG_LEVEL || 'warn' }, 'database');
  const core = await openCore(config, createLog(config.logLevel), 'guest');
  try {
    const kept = patient(core, io);
    return await run({ ...kept, team: () => kept.team(io.team) });
  } catch (error) {
    throw (await databaseWrong(core, error)) ?? error;
  } finally {
    await core.close();
  }
}

/** @returns what to tell of a database that does not answer, or that this version does not find its tables in; null: it is not that */
async function databaseWrong({ database }: Core, thrown: unknown): Promise<Told | null> {
  // What a file says has its path; a socket's words have none.
  if (typeof (thrown as NodeJS.ErrnoException).path === 'string') return null;
  // Work with a connection of its own, such as a rebuild, throws what the driver says.
  const error = thrown instanceof Told ? thrown : outcomeOfQuery(thrown);
  if (error instanceof Unavailable) {
    const fix =
      database.kind === 'embedded' ? 'run `tocsin doctor`' : 'check DATABASE_URL, and that the server runs';
    return databaseTold(error) ?? new Told(`The database does not answer (${error.message}): ${fix}.`);
  }
  if (error instanceof Told || database.kind === 'embedded') return null;
  const missing = await pendingMigrations(database.config).catch((why: unknown) =>
    why instanceof Told ? why : 0,
  );
  if (missing instanceof Told) return missing;
  if (missing === 0) return null;
  return new Told(
    `The database is not up to date, ${missing} migrations are missing: start the bot of this version, or run \`tocsin migrate\`.`,
  );
}
