import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { commandLineOf, isAlive } from './process.js';

/** What a server wrote about itself into `postmaster.pid`. */
export type Postmaster = { pid: number; data: string; socketFolder: string; port: number; text: string };

/** Reads `postmaster.pid`; null when there is none, or only the beginning of one. */
export async function readPostmaster(data: string): Promise<Postmaster | null> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '');
  const [pid, served, , port, socketFolder] = text.split('\n').map((line) => line.trim());
  if (!pid || !served || !port || !socketFolder) return null;
  return { pid: Number(pid), data: served, socketFolder, port: Number(port), text };
}

/**
 * Could this process be the server of this data folder? Asked only when it does not answer. We always name the
 * folder on the server's command line; a process that merely got the pid of a dead server does not have it there.
 * Where the system hides command lines we say yes: waiting is safe, starting a second server is not.
 */
export async function couldServe(pid: number, data: string): Promise<boolean> {
  if (!(await isAlive(pid))) return false;
  const command = await commandLineOf(pid);
  return command === null || command === '' || `${command} `.includes(` -D ${data} `);
}

/**
 * Moves a dead server's lock files out of the way, when their pid now belongs to another living process:
 * PostgreSQL looks at the pid alone and would refuse to start. Should a new server have written its own file
 * between our judgement and the move, that file is put back. And if all this failed, PostgreSQL still would not
 * open the folder twice: it finds the shared memory of the living server by the folder's inode.
 */
export async function discardStale(data: string, stale: Postmaster): Promise<void> {
  const path = join(data, 'postmaster.pid');
  const aside = `${path}.stale-${process.pid}`;
  try {
    await rename(path, aside);
  } catch {
    return; // Somebody else did it.
  }
  const moved = await readFile(aside, 'utf8');
  if (moved === stale.text) await rm(aside, { force: true });
  else await rename(aside, path);
}

/**
 * The same for the socket's lock file, which may outlive `postmaster.pid`. Judged by the data folder that the
 * lock itself names: the lock of a living server stays, whichever folder it serves.
 */
export async function discardStaleSocketLock(socketFolder: string, port: number): Promise<void> {
  const path = join(socketFolder, `.s.PGSQL.${port}.lock`);
  const [pid, served] = (await readFile(path, 'utf8').catch(() => '')).split('\n');
  if (pid && served && !(await couldServe(Number(pid), served))) await rm(path, { force: true });
}
