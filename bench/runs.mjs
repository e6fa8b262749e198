// What a step of a run costs beside a raw BullMQ job, and how long a run waits when its worker is killed or the queue
// is emptied, on both engines.
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import pg from 'pg';
import { lookupsOf } from '#compose/core.js';
import { runLaneOf } from '#domain/incident/effect.js';
import { createHandle } from '#handle/handle.js';
import { QUEUE_SCHEMA } from '#queue/backing.js';
import { openEngine } from '#queue/engine.js';
import { RUNS } from '#queue/relay.js';
import { migrate } from '#store/migrate.js';
import { openStore } from '#store/store.js';
import { ownDatabase, startRedis } from './lib/database.mjs';
import { quantile, round, target } from './lib/figures.mjs';
import { start, workplace } from './lib/processes.mjs';
import { report } from './lib/report.mjs';

const { values } = parseArgs({
  strict: false,
  options: { rounds: { type: 'string' }, quick: { type: 'boolean' } },
});
const rounds = Number(values.rounds ?? (values.quick ? 2 : 8));
const repeats = values.quick ? 2 : 6;
const STEPS = 40;
// Runs that wait when the queue is emptied.
const WAITING = values.quick ? 10 : 20;
const log = { info() {}, warn: console.error, error: console.error };
const TEAM = 'T1';

const targets = [];
const figures = {};
const raw = {};
const place = workplace();
try {
  const engines = { postgres: {} };
  if (spawnSync('which', ['redis-server']).status === 0)
    engines.redis = { redisUrl: await startRedis(place) };
  else console.error('  no redis-server here: PostgreSQL alone is measured');
  for (const [name, { redisUrl }] of Object.entries(engines)) {
    const took = await measure(await ownDatabase(place, name), redisUrl);
    const ratios = took.rounds.map(({ step, bullmq }) => step / bullmq);
    targets.push(target(`${name}: killed worker → step resumed, longest, s`, Math.max(...took.resumed), 8));
    targets.push(
      target(`${name}: queue emptied → all work visible, longest, s`, Math.max(...took.visible), 5),
    );
    const p50 = (values) => round(quantile(values, 0.5), 3);
    figures[`${name}, p50 ms`] = {
      step: p50(took.rounds.map(({ step }) => step)),
      bullmq: p50(took.rounds.map(({ bullmq }) => bullmq)),
      ratio: p50(ratios),
    };
    figures[`${name}, s`] = { resumed: p50(took.resumed), visible: p50(took.visible) };
    raw[name] = took;
  }
  report('runs', { targets, figures, raw });
} finally {
  await place.close();
}

async function measure(database, redisUrl) {
  await migrate(database);
  const store = openStore(database, console.error);
  const handle = createHandle({ store: lookupsOf(store), relay: { nudge() {} }, onError: console.error });
  const engine = await openEngine({ redisUrl, database, log });
  // What a machine asks for without anybody's word needs somebody's agreement, whatever its runbook says.
  const ana = {
    id: 'U1',
    name: 'Ana',
    realName: null,
    tz: null,
    isBot: false,
    deleted: false,
    kind: 'member',
  };
  await store.people.upsert(TEAM, [ana]);
  const ask = await asker(handle);
  const took = { rounds: [], resumed: [], visible: [] };
  const options = { database, redisUrl };
  let begun = () => {};
  const alone = engine.worker('alone', async () => begun(), { concurrency: 1 });
  await alone.ready();
  const worker = await startRunner(options);
  // The first round warms everybody up and is not counted.
  for (let i = 0; i <= rounds; i++) {
    const step = await stepTime(worker, ask);
    const bullmq = await jobTime(engine.queue('alone'), (resolve) => (begun = resolve));
    if (i > 0) took.rounds.push({ step: round(step, 3), bullmq: round(bullmq, 3) });
  }
  await worker.end();
  for (let i = 0; i < repeats; i++) took.resumed.push(round(await resumeTime(options, ask)));
  const relay = await startRunner({ ...options, works: false });
  for (let i = 0; i < WAITING; i++) await ask(1, 'b.now');
  const due = await store.outbox.dueLanes(2_000);
  const wanted = due.filter(({ lane }) => runLaneOf(lane)).length;
  const flush = await flusher(database, redisUrl);
  for (let i = 0; i < repeats; i++)
    took.visible.push(round(await visibleTime(engine.queue(RUNS), flush, wanted)));
  await relay.end();
  await engine.close({ graceMs: 0 });
  await store.close();
  return took;
}

