import { MAX } from './text.js';

/**
 * Name of an incident's channel: `inc-7-api-is-slow`. Slack takes lower-case letters of any script, digits, `-` and `_`,
 * and repairs nothing, so everything else becomes a hyphen. A title without a usable letter gives `inc-7`.
 * @param taken how many names before this one were taken; 1 gives `…-2`, 2 gives `…-3`
 * @returns at most 80 characters
 */
export function channelName(incident: number, title: string, taken = 0): string {
  const suffix = taken === 0 ? '' : `-${taken + 1}`;
  const words = title
    .normalize('NFKC')
    .toLowerCase()
    .normalize('NFC')
    // Apostrophes, and the marks that only colour an emoji.
    .replace(/[’'`]|\uFE0E|\uFE0F|\u20E3/g, '')
    .replace(/[^\p{Ll}\p{Lo}\p{Lm}\p{M}\p{Nd}_-]+/gu, '-')
    // A mark belongs to its letter (Thai, Arabic, Devanagari); without one it goes.
    .replace(/(^|-)\p{M}+/gu, '$1')
    .replace(/[-_]*-[-_]*/g, '-')
    .replace(/^[-_]+|[-_]+$/g, '');
  const prefix = `inc-${incident}`;
  if (!/[\p{L}\p{N}]/u.test(words)) return prefix + suffix;
  const room = MAX.channelName - prefix.length - 1 - suffix.length;
  return `${prefix}-${shorten(words, room)}${suffix}`;
}

/** Whole words if that keeps at least half; never half a character. */
function shorten(words: string, room: number): string {
  if (words.length <= room) return words;
  let cut = words.slice(0, room);
  const last = cut.charCodeAt(cut.length - 1);
  if (last >= 0xd800 && last <= 0xdbff) cut = cut.slice(0, -1);
  const word = words[room] === '-' ? cut.length : cut.lastIndexOf('-');
  return (word >= room / 2 ? cut.slice(0, word) : cut).replace(/[-_]+$/g, '');
}
