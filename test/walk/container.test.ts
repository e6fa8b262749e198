import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rm, rmdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir, uptime } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { botsHere, startHeartbeat } from '#compose/health.js';
import { type TestDatabase, testDatabase } from '../support/database.js';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const text = (name: string) => readFileSync(join(checkout, name), 'utf8');
const PASSWORD = `p/a#s?s@w%o:r d"'$&`;

/** What the last stage of the Dockerfile says, one instruction each. */
const image = (
  text('Dockerfile')
    .replace(/\\\n/g, ' ')
    .split(/^FROM /m)
    .at(-1) ?? ''
)
  .split('\n')
  .filter((line) => /^[A-Z]/.test(line))
  .map((line) => /^(\w+)\s+(.*)$/.exec(line)?.slice(1) as [string, string]);
const said = (word: string) => image.filter(([name]) => name === word).map(([, rest]) => rest);

let root: string;
let database: TestDatabase;
const ends: Array<() => void> = [];

/** Paths of the image, in the folder that stands for it. */
const inside = (text: string) => text.replace(/(^|\s)\/(app|config|data|usr\/local\/bin)\b/g, `$1${root}/$2`);

/** What is left of the packages after `npm prune --omit=dev`, by the lock file. */
async function onlyProduction(to: string): Promise<void> {
  const { packages } = JSON.parse(text('package-lock.json')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean }>;
  };
  for (const [path, { dev, devOptional }] of Object.entries(packages)) {
    // What lies within another package comes along with it.
    const [, name, within] = /^node_modules\/((?:@[^/]+\/)?[^/]+)(\/.*)?$/.exec(path) ?? [];
    if (!name || within || dev || devOptional || !existsSync(join(checkout, path))) continue;
    await mkdir(dirname(join(to, name)), { recursive: true });
    await symlink(join(checkout, path), join(to, name));
  }
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tocsin-image-'));
  await chmod(root, 0o755);
  for (const folder of ['app', 'config/runbooks', 'usr/local/bin'])
    await mkdir(join(root, folder), { recursive: true });
  // Only what the image holds is there: what somebody forgot to copy is missing here too.
  for (const copy of said('COPY')) {
    const words = copy.split(/\s+/).filter((word) => !word.startsWith('--'));
    const target = words.pop() ?? '';
    for (const path of words) {
      const name = path.replace(/^\/app\//, '');
      const to = join(root, 'app', target === './' ? name : target);
      if (name === 'node_modules') await onlyProduction(to);
      else cpSync(join(checkout, name), to, { recursive: true });
    }
  }
  for (const line of said('RUN')) {
    const mine = `${process.getuid?.()}:${process.getgid?.()}`;
    execFileSync('/bin/sh', ['-ec', inside(line).replace('node:node', mine)]);
  }
  await writeFile(join(root, 'config/tocsin.yml'), 'command: /outage\nzone: Europe/Berlin\n');
  await writeFile(
    join(root, 'config/runbooks/own.yml'),
    'name: own-one\ntitle: Own\nsteps: [{ id: wait, title: Wait, uses: wait, with: { for: 1s } }]\n',
  );
  database = await testDatabase();
});
afterAll(async () => {
  for (const end of ends) end();
  await database?.close();
  await rm(root, { recursive: true, force: true });
});

/** Each container has a /tmp of its own. */
async function environment(name: string): Promise<Record<string, string>> {
  const tmp = join(root, `tmp-${name}`);
  await mkdir(tmp, { recursive: true });
  await chmod(tmp, 0o777);
  return {
    PATH: process.env.PATH ?? '',
    TMPDIR: tmp,
    SLACK_BOT_TOKEN: 'xoxb-nobody',
    SLACK_SIGNING_SECRET: 'a signing secret for tests',
    SLACK_API_URL: 'http://127.0.0.1:9/api/',
    DATABASE_URL: database.url,
    DATABASE_PASSWORD: PASSWORD,
    TOCSIN_SECRET: 'a secret for tests only, 32 bytes',
    TOCSIN_DATA: inside('/data'),
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'warn',
  };
}

const cwd = () => inside(said('WORKDIR').at(-1) ?? '');

/** Starts what the image's ENTRYPOINT starts. */
async function started(args: string[], env: Record<string, string>) {
  const [program, ...first] = JSON.parse(said('ENTRYPOINT')[0] ?? '') as string[];
  const child = spawn(program ?? '', [...first.map(inside), ...args], { env, cwd: cwd() });
  ends.push(() => child.kill('SIGKILL'));
  let log = '';
  child.stderr.on('data', (chunk) => {
    log += chunk;
  });
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', () => resolve());
    child.once('exit', (code) => reject(new Error(`it ended (${code}): ${log}`)));
  });
  return { child, log: () => log };
}

/** Runs a line in the container. */
async function ran(
  words: string[],
  env: Record<string, string>,
  account: { uid?: number; gid?: number } = {},
) {
  const child = spawn(words[0] ?? '', words.slice(1).map(inside), { env, cwd: cwd(), ...account });
  let all = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      all += chunk;
    });
  const [code] = await once(child, 'close');
  return { code: code as number, all };
}

const HEALTHCHECK = JSON.parse(/CMD (\[.*\])/.exec(said('HEALTHCHECK')[0] ?? '')?.[1] ?? '[]') as string[];
const tocsin = (...args: string[]) => ['node', '/app/bin/tocsin.js', ...args];

