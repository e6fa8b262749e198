import { describe, expect, test } from '@jest/globals';
import { readTime } from '#domain/command/time/time.js';
import { readZone } from '#domain/command/time/zone.js';
import { isRefusal } from '#domain/refusal.js';
import { NOW, timeOf } from './support.js';

describe('at most one zone after the time', () => {
  test.each([
    ['01:41 UTC x', '2024-11-10T01:41:00Z minute | x'],
    ['01:41 GMT x', '2024-11-10T01:41:00Z minute | x'],
    ['01:41 Z x', '2024-11-10T01:41:00Z minute | x'],
    ['01:41Z x', '2024-11-10T01:41:00Z minute | x'],
    ['01:41UTC', '2024-11-10T01:41:00Z minute'],
    ['01:41 utc x', '2024-11-10T01:41:00Z minute | x'],
    ['01:41 +02:00 x', '2024-11-09T23:41:00Z minute | x'],
    ['01:41+02:00 x', '2024-11-09T23:41:00Z minute | x'],
    ['01:41 -05:00 x', '2024-11-10T06:41:00Z minute | x'],
    ['01:41 −05:00 x', '2024-11-10T06:41:00Z minute | x'],
    ['1:41 pm +14:00 x', '2024-11-09T23:41:00Z minute | x'],
    ['01:41 Europe/Berlin x', '2024-11-10T00:41:00Z minute | x'],
    ['01:41 europe/berlin x', '2024-11-10T00:41:00Z minute | x'],
    ['01:41 America/Argentina/Buenos_Aires x', '2024-11-10T04:41:00Z minute | x'],
    ['01:41 America/Port-au-Prince x', '2024-11-10T06:41:00Z minute | x'],
    ['01:41 Etc/GMT+5 x', '2024-11-10T06:41:00Z minute | x'],
    ['yesterday 23:50 Asia/Kathmandu x', '2024-11-09T18:05:00Z minute | x'],
    ['2024-07-10 01:41 Europe/Berlin x', '2024-07-09T23:41:00Z minute | x'],
    ['2024-11-09 Europe/Berlin x', '2024-11-09T00:00:00Z date | x'],
    ['2024-11-09 01:41:00 +0000 x', '2024-11-09T01:41:00Z second | x'],
    ['01:41 Utc x', '2024-11-10T01:41:00Z minute | x'],
    ['01:41 [UTC] x', '2024-11-10T01:41:00Z minute | x'],
    ['01:41 (UTC) x', '2024-11-10T01:41:00Z minute | x'],
    ['01:41 U.T.C. x', '2024-11-10T01:41:00Z minute | x'],
    ['01:41 u.t.c x', '2024-11-10T01:41:00Z minute | x'],
    ['01:41 (+02:00) x', '2024-11-09T23:41:00Z minute | x'],
    ['01:41 [Europe/Berlin] x', '2024-11-10T00:41:00Z minute | x'],
    ['01:41 +0200 x', '2024-11-09T23:41:00Z minute | x'],
    ['01:41+0200 x', '2024-11-09T23:41:00Z minute | x'],
    ['01:41 -0500 x', '2024-11-10T06:41:00Z minute | x'],
    ['01:41 US/Pacific x', '2024-11-10T09:41:00Z minute | x'],
    ['01:41 Asia/Calcutta x', '2024-11-09T20:11:00Z minute | x'],
    ['01:41 UTC UTC x', '2024-11-10T01:41:00Z minute | UTC x'],
    ['01:41 UTC PST lines fail', '2024-11-10T01:41:00Z minute | PST lines fail'],
    // It has an offset already: what follows is text.
    ['2024-11-09T01:41Z UTC x', '2024-11-09T01:41:00Z minute | UTC x'],
    ['2024-11-09T01:41+01:00 PST x', '2024-11-09T00:41:00Z minute | PST x'],
  ])('%s', (text, read) => expect(timeOf(text)).toBe(read));
});

