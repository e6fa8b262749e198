import { describe, expect, test } from '@jest/globals';
import { intended, refused, timeOf } from './support.js';

/** All that Unicode calls a space, and the tab; by their numbers, because they look alike. */
const BLANKS = [
  9, 0x20, 0xa0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009,
  0x200a, 0x202f, 0x205f, 0x3000,
].map((code) => [`U+${code.toString(16)}`, String.fromCharCode(code)] as const);

describe.each(BLANKS)('%s is a white space wherever one may stand', (_, blank) => {
  const typed = (text: string) => text.replaceAll('⍽', blank);

  test.each([
    '01:41⍽UTC⍽x',
    '01:41⍽⍽UTC⍽x',
    '01:41⍽Europe/Berlin⍽x',
    '01:41⍽-05:00⍽x',
    '01:41⍽+0200⍽x',
    '01:41⍽MDT⍽x',
    '01:41⍽UTC:⍽x',
    '1:41⍽pm⍽x',
    '1:41⍽⍽pm⍽UTC⍽x',
    '2024-11-10⍽01:41⍽x',
    '2024-11-10⍽⍽01:41⍽UTC⍽x',
    '2024-11-10⍽25:00⍽x',
    '2024-11-10⍽Europe/Berlin⍽x',
    '01:41⍽-⍽01:44⍽x',
    '01:41⍽–⍽~01:44⍽UTC⍽x',
    '~⍽01:41⍽x',
    'yesterday⍽at⍽23:50⍽x',
    'today⍽??:??⍽x',
    '01:41⍽2024-11-10⍽x',
    '01:41⍽UTC⍽-⍽01:44⍽x',
    '2024-11-10⍽UTC⍽01:41⍽x',
    '5⍽pm⍽x',
    '12⍽minutes⍽ago⍽x',
    '-12⍽min⍽x',
    'Nov⍽10⍽01:41⍽x',
    '10⍽November⍽2024⍽at⍽01:41⍽x',
    'last⍽Monday⍽14:32⍽x',
    '-12m⍽x',
  ])('%s', (text) => {
    const ctx = { zone: 'America/New_York' };
    expect(timeOf(typed(text), ctx)).toBe(timeOf(text.replaceAll('⍽', ' '), ctx));
  });

  test('between verb, incident, flags and time', () => {
    expect(intended(typed('note⍽01:41⍽UTC⍽x'))).toEqual(intended('note 01:41 UTC x'));
    expect(intended(typed('note⍽INC-7⍽01:41⍽x'), { implied: false })).toEqual(intended('note 01:41 x'));
    expect(intended(typed('open⍽sev1⍽--at⍽01:41⍽--private⍽x'))).toEqual(
      intended('open sev1 --at 01:41 --private x'),
    );
    expect(intended(typed('impact⍽--from⍽"2024-11-10⍽01:41⍽UTC"⍽--failed⍽2'))).toEqual(
      intended('impact --from "2024-11-10 01:41 UTC" --failed 2'),
    );
    expect(intended(typed('publish⍽--yes⍽identified⍽01:41⍽--⍽x'))).toEqual(
      intended('publish --yes identified 01:41 -- x'),
    );
    expect(intended(typed('log⍽01:41⍽UTC⍽x\n⍽01:42⍽x'))).toEqual(intended('log 01:41 UTC x\n01:42 x'));
    expect(refused(typed('log 01:41⍽MDT⍽x'))).toBe('BAD_LOG_LINES');
  });

  test('one of them parts time and text, the rest is the text', () => {
    const { text } = intended(typed('note 01:41⍽UTC⍽⍽a⍽b⍽')) as never as { text: string };
    expect(text).toBe(typed('⍽a⍽b⍽'));
  });
});

test('a long gap is a gap: what stands behind it is no text by accident', () => {
  const gap = ' '.repeat(60);
  expect(timeOf(`01:41${gap}+02:00 x`)).toBe('2024-11-09T23:41:00Z minute | x');
  expect(timeOf(`2024-11-09${gap}01:41 x`)).toBe('2024-11-09T01:41:00Z minute | x');
  expect(timeOf(`01:41${gap}2024-11-09 x`)).toBe('TIME_UNKNOWN');
});

describe('behind the end of a line there is text, never a part of the time', () => {
  test.each(['\n', '\r\n', '\r', '\u2028'])('%j', (end) => {
    const ctx = { zone: 'Europe/Berlin' };
    expect(timeOf(`01:41${end}UTC x`, ctx)).toBe('2024-11-10T00:41:00Z minute | UTC x');
    expect(timeOf(`01:41${end}MDT x`, ctx)).toBe('2024-11-10T00:41:00Z minute | MDT x');
    expect(timeOf(`2024-11-10${end}01:41 x`, ctx)).toBe('2024-11-10T00:00:00Z date | 01:41 x');
  });
});
