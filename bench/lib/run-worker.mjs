// A worker of runs as a process of its own, with two actions: `b.now` does nothing, `b.long` goes on for as long as its
// process lives, unless it is told to end. It says each on stdout, with the time on the machine's clock.
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { lookupsOf } from '#compose/core.js';
import { runLaneOf } from '#domain/incident/effect.js';
import { createHandle } from '#handle/handle.js';
import { openEngine } from '#queue/engine.js';
import { startRelay } from '#queue/relay.js';
import { readDefinition } from '#runbooks/definition/definition.js';
import { openStore } from '#store/store.js';
import { startRunWorker } from '#worker/worker.js';

const { database, redisUrl, long = false, works = true } = JSON.parse(process.argv[2]);
const say = (what, more = {}) =>
  process.stdout.write(
    `${JSON.stringify({ what, at: performance.timeOrigin + performance.now(), ...more })}\n`,
  );
const log = { info() {}, warn() {}, error: console.error };
const plan = { touches: ['nothing'], current: null, desired: null, versions: {}, output: null };
const action = (name, run) => [
  name,
  {
    name,
    does: name,
    effect: 'idempotent',
    input: z.strictObject({}),
    plan: async () => ({ ...plan, does: name }),
    run,
  },
];
const actions = new Map([
  action('b.now', async (_, { secure, key }) => {
    await secure();
    say('now', { key });
    return { kind: 'done', output: {}, summary: 'done' };
  }),
  action('b.long', async (_, { secure, key, signal }) => {
    await secure();
    say('long', { key });
    if (long) await sleep(600_000, undefined, { signal });
    return { kind: 'done', output: {}, summary: 'done' };
  }),
]);

const store = openStore(database, () => {});
let relay;
const handle = createHandle({
  store: lookupsOf(store),
  relay: { nudge: (lanes) => relay?.nudge(lanes.filter((lane) => runLaneOf(lane))) },
  onError: console.error,
});
const engine = await openEngine({ redisUrl, database, log });
relay = startRelay({
  engine,
  dueLanes: async (limit) => (await store.outbox.dueLanes(limit)).filter(({ lane }) => runLaneOf(lane)),
  log,
});
const none = () => {
  throw new Error('there is none here');
};
const worker = () =>
  startRunWorker({
    engine,
    relay,
    concurrency: 32,
    world: {
      outbox: store.outbox,
      incident: async (team, incident) => (await store.incidents.load(team, incident))?.state ?? null,
      facts: (team, incident, run) => store.incidents.runFacts(team, incident, run),
      targets: store.targets,
      tell: (intent, incident, asking) => handle(intent, incident, asking),
      readRunbook: (source) => readDefinition(source, 'bench.yml', actions).runbook ?? null,
      actions,
      systems: { store: none, route: none, pair: none, command: none, secret: none, fingerprint: none },
      scrub: { text: (text) => text, json: (value) => value },
      approversOf: async () => [],
      gone: async () => [],
      async owe(effect, of) {
        await store.outbox.owe(effect, of);
        if (!of.inMs) relay.nudge([of.lane]);
      },
      now: () => new Date(),
      log,
    },
  });
// One that does not work only keeps the queue filled.
if (works) worker();
say('ready');
