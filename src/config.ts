import { accessSync, constants, lstatSync, readFileSync, statSync } from 'node:fs';
import { devNull } from 'node:os';
import { resolve } from 'node:path';
import { Told } from '#told.js';
import { databaseAddress, ENVIRONMENT, type Environment, type Need, needs } from './config/environment.js';
import { type CheckSections, type Organisation, readOrganisation } from './config/organisation.js';

export type { Need } from './config/environment.js';
export type { Organisation } from './config/organisation.js';

/** Everything a process is told from outside. Read once, where things are put together, and handed down. */
export interface Config {
  slack: {
    botToken: string | null;
    appToken: string | null;
    signingSecret: string | null;
    /** Base of the Web API, ending in a slash; null: Slack's own. */
    apiUrl: string | null;
  };
  databaseUrl: string | null;
  redisUrl: string | null;
  port: number;
  host: string;
  /** Without a slash at the end; null: not known to the outside. */
  publicUrl: string | null;
  dataDir: string;
  runbooksDir: string;
  secret: string | null;
  logLevel: string;
  org: Organisation;
}

/** A configuration that cannot be used. `problems` lists everything that is wrong, each with what to do. */
export class BadConfig extends Told {
  override name = 'BadConfig';
  constructor(readonly problems: string[]) {
    super(`The configuration cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

/**
 * @param need what this process is about to do: `slack` for the bot, `database` for a verb on the command line
 * @param check what is wrong in the sections of tocsin.yml that other rooms read
 * @throws BadConfig with everything that is wrong at once; never with a value that could be a secret
 */
export function loadConfig(env: NodeJS.ProcessEnv, need: Need, check?: CheckSections): Config {
  // An empty variable is one that was not filled in (`X=` in an .env file), not a value.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = ENVIRONMENT.safeParse(given);
  const problems = parsed.success ? [] : parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`);
  problems.push(...needs(given, need));
  const file = resolve(given.TOCSIN_CONFIG ?? 'tocsin.yml');
  const read = readSettings(file, given.TOCSIN_CONFIG !== undefined);
  if ('problem' in read) problems.push(read.problem);
  const runbooks = noFolder(resolve(given.TOCSIN_RUNBOOKS ?? 'runbooks'));
  if (runbooks !== null) problems.push(`TOCSIN_RUNBOOKS: ${runbooks}`);
  const organisation = readOrganisation('text' in read ? read.text : '', file, check);
  if (Array.isArray(organisation)) problems.push(...organisation);
  if (!parsed.success || Array.isArray(organisation) || problems.length > 0) throw new BadConfig(problems);
  return { ...fromEnvironment(parsed.data), org: organisation };
}

/** No file is fine where nobody named one: there is nothing to be told then. */
function readSettings(file: string, named: boolean): { text: string } | { problem: string } {
  const no = (what: string) => ({ problem: `${named ? 'TOCSIN_CONFIG' : 'tocsin.yml'}: ${what}` });
  try {
    // Before it is opened: whoever opens a pipe waits for a writer.
    const found = statSync(file);
    if (found.isDirectory())
      return no(
        `${file} is a folder; name the file itself (a container makes a folder of a file that it cannot find)`,
      );
    if (!found.isFile() && file !== devNull)
      return no(`${file} is no regular file; put the settings into one`);
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file)) };
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return no(`${file} is not UTF-8; save it as such`);
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      if (isLink(file)) return no(`${file} is a link that leads to no file; correct the link`);
      return named ? no(`there is no file ${file}; correct the path or unset it`) : { text: '' };
    }
    return no(`${file} cannot be read (${code}); let the user that runs Tocsin read it`);
  }
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

/** @returns why runbooks cannot be looked for in a folder; null: they can, or there is none, which is fine */
function noFolder(folder: string): string | null {
  try {
    if (!statSync(folder).isDirectory())
      return `${folder} is a file; name the folder that holds the runbooks`;
    accessSync(folder, constants.R_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTDIR') return `${folder} lies in a file; name the folder that holds the runbooks`;
    if (code !== 'ENOENT') return `${folder} cannot be read (${code}); let the user that runs Tocsin read it`;
  }
  return null;
}

function fromEnvironment(e: Environment): Omit<Config, 'org'> {
  return {
    slack: {
      botToken: e.SLACK_BOT_TOKEN ?? null,
      appToken: e.SLACK_APP_TOKEN ?? null,
      signingSecret: e.SLACK_SIGNING_SECRET ?? null,
      apiUrl: e.SLACK_API_URL ? e.SLACK_API_URL.replace(/\/*$/, '/') : null,
    },
    databaseUrl: databaseAddress(e),
    redisUrl: e.REDIS_URL ?? null,
    port: e.PORT,
    host: e.HOST,
    publicUrl: e.PUBLIC_URL?.replace(/\/+$/, '') ?? null,
    dataDir: resolve(e.TOCSIN_DATA),
    runbooksDir: resolve(e.TOCSIN_RUNBOOKS),
    secret: e.TOCSIN_SECRET ?? null,
    logLevel: e.LOG_LEVEL,
  };
}
