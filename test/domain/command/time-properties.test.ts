import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DateTime } from 'luxon';
import { fold } from '#domain/command/entered.js';
import { readTime } from '#domain/command/time/time.js';
import { isRefusal } from '#domain/refusal.js';
import { effort } from '../../support/effort.js';
import { mustRead, NOW, typed } from './support.js';

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Sao_Paulo',
  'America/St_Johns',
  'Asia/Kathmandu',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Kiritimati',
  'Africa/Casablanca',
  'Africa/Cairo',
  'America/Havana',
  'Asia/Gaza',
];
const zones = fc.constantFrom(...ZONES);
/** Whole seconds between 1975 and now: whole minutes of offset everywhere. */
const instants = fc
  .integer({ min: 157_766_400, max: Math.floor(NOW.getTime() / 1000) - 1 })
  .map((s) => s * 1000);
const iso = (ms: number) => new Date(ms).toISOString().replace('.000', '');
const LONG = { numRuns: effort(150) };

describe('whatever a clock in some zone shows is read back as the same instant', () => {
  test('with the offset it had then', () => {
    fc.assert(
      fc.property(instants, zones, (ms, zone) => {
        const local = DateTime.fromMillis(ms, { zone });
        for (const format of [
          "yyyy-MM-dd'T'HH:mm:ssZZ",
          "yyyy-MM-dd'T'HH:mm:ssZZZ",
          'yyyy-MM-dd HH:mm:ss ZZ',
          'yyyy-MM-dd h:mm:ss a ZZ',
        ])
          expect(
            mustRead(`${local.toFormat(format)} x`, { now: NOW, zone: 'Asia/Tokyo', zoneKnown: true }).moment
              .at,
          ).toBe(iso(ms));
      }),
      LONG,
    );
  });

  test('with the name of the zone, or in the zone of the typist, unless that hour came twice', () => {
    fc.assert(
      fc.property(instants, zones, (ms, zone) => {
        const wall = DateTime.fromMillis(ms, { zone }).toFormat('yyyy-MM-dd HH:mm:ss');
        const named = readTime(`${wall} ${zone} x`, { now: NOW, zone: 'Asia/Tokyo', zoneKnown: true });
        expect(readTime(`${wall} x`, { now: NOW, zone, zoneKnown: true })).toMatchObject(
          isRefusal(named) ? { code: named.code } : { moment: named?.moment },
        );
        if (isRefusal(named)) expect(named.code).toBe('TIME_TWICE');
        else expect(named?.moment.at).toBe(iso(ms));
      }),
      LONG,
    );
  });

  test('a bare time typed within a day', () => {
    const ago = fc.integer({ min: 0, max: 86_399 });
    fc.assert(
      fc.property(instants, ago, zones, (ms, seconds, zone) => {
        const then = ms - seconds * 1000;
        const read = readTime(`${DateTime.fromMillis(then, { zone }).toFormat('HH:mm:ss')} x`, {
          now: new Date(ms),
          zone,
          zoneKnown: true,
        });
        if (isRefusal(read)) return expect(['TIME_TWICE', 'TIME_SKIPPED']).toContain(read.code);
        // Within two minutes of a day ago the same clock time is ahead of now, and counts as now.
        const got = Date.parse(read?.moment.at ?? '');
        if (seconds < 86_400 - 121 && got !== then)
          expect(Math.abs(got - then)).toBeGreaterThanOrEqual(22 * 3_600_000);
        const shown = DateTime.fromMillis(got, { zone }).toFormat('HH:mm:ss');
        if (got !== ms) expect(shown).toBe(DateTime.fromMillis(then, { zone }).toFormat('HH:mm:ss'));
      }),
      LONG,
    );
  });
});

