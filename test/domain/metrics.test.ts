import { describe, expect, test } from '@jest/globals';
import type { Milestone } from '#domain/incident/fact.js';
import { metricsOf } from '#render/document.js';

const at = (time: string, precision: Milestone['precision'] = 'minute'): Milestone => ({
  at: `2024-11-10T${time}Z`,
  precision,
  marked: true,
  n: 2,
});
const none = { started: null, detected: null, mitigated: null, resolved: null };
const unknown = { time_to_detect_s: null, time_to_mitigate_s: null, time_to_resolve_s: null };

describe('metrics', () => {
  test('run from started', () => {
    const milestones = {
      started: at('01:41:00'),
      detected: at('01:41:00'),
      mitigated: at('01:42:05'),
      resolved: at('02:02:00'),
    };
    expect(metricsOf(milestones)).toEqual({
      metrics: { time_to_detect_s: 0, time_to_mitigate_s: 65, time_to_resolve_s: 1260 },
      contradictions: [],
    });
  });

  test('are unknown while started is, however much else is known', () => {
    const milestones = { ...none, detected: at('01:43:00'), resolved: at('02:02:00') };
    expect(metricsOf(milestones)).toEqual({ metrics: unknown, contradictions: [] });
  });

  test('are not measured from or to a bare date', () => {
    const detected = at('01:43:00');
    expect(metricsOf({ ...none, started: at('00:00:00', 'date'), detected }).metrics).toEqual(unknown);
    const resolved = at('00:00:00', 'date');
    expect(metricsOf({ ...none, started: at('01:41:00'), resolved })).toEqual({
      metrics: unknown,
      contradictions: [],
    });
  });

  test('are never negative: what stands before the start is a contradiction that names both times', () => {
    const milestones = {
      ...none,
      started: at('01:41:00'),
      detected: at('01:40:00'),
      resolved: at('02:02:00'),
    };
    expect(metricsOf(milestones)).toEqual({
      metrics: { ...unknown, time_to_resolve_s: 1260 },
      contradictions: ['detected (2024-11-10T01:40:00Z) is before started (2024-11-10T01:41:00Z)'],
    });
  });
});
