import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Engine, openEngine } from '#queue/engine.js';
import { LANES, type LaneJob, type Relay, startRelay } from '#queue/relay.js';
import { startAlertWorker } from '../../src/worker/worker.js';
import { until } from '../support/until.js';
import { type Kit, over, rule, signal, startKit } from './settle-kit.js';

const log = { debug() {}, info() {}, warn() {}, error() {} };

let kit: Kit;
let engine: Engine;
let relay: Relay;
beforeEach(async () => {
  kit = await startKit();
  engine = await openEngine({ database: kit.database.config, log });
  relay = startRelay({ engine, dueLanes: (limit) => kit.store.outbox.dueLanes(limit), intervalMs: 50, log });
});
afterEach(async () => {
  await relay.stop();
  await engine.close({ graceMs: 0 });
  await kit.stop();
});

test('what arrives is settled by workers of alerts, while those of deliveries do not touch it', async () => {
  const touched: string[] = [];
  const deliveries = engine.worker<LaneJob>(LANES, async ({ lane }) => void touched.push(lane), {
    concurrency: 4,
  });
  const alerts = startAlertWorker({
    engine,
    relay,
    world: kit.world,
    keepMs: () => 60_000,
    sweepEveryMs: 20,
  });
  try {
    kit.rule(rule({ forMs: 200 }));
    const since = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    const { lanes } = await kit.arrives([signal('a', 'tts', { since }), signal('b', 'stt', { since })]);
    relay.nudge(lanes);
    // Each has waited for its time, in a lane beside its own.
    await until('both are settled', async () => (await kit.outcomes()).every((one) => /opened/.test(one)));
    // Nobody is nudged: the relay finds it.
    await kit.arrives([over('a'), over('b', 'stt')]);
    await until('their ends too', async () => (await kit.outcomes()).every((one) => !/waits/.test(one)));
    await kit.client.query("update signal set received_at = now() - interval '1 hour'");
    await until('the old is cleared away', async () => (await kit.outcomes()).length === 0);
    expect(await kit.incidents()).toEqual([1, 2]);
    expect(touched.filter((lane) => lane.includes('/alerts/'))).toEqual([]);
  } finally {
    await Promise.all([alerts.stop(), deliveries.close(0)]);
  }
});
