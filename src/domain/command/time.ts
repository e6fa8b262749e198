import { FixedOffsetZone, type Zone } from 'luxon';
import { type Moment, type Precision, toSeconds } from '../moment.js';
import { type Refusal, refuse } from '../refusal.js';
import { BLANK, skipBlanks } from './blank.js';
import type { Form } from './clock-forms.js';
import { fold } from './folded.js';
import { dayAt, impossible } from './impossible-times.js';
import { resolve, resolveEnd } from './resolve.js';
import { readSpan, type Span } from './span.js';
import { zoneName, zoneNamed } from './zone.js';
import { readZoneWord } from './zone-word.js';

/** What reading a time needs to know; `zone` is the typist's, or the one to assume when theirs is not known. */
export interface TimeContext {
  readonly now: Date;
  readonly zone: string;
  readonly zoneKnown: boolean;
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
  const moment = momentOf(span, about, zone, ctx.now.getTime());
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
  const start = /^\s*/.exec(text)?.[0].length ?? 0;
  const about = text[start] === '~';
  const span = readSpan(text, about ? skipBlanks(text, start + 1) : start);
  if (!span || 'refused' in span) return span;
  const { from, to } = span;
  const dated = from.kind === 'date' || (from.kind === 'clock' && from.day !== null);
  const own = (from.kind === 'clock' && from.zone) || (to?.kind === 'clock' && to.zone) || null;

  const next = skipBlanks(text, span.end);
  const word = own || next === span.end ? null : readZoneWord(text, next, text.slice(start, span.end), dated);
  // An hour ago is an hour ago in every zone: what follows can only be text.
  const idle = from.kind === 'ago' && word !== null && 'refused' in word;
  if (word && 'refused' in word && !idle) return word;
  const zone = word && 'zone' in word ? word : null;
  const end = zone?.end ?? span.end;
  const misplaced = strayTime(text, start, end, from, zone !== null);
  const said = text.slice(start, end);
  return misplaced ?? { span, about, zone: own ?? zone?.zone ?? null, dated, said, end: typedAt(end) };
}

function momentOf({ from, to }: Span, about: boolean, zone: Zone, now: number): Moment | Refusal {
  const at = resolve(from, zone, now);
  if (typeof at !== 'number') return at;
  const until = to ? resolveEnd(to, from, at, zone, now) : null;
  if (until !== null && typeof until !== 'number') return until;
  return {
    at: toSeconds(new Date(Math.floor(at / 1000) * 1000)),
    until: until === null ? null : toSeconds(new Date(Math.floor(until / 1000) * 1000)),
    precision: precisionOf(from, to, about),
  };
}

/** What was typed, never more: of a range, the coarser end. */
function precisionOf(from: Form, to: Form | null, about: boolean): Precision {
  // About a day is a day: anything else would show a time of day that nobody typed.
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
/** Which half of the day: of an hour up to twelve it may turn the time round. */
const HALF_BEHIND = new RegExp(
  String.raw`${BLANK}+(?:p(?=\s|$)|in the (?:morning|afternoon|evening)|this (?:afternoon|evening)|at night|(?:vor|nach)mittags|abends|nachts|morgens|du (?:matin|soir)|de l['’]après-midi|de la (?:mañana|tarde|noche)|da (?:manhã|tarde|noite)|di (?:mattina|sera)|del pomeriggio)(?![\p{L}\p{N}_'’-])`.replaceAll(
    ' ',
    `${BLANK}+`,
  ),
  'iuy',
);

/**
 * `01:41 2024-11-10`, `01:41 UTC - 01:44`, `1:41 yesterday` and `1:41 in the afternoon` have parts in an order that we do
 * not read: recorded, they would be wrong.
 */
function strayTime(text: string, start: number, end: number, from: Form, zoned: boolean): Refusal | null {
  const follows = (pattern: RegExp) => {
    pattern.lastIndex = end;
    return pattern.exec(text)?.[0];
  };
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
  const other = day === null && gap ? dayAt(text, end + gap.length) : null;
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
