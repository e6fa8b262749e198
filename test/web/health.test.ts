import { afterEach, describe, expect, test } from '@jest/globals';
import type { Condition } from '#domain/words.js';
import { type Check, type Health, keepHealth, type Part } from '#web/health.js';
import { startWeb, type Web } from '#web/server.js';
import { memoryLog } from '../queue/log.js';
import { until } from '../support/until.js';

const ok: Condition = { state: 'ok' };
const full: Condition = { state: 'refusing', reason: 'its disk is full (53100)', fix: 'make room' };
const ends: Array<() => unknown> = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function kept(looks: Partial<Record<Part, Check>>, patienceMs = 1_000) {
  const log = memoryLog();
  const well: Check = () => ok;
  const health = keepHealth({
    checks: {
      database: well,
      queue: well,
      deliveries: well,
      slack: well,
      page: well,
      process: well,
      ...looks,
    },
    log,
    everyMs: 5,
    patienceMs,
  });
  ends.push(health.stop);
  return { health, log };
}

async function served(health: Pick<Health, 'now'>): Promise<Web & { url: string }> {
  const none = {} as never;
  const web = await startWeb(
    { health, exports: none, api: none, hooks: {} as never, slack: null, log: memoryLog() as never },
    '127.0.0.1',
    0,
    { lingerMs: 200 },
  );
  ends.push(() => web.close(false));
  return { ...web, url: `http://127.0.0.1:${web.port}` };
}

const ask = async (url: string) => {
  const response = await fetch(url);
  return [response.status, await response.json()];
};

describe('what is known of the parts', () => {
  test('a trouble is said once with its reason and its remedy, and its end once', async () => {
    let now = ok;
    let looks = 0;
    const { health, log } = kept({
      database: () => {
        looks++;
        return now;
      },
    });
    await health.first;
    expect(health.now().database).toEqual(ok);
    now = full;
    await until('it is known', () => health.now().database.state === 'refusing');
    const at = looks;
    await until('it was looked at many times', () => looks > at + 10);
    now = ok;
    await until('it is well again', () => health.now().database.state === 'ok');
    expect(log.lines).toEqual([
      'warn database: refusing, its disk is full (53100) {"part":"database","state":"refusing","fix":"make room"}',
      'info database: ok again {"part":"database"}',
    ]);
  });

  test('a look that hangs counts as away, is not sent again, and holds up nobody', async () => {
    let answer: (condition: Condition) => void = () => {};
    let looks = 0;
    let others = 0;
    const { health } = kept(
      {
        database: () => {
          looks++;
          return new Promise((resolve) => {
            answer = resolve;
          });
        },
        queue: () => {
          others++;
          return ok;
        },
      },
      20,
    );
    await health.first;
    expect(health.now().database).toMatchObject({ state: 'away' });
    await until('the others are looked at', () => others > 10);
    expect(looks).toBe(1);
    answer(ok);
    await until('it is well', () => health.now().database.state === 'ok');
  });

  test('a look that fails tells nobody what it failed with', async () => {
    const { health } = kept({
      queue: () => {
        throw new Error('redis://:hunter2@host');
      },
    });
    await health.first;
    expect(health.now().queue).toEqual({ state: 'away', reason: 'it could not be looked at' });
  });
});

describe('/readyz', () => {
  test('lets requests come whatever is unwell, and says what and why; only strictly does it not', async () => {
    const parts = { database: full, queue: ok, deliveries: ok, slack: ok, page: ok, process: ok };
    const { url, ready } = await served({ now: () => parts });
    const said = {
      database: 'refusing',
      queue: 'ok',
      deliveries: 'ok',
      slack: 'ok',
      page: 'ok',
      process: 'ok',
      reasons: { database: 'its disk is full (53100): make room' },
    };
    expect(await ask(`${url}/readyz`)).toEqual([503, { state: 'starting', ...said }]);
    ready();
    expect(await ask(`${url}/readyz`)).toEqual([200, { state: 'degraded', ...said }]);
    expect(await ask(`${url}/readyz?strict`)).toEqual([503, { state: 'degraded', ...said }]);
    expect((await ask(`${url}/readyz?strict=1`))[0]).toBe(503);
    expect((await ask(`${url}/readyz?strict=0`))[0]).toBe(200);
    parts.database = ok;
    const well = { ...said, state: 'ok', database: 'ok', reasons: {} };
    expect(await ask(`${url}/readyz`)).toEqual([200, well]);
    expect(await ask(`${url}/readyz?strict`)).toEqual([200, well]);
  });

  test('sends requests elsewhere as soon as the process is told to go', async () => {
    const { url, ready, close } = await served({
      now: () => ({ database: ok, queue: ok, deliveries: ok, slack: ok, page: ok, process: ok }),
    });
    ready();
    const closed = close();
    const response = await fetch(`${url}/readyz`);
    expect([response.status, response.headers.get('connection')]).toEqual([503, 'close']);
    expect(await response.json()).toMatchObject({ state: 'draining', database: 'ok' });
    await closed;
    await expect(fetch(`${url}/readyz`)).rejects.toThrow();
  });
});
