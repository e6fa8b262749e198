// Embedded PostgreSQL of the same kind as the bot's: beside it, or the bot's own.
import { join } from 'node:path';
import pg from 'pg';
import { openEmbedded } from '../../dist/store/embedded/embedded.js';

/** A server of its own for a comparison. @returns what `pg` connects with */
export async function ownDatabase(place, name) {
  const embedded = await openEmbedded({ dataDir: join(place.folder, name), role: 'guest' });
  place.onClose(() => embedded.close());
  return embedded.connection;
}

/** A client on the bot's own server; while the bot runs, or before. */
export async function botDatabase(place) {
  const connection = await ownDatabase(place, 'data');
  const client = new pg.Client(connection);
  client.on('error', () => {});
  await client.connect();
  place.onClose(() => client.end().catch(() => {}));
  return { client, connection };
}
