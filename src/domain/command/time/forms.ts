import type { Zone } from 'luxon';
import { type Refusal, refuse } from '../../refusal.js';
import { BLANK, matchAt, skipBlanks, wordAt } from '../entered.js';
import { abbreviationOf } from './abbreviations.js';
import { offsetZone, readZoneWord, zoneNamed } from './zone.js';
import { DAYS, MONTHS, WEEKDAYS } from './zone-data.js';

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

/** Numbers of minutes that people say: behind hours, such a number may be minutes, or a count of something. */
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

/** `h` behind a time is read only where the hour has two digits: `1:30h` may be a length of time. `HR` is a department. */
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
 * @param start whether the text begins here: some things mean a time only at the start of a text
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
    (start ? meantAtStart(text, at) : null)
  );
}

/** `1341` is a number of something, unless a zone stands behind it. */
function withoutColon(text: string, at: number): Refusal | null {
  const [digits, h, m] = matchAt(/([01]\d|2[0-3])([0-5]\d)(?=\s)/y, text, at) ?? [];
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

function readAgo(text: string, at: number): Read {
  const decimal = matchAt(DECIMAL_AGO, text, at);
  if (decimal) {
    const unit = decimal[3] ?? '';
    const ms = Math.round(Number(`${decimal[1]}.${decimal[2]}`) * (UNIT_MS[unit] ?? 0));
    return { kind: 'ago', ms, seconds: unit === 's', end: at + decimal[0].length };
  }
  const match = matchAt(AGO, text, at);
  if (!match || match[0].length < 3) return null;
  const parts = [1, 2, 3, 4].map((i) => match[i]);
  let last = parts.findLastIndex((part) => part !== undefined);
  let ms = parts.reduce((sum, part, i) => sum + Number(part ?? 0) * (UNIT_MS[UNITS[i] ?? ''] ?? 0), 0);
  let end = at + match[0].length;
  for (let more = matchAt(MORE, text, end); more; more = matchAt(MORE, text, end)) {
    const unit = UNITS.indexOf((more[2] ?? more[3] ?? '').toLowerCase());
    const amount = Number(more[1]);
    // `-1h 500s on checkout` has text behind the time; a part with a unit that does not fit may be either.
    if (more[0].includes('-') || unit !== last + 1 || amount > (unit === 1 ? 23 : 59))
      return ambiguousParts(text.slice(at, end + more[0].length));
    ms += amount * (UNIT_MS[UNITS[unit] ?? ''] ?? 0);
    end += more[0].length;
    last = unit;
  }
  const round = last === 1 && matchAt(ROUND, text, end);
  if (round) return ambiguousParts(text.slice(at, end + round[0].length));
  if (!Number.isSafeInteger(ms)) return unknown(text, at);
  return { kind: 'ago', ms, seconds: last === 3, end };
}

/** The refusal of parts that may belong to the time or to the text. */
function ambiguousParts(got: string): Refusal {
  return refuse('TIME_UNKNOWN', {
    got,
    next: 'Write the parts of the time without a space, the longest first, as in `-1h30m`; if the second begins the text, put `--` before it.',
  });
}

function readNamedDay(text: string, at: number): Read {
  const match = matchAt(NAMED_DAY, text, at);
  if (!match) return null;
  const clock = readBare(text, at + match[0].length, /at\s*$/i.test(match[0]));
  if (clock && 'refused' in clock) return unknown(text, at, 2);
  if (clock === null && maybeDotted(text, at + match[0].length)) return unknown(text, at, 2);
  if (clock?.kind !== 'clock') return null;
  return { ...clock, day: NAMED[match[1]?.toLowerCase() as keyof typeof NAMED] };
}

function readDated(text: string, at: number): Read {
  const basic = matchAt(BASIC_ISO, text, at);
  const match = basic ?? matchAt(DATE, text, at);
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
    const clock = matchAt(/(\d{2}):(\d{2})(?!\d)(?::(\d{2})(?!\d)(?:[.,]\d+)?)?/y, text, end + 1);
    if (!clock) return unknown(text, at);
    return isoClock(text, at, day, clock.slice(1), end + 1 + clock[0].length);
  }
  const word = matchAt(AT, text, end);
  const next = skipBlanks(text, end + (word?.[0].length ?? 0));
  // `-03:00` behind a date is its offset, and is left for the zone; behind anything else it is none.
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
  const match = matchAt(ISO_ZONE, text, end);
  if (!match) return { kind: 'clock', day, clock, zone: null, iso: true, end };
  const zone = match[1] ? offsetZone(match[1], Number(match[2]), Number(match[3] ?? 0)) : zoneNamed('UTC');
  if (!zone) return refuse('TIME_ZONE_UNKNOWN', { zone: match[0] });
  return { kind: 'clock', day, clock, zone, iso: true, end: end + match[0].length };
}

