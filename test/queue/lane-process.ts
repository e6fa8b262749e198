// A worker process of its own, for tests that kill it. Compiled by `compiled()`; told what to do by one argument.
import { setTimeout as sleep } from 'node:timers/promises';
import { openEngine } from '../../src/queue/engine.js';
import { LANES, type LaneJob } from '../../src/queue/relay.js';

const log = { info: () => {}, warn: () => {}, error: () => {} };
const options = JSON.parse(process.argv[2] ?? '{}');
const engine = await openEngine({ ...options, log });
engine.worker<LaneJob>(
  LANES,
  async ({ lane }) => {
    process.stdout.write(`${lane}\n`);
    // Never comes to an end: this process is there to be killed.
    await sleep(600_000);
  },
  { concurrency: 2 },
);
