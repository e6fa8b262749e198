import type { Canary } from './canaries.js';
import { databaseText, folderText, redisText, type Sinks } from './canary-search.js';
import { type BotProcess, pause, run, type Said, startWalk } from './kit.js';

export interface RunShown {
  id: string;
  runbook: string;
  state: string;
}

/** Why a step that must not be done twice waits for a person although nothing is wrong with it. */
const LOST = 'the worker that was at it is gone';
const FORMATS = ['md', 'json', 'csv', 'html', 'facts'] as const;
const ROUTES = [
  'timeline.md',
  'timeline.json',
  'timeline.csv',
  'timeline.html',
  'facts.jsonl',
  'postmortem.md',
  'postmortem.html',
];
/** As far as a run goes by itself. */
const BUSY = /planning|waiting|running|undoing/;

/** A walk that keeps everything that anybody gets to read. */
export async function startCanaryWalk(apart: boolean) {
  const walk = await startWalk();
  let env: Record<string, string> = walk.environment;
  let bot: BotProcess;
  let token = '';
  let [seen, printed, logged] = ['', '', ''];

  /** What the machine's slowness has cost: lines that had to be typed again, and steps whose worker lost its lease. */
  const retried = { typed: 0, lost: 0 };
  const verb = (args: string[]) => (apart ? run(args, env, walk.folder) : walk.verb(args, env));
  const tocsin = async (...args: string[]) => {
    const answer = await verb(args);
    // A token is shown once, to whoever makes it.
    if (args[0] !== 'token') printed += `${answer.out}${answer.err}`;
    return answer;
  };
  const get = async (path: string) => {
    const response = await fetch(`${bot.url}${path}`, { headers: { authorization: `Bearer ${token}` } });
    return `${JSON.stringify([...response.headers])}\n${await response.text()}`;
  };
  const runs = async (): Promise<RunShown[]> => {
    const text = await get('/incidents/INC-2/timeline.json');
    return (JSON.parse(text.slice(text.indexOf('\n'))) as { runs: RunShown[] }).runs;
  };

  let channel = '';
  const see = (text: string) => {
    seen += `${text}\n`;
  };
  const type = async (text: string, where = channel): Promise<Said> => {
    const said = await walk.type('ana', where, text);
    see(said.text);
    return said;
  };
  /** Waits until nothing more happens to a run by itself. */
  const rest = async (id: string): Promise<RunShown> => {
    for (let i = 0; i < 1_200; i++) {
      const one = (await runs()).find((each) => each.id === id);
      if (one && !BUSY.test(one.state)) return one;
      await pause(100);
    }
    throw new Error(`${id} does not come to rest`);
  };
  /** Asks for a runbook in Slack. @returns the run */
  const ask = async (runbook: string): Promise<string> => {
    const before = (await runs()).map(({ id }) => id);
    const said: string[] = [];
    for (let i = 0; i < 1_200; i++) {
      // A machine that stands still gets "not recorded" for an answer, later: whoever reads that types it again.
      if (i % 300 === 0) {
        if (i > 0) retried.typed += 1;
        said.push((await type(`run ${runbook}`)).text);
      }
      // The answer may come later than the command's own; the run is there when it was taken.
      const taken = (await runs()).find((one) => one.runbook === runbook && !before.includes(one.id));
      if (taken) return taken.id;
      await pause(100);
    }
    throw new Error(`${runbook} was not taken: ${said.join(' / ')}`);
  };

  /** Waits likewise; where a machine that stood still has cost a worker its lease, says what a person would say. */
  const settled = async (id: string): Promise<RunShown> => {
    const one = await rest(id);
    if (one.state !== 'asking') return one;
    const timeline = (await tocsin('timeline', 'INC-2')).out.split('\n');
    if (!timeline.some((line) => line.includes(`${one.id} `) && line.includes(LOST))) return one;
    retried.lost += 1;
    await type(`retry ${one.id}`);
    return rest(one.id);
  };

  return {
    walk,
    /** The incident's channel, where things are typed. */
    channel: () => channel,
    async findChannel(): Promise<void> {
      channel = await walk.until('the channel', (state) => {
        const ana = state.users.find(({ name }) => name === 'ana')?.id ?? '';
        const found = state.channels.find(
          ({ name, members }) => name.startsWith('inc-2-') && members.includes(ana),
        );
        return found?.id;
      });
    },
    tocsin,
    /** The same, as a process whatever the others are. */
    async process(...args: string[]) {
      const answer = await run(args, env, walk.folder);
      printed += `${answer.out}${answer.err}`;
      return answer;
    },
    get,
    runs,
    see,
    type,
    rest,
    ask,
    async start(more: Record<string, string>): Promise<void> {
      env = { ...walk.environment, ...more };
      bot = await walk.bot(undefined, env);
      if (token === '')
        token = (await tocsin('token', 'create', '--name', 'canary', '--scope', 'write')).out.trim();
    },
    bot: () => bot,
    env: () => env,
    token: () => token,
    /** Ends the bot in that way. Its log is kept. */
    async ended(end: () => Promise<unknown>): Promise<void> {
      await end();
      logged += bot.log();
    },
    settled,
    /** Ends all of it. @throws when something had to be said again more often than one stand-still of a machine explains */
    async end(): Promise<void> {
      await walk.end();
      if (retried.typed + retried.lost > 1)
        throw new Error(`too much was said again: ${JSON.stringify(retried)}`);
    },
    go: async (runbook: string) => settled(await ask(runbook)),
    /** Several at once, of targets of their own. @returns how each stands, in the same order */
    async goAll(runbooks: readonly string[]): Promise<string[]> {
      const ids: string[] = [];
      for (const runbook of runbooks) ids.push(await ask(runbook));
      return (await Promise.all(ids.map(settled))).map(({ runbook, state }) => `${runbook} ${state}`);
    },
    /** Everything that was kept, told, logged or exported. @param except see canary-search.ts */
    async sinks(redisUrl: string, except: { redis: string[]; folder: string[] }): Promise<Sinks> {
      const exports: Sinks = new Map();
      for (const n of [1, 2]) {
        for (const format of FORMATS) {
          const { out } = await verb(['export', `INC-${n}`, '--format', format]);
          exports.set(`export ${format} of INC-${n}`, out);
        }
        for (const route of ROUTES)
          exports.set(`web ${route} of INC-${n}`, await get(`/incidents/INC-${n}/${route}`));
      }
      for (const route of ['/healthz', '/readyz', '/metrics', '/'])
        exports.set(`web ${route}`, await get(route));
      const { calls } = await walk.control<{
        calls: Array<{ method: string; args: unknown; answer: unknown }>;
      }>('log');
      // What people wrote in Slack comes back when it is read: that is theirs.
      const ours = calls.map(({ method, args, answer }) => [
        method,
        args,
        method === 'conversations.history' ? null : answer,
      ]);
      return new Map([
        ...(await databaseText(walk.database.url)),
        ...(await redisText(redisUrl, except.redis)),
        ...(await folderText(walk.folder, except.folder)),
        ...exports,
        ['Slack', texts(await walk.control('state'))],
        ['calls to Slack', texts(ours)],
        ['answers to people', seen],
        ['what verbs printed', printed],
        ['logs', logged + bot.log()],
      ]);
    },
  };
}

