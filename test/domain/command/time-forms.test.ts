import { describe, expect, test } from '@jest/globals';
import { readTime } from '#domain/command/time.js';
import { NOW, timeOf } from './support.js';

// It is Sunday, 2024-11-10 14:32:10 UTC.

describe('every form', () => {
  test.each([
    ['01:41 requests fail', '2024-11-10T01:41:00Z minute | requests fail'],
    ['01:41:30 x', '2024-11-10T01:41:30Z second | x'],
    ['9:05 x', '2024-11-10T09:05:00Z minute | x'],
    ['12:07 AM x', '2024-11-10T00:07:00Z minute | x'],
    ['12:07\u202fAM x', '2024-11-10T00:07:00Z minute | x'],
    ['12:07 a.m. x', '2024-11-10T00:07:00Z minute | x'],
    ['1:07pm x', '2024-11-10T13:07:00Z minute | x'],
    ['12:00pm x', '2024-11-10T12:00:00Z minute | x'],
    ['12:30am', '2024-11-10T00:30:00Z minute'],
    ['2024-11-09 01:41 x', '2024-11-09T01:41:00Z minute | x'],
    ['2024-11-09 01:41:59 x', '2024-11-09T01:41:59Z second | x'],
    ['2024-11-09 1:07 PM x', '2024-11-09T13:07:00Z minute | x'],
    ['2024-11-09 x', '2024-11-09T00:00:00Z date | x'],
    ['2024-11-10', '2024-11-10T00:00:00Z date'],
    ['2024-11-09 10 nodes down', '2024-11-09T00:00:00Z date | 10 nodes down'],
    ['2024-11-09T01:41Z x', '2024-11-09T01:41:00Z minute | x'],
    ['2024-11-09T01:41:07.999Z x', '2024-11-09T01:41:07Z second | x'],
    ['2024-11-09T01:41:07,5+02:00 x', '2024-11-08T23:41:07Z second | x'],
    ['2024-11-09T01:41-05:30 x', '2024-11-09T07:11:00Z minute | x'],
    ['2024-11-09T01:41+0200 x', '2024-11-08T23:41:00Z minute | x'],
    ['2024-11-09t01:41:00z x', '2024-11-09T01:41:00Z second | x'],
    ['2024-11-09T01:41 x', '2024-11-09T01:41:00Z minute | x'],
    ['20241109T014100Z x', '2024-11-09T01:41:00Z second | x'],
    ['2024-11-09 01:41:07,123 log line', '2024-11-09T01:41:07Z second | log line'],
    ['-12m x', '2024-11-10T14:20:10Z minute | x'],
    ['-1h30m x', '2024-11-10T13:02:10Z minute | x'],
    ['-45s x', '2024-11-10T14:31:25Z second | x'],
    ['-2d1h x', '2024-11-08T13:32:10Z minute | x'],
    ['-0m x', '2024-11-10T14:32:10Z minute | x'],
    ['yesterday 23:50 x', '2024-11-09T23:50:00Z minute | x'],
    ['Yesterday at 11:50 pm x', '2024-11-09T23:50:00Z minute | x'],
    ['today 01:41 x', '2024-11-10T01:41:00Z minute | x'],
    ['~01:41 x', '2024-11-10T01:41:00Z approx | x'],
    ['~ 01:41:10 x', '2024-11-10T01:41:10Z approx | x'],
    ['~-12m x', '2024-11-10T14:20:10Z approx | x'],
    ['~2024-11-09 x', '2024-11-09T00:00:00Z date | x'],
    ['0001-01-01 00:00 x', '0001-01-01T00:00:00Z minute | x'],
    ['0999-12-31 23:59 x', '0999-12-31T23:59:00Z minute | x'],
    ['1024-02-29 x', '1024-02-29T00:00:00Z date | x'],
    ['   01:41 x', '2024-11-10T01:41:00Z minute | x'],
    ['2024-11-09 at 13:41 x', '2024-11-09T13:41:00Z minute | x'],
    ['2024-11-09 AT 1:41 pm x', '2024-11-09T13:41:00Z minute | x'],
    ['2024-11-09 at 13.41 x', '2024-11-09T13:41:00Z minute | x'],
    ['13.41 Uhr x', '2024-11-10T13:41:00Z minute | x'],
    ['13:41 Uhr x', '2024-11-10T13:41:00Z minute | x'],
    ['13.41 UTC x', '2024-11-10T13:41:00Z minute | x'],
    ['13.41 Europe/Berlin x', '2024-11-10T12:41:00Z minute | x'],
    ['1.41 pm x', '2024-11-10T13:41:00Z minute | x'],
    ['13.41-13.44 Uhr x', '2024-11-10T13:41:00Z/2024-11-10T13:44:00Z minute | x'],
    ['13時41分 x', '2024-11-10T13:41:00Z minute | x'],
    ['13時41分07秒 x', '2024-11-10T13:41:07Z second | x'],
    ['13시 41분 x', '2024-11-10T13:41:00Z minute | x'],
    ['-1.5h x', '2024-11-10T13:02:10Z minute | x'],
    ['-0,5h x', '2024-11-10T14:02:10Z minute | x'],
    ['-1h 30m x', '2024-11-10T13:02:10Z minute | x'],
    ['-1h  30min x', '2024-11-10T13:02:10Z minute | x'],
    ['-1h and 30m x', '2024-11-10T13:02:10Z minute | x'],
    ['-1h, 30 minutes x', '2024-11-10T13:02:10Z minute | x'],
    ['-1d 2h 30m x', '2024-11-09T12:02:10Z minute | x'],
    ['-12m 30s x', '2024-11-10T14:19:40Z second | x'],
    // What is no part of it stays text.
    ['-5m 500s on checkout', '2024-11-10T14:27:10Z minute | 500s on checkout'],
    ['-1h 3 nodes down', '2024-11-10T13:32:10Z minute | 3 nodes down'],
    ['-1h and then it broke', '2024-11-10T13:32:10Z minute | and then it broke'],
  ])('%s', (text, read) => expect(timeOf(text)).toBe(read));
});

