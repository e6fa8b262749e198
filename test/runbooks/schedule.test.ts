import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isInWindow, nextInWindow, scheduleShape } from '#runbooks/schedule.js';
import { effort } from '../support/effort.js';

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
    [
      'the zone of a window, in any case,',
      { rotate: 'tts', every: '1d', window: '02:00-04:00 us/pacific' },
      { window: { from: 120, to: 240, zone: 'US/Pacific' } },
    ],
  ])('%s is read', (_, given, expected) => {
    expect(scheduleShape.parse(given)).toMatchObject(expected);
  });

  test.each([
    ['nothing to do', { every: '5m' }, /needs either/],
    ['two things to do', { drift: { from: 'a', to: 'b' }, rotate: 'x', every: '5m' }, /needs either/],
    ['a period without unit', { rotate: 'x', every: '5' }, /not a period/],
    ['no zone of this world', { rotate: 'x', every: '5m', window: '01:00-02:00 Mars/Base' }, /not a window/],
    [
      'an abbreviation of several zones',
      { rotate: 'x', every: '5m', window: '01:00-02:00 AST' },
      /not a window; .*America\/Halifax/,
    ],
    [
      'a slip of the pen in a zone',
      { rotate: 'x', every: '5m', window: '01:00-02:00 US/Pacfic' },
      /Did you mean .*US\/Pacific/,
    ],
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
    expect(nextInWindow(schedule, new Date(earliest)).toISOString()).toBe(new Date(expected).toISOString());
  });

  test.each([
    [
      'is passed over where it lies in the hour left out',
      '02:00-03:00',
      '2027-03-27T12:00Z',
      '2027-03-29T00:00Z',
    ],
    [
      'begins at the end of that hour where it begins in it',
      '02:30-04:00',
      '2027-03-27T12:00Z',
      '2027-03-28T01:00Z',
    ],
    ['ends where that hour begins', '01:00-02:30', '2027-03-28T01:00Z', '2027-03-28T23:00Z'],
    [
      'comes twice where it lies in the hour that comes twice',
      '02:30-02:45',
      '2027-10-31T00:50Z',
      '2027-10-31T01:30Z',
    ],
  ])('a window %s', (_, text, earliest, expected) => {
    const schedule = scheduleShape.parse({ rotate: 'x', every: '1d', window: `${text} Europe/Berlin` });
    expect(nextInWindow(schedule, new Date(earliest)).toISOString()).toBe(new Date(expected).toISOString());
  });

  const zones = fc.constantFrom(
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'America/Santiago',
    'Africa/Cairo',
    'Asia/Kolkata',
    'Australia/Lord_Howe',
  );
  // Around these clocks are changed in one of the zones.
  const changes = fc
    .tuple(
      fc.constantFrom(
        '2027-03-14',
        '2027-03-28',
        '2027-04-04',
        '2027-04-30',
        '2027-09-05',
        '2027-10-31',
        '2027-11-07',
      ),
      fc.integer({ min: -2 * 1440, max: 1440 }),
    )
    .map(([day, minutes]) => new Date(Date.parse(day) + minutes * 60_000));
  const anyDay = fc.date({ min: new Date('2024-01-01'), max: new Date('2030-01-01'), noInvalidDate: true });

  test('the next moment is inside, no moment before it is, and it is at most two days away', () => {
    fc.assert(
      fc.property(
        fc.oneof(anyDay, changes),
        // Most clocks are changed at night.
        fc.oneof(fc.integer({ min: 0, max: 240 }), fc.integer({ min: 0, max: 1439 })),
        fc.oneof(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 1439 })),
        zones,
        (earliest, from, length, zone) => {
          const schedule = { window: { from, to: (from + length) % 1440, zone } };
          const next = nextInWindow(schedule, earliest);
          expect(isInWindow(schedule, next)).toBe(true);
          expect(next.getTime() - earliest.getTime()).toBeLessThanOrEqual(49 * 3_600_000);
          for (let at = earliest.getTime(); at < next.getTime(); at += 7 * 60_000)
            if (isInWindow(schedule, new Date(at)))
              throw new Error(`${new Date(at).toISOString()} is inside`);
          expect(next.getTime()).toBeGreaterThanOrEqual(earliest.getTime());
        },
      ),
      { numRuns: effort(200) },
    );
  });
});
