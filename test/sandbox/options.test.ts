import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { App, HTTPReceiver } from '@slack/bolt';
import { actions, input, modal, option, plain, times } from './blocks/pieces.js';
import { type Kit, quiet, socketApp, startKit } from './kit.js';

type Piece = Record<string, unknown>;

const SERVICES = ['payments', 'payouts', 'search'];
const offer = (value: string) => option(value, { description: plain(`the ${value} service`) });

describe.each(['Socket Mode', 'HTTP'])('a menu that the app fills, on %s', (mode) => {
  let kit: Kit;
  let app: App;
  const heard: Piece[] = [];
  const channel = 'C0INCIDENT';
  let ts: string;
  let gone = false;

  beforeAll(async () => {
    if (mode === 'HTTP') {
      // Bolt's receiver needs a port before the sandbox can be told about it.
      const probe = createServer();
      await new Promise<void>((resolve) => probe.listen(0, resolve));
      const { port } = probe.address() as AddressInfo;
      await new Promise((resolve) => probe.close(resolve));
      const signingSecret = 'a secret of this test';
      kit = await startKit({ eventsUrl: `http://127.0.0.1:${port}/slack/events`, signingSecret });
      const receiver = new HTTPReceiver({ signingSecret, logger: quiet });
      const clientOptions = { slackApiUrl: kit.sandbox.apiUrl };
      app = new App({ token: kit.sandbox.botToken, receiver, clientOptions, logger: quiet });
      await listen(app, port);
    } else {
      kit = await startKit();
      app = socketApp(kit.sandbox);
      await listen(app);
    }
    await kit.act('clock', { freeze: true });
    await kit.refusal('conversations.join', { channel });
    const menus = actions(
      { type: 'external_select', action_id: 'service', min_query_length: 2 },
      { type: 'multi_external_select', action_id: 'grouped', min_query_length: 0 },
      { type: 'external_select', action_id: 'many', min_query_length: 0 },
      { type: 'external_select', action_id: 'bad', min_query_length: 0 },
      { type: 'external_select', action_id: 'none' },
      { type: 'users_select', action_id: 'who' },
    );
    const posted = await kit.refusal('chat.postMessage', {
      channel,
      text: 'x',
      blocks: [{ ...menus, block_id: 'menus' }],
    });
    ts = String(posted.ts);
  });
  afterAll(async () => {
    if (!gone) await app.stop();
    await kit.stop();
  });

  async function listen(on: App, port?: number): Promise<void> {
    on.options('service', async ({ ack, body, options }) => {
      heard.push(body as unknown as Piece);
      await ack({ options: SERVICES.filter((it) => it.startsWith(options.value)).map(offer) as never });
    });
    on.options('grouped', async ({ ack }) => {
      await ack({ option_groups: [{ label: plain('Ours'), options: SERVICES.map(offer) }] as never });
    });
    on.options('many', async ({ ack }) => {
      await ack({ options: times(101, (i) => option(`v${i}`)) as never });
    });
    on.options('bad', async ({ ack }) => {
      await ack({ options: [{ text: 'payments', value: 'payments' }] as never });
    });
    on.options('none', async ({ ack }) => {
      await ack();
    });
    on.action(/.*/, async ({ ack, body }) => {
      heard.push(body as unknown as Piece);
      await ack();
    });
    on.shortcut('declare', async ({ ack, shortcut, client }) => {
      const service = { type: 'external_select', action_id: 'service', min_query_length: 0 };
      const view = modal([input(service, { block_id: 'b' })], { callback_id: 'f' });
      await client.views.open({ trigger_id: shortcut.trigger_id, view: view as never });
      await ack();
    });
    on.view('f', async ({ ack, body }) => {
      heard.push(body as unknown as Piece);
      await ack();
    });
    await on.start(port ?? 0);
  }

  const typeInto = (action_id: string, value: string) =>
    kit.act('options', { user: 'ana', channel, ts, action_id, value });
  const choose = (action_id: string, value: unknown) =>
    kit.act('action', { user: 'ana', channel, ts, action_id, value });

  test('offers what the app answers, and carries what is chosen as it was offered', async () => {
    expect(await choose('service', 'payouts')).toMatchObject({ ok: false, error: 'no_such_option' });
    expect(await typeInto('service', 'pay')).toMatchObject({
      ok: true,
      options: [offer('payments'), offer('payouts')],
    });
    expect(heard.at(-1)).toMatchObject({
      type: 'block_suggestion',
      value: 'pay',
      action_id: 'service',
      block_id: 'menus',
      user: { id: 'U0ANA00001' },
      container: { type: 'message', message_ts: ts, channel_id: channel, is_ephemeral: false },
      channel: { id: channel, name: 'incidents' },
      message: { ts },
    });
    expect(heard.at(-1)).not.toHaveProperty('response_url');
    expect(heard.at(-1)).not.toHaveProperty('trigger_id');
    expect(await choose('service', 'payouts')).toMatchObject({ ok: true });
    expect(heard.at(-1)).toMatchObject({
      actions: [{ type: 'external_select', selected_option: offer('payouts') }],
      state: { values: { menus: { service: { selected_option: offer('payouts') } } } },
    });
  });

  test('in groups, several at once', async () => {
    expect(await typeInto('grouped', '')).toMatchObject({
      ok: true,
      option_groups: [{ label: plain('Ours'), options: SERVICES.map(offer) }],
    });
    await choose('grouped', ['search', 'payments']);
    expect(heard.at(-1)).toMatchObject({
      actions: [{ selected_options: [offer('search'), offer('payments')] }],
    });
  });

  test('is not asked too early, nor for another menu', async () => {
    expect(await typeInto('service', 'p')).toMatchObject({ ok: false, error: 'query_too_short' });
    expect(await typeInto('none', 'ab')).toMatchObject({ ok: false, error: 'query_too_short' });
    expect(await typeInto('who', 'ana')).toMatchObject({ ok: false, error: 'not_external' });
    expect(await typeInto('nobody', 'ana')).toMatchObject({ ok: false, error: 'no_such_action' });
  });

  test('shows nothing for an answer that Slack does not take', async () => {
    expect(await typeInto('none', 'abc')).toMatchObject({ ok: true, options: [] });
    expect(await typeInto('many', '')).toMatchObject({
      ok: false,
      error: 'invalid_options',
      errors: ['no more than 100 items allowed [json-pointer:/options]'],
    });
    expect(await typeInto('bad', '')).toMatchObject({
      ok: false,
      error: 'invalid_options',
      errors: ['must provide an object [json-pointer:/options/0/text]'],
    });
  });

  test('in a form', async () => {
    await kit.act('shortcut', { user: 'ana', callback_id: 'declare' });
    expect(await kit.act('options', { user: 'ana', action_id: 'service', value: 's' })).toMatchObject({
      ok: true,
      options: [offer('search')],
    });
    expect(heard.at(-1)).toMatchObject({
      type: 'block_suggestion',
      container: { type: 'view' },
      view: { callback_id: 'f' },
    });
    expect(await kit.act('view/submit', { user: 'ana', values: { b: { service: 'search' } } })).toMatchObject(
      {
        ok: true,
      },
    );
    expect(heard.at(-1)).toMatchObject({
      view: { state: { values: { b: { service: { selected_option: offer('search') } } } } },
    });
  });

  test('an app that is gone', async () => {
    await app.stop();
    gone = true;
    expect(await typeInto('service', 'pay')).toMatchObject({ ok: false, error: 'dispatch_failed' });
  });
});
