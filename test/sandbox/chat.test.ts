import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ANA, BO, BOT, type ChatKit, codeOf, type Fields, startChatKit } from './chat-kit.js';

let kit: ChatKit;
let channel: string;
beforeAll(async () => {
  kit = await startChatKit();
  channel = (await kit.client.conversations.create({ name: 'chat' })).channel?.id ?? '';
  await kit.client.conversations.invite({ channel, users: `${ANA},${BO}` });
});
afterAll(() => kit.stop());

const section = (words: string) => ({ type: 'section', text: { type: 'mrkdwn', text: words } });
const rich = (words: string) => ({
  type: 'rich_text',
  elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text: words }] }],
});
const post = async (more: Fields = {}) =>
  String((await kit.call('chat.postMessage', { channel, text: 'hello', ...more })).ts);

describe('posting', () => {
  test.each<[string, Fields, Fields]>([
    ['a sign by its name', { text: 'done ✅' }, { text: 'done :white_check_mark:' }],
    ['names only when asked', { text: '@bo #general' }, { text: '@bo #general' }],
    ['names', { text: '@bo #general', link_names: true }, { text: `<@${BO}> <#C0GENERAL1|general>` }],
    [
      'all of it',
      { text: '@bo *b* https://x.y', parse: 'full' },
      { text: `<@${BO}> *b* <https://x.y>`, mrkdwn: false },
    ],
    ['nothing linked', { text: 'https://x.y', parse: 'none' }, { text: 'https://x.y' }],
    ['no markup', { text: '*b*', mrkdwn: false }, { mrkdwn: false }],
    [
      'Markdown',
      { text: undefined, markdown_text: '# A\n**b**' },
      { text: '*A*\n*b*', blocks: [{ type: 'markdown' }] },
    ],
    ['an id of the client', { client_msg_id: 'a-b-c' }, { client_msg_id: 'a-b-c' }],
    [
      'another name and face',
      { username: 'Siren', icon_emoji: ':tada:' },
      { subtype: 'bot_message', username: 'Siren', icons: { emoji: ':tada:' } },
    ],
    [
      'who the app is',
      {},
      { bot_profile: { icons: { image_36: expect.stringContaining('/avatar/') } }, team: 'T0SANDBOX1' },
    ],
  ])('%s', async (_name, given, kept) => {
    expect(await kit.read(channel, await post(given))).toMatchObject(kept);
  });

  test.each<[Fields, string]>([
    [{ as_user: true }, 'as_user_not_supported'],
    [{ markdown_text: 'x' }, 'markdown_text_conflict'],
    [{ text: undefined, markdown_text: 'x'.repeat(12_001) }, 'msg_too_long'],
    [{ text: '', blocks: [] }, 'no_text'],
    [{ metadata: 'x' }, 'invalid_metadata_format'],
    [{ metadata: { event_type: 'x' } }, 'invalid_metadata_schema'],
    [{ metadata: { event_type: 'x', event_payload: { x: 'y'.repeat(16_000) } } }, 'metadata_too_large'],
    [{ blocks: '[' }, 'invalid_blocks_format'],
    [{ attachments: Array.from({ length: 101 }, () => ({ text: 'x' })) }, 'too_many_attachments'],
    [{ thread_ts: '1.000001' }, 'thread_not_found'],
    [{ channel: 'U0EVA00005' }, 'channel_not_found'],
  ])('%j is refused', async (given, code) => {
    expect(await kit.outcome('chat.postMessage', { channel, text: 'x', ...given })).toBe(code);
  });

  test('nobody replies to the line that says who came', async () => {
    const { messages } = await kit.client.conversations.history({ channel });
    const joined = messages?.find((it) => it.subtype === 'channel_join')?.ts;
    expect(await kit.outcome('chat.postMessage', { channel, text: 'x', thread_ts: joined })).toBe(
      'cannot_reply_to_message',
    );
  });

  test('a me message', async () => {
    const { ts } = await kit.client.chat.meMessage({ channel, text: 'waves' });
    expect(await kit.read(channel, String(ts))).toMatchObject({
      subtype: 'me_message',
      text: 'waves',
      user: BOT,
    });
    expect(await kit.outcome('chat.meMessage', { channel })).toBe('no_text');
  });

  test('a person is written to by a person’s token as that person', async () => {
    const ana = await kit.as('ana');
    const { ts } = await ana.chat.postMessage({ channel, text: 'from ana' });
    expect(await kit.read(channel, String(ts))).toMatchObject({ user: ANA, bot_id: 'B0SANDBOX1' });
    const theirs = await ana.chat.update({ channel, ts: String(ts), text: 'changed' });
    expect(theirs.text).toBe('changed');
    const bots = await post();
    const bo = await kit.as('bo');
    expect(await bo.chat.delete({ channel, ts: bots }).catch(codeOf)).toBe('cant_delete_message');
    expect(await ana.chat.delete({ channel, ts: bots })).toMatchObject({ ok: true });
  });
});

