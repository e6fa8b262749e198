import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { probe } from '#runbooks/actions/probe.js';
import { failure, Kit } from './kit.js';

let kit: Kit;
beforeEach(async () => {
  kit = await Kit.open();
});
afterEach(() => kit.close());

async function answering(statuses: number[]) {
  const asked: number[] = [];
  const url = await kit.serve((_, response) => {
    const status = statuses[Math.min(asked.length, statuses.length - 1)] as number;
    asked.push(status);
    if (status === 0) response.socket?.destroy();
    else response.writeHead(status, { 'X-Backend': 'tts-old' }).end('{"voice": "ok"}');
  });
  return { url, asked };
}

test('only good answers in a row count', async () => {
  const { url, asked } = await answering([200, 503, 200, 200, 0, 200, 302, 200, 200, 200]);
  const { output } = await kit.done(probe, { url, every: '1ms', within: '1m' });
  expect(output).toEqual({ good: 3, asked: 10 });
  expect(asked).toHaveLength(10);
});

test('a service that never answers well enough: how near it came, and what it said last', async () => {
  const { url } = await answering([200, 200, 503]);
  const failed = await failure(kit.run(probe, { url, every: '5ms', within: '2s' }));
  expect(failed.message).toContain('2 of 3 good answers in a row within 2 s');
  expect(failed.message).toContain(`${url}/ answered 503 instead of 2xx`);
  expect(failed.output.good).toBe(2);
});

test('200 without the effect is no good answer', async () => {
  const { url } = await answering([200]);
  const given = { url, every: '5ms', within: '100ms', good: 1 };
  await failure(kit.run(probe, { ...given, expect: { header: { 'X-Backend': 'tts-new' } } }));
  await failure(kit.run(probe, { ...given, expect: { json: { voice: 'new' } } }));
  await kit.done(probe, { ...given, expect: { header: { 'X-Backend': 'tts-old' }, json: { voice: 'ok' } } });
});

test('nobody there, or silent: the window ends', async () => {
  const silent = await kit.serve(() => {});
  for (const url of ['http://127.0.0.1:1/', silent]) {
    const failed = await failure(kit.run(probe, { url, every: '10ms', within: '120ms' }));
    expect(failed.message).toContain('0 of 3');
  }
});

test('a plan asks nothing', async () => {
  const { url, asked } = await answering([200]);
  expect((await kit.plan(probe, { url })).does).toBe(
    `waits up to 30 s for 3 good answers in a row from ${url}/`,
  );
  expect(asked).toEqual([]);
});

test.each(['in a request', 'between two'])('cancelled %s it ends at once', async (when) => {
  const stop = new AbortController();
  const url = await kit.serve((_, response) => {
    if (when === 'between two') response.end(() => setImmediate(() => stop.abort()));
    else stop.abort();
  });
  const given = { url, every: '1h', within: '24h' };
  const failed = await failure(kit.run(probe, given, { signal: stop.signal }));
  expect(failed.message).toContain('stopped before');
});
