import { type ChildProcess, spawn } from 'node:child_process';
import { chown, open, readFile, rename, rm, rmdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Binaries } from './binaries.js';
import { codeOf, EmbeddedFailed, NoEmbedded } from './errors.js';
import { type Account, exists, type Place, publish, socketFolder, sweep } from './folder.js';
import { commandLineOf, isAlive } from './process.js';

/** How to reach the database; spread it into a `pg.PoolConfig`. No password: the socket's folder is the key. */
export type Connection = {
  /** Folder of the Unix socket. */
  host: string;
  port: number;
  user: string;
  database: string;
};

/** The only role; it owns everything. */
export const role = 'tocsin';
export const port = 5432;

/** The same as a `DATABASE_URL`, for libraries and programs that want one string. */
export function connectionUrl({ host, port, user, database }: Connection): string {
  const [u, d] = [user, database].map(encodeURIComponent);
  return `postgres://${u}@/${d}?host=${encodeURIComponent(host)}&port=${port}`;
}

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
async function discardStaleSocketLock(socketFolder: string, port: number): Promise<void> {
  const path = join(socketFolder, `.s.PGSQL.${port}.lock`);
  const [pid, served] = (await readFile(path, 'utf8').catch(() => '')).split('\n');
  if (pid && served && !(await couldServe(Number(pid), served))) await rm(path, { force: true });
}

/** Creates PostgreSQL's data folder unless it is there; true when it was created. A crash leaves no half folder. */
export async function createData(place: Place, binaries: Binaries): Promise<boolean> {
  // Also when the data are there: the orphan of a killed start may have written on after the last sweep.
  await sweep(place.data);
  if (await exists(place.data)) {
    if (await exists(join(place.data, 'PG_VERSION'))) return false;
    throw new EmbeddedFailed(
      `${place.data} is in the way: it is no PostgreSQL data folder. Move it elsewhere.`,
    );
  }
  await publish(place.data, async (partial) => {
    if (place.account) await chown(partial, place.account.uid, place.account.gid);
    await initdb(partial, binaries, place.account);
  });
  return true;
}

function initdb(data: string, binaries: Binaries, account: Account): Promise<void> {
  const options = [
    `--pgdata=${data}`,
    `--username=${role}`,
    '--encoding=UTF8',
    // PostgreSQL's own C.UTF-8, the same on every machine; the C library's may be missing or change its order.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    // The socket's 0700 folder already admits only the server's account and root, the very people whom `peer`
    // would admit; and `peer` would need a map for root. There is no TCP port at all.
    '--auth-local=trust',
    '--auth-host=reject',
    '--no-instructions',
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(binaries.initdb, options, {
      ...runAs(account),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2000);
    });
    child.on('error', (error) => reject(cannotRun(error, binaries.initdb)));
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new EmbeddedFailed(`The database could not be created in ${data}: ${said.trim()}`));
    });
  });
}

/** Spawn options shared by both programs: whom they run as, and none of our environment (it holds tokens). */
function runAs(account: Account): { uid?: number; gid?: number; cwd: string; env: NodeJS.ProcessEnv } {
  const who = account ? { uid: account.uid, gid: account.gid } : {};
  return { ...who, cwd: '/', env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } };
}

function cannotRun(error: Error, program: string): Error {
  // The file is there (it was looked at before), so what is missing is its loader: musl instead of glibc.
  if (codeOf(error) === 'ENOENT')
    return new NoEmbedded(`${program} does not run on this system (no glibc, as on Alpine)`);
  return new EmbeddedFailed(`${program} could not be started: ${error.message}`);
}
