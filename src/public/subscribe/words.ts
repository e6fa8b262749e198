import { readFileSync } from 'node:fs';
import { IntlMessageFormat } from 'intl-messageformat';
import { LANGUAGES, type Language } from '../settings.js';

/** Fixed words by their name, with what stands in them. @throws for a name that there is none of: a mistake of ours */
export type Words = (name: string, values?: Readonly<Record<string, string | number>>) => string;

const shelf = new Map<Language, Words>();

/** @returns the fixed words of mails, webhooks and forms in that language; of one that we do not have, in English */
export function mailWords(language: string): Words {
  const known = LANGUAGES.find((one) => one === language) ?? 'en';
  const kept = shelf.get(known);
  if (kept) return kept;
  const file = new URL(`../mail-words/${known}.json`, import.meta.url);
  const texts = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  const formats = new Map<string, IntlMessageFormat>();
  const words: Words = (name, values = {}) => {
    let format = formats.get(name);
    if (!format) {
      const text = texts[name];
      if (text === undefined) throw new Error(`there are no words called ${name} in ${known}`);
      format = new IntlMessageFormat(text, known, undefined, { ignoreTag: true });
      formats.set(name, format);
    }
    return String(format.format(values));
  };
  shelf.set(known, words);
  return words;
}

// Controls but line breaks and tabs, what is shown as nothing, what turns the direction of writing round; joiners stay, words
// and emoji are made with them.
const UNSEEN = /[^\P{Cc}\n\t]|[^\P{Cf}\u200c\u200d]|\p{Cs}/gu;

/** @returns a text of somebody's as it may stand in a message: with its line breaks, without what nobody sees */
export const shownText = (text: string): string =>
  text.replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n').replace(UNSEEN, '');

/** @returns the same on one line, cut to `most` characters: for headers and titles */
export function oneLine(text: string, most = 200): string {
  const line = [...shownText(text).replace(/\s+/g, ' ').trim()];
  return line.length > most ? `${line.slice(0, most - 1).join('')}…` : line.join('');
}

// Making one takes longer than all the rest of a mail.
const clocks = new Map<string, Intl.DateTimeFormat>();

/** @returns a moment as people read it, in that zone, which it names */
export function timeShown(iso: string, language: string, zone: string): string {
  const key = `${language} ${zone}`;
  let clock = clocks.get(key);
  if (!clock) {
    const date = { year: 'numeric', month: 'short', day: 'numeric' } as const;
    const time = { hour: '2-digit', minute: '2-digit', timeZone: zone, timeZoneName: 'short' } as const;
    clock = new Intl.DateTimeFormat(language, { ...date, ...time });
    clocks.set(key, clock);
  }
  return clock.format(new Date(iso));
}
