import { groupId } from '../../alert/signal.js';
import type { Refusal } from '../../refusal.js';
import { LIMITS, readSpan } from '../../text.js';
import { numberOf } from '../../words.js';
import { checkText } from '../entered.js';
import { ask, blank, exact, intent, type Line, type Parsers } from '../verbs.js';

/** Verbs about what monitoring says. */
export const ALERTS = {
  /** The key is all that stands before the incident, so that one with blanks needs no quotes. */
  attach(line) {
    const { before, word } = lastWord(line.said);
    if (!word) return line.missing('the key of the alerts, and an incident');
    const to = numberOf(word);
    if (to === null && blank(before)) return line.missing('an incident behind the key, such as INC-7');
    if (to === null) return line.bad('the incident that they are to go to, such as INC-7', word);
    const key = keyIn(before, line);
    return typeof key === 'string' ? intent({ type: 'MoveAlerts', group: groupId(key), to }) : key;
  },

  split(line) {
    const { ref, text } = line.refAround(line.said);
    const key = keyIn(text, line);
    if (typeof key !== 'string') return key;
    return { ...intent({ type: 'MoveAlerts', group: groupId(key), to: null }), ref };
  },

  mute(line) {
    if (blank(line.said)) return ask({ type: 'mutes' });
    const { before, word, ms } = spanBehind(line.said);
    if (ms === undefined) {
      const said = line.said.trim();
      if (blank(before))
        return line.missing('a length of time behind the key, such as `2h`, or `off`', `${said} 2h`);
      const [, key = '', n, unit = ''] = SPELT.exec(said) ?? [];
      const meant =
        n !== undefined
          ? `${key} ${n}${unit.toLowerCase()}`
          : /^(?:forever|ever|always)$/i.test(word)
            ? `${before.trim()} 30d`
            : null;
      return line.bad(
        'a length of time such as `30m`, `1h30m` or `1d` (30 days at most), nor `off`',
        word,
        meant,
      );
    }
    const key = keyIn(before, line);
    if (typeof key !== 'string') return key;
    const until = ms === null ? null : new Date(line.ctx.now.getTime() + ms);
    return { kind: 'mute', key, until, notes: [] };
  },

  dismiss(line) {
    const behind = line.refBehind(line.said);
    if ('refused' in behind) return behind;
    const reason = exact(behind.text);
    const refusal = checkText(reason, LIMITS.reason, 'The reason');
    const { ref } = behind;
    return refusal ?? { ...intent({ type: 'DismissIncident', reason: blank(reason) ? null : reason }), ref };
  },
} satisfies Parsers;

/** The key of a group as it stands in its message, in quotes or not. */
function keyIn(text: string, line: Line): string | Refusal {
  return line.nameOf(text, 'the key of the alerts, such as `service=tts`', LIMITS.alertKey);
}

/** `KEY for 2 hours` */
const SPELT = /^(\S.*?)\s+(?:for\s+)?(\d{1,4})\s*(d|h|m)(?:ays?|ours?|rs?|in(?:ute)?s?)?$/i;

function lastWord(text: string): { before: string; word: string } {
  const said = text.trimEnd();
  // Backwards: a pattern for the end would be tried at each letter of all that stands before it.
  let start = said.length;
  while (start > 0 && /\S/.test(said.charAt(start - 1))) start--;
  return { before: said.slice(0, start), word: said.slice(start) };
}

const LONGEST_MS = 30 * 86_400_000;
/** Words of the longest length of time, `1 d 2 h 30 min 5 s`, and letters of one of them. */
const SPAN_WORDS = 8;
const SPAN_WORD = 12;

/**
 * Reads a length of time, or `off`, at the end of a line: as many words as make one.
 * @returns `ms` null: off; undefined: it is neither, or too long, and `word` is the last one
 */
function spanBehind(text: string): { before: string; word: string; ms: number | null | undefined } {
  const last = lastWord(text);
  if (/^off$/i.test(last.word)) return { ...last, ms: null };
  let found: { before: string; word: string; ms: number | undefined } = { ...last, ms: undefined };
  let { before, word } = last;
  for (let words = 1; words <= SPAN_WORDS && word.length <= words * (SPAN_WORD + 1); words++) {
    const ms = readSpan(word);
    if (ms !== null) found = { before, word, ms: ms > 0 && ms <= LONGEST_MS ? ms : undefined };
    const next = lastWord(before);
    if (next.word === '') break;
    word = `${next.word} ${word}`;
    before = next.before;
  }
  return found;
}