describe('ranges', () => {
  test.each([
    ['01:41-01:44 x', '2024-11-10T01:41:00Z/2024-11-10T01:44:00Z minute | x'],
    ['01:41–01:44 x', '2024-11-10T01:41:00Z/2024-11-10T01:44:00Z minute | x'],
    ['01:41 to 01:44 x', '2024-11-10T01:41:00Z/2024-11-10T01:44:00Z minute | x'],
    ['01:41 until 01:44 x', '2024-11-10T01:41:00Z/2024-11-10T01:44:00Z minute | x'],
    ['-1h to -30m x', '2024-11-10T13:32:10Z/2024-11-10T14:02:10Z minute | x'],
    ['-1h 30m - -10m x', '2024-11-10T13:02:10Z/2024-11-10T14:22:10Z minute | x'],
    ['01:41 - 01:44 x', '2024-11-10T01:41:00Z/2024-11-10T01:44:00Z minute | x'],
    ['01:41/01:44 x', '2024-11-10T01:41:00Z/2024-11-10T01:44:00Z minute | x'],
    ['01:41:10-01:44 x', '2024-11-10T01:41:10Z/2024-11-10T01:44:00Z minute | x'],
    ['01:41:10-01:44:20 x', '2024-11-10T01:41:10Z/2024-11-10T01:44:20Z second | x'],
    ['1:07pm-1:15pm x', '2024-11-10T13:07:00Z/2024-11-10T13:15:00Z minute | x'],
    ['01:41-01:44 Europe/Berlin x', '2024-11-10T00:41:00Z/2024-11-10T00:44:00Z minute | x'],
    ['01:41-01:44Z x', '2024-11-10T01:41:00Z/2024-11-10T01:44:00Z minute | x'],
    ['~01:41-01:44 x', '2024-11-10T01:41:00Z/2024-11-10T01:44:00Z approx | x'],
    ['01:41-05:00 x', '2024-11-10T01:41:00Z/2024-11-10T05:00:00Z minute | x'],
    ['2024-11-09 01:41-01:44 x', '2024-11-09T01:41:00Z/2024-11-09T01:44:00Z minute | x'],
    ['2024-11-08 23:50-2024-11-09 00:10 x', '2024-11-08T23:50:00Z/2024-11-09T00:10:00Z minute | x'],
    ['2024-11-08 23:50-00:10 x', '2024-11-08T23:50:00Z/2024-11-09T00:10:00Z minute | x'],
    ['2024-11-09T01:41Z/2024-11-09T01:44Z x', '2024-11-09T01:41:00Z/2024-11-09T01:44:00Z minute | x'],
    ['2024-11-09T01:41+02:00/01:44 x', '2024-11-08T23:41:00Z/2024-11-08T23:44:00Z minute | x'],
    ['2024-11-08/2024-11-09 x', '2024-11-08T00:00:00Z/2024-11-09T00:00:00Z date | x'],
    ['-30m--10m x', '2024-11-10T14:02:10Z/2024-11-10T14:22:10Z minute | x'],
    // Past midnight, unless that would be most of a day.
    ['23:50-00:10 x', '2024-11-09T23:50:00Z/2024-11-10T00:10:00Z minute | x'],
    ['14:30-14:10 x', 'TIME_RANGE_BACKWARDS'],
    ['2024-11-09 14:30-14:10 x', 'TIME_RANGE_BACKWARDS'],
    ['2024-11-09 10:00-2024-11-08 09:00 x', 'TIME_RANGE_BACKWARDS'],
    ['2024-11-09/2024-11-08 x', 'TIME_RANGE_BACKWARDS'],
    ['-10m--30m x', 'TIME_RANGE_BACKWARDS'],
    ['-5m--99999999d x', 'TIME_UNKNOWN'],
    ['14:00-15:00 x', 'TIME_IN_FUTURE'],
    ['14:30-14:34 x', '2024-11-10T14:30:00Z/2024-11-10T14:32:10Z minute | x'],
    // Is the first of these in the morning?
    ['1:07-1:15pm x', 'TIME_UNKNOWN'],
    ['2024-11-09/01:44 x', 'TIME_UNKNOWN'],
    ['01:41-25:00 x', 'TIME_UNKNOWN'],
    ['01:41 - so it began', '2024-11-10T01:41:00Z minute | - so it began'],
  ])('%s', (text, read) => expect(timeOf(text)).toBe(read));
});

