import { zoneName, zoneNamed } from '#domain/command/time/zone.js';
import type { Moment } from '#domain/words.js';

/** When something happened; without `until`: it took no time. */
type Happened = Omit<Moment, 'until'> & Partial<Pick<Moment, 'until'>>;

/** A moment as a clock on the wall shows it. */
interface Reading {
  /** `2024-11-10` */
  date: string;
  /** `02:41:00` */
  time: string;
  /** `+01:00` */
  offset: string;
}

/** A wall clock in one time zone. */
export interface Clock {
  /** The zone's name as the reader is told it, the same however it was typed: the same zone gives the same bytes. */
  zone: string;
  read: (at: string) => Reading;
}

/**
 * @param zone any name that commands take too: `Europe/Berlin`, `UTC`, `+02:00`, `UTC+02:00`
 * @throws RangeError when there is no such zone; fronts check before
 */
export function clockIn(zone: string): Clock {
  const found = zoneNamed(zone);
  if (!found) throw new RangeError(`not a time zone: ${zone}`);
  const offsetAt = hourly((instant) => found.offset(instant));
  return {
    zone: zoneName(found),
    read: (at) => {
      const instant = Date.parse(at);
      // Before standard time offsets had seconds, which ISO 8601 cannot write: the minute is kept, and the time fits it.
      const minutes = Math.round(offsetAt(instant));
      const wall = new Date(instant + minutes * 60_000).toISOString();
      return { date: wall.slice(0, -14), time: wall.slice(-13, -5), offset: offsetText(minutes) };
    },
  };
}

/** @returns which day it is there, `2024-11-10` */
export function dayIn(now: Date, zone: string): string {
  return clockIn(zone).read(now.toISOString()).date;
}

/**
 * Looking an offset up is slow, and entries come in order: the last hour's is kept. Clocks do not change twice in an hour,
 * so an hour that begins and ends with one offset has it throughout.
 */
function hourly(offset: (instant: number) => number): (instant: number) => number {
  const hour = 3_600_000;
  let kept = { from: Number.NaN, offset: 0 };
  return (instant) => {
    const from = Math.floor(instant / hour) * hour;
    if (from === kept.from) return kept.offset;
    const here = offset(from);
    if (offset(from + hour - 1) !== here) return offset(instant);
    kept = { from, offset: here };
    return here;
  };
}

function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  const two = (part: number) => String(part).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/**
 * A moment's time as exactly as it was given, for a line under a heading that names the day:
 * `01:41`, `01:41:09`, `~01:41`, `01:41–01:44`. A range that ends on another day names that day.
 * A bare date has no time and no zone: it stays the date that was typed.
 */
export function timeOf(moment: Happened, clock: Clock): string {
  const { at, until = null, precision } = moment;
  if (precision === 'date') {
    const [first, last] = [at.slice(0, 10), until?.slice(0, 10) ?? null];
    return last === null || last === first ? first : `${first}–${last}`;
  }
  const about = precision === 'approx' ? '~' : '';
  const from = clock.read(at);
  if (until === null) return about + shown(from.time, precision);
  const to = clock.read(until);
  const day = to.date === from.date ? '' : `${to.date} `;
  return `${about}${shown(from.time, precision)}–${day}${shown(to.time, precision)}`;
}

/** The same with the day in front, for where no heading names it: `2024-11-10 01:41`. */
export function dateTimeOf(moment: Happened, clock: Clock): string {
  if (moment.precision === 'date') return timeOf(moment, clock);
  return `${clock.read(moment.at).date} ${timeOf(moment, clock)}`;
}

/** A number of whole seconds in words: `45 s`, `3 min`, `1 h 5 min`, `2 d 3 h`. Exact: nothing is rounded away. */
export function durationInWords(seconds: number): string {
  const units = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  const words = units.filter(([amount]) => amount > 0).map(([amount, unit]) => `${amount} ${unit}`);
  return words.length > 0 ? words.join(' ') : '0 s';
}

function shown(time: string, precision: Moment['precision']): string {
  return precision === 'second' ? time : time.slice(0, 5);
}

const OPENS = /[\u202A\u202B\u202D\u202E\u2066\u2067\u2068]/;
const [PDF, PDI] = ['\u202C', '\u2069'];

/**
 * A text that sets a direction of writing and does not end it (U+202E, U+2066 …) would turn what is written behind it:
 * the name of who said it, even what follows. The marks that end it are no part of the text, and are put between the two.
 * @returns the text, and behind it what ends whatever it left open
 */
export function closed(text: string): string {
  if (!OPENS.test(text)) return text;
  const open: string[] = [];
  for (const character of text) {
    if (/[\u202A\u202B\u202D\u202E]/.test(character)) open.push(PDF);
    else if (/[\u2066-\u2068]/.test(character)) open.push(PDI);
    else if (character === PDF && open.at(-1) === PDF) open.pop();
    // It ends the isolate with everything that was left open in it.
    else if (character === PDI && open.includes(PDI)) open.length = open.lastIndexOf(PDI);
  }
  return text + open.reverse().join('');
}

/**
 * A text on one line, short enough for a phone. Only for answers: exports never shorten. What is written behind it on that
 * line keeps its own direction.
 * @param limit in code points, the ellipsis included
 */
export function excerpt(text: string, limit = 160): string {
  const line = text.replace(/\s+/g, ' ').trim();
  const characters = [...line.slice(0, limit * 2 + 1)];
  if (characters.length <= limit && line.length <= limit * 2) return closed(line);
  const start = characters.slice(0, limit - 1).join('');
  return closed(`${start.trimEnd()}…`);
}
