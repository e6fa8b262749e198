import { LIMITS } from '../limits.js';
import { type Refusal, refuse } from '../refusal.js';
import { numberOf } from '../state.js';
import { checkText } from './entered.js';
import { wordAt } from './impossible-times.js';
import type { Line } from './parsed.js';
import { unquoted } from './quotes.js';
import { type ReadTime, readTime, readTimeAlone } from './time.js';

/** The pieces that lines are made of: words, numbers, times and texts. Every `text` begins before its white space. */

export interface Word {
  readonly word: string;
  /** What stands behind it, its white space included. */
  readonly rest: string;
}

/** @returns the first word; an empty one when there is none. */
export function firstWord(text: string): Word {
  const match = /^\s*(\S*)/.exec(text);
  return { word: match?.[1] ?? '', rest: text.slice(match?.[0].length ?? 0) };
}

/** One white space parts the words; every further character is the person's own. */
export function exact(text: string): string {
  return text.replace(/^(?:\r\n|\s)/, '');
}

export function blank(text: string): boolean {
  return text.trim() === '';
}

/** @returns what stands behind a bare `--` at the start, or null when there is none. */
export function behindDashes(text: string): string | null {
  const match = /^\s*--(?=\s|$)/.exec(text);
  return match ? exact(text.slice(match[0].length)) : null;
}

export interface Timed {
  readonly time: ReadTime | null;
  readonly text: string;
  /** A bare `--` stood before the text: no flags follow. */
  readonly ended: boolean;
}

/** Reads `[TIME] [--] TEXT`. */
export function timed(text: string, line: Line): Timed | Refusal {
  const kept = behindDashes(text);
  if (kept !== null) return { time: null, text: kept, ended: true };
  const time = readTime(text, line.ctx);
  if (time && 'refused' in time) return time;
  if (!time) return { time: null, text: exact(text), ended: false };
  const after = behindDashes(time.rest);
  return { time, text: after ?? time.rest, ended: after !== null };
}

/** Reads a text that must be a time and nothing else. `range`: whether `A-B` will do. */
export function onlyTime(text: string, line: Line, range: boolean): ReadTime | Refusal {
  const time = readTimeAlone(text, line.ctx);
  if (time && 'refused' in time) return time;
  if (!time || !blank(time.rest)) return bad(line, 'a time', text);
  return time.moment.until !== null && !range ? bad(line, 'a single time', text) : time;
}

/** Checks a text that must be there. `what` as in “`note` needs a text”. */
export function needed(line: Line, text: string, limit: number, what: string): Refusal | null {
  return blank(text) ? missing(line, what) : checkText(text, limit);
}

/** Reads the number of an entry or an action item: `5` or `#5`. */
export function number(text: string, line: Line, what: string): { n: number; rest: string } | Refusal {
  const { word, rest } = firstWord(text);
  if (!word) return missing(line, `the number of ${what}`);
  const match = /^#?([1-9]\d{0,8})$/.exec(word);
  return match ? { n: Number(match[1]), rest } : bad(line, `the number of ${what}`, word);
}

/** Refuses what stands behind a verb that takes nothing more. */
export function nothingMore(text: string, line: Line): Refusal | null {
  return blank(text) ? null : bad(line, `part of \`${line.verb.name}\``, text);
}

/** Names of components and the like: one line, the quotes around them taken off. */
export function nameOf(
  text: string,
  line: Line,
  what: string,
  limit: number = LIMITS.component,
): string | Refusal {
  const name = unquoted(text);
  if (!name) return missing(line, what);
  if (/[\r\n\u2028\u2029]/.test(name)) return bad(line, `${what} on one line`, name);
  return checkText(name, limit, 'The name') ?? name;
}

/** The title of an incident: one line. */
export function titleProblem(title: string, line: Line): Refusal | null {
  if (blank(title)) return missing(line, 'a title');
  if (/[\r\n\u2028\u2029]/.test(title)) return bad(line, 'a title of one line', title);
  return checkText(title, LIMITS.title, 'The title');
}

const REF = /(?<!\S)inc-(?:0|[1-9][0-9]{0,8})(?!\S)/i;

/** @returns the first incident that is named in a text without words of a person's own, and the text with blanks for it. */
export function refAmong(text: string): { ref: number | null; text: string } {
  const match = REF.exec(text);
  if (!match) return { ref: null, text };
  const [word] = match;
  const blanked =
    text.slice(0, match.index) + ' '.repeat(word.length) + text.slice(match.index + word.length);
  return { ref: numberOf(word), text: blanked };
}

/**
 * Behind a verb's own words, where its text begins: an incident that stands there alone is the one that is meant.
 * With words behind it, it may as well be their first; which, only the person knows.
 */
export function refBehind(text: string, line: Line): { ref: number | null; text: string } | Refusal {
  const { word, rest } = firstWord(text);
  const ref = line.named ? null : numberOf(word);
  if (ref === null || blank(rest)) return { ref, text: ref === null ? text : rest };
  return refuse('BAD_ARGUMENT', {
    what: 'plainly the incident here: it may be the first word of the text',
    got: word,
    form: `${line.ctx.command} ${line.verb.name} ${word} …`,
  });
}

/** Before or behind a name, where words of a person's own would make no sense. */
export function refAround(text: string, line: Line): { ref: number | null; text: string } {
  if (line.named) return { ref: null, text };
  const first = firstWord(text);
  const last = /\S+\s*$/.exec(text);
  const ref = numberOf(first.word);
  if (ref !== null) return { ref, text: first.rest };
  const behind = numberOf(last?.[0].trim() ?? '');
  return { ref: behind, text: behind === null ? text : text.slice(0, last?.index) };
}

export function missing(line: Line, what: string): Refusal {
  return refuse('MISSING_ARGUMENT', { verb: line.verb.name, what, form: line.form });
}

export function bad(line: Line, what: string, got: string): Refusal {
  return refuse('BAD_ARGUMENT', {
    what,
    got: wordAt(got.trim(), 0, 6).replace(/\s+/g, ' '),
    form: line.form,
  });
}

export function withoutText(line: Line, time: ReadTime): Refusal {
  const verb = `${line.ctx.command} ${line.verb.name}`;
  return refuse('TIME_WITHOUT_TEXT', { verb, time: time.typed });
}
