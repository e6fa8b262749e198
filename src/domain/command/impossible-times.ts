import { type Refusal, refuse } from '../refusal.js';
import { BLANK, skipBlanks } from './blank.js';
import { isAbbreviation } from './zone-abbreviations.js';
import { DAYS, MONTHS, WEEKDAYS } from './zone-data.js';

const list = (words: string) =>
  words
    .trim()
    .split(/\s+/)
    .sort((a, b) => b.length - a.length)
    .join('|');
const MONTH =
  'jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?';
/** Months that nothing else is called: `10 may be down` and `march 3 nodes` begin a text. */
const SURE_MONTH =
  'jan(?:uary)?|feb(?:ruary)?|apr(?:il)?|june?|july|aug(?:ust)?|sept(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?';
const ANY_MONTH = `${MONTH}|${list(MONTHS)}`;
const WEEKDAY = '(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?';
/** Not the two letters of some languages: `so 14:00` and `to 14:00` are words. */
const ANY_WEEKDAY = `${WEEKDAY}|${list(WEEKDAYS.replace(/(?<!\S)\S{2}(?!\S)/g, ''))}`;
const UNIT = 'm|mins?\\.?|minutes?|h|hrs?\\.?|hours?|s|secs?\\.?|seconds?|d|days?|weeks?|months?|years?';
const NUMBER =
  'one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|forty-five|fifty|sixty|ninety';
const AMOUNT = `(?:\\d+(?:[.,]\\d+)?|an?|half an?|${NUMBER}|(?:a )?(?:few|couple)(?: of)?|several|some)`;
/** A time of day as a pattern, read or not. */
const CLOCK =
  '(?:\\d{1,2}:\\d{2}|\\d{1,2}h\\d{2}|\\d{1,2}(?:\\.\\d{2})? ?(?:[ap]m|[ap]\\.m\\.|uhr)(?![\\p{L}\\p{N}]))';
const NOON =
  '(?:12 )?(?:high )?(?:noon|midday|midnight)|mitternacht|minuit|medianoche|mezzanotte|mezzogiorno|mediod[ií]a';
const END = '(?![\\p{L}\\p{N}_-])';
const NEAR = '(?:at|around|about|approx\\.?|circa|ca\\.?|um|gegen|om|kl\\.?|a|à|alle|a las|às|o|ob|в|о|@|~)';

/** A space in a pattern stands for any white space inside a line. */
const compiled = (patterns: readonly RegExp[]) =>
  patterns.map(({ source, flags }) => {
    const blanks = source.replaceAll(' ?', `${BLANK}*`).replaceAll(' ', `${BLANK}+`);
    return new RegExp(blanks, flags);
  });

/**
 * What people type when they mean a time, in a form that leaves something open (which month? morning or evening?)
 * or that no clock shows. Taken as text it would be recorded at the wrong moment without anybody noticing.
 */
