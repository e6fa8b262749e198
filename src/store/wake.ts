import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { OUTBOX_CHANNEL } from './outbox.js';
import type { Report } from './pools.js';

const RECONNECT_MS = 1_000;

/**
 * Calls `wake` when something new is owed, whichever process committed it, and after every (re)connection, because
 * then something may have been missed. Holds one connection. A hint, never the record: whoever listens also looks
 * once in a while.
 * @returns stops listening
 */
export function listen(config: pg.ClientConfig, wake: () => void, report: Report): () => Promise<void> {
  const stopping = new AbortController();
  let client: pg.Client | null = null;
  const running = (async () => {
    while (!stopping.signal.aborted) {
      client = new pg.Client({
        ...config,
        connectionTimeoutMillis: 2_000,
        keepAlive: true,
        application_name: 'tocsin relay',
      });
      try {
        await listenOnce(client, wake, stopping.signal);
      } catch (error) {
        report('the connection that listens for new work was lost', error as Error);
      } finally {
        await client.end().catch(() => {});
      }
      await sleep(RECONNECT_MS, undefined, { signal: stopping.signal }).catch(() => {});
    }
  })();
  return async () => {
    stopping.abort();
    await running;
  };
}

/** Settles when the connection ends, or when `stop` is raised. */
async function listenOnce(client: pg.Client, wake: () => void, stop: AbortSignal): Promise<void> {
  const over = new Promise<void>((resolve, reject) => {
    client.on('error', reject);
    client.on('end', resolve);
    stop.addEventListener('abort', () => resolve(), { once: true });
  });
  over.catch(() => {});
  client.on('notification', wake);
  await Promise.race([client.connect(), over]);
  await client.query(`listen ${OUTBOX_CHANNEL}`);
  if (!stop.aborted) wake();
  await over;
}
