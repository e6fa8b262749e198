import { type Refusal, refuse } from '../refusal.js';
import { BLANK } from './blank.js';
import { type Form, readForm } from './clock-forms.js';
import { wordAt } from './impossible-times.js';
import { offsetZone } from './zone.js';

/** A time or a range as typed; still no instant. */
export interface Span {
  readonly from: Form;
  readonly to: Form | null;
  readonly end: number;
}

const STUCK = /[-–—−/]~?/y;
const SPACED = new RegExp(`${BLANK}+[-–—−]${BLANK}+~?`, 'y');
const STUCK_OFFSET = /[-−](\d{2}):(\d{2})(?![\d:])/y;

/**
 * Reads `A` or `A-B` (also `A - B`, `A–B`, ISO `A/B`), up to where a zone or the text follows.
 * @returns null: that is text
 */
export function readSpan(text: string, at: number): Span | Refusal | null {
  const from = readForm(text, at);
  if (!from || 'refused' in from) return from;
  const offset = readStuckOffset(text, at, from);
  if (offset) return offset;
  for (const separator of [STUCK, SPACED]) {
    separator.lastIndex = from.end;
    const match = separator.exec(text);
    if (!match) continue;
    const to = readForm(text, from.end + match[0].length);
    if (to && 'refused' in to) return to;
    if (to && endsWell(text, to.end)) return agree(text, at, from, to) ?? { from, to, end: to.end };
  }
  if (endsWell(text, from.end)) return { from, to: null, end: from.end };
  return stuckTo(text, at, from);
}

function endsWell(text: string, at: number): boolean {
  return at >= text.length || /\s/.test(text[at] ?? '');
}

/**
 * After a bare time `-HH:MM` is a range. After a date and a time it is an offset, as many programs print it
 * (`2024-11-10 01:41:00-05:00`), unless no such offset exists (`2024-11-10 01:41-01:44`). Where it may be both, we ask.
 */
function readStuckOffset(text: string, at: number, from: Form): Span | Refusal | null {
  if (from.kind !== 'clock' || from.day === null || typeof from.day === 'number' || from.zone) return null;
  STUCK_OFFSET.lastIndex = from.end;
  const match = STUCK_OFFSET.exec(text);
  if (!match) return null;
  const end = from.end + match[0].length;
  const [h, m] = [Number(match[1]), Number(match[2])];
  const zone = h <= 12 && (m === 0 || m === 30) ? offsetZone('-', h, m) : null;
  if (!zone || !endsWell(text, end)) return null;
  const later = h * 60 + m > from.clock.h * 60 + from.clock.m;
  if (later && from.clock.s === null && !from.iso) {
    const typed = text.slice(at, from.end);
    return refuse('TIME_RANGE_OR_OFFSET', { got: typed + match[0], time: typed, other: match[0].slice(1) });
  }
  return { from: { ...from, zone }, to: null, end };
}

/** Both ends must be of one kind, and both or neither with AM or PM: `1:07-1:15pm` begins in the morning or not? */
function agree(text: string, at: number, from: Form, to: Form): Refusal | null {
  const clear =
    from.kind === to.kind &&
    (from.kind !== 'clock' ||
      to.kind !== 'clock' ||
      to.day !== null ||
      from.clock.twelve === to.clock.twelve);
  return clear ? null : refuse('TIME_UNKNOWN', { got: text.slice(at, to.end) });
}

/** Something stands right behind a time: a longer word that is no time, or a time with a stray character. */
function stuckTo(text: string, at: number, form: Form): Refusal | null {
  const next = text.slice(form.end, form.end + 2);
  // -5m/s and 2024-11-10/notes are words; 14:32: and 14:32ish are times that we cannot read for sure.
  if (form.kind !== 'clock' && !/^[,;:.)!?…-](?:\s|$)/.test(next)) return null;
  return refuse('TIME_UNKNOWN', {
    got: wordAt(text, at, form.kind === 'clock' && form.day !== null ? 2 : 1),
  });
}
