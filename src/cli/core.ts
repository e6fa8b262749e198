import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Core, openCore } from '#compose/core.js';
import { databaseTold } from '#compose/database.js';
import { loadConfig } from '#config/config.js';
import type { Asking } from '#domain/incident/intent.js';
import { isPassing, isRefusal, type Refusal } from '#domain/refusal.js';
import { createLog } from '#log.js';
import { pendingMigrations } from '#store/migrate.js';
import { outcomeOfQuery, Unavailable } from '#store/pools.js';
import { Told } from '#told.js';

/** Where a verb reads and writes: the process's own streams, or a test's. */
export interface Io {
  /** Resolves when the reader can take more: an export may be larger than memory. */
  out(text: string | Uint8Array): void | Promise<void>;
  err(text: string): void;
  stdin(): Promise<string>;
  env: NodeJS.ProcessEnv;
  /** The workspace that was named with `--team`, for a database that holds several. */
  team?: string;
}

/** What a verb ends with: its exit code; nothing: 0. */
type Ending = Promise<number | undefined> | Promise<void>;

/** A verb of the command line. */
export interface Verb {
  form: string;
  help: string;
  /** It answers `--help` itself. */
  ownHelp?: boolean;
  /** @throws Usage for what cannot be read, `Told` for a *no*: exit code 1 */
  run(args: string[], io: Io): Ending;
}

/** The command line cannot be read: exit code 2, with the form to type. */
export class Usage extends Told {
  override name = 'Usage';
  override readonly exitCode = 2;
}

/** A *no* to be thrown: it ends the verb, with exit code 1. */
export const refused = ({ sentence, next }: Refusal) => new Told(`${sentence} ${next}`);

/** @returns what was asked for. @throws Told where that is a refusal */
export function granted<T>(result: T): Exclude<T, Refusal> {
  if (isRefusal(result)) throw refused(result);
  return result as Exclude<T, Refusal>;
}

/** For a verb that takes nothing: what stands behind it was meant for something else, and is not passed over. */
export function nothingMore(verb: string, args: readonly string[]): void {
  if (args.length > 0) throw new Usage(`\`${verb}\` takes nothing more`);
}

/** Runs with the database open: joins a running bot's, or starts the embedded one for as long as it takes. */
export async function withCore<T>(io: Io, run: (core: Core) => Promise<T>): Promise<T> {
  // A verb at a prompt is not to be answered by a log: only what went wrong is logged.
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

/** In Slack an answer has three seconds; a person at a prompt would rather wait this long than type it again. */
const PATIENCE_MS = 20_000;
const PAUSE_MS = 500;

/** Not let in, no such database, no right to it: waiting does not help. */
const FOR_GOOD = /^(28|3D|42501)/;

/**
 * The same, but a database that does not answer is asked again for a while. Each request gets a key if it has none, so
 * that one whose answer was lost is recorded once, however often it is repeated.
 * @param patienceMs after this long the *no*, or `Unavailable`, is passed on
 */
export function patient(core: Core, io: Io, patienceMs = PATIENCE_MS): Core {
  const keep = <T>(work: () => Promise<T>, refusalOf: (result: T) => Refusal | null = () => null) =>
    untilAnswered(work, refusalOf, io, patienceMs);
  const own = <T>(result: T | Refusal) => (isRefusal(result) ? result : null);
  return {
    ...core,
    team: (named) => keep(() => core.team(named)),
    owner: (...of) => keep(() => core.owner(...of), own),
    before: (asking) => keep(() => core.before(asking)),
    handle: (intent, target, asking, notes) => {
      const keyed = withKey(asking);
      return keep(() => core.handle(intent, target, keyed, notes), own);
    },
    answer: (typed) => {
      const keyed = { ...typed, asking: withKey(typed.asking) };
      return keep(
        () => core.answer(keyed),
        (answer) => (answer.kind === 'refused' ? answer.refusal : null),
      );
    },
    read: {
      ...core.read,
      open: (viewer) => keep(() => core.read.open(viewer)),
      incident: (viewer, incident) => keep(() => core.read.incident(viewer, incident), own),
    },
  };
}

function withKey(asking: Asking): Asking {
  return asking.key === null ? { ...asking, key: `cli:${randomUUID()}` } : asking;
}

async function untilAnswered<T>(
  work: () => Promise<T>,
  refusalOf: (result: T) => Refusal | null,
  io: Io,
  patienceMs: number,
): Promise<T> {
  const until = performance.now() + patienceMs;
  const last = () => performance.now() + PAUSE_MS > until;
  for (let told = false; ; told = true) {
    try {
      const result = await work();
      const refusal = refusalOf(result);
      const passes = refusal !== null && (isPassing(refusal) || refusal.code === 'NOT_READ');
      if (!passes || last()) return result;
    } catch (error) {
      if (!(error instanceof Unavailable) || FOR_GOOD.test(error.code ?? '') || last()) throw error;
    }
    if (!told) io.err('The database is not ready; trying again.\n');
    await sleep(PAUSE_MS);
  }
}
