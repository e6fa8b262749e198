/**
 * A text on one line, short enough for a phone. Only for answers: exports never shorten.
 * @param limit in code points, the ellipsis included
 */
export function excerpt(text: string, limit = 160): string {
  const line = text.replace(/\s+/g, ' ').trim();
  const characters = [...line.slice(0, limit * 2 + 1)];
  if (characters.length <= limit && line.length <= limit * 2) return line;
  return `${characters
    .slice(0, limit - 1)
    .join('')
    .trimEnd()}…`;
}
