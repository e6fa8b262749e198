import { spawn } from 'node:child_process';
import { createReadStream, statSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { many } from '#compose/core.js';
import { databaseTold, openDatabase } from '#compose/database.js';
import { botsHere } from '#compose/health.js';
import { loadConfig } from '#config/config.js';
import { LATE_MS, owingLate } from '#deliver/undelivered.js';
import { FOLD } from '#domain/incident/state.js';
import { verifyFile } from '#domain/incident/verify.js';
import { numberOf, refOf } from '#domain/words.js';
import { createLog } from '#log.js';
import { lateLine, undeliveredLine } from '#render/undelivered.js';
import { migrate } from '#store/migrate.js';
import { Told } from '#told.js';
import { nothingMore, Usage, type Verb, withCore } from './core.js';

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
  },
};

/** `tocsin rebuild`: summaries and timeline entries are readings; this reads them anew. */
export const rebuild: Verb = {
  form: 'rebuild',
  help: 'recompute every summary and timeline entry from the facts',
  async run(args, io) {
    nothingMore('rebuild', args);
    return withCore(io, async (core) => {
      // An extension may be there that was not when the database was migrated.
      await core.store.search.setUp();
      const incidents = await core.store.rebuild(FOLD);
      io.out(`${many(incidents, 'incident')} rebuilt.\n`);
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
      const history = await core.store.restores.history();
      if (history.length === 0) return io.out('Nothing is recorded here yet: nothing to do.\n');
      io.out('What is owed is looked for in Slack before it is posted.\n');
      for (const { numbersFrom } of history) {
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
      if ((await core.store.incidents.load(team, incident)) === null)
        throw new Told(`There is no INC-${incident}.`);
      const erased = await core.store.eraseTexts(FOLD, { team, incident, seq }, values.field);
      if (erased === 0)
        throw new Told(`Fact ${seq} of INC-${incident} has no such text, or it is erased already.`);
      io.out(`${erased} erased. What Slack shows of it is deleted in Slack.\n`);
    });
  },
};

/** `tocsin deliveries`: what Slack refused for good and how to have it tried again, and what waits for longer than a minute. */
export const deliveries: Verb = {
  form: 'deliveries [retry ID…|retry all]',
  help: 'what could not be delivered, and try it again',
  run: (args, io) =>
    withCore(io, async (core) => {
      const team = await core.team();
      const [verb, ...ids] = args;
      if (verb === undefined) {
        const dead = await core.store.outbox.dead(team);
        for (const row of dead) io.out(`${undeliveredLine(refOf(row.incident), row)}\n`);
        if (dead.length === 0) io.out('Nothing was given up.\n');
        const { lanes } = await core.store.outbox.late(LATE_MS, 1_000);
        for (const lane of owingLate(lanes)) if (lane.team === team) io.out(`${lateLine(lane)}\n`);
        if (dead.length > 0)
          io.out('“tocsin deliveries retry ID…” or “retry all” tries again, once the cause is mended.\n');
        return;
      }
      const numbers = ids.map(Number);
      const all = ids.length === 1 && ids[0] === 'all';
      if (verb !== 'retry' || ids.length === 0 || (!all && !numbers.every(Number.isInteger))) {
        throw new Usage('list them, or `retry` some by id, or `retry all`');
      }
      const revived = await core.store.outbox.retryDead(team, all ? 'all' : numbers);
      io.out(`${revived} will be tried again.\n`);
    }),
};

/** `tocsin verify FILE`: offline; 0 when every fact proves itself, 1 with the first one that does not. */
export const verify: Verb = {
  form: 'verify FILE [--head HASH]',
  help: 'check an exported facts file, without a database',
  async run(args, io) {
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: { head: { type: 'string' } },
    });
    const [file] = positionals;
    if (!file || positionals.length > 1) throw new Usage('name one file that `export --format facts` wrote');
    // Without a stream of its own: that would say of a folder only that it is one, and not which.
    if (statSync(file).isDirectory()) throw new Told(`${file} is a folder; name the file in it.`);
    const result = await verifyFile(createReadStream(file), { head: values.head });
    if (!result.ok) {
      io.out(`BROKEN at line ${result.line}: ${result.why}\n`);
      if (result.line === 1) io.err('Only a file that `export --format facts` wrote can be checked.\n');
      return 1;
    }
    const after = result.after ? `, ${result.after} recorded after that head` : '';
    const erased = result.erased ? `, ${result.erased} texts erased` : '';
    io.out(`OK: ${result.incident}, ${result.facts} facts${erased}${after}, head ${result.head}\n`);
  },
};

/** `tocsin health`: is the bot on this machine alive, whatever its role? For a container's health check. */
export const health: Verb = {
  form: 'health',
  help: 'is the bot on this machine, or in this container, alive, of whatever role; `doctor` says what is wrong',
  async run(args, io) {
    nothingMore('health', args);
    const bots = await botsHere();
    if (bots.length === 0) throw new Told('No bot of this account runs here, or it is still starting.');
    for (const { pid, role, why } of bots) {
      if (why === null) io.out(`The bot (${role}, process ${pid}) is alive.\n`);
      else io.err(`The bot (${role}, process ${pid}) ${why}.\n`);
    }
    return bots.every(({ why }) => why === null) ? 0 : 1;
  },
};

/**
 * `tocsin sandbox`: the local Slack alone, for any bot, as a process of its own; it knows nothing of us, nor we of it, so
 * everything that is typed is its own to read.
 */
export const sandbox: Verb = {
  form: 'sandbox [--manifest FILE] [--seed FILE] [--port N] [--events-url URL] …',
  help: 'run a local Slack for any bot, with our manifest where none is named; `sandbox --help` tells all its options',
  ownHelp: true,
  run(args) {
    const program = fileURLToPath(new URL('../sandbox/main.js', import.meta.url));
    const manifest = fileURLToPath(new URL('../../manifest.yml', import.meta.url));
    // Of two the later one counts.
    const child = spawn(process.execPath, [program, '--manifest', manifest, ...args], { stdio: 'inherit' });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
    return new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      // As a shell has it: 128 and the number of the signal that ended it.
      child.on('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
    });
  },
};
