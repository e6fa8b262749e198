import { type Refusal, refuse } from '../refusal.js';
import { BLANK } from './blank.js';
import { type Form, readForm } from './clock-forms.js';
import { wordAt } from './impossible-times.js';
import { exampleZones, isAbbreviation } from './zone-abbreviations.js';

/** A time or a range as typed; still no instant. */
export interface Span {
  readonly from: Form;
  readonly to: Form | null;
  readonly end: number;
}

const STUCK = /(?:[-—―/~→⇒]|-+>|=>|\.{2,3})~?/y;
/** With white space on both sides, or on one that leaves no doubt: `13:41 -05:00` has an offset. */
const SPACED = new RegExp(
  `(?:${BLANK}*(?:[—―~→⇒]|-+>|=>|\\.{2,3})${BLANK}*|-${BLANK}+|${BLANK}+(?:[-/]|to|until|till?|thru|through|up${BLANK}+to|bis|tot|à)${BLANK}+)~?`,
  'iy',
);

/**
 * Reads `A` or `A-B` (also `A - B`, `A–B`, `A to B`, ISO `A/B`), up to where a zone or the text follows. `-HH:MM` right behind a time
 * ends a range, with a date or without; an offset there needs a space before it, or the T of ISO 8601.
 * @returns null: that is text
 */
export function readSpan(text: string, at: number): Span | Refusal | null {
  const from = readForm(text, at, true);
  if (!from || 'refused' in from) return from;
  for (const separator of [STUCK, SPACED]) {
    separator.lastIndex = from.end;
    const match = separator.exec(text);
    if (!match) continue;
    const to = readForm(text, from.end + match[0].length, false);
    if (to && 'refused' in to) return to;
    if (to && endsWell(text, to.end)) return agree(text, at, from, to) ?? { from, to, end: to.end };
  }
  if (endsWell(text, from.end)) return { from, to: null, end: from.end };
  return stuckTo(text, at, from);
}

function endsWell(text: string, at: number): boolean {
  return at >= text.length || /\s/.test(text[at] ?? '');
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

const MARKS: Record<string, string> = { ':': 'colon', ',': 'comma', ';': 'semicolon', '.': 'full stop' };

/** Something stands right behind a time: a longer word that is no time, or a time with a stray character. */
function stuckTo(text: string, at: number, form: Form): Refusal | null {
  const next = text.slice(form.end, form.end + 2);
  // -5m/s and 2024-11-10/notes are words; 14:32: and 14:32ish are times that we cannot read for sure.
  if (form.kind !== 'clock' && !/^(?:[,;:.)!?…-]+(?:\s|$)|[-+:.]\d)/.test(text.slice(form.end, form.end + 8)))
    return null;
  const got = wordAt(text, at, form.kind === 'clock' && form.day !== null ? 2 : 1);
  const mark = /^.(?:\s|$)/.test(next) ? MARKS[next[0] ?? ''] : undefined;
  if (mark)
    return refuse('TIME_UNKNOWN', { got, next: `Leave out the ${mark}: \`${text.slice(at, form.end)}\`.` });
  const zone =
    /^\p{L}{2,5}(?=[\s,;:.)]|$)/u.exec(text.slice(form.end, form.end + 6))?.[0].toUpperCase() ?? '';
  return isAbbreviation(zone)
    ? refuse('TIME_ZONE_AMBIGUOUS', { zone, next: exampleZones(zone, text.slice(at, form.end)) })
    : refuse('TIME_UNKNOWN', { got });
}
