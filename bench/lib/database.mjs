// Servers: embedded PostgreSQL of the same kind as the bot's, beside it or the bot's own; and Redis, where it is installed.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import pg from 'pg';
import { openEmbedded } from '#store/embedded/embedded.js';
import { freePort } from './processes.mjs';

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

/** A Redis that keeps nothing. @returns its address */
export async function startRedis({ folder, log: to, onClose }) {
  const port = await freePort();
  const settings = { port, bind: '127.0.0.1', save: '', appendonly: 'no', dir: folder };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const redis = spawn('redis-server', args, { stdio: ['ignore', 'pipe', to] });
  onClose(async () => {
    redis.kill('SIGTERM');
    await new Promise((resolve) => redis.once('close', resolve));
  });
  await new Promise((resolve) =>
    redis.stdout.on('data', (said) => String(said).includes('Ready to accept connections') && resolve()),
  );
  return `redis://127.0.0.1:${port}`;
}
