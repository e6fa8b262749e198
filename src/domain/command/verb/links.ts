import type { Refusal } from '../../refusal.js';
import { LIMITS } from '../../text.js';
import { numberOf } from '../../words.js';
import { checkText } from '../entered.js';
import { Flags } from '../flags.js';
import { behindDashes, blank, exact, firstWord, intent, type Line, type Parsers } from '../verbs.js';

/** Verbs about two incidents. In the channel of one of them the other is enough. */
export const LINKS = {
  link(line) {
    const first = refAt(line.said, WITH);
    if (!first) return line.missing('another incident, such as INC-9, and a reason');
    // One that was named before the verb, or right behind it, is taken off already, except where the channel says which.
    const second = refAt(first.rest, WITH);
    const reason = exact((second ?? first).rest);
    const refusal = line.needed(reason, LIMITS.reason, 'a reason');
    if (refusal) return refusal;
    return {
      ...intent({ type: 'LinkIncidents', to: (second ?? first).ref, reason }),
      ref: second ? first.ref : null,
    };
  },

  merge(line) {
    const tooLong = checkText(line.said, LIMITS.text, 'The line');
    if (tooLong) return tooLong;
    const flags = new Flags(line.verb.flags, line.form);
    const said = flags.head(line.said);
    if (typeof said !== 'string') return said;
    const from = refAt(said);
    const into = refAt(from ? from.rest : said, INTO);
    if (!into)
      return line.missing('the incident in which it goes on, such as `into INC-7`', mergeInstead(said, line));
    const text = behindInto(into.rest, flags);
    if (typeof text !== 'string') return text;
    const unfit = checkText(text, LIMITS.reason, 'The reason');
    if (unfit) return unfit;
    const reason = blank(text) ? null : text;
    const leavePublic = flags.has('leave-public');
    return {
      ...intent({ type: 'MergeIncident', to: into.ref, reason, leavePublic }, null, flags.remarks(text)),
      ref: from?.ref ?? null,
    };
  },
} satisfies Parsers;

/** `merge INC-8 INC-7`, `merge with INC-7`: what is named last is where it goes on. */
function mergeInstead(said: string, line: Line): string | null {
  const refs = (said.match(/(?<!\S)inc-[1-9]\d{0,8}(?!\S)/gi) ?? []).map((ref) => ref.toUpperCase());
  const [first, second] = refs;
  if (first === undefined || refs.length > 2) return null;
  if (second !== undefined) return `${first} into ${second}`;
  // What stood behind the verb has been taken off already, or the channel says which.
  return line.named ? `into ${first}` : null;
}

function behindInto(text: string, flags: Flags): string | Refusal {
  const kept = behindDashes(text);
  if (kept !== null) return kept;
  const start = flags.head(text);
  return typeof start === 'string' ? flags.tail(exact(start)) : start;
}

/** What people write between the two. */
const WITH: ReadonlySet<string> = new Set(['', 'with', 'and', 'to', '&', '+', ',']);
const INTO: ReadonlySet<string> = new Set(['into', 'in', 'to', '->', '→', '=>']);

/**
 * Reads an incident where a text begins.
 * @param between a word that may stand before it; where the empty one is not among them, one must
 */
function refAt(text: string, between: ReadonlySet<string> = NOTHING): { ref: number; rest: string } | null {
  const first = firstWord(text);
  const isBetween = first.word !== '' && between.has(first.word.toLowerCase());
  if (!isBetween && !between.has('')) return null;
  const { word, rest } = isBetween ? firstWord(first.rest) : first;
  const ref = numberOf(word.replace(/[,;:]$/, ''));
  return ref === null ? null : { ref, rest };
}

const NOTHING: ReadonlySet<string> = new Set(['']);
