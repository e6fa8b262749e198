import { chmod, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '#store/embedded/process.js';
import { readPostmaster } from '#store/embedded/server.js';

/** A temporary folder for embedded databases; `remove` also ends the servers that a test left on purpose. */
export type Scratch = {
  folder: string;
  /** Where the database of a data folder is, moved or not. */
  data(dataDir: string): Promise<string>;
  /** kill -9 of the server, and waits until it is gone. */
  killServer(dataDir: string): Promise<void>;
  remove(): Promise<void>;
};

export async function scratch(): Promise<Scratch> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'tocsin-scratch-')));
  await chmod(folder, 0o711); // the server's account passes through
  const dataDirs = new Set<string>();
  const data = async (dataDir: string): Promise<string> => {
    dataDirs.add(dataDir);
    const moved = await readFile(join(dataDir, 'postgres.at'), 'utf8').catch(() => '');
    return moved.trim() || join(dataDir, 'postgres');
  };
  const killServer = async (dataDir: string): Promise<void> => {
    const server = await readPostmaster(await data(dataDir));
    if (!server) return;
    process.kill(server.pid, 'SIGKILL');
    while (await isAlive(server.pid)) await sleep(5);
  };
  return {
    folder,
    data,
    killServer,
    async remove() {
      for (const dataDir of dataDirs) {
        const server = await readPostmaster(await data(dataDir));
        // Only a server that really is there: a test may have planted somebody else's pid.
        const command = server ? await readFile(`/proc/${server.pid}/cmdline`, 'utf8').catch(() => '') : '';
        if (server && command.includes(folder)) await killServer(dataDir);
        if (server) await rm(server.socketFolder, { recursive: true, force: true });
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}
