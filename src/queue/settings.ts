import type { QueueOptions, WorkerOptions } from 'bullmq';

/** What the rooms above log through: the bot's pino logger, or a child of it. */
export interface QueueLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * How every queue is opened, on both engines.
 *
 * A finished wake-up is worth nothing, so nothing is kept; a kept job could also hold on to its lane's
 * deduplication key. One attempt: trying again is the outbox's business, and the reconcile loop brings
 * the lane back for as long as something in it is due.
 */
export const queueSettings = {
  defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1 },
  // Nobody reads the event stream; on PostgreSQL it is a table.
  streams: { events: { maxLen: 256 } },
} satisfies Partial<QueueOptions>;

/**
 * How every worker is opened, on both engines. With BullMQ's own values a killed worker is noticed after
 * a minute and a job that met two crashes is failed for good; with these it is five seconds at most, for ever.
 */
export const workerSettings = {
  lockDuration: 4_000,
  stalledInterval: 1_000,
  maxStalledCount: 50,
  // After a refused connection BullMQ would sleep 15 s before it looks again.
  runRetryDelay: 1_000,
  removeOnComplete: { count: 0 },
  removeOnFail: { count: 0 },
} satisfies Partial<WorkerOptions>;

/** Milliseconds until the n-th attempt to reconnect: never more than 2.2 s after the server is back. */
export function reconnectDelay(attempt: number): number {
  return Math.min(200 * attempt, 2_000) + Math.floor(Math.random() * 200);
}
