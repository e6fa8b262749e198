import { join } from 'node:path';
import { describe } from '@jest/globals';
import pg from 'pg';
import { QUEUE_SCHEMA } from '#queue/backing.js';
import type { EngineOptions } from '#queue/engine.js';
import { openEmbedded } from '#store/embedded/embedded.js';
import { redisAvailable, startRedis } from '../support/redis.js';
import { scratch } from '../support/scratch.js';
import { until } from '../support/until.js';

/** A server that a queue engine runs on, which a test may hurt. */
export interface Server {
  /** For `openEngine`. */
  options: Pick<EngineOptions, 'redisUrl' | 'database'>;
  /** Empties the queue under everybody's feet: FLUSHALL, or what comes near it. */
  flush(): Promise<void>;
  /** Takes the server away, without a good-bye. */
  away(): Promise<void>;
  back(): Promise<void>;
  /** How many connections of queue engines it has. */
  connections(): Promise<number>;
  /** How much is kept there of queues: keys, or rows of all tables. */
  kept(): Promise<number>;
  stop(): Promise<void>;
}

/**
 * The same suite on every engine, each by its name; where the server of one is missing its suite is skipped.
 *
 *     onEveryEngine('the relay on %s', (name, start) => { … });
 */
export function onEveryEngine(
  title: string,
  suite: (name: string, start: () => Promise<Server>) => void,
): void {
  const engines = [
    ['Redis', redisServer, redisAvailable()],
    ['PostgreSQL', postgresServer, true],
  ] as const;
  for (const [name, start, here] of engines)
    (here ? describe : describe.skip)(title.replace('%s', name), () => suite(name, start));
}

async function redisServer(): Promise<Server> {
  const redis = await startRedis();
  return {
    options: { redisUrl: redis.url },
    flush: redis.flushall,
    away: redis.kill9,
    back: redis.restart,
    connections: redis.connections,
    kept: redis.keys,
    stop: redis.stop,
  };
}

async function postgresServer(): Promise<Server> {
  const at = await scratch();
  const dataDir = join(at.folder, 'data');
  await at.seed(dataDir);
  const open = () => openEmbedded({ dataDir, role: 'bot', systemFolder: join(at.folder, 'system') });
  let embedded = await open();
  // The folder's removal ends a server that was left running.
  await at.data(dataDir);
  const database = embedded.connection;
  const ask = async (sql: string, values: unknown[] = []): Promise<Array<Record<string, unknown>>> => {
    const client = new pg.Client(database);
    client.on('error', () => {});
    await client.connect();
    try {
      return (await client.query(sql, values)).rows;
    } finally {
      await client.end();
    }
  };
  return {
    options: { database },
    async flush() {
      const tables = ['job', 'dedup', 'dedup_next'].map((name) => `${QUEUE_SCHEMA}.${name}`);
      // It may lose to a worker in a deadlock.
      await until('the tables are empty', () =>
        ask(`TRUNCATE ${tables} CASCADE`).then(
          () => true,
          () => false,
        ),
      );
    },
    away: () => embedded.close(),
    async back() {
      embedded = await open();
    },
    async connections() {
      const rows = await ask(`SELECT 1 FROM pg_stat_activity WHERE application_name = 'tocsin-queue'`);
      return rows.length;
    },
    async kept() {
      const tables = await ask('SELECT tablename FROM pg_tables WHERE schemaname = $1', [QUEUE_SCHEMA]);
      let rows = 0;
      for (const { tablename } of tables) {
        const [counted] = await ask(`SELECT count(*)::int AS n FROM ${QUEUE_SCHEMA}."${tablename}"`);
        rows += Number(counted?.n);
      }
      return rows;
    },
    async stop() {
      await embedded.close();
      await at.remove();
    },
  };
}
