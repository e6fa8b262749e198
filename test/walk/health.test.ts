import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { type BotProcess, pause, startWalk, type Walk } from './kit.js';

// What a balancer, a monitor, a person and the log are told when the database answers and takes nothing.
let walk: Walk;
let bot: BotProcess;
beforeAll(async () => {
  walk = await startWalk();
  // A signal that nothing else listens to stands for a mistake of ours that nobody waits for.
  const mistake = "process.on('SIGUSR2', () => void Promise.reject(new Error('nobody waited')))";
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(mistake)}`;
  bot = await walk.bot(undefined, { LOG_LEVEL: 'info', NODE_OPTIONS });
  expect((await walk.type('ana', 'incidents', 'open sev3 Health')).text).toMatch(/INC-1/);
});
afterAll(() => walk.end());

const ready = async (query = '') => {
  const response = await fetch(`${bot.url}/readyz${query}`);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const lines = (holds: string) =>
  bot
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
  for (let i = 0; i < 600; i++) {
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

test('what failed where nobody waited is counted and told, and the bot goes on', async () => {
  bot.child.kill('SIGUSR2');
  bot.child.kill('SIGUSR2');
  await until('it is told', async () => (await ready()).body.process === 'degraded');
  const { status, body } = await ready();
  expect([status, body.state]).toEqual([200, 'degraded']);
  expect(body.reasons).toMatchObject({
    process: expect.stringMatching(
      /^something failed .* that nobody waited for: look for “failed unseen” in the log/,
    ),
  });
  expect((await ready('?strict')).status).toBe(503);
  expect(lines('failed unseen')).not.toHaveLength(0);
  expect((await walk.type('ana', 'incidents', 'note INC-1 goes on')).text).toMatch(/recorded/);
});

test('told to go, it says so at once, and goes on answering for a while', async () => {
  const gone = bot.stop();
  await until('it says so', async () => (await ready()).body.state === 'draining');
  expect((await ready()).status).toBe(503);
  expect((await walk.type('ana', 'incidents', 'note INC-1 last')).text).toContain('recorded');
  expect(await gone).toBe(0);
});
