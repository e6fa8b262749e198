import type { Refusal } from '../../refusal.js';
import { LIMITS } from '../../text.js';
import { STATUSES, type Status } from '../../words.js';
import { checkText } from '../entered.js';
import {
  bad,
  blank,
  exact,
  firstWord,
  intent,
  type Line,
  missing,
  needed,
  type Outcome,
  refBehind,
  timed,
  withoutText,
} from '../verbs.js';

/** Verbs that record what happened, in the person's own words: these keep every character. */

export function parseNote(line: Line): Outcome | Refusal {
  const said = line.text.slice(line.at);
  if (blank(said)) return { kind: 'form', form: 'note', notes: [], timing: null };
  const read = timed(said, line);
  if ('refused' in read) return read;
  if (read.time && blank(read.text)) return withoutText(line, read.time);
  const refusal = needed(line, read.text, LIMITS.text, 'a text');
  if (refusal) return refusal;
  return intent({ type: 'RecordNote', moment: read.time?.moment ?? null, text: read.text }, read.time);
}

export function parseCause(line: Line): Outcome | Refusal {
  const text = exact(line.text.slice(line.at));
  return needed(line, text, LIMITS.text, 'a text') ?? intent({ type: 'RecordCause', text });
}

export function parseStatus(line: Line): Outcome | Refusal {
  const { word, rest } = firstWord(line.text.slice(line.at));
  if (!word) return missing(line, 'a status');
  const status = STATUSES.find((name) => name === word.toLowerCase());
  return status ? changeStatus(line, status, rest) : bad(line, 'a status', word);
}

export function parseResolve(line: Line): Outcome | Refusal {
  return changeStatus(line, 'resolved', line.text.slice(line.at));
}

function changeStatus(line: Line, status: Status, rest: string): Outcome | Refusal {
  const before = refBehind(rest, line);
  if ('refused' in before) return before;
  const read = timed(before.text, line);
  if ('refused' in read) return read;
  const named = line.named || before.ref !== null || read.ended;
  const behind = refBehind(read.text, { ...line, named });
  if ('refused' in behind) return behind;
  const refusal = checkText(behind.text, LIMITS.text);
  if (refusal) return refusal;
  const text = blank(behind.text) ? null : behind.text;
  const moment = read.time?.moment ?? null;
  return {
    ...intent({ type: 'ChangeStatus', status, moment, text }, read.time),
    ref: before.ref ?? behind.ref,
  };
}

export function parseReopen(line: Line): Outcome | Refusal {
  const reason = exact(line.text.slice(line.at));
  return needed(line, reason, LIMITS.reason, 'a reason') ?? intent({ type: 'ReopenIncident', reason });
}
