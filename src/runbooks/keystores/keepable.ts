import { NotWritten } from '../keystore.js';
import type { Secret } from '../secret.js';

/** @returns whether every store gives it back as it was: some text, no NUL, no half of a character, no member of every object. */
export const isKeepable = (text: string): boolean =>
  text !== '' && text !== '__proto__' && !text.includes('\0') && !/\p{Surrogate}/u.test(text);

/** Asked before anything is written. @throws NotWritten */
export function mustBeKeepable(store: string, id: string, value: Secret): void {
  if (!isKeepable(id) || !isKeepable(value.reveal()))
    throw new NotWritten(
      `${store}: an id and its key must be texts that are not empty, without NUL, and not __proto__`,
    );
}