describe('-HH:MM right behind a time ends a range, with a date or without; ISO 8601 with its T has an offset', () => {
  test.each([
    ['2024-11-09 10:00-11:00 x', '2024-11-09T10:00:00Z/2024-11-09T11:00:00Z minute | x'],
    ['2024-11-09 01:15-01:30 x', '2024-11-09T01:15:00Z/2024-11-09T01:30:00Z minute | x'],
    ['2024-11-09 01:41:00-05:00 x', '2024-11-09T01:41:00Z/2024-11-09T05:00:00Z minute | x'],
    ['2024-11-09 20:41-05:00 x', '2024-11-09T20:41:00Z/2024-11-10T05:00:00Z minute | x'],
    ['2024-11-09 23:50-00:10 x', '2024-11-09T23:50:00Z/2024-11-10T00:10:00Z minute | x'],
    ['2024-11-09 14:30-05:00 x', 'TIME_RANGE_BACKWARDS'],
    ['2024-11-09 01:41-01:44 x', '2024-11-09T01:41:00Z/2024-11-09T01:44:00Z minute | x'],
    ['2024-11-09 01:41-05:00 x', '2024-11-09T01:41:00Z/2024-11-09T05:00:00Z minute | x'],
    ['2024-11-09 01:41−05:00 x', '2024-11-09T01:41:00Z/2024-11-09T05:00:00Z minute | x'],
    ['2024-11-09 01:41-05:00 -05:00 x', '2024-11-09T06:41:00Z/2024-11-09T10:00:00Z minute | x'],
    ['2024-11-09T01:41-05:00 x', '2024-11-09T06:41:00Z minute | x'],
    ['2024-11-09T01:41:00-05:00 x', '2024-11-09T06:41:00Z second | x'],
    ['yesterday 01:15-01:30 x', '2024-11-09T01:15:00Z/2024-11-09T01:30:00Z minute | x'],
    ['2024-11-09 01:41 -05:00 x', '2024-11-09T06:41:00Z minute | x'],
    ['2024-11-09 01:41 - 05:00 x', '2024-11-09T01:41:00Z/2024-11-09T05:00:00Z minute | x'],
  ])('%s', (text, read) => expect(timeOf(text)).toBe(read));
});

