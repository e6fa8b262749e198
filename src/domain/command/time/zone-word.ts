import { FixedOffsetZone, type Zone } from 'luxon';
import { type Refusal, refuse } from '../../refusal.js';
import { BLANK, matchAt, skipBlanks } from '../../text.js';
import { abbreviationOf, exampleZones, isAbbreviation, isLabel, longNameAt } from './abbreviations.js';
import {
  inAreas,
  letters,
  meantAsArea,
  nearAreas,
  noZone,
  offsetZone,
  unslashed,
  zoneNamed,
} from './zone.js';

/** Where a zone word stands in the text, and the zone it names. */
interface ZoneWord {
  readonly zone: Zone;
  readonly end: number;
}

type Read = ZoneWord | Refusal | null;

const END = String.raw`(?=\s|$)`;
const BEHIND = /\S*/y;
/** A small `z` is a word in some languages. */
const UTC_WORD = new RegExp(`(?:[uU][tT][cC]|[gG][mM][tT]|Z)${END}`, 'y');
const OFFSET_WORD = new RegExp(String.raw`([+-])(\d{2}):(\d{2})${END}`, 'y');
const BASIC_OFFSET = new RegExp(String.raw`([+-])(\d{2})(00|15|30|45)${END}`, 'y');
/** `+02`, and `+2` where no number of things is meant. */
const HOURS = new RegExp(String.raw`[+-]\s?(?:0\d|\d{1,2}(?::?\d{2})?)${END}`, 'y');
const AREA_WORD = /\p{L}[\p{L}\p{M}]*(?:[/\\]\p{L}[\p{L}\p{M}\p{N}_+-]*){1,2}/uy;
const CITY_WORD = /\p{L}[\p{L}\p{M}]*(?:[_.-]\p{L}[\p{L}\p{M}]*){1,3}/uy;
const WORD = /\p{L}{2,6}/uy;
const IN = new RegExp(`in${BLANK}+(?=[\\p{Lu}+-]|utc|gmt)`, 'uy');
const DOTTED = new RegExp(String.raw`(?:\p{L}\.){1,5}\p{L}\.?${END}`, 'uy');
/** `Europe / Berlin`, `Europe Berlin`, `EuropeBerlin` */
const APART =
  /^((?:Africa|America|Antarctica|Asia|Atlantic|Australia|Europe|Indian|Pacific)[^\S\r\n]*[/:]?[^\S\r\n]*\p{L}+)(?:[^\S\r\n_]\p{L}+)?(?![\p{L}\p{N}_-])/iu;
/** As Windows calls them: `W. Europe Standard Time`, `GMT Standard Time`, which is London's. */
const LONG_NAME =
  /^(?:\p{Lu}[\p{L}.]*[^\S\r\n]){1,3}(?:Standard|Daylight|Summer)[^\S\r\n]Time(?![\p{L}\p{N}_-])/u;
/** As people speak of zones: `UK time`, and `Pacific` alone, unless it is the region. */
const SPOKEN =
  /^(?:(?:UK|US|NYC|SF|LA|British|Irish|German|French|Dutch|Spanish|Italian|Polish|Swiss|Indian|Chinese|Japanese|Australian|Brazilian|Israeli)[^\S\r\n]time(?![\p{L}\p{N}_-]|[^\S\r\n](?:zone|series|out))|(?:Pacific|Eastern|Mountain)(?=\s|$)(?!\s+(?:region|coast|side|dc|data ?cent|cluster|zone|site|users?|traffic|nodes?|link|office|team|pop|ocean|europe)))/iu;
/** No name of a zone is as long as this. */
const LONGEST = 64;
const BRACKETS: Record<string, string> = {
  '(': ')',
  '[': ']',
  '{': '}',
  '<': '>',
  '"': '"',
  "'": "'",
  '`': '`',
  '*': '*',
  _: '_',
  '“': '”',
  '‘': '’',
  '«': '»',
};
/** A zone with something stuck to it (`UTC+2`, `UTC:`) or in brackets that are not closed: meant as one, but not a form we know. */
const NEARLY_UTC =
  /[([]?(?:utc|gmt)(?:[^\p{L}\p{N}_\s-]|[+-]?\d{1,2}(?!\p{L})|[^\p{L}\p{N}_\s]?$|-(?=\s))\S*/iuy;
const NEARLY_Z = /Z(?:[+-]\d{1,2}(?::?\d{2})?|[,;:.)\]])(?=\s|$)/y;
const NEARLY_OFFSET = /[+-]\s?\d{1,2}:\d{2}(?!\d)\S*/y;
/** A count of things: `+2 nodes`, `-5 replicas`. */
const THINGS =
  /^\s+(?:(?:new|more|extra|additional|other|of)\s+)*(?!(?:is|was|has|as|this|its)\b)(?:\p{L}*\p{Ll}s|people|of|more|for|from|to|on)(?![\p{L}\p{N}_])/u;

