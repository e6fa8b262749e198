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

/** One logger, JSON lines on stderr: stdout belongs to results. Wait for nothing: a full pipe must not stop the recorder. */
export function createLog(level: string): Log {
  const paths = HIDDEN.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  return pino(
    {
      level,
      base: null,
      redact: { paths, censor: '[hidden]' },
      serializers: { err: pino.stdSerializers.err },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
