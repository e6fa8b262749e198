// Two webs that write to the same incidents, beside one that has them for itself.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { QUEUE_SCHEMA } from '#queue/backing.js';
import { connectionUrl } from '#store/embedded/server.js';
import { cpuMs, serverPids } from './lib/cpu.mjs';
import { ownDatabase } from './lib/database.mjs';
import { median, quantile, round, target } from './lib/figures.mjs';
import { openIncidents } from './lib/incidents.mjs';
import { startLoader } from './lib/loader.mjs';
import { botEnvironment, freePort, startBot, startSlack, workplace } from './lib/processes.mjs';
import { report } from './lib/report.mjs';

const { values } = parseArgs({
  strict: false,
  options: {
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '5' },
    people: { type: 'string', default: '16' },
    quick: { type: 'boolean' },
  },
});
const ms = values.quick ? 1500 : Number(values.seconds) * 1000;
const rounds = values.quick ? 2 : Number(values.rounds);
const concurrency = Number(values.people);

const place = workplace();
try {
  const connection = await ownDatabase(place, 'database');
  const [first, second] = [await freePort(), await freePort()];
  const slack = await startSlack(place, `http://127.0.0.1:${first}/slack/events`);
  const env = (port) => ({
    ...botEnvironment(slack, join(place.folder, `data-${port}`), port),
    DATABASE_URL: connectionUrl(connection),
    TOCSIN_SECRET: 'a secret for benches only, 32 bytes',
  });
  const one = await startBot(place, env(first));
  const two = await startBot(place, env(second), ['--role', 'web']);
  const client = new pg.Client(connection);
  await client.connect();
  place.onClose(() => client.end().catch(() => {}));
  const channels = await openIncidents(slack.url, 8);
  const load = await startLoader(place, slack);
  const common = { url: one.url, channels, concurrency, ms, expect: 'recorded' };
  const orders = {
    one: common,
    apart: { ...common, others: [two.url], apart: true },
    random: { ...common, others: [two.url] },
    doubled: { ...common, others: [two.url], doubled: true },
  };
  // The load generator is a process like the others: on two cores it takes what they cannot have.
  const busy = async () => [
    cpuMs([one.process.pid, two.process.pid]),
    cpuMs(await serverPids(client)),
    cpuMs([load.pid]),
  ];
  const seen = Object.fromEntries(Object.keys(orders).map((name) => [name, []]));
  // The first round warms everybody up and is not counted.
  for (let i = 0; i <= rounds; i++) {
    // Until the webs have forgotten that they shared incidents: those that share nothing take no turns.
    await sleep(11_000);
    for (const [name, order] of Object.entries(orders)) {
      const before = await transactions(client);
      const cpu = await busy();
      const { took, perSecond } = await load(order);
      const busyMs = (await busy()).map((ms, part) => ms - cpu[part]);
      const after = await transactions(client);
      if (i === 0) continue;
      const [webs, server, loader] = busyMs.map((ms) => round(ms / took.length, 3));
      seen[name].push({
        perSecond: round(perSecond, 0),
        p50: round(quantile(took, 0.5)),
        p99: round(quantile(took, 0.99)),
        rollbacks: round((after.rollbacks - before.rollbacks) / (after.commits - before.commits), 3),
        ...{ webs, server, loader },
        transactions: round((after.commits - before.commits) / took.length),
        wakeUps: round((after.wakeUps - before.wakeUps) / took.length, 3),
      });
    }
    console.error(
      `  round ${i} of ${rounds}: ${JSON.stringify(Object.fromEntries(Object.entries(seen).map(([name, all]) => [name, all.at(-1)?.perSecond])))}`,
    );
  }
  const of = (name, what) => median(seen[name].map((round) => round[what]));
  const ratio = (name, beside = 'one') =>
    median(seen[name].map((one, i) => one.perSecond / seen[beside][i].perSecond));
  report('shared', {
    targets: [
      target('two webs, each note to one of them ÷ one web', ratio('random'), 0.9, { least: true }),
      // What a second process costs anyway, on cores that all of them share, is in both.
      target('the same ÷ two webs that share nothing', ratio('random', 'apart'), 0.9, { least: true }),
      target('two webs, each note to both ÷ one web', ratio('doubled'), 0.5, { least: true }),
      target('rollbacks ÷ commits, each note to one of two', of('random', 'rollbacks'), 0.05, { digits: 3 }),
      target('rollbacks ÷ commits, each note to both', of('doubled', 'rollbacks'), 0.05, { digits: 3 }),
    ],
    figures: Object.fromEntries(
      Object.entries({
        perSecond: 'per second',
        p50: 'p50 ms',
        p99: 'p99 ms',
        webs: 'processor ms per note, webs',
        server: 'processor ms per note, postgres',
        loader: 'processor ms per note, load generator',
        transactions: 'transactions per note',
        wakeUps: 'wake-ups per note',
      }).map(([what, words]) => [
        words,
        Object.fromEntries(Object.keys(orders).map((name) => [name, of(name, what)])),
      ]),
    ),
    raw: seen,
  });
} finally {
  await place.close();
}

async function transactions(client) {
  // Servers report what they did about once a second.
  await sleep(1_200);
  const { rows } = await client.query(
    `select xact_commit::float8 as commits, xact_rollback::float8 as rollbacks,
       (select coalesce(sum(n_tup_ins), 0)::float8 from pg_stat_user_tables where schemaname = '${QUEUE_SCHEMA}' and relname = 'job')
         as "wakeUps"
     from pg_stat_database where datname = current_database()`,
  );
  return rows[0];
}
