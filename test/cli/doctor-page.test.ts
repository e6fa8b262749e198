import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SMTPServer } from 'smtp-server';
import { checkFolder, checkPage, publicInSlack } from '#cli/doctor/page.js';
import { openCore } from '#compose/core.js';
import { openPublicly } from '#compose/public.js';
import { secretThere, signingSecret } from '#compose/runbooks.js';
import { loadConfig } from '#config/config.js';
import { createLog } from '#log.js';
import { openFolder } from '#public/folder.js';
import { startSmtp } from '../public/subscribe/kit.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { freePort } from '../support/wire.js';

let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'tocsin-doctor-page-'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

let files = 0;
async function configOf(settings: object, more: Record<string, string> = {}) {
  const file = join(base, `tocsin-${++files}.yml`);
  await writeFile(file, JSON.stringify(settings));
  const env: Record<string, string> = {
    TOCSIN_CONFIG: file,
    TOCSIN_DATA: join(base, 'data'),
    TOCSIN_SECRET: 'a secret for tests only, 32 bytes',
    ...more,
  };
  return { config: loadConfig(env, 'nothing'), env };
}
/** @returns each line as the doctor prints it */
async function said(settings: object, more: Record<string, string> = {}): Promise<string[]> {
  const { config, env } = await configOf(settings, more);
  // Secrets of `secrets:` are those of the process.
  process.env.MAIL = more.MAIL ?? '';
  const findings = await checkPage(config, env);
  return findings.map(({ ok, what, detail, fix }) =>
    ok ? `✓ ${what}: ${detail}` : `✗ ${what}: ${detail} → ${fix}`,
  );
}

const from = 'Example <status@example.org>';
const HERE = { PUBLIC_URL: 'https://tocsin.example.com' };

