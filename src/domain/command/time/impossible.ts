import { type Refusal, refuse } from '../../refusal.js';
import { BLANK, skipBlanks } from '../../text.js';
import { abbreviationOf } from './abbreviations.js';
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
const WEEKDAYS_WHOLE =
  'monday|tuesday|wednesday|thursday|friday|saturday|sunday|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag';
/** Of the days around today: those to come, today, and those that are other words too. */
const NOT_PAST =
  /(?<!\S)(?:amanhã|azi|besok|bugün|demain|dnes|domani|dzisiaj|heute|hier|hoje|holnap|hoy|huomenna|jutro|ma|mañana|morgen|mâine|oggi|tänään|vandaag|yarın|zítra|завтра|сегодня|сьогодні)(?!\S)/g;
const UNIT = 'm|mins?\\.?|minutes?|h|hrs?\\.?|hours?|s|secs?\\.?|seconds?|d|days?|weeks?|months?|years?';
const NUMBER =
  'one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|forty-five|fifty|sixty|ninety';
const AMOUNT = `(?:\\d+(?:[.,⁄]\\d+)?(?:(?:-| to )\\d+)?|an?|half an?|${NUMBER}|(?:a )?(?:few|couple)(?: of)?|several|some)`;
/** A time of day as a pattern, read or not. */
const CLOCK =
  '(?:\\d{1,2}:\\d{2}|\\d{1,2}h\\d{2}|\\d{1,2}(?:\\.\\d{2})? ?(?:[ap]m|[ap]\\.m\\.|uhr)(?![\\p{L}\\p{N}])|\\d{1,2}[時时點点시])';
/** After `13h` these say that so long is meant, and no time. */
const LASTING =
  'of|outage|downtime|later|ago|delay|lag|backlog|retention|window|time-?outs?|ttl|old|long|after|before|into|in|left|more|ahead|behind|slas?|slos?|cache|average|avg|p\\d+|mean|uptime|data|logs?|maintenance|freeze|cooldown|queue|jobs?|clock|format|until|to|without|with|since|from|shift|soak|burn|wait|gap|graph|trend|chart|limit|rolling|period|interval|break|cycle|per|each|so far|and|[-–—]';
const HOUR = 'one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve';
const NOON =
  '(?:12 )?(?:high )?(?:noon|midday|midnight)|mitternacht|minuit|medianoche|mezzanotte|mezzogiorno|mediod[ií]a';
const END = '(?![\\p{L}\\p{N}_-])';
const ABOUT = 'around|about|approx\\.?|approximately|roughly|circa|cca|ca\\.?|gegen|vers|rond|около';
const NEAR = `(?:at|exactly|${ABOUT}|um|om|kl\\.?|klo|a las|a|à|alle(?: ore)?|ore|às|o|ob|в|о|@|~)`;
/** Before and between the two ends of a range. */
const FROM = 'from|between|von|zwischen|de|entre|desde|da|dalle|van|tussen|od|с';
const UNTIL = '[-–—/]|to|till?|until|thru|through|and|bis|und|à|a|et|y|e|al|alle|en|tot|do|до';
const PART_OF_DAY =
  '(?:early |late )?(?:morning|afternoon|evening|night|noon)|abends?|früh|morgens?|(?:vor|nach)?mittags?|nachts?|matin|soir|après-midi|noche|tarde|por la (?:mañana|tarde|noche)|mattina|sera|pomeriggio|notte|noite|manhã|avond|ochtend|middag|nacht';

/** A space in a pattern stands for any white space inside a line. */
const compiled = (patterns: readonly RegExp[]) =>
  patterns.map(({ source, flags }) => {
    const blanks = source.replaceAll(' ?', `${BLANK}*`).replaceAll(' ', `${BLANK}+`);
    return new RegExp(blanks, flags);
  });

