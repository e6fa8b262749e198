import { LIMITS } from '../limits.js';
import { type Refusal, refuse } from '../refusal.js';
import type { Severity } from '../words.js';
import { checkText } from './entered.js';
import { Flags } from './flags.js';
import { intent, type Line, type Outcome } from './parsed.js';
import { bad, behindDashes, blank, exact, firstWord, nameOf, onlyTime, titleProblem } from './pieces.js';
import { severityOf } from './severity.js';
import type { ReadTime } from './time.js';

export function parseOpen(line: Line): Outcome | Refusal {
  const said = line.text.slice(line.at);
  if (blank(said)) return { kind: 'form', form: 'open', notes: [], timing: null };
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
    flags.remarks(title),
  );
}

/** `[flags] [severity] [flags] [--] TITLE [flags]` */
function readOpening(
  said: string,
  flags: Flags,
  line: Line,
): { severity: Severity | null; title: string } | Refusal {
  const start = flags.head(said);
  if (typeof start !== 'string') return start;
  const { word, rest } = firstWord(start);
  const named = /^sev-?\d+$/i.test(word);
  const severity = named ? severityOf(word) : null;
  if (named && !severity) return bad(line, 'a severity', word);
  const after = named ? flags.head(rest) : start;
  if (typeof after !== 'string') return after;
  const kept = behindDashes(after);
  const title = kept ?? flags.tail(exact(after));
  return typeof title === 'string' ? { severity, title } : title;
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
