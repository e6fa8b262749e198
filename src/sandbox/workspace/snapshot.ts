/**
 * Copies of the workspace to come back to.
 *
 * What a workspace consists of is found by looking: every map, set and list among an object's own members is its state,
 * everything else (clock, ids, manifest, functions) is how it works and stays, unless it is named.
 */
export class Snapshot {
  readonly #parts: ReadonlyArray<{ readonly of: object; readonly state: ReadonlyMap<string, unknown> }>;

  /**
   * @param parts what is kept, each with its state as it is now
   * @param named further members that are kept, whatever they hold
   */
  constructor(parts: readonly object[], named: ReadonlyArray<readonly [of: object, member: string]> = []) {
    const seen = new Map<object, object>();
    this.#parts = [
      ...parts.map((of) => ({ of, state: stateOf(of, seen) })),
      ...named.map(([of, member]) => ({
        of,
        state: new Map([[member, copied(Reflect.get(of, member), seen)]]),
      })),
    ];
  }

  /** Makes everything as it was; the copy stays good for another time. */
  restore(): void {
    const seen = new Map<object, object>();
    for (const { of, state } of this.#parts) {
      for (const [name, kept] of state) putBack(of, name, copied(kept, seen));
    }
  }
}

function stateOf(of: object, seen: Map<object, object>): Map<string, unknown> {
  const state = new Map<string, unknown>();
  for (const [name, value] of Object.entries(of)) {
    if (value instanceof Map || value instanceof Set || Array.isArray(value))
      state.set(name, copied(value, seen));
  }
  return state;
}

// Maps and sets are filled again rather than replaced: others hold them.
function putBack(of: object, name: string, value: unknown): void {
  const now: unknown = Reflect.get(of, name);
  if (now instanceof Map && value instanceof Map) {
    now.clear();
    for (const [key, member] of value) now.set(key, member);
  } else if (now instanceof Set && value instanceof Set) {
    now.clear();
    for (const member of value) now.add(member);
  } else Reflect.set(of, name, value);
}

/** A deep copy that keeps classes and what is shared; bytes are not changed by anybody and stay. */
function copied(value: unknown, seen: Map<object, object>): unknown {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  const known = seen.get(value);
  if (known) return known;
  if (value instanceof Map) {
    const map = new Map<unknown, unknown>();
    seen.set(value, map);
    for (const [key, member] of value) map.set(key, copied(member, seen));
    return map;
  }
  if (value instanceof Set) {
    const set = new Set<unknown>();
    seen.set(value, set);
    for (const member of value) set.add(copied(member, seen));
    return set;
  }
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    seen.set(value, list);
    for (const member of value) list.push(copied(member, seen));
    return list;
  }
  const object: object = Object.create(Object.getPrototypeOf(value));
  seen.set(value, object);
  for (const [name, member] of Object.entries(value)) Reflect.set(object, name, copied(member, seen));
  return object;
}
