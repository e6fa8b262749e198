import { randomUUID } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg, { type Client } from 'pg';
import { type Binaries, packageFolder, runnableBinaries } from './binaries.js';
import { codeOf, EmbeddedFailed, FolderInUse, folderFailed, messageOf } from './errors.js';
import { findPlace, isPrivate, type Place } from './folder.js';
import {
  applicationName,
  arrive,
  becomeBot,
  leaveAsLast,
  livingBot,
  type Role,
  stopBeingBot,
} from './presence.js';
import {
  type Connection,
  couldServe,
  createData,
  discardStale,
  type Postmaster,
  port,
  readPostmaster,
  startServer,
  stopServer,
  role as user,
} from './server.js';

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

/** Our dedicated connection to a running server, with our locks on it. */
type Session = {
  client: pg.Client;
  server: Postmaster;
  /** This process started the server. */
  started: boolean;
  /** Resolves when the connection is gone. */
  lost: Promise<void>;
};

type Options = Pick<EmbeddedOptions, 'role' | 'connections'> & {
  place: Place;
  binaries: Binaries;
  /** See `becomeBot`. */
  token: string;
  warn: (message: string) => void;
};

/** Recovery after a crash is over in a second or two; a machine under load gets its time. */
const patience = 120_000; // ms
const worry = 5_000; // ms

/**
 * Joins the server of this data folder, or starts it, and takes our locks.
 *
 * @throws FolderInUse when we are a bot and another bot lives
 */
async function openSession(options: Options): Promise<Session> {
  const { place, binaries, role } = options;
  let started = false;
  let recorded: string | null = null;
  let last = 'no answer';
  const began = performance.now();
  for (let warned = false; performance.now() - began < patience; await sleep(10)) {
    if (!warned && performance.now() - began > worry) {
      warned = true;
      options.warn(`Still waiting for the PostgreSQL of ${place.data}: ${last}`);
    }
    const server = await readPostmaster(place.data);
    // A pid file that came with a copied folder names the socket of the original, which is not ours to use.
    if (server?.data === place.data) recorded = server.socketFolder;
    if (server) {
      const answer = await connect(server, place, role);
      if (answer.client) {
        const session = { client: answer.client, server, started, lost: watch(answer.client) };
        try {
          await arrive(session.client);
          if (role === 'bot') await becomeBot(session.client, place.folder, options.token);
          return session;
        } catch (error) {
          await session.client.end().catch(() => undefined);
          if (error instanceof FolderInUse) throw error;
          last = messageOf(error); // The last one stopped it while we arrived.
          continue;
        }
      }
      last = answer.why;
      if (!answer.foreign && (await couldServe(server.pid, place.data))) continue; // starting or stopping
      await discardStale(place.data, server);
    }
    started = await startServer(place, binaries, recorded, options.connections);
    if (!started) last = `another server holds the folder, see ${join(place.data, '..', 'postgres.log')}`;
  }
  throw new EmbeddedFailed(`The PostgreSQL of ${place.data} could not be reached: ${last}`);
}

type Answer = { client: pg.Client } | { client: null; why: string; foreign: boolean };

/** `foreign`: it answers, and serves another folder (as after copying a folder together with its pid file). */
async function connect(server: Postmaster, place: Place, role: Role): Promise<Answer> {
  if (!(await isPrivate(server.socketFolder, place.account))) {
    return { client: null, why: `its socket folder ${server.socketFolder} is not private`, foreign: false };
  }
  const client = new pg.Client({
    host: server.socketFolder,
    port,
    user,
    database: 'postgres',
    application_name: applicationName(role),
    connectionTimeoutMillis: 10_000,
  });
  client.on('error', () => undefined); // `watch` sees the end
  try {
    await client.connect();
    const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
    const theirs = rows[0]?.data_directory ?? '';
    if ((await realpath(theirs).catch(() => theirs)) === (await realpath(place.data))) return { client };
    await client.end();
    return { client: null, why: `it serves ${theirs}`, foreign: true };
  } catch (error) {
    await client.end().catch(() => undefined);
    return { client: null, why: messageOf(error), foreign: false };
  }
}

function watch(client: pg.Client): Promise<void> {
  return new Promise((resolve) => {
    client.once('end', resolve);
  });
}
