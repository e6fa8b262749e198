import type { Asker } from '../../permission.js';
import { type Refusal, refuse } from '../../refusal.js';
import { LIMITS } from '../../text.js';
import { type Moment, momentNow, personLabel, refOf } from '../../words.js';
import type { Entry } from '../entry.js';
import type { DraftFact } from '../fact.js';
import type { Asking, Intent } from '../intent.js';
import type { IncidentState } from '../state.js';

/** What deciding may have to look up beside the bounded state: at most one entry, found by the caller. */
export interface Found {
  /** The entry that the intent names (`edit 4`), or the asker's own last one (`undo`). */
  entry: Entry | null;
  /** Where something is struck: all unstruck entries by which anything stands (standing.ts), in order of recording. */
  changes: Entry[];
  /** The entry that captured that message before. */
  captured: Entry | null;
  /** Has that action item been completed? */
  actionDone: boolean;
  /** The number for a new incident. */
  number: number;
  /** Which run holds the target that a new run, or an undo, wants; absent or null: none. */
  holder?: { incident: number; run: number; hidden?: boolean } | null;
  /** Who asks, looked up; absent: as much as came with the asking. */
  asker?: Asker;
}

export type Decision = DraftFact[] | Refusal;
export type IntentOf<T extends Intent['type']> = Extract<Intent, { type: T }>;

/** What a new timeline entry begins with: its number and when it happened. */
export function happened(state: IncidentState, asking: Asking, moment: Moment | null, offset = 0) {
  const { at, until, precision } = moment ?? momentNow(asking.now);
  return { n: state.entries + 1 + offset, at, until, precision };
}

/** Texts that may be absent: an absent one has no field at all, so that null can mean *erased*. */
export function given(texts: Record<string, string | null>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(texts).filter((pair): pair is [string, string] => pair[1] !== null),
  );
}

/** `component.0`, `component.1` …: lists of texts, each erasable on its own. */
export function numbered(field: string, values: string[]): Record<string, string> {
  return Object.fromEntries(values.map((value, i) => [`${field}.${i}`, value]));
}

/** @returns a refusal when more than `limit` things would be kept. */
export function tooMany(what: string, count: number, limit: number, next: string): Refusal | null {
  return count > limit ? refuse('TOO_MANY', { what, count, limit, next }) : null;
}

/** @returns the entry, or why it cannot be corrected. */
export function standing(state: IncidentState, found: Found, entry: number): Entry | Refusal {
  const ref = refOf(state.number);
  if (!found.entry || found.entry.n !== entry) return refuse('NO_SUCH_ENTRY', { ref, entry });
  if (found.entry.struck) return refuse('ENTRY_STRUCK', { ref, entry });
  return found.entry;
}

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

export function addAction(state: IncidentState, intent: IntentOf<'AddAction'>, asking: Asking): Decision {
  const { text, owner } = intent;
  return [
    {
      type: 'ActionAdded',
      data: { ...happened(state, asking, null), action: state.actions + 1, owner: owner?.id ?? null },
      texts: given({ text, owner: owner?.name ?? null }),
    },
  ];
}

export function completeAction(
  state: IncidentState,
  intent: IntentOf<'CompleteAction'>,
  asking: Asking,
  found: Found,
): Decision {
  const { action } = intent;
  const ref = refOf(state.number);
  if (action < 1 || action > state.actions) return refuse('NO_SUCH_ACTION', { ref, action });
  if (found.actionDone) return refuse('ACTION_DONE', { ref, action });
  return [{ type: 'ActionCompleted', data: { ...happened(state, asking, null), action }, texts: {} }];
}

/**
 * Impact as entered. When it says from when to when, that is where it stands in the timeline;
 * otherwise it stands where it was recorded.
 */
export function recordImpact(
  state: IncidentState,
  intent: IntentOf<'RecordImpact'>,
  asking: Asking,
): Decision {
  const { text, failed, total, from, to } = intent;
  if (text === null && failed === null && total === null && intent.components.length === 0) {
    return refuse('IMPACT_EMPTY', { form: 'impact TEXT, or impact --failed 19 --from 01:41 --to 01:44' });
  }
  if (failed !== null && total !== null && failed > total) {
    return refuse('IMPACT_CONTRADICTS', { why: `${failed} failed of ${total}` });
  }
  if (from && to && to.at < from.at) {
    return refuse('TIME_RANGE_BACKWARDS', { from: from.at, to: to.at });
  }
  const components = [...new Set(intent.components)];
  const excess = tooMany(
    'components',
    components.length,
    LIMITS.components,
    'Name the ones that matter most.',
  );
  if (excess) return excess;
  return [
    {
      type: 'ImpactRecorded',
      data: {
        ...happened(state, asking, span(from, to)),
        failed,
        total,
        from: from?.at ?? null,
        to: to?.at ?? null,
        components: components.length,
      },
      texts: { ...given({ text }), ...numbered('component', components) },
    },
  ];
}

function span(from: Moment | null, to: Moment | null): Moment | null {
  if (from && to) {
    // A span is as vague as its vaguer end.
    const precision = from.precision === 'second' ? to.precision : from.precision;
    return { at: from.at, until: to.at, precision };
  }
  return from ?? to;
}
