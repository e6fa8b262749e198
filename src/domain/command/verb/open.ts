import { type Refusal, refuse } from '../../refusal.js';
import { LIMITS } from '../../text.js';
import type { Severity } from '../../words.js';
import { checkText } from '../entered.js';
import { Flags } from '../flags.js';
import { readSeverity, severityRemark } from '../severity.js';
import type { ReadTime } from '../time/time.js';
import {
  bad,
  behindDashes,
  blank,
  exact,
  intent,
  type Line,
  nameOf,
  onlyTime,
  type Parsers,
  titleProblem,
} from '../verbs.js';

export const OPEN = {
  open(line) {
    const { said } = line;
    if (blank(said)) return { kind: 'form', form: 'open', notes: [] };
    // A longer one is no title, and flags are not looked for in it.
    const tooLong = checkText(said, LIMITS.text, 'The line');
    if (tooLong) return tooLong;
    const flags = new Flags(line.verb.flags, line.form);
    const opening = readOpening(said, flags, line);
    if ('refused' in opening) return opening;
    const title = opening.title.trim();
    const refusal = titleProblem(title, line);
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
  if (read && 'unknown' in read) return bad(line, 'a severity', read.unknown);
  const severity = read?.severity ?? null;
  const after = read ? flags.head(read.rest) : start;
  if (typeof after !== 'string') return after;
  const kept = behindDashes(after);
  const title = kept ?? flags.tail(exact(after));
  return typeof title === 'string' ? { severity, title, kept: kept !== null } : title;
}

/** The components that were named, each once. */
export function componentsOf(flags: Flags, line: Line): string[] | Refusal {
  const components: string[] = [];
  for (const value of flags.all('component')) {
    const name = nameOf(value, line, 'a component');
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
export function timeFlag(flags: Flags, name: string, line: Line): ReadTime | Refusal | null {
  const value = flags.all(name)[0];
  return value === undefined ? null : onlyTime(value, line, false);
}
