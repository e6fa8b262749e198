import { Told } from '#told.js';
import { runIncidentVerb } from './incident-verb.js';
import { type Io, Usage } from './verb.js';
import { VERBS } from './verbs.js';

/** @returns the exit code */
export async function cli(argv: string[], io: Io): Promise<number> {
  const [verb = 'help', ...args] = argv;
  const own = VERBS[verb];
  try {
    if (own) return await own.run(args, io);
    return await runIncidentVerb(verb, args, io);
  } catch (error) {
    const unread = (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
    const told = unread ? new Usage((error as Error).message) : (fileTold(error) ?? error);
    if (!(told instanceof Told)) throw error;
    io.err(`${told.message}\n${told instanceof Usage ? `Usage: tocsin ${own?.form ?? verb}\n` : ''}`);
    return told.exitCode;
  }
}

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'what leads there is a file and no folder',
  EISDIR: 'it is a folder',
  EACCES: 'this user may not',
  EPERM: 'this user may not',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
};

/** A file that somebody named on the command line, and that cannot be had. @returns null: it is no such thing */
function fileTold(error: unknown): Told | null {
  const { code = '', path, syscall } = error as NodeJS.ErrnoException;
  const why = WHY[code];
  if (why === undefined || syscall === undefined) return null;
  return new Told(`${path ?? 'That file'} cannot be used (${code}): ${why}.`);
}
