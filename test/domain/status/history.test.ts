import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DAYS, lastDays } from '#domain/status/history.js';

const hours = (zone: string, now: string) =>
  new Map(lastDays(zone, Date.parse(now)).map(({ date, from, to }) => [date, (to - from) / 3_600_000]));

/** What a calendar there shows, asked of the engine and not of luxon. */
function calendar(zone: string) {
  const format = new Intl.DateTimeFormat('en-CA', {
    ...{ timeZone: zone, era: 'short', year: 'numeric', month: '2-digit', day: '2-digit' },
  });
  return (at: number) => {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    return `${parts.year}-${parts.month}-${parts.day}`;
  };
}

describe('the days of a page', () => {
  test('are 90, the last of them today', () => {
    const days = lastDays('UTC', Date.parse('2024-11-10T04:00:00Z'));
    expect(days).toHaveLength(90);
    expect(days[0]?.date).toBe('2024-08-13');
    expect(days.at(-1)).toEqual({
      ...{
        date: '2024-11-10',
        from: Date.parse('2024-11-10T00:00:00Z'),
        to: Date.parse('2024-11-11T00:00:00Z'),
      },
    });
  });

  test('are those of the calendar there', () => {
    const last = (zone: string) => lastDays(zone, Date.parse('2024-11-09T18:31:00Z')).at(-1);
    expect(last('Asia/Kolkata')).toMatchObject({
      date: '2024-11-10',
      from: Date.parse('2024-11-09T18:30:00Z'),
    });
    expect(last('America/Los_Angeles')).toMatchObject({ date: '2024-11-09' });
    expect(last('UTC+14:00')).toMatchObject({ date: '2024-11-10', from: Date.parse('2024-11-09T10:00:00Z') });
  });

  test.each([
    ['Europe/Berlin', '2024-03-31', 23, '2024-04-02T10:00:00Z'],
    ['Europe/Berlin', '2024-10-27', 25, '2024-11-02T10:00:00Z'],
    ['Australia/Lord_Howe', '2024-10-06', 23.5, '2024-10-09T10:00:00Z'],
    ['Australia/Lord_Howe', '2024-04-07', 24.5, '2024-04-09T10:00:00Z'],
    // Clocks change at midnight: it is not there, there twice, or comes after an hour that is there twice.
    ['Africa/Cairo', '2024-04-26', 23, '2024-04-28T10:00:00Z'],
    ['America/Havana', '2024-11-03', 25, '2024-11-05T10:00:00Z'],
    ['America/Santiago', '2024-04-06', 25, '2024-04-09T10:00:00Z'],
    ['America/Santiago', '2024-09-08', 23, '2024-09-09T10:00:00Z'],
    // A day that was left out.
    ['Pacific/Apia', '2011-12-30', 0, '2012-01-02T10:00:00Z'],
  ])('in %s %s has %d hours', (zone, date, count, now) => {
    expect(hours(zone, now).get(date)).toBe(count);
  });

  test('are without gaps, and begin when the calendar turns, in every zone and at any time', () => {
    const zones = fc.constantFrom(...Intl.supportedValuesOf('timeZone'));
    const from = Date.parse('2012-01-10T00:00:00Z');
    const times = fc.integer({ min: from, max: Date.parse('2031-01-01T00:00:00Z') });
    fc.assert(
      fc.property(zones, times, (zone, now) => {
        const days = lastDays(zone, now);
        const shown = calendar(zone);
        expect(days).toHaveLength(DAYS);
        expect(days.at(-1)?.date).toBe(shown(now));
        days.forEach(({ date, from, to }, i) => {
          if (to === from) return;
          expect([zone, shown(from)]).toEqual([zone, date]);
          expect(shown(from - 1000) < date).toBe(true);
          expect(shown(to - 1000)).toBe(date);
          expect(days[i + 1]?.from ?? to).toBe(to);
        });
      }),
      { numRuns: 60 },
    );
  });

  test('need a zone that there is', () => {
    expect(() => lastDays('Europe/Atlantis', 0)).toThrow('no time zone: Europe/Atlantis');
  });
});
