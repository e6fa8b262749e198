import { DateTime } from 'luxon';
import { type Refusal, refuse } from '../../refusal.js';
import type { TimeContext } from './time.js';

const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
/** Later than anybody plans. */
const MOST_DAYS = 3 * 366;

/**
 * Reads the day by which something is to be done, as its writer means it: `today`, `tomorrow`, `friday` (the next one, never
 * today), `2026-12-05`, `3d`, `2w`.
 * @returns the day, `2026-12-05`; or why it is none
 */
export function readDue(typed: string, { now, zone }: Pick<TimeContext, 'now' | 'zone'>): string | Refusal {
  const word = typed.normalize('NFKC').trim().toLowerCase();
  const said = typed.trim().slice(0, 40);
  const local = DateTime.fromJSDate(now, { zone }).startOf('day');
  const today = local.isValid ? local : DateTime.fromJSDate(now, { zone: 'utc' }).startOf('day');
  const day = dayOf(word, today);
  if (!day?.isValid) return refuse('DUE_UNKNOWN', { got: said });
  const iso = day.toISODate() ?? '';
  if (day < today) return refuse('DUE_PAST', { due: iso });
  return day.diff(today, 'days').days > MOST_DAYS ? refuse('DUE_UNKNOWN', { got: said }) : iso;
}

function dayOf(word: string, today: DateTime): DateTime | null {
  if (word === 'today') return today;
  if (word === 'tomorrow') return today.plus({ days: 1 });
  // A day that there is none of, the 31st of February, is no day.
  if (/^\d{4}-\d\d-\d\d$/.test(word)) return DateTime.fromISO(word, { zone: today.zone });
  const [, count, unit] = /^\+?(\d{1,4})\s*(d|days?|w|weeks?)$/.exec(word) ?? [];
  if (count !== undefined) return today.plus({ days: Number(count) * (unit?.startsWith('w') ? 7 : 1) });
  const weekday = word.length >= 3 ? DAYS.findIndex((name) => name.startsWith(word)) + 1 : 0;
  if (weekday === 0) return null;
  const ahead = (weekday - today.weekday + 7) % 7;
  return today.plus({ days: ahead === 0 ? 7 : ahead });
}