describe('threads', () => {
  test('parent, replies and a broadcast show each other', async () => {
    const ts = await post({ text: 'parent' });
    const first = await post({ text: 'first', thread_ts: ts });
    const events = await kit.during(() =>
      kit.say('ana', 'chat', 'to all', { thread_ts: ts, broadcast: true }),
    );
    expect(events).toMatchObject([
      {
        subtype: 'thread_broadcast',
        thread_ts: ts,
        parent_user_id: BOT,
        root: { ts, text: 'parent', reply_count: 2 },
      },
    ]);
    const { messages } = await kit.client.conversations.replies({ channel, ts });
    expect(messages).toMatchObject([
      {
        ts,
        thread_ts: ts,
        reply_count: 2,
        reply_users: [BOT, ANA],
        latest_reply: messages?.[2]?.ts,
        subscribed: true,
        last_read: first,
      },
      { ts: first, parent_user_id: BOT },
      { subtype: 'thread_broadcast', root: { ts } },
    ]);
    const inChannel = await kit.client.conversations.history({ channel, limit: 2, oldest: ts });
    expect(inChannel.messages).toMatchObject([{ text: 'to all', root: { ts } }]);
    expect(inChannel).toMatchObject({ oldest: ts, channel_actions_count: 0, channel_actions_ts: null });
  });

  test('a reply to a reply is in neither the thread nor the channel', async () => {
    const ts = await post();
    const reply = await post({ thread_ts: ts });
    const lost = await post({ thread_ts: reply, text: 'lost' });
    const thread = await kit.client.conversations.replies({ channel, ts });
    const whole = await kit.client.conversations.history({ channel });
    for (const { messages } of [thread, whole]) expect(messages?.map((it) => it.ts)).not.toContain(lost);
  });
});

