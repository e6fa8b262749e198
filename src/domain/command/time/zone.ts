import { distance } from 'fastest-levenshtein';
import { FixedOffsetZone, IANAZone, type Zone } from 'luxon';
import { type Refusal, refuse } from '../../refusal.js';
import { wordAt } from '../../text.js';
import { fold } from '../entered.js';
import { exampleZones, isAbbreviation } from './abbreviations.js';
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
  return noZone(wordAt(name, 0));
}

/**
 * What a zone is called inside the house: what may be typed, and `UTC±HH:MM`, which is how `zoneName` spells an offset.
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
export function noZone(word: string, typed = ''): Refusal {
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

/** Words that are the name of a city in the database, or of a piece of a country, and much else. */
const PLAIN = /^(?:west|east|north|south|central|center|general|act|nsw|lhi|virgin|easter|wake|truk|yap)$/;
/** @returns the letters alone: without accents, and with one mark for all that people put for `/` and `_`. */
export const letters = (text: string) =>
  text.slice(0, 120).normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replaceAll(' ', '_').slice(0, 60);

/** In small letters, with a slash behind the area whatever stands there: `EuropeBerlin`, `Europe - Berlin`. */
function slashed(word: string): string {
  return letters(word)
    .replace(/^([a-z]+)_*[-._\\:/]_*(?=[a-z])/, '$1/')
    .replace(GLUED, '$1/');
}

/** @returns the name of a zone that lacks nothing but its slash; null: it is none. */
export function unslashed(text: string): string | null {
  return NAMES.get(slashed(text)) ?? null;
}

/**
 * @param word as it stands in the text, at most one white space in it
 * @returns the names of zones of which it is a slip of the pen, the likeliest first, at most two
 */
export function nearAreas(word: string): string[] {
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
export function inAreas(city: string): string[] {
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
export function meantAsArea(word: string): boolean {
  return ONLY_ZONES.test(word) || /^(?:Etc|SystemV)\//.test(word) || nearAreas(word).length > 0;
}
