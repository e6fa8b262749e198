import { FixedOffsetZone, type Zone } from 'luxon';
import { type Refusal, refuse } from '../../refusal.js';
import { readSpan as readLength } from '../../text.js';
import { type Moment, momentNow, type Precision, toSeconds } from '../../words.js';
import { BLANK, fold, matchAt, skipBlanks, skipSpace, wordAt } from '../entered.js';
import { exampleZones, isAbbreviation } from './abbreviations.js';
import { type Clock, type Day, type Form, impossible, readForm, saidDay } from './forms.js';
import { PUNCTUATION, readZoneWord, zoneName, zoneNamed } from './zone.js';

/** What reading a time needs to know; `zone` is the typist's, or the one to assume when theirs is not known. */
export interface TimeContext {
  readonly now: Date;
  readonly zone: string;
  readonly zoneKnown: boolean;
  /**
   * Of which day a bare time is, where something beside it says so: the lines around it. null: nothing does, and it means its
   * latest occurrence. Absent: it always does.
   */
  readonly dayOf?: (clock: Clock, zone: Zone) => Day | Refusal | null;
}

export interface ReadTime {
  readonly moment: Moment;
  /** What follows, after one white space; exactly as typed. */
  readonly rest: string;
  /** The characters that were read as the time, with its zone; full-width and unseen ones made plain. */
  readonly typed: string;
  /** The zone in which it was read: `UTC`, `UTC+02:00` or `Europe/Berlin`. */
  readonly zone: string;
  /** Nobody said which zone: neither the text nor the typist's profile. */
  readonly zoneAssumed: boolean;
  /** A date was typed, or a word for one. */
  readonly dated: boolean;
}

/**
 * Reads the time at the start of a text; white space before it is passed over.
 * @returns null: the text starts with no time; a refusal: with one that cannot be known
 */
export function readTime(text: string, ctx: TimeContext): ReadTime | Refusal | null {
  const typed = scan(text);
  if (!typed || 'refused' in typed) return typed;
  const { span, about, end, dated } = typed;
  const known = zoneNamed(ctx.zone);
  const zone = typed.zone ?? known ?? FixedOffsetZone.utcInstance;
  const moment = momentOf(span, about, zone, ctx);
  if ('refused' in moment) return moment;
  return {
    moment,
    rest: text.slice(end).replace(/^(?:\r\n|\s)/, ''),
    typed: typed.said,
    zone: zoneName(zone),
    zoneAssumed: !typed.zone && span.from.kind === 'clock' && !(ctx.zoneKnown && known !== null),
    dated,
  };
}

/** The same where no text can follow: a refusal says nothing of how to keep one. */
export function readTimeAlone(text: string, ctx: TimeContext): ReadTime | Refusal | null {
  const read = readTime(text, ctx);
  if (!read || !('refused' in read)) return read;
  return { ...read, next: read.next.replace(/[;.] (?:if|begin) [^;.]*`--`[^;.]*\.$/i, '.') };
}

/** `now`, where nothing but a time can stand. */
export function timeNow({ now }: TimeContext): ReadTime {
  return { moment: momentNow(now), rest: '', typed: 'now', zone: 'UTC', zoneAssumed: false, dated: false };
}

/**
 * Reads a text that is a time to come, for what is planned or promised: a length of time (`30m`, `1h30m`) from now, or a time as
 * `readTime` reads it, but that a bare one means its next occurrence. What is over is the caller's to refuse.
 * @returns null: the text is no time
 */
