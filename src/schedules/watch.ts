import type { WatchAsked } from '#domain/command/verbs.js';
import { laneOf, laneOfWatch, watchLaneOf } from '#domain/incident/effect.js';
import type { Intent, TypedIntent } from '#domain/incident/intent.js';
import { isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import { closest, LIMITS, printable } from '#domain/text.js';
import {
  type Counted,
  slotAt,
  slotDue,
  slotsOf,
  UNCOUNTED,
  type Watching,
  watchedIn,
} from '#domain/watch/watch.js';
import { botAsking } from '#domain/words.js';
import { holdLane, type LaneOptions, type Lease, type Terms } from '#lanes/lane.js';
import { type Action, ActionFailed, Lost, type RunContext } from '#runbooks/action.js';
import { http } from '#runbooks/actions/http.js';
import { keysProbe } from '#runbooks/actions/keys-probe.js';
import { prometheusQuery } from '#runbooks/actions/prometheus-query.js';
import { ranOut } from '#runbooks/actions/touch.js';
import type { Watched, WatchSettings } from '#runbooks/settings.js';
import { abortable, type RunWorld } from '#runs/context.js';
import type { Lane, OwedRow } from '#store/outbox.js';
import { Unavailable } from '#store/pools.js';

/** @returns how a watch is made of what somebody typed, and for how long one is offered: null where there is nothing to watch */
export function watchesOf({ everyMs, usual, watched }: WatchSettings) {
  const named = (kind: Watched['kind']) =>
    [...watched].flatMap(([name, one]) => (one.kind === kind ? [name] : []));
  const stray = (kind: Watched['kind'], names: readonly string[]) =>
    names.find((name) => watched.get(name)?.kind !== kind);
  return {
    span: watched.size > 0 ? typed(usual.forMs) : null,
    asked({ forMs, probes, queries }: WatchAsked): TypedIntent | Refusal {
      if (watched.size === 0) return refuse('NOTHING_TO_WATCH', {});
      for (const [kind, names] of [
        ['probe', probes],
        ['query', queries],
      ] as const) {
        const name = stray(kind, names);
        if (name !== undefined)
          return refuse('NO_SUCH_WATCHED', { what: kind, name, closest: closest(name, named(kind)) });
      }
      const chosen = probes.length + queries.length > 0 ? { probes, queries } : usual;
      const count = chosen.probes.length + chosen.queries.length;
      const limit = LIMITS.watchedAtOnce;
      if (count > limit) {
        const next = 'Name those that matter most: `watch --probe NAME --query NAME`.';
        return refuse('TOO_MANY', { what: 'probes and queries', count, limit, next });
      }
      const { probes: some, queries: others } = chosen;
      return {
        type: 'StartWatch',
        forMs: forMs ?? usual.forMs,
        everyMs,
        probes: [...some],
        queries: [...others],
      };
    },
  };
}

/** @returns a length of time as it is typed: `30m` */
function typed(ms: number): string {
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000}h`;
  return ms % 60_000 === 0 ? `${ms / 60_000}m` : `${ms / 1_000}s`;
}

/** All that watching stands on. */
export interface WatchWorld
  extends Pick<RunWorld, 'outbox' | 'incident' | 'tell' | 'systems' | 'owe' | 'now' | 'log'> {
  scrub: Pick<RunWorld['scrub'], 'text'>;
  /** What tocsin.yml names to be watched. */
  watched: ReadonlyMap<string, Watched>;
  /** What a lane owes later, it owes now. */
  hurry(lane: Lane): Promise<void>;
}

interface WatchLaneOptions extends LaneOptions {
  world: WatchWorld;
}

/** A look that was in hand while the machine slept goes on, if nobody else has taken the watch. */
const TERMS: Terms = { ms: 5_000, marginMs: 2_000, revives: true };
/** A database that is away comes back; a mistake of ours does not mend itself, and is only to be seen in the log. */
const RETRY_MS = 1_000;
const BUG_RETRY_MS = 30_000;
/** The longest that an answer may take; no longer than until the next look. */
const LOOK_MS = 10_000;
/** Characters of what one of them answered. */
const WHY = 300;

/**
 * Looks once for a watch, or ends it, under the lease of its lane.
 *
 * One row is open in that lane: it says when the next look is due, and what those before it came to. It is paid when the
 * row after it stands there. A worker that dies on any line leaves the row; the look is made again and counted once,
 * because each row has one successor, whoever writes it. Lose the queue, and the relay finds the row.
 * @param stopping the process is stopping: a look that it cuts short says nothing about what is watched
 */
export async function drainWatchLane(
  lane: string,
  options: WatchLaneOptions,
  stopping: AbortSignal,
): Promise<void> {
  const of = watchLaneOf(lane);
  if (!of) throw new Error(`not a lane of a watch: ${lane}`);
  const { world, retries } = options;
  const work = async (lease: Lease): Promise<null> => {
    const [row] = await lease.owed(1);
    if (!row) return null;
    if (of.wake) {
      const woken = laneOfWatch(of.team, of.incident, of.watch);
      await world.hurry({ team: of.team, lane: woken });
      options.wakeAt(woken, world.now());
    } else if (!(await goOn(of, row, { world, lease, stopping }))) return null;
    await lease.settle([row.id], { done: null });
    if (!of.wake && (await stoppedMeanwhile(of, world))) await world.hurry({ team: of.team, lane });
    return null;
  };
  await holdLane({ team: of.team, lane }, options, TERMS, (lease) =>
    work(lease).catch((error: unknown) => {
      if (error instanceof Lost) throw error;
      // Not settled: the row stays, and the relay finds it.
      const passing = error instanceof NotKept || error instanceof Unavailable;
      const times = retries ? retries.count(lane) : 1;
      if (times !== null)
        world.log[passing ? 'warn' : 'error']({ lane, err: error, times }, 'a watch could not go on now');
      return passing ? RETRY_MS : BUG_RETRY_MS;
    }),
  );
}

/** It could not be recorded, or nobody knows: it is said again later, from what is in the record. */
class NotKept extends Error {}

type WatchLane = NonNullable<ReturnType<typeof watchLaneOf>>;

/** A watch in the hands of one worker. */
interface Hand {
  world: WatchWorld;
  lease: Lease;
  stopping: AbortSignal;
}

async function watchingNow(
  { team, incident, watch }: WatchLane,
  world: WatchWorld,
): Promise<Watching | null> {
  const state = await world.incident(team, incident);
  return state?.watches?.list.find((one) => one.watch === watch) ?? null;
}

/** Somebody spoke between the look and its count: what they woke was not there yet. */
async function stoppedMeanwhile(of: WatchLane, world: WatchWorld): Promise<boolean> {
  return ((await watchingNow(of, world))?.stopped ?? null) !== null;
}

/** @returns false: the process is stopping, and the row stays as it is */
async function goOn(of: WatchLane, row: OwedRow, hand: Hand): Promise<boolean> {
  const { world, lease, stopping } = hand;
  const on = await watchingNow(of, world);
  // It was ended before the row was paid.
  if (!on) return true;
  const { effect } = row;
  const counted = (effect.kind === 'watch.look' && effect.payload.counted) || UNCOUNTED;
  const end = (how: 'time' | 'impossible', why: string | null, missed = counted.missed) => {
    const { looks, good, each } = counted;
    return tell(
      { type: 'EndWatch', watch: on.watch, how, why, counted: { looks, good, missed, each } },
      of,
      hand,
    );
  };
  if (on.stopped) {
    await end('time', null);
    return true;
  }
  const told = on.slot !== null && on.slot >= counted.slot ? on.slot : null;
  const slot = told ?? slotAt(on, counted.slot, world.now());
  const missed = counted.missed + slot - counted.slot;
  if (told === null && slot >= slotsOf(on)) {
    await end('time', null, missed);
    return true;
  }
  const gone = watchedIn(on).find((name) => !world.watched.has(name));
  if (gone !== undefined) {
    await end(
      'impossible',
      `tocsin.yml names no “${gone}” any more; \`watch\` begins another with what it names`,
    );
    return true;
  }
  if (stopping.aborted) return false;
  // What was told of a look is what is counted of it, also where who told it died before it was counted.
  const failures =
    told === null ? await look(on, hand) : new Map(on.failing.map((name) => [name, ''] as const));
  if (!failures) return false;
  const after = countedWith({ ...counted, slot, missed }, watchedIn(on), failures);
  if (told === null) await tellChanges(on, slot, failures, after, of, hand);
  await lease.secure();
  const { team, incident, watch } = of;
  const inMs = Math.max(0, slotDue(on, after.slot).getTime() - world.now().getTime());
  await world.owe(
    { kind: 'watch.look', payload: { watch, counted: after } },
    // Each row has one successor, and so each look is counted once.
    {
      team,
      incident,
      lane: laneOfWatch(team, incident, watch),
      key: `look:${laneOf(team, incident)}:${row.id}`,
      inMs,
    },
  );
  return true;
}

