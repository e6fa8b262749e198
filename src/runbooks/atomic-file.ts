import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { withFlock } from './flock.js';

/**
 * Runs `change` while no other process does so for the same file, whatever happens to either: the lock is the kernel's
 * and goes with its holder. Not re-entrant. An empty `PATH.lock` stays beside the file: removing it would let a third
 * process lock a new one while the second waits for the old.
 * @throws when the lock is not had within 10 s, or `signal` aborts
 */
export async function withFileLock<T>(
  path: string,
  change: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  return withFlock(`${await target(path)}.lock`, change, signal);
}

/**
 * Replaces a file whole: who reads it sees the old or the new content, also after a power cut. Keeps the mode and the
 * owner that it had; a new file is 0600. Call it inside `withFileLock`.
 * @param onRename called directly before the new takes the place of the old: what fails until then has replaced nothing
 */
export async function writeAtomically(path: string, content: string, onRename = () => {}): Promise<void> {
  const file = await target(path);
  const folder = dirname(file);
  const before = await stat(file).catch(absent);
  // One fixed name: what a crash leaves of it is overwritten by the next write, and never wider than 0600 until then.
  const beside = join(folder, `.${basename(file)}.new`);
  await rm(beside, { force: true });
  const handle = await open(beside, 'wx', 0o600);
  try {
    if (before) await keepOwner(handle, before);
    await handle.chmod(before ? before.mode & 0o7777 : 0o600);
    await handle.writeFile(content);
    await handle.sync();
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  onRename();
  await rename(beside, file).catch(async (error) => {
    // A file of keys that nobody would look after.
    await rm(beside, { force: true }).catch(() => {});
    throw error;
  });
  await syncFolder(folder);
}

async function keepOwner(handle: FileHandle, before: { uid: number; gid: number }): Promise<void> {
  const now = await handle.stat();
  if (now.uid !== before.uid || now.gid !== before.gid) await handle.chown(before.uid, before.gid);
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Where a link leads: renaming over the link would cut it off from what it stands for. */
async function target(path: string): Promise<string> {
  return (await realpath(path).catch(absent)) ?? join(await realpath(dirname(path)), basename(path));
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}