describe('what reaches nobody', () => {
  test('nothing is said where no page is configured', async () => {
    expect(await said({})).toEqual([]);
  });
  test('a page that has no address; with one, or where the bot serves it, nothing is missing', async () => {
    expect(await said({ status: { title: 'Example' } })).toEqual([
      expect.stringMatching(
        /^✗ status page: its address is not known, .* → write .*status: url:.*PUBLIC_URL/,
      ),
    ]);
    expect(await said({ status: { title: 'Example', url: 'https://status.example.com' } })).toEqual([]);
    expect(await said({ status: { title: 'Example' } }, HERE)).toEqual([]);
  });
  test('subscribers who cannot reach the bot', async () => {
    const url = 'https://status.example.com';
    const lines = await said({ status: { url, subscribers: { webhooks: true } } });
    expect(lines).toEqual([
      expect.stringMatching(/^✗ subscribers: PUBLIC_URL is not set, .* → set PUBLIC_URL to .*https:\/\//),
    ]);
    expect(await said({ status: { url, subscribers: { webhooks: true } } }, HERE)).toEqual([]);
    expect(await said({ status: { url, subscribers: { slack: { channel: '#status' } } } })).toEqual([]);
  });
  test('settings that are wrong, each with its line, of all sections at once', async () => {
    const status = { colours: { accent: '#ffff00' }, publishers: [] };
    expect(await said({ status })).toEqual([
      expect.stringMatching(
        /^✗ tocsin.yml: .*tocsin-\d+\.yml:1: status\.colours\.accent .* → mend the settings at that line$/,
      ),
      expect.stringMatching(/^✗ tocsin.yml: .*status\.publishers is empty, so that nobody may/),
    ]);
    const told = {
      subscribers: { digest: 'often' },
      statuspage: { page: 'x y' },
      webhook: { url: 'nowhere' },
    };
    const lines = await said({ status: told });
    for (const name of ['subscribers.digest', 'statuspage.page', 'webhook.url'])
      expect(lines).toContainEqual(expect.stringContaining(`status.${name} `));
  });
  test('what is to be looked at in Slack; nothing where the settings are wrong', async () => {
    const status = {
      publishers: ['lead', '@press', 'U012AB3CD'],
      subscribers: { slack: { channel: '#status' } },
    };
    expect(publicInSlack((await configOf({ status })).config)).toEqual({
      channel: 'status',
      groups: ['@press'],
    });
    expect(publicInSlack((await configOf({ status: { nonsense: 1 } })).config)).toEqual({
      channel: null,
      groups: [],
    });
    expect(publicInSlack((await configOf({})).config)).toEqual({ channel: null, groups: [] });
  });
});

describe('secrets', () => {
  const url = 'https://status.example.com';
  const page = (place: string) => ({ status: { url, statuspage: { page: 'abc', key: place } } });
  const hook = (place: string) => ({
    status: { url, webhook: { url: 'https://hooks.example.com/', secret: place } },
  });

  test('that are there', async () => {
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    await writeFile(join(base, 'hook'), `${secret}\n`);
    expect(await said(page('env:PAGE_KEY'), { PAGE_KEY: 'a-key' })).toEqual([
      '✓ status.statuspage.key: is in env:PAGE_KEY',
    ]);
    expect(await said(hook(`file:${base}/hook`))).toEqual([
      `✓ status.webhook.secret: is in file:${base}/hook`,
    ]);
  });
  test('that are not there: where they were looked for, and the line to correct', async () => {
    expect(await said(page('env:PAGE_KEY'))).toEqual([
      expect.stringMatching(
        /^✗ status\.statuspage\.key: the secret is empty: there is nothing in env:PAGE_KEY → put it there, .*correct the place: .*tocsin-\d+\.yml:1$/,
      ),
    ]);
    expect(await said(hook(`file:${base}/nowhere`))).toEqual([
      expect.stringMatching(
        /^✗ status\.webhook\.secret: .*could not be read from file:.*nowhere: ENOENT → put it there/,
      ),
    ]);
  });
  test('that cannot be what they are to be, and are never shown', async () => {
    const lines = [
      ...(await said(page('env:PAGE_KEY'), { PAGE_KEY: 'canary\ncanary' })),
      ...(await said(hook('env:HOOK'), { HOOK: 'canary!' })),
    ];
    expect(lines).toEqual([
      '✗ status.statuspage.key: what is in env:PAGE_KEY cannot be that → copy the API key again, alone and on one line',
      '✗ status.webhook.secret: what is in env:HOOK cannot be that → put one there: whsec_ and 32 random bytes in base64',
    ]);
    expect(lines.join()).not.toContain('canary');
  });
});

describe('the mail server', () => {
  const mail = (smtp: string, secrets?: object) => ({
    ...(secrets && { secrets }),
    status: { url: 'https://status.example.com', subscribers: { email: { smtp, from } } },
  });
  const secrets = { mail: 'env:MAIL' };
  let smtp: Awaited<ReturnType<typeof startSmtp>>;
  let strict: SMTPServer;
  let silent: Server;
  const portOf = (server: { address(): unknown }) => (server.address() as { port: number }).port;
  beforeAll(async () => {
    smtp = await startSmtp();
    strict = new SMTPServer({
      allowInsecureAuth: true,
      disabledCommands: ['STARTTLS'],
      logger: false,
      onAuth: ({ username, password }, _session, done) =>
        username === 'bot' && password === 'right'
          ? done(null, { user: 'bot' })
          : done(new Error('who is that')),
    });
    strict.on('error', () => {});
    silent = createServer(() => {});
    await new Promise<void>((resolve) => void strict.listen(0, '127.0.0.1', resolve));
    await new Promise<void>((resolve) => void silent.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    await smtp.close();
    await new Promise<void>((resolve) => strict.close(() => resolve()));
    silent.close();
  });

  test('that takes mail is well, and nothing is sent', async () => {
    const { host } = new URL(smtp.url);
    expect(await said(mail(smtp.url), HERE)).toEqual([`✓ mail server: ${host} lets us in`]);
    const port = portOf(strict.server);
    const lines = await said(mail('secret:mail', secrets), {
      ...HERE,
      MAIL: `smtp://bot:right@127.0.0.1:${port}`,
    });
    expect(lines).toEqual([`✓ mail server: 127.0.0.1:${port} lets us in`]);
    expect(smtp.tried).toEqual([]);
  });
  test('that does not let us in, is not there, or says nothing: with what to do, and no password', async () => {
    const one = (where: string) => said(mail('secret:mail', secrets), { ...HERE, MAIL: where });
    const lines = [
      ...(await one(`smtp://bot:canary@127.0.0.1:${portOf(strict.server)}`)),
      ...(await one(`smtp://bot:canary@127.0.0.1:${await freePort()}`)),
      ...(await one(`smtp://bot:canary@127.0.0.1:${portOf(silent)}`)),
      ...(await one(`smtp://bot:canary@nowhere.invalid`)),
    ];
    const fix = /with that user and password; its settings: .*tocsin-\d+\.yml:1$/;
    for (const line of lines) expect(line).toMatch(fix);
    expect(lines).toEqual([
      expect.stringMatching(/^✗ mail server: 127\.0\.0\.1:\d+: .*(535|who is that)/),
      expect.stringMatching(/^✗ mail server: 127\.0\.0\.1:\d+: .*ECONNREFUSED/),
      expect.stringMatching(
        /^✗ mail server: 127\.0\.0\.1:\d+: (.*[Gg]reeting|.*did not answer|.*[Tt]imeout)/,
      ),
      expect.stringMatching(/^✗ mail server: nowhere\.invalid: /),
    ]);
    expect(lines.join()).not.toContain('canary');
  });
  test('whose secret is no address of one; one that is missing is said with the other secrets', async () => {
    expect(await said(mail('secret:mail', secrets), { ...HERE, MAIL: 'https://canary.example' })).toEqual([
      '✗ mail server: the secret of status.subscribers.email.smtp is no address of a mail server → put one there such as smtps://user:password@host:465',
    ]);
    expect(await said(mail('secret:mail', secrets), HERE)).toEqual([]);
  });
});

describe('the folder of the page', () => {
  let database: TestDatabase;
  const opened: Array<() => Promise<void>> = [];
  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(async () => {
    for (const close of opened) await close();
    await database.close();
  });

  async function coreOf(settings: object, more: Record<string, string> = {}) {
    const { config } = await configOf(settings, { DATABASE_URL: database.url, ...more });
    const core = await openCore(config, createLog('silent'), 'guest');
    opened.push(() => core.close());
    return core;
  }
  const line = async (core: Awaited<ReturnType<typeof coreOf>>, team: string | null = 'T1') => {
    const { ok, what, detail, fix } = await checkFolder(core, team);
    return ok ? `✓ ${what}: ${detail}` : `✗ ${what}: ${detail} → ${fix}`;
  };
  const written = async (core: Awaited<ReturnType<typeof coreOf>>) => {
    const slack = { call: async () => ({ kind: 'unreachable', error: 'none' }) as never };
    const secret = await signingSecret(core.config);
    const parts = { core, secret, slack, nudge() {}, log: createLog('silent'), now: () => new Date() };
    const publicly = await openPublicly({ ...parts, core: { ...core, home: async () => 'T1' } });
    await publicly.world.build();
    await publicly.stop();
  };

  test('is ours by the secret that the bot keeps, which the doctor reads and never makes', async () => {
    const { config } = await configOf({}, { TOCSIN_DATA: join(base, 'kept') });
    const bare = { ...config, secret: null };
    expect(await secretThere(bare)).toBeNull();
    expect(await secretThere(bare)).toBeNull();
    const made = await signingSecret(bare);
    expect(await secretThere(bare)).toBe(made);
  });

  test('not there yet, written, of other settings, not whole', async () => {
    const folder = join(base, 'page');
    const core = await coreOf({ status: { folder } });
    expect(await line(core)).toBe(`✓ status page: not there yet; the bot writes it into ${folder}`);
    expect(await line(core, null)).toBe(`✓ status page: not there yet; the bot writes it into ${folder}`);
    await written(core);
    expect(await line(core)).toBe(`✓ status page: in ${folder}, as new as what is recorded`);
    const other = await coreOf({ status: { folder, title: 'Another title' } });
    expect(await line(other)).toMatch(
      /^✓ status page: in .*, of another version or with other settings; a bot that starts/,
    );
    await writeFile(join(folder, 'index.html'), 'hacked');
    expect(await line(core)).toMatch(
      /^✗ status page: in .*: it is not whole, or somebody else .* → start the bot/,
    );
  });

  test('older than what is recorded', async () => {
    const folder = join(base, 'older');
    const core = await coreOf({ status: { folder } });
    await written(core);
    await core.store.outbox.owe(
      { kind: 'status.page', payload: { seq: 1 } },
      { team: 'T1', incident: 1, key: null, lane: 'T1/status/page' },
    );
    expect(await line(core)).toMatch(
      /^✗ status page: in .*: it is older than what is recorded → start the bot/,
    );
    await written(core);
    expect(await line(core)).toMatch(/^✓ .*as new as/);
  });

  test('of another installation, of nobody we know, or no folder at all: what is in the way, and who mends it', async () => {
    const theirs = join(base, 'theirs');
    await openFolder(theirs, { installation: 'theirs' }).write(async () => ({
      revision: 'r',
      files: [['index.html', 'x']],
    }));
    expect(await line(await coreOf({ status: { folder: theirs } }))).toMatch(
      /^✗ status page: it cannot be written to .*theirs \(OTHER_INSTALLATION\): it holds the page of another installation of Tocsin → name another folder, or empty this one/,
    );
    const file = join(base, 'a-file');
    await writeFile(file, '');
    expect(await line(await coreOf({ status: { folder: file } }))).toMatch(
      /^✗ status page: it cannot be written to .*a-file \(ENOTDIR\): what is there is no folder → move it away/,
    );
    const deep = join(base, 'not', 'there');
    expect(await line(await coreOf({ status: { folder: deep } }))).toMatch(
      /^✗ status page: .*\(ENOENT\): there is no such folder → make it/,
    );
  });

  test('where our own data cannot be written, the page is kept aside', async () => {
    const core = await coreOf({}, { TOCSIN_DATA: join(base, 'fresh') });
    expect(await line(core)).toBe(
      `✓ status page: not there yet; the bot writes it into ${join(base, 'fresh/status')}`,
    );
    await mkdir(join(base, 'fresh'));
    await writeFile(join(base, 'fresh/status'), '');
    expect(await line(core)).toMatch(
      /^✓ status page: not there yet; the bot writes it into .*tocsin-status-\d+-[0-9a-f]{8}, because .*fresh\/status cannot be written$/,
    );
  });
});
