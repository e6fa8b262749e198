import { type Logger, pino } from 'pino';
import { Told } from '#told.js';

export type Log = Logger;

/** Values under these names never reach a line of the log, whoever logs the object that holds them. */
const HIDDEN = [
  'token',
  'botToken',
  'appToken',
  'signingSecret',
  'secret',
  'authorization',
  'salt',
  'password',
];

/** What takes secrets out of everything that this process writes on stderr, whoever wrote it. */
const scrubs = new Set<(text: string) => string>();

/** @param scrub takes out what is secret, for as long as the process lives: the last that it says is a crash */
export function hideInLogs(scrub: (text: string) => string): void {
  scrubs.add(scrub);
}

/** Our own, by the variables that hold them: a process may crash before it has read its configuration. */
const OWN = ['TOCSIN_SECRET', 'SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN', 'SLACK_SIGNING_SECRET'];

/** @returns a text as it may be shown on stderr */
export function hidden(text: string): string {
  let shown = text;
  for (const name of OWN) {
    const value = process.env[name] ?? '';
    if (value.length >= 8 && shown.includes(value)) shown = shown.replaceAll(value, '[hidden]');
  }
  for (const scrub of scrubs) shown = scrub(shown);
  return shown;
}

/** The last thing before a line leaves: errors, their stacks and causes, and whatever a library logs, all pass here. */
function hiddenLine(line: string): string {
  const shown = hidden(line);
  if (shown === line) return line;
  // Each text by itself, so that the line stays JSON; then all of it, for what stands in a name.
  const each = (_: string, value: unknown) => (typeof value === 'string' ? hidden(value) : value);
  return hidden(`${JSON.stringify(JSON.parse(line, each))}\n`);
}

/** What is written of an error: nothing that a library hangs on one, such as its whole client, a statement or a command. */
export interface ShownError {
  type: string;
  message: string;
  code?: string | number;
  status?: number;
  syscall?: string;
  address?: string;
  port?: number;
  path?: string;
  table?: string;
  constraint?: string;
  /** Where it happened, of what nobody expected: what people are told, and what the world did to us, needs none. */
  stack?: string;
  cause?: ShownError | string;
  errors?: Array<ShownError | string>;
}

const TEXTS = ['syscall', 'address', 'path', 'table', 'constraint'] as const;
const NUMBERS = ['status', 'port'] as const;
const LONGEST = 1_000;
/** Causes of causes, and parts of an aggregate. */
const DEEPEST = 3;

/** @returns the members of an error that may be shown, and no other; a text for what is no error */
export function shownError(error: unknown, depth = 0): ShownError | string {
  // By its shape: under a test runner, Node's own errors come from another realm.
  if (typeof error !== 'object' || error === null || !('message' in error)) return cut(String(error));
  const from = error as Error & Record<string, unknown>;
  // drizzle's message is the statement with its parameters; what went wrong is its cause.
  const message = 'query' in from && 'params' in from ? 'a database query failed' : String(from.message);
  const shown: ShownError = { type: String(from.name ?? 'Error'), message: cut(message) };
  const { code, cause, errors } = from;
  if (typeof code === 'string' || typeof code === 'number') shown.code = code;
  for (const name of TEXTS) if (typeof from[name] === 'string') shown[name] = cut(from[name]);
  for (const name of NUMBERS) if (typeof from[name] === 'number') shown[name] = from[name];
  if (!(from instanceof Told || isOfTheWorld(code))) shown.stack = framesOf(from.stack);
  if (depth >= DEEPEST) return shown;
  if (cause !== undefined && cause !== null) shown.cause = shownError(cause, depth + 1);
  if (Array.isArray(errors) && errors.length > 0)
    shown.errors = errors.slice(0, DEEPEST).map((one) => shownError(one, depth + 1));
  return shown;
}

/** `ECONNREFUSED`, and what a database server says (`57P01`, but not that we have written nonsense, 42…). */
function isOfTheWorld(code: unknown): boolean {
  return typeof code === 'string' && (/^E[A-Z]+$/.test(code) || /^(?!42)[0-9][0-9A-Z]{4}$/.test(code));
}

const cut = (text: string) => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

/** Without what stands above it: that is the message once more, whatever it holds. */
function framesOf(stack: unknown): string {
  const lines = String(stack ?? '').split('\n');
  return lines.filter((line) => /^\s+at /.test(line)).join('\n');
}

/** @returns an error as a person reads it on stderr: what it says; of what nobody expected also where */
export function errorText(error: unknown): string {
  if (error instanceof Told) return error.message;
  const shown = shownError(error);
  return typeof shown === 'string' ? shown : textOf(shown);
}

function textOf({ type, message, code, stack, cause }: ShownError): string {
  const head = `${type}${code === undefined ? '' : ` (${code})`}: ${message}`;
  const because =
    cause === undefined ? '' : `\ncaused by ${typeof cause === 'string' ? cause : textOf(cause)}`;
  return `${head}${stack ? `\n${stack}` : ''}${because}`;
}

/** Under this name a text is usual. */
const textOrError = (value: unknown) => (typeof value === 'string' ? value : shownError(value));

/** One logger, JSON lines on stderr: stdout belongs to results. Wait for nothing: a full pipe must not stop the recorder. */
export function createLog(level: string): Log {
  const paths = HIDDEN.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  return pino(
    {
      level,
      base: null,
      hooks: { streamWrite: hiddenLine },
      redact: { paths, censor: '[hidden]' },
      serializers: { err: (error: unknown) => shownError(error), error: textOrError },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