/**
 * Reads the one zone that may follow a time.
 * @param at index after the white space that follows the time
 * @param typed the time as typed, for the example in a refusal
 * @param dated whether a date was typed: only then is `+1000` plainly an offset and not a number
 * @returns null when what stands there is text
 */
export function readZoneWord(text: string, at: number, typed: string, dated: boolean): Read {
  const match = (pattern: RegExp) => matchAt(pattern, text, at)?.[0];
  const word = match(BEHIND) ?? '';
  if (!word) return null;
  const long = longNameAt(text, at) ?? LONG_NAME.exec(text.slice(at, at + LONGEST))?.[0];
  if (long) return refuse('TIME_ZONE_UNKNOWN', { zone: long });
  return (
    readUtc(text, at, typed) ??
    readOffset(text, at, typed, dated) ??
    bracketed(text, at, word, typed, dated) ??
    readAbbreviation(text, at, typed) ??
    readArea(text, at, typed) ??
    nearly(match(NEARLY_UTC) ?? match(NEARLY_Z) ?? match(NEARLY_OFFSET), typed) ??
    behindIn(text, at, typed, dated)
  );
}

/** `07:05 in UTC`: the zone is clear, and so is how to write it. */
function behindIn(text: string, at: number, typed: string, dated: boolean): Refusal | null {
  const word = matchAt(IN, text, at)?.[0];
  if (!word) return null;
  const zone = readZoneWord(text, at + word.length, typed, dated);
  if (!zone || 'refused' in zone) return zone;
  const name = text.slice(at + word.length, zone.end);
  return refuse('TIME_ZONE_UNKNOWN', { zone: word + name, next: `Write \`${typed} ${name}\`.` });
}

function readUtc(text: string, at: number, typed: string): Read {
  const plain = matchAt(UTC_WORD, text, at)?.[0];
  const dotted = plain ? null : (matchAt(DOTTED, text, at)?.[0] ?? null);
  const name = plain ?? dotted?.replaceAll('.', '');
  if (!name) return null;
  const end = at + (plain ?? dotted ?? '').length;
  if (/^(?:utc|gmt|z)$/i.test(name)) {
    // `UTC +2` is another zone, not a text that begins with +2.
    const next = skipBlanks(text, end);
    const more = matchAt(HOURS, text, next)?.[0];
    if (more && !/^-\s|\s.*:/.test(more) && !THINGS.test(text.slice(next + more.length)))
      return noZone(text.slice(at, next + more.length), typed);
    return { zone: FixedOffsetZone.utcInstance, end };
  }
  const abbreviation = dotted ? abbreviationOf(name, '') : null;
  return abbreviation ? short(abbreviation, typed) : null;
}

function readOffset(text: string, at: number, typed: string, dated: boolean): Read {
  const match = (pattern: RegExp) => matchAt(pattern, text, at);
  const offset = match(OFFSET_WORD);
  const basic = offset ? null : match(BASIC_OFFSET);
  const signed = offset ?? basic;
  if (signed) {
    const behind = text.slice(at + signed[0].length);
    const zone = offsetZone(signed[1] ?? '+', Number(signed[2]), Number(signed[3]));
    // `+1000 requests` may be a number; `+0200` is none.
    const number = basic && !dated && signed[2]?.[0] !== '0' && THINGS.test(behind);
    // Behind a bare time `-13:44` is no offset that anybody has: the end of a range, or a slip.
    if (zone && offset && !dated && !isOffset(signed)) return noOffset(signed[0], typed);
    if (zone && !number) return { zone, end: at + signed[0].length };
    if (zone || offset) return noZone(signed[0], typed);
    return null;
  }
  const hours = match(HOURS)?.[0];
  if (!hours) return null;
  const padded = /^[+-]\s?0\d/.test(hours);
  if (padded || hours.includes(':')) return noZone(hours, typed);
  const size = Number(/\d+/.exec(hours)?.[0]);
  // `- 3 nodes` begins with a dash, `+500` is a number, and `+49 30 123456` that of a telephone.
  if (size > 14 || /\s/.test(hours) || /^\s+\d{2,}/.test(text.slice(at + hours.length))) return null;
  return THINGS.test(text.slice(at + hours.length)) ? null : noZone(hours, typed);
}