describe('meant as a time, but it cannot be one or cannot be known', () => {
  test.each([
    '??:?? x',
    '14:?? x',
    'xx:xx x',
    '--:-- x',
    '????-11-10 x',
    '25:99 x',
    '14:60 x',
    '24:00 x',
    '23:59:60 x',
    '13:07pm x',
    '0:30am x',
    '2024-02-30 x',
    '2023-02-29 x',
    '2024-13-01 x',
    '2024-00-10 x',
    '0000-01-01 x',
    '2024-11-10 25:00 x',
    '2024-11-10 ??:?? x',
    '2024-11-10T25:00 x',
    '2024-11-10T01 x',
    '2024-11-10T01:41:60Z x',
    '2024-11-10 24:00',
    'yesterday 25:99 x',
    'yesterday ??:?? x',
    '2024-W45-7 x',
    '5pm x',
    '~3 am x',
    '14h32 x',
    '14:32:5 x',
    '14:32: x',
    '14:32, x',
    '14:32ish x',
    '14:32-ish x',
    '2024-11-10: x',
    '10/11/2024 01:41 x',
    '10.11.2024 x',
    '2024/11/10 x',
    'Nov 10 01:41 x',
    '10 November 2024 01:41 x',
    'Monday 14:32 x',
    '-1h30 x',
    '-12 min x',
    '-12minutes x',
    '12m ago x',
    '5 minutes ago x',
    '-12m: x',
    '-99999999999999999999d x',
    '01:41 2024-11-10 x',
    // Around, before and instead of a time
    'at 14:32 x',
    'about 14:30 x',
    '(14:32) x',
    '[14:32:10] x',
    '[2024-11-10 14:32] x',
    '*14:32* x',
    '`14:32` x',
    '"14:32" x',
    '- 14:32 x',
    '• 14:32 x',
    '1. 14:32 x',
    'um 14:32 x',
    'at noon x',
    'around 2pm x',
    'gegen 14 Uhr x',
    'at 14h32 x',
    '[5pm] x',
    '2024-11-10_13:41 x',
    '-1½h x',
    '-1h and a half x',
    'UTC 14:32 x',
    'CET 14:32 x',
    'Europe/Berlin 14:32 x',
    'gestern 14:32 x',
    'hier à 14:32 x',
    'last night 23:50 x',
    'this morning at 9:12 x',
    'yesterday noon x',
    'yesterday 14.32 x',
    'noon x',
    'Midnight: x',
    '12 noon x',
    'half past two x',
    'quarter to three x',
    "five o'clock x",
    '14 Uhr x',
    '13時 x',
    '午後1時41分 x',
    '13;41 x',
    '13 : 41 x',
    '13 h 41 x',
    '1341Z x',
    '1341 hrs x',
    '0930 x',
    // So long ago
    '-90 x',
    '-90',
    '-90 requests fail',
    '-1.5 h x',
    '-2w x',
    '-1H x',
    '-1:30 x',
    '- 12m x',
    '-1 h 30 min x',
    '-30m 1h x',
    '-1h 30s x',
    '-1h 30 x',
    '-1h-30m x',
    'an hour ago x',
    'half an hour ago x',
    'about 5 minutes ago x',
    'a few minutes ago we saw',
    '1 hour and 30 minutes ago x',
    'vor 5 Minuten x',
    'il y a 5 minutes x',
    '5分前 x',
    // Days
    '29/10/24 x',
    '10/29 13:41 x',
    '29.10. 13:41 x',
    '29.10. x',
    '29-10-2024 x',
    '20241029 x',
    '2024.10.29 x',
    '2024-1-9 x',
    '2024年10月29日 x',
    'Oct 29 x',
    '29 October x',
    '29th of October x',
    '29 octobre 13:41 x',
    '29-Oct-2024 x',
    'Montag 13:41 x',
    'Fri, 25 Oct 2024 13:41:00 +0000 x',
    'Fri Oct 25 13:41:00 UTC 2024 x',
    '2024-10-29, 13:41 x',
    '2024-10-29 around 13:41 x',
    '2024-10-29 13.41 x',
    '2024-10-29 at noon x',
    '1731249730 x',
    '1731249730.123456 x',
    '1731249730123 x',
    '01:41 UTC - 01:44 x',
    '2024-11-10 UTC 01:41 x',
  ])('%s', (text) => expect(timeOf(text)).toBe('TIME_UNKNOWN'));
});

