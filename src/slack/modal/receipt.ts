import type { types } from '@slack/bolt';
import { plain, section } from '../blocks/block.js';
import { cut } from '../blocks/cut.js';

/** Takes the place of a form whose receipt has nowhere else to go. `text` is escaped. */
export function receiptModal(text: string): types.ModalView {
  return {
    type: 'modal',
    title: plain('Done'),
    close: plain('Close'),
    blocks: [section(cut(text, 2_900))],
  };
}