describe('abbreviations that mean several things', () => {
  const all = 'PST PDT MST MDT CST CDT EST EDT BST IST CET CEST AEST AEDT'.split(' ');
  test.each(all)('%s is refused, with a way to write it that is then read', (short) => {
    for (const time of ['07:05', '~07:05', '1:07pm', '2024-11-09 07:05', '07:05-07:10', 'yesterday 23:50']) {
      const read = readTime(`${time} ${short} x`, { now: NOW, zone: 'UTC', zoneKnown: true });
      if (!isRefusal(read)) throw new Error(`${time} ${short} was read`);
      expect(read.code).toBe('TIME_ZONE_AMBIGUOUS');
      const offered = [...read.next.matchAll(/`([^`]+)`/g)]
        .map((match) => match[1] ?? '')
        .filter((s) => s.startsWith(time));
      expect(offered.length).toBeGreaterThanOrEqual(2);
      for (const example of offered) expect(timeOf(`${example} x`)).toMatch(/^\d{4}-.* \| x$/);
    }
    expect(timeOf(`07:05 ${short}`)).toBe('TIME_ZONE_AMBIGUOUS');
    expect(timeOf(`07:05 ${short.toLowerCase()} x`)).toBe('TIME_ZONE_AMBIGUOUS');
    expect(timeOf(`07:05 ${short}N x`)).toBe(`2024-11-10T07:05:00Z minute | ${short}N x`);
    expect(timeOf(`07:05 x ${short}`)).toBe(`2024-11-10T07:05:00Z minute | x ${short}`);
  });
});

describe('any other word is text', () => {
  test.each([
    'PSTN lines fail',
    'local x',
    'zone x',
    'api/gateway fails',
    'US/EU traffic',
    '+5000 requests',
    '-5 replicas',
    '-v x',
    '+ x',
    'UTCfoo',
    'PST-based x',
    'Japan x',
    'Pacific region down',
    'UTC-based jobs fail',
    'UTF8 broken',
    'Z-index bug',
    'z serwera',
    'in us-east-1 all is well',
    'in UI tests fail',
    'in EAST region',
    'Europe is fine',
    'Asian users',
    'nice time for an outage',
    'response time rises',
    '02:00 x',
    '-- x',
    '— x',
  ])('%s', (text) => expect(timeOf(`01:41 ${text}`)).toBe(`2024-11-10T01:41:00Z minute | ${text}`));
});

describe('meant as a zone, but none that can be known', () => {
  test.each([
    'Europe/Berlim x',
    'asia/pacific x',
    'UTC+2 x',
    'GMT-03:00 x',
    'UTC: x',
    'PST: x',
    'Europe/Berlin, x',
    '+5:30 x',
    '+15:00 x',
    '-14:40 x',
    '+02:60 x',
    '+02 x',
    '+2 x',
    '-05 x',
    '+ 02:00 x',
    '+1000 requests',
    'UTC+02:00 x',
    'UTC +2 x',
    'UTC +0200 x',
    'UTC+2: x',
    '(UTC): x',
    'GMT/UTC x',
    '(Europe/Berlim) x',
    'Amercia/New_York x',
    'US/Pacfic x',
    'America/New York x',
    'America/São_Paulo x',
    'America/Berlin x',
    'EU/Berlin x',
    'Europe-Berlin x',
    'New_York x',
    'SystemV/PST8 x',
    'EST5EDT x',
    'MSK+2 x',
    'Pacific Time x',
    'Paris time x',
    `Europe/${'a'.repeat(5_000)} x`,
    'Central European Summer Time x',
    'GMT Standard Time x',
    'W. Europe Standard Time x',
    'london time x',
    'india standard time x',
    'central european time x',
    '-13:30 x',
    '+02 regions',
    'UK time x',
    'heure de Paris x',
    'Pacific x',
    'Europe / Berlin x',
    'Europe:Berlin x',
    'europe berlin x',
    'EuropeBerlin x',
    'America / New York x',
    'Berlin/Europe x',
    'UTC1 x',
    'GMT0 x',
    'Z+1 x',
    'Z: x',
    'Z, x',
    'in UTC x',
    'in Europe/Berlin x',
    'in +02:00 x',
    '-13:44 x',
    '+05:07 x',
    '+ 13:44 x',
  ])('01:41 %s', (text) => expect(timeOf(`01:41 ${text}`)).toBe('TIME_ZONE_UNKNOWN'));
});

test.each(['[', '(', '"', '１', '\u200e', 'a_', 'A/', 'Europe/', '+0', 'P.'])(
  'whatever stands behind a time, %j any number of times too, is read or refused, and never too deep',
  (part) => {
    const text = part.repeat(40_000 / part.length);
    for (const typed of [text, `01:41 ${text}`, `-1h ${text}`]) {
      const read = readTime(typed, { now: NOW, zone: 'UTC', zoneKnown: true });
      if (isRefusal(read)) expect(`${read.sentence}${read.next}`.length).toBeLessThan(600);
      else if (read) expect(typed.endsWith(read.rest)).toBe(true);
    }
  },
);

test('a date does not change what is read behind it', () => {
  const two = (n: number) => String(n).padStart(2, '0');
  for (let end = 0; end < 24; end++)
    for (const minute of [0, 7, 30, 45]) {
      const range = `10:15-${two(end)}:${two(minute)} x`;
      const at = '2024-11-11T10:14:59Z';
      expect(timeOf(`2024-11-10 ${range}`, { at })).toBe(timeOf(range, { at: '2024-11-11T10:12:59Z' }));
    }
});

test('a range that cannot be says how an offset is written', () => {
  const ctx = { now: NOW, zone: 'UTC', zoneKnown: true };
  expect(readTime('2024-11-09 14:30-05:00 x', ctx)).toMatchObject({
    next: expect.stringContaining('put a space before it'),
  });
});

test.each([
  ['01:41 UTC: x', 'Leave out the colon: `01:41 UTC`.'],
  ['01:41 Europe/Berlin, x', 'Leave out the comma: `01:41 Europe/Berlin`.'],
  ['01:41 EST: x', 'Leave out the colon. Write the place or the offset: `01:41 America/New_York`'],
  ['01:41 +02:00: x', 'Leave out the colon: `01:41 +02:00`.'],
  ['01:41 UTC+2 x', 'Write `01:41 +02:00`'],
  ['01:41 +2 x', 'Write `01:41 +02:00`'],
  ['01:41 Amercia/New_York x', 'Did you mean `01:41 America/New_York`?'],
  ['01:41 US/Pacfic x', 'Did you mean `01:41 US/Pacific`?'],
  ['01:41 America/New York x', 'Did you mean `01:41 America/New_York`?'],
  ['01:41 America/São_Paulo x', 'Did you mean `01:41 America/Sao_Paulo`?'],
  ['01:41 America/Berlin x', 'Did you mean `01:41 Europe/Berlin`?'],
  ['01:41 EST5EDT x', '`01:41 America/New_York`'],
  ['01:41 Europe / Berlin x', 'Did you mean `01:41 Europe/Berlin`?'],
  ['01:41 Berlin/Europe x', 'Did you mean `01:41 Europe/Berlin`?'],
  ['01:41 EuropeBerlin x', 'If it begins the text, put `--` before it.'],
  ['01:41 in UTC x', 'Write `01:41 UTC`.'],
  ['01:41 london time x', 'Write the area: `01:41 Europe/London`.'],
  ['01:41 -13:44 x', 'If it is the end of a range, write `01:41-13:44`'],
  ['01:41 Amercia/New York x', 'Did you mean `01:41 America/New_York`?'],
  ['01:41 America/New x', 'Did you mean `01:41 America/New_York`?'],
  ['01:41 + 13:44 x', 'Write `UTC`'],
  ['01:41 Z: x', 'Leave out the colon: `01:41 Z`.'],
])('%s is refused, with what to leave out', (text, next) =>
  expect(readTime(text, { now: NOW, zone: 'UTC', zoneKnown: true })).toMatchObject({
    code: 'TIME_ZONE_UNKNOWN',
    next: expect.stringContaining(next),
  }),
);

test.each([
  ['UTC', 'UTC'],
  ['utc', 'UTC'],
  ['Z', 'UTC'],
  ['+02:00', 'UTC+02:00'],
  ['-03:30', 'UTC-03:30'],
  ['europe/berlin', 'Europe/Berlin'],
  ['Asia/Kathmandu', 'Asia/Kathmandu'],
  ['asia/calcutta', 'Asia/Calcutta'],
  ['US/Pacific', 'US/Pacific'],
  ['Etc/GMT+5', 'Etc/GMT+5'],
  ['＋０２：００', 'UTC+02:00'],
  ['\u200eUTC', 'UTC'],
])('readZone(%s)', (typed, zone) => expect(readZone(typed)).toBe(zone));

test.each([
  ['PST', 'TIME_ZONE_AMBIGUOUS'],
  ['pst', 'TIME_ZONE_AMBIGUOUS'],
  ['AST', 'TIME_ZONE_AMBIGUOUS'],
  ['NST', 'TIME_ZONE_AMBIGUOUS'],
  ['PNT', 'TIME_ZONE_AMBIGUOUS'],
  ['UT', 'TIME_ZONE_AMBIGUOUS'],
  ['CAT', 'TIME_ZONE_AMBIGUOUS'],
  ['XYZ', 'TIME_ZONE_UNKNOWN'],
  ['EST5EDT', 'TIME_ZONE_UNKNOWN'],
  ['SystemV/PST8', 'TIME_ZONE_UNKNOWN'],
  ['Etc/Unknown', 'TIME_ZONE_UNKNOWN'],
  ['Japan', 'TIME_ZONE_UNKNOWN'],
  ['UTC+02:00', 'TIME_ZONE_UNKNOWN'],
  ['UTC+2', 'TIME_ZONE_UNKNOWN'],
  ['+2', 'TIME_ZONE_UNKNOWN'],
  ['+0200', 'TIME_ZONE_UNKNOWN'],
  ['+15:00', 'TIME_ZONE_UNKNOWN'],
  ['', 'TIME_ZONE_UNKNOWN'],
  ['Mars/Olympus', 'TIME_ZONE_UNKNOWN'],
  ['UTC x', 'TIME_ZONE_UNKNOWN'],
])('readZone(%j) is refused', (typed, code) => expect(readZone(typed)).toMatchObject({ code }));

test.each([
  ['europe/berln', 'Did you mean `Europe/Berlin`?'],
  ['US/Pacfic', 'Did you mean `US/Pacific`?'],
  ['Berlin', 'Write `Europe/Berlin`.'],
  ['Nowhereville', 'an area such as `Europe/Berlin`'],
  ['UTC+2', 'Write `+02:00`'],
  ['+0530', 'Write `+05:30`'],
  ['AST', '`America/Halifax` (or `-04:00`)'],
])('readZone(%s) says what to write', (typed, next) =>
  expect(readZone(typed)).toMatchObject({ next: expect.stringContaining(next) }),
);

test('names that only the engine has are no zones, whatever it takes them for', () => {
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  const three = letters.flatMap((a) => letters.flatMap((b) => letters.map((c) => a + b + c)));
  const more = [
    'EST5EDT',
    'PST8PDT',
    'SystemV/AST4',
    'SystemV/EST5EDT',
    'Zulu',
    'Navajo',
    'GMT0',
    'GMT+0',
    'W-SU',
  ];
  const engines = [...three, ...more].filter((name) => {
    try {
      return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
    } catch {
      return false;
    }
  });
  expect(engines.length).toBeGreaterThan(20);
  expect(engines.filter((name) => typeof readZone(name) === 'string').sort()).toEqual(['GMT', 'UTC']);
});
