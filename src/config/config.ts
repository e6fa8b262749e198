import { accessSync, constants, lstatSync, readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { devNull } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import { Told } from '#told.js';
import { type CheckSections, type Organisation, readOrganisation } from './organisation.js';

export type { Organisation } from './organisation.js';

/** Everything a process is told from outside. Read once, where things are put together, and handed down. */
export type Config = ReturnType<typeof fromEnvironment> & { org: Organisation };

function fromEnvironment(e: Environment) {
  return {
    slack: {
      botToken: e.SLACK_BOT_TOKEN ?? null,
      appToken: e.SLACK_APP_TOKEN ?? null,
      signingSecret: e.SLACK_SIGNING_SECRET ?? null,
      /** Base of the Web API, ending in a slash; null: Slack's own. */
      apiUrl: e.SLACK_API_URL ? e.SLACK_API_URL.replace(/\/*$/, '/') : null,
    },
    databaseUrl: databaseAddress(e),
    redisUrl: e.REDIS_URL ?? null,
    port: e.PORT,
    host: e.HOST,
    /** Where metrics have a port of their own; null: they have not. */
    metricsPort: e.METRICS_PORT ?? null,
    /** Without a slash at the end; null: not known to the outside. */
    publicUrl: e.PUBLIC_URL?.replace(/\/+$/, '') ?? null,
    dataDir: resolve(e.TOCSIN_DATA),
    runbooksDir: resolve(e.TOCSIN_RUNBOOKS),
    secret: e.TOCSIN_SECRET ?? null,
    logLevel: e.LOG_LEVEL,
  };
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
    // Before it is opened: opening a pipe would wait for its writer.
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

/**
 * An address, of which the value is never shown: it may hold a password.
 * @param looks what it looks like, at the least
 * @param form what to write instead of something else
 */
const url = (looks: RegExp, form: string) =>
  z.string().superRefine((value, context) => {
    const wrong = looks.test(value) ? unreadable(value) : NO_ADDRESS;
    if (wrong !== null) context.addIssue({ code: 'custom', message: wrong || form });
  });

const NO_ADDRESS = '';

/** @returns why an address cannot be used, with what to write; `NO_ADDRESS` when nobody knows; null: it can */
function unreadable(value: string): string | null {
  // Drivers take a database at a socket, which has no host where an address must have one.
  const address = value.replace('@/', '@host/');
  if (URL.canParse(address)) {
    const { port, searchParams } = new URL(address);
    return [port, searchParams.get('port') ?? ''].every((one) => one === '' || isPort(one, 1))
      ? null
      : NO_PORT;
  }
  const behind = address.replace(/^[^:]*:\/*/, '');
  if (/^(?:[^@/?#]*@)?:\d+(?=[/?#]|$)/.test(behind)) return NO_HOST;
  if (/^[^@/?#]*[/?#][^@]*@/.test(behind)) return UNWRITTEN;
  return /^(?:[^@]*@)?(?:\[[^\]]*\]|[^:/?#]*):[^,/?#]+(?=[/?#]|$)/.test(behind) ? NO_PORT : NO_ADDRESS;
}

const NO_PORT = 'has a port that there is none of; ports are 1 to 65535';
const NO_HOST = 'has no host before its port; write host:port';
const UNWRITTEN =
  'holds characters that mean something else in an address, in the password perhaps; write them as %2F for /, %23 for #, %3F for ?, %40 for @, %3A for :, %25 for % (of the database: or put the password as it is into DATABASE_PASSWORD, and leave it out of the address)';

function isPort(text: string, lowest: number): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= lowest && Number(text) <= 65_535;
}

/** For addresses that are asked as they stand: what asks takes no password in them, and quotes it where it says so. */
const openUrl = (what: string) =>
  url(/^https?:/i, `is not ${what}; write it as https://…`).refine(
    (value) => !URL.canParse(value) || new URL(value).username + new URL(value).password === '',
    { message: 'must not hold a user or a password; write it without what stands before the @' },
  );

const port = (message: string) =>
  z
    .string()
    .refine((value) => isPort(value, 0), { message })
    .transform(Number);

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** The environment variables that Tocsin reads; the README's table says what each is for. */
const ENVIRONMENT = z.object({
  SLACK_BOT_TOKEN: z.string().optional(),
  SLACK_APP_TOKEN: z.string().optional(),
  SLACK_SIGNING_SECRET: z.string().optional(),
  SLACK_API_URL: openUrl('the address of a Web API').optional(),
  // Not a URL to every reader: `postgres://user@/db?host=/socket/folder` has no host where URLs must have one.
  DATABASE_URL: url(
    /^postgres(ql)?:\/\/\S+$/,
    'is not the address of a PostgreSQL database; write it as postgres://user:password@host/database',
  ).optional(),
  DATABASE_PASSWORD: z.string().optional(),
  REDIS_URL: url(
    /^(rediss?|unix):/i,
    'is not the address of a Redis server; write it as redis://…',
  ).optional(),
  PORT: port('is not a port; write a number from 0 to 65535 (0: any that is free)').default(3_000),
  METRICS_PORT: port(
    'is not a port; write a number from 0 to 65535 (0: any that is free), or leave it out',
  ).optional(),
  // With brackets, as in an address, or without.
  HOST: z
    .string()
    .default('0.0.0.0')
    .transform((value) => value.trim().replace(/^\[(.*)\]$/, '$1'))
    .refine(
      (value) => isIP(value.replace(/%.*$/, '')) !== 0 || /^[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?$/.test(value),
      {
        message:
          'is not a host; write an address of this machine such as 127.0.0.1 or ::1, 0.0.0.0 or :: for all of them, and the port in PORT',
      },
    ),
  PUBLIC_URL: openUrl('a public address').optional(),
  TOCSIN_DATA: z.string().default('.tocsin'),
  TOCSIN_CONFIG: z.string().optional(),
  TOCSIN_RUNBOOKS: z.string().default('runbooks'),
  TOCSIN_SECRET: z
    .string()
    .min(16, { message: 'is too short to sign anything; make one with `openssl rand -hex 32`' })
    .optional(),
  LOG_LEVEL: z.enum(LEVELS, { message: `is not a level; write one of ${LEVELS.join(', ')}` }).default('info'),
});

const USER_ONLY = /^(postgres(?:ql)?:\/\/[^:@/?#]+)@/;

/** Whether a password was put into an address as it is: what reads it would take a part of it for the host, or stop at it. */
function hasRawPassword(address: string): boolean {
  const rest = /^(?:postgres(?:ql)?|rediss?):\/\/(.*)$/s.exec(address)?.[1] ?? '';
  const authority = /^[^/?#]*/.exec(rest)?.[0] ?? '';
  if (!authority.includes('@')) return authority.includes(':') && rest.slice(authority.length).includes('@');
  // What is behind the host holds no @ but in the value of a parameter, and no # at all.
  const behind = rest.slice(authority.length);
  if (behind.includes('#') || /^[^=]*@/.test(behind)) return true;
  const user = authority.slice(0, authority.lastIndexOf('@'));
  return user.includes('@') || /%(?![0-9a-f]{2})/i.test(user);
}

/** @returns the address of the database with the password that was given beside it, in which any character may stand. */
function databaseAddress({ DATABASE_URL, DATABASE_PASSWORD }: Environment): string | null {
  if (!DATABASE_URL || !DATABASE_PASSWORD) return DATABASE_URL ?? null;
  return DATABASE_URL.replace(
    USER_ONLY,
    (_, start: string) => `${start}:${encodeURIComponent(DATABASE_PASSWORD)}@`,
  );
}

type Environment = z.infer<typeof ENVIRONMENT>;

/** What a process is about to do, and so what it cannot do without. */
export type Need = 'bot' | 'web' | 'worker' | 'database' | 'nothing';

/** @returns what is missing for that, each with what to do. */
function needs(env: Record<string, string | undefined>, need: Need): string[] {
  const problems: string[] = [];
  const { DATABASE_URL: address, DATABASE_PASSWORD: password } = env;
  if (password && !address)
    problems.push(
      'DATABASE_PASSWORD: is for the database of DATABASE_URL, which is missing; set both or none',
    );
  else if (password && address && !USER_ONLY.test(address))
    problems.push(
      'DATABASE_PASSWORD: needs a DATABASE_URL with a user and no password in it, such as postgres://tocsin@host/database',
    );
  // What cannot even be read as an address is said with the others.
  for (const name of ['DATABASE_URL', 'REDIS_URL']) {
    const value = env[name];
    if (value && unreadable(value) === null && hasRawPassword(value)) problems.push(`${name}: ${UNWRITTEN}`);
  }
  if (need === 'nothing' || need === 'database') return problems;
  if (!env.SLACK_BOT_TOKEN) {
    problems.push(
      'SLACK_BOT_TOKEN: is missing; install the app from manifest.yml and copy its Bot User OAuth Token (xoxb-…)',
    );
  }
  if (need !== 'worker' && !env.SLACK_APP_TOKEN && !env.SLACK_SIGNING_SECRET) {
    problems.push(
      'SLACK_APP_TOKEN or SLACK_SIGNING_SECRET: one is needed; the first (xapp-…, scope connections:write) for Socket Mode, the second (Basic Information) for HTTP',
    );
  }
  if (env.DATABASE_URL && !env.TOCSIN_SECRET) {
    problems.push(
      'TOCSIN_SECRET: is required with DATABASE_URL, it signs web links; make one with `openssl rand -hex 32`',
    );
  }
  return problems;
}
