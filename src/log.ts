import { type Logger, pino } from 'pino';

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

/** One logger, JSON lines on stderr: stdout belongs to results. Wait for nothing: a full pipe must not stop the recorder. */
export function createLog(level: string): Log {
  const paths = HIDDEN.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  return pino(
    {
      level,
      base: null,
      hooks: { streamWrite: hiddenLine },
      redact: { paths, censor: '[hidden]' },
      serializers: { err: pino.stdSerializers.err },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
