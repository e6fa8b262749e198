import type { Refusal } from '../../refusal.js';
import { LIMITS } from '../../text.js';
import { MARKS } from '../../words.js';
import { checkText } from '../entered.js';
import { readSeverity } from '../severity.js';
import {
  bad,
  blank,
  exact,
  firstWord,
  intent,
  type Line,
  missing,
  nameOf,
  needed,
  nothingMore,
  number,
  onlyTime,
  type Parsers,
  refAround,
  refBehind,
  titleProblem,
} from '../verbs.js';

/** Verbs that change what is known of an incident, or correct its timeline. */
export const CHANGES = {
  sev(line) {
    const { said } = line;
    if (blank(said)) return missing(line, 'a severity');
    const read = readSeverity(said, true);
    if (!read || 'unknown' in read) return bad(line, 'a severity', firstWord(said).word);
    const { severity } = read;
    const behind = refBehind(read.rest, line);
    if ('refused' in behind) return behind;
    const reason = exact(behind.text);
    const refusal = checkText(reason, LIMITS.reason, 'The reason');
    if (refusal) return refusal;
    const { ref } = behind;
    return { ...intent({ type: 'ChangeSeverity', severity, reason: blank(reason) ? null : reason }), ref };
  },

  title(line) {
    const title = exact(line.said);
    return titleProblem(title, line) ?? intent({ type: 'ChangeTitle', title });
  },

  mark(line) {
    const { word, rest } = firstWord(line.said);
    if (!word) return missing(line, 'a milestone and a time');
    const milestone = MARKS.find((name) => name === word.toLowerCase());
    if (!milestone) return bad(line, 'a milestone', word);
    if (blank(rest)) return missing(line, 'a time');
    const time = onlyTime(rest, line, false);
    return 'refused' in time ? time : intent({ type: 'MarkMilestone', milestone, moment: time.moment }, time);
  },

  component(line) {
    const { word, rest } = firstWord(line.said);
    if (!word) return missing(line, '`add` or `remove`, and a name');
    const how = word.toLowerCase();
    if (how !== 'add' && how !== 'remove') return bad(line, '`add` or `remove`', word);
    const { ref, text } = refAround(rest, line);
    const component = nameOf(text, line, 'the name of a component');
    if (typeof component !== 'string') return component;
    return { ...intent({ type: how === 'add' ? 'AddComponent' : 'RemoveComponent', component }), ref };
  },

  done(line) {
    const read = number(line.said, line, 'an action item');
    if ('refused' in read) return read;
    return nothingMore(read.rest, line) ?? intent({ type: 'CompleteAction', action: read.n });
  },

  edit(line) {
    const read = entryAndText(line, LIMITS.text, 'the new text');
    return 'refused' in read ? read : intent({ type: 'EditEntry', entry: read.n, text: read.text });
  },

  time(line) {
    const read = number(line.said, line, 'an entry');
    if ('refused' in read) return read;
    if (blank(read.rest)) return missing(line, 'the new time');
    const time = onlyTime(read.rest, line, true);
    return 'refused' in time
      ? time
      : intent({ type: 'RetimeEntry', entry: read.n, moment: time.moment }, time);
  },

  strike(line) {
    const read = entryAndText(line, LIMITS.reason, 'a reason');
    return 'refused' in read ? read : intent({ type: 'StrikeEntry', entry: read.n, reason: read.text });
  },
} satisfies Parsers;

/** Reads `N TEXT`; the incident may be alone in the text's place. */
function entryAndText(line: Line, limit: number, what: string): { n: number; text: string } | Refusal {
  const read = number(line.said, line, 'an entry');
  if ('refused' in read) return read;
  const behind = refBehind(read.rest, line);
  if ('refused' in behind) return behind;
  const text = exact(behind.text);
  return needed(line, text, limit, what) ?? { n: read.n, text };
}
