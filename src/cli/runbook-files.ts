import { isAbsolute, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '#config.js';
import { refuse } from '#domain/refusal.js';
import { ACTIONS } from '#runbooks/actions.js';
import { openShelf, type Shelf } from '#runbooks/shelf.js';
import { refusalText } from './runbook-asked.js';
import { runbookText } from './runbook-text.js';
import { type Io, nothingMore, Usage } from './verb.js';

/** Runbooks that come along with Tocsin. */
const BUILT_IN = fileURLToPath(new URL('../../runbooks', import.meta.url));

/** As people write a path here: short inside this folder, in full elsewhere. */
function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') || isAbsolute(short) || short === '' ? path : short;
}

/** The same runbooks as a bot has; opened without secrets, which nobody needs for reading a definition. */
export function shelfOf(io: Io): Shelf {
  const { runbooksDir } = loadConfig(io.env, 'nothing');
  return openShelf({ folders: [runbooksDir, BUILT_IN].map(shown), actions: ACTIONS });
}

/** `runbook list`: names and titles. */
export async function listRunbooks(args: string[], io: Io): Promise<number> {
  nothingMore('runbook list', args);
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
