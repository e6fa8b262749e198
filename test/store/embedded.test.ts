import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, watch } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { type Embedded, type EmbeddedOptions, openEmbedded } from '#store/embedded/embedded.js';
import { readPostmaster } from '#store/embedded/server.js';
import { compiled } from '../support/compiled.js';
import { type Opener, opener, spawnOpener } from '../support/opener.js';
import { type Scratch, scratch } from '../support/scratch.js';
import { until } from '../support/until.js';

let sources: { folder: string; remove(): Promise<void> };
let at: Scratch;
let dataDir: string;
let openers: Opener[];
const opened: Embedded[] = [];

beforeAll(async () => {
  sources = await compiled('src/store/embedded');
});
afterAll(() => sources.remove());

beforeEach(async () => {
  at = await scratch();
  dataDir = join(at.folder, 'tocsin');
  openers = [];
});
afterEach(async () => {
  for (const each of openers) await each.kill();
  for (const each of opened.splice(0)) await each.close();
  await at.data(dataDir);
  await at.remove();
});

const options = (role: EmbeddedOptions['role']) => ({
  dataDir,
  role,
  systemFolder: join(at.folder, 'system'),
});
async function open(role: EmbeddedOptions['role']): Promise<Embedded> {
  const embedded = await openEmbedded(options(role));
  opened.push(embedded);
  return embedded;
}
async function elsewhere(role: EmbeddedOptions['role']): Promise<Opener> {
  const other = await opener(sources.folder, options(role));
  openers.push(other);
  return other;
}
const serverPid = async () => (await readPostmaster(await at.data(dataDir)))?.pid;

