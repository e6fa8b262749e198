import type { Asking } from '../intent.js';
import { LIMITS } from '../limits.js';
import { personLabel } from '../person.js';
import { refuse } from '../refusal.js';
import { type IncidentState, refOf } from '../state.js';
import { type Decision, type Found, given, happened, type IntentOf, tooMany } from './context.js';

export function recordNote(state: IncidentState, intent: IntentOf<'RecordNote'>, asking: Asking): Decision {
  return [
    { type: 'NoteRecorded', data: happened(state, asking, intent.moment), texts: { text: intent.text } },
  ];
}

/** Every line or none: the facts of one decision are written together. */
export function recordLog(state: IncidentState, intent: IntentOf<'RecordLog'>, asking: Asking): Decision {
  const excess = tooMany('lines', intent.lines.length, LIMITS.logLines, 'Paste them in several parts.');
  if (excess) return excess;
  return intent.lines.map((line, i) => ({
    type: 'NoteRecorded',
    data: happened(state, asking, line.moment, i),
    texts: { text: line.text },
  }));
}

export function recordCause(state: IncidentState, intent: IntentOf<'RecordCause'>, asking: Asking): Decision {
  return [{ type: 'CauseRecorded', data: happened(state, asking, null), texts: { text: intent.text } }];
}

/** One message is one entry, however many people pin it: the second is told who was first. */
export function captureMessage(
  state: IncidentState,
  intent: IntentOf<'CaptureMessage'>,
  asking: Asking,
  found: Found,
): Decision {
  const { channel, ts, text, author, link } = intent.message;
  if (found.captured) {
    const by = personLabel(found.captured.by);
    return refuse('ALREADY_CAPTURED', { ref: refOf(state.number), entry: found.captured.n, by });
  }
  // `ts` is seconds, a dot, and a serial number; only the seconds are a time.
  const at = `${new Date(Number.parseInt(ts, 10) * 1000).toISOString().slice(0, 19)}Z`;
  return [
    {
      type: 'MessageCaptured',
      data: {
        ...happened(state, asking, { at, until: null, precision: 'second' }),
        channel,
        ts,
        author: author.id,
        link,
      },
      texts: given({ text, author: author.name }),
    },
  ];
}
