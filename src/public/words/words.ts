import { readFileSync } from 'node:fs';
import { IntlMessageFormat } from 'intl-messageformat';
import type { PublicIncident } from '#domain/status/page.js';
import type { Language } from '../settings.js';
import type english from './en.json';

/** The name of something that a page says. Every language has a file with all of them. */
export type Saying = keyof typeof english;

type Value = string | number;

/** How dates are written: all of these have a clock of 24 hours, as the record has. */
const LOCALES: Readonly<Record<Language, string>> = {
  en: 'en-GB',
  de: 'de-DE',
  fr: 'fr-FR',
  es: 'es-ES',
  ja: 'ja-JP',
};
const [MINUTE, HOUR, DAY] = [60, 3_600, 86_400];
/** Names of components in a title that was made of them. */
const NAMED = 3;

/**
 * The fixed words of what the public reads, with the times and numbers of one language and zone. Whatever it gives is plain
 * text, and holds what people wrote as they wrote it: whoever puts it into HTML encodes it.
 */
export class Words {
  /** For `Intl` in a browser: the same times there as here. */
  readonly locale: string;
  private readonly messages = new Map<Saying, IntlMessageFormat>();
  private readonly moments: Intl.DateTimeFormat;
  private readonly calendar: Intl.DateTimeFormat;
  private readonly days: Intl.DateTimeFormat;
  private readonly months: Intl.DateTimeFormat;
  private readonly percent: Intl.NumberFormat;
  private readonly lists: Intl.ListFormat;

  /** @param zone IANA; @throws RangeError when there is no such zone */
  constructor(
    readonly language: Language,
    readonly zone: string,
  ) {
    const locale = LOCALES[language];
    const date = { year: 'numeric', month: 'short', day: 'numeric' } as const;
    this.locale = locale;
    this.moments = new Intl.DateTimeFormat(locale, { ...MOMENT, timeZone: zone });
    this.days = new Intl.DateTimeFormat(locale, { ...date, timeZone: 'UTC' });
    this.months = new Intl.DateTimeFormat(locale, { year: 'numeric', month: 'long', timeZone: 'UTC' });
    // The only one of these that writes 2024-11-10.
    this.calendar = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeZone: zone });
    this.percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 2 });
    this.lists = new Intl.ListFormat(locale, { type: 'conjunction' });
  }

  say(saying: Saying, values: Readonly<Record<string, Value>> = {}): string {
    return String(this.message(saying).format({ ...values }));
  }

  /** The same with something else than text in it, in the places where the language has them. */
  sayWith<T>(saying: Saying, values: Readonly<Record<string, Value | T>>): Array<string | T> {
    const said = this.message(saying).format<T>({ ...values });
    return Array.isArray(said) ? said : [said];
  }

  /** `10 Nov 2024, 02:41 CET`: to the minute, in the page's zone, which it names. */
  moment(at: string): string {
    return this.moments.format(Date.parse(at));
  }

  /** @returns `2024-11-10`, the day of that instant in the page's zone */
  dateOf(at: string): string {
    return this.calendar.format(Date.parse(at));
  }

  /** @param date `2024-11-10`: a day of a calendar, which has no zone */
  day(date: string): string {
    return this.days.format(Date.parse(date));
  }

  /** `1–9 Nov 2024`; one day where both are the same. */
  dayRange(from: string, to: string): string {
    return this.days.formatRange(Date.parse(from), Date.parse(to));
  }

  /** @param month `2024-11` */
  month(month: string): string {
    return this.months.format(Date.parse(`${month}-01`));
  }

  /** Its two greatest units, rounded down to them; less than a minute in seconds. */
  duration(seconds: number): string {
    const parts: Array<readonly [number, string]> =
      seconds < MINUTE
        ? [[Math.max(0, Math.floor(seconds)), 'second']]
        : [
            [Math.floor(seconds / DAY), 'day'],
            [Math.floor((seconds % DAY) / HOUR), 'hour'],
            [Math.floor((seconds % HOUR) / MINUTE), 'minute'],
          ];
    const first = parts.findIndex(([amount]) => amount > 0);
    const shown = parts
      .slice(Math.max(0, first), Math.max(0, first) + 2)
      .filter(([amount], i) => i === 0 || amount > 0);
    return shown.map(([amount, unit]) => this.amount(amount, unit)).join(' ');
  }

  /** A share of 1, rounded down: what is not whole never looks so. */
  ratio(share: number): string {
    // Of 0.9999 × 10,000 binary fractions leave 9,998.999…, which is no reason to take one off.
    return this.percent.format(Math.floor(share * 10_000 + 1e-6) / 10_000);
  }

  /** A whole share, as `DOWN_WEIGHT` has them. */
  weight(share: number): string {
    return this.percent.format(share);
  }

  list(names: readonly string[]): string {
    return this.lists.format(names);
  }

  /** What the public calls an incident: its own title, or one that is made of the components it touched. */
  titleOf({ title, components }: Pick<PublicIncident, 'title' | 'components'>): string {
    if (title !== null && title.trim() !== '') return title;
    if (components.length === 0) return this.say('incident.untitled');
    const names = components.slice(0, NAMED).map(({ name }) => name);
    const more = components.length - names.length;
    const named = more > 0 ? `${names.join(', ')} ${this.say('more', { count: more })}` : this.list(names);
    return this.say('incident.untitledOf', { components: named });
  }

  private message(saying: Saying): IntlMessageFormat {
    let message = this.messages.get(saying);
    if (!message) {
      message = new IntlMessageFormat(sayingsOf(this.language)[saying], this.language, undefined, {
        ignoreTag: true,
      });
      this.messages.set(saying, message);
    }
    return message;
  }

  private amount(amount: number, unit: string): string {
    return new Intl.NumberFormat(this.locale, {
      style: 'unit',
      unit,
      unitDisplay: unit === 'day' ? 'long' : 'short',
    }).format(amount);
  }
}

/** The parts of a moment that a page shows; `page.js` has the same, in the reader's zone. */
const MOMENT = {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
  timeZoneName: 'short',
} as const;

const read = new Map<Language, Record<Saying, string>>();

/** @returns what is in the file of a language; read once */
export function sayingsOf(language: Language): Readonly<Record<Saying, string>> {
  let sayings = read.get(language);
  if (!sayings) {
    sayings = JSON.parse(readFileSync(new URL(`./${language}.json`, import.meta.url), 'utf8')) as Record<
      Saying,
      string
    >;
    read.set(language, sayings);
  }
  return sayings;
}
