import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { until } from '../support/until.js';
import { type BotHere, startWalk } from '../walk/kit.js';

// A workspace with a running bot in which one thing at a time is done while a method of Slack's fails, and what people see of it.

export interface Call {
  seq: number;
  method: string;
  answer: Record<string, unknown>;
  fault?: string;
}
interface Message {
  ts: string;
  user: string;
  text: string;
  blocks?: unknown[];
  files?: Array<{ name?: string; title?: string }>;
  reactions?: Array<{ name: string; users: string[] }>;
  attachments?: unknown[];
  metadata?: { event_type?: string; event_payload?: Record<string, unknown> };
}
interface World {
  users: Array<{ id: string; name: string }>;
  channels: Array<{
    id: string;
    name: string;
    kind: string;
    topic: string;
    members: string[];
    pins: string[];
    messages: Message[];
  }>;
  ephemerals: Array<{ user: string; text: string }>;
  views: Array<{ user: string; callback_id: string; blocks: unknown[] }>;
  calls: Call[];
}

const BOT = 'U0BOT00000';
let opened = 0;
const number0 = () => `${opened++}q${Math.random().toString(36).slice(2, 8)}`;
const LINKS = 'https://tocsin.example';

/** What people can see, a line for each thing, under a name that is the same for the same thing. */
type Seen = Map<string, string>;

export type Stage = Awaited<ReturnType<typeof startStage>>;