export function readTimeAhead(text: string, ctx: TimeContext): ReadTime | Refusal | null {
  const known = zoneNamed(ctx.zone);
  const span = readLength(text);
  if (span !== null) {
    const at = toSeconds(new Date(ctx.now.getTime() + span));
    const moment: Moment = { at, until: null, precision: 'minute' };
    return { moment, rest: '', typed: text.trim(), zone: 'UTC', zoneAssumed: false, dated: false };
  }
  const typed = scan(text);
  if (!typed || 'refused' in typed) return typed;
  const { from, to } = typed.span;
  if (from.kind !== 'clock' || to !== null || typed.about || text.slice(typed.end).trim() !== '') return null;
  const zone = typed.zone ?? known ?? FixedOffsetZone.utcInstance;
  const own = from.zone ?? zone;
  const now = ctx.now.getTime();
  const day =
    from.day === null ? null : typeof from.day === 'number' ? plusDays(dayAt(now, own), from.day) : from.day;
  const at =
    day === null
      ? latest(from.clock, own, now + DAY_MS - 2 * AHEAD_MS)
      : dated(day, from.clock, own, FAR, true);
  if (typeof at !== 'number') return at;
  return {
    moment: {
      at: toSeconds(new Date(Math.floor(at / 1000) * 1000)),
      until: null,
      precision: from.clock.s === null ? 'minute' : 'second',
    },
    rest: '',
    typed: typed.said,
    zone: zoneName(zone),
    zoneAssumed: !typed.zone && !(ctx.zoneKnown && known !== null),
    dated: typed.dated,
  };
}

/** Later than anything that is planned: so both times of an hour that occurs twice have come by then, and it is asked which is meant. */
const FAR = Date.UTC(9999, 0, 1);

/**
 * A time that was taken off its text by something else, as the value of a flag is: one word.
 * @param time index at which it begins in `text`
 * @returns whether what follows `length` characters of it belongs to it too (`01:44 UTC`, `2024-11-10 01:41`, `1:07 pm`),
 * or must not stand there (`01:44 EST`): as text it would change the time without a word
 */
export function goesOn(text: string, time: number, length: number): boolean {
  const all = scan(text.slice(time));
  const alone = scan(text.slice(time, time + length));
  if (!all || (alone && 'refused' in alone)) return false;
  return 'refused' in all || all.end > length;
}

/** A time as it stands in its text, in no zone but its own; `start` and `end` are indices of what was typed. */
interface Scanned {
  readonly span: Span;
  readonly about: boolean;
  readonly zone: Zone | null;
  readonly dated: boolean;
  readonly said: string;
  readonly end: number;
}

function scan(typed: string): Scanned | Refusal | null {
  const { text, typedAt } = fold(typed);
  const start = skipSpace(text, 0);
  const about = text[start] === '~';
  const span = readSpan(text, about ? skipBlanks(text, start + 1) : start);
  if (!span || 'refused' in span) return span;
  const { from, to } = span;
  const dated = from.kind === 'date' || (from.kind === 'clock' && from.day !== null);
  const own = (from.kind === 'clock' && from.zone) || (to?.kind === 'clock' && to.zone) || null;

  const next = skipBlanks(text, span.end);
  const word = own || next === span.end ? null : readZoneWord(text, next, text.slice(start, span.end), dated);
  // “An hour ago” is the same in every zone, so no zone follows it, only text.
  const idle = from.kind === 'ago' && word !== null && 'refused' in word;
  if (word && 'refused' in word && !idle) return word;
  const zone = word && 'zone' in word ? word : null;
  const end = zone?.end ?? span.end;
  const misplaced = strayTime(text, start, end, from, zone !== null);
  const said = text.slice(start, end);
  return misplaced ?? { span, about, zone: own ?? zone?.zone ?? null, dated, said, end: typedAt(end) };
}

function momentOf({ from, to }: Span, about: boolean, zone: Zone, ctx: TimeContext): Moment | Refusal {
  const now = ctx.now.getTime();
  const bare = from.kind === 'clock' && from.day === null;
  const day = bare ? ctx.dayOf?.(from.clock, from.zone ?? zone) : null;
  if (day && 'refused' in day) return day;
  const at = resolve(bare && day ? { ...from, day } : from, zone, now);
  if (typeof at !== 'number') return at;
  const until = to ? resolveEnd(to, from, at, zone, now) : null;
  if (until !== null && typeof until !== 'number') return until;
  return {
    at: toSeconds(new Date(Math.floor(at / 1000) * 1000)),
    until: until === null ? null : toSeconds(new Date(Math.floor(until / 1000) * 1000)),
    precision: precisionOf(from, to, about),
  };
}

/** The precision is that of what was typed, never finer; of a range, that of the coarser end. */
function precisionOf(from: Form, to: Form | null, about: boolean): Precision {
  // “About” a day has the precision of a day: anything finer would show a time of day that nobody typed.
  if (from.kind === 'date') return 'date';
  if (about) return 'approx';
  const seconds = (form: Form) =>
    form.kind === 'ago' ? form.seconds : form.kind === 'clock' && form.clock.s !== null;
  return seconds(from) && (to === null || seconds(to)) ? 'second' : 'minute';
}

