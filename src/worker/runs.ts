import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { Retries } from '#deliver/lane.js';
import type { Engine } from '#queue/engine.js';
import { type LaneJob, type Relay, RUNS } from '#queue/relay.js';
import { drainRunLane } from '#runs/advance.js';
import type { RunWorld } from '#runs/ports.js';
import type { RunningWorker } from './worker.js';

export interface RunWorkerOptions {
  engine: Pick<Engine, 'worker'>;
  relay: Pick<Relay, 'wakeAt'>;
  world: RunWorld;
  /** Runs taken along at the same time; 8. One that waits for a person or for a time takes no place. */
  concurrency?: number;
}

/** Takes runs along, each in its lane, for as long as it runs. */
export function startRunWorker({ engine, relay, world, concurrency = 8 }: RunWorkerOptions): RunningWorker {
  const owner = `${hostname()}:${process.pid}:${randomBytes(4).toString('hex')}`;
  const { wakeAt } = relay;
  const retries = new Retries();
  const worker = engine.worker<LaneJob>(
    RUNS,
    ({ lane }, { signal }) => drainRunLane(lane, { world, wakeAt, owner, retries }, signal),
    { concurrency },
  );
  return {
    ready: () => worker.ready(),
    async stop(graceMs = 5_000) {
      await worker.close(graceMs);
    },
  };
}
