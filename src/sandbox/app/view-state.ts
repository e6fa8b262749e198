import { elementsOf } from '../blocks/check.js';
import { type Fields, isFields, listOf } from '../fields.js';

/** Values by block and action, as someone types or picks them: text, an option's value, an id, a list of these. */
export type Typed = Record<string, Record<string, unknown>>;

export type StateValues = Record<string, Record<string, Fields>>;

/**
 * The `state.values` of a view or message: what was typed, else what the app set as initial value, else null.
 * @param before values typed earlier
 */
export function stateOf(blocks: readonly Fields[], typed: Typed, before: StateValues = {}): StateValues {
  const state: StateValues = {};
  for (const block of blocks) {
    for (const { element } of elementsOf(block)) {
      const slot = slotOf(String(element.type));
      if (!slot) continue;
      const [blockId, actionId] = [String(block.block_id), String(element.action_id)];
      const given = typed[blockId]?.[actionId];
      const value = given === undefined ? before[blockId]?.[actionId] : typedValue(element, given);
      const inBlock = state[blockId] ?? {};
      inBlock[actionId] = value ?? { type: element.type, [slot]: initialOf(element, slot) };
      state[blockId] = inBlock;
    }
  }
  return state;
}

/** What the client refuses before anything is sent: empty required inputs and texts of a wrong length. */
export function unfit(blocks: readonly Fields[], state: StateValues): Record<string, string> {
  const problems: Record<string, string> = {};
  for (const block of blocks) {
    if (block.type !== 'input' || !isFields(block.element)) continue;
    const { element } = block;
    const value = state[String(block.block_id)]?.[String(element.action_id)];
    const content = value?.[slotOf(String(element.type)) ?? ''];
    const empty =
      content === null ||
      content === undefined ||
      content === '' ||
      (Array.isArray(content) && content.length === 0);
    if (empty && block.optional !== true)
      problems[String(block.block_id)] = 'Please complete this required field.';
    if (typeof content !== 'string' || element.type !== 'plain_text_input') continue;
    const max = Number(element.max_length ?? 3000);
    const min = Number(element.min_length ?? 0);
    if (content.length > max) problems[String(block.block_id)] = `Must be no more than ${max} characters.`;
    if (!empty && content.length < min)
      problems[String(block.block_id)] = `Must be at least ${min} characters.`;
  }
  return problems;
}

/** One element with its new value, as payloads carry it. */
export function typedValue(element: Fields, given: unknown): Fields {
  const type = String(element.type);
  const slot = slotOf(type);
  if (!slot) return { type };
  if (given === null || given === '') return { type, [slot]: slot.endsWith('s') ? [] : null };
  if (slot === 'selected_option') return { type, [slot]: optionOf(element, given) };
  if (slot === 'selected_options')
    return { type, [slot]: many(given).map((item) => optionOf(element, item)) };
  if (slot.endsWith('s')) return { type, [slot]: many(given) };
  if (slot === 'selected_date_time') return { type, [slot]: Number(given) };
  return { type, [slot]: String(given) };
}

function optionOf(element: Fields, given: unknown): Fields {
  if (isFields(given)) return given;
  const groups = listOf(element.option_groups).flatMap((group) => listOf(group.options));
  const options = [...listOf(element.options), ...groups];
  const found = options.find((option) => option.value === given);
  return found ?? { text: { type: 'plain_text', text: String(given), emoji: true }, value: String(given) };
}

function many(given: unknown): unknown[] {
  return Array.isArray(given) ? given : [given];
}

const SLOTS: Record<string, [slot: string, initial: string]> = {
  plain_text_input: ['value', 'initial_value'],
  email_text_input: ['value', 'initial_value'],
  url_text_input: ['value', 'initial_value'],
  number_input: ['value', 'initial_value'],
  static_select: ['selected_option', 'initial_option'],
  external_select: ['selected_option', 'initial_option'],
  radio_buttons: ['selected_option', 'initial_option'],
  overflow: ['selected_option', ''],
  users_select: ['selected_user', 'initial_user'],
  conversations_select: ['selected_conversation', 'initial_conversation'],
  channels_select: ['selected_channel', 'initial_channel'],
  checkboxes: ['selected_options', 'initial_options'],
  multi_static_select: ['selected_options', 'initial_options'],
  multi_external_select: ['selected_options', 'initial_options'],
  multi_users_select: ['selected_users', 'initial_users'],
  multi_conversations_select: ['selected_conversations', 'initial_conversations'],
  multi_channels_select: ['selected_channels', 'initial_channels'],
  datepicker: ['selected_date', 'initial_date'],
  timepicker: ['selected_time', 'initial_time'],
  datetimepicker: ['selected_date_time', 'initial_date_time'],
};

function slotOf(type: string): string | undefined {
  return SLOTS[type]?.[0];
}

function initialOf(element: Fields, slot: string): unknown {
  const initial = element[SLOTS[String(element.type)]?.[1] ?? ''];
  return initial ?? (slot.endsWith('s') ? [] : null);
}
