import type { types } from '@slack/bolt';
import { refOf } from '#domain/state.js';
import { type From, input, line, modal, remembered, TIME_HINT, type Values } from './frame.js';

export function noteModal(from: From): types.ModalView {
  return modal({
    callbackId: 'note',
    title: from.incident === null ? 'Note' : `Note for ${refOf(from.incident)}`,
    submit: 'Record',
    from: remembered(from),
    blocks: [
      input('text', 'What happened?', line({ multiline: true, max_length: 3_000, focus_on_load: true })),
      input('at', 'When?', line(), { hint: TIME_HINT, optional: true }),
    ],
  });
}

/** @returns the command line that says the same; `--` keeps a text that begins like a time from being read as one */
export function noteLine(values: Values): string {
  const at = values.text('at').trim();
  return `note ${at === '' ? '' : `${at} `}-- ${values.text('text')}`;
}
