// Alerts: how long a webhook waits for its answer, what a storm of them makes, and how soon people are in the channel.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { stringify } from 'yaml';
import { person } from '../demo/slack.mjs';
import { botDatabase, ownDatabase } from './lib/database.mjs';
import { median, quantile, round, target } from './lib/figures.mjs';
import { botEnvironment, freePort, start, startBot, startSlack, workplace } from './lib/processes.mjs';
import { report } from './lib/report.mjs';

const { values } = parseArgs({
  strict: false,
  options: {
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string' },
    alerts: { type: 'string' },
    quick: { type: 'boolean' },
  },
});
const ms = values.quick ? 1_000 : Number(values.seconds) * 1_000;
const rounds = Number(values.rounds ?? (values.quick ? 2 : 5));
const alerts = Number(values.alerts ?? (values.quick ? 1_000 : 5_000));
const STORM_MS = values.quick ? 2_000 : 10_000;
const GROUPS = 8;
/** In one webhook: what Alertmanager groups in a second of a storm. */
const TOGETHER = 5;
const LATENCY_MS = 200;
const SECRET = 'a-secret-of-the-bench';
/** Alerts of the load so far: none is like another. */
let sent = 0;

const place = workplace();
try {
  const port = await freePort();
  const slack = await startSlack(place, `http://127.0.0.1:${port}/slack/events`);
  const people = person(slack.url);
  const ana = (await people.state()).users.find((one) => one.name === 'ana').id;
  const config = join(place.folder, 'tocsin.yml');
  writeFileSync(config, stringify(settings(ana)), { mode: 0o600 });
  const env = {
    ...botEnvironment(slack, join(place.folder, 'data'), port),
    TOCSIN_CONFIG: config,
    BENCH_ALERTS: SECRET,
  };
  const bot = await startBot(place, env);
  const bare = (
    await start(place, 'bench/lib/bare-hook.mjs', [JSON.stringify(await ownDatabase(place, 'bare'))])
  ).line;
  const { client } = await botDatabase(place);

  // One alert that repeats is the least that a webhook can bring; each body here holds one that nobody knows yet.
  const took = { bot: { alone: [], busy: [] }, bare: { alone: [], busy: [] } };
  const ratios = { p50: [], p99: [] };
  for (let i = 0; i <= rounds; i++) {
    const seen = {};
    for (const [name, url] of Object.entries({ bare, bot: bot.url })) {
      const alone = await load(url, 1, ms / 2);
      const busy = await load(url, 8, ms);
      seen[name] = { p50: quantile(alone, 0.5), p99: quantile(alone, 0.99) };
      if (i > 0) took[name].alone.push(seen[name]);
      if (i > 0) took[name].busy.push({ p50: quantile(busy, 0.5), p99: quantile(busy, 0.99) });
    }
    if (i === 0) continue;
    for (const q of ['p50', 'p99']) ratios[q].push(seen.bot[q] / seen.bare[q]);
    console.error(`  round ${i} of ${rounds}: ${JSON.stringify(seen)}`);
  }

  const storm = await stormOf(bot.url, slack.url, client);
  console.error(`  the storm: ${JSON.stringify(storm)}`);
  const reached = await untilPeople(bot.url, slack.url, ana);
  const of = (name, how, q) => round(median(took[name][how].map((one) => one[q])));
  report('alerts', {
    targets: [
      target('webhook to 2xx ÷ a handler that inserts a row, alone, p50', median(ratios.p50), 3),
      target('the same, p99', median(ratios.p99), 3),
      target(`incidents of ${alerts} alerts under ${GROUPS} keys`, storm.incidents, GROUPS),
      target('alerts that are on no timeline, or on one twice', Math.abs(alerts - storm.entries), 0),
      target('calls to Slack for each incident of the storm', storm.calls / storm.incidents, 30),
      target('s from the last webhook to the last alert on the timeline', storm.lastS, 10),
      target('ms from an alert to people in the channel, median', median(reached), 5 * LATENCY_MS + 500),
    ],
    figures: {
      'webhook to 2xx, alone, ms': { p50: of('bot', 'alone', 'p50'), p99: of('bot', 'alone', 'p99') },
      'webhook to 2xx, 8 at a time, ms': { p50: of('bot', 'busy', 'p50'), p99: of('bot', 'busy', 'p99') },
      'bare handler, alone, ms': { p50: of('bare', 'alone', 'p50'), p99: of('bare', 'alone', 'p99') },
      'bare handler, 8 at a time, ms': { p50: of('bare', 'busy', 'p50'), p99: of('bare', 'busy', 'p99') },
      storm,
      'ms for each call to Slack, while people were waited for': LATENCY_MS,
    },
    raw: { took, ratios, reached },
  });
} finally {
  await place.close();
}

