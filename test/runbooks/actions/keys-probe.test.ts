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

/** Where the keys of the store may be tried, as tocsin.yml would say. */
const tryAt = (...urls: string[]) =>
  kit.storeProbes.set('new', {
    urls,
    header: 'X-Api-Key',
    status: [200],
    refused: [401, 403],
    negative: true,
  });

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
  tryAt(`${one}/v1/clips?q=1`, two);
  const { output, summary } = await kit.done(keysProbe, { store: 'new' });
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
  tryAt(url);
  const plan = await kit.plan(keysProbe, { store: 'new' });
  expect(plan).toMatchObject({
    does: `tries every key of new and a random one against ${url}/`,
    output: null,
  });
  expect(asked).toBe(0);
  await failure(kit.plan(keysProbe, { store: 'nwe' }));
});

test('one of two instances that refuses one key is named, with the key', async () => {
  const one = await kit.serve(good);
  const two = await kit.serve(service(['value-one']));
  tryAt(one, two);
  const failed = await failure(kit.run(keysProbe, { store: 'new' }));
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
  tryAt(url);
  const failed = await failure(kit.run(keysProbe, { store: 'new', timeout: '150ms' }));
  expect(failed.message).toMatch(message);
  expect(failed.unsure).toBe(false);
});

test('an instance that is silent for a moment is asked again, and one that stays silent three times', async () => {
  let silent = 2;
  let asked = 0;
  const url = await kit.serve((request, response) => {
    asked += 1;
    if (silent > 0) silent -= 1;
    else good(request, response);
  });
  tryAt(url);
  await kit.done(keysProbe, { store: 'new', timeout: '150ms' });
  const needed = asked - 2;
  silent = Number.POSITIVE_INFINITY;
  asked = 0;
  await failure(kit.run(keysProbe, { store: 'new', timeout: '150ms' }));
  expect(asked).toBe(3);
  expect(needed).toBeGreaterThanOrEqual(2);
});

test('nobody there', async () => {
  tryAt('http://127.0.0.1:1/');
  const failed = await failure(kit.run(keysProbe, { store: 'new' }));
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
  tryAt(url);
  const { output } = await kit.done(keysProbe, { store: 'new' });
  expect(asked).toBe(51);
  expect(output.probed).toHaveLength(50);
  expect(new Set(output.probed as string[]).size).toBe(50);
  expect(output.probed).toEqual(expect.arrayContaining(['k000', 'k499']));
  expect(kit.said[0]).toBe(`50 of 500 keys are tried: ${(output.probed as string[]).join(', ')}`);
});

test('an empty store, an unknown key, and nowhere to try one', async () => {
  await failure(kit.run(keysProbe, { store: 'new' }));
  tryAt(await kit.serve(good));
  expect((await failure(kit.run(keysProbe, { store: 'new', keys: ['client-9'] }))).message).toBe(
    'new has no key client-9',
  );
  await kit.write('new', {});
  expect((await failure(kit.run(keysProbe, { store: 'new' }))).message).toContain('holds no key');
});

test.each(['url', 'urls', 'header', 'status', 'refused'])(
  'no step says %s: tocsin.yml does',
  async (member) => {
    const url = await kit.serve(good);
    const given = { store: 'new', [member]: member === 'urls' ? [url] : url };
    expect(keysProbe.input.safeParse(given).success).toBe(false);
    const said = keysProbe.gone?.[member]?.({ ...given, header: 'X-Token' });
    expect(said).toMatch(
      /take it out, and write there, under keystores: new: probe: \{ urls?: .*, header: X-Token \}$/,
    );
  },
);

test('other headers and statuses; a negative probe that is not wanted is not made', async () => {
  const url = await kit.serve((request, response) => {
    const accepted = request.headers['x-token'] === 'value-one';
    response.writeHead(accepted ? 204 : 418).end();
  });
  const probe = { urls: [url], header: 'X-Token', status: [204], refused: [418], negative: true };
  kit.storeProbes.set('new', probe);
  const given = { store: 'new', keys: ['client-1'] };
  await kit.done(keysProbe, given);
  kit.storeProbes.set('new', { ...probe, refused: [401] });
  await kit.done(keysProbe, { ...given, negative: false });
  await failure(kit.run(keysProbe, given));
  kit.storeProbes.set('new', { ...probe, refused: [401], negative: false });
  await kit.done(keysProbe, given);
});

test('at the instances of a pair, which are those of its acceptors', async () => {
  const url = await kit.serve(good);
  kit.pairs.set('tts', {
    name: 'tts',
    truth: 'truth',
    senders: ['gateway'],
    acceptors: ['new'],
    key: 'tts',
    probe: { urls: [url], header: 'X-Api-Key', status: [200], refused: [401] },
    through: null,
    drainMs: 0,
  });
  expect((await kit.done(keysProbe, { store: 'new', pair: 'tts' })).output).toMatchObject({
    instances: [`${url}/`],
  });
  await kit.store('truth', { current: 'value-truth' });
  expect((await failure(kit.plan(keysProbe, { store: 'truth', pair: 'tts' }))).message).toBe(
    'truth is no acceptor of the pair tts; its acceptors are new',
  );
});

test('a redirect is not followed: no key goes to where it points', async () => {
  let reached = 0;
  const elsewhere = await kit.serve((_, response) => {
    reached += 1;
    response.end();
  });
  for (const status of [301, 302, 303, 307, 308]) {
    tryAt(await kit.serve((_, response) => response.writeHead(status, { Location: elsewhere }).end()));
    expect((await failure(kit.run(keysProbe, { store: 'new' }))).message).toContain(`answered ${status}`);
  }
  expect(reached).toBe(0);
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
  tryAt(url);
  const stopped = await failure(kit.run(keysProbe, { store: 'new', timeout: '1h' }, { signal: stop.signal }));
  expect(stopped.message).toContain('the step was stopped');
  await hungUp;
});
