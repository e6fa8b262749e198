import { groupId } from '../../alert/signal.js';
import type { Refusal } from '../../refusal.js';
import { LIMITS } from '../../text.js';
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
    const { before, word } = lastWord(line.said);
    const ms = /^off$/i.test(word) ? null : durationIn(word);
    if (ms === undefined) {
      if (blank(before)) return line.missing('a length of time behind the key, such as `2h`, or `off`');
      return line.bad('a length of time such as `30m`, `2h` or `1d`, 30 days at most, and not `off`', word);
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

function lastWord(text: string): { before: string; word: string } {
  const said = text.trimEnd();
  // Backwards: a pattern for the end would be tried at each letter of all that stands before it.
  let start = said.length;
  while (start > 0 && /\S/.test(said.charAt(start - 1))) start--;
  return { before: said.slice(0, start), word: said.slice(start) };
}

const MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const LONGEST_MS = 30 * MS.d;

/** @returns milliseconds; undefined: it is no such time, or too long */
function durationIn(word: string): number | undefined {
  const [, count, unit] = /^([1-9][0-9]{0,4})([mhd])$/i.exec(word) ?? [];
  if (count === undefined || unit === undefined) return undefined;
  const ms = Number(count) * MS[unit.toLowerCase() as keyof typeof MS];
  return ms <= LONGEST_MS ? ms : undefined;
}
