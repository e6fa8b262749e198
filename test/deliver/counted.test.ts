import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Gate } from '#deliver/attempt.js';
import type { Delivered } from '#metrics.js';
import { type Kit, startKit } from './kit.js';

// Every try at a delivery is counted once, by how it ended.

let kit: Kit;
let counted: Array<[kind: string, outcome: Delivered, rows: number]> = [];
beforeAll(async () => {
  kit = await startKit();
  kit.world.metrics = { delivered: (kind, outcome, rows) => counted.push([kind, outcome, rows]) };
});
beforeEach(async () => {
  await kit.act('fault/clear', {});
  counted = [];
});
afterAll(() => kit.stop());

async function standing(title: string): Promise<number> {
  const incident = await kit.opens(title);
  await kit.pays(incident);
  counted = [];
  return incident;
}
/** Once the channel takes messages again: Slack wants a second between two. */
async function visits(incident: number): Promise<void> {
  await kit.winds(60_000);
  await kit.visits(incident);
}
const entries = () => counted.filter(([kind]) => kind === 'channel.entry');

test('what was opened and said is done, a message of several entries with all of them', async () => {
  const incident = await kit.opens('Counted');
  await kit.notes(incident, 'one');
  await kit.notes(incident, 'two');
  await kit.pays(incident);
  expect(counted).toContainEqual(['channel.open', 'done', 1]);
  expect(entries().reduce((sum, [, outcome, rows]) => sum + (outcome === 'done' ? rows : 0), 0)).toBe(
    (await kit.rows(incident, 'channel.entry')).length,
  );
});

test('Slack asks to wait, is away, says no', async () => {
  const incident = await standing('In trouble');
  await kit.fault('chat.postMessage', 'ratelimit', 1);
  await kit.notes(incident, 'waits');
  await visits(incident);
  expect(entries()).toEqual([['channel.entry', 'waits', 1]]);
  await kit.pays(incident);
  expect(entries().at(-1)).toEqual(['channel.entry', 'done', 1]);

  counted = [];
  await kit.fault('chat.postMessage', 'error', 'internal_error');
  await kit.notes(incident, 'is tried again');
  await visits(incident);
  expect(entries()).toEqual([['channel.entry', 'retry', 1]]);
  await kit.pays(incident);

  counted = [];
  await kit.fault('chat.postMessage', 'error', 'is_archived');
  await kit.notes(incident, 'is given up');
  await visits(incident);
  expect(entries()).toEqual([['channel.entry', 'dead', 1]]);
});

test('a limit that is known already is waited for without a call', async () => {
  const incident = await standing('Waiting');
  const gate = new Gate(kit.world.now);
  gate.shut('chat.postMessage', (await kit.channel(incident)).id, 60_000);
  await kit.notes(incident, 'waits');
  await kit.visits(incident, gate);
  expect(entries()).toEqual([['channel.entry', 'waits', 1]]);
});
