import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { ANA, type ChatKit, type Fields, startChatKit } from './chat-kit.js';

let kit: ChatKit;
let channel: string;
beforeAll(async () => {
  kit = await startChatKit();
  channel = (await kit.client.conversations.create({ name: 'later' })).channel?.id ?? '';
  await kit.act('clock', { freeze: true });
});
afterAll(() => kit.stop());

let now = 0;
const winds = async (seconds: number) => {
  const { now: ms } = await kit.act<{ now: number }>('clock', { advance_ms: seconds * 1000 });
  now = Math.floor(ms / 1000);
};
beforeEach(() => winds(0));
const schedule = (inSeconds: number, more: Fields = {}) =>
  kit.call('chat.scheduleMessage', { channel, text: 'later', post_at: now + inSeconds, ...more });
const posted = async () =>
  (await kit.client.conversations.history({ channel })).messages?.map((it) => it.text) ?? [];
const waiting = async (more: Fields = {}) =>
  (await kit.call('chat.scheduledMessages.list', more)).scheduled_messages as Fields[];

test('a message comes at its time, and not before', async () => {
  const answer = await schedule(600, { text: 'at ten ✅' });
  expect(answer).toMatchObject({
    channel,
    post_at: now + 600,
    scheduled_message_id: expect.stringMatching(/^Q/),
    message: { type: 'delayed_message', text: 'at ten :white_check_mark:', bot_id: 'B0SANDBOX1' },
  });
  expect(answer.message).not.toHaveProperty('ts');
  expect(await waiting({ channel })).toEqual([
    {
      id: answer.scheduled_message_id,
      channel_id: channel,
      post_at: now + 600,
      date_created: now,
      text: 'at ten :white_check_mark:',
    },
  ]);
  await winds(599);
  expect(await posted()).not.toContain('at ten :white_check_mark:');
  const events = await kit.during(() => winds(1));
  expect(events).toMatchObject([{ type: 'message', text: 'at ten :white_check_mark:' }]);
  expect(Math.floor(Number(events[0]?.ts))).toBe(now);
  expect(await waiting()).toEqual([]);
  const gone = { channel, scheduled_message_id: answer.scheduled_message_id };
  expect(await kit.outcome('chat.deleteScheduledMessage', gone)).toBe('invalid_scheduled_message_id');
});

test('what was taken back does not come', async () => {
  const { scheduled_message_id } = await schedule(600, { text: 'never' });
  expect(
    await kit.outcome('chat.deleteScheduledMessage', { channel: 'C0GENERAL1', scheduled_message_id }),
  ).toBe('invalid_scheduled_message_id');
  expect(await kit.outcome('chat.deleteScheduledMessage', { channel, scheduled_message_id })).toBe('ok');
  await winds(700);
  expect(await posted()).not.toContain('never');
});

test('the last minute is too late to take it back', async () => {
  const { scheduled_message_id } = await schedule(59);
  expect(await kit.outcome('chat.deleteScheduledMessage', { channel, scheduled_message_id })).toBe(
    'invalid_scheduled_message_id',
  );
  await winds(60);
});

test.each<[Fields, string]>([
  [{ post_at: 'soon' }, 'invalid_time'],
  [{ post_at: 1.5 }, 'invalid_time'],
  [{ post_at: 1 }, 'time_in_past'],
  [{ text: '' }, 'no_text'],
  [{ channel: 'C1' }, 'channel_not_found'],
  [{ metadata: 'x' }, 'invalid_metadata_format'],
])('%j is refused', async (given, code) => {
  const args = { channel, text: 'x', post_at: now + 600, ...given };
  expect(await kit.outcome('chat.scheduleMessage', args)).toBe(code);
});

test('120 days ahead and 30 in five minutes of a channel are the most', async () => {
  const day = 24 * 3600;
  const at = (inSeconds: number) => ({ channel, text: 'x', post_at: now + inSeconds });
  expect(await kit.outcome('chat.scheduleMessage', at(120 * day + 1))).toBe('time_too_far');
  expect(await kit.outcome('chat.scheduleMessage', at(120 * day))).toBe('ok');
  const start = (Math.floor(now / 300) + 10) * 300;
  const one = (second: number, more: Fields = {}) =>
    kit.outcome('chat.scheduleMessage', { channel, text: 'x', post_at: start + second, ...more });
  for (let i = 0; i < 30; i++) expect(await one(i)).toBe('ok');
  expect(await one(299)).toBe('restricted_too_many');
  expect(await one(300)).toBe('ok');
  expect(await one(299, { channel: ANA })).toBe('ok');
  const between = await waiting({ oldest: start, latest: start + 9, limit: 4 });
  expect(between.map((it) => it.post_at)).toEqual([start, start + 1, start + 2, start + 3]);
  expect(await kit.outcome('chat.scheduledMessages.list', { channel: 'C1' })).toBe('invalid_channel');
});

test('Slack’s own fault: with metadata it never comes', async () => {
  const metadata = { event_type: 'x', event_payload: {} };
  await schedule(100, { text: 'well', metadata });
  await winds(100);
  expect(await posted()).toContain('well');
  await kit.act('settings', { scheduled_metadata_bug: true });
  await schedule(100, { text: 'lost', metadata });
  await schedule(100, { text: 'not lost' });
  await winds(100);
  expect(await posted()).toContain('not lost');
  expect(await posted()).not.toContain('lost');
});

test('an archive takes no messages', async () => {
  const { id } = (await kit.client.conversations.create({ name: 'closing' })).channel ?? {};
  await kit.client.chat.scheduleMessage({ channel: String(id), text: 'too late', post_at: now + 100 });
  await kit.client.conversations.archive({ channel: String(id) });
  await winds(100);
  const { messages } = await kit.client.conversations.history({ channel: String(id) });
  expect(messages?.map((it) => it.text)).not.toContain('too late');
});
