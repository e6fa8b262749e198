import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { haproxyMap } from '#runbooks/routes/haproxy-map.js';
import { RouteFailed, StaleRoute } from '#runbooks/routes/route.js';
import { acceptor, gateway, haproxyAvailable, type TestHaproxy } from '../../support/haproxy.js';

const on = new AbortController().signal;

(haproxyAvailable() ? describe : describe.skip)('a route in a map of two gateways', () => {
  let services: TestHaproxy[];
  let gateways: TestHaproxy[];
  const route = (choices = ['tts-old', 'tts-new']) =>
    haproxyMap.open('tts', {
      key: 'active',
      choices,
      instances: gateways.map((proxy, i) => ({
        name: `gateway-${i + 1}`,
        socket: proxy.socket,
        file: proxy.map('route'),
      })),
    });
  /** Which backend answers, at each gateway. */
  const traffic = () =>
    Promise.all(
      gateways.map(async ({ url }) => {
        const { headers } = await fetch(url, { headers: { 'x-client': 'client-1' } });
        return headers.get('x-backend');
      }),
    );
  /** Says by hand where each place points: file and live of one, file and live of the other. */
  const leave = async (...tos: string[]) => {
    for (const [i, proxy] of gateways.entries()) {
      const map = proxy.map('route');
      await writeFile(map, `# where to\nother entry\nactive ${tos[2 * i]}\n`);
      await proxy.tell(`clear map ${map}`);
      await proxy.tell(`add map ${map} active ${tos[2 * i + 1]}`);
    }
  };

  beforeAll(async () => {
    services = await Promise.all([acceptor('key-1 client-1\n'), acceptor('key-1 client-1\n')]);
    const backends = { 'tts-old': services[0]!.url, 'tts-new': services[1]!.url };
    const maps = { keys: 'client-1 key-1\n', route: 'active tts-old\n' };
    gateways = await Promise.all([gateway(backends, maps), gateway(backends, maps)]);
  });
  afterAll(async () => {
    for (const proxy of [...(gateways ?? []), ...(services ?? [])]) await proxy.stop();
  });
  beforeEach(() => leave('tts-old', 'tts-old', 'tts-old', 'tts-old'));

  test('moves the traffic of both, at once and after a reload, and back', async () => {
    expect(await traffic()).toEqual(['tts-old', 'tts-old']);
    await route().set('tts-new', 'tts-old', on);
    await route().set('tts-new', 'tts-old', on);
    expect(await traffic()).toEqual(['tts-new', 'tts-new']);
    for (const proxy of gateways) await proxy.reload();
    expect(await traffic()).toEqual(['tts-new', 'tts-new']);
    expect(await readFile(gateways[0]!.map('route'), 'utf8')).toBe(
      '# where to\nother entry\nactive tts-new\n',
    );
    await route().set('tts-old', 'tts-new', on);
    expect(await route().read(on)).toEqual({
      to: 'tts-old',
      places: ['gateway-1 file', 'gateway-1 live', 'gateway-2 file', 'gateway-2 live'].map((place) => ({
        place,
        to: 'tts-old',
      })),
    });
  });

  test.each([1, 2, 3])('stopped after %d of 4 places, it is finished by the same call', async (done) => {
    const tos = [0, 1, 2, 3].map((place) => (place < done ? 'tts-new' : 'tts-old'));
    await leave(...tos);
    const { to, places } = await route().read(on);
    expect(to).toBeNull();
    expect(places.map((place) => place.to)).toEqual(tos);
    await route().set('tts-new', 'tts-old', on);
    expect(await traffic()).toEqual(['tts-new', 'tts-new']);
    expect((await route().read(on)).to).toBe('tts-new');
  });

  test('one place that points elsewhere makes it stale, and nothing is changed', async () => {
    await leave('tts-old', 'tts-old', 'tts-old', 'tts-third');
    const stale = await route()
      .set('tts-new', 'tts-old', on)
      .catch((error) => error);
    expect(stale).toBeInstanceOf(StaleRoute);
    expect(stale.message).toBe(
      'tts: gateway-2 live points to tts-third, not to tts-old: nothing was changed',
    );
    expect((await route().read(on)).places.map(({ to }) => to)).toEqual([
      'tts-old',
      'tts-old',
      'tts-old',
      'tts-third',
    ]);
  });

  test('of two that move it to different ends at the same moment one wins', async () => {
    const results = await Promise.allSettled(
      ['tts-new', 'tts-third'].map((to) => route([]).set(to, 'tts-old', on)),
    );
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const won = results[0]!.status === 'fulfilled' ? 'tts-new' : 'tts-third';
    expect((await route().read(on)).to).toBe(won);
  });

  test.each(['tts-third', 'tts new', 'x;y', ''])('it is not set to %j', async (to) => {
    await expect(route().set(to, 'tts-old', on)).rejects.toThrow(RouteFailed);
    await expect(route().set(to, 'tts-old', on)).rejects.toThrow('may point to tts-old, tts-new only');
    expect((await route().read(on)).to).toBe('tts-old');
  });

  test('a gateway that is down, and an entry that is missing, are named', async () => {
    await writeFile(gateways[1]!.map('route'), '');
    await expect(route().set('tts-new', 'tts-old', on)).rejects.toThrow(
      'tts: gateway-2 file has no entry active',
    );
    await gateways[0]!.kill9();
    try {
      await expect(route().read(on)).rejects.toThrow(/^tts: gateway-1 live could not be read/);
      await expect(route().set('tts-new', 'tts-old', on)).rejects.toThrow(RouteFailed);
    } finally {
      await gateways[0]!.start();
    }
    expect(await readFile(gateways[0]!.map('route'), 'utf8')).toContain('active tts-old');
  });
});
