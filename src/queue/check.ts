import { Redis } from 'ioredis';

/** How the queue's server is, in words, and what to do when it is not well. */
export interface QueueHealth {
  ok: boolean;
  detail: string;
  fix?: string;
}

/** Asks the server that jobs live in, once. Without Redis they live in the database, which is asked elsewhere. */
export async function checkQueue(redisUrl: string | null): Promise<QueueHealth> {
  if (redisUrl === null) return { ok: true, detail: 'in PostgreSQL' };
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    connectTimeout: 2_000,
    commandTimeout: 2_000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // Each failure also comes as an event, which would end the process when nobody listened.
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    await redis.ping();
    const policy = await policyOf(redis);
    if (policy === null || policy === 'noeviction') return { ok: true, detail: 'Redis answers' };
    return {
      ok: false,
      detail: `Redis answers, but drops keys when it is full (${policy})`,
      fix: 'set maxmemory-policy to noeviction; nothing recorded is at risk, deliveries would be late',
    };
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    return {
      ok: false,
      detail: `Redis does not answer (${code ?? message})`,
      fix: 'check REDIS_URL and that the server runs; recording goes on, deliveries wait',
    };
  } finally {
    redis.disconnect();
  }
}

/** @returns null where Redis does not tell (hosted ones often forbid CONFIG) */
async function policyOf(redis: Redis): Promise<string | null> {
  try {
    const [, policy] = (await redis.config('GET', 'maxmemory-policy')) as string[];
    return policy ?? null;
  } catch {
    return null;
  }
}
