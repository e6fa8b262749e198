import { distance } from 'fastest-levenshtein';
import { FixedOffsetZone, IANAZone, type Zone } from 'luxon';
import { type Refusal, refuse } from '../../refusal.js';
import { BLANK, fold, matchAt, skipBlanks, wordAt } from '../entered.js';
import { abbreviationOf, exampleZones, isAbbreviation, isLabel, longNameAt } from './abbreviations.js';
import { AREAS } from './zone-data.js';

/** Names of zones, by their small letters: those of the zone database, and those that this engine's newer copy has besides. */
const NAMES = new Map<string, string>();
for (const [, area = '', cities = ''] of AREAS.matchAll(/(\w+):([^:]*)(?=\n|$)/g))
  for (const city of cities.trim().split(/\s+/)) know(`${area}/${city}`);
for (const name of Intl.supportedValuesOf('timeZone')) if (name.includes('/')) know(name);

function know(name: string): void {
  NAMES.set(name.toLowerCase(), name);
}

/** These areas hold nothing but zones: another city there is a slip of the pen, not text. */
const ONLY_ZONES = /^(?:Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific)\//i;

/** `EuropeBerlin`, in small letters. */
const GLUED = /^(africa|america|antarctica|asia|atlantic|australia|europe|indian|pacific)(?=[a-z])/;

/** @returns the zone `±hh:mm`; null beyond 14 hours, where there is none. */
export function offsetZone(sign: string, hours: number, minutes: number): Zone | null {
  const total = hours * 60 + minutes;
  if (minutes > 59 || total > 14 * 60) return null;
  return FixedOffsetZone.instance(sign === '+' ? total : -total);
}

/** Zones found so far, by their name: looking one up is slow. */
const FOUND = new Map<string, Zone>();

/** Only what the zone database itself calls an area: engines know more names, and `AST` among them is in Alaska. */
function areaZone(typed: string): Zone | null {
  const name = NAMES.get(typed.toLowerCase());
  if (name === undefined) return null;
  const found = FOUND.get(name);
  if (found) return found;
  if (!IANAZone.isValidZone(name)) return null;
  const zone = IANAZone.create(name);
  FOUND.set(name, zone);
  return zone;
}

/**
 * A zone on its own, as in `timeline Europe/Berlin` or `export md +02:00`: `UTC`, `GMT`, `Z`, `±HH:MM` or an area of the
 * zone database, in any case.
 * @returns its name, in the one spelling that every room has for it (`UTC`, `UTC+02:00`, `Europe/Berlin`)
 */
export function readZone(typed: string): string | Refusal {
  const name = fold(typed).text;
  const zone = /^(?:utc|gmt)./i.test(name) ? null : zoneNamed(name);
  if (zone) return zoneName(zone);
  const short = name.replace(/^[([]|[)\]]$/g, '').toUpperCase();
  if (isAbbreviation(short))
    return refuse('TIME_ZONE_AMBIGUOUS', { zone: short, next: exampleZones(short, '') });
  // Alone, a city can mean nothing else.
  const places = inAreas(letters(name.trim())).slice(0, 2);
  if (places.length > 0)
    return refuse('TIME_ZONE_UNKNOWN', {
      zone: wordAt(name, 0),
      next: `Write ${places.map((place) => `\`${place}\``).join(' or ')}.`,
    });
  return noZone(wordAt(name, 0));
}

/**
 * Reads a zone by a name that was kept: what may be typed, and `UTC±HH:MM`, which is how `zoneName` spells an offset.
 * @returns null when there is no such zone
 */
export function zoneNamed(name: string): Zone | null {
  if (/^(?:utc|gmt|z)$/i.test(name)) return FixedOffsetZone.utcInstance;
  const offset = /^(?:utc|gmt)?([+\-−])(\d{2}):(\d{2})$/i.exec(name);
  return offset ? offsetZone(offset[1] ?? '+', Number(offset[2]), Number(offset[3])) : areaZone(name);
}

/** @returns `UTC`, `UTC+02:00` or `Europe/Berlin`: what luxon's setZone takes. */
export function zoneName(zone: Zone): string {
  return zone.isUniversal && zone.offset(0) !== 0 ? `UTC${zone.formatOffset(0, 'short')}` : zone.name;
}

/** @returns the zone's name as a person may type it: `+02:00` for `UTC+02:00`. */
export function typedZone(name: string): string {
  return name.replace(/^UTC(?=[+-])/, '');
}

/**
 * The refusal of what was meant as a zone and is none, with what to write instead.
 * @param word as it was typed; of a long one the beginning is quoted
 * @param typed the time in front of it, for the example; '' where the zone stands alone
 */
function noZone(word: string, typed = ''): Refusal {
  const zone = [...word.slice(0, 120)].slice(0, 60).join('');
  const before = typed && `${typed} `;
  const next = (names: readonly string[]) => names.map((name) => `\`${before}${name}\``).join(' or ');
  const offset = /^\(?(?:UTC|GMT|Z)?\s*([+-])\s*(\d{1,2})(?::?(\d{2}))?\)?$/i.exec(zone);
  if (offset) {
    const [, sign = '+', hours = '', minutes = '00'] = offset;
    if (Number(minutes) % 15 === 0 && offsetZone(sign, Number(hours), Number(minutes)))
      return refuse('TIME_ZONE_UNKNOWN', {
        zone,
        next: `Write ${next([`${sign}${hours.padStart(2, '0')}:${minutes}`])}, or an area such as \`Europe/Berlin\`.`,
      });
  }
  const near = nearAreas(zone);
  const text = typed && ' If it begins the text, put `--` before it.';
  return near.length > 0
    ? refuse('TIME_ZONE_UNKNOWN', { zone, next: `Did you mean ${next(near)}?${text}` })
    : refuse('TIME_ZONE_UNKNOWN', { zone });
}