export type CanaryWalk = Awaited<ReturnType<typeof startCanaryWalk>>;

/** Each text by itself too: in JSON it would stand there escaped once more. */
function texts(value: unknown): string {
  const found: string[] = [];
  JSON.stringify(value, (key, one) => {
    found.push(key);
    if (typeof one === 'string') found.push(one);
    return one;
  });
  return `${JSON.stringify(value)}\n${found.join('\n')}`;
}

/** Ways in which people type a secret; in each of them it is refused. */
export const LINES: ReadonlyArray<(value: string) => string> = [
  (v) => `run copy-file to=${v}`,
  (v) => `note ${v}`,
  (v) => `note 10:00 we saw ${v} in the logs`,
  (v) => `note as base64 ${Buffer.from(`user:${v}`).toString('base64')}`,
  (v) => `note at https://host/?token=${encodeURIComponent(v)}`,
  (v) => `log 10:00 one thing\n10:01 another ${v}`,
  (v) => `status identified ${v}`,
  (v) => `title ${v}`,
  (v) => `cause ${v}`,
  (v) => `action rotate ${v}`,
  (v) => `impact ${v}`,
  (v) => `reject RUN-1 ${v}`,
  (v) => `publish --yes ${v}`,
  (v) => `edit 1 ${v}`,
  (v) => `${v}`,
  (v) => `help ${v}`,
];

/** Ways in which people type what only looks like a secret: in each of them the rest is kept, with a mark. */
export const LOOKS: ReadonlyArray<(value: string) => string> = [
  (v) => `note they sent Authorization: Bearer ${v}`,
  (v) => `note 10:00 x-api-key: ${v}`,
  (v) => `log 10:00 token=${v}\n10:01 fine again`,
  (v) => `log 10:00 one\n10:01 https://ops:${v}@grafana.example.com/d/1`,
  (v) => `status identified client_secret: ${v}`,
  (v) => `title api_key=${v}`,
  (v) => `cause the wrong DB_PASSWORD=${v}`,
  (v) => `action change {"password":"${v}"}`,
  (v) => `impact refresh_token=${v}`,
  (v) => `component add "secret=${v}"`,
  (v) => `edit 1 password is "${v}"`,
  (v) => `publish --yes --anyway "token=${v}" pwd=${v}`,
  (v) => `nots password: ${v}`,
  (v) => `reject RUN-1 token=${v}`,
];

export const secretOf = (canary: Canary | undefined): string => canary?.value ?? '';