/** @param dotted whether `14.32` is a time whatever follows it */
function readBare(text: string, at: number, dotted = false): Read {
  const match = matchAt(CLOCK, text, at) ?? matchAt(CHARACTERS, text, at);
  if (!match) return readDotted(text, at, dotted);
  // `12:34:56:78:9a:bc` is somebody's network address.
  if (/^[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){3}/i.test(text.slice(at, at + 24))) return null;
  const clock = toClock(match[1], match[2], match[3], match[4]);
  if (!clock) return refuse('TIME_UNKNOWN', { got: match[0] });
  const end = at + match[0].length;
  const hours = clock.h > 9 || text[at] === '0' ? matchAt(HOURS, text, end) : null;
  return withStuckZone(text, end + (hours?.[0].length ?? 0), clock);
}

function readDotted(text: string, at: number, sure: boolean): Read {
  const match = matchAt(DOTTED, text, at);
  if (!match) return null;
  const clock = toClock(match[1], match[2], undefined, match[3]);
  const end = at + match[0].length;
  const behind = matchAt(DOTTED_END, text, end);
  const said =
    match[3] ?? match[4] ?? (saysClock(text, end) || (behind && saysClock(text, end + behind[0].length)));
  return clock && (sure || said) ? withStuckZone(text, end, clock) : null;
}

/** Behind a day, `14.32` is likely a time of that day: it is text only where a unit shows that it is an amount. */
function maybeDotted(text: string, at: number): boolean {
  const match = matchAt(DOTTED, text, at);
  if (!match || !/^\d\d/.test(match[0]) || !toClock(match[1], match[2], undefined, undefined)) return false;
  return !/^\s?(?:[%‰°€$£]|(?:[µumn]?s|min|h|[kmgt]i?b?|eur|usd|gbp|chf|[rqt]ps)(?![\p{L}\p{N}]))/iu.test(
    text.slice(at + match[0].length),
  );
}

/** Whether what follows can only follow a time of day: `Uhr`, `pm`, or a zone. `1.50 ct` and `12.50 pt` are no times. */
function saysClock(text: string, end: number): boolean {
  if (/^\s*(?:Uhr|[ap]\.?m)(?![\p{L}\p{N}_])/iu.test(text.slice(end, end + 12))) return true;
  if (matchAt(STUCK_ZONE, text, end) && /^\S+(?=\s|$)/.test(text.slice(end))) return true;
  const next = skipBlanks(text, end);
  if (next === end || /^(?:\p{Ll}{2}|[+-]\d{1,2})(?=\s|$)/u.test(text.slice(next))) return false;
  return readZoneWord(text, next, '', true) !== null;
}

