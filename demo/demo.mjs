// The demo: a local Slack, the bot, and the founding incident; then it is your turn.
import { createHash } from 'node:crypto';
import { mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { commandsOf } from './commands.mjs';
import { differences } from './expected.mjs';
import { fetchExports } from './exports.mjs';
import { botEnvironment, end, startBot, startSlack, tocsin } from './processes.mjs';
import { person } from './slack.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const say = (text = '') => console.log(text);
const step = (what, detail = '') => say(`  ✓ ${what}${detail ? `  ${detail}` : ''}`);

/** @param {string[]} argv `--once`: exit when the replay is done. @returns the exit code */
export async function demo(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      once: { type: 'boolean', default: false },
      scenario: { type: 'string', default: join(ROOT, 'demo/tts-auth-2024-11-10.json') },
      out: { type: 'string', default: join(ROOT, 'demo/out') },
      data: { type: 'string', default: dataFolder() },
      port: { type: 'string', default: '0' },
      'slack-port': { type: 'string', default: '0' },
    },
  });
  const scenario = JSON.parse(readFileSync(values.scenario, 'utf8'));
  mkdirSync(values.out, { recursive: true });
  const logFile = join(values.out, 'bot.log');
  const log = openSync(logFile, 'w');
  const children = [];
  let mine = false;
  try {
    say('Tocsin: the founding incident, replayed.\n');
    const slack = await startSlack(values['slack-port'], log);
    children.push(slack.process);
    step('a local Slack', slack.url);
    const env = botEnvironment(slack, values.data, values.port);
    await clear(values.data, env);
    mine = true;
    const bot = await startBot(env, log);
    children.unshift(bot.process);
    step('the bot, on a PostgreSQL of its own', bot.url);
    const channel = await replay(scenario, person(slack.url));
    const token = (await tocsin(env, 'token', 'create', '--name', 'demo', '--scope', 'read')).trim();
    const texts = await fetchExports(bot.url, token, values.out);
    step('exports over HTTP', 'demo/out/INC-1.{md,json,csv,html,facts.jsonl}, postmortem.md');
    await check(scenario, texts, env, values.out);
    say(`\nINC-1 is in demo/out/. Metrics: ${metricsLine(texts['INC-1.json'])}\n`);
    if (values.once) return 0;
    say(`Now you. Open ${slack.url}/ and pick a person, for example ana in #${channel.name}:`);
    for (const line of [
      'note -2m the cache is warm again',
      'timeline Europe/Berlin',
      'catchup',
      'postmortem',
      'open sev4 my own incident --drill',
      'help',
    ]) {
      say(`  /incident ${line}`);
    }
    say(`\nThe bot's log: ${logFile}. Ctrl-C ends both.`);
    await new Promise((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, resolve);
      bot.process.once('exit', resolve);
    });
    return 0;
  } catch (error) {
    console.error(`\n  ✗ ${error.message}\n  The log: ${logFile}`);
    return 1;
  } finally {
    for (const child of children) await end(child);
    if (mine) rmSync(values.data, { recursive: true, force: true });
    if (mine) rmSync(`${values.data}.pid`, { force: true });
  }
}

/** One folder for a checkout and a user, where an unprivileged database server may enter too. */
function dataFolder() {
  const name = createHash('sha256').update(ROOT).digest('hex').slice(0, 8);
  return join(tmpdir(), `tocsin-demo-${userInfo().uid}-${name}`);
}

/** A replay begins with INC-1, so it begins with an empty database; but never with another demo's. */
async function clear(dataDir, env) {
  const mine = `${dataDir}.pid`;
  const other = Number(readOr(mine, '0'));
  if (other > 0 && other !== process.pid && alive(other)) {
    throw new Error(
      `a demo is running already (process ${other}); end it first, or name another folder with --data`,
    );
  }
  writeFileSync(mine, String(process.pid));
  // A demo that was killed left its server running: a guest that joins it is the last to leave, and stops it.
  await tocsin(env, 'list').catch(() => undefined);
  rmSync(dataDir, { recursive: true, force: true });
}

function readOr(path, otherwise) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Types every command and waits for Slack to show what it led to. @returns the incident's channel */
async function replay(scenario, slack) {
  const commands = commandsOf(scenario);
  let channel = { name: 'incidents' };
  for (const { who, where, text, retime, joined } of commands) {
    const answer = await slack.command(who, channel.id ?? channel.name, text);
    if (!/recorded/.test(answer)) throw new Error(`/incident ${text}\n    ${answer}`);
    step(`${who}  /incident ${shorten(text)}`);
    if (retime) {
      const n = /#(\d+)/.exec(answer)?.[1];
      const moved = await slack.command(who, channel.id, `time ${n} ${retime}`);
      if (!/recorded/.test(moved)) throw new Error(`/incident time ${n} ${retime}\n    ${moved}`);
      step(`${who}  /incident time ${n} ${retime}`);
    }
    if (joined) {
      // Slack lets nobody type in a channel that they are not in.
      await slack.until(`${joined.join(' and ')} in the channel`, (state) => {
        const ids = joined.map((name) => state.users.find((user) => user.name === name)?.id);
        const members = state.channels.find((one) => one.id === channel.id).members;
        return ids.every((id) => members.includes(id));
      });
    }
    if (where === 'anywhere') {
      channel = await slack.until('the incident’s channel, with its opener in it', (state) => {
        const opener = state.users.find((user) => user.name === who)?.id;
        return state.channels.find((one) => one.name.startsWith('inc-1-') && one.members.includes(opener));
      });
      step(`the channel #${channel.name} is there, and ${who} is in it`);
    }
  }
  return channel;
}

async function check(scenario, texts, env, out) {
  const wrong = differences(scenario, JSON.parse(texts['INC-1.json']));
  if (wrong.length > 0) throw new Error(`the export differs from the scenario:\n    ${wrong.join('\n    ')}`);
  step('every entry, time, count and state is as it was');
  for (const [format, file] of [
    ['md', 'INC-1.md'],
    ['csv', 'INC-1.csv'],
    ['html', 'INC-1.html'],
  ]) {
    const printed = await tocsin(env, 'export', 'INC-1', '--format', format);
    if (printed !== texts[file]) throw new Error(`the command line prints another ${file} than the web`);
  }
  step('the command line prints the same bytes');
  step('tocsin verify', (await tocsin(env, 'verify', join(out, 'INC-1.facts.jsonl'))).trim());
}

function metricsLine(json) {
  const { metrics } = JSON.parse(json).incident;
  return `detected after ${metrics.time_to_detect_s} s, mitigated after ${metrics.time_to_mitigate_s} s, resolved after ${metrics.time_to_resolve_s} s`;
}

const shorten = (text) => (text.length > 90 ? `${text.slice(0, 89)}…` : text);
