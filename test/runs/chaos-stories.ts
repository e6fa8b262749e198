import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { QUEUE_SCHEMA } from '#queue/backing.js';
import { openEngine } from '#queue/engine.js';
import { type LaneJob, RUNS } from '#queue/relay.js';
import { chanceOf } from '../support/chance.js';
import { compiled } from '../support/compiled.js';
import { redisAvailable, startRedis, type TestRedis } from '../support/redis.js';
import { type ChaosKit, startChaosKit } from './chaos-kit.js';
import { Watch } from './chaos-watch.js';
import { Workers } from './chaos-workers.js';

export type Fault = 'killed' | 'frozen' | 'flushed' | 'Redis killed' | 'cut';
type Queue = 'Redis' | 'PostgreSQL';

export interface ChaosSize {
  /** Runs, the steps of each, how long a step sleeps at most (twice), how many workers there are, and how far faults are apart. */
  storm: { runs: number; steps: number; napMs: number; crew: number; everyMs: number };
  /** The same of the control; `freezes`: how probable it is to freeze before a step. */
  control: { runs: number; steps: number; crew: number; freezes: number };
  faults(queue: Queue): Fault[];
}

/** Chaos on each queue, and the control: what is found where nothing is broken, and where the fence is. */
export function chaosStory({ storm: size, control: its, faults }: ChaosSize): void {
  const queues: Array<[Queue, boolean]> = [
    ['Redis', redisAvailable()],
    ['PostgreSQL', true],
  ];
  let code: Awaited<ReturnType<typeof compiled>>;
  /** All of them at once: what they do most is to wait for leases to run out. */
  const storms = new Map<Queue, ReturnType<typeof storm>>();
  const controls = new Map<boolean, ReturnType<typeof control>>();
  beforeAll(async () => {
    code = await compiled('src', 'test/runs', 'test/support');
    for (const [name, here] of queues)
      if (here) storms.set(name, storm(code.folder, name, { ...size, faults: faults(name) }));
    controls.set(true, control(code.folder, true, its));
    controls.set(false, broken(code.folder, its));
    // Each is looked at in its own test.
    for (const one of [...storms.values(), ...controls.values()]) one.catch(() => undefined);
  });
  afterAll(async () => {
    await Promise.allSettled([...storms.values(), ...controls.values()]);
    await code.remove();
  });

  describe.each(queues)('killed, frozen, flushed, cut, on %s', (name, here) => {
    (here ? test : test.skip)(
      `of ${size.runs * size.steps} steps none is lost, and none is done twice`,
      async () => {
        const { rarest, ...wrong } = (await storms.get(name)) as Awaited<ReturnType<typeof storm>>;
        expect(wrong).toEqual({ fallen: '', violations: [], left: { targets: [], owed: [], broken: [] } });
        expect(rarest).toBeGreaterThan(0);
      },
    );
  });

  test.each([[true], [false]])(
    'a fence that holds is seen to hold, and one that lets everybody pass is not: %s',
    async (fenced) => {
      const { found, freezes } = (await controls.get(fenced)) as Awaited<ReturnType<typeof control>>;
      expect(freezes).toBeGreaterThan(0);
      if (fenced) expect(found).toEqual([]);
      else expect(found.length).toBeGreaterThan(0);
    },
  );
}

const SILENT = { info() {}, warn() {}, error() {} };
const round = (ms: number) => Math.round(ms / 1_000);

/**
 * Runs of many steps while workers are killed and frozen, the queue is flushed and killed, and connections are cut. After
 * the last fault the weather clears: what is not done by then must come to its end by itself.
 * @param code our sources as JavaScript
 * @param options `crew`: how many workers; `faults`: one after the other, `everyMs`; where there is no Redis to kill, connections are cut
 * @returns what is wrong, and how it went
 */
async function storm(
  code: string,
  name: Queue,
  { runs, steps, napMs, crew, faults, everyMs }: ChaosSize['storm'] & { faults: readonly Fault[] },
) {
  const redis = name === 'Redis' ? await startRedis() : null;
  const url = redis ? { redisUrl: redis.url } : {};
  const kit = await startChaosKit(code);
  const fair = { ...url, fenced: true, freezes: 0.01, surely: 0, napMs, concurrency: 20 };
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
      const left = await settled(kit);
      await workers.calm();
      const { kills, freezes } = workers;
      const seconds = { storm: round(cleared - began), calm: round(ended - cleared) };
      const figures = { queue: name, steps: runs * steps, seconds, kills, freezes, ...suffered };
      process.stderr.write(`${JSON.stringify({ ...figures, ...(await watch.end()) })}\n`);
      return {
        fallen: workers.fallen > 0 ? workers.words || 'without a word' : '',
        violations: await kit.violations(),
        left,
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
async function control(
  code: string,
  fenced: boolean,
  { runs, steps, crew, freezes }: ChaosSize['control'],
  tries = 0,
) {
  const kit = await startChaosKit(code);
  const often = { fenced, freezes, surely: 3, napMs: 200, concurrency: 10 };
  const workers = new Workers(
    kit,
    often,
    chanceOf(`the control, fenced: ${fenced}${tries > 0 ? `, again ${tries}` : ''}`),
  );
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

/** A fence that is broken does not show whenever somebody freezes: of so many tries one must show it. */
const TRIES = 4;

async function broken(code: string, its: ChaosSize['control']) {
  let seen = await control(code, false, its);
  for (let tries = 1; seen.found.length === 0 && tries < TRIES; tries++)
    seen = await control(code, false, its, tries);
  return seen;
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
