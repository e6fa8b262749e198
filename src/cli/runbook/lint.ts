import { existsSync, statSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { knownSecrets } from '#compose/runbooks.js';
import { BadConfig, loadConfig, type Organisation } from '#config/config.js';
import { refuse } from '#domain/refusal.js';
import { ACTIONS } from '#runbooks/actions/actions.js';
import { readDefinition } from '#runbooks/definition/definition.js';
import { destinationsUnsaid, namesNothing } from '#runbooks/definition/lacking.js';
import { RUNBOOK_NAME } from '#runbooks/definition/shape.js';
import { openShelf, readSource, type Shelf } from '#runbooks/definition/shelf.js';
import type { Scrub } from '#runbooks/scrub.js';
import { type RunbookSections, type RunbookSettings, readRunbookSettings } from '#runbooks/settings.js';
import { type Io, nothingMore, refused, Usage } from '../core.js';
import { runbookText } from './text.js';

type Linted = { file: string; name: string; warnings: string[] } | { file: string; problems: string[] };

/**
 * What a definition is held against. `known` null: no tocsin.yml can be read here, so that none of its names is;
 * `settings` null: nor what it says of them, or it is wrong.
 */
interface Against {
  scrub: Scrub;
  known: RunbookSections | null;
  settings: RunbookSettings | null;
}

/**
 * `runbook lint [FILE|FOLDER|NAME]…`: `ok NAME  FILE`, or every problem as editors read it. A name that tocsin.yml does
 * not have is a warning only: a definition may be checked where its settings are not.
 * @returns 1 when anything is wrong
 */
export async function lintRunbooks(given: string[], io: Io): Promise<number> {
  const known = knownNames(io.env);
  const read = known && readRunbookSettings(known, known.at);
  const settings = read && 'settings' in read ? read.settings : null;
  const against = { scrub: knownSecrets(io.env), known, settings };
  const found =
    given.length > 0
      ? (await Promise.all(given.map((one) => lintGiven(one, io, against)))).flat()
      : await lintShelf(shelfOf(io), against);
  let bad = 0;
  for (const item of found) {
    if ('problems' in item) {
      bad += 1;
      // What is wrong with a definition may quote it.
      await io.out(`${against.scrub.text(item.problems.join('\n'))}\n`);
      continue;
    }
    await io.out(`ok ${item.name}  ${item.file}\n`);
    for (const warning of item.warnings) await io.out(`${against.scrub.text(warning)}\n`);
  }
  return bad === 0 ? 0 : 1;
}

/** What is there under that path; or else the runbook of that name. */
async function lintGiven(given: string, io: Io, against: Against): Promise<Linted[]> {
  if (given.startsWith('-')) throw new Usage(`${given} is no file`);
  if (statSync(given, { throwIfNoEntry: false })?.isDirectory()) {
    const found = await lintShelf(openShelf({ folders: [given], actions: ACTIONS }), against);
    const none = `${given}:1: holds no runbook; name a folder that has files *.yml`;
    return found.length > 0 ? found : [{ file: given, problems: [none] }];
  }
  const name = given.toLowerCase();
  if (existsSync(given) || !RUNBOOK_NAME.test(name)) return [await lintFile(given, against)];
  const shelf = shelfOf(io);
  const kept = await shelf.get(name);
  if (kept === null) {
    const closest = (await shelf.closest(name)).join(', ');
    const none = `${given}:1: is neither a file nor a runbook; the closest runbooks are ${closest}`;
    return [{ file: given, problems: [none] }];
  }
  return ['problems' in kept ? { file: given, ...kept } : await lintFile(kept.file, against)];
}

async function lintShelf(shelf: Shelf, against: Against): Promise<Linted[]> {
  const found = await shelf.list();
  return Promise.all(found.map((item) => ('problems' in item ? item : lintFile(item.file, against))));
}

async function lintFile(file: string, { scrub, known, settings }: Against): Promise<Linted> {
  const read = await readSource(file);
  if ('problem' in read) return { file, problems: [`${file}:1: ${read.problem}`] };
  const { text: source } = read;
  const definition = readDefinition(source, file, ACTIONS);
  const secrets = secretLines(source, scrub).map((line) => `${file}:${line}: ${SECRET}`);
  const problems = [...secrets, ...('problems' in definition ? definition.problems : [])];
  if ('problems' in definition || problems.length > 0) return { file, problems };
  const names = known ? namesNothing(source, file, known) : [];
  const unsaid = settings ? destinationsUnsaid({ source, file }, settings) : [];
  const warnings = [...names, ...unsaid.map((one) => one.replace(/:(\d+): /, ':$1: warning: '))];
  return { file, name: definition.runbook.name, warnings };
}

const SECRET =
  'holds a secret that is configured; refer to it by its name in tocsin.yml (secret_headers, secret:NAME), and think of changing it';

/** @returns the lines that hold a known secret; of one that goes over several lines, the first of the file */
function secretLines(source: string, scrub: Scrub): number[] {
  if (scrub.text(source) === source) return [];
  const lines = source.split('\n').flatMap((line, i) => (scrub.text(line) === line ? [] : [i + 1]));
  return lines.length > 0 ? lines : [1];
}

/** @returns what tocsin.yml names; null where there is none, or one that cannot be used: who needs it says what is wrong */
function knownNames(env: NodeJS.ProcessEnv): Organisation | null {
  if (!existsSync(resolve(env.TOCSIN_CONFIG || 'tocsin.yml'))) return null;
  try {
    return loadConfig(env, 'nothing').org;
  } catch (error) {
    if (!(error instanceof BadConfig)) throw error;
    return null;
  }
}

/** Runbooks that come along with Tocsin. */
const BUILT_IN = fileURLToPath(new URL('../../../runbooks', import.meta.url));

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
    io.err(`${refused(refuse('NO_SUCH_RUNBOOK', { runbook: name.slice(0, 80), closest })).message}\n`);
    return 1;
  }
  if ('problems' in kept) {
    io.err(`${kept.problems.join('\n')}\n`);
    return 1;
  }
  await io.out(runbookText(kept));
  return 0;
}