const MEANT = compiled([
  // ??:??, 14:??, xx:xx, --:--
  /(?=[\d:]*[?xX_])[\d?xX_]{1,2}:[\d?xX_]{2}(?::[\d?xX_]{2})?(?![\p{L}\p{N}])/uy,
  /--:--/y,
  /(?=[\d-]*\?)[\d?]{4}-[\d?]{2}-[\d?]{2}/y,
  // 14:32:5, and 5pm, whose precision nobody can tell
  /\d{1,2}:\d{2}:\d(?![\d:])/y,
  /\d{1,2} ?(?:[ap]m|[ap]\.m\.?)(?![\p{L}\p{N}_-])/iuy,
  /\d{1,2}(?:h| h )\d{2}(?![\p{L}\p{N}_-])/uy,
  /\d{1,2} ?uhr(?: \d{1,2})?(?![\p{L}\p{N}_-])/iuy,
  new RegExp(`(?:\\d{1,2}|${NUMBER}) ?o['’]clock${END}`, 'iuy'),
  // 14;32, 14 : 32, 13時
  /\d{1,2}(?:;| :) ?[0-5]\d(?![\d:])/y,
  /\d{1,2} ?[時时點点시](?![間间])/y,
  /(?:午前|午後|上午|下午|오전|오후) ?\d/y,
  // 1432Z, 14:32 without its colon where a zone or `hrs` follows, and 0930
  /(?:[01]\d|2[0-3])[0-5]\d ?(?:Z|UTC|GMT|hrs|uhr|hours(?! of))(?![\p{L}\p{N}_-])/iuy,
  /0\d[0-5]\d(?=\s|$)/y,
  new RegExp(`(?:${NOON})${END}`, 'iuy'),
  new RegExp(`(?:half|quarter|five|ten|twenty|\\d{1,2}) past (?:\\d{1,2}|${NUMBER})${END}`, 'iuy'),
  new RegExp(`quarter to (?:\\d{1,2}|${NUMBER})${END}`, 'iuy'),
  /(?:halb|viertel (?:vor|nach)) (?:\d{1,2}|eins|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf)(?![\p{L}\p{N}_-])/iuy,
  // 10/11/2024 is in October or in November
  /\d{4}\/\d{1,2}\/\d{1,2}(?![\d/])/y,
  /\d{1,2}([/.-])\d{1,2}\1\d{4}(?!\.?\d)/y,
  /(?:0?[1-9]|[12]\d|3[01])([/-])(?:0?[1-9]|[12]\d|3[01])\1\d{2}(?![\d\p{L}/-])/uy,
  /(?:0?[1-9]|[12]\d|3[01])\.(?:0?[1-9]|1[0-2])\.(?=\s|$)/y,
  new RegExp(`\\d{1,2}[./-]\\d{1,2}(?:[./-]\\d{2})?[.,]?(?: at)? ${CLOCK}`, 'iuy'),
  /(?:19|20)\d{2}-(?:\d-\d{1,2}|\d{1,2}-\d)(?![\d\p{L}_.-])/uy,
  /(?:19|20)\d{2}\.(?:0[1-9]|1[0-2])\.(?:0[1-9]|[12]\d|3[01])(?![\d\p{L}_.-])/uy,
  /(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:T?\d{4,6}Z?)?(?![\d\p{L}_.,:/-])/uy,
  /\d{4}-?W\d{2}/y,
  /\d{4} ?[年년]|\d{1,2} ?[月월] ?\d{1,2} ?[日일]/y,
  new RegExp(`(?:${ANY_WEEKDAY}),? (?:${MONTH}),? \\d{1,2}${END}`, 'iuy'),
  new RegExp(
    `(?:(?:${ANY_WEEKDAY})[.,]* )?\\d{1,2}(?:st|nd|rd|th|\\.|º)?(?: of| de)? (?:${ANY_MONTH})\\.?,?(?: de)?(?: \\d{4},?)?(?: ${NEAR})? ${CLOCK}`,
    'iuy',
  ),
  new RegExp(`(?:${MONTH})\\.? \\d{1,2}(?:st|nd|rd|th)?,?(?: \\d{4},?)?(?: ${NEAR})? ${CLOCK}`, 'iuy'),
  new RegExp(
    `(?:(?:${ANY_WEEKDAY})[.,]* )?\\d{1,2}(?:st|nd|rd|th|\\.|º)?(?: of| de)? (?:${ANY_MONTH})\\.?,?(?: de)? \\d{4}${END}`,
    'iuy',
  ),
  new RegExp(`(?:${MONTH})\\.? \\d{1,2}(?:st|nd|rd|th)?,? (?:19|20)\\d{2}${END}`, 'iuy'),
  new RegExp(`(?:${SURE_MONTH})\\.? (?:[1-9]|[12]\\d|3[01])(?:st|nd|rd|th)?(?![\\p{L}\\p{N}_.%/-])`, 'iuy'),
  new RegExp(
    `(?:[1-9]|[12]\\d|3[01])(?:st|nd|rd|th|\\.)? (?:of )?(?:${SURE_MONTH}|${list(MONTHS)
      .split('|')
      .filter((word) => word.length > 5)
      .join('|')})${END}`,
    'iuy',
  ),
  new RegExp(`(?:last )?(?:${ANY_WEEKDAY})[.,]*(?: ${NEAR})? (?:${CLOCK}|(?:${NOON})${END})`, 'iuy'),
  /\d{1,2}[-.](?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*(?:[-.]\d{2,4})?(?![\p{L}\p{N}_-])/iuy,
  new RegExp(
    `(?:last night|this (?:morning|afternoon|evening|noon)|tonight|(?:yesterday|today|tomorrow)(?: (?:morning|afternoon|evening|night|noon))?|${list(DAYS)})(?:,|(?: ${NEAR})?) (?:[\\d?xX]{1,2}(?::[\\d?xX]{2}|[ap]m${END})|${CLOCK}|(?:${NOON})${END})`,
    'iuy',
  ),
  // -12 min, -1h30, -2w, 12m ago
  new RegExp(
    `-\\d+(?:[.,]\\d+)? ?(?:mins?|minutes?|hrs?|hours?|secs?|seconds?|days?|weeks?|[hm](?= (?:and )?\\d+ ?[ms]))(?:,?(?: and)? \\d+ ?(?:${UNIT}))*${END}`,
    'uy',
  ),
  /-\d+(?:[.,]\d+)?(?:w|wks?|mo|y|yrs?|H(?:\d+M)?)(?![\p{L}\p{N}_-])/uy,
  /-\d+(?:[.,]\d+)? (?:h|m|d|s)(?=\s|$)/uy,
  /- (?:\d+[hm])+(?=\s|$)/y,
  /-\d+h\d+(?![\p{L}\p{N}_-])/uy,
  /-\d{1,2}:\d{2}(?!\d)/y,
  /-\d+⁄\d+ ?(?:h|hrs?|hours?|d|days?|m|mins?)(?![\p{L}\p{N}_-])/uy,
  /-P(?:\d+D)?T(?:\d+[HMS])+/iy,
  /T[+-]\d+(?::\d{2}|m|min|h|s)?(?=\s|$)/y,
  /\+\d+ ?(?:h|min|mins|minutes?|hours?)(?![\p{L}\p{N}_-])/uy,
  new RegExp(
    `(?:(?:about|around|roughly|approximately|approx\\.?|circa|ca\\.?|some|maybe) |~ ?)?${AMOUNT} ?(?:${UNIT})(?:,? (?:and )?(?:a half|a quarter|${AMOUNT} ?(?:${UNIT})))* ago${END}`,
    'iuy',
  ),
  new RegExp(`(?:${AMOUNT} )?(?:a )?(?:moments?|while|bit) ago${END}`, 'iuy'),
  /(?:\d+[dhms])+ ago(?![\p{L}\p{N}_-])/uy,
  /vor (?:\d+|einer?|einem|zwei|drei|fünf|zehn|zwanzig|dreißig|ein paar|wenigen) ?(?:min(?:uten?)?|h|std|stunden?|sek(?:unden)?|tag(?:en)?)(?![\p{L}\p{N}_-])/iuy,
  /(?:il y a|hace|há) (?:\d+|une?|um|uma|una|deux|dos|duas?) ?(?:min(?:ut[eo]s?)?|h|h[eo]ur[ea]s?|horas?|secondes?|segundos?|jours?|d[ií]as?)(?![\p{L}\p{N}_-])/iuy,
  /\d+ ?(?:min(?:ut[ei])?|or[ae]|giorni) fa(?![\p{L}\p{N}_-])/iuy,
  /\d+ ?(?:мин|час|сек|д)\p{L}*\.? назад/iuy,
  /\d+ ?(?:分|分钟|分鐘|時間|小时|小時|秒|日|天|분|시간) ?(?:前|전)/y,
]);

/** So many of something are gone: `-5 replicas`. Any other number behind a minus may be minutes: `-90 requests fail`. */
const GONE =
  'replicas?|nodes?|pods?|instances?|hosts?|servers?|workers?|containers?|shards?|partitions?|brokers?|threads?|connections?|cores?|cpus?|vms?|machines?|zones?|regions?|keys?|users?|seats?|people|engineers?|points?|percent|degrees?|dbm?|for|from|on|to|of|vote';

/** What looks like a time only where the text begins. */
const AT_START = compiled([
  new RegExp(`-\\d{1,4}(?=\\s|$)(?! (?:${GONE})${END})`, 'iuy'),
  // Seconds or milliseconds since 1970, from 2017 to 2036
  /@?(?:1[5-9]|20)\d{8}(?:\d{3}|\.\d+)?(?![\p{L}\p{N}_.,:/-])/uy,
]);
/** What people put around a time that they mean: marks of a list or of a quotation, and little words. */
const AROUND = compiled([
  /(?:[-*•·‣>#+|]|\d{1,3}[.)]) /y,
  /[[({*_`~"'“”„‘’«»<|]+ ?/y,
  new RegExp(`(?:${NEAR}|time:?|date:?|ts:?) `, 'iuy'),
  /[@>]/y,
]);
/** A text may begin with a quoted name: then the time is all that is quoted. */
const QUOTED = /^["'“”„‘’«`]/;
/** Around what cannot be read either, these say that a time is meant. */
const SURELY = /^(?:[[(]|(?:at|around|about|approx\.?|circa|ca\.?|um|gegen|kl\.?)\s|@)/i;
const ZONE_FIRST = compiled([
  /[[(]?(?:([uU][tT][cC]|[gG][mM][tT]|Z)(?![\p{L}])|(\p{Lu}{2,5})|([A-Za-z]+\/[A-Za-z_]+))[\])]?:? (?=\d{1,2}:\d{2}(?!\d))/uy,
]);

/** One of these is in whatever begins with a letter and is meant as a time. */
const LIKELY =
  /\d|[?]|xx|noon|mid|mittern|minuit|medi|mezz|ago|past|quarter|clock|halb|viertel|vor|há|hace|il\s+y|[時点點前午月시월전]/i;

/** @returns a refusal where something stands that was plainly meant as a time but cannot be known; else null. */
export function impossible(text: string, at: number): Refusal | null {
  // Asked of every text that begins without a time: most hold nothing of what they would have to.
  const head = text.slice(at, at + 60);
  if (/^\p{L}/u.test(head) && !LIKELY.test(head)) return null;
  const got = longest(MEANT, text, at);
  return got === null ? null : refuse('TIME_UNKNOWN', { got, next: insteadOf(got) });
}

/**
 * The same, of what counts only where a text begins.
 * @param clockAt finds the end of the time of day that begins at an index; -1: none does
 */
export function meantAtStart(text: string, at: number, clockAt: (at: number) => number): Refusal | null {
  const got = longest(AT_START, text, at);
  if (got !== null) return refuse('TIME_UNKNOWN', { got, next: insteadOf(got) });
  for (const pattern of AROUND) {
    const around = matchAt(pattern, text, at);
    if (around === null) continue;
    const from = skipBlanks(text, at + around.length);
    // `(at 14:32)` has two things around it.
    const inner = /\p{L} ?$/u.test(around) ? null : matchAt(AROUND[2] as RegExp, text, from);
    const start = from + (inner?.length ?? 0);
    const end = clockAt(start);
    if (end < 0) {
      // `at noon`, `[5pm]`, `um 14 Uhr`
      const other = SURELY.test(around) ? impossible(text, start) : null;
      if (other) return other;
      continue;
    }
    if (QUOTED.test(around) && !/["'“”‘’»`]/.test(text[end] ?? '')) continue;
    const time = text.slice(start, end);
    const word = /^(?:about|around|approx|circa|ca|gegen|~)/i.test(inner ?? around) ? `~${time}` : time;
    return refuse('TIME_UNKNOWN', {
      got: text.slice(at, end),
      next: `Begin with the time itself: \`${word}\`. ${AS_TEXT}`,
    });
  }
  for (const pattern of ZONE_FIRST) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (!match || (match[2] !== undefined && !isAbbreviation(match[2]))) continue;
    const end = clockAt(at + match[0].length);
    if (end < 0) continue;
    const time = text.slice(at + match[0].length, end);
    const zone = match[1] ? 'UTC' : match[3] ? match[3] : null;
    const next = zone
      ? `Write the zone behind the time: \`${time} ${zone}\`.`
      : 'Write the time, and behind it `UTC`, an offset or an area.';
    return refuse('TIME_UNKNOWN', { got: text.slice(at, end), next: `${next} ${AS_TEXT}` });
  }
  return null;
}

const AS_TEXT = 'If it is text and no time, put `--` before it.';

/** How to write what was meant, where one can tell; undefined: the general examples say it best. */
function insteadOf(got: string): string | undefined {
  if (/noon|midday|mezzogiorno|mediod/i.test(got))
    return `Write \`12:00\`, with the day if it was another: \`yesterday 12:00\`. ${AS_TEXT}`;
  if (/midnight|mitternacht|minuit|medianoche|mezzanotte/i.test(got))
    return `Write \`00:00\`, or \`23:59\` for the end of a day, with the date if it was another day's. ${AS_TEXT}`;
  if (/^-\d+$/.test(got)) return `Write \`${got}m\` for minutes or \`${got}h\` for hours. ${AS_TEXT}`;
  const parts = [...got.matchAll(/(\d+) ?(d|h|m|s)(?:\p{L}*)\.?/giu)];
  const whole = /^-?(?:\d+ ?\p{L}+\.?,?(?: and)? ?)+$/iu.test(got.replace(/ ago$/, ''));
  if (whole && parts.length > 0 && (got.startsWith('-') || got.endsWith(' ago')))
    return `Write \`-${parts.map(([, n, unit]) => `${n}${unit?.toLowerCase()}`).join('')}\`. ${AS_TEXT}`;
  return undefined;
}

function longest(patterns: readonly RegExp[], text: string, at: number): string | null {
  for (const pattern of patterns) {
    const got = matchAt(pattern, text, at);
    if (got) return got;
  }
  return null;
}

function matchAt(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

/** @returns the word at `at`, or so many words, short enough to be quoted. */
export function wordAt(text: string, at: number, words = 1): string {
  const pattern = new RegExp(`\\S+(?:\\s+\\S+){0,${words - 1}}`, 'y');
  pattern.lastIndex = at;
  // By characters, so that none is cut in half.
  return [...(pattern.exec(text)?.[0] ?? '').slice(0, 80)].slice(0, 40).join('');
}
