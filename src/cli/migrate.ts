import { databaseTold, openDatabase } from '#compose/database.js';
import { loadConfig } from '#config.js';
import { createLog } from '#log.js';
import { migrate } from '#store/migrate.js';
import { nothingMore, type Verb } from './verb.js';

/** `tocsin migrate`: brings the database up to this version; does nothing when it is. */
export const migrateVerb: Verb = {
  form: 'migrate',
  help: 'bring the database up to this version',
  async run(args, io) {
    nothingMore('migrate', args);
    const config = loadConfig({ ...io.env, LOG_LEVEL: io.env.LOG_LEVEL || 'warn' }, 'database');
    // Embedded data is migrated by opening it.
    const database = await openDatabase(config, createLog(config.logLevel), 'guest');
    try {
      const { applied } = await migrate(database.config).catch((error: unknown) => {
        throw databaseTold(error) ?? error;
      });
      io.out(applied === 0 ? 'The database is up to date.\n' : `${applied} migrations applied.\n`);
    } finally {
      await database.close();
    }
    return 0;
  },
};