describe('the image', () => {
  test.each(['web', 'worker', 'all'])(
    'a bot of role %s is well, and none once it is gone',
    async (role) => {
      const env = await environment(role);
      expect(await ran(HEALTHCHECK, env)).toMatchObject({ code: 1 });
      // The image's own command is a bot of every role.
      const command = JSON.parse(said('CMD')[0] ?? '') as string[];
      const { child: bot, log } = await started(role === 'all' ? command : ['start', '--role', role], env);
      expect(await ran(HEALTHCHECK, env)).toEqual({
        code: 0,
        all: expect.stringContaining(`(${role}, process`),
      });
      // A worker never asks Slack who we are; the others do, and here nobody answers.
      expect(log().includes('Slack has not said who we are')).toBe(role !== 'worker');
      const gone = once(bot, 'exit');
      bot.kill('SIGKILL');
      await gone;
      expect(await ran(HEALTHCHECK, env)).toMatchObject({ code: 1 });
    },
    120_000,
  );

  test('settings and runbooks that are mounted are found', async () => {
    const env = await environment('settings');
    expect((await ran(tocsin('runbook', 'list'), env)).all).toContain('own-one');
    expect((await ran(tocsin('runbook', 'list'), env)).all).toContain('key-sync');
    // `docker compose exec tocsin tocsin …`: by the link, as a program of its own.
    expect(await ran(['/usr/local/bin/tocsin', 'runbook', 'list'].map(inside), env)).toMatchObject({
      code: 0,
      all: expect.stringContaining('own-one'),
    });
  }, 60_000);

  const root0 = process.getuid?.() === 0;
  (root0 ? test : test.skip)(
    'a data folder that is root’s is said in a sentence, with the remedy',
    async () => {
      const {
        DATABASE_URL: _url,
        DATABASE_PASSWORD: _password,
        TOCSIN_SECRET: _secret,
        ...env
      } = await environment('data');
      for (const args of [['start'], ['note', 'x'], ['list']]) {
        const { code, all } = await ran(tocsin(...args), env, { uid: 65_534, gid: 65_534 });
        expect(code).toBe(1);
        expect(all).toContain(`chown -R 65534:65534 ${inside('/data')}`);
        expect(all).not.toMatch(/^\s+at /m);
      }
    },
    60_000,
  );
});

describe('compose.yml', () => {
  const { tocsin: service, postgres } = parse(text('compose.yml')).services;

  test('the password stands beside the address, where any character may be in it', () => {
    expect(service.environment.DATABASE_URL).not.toMatch(/\$|:[^/]*@/);
    expect(service.environment.DATABASE_PASSWORD).toBe(postgres.environment.POSTGRES_PASSWORD);
  });

  test('settings have a place, and stopping has time', () => {
    expect(service.volumes).toEqual([`./config:${said('WORKDIR').at(-1)}:ro`]);
    const [, longest] = /LONGEST_STOP_MS = (\d+)_000/.exec(text('src/main.ts')) ?? [];
    expect(Number(longest)).toBeGreaterThan(20);
    expect(Number.parseInt(service.stop_grace_period, 10)).toBeGreaterThan(Number(longest));
  });
});

describe('a heartbeat', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tocsin-beats-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const log = { warn: () => undefined };
  const bot = { role: 'worker', host: '0.0.0.0', port: null };
  const beatOf = (pid: number) => join(folder, `tocsin-${process.getuid?.() ?? 0}-${pid}.beat`);
  const left = (pid: number, more: object) =>
    writeFile(beatOf(pid), JSON.stringify({ pid, ...bot, up: uptime(), ...more }));

  test('is there while the bot is, and goes with it', async () => {
    const stop = startHeartbeat(bot, log, folder);
    let here = await botsHere(folder);
    while (here.length === 0) here = await botsHere(folder);
    expect(here).toEqual([{ pid: process.pid, role: 'worker', why: null }]);
    await stop();
    expect(await botsHere(folder)).toEqual([]);
  });

  test('that could not be written is written later, and one that stays does not keep a bot from its end', async () => {
    await mkdir(beatOf(process.pid));
    let stop = async () => {};
    const why = await new Promise((resolve) => {
      stop = startHeartbeat(bot, { warn: resolve }, folder);
    });
    expect(why).toEqual({ why: expect.stringContaining('takes no file (EISDIR)') });
    expect(await readdir(folder)).toEqual([basename(beatOf(process.pid))]);
    await rmdir(beatOf(process.pid));
    let here = await botsHere(folder);
    while (here.length === 0) here = await botsHere(folder);
    expect(here).toEqual([{ pid: process.pid, role: 'worker', why: null }]);
    await rm(beatOf(process.pid));
    await mkdir(beatOf(process.pid));
    await stop();
    await rmdir(beatOf(process.pid));
  });

  test('that has stopped is told, and so is a port where nobody answers', async () => {
    await left(process.pid, { up: uptime() - 100 });
    expect((await botsHere(folder))[0]?.why).toMatch(/no(t)? .*sign of life for 1\d\d s/);
    await left(process.pid, { port: 9 });
    expect((await botsHere(folder))[0]?.why).toBe('does not answer on port 9');
  });

  test('of a process that is gone, or that is no heartbeat, counts for nothing', async () => {
    await rm(beatOf(process.pid), { force: true });
    await left(2 ** 22 + 1, {});
    await writeFile(beatOf(1), 'half of');
    expect(await botsHere(folder)).toEqual([]);
  });
});
