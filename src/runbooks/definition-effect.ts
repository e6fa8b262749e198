import { z } from 'zod';
import type { Json, StepEffect } from '#domain/runbook.js';
import type { Action, Actions } from './action.js';
import type { Path } from './definition-source.js';
import { isMapping, isTemplate } from './definition-templates.js';

/** What a call does to the world; or where in its `with` the template stands on which that rests. */
type Told = { effect: StepEffect } | { restsOn: Path };

/**
 * @returns what running a call does to the world as far as it can be told before its templates are filled in;
 * null: that rests on them
 */
export function effectOf(call: Record<string, unknown>, actions: Actions): StepEffect | null {
  const told = toldOf(call, actions);
  return told && 'effect' in told ? told.effect : null;
}

/** @returns null where the call itself is wrong, so that nothing more can be said of it */
export function toldOf(call: Record<string, unknown>, actions: Actions): Told | null {
  const action = actions.get(String(call.uses));
  if (!action) return null;
  if (!action.effectOf) return { effect: action.effect };
  const given = call.with ?? {};
  if (templated(given, []).length > 0) return toldWithout(action, given);
  try {
    const read = action.input.safeParse(given);
    return read.success ? { effect: action.effectOf(read.data) } : null;
  } catch {
    return null;
  }
}

/** Most effects rest on one member only, such as the method of a request: the templates of the others do not matter. */
function toldWithout(action: Action, given: unknown): Told | null {
  if (!isMapping(given)) return null;
  if (!(action.input instanceof z.ZodObject)) return { restsOn: [] };
  let restsOn: Path | null = null;
  const input = {};
  try {
    for (const [name, schema] of Object.entries(action.input.shape)) {
      if (templated(given[name], []).length > 0) {
        const get = () => {
          restsOn = [name];
          throw new Error(`${name} is not known yet`);
        };
        Object.defineProperty(input, name, { enumerable: true, get });
        continue;
      }
      const read = (schema as z.ZodType).safeParse(given[name]);
      if (!read.success) return null;
      Object.defineProperty(input, name, { enumerable: true, value: read.data });
    }
    return { effect: action.effectOf?.(input) ?? action.effect };
  } catch {
    return restsOn && { restsOn };
  }
}

/** The places of a value that hold templates. */
export function templated(value: unknown, path: Path): Path[] {
  if (isTemplate(value)) return [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value as Record<string, Json>).flatMap(([name, member]) =>
    templated(member, [...path, Array.isArray(value) ? Number(name) : name]),
  );
}
