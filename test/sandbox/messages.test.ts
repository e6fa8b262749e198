import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Kit, startKit } from './kit.js';

let kit: Kit;
let channel: string;
beforeAll(async () => {
  kit = await startKit();
  channel = (await kit.client.conversations.create({ name: 'messages' })).channel!.id!;
});
afterAll(() => kit.stop());

const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });

describe('text', () => {
  test.each([
    ['a & b < c > d', 'a &amp; b &lt; c &gt; d'],
    ['already &amp; &lt;done&gt;', 'already &amp; &lt;done&gt;'],
    ['<@U0ANA00001> see <https://x.y|here>', '<@U0ANA00001> see <https://x.y|here>'],
    ['look: https://x.y/a?b=1.', 'look: <https://x.y/a?b=1>.'],
    ['<!date^1731202860^{date}|then> <!here>', '<!date^1731202860^{date}|then> <!here>'],
    ['<b>no tag</b>', '&lt;b&gt;no tag&lt;/b&gt;'],
  ])('%j is kept as %j', async (text, kept) => {
    const { ts } = await kit.client.chat.postMessage({ channel, text });
    const { messages } = await kit.client.conversations.history({
      channel,
      latest: ts,
      inclusive: true,
      limit: 1,
    });
    expect(messages?.[0]).toMatchObject({ ts, text: kept });
  });

  test('40,000 characters are kept of a post; an update refuses more than 4,000', async () => {
    const { ts, message } = await kit.client.chat.postMessage({ channel, text: 'x'.repeat(40_001) });
    expect(message?.text).toHaveLength(40_000);
    expect(await kit.refusal('chat.update', { channel, ts, text: 'x'.repeat(4001) })).toMatchObject({
      error: 'msg_too_long',
    });
    expect(await kit.refusal('chat.update', { channel, ts, text: 'x'.repeat(4000) })).toMatchObject({
      ok: true,
    });
    expect(await kit.refusal('chat.postMessage', { channel })).toMatchObject({ error: 'no_text' });
    expect(await kit.refusal('chat.postMessage', { channel, text: '' })).toMatchObject({ error: 'no_text' });
  });
});

describe('update and delete', () => {
  test('text alone takes the blocks away, blocks alone leave the text', async () => {
    const { ts } = await kit.client.chat.postMessage({ channel, text: 'one', blocks: [section('one')] });
    const blocksOnly = await kit.refusal('chat.update', { channel, ts, blocks: [section('two')] });
    expect(blocksOnly).toMatchObject({ message: { text: 'one', blocks: [{ text: { text: 'two' } }] } });
    expect(blocksOnly.message).not.toHaveProperty('edited');
    const textOnly = await kit.refusal('chat.update', { channel, ts, text: 'three' });
    expect(textOnly).toMatchObject({ text: 'three', message: { edited: { user: 'U0BOT00000' } } });
    expect(textOnly.message).not.toHaveProperty('blocks');
  });

  test('only own messages', async () => {
    await kit.act('join', { user: 'ana', channel: 'messages' });
    const { ts } = await kit.act<{ ts: string }>('message', {
      user: 'ana',
      channel: 'messages',
      text: 'mine',
    });
    expect(await kit.refusal('chat.update', { channel, ts, text: 'x' })).toMatchObject({
      error: 'cant_update_message',
    });
    expect(await kit.refusal('chat.delete', { channel, ts })).toMatchObject({ error: 'cant_delete_message' });
    expect(await kit.refusal('chat.update', { channel, ts: '1.000000', text: 'x' })).toMatchObject({
      error: 'message_not_found',
    });
  });

  test('ephemeral messages go to members, into no history, and cannot be changed', async () => {
    const posting = { channel, text: 'psst', user: 'U0BO000002' };
    expect(await kit.refusal('chat.postEphemeral', posting)).toMatchObject({ error: 'user_not_in_channel' });
    const { message_ts: ts } = await kit.client.chat.postEphemeral({ ...posting, user: 'U0ANA00001' });
    expect(await kit.refusal('chat.update', { channel, ts, text: 'x' })).toMatchObject({
      error: 'message_not_found',
    });
    const state = await kit.look<{ ephemerals: unknown[] }>('state?user=bo');
    expect(state.ephemerals).toEqual([]);
    expect((await kit.look<{ ephemerals: unknown[] }>('state?user=ana')).ephemerals).toMatchObject([
      { text: 'psst' },
    ]);
  });
});

describe('history', () => {
  test('pages newest first, leaves replies out, and hides metadata unless asked', async () => {
    const room = (await kit.client.conversations.create({ name: 'paging' })).channel!.id!;
    const posted: string[] = [];
    for (let i = 0; i < 5; i++) {
      const metadata = { event_type: 'tocsin', event_payload: { n: i } };
      posted.push((await kit.client.chat.postMessage({ channel: room, text: `m${i}`, metadata })).ts!);
    }
    await kit.client.chat.postMessage({ channel: room, text: 'reply', thread_ts: posted[0] });
    const first = await kit.client.conversations.history({ channel: room, limit: 3 });
    expect(first.messages?.map((it) => it.text)).toEqual(['m4', 'm3', 'm2']);
    expect(first.has_more).toBe(true);
    expect(first.messages?.[0]).toMatchObject({ metadata: { event_type: 'tocsin' } });
    expect(first.messages?.[0]?.metadata).not.toHaveProperty('event_payload');
    const rest = await kit.client.conversations.history({
      channel: room,
      limit: 3,
      cursor: first.response_metadata?.next_cursor,
      include_all_metadata: true,
    });
    expect(rest.messages).toMatchObject([
      { metadata: { event_payload: { n: 1 } } },
      { text: 'm0', reply_count: 1 },
    ]);
    const after = await kit.client.conversations.history({ channel: room, oldest: posted[2] });
    expect(after.messages?.map((it) => it.text)).toEqual(['m4', 'm3']);
    const from = await kit.client.conversations.history({
      channel: room,
      oldest: posted[2],
      inclusive: true,
    });
    expect(from.messages?.map((it) => it.text)).toEqual(['m4', 'm3', 'm2']);
    const thread = await kit.client.conversations.replies({ channel: room, ts: posted[0]! });
    expect(thread.messages?.map((it) => it.text)).toEqual(['m0', 'reply']);
  });
});

