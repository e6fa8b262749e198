import type { Zone } from 'luxon';
import { type Refusal, refuse } from '../../refusal.js';
import { BLANK, skipBlanks } from '../../text.js';
import { impossible, meantAtStart, wordAt } from './impossible.js';
import { offsetZone, zoneNamed } from './zone.js';
import { readZoneWord } from './zone-word.js';

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

const AGO = /-(?=\d)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?:in)?)?(?:(\d+)s)?(?![\p{L}\p{N}_])/uy;

const DECIMAL_AGO = /-(\d{1,9})[.,](\d{1,6})(d|h|m|s)(?:(?<=m)in)?(?![\p{L}\p{N}_])/uy;

/** A further part behind a white space: `-1h 30m`, `-1h and 30 min`. */
const MORE = new RegExp(
  `,?${BLANK}+(?:(?:and|&|\\+)${BLANK}*)?-?(\\d{1,2})(?:(h|m|s)|${BLANK}*(h|m|s)(?:ours?|rs?|in(?:ute)?s?|ec(?:ond)?s?))(?![\\p{L}\\p{N}_])`,
  'uy',
);

/** As many minutes as people say: behind hours they may be part of the time, or so many of something. */
const ROUND = new RegExp(
  `,?${BLANK}+(?:(?:and${BLANK}+)?(?:[1-5][05])(?=\\s|$)|and${BLANK}+a${BLANK}+(?:half|quarter)(?![\\p{L}\\p{N}_-]))`,
  'iuy',
);

const UNITS = 'dhms';

const UNIT_MS: Record<string, number> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 };

const DATE = /(\d{4})-(\d{2})-(\d{2})(?!\d)/y;