/** Days, with a time or without. */
const DATES = [
  // 10/11/2024 is in October or in November
  /\d{4}\/\d{1,2}\/\d{1,2}(?![\d/])/y,
  /\d{1,2}([/.-]) ?\d{1,2}\1 ?\d{4}(?!\.?\d)/y,
  /(?:0?[1-9]|[12]\d|3[01])([/-])(?:0?[1-9]|[12]\d|3[01])\1\d{2}(?![\d\p{L}/-])/uy,
  /(?:0?[1-9]|[12]\d|3[01])\. ?(?:0?[1-9]|1[0-2])\.(?=,?\s|$)/y,
  new RegExp(`\\d{1,2}[./-]\\d{1,2}(?:[./-]\\d{2})?[.,]*(?: ${NEAR})? ${CLOCK}`, 'iuy'),
  new RegExp(`(?:the )?\\d{1,2}(?:st|nd|rd|th)[.,]*(?: ${NEAR})? ${CLOCK}`, 'iuy'),
  /(?:19|20)\d{2}-(?:\d-\d{1,2}|\d{1,2}-\d)(?![\d\p{L}_.-])/uy,
  /(?:19|20)\d{2}\.(?:0[1-9]|1[0-2])\.(?:0[1-9]|[12]\d|3[01])(?![\d\p{L}_.-])/uy,
  /(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[T_-]?\d{4,6}Z?)?(?![\d\p{L}_.,:/-])/uy,
  /(?:19|20)\d{6}T\d{2}|\d{4}-?W\d{2}/y,
  /(?:19|20)\d{2}-?[0-3]\d{2}(?:T| )\d{2}:?\d{2}/y,
  /\d{4} ?[年년]|\d{1,2} ?[月월] ?\d{1,2} ?[日일]/y,
  new RegExp(`(?:${ANY_WEEKDAY}),? (?:${MONTH}),? \\d{1,2}${END}`, 'iuy'),
  new RegExp(
    `(?:(?:${ANY_WEEKDAY})[.,]* )?\\d{1,2}(?:st|nd|rd|th|\\.|º)?(?: of| de)? ?(?:${ANY_MONTH})\\.?,?(?: de)?(?: ?(?:20)?\\d{2},?)?(?: ${NEAR})? ${CLOCK}`,
    'iuy',
  ),
  new RegExp(`(?:${MONTH})\\.?(?: |-)\\d{1,2}(?:st|nd|rd|th)?,?(?: \\d{4},?)?(?: ${NEAR})? ${CLOCK}`, 'iuy'),
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
];

/**
 * What people type when they mean a time, in a form that leaves something open (which month? morning or evening?)
 * or that no clock shows. Taken as text it would be recorded at the wrong moment without anybody noticing.
 */
