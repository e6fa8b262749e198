import type { Overall, PublicPage } from '#domain/status/page.js';
import { escaped, shownLine } from '../plain.js';
import type { LookSettings } from '../settings.js';

export interface BadgeWords {
  /** Left of the state: `status`. */
  readonly label: string;
  /** `Partial outage`: what the page says of it all. */
  overall(overall: Overall): string;
}

/**
 * `badge.svg`: how it stands, in words and as a shape, for a README or a footer. It is read out (its title is the page's name
 * and the state), needs no font of its own, and holds no script, link or style.
 * @returns path in the folder and content; the same page gives the same bytes
 */
export function badgeFile(page: PublicPage, look: LookSettings, words: BadgeWords): [string, string] {
  const { kind } = page.overall;
  const { colour, shape } = LOOKS[kind];
  const [label, state] = [cut(shownLine(words.label)), cut(shownLine(words.overall(page.overall)))];
  const [labelWide, stateWide] = [wide(label), wide(state)];
  const left = labelWide + 2 * EDGE;
  const width = left + EDGE + SHAPE + GAP + stateWide + EDGE;
  const title = escaped(`${shownLine(look.title)}: ${state}`);
  const textAt = (x: number, length: number, text: string) =>
    `<text x="${x}" y="14" textLength="${length}" lengthAdjust="spacingAndGlyphs">${escaped(text)}</text>`;
  // No ids: several badges may be put into one page.
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="20" viewBox="0 0 ${width} 20" role="img" aria-label="${title}">`,
    `<title>${title}</title>`,
    `<rect width="${width}" height="20" rx="3" fill="${colour}"/>`,
    `<path d="M3 0H${left}V20H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z" fill="#3d4249"/>`,
    `<g transform="translate(${left + EDGE} 4)" fill="none" stroke="#fff" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${shape}</g>`,
    `<g fill="#fff" font-family="Verdana,DejaVu Sans,Noto Sans CJK JP,sans-serif" font-size="11">`,
    textAt(EDGE, labelWide, label),
    textAt(left + EDGE + SHAPE + GAP, stateWide, state),
    '</g></svg>\n',
  ].join('');
  return ['badge.svg', svg];
}

const [EDGE, SHAPE, GAP] = [7, 12, 5];

/** White on each of these has a contrast of 4.5 : 1 at least, and each kind has a shape of its own, 12 by 12. */
const LOOKS: Readonly<Record<Overall['kind'], { colour: string; shape: string }>> = {
  // A tick.
  operational: { colour: '#1a7f37', shape: '<path d="M1.5 6.5l3 3.5 6-8"/>' },
  // A clock.
  maintenance: { colour: '#0b57a4', shape: '<circle cx="6" cy="6" r="5"/><path d="M6 3.2V6l2 1.6"/>' },
  // An i in a square.
  incident: {
    colour: '#59616e',
    shape: '<rect x="1" y="1" width="10" height="10"/><path d="M6 3.5h.01M6 6v3"/>',
  },
  // A line that sinks.
  degraded: { colour: '#8a5a00', shape: '<path d="M1 2.5l4 4 2-2 4 5M11 5.5v4H7"/>' },
  // A triangle.
  partial: { colour: '#a8480a', shape: '<path d="M6 1.2L11 10.8H1zM6 5v2M6 9h.01"/>' },
  // A cross.
  major: { colour: '#b3261e', shape: '<path d="M2 2l8 8M10 2l-8 8"/>' },
};

/** No badge is wider than a line of text. */
function cut(text: string): string {
  const characters = [...text];
  return characters.length <= 60 ? text : `${characters.slice(0, 59).join('')}…`;
}

/**
 * How wide a text about is in 11 px, in px. The drawing names that width, so whichever font is found fits into it; it only
 * needs to be near enough to look right.
 */
function wide(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{Mn}|\p{Me}|\p{Cf}/u.test(character)) continue;
    if (
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]|\p{Emoji_Presentation}/u.test(
        character,
      )
    )
      width += 11.5;
    else if (/[ijlIft.,:;'|!()[\] ]/.test(character)) width += 4.3;
    else if (/[mwMW@%]/.test(character)) width += 10;
    else if (/\p{Lu}/u.test(character)) width += 7.8;
    else width += 6.8;
  }
  return Math.ceil(Math.max(width, 1));
}
