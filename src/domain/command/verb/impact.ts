import { type Refusal, refuse } from '../../refusal.js';
import { LIMITS } from '../../text.js';
import { checkText } from '../entered.js';
import { Flags } from '../flags.js';
import type { ReadTime } from '../time/time.js';
import {
  behindDashes,
  blank,
  exact,
  intent,
  type Line,
  missing,
  type Parsers,
  refBehind,
  zoneRemark,
} from '../verbs.js';
import { componentsOf, timeFlag } from './open.js';

export const IMPACT = {
  impact(line) {
    const { said } = line;
    if (blank(said)) return missing(line, 'a text or a number');
    const tooLong = checkText(said);
    if (tooLong) return tooLong;
    const flags = new Flags(line.verb.flags, line.form);
    const start = flags.head(said);
    if (typeof start !== 'string') return start;
    const kept = behindDashes(start);
    const ownWords = kept ?? flags.tail(exact(start));
    if (typeof ownWords !== 'string') return ownWords;
    const behind = kept === null ? refBehind(ownWords, line) : { ref: null, text: ownWords };
    if ('refused' in behind) return behind;
    const { ref, text } = behind;

    const failed = count(flags, 'failed', line);
    if (failed !== null && typeof failed !== 'number') return failed;
    const total = count(flags, 'total', line);
    if (total !== null && typeof total !== 'number') return total;
    const from = timeFlag(flags, 'from', line);
    if (from && 'refused' in from) return from;
    const to = timeFlag(flags, 'to', line);
    if (to && 'refused' in to) return to;
    const components = componentsOf(flags, line);
    if ('refused' in components) return components;
    const refusal = contradiction(failed, total) ?? wrongWindow(from, to, line);
    if (refusal) return refusal;
    if (blank(text) && failed === null && total === null && !from && !to && components.length === 0)
      return refuse('IMPACT_EMPTY', { form: line.form });
    const notes = [...(from ? zoneRemark(from) : to ? zoneRemark(to) : []), ...flags.remarks(text)];
    const recorded = intent(
      {
        type: 'RecordImpact',
        text: blank(text) ? null : text,
        failed,
        total,
        from: from?.moment ?? null,
        to: to?.moment ?? null,
        components,
      },
      null,
      notes,
    );
    return { ...recorded, ref };
  },
} satisfies Parsers;

const DAY_MS = 86_400_000;

/** A whole number, also with commas between the thousands. */
function count(flags: Flags, name: string, line: Line): number | Refusal | null {
  const value = flags.all(name)[0];
  if (value === undefined) return null;
  const digits = /^(?:\d{1,16}|\d{1,3}(?:,\d{3}){1,5})$/.test(value)
    ? Number(value.replaceAll(',', ''))
    : null;
  if (digits !== null && digits <= LIMITS.count) return digits;
  const why = digits === null ? 'needs a whole number' : `is more than ${LIMITS.count.toLocaleString('en')}`;
  return refuse('BAD_FLAG', { flag: `--${name}`, why, form: line.form });
}

function contradiction(failed: number | null, total: number | null): Refusal | null {
  if (failed === null || total === null || failed <= total) return null;
  const why = `${failed.toLocaleString('en')} failed of ${total.toLocaleString('en')}`;
  return refuse('IMPACT_CONTRADICTS', { why });
}

function wrongWindow(from: ReadTime | null, to: ReadTime | null, line: Line): Refusal | null {
  if (!from || !to) return null;
  const length = Date.parse(to.moment.at) - Date.parse(from.moment.at);
  if (length < 0)
    return refuse('IMPACT_CONTRADICTS', { why: `it ends (${to.typed}) before it begins (${from.typed})` });
  // A bare end would be read as today's: behind a dated beginning, that is days later than anybody meant.
  if (from.dated && !to.dated && length > DAY_MS && !to.typed.startsWith('-'))
    return refuse('BAD_FLAG', {
      flag: '--to',
      why: 'needs a date, because `--from` has one',
      form: line.form,
    });
  return null;
}
