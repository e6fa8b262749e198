import { getSystemErrorMap } from 'node:util';
import { unmarked } from '#domain/command/help.js';
import { verbNamed } from '#domain/command/verbs.js';
import { Told } from '#told.js';
import { runIncidentVerb } from './incident-verb.js';
import { type Io, Usage } from './verb.js';
import { VERBS } from './verbs.js';

/** @returns the exit code */
export async function cli(argv: string[], io: Io): Promise<number> {
  const { team, rest } = withoutTeam(argv);
  const [verb = 'help', ...args] = rest;
  const own = VERBS[verb];
  // A terminal makes no code of what stands in backticks.
  const plain: Io = { ...io, err: (text) => io.err(unmarked(text)) };
  const at: Io = team === undefined ? plain : { ...plain, team };
  try {
    if (team === '') throw new Usage('`--team` needs the workspace, such as T0123ABCD');
    // `tocsin open --help` asks; it opens nothing.
    if (args.length === 1 && (args[0] === '--help' || args[0] === '-h') && VERBS.help)
      return await VERBS.help.run([verb], at);
    if (own && args.length > 0 && !/\s/.test(own.form)) throw new Usage(`\`${verb}\` takes nothing more`);
    if (own) return await own.run(args, at);
    return await runIncidentVerb(verb, args, at);
  } catch (error) {
    const unread = (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
    const told = unread ? new Usage((error as Error).message) : (fileTold(error) ?? error);
    if (!(told instanceof Told)) throw error;
    plain.err(`${told.message}\n${told instanceof Usage ? `Usage: tocsin ${own?.form ?? verb}\n` : ''}`);
    return told.exitCode;
  }
}

/**
 * `--team T…` stands before the verb or directly behind it; with verbs that take no text of somebody's, also anywhere
 * else. The words of a note are never looked through for it.
 */
export function withoutTeam(argv: readonly string[]): { team: string | undefined; rest: string[] } {
  const rest: string[] = [];
  let team: string | undefined;
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] as string;
    const [verb] = rest;
    const open = verb === undefined || rest.length === 1 || takesNoText(verb);
    const given = /^--team(?:=(.*))?$/s.exec(arg);
    if (arg === '--') return { team, rest: [...rest, ...argv.slice(i)] };
    if (!given || !open || team !== undefined) {
      rest.push(arg);
      continue;
    }
    team = given[1] ?? argv[i + 1] ?? '';
    if (given[1] === undefined) i++;
  }
  return { team, rest };
}

/** A verb of the machine, or one of an incident that only looks. */
function takesNoText(verb: string): boolean {
  const incident = verbNamed(verb);
  return verb in VERBS || incident?.looks === true || incident?.name === 'list';
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

/** @returns `(CODE): why` a file cannot be had; in the system's own words where we have none */
export function whyNoFile({ code = 'unknown', errno }: NodeJS.ErrnoException): string {
  const [, words = code] = (errno !== undefined && getSystemErrorMap().get(errno)) || [];
  return `(${code}): ${WHY[code] ?? words}`;
}

/** A file that somebody named on the command line, and that cannot be had. @returns null: it is no such thing */
function fileTold(error: unknown): Told | null {
  const { code = '', path, syscall } = error as NodeJS.ErrnoException;
  // What a socket says has no path, and other words than these.
  const ofFile =
    /^E[A-Z0-9]+$/.test(code) && (typeof path === 'string' || /^(read|write)$/.test(syscall ?? ''));
  if (!ofFile || syscall === undefined) return null;
  return new Told(`${path ?? 'That file'} cannot be used ${whyNoFile(error as NodeJS.ErrnoException)}.`);
}