/** From the beginning of a step to that of the next: two facts, the lease, and what is read in between. */
async function stepTime(worker, ask) {
  const said = [];
  const all = new Promise((resolve) => {
    worker.on = ({ what, at }) => what === 'now' && said.push(at) === STEPS && resolve();
  });
  await ask(STEPS, 'b.now');
  await all;
  const between = said.slice(1).map((at, i) => at - said[i]);
  return quantile(between, 0.5);
}

/** The same number of jobs, one after the other: each is added when the one before has begun. */
async function jobTime(queue, onJob) {
  const took = [];
  for (let i = 0; i < STEPS; i++) {
    const begun = new Promise((resolve) => onJob(resolve));
    const since = performance.now();
    await queue.add('job', {});
    await begun;
    took.push(performance.now() - since);
  }
  return quantile(took, 0.5);
}

/** Two workers; the one that is at a step is killed, and the other has to find out. */
async function resumeTime(options, ask) {
  const workers = [
    await startRunner({ ...options, long: true }),
    await startRunner({ ...options, long: true }),
  ];
  const key = `${await ask(1, 'b.long')}/`;
  const begun = () =>
    new Promise((resolve) => {
      for (const worker of workers) {
        worker.on = ({ what, at, key: of }) =>
          what === 'long' && of.startsWith(key) && resolve({ worker, at });
      }
    });
  const { worker } = await begun();
  await sleep(500 + Math.random() * 1_000);
  const again = begun();
  const killed = performance.timeOrigin + performance.now();
  await worker.end();
  const { at } = await again;
  for (const one of workers) await one.end();
  return (at - killed) / 1_000;
}

/** Runs are due and nobody works; the queue is emptied: until each of them has a job again. */
async function visibleTime(queue, flush, wanted) {
  const visible = async () => {
    const jobs = await queue.getJobs(['waiting', 'active', 'delayed']);
    return new Set(jobs.map(({ data }) => data.lane)).size;
  };
  while ((await visible()) < wanted) await sleep(20);
  await sleep(Math.random() * 1_000);
  await flush();
  const since = performance.now();
  while ((await visible()) < wanted) await sleep(20);
  return (performance.now() - since) / 1_000;
}

/** Someone who asks for runs that nobody has to approve. @returns asks for one of so many steps, and tells its key */
async function asker(handle) {
  let runs = 0;
  let incident = 0;
  const says = async (intent, target) => {
    const by = { id: 'U1', name: 'Ana' };
    const asking = {
      team: TEAM,
      by,
      owner: by,
      source: 'cli',
      key: null,
      now: new Date(),
      seesPrivate: true,
    };
    const answer = await handle(intent, target, asking);
    if (answer.refused) throw new Error(answer.sentence);
  };
  return async (length, uses) => {
    if (runs++ % 15 === 0) {
      incident += 1;
      const calm = { severity: null, components: [], private: false, drill: false, moment: null };
      await says({ type: 'OpenIncident', title: 'x', ...calm }, null);
    }
    const steps = Array.from({ length }, (_, i) => ({ id: `step-${i}`, uses }));
    const definition = JSON.stringify({ name: 'bench', title: 'Bench', approval: { required: 0 }, steps });
    const target = `target ${runs}`;
    const asked = { type: 'ProposeRun', runbook: 'bench', definition, inputs: '{}', target, planOnly: false };
    await says(asked, incident);
    return `${TEAM}/${incident}/${((runs - 1) % 15) + 1}`;
  };
}

/** @returns a worker process; `on` hears what it says, `end` kills it */
async function startRunner(options) {
  const { process: child, lines } = await start(place, 'bench/lib/run-worker.mjs', [JSON.stringify(options)]);
  const runner = {
    on: () => {},
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    },
  };
  lines.on('line', (line) => runner.on(JSON.parse(line)));
  return runner;
}

/** @returns what empties the queue: FLUSHALL, or what comes near it */
async function flusher(database, redisUrl) {
  if (redisUrl) {
    const redis = new Redis(redisUrl);
    place.onClose(() => redis.disconnect());
    return () => redis.flushall();
  }
  const client = new pg.Client(database);
  client.on('error', () => {});
  await client.connect();
  place.onClose(() => client.end().catch(() => {}));
  const tables = ['job', 'dedup', 'dedup_next'].map((name) => `${QUEUE_SCHEMA}.${name}`);
  return () => client.query(`truncate ${tables} cascade`);
}
