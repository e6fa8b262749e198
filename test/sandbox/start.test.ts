import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { WebClient } from '@slack/web-api';
import { WebSocket } from 'ws';
import { stringify } from 'yaml';
import { announcement, environment } from '#sandbox/start/announcement.js';
import { HELP, Misuse, readOptions } from '#sandbox/start/options.js';
import { run } from '#sandbox/start/program.js';
import { manifest, quiet } from './kit.js';
import { compiled, ended, type Program, readyLine } from './process.js';

let program: Program;
let good: string;
beforeAll(async () => {
  program = await compiled();
  good = await program.write('manifest.yml', stringify(manifest()));
});
afterAll(() => program.stop());

describe('the sandbox as a process', () => {
  test('prints one line of JSON when it is ready, logs without tokens, and ends on a signal', async () => {
    const child = program.start('--manifest', good);
    const ending = ended(child);
    const ready = await readyLine(child);
    expect(Object.keys(ready).sort()).toEqual([
      ...['apiUrl', 'appToken', 'botToken', 'signingSecret', 'teamId', 'url'],
    ]);
    expect(ready.apiUrl).toBe(`${ready.url}/api/`);
    const headers = { authorization: `Bearer ${ready.botToken}` };
    const answer = await fetch(`${ready.apiUrl}auth.test`, { method: 'POST', headers });
    expect(await answer.json()).toMatchObject({ ok: true, team_id: ready.teamId });
    child.kill('SIGTERM');
    const { code, err } = await ending;
    expect(code).toBe(0);
    expect(err).toContain('auth.test 200 ok');
    expect(err).not.toContain(ready.botToken);
  });

  test('ends with its parent when told so', async () => {
    const child = program.start('--manifest', good, '--with-parent', '--quiet');
    await readyLine(child);
    child.stdin?.end();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('a signal ends it although a socket, the page and a half request are open', async () => {
    const child = program.start('--manifest', good, '--quiet');
    const ready = await readyLine(child);
    const headers = { authorization: `Bearer ${ready.appToken}` };
    const opened = await fetch(`${ready.apiUrl}apps.connections.open`, { method: 'POST', headers });
    const { url } = (await opened.json()) as { url: string };
    const socket = new WebSocket(url);
    await once(socket, 'message');
    const half = new AbortController();
    const waiting = fetch(`${ready.url}/control/responses?delivery=nobody&timeout=60000`, {
      signal: half.signal,
    }).catch(() => 'cut');
    const closed = once(socket, 'close');
    child.kill('SIGINT');
    // A terminal sends the signal to every process of the line, and the one above hands it on.
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([0, null]);
    await closed;
    half.abort();
    await waiting;
  });
});

/** Starts it in this process; whatever starts is stopped again. */
async function tried(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const started = await run(args.includes('--port') ? args : ['--port', '0', ...args], {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    terminal: false,
  });
  if (typeof started === 'number') return { code: started, out, err };
  await started.sandbox.stop();
  return { code: 0, out, err };
}

describe('a start that cannot be', () => {
  test('a manifest and a seed that are no good end it with all reasons, each with its line', async () => {
    const broken = await program.write('broken.yml', 'display_information:\n  name: ""\n  colour: red\n');
    const seed = await program.write(
      'bad.yml',
      'users:\n  - name: Zoe\nchannels:\n  - { name: x, members: [bob] }\n',
    );
    const { code, out, err } = await tried('--manifest', broken, '--seed', seed);
    expect([code, out]).toEqual([1, '']);
    expect(err.split('\n')).toEqual([
      `invalid_manifest: ${broken}`,
      '  line 2, column 3: /display_information/name: must have at least 1 character, and has 0',
      expect.stringMatching(
        /^ {2}line 3, column 3: \/display_information\/colour: is no member that Slack knows/,
      ),
      `invalid_seed: ${seed}`,
      '  line 2, column 5: /users/0/name: must be a handle: a-z, 0-9, . _ -, and is "Zoe"',
      '  line 4, column 26: /channels/0/members/0: there is nobody called "bob"; did you mean "bo"?',
      '',
    ]);
  });

  test('a port that is taken, with what to do', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, err } = await tried('--manifest', good, '--port', String(port));
    other.close();
    expect([code, err]).toEqual([
      1,
      `Port ${port} is taken, perhaps by another local Slack: stop that, or take any free port with --port 0.\n`,
    ]);
  });

  test.each([
    [
      'no such file',
      ['--manifest', '/nowhere/m.yml'],
      1,
      '/nowhere/m.yml cannot be read: there is no such file.\n',
    ],
    ['a folder', ['--manifest', '/'], 1, '/ cannot be read: it is a folder.\n'],
    ['a host elsewhere', ['--host', '203.0.113.7'], 1, /203\.0\.113\.7 is no address of this machine/],
    ['nothing', [], 2, '--manifest FILE is missing: the manifest of the app.\n--help tells the options.\n'],
  ])('%s', async (what, args, code, said) => {
    const given = what === 'a host elsewhere' ? ['--manifest', good, ...args] : args;
    const told = await tried(...given);
    expect([told.code, told.out]).toEqual([code, '']);
    expect(told.err).toEqual(typeof said === 'string' ? said : expect.stringMatching(said));
  });

  test('a file for the tokens that cannot be written leaves nothing running', async () => {
    const { code, out, err } = await tried(
      '--manifest',
      good,
      '--quiet',
      '--tokens-file',
      '/nowhere/slack.env',
    );
    expect([code, out, err]).toEqual([1, '', '/nowhere/slack.env cannot be written (ENOENT).\n']);
  });

  test('text that is no YAML, with the line', async () => {
    const path = await program.write('torn.yml', 'a: [1,\nb: "x\n');
    const { code, err } = await tried('--manifest', path);
    expect(code).toBe(1);
    expect(err).toMatch(/torn\.yml is neither YAML nor JSON\n {2}line \d+, column \d+: /);
  });

  test('--help tells every option', async () => {
    const { code, out, err } = await tried('--help');
    expect([code, err]).toEqual([0, '']);
    expect(out).toBe(`${HELP}\n`);
  });
});