function countedWith(before: Counted, names: string[], failures: ReadonlyMap<string, string>): Counted {
  const { slot, looks, good, missed, each } = before;
  const well = (name: string) => (failures.has(name) ? 0 : 1);
  return {
    slot: slot + 1,
    looks: looks + 1,
    good: good + (failures.size === 0 ? 1 : 0),
    missed,
    each: Object.fromEntries(names.map((name) => [name, (each[name] ?? 0) + well(name)])),
  };
}

/** @returns what failed, with why; null: the process is stopping, and nothing is known. @throws Lost */
async function look(on: Watching, { world, lease, stopping }: Hand): Promise<Map<string, string> | null> {
  const late = AbortSignal.timeout(Math.min(LOOK_MS, on.everyMs));
  const signal = AbortSignal.any([lease.signal, stopping, late]);
  const results = await Promise.all(
    watchedIn(on).map(async (name) => {
      const one = world.watched.get(name);
      try {
        if (one) await abortable(signal, () => lookAt(one, contextOf(name, signal, world)));
        return null;
      } catch (error) {
        const why = ranOut(signal) ? 'there was no answer in time' : messageOf(error);
        // Scrubbed before it is cut, and by characters: neither half a secret nor half a character is kept.
        return [name, [...printable(world.scrub.text(why))].slice(0, WHY).join('')] as const;
      }
    }),
  );
  if (lease.signal.aborted) throw new Lost();
  if (stopping.aborted) return null;
  return new Map(results.filter((one) => one !== null));
}

