import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Entry } from '#domain/incident/entry.js';
import { ANA, BO, type Kit, startKit } from './kit.js';

let kit: Kit;
let incident: number;
beforeAll(async () => {
  kit = await startKit();
  incident = await kit.opens('Pinned');
  await kit.pays(incident);
  await kit.act('join', { user: 'bo', channel: `inc-${incident}-pinned` });
});
beforeEach(() => kit.act('fault/clear', {}));
afterAll(() => kit.stop());

/** Ana writes something. @returns its `ts` */
async function writes(text: string, thread?: string): Promise<string> {
  const where = { user: 'ana', channel: `inc-${incident}-pinned` };
  const posted = await kit.act('message', { ...where, text, ...(thread ? { thread_ts: thread } : {}) });
  return String(posted.ts);
}

async function pins(ts: string, by = BO.id): Promise<void> {
  const { id } = await kit.channel(incident);
  await kit.owes(incident, { kind: 'message.capture', payload: { channel: id, ts, by } });
}

async function captured(ts: string): Promise<Entry | null> {
  return kit.store.incidents.capturedEntry('T1', incident, (await kit.channel(incident)).id, ts);
}

async function ephemerals(): Promise<Array<{ user: string; text: string }>> {
  const state = (await (await fetch(`${kit.sandbox.url}/control/state`)).json()) as {
    ephemerals: Array<{ user: string; text: string }>;
  };
  return state.ephemerals;
}

test('a message is recorded at its own time, as it was meant, with author and link, and ticked', async () => {
  const ts = await writes('1 < 2 & @bo saw it');
  await pins(ts);
  await kit.pays(incident);
  const entry = await captured(ts);
  expect(entry).toMatchObject({
    kind: 'message',
    text: '1 < 2 & @bo saw it',
    by: BO,
    source: 'slack',
    detail: { author: ANA },
    at: `${new Date(Number.parseInt(ts, 10) * 1000).toISOString().slice(0, 19)}Z`,
  });
  expect(entry?.link).toContain(`/p${ts.replace('.', '')}`);
  const message = (await kit.channel(incident)).messages.find((one) => one.ts === ts);
  expect(message).toMatchObject({ reactions: [{ name: 'white_check_mark' }] });
});

test('a reply in a thread is found', async () => {
  const ts = await writes('the answer', await writes('the question'));
  await pins(ts);
  await kit.pays(incident);
  expect((await captured(ts))?.text).toBe('the answer');
});

test('pinned by two people it is one entry, and the second hears who was first', async () => {
  const ts = await writes('twice');
  await pins(ts, BO.id);
  await pins(ts, ANA.id);
  await kit.pays(incident);
  const { rows } = await kit.client.query(
    `select 1 from fact where type = 'MessageCaptured' and body::jsonb #>> '{data,ts}' = $1`,
    [ts],
  );
  expect(rows).toHaveLength(1);
  const told = (await ephemerals()).filter((one) => one.text.includes('bo put it there'));
  expect(told.map((one) => one.user)).toEqual([ANA.id]);
});

