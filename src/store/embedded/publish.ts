import { randomBytes } from 'node:crypto';
import { chmod, copyFile, mkdir, open, readdir, readlink, rename, rm, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { codeOf } from './errors.js';
import { isAlive } from './process.js';

/**
 * Makes a folder appear complete or not at all: built beside its place under a temporary name, then renamed.
 * A process that dies on the way leaves only a `….part-PID-…` folder, which the next one removes. When two do
 * it at once the first wins and the other's work is thrown away.
 */
export async function publish(target: string, build: (partial: string) => Promise<void>): Promise<void> {
  await sweep(target);
  const partial = `${target}.part-${process.pid}-${randomBytes(4).toString('hex')}`;
  await mkdir(partial, { mode: 0o700 });
  try {
    await build(partial);
    await syncFolder(partial);
    await rename(partial, target);
    await syncFolder(dirname(target));
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    // The name is taken by a full folder: somebody else was faster.
    if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error)) || !(await exists(target))) throw error;
  }
}

/** Copies a folder with its links; everything becomes readable, programs runnable, for every account. */
export async function copyTree(from: string, to: string, keep: (name: string) => boolean): Promise<void> {
  await mkdir(to, { recursive: true });
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await copyTree(source, target, keep);
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else if (keep(entry.name)) {
      await copyFile(source, target);
      await chmod(target, basename(from) === 'bin' ? 0o755 : 0o644);
    }
  }
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error) => {
      if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return false;
      throw error;
    },
  );
}

/** A rename survives a power cut only after its folder was synced. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes what dead processes left half built. */
export async function sweep(target: string): Promise<void> {
  const prefix = `${basename(target)}.part-`;
  for (const name of await readdir(dirname(target))) {
    if (!name.startsWith(prefix)) continue;
    const pid = Number(name.slice(prefix.length).split('-')[0]);
    // A recycled pid keeps the leftover a little longer; removing a living one's work would break it.
    // An orphan of the dead one may still be writing there; then the next sweep succeeds.
    if (!(await isAlive(pid))) {
      await rm(join(dirname(target), name), { recursive: true, force: true }).catch(() => undefined);
    }
  }
}
