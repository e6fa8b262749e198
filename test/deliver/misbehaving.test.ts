import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { answerAsk } from '#answer/questions.js';
import { deliveriesCondition } from '#deliver/undelivered.js';
import { createRead } from '#read/read.js';
import { undeliveredLine } from '#render/undelivered.js';
import { createSlackClient } from '#slack/transport/client.js';
import { until } from '../support/until.js';
import { ANA, type Kit, startKit } from './kit.js';

// Whatever Slack answers: nothing is lost, doubled or out of order, and all who are asked say the same about it.
let kit: Kit;
beforeAll(async () => {
  kit = await startKit();
});
beforeEach(() => kit.act('fault/clear', {}));
afterAll(() => kit.stop());

type Misbehaviour = [kind: string, value: string | number | undefined, said: string];

/** It passes, however long it takes: what is owed stays owed. */
const FOR_NOW: Misbehaviour[] = [
  ...[
    ...['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout', 'org_login_required'],
    ...['account_inactive', 'token_revoked', 'invalid_auth', 'ekm_access_denied', 'team_access_not_granted'],
  ].map((code): Misbehaviour => ['error', code, code]),
  ['http500', 500, 'http_500'],
  ['http500', 503, 'http_503'],
  ['body', '<html><body>We will be right back</body></html>', 'no_json'],
  ['body', '', 'no_json'],
  ['body', '[]', 'no_'],
  ['body', 'null', 'no_'],
  ['body', '{"ok":true}', 'no_'],
  ['body', '{"ok":false}', 'no_'],
  ['cut', undefined, 'E|no_answer|UND'],
];
/** Slack asks us to wait. */
const WAITS: Misbehaviour[] = [
  ['error', 'ratelimited', 'rate limit'],
  ['ratelimit', 'none', 'rate limit'],
  ['ratelimit', 3, 'rate limit'],
];
/** Nothing comes of trying it again before somebody has done something. */
const FOR_GOOD = [
  ...['is_archived', 'channel_not_found', 'not_in_channel', 'restricted_action', 'msg_too_long'],
  ...['no_permission', 'missing_scope', 'channel_is_limited_access', 'never_seen_code'],
];
const named = (list: Misbehaviour[]) => list.map((one) => [`${one[0]} ${one[1] ?? ''}`, ...one] as const);

async function show(incident: number): Promise<string> {
  const asking = {
    team: 'T1',
    by: ANA,
    source: 'slack' as const,
    key: null,
    now: new Date(),
    seesPrivate: true,
  };
  const seen = await answerAsk(createRead(kit.store), { type: 'show' }, incident, asking, 'UTC', '/incident');
  return seen.kind === 'text' ? seen.text : JSON.stringify(seen);
}
/** What `/readyz` and the doctor would say, were it owed for a minute. */
async function condition(incident: number) {
  const { lanes } = await kit.store.outbox.late(-1, 100);
  const ours = lanes.filter(({ lane }) => lane === `T1/INC-${incident}`);
  return deliveriesCondition(ours, 0, { state: 'ok' });
}
const numbers = async (incident: number) =>
  [
    ...(await kit.said(incident))
      .map(({ text }) => text)
      .join(' ')
      .matchAll(/note (\d)/g),
  ].map(([, n]) => n);
const standing = async (title: string) => {
  const incident = await kit.opens(title);
  await kit.pays(incident);
  return incident;
};

