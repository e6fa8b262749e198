import { type Fields, isFields, listOf } from '../fields.js';

/** A block with the json-pointer to it. */
export interface PlacedBlock {
  readonly block: Fields;
  readonly pointer: string;
}

/** An interactive element, the block it belongs to, and the json-pointer to it. */
export interface Placed {
  readonly block: Fields;
  readonly element: Fields;
  readonly pointer: string;
}

/** Every block in reading order, those inside of containers and carousels too. */
export function blocksIn(blocks: readonly Fields[], root = ''): PlacedBlock[] {
  return blocks.flatMap((block, index) => {
    const pointer = `${root}/${index}`;
    const nested =
      block.type === 'container' ? 'child_blocks' : block.type === 'carousel' ? 'elements' : undefined;
    return [
      { block, pointer },
      ...(nested === undefined ? [] : blocksIn(listOf(block[nested]), `${pointer}/${nested}`)),
    ];
  });
}

/** Every element that a person can use; pictures and texts are none. */
export function elementsIn(blocks: readonly Fields[], root = ''): Placed[] {
  return blocksIn(blocks, root).flatMap(({ block, pointer }) =>
    membersOf(block)
      .map(([name, element]) => ({ block, element, pointer: `${pointer}/${name}` }))
      .filter(({ element }) => element.type !== 'image'),
  );
}

function membersOf(block: Fields): Array<[name: string, element: Fields]> {
  switch (block.type) {
    case 'actions':
    case 'context_actions':
      return listOf(block.elements).map((element, index) => [`elements/${index}`, element]);
    case 'card':
      return listOf(block.actions).map((element, index) => [`actions/${index}`, element]);
    case 'input':
      return isFields(block.element) ? [['element', block.element]] : [];
    case 'section':
      return isFields(block.accessory) ? [['accessory', block.accessory]] : [];
    default:
      return [];
  }
}

/** The options of a menu, grouped or not. */
export function optionsOf(element: Fields): Fields[] {
  return [
    ...listOf(element.options),
    ...listOf(element.option_groups).flatMap((group) => listOf(group.options)),
  ];
}
