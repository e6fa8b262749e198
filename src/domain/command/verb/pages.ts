import { PAGE_LIMITS } from '../../paging/page.js';
import { refuse } from '../../refusal.js';
import { LIMITS } from '../../text.js';
import type { PersonRef } from '../../words.js';
import { checkText } from '../entered.js';
import { Flags } from '../flags.js';
import { behindDashes, blank, exact, firstWord, intent, type Parsers } from '../verbs.js';

/** Verbs that call for somebody. */
export const PAGES = {
  /** `POLICY|@NAME… [REASON]`, with its flag before, between and behind. Those who are named at the beginning are paged; others are part of the reason. */
  page(line) {
    const flags = new Flags(line.verb.flags, line.form);
    const start = flags.head(line.said);
    if (typeof start !== 'string') return start;
    const people: PersonRef[] = [];
    let at = line.text.length - start.length;
    for (;;) {
      const rest = line.text.slice(at);
      const blanks = (/^[\s,]*/.exec(rest) ?? [''])[0].length;
      const named = line.mentions.find((mention) => mention.start === at + blanks);
      if (!named) break;
      people.push({ id: named.id, name: named.name });
      at = named.end;
    }
    const behind = people.length > 0 ? line.text.slice(at).replace(/^[\s,]*,/, '') : start;
    const { word, rest } = people.length > 0 ? { word: null, rest: behind } : firstWord(behind);
    const kept = behindDashes(rest);
    const text = kept ?? flags.head(rest);
    if (typeof text !== 'string') return text;
    const said = kept ?? flags.tail(exact(text));
    if (typeof said !== 'string') return said;
    const unfit = checkText(said, LIMITS.reason, 'The reason');
    if (unfit) return unfit;
    const most = PAGE_LIMITS.notify;
    if (people.length > most) {
      const next = 'Name a user group, or page the rest by another command.';
      return refuse('TOO_MANY', { what: 'people', count: people.length, limit: most, next });
    }
    // A policy is looked for as it is typed but for its case: a phone begins a line with a capital.
    const policy = word ? word.toLowerCase() : null;
    const reason = blank(said) ? null : said;
    const again = flags.has('again');
    return intent({ type: 'PagePeople', policy, people, reason, again }, null, flags.remarks(said));
  },

  ack(line) {
    if (blank(line.said)) return intent({ type: 'AcknowledgePage', page: null });
    const read = line.number(line.said, 'a page', '`show` shows the numbers');
    if ('refused' in read) return read;
    return line.nothingMore(read.rest) ?? intent({ type: 'AcknowledgePage', page: read.n });
  },
} satisfies Parsers;
