import type { Processor, Queue, Worker } from 'bullmq';
import type { Condition } from '#domain/words.js';

/** What the two engines differ in: how BullMQ's classes are built and which connections they hold. */
export interface Backing {
  readonly kind: 'redis' | 'postgres';
  /** A producer that fails at once, instead of waiting, when the server is away. */
  queue<Data>(name: string): Queue<Data>;
  worker<Data>(name: string, processor: Processor<Data, void>, concurrency: number): Worker<Data, void>;
  /** How the server is, by a write that is taken back; null: it is the database, which others look at. Never rejects. */
  check(): Promise<Condition> | null;
  /** Closes what queues and workers share; called after they are closed. */
  close(): Promise<void>;
}
