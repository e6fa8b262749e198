import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkText } from '#domain/command/entered.js';
import { type Sandbox, startSandbox } from '#sandbox/sandbox.js';
import { createSlack, type Slack } from '#slack/app.js';
import { trySocket } from '#slack/transport/socket.js';
import { Behind, type Kit, MANIFEST, type Outcome, quiet, startKit, until } from './kit.js';

const SECRET = 'a-signing-secret';
const BOT = 'U0BOT00000';

describe('requests over HTTP', () => {
  let kit: Kit;
  beforeAll(async () => {
    kit = await startKit('http');
  });
  afterAll(() => kit.stop());

  async function send(
    options: { at?: number; secret?: string; type?: string; body?: string } = {},
  ): Promise<Response> {
    const at = Math.floor(Date.now() / 1_000) + (options.at ?? 0);
    const body =
      options.body ??
      new URLSearchParams({
        command: '/incident',
        text: 'note x',
        team_id: 'T1',
        user_id: 'U1',
        channel_id: 'C1',
        trigger_id: '1.2.3',
      }).toString();
    const mac = createHmac('sha256', options.secret ?? kit.sandbox.signingSecret).update(`v0:${at}:${body}`);
    return fetch(kit.eventsUrl ?? '', {
      method: 'POST',
      headers: {
        'content-type': options.type ?? 'application/x-www-form-urlencoded',
        'x-slack-request-timestamp': String(at),
        'x-slack-signature': `v0=${mac.digest('hex')}`,
      },
      body,
    });
  }

  test('a signed one is answered; one of another secret, of the past or of the future is not', async () => {
    const heard = () => kit.behind.typed.length;
    expect((await send()).status).toBe(200);
    expect(heard()).toBe(1);
    for (const bad of [{ secret: 'another' }, { at: -301 }, { at: 310 }, { at: 86_400 }]) {
      expect((await send(bad)).status).toBe(401);
    }
    expect(heard()).toBe(1);
    for (const good of [{ at: -280 }, { at: 280 }]) expect((await send(good)).status).toBe(200);
    expect(heard()).toBe(3);
  });

  test('the same request twice is one, by its key; whatever workspace or app it names, it is for ours', async () => {
    const more: Record<string, string>[] = [
      ...[{}, { team_id: 'T0ANOTHER1' }, { team_id: 'T0ANOTHER1', enterprise_id: 'E0ANOTHER1' }],
      ...[
        { api_app_id: 'A0ANOTHER1' },
        { is_enterprise_install: 'true', enterprise_id: 'E0ANOTHER1', team_id: '' },
      ],
    ];
    for (const [i, fields] of more.entries()) {
      const body = new URLSearchParams({
        ...{ command: '/incident', text: 'note x', team_id: 'T1', user_id: 'U1', channel_id: 'C1' },
        ...{ trigger_id: `4.4.${i}`, ...fields },
      }).toString();
      const [one, two] = [await send({ body }), await send({ body })];
      expect([one.status, two.status]).toEqual([200, 200]);
      expect(kit.behind.typed.slice(-2).map(({ asking: { team, key } }) => [team, key])).toEqual(
        Array(2).fill(['our-T0SANDBOX1', `trigger:4.4.${i}`]),
      );
    }
  });

  test('a content type with a charset is understood', async () => {
    const response = await send({ type: 'application/x-www-form-urlencoded; charset=utf-8' });
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('recorded');
  });

  test('Slack’s probes are answered', async () => {
    const verification = JSON.stringify({ type: 'url_verification', challenge: 'abc' });
    const response = await send({ type: 'application/json', body: verification });
    expect(await response.json()).toEqual({ challenge: 'abc' });
    const limited = JSON.stringify({ type: 'app_rate_limited', team_id: 'T1', minute_rate_limited: 1 });
    expect((await send({ type: 'application/json', body: limited })).status).toBe(200);
  });

  test('half a character is refused, not recorded as another one; U+FFFD itself may be typed', async () => {
    const command = (text: string, trigger: string) =>
      `command=%2Fincident&team_id=T1&user_id=U1&channel_id=C1&trigger_id=${trigger}&text=${text}`;
    const halves = ['lone%ED%A0%80x', '%FF', 'cut%F0%9F%98', '%EF%BF%BD+and+%ED%B0%80'];
    for (const [at, half] of halves.entries()) {
      expect((await send({ body: command(`note+${half}`, `7.${at}`) })).status).toBe(200);
      expect(checkText(kit.behind.typed.at(-1)?.entered.text ?? '')?.code).toBe('BAD_TEXT');
    }
    await send({ body: command('note+%EF%BF%BD+100%25FF+%F0%9F%98%80', '8.1') });
    expect(kit.behind.typed.at(-1)?.entered.text).toBe('note \uFFFD 100%FF 😀');
  });

  /** A form that was opened without a response address; only a test can do that. */
  const submission = (value: string) => ({
    type: 'view_submission',
    trigger_id: '9.1',
    team: { id: 'T1' },
    user: { id: 'U1', name: 'x' },
    view: {
      id: 'V1',
      callback_id: 'note',
      private_metadata: JSON.stringify({ incident: 7, channel: 'C1', reply: null }),
      state: { values: { text: { text: { type: 'plain_text_input', value } } } },
    },
  });
  const payload = (of: object) => `payload=${encodeURIComponent(JSON.stringify(of))}`;

  test('half a character in a form is refused too', async () => {
    const body = payload(submission('HALF')).replace('HALF', 'x%ED%A0%80');
    expect(await (await send({ body })).text()).toContain('half of a character');
    expect(kit.behind.handled).toHaveLength(0);
  });

  test('a receipt that has nowhere else to go takes the place of its form', async () => {
    const answer = await (await send({ body: payload(submission('a \uFFFD b')) })).json();
    expect(answer).toMatchObject({
      response_action: 'update',
      view: { blocks: [{ text: { text: 'INC-7 #2 recorded' } }] },
    });
    expect(kit.behind.handled[0]).toMatchObject({
      intent: { type: 'RecordNote', text: 'a \uFFFD b' },
      asking: { key: 'trigger:9.1' },
    });
  });

  test('what is no request of Slack’s is answered at once, signed or not', async () => {
    const unsayable = payload({ type: [{ toString: '' }] });
    const bare = ['payload=null', 'payload=5', 'payload=%22x%22', 'payload=%5B%5D', 'payload=%7B'];
    for (const body of [...bare, unsayable]) {
      expect((await send({ body })).status).toBe(400);
      expect((await send({ body, secret: 'another' })).status).toBe(401);
    }
    expect((await send({ body: 'null', type: 'application/json' })).status).toBe(400);
    expect((await send({ body: 'ssl_check=1', secret: 'another' })).status).toBe(200);
  });

  /** Signed, and of no shape that Slack sends: a form that another version opened, a field of another type, a member that is missing. */
  test('signed requests of impossible shapes are refused or answered in words, and nothing comes of them', async () => {
    const before = kit.behind.handled.length;
    const wild: unknown[] = [null, 0, 'x', [], {}, { id: 5 }, '{', '\u0000', 'x'.repeat(5_000)];
    const user = { id: 'U1' };
    const base = { trigger_id: '9.9', team: { id: 'T1' }, user };
    const click = (more: object) => ({ ...base, type: 'block_actions', ...more });
    const sent = (callback_id: string, more: object) => ({
      ...{ ...base, type: 'view_submission' },
      view: { id: 'V1', type: 'modal', callback_id, private_metadata: '{}', state: { values: {} }, ...more },
    });
    const buttons = ['head:note', 'head:take', 'head:zap', 'item:done:7:1', 'choose:INC-7', 'run:approve'];
    const forms = ['open', 'note', 'log', 'status', 'sev', 'lead', 'action', 'publish', 'run', 'export'];
    const bodies = wild.flatMap((it) => [
      ...buttons.map((action_id) => click({ actions: [{ type: 'button', action_id, value: it }] })),
      click({ actions: it }),
      click({ actions: [{ action_id: 'home:declare', type: 'button' }], view: it, channel: it }),
      ...forms.flatMap((form) => [
        sent(form, { private_metadata: it }),
        sent(form, { state: { values: it } }),
      ]),
      sent('which', { private_metadata: it, state: { values: { incident: { incident: it } } } }),
      sent('lead', {
        private_metadata: JSON.stringify({ incident: 7, channel: null, reply: null, seen: it, runbook: it }),
        state: { values: { person: { person: { selected_user: it } } } },
      }),
      { ...base, type: 'shortcut', callback_id: 'declare', user: it },
      {
        ...base,
        type: 'message_action',
        callback_id: 'declare_from_message',
        message: it,
        channel: { id: 'C1' },
      },
      { ...base, type: 'message_action', callback_id: 'add_to_timeline', message: {}, channel: it },
    ]);
    const events = wild.flatMap((it) => [
      { type: 'app_home_opened', user: it, tab: 'home' },
      { type: 'app_home_opened', user: 'U1', tab: it },
      { type: it, user: 'U1' },
    ]);
    const answers = await Promise.all([
      ...bodies.map((body) => send({ body: payload(body) })),
      ...events.map((event) =>
        send({
          type: 'application/json',
          body: JSON.stringify({ type: 'event_callback', event_id: 'Ev1', team_id: 'T1', event }),
        }),
      ),
    ]);
    const odd = answers.flatMap(({ status }, i) =>
      [200, 400, 404].includes(status) ? [] : [[status, [...bodies, ...events][i]]],
    );
    expect(odd).toEqual([]);
    expect(answers.filter(({ status }) => status === 400).length).toBeGreaterThan(50);
    await Promise.all(kit.listened);
    // A note or a lead without more in it than this would be one; there is none.
    expect(kit.behind.handled.slice(before)).toEqual([]);
  });

  /** Signed as Slack signs, and like nothing that Slack sends. */
  const anything = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom(null, '', 0, [], {}, { id: null }, '\u0000', '__proto__', [[null]]),
  );
  const word = fc.constantFrom(
    'text',
    'title',
    'incident',
    'value',
    'type',
    'selected_option',
    'status',
    'time',
  );
  const shapes: Record<string, fc.Arbitrary<{ body: string; type?: string }>> = {
    'a command': fc
      .dictionary(
        fc.constantFrom(
          'command',
          'text',
          'team_id',
          'user_id',
          'channel_id',
          'trigger_id',
          'response_url',
          'x',
        ),
        fc.string({ maxLength: 20 }),
      )
      .map((fields) => ({
        body: new URLSearchParams({ command: '/incident', ...fields, user_id: '' }).toString(),
      })),
    'an interaction': fc
      .record(
        {
          type: fc.oneof(
            anything,
            fc.constantFrom(
              'block_actions',
              'view_submission',
              'view_closed',
              'message_action',
              'block_suggestion',
              'shortcut',
            ),
          ),
          ...Object.fromEntries(
            [
              'team',
              'user',
              'view',
              'actions',
              'message',
              'channel',
              'trigger_id',
              'container',
              'callback_id',
            ].map((name) => [name, anything]),
          ),
        },
        { requiredKeys: [] },
      )
      .map((of) => ({ body: `payload=${encodeURIComponent(JSON.stringify(of))}` })),
    'a form of ours': fc
      .record(
        {
          callback_id: fc.constantFrom(
            'note',
            'open',
            'log',
            'status',
            'publish',
            'publish_preview',
            'attach',
            'which',
          ),
          private_metadata: fc.oneof(anything, fc.json({ maxDepth: 2 })),
          state: fc.oneof(
            anything,
            fc.record({ values: fc.dictionary(word, fc.dictionary(word, fc.dictionary(word, anything))) }),
          ),
          blocks: anything,
        },
        { requiredKeys: ['callback_id'] },
      )
      .map((view) => ({
        body: payload({
          type: 'view_submission',
          user: { id: 'U1' },
          team: { id: 'T1' },
          trigger_id: '1',
          view,
        }),
      })),
    'an event': fc
      .record(
        {
          type: fc.constantFrom(
            'reaction_added',
            'member_joined_channel',
            'channel_rename',
            'tokens_revoked',
            'user_change',
            'message',
            'none',
          ),
          ...Object.fromEntries(
            ['user', 'item', 'channel', 'reaction', 'tokens', 'ts'].map((name) => [name, anything]),
          ),
        },
        { requiredKeys: [] },
      )
      .map((event) => ({
        body: JSON.stringify({ type: 'event_callback', team_id: 'T1', event_id: 'Ev1', event }),
        type: 'application/json',
      })),
  };

  test.each(Object.entries(shapes))(
    '%s of an impossible shape is answered, never with 500, and records nothing',
    async (_, shape) => {
      const before = JSON.stringify([kit.behind.handled, kit.behind.owed, kit.behind.typed]);
      await fc.assert(
        fc.asyncProperty(shape, async (request) => {
          const { status } = await send(request);
          // 404: of a form or a kind of which we know nothing.
          expect([200, 400, 404]).toContain(status);
        }),
        { numRuns: 40 },
      );
      expect(JSON.stringify([kit.behind.handled, kit.behind.owed, kit.behind.typed])).toBe(before);
    },
  );

  test('what happens to an incident’s channel has it looked at, once for each event; to others, nothing', async () => {
    const { channel } = await kit.act<Outcome>('channel', { user: 'ana', name: 'inc-7-much-happens' });
    const other = await kit.act<Outcome>('channel', { user: 'ana', name: 'elsewhere' });
    await kit.act('join', { user: BOT, channel });
    await kit.act('join', { user: BOT, channel: other.channel });
    kit.behind.channels.set(channel, 7);
    const looks = () => kit.behind.heard.length;
    const happenings: Array<[string, object]> = [
      ['channel/rename', { user: 'ana', channel, name: 'inc-7-more' }],
      ['channel/archive', { user: 'ana', channel }],
      ['channel/archive', { user: 'ana', channel, remove: true }],
      ['leave', { user: BOT, channel }],
      ['join', { user: BOT, channel }],
      ['channel/delete', { user: 'ana', channel }],
    ];
    for (const [path, body] of happenings) {
      const before = looks();
      await kit.act(path, body);
      await until(() => looks() > before);
    }
    await kit.act('channel/archive', { user: 'ana', channel: other.channel });
    expect(new Set(kit.behind.heard.map(({ of }) => of.incident))).toEqual(new Set([7]));
    expect(new Set(kit.behind.heard.map(({ of }) => of.key)).size).toBe(kit.behind.heard.length);
  });

  test('a token that is taken back is said at once', async () => {
    expect(kit.slack.condition().state).toBe('ok');
    await kit.act('token/revoke', { token: kit.sandbox.botToken });
    await until(() => kit.slack.condition().state === 'refusing');
    expect(kit.slack.condition()).toMatchObject({
      reason: expect.stringContaining('token'),
      fix: expect.stringContaining('install the app again'),
    });
  });

  test('a body that is too large is not read', async () => {
    expect((await send({ body: `text=${'x'.repeat(4_300_000)}` })).status).toBe(413);
  });

  test('another command than the configured one says which it is', async () => {
    const body = new URLSearchParams({
      command: '/inc',
      text: '',
      team_id: 'T1',
      user_id: 'U1',
      channel_id: 'C1',
    });
    expect(await (await send({ body: body.toString() })).text()).toContain('I listen to /incident');
  });

  test('a look-up that fails before a command is told as nothing kept; before a question, as not looked up', async () => {
    const broken = {
      ...kit.behind.ports().read,
      refused: async () => [],
      ofChannel: async () => Promise.reject(new Error('database')),
    };
    const other = await startKit('http', { read: broken });
    try {
      const type = async (text: string) => {
        const line = { user: 'ana', channel: 'incidents', command: '/incident', text };
        return (await other.act<Outcome>('command', line)).ack.body.text;
      };
      expect(await type('note x')).toContain('Nothing was kept: the database does not answer.');
      expect(await type('timeline UTC')).toContain('could not be looked up');
      expect(other.behind.typed).toHaveLength(0);
    } finally {
      await other.stop();
    }
  });
});

