import { execFileSync } from 'node:child_process';
import {
  chmod,
  chown,
  cp,
  lstat,
  mkdir,
  readFile,
  rm,
  rmdir,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { packageFolder } from '#store/embedded/binaries.js';
import { type Embedded, type EmbeddedOptions, openEmbedded } from '#store/embedded/embedded.js';
import { connectionUrl, readPostmaster } from '#store/embedded/server.js';
import { compiled } from '../support/compiled.js';
import { opener } from '../support/opener.js';
import { type Scratch, scratch } from '../support/scratch.js';

const root = process.getuid?.() === 0;
const asRoot = root ? test : test.skip;
const nobody = { uid: 65534, gid: 65534 };

let at: Scratch;
let dataDir: string;
const opened: Embedded[] = [];
beforeEach(async () => {
  at = await scratch();
  dataDir = join(at.folder, 'tocsin');
});
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
  await at.data(dataDir);
  await at.remove();
});

async function open(more: Partial<EmbeddedOptions> = {}): Promise<Embedded> {
  const system = { systemFolder: join(at.folder, 'system') };
  const embedded = await openEmbedded({ dataDir, role: 'bot', ...system, ...more });
  opened.push(embedded);
  return embedded;
}

describe('programs', () => {
  test('library links that the install script did not make are made at start', async () => {
    const copy = await packageWithoutLinks();
    const bot = await open({ packageFolder: copy });
    expect(await answer(bot)).toBe(1);
    expect(bot.note).toBeNull();
    for (const { target } of await links(copy)) {
      expect((await lstat(join(copy, target))).isSymbolicLink()).toBe(true);
    }
    await bot.close();
  });

  asRoot('a package that we may not repair is copied', async () => {
    const copy = await packageWithoutLinks();
    execFileSync('chown', ['-R', 'root:root', copy]);
    await mkdir(dataDir, { recursive: true });
    await chown(dataDir, nobody.uid, nobody.gid);
    const sources = await compiled('src/store/embedded');
    try {
      const bot = await opener(sources.folder, { dataDir, role: 'bot', packageFolder: copy }, nobody);
      expect(bot.opened.note).toContain(`run from a copy in ${dataDir}`);
      expect(await bot.query('SELECT 1 AS n')).toEqual([{ n: 1 }]);
      await bot.close();
    } finally {
      await sources.remove();
    }
    const missing = await Promise.all(
      (await links(copy)).map(({ target }) => lstat(join(copy, target)).catch(() => null)),
    );
    expect(missing.every((link) => link === null)).toBe(true);
  });

  test('an incomplete package says to set DATABASE_URL', async () => {
    await mkdir(join(at.folder, 'empty'));
    await expect(open({ packageFolder: join(at.folder, 'empty') })).rejects.toMatchObject({
      name: 'NoEmbedded',
      message: expect.stringContaining('Set DATABASE_URL'),
    });
  });
});

describe('paths', () => {
  test('a very long data path works, as a PoolConfig and as a URL', async () => {
    dataDir = join(at.folder, ...Array.from({ length: 12 }, (_, n) => `${n}-${'long'.repeat(10)}`));
    expect(dataDir.length).toBeGreaterThan(500);
    const bot = await open();
    expect(await answer(bot)).toBe(1);
    const client = new pg.Client({ connectionString: connectionUrl(bot.connection) });
    client.on('error', () => undefined);
    await client.connect();
    expect((await client.query('SELECT current_database() AS d')).rows).toEqual([{ d: 'tocsin' }]);
    await client.end();
    await bot.close();
  });

  test('a data path with spaces and quotes works', async () => {
    dataDir = join(at.folder, `it's "our" data, ü %20 $HOME`);
    const bot = await open();
    expect(await answer(bot)).toBe(1);
    await bot.close();
  });

  test('the socket folder is ours alone; a planted one is not used', async () => {
    await at.seed(dataDir);
    const first = await open();
    const usual = first.connection.host;
    const info = await stat(usual);
    expect(info.mode & 0o777).toBe(0o700);
    expect(info.uid).toBe((await stat(await at.data(dataDir))).uid);
    await first.close();

    await symlink(at.folder, usual);
    try {
      const bot = await open();
      expect(bot.connection.host).not.toBe(usual);
      expect(await answer(bot)).toBe(1);
      await bot.close();
    } finally {
      await rm(usual);
    }
    await mkdir(usual, { mode: 0o777 });
    await chmod(usual, 0o777);
    try {
      const bot = await open();
      expect(bot.connection.host).not.toBe(usual);
      await bot.close();
    } finally {
      await rmdir(usual);
    }
  });

  test('a folder copied from under a running bot, pid files and all, is a database of its own', async () => {
    await at.seed(dataDir);
    const bot = await open();
    const theirs = (await readPostmaster(await at.data(dataDir)))?.pid;
    const copy = join(at.folder, 'copy');
    execFileSync('cp', ['-a', dataDir, copy]);
    const other = await open({ dataDir: copy });
    await at.data(copy);
    expect((await readPostmaster(join(copy, 'postgres')))?.pid).not.toBe(theirs);
    expect(await dataDirectory(other)).toBe(join(copy, 'postgres'));
    await other.close();
    expect(await dataDirectory(bot)).toBe(await at.data(dataDir));
    await bot.close();
  });
});

