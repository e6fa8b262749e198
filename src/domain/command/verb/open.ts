import { type Refusal, refuse } from '../../refusal.js';
import { LIMITS } from '../../text.js';
import type { Severity } from '../../words.js';
import { checkText } from '../entered.js';
import { Flags } from '../flags.js';
import { readSeverity, severityRemark } from '../severity.js';
import { openFlagMeant, severityMeant } from '../slips.js';
import type { ReadTime } from '../time/time.js';
import {
  behindDashes,
  blank,
  exact,
  firstWord,
  form,
  intent,
  type Line,
  type Parsers,
  zoneRemark,
} from '../verbs.js';

/** Verbs whose flags give times and components. */
export const OPEN = {
  open(line) {
    const { said } = line;
    if (blank(said)) return form('open');
    // A longer line holds no title, and flags are not looked for in it.
    const tooLong = checkText(said, LIMITS.text, 'The line');
    if (tooLong) return tooLong;
    const slip = openFlagMeant(said);
    if (slip) return line.badFlag(slip.flag, slip.why, slip.line);
    const flags = new Flags(line.verb.flags, line.form);
    const opening = readOpening(said, flags, line);
    if ('refused' in opening) return opening;
    const title = opening.title.trim();
    const refusal = line.titleProblem(title);
    if (refusal) return refusal;
    const components = componentsOf(flags, line);
    if ('refused' in components) return components;
    const time = timeFlag(flags, 'at', line);
    if (time && 'refused' in time) return time;
    return intent(
      {
        type: 'OpenIncident',
        title,
        severity: opening.severity,
        components,
        private: flags.has('private'),
        drill: flags.has('drill'),
        moment: time?.moment ?? null,
      },
      time,
      [...flags.remarks(title), ...(opening.severity || opening.kept ? [] : severityRemark(title))],
    );
  },

  impact(line) {
    const { said } = line;
    if (blank(said)) return line.missing('a text or a number', '19 requests failed --failed 19');
    const tooLong = checkText(said);
    if (tooLong) return tooLong;
    const flags = new Flags(line.verb.flags, line.form);
    const start = flags.head(said);
    if (typeof start !== 'string') return start;
    const kept = behindDashes(start);
    const ownWords = kept ?? flags.tail(exact(start));
    if (typeof ownWords !== 'string') return ownWords;
    const behind = kept === null ? line.refBehind(ownWords) : { ref: null, text: ownWords };
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
    const unaffected = componentsOf(flags, line, 'unaffected');
    if ('refused' in unaffected) return unaffected;
    const refusal = contradiction(failed, total) ?? wrongWindow(from, to, line);
    if (refusal) return refusal;
    const zones = from ? zoneRemark(from) : to ? zoneRemark(to) : [];
    const verb = kept === null ? firstWord(text) : null;
    if (verb?.word.toLowerCase() === 'measure') {
      const around = ref === null ? line.refAround(verb.rest) : { ref, text: verb.rest };
      if (!blank(around.text)) return line.bad('part of `impact measure`', around.text);
      for (const name of ['failed', 'total', 'unaffected'])
        if (flags.has(name)) return line.badFlag(name, 'is what `impact measure` finds out');
      const window = { from: from?.moment ?? null, to: to?.moment ?? null };
      return { ...intent({ type: 'MeasureImpact', ...window, components }, null, zones), ref: around.ref };
    }
    const named = components.length + unaffected.length > 0;
    if (blank(text) && failed === null && total === null && !from && !to && !named)
      return refuse('IMPACT_EMPTY', { form: line.form });
    const notes = [...zones, ...flags.remarks(text)];
    const recorded = intent(
      {
        type: 'RecordImpact',
        text: blank(text) ? null : text,
        failed,
        total,
        from: from?.moment ?? null,
        to: to?.moment ?? null,
        components,
        ...(unaffected.length > 0 && { unaffected }),
      },
      null,
      notes,
    );
    return { ...recorded, ref };
  },
} satisfies Parsers;

/** `[flags] [severity] [flags] [--] TITLE [flags]`. `kept`: a bare `--` said that all of it is the title. */
function readOpening(
  said: string,
  flags: Flags,
  line: Line,
): { severity: Severity | null; title: string; kept: boolean } | Refusal {
  const start = flags.head(said);
  if (typeof start !== 'string') return start;
  const read = readSeverity(start, false);
  if (read && 'unknown' in read) {
    const meant = severityMeant(read.unknown);
    const at = said.indexOf(read.unknown);
    const instead = meant && `${said.slice(0, at)}${meant}${said.slice(at + read.unknown.length)}`;
    return line.bad('a severity (sev1 to sev4, sev1 the worst)', read.unknown, instead);
  }
  const severity = read?.severity ?? null;
  const after = read ? flags.head(read.rest) : start;
  if (typeof after !== 'string') return after;
  const kept = behindDashes(after);
  const title = kept ?? flags.tail(exact(after));
  return typeof title === 'string' ? { severity, title, kept: kept !== null } : title;
}

/** The components that a flag names, each once. */
function componentsOf(flags: Flags, line: Line, flag = 'component'): string[] | Refusal {
  const components: string[] = [];
  for (const value of flags.all(flag)) {
    const name = line.nameOf(value, 'a component');
    if (typeof name !== 'string') return name;
    if (!components.includes(name)) components.push(name);
  }
  if (components.length <= LIMITS.components) return components;
  return refuse('TOO_MANY', {
    what: 'components',
    count: components.length,
    limit: LIMITS.components,
    next: 'Name the most important ones.',
  });
}

/** The single time that a flag gives; null without that flag. */
function timeFlag(flags: Flags, name: string, line: Line): ReadTime | Refusal | null {
  const value = flags.all(name)[0];
  return value === undefined ? null : line.onlyTime(value, false);
}

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
  return line.badFlag(name, why);
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
    return line.badFlag('to', 'needs a date, because `--from` has one');
  return null;
}
