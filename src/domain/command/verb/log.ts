import type { LogLine } from '../../incident/intent.js';
import { type Refusal, type RefusalCode, refuse } from '../../refusal.js';
import { LIMITS } from '../../text.js';
import { checkText } from '../entered.js';
import { blank, intent, type Line, type Outcome, timed, zoneRemark } from '../verbs.js';

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

/** Many lines, each `TIME TEXT`; all or none. Lines are counted as in the paste, blank ones too. */
export function parseLog(line: Line): Outcome | Refusal {
  const said = line.text.slice(line.at);
  if (blank(said)) return { kind: 'form', form: 'log', notes: [], timing: null };
  const pasted = said.replace(/^[^\S\r\n]*(?:\r?\n)?/, '').split(/\r?\n/);
  const count = pasted.filter((text) => !blank(text)).length;
  if (count > LIMITS.logLines)
    return refuse('TOO_MANY', { what: 'lines', count, limit: LIMITS.logLines, next: 'Paste them in parts.' });

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
    return refuse('BAD_LOG_LINES', { lines: wrong.slice(0, NAMED), more: Math.max(0, wrong.length - NAMED) });
  return intent({ type: 'RecordLog', lines }, null, notes);
}

function readLine(text: string, line: Line): { line: LogLine; notes: string[] } | { why: string } {
  const read = timed(text, line);
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