describe('chat.update', () => {
  const update = (ts: string, more: Fields) => kit.call('chat.update', { channel, ts, ...more });

  test('keeps what is not named, clears what is empty', async () => {
    const metadata = { event_type: 'x', event_payload: { a: 1 } };
    const ts = await post({ blocks: [section('one')], attachments: [{ text: 'more' }], metadata });
    await update(ts, { text: 'two' });
    expect(await kit.read(channel, ts)).toMatchObject({
      text: 'two',
      attachments: [{ text: 'more' }],
      metadata,
    });
    await update(ts, { blocks: [section('three')] });
    await update(ts, { blocks: [], attachments: [], metadata: {} });
    const bare = await kit.read(channel, ts);
    for (const gone of ['blocks', 'attachments', 'metadata']) expect(bare).not.toHaveProperty(gone);
    expect(bare.text).toBe('two');
  });

  test.each<[string, Fields, Fields, string]>([
    ['nothing', {}, {}, 'no_text'],
    ['empty text', {}, { text: '' }, 'no_text'],
    ['the last of it', { text: '', blocks: [section('x')] }, { blocks: [] }, 'no_text'],
    ['rich text for other blocks', { blocks: [rich('x')] }, { blocks: [section('x')] }, 'block_mismatch'],
    ['a broadcast of no reply', {}, { reply_broadcast: true }, 'cant_broadcast_message'],
    ['files that are not there', {}, { file_ids: 'F1' }, 'file_not_found'],
  ])('%s is refused', async (_name, before, after, code) => {
    const ts = await post(before);
    expect(await kit.outcome('chat.update', { channel, ts, ...after })).toBe(code);
  });

  test('rich text may become other rich text', async () => {
    const ts = await post({ blocks: [rich('x')] });
    expect(await update(ts, { blocks: [rich('y')] })).toMatchObject({ ok: true });
  });

  test('a reply is sent to the channel later, but not changed at the same time', async () => {
    const ts = await post();
    const reply = await post({ thread_ts: ts });
    const both = { channel, ts: reply, reply_broadcast: true, text: 'x' };
    expect(await kit.outcome('chat.update', both)).toBe('no_dual_broadcast_content_update');
    await update(reply, { reply_broadcast: true });
    expect(await kit.read(channel, reply)).toMatchObject({ subtype: 'thread_broadcast', root: { ts } });
  });

  test('of a thread the first message leaves a tombstone, told as a change; with the last reply that goes too', async () => {
    const at = { user: 'ana', channel };
    const ts = await kit.say('ana', channel, 'first');
    const reply = await kit.say('ana', channel, 'an answer', { thread_ts: ts });
    const stone = { ts, subtype: 'tombstone', user: 'USLACKBOT', text: 'This message was deleted.' };
    const [changed] = await kit.during(() => kit.act('message/delete', { ...at, ts }));
    expect(changed).toMatchObject({
      subtype: 'message_changed',
      message: { ...stone, hidden: true, thread_ts: ts, parent_user_id: 'USLACKBOT', reply_count: 1 },
      previous_message: { ts, text: 'first' },
    });
    expect((await kit.client.conversations.replies({ channel, ts })).messages).toMatchObject([
      stone,
      { text: 'an answer' },
    ]);
    const gone = await kit.during(() => kit.act('message/delete', { ...at, ts: reply }));
    expect(gone).toMatchObject([
      { subtype: 'message_deleted', deleted_ts: reply },
      { subtype: 'message_deleted', deleted_ts: ts, previous_message: stone },
    ]);
  });

  test('what was sent under another name cannot be deleted', async () => {
    expect(await kit.outcome('chat.delete', { channel, ts: await post({ username: 'Siren' }) })).toBe(
      'cant_delete_message',
    );
  });
});

describe('links of the app’s domains', () => {
  const unfurls = { 'https://status.example.com/1': { title: 'Incident 1', text: 'open' } };

  test('the app hears of them and shows them, without a mark of an edit', async () => {
    const [, told] = await kit.during(() =>
      kit.say('ana', 'chat', 'see https://status.example.com/1 and https://x.y'),
    );
    expect(told).toMatchObject({
      type: 'link_shared',
      user: ANA,
      channel,
      is_bot_user_member: true,
      source: 'conversations_history',
      links: [{ url: 'https://status.example.com/1', domain: 'example.com' }],
    });
    const ts = String(told?.message_ts);
    const events = await kit.during(() => kit.call('chat.unfurl', { channel, ts, unfurls }));
    expect(events).toMatchObject([{ subtype: 'message_changed', message: { ts } }]);
    const message = await kit.read(channel, ts);
    expect(message.attachments).toMatchObject([
      {
        id: 1,
        title: 'Incident 1',
        from_url: 'https://status.example.com/1',
        is_app_unfurl: true,
        app_id: 'A0SANDBOX1',
      },
    ]);
    expect(message).not.toHaveProperty('edited');
    // Again replaces; by the id of the event it goes too, and work objects with their state.
    const entity = {
      entity_type: 'slack#/entities/incident',
      app_unfurl_url: 'https://status.example.com/1',
      entity_payload: { attributes: { title: { text: 'Incident 1' } } },
    };
    await kit.call('chat.unfurl', {
      unfurl_id: told?.unfurl_id,
      source: 'conversations_history',
      metadata: { entities: [entity] },
    });
    expect((await kit.read(channel, ts)).attachments).toMatchObject([{ id: 1, entity }]);
  });

  test('links in places without the app, and none where it says so', async () => {
    const [told] = await kit.during(() => kit.say('ana', 'general', 'https://example.com/2'));
    expect(told).toMatchObject({ type: 'link_shared', is_bot_user_member: false });
    const own = await kit.during(() => post({ text: 'https://example.com/3', unfurl_links: false }));
    expect(own.map((event) => event.type)).toEqual(['message']);
  });

  test.each<[Fields, string]>([
    [{ unfurls }, 'missing_channel'],
    [{ channel: 'here', unfurls }, 'missing_ts'],
    [{ channel: 'here', ts: '1.000001', unfurls }, 'cannot_find_message'],
    [{ channel: 'C1', ts: '1.000001', unfurls }, 'cannot_find_channel'],
    [{ channel: 'here', ts: 'there', unfurls }, 'cannot_unfurl_url'],
    [{ channel: 'here', ts: 'there' }, 'missing_unfurls'],
    [{ channel: 'here', ts: 'there', unfurls: '{' }, 'invalid_unfurls_format'],
    [{ channel: 'here', ts: 'there', metadata: { entities: {} } }, 'invalid_metadata_format'],
    [{ unfurl_id: 'x', unfurls }, 'missing_source'],
    [{ unfurl_id: 'x', source: 'composer', unfurls }, 'invalid_unfurl_id'],
  ])('%j is refused', async (given, code) => {
    const real: Fields = { ...given };
    if (real.channel === 'here') real.channel = channel;
    if (real.ts === 'there') real.ts = await post();
    expect(await kit.outcome('chat.unfurl', real)).toBe(code);
  });
});

