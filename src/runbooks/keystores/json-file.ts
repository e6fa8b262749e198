import { z } from 'zod';
import type { KeyStoreKind } from './kind.js';
import { WholeFile } from './whole-file.js';

interface Settings {
  path: string;
}

const content = z.record(z.string(), z.string().min(1));

/** An object of id → key in a JSON file, for services that read their keys from one. */
export const jsonFile: KeyStoreKind<Settings> = {
  type: 'json-file',
  is: 'a JSON file',
  settings: z.strictObject({ path: z.string().startsWith('/', 'must be an absolute path') }),
  open: (name, { path }, surroundings) =>
    new WholeFile(name, { type: 'json-file', path, parse, format, refuse }, surroundings),
};

function parse(source: string): Array<[string, string]> | null {
  try {
    const data: unknown = JSON.parse(source);
    // zod leaves it out without a word, and so would the next write.
    if (Object.hasOwn(data as object, '__proto__')) return null;
    return Object.entries(content.parse(data));
  } catch {
    // What the parsers say quotes what they could not read.
    return null;
  }
}

const format = (keys: Array<[string, string]>) => `${JSON.stringify(Object.fromEntries(keys), null, 2)}\n`;

/** An object in many languages' hands would lose a member called `__proto__`, or worse. */
const refuse = (id: string, key: string) =>
  id === '' || key === '' || id === '__proto__' ? 'must not be empty, nor the id __proto__' : null;
