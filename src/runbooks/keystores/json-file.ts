import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { readPlainFile, withFileLock, writeAtomically } from '../files.js';
import { Secret } from '../secret.js';
import {
  CompareAndSet,
  type KeyStoreKind,
  type Keys,
  NotWritten,
  Stale,
  StoreFailed,
  same,
  versionOf,
} from './keystore.js';

interface Settings {
  path: string;
}

/** An object of id → key in a JSON file, for services that read their keys from one. */
export const jsonFile: KeyStoreKind<Settings> = {
  type: 'json-file',
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

/** Many languages would lose a member called `__proto__`, or worse. */
const refuse = (id: string, key: string) =>
  id === '' || key === '' || id === '__proto__' ? 'must not be empty, nor the id __proto__' : null;

/** How a kind of file holds keys. */
interface FileFormat {
  type: string;
  /** A file that does not exist reads as empty; its folder must exist. */
  path: string;
  /**
   * @returns id and key of each; null: it is not a file of this kind; a text: what is wrong with it, which may name ids
   *   but never what stands under them
   */
  parse(source: string): Array<[id: string, key: string]> | string | null;
  format(keys: Array<[id: string, key: string]>): string;
  /** What such a file cannot hold, as the end of a sentence: `must not have line breaks`; null: all is well. */
  refuse(id: string, key: string): string | null;
}

/**
 * Keys in one file that is read and written whole, under a lock that other processes see.
 * @public a new kind of file is made of it (README.md)
 */
export class WholeFile extends CompareAndSet<FileFormat> {
  readonly type = this.settings.type;
  readonly places = [this.settings.path];

  async read(signal: AbortSignal): Promise<Keys> {
    const found = await this.load(signal);
    return found ? this.reading(found) : { ...this.reading(new Map()), note: 'the file is not there yet' };
  }

  protected override refuse(id: string, key: string): string | null {
    return this.settings.refuse(id, key);
  }

  protected async change(id: string, wanted: Secret | null, expect: Secret | null, signal: AbortSignal) {
    const { path, format } = this.settings;
    let renaming = false;
    const step = async () => {
      const keys = (await this.load(signal)) ?? new Map<string, Secret>();
      const now = keys.get(id) ?? null;
      if (same(now, wanted)) return;
      if (!same(now, expect)) throw new Stale(this.name, id);
      if (wanted) keys.set(id, wanted);
      else keys.delete(id);
      signal.throwIfAborted();
      const content = format(Array.from(keys, ([id, secret]) => [id, secret.reveal()]));
      await writeAtomically(path, content, () => {
        renaming = true;
      });
      const { fingerprint } = this.surroundings;
      if (versionOf([(await this.load(signal)) ?? new Map()], fingerprint) !== versionOf([keys], fingerprint))
        throw new StoreFailed(`${this.name}: ${path} reads differently from what was written`);
    };
    try {
      await withFileLock(path, step, signal);
    } catch (error) {
      const told = this.told(error, 'written', signal);
      const certain = !renaming || isRefusedRename(error);
      throw certain && told instanceof StoreFailed ? new NotWritten(told.message) : told;
    }
  }

  /** @returns null: there is no file yet. A folder that is not there is another matter: a wrong path, or nothing mounted. */
  private async load(signal: AbortSignal): Promise<Map<string, Secret> | null> {
    const { path, parse, type } = this.settings;
    let source: string;
    try {
      source = await readPlainFile(path, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw this.told(error, 'read', signal);
      const folder = dirname(path);
      if (await isFolder(folder)) return null;
      throw new StoreFailed(`${this.name}: ${path} could not be read: there is no folder ${folder}`);
    }
    const keys = parse(source);
    if (!Array.isArray(keys))
      throw new StoreFailed(
        `${this.name}: ${path} is not a ${type} of ids and keys${keys === null ? '' : `: ${keys}`}`,
      );
    return new Map(keys.map(([id, key]) => [id, new Secret(key)]));
  }

  private told(error: unknown, verb: string, signal: AbortSignal): unknown {
    if (error instanceof Stale || error instanceof StoreFailed) return error;
    const { code, message } = error as NodeJS.ErrnoException;
    const why = signal.aborted ? 'stopped' : (code ?? message);
    return new StoreFailed(`${this.name}: ${this.settings.path} could not be ${verb}: ${why}`);
  }
}

/** Of other errors of a rename, on a network's disk say, it is not known whether it went through. */
function isRefusedRename(error: unknown): boolean {
  const { syscall, code } = error as NodeJS.ErrnoException;
  return syscall === 'rename' && /^(EPERM|EACCES|EROFS|EBUSY)$/.test(code ?? '');
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false;
}