describe('a command line that cannot be understood', () => {
  test.each([
    [['--sed', 'x'], 'There is no option --sed. Did you mean --seed?'],
    [['--colour', 'x'], 'There is no option --colour.'],
    [['people.yml'], '"people.yml" belongs to no option.'],
    [['--port', 'http'], '--port must be a whole number from 0 to 65535, and is "http".'],
    [['--port', '70000'], '--port must be a whole number from 0 to 65535, and is "70000".'],
    [['--port='], '--port needs a value.'],
    [['--seed'], '--seed needs a value.'],
    [['--seed', '--quiet'], '--seed needs a value.'],
    [['--quiet=yes'], '--quiet takes no value.'],
    [['--now', 'tomorrow'], '--now must be a moment such as 2026-03-02T08:00:00Z, and is "tomorrow".'],
    [
      ['--events-url', 'localhost:3000'],
      '--events-url must begin with http:// or https://, and is "localhost:3000".',
    ],
    [['--bot-token', 'secret-word'], '--bot-token must begin with xoxb-.'],
  ])('%j', (args, said) => {
    let told = '';
    try {
      readOptions(['--manifest', 'm.yml', ...args]);
    } catch (error) {
      if (!(error instanceof Misuse)) throw error;
      told = error.message;
    }
    expect(told).toContain(said);
    expect(told).not.toContain('secret-word');
  });

  test('everything wrong is told at once', () => {
    expect(() => readOptions(['--x', '--port', 'y', 'z'])).toThrow(/--x[\s\S]*"z"[\s\S]*--port/);
  });
});

describe('a start', () => {
  const io = { out: () => {}, err: () => {}, terminal: false };
  const started = async (...args: string[]) => {
    const it = await run(['--manifest', good, '--port', '0', '--quiet', ...args], io);
    if (typeof it === 'number') throw new Error(`ended with ${it}`);
    return it.sandbox;
  };

  test('with a seed, a clock and repeatable ids is the same every time', async () => {
    const seed = await program.write('seed.yml', 'users: [{ name: zoe, real_name: Zoe Quist }]\nids: one\n');
    const look = async () => {
      const sandbox = await started('--seed', seed, '--now', '2026-03-02T08:00:00Z', '--frozen');
      const client = new WebClient(sandbox.botToken, { slackApiUrl: sandbox.apiUrl, logger: quiet });
      const { members = [] } = await client.users.list({});
      const { channel } = await client.conversations.create({ name: 'made-now' });
      await sandbox.stop();
      return {
        zoe: members.find(({ name }) => name === 'zoe')?.id,
        channel: [channel?.id, channel?.created],
      };
    };
    const first = await look();
    expect(first).toEqual({
      zoe: expect.stringMatching(/^U0[A-Z0-9]{9}$/),
      channel: [expect.stringMatching(/^C0/), Date.parse('2026-03-02T08:00:00Z') / 1000],
    });
    expect(await look()).toEqual(first);
  });

  test('writes the lines of the environment into a file that only its owner reads', async () => {
    const path = join(program.folder, 'slack.env');
    const sandbox = await started('--tokens-file', path, '--bot-token', 'xoxb-of-mine');
    await sandbox.stop();
    expect(await readFile(path, 'utf8')).toBe(
      environment({ ...sandbox, botToken: 'xoxb-of-mine' }, undefined),
    );
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test('takes the request URLs of a manifest without Socket Mode, when they are of this machine', async () => {
    const at = (url: string) =>
      program.write(
        'http.yml',
        stringify({
          display_information: { name: 'Over HTTP' },
          oauth_config: { scopes: { bot: ['commands'] } },
          features: { slash_commands: [{ command: '/x', description: 'x', url }] },
        }),
      );
    const sandbox = await started('--manifest', await at('http://localhost:3000/slack/events'));
    await sandbox.stop();
    expect(sandbox.eventsUrl).toBe('http://localhost:3000/slack/events');
    const away = await at('https://bot.example.com/slack/events');
    expect((await tried('--manifest', away)).err).toMatch(/slash_commands\/0\/url: is not on this machine/);
    expect((await tried('--manifest', away, '--events-url', 'http://127.0.0.1:9/')).code).toBe(0);
  });
});

describe('what is told on a terminal', () => {
  const sandbox = {
    ...{ url: 'http://127.0.0.1:4100', apiUrl: 'http://127.0.0.1:4100/api/', teamId: 'T0SANDBOX1' },
    ...{ botToken: 'xoxb-1', appToken: 'xapp-1', signingSecret: 's' },
  };

  test('the page, and the lines for any bot', () => {
    const told = announcement(sandbox, 'Echo', undefined);
    expect(told).toContain('The local Slack of Echo: http://127.0.0.1:4100\n');
    expect(told).toContain(
      '\nSLACK_BOT_TOKEN=xoxb-1\nSLACK_APP_TOKEN=xapp-1\nSLACK_SIGNING_SECRET=s\nSLACK_API_URL=http://127.0.0.1:4100/api/\n',
    );
  });

  test('over HTTP no app token, and where payloads go', () => {
    expect(environment(sandbox, 'http://127.0.0.1:3000/slack/events')).not.toContain('SLACK_APP_TOKEN');
    expect(announcement(sandbox, 'Echo', 'http://127.0.0.1:3000/slack/events')).toContain(
      'Payloads go to http://127.0.0.1:3000/slack/events.',
    );
  });
});
