import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import pg from 'pg';
import { redisAvailable, startRedis, type TestRedis } from '../support/redis.js';
import { freePort } from '../support/wire.js';
import { type BotHere, type BotProcess, pause, startWalk, type Walk } from './kit.js';

// What a balancer, a monitor, a person and the log are told when something that the bot stands on is not well.

/** As the bot does, only sooner. */
const PACE = { lookMs: 200, canaryMs: 300, slack: { askMs: 300, quietMs: 600 } };

let walk: Walk;
let bot: BotHere;
beforeAll(async () => {
  walk = await startWalk();
  bot = await walk.here(PACE, { LOG_LEVEL: 'info' });
  expect((await walk.type('ana', 'incidents', 'open sev3 Health')).text).toMatch(/INC-1/);
});
afterAll(() => walk.end());

const ready = async (query = '') => {
  const response = await fetch(`${bot.url}/readyz${query}`);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const lines = (holds: string, of: { log(): string } = bot) =>
  of
    .log()
    .split('\n')
    .filter((line) => line.includes(holds))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

async function admin(sql: string): Promise<void> {
  const client = new pg.Client({
    ...walk.database.config,
    options: '-c default_transaction_read_only=off',
  });
  await client.connect();
  await client.query(sql);
  await client.end();
}

async function until(what: string, so: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 2_400; i++) {
    if (await so()) return;
    await pause(50);
  }
  throw new Error(`did not happen: ${what}`);
}

test('each recorded command is one line, with its incident and request, and without its words', async () => {
  const { trigger } = await walk.type('ana', 'incidents', 'note INC-1 wordsthatarenotlogged');
  await until('it is in the log', async () => lines(trigger).length > 0);
  expect(lines(trigger)).toEqual([
    expect.objectContaining({
      msg: 'recorded',
      incident: 'INC-1',
      request: `trigger:${trigger}`,
      source: 'slack',
      ms: expect.any(Number),
    }),
  ]);
  expect(bot.log()).not.toContain('wordsthatarenotlogged');
});

test('all is well, and said to be', async () => {
  await until('it is ready', async () => (await ready('?strict')).status === 200);
  expect((await ready()).body).toEqual({
    state: 'ok',
    database: 'ok',
    queue: 'ok',
    deliveries: 'ok',
    slack: 'ok',
    page: 'ok',
    process: 'ok',
    reasons: {},
  });
});

test('a read-only database: the cause in the answer, in the log once, in /readyz and doctor; and its end', async () => {
  const name = walk.database.config.database;
  await admin(`alter database ${name} set default_transaction_read_only = on`);
  await admin(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}' and pid <> pg_backend_pid()`,
  );
  let said = '';
  await until('somebody is told', async () => {
    said = (await walk.type('ana', 'incidents', 'note INC-1 x')).text;
    return said.includes('takes nothing');
  });
  expect(said).toContain('The database answers, but takes nothing: it is read-only (25006).');
  await until('it is known', async () => (await ready()).body.database === 'refusing');
  expect(await ready()).toMatchObject({
    status: 200,
    body: { state: 'degraded', reasons: { database: expect.stringContaining('it is read-only') } },
  });
  expect((await ready('?strict')).status).toBe(503);
  for (let n = 0; n < 20; n++) await walk.type('ana', 'incidents', 'note INC-1 y');
  expect(lines('it is read-only')).toHaveLength(1);
  const { code, out } = await walk.tocsin('doctor');
  expect(code).toBe(1);
  expect(out).toMatch(/✗ database: .*it is read-only \(25006\)\n {4}→ .*standby/);
  await admin(`alter database ${name} reset default_transaction_read_only`);
  await admin(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}' and pid <> pg_backend_pid()`,
  );
  await until('it is well again', async () => (await ready('?strict')).status === 200);
  expect(lines('database: ok again')).toHaveLength(1);
  expect((await walk.type('ana', 'incidents', 'note INC-1 z')).text).toContain('recorded');
});

