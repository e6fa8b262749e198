import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';

const WAIT_S = 10;

/**
 * Runs `change` while holding an exclusive kernel lock on `lock`. Node cannot lock files itself, so a child holds it for us
 * (flock of util-linux or busybox; lockf on BSD and macOS) for as long as its standard input is open: when this
 * process dies, however it dies, that closes and the lock is free. A pid in a file would need guesses about which pids
 * are dead, and those are wrong between containers.
 */
export async function withFlock<T>(lock: string, change: () => Promise<T>, signal?: AbortSignal): Promise<T> {
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

const HOLD = ['sh', '-c', 'echo held; exec cat >/dev/null'];
const PROGRAMS: Array<[file: string, args: (lock: string) => string[]]> = [
  ['flock', (lock) => ['-x', '-w', `${WAIT_S}`, lock, ...HOLD]],
  ['lockf', (lock) => ['-k', '-t', `${WAIT_S}`, lock, ...HOLD]],
];

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
