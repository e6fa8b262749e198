import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { redisAvailable, startRedis } from '../support/redis.js';
import { freePort } from '../support/wire.js';
import { pause, run, startWalk, type Walk } from './kit.js';

// The doctor looks at everything before the first incident does, and says the fix.
let walk: Walk;
beforeAll(async () => {
  walk = await startWalk();
  expect(await walk.tocsin('migrate')).toMatchObject({ code: 0 });
});
afterAll(() => walk.end());

const doctor = (more: Record<string, string> = {}) => walk.verb(['doctor'], { ...walk.environment, ...more });

test('a good set-up is well', async () => {
  const { code, out } = await run(['doctor'], walk.environment, walk.folder);
  expect(out).toMatch(/All is well/);
  for (const what of [
    ...[
      'configuration',
      'database',
      'search',
      'clock',
      'deliveries',
      'queue',
      'Slack',
      'scopes',
      'status page',
    ],
  ]) {
    expect(out).toContain(`✓ ${what}: `);
  }
  expect(code).toBe(0);
});

test('each thing that is wrong comes with what to do, and no secret', async () => {
  const { code, out, err } = await doctor({
    SLACK_BOT_TOKEN: 'xoxb-wrong-canary',
    TOCSIN_SECRET: '',
    REDIS_URL: `redis://:canary@127.0.0.1:${await freePort()}`,
  });
  expect(code).toBe(1);
  expect(out).toMatch(/✗ TOCSIN_SECRET: .*\n {4}→ .*openssl/);
  expect(out).toMatch(/✗ Slack: invalid_auth\n {4}→ .*SLACK_BOT_TOKEN/);
  expect(out).toMatch(/✗ queue: Redis does not answer.*\n {4}→ check REDIS_URL/);
  expect(out + err).not.toContain('canary');
});

describe('the announcement channel is looked at before the first incident', () => {
  const announcing = async (announce: string) => {
    const file = join(walk.folder, 'tocsin-announce.yml');
    await writeFile(file, `announce: ${announce}\n`);
    return (await doctor({ TOCSIN_CONFIG: file })).out;
  };
  test('one that takes messages is well, by name or by id', async () => {
    expect(await announcing('incidents')).toMatch(/✓ announcements: #incidents/);
    expect(await announcing('C0INCIDENT')).toMatch(/✓ announcements: #incidents/);
  });
  test('misspelt, or an id that nobody has', async () => {
    for (const wrong of ['incidnets', 'C0NOSUCH00'])
      expect(await announcing(wrong)).toMatch(
        /✗ announcements: there is no channel .*\n {4}→ mend announce:/,
      );
  });
  test('archived', async () => {
    await walk.control('channel/archive', { user: 'ana', channel: 'incidents' });
    try {
      expect(await announcing('incidents')).toMatch(
        /✗ announcements: #incidents is archived.*\n {4}→ unarchive/,
      );
    } finally {
      await walk.control('channel/archive', { user: 'ana', channel: 'incidents', remove: true });
    }
  });
});

test('a source of alerts that was never heard of is named with the address that it is to send to', async () => {
  const file = join(walk.folder, 'tocsin-alerts.yml');
  const settings = {
    secrets: { token: 'env:AM_TOKEN' },
    alerts: {
      sources: { prometheus: { type: 'alertmanager', secrets: ['secret:token'] } },
      rules: [{ name: 'all', attach: true }],
    },
  };
  await writeFile(file, JSON.stringify(settings));
  const asked = {
    TOCSIN_CONFIG: file,
    PUBLIC_URL: 'https://tocsin.example/',
    AM_TOKEN: 'a token, not the real one',
  };
  const { out } = await doctor(asked);
  expect(out).toContain(
    '✓ source prometheus: has sent nothing in the last 14 days; it is to send to https://tocsin.example/hooks/prometheus',
  );
  expect(out).toContain('✓ alerts: 1 source, 1 rule');
  // Without its secret it could send as it likes.
  expect((await doctor({ ...asked, AM_TOKEN: '' })).out).toMatch(/✗ secret: .*token/);
});

test('a delivery that was given up is shown, listed, and tried again', async () => {
  const bot = await walk.here();
  await walk.control('fault', {
    method: 'conversations.create',
    kind: 'error',
    value: 'restricted_action',
    times: 1,
  });
  await walk.control('fault', {
    method: 'conversations.open',
    kind: 'error',
    value: 'cannot_dm_bot',
    times: 1,
  });
  await walk.type('ana', 'incidents', 'open sev4 No channel for us');
  while (!(await walk.tocsin('deliveries')).out.includes('restricted_action')) await pause(50);
  const { out } = await doctor();
  expect(out).toMatch(/✗ deliveries: .*1 given up\n {4}→ tocsin deliveries lists/);
  expect(out).toMatch(
    /✗ INC-1: Slack does not have its channel \(restricted_action.*\n {4}→ .*retry all, or wait: it is tried again by itself, next at/,
  );
  expect((await walk.tocsin('deliveries')).out).toMatch(
    /restricted_action.*tried again by itself, next at 20/,
  );
  // Slack does not let us tell the opener directly: they hear it where they typed it, and whoever writes to it next too.
  const whispers = () =>
    walk.control<{ calls: Array<{ args: { channel: string; user: string; text: string } }> }>(
      'log?method=chat.postEphemeral',
    );
  while ((await whispers()).calls.length === 0) await pause(50);
  expect((await whispers()).calls.map(({ args }) => args)).toMatchObject([
    {
      channel: 'C0INCIDENT',
      user: 'U0ANA00001',
      text: expect.stringContaining('there is no channel for it'),
    },
  ]);
  const remark = 'INC-1 has no channel: Slack said restricted_action';
  expect(JSON.stringify(await walk.type('ana', 'incidents', 'note INC-1 still here'))).toContain(remark);
  expect((await walk.tocsin('note', 'INC-1', 'here too')).out).toContain(remark);
  const token = (await walk.tocsin('token', 'create', '--name', 'pager', '--scope', 'write')).out.trim();
  const api = await fetch(`${bot.url}/api/v1/commands`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ text: 'note INC-1 and a program' }),
  });
  expect(await api.json()).toMatchObject({ ok: true, remark: expect.stringContaining(remark) });
  expect((await walk.tocsin('deliveries', 'retry', 'all')).out).toMatch(/1 will be tried again/);
  await walk.until('the channel after all', (state) =>
    state.channels.some((one) => one.name.startsWith('inc-1-')),
  );
  await bot.stop();
});

const withRedis = redisAvailable() ? test : test.skip;
withRedis(
  'a Redis that answers and takes a write is well; one that is full is not, for doctor and for /readyz',
  async () => {
    const redis = await startRedis();
    try {
      expect((await doctor({ REDIS_URL: redis.url })).out).toContain('✓ queue: Redis answers');
      const bot = await walk.here({ lookMs: 300 }, { REDIS_URL: redis.url });
      const client = new Redis(redis.url);
      await client.config('SET', 'maxmemory', '1');
      client.disconnect();
      expect((await doctor({ REDIS_URL: redis.url })).out).toContain('✗ queue: refuses: Redis is full (OOM)');
      let body: { queue?: string; reasons?: { queue?: string } } = {};
      while (body.queue !== 'refusing') {
        await pause(50);
        body = (await (await fetch(`${bot.url}/readyz`)).json()) as typeof body;
      }
      expect(body).toMatchObject({ queue: 'refusing', reasons: { queue: expect.stringContaining('OOM') } });
      await bot.stop();
    } finally {
      await redis.stop();
    }
  },
);
