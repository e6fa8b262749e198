import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { IANAZone } from 'luxon';
import { readZone, typedZone } from '#domain/command/time/zone.js';
import { clockIn, isZone } from '#render/clock.js';

test('reads the zone as luxon does, minute by minute through every change of the clocks', () => {
  for (const zone of [
    'Europe/Berlin',
    'America/St_Johns',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
    'Pacific/Apia',
  ]) {
    const clock = clockIn(zone);
    const luxon = IANAZone.create(zone);
    for (const day of ['2024-03-31', '2024-10-27', '2024-11-03', '2024-04-06', '2011-12-30']) {
      for (let minute = -60; minute < 26 * 60; minute += 7) {
        const instant = Date.parse(`${day}T00:00:00Z`) + minute * 60_000;
        const { date, time, offset } = clock.read(new Date(instant).toISOString());
        expect(Date.parse(`${date}T${time}${offset}`)).toBe(instant);
        expect(offset).toBe(luxon.formatOffset(instant, 'short'));
      }
    }
  }
});

test('knows zones, offsets and UTC under its names', () => {
  expect(
    [
      'UTC',
      'utc',
      'Z',
      'GMT',
      'Etc/UTC',
      'Europe/Berlin',
      '+05:30',
      '-03:00',
      '−03:00',
      'UTC+05:30',
      'gmt-03:00',
    ].filter(isZone),
  ).toHaveLength(11);
  expect(
    ['', 'Berlin/Europe', 'nonsense', '+0530', '+15:00', 'UTC+2', '+02:60', '<b>'].filter(isZone),
  ).toEqual([]);
  expect(clockIn('gmt').zone).toBe('UTC');
  expect(clockIn('+05:30').read('2024-11-10T01:41:00Z')).toEqual({
    date: '2024-11-10',
    time: '07:11:00',
    offset: '+05:30',
  });
  expect(clockIn('-03:00').read('2024-11-10T01:41:00Z')).toEqual({
    date: '2024-11-09',
    time: '22:41:00',
    offset: '-03:00',
  });
});

test('a zone has one name in every room, however it was typed', () => {
  const names = ['+02:00', 'UTC+02:00', 'utc+02:00'].map((typed) => clockIn(typed).zone);
  expect(new Set(names)).toEqual(new Set(['UTC+02:00']));
  expect(clockIn('europe/berlin').zone).toBe('Europe/Berlin');
});

test('every zone that a command takes, a clock takes, under the name that the command made of it', () => {
  const two = (most: number) => fc.integer({ min: 0, max: most }).map((n) => String(n).padStart(2, '0'));
  const offset = fc
    .tuple(fc.constantFrom('', '', '', 'UTC'), fc.constantFrom('+', '-', '−'), two(16), two(61))
    .map(([before, sign, hours, minutes]) => `${before}${sign}${hours}:${minutes}`);
  const area = fc.constantFrom(...Intl.supportedValuesOf('timeZone'), 'Etc/GMT+5', 'Japan', 'US/Eastern');
  const spelled = fc.tuple(area, fc.boolean()).map(([name, small]) => (small ? name.toLowerCase() : name));
  const word = fc.constantFrom(
    'UTC',
    'GMT',
    'Z',
    'utc',
    'gmt',
    'z',
    'EST',
    'CET',
    'local',
    '',
    '+2',
    'UTC+2',
  );
  let taken = 0;
  fc.assert(
    fc.property(fc.oneof(offset, spelled, word, fc.string({ maxLength: 6 })), (typed) => {
      const name = readZone(typed);
      if (typeof name !== 'string') return;
      taken++;
      expect(clockIn(name).zone).toBe(name);
      expect(clockIn(typed).zone).toBe(name);
      expect(readZone(typedZone(name))).toBe(name);
      expect(clockIn(name).read('2024-11-10T01:41:00Z')).toEqual(clockIn(typed).read('2024-11-10T01:41:00Z'));
    }),
    { numRuns: 1_000 },
  );
  expect(taken).toBeGreaterThan(300);
});
