import { type Refusal, refuse } from '../refusal.js';
import { BLANK } from './blank.js';

const MONTH =
  'jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?';
const WEEKDAY = '(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?';
const UNIT = 'm|mins?|minutes?|h|hrs?|hours?|s|secs?|seconds?|d|days?|weeks?';

/**
 * What people type when they mean a time, in a form that leaves something open (which month? morning or evening?)
 * or that no clock shows. Taken as text it would be recorded at the wrong moment without anybody noticing.
 * A space in a pattern stands for any white space inside a line.
 */
const MEANT: readonly RegExp[] = [
  // ??:??, 14:??, xx:xx, --:--
  /(?=[\d:]*[?xX_])[\d?xX_]{1,2}:[\d?xX_]{2}(?::[\d?xX_]{2})?(?![\p{L}\p{N}])/uy,
  /--:--/y,
  /(?=[\d-]*\?)[\d?]{4}-[\d?]{2}-[\d?]{2}/y,
  // 14:32:5, and 5pm, whose precision nobody can tell
  /\d{1,2}:\d{2}:\d(?![\d:])/y,
  /\d{1,2} ?(?:[ap]m|[ap]\.m\.)(?![\p{L}\p{N}_-])/iuy,
  /\d{1,2}h\d{2}(?![\p{L}\p{N}_-])/uy,
  // 10/11/2024 is in October or in November
  /\d{4}\/\d{1,2}\/\d{1,2}(?![\d/])/y,
  /\d{1,2}([/.])\d{1,2}\1\d{4}(?!\.?\d)/y,
  /\d{4}-?W\d{2}/y,
  new RegExp(`(?:${MONTH})\\.? \\d{1,2}(?:st|nd|rd|th)?,?(?: \\d{4},?)?(?: at)? \\d{1,2}:\\d{2}`, 'iy'),
  new RegExp(`\\d{1,2}\\.? (?:${MONTH})\\.?,?(?: \\d{4},?)?(?: at)? \\d{1,2}:\\d{2}`, 'iy'),
  new RegExp(`(?:last )?${WEEKDAY},?(?: at)? \\d{1,2}:\\d{2}`, 'iy'),
  /(?:yesterday|today|tomorrow) (?:at )?[\d?xX]{1,2}(?::[\d?xX]{2}|[ap]m\b)/iy,
  // -12 min, -1h30, 12m ago
  /[-−–]\d+ ?(?:mins?|minutes?|hrs?|hours?|secs?|seconds?|days?)(?![\p{L}\p{N}_-])/uy,
  /[-−–]\d+h\d+(?![\p{L}\p{N}_-])/uy,
  new RegExp(`\\d+ ?(?:${UNIT}) ago(?![\\p{L}\\p{N}_-])`, 'uy'),
].map(({ source, flags }) => {
  const blanks = source.replaceAll(' ?', `${BLANK}*`).replaceAll(' ', `${BLANK}+`);
  return new RegExp(blanks, flags);
});

/** @returns a refusal where something stands that was plainly meant as a time but cannot be known; else null. */
export function impossible(text: string, at: number): Refusal | null {
  for (const pattern of MEANT) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) return refuse('TIME_UNKNOWN', { got: match[0] });
  }
  return null;
}

/** @returns the word at `at`, or so many words, short enough to be quoted. */
export function wordAt(text: string, at: number, words = 1): string {
  const pattern = new RegExp(`\\S+(?:\\s+\\S+){0,${words - 1}}`, 'y');
  pattern.lastIndex = at;
  // By characters, so that none is cut in half.
  return [...(pattern.exec(text)?.[0] ?? '').slice(0, 80)].slice(0, 40).join('');
}
