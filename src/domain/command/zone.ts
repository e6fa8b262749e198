import { FixedOffsetZone, IANAZone, type Zone } from 'luxon';
import { type Refusal, refuse } from '../refusal.js';
import { wordAt } from './impossible-times.js';
import { AMBIGUOUS, exampleZones } from './zone-abbreviations.js';

/** Where a zone word stands in the text, and the zone it names. */
export interface ZoneWord {
  readonly zone: Zone;
  readonly end: number;
}

const END = String.raw`(?=\s|$)`;
const UTC_WORD = new RegExp(`(?:utc|gmt|UTC|GMT|Z)${END}`, 'y');
const OFFSET_WORD = new RegExp(String.raw`([+\-−])(\d{2}):(\d{2})${END}`, 'y');
const BASIC_OFFSET = new RegExp(String.raw`([+\-−])(\d{2})(00|15|30|45)${END}`, 'y');
const AREA_WORD = new RegExp(`[A-Za-z]+(?:/[A-Za-z][A-Za-z0-9_+-]*){1,2}${END}`, 'y');
/** These areas hold nothing but zones: another city there is a slip of the pen, not text. */
const AREAS = /^(?:Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific|Etc)\//i;
/** A zone with something stuck to it (`UTC+2`, `UTC:`, `Europe/Berlin,`) or in brackets: meant as one, but not a form we know. */
const NEARLY = new RegExp(
  String.raw`\(?(?:(?:UTC|GMT|utc|gmt|${[...AMBIGUOUS].join('|')})(?![\p{L}\p{N}_-])\S*|(?:UTC|GMT|utc|gmt)[+\-−]\d\S*)`,
  'yu',
);
const NEARLY_AREA = /[A-Za-z]+(?:\/[A-Za-z][A-Za-z0-9_+-]*){1,2}(?=[,;:.)])\S*/y;
const NEARLY_OFFSET = /[+\-−]\d{1,2}:\d{2}(?!\d)\S*/y;

/**
 * Reads the one zone that may follow a time.
 * @param at index after the white space that follows the time
 * @param typed the time as typed, for the example in a refusal
 * @param dated whether a date was typed: only then is `+0200` plainly an offset and not a number
 * @returns null when what stands there is text
 */
export function readZoneWord(
  text: string,
  at: number,
  typed: string,
  dated: boolean,
): ZoneWord | Refusal | null {
  const match = (pattern: RegExp) => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  const utc = match(UTC_WORD);
  if (utc) return { zone: FixedOffsetZone.utcInstance, end: at + utc[0].length };
  const abbreviation = /[A-Z]{3,4}(?=\s|$)/y;
  const short = match(abbreviation)?.[0];
  if (short && AMBIGUOUS.has(short))
    return refuse('TIME_ZONE_AMBIGUOUS', { zone: short, next: exampleZones(short, typed) });
  const offset = match(OFFSET_WORD);
  const basic = offset ? null : match(BASIC_OFFSET);
  const signed = offset ?? basic;
  if (signed) {
    const zone = offsetZone(signed[1] ?? '+', Number(signed[2]), Number(signed[3]));
    if (zone && (offset || dated)) return { zone, end: at + signed[0].length };
    if (zone || offset) return refuse('TIME_ZONE_UNKNOWN', { zone: signed[0] });
  }
  const area = match(AREA_WORD)?.[0];
  if (area) {
    const zone = areaZone(area);
    if (zone) return { zone, end: at + area.length };
    if (AREAS.test(area)) return refuse('TIME_ZONE_UNKNOWN', { zone: area });
  }
  const nearlyArea = match(NEARLY_AREA)?.[0];
  const nearly =
    match(NEARLY)?.[0] ??
    match(NEARLY_OFFSET)?.[0] ??
    (nearlyArea && AREAS.test(nearlyArea) ? nearlyArea : undefined);
  return nearly ? nearlyZone(nearly.slice(0, 60), typed) : null;
}

const MARKS: Record<string, string> = { ':': 'colon', ',': 'comma', ';': 'semicolon', '.': 'full stop' };

/** The refusal of what was meant as a zone: where only a mark behind it is too much, it says so. */
function nearlyZone(word: string, typed: string): Refusal {
  const name = word.slice(0, -1);
  const mark = MARKS[word.slice(-1)];
  if (!mark) return refuse('TIME_ZONE_UNKNOWN', { zone: word });
  const drop = `Leave out the ${mark}`;
  if (AMBIGUOUS.has(name))
    return refuse('TIME_ZONE_UNKNOWN', { zone: word, next: `${drop}. ${exampleZones(name, typed)}` });
  return zoneNamed(name)
    ? refuse('TIME_ZONE_UNKNOWN', { zone: word, next: `${drop}: \`${typed} ${name}\`.` })
    : refuse('TIME_ZONE_UNKNOWN', { zone: word });
}

/** @returns the zone `±hh:mm`; null beyond 14 hours, where there is none. */
export function offsetZone(sign: string, hours: number, minutes: number): Zone | null {
  const total = hours * 60 + minutes;
  if (minutes > 59 || total > 14 * 60) return null;
  return FixedOffsetZone.instance(sign === '+' ? total : -total);
}

/** Zones found so far, by the name typed: looking one up is slow. Real ones only, and no more than there can be. */
const FOUND = new Map<string, Zone>();
const MOST = 2_000;
const LONGEST = 64;

function areaZone(name: string): Zone | null {
  const found = FOUND.get(name);
  if (found) return found;
  // Newer engines also take offsets as names: only what begins with a letter means the same everywhere.
  if (name.length > LONGEST || !/^[a-z]/i.test(name) || !IANAZone.isValidZone(name)) return null;
  // Spelled as the zone database has it, however it was typed; an older name of a zone stays as it is.
  const known = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  const zone = IANAZone.create(known.toLowerCase() === name.toLowerCase() ? known : name);
  if (FOUND.size < MOST) FOUND.set(name, zone);
  return zone;
}

/**
 * A zone on its own, as in `timeline Europe/Berlin` or `export md +02:00`.
 * @returns its name, in the one spelling that every room has for it (`UTC`, `UTC+02:00`, `Europe/Berlin`)
 */
export function readZone(name: string): string | Refusal {
  if (AMBIGUOUS.has(name)) return refuse('TIME_ZONE_AMBIGUOUS', { zone: name, next: exampleZones(name, '') });
  const zone = zoneNamed(name);
  return zone ? zoneName(zone) : refuse('TIME_ZONE_UNKNOWN', { zone: wordAt(name, 0) });
}

/**
 * The one set of names that a zone on its own may have: `UTC`, `GMT`, `Z`, `±HH:MM`, `UTC±HH:MM`, and the zone
 * database's. Whatever is accepted in a profile, a command, a link or the config is accepted here.
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
