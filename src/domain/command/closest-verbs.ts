import { distance } from 'fastest-levenshtein';
import { VERBS } from './verbs.js';

/** @returns the three verbs that somebody may have meant, the likeliest first. */
export function closestVerbs(word: string): string[] {
  const typed = word.toLowerCase().slice(0, 40);
  return VERBS.map((verb) => ({
    name: verb.name,
    far: Math.min(...[verb.name, ...verb.aliases].map((name) => howFar(typed, name))),
  }))
    .sort((a, b) => a.far - b.far)
    .slice(0, 3)
    .map(({ name }) => name);
}

/** Letters to change; a word cut short (`stat`), or a verb with more behind it (`notes`, `sev1`), is nearer than its length says. */
function howFar(typed: string, name: string): number {
  const cut = typed.length > 1 && (name.startsWith(typed) || typed.startsWith(name));
  if (cut) return 0.5 + Math.abs(name.length - typed.length) / 100;
  return Math.min(
    distance(typed, name),
    0.9 + Math.min(...swaps(typed).map((turned) => distance(turned, name))),
  );
}

/** Two letters in the wrong order are one slip, not two. */
function swaps(typed: string): string[] {
  return [...typed.slice(1)].map(
    (_, i) => `${typed.slice(0, i)}${typed[i + 1]}${typed[i]}${typed.slice(i + 2)}`,
  );
}
