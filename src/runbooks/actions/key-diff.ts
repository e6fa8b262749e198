import type { Json } from '#domain/runbook.js';
import type { ActionContext, Output } from '../action.js';
import type { Keys } from '../keystore.js';
import { look } from './touch.js';

/** What stands between two stores, by id. */
export interface KeyDiff {
  from: Keys;
  to: Keys;
  missing: string[];
  extra: string[];
  mismatched: string[];
  same: number;
}

/** Reads both stores and compares them in constant time per key. @throws ActionFailed when one cannot be read */
export async function diff(from: string, to: string, context: ActionContext): Promise<KeyDiff> {
  const [left, right] = await Promise.all([
    look(context.store(from), context.signal),
    look(context.store(to), context.signal),
  ]);
  const missing: string[] = [];
  const mismatched: string[] = [];
  for (const [id, value] of left.keys) {
    const there = right.keys.get(id);
    if (!there) missing.push(id);
    else if (!there.equals(value)) mismatched.push(id);
  }
  return {
    from: left,
    to: right,
    missing: missing.sort(),
    extra: [...right.keys.keys()].filter((id) => !left.keys.has(id)).sort(),
    mismatched: mismatched.sort(),
    same: left.keys.size - missing.length - mismatched.length,
  };
}

/** @returns all that is there under any id, also what only some places of the store hold: what a removal must see */
export function anywhere({ version, keys, partial }: Keys): Keys {
  return { version, keys: new Map([...(partial ?? []), ...keys]) };
}

/** @returns the fingerprint of each of these ids that is there */
export function prints(
  ids: Iterable<string>,
  { keys }: Keys,
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
  const shown = ids.slice(0, NAMED).map((id) => (Object.hasOwn(fps, id) ? `${id} ${fps[id]}` : id));
  return shown.join(', ') + (ids.length > NAMED ? ` and ${ids.length - NAMED} more` : '');
}

/** What approvals are bound to. */
export function versions(stores: Record<string, Keys>): Record<string, string> {
  return Object.fromEntries(Object.entries(stores).map(([name, { version }]) => [`keys:${name}`, version]));
}

export function count(keys: number): string {
  return keys === 1 ? '1 key' : `${keys} keys`;
}

/** A diff as an output: ids and fingerprints only. */
export function diffOutput(found: KeyDiff, context: ActionContext): Output & { fingerprints: Json } {
  const { missing, extra, mismatched, same } = found;
  return {
    missing,
    extra,
    mismatched,
    same,
    empty: missing.length + extra.length + mismatched.length === 0,
    // Of a mismatched key: the one that it should be.
    fingerprints: {
      ...prints(extra, found.to, context),
      ...prints([...missing, ...mismatched], found.from, context),
    },
  };
}
