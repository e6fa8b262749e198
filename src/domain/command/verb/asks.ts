import { type Refusal, refuse } from '../../refusal.js';
import { Flags } from '../flags.js';
import { isHelpGroup } from '../help.js';
import { closestVerbs, refMeant } from '../slips.js';
import { readZone } from '../time/zone.js';
import {
  type Ask,
  ask,
  EXPORT_FORMATS,
  type ExportFormat,
  firstWord,
  form,
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
  here: parsePlain('here'),

  timeline(line) {
    const zone = zoneWord(line.said, line);
    return zone !== null && typeof zone !== 'string' ? zone : ask({ type: 'timeline', zone });
  },

  history(line) {
    const read = line.number(line.said, 'an entry', '`timeline` shows the numbers');
    if ('refused' in read) return read;
    return line.nothingMore(read.rest) ?? ask({ type: 'history', entry: read.n });
  },

  export(line) {
    const first = firstWord(line.said);
    if (!first.word) return form('export');
    // A zone is never a format, so either may stand first.
    const second = formatOf(first.word) ? null : firstWord(first.rest);
    const { word, rest } = second ? { word: second.word, rest: ` ${first.word}${second.rest}` } : first;
    const format = formatOf(word);
    if (!format) {
      const meant = FORMATS[first.word.toLowerCase().replace(/^\./, '')] ?? 'md';
      return line.bad(`a format (${EXPORT_FORMATS.join(', ')})`, first.word, meant);
    }
    const zone = zoneWord(rest, line);
    return zone !== null && typeof zone !== 'string' ? zone : ask({ type: 'export', format, zone });
  },

  help(line) {
    const { word } = firstWord(line.said);
    if (!word) return ask({ type: 'help', verb: null });
    const asked = word.toLowerCase().replace(/^-+|[.,:;!?]+$/g, '');
    if (isHelpGroup(asked)) return ask({ type: 'help', verb: asked });
    const verb = verbNamed(word) ?? verbNamed(asked);
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
  return (line) => line.nothingMore(line.said, refMeant(line.said)) ?? ask({ type });
}

/** Formats of other programs, and which of ours they open. */
const FORMATS: Readonly<Record<string, string>> = {
  ...{ pdf: 'html', print: 'html', web: 'html', htm: 'html' },
  ...{ excel: 'csv', xlsx: 'csv', xls: 'csv', sheet: 'csv', table: 'csv', spreadsheet: 'csv' },
  ...{ jsonl: 'facts', audit: 'facts', ndjson: 'facts' },
};

function formatOf(word: string): ExportFormat | undefined {
  const called = word.toLowerCase();
  return EXPORT_FORMATS.find((name) => name === (called === 'markdown' ? 'md' : called));
}

function zoneWord(text: string, line: Line): string | Refusal | null {
  const { word, rest } = firstWord(text);
  if (!word) return null;
  // `timeline 7`, `timeline INC7`: which one is meant.
  const meant = refMeant(text);
  if (meant !== null && line.verb.name === 'timeline') return line.bad('a time zone', text, meant);
  if (/^(?:all|full|everything)$/i.test(word)) return line.bad('a time zone', word, 'md', 'export');
  // `--zone Europe/Berlin`
  if (/^(?:--|—|–)(?:zone|tz|timezone)$/i.test(word)) return line.bad('a time zone', word, rest);
  return line.nothingMore(rest) ?? readZone(word);
}
