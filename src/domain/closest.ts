import { distance } from 'fastest-levenshtein';

/** @returns the names somebody may have meant by `typed`, the likeliest first; at most `count`. */
export function closest(typed: string, names: Iterable<string>, count = 3): string[] {
  const word = typed.toLowerCase().slice(0, 80);
  return [...names]
    .map((name) => ({ name, far: howFar(word, name.toLowerCase()) }))
    .sort((a, b) => a.far - b.far || (a.name < b.name ? -1 : 1))
    .slice(0, count)
    .map(({ name }) => name);
}

/** Letters to change; a name cut short, or one with more behind it, is nearer than its length says. */
function howFar(word: string, name: string): number {
  const cut = word.length > 1 && name.length > 1 && (name.startsWith(word) || word.startsWith(name));
  return cut ? 0.5 : distance(word, name);
}
