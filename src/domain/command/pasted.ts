import { FixedOffsetZone, type Zone } from 'luxon';
import type { LogLine } from '../incident/intent.js';
import { isRefusal, type Refusal, type RefusalCode, refuse } from '../refusal.js';
import { scrubSecrets } from '../secret/scrub.js';
import { LIMITS } from '../text.js';
import { checkText, wordAt } from './entered.js';
import type { Clock, Day } from './time/forms.js';
import {
  AHEAD_MS,
  plusDays,
  type ReadTime,
  readTime,
  readTimeAlone,
  type TimeContext,
  wallAt,
} from './time/time.js';
import { readZone, zoneNamed } from './time/zone.js';

/** A line that could not be read. `line`: its number in the paste, blank ones counted. */
interface WrongLine {
  readonly line: number;
  readonly why: string;
  /** It begins with no time at all. */
  readonly untimed: boolean;
  readonly raw: string;
}

/** What a paste of many timed lines comes to. */
export interface Pasted {
  readonly lines: ReadonlyArray<LogLine & { readonly line: number }>;
  readonly wrong: readonly WrongLine[];
  /** The first time that was read in a zone that nobody named; null: there is none. */
  readonly assumed: ReadTime | null;
}

/**
 * Reads a paste of many lines, each `TIME TEXT`, as people keep them: with marks of a list, times in brackets, something
 * between the time and the text, the head of a log's line. A line that is only a date says of which day those below it are, and
 * one that says `times in UTC` in which zone.
 *
 * A bare time is read beside the line above it: where it goes back by hours, the list has gone over midnight. Of a list without any date the
 * last line is its latest occurrence, so that a night that was pasted the next evening is still one night. What is left open is
 * wrong, and says what to write.
 */
export function readPasted(text: string, ctx: TimeContext): Pasted {
  const lines = unfenced(text.split(/\r?\n/));
  const first = readThrough(lines, ctx, 0);
  if (!first.ahead) return first.pasted;
  for (let days = 1; days <= LONGEST_LIST_DAYS; days++) {
    const { ahead, pasted } = readThrough(lines, ctx, days);
    if (!ahead) return pasted;
  }
  return first.pasted;
}

/**
 * The entries that a message of many timed lines holds. What stands above the first of them is its title, and a line without a
 * time goes on with the one above it.
 * @returns null: it holds fewer than two. `wrong`: times that cannot be known
 */
export function linesInMessage(
  text: string,
  ctx: TimeContext,
): { lines: readonly LogLine[]; wrong: readonly WrongLine[] } | null {
  const { lines, wrong } = readPasted(text, ctx);
  if (lines.length < 2 || lines.length > LIMITS.logLines) return null;
  const behind = (line: number) => {
    const next = lines.find((one) => one.line > line)?.line ?? Number.POSITIVE_INFINITY;
    return wrong.filter((one) => one.untimed && one.line > line && one.line < next).map(({ raw }) => raw);
  };
  return {
    lines: lines.map(({ moment, text, line }) => ({
      moment,
      text: [text, ...behind(line)].join('\n').trimEnd(),
    })),
    wrong: wrong.filter(({ untimed }) => !untimed),
  };
}

/** A list of more days has dates in it. */
const LONGEST_LIST_DAYS = 6;
const HOUR_S = 3_600;
/** A step back by this much is a line out of order; one by more than the other goes over midnight. */
const OUT_OF_ORDER_S = 6 * HOUR_S;
const OVERNIGHT_S = 12 * HOUR_S;
/** A step forward by this much may as well be one back over midnight. */
const FAR_AHEAD_S = 18 * HOUR_S;

/**
 * @param days by how many days a list without any date begins earlier than its first line alone would say
 * @returns `ahead`: a line of such a list has not happened yet
 */
