import { BadConfig } from '#config.js';
import { runIncidentVerb } from './incident-verb.js';
import { type Io, Usage } from './verb.js';
import { VERBS } from './verbs.js';

/** Failures that are an answer to the person: their message is all there is to say. */
const PLAIN = new Set([
  'BadConfig',
  'FolderInUse',
  'NoEmbedded',
  'EmbeddedFailed',
  'Unavailable',
  'NewerDatabase',
]);

/** @returns the exit code */
export async function cli(argv: string[], io: Io): Promise<number> {
  const [verb = 'help', ...args] = argv;
  const own = VERBS[verb];
  try {
    // `tocsin open --help` asks; it opens nothing.
    if (args.length === 1 && (args[0] === '--help' || args[0] === '-h') && VERBS.help)
      return await VERBS.help.run([verb], io);
    if (own) return await own.run(args, io);
    return await runIncidentVerb(verb, args, io);
  } catch (error) {
    if (error instanceof Usage || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS')) {
      io.err(`${(error as Error).message}\nUsage: tocsin ${own?.form ?? verb}\n`);
      return 2;
    }
    const { name, message, code } = error as Error & { code?: string };
    if (error instanceof BadConfig || PLAIN.has(name) || code === 'ENOENT' || code === 'EACCES') {
      io.err(`${message}\n`);
      return 1;
    }
    throw error;
  }
}
