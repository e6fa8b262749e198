import { statSync } from 'node:fs';
import type { PoolConfig } from 'pg';
import type { Config } from '#config/config.js';
import type { Log } from '#log.js';
import { openEmbedded } from '#store/embedded/embedded.js';
import { migrate } from '#store/migrate.js';
import { troubleOf, Unavailable } from '#store/pools.js';
import { Told } from '#told.js';

export interface Database {
  config: PoolConfig;
  /** Where the data lives. */
  kind: 'embedded' | 'external';
  close(): Promise<void>;
}

/**
 * Opens the database that the configuration names, brought up to date. Embedded data is ours, so every process
 * migrates it; a database of somebody else's is migrated by the bot and by `tocsin migrate`, not by a passing verb.
 * @param role `bot`: the one bot on this folder; `guest`: a verb that joins in for a while
 */
export async function openDatabase(config: Config, log: Log, role: 'bot' | 'guest'): Promise<Database> {
  if (config.databaseUrl !== null) {
    const external = { connectionString: config.databaseUrl };
    mustBeFiles(config.databaseUrl);
    if (role === 'bot') {
      await migrate(external).catch((error: unknown) => {
        throw databaseTold(error) ?? error;
      });
    }
    return { config: external, kind: 'external', close: async () => {} };
  }
  const embedded = await openEmbedded({
    dataDir: config.dataDir,
    role,
    log: { info: (message) => log.info(message), warn: (message) => log.warn(message) },
  });
  if (embedded.note) log.info(embedded.note);
  try {
    await migrate(embedded.connection);
  } catch (error) {
    await embedded.close();
    throw error;
  }
  return { config: embedded.connection, kind: 'embedded', close: () => embedded.close() };
}

/** pg opens these files as they are named, and opening a pipe would wait for its writer. @throws Told */
function mustBeFiles(url: string): void {
  const address = url.replace('@/', '@host/');
  if (!URL.canParse(address)) return;
  const { searchParams } = new URL(address);
  for (const name of ['sslrootcert', 'sslcert', 'sslkey']) {
    const path = searchParams.get(name);
    if (path !== null && isNoFile(path))
      throw new Told(`DATABASE_URL names ${path}, which is no regular file: correct its ${name}.`);
  }
}

/** Something else stands there. What is not there, or may not be looked at, pg finds out. */
function isNoFile(path: string): boolean {
  try {
    return !statSync(path).isFile();
  } catch {
    return false;
  }
}

/** What PostgreSQL says to those whom it does not let in, and what they do about it. */
const SAID: ReadonlyArray<readonly [RegExp, string]> = [
  [/^28/, 'does not take our user or password: check them in DATABASE_URL'],
  [/^3D000$/, 'has no database of that name: create it, or correct the name in DATABASE_URL'],
  [
    /^(42501|3F000)$/,
    'does not permit it: give the user of DATABASE_URL the right to create in that database',
  ],
  [/^25006$/, 'is read-only, a replica perhaps: name the primary in DATABASE_URL'],
  [/^53300$/, 'has no connection left: allow more (max_connections), or stop what holds them'],
  [/^57P03$/, 'is starting or stopping: try again in a moment'],
  [/^55P03$/, 'has that in hand for somebody else (a rebuild, an erasure): try again in a moment'],
  [/^57014$/, 'is too slow, so that we gave up: try again, or see what keeps it busy'],
];

/** @returns what to tell somebody whose database cannot be used, as far as it is known; null: that is a bug of ours */
export function databaseTold(error: unknown): Told | null {
  const {
    code = '',
    message = '',
    cause,
    syscall,
    path,
  } = error as NodeJS.ErrnoException & { cause?: unknown };
  if (syscall === 'open' && path !== undefined) {
    return new Told(
      `DATABASE_URL names the file ${path}, which cannot be read (${code}): correct its sslrootcert, sslcert or sslkey.`,
    );
  }
  const said = SAID.find(([codes]) => codes.test(code))?.[1];
  if (said) return new Told(`The database ${said} (${code}).`);
  const { state, reason, fix } = troubleOf(new Unavailable(message, code));
  if (state === 'refusing')
    return new Told(`The database answers, but does not do what it is asked: ${reason}; ${fix}.`);
  if (/SSL|TLS|certificate/i.test(`${code} ${message}`)) {
    // pg and Node say in words which certificate they do not like; no value is in them.
    return new Told(`The database and we do not agree on TLS (${message}): check sslmode in DATABASE_URL.`);
  }
  if (/^E[A-Z]+$/.test(code) || /^[0-9][0-9A-Z]{4}$/.test(code) || AWAY.test(message)) {
    const why = code || 'no answer';
    return new Told(
      `The database does not let us in (${why}): check DATABASE_URL, and that the server runs.`,
    );
  }
  return cause === undefined ? null : databaseTold(cause);
}

/** pg has no code for these. */
const AWAY = /^(timeout expired|Connection terminated|connection timeout)/i;
