import type { types } from '@slack/bolt';
import { refOf } from '#domain/state.js';
import { type From, input, line, modal, remembered, type Values } from './frame.js';

export function logModal(from: From): types.ModalView {
  return modal({
    callbackId: 'log',
    title: from.incident === null ? 'Paste a log' : `Log for ${refOf(from.incident)}`,
    submit: 'Record all',
    from: remembered(from),
    blocks: [
      input('text', 'Lines', line({ multiline: true, max_length: 3_000, focus_on_load: true }), {
        hint: 'Each line is TIME TEXT, for example: 01:41 requests start to fail. All are recorded, or none.',
      }),
    ],
  });
}

/** @returns the command line that says the same */
export function logLine(values: Values): string {
  return `log\n${values.text('text')}`;
}
