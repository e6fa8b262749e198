import { parseArgs } from 'node:util';
import { type Bot, type Role, startBot } from '#compose/bot.js';
import { Unseen } from '#compose/health.js';
import { sectionsWrong } from '#compose/runbooks.js';
import { BadConfig, loadConfig, type Need } from '#config/config.js';
import { createLog, errorText, hidden, outliveReaders } from '#log.js';
import { Told } from '#told.js';

const NEEDS: Record<Role, Need> = { all: 'bot', web: 'web', worker: 'worker' };

/** The bounds of listening on, of last answers, of deliveries in hand and of connections, added up. */
const LONGEST_STOP_MS = 28_000;

/** `tocsin start [--role all|web|worker]`: this process is the bot. */
async function main(): Promise<void> {
  const role = askedRole(process.argv.slice(3)) as Role;
  if (!(role in NEEDS)) throw new BadConfig([`--role: there is no role “${role}”; write all, web or worker`]);
  const config = loadConfig(process.env, NEEDS[role], sectionsWrong);
  outliveReaders();
  const log = createLog(config.logLevel);
  let bot: Bot | null = null;
  let stopping = false;
  const unseen = new Unseen();
  const stop = (code: number, linger = false) => {
    if (stopping) return;
    stopping = true;
    // A part that hangs must not keep the process alive after it was told to stop.
    setTimeout(() => process.exit(code), LONGEST_STOP_MS).unref();
    void (bot?.stop(linger) ?? Promise.resolve())
      .catch((error: unknown) => log.error({ err: error }, 'stopping failed'))
      .finally(() => process.exit(code));
  };
  // Ctrl-C is typed at a terminal: no balancer has to find out first.
  process.on('SIGINT', () => stop(0));
  process.on('SIGTERM', () => stop(0, true));
  // At a terminal it says that this has gone, and ends the process; elsewhere it asks to read rules anew.
  if (!process.stdin.isTTY) process.on('SIGHUP', () => bot?.reread(process.env));
  // Node would print the stack and the line of source as they are; a secret may stand in both.
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'something failed that nobody expected: this process ends');
    process.exit(1);
  });
  // A rejection that no caller awaits does not end the process: what is recorded is whole at every moment, and `/readyz`
  // says that it happened.
  process.on('unhandledRejection', (error) => {
    unseen.count();
    log.error({ err: error }, 'something failed unseen');
  });
  const refused = (code: string) => {
    log.fatal({ code }, 'Slack refuses our token; install the app again and set SLACK_BOT_TOKEN');
    stop(1);
  };
  bot = await startBot(config, log, role, refused, unseen);
  if (stopping) return;
  const where = bot.port === null ? '' : ` on http://${hostShown(config.host)}:${bot.port}`;
  // The one line on stdout, for a program that waits until the bot is ready.
  process.stdout.write(`Tocsin is ready${where}\n`);
}

function askedRole(args: string[]): string {
  try {
    return parseArgs({ args, options: { role: { type: 'string', default: 'all' } } }).values.role;
  } catch (error) {
    throw new Told(`${(error as Error).message}\nUsage: tocsin start [--role all|web|worker]`);
  }
}

/** An address as it is written before a port. */
const hostShown = (host: string) => (host.includes(':') ? `[${host.replace('%', '%25')}]` : host);

try {
  await main();
} catch (error) {
  process.stderr.write(`${hidden(errorText(error))}\n`);
  process.exit(error instanceof Told ? error.exitCode : 1);
}
