import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { IntlMessageFormat } from 'intl-messageformat';
import { COMPONENT_STATES, IMPACTS, MAINTENANCE_STATES } from '#domain/status/page.js';
import { POST_STATES } from '#domain/words.js';
import { htmlFiles } from '#public/pages/pages.js';
import { LANGUAGES } from '#public/settings.js';
import { type Saying, sayingsOf, Words } from '#public/words/words.js';
import { everything, LOOK } from './kit.js';

const english = sayingsOf('en');
const keys = Object.keys(english) as Saying[];

/** What a message is given, and the forms it has for a number. */
function holesOf(message: string): string[] {
  const found = new Set<string>();
  const walk = (elements: ReturnType<IntlMessageFormat['getAst']>) => {
    for (const element of elements) {
      if (element.type === 1) found.add(element.value);
      if (element.type === 6) {
        found.add(element.value);
        for (const { value } of Object.values(element.options)) walk(value);
      }
    }
  };
  walk(new IntlMessageFormat(message, 'en', undefined, { ignoreTag: true }).getAst());
  return [...found].sort();
}

describe.each(LANGUAGES.map((language) => [language] as const))('words in %s', (language) => {
  const sayings = sayingsOf(language);

  test('are all there, and none too many', () => {
    expect(Object.keys(sayings).sort()).toEqual([...keys].sort());
  });

  test('are given the same, and are not empty', () => {
    for (const key of keys) {
      expect([key, holesOf(sayings[key])]).toEqual([key, holesOf(english[key])]);
      expect(sayings[key].trim()).not.toBe('');
    }
  });

  test('have the forms for numbers that the language has', () => {
    const words = new Words(language, 'UTC');
    for (const key of keys)
      if (sayings[key].includes('plural'))
        for (const count of [0, 1, 2, 5, 1_000_000])
          expect(words.say(key, { count, days: count })).not.toMatch(/[{}#]/);
  });

  test('make every page', () => {
    for (const [, source] of htmlFiles(
      everything(),
      { ...LOOK, language, zone: 'Europe/Berlin' },
      { refs: null, subscribe: true },
    )) {
      expect(source).toContain(`<html lang="${language}"`);
      expect(source.replace(/\{(?:time|zone)\}/g, '')).not.toMatch(/\{[a-z]+\}|undefined|\[object/);
    }
  });

  test('are the language’s own, but for words that both have', () => {
    if (language === 'en') return;
    const same = keys.filter((key) => sayings[key] === english[key]);
    expect(same.length).toBeLessThan(8);
  });
});

test('every state has its word', () => {
  const needed = [
    ...[...COMPONENT_STATES, 'unknown'].map((state) => `state.${state}`),
    ...[...POST_STATES, ...MAINTENANCE_STATES].map((state) => `post.${state}`),
    ...IMPACTS.map((impact) => `impact.${impact}`),
    ...['operational', 'incident', 'maintenance', 'degraded', 'partial', 'major'].map(
      (kind) => `overall.${kind}`,
    ),
  ];
  expect(keys).toEqual(expect.arrayContaining(needed));
});

test('none is left over', () => {
  const folder = new URL('../../src/public/pages/', import.meta.url);
  const code = readdirSync(folder)
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => readFileSync(new URL(name, folder), 'utf8'))
    .concat(readFileSync(new URL('../words/words.ts', folder), 'utf8'))
    .join('\n');
  const unused = keys.filter(
    (key) => !code.includes(`'${key}'`) && !/^(?:state|post|impact|overall)\./.test(key),
  );
  expect(unused.filter((key) => !['incident', 'maintenance', 'current', 'badge'].includes(key))).toEqual([]);
});

describe('numbers and times', () => {
  const words = new Words('en', 'Europe/Berlin');

  test('what is not whole is never shown as whole', () => {
    expect([1, 0.999999, 0.9999, 0.99995, 0.5, 0].map((share) => words.ratio(share))).toEqual([
      '100%',
      '99.99%',
      '99.99%',
      '99.99%',
      '50%',
      '0%',
    ]);
  });

  test('a length of time has its two greatest units', () => {
    expect(
      [0, 59, 60, 1_260, 4_500, 86_400, 90_061, 7 * 86_400 + 59].map((seconds) => words.duration(seconds)),
    ).toEqual(['0 secs', '59 secs', '1 min', '21 mins', '1 hr 15 mins', '1 day', '1 day 1 hr', '7 days']);
  });

  test('an instant names its zone, and a day is that of the zone', () => {
    expect(words.moment('2024-11-10T01:41:59Z')).toBe('10 Nov 2024, 02:41 CET');
    expect(words.moment('2024-07-10T23:00:00Z')).toBe('11 Jul 2024, 01:00 CEST');
    expect(words.dateOf('2024-07-10T22:30:00Z')).toBe('2024-07-11');
    expect(new Words('ja', 'Asia/Kolkata').moment('2024-11-10T01:41:00Z')).toBe(
      '2024年11月10日 07:11 GMT+5:30',
    );
  });
});
