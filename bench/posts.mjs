// Fifty incidents, a note a second in each: far more than Slack takes. How late is a note in its channel, with one worker
// and with two that share the workspace?
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { lookupsOf } from '#compose/core.js';
import { createHandle } from '#handle/handle.js';
import { openEngine } from '#queue/engine.js';
import { startRelay } from '#queue/relay.js';
import { startSandbox } from '#sandbox/sandbox.js';
import { createSlackClient } from '#slack/transport/client.js';
import { migrate } from '#store/migrate.js';
import { openStore } from '#store/store.js';
import { startWorker } from '#worker/worker.js';
import { ownDatabase } from './lib/database.mjs';
import { quantile, round, target } from './lib/figures.mjs';
import { workplace } from './lib/processes.mjs';
import { report } from './lib/report.mjs';

const { values } = parseArgs({
  strict: false,
  options: { seconds: { type: 'string' }, incidents: { type: 'string' }, quick: { type: 'boolean' } },
});
const INCIDENTS = Number(values.incidents ?? 50);
const SECONDS = Number(values.seconds ?? (values.quick ? 30 : 120));
// What the local Slack allows a workspace, and so one round through all channels at the best.
const POSTS_PER_MINUTE = 300;
const ROUND_S = (INCIDENTS * 60) / POSTS_PER_MINUTE;
const log = { debug() {}, info() {}, warn() {}, error: console.error };

const targets = [];
const figures = {};
const raw = {};
const place = workplace();
try {
  for (const workers of [1, 2]) {
    const { late, silences, calls, noted } = await measure(workers);
    const name = workers === 1 ? 'one worker' : 'two workers';
    const p90 = quantile(late, 0.9);
    targets.push(
      target(`${name}: notes said late, p90 ÷ one round of ${ROUND_S} s`, p90 / ROUND_S, 15 / ROUND_S),
      target(`${name}: notes said ÷ notes recorded`, late.length / noted, 1, { least: true }),
    );
    figures[`${name}: late, p50, p90, longest, s`] = [quantile(late, 0.5), p90, Math.max(...late)].map(
      (one) => round(one),
    );
    figures[`${name}: longest silence of a channel, s`] = round(Math.max(...silences));
    figures[`${name}: posts, refused as too many`] = [
      calls.length,
      calls.filter(({ status }) => status === 429).length,
    ];
    raw[name] = { late, silences };
  }
  report('posts', { targets, figures, raw });
} finally {
  await place.close();
}

/** A process as far as the database, the queue and Slack can tell: connections, memory and worker of its own. */
async function startProcess(database, slack) {
  const store = openStore(database, console.error);
  const engine = await openEngine({ database, log });
  const relay = startRelay({
    engine,
    dueLanes: (limit) => store.outbox.dueLanes(limit),
    log,
  });
  const handle = createHandle({
    store: lookupsOf(store),
    relay: { nudge: (lanes) => relay.nudge(lanes) },
    onError: console.error,
  });
  const world = {
    slack: createSlackClient({ token: slack.botToken, apiUrl: slack.apiUrl, log }),
    outbox: store.outbox,
    incidents: store.incidents,
    tell: handle,
    people: lookupsOf(store),
    exports: { render: async () => [], link: () => null },
    org: { command: '/incident', announce: null, invite: { people: [], groups: [] } },
    now: () => new Date(),
    log,
  };
  const worker = startWorker({ engine, relay, world });
  return {
    handle,
    owed: async () => (await store.outbox.stats()).open,
    async stop() {
      await Promise.all([relay.stop(), worker.stop()]);
      await engine.close();
      await store.close();
    },
  };
}

async function measure(workers) {
  const database = await ownDatabase(place, `posts-${workers}`);
  await migrate(database);
  const manifest = parse(readFileSync('manifest.yml', 'utf8'));
  const slack = await startSandbox({ manifest, settings: { rateLimits: false } });
  const control = (path, body) =>
    fetch(`${slack.url}/control/${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    }).then((response) => response.json());
  const processes = [];
  for (let i = 0; i < workers; i++) processes.push(await startProcess(database, slack));
  const [{ handle, owed }] = processes;
  let keys = 0;
  const says = (intent, incident) =>
    handle(intent, incident, {
      team: 'T1',
      by: { id: 'U0ANA00001', name: 'ana' },
      source: 'api',
      key: `bench:${++keys}`,
      now: new Date(),
      seesPrivate: true,
    });
  const open = { severity: null, components: [], private: false, drill: false, moment: null };
  for (let i = 1; i <= INCIDENTS; i++)
    await says({ type: 'OpenIncident', title: `Load ${i}`, ...open }, null);
  while ((await owed()) > 0) await sleep(200);
  await control('settings', { rate_limits: true });

  const noted = new Map();
  for (let second = 0; second < SECONDS; second++) {
    const next = performance.now() + 1_000;
    await Promise.all(
      Array.from({ length: INCIDENTS }, async (_, i) => {
        const name = `note ${i + 1}.${second}.`;
        await says({ type: 'RecordNote', moment: null, text: name }, i + 1);
        noted.set(name, Date.now());
      }),
    );
    await sleep(Math.max(0, next - performance.now()));
  }
  while ((await owed()) > 0) await sleep(200);

  const late = [];
  const silences = [];
  for (const { messages } of (await control('state')).channels) {
    const said = messages.filter(({ text }) => /note \d+\.\d+\./.test(text));
    said.forEach(({ ts, text }, i) => {
      if (i > 0) silences.push(Number(ts) - Number(said[i - 1].ts));
      for (const [name] of text.matchAll(/note \d+\.\d+\./g)) late.push(Number(ts) - noted.get(name) / 1000);
    });
  }
  const { calls } = await control('log?method=chat.postMessage');
  for (const one of processes) await one.stop();
  await slack.stop();
  return { late, silences, calls, noted: noted.size };
}
