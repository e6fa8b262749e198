import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { checkQueue, troubleOfRedis } from '#queue/backing.js';
import { type Engine, openEngine } from '#queue/engine.js';
import { redisAvailable, startRedis, type TestRedis } from '../support/redis.js';
import { until } from '../support/until.js';
import { memoryLog } from './log.js';

const onRedis = redisAvailable() ? describe : describe.skip;

onRedis('a Redis that answers, and takes nothing', () => {
  let redis: TestRedis;
  let client: Redis;
  let engine: Engine;
  beforeAll(async () => {
    redis = await startRedis();
    client = new Redis(redis.url, { retryStrategy: () => 20, maxRetriesPerRequest: null });
    client.on('error', () => {});
    engine = await openEngine({ redisUrl: redis.url, log: memoryLog() });
  });
  afterAll(async () => {
    client.disconnect();
    await engine.close();
    await redis.stop();
  });
  afterEach(async () => {
    await client.config('SET', 'maxmemory', '0');
    await client.call('REPLICAOF', 'NO', 'ONE');
  });

  /** As the doctor sees it, and as a bot does that has been connected for long. */
  const both = async () => [await checkQueue(redis.url), await engine.check()];

  test('is well before, and keeps nothing of the look', async () => {
    expect(await both()).toEqual([
      { state: 'ok', reason: 'Redis answers and takes what it is given' },
      { state: 'ok' },
    ]);
    expect(await client.keys('tocsin:try:*')).toEqual([]);
  });

  test('because it is full', async () => {
    await client.config('SET', 'maxmemory', '1');
    for (const condition of await both())
      expect(condition).toMatchObject({
        state: 'refusing',
        reason: 'Redis is full (OOM)',
        fix: expect.stringContaining('maxmemory'),
      });
  });

  test('or that may drop what it was given', async () => {
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    for (const condition of await both())
      expect(condition).toMatchObject({ state: 'degraded', reason: expect.stringContaining('allkeys-lru') });
    await client.config('SET', 'maxmemory-policy', 'noeviction');
  });

  test('because it is a replica', async () => {
    await client.call('REPLICAOF', '127.0.0.1', '1');
    expect(await checkQueue(redis.url)).toMatchObject({
      state: 'refusing',
      reason: 'that Redis is a replica (READONLY)',
    });
  });

  test('because it wants a password', async () => {
    await client.config('SET', 'requirepass', 'other');
    expect(await checkQueue(redis.url)).toMatchObject({
      state: 'refusing',
      reason: 'Redis does not let us in',
    });
    const wrong = await checkQueue(redis.url.replace('://', '://:hunter2@'));
    expect(wrong).toMatchObject({ state: 'refusing', fix: expect.stringContaining('REDIS_URL') });
    expect(JSON.stringify(wrong)).not.toContain('hunter2');
    await client.config('SET', 'requirepass', '');
  });

  test('or is gone: known at once, and so is its return', async () => {
    await redis.kill9();
    await until('it is missed', async () => (await engine.check())?.state === 'away');
    const away = await checkQueue(redis.url);
    await redis.restart();
    expect(away).toMatchObject({ state: 'away', reason: 'Redis does not answer (ECONNREFUSED)' });
    await until('it is back', async () => (await engine.check())?.state === 'ok');
  });
});

test('what Redis says is put into words, whatever it is', () => {
  const said = (message: string) => troubleOfRedis(Object.assign(new Error(message), { name: 'ReplyError' }));
  expect(said('MISCONF Redis is configured to save RDB snapshots').reason).toContain('disk');
  expect(said('LOADING Redis is loading the dataset in memory').reason).toContain('not ready');
  expect(said('NOPERM this user has no permissions to run the set command').state).toBe('refusing');
  expect(said('ERR max number of clients reached').reason).toContain('no connection left');
  expect(said('SOMETHING that nobody has heard of').reason).toBe('Redis says no (SOMETHING)');
  const lost = troubleOfRedis(Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT' }));
  expect(lost).toMatchObject({ state: 'away', reason: 'Redis does not answer (ETIMEDOUT)' });
});