const DATE_BEHIND = new RegExp(String.raw`${BLANK}+\d{4}-\d{2}-\d{2}(?![\p{L}\p{N}_-]|\.\p{L})`, 'uy');
const CLOCK_BEHIND = new RegExp(String.raw`${BLANK}+\d{1,2}:\d{2}(?!\d)`, 'y');
/** What people put between a day and its time. */
const CLOCK_NEAR = new RegExp(
  String.raw`${BLANK}*(?:[@~|,;:—]|-(?=\s)|(?<=\s)(?:T|around|about|approx\.?|exactly|circa|ca\.?|um|gegen|vers|om|kl\.?|klo|à|a las|from|between|von|zwischen|\(?(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\)?)[,.:]?)${BLANK}*\d{1,2}(?::|h)\d{2}(?!\d)`,
  'iy',
);
const FOUR_DIGITS = new RegExp(
  String.raw`${BLANK}+(?:[01]\d|2[0-3])[0-5]\d(?:Z|h)?(?=\s|$)(?!${BLANK}+\p{L}*s(?!\p{L}))`,
  'uy',
);
const AND_CLOCK = new RegExp(
  String.raw`${BLANK}*(?:[&+]|(?<=\s)(?:and|or|und|oder|et|ou|y|o|e|a|al|en|og|och|do|до|и))${BLANK}+\d{1,2}:\d{2}(?!\d)`,
  'iy',
);
const END_BEHIND = new RegExp(
  String.raw`${BLANK}*(?:[-–—−/~→]|->|(?<=\s)(?:to|till?|until|thru|through|bis|tot|à|and|und))${BLANK}*\d{1,2}:\d{2}(?!\d)`,
  'iy',
);
/** Words for half of a day: behind an hour up to twelve one of them may shift the time by twelve hours. */
const HALF_BEHIND = new RegExp(
  String.raw`${BLANK}+(?:p(?=\s|$)|in the (?:morning|afternoon|evening)|this (?:afternoon|evening)|at night|(?:vor|nach)mittags|abends|nachts|morgens|du (?:matin|soir)|de l['’]après-midi|de la (?:mañana|tarde|noche)|da (?:manhã|tarde|noite)|di (?:mattina|sera)|del pomeriggio)(?![\p{L}\p{N}_'’-])`.replaceAll(
    ' ',
    `${BLANK}+`,
  ),
  'iuy',
);

/**
 * Refuses `01:41 2024-11-10`, `01:41 UTC - 01:44`, `1:41 yesterday` and `1:41 in the afternoon`: their parts stand in an
 * order that is not read, and without the part behind it the time would be recorded wrong.
 */
function strayTime(text: string, start: number, end: number, from: Form, zoned: boolean): Refusal | null {
  const follows = (pattern: RegExp) => matchAt(pattern, text, end)?.[0];
  if (from.kind === 'ago') return null;
  const stray =
    from.kind === 'date' ? dateStray(follows, zoned) : clockStray(follows, text, end, from, zoned);
  if (!stray) return null;
  return impossible(text, start) ?? refuse('TIME_UNKNOWN', { got: text.slice(start, end) + stray });
}

type Follows = (pattern: RegExp) => string | undefined;

function dateStray(follows: Follows, zoned: boolean): string | undefined {
  return (zoned ? follows(CLOCK_BEHIND) : undefined) ?? follows(CLOCK_NEAR) ?? follows(FOUR_DIGITS);
}

function clockStray(
  follows: Follows,
  text: string,
  end: number,
  { day, clock, iso }: Extract<Form, { kind: 'clock' }>,
  zoned: boolean,
): string | undefined {
  const gap = follows(GAP) ?? '';
  const other = day === null && gap ? saidDay(text, end + gap.length) : null;
  const early = !clock.twelve && !iso && clock.h >= 1 && clock.h <= 12;
  return (
    (day === null ? follows(DATE_BEHIND) : undefined) ??
    (other === null ? undefined : gap + other) ??
    (early ? follows(HALF_BEHIND) : undefined) ??
    (zoned ? follows(END_BEHIND) : undefined) ??
    follows(AND_CLOCK)
  );
}

