import { askSlack, checkTemplates } from '#cli/doctor/slack.js';
import type { Config } from '#config/config.js';
import { templates } from '#slack/templates.js';
import { until } from '../support/until.js';
import type { Stage } from './slack-stage.js';

/** Something that somebody does, by which methods of Slack's are called. */
export interface Story {
  what: string;
  /** `METHOD` or, where it is called only after another one has failed, `METHOD after METHOD CODE`; `drop`: the answer was lost. */
  methods: readonly string[];
  /** @param word stands in all that is typed, so that it is told apart from what was done before */
  act(stage: Stage, word: string): Promise<unknown>;
  /** What is to be in the record afterwards, by a word in it; null: nothing. Absent: `word`. */
  recorded?: null;
  /** Slack is called beside what is owed, so that nothing tells when that is over. */
  beside?: true;
  /** What came of it once goes on for long, so that each time is in an incident of its own. */
  apart?: true;
  /** Which calls of a method fail, where it is not the next one. */
  orders?(stage: Stage): Readonly<Record<string, object>>;
}

const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

async function pins({ walk, base }: Stage, ts: string, user = 'ana'): Promise<void> {
  await walk.control('reaction', { user, channel: base.channel, ts, name: 'pushpin' });
}
async function says({ walk, base }: Stage, text: string, more: object = {}): Promise<string> {
  const { ts } = await walk.control<{ ts: string }>('message', {
    ...{ user: 'ana', channel: base.channel, text },
    ...more,
  });
  return ts;
}
/** Presses a button of the headline. */
async function presses(stage: Stage, actionId: string): Promise<void> {
  const { channels } = await stage.world();
  const { id, pins: pinned } = channels.find(({ id }) => id === stage.base.channel) ?? { id: '', pins: [] };
  await stage.walk.control('action', {
    ...{ user: 'ana', channel: id, ts: pinned[0], action_id: actionId },
  });
}
const configOf = ({ walk }: Stage) =>
  ({
    slack: { botToken: walk.slack.botToken, appToken: null, apiUrl: walk.slack.apiUrl },
    org: { announce: 'incidents' },
  }) as Config;

