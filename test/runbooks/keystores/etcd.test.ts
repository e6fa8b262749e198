import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { etcd } from '#runbooks/keystores/etcd.js';
import { Stale, StoreFailed } from '#runbooks/keystores/keystore.js';
import { Secret } from '#runbooks/secret.js';
import { etcdAvailable, startEtcd, type TestEtcd } from '../../support/etcd.js';
import { freePort } from '../../support/wire.js';
import { keyStoreContract, plain, surroundings } from './contract.js';
import { networkContract } from './network.js';

const on = new AbortController().signal;
const PREFIX = '/keys/tts/';
const open = (more: object, secrets: Record<string, string> = {}) =>
  etcd.open('tts-new', etcd.settings.parse({ prefix: PREFIX, ...more }), surroundings(secrets));
const base64 = (text: string) => Buffer.from(text).toString('base64');
const set = (server: TestEtcd, key: string, value: string | Buffer, headers = {}) =>
  server.ask('kv/put', { key: base64(key), value: Buffer.from(value).toString('base64') }, headers);
const empty = async (server: TestEtcd) => {
  await server.ask('kv/deleterange', { key: base64('\0'), range_end: base64('\0') });
  await set(server, '/keys/tts-old/client-1', 'somebody elses');
  await set(server, '/keys/tts', 'not ours');
  await set(server, '/keys/tts0', 'not ours');
};
const failure = async (doing: Promise<unknown>): Promise<string> => {
  const error = (await doing.catch((e) => e)) as Error;
  expect(error).toBeInstanceOf(StoreFailed);
  expect(`${error.stack} ${error.cause}`).not.toMatch(/canary/);
  return error.message;
};
const [k1, k2] = [new Secret('canary-one'), new Secret('canary-two')];

const here = etcdAvailable();
keyStoreContract(
  'etcd',
  async () => {
    const server = await startEtcd();
    return {
      empty: () => empty(server),
      open: () => open({ url: server.members[0]!.url }),
      values: ['plain-key', 'blanks and\nlines', '"\\', 'ünï-鍵-🔑', ' ', '\ufeffmark', 'x'.repeat(100_000)],
      refused: [
        { id: '', value: 'canary' },
        { id: 'client-2', value: '' },
        { id: 'client-2', value: 'canary\0' },
        { id: 'client-1', value: 'canary\ud800' },
      ],
      stop: () => server.stop(),
    };
  },
  here,
);
networkContract(
  'etcd',
  async () => {
    const server = await startEtcd();
    return {
      at: { host: '127.0.0.1', port: server.members[0]!.port },
      empty: () => empty(server),
      open: (port) => open({ url: `http://127.0.0.1:${port}` }),
      marker: (value) => `requestPut":{"key":"${base64(`${PREFIX}client-1`)}","value":"${base64(value)}"`,
      stop: () => server.stop(),
    };
  },
  here,
);