function readThrough(
  lines: readonly string[],
  { dayOf: _, ...given }: TimeContext,
  days: number,
): { pasted: Pasted; ahead: boolean } {
  const read: Array<LogLine & { line: number }> = [];
  const wrong: WrongLine[] = [];
  let ctx: TimeContext = given;
  let assumed: ReadTime | null = null;
  let ahead = false;
  /** The moment of the line above; the day that a heading named since then. */
  let before: number | null = null;
  let heading: Day | null = null;
  /** The list has gone over midnight since a day was named; and one was named at all. */
  let rolled = false;
  let dated = false;
  let rolls = false;
  const firstBare: { line: number; raw: string } = { line: 0, raw: '' };

  const dayOf = (clock: Clock, zone: Zone): Day | Refusal | null => {
    if (before === null) {
      if (heading !== null) return heading;
      return days === 0 ? null : plusDays(latestDay(clock, zone, ctx.now.getTime()), -days);
    }
    const { day, seconds } = wallAt(before, zone);
    const step = secondsOf(clock) - seconds;
    rolls = rolled;
    if (step < -OVERNIGHT_S) {
      rolls = true;
      return plusDays(day, 1);
    }
    if (step >= FAR_AHEAD_S && rolled) return plusDays(day, -1);
    if (step >= -OUT_OF_ORDER_S && step < FAR_AHEAD_S) return day;
    const other = plusDays(day, step < 0 ? 1 : -1);
    return refuse('TIME_DAY_OPEN', { time: clockText(clock), days: [day, other].map(dayText).sort() });
  };

  for (const [index, raw] of lines.entries()) {
    const line = index + 1;
    if (raw.trim() === '') continue;
    const zone = zoneHeading(raw);
    if (zone !== null) {
      ctx = { ...ctx, zone, zoneKnown: true };
      continue;
    }
    const day = dayHeading(raw, ctx);
    if (day !== null) {
      [heading, before, rolled, dated] = [day, null, false, true];
      continue;
    }
    rolls = false;
    const said = readLine(raw, { ...ctx, dayOf });
    if (said === null || isRefusal(said)) {
      ahead ||= said?.code === 'TIME_IN_FUTURE' && !dated;
      wrong.push({ line, raw, untimed: said === null, why: whyNot(said, raw) });
      continue;
    }
    const { time, text } = said;
    const problem = textProblem(said);
    if (problem !== null) wrong.push({ line, raw, untimed: false, why: problem });
    const at = Date.parse(time.moment.at);
    const absolute = time.dated || /^~?\s*-/.test(time.typed);
    if (!absolute && !dated && firstBare.line === 0) Object.assign(firstBare, { line, raw });
    if (time.dated && !dated && before !== null && Math.abs(at - before) > FAR_AHEAD_S * 1000) {
      // Those above say nothing of their day, and this one shows that it is not today.
      const why = `has no date, and line ${line} has one (${time.typed}). Put the date before it.`;
      wrong.push({ ...firstBare, untimed: false, why });
    }
    dated ||= absolute;
    rolled = absolute ? false : rolls;
    if (time.moment.precision === 'date') [heading, before] = [wallAt(at, UTC).day, null];
    else before = at;
    assumed ??= time.zoneAssumed ? time : null;
    if (problem === null) read.push({ line, moment: time.moment, text });
  }
  wrong.sort((a, b) => a.line - b.line);
  return { pasted: { lines: read, wrong, assumed }, ahead };
}

const UTC = FixedOffsetZone.utcInstance;

const secondsOf = ({ h, m, s }: Clock) => h * HOUR_S + m * 60 + (s ?? 0);

const pad = (n: number, width = 2) => String(n).padStart(width, '0');
const dayText = ({ year, month, day }: Day) => `${pad(year, 4)}-${pad(month)}-${pad(day)}`;
const clockText = ({ h, m, s }: Clock) => [h, m, ...(s === null ? [] : [s])].map((n) => pad(n)).join(':');

/** The day of the latest such time that is not in the future. */
function latestDay(clock: Clock, zone: Zone, now: number): Day {
  const { day, seconds } = wallAt(now + AHEAD_MS, zone);
  return secondsOf(clock) <= seconds ? day : plusDays(day, -1);
}

/** The marks of a block of code are not of its text; numbers of lines stay as they are. */
function unfenced(lines: readonly string[]): string[] {
  let inside = false;
  return lines.map((line) => {
    let bare = line;
    if (!inside && /^\s*```/.test(bare)) {
      inside = true;
      bare = bare.replace(/^\s*```/, '');
    }
    if (inside && /```\s*$/.test(bare)) {
      inside = false;
      bare = bare.replace(/```\s*$/, '');
    }
    return bare;
  });
}

/** A line's time and its text. */
interface Said {
  readonly time: ReadTime;
  readonly text: string;
}