/** Between a time and a day behind it. */
const GAP = new RegExp(`,?${BLANK}+`, 'y');

/** A time or a range as typed; still no instant. */
interface Span {
  readonly from: Form;
  readonly to: Form | null;
  readonly end: number;
}

const STUCK = /(?:[-—―/~→⇒]|-+>|=>|\.{2,3})~?/y;
/** A separator with white space on both sides, or on one side where that leaves no doubt: `13:41 -05:00` has an offset. */
const SPACED = new RegExp(
  `(?:${BLANK}*(?:[—―~→⇒]|-+>|=>|\\.{2,3})${BLANK}*|-${BLANK}+|${BLANK}+(?:[-/]|to|until|till?|thru|through|up${BLANK}+to|bis|tot|à)${BLANK}+)~?`,
  'iy',
);

/**
 * Reads `A` or `A-B` (also `A - B`, `A–B`, `A to B`, ISO `A/B`), up to where a zone or the text follows. `-HH:MM` right behind a time
 * ends a range, with a date or without; an offset there needs a space before it, or the T of ISO 8601.
 * @returns null: that is text
 */
function readSpan(text: string, at: number): Span | Refusal | null {
  const from = readForm(text, at, true);
  if (!from || 'refused' in from) return from;
  for (const separator of [STUCK, SPACED]) {
    const match = matchAt(separator, text, from.end);
    if (!match) continue;
    const to = readForm(text, from.end + match[0].length, false);
    if (to && 'refused' in to) return to;
    if (to && endsWell(text, to.end)) return agree(text, at, from, to) ?? { from, to, end: to.end };
  }
  if (endsWell(text, from.end)) return { from, to: null, end: from.end };
  return stuckTo(text, at, from);
}

function endsWell(text: string, at: number): boolean {
  return at >= text.length || /\s/.test(text[at] ?? '');
}

/** Both ends must be of one kind, and both or neither with AM or PM: `1:07-1:15pm` begins in the morning or not? */
function agree(text: string, at: number, from: Form, to: Form): Refusal | null {
  const clear =
    from.kind === to.kind &&
    (from.kind !== 'clock' ||
      to.kind !== 'clock' ||
      to.day !== null ||
      from.clock.twelve === to.clock.twelve);
  return clear ? null : refuse('TIME_UNKNOWN', { got: text.slice(at, to.end) });
}

/** What stands right behind a time makes it a part of a longer word, which is text, or a time with a stray character. */
function stuckTo(text: string, at: number, form: Form): Refusal | null {
  const next = text.slice(form.end, form.end + 2);
  // -5m/s and 2024-11-10/notes are words; 14:32: and 14:32ish are times that we cannot read for sure.
  if (form.kind !== 'clock' && !/^(?:[,;:.)!?…-]+(?:\s|$)|[-+:.]\d)/.test(text.slice(form.end, form.end + 8)))
    return null;
  const got = wordAt(text, at, form.kind === 'clock' && form.day !== null ? 2 : 1);
  const mark = /^.(?:\s|$)/.test(next) ? PUNCTUATION[next[0] ?? ''] : undefined;
  if (mark)
    return refuse('TIME_UNKNOWN', { got, next: `Leave out the ${mark}: \`${text.slice(at, form.end)}\`.` });
  const zone =
    /^\p{L}{2,5}(?=[\s,;:.)]|$)/u.exec(text.slice(form.end, form.end + 6))?.[0].toUpperCase() ?? '';
  return isAbbreviation(zone)
    ? refuse('TIME_ZONE_AMBIGUOUS', { zone, next: exampleZones(zone, text.slice(at, form.end)) })
    : refuse('TIME_UNKNOWN', { got });
}

const DAY_MS = 86_400_000;

/** @returns the milliseconds since 1970 if the wall clock stood in UTC; years below 100 are meant as typed. */
function asUtc(day: Day, clock: { h: number; m: number; s: number | null }): number {
  const date = new Date(0);
  date.setUTCFullYear(day.year, day.month - 1, day.day);
  return date.getTime() + ((clock.h * 60 + clock.m) * 60 + (clock.s ?? 0)) * 1000;
}

