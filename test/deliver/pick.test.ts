import { describe, expect, jest, test } from '@jest/globals';
import { Gate, Later, Refused, Undeliverable, Unknown } from '#deliver/attempt.js';
import { backoffMs, pick, verdict } from '#deliver/lane.js';
import type { OutboxRow } from '#deliver/ports.js';
import type { EffectKind } from '#domain/incident/effect.js';
import { Unavailable } from '#store/pools.js';

const NOW = new Date('2026-01-01T00:00:00Z');
const LATER = new Date('2026-01-01T00:00:09Z');

/** Rows 1, 2, 3 … of these kinds. */
function rows(...kinds: EffectKind[]): OutboxRow[] {
  return kinds.map((kind, i) => ({ id: i + 1, effect: { kind }, error: null }) as OutboxRow);
}

/** @param waiting ids that may not be tried before LATER */
function picked(from: OutboxRow[], { waiting = [] as number[], ready = true, alone = [] as number[] } = {}) {
  const next = pick(
    from,
    NOW,
    (row) => (waiting.includes(row.id) ? LATER : NOW),
    ready,
    (row) => alone.includes(row.id),
  );
  return next && ('batch' in next ? next.batch.map((row) => row.id) : next.waitUntil);
}

describe('the order of a lane', () => {
  test('neighbouring entries and corrections are one batch, whatever independent lies between', () => {
    const lane = rows('channel.entry', 'headline.refresh', 'channel.amend', 'export.send', 'channel.entry');
    expect(picked(lane)).toEqual([1, 3, 5]);
  });
  test('an entry that waits holds the entries behind it, and nothing else', () => {
    const lane = rows('channel.entry', 'channel.entry', 'headline.refresh', 'people.invite');
    expect(picked(lane, { waiting: [1] })).toEqual([3]);
    expect(picked(lane, { waiting: [1, 3, 4] })).toEqual(LATER);
  });
  test('all waiting refreshes are one', () => {
    const lane = rows('headline.refresh', 'people.invite', 'headline.refresh');
    expect(picked(lane)).toEqual([1, 3]);
  });
  test('waiting updates of one run’s message are one, of another run’s another', () => {
    const show = (id: number, run: number) =>
      ({ id, effect: { kind: 'run.show', payload: { run } } }) as OutboxRow;
    const lane = [show(1, 3), show(2, 4), show(3, 3), show(4, 3)];
    expect(picked(lane)).toEqual([1, 3, 4]);
    expect(picked(lane, { waiting: [3] })).toEqual([1, 4]);
    expect(picked([...rows('channel.open'), show(2, 3)], { ready: false, waiting: [1] })).toEqual(LATER);
  });
  test('a picture is not seen before its entry, and waits for none that came later', () => {
    const lane = rows('channel.entry', 'impact.picture', 'headline.refresh');
    expect(picked(lane)).toEqual([1]);
    expect(picked(lane, { waiting: [1] })).toEqual([3]);
    expect(picked(rows('impact.picture', 'channel.entry'), { waiting: [2] })).toEqual([1]);
  });
  test('before the channel stands, only what needs none goes on', () => {
    const lane = rows('channel.open', 'channel.entry', 'headline.refresh', 'people.invite', 'export.send');
    expect(picked(lane, { ready: false })).toEqual([1]);
    expect(picked(lane, { ready: false, waiting: [1] })).toEqual([5]);
  });
  test('what opening still owes once the channel stands holds nobody up', () => {
    expect(picked(rows('channel.open', 'channel.entry'), { waiting: [1] })).toEqual([2]);
  });
  test('a row that was refused in company is tried alone', () => {
    const lane = rows('channel.entry', 'channel.entry', 'channel.entry');
    expect(picked(lane, { alone: [1] })).toEqual([1]);
    expect(picked(lane, { alone: [2] })).toEqual([1]);
  });
  test('a batch has an end, and an empty lane has nothing', () => {
    expect(picked(rows(...Array.from({ length: 80 }, () => 'channel.entry' as const)))).toHaveLength(50);
    expect(picked([])).toBeNull();
  });
});

