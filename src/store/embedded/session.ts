import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Binaries } from './binaries.js';
import { port, role as user } from './connection.js';
import { EmbeddedFailed, FolderInUse, messageOf } from './errors.js';
import { isPrivate, type Place } from './folder.js';
import { couldServe, discardStale, type Postmaster, readPostmaster } from './postmaster.js';
import { applicationName, arrive, becomeBot, type Role } from './presence.js';
import { startServer } from './server.js';

/** Our dedicated connection to a running server, with our locks on it. */
export type Session = {
  client: pg.Client;
  server: Postmaster;
  /** This process started the server. */
  started: boolean;
  /** Resolves when the connection is gone. */
  lost: Promise<void>;
};

type Options = {
  place: Place;
  binaries: Binaries;
  role: Role;
  /** See `becomeBot`. */
  token: string;
  /** How many the server takes, if we start it; undefined: as by default. */
  connections: number | undefined;
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
export async function openSession(options: Options): Promise<Session> {
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
