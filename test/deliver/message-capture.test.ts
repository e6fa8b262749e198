import { createServer } from 'node:http';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Gate } from '#deliver/attempt.js';
import { type Entry, entryText } from '#domain/incident/entry.js';
import { FOLD } from '#domain/incident/state.js';
import { createReadFile } from '#slack/transport/files.js';
import { ANA, BO, type Kit, startKit } from './kit.js';
import { mortal } from './mortal.js';

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

test('where Slack does not let us look, whoever pins hears why, and what is recorded is not taken for deleted', async () => {
  const ts = await writes('a reply', await writes('what it is about'));
  const refuses = (after: number) =>
    kit.act('fault', {
      ...{ method: 'conversations.replies', kind: 'error', value: 'missing_scope' },
      ...{ times: 1, after },
    });
  await refuses(0);
  await pins(ts);
  await kit.pays(incident);
  expect((await ephemerals()).at(-1)?.text).toMatch(
    /could not be read, so it was not kept\. Slack said missing_scope: .*reinstall the app.* then pin it again\.$/,
  );
  expect(await captured(ts)).toBeNull();
  // Read well, and not let in when it is looked at once more.
  await refuses(1);
  await pins(ts);
  await kit.pays(incident);
  expect(await captured(ts)).toMatchObject({ text: 'a reply' });
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

test.each(['http500', 'cut', 'ratelimit'])(
  'whoever pins is told in a channel that does not take it now: %s',
  async (kind) => {
    const ts = await writes(`told in spite of ${kind}`);
    await pins(ts, BO.id);
    await kit.pays(incident);
    const before = (await ephemerals()).length;
    await pins(ts, ANA.id);
    await kit.fault('chat.postEphemeral', kind);
    await kit.pays(incident);
    expect((await ephemerals()).slice(before)).toMatchObject([
      { user: ANA.id, text: expect.stringContaining('bo put it there') },
    ]);
  },
);

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
  expect((await kit.rows(incident)).filter((row) => row.dead).slice(-1)).toMatchObject([
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

/** The rows of an incident's own lane and its others are paid; what the bot said in the channel about that entry. */
const shownOf = async (n: number) =>
  (await kit.said(incident)).filter(({ text }) => text.startsWith(`*#${n}* `)).map(({ text }) => text);

const place = async (ts: string) => ({ channel: (await kit.channel(incident)).id, ts });

test('edited or deleted in Slack, what the channel shows of it follows where it stands, and nothing more is said', async () => {
  const thread = await writes('the question');
  const ts = await writes('what is to go', thread);
  await pins(ts);
  await kit.pays(incident);
  const { n = 0, link } = (await captured(ts)) ?? {};
  expect(link).toContain(`thread_ts=${thread}`);
  const said = (await kit.said(incident)).length;
  const at = await place(ts);
  const later = `${Number.parseInt(ts, 10) + 60}.000100`;
  const edit = { ts: later, channel: at.channel, text: 'what may stay & more' };
  await kit.says({ type: 'NoteMessageEdited', at, edit }, incident, ANA, { source: 'bot' });
  await kit.pays(incident);
  expect(await shownOf(n)).toEqual([expect.stringMatching(/\(edited\) what may stay &amp; more — ana/)]);
  expect(await captured(ts)).toMatchObject({ text: 'what may stay & more', editedAt: expect.any(String) });

  const gone = {
    type: 'NoteMessageDeleted' as const,
    at,
    ts: `${Number.parseInt(ts, 10) + 120}.000100`,
    hides: true,
  };
  await kit.says(gone, incident, { id: 'tocsin', name: null });
  await kit.pays(incident);
  expect(await shownOf(n)).toEqual([expect.stringMatching(/\(deleted\) \[deleted in Slack .* UTC\] — ana/)]);
  expect(await kit.said(incident)).toHaveLength(said);
  expect(JSON.stringify(await kit.said(incident))).not.toMatch(/what is to go|what may stay/);
  const entry = await captured(ts);
  expect(entry && entryText(entry)).toMatch(/^\[deleted in Slack/);
  // Its words stay in the record.
  const facts = await kit.store.incidents.history('T1', incident, n);
  expect(facts.map(({ type, texts }) => [type, texts.text])).toEqual([
    ['MessageCaptured', 'what is to go'],
    ['MessageEdited', 'what may stay & more'],
    ['MessageDeleted', undefined],
  ]);
});

test.each([
  ['edited', { text: 'other words' }],
  ['deleted', { text: null, detail: { deleted: expect.any(String) } }],
] as const)('%s between being read and being recorded: it is looked at again', async (how, expected) => {
  const ts = await writes('first words');
  await pins(ts);
  let changed = false;
  const its = {
    ...kit.world,
    slack: {
      call: async (method: string, args?: Record<string, unknown>) => {
        if (method === 'chat.getPermalink' && !changed) {
          changed = true;
          const { channel } = await place(ts);
          const change = { user: 'ana', channel, ts, ...(how === 'edited' && { text: 'other words' }) };
          await kit.act(how === 'edited' ? 'message/edit' : 'message/delete', change);
        }
        return kit.world.slack.call(method, args);
      },
    },
  };
  await kit.visits(incident, new Gate(kit.world.now), its);
  await kit.pays(incident);
  expect(changed).toBe(true);
  expect(await captured(ts)).toMatchObject(expected);
});

test('what the bot said itself is not recorded once more, and who wants that is told', async () => {
  const own = (await kit.said(incident)).at(-1)?.ts ?? '';
  await pins(own);
  await pins(own, 'U0BOT00000');
  await kit.pays(incident);
  expect(await captured(own)).toBeNull();
  const told = (await ephemerals()).filter(({ text }) => text.includes('I wrote that message myself'));
  expect(told.map(({ user }) => user)).toEqual([BO.id]);
});

test('who takes their pin away is offered to have it struck; struck, it may be recorded anew', async () => {
  const ts = await writes('pinned by mistake');
  await pins(ts);
  const unpins = async (by: string) =>
    kit.owes(incident, { kind: 'message.unpinned', payload: { ...(await place(ts)), by } });
  await unpins(ANA.id);
  await unpins(BO.id);
  const before = (await ephemerals()).length;
  await kit.pays(incident);
  const { n = 0 } = (await captured(ts)) ?? {};
  const offered = (await ephemerals()).slice(before) as Array<{
    user: string;
    text: string;
    blocks?: unknown[];
  }>;
  expect(offered).toMatchObject([
    {
      user: BO.id,
      text: expect.stringContaining(`stays in the timeline of INC-${incident} as #${n}`),
      blocks: [
        { type: 'section' },
        { elements: [{ action_id: 'capture:strike', text: { text: `Strike #${n}` } }] },
      ],
    },
  ]);
  await kit.says({ type: 'StrikeEntry', entry: n, reason: 'unpinned' }, incident, BO);
  await unpins(BO.id);
  await pins(ts);
  await kit.pays(incident);
  expect((await ephemerals()).slice(before)).toHaveLength(1);
  expect(await captured(ts)).toMatchObject({
    struck: false,
    text: 'pinned by mistake',
    n: expect.any(Number),
  });
  expect((await captured(ts))?.n).toBeGreaterThan(n);
  expect(await kit.store.incidents.captures('T1', (await place(ts)).channel, ts)).toMatchObject([
    { incident, struck: false },
  ]);
});

const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** Ana shares a file, and Bo pins it. */
async function shares(name: string, content_base64: string, text = ''): Promise<string> {
  const where = { user: 'ana', channel: `inc-${incident}-pinned` };
  const ts = String((await kit.act('file', { ...where, name, content_base64, text })).ts);
  await pins(ts);
  return ts;
}

test('names, types and sizes of files are on the entry; nothing of them is fetched unless it is to be', async () => {
  const ts = await shares('graph.png', PIXEL, 'look');
  await kit.pays(incident);
  expect(await captured(ts)).toMatchObject({
    text: 'look',
    detail: { files: [{ id: expect.any(String), name: 'graph.png', type: 'image/png', size: 70 }] },
  });
  expect(await kit.calls('files.info')).toEqual([]);
  expect((await kit.rows(incident, 'message.files')).at(-1)).toMatchObject({
    done: true,
    result: { off: true },
  });
});

test('images are kept where they are to be, by what their bytes say; erased, they are gone', async () => {
  const { botToken: token, apiUrl } = kit.sandbox;
  kit.world.readFile = createReadFile({ token, apiUrl });
  const ts = await shares('graph.png', PIXEL);
  await kit.fault('files.info', 'ratelimit');
  await kit.pays(incident);
  const { n = 0, detail } = (await captured(ts)) ?? {};
  const file = detail?.files?.[0]?.id ?? '';
  expect(detail?.kept).toMatchObject([
    { id: file, type: 'image/png', size: 70, digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
  ]);
  const bytes = () => kit.store.snapshot((at) => at.keptBytes('T1', incident, n, file));
  expect((await bytes())?.toString('base64')).toBe(PIXEL);
  expect(await kit.state(incident)).toMatchObject({ images: true });

  const seq =
    (await kit.store.incidents.history('T1', incident, n)).find(({ type }) => type === 'FilesKept')?.seq ?? 0;
  expect(await kit.store.eraseTexts(FOLD, { team: 'T1', incident, seq }, ['image.0'])).toBe(1);
  expect(await bytes()).toBeNull();
  expect((await captured(ts))?.detail.kept).toEqual([]);
});

test('a worker killed at any of its dealings, and asked twice: an image is kept once, and a pin that is taken away is spoken of', async () => {
  const { botToken: token, apiUrl } = kit.sandbox;
  kit.world.readFile = createReadFile({ token, apiUrl });
  let n = 1;
  for (let survived = false; !survived; n++) {
    const ts = await shares('graph.png', PIXEL, `killed at ${n}`);
    await kit.visits(incident);
    const { n: entry = 0 } = (await captured(ts)) ?? {};
    const [{ seq } = { seq: 0 }] = await kit.store.incidents.history('T1', incident, entry);
    await kit.owes(incident, { kind: 'message.files', payload: { seq, by: BO.id } });
    await kit.owes(incident, { kind: 'message.unpinned', payload: { ...(await place(ts)), by: BO.id } });
    const its = mortal(kit.world, n);
    for (const lane of await kit.owing(incident))
      await kit.visits(incident, new Gate(kit.world.now), its.world, lane).catch(() => null);
    survived = !its.died();
    await kit.client.query("update lane set lease_until = now() - interval '1 s', next_at = null");
    await kit.pays(incident);
    const facts = await kit.store.incidents.history('T1', incident, entry);
    expect([n, facts.filter(({ type }) => type === 'FilesKept').length]).toEqual([n, 1]);
    const file = (await captured(ts))?.detail.files?.[0]?.id ?? '';
    const bytes = await kit.store.snapshot((at) => at.keptBytes('T1', incident, entry, file));
    expect(bytes?.toString('base64')).toBe(PIXEL);
    // What one person alone was shown nobody can look for: twice at most, and never not at all.
    const offers = (await ephemerals()).filter(({ text }) => text.includes(`INC-${incident} as #${entry}`));
    expect([1, 2]).toContain(offers.length);
  }
  expect(n).toBeGreaterThan(10);
});

test.each([
  [
    'no image, whatever it is called',
    'trace.png',
    Buffer.from('<svg/>').toString('base64'),
    'what it holds is no PNG',
  ],
  [
    'too large',
    'huge.png',
    Buffer.concat([Buffer.from(PIXEL, 'base64'), Buffer.alloc(5_000_000)]).toString('base64'),
    'larger than 5 MB',
  ],
])('%s: it is not kept, and who pinned it is told', async (_, name, content, why) => {
  const ts = await shares(name, content);
  const before = (await ephemerals()).length;
  await kit.pays(incident);
  const entry = await captured(ts);
  expect(entry?.detail.kept).toBeUndefined();
  expect((await ephemerals()).slice(before)).toMatchObject([
    {
      user: BO.id,
      text: expect.stringContaining(
        `#${entry?.n}: not kept in the record: ${name}: ${why.includes('MB') ? 'it is ' : ''}${why}`,
      ),
    },
  ]);
});

test('the token goes to Slack alone, and no redirect takes it along', async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization}`);
    if (request.url === '/moved') response.writeHead(302, { location: '/signin' }).end();
    else if (request.url === '/gone') response.writeHead(404).end();
    else if (request.url === '/ill') response.writeHead(503).end();
    else response.end('0123456789');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as { port: number };
    const here = `http://127.0.0.1:${port}`;
    const read = createReadFile({ token: 'xoxb-1', apiUrl: `${here}/api/` });
    expect(await read(`${here}/f`, 10)).toMatchObject({ kind: 'ok', bytes: Buffer.from('0123456789') });
    expect(await read(`${here}/f`, 9)).toMatchObject({
      kind: 'refused',
      why: expect.stringContaining('larger'),
    });
    expect(await read(`${here}/moved`, 9)).toMatchObject({
      kind: 'refused',
      why: expect.stringContaining('files:read'),
    });
    expect(await read(`${here}/gone`, 9)).toMatchObject({ kind: 'refused' });
    expect(await read(`${here}/ill`, 9)).toEqual({ kind: 'unknown', error: 'http_503' });
    expect(new Set(asked.map((one) => one.split(' ').slice(1).join(' ')))).toEqual(
      new Set(['Bearer xoxb-1']),
    );
    expect(asked.some((one) => one.startsWith('/signin'))).toBe(false);
    const count = asked.length;
    const slacks = createReadFile({ token: 'xoxb-1', apiUrl: null });
    const others = [
      `${here}/f`,
      'https://evil.example/f',
      'https://files.slack.com.evil.example/f',
      'http://files.slack.com/f',
      'https://u@slack.com/f',
      'https://files.slack.com:8443/f',
      'not an address',
    ];
    for (const url of others)
      expect(await slacks(url, 9)).toMatchObject({ kind: 'refused', why: 'it is not kept by Slack itself' });
    for (const url of [`http://127.0.0.1:${port + 1}/f`, `http://x.127.0.0.1:${port}/f`])
      expect(await read(url, 9)).toMatchObject({ kind: 'refused' });
    expect(asked).toHaveLength(count);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

const BOT = 'U0BOT00000';

/** Ana mentions the bot. @returns what she alone is told */
async function mentions(text: string, more: { channel?: string; of?: number; thread?: string } = {}) {
  const { channel = `inc-${incident}-pinned`, of = incident, thread } = more;
  const posted = await kit.act('message', {
    user: 'ana',
    channel,
    text,
    ...(thread && { thread_ts: thread }),
  });
  const { id = '' } = (await kit.channels()).find((one) => one.name === channel) ?? {};
  const payload = { channel: id, ts: String(posted.ts), user: ANA.id, bot: BOT };
  await kit.owes(of, { kind: 'mention.answer', payload: { ...payload, ...(thread && { thread }) } });
  const before = (await ephemerals()).length;
  await kit.pays(of);
  return (await ephemerals()).slice(before).map(({ user, text }) => [user, text]);
}
const SAYS = 'I do not act on mentions, so nothing was kept.';

test.each([
  ['note 14:32 restarted & well', `${SAYS} Type it: \`/incident note 14:32 restarted &amp; well\``],
  [
    'status fixed all good',
    expect.stringMatching(/nothing was kept\. .*Type `\/incident status resolved all good`\.$/),
  ],
  ['the pods are back', expect.stringContaining('Did you mean `/incident note the pods are back`?')],
  ['', expect.stringMatching(/^I do not act on mentions\. `\/incident` alone says where you are/)],
  ['note password: Winter2024!', expect.not.stringContaining('Winter')],
])('who mentions the bot with “%s” is told what to type', async (text, told) => {
  expect(await mentions(`@testbot ${text}`)).toEqual([[ANA.id, told]]);
});

test('a mention in a thread is answered there; one where Slack says wait is answered later, one of a person who has left is not', async () => {
  const thread = await writes('the question');
  await kit.fault('chat.postEphemeral', 'ratelimit');
  expect(await mentions('@testbot timeline', { thread })).toHaveLength(1);
  expect((await kit.calls('chat.postEphemeral')).at(-1)?.args).toMatchObject({ thread_ts: thread });
  await kit.fault('chat.postEphemeral', 'error', 'user_not_in_channel');
  expect(await mentions('@testbot timeline')).toEqual([]);
  expect((await kit.rows(incident, 'mention.answer')).at(-1)).toMatchObject({
    done: true,
    result: { told: false },
  });
});
