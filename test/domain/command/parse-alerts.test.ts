import { describe, expect, test } from '@jest/globals';
import { groupId } from '#domain/alert/signal.js';
import { intended, NOW, parsed, refused, typed } from './support.js';

const group = groupId('service=tts');
const spaced = groupId('team=voice one,region=');

test.each(['attach', 'split', 'mute'])(
  '%s: a line is not slow to read, however long its words are',
  (verb) => {
    expect(refused(`${verb} ${'a'.repeat(500_000)} INC-8`)).toMatch(/^[A-Z_]+$/);
  },
);

describe('attach and split', () => {
  test.each([
    ['attach service=tts INC-8', { group, to: 8 }],
    ['attach "service=tts" inc-8', { group, to: 8 }],
    ['attach “team=voice one,region=” INC-8', { group: spaced, to: 8 }],
    // All that stands before the incident can only be the key.
    ['attach team=voice one,region= INC-8', { group: spaced, to: 8 }],
    ['split service=tts', { group, to: null }],
    ['split "team=voice one,region="', { group: spaced, to: null }],
  ])('%s', (line, expected) => {
    expect(intended(line)).toEqual({ type: 'MoveAlerts', ...expected });
  });

  test('outside of a channel the incident that has them is named', () => {
    const elsewhere = { implied: false };
    expect(parsed('attach INC-3 service=tts INC-8', elsewhere)).toMatchObject({
      ref: 3,
      intent: { group, to: 8 },
    });
    expect(parsed('attach service=tts INC-8', elsewhere)).toMatchObject({ ref: null, intent: { to: 8 } });
    expect(parsed('split service=tts INC-3', elsewhere)).toMatchObject({ ref: 3, intent: { group } });
    expect(parsed('split INC-3 service=tts', elsewhere)).toMatchObject({ ref: 3, intent: { group } });
  });

  test.each([
    ['attach', 'MISSING_ARGUMENT'],
    ['attach INC-8', 'MISSING_ARGUMENT'],
    ['attach service=tts', 'MISSING_ARGUMENT'],
    ['attach service=tts INC-8 now', 'BAD_ARGUMENT'],
    ['split', 'MISSING_ARGUMENT'],
    [`split ${'k'.repeat(201)}`, 'TEXT_TOO_LONG'],
  ])('%s is refused', (line, code) => expect(refused(line)).toBe(code));
});

describe('mute', () => {
  const inMs = (ms: number) => new Date(NOW.getTime() + ms);
  test.each([
    ['mute service=tts 30m', 'service=tts', inMs(1_800_000)],
    ['mute service=tts 2H', 'service=tts', inMs(7_200_000)],
    ['mute "team=voice one" 1d', 'team=voice one', inMs(86_400_000)],
    ['mute team=voice one 30d', 'team=voice one', inMs(30 * 86_400_000)],
    ['mute service=tts OFF', 'service=tts', null],
    ['mute service=tts 1h30m', 'service=tts', inMs(5_400_000)],
    ['mute service=tts 1d 1h 30 min', 'service=tts', inMs(91_800_000)],
    ['mute service=tts 90s', 'service=tts', inMs(90_000)],
    // A key may look like a duration.
    ['mute 2h 2h', '2h', inMs(7_200_000)],
  ])('%s', (line, key, until) => {
    expect(parsed(line)).toMatchObject({ kind: 'mute', key, until, ref: null });
  });

  test('alone it lists', () => expect(parsed('mute')).toMatchObject({ kind: 'ask', ask: { type: 'mutes' } }));

  test.each([
    ['mute service=tts', 'MISSING_ARGUMENT'],
    ['mute service=tts 31d', 'BAD_ARGUMENT'],
    ['mute service=tts 0m', 'BAD_ARGUMENT'],
    ['mute service=tts 1.5h', 'BAD_ARGUMENT'],
    ['mute service=tts 99999999999h', 'BAD_ARGUMENT'],
    ['mute 2h', 'MISSING_ARGUMENT'],
    ['mute off', 'MISSING_ARGUMENT'],
    ['mute 1h 30m', 'MISSING_ARGUMENT'],
  ])('%s is refused', (line, code) => expect(refused(line)).toBe(code));

  test('what can stand there is said as one reads it', () => {
    expect(typed('mute service=tts 2hours')).toMatchObject({
      sentence:
        '“2hours” is not a length of time such as `30m`, `1h30m` or `1d` (30 days at most), nor `off`.',
    });
  });
});

test('dismiss, with a reason or without', () => {
  expect(intended('dismiss')).toEqual({ type: 'DismissIncident', reason: null });
  expect(intended('dismiss a test of the alerts')).toEqual({
    type: 'DismissIncident',
    reason: 'a test of the alerts',
  });
  expect(parsed('dismiss INC-7 a test', { implied: false })).toMatchObject({
    ref: 7,
    intent: { reason: 'a test' },
  });
});
