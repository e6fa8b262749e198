import { expect, test } from '@jest/globals';
import { IANAZone } from 'luxon';
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
    ['UTC', 'utc', 'Z', 'GMT', 'Etc/UTC', 'Europe/Berlin', '+05:30', '-03:00'].filter(isZone),
  ).toHaveLength(8);
  expect(['', 'Berlin/Europe', 'nonsense', '+0530', '+15:00', 'UTC+2', '<b>'].filter(isZone)).toEqual([]);
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
