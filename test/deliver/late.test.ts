import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { Gate } from '#deliver/attempt.js';
import { deliveriesCondition } from '#deliver/undelivered.js';
import type { LateLane } from '#store/outbox.js';

const ok = { state: 'ok' } as const;
const lane = (more: Partial<LateLane> = {}): LateLane => ({
  team: 'T1',
  lane: 'T1/INC-1',
  kind: 'channel.entry',
  ms: 84_000,
  error: null,
  resting: false,
  held: false,
  ...more,
});

describe('how deliveries are', () => {
  test('well, when nothing is late', () => {
    expect(deliveriesCondition([], 0, ok)).toEqual({ state: 'ok' });
  });
  test('not, when something is late that nothing excuses, tried or not', () => {
    expect(deliveriesCondition([lane()], 0, ok)).toMatchObject({
      state: 'degraded',
      reason: expect.stringContaining('the oldest for 84 s'),
      fix: expect.stringContaining('worker'),
    });
    const tried = lane({ ms: 100_000, error: 'chat.postMessage: internal_error' });
    expect(deliveriesCondition([lane(), tried], 0, ok)).toMatchObject({
      state: 'degraded',
      reason: expect.stringContaining('100 s (chat.postMessage: internal_error)'),
    });
  });
  test('what mends it is said, where it is known', () => {
    const shut = lane({ error: 'chat.postMessage: ekm_access_denied' });
    expect(deliveriesCondition([shut], 0, ok).fix).toContain('an administrator of the organisation');
    const unknown = lane({ error: 'chat.postMessage: brand_new_code (try 2 of 5)' });
    expect(deliveriesCondition([unknown], 0, ok)).toMatchObject({
      reason: expect.stringContaining('brand_new_code (try 2 of 5)'),
      fix: expect.stringContaining('worker'),
    });
  });
  test('an excuse is said: a rate limit, a Slack that is away, what was given up', () => {
    expect(deliveriesCondition([lane({ resting: true })], 0, ok)).toMatchObject({
      state: 'ok',
      reason: expect.stringContaining('rate limit'),
    });
    expect(deliveriesCondition([lane({ error: 'chat.update must wait' })], 0, ok).state).toBe('ok');
    expect(deliveriesCondition([lane({ error: 'x: ECONNREFUSED' })], 0, { state: 'away' })).toMatchObject({
      state: 'ok',
      reason: expect.stringContaining('Slack'),
    });
    expect(deliveriesCondition([], 2, ok)).toEqual({
      state: 'ok',
      reason: '2 given up: `tocsin deliveries` lists them',
    });
  });
  test('a run that is in hand may take as long as it likes; one that nobody has in hand may not', () => {
    expect(deliveriesCondition([lane({ kind: 'run.advance', held: true })], 0, ok)).toEqual({ state: 'ok' });
    expect(deliveriesCondition([lane({ kind: 'run.advance' })], 0, ok).state).toBe('degraded');
  });
  test('tells nobody what a program said', () => {
    const error = 'internal: fetch failed for https://u:hunter2@host/';
    expect(deliveriesCondition([lane({ error })], 0, ok).reason).not.toContain('hunter2');
  });
});

describe('a gate', () => {
  test('is shut for a span: a clock that was an hour ahead keeps it shut no longer', async () => {
    let ahead = 3_600_000;
    const gate = new Gate(() => new Date(Date.now() + ahead));
    gate.shut('chat.postMessage', 'C1', 20);
    ahead = 0;
    expect(gate.until('chat.postMessage', 'C1')?.getTime()).toBeLessThanOrEqual(Date.now() + 20);
    while (gate.until('chat.postMessage', 'C1')) await sleep(5);
    // Shut again while it is shut: the longer of the two, not the later time of day.
    ahead = 3_600_000;
    gate.shut('chat.postMessage', 'C1', 20);
    ahead = 0;
    gate.shut('chat.postMessage', 'C1', 10);
    while (gate.until('chat.postMessage', 'C1')) await sleep(5);
  });
});
