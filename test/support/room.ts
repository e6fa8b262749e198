import { readFileSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';

const IN_MEMORY = '/dev/shm';
const ENOUGH_BYTES = 2 * 1024 ** 3;

/**
 * Where databases are made and removed by the hundred: in memory, where this machine keeps such a folder, with room in
 * it, and lets programs run from there. On a disk the files of one database cost the next ones dearly: ext4 looks past
 * every file that was removed in the last seconds for each that it makes.
 */
export function roomForDatabases(): string {
  try {
    const mount = readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' '))
      .find(([, at]) => at === IN_MEMORY);
    const options = mount?.[3]?.split(',') ?? ['noexec'];
    const { bavail, bsize } = statfsSync(IN_MEMORY);
    if (options.includes('rw') && !options.includes('noexec') && bavail * bsize > ENOUGH_BYTES)
      return IN_MEMORY;
  } catch {
    // Not on this system.
  }
  return tmpdir();
}
