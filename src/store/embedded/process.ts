import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { codeOf } from './errors.js';

const run = promisify(execFile);

/** The identity of a living process about which the system tells us nothing more. */
export const unknownLife = 'unknown';

/**
 * Names one life of a process: another process that later gets the same pid has another identity.
 * Null when there is no such process. A zombie counts as gone: it holds no socket, no lock, no memory,
 * and under a PID 1 that does not reap (node in a container) it would look alive for ever.
 */
export async function identityOf(pid: number): Promise<string | null> {
  if (!signalReaches(pid)) return null;
  if (process.platform !== 'linux') return psIdentity(pid);
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The command name stands in parentheses and may itself contain spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return null;
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
    return `${boot.trim()}/${fields[19]}`; // start time in ticks since boot
  } catch (error) {
    // ESRCH: the process went away between open and read.
    if (['ENOENT', 'ESRCH'].includes(codeOf(error))) return null;
    return unknownLife;
  }
}

/** Is a process with this pid running (and not merely unreaped)? */
export async function isAlive(pid: number): Promise<boolean> {
  return (await identityOf(pid)) !== null;
}

/** The command line, or null where the system does not let us see it (hidepid). */
export async function commandLineOf(pid: number): Promise<string | null> {
  try {
    if (process.platform !== 'linux') {
      return (await run('ps', ['-ww', '-o', 'command=', '-p', String(pid)])).stdout.trim();
    }
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ').trim();
  } catch {
    return null;
  }
}

function signalReaches(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    return codeOf(error) === 'EPERM';
  }
}

async function psIdentity(pid: number): Promise<string | null> {
  try {
    const { stdout } = await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)]);
    const [stat = '', ...start] = stdout.trim().split(/\s+/);
    return stat.startsWith('Z') || stat === '' ? null : start.join(' ');
  } catch {
    return null;
  }
}
