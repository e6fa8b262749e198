import canonicalize from 'canonicalize';
import { z } from 'zod';
import { type BodyOf, happened, number, second, shape } from '../shape.js';
import { type Moment, minuteText, type Person, type Severity, type Status } from '../words.js';

// What an incident's channel is reminded of. That it was, is a fact: so nothing is said twice, whoever looks and however
// often, and what is due next is read off the record, whatever became of a queue or a process. No reminder is an entry: the
// timeline is what happened, and nobody's promise but a person's belongs there.

/**
 * `update`: nobody has said how it stands for long, or the next update was promised by now; `public`: another public post was;
 * `lead`: nobody leads; `quiet`: nothing at all has been recorded for long.
 */
const ABOUT = ['update', 'public', 'lead', 'quiet'] as const;
export type About = (typeof ABOUT)[number];

export const REMINDER_FACTS = {
  /** By when more will be said; null: that is not promised any more. */
  UpdatePromised: shape({ ...happened, next: second.nullable() }),
  /** Nobody is reminded of anything before then; null: it is as before. */
  RemindersSnoozed: shape({ until: second.nullable() }),
  /** Asked whether a quiet incident is still going, somebody said that it is. */
  OngoingConfirmed: shape({}),
  /**
   * The channel is reminded, for the `nth` time since somebody last did something about it. `promise`: the entry that promised
   * what has not come; `last`: there is no other one before somebody does.
   */
  ChannelReminded: shape({
    ...{ about: z.enum(ABOUT), nth: number, promise: number.optional() },
    last: z.literal(true).optional(),
  }),
};

export type ReminderFactBody = BodyOf<typeof REMINDER_FACTS>;

/** What is asked about reminders. */
export type ReminderIntent =
  /** null: none is promised any more. */
  | { type: 'PromiseUpdate'; next: Moment | null }
  /** null: they are snoozed no longer. */
  | { type: 'SnoozeReminders'; until: Moment | null }
  | { type: 'ConfirmOngoing' }
  /** `rhythm`: what it was found due by. Where that has changed, it may not be due any more. */
  | { type: 'RemindChannel'; due: Due; rhythm: Rhythm };

/** How often a channel was reminded of one thing since somebody last did something about it. */
export interface Told {
  count: number;
  /** The last time: when, and the fact that says so. */
  at: string;
  seq: number;
  promise?: number;
  last?: true;
}

/** What reminders go by. Of an incident that was last written before there were any, less is known: what is absent reminds of nothing. */
export interface Rhythm {
  /** When an entry was recorded last, or somebody said that it is still going. */
  heard?: string;
  /** When it was last said how it stands: it was opened, a status, a severity, a public post. */
  updated?: string;
  /** By when more is promised, by the entry `n`, recorded `at`. */
  next?: { n: number; by: string; at: string; who: Person };
  snoozed?: { until: string; at: string; who: Person };
  told?: { [A in About]?: Told };
}

/** What of an incident decides on reminders. */
export interface Reminded {
  status: Status;
  severity: Severity | null;
  channel: unknown;
  roles: Readonly<Record<string, unknown>>;
  recordedAt: string;
  promised?: { n: number; by: string };
  rhythm?: Rhythm;
}

/** `reminders:` of tocsin.yml, in ms; null: not reminded of. */
export interface ReminderSettings {
  /** How long nobody need say how it stands. `none`: it has no severity yet. */
  update: Readonly<Record<Severity | 'none', number | null>>;
  /** How long one of these severities may be without a lead. */
  lead: { afterMs: number; of: readonly Severity[] } | null;
  /** For how long nothing is recorded before it is asked whether it is still going. */
  quietMs: number | null;
  /** How often in a row, at most; that a quiet incident is asked about has no end. */
  times: number;
}

