import { SLOTS } from '../../../app/forms/slots.js';
import { type Fields, isFields, listOf } from '../../../fields.js';

/** What an element holds before anybody touches it, as in `Typed`. */
export function initialOf(element: Fields): unknown {
  const [, member] = SLOTS[String(element.type)] ?? [];
  return member ? plain(element, element[member]) : undefined;
}

/** What `state.values` says of an element, as in `Typed`. */
export function fromState(element: Fields, state: unknown): unknown {
  const [slot] = SLOTS[String(element.type)] ?? [];
  if (!slot || !isFields(state)) return undefined;
  return slot === 'files' ? listOf(state.files).map((file) => file.id) : plain(element, state[slot]);
}

/** Options go by their value, but for those that the app suggested: nobody else knows their words. */
function plain(element: Fields, given: unknown): unknown {
  const type = String(element.type);
  const whole = type.endsWith('external_select') || type === 'rich_text_input';
  if (Array.isArray(given)) return given.map((it) => (whole ? it : optionValue(it)));
  return whole ? given : optionValue(given);
}

/** The value of an option, or what stands for it. */
export function optionValue(option: unknown): unknown {
  return isFields(option) && 'value' in option ? option.value : option;
}

/** The options of a menu, those of its groups among them. */
export function optionsOf(element: Fields): Fields[] {
  return [
    ...listOf(element.options),
    ...listOf(element.option_groups).flatMap((group) => listOf(group.options)),
  ];
}

/** A value as a list of texts: ids or values of options. */
export function listOfValues(value: unknown): string[] {
  if (value === undefined || value === null || value === '') return [];
  return (Array.isArray(value) ? value : [value]).map((it) => String(optionValue(it)));
}

/** The interactive elements of a block. */
export function elementsIn(block: Fields): Fields[] {
  if (block.type === 'container') return listOf(block.child_blocks).flatMap(elementsIn);
  return [...listOf(block.elements), block.element, block.accessory].filter(isFields);
}
