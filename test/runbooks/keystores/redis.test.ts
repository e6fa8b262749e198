import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { NotWritten, StoreFailed } from '#runbooks/keystores/keystore.js';
import { redis } from '#runbooks/keystores/redis.js';
import { Secret } from '#runbooks/secret.js';
import { redisAvailable, startRedis, type TestRedis } from '../../support/redis.js';
import { until } from '../../support/until.js';
import { keyStoreContract, plain, surroundings } from './contract.js';
import { networkContract } from './network.js';

const open = (url: string, key = 'tts:keys') =>
  redis.open('tts-new', { url: 'secret:REDIS', key }, surroundings({ REDIS: url }));
const VALUES = ['plain-key', 'blanks and\nlines\r\n', '"\\', 'ünï-鍵-🔑', ' ', '-1', 'x'.repeat(100_000)];
const REFUSED = [
  { id: '', value: 'canary' },
  { id: '__proto__', value: 'canary' },
  { id: 'client-2', value: '' },
  { id: 'client-2', value: 'canary\0' },
  { id: 'client-1', value: 'canary\ud800' },
];

const here = redisAvailable();
keyStoreContract(
  'redis',
  async () => {
    const server = await startRedis();
    return {
      empty: () => server.flushall(),
      open: () => open(server.url),
      values: VALUES,
      refused: REFUSED,
      stop: () => server.stop(),
    };
  },
  here,
);
networkContract(
  'redis',
  async () => {
    const server = await startRedis();
    const admin = new Redis(server.url);
    // Anybody may come in under any password where none is set; this one must not be seen.
    await admin.call('ACL', 'SETUSER', 'tocsin', 'on', '>canary-password', '~*', '+@all');
    admin.disconnect();
    return {
      at: { host: '127.0.0.1', port: Number(new URL(server.url).port) },
      empty: () => server.flushall(),
      open: (port) => open(`redis://tocsin:canary-password@127.0.0.1:${port}`),
      stop: () => server.stop(),
    };
  },
  here,
);

(here ? describe : describe.skip)('a redis store and its server', () => {
  let server: TestRedis;
  let admin: Redis;
  const on = new AbortController().signal;
  const [k1, k2] = [new Secret('canary-one'), new Secret('canary-two')];
  beforeAll(async () => {
    server = await startRedis();
    admin = new Redis(server.url);
  });
  afterAll(async () => {
    admin?.disconnect();
    await server?.stop();
  });
  beforeEach(() => admin.flushall());
  const failure = async (doing: Promise<unknown>) => {
    const error = (await doing.catch((e) => e)) as Error;
    expect(error).toBeInstanceOf(StoreFailed);
    expect(error.stack).not.toMatch(/canary/);
    return error.message;
  };

  test('leaves no connection behind, whether it went well or not', async () => {
    const store = open(server.url);
    await store.put('client-1', k1, null, on);
    await store.put('client-1', k2, null, on).catch(() => undefined);
    await store.read(on);
    // The server notices a good-bye a moment later.
    await until('only ours is left', async () => (await server.connections()) === 1);
  });

  test('a replica, a full server and a denied one are said to be so, and nothing is written', async () => {
    const store = open(server.url);
    await store.put('client-1', k1, null, on);

    await admin.replicaof('127.0.0.1', '1');
    expect(await failure(store.put('client-2', k2, null, on))).toMatch(/is a replica.*READONLY/);
    await admin.replicaof('NO', 'ONE');

    await admin.config('SET', 'maxmemory', '1');
    expect(await failure(store.put('client-2', k2, null, on))).toMatch(/no memory left.*OOM/);
    await admin.config('SET', 'maxmemory', '0');

    await admin.call('ACL', 'SETUSER', 'reader', 'on', '>canary-password', '~*', '+@read', '+hello');
    const reader = open(server.url.replace('//', '//reader:canary-password@'));
    expect(await failure(reader.put('client-2', k2, null, on))).toMatch(/does not permit it.*NOPERM/);
    const wrong = open(server.url.replace('//', '//reader:canary-wrong@'));
    expect(await failure(wrong.read(on))).toMatch(/password.*WRONGPASS/);

    expect(plain(await store.read(on))).toEqual({ 'client-1': 'canary-one' });
  });

  test('a refusal by the server means that nothing was written', async () => {
    const put = async (user: string, ...rights: string[]) => {
      await admin.call('ACL', 'SETUSER', user, 'on', '>canary-password', '~*', ...rights);
      const store = open(server.url.replace('//', `//${user}:canary-password@`));
      return store.put('client-1', k1, null, on).catch((e) => e);
    };
    expect(await put('denied', '+@read')).toBeInstanceOf(NotWritten);
    expect(await admin.hgetall('tts:keys')).toEqual({});
    // ACL rules reach into scripts: what the script did before one stopped it must not be there.
    expect(await put('halfway', '+eval', '+evalsha', '+hget')).toBeInstanceOf(StoreFailed);
    expect(await admin.hgetall('tts:keys')).toEqual({});
  });

  test('a user with six rights on one hash is enough', async () => {
    const rights = ['+eval', '+evalsha', '+hget', '+hset', '+hdel', '+hgetall'];
    await admin.call('ACL', 'SETUSER', 'keeper', 'on', '>canary-password', '~tts:keys', ...rights);
    await admin.script('FLUSH');
    const store = open(server.url.replace('//', '//keeper:canary-password@'));
    await store.put('client-1', k1, null, on);
    await store.put('client-1', k2, k1, on);
    expect(plain(await store.read(on))).toEqual({ 'client-1': 'canary-two' });
    await store.remove('client-1', k2, on);
    expect(plain(await store.read(on))).toEqual({});
  });

  test('something else under the name, and keys that are no text, are refused without being shown', async () => {
    const store = open(server.url);
    await admin.set('tts:keys', 'canary');
    expect(await failure(store.read(on))).toMatch(/not a hash/);
    expect(await failure(store.put('a', k1, null, on))).toMatch(/not a hash/);
    await admin.del('tts:keys');
    await admin.hset('tts:keys', 'client-1', Buffer.from([255, 1]));
    expect(await failure(store.read(on))).toMatch(/not text/);
    await admin.hset('tts:keys', 'client-1', '');
    expect(await failure(store.read(on))).toMatch(/client-1 is empty/);
  });

  test('a secret that is no address is refused without being shown', async () => {
    const error = await failure(open('canary:password@host').read(on));
    expect(error).toMatch(/^tts-new: secret:REDIS is not an address/);
  });
});