/** A reminder that is due. */
export interface Due {
  about: About;
  nth: number;
  promise: number | null;
  last: boolean;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** What was promised without an interval beside it is reminded of again after this long. */
const PROMISE_GAP_MS = 30 * MINUTE_MS;
/** Two reminders of whatever kind in one channel are at least so far apart. */
const APART_MS = 10 * MINUTE_MS;
/** Pauses double, up to this. */
const LONGEST_GAP_MS = 7 * DAY_MS;
/** Clocks of processes differ by less; a time that lies further ahead was written by a clock that was wrong. */
const SKEW_MS = 5 * MINUTE_MS;

/** Reminders of one kind, as they would follow each other if nobody did anything. */
interface Series {
  about: About;
  promise: number | null;
  /** When the first one is due. */
  first: number;
  /** Between the first and the second; each pause after that is twice as long. */
  gapMs: number;
  most: number;
}

/**
 * The one reminder that is due in an incident's channel now, if any. Also after a night in which nobody could look, it is one:
 * the next ones count from when this one is given.
 */
export function reminderDue(state: Reminded, settings: ReminderSettings, now: Date): Due | null {
  // Nobody would hear it.
  if (state.channel === null) return null;
  const at = (stamp: string) => past(stamp, now);
  const { told = {}, snoozed } = state.rhythm ?? {};
  const all = Object.values(told).map((one) => at(one.at) + APART_MS);
  const quietUntil = snoozed && isPlausible(snoozed.at, now) ? Date.parse(snoozed.until) : 0;
  for (const { about, promise, first, gapMs, most } of seriesOf(state, settings, now)) {
    const before = told[about];
    // Of another promise nothing was said yet.
    const since = before && (before.promise ?? null) === promise ? before : null;
    const count = since?.count ?? 0;
    if (count >= most) continue;
    const next = since ? at(since.at) + Math.min(gapMs * 2 ** (count - 1), LONGEST_GAP_MS) : first;
    if (Math.max(next, quietUntil, ...all) > now.getTime()) continue;
    return { about, nth: count + 1, promise, last: count + 1 >= most };
  }
  return null;
}

/** What may be due, the most pressing first. */
function seriesOf(state: Reminded, settings: ReminderSettings, now: Date): Series[] {
  const { severity, promised, recordedAt } = state;
  const { heard, updated, next } = state.rhythm ?? {};
  const { update, lead, quietMs, times: most } = settings;
  const open = state.status !== 'resolved';
  const at = (stamp: string) => past(stamp, now);
  const everyMs = update[severity ?? 'none'];
  const found: Series[] = [];
  // What somebody has promised takes the place of the interval, also where there is none.
  if (open && next && isPlausible(next.at, now)) {
    const { n: promise, by } = next;
    const gapMs = everyMs ?? PROMISE_GAP_MS;
    found.push({ about: 'update', promise, first: Date.parse(by), gapMs, most });
  } else if (open && everyMs !== null && updated !== undefined && !promised) {
    found.push({ about: 'update', promise: null, first: at(updated) + everyMs, gapMs: everyMs, most });
  }
  // Also of what people hold to be over, where the public has not heard of it.
  if (promised) {
    const { n: promise, by } = promised;
    found.push({ about: 'public', promise, first: Date.parse(by), gapMs: PROMISE_GAP_MS, most });
  }
  if (open && lead && severity !== null && lead.of.includes(severity) && !('lead' in state.roles)) {
    const { afterMs } = lead;
    found.push({ about: 'lead', promise: null, first: at(recordedAt) + afterMs, gapMs: afterMs, most });
  }
  if (open && quietMs !== null && heard !== undefined) {
    // Of a time that cannot be, nothing is made here: to ask a day late is no harm.
    const first = at(isPlausible(heard, now) ? heard : recordedAt) + quietMs;
    found.push({ about: 'quiet', promise: null, first, gapMs: Math.max(quietMs, DAY_MS), most: Infinity });
  }
  return found;
}

/** A clock that was ahead must not have anybody wait until it is reached: better one reminder too many. */
function past(stamp: string, now: Date): number {
  return isPlausible(stamp, now) ? Date.parse(stamp) : 0;
}

function isPlausible(stamp: string, now: Date): boolean {
  return Date.parse(stamp) <= now.getTime() + SKEW_MS;
}

/** Is it the same that a reminder was found due by? Whatever was recorded since has it looked at anew. */
export function sameRhythm(a: Rhythm | undefined, b: Rhythm): boolean {
  // The database gives members in an order of its own.
  return canonicalize(a ?? {}) === canonicalize(b);
}

/** The sentence of a promise in the timeline. */
export function promiseText(next: string | null, beside: string): string {
  return next === null ? 'no next update is promised any more' : `next update by ${minuteText(next, beside)}`;
}
