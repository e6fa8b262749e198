import { type Fields, isFields, listOf } from '../../../fields.js';
import { elementsIn, fromState, initialOf } from '../elements/values.js';
import type { Typed } from '../place.js';

/** What the server knows of a view's inputs: it is shown again after a reload. */
export function valuesOf(view: Fields): Typed {
  const state = isFields(view.state) && isFields(view.state.values) ? view.state.values : {};
  return collect(view, (element, block) => {
    const inBlock = state[block];
    const value = isFields(inBlock) ? fromState(element, inBlock[String(element.action_id)]) : undefined;
    const empty = value === null || (Array.isArray(value) && value.length === 0);
    // Empty says something only where the app had put something.
    return empty && initialOf(element) === undefined ? undefined : value;
  });
}

/** Only the values of inputs that the view still has: the same block and the same action. */
export function stillThere(view: Fields, typed: Typed): Typed {
  return collect(view, (element, block) => typed[block]?.[String(element.action_id)]);
}

function collect(view: Fields, value: (element: Fields, block: string) => unknown): Typed {
  const values: Record<string, Record<string, unknown>> = {};
  for (const block of listOf(view.blocks)) {
    const id = String(block.block_id);
    for (const element of elementsIn(block)) {
      const found = value(element, id);
      if (found !== undefined) values[id] = { ...values[id], [String(element.action_id)]: found };
    }
  }
  return values;
}
