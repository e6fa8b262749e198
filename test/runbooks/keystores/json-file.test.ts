import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { jsonFile } from '#runbooks/keystores/json-file.js';
import { NotWritten, StoreFailed } from '#runbooks/keystores/keystore.js';
import { Secret } from '#runbooks/secret.js';
import { keyStoreContract, plain, surroundings } from './contract.js';

keyStoreContract('json-file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-json-file-'));
  const path = join(folder, 'keys.json');
  return {
    empty: () => rm(path, { force: true }),
    open: () => jsonFile.open('tts-new', { path }, surroundings()),
    values: ['plain-key', 'blanks and\nlines', '"\\', 'ünï-鍵-🔑', ' '],
    refused: [
      { id: '', value: 'canary' },
      { id: '__proto__', value: 'canary' },
      { id: 'client-2', value: '' },
    ],
    stop: () => rm(folder, { recursive: true }),
  };
});

describe('the file of a json-file store', () => {
  const on = new AbortController().signal;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tocsin-json-file-'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const at = (path: string) => jsonFile.open('tts-new', { path }, surroundings());
  const key = new Secret('canary-value');

  test('a new one is 0600; one that is there keeps its mode, and a link stays a link', async () => {
    const path = join(folder, 'new.json');
    await at(path).put('a', key, null, on);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ a: 'canary-value' });

    const kept = join(folder, 'kept.json');
    await writeFile(kept, '{"b":"x"}', { mode: 0o640 });
    const link = join(folder, 'link.json');
    await symlink('kept.json', link);
    await at(link).put('a', key, null, on);
    expect((await stat(kept)).mode & 0o777).toBe(0o640);
    expect(plain(await at(kept).read(on))).toEqual({ a: 'canary-value', b: 'x' });
    expect((await readdir(folder)).filter((name) => name.includes('.new.'))).toEqual([]);
  });

  test('is a file and no pipe, for whose writer everybody would wait', async () => {
    const path = join(folder, 'pipe.json');
    execFileSync('mkfifo', [path]);
    const why = /pipe\.json could not be read: it is a pipe or a device and no regular file/;
    await expect(at(path).read(on)).rejects.toThrow(why);
    await expect(at(path).put('a', key, null, on)).rejects.toThrow(why);
  });

  test.each([
    ['not JSON', 'canary-value {'],
    ['a list', '["canary-value"]'],
    ['numbers', '{"a":"canary-value","b":1}'],
    ['nested', '{"a":{"canary":"canary-value"}}'],
    ['empty', ''],
  ])('one that is %s is refused without being shown, and left as it was', async (_, source) => {
    const path = join(folder, 'broken.json');
    await writeFile(path, source);
    for (const doing of [() => at(path).read(on), () => at(path).put('a', key, null, on)]) {
      const error = await doing().catch((e) => e);
      expect(error.message).toMatch(/^tts-new: .*broken\.json is not/);
      expect(error.stack).not.toMatch(/canary/);
    }
    expect(await readFile(path, 'utf8')).toBe(source);
  });

  test.each([
    ['{"a":"canary-value","__proto__":"canary"}', /ids and keys: the id __proto__ cannot be kept$/],
    ['{"a":"canary-value","client-2":["canary"]}', /ids and keys: what stands under client-2 is not a text$/],
    ['{"a":"canary-value","client-2":null}', /ids and keys: what stands under client-2 is not a text$/],
    ['{"a":"canary-value","client-2":""}', /ids and keys: the key under client-2 is empty$/],
    ['["canary-value"]', /ids and keys$/],
  ])('%s: the id that is wrong is named, and no value', async (source, message) => {
    const path = join(folder, 'wrong.json');
    await writeFile(path, source);
    const error = await at(path)
      .read(on)
      .catch((e) => e);
    expect(error.message).toMatch(message);
    expect(error.stack).not.toMatch(/canary/);
  });

  test('what failed before the file was replaced has written nothing, and says so', async () => {
    const path = join(folder, 'barred', 'keys.json');
    await mkdir(join(folder, 'barred'));
    await writeFile(path, '{"b":"x"}');
    // Where the new content would be written first: root, too, is refused there.
    await mkdir(join(folder, 'barred', '.keys.json.new', 'full'), { recursive: true });
    for (const doing of [at(path).put('a', key, null, on), at(path).remove('b', new Secret('x'), on)])
      await expect(doing).rejects.toBeInstanceOf(NotWritten);
    expect(plain(await at(path).read(on))).toEqual({ b: 'x' });
  });

  test('a folder that is not there is said by name', async () => {
    const gone = join(folder, 'gone', 'keys.json');
    await expect(at(gone).put('a', key, null, on)).rejects.toThrow(/^tts-new: .*keys\.json .*ENOENT/);
    await expect(at(gone).read(on)).rejects.toThrow(
      `tts-new: ${gone} could not be read: there is no folder ${join(folder, 'gone')}`,
    );
    await expect(at(gone).read(on)).rejects.toBeInstanceOf(StoreFailed);
  });

  test('a file that is not there yet is an empty store, and is told from one', async () => {
    const store = at(join(folder, 'yet.json'));
    expect(await store.read(on)).toMatchObject({ keys: new Map(), note: 'the file is not there yet' });
    await store.put('a', key, null, on);
    await store.remove('a', key, on);
    const { keys, note } = await store.read(on);
    expect([keys.size, note]).toEqual([0, undefined]);
  });
});