(here ? describe : describe.skip)('an etcd store and its server', () => {
  let server: TestEtcd;
  let url: string;
  beforeAll(async () => {
    server = await startEtcd();
    url = server.members[0]!.url;
  });
  afterAll(() => server?.stop());
  beforeEach(() => empty(server));

  test('the version stays when other keys of the cluster change, and survives a restart of it', async () => {
    const store = open({ url });
    await store.put('client-1', k1, null, on);
    const { version } = await store.read(on);
    await set(server, '/keys/tts-old/client-1', 'changed');
    expect((await store.read(on)).version).toBe(version);
    await server.members[0]!.kill9();
    expect(await failure(store.read(on))).toMatch(/ECONNREFUSED/);
    await server.members[0]!.start();
    expect(await store.read(on)).toEqual({ version, keys: new Map([['client-1', k1]]) });
    await set(server, `${PREFIX}client-1`, 'canary-two');
    expect((await store.read(on)).version).not.toBe(version);
  });

  test('keys that are empty or no text are refused without being shown', async () => {
    await set(server, `${PREFIX}client-1`, '');
    expect(await failure(open({ url }).read(on))).toMatch(/key at \/keys\/tts\/client-1 is empty/);
    await set(server, `${PREFIX}client-1`, Buffer.from([0xff, 0x63]));
    expect(await failure(open({ url }).read(on))).toMatch(/not text/);
    expect(await failure(open({ url }).put('client-1', k1, null, on))).toMatch(/not text/);
  });

  test.each([
    ['empty', ''],
    ['no text', Buffer.from([0xff, 0x63])],
  ])('a key that somebody made %s is not removed as another one, for certain', async (_, made) => {
    await set(server, `${PREFIX}client-1`, made);
    await expect(open({ url }).remove('client-1', k1, on)).rejects.toThrow(Stale);
  });

  test('members are asked in order, and one that is away is passed over', async () => {
    const away = `http://127.0.0.1:${await freePort()}`;
    const store = open({ urls: [away, `${url}/`] });
    await store.put('client-1', k1, null, on);
    expect(plain(await store.read(on))).toEqual({ 'client-1': 'canary-one' });
    expect(await failure(open({ urls: [away, away] }).put('client-1', k2, k1, on))).not.toMatch(
      /may have been/,
    );
  });

  test.each([
    [{}],
    [{ url: 'http://h:1', urls: ['http://h:1'] }],
    [{ url: 'http://u:canary@h:1' }],
    [{ url: 'http://h:1', prefix: '/keys/tts' }],
    [{ url: 'http://h:1', user: 'secret:U' }],
    [{ url: 'http://h:1', user: 'secret:U', password: 'canary' }],
  ])('settings %j are refused, and not repeated', (given) => {
    const parsed = etcd.settings.safeParse({ prefix: PREFIX, ...given });
    expect(parsed.success).toBe(false);
    expect(JSON.stringify(parsed.error)).not.toMatch(/canary/);
  });

  test('with users: lets itself in, again when its token is no longer good, and says when it may not', async () => {
    const guarded = await startEtcd();
    try {
      for (const [name, password] of [
        ['root', 'canary-root'],
        ['tts', 'canary-tts'],
        ['nobody', 'canary-nobody'],
      ])
        await guarded.ask('auth/user/add', { name, password });
      await guarded.ask('auth/role/add', { name: 'root' });
      await guarded.ask('auth/user/grant', { user: 'root', role: 'root' });
      await guarded.ask('auth/role/add', { name: 'keys' });
      await guarded.ask('auth/role/grant', {
        name: 'keys',
        perm: { permType: 'READWRITE', key: base64(PREFIX), range_end: base64('/keys/tts0') },
      });
      await guarded.ask('auth/user/grant', { user: 'tts', role: 'keys' });
      await guarded.ask('auth/enable', {});

      const at = { url: guarded.members[0]!.url, user: 'secret:U', password: 'secret:P' };
      const secrets = { U: 'tts', P: 'canary-tts' };
      const store = open(at, secrets);
      await store.put('client-1', k1, null, on);
      await guarded.members[0]!.kill9();
      await guarded.members[0]!.start();
      // A new password ends the tokens that were had with the old one.
      const { token } = await guarded.ask('auth/authenticate', { name: 'root', password: 'canary-root' });
      const changed = { name: 'tts', password: 'canary-new' };
      await guarded.ask('auth/user/changepw', changed, { Authorization: String(token) });
      secrets.P = 'canary-new';
      await store.put('client-1', k2, k1, on);
      expect(plain(await store.read(on))).toEqual({ 'client-1': 'canary-two' });

      expect(await failure(open(at, { U: 'tts', P: 'canary-tts' }).read(on))).toMatch(
        /does not let us in.*authentication failed/,
      );
      expect(await failure(open(at, { U: 'nobody', P: 'canary-nobody' }).read(on))).toMatch(
        /permission denied/,
      );
      expect(await failure(open({ url: at.url }).read(on))).toMatch(/user name is empty/);
    } finally {
      await guarded.stop();
    }
  });

  test('over TLS with a certificate of our own, and not without', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tocsin-etcd-tls-'));
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    const subject = ['-subj', '/CN=etcd', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const made = [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-keyout',
      key,
      '-out',
      cert,
    ];
    execFileSync('openssl', [...made, ...subject], { stdio: 'ignore' });
    const secure = await startEtcd(1, { cert, key });
    try {
      const at = secure.members[0]!.url;
      const store = open({ url: at, ca: cert });
      await store.put('client-1', k1, null, on);
      expect(plain(await store.read(on))).toEqual({ 'client-1': 'canary-one' });
      expect(await failure(open({ url: at }).read(on))).toMatch(/SELF_SIGNED/);
      expect(await failure(open({ url: at, ca: join(folder, 'gone') }).read(on))).toMatch(/ENOENT/);
    } finally {
      await secure.stop();
      await rm(folder, { recursive: true });
    }
  });
});

(here ? describe : describe.skip)('an etcd cluster that loses members', () => {
  let cluster: TestEtcd;
  beforeAll(async () => {
    cluster = await startEtcd(3);
  }, 30_000);
  afterAll(() => cluster?.stop());

  test('one may go; without a majority nothing is read or written, and it says so', async () => {
    const urls = cluster.members.map(({ url }) => url);
    const store = open({ urls });
    await store.put('client-1', k1, null, on);

    await cluster.members[0]!.kill9();
    // The one that went may have been the leader: until there is a new one a write fails and may be repeated.
    for (let tries = 0; tries < 10; tries++)
      if (
        await store.put('client-1', k2, k1, on).then(
          () => true,
          (error) => {
            if (!(error instanceof StoreFailed)) throw error;
          },
        )
      )
        break;
    expect(plain(await store.read(on))).toEqual({ 'client-1': 'canary-two' });

    await cluster.members[1]!.kill9();
    expect(await failure(store.put('client-1', k1, k2, on))).toMatch(/may have been written/);
    const stop = new AbortController();
    const reading = failure(store.read(stop.signal));
    stop.abort();
    expect(await reading).toMatch(/stopped/);

    await cluster.members[0]!.start();
    const now = plain(await store.read(on));
    expect(['canary-one', 'canary-two']).toContain(now['client-1']);
    await store.put('client-1', k1, new Secret(now['client-1']!), on);
    expect(plain(await store.read(on))).toEqual({ 'client-1': 'canary-one' });
  }, 60_000);
});
