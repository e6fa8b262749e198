// From the commit to the start of its delivery, beside BullMQ alone from `add` to the start of the job, on both engines.
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { lookupsOf } from '#compose/core.js';
import { Gate } from '#deliver/attempt.js';
import { drainLane } from '#deliver/lane.js';
import { createHandle } from '#handle/handle.js';
import { openEngine } from '#queue/engine.js';
import { LANES, startRelay } from '#queue/relay.js';
import { migrate } from '#store/migrate.js';
import { openStore } from '#store/store.js';
import { ownDatabase, startRedis } from './lib/database.mjs';
import { quantile, round, target } from './lib/figures.mjs';
import { workplace } from './lib/processes.mjs';
import { report } from './lib/report.mjs';

const { values } = parseArgs({
  strict: false,
  options: { samples: { type: 'string' }, quick: { type: 'boolean' } },
});
const samples = Number(values.samples ?? (values.quick ? 100 : 500));
// Wake-ups of one lane keep a distance; a storm is not what is measured here.
const INCIDENTS = 10;
const REST_MS = 15;
const WARM_UP = 50;
const log = { info() {}, warn: console.error, error: console.error };

const targets = [];
const figures = {};
const raw = {};
const place = workplace();
try {
  const engines = { postgres: {} };
  if (spawnSync('which', ['redis-server']).status === 0)
    engines.redis = { redisUrl: await startRedis(place) };
  else console.error('  no redis-server here: PostgreSQL alone is measured');
  for (const [name, options] of Object.entries(engines)) {
    const took = await measure(await ownDatabase(place, name), options);
    const p50 = { lane: quantile(took.lane, 0.5), bullmq: quantile(took.bullmq, 0.5) };
    targets.push(target(`${name}: committed → delivery ÷ BullMQ add → start, p50`, p50.lane / p50.bullmq, 4));
    figures[`${name}, p50 ms`] = { lane: round(p50.lane, 3), bullmq: round(p50.bullmq, 3) };
    figures[`${name}, p99 ms`] = {
      lane: round(quantile(took.lane, 0.99), 3),
      bullmq: round(quantile(took.bullmq, 0.99), 3),
    };
    raw[name] = took;
  }
  report('wakeup', { targets, figures, raw });
} finally {
  await place.close();
}

async function measure(database, { redisUrl }) {
  await migrate(database);
  const store = openStore(database, console.error);
  const engine = await openEngine({ redisUrl, database, log });
  const relay = startRelay({
    engine,
    dueLanes: (limit) => store.outbox.dueLanes(limit),
    log,
  });
  let committed = 0;
  const handle = createHandle({
    store: lookupsOf(store),
    relay: {
      nudge(lanes) {
        committed = performance.now();
        relay.nudge(lanes);
      },
    },
    onError: console.error,
  });
  let started = () => {};
  const world = { outbox: store.outbox, incidents: store.incidents, now: () => new Date(), log };
  const options = {
    world,
    gate: new Gate(world.now),
    deliver: async () => started(),
    wakeAt: relay.wakeAt,
    owner: 'bench',
  };
  const lanes = engine.worker(
    LANES,
    ({ lane }, { signal }) => drainLane({ team: lane.split('/')[0], lane }, options, signal),
    { concurrency: 8 },
  );
  const alone = engine.queue('alone');
  const worker = engine.worker('alone', async () => started(), { concurrency: 8 });
  await Promise.all([lanes.ready(), worker.ready()]);
  const team = await store.workspaces.ensureLocal();
  const asking = () => ({
    team,
    by: { id: 'U1', name: 'Ana' },
    source: 'slack',
    key: null,
    now: new Date(),
    seesPrivate: true,
  });
  const next = () => new Promise((resolve) => (started = () => resolve(performance.now())));
  const open = {
    type: 'OpenIncident',
    title: 'x',
    severity: 'sev3',
    components: [],
    private: false,
    drill: false,
    at: null,
  };
  for (let i = 0; i < INCIDENTS; i++) {
    const opened = next();
    await handle(open, null, asking());
    await opened;
  }
  await sleep(500);

  const took = { lane: [], bullmq: [] };
  for (let i = 0; i < samples + WARM_UP; i++) {
    const delivery = next();
    await handle({ type: 'RecordNote', text: 'requests fail', at: null }, (i % INCIDENTS) + 1, asking());
    const lane = (await delivery) - committed;
    await sleep(REST_MS);
    const job = next();
    const added = performance.now();
    await alone.add('wake', { lane: 'x' });
    const bullmq = (await job) - added;
    await sleep(REST_MS);
    if (i < WARM_UP) continue;
    took.lane.push(round(lane, 3));
    took.bullmq.push(round(bullmq, 3));
  }
  await relay.stop();
  await engine.close();
  await store.close();
  return took;
}