describe('alone', () => {
  test('the first start creates the database, the next ones find what was written', async () => {
    const first = await open('bot');
    expect(first).toMatchObject({
      owned: true,
      note: null,
      connection: { user: 'tocsin', database: 'tocsin' },
    });
    await query(first, 'CREATE TABLE kept AS SELECT 42 AS n');
    await first.close();
    expect(await serverPid()).toBeUndefined();
    await expect(stat(first.connection.host)).rejects.toThrow('ENOENT');

    const second = await open('bot');
    expect(await query(second, 'SELECT n FROM kept')).toEqual([{ n: 42 }]);
    await second.close();
  });

  test('the server is small, durable, and thinks in UTC and UTF-8', async () => {
    await at.seed(dataDir);
    const bot = await open('bot');
    const settings = `SELECT current_setting('server_version_num')::int / 10000 AS version,
      current_setting('fsync') AS fsync, current_setting('timezone') AS zone,
      current_setting('listen_addresses') AS addresses, current_setting('server_encoding') AS encoding,
      (SELECT datlocale FROM pg_database WHERE datname = current_database()) AS locale`;
    expect(await query(bot, settings)).toEqual([
      { version: 18, fsync: 'on', zone: 'UTC', addresses: '', encoding: 'UTF8', locale: 'C.UTF-8' },
    ]);
    expect(await query(bot, 'SHOW synchronous_commit')).toEqual([{ synchronous_commit: 'on' }]);
    await bot.close();
  });

  test('a server left by a killed process is adopted, and then stopped by us', async () => {
    await at.seed(dataDir);
    const killed = await elsewhere('bot');
    await killed.query('CREATE TABLE kept AS SELECT 1 AS n');
    const pid = await serverPid();
    await killed.kill();

    const next = await open('bot');
    expect(await serverPid()).toBe(pid);
    expect(next.owned).toBe(false);
    expect(await query(next, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
    await next.close();
    expect(await serverPid()).toBeUndefined();
  });

  test('a server that dies under us is started again at the same place', async () => {
    await at.seed(dataDir);
    const bot = await open('bot');
    await query(bot, 'CREATE TABLE kept AS SELECT 1 AS n');
    await at.killServer(dataDir);
    await until(
      'it is back',
      async () => (await query(bot, 'SELECT n FROM kept').catch(() => []))?.length === 1,
    );
    await refused('bot', process.pid); // the lock is ours again
    await bot.close();
    expect(await serverPid()).toBeUndefined();
  });

  test('what was committed survives five kills of everything', async () => {
    await at.seed(dataDir);
    for (let round = 1; round <= 5; round++) {
      const victim = await elsewhere('bot');
      await victim.query('CREATE TABLE IF NOT EXISTS rows (n int PRIMARY KEY)');
      await victim.query(`INSERT INTO rows SELECT generate_series(${round * 100}, ${round * 100 + 99})`);
      await Promise.all([victim.kill(), at.killServer(dataDir)]);
    }
    const bot = await open('bot');
    expect(await query(bot, 'SELECT count(*)::int AS n, sum(n)::int AS sum FROM rows')).toEqual([
      { n: 500, sum: 174_750 },
    ]);
    await bot.close();
  });

  test('a kill in the middle of creating leaves nothing that is taken for a database', async () => {
    const child = await spawnOpener(sources.folder, options('bot'));
    const half = async () =>
      (await readdir(dataDir).catch(() => [])).filter((name) => name.includes('.part-'));
    await until('it is being made', async () => (await half()).length === 1);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await expect(stat(join(dataDir, 'postgres'))).rejects.toThrow('ENOENT');

    const bot = await open('bot');
    expect(await query(bot, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    await bot.close();
    // What the orphaned initdb was still writing goes at one of the next starts.
    await until('nothing is left of it', async () => {
      await (await open('guest')).close();
      return (await half()).length === 0;
    });
  });

  test('the folder of the socket is taken away while the server starts, and made anew by another start', async () => {
    await at.seed(dataDir);
    const first = await open('bot');
    await query(first, 'CREATE TABLE kept AS SELECT 1 AS n');
    const data = await at.data(dataDir);
    const folder = (await readPostmaster(data))?.socketFolder ?? '';
    const log = join(data, '..', 'postgres.log');
    await first.close();
    const { uid, gid } = await stat(data);
    const failed = () => existsSync(log) && readFileSync(log, 'utf8').includes('could not create lock file');
    // Until PostgreSQL has put its lock there the folder is empty, and may go; where that came too late, once more.
    for (let gone = false; !gone; ) {
      rmSync(log, { force: true });
      const watcher = watch(dirname(log), (_, name) => {
        if (gone || name !== basename(log)) return;
        try {
          rmdirSync(folder);
          gone = true;
        } catch {
          // The server's already.
        }
      });
      const again = setInterval(() => {
        if (!gone || !failed()) return;
        clearInterval(again);
        mkdirSync(folder, { mode: 0o700 });
        chownSync(folder, uid, gid);
      }, 1);
      try {
        const bot = await open('bot');
        expect(await query(bot, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
        await bot.close();
      } finally {
        watcher.close();
        clearInterval(again);
      }
    }
  });

  test('a planted pid file whose pid belongs to somebody living does not fool us', async () => {
    await at.seed(dataDir);
    const killed = await elsewhere('bot');
    await killed.query('CREATE TABLE kept AS SELECT 1 AS n');
    await Promise.all([killed.kill(), at.killServer(dataDir)]);
    // Of the same user, or PostgreSQL itself would see that it is not its server.
    const { uid, gid } = await stat(await at.data(dataDir));
    const bystander = spawn('sleep', ['600'], { uid, gid, stdio: 'ignore', cwd: '/' });
    try {
      const server = await readPostmaster(await at.data(dataDir));
      const pidFile = join(await at.data(dataDir), 'postmaster.pid');
      const socketLock = join(server?.socketFolder ?? '', '.s.PGSQL.5432.lock');
      for (const file of [pidFile, socketLock]) {
        const text = await readFile(file, 'utf8');
        await writeFile(file, text.replace(/^\d+/, String(bystander.pid)));
      }
      const bot = await open('bot');
      expect(await query(bot, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
      expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
      await bot.close();
    } finally {
      bystander.kill('SIGKILL');
      await once(bystander, 'exit');
    }
  });
});

describe('together', () => {
  test('a second bot is refused and told who is there; a kill -9 frees the folder', async () => {
    await at.seed(dataDir);
    const first = await elsewhere('bot');
    await refused('bot', first.pid);
    await first.kill();
    const second = await open('bot');
    const third = await elsewhere('bot');
    expect(third.opened.error?.name).toBe('FolderInUse');
    expect(third.opened.error?.message).toContain(`process ${process.pid}`);
    await second.close();
  });

  test('a bot that lost its connection for a moment is not replaced', async () => {
    await at.seed(dataDir);
    const first = await elsewhere('bot');
    // Stopped, so that it cannot take its lock back: what a long pause of the machine looks like.
    process.kill(first.pid, 'SIGSTOP');
    const guest = await open('guest');
    await query(
      guest,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'tocsin bot %'",
    );
    await refused('bot', first.pid);
    const pid = await serverPid();
    await guest.close();
    expect(await serverPid()).toBe(pid); // nor does the guest, the only one connected, stop its server
    process.kill(first.pid, 'SIGCONT');
    expect(await first.query('SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });

  test('a guest joins a running bot and leaves it running', async () => {
    await at.seed(dataDir);
    const bot = await open('bot');
    await query(bot, 'CREATE TABLE kept AS SELECT 1 AS n');
    const guest = await elsewhere('guest');
    expect(guest.opened).toMatchObject({ owned: false, connection: bot.connection });
    expect(await guest.query('SELECT n FROM kept')).toEqual([{ n: 1 }]);
    await guest.close();
    expect(await query(bot, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
    await bot.close();
  });

  test('a bot adopts the server of a guest, who does not stop it when leaving', async () => {
    await at.seed(dataDir);
    const guest = await elsewhere('guest');
    expect(guest.opened.owned).toBe(true);
    const bot = await open('bot');
    const pid = await serverPid();
    await guest.close();
    expect(await serverPid()).toBe(pid);
    expect(await query(bot, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    await bot.close();
    expect(await serverPid()).toBeUndefined();
  });

  test('a guest who started the server leaves it to the guest who is still there', async () => {
    await at.seed(dataDir);
    const starter = await open('guest');
    const other = await elsewhere('guest');
    const pid = await serverPid();
    expect([starter.owned, other.opened.owned]).toEqual([true, false]);
    await starter.close();
    expect(await serverPid()).toBe(pid);
    expect(await other.query('SELECT 1 AS n')).toEqual([{ n: 1 }]);
    await other.close();
    expect(await serverPid()).toBeUndefined();
  });

  test('six who come and go at once all get an answer, and the last turns off the light', async () => {
    const come = async () => {
      const guest = await open('guest');
      try {
        return await query(guest, 'SELECT 1 AS n');
      } finally {
        await guest.close();
      }
    };
    for (let round = 0; round < 3; round++) {
      expect(await Promise.all(Array.from({ length: 6 }, come))).toEqual(Array(6).fill([{ n: 1 }]));
      expect(await serverPid()).toBeUndefined();
    }
  });
});

async function refused(role: EmbeddedOptions['role'], pid: number): Promise<void> {
  await expect(open(role)).rejects.toMatchObject({
    name: 'FolderInUse',
    pid,
    message: expect.stringContaining(`process ${pid}`),
  });
}

async function query({ connection }: Embedded, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ ...connection });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
