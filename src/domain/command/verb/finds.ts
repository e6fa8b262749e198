import { type Refusal, refuse } from '../../refusal.js';
import { LIMITS, readSpan } from '../../text.js';
import { type Moment, momentNow, type PersonRef, SEVERITIES, STATUSES, type Status } from '../../words.js';
import { checkText } from '../entered.js';
import { Flags, quoted } from '../flags.js';
import { severityOf } from '../severity.js';
import { statusMeant } from '../slips.js';
import { ask, behindDashes, exact, type Line, type Parsers } from '../verbs.js';

/** How many pages there may be: further ones are asked for in other words. */
const PAGES = 500;
/** Incidents of a page of what was found: more do not fit a phone's screen, or a message. */
const FOUND = { usual: 5, most: 20 } as const;
/** Words that are looked for are as long as a title at most. */
const WORDS = 300;

/** Verbs that find incidents. */
export const FINDS = {
  list(line) {
    const { said, people } = withoutMentions(line);
    const tooLong = checkText(said, LIMITS.text, 'The line');
    if (tooLong) return tooLong;
    const flags = new Flags(line.verb.flags, line.form);
    const rest = flags.head(said);
    if (typeof rest !== 'string') return rest;
    const more = line.nothingMore(withNames(rest, people), listInstead(rest, people));
    if (more) return more;
    const statuses = chosen(flags, 'status', statusOf, [...STATUSES, 'open', 'all'], line);
    if ('refused' in statuses) return statuses;
    const severities = chosen(flags, 'severity', severityOf, SEVERITIES, line);
    if ('refused' in severities) return severities;
    const since = timeOf(flags, 'since', line);
    if (since && 'refused' in since) return since;
    const until = timeOf(flags, 'until', line);
    if (until && 'refused' in until) return until;
    if (since && until && until.at < since.at)
      return refuse('TIME_RANGE_BACKWARDS', { from: since.at, to: until.at });
    const page = numberIn(flags, 'page', 1, PAGES, line);
    if (typeof page !== 'number') return page;
    const lead = flags.all('lead')[0];
    const narrowed = flags.has('since') || flags.has('until');
    return ask({
      type: 'list',
      asked: {
        statuses: statuses.flatMap((one) => (one === 'all' ? [] : one)),
        all: statuses.includes('all') || (statuses.length === 0 && narrowed),
        severities,
        components: flags.all('component').map((name) => name.trim()),
        ...{ since, until, page },
        mine: flags.has('mine'),
        lead: lead === undefined ? null : personIn(lead, people),
        drills: flags.has('drills'),
        typed: withoutPage(line),
      },
    });
  },

  search(line) {
    const { said } = line;
    const tooLong = checkText(said, LIMITS.text, 'The line');
    if (tooLong) return tooLong;
    const flags = new Flags(line.verb.flags, line.form);
    const start = flags.head(said);
    if (typeof start !== 'string') return start;
    const kept = behindDashes(start);
    const words = kept ?? flags.tail(exact(start));
    if (typeof words !== 'string') return words;
    const refusal = line.needed(words, WORDS, 'words to look for');
    if (refusal) return refusal;
    const limit = numberIn(flags, 'limit', FOUND.usual, FOUND.most, line);
    if (typeof limit !== 'number') return limit;
    const page = numberIn(flags, 'page', 1, PAGES, line);
    if (typeof page !== 'number') return page;
    return ask({ type: 'search', asked: { words: words.trim(), limit, page } });
  },
} satisfies Parsers;

/** Somebody's name may have blanks in it, and a value ends at one: mentions become words of their own. */
function withoutMentions(line: Line): { said: string; people: Map<string, PersonRef> } {
  const people = new Map<string, PersonRef>();
  let said = '';
  let at = line.at;
  for (const { start, end, id, name } of line.mentions) {
    if (start < at) continue;
    const word = `@${people.size}\u2060`;
    people.set(word, { id, name });
    said += line.text.slice(at, start) + word;
    at = end;
  }
  return { said: said + line.text.slice(at), people };
}

