import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
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
export class BadConfig extends Error {
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
  let source = '';
  if (existsSync(file)) source = readFileSync(file, 'utf8');
  else if (given.TOCSIN_CONFIG)
    problems.push(`TOCSIN_CONFIG: there is no file ${file}; correct the path or unset it`);
  const organisation = readOrganisation(source, file, check);
  if (Array.isArray(organisation)) problems.push(...organisation);
  if (!parsed.success || Array.isArray(organisation) || problems.length > 0) throw new BadConfig(problems);
  return { ...fromEnvironment(parsed.data), org: organisation };
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