function withStuckZone(text: string, end: number, clock: Clock): Read {
  const stuck = matchAt(STUCK_ZONE, text, end);
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

/** Is there such a day in the calendar? Years 1 to 9999. */
function isDay({ year, month, day }: Day): boolean {
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  return day <= new Date(Date.UTC(year + 400, month, 0)).getUTCDate();
}

// What was meant as a time and cannot be known. First the words and signs that such times are made of, then the patterns,
// then the functions that look for them.

const list = (words: string) =>
  words
    .trim()
    .split(/\s+/)
    .sort((a, b) => b.length - a.length)
    .join('|');
const MONTH =
  'jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?';
/** Months whose names are no other words: `10 may be down` and `march 3 nodes` begin a text. */
const SURE_MONTH =
  'jan(?:uary)?|feb(?:ruary)?|apr(?:il)?|june?|july|aug(?:ust)?|sept(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?';
const ANY_MONTH = `${MONTH}|${list(MONTHS)}`;
const WEEKDAY = '(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?';
/** Days of the week, without abbreviations of two letters: `so 14:00` and `to 14:00` begin with words. */
const ANY_WEEKDAY = `${WEEKDAY}|${list(WEEKDAYS.replace(/(?<!\S)\S{2}(?!\S)/g, ''))}`;
const WEEKDAYS_WHOLE =
  'monday|tuesday|wednesday|thursday|friday|saturday|sunday|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag';
/** Words for today, for days to come, and those that also mean something else: left out where only past days are meant. */
const NOT_PAST =
  /(?<!\S)(?:amanhã|azi|besok|bugün|demain|dnes|domani|dzisiaj|heute|hier|hoje|holnap|hoy|huomenna|jutro|ma|mañana|morgen|mâine|oggi|tänään|vandaag|yarın|zítra|завтра|сегодня|сьогодні)(?!\S)/g;
const UNIT = 'm|mins?\\.?|minutes?|h|hrs?\\.?|hours?|s|secs?\\.?|seconds?|d|days?|weeks?|months?|years?';
const NUMBER =
  'one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|forty-five|fifty|sixty|ninety';
const AMOUNT = `(?:\\d+(?:[.,⁄]\\d+)?(?:(?:-| to )\\d+)?|an?|half an?|${NUMBER}|(?:a )?(?:few|couple)(?: of)?|several|some)`;
/** A time of day as a pattern, read or not. */
const WRONG_CLOCK =
  '(?:\\d{1,2}:\\d{2}|\\d{1,2}h\\d{2}|\\d{1,2}(?:\\.\\d{2})? ?(?:[ap]m|[ap]\\.m\\.|uhr)(?![\\p{L}\\p{N}])|\\d{1,2}[時时點点시])';
/** One of these behind `13h` says that a length of time is meant. */
const LASTING =
  'of|outage|downtime|later|ago|delay|lag|backlog|retention|window|time-?outs?|ttl|old|long|after|before|into|in|left|more|ahead|behind|slas?|slos?|cache|average|avg|p\\d+|mean|uptime|data|logs?|maintenance|freeze|cooldown|queue|jobs?|clock|format|until|to|without|with|since|from|shift|soak|burn|wait|gap|graph|trend|chart|limit|rolling|period|interval|break|cycle|per|each|so far|and|[-–—]';
const HOUR = 'one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve';
const NOON =
  '(?:12 )?(?:high )?(?:noon|midday|midnight)|mitternacht|minuit|medianoche|mezzanotte|mezzogiorno|mediod[ií]a';
const END = '(?![\\p{L}\\p{N}_-])';
const ABOUT = 'around|about|approx\\.?|approximately|roughly|circa|cca|ca\\.?|gegen|vers|rond|около';
const NEAR = `(?:at|exactly|${ABOUT}|um|om|kl\\.?|klo|a las|a|à|alle(?: ore)?|ore|às|o|ob|в|о|@|~)`;
/** Before and between the two ends of a range. */
const FROM = 'from|between|von|zwischen|de|entre|desde|da|dalle|van|tussen|od|с';
const UNTIL = '[-–—/]|to|till?|until|thru|through|and|bis|und|à|a|et|y|e|al|alle|en|tot|do|до';
const PART_OF_DAY =
  '(?:early |late )?(?:morning|afternoon|evening|night|noon)|abends?|früh|morgens?|(?:vor|nach)?mittags?|nachts?|matin|soir|après-midi|noche|tarde|por la (?:mañana|tarde|noche)|mattina|sera|pomeriggio|notte|noite|manhã|avond|ochtend|middag|nacht';

/** A space in a pattern stands for any white space inside a line. */
const compiled = (patterns: readonly RegExp[]) =>
  patterns.map(({ source, flags }) => {
    const blanks = source.replaceAll(' ?', `${BLANK}*`).replaceAll(' ', `${BLANK}+`);
    return new RegExp(blanks, flags);
  });

/** Days, with a time or without. */
const DATES = [
  // 10/11/2024 is in October or in November
  /\d{4}\/\d{1,2}\/\d{1,2}(?![\d/])/y,
  /\d{1,2}([/.-]) ?\d{1,2}\1 ?\d{4}(?!\.?\d)/y,
  /(?:0?[1-9]|[12]\d|3[01])([/-])(?:0?[1-9]|[12]\d|3[01])\1\d{2}(?![\d\p{L}/-])/uy,
  /(?:0?[1-9]|[12]\d|3[01])\. ?(?:0?[1-9]|1[0-2])\.(?=,?\s|$)/y,
  new RegExp(`\\d{1,2}[./-]\\d{1,2}(?:[./-]\\d{2})?[.,]*(?: ${NEAR})? ${WRONG_CLOCK}`, 'iuy'),
  new RegExp(`(?:the )?\\d{1,2}(?:st|nd|rd|th)[.,]*(?: ${NEAR})? ${WRONG_CLOCK}`, 'iuy'),
  /(?:19|20)\d{2}-(?:\d-\d{1,2}|\d{1,2}-\d)(?![\d\p{L}_.-])/uy,
  /(?:19|20)\d{2}\.(?:0[1-9]|1[0-2])\.(?:0[1-9]|[12]\d|3[01])(?![\d\p{L}_.-])/uy,
  /(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[T_-]?\d{4,6}Z?)?(?![\d\p{L}_.,:/-])/uy,
  /(?:19|20)\d{6}T\d{2}|\d{4}-?W\d{2}/y,
  /(?:19|20)\d{2}-?[0-3]\d{2}(?:T| )\d{2}:?\d{2}/y,
  /\d{4} ?[年년]|\d{1,2} ?[月월] ?\d{1,2} ?[日일]/y,
  new RegExp(`(?:${ANY_WEEKDAY}),? (?:${MONTH}),? \\d{1,2}${END}`, 'iuy'),
  new RegExp(
    `(?:(?:${ANY_WEEKDAY})[.,]* )?\\d{1,2}(?:st|nd|rd|th|\\.|º)?(?: of| de)? ?(?:${ANY_MONTH})\\.?,?(?: de)?(?: ?(?:20)?\\d{2},?)?(?: ${NEAR})? ${WRONG_CLOCK}`,
    'iuy',
  ),
  new RegExp(
    `(?:${MONTH})\\.?(?: |-)\\d{1,2}(?:st|nd|rd|th)?,?(?: \\d{4},?)?(?: ${NEAR})? ${WRONG_CLOCK}`,
    'iuy',
  ),
  new RegExp(
    `(?:(?:${ANY_WEEKDAY})[.,]* )?\\d{1,2}(?:st|nd|rd|th|\\.|º)?(?: of| de)? (?:${ANY_MONTH})\\.?,?(?: de)? \\d{4}${END}`,
    'iuy',
  ),
  new RegExp(`(?:${MONTH})\\.? \\d{1,2}(?:st|nd|rd|th)?,? (?:19|20)\\d{2}${END}`, 'iuy'),
  new RegExp(`(?:${SURE_MONTH})\\.? (?:[1-9]|[12]\\d|3[01])(?:st|nd|rd|th)?(?![\\p{L}\\p{N}_.%/-])`, 'iuy'),
  new RegExp(
    `(?:[1-9]|[12]\\d|3[01])(?:st|nd|rd|th|\\.)? (?:of )?(?:${SURE_MONTH}|${list(MONTHS)
      .split('|')
      .filter((word) => word.length > 5)
      .join('|')})${END}`,
    'iuy',
  ),
];

/**
 * What people type when they mean a time, in a form that leaves something open (which month? morning or evening?)
 * or that no clock shows. Taken as text it would be recorded at the wrong moment without anybody noticing.
 */
const MEANT = compiled([
  // 12m ago
  new RegExp(
    `(?:(?:about|around|roughly|approximately|approx\\.?|circa|ca\\.?|some|maybe) |~ ?)?${AMOUNT} ?(?:${UNIT})(?:,? (?:and )?(?:a half|a quarter|${AMOUNT} ?(?:${UNIT})))* ago${END}`,
    'iuy',
  ),
  new RegExp(`(?:${AMOUNT} )?(?:a )?(?:moments?|while|bit) ago${END}`, 'iuy'),
  /(?:\d+[dhms])+ ago(?![\p{L}\p{N}_-])/uy,
  // ??:??, 14:??, xx:xx, --:--
  /(?=[\d:]*[?xX_])[\d?xX_]{1,2}:[\d?xX_]{2}(?::[\d?xX_]{2})?(?![\p{L}\p{N}])/uy,
  /--:--/y,
  /(?=[\d-]*\?)[\d?]{4}-[\d?]{2}-[\d?]{2}/y,
  // 14:32:5, 14:3, and 5pm, whose precision nobody can tell; 16:9 and 10:1 are ratios
  /\d{1,2}:\d{2}:\d(?![\d:])/y,
  /(?!\d[068]:[19]|21:9)(?:0\d|1\d|2[0-3]):\d(?![\p{L}\p{N}_.:-])/uy,
  /(?:\d{1,2}(?::\d{2})?(?: ?[ap]m)?(?: ?-| to) ?)?\d{1,2} ?(?:[ap]m|[ap]\.m\.?|uhr|uur)(?: \d{1,2})?(?![\p{L}\p{N}_-])/iuy,
  /\d{1,2}[.:]\d{2} ?uhr(?![\p{L}\p{N}_-])/iuy,
  /\d{3,4} ?[ap]m(?![\p{L}\p{N}_-])/iuy,
  /\d{1,2}(?:h| h |['’′]|u)\d{2}['’′]?(?![\p{L}\p{N}_-])/iuy,
  new RegExp(`\\d{1,2}h[0-5]\\dm(?:in|n)?(?![\\p{L}\\p{N}_-])(?! (?:${LASTING})${END})`, 'iuy'),
  new RegExp(`(?:\\d{1,2}|${NUMBER}) ?o['’]?clock${END}`, 'iuy'),
  new RegExp(`(?:\\d{1,2}|${NUMBER}) (?:in the (?:morning|afternoon|evening)|at night)${END}`, 'iuy'),
  // 13.41h, kl. 13.41; 13h, unless so long is meant
  /\d{1,2}\.[0-5]\d ?(?:h|hrs?|uur|น\.)(?! of)(?![\p{L}\p{N}_-])/iuy,
  /(?:kl\.?|klo|kello|alle ore|ore|um|om) \d{1,2}\.[0-5]\d(?![\d.]| ?[%‰°€$£]| ?(?:ms|s|min|[kmgt]i?b|eur|usd)(?!\p{L}))/iuy,
  new RegExp(
    `(?:0?\\d|1\\d|2[0-3]) ?h(?=\\s|$|[:,;.–—](?:\\s|$)| - )(?![:,;.]? ?(?:- )?(?:${LASTING})${END})`,
    'uy',
  ),
  // 14;32, 14 : 32, 13時
  /\d{1,2}(?:;| :) ?[0-5]\d(?![\d:])|\d{2}: [0-5]\d(?![\d:])/y,
  /[\d一二三四五六七八九十]{1,3} ?[時时點点시](?:半|[\d一二三四五六七八九十]{1,3}[分분])/y,
  /\d{1,2} ?[時时點点시](?![間间])/y,
  /(?:今日|昨日|一昨日|今天|昨天|前天|오늘|어제|그제|اليوم|أمس|امس|आज|कल)(?:、|,)? ?\d/y,
  /(?:午前|午後|上午|下午|오전|오후) ?[\d一二三四五六七八九十]/y,
  // 1432Z, 14:32 without its colon where a zone or `hrs` follows, and 0930; T14:32
  /(?:[01]\d|2[0-4])[0-5]\d ?(?:Z|UTC|GMT|h|hrs?|uhr|uur|hours(?! of))(?![\p{L}\p{N}_-])/iuy,
  /0\d[0-5]\d(?=\s|$)(?! (?:permissions?|perms|mode|\d{3} \d))/y,
  /T(?:[01]\d|2[0-3])(?::[0-5]\d|[0-5]\d(?:[0-5]\d)?Z)/y,
  /[IWEF]\d{4} \d{2}:\d{2}:\d{2}/y,
  new RegExp(`(?:${NOON})${END}`, 'iuy'),
  new RegExp(`(?:(?:a )?(?:half|quarter)|five|ten|twenty|\\d{1,2}) past (?:\\d{1,2}|${NUMBER})${END}`, 'iuy'),
  new RegExp(`(?:a )?quarter to (?:\\d{1,2}|${NUMBER})${END}`, 'iuy'),
  // `half one` and `ten to twelve` are times, but `half one of them` and `ten to twelve nodes` are text
  new RegExp(`half (?:${HOUR})${END}(?! (?:of|\\p{L}*s${END}))`, 'iuy'),
  new RegExp(
    `(?:five|ten|twenty|twenty-five|[125]0|2?5) to (?:\\d|1[0-2]|${HOUR})(?![\\p{L}\\p{N}_%.,-])(?! ?%| (?:\\p{L}*s|of|percent)${END})`,
    'iuy',
  ),
  /(?:drei)?viertel (?:eins|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf)(?![\p{L}\p{N}_-])/iuy,
  /(?:mittags?|nachts|abends)(?=:|,|\s|$)/iuy,
  /(?:halb|viertel (?:vor|nach)) (?:\d{1,2}|eins|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf)(?![\p{L}\p{N}_-])/iuy,
  ...DATES,
  new RegExp(
    `(?:last )?(?:${ANY_WEEKDAY})[.,]*(?: (?:${PART_OF_DAY}))?(?: ${NEAR})? (?:${WRONG_CLOCK}|(?:${NOON})${END})`,
    'iuy',
  ),
  new RegExp(`(?:Mo|Di|Mi|Do|Fr|Sa|So)[.,]*(?: um)? ${WRONG_CLOCK}`, 'uy'),
  /\d{1,2}[-./](?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*(?:[-./]\d{2,4}(?::\d{2}:\d{2})?)?(?![\p{L}\p{N}_-])/iuy,
  new RegExp(
    `(?:(?:early |late )?(?:last night|(?:this|in the) (?:morning|afternoon|evening|noon))|tonight|the day before yesterday|yesterday|today|tomorrow|anoche|anteanoche|aujourd['’]hui|${list(DAYS)})(?: (?:${PART_OF_DAY}))?(?: -|,)?(?: ${NEAR})? [~@]?(?:[\\d?xX]{1,2}(?::[\\d?xX]{2}|[ap]m${END})|${WRONG_CLOCK}|(?:[01]\\d|2[0-3])[0-5]\\d(?=\\s|$)|(?:${NOON})${END})`,
    'iuy',
  ),
  // A range in words, and what is near a time
  new RegExp(
    `(?:${FROM}) (?:${NEAR} )?${WRONG_CLOCK}(?: \\S{1,30})? ?(?:${UNTIL}) ?(?:${NEAR} )?${WRONG_CLOCK}`,
    'iuy',
  ),
  new RegExp(`(?:(?:shortly|just|right|soon) (?:after|before)|kurz (?:nach|vor)) ${WRONG_CLOCK}`, 'iuy'),
  // -12 min, -1h30, -2w, vor 12 Minuten
  new RegExp(
    `-\\d+(?:[.,]\\d+)? ?(?:mins?|minutes?|hrs?|hours?|secs?|seconds?|days?|weeks?|[hm](?= (?:and )?\\d+ ?[ms]))(?:,?(?: and)? ?\\d+ ?(?:${UNIT}))*(?: and a (?:half|quarter))?${END}`,
    'uy',
  ),
  /-[.,]\d+ ?[dhms](?![\p{L}\p{N}_-])/uy,
  /-\d+(?:[.,]\d+)?(?:w|wks?|mo|y|yrs?|H(?:\d+M)?)(?![\p{L}\p{N}_-])/uy,
  /-\d+(?:[.,]\d+)? (?:h|m|d|s)(?=\s|$)/uy,
  new RegExp(
    `- (?:(?:\\d+[hm])+(?=\\s|$)|\\d+ ?(?:h|m|mins?|minutes?|hours?)(?! (?:${LASTING})${END})${END})`,
    'uy',
  ),
  /— ?\d+ ?(?:[hms]|mins?)(?![\p{L}\p{N}_-])/uy,
  /-\d+h\d+(?![\p{L}\p{N}_-])/uy,
  /-\d{1,2}:\d{2}(?!\d)/y,
  /-\d+[⁄/]\d+ ?(?:h|hrs?|hours?|d|days?|m|mins?)(?![\p{L}\p{N}_-])/uy,
  /-P(?:\d+D)?T(?:\d+[HMS])+/iy,
  /T[+-]\d+(?::\d{2}|m|min|h|s)?(?=\s|$)/y,
  /\+ ?\d+ ?(?:h|m|min|mins|minutes?|hours?)(?![\p{L}\p{N}_-])/uy,
  /vor (?:\d+(?:[.,]\d+)?|einer?|einem|einer (?:halben|viertel)|zwei|drei|vier|fünf|zehn|fünfzehn|zwanzig|dreißig|ein paar|wenigen) ?(?:m|min(?:uten?)?|h|std|(?:viertel)?stunden?|sek(?:unden)?|tag(?:en)?)(?![\p{L}\p{N}_-])/iuy,
  /(?:il y a|hace|há) (?:\d+|une?|um|uma|una|deux|dos|duas?) ?(?:min(?:ut[eo]s?)?|h|h[eo]ur[ea]s?|horas?|secondes?|segundos?|jours?|d[ií]as?)(?![\p{L}\p{N}_-])/iuy,
  /(?:\d+ |un['’]?)? ?(?:min(?:ut[ei])?|or[ae]|giorni) fa(?![\p{L}\p{N}_-])/iuy,
  /\d+ ?\p{L}+\.? (?:geleden|sedan|siden|sitten|temu|önce|zpátky)(?![\p{L}\p{N}_-])/iuy,
  /(?:för|for|před) \d+ \p{L}+(?: (?:sedan|siden))(?![\p{L}\p{N}_-])|před \d+ (?:min|hod|sek|dny)\p{L}*/iuy,
  /\d+ ?(?:мин|час|сек|д)\p{L}*\.? назад/iuy,
  /\d+ ?(?:分|分钟|分鐘|時間|小时|小時|秒|日|天|분|시간) ?(?:前|전)/y,
]);

/** A count of things that are gone, `-5 replicas`, is text. Any other number behind a minus may be minutes: `-90 requests fail`. */
const GONE =
  'replicas?|nodes?|pods?|instances?|hosts?|servers?|workers?|containers?|shards?|partitions?|brokers?|threads?|connections?|cores?|cpus?|vms?|machines?|zones?|regions?|keys?|users?|seats?|people|engineers?|points?|percent|degrees?|dbm?|for|from|on|to|of|vote';

/** What looks like a time only where the text begins. */
const AT_START = compiled([
  new RegExp(`-\\d{1,4}(?=\\s|$)(?! (?:${GONE})${END})`, 'iuy'),
  // Seconds or milliseconds since 1970, from 2017 to 2036
  /@?(?:1[5-9]|20)\d{8}(?:(?:\d{3}){1,3}|\.\d+)?(?![\p{L}\p{N}_.,:/-])/uy,
]);
/** What people put around a time that they mean: marks of a list or of a quotation, emoji, labels, and little words. */
const AROUND = compiled([
  /\[(?: ?|x)\] /iy,
  /[^\p{L}\p{N}\s:]+ ?/uy,
  /(?::[a-z0-9_+'-]+:)+ ?/y,
  /(?:\d{1,3}|\p{L})[.)] /uy,
  new RegExp(`(?:${NEAR}|time|date|ts|start|begin|when|on|am|le|el|il|den) `, 'iuy'),
  /(?:time|date|ts|timestamp|when|start(?:ed|s)?|begin|since|at|from|t) ?[:=] ?/iy,
]);
/** Where a text begins with a quotation, only the time may be quoted: a longer quotation is a name. */
const QUOTED = /["'“”„‘’«`]/;
/** Around something that is no readable time, these still say that a time is meant. */
const SURELY = new RegExp(`^(?:[[(@]|(?:at|exactly|${ABOUT}|um|kl\\.?|klo|on|am|le|el|il|den)\\s)`, 'iu');
const NEARLY = new RegExp(`(?<![\\p{L}\\p{N}])(?:${ABOUT}|~)`, 'iu');
const ZONE_FIRST = compiled([
  /[[(]?(?:([uU][tT][cC]|[gG][mM][tT]|Z)(?![\p{L}])|(\p{L}{2,5})|([A-Za-z]+\/[A-Za-z_]+|\+\d{2}:?\d{2}))[\])]?:? (?=\d{1,2}:\d{2}(?!\d)|\d{4}-\d{2}-\d{2})/uy,
]);

/** Whatever begins with a letter and is meant as a time holds one of these. */
const LIKELY =
  /\d|[?]|xx|noon|mid|mitt|nacht|abend|minuit|medi|mezz|ago|past|quarter|half|\s(?:to|in)\s|clock|halb|viertel|vor|fa|há|hace|il\s+y|[時时點点点前午月시월전]/i;

/** @returns a refusal where something was plainly meant as a time but cannot be known; else null. */
export function impossible(text: string, at: number): Refusal | null {
  // Every text that begins without a time comes by here, and most hold none of the words that a time needs.
  const head = text.slice(at, at + 60);
  if (/^\p{L}/u.test(head) && !LIKELY.test(head)) return null;
  const got = longest(MEANT, text, at);
  return got === null ? null : refuse('TIME_UNKNOWN', { got, next: insteadOf(got) });
}

/** The same for what means a time only at the start of a text. */
function meantAtStart(text: string, at: number): Refusal | null {
  const got = longest(AT_START, text, at);
  if (got !== null) return refuse('TIME_UNKNOWN', { got, next: insteadOf(got) });
  for (const pattern of ZONE_FIRST) {
    const match = matchAt(pattern, text, at);
    if (!match || (match[2] !== undefined && abbreviationOf(match[2], '') === null)) continue;
    const end = clockAt(text, at + match[0].length);
    if (end < 0) continue;
    const time = text.slice(at + match[0].length, end);
    const zone = match[1] ? 'UTC' : match[3] ? match[3] : null;
    const next = zone
      ? `Write the zone behind the time: \`${time} ${zone}\`.`
      : 'Write the time, and behind it `UTC`, an offset or an area.';
    return refuse('TIME_UNKNOWN', { got: text.slice(at, end), next: `${next} ${AS_TEXT}` });
  }
  // `- [ ] at ~14:32` has several things around it.
  for (let start = at, pieces = 0; pieces < 4; pieces++) {
    const piece = longest(AROUND, text, start);
    if (piece === null) break;
    start = skipBlanks(text, start + piece.length);
    const around = text.slice(at, start);
    const end = clockAt(text, start);
    if (end < 0) {
      // `at noon`, `[5pm]`, `um 14 Uhr`
      const other = SURELY.test(around) ? impossible(text, start) : null;
      if (other) return other;
      continue;
    }
    if (QUOTED.test(around) && !/["'“”‘’»`]/.test(text[end] ?? '')) break;
    const time = `${NEARLY.test(around) ? '~' : ''}${text.slice(start, end)}`;
    return refuse('TIME_UNKNOWN', {
      got: text.slice(at, end),
      next: `Begin with the time itself: \`${time}\`. ${AS_TEXT}`,
    });
  }
  return null;
}

const AS_TEXT = 'If it is text and no time, put `--` before it.';

/** 14h32, 14;32, 1432Z, 14 Uhr: hours and minutes, and whether in UTC. */
const TWO_NUMBERS = [
  /^T?(\d{1,2}) ?[hu:;.'′] ?([0-5]\d)(?:m|min|['′])?(?: ?h)?$/i,
  /^T?([012]\d)([0-5]\d) ?(?:(Z|UTC|GMT)|h|hrs?|hours|uhr|uur)?$/i,
  /^(\d{1,2}) ?(?:h|uhr|[時时點点시])$/i,
];

/** @returns how to write what was meant; undefined where it cannot be told, and the general examples must do. */
function insteadOf(got: string): string | undefined {
  if (/(?<!after)noon|midday|mezzogiorno|mediod/i.test(got))
    return `Write \`12:00\`, with the day if it was another: \`yesterday 12:00\`. ${AS_TEXT}`;
  if (/midnight|mitternacht|minuit|medianoche|mezzanotte/i.test(got))
    return `Write \`00:00\`, or \`23:59\` for the end of a day, with the date if it was another day's. ${AS_TEXT}`;
  const [begin, end, more] = got.match(/\d{1,2}:\d{2}(?::\d{2})?/g) ?? [];
  if (begin && end && !more && /^\p{L}/u.test(got)) return `Write \`${begin}-${end}\`. ${AS_TEXT}`;
  const [, h, m = '00', utc] = TWO_NUMBERS.map((pattern) => pattern.exec(got)).find(Boolean) ?? [];
  if (h !== undefined && Number(h) < 24)
    return `Write \`${h.padStart(2, '0')}:${m}${utc ? ' UTC' : ''}\`. ${AS_TEXT}`;
  if (/^-\d+$/.test(got)) return `Write \`${got}m\` for minutes or \`${got}h\` for hours. ${AS_TEXT}`;
  const ago = spelt(got);
  if (ago !== null) return `Write \`${ago}\`. ${AS_TEXT}`;
  if (/^- +\d+(?:[dhms]|min)+$/i.test(got)) return `Write \`${got.replace(/ +/, '')}\`. ${AS_TEXT}`;
  const parts = [...got.matchAll(/(\d+) ?(d|h|m|s)(?:\p{L}*)\.?/giu)];
  const whole = /^-?(?:\d+ ?(?!to )\p{L}+\.?,?(?: and)? ?)+$/iu.test(got.replace(/ ago$/, ''));
  if (whole && parts.length > 0 && (got.startsWith('-') || got.endsWith(' ago')))
    return `Write \`-${parts.map(([, n, unit]) => `${n}${unit?.toLowerCase()}`).join('')}\`. ${AS_TEXT}`;
  return undefined;
}

const SPELT =
  'one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty'.split(
    '|',
  );

/** @returns `half an hour ago`, `an hour ago`, `five minutes ago` as we write it; null: it is something else */
function spelt(got: string): string | null {
  const [, amount = '', unit = ''] =
    /^(half an?|an?|[a-z]+) (hour|hr|minute|min|second|sec|day)s? ago$/i.exec(got.replace(/\s+/g, ' ')) ?? [];
  const letter = unit.charAt(0).toLowerCase();
  if (/^half/i.test(amount)) return { h: '-30m', m: '-30s', d: '-12h' }[letter] ?? null;
  const n = /^an?$/i.test(amount) ? 1 : SPELT.indexOf(amount.toLowerCase()) + 1;
  return n > 0 ? `-${n}${letter}` : null;
}

function longest(patterns: readonly RegExp[], text: string, at: number): string | null {
  for (const pattern of patterns) {
    const got = matchAt(pattern, text, at)?.[0];
    if (got) return got;
  }
  return null;
}

/** Past days: behind a time, such a day may be the time's own. `hier` means *here* in German; days to come are text. */
const DAY_BEHIND = compiled([
  ...DATES,
  new RegExp(
    `(?:on |last |am |le )?(?:${WEEKDAYS_WHOLE})(?![\\p{L}\\p{N}_'’-])|(?:on|last) (?:${WEEKDAY})${END}`,
    'iuy',
  ),
  new RegExp(
    `(?:the day before )?yesterday(?![\\p{L}\\p{N}_'’-])|(?:${list(DAYS.replace(NOT_PAST, ''))})${END}`,
    'iuy',
  ),
  /昨日|昨天|前天|어제|أمس|कल/y,
]);

/** @returns the day at `at`, behind a time without one; null: there is none. */
export function saidDay(text: string, at: number): string | null {
  return longest(DAY_BEHIND, text, at);
}
