import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readFileSync, statSync } from 'node:fs';
import { type FileHandle, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

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
  const lock = `${await target(path)}.lock`;
  signal?.throwIfAborted();
  // Made here, so that it is 0600 whatever the program would make of it.
  await (await open(lock, 'a', 0o600)).close();
  const holder = await hold(lock, signal);
  const gone = once(holder, 'close');
  try {
    return await change();
  } finally {
    holder.stdin?.end();
    await gone;
  }
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
    // Else a copy of the keys would stay beside the file for ever.
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

const WAIT_S = 10;

const HOLD = ['sh', '-c', 'echo held; exec cat >/dev/null'];
const PROGRAMS: Array<[file: string, args: (lock: string) => string[]]> = [
  ['flock', (lock) => ['-x', '-w', `${WAIT_S}`, lock, ...HOLD]],
  ['lockf', (lock) => ['-k', '-t', `${WAIT_S}`, lock, ...HOLD]],
];

/**
 * An exclusive kernel lock. Node cannot lock files itself, so a child holds it for us (flock of util-linux or busybox; lockf
 * on BSD and macOS) for as long as its standard input is open: when this process dies, however it dies, that closes and
 * the lock is free. A pid in a file would need guesses about which pids are dead, and those are wrong between containers.
 */
async function hold(lock: string, signal?: AbortSignal): Promise<ChildProcess> {
  for (const [file, args] of PROGRAMS) {
    // What is sent to every process of a service at its stop must not free the lock under a change that goes on.
    const deaf = ['-c', 'trap "" TERM INT HUP; command -v "$1" >/dev/null || exit 127; exec "$@"', 'sh'];
    const child = spawn('sh', [...deaf, file, ...args(lock)], { stdio: ['pipe', 'pipe', 'ignore'] });
    child.stdin.on('error', () => {});
    const end = () => child.kill('SIGKILL');
    signal?.addEventListener('abort', end, { once: true });
    const outcome = await new Promise<'held' | 'missing' | 'busy'>((resolve) => {
      child.stdout.once('data', () => resolve('held'));
      child.once('error', () => resolve('missing'));
      child.once('close', (code) => resolve(code === 127 ? 'missing' : 'busy'));
    });
    signal?.removeEventListener('abort', end);
    if (outcome === 'held' && !signal?.aborted) return child;
    child.stdin.end();
    signal?.throwIfAborted();
    if (outcome === 'busy') throw new Error(`${lock} is held by another process for more than ${WAIT_S} s`);
  }
  throw new Error('locking files needs the program flock (Debian package util-linux)');
}

/** More than any file of keys, secrets or names has. */
const LARGEST = 64 * 1024 * 1024;
/** Should a pipe take the place of the file between the look and the opening. */
const flag = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * Reads a regular file that is named in the configuration. Nothing else is opened: opening a pipe blocks a thread until
 * there is a writer, and a device need not have an end.
 * @throws as `readFile`, and with words instead of a code where there is no regular file
 */
export async function readPlainFile(path: string, signal?: AbortSignal): Promise<string> {
  mustBePlain(await stat(path));
  return readFile(path, { encoding: 'utf8', flag, signal });
}

/** The same, synchronously. */
export function readPlainFileSync(path: string): string {
  mustBePlain(statSync(path));
  const file = openSync(path, flag);
  try {
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

function mustBePlain(found: { isFile(): boolean; isDirectory(): boolean; size: number }): void {
  if (found.isDirectory()) throw new Error('it is a folder; name the file in it');
  if (!found.isFile()) throw new Error('it is a pipe or a device and no regular file');
  if (found.size > LARGEST) throw new Error('it is larger than 64 MB');
}
