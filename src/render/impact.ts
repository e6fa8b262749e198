import type { Entry } from '#domain/entry.js';
import { entryText, impactNumbers } from '#domain/entry-text.js';
import type { Clock } from './clock.js';
import { closed } from './direction.js';
import { durationInWords } from './when.js';

/**
 * An impact with everything that was recorded of it: the text, then the numbers that the text may not say:
 * `clips fail — 19 of 400 requests failed (4.8 %), 2024-11-10 01:41–01:44 (3 min), Developer API`.
 */
export function impactInFull(entry: Entry, clock: Clock): string {
  const { failed = null, total = null, from = null, to = null, components = [] } = entry.detail;
  const text = entry.text === null && !entry.erased ? null : entryText(entry);
  const rate = failed !== null && total ? ` (${((failed / total) * 100).toFixed(1)} %)` : '';
  const numbers = impactNumbers({ failed, total });
  const facts = [numbers && numbers + rate, span(from, to, clock), components.join(', ')].filter(Boolean);
  if (text === null || facts.length === 0) return text ?? facts.join(', ');
  return `${closed(text)} — ${facts.join(', ')}`;
}

function span(from: string | null, to: string | null, clock: Clock): string | null {
  const shown = (at: string) => {
    const { date, time } = clock.read(at);
    return { date, time: time.endsWith(':00') ? time.slice(0, 5) : time };
  };
  const first = from === null ? null : shown(from);
  const last = to === null ? null : shown(to);
  if (from !== null && to !== null && first && last) {
    const day = first.date === last.date ? '' : `${last.date} `;
    const seconds = Math.round((Date.parse(to) - Date.parse(from)) / 1000);
    return `${first.date} ${first.time}–${day}${last.time} (${durationInWords(seconds)})`;
  }
  if (first) return `from ${first.date} ${first.time}`;
  return last ? `until ${last.date} ${last.time}` : null;
}
