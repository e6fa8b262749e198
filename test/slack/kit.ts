import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Exporting, Muting, Running, Typed } from '#answer/answer.js';
import type { Mine } from '#answer/mine.js';
import type { ActionItem } from '#domain/incident/action.js';
import type { Effect } from '#domain/incident/effect.js';
import type { Asking, TypedIntent } from '#domain/incident/intent.js';
import type { IncidentState } from '#domain/incident/state.js';
import { isRefusal, type Refusal } from '#domain/refusal.js';
import type { Runbook } from '#domain/run/runbook.js';
import type { Logs } from '#log.js';
import { type Sandbox, startSandbox } from '#sandbox/sandbox.js';
import type { Seed } from '#sandbox/workspace/seed.js';
import { createSlack, type Slack, type SlackOptions } from '#slack/app.js';
import type { Answer, Recorded } from '#slack/listener.js';
import type { KnownPerson } from '#store/people.js';
import { Unavailable } from '#store/pools.js';
import { until as eventually } from '../support/until.js';

export const MANIFEST: object = parse(readFileSync(join(process.cwd(), 'manifest.yml'), 'utf8'));

/** The same with a domain of ours, which every installation has for itself. */
function withDomain(): object {
  const { features = {}, ...others }: { features?: object } = MANIFEST;
  return { ...others, features: { ...features, unfurl_domains: ['tocsin.example'] } };
}

export const quiet: Logs = { debug() {}, info() {}, warn() {}, error() {} };

/** What stands behind the front in a test: it notes what it was asked and answers what the test wants. */
export class Behind {
  readonly typed: Typed[] = [];
  readonly muted: Muting[] = [];
  readonly ran: Running[] = [];
  readonly exported: Exporting[] = [];
  readonly handled: Array<{ intent: TypedIntent; target: number | null; asking: Asking; notes?: string[] }> =
    [];
  readonly owed: Array<{
    effect: Effect;
    of: { team: string; incident: number; key: string | null; inMs?: number };
  }> = [];
  /** Channels of which something was heard. */
  readonly heard: typeof this.owed = [];
  readonly people = new Map<string, KnownPerson>();
  readonly channels = new Map<string, number>();
  /** Incidents in which a message is recorded, by its `ts`; and which were asked about. */
  readonly captured = new Map<string, Array<{ incident: number; n: number; struck: boolean }>>();
  readonly looked: string[] = [];
  open: IncidentState[] = [];
  /** What was resolved lately. */
  over: IncidentState[] = [];
  items: ActionItem[] = [];
  runbooks: Runbook[] = [];
  /** Why nothing may be run now. */
  noRun: Refusal | null = null;
  /** What somebody has before them; null: it cannot be read. */
  mine: Mine | null = null;
  answer: (typed: Typed) => Promise<Answer> = async ({ entered }) => ({
    kind: 'recorded',
    text: `INC-7 #1 recorded: ${entered.text}`,
  });
  handle: (intent: TypedIntent) => Promise<Recorded | Refusal> = async () => ({
    recorded: true,
    receipt: 'INC-7 #2 recorded',
  });
  owe: (effect: Effect) => Promise<void> = async () => {};
  state: IncidentState | null = null;
  fatal: string[] = [];

  ports(): Omit<SlackOptions, 'slack'> {
    const recorded: SlackOptions['handle'] = (intent, target, asking, notes) => {
      this.handled.push({ intent, target, asking, ...(notes?.length && { notes }) });
      return this.handle(intent);
    };
    return {
      org: {
        command: '/incident',
        zone: null,
        components: ['Developer API'],
        capture: { emoji: ['pushpin', 'star'], deleted: 'hide' },
      },
      answer: async (asked) => {
        if ('mute' in asked) {
          this.muted.push(asked);
          return { kind: 'text', text: 'muted' };
        }
        if ('run' in asked) {
          this.ran.push(asked);
          return this.noRun ? { kind: 'refused', refusal: this.noRun } : { kind: 'text', text: 'asked for' };
        }
        if ('ask' in asked) {
          this.exported.push(asked);
          return { kind: 'export', incident: asked.incident, format: 'md', zone: 'UTC' };
        }
        if (!('intent' in asked)) {
          this.typed.push(asked);
          return this.answer(asked);
        }
        // What a button or a form means is recorded as it is.
        const { intent, incident: target, asking, notes } = asked;
        const outcome = await recorded(intent, target, asking, notes);
        return isRefusal(outcome)
          ? { kind: 'refused', refusal: outcome, intent, incident: target ?? undefined }
          : { kind: 'recorded', text: outcome.receipt, recorded: { incident: target ?? 8 } };
      },
      handle: recorded,
      owe: async (effect, of) => {
        await this.owe(effect);
        // The bot's own coming into a channel is heard at any time.
        (effect.kind === 'channel.look' ? this.heard : this.owed).push({ effect, of });
      },
      read: {
        incident: async () => this.state ?? (await Promise.reject(new Error('no state'))),
        open: async () => this.open,
        list: async () => ({ items: this.over, page: 1, more: false }),
        actions: async () => this.items,
        ofChannel: async (_team, channel) => this.channels.get(channel) ?? null,
        captured: async (_team, channel, ts) => {
          this.looked.push(`${channel} ${ts}`);
          return this.captured.get(ts) ?? [];
        },
      },
      mine: async () => this.mine ?? (await Promise.reject(new Unavailable('away'))),
      shelf: {
        list: async () => this.runbooks.map(({ name, title }) => ({ name, title, file: `${name}.yml` })),
        get: async (name) => {
          const runbook = this.runbooks.find((one) => one.name === name);
          return runbook ? { runbook, source: '', file: `${name}.yml` } : null;
        },
      },
      people: {
        get: async (_team, id) => this.people.get(id) ?? null,
        upsert: async (_team, people) => {
          for (const person of people) this.people.set(person.id, person);
        },
      },
      workspace: {
        resolve: async (slackTeamId) => `our-${slackTeamId}`,
        find: async (slackTeamId) => `our-${slackTeamId}`,
        first: async () => null,
      },
      log: quiet,
      now: () => new Date(),
      onFatal: (code) => this.fatal.push(code),
    };
  }
}

