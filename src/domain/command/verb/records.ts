import { type Refusal, refuse } from '../../refusal.js';
import { LIMITS } from '../../text.js';
import { STATUSES, type Status } from '../../words.js';
import { checkText } from '../entered.js';
import { badLines, readPasted } from '../pasted.js';
import { statusMeant } from '../slips.js';
import { blank, exact, firstWord, form, intent, type Line, type Outcome, type Parsers } from '../verbs.js';

/** Verbs that record what happened, in the person's own words: these keep every character. */
export const RECORDS = {
  note(line) {
    const { said } = line;
    if (blank(said)) return form('note');
    const read = line.timed(said);
    if ('refused' in read) return read;
    if (read.time && blank(read.text)) return line.withoutText(read.time);
    const refusal = line.needed(read.text, LIMITS.text, 'a text');
    if (refusal) return refusal;
    return intent({ type: 'RecordNote', moment: read.time?.moment ?? null, text: read.text }, read.time);
  },

  cause(line) {
    const text = exact(line.said);
    return line.needed(text, LIMITS.text, 'a text') ?? intent({ type: 'RecordCause', text });
  },

  status(line) {
    const { word, rest } = firstWord(line.said);
    if (!word) return form('status');
    const status = STATUSES.find((name) => name === word.toLowerCase());
    if (status) return changeStatus(line, status, rest);
    const meant = statusMeant(word);
    const what = `a status (${STATUSES.join(', ')})`;
    if (meant !== null) return line.bad(what, word, `${meant}${rest}`);
    // Whoever only says how it goes changes nothing of how it stands.
    const said = /^(?:update|note)$/i.test(word) ? rest : line.said;
    return blank(rest) ? line.bad(what, word) : line.bad(what, word, said, 'note');
  },

  resolve(line) {
    return changeStatus(line, 'resolved', line.said);
  },

  reopen(line) {
    const reason = exact(line.said);
    return line.needed(reason, LIMITS.reason, 'a reason') ?? intent({ type: 'ReopenIncident', reason });
  },

  /** Many lines, each `TIME TEXT`; all or none. Lines are counted as in the paste, blank ones too. `#4`: those of an entry. */
  log(line) {
    const { said } = line;
    if (blank(said)) return form('log');
    const entry = /^\s*#([1-9]\d{0,8})\s*$/.exec(said)?.[1];
    if (entry !== undefined) return intent({ type: 'TakeInLines', of: { entry: Number(entry) } });
    const pasted = said.replace(/^[^\S\r\n]*(?:\r?\n)?/, '');
    const count = pasted.split('\n').filter((text) => !blank(text)).length;
    if (count > LIMITS.logLines)
      return refuse('TOO_MANY', {
        what: 'lines',
        count,
        limit: LIMITS.logLines,
        next: 'Paste them in parts.',
      });
    const { lines, wrong, assumed } = readPasted(pasted, line.ctx);
    if (wrong.length > 0) return badLines(wrong);
    // Headings say of which day the lines are that stand below them, and here none do.
    if (lines.length === 0) return line.missing('lines, each with a time and a text');
    const read = lines.map(({ moment, text }) => ({ moment, text }));
    return intent({ type: 'RecordLog', lines: read }, assumed);
  },
} satisfies Parsers;

function changeStatus(line: Line, status: Status, rest: string): Outcome | Refusal {
  const before = line.refBehind(rest);
  if ('refused' in before) return before;
  const read = line.timed(before.text);
  if ('refused' in read) return read;
  const named = line.named || before.ref !== null || read.ended;
  const behind = line.refBehind(read.text, named);
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