/** @returns null: it begins with no time, whatever is taken off it; a refusal: with one that cannot be known */
function readLine(raw: string, ctx: TimeContext): Said | Refusal | null {
  let refused: Refusal | null = null;
  for (const candidate of [raw, ...barer(raw, ctx)]) {
    const time = readTime(candidate, ctx);
    if (time && !isRefusal(time)) return { time, text: textBehind(time.rest) };
    const parted = readParted(candidate, ctx);
    if (parted) return parted;
    // The barest one says it best.
    refused = time ?? refused;
  }
  return refused;
}

/** What people put between a time and its text. Behind `--` every character is the text's. */
const BETWEEN = /^(?:[-–—|:;,·•]|->|=>|→)(?:[^\S\r\n]+|$)/u;

function textBehind(rest: string): string {
  const kept = /^\s*--(?=\s|$)\s?/.exec(rest);
  return kept ? rest.slice(kept[0].length) : rest.replace(BETWEEN, '');
}

/** As far as a time with its date and its zone may reach. */
const TIME_REACHES = 48;
const PARTING = /[:;,.](?=\s|$)|\s?(?:[-–—|]|->|=>|→)(?=\s)/gu;

/** `14:32: text`, `2024-11-10 01:41 UTC — text`: the time ends where something parts it from the text. */
function readParted(line: string, ctx: TimeContext): Said | null {
  for (const { index, 0: mark } of line.slice(0, TIME_REACHES).matchAll(PARTING)) {
    const time = index > 0 ? readTimeAlone(line.slice(0, index), ctx) : null;
    if (!time || isRefusal(time) || time.rest.trim() !== '') continue;
    const text = line.slice(index + mark.length).replace(/^\s/, '');
    // `13:41 UTC - 13:44 UTC text` is no time and a text.
    return readTime(text, ctx) === null ? { time, text } : null;
  }
  return null;
}

