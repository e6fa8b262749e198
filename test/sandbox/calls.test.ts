import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ANA, BO, type ChatKit, type Fields, startChatKit } from './chat-kit.js';

let kit: ChatKit;
beforeAll(async () => {
  kit = await startChatKit();
});
afterAll(() => kit.stop());

const bridge = {
  external_unique_id: 'bridge-1',
  join_url: 'https://meet.example.org/1',
  created_by: ANA,
  title: 'Bridge',
};
const add = async (more: Fields = {}) =>
  (await kit.call('calls.add', { ...bridge, ...more })).call as Fields & { id: string };

test('a call lives from its beginning to its end', async () => {
  const call = await add({ external_display_id: '1', users: [{ slack_id: ANA }] });
  expect(call).toMatchObject({
    ...{
      id: expect.stringMatching(/^R/),
      created_by: ANA,
      title: 'Bridge',
      join_url: 'https://meet.example.org/1',
    },
    ...{ external_unique_id: 'bridge-1', external_display_id: '1', date_start: expect.any(Number) },
    users: [{ slack_id: ANA }],
  });
  const { id } = call;
  const outside = { external_id: 'x', display_name: 'Caller' };
  await kit.call('calls.participants.add', { id, users: [{ slack_id: BO }, outside, { slack_id: BO }] });
  await kit.call('calls.participants.remove', { id, users: [{ slack_id: ANA }] });
  await kit.call('calls.update', { id, title: 'War room' });
  const info = (await kit.call('calls.info', { id })).call;
  expect(info).toMatchObject({ title: 'War room', users: [{ slack_id: BO }, outside] });
  await kit.call('calls.end', { id, duration: 60 });
  expect((await kit.call('calls.info', { id })).call).toMatchObject({
    date_end: Number(call.date_start) + 60,
    users: [],
  });
  for (const method of ['calls.end', 'calls.participants.add'])
    expect(await kit.outcome(method, { id, users: [{ slack_id: BO }] })).toBe('inactive_call');
});

test.each<[string, Fields, string]>([
  ['calls.add', { ...bridge, created_by: 'U1' }, 'invalid_created_by'],
  ['calls.add', { ...bridge, created_by: undefined }, 'invalid_created_by'],
  ['calls.add', { ...bridge, date_start: 'now' }, 'invalid_start_time'],
  ['calls.add', { ...bridge, users: [{ slack_id: 'U1' }] }, 'user_not_found'],
  ['calls.add', { ...bridge, join_url: undefined }, 'invalid_arguments'],
  ['calls.info', { id: 'R1' }, 'invalid_call_id'],
  ['calls.update', { id: 'R1' }, 'invalid_call_id'],
  ['calls.participants.add', { id: 'here' }, 'missing_argument'],
  ['calls.participants.add', { id: 'here', users: [{ external_id: 'x' }] }, 'bad_users'],
  ['calls.participants.remove', { id: 'here', users: 'all' }, 'bad_users'],
])('%s %j: %s', async (method, args, code) => {
  const real = args.id === 'here' ? { ...args, id: (await add()).id } : args;
  expect(await kit.outcome(method, real)).toBe(code);
});

test('a block shows it in a message', async () => {
  const { id } = await add();
  const channel = (await kit.client.conversations.create({ name: 'calls' })).channel?.id ?? '';
  const post = (call_id: string) => ({ channel, text: 'Join', blocks: [{ type: 'call', call_id }] });
  const { ts } = await kit.call('chat.postMessage', post(id));
  expect((await kit.read(channel, String(ts))).blocks).toMatchObject([
    {
      type: 'call',
      call_id: id,
      call: { media_backend_type: 'platform_call', v1: { id, has_ended: false } },
    },
  ]);
  await kit.call('calls.end', { id });
  expect((await kit.read(channel, String(ts))).blocks).toMatchObject([{ call: { v1: { has_ended: true } } }]);
  expect(await kit.outcome('chat.postMessage', post('R1'))).toBe('invalid_blocks');
});
