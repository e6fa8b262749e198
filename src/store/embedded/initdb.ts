import { spawn } from 'node:child_process';
import { chown } from 'node:fs/promises';
import { join } from 'node:path';
import type { Account } from './account.js';
import type { Binaries } from './binaries.js';
import { role } from './connection.js';
import { codeOf, EmbeddedFailed, NoEmbedded } from './errors.js';
import type { Place } from './folder.js';
import { exists, publish, sweep } from './publish.js';

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
export function runAs(account: Account): { uid?: number; gid?: number; cwd: string; env: NodeJS.ProcessEnv } {
  const who = account ? { uid: account.uid, gid: account.gid } : {};
  return { ...who, cwd: '/', env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } };
}

export function cannotRun(error: Error, program: string): Error {
  // The file is there (it was looked at before), so what is missing is its loader: musl instead of glibc.
  if (codeOf(error) === 'ENOENT')
    return new NoEmbedded(`${program} does not run on this system (no glibc, as on Alpine)`);
  return new EmbeddedFailed(`${program} could not be started: ${error.message}`);
}
