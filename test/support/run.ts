import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { identityOf } from '#store/embedded/process.js';
import { roomForDatabases } from './room.js';
import type { Server } from './server.js';
import { until } from './until.js';

/**
 * What all test files of a run share: the first that asks makes it, and it goes with the run, also with one that is
 * killed.
 * @param name of its folder
 * @param make makes it in that folder; a server it has started ends with the run too
 * @returns what `make` said of it, as JSON
 */
export async function ofThisRun<T>(
  name: string,
  make: (folder: string) => Promise<{ said: T; server?: Server }>,
): Promise<T> {
  const run = await folderOfThisRun();
  const folder = join(run, name);
  const [ready, failed] = [join(run, `${name}.json`), join(run, `${name}.failed`)];
  const known = await readFile(ready, 'utf8').catch(() => null);
  if (known !== null) return JSON.parse(known);
  if (await made(folder)) {
    try {
      const { server, said } = await make(folder);
      server?.letGo();
      if (server) await writeFile(join(run, `${name}.pid`), String(server.pid));
      await writeFile(`${ready}.part`, JSON.stringify(said));
      await rename(`${ready}.part`, ready);
      return said;
    } catch (error) {
      await writeFile(failed, String((error as Error).message));
      throw error;
    }
  }
  return until(`${name} was made by another test file`, async () => {
    const why = await readFile(failed, 'utf8').catch(() => null);
    if (why !== null) throw new Error(why);
    const said = await readFile(ready, 'utf8').catch(() => null);
    return said === null ? null : (JSON.parse(said) as T);
  });
}

/** @returns a folder that goes with the run, and the databases in it with it; any account may pass through it */
export async function folderOfThisRun(): Promise<string> {
  // A killed run may leave its folder behind, and another process have its number one day: never its beginning.
  const life = createHash('sha256')
    .update((await identityOf(runPid())) ?? '')
    .digest('hex')
    .slice(0, 8);
  const folder = join(roomForDatabases(), `tocsin-test-${process.getuid?.()}-${runPid()}-${life}`);
  if (!(await made(folder))) return folder;
  await chmod(folder, 0o711); // whatever the umask says: a server's account passes through
  const watcher = spawn('/bin/sh', ['-c', END_WITH_THE_RUN, 'sh', String(runPid()), folder], {
    detached: true,
    stdio: 'ignore',
    cwd: '/',
  });
  watcher.on('error', () => undefined);
  watcher.unref();
  return folder;
}

/** Whoever makes the run's folder starts this, which outlives even a killed run. */
const END_WITH_THE_RUN = `
  while kill -0 "$1" 2>/dev/null; do sleep 0.5; done
  for pid in $(cat "$2"/*.pid; find "$2" -name postmaster.pid -exec head -n 1 {} \\;); do
    kill -INT "$pid" && while kill -0 "$pid"; do sleep 0.1; done
  done
  rm -rf "$2"
`;

/** @returns whether it was us who made it */
function made(folder: string): Promise<boolean> {
  return mkdir(folder, { mode: 0o711 }).then(
    () => true,
    () => false,
  );
}

/** The process whose end is the end of the run: jest itself, of which we may be a worker. */
function runPid(): number {
  return process.argv[1]?.includes('jest-worker') ? process.ppid : process.pid;
}
