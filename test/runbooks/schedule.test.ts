import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nextWithin, scheduleShape, within } from '#runbooks/schedule.js';

const night = { window: { from: 22 * 60, to: 4 * 60, zone: 'Europe/Berlin' } };
const noon = { window: { from: 12 * 60, to: 13 * 60, zone: 'UTC' } };

describe('a schedule', () => {
  test.each([
    [
      'drift',
      { drift: { from: 'a', to: 'b' }, every: '5m' },
      { everyMs: 300_000, runbook: 'key-sync', window: null },
    ],
    ['rotate', { rotate: 'tts', every: '30d' }, { everyMs: 30 * 86_400_000, runbook: 'key-rotate' }],
    [
      'window',
      { rotate: 'tts', every: '1d', window: '02:00-04:00' },
      { window: { from: 120, to: 240, zone: 'UTC' } },
    ],
  ])('%s is read', (_, given, expected) => {
    expect(scheduleShape.parse(given)).toMatchObject(expected);
  });

  test.each([
    ['nothing to do', { every: '5m' }, /needs either/],
    ['two things to do', { drift: { from: 'a', to: 'b' }, rotate: 'x', every: '5m' }, /needs either/],
    ['a period without unit', { rotate: 'x', every: '5' }, /not a period/],
    ['no zone of this world', { rotate: 'x', every: '5m', window: '01:00-02:00 Mars/Base' }, /not a window/],
    ['an hour that is none', { rotate: 'x', every: '5m', window: '25:00-02:00' }, /not a window/],
    ['an empty window', { rotate: 'x', every: '5m', window: '02:00-02:00' }, /not a window/],
  ])('%s is refused', (_, given, expected) => {
    expect(() => scheduleShape.parse(given)).toThrow(expected);
  });

  test.each([
    ['2026-01-10T22:30:00Z', night, '2026-01-10T22:30:00Z'],
    ['2026-01-10T12:00:00Z', night, '2026-01-10T21:00:00Z'],
    ['2026-07-10T12:00:00Z', night, '2026-07-10T20:00:00Z'],
    ['2026-01-10T13:00:00Z', noon, '2026-01-11T12:00:00Z'],
    ['2026-01-10T12:59:59Z', noon, '2026-01-10T12:59:59Z'],
  ])('from %s on', (earliest, schedule, expected) => {
    expect(nextWithin(schedule, new Date(earliest)).toISOString()).toBe(new Date(expected).toISOString());
  });

  test('the next moment is never early, always inside, and at most a day and an hour away', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('2024-01-01'), max: new Date('2030-01-01'), noInvalidDate: true }),
        fc.integer({ min: 0, max: 1439 }),
        fc.integer({ min: 1, max: 1439 }),
        fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata'),
        (earliest, from, length, zone) => {
          const schedule = { window: { from, to: (from + length) % 1440, zone } };
          const next = nextWithin(schedule, earliest);
          expect(next.getTime()).toBeGreaterThanOrEqual(earliest.getTime());
          expect(next.getTime() - earliest.getTime()).toBeLessThanOrEqual(25 * 3_600_000);
          // In the night when an hour is left out a window inside it begins at its end: the only one that is not inside.
          if (length > 60) expect(within(schedule, next)).toBe(true);
        },
      ),
    );
  });
});