describe('root', () => {
  asRoot('the server runs as an ordinary account and root connects', async () => {
    const bot = await open();
    const { pid } = (await readPostmaster(await at.data(dataDir))) ?? {};
    expect((await stat(`/proc/${pid}`)).uid).not.toBe(0);
    expect(await readFile(`/proc/${pid}/status`, 'utf8')).toMatch(/^Groups:\s*$/m);
    expect(await answer(bot)).toBe(1);
    await bot.close();
  });

  asRoot('none of our environment reaches the server', async () => {
    await at.seed(dataDir);
    process.env.SLACK_BOT_TOKEN_OF_THIS_TEST = 'planted';
    try {
      const bot = await open();
      const { pid } = (await readPostmaster(await at.data(dataDir))) ?? {};
      expect(await readFile(`/proc/${pid}/environ`, 'utf8')).not.toContain('planted');
      await bot.close();
    } finally {
      delete process.env.SLACK_BOT_TOKEN_OF_THIS_TEST;
    }
  });

  asRoot(
    'under a folder that the account cannot enter, data and programs live elsewhere, and we say so',
    async () => {
      const closed = join(at.folder, 'closed');
      await mkdir(closed, { mode: 0o700 });
      await cp(packageFolder(), join(closed, 'package'), { recursive: true, verbatimSymlinks: true });
      dataDir = join(closed, 'tocsin');
      const first = await open({ packageFolder: join(closed, 'package') });
      expect(first.note).toContain(`lives in ${join(at.folder, 'system')}`);
      expect(first.note).toContain('run from a copy');
      const client = new pg.Client({ ...first.connection });
      client.on('error', () => undefined);
      await client.connect();
      await client.query('CREATE TABLE kept AS SELECT 1 AS n');
      await client.end();
      await first.close();

      // Opened up later: the data stay where they are.
      await chmod(closed, 0o711);
      const second = await open();
      expect(await answer(second, 'SELECT n FROM kept')).toBe(1);
      await second.close();
    },
  );

  asRoot('data that the account can no longer enter are not replaced by an empty database', async () => {
    const parent = join(at.folder, 'parent');
    await mkdir(parent, { mode: 0o711 });
    dataDir = join(parent, 'tocsin');
    await (await open()).close();
    await chmod(parent, 0o700);
    await expect(open()).rejects.toThrow(`chmod o+x ${parent}`);
  });

  asRoot('a folder full of other things is not opened up for the account', async () => {
    await mkdir(dataDir, { mode: 0o700 });
    await writeFile(join(dataDir, 'private'), '');
    const bot = await open();
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
    expect(bot.note).toContain('lives in');
    await bot.close();
  });

  asRoot('an ordinary user has the database to itself, and root joins it as that user', async () => {
    await mkdir(dataDir);
    await chown(dataDir, nobody.uid, nobody.gid);
    const sources = await compiled('src/store/embedded');
    try {
      const bot = await opener(sources.folder, { dataDir, role: 'bot' }, nobody);
      expect(bot.opened).toMatchObject({ owned: true, note: null });
      const guest = await open({ role: 'guest' });
      expect(guest.owned).toBe(false);
      expect(await answer(guest)).toBe(1);
      await guest.close();
      await bot.close();
      const alone = await open({ role: 'guest' });
      const { pid } = (await readPostmaster(await at.data(dataDir))) ?? {};
      expect((await stat(`/proc/${pid}`)).uid).toBe(nobody.uid);
      await alone.close();

      const stranger = await opener(sources.folder, { dataDir, role: 'guest' }, { uid: 12_345, gid: 12_345 });
      expect(stranger.opened.error).toMatchObject({ name: 'EmbeddedFailed' });
      expect(stranger.opened.error?.message).toContain('belongs to user 65534');
    } finally {
      await sources.remove();
    }
  });
});

async function links(packageAt: string): Promise<{ target: string }[]> {
  return JSON.parse(await readFile(join(packageAt, 'native', 'pg-symlinks.json'), 'utf8'));
}

async function packageWithoutLinks(): Promise<string> {
  const copy = join(at.folder, 'package');
  await cp(packageFolder(), copy, { recursive: true, verbatimSymlinks: true });
  for (const { target } of await links(copy)) await rm(join(copy, target), { force: true });
  return copy;
}

async function answer({ connection }: Embedded, sql = 'SELECT 1 AS n'): Promise<unknown> {
  const client = new pg.Client({ ...connection });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<{ n: unknown }>(sql)).rows[0]?.n;
  } finally {
    await client.end();
  }
}

async function dataDirectory(embedded: Embedded): Promise<unknown> {
  return answer(embedded, "SELECT current_setting('data_directory') AS n");
}