export const STORIES: readonly Story[] = [
  {
    what: 'a note',
    methods: ['chat.postMessage'],
    act: ({ type, base }, word) => type('ana', base.channel, `note ${word}`),
  },
  {
    what: 'the title is changed: the headline',
    methods: ['chat.update'],
    orders: ({ base }) => ({ 'chat.update': { channel: base.channel } }),
    act: ({ type, base }, word) => type('ana', base.channel, `title ${word}`),
  },
  {
    what: 'the title is changed: the announcement',
    methods: ['chat.update'],
    orders: () => ({ 'chat.update': { channel: 'C0INCIDENT' } }),
    act: ({ type, base }, word) => type('ana', base.channel, `title ${word}`),
  },
  {
    what: 'an incident is opened',
    methods: [
      ...['conversations.create', 'conversations.invite', 'conversations.setTopic', 'pins.add'],
      ...['usergroups.users.list', 'conversations.canvases.create', 'canvases.access.set'],
      ...['users.conversations after conversations.create drop', 'auth.test after conversations.create drop'],
      'canvases.delete after canvases.access.set restricted_action',
      'conversations.info after conversations.canvases.create drop',
      'canvases.sections.lookup after conversations.canvases.create drop',
    ],
    act: ({ opens }, word) => opens(word),
  },
  {
    what: 'a message is pinned',
    methods: ['conversations.history', 'chat.getPermalink', 'reactions.add'],
    act: async (stage, word) => pins(stage, await says(stage, word)),
  },
  {
    what: 'a message of a thread is pinned',
    methods: ['conversations.replies'],
    async act(stage, word) {
      const thread_ts = await says(stage, 'a thread');
      await pins(stage, await says(stage, word, { thread_ts }));
    },
  },
  {
    what: 'somebody else pins it too',
    methods: ['chat.postEphemeral'],
    async act(stage, word) {
      const ts = await says(stage, word);
      await pins(stage, ts);
      await until('the entry', () => stage.recorded(word));
      await stage.settled(async () => true);
      await pins(stage, ts, 'bo');
    },
  },
  {
    what: 'a message with an image is pinned',
    methods: ['files.info'],
    async act(stage, word) {
      const { ts } = await stage.walk.control<{ ts: string }>('file', {
        ...{ user: 'ana', channel: stage.base.channel, name: 'graph.png', content_base64: PIXEL, text: word },
      });
      await pins(stage, ts);
    },
  },
  {
    what: 'an export is asked for',
    methods: ['files.getUploadURLExternal', 'upload', 'files.completeUploadExternal'],
    act: ({ type, base }) => type('ana', base.channel, 'export md'),
    recorded: null,
  },
  {
    what: 'somebody is paged',
    methods: ['conversations.open'],
    async act({ type, base, settled }, word) {
      await type('ana', base.channel, `page @bo --again ${word}`);
      await settled(async () => true);
      await type('bo', base.channel, 'ack');
    },
  },
  {
    what: 'somebody of whom nobody has heard writes a note',
    beside: true,
    methods: ['users.info'],
    async act({ walk, base, type }, word) {
      await walk.control('fault', { method: 'event', kind: 'drop', type: 'team_join' });
      const { user } = await walk.control<{ user: string }>('user/join', { name: word });
      await walk.control('join', { user, channel: base.channel });
      await type(user, base.channel, `note ${word}`);
    },
  },
  {
    what: 'the bot starts, and a note is written',
    beside: true,
    methods: ['users.list'],
    async act(stage, word) {
      await stage.restart();
      await stage.type('ana', stage.base.channel, `note ${word}`);
    },
  },
  {
    what: 'the bot starts, and a group is brought in',
    beside: true,
    methods: ['usergroups.list'],
    async act(stage) {
      await stage.restart();
      await stage.type('ana', stage.base.channel, 'invite @sre');
    },
    recorded: null,
  },
  {
    what: 'somebody is taken out',
    methods: ['conversations.kick'],
    async act({ type, base, settled, walk }) {
      await type('ana', base.channel, 'invite @dana');
      await settled(async () => true);
      await type('ana', base.channel, 'uninvite @dana');
      await settled(async () => true);
      await walk.control('leave', { user: 'dana', channel: base.channel }).catch(() => undefined);
    },
    recorded: null,
  },
  {
    what: 'a call begins and ends',
    methods: ['calls.add', 'calls.end'],
    async act({ type, base, settled }, word) {
      const n = /#(\d+)/.exec(await type('ana', base.channel, `bridge https://meet.example/${word}`))?.[1];
      await settled(async () => true);
      await type('ana', base.channel, `strike ${n} ${word}`);
    },
    recorded: null,
  },
  {
    what: 'the canvas follows',
    apart: true,
    methods: ['canvases.edit'],
    act: ({ type, base }, word) => type('ana', base.channel, `note ${word}`),
  },
  {
    what: 'a link to the incident is shared',
    beside: true,
    methods: ['conversations.members', 'chat.unfurl'],
    async act({ walk, base }, word) {
      // Who is in a channel is remembered for a while: each time it is another one.
      const { channel } = await walk.control<{ channel: string }>('channel', { user: 'ana', name: word });
      await walk.control('join', { user: 'U0BOT00000', channel });
      await walk.control('message', {
        ...{ user: 'ana', channel },
        text: `https://tocsin.example/incidents/INC-${base.number}`,
      });
    },
    recorded: null,
  },
  {
    what: 'a button of the headline is pressed',
    beside: true,
    methods: ['views.open'],
    act: (stage) => presses(stage, 'head:note'),
    recorded: null,
  },
  {
    what: 'a bare verb is typed',
    beside: true,
    methods: ['views.open'],
    act: ({ type, base }) => type('ana', base.channel, 'note'),
    recorded: null,
  },
  {
    what: 'the Home tab is opened',
    beside: true,
    methods: ['views.publish'],
    act: ({ walk }) => walk.control('home', { user: 'ana' }),
    recorded: null,
  },
  {
    what: 'an action item is ticked off in its form',
    beside: true,
    methods: ['views.update'],
    async act(stage, word) {
      const { walk, base, type } = stage;
      await type('ana', base.channel, `action ${word}`);
      await type('ana', base.channel, 'action');
      const form = await until('the form', async () =>
        (await stage.world()).views.find(({ user }) => user === 'U0ANA00001'),
      );
      const action = /"(item:done:[\d:]+)"/g;
      const last = [...JSON.stringify(form).matchAll(action)].at(-1)?.[1];
      const { id } = form as unknown as { id: string };
      await walk.control('action', { user: 'ana', view_id: id, action_id: last });
    },
  },
  {
    what: 'a form is sent',
    beside: true,
    methods: ['response_url'],
    async act({ type, base, walk, world }, word) {
      await type('ana', base.channel, 'note');
      await until('the form', async () => (await world()).views.length > 0);
      await walk.control('view/submit', { user: 'ana', values: { text: { text: word } } });
    },
  },
  {
    what: 'an action item is ticked off in a Home tab that cannot be shown',
    beside: true,
    methods: ['chat.postMessage after views.publish missing_scope'],
    orders: () => ({ 'views.publish': { after: 1 }, 'chat.postMessage': { channel: 'U0ANA00001' } }),
    async act({ walk, base, type }, word) {
      await type('ana', base.channel, `action ${word} @ana`);
      await walk.control('home', { user: 'ana' });
      const home = await until('the item', async () => {
        const { homes } = await walk.control<{ homes: Array<{ id: string }> }>('state?user=ana');
        return homes.find((one) => JSON.stringify(one).includes(word));
      });
      // Of each incident the item is the only one that is not done.
      const button = RegExp(`item:done:${base.number}:\\d+`).exec(JSON.stringify(home))?.[0];
      await walk.control('action', { user: 'ana', view_id: home.id, action_id: button });
    },
  },
  {
    what: 'the doctor is asked',
    methods: ['conversations.list', 'blocks.validate'],
    async act(stage) {
      for (const { ok, what, detail, fix } of [
        ...(await askSlack(configOf(stage))),
        ...(await checkTemplates(configOf(stage), templates('plain').slice(0, 3))),
      ])
        stage.answered(`${ok ? '✓' : '✗'} ${what}: ${detail}${fix && !ok ? ` → ${fix}` : ''}`);
    },
    recorded: null,
  },
];
