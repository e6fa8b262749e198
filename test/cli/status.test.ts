import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cli } from '#cli/cli.js';
import { statusVerb } from '#cli/status.js';
import { Told } from '#told.js';
import { type TestDatabase, testDatabase } from '../support/database.js';

let database: TestDatabase;
let base: string;
beforeAll(async () => {
  database = await testDatabase();
  base = await mkdtemp(join(tmpdir(), 'tocsin-cli-status-'));
});
afterAll(async () => {
  await database.close();
  await rm(base, { recursive: true, force: true });
});

function io() {
  const said = { out: '', err: '' };
  return {
    said,
    out: (piece: string | Uint8Array) => {
      said.out += piece;
    },
    err: (piece: string) => {
      said.err += piece;
    },
    stdin: async () => '',
    env: { DATABASE_URL: database.url, TOCSIN_SECRET: 'a secret for tests only, 32 bytes' },
  };
}

async function run(...args: string[]) {
  const to = io();
  await statusVerb.run(args, to);
  return to.said;
}

async function typed(...argv: string[]) {
  const to = io();
  const code = await cli(argv, { ...to, env: {} });
  return { code, ...to.said };
}

describe('status build', () => {
  test('writes the page into a folder, and says what is there', async () => {
    const dir = join(base, 'page');
    const first = await run('build', '--out', dir);
    expect(first.out).toMatch(/^The page is in .*: (\d+) files, \1 of them new\.\n$/);
    expect(first.err).toBe('');
    expect(await readFile(join(dir, 'index.html'), 'utf8')).toContain('All systems operational');
    expect((await run('build', `--out=${dir}`)).out).toMatch(
      /files, (all as they were|\d+ of them new)\.\n$/,
    );
  });

  test('has the page where people subscribe, and leads there, as the bot’s has', async () => {
    const config = join(base, 'subscribers.yml');
    await writeFile(config, 'status: { subscribers: { webhooks: {} } }\n');
    const dir = join(base, 'with-forms');
    const url = { TOCSIN_CONFIG: config, PUBLIC_URL: 'https://bot.example.com' };
    await run('build', '--out', join(base, 'without'));
    expect(await readdir(join(base, 'without'))).not.toContain('subscribe.html');
    await statusVerb.run(['build', '--out', dir], { ...io(), env: { ...io().env, ...url } });
    expect(await readFile(join(dir, 'subscribe.html'), 'utf8')).toContain('https://bot.example.com/status');
    expect(await readFile(join(dir, 'index.html'), 'utf8')).toContain('href="subscribe.html"');
  });

  test('says in one sentence what keeps it from being written', async () => {
    const file = join(base, 'file');
    await writeFile(file, '');
    await expect(run('build', '--out', file)).rejects.toThrow(
      `The status page cannot be written to ${file} (ENOTDIR): what is there is no folder; move it away, or name another folder.`,
    );
    await expect(run('build', '--out', file)).rejects.toBeInstanceOf(Told);
  });

  test.each([[['build']], [['build', '--out', '']], [['build', 'x', '--out', 'y']], [['import']]])(
    '%j is wrong usage',
    async (args) => {
      await expect(run(...args)).rejects.toMatchObject({ name: 'Usage', exitCode: 2 });
    },
  );
});

test('status import reads what is in a file, and says what is wrong with it', async () => {
  const file = join(base, 'statuspage.json');
  await writeFile(file, '{}');
  await expect(run('import', file, '--dry-run')).rejects.toThrow('Nothing was imported');
});

describe('two verbs have one name', () => {
  test.each([
    [['status', 'build']],
    [['status', 'build', '--out', '/dev/null/x']],
    [['--team', 'T1', 'status', 'import', 'x']],
    [['status', '--team', 'T1', 'build', '--out', '/dev/null/x']],
  ])('%j is the page’s', async (argv) => {
    const { code, out, err } = await typed(...argv);
    expect([out, err]).toEqual(['', expect.not.stringContaining('investigating')]);
    expect([1, 2]).toContain(code);
  });

  test.each([
    [['status', 'identified']],
    [['status', 'identified', 'build']],
    [['status', 'INC-7', 'build']],
    [['status', 'Build']],
    [['status']],
  ])('%j is the incident’s', async (argv) => {
    // It wants the record, or a status.
    const { err } = await typed(...argv);
    expect(err).not.toContain('Usage: tocsin status build');
  });

  test('help tells of the incident’s, and of the page’s where that is meant', async () => {
    const own = await typed('help', 'status');
    expect(own.out).toMatch(/^tocsin status \S+/);
    expect(await typed('status', '--help')).toEqual(own);
    const pages = await typed('help', 'status', 'build');
    expect(pages.out).toContain('write the public page into a folder');
    expect(await typed('status', 'build', '--help')).toEqual(pages);
    expect(await typed('status', 'build', '-h')).toEqual(pages);
  });

  test('no other verb became two', async () => {
    expect((await typed('note', 'build', '--help')).out).toBe('');
    expect((await typed('token', 'create', '--help')).code).toBe(2);
  });
});
