import { matchAt } from '../entered.js';
import { ABBREVIATIONS, LONG_NAMES } from './zone-data.js';

/** What an abbreviation may mean: a place, and the offset that it had there; null: that of the season. */
interface Meaning {
  readonly offset: string | null;
  readonly place: string;
}

const MEANINGS = new Map<string, readonly Meaning[]>();
for (const entry of ABBREVIATIONS.split(';')) {
  const [, name = '', rest = ''] = /^\s*(\p{L}+) ([^;]*)$/u.exec(entry.trimEnd()) ?? [];
  const meanings = rest.split(/,\s+/).map((meaning) => {
    const [first = '', second] = meaning.split(' ');
    return second === undefined ? { offset: null, place: first } : { offset: first, place: second };
  });
  MEANINGS.set(name, meanings);
}
// UTC under names that are not in the lists of abbreviations.
for (const name of ['UCT', 'UT', 'ZULU']) MEANINGS.set(name, [{ offset: '+00:00', place: 'UTC' }]);

/**
 * Abbreviations of which the small letters are a word, in English or another language that people write notes in, or the
 * name of a tool: in small letters, or with one capital, they are text.
 */
const WORDS = new Set(
  `act aft amt anat art at bot cast cat cct chat ckt cost cot dust east eat ect et fet fkt galt gest get gilt haa hac hap
  har hast hat ht ict iot kart kost krat lint malt mart met mist most mot must mut nft nt nut orat pest pet phot pkt pmt
  pont ret rott sbt sdt srt tft tkt tmt tost tot ut vet vost wart wast wat west wet wgt wit`.split(/\s+/),
);
/** Abbreviations that are zones in small letters, and other words in capitals. */
const WORDS_TOO = new Set(['SAST']);

/**
 * Abbreviations that also begin ordinary notes, and what follows them then: `GET /v1/clips`, `SAST scan`. Whatever else
 * follows, the word may be a zone, and is refused like one.
 */
