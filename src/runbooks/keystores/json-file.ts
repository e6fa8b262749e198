import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { withFileLock, writeAtomically } from '../atomic-file.js';
import { type Keys, Stale, StoreFailed } from '../keystore.js';
import { Secret } from '../secret.js';
import type { KeyStoreKind, OpenKeyStore, StoreSurroundings } from './kind.js';
import { versionOf } from './version.js';

interface Settings {
  path: string;
}

/** An object of id → key in a JSON file, for services that read their keys from one. */
export const jsonFile: KeyStoreKind<Settings> = {
  type: 'json-file',
  is: 'a JSON file',
  settings: z.strictObject({ path: z.string().startsWith('/', 'must be an absolute path') }),
  open: (name, { path }, surroundings) => new JsonFile(name, path, surroundings),
};

class JsonFile implements OpenKeyStore {
  readonly type = 'json-file';
  readonly places: readonly string[];

  constructor(
    readonly name: string,
    private readonly path: string,
    private readonly surroundings: StoreSurroundings,
  ) {
    this.places = [path];
  }

  async read(signal: AbortSignal): Promise<Keys> {
    const keys = await this.load(signal);
    return { keys, version: versionOf([keys], this.surroundings.fingerprint) };
  }

  async put(id: string, value: Secret, expect: Secret | null, signal: AbortSignal): Promise<void> {
    // An object in most languages' hands would lose a member of that name, or worse.
    if (id === '' || id === '__proto__' || value.reveal() === '')
      throw new StoreFailed(`${this.name}: an id and its key must not be empty, nor the id __proto__`);
    return this.change(signal, (keys) => {
      const now = keys.get(id) ?? null;
      if (now?.equals(value)) return false;
      if (now === null ? expect !== null : !expect?.equals(now)) throw new Stale(this.name, id);
      keys.set(id, value);
      return true;
    });
  }

  remove(id: string, expect: Secret, signal: AbortSignal): Promise<void> {
    return this.change(signal, (keys) => {
      const now = keys.get(id);
      if (!now) return false;
      if (!now.equals(expect)) throw new Stale(this.name, id);
      return keys.delete(id);
    });
  }

  /** @param edit says whether it changed anything */
  private async change(signal: AbortSignal, edit: (keys: Map<string, Secret>) => boolean): Promise<void> {
    const step = async () => {
      const keys = await this.load(signal);
      if (!edit(keys)) return;
      signal.throwIfAborted();
      const plain = Object.fromEntries([...keys].map(([id, secret]) => [id, secret.reveal()]));
      await writeAtomically(this.path, `${JSON.stringify(plain, null, 2)}\n`);
      const { fingerprint } = this.surroundings;
      if (versionOf([await this.load(signal)], fingerprint) !== versionOf([keys], fingerprint))
        throw new StoreFailed(`${this.name}: ${this.path} reads differently from what was written`);
    };
    try {
      await withFileLock(this.path, step, signal);
    } catch (error) {
      throw this.told(error, 'written', signal);
    }
  }

  private async load(signal: AbortSignal): Promise<Map<string, Secret>> {
    const source = await readFile(this.path, { encoding: 'utf8', signal }).catch((error) => {
      if (error.code === 'ENOENT') return '{}';
      throw this.told(error, 'read', signal);
    });
    let content: unknown;
    try {
      content = JSON.parse(source);
    } catch {
      // The parser's own message quotes what it could not read.
      throw new StoreFailed(`${this.name}: ${this.path} is not JSON`);
    }
    const object = z.record(z.string(), z.string().min(1)).safeParse(content);
    if (!object.success)
      throw new StoreFailed(`${this.name}: ${this.path} is not an object of ids and texts`);
    return new Map(Object.entries(object.data).map(([id, value]) => [id, new Secret(value)]));
  }

  private told(error: unknown, verb: string, signal: AbortSignal): unknown {
    if (error instanceof Stale || error instanceof StoreFailed) return error;
    const { code, message } = error as NodeJS.ErrnoException;
    const why = signal.aborted ? 'stopped' : (code ?? message);
    return new StoreFailed(`${this.name}: ${this.path} could not be ${verb}: ${why}`);
  }
}