test('a message of many timed lines: whoever pinned it is offered to have these as entries, once', async () => {
  const ts = await writes(
    'What we know:\n- 01:41 UTC requests fail\n- 01:43 UTC keys do not match\n  on both nodes',
  );
  await pins(ts);
  await kit.pays(incident);
  const entry = await captured(ts);
  const { id: channel } = await kit.channel(incident);
  const offered = async () => (await ephemerals()).filter((one) => one.text.includes('It holds 2 lines'));
  expect((await offered()).map(({ user }) => user)).toEqual([BO.id]);
  expect((await offered())[0]?.text).toContain(`log #${entry?.n}`);
  const intent = { type: 'TakeInLines' as const, of: { channel, ts } };
  await kit.says(intent, incident, BO, { key: 'lines:1' });
  // A second click, and somebody else's line that means the same.
  await kit.says(intent, incident, BO, { key: 'lines:1' });
  await expect(
    kit.says({ type: 'TakeInLines', of: { entry: entry?.n ?? 0 } }, incident, ANA),
  ).rejects.toThrow(/are in the timeline of INC-\d+ already, as #\d+ to #\d+/);
  await kit.pays(incident);
  const taken = (await kit.store.incidents.entriesOf('T1', incident, ['message'])).filter(
    ({ detail }) => detail.lineOf === entry?.n,
  );
  expect(taken).toMatchObject([
    { text: 'requests fail', link: entry?.link, detail: { author: ANA }, by: BO },
    { text: 'keys do not match\n  on both nodes' },
  ]);
  expect(taken.map(({ at }) => at.slice(11, 16))).toEqual(['01:41', '01:43']);
  // The message itself stays readable, and pinned by somebody else it is still the one that is there.
  expect(await captured(ts)).toMatchObject({ n: entry?.n, struck: true });
  await pins(ts, ANA.id);
  await kit.pays(incident);
  expect(
    (await ephemerals()).filter((one) => one.user === ANA.id && one.text.includes('bo put it there')),
  ).not.toEqual([]);
  expect(await offered()).toHaveLength(1);
});

test('a guest, who may not correct, is offered nothing; nor anybody where a time cannot be known', async () => {
  const someone = { handle: null, realName: null, tz: null, isBot: false, deleted: false };
  await kit.store.people.upsert('T1', [{ ...someone, id: 'U0GUEST009', name: 'gus', kind: 'guest' }]);
  const before = (await ephemerals()).filter((one) => one.text.includes('It holds')).length;
  await pins(await writes('01:41 UTC a\n01:43 UTC b'), 'U0GUEST009');
  await pins(await writes('01:41 UTC a\n01:43 UTC b\n25:99 c'));
  await kit.pays(incident);
  expect((await ephemerals()).filter((one) => one.text.includes('It holds'))).toHaveLength(before);
});

test.each([
  ['conversations.history', 'ratelimit'],
  ['conversations.history', 'drop'],
  ['chat.getPermalink', 'ratelimit'],
  ['reactions.add', 'drop'],
])('%s: %s loses nothing', async (method, kind) => {
  const ts = await writes(`through ${method} ${kind}`);
  await pins(ts);
  await kit.fault(method, kind);
  await kit.pays(incident);
  const entry = await captured(ts);
  expect(entry?.text).toBe(`through ${method} ${kind}`);
  expect(entry?.link).not.toBeNull();
});

test('without a link it is an entry still', async () => {
  const ts = await writes('no link');
  await pins(ts);
  await kit.fault('chat.getPermalink', 'error', 'missing_scope');
  await kit.pays(incident);
  expect(await captured(ts)).toMatchObject({ text: 'no link', link: null });
});

test('a message that cannot be read: the person is told, and it is not silently gone', async () => {
  await pins('1700000000.000100', ANA.id);
  await kit.pays(incident);
  expect((await kit.rows(incident)).filter((row) => row.dead)).toMatchObject([
    { kind: 'message.capture', error: 'message_not_found' },
  ]);
  expect((await ephemerals()).at(-1)).toMatchObject({
    user: ANA.id,
    text: expect.stringContaining('could not be read'),
  });
});

test('a message that cannot be read, in a channel where we may not speak: the person is told directly', async () => {
  await pins('1700000000.000200', ANA.id);
  await kit.fault('chat.postEphemeral', 'error', 'not_in_channel');
  await kit.pays(incident);
  const told = (await kit.calls('chat.postMessage')).at(-1);
  expect(told).toMatchObject({
    args: { channel: ANA.id, text: expect.stringContaining('could not be read') },
    answer: { ok: true },
  });
});

test('what an alerting app posts is recorded with its words, however it is made, under the name of the app', async () => {
  const channel = `inc-${incident}-pinned`;
  const posts = [
    {
      text: "This content can't be displayed.",
      blocks: [
        { type: 'header', text: { type: 'plain_text', text: 'api down' } },
        { type: 'section', text: { type: 'mrkdwn', text: 'paged <!subteam^S0SRE00001> and <@U0BO000002>' } },
      ],
    },
    { attachments: [{ fallback: '[no preview available]', title: 'HighErrorRate', text: '5xx &gt; 5 %' }] },
  ];
  const texts = ['api down\npaged @sre and @bo', 'HighErrorRate\n5xx > 5 %'];
  for (const [i, post] of posts.entries()) {
    const ts = String((await kit.act('message/app', { channel, app: 'Alerts', ...post })).ts);
    await pins(ts);
    await kit.pays(incident);
    const entry = await captured(ts);
    expect(entry).toMatchObject({ text: texts[i], detail: { author: { name: 'Alerts' } } });
  }
});

test('a guest who is in no channel of the incident adds nothing to it from elsewhere', async () => {
  const guest = {
    handle: null,
    realName: null,
    tz: null,
    isBot: false,
    deleted: false,
    kind: 'guest' as const,
  };
  await kit.store.people.upsert('T1', [{ ...guest, id: 'U0FINN0006', name: 'finn' }]);
  await kit.act('join', { user: 'U0BOT00000', channel: 'incidents' });
  const { ts } = await kit.act('message', { user: 'ana', channel: 'incidents', text: 'not for them' });
  const payload = { channel: 'C0INCIDENT', ts: String(ts), by: 'U0FINN0006' };
  await kit.owes(incident, { kind: 'message.capture', payload });
  await kit.pays(incident);
  expect(await kit.store.incidents.capturedEntry('T1', incident, 'C0INCIDENT', String(ts))).toBeNull();
  // A full member may.
  await kit.owes(incident, { kind: 'message.capture', payload: { ...payload, by: BO.id } });
  await kit.pays(incident);
  expect(await kit.store.incidents.capturedEntry('T1', incident, 'C0INCIDENT', String(ts))).not.toBeNull();
});
