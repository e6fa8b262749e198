import type { types } from '@slack/bolt';
import { plain } from '#domain/command/entered.js';
import { parseCommand } from '#domain/command/parse.js';
import { isRefusal } from '#domain/refusal.js';
import { refOf } from '#domain/words.js';
import {
  type FormContext,
  type From,
  input,
  line,
  type Meant,
  missing,
  modal,
  remembered,
  type Values,
  type Wrong,
  wrong,
} from './frame.js';

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

/** The grammar reads the lines: a paste means the same here as behind `log`. */
export function meantByLog(values: Values, context: FormContext): Meant | Wrong {
  const text = values.text('text');
  if (text.trim() === '') return wrong('text', missing('log', 'lines', context));
  // Every form for an incident knows which one it is.
  const said = parseCommand(plain(`log\n${text}`), { ...context, implied: true, roles: [] });
  if (isRefusal(said)) return wrong('text', said);
  if (said.kind !== 'intent') throw new Error(`a pasted log was read as ${said.kind}`);
  return { intent: said.intent, notes: said.notes };
}
