import { DateTime } from 'luxon';
import type { Fields } from '../../fields.js';
import type { User } from '../objects/user.js';
import type { World } from '../world.js';

/** What Slack says in both times of somebody who has no hours of rest. */
const NONE = 1;

/**
 * The `dnd_status` of somebody: whether they have hours of rest, and the ones that run or come next, in seconds since
 * the epoch.
 * @param own whether they ask of themselves: only they see the pause as a pause
 */
export function dndOf(user: User, nowMs: number, own = false): Fields {
  const session = nextSession(user, nowMs);
  const pause = pauseAt(user, nowMs);
  const shown = pause && !own ? { start: pause.from, end: pause.until } : session;
  return {
    dnd_enabled: shown !== undefined,
    next_dnd_start_ts: shown?.start ?? NONE,
    next_dnd_end_ts: shown?.end ?? NONE,
    ...(own ? renderPause(pause, nowMs) : {}),
  };
}

/** Pauses for so many minutes from now, or ends the pause when there are none; the app is told. */
export function snooze(world: World, user: User, minutes: number): void {
  const { snooze: _old, ...hours } = user.dnd ?? {};
  const from = world.clock.seconds();
  user.dnd = minutes > 0 ? { ...hours, snooze: { from, until: from + minutes * 60 } } : hours;
  told(world, user);
}

/** Sets the daily hours of rest, `HH:MM` in their own time zone, or takes them away; the app is told. */
export function setHours(world: World, user: User, hours: { start: string; end: string } | undefined): void {
  const { snooze: pause } = user.dnd ?? {};
  user.dnd = { ...(pause ? { snooze: pause } : {}), ...hours };
  told(world, user);
}

/**
 * Ends the hours of rest that run now; tomorrow's are as before.
 * @returns false when none run
 */
export function endSession(world: World, user: User): boolean {
  const now = world.clock.now();
  const session = nextSession(user, now);
  if (!session || session.start * 1000 > now) return false;
  user.dnd = { ...user.dnd, ended: session.end };
  told(world, user);
  return true;
}

function told(world: World, user: User): void {
  const { clock, ids } = world;
  const event = { user: user.id, dnd_status: dndOf(user, clock.now()) };
  world.happened({ event: { type: 'dnd_updated_user', ...event, event_ts: ids.ts() } });
}

function renderPause(pause: { until: number } | undefined, nowMs: number): Fields {
  if (!pause) return { snooze_enabled: false };
  return {
    snooze_enabled: true,
    snooze_endtime: pause.until,
    snooze_remaining: pause.until - Math.floor(nowMs / 1000),
    snooze_is_indefinite: false,
  };
}

function pauseAt(user: User, nowMs: number): { from: number; until: number } | undefined {
  const pause = user.dnd?.snooze;
  return pause && pause.until * 1000 > nowMs ? pause : undefined;
}

/** The hours of rest that run now, or else the next ones. */
function nextSession(user: User, nowMs: number): { start: number; end: number } | undefined {
  const { start, end } = user.dnd ?? {};
  if (!start || !end) return undefined;
  const now = DateTime.fromMillis(nowMs, { zone: user.tz ?? 'UTC' });
  // Yesterday's may last until this morning.
  for (const days of [-1, 0, 1, 2]) {
    const from = at(now.plus({ days }), start);
    const until = end > start ? at(from, end) : at(from.plus({ days: 1 }), end);
    if (until.toUnixInteger() <= (user.dnd?.ended ?? 0)) continue;
    if (until > now) return { start: from.toUnixInteger(), end: until.toUnixInteger() };
  }
  return undefined;
}

function at(day: DateTime, time: string): DateTime {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  return day.set({ hour, minute, second: 0, millisecond: 0 });
}
