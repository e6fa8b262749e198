import { z } from 'zod';
import { type BodyOf, count, happened, id, number, second, shape } from '../shape.js';
import { minuteText, type Person, personLabel, type Status } from '../words.js';

// Watching what is held to be over: for a while probes and queries are looked at, a failure is told at once, and at the
// end one line says what they came to. What each look came to is no fact: there would be thousands. It is counted in the
// row that says when the next one is due (`Counted`), so that neither can be lost without the other.

/** Why a watch ended. `impossible`: it could not go on, and its text says why. */
const ENDS = ['time', 'stopped', 'replaced', 'reopened', 'impossible'] as const;
type WatchEnd = (typeof ENDS)[number];

const names = z.array(id);
const counts = { looks: count, good: count };

export const WATCH_FACTS = {
  WatchStarted: shape({
    ...happened,
    watch: number,
    ends: second,
    everyMs: number,
    probes: names,
    queries: names,
  }),
  /** It looks no more. What it came to is counted by whoever looked: `WatchEnded` follows. */
  WatchStopped: shape({ watch: number, how: z.enum(['stopped', 'replaced']) }),
  /** What was good until then is not. `slot`: in which of its looks; `last`: others are counted from here on, and not told. */
  WatchFailed: shape(
    { ...happened, watch: number, slot: count, ...counts, names, last: z.literal(true).optional() },
    { optional: ['why'] },
  ),
  WatchRecovered: shape({ ...happened, watch: number, slot: count, ...counts, names }),
  /** `missed`: looks that were due while nobody was there to look. `who`: by whose word it ended. */
  WatchEnded: shape(
    {
      ...happened,
      watch: number,
      how: z.enum(ENDS),
      ...counts,
      missed: count,
      each: z.array(z.strictObject({ name: id, good: count })),
      who: id.nullable(),
    },
    { optional: ['why', 'who'] },
  ),
};

export type WatchFactBody = BodyOf<typeof WATCH_FACTS>;

/** A watch that goes on, or that was stopped and is not counted up yet. */
export interface Watching {
  watch: number;
  began: string;
  ends: string;
  everyMs: number;
  probes: string[];
  queries: string[];
  /** Who asked for it. */
  by: Person;
  /** What was told to fail, and not yet to be well again. */
  failing: string[];
  /** How often a failure was told. */
  told: number;
  /** The last look of which something was told; null: nothing was yet. */
  slot: number | null;
  stopped: { how: WatchEnd; by: Person } | null;
}

export interface Watches {
  /** How many have been numbered. */
  count: number;
  list: Watching[];
}

/** A watch is for what is held to be over. */
const CALM: ReadonlySet<Status> = new Set(['monitoring', 'resolved']);

export function isCalm({ status }: { status: Status }): boolean {
  return CALM.has(status);
}

/** @returns the watch that goes on; there is at most one */
export function watchOf({ watches }: { watches?: Watches }): Watching | null {
  return watches?.list.find(({ stopped }) => stopped === null) ?? null;
}

export function watchedIn({ probes, queries }: Pick<Watching, 'probes' | 'queries'>): string[] {
  return [...probes, ...queries];
}

export function evolveWatches(watches: Watches | undefined, fact: WatchFactBody & { by: Person }): Watches {
  const { count, list } = watches ?? { count: 0, list: [] };
  const { watch } = fact.data;
  const changed = (change: (one: Watching) => Watching) => ({
    count,
    list: list.map((one) => (one.watch === watch ? change(one) : one)),
  });
  switch (fact.type) {
    case 'WatchStarted': {
      const { at: began, ends, everyMs, probes, queries } = fact.data;
      const fresh = { failing: [], told: 0, slot: null, stopped: null };
      const one = { watch, began, ends, everyMs, probes, queries, by: fact.by, ...fresh };
      return { count: Math.max(count, watch), list: [...list, one] };
    }
    case 'WatchStopped': {
      const { how } = fact.data;
      return changed((one) => ({ ...one, stopped: one.stopped ?? { how, by: fact.by } }));
    }
    case 'WatchFailed': {
      const { slot, names } = fact.data;
      return changed((one) => ({
        ...one,
        failing: [...new Set([...one.failing, ...names])],
        told: one.told + 1,
        slot,
      }));
    }
    case 'WatchRecovered': {
      const { slot, names } = fact.data;
      return changed((one) => ({
        ...one,
        failing: one.failing.filter((name) => !names.includes(name)),
        slot,
      }));
    }
    case 'WatchEnded':
      return { count, list: list.filter((one) => one.watch !== watch) };
  }
}

/** What is not over any more is not watched any more. */
export function unlessReopened<S extends { status: Status; watches?: Watches }>(state: S, by: Person): S {
  const { watches } = state;
  if (!watches || isCalm(state)) return state;
  const list = watches.list.map((one) => ({
    ...one,
    stopped: one.stopped ?? { how: 'reopened' as const, by },
  }));
  return { ...state, watches: { ...watches, list } };
}

/** What the looks of a watch came to so far, kept with what says when the next one is due. */
export interface Counted {
  /** The look that is due next: 0, 1, 2 … */
  slot: number;
  looks: number;
  /** Looks in which everything was good. */
  good: number;
  missed: number;
  /** How often each was good, by its name. */
  each: Record<string, number>;
}

export const UNCOUNTED: Counted = { slot: 0, looks: 0, good: 0, missed: 0, each: {} };

type Span = Pick<Watching, 'began' | 'ends' | 'everyMs'>;

