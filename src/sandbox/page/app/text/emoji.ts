import { nameToEmoji } from 'gemoji';

/** Names that Slack has and the emoji library lacks. */
const OWN: Readonly<Record<string, string>> = {
  heavy_check_mark: '✔️',
  large_blue_circle: '🔵',
  large_green_circle: '🟢',
  large_orange_circle: '🟠',
  large_purple_circle: '🟣',
  large_yellow_circle: '🟡',
  large_brown_circle: '🟤',
  large_red_square: '🟥',
  large_blue_square: '🟦',
  large_green_square: '🟩',
  large_orange_square: '🟧',
  large_yellow_square: '🟨',
  large_purple_square: '🟪',
  thunder_cloud_and_rain: '⛈️',
  lightning: '🌩️',
  lightning_cloud: '🌩️',
  rain_cloud: '🌧️',
  snow_cloud: '🌨️',
  tornado_cloud: '🌪️',
  mostly_sunny: '🌤️',
  sun_small_cloud: '🌤️',
  barely_sunny: '🌥️',
  sun_behind_cloud: '🌥️',
  partly_sunny_rain: '🌦️',
  sun_behind_rain_cloud: '🌦️',
  face_with_monocle: '🧐',
  zany_face: '🤪',
  star_struck: '🤩',
  grinning_face_with_star_eyes: '🤩',
  shushing_face: '🤫',
  face_with_rolling_eyes: '🙄',
  hugging_face: '🤗',
  thinking_face: '🤔',
  face_with_cowboy_hat: '🤠',
  the_horns: '🤘',
  sign_of_the_horns: '🤘',
  hand_with_index_and_middle_fingers_crossed: '🤞',
  admission_tickets: '🎟️',
  knife_fork_plate: '🍽️',
  male_technologist: '👨‍💻',
  'male-technologist': '👨‍💻',
  'female-technologist': '👩‍💻',
  'male-firefighter': '👨‍🚒',
  'female-firefighter': '👩‍🚒',
  'male-doctor': '👨‍⚕️',
  'female-doctor': '👩‍⚕️',
  'man-shrugging': '🤷‍♂️',
  'woman-shrugging': '🤷‍♀️',
  'man-facepalming': '🤦‍♂️',
  'woman-facepalming': '🤦‍♀️',
  'man-raising-hand': '🙋‍♂️',
  'woman-raising-hand': '🙋‍♀️',
  'man-bowing': '🙇‍♂️',
  'woman-bowing': '🙇‍♀️',
  'flag-england': '🏴󠁧󠁢󠁥󠁮󠁧󠁿',
  simple_smile: '🙂',
  squirrel: '🐿️',
};

const TONES: Readonly<Record<string, string>> = { '2': '🏻', '3': '🏼', '4': '🏽', '5': '🏾', '6': '🏿' };

/**
 * The character of an emoji name of the standard set.
 * @param name without colons; `wave::skin-tone-3` for a skin tone
 */
export function standardEmoji(name: string): string | undefined {
  const [base = '', tone] = name.split('::skin-tone-');
  const char = OWN[base] ?? nameToEmoji[base] ?? flag(base);
  const shade = tone === undefined ? undefined : TONES[tone];
  if (char === undefined || shade === undefined) return char;
  const [first = '', ...rest] = char;
  // The tone stands right after the person and replaces the sign that asks for a picture.
  return [first, shade, ...(rest[0] === '\u{fe0f}' ? rest.slice(1) : rest)].join('');
}

/** Slack names the flag of a country by its two letters: `flag-de`. */
function flag(name: string): string | undefined {
  const letters = /^flag-([a-z]{2})$/.exec(name)?.[1];
  if (!letters) return undefined;
  return [...letters].map((it) => String.fromCodePoint(0x1f1e6 + it.charCodeAt(0) - 97)).join('');
}

/** Characters from Slack's `unicode` member: hexadecimal code points joined by hyphens. */
export function fromUnicode(unicode: string): string | undefined {
  const points = unicode.split('-').map((it) => Number.parseInt(it, 16));
  return points.every((it) => it > 0 && it <= 0x10ffff) ? String.fromCodePoint(...points) : undefined;
}

/** Text in which emoji names are characters, for places that hold no nodes: inputs and labels. */
export function emojiText(
  text: string,
  known: (name: string) => { char: string } | { url: string } | undefined,
): string {
  return text.replace(/:([a-z0-9_+'-]+(?:::skin-tone-[2-6])?):/g, (all, name: string) => {
    const found = known(name);
    return found && 'char' in found ? found.char : all;
  });
}
