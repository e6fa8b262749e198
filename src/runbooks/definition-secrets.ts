import type { Path } from './definition-source.js';
import type { Wrong } from './definition-words.js';

const NAME =
  /passw(or)?d|passphrase|secret|token|authorization|credential|api[-_ ]?key|private[-_ ]?key|cookie/i;
/** Under these stand names of secrets: `secret_headers: { Authorization: NAME }`. */
const REFERENCES = /^secrets?($|_)/;
const REFERENCE = /^(secret:)?[A-Za-z][A-Za-z0-9_.-]{0,63}$/;
// A name of that length has dashes in it and no digits; what has not is rather a value in the wrong place.
const RANDOM = /^(?=.*\d)[A-Za-z0-9]{16,}$/;

/** What looks like a secret wherever it stands. */
const LOOKS = [
  /xox[a-z](\.[a-z]+)?-[\w-]+|xapp-[\w-]+/,
  /gh[opusr]_\w+|github_pat_\w+|glpat-[\w-]+|npm_\w{20,}/,
  /(AKIA|ASIA)[A-Z0-9]{12,}/,
  /AIza[\w-]{30,}|\b[sr]k_(live|test)_\w+/,
  /\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/,
  /-----BEGIN[\s\S]*/,
  /^\s*(Bearer|Basic)\s+\S+\s*$/i,
  /\b(Bearer|Basic)\s+(?=\S*[\d=_])\S{6,}/i,
  /\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/@:?#]*:[^\s/@]+@/i,
  /hooks\.slack\.com\/\w+\/\w+\/\w+\/\w+/i,
  /(^|[?&;\s-])(password|passwd|pwd|token|secret|api[-_]?key|access[-_]?token)=[^\s&;]{2,}/i,
];

const TEXT =
  'holds a secret; name it under `secrets:` in tocsin.yml and refer to it by that name (secret_headers, secret:NAME)';

/**
 * Secrets that stand in a definition, by where they stand and by how they look.
 * @returns what is wrong, without the values; and the values, to be kept out of everything else that is said
 */
export function secretsIn(tree: unknown): { wrong: Wrong[]; values: string[] } {
  const wrong: Wrong[] = [];
  const values: string[] = [];
  const found = (path: Path, value: string, name = false) => {
    // Templates that cannot be read are shown by what stands between their braces, long values by their beginning.
    const pieces = value.includes('{{') ? value.split(/[\s{}]+/) : [];
    for (const piece of [value, ...pieces]) values.push(piece, piece.slice(0, 80), piece.slice(0, 60));
    // A name that is a secret cannot be said: the place is what holds it.
    wrong.push(name ? { path: path.slice(0, -1), text: `has a name that ${TEXT}` } : { path, text: TEXT });
  };

  const walk = (value: unknown, path: Path, hidden: 'value' | 'reference' | null): void => {
    if (typeof value === 'string' || typeof value === 'number') {
      const text = String(value);
      if (isSecret(text, hidden)) found(path, text);
    } else if (Array.isArray(value)) {
      for (const [i, item] of value.entries()) walk(item, [...path, i], hidden);
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, member] of Object.entries(value)) {
        const here = [...path, name];
        if (LOOKS.some((looks) => looks.test(name))) found(here, name, true);
        walk(member, here, within(here, hidden));
      }
    }
  };
  walk(tree, [], null);
  return { wrong, values: values.filter((value) => value.length > 3) };
}

/** What a member's name says of what stands under it. */
function within(path: Path, above: 'value' | 'reference' | null): 'value' | 'reference' | null {
  const name = String(path.at(-1));
  // An input is spoken of by its name; only what it holds can be a secret.
  if (path[0] === 'inputs') {
    return path.length === 3 && ['default', 'enum'].includes(name) && NAME.test(String(path[1]))
      ? 'value'
      : above;
  }
  if (path.length < 4 || above === 'reference') return above;
  if (REFERENCES.test(name)) return 'reference';
  return NAME.test(name) ? 'value' : above;
}

function isSecret(text: string, hidden: 'value' | 'reference' | null): boolean {
  const plain = withoutTemplates(text);
  if (LOOKS.some((looks) => looks.test(plain))) return true;
  if (hidden === 'value')
    return !/^\s*(Bearer|Basic|Token)?\s*$/i.test(plain) && !plain.startsWith('secret:');
  if (hidden === 'reference') return plain !== '' && (!REFERENCE.test(plain) || RANDOM.test(plain));
  return false;
}

/** Not a regular expression, which would look for the end of every template that has none. */
function withoutTemplates(text: string): string {
  const [first = '', ...rest] = text.split('{{');
  const parts = rest.map((part) => {
    const end = part.indexOf('}}');
    return end < 0 ? `{{${part}` : part.slice(end + 2);
  });
  return first + parts.join('');
}

/** @returns the text without those values, and without what looks like a secret */
export function unsaid(text: string, values: string[]): string {
  const longest = [...new Set(values)].sort((a, b) => b.length - a.length);
  let said = text;
  for (const value of longest) said = said.replaceAll(value, '[secret]');
  for (const looks of LOOKS) said = said.replace(new RegExp(looks, `${looks.flags}g`), '[secret]');
  return said;
}
