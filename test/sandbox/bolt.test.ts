import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { App, HTTPReceiver } from '@slack/bolt';
import { type Kit, quiet, socketApp, startKit } from './kit.js';

const MODAL = {
  type: 'modal' as const,
  callback_id: 'form',
  title: { type: 'plain_text' as const, text: 'Open' },
  submit: { type: 'plain_text' as const, text: 'Send' },
  notify_on_close: true,
  blocks: [
    {
      type: 'input' as const,
      block_id: 'title',
      label: { type: 'plain_text' as const, text: 'Title' },
      element: { type: 'plain_text_input' as const, action_id: 'text', max_length: 20 },
    },
    {
      type: 'input' as const,
      block_id: 'sev',
      optional: true,
      label: { type: 'plain_text' as const, text: 'Severity' },
      element: {
        type: 'static_select' as const,
        action_id: 'pick',
        options: [{ text: { type: 'plain_text' as const, text: 'SEV1' }, value: 'sev1' }],
      },
    },
  ],
};

/** What the app heard, with a way to wait for the next thing. */
class Heard {
  readonly all: Array<[string, Record<string, unknown>]> = [];
  #wake: Array<() => void> = [];

  add(name: string, what: object): void {
    this.all.push([name, what as Record<string, unknown>]);
    for (const wake of this.#wake.splice(0)) wake();
  }

  async next(
    name: string,
    test: (what: Record<string, unknown>) => boolean = () => true,
  ): Promise<Record<string, unknown>> {
    for (;;) {
      const found = this.all.find(([kind, what]) => kind === name && test(what));
      if (found) return found[1];
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }
}

function listen(app: App, heard: Heard): void {
  app.command('/incident', async ({ command, ack, respond, client }) => {
    heard.add('command', command);
    if (command.text === 'open') {
      await client.views.open({ trigger_id: command.trigger_id, view: MODAL });
      await ack();
    } else if (command.text === 'quiet') await ack();
    else if (command.text === 'public') await ack({ response_type: 'in_channel', text: 'for all' });
    else if (command.text === 'button') {
      await ack({
        text: 'Sure?',
        blocks: [
          {
            type: 'actions',
            block_id: 'row',
            elements: [
              { type: 'button', action_id: 'yes', value: '42', text: { type: 'plain_text', text: 'Yes' } },
            ],
          },
        ],
      });
    } else {
      await ack(`recorded: ${command.text}`);
      await respond({ text: 'and later' });
    }
  });
  app.action('yes', async ({ ack, body, respond }) => {
    heard.add('action', body);
    await ack();
    await respond({ text: 'done', replace_original: true });
  });
  app.view('form', async ({ ack, body, view }) => {
    heard.add('submit', body);
    const title = view.state.values.title?.text?.value ?? '';
    if (title === 'bad') await ack({ response_action: 'errors', errors: { title: 'Not that one' } });
    else if (title === 'push')
      await ack({ response_action: 'push', view: { ...MODAL, external_id: 'second' } });
    else if (title === 'clear') await ack({ response_action: 'clear' });
    else if (title === 'wrong') await ack({ response_action: 'errors', errors: { nowhere: 'x' } });
    else await ack();
  });
  app.view({ callback_id: 'form', type: 'view_closed' }, async ({ ack, body }) => {
    heard.add('closed', body);
    await ack();
  });
  app.shortcut('declare', async ({ ack, shortcut }) => {
    heard.add('shortcut', shortcut);
    await ack();
  });
  app.shortcut('add', async ({ ack, shortcut }) => {
    heard.add('message_action', shortcut);
    await ack();
  });
  app.event(/.*/ as unknown as 'message', async ({ event, body }) => {
    heard.add(event.type, { ...event, wrapper: body });
  });
}

describe.each(['Socket Mode', 'HTTP'])('a bare Bolt app on %s', (mode) => {
  let kit: Kit;
  let app: App;
  const heard = new Heard();
  const type = (text: string, more: object = {}) =>
    kit.act('command', { user: 'ana', channel: 'incidents', command: '/incident', text, ...more });
  const views = async () =>
    (await kit.look<{ views: Array<{ id: string; callback_id: string }> }>('state')).views;

  beforeAll(async () => {
    if (mode === 'HTTP') {
      // Bolt's receiver needs a port before the sandbox can be told about it.
      const probe = createServer();
      await new Promise<void>((resolve) => probe.listen(0, resolve));
      const { port } = probe.address() as AddressInfo;
      await new Promise((resolve) => probe.close(resolve));
      kit = await startKit({
        eventsUrl: `http://127.0.0.1:${port}/slack/events`,
        signingSecret: 'a secret of this test',
      });
      const receiver = new HTTPReceiver({ signingSecret: 'a secret of this test', logger: quiet });
      app = new App({
        token: kit.sandbox.botToken,
        receiver,
        clientOptions: { slackApiUrl: kit.sandbox.apiUrl },
        logger: quiet,
      });
      listen(app, heard);
      await app.start(port);
    } else {
      kit = await startKit();
      app = socketApp(kit.sandbox);
      listen(app, heard);
      await app.start();
    }
    // A machine that stalls must not let triggers expire by themselves.
    await kit.act('clock', { freeze: true });
  });
  afterAll(async () => {
    await app.stop();
    await kit.stop();
  });

  test('what only Slack’s machines send is answered over HTTP, and refused where there is no URL', async () => {
    const outcomes = [await kit.act('url-verification'), await kit.act('ssl-check')];
    if (mode === 'HTTP') expect(outcomes).toMatchObject([{ ok: true }, { ok: true }]);
    else expect(outcomes).toMatchObject([{ error: 'not_over_http' }, { error: 'not_over_http' }]);
  });

  test('commands arrive escaped and are answered', async () => {
    const answer = await type('status @bo see https://x.y/a, #general & <b> @nobody');
    const text = 'status <@U0BO000002> see <https://x.y/a>, <#C0GENERAL1|general> &amp; &lt;b&gt; @nobody';
    expect(answer).toMatchObject({ ok: true, ack: { status: 200 } });
    expect(JSON.stringify(answer.ack)).toContain(`recorded: ${text}`);
    expect(await heard.next('command')).toMatchObject({
      text,
      channel_id: 'C0INCIDENT',
      channel_name: 'incidents',
      user_id: 'U0ANA00001',
      is_enterprise_install: 'false',
    });
    const later = await kit.look<{ responses: unknown[] }>(`responses?delivery=${answer.delivery}&count=2`);
    expect(later.responses).toMatchObject([{ via: 'ack' }, { via: 'response_url', text: 'and later' }]);
  });

  test('an answer is for the one who asked, unless it says otherwise', async () => {
    await kit.act('reset');
    expect(await type('quiet')).toMatchObject({ ok: true, ack: { status: 200, body: '' }, responses: [] });
    await type('public');
    const state = await kit.look<{
      ephemerals: unknown[];
      channels: Array<{ name: string; messages: unknown[] }>;
    }>('state');
    expect(state.ephemerals).toEqual([]);
    expect(state.channels.find((it) => it.name === 'incidents')?.messages).toMatchObject([
      { text: '/incident public', user: 'U0ANA00001' },
      { text: 'for all', user: 'U0BOT00000' },
    ]);
  });

  test('a button of an ephemeral answer replaces it', async () => {
    await kit.act('reset');
    await type('button');
    const [shown] = (await kit.look<{ ephemerals: Array<{ ts: string }> }>('state')).ephemerals;
    const place = { user: 'ana', channel: 'incidents', ts: shown!.ts, action_id: 'yes' };
    const clicked = await kit.act('action', place);
    expect(clicked).toMatchObject({ ok: true, ack: { status: 200 } });
    const action = await heard.next('action');
    expect(action).toMatchObject({
      container: { is_ephemeral: true },
      actions: [{ value: '42', block_id: 'row' }],
    });
    expect(action).not.toHaveProperty('message');
    await kit.look(`responses?delivery=${clicked.delivery}`);
    const { ephemerals } = await kit.look<{ ephemerals: object[] }>('state');
    expect(ephemerals).toMatchObject([{ text: 'done', ts: shown!.ts }]);
    expect(ephemerals[0]).not.toHaveProperty('blocks');
  });

  test('modals: errors, push, one at a time closed, cleared, cancelled', async () => {
    await kit.act('reset');
    const submit = (title: string) =>
      kit.act('view/submit', { user: 'ana', values: { title: { text: title }, sev: { pick: 'sev1' } } });
    await type('open');
    expect(await views()).toHaveLength(1);
    expect(await submit('')).toMatchObject({
      ok: false,
      error: 'client_refused',
      errors: { title: expect.any(String) },
    });
    expect(await submit('x'.repeat(21))).toMatchObject({ ok: false, error: 'client_refused' });
    expect(await submit('bad')).toMatchObject({ ok: false, errors: { title: 'Not that one' } });
    expect(await submit('wrong')).toMatchObject({ ok: false, error: 'invalid_response_errors' });
    expect(await submit('push')).toMatchObject({ ok: true });
    expect(await views()).toHaveLength(2);
    expect(await submit('fine')).toMatchObject({ ok: true });
    expect(await views()).toHaveLength(1);
    expect(await heard.next('submit', (it) => JSON.stringify(it).includes('"fine"'))).toMatchObject({
      user: { id: 'U0ANA00001' },
      view: {
        state: {
          values: {
            title: { text: { type: 'plain_text_input', value: 'fine' } },
            sev: { pick: { selected_option: { value: 'sev1' } } },
          },
        },
      },
    });
    expect(await submit('clear')).toMatchObject({ ok: true });
    expect(await views()).toEqual([]);
    await type('open');
    expect(await kit.act('view/close', { user: 'ana' })).toMatchObject({ ok: true });
    expect(await heard.next('closed')).toMatchObject({ type: 'view_closed', is_cleared: false });
    expect(await views()).toEqual([]);
  });

  test('shortcuts, on their own and on a message the bot cannot see', async () => {
    expect(await kit.act('shortcut', { user: 'bo', callback_id: 'declare' })).toMatchObject({ ok: true });
    expect(await heard.next('shortcut')).toMatchObject({
      user: { id: 'U0BO000002' },
      callback_id: 'declare',
    });
    const { ts } = await kit.act('message', { user: 'ana', channel: 'general', text: 'disk is full' });
    expect(
      await kit.act('shortcut', { user: 'bo', callback_id: 'add', channel: 'general', ts }),
    ).toMatchObject({ ok: true });
    expect(await heard.next('message_action')).toMatchObject({
      message_ts: ts,
      message: { text: 'disk is full', user: 'U0ANA00001' },
    });
  });

  test('events: only where the bot is, with the full wrapper and its own echoes', async () => {
    await kit.act('reset');
    const channel = (await kit.client.conversations.create({ name: 'inc-events' })).channel!.id!;
    await kit.client.conversations.invite({ channel, users: 'U0ANA00001' });
    expect(await heard.next('member_joined_channel')).toMatchObject({
      user: 'U0ANA00001',
      inviter: 'U0BOT00000',
      channel_type: 'C',
    });
    await kit.act('message', { user: 'ana', channel: 'general', text: 'not for the bot' });
    const { ts } = await kit.act('message', { user: 'ana', channel: 'inc-events', text: 'for the bot' });
    const message = await heard.next('message', (it) => it.ts === ts);
    expect(message).toMatchObject({
      channel,
      channel_type: 'channel',
      text: 'for the bot',
      wrapper: {
        type: 'event_callback',
        event_id: expect.stringMatching(/^Ev/),
        authorizations: [{ user_id: 'U0BOT00000', is_bot: true }],
      },
    });
    await kit.act('reaction', { user: 'ana', channel: 'inc-events', ts, name: 'pushpin' });
    expect(await heard.next('reaction_added')).toMatchObject({ reaction: 'pushpin', item: { channel, ts } });
    await kit.client.chat.postMessage({ channel, text: 'own words' });
    const { events } = await kit.look<{ events: Array<{ payload: { event: object } }> }>('events');
    expect(events.map((it) => it.payload.event)).toContainEqual(
      expect.objectContaining({
        type: 'message',
        text: 'own words',
        bot_id: 'B0SANDBOX1',
        user: 'U0BOT00000',
      }),
    );
    expect(JSON.stringify(events)).not.toContain('not for the bot');
  });

  test('the same command at the same moment, and again later, has one trigger', async () => {
    const before = heard.all.length;
    const twice = await type('twice', { copies: 2 });
    expect(twice.acks).toHaveLength(2);
    const again = await kit.act('deliver-again', { kind: 'command' });
    expect(again).toMatchObject({ ok: true, trigger_id: twice.trigger_id });
    const triggers = heard.all.slice(before).map(([, what]) => what.trigger_id);
    expect(triggers).toEqual([twice.trigger_id, twice.trigger_id, twice.trigger_id]);
  });
});
