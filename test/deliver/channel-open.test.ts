import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Gate, LEASE_MS } from '#deliver/attempt.js';
import { ANA, type Kit, startKit } from './kit.js';

let kit: Kit;
beforeAll(async () => {
  kit = await startKit();
  await kit.act('join', { user: 'U0BOT00000', channel: 'incidents' });
});
beforeEach(async () => {
  await kit.act('fault/clear', {});
  kit.world.org = { command: '/incident', announce: null, invite: { people: [], groups: [] } };
});
afterAll(() => kit.stop());

test('the opener stands in the channel after two calls; headline, topic and pin follow', async () => {
  const incident = await kit.opens('API is slow');
  await kit.pays(incident);
  const calls = (await kit.calls()).map((call) => call.method);
  expect(calls.slice(0, 2)).toEqual(['conversations.create', 'conversations.invite']);
  const channel = await kit.channel(incident);
  expect(channel.name).toBe('inc-1-api-is-slow');
  expect(channel.members).toContain(ANA.id);
  expect(channel.topic).toContain('INC-1');
  const said = await kit.said(incident);
  expect(said).toHaveLength(1);
  expect(channel.pins).toEqual([said[0]?.ts]);
  expect(await kit.state(incident)).toMatchObject({
    channel: { id: channel.id, name: channel.name },
    headline: { channel: channel.id, ts: said[0]?.ts },
  });
});

describe('a call that goes wrong is made good', () => {
  const methods = [
    'conversations.create',
    'conversations.invite',
    'conversations.setTopic',
    'chat.postMessage',
    'pins.add',
  ];
  const ways: Array<[string, string | number | undefined]> = [
    ['drop', undefined],
    ['cut', undefined],
    ['http500', 503],
    ['error', 'internal_error'],
    ['error', 'invalid_auth'],
    ['ratelimit', 7],
  ];
  const cases = methods.flatMap((method) => ways.map(([kind, value]) => [method, kind, value] as const));

  test.each(cases)('%s: %s %s', async (method, kind, value) => {
    kit.world.org = { command: '/incident', announce: 'incidents', invite: { people: [], groups: [] } };
    const incident = await kit.opens('Voices');
    await kit.fault(method, kind, value);
    await kit.pays(incident);
    const all = await kit.channels();
    const ours = all.filter((one) => one.name?.startsWith(`inc-${incident}-`));
    expect(ours.map((one) => one.name)).toEqual([`inc-${incident}-voices`]);
    expect(ours[0]?.members).toContain(ANA.id);
    expect(ours[0]?.topic).toContain(`INC-${incident}`);
    const said = await kit.said(incident);
    expect(said).toHaveLength(1);
    expect(ours[0]?.pins).toEqual([said[0]?.ts]);
    const announced = all.find((one) => one.name === 'incidents')?.messages ?? [];
    expect(announced.filter((one) => one.text.includes(`*INC-${incident}*`))).toHaveLength(1);
    expect((await kit.rows(incident)).every((row) => row.done)).toBe(true);
  });
});

test('a Slack that cannot list its channels still gets one, after an attempt that nobody answered', async () => {
  const incident = await kit.opens('No lists here');
  await kit.fault('conversations.create', 'http500', 503);
  await kit.fault('users.conversations', 'error', 'unknown_method', 99);
  await kit.pays(incident);
  expect((await kit.channel(incident)).members).toContain(ANA.id);
  expect((await kit.rows(incident)).every((row) => row.done)).toBe(true);
});

describe('names', () => {
  test('taken by an archived channel: the next suffix', async () => {
    const incident = await kit.opens('Old name');
    const name = `inc-${incident}-old-name`;
    await kit.act('channel', { user: 'ana', name });
    await kit.act('channel/archive', { user: 'ana', channel: name });
    await kit.pays(incident);
    expect((await kit.state(incident)).channel?.name).toBe(`${name}-2`);
  });

  test.each([false, true])(
    "somebody else's channel of our name is never adopted (Slack does not tell who we are: %s)",
    async (unknown) => {
      const incident = await kit.opens('Squatted');
      if (unknown) await kit.fault('auth.test', 'error', 'missing_scope', 9);
      const name = `inc-${incident}-squatted`;
      const { channel } = await kit.act('channel', { user: 'ana', name });
      await kit.act('join', { user: 'U0BOT00000', channel: name });
      await kit.fault('conversations.create', 'cut');
      await kit.pays(incident);
      const state = await kit.state(incident);
      expect(state.channel?.id).not.toBe(channel);
      expect(state.channel?.name).toBe(`${name}-2`);
    },
  );
});

