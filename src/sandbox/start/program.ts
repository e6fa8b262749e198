import { writeFile } from 'node:fs/promises';
import { coverage } from '../covered/print.js';
import { manifestProblems } from '../manifest/manifest.js';
import { ProblemsError } from '../manifest/problem.js';
import { type Sandbox, startSandbox } from '../sandbox.js';
import { announcement, environment, jsonLine } from './announcement.js';
import { type Document, readDocument, Unavailable } from './document.js';
import { HELP, Misuse, type Options, readOptions } from './options.js';
import { readSeed, type SeedFile } from './seed-file.js';

/** Where a program speaks. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
  /** Whether a person reads what goes `out`. */
  readonly terminal: boolean;
}

/** A sandbox that runs, and what it was started with. */
export interface Started {
  readonly sandbox: Sandbox;
  readonly options: Options;
}

/**
 * Starts a sandbox as the command line says, and tells on `out` that it is ready.
 * @returns the exit code where nothing runs: 0 after help and the like, 1 when it could not start, 2 when the line is misused
 */
export async function run(args: readonly string[], io: Io): Promise<Started | number> {
  try {
    const options = readOptions(args);
    if (options !== 'help' && options !== 'coverage') return await start(options, io);
    io.out(options === 'help' ? `${HELP}\n` : await coverage());
    return 0;
  } catch (error) {
    if (error instanceof Misuse) {
      io.err(`${error.message}\n--help tells the options.\n`);
      return 2;
    }
    if (!(error instanceof Unavailable) && !(error instanceof ProblemsError)) throw error;
    io.err(`${error.message}\n`);
    return 1;
  }
}

async function start(options: Options, io: Io): Promise<Started> {
  const { manifest, seedFile } = await readFiles(options);
  const { ids } = options;
  const sandbox = await startSandbox({
    port: options.port,
    host: options.host,
    eventsUrl: options.eventsUrl,
    botToken: options.botToken,
    appToken: options.appToken,
    signingSecret: options.signingSecret,
    manifest,
    seed: { ...seedFile?.seed, ...(ids === undefined ? {} : { ids }) },
    clock: { now: options.now ?? seedFile?.now, frozen: options.frozen ?? seedFile?.frozen },
    // Left alone without the option: the seed may say it too.
    settings: options.rateLimits ? {} : { rateLimits: false },
    log: options.quiet ? undefined : (line) => io.err(`${line}\n`),
  }).catch((error: NodeJS.ErrnoException) => {
    throw portTold(error, options) ?? error;
  });
  const { appName, eventsUrl } = sandbox;
  const { tokensFile } = options;
  if (tokensFile !== undefined) {
    const lines = environment(sandbox, eventsUrl);
    await writeFile(tokensFile, lines, { mode: 0o600 }).catch(async (error: NodeJS.ErrnoException) => {
      await sandbox.stop();
      throw new Unavailable(`${tokensFile} cannot be written (${error.code ?? error.message}).`);
    });
  }
  io.out(io.terminal ? announcement(sandbox, appName, eventsUrl) : jsonLine(sandbox));
  return { sandbox, options };
}

/** What is wrong with both files is told at once. */
async function readFiles(options: Options): Promise<{ manifest: object; seedFile: SeedFile | undefined }> {
  const failures: unknown[] = [];
  const tried = async <T>(read: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await read();
    } catch (error) {
      failures.push(error);
      return undefined;
    }
  };
  const manifest = await tried(async () => {
    const document = await readDocument(options.manifest);
    const elsewhere = { requestUrl: options.eventsUrl !== undefined, sending: true };
    const problems = manifestProblems(document.value, elsewhere);
    if (problems.length > 0) throw located('invalid_manifest', options.manifest, problems, document);
    return document.value;
  });
  const { seed: path } = options;
  const seedFile =
    path === undefined
      ? undefined
      : await tried(async () => {
          const document = await readDocument(path);
          try {
            return readSeed(document.value);
          } catch (error) {
            if (!(error instanceof ProblemsError)) throw error;
            throw located(error.heading, path, error.problems, document);
          }
        });
  const unforeseen = failures.find((it) => !(it instanceof ProblemsError) && !(it instanceof Unavailable));
  if (unforeseen !== undefined) throw unforeseen;
  if (failures.length > 0 || typeof manifest !== 'object' || manifest === null)
    throw new Unavailable(failures.map((it) => (it instanceof Error ? it.message : String(it))).join('\n'));
  return { manifest, seedFile };
}

function located(heading: string, path: string, problems: ProblemsError['problems'], document: Document) {
  return new ProblemsError(`${heading}: ${path}`, document.locate(problems));
}

/** A port that cannot be had, and what to do. @returns undefined: it is something else */
function portTold(error: NodeJS.ErrnoException, { port, host }: Options): Error | undefined {
  switch (error.code) {
    case 'EADDRINUSE':
      return new Unavailable(
        `Port ${port} is taken, perhaps by another local Slack: stop that, or take any free port with --port 0.`,
      );
    case 'EACCES':
      return new Unavailable(`Port ${port} is not for this user: take one above 1023, or --port 0.`);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new Unavailable(`${host} is no address of this machine: leave --host out, or take 0.0.0.0.`);
    default:
      return undefined;
  }
}
