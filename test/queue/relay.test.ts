import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Engine, openEngine } from '#queue/engine.js';
import { LANES, type LaneJob, type Relay, RUNS, startRelay } from '#queue/relay.js';
import { chanceOf } from '../support/chance.js';
import { effort } from '../support/effort.js';
import { until } from '../support/until.js';
import { memoryLog } from './log.js';
import { Outbox } from './outbox.js';
import { onEveryEngine, type Server } from './servers.js';

/** Five times as much in the soak. */
const MANY = effort(2_000);
const ROUNDS = effort(5);
const chance = chanceOf('lanes of the relay');

onEveryEngine('the relay on %s', (_name, start) => {
  let server: Server;
  let outbox: Outbox;
  let log: ReturnType<typeof memoryLog>;
  let engines: Engine[];
  let relays: Relay[];

  beforeAll(async () => {
    server = await start();
  }, 240_000);
  afterAll(() => server.stop());
  beforeEach(() => {
    outbox = new Outbox();
    log = memoryLog();
    engines = [];
    relays = [];
  });
  afterEach(async () => {
    await Promise.all(relays.map((relay) => relay.stop()));
    await Promise.all(engines.map((engine) => engine.close()));
    await server.flush();
  });

  const engine = async (): Promise<Engine> => {
    const opened = await openEngine({ ...server.options, log });
    engines.push(opened);
    return opened;
  };
  const relay = (on: Engine, dueLanes: Outbox['dueLanes'] = outbox.dueLanes, intervalMs = 100): Relay => {
    const started = startRelay({ engine: on, dueLanes, intervalMs, log });
    relays.push(started);
    return started;
  };
  /** Without the loop, so that it cannot hide a wake-up that got lost. */
  const withoutLoop = (on: Engine): Relay => relay(on, async () => []);
  const lanes = Array.from({ length: 12 }, (_, n) => `T1/INC-${n + 1}`);
  const anyLane = (): string => lanes[chance.below(lanes.length)]!;

  test('a nudged lane is handled', async () => {
    const here = await engine();
    here.worker<LaneJob>(LANES, outbox.drain, { concurrency: 4 });
    outbox.commit('T1/INC-7');
    withoutLoop(here).nudge(['T1/INC-7']);
    await until('the lane is drained', () => outbox.delivered === 1);
    expect(outbox.visits).toEqual(new Map([['T1/INC-7', 1]]));
  });

  test(`${MANY} lanes that came and went leave nothing behind`, async () => {
    const here = await engine();
    for (const queue of [LANES, RUNS]) here.worker<LaneJob>(queue, outbox.drain, { concurrency: 16 });
    const nudging = withoutLoop(here);
    const pass = async (some: string[]) => {
      outbox.commit(...some);
      nudging.nudge(some);
      await until('they are drained', () => outbox.left.length === 0);
    };
    await pass(['T1/INC-1']);
    const few = await server.kept();
    for (let n = 0; n < MANY; n += 500)
      await pass(Array.from({ length: 500 }, (_, i) => `T1/INC-1/RUN-1/timer/${n + i}`));
    // What is known of a lane goes when its job has ended, which is a moment after it was drained; of events a few stay.
    await until('little is kept', async () => (await server.kept()) < few + 500);
  });

  test('nudges of one lane become one waiting job, and one more while it runs', async () => {
    const here = await engine();
    const queue = here.queue<LaneJob>(LANES);
    const many = async () => {
      const nudging = withoutLoop(here);
      for (let n = 0; n < 40; n += 1) {
        nudging.nudge(Array.from({ length: 50 }, () => 'T1/INC-1'));
        await sleep(1);
      }
      // Until the last of them has reached the server.
      await nudging.stop();
    };
    await many();
    await until('a job waits', async () => (await queue.count()) > 0);
    let visits = 0;
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    here.worker<LaneJob>(
      LANES,
      async () => {
        visits += 1;
        if (visits === 1) await held;
      },
      { concurrency: 8 },
    );
    await until('it runs', () => visits === 1);
    await many();
    expect(await queue.getActiveCount()).toBe(1);
    letGo();
    await until(
      'the queue is empty',
      async () => (await queue.getJobCounts('active', 'waiting')).active === 0,
    );
    await until('the second run', () => visits >= 2);
    await until('nothing is left', async () => (await queue.count()) + (await queue.getActiveCount()) === 0);
    expect(visits).toBe(2);
  });

  test('no wake-up is lost, whatever the handlers are doing, with two engines and no loop', async () => {
    const [one, two] = [await engine(), await engine()];
    for (const each of [one, two]) each.worker<LaneJob>(LANES, outbox.drain, { concurrency: 4 });
    const nudging = [withoutLoop(one), withoutLoop(two)];
    for (let round = 0; round < ROUNDS; round += 1) {
      for (let n = 0; n < 24; n += 1) {
        const some = Array.from({ length: 1 + chance.below(3) }, anyLane);
        outbox.commit(...some);
        nudging[n % 2]!.nudge(some);
        if (chance.next() < 0.7) await sleep(chance.next() * 4);
      }
      // In every round, because only the last nudge of a lane has none after it to make up for it.
      await until(`all is delivered, not ${outbox.left}`, () => outbox.left.length === 0);
    }
    expect(outbox.delivered).toBe(outbox.committed);
  });

  test('what another process committed, and nobody nudged, is found in the outbox', async () => {
    const here = await engine();
    here.worker<LaneJob>(LANES, outbox.drain, { concurrency: 4 });
    relay(here);
    outbox.commit(...lanes);
    await until('all is delivered', () => outbox.left.length === 0);
  });

  test('a flush in the middle loses nothing', async () => {
    const here = await engine();
    here.worker<LaneJob>(LANES, outbox.drain, { concurrency: 2 });
    const nudging = relay(here);
    for (let n = 0; n < 300; n += 1) {
      const lane = anyLane();
      outbox.commit(lane);
      nudging.nudge([lane]);
      if (n % 60 === 30) await server.flush();
      await sleep(2);
    }
    // And once with nothing after it.
    outbox.commit(...lanes, ...lanes);
    nudging.nudge(lanes);
    await server.flush();
    await until(`all is delivered, not ${outbox.left}`, () => outbox.left.length === 0);
    expect(outbox.delivered).toBe(outbox.committed);
  });

  test('an outage of the server is survived, and mentioned once', async () => {
    const here = await engine();
    const worker = here.worker<LaneJob>(LANES, outbox.drain, { concurrency: 4 });
    await worker.ready();
    const nudging = relay(here);
    for (let n = 0; n < 300; n += 1) {
      const lane = anyLane();
      outbox.commit(lane);
      nudging.nudge([lane]);
      if (n === 100) await server.away();
      if (n === 250) await server.back();
      await sleep(3);
    }
    await until(`all is delivered, not ${outbox.left}`, () => outbox.left.length === 0);
    const warnings = log.lines.filter((line) => line.includes('for wake-ups is not answering'));
    expect(warnings).toHaveLength(1);
    expect(log.lines.filter((line) => line.includes('(queue) is not answering'))).toHaveLength(1);
  }, 240_000);

  test('a lane whose handler throws comes back, and does not hold up the others', async () => {
    const here = await engine();
    let failures = 0;
    const drain = async (job: LaneJob) => {
      if (job.lane === 'T1/INC-1' && failures < 3) {
        failures += 1;
        throw new Error('Slack said no');
      }
      await outbox.drain(job);
    };
    here.worker<LaneJob>(LANES, drain, { concurrency: 1 });
    const nudging = relay(here);
    outbox.commit(...lanes);
    nudging.nudge(lanes);
    await until('all is delivered', () => outbox.left.length === 0);
    expect(log.lines.filter((line) => line.includes('Slack said no'))).toHaveLength(3);
  });

  test('a lane that stays due, free and not drained is gone round to, and the log says so', async () => {
    const here = await engine();
    let lost = 0;
    const handler = async (job: LaneJob) => {
      if (job.lane === 'T1/INC-1' && lost === 0) {
        lost++;
        // As good as dead, and its job with it: it keeps the lane's key for ever.
        await new Promise(() => {});
      }
      await outbox.drain(job);
    };
    here.worker<LaneJob>(LANES, handler, { concurrency: 2 });
    const { dueLanes } = outbox;
    relays.push(startRelay({ engine: here, dueLanes, intervalMs: 50, aroundMs: 300, log }));
    outbox.commit('T1/INC-1');
    await until('it is lost', () => lost === 1);
    await until('it is drained all the same', () => outbox.left.length === 0);
    expect(log.lines.filter((line) => line.includes('free and not drained'))).toHaveLength(1);
    await here.close({ graceMs: 0 });
  });

  test('a timer is a span: the clock may be put right meanwhile', async () => {
    const here = await engine();
    here.worker<LaneJob>(LANES, outbox.drain, { concurrency: 1 });
    let ahead = 3_600_000;
    const now = () => new Date(Date.now() + ahead);
    const waking = startRelay({ engine: here, dueLanes: async () => [], now, log });
    relays.push(waking);
    outbox.commit('T1/INC-1', 'T1/INC-2');
    waking.wakeAt('T1/INC-1', new Date(now().getTime() + 200));
    waking.wakeAt('T1/INC-2', new Date(now().getTime() + 3_600_000));
    ahead = 0;
    // Sooner than that one, although it was set for a later time of day.
    waking.wakeAt('T1/INC-2', new Date(now().getTime() + 200));
    await until('both are drained', () => outbox.left.length === 0);
  });

  test('a lane that was told to rest is not woken by nudges, but by its timer', async () => {
    const here = await engine();
    const queue = here.queue<LaneJob>(LANES);
    const resting = withoutLoop(here);
    resting.wakeAt('T1/INC-1', new Date(Date.now() + 60_000));
    for (let n = 0; n < 50; n += 1) {
      resting.nudge(['T1/INC-1', 'T1/INC-2']);
      await sleep(1);
    }
    await resting.stop();
    expect((await queue.getWaiting()).map((job) => job.data.lane)).toEqual(['T1/INC-2']);
  });

  test('what becomes due in a lane that rests here is found in the outbox all the same', async () => {
    const here = await engine();
    here.worker<LaneJob>(LANES, outbox.drain, { concurrency: 1 });
    const resting = relay(here);
    resting.wakeAt('T1/INC-1', new Date(Date.now() + 60_000));
    outbox.commit('T1/INC-1');
    resting.nudge(['T1/INC-1']);
    await until('the lane is drained', () => outbox.left.length === 0);
  });

  test('a lane is woken at its time, and not after stop', async () => {
    const here = await engine();
    here.worker<LaneJob>(LANES, outbox.drain, { concurrency: 1 });
    const waking = withoutLoop(here);
    waking.wakeAt('T1/INC-1', new Date(Date.now() + 60_000));
    waking.wakeAt('T1/INC-1', new Date(Date.now() + 30));
    waking.wakeAt('T1/INC-2', new Date(Date.now() + 60_000));
    outbox.commit('T1/INC-1', 'T1/INC-2');
    await until('the first is drained', () => outbox.left.join() === 'T1/INC-2');
    await waking.stop();
    waking.nudge(['T1/INC-2']);
    waking.wakeAt('T1/INC-2', new Date());
    await here.close();
    expect(outbox.left).toEqual(['T1/INC-2']);
  });
});