describe('starting', () => {
  const stops: Array<() => Promise<unknown>> = [];
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  function slackAt(apiUrl: string, tokens: { bot: string; app?: string }, behind: Behind): Slack {
    const slack = createSlack({
      ...behind.ports(),
      slack: { botToken: tokens.bot, appToken: tokens.app ?? null, signingSecret: SECRET, apiUrl },
    });
    stops.push(() => slack.stop());
    return slack;
  }

  async function closedPort(): Promise<number> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }

  for (const app of [undefined, 'xapp-1-A0SANDBOX1-x']) {
    test(`needs nothing from Slack, and finds it later (${app ? 'socket' : 'http'})`, async () => {
      const port = await closedPort();
      const behind = new Behind();
      const slack = slackAt(`http://127.0.0.1:${port}/api/`, { bot: 'xoxb-t', ...(app && { app }) }, behind);
      await slack.start();
      expect(slack.health()).toBe('degraded');
      const sandbox = await startSandbox({
        port,
        manifest: MANIFEST,
        botToken: 'xoxb-t',
        ...(app && { appToken: app }),
      });
      stops.unshift(() => sandbox.stop());
      await until(() => slack.health() === 'ok');
      expect(slack.identity()?.slackTeamId).toBe(sandbox.teamId);
      await until(() => behind.people.size > 3);
      expect(behind.fatal).toEqual([]);
    });
  }

  async function answering(error: string): Promise<string> {
    const server = createServer((_, response) => response.end(JSON.stringify({ ok: false, error })));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    stops.push(
      () =>
        new Promise((resolve) => {
          server.closeAllConnections();
          server.close(resolve);
        }),
    );
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/`;
  }

  test.each(['invalid_auth', 'account_inactive', 'token_revoked', 'team_disabled'])(
    '%s stops',
    async (code) => {
      const behind = new Behind();
      await slackAt(await answering(code), { bot: 'xoxb-t' }, behind).start();
      await until(() => behind.fatal.length > 0);
      expect(behind.fatal).toEqual([code]);
    },
  );

  test('a bad app token stops as well', async () => {
    const behind = new Behind();
    const sandbox = await startSandbox({ manifest: MANIFEST, botToken: 'xoxb-t' });
    await slackAt(sandbox.apiUrl, { bot: 'xoxb-t', app: 'xapp-wrong' }, behind).start();
    stops.push(() => sandbox.stop());
    await until(() => behind.fatal.length > 0);
    expect(behind.fatal[0]).toBe('invalid_auth');
  });

  test.each(['internal_error', 'unknown_method', 'missing_scope', 'access_denied'])(
    '%s does not',
    async (code) => {
      const behind = new Behind();
      const slack = slackAt(await answering(code), { bot: 'xoxb-t' }, behind);
      await slack.start();
      const asked = await slack.client.call('auth.test');
      expect(asked.kind).not.toBe('ok');
      expect(behind.fatal).toEqual([]);
      expect(slack.health()).toBe('degraded');
      await until(() => slack.condition().reason?.includes(code) === true);
      // By the one code Slack says that it does not know itself.
      expect(slack.condition().state).toBe(code === 'internal_error' ? 'away' : 'refusing');
    },
  );
});

const opens = async (kit: Kit) =>
  (await kit.look<{ calls: Array<{ started_at: number }> }>('log?method=apps.connections.open')).calls;

describe('told to go', () => {
  const type = (kit: Kit) =>
    kit.act<Outcome>('command', { user: 'ana', channel: 'incidents', command: '/incident', text: 'note x' });
  /** An answer that is long in coming. @returns gives it */
  function answeringLater(behind: Behind): () => void {
    let give: () => void = () => {};
    const given = new Promise<void>((resolve) => {
      give = resolve;
    });
    behind.answer = async () => {
      await given;
      return { kind: 'text', text: 'after all' };
    };
    return give;
  }

  test('a socket is kept until what came over it is answered', async () => {
    const kit = await startKit('socket');
    try {
      const give = answeringLater(kit.behind);
      const typed = type(kit);
      await until(() => kit.behind.typed.length === 1);
      const stopped = kit.slack.stop();
      const open = async () => (await kit.look<Outcome>('connections')).connections;
      // The one over which nothing came goes at once.
      await until(async () => (await open()) < 2);
      give();
      expect(await typed).toMatchObject({ ok: true, ack: { body: { text: 'after all' } } });
      await stopped;
      await until(async () => (await open()) === 0);
    } finally {
      await kit.stop();
    }
  });

  test('over HTTP, what follows an answer that was empty to be in time is waited for', async () => {
    const kit = await startKit('http');
    try {
      const give = answeringLater(kit.behind);
      const typed = await type(kit);
      expect(typed).toMatchObject({ ok: true, responses: [] });
      let given = false;
      const waited = Promise.all(kit.listened).then(() => given);
      // Whoever waited for the empty answer only is told before its sender has it.
      given = true;
      give();
      expect(await waited).toBe(true);
      expect(await kit.look<Outcome>(`responses?delivery=${typed.delivery}`)).toMatchObject({
        responses: [{ text: 'after all' }],
      });
    } finally {
      await kit.stop();
    }
  });
});

describe('Socket Mode', () => {
  let kit: Kit;
  let sandbox: Sandbox;
  /** Waits are a hundred times shorter here. */
  const pass = (ms: number) => sleep(ms / 100);
  beforeAll(async () => {
    kit = await startKit('socket', { pace: { sockets: { pass } } });
    sandbox = kit.sandbox;
  });
  afterAll(() => kit.stop());

  const sockets = async () => (await kit.look<Outcome>('connections')).connections;
  const note = () =>
    kit.act<Outcome>('command', { user: 'ana', channel: 'incidents', command: '/incident', text: 'note x' });

  test('two sockets, and both come back at once when Slack refreshes or cuts them', async () => {
    await until(async () => (await sockets()) === 2);
    for (const reason of ['refresh_requested', 'warning', 'cut']) {
      await kit.act('disconnect', { reason });
      await until(async () => (await sockets()) === 2 && kit.slack.health() === 'ok');
      const { ok, ack } = await note();
      expect(ok).toBe(true);
      expect(ack.body.text).toContain('recorded');
    }
  });

  test('a Slack that refuses new sockets for a while kills nothing', async () => {
    for (const [kind, value] of [
      ['error', 'internal_error'],
      ['http500', 500],
      ['cut', undefined],
      ['ratelimit', 1],
    ]) {
      await kit.act('fault', { method: 'apps.connections.open', times: 2, kind, ...(value && { value }) });
      await kit.act('disconnect', { reason: 'cut' });
      await until(async () => (await sockets()) === 2);
    }
    expect((await note()).ok).toBe(true);
    expect(kit.behind.fatal).toEqual([]);
    expect(sandbox.teamId).toBe(kit.slack.identity()?.slackTeamId);
  });

  test.each([
    ['token_revoked', 'auth.test', /no good any more/],
    ['ekm_access_denied', 'chat.postMessage', /suspended posting/],
  ])(
    'a Slack that keeps us out later on (%s) is said with what to do, and well again',
    async (code, method, said) => {
      const post = { channel: 'C0INCIDENT', text: 'hello' };
      await kit.act('join', { user: 'U0BOT00000', channel: 'incidents' });
      await until(() => kit.slack.health() === 'ok');
      expect(kit.slack.condition()).toEqual({ state: 'ok' });
      await kit.act('fault', { method: 'chat.postMessage', kind: 'error', value: code });
      await kit.slack.client.call('chat.postMessage', post);
      expect(kit.slack.condition()).toMatchObject({
        state: 'refusing',
        reason: expect.stringMatching(said),
        fix: expect.any(String),
      });
      // Another method's yes says nothing of a policy about this one; a token that is no good would be good for none.
      expect((await kit.slack.client.call('users.info', { user: 'U0ANA00001' })).kind).toBe('ok');
      expect(kit.slack.condition().state).toBe(method === 'auth.test' ? 'ok' : 'refusing');
      await kit.slack.client.call('chat.postMessage', post);
      expect(kit.slack.condition()).toEqual({ state: 'ok' });
    },
  );

  test('too_many_websockets after each hello: ever fewer tries, one socket instead of two, named, and well again', async () => {
    const warned: Array<{ reason?: string }> = [];
    const log = { ...quiet, warn: (fields: object) => void warned.push(fields) };
    const waits: number[] = [];
    const pace = { sockets: { pass: (ms: number) => pass(waits[waits.push(ms) - 1] as number) } };
    const other = await startKit('socket', { log, pace });
    try {
      await other.act('settings', { goodbye: 'too_many_websockets' });
      const before = (await opens(other)).length;
      await other.act('disconnect', { reason: 'too_many_websockets' });
      await until(() => waits.length >= 6);
      // The two that were open may each try once more before they know; then it is one, and each wait is twice as long.
      const [first = 0, ...more] = waits.toSpliced(0, waits.filter((ms) => ms === waits[0]).length - 1);
      expect(first).toBe(2_000);
      expect(more.every((ms, i) => ms === Math.min(30_000, 4_000 * 2 ** i))).toBe(true);
      // For each wait there is one more try at most, and not one beside.
      expect((await opens(other)).length - before).toBeLessThanOrEqual(waits.length + 1);
      expect(other.slack.trouble()).toBe('too_many_websockets');
      expect(other.slack.health()).toBe('degraded');
      expect(other.slack.condition()).toMatchObject({
        state: 'degraded',
        reason: expect.stringContaining('too_many_websockets'),
      });
      expect(warned.filter(({ reason }) => reason === 'too_many_websockets')).toHaveLength(1);
      const look = await trySocket({
        appToken: other.sandbox.appToken,
        apiUrl: other.sandbox.apiUrl,
        log: quiet,
      });
      expect(look.refused).toBe('too_many_websockets');
      await other.act('settings', { goodbye: null });
      await until(() => other.slack.health() === 'ok');
      expect((await other.look<Outcome>('connections')).connections).toBe(1);
      const well = await trySocket({
        appToken: other.sandbox.appToken,
        apiUrl: other.sandbox.apiUrl,
        log: quiet,
      });
      expect(well).toEqual({ connections: 2, refused: null });
    } finally {
      await other.stop();
    }
  }, 120_000);
});