describe('what nobody sees, and other forms of the same characters, change no time; the text stays as typed', () => {
  const read = '2024-11-10T01:41:00Z minute';
  test.each([
    ['\u200e01:41 x', `${read} | x`],
    ['\u202a01:41\u202c x', `${read} | x`],
    ['\u2066\ufeff 01:\u200b41\u2069 x', `${read} | x`],
    ['０１：４１ ｘ１', `${read} | ｘ１`],
    ['０１：４１\u3000\u200fx\u200f', `${read} | \u200fx\u200f`],
    ['01∶41 x', `${read} | x`],
    ['٠١:٤١ x', `${read} | x`],
    ['०१:४१ x', `${read} | x`],
    ['𝟎𝟏:𝟒𝟏 x', `${read} | x`],
    ['２０２４－１１－１０ ０１：４１ ＵＴＣ x', `${read} | x`],
    ['2024\u201111\u201110 01:41 x', `${read} | x`],
    ['01:41 \u200eUTC x', `${read} | x`],
    ['\u200e-12m x', '2024-11-10T14:20:10Z minute | x'],
    ['\u200e?? x', 'text'],
    ['\u200e', 'text'],
  ])('%j', (text, moment) => expect(timeOf(text)).toBe(moment));

  test('the receipt quotes it plainly', () => {
    const ctx = { now: NOW, zone: 'UTC', zoneKnown: true };
    expect(readTime('\u202e０１：４１ ＵＴＣ x', ctx)).toMatchObject({ typed: '01:41 UTC', rest: 'x' });
  });
});

test.each([
  ['14:32: x', 'Leave out the colon: `14:32`.'],
  ['2024-11-10: x', 'Leave out the colon: `2024-11-10`.'],
  ['noon x', 'Write `12:00`'],
  ['midnight x', 'Write `00:00`'],
  ['-90 x', 'Write `-90m` for minutes or `-90h` for hours.'],
  ['-1 h 30 min x', 'Write `-1h30m`.'],
  ['1 hour and 30 minutes ago x', 'Write `-1h30m`.'],
  ['-30m 1h x', 'as in `-1h30m`'],
  ['(14:32) x', 'Begin with the time itself: `14:32`.'],
  ['around 14:32 x', 'Begin with the time itself: `~14:32`.'],
  ['UTC 14:32 x', 'Write the zone behind the time: `14:32 UTC`.'],
])('%s is refused, with what to write', (text, next) =>
  expect(readTime(text, { now: NOW, zone: 'UTC', zoneKnown: true })).toMatchObject({
    code: 'TIME_UNKNOWN',
    next: expect.stringContaining(next),
  }),
);

