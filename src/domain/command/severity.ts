import { SEVERITIES, type Severity } from '../words.js';
import { fold, matchAt, skipSpace } from './entered.js';

/** Names that other teams have for severities. */
const CALLED: Record<string, number> = {
  critical: 1,
  major: 2,
  high: 2,
  moderate: 3,
  medium: 3,
  minor: 3,
  low: 4,
  trivial: 4,
};

/** @returns the severity meant by `sev2`, `SEV-2`, `2`, `P2`, `S2` or `major`; null for anything else. */
export function severityOf(word: string): Severity | null {
  const read = readSeverity(word, true);
  return read && 'severity' in read && read.rest === '' ? read.severity : null;
}

/** A severity at the start of a text; `rest` begins behind what parts it from the text: a colon, a dash, its bracket. */
interface ReadSeverity {
  readonly severity: Severity;
  readonly rest: string;
}

const DASH = '\\-‐‑‒–—−';
const BRACKETS: Record<string, string> = { '[': ']', '(': ')', '{': '}', '<': '>', '【': '】' };
// `SEV-2`, `sev 2`, `severity: 2`, `Severity: P2`, `sev two`; `P2`; `S-2`, `P 2:`; `sev critical`; `critical`; `2`
const NAME = new RegExp(
  `(?:(sev(?:erity)?|prio(?:rity)?)\\s*([:=#_.${DASH}]?)\\s*(?:[ps][${DASH}]?(?=\\d))?|([ps])(?:[${DASH}]?(?=\\d)|\\s(?=\\d\\s?:)))?` +
    `(?:(\\d{1,2})|(${Object.keys(CALLED).join('|')})|(?<=(?:sev|severity|prio|priority)[^\\p{L}]*)(one|two|three|four))(?![\\p{L}\\p{N}])`,
  'iuy',
);
const COLON = /\s*[:|]/y;
// A dash parts the two where a space stands behind it; two dashes are the end of the flags.
const APART = new RegExp(`(?:\\s+[${DASH}/>→·]|[${DASH}])(?=\\s|$)|[—―]`, 'y');
const MARK = /[,;.](?=\s|$)/y;
const SPACE = /(?=\s|$)/y;
/** Behind one of these words `P4` is a thing that the title speaks of, and no severity. */
const GOES_ON = /\s+(?:and|or|vs|is|are|was|were|has|have|had)(?!\S)/iy;

/**
 * The one reader of severities, for `sev` and for the start of `open`.
 * @param asked a severity must stand here (`sev`); without it, what may as well be the beginning of a title is none:
 *   `1 node down`, `critical bug`, `S3 is slow`
 * @returns null: no severity begins here; `unknown`: what was plainly meant as one, and is none, as `sev5` or `P0:`
 */
export function readSeverity(text: string, asked: boolean): ReadSeverity | { unknown: string } | null {
  const { text: plain, typedAt } = fold(text);
  const start = /^\s*(?:[*_`]{0,3})/.exec(plain)?.[0] ?? '';
  const emphasis = start.trim();
  const closer = BRACKETS[plain[start.length] ?? ''];
  const from = closer ? skipSpace(plain, start.length + 1) : start.length;
  const name = matchAt(NAME, plain, from);
  if (!name) return null;
  let end = from + name[0].length;
  let apart: 'space' | 'mark' | 'colon' | null = null;
  // In brackets, and in the asterisks of Slack's bold, a colon may stand inside: `*P1:* API down`.
  const inside = (closer || emphasis) && matchAt(COLON, plain, end);
  if (inside) {
    apart = 'colon';
    end += inside[0].length;
  }
  if (closer) {
    end = skipSpace(plain, end);
    if (plain[end] !== closer) return null;
    apart = 'colon';
    end += 1;
  }
  if (emphasis) {
    if (!plain.startsWith([...emphasis].reverse().join(''), end)) return null;
    end += emphasis.length;
  }
  const mark = matchAt(COLON, plain, end) ?? matchAt(APART, plain, end);
  const weak = mark ? null : matchAt(MARK, plain, end);
  if (mark || weak) end += (mark ?? weak)?.[0].length ?? 0;
  apart ??= mark ? 'colon' : weak ? 'mark' : matchAt(SPACE, plain, end) ? 'space' : null;
  if (apart === null) return null;
  const [, label = '', joint = '', letter = '', number, word, spelt] = name;
  const digits = spelt === undefined ? number : String(SPELT.indexOf(spelt.toLowerCase()) + 1);
  const rank = digits === undefined ? CALLED[word?.toLowerCase() ?? ''] : Number(digits);
  const rest = text.slice(typedAt(end));
  const known = SEVERITIES[(rank ?? 0) - 1];
  if (!asked && !meant({ label, joint, letter, digits, apart, goesOn: matchAt(GOES_ON, rest, 0) !== null }))
    return null;
  return known ? { severity: known, rest } : { unknown: text.slice(0, typedAt(end)).trim() };
}

interface Form {
  label: string;
  joint: string;
  letter: string;
  digits: string | undefined;
  apart: 'space' | 'mark' | 'colon';
  goesOn: boolean;
}

/** @returns whether what was read can only be a severity, although a title may begin at the same place. */
function meant({ label, joint, letter, digits, apart, goesOn }: Form): boolean {
  if (label) return digits !== undefined || apart === 'colon' || /^sev$/i.test(label) || /[:=]/.test(joint);
  if (apart === 'mark') return false;
  // `S3` is a store of files, also with a colon behind it; `P5` without a colon is a library.
  if (/s/i.test(letter)) return apart === 'colon' && /^[124]$/.test(digits ?? '');
  if (letter) return apart === 'colon' || (/^[0-4]$/.test(digits ?? '') && !goesOn);
  return digits === undefined && apart === 'colon';
}

const SPELT = ['one', 'two', 'three', 'four'];
const LIKE = /(?<![\p{L}\p{N}_.-])(?:sev(?:erity)?[ _-]?[0-9](?![\p{N}_.])|p[0-4](?![\p{L}\p{N}_.-]))/iu;
const LIKE_AT_START = /^\s*s[1-4](?![\p{L}\p{N}_.-])/iu;

/** @returns a remark for the receipt where a title, opened without a severity, holds what may be meant as one. */
export function severityRemark(title: string): string[] {
  const like = (LIKE.exec(title) ?? LIKE_AT_START.exec(title))?.[0].trim();
  return like ? [`“${like}” was kept as part of the title; \`sev SEVERITY\` sets a severity.`] : [];
}