describe('blocks', () => {
  const ask = (blocks: unknown) => kit.refusal('chat.postMessage', { channel, text: 'x', blocks });
  const button = (text: string, value = 'v', id = 'a') => ({
    type: 'button',
    action_id: id,
    value,
    text: { type: 'plain_text', text },
  });

  test('the answer is the one Slack gives', async () => {
    expect(await ask([section('x'.repeat(3001))])).toEqual({
      ok: false,
      error: 'invalid_blocks',
      errors: ['must be less than 3001 characters [json-pointer:/blocks/0/text/text]'],
      response_metadata: {
        messages: ['[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]'],
      },
    });
  });

  test.each<[string, unknown, string]>([
    [
      '51 blocks',
      Array.from({ length: 51 }, () => ({ type: 'divider' })),
      'no more than 50 items allowed [json-pointer:/blocks]',
    ],
    [
      'header of 151',
      [{ type: 'header', text: { type: 'plain_text', text: 'x'.repeat(151) } }],
      'must be less than 151 characters [json-pointer:/blocks/0/text/text]',
    ],
    [
      'header in mrkdwn',
      [{ type: 'header', text: { type: 'mrkdwn', text: 'x' } }],
      'must be a valid enum value [json-pointer:/blocks/0/text/type]',
    ],
    ['empty text', [section('')], 'must be more than 0 characters [json-pointer:/blocks/0/text/text]'],
    [
      'string as text',
      [{ type: 'section', text: 'x' }],
      'must provide an object [json-pointer:/blocks/0/text]',
    ],
    ['no text', [{ type: 'section' }], 'missing required field: text [json-pointer:/blocks/0]'],
    [
      'unknown key',
      [{ ...section('x'), colour: 'red' }],
      'invalid additional property: colour [json-pointer:/blocks/0]',
    ],
    ['unknown type', [{ type: 'sectoin' }], 'unsupported type: sectoin [json-pointer:/blocks/0/type]'],
    [
      'button of 76',
      [{ type: 'actions', elements: [button('x'.repeat(76))] }],
      'must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]',
    ],
    [
      'button value of 2001',
      [{ type: 'actions', elements: [button('x', 'v'.repeat(2001))] }],
      'must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]',
    ],
    [
      '26 actions',
      [{ type: 'actions', elements: Array.from({ length: 26 }, (_, i) => button('x', 'v', `a${i}`)) }],
      'no more than 25 items allowed [json-pointer:/blocks/0/elements]',
    ],
    [
      '11 in a context',
      [{ type: 'context', elements: Array.from({ length: 11 }, () => ({ type: 'mrkdwn', text: 'x' })) }],
      'no more than 10 items allowed [json-pointer:/blocks/0/elements]',
    ],
    [
      'empty actions',
      [{ type: 'actions', elements: [] }],
      'must provide at least 1 items [json-pointer:/blocks/0/elements]',
    ],
    [
      'an action id twice',
      [{ type: 'actions', elements: [button('x'), button('y')] }],
      '`action_id` "a" already exists [json-pointer:/blocks/0/elements/1/action_id]',
    ],
    [
      'a block id twice',
      [
        { type: 'divider', block_id: 'b' },
        { type: 'divider', block_id: 'b' },
      ],
      '`block_id` "b" already exists [json-pointer:/blocks/1/block_id]',
    ],
  ])('%s', async (_name, blocks, error) => {
    expect(await ask(blocks)).toMatchObject({ ok: false, error: 'invalid_blocks', errors: [error] });
  });

  test('an action id may come again in another block', async () => {
    const row = { type: 'actions', elements: [button('x')] };
    expect(await ask([row, row])).toMatchObject({ ok: true });
  });

  test('the texts of all blocks together end at 13,000', async () => {
    const blocks = (last: number) => [
      ...Array.from({ length: 5 }, () => section('x'.repeat(2500))),
      section('x'.repeat(last)),
    ];
    expect(await ask(blocks(500))).toMatchObject({ ok: true });
    expect(await ask(blocks(501))).toMatchObject({ error: 'msg_blocks_too_long' });
  });

  test('what is not a list, or encoded twice, has its own code', async () => {
    expect(await ask(JSON.stringify(JSON.stringify([section('x')])))).toMatchObject({
      error: 'invalid_blocks_format',
    });
    expect(await ask({})).toMatchObject({ error: 'invalid_blocks_format' });
    expect(await ask('[')).toMatchObject({ error: 'invalid_blocks_format' });
  });
});
