import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { FolderInUse } from './errors.js';
import { identityOf, unknownLife } from './process.js';

export type Role = 'bot' | 'guest';

/**
 * Two session-level advisory locks on one dedicated connection to the `postgres` database. The kernel closes
 * the connection of a process that dies, however it dies, and the server then frees the locks; a process that
 * hangs keeps them. They need no platform-specific trick (an abstract socket exists on Linux only, and any
 * local user could take its name).
 *
 * - presence: everybody who uses the server shares it. A process that can take it alone is the last one, and stops the server.
 * - bot: exclusive.
 */
const key = { space: 0x70c51, presence: 1, bot: 2 };

/** What a bot writes about itself into the data folder. */
type BotRecord = { pid: number; life: string | null; folder: string; token: string };

/** A process being killed may hold the lock for a moment longer. */
const grace = { rounds: 20, pause: 25 }; // ms

/** Waits while a leaver is stopping the server; then the connection breaks and the caller starts over. */
export async function arrive(client: Client): Promise<void> {
  await client.query('SELECT pg_advisory_lock_shared($1, $2)', [key.space, key.presence]);
}

/** Gives up the presence; true when nobody else is there, and then nobody can arrive until the connection ends. */
export async function leaveAsLast(client: Client): Promise<boolean> {
  // Unlock first: two who leave at once and keep their shares would both see the other and both go.
  await client.query('SELECT pg_advisory_unlock_shared($1, $2)', [key.space, key.presence]);
  return tryLock(client, key.presence);
}

/**
 * Becomes the one bot of this folder, or becomes it again after its connection was lost.
 *
 * @param token the same for every attempt of one bot, and different for another one in the same process
 * @throws FolderInUse while another one lives
 */
export async function becomeBot(client: Client, folder: string, token: string): Promise<void> {
  let holder: number | null = null;
  for (let round = 0; ; round++) {
    if (await tryLock(client, key.bot)) break;
    holder = (await botConnectionPid(client)) ?? holder;
    if (round >= grace.rounds) throw new FolderInUse(folder, holder);
    await sleep(grace.pause);
  }
  // A living bot loses the lock while the server recovers from a crash. It takes it again, and until then this
  // file speaks for it: nobody takes the place of a living process.
  const recorded = await livingBot(folder);
  if (recorded !== null && recorded.token !== token) {
    await client.query('SELECT pg_advisory_unlock($1, $2)', [key.space, key.bot]);
    throw new FolderInUse(folder, recorded.pid);
  }
  const path = botFile(folder);
  const life = await identityOf(process.pid);
  const record: BotRecord = { pid: process.pid, life, folder: await identityOfFolder(folder), token };
  await writeFile(`${path}.${process.pid}`, JSON.stringify(record));
  await rename(`${path}.${process.pid}`, path);
}

export async function stopBeingBot(folder: string): Promise<void> {
  await rm(botFile(folder), { force: true });
}

/** The bot that recorded itself in the folder and still lives, or null. */
export async function livingBot(folder: string): Promise<BotRecord | null> {
  const text = await readFile(botFile(folder), 'utf8').catch(() => '');
  try {
    const record = JSON.parse(text) as BotRecord;
    // A copy of the folder brings the file along; the original's bot is not the copy's.
    if (record.folder !== (await identityOfFolder(folder))) return null;
    const life = await identityOf(record.pid);
    // What we cannot tell apart from the holder counts as the holder: refusing is safe, taking over is not.
    return life !== null && [record.life, unknownLife].includes(life) ? record : null;
  } catch {
    return null; // None, or half a file after a power cut: its process is gone too.
  }
}

async function identityOfFolder(folder: string): Promise<string> {
  const { dev, ino } = await stat(folder);
  return `${dev}:${ino}`;
}

/** Seen by everybody in `pg_stat_activity`, so that a refusal can name the holder. */
export function applicationName(role: Role): string {
  return `tocsin ${role} ${process.pid}`;
}

async function botConnectionPid(client: Client): Promise<number | null> {
  const { rows } = await client.query<{ application_name: string }>(
    `SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
      WHERE l.locktype = 'advisory' AND l.granted AND l.classid = $1 AND l.objid = $2 AND l.objsubid = 2`,
    [key.space, key.bot],
  );
  const pid = Number(rows[0]?.application_name.split(' ').at(-1));
  return pid > 0 ? pid : null;
}

async function tryLock(client: Client, lock: number): Promise<boolean> {
  const sql = 'SELECT pg_try_advisory_lock($1, $2) AS granted';
  const { rows } = await client.query<{ granted: boolean }>(sql, [key.space, lock]);
  return rows[0]?.granted === true;
}

function botFile(folder: string): string {
  return join(folder, 'bot.pid');
}
