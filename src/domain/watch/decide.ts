import type { DraftFact } from '../incident/fact.js';
import type { Asking, Decision } from '../incident/intent.js';
import type { IncidentState } from '../incident/state.js';
import { refuse } from '../refusal.js';
import { given, LIMITS } from '../text.js';
import { happened, refOf, STANDING, toSeconds } from '../words.js';
import { isCalm, type WatchIntent, watchedIn, watchOf } from './watch.js';

/** What follows from an intent about a watch. Pure. */
export function decideWatch(state: IncidentState, intent: WatchIntent, asking: Asking): Decision {
  const rule = RULES[intent.type] as Rule<typeof intent.type>;
  return rule(state, intent, asking);
}

export function isAboutWatch(intent: { type: string }): intent is WatchIntent {
  return Object.hasOwn(RULES, intent.type);
}

type Rule<T extends WatchIntent['type']> = (
  state: IncidentState,
  intent: Extract<WatchIntent, { type: T }>,
  asking: Asking,
) => Decision;

const RULES: { readonly [T in WatchIntent['type']]: Rule<T> } = {
  /** A second one takes the place of the first: that is how one is prolonged. */
  StartWatch: (state, { forMs, everyMs, probes, queries }, asking) => {
    const ref = refOf(state.number);
    if (state.number === STANDING) return refuse('WATCH_TOO_EARLY', { ref, status: null });
    if (!isCalm(state)) return refuse('WATCH_TOO_EARLY', { ref, status: state.status });
    const { count = 0, list = [] } = state.watches ?? {};
    const next = 'Those that ended are being counted up: type it again in a moment.';
    const running = list.length + 1;
    if (running > LIMITS.watches)
      return refuse('TOO_MANY', { what: 'watches', count: running, limit: LIMITS.watches, next });
    const before = watchOf(state);
    const moment = happened(state, asking, null);
    const ends = toSeconds(new Date(Date.parse(moment.at) + forMs));
    const data = { ...moment, watch: count + 1, ends, everyMs, probes, queries };
    return [
      ...(before ? [stopped(before.watch, 'replaced')] : []),
      { type: 'WatchStarted', data, texts: {} },
    ];
  },

  StopWatch: (state) => {
    const on = watchOf(state);
    return on ? [stopped(on.watch, 'stopped')] : refuse('NOT_WATCHED', { ref: refOf(state.number) });
  },

  /** Only what has changed is told, and of each look once: it may be made again by who comes after one that died. */
  NoteWatchLook: (state, { watch, slot, failed, good, why, counted }, asking) => {
    const on = watchOf(state);
    if (on?.watch !== watch || (on.slot !== null && slot <= on.slot)) return [];
    const fails = failed.filter((name) => watchedIn(on).includes(name) && !on.failing.includes(name));
    const told = fails.length > 0 && on.told < FAILURES_TOLD;
    const last = on.told + 1 === FAILURES_TOLD;
    const well = on.failing.filter((name) => good.includes(name));
    const data = (offset: number, names: string[]) => ({
      ...happened(state, asking, null, offset),
      ...{ watch, slot, looks: counted.looks, good: counted.good, names },
    });
    const facts: DraftFact[] = [];
    if (well.length > 0) facts.push({ type: 'WatchRecovered', data: data(0, well), texts: {} });
    if (told)
      facts.push({
        type: 'WatchFailed',
        data: { ...data(facts.length, fails), ...(last && { last: true as const }) },
        texts: given({ why }),
      });
    return facts;
  },

  EndWatch: (state, { watch, how: otherwise, why, counted }, asking) => {
    const one = state.watches?.list.find((of) => of.watch === watch);
    if (!one) return [];
    const { looks, good, missed, each } = counted;
    const how = one.stopped?.how ?? otherwise;
    const who = one.stopped?.by ?? null;
    // Counted up late, after the bot was away, it was over all the same when it was to be.
    const over = how === 'time' && Date.parse(one.ends) <= asking.now.getTime();
    const moment = over ? { at: one.ends, until: null, precision: 'second' as const } : null;
    const data = {
      ...happened(state, asking, moment),
      ...{ watch, how, looks, good, missed, who: who?.id ?? null },
      each: watchedIn(one).map((name) => ({ name, good: each[name] ?? 0 })),
    };
    const texts = given({ why: how === 'impossible' ? why : null, who: who?.name ?? null });
    return [{ type: 'WatchEnded', data, texts }];
  },
};

function stopped(watch: number, how: 'stopped' | 'replaced'): DraftFact {
  return { type: 'WatchStopped', data: { watch, how }, texts: {} };
}

/** Failures of one watch that are told; what comes and goes is then only counted. */
const FAILURES_TOLD = 10;
