import { DateTime } from 'luxon';
import { z } from 'zod';
import { readZone } from '#domain/command/time/zone.js';

const DAY_MS = 86_400_000;
const UNITS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: DAY_MS };

/** `30s`, `5m`, `12h`, `30d` as milliseconds. */
export const every = z.string().transform((text, context) => {
  const [, amount, unit] = /^([1-9]\d{0,5})\s*([smhd])$/.exec(text.trim()) ?? [];
  const ms = Number(amount) * (UNITS[unit ?? ''] ?? Number.NaN);
  if (ms >= 1_000 && ms <= 400 * DAY_MS) return ms;
  context.addIssue({ code: 'custom', message: 'is not a period; write it as 30s, 5m, 12h or 30d' });
  return z.NEVER;
});

/** `02:00-04:00 Europe/Berlin` as minutes after midnight; `to` below `from` runs over midnight. */
export const window = z.string().transform((text, context) => {
  const [, h1, m1, h2, m2, zone = 'UTC'] =
    /^(\d\d):(\d\d)\s*-\s*(\d\d):(\d\d)(?:\s+(\S+))?$/.exec(text.trim()) ?? [];
  const from = Number(h1) * 60 + Number(m1);
  const to = Number(h2) * 60 + Number(m2);
  // A day ends at 24:00, and none begins there.
  const times = from < 1440 && to <= 1440 && [Number(m1), Number(m2)].every((m) => m < 60);
  if (!times || from === to) {
    context.addIssue({ code: 'custom', message: 'is not a window; write it as "02:00-04:00 Europe/Berlin"' });
    return z.NEVER;
  }
  const known = readZone(zone);
  if (typeof known === 'string') return { from, to, zone: known };
  context.addIssue({ code: 'custom', message: `is not a window; ${known.sentence} ${known.next}` });
  return z.NEVER;
});

/** `drift`: compare two key stores; `rotate`: run a runbook on a pair. */
type Task = { drift: { from: string; to: string } } | { rotate: string };

export const scheduleShape = z
  .strictObject({
    drift: z.strictObject({ from: z.string().min(1), to: z.string().min(1) }).optional(),
    rotate: z.string().min(1).optional(),
    every,
    /** Only between these times of the day; null: at any time. */
    window: window.nullable().default(null),
    /** Of whom: while an incident with one of them is open, nothing is rotated. Empty: while any incident is open. */
    components: z.array(z.string().min(1)).default([]),
    /** `drift`: what is offered to mend it. `rotate`: what is run. */
    runbook: z.string().min(1).optional(),
    /** Inputs of that runbook beside the stores or the pair. */
    inputs: z.record(z.string(), z.string()).default({}),
    severity: z.enum(['sev1', 'sev2', 'sev3', 'sev4']).nullable().default(null),
  })
  .transform((given, context) => {
    const { drift, rotate, every: everyMs, runbook = drift ? 'key-sync' : 'key-rotate', ...rest } = given;
    const task: Task | null = drift ? { drift } : rotate ? { rotate } : null;
    if (task && !(drift && rotate)) return { ...rest, everyMs, task, runbook };
    context.addIssue({ code: 'custom', message: 'needs either `drift: { from, to }` or `rotate: PAIR`' });
    return z.NEVER;
  });

/** What is to be done at times, from `schedules:` in tocsin.yml. */
export type Schedule = z.infer<typeof scheduleShape> & { name: string };

/** @returns whether that moment is inside the window, at its start included */
export function isInWindow({ window: span }: Pick<Schedule, 'window'>, moment: Date): boolean {
  if (!span) return true;
  const at = DateTime.fromJSDate(moment, { zone: span.zone });
  const minutes = at.hour * 60 + at.minute;
  return span.from < span.to
    ? minutes >= span.from && minutes < span.to
    : minutes >= span.from || minutes < span.to;
}

/**
 * @returns the first moment from `earliest` on that is inside the window. On the day when clocks are put forward, a
 * window that lies wholly in the hour left out is passed over, and one that begins in it begins at its end.
 */
export function nextInWindow(schedule: Pick<Schedule, 'window'>, earliest: Date): Date {
  const { window: span } = schedule;
  if (!span || isInWindow(schedule, earliest)) return earliest;
  // A window begins on a whole minute.
  let at: DateTime = DateTime.fromMillis(Math.ceil(earliest.getTime() / 60_000) * 60_000, {
    zone: span.zone,
  });
  while (!isInWindow(schedule, at.toJSDate())) {
    const ahead = (span.from - (at.hour * 60 + at.minute) + 1440) % 1440;
    const start = at.plus({ minutes: ahead });
    at = start.offset === at.offset ? start : changed(at, start);
  }
  return at.toJSDate();
}

/** @returns the minute in which the clock was changed: the hours from there on are counted anew */
function changed(before: DateTime, after: DateTime): DateTime {
  const apart = Math.floor(after.diff(before).as('minutes') / 2);
  if (apart === 0) return after;
  const middle = before.plus({ minutes: apart });
  return middle.offset === before.offset ? changed(middle, after) : changed(before, middle);
}
