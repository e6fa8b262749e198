import { Info } from 'luxon';
import { toSeconds } from '../words.js';
import { COMPONENT_STATES, type ComponentState, DOWN_WEIGHT, type PublicDay, type Uptime } from './page.js';

/** How many days are shown. */
export const DAYS = 90;

/** A day in some zone: from its first moment until that of the next day, in ms since 1970. */
export interface Day {
  readonly date: string;
  readonly from: number;
  readonly to: number;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MINUTE = 60_000;

/**
 * @param zone IANA, or as luxon's setZone takes it
 * @returns the days up to that of `now`, which is the last: as long as they are there, so some have 23 hours, or 24½
 */
export function lastDays(zone: string, now: number): Day[] {
  const there = Info.normalizeZone(zone);
  if (!there.isValid) throw new RangeError(`no time zone: ${zone}`);
  const offset = (at: number) => there.offset(at) * MINUTE;
  /** The first moment at which its calendar shows that day, or, where it leaves that day out, a later one. */
  const begin = (midnight: number) => {
    // Two offsets are near: before a change of clocks, and after it. Midnight may be there once, twice or not at all.
    const moments = [offset(midnight - 15 * HOUR), offset(midnight + 15 * HOUR)].map((o) => midnight - o);
    return Math.min(...moments.filter((at) => at + offset(at) >= midnight));
  };
  const today = Math.floor((now + offset(now)) / DAY) * DAY;
  const midnights = Array.from({ length: DAYS + 1 }, (_, i) => today + (i + 1 - DAYS) * DAY);
  const begins = midnights.map(begin);
  return midnights.slice(0, DAYS).map((midnight, i) => ({
    date: toSeconds(new Date(midnight)).slice(0, 10),
    from: begins[i] as number,
    to: begins[i + 1] as number,
  }));
}

/** What an incident, or planned work, makes of a component at a moment: by itself, whatever others say of it. */
export interface Change {
  readonly at: number;
  readonly from: ComponentState;
  readonly to: ComponentState;
}

/** From when to when an incident has to do with a component; a moment alone where both are the same. */
export interface Touch {
  readonly ref: string;
  readonly from: number;
  readonly to: number;
}

export interface History {
  readonly state: ComponentState;
  /** Since when it is in that state, in ms since 1970. */
  readonly since: number;
  readonly days: PublicDay[];
  readonly uptime: Uptime | null;
}

/**
 * What can be told of one component. Nothing is known of it before `knownFrom`, and of the future: neither is counted.
 * @param changes of each incident in its own order
 */
export function historyOf(
  { changes, touches }: { changes: readonly Change[]; touches: readonly Touch[] },
  { knownFrom, now, days }: { knownFrom: number; now: number; days: readonly Day[] },
): History {
  const stretches = worstOf(changes);
  const last = stretches.at(-1) as Stretch;
  const refs = refsOf(touches, days);
  let on = 0;
  const told = days.map((day, i): PublicDay => {
    const seconds: Partial<Record<ComponentState, number>> = {};
    const until = Math.min(day.to, now);
    let at = Math.max(day.from, knownFrom);
    const known = Math.max(0, until - at) / 1000;
    while (at < until) {
      while ((stretches[on + 1]?.from ?? until) <= at) on++;
      const { state } = stretches[on] as Stretch;
      const end = Math.min(until, stretches[on + 1]?.from ?? until);
      seconds[state] = (seconds[state] ?? 0) + (end - at) / 1000;
      at = end;
    }
    const worst = COMPONENT_STATES.findLast((state) => seconds[state] !== undefined) ?? null;
    return { date: day.date, worst, known, seconds, refs: refs[i] ?? [] };
  });
  return { state: last.state, since: Math.max(last.from, knownFrom), days: told, uptime: uptimeOf(told) };
}

interface Stretch {
  readonly from: number;
  readonly state: ComponentState;
}

/** @returns the worst that any incident says, from moment to moment; the first stretch has no beginning */
function worstOf(changes: readonly Change[]): Stretch[] {
  const stretches: Stretch[] = [{ from: Number.NEGATIVE_INFINITY, state: 'operational' }];
  const said: Record<ComponentState, number> = {
    operational: 0,
    maintenance: 0,
    degraded: 0,
    partial: 0,
    major: 0,
  };
  // Stable: what one incident says at one moment stays in its order.
  const inOrder = [...changes].sort((a, b) => a.at - b.at);
  inOrder.forEach(({ at, from, to }, i) => {
    said[from]--;
    said[to]++;
    if (inOrder[i + 1]?.at === at) return;
    const state = COMPONENT_STATES.findLast((one) => said[one] > 0) ?? 'operational';
    if (state !== stretches.at(-1)?.state) stretches.push({ from: at, state });
  });
  return stretches;
}

function refsOf(touches: readonly Touch[], days: readonly Day[]): string[][] {
  const refs: string[][] = days.map(() => []);
  const begin = days[0]?.from ?? 0;
  const inOrder = touches
    .filter(({ to }) => to >= begin)
    .sort((a, b) => a.from - b.from || (a.ref < b.ref ? -1 : 1));
  // In order, so days that are over when one begins are over for all behind it.
  let first = 0;
  for (const { ref, from, to } of inOrder) {
    while ((days[first]?.to ?? from + 1) <= from) first++;
    for (let i = first; i < days.length; i++) {
      const { from: begins } = days[i] as Day;
      if (begins > from && begins >= to) break;
      if (!refs[i]?.includes(ref)) refs[i]?.push(ref);
    }
  }
  return refs;
}

function uptimeOf(days: readonly PublicDay[]): Uptime | null {
  const knownSeconds = days.reduce((sum, { known }) => sum + known, 0);
  if (knownSeconds === 0) return null;
  const downSeconds = Object.entries(DOWN_WEIGHT).reduce((sum, [state, weight]) => {
    const seconds = days.reduce((all, day) => all + (day.seconds[state as ComponentState] ?? 0), 0);
    return sum + weight * seconds;
  }, 0);
  return { ratio: 1 - downSeconds / knownSeconds, knownSeconds, downSeconds };
}
