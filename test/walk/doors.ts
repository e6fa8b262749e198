import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inflateRawSync } from 'node:zlib';
import type { App } from '@slack/bolt';
import type { VerbName } from '#domain/command/verbs.js';
import { listenToOthers } from '#slack/app.js';
import { packed } from '#slack/blocks/buttons.js';
import type { Context } from '#slack/listener.js';

// Every door by which somebody in Slack may ask for an incident, with a number that they chose: each verb, button, form and
// shortcut of the code. Requests are signed as Slack signs them, so that people may ask whom the local Slack would not let.

/** What a door is told beside the number: another incident, and a key of alerts. */
export interface Beside {
  other: string;
  key: string;
}

/** Lines of each verb that name an incident; of those that are about none, what might tell of one. */
export const LINES: { readonly [V in VerbName]: (ref: string, beside: Beside) => string[] } = {
  // What it says of others is looked at by itself: it opens one.
  open: () => ['open'],
  note: (ref) => [`note ${ref} x`, `note ${ref}`],
  log: (ref) => [`log ${ref} 01:00 x\n01:01 y`, `log ${ref} #2`, `log ${ref}`],
  status: (ref) => [`status ${ref} identified x`, `status ${ref}`],
  resolve: (ref) => [`resolve ${ref}`],
  reopen: (ref) => [`reopen ${ref} x`],
  dismiss: (ref) => [`dismiss ${ref} x`],
  next: (ref) => [`next ${ref} 30m`, `next ${ref} off`],
  snooze: (ref) => [`snooze ${ref} 30m`],
  sev: (ref) => [`sev ${ref} sev1 x`, `sev ${ref}`],
  lead: (ref) => [`lead ${ref} me`, `lead ${ref}`],
  role: (ref) => [`role ${ref} scribe me`],
  invite: (ref) => [`invite ${ref} me`, `invite ${ref} @ana`],
  uninvite: (ref) => [`uninvite ${ref} @ana`],
  page: (ref) => [`page ${ref} @ana x`, `page ${ref} nobody-of-that-name x`],
  ack: (ref) => [`ack ${ref}`, `ack ${ref} 1`],
  title: (ref) => [`title ${ref} x`],
  mark: (ref) => [`mark ${ref} started 01:00`],
  component: (ref) => [
    `component ${ref} add Checkout`,
    `component ${ref} remove Checkout`,
    `component ${ref} state Checkout operational`,
  ],
  impact: (ref) => [`impact ${ref} x`, `impact ${ref} measure`],
  cause: (ref) => [`cause ${ref} x`],
  action: (ref) => [`action ${ref} x`, `action ${ref} 1 --due none`, `action ${ref}`],
  actions: (ref) => [`actions ${ref}`, `actions ${ref} --mine`, 'actions --mine'],
  done: (ref) => [`done ${ref} 1`, `done ${ref} 99`],
  publish: (ref) => [
    `publish ${ref} identified x --yes`,
    `publish ${ref} identified x`,
    `publish ${ref}`,
    `publish ${ref} --correct 2 x`,
    `publish ${ref} --withdraw 2 x`,
  ],
  maintenance: () => ['maintenance MNT-99 end'],
  run: (ref) => [`run ${ref} look`, `run ${ref} look --plan`, `run ${ref} no-such-runbook`, `run ${ref}`],
  runs: (ref) => [`runs ${ref}`],
  approve: (ref) => [`approve ${ref} RUN-1`, `approve ${ref} RUN-1 --break-glass x`],
  reject: (ref) => [`reject ${ref} RUN-1`],
  cancel: (ref) => [`cancel ${ref} RUN-1`],
  retry: (ref) => [`retry ${ref} RUN-1`],
  skip: (ref) => [`skip ${ref} RUN-1 x`],
  answer: (ref) => [`answer ${ref} RUN-1 x`],
  watch: (ref) => [`watch ${ref} 30m`, `watch ${ref} stop`],
  attach: (ref, { other, key }) => [
    `attach ${ref} ${key} ${other}`,
    `attach ${other} ${key} ${ref}`,
    `attach ${key} ${ref}`,
  ],
  split: (ref, { key }) => [`split ${ref} ${key}`],
  mute: (_, { key }) => ['mute', `mute ${key} off`],
  link: (ref, { other }) => [`link ${ref} ${other} x`, `link ${other} ${ref} x`, `link ${ref} ${ref} x`],
  merge: (ref, { other }) => [`merge ${ref} into ${other}`, `merge ${other} into ${ref}`],
  bridge: (ref) => [`bridge ${ref} https://meet.example/x`, `bridge ${ref}`],
  timeline: (ref) => [`timeline ${ref}`],
  history: (ref) => [`history ${ref} 1`, `history ${ref} 99`],
  edit: (ref) => [`edit ${ref} 2 x`],
  time: (ref) => [`time ${ref} 2 01:00`],
  strike: (ref) => [`strike ${ref} 2 x`],
  undo: (ref) => [`undo ${ref}`, `undo ${ref} RUN-1`],
  export: (ref) => [`export ${ref} md`, `export ${ref} json`, `export ${ref}`],
  postmortem: (ref) => [`postmortem ${ref}`, `postmortem ${ref} --publish x --yes`],
  list: () => [
    ...['list', 'list --page 2', 'list --status all', 'list --severity sev2', 'list --mine --status all'],
    ...['list --component Obsidian', 'list --lead @dana --status all', 'list --since 1h', 'list --drills'],
    'list --until "2020-01-01 00:00 UTC"',
  ],
  search: () => [
    'search quagmire',
    'search quagmyre',
    'search zanzibar --limit 5',
    'search obsidian overturn',
  ],
  show: (ref) => [`show ${ref}`, 'show'],
  catchup: (ref) => [`catchup ${ref}`, 'catchup'],
  here: (ref) => [`here ${ref}`, ref, ''],
  help: () => ['help note'],
};

