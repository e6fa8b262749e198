import { setTimeout as sleep } from 'node:timers/promises';
import { QUEUE_SCHEMA } from '#queue/backing.js';
import { openEngine } from '#queue/engine.js';
import { type LaneJob, RUNS } from '#queue/relay.js';
import { chanceOf } from '../support/chance.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { type ChaosKit, startChaosKit } from './run-chaos-kit.js';
import { Watch } from './run-chaos-watch.js';
import { Workers } from './run-chaos-workers.js';

export type Fault = 'killed' | 'frozen' | 'flushed' | 'Redis killed' | 'cut';
export type Queue = 'Redis' | 'PostgreSQL';

const SILENT = { info() {}, warn() {}, error() {} };
const round = (ms: number) => Math.round(ms / 1_000);

/**
 * Runs of many steps while workers are killed and frozen, the queue is flushed and killed, and connections are cut. After
 * the last fault the weather clears: what is not done by then must come to its end by itself.
 * @param code our sources as JavaScript
 * @param options `crew`: how many workers; `faults`: one after the other, `everyMs`; where there is no Redis to kill, connections are cut
 * @returns what is wrong, and how it went
 */
export async function storm(
  code: string,
  name: Queue,
  {
    runs,
    steps,
    crew,
    faults,
    everyMs,
  }: { runs: number; steps: number; crew: number; faults: readonly Fault[]; everyMs: number },
) {
  const redis = name === 'Redis' ? await startRedis() : null;
  const url = redis ? { redisUrl: redis.url } : {};
  const kit = await startChaosKit(code);
  const fair = { ...url, fenced: true, freezes: 0.01, napMs: 60, concurrency: 20 };
  const workers = new Workers(kit, fair, chanceOf(`workers on ${name}`));
  try {
    await kit.propose(runs, steps);
    const engine = await openEngine({ ...url, database: kit.database, log: SILENT });
    try {
      await Promise.all(Array.from({ length: crew }, () => workers.start()));
      const watch = new Watch(kit, async () => {
        const jobs = await engine.queue<LaneJob>(RUNS).getJobs(['waiting', 'active', 'prioritized']);
        return new Set(jobs.map(({ data }) => data.lane));
      });
      const began = performance.now();
      const operated = operating(kit);
      const suffered = await weather({ kit, workers, watch, redis, everyMs }, faults, operated.open);
      const cleared = performance.now();
      await operated.over;
      const ended = performance.now();
      await workers.calm();
      const { kills, freezes } = workers;
      const seconds = { storm: round(cleared - began), calm: round(ended - cleared) };
      const figures = { queue: name, steps: runs * steps, seconds, kills, freezes, ...suffered };
      process.stderr.write(`${JSON.stringify({ ...figures, ...(await watch.end()) })}\n`);
      return {
        fallen: workers.fallen > 0 ? workers.words || 'without a word' : '',
        violations: await kit.violations(),
        left: await settled(kit),
        // A calm day would have tested nothing.
        rarest: Math.min(kills, freezes, suffered.flushed),
      };
    } finally {
      await workers.end();
      await engine.close({ graceMs: 0 });
    }
  } finally {
    await workers.end();
    await kit.end();
    await redis?.stop();
  }
}

/**
 * The control: workers that freeze on the brink come back to a run that another has taken on.
 * @param fenced false: nothing tells them
 * @returns what was found to be doubled or stale, and how often one froze
 */
export async function control(
  code: string,
  fenced: boolean,
  { runs, steps, crew, freezes }: { runs: number; steps: number; crew: number; freezes: number },
) {
  const kit = await startChaosKit(code);
  const often = { fenced, freezes, napMs: 200, concurrency: 10 };
  const workers = new Workers(kit, often, chanceOf(`the control, fenced: ${fenced}`));
  try {
    await kit.propose(runs, steps);
    await Promise.all(Array.from({ length: crew }, () => workers.start()));
    await operating(kit).over;
    await workers.calm();
    const found = (await kit.violations()).filter(({ kind }) => kind !== 'lost');
    process.stderr.write(`${JSON.stringify({ fenced, freezes: workers.freezes, found: found.length })}\n`);
    return { found, freezes: workers.freezes };
  } finally {
    await workers.end();
    await kit.end();
  }
}

/** The operator at work, until every run has ended. */
function operating(kit: ChaosKit): { open: () => boolean; over: Promise<void> } {
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

interface Sky {
  kit: ChaosKit;
  workers: Workers;
  watch: Watch;
  redis: TestRedis | null;
  everyMs: number;
}

/** @returns how many there were of each, before all runs had ended */
async function weather(
  { kit, workers, watch, redis, everyMs }: Sky,
  faults: readonly Fault[],
  open: () => boolean,
) {
  const suffered = { faults: 0, flushed: 0, 'Redis killed': 0, cut: 0 };
  for (const fault of faults) {
    if (!open()) break;
    await sleep(everyMs);
    suffered.faults += 1;
    if (fault === 'killed') {
      const since = performance.now();
      const pid = await workers.kill();
      if (pid !== null) await watch.killed(pid, since).catch(() => undefined);
    } else if (fault === 'frozen') {
      await workers.freeze();
    } else if (fault === 'flushed') {
      suffered.flushed += 1;
      await flush(kit, redis);
      await watch.flushed(performance.now()).catch(() => undefined);
    } else if (fault === 'Redis killed' && redis) {
      suffered['Redis killed'] += 1;
      await redis.kill9();
      await sleep(300);
      await redis.restart();
    } else {
      suffered.cut += 1;
      await kit.cut().catch(() => undefined);
    }
  }
  return suffered;
}

async function flush(kit: ChaosKit, redis: TestRedis | null): Promise<void> {
  if (redis) return redis.flushall();
  const tables = ['job', 'dedup', 'dedup_next'].map((name) => `${QUEUE_SCHEMA}.${name}`);
  // It may lose to a worker in a deadlock.
  await kit.sql(`truncate ${tables} cascade`).catch(() => undefined);
}

/** What is left when the last worker has tidied up behind itself. */
async function settled(kit: ChaosKit) {
  for (;;) {
    const left = await kit.leftovers();
    if (left.targets.length + left.owed.length === 0) return left;
    await sleep(200);
  }
}
