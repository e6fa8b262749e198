import { chanceOf } from '../support/chance.js';

/** A value that must never be seen. Only its name may stand in a message of a test. */
export interface Canary {
  name: string;
  kind: Kind;
  value: string;
}

const chance = chanceOf('canaries');
const letters = (bytes: number) => chance.bytes(bytes).toString('base64url');

/** Values as programs and people make them, each with 48 random bits at least. */
const KINDS = {
  base64url: () => letters(32),
  hex: () => chance.bytes(24).toString('hex'),
  marks: () => `${letters(9)}+/=&?%${letters(9)}`,
  quotes: () => `${letters(9)}"'\\${letters(9)}`,
  long: () => letters(3_072),
  pem: () => {
    const lines = Array.from({ length: 12 }, () => chance.bytes(48).toString('base64'));
    return ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----'].join('\n');
  },
  short: () => letters(6),
  // Slack keeps the emoji of a message by its name.
  unicode: () => `${letters(9)}ключ-🔑-𝓀-ü${letters(9)}`,
  newline: () => `${letters(18)}\n${letters(18)}`,
  blank: () => `${letters(12)} ${letters(12)}`,
} as const;

export type Kind = keyof typeof KINDS;
const ALL_KINDS = Object.keys(KINDS) as Kind[];
/** Those that can be sent in a header, and stand in a map of HAProxy. */
export const WORDS: Kind[] = ['base64url', 'hex', 'short'];

/** Hands out canaries, each once, of the kinds in turn. */
export class Canaries {
  readonly all: Canary[] = [];
  /** One that nobody is told of, so that nobody can take it out: the search must find it. */
  readonly leak: Canary = { name: 'leak', kind: 'base64url', value: letters(32) };

  one(name: string, kinds: readonly Kind[] = ALL_KINDS): Canary {
    const kind = kinds[this.all.length % kinds.length] as Kind;
    const canary = { name, kind, value: KINDS[kind]() };
    this.all.push(canary);
    return canary;
  }

  some(count: number, name: string, kinds?: readonly Kind[]): Canary[] {
    return Array.from({ length: count }, (_, i) => this.one(`${name}-${i + 1}`, kinds));
  }
}

/**
 * The ways in which a value may stand in a text; written down here once more, so that a form that the scrubber forgets is
 * found all the same. Halves are among them: a text that was cut to length in the middle of a secret still gives it away.
 */
export function formsOf(value: string): Map<string, string> {
  const bytes = Buffer.from(value);
  const forms = new Map<string, string>();
  const json = (text: string) => JSON.stringify(text).slice(1, -1);
  const ascii = (text: string) =>
    text.replace(/[^ -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
  forms.set('raw', value);
  forms.set('JSON', json(value));
  forms.set('JSON twice', json(json(value)));
  forms.set('JSON thrice', json(json(json(value))));
  forms.set('JSON in ASCII', ascii(json(value)));
  forms.set('by percent', encodeURIComponent(value));
  forms.set(
    'by percent, small',
    encodeURIComponent(value).replace(/%../g, (code) => code.toLowerCase()),
  );
  forms.set('address', encodeURI(value));
  forms.set('form', new URLSearchParams({ v: value }).toString().slice(2));
  forms.set('hex', bytes.toString('hex'));
  forms.set('HEX', bytes.toString('hex').toUpperCase());
  for (const offset of [0, 1, 2])
    for (const letters of ['base64', 'base64url'] as const) {
      const whole = Buffer.concat([Buffer.alloc(offset), bytes]).toString(letters);
      // Only the letters that nothing beside the value has a part in.
      const from = Math.ceil((8 * offset) / 6);
      forms.set(`${letters} at ${offset}`, whole.slice(from, Math.floor((8 * (offset + bytes.length)) / 6)));
    }
  for (const [name, text] of [...forms])
    if (text.length >= 24) {
      const half = text.length >> 1;
      forms.set(`${name}, first half`, text.slice(0, half));
      forms.set(`${name}, second half`, text.slice(half));
    }
  for (const line of value.split('\n'))
    if (line !== value && line.length >= 20 && !line.startsWith('---')) forms.set(`line ${forms.size}`, line);
  return forms;
}