const GROUP = 'f'.repeat(32);
const TS = '1700000000.000100';
const POST = { type: 'PublishPost', state: 'identified', moment: null, text: 'x', components: [] };

/** Of each button that is listened to: what it brings back, with that incident's number in it. */
const BUTTONS: Readonly<
  Record<string, (incident: number, key: string) => Array<[action: string, value: unknown]>>
> = {
  publish: (incident) => [['publish', post(incident, true)]],
  'publish:change': (incident) => [['publish:change', post(incident, false)]],
  'publish:anyway': (incident) => [['publish:anyway', post(incident, false)]],
  cancel: () => [['cancel', 'cancel']],
  'publish:edit': () => [['publish:edit', 'x']],
  'publish:write': (incident) => [['publish:write', { incident, n: 2 }]],
  '/^choose:/': (incident) =>
    ['note x', 'show', 'status', 'timeline'].map((text) => [
      `choose:INC-${incident}`,
      { line: { text, mentions: [] }, incident, key: null },
    ]),
  '/^next:/': (incident) =>
    ['timeline', 'lead me', 'note', 'postmortem', 'action'].map((text, i) => [
      `next:${i}`,
      { line: { text, mentions: [] }, incident, key: null },
    ]),
  '/^run:/': (incident) =>
    ['approve', 'reject', 'cancel', 'undo', 'retry', 'skip', 'answer:yes'].map((what) => [
      `run:${what}`,
      { incident, run: 1, mark: 'x/y', choice: 'yes' },
    ]),
  'offer:plan': (incident) => [['offer:plan', { incident, runbook: 'look', inputs: {} }]],
  'watch:start': (incident) => [['watch:start', { incident, n: 2, span: '30m' }]],
  'watch:reopen': (incident) => [['watch:reopen', { incident, watch: 2, n: 3 }]],
  '/^alerts:/': (incident, key) =>
    ['resolve', 'attach', 'split', 'dismiss'].map((what) => [
      `alerts:${what}`,
      { incident, group: GROUP, key, mark: 'x' },
    ]),
  '/^remind:/': (incident) =>
    ['update', 'snooze:30m', 'resolve', 'lead', 'going'].map((what) => [
      `remind:${what}`,
      { incident, seq: 3 },
    ]),
  'lines:take': (incident) => [['lines:take', { incident, channel: 'C0GENERAL1', ts: TS }]],
  '/^role:take:/': (incident) => [['role:take:lead', { incident, role: 'lead' }]],
  'page:acknowledge': (incident) => [1, 2, 9].map((page) => ['page:acknowledge', { incident, page }]),
  'page:open': () => [['page:open', 'open']],
  '/^action:(done|week|pass)$/': (incident) =>
    ['done', 'week', 'pass'].map((what) => [`action:${what}`, { incident, action: 1, due: '2026-01-01' }]),
  'capture:strike': (incident) => [['capture:strike', { incident, n: 2, key: `unpinned:${incident}` }]],
  '/^head:/': (incident) =>
    ['note', 'status', 'sev', 'lead', 'action', 'run', 'export', 'postmortem', 'take'].map((what) => [
      `head:${what}`,
      { incident },
    ]),
  '/^item:done:/': (incident) => [[`item:done:${incident}:1`, { incident, action: 1 }]],
  'home:declare': () => [['home:declare', 'x']],
  'home:refresh': () => [['home:refresh', 'x']],
};

