import { isIPv6 } from 'node:net';
import { KNOWN_KEY, secretsIn } from '../secret/find.js';
import { markersIn } from '../secret/scrub.js';
import { hostLook, isTracker, OwnHosts } from './host.js';
import type { Leak } from './publish.js';
import { cutIn, folded, foldedReading, joined, plainReading, type Reading, seen } from './reading.js';

/** What a leak is of, the worst first: where two are at one place, the worse one is told. */
const KINDS: readonly Leak['kind'][] = [
  'key',
  'email',
  'address',
  'ticket',
  'host',
  'person',
  'internal',
  'component',
];
/** What a text is compared with. Names and words may be given in any case, with accents or without. */
export interface LeakRules {
  /** Names of hosts that everybody may read: `example.com`, and `*.example.com` for all below it. */
  readonly publicHosts: readonly string[];
  /** `status.internal_words`, and whatever else is called something only inside: runbooks, key stores, channels. */
  readonly internalWords: readonly string[];
  /** Names of those who are known of the incident. */
  readonly people: readonly string[];
  /** Names of components that are on no public page. */
  readonly components: readonly string[];
  /** Names that the public knows, of components before all: what only looks like a host or a ticket inside of one is none. */
  readonly publicNames: readonly string[];
}

interface Found {
  kind: Leak['kind'];
  start: number;
  end: number;
  /** What to show instead of what stands there. */
  shown?: string;
}

/**
 * Looks for what the public should not read: hosts, addresses, people, keys, tickets, words of the house. It is there for
 * people who paste at night, not against somebody who wants to give something away: letters of other alphabets that look
 * like ours, or a secret in words, pass. Takes time in proportion to the text, whatever is in it.
 * @returns what was found, in order, no two at one place: `found` as it stands, without what nobody sees, and of a key only enough
 * to know it again, because it may be logged; a name in a text of 40,000 characters as often as it stands there
 */
export function leaksIn(text: string, against: LeakRules): Leak[] {
  const plain = plainReading(text);
  const whole = joined(plain);
  const small = foldedReading(text);
  const own = new OwnHosts(against.publicHosts);
  const names = new Names();
  for (const word of against.internalWords) names.add(word, 'internal');
  for (const name of against.people) names.addPerson(name);
  for (const name of against.components) names.add(name, 'component');
  const known = new Names();
  for (const name of against.publicNames) known.add(name, 'component');

  const harmless = new Harmless(plain);
  for (const { start, end } of known.in(small, text))
    harmless.add(small.from[start] ?? 0, small.to[end - 1] ?? 0);
  const looks = (reading: Reading, allowed: Harmless): Found[] => [
    ...keysIn(reading.text),
    ...linksIn(reading.text, own, allowed),
    ...emailsIn(reading.text, own, allowed),
    ...addressesIn(reading.text),
    ...hostsIn(reading.text, own, allowed),
    ...ticketsIn(reading.text),
    ...mentionsIn(reading.text, own),
  ];
  const placed = (reading: Reading, all: readonly Found[], only: (one: Found) => boolean): Placed[] =>
    all.flatMap((one) => {
      if (one.end <= one.start || !only(one)) return [];
      const start = reading.from[one.start] ?? 0;
      const end = reading.to[one.end - 1] ?? start;
      const always = one.kind === 'key' || one.kind === 'email' || one.kind === 'internal';
      if (!always && harmless.covers(start, end)) return [];
      const shown = one.shown ?? seen(text.slice(start, end));
      return [{ kind: one.kind, found: cut(shown), start, end, broken: reading.cuts.length > 0 }];
    });

  const found = [
    ...placed(plain, looks(plain, harmless), () => true),
    ...placed(small, names.in(small, text), () => true),
  ];
  if (whole !== plain) {
    const line = joined(small);
    found.push(
      ...placed(whole, looks(whole, harmless.of(whole)), (one) => isSure(whole, one)),
      ...placed(line, names.in(line, text), (one) => one.end - one.start > 3 && cutIn(line, one) !== null),
    );
  }
  return apart(found, text.length);
}

interface Placed extends Leak {
  /** Found where lines were put together. */
  readonly broken: boolean;
}

