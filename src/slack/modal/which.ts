import type { types } from '@slack/bolt';
import { type IncidentState, refOf } from '#domain/state.js';
import { plain } from '../blocks/block.js';
import { cut } from '../blocks/cut.js';
import { input, modal } from './frame.js';

/** Asks whose timeline a message belongs to, when several incidents are open and the channel is none's. */
export function whichModal(open: readonly IncidentState[], from: string): types.ModalView {
  const options = open.slice(0, 100).map((state) => ({
    text: plain(cut(`${refOf(state.number)} ${state.title}`, 75)),
    value: String(state.number),
  }));
  return modal({
    callbackId: 'which',
    title: 'Add to timeline',
    submit: 'Record',
    from,
    blocks: [
      input('incident', 'Which incident?', {
        type: 'static_select',
        placeholder: plain('Choose one'),
        options,
      }),
    ],
  });
}