function settings(ana) {
  return {
    secrets: { bench: 'env:BENCH_ALERTS' },
    alerts: {
      // As much as may be written there: a source of the usual 1,200 is told to wait before it is loaded at all.
      sources: { prometheus: { type: 'alertmanager', secrets: ['secret:bench'], per_minute: 100_000 } },
      rules: [
        { name: 'load', match: { labels: { alertname: 'Load' } }, ignore: true },
        {
          name: 'storm',
          match: { labels: { alertname: 'Storm' } },
          group_by: ['service'],
          open: { title: 'Storm at {{ labels.service }}', severity: 'sev3' },
        },
        {
          name: 'people',
          match: { labels: { alertname: 'People' } },
          group_by: ['service'],
          open: { title: 'People for {{ labels.service }}', severity: 'sev3', people: [ana] },
        },
      ],
    },
  };
}

/** A webhook of Alertmanager's. @param ids labels that tell its alerts apart */
function webhook(alertname, service, ids) {
  const since = new Date().toISOString();
  const common = { alertname, service };
  return JSON.stringify({
    version: '4',
    groupKey: `{}:{alertname="${alertname}", service="${service}"}`,
    truncatedAlerts: 0,
    status: 'firing',
    receiver: 'tocsin',
    groupLabels: common,
    commonLabels: common,
    commonAnnotations: {},
    externalURL: 'http://alertmanager.example',
    alerts: ids.map((id) => ({
      status: 'firing',
      labels: { ...common, instance: `host-${id}` },
      annotations: { summary: `${alertname} at host-${id}` },
      startsAt: since,
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL: 'http://prometheus.example/graph',
      fingerprint: `${service}-${id}`,
    })),
  });
}

async function post(pool, body) {
  const answer = await pool.request({
    path: '/hooks/prometheus',
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${SECRET}` },
    body,
  });
  const said = await answer.body.text();
  if (answer.statusCode >= 300) throw new Error(`${answer.statusCode} ${said}`);
}

/** @returns how long each took, in ms */
async function load(url, concurrency, forMs) {
  const pool = new Pool(url, { connections: concurrency, pipelining: 1 });
  const all = [];
  const until = performance.now() + forMs;
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (performance.now() < until) {
        const body = webhook('Load', 'load', [sent++]);
        const at = performance.now();
        await post(pool, body);
        all.push(performance.now() - at);
      }
    }),
  );
  await pool.close();
  return all;
}

/** Sends them evenly. @returns what has become of them */
async function stormOf(url, slackUrl, client) {
  const pool = new Pool(url, { connections: 16, pipelining: 1 });
  const calls = async () =>
    (await (await fetch(new URL('/control/log', slackUrl))).json()).calls.filter(
      ({ method }) => method !== 'auth.test',
    ).length;
  const before = await calls();
  const posts = alerts / TOGETHER;
  const began = performance.now();
  const flying = [];
  for (let i = 0; i < posts; i++) {
    const wait = began + (i * STORM_MS) / posts - performance.now();
    if (wait > 0) await sleep(wait);
    const ids = Array.from({ length: TOGETHER }, (_, k) => i * TOGETHER + k);
    flying.push(post(pool, webhook('Storm', `service-${i % GROUPS}`, ids)));
  }
  await Promise.all(flying);
  const over = performance.now();
  const count = async () => {
    const { rows } = await client.query(
      `select count(*)::int as entries, count(distinct incident)::int as incidents from entry where kind = 'alert'`,
    );
    return rows[0];
  };
  for (;;) {
    const { entries, incidents } = await count();
    if (entries >= alerts) {
      const lastS = (performance.now() - over) / 1_000;
      // What is still owed to Slack is counted too.
      for (;;) {
        const { rows } = await client.query(
          'select 1 from outbox where done_at is null and dead_at is null limit 1',
        );
        if (rows.length === 0) break;
        await sleep(100);
      }
      await pool.close();
      const slackS = round((performance.now() - over) / 1_000);
      return { incidents, entries, lastS: round(lastS), slackS, calls: (await calls()) - before };
    }
    if (performance.now() - over > 300_000) throw new Error(`${entries} of ${alerts} after five minutes`);
    await sleep(50);
  }
}

/** @returns how long each took, in ms, from the alert to its people in the channel */
async function untilPeople(url, slackUrl, user) {
  await fetch(new URL('/control/latency', slackUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ms: LATENCY_MS }),
  });
  const pool = new Pool(url);
  const all = [];
  for (let i = 0; i < rounds; i++) {
    const at = Date.now();
    await post(pool, webhook('People', `people-${i}`, ['one']));
    all.push((await invitation(slackUrl, user, at)) - at);
    // Slack makes twenty channels a minute for a bot.
    await sleep(3_200);
  }
  await pool.close();
  return all;
}

/** @returns when Slack finished inviting this person, by its own log */
async function invitation(slackUrl, user, since) {
  for (let tries = 0; tries < 1_500; tries++) {
    const answer = await fetch(new URL('/control/log?method=conversations.invite', slackUrl));
    const { calls } = await answer.json();
    const call = calls.find(
      (one) => one.started_at >= since && String(one.args.users).includes(user) && one.answer.ok,
    );
    if (call) return call.ended_at;
    await sleep(20);
  }
  throw new Error('nobody was invited within thirty seconds');
}
