import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile, rmdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Binaries } from './binaries.js';
import { port } from './connection.js';
import { codeOf, EmbeddedFailed } from './errors.js';
import { type Place, socketFolder } from './folder.js';
import { cannotRun, runAs } from './initdb.js';
import { discardStaleSocketLock, type Postmaster, readPostmaster } from './postmaster.js';
import { isAlive } from './process.js';
import { exists } from './publish.js';

/** Small and durable. On the command line, so that data created by an older release get today's settings. */
const settings = {
  listen_addresses: '',
  port: String(port),
  unix_socket_permissions: '0700',
  shared_buffers: '32MB',
  max_wal_size: '256MB',
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
  io_method: 'sync', // no extra I/O processes
  huge_pages: 'off',
  jit: 'off',
  // The log holds starts, stops and crashes only. Errors go to the client; their details hold people's texts.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
  log_lock_waits: 'off',
};

const logLimit = 1_000_000; // bytes
const stopLimit = 60_000; // ms

/**
 * Starts the server and waits until it is ready. False when another process was in the way: look again.
 *
 * @param recorded socket folder of the server before, so that clients who know it find the new one there
 * @param connections how many it takes at most
 * @throws EmbeddedFailed with the end of the server's log
 */
export async function startServer(
  place: Place,
  binaries: Binaries,
  recorded: string | null,
  connections = 60,
): Promise<boolean> {
  const { path: socket, lasting } = await socketFolder(place, recorded);
  await discardStaleSocketLock(socket, port);
  const logPath = join(place.data, '..', 'postgres.log');
  if (((await stat(logPath).catch(() => null))?.size ?? 0) > logLimit) await truncate(logPath);
  const log = await open(logPath, 'a', 0o600);
  const options = Object.entries({
    ...settings,
    max_connections: connections,
    unix_socket_directories: socket,
  });
  try {
    const began = (await log.stat()).size;
    const child = spawn(
      binaries.postgres,
      ['-D', place.data, ...options.flatMap(([k, v]) => ['-c', `${k}=${v}`])],
      {
        ...runAs(place.account),
        // Its own process group: Ctrl-C in the terminal is for us, and we decide when the server stops.
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
      },
    );
    const failed = new Promise<never>((_, reject) => {
      child.on('error', (error) => reject(cannotRun(error, binaries.postgres)));
    });
    child.unref();
    if (await Promise.race([becomesReady(child, place.data), failed])) return true;
    if (!lasting) await rmdir(socket).catch(() => undefined);
    const other = await readPostmaster(place.data);
    if (other && other.pid !== child.pid && (await isAlive(other.pid))) return false;
    const said = (await readFile(logPath)).subarray(began).toString().trim();
    // A leaver tidied the socket's folder away under us, see stopServer; the next one to start may have made it anew.
    if (!(await exists(socket)) ? lasting : /lock file .*: No such file/.test(said)) return false;
    // Another server's lock, perhaps half written as yet, or the last children of a killed server finishing:
    // until then the folder is theirs.
    if (/lock file .* already exists|pre-existing shared memory block/.test(said)) {
      await sleep(50);
      return false;
    }
    throw new EmbeddedFailed(`PostgreSQL did not start: ${said}`);
  } finally {
    await log.close();
  }
}

/**
 * Fast shutdown: open transactions are rolled back, everything committed is written; waits for the end and
 * removes the socket's empty folder.
 */
export async function stopServer({ pid, socketFolder: folder }: Postmaster): Promise<void> {
  try {
    process.kill(pid, 'SIGINT');
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
  for (const end = performance.now() + stopLimit; await isAlive(pid); await sleep(5)) {
    if (performance.now() > end) {
      throw new EmbeddedFailed(
        `PostgreSQL (process ${pid}) does not stop; nothing is lost, it may be killed.`,
      );
    }
  }
  await rmdir(folder).catch(() => undefined); // not empty: somebody starts the next server there
}

async function becomesReady(child: ChildProcess, data: string): Promise<boolean> {
  // Without a pid it could not be spawned, and 'error' follows.
  while (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    const postmaster = await readPostmaster(data);
    if (postmaster?.pid === child.pid && /\nready\s*$/.test(postmaster.text)) return true;
    await sleep(4);
  }
  return child.pid === undefined ? new Promise<never>(() => undefined) : false;
}