const post = (incident: number, confirmed: boolean) => ({
  ...{ incident, key: null },
  intent: { ...POST, states: [], confirmed, anyway: null },
});

type Fields = Record<string, Record<string, unknown>>;
const typed = (values: Record<string, string>): Fields =>
  Object.fromEntries(Object.entries(values).map(([id, value]) => [id, { value }]));
const chosen = (id: string, value: string): Fields => ({ [id]: { selected_option: { value } } });

/** Of each form that is listened to: what it carries, with that incident's number in it, and what was filled in. */
const FORMS: Readonly<Record<string, (incident: number) => { carried: string; fields: Fields }>> = {
  open: () => ({ carried: '{}', fields: {} }),
  note: (incident) => ({ carried: from(incident, { seen: SEEN }), fields: typed({ text: 'x' }) }),
  log: (incident) => ({
    carried: from(incident, { seen: SEEN }),
    fields: typed({ lines: '01:00 x', text: '01:00 x' }),
  }),
  status: (incident) => ({
    carried: from(incident, { seen: SEEN }),
    fields: { ...chosen('status', 'monitoring'), ...typed({ text: 'x' }) },
  }),
  sev: (incident) => ({ carried: from(incident, { seen: SEEN }), fields: chosen('severity', 'sev1') }),
  lead: (incident) => ({
    carried: from(incident, { seen: SEEN }),
    fields: { person: { selected_user: 'U0ANA00001' }, ...chosen('role', 'lead') },
  }),
  action: (incident) => ({ carried: from(incident), fields: typed({ text: 'x' }) }),
  publish: (incident) => ({
    carried: from(incident),
    fields: { ...chosen('state', 'identified'), ...typed({ text: 'x' }) },
  }),
  run: (incident) => ({ carried: from(incident, { runbook: 'look' }), fields: typed({ 'in.n': '1' }) }),
  export: (incident) => ({ carried: from(incident), fields: chosen('format', 'md') }),
  publish_preview: (incident) => ({
    carried: packed({ ...post(incident, true), channel: null, reply: null, replaces: false }) ?? '',
    fields: {},
  }),
  attach: (incident) => ({
    carried: JSON.stringify({ incident, group: GROUP, channel: null, reply: null }),
    fields: chosen('incident', '2'),
  }),
  which: (incident) => ({
    carried: JSON.stringify({
      channel: { id: 'C0GENERAL1', name: 'general' },
      message: { ts: TS, raw: 'x', author: { id: 'U0ANA00001', name: 'ana' } },
      reply: null,
    }),
    fields: chosen('incident', String(incident)),
  }),
  // Of a message that was too long only its place is carried, and it is fetched later.
  'which ': (incident) => ({
    carried: JSON.stringify({ channel: 'C0GENERAL1', ts: TS, reply: null }),
    fields: chosen('incident', String(incident)),
  }),
};

const SEEN = { entry: 1, severity: 'sev4', lead: 'U0NOBODY01', open: true };
const from = (incident: number, more: object = {}) =>
  JSON.stringify({ incident, channel: 'C0GENERAL1', reply: null, ...more });

/** What the code listens to, asked of the code: a button or a form that is not in the tables has no door here. */
export function listened(): { actions: string[]; views: string[] } {
  const heard = { actions: [] as string[], views: [] as string[] };
  const app = {
    ...{ shortcut: () => {}, event: () => {} },
    action: (which: unknown) => heard.actions.push(String(which)),
    view: (which: unknown) => heard.views.push(String(which)),
  } as unknown as App;
  listenToOthers(app, { now: () => new Date() } as Context);
  return heard;
}

export const known = {
  actions: Object.keys(BUTTONS),
  views: [...new Set(Object.keys(FORMS).map((name) => name.trim()))],
};

/** A request by somebody, of which the answer can be had. */
export interface Door {
  name: string;
  /** Nothing is said to it where it was asked: it is told directly, or there is nothing to say. */
  silent?: true;
  /** As Slack sends it. */
  body(user: string, reply: string, trigger: string): string;
}

export function lineDoor(line: string): Door {
  return {
    name: `/incident ${line}`,
    body: (user, reply, trigger) =>
      new URLSearchParams({
        ...{ team_id: TEAM, channel_id: 'C0GENERAL1', channel_name: 'general', user_id: user, user_name: '' },
        ...{ command: '/incident', text: line, response_url: reply, trigger_id: trigger },
      }).toString(),
  };
}

