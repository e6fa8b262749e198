import { gemoji } from 'gemoji';
import type { Fields } from '../../fields.js';
import { SLACK_NAMES } from './emoji-names.js';

interface Emoji {
  readonly char: string;
  /** Hands, faces and people come in five colours. */
  readonly toned: boolean;
}

// Slack's own pictures, which every workspace has beside the standard ones.
const PICTURES = new Set([
  ...['bowtie', 'cubimal_chick', 'dusty_stick', 'glitch_crab', 'piggy', 'pride', 'slack', 'slack_call'],
  ...['shipit', 'squirrel', 'simple_smile', 'thumbsup_all', 'white_square', 'black_square'],
  ...['skin-tone-2', 'skin-tone-3', 'skin-tone-4', 'skin-tone-5', 'skin-tone-6'],
]);
const FIRST_LETTER = 0x1f1e6;
const FIRST_TONE = 0x1f3fb;
const VARIANT = '\ufe0f';

const byName = new Map<string, Emoji>();
const nameOfChar = new Map<string, string>();
fill();
const CHARS = new RegExp(
  [...nameOfChar.keys()]
    .sort((one, other) => other.length - one.length)
    .map((char) => char.replace('*', '\\*'))
    .join('|')
    .replace(/.*/su, '($&)([\\u{1f3fb}-\\u{1f3ff}]?)'),
  'gu',
);
const NONE: ReadonlyMap<string, unknown> = new Map();
const NAMED = /^([\p{L}\p{N}_+'-]+?)(?:::skin-tone-([2-6]))?$/u;

/**
 * Whether Slack has an emoji of that name, a skin tone included (`wave::skin-tone-3`).
 * @param custom the workspace's own, by name
 */
export function isEmoji(name: string, custom: ReadonlyMap<string, unknown> = NONE): boolean {
  const [, plain = '', tone] = NAMED.exec(name) ?? [];
  if (tone) return byName.get(plain)?.toned ?? false;
  return byName.has(plain) || PICTURES.has(plain) || custom.has(plain);
}

/** The element of a rich text for an emoji, with its code points where it is no picture. */
export function emojiElement(name: string): Fields {
  const [, plain = name, tone] = NAMED.exec(name) ?? [];
  const char = byName.get(plain)?.char;
  const points = char ? [...char].map((point) => (point.codePointAt(0) ?? 0).toString(16)) : [];
  if (tone) points.splice(1, 0, (FIRST_TONE + Number(tone) - 2).toString(16));
  return {
    type: 'emoji',
    name: plain,
    ...(points.length > 0 ? { unicode: points.join('-') } : {}),
    ...(tone ? { skin_tone: Number(tone) } : {}),
  };
}

/** Emoji written as characters, as Slack keeps them: `🎉` becomes `:tada:`. */
export function namedEmoji(text: string): string {
  return text.replace(CHARS, (_whole, char: string, tone: string) => {
    const skin = tone ? `::skin-tone-${(tone.codePointAt(0) ?? 0) - FIRST_TONE + 2}` : '';
    return `:${nameOfChar.get(char) ?? ''}${skin}:`;
  });
}

function fill(): void {
  const own = new Map<string, string[]>();
  for (const pair of SLACK_NAMES.trim().split(/\s+/)) {
    const [library = '', slack = ''] = pair.split('=');
    own.set(library, slack.split(','));
  }
  for (const { emoji: char, names, category } of gemoji) {
    const [first = ''] = names;
    const country = countryOf(char);
    const flag = country ? [...(names.includes(country) ? [country] : []), `flag-${country}`] : [];
    const slack = [...(own.get(first) ?? []), ...flag];
    const emoji = { char, toned: category === 'People & Body' };
    for (const name of [...slack, ...names]) if (!byName.has(name)) byName.set(name, emoji);
    // A sign that is a letter as often as a picture (©, ™, ▶) is only one where it asks to be.
    if (/\p{Emoji_Presentation}/u.test(char) || char.includes(VARIANT))
      nameOfChar.set(char, slack[0] ?? first);
  }
}

function countryOf(char: string): string | undefined {
  if (!/^[\u{1f1e6}-\u{1f1ff}]{2}$/u.test(char)) return undefined;
  return [...char].map((it) => String.fromCharCode(97 + (it.codePointAt(0) ?? 0) - FIRST_LETTER)).join('');
}
