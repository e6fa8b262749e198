import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openEmbedded } from '#store/embedded/embedded.js';
import { isAlive } from '#store/embedded/process.js';
import { readPostmaster } from '#store/embedded/server.js';
import { folderOfThisRun, ofThisRun } from './run.js';

/** A temporary folder for embedded databases; `remove` also ends the servers that a test left on purpose. */
export type Scratch = {
  folder: string;
  /** Puts a database there that an embedded PostgreSQL made and left in order, where making one is not the subject. */
  seed(dataDir: string): Promise<void>;
  /** Where the database of a data folder is, moved or not. */
  data(dataDir: string): Promise<string>;
  /** kill -9 of the server, and waits until it is gone. */
  killServer(dataDir: string): Promise<void>;
  remove(): Promise<void>;
};

export async function scratch(): Promise<Scratch> {
  const folder = await realpath(await mkdtemp(join(await folderOfThisRun(), 'scratch-')));
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
    async seed(dataDir) {
      // With its owner: that is who runs the server.
      execFileSync('cp', ['-a', await seedOfThisRun(), dataDir]);
    },
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

/** @returns a data folder that nobody uses */
const seedOfThisRun = (): Promise<string> =>
  ofThisRun('seed', async (folder) => {
    const dataDir = join(folder, 'data');
    const embedded = await openEmbedded({ dataDir, role: 'bot', systemFolder: join(folder, 'system') });
    await embedded.close();
    return { said: dataDir };
  });
