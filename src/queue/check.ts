import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import type { Condition } from '#domain/words.js';
import { describeError, within } from './waiting.js';

const LATE = 'recording goes on, deliveries wait';

// How Redis begins the answers by which it says that it will not, whatever is asked.
const REFUSING: ReadonlyArray<[begin: RegExp, reason: string, fix: string]> = [
  [/^OOM/, 'Redis is full (OOM)', 'raise maxmemory, or see what fills it, with maxmemory-policy noeviction'],
  [
    /^MISCONF/,
    'Redis cannot save to its disk (MISCONF)',
    'make room on the disk of Redis; its log says more',
  ],
  [/^READONLY/, 'that Redis is a replica (READONLY)', 'let REDIS_URL name the primary'],
  [/^NOREPLICAS/, 'Redis has too few replicas (NOREPLICAS)', 'start them, or lower min-replicas-to-write'],
  [/^(LOADING|MASTERDOWN|CLUSTERDOWN|BUSY)/, 'Redis is not ready', 'wait, or look into its log'],
  [
    /NOAUTH|WRONGPASS|invalid (username-)?password/i,
    'Redis does not let us in',
    'check user and password in REDIS_URL',
  ],
  [/^NOPERM/, 'our user of Redis may not do that (NOPERM)', 'give it the rights to read and write all keys'],
  [/max number of clients/i, 'Redis has no connection left for us', 'raise maxclients, or end other clients'],
];

/** @returns in words what a command to Redis failed with */
export function troubleOfRedis(error: unknown): Condition {
  const { code, error: message } = describeError(error);
  const said = message.replace(/^Ready check failed: /, '');
  const known = REFUSING.find(([begin]) => begin.test(said));
  if (known) return { state: 'refusing', reason: known[1], fix: `${known[2]}; ${LATE}` };
  if ((error as Error).name === 'ReplyError')
    return {
      state: 'refusing',
      reason: `Redis says no (${said.split(' ', 1)[0]})`,
      fix: `look into its log; ${LATE}`,
    };
  return {
    state: 'away',
    reason: `Redis does not answer${code ? ` (${code})` : ''}`,
    fix: `check REDIS_URL and that the server runs; ${LATE}`,
  };
}

/** Writes a key and takes it back. @returns how Redis is; never throws */
export async function tryRedis(redis: Redis): Promise<Condition> {
  const key = `tocsin:try:${randomUUID()}`;
  try {
    // It goes by itself where we cannot take it back any more.
    await redis.set(key, '1', 'PX', 10_000);
    await redis.del(key);
  } catch (error) {
    return troubleOfRedis(error);
  }
  const policy = await policyOf(redis);
  if (policy === null || policy === 'noeviction') return { state: 'ok' };
  return {
    state: 'degraded',
    reason: `Redis answers, but drops keys when it is full (${policy})`,
    fix: 'set maxmemory-policy to noeviction; nothing recorded is at risk, deliveries would be late',
  };
}

/** Asks the server that jobs live in, once. Without Redis they live in the database, which is asked elsewhere. */
export async function checkQueue(redisUrl: string | null): Promise<Condition> {
  if (redisUrl === null) return { state: 'ok', reason: 'in PostgreSQL' };
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    connectTimeout: 2_000,
    commandTimeout: 2_000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    // One that is loading its data says so when it is asked.
    enableReadyCheck: false,
  });
  // Each failure also comes as an event, which would end the process when nobody listened, and says more.
  let failure: unknown = null;
  const keep = (error: unknown) => {
    failure ??= error;
  };
  redis.on('error', keep);
  try {
    const connected = await within(3_000, redis.connect().catch(keep));
    if (!connected || failure !== null) return troubleOfRedis(failure ?? new Error('no answer'));
    const condition = await tryRedis(redis);
    return condition.state === 'ok'
      ? { ...condition, reason: 'Redis answers and takes what it is given' }
      : condition;
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
