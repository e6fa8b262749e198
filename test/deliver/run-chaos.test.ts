import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { QUEUE_SCHEMA } from '#queue/backing.js';
import { type Engine, openEngine } from '#queue/engine.js';
import { type LaneJob, RUNS } from '#queue/relay.js';
import { redisAvailable, startRedis, type TestRedis } from '../support/redis.js';
import { type ChaosKit, startChaosKit } from './run-chaos-kit.js';
import { Watch } from './run-chaos-watch.js';
import { Workers } from './run-chaos-workers.js';

/** After so many faults the weather clears: what is not done by then must come to its end by itself. */
const FAULTS = 90;
const EVERY_MS = 400;
const GUARD_MS = 480_000;

let kit: ChaosKit;
let workers: Workers | null = null;
let redis: TestRedis | null = null;
let engine: Engine | null = null;
beforeEach(async () => {
  kit = await startChaosKit();
});
afterEach(async () => {
  await workers?.end();
  await engine?.close({ graceMs: 0 });
  await redis?.stop();
  await kit.end();
  workers = redis = engine = null;
});

const engines: Array<['Redis' | 'PostgreSQL']> = [
  ...(redisAvailable() ? [['Redis'] as ['Redis']] : []),
  ['PostgreSQL'],
];

test.each(engines)(
  'killed, frozen, flushed, cut: of 1,080 steps on %s none is lost, and none is done twice',
  async (name) => {
    if (name === 'Redis') redis = await startRedis();
    const url = redis ? { redisUrl: redis.url } : {};
    await kit.propose(60, 18);
    engine = await openEngine({ ...url, database: kit.database, log: SILENT });
    workers = new Workers(kit, { ...url, fenced: true, freezes: 0.01, napMs: 60, concurrency: 20 });
    await Promise.all([workers.start(), workers.start(), workers.start()]);
    const watch = new Watch(kit, queuedIn(engine));
    const began = performance.now();
    const operated = operating();
    const faults = await weather(workers, watch, operated.open);
    const cleared = performance.now();
    await operated.over;
    const ended = performance.now();
    await workers.calm();
    const { kills, freezes } = workers;
    const seconds = { storm: round(cleared - began), calm: round(ended - cleared) };
    const figures = { engine: name, steps: 60 * 18, seconds, kills, freezes, ...faults };
    process.stderr.write(`${JSON.stringify({ ...figures, ...(await watch.end()) })}\n`);
    expect({ fallen: workers.fallen, said: workers.fallen > 0 ? workers.words : '' }).toEqual({
      fallen: 0,
      said: '',
    });
    expect(await kit.violations()).toEqual([]);
    expect(await settled()).toEqual({ targets: [], owed: [], broken: [] });
    // A calm day would have tested nothing.
    expect(Math.min(kills, freezes, faults.flushed)).toBeGreaterThan(0);
  },
  GUARD_MS,
);

describe('the control', () => {
  // Workers that freeze on the brink come back to a run that another has taken on. Nothing tells them.
  test.each([[true], [false]])(
    'a fence that holds is seen to hold, and one that lets everybody pass is not: %s',
    async (fenced) => {
      await kit.propose(10, 18);
      workers = new Workers(kit, { fenced, freezes: 0.06, napMs: 200, concurrency: 10 });
      await Promise.all([workers.start(), workers.start(), workers.start()]);
      const { over } = operating();
      await over;
      await workers.calm();
      const found = (await kit.violations()).filter(({ kind }) => kind !== 'lost');
      process.stderr.write(`${JSON.stringify({ fenced, freezes: workers.freezes, found: found.length })}\n`);
      expect(workers.freezes).toBeGreaterThan(0);
      if (fenced) expect(found).toEqual([]);
      else expect(found.length).toBeGreaterThan(0);
    },
    GUARD_MS,
  );
});

const SILENT = { info() {}, warn() {}, error() {} };
const round = (ms: number) => Math.round(ms / 1_000);

/** The operator at work, until every run has ended. */
function operating(): { open: () => boolean; over: Promise<void> } {
  let open = kit.runs.length;
  const over = (async () => {
    while (open > 0) {
      // The database may just have cut us off, too.
      open = await kit.operate().catch(() => open);
      await sleep(200);
    }
  })();
  return { open: () => open > 0, over };
}

async function weather(some: Workers, watch: Watch, open: () => boolean) {
  const faults = { faults: 0, flushed: 0, 'Redis killed': 0, cut: 0 };
  for (; open() && faults.faults < FAULTS; faults.faults++) {
    await sleep(EVERY_MS);
    const dice = Math.random();
    if (dice < 0.55) {
      const since = performance.now();
      const pid = await some.kill();
      if (pid !== null) await watch.killed(pid, since).catch(() => undefined);
    } else if (dice < 0.7) {
      some.freeze();
    } else if (dice < 0.85) {
      faults.flushed += 1;
      await flush();
      await watch.flushed(performance.now()).catch(() => undefined);
    } else if (dice < 0.9 && redis) {
      faults['Redis killed'] += 1;
      await redis.kill9();
      await sleep(300);
      await redis.restart();
    } else {
      faults.cut += 1;
      await kit.cut().catch(() => undefined);
    }
  }
  return faults;
}

async function flush(): Promise<void> {
  if (redis) return redis.flushall();
  const tables = ['job', 'dedup', 'dedup_next'].map((name) => `${QUEUE_SCHEMA}.${name}`);
  // It may lose to a worker in a deadlock.
  await kit.sql(`truncate ${tables} cascade`).catch(() => undefined);
}

function queuedIn({ queue }: Engine): () => Promise<Set<string>> {
  return async () => {
    const jobs = await queue<LaneJob>(RUNS).getJobs(['waiting', 'active', 'prioritized']);
    return new Set(jobs.map(({ data }) => data.lane));
  };
}

/** What is left when the last worker has tidied up behind itself. */
async function settled() {
  for (;;) {
    const left = await kit.leftovers();
    if (left.targets.length + left.owed.length === 0) return left;
    await sleep(200);
  }
}
