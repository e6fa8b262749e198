import { describe, expect, test } from '@jest/globals';
import { readTime } from '#domain/command/time/time.js';
import { isRefusal } from '#domain/refusal.js';
import { timeOf } from './support.js';

/** What the refusal offers, read again. */
function offered(text: string, zone: string, at: string): string[] {
  const read = readTime(text, { now: new Date(at), zone, zoneKnown: true });
  if (!isRefusal(read)) throw new Error(`${text} was read`);
  return [...read.next.matchAll(/`([^`]+)`/g)].map((match) => timeOf(match[1] ?? '', { zone, at }));
}

describe('Berlin, 2024-10-27: 03:00 CEST becomes 02:00 CET at 01:00 UTC', () => {
  const zone = 'Europe/Berlin';
  const at = '2024-10-27T08:00:00Z';
  test.each([
    ['02:30', 'TIME_TWICE'],
    ['2024-10-27 02:30', 'TIME_TWICE'],
    ['02:00:00', 'TIME_TWICE'],
    ['02:59:59', 'TIME_TWICE'],
    ['01:50-02:10', 'TIME_TWICE'],
    ['03:00', '2024-10-27T02:00:00Z minute'],
    ['01:59', '2024-10-26T23:59:00Z minute'],
    ['01:59-03:00', '2024-10-26T23:59:00Z/2024-10-27T02:00:00Z minute'],
    ['02:30 +02:00', '2024-10-27T00:30:00Z minute'],
    ['02:30 +01:00', '2024-10-27T01:30:00Z minute'],
    ['02:30 UTC', '2024-10-27T02:30:00Z minute'],
    ['yesterday 02:30', '2024-10-26T00:30:00Z minute'],
  ])('%s', (text, read) => expect(timeOf(text, { zone, at })).toBe(read));

  test('both are offered, in order', () => {
    expect(offered('02:30', zone, at)).toEqual([
      '2024-10-27T00:30:00Z minute',
      '2024-10-27T01:30:00Z minute',
    ]);
    expect(offered('02:30:15', zone, at)).toEqual([
      '2024-10-27T00:30:15Z second',
      '2024-10-27T01:30:15Z second',
    ]);
  });

  test('while the second is still to come, it is the first', () => {
    expect(timeOf('02:30', { zone, at: '2024-10-27T00:40:00Z' })).toBe('2024-10-27T00:30:00Z minute');
    expect(timeOf('2024-10-27 02:30', { zone, at: '2024-10-27T01:10:00Z' })).toBe(
      '2024-10-27T00:30:00Z minute',
    );
    expect(timeOf('02:30', { zone, at: '2024-10-27T01:30:00Z' })).toBe('TIME_TWICE');
  });
});

describe('Berlin, 2024-03-31: 02:00 CET becomes 03:00 CEST at 01:00 UTC', () => {
  const zone = 'Europe/Berlin';
  test.each([
    ['02:30', '2024-03-31T08:00:00Z', 'TIME_SKIPPED'],
    ['02:30', '2024-03-31T01:10:00Z', 'TIME_SKIPPED'],
    ['2024-03-31 02:00', '2024-04-20T08:00:00Z', 'TIME_SKIPPED'],
    ['2024-03-31 02:30 Europe/Berlin', '2024-04-20T08:00:00Z', 'TIME_SKIPPED'],
    ['03:00', '2024-03-31T08:00:00Z', '2024-03-31T01:00:00Z minute'],
    ['01:59', '2024-03-31T08:00:00Z', '2024-03-31T00:59:00Z minute'],
    // Before the clocks change it is last night's, and the day after it is that day's.
    ['02:30', '2024-03-31T00:45:00Z', '2024-03-30T01:30:00Z minute'],
    ['02:30', '2024-04-01T08:00:00Z', '2024-04-01T00:30:00Z minute'],
    ['02:30', '2024-03-31T23:00:00Z', 'TIME_SKIPPED'],
  ])('%s at %s', (text, at, read) => expect(timeOf(text, { zone, at })).toBe(read));

  test('the times beside it are offered', () => {
    expect(offered('02:30', zone, '2024-03-31T08:00:00Z')).toEqual([
      '2024-03-31T00:30:00Z minute',
      '2024-03-31T01:30:00Z minute',
    ]);
  });
});

describe('other nights', () => {
  test.each([
    // New York: 01:00–02:00 twice on 2024-11-03.
    ['01:30', 'America/New_York', '2024-11-03T14:00:00Z', 'TIME_TWICE'],
    ['01:30 -04:00', 'America/New_York', '2024-11-03T14:00:00Z', '2024-11-03T05:30:00Z minute'],
    ['01:30 -05:00', 'America/New_York', '2024-11-03T14:00:00Z', '2024-11-03T06:30:00Z minute'],
    ['02:00', 'America/New_York', '2024-11-03T14:00:00Z', '2024-11-03T07:00:00Z minute'],
    ['02:30', 'America/New_York', '2024-03-10T14:00:00Z', 'TIME_SKIPPED'],
    // Lord Howe changes by half an hour: 01:30–02:00 twice on 2024-04-07, 02:00–02:30 skipped on 2024-10-06.
    ['01:45', 'Australia/Lord_Howe', '2024-04-07T02:00:00Z', 'TIME_TWICE'],
    ['01:29', 'Australia/Lord_Howe', '2024-04-07T02:00:00Z', '2024-04-06T14:29:00Z minute'],
    ['02:00', 'Australia/Lord_Howe', '2024-04-07T02:00:00Z', '2024-04-06T15:30:00Z minute'],
    ['02:15', 'Australia/Lord_Howe', '2024-10-06T02:00:00Z', 'TIME_SKIPPED'],
    ['02:30', 'Australia/Lord_Howe', '2024-10-06T02:00:00Z', '2024-10-05T15:30:00Z minute'],
    // Kathmandu never changes; +05:45.
    ['02:30', 'Asia/Kathmandu', '2024-10-27T08:00:00Z', '2024-10-26T20:45:00Z minute'],
    // Samoa had no 30 December 2011.
    ['2011-12-30 10:00', 'Pacific/Apia', '2024-01-01T00:00:00Z', 'TIME_SKIPPED'],
    ['2011-12-31 10:00', 'Pacific/Apia', '2024-01-01T00:00:00Z', '2011-12-30T20:00:00Z minute'],
    // Before there were zones, Berlin had its own noon.
    ['0001-06-01 12:00', 'Europe/Berlin', '2024-01-01T00:00:00Z', '0001-06-01T11:06:32Z minute'],
    ['0001-01-01 00:00', 'Europe/Berlin', '2024-01-01T00:00:00Z', 'TIME_UNKNOWN'],
  ])('%s in %s', (text, zone, at, read) => expect(timeOf(text, { zone, at })).toBe(read));
});