/** Names of cities and regions in the zone database that are also ordinary words: in a text they name no zone. */
const PLAIN = /^(?:west|east|north|south|central|center|general|act|nsw|lhi|virgin|easter|wake|truk|yap)$/;
/** @returns the letters alone: without accents, and with one mark for all that people put for `/` and `_`. */
const letters = (text: string) =>
  text.slice(0, 120).normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replaceAll(' ', '_').slice(0, 60);

/** In small letters, with a slash behind the area whatever stands there: `EuropeBerlin`, `Europe - Berlin`. */
function slashed(word: string): string {
  return letters(word)
    .replace(/^([a-z]+)_*[-._\\:/]_*(?=[a-z])/, '$1/')
    .replace(GLUED, '$1/');
}

/** @returns the name of a zone that lacks nothing but its slash; null: it is none. */
function unslashed(text: string): string | null {
  return NAMES.get(slashed(text)) ?? null;
}

/**
 * @param word as it stands in the text, at most one white space in it
 * @returns the names of zones of which it is a slip of the pen, the likeliest first, at most two
 */
function nearAreas(word: string): string[] {
  const typed = slashed(word);
  const exact = NAMES.get(typed);
  if (exact) return [exact];
  const named = cityNamed(word);
  if (named.length > 0) return named;
  const [area = '', city] = typed.split(/\/(.*)/s);
  if (!city) return [];
  const turned = NAMES.get(`${city}/${area}`);
  if (turned) return [turned];
  const most = typed.length > 9 ? 2 : 1;
  const all = [...NAMES].map(([small, name]) => ({ name, small, far: distance(typed, small) }));
  const near = all.filter(({ far }) => far <= most).sort((a, b) => a.far - b.far);
  if (near.length > 0) return near.slice(0, 2).map(({ name }) => name);
  // `America/New York`, and a city that was put into the wrong area: `America/Berlin`, `EU/Berlin`.
  if (ONLY_ZONES.test(`${area}/`)) {
    const begun = all.filter(({ small }) => city.length > 2 && small.startsWith(`${typed}_`));
    if (begun.length > 0) return begun.slice(0, 2).map(({ name }) => name);
  }
  const placed = /^\p{Lu}[^/]*\/\p{Lu}/u.test(word) || ONLY_ZONES.test(`${area}/`);
  return placed ? inAreas(city).slice(0, 2) : [];
}

/** @returns the zones whose last part is that city, in small letters. */
function inAreas(city: string): string[] {
  if (city.length < 4 || PLAIN.test(city)) return [];
  return [...NAMES].flatMap(([small, name]) =>
    ONLY_ZONES.test(name) && small.endsWith(`/${city}`) ? [name] : [],
  );
}

/** A city without its area is text, unless it has the underscore of the zone database: `New_York`. */
function cityNamed(word: string): string[] {
  return word.includes('_') ? inAreas(letters(word)).slice(0, 2) : [];
}

/** Was a word with a slash meant as the name of a zone? Text would not begin like this. */
function meantAsArea(word: string): boolean {
  return ONLY_ZONES.test(word) || /^(?:Etc|SystemV)\//.test(word) || nearAreas(word).length > 0;
}

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
export const PUNCTUATION: Record<string, string> = {
  ':': 'colon',
  ',': 'comma',
  ';': 'semicolon',
  '.': 'full stop',
};

/** The refusal of a zone with something behind it: where only a mark is too much, it says so. */
function stuck(word: string, name: string, typed: string): Refusal {
  const zone = word.slice(0, 60);
  const mark = PUNCTUATION[word.slice(-1)];
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