/** @returns how many looks fit into a watch: the first is due at its beginning, none at its end */
export function slotsOf({ began, ends, everyMs }: Span): number {
  return Math.max(1, Math.ceil((Date.parse(ends) - Date.parse(began)) / everyMs));
}

/** @returns when a look is due; of those that do not fit any more, the end */
export function slotDue({ began, ends, everyMs }: Span, slot: number): Date {
  return new Date(Math.min(Date.parse(began) + slot * everyMs, Date.parse(ends)));
}

/**
 * @param next the look that was due
 * @returns the one that can be made now; those in between were missed. From `slotsOf` on: the watch is over
 */
export function slotAt(span: Span, next: number, now: Date): number {
  const passed = Math.floor((now.getTime() - Date.parse(span.began)) / span.everyMs);
  return now.getTime() >= Date.parse(span.ends) ? slotsOf(span) : Math.max(next, passed);
}

/** What the timeline says of a watch; the words beside it are the entry's text. */
export type WatchDetail =
  | { what: 'started'; began: string; ends: string; everyMs: number; names: string[] }
  | { what: 'failed'; names: string[]; last?: true }
  | { what: 'recovered'; names: string[] }
  | {
      what: 'ended';
      how: WatchEnd;
      at: string;
      looks: number;
      good: number;
      missed: number;
      each: Array<{ name: string; good: number }>;
      who?: Person;
    };

export function watchDetail(fact: WatchFactBody & { texts: Readonly<Record<string, string | null>> }) {
  const detail = detailOf(fact);
  return detail && { watch: detail };
}

function detailOf(
  fact: WatchFactBody & { texts: Readonly<Record<string, string | null>> },
): WatchDetail | null {
  switch (fact.type) {
    case 'WatchStarted': {
      const { at: began, ends, everyMs } = fact.data;
      return { what: 'started', began, ends, everyMs, names: watchedIn(fact.data) };
    }
    case 'WatchStopped':
      return null;
    case 'WatchFailed':
      return { what: 'failed', names: fact.data.names, ...(fact.data.last && { last: true }) };
    case 'WatchRecovered':
      return { what: 'recovered', names: fact.data.names };
    case 'WatchEnded': {
      const { how, at, looks, good, missed, each, who } = fact.data;
      const by = who === null ? {} : { who: { id: who, name: fact.texts.who ?? null } };
      return { what: 'ended', how, at, looks, good, missed, each, ...by };
    }
  }
}

/** The sentence of an entry of a watch. @param why the text beside it: what was answered, or why it could not go on */
export function watchText(detail: WatchDetail, why: string | null): string {
  switch (detail.what) {
    case 'started':
      return `watch until ${minuteText(detail.ends, detail.began)}, every ${span(detail.everyMs)}: ${detail.names.join(', ')}`;
    case 'failed': {
      const more = detail.last ? ' (failures from here on are only counted)' : '';
      return `watch: ${detail.names.join(', ')} ${detail.names.length === 1 ? 'fails' : 'fail'}${why ? `: ${why}` : ''}${more}`;
    }
    case 'recovered':
      return `watch: ${detail.names.join(', ')} ${detail.names.length === 1 ? 'is' : 'are'} well again`;
    case 'ended':
      return `${endText(detail, why)}; ${countText(detail)}`;
  }
}

function endText(detail: Extract<WatchDetail, { what: 'ended' }>, why: string | null): string {
  const { how, at, who, looks, good } = detail;
  const until = `watched until ${minuteText(at, at)}`;
  const by = who ? ` by ${personLabel(who)}` : '';
  const well = looks > 0 && good === looks ? ', all well' : '';
  switch (how) {
    case 'time':
      return `${until}${well}`;
    case 'stopped':
      return `${until}${well}, stopped${by}`;
    case 'replaced':
      return `${until}${well}; another watch took its place`;
    case 'reopened':
      return `${until}; the incident is not over any more${who ? ` (${personLabel(who)})` : ''}`;
    case 'impossible':
      return `${until}, and it cannot go on${why ? `: ${why}` : ''}`;
  }
}

/** `looked 59 times, 58 good (api 58 of 59, errors 59 of 59); 1 look was missed while the bot could not look` */
function countText({ looks, good, missed, each }: Extract<WatchDetail, { what: 'ended' }>): string {
  const times = looks === 1 ? 'once' : `${looks} times`;
  const names =
    good === looks
      ? each.map(({ name }) => name)
      : each.map(({ name, good: well }) => `${name} ${well} of ${looks}`);
  const looked = looks === 0 ? 'never looked' : `looked ${times}, ${good} good`;
  const none = missed === 0 ? '' : `; ${missed} ${missed === 1 ? 'look was' : 'looks were'} missed`;
  return `${looked} (${names.join(', ')})${none}${none && ' while the bot could not look'}`;
}

function span(ms: number): string {
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1_000} s`;
}

/** What is asked about a watch. */
export type WatchIntent =
  /** Names are those of tocsin.yml. */
  | { type: 'StartWatch'; forMs: number; everyMs: number; probes: string[]; queries: string[] }
  | { type: 'StopWatch' }
  /** A look: what failed in it, and what was good again. `why`: what was answered. */
  | {
      type: 'NoteWatchLook';
      watch: number;
      slot: number;
      failed: string[];
      good: string[];
      why: string | null;
      counted: Pick<Counted, 'looks' | 'good'>;
    }
  /** A watch is over, and counted up. `how` where nobody has stopped it. */
  | {
      type: 'EndWatch';
      watch: number;
      how: Extract<WatchEnd, 'time' | 'impossible'>;
      why: string | null;
      counted: Omit<Counted, 'slot'>;
    };