/** Of several at one place the longest; but a key before all, and no more of it than stands on one line, where that is one. */
function apart(found: readonly Placed[], length: number): Leak[] {
  const rank = ({ kind, broken }: Placed) => (kind !== 'key' ? 2 : broken ? 1 : 0);
  const sorted = [...found].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      b.end - b.start - (a.end - a.start) ||
      KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind),
  );
  const taken = new Uint8Array(length);
  const leaks: Leak[] = [];
  for (const { kind, found: what, start, end } of sorted) {
    if (taken.subarray(start, end).includes(1)) continue;
    taken.fill(1, start, end);
    leaks.push({ kind, found: what, start, end });
  }
  return leaks.sort((a, b) => a.start - b.start);
}

/** @returns for people: what it is, and what to do. A key is not in it. */
export function leakSentence({ kind, found }: Pick<Leak, 'kind' | 'found'>): string {
  return SENTENCES[kind](found);
}

const SENTENCES: Record<Leak['kind'], (found: string) => string> = {
  host: (it) => `“${it}” is the name of a machine or a network; say what it does for people instead.`,
  address: (it) => `“${it}” is an address of a network; leave it out.`,
  email: (it) =>
    `“${it}” is the e-mail address of somebody; leave it out, or name where everybody can write to.`,
  person: (it) => `“${it}” is a person; write “we” instead.`,
  key: (it) =>
    `“${it}” looks like a key or a password; take it out, and change it wherever it is used: it has been typed here.`,
  ticket: (it) => `“${it}” is from a system that the public cannot open; leave it out.`,
  internal: (it) => `“${it}” is a word of the house (status.internal_words); say it in other words.`,
  component: (it) => `“${it}” is a component that is not on the public page; name the one that people know.`,
};

const LONGEST = 80;
const cut = (text: string) => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);

/** What was put together of two lines counts only where hardly anything else could have come of it. */
function isSure(reading: Reading, one: Found): boolean {
  const at = cutIn(reading, one);
  if (at === null) return false;
  const { text, cuts } = reading;
  const { kind, start, end } = one;
  const what = text.slice(start, end);
  if (kind === 'key')
    // A list of words, one a line, is no key: lines of a key that was broken are long.
    return !/^[A-Za-z0-9+/=_-]+$/.test(what) || KNOWN_KEY.test(what) || hasLongLines(cuts, start, end);
  // A name is broken at one of its marks; elsewhere a line ended, and another began.
  if (!/[.@:/-]/.test(text.slice(at - 1, at + 1))) return false;
  switch (kind) {
    case 'email':
      return hostLook(what.slice(what.indexOf('@') + 1)) !== null;
    case 'address':
      return what.includes('::') || /^(?:10|127|192\.168|169\.254|172\.(?:1[6-9]|2\d|3[01]))\./.test(what);
    case 'ticket':
      return OUR_TICKETS.test(what);
    case 'host':
      return (
        !what.includes('://') && (!what.includes('.') || hostLook(what.replace(/:\d+$/, '')) === 'inside')
      );
    default:
      return false;
  }
}

function hasLongLines(cuts: readonly number[], start: number, end: number): boolean {
  const inside = cuts.filter((at) => at > start && at < end);
  return [start, ...inside].every((at, i) => (inside[i] ?? end) - at >= (i < inside.length ? 16 : 1));
}

/** Places where what looks like a leak is none: what the public knows anyway. */
class Harmless {
  readonly #original: Uint8Array;

  constructor(
    private readonly reading: Reading,
    original?: Uint8Array,
  ) {
    this.#original = original ?? new Uint8Array((reading.to.at(-1) ?? 0) + 1);
  }