describe('what a failure means', () => {
  test('waits double up to a minute', () => {
    const waits = [1, 2, 3, 6, 7, 50].map((n) => backoffMs(n, () => 0));
    expect(waits).toEqual([1_000, 2_000, 4_000, 32_000, 60_000, 60_000]);
  });
  test('a plain no is dead, however young; Slack away is never dead, however old', () => {
    for (const code of ['invalid_blocks', 'is_archived', 'channel_not_found', 'missing_scope']) {
      expect(verdict(new Refused('m', code), 0, false, NOW)).toEqual({ dead: `m: ${code}` });
    }
    expect(verdict(new Undeliverable('no_channel'), 0, false, NOW)).toEqual({ dead: 'no_channel' });
    for (const error of [new Unknown('m', 'ECONNREFUSED'), new Refused('m', 'fatal_error')]) {
      expect(verdict(error, 10_000, false, NOW)).toHaveProperty('retryInMs');
    }
    expect(verdict(new Refused('m', 'token_revoked'), 10_000, false, NOW)).toMatchObject({
      uncertain: false,
    });
    expect(verdict(new Refused('m', 'internal_error'), 0, false, NOW)).toMatchObject({ uncertain: true });
  });
  test('a code that we do not know is heard a few times, then it is a plain no; a wait between does not count', () => {
    const nth = (before: number) => verdict(new Refused('m', 'new_code', [], before), 50, false, NOW);
    expect(nth(0)).toMatchObject({ error: 'm: new_code (try 1 of 5)', uncertain: true });
    expect(nth(3)).toHaveProperty('retryInMs');
    expect(nth(4)).toEqual({ dead: 'm: new_code (try 5 of 5)' });
    const kept = 'm: new_code (try 3 of 5)';
    expect(verdict(new Later(LATER, 'm', true), 0, true, NOW, kept)).toMatchObject({ error: kept });
    expect(verdict(new Refused('m', 'is_archived', [], 0), 0, false, NOW)).toEqual({
      dead: 'm: is_archived',
    });
  });
  test('Retry-After is kept to the millisecond', () => {
    expect(verdict(new Later(LATER, 'm', true), 0, false, NOW)).toMatchObject({ retryInMs: 9_000 });
  });
  test('a mistake of ours is dead in the end, so that the lane goes on', () => {
    let before: string | null = null;
    const waits: number[] = [];
    // Slack was away for long before: that is no mistake of ours.
    for (let attempts = 10_000; ; attempts++) {
      const how = verdict(new TypeError('oh'), attempts, false, NOW, before);
      if ('dead' in how) {
        expect(how).toEqual({ dead: 'internal: oh' });
        break;
      }
      if (!('error' in how)) throw new Error(`not tried again: ${JSON.stringify(how)}`);
      expect(how.uncertain).toBe(true);
      // A mere wait between two of them changes nothing.
      expect(verdict(new Later(LATER, 'm', true), attempts, true, NOW, how.error)).toMatchObject({
        error: how.error,
      });
      waits.push(how.retryInMs);
      before = how.error;
    }
    expect(waits).toHaveLength(9);
    const minutes = waits.reduce((sum, ms) => sum + ms, 0) / 60_000;
    expect(minutes).toBeGreaterThan(3);
    expect(minutes).toBeLessThan(5);
  });
  test('a database that is away is no mistake of ours, however often it was tried before', () => {
    const away = verdict(new Unavailable('no connection'), 10_000, false, NOW);
    expect(away).toMatchObject({ retryInMs: expect.any(Number), error: 'no connection', uncertain: false });
    expect(verdict(new Unavailable('no connection'), 0, true, NOW)).toMatchObject({ uncertain: true });
  });
});

test('the gate shuts one method of one channel, other methods everywhere, until its time', () => {
  // A machine that is busy between two of these lines must not shorten a wait that the test's own clock measures.
  const steady = jest.spyOn(performance, 'now').mockReturnValue(0);
  let now = NOW;
  const gate = new Gate(() => now);
  gate.shut('chat.postMessage', 'C1', 9_000);
  gate.shut('pins.add', 'C1', 9_000);
  gate.shut('pins.add', 'C2', 1_000);
  expect(gate.until('chat.postMessage', 'C1')).toEqual(LATER);
  expect(gate.until('chat.postMessage', 'C2')).toBeNull();
  expect(gate.until('chat.update', 'C1')).toBeNull();
  expect(gate.until('pins.add', 'C3')).toEqual(LATER);
  now = LATER;
  expect(gate.until('pins.add', 'C3')).toBeNull();
  steady.mockRestore();
});
