import { DateTime } from 'luxon';
import type { Rule } from './rule.js';

/** What came of a signal. */
export const OUTCOMES = [
  /** It opened an incident; it was recorded in one. */
  ...(['opened', 'attached'] as const),
  /** Nothing new: the alert fires, or has ended, as was known. */
  'repeated',
  /** Its rule says so; no rule speaks of it. */
  ...(['ignored', 'unmatched'] as const),
  /** It ended while its key was muted, in quiet hours, or before its rule's threshold was reached. */
  ...(['muted', 'quiet', 'short'] as const),
  /** Its rule only attaches, and no incident was open until it ended, or for a day. */
  'unattached',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** How often something came of the signals of a rule. */
export interface OutcomeCount {
  source: string;
  rule: string | null;
  shadow: boolean;
  /** Null: they wait. */
  outcome: Outcome | null;
  signals: number;
  /** Of the incidents that they opened, those that were none. */
  dismissed: number;
}

/** A signal that waits for an outcome, with what is known of its alert. Times are ISO 8601, UTC. */
export interface Waiting {
  readonly id: string;
  /** Its `alertId`. */
  readonly alert: string;
  readonly status: 'firing' | 'resolved';
  readonly rule: Rule | null;
  /** When this firing began by the sender's clock, but never after it was received: clocks are ahead. */
  readonly begunAt: string;
  readonly receivedAt: string;
  /** Where the alert was recorded last, and whether it fires there; null: nowhere. In shadow there is no incident. */
  readonly stands: { readonly incident: number | null; readonly firing: boolean } | null;
  /** Of one that fires: when it was heard that it has ended, and when that was by the sender's clock. */
  readonly ended: { readonly at: string; readonly until: string | null } | null;
  /** It was heard that this very firing has ended, before this was heard. */
  readonly late: boolean;
}

/** How the group stands. */
export interface Standing {
  readonly now: Date;
  /** The open incident that holds the group; null: there is none. */
  readonly open: number | null;
  readonly mute: { readonly from: Date; readonly until: Date } | null;
  /** When alerts of the group began to fire, as far back as thresholds look, in order. */
  readonly begun: readonly Date[];
  /** Nothing is opened, only said: those that fire in what would be the incident, which lasts until all have ended. */
  readonly shadow: { readonly firing: readonly string[] } | null;
}

/** Where something is recorded: in that incident, or in the one that is to be opened. */
export type Into = number | 'new';

export interface Settled {
  /** Those that have an outcome, in order of arrival. `records`: their alert is recorded there. */
  readonly ends: ReadonlyArray<{
    readonly id: string;
    readonly outcome: Outcome;
    readonly into: Into | null;
    readonly records: boolean;
  }>;
  /** When one of the others may have another outcome, if nothing is heard until then; null: only then. */
  readonly until: Date | null;
}

/** Why one that fires does not open anything yet; `until` null: until more is heard. One that only attaches never does. */
interface Held {
  readonly why: 'short' | 'muted' | 'quiet' | 'unattached';
  readonly until: number | null;
}

/** So long one that only attaches waits for an incident of its key: what opens later hardly began with it. */
const ATTACH_MS = 24 * 60 * 60_000;

/**
 * Decides what comes of the signals of one group. Pure, and it makes no difference when it is asked: what would have opened
 * an incident when it was heard does so later too, although its alert may have ended by then.
 * @param signals in order of arrival
 */
export function settle(signals: readonly Waiting[], at: Standing): Settled {
  const ends = new Map<string, Omit<Settled['ends'][number], 'id'>>();
  const stands = new Map<string, { incident: Into | null; firing: boolean }>();
  // Alerts that fire and are in no incident yet.
  const held = new Map<string, { signal: Waiting; hold: Held }>();
  const would = new Set(at.shadow?.firing);
  let open: Into | null = at.shadow ? (would.size > 0 ? 'new' : null) : at.open;
  const say = ({ id }: Waiting, outcome: Outcome, into: Into | null = null, records = false) =>
    ends.set(id, { outcome, into, records });
  const fires = (signal: Waiting, outcome: 'opened' | 'attached') => {
    say(signal, outcome, open, true);
    stands.set(signal.alert, { incident: open, firing: true });
    would.add(signal.alert);
  };

  // What began and ended unheard. Where the same delivery opens an incident, it is a part of that, on whichever side it stands.
  const brief: Waiting[] = [];

  const began = (signal: Waiting, stand: { incident: Into | null; firing: boolean } | null) => {
    const { alert, rule } = signal;
    if (signal.late || stand?.firing) return say(signal, 'repeated', stand?.incident ?? null);
    if (held.has(alert)) return say(signal, 'repeated');
    if (rule === null) return say(signal, 'unmatched');
    if ('ignore' in rule.does) return say(signal, 'ignored');
    if (open !== null) return fires(signal, 'attached');
    if ('attach' in rule.does) {
      const until = Date.parse(signal.receivedAt) + ATTACH_MS;
      held.set(alert, { signal, hold: { why: 'unattached', until } });
      return;
    }
    const hold = holdOf(signal, rule, at);
    held.set(alert, { signal, hold: hold ?? { why: 'short', until: null } });
    if (hold) return;
    open = 'new';
    for (const one of brief) if (one.receivedAt === signal.receivedAt) say(one, 'attached', open, true);
    // Whatever waits is of the same group: it need not wait any longer, now that there is an incident.
    for (const one of held.values()) {
      // By then it waited no more, whenever that is looked at.
      if (isOver(one.hold, Date.parse(signal.receivedAt))) say(one.signal, one.hold.why);
      else fires(one.signal, one.signal === signal ? 'opened' : 'attached');
    }
    held.clear();
  };

  const ended = (signal: Waiting, stand: { incident: Into | null; firing: boolean } | null) => {
    const { alert, rule } = signal;
    const waits = held.get(alert);
    if (stand?.firing) {
      say(signal, 'attached', stand.incident, true);
      stands.set(alert, { ...stand, firing: false });
      would.delete(alert);
      if (at.shadow && would.size === 0) open = null;
    } else if (waits) {
      say(waits.signal, waits.hold.why);
      say(signal, waits.hold.why);
      held.delete(alert);
    } else if (rule === null) say(signal, 'unmatched');
    else if ('ignore' in rule.does) say(signal, 'ignored');
    else if (stand) say(signal, 'repeated', stand.incident);
    else if (open !== null) say(signal, 'attached', open, true);
    // Nobody has said that it fired, and now it does not.
    else if ('attach' in rule.does) say(signal, 'unattached');
    else {
      say(signal, 'short');
      brief.push(signal);
    }
  };

  for (const signal of signals) {
    const stand = stands.get(signal.alert) ?? signal.stands;
    if (signal.status === 'firing') began(signal, stand);
    else ended(signal, stand);
  }
  let until: number | null = null;
  for (const { signal, hold } of held.values()) {
    // Its end was heard in another group, where a later rule has filed it.
    if (signal.ended || isOver(hold, at.now.getTime())) say(signal, hold.why);
    else if (hold.until !== null) until = Math.min(until ?? hold.until, hold.until);
  }
  return {
    ends: signals.flatMap(({ id }) => {
      const end = ends.get(id);
      return end ? [{ id, ...end }] : [];
    }),
    until: until === null ? null : new Date(until),
  };
}

/** Nothing more comes of it, although it fires. */
function isOver({ why, until }: Held, time: number): boolean {
  return why === 'unattached' && until !== null && until <= time;
}

/**
 * Does something keep this one from opening an incident, now or until its alert ended?
 * @returns null: it opens
 */
function holdOf(signal: Waiting, rule: Rule, { now, mute, begun }: Standing): Held | null {
  const { ended } = signal;
  const began = Date.parse(signal.begunAt);
  const heard = Date.parse(signal.receivedAt);
  const over = ended ? Date.parse(ended.at) : Number.POSITIVE_INFINITY;
  let at = began + (rule.forMs ?? 0);
  // How long it lasted the sender knows best: both times are its own.
  if (ended && Date.parse(ended.until ?? ended.at) < at) return { why: 'short', until: null };
  at = Math.max(at, heard);
  if (rule.count) {
    const reached = reachedAt(begun, rule.count, began);
    if (reached === null) return { why: 'short', until: null };
    at = Math.max(at, reached);
  }
  let why: Held['why'] = 'short';
  if (over < at) return { why, until: null };
  // The end of quiet hours may be muted, and the end of a mute quiet.
  for (let times = 0; times < 2; times++) {
    if (mute && at >= mute.from.getTime() && at < mute.until.getTime()) {
      at = mute.until.getTime();
      why = 'muted';
      if (over < at) return { why, until: null };
    }
    const quiet = rule.quiet && quietUntil(rule.quiet, new Date(at));
    if (quiet) {
      at = quiet.getTime();
      why = 'quiet';
      if (over < at) return { why, until: null };
    }
  }
  return at <= now.getTime() ? null : { why, until: at };
}

/** @returns when so many had begun within the span, not before `since`; null: not yet */
function reachedAt(
  begun: readonly Date[],
  { times, withinMs }: NonNullable<Rule['count']>,
  since: number,
): number | null {
  for (let i = times - 1; i < begun.length; i++) {
    const last = begun[i]?.getTime() ?? 0;
    const first = begun[i - times + 1]?.getTime() ?? 0;
    if (last >= since && last - first <= withinMs) return last;
  }
  return null;
}

/** @returns the end of the quiet hours in which that moment lies; null: it lies in none */
export function quietUntil({ from, to, zone }: NonNullable<Rule['quiet']>, at: Date): Date | null {
  const local = DateTime.fromJSDate(at, { zone });
  const minute = local.hour * 60 + local.minute;
  const overnight = from > to;
  const inside = overnight ? minute >= from || minute < to : minute >= from && minute < to;
  if (!inside) return null;
  const day = overnight && minute >= from ? local.plus({ days: 1 }) : local;
  const ends = day.startOf('day').set({ hour: Math.floor(to / 60), minute: to % 60 });
  // Where the clocks go back, that time of the day comes twice: the second is meant when the first has gone by.
  return (ends.toMillis() > at.getTime() ? ends : ends.plus({ hours: 1 })).toJSDate();
}