const MARK =
  /^\s*(?:(?:[-–—*+•‣◦▪▫·>#]|\(?\d{1,3}[.)]|\[[ xX]?\]|[☐☑✓✔])(?=\s)|[•‣◦▪▫·>]|[-–—](?=[[(]?\d{1,2}:\d))\s*/u;
const WRAPPED = /^\s*([[({<*_`"'“‘«]{1,4})\s*([^[\](){}<>*_`"“”‘’«»]{1,60}?)\s*([\])}>*_`"'”’»]{1,4})(.*)$/su;
/** `<34>` and `<165>1 `: how a line of syslog is filed. */
const PRIORITY = /^<\d{1,3}>(?:\d{1,2}\s)?/;
/** `ts=2024-11-10T01:41:00Z`, `time="…"`. */
const LABELLED = /^(?:ts|time|timestamp|at)=(["']?)([^"']{1,40}?)\1(?=\s)/i;
const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const OF_SYSLOG = new RegExp(
  `^(${MONTHS.join('|')})\\s+(\\d{1,2})(?:\\s+(\\d{4}))?\\s+(?=\\d{1,2}:\\d{2})`,
  'i',
);
/** `10/Nov/2024:01:41:00 +0000`, as web servers write it. */
const OF_SERVERS = new RegExp(`^(\\d{1,2})/(${MONTHS.join('|')})/(\\d{4}):(?=\\d{2}:\\d{2}:\\d{2})`, 'i');

/** The same line with less and less around its time. */
function barer(raw: string, ctx: TimeContext): string[] {
  const lines: string[] = [];
  let line = raw;
  const add = (next: string) => {
    if (next === line || next === '') return;
    line = next;
    lines.push(next);
  };
  for (let marks = 0; marks < 4; marks++) add(line.replace(MARK, ''));
  const [, , inner, , behind] = WRAPPED.exec(line) ?? [];
  if (inner !== undefined && behind !== undefined && !PRIORITY.test(line))
    add(`${inner}${/^\s*$|^[\s:;,]/.test(behind) ? behind : ` ${behind}`}`);
  add(line.replace(PRIORITY, ''));
  add(line.replace(LABELLED, '$2'));
  const [web, d = '', name = '', y = ''] = OF_SERVERS.exec(line) ?? [];
  if (web !== undefined) add(`${y}-${monthOf(name)}-${pad(Number(d))} ${line.slice(web.length)}`);
  const [sys, month = '', day = '', year] = OF_SYSLOG.exec(line) ?? [];
  if (sys !== undefined)
    add(`${yearedDay(monthOf(month), pad(Number(day)), year, ctx)} ${line.slice(sys.length)}`);
  return lines;
}

/** A log's line without a year is of the latest that it can be of; a clock that is a little ahead makes it no year older. */
function yearedDay(month: string, day: string, year: string | undefined, { now, zone }: TimeContext): string {
  if (year !== undefined) return `${year}-${month}-${day}`;
  const tomorrow = plusDays(wallAt(now.getTime(), zoneNamed(zone) ?? UTC).day, 1);
  const this_ = `${pad(tomorrow.year, 4)}-${month}-${day}`;
  return this_ <= dayText(tomorrow) ? this_ : `${pad(tomorrow.year - 1, 4)}-${month}-${day}`;
}

const monthOf = (name: string) => pad(MONTHS.indexOf(name.slice(0, 3).toLowerCase()) + 1);

const DECORATION = /^[\s#*_=~—–\-[(|>•:`]+|[\s#*_=~—–\-\])|:`]+$/g;
const WEEKDAY = '(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?[,.]?\\s+)?';
const MONTH = `(${MONTHS.join('|')})[a-z]*\\.?`;
const DAY_FIRST = new RegExp(`^${WEEKDAY}(\\d{1,2})(?:st|nd|rd|th|\\.)?\\s+${MONTH},?\\s+(\\d{4})$`, 'i');
const MONTH_FIRST = new RegExp(`^${WEEKDAY}${MONTH}\\s+(\\d{1,2})(?:st|nd|rd|th)?,?\\s+(\\d{4})$`, 'i');

/** @returns the day that a line names and nothing else; null: it names none */
function dayHeading(raw: string, ctx: TimeContext): Day | null {
  const line = raw.replace(DECORATION, '').replace(new RegExp(`^${WEEKDAY}(?=\\d{4}-)`, 'i'), '');
  if (line.length > 40) return null;
  const [, day = '', named = '', of = ''] = DAY_FIRST.exec(line) ?? [];
  const [, month = '', date = '', year = ''] = MONTH_FIRST.exec(line) ?? [];
  const iso = named
    ? `${of}-${monthOf(named)}-${pad(Number(day))}`
    : month
      ? `${year}-${monthOf(month)}-${pad(Number(date))}`
      : line;
  const time = readTimeAlone(iso, ctx);
  if (!time || isRefusal(time) || time.moment.precision !== 'date' || time.rest.trim() !== '') return null;
  return time.moment.until === null ? wallAt(Date.parse(time.moment.at), UTC).day : null;
}

const TIMES_IN = /(?:^|[\s,;·(])(?:all )?times?(?: are| is)?(?: in)?:?\s+(\S+?)[).]*$/i;

/** @returns the zone that a line names for those below it, as our own `timeline` does; null: it names none */
function zoneHeading(raw: string): string | null {
  if (/\d:\d/.test(raw) || raw.length > 120) return null;
  const [, named] = TIMES_IN.exec(raw.replace(/[*_`#]/g, '').trim()) ?? [];
  const zone = named === undefined ? null : readZone(named);
  return typeof zone === 'string' ? zone : null;
}

/** Refusals whose next step differs from “begin with a time”. */
const TELLING: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  ...(['TIME_ZONE_AMBIGUOUS', 'TIME_TWICE', 'TIME_SKIPPED'] as const),
  ...(['TIME_RANGE_BACKWARDS', 'TIME_ZONE_UNKNOWN', 'TIME_DAY_OPEN'] as const),
]);

/** The examples of every form, which the refusal of the whole paste has too. */
const GENERAL = refuse('TIME_UNKNOWN', { got: '' }).next;

function whyNot(refused: Refusal | null, raw: string): string {
  // Nobody counts lines on a phone. What a line holds may be a secret.
  if (refused === null)
    return `“${wordAt(scrubSecrets(raw.trim()).text, 0, 4).slice(0, 40)}” does not start with a time.`;
  const telling = TELLING.has(refused.code) || refused.next !== GENERAL;
  return telling ? `${refused.sentence} ${refused.next}` : refused.sentence;
}

function textProblem({ time, text }: Said): string | null {
  if (text.trim() === '') return `there is a time (${time.typed}) but no text.`;
  return checkText(text)?.sentence ?? null;
}

/** How many wrong lines are named; the rest is counted. */
const NAMED = 10;

/** @returns the refusal of all lines, because of those */
export function badLines(wrong: readonly WrongLine[]): Refusal {
  return refuse('BAD_LOG_LINES', {
    lines: wrong.slice(0, NAMED).map(({ line, why }) => ({ line, why })),
    more: Math.max(0, wrong.length - NAMED),
  });
}
