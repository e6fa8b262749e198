import { parseArgs } from 'node:util';
import { type Bot, type Role, startBot } from '#compose/bot.js';
import { sectionsWrong } from '#compose/runbooks.js';
import { BadConfig, loadConfig, type Need } from '#config.js';
import { createLog, hidden, outliveReaders } from '#log.js';

const NEEDS: Record<Role, Need> = { all: 'bot', web: 'web', worker: 'worker' };

/** Failures that say themselves what to do: a stack would only hide it. */
const PLAIN = new Set(['BadConfig', 'FolderInUse', 'NoEmbedded', 'EmbeddedFailed', 'DatabaseNewer']);

/** Listening on, last answers, deliveries in hand, connections: each has its bound, and these are all of them. */
const LONGEST_STOP_MS = 28_000;

/** `tocsin start [--role all|web|worker]`: this process is the bot. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(3),
    options: { role: { type: 'string', default: 'all' } },
  });
  const role = values.role as Role;
  if (!(role in NEEDS))
    throw new BadConfig([`--role: there is no role “${values.role}”; write all, web or worker`]);
  const config = loadConfig(process.env, NEEDS[role], sectionsWrong);
  outliveReaders();
  const log = createLog(config.logLevel);
  let bot: Bot | null = null;
  let stopping = false;
  const stop = (code: number, linger = false) => {
    if (stopping) return;
    stopping = true;
    // What hangs may not keep a process alive that was told to go.
    setTimeout(() => process.exit(code), LONGEST_STOP_MS).unref();
    void (bot?.stop(linger) ?? Promise.resolve())
      .catch((error: unknown) => log.error({ err: error }, 'stopping failed'))
      .finally(() => process.exit(code));
  };
  // Whoever presses Ctrl-C has no balancer that is to find out first.
  process.on('SIGINT', () => stop(0));
  process.on('SIGTERM', () => stop(0, true));
  // Node would print the stack as it is, and the line of source that threw.
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'something failed that nobody expected: this process ends');
    process.exit(1);
  });
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'something failed unseen'));
  bot = await startBot(config, log, role, (code) => {
    log.fatal({ code }, 'Slack refuses our token; install the app again and set SLACK_BOT_TOKEN');
    stop(1);
  });
  if (stopping) return;
  const where = bot.port === null ? '' : ` on http://${config.host}:${bot.port}`;
  // The one line on stdout: whoever started us may wait for it.
  process.stdout.write(`Tocsin is ready${where}\n`);
}

/** What a person can mend is said in a sentence; a stack would only hide it. */
function wordsFor(error: Error & { code?: string; port?: number }): string {
  const { name, message, code = '' } = error;
  if (PLAIN.has(name) || code.startsWith('ERR_PARSE_ARGS')) return message;
  if (code === 'EADDRINUSE') {
    return `Port ${error.port ?? ''} is taken: stop what listens there, or set PORT to another one.`;
  }
  if (
    /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENOENT)$/.test(code) ||
    /^[0-9][0-9A-Z]{4}$/.test(code)
  ) {
    return `The database does not let us in (${code}): check DATABASE_URL, and that the server runs.`;
  }
  return error.stack ?? message;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${hidden(wordsFor(error as Error))}\n`);
  process.exit(1);
}