/** What a look is made with: actions of runbooks that only read. */
const ACTIONS: Record<Watched['uses'], Action> = {
  http,
  'keys.probe': keysProbe,
  'prometheus.query': prometheusQuery,
};

/** Looks once. @throws ActionFailed in words: it is not as it should be, or could not be asked */
async function lookAt({ uses, with: given }: Watched, context: RunContext): Promise<void> {
  const action = ACTIONS[uses];
  // What stands in tocsin.yml is its author's word, all of it.
  const result = await action.run(action.input.parse(given), { ...context, written: given });
  if (result.kind !== 'done') throw new ActionFailed(`${uses} gave no answer`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function contextOf(name: string, signal: AbortSignal, world: WatchWorld): RunContext {
  return {
    ...world.systems,
    ...{ signal, key: `watch:${name}`, written: {}, now: () => world.now() },
    // Only what reads is among what can be watched.
    async secure() {
      throw new Error('a watch changes nothing');
    },
    ...{ captured: null, planned: null, undoing: null, waited: null, answer: null },
    say: () => undefined,
    post: async () => undefined,
  };
}

/** Records what this look changed, if anything; nothing is told twice, and what was told is told as it was. */
async function tellChanges(
  on: Watching,
  slot: number,
  failures: ReadonlyMap<string, string>,
  counted: Counted,
  of: WatchLane,
  hand: Hand,
): Promise<void> {
  const failed = [...failures.keys()].filter((name) => !on.failing.includes(name));
  const good = on.failing.filter((name) => !failures.has(name));
  if (failed.length + good.length === 0) return;
  const why = failed.length === 1 ? failures.get(failed[0] ?? '') : null;
  const each = failed.map((name) => `${name}: ${failures.get(name)}`).join('; ');
  const words = failed.length === 0 ? null : (why ?? each);
  await tell({ type: 'NoteWatchLook', watch: on.watch, slot, failed, good, why: words, counted }, of, hand);
}

async function tell(intent: Intent, { team, incident }: WatchLane, { world, lease }: Hand): Promise<void> {
  if (lease.signal.aborted) throw new Lost();
  // How the watch stands is the key: nothing is told or ended twice (domain/watch/decide.ts).
  const answer = await world.tell(intent, incident, botAsking(team, null, world.now()));
  if (isRefusal(answer)) throw new NotKept(`${intent.type}: ${answer.code}`);
}
