// What a bench measures runs as processes of their own: bot, local Slack, bare apps, load.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const path = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

/** A temporary folder with a list of what to end and remove; `close` ends the newest first. */
export function workplace() {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-bench-'));
  // As root the server runs under an account of its own; where that could not enter, data would live elsewhere and stay.
  chmodSync(folder, 0o711);
  const closers = [];
  const log = openSync(join(folder, 'log'), 'a');
  return {
    folder,
    log,
    onClose: (closer) => closers.push(closer),
    async close() {
      for (const closer of closers.reverse()) await closer();
      if (!process.env.TOCSIN_BENCH_KEEP) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Starts a Node process that says one line when it is ready. @returns {Promise<{process, line}>} */
export async function start(place, file, args, env = process.env) {
  const child = spawn(process.execPath, [...flags(env), path(file), ...args], {
    env,
    stdio: ['pipe', 'pipe', place.log],
  });
  place.onClose(() => end(child));
  const lines = createInterface({ input: child.stdout });
  const line = await new Promise((resolve, reject) => {
    lines.once('line', resolve);
    child.once('exit', (code) =>
      reject(new Error(`${file} ended (${code}) before it was ready: ${place.folder}/log`)),
    );
  });
  return { process: child, line, lines };
}

// TOCSIN_BENCH_NODE="--cpu-prof --cpu-prof-dir=/tmp/p" profiles what it is measured.
const flags = (env) => (env.TOCSIN_BENCH_NODE ?? '').split(' ').filter(Boolean);

/** A port that is free now. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The local Slack, sending to `eventsUrl` over HTTP. @returns {Promise<{process, url, apiUrl, botToken, signingSecret, teamId}>} */
export async function startSlack(place, eventsUrl) {
  const args = [
    '--manifest',
    path('manifest.yml'),
    '--port',
    '0',
    '--with-parent',
    '--quiet',
    '--events-url',
    eventsUrl,
  ];
  const slack = await start(place, 'dist/sandbox/main.js', args, plain());
  return { process: slack.process, ...JSON.parse(slack.line) };
}

/** Bot and local Slack, speaking HTTP to each other, on embedded data in the workplace. */
export async function startPair(place, more = {}) {
  const port = await freePort();
  const slack = await startSlack(place, `http://127.0.0.1:${port}/slack/events`);
  const env = { ...botEnvironment(slack, join(place.folder, 'data'), port), ...more };
  return { slack, env, bot: await startBot(place, env) };
}

export function botEnvironment(slack, dataDir, port) {
  return {
    ...plain(),
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_SIGNING_SECRET: slack.signingSecret,
    SLACK_API_URL: slack.apiUrl,
    TOCSIN_DATA: dataDir,
    TOCSIN_CONFIG: path('demo/tocsin.yml'),
    HOST: '127.0.0.1',
    PORT: String(port),
    LOG_LEVEL: 'warn',
  };
}

/** @returns {Promise<{process, url}>} once Slack knows it and it is ready to record */
export async function startBot(place, env, more = []) {
  const bot = await start(place, 'bin/tocsin.js', ['start', ...more], {
    ...env,
    TOCSIN_BENCH_NODE: process.env.TOCSIN_BENCH_NODE,
  });
  const url = /https?:\/\/\S+/.exec(bot.line)[0];
  for (;;) {
    const { slack } = await (await fetch(new URL('/readyz', url))).json();
    if (slack === 'ok') return { process: bot.process, url };
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Only what is needed: a developer's own settings do not belong into a figure. */
function plain() {
  const { PATH, HOME, TMPDIR, LANG, XDG_RUNTIME_DIR } = process.env;
  return Object.fromEntries(
    Object.entries({ PATH, HOME, TMPDIR, LANG, XDG_RUNTIME_DIR }).filter(([, v]) => v),
  );
}

/** Ends a process as a person would, and waits for it. */
export async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await closed;
  clearTimeout(timer);
}
