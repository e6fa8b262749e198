import type { Zone } from 'luxon';
import { type Refusal, refuse } from '../refusal.js';
import type { Form } from './clock-forms.js';
import {
  asUtc,
  besideGap,
  type Clock,
  type Day,
  dayAt,
  instantsOf,
  offsetAt,
  offsetText,
  plusDays,
  wallText,
} from './wall-clock.js';
import { zoneName } from './zone.js';

const YEAR_ONE = asUtc({ year: 1, month: 1, day: 1 }, { h: 0, m: 0, s: 0 });
/** Clocks differ: what lies this little ahead is now. */
const AHEAD_MS = 120_000;
/** No clock is ever turned back by more than this. */
const TURNED_BACK_MS = 3 * 3_600_000;
/** A bare end before its beginning is past midnight, unless that would make the range longer than this. */
const NIGHT_MS = 12 * 3_600_000;

/** @returns the instant (milliseconds since 1970) that a form means; a date stands at midnight UTC of that date. */
export function resolve(form: Form, zone: Zone, now: number): number | Refusal {
  const at = instant(form, zone, now);
  // Neither Postgres nor ISO 8601 has an agreed year before 1.
  return typeof at === 'number' && at < YEAR_ONE
    ? refuse('TIME_UNKNOWN', { got: 'a time before the year 1' })
    : at;
}

function instant(form: Form, zone: Zone, now: number): number | Refusal {
  if (form.kind === 'ago') return now - form.ms;
  if (form.kind === 'date') return resolveDate(form.day, zone, now);
  if (form.day === null) return latest(form.clock, form.zone ?? zone, now);
  const own = form.zone ?? zone;
  const day = typeof form.day === 'number' ? plusDays(dayAt(now, own), form.day) : form.day;
  return dated(day, form.clock, own, now);
}

/** @returns the instant of a range's end; a bare one takes the day of the beginning, or the next past midnight. */
export function resolveEnd(form: Form, from: Form, begin: number, zone: Zone, now: number): number | Refusal {
  if (form.kind !== 'clock' || form.day !== null)
    return notBefore(resolve(form, zone, now), begin, zone, form);
  const own = form.zone ?? (from.kind === 'clock' ? from.zone : null) ?? zone;
  const day = dayAt(begin, own);
  const same = dated(day, form.clock, own, now, true);
  if (typeof same !== 'number') return same;
  // What was clamped to now lies within the same minute or two; only the wall clock says which came first.
  if (same >= begin) return notAhead(same, form.clock, own, now);
  const night = dated(plusDays(day, 1), form.clock, own, now, true);
  if (typeof night !== 'number') return night;
  const over = night - begin <= NIGHT_MS;
  if (!over) return notBefore(same, begin, own, form);
  return notAhead(night, form.clock, own, now);
}

function notBefore(end: number | Refusal, begin: number, zone: Zone, form: Form): number | Refusal {
  if (typeof end !== 'number' || end >= begin) return end;
  const seconds = form.kind === 'clock' && form.clock.s !== null;
  return form.kind === 'date'
    ? refuse('TIME_RANGE_BACKWARDS', { from: isoDay(begin), to: isoDay(end) })
    : refuse('TIME_RANGE_BACKWARDS', {
        from: wallText(begin, zone, seconds),
        to: wallText(end, zone, seconds),
      });
}

function isoDay(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** A date alone is never shifted into another zone: midnight UTC keeps it the date that was typed. */
function resolveDate(day: Day, zone: Zone, now: number): number | Refusal {
  const at = asUtc(day, { h: 0, m: 0, s: 0 });
  const today = asUtc(dayAt(now + AHEAD_MS, zone), { h: 0, m: 0, s: 0 });
  return at <= today ? at : refuse('TIME_IN_FUTURE', { time: isoDay(at) });
}

/** The latest occurrence that is not in the future. */
function latest(clock: Clock, zone: Zone, now: number): number | Refusal {
  const limit = now + AHEAD_MS;
  const onTheWall = limit + offsetAt(zone, limit);
  const today = dayAt(limit, zone);
  // From tomorrow: where clocks go back over midnight, tomorrow's first minute has been once already.
  for (let back = -1; back <= 3; back++) {
    const day = plusDays(today, -back);
    const wall = asUtc(day, clock);
    if (wall > onTheWall + TURNED_BACK_MS) continue;
    const instants = instantsOf(day, clock, zone);
    if (instants.length === 0 && wall <= onTheWall) return skipped(day, clock, zone);
    const past = instants.filter((at) => at <= limit);
    if (past.length > 1) return twice(past, clock, zone);
    if (past[0] !== undefined) return Math.min(past[0], now);
  }
  return refuse('TIME_IN_FUTURE', { time: clockText(clock) });
}

function dated(day: Day, clock: Clock, zone: Zone, now: number, later = false): number | Refusal {
  const instants = instantsOf(day, clock, zone);
  const [first, second] = instants;
  if (first === undefined) return skipped(day, clock, zone);
  // The second time round may still lie ahead: then there is nothing to ask.
  if (second !== undefined && second <= now + AHEAD_MS) return twice(instants, clock, zone);
  return later ? first : notAhead(first, clock, zone, now);
}

function notAhead(at: number, clock: Clock, zone: Zone, now: number): number | Refusal {
  if (at <= now + AHEAD_MS) return Math.min(at, now);
  return refuse('TIME_IN_FUTURE', { time: `${wallText(at, zone, clock.s !== null)} (${zoneName(zone)})` });
}

function twice(instants: number[], clock: Clock, zone: Zone): Refusal {
  const [first, second] = instants.map(
    (at) => `${wallText(at, zone, clock.s !== null)} ${offsetText(zone, at)}`,
  );
  return refuse('TIME_TWICE', {
    time: clockText(clock),
    zone: zoneName(zone),
    first: first ?? '',
    second: second ?? '',
  });
}

function skipped(day: Day, clock: Clock, zone: Zone): Refusal {
  const { before, after } = besideGap(day, clock, zone);
  return refuse('TIME_SKIPPED', {
    time: clockText(clock),
    zone: zoneName(zone),
    before: wallText(before, zone, clock.s !== null),
    after: wallText(after, zone, clock.s !== null),
  });
}

function clockText({ h, m, s }: Clock): string {
  return [h, m, ...(s === null ? [] : [s])].map((part) => String(part).padStart(2, '0')).join(':');
}
