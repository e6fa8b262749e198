import type { Json } from './runbook.js';

/** As people and plans read it. */
const MARK = '(known when it runs)';

const all = new WeakSet<object>();

/** An object of its own, known by its identity, that says in texts and in JSON what it is. */
function made(text: string): Json {
  const says = { value: () => text };
  const value = Object.freeze(Object.defineProperties({}, { toString: says, toJSON: says }));
  all.add(value);
  return value;
}

/** Stands in a scope for what is not known before the run; whatever is looked up below it is not known either. */
export const UNKNOWN: Json = made(MARK);

/** @returns a text of which a part is not known yet: it shows as that text, and is not known */
export function partlyUnknown(text: string): Json {
  return made(text);
}

/** Is this very value not known? */
export function isMark(value: unknown): value is Json & object {
  return typeof value === 'object' && value !== null && all.has(value);
}

/** Is it, or anything within it, not known? */
export function isUnknown(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return isMark(value) || Object.values(value).some(isUnknown);
}

/**
 * Could `value` be what stands in a plan as `planned`? A plan is kept as JSON: what was not known shows there as a text that says
 * so, and could be anything.
 */
export function couldBe(planned: Json, value: Json): boolean {
  if (typeof planned === 'string' && planned.includes(MARK)) return true;
  if (typeof planned !== 'object' || planned === null || typeof value !== 'object' || value === null)
    return planned === value;
  const [before, now] = [Object.entries(planned), Object.entries(value)];
  return (
    Array.isArray(planned) === Array.isArray(value) &&
    before.length === now.length &&
    before.every(([name, one]) => {
      const other = now.find(([its]) => its === name);
      return other !== undefined && couldBe(one, other[1]);
    })
  );
}