describe('people', () => {
  test('configured people and groups come too; who cannot is named in the channel, and pinged by nobody', async () => {
    kit.world.org.invite = {
      people: ['bo', 'U0EVA00005', 'U0FINN0006', 'nobody'],
      groups: ['@sre', '@none'],
    };
    const incident = await kit.opens('Everybody');
    await kit.pays(incident);
    const { members } = await kit.channel(incident);
    expect(members).toEqual(expect.arrayContaining([ANA.id, 'U0BO000002', 'U0CHEN0003']));
    const invited = (await kit.calls('conversations.invite')).map(({ args }) => args.users);
    for (const users of invited) expect(users).toMatch(/^U\w+(,U\w+)*$/);
    const notice = (await kit.said(incident)).at(-1)?.text ?? '';
    expect(notice).toMatch(/^Could not be added: /);
    for (const absent of ['U0EVA00005', 'U0FINN0006', 'nobody', '@none']) expect(notice).toContain(absent);
    expect(notice).not.toContain('<@');
  });

  test('a private incident is private: no announcement, nobody but who was named', async () => {
    kit.world.org = {
      command: '/incident',
      announce: 'incidents',
      invite: { people: ['bo'], groups: ['@sre'] },
    };
    const incident = await kit.opens('Secret', { private: true });
    await kit.pays(incident);
    const channel = await kit.channel(incident);
    expect(channel.is_private).toBe(true);
    expect(channel.members.sort()).toEqual([ANA.id, 'U0BOT00000'].sort());
    const announced = (await kit.channels()).find((one) => one.name === 'incidents')?.messages ?? [];
    expect(announced.filter((one) => one.text.includes(`INC-${incident}`))).toEqual([]);
  });

  test('an opener who has left Slack, or never was there, does not stop the channel', async () => {
    const gone = await kit.opens(
      'Gone',
      {},
      {
        id: 'U0EVA00005',
        name: 'eva',
      },
    );
    await kit.pays(gone);
    expect((await kit.said(gone)).at(-1)?.text).toContain('Could not be added: U0EVA00005');
    const before = (await kit.calls('conversations.invite')).length;
    const cli = await kit.opens(
      'Shell',
      { private: true },
      {
        id: 'cli:root',
        name: 'root',
      },
    );
    await kit.pays(cli);
    expect((await kit.channel(cli)).pins).toHaveLength(1);
    expect(await kit.calls('conversations.invite')).toHaveLength(before);
  });
});

test('creation that is not allowed is dead at once, says why, and is finished when retried', async () => {
  const incident = await kit.opens('Not allowed');
  await kit.notes(incident, 'kept for later');
  await kit.fault('conversations.create', 'error', 'restricted_action');
  await kit.pays(incident);
  expect(await kit.rows(incident)).toMatchObject([
    { kind: 'channel.open', dead: true, error: 'conversations.create: restricted_action', attempts: 1 },
    { kind: 'channel.entry', done: false, dead: false },
  ]);
  expect(await kit.retries()).toBe(1);
  await kit.pays(incident);
  const said = await kit.said(incident);
  expect(said).toHaveLength(2);
  expect(said[1]?.text).toContain('kept for later');
});

test('parts that are refused for good leave a channel that works', async () => {
  const incident = await kit.opens('No pins here');
  await kit.fault('pins.add', 'error', 'missing_scope');
  await kit.fault('conversations.setTopic', 'error', 'missing_scope');
  await kit.notes(incident, 'goes on');
  await kit.pays(incident);
  const rows = await kit.rows(incident);
  expect(rows.every((row) => row.done)).toBe(true);
  expect(rows[0]?.result).toMatchObject({ refused: { topic: 'conversations.setTopic: missing_scope' } });
  expect((await kit.said(incident)).map((one) => one.text).join()).toContain('goes on');
});

test('a worker that was frozen for longer than its lease does not speak any more', async () => {
  const incident = await kit.opens('Frozen');
  const now = Date.now;
  // Frozen the moment after it has made the channel; another one finishes what it began.
  const frozen = {
    ...kit.world,
    slack: {
      call: async (method: string, args?: Record<string, unknown>) => {
        const result = await kit.world.slack.call(method, args);
        if (method === 'conversations.create') {
          await kit.leaseEnds(incident);
          await kit.pays(incident);
          Date.now = () => now() + LEASE_MS;
        }
        return result;
      },
    },
  };
  const topics = (await kit.calls('conversations.setTopic')).length;
  try {
    await kit.visits(incident, new Gate(kit.world.now), frozen);
  } finally {
    Date.now = now;
  }
  expect(await kit.said(incident)).toHaveLength(1);
  expect(await kit.calls('conversations.setTopic')).toHaveLength(topics + 1);
});
