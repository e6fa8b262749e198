/** How a reader sees dates. */
export interface Calendar {
  /** Milliseconds since 1970. */
  now(): number;
  /** IANA name; left out: the zone of the device. */
  readonly tz?: string;
  readonly hour12: boolean;
}

const DAY_MS = 86_400_000;
// Slack leaves the year out when the date is less than six months away.
const HALF_YEAR_MS = 183 * DAY_MS;

/**
 * A time in Slack's date tokens, in the reader's zone.
 * @param timestamp epoch seconds
 * @param format text with tokens like `{date_short}`
 * @returns undefined when the timestamp or a token is none that Slack knows: then the fallback is shown
 */
export function formatDate(timestamp: number, format: string, calendar: Calendar): string | undefined {
  if (!Number.isInteger(timestamp) || Math.abs(timestamp) > 8.64e12) return undefined;
  const when = new Date(timestamp * 1000);
  let known = true;
  const text = format.replace(/\{(\w+)\}/g, (_all, token: string) => {
    const shown = tokenOf(token, when, calendar);
    if (shown === undefined) known = false;
    return shown ?? '';
  });
  return known ? text : undefined;
}

/** The full date and time with its zone, for a tooltip. */
export function fullDate(timestamp: number, calendar: Calendar): string {
  return new Intl.DateTimeFormat('en-US', {
    ...zone(calendar),
    dateStyle: 'full',
    timeStyle: 'long',
    hour12: calendar.hour12,
  }).format(new Date(timestamp * 1000));
}

function tokenOf(token: string, when: Date, calendar: Calendar): string | undefined {
  switch (token) {
    case 'date_num':
      return dayOf(when, calendar);
    case 'date':
      return longDate(when, calendar, { month: 'long' });
    case 'date_short':
      return longDate(when, calendar, { month: 'short' });
    case 'date_long':
      return longDate(when, calendar, { month: 'long', weekday: 'long' });
    case 'date_pretty':
      return nearDay(when, calendar) ?? longDate(when, calendar, { month: 'long' });
    case 'date_short_pretty':
      return nearDay(when, calendar) ?? longDate(when, calendar, { month: 'short' });
    case 'date_long_pretty':
    case 'day_divider_pretty':
      return nearDay(when, calendar) ?? longDate(when, calendar, { month: 'long', weekday: 'long' });
    case 'time':
      return clockTime(when, calendar, {});
    case 'time_secs':
      return clockTime(when, calendar, { second: '2-digit' });
    case 'ago':
      return ago(when.getTime() - calendar.now());
    default:
      return undefined;
  }
}

function zone({ tz }: Calendar): { timeZone?: string } {
  return tz === undefined ? {} : { timeZone: tz };
}

function dayOf(when: Date, calendar: Calendar): string {
  // The Swedish order of year, month and day is that of ISO 8601.
  return new Intl.DateTimeFormat('sv-SE', { ...zone(calendar), dateStyle: 'short' }).format(when);
}

function nearDay(when: Date, calendar: Calendar): string | undefined {
  const day = (date: Date) => Date.parse(dayOf(date, calendar));
  const away = Math.round((day(when) - day(new Date(calendar.now()))) / DAY_MS);
  return { '-1': 'yesterday', '0': 'today', '1': 'tomorrow' }[String(away)];
}

function longDate(when: Date, calendar: Calendar, style: Intl.DateTimeFormatOptions): string {
  const parts = new Map(
    new Intl.DateTimeFormat('en-US', { ...zone(calendar), ...style, day: 'numeric', year: 'numeric' })
      .formatToParts(when)
      .map((part) => [part.type, part.value]),
  );
  const near = Math.abs(when.getTime() - calendar.now()) < HALF_YEAR_MS;
  const weekday = parts.get('weekday');
  return [
    weekday ? `${weekday}, ` : '',
    `${parts.get('month')} ${ordinal(Number(parts.get('day')))}`,
    near ? '' : `, ${parts.get('year')}`,
  ].join('');
}

function ordinal(day: number): string {
  const teens = day >= 11 && day <= 13;
  const ending = teens ? 'th' : (['th', 'st', 'nd', 'rd'][day % 10] ?? 'th');
  return `${day}${ending}`;
}

function clockTime(when: Date, calendar: Calendar, more: Intl.DateTimeFormatOptions): string {
  const text = new Intl.DateTimeFormat('en-US', {
    ...zone(calendar),
    ...more,
    hour: calendar.hour12 ? 'numeric' : '2-digit',
    minute: '2-digit',
    ...(calendar.hour12 ? { hour12: true } : { hourCycle: 'h23' }),
  }).format(when);
  // Newer browsers part the time from AM and PM with a narrow space.
  return text.replace(/\u{202f}/gu, ' ');
}

const UNITS: ReadonlyArray<[Intl.RelativeTimeFormatUnit, number]> = [
  ['year', 365 * DAY_MS],
  ['month', 30 * DAY_MS],
  ['day', DAY_MS],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
];

function ago(away: number): string {
  const [unit, length] = UNITS.find(([, it]) => Math.abs(away) >= it) ?? ['second', 1000];
  return new Intl.RelativeTimeFormat('en-US').format(Math.trunc(away / length), unit);
}
