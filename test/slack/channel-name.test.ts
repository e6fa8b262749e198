import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { channelName } from '#slack/blocks/headline.js';

describe('the name of an incident’s channel', () => {
  test.each([
    ['API is slow', 'inc-7-api-is-slow'],
    ['  Can’t log in!  (EU) ', 'inc-7-cant-log-in-eu'],
    ['db_primary: 5xx > 3%', 'inc-7-db_primary-5xx-3'],
    ['Störung in Zürich', 'inc-7-störung-in-zürich'],
    ['База данных недоступна', 'inc-7-база-данных-недоступна'],
    ['結帳系統 當機', 'inc-7-結帳系統-當機'],
    ['ล่มแล้ว', 'inc-7-ล่มแล้ว'],
    ['🔥🔥 fire ❤️ in API 1️⃣', 'inc-7-fire-in-api-1'],
    ['🔥❤️', 'inc-7'],
    ['!!! ... ---', 'inc-7'],
    ['__', 'inc-7'],
    ['', 'inc-7'],
    ['UPPER', 'inc-7-upper'],
    ['a.b.c/d', 'inc-7-a-b-c-d'],
  ])('%j gives %s', (title, name) => {
    expect(channelName(7, title)).toBe(name);
  });

  test('a taken name gets a number', () => {
    expect(channelName(7, 'API', 1)).toBe('inc-7-api-2');
    expect(channelName(7, 'API', 2)).toBe('inc-7-api-3');
    expect(channelName(7, '🔥', 1)).toBe('inc-7-2');
  });

  test('a long title is cut between words', () => {
    const name = channelName(7, 'requests '.repeat(20));
    expect(name.length).toBeLessThanOrEqual(80);
    expect(name.endsWith('-requests')).toBe(true);
    expect(channelName(7, 'x'.repeat(200))).toHaveLength(80);
    expect(channelName(7, 'x'.repeat(200), 11)).toMatch(/^.{77}-12$/);
  });

  test('whatever the title, Slack’s rules hold', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 999_999 }),
        fc.string({ unit: 'grapheme', maxLength: 200 }),
        fc.integer({ min: 0, max: 30 }),
        (number, title, taken) => {
          const name = channelName(number, title, taken);
          expect(name.length).toBeLessThanOrEqual(80);
          expect(name).toMatch(/^inc-\d+(-[\p{Ll}\p{Lo}\p{Lm}\p{M}\p{Nd}_-]+)?$/u);
          expect(name).not.toMatch(/--|-$|\p{Lu}|\p{Emoji_Presentation}/u);
          expect(name).not.toMatch(/\p{Surrogate}/u);
        },
      ),
      { numRuns: 500 },
    );
  });
});
