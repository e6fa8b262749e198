import { elementsIn, optionsOf } from '../../blocks/walk.js';
import { type Fields, isFields } from '../../fields.js';
import { SLOTS } from './slots.js';

/** Values by block and action, as someone types or picks them: text, an option's value, an id, a list of these. */
export type Typed = Record<string, Record<string, unknown>>;

export type StateValues = Record<string, Record<string, Fields>>;

/** What stands behind typed values that are only names. */
export interface Known {
  /** The file object of an uploaded file. */
  readonly file: (id: string) => Fields | undefined;
  /** The options that the app offered for an external menu so far. */
  readonly offered: (blockId: string, actionId: string) => readonly Fields[];
}

const NOTHING: Known = { file: () => undefined, offered: () => [] };

/**
 * The `state.values` of a view or message: what was typed, else what the app set as initial value, else null.
 * @param before values typed earlier
 */
export function stateOf(
  blocks: readonly Fields[],
  typed: Typed,
  before: StateValues = {},
  known: Known = NOTHING,
): StateValues {
  const state: StateValues = {};
  for (const { block, element } of elementsIn(blocks)) {
    const slot = slotOf(element);
    if (!slot) continue;
    const [blockId, actionId] = [String(block.block_id), String(element.action_id)];
    const given = typed[blockId]?.[actionId];
    const value =
      given === undefined ? before[blockId]?.[actionId] : typedValue(element, given, blockId, known);
    const inBlock = state[blockId] ?? {};
    inBlock[actionId] = value ?? {
      type: element.type,
      [slot]: initialOf(element, slot),
      ...zoneOf(element),
    };
    state[blockId] = inBlock;
  }
  return state;
}

/** One element with its new value, as payloads carry it. */
export function typedValue(element: Fields, given: unknown, blockId: string, known: Known = NOTHING): Fields {
  const { type } = element;
  const slot = slotOf(element);
  if (!slot) return { type };
  return { type, [slot]: contentOf(element, slot, given, blockId, known), ...zoneOf(element) };
}

function contentOf(element: Fields, slot: string, given: unknown, blockId: string, known: Known): unknown {
  const option = (item: unknown) => optionOf(element, item, blockId, known);
  if (given === null || given === '') return slot.endsWith('s') ? [] : null;
  switch (slot) {
    case 'selected_option':
      return option(given);
    case 'selected_options':
      return many(given).map(option);
    case 'files':
      return many(given).map((item) => (isFields(item) ? item : (known.file(String(item)) ?? { id: item })));
    case 'rich_text_value':
      return isFields(given) ? given : richText(String(given));
    case 'selected_date_time':
      return Number(given);
    default:
      return slot.endsWith('s') ? many(given).map(String) : String(given);
  }
}

/** Whether a typed value is one that the menu could have given: nobody can choose what is not in it. */
export function canBeChosen(element: Fields, given: unknown, blockId: string, known: Known): boolean {
  const slot = slotOf(element);
  if (given === null || given === '' || (slot !== 'selected_option' && slot !== 'selected_options'))
    return true;
  const values = optionsFor(element, blockId, known).map((option) => option.value);
  return many(given).every((item) => isFields(item) || values.includes(item));
}

function optionsFor(element: Fields, blockId: string, known: Known): Fields[] {
  const { initial_option: one, initial_options: several } = element;
  const initial = [one, ...(Array.isArray(several) ? several : [])].filter(isFields);
  return [...optionsOf(element), ...known.offered(blockId, String(element.action_id)), ...initial];
}

/** An option as the app wrote it. */
function optionOf(element: Fields, given: unknown, blockId: string, known: Known): Fields {
  if (isFields(given)) return given;
  const found = optionsFor(element, blockId, known).find((option) => option.value === given);
  return found ?? { text: { type: 'plain_text', text: String(given), emoji: true }, value: String(given) };
}

function richText(text: string): Fields {
  return {
    type: 'rich_text',
    elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text }] }],
  };
}

function many(given: unknown): unknown[] {
  return Array.isArray(given) ? given : [given];
}

/** A time of day is told with the zone that the app named, if it did. */
function zoneOf(element: Fields): Fields {
  return element.type === 'timepicker' && element.timezone ? { timezone: element.timezone } : {};
}

/** The member of a value that holds what was typed or chosen; undefined for buttons. */
export function slotOf(element: Fields): string | undefined {
  return SLOTS[String(element.type)]?.[0];
}

function initialOf(element: Fields, slot: string): unknown {
  const initial = element[SLOTS[String(element.type)]?.[1] ?? ''];
  return initial ?? (slot.endsWith('s') ? [] : null);
}

/** The options that the app offered while people typed, so that a chosen one is carried as it was offered. */
export class Offers {
  readonly #offered = new Map<string, Fields[]>();

  add(place: string, blockId: string, actionId: string, options: readonly Fields[]): void {
    const key = keyOf(place, blockId, actionId);
    // The newest wording of a value counts.
    this.#offered.set(key, [...options, ...(this.#offered.get(key) ?? [])].slice(0, 1000));
  }

  of(place: string, blockId: string, actionId: string): readonly Fields[] {
    return this.#offered.get(keyOf(place, blockId, actionId)) ?? [];
  }

  reset(): void {
    this.#offered.clear();
  }
}

const keyOf = (...parts: string[]) => JSON.stringify(parts);
