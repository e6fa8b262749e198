// A worker is killed while it waits for Slack: how long until another one says what its lane has to say next, on both engines.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { connectionUrl } from '#store/embedded/server.js';
import { person } from '../demo/slack.mjs';
import { ownDatabase, startRedis } from './lib/database.mjs';
import { median, round, target } from './lib/figures.mjs';
import { openIncidents } from './lib/incidents.mjs';
import { botEnvironment, end, freePort, start, startBot, startSlack, workplace } from './lib/processes.mjs';
import { report } from './lib/report.mjs';

const { values } = parseArgs({
  strict: false,
  options: { times: { type: 'string' }, quick: { type: 'boolean' } },
});
const times = Number(values.times ?? (values.quick ? 2 : 8));

const targets = [];
const figures = {};
const raw = {};
const place = workplace();
try {
  const engines = { postgres: {} };
  if (spawnSync('which', ['redis-server']).status === 0)
    engines.redis = { REDIS_URL: await startRedis(place) };
  else console.error('  no redis-server here: PostgreSQL alone is measured');
  for (const [name, more] of Object.entries(engines)) {
    raw[name] = await measure(name, more);
    targets.push(
      target(`${name}: killed in a call → the lane's next message, longest, s`, Math.max(...raw[name]), 6),
    );
    figures[`${name}, median, longest, s`] = [median(raw[name]), Math.max(...raw[name])];
  }
  report('killed', { targets, figures, raw });
} finally {
  await place.close();
}

async function measure(name, more) {
  const connection = await ownDatabase(place, name);
  const client = new pg.Client(connection);
  await client.connect();
  place.onClose(() => client.end().catch(() => {}));
  const port = await freePort();
  const slack = await startSlack(place, `http://127.0.0.1:${port}/slack/events`);
  const env = {
    ...botEnvironment(slack, join(place.folder, `data-${name}`), port),
    ...more,
    DATABASE_URL: connectionUrl(connection),
    TOCSIN_SECRET: 'a secret for benches only, 32 bytes',
  };
  const worker = async () =>
    (await start(place, 'bin/tocsin.js', ['start', '--role', 'worker'], env)).process;
  await startBot(place, env, ['--role', 'web']);
  let workers = [await worker(), await worker()];
  const [channel] = await openIncidents(slack.url, 1);
  const control = async (path, body) =>
    (
      await fetch(`${slack.url}/control/${path}`, {
        method: body ? 'POST' : 'GET',
        headers: { 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      })
    ).json();
  const hanging = async () =>
    (await control('log?method=chat.postMessage')).calls.filter(({ fault }) => fault === 'hang').length;
  const { command } = person(slack.url);
  const note = (text) => command('ana', channel, `note ${text}`);
  const took = [];
  for (let i = 0; i < times; i++) {
    const before = await hanging();
    await control('fault', { method: 'chat.postMessage', kind: 'hang' });
    await note(`held ${i}.`);
    while ((await hanging()) === before) await sleep(10);
    // Anywhere between two of the lease's beats.
    await sleep(Math.random() * 1_000);
    await note(`next ${i}.`);
    const { rows } = await client.query(
      `select split_part(owner, ':', 2)::int as pid from lane where lane like '%/INC-1' and lease_until > now()`,
    );
    const held = workers.find(({ pid }) => pid === rows[0]?.pid);
    if (!held) throw new Error(`nobody has the lane: ${JSON.stringify(rows)}`);
    held.kill('SIGKILL');
    const since = performance.now();
    const state = async () =>
      (await control('state')).channels
        .find(({ id }) => id === channel)
        .messages.map(({ text }) => text)
        .join('\n');
    while (!(await state()).includes(`next ${i}.`)) await sleep(20);
    took.push(round((performance.now() - since) / 1_000));
    console.error(`  ${name} ${i + 1} of ${times}: ${took.at(-1)} s`);
    workers = [...workers.filter((one) => one !== held), await worker()];
  }
  for (const one of workers) await end(one);
  return took;
}