describe('a process', () => {
  let process: BotProcess;
  beforeAll(async () => {
    await bot.stop();
    // A signal that nothing else listens to stands for a mistake of ours that nobody waits for.
    const mistake = "process.on('SIGUSR2', () => void Promise.reject(new Error('nobody waited')))";
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(mistake)}`;
    process = await walk.bot(undefined, { LOG_LEVEL: 'info', NODE_OPTIONS });
  });

  test('what failed where nobody waited is counted and told, and the bot goes on', async () => {
    process.child.kill('SIGUSR2');
    process.child.kill('SIGUSR2');
    await until('it is told', async () => (await ready()).body.process === 'degraded');
    const { status, body } = await ready();
    expect([status, body.state]).toEqual([200, 'degraded']);
    expect(body.reasons).toMatchObject({
      process: expect.stringMatching(
        /^something failed .* that nobody waited for: look for “failed unseen” in the log/,
      ),
    });
    expect((await ready('?strict')).status).toBe(503);
    expect(lines('failed unseen', process)).not.toHaveLength(0);
    expect((await walk.type('ana', 'incidents', 'note INC-1 goes on')).text).toMatch(/recorded/);
  });

  test('told to go, it says so at once, and goes on answering for a while', async () => {
    const gone = process.stop();
    await until('it says so', async () => (await ready()).body.state === 'draining');
    expect((await ready()).status).toBe(503);
    expect((await walk.type('ana', 'incidents', 'note INC-1 last')).text).toContain('recorded');
    expect(await gone).toBe(0);
  });
});

const withRedis = redisAvailable() ? describe : describe.skip;
withRedis(
  'each part in each state that a real cause gives it: /readyz says it, and the doctor the same',
  () => {
    let web: BotHere;
    let worker: BotHere;
    let redis: TestRedis;
    let client: Redis;
    const strict = () => fetch(`${web.url}/readyz?strict`);
    const known = async () => (await (await strict()).json()) as Record<string, string>;
    const doctor = async () =>
      (await walk.verb(['doctor'], { ...walk.environment, REDIS_URL: redis.url })).out;
    /** Waits until a part is in that state, and looks at everything else that is said of it. */
    async function is(part: string, state: string, doctorSays: RegExp): Promise<void> {
      await until(`${part} ${state}`, async () => (await known())[part] === state);
      for (const method of ['GET', 'HEAD']) {
        expect((await fetch(`${web.url}/readyz`, { method })).status).toBe(200);
        if (state !== 'ok') expect((await fetch(`${web.url}/readyz?strict`, { method })).status).toBe(503);
      }
      const { reasons } = (await known()) as unknown as { reasons: Record<string, string> };
      if (state !== 'ok') expect(reasons[part]).toMatch(/\S: \w/);
      expect(await doctor()).toMatch(doctorSays);
    }
    async function sql(text: string): Promise<void> {
      const client = new pg.Client(walk.database.config);
      await client.connect();
      await client.query(text);
      await client.end();
    }

    beforeAll(async () => {
      redis = await startRedis();
      client = new Redis(redis.url, { retryStrategy: () => 20, maxRetriesPerRequest: null });
      client.on('error', () => {});
      web = await walk.here(PACE, { REDIS_URL: redis.url }, { role: 'web' });
    });
    afterAll(async () => {
      client?.disconnect();
      await web?.stop();
      await worker?.stop();
      await redis?.stop();
    });

    test('nobody takes what is in the queue, and what is owed is late for it', async () => {
      expect((await walk.type('ana', 'incidents', 'open sev3 Nobody delivers')).text).toMatch(/INC-2/);
      await until('the queue is known', async () => (await known()).queue === 'degraded');
      await sql(
        "update outbox set owed_at = now() - interval '2 minutes', due_at = now() - interval '2 minutes'",
      );
      await until('and so is what is late', async () => (await known()).deliveries === 'degraded');
      expect((await strict()).status).toBe(503);
      expect(await doctor()).toMatch(
        /✗ deliveries: .*waited for more than a minute.*\n {4}→ is a worker running/,
      );
      worker = await walk.here(PACE, { REDIS_URL: redis.url }, { at: await freePort() });
      await is('queue', 'ok', /✓ queue: Redis answers/);
      await is('deliveries', 'ok', /✓ deliveries: /);
      await until('all is well', async () => (await strict()).status === 200);
      expect(worker.log()).not.toContain('not drained');
    }, 120_000);

    test('Redis is full, may drop keys, is away', async () => {
      await client.config('SET', 'maxmemory', '1');
      await is('queue', 'refusing', /✗ queue: refuses: Redis is full \(OOM\)\n {4}→ raise maxmemory/);
      await client.config('SET', 'maxmemory', '0');
      await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
      await is('queue', 'degraded', /✗ queue: Redis answers, but drops keys .*\n {4}→ set maxmemory-policy/);
      await client.config('SET', 'maxmemory-policy', 'noeviction');
      await is('queue', 'ok', /✓ queue: /);
      await redis.kill9();
      await is('queue', 'away', /✗ queue: Redis does not answer \(ECONNREFUSED\)\n {4}→ check REDIS_URL/);
      await redis.restart();
      await is('queue', 'ok', /✓ queue: /);
    }, 120_000);

    test('Slack is away, though nobody types; what is late for it is excused', async () => {
      for (const method of ['auth.test', 'chat.postMessage', 'conversations.history'])
        await walk.control('fault', { method, times: 10_000, kind: 'http500' });
      // Nobody types; whatever else asks Slack finds the same.
      await is('slack', 'away', /✗ Slack: http_500\n {4}→ can this machine reach/);
      await walk.type('ana', 'incidents', 'note INC-1 said when Slack is back');
      await sql("update outbox set owed_at = now() - interval '2 minutes' where done_at is null");
      await until('what is late is excused', async () => {
        const { deliveries, reasons } = await known();
        return deliveries === 'ok' && JSON.stringify(reasons).includes('waited for Slack');
      });
      expect(await doctor()).toMatch(/✓ deliveries: .*waited for Slack/);
      await walk.control('fault/clear', { method: 'auth.test' });
      await is('slack', 'ok', /✓ Slack: knows us/);
    }, 180_000);
  },
);
