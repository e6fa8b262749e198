/** Times as they stand beside messages. @param ts `1700000000.000001` */
function dateOf(ts: string): Date {
  return new Date(Number(ts) * 1000);
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const whole = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'medium' });
const day = new Intl.DateTimeFormat('en-GB', {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
});
const short = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

export const timeText = (ts: string): string => clock.format(dateOf(ts));
export const wholeText = (ts: string): string => whole.format(dateOf(ts));

/** `Today`, `Yesterday` or the date. @param now milliseconds since the epoch */
export function dayText(ts: string, now: number): string {
  const date = dateOf(ts);
  const passed = dayNumber(new Date(now)) - dayNumber(date);
  if (passed === 0) return 'Today';
  if (passed === 1) return 'Yesterday';
  return day.format(date);
}

/** When a thread was last answered: the time today, else the day. */
export function lastText(ts: string, now: number): string {
  const same = dayNumber(new Date(now)) === dayNumber(dateOf(ts));
  return same ? `today at ${timeText(ts)}` : short.format(dateOf(ts));
}

function dayNumber(date: Date): number {
  return Math.round(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / 86_400_000);
}
