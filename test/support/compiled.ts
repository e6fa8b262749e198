import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from '@swc/core';

const checkout = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Our TypeScript as plain JavaScript in a temporary folder, for tests that need a process of their own (to kill
 * it, or to run it as another user). Imports of packages work from there, and `#room/…` imports of folders that are named.
 *
 * @param folders relative to the checkout: `src/store/embedded`
 */
export async function compiled(...folders: string[]): Promise<{ folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-compiled-'));
  await chmod(folder, 0o755);
  await writeFile(join(folder, 'package.json'), '{"type":"module","imports":{"#*":"./src/*"}}');
  await symlink(join(checkout, 'node_modules'), join(folder, 'node_modules'));
  const compile = async (file: string) => {
    const { code } = await transform(await readFile(join(checkout, file), 'utf8'), {
      jsc: {
        parser: { syntax: 'typescript', tsx: file.endsWith('.tsx') },
        transform: { react: { runtime: 'automatic', importSource: 'preact' } },
        target: 'es2022',
      },
      module: { type: 'es6' },
    });
    const target = join(folder, file.replace(/\.tsx?$/, '.js'));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, code);
  };
  // It belongs to no room, and every room may import it.
  await compile('src/told.ts');
  for (const from of folders)
    for (const entry of await readdir(join(checkout, from), { recursive: true }))
      if (/\.tsx?$/.test(entry)) await compile(join(from, entry));
      else if (entry.endsWith('.json')) await cp(join(checkout, from, entry), join(folder, from, entry));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
