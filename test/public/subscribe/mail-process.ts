// A worker of a share of its own, for tests that kill it. Compiled by `compiled()`; told what to do by one argument.
import { createHmac } from 'node:crypto';
import { laneOfPublic } from '../../../src/domain/incident/effect.js';
import { PARTS } from '../../../src/public/change.js';
import { openMailer } from '../../../src/public/subscribe/mailer.js';
import { shareCrowd } from '../../../src/public/subscribe/share.js';
import { drainPublicLane } from '../../../src/public/tell.js';
import { Secret } from '../../../src/runbooks/secret.js';
import { openStore } from '../../../src/store/store.js';

const { config, smtp, changes, look, shares, connections = 10 } = JSON.parse(process.argv[2] ?? '{}');
const store = openStore(config, () => {});
const say = () => {};
const log = { info: say, warn: say, error: say };
const mailer = openMailer({
  ...{ smtp, from: { name: 'Example Status', address: 'status@example.org' }, connections },
  ...{ replyTo: null, returnPath: null },
});
const changeOf = async (_team: string, incident: number, seq: number) =>
  changes[`${incident}/${seq}`] ?? null;
const crowds = Array.from({ length: PARTS.shares }, (_, share) =>
  shareCrowd(share, {
    ...{ subscribers: store.subscribers, changeOf, look: () => look, mailer: () => mailer, log },
    ...{ webhooks: () => null, digestMs: () => 0, formsUrl: () => 'https://bot.example.org/status' },
    seal: (text) => new Secret(createHmac('sha256', 'pepper').update(text).digest('base64url')),
  }),
);
const world = {
  ...{ outbox: store.outbox, changeOf, changes: store.subscribers, destinations: () => crowds, log },
  ...{ build: async () => {}, tellNotWritten: async () => {}, now: () => new Date() },
};
const never = new AbortController().signal;
const lanes = (shares as number[]).map((share) => laneOfPublic('T1', 'tell', share));
const began = performance.now();
await Promise.all(
  lanes.map((lane) => drainPublicLane(lane, { world, owner: String(process.pid), wakeAt: () => {} }, never)),
);
process.stdout.write(`${Math.round(performance.now() - began)}\n`);
mailer.close();
await store.close();
