import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { emptyDatabase, type TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';
import { run, startWalk, type Walk } from './kit.js';

// What somebody reads whose bot, or whose verb, cannot begin: a sentence with what to do, and no stack.
let walk: Walk;
let empty: TestDatabase;
beforeAll(async () => {
  walk = await startWalk();
  empty = await emptyDatabase();
});
afterAll(async () => {
  await empty.close();
  await walk.end();
});

const without = (...names: string[]) =>
  Object.fromEntries(Object.entries(walk.environment).filter(([name]) => !names.includes(name)));
/** Runs it, and holds what it says against what it should, whole. */
async function says(args: string[], more: Record<string, string>, sentence: RegExp, code = 1) {
  const env = { ...walk.environment, PORT: '0', ...more };
  const { out, err, ...ended } = await (args[0] === 'start'
    ? run(args, env, walk.folder)
    : walk.verb(args, env));
  expect([ended.code, out]).toEqual([code, '']);
  expect(err).toMatch(sentence);
  expect(err).not.toMatch(/^ +at |node:internal|canary/m);
}

describe('nothing begins, and it is said why', () => {
  test('settings that are a folder, for the bot and for a verb', async () => {
    mkdirSync(join(walk.folder, 'settings.yml'));
    const sentence =
      /^The configuration cannot be used:\n {2}- TOCSIN_CONFIG: \S+settings\.yml is a folder; [^\n]*\n$/;
    for (const args of [['start'], ['list']]) await says(args, { TOCSIN_CONFIG: 'settings.yml' }, sentence);
  });

  test('a data folder that is a file, or lies in one', async () => {
    writeFileSync(join(walk.folder, 'data'), '');
    const own = without('DATABASE_URL');
    const at = (code: string, why: string) =>
      new RegExp(
        `^The data folder \\S+ cannot be used \\(${code}\\): ${why}, or name another folder with TOCSIN_DATA\\.\\n$`,
      );
    const file = at('EEXIST', 'it is a file; move that away');
    const env = { ...own, DATABASE_URL: '', TOCSIN_DATA: 'data' };
    await says(['start'], env, file);
    // Where the secret for links is to be made, it is the first that does not find its folder.
    await says(['list'], { ...env, TOCSIN_SECRET: '' }, file);
    const within = at('ENOTDIR', 'what leads there is a file; move that away');
    await says(['start'], { ...env, TOCSIN_DATA: 'data/x' }, within);
  });

  test('a HOST that is none of this machine’s, by address or by name', async () => {
    for (const [host, code] of [
      ['203.0.113.7', 'EADDRNOTAVAIL'],
      ['no-such-host.invalid', '(?:ENOTFOUND|EAI_AGAIN)'],
    ]) {
      const sentence = `^HOST ${host} is no address of this machine \\(${code}\\): set HOST to one that it has, or to 0\\.0\\.0\\.0 for all of them\\.\\n$`;
      await says(['start'], { HOST: host as string }, new RegExp(sentence, 'm'));
    }
  });

  test('a database that is away, is not there, or is named with files that are not', async () => {
    const at = (search: string) => `postgres://u:canary@127.0.0.1:1/d${search}`;
    const remedy =
      /^The database does not let us in \(ECONNREFUSED\): check DATABASE_URL, and that the server runs\.\n$/;
    await says(['start'], { DATABASE_URL: at('') }, remedy);
    await says(['migrate'], { DATABASE_URL: at('') }, remedy);
    await says(
      ['start'],
      { DATABASE_URL: at('?sslmode=verify-full&sslrootcert=/no/such.pem') },
      /^DATABASE_URL names the file \/no\/such\.pem, which cannot be read \(ENOENT\): correct its sslrootcert/,
    );
    const other = empty.url.replace(empty.config.database, 'no_such_database');
    await says(
      ['start'],
      { DATABASE_URL: other },
      /^The database has no database of that name: create it, .*\(3D000\)\.\n$/,
    );
  });

  test('a database that has no connection left for the bot, though it let it in', async () => {
    const role = `one_${walk.database.config.database}`;
    const client = new pg.Client(walk.database.config);
    await client.connect();
    try {
      await client.query(`create role ${role} login superuser connection limit 1`);
      const url = walk.database.url.replace(/:\/\/[^@]*@/, `://${role}@`);
      // Somebody else has it.
      const other = new pg.Client({ ...walk.database.config, user: role });
      await other.connect();
      await client.query(`alter role ${role} nosuperuser`);
      const sentence =
        /^The database has no connection left: allow more \(max_connections\), or stop what holds them \(53300\)\.\n$/;
      await says(['start'], { DATABASE_URL: url }, sentence);
      await client.query(`alter role ${role} connection limit 2; grant all on schema public to ${role}`);
      // The second is let in to look at the tables, and gives way to several.
      await says(['start'], { DATABASE_URL: url }, /^The database \S/);
      await other.end();
    } finally {
      await client.query(`drop owned by ${role}; drop role ${role}`);
      await client.end();
    }
  });

  test('a database without our tables, or with those of a newer version, for a verb too', async () => {
    await says(
      ['list'],
      { DATABASE_URL: empty.url },
      /^The database is not up to date, \d+ migrations are missing: .*tocsin migrate\.\n$/,
    );
    expect((await walk.verb(['migrate'], { ...walk.environment, DATABASE_URL: empty.url })).code).toBe(0);
    const client = new pg.Client(empty.config);
    await client.connect();
    await client.query('insert into migration (id) values (9999999999999)');
    await client.end();
    await says(
      ['start'],
      { DATABASE_URL: empty.url },
      /^The database has 1 migration\(s\) that this Tocsin does not know: .*\n$/,
    );
  });

  test('a flag that there is not, and files that are named and not there', async () => {
    await says(['start', '--bogus'], {}, /^Unknown option '--bogus'.*\nUsage: tocsin start/);
    await says(
      ['verify', 'absent.jsonl'],
      {},
      /^absent\.jsonl cannot be used \(ENOENT\): there is no such file or folder\.\n$/,
    );
    await says(['verify', '.'], {}, /^\. is a folder; name the file in it\.\n$/);
    await says(['verify', 'x'.repeat(300)], {}, /^x+ cannot be used \(ENAMETOOLONG\): name too long\.\n$/);
  });

  test('a verb that there is not, and words that a verb does not take: nothing is opened or done for them', async () => {
    const none = { DATABASE_URL: '', TOCSIN_DATA: 'not-made' };
    const there = /^There is no frobnicate\. Did you mean .*help lists all verbs\.\n$/;
    await says(['frobnicate'], none, there, 2);
    await says(['frobnicate', 'INC-1', 'x'], { DATABASE_URL: 'postgres://u:canary@127.0.0.1:1/d' }, there, 2);
    const more = (verb: string) => new RegExp(`^${verb} takes nothing more\nUsage: tocsin `);
    for (const verb of ['migrate', 'rebuild', 'restored', 'doctor', 'health', 'token list', 'runbook list'])
      await says([...verb.split(' '), 'INC-1'], none, more(verb), 2);
    await says(['export', 'INC-1', 'md', 'UTC', 'x'], none, /^an export takes .*\nUsage: /, 2);
    await says(
      ['erase', 'INC-1', 'INC-2', '--fact', '1', '--field', 'text', '--yes'],
      none,
      /^name one incident, .*\nUsage: /,
      2,
    );
    expect(existsSync(join(walk.folder, 'not-made'))).toBe(false);
  });

  test('an account without rights, and a database of no such name, for a verb: at once, without trying again', async () => {
    const client = new pg.Client(walk.database.config);
    await client.connect();
    await client.query('create role nobody_here login');
    const as = (url: string) =>
      url.replace(/\/\/[^@]*@/, '//nobody_here@').replace(/user=[^&]*/, 'user=nobody_here');
    try {
      expect(as(walk.database.url)).not.toBe(walk.database.url);
      await walk.tocsin('migrate');
      const rights = /^The database does not permit it: give the user of DATABASE_URL .*\(42501\)\.\n$/;
      for (const args of [
        ['list'],
        ['deliveries'],
        ['token', 'list'],
        ['export', 'INC-1'],
        ['note', 'INC-1', 'x'],
      ])
        await says(args, { DATABASE_URL: as(walk.database.url) }, rights);
    } finally {
      await client.query('drop role nobody_here');
      await client.end();
    }
    const name = { DATABASE_URL: empty.url.replace(empty.config.database, 'no_such_database') };
    for (const args of [['list'], ['rebuild'], ['deliveries', 'retry', 'all']])
      await says(args, name, /^The database has no database of that name: create it, .*\(3D000\)\.\n$/);
  });
});

test('several workspaces, and none is meant: they are listed, without a stack; Slack knows which is ours', async () => {
  const bot = await walk.here();
  const client = new pg.Client(walk.database.config);
  await client.connect();
  // The bot's own is there once Slack has said whose bot it is.
  await until('the workspace of the bot', async () => {
    const { rows } = await client.query('select from workspace');
    return rows.length > 0;
  });
  await client.query("insert into workspace (team, slack_team) values ('T0OTHER', 'T0OTHER')");
  const nobody = { SLACK_BOT_TOKEN: '', SLACK_APP_TOKEN: '' };
  await says(
    ['list'],
    nobody,
    /^Several workspaces share this database\. Say which one .*:\n(?: {2}--team T\w+ {2}\d+ incidents?\n)+$/,
  );
  expect((await walk.tocsin('list')).code).toBe(0);
  await client.query("delete from workspace where team = 'T0OTHER'");
  await client.end();
  await bot.stop();
});

test('an IPv6 address stands in brackets, however it was typed', async () => {
  for (const host of ['::1', '[::1]']) {
    const bot = await walk.bot(0, { HOST: host });
    expect(bot.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    await bot.stop('SIGINT');
  }
});

test('connections that the database ends are a short line each, with nothing of what a driver knows', async () => {
  const bot = await walk.bot();
  const client = new pg.Client(walk.database.config);
  await client.connect();
  await client.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tocsin' and datname = current_database()",
  );
  await client.end();
  const lines = () =>
    bot
      .log()
      .split('\n')
      .filter((line) => line.includes('connection was lost'));
  while (lines().length === 0) await new Promise(setImmediate);
  for (const line of lines()) {
    expect(line.length).toBeLessThan(500);
    expect(JSON.parse(line)).toMatchObject({ err: { code: '57P01' } });
  }
  expect(bot.log()).not.toMatch(/secretKey|processID|_connection|prepared/);
  await bot.stop('SIGINT');
});

describe('where a verb writes to', () => {
  const TOCSIN = fileURLToPath(new URL('../../bin/tocsin.js', import.meta.url));
  const to = (out: string) => ['export', 'INC-1', '--format', 'json', '--out', out];
  let whole: string;
  beforeAll(async () => {
    await walk.tocsin('migrate');
    const opened = await walk.tocsin('open', 'sev4', 'Files');
    expect(opened).toMatchObject({ code: 0, out: expect.stringContaining('INC-1') });
    whole = (await walk.tocsin('export', 'INC-1', '--format', 'json')).out;
    expect(whole).toContain('Files');
  });

  test('a folder, a path that leads nowhere, a name that is too long, a full disk: said of the file that was named', async () => {
    mkdirSync(join(walk.folder, 'folder'));
    await says(to('folder'), {}, /^folder cannot be used \(EISDIR\): it is a folder\.\n$/);
    await says(
      to('no/such/x.json'),
      {},
      /^no\/such\/x\.json cannot be used \(ENOENT\): there is no such .*\.\n$/,
    );
    await says(to('y'.repeat(300)), {}, /^y{300} cannot be used \(ENAMETOOLONG\): name too long\.\n$/);
    await says(to('/dev/full'), {}, /^\/dev\/full cannot be used \(ENOSPC\): the disk is full\.\n$/);
    expect(lstatSync('/dev/full').isCharacterDevice()).toBe(true);
    expect(readdirSync(walk.folder).filter((name) => name.includes('partial'))).toEqual([]);
  });

  test('a device or a pipe is written to, and a link stays one', async () => {
    expect(await shell('"$0" "$@" | cat', ...to('/dev/stdout'))).toEqual({ code: 0, out: whole });
    writeFileSync(join(walk.folder, 'real.json'), 'old');
    symlinkSync('real.json', join(walk.folder, 'link.json'));
    expect(await run(to('link.json'), walk.environment, walk.folder)).toMatchObject({ code: 0 });
    expect(lstatSync(join(walk.folder, 'link.json')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(walk.folder, 'real.json'), 'utf8')).toBe(whole);
  });

  /** With its output where the shell leads it. */
  async function shell(line: string, ...args: string[]) {
    const child = spawn('/bin/sh', ['-c', line, process.execPath, TOCSIN, ...args], {
      env: walk.environment,
      cwd: walk.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        out += chunk;
      });
    const [code] = await once(child, 'close');
    return { code, out };
  }

  test('stdout on a full disk is said; a reader that went is nothing to be told of', async () => {
    for (const args of [['list'], ['help'], ['export', 'INC-1'], ['doctor']])
      expect(await shell('"$0" "$@" > /dev/full', ...args)).toEqual({
        code: 1,
        out: 'What this says cannot be written (ENOSPC): the disk is full.\n',
      });
    for (const args of [['list'], ['help'], ['export', 'INC-1'], ['timeline', 'INC-1']])
      expect(await shell('{ "$0" "$@"; echo $? >&2; } | true', ...args)).toEqual({ code: 0, out: '0\n' });
    expect(await shell('"$0" "$@" 2> /dev/full', 'show', 'INC-99')).toEqual({ code: 1, out: '' });
    expect(
      await shell('{ "$0" "$@"; echo $? >&3; } 3>&1 2>&1 >/dev/null | cat', 'show', 'INC-99'),
    ).toMatchObject({
      code: 0,
    });
  });

  test('stdin that is a folder, or nothing', async () => {
    for (const from of ['.', '/dev/null'])
      expect(await shell(`"$0" "$@" < ${from}`, 'log', 'INC-1')).toEqual({
        code: 1,
        out: 'Say it on one line: a command line has no forms. tocsin help log shows how.\n',
      });
  });
});
