import { z } from 'zod';
import type { KeyStoreKind } from './kind.js';
import { WholeFile } from './whole-file.js';

interface Settings {
  path: string;
}

/** An object of id → key in a JSON file, for services that read their keys from one. */
export const jsonFile: KeyStoreKind<Settings> = {
  type: 'json-file',
  is: 'a JSON file',
  settings: z.strictObject({ path: z.string().startsWith('/', 'must be an absolute path') }),
  open: (name, { path }, surroundings) =>
    new WholeFile(name, { type: 'json-file', path, parse, format, refuse }, surroundings),
};

function parse(source: string): Array<[string, string]> | string | null {
  let data: unknown;
  try {
    data = JSON.parse(source);
  } catch {
    // What the parser says quotes what it could not read.
    return null;
  }
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return null;
  const keys: Array<[string, string]> = [];
  for (const [id, key] of Object.entries(data)) {
    // The next write would lose it without a word.
    if (id === '__proto__') return 'the id __proto__ cannot be kept';
    if (typeof key !== 'string') return `what stands under ${id} is not a text`;
    if (key === '') return `the key under ${id} is empty`;
    keys.push([id, key]);
  }
  return keys;
}

const format = (keys: Array<[string, string]>) => `${JSON.stringify(Object.fromEntries(keys), null, 2)}\n`;

/** An object in many languages' hands would lose a member called `__proto__`, or worse. */
const refuse = (id: string, key: string) =>
  id === '' || key === '' || id === '__proto__' ? 'must not be empty, nor the id __proto__' : null;