/** No clock is further back than twelve hours, and offsets are whole quarters. */
function isOffset([, sign, hours, minutes]: RegExpExecArray): boolean {
  return Number(minutes) % 15 === 0 && (sign === '+' || Number(hours) <= 12);
}

function noOffset(got: string, typed: string): Refusal {
  const range = got.startsWith('-') && Number(got.slice(1, 3)) < 24;
  return refuse('TIME_ZONE_UNKNOWN', {
    zone: got,
    ...(range && {
      next: `If it is the end of a range, write \`${typed}${got}\`; else write \`UTC\`, an offset such as \`+02:00\`, or an area such as \`Europe/Berlin\`.`,
    }),
  });
}

/** `[UTC]`, `(+02:00)`, `(Europe/Berlin)` are what they hold; `(PST)` is refused like `PST`. */
function bracketed(text: string, at: number, word: string, typed: string, dated: boolean): Read {
  const close = BRACKETS[text[at] ?? ''];
  if (!close) return null;
  const until = word.indexOf(close, 1);
  const inner = word.slice(1, until < 0 ? undefined : until).replace(/[,;:.]$/, '');
  // One pair of brackets is taken off, around something as short as a zone: nested ones (`[[[[…`) are not followed.
  // As without brackets, what follows tells words from zones: in “`GET` requests fail” it is a word.
  const behind = text.slice(at + word.length, at + word.length + LONGEST);
  const read =
    inner && inner.length <= LONGEST && !BRACKETS[inner[0] ?? '']
      ? readZoneWord(`${inner}${behind}`, 0, typed, dated)
      : null;
  if (!read) return null;
  if ('refused' in read) return read;
  if (read.end !== inner.length) return null;
  return until === word.length - 1 && until > 0
    ? { zone: read.zone, end: at + word.length }
    : stuck(word, inner, typed);
}

function readAbbreviation(text: string, at: number, typed: string): Read {
  const head = text.slice(at, at + LONGEST);
  const city =
    /^(\p{L}+(?:[^\S\r\n]\p{L}+)?)[^\S\r\n]time(?![\p{L}\p{N}_-])/iu.exec(head) ??
    /^(?:heure|hora|ora|hora local)[^\S\r\n](?:de|di)[^\S\r\n](\p{Lu}\p{L}+)/u.exec(head);
  const [place] = city ? inAreas(letters(city[1] ?? '')) : [];
  if (city && place)
    return refuse('TIME_ZONE_UNKNOWN', { zone: city[0], next: `Write the area: \`${typed} ${place}\`.` });
  const spoken = SPOKEN.exec(head)?.[0];
  if (spoken) return noZone(spoken, typed);
  const word = matchAt(WORD, text, at)?.[0];
  if (!word) return posix(text, at, typed);
  const end = at + word.length;
  const next = text.slice(end, end + 2);
  // `PST-based`, `PSTN`, `ART-12` and `pt_2` are other words.
  const signed = /^-(?:\d{1,2}:\d{2}|>|(?:0?\d|1[0-4])(?=\s|$))/.test(text.slice(end, end + 6));
  if (/^[\p{L}\p{N}_-]/u.test(next) && !signed) return posix(text, at, typed);
  const apart = next === '' || /^\s/.test(next);
  const name = abbreviationOf(word, apart ? text.slice(skipBlanks(text, end)) : '');
  if (!name) return null;
  if (apart || next[0] === '-') return short(name, typed);
  if (next[0] === '/') {
    const other = matchAt(WORD, text, end + 1)?.[0] ?? '';
    if (/^(?:utc|gmt)$/i.test(other)) return short(name, typed);
    return abbreviationOf(other, '') && /^(?:\s|[,;:.)]|$)/.test(text.slice(end + 1 + other.length))
      ? short(name, typed)
      : null;
  }
  // A label (`BOT: restarted`) is text where the word is one, and so is what a bracket opens (`CT(2)`).
  if (isLabel(word) || (next[0] === '.' && word !== name) || /^[^,;:.)\]!?|…'’"”+—]/.test(next)) return null;
  return stuck(matchAt(BEHIND, text, at)?.[0] ?? word, name, typed);
}

