import { diff, type KeyDiff } from '#runbooks/actions/key-diff.js';
import type { Keys } from '#runbooks/keystore.js';
import type { Fingerprint } from '#runbooks/secret.js';
import type { Watching } from './drift-incident.js';

const READ_MS = 20_000;
/** Keys that are named; of more, their number. */
const NAMED = 10;
/** What this one refuses is known; of another, its author knows what it can mend. */
const BUILT_IN = 'key-sync';

/** In words, by id and fingerprint. */
export interface Difference {
  title: string;
  text: string;
  /** Can the runbook of the watch mend it? */
  offered: boolean;
}

/** @returns how the stores differ, null: not at all; or why that cannot be told */
export async function differenceOf(
  watching: Watching,
): Promise<{ found: Difference | null } | { unread: string }> {
  const { schedule, world, from, to } = watching;
  const { systems } = world;
  const signal = AbortSignal.timeout(READ_MS);
  let found: KeyDiff;
  try {
    const context = { ...systems, signal, key: schedule.name, written: {}, now: () => world.now() };
    found = await diff(from, to, context);
  } catch (error) {
    return { unread: world.scrub.text(error instanceof Error ? error.message : String(error)) };
  }
  const empty = found.from.keys.size === 0 && !found.from.apart?.size;
  // Whatever `to` holds would do, and nothing would be proven: `from` was emptied, or is another place than was meant.
  const told = empty ? [nothingIn(from, found.from)] : differing(found, watching);
  if (told.length === 0) return { found: null };
  const cannot = schedule.runbook === BUILT_IN ? refusals(found, watching, empty) : [];
  const advice = cannot.length > 0 ? ` \`${BUILT_IN}\` cannot mend this: ${cannot.join('; ')}.` : '';
  return {
    found: {
      title: empty ? `${from} holds no keys` : `${to} does not hold the keys of ${from}`,
      text: `Drift: ${told.join('; ')}.${advice}`,
      offered: cannot.length === 0,
    },
  };
}

function nothingIn(from: string, { note }: Keys): string {
  return `${from} holds no keys${note ? ` (${note})` : ''}, so that nothing can be compared with it`;
}

function differing({ from: left, to: right, ...found }: KeyDiff, { world, from, to }: Watching): string[] {
  const { fingerprint } = world.systems;
  // What only some of a store's places hold is neither there nor missing.
  const missing = found.missing.filter((id) => !right.apart?.has(id));
  const lacked = listed(missing, (id) => `${id} (${print(id, left, fingerprint)})`);
  const others = listed(
    found.mismatched,
    (id) => `${id} (${print(id, left, fingerprint)} in ${from}, ${print(id, right, fingerprint)} in ${to})`,
  );
  return [
    ...(missing.length > 0 ? [`${to} lacks ${lacked} of ${from}`] : []),
    ...(found.mismatched.length > 0 ? [`${to} has another value under ${others}`] : []),
    ...found.disagreeing.slice(0, NAMED).map(({ told }) => told),
  ];
}

/** @returns why the built-in runbook would refuse to plan it, or fail, and what a person does instead */
function refusals({ mismatched, disagreeing }: KeyDiff, { from }: Watching, empty: boolean): string[] {
  if (empty) return [`put the keys of ${from} back, or name another store in the schedule`];
  return [
    ...(mismatched.length > 0
      ? [
          `it overwrites nothing, so put the right key under ${listed(mismatched)} by hand, or replace it everywhere with \`key-rotate\``,
        ]
      : []),
    ...(disagreeing.some(({ mendable }) => !mendable) ? ['make the places agree by hand first'] : []),
  ];
}

function listed(ids: readonly string[], name: (id: string) => string = (id) => id): string {
  const more = ids.length > NAMED ? ` and ${ids.length - NAMED} more` : '';
  return `${ids.slice(0, NAMED).map(name).join(', ')}${more}`;
}

function print(id: string, { keys }: Keys, fingerprint: Fingerprint): string {
  const key = keys.get(id);
  return key ? fingerprint(key) : 'no key';
}
