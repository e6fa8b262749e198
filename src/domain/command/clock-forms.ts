import type { Zone } from 'luxon';
import { type Refusal, refuse } from '../refusal.js';
import { BLANK, skipBlanks } from './blank.js';
import { impossible, wordAt } from './impossible-times.js';
import { type Clock, type Day, isDay } from './wall-clock.js';
import { offsetZone, zoneNamed } from './zone.js';

/** One time as typed: what the characters say, not yet an instant. `end` is the index after it. */
export type Form =
  | { kind: 'ago'; ms: number; seconds: boolean; end: number }
  | { kind: 'date'; day: Day; end: number }
  | {
      kind: 'clock';
      /** A day of the calendar, so many days after today, or null for a bare time. */
      day: Day | number | null;
      clock: Clock;
      /** An offset stuck to the time (`14:32Z`); null: none. */
      zone: Zone | null;
      /** Typed as ISO 8601 with a T. */
      iso: boolean;
      end: number;
    };

type Read = Form | Refusal | null;

const AGO = /[-−–](?=\d)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?:in)?)?(?:(\d+)s)?(?![\p{L}\p{N}_])/uy;
const DATE = /(\d{4})-(\d{2})-(\d{2})(?!\d)/y;
const BASIC_ISO = /(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(?:(\d{2})(?:[.,]\d+)?)?/y;
const NAMED_DAY = new RegExp(`(yesterday|today|tomorrow)${BLANK}+(?:at${BLANK}+)?(?=[\\d?])`, 'iy');
const CLOCK = new RegExp(
  String.raw`(\d{1,2}):(\d{2})(?!\d)(?::(\d{2})(?!\d)(?:[.,]\d+)?)?(?:${BLANK}*([ap])(?:m|\.m\.)(?![\p{L}\p{N}_]))?`,
  'iuy',
);
const STUCK_ZONE = /Z|UTC|GMT|\+(\d{2}):?(\d{2})(?!\d)/iy;
const ISO_ZONE = /Z|([+\-−])(\d{2})(?::?(\d{2}))?(?!\d)/iy;
const NAMED = { yesterday: -1, today: 0, tomorrow: 1 } as const;

/**
 * Reads one time at `at`: every form of the contract, without `~`, range or a zone after white space.
 * @returns null: no time begins here; a refusal: what stands here was meant as a time that cannot be
 */
export function readForm(text: string, at: number): Read {
  return (
    readAgo(text, at) ??
    readNamedDay(text, at) ??
    readDated(text, at) ??
    readBare(text, at) ??
    impossible(text, at)
  );
}

function sticky(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function readAgo(text: string, at: number): Read {
  const match = sticky(AGO, text, at);
  if (!match || match[0].length < 3) return null;
  const [d, h, m, s] = [1, 2, 3, 4].map((i) => Number(match[i] ?? 0)) as [number, number, number, number];
  const ms = (((d * 24 + h) * 60 + m) * 60 + s) * 1000;
  if (!Number.isSafeInteger(ms)) return unknown(text, at);
  return { kind: 'ago', ms, seconds: match[4] !== undefined, end: at + match[0].length };
}

function readNamedDay(text: string, at: number): Read {
  const match = sticky(NAMED_DAY, text, at);
  if (!match) return null;
  const clock = readBare(text, at + match[0].length);
  if (clock && 'refused' in clock) return unknown(text, at, 2);
  if (clock?.kind !== 'clock') return null;
  return { ...clock, day: NAMED[match[1]?.toLowerCase() as keyof typeof NAMED] };
}

function readDated(text: string, at: number): Read {
  const basic = sticky(BASIC_ISO, text, at);
  const match = basic ?? sticky(DATE, text, at);
  if (!match) return null;
  const day = { year: Number(match[1]), month: Number(match[2]), day: Number(match[3]) };
  const end = at + match[0].length;
  if (basic) return isDay(day) ? isoClock(text, at, day, basic.slice(4), end) : unknown(text, at);
  // `2024-11-10-rc1` and `2024-11-10.log` are names, not dates.
  if (/^(?:[-_.]?[\p{L}_]|\.\d)/u.test(text.slice(end, end + 2)) && !/^[Tt]\d/.test(text.slice(end, end + 2)))
    return null;
  if (!isDay(day)) return unknown(text, at);
  if (/^[Tt]\d/.test(text.slice(end, end + 2))) {
    const clock = sticky(/(\d{2}):(\d{2})(?!\d)(?::(\d{2})(?!\d)(?:[.,]\d+)?)?/y, text, end + 1);
    if (!clock) return unknown(text, at);
    return isoClock(text, at, day, clock.slice(1), end + 1 + clock[0].length);
  }
  const next = skipBlanks(text, end);
  const clock = next > end ? (readBare(text, next) ?? impossible(text, next)) : null;
  if (clock && 'refused' in clock) return unknown(text, at, 2);
  return clock?.kind === 'clock' ? { ...clock, day } : { kind: 'date', day, end };
}

function isoClock(
  text: string,
  start: number,
  day: Day,
  parts: Array<string | undefined>,
  end: number,
): Read {
  const clock = toClock(parts[0], parts[1], parts[2], undefined);
  if (!clock) return unknown(text, start);
  const match = sticky(ISO_ZONE, text, end);
  if (!match) return { kind: 'clock', day, clock, zone: null, iso: true, end };
  const zone = match[1] ? offsetZone(match[1], Number(match[2]), Number(match[3] ?? 0)) : zoneNamed('UTC');
  if (!zone) return refuse('TIME_ZONE_UNKNOWN', { zone: match[0] });
  return { kind: 'clock', day, clock, zone, iso: true, end: end + match[0].length };
}

function readBare(text: string, at: number): Read {
  const match = sticky(CLOCK, text, at);
  if (!match) return null;
  // `12:34:56:78:9a:bc` is somebody's network address.
  if (/^[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){3}/i.test(text.slice(at, at + 24))) return null;
  const clock = toClock(match[1], match[2], match[3], match[4]);
  if (!clock) return refuse('TIME_UNKNOWN', { got: match[0] });
  const end = at + match[0].length;
  const stuck = sticky(STUCK_ZONE, text, end);
  if (!stuck || /^[\p{L}\p{N}_+:]/u.test(text.slice(end + stuck[0].length)))
    return { kind: 'clock', day: null, clock, zone: null, iso: false, end };
  const zone = stuck[1] ? offsetZone('+', Number(stuck[1]), Number(stuck[2])) : zoneNamed('UTC');
  if (!zone) return refuse('TIME_ZONE_UNKNOWN', { zone: stuck[0] });
  return { kind: 'clock', day: null, clock, zone, iso: false, end: end + stuck[0].length };
}

function toClock(hh?: string, mm?: string, ss?: string, meridiem?: string): Clock | null {
  let h = Number(hh);
  const m = Number(mm);
  const s = ss === undefined ? null : Number(ss);
  if (meridiem) {
    if (h < 1 || h > 12) return null;
    h = (h % 12) + (meridiem.toLowerCase() === 'p' ? 12 : 0);
  }
  return h > 23 || m > 59 || (s ?? 0) > 59 ? null : { h, m, s, twelve: meridiem !== undefined };
}

/** The refusal that quotes the word, or the words, at `at`. */
function unknown(text: string, at: number, words = 1): Refusal {
  return refuse('TIME_UNKNOWN', { got: wordAt(text, at, words) });
}
