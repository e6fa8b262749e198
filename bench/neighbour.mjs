// From a note's receipt to its place in the channel, with one Redis for oneself and beside another installation on it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { request } from 'undici';
import { connectionUrl } from '#store/embedded/server.js';
import { ownDatabase } from './lib/database.mjs';
import { median, quantile, round, target } from './lib/figures.mjs';
import { openIncidents } from './lib/incidents.mjs';
import { botEnvironment, end, freePort, startBot, startSlack, workplace } from './lib/processes.mjs';
import { report } from './lib/report.mjs';
import { slackRequest } from './lib/slack-request.mjs';

const { values } = parseArgs({
  strict: false,
  options: {
    rounds: { type: 'string', default: '5' },
    notes: { type: 'string', default: '40' },
    quick: { type: 'boolean' },
  },
});
const rounds = values.quick ? 2 : Number(values.rounds);
const notes = values.quick ? 20 : Number(values.notes);
/** Slack takes one post a second from a channel, and a few hundred a minute from all: so few wait for no limit. */
const CHANNELS = 12;
const EVERY_MS = 400;

const place = workplace();
try {
  const redisUrl = await startRedis(place);
  const here = await installation('here', redisUrl);
  const there = await installation('there', redisUrl);
  const seen = { alone: [], beside: [] };
  // The first round warms everybody up and is not counted.
  for (let i = 0; i <= rounds; i++) {
    const alone = await here.measure();
    await there.start();
    const [beside] = await Promise.all([here.measure(), there.measure()]);
    await there.stop();
    if (i === 0) continue;
    seen.alone.push({ p50: round(quantile(alone, 0.5)), p90: round(quantile(alone, 0.9)) });
    seen.beside.push({ p50: round(quantile(beside, 0.5)), p90: round(quantile(beside, 0.9)) });
    console.error(`  round ${i} of ${rounds}: ${JSON.stringify([seen.alone.at(-1), seen.beside.at(-1)])}`);
  }
  const of = (name, what) => median(seen[name].map((one) => one[what]));
  report('neighbour', {
    targets: [
      target('receipt → channel, p90, beside another ÷ alone', of('beside', 'p90') / of('alone', 'p90'), 1.5),
    ],
    figures: {
      'alone, ms': { p50: of('alone', 'p50'), p90: of('alone', 'p90') },
      'beside another, ms': { p50: of('beside', 'p50'), p90: of('beside', 'p90') },
    },
    raw: seen,
  });
} finally {
  await place.close();
}

async function installation(name, redisUrl) {
  const database = await ownDatabase(place, name);
  const port = await freePort();
  const slack = await startSlack(place, `http://127.0.0.1:${port}/slack/events`);
  const given = { signingSecret: slack.signingSecret, teamId: slack.teamId, slackUrl: slack.url };
  const env = {
    ...botEnvironment(slack, join(place.folder, `data-${name}`), port),
    DATABASE_URL: connectionUrl(database),
    REDIS_URL: redisUrl,
    TOCSIN_SECRET: 'a secret for benches only, 32 bytes',
  };
  let bot = await startBot(place, env);
  const channels = await openIncidents(slack.url, CHANNELS);
  if (name === 'there') await end(bot.process);
  let count = 0;
  return {
    async start() {
      bot = await startBot(place, env);
    },
    stop: () => end(bot.process),
    /** @returns ms of each note */
    async measure() {
      const took = [];
      const waiting = [];
      for (let n = 0; n < notes; n++) {
        const channel = channels[count % CHANNELS];
        const text = `note number ${count++} of ${name} ends here`;
        const answer = await request(`${bot.url}/slack/events`, {
          method: 'POST',
          ...slackRequest(given, { channel, text }),
        });
        const said = await answer.body.text();
        if (!said.includes('recorded')) throw new Error(`an unexpected answer: ${said}`);
        const at = performance.now();
        waiting.push(
          shown(slack.url, channel, text.slice('note '.length)).then(() => took.push(performance.now() - at)),
        );
        await sleep(EVERY_MS);
      }
      await Promise.all(waiting);
      return took;
    },
  };
}

async function shown(slackUrl, channel, text) {
  for (;;) {
    const state = await (await request(`${slackUrl}/control/state?channel=${channel}&limit=3`)).body.text();
    if (state.includes(text)) return;
    await sleep(5);
  }
}

async function startRedis({ folder, log, onClose }) {
  const port = await freePort();
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    folder,
  ];
  const redis = spawn('redis-server', args, { stdio: ['ignore', 'pipe', log] });
  onClose(async () => {
    redis.kill('SIGTERM');
    await once(redis, 'close');
  });
  await new Promise((resolve) =>
    redis.stdout.on('data', (said) => String(said).includes('Ready to accept connections') && resolve()),
  );
  return `redis://127.0.0.1:${port}`;
}
