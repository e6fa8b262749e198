// A worker of runs as a process of its own, for tests that kill and freeze it. Told what to do by one argument; says
// `ready` once, `quiet` when it was told to rest, and `brink` whenever it freezes itself, in the moment between having the right to act and acting.
import { writeSync } from 'node:fs';
import type { PoolConfig } from 'pg';
import { lookupsOf } from '#compose/core.js';
import { runLaneOf } from '#domain/incident/effect.js';
import { createHandle } from '#handle/handle.js';
import { openEngine } from '#queue/engine.js';
import { type Relay, startRelay } from '#queue/relay.js';
import { ActionFailed } from '#runbooks/action.js';
import { readDefinition } from '#runbooks/definition/definition.js';
import { Secret } from '#runbooks/secret.js';
import type { RunWorld } from '#runs/context.js';
import type { WatchWorld } from '#schedules/watch.js';
import { openStore, type Store } from '#store/store.js';
import { startRunWorker } from '#worker/worker.js';
import { chanceFrom } from '../support/chance.js';
import { outsideActions, outsidePool } from './chaos-outside.js';

export interface MortalOptions {
  database: PoolConfig;
  outside: PoolConfig;
  redisUrl?: string;
  /** False: every check of its right to act says yes. The control: the checker must see what comes of that. */
  fenced: boolean;
  /** How probable it is to freeze on the brink, 0 to 1. */
  freezes: number;
  /** On this brink it freezes whatever the odds say; 0: on none. */
  surely: number;
  napMs: number;
  concurrency: number;
  /** For all that is random in this process. */
  seed: number;
}

const options: MortalOptions = JSON.parse(process.argv[2] ?? '{}');
const log = { info() {}, warn() {}, error: (fields: object) => process.stderr.write(`${said(fields)}\n`) };
const chance = chanceFrom(options.seed);
let brinks = 0;
const store = openStore(options.database, () => {});
const fences = new Map<string, number>();
let relay: Relay | null = null;
const ours = (lanes: string[]) => lanes.filter((lane) => runLaneOf(lane) !== null);
const handle = createHandle({
  store: lookupsOf(store),
  relay: { nudge: (lanes) => relay?.nudge(ours(lanes)) },
  onError: (error) => log.error({ err: error }),
});
const actions = outsideActions({
  pool: outsidePool(options.outside, 8),
  worker: String(process.pid),
  fenceOf: (run) => fences.get(run) ?? 0,
  brink() {
    brinks += 1;
    if (brinks !== options.surely && chance.next() >= options.freezes) return;
    writeSync(1, 'brink\n');
    process.kill(process.pid, 'SIGSTOP');
  },
  napMs: options.napMs,
  chance,
});
const outbox: RunWorld['outbox'] = {
  ...store.outbox,
  async claimLane(lane, owner, leaseMs) {
    const hold = await store.outbox.claimLane(lane, owner, leaseMs);
    const of = runLaneOf(lane.lane);
    if (hold && of && !of.timer) fences.set(`${of.incident}/${of.run}`, hold.fence);
    return hold;
  },
};
const world: RunWorld & WatchWorld = {
  outbox: options.fenced ? outbox : credulous(outbox, store),
  incident: async (team, incident) => (await store.incidents.load(team, incident))?.state ?? null,
  facts: (team, incident, run) => store.incidents.runFacts(team, incident, run),
  targets: store.targets,
  tell: (intent, incident, asking) =>
    handle('fence' in intent && !options.fenced ? { ...intent, fence: 1e9 } : intent, incident, asking),
  readRunbook(source) {
    const read = readDefinition(source, 'chaos.yml', actions);
    return 'runbook' in read ? read.runbook : null;
  },
  actions,
  systems: {
    store: no,
    route: no,
    pair: no,
    command: no,
    storeProbe: no,
    routeProbe: no,
    secretFor: () => new Secret('x'),
    hosts: [],
    fingerprint: () => 'fp:000000000000',
  },
  scrub: { text: (text) => text, json: (value) => value },
  gone: async () => [],
  watched: new Map(),
  hurry: store.outbox.hurry,
  approversOf: async () => [],
  async owe(effect, of) {
    await store.outbox.owe(effect, of);
    if (!of.inMs) relay?.nudge([of.lane]);
  },
  now: () => new Date(),
  log,
};

/** Whoever is told yes by everybody never hears that another one has taken over. */
function credulous(from: RunWorld['outbox'], { outbox: real }: Store): RunWorld['outbox'] {
  return {
    ...from,
    async renewLane(hold, ms) {
      await real.renewLane(hold, ms);
      return true;
    },
    async settle(hold, ids, how) {
      await real.settle(hold, ids, how);
      return true;
    },
  };
}

function no(): never {
  throw new ActionFailed('there is none here');
}

function said(fields: object): string {
  return JSON.stringify(fields, (_, value) => (value instanceof Error ? value.stack : value));
}

// As the bot does (src/main.ts): what fails unseen in a library is told, and ends nothing.
process.on('unhandledRejection', (error) => void process.stderr.write(`${said({ unseen: error })}\n`));
const { redisUrl, database } = options;
const engine = await openEngine({ ...(redisUrl ? { redisUrl } : {}), database, log: { ...log, error() {} } });
relay = startRelay({
  engine,
  dueLanes: async (limit) => (await store.outbox.dueLanes(limit)).filter(({ lane }) => runLaneOf(lane)),
  log,
});
const running = startRunWorker({ engine, relay, world, concurrency: options.concurrency });
// Told to rest: it takes no more, and says `quiet` once all that it had in hand is over.
process.stdin.once('data', async () => {
  await running.stop(60_000);
  writeSync(1, 'quiet\n');
});
writeSync(1, 'ready\n');