const MEANT = compiled([
  // 12m ago
  new RegExp(
    `(?:(?:about|around|roughly|approximately|approx\\.?|circa|ca\\.?|some|maybe) |~ ?)?${AMOUNT} ?(?:${UNIT})(?:,? (?:and )?(?:a half|a quarter|${AMOUNT} ?(?:${UNIT})))* ago${END}`,
    'iuy',
  ),
  new RegExp(`(?:${AMOUNT} )?(?:a )?(?:moments?|while|bit) ago${END}`, 'iuy'),
  /(?:\d+[dhms])+ ago(?![\p{L}\p{N}_-])/uy,
  // ??:??, 14:??, xx:xx, --:--
  /(?=[\d:]*[?xX_])[\d?xX_]{1,2}:[\d?xX_]{2}(?::[\d?xX_]{2})?(?![\p{L}\p{N}])/uy,
  /--:--/y,
  /(?=[\d-]*\?)[\d?]{4}-[\d?]{2}-[\d?]{2}/y,
  // 14:32:5, 14:3, and 5pm, whose precision nobody can tell; 16:9 and 10:1 are ratios
  /\d{1,2}:\d{2}:\d(?![\d:])/y,
  /(?!\d[068]:[19]|21:9)(?:0\d|1\d|2[0-3]):\d(?![\p{L}\p{N}_.:-])/uy,
  /(?:\d{1,2}(?::\d{2})?(?: ?[ap]m)?(?: ?-| to) ?)?\d{1,2} ?(?:[ap]m|[ap]\.m\.?|uhr|uur)(?: \d{1,2})?(?![\p{L}\p{N}_-])/iuy,
  /\d{1,2}[.:]\d{2} ?uhr(?![\p{L}\p{N}_-])/iuy,
  /\d{3,4} ?[ap]m(?![\p{L}\p{N}_-])/iuy,
  /\d{1,2}(?:h| h |['’′]|u)\d{2}['’′]?(?![\p{L}\p{N}_-])/iuy,
  new RegExp(`\\d{1,2}h[0-5]\\dm(?:in|n)?(?![\\p{L}\\p{N}_-])(?! (?:${LASTING})${END})`, 'iuy'),
  new RegExp(`(?:\\d{1,2}|${NUMBER}) ?o['’]?clock${END}`, 'iuy'),
  new RegExp(`(?:\\d{1,2}|${NUMBER}) (?:in the (?:morning|afternoon|evening)|at night)${END}`, 'iuy'),
  // 13.41h, kl. 13.41; 13h, unless so long is meant
  /\d{1,2}\.[0-5]\d ?(?:h|hrs?|uur|น\.)(?! of)(?![\p{L}\p{N}_-])/iuy,
  /(?:kl\.?|klo|kello|alle ore|ore|um|om) \d{1,2}\.[0-5]\d(?![\d.]| ?[%‰°€$£]| ?(?:ms|s|min|[kmgt]i?b|eur|usd)(?!\p{L}))/iuy,
  new RegExp(
    `(?:0?\\d|1\\d|2[0-3]) ?h(?=\\s|$|[:,;.–—](?:\\s|$)| - )(?![:,;.]? ?(?:- )?(?:${LASTING})${END})`,
    'uy',
  ),
  // 14;32, 14 : 32, 13時
  /\d{1,2}(?:;| :) ?[0-5]\d(?![\d:])|\d{2}: [0-5]\d(?![\d:])/y,
  /[\d一二三四五六七八九十]{1,3} ?[時时點点시](?:半|[\d一二三四五六七八九十]{1,3}[分분])/y,
  /\d{1,2} ?[時时點点시](?![間间])/y,
  /(?:今日|昨日|一昨日|今天|昨天|前天|오늘|어제|그제|اليوم|أمس|امس|आज|कल)(?:、|,)? ?\d/y,
  /(?:午前|午後|上午|下午|오전|오후) ?[\d一二三四五六七八九十]/y,
  // 1432Z, 14:32 without its colon where a zone or `hrs` follows, and 0930; T14:32
  /(?:[01]\d|2[0-4])[0-5]\d ?(?:Z|UTC|GMT|h|hrs?|uhr|uur|hours(?! of))(?![\p{L}\p{N}_-])/iuy,
  /0\d[0-5]\d(?=\s|$)(?! (?:permissions?|perms|mode|\d{3} \d))/y,
  /T(?:[01]\d|2[0-3])(?::[0-5]\d|[0-5]\d(?:[0-5]\d)?Z)/y,
  /[IWEF]\d{4} \d{2}:\d{2}:\d{2}/y,
  new RegExp(`(?:${NOON})${END}`, 'iuy'),
  new RegExp(`(?:(?:a )?(?:half|quarter)|five|ten|twenty|\\d{1,2}) past (?:\\d{1,2}|${NUMBER})${END}`, 'iuy'),
  new RegExp(`(?:a )?quarter to (?:\\d{1,2}|${NUMBER})${END}`, 'iuy'),
  // Half of what, and how many? `half one of them`, `ten to twelve nodes`
  new RegExp(`half (?:${HOUR})${END}(?! (?:of|\\p{L}*s${END}))`, 'iuy'),
  new RegExp(
    `(?:five|ten|twenty|twenty-five|[125]0|2?5) to (?:\\d|1[0-2]|${HOUR})(?![\\p{L}\\p{N}_%.,-])(?! ?%| (?:\\p{L}*s|of|percent)${END})`,
    'iuy',
  ),
  /(?:drei)?viertel (?:eins|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf)(?![\p{L}\p{N}_-])/iuy,
  /(?:mittags?|nachts|abends)(?=:|,|\s|$)/iuy,
  /(?:halb|viertel (?:vor|nach)) (?:\d{1,2}|eins|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf)(?![\p{L}\p{N}_-])/iuy,
  ...DATES,
  new RegExp(
    `(?:last )?(?:${ANY_WEEKDAY})[.,]*(?: (?:${PART_OF_DAY}))?(?: ${NEAR})? (?:${CLOCK}|(?:${NOON})${END})`,
    'iuy',
  ),
  new RegExp(`(?:Mo|Di|Mi|Do|Fr|Sa|So)[.,]*(?: um)? ${CLOCK}`, 'uy'),
  /\d{1,2}[-./](?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*(?:[-./]\d{2,4}(?::\d{2}:\d{2})?)?(?![\p{L}\p{N}_-])/iuy,
  new RegExp(
    `(?:(?:early |late )?(?:last night|(?:this|in the) (?:morning|afternoon|evening|noon))|tonight|the day before yesterday|yesterday|today|tomorrow|anoche|anteanoche|aujourd['’]hui|${list(DAYS)})(?: (?:${PART_OF_DAY}))?(?: -|,)?(?: ${NEAR})? [~@]?(?:[\\d?xX]{1,2}(?::[\\d?xX]{2}|[ap]m${END})|${CLOCK}|(?:[01]\\d|2[0-3])[0-5]\\d(?=\\s|$)|(?:${NOON})${END})`,
    'iuy',
  ),
  // A range in words, and what is near a time
  new RegExp(`(?:${FROM}) (?:${NEAR} )?${CLOCK}(?: \\S{1,30})? ?(?:${UNTIL}) ?(?:${NEAR} )?${CLOCK}`, 'iuy'),
  new RegExp(`(?:(?:shortly|just|right|soon) (?:after|before)|kurz (?:nach|vor)) ${CLOCK}`, 'iuy'),
  // -12 min, -1h30, -2w, vor 12 Minuten
  new RegExp(
    `-\\d+(?:[.,]\\d+)? ?(?:mins?|minutes?|hrs?|hours?|secs?|seconds?|days?|weeks?|[hm](?= (?:and )?\\d+ ?[ms]))(?:,?(?: and)? ?\\d+ ?(?:${UNIT}))*(?: and a (?:half|quarter))?${END}`,
    'uy',
  ),
  /-[.,]\d+ ?[dhms](?![\p{L}\p{N}_-])/uy,
  /-\d+(?:[.,]\d+)?(?:w|wks?|mo|y|yrs?|H(?:\d+M)?)(?![\p{L}\p{N}_-])/uy,
  /-\d+(?:[.,]\d+)? (?:h|m|d|s)(?=\s|$)/uy,
  new RegExp(
    `- (?:(?:\\d+[hm])+(?=\\s|$)|\\d+ ?(?:h|m|mins?|minutes?|hours?)(?! (?:${LASTING})${END})${END})`,
    'uy',
  ),
  /— ?\d+ ?(?:[hms]|mins?)(?![\p{L}\p{N}_-])/uy,
  /-\d+h\d+(?![\p{L}\p{N}_-])/uy,
  /-\d{1,2}:\d{2}(?!\d)/y,
  /-\d+[⁄/]\d+ ?(?:h|hrs?|hours?|d|days?|m|mins?)(?![\p{L}\p{N}_-])/uy,
  /-P(?:\d+D)?T(?:\d+[HMS])+/iy,
  /T[+-]\d+(?::\d{2}|m|min|h|s)?(?=\s|$)/y,
  /\+ ?\d+ ?(?:h|m|min|mins|minutes?|hours?)(?![\p{L}\p{N}_-])/uy,
  /vor (?:\d+(?:[.,]\d+)?|einer?|einem|einer (?:halben|viertel)|zwei|drei|vier|fünf|zehn|fünfzehn|zwanzig|dreißig|ein paar|wenigen) ?(?:m|min(?:uten?)?|h|std|(?:viertel)?stunden?|sek(?:unden)?|tag(?:en)?)(?![\p{L}\p{N}_-])/iuy,
  /(?:il y a|hace|há) (?:\d+|une?|um|uma|una|deux|dos|duas?) ?(?:min(?:ut[eo]s?)?|h|h[eo]ur[ea]s?|horas?|secondes?|segundos?|jours?|d[ií]as?)(?![\p{L}\p{N}_-])/iuy,
  /(?:\d+ |un['’]?)? ?(?:min(?:ut[ei])?|or[ae]|giorni) fa(?![\p{L}\p{N}_-])/iuy,
  /\d+ ?\p{L}+\.? (?:geleden|sedan|siden|sitten|temu|önce|zpátky)(?![\p{L}\p{N}_-])/iuy,
  /(?:för|for|před) \d+ \p{L}+(?: (?:sedan|siden))(?![\p{L}\p{N}_-])|před \d+ (?:min|hod|sek|dny)\p{L}*/iuy,
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
  /@?(?:1[5-9]|20)\d{8}(?:(?:\d{3}){1,3}|\.\d+)?(?![\p{L}\p{N}_.,:/-])/uy,
]);
/** What people put around a time that they mean: marks of a list or of a quotation, emoji, labels, and little words. */
const AROUND = compiled([
  /\[(?: ?|x)\] /iy,
  /[^\p{L}\p{N}\s:]+ ?/uy,
  /(?::[a-z0-9_+'-]+:)+ ?/y,
  /(?:\d{1,3}|\p{L})[.)] /uy,
  new RegExp(`(?:${NEAR}|time|date|ts|start|begin|when|on|am|le|el|il|den) `, 'iuy'),
  /(?:time|date|ts|timestamp|when|start(?:ed|s)?|begin|since|at|from|t) ?[:=] ?/iy,
]);
/** A text may begin with a quoted name: then the time is all that is quoted. */
const QUOTED = /["'“”„‘’«`]/;
/** Around what cannot be read either, these say that a time is meant. */
const SURELY = new RegExp(`^(?:[[(@]|(?:at|exactly|${ABOUT}|um|kl\\.?|klo|on|am|le|el|il|den)\\s)`, 'iu');
const NEARLY = new RegExp(`(?<![\\p{L}\\p{N}])(?:${ABOUT}|~)`, 'iu');
const ZONE_FIRST = compiled([
  /[[(]?(?:([uU][tT][cC]|[gG][mM][tT]|Z)(?![\p{L}])|(\p{L}{2,5})|([A-Za-z]+\/[A-Za-z_]+|\+\d{2}:?\d{2}))[\])]?:? (?=\d{1,2}:\d{2}(?!\d)|\d{4}-\d{2}-\d{2})/uy,
]);

/** One of these is in whatever begins with a letter and is meant as a time. */
const LIKELY =
  /\d|[?]|xx|noon|mid|mitt|nacht|abend|minuit|medi|mezz|ago|past|quarter|half|\s(?:to|in)\s|clock|halb|viertel|vor|fa|há|hace|il\s+y|[時时點点点前午月시월전]/i;

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
  for (const pattern of ZONE_FIRST) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (!match || (match[2] !== undefined && abbreviationOf(match[2], '') === null)) continue;
    const end = clockAt(at + match[0].length);
    if (end < 0) continue;
    const time = text.slice(at + match[0].length, end);
    const zone = match[1] ? 'UTC' : match[3] ? match[3] : null;
    const next = zone
      ? `Write the zone behind the time: \`${time} ${zone}\`.`
      : 'Write the time, and behind it `UTC`, an offset or an area.';
    return refuse('TIME_UNKNOWN', { got: text.slice(at, end), next: `${next} ${AS_TEXT}` });
  }
  // `- [ ] at ~14:32` has several things around it.
  for (let start = at, pieces = 0; pieces < 4; pieces++) {
    const piece = longest(AROUND, text, start);
    if (piece === null) break;
    start = skipBlanks(text, start + piece.length);
    const around = text.slice(at, start);
    const end = clockAt(start);
    if (end < 0) {
      // `at noon`, `[5pm]`, `um 14 Uhr`
      const other = SURELY.test(around) ? impossible(text, start) : null;
      if (other) return other;
      continue;
    }
    if (QUOTED.test(around) && !/["'“”‘’»`]/.test(text[end] ?? '')) break;
    const time = `${NEARLY.test(around) ? '~' : ''}${text.slice(start, end)}`;
    return refuse('TIME_UNKNOWN', {
      got: text.slice(at, end),
      next: `Begin with the time itself: \`${time}\`. ${AS_TEXT}`,
    });
  }
  return null;
}

const AS_TEXT = 'If it is text and no time, put `--` before it.';

/** 14h32, 14;32, 1432Z, 14 Uhr: hours and minutes, and whether in UTC. */
const TWO_NUMBERS = [
  /^T?(\d{1,2}) ?[hu:;.'′] ?([0-5]\d)(?:m|min|['′])?(?: ?h)?$/i,
  /^T?([012]\d)([0-5]\d) ?(?:(Z|UTC|GMT)|h|hrs?|hours|uhr|uur)?$/i,
  /^(\d{1,2}) ?(?:h|uhr|[時时點点시])$/i,
];

/** How to write what was meant, where one can tell; undefined: the general examples say it best. */
function insteadOf(got: string): string | undefined {
  if (/(?<!after)noon|midday|mezzogiorno|mediod/i.test(got))
    return `Write \`12:00\`, with the day if it was another: \`yesterday 12:00\`. ${AS_TEXT}`;
  if (/midnight|mitternacht|minuit|medianoche|mezzanotte/i.test(got))
    return `Write \`00:00\`, or \`23:59\` for the end of a day, with the date if it was another day's. ${AS_TEXT}`;
  const [begin, end, more] = got.match(/\d{1,2}:\d{2}(?::\d{2})?/g) ?? [];
  if (begin && end && !more && /^\p{L}/u.test(got)) return `Write \`${begin}-${end}\`. ${AS_TEXT}`;
  const [, h, m = '00', utc] = TWO_NUMBERS.map((pattern) => pattern.exec(got)).find(Boolean) ?? [];
  if (h !== undefined && Number(h) < 24)
    return `Write \`${h.padStart(2, '0')}:${m}${utc ? ' UTC' : ''}\`. ${AS_TEXT}`;
  if (/^-\d+$/.test(got)) return `Write \`${got}m\` for minutes or \`${got}h\` for hours. ${AS_TEXT}`;
  const parts = [...got.matchAll(/(\d+) ?(d|h|m|s)(?:\p{L}*)\.?/giu)];
  const whole = /^-?(?:\d+ ?(?!to )\p{L}+\.?,?(?: and)? ?)+$/iu.test(got.replace(/ ago$/, ''));
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

/** Days that have been: behind a time they may be its own. `hier` is a place in German, and days to come are text. */
const DAY_BEHIND = compiled([
  ...DATES,
  new RegExp(
    `(?:on |last |am |le )?(?:${WEEKDAYS_WHOLE})(?![\\p{L}\\p{N}_'’-])|(?:on|last) (?:${WEEKDAY})${END}`,
    'iuy',
  ),
  new RegExp(
    `(?:the day before )?yesterday(?![\\p{L}\\p{N}_'’-])|(?:${list(DAYS.replace(NOT_PAST, ''))})${END}`,
    'iuy',
  ),
  /昨日|昨天|前天|어제|أمس|कल/y,
]);

/** @returns the day that stands at `at`, behind a time without one; null: none does. */
export function saidDay(text: string, at: number): string | null {
  return longest(DAY_BEHIND, text, at);
}

/** @returns the word at `at`, or so many words, short enough to be quoted. */
export function wordAt(text: string, at: number, words = 1): string {
  const pattern = new RegExp(`\\S+(?:\\s+\\S+){0,${words - 1}}`, 'y');
  pattern.lastIndex = at;
  // By characters, so that none is cut in half.
  return [...(pattern.exec(text)?.[0] ?? '').slice(0, 80)].slice(0, 40).join('');
}
