import { stripVTControlCharacters } from 'node:util';

// Line breaks and tabs may stay; other control characters, halves of surrogate pairs and marks that turn the direction
// of writing round have no place in a text that people read.
const UNPRINTABLE = /[^\P{Cc}\n\t]|\p{Cs}|[\u202a-\u202e\u2066-\u2069]/u;
const EACH = new RegExp(UNPRINTABLE, 'gu');

export function isPrintable(text: string): boolean {
  return !UNPRINTABLE.test(text);
}

/** @returns a text that neither moves a terminal's cursor, nor colours or turns round what follows */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replace(EACH, '');
}