function personIn(value: string, people: ReadonlyMap<string, PersonRef>): PersonRef {
  return people.get(value) ?? { id: null, name: value.replace(/^@/, '') };
}

/** What `withoutMentions` has put there, as it was typed. */
function withNames(text: string, people: ReadonlyMap<string, PersonRef>): string {
  return text.replace(/@\d+\u2060/g, (word) => {
    const person = people.get(word);
    return `@${person?.name ?? person?.id ?? ''}`;
  });
}

/** `list resolved`, `list sev1`, `list mine`, `list @ana`, `list today`, `list API`: as filters. */
function listInstead(rest: string, people: ReadonlyMap<string, PersonRef>): string | null {
  const said = withNames(rest, people).trim();
  const word = said
    .toLowerCase()
    .replace(/^-+/, '')
    .replace(/\s+(?:incidents?|ones?)$/, '');
  if (/^(?:all|everything|history)$/.test(word)) return '--status all';
  if (/^(?:open|active|ongoing|current|the open)$/.test(word)) return '';
  if (/^(?:mine|my|me)$/.test(word)) return '--mine';
  if (/^drills?$/.test(word)) return '--drills';
  if (/^(?:today|yesterday)$/.test(word)) return `--since ${word}`;
  if (/^(?:this|last|the last) ?week$/.test(word)) return '--since 7d';
  if (readSpan(word) !== null) return `--since ${word}`;
  if (/^@\S+$/.test(said)) return `--lead ${said}`;
  const severity = severityOf(word);
  if (severity) return `--severity ${severity}`;
  const status = statusOf(word) ?? statusMeant(word);
  if (status) return `--status ${status}`;
  return /^[\p{L}\p{N}][\p{L}\p{N} _.-]{0,40}$/u.test(said) && said.split(/\s+/).length <= 3
    ? `--component ${quoted(said)}`
    : null;
}

function statusOf(word: string): Status | 'open' | 'all' | null {
  const called = word.toLowerCase();
  if (called === 'open' || called === 'all') return called;
  if (called === 'closed') return 'resolved';
  return STATUSES.find((status) => status === called) ?? null;
}

/** The values that a flag gives, each once; a comma parts them too. */
function chosen<T extends string>(
  flags: Flags,
  name: string,
  read: (word: string) => T | null,
  known: readonly string[],
  line: Line,
): T[] | Refusal {
  const values: T[] = [];
  for (const word of flags.all(name).flatMap((value) => value.split(/[\s,]+/).filter(Boolean))) {
    const value = read(word);
    if (value === null)
      return refuse('UNKNOWN_VALUE', {
        flag: `--${name}`,
        got: [...word].slice(0, 40).join(''),
        known,
        form: line.form,
      });
    if (!values.includes(value)) values.push(value);
  }
  return values;
}

/** A time, or how long ago it is: `7d`. */
function timeOf(flags: Flags, name: string, line: Line): Moment | Refusal | null {
  const value = flags.all(name)[0];
  if (value === undefined) return null;
  const span = readSpan(value.replace(/^-/, ''));
  if (span !== null && span > 0) return momentNow(new Date(Math.max(0, line.ctx.now.getTime() - span)));
  const time = line.onlyTime(value, false);
  if (!('refused' in time)) return time.moment;
  // A day alone is its beginning: `yesterday`, `Monday`.
  const day = line.onlyTime(`${value} 00:00`, false);
  return 'refused' in day ? time : day.moment;
}

function numberIn(flags: Flags, name: string, usual: number, most: number, line: Line): number | Refusal {
  const value = flags.all(name)[0];
  if (value === undefined) return usual;
  const n = /^[1-9]\d{0,5}$/.test(value) ? Number(value) : null;
  return n !== null && n <= most ? n : line.badFlag(name, `needs a number from 1 to ${most}`);
}

/** As it was typed, for the next page. */
function withoutPage(line: Line): string {
  return line.said
    .replace(/(?:--|—|–)page(?:=|\s+)\S+/i, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
