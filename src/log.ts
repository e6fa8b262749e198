import { writeSync } from 'node:fs';
import { type DestinationStream, type Logger, pino } from 'pino';
import { Told } from '#told.js';

export type Log = Logger;
/** What rooms log through: the bot's logger, or a child of it. */
export interface PlainLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** The same, for who also says what nobody needs to know. */
export interface Logs extends PlainLog {
  debug(fields: object, message: string): void;
}

/** Values under these names never reach a line of the log, in whatever object they are logged. */
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

/** Take secrets out of everything that this process writes on stderr: our lines, and those of libraries and of Node. */
const scrubs = new Set<(text: string) => string>();

/** @param scrub takes out what is secret until the process ends: the last that it writes may be a crash */
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
interface ShownError {
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
  // The message of a query builder is the statement with its parameters; what went wrong is its cause.
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
export function createLog(level: string, to: DestinationStream = stderr): Log {
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
    to,
  );
}

/**
 * For a process that has to go on whatever becomes of those who read its output. A pipe that nobody reads is full after
 * 64 KB, and writing to it would stop everything; one whose reader is gone fails, and would end us. Libraries and Node
 * itself write there too, and stdout may be the same pipe.
 */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', () => {});
    // Files and terminals have no such method, and need none. It is Node's own, undocumented; without it they block.
    const { _handle: handle } = stream as { _handle?: { setBlocking?(on: boolean): void } };
    if (!stream.isTTY) handle?.setBlocking?.(false);
  }
}

/** What waits for a reader at most; then lines are dropped, the newest, and counted. */
const MOST_BYTES = 1_000_000;
const AGAIN_MS = 50;
/** How long the last lines of a process may take. */
const LAST_MS = 500;

/** Lines on their way to a descriptor that may not take them just now. Where it blocks, as for a verb, none ever wait. */
export class Lines {
  private readonly waiting: Buffer[] = [];
  private bytes = 0;
  private dropped = 0;
  /** The newest line about a gap: if it does not get out either, the gap goes on. */
  private told: { line: Buffer; lines: number } | null = null;
  private timer: NodeJS.Timeout | null = null;

  /** @param write as `fs.writeSync`: how many bytes went, or an error with `EAGAIN`: none, for now */
  constructor(private readonly put: (bytes: Buffer) => number) {}

  write(line: string): void {
    const bytes = Buffer.from(line);
    // Once something was dropped, all is, until a reader comes: then the gap is one, and it says where it was.
    if (this.dropped > 0 || (this.bytes > 0 && this.bytes + bytes.byteLength > MOST_BYTES)) {
      this.dropped += 1;
    } else {
      this.waiting.push(bytes);
      this.bytes += bytes.byteLength;
    }
    if (this.timer === null && !this.send()) this.later();
  }

  /** Tries for a moment to bring out what waits. For the end of a process: nothing else happens meanwhile. */
  flush(): void {
    const until = performance.now() + LAST_MS;
    const cell = new Int32Array(new SharedArrayBuffer(4));
    while (!this.send() && performance.now() < until) Atomics.wait(cell, 0, 0, 5);
  }

  private later(): void {
    this.timer = setTimeout(() => {
      this.timer = null;
      if (!this.send()) this.later();
    }, AGAIN_MS);
    // Lines that nobody reads keep no process alive.
    this.timer.unref();
  }

  /** @returns false: not everything is out */
  private send(): boolean {
    for (;;) {
      const next = this.waiting[0] ?? this.gap();
      if (!next) return true;
      try {
        const sent = this.put(next);
        this.bytes -= sent;
        if (sent < next.byteLength) this.waiting[0] = next.subarray(sent);
        else this.waiting.shift();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false;
        // The reader is gone for good, or the disk is full: a log is no reason to stop.
        this.bytes -= next.byteLength;
        this.waiting.shift();
        this.dropped += next === this.told?.line ? this.told.lines : 1;
        if (this.waiting.length === 0) return true;
      }
    }
  }

  /** The line that says how many are missing stands where they would have stood. */
  private gap(): Buffer | null {
    if (this.dropped === 0) return null;
    const msg = `${this.dropped} lines of this log were dropped: nobody took them`;
    const line = { level: 40, time: new Date().toISOString(), dropped: this.dropped, msg };
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    this.told = { line: bytes, lines: this.dropped };
    this.dropped = 0;
    this.waiting.push(bytes);
    this.bytes += bytes.byteLength;
    return bytes;
  }
}

const stderr = new Lines((bytes) => writeSync(2, bytes));
process.on('exit', () => stderr.flush());
