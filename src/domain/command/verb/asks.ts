import { type Refusal, refuse } from '../../refusal.js';
import { Flags } from '../flags.js';
import { readZone } from '../time/zone.js';
import {
  type Ask,
  ask,
  closestVerbs,
  EXPORT_FORMATS,
  type ExportFormat,
  firstWord,
  type Line,
  type Outcome,
  type Parsers,
  verbNamed,
} from '../verbs.js';

/** Verbs that only look. */
export const ASKS = {
  actions(line) {
    const flags = new Flags(line.verb.flags, line.form);
    const rest = flags.head(line.said);
    if (typeof rest !== 'string') return rest;
    return line.nothingMore(rest) ?? ask({ type: flags.has('mine') ? 'mine' : 'actions' });
  },
  runs: parsePlain('runs'),
  show: parsePlain('show'),
  catchup: parsePlain('catchup'),

  timeline(line) {
    const zone = zoneWord(line.said, line);
    return zone !== null && typeof zone !== 'string' ? zone : ask({ type: 'timeline', zone });
  },

  history(line) {
    const read = line.number(line.said, 'an entry');
    if ('refused' in read) return read;
    return line.nothingMore(read.rest) ?? ask({ type: 'history', entry: read.n });
  },

  export(line) {
    const first = firstWord(line.said);
    if (!first.word) return line.missing('a format');
    // A zone is never a format, so either may stand first.
    const second = formatOf(first.word) ? null : firstWord(first.rest);
    const { word, rest } = second ? { word: second.word, rest: ` ${first.word}${second.rest}` } : first;
    const format = formatOf(word);
    if (!format) return line.bad('a format', first.word);
    const zone = zoneWord(rest, line);
    return zone !== null && typeof zone !== 'string' ? zone : ask({ type: 'export', format, zone });
  },

  help(line) {
    const { word } = firstWord(line.said);
    if (!word) return ask({ type: 'help', verb: null });
    const verb = verbNamed(word);
    if (!verb) return refuse('UNKNOWN_VERB', { verb: word.slice(0, 40), closest: closestVerbs(word) });
    return ask({ type: 'help', verb: verb.name });
  },
} satisfies Parsers;

type Plain = Exclude<
  Ask['type'],
  'list' | 'search' | 'mine' | 'timeline' | 'history' | 'export' | 'postmortem' | 'mutes' | 'help'
>;

/** @returns the parser of a verb that takes nothing more. */
function parsePlain(type: Plain): (line: Line) => Outcome | Refusal {
  return (line) => line.nothingMore(line.said) ?? ask({ type });
}

function formatOf(word: string): ExportFormat | undefined {
  const called = word.toLowerCase();
  return EXPORT_FORMATS.find((name) => name === (called === 'markdown' ? 'md' : called));
}

function zoneWord(text: string, line: Line): string | Refusal | null {
  const { word, rest } = firstWord(text);
  if (!word) return null;
  return line.nothingMore(rest) ?? readZone(word);
}
