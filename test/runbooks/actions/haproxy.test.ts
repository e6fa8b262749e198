import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Action } from '#runbooks/action.js';
import { keysRotate } from '#runbooks/actions/keys-rotate.js';
import { routeSet } from '#runbooks/actions/route-set.js';
import { haproxyMap as keyMap } from '#runbooks/keystores/haproxy-map.js';
import { haproxyMap as routeMap } from '#runbooks/routes/haproxy-map.js';
import { acceptor, gateway, haproxyAvailable, type TestHaproxy } from '../../support/haproxy.js';
import { fingerprint, Kit } from './kit.js';
import { FORWARD } from './rotation-world.js';

const K1 = 'first-key-value';

(haproxyAvailable() ? describe : describe.skip)('with real HAProxies', () => {
  let kit: Kit;
  let proxies: TestHaproxy[] = [];
  let front: TestHaproxy;

  beforeAll(async () => {
    kit = await Kit.open();
    const keys = `${K1} legacy\n`;
    const services = await Promise.all([acceptor(keys), acceptor(keys)]);
    const [old, fresh] = services as [TestHaproxy, TestHaproxy];
    const backends = { old: old.url, fresh: fresh.url };
    front = await gateway(backends, { keys: `tts ${K1}\n`, route: 'active old\n' });
    proxies = [...services, front];
    const surroundings = {
      fingerprint,
      secret: () => {
        throw new Error('no store here has a secret');
      },
    };
    const place = (proxy: TestHaproxy, map: 'keys' | 'route') => ({
      socket: proxy.socket,
      file: proxy.map(map),
    });
    const open = (name: string, proxy: TestHaproxy, columns: 'id-value' | 'value-id') =>
      kit.stores.set(name, keyMap.open(name, { ...place(proxy, 'keys'), columns }, surroundings));
    open('gateway', front, 'id-value');
    open('old', old, 'value-id');
    open('fresh', fresh, 'value-id');
    kit.routes.set(
      'tts',
      routeMap.open('tts', { ...place(front, 'route'), key: 'active', choices: ['old', 'fresh'] }),
    );
    await kit.store('truth', { current: K1 });
    // What the gateway sends for its client `tts`; without one it sends no key and is refused.
    const through = await kit.serve((_, response) => {
      ask(front.url).then((status) => response.writeHead(status).end());
    });
    kit.pairs.set('tts', {
      name: 'tts',
      truth: 'truth',
      senders: ['gateway'],
      acceptors: ['old', 'fresh'],
      key: 'tts',
      probe: { urls: [old.url, fresh.url], header: 'x-key', status: [200], refused: [401] },
      through,
      drainMs: 200,
    });
  });
  afterAll(async () => {
    for (const proxy of proxies) await proxy.stop();
    await kit?.close();
  });

  const step = async (action: Action, given: Record<string, string>) => {
    const captured = await kit.capture(action, given);
    let result = await kit.run(action, given, { captured });
    if (result.kind === 'wait') {
      await new Promise((resolve) => setTimeout(resolve, 200));
      result = await kit.run(action, given, { captured, waited: result.until });
    }
    return { captured, input: given, output: result.kind === 'done' ? result.output : {} };
  };

  test('rotated twice and routed over and back under requests: none fails', async () => {
    const answers = new Map<number, number>();
    let going = true;
    const load = Array.from({ length: 4 }, async () => {
      while (going) {
        const status = await ask(front.url).catch(() => 0);
        answers.set(status, (answers.get(status) ?? 0) + 1);
        await turn();
      }
    });
    for (let round = 0; round < 2; round += 1) {
      for (const phase of FORWARD) await step(keysRotate, { pair: 'tts', phase });
      const undoing = await step(routeSet, { route: 'tts', to: 'fresh' });
      await kit.done(routeSet, { route: 'tts', to: 'old' }, { undoing });
    }
    going = false;
    await Promise.all(load);
    expect([...answers.keys()]).toEqual([200]);
    expect(answers.get(200)).toBeGreaterThan(100);
    const { current } = await kit.holds('truth');
    expect(await readFile((proxies[0] as TestHaproxy).map('keys'), 'utf8')).toMatch(
      new RegExp(`^${current} tocsin-[0-9a-f]{12}\\n$`),
    );
  });

  test.each([
    { back: false, written: 'file' },
    { back: false, written: 'live' },
    { back: true, written: 'file' },
    { back: true, written: 'live' },
  ])('a sender whose $written only was written goes on; back: $back', async ({ back, written }) => {
    const before = await kit.holds('truth');
    for (const phase of ['mint', 'accept', 'prove']) await step(keysRotate, { pair: 'tts', phase });
    const { pending, current } = await kit.holds('truth');
    const [there, not] = back ? [current, pending] : [pending, current];
    const set = (map: string, live: string) =>
      Promise.all([
        writeFile(front.map('keys'), `tts ${map}\n`),
        front.tell(`set map ${front.map('keys')} tts ${live}`),
      ]);
    await set(String(written === 'file' ? there : not), String(written === 'file' ? not : there));
    if (back) {
      for (const phase of ['unswitch', 'unaccept', 'unmint']) await step(keysRotate, { pair: 'tts', phase });
      expect((await kit.holds('truth')).current === before.current).toBe(true);
    } else {
      for (const phase of ['switch', 'drain', 'retire', 'settle'])
        await step(keysRotate, { pair: 'tts', phase });
      expect((await kit.holds('truth')).current === pending).toBe(true);
    }
    expect(await ask(front.url)).toBe(200);
  });

  test('a sender of which a part holds a key of nobody is left alone', async () => {
    for (const phase of ['mint', 'accept', 'prove']) await step(keysRotate, { pair: 'tts', phase });
    const { current } = await kit.holds('truth');
    await writeFile(front.map('keys'), 'tts of-nobody\n');
    for (const phase of ['switch', 'unswitch'])
      await expect(step(keysRotate, { pair: 'tts', phase })).rejects.toThrow(/gateway/);
    expect(await readFile(front.map('keys'), 'utf8')).toBe('tts of-nobody\n');
    expect(await ask(front.url)).toBe(200);
    await writeFile(front.map('keys'), `tts ${current}\n`);
    for (const phase of ['unaccept', 'unmint']) await step(keysRotate, { pair: 'tts', phase });
  });

  test('the checker sees a key that is swapped without overlap', async () => {
    const { signal } = new AbortController();
    const now = (await kit.stores.get('gateway')?.read(signal))?.keys.get('tts');
    const ids = (await kit.stores.get('old')?.read(signal))?.keys.keys();
    await kit.stores.get('old')?.remove([...(ids ?? [])][0] as string, now as never, signal);
    expect(await ask(front.url)).toBe(401);
  });
});

/** One request of the client `tts`, over a connection of its own. @returns its status; 0: no answer */
function ask(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request(url, { agent: false, headers: { 'x-client': 'tts' } }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
      response.on('error', reject);
    });
    call.on('error', reject);
    call.end();
  });
}