const OTHERWISE: Record<string, RegExp> = {
  ACT: /^(?:now|on|upon|as|if)\b/i,
  AMT: /^\d/,
  ART: /^(?:director|work|style|assets?|team)\b/i,
  AST: /^(?:parser|nodes?|walker|visitor|transforms?|cache)\b/i,
  AT: /^(?:&T|least|most|the|this|that|about|around|\d)/i,
  BOT: /^(?:tokens?|users?|accounts?|messages?|commands?|posts?|posted|answers?|replies|offline|online|down|up|traffic|stopped|fails?|failed|hangs?|dies|died|works?|crashe[ds]|(?:re)?start(?:s|ed))\b/i,
  CAST: /^(?:to|as|errors?|failed|fails|devices?|screen)\b/i,
  CAT: /^(?:5|6|7)/,
  CHAT: /^(?:service|server|backend|api|team|channel|widget|messages?|history|bot|is|was|down)\b/i,
  COST: /^(?:spikes?|alerts?|alarms?|anomal|explorer|reports?|of|per)/i,
  CT: /^(?:logs?|monitors?|scans?|scanners?)\b/i,
  EAST: /^(?:\d|(?:region|coast|side|dc|data ?cent|cluster|zone|wing|pop|traffic|nodes?|us|eu)\b)/i,
  EAT: /^(?:it|the|up)\b/i,
  // HTTP: a path, an address, or what is said of requests.
  GET: /^(?:\/|https?:|\S+\/|\*|[`'"“]|(?:requests?|calls?|endpoints?|methods?|handlers?|routes?|latency|errors?|timeouts?|returns?|returned|gives?|fails?|failed|times?|timed|on|to|for|from|all|and|or|works?|responses?|traffic|the|it|back|up|out|in|a)\b)/i,
  GST: /^(?:rates?|invoices?|calculations?|numbers?|filings?|returns?|service)\b/i,
  HAR: /^(?:files?|captures?|exports?)\b/i,
  HAT: /^(?:has|is)\b/i,
  ICT: /^(?:team|department|dept|desk|staff|support|ops|services?)\b/i,
  IOT: /^(?:devices?|gateways?|hub|fleet|platform|core|sensors?|brokers?|backend|team|edge|services?|traffic|cluster)\b/i,
  LINT: /^(?:fails?|failed|jobs?|steps?|errors?|checks?|passe[ds]|rules?|stage|warnings?|is|was)\b/i,
  MET: /^(?:the|our|all|with|slo|sla|office)\b/i,
  MSK: /^(?:clusters?|brokers?|kafka|topics?|connect|consumers?|serverless|lag)\b/i,
  MT: /^(?:engines?|models?|systems?|quality|service)\b/i,
  NFT: /^(?:mints?|minting|marketplace|contracts?|service|drop)\b/i,
  NT: /^(?:servers?|hosts?|domain|kernel|service)\b|^AUTHORITY\b/i,
  PET: /^(?:store|shop|scans?|project)\b/i,
  PKT: /^(?:loss|drops?|captures?)\b/i,
  PMT: /^(?:services?|gateway|api|team|provider)\b/i,
  SBT: /^(?:builds?|compile|tests?|jobs?|fails?|failed)\b/i,
  SAST: /^(?:scans?|scanners?|scanning|jobs?|pipelines?|tools?|findings?|reports?|checks?|results?|stage)\b/i,
  SRT: /^(?:streams?|files?|subtitles?|feeds?|ingest|protocol)\b/i,
  SST: /^(?:files?|tables?)\b/i,
  UT: /^(?:fails?|failed|coverage|tests?|suites?|jobs?|runs?|passe[ds]|results?|runner)\b/i,
  VET: /^(?:all|the|every)\b/i,
  WEST: /^(?:\d|(?:region|coast|side|dc|data ?cent|cluster|zone|wing|pop|traffic|nodes?|us|eu)\b)/i,
  ZULU: /^(?:jdk|jvm|jre|java|openjdk|builds?|\d)/i,
  // French and German, where a note begins with what is said of the service before it.
  EST: /^(?:en|de|hors|toujours|tombée?|revenue?|repartie?|rétablie?)(?!\p{L})/u,
  IST: /^(?:wieder|nicht|jetzt|nun|noch|weg|tot|da|auf|aus|ab|am|im|ein|eine|der|die|das|es|er|sie|schon|kaputt)(?!\p{L})/u,
};
/** No text behind a time begins with one of these: the word before it is the subject of a sentence. */
const VERB =
  /^(?:is|isn['’]t|was|wasn['’]t|are|aren['’]t|were|has|hasn['’]t|had|have|will|won['’]t|can|can['’]t|cannot|could|does|doesn['’]t|did|didn['’]t|should|would|may|might|must|not)\b/i;
/** `MUST` (the summer time of Mauritius, last in 2009) and `MOST` (of Macau, 1979) in capitals are the ordinary words. */
const NEVER = new Set(['MOST', 'MUST']);

/** Names of what notes are about: before a colon they are labels (`BOT: restarted`). */
const LABELS = new Set('BOT CHAT EAST GET HAR ICT IOT LINT NFT NT PKT PMT SAST SBT SRT UT'.split(' '));

/** @returns whether a word before a mark (`BOT:`) says what the note is about, and is no zone. */
export function isLabel(word: string): boolean {
  return LABELS.has(word);
}

/** @returns whether it is the abbreviation of a zone, in capitals. */
export function isAbbreviation(word: string): boolean {
  return MEANINGS.has(word);
}

/**
 * @param word a word right behind a time, in any case
 * @param behind what follows the word, without its white space
 * @returns the abbreviation that it is, in capitals; null when the word is text
 */
export function abbreviationOf(word: string, behind: string): string | null {
  const name = word.toUpperCase();
  if (!MEANINGS.has(name) || NEVER.has(name)) return null;
  const small = word.toLowerCase();
  if (word !== name && WORDS.has(small)) return null;
  // `pSt` is nobody's zone; `Pst` is what a phone makes of `pst`.
  if (word !== name && word !== small && word !== `${name[0]}${small.slice(1)}`) return null;
  if (OTHERWISE[name]?.test(behind)) return null;
  if (!WORDS.has(small) && !WORDS_TOO.has(name)) return name;
  // `ACT NOW OR LOSE DATA` is a sentence in capitals.
  const shouted = /\p{Lu}.*\s.*\p{Lu}/su.test(behind) && !/\p{Ll}/u.test(behind);
  return VERB.test(behind) || shouted ? null : name;
}

const LONG = new RegExp(
  `(?:${LONG_NAMES.trim()
    .split(/;\s+/)
    .map((name) => name.replaceAll(' ', String.raw`[^\S\r\n]+`))
    .sort((a, b) => b.length - a.length)
    .join('|')})[^\\S\\r\\n]+time(?![\\p{L}\\p{N}_-]|[^\\S\\r\\n]+(?:series|outs?|limits?|travel)\\b)`,
  'iuy',
);

/** @returns a zone's full name at `at`, as in `Pacific Time` or `Central European Summer Time`; null: none stands there. */
export function longNameAt(text: string, at: number): string | null {
  // This is asked of every text behind a time, and most have no such word.
  if (!/\stime/i.test(text.slice(at, at + 60))) return null;
  return matchAt(LONG, text, at)?.[0] ?? null;
}

/**
 * @param typed the time in front of the abbreviation; '' where a zone stands alone
 * @returns the sentence that says how to write what may have been meant
 */
export function exampleZones(abbreviation: string, typed: string): string {
  const before = typed && `${typed} `;
  const meanings = MEANINGS.get(abbreviation) ?? [];
  // A place that had two offsets is named once: the zone database knows which of them held.
  const places = meanings.filter(({ place }, at) => meanings.findIndex((one) => one.place === place) === at);
  const examples = places.map(({ offset, place }) =>
    offset === null || place === 'UTC'
      ? `\`${before}${place}\``
      : `\`${before}${place}\` (or \`${before}${offset}\`)`,
  );
  const text = typed && ` If ${abbreviation} begins the text, put \`--\` before it.`;
  return `Write the place or the offset: ${examples.join(', ')}.${text}`;
}