/**
 * @returns every instant at which the wall clock in `zone` showed this: one, none (clocks went forward over it),
 * or two (clocks went back), earliest first
 */
function instantsOf(day: Day, clock: Clock, zone: Zone): number[] {
  const wall = asUtc(day, clock);
  const [before, after] = [offsetAt(zone, wall - DAY_MS), offsetAt(zone, wall + DAY_MS)];
  // Asking a zone is slow, and on most days its offset does not change.
  if (before === after) return [wall - before];
  const instants = new Set<number>();
  // Wherever in these days the offset changes, the one in force is among these three.
  for (const offset of [before, offsetAt(zone, wall), after]) {
    const at = wall - offset;
    if (at + offsetAt(zone, at) === wall) instants.add(at);
  }
  return [...instants].sort((a, b) => a - b);
}

/** @returns the two real times beside one that was skipped: what it would have been by the offset after and before. */
function besideGap(day: Day, clock: Clock, zone: Zone): { before: number; after: number } {
  const wall = asUtc(day, clock);
  return { before: wall - offsetAt(zone, wall + DAY_MS), after: wall - offsetAt(zone, wall - DAY_MS) };
}

/** @returns what a clock and a calendar in `zone` show at an instant; `seconds` since midnight. */
export function wallAt(at: number, zone: Zone): { day: Day; seconds: number } {
  const local = at + offsetAt(zone, at);
  return { day: dayAt(at, zone), seconds: Math.floor((((local % DAY_MS) + DAY_MS) % DAY_MS) / 1000) };
}

/** @returns the day that `zone` has at an instant. */
function dayAt(at: number, zone: Zone): Day {
  const local = new Date(at + offsetAt(zone, at));
  return { year: local.getUTCFullYear(), month: local.getUTCMonth() + 1, day: local.getUTCDate() };
}

