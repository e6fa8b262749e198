import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { http } from '#runbooks/keystores/http.js';
import { NotWritten, StoreFailed } from '#runbooks/keystores/keystore.js';
import { Secret } from '#runbooks/secret.js';
import { caddyAvailable, startCaddy, type TestCaddy } from '../../support/caddy.js';
import { type Bench, keyStoreContract, plain, surroundings } from './contract.js';
import { networkContract } from './network.js';

const on = new AbortController().signal;
const MAPPINGS = { shape: 'list', id: '/outputs/0', value: '/input', write: 'patch' };
const open = (given: object, secrets: Record<string, string> = {}) =>
  http.open('tts-new', http.settings.parse(given), surroundings(secrets));
const failure = async (doing: Promise<unknown>): Promise<string> => {
  const error = (await doing.catch((e) => e)) as Error;
  expect(error).toBeInstanceOf(StoreFailed);
  expect(`${error.stack} ${error.cause}`).not.toMatch(/canary/);
  return error.message;
};
const [k1, k2] = [new Secret('canary-one'), new Secret('canary-two')];
const TEXTS = {
  values: ['plain-key', 'blanks and\nlines', '"\\', 'ünï-鍵-🔑', ' ', '12345678901234567890'],
  refused: [
    { id: '', value: 'canary' },
    { id: '__proto__', value: 'canary' },
    { id: 'client-2', value: '' },
    { id: 'client-1', value: 'canary\ud800' },
  ],
};

const here = caddyAvailable();
const bench = async (place: (caddy: TestCaddy) => object): Promise<Bench> => {
  const caddy = await startCaddy();
  return {
    ...TEXTS,
    empty: () => caddy.set({}),
    open: () => open({ ...MAPPINGS, ...place(caddy) }),
    stop: () => caddy.stop(),
  };
};
keyStoreContract('http', () => bench((caddy) => ({ url: caddy.keys })), here);
// The same place by the name of its handler, and as a part of what is around it.
keyStoreContract(
  'http',
  () => bench((caddy) => ({ url: caddy.keysById.replace('/mappings', ''), member: '/mappings' })),
  here,
);
networkContract(
  'http',
  async () => {
    const caddy = await startCaddy();
    return {
      at: { host: '127.0.0.1', port: caddy.adminPort },
      empty: () => caddy.set({}),
      open: (port) => {
        const url = new URL(caddy.keys);
        url.port = String(port);
        return open(
          {
            ...MAPPINGS,
            url: url.href,
            headers: { Authorization: 'secret:T', Host: new URL(caddy.admin).host },
          },
          { T: 'canary-password' },
        );
      },
      marker: (value) => `{"input":"${value}"`,
      asksAgain: true,
      stop: () => caddy.stop(),
    };
  },
  here,
);

(here ? describe : describe.skip)('an http store and the Caddy behind it', () => {
  let caddy: TestCaddy;
  beforeAll(async () => {
    caddy = await startCaddy();
  });
  afterAll(() => caddy?.stop());
  beforeEach(() => caddy.set({}));

  test('a key opens the door once it is put, not before and not after, through a restart', async () => {
    const store = open({ ...MAPPINGS, url: caddy.keys });
    expect((await caddy.ask('canary-one')).status).toBe(401);
    await store.put('client-1', k1, null, on);
    expect(await caddy.ask('canary-one')).toEqual({ status: 200, id: 'client-1' });
    await store.put('client-2', k2, null, on);
    await caddy.kill9();
    expect(await failure(store.read(on))).toMatch(/ECONNREFUSED/);
    await caddy.start();
    expect(await caddy.ask('canary-one')).toEqual({ status: 200, id: 'client-1' });
    await store.remove('client-1', k1, on);
    expect((await caddy.ask('canary-one')).status).toBe(401);
    expect(await caddy.ask('canary-two')).toEqual({ status: 200, id: 'client-2' });
  });

  test('somebody who changes another key at the same moment loses nothing', async () => {
    const store = open({ ...MAPPINGS, url: caddy.keys });
    const byName = open({ ...MAPPINGS, url: caddy.keysById });
    await Promise.all(
      Array.from({ length: 6 }, (_, i) =>
        (i % 2 ? store : byName).put(`client-${i}`, new Secret(`canary-${i}`), null, on),
      ),
    );
    expect(Object.keys(plain(await store.read(on))).sort()).toEqual(
      [0, 1, 2, 3, 4, 5].map((i) => `client-${i}`),
    );
  });

  test('a configuration that Caddy does not take is not shown', async () => {
    const store = open({ ...MAPPINGS, url: caddy.keys, value: '/input_regexp' });
    expect(await failure(store.put('client-1', new Secret('canary-(one'), null, on))).toMatch(
      /answered 400|answered 500/,
    );
    expect((await caddy.ask('canary-(one')).status).toBe(401);
  });
});

