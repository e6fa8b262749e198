import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { type BotPace, type Role, startBot as startInside } from '#compose/bot.js';
import { sectionsWrong } from '#compose/runbooks.js';
import { loadConfig } from '#config/config.js';
import { createLog } from '#log.js';
import { type Sandbox, startSandbox } from '#sandbox/sandbox.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { freePort } from '../support/wire.js';
import { Prompt } from './prompt.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TOCSIN = join(ROOT, 'bin/tocsin.js');
/** How long somebody waits for words behind an empty answer. */
export const LATE_MS = 60_000;

/** What somebody is told whose line was not kept: they type it again. Where the database is well nobody may be told so. */
const NOT_KEPT = 'Nothing was kept: ';

export interface BotProcess {
  url: string;
  child: ChildProcess;
  /** Everything on stderr so far. */
  log(): string;
  kill9(): Promise<void>;
  /** @param signal SIGINT: as somebody at a terminal, for whom no balancer has to find out first */
  stop(signal?: 'SIGTERM' | 'SIGINT'): Promise<number | null>;
}

/** A bot in the test's own process. */
export interface BotHere {
  url: string;
  /** Everything that it has logged. */
  log(): string;
  stop(linger?: boolean): Promise<void>;
}

/** What the person saw: the answer in the same request, and whatever came later. */
export interface Said {
  ok: boolean;
  error?: string;
  text: string;
  trigger: string;
}

/**
 * A workspace with the real bot in it, as processes; HTTP mode unless `socket`.
 * @param options `database`: another than one of the tests' own; `retyped`: how often somebody may have to type a line again, because the test takes the database away; `edit`: changes the manifest
 */
export async function startWalk(
  options: {
    socket?: boolean;
    retyped?: number;
    database?: TestDatabase;
    edit?: (manifest: { features: object }) => void;
  } = {},
) {
  const database: TestDatabase = options.database ?? (await testDatabase());
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-walk-'));
  const manifest = parse(await readFile(join(ROOT, 'manifest.yml'), 'utf8')) as { features: object };
  options.edit?.(manifest);
  const port = await freePort();
  const slack: Sandbox = await startSandbox({
    manifest,
    ...(options.socket ? {} : { eventsUrl: `http://127.0.0.1:${port}/slack/events` }),
    settings: { rateLimits: false },
  });
  const environment = {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    SLACK_BOT_TOKEN: slack.botToken,
    ...(options.socket ? { SLACK_APP_TOKEN: slack.appToken } : { SLACK_SIGNING_SECRET: slack.signingSecret }),
    SLACK_API_URL: slack.apiUrl,
    DATABASE_URL: database.url,
    TOCSIN_SECRET: 'a secret for tests only, 32 bytes',
    TOCSIN_CONFIG: '',
    HOST: '127.0.0.1',
    LOG_LEVEL: 'warn',
  };
  const bots: BotProcess[] = [];
  const here: BotHere[] = [];
  const prompt = new Prompt();

  async function control<T = Record<string, unknown>>(path: string, body?: object): Promise<T> {
    const response = await fetch(`${slack.url}/control/${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as T;
    if (!response.ok) throw new Error(`${path}: ${JSON.stringify(answer)}`);
    return answer;
  }

  const retyped: string[] = [];
  async function typeOnce(user: string, channel: string, text: string): Promise<Said> {
    const outcome = await control<{
      ok: boolean;
      error?: string;
      trigger_id: string;
      delivery: string;
      responses: Array<{ text?: string }>;
    }>('command', { user, channel, command: '/incident', text });
    const wordsOf = (responses: Array<{ text?: string }>) =>
      responses.map((one) => one.text ?? '').join('\n');
    let words = wordsOf(outcome.responses);
    // On a busy machine an answer may take longer than the two seconds after which it comes behind an empty one: a person
    // reads it all the same. A bare verb opens a form instead.
    if (outcome.ok && words === '' && text.trim().includes(' ')) {
      const later = `responses?delivery=${outcome.delivery}&count=1&timeout=${LATE_MS}`;
      words = wordsOf((await control<{ responses: Array<{ text?: string }> }>(later)).responses);
    }
    return {
      ok: outcome.ok,
      error: outcome.error,
      text: words,
      trigger: outcome.trigger_id,
    };
  }

  const walk = {
    slack,
    /** Where Slack sends what people type, over HTTP: a bot's port, or that of what stands in front of several. */
    port,
    database,
    folder,
    environment,
    control,
    async bot(at = port, more: Record<string, string> = {}, args: string[] = []): Promise<BotProcess> {
      const bot = await startBot({ ...environment, ...more, PORT: String(at) }, folder, args);
      bots.push(bot);
      for (let i = 0; i < 2400; i++) {
        const ready = (await (await fetch(`${bot.url}/readyz`)).json()) as { slack: string };
        if (ready.slack === 'ok') return bot;
        await pause(50);
      }
      throw new Error(`the bot did not reach the sandbox: ${bot.log()}`);
    },
    /** A process that only delivers. */
    async worker(more: Record<string, string> = {}): Promise<BotProcess> {
      const bot = await startBot({ ...environment, ...more }, folder, ['--role', 'worker']);
      bots.push(bot);
      return bot;
    },
    /** A bot in this process, for what is neither about processes nor about the environment; it may be told to go faster. */
    async here(
      pace: BotPace = {},
      more: Record<string, string> = {},
      { role = 'all', at = port }: { role?: Role; at?: number } = {},
    ): Promise<BotHere> {
      const found = (name: string) => (existsSync(join(folder, name)) ? join(folder, name) : '');
      // What a process would find in its folder.
      const own = {
        TOCSIN_DATA: join(folder, '.tocsin'),
        TOCSIN_RUNBOOKS: found('runbooks'),
        TOCSIN_CONFIG: found('tocsin.yml'),
      };
      const env = { ...environment, ...own, ...more, PORT: String(at) };
      const config = loadConfig(env, 'bot', sectionsWrong);
      let logged = '';
      const log = createLog(config.logLevel, {
        write: (line) => {
          logged += line;
        },
      });
      const fatal = (code: string) => {
        throw new Error(`Slack refuses our token: ${code}`);
      };
      const bot = await startInside(config, log, role, fatal, undefined, pace);
      let stopped: Promise<void> | null = null;
      const itself: BotHere = {
        url: `http://127.0.0.1:${bot.port}`,
        log: () => logged,
        stop: (linger = false) => {
          stopped ??= bot.stop(linger);
          return stopped;
        },
      };
      here.push(itself);
      return itself;
    },
    /**
     * Types `/incident TEXT` and waits for what the person sees; types it again when told so, as a person would, so that
     * the walk goes on and shows the rest. Each time counts: `end` fails when there was one and none was due.
     */
    async type(user: string, channel: string, text: string): Promise<Said> {
      const said = await typeOnce(user, channel, text);
      if (!said.text.includes(NOT_KEPT)) return said;
      retyped.push(text);
      return retyped.length > 3 ? said : walk.type(user, channel, text);
    },
    state: () => control<SlackState>('state'),
    /** Waits for something to be so in Slack. */
    async until<T>(what: string, look: (state: SlackState) => T | undefined | false | null): Promise<T> {
      for (let i = 0; i < 2400; i++) {
        const found = look(await walk.state());
        if (found) return found;
        await pause(50);
      }
      throw new Error(`did not happen: ${what}`);
    },
    /** Runs a verb of the command line, at a prompt that stays open: `run` starts a process for it. */
    tocsin: (...args: string[]) => prompt.run(args, environment, folder),
    /** The same, in another environment. */
    verb: (args: string[], env: Record<string, string | undefined>, input = '') =>
      prompt.run(args, env, folder, input),
    async end(): Promise<void> {
      for (const bot of bots) await bot.kill9();
      for (const bot of here) await bot.stop();
      await prompt.close();
      await slack.stop();
      await database.close();
      await rm(folder, { recursive: true, force: true });
      if (retyped.length > (options.retyped ?? 0)) {
        throw new Error(`had to be typed again, though the database was well: ${retyped.join('; ')}`);
      }
    },
  };
  return walk;
}

