import type { Moment } from '#domain/moment.js';
import type { Clock } from './clock.js';

/**
 * A moment's time as exactly as it was given, for a line under a heading that names the day:
 * `01:41`, `01:41:09`, `~01:41`, `01:41–01:44`. A range that ends on another day names that day.
 * A bare date has no time and no zone: it stays the date that was typed.
 */
export function timeOf(moment: Moment, clock: Clock): string {
  const { at, until, precision } = moment;
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
export function dateTimeOf(moment: Moment, clock: Clock): string {
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
