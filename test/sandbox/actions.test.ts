import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { App } from '@slack/bolt';
import {
  actions,
  button,
  card,
  container,
  feedback,
  input,
  option,
  plain,
  section,
  trash,
} from './blocks/pieces.js';
import { type Kit, socketApp, startKit } from './kit.js';

type Piece = Record<string, unknown>;

let kit: Kit;
let app: App;
const heard: Piece[] = [];
const channel = 'C0INCIDENT';

beforeAll(async () => {
  kit = await startKit();
  app = socketApp(kit.sandbox);
  app.action(/.*/, async ({ ack, body }) => {
    heard.push(body as unknown as Piece);
    await ack();
  });
  await app.start();
  await kit.refusal('conversations.join', { channel });
});
afterAll(async () => {
  await app.stop();
  await kit.stop();
});

const post = async (message: Piece) =>
  String((await kit.refusal('chat.postMessage', { channel, text: 'x', ...message })).ts);
const act = (ts: string, action_id: string, more: Piece = {}) =>
  kit.act('action', { user: 'ana', channel, ts, action_id, ...more });

test('in an attachment: the container says which', async () => {
  const row = { ...actions(button({ action_id: 'go', value: '7' })), block_id: 'row' };
  const menu = {
    ...actions({ type: 'users_select', action_id: 'who', initial_user: 'U1' }),
    block_id: 'menu',
  };
  const ts = await post({ blocks: [menu], attachments: [{ text: 'x' }, { blocks: [row] }] });
  expect(await act(ts, 'go')).toMatchObject({ ok: true });
  expect(heard.at(-1)).toMatchObject({
    container: {
      type: 'message_attachment',
      message_ts: ts,
      attachment_id: 2,
      channel_id: channel,
      is_ephemeral: false,
      is_app_unfurl: false,
    },
    actions: [{ action_id: 'go', block_id: 'row', value: '7' }],
    state: { values: { menu: { who: { selected_user: 'U1' } } } },
    response_url: expect.any(String),
  });
  await act(ts, 'who', { value: 'U0BO000002' });
  expect(heard.at(-1)).toMatchObject({ container: { type: 'message', message_ts: ts } });
});

test('inside of containers and cards, and the small buttons below an answer', async () => {
  const ts = await post({
    blocks: [
      container({ child_blocks: [section({ block_id: 'in', accessory: button({ action_id: 'deep' }) })] }),
      {
        type: 'carousel',
        elements: [card({ block_id: 'card', actions: [button({ action_id: 'carded' })] })],
      },
      { type: 'context_actions', block_id: 'below', elements: [feedback, trash] },
    ],
  });
  const said = async (action_id: string, value?: unknown) => {
    expect(await act(ts, action_id, { value })).toMatchObject({ ok: true });
    return (heard.at(-1) as { actions: Piece[] }).actions[0];
  };
  expect(await said('deep')).toMatchObject({ type: 'button', block_id: 'in' });
  expect(await said('carded')).toMatchObject({ type: 'button', block_id: 'card' });
  expect(await said('rate', 'bad')).toMatchObject({
    type: 'feedback_buttons',
    value: 'bad',
    text: plain('Bad'),
  });
  expect(await said('rate', 'good')).toMatchObject({ value: 'good' });
  expect(await said('drop')).toMatchObject({ type: 'icon_button', value: '7' });
});

test('links tell the app too: a button with an address, an option of an overflow menu', async () => {
  const url = 'https://example.com';
  const linked = option('docs', { url });
  const ts = await post({
    blocks: [
      actions(button({ action_id: 'page', url }), { type: 'overflow', action_id: 'more', options: [linked] }),
    ],
  });
  await act(ts, 'page');
  expect(heard.at(-1)).toMatchObject({ actions: [{ type: 'button', url }] });
  await act(ts, 'more', { value: 'docs' });
  expect(heard.at(-1)).toMatchObject({ actions: [{ type: 'overflow', selected_option: linked }] });
  expect(await act(ts, 'more', { value: 'nothing' })).toMatchObject({ ok: false, error: 'no_such_option' });
});

test('what is typed is told at once only where the block asks for it; a workflow button is never the app’s', async () => {
  const typed = { type: 'plain_text_input', action_id: 'typed' };
  const ts = await post({
    blocks: [
      input(typed, { block_id: 'quiet' }),
      input(typed, { block_id: 'loud', dispatch_action: true }),
      actions({
        type: 'workflow_button',
        action_id: 'flow',
        text: plain(),
        workflow: { trigger: { url: 'https://slack.example/f' } },
      }),
    ],
  });
  const before = heard.length;
  const unsent = { ok: false, error: 'not_dispatching', ack: { status: null, body: '' } };
  expect(await act(ts, 'typed', { value: 'x', block_id: 'quiet' })).toMatchObject(unsent);
  expect(await act(ts, 'flow')).toMatchObject(unsent);
  expect(heard).toHaveLength(before);
  expect(await act(ts, 'typed', { value: 'x', block_id: 'loud' })).toMatchObject({ ok: true });
  expect(heard.at(-1)).toMatchObject({ actions: [{ type: 'plain_text_input', value: 'x' }] });
});
