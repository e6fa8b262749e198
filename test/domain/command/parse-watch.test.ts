import { describe, expect, test } from '@jest/globals';
import { readSpan } from '#domain/text.js';
import { intended, parsed, refused } from './support.js';

const watch = (line: string, ctx = {}) => {
  const said = parsed(line, ctx);
  if (said.kind !== 'watch') throw new Error(`“${line}” is no watch`);
  const { forMs, probes, queries, ref } = said;
  return { forMs, probes, queries, ref };
};
const nothing = { forMs: null, probes: [], queries: [], ref: null };

describe('watch', () => {
  test('for how long, and what', () => {
    expect(watch('watch')).toEqual(nothing);
    expect(watch('watch 30m')).toEqual({ ...nothing, forMs: 1_800_000 });
    expect(watch('watch 1h30m --probe api --probe tts --query "errors"')).toEqual({
      ...{ forMs: 5_400_000, probes: ['api', 'tts'], queries: ['errors'], ref: null },
    });
    expect(watch('watch 1d')).toEqual({ ...nothing, forMs: 86_400_000 });
    expect(watch('watch —probe api 90s')).toEqual({ ...nothing, forMs: 90_000, probes: ['api'] });
    expect(watch('watch --probe api --probe api')).toEqual({ ...nothing, probes: ['api'] });
  });
  test('the incident stands anywhere', () => {
    const elsewhere = { implied: false };
    for (const line of ['watch INC-7 30m', 'watch 30m INC-7', 'INC-7 watch 30m'])
      expect(watch(line, elsewhere)).toEqual({ ...nothing, forMs: 1_800_000, ref: 7 });
    expect(watch('watch 30m --probe api INC-7', elsewhere)).toMatchObject({ probes: ['api'], ref: 7 });
  });
  test('stop', () => {
    expect(intended('watch stop')).toEqual({ type: 'StopWatch' });
    expect(intended('watch Stop')).toEqual({ type: 'StopWatch' });
    expect(refused('watch stop --probe api')).toBe('BAD_ARGUMENT');
  });
  test.each([
    'watch soon',
    'watch 30',
    'watch 0s',
    'watch 25h',
    'watch -5m',
    'watch 30m api',
    'watch 30m 40m',
    'watch 2d',
    'watch 1d1s',
  ])('%s is refused', (line) => {
    expect(refused(line)).toBe('BAD_ARGUMENT');
  });
  test.each(['watch --probe', 'watch 30m --probe'])('%s: a flag needs its name', (line) => {
    expect(refused(line)).toBe('BAD_FLAG');
  });
});

test.each([
  ['30m', 1_800_000],
  ['30 min', 1_800_000],
  ['1h 30m', 5_400_000],
  ['2H', 7_200_000],
  ['1d', 86_400_000],
  ['1d 2h 30min 5 s', 95_405_000],
  ['３０m', 1_800_000],
  ['1.5h', null],
  ['m', null],
  ['', null],
  ['30m!', null],
])('a length of time: %s', (text, ms) => {
  expect(readSpan(text)).toBe(ms);
});