describe('streams', () => {
  const reader = { recipient_user_id: ANA, recipient_team_id: 'T0SANDBOX1' };

  test('grow piece by piece and end as a message', async () => {
    const thread = await post();
    const { ts } = await kit.call('chat.startStream', {
      channel,
      thread_ts: thread,
      ...reader,
      markdown_text: '**Hello',
    });
    expect(await kit.outcome('chat.update', { channel, ts, text: 'x' })).toBe('streaming_state_conflict');
    const task = { type: 'task_update', id: 't1', title: 'Look', status: 'in_progress' };
    const middle = await kit.during(async () => {
      await kit.call('chat.appendStream', { channel, ts, markdown_text: ' you**', chunks: [task] });
      await kit.call('chat.appendStream', {
        channel,
        ts,
        chunks: [
          { ...task, status: 'complete' },
          { type: 'markdown_text', text: ' there' },
        ],
      });
    });
    expect(middle).toEqual([]);
    const events = await kit.during(() =>
      kit.call('chat.stopStream', { channel, ts, blocks: [section('Was it right?')] }),
    );
    expect(events).toMatchObject([{ subtype: 'message_changed' }]);
    expect(await kit.read(channel, String(ts))).toMatchObject({
      text: '*Hello you* there',
      streaming_state: 'completed',
      blocks: [
        { type: 'task_card', task_id: 't1', status: 'complete' },
        { type: 'markdown', text: '**Hello you** there' },
        { type: 'section' },
      ],
    });
    expect(await kit.outcome('chat.appendStream', { channel, ts, markdown_text: 'x' })).toBe(
      'message_not_in_streaming_state',
    );
  });

  test.each<[string, Fields, string]>([
    ['startStream', { ...reader, recipient_user_id: undefined }, 'missing_recipient_user_id'],
    ['startStream', { ...reader, recipient_team_id: undefined }, 'missing_recipient_team_id'],
    ['startStream', { ...reader, recipient_user_id: 'U1' }, 'user_not_found'],
    ['startStream', { ...reader, chunks: [{ type: 'x' }] }, 'invalid_chunks'],
    ['appendStream', { markdown_text: 'x', ts: '1.000001' }, 'message_not_found'],
  ])('chat.%s %j is refused', async (method, given, code) => {
    const args = { channel, thread_ts: await post(), ...given };
    expect(await kit.outcome(`chat.${method}`, args)).toBe(code);
  });
});

test('without a Messages tab nobody is written to directly, in either direction', async () => {
  const closed = await startChatKit({}, (it) => {
    it.features.app_home.messages_tab_enabled = false;
  });
  try {
    const direct = (await closed.client.conversations.open({ users: ANA })).channel?.id;
    for (const to of [ANA, direct])
      expect(await closed.outcome('chat.postMessage', { channel: to, text: 'x' })).toBe(
        'messages_tab_disabled',
      );
    expect(await closed.act('message', { user: 'ana', channel: String(direct), text: 'x' })).toMatchObject({
      error: 'messages_tab_disabled',
    });
  } finally {
    await closed.stop();
  }
});