  /** The same places in another reading of the text. */
  of(reading: Reading): Harmless {
    return new Harmless(reading, this.#original);
  }

  /** In the original text. */
  add(start: number, end: number): void {
    this.#original.fill(1, start, end);
  }

  addHere(start: number, end: number): void {
    if (end > start) this.add(this.reading.from[start] ?? 0, this.reading.to[end - 1] ?? 0);
  }

  covers(start: number, end: number): boolean {
    return !this.#original.subarray(start, end).includes(0);
  }
}

// -- keys --

/** What the record would keep with a mark is no more for the public with that mark in it. */
function keysIn(text: string): Found[] {
  const found: Found[] = markersIn(text).map(({ start, end }) => ({ kind: 'key', start, end }));
  // Of links it is seen here who is let in by them, also without a password.
  for (const { kind, start, end, shown } of secretsIn(text))
    if (kind !== 'password in an address') found.push({ kind: 'key', start, end, shown });
  return found;
}

// -- addresses and names of the network --

const LINK_CHAR = /[!-;=?-_a-z~|]/;
/** Up to where a link goes on; a mark of the sentence at its end is none of it. */
function linkEnd(text: string, from: number): number {
  let end = from;
  while (end < text.length && LINK_CHAR.test(text[end] ?? '')) end++;
  while (end > from && /[.,;:!?)'"\]|]/.test(text[end - 1] ?? '')) end--;
  return end;
}

function linksIn(text: string, own: OwnHosts, harmless: Harmless): Found[] {
  const found: Found[] = [];
  for (let at = text.indexOf('://'); at >= 0; ) {
    let start = at;
    while (start > 0 && at - start < 20 && /[A-Za-z0-9+.-]/.test(text[start - 1] ?? '')) start--;
    const scheme = text.slice(start, at).toLowerCase();
    const end = linkEnd(text, at + 3);
    const authorityEnd = endOf(/[/?#|]/g, text, at + 3, end);
    const authority = text.slice(at + 3, authorityEnd);
    const user = authority.lastIndexOf('@');
    const host = authority.slice(user + 1).replace(/:\d*$/, '');
    if (user > 0)
      found.push({ kind: 'key', start, end: authorityEnd, shown: `${scheme}://…@… (${user} characters)` });
    else if (!/^(?:https?|hxxps?)$/.test(scheme)) {
      if (scheme !== '') found.push({ kind: 'host', start, end: authorityEnd });
    } else if (own.has(host)) harmless.addHere(start, end);
    else if (/^(?:[\d.]+|\[.*)$/.test(host)) {
      // An address: it is found as one.
    } else if (isTracker(host)) found.push({ kind: 'ticket', start, end });
    else if (isStatusPage(host)) harmless.addHere(start, end);
    else if (host !== '') {
      found.push({ kind: 'host', start, end: authorityEnd });
      harmless.addHere(authorityEnd, end);
    }
    at = text.indexOf('://', Math.max(end, at + 3));
  }
  return found;
}

/** @returns where the first match begins between two places; else `end` */
function endOf(what: RegExp, text: string, from: number, end: number): number {
  what.lastIndex = from;
  const found = what.exec(text);
  return found && found.index < end ? found.index : end;
}

/** The status page of somebody else: it is there for everybody to read. */
const isStatusPage = (host: string) =>
  /^(?:www\.)?(?:status|health)\.[a-z0-9.-]+$/i.test(host) && hostLook(host) === 'public';

/** Where everybody may write to. */
const ROLES =
  /^(?:support|help|helpdesk|status|security|info|hello|contact|kontakt|privacy|datenschutz|abuse|press|presse|sales|billing|service|kundenservice|soporte|ayuda|contacto|aide|trust|legal|feedback|noreply|no-reply|postmaster)$/i;

function emailsIn(text: string, own: OwnHosts, harmless: Harmless): Found[] {
  const found: Found[] = [];
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    let start = at;
    while (start > 0 && at - start < 64 && /[A-Za-z0-9._%+'-]/.test(text[start - 1] ?? '')) start--;
    while (start < at && /[.'-]/.test(text[start] ?? '')) start++;
    let end = at + 1;
    while (end < text.length && end - at < 255 && /[A-Za-z0-9.-]/.test(text[end] ?? '')) end++;
    while (end > at && /[.-]/.test(text[end - 1] ?? '')) end--;
    const host = text.slice(at + 1, end);
    if (start === at || !/^[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}$/.test(host)) continue;
    const ours = own.has(host) || own.isAbove(host);
    if (ours && ROLES.test(text.slice(start, at))) harmless.addHere(start, end);
    else found.push({ kind: 'email', start, end });
  }
  return found;
}

const V4 =
  /(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?!\d|\.\d)(?::\d{1,5}(?!\d)|\/\d{1,2}(?!\d))?|(?<![\d.])(?:10|172|192)\.\d{1,3}\.(?:\d{1,3}|x|\*)\.(?:x|\*)(?![A-Za-z0-9])/gi;
const V6 =
  /(?<![A-Za-z0-9:.])\[?[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,8}(?:(?:\.\d{1,3}){3})?(?![A-Za-z0-9:.]{0,8}[g-zG-Z])(?:%[a-z0-9]{1,15})?(?:\]:\d{1,5}|\])?(?:\/\d{1,3})?/gi;
const MAC = /(?<![A-Za-z0-9:-])[0-9a-f]{2}([:-])[0-9a-f]{2}(?:\1[0-9a-f]{2}){4}(?![A-Za-z0-9:-])/gi;
const VERSION =
  /(?:\bv|\b(?:version|versions|release|build|firmware|sdk|app|client|cli|ios|android|chrome|patch|ver\.?)) ?$/i;

function addressesIn(text: string): Found[] {
  const found: Found[] = [];
  const add = (start: number, what: string) =>
    void found.push({ kind: 'address', start, end: start + what.length });
  for (const { index, 0: all } of text.matchAll(V4)) {
    const bare = all.replace(/[:/].*$/, '');
    const isAddress = bare
      .split('.')
      .every((part) => /^(?:x|\*|0|[1-9]\d{0,2})$/i.test(part) && !(Number(part) > 255));
    // Versions have four numbers too; a port or a width of a network says that it is an address.
    if (isAddress && (bare !== all || !VERSION.test(text.slice(Math.max(0, index - 12), index))))
      add(index, all);
  }
  for (const { index, 0: all } of text.matchAll(V6)) {
    const bare = all.replace(/^\[/, '').replace(/(?:%|\]|\/).*$/s, '');
    // Of times (`01:41:05`) and of names of programs (`a::b`) it is none.
    if (/\d/.test(bare) && isIPv6(bare)) add(index, all);
  }
  for (const { index, 0: all } of text.matchAll(MAC)) add(index, all);
  return found;
}

const TOKEN = /[A-Za-z0-9_](?:[A-Za-z0-9_-]|\.(?=[A-Za-z0-9_]))*/g;

function hostsIn(text: string, own: OwnHosts, harmless: Harmless): Found[] {
  const found: Found[] = [];
  for (const { index, 0: typed } of text.matchAll(TOKEN)) {
    if (typed.length > 253 || !/[.0-9-]|localhost/i.test(typed)) continue;
    const token = typed.replace(/[-_]+$/, '');
    const look = hostLook(token);
    if (look === null) continue;
    const end = index + token.length;
    const port = /^:\d{2,5}(?!\d)/.exec(text.slice(end, end + 7))?.[0] ?? '';
    if (look === 'public') {
      const path = text[end + port.length] === '/' ? linkEnd(text, end + port.length) : end;
      if (own.has(token) || isStatusPage(token)) harmless.addHere(index, path);
      else if (isTracker(token)) found.push({ kind: 'ticket', start: index, end: path });
      else found.push({ kind: 'host', start: index, end: end + port.length });
    } else found.push({ kind: 'host', start: index, end: end + port.length });
  }
  for (const { index, 0: arn } of text.matchAll(/(?<![A-Za-z0-9])arn:aws[a-z-]{0,10}:[A-Za-z0-9:/_*.-]{3,}/g))
    found.push({ kind: 'host', start: index, end: index + arn.length });
  return found;
}

// -- tickets --

const TICKET = /(?<![A-Za-z0-9_.-])([A-Za-z][A-Za-z0-9]{1,9})-(\d{1,7})(?![A-Za-z0-9_]|-\d|\.\d|[:,]\d)/g;
/** In any case: nothing else is called so. */
const OUR_TICKETS = /^(?:inc|incident|run|jira|ops|sre|infra|itsm|chg|prb|gh|devops|ticket|bug)-\d+$/i;
/** What has a number behind it and is a standard, a version, a zone, a place or a time. `MNT-3` is planned work, and public. */
const STANDARDS = new Set(
  `AES ANDROID ANSI ASCII AU BASE BC BCP BGP BLAKE BR BST CA CAT CEST CET CDT CN CO COVID CP CST CSS CVE DDR DE DES DIN DNS
  DST EC ECMA ED EDT EEST EET EMEA EN ES EST EU EURO FIPS FR FY GDPR GMT GPS GPT GRPC GSM HDMI HEIC HMAC HTML HTTP HTTPS IE
  IEC IEEE IMAP IOS IPV IPSEC ISO IST JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC JP JS JST KB LATIN LTE MACOS MD MDT ME
  MIDI MNT MP MPEG MSK MST NA NIST NTP OAUTH OPENAPI OTLP PBKDF PCI PCM PDT PHP PKCS PM PNG POP PS PSD PST RC RFC RIPEMD RS
  RSA SA SARS SCRAM SECP SEV SHA SHAKE SMTP SNMP SOC SOCKS SQL SSH SSL STD TCP TLS TOP TTS UCS UDP UHD UK UNICODE US USB UTC
  UTF UUID VP WAV WCAG WEB WEST WET WIN WINDOWS WPA XP ZIP ADR ART AP AF AZ TVA IVA MWST ISBN EAN DSGVO RGPD G4 LKW`
    .trim()
    .split(/\s+/),
);
const SERVICE_NOW = /(?<![A-Za-z0-9])(?:INC|CHG|PRB|RITM|REQ|TASK|SCTASK|CS)\d{6,10}(?![A-Za-z0-9])/gi;
const HASHED =
  /(?<![A-Za-z0-9&/])#\d{3,}(?![A-Za-z0-9])|(?<![A-Za-z0-9_./-])[A-Za-z0-9_-]{1,39}\/[A-Za-z0-9_.-]{1,60}#\d+/g;
const NUMBERED =
  /(?<![A-Za-z0-9])(?:PR|MR|[Tt]icket|TICKET|[Bb]ug)\s?(?:#|(?:[Nn]o|[Nn]r)\.?\s?)?\d{2,}(?!\d|[.:,]\d|%)/g;
const PAGER = /(?<![A-Za-z0-9])(?:P[A-Z0-9]{6}|Q[A-Z0-9]{13})(?![A-Za-z0-9])/g;
const UUID =
  /(?<![0-9A-Za-z-])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?:-\d{13})?(?![0-9A-Za-z-])/gi;

function ticketsIn(text: string): Found[] {
  const found: Found[] = [];
  const add = (start: number, what: string) =>
    void found.push({ kind: 'ticket', start, end: start + what.length });
  for (const { index, 0: all, 1: prefix = '' } of text.matchAll(TICKET))
    if (
      OUR_TICKETS.test(all) ||
      (prefix === prefix.toUpperCase() && !/^[A-Z]\d+$/.test(prefix) && !STANDARDS.has(prefix))
    )
      add(index, all);
  for (const what of [SERVICE_NOW, HASHED, NUMBERED, UUID])
    for (const { index, 0: all } of text.matchAll(what)) add(index, all);
  // Letters and digits by chance, as PagerDuty makes them; `PYTHON3` is a word with its version.
  for (const { index, 0: all } of text.matchAll(PAGER))
    if (/\d/.test(all) && /[A-Z].*[A-Z]/.test(all) && !/^P(?:YTHON|HASE)\d/.test(all)) add(index, all);
  return found;
}

// -- people --

const SLACK = /<(?:@[UWB][A-Z0-9]{2,}|!subteam\^S[A-Z0-9]{2,}|#[CG][A-Z0-9]{2,})(?:\|[^>\n]{0,80})?>/g;
const HANDLE = /(?<![\p{L}\p{N}_.@/])@\p{L}(?:[\p{L}\p{N}_-]|\.(?=[\p{L}\p{N}]))*/gu;

function mentionsIn(text: string, own: OwnHosts): Found[] {
  const found: Found[] = [];
  for (const { index, 0: all } of text.matchAll(SLACK))
    found.push({ kind: all[1] === '#' ? 'internal' : 'person', start: index, end: index + all.length });
  for (const { index, 0: all } of text.matchAll(HANDLE)) {
    const end = index + all.length;
    // A package (`@example/sdk`), or whatever has an address of ours (`@example.com`), is nobody.
    if (text[end] !== '/' && !own.has(all.slice(1))) found.push({ kind: 'person', start: index, end });
  }
  return found;
}

/** Names that are words too, of languages in which pages are written: alone they count with a capital, inside a sentence. */
const WORDS = new Set(
  `will mark may max grace bill chase frank art drew rob pat sue dawn summer april june july august jan feb mar jun jul aug sep
  oct nov dec grant page rose ray jack miles wade rich hope faith joy sky star guy dean earl duke king bishop hunter mason
  carter cook baker young long short best good wise love day white black brown green gray grey stone wood field lake hill
  ford banks price case cross park way street north west east south log cloud storm winter marc sol luz rosa paz mai mari
  don dan ben an and the von van de la le del der den das mit per tim stein berg klein gross lang kurz jung alt neu martin
  reason victor iris ivy lily olive ruby violet pearl crystal amber ginger sandy rusty dusty lane reed heath glen cliff`
    .trim()
    .split(/\s+/),
);

interface Leaf {
  kind: Leak['kind'];
  /** Only with a large letter at its beginning; `inside`: and not where a sentence begins. */
  capital: 'no' | 'yes' | 'inside';
}
interface Node {
  readonly next: Map<string, Node>;
  leaf: Leaf | null;
}

/** Finds any of many names in one pass: whole words, as each script parts them. */
class Names {
  readonly #root: Node = { next: new Map(), leaf: null };

  add(name: string, kind: Leak['kind'], capital: Leaf['capital'] = 'no'): void {
    const word = folded(name);
    if (word === '') return;
    let node = this.#root;
    for (const char of split(word)) {
      let next = node.next.get(char);
      if (!next) {
        next = { next: new Map(), leaf: null };
        node.next.set(char, next);
      }
      node = next;
    }
    if (!node.leaf || KINDS.indexOf(kind) < KINDS.indexOf(node.leaf.kind)) node.leaf = { kind, capital };
  }

  /** The whole name, and each part of it by which somebody is called. */
  addPerson(name: string): void {
    const plain = name.replace(/\([^)]*\)/g, ' ').trim();
    const parts = plain.split(/[\s,.;/]+/).filter(Boolean);
    const isWord = (part: string) => WORDS.has(folded(part)) || (part.length < 3 && !/[^ -~]/.test(part));
    if (parts.length > 1) this.add(plain, 'person');
    // Where words are not parted by blanks, names are not either.
    if (parts.length > 1 && FREE.test(plain)) this.add(parts.join(''), 'person');
    for (const part of parts) {
      // Letters, or characters that are words: `J` is nobody.
      if (part.length < 2) continue;
      if (isWord(part)) this.add(part, 'person', 'inside');
      else this.add(part, 'person', parts.length > 1 ? 'yes' : 'no');
    }
  }

  /** @param reading folded @param original what it was made of */
  in(reading: Reading, original: string): Found[] {
    const { text } = reading;
    const found: Found[] = [];
    if (this.#root.next.size === 0) return found;
    for (let i = 0; i < text.length; i++) {
      if (!this.#root.next.has(text[i] ?? '') || isWithin(text, i)) continue;
      const match = this.#at(reading, i, original);
      if (!match) continue;
      found.push(match);
      i = match.end - 1;
    }
    return found;
  }

  /** @returns the longest that begins there */
  #at(reading: Reading, start: number, original: string): Found | null {
    const { text } = reading;
    let found: Found | null = null;
    let node: Node | undefined = this.#root;
    for (let i = start; i < text.length && node; ) {
      const char: string = text[i] ?? '';
      const isBlank = char === ' ' || char === '\n';
      node = node.next.get(isBlank ? ' ' : char);
      i++;
      if (isBlank) while (text[i] === ' ' || text[i] === '\n') i++;
      if (
        node?.leaf &&
        !isWithin(text, i) &&
        hasCapital(node.leaf.capital, original, reading.from[start] ?? 0)
      )
        found = { kind: node.leaf.kind, start, end: i };
    }
    return found;
  }
}

const split = (text: string) => text.split('');

function hasCapital(wanted: Leaf['capital'], original: string, at: number): boolean {
  if (wanted === 'no') return true;
  const first = original.slice(at, at + 2);
  // Scripts without large letters have none to look for.
  if (/^\p{Ll}/u.test(first)) return false;
  if (wanted === 'yes') return true;
  const before = original.slice(Math.max(0, at - 6), at).trimEnd();
  const beginsLine = /\n\s*$/.test(original.slice(Math.max(0, at - 6), at));
  return before !== '' && !beginsLine && !/[.!?:…"“„«(•*—–-]$/.test(before);
}

const FREE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const KATAKANA = /[\p{Script=Katakana}\u30fc\u3099\u309a]/u;
const LETTER = /[\p{L}\p{N}\p{M}]/u;
const SORTS = new Map<string, 'free' | 'kana' | 'letter' | null>();

/** Would a cut at that place go through a word? Where a script does not part words by blanks, nobody can say, and it would not. */
function isWithin(text: string, at: number): boolean {
  if (at <= 0 || at >= text.length) return false;
  const after = sortOf(text, at);
  return after !== null && after !== 'free' && sortOf(text, at - 1) === after;
}

function sortOf(text: string, at: number): 'free' | 'kana' | 'letter' | null {
  const code = text.charCodeAt(at);
  if (code < 128) return (code > 96 && code < 123) || (code > 47 && code < 58) ? 'letter' : null;
  // The second half of a pair belongs to what the first half says.
  const char = String.fromCodePoint(text.codePointAt(code >= 0xdc00 && code < 0xe000 ? at - 1 : at) ?? 0);
  const known = SORTS.get(char);
  if (known !== undefined) return known;
  const sort = KATAKANA.test(char) ? 'kana' : FREE.test(char) ? 'free' : LETTER.test(char) ? 'letter' : null;
  if (SORTS.size > 20_000) SORTS.clear();
  SORTS.set(char, sort);
  return sort;
}