const TEAM = 'T0SANDBOX1';
const SILENT = /^(item:|home:|page:open|publish:edit)/;
const payload = (of: object) => `payload=${encodeURIComponent(JSON.stringify(of))}`;

/** Every button and form, for one incident. @param home the buttons as if they stood in the Home tab too */
export function pressedDoors(incident: number, key: string): Door[] {
  const buttons = Object.values(BUTTONS).flatMap((of) => of(incident, key));
  const base = (user: string, trigger: string) => ({
    ...{ team: { id: TEAM }, user: { id: user, name: '', team_id: TEAM }, trigger_id: trigger },
    api_app_id: 'A0SANDBOX1',
  });
  return [
    ...buttons.map(([action_id, value]) => ({
      name: `${action_id} ${JSON.stringify(value)}`,
      ...(SILENT.test(action_id) && { silent: true as const }),
      body: (user: string, reply: string, trigger: string) =>
        payload({
          ...base(user, trigger),
          ...{ type: 'block_actions', response_url: reply, channel: { id: 'C0GENERAL1', name: 'general' } },
          container: { type: 'message', message_ts: TS, channel_id: 'C0GENERAL1' },
          message: { ts: TS, text: 'x', blocks: [] },
          actions: [
            {
              ...{ type: 'button', block_id: 'b', action_ts: TS, action_id },
              value: typeof value === 'string' ? value : packed(value),
            },
          ],
        }),
    })),
    ...Object.entries(FORMS).map(([name, of]) => ({
      name: `form ${name}`,
      body: (user: string, reply: string, trigger: string) => {
        const { carried, fields } = of(incident);
        const callback_id = name.trim();
        const values = Object.fromEntries(Object.entries(fields).map(([id, value]) => [id, { [id]: value }]));
        const metadata = carried.replace('"reply":null', `"reply":${JSON.stringify(reply)}`);
        return payload({
          ...base(user, trigger),
          type: 'view_submission',
          view: {
            id: 'V1',
            type: 'modal',
            callback_id,
            private_metadata: metadata,
            hash: '1',
            state: { values },
          },
        });
      },
    })),
  ];
}

/** @returns what somebody was told, with what its buttons carry; without what is another each time that it is asked */
export function toldBy(answer: string): string {
  const carried: string[] = [];
  // What a form brought along it keeps.
  const bare = answer
    .replaceAll(/"private_metadata":"(?:[^"\\\\]|\\\\.)*"/g, '')
    .replaceAll(/"value":"([\w-]+)"/g, (_, value: string) => {
      try {
        carried.push(inflateRawSync(Buffer.from(value, 'base64url')).toString());
      } catch {
        carried.push(value);
      }
      return '"value":""';
    });
  return [bare, ...carried].join('\n').replaceAll(/9\.9\.door\d+/g, 'TRIGGER');
}

/** A Slack that hands requests to a bot by hand, and hears what it says to each of them. */
export async function startDoors(url: string, secret: string) {
  const waits = new Map<string, (said: string) => void>();
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (some: string) => {
      text += some;
    });
    request.on('end', () => {
      waits.get(request.url ?? '')?.(text);
      response.end('ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  let asked = 0;

  function signed(body: string, type = 'application/x-www-form-urlencoded') {
    const at = String(Math.floor(Date.now() / 1_000));
    const mac = createHmac('sha256', secret).update(`v0:${at}:${body}`).digest('hex');
    const headers = { 'x-slack-request-timestamp': at, 'x-slack-signature': `v0=${mac}` };
    return fetch(`${url}/slack/events`, {
      method: 'POST',
      headers: { 'content-type': type, ...headers },
      body,
    });
  }

  return {
    signed,
    event: (event: object) =>
      signed(
        JSON.stringify({
          ...{
            type: 'event_callback',
            team_id: TEAM,
            api_app_id: 'A0SANDBOX1',
            event_id: `Ev0DOOR${++asked}`,
          },
          ...{ event_time: 1, authorizations: [{ team_id: TEAM }], event },
        }),
        'application/json',
      ),
    /** @returns all that the bot said to that person: in the answer, or through the response address when that is empty */
    async asks(user: string, { name, body, silent }: Door): Promise<string> {
      asked += 1;
      const path = `/reply/${asked}`;
      const later = new Promise<string>((resolve) => waits.set(path, resolve));
      const response = await signed(body(user, `http://127.0.0.1:${port}${path}`, `9.9.door${asked}`));
      const text = await response.text();
      if (response.status !== 200) throw new Error(`${name}: ${response.status} ${text}`);
      return text === '' && !silent ? later : text;
    },
    async stop(): Promise<void> {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
