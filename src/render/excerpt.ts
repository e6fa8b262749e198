import { closed } from './direction.js';

/**
 * A text on one line, short enough for a phone. Only for answers: exports never shorten. What is written behind it on that
 * line keeps its own direction.
 * @param limit in code points, the ellipsis included
 */
export function excerpt(text: string, limit = 160): string {
  const line = text.replace(/\s+/g, ' ').trim();
  const characters = [...line.slice(0, limit * 2 + 1)];
  if (characters.length <= limit && line.length <= limit * 2) return closed(line);
  const start = characters.slice(0, limit - 1).join('');
  return closed(`${start.trimEnd()}…`);
}