describe('an http store and servers of other kinds', () => {
  /** A server that keeps one document; what it does to a request before that may be changed. */
  let server: Server;
  let url: string;
  let document: string;
  let seen: Array<{ method?: string; headers: IncomingMessage['headers'] }>;
  let quirk: (
    request: IncomingMessage,
  ) => { status?: number; headers?: Record<string, string>; body?: string } | null;
  let version: number;
  beforeAll(async () => {
    server = createServer(async (request, answer) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      seen.push({ method: request.method, headers: request.headers });
      const odd = quirk(request);
      const etag = `"${version}"`;
      const matches = request.headers['if-match'] === etag;
      if (request.method !== 'GET' && odd?.status === undefined && matches) {
        document = Buffer.concat(chunks).toString();
        version += 1;
      }
      const status = request.method === 'GET' || matches ? 200 : 412;
      answer.writeHead(odd?.status ?? status, odd?.headers ?? { ETag: etag });
      answer.end(odd?.body ?? document);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys?token=not-shown`;
  });
  afterAll(async () => {
    server.close();
    await once(server, 'close');
  });
  beforeEach(() => {
    document = '{}';
    seen = [];
    version = 1;
    quirk = () => null;
  });
  afterEach(() => expect(seen.length).toBeLessThan(60));

  test('an object in a larger document: everything else stays, whatever it is', async () => {
    document =
      '{"a/b":{"keys":{"client-2":"canary-two"},"n":1.5e3},"list":[null,true,-0.25],"__proto__":{"x":1}}';
    const store = open({ url, member: '/a~1b/keys', write: 'post' });
    await store.put('client-1', k1, null, on);
    await store.remove('client-2', k2, on);
    const told = JSON.parse(document);
    expect(told['a/b']).toEqual({ keys: { 'client-1': 'canary-one' }, n: 1500 });
    expect(told.list).toEqual([null, true, -0.25]);
    expect(Object.hasOwn(told, '__proto__')).toBe(true);
    expect(seen.map(({ method }) => method)).toContain('POST');
    expect(store.places).toEqual([`${url.replace(/\?.*/, '')} /a~1b/keys`]);
  });

  test('a list: what else its items hold stays', async () => {
    document = '[{"id":"client-2","value":"canary-two","made":2024}]';
    const store = open({ url, shape: 'list' });
    await store.put('client-2', k1, k2, on);
    await store.put('client-3', k2, null, on);
    expect(JSON.parse(document)).toEqual([
      { id: 'client-2', value: 'canary-one', made: 2024 },
      { id: 'client-3', value: 'canary-two' },
    ]);
  });

  test('headers are sent, those that are secret from their place', async () => {
    const store = open(
      { url, headers: { Authorization: 'secret:T', 'X-Tenant': 'tts' } },
      { T: 'Bearer canary-token' },
    );
    await store.put('client-1', k1, null, on);
    for (const { headers } of seen)
      expect(headers).toMatchObject({ authorization: 'Bearer canary-token', 'x-tenant': 'tts' });
    const broken = open({ url, headers: { Authorization: 'secret:T' } }, { T: 'canary\ntoken' });
    expect(await failure(broken.read(on))).toMatch(/ERR_INVALID_CHAR/);
  });

  const noEtag = () => ({ headers: {} });
  const weak = () => ({ headers: { ETag: 'W/"1"' } });
  const onWrite = (odd: object) => (request: IncomingMessage) => (request.method === 'GET' ? null : odd);
  test.each<[string, string, typeof quirk, RegExp]>([
    ['gives no ETag', '{}', noEtag, /no ETag: it cannot be changed safely/],
    ['gives a weak ETag', '{}', weak, /no strong ETag: it cannot be changed safely/],
    [
      'redirects writes',
      '{}',
      onWrite({ status: 307, headers: { Location: '/x' } }),
      /307.*redirects are not/,
    ],
    ['refuses writes', '{}', onWrite({ status: 403, body: 'canary' }), /answered 403$/],
    ['breaks', '{}', onWrite({ status: 502, body: 'canary' }), /answered 502; it may have been written/],
    ['lies', '{}', onWrite({ status: 200 }), /answered 200, but key client-1 reads differently/],
    ['always has changed', '{}', onWrite({ status: 412 }), /changed 20 times/],
    ['holds a number among its keys', '{"client-2":"canary","n":1}', () => null, /not an id and a text/],
  ])('one that %s', async (_, source, odd, message) => {
    document = source;
    quirk = odd;
    expect(await failure(open({ url }).put('client-1', k1, null, on))).toMatch(message);
    expect(document).toBe(source);
  });

  test.each<[string, { status?: number; body?: string; headers?: Record<string, string> }, RegExp]>([
    [
      'redirects',
      { status: 302, headers: { Location: 'http://127.0.0.1:1/canary' } },
      /302, and redirects are not/,
    ],
    ['is not let in', { status: 401, body: 'canary' }, /answered 401$/],
    ['gets no JSON', { body: 'canary {' }, /not JSON/],
    ['gets a list', { body: '["canary"]' }, /a document that is no object/],
    ['gets other members', { body: '{"canary":{"x":"canary"}}' }, /not an id and a text/],
    ['gets no text', { body: '\u{0}', headers: { 'Content-Length': '9' } }, /gave no answer|broke off/],
    ['gets too much', { body: 'canary'.repeat(3_000_000) }, /more than 16777216 bytes/],
  ])('a reader that %s', async (_, odd, message) => {
    quirk = () => odd;
    const error = await failure(open({ url }).read(on));
    expect(error).toMatch(message);
    expect(error).not.toMatch(/not-shown/);
  });

  test.each<[string, typeof quirk, boolean]>([
    ['does not know us', onWrite({ status: 401 }), true],
    ['does not let us', onWrite({ status: 403 }), true],
    ['has nothing there to write to', onWrite({ status: 404 }), true],
    ['knows no such method', onWrite({ status: 405 }), true],
    ['gives no ETag', noEtag, true],
    ['did not wait for it', onWrite({ status: 408 }), false],
    ['breaks', onWrite({ status: 500 }), false],
    ['lies', onWrite({ status: 200 }), false],
  ])('one that %s: whether it is certain that nothing was written', async (_, odd, certain) => {
    quirk = odd;
    const error = await open({ url })
      .put('client-1', k1, null, on)
      .catch((e) => e);
    expect(error).toBeInstanceOf(StoreFailed);
    expect(error instanceof NotWritten).toBe(certain);
  });

  test('a refusal after an answer that was lost says nothing of the first attempt', async () => {
    let writes = 0;
    quirk = (request) => {
      if (request.method === 'GET') return null;
      writes += 1;
      if (writes === 1) request.socket.resetAndDestroy();
      return { status: 403 };
    };
    const error = await open({ url })
      .put('client-1', k1, null, on)
      .catch((e) => e);
    expect([writes, error.message]).toEqual([2, expect.stringMatching(/answered 403$/)]);
    expect(error).not.toBeInstanceOf(NotWritten);
  });

  test('numbers that JavaScript cannot hold are not written over', async () => {
    const source = '{"id":12345678901234567890,"keys":{"12345678901234567890":"a"}}';
    document = source;
    const store = open({ url, member: '/keys' });
    expect(await failure(store.put('client-1', k1, null, on))).toMatch(/would not survive/);
    expect(document).toBe(source);
    document = source.replace(/:\d+/, ':9007199254740991');
    await store.put('client-1', k1, null, on);
    expect(JSON.parse(document).id).toBe(9007199254740991);
  });

  test('of two that change one key the slower is stale, and one that changed another key is let pass', async () => {
    const store = open({ url });
    const meddle = (key: string) => {
      let once = true;
      quirk = ({ method }) => {
        if (method !== 'GET' && once) {
          once = false;
          version += 1;
          document = JSON.stringify({ ...JSON.parse(document), [key]: 'canary-theirs' });
        }
        return null;
      };
    };
    meddle('client-2');
    await store.put('client-1', k1, null, on);
    expect(JSON.parse(document)).toEqual({ 'client-1': 'canary-one', 'client-2': 'canary-theirs' });
    meddle('client-1');
    await expect(store.put('client-1', k2, k1, on)).rejects.toThrow(/not what it was/);
    expect(JSON.parse(document)['client-1']).toBe('canary-theirs');
  });

  test.each([
    { url: 'http://u:canary@h/' },
    { url: 'ftp://h/' },
    { headers: { Authorization: 'Bearer canary' } },
    { headers: { 'X-Api-Key': 'canary' } },
    { headers: { 'X-Tenant': 'secret: canary' } },
    { headers: { 'If-Match': '*' } },
    { member: 'keys' },
    { shape: 'list', id: '/a~2' },
    { shape: 'list', id: '/a', value: '/a/b' },
  ])('settings %j are refused, and not repeated', (given) => {
    const parsed = http.settings.safeParse({ url: 'http://h/', ...given });
    expect(parsed.success).toBe(false);
    expect(JSON.stringify(parsed.error)).not.toMatch(/canary/);
  });
});
