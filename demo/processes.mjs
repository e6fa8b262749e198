// The local Slack and the bot, each as a process of its own, exactly as a user would start them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** What we have started and what still runs, the newest first. */
const running = [];
let ending = false;
let bot = null;

function launch(args, options) {
  if (ending) throw new Error('the demo is being ended');
  const child = spawn(process.execPath, args, options);
  running.unshift(child);
  child.once('close', () => running.splice(running.indexOf(child), 1));
  return child;
}

/** Ends whatever we have started, the newest first, and lets nothing start after it. */
export async function endAll() {
  ending = true;
  for (const child of [...running]) await end(child);
  if (bot === null || (bot.child.exitCode === 0 && bot.child.signalCode === null)) return;
  // A bot that died left its database server: a guest that joins it is the last to leave, and stops it.
  ending = false;
  await tocsin(bot.env, 'list').catch(() => undefined);
}

/** Starts the sandbox. @returns {Promise<{process, url, apiUrl, botToken, appToken, signingSecret}>} */
export async function startSlack(port, errors) {
  const child = launch(
    [
      path('dist/sandbox/main.js'),
      '--manifest',
      path('manifest.yml'),
      '--port',
      String(port),
      '--with-parent',
      '--quiet',
    ],
    { stdio: ['pipe', 'pipe', errors] },
  );
  const line = await firstLine(child, 'the local Slack');
  return { process: child, ...JSON.parse(line) };
}

/** The bot's environment: only what it needs, so that a developer's own settings do not leak into the demo. */
export function botEnvironment(slack, { data, port, config }) {
  const { PATH, HOME, TMPDIR, LANG, XDG_RUNTIME_DIR } = process.env;
  return {
    ...Object.fromEntries(Object.entries({ PATH, HOME, TMPDIR, LANG, XDG_RUNTIME_DIR }).filter(([, v]) => v)),
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
    SLACK_API_URL: slack.apiUrl,
    TOCSIN_DATA: data,
    TOCSIN_CONFIG: config,
    HOST: '127.0.0.1',
    PORT: String(port),
    LOG_LEVEL: 'info',
  };
}

/** Starts the bot and waits until it can record. */
export async function startBot(env, errors) {
  const child = launch([path('bin/tocsin.js'), 'start'], { env, stdio: ['ignore', 'pipe', errors] });
  bot = { child, env };
  // `start` prints one line on stdout when it is ready: where it listens.
  const line = await firstLine(child, 'the bot');
  const url = /https?:\/\/\S+/.exec(line)?.[0];
  if (!url) throw new Error(`the bot said “${line}” and no address`);
  const started = { process: child, url: url.replace('0.0.0.0', '127.0.0.1') };
  // It records from the first moment; Slack can reach it once its socket is open.
  for (let tries = 0; tries < 1200; tries++) {
    const { slack } = await (await fetch(new URL('/readyz', started.url))).json();
    if (slack === 'ok') return started;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the bot did not reach the local Slack within a minute');
}

/** Runs a verb of the command line. @returns its standard output @throws with its standard error */
export async function tocsin(env, ...args) {
  const child = launch([path('bin/tocsin.js'), ...args], { env: { ...env, LOG_LEVEL: 'warn' } });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => (out += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk) => (err += chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`tocsin ${args[0]} answered ${code}: ${err.trim()}`);
  return out;
}

/** Ends a process as a person would, and waits for it. */
async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await closed;
  clearTimeout(timer);
}

function firstLine(child, what) {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: child.stdout });
    lines.once('line', (line) => {
      resolve(line);
      // Read on: a full pipe would stop the process.
      child.stdout.resume();
    });
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(new Error(`${what} ended (${code}) before it was ready; see the log`)),
    );
  });
}
