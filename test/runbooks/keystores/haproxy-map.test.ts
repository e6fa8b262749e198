import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { RuntimeApi } from '#runbooks/keystores/haproxy.js';
import { haproxyMap } from '#runbooks/keystores/haproxy-map.js';
import { Stale, StoreFailed } from '#runbooks/keystores/keystore.js';
import { Secret } from '#runbooks/secret.js';
import { acceptor, gateway, haproxyAvailable, type TestHaproxy } from '../../support/haproxy.js';
import { until } from '../../support/until.js';
import { type Bench, keyStoreContract, plain, surroundings } from './contract.js';

type Columns = 'id-value' | 'value-id';
const on = new AbortController().signal;
const one = (proxy: TestHaproxy, name: string) => ({ name, socket: proxy.socket, file: proxy.map('keys') });
const open = (columns: Columns, ...proxies: TestHaproxy[]) =>
  haproxyMap.open(
    'tts-new',
    { columns, instances: proxies.map((proxy, i) => one(proxy, `tts-${i + 1}`)) },
    surroundings(),
  );

/** What could end a word, a line or a command, or mean something else in its place. */
const UNSAFE = [
  'canary two',
  'canary;del map x y',
  'canary\nshow map',
  'canary\r',
  'canary\t',
  'canary\\',
  'canary\0',
  'canäry',
  '#canary',
  '@1canary',
  '<<',
  '<<canary',
  '',
  'x'.repeat(5_000),
];

async function bench(columns: Columns, count: number): Promise<Bench> {
  const proxies = await Promise.all(
    Array.from({ length: count }, () => (columns === 'id-value' ? gateway({}) : acceptor())),
  );
  return {
    async empty() {
      for (const proxy of proxies) {
        await writeFile(proxy.map('keys'), '');
        await proxy.tell(`clear map ${proxy.map('keys')}`);
      }
    },
    open: () => open(columns, ...proxies),
    values: [
      '!"$%&\'()*+,-./0123456789:<=>?',
      '@'.padStart(2, 'a'),
      'A-Z[]^_`a-z{|}~',
      'a#b',
      '"q"',
      'x==',
      '%41',
    ],
    refused: [
      ...UNSAFE.map((value) => ({ id: 'client-1', value })),
      ...UNSAFE.map((value) => ({ id: 'client-2', value })),
      ...UNSAFE.map((id) => ({ id, value: 'canary-value' })),
    ],
    stop: async () => {
      for (const proxy of proxies) await proxy.stop();
    },
  };
}

const here = haproxyAvailable();
keyStoreContract('haproxy-map', () => bench('id-value', 1), here);
keyStoreContract('haproxy-map', () => bench('value-id', 2), here);