describe('however it is typed', () => {
  const unseen = fc.constantFrom(
    '',
    '',
    '\u200e',
    '\u200f',
    '\u202a',
    '\u2066',
    '\ufeff',
    '\u200b',
    '\u00ad',
  );
  const wide = (text: string) =>
    text.replace(/[!-~]/g, (char) => String.fromCharCode(char.charCodeAt(0) + 0xfee0));
  const arabic = (text: string) => text.replace(/\d/g, (digit) => String.fromCharCode(0x660 + Number(digit)));
  const written = fc.constantFrom((text: string) => text, wide, arabic);
  const forms = fc.constantFrom(
    '01:41',
    '1:41 pm',
    '2024-11-09 at 01:41',
    '2024-11-09T01:41Z',
    '~01:41-01:44',
    '01:41 UTC',
    '01:41 +0530',
    '01:41 Europe/Berlin',
    '-1h 30m',
    '-1.5h',
    '01.41 Uhr',
    'noon',
    '-90',
    '01:41 PT',
    '01:41 US/Pacfic',
  );

  test('marks that nobody sees and other digits change nothing, and the text behind stays as typed', () => {
    fc.assert(
      fc.property(forms, written, fc.array(unseen, { minLength: 1, maxLength: 40 }), (form, write, marks) => {
        const ctx = { now: NOW, zone: 'Asia/Tokyo', zoneKnown: true };
        const dressed = [...write(form)].map((char, i) => (marks[i % marks.length] ?? '') + char).join('');
        const text = '\u200eｘ ٣ x';
        const read = readTime(`${dressed} ${text}`, ctx);
        const plain = readTime(`${form} ${text}`, ctx);
        expect(read).toEqual(plain);
        if (plain && !isRefusal(plain)) expect(plain.rest).toBe(text);
      }),
      LONG,
    );
  });

  test('hours and minutes in parts are as long as in one piece', () => {
    const between = fc.constantFrom(' ', '  ', '\u00a0', ' and ', ', ', ' & ');
    const minutes = fc.constantFrom('m', 'min', ' min', ' minutes');
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 99 }),
        fc.integer({ min: 1, max: 59 }),
        between,
        minutes,
        (h, m, gap, unit) => {
          const one = mustRead(`-${h}h${m}m x`, { now: NOW, zone: 'UTC', zoneKnown: true });
          const parts = mustRead(`-${h}h${gap}${m}${unit} x`, { now: NOW, zone: 'UTC', zoneKnown: true });
          expect(parts).toMatchObject({ moment: one.moment, rest: 'x' });
        },
      ),
      LONG,
    );
  });
});

describe('whatever is typed', () => {
  const two = fc.integer({ min: 0, max: 99 }).map((n) => String(n).padStart(2, '0'));
  const piece = fc.oneof(
    two,
    fc.integer({ min: 0, max: 9999 }).map((n) => String(n).padStart(4, '0')),
    fc.constantFrom(
      ':',
      ':',
      '-',
      '-',
      ' ',
      ' ',
      '/',
      'T',
      'Z',
      '+',
      '~',
      '.',
      ',',
      'am',
      'PM',
      'h',
      'm',
      's',
      'd',
      '?',
      'UTC',
      'PST',
      'yesterday ',
      'Europe/Berlin',
      '–',
      '--',
      '\n',
      'x',
      '01:41',
      '2024-11-10',
      '-12m',
      ' 30m',
      ' and ',
      ' at ',
      'noon',
      '１',
      '：',
      '\u200e',
      'GET ',
      'Uhr',
      '時',
      '[',
      'US/Pacfic',
      ' +02:00',
      '12:07 AM',
      '"',
      '“',
      '--at ',
      '—component ',
    ),
    fc.string({ unit: 'binary', maxLength: 3 }),
  );
  const text = fc.array(piece, { maxLength: 9 }).map((parts) => parts.join(''));

  test('reading never throws, never lands in the future, and loses no character', () => {
    fc.assert(
      fc.property(text, zones, instants, (typedText, zone, now) => {
        const read = readTime(typedText, { now: new Date(now), zone, zoneKnown: true });
        if (read === null || isRefusal(read)) return;
        const { at, until, precision } = read.moment;
        // A date stands at midnight UTC: east of there the day may have begun earlier.
        const limit = now + (precision === 'date' ? 14 * 3_600_000 : 0);
        expect(Date.parse(at)).toBeLessThanOrEqual(limit);
        expect(at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        if (until !== null) {
          expect(Date.parse(until)).toBeLessThanOrEqual(limit);
          expect(Date.parse(until)).toBeGreaterThanOrEqual(Date.parse(at));
        }
        const before = typedText.slice(0, typedText.length - read.rest.length);
        expect(typedText.endsWith(read.rest)).toBe(true);
        expect(fold(before).text.trim()).toBe(read.typed);
      }),
      { numRuns: effort(600) },
    );
  });

  test('understanding a line never throws', () => {
    const verbs =
      'open note log status resolve sev lead role invite title mark component impact action done publish timeline edit time strike export help';
    const line = fc.tuple(
      fc.constantFrom(...verbs.split(' ')),
      fc.constantFrom(' ', '\n', ' INC-7 ', ' #3 '),
      text,
    );
    fc.assert(
      fc.property(
        fc.oneof(
          line.map((parts) => parts.join('')),
          fc.string({ unit: 'binary' }),
        ),
        fc.boolean(),
        (said, implied) => {
          const understood = typed(said, { implied });
          expect('refused' in understood || 'kind' in understood).toBe(true);
        },
      ),
      { numRuns: effort(600) },
    );
  });
});
