import { types } from 'node:util';
import type { QueueLog } from './settings.js';

/** Waits `ms` milliseconds, or less when `signal` is aborted meanwhile. Never rejects. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
}

/** Waits for `work` at most `ms` milliseconds; true when it settled in time. Never rejects. */
export async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const done = new AbortController();
  const settled = work.then(
    () => true,
    () => true,
  );
  const late = pause(ms, done.signal).then(() => false);
  try {
    return await Promise.race([settled, late]);
  } finally {
    done.abort();
  }
}

/** Logs the first failure of an outage and its end, however many calls fail in between. */
export interface Outage {
  /** Call on every failure; `error` may be anything. */
  failed(error: unknown): void;
  /** Call on every success. */
  recovered(): void;
}

// While it lasts, an outage is mentioned again this often, so that it is not only in yesterday's log.
const REMINDER_MS = 60_000;
// Connections of one server break one by one, and what was fetched before is still done in between: a success counts
// only when nothing has failed for as long as this.
const CALM_MS = 1_000;

/**
 * One line when something stops working, one when it works again.
 *
 * Only code and message are logged: the error objects of ioredis carry the command that failed, and the
 * command may be `AUTH`.
 */
export function outageLog(log: QueueLog, what: string): Outage {
  let since: number | undefined;
  let mentioned = 0;
  let last = 0;
  let failures = 0;
  return {
    failed(error) {
      failures += 1;
      const now = performance.now();
      last = now;
      if (since !== undefined && now - mentioned < REMINDER_MS) return;
      since ??= now;
      mentioned = now;
      log.warn({ what, ...describeError(error) }, `${what} is not answering; trying on`);
    },
    recovered() {
      if (since === undefined) return;
      const now = performance.now();
      if (now - last < CALM_MS) return;
      const ms = Math.round(now - since);
      log.info({ what, failures, ms }, `${what} is answering again`);
      since = undefined;
      failures = 0;
    },
  };
}

/** The parts of an error that are safe to log. */
export function describeError(error: unknown): { code?: string; error: string } {
  // Errors of sockets may come from another realm than ours, where `instanceof` does not know them.
  if (!types.isNativeError(error)) return { error: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  // A refused connection to a name with several addresses is an AggregateError without a message.
  return { ...(code ? { code } : {}), error: error.message || code || error.name };
}
