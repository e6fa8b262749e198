// Two webs behind HAProxy as docs/operating.md has it, restarted one after the other while people type.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { Pool } from 'undici';
import { connectionUrl } from '#store/embedded/server.js';
import { ownDatabase } from './lib/database.mjs';
import { quantile, round, target } from './lib/figures.mjs';
import { openIncidents } from './lib/incidents.mjs';
import { botEnvironment, freePort, startBot, startSlack, workplace } from './lib/processes.mjs';
import { report } from './lib/report.mjs';
import { slackRequest } from './lib/slack-request.mjs';

const { values } = parseArgs({
  strict: false,
  options: {
    restarts: { type: 'string', default: '20' },
    people: { type: 'string', default: '16' },
    quick: { type: 'boolean' },
  },
});
const restarts = values.quick ? 2 : Number(values.restarts);
const people = Number(values.people);
/** Between two lines of one person. */
const REST_MS = 100;

if (spawnSync('haproxy', ['-v']).status !== 0) throw new Error('this bench needs haproxy');
const place = workplace();
try {
  const database = await ownDatabase(place, 'database');
  const front = await freePort();
  const slack = await startSlack(place, `http://127.0.0.1:${front}/slack/events`);
  const ports = [await freePort(), await freePort()];
  const env = (port) => ({
    ...botEnvironment(slack, join(place.folder, `data-${port}`), port),
    DATABASE_URL: connectionUrl(database),
    TOCSIN_SECRET: 'a secret for benches only, 32 bytes',
  });
  const webs = [];
  for (const port of ports) webs.push(await startBot(place, env(port)));
  const up = await startHaproxy(front, ports);
  await up();
  const channels = await openIncidents(slack.url, 4);
  const load = startLoad(`http://127.0.0.1:${front}`, channels, slack);
  for (let n = 0; n < restarts; n++) {
    await sleep(2_000);
    const i = n % 2;
    const gone = once(webs[i].process, 'exit');
    webs[i].process.kill('SIGTERM');
    const [code] = await gone;
    if (code !== 0) throw new Error(`a web ended with ${code}: ${place.folder}/log`);
    webs[i] = await startBot(place, env(ports[i]));
    await up();
    console.error(`  restart ${n + 1} of ${restarts}: ${JSON.stringify(load.counts())}`);
  }
  await sleep(2_000);
  await load.stop();
  const client = new pg.Client(database);
  await client.connect();
  const { rows } = await client.query("select text from entry where kind = 'note'");
  await client.end();
  const recorded = new Set(rows.map(({ text }) => text));
  const { receipts, requests, resets, bare, others, took } = load.counts(true);
  report('restart', {
    targets: [
      target(`connections cut in ${restarts} restarts`, resets, 0),
      target('answers of the balancer’s own', bare, 0),
      target('answers that were no receipt', others, 0),
      target(
        'recorded without a receipt that arrived',
        [...recorded].filter((text) => !receipts.has(text)).length,
        0,
      ),
      target(
        'receipts for what is not recorded',
        [...receipts].filter((text) => !recorded.has(text)).length,
        0,
      ),
    ],
    figures: {
      requests,
      restarts,
      'answers, ms': {
        p50: round(quantile(took, 0.5)),
        p99: round(quantile(took, 0.99)),
        longest: round(Math.max(...took)),
      },
    },
  });
} finally {
  await place.close();
}

/** @returns waits until it sends requests to all */
async function startHaproxy(port, webs) {
  const docs = readFileSync(fileURLToPath(new URL('../docs/operating.md', import.meta.url)), 'utf8');
  const backend = /```haproxy\n([\s\S]*?)```/.exec(docs)[1].replace(/^ {2}server .*\n/gm, '');
  const socket = join(place.folder, 'haproxy.sock');
  const config = join(place.folder, 'haproxy.cfg');
  const lines = [
    'global',
    `  stats socket ${socket} mode 600 level admin`,
    'defaults',
    '  mode http',
    '  timeout connect 5s',
    '  timeout client 60s',
    '  timeout server 60s',
    'frontend people',
    `  bind 127.0.0.1:${port}`,
    '  default_backend tocsin',
    `${backend.trimEnd()}`,
    ...webs.map((to, i) => `  server web-${i + 1} 127.0.0.1:${to}`),
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  const haproxy = spawn('haproxy', ['-db', '-q', '-f', config], { stdio: ['ignore', 'ignore', place.log] });
  place.onClose(async () => {
    haproxy.kill('SIGTERM');
    await once(haproxy, 'exit');
  });
  const stat = () =>
    new Promise((resolve) => {
      let said = '';
      const connection = connect(socket, () => connection.write('show stat\n'));
      connection.on('data', (chunk) => {
        said += chunk;
      });
      connection.on('error', () => resolve(''));
      connection.on('close', () => resolve(said));
    });
  return async () => {
    while (((await stat()).match(/^tocsin,web-\d,.*?,UP,/gm) ?? []).length < webs.length) await sleep(50);
  };
}

/** People who type one line after the other, over connections that are kept. */
function startLoad(url, channels, slack) {
  const given = { signingSecret: slack.signingSecret, teamId: slack.teamId, slackUrl: slack.url };
  const pool = new Pool(url, { connections: people, pipelining: 1 });
  const receipts = new Set();
  const took = [];
  const seen = { requests: 0, resets: 0, bare: 0, others: 0 };
  let stopped = false;
  const one = async (who) => {
    for (let n = 0; !stopped; n++) {
      const text = `person ${who} says line ${n}`;
      const { headers, body } = slackRequest(given, {
        channel: channels[n % channels.length],
        text: `note ${text}`,
      });
      const at = performance.now();
      seen.requests++;
      try {
        const answer = await pool.request({ path: '/slack/events', method: 'POST', headers, body });
        const said = await answer.body.text();
        took.push(performance.now() - at);
        if (said.includes('recorded')) receipts.add(text);
        else if (answer.statusCode >= 500 && said.startsWith('<html>')) seen.bare++;
        else {
          seen.others++;
          console.error(`  ${answer.statusCode} ${said}`);
        }
      } catch (error) {
        seen.resets++;
        console.error(`  ${error.code ?? ''} ${error.message}`);
      }
      await sleep(REST_MS);
    }
  };
  const all = Array.from({ length: people }, (_, who) => one(who));
  return {
    counts: (whole) => ({ ...seen, ...(whole ? { receipts, took } : { receipts: receipts.size }) }),
    async stop() {
      stopped = true;
      await Promise.all(all);
      await pool.close();
    },
  };
}
