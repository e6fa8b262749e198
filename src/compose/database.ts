import type { PoolConfig } from 'pg';
import type { Config } from '#config.js';
import type { Log } from '#log.js';
import { openEmbedded } from '#store/embedded/embedded.js';
import { migrate } from '#store/migrate.js';

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
    if (role === 'bot') await migrate(external);
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
