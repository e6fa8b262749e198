import type { Precision } from '#domain/moment.js';

interface When {
  at: string;
  until: string | null;
  precision: Precision;
}

/**
 * @param when times in UTC, ISO 8601 with Z
 * @param beside a day (`YYYY-MM-DD…`, UTC) that the reader takes for granted: another day is named
 * @returns `01:41`, `01:41:07`, `~01:41`, `01:41–01:44`, `2024-11-10 01:41`, or `2024-11-10` for a date; in UTC, the zone is
 *   named by whoever composes the line
 */
export function whenLabel(when: When, beside: string): string {
  const from = one(when.at, when.precision, beside);
  return when.until === null ? from : `${from}–${one(when.until, when.precision, when.at)}`;
}

function one(at: string, precision: Precision, beside: string): string {
  const day = at.slice(0, 10);
  if (precision === 'date') return day;
  const clock = precision === 'second' ? at.slice(11, 19) : at.slice(11, 16);
  const about = precision === 'approx' ? '~' : '';
  return day === beside.slice(0, 10) ? about + clock : `${about}${day} ${clock}`;
}
