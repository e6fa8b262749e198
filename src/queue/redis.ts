import { type ConnectionOptions, Queue, Worker } from 'bullmq';
import type { Backing } from './backing.js';
import { queueSettings, reconnectDelay, workerSettings } from './settings.js';

/** BullMQ on Redis or Valkey. Nothing is connected until a queue or worker is asked for, and nothing throws. */
export function redisBacking(url: string): Backing {
  const connection: ConnectionOptions = {
    url,
    connectTimeout: 5_000,
    retryStrategy: reconnectDelay,
    // A peer that vanished without a word: both connections of a worker, and a queue with its canary, hear
    // something every few seconds when all is well.
    socketTimeout: 15_000,
    // After a failover the old primary answers, but takes no writes: look the name up again.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  };
  // BullMQ's version check asks INFO once and keeps a failure for the life of the object: a Redis that
  // goes away at that very moment would leave a worker dead for ever.
  const skipVersionCheck = true;
  return {
    kind: 'redis',
    queue: (name) =>
      new Queue(name, {
        ...queueSettings,
        connection: {
          ...connection,
          enableOfflineQueue: false,
          maxRetriesPerRequest: 1,
          commandTimeout: 3_000,
        },
        skipVersionCheck,
        // Otherwise the first calls of a process that started before Redis wait without end.
        skipWaitingForReady: true,
      }),
    worker: (name, processor, concurrency) =>
      new Worker(name, processor, {
        ...workerSettings,
        connection: { ...connection, maxRetriesPerRequest: null },
        skipVersionCheck,
        concurrency,
      }),
    close: async () => {},
  };
}