export type Walk = Awaited<ReturnType<typeof startWalk>>;

export interface SlackState {
  /** What one person alone was shown. */
  ephemerals: Array<{ user: string; text: string }>;
  files: Array<{ name: string; channels: string[]; content?: string }>;
  users: Array<{ id: string; name: string }>;
  channels: Array<{
    id: string;
    name: string;
    topic: string;
    members: string[];
    pins: string[];
    messages: Array<{
      ts: string;
      user: string;
      text: string;
      blocks?: unknown[];
      files?: Array<{ id: string; title: string }>;
    }>;
  }>;
}

async function startBot(env: Record<string, string>, cwd: string, args: string[]): Promise<BotProcess> {
  const child = spawn(process.execPath, [TOCSIN, 'start', ...args], {
    env,
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    log += chunk;
  });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`the bot ended (${code}): ${log}`)));
  });
  const gone = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const exit = once(child, 'exit');
    child.kill(signal);
    return (await exit)[0] as number | null;
  };
  return {
    url: /http:\S+/.exec(line)?.[0] ?? '',
    child,
    log: () => log,
    kill9: async () => void (await gone('SIGKILL')),
    stop: (signal = 'SIGTERM') => gone(signal),
  };
}

/** Runs a verb of the command line in a process of its own, as somebody at a prompt does. */
export async function run(args: string[], env: Record<string, string>, cwd: string, input = '') {
  const child = spawn(process.execPath, [TOCSIN, ...args], { env, cwd, stdio: ['pipe', 'pipe', 'pipe'] });
  let out = Buffer.alloc(0);
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out = Buffer.concat([out, chunk]);
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    err += chunk;
  });
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number];
  return { code, out: out.toString('utf8'), err };
}

/** Slack's own signature over a slash command, for deliveries that the sandbox would not make. */
export function signedCommand(secret: string, fields: Record<string, string>, at = Date.now()) {
  const body = new URLSearchParams({
    team_id: 'T0SANDBOX1',
    channel_id: 'C0NOWHERE1',
    user_id: 'U0ANA00001',
    user_name: 'ana',
    command: '/incident',
    response_url: '',
    trigger_id: `1.2.${randomBytes(8).toString('hex')}`,
    ...fields,
  }).toString();
  const timestamp = String(Math.floor(at / 1000));
  const signature = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
  return {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': `v0=${signature}`,
    },
    body,
  };
}

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
