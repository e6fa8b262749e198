import type { types } from '@slack/bolt';
import { checkText } from '#domain/command/entered.js';
import { readTime } from '#domain/command/time/time.js';
import { zoneRemark } from '#domain/command/verbs.js';
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
  TIME_HINT,
  timeIn,
  type Values,
  type Wrong,
  wrong,
} from './frame.js';

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

/** The text stays as it was typed, also when it begins like a time. */
export function meantByNote(values: Values, context: FormContext): Meant | Wrong {
  const text = values.text('text');
  const refusal = text.trim() === '' ? missing('note', 'a text', context) : checkText(text);
  if (refusal) return wrong('text', refusal);
  const time = timeIn(values, context);
  if (time && 'wrong' in time) return time;
  return {
    intent: { type: 'RecordNote', moment: time?.moment ?? null, text },
    notes: time ? zoneRemark(time) : timeRemark(text, context),
  };
}

/** Whoever types the time into the text, as on a line, is told that it was not read. */
function timeRemark(text: string, context: FormContext): string[] {
  const like = readTime(text, context);
  if (like === null) return [];
  return [
    'The text begins like a time, and was kept as it is, at the moment of recording; `time N TIME` sets another.',
  ];
}
