import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import pg from 'pg';
import { QUEUE_SCHEMA } from '#queue/backing.js';
import { startCanary } from '#queue/canary.js';
import { type Engine, openEngine } from '#queue/engine.js';
import { LANES, type LaneJob } from '#queue/relay.js';
import { compiled } from '../support/compiled.js';
import { until } from '../support/until.js';
import { memoryLog } from './log.js';
import { onEveryEngine, type Server } from './servers.js';

onEveryEngine('the engine on %s', (name, start) => {
  let server: Server;
  let log: ReturnType<typeof memoryLog>;
  let engines: Engine[];
  let handled: string[];

  beforeAll(async () => {
    server = await start();
  }, 240_000);
  afterAll(() => server.stop());
  beforeEach(() => {
    log = memoryLog();
    engines = [];
    handled = [];
  });
  afterEach(async () => {
    await Promise.all(engines.map((engine) => engine.close()));
    await until('all connections are closed', async () => (await server.connections()) === 0);
    await server.flush();
  });

  const open = async (): Promise<Engine> => {
    const engine = await openEngine({ ...server.options, log });
    engines.push(engine);
    return engine;
  };
  const note = async ({ lane }: LaneJob) => {
    handled.push(lane);
  };
  const lanes = (engine: Engine) => engine.queue<LaneJob>(LANES);

  test('what one engine adds, another handles, and nothing stays behind', async () => {
    const [here, there] = [await open(), await open()];
    there.worker<LaneJob>(LANES, note, { concurrency: 1 });
    await lanes(here).add('wake', { lane: 'T1/INC-1' });
    await until('it is handled', () => handled.length === 1);
    await until('nothing is kept', async () => (await lanes(here).getJobCountByTypes()) === 0);
    expect(handled).toEqual(['T1/INC-1']);
  });

  test('a worker that is closed leaves the others at work, and whoever adds is answered', async () => {
    const engine = await open();
    const first = engine.worker<LaneJob>(LANES, note, { concurrency: 1 });
    engine.worker<LaneJob>('others', note, { concurrency: 1 });
    await first.ready();
    // Wake-ups are being sent all the time while a process ends.
    let stopped = false;
    const sent = (async () => {
      for (let n = 1; !stopped; n++)
        await engine.queue<LaneJob>('others').add('wake', { lane: `T1/INC-${n}` });
    })();
    await first.close(1_000);
    const before = handled.length;
    await until('others are handled', () => handled.length > before + 3);
    stopped = true;
    // It is a promise that would never be kept: nothing else can be waited for.
    const answered = await Promise.race([sent.then(() => true), sleep(30_000, false, { ref: false })]);
    expect(answered).toBe(true);
    await until('all is handled', async () => (await engine.queue('others').getJobCountByTypes()) === 0);
  });

  if (name === 'PostgreSQL')
    test('a clock that was ahead when a job was taken, and when the dead were looked for, costs nothing', async () => {
      const here = await open();
      let taken = 0;
      here.worker<LaneJob>(
        LANES,
        async () => {
          taken++;
          await new Promise(() => {});
        },
        { concurrency: 1 },
      );
      await lanes(here).add('wake', { lane: 'T1/INC-1' });
      await until('it is taken', () => taken === 1);
      await here.close({ graceMs: 0 });
      const client = new pg.Client(server.options.database);
      await client.connect();
      const hour = 3_600_000;
      await client.query(`update ${QUEUE_SCHEMA}.job set locked_until_ms = locked_until_ms + ${hour}`);
      await client.query(
        `insert into ${QUEUE_SCHEMA}.meta (queue, field, value) values ('${LANES}', 'stalled-check', $1)
       on conflict (queue, field) do update set value = excluded.value`,
        [String(Date.now() + hour)],
      );
      await client.end();
      (await open()).worker<LaneJob>(LANES, note, { concurrency: 1 });
      await until('it is done by another', () => handled.length === 1);
    });

  // On PostgreSQL each has a database of its own.
  if (name === 'Redis')
    test('two installations on one server do not take each other’s jobs', async () => {
      const own = async (installation: string) => {
        const engine = await openEngine({ ...server.options, installation, log });
        engines.push(engine);
        return engine;
      };
      const [here, there] = [await own('a1'), await own('b2')];
      await lanes(here).add('wake', { lane: 'T1/INC-1' });
      there.worker<LaneJob>(LANES, note, { concurrency: 1 });
      await lanes(there).add('wake', { lane: 'T2/INC-1' });
      await until('its own is handled', () => handled.length > 0);
      expect(handled).toEqual(['T2/INC-1']);
      here.worker<LaneJob>(LANES, note, { concurrency: 1 });
      await until('and so is the other', () => handled.length > 1);
      expect(handled).toEqual(['T2/INC-1', 'T1/INC-1']);
    });

  test('few connections', async () => {
    const engine = await open();
    await engine.worker<LaneJob>(LANES, note, { concurrency: 16 }).ready();
    for (let n = 0; n < 200; n += 1) await lanes(engine).add('wake', { lane: `T1/INC-${n}` });
    await until('all are handled', () => handled.length === 200);
    expect(await server.connections()).toBeLessThanOrEqual(5);
  });

  test('a handler that ends in time is waited for, and told to hurry', async () => {
    const engine = await open();
    let started = false;
    let hurried = false;
    engine.worker<LaneJob>(
      LANES,
      async ({ lane }, { signal }) => {
        started = true;
        await once(signal, 'abort');
        hurried = true;
        await sleep(50);
        handled.push(lane);
      },
      { concurrency: 1 },
    );
    await lanes(engine).add('wake', { lane: 'T1/INC-1' });
    await until('it runs', () => started);
    await engine.close();
    expect({ hurried, handled }).toEqual({ hurried: true, handled: ['T1/INC-1'] });
  });

  test('the job of a killed process, or of a handler left behind, is taken up by another worker', async () => {
    const program = await compiled('src/store', 'src/domain', 'src/queue', 'test/queue');
    const script = join(program.folder, 'test/queue/lane-process.js');
    const other = spawn(process.execPath, [script, JSON.stringify(server.options)]);
    try {
      const [here, there] = [await open(), await open()];
      const output = once(other.stdout, 'data');
      await lanes(here).add('wake', { lane: 'killed' });
      expect(String((await output)[0])).toBe('killed\n');
      other.kill('SIGKILL');
      await once(other, 'exit');

      let started = false;
      const stuck = () => {
        started = true;
        return new Promise<void>(() => {});
      };
      here.worker<LaneJob>(LANES, stuck, { concurrency: 1 });
      await lanes(here).add('wake', { lane: 'left behind' });
      await until('it runs', () => started);
      await here.close({ graceMs: 100 });
      expect(log.lines.join()).toContain('closing the queue with handlers still running');

      there.worker<LaneJob>(LANES, note, { concurrency: 1 });
      await until('both are handled', () => handled.length === 2);
      expect(handled.sort()).toEqual(['killed', 'left behind']);
    } finally {
      other.kill('SIGKILL');
      await program.remove();
    }
  });

  test('closes while the server is away, and says no at once', async () => {
    const engine = await open();
    await engine.worker<LaneJob>(LANES, note, { concurrency: 1 }).ready();
    await lanes(engine).waitUntilReady();
    await server.away();
    try {
      await expect(lanes(engine).add('wake', { lane: 'T1/INC-1' })).rejects.toThrow();
      await engine.close();
    } finally {
      await server.back();
    }
  }, 240_000);

  test('a canary comes through, stops when no worker is left, and comes again', async () => {
    const [here, there, third] = [await open(), await open(), await open()];
    there.worker<LaneJob>(LANES, note, { concurrency: 1 });
    const canary = startCanary(here, { everyMs: 200, log });
    try {
      expect(canary.status()).toMatchObject({ ok: false, lastSeenAt: null, lagMs: null });
      await until('a canary is seen', () => canary.status().ok);
      expect(canary.status().lastSeenAt).toBeInstanceOf(Date);
      await there.close();
      await until('it is missed', () => !canary.status().ok);
      expect(canary.status().lagMs).toBeGreaterThan(0);
      third.worker<LaneJob>(LANES, note, { concurrency: 1 });
      await until('it is seen again', () => canary.status().ok);
      await server.flush();
      const { lastSeenAt } = canary.status();
      await until('it survives a flush', () => {
        const seen = canary.status().lastSeenAt;
        return seen !== null && lastSeenAt !== null && seen > lastSeenAt;
      });
      expect(handled).toEqual([]);
    } finally {
      await canary.stop();
    }
  });

  if (name === 'Redis') {
    test('a process that starts before Redis works once it is there', async () => {
      await server.away();
      const engine = await open();
      engine.worker<LaneJob>(LANES, note, { concurrency: 1 });
      await expect(lanes(engine).add('wake', { lane: 'T1/INC-1' })).rejects.toThrow();
      await server.back();
      await until('it can be added', () =>
        lanes(engine)
          .add('wake', { lane: 'T1/INC-2' })
          .then(
            () => true,
            () => false,
          ),
      );
      await until('it is handled', () => handled.length === 1);
      expect(handled).toEqual(['T1/INC-2']);
    });
  }
});

test('an engine needs a server', async () => {
  await expect(openEngine({ log: memoryLog() })).rejects.toThrow('redisUrl or database');
});