(here ? describe : describe.skip)('a haproxy-map store and the traffic', () => {
  let first: TestHaproxy;
  let second: TestHaproxy;
  let front: TestHaproxy;
  const [k1, k2] = [new Secret('canary-one'), new Secret('canary-two')];
  beforeAll(async () => {
    [first, second] = await Promise.all([acceptor(), acceptor()]);
    front = await gateway({ 'tts-1': first.url, 'tts-2': second.url }, { route: 'active tts-1\n' });
  });
  afterAll(async () => {
    for (const proxy of [front, first, second]) await proxy?.stop();
  });
  beforeEach(async () => {
    for (const proxy of [front, first, second]) {
      await writeFile(proxy.map('keys'), '# keys, by hand\n\n');
      await proxy.tell(`clear map ${proxy.map('keys')}`);
    }
  });
  const status = async (url: string, headers: Record<string, string>) =>
    (await fetch(url, { headers })).status;
  const accepts = async (key: Secret) => [
    await status(first.url, { 'x-key': key.reveal() }),
    await status(second.url, { 'x-key': key.reveal() }),
  ];

  test('a key is taken at once and after a reload, and no longer once it is removed', async () => {
    const accepting = open('value-id', first, second);
    const sending = open('id-value', front);
    expect(await accepts(k1)).toEqual([401, 401]);
    await accepting.put('client-1', k1, null, on);
    await sending.put('client-1', k1, null, on);
    for (const again of [false, true]) {
      if (again) for (const proxy of [first, second, front]) await proxy.reload();
      expect(await accepts(k1)).toEqual([200, 200]);
      expect(await status(front.url, { 'x-client': 'client-1' })).toBe(200);
      expect(await status(front.url, { 'x-client': 'nobody' })).toBe(401);
    }
    expect(await readFile(first.map('keys'), 'utf8')).toBe('# keys, by hand\n\ncanary-one client-1\n');
    await accepting.remove('client-1', k1, on);
    expect(await accepts(k1)).toEqual([401, 401]);
    for (const proxy of [first, second]) await proxy.reload();
    expect(await accepts(k1)).toEqual([401, 401]);
    expect(await readFile(first.map('keys'), 'utf8')).toBe('# keys, by hand\n');
  });

  test('the file keeps its mode', async () => {
    await open('id-value', front).put('client-1', k1, null, on);
    expect((await stat(front.map('keys'))).mode & 0o777).toBe(0o644);
  });

  // What a crash may leave: each place as it was before or after, and one live map between adding and removing.
  const halves = [0, 1, 2, 3].flatMap((done) =>
    (['id-value', 'value-id'] as const).map((columns) => [columns, done] as const),
  );
  test.each(halves)(
    '%s: a change that stopped after %d of 4 places is finished by the same call',
    async (columns, done) => {
      const proxies = [first, second];
      const store = open(columns, ...proxies);
      const row = (key: Secret) =>
        columns === 'id-value' ? `client-1 ${key.reveal()}` : `${key.reveal()} client-1`;
      const leave = async (rows: (place: number) => string[]) => {
        for (const [i, proxy] of proxies.entries()) {
          await writeFile(
            proxy.map('keys'),
            rows(2 * i)
              .map((r) => `${r}\n`)
              .join(''),
          );
          await proxy.tell(`clear map ${proxy.map('keys')}`);
          for (const r of rows(2 * i + 1)) await proxy.tell(`add map ${proxy.map('keys')} ${r}`);
        }
      };
      const read = async () => plain(await store.read(on));

      await leave((place) => (place < done ? [row(k1)] : []));
      expect(await read()).toEqual({});
      await store.put('client-1', k1, null, on);
      expect(await read()).toEqual({ 'client-1': 'canary-one' });

      await leave((place) => (place < done ? [row(k2)] : place === done ? [row(k1), row(k2)] : [row(k1)]));
      expect(await read()).toEqual({});
      await store.put('client-1', k2, k1, on);
      expect(await read()).toEqual({ 'client-1': 'canary-two' });

      await leave((place) => (place < done ? [] : [row(k2)]));
      await store.remove('client-1', k2, on);
      expect(await read()).toEqual({});
      for (const proxy of proxies) {
        expect(await readFile(proxy.map('keys'), 'utf8')).not.toMatch(/canary/);
        expect(await proxy.tell(`show map ${proxy.map('keys')}`)).not.toMatch(/canary/);
      }
    },
  );

  test('one instance that is down: nothing is written, and the message names it and shows nothing', async () => {
    const store = open('value-id', first, second);
    await store.put('client-1', k1, null, on);
    await second.kill9();
    try {
      for (const doing of [
        () => store.put('client-2', k2, null, on),
        () => store.remove('client-1', k1, on),
        () => store.read(on),
      ]) {
        const error: Error = await doing().then(
          () => new Error('done'),
          (e) => e,
        );
        expect(error).toBeInstanceOf(StoreFailed);
        expect(error.message).toMatch(/^tts-new: tts-2 live could not be read: .*(ECONNREFUSED|ENOENT)/);
        expect(error.stack).not.toMatch(/canary/);
      }
      expect(plain(await open('value-id', first).read(on))).toEqual({ 'client-1': 'canary-one' });
    } finally {
      await second.start();
    }
    expect(await accepts(k1)).toEqual([200, 200]);
  });

  test('one key is not put under two ids where the key is what is looked up', async () => {
    const store = open('value-id', first);
    await store.put('client-1', k1, null, on);
    const error = await store.put('client-2', k1, null, on).catch((e) => e);
    expect(error.message).toBe('tts-new: the key for client-2 is there already, under the id client-1');
  });

  test('a key that somebody else changed live only is stale', async () => {
    const store = open('id-value', front);
    await store.put('client-1', k1, null, on);
    const before = (await store.read(on)).version;
    await front.tell(`set map ${front.map('keys')} client-1 canary-live`);
    const now = await store.read(on);
    expect(now.version).not.toBe(before);
    expect(plain(now)).toEqual({});
    await expect(store.put('client-1', k2, k1, on)).rejects.toThrow(Stale);
    await store.put('client-1', k1, new Secret('canary-live'), on);
    expect((await store.read(on)).version).toBe(before);
  });

  test('nothing unsafe is sent, whoever asks', async () => {
    const api = new RuntimeApi(front.socket);
    const map = front.map('keys');
    for (const word of UNSAFE) {
      await expect(api.addMap(map, ['client-1', word], on)).rejects.toThrow('cannot be sent safely');
      await expect(api.setMap(map, [word, 'x'], on)).rejects.toThrow('cannot be sent safely');
      await expect(api.delMap(map, word, on)).rejects.toThrow('cannot be sent safely');
      await expect(api.showMap(word, on)).rejects.toThrow('cannot be sent safely');
    }
    expect((await front.tell(`show map ${map}`)).trim()).toBe('');
  });

  test('what HAProxy complains of is an error, though its socket says nothing of it', async () => {
    const api = new RuntimeApi(front.socket);
    await expect(api.showMap('/no/such.map', on)).rejects.toThrow('no map /no/such.map');
    await expect(api.addMap('/no/such.map', ['a', 'b'], on)).rejects.toThrow('`add map` was refused');
    await expect(api.setMap(front.map('keys'), ['absent', 'b'], on)).rejects.toThrow('found no such entry');
    await expect(api.delMap(front.map('keys'), 'absent', on)).rejects.toThrow('found no such entry');
  });
});

