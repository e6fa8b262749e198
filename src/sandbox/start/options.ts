import { parseArgs } from 'node:util';
import { meant } from '../manifest/problem.js';
import { momentOf } from './seed-schema.js';

/** A command line that cannot be understood. */
export class Misuse extends Error {}

export const HELP = `A local Slack for any bot: the Web API, Socket Mode or signed HTTP, and a page to be somebody in the workspace.

usage: tocsin sandbox [--manifest FILE] [--seed FILE] [options]

  --manifest FILE         the app manifest, YAML or JSON; without it Tocsin's own
  --seed FILE             people, channels, messages and settings to start with, YAML or JSON
  --port N                where to listen; 4100 by default, 0 for any free port
  --host ADDRESS          127.0.0.1 by default
  --events-url URL        HTTP mode: payloads go there, signed; without it the app connects in Socket Mode,
                          unless the manifest switches that off and names request URLs of this machine
  --now MOMENT            the sandbox's clock starts there, such as 2026-03-02T08:00:00Z
  --frozen                and stands still until the control API winds it on
  --ids WORD              the same ids in every run with the same word
  --no-rate-limits        answer every call at once
  --bot-token TOKEN, --app-token TOKEN, --signing-secret SECRET
                          instead of new ones in every run
  --tokens-file FILE      write the lines for the bot's environment there, readable by you only
  --quiet                 no line for each call on standard error
  --with-parent           stop when standard input closes
  --coverage              print what is covered, as Markdown, and end
  --help                  this text

On a terminal it prints what to paste into the bot's environment; anywhere else one line of JSON with url, apiUrl,
botToken, appToken, signingSecret, teamId. Ends with 0 when it was stopped, 1 when it could not start, 2 when the
command line cannot be understood.`;

const OPTIONS = {
  manifest: { type: 'string' },
  seed: { type: 'string' },
  port: { type: 'string' },
  host: { type: 'string' },
  'events-url': { type: 'string' },
  now: { type: 'string' },
  frozen: { type: 'boolean' },
  ids: { type: 'string' },
  'no-rate-limits': { type: 'boolean' },
  'bot-token': { type: 'string' },
  'app-token': { type: 'string' },
  'signing-secret': { type: 'string' },
  'tokens-file': { type: 'string' },
  quiet: { type: 'boolean' },
  'with-parent': { type: 'boolean' },
  coverage: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** What the command line says. */
export interface Options {
  readonly manifest: string;
  readonly seed: string | undefined;
  readonly port: number;
  readonly host: string | undefined;
  readonly eventsUrl: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number | undefined;
  readonly frozen: boolean | undefined;
  readonly ids: string | undefined;
  readonly rateLimits: boolean;
  readonly botToken: string | undefined;
  readonly appToken: string | undefined;
  readonly signingSecret: string | undefined;
  readonly tokensFile: string | undefined;
  readonly quiet: boolean;
  readonly withParent: boolean;
}

/**
 * Reads a command line.
 * @returns `help` or `coverage` when that is what was asked for
 * @throws Misuse with everything that is wrong with it
 */
export function readOptions(args: readonly string[]): Options | 'help' | 'coverage' {
  const { values, tokens } = parseArgs({
    args: [...args],
    options: OPTIONS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  if (values.help) return 'help';
  if (values.coverage) return 'coverage';
  const problems: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') problems.push(`${JSON.stringify(token.value)} belongs to no option.`);
    if (token.kind === 'option') problems.push(...complaints(token));
  }
  const text = (name: keyof typeof OPTIONS): string | undefined => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  const port = Number(text('port') ?? '4100');
  if (!Number.isInteger(port) || port < 0 || port > 65_535 || text('port') === '')
    problems.push(`--port must be a whole number from 0 to 65535, and is ${JSON.stringify(text('port'))}.`);
  const now = text('now');
  if (now !== undefined && momentOf(now) === undefined)
    problems.push(`--now must be a moment such as 2026-03-02T08:00:00Z, and is ${JSON.stringify(now)}.`);
  const eventsUrl = text('events-url');
  if (eventsUrl !== undefined && !/^https?:\/\/[^/\s]+/.test(eventsUrl))
    problems.push(`--events-url must begin with http:// or https://, and is ${JSON.stringify(eventsUrl)}.`);
  // The value is a secret and is not repeated.
  for (const [name, prefix] of [
    ['bot-token', 'xoxb-'],
    ['app-token', 'xapp-'],
  ] as const)
    if (text(name)?.startsWith(prefix) === false) problems.push(`--${name} must begin with ${prefix}.`);
  const manifest = text('manifest');
  if (manifest === undefined && problems.length === 0)
    problems.push('--manifest FILE is missing: the manifest of the app.');
  if (problems.length > 0 || manifest === undefined) throw new Misuse(problems.join('\n'));
  return {
    manifest,
    seed: text('seed'),
    port,
    host: text('host'),
    eventsUrl,
    now: now === undefined ? undefined : momentOf(now),
    frozen: values.frozen === true ? true : undefined,
    ids: text('ids'),
    rateLimits: values['no-rate-limits'] !== true,
    botToken: text('bot-token'),
    appToken: text('app-token'),
    signingSecret: text('signing-secret'),
    tokensFile: text('tokens-file'),
    quiet: values.quiet === true,
    withParent: values['with-parent'] === true,
  };
}

function complaints({
  name,
  rawName,
  value,
}: {
  name: string;
  rawName: string;
  value?: string | undefined;
}): string[] {
  const known = Object.entries(OPTIONS).find(([option]) => option === name)?.[1];
  if (!known) {
    const hint = meant(name, Object.keys(OPTIONS))
      .replace(/"(.*)"/, '--$1')
      .replace('; did', ' Did');
    return [`There is no option ${rawName}.${hint}`];
  }
  if (known.type === 'boolean') return value === undefined ? [] : [`${rawName} takes no value.`];
  // `--seed --quiet`: the value was forgotten.
  return value === undefined || value === '' || value.startsWith('--') ? [`${rawName} needs a value.`] : [];
}
