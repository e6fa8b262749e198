// The demo: a local Slack, the bot, the founding incident, that hour once more for real; then it is your turn.
import { createHash } from 'node:crypto';
import { mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fetchExports } from './exports.mjs';
import { checkPage, pageOf } from './page.mjs';
import { botEnvironment, endAll, startBot, startSlack, tocsin } from './processes.mjs';
import { rehearse } from './rehearsal.mjs';
import { checkFinal, checkRehearsal } from './rehearsal-check.mjs';
import { checkReplay, replay } from './replay.mjs';
import { say, step } from './say.mjs';
import { person } from './slack.mjs';
import { startStage } from './stage.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CONFIG = join(ROOT, 'demo/tocsin.yml');

/** @param {string[]} argv `--once`: exit when all is done. @returns the exit code */
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
      /** `haproxy` or `node`; without it, HAProxy where it is installed */
      gateway: { type: 'string' },
      /** `prometheus` or `small`; without it, Prometheus where it and Alertmanager are installed */
      monitor: { type: 'string' },
    },
  });
  if (values.gateway && !['haproxy', 'node'].includes(values.gateway))
    throw new Error('--gateway is haproxy or node');
  if (values.monitor && !['prometheus', 'small'].includes(values.monitor))
    throw new Error('--monitor is prometheus or small');
  mkdirSync(values.out, { recursive: true });
  const logFile = join(values.out, 'bot.log');
  /** What must be given back at the end, and whether all was done before somebody ended it. */
  const life = { mine: false, stage: null, done: false };
  life.interrupted = onInterrupt(life);
  const died = new Promise((_, reject) => {
    life.botDied = reject;
  });
  const playing = play(values, openSync(logFile, 'w'), logFile, life);
  try {
    return await Promise.race([playing, life.interrupted, died]);
  } catch (error) {
    console.error(`\n  ✗ ${error.message}\n  The log: ${logFile}`);
    return 1;
  } finally {
    await clean(values.data, life, playing);
  }
}

/** All of it, in order. @returns the exit code */
async function play(values, log, logFile, life) {
  const scenario = JSON.parse(readFileSync(values.scenario, 'utf8'));
  say('Tocsin: the founding incident, replayed.\n');
  const slack = await startSlack(values['slack-port'], log);
  step('a local Slack', slack.url);
  const base = botEnvironment(slack, { ...values, config: CONFIG });
  claim(values.data);
  life.mine = true;
  await clear(values.data, base);
  const people = person(slack.url);
  const { users } = await people.state();
  life.stage = startStage({
    data: values.data,
    base: CONFIG,
    kind: values.gateway,
    monitor: values.monitor,
    people: ['ana', 'bo', 'chen'].map((name) => users.find((user) => user.name === name).id),
  });
  const { stack, monitor, config, alertsTo, stop } = await life.stage;
  const env = { ...base, TOCSIN_CONFIG: config };
  const bot = await startBot(env, log);
  bot.process.once('exit', (code, signal) =>
    life.botDied(new Error(`the bot has ended (${code ?? signal}) before its time`)),
  );
  step('the bot, on a PostgreSQL of its own', bot.url);
  step('the public page', pageOf(bot.url));
  const token = (await tocsin(env, 'token', 'create', '--name', 'demo', '--scope', 'read')).trim();
  const fetched = (ref, postmortem) =>
    fetchExports({ url: bot.url, token }, { ref, postmortem, out: values.out });

  await replay(scenario, people);
  const texts = await fetched('INC-1', 'postmortem.md');
  step('exports over HTTP', 'demo/out/INC-1.{md,json,csv,html,facts.jsonl}, postmortem.md');
  await checkReplay(scenario, texts, env, values.out);
  await checkPage(scenario, bot.url);
  say(`\nINC-1 is in demo/out/. Metrics: ${metricsLine(texts['INC-1.json'])}\n`);

  say('And now for real: an old and a new service, a gateway before them, clients that ask all the time.\n');
  const kind = stack.gateway.kind === 'haproxy' ? 'HAProxy' : 'a small gateway in Node';
  step(`the stage: ${kind}, two services that check keys, 40 requests a second`, stack.urls.through);
  await alertsTo(bot.url);
  step(
    monitor.kind === 'prometheus'
      ? 'Prometheus reads them every second, and the bot too; Alertmanager hands on what it finds'
      : 'Prometheus and Alertmanager are not both installed: a small loop counts, and posts what Alertmanager would',
  );
  const rehearsed = await rehearse({ slack: people, stack, monitor, botUrl: bot.url });
  const again = await fetched('INC-2', 'postmortem-2.md');
  step('exports over HTTP', 'demo/out/INC-2.{md,json,csv,html,facts.jsonl}, postmortem-2.md');
  await checkRehearsal(rehearsed, again, {
    load: stack.load,
    slack: people,
    ...{ monitor, env, out: values.out, botUrl: bot.url },
  });
  say(`\nINC-2 is in demo/out/. Metrics: ${metricsLine(again['INC-2.json'])}\n`);
  if (values.once) {
    checkFinal(rehearsed, await stop());
    return 0;
  }
  life.done = true;
  invite({ slack, channel: rehearsed.channel, env, logFile, page: pageOf(bot.url) });
  await life.interrupted;
  return 0;
}

