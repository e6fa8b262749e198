import type { Zone } from 'luxon';

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

const DAY_MS = 86_400_000;

/** @returns the milliseconds since 1970 if the wall clock stood in UTC; years below 100 are meant as typed. */
export function asUtc(day: Day, clock: { h: number; m: number; s: number | null }): number {
  const date = new Date(0);
  date.setUTCFullYear(day.year, day.month - 1, day.day);
  return date.getTime() + ((clock.h * 60 + clock.m) * 60 + (clock.s ?? 0)) * 1000;
}

/** Is there such a day in the calendar? Years 1 to 9999. */
export function isDay({ year, month, day }: Day): boolean {
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  return day <= new Date(Date.UTC(year + 400, month, 0)).getUTCDate();
}

/**
 * @returns every instant at which the wall clock in `zone` showed this: one, none (clocks went forward over it),
 * or two (clocks went back), earliest first
 */
export function instantsOf(day: Day, clock: Clock, zone: Zone): number[] {
  const wall = asUtc(day, clock);
  const [before, after] = [offsetAt(zone, wall - DAY_MS), offsetAt(zone, wall + DAY_MS)];
  // Asking a zone is slow, and on most days it has nothing to say.
  if (before === after) return [wall - before];
  const instants = new Set<number>();
  // The offset that held then is among those of the days around, whichever side of a change we are on.
  for (const offset of [before, offsetAt(zone, wall), after]) {
    const at = wall - offset;
    if (at + offsetAt(zone, at) === wall) instants.add(at);
  }
  return [...instants].sort((a, b) => a - b);
}

/** @returns the two real times beside one that was skipped: what it would have been by the offset after and before. */
export function besideGap(day: Day, clock: Clock, zone: Zone): { before: number; after: number } {
  const wall = asUtc(day, clock);
  return { before: wall - offsetAt(zone, wall + DAY_MS), after: wall - offsetAt(zone, wall - DAY_MS) };
}

/** @returns the day that `zone` has at an instant. */
export function dayAt(at: number, zone: Zone): Day {
  const local = new Date(at + offsetAt(zone, at));
  return { year: local.getUTCFullYear(), month: local.getUTCMonth() + 1, day: local.getUTCDate() };
}

export function plusDays(day: Day, days: number): Day {
  const date = new Date(asUtc(day, { h: 0, m: 0, s: 0 }) + days * DAY_MS);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** @returns the offset in milliseconds, local minus UTC. */
export function offsetAt(zone: Zone, at: number): number {
  return Math.round(zone.offset(at) * 60) * 1000;
}

/** @returns `2024-11-10 01:41`, with seconds where there are any, as the zone's wall clock showed it. */
export function wallText(at: number, zone: Zone, seconds: boolean): string {
  const local = new Date(at + offsetAt(zone, at)).toISOString();
  return local.slice(0, seconds ? 19 : 16).replace('T', ' ');
}

/** @returns `+02:00` */
export function offsetText(zone: Zone, at: number): string {
  return zone.formatOffset(at, 'short');
}
