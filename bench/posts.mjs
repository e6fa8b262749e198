// Fifty incidents, a note a second in each: far more than Slack takes. How late is a note in its channel?
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { lookupsOf } from '../dist/compose/lookups.js';
import { createHandle } from '../dist/handle.js';
import { openEngine } from '../dist/queue/engine.js';
import { LANES, startRelay } from '../dist/queue/relay.js';
import { startSandbox } from '../dist/sandbox/sandbox.js';
import { createSlackClient } from '../dist/slack/client.js';
import { migrate } from '../dist/store/migrate.js';
import { openStore } from '../dist/store/store.js';
import { startWorker } from '../dist/worker.js';
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

const place = workplace();
try {
  const database = await ownDatabase(place, 'posts');
  await migrate(database);
  const store = openStore(database, console.error);
  const manifest = parse(readFileSync('manifest.yml', 'utf8'));
  const slack = await startSandbox({ manifest, settings: { rateLimits: false } });
  const control = (path, body) =>
    fetch(`${slack.url}/control/${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    }).then((response) => response.json());
  const engine = await openEngine({ database, log });
  const relay = startRelay({
    queue: engine.queue(LANES),
    dueLanes: (limit) => store.outbox.dueLanes(limit),
    log,
  });
  const handle = createHandle({
    store: lookupsOf(store),
    onCommitted: (lanes) => relay.nudge(lanes),
    onError: console.error,
  });
  const now = () => new Date();
  const world = {
    slack: createSlackClient({ token: slack.botToken, apiUrl: slack.apiUrl, log }),
    outbox: store.outbox,
    incidents: store,
    tell: handle,
    people: lookupsOf(store),
    exports: { render: async () => [], link: () => null },
    org: { announce: null, invite: { people: [], groups: [] } },
    now,
    log,
  };
  const worker = startWorker({ engine, relay, world });
  let keys = 0;
  const says = (intent, incident) =>
    handle(intent, incident, {
      team: 'T1',
      by: { id: 'U0ANA00001', name: 'ana' },
      source: 'api',
      key: `bench:${++keys}`,
      now: now(),
      seesPrivate: true,
    });
  const open = { severity: null, components: [], private: false, drill: false, moment: null };
  for (let i = 1; i <= INCIDENTS; i++)
    await says({ type: 'OpenIncident', title: `Load ${i}`, ...open }, null);
  while ((await store.outbox.stats()).open > 0) await sleep(200);
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
  while ((await store.outbox.stats()).open > 0) await sleep(200);

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
  const p90 = quantile(late, 0.9);
  report('posts', {
    targets: [
      target(`notes said late, p90 ÷ one round of ${ROUND_S} s`, p90 / ROUND_S, 15 / ROUND_S),
      target('notes said ÷ notes recorded', late.length / noted.size, 1, { least: true }),
    ],
    figures: {
      'late, p50, p90, longest, s': [quantile(late, 0.5), p90, Math.max(...late)].map((one) => round(one)),
      'longest silence of a channel, s': round(Math.max(...silences)),
      'posts, refused as too many': [calls.length, calls.filter(({ status }) => status === 429).length],
    },
    raw: { late, silences },
  });
  await Promise.all([relay.stop(), worker.stop()]);
  await engine.close();
  await slack.stop();
  await store.close();
} finally {
  await place.close();
}