/** What a person may type now; the addresses of this stage stand in its tocsin.yml. */
function invite({ slack, channel, env, logFile, page }) {
  say(`Now you. Open ${slack.url}/ and pick a person, for example ana in #${channel.name}.`);
  say(`What the public reads of it: ${page}`);
  say('Press what is under the pinned message, or the flash below the text box to declare an incident;');
  say(
    'Tocsin, under Apps, has what waits for you. docs/three-minutes.md is a walk. Whatever is pressed can be typed:',
  );
  say('  /incident');
  say('The stage is still up. Send its traffic back, forward again, change its key:');
  for (const line of [
    'run rollback route=tts to=old',
    'run forward route=tts to=new',
    'run key-rotate pair=tts',
  ]) {
    say(`  /incident ${line}`);
  }
  say(
    'Somebody has to click Approve; for the second and the third it must be somebody else, bo for example. Or:',
  );
  for (const line of [
    'runs',
    'note -2m the cache is warm again',
    'timeline Europe/Berlin',
    'catchup',
    'impact measure',
    'watch 1m',
    'postmortem',
    'publish',
    'open sev4 my own incident --drill',
    'help',
  ]) {
    say(`  /incident ${line}`);
  }
  say(
    'At a prompt in this folder the command line speaks of the same incidents, once it is told where they are:',
  );
  say(`  export TOCSIN_DATA=${word(env.TOCSIN_DATA)} TOCSIN_CONFIG=${word(env.TOCSIN_CONFIG)}`);
  for (const line of ['list', 'export INC-2 --format md', 'runbook plan key-sync', 'alerts report'])
    say(`  npx tocsin ${line}`);
  say(`\nThe bot's log: ${logFile}. Ctrl-C ends all of it.`);
}

/** One word for a shell, whatever is in it. */
const word = (path) => `'${path.replaceAll("'", "'\\''")}'`;

/** @returns a promise of the exit code for when we are told to end: no failure once all is done */
function onInterrupt(life) {
  return new Promise((resolve) => {
    // Not once: a second Ctrl-C must not cut off the cleaning up.
    for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143 })) {
      process.on(signal, () => resolve(life.done ? 0 : code));
    }
  }).then((code) => {
    say('\nEnding all of it …');
    return code;
  });
}

/** Ends everything and removes what is ours, wherever the play stands. */
async function clean(data, life, playing) {
  await life.stage?.then(({ stop }) => stop()).catch(() => undefined);
  await endAll();
  // It waits for something that cannot come any more, and finds out.
  await playing.catch(() => undefined);
  await life.stage?.then(({ stop }) => stop()).catch(() => undefined);
  if (!life.mine) return;
  rmSync(data, { recursive: true, force: true });
  rmSync(`${data}.pid`, { force: true });
}

/** One folder for a checkout and a user, where an unprivileged database server may enter too. */
function dataFolder() {
  const name = createHash('sha256').update(ROOT).digest('hex').slice(0, 8);
  // Asked of the process: a user without a line in the password file has a number too. Windows has none.
  return join(tmpdir(), `tocsin-demo-${process.getuid?.() ?? 0}-${name}`);
}

/** The folder is ours from here on. @throws when another demo has it */
function claim(dataDir) {
  const mine = `${dataDir}.pid`;
  const other = Number(readOr(mine, '0'));
  if (other > 0 && other !== process.pid && alive(other)) {
    throw new Error(
      `a demo is running already (process ${other}); end it first, or name another folder with --data`,
    );
  }
  writeFileSync(mine, String(process.pid));
}

/** A replay begins with INC-1, so it begins with an empty database. */
async function clear(dataDir, env) {
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

function metricsLine(json) {
  const { metrics } = JSON.parse(json).incident;
  return `detected after ${metrics.time_to_detect_s} s, mitigated after ${metrics.time_to_mitigate_s} s, resolved after ${metrics.time_to_resolve_s} s`;
}
