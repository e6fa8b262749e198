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
  type Outcome,
  onlyTime,
  refAround,
  refBehind,
  titleProblem,
} from '../verbs.js';

/** Verbs that change what is known of an incident, or correct its timeline. */

export function parseSev(line: Line): Outcome | Refusal {
  const said = line.text.slice(line.at);
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
}

export function parseTitle(line: Line): Outcome | Refusal {
  const title = exact(line.text.slice(line.at));
  return titleProblem(title, line) ?? intent({ type: 'ChangeTitle', title });
}

export function parseMark(line: Line): Outcome | Refusal {
  const { word, rest } = firstWord(line.text.slice(line.at));
  if (!word) return missing(line, 'a milestone and a time');
  const milestone = MARKS.find((name) => name === word.toLowerCase());
  if (!milestone) return bad(line, 'a milestone', word);
  if (blank(rest)) return missing(line, 'a time');
  const time = onlyTime(rest, line, false);
  return 'refused' in time ? time : intent({ type: 'MarkMilestone', milestone, moment: time.moment }, time);
}

export function parseComponent(line: Line): Outcome | Refusal {
  const { word, rest } = firstWord(line.text.slice(line.at));
  if (!word) return missing(line, '`add` or `remove`, and a name');
  const how = word.toLowerCase();
  if (how !== 'add' && how !== 'remove') return bad(line, '`add` or `remove`', word);
  const { ref, text } = refAround(rest, line);
  const component = nameOf(text, line, 'the name of a component');
  if (typeof component !== 'string') return component;
  return { ...intent({ type: how === 'add' ? 'AddComponent' : 'RemoveComponent', component }), ref };
}

export function parseDone(line: Line): Outcome | Refusal {
  const read = number(line.text.slice(line.at), line, 'an action item');
  if ('refused' in read) return read;
  return nothingMore(read.rest, line) ?? intent({ type: 'CompleteAction', action: read.n });
}

export function parseEdit(line: Line): Outcome | Refusal {
  const read = number(line.text.slice(line.at), line, 'an entry');
  if ('refused' in read) return read;
  const behind = refBehind(read.rest, line);
  if ('refused' in behind) return behind;
  const text = exact(behind.text);
  return (
    needed(line, text, LIMITS.text, 'the new text') ?? intent({ type: 'EditEntry', entry: read.n, text })
  );
}

export function parseTime(line: Line): Outcome | Refusal {
  const read = number(line.text.slice(line.at), line, 'an entry');
  if ('refused' in read) return read;
  if (blank(read.rest)) return missing(line, 'the new time');
  const time = onlyTime(read.rest, line, true);
  return 'refused' in time ? time : intent({ type: 'RetimeEntry', entry: read.n, moment: time.moment }, time);
}

export function parseStrike(line: Line): Outcome | Refusal {
  const read = number(line.text.slice(line.at), line, 'an entry');
  if ('refused' in read) return read;
  const behind = refBehind(read.rest, line);
  if ('refused' in behind) return behind;
  const reason = exact(behind.text);
  return (
    needed(line, reason, LIMITS.reason, 'a reason') ?? intent({ type: 'StrikeEntry', entry: read.n, reason })
  );
}
