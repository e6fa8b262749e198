// `/incident note` over HTTP beside two bare Bolt apps: one that only answers, one that inserts a row first.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { cpuMs, serverPids } from './lib/cpu.mjs';
import { botDatabase, ownDatabase } from './lib/database.mjs';
import { median, quantile, round, target } from './lib/figures.mjs';
import { openIncidents } from './lib/incidents.mjs';
import { startLoader } from './lib/loader.mjs';
import { start, startPair, workplace } from './lib/processes.mjs';
import { report } from './lib/report.mjs';

const { values } = parseArgs({
  strict: false,
  options: {
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '5' },
    quick: { type: 'boolean' },
  },
});
const ms = values.quick ? 1000 : Number(values.seconds) * 1000;
const rounds = values.quick ? 2 : Number(values.rounds);

const place = workplace();
try {
  const { slack, bot } = await startPair(place);
  const secrets = { signingSecret: slack.signingSecret, botToken: slack.botToken };
  const bare = async (more) => {
    const app = await start(place, 'bench/lib/bare-app.mjs', [JSON.stringify({ ...secrets, ...more })]);
    return { url: app.line, pids: [app.process.pid] };
  };
  const ack = await bare({});
  const insert = await bare({ database: await ownDatabase(place, 'bare') });
  const { client } = await botDatabase(place);
  await client.query('create table raw_note (id bigserial primary key, text text)');
  const channels = await openIncidents(slack.url, 8);
  const load = await startLoader(place, slack);
  const expect = 'recorded';
  const orders = {
    ack: { url: ack.url, channels: channels.slice(0, 1) },
    insert: { url: insert.url, channels: channels.slice(0, 1) },
    bot: { url: bot.url, channels: channels.slice(0, 1) },
    spread: { url: bot.url, channels },
  };
  const processes = { ack: ack.pids, insert: insert.pids, bot: [bot.process.pid], spread: [bot.process.pid] };

  const busy = Object.fromEntries(Object.keys(orders).map((name) => [name, []]));
  const calm = { ack: [], insert: [], bot: [], raw: [], rawTight: [] };
  // The first round warms everybody up and is not counted.
  for (let i = 0; i <= rounds; i++) {
    for (const [name, order] of Object.entries(orders)) {
      const server = await serverPids(client);
      const before = [cpuMs(processes[name]), cpuMs(server)];
      const { took, perSecond, p50, p99 } = await load({ ...order, concurrency: 8, ms, expect });
      const nodeMs = (cpuMs(processes[name]) - before[0]) / took.length;
      const serverMs = (cpuMs(server) - before[1]) / took.length;
      if (i > 0) {
        const figures = {
          perSecond: round(perSecond, 0),
          p50: round(p50),
          p99: round(p99),
          nodeMs: round(nodeMs, 3),
          serverMs: round(serverMs, 3),
        };
        busy[name].push(figures);
      }
    }
    for (const name of ['ack', 'insert', 'bot']) {
      const { took } = await load({ ...orders[name], concurrency: 1, ms: ms / 2, expect });
      if (i > 0) calm[name].push(quantile(took, 0.5));
    }
    const raw = await rawCommits(client, ms / 4, 1);
    const rawTight = await rawCommits(client, ms / 4, 0);
    if (i > 0) calm.raw.push(quantile(raw, 0.5));
    if (i > 0) calm.rawTight.push(quantile(rawTight, 0.5));
    console.error(
      `  round ${i} of ${rounds}: ${JSON.stringify(Object.fromEntries(Object.entries(busy).map(([name, all]) => [name, all.at(-1)?.perSecond])))}`,
    );
  }

  const rate = Object.fromEntries(
    Object.entries(busy).map(([name, all]) => [name, median(all.map((one) => one.perSecond))]),
  );
  const p50 = Object.fromEntries(Object.entries(calm).map(([name, all]) => [name, median(all)]));
  // What stands beside each other in one round is compared; how busy the machine was differs from round to round.
  const ratio = (name, other) => median(busy[name].map((one, i) => one.perSecond / busy[other][i].perSecond));
  report('notes', {
    targets: [
      target('notes/s ÷ bare ack/s, concurrency 8', ratio('bot', 'ack'), 0.4, { least: true }),
      target('notes/s ÷ bare insert/s, concurrency 8', ratio('bot', 'insert'), 0.6, { least: true }),
      target('the same over 8 incidents ÷ bare ack/s', ratio('spread', 'ack'), 0.4, { least: true }),
      target('the same over 8 incidents ÷ bare insert/s', ratio('spread', 'insert'), 0.6, { least: true }),
      target('p50 ms alone, limit: bare ack + 3 raw commits, 1 ms apart', p50.bot, p50.ack + 3 * p50.raw),
      target(
        'p50 ms alone, limit: bare ack + 3 raw commits in a tight loop',
        p50.bot,
        p50.ack + 3 * p50.rawTight,
      ),
    ],
    figures: {
      'per second at concurrency 8': rate,
      // `serverMs` is the bot's PostgreSQL alone.
      'processor ms per request': Object.fromEntries(
        Object.entries(busy).map(([name, all]) => [
          name,
          { node: median(all.map((one) => one.nodeMs)), postgres: median(all.map((one) => one.serverMs)) },
        ]),
      ),
      'p50 ms at concurrency 1': Object.fromEntries(
        Object.entries(p50).map(([name, value]) => [name, round(value, 3)]),
      ),
    },
    raw: { busy, calm },
  });
} finally {
  await place.close();
}

/**
 * @param restMs between two of them; a millisecond is about the rhythm of single notes. Without it processor and server
 *   stay awake and warm, and one takes a fraction of what it takes in life.
 */
async function rawCommits(client, forMs, restMs) {
  const took = [];
  for (const until = performance.now() + forMs; performance.now() < until; ) {
    if (restMs > 0) await sleep(restMs);
    const at = performance.now();
    await client.query({
      name: 'raw',
      text: 'insert into raw_note (text) values ($1)',
      values: ['a note of the usual length, more or less'],
    });
    took.push(performance.now() - at);
  }
  return took;
}
