import { Queue, Worker } from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';
import type { Backing } from './backing.js';
import { troubleOfRedis, tryRedis } from './check.js';
import { queueSettings, reconnectDelay, workerSettings } from './settings.js';
import { within } from './waiting.js';

/**
 * BullMQ on Redis or Valkey: one connection for all queues of the process, two for each worker.
 *
 * All keys begin with the installation's own name: of two installations on one Redis each would otherwise take the other's
 * wake-ups, whose rows it cannot find.
 *
 * Waits a moment for Redis, so that the first wake-ups of a process find it; an absent one is no error.
 */
export async function redisBacking(
  url: string,
  installation: string | undefined,
  onError: (error: Error) => void,
): Promise<Backing> {
  const own = installation === undefined ? {} : { prefix: `tocsin-${installation}` };
  const options = {
    connectTimeout: 5_000,
    retryStrategy: reconnectDelay,
    // A peer that vanished without a word: a worker hears something on both of its connections every few
    // seconds when all is well, and the canary sees to it that queues do.
    socketTimeout: 15_000,
    // After a failover the old primary answers, but takes no writes: look the name up again.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  } satisfies RedisOptions;
  const producer = new Redis(url, {
    ...options,
    // Fail at once: the outbox keeps what matters, and nothing may pile up in memory.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    commandTimeout: 3_000,
  });
  // What the connection last failed with: a command says only that there is none.
  let failure: Error | null = null;
  producer.on('error', (error) => {
    failure = error;
    onError(error);
  });
  producer.on('ready', () => {
    failure = null;
  });
  await within(2_000, new Promise((resolve) => producer.once('ready', resolve)));
  // BullMQ's version check asks INFO once and keeps a failure for the life of the object: a Redis that
  // goes away at that very moment would leave a worker dead for ever.
  const skipVersionCheck = true;
  return {
    kind: 'redis',
    queue: (name) =>
      new Queue(name, {
        ...queueSettings,
        ...own,
        connection: producer,
        skipVersionCheck,
        // Otherwise the first calls of a process that started before Redis wait without end.
        skipWaitingForReady: true,
      }),
    worker: (name, processor, concurrency) =>
      new Worker(name, processor, {
        ...workerSettings,
        ...own,
        connection: { ...options, url, maxRetriesPerRequest: null },
        skipVersionCheck,
        concurrency,
      }),
    check: async () =>
      producer.status === 'ready' ? tryRedis(producer) : troubleOfRedis(failure ?? new Error()),
    close: async () => producer.disconnect(),
  };
}