const BASIC_ISO = /(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(?:(\d{2})(?:[.,]\d+)?)?/y;

const AT = new RegExp(`${BLANK}+at(?=${BLANK})`, 'iy');

const NAMED_DAY = new RegExp(`(yesterday|today|tomorrow)${BLANK}+(?:at${BLANK}+)?(?=[\\d?])`, 'iy');

const CLOCK = new RegExp(
  String.raw`(\d{1,2}):(\d{2})(?!\d)(?::(\d{2})(?!\d)(?:[.,]\d+)?)?(?:${BLANK}*([ap])(?:m|\.m\.)(?![\p{L}\p{N}_]))?(?:${BLANK}*(?:Uhr|uur|น\.)(?![\p{L}\p{N}_]))?`,
  'iuy',
);

/** Behind hours of two digits; `1:30h` may be so long, and `HR` is a department. */
const HOURS = new RegExp(
  String.raw`${BLANK}*(?:h|hrs|[hH]ours)(?![\p{L}\p{N}_]|${BLANK}+(?:of|outage|downtime|delay|lag)\b)`,
  'uy',
);

/** `14.32` is a clock only where the words behind it, or behind the end of its range, say so. */
const DOTTED = new RegExp(
  String.raw`(\d{1,2})\.(\d{2})(?![\d]|\.\d)(?:${BLANK}*([ap])(?:m|\.m\.)(?![\p{L}\p{N}_]))?(${BLANK}*Uhr(?![\p{L}\p{N}_]))?`,
  'iuy',
);

const DOTTED_END = new RegExp(String.raw`${BLANK}*[-/]${BLANK}*\d{1,2}\.\d{2}(?![\d.])`, 'y');

/** Hours, minutes and seconds as they are written in Japanese, Chinese and Korean. */
const CHARACTERS = new RegExp(
  String.raw`(\d{1,2})[時时点點시]${BLANK}*(\d{1,2})[分분](?:${BLANK}*(\d{1,2})[秒초])?`,
  'y',
);

const STUCK_ZONE = /Z|UTC|GMT|\+(\d{2}):?(\d{2})(?!\d)/iy;

const ISO_ZONE = /Z|([+\-−])(\d{2})(?::?(\d{2}))?(?!\d)/iy;

const NAMED = { yesterday: -1, today: 0, tomorrow: 1 } as const;

/**
 * Reads one time at `at`: every form of the contract, without `~`, range or a zone after white space.
 * @param start whether the text begins here: then words count as well that inside of it are only words
 * @returns null: no time begins here; a refusal: what stands here was meant as a time that cannot be
 */
export function readForm(text: string, at: number, start: boolean): Read {
  return (
    readAgo(text, at) ??
    readNamedDay(text, at) ??
    readDated(text, at) ??
    readBare(text, at) ??
    impossible(text, at) ??
    withoutColon(text, at) ??
    (start ? meantAtStart(text, at, (from) => clockAt(text, from)) : null)
  );
}

/** `1341` is a number of something, unless a zone stands behind it. */
function withoutColon(text: string, at: number): Refusal | null {
  const [digits, h, m] = sticky(/([01]\d|2[0-3])([0-5]\d)(?=\s)/y, text, at) ?? [];
  if (digits === undefined || !saysClock(text, at + 4)) return null;
  return refuse('TIME_UNKNOWN', {
    got: wordAt(text, at, 2),
    next: `Write the time with a colon: \`${h}:${m}\`, and its zone behind it. If it is text and no time, put \`--\` before it.`,
  });
}

/** @returns the end of the time of day, or of the date with one, that begins there; -1: none does. */
function clockAt(text: string, at: number): number {
  const form = readDated(text, at) ?? readBare(text, at);
  return form && !('refused' in form) && form.kind !== 'ago' ? form.end : -1;
}

function sticky(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function readAgo(text: string, at: number): Read {
  const decimal = sticky(DECIMAL_AGO, text, at);
  if (decimal) {
    const unit = decimal[3] ?? '';
    const ms = Math.round(Number(`${decimal[1]}.${decimal[2]}`) * (UNIT_MS[unit] ?? 0));
    return { kind: 'ago', ms, seconds: unit === 's', end: at + decimal[0].length };
  }
  const match = sticky(AGO, text, at);
  if (!match || match[0].length < 3) return null;
  const parts = [1, 2, 3, 4].map((i) => match[i]);
  let last = parts.findLastIndex((part) => part !== undefined);
  let ms = parts.reduce((sum, part, i) => sum + Number(part ?? 0) * (UNIT_MS[UNITS[i] ?? ''] ?? 0), 0);
  let end = at + match[0].length;
  for (let more = sticky(MORE, text, end); more; more = sticky(MORE, text, end)) {
    const unit = UNITS.indexOf((more[2] ?? more[3] ?? '').toLowerCase());
    const amount = Number(more[1]);
    // `-1h 500s on checkout` has text behind the time; what has a unit and does not fit may be either.
    if (more[0].includes('-') || unit !== last + 1 || amount > (unit === 1 ? 23 : 59))
      return together(text.slice(at, end + more[0].length));
    ms += amount * (UNIT_MS[UNITS[unit] ?? ''] ?? 0);
    end += more[0].length;
    last = unit;
  }
  const round = last === 1 && sticky(ROUND, text, end);
  if (round) return together(text.slice(at, end + round[0].length));
  if (!Number.isSafeInteger(ms)) return unknown(text, at);
  return { kind: 'ago', ms, seconds: last === 3, end };
}

/** The refusal of parts that may belong to the time or to the text. */
function together(got: string): Refusal {
  return refuse('TIME_UNKNOWN', {
    got,
    next: 'Write the parts of the time without a space, the longest first, as in `-1h30m`; if the second begins the text, put `--` before it.',
  });
}

function readNamedDay(text: string, at: number): Read {
  const match = sticky(NAMED_DAY, text, at);
  if (!match) return null;
  const clock = readBare(text, at + match[0].length, /at\s*$/i.test(match[0]));
  if (clock && 'refused' in clock) return unknown(text, at, 2);
  if (clock === null && maybeDotted(text, at + match[0].length)) return unknown(text, at, 2);
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
  if (/^(?:_\d{1,2}[:.-]?\d{2}|[.:]\d{1,2}:\d{2}|T\s\d|Z(?:\s|$))/i.test(text.slice(end, end + 6)))
    return unknown(text, at, 2);
  // `2024-11-10-rc1` and `2024-11-10.log` are names, not dates.
  if (/^(?:[-_.]?[\p{L}_]|\.\d)/u.test(text.slice(end, end + 2)) && !/^[Tt]\d/.test(text.slice(end, end + 2)))
    return null;
  if (!isDay(day)) return unknown(text, at);
  if (/^[Tt]\d/.test(text.slice(end, end + 2))) {
    const clock = sticky(/(\d{2}):(\d{2})(?!\d)(?::(\d{2})(?!\d)(?:[.,]\d+)?)?/y, text, end + 1);
    if (!clock) return unknown(text, at);
    return isoClock(text, at, day, clock.slice(1), end + 1 + clock[0].length);
  }
  const word = sticky(AT, text, end);
  const next = skipBlanks(text, end + (word?.[0].length ?? 0));
  // `2024-11-10 -03:00` has an offset, and behind nothing else would that be one.
  const offset = word === null && /^-\d{2}:?\d{2}(?!\S)/.test(text.slice(next, next + 7));
  const clock =
    next > end ? (readBare(text, next, word !== null) ?? (offset ? null : impossible(text, next))) : null;
  if (clock && 'refused' in clock) return unknown(text, at, word ? 3 : 2);
  if (clock === null && next > end && maybeDotted(text, next)) return unknown(text, at, 2);
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

/** @param dotted whether `14.32` is a time whatever follows it */
function readBare(text: string, at: number, dotted = false): Read {
  const match = sticky(CLOCK, text, at) ?? sticky(CHARACTERS, text, at);
  if (!match) return readDotted(text, at, dotted);
  // `12:34:56:78:9a:bc` is somebody's network address.
  if (/^[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){3}/i.test(text.slice(at, at + 24))) return null;
  const clock = toClock(match[1], match[2], match[3], match[4]);
  if (!clock) return refuse('TIME_UNKNOWN', { got: match[0] });
  const end = at + match[0].length;
  const hours = clock.h > 9 || text[at] === '0' ? sticky(HOURS, text, end) : null;
  return withStuckZone(text, end + (hours?.[0].length ?? 0), clock);
}

function readDotted(text: string, at: number, sure: boolean): Read {
  const match = sticky(DOTTED, text, at);
  if (!match) return null;
  const clock = toClock(match[1], match[2], undefined, match[3]);
  const end = at + match[0].length;
  const behind = sticky(DOTTED_END, text, end);
  const said =
    match[3] ?? match[4] ?? (saysClock(text, end) || (behind && saysClock(text, end + behind[0].length)));
  return clock && (sure || said) ? withStuckZone(text, end, clock) : null;
}

/** Behind a day `14.32` is likely a time of it: only what is plainly so much of something is text. */
function maybeDotted(text: string, at: number): boolean {
  const match = sticky(DOTTED, text, at);
  if (!match || !/^\d\d/.test(match[0]) || !toClock(match[1], match[2], undefined, undefined)) return false;
  return !/^\s?(?:[%‰°€$£]|(?:[µumn]?s|min|h|[kmgt]i?b?|eur|usd|gbp|chf|[rqt]ps)(?![\p{L}\p{N}]))/iu.test(
    text.slice(at + match[0].length),
  );
}

/** Whether what follows can only follow a time of day: `Uhr`, `pm`, or a zone. `1.50 ct` and `12.50 pt` are no times. */
function saysClock(text: string, end: number): boolean {
  if (/^\s*(?:Uhr|[ap]\.?m)(?![\p{L}\p{N}_])/iu.test(text.slice(end, end + 12))) return true;
  if (sticky(STUCK_ZONE, text, end) && /^\S+(?=\s|$)/.test(text.slice(end))) return true;
  const next = skipBlanks(text, end);
  if (next === end || /^(?:\p{Ll}{2}|[+-]\d{1,2})(?=\s|$)/u.test(text.slice(next))) return false;
  return readZoneWord(text, next, '', true) !== null;
}

function withStuckZone(text: string, end: number, clock: Clock): Read {
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

/** A day of the calendar, in no zone yet. */
export interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** What a clock on a wall shows, in no zone yet. `s` is null when no seconds were typed. */
export interface Clock {
  readonly h: number;
  readonly m: number;
  readonly s: number | null;
  /** Typed with AM or PM. */
  readonly twelve: boolean;
}

/** Is there such a day in the calendar? Years 1 to 9999. */
function isDay({ year, month, day }: Day): boolean {
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  return day <= new Date(Date.UTC(year + 400, month, 0)).getUTCDate();
}
