import type { Zone } from 'luxon';
import { zoneName, zoneNamed } from '#domain/command/zone.js';

/** A moment as a clock on the wall shows it. */
export interface Reading {
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
  const found = zoneOf(zone);
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

/** @returns whether an export can be made in that zone. */
export function isZone(zone: string): boolean {
  try {
    zoneOf(zone);
    return true;
  } catch {
    return false;
  }
}

function zoneOf(zone: string): Zone {
  const found = zoneNamed(zone);
  if (!found) throw new RangeError(`not a time zone: ${zone}`);
  return found;
}

function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  const two = (part: number) => String(part).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}
