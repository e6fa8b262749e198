import { parseArgs } from 'node:util';
import { databaseTold, openDatabase } from '#compose/database.js';
import { loadConfig } from '#config/config.js';
import { FOLD } from '#domain/incident/state.js';
import { numberOf } from '#domain/words.js';
import { createLog } from '#log.js';
import { migrate } from '#store/migrate.js';
import { withCore } from './core.js';
import { nothingMore, Usage, type Verb } from './verb.js';

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

/** `tocsin rebuild`: summaries and timeline entries are readings; this reads them anew. */
export const rebuild: Verb = {
  form: 'rebuild',
  help: 'recompute every summary and timeline entry from the facts',
  async run(args, io) {
    nothingMore('rebuild', args);
    return withCore(io, async (core) => {
      const incidents = await core.store.rebuild(FOLD);
      io.out(`${incidents} ${incidents === 1 ? 'incident' : 'incidents'} rebuilt.\n`);
      return 0;
    });
  },
};

/** `tocsin restored`: for a backup that a bot cannot recognise as one, because it was put back as files. */
export const restored: Verb = {
  form: 'restored',
  help: 'say that the data were put back from a backup, before the bot is started on them',
  async run(args, io) {
    nothingMore('restored', args);
    return withCore(io, async (core) => {
      const runs = await core.store.restores.restored();
      if ((await core.store.restores.history()).length === 0) {
        io.out('Nothing is recorded here yet: nothing to do.\n');
        return 0;
      }
      io.out('What is owed is looked for in Slack before it is posted.\n');
      for (const { numbersFrom } of await core.store.restores.history()) {
        io.out(
          `New incidents begin at INC-${numbersFrom}: lower numbers may have been shown since the backup.\n`,
        );
      }
      if (runs > 0) {
        const stand = runs === 1 ? '1 run stands' : `${runs} runs stand`;
        io.out(
          `${stand} still: look at what was done since the backup; “tocsin deliveries” lists them, “tocsin deliveries retry NUMBER” lets one go on.\n`,
        );
      }
      return 0;
    });
  },
};

/**
 * `tocsin erase INC-7 --fact 12 --field text`: a text or a name that must go (a secret that was pasted, a person
 * who asked to be forgotten). The fact and its hash stay, so the chain still proves itself.
 */
export const erase: Verb = {
  form: 'erase INC-7 --fact SEQ --field NAME… --yes',
  help: 'erase texts of one fact for ever; `export --format facts` shows facts and fields',
  async run(args, io) {
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        fact: { type: 'string' },
        field: { type: 'string', multiple: true, default: [] },
        yes: { type: 'boolean', default: false },
      },
    });
    const [named = '', ...more] = positionals;
    const incident = numberOf(named);
    const seq = Number(values.fact);
    if (incident === null || more.length > 0) throw new Usage('name one incident, such as INC-7');
    if (!Number.isInteger(seq) || seq < 1) throw new Usage('name the fact by its seq: `--fact 12`');
    if (values.field.length === 0) throw new Usage('name what to erase: `--field text` or `--field by`');
    if (!values.yes) throw new Usage('this cannot be undone: add `--yes`');
    return withCore(io, async (core) => {
      const team = await core.team();
      const erased = await core.store.eraseTexts(FOLD, { team, incident, seq }, values.field);
      if (erased === 0) {
        io.err(`Fact ${seq} of INC-${incident} has no such text, or it is erased already.\n`);
        return 1;
      }
      io.out(`${erased} erased. What Slack shows of it is deleted in Slack.\n`);
      return 0;
    });
  },
};
