import type { LogLine } from '../../incident/intent.js';
import { type Refusal, type RefusalCode, refuse } from '../../refusal.js';
import { LIMITS } from '../../text.js';
import { STATUSES, type Status } from '../../words.js';
import { checkText } from '../entered.js';
import {
  blank,
  exact,
  firstWord,
  intent,
  type Line,
  type Outcome,
  type Parsers,
  zoneRemark,
} from '../verbs.js';

/** Verbs that record what happened, in the person's own words: these keep every character. */
export const RECORDS = {
  note(line) {
    const { said } = line;
    if (blank(said)) return { kind: 'form', form: 'note', notes: [] };
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
    if (!word) return { kind: 'form', form: 'status', notes: [] };
    const status = STATUSES.find((name) => name === word.toLowerCase());
    return status ? changeStatus(line, status, rest) : line.bad('a status', word);
  },

  resolve(line) {
    return changeStatus(line, 'resolved', line.said);
  },

  reopen(line) {
    const reason = exact(line.said);
    return line.needed(reason, LIMITS.reason, 'a reason') ?? intent({ type: 'ReopenIncident', reason });
  },

  /** Many lines, each `TIME TEXT`; all or none. Lines are counted as in the paste, blank ones too. */
  log(line) {
    const { said } = line;
    if (blank(said)) return { kind: 'form', form: 'log', notes: [] };
    const pasted = said.replace(/^[^\S\r\n]*(?:\r?\n)?/, '').split(/\r?\n/);
    const count = pasted.filter((text) => !blank(text)).length;
    if (count > LIMITS.logLines)
      return refuse('TOO_MANY', {
        what: 'lines',
        count,
        limit: LIMITS.logLines,
        next: 'Paste them in parts.',
      });

    const lines: LogLine[] = [];
    const wrong: Array<{ line: number; why: string }> = [];
    let notes: string[] = [];
    for (const [index, text] of pasted.entries()) {
      if (blank(text)) continue;
      const read = readLine(text, line);
      if ('why' in read) {
        wrong.push({ line: index + 1, why: read.why });
        continue;
      }
      lines.push(read.line);
      if (notes.length === 0) notes = read.notes;
    }
    if (wrong.length)
      return refuse('BAD_LOG_LINES', {
        lines: wrong.slice(0, NAMED),
        more: Math.max(0, wrong.length - NAMED),
      });
    return intent({ type: 'RecordLog', lines }, null, notes);
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

/** How many wrong lines are named; the rest is counted. */
const NAMED = 10;
/** Refusals whose next step differs from “begin with a time”. */
const TELLING: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  'TIME_ZONE_AMBIGUOUS',
  'TIME_TWICE',
  'TIME_SKIPPED',
  'TIME_RANGE_BACKWARDS',
  'TIME_ZONE_UNKNOWN',
]);

/** The examples of every form, which the refusal of the whole paste has too. */
const GENERAL = refuse('TIME_UNKNOWN', { got: '' }).next;

function readLine(text: string, line: Line): { line: LogLine; notes: string[] } | { why: string } {
  const read = line.timed(text);
  if ('refused' in read)
    return {
      why: TELLING.has(read.code) || read.next !== GENERAL ? `${read.sentence} ${read.next}` : read.sentence,
    };
  if (!read.time) return { why: 'it does not start with a time.' };
  if (blank(read.text)) return { why: `there is a time (${read.time.typed}) but no text.` };
  const refusal = checkText(read.text);
  if (refusal) return { why: refusal.sentence };
  return { line: { moment: read.time.moment, text: read.text }, notes: zoneRemark(read.time) };
}