describe('a Runtime API that does not answer as it should', () => {
  let folder: string;
  let path: string;
  const commands: string[] = [];
  const clients = new Set<Socket>();
  let says = (_: Socket) => {};
  const server = createServer((client) => {
    clients.add(client);
    client.on('error', () => {});
    client.on('close', () => clients.delete(client));
    client.on('data', (chunk) => {
      commands.push(String(chunk));
      says(client);
    });
  });
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tocsin-runtime-api-'));
    path = join(folder, 'socket');
    server.listen(path);
    await once(server, 'listening');
  });
  beforeEach(() => {
    commands.length = 0;
    says = () => {};
  });
  afterAll(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });
  const shown = (signal = on) => new RuntimeApi(path).showMap('/keys.map', signal);
  const nobody = () => until('no client is left', () => clients.size === 0);

  test('it is stopped in the middle of an answer, and the connection is closed', async () => {
    const stop = new AbortController();
    says = (client) => client.write('0x55d0 client-1 canary\n', () => stop.abort());
    await expect(shown(stop.signal)).rejects.toThrow(/^stopped$/);
    await nobody();
  });

  test('once it is stopped nothing is sent', async () => {
    await expect(shown(AbortSignal.abort())).rejects.toThrow(/^stopped$/);
    says = (client) => client.end('\n');
    await shown();
    expect(commands).toEqual(['show map /keys.map\n']);
  });

  test('one that says nothing is not waited for for ever', async () => {
    await expect(shown()).rejects.toThrow(/^no answer within 3 s$/);
    await nobody();
  });

  test.each([
    ['nothing', ''],
    ['half a line', '0x55d0 client-1 canary'],
  ])('an answer that ends after %s is not taken for the whole', async (_, answer) => {
    says = (client) => client.end(answer);
    await expect(shown()).rejects.toThrow(/^the answer broke off$/);
    await nobody();
  });

  test('a socket that is not there is named', async () => {
    const away = new RuntimeApi(join(folder, 'nowhere')).showMap('/keys.map', on);
    await expect(away).rejects.toThrow(`socket ${join(folder, 'nowhere')}: ENOENT`);
  });
});
