import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { packageFolder, runnableBinaries } from './binaries.js';
import { type Connection, port, role as user } from './connection.js';
import { codeOf, folderFailed, messageOf } from './errors.js';
import { findPlace } from './folder.js';
import { createData } from './initdb.js';
import { leaveAsLast, livingBot, type Role, stopBeingBot } from './presence.js';
import { stopServer } from './server.js';
import { openSession } from './session.js';

type Log = { info(message: string): void; warn(message: string): void };

export type EmbeddedOptions = {
  /** The data folder (`TOCSIN_DATA`); created when missing. */
  dataDir: string;
  /** `bot`: the only one on this folder. `guest`: a command that uses the server for a while. */
  role: Role;
  log?: Log;
  /** Folder of the platform's package. Default: the installed one. */
  packageFolder?: string;
  /** Where data and programs go when we are root and the server's account cannot enter `dataDir`. */
  systemFolder?: string;
  /** How many connections the server takes, should we be the one who starts it. Default: 60. */
  connections?: number;
};

export type Embedded = {
  connection: Connection;
  /** This process started the server (now, or again after it died under us). */
  readonly owned: boolean;
  /** Where data or programs live, when that is not where one would look; else null. */
  note: string | null;
  /** Leaves. The last one to leave stops the server, whoever started it. */
  close(): Promise<void>;
};

const database = 'tocsin';

/**
 * Opens the embedded PostgreSQL of a data folder: creates it the first time, starts it or joins the running
 * one (also one that a crashed process left behind), and starts it again should it die while we use it.
 *
 * @throws NoEmbedded where it cannot run, FolderInUse for a second bot, EmbeddedFailed for everything else
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { role, connections } = options;
  const log = options.log ?? { info: () => undefined, warn: () => undefined };
  const systemFolder = options.systemFolder ?? '/var/lib/tocsin';
  try {
    const place = await findPlace(options.dataDir, systemFolder);
    const copies = place.account ? systemFolder : place.folder;
    const binaries = await runnableBinaries(options.packageFolder ?? packageFolder(), copies, place.account);
    if (await createData(place, binaries)) log.info(`Created a database in ${place.data}`);
    const token = randomUUID();
    const open = () => openSession({ place, binaries, role, token, connections, warn: log.warn.bind(log) });

    let session = await open();
    await ensureDatabase(session.client).catch(async (error) => {
      if (role === 'bot') await stopBeingBot(place.folder);
      await session.client.end();
      throw error;
    });
    let owned = session.started;
    let closing = false;
    let reopening: Promise<void> | undefined;

    const reopen = async (): Promise<void> => {
      while (!closing) {
        try {
          session = await open();
          owned ||= session.started;
          return;
        } catch (error) {
          log.warn(`The embedded PostgreSQL is not back: ${messageOf(error)}`);
          await sleep(1000);
        }
      }
    };
    const keep = (): void => {
      void session.lost.then(() => {
        if (closing) return;
        log.warn('The embedded PostgreSQL went away; starting it again');
        reopening = reopen().then(keep);
      });
    };
    keep();

    const close = async (): Promise<void> => {
      closing = true;
      await reopening;
      if (role === 'bot') await stopBeingBot(place.folder);
      try {
        const last = await leaveAsLast(session.client);
        if (last && (await livingBot(place.folder)) === null) await stopServer(session.server);
      } catch (error) {
        log.warn(`The embedded PostgreSQL was gone before we left: ${messageOf(error)}`);
      }
      await session.client.end().catch(() => undefined);
    };
    let closed: Promise<void> | undefined;

    const connection: Connection = { host: session.server.socketFolder, port, user, database };
    const note = [place.note, binaries.note].filter(Boolean).join(' ') || null;
    return {
      connection,
      get owned() {
        return owned;
      },
      note,
      close: () => (closed ??= close()),
    };
  } catch (error) {
    throw folderFailed(options.dataDir, error) ?? error;
  }
}

/** Each opener makes sure of it: the one that created the data may have died before it came to this. */
async function ensureDatabase(client: Client): Promise<void> {
  const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
  if (rowCount) return;
  try {
    await client.query(`CREATE DATABASE ${database} TEMPLATE template0`);
  } catch (error) {
    // 42P04, 23505: another one created it at the same moment.
    if (!['42P04', '23505'].includes(codeOf(error))) throw error;
  }
}
