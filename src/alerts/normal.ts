import { createHash } from 'node:crypto';
import { MOST, type Signal, type SignalLink } from '#domain/alert/signal.js';
import { printable } from '#domain/text.js';
import { toSeconds } from '#domain/words.js';
import type { Remark, Reported } from './sender.js';

interface Surroundings {
  /** Takes known secrets out of texts. */
  scrub: { text(text: string): string };
  now: Date;
}

/** A clock may be ahead so much; a time beyond that is no time of anything that has happened. */
const AHEAD_MS = 5 * 60_000;
/** Before that nobody sent alerts: `0001-01-01` and `1970-01-01` stand for no time. */
const EARLIEST = Date.parse('2000-01-01T00:00:00Z');
const RFC3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?: ?(?:[Zz]|UTC|[+-]\d\d:?\d\d))?$/;

/**
 * Takes what a sender says into the one form in which alerts are kept: texts without what moves a cursor and without
 * known secrets, everything within its limits, times in UTC, the future taken as now.
 */
export function normal(reported: Reported, surroundings: Surroundings): Signal {
  const { now } = surroundings;
  const words = wordsOf(surroundings);
  const alert = words.identity(reported.alert);
  const resolved = reported.status === 'resolved';
  const ended = resolved ? timeOf(reported.until, now) : null;
  // Of an end whose beginning is not told nothing more is known than that it was before.
  const since = timeOf(reported.since, now) ?? ended ?? now;
  const until = ended !== null && ended < since ? since : ended;
  return {
    alert,
    status: reported.status,
    since: toSeconds(since),
    until: until === null ? null : toSeconds(until),
    title:
      words.line(reported.title, MOST.title) ||
      words.line(reported.labels.alertname, MOST.title) ||
      alert.slice(0, MOST.title),
    text: words.text(reported.text, MOST.text) || null,
    labels: words.pairs(reported.labels, MOST.labels),
    values: words.pairs(reported.values ?? {}, MOST.values),
    links: words.links(reported.links ?? []),
  };
}

/** What is kept of a name, and of what was said: as much of that as Opsgenie takes. */
const MOST_BY = 100;
const MOST_SAID = 25_000;

/** The same for what is said of an alert. */
export function remarked(remark: Remark, surroundings: Surroundings): Remark {
  const words = wordsOf(surroundings);
  return {
    alert: words.identity(remark.alert),
    does: remark.does,
    by: words.line(remark.by, MOST_BY) || null,
    text: words.text(remark.text, MOST_SAID) || null,
    at: timeOf(remark.at, surroundings.now),
  };
}

/** @returns the time that a sender means; null: none, or one that stands for none */
export function timeOf(value: unknown, now: Date): Date | null {
  const ms = milliseconds(value);
  if (!Number.isFinite(ms) || ms < EARLIEST) return null;
  return new Date(ms > now.getTime() + AHEAD_MS ? now.getTime() : ms);
}

function milliseconds(value: unknown): number {
  if (typeof value === 'string' && /^\d{9,13}(\.\d+)?$/.test(value)) return milliseconds(Number(value));
  // In seconds the year 2000 is a number of nine digits; in milliseconds, one of twelve.
  if (typeof value === 'number') return value < 100_000_000_000 ? value * 1_000 : value;
  if (typeof value !== 'string' || !RFC3339.test(value)) return Number.NaN;
  const zoned = value
    .replace(/ ?UTC$/, 'Z')
    .replace(/([+-]\d\d)(\d\d)$/, '$1:$2')
    .replace(' ', 'T');
  return Date.parse(/(?:[Zz]|[+-]\d\d:\d\d)$/.test(zoned) ? zoned : `${zoned}Z`);
}

/** Of one text no more than that is looked at: far beyond what is kept, so that no secret is cut through. */
const LOOKED_AT = 64_000;

function wordsOf({ scrub }: Surroundings) {
  // First what is not to be seen, then what is secret, then what is too long: each could hide a part of the next.
  const clean = (value: unknown): string => scrub.text(printable(written(value).slice(0, LOOKED_AT)));
  const text = (value: unknown, most: number) => cut(clean(value).trim(), most);
  const line = (value: unknown, most: number) => cut(clean(value).replace(/\s+/g, ' ').trim(), most);
  return {
    text,
    line,
    /** Two that differ stay two, also where what is kept of them is the same. */
    identity(value: string): string {
      const whole = line(value, LOOKED_AT);
      if (
        whole !== '' &&
        value.length <= LOOKED_AT &&
        [...whole.slice(0, MOST.alert + 1)].length <= MOST.alert &&
        whole.length <= 2 * MOST.alert
      )
        return whole;
      const digest = createHash('sha256').update(value).digest('hex').slice(0, 32);
      return `${cut(whole, MOST.alert - digest.length - 1)} ${digest}`.trim();
    },
    pairs(given: Readonly<Record<string, unknown>>, most: number): Record<string, string> {
      const kept = new Map<string, string>();
      for (const name of Object.keys(given)) {
        if (kept.size >= most) break;
        const key = line(name, MOST.labelName);
        const value = text(given[name], MOST.labelValue);
        if (key !== '' && key !== '__proto__' && value !== '') kept.set(key, value);
      }
      return Object.fromEntries(kept);
    },
    links(given: ReadonlyArray<{ title: string; url: unknown }>): SignalLink[] {
      const kept = new Map<string, SignalLink>();
      for (const { title, url } of given) {
        const address = clean(url).trim();
        if (kept.size < MOST.links && isOpen(address) && !kept.has(address))
          kept.set(address, { title: line(title, 100) || 'Link', url: address });
      }
      return [...kept.values()];
    },
  };
}

/** What may be shown as a link: an address of the web, without a password in it. */
function isOpen(address: string): boolean {
  if (address.length > MOST.url || !/^https?:\/\/\S+$/i.test(address) || !URL.canParse(address)) return false;
  const { username, password } = new URL(address);
  return username + password === '';
}

/** @returns a value as text: of what is no text, number or truth, its JSON; nothing for nothing */
function written(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** At most so many characters, counted as people count. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const letters = Array.from(text.slice(0, 2 * most + 2));
  return letters.length <= most
    ? letters.join('')
    : `${letters
        .slice(0, most - 1)
        .join('')
        .trimEnd()}…`;
}
