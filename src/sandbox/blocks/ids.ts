import { copy, type Fields, listOf } from '../fields.js';
import type { Ids } from '../workspace/ids.js';
import { blocksIn, elementsIn } from './walk.js';

/** A copy of the blocks in which each block and each interactive element has an id, as Slack gives it where the app left it out. */
export function blocksWithIds(ids: Ids, blocks: readonly Fields[]): Fields[] {
  const made = copy([...blocks]);
  for (const { block } of blocksIn(made)) {
    // Slack writes a markdown block anew as other blocks, so an id given to it is lost.
    if (block.type === 'markdown') delete block.block_id;
    block.block_id ??= ids.hex(5);
  }
  for (const { element } of elementsIn(made)) element.action_id ??= ids.hex(5);
  return made;
}

/** A copy of the attachments, numbered from 1, with ids in their blocks and a fallback where there is none. */
export function attachmentsWithIds(ids: Ids, attachments: readonly Fields[]): Fields[] {
  return copy([...attachments]).map((attachment, index) => ({
    id: index + 1,
    ...attachment,
    ...(attachment.blocks === undefined ? {} : { blocks: blocksWithIds(ids, listOf(attachment.blocks)) }),
    fallback: attachment.fallback ?? fallbackOf(attachment),
  }));
}

function fallbackOf(attachment: Fields): string {
  const { title, text, pretext } = attachment;
  for (const words of [text, title, pretext]) if (typeof words === 'string' && words !== '') return words;
  return '[no preview available]';
}
