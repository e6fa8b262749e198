import type { ActionContext } from '../action.js';
import type { Keys } from '../keystores/keystore.js';
import type { Secret } from '../secret.js';
import { readPlace } from './touch.js';

/** What stands between two stores, by id. */
export interface KeyDiff {
  from: Keys;
  to: Keys;
  /** What can be added. */
  missing: string[];
  extra: string[];
  mismatched: string[];
  /** What the places of one of the stores disagree about. */
  disagreeing: Disagreement[];
  same: number;
}

interface Disagreement {
  id: string;
  told: string;
  /** Does adding the key of `from` make the places agree? */
  mendable: boolean;
}

/** @throws ActionFailed when one cannot be read */
export function readBoth(from: string, to: string, context: ActionContext): Promise<[Keys, Keys]> {
  const read = (name: string) => readPlace(context.store(name), context.signal);
  return Promise.all([read(from), read(to)]);
}

/** Reads both stores and compares them in constant time per key. @throws ActionFailed when one cannot be read */
export async function diff(from: string, to: string, context: ActionContext): Promise<KeyDiff> {
  const [left, right] = await readBoth(from, to, context);
  const missing: string[] = [];
  const mismatched: string[] = [];
  let same = 0;
  for (const [id, value] of left.keys) {
    const there = right.keys.get(id);
    if (there?.equals(value)) same += 1;
    else if (there) mismatched.push(id);
    else if (canPut(right, id, value)) missing.push(id);
  }
  const disagreeing = [left, right].flatMap(({ apart }) =>
    [...(apart ?? [])].map(([id, { told }]) => ({ id, told, mendable: missing.includes(id) })),
  );
  return {
    from: left,
    to: right,
    missing: missing.sort(),
    extra: [...right.keys.keys()].filter((id) => !left.keys.has(id) && !left.apart?.has(id)).sort(),
    mismatched: mismatched.sort(),
    disagreeing,
    same,
  };
}

/** Can a key that only some places hold, or none, be put everywhere? Not where a place holds another key: that one is somebody's. */
export function canPut({ apart }: Keys, id: string, value: Secret | undefined): boolean {
  return apart?.get(id)?.keys.every((key) => value?.equals(key)) ?? true;
}

/** @returns all that is there under any id, also what only some places of the store hold: what a removal must see */
export function anywhere(read: Keys): Keys {
  const keys = new Map(read.keys);
  for (const [id, apart] of read.apart ?? []) {
    const [first] = apart.keys;
    if (first && !keys.has(id)) keys.set(id, first);
  }
  return { ...read, keys };
}

/** @returns the fingerprint of each of these ids that is there */
export function prints(
  ids: Iterable<string>,
  { keys }: Pick<Keys, 'keys'>,
  { fingerprint }: ActionContext,
): Record<string, string> {
  const found: Array<[string, string]> = [];
  for (const id of ids) {
    const value = keys.get(id);
    if (value) found.push([id, fingerprint(value)]);
  }
  return Object.fromEntries(found);
}

// A summary is a line in Slack; the output has them all.
const NAMED = 8;

/** `client-1 fp:…, client-2 fp:… and 3 more`. */
export function named(ids: readonly string[], fps: Record<string, string>): string {
  return some(ids.map((id) => (Object.hasOwn(fps, id) ? `${id} ${fps[id]}` : id)));
}

/** The first of a list, and how many more there are. */
export function some(items: readonly string[], between = ', '): string {
  const more = items.length > NAMED ? ` and ${items.length - NAMED} more` : '';
  return items.slice(0, NAMED).join(between) + more;
}

/** What is said where places of a store hold different things, and nothing may be done until they do not. */
export function mustAgree(places: ReadonlyArray<{ told: string }>): string {
  return `${toldOf(places)}: make the places agree first`;
}

export function toldOf(places: ReadonlyArray<{ told: string }>): string {
  const all = places.map(({ told }) => told);
  return some(all, '; ');
}

/** What approvals are bound to. */
export function versions(stores: Record<string, Keys>): Record<string, string> {
  return Object.fromEntries(Object.entries(stores).map(([name, { version }]) => [`keys:${name}`, version]));
}

export function count(keys: number): string {
  return keys === 1 ? '1 key' : `${keys} keys`;
}

/** A diff as an output: ids and fingerprints only. */
export function diffOutput(found: KeyDiff, context: ActionContext) {
  const { missing, extra, mismatched, same } = found;
  const disagreeing = [...new Set(found.disagreeing.map(({ id }) => id))].sort();
  return {
    missing,
    extra,
    mismatched,
    disagreeing,
    same,
    empty: missing.length + extra.length + mismatched.length + disagreeing.length === 0,
    // Of a mismatched key: the one that it should be.
    fingerprints: {
      ...prints(extra, found.to, context),
      ...prints([...missing, ...mismatched], found.from, context),
    },
  };
}
