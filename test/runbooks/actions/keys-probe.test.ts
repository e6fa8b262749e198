import type { IncomingMessage, RequestListener } from 'node:http';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { keysProbe } from '#runbooks/actions/keys-probe.js';
import { failure, fp, hangUp, Kit } from './kit.js';

let kit: Kit;
const KEYS = { 'client-1': 'value-one', 'client-2': 'value-two' };

beforeEach(async () => {
  kit = await Kit.open();
  await kit.store('new', KEYS);
});
afterEach(() => kit.close());

const key = (request: IncomingMessage) => String(request.headers['x-api-key']);
const service =
  (accepted: string[]): RequestListener =>
  (request, response) =>
    response.writeHead(accepted.includes(key(request)) ? 200 : 401).end();
const good = service(Object.values(KEYS));

test('every key on every instance, and a random one', async () => {
  const asked: string[] = [];
  const one = await kit.serve((request, response) => {
    asked.push(key(request));
    good(request, response);
  });
  const two = await kit.serve(good);
  const { output, summary } = await kit.done(keysProbe, { store: 'new', urls: [`${one}/v1/clips?q=1`, two] });
  expect(output).toEqual({ probed: ['client-1', 'client-2'], instances: [`${one}/v1/clips`, `${two}/`] });
  expect(summary).toBe('2 keys of new accepted by each of 2 instances, a random key is refused');
  expect(asked).toHaveLength(3);
  expect(asked.slice(1)).toEqual(Object.values(KEYS));
  expect(asked[0]).toMatch(/^[\w-]{43}$/);
});

test('a plan asks no instance, and says what will be tried', async () => {
  let asked = 0;
  const url = await kit.serve((_, response) => {
    asked += 1;
    response.end();
  });
  const plan = await kit.plan(keysProbe, { store: 'new', url });
  expect(plan).toMatchObject({
    does: `tries every key of new and a random one against ${url}/`,
    output: null,
  });
  expect(asked).toBe(0);
  await failure(kit.plan(keysProbe, { store: 'nwe', url }));
});

test('one of two instances that refuses one key is named, with the key', async () => {
  const one = await kit.serve(good);
  const two = await kit.serve(service(['value-one']));
  const failed = await failure(kit.run(keysProbe, { store: 'new', urls: [one, two] }));
  expect(failed.message).toBe(`${two}/ answered 401 to key client-2 ${fp('value-two')}`);
});

test.each<[string, RequestListener, RegExp]>([
  ['takes any key', (_, response) => response.end(), /accepts any key: the probe proves nothing$/],
  [
    'is broken',
    (_, response) => response.writeHead(500).end(),
    /answered 500 to a random key instead of 401 or 403$/,
  ],
  [
    'redirects',
    (_, response) => response.writeHead(302, { Location: '/' }).end(),
    /answered 302 to a random key/,
  ],
  ['resets', (request) => hangUp(request.socket), /broke off: ECONNRESET$/],
  ['is silent', () => {}, /gave no whole answer within 150 ms$/],
  [
    'half answers',
    (_, response) => {
      response.writeHead(200, { 'Content-Length': '10' });
      response.write('half', () => response.socket?.destroy());
    },
    /broke off in its answer/,
  ],
])('an instance that %s fails the probe', async (_, listener, message) => {
  const url = await kit.serve(listener);
  const failed = await failure(kit.run(keysProbe, { store: 'new', url, timeout: '150ms' }));
  expect(failed.message).toMatch(message);
  expect(failed.unsure).toBe(false);
});

test('nobody there', async () => {
  const failed = await failure(kit.run(keysProbe, { store: 'new', url: 'http://127.0.0.1:1/' }));
  expect(failed.message).toBe('http://127.0.0.1:1/ cannot be reached: ECONNREFUSED');
});

test('of many keys fifty are tried, and it is said which', async () => {
  const many = Object.fromEntries(
    Array.from({ length: 500 }, (_, n) => [`k${String(n).padStart(3, '0')}`, `v${n}`]),
  );
  await kit.write('new', many);
  let asked = 0;
  const url = await kit.serve((request, response) => {
    asked += 1;
    service(Object.values(many))(request, response);
  });
  const { output } = await kit.done(keysProbe, { store: 'new', url });
  expect(asked).toBe(51);
  expect(output.probed).toHaveLength(50);
  expect(new Set(output.probed as string[]).size).toBe(50);
  expect(output.probed).toEqual(expect.arrayContaining(['k000', 'k499']));
  expect(kit.said[0]).toBe(`50 of 500 keys are tried: ${(output.probed as string[]).join(', ')}`);
});

test('an empty store, an unknown key, and both or no addresses', async () => {
  const url = await kit.serve(good);
  expect((await failure(kit.run(keysProbe, { store: 'new', url, keys: ['client-9'] }))).message).toBe(
    'new has no key client-9',
  );
  await kit.write('new', {});
  expect((await failure(kit.run(keysProbe, { store: 'new', url }))).message).toContain('holds no key');
  expect(keysProbe.input.safeParse({ store: 'new' }).success).toBe(false);
  expect(keysProbe.input.safeParse({ store: 'new', url, urls: [url] }).success).toBe(false);
  expect(keysProbe.input.safeParse({ store: 'new', url: 'http://user:pw@host/' }).success).toBe(false);
});

test('other headers and statuses; a negative probe that is not wanted is not made', async () => {
  const url = await kit.serve((request, response) => {
    const accepted = request.headers['x-token'] === 'value-one';
    response.writeHead(accepted ? 204 : 418).end();
  });
  const given = { store: 'new', url, header: 'X-Token', keys: ['client-1'], status: 204, refused: [418] };
  await kit.done(keysProbe, given);
  await kit.done(keysProbe, { ...given, negative: false, refused: [401] });
});

test('cancelled, it ends at once', async () => {
  const stop = new AbortController();
  let gone = (_: unknown) => {};
  const hungUp = new Promise((resolve) => {
    gone = resolve;
  });
  const url = await kit.serve((request) => {
    request.socket.once('close', gone);
    stop.abort();
  });
  const stopped = await failure(
    kit.run(keysProbe, { store: 'new', url, timeout: '1h' }, { signal: stop.signal }),
  );
  expect(stopped.message).toContain('the step was stopped');
  await hungUp;
});
