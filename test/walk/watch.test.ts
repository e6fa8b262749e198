import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { prometheusAvailable, startPrometheus, type TestPrometheus } from '../support/prometheus.js';
import { redisAvailable, startRedis, type TestRedis } from '../support/redis.js';
import { pause, startWalk, type Walk } from './kit.js';

// Two bots watch a real service and ask a real Prometheus about it; the queue forgets, and both are killed.

const here = prometheusAvailable() && redisAvailable();
(here ? describe : describe.skip)('a watch, lived through', () => {
  let walk: Walk;
  let service: Server;
  let redis: TestRedis;
  let prometheus: TestPrometheus;
  let channel: string;
  let well = true;
  let asked = 0;

  beforeAll(async () => {
    service = createServer((request, response) => {
      if (request.url === '/metrics') return void response.end(`tts_up ${well ? 1 : 0}\n`);
      asked += 1;
      response.writeHead(well ? 200 : 503).end();
    });
    await new Promise<void>((ready) => service.listen(0, '127.0.0.1', ready));
    const at = `127.0.0.1:${(service.address() as AddressInfo).port}`;
    redis = await startRedis();
    prometheus = await startPrometheus({
      scrape_configs: [{ job_name: 'tts', static_configs: [{ targets: [at] }] }],
    });
    while ((await prometheus.api<{ result: unknown[] }>('query', { query: 'tts_up' })).result.length === 0)
      await pause(50);
    walk = await startWalk();
    const settings = {
      probes: { tts: { url: `http://${at}/` } },
      queries: { up: { url: prometheus.url, query: 'tts_up', condition: '== 1' } },
      every: '1s',
      default: { for: '10m' },
    };
    await writeFile(join(walk.folder, 'tocsin.yml'), JSON.stringify({ watch: settings }));
  });
  afterAll(async () => {
    await walk?.end();
    await prometheus?.stop();
    await redis?.stop();
    service?.closeAllConnections();
    service?.close();
  });

  const saying = (what: string) =>
    walk.until(what, ({ channels }) => {
      const found = channels.find(({ id }) => id === channel)?.messages ?? [];
      return found.find(({ text }) => text.includes(what));
    });
  const typed = async (text: string) => (await walk.type('ana', channel, text)).text;

  test('what fails is told at once, and the end says what was watched, and how often it was good', async () => {
    const more = { REDIS_URL: redis.url, TOCSIN_CONFIG: 'tocsin.yml' };
    const web = await walk.bot(walk.port, more, ['--role', 'web']);
    const [first, second] = [await walk.worker(more), await walk.worker(more)];
    await walk.type('ana', 'incidents', 'open sev3 Watched');
    channel = await walk.until(
      'the channel',
      ({ channels }) => channels.find(({ name }) => name.startsWith('inc-1-'))?.id,
    );
    // Who may watch is in the channel.
    await walk.until('ana in it', ({ channels, users }) => {
      const ana = users.find(({ name }) => name === 'ana')?.id ?? '';
      return channels.find(({ id }) => id === channel)?.members.includes(ana);
    });
    expect(await typed('watch')).toContain('a watch is for what is held to be over');
    expect(await typed('resolve')).toContain('recorded');
    expect(await typed('watch --probe ttss')).toContain('`--probe tts`');
    expect(await typed('watch')).toMatch(
      /recorded.*watch until .*every 1 s: tts, up[\s\S]*`watch stop` ends it/,
    );
    expect(await typed('show')).toContain('watched until');
    while (asked < 2) await pause(20);
    well = false;
    const told = await saying('watch: tts');
    expect(told.text).toMatch(/answered 503 instead of 200/);
    expect(JSON.stringify(told.blocks)).toContain('watch:reopen');
    // Prometheus reads it a moment later.
    expect((await saying('up fail')).text).toMatch(/tts_up.*not == 1/);
    await redis.flushall();
    await first.kill9();
    well = true;
    await saying('well again');
    await second.kill9();
    await walk.worker(more);
    const before = asked;
    while (asked === before) await pause(20);
    expect(await typed('watch stop')).toContain('recorded');
    const end = (await saying('watched until')).text;
    expect(end).toContain('stopped by ana');
    const [, looks, good] = /looked (\d+) times, (\d+) good/.exec(end) ?? [];
    expect(Number(good)).toBeLessThan(Number(looks));
    expect(Number(good)).toBeGreaterThan(0);
    // None is invented; those that a kill cut short may have been made once more.
    expect(Number(looks)).toBeLessThanOrEqual(asked);
    const failures = (await typed('timeline')).match(/watch: .*fails?: /g) ?? [];
    expect(failures.length).toBeGreaterThan(0);
    await web.stop('SIGINT');
  });
});
