import type { Refusal } from '../../refusal.js';
import { readSpan } from '../../text.js';
import { Flags } from '../flags.js';
import { blank, intent, type Line, type Parsers } from '../verbs.js';

/** What is longer is not watched by people; a schedule is for that. */
const LONGEST_MS = 24 * 3_600_000;
const SHORTEST_MS = 1_000;

/** The verb that keeps looking. */
export const WATCHES = {
  /** `[flags] [30m|stop] [flags]`. */
  watch(line) {
    const flags = new Flags(line.verb.flags, line.form);
    const start = flags.head(line.said);
    if (typeof start !== 'string') return start;
    const said = flags.tail(start);
    if (typeof said !== 'string') return said;
    const word = said.trim();
    const named = flags.has('probe') || flags.has('query');
    if (word.toLowerCase() === 'stop')
      return named ? line.bad('part of `watch stop`', '--probe or --query') : intent({ type: 'StopWatch' });
    const forMs = blank(word) ? null : spanOf(word, line);
    if (forMs !== null && typeof forMs !== 'number') return forMs;
    const names = (flag: string) => [...new Set(flags.all(flag))];
    return { kind: 'watch', forMs, probes: names('probe'), queries: names('query'), notes: [] };
  },
} satisfies Parsers;

function spanOf(word: string, line: Line): number | Refusal {
  const ms = readSpan(word);
  if (ms !== null && ms >= SHORTEST_MS && ms <= LONGEST_MS) return ms;
  const minutes = /^(?:for\s+)?(\d{1,4})$/i.exec(word)?.[1];
  const span = word.replace(/^for\s+/i, '');
  const meant =
    minutes !== undefined ? `${minutes}m` : readSpan(span) !== null && span !== word ? span : null;
  return line.bad('a length of time from 1s to 24h, such as `30m`, `1h30m` or `1d`', word, meant);
}
