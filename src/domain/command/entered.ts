import { type Refusal, refuse } from '../refusal.js';
import { LIMITS, lengthOf } from '../text.js';

/** Somebody, or a user group, named in the text: `@ana` from `start` to `end` (UTF-16 indices). A bare `@name` has no id. */
export interface Mention {
  readonly start: number;
  readonly end: number;
  readonly id: string | null;
  readonly name: string | null;
}

/** What the person meant: the text as they saw it, and who is named in it. */
export interface Entered {
  readonly text: string;
  readonly mentions: readonly Mention[];
}

// `a@b.c` is an address, not a person; a name does not end with a dot.
const BARE = /(?<![\p{L}\p{N}_.@/+-])@([\p{L}\p{N}_](?:[\p{L}\p{N}_.-]*[\p{L}\p{N}_])?)/gu;
const EVERYBODY = new Set(['here', 'channel', 'everyone']);
const ENTITIES: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>' };
const STOP = /[<&]/g;

/**
 * Undoes Slack's encoding, once, in one pass: what comes out is never looked at again, so `&amp;lt;` becomes `&lt;`.
 * @param raw text of a slash command, a modal's field or a message, as Slack sends it
 */
export function decodeSlack(raw: string, names: Names): Entered {
  let text = '';
  let literal = '';
  const mentions: Mention[] = [];
  // Names are looked for in what was typed, not in what a control sequence stands for.
  const flush = () => {
    mentions.push(...bareMentions(literal, text.length));
    text += literal;
    literal = '';
  };
  let at = 0;
  while (at < raw.length) {
    STOP.lastIndex = at;
    const stop = STOP.exec(raw)?.index ?? raw.length;
    literal += raw.slice(at, stop);
    if (stop === raw.length) break;
    const token = raw[stop] === '<' ? readSlackToken(raw, stop, names) : null;
    if (token) {
      flush();
      if (token.named)
        mentions.push({ start: text.length, end: text.length + token.text.length, ...token.named });
      text += token.text;
      at = token.end;
      continue;
    }
    const entity = /^&(?:amp|lt|gt);/.exec(raw.slice(stop, stop + 5))?.[0];
    literal += entity ? ENTITIES[entity] : raw[stop];
    at = stop + (entity?.length ?? 1);
  }
  flush();
  return { text, mentions };
}

/** Text from a terminal or a program: nothing to undo. */
export function plain(raw: string): Entered {
  return { text: raw, mentions: bareMentions(raw, 0) };
}

function bareMentions(text: string, offset: number): Mention[] {
  const found: Mention[] = [];
  for (const match of text.matchAll(BARE)) {
    const name = match[1] ?? '';
    if (EVERYBODY.has(name)) continue;
    const start = offset + match.index;
    found.push({ start, end: start + match[0].length, id: null, name });
  }
  return found;
}

/**
 * What no store or export could give back exactly is refused: NUL and halves of a character. Everything else is kept.
 * @param limit in code points
 * @param what names the text in the refusal, capitalised: `The title`
 */
export function checkText(text: string, limit: number = LIMITS.text, what = 'The text'): Refusal | null {
  if (text.includes('\0')) return refuse('BAD_TEXT', { what: 'a NUL character' });
  if (/\p{Surrogate}/u.test(text))
    return refuse('BAD_TEXT', { what: 'half of a character (a lone surrogate)' });
  // Code units are never fewer than code points, so short texts need no counting.
  if (text.length <= limit) return null;
  const length = lengthOf(text);
  return length > limit ? refuse('TEXT_TOO_LONG', { what, length, limit }) : null;
}

/** The names known now of Slack's ids; null where one is not known. */
export interface Names {
  person(id: string): string | null;
  /** A user group's handle, without `@`. */
  group?(id: string): string | null;
  channel(id: string): string | null;
}

/** One control sequence of Slack, `<…>`, read: the text it stands for, and the person or the user group if it names one. */
interface SlackToken {
  readonly text: string;
  readonly end: number;
  readonly named: { id: string; name: string | null } | null;
}

const SEQUENCE = /<([^<>|]+)(?:\|([^<>]*))?>/y;
const LINK = /^(?:[a-z][a-z0-9+.-]*:\/\/|(?:mailto|tel|sms|sip|xmpp|facetime|skype|callto|geo):)\S+$/i;

/** @returns what the sequence at `at` stands for; null: it is none of Slack's and stays as it is. */
function readSlackToken(raw: string, at: number, names: Names): SlackToken | null {
  const match = matchAt(SEQUENCE, raw, at);
  if (!match) return null;
  const end = at + match[0].length;
  const body = undo(match[1] ?? '');
  const label = match[2] === undefined ? null : undo(match[2]);

  const person = /^@([UW][A-Z0-9]+)$/.exec(body);
  if (person?.[1]) {
    const name = names.person(person[1]) ?? (label?.replace(/^@/, '') || null);
    return { text: `@${name ?? person[1]}`, end, named: { id: person[1], name } };
  }
  const group = /^!subteam\^([A-Z0-9]+)$/.exec(body);
  if (group?.[1]) {
    const name = label?.replace(/^@/, '') || (names.group?.(group[1]) ?? null);
    return { text: `@${name ?? group[1]}`, end, named: { id: group[1], name } };
  }
  const text = words(body, label, names);
  return text === null ? null : { text, end, named: null };
}