export async function startStage() {
  const walk = await startWalk({
    retyped: 1_000,
    edit: (manifest) => Object.assign(manifest.features, { unfurl_domains: ['tocsin.example'] }),
  });
  await mkdir(join(walk.folder, 'page'));
  await writeFile(
    join(walk.folder, 'tocsin.yml'),
    `announce: incidents
bridge: https://meet.example/{{ref}}
canvas: true
capture: { files: true }
catchup: { on_join: false }
paging: { wait: 1h }
invite: { groups: [S0SRE00001] }
`,
  );
  // What Slack sends once more because it was not answered comes at once; and a busy machine may be slow to answer.
  await walk.control('settings', { retry_scale: 0.01, ack_ms: 30_000 });
  const start = () => walk.here({ canvasMs: 200, lingerMs: 0, slack: { askMs: 200 } }, { PUBLIC_URL: LINKS });
  const client = new pg.Pool({ ...walk.database.config, max: 2 });
  client.on('error', () => {});
  let bot: BotHere = await start();
  await until(
    'Slack has said who we are',
    async () => ((await (await fetch(`${bot.url}/readyz`)).json()) as { slack?: string }).slack === 'ok',
  );

  const owed = async () => {
    const { rows } = await client.query<{ kind: string }>(
      'select kind from outbox where done_at is null and dead_at is null',
    );
    return rows.map(({ kind }) => kind);
  };
  const answers: string[] = [];
  // The log is long, and only what is called from now on is of use.
  let mark = 0;
  const logged = async () => (await walk.control<{ calls: Call[] }>(`log?since=${mark}`)).calls;
  const world = async (): Promise<World> => {
    const calls = await logged();
    return { ...(await walk.control<Omit<World, 'calls'>>('state?limit=50')), calls };
  };

  const stage = {
    walk,
    client,
    base: { channel: '', number: 0 },
    log: () => bot.log(),
    world,
    logged,
    type: async (user: string, channel: string, text: string) => (await walk.type(user, channel, text)).text,
    /** What somebody reads elsewhere than in Slack. */
    answered: (text: string) => void answers.push(text),
    /** Failures that have been ordered and not met. */
    async unmet(): Promise<string[]> {
      const order = { method: 'none', kind: 'cut' };
      const { pending } = await walk.control<{ pending: Array<{ method: string }> }>('fault', order);
      return pending.map(({ method }) => method).filter((method) => method !== 'none');
    },
    async restart(): Promise<void> {
      await bot.stop();
      bot = await start();
    },
    async opens(title: string): Promise<{ channel: string; number: number }> {
      const text = await stage.type('ana', 'general', `open sev3 ${title}`);
      const number = Number(/INC-(\d+)/.exec(text)?.[1]);
      return { number, channel: `inc-${number}-${title}` };
    },
    /** Another incident in which things are done from now on, with ana and bo in its channel. */
    async moves(): Promise<void> {
      const { number, channel } = await stage.opens(`base${number0()}`);
      const id = await walk.until(
        'the channel',
        ({ channels }) => channels.find((one) => one.name === channel && one.pins.length > 0)?.id,
      );
      stage.base = { number, channel: id };
      await stage.settled(async () => false);
      const there = (await world()).channels.find((one) => one.id === id)?.members ?? [];
      if (!there.includes('U0BO000002')) throw new Error('bo is not in the channel');
      await stage.forget();
    },
    /** What people can see now. */
    async seen(): Promise<Seen> {
      const now = await world();
      const name = (id: string) => now.users.find((one) => one.id === id)?.name ?? id;
      const seen: Seen = new Map();
      for (const channel of now.channels) {
        const place = placeOf(channel, name);
        for (const message of channel.messages) {
          const mine = message.user === BOT;
          const at = `${channel.id} ${message.ts}`;
          if (mine) seen.set(at, `${place}: ${wordsOf(message)}`);
          for (const file of mine ? (message.files ?? []) : [])
            seen.set(`${at} ${file.title}`, `${place}: the file ${file.title}`);
          for (const { name: emoji, users } of message.reactions ?? [])
            if (users.includes(BOT)) seen.set(`${at} ${emoji}`, `:${emoji}: on the message`);
          if (!mine && message.attachments?.length) seen.set(`${at} card`, 'a card under the link');
        }
        if (!channel.name.startsWith('inc-')) continue;
        if (channel.topic) seen.set(`${channel.id} topic`, 'the topic of the channel');
        if (channel.pins.length > 0) seen.set(`${channel.id} pin`, 'the headline is pinned');
        for (const id of channel.members) seen.set(`${channel.id} ${id}`, `${name(id)} is in the channel`);
      }
      for (const [i, { user, text }] of now.ephemerals.entries())
        seen.set(`only ${i}`, `to ${name(user)} alone: ${text}`);
      for (const view of now.views)
        seen.set(`form ${view.user} ${view.callback_id}`, `the form “${view.callback_id}”`);
      for (const call of now.calls) {
        const i = call.seq;
        const kept =
          call.answer.ok === true && (!call.fault || call.fault === 'drop' || call.fault === 'delay');
        if (!kept) continue;
        if (call.method === 'views.publish') seen.set(`home ${i}`, 'the Home tab');
        if (call.method === 'calls.end') seen.set(`ended ${i}`, 'the call has ended');
        if (/^(conversations\.canvases\.create|canvases\.edit)$/.test(call.method))
          seen.set('canvas', `the canvas ${i}`);
      }
      for (const [i, answer] of answers.entries()) seen.set(`answer ${i}`, answer);
      return seen;
    },
    /**
     * Everything that is owed is paid, or given up; and Slack was asked for nothing for a while, unless that is `enough`.
     * @param looks how often nothing new is seen before that is all: more of them where something is done that nobody owes
     * @param begun what is waited for first, for a while: what Slack tells of is owed a moment later
     */
    async settled(
      enough: () => Promise<boolean>,
      { looks = 4, begun = async () => true }: { looks?: number; begun?: () => Promise<boolean> } = {},
    ): Promise<void> {
      let calls = -1;
      let quiet = 0;
      for (let i = 0; i < 100 && !(await begun()); i++)
        await new Promise((resolve) => setTimeout(resolve, 50));
      const end = performance.now() + 240_000;
      for (;;) {
        if ((await owed()).length === 0) {
          const now = (await logged()).length;
          if (now !== calls && (await enough())) return;
          quiet = now === calls ? quiet + 1 : 0;
          calls = now;
          if (quiet >= looks) return;
        } else quiet = 0;
        if (performance.now() > end) throw new Error(`is owed still: ${(await owed()).join(', ')}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    async recorded(word: string): Promise<boolean> {
      const { rows } = await client.query('select 1 from entry where text like $1', [`%${word}%`]);
      return rows.length > 0;
    },
    /** What is new since then, in the same words each time. @param word stands in what was typed for it */
    async news(before: Seen, word: string): Promise<string[]> {
      const after = await stage.seen();
      const lines = [...after].filter(([key, line]) => before.get(key) !== line).map(([, line]) => line);
      return lines.map((line) => same(line, word)).sort();
    },
    /** Messages of ours with the same mark, in the same channel. */
    async doubles(): Promise<string[]> {
      return (await world()).channels.flatMap(({ id, name, messages }) => {
        const marks = messages.flatMap(({ user, metadata }) =>
          user === BOT && metadata?.event_type === 'tocsin' ? [JSON.stringify(metadata.event_payload)] : [],
        );
        return marks.filter((mark, i) => marks.indexOf(mark) < i).map((mark) => `${name || id}: ${mark}`);
      });
    },
    /** What was given up belongs to what was done then, and is not told again with what comes next. */
    async forget(): Promise<void> {
      await walk.control('fault/clear', {});
      mark = (await logged()).at(-1)?.seq ?? mark;
      await client.query('delete from outbox where dead_at is not null');
      for (const { user } of (await world()).views) await walk.control('view/close', { user, all: true });
    },
    async end(): Promise<void> {
      await client.end();
      await walk.end();
    },
  };
  return stage;
}

function placeOf({ name, kind, members }: World['channels'][number], of: (id: string) => string): string {
  if (name === 'incidents') return 'in #incidents';
  if (name.startsWith('inc-')) return 'in the channel';
  const others = members.filter((id) => id !== BOT).map(of);
  return kind === 'im' ? `to ${others.join()} directly` : `in #${name}`;
}

/** The words of a message: its blocks may say more than its text. */
function wordsOf({ text, blocks }: Message): string {
  const inBlocks = JSON.stringify(blocks ?? []).match(/"text":"(?:[^"\\]|\\.)*"/g) ?? [];
  const more = inBlocks.map((one) => JSON.parse(`{${one}}`) as { text: string });
  return [...new Set([text, ...more.map((one) => one.text)])].join(' / ');
}

function same(line: string, word: string): string {
  return line
    .replaceAll(word, 'WORDS')
    .replace(/the canvas \d+/, 'the canvas')
    .replace(/<!date\^\d+\^[^>]*>/g, 'TIME')
    .replace(/inc-\d+[-\w]*/g, 'inc-N')
    .replace(/INC-\d+/g, 'INC-N')
    .replace(/#\d+/g, '#N')
    .replace(/\bpage \d+/g, 'page N')
    .replace(/\bbase\d+q\w+/g, 'TITLE')
    .replace(/`(\/\w+ )?(edit|time|strike|done|log|history|ack) \d+/g, '`$1$2 N')
    .replace(/\b\d{4}-\d\d-\d\d[T ]?/g, '')
    .replace(/\b\d\d:\d\d(?::\d\d)?\b/g, 'TIME')
    .replace(/\b\d+ (s|min|h|B|kB)\b/g, 'N $1')
    .replace(/<#[CG]\w+(\|[^>]*)?>/g, '#inc-N')
    .replace(/<https?:\/\/[^|>]+\|/g, '<LINK|')
    .replace(/https?:\/\/[^\s|>)]+/g, 'LINK')
    .replace(/\s+/g, ' ');
}
