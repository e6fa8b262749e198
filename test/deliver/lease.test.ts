import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CALL_MS, Gate, LEASE_MS } from '#deliver/attempt.js';
import type { World } from '#deliver/ports.js';
import { workerSettings } from '#queue/backing.js';
import { Unavailable } from '#store/pools.js';
import { until } from '../support/until.js';
import { type Kit, laneOf, startKit } from './kit.js';

let kit: Kit;
beforeAll(async () => {
  kit = await startKit();
});
afterAll(() => kit.stop());

const INTERVAL_MS = 1_000;

test('a killed worker holds its lane up for less than six seconds, whatever it was doing', () => {
  // The lease or the queue's lock runs out, and the next look finds the lane.
  expect(LEASE_MS + INTERVAL_MS).toBeLessThan(6_000);
  expect(workerSettings.lockDuration + workerSettings.stalledInterval).toBeLessThan(6_000);
  expect(CALL_MS).toBeGreaterThan(LEASE_MS);
});

/** A worker in the middle of its first call to Slack, which does not come to an end. */
async function inCall(title: string) {
  const incident = await kit.opens(title);
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let calling = false;
  let lost = false;
  const its: World = {
    ...kit.world,
    outbox: {
      ...kit.world.outbox,
      renewLane: async (...of) => {
        const renewed = await kit.world.outbox.renewLane(...of);
        lost ||= !renewed;
        return renewed;
      },
    },
    slack: {
      call: async (method, args) => {
        calling = true;
        await held;
        return kit.world.slack.call(method, args);
      },
    },
  };
  const visit = kit.visits(incident, new Gate(kit.world.now), its);
  await until('it calls Slack', () => calling);
  return { incident, visit, letGo, lost: () => lost };
}

/** Milliseconds that the lease has to live, and whose it is, by the database's clock. */
async function leaseOf(incident: number): Promise<{ at: number; ms: number; fence: number }> {
  const { rows } = await kit.client.query<{ at: number; ms: number; fence: number }>(
    `select (extract(epoch from lease_until) * 1000)::float8 as at,
       (extract(epoch from lease_until - now()) * 1000)::float8 as ms, fence::int from lane where lane = $1`,
    [laneOf(incident)],
  );
  return rows[0] ?? { at: 0, ms: 0, fence: 0 };
}

test('during a call the lease is renewed, for never longer than its few seconds', async () => {
  const { incident, visit, letGo } = await inCall('Slow Slack');
  const first = await leaseOf(incident);
  await until('it is renewed twice', async () => (await leaseOf(incident)).at > first.at + 2 * 900);
  const later = await leaseOf(incident);
  expect(later.fence).toBe(first.fence);
  expect(later.ms).toBeLessThanOrEqual(LEASE_MS);
  // The call has lasted for as long as a lease lives by itself, and still nobody else may have the lane.
  await until(
    'the first lease would be over',
    async () => (await leaseOf(incident)).at > first.at + LEASE_MS,
  );
  expect(await kit.store.outbox.claimLane({ team: 'T1', lane: laneOf(incident) }, 'other', 1_000)).toBeNull();
  letGo();
  await visit;
  await kit.pays(incident);
  expect((await kit.rows(incident)).every((row) => row.done)).toBe(true);
});

test('a worker whose lease was taken over while it waited for Slack says nothing more', async () => {
  const { incident, visit, letGo, lost } = await inCall('Taken over');
  await kit.leaseEnds(incident);
  await kit.pays(incident);
  await until('it finds its time gone', lost);
  const calls = (await kit.calls()).length;
  letGo();
  await visit;
  // The call that was under way, and no other.
  expect((await kit.calls()).length).toBe(calls + 1);
  expect(await kit.said(incident)).toHaveLength(1);
});

test('after a long outage of Slack, a database that is away for a moment gives nothing up', async () => {
  const incident = await kit.opens('Both away');
  await kit.fault('conversations.create', 'http500', 500, 10);
  await kit.tries(incident, 10);
  expect(await kit.rows(incident)).toMatchObject([{ attempts: 10, dead: false }]);
  let beats = 0;
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const its: World = {
    ...kit.world,
    outbox: {
      ...kit.world.outbox,
      renewLane: async () => {
        beats++;
        throw new Unavailable('no connection to the database');
      },
    },
    slack: {
      call: async (method, args) => {
        await held;
        return kit.world.slack.call(method, args);
      },
    },
  };
  const visit = kit.visits(incident, new Gate(kit.world.now), its);
  // Too little of the lease is left for the next call then, and it cannot be prolonged.
  await until('three beats find no database', () => beats >= 3);
  letGo();
  await visit;
  expect(await kit.rows(incident)).toMatchObject([{ done: false, dead: false }]);
  await kit.pays(incident);
  expect((await kit.rows(incident)).every((row) => row.done)).toBe(true);
  expect((await kit.channels()).filter(({ name }) => name.startsWith(`inc-${incident}-`))).toHaveLength(1);
});