/** `EST5EDT` */
function posix(text: string, at: number, typed: string): Read {
  const found = /^([A-Z]{3})\d([A-Z]{3})(?=\s|$)/.exec(text.slice(at, at + 8));
  const name = found?.[1] ?? '';
  return isAbbreviation(name)
    ? refuse('TIME_ZONE_UNKNOWN', { zone: found?.[0] ?? name, next: exampleZones(name, typed) })
    : null;
}

function short(name: string, typed: string): Refusal {
  return refuse('TIME_ZONE_AMBIGUOUS', { zone: name, next: exampleZones(name, typed) });
}

function readArea(text: string, at: number, typed: string): Read {
  const match = (pattern: RegExp) => matchAt(pattern, text, at)?.[0];
  const apart = APART.exec(text.slice(at, at + LONGEST));
  const [both, one = ''] = apart ?? [];
  const whole = both && [both, one].find((name) => unslashed(name) && zoneNamed(name) === null);
  if (whole) return noZone(whole, typed);
  const word = match(AREA_WORD) ?? match(CITY_WORD);
  if (!word || /^(?:utc|gmt)/i.test(word)) return null;
  // A word longer than any zone's name is no slip of the pen.
  if (word.length > LONGEST) return meantAsArea(word.slice(0, LONGEST)) ? noZone(word, typed) : null;
  const [, abbreviation = ''] = /^(?:USA?|Canada|UK|EU)\/(\p{Lu}{2,5})$/u.exec(word) ?? [];
  if (isAbbreviation(abbreviation)) return short(abbreviation, typed);
  const end = at + word.length;
  const zone = zoneNamed(word);
  const next = text[end] ?? ' ';
  if (zone) {
    if (/\s/.test(next)) return { zone, end };
    if (/[,;:.)\]!?|]/.test(next)) return stuck(matchAt(BEHIND, text, at)?.[0] ?? word, word, typed);
  }
  if (!/[\s,;:.)\]!?|]/.test(next)) return null;
  // `America/New York` goes on behind its white space.
  const two = `${word} ${/^\s+(\p{L}+)/u.exec(text.slice(end))?.[1] ?? ''}`;
  const joined = word.includes('/') ? nearAreas(two).find((name) => name.length >= two.length) : undefined;
  if (joined && nearAreas(word)[0] !== joined) return noZone(two, typed);
  return meantAsArea(word) ? noZone(word, typed) : null;
}

/** Marks that people put right behind a time or a zone, as they are called. */
export const MARKS: Record<string, string> = {
  ':': 'colon',
  ',': 'comma',
  ';': 'semicolon',
  '.': 'full stop',
};

/** The refusal of a zone with something behind it: where only a mark is too much, it says so. */
function stuck(word: string, name: string, typed: string): Refusal {
  const zone = word.slice(0, 60);
  const mark = MARKS[word.slice(-1)];
  const drop = mark ? `Leave out the ${mark}` : 'Leave out what is stuck to it';
  if (isAbbreviation(name.toUpperCase()))
    return refuse('TIME_ZONE_UNKNOWN', { zone, next: `${drop}. ${exampleZones(name.toUpperCase(), typed)}` });
  return refuse('TIME_ZONE_UNKNOWN', { zone, next: `${drop}: \`${typed} ${name}\`.` });
}

function nearly(word: string | undefined, typed: string): Refusal | null {
  if (!word) return null;
  const name = word.replace(/^[([]/, '').replace(/[^\p{L}\p{N}]+$/u, '');
  return zoneNamed(name) && !/^(?:utc|gmt)./i.test(name)
    ? stuck(word, name, typed)
    : noZone(word.slice(0, 60), typed);
}
