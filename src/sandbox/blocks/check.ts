import { type Fields, isFields, listOf } from '../fields.js';
import { refuse, refuseWith, SlackError } from '../refuse.js';
import { lengthOf } from '../workspace/text.js';
import { messageBlocks, viewSchema } from './block.js';
import { complaints } from './complaints.js';

// Slack documents no sum; measured refusals lie between 11,000 and 13,200 characters.
const MAX_BLOCK_TEXT = 13_000;
const MAX_VIEW_BYTES = 250_000;

/**
 * Checks the blocks of a message.
 * @throws SlackError `invalid_blocks_format`, `invalid_blocks`, `msg_blocks_too_long`
 */
export function checkMessageBlocks(value: unknown, options: { sum?: boolean } = {}): Fields[] {
  if (!Array.isArray(value)) throw new SlackError('invalid_blocks_format');
  const parsed = messageBlocks.safeParse(value);
  if (!parsed.success) refuseWith('invalid_blocks', complaints(parsed.error.issues, '/blocks', value));
  const blocks = listOf(value);
  const problems = [
    ...emptySections(blocks, '/blocks'),
    ...doubleChoices(blocks, '/blocks'),
    ...duplicates(blocks, '/blocks'),
  ];
  if (problems.length > 0) refuseWith('invalid_blocks', problems);
  if (options.sum !== false && sumOfText(blocks) > MAX_BLOCK_TEXT) refuse('msg_blocks_too_long');
  return blocks;
}

/**
 * Checks a view.
 * @throws SlackError `invalid_arguments` with its reasons, `view_too_large`
 */
export function checkView(value: unknown): Fields {
  if (!isFields(value)) refuseWith('invalid_arguments', ['must provide an object [json-pointer:/view]']);
  if (Buffer.byteLength(JSON.stringify(value)) > MAX_VIEW_BYTES) refuse('view_too_large');
  const parsed = viewSchema.safeParse(value);
  if (!parsed.success) refuseWith('invalid_arguments', complaints(parsed.error.issues, '/view', value));
  const blocks = listOf(value.blocks);
  const pointer = '/view/blocks';
  const problems = [
    ...emptySections(blocks, pointer),
    ...doubleChoices(blocks, pointer),
    ...duplicates(blocks, pointer),
    ...missingSubmit(value, blocks),
    ...secondFocus(blocks),
  ];
  if (problems.length > 0) refuseWith('invalid_arguments', problems);
  return value;
}

/** The interactive elements of a block with the pointer to each. */
export function elementsOf(block: Fields, pointer = ''): Array<{ element: Fields; pointer: string }> {
  const found: Array<{ element: Fields; pointer: string }> = [];
  listOf(block.elements).forEach((element, index) => {
    found.push({ element, pointer: `${pointer}/elements/${index}` });
  });
  for (const name of ['element', 'accessory']) {
    const element = block[name];
    if (isFields(element)) found.push({ element, pointer: `${pointer}/${name}` });
  }
  return block.type === 'actions' || block.type === 'input' || block.type === 'section' ? found : [];
}

function emptySections(blocks: Fields[], root: string): string[] {
  return blocks.flatMap((block, index) =>
    block.type === 'section' && block.text === undefined && block.fields === undefined
      ? [`missing required field: text [json-pointer:${root}/${index}]`]
      : [],
  );
}

function doubleChoices(blocks: Fields[], root: string): string[] {
  return blocks.flatMap((block, index) =>
    elementsOf(block, `${root}/${index}`).flatMap(({ element, pointer }) => {
      if (element.type !== 'static_select' && element.type !== 'multi_static_select') return [];
      const given = [element.options, element.option_groups].filter((choice) => choice !== undefined).length;
      if (given === 1) return [];
      return given === 0
        ? [`missing required field: options [json-pointer:${pointer}]`]
        : [`only one of \`options\` and \`option_groups\` is allowed [json-pointer:${pointer}]`];
    }),
  );
}

function duplicates(blocks: Fields[], root: string): string[] {
  const blockIds = new Set<unknown>();
  const problems: string[] = [];
  blocks.forEach((block, index) => {
    const { block_id: id } = block;
    if (id !== undefined && blockIds.has(id)) {
      problems.push(`\`block_id\` "${id}" already exists [json-pointer:${root}/${index}/block_id]`);
    }
    blockIds.add(id);
    // Unique in their block only: `state.values` is keyed by block first.
    const actionIds = new Set<unknown>();
    for (const { element, pointer } of elementsOf(block, `${root}/${index}`)) {
      const { action_id: action } = element;
      if (action !== undefined && actionIds.has(action)) {
        problems.push(`\`action_id\` "${action}" already exists [json-pointer:${pointer}/action_id]`);
      }
      actionIds.add(action);
    }
  });
  return problems;
}

function missingSubmit(view: Fields, blocks: Fields[]): string[] {
  if (view.type !== 'modal' || view.submit !== undefined) return [];
  const index = blocks.findIndex((block) => block.type === 'input');
  if (index < 0) return [];
  return [
    `must define \`submit\` to use an \`input\` block in modals [json-pointer:/view/blocks/${index}/input]`,
  ];
}

function secondFocus(blocks: Fields[]): string[] {
  const focused = blocks
    .flatMap((block) => elementsOf(block))
    .filter(({ element }) => element.focus_on_load === true);
  return focused.length > 1 ? ['only one element may have `focus_on_load` [json-pointer:/view/blocks]'] : [];
}

function sumOfText(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + sumOfText(item), 0);
  if (!isFields(value)) return 0;
  return Object.entries(value).reduce(
    (sum, [key, member]) =>
      sum + (key === 'text' && typeof member === 'string' ? lengthOf(member) : sumOfText(member)),
    0,
  );
}