function words(body: string, label: string | null, names: Names): string | null {
  const channel = /^#([CGD][A-Z0-9]+)$/.exec(body);
  if (channel?.[1]) return `#${label || names.channel(channel[1]) || channel[1]}`;
  const everybody = /^!(here|channel|everyone|group)$/.exec(body);
  if (everybody) return `@${everybody[1]}`;
  const date = /^!date\^(-?[0-9]+)\^/.exec(body);
  if (date) return label || instant(Number(date[1]));
  if (LINK.test(body)) return link(body, label);
  return null;
}

/** A moment that Slack would show in each reader's own zone; the record has one form for all. */
function instant(seconds: number): string | null {
  const at = new Date(seconds * 1_000);
  return Number.isNaN(at.getTime()) ? null : `${at.toISOString().replace('T', ' ').slice(0, 16)} UTC`;
}

/** Slack makes a link of `x.y` as typed, with an address of its own in front: then the label is what was typed. */
function link(url: string, label: string | null): string {
  if (!label || label === url) return url;
  const bare = (s: string) => s.replace(/\/$/, '').toLowerCase();
  if (/^https?:\/\//i.test(url) && bare(url.replace(/^https?:\/\//i, '')) === bare(label)) return label;
  if (/^mailto:/i.test(url) && bare(url.slice(7)) === bare(label)) return label;
  const digits = (s: string) => s.replace(/[^0-9]/g, '');
  if (/^tel:/i.test(url) && /^[+(]?[0-9]/.test(label) && digits(url) === digits(label)) return label;
  return `${label} (${url})`;
}

/** Undoes each entity exactly once. */
function undo(text: string): string {
  return text.replace(/&(?:amp|lt|gt);/g, (entity) => ENTITIES[entity] ?? entity);
}

/** A text as times are read in it, and where each of its characters stands in what was typed. */
interface Folded {
  readonly text: string;
  /** @returns the index in the typed text of the character at `index` of the folded one. */
  readonly typedAt: (index: number) => number;
}

/** Dashes and colons that keyboards of phones and word processors put for the plain ones; not the long dash: it parts sentences. */
const SAME: Record<string, string> = {
  '\u2010': '-',
  '\u2011': '-',
  '\u2012': '-',
  '\u2013': '-',
  '\u2212': '-',
  '\ufe58': '-',
  '\u02d0': ':',
  '\u2236': ':',
  '\ua789': ':',
  '\u301c': '~',
  '\u223c': '~',
  '\u2248': '~',
};

/** Times and zones stand in the first characters; what lies behind is text, and may be long. */
const HEAD = 512;

const NOT_ASCII = /[^\0-\x7f]/gu;

// Marks for the direction of writing, joiners, a byte order mark, the soft hyphen, selectors of a character's picture.
const UNSEEN = /^[\p{Cf}\p{Default_Ignorable_Code_Point}]$/u;

/**
 * Full-width and other forms of a character become the plain one (NFKC), digits of every script 0 to 9, and what nobody
 * sees goes: `\u200e１３：４１` says 13:41. Only times and zones are read like this; the text behind them stays as typed.
 */
export function fold(typed: string): Folded {
  let text = '';
  const places: number[] = [];
  let done = 0;
  for (const { 0: char, index } of typed.slice(0, HEAD).matchAll(NOT_ASCII)) {
    for (let at = done; at < index; at++) places.push(at);
    const plain = plainly(char);
    text += typed.slice(done, index) + plain;
    for (let i = 0; i < plain.length; i++) places.push(index);
    done = index + char.length;
  }
  if (done === 0) return { text: typed, typedAt: (index) => index };
  const [end, beyond] = [places.length, done];
  return {
    text: text + typed.slice(done),
    typedAt: (index) => (index < end ? (places[index] ?? 0) : beyond + index - end),
  };
}

function plainly(char: string): string {
  if (UNSEEN.test(char)) return '';
  const same = SAME[char];
  if (same !== undefined) return same;
  if (!/^\p{Nd}$/u.test(char)) return char.normalize('NFKC');
  // The digits of a script stand in a row that begins with its zero.
  const code = char.codePointAt(0) ?? 0;
  let zero = code;
  while (code - zero < 9 && /^\p{Nd}$/u.test(String.fromCodePoint(zero - 1))) zero--;
  // Rows of mathematical digits follow each other without a gap, and NFKC knows them.
  return /^\d$/.test(char.normalize('NFKC')) ? char.normalize('NFKC') : String(code - zero);
}

// What the readers of this room find at an index of a text.

/**
 * One white space inside a line, as the source of a pattern: tabs, and the no-break and thin spaces that phones,
 * word processors and clocks put between a time and what belongs to it. A line's end is none: the text begins behind it.
 */
export const BLANK = String.raw`[^\S\r\n\u2028\u2029]`;

const BLANKS = new RegExp(`${BLANK}*`, 'y');

/** @returns the index behind the white space at `at`, on the same line. */
export function skipBlanks(text: string, at: number): number {
  return at + (matchAt(BLANKS, text, at)?.[0].length ?? 0);
}

const SPACE = /\s*/y;

/** @returns the index behind all white space at `at`, line ends too. */
export function skipSpace(text: string, at: number): number {
  return at + (matchAt(SPACE, text, at)?.[0].length ?? 0);
}

/** @param pattern a sticky one. @returns its match that begins at `at`; null: none does */
export function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** @returns the word at `at`, or so many words, short enough to be quoted. */
export function wordAt(text: string, at: number, words = 1): string {
  const pattern = new RegExp(`\\S+(?:\\s+\\S+){0,${words - 1}}`, 'y');
  // By characters, so that none is cut in half.
  return [...(matchAt(pattern, text, at)?.[0] ?? '').slice(0, 80)].slice(0, 40).join('');
}