export interface Kit {
  sandbox: Sandbox;
  slack: Slack;
  behind: Behind;
  /** Address of the bot's HTTP server; null in Socket Mode. */
  eventsUrl: string | null;
  /** Every line of the log, whatever its level. */
  logged: string[];
  /** What the front has said of each request, in HTTP mode: settled when all is told. */
  listened: Promise<void>[];
  act<T = Outcome>(path: string, body?: object): Promise<T>;
  look<T = Outcome>(path: string): Promise<T>;
  /** Web API calls of one method that the sandbox has seen. */
  calls(method: string): Promise<Outcome['calls']>;
  stop(): Promise<void>;
}

/** A message that the app said, as much of it as tests look at. */
interface Said {
  text: string;
  mrkdwn?: boolean;
  response_type?: string;
  replace_original?: boolean;
  blocks?: Array<{
    type: string;
    elements?: Array<{ action_id: string; value?: string; text: { text: string } }>;
  }>;
}

/** Answers of the sandbox's control API, as much of them as tests look at. */
export interface Outcome {
  ok: boolean;
  error: string;
  ack: { status: number | null; body: Said };
  acks: Array<{ status: number | null }>;
  errors: Record<string, string>;
  responses: Said[];
  delivery: string;
  trigger_id: string;
  channel: string;
  ts: string;
  connections: number;
  calls: Array<{ args: Record<string, unknown>; answer: Record<string, unknown> }>;
  ephemerals: Array<{ ts: string; text: string; user: string }>;
  views: Array<{ id: string; user: string; callback_id: string; private_metadata: string }>;
}

/** The real front, connected to a real sandbox. */
export async function startKit(
  mode: 'http' | 'socket',
  over: Partial<SlackOptions> = {},
  seed: Seed = {},
): Promise<Kit> {
  const behind = new Behind();
  const logged: string[] = [];
  const noting = (...said: unknown[]) => void logged.push(JSON.stringify(said));
  let slack: Slack | undefined;
  let server: Server | undefined;
  let eventsUrl: string | null = null;
  const listened: Promise<void>[] = [];
  if (mode === 'http') {
    const made = createServer((request, response) => {
      if (slack) listened.push(slack.listener(request, response));
    });
    await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
    eventsUrl = `http://127.0.0.1:${(made.address() as AddressInfo).port}/slack/events`;
    server = made;
  }
  const sandbox = await startSandbox({
    manifest: withDomain(),
    seed,
    ...(eventsUrl && { eventsUrl }),
    settings: { rateLimits: false, retryScale: 0 },
  });
  slack = createSlack({
    ...behind.ports(),
    log: { debug: noting, info: noting, warn: noting, error: noting },
    slack: {
      botToken: sandbox.botToken,
      appToken: mode === 'socket' ? sandbox.appToken : null,
      signingSecret: mode === 'http' ? sandbox.signingSecret : null,
      apiUrl: sandbox.apiUrl,
    },
    ...over,
  });
  await slack.start();
  const running = slack;
  const json = async <T>(path: string, init?: RequestInit): Promise<T> =>
    (await (await fetch(`${sandbox.url}/control/${path}`, init)).json()) as T;
  const act: Kit['act'] = (path, body = {}) =>
    json(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  await until(() => running.health() === 'ok');
  return {
    sandbox,
    slack,
    behind,
    eventsUrl,
    logged,
    listened,
    act,
    look: (path) => json(path),
    calls: async (method) => (await json<Outcome>(`log?method=${method}`)).calls,
    async stop() {
      await running.stop();
      server?.closeAllConnections();
      await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
      await sandbox.stop();
    },
  };
}

/** A real front over HTTP that knows ana, with a channel of hers in which the bot is: that of INC-7. */
export async function startInChannel(name: string) {
  const kit = await startKit('http');
  await until(() => kit.behind.people.has(ANA));
  const { channel } = await kit.act<Outcome>('channel', { user: 'ana', name });
  await kit.act('join', { user: 'U0BOT00000', channel });
  kit.behind.channels.set(channel, 7);
  return {
    ...kit,
    channel,
    /** Has the bot say something. @returns the message's ts */
    async post(where: string, message: object): Promise<string> {
      const posted = await kit.slack.client.call('chat.postMessage', { channel: where, ...message });
      if (posted.kind !== 'ok') throw new Error(JSON.stringify(posted));
      return String(posted.data.ts);
    },
    /** The first thing that the bot said to that click, behind its acknowledgement. */
    async told({ delivery }: Outcome): Promise<Said | undefined> {
      return (await kit.look<Outcome>(`responses?delivery=${delivery}&count=1`)).responses[0];
    },
  };
}

export const ANA = 'U0ANA00001';

/** Waits for something to become true; the test's own time limit ends it. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  await eventually('what the test waits for', condition);
}