export function plusDays(day: Day, days: number): Day {
  const date = new Date(asUtc(day, { h: 0, m: 0, s: 0 }) + days * DAY_MS);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** @returns the offset in milliseconds, local minus UTC. */
function offsetAt(zone: Zone, at: number): number {
  return Math.round(zone.offset(at) * 60) * 1000;
}

/** @returns `2024-11-10 01:41`, with seconds where there are any, as the zone's wall clock showed it. */
function wallText(at: number, zone: Zone, seconds: boolean): string {
  const local = new Date(at + offsetAt(zone, at)).toISOString();
  return local.slice(0, seconds ? 19 : 16).replace('T', ' ');
}

const YEAR_ONE = asUtc({ year: 1, month: 1, day: 1 }, { h: 0, m: 0, s: 0 });
/** Clocks differ: a time that lies no further ahead than this counts as now. */
export const AHEAD_MS = 120_000;
/** No clock is ever turned back by more than this. */
const TURNED_BACK_MS = 3 * 3_600_000;
/** A bare end before its beginning is past midnight, unless that would make the range longer than this. */
const NIGHT_MS = 12 * 3_600_000;

/** @returns the instant (milliseconds since 1970) that a form means; a date stands at midnight UTC of that date. */
function resolve(form: Form, zone: Zone, now: number): number | Refusal {
  const at = instant(form, zone, now);
  // Neither Postgres nor ISO 8601 has an agreed year before 1.
  return typeof at === 'number' && at < YEAR_ONE
    ? refuse('TIME_UNKNOWN', { got: 'a time before the year 1' })
    : at;
}

function instant(form: Form, zone: Zone, now: number): number | Refusal {
  if (form.kind === 'ago') return now - form.ms;
  if (form.kind === 'date') return resolveDate(form.day, zone, now);
  if (form.day === null) return latest(form.clock, form.zone ?? zone, now);
  const own = form.zone ?? zone;
  const day = typeof form.day === 'number' ? plusDays(dayAt(now, own), form.day) : form.day;
  return dated(day, form.clock, own, now);
}

/** @returns the instant of a range's end; a bare one takes the day of the beginning, or the next past midnight. */
function resolveEnd(form: Form, from: Form, begin: number, zone: Zone, now: number): number | Refusal {
  if (form.kind !== 'clock' || form.day !== null)
    return notBefore(resolve(form, zone, now), begin, zone, form);
  const own = form.zone ?? (from.kind === 'clock' ? from.zone : null) ?? zone;
  const day = dayAt(begin, own);
  const same = dated(day, form.clock, own, now, true);
  if (typeof same !== 'number') return same;
  // The end is compared as it was typed: once both ends are moved back to now, nothing tells which came first.
  if (same >= begin) return notAhead(same, form.clock, own, now);
  const night = dated(plusDays(day, 1), form.clock, own, now, true);
  if (typeof night !== 'number') return night;
  const over = night - begin <= NIGHT_MS;
  if (!over) return notBefore(same, begin, own, form);
  return notAhead(night, form.clock, own, now);
}

function notBefore(end: number | Refusal, begin: number, zone: Zone, form: Form): number | Refusal {
  if (typeof end !== 'number' || end >= begin) return end;
  const seconds = form.kind === 'clock' && form.clock.s !== null;
  const shown = (at: number) => (form.kind === 'date' ? isoDay(at) : wallText(at, zone, seconds));
  return refuse('TIME_RANGE_BACKWARDS', { from: shown(begin), to: shown(end) });
}

function isoDay(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** A date alone is never shifted into another zone: midnight UTC keeps it the date that was typed. */
function resolveDate(day: Day, zone: Zone, now: number): number | Refusal {
  const at = asUtc(day, { h: 0, m: 0, s: 0 });
  const today = asUtc(dayAt(now + AHEAD_MS, zone), { h: 0, m: 0, s: 0 });
  return at <= today ? at : refuse('TIME_IN_FUTURE', { time: isoDay(at) });
}

/** The latest occurrence that is not in the future. */
function latest(clock: Clock, zone: Zone, now: number): number | Refusal {
  const limit = now + AHEAD_MS;
  const onTheWall = limit + offsetAt(zone, limit);
  const today = dayAt(limit, zone);
  // The search begins with tomorrow: where clocks go back over midnight, its first minutes have happened once already.
  for (let back = -1; back <= 3; back++) {
    const day = plusDays(today, -back);
    const wall = asUtc(day, clock);
    if (wall > onTheWall + TURNED_BACK_MS) continue;
    const instants = instantsOf(day, clock, zone);
    if (instants.length === 0 && wall <= onTheWall) return skipped(day, clock, zone);
    const past = instants.filter((at) => at <= limit);
    if (past.length > 1) return twice(past, clock, zone);
    if (past[0] !== undefined) return Math.min(past[0], now);
  }
  return refuse('TIME_IN_FUTURE', { time: clockText(clock) });
}

function dated(day: Day, clock: Clock, zone: Zone, now: number, later = false): number | Refusal {
  const instants = instantsOf(day, clock, zone);
  const [first, second] = instants;
  if (first === undefined) return skipped(day, clock, zone);
  // If the second of two occurrences still lies ahead, the first is meant, and there is nothing to ask.
  if (second !== undefined && second <= now + AHEAD_MS) return twice(instants, clock, zone);
  return later ? first : notAhead(first, clock, zone, now);
}

function notAhead(at: number, clock: Clock, zone: Zone, now: number): number | Refusal {
  if (at <= now + AHEAD_MS) return Math.min(at, now);
  return refuse('TIME_IN_FUTURE', { time: `${wallText(at, zone, clock.s !== null)} (${zoneName(zone)})` });
}

function twice(instants: number[], clock: Clock, zone: Zone): Refusal {
  const [first, second] = instants.map(
    (at) => `${wallText(at, zone, clock.s !== null)} ${zone.formatOffset(at, 'short')}`,
  );
  return refuse('TIME_TWICE', {
    time: clockText(clock),
    zone: zoneName(zone),
    first: first ?? '',
    second: second ?? '',
  });
}

function skipped(day: Day, clock: Clock, zone: Zone): Refusal {
  const { before, after } = besideGap(day, clock, zone);
  return refuse('TIME_SKIPPED', {
    time: clockText(clock),
    zone: zoneName(zone),
    before: wallText(before, zone, clock.s !== null),
    after: wallText(after, zone, clock.s !== null),
  });
}

function clockText({ h, m, s }: Clock): string {
  return [h, m, ...(s === null ? [] : [s])].map((part) => String(part).padStart(2, '0')).join(':');
}