describe('to a message', () => {
  test.each(named([...FOR_NOW, ...WAITS]))('%s, for a while', async (_, kind, value, said) => {
    const incident = await standing('Patience');
    for (const n of [1, 2, 3]) await kit.notes(incident, `note ${n}`);
    await kit.fault('chat.postMessage', kind, value, 99);
    await kit.tries(incident, 4);
    expect(await kit.store.outbox.dead('T1', incident)).toEqual([]);
    expect(await numbers(incident)).toEqual([]);
    const { state, reason } = await condition(incident);
    expect(reason).toMatch(new RegExp(said));
    const waits = said === 'rate limit';
    expect(state).toBe(waits ? 'ok' : 'degraded');
    expect(await show(incident)).toMatch(
      waits
        ? /channel: #(?!.*not in Slack)/s
        : new RegExp(`not in Slack yet: #2–#4 \\((${said}).*tried again by itself`),
    );
    await kit.act('fault/clear', {});
    await kit.pays(incident);
    expect(await numbers(incident)).toEqual(['1', '2', '3']);
    expect(await show(incident)).not.toContain('not in Slack');
  });

  test.each(FOR_GOOD)('%s: given up, listed, said, and delivered when a person asks for it', async (code) => {
    const incident = await standing('No');
    await kit.fault('chat.postMessage', 'error', code, 99);
    for (const n of [1, 2, 3]) await kit.notes(incident, `note ${n}`);
    await kit.pays(incident);
    expect(await show(incident)).toContain(`not in Slack: #2–#4 (${code})`);
    const dead = await kit.store.outbox.dead('T1', incident);
    expect(dead).toHaveLength(3);
    for (const row of dead) expect(undeliveredLine('INC-1', row)).toContain(code);
    expect(await condition(incident)).toMatchObject({ state: 'ok' });
    await kit.act('fault/clear', {});
    await kit.retries();
    await kit.pays(incident);
    expect(await numbers(incident)).toEqual(['1', '2', '3']);
    expect(await show(incident)).not.toContain('not in Slack');
  });

  test.each([404, 403, 405])('a proxy that says %s in Slack’s place', async (status) => {
    const incident = await standing('Elsewhere');
    for (const n of [1, 2, 3]) await kit.notes(incident, `note ${n}`);
    const proxy = createServer((_, response) => response.writeHead(status).end('<html>Not here</html>'));
    await once(proxy.listen(0, '127.0.0.1'), 'listening');
    const { slack } = kit.world;
    const apiUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/api/`;
    const log = { debug() {}, ...kit.world.log };
    kit.world.slack = createSlackClient({ token: kit.sandbox.botToken, apiUrl, log });
    try {
      await kit.tries(incident, 6);
    } finally {
      kit.world.slack = slack;
      proxy.closeAllConnections();
      await once(proxy.close(), 'close');
    }
    // It is not Slack who said so: nothing is given up.
    expect(await kit.store.outbox.dead('T1', incident)).toEqual([]);
    expect(await condition(incident)).toMatchObject({
      state: 'degraded',
      reason: expect.stringContaining(`http_${status}`),
    });
    await kit.pays(incident);
    expect(await numbers(incident)).toEqual(['1', '2', '3']);
  });

  test('an answer that never comes, though it was heard', async () => {
    const incident = await standing('Hanging');
    await kit.notes(incident, 'note 1');
    const { slack } = kit.world;
    // Long for this machine, short for whoever waits.
    kit.world.slack = createSlackClient({
      ...{
        token: kit.sandbox.botToken,
        apiUrl: kit.sandbox.apiUrl,
        log: { debug() {}, ...kit.world.log },
        timeout: 1_000,
      },
    });
    // The channel may be posted to again: its second is over.
    await kit.winds(1_100);
    await kit.fault('chat.postMessage', 'delay', 1_500, 1);
    await kit.visits(incident);
    kit.world.slack = slack;
    expect((await kit.rows(incident)).at(-1)).toMatchObject({ done: false, dead: false });
    // It is handled when the other side comes round to it.
    await until('it is said', async () => (await numbers(incident)).length > 0);
    await kit.pays(incident);
    expect(await numbers(incident)).toEqual(['1']);
  });
});

describe('to the making of a channel', () => {
  test.each(named([...FOR_NOW, ...WAITS]))('%s, for a while', async (_, kind, value, said) => {
    const incident = await kit.opens('Room');
    await kit.notes(incident, 'note 1');
    await kit.fault('conversations.create', kind, value, 99);
    await kit.tries(incident, 3);
    expect((await kit.state(incident)).channel).toBeNull();
    expect(await show(incident)).toMatch(
      said === 'rate limit'
        ? /not made yet/
        : new RegExp(`not made yet, Slack said (${said}).*again by itself`),
    );
    await kit.act('fault/clear', {});
    await kit.pays(incident);
    expect((await kit.channels()).filter(({ name }) => name?.match(`^inc-${incident}(-|$)`))).toHaveLength(1);
    expect(await numbers(incident)).toEqual(['1']);
  });
});

// Every method that a whole incident calls, each with an answer that is a yes and says nothing.
test.each([
  ...[
    'conversations.create',
    'chat.postMessage',
    'conversations.invite',
    'conversations.setTopic',
    'pins.add',
  ],
  ...['files.getUploadURLExternal', 'files.completeUploadExternal'],
])('%s says yes and nothing else: nothing is made up', async (method) => {
  const incident = await kit.opens('Hollow');
  await kit.notes(incident, 'note 1');
  const payload = { format: 'md', zone: 'UTC', channel: 'C0INCIDENT', user: ANA.id };
  await kit.owes(incident, { kind: 'export.send', payload });
  await kit.fault(method, 'body', '{"ok":true}', 2);
  await kit.pays(incident);
  const { channel, headline } = await kit.state(incident);
  expect(channel?.id).toBe((await kit.channel(incident)).id);
  expect((await kit.said(incident)).map(({ ts }) => ts)).toContain(headline?.ts);
  expect(await numbers(incident)).toEqual(['1']);
});