describe('ordinary text', () => {
  test.each([
    '',
    ' ',
    '~',
    '-',
    '--',
    'requests fail',
    '10% of nodes fail',
    '3 nodes down',
    '2024 was fine',
    '-v flag added',
    '--at noon',
    '1:1 meeting',
    '502s from gateway',
    '~200 users affected',
    '-5 replicas',
    '-5ms latency',
    '-12M requests',
    '12:345 x',
    '12:34:56:78:9a:bc flaps',
    '2024-11-10-rc1 deployed',
    '2024-11-10.log is full',
    '2024-11-10_backup',
    '123:45 x',
    '1.2.3 released',
    'yesterday we deployed',
    'yesterday 10 nodes',
    'Mon amour',
    'May 10 users',
    'Z',
    'PST',
    '12 monkeys',
    '5 ago',
  ])('%s', (text) => expect(timeOf(text)).toBe('text'));
});

describe('a bare time is the latest that is not in the future', () => {
  test.each([
    ['14:32', '2024-11-10T14:32:00Z minute'],
    ['14:33', '2024-11-10T14:32:10Z minute'],
    ['14:34:10', '2024-11-10T14:32:10Z second'],
    ['14:34:11', '2024-11-09T14:34:11Z second'],
    ['14:35', '2024-11-09T14:35:00Z minute'],
    ['23:59', '2024-11-09T23:59:00Z minute'],
  ])('%s', (text, read) => expect(timeOf(text)).toBe(read));

  test('just before midnight, the first minute of tomorrow is now', () => {
    expect(timeOf('00:00', { at: '2024-11-10T23:59:30Z' })).toBe('2024-11-10T23:59:30Z minute');
  });

  test('in the zone of the typist', () => {
    expect(timeOf('23:50', { zone: 'Asia/Kathmandu' })).toBe('2024-11-09T18:05:00Z minute');
    expect(timeOf('19:00', { zone: 'Asia/Kathmandu' })).toBe('2024-11-10T13:15:00Z minute');
    expect(timeOf('09:00', { zone: 'America/New_York' })).toBe('2024-11-10T14:00:00Z minute');
    expect(timeOf('yesterday 23:50', { zone: 'Pacific/Kiritimati' })).toBe('2024-11-10T09:50:00Z minute');
  });
});

describe('the future', () => {
  test.each([
    ['2024-11-10 14:34', '2024-11-10T14:32:10Z minute'],
    ['2024-11-10 14:35', 'TIME_IN_FUTURE'],
    ['2099-01-01 00:00', 'TIME_IN_FUTURE'],
    ['2024-11-11', 'TIME_IN_FUTURE'],
    ['2024-11-10T14:35Z', 'TIME_IN_FUTURE'],
    ['today 15:00', 'TIME_IN_FUTURE'],
    ['tomorrow 10:00', 'TIME_IN_FUTURE'],
    ['9999-12-31', 'TIME_IN_FUTURE'],
  ])('%s', (text, read) => expect(timeOf(text)).toBe(read));

  test('a date that has begun where the typist is', () => {
    expect(timeOf('2024-11-11', { zone: 'Pacific/Kiritimati' })).toBe('2024-11-11T00:00:00Z date');
    expect(timeOf('2024-11-10', { zone: 'Pacific/Pago_Pago' })).toBe('2024-11-10T00:00:00Z date');
    expect(timeOf('2024-11-10', { zone: 'Pacific/Pago_Pago', at: '2024-11-10T10:00:00Z' })).toBe(
      'TIME_IN_FUTURE',
    );
  });
});

test('what was read is told: the characters, the zone, whether it was assumed', () => {
  const at = (text: string, zoneKnown = false) => {
    const { typed, zone, zoneAssumed, dated } = readTime(text, {
      now: NOW,
      zone: 'Europe/Berlin',
      zoneKnown,
    }) as never;
    return [typed, zone, zoneAssumed, dated];
  };
  expect(at('  ~01:41 x')).toEqual(['~01:41', 'Europe/Berlin', true, false]);
  expect(at('01:41 x', true)).toEqual(['01:41', 'Europe/Berlin', false, false]);
  expect(at('01:41  UTC  x')).toEqual(['01:41  UTC', 'UTC', false, false]);
  expect(at('yesterday 01:41-01:44 +05:30 x')).toEqual([
    'yesterday 01:41-01:44 +05:30',
    'UTC+05:30',
    false,
    true,
  ]);
  expect(at('-12m x')).toEqual(['-12m', 'Europe/Berlin', false, false]);
});

test('a profile with a zone that does not exist counts as unknown', () => {
  expect(readTime('01:41 x', { now: NOW, zone: 'Mars/Olympus', zoneKnown: true })).toMatchObject({
    zone: 'UTC',
    zoneAssumed: true,
  });
});
