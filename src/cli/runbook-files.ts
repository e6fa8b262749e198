import { readFile } from 'node:fs/promises';
import { isAbsolute, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { knownSecrets } from '#compose/known-secrets.js';
import { loadConfig } from '#config.js';
import { refuse } from '#domain/refusal.js';
import { ACTIONS } from '#runbooks/actions.js';
import { readDefinition } from '#runbooks/definition.js';
import type { Scrub } from '#runbooks/scrub.js';
import { openShelf, type Shelf } from '#runbooks/shelf.js';
import { refusalText } from './runbook-asked.js';
import { runbookText } from './runbook-text.js';
import { type Io, Usage } from './verb.js';

/** Runbooks that come along with Tocsin. */
const BUILT_IN = fileURLToPath(new URL('../../runbooks', import.meta.url));

/** As people write a path here: short inside this folder, in full elsewhere. */
function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') || isAbsolute(short) || short === '' ? path : short;
}

/** The same runbooks as a bot has; opened without secrets, which nobody needs for reading a definition. */
function shelfOf(io: Io): Shelf {
  const { runbooksDir } = loadConfig(io.env, 'nothing');
  return openShelf({ folders: [runbooksDir, BUILT_IN].map(shown), actions: ACTIONS });
}

/** `runbook lint [FILE…]`: `ok NAME  FILE`, or every problem as editors read it. @returns 1 when anything is wrong */
export async function lintRunbooks(files: string[], io: Io): Promise<number> {
  const scrub = knownSecrets(io.env);
  const found =
    files.length > 0
      ? await Promise.all(files.map((file) => lintFile(file, scrub)))
      : await lintShelf(io, scrub);
  let bad = 0;
  for (const item of found) {
    if ('problems' in item) {
      bad += 1;
      // What is wrong with a definition may quote it.
      await io.out(`${scrub.text(item.problems.join('\n'))}\n`);
    } else await io.out(`ok ${item.name}  ${item.file}\n`);
  }
  return bad === 0 ? 0 : 1;
}

type Linted = { file: string; name: string } | { file: string; problems: string[] };

async function lintShelf(io: Io, scrub: Scrub): Promise<Linted[]> {
  const found = await shelfOf(io).list();
  return Promise.all(found.map((item) => ('problems' in item ? item : lintFile(item.file, scrub))));
}

async function lintFile(file: string, scrub: Scrub): Promise<Linted> {
  if (file.startsWith('-')) throw new Usage(`${file} is no file`);
  let source: string;
  try {
    source = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    const why =
      code === 'ERR_ENCODING_INVALID_ENCODED_DATA'
        ? 'is not UTF-8; save it as such'
        : `cannot be read (${code}); check that it is there and may be read`;
    return { file, problems: [`${file}:1: ${why}`] };
  }
  const definition = readDefinition(source, file, ACTIONS);
  const secrets = secretLines(source, scrub).map((line) => `${file}:${line}: ${SECRET}`);
  const problems = [...secrets, ...('problems' in definition ? definition.problems : [])];
  return 'problems' in definition || problems.length > 0
    ? { file, problems }
    : { file, name: definition.runbook.name };
}

const SECRET =
  'holds a secret that is configured; refer to it by its name in tocsin.yml (secret_headers, secret:NAME), and think of changing it';

/** @returns the lines that hold a known secret; of one that goes over several lines, the first of the file */
function secretLines(source: string, scrub: Scrub): number[] {
  if (scrub.text(source) === source) return [];
  const lines = source.split('\n').flatMap((line, i) => (scrub.text(line) === line ? [] : [i + 1]));
  return lines.length > 0 ? lines : [1];
}

/** `runbook list`: names and titles. */
export async function listRunbooks(args: string[], io: Io): Promise<number> {
  if (args.length > 0) throw new Usage('`runbook list` takes nothing more');
  const found = await shelfOf(io).list();
  const good = found.flatMap((item) => ('problems' in item ? [] : [item]));
  const width = Math.max(0, ...good.map(({ name }) => name.length));
  for (const { name, title } of good) await io.out(`${name.padEnd(width)}  ${title}\n`);
  const bad = found.length - good.length;
  if (bad > 0) {
    const many = bad === 1 ? '1 file cannot be used' : `${bad} files cannot be used`;
    io.err(`${many}: \`tocsin runbook lint\` says why.\n`);
  }
  return 0;
}

/** `runbook show NAME`: what it is for, what it wants to know, what it does, who must agree. */
export async function showRunbook([name, ...more]: string[], io: Io): Promise<number> {
  if (name === undefined || more.length > 0) throw new Usage('name one runbook');
  const shelf = shelfOf(io);
  const kept = await shelf.get(name.toLowerCase());
  if (kept === null) {
    const closest = await shelf.closest(name);
    io.err(refusalText(refuse('NO_SUCH_RUNBOOK', { runbook: name.slice(0, 80), closest })));
    return 1;
  }
  if ('problems' in kept) {
    io.err(`${kept.problems.join('\n')}\n`);
    return 1;
  }
  await io.out(runbookText(kept));
  return 0;
}
