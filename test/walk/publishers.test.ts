import { createHmac } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FORMATS } from '#render/exports.js';
import { type BotHere, startWalk, type Walk } from './kit.js';

// `status.publishers` names who speaks to the public: with the real bot, people of every kind, and programs.
const BO = 'U0BO000002';
const FINN = 'U0FINN0006';
let walk: Walk;
let bot: BotHere;
let channel: string;

beforeAll(async () => {
  walk = await startWalk();
  await writeFile(
    join(walk.folder, 'tocsin.yml'),
    `components: [API]
status:
  publishers: [${BO}, ${FINN}, "token:herald", "token:clerk"]
`,
  );
  bot = await walk.here();
  await walk.type('ana', 'incidents', 'open sev2 Clips fail --component API');
  channel = (
    await walk.until('the channel', ({ channels }) =>
      channels.find(({ name, members }) => name.startsWith('inc-1-') && members.length > 1),
    )
  ).id;
  for (const user of ['bo', 'finn']) await walk.control('join', { user, channel });
  // The bot has read who everybody is once a guest is known to be one.
  let probes = 0;
  await walk.until('people are known', async () => {
    probes += 1;
    return (await walk.type('finn', 'general', `open sev4 probe ${probes}`)).text.includes('full members');
  });
});
afterAll(() => walk.end());

const type = async (user: string, text: string) => (await walk.type(user, channel, text)).text;
interface Entry {
  n: number;
  kind: string;
  text: string | null;
  struck?: boolean;
}
const timeline = async (ref = 'INC-1') => {
  const { out } = await walk.tocsin('export', ref, '--format', 'json');
  return (JSON.parse(out) as { timeline: Entry[] }).timeline;
};
const posts = async (ref?: string) => (await timeline(ref)).filter(({ kind }) => kind === 'post');
const page = async (path: string) => (await fetch(`${bot.url}/status${path}`)).text();

/** All that changes what the public reads. @param n the entry of a post */
const lines = (n: number) => [
  ...['publish identified A post --yes', 'publish identified A post', 'publish --template resolved --yes'],
  ...[`publish --correct ${n} Other words --yes`, `publish --withdraw ${n} wrong`],
  ...['component state API major', 'component state Other major'],
  ...['maintenance Work --from 30m --to 1h --component API', 'maintenance MNT-1 begin'],
  ...['maintenance MNT-1 post Words', 'maintenance MNT-1 cancel', 'maintenance MNT-1 move --from 1h --to 2h'],
  ...['postmortem --publish --yes', 'postmortem --publish What happened --yes'],
];

describe('status.publishers', () => {
  test('those that it names speak to the public', async () => {
    expect(await type('bo', 'publish identified We know the cause. --yes')).toContain('recorded');
    expect(await type('bo', 'component state API partial')).toContain('recorded');
    expect(
      await type('bo', 'maintenance Racks --from 30m --to 1h --component API --template maintenance'),
    ).toContain('recorded');
    expect(await posts()).toHaveLength(1);
  });

  test('nobody else does, in whatever way they try', async () => {
    const [post] = await posts();
    const before = [await timeline(), await posts('INC-0')];
    for (const line of lines(post?.n ?? 0)) {
      const said = await type('ana', line);
      expect([line, said]).toEqual([
        line,
        expect.stringMatching(/^(Publishing|Planning maintenance) is for /),
      ]);
      expect(said).not.toContain('recorded');
    }
    for (const line of [`edit ${post?.n} Other words`, `strike ${post?.n} wrong`, `time ${post?.n} 01:41`])
      expect([line, await type('ana', line)]).toEqual([
        line,
        expect.stringContaining('stands on the public page'),
      ]);
    // No form either.
    expect(await type('ana', 'publish ')).toMatch(/^Publishing is for |^$/);
    const { views } = await walk.control<{ views: unknown[] }>('state?user=ana');
    expect(views).toEqual([]);
    expect([await timeline(), await posts('INC-0')]).toEqual(before);
  });

  test('no guest does, though it names one', async () => {
    const [post] = await posts();
    const before = [await timeline(), await posts('INC-0')];
    for (const line of lines(post?.n ?? 0))
      expect([line, await type('finn', line)]).toEqual([
        line,
        expect.stringMatching(/you are a guest in this workspace|^There is no INC-0 that you can see/),
      ]);
    expect([await timeline(), await posts('INC-0')]).toEqual(before);
  });

  test('a button is looked at like the line: whoever clicks it is asked, and not who was shown it', async () => {
    await type('bo', 'publish monitoring It recovers.');
    interface Shown {
      ephemerals: Array<{
        ts: string;
        blocks?: Array<{ elements?: Array<{ action_id?: string; value?: string }> }>;
      }>;
    }
    const { ephemerals } = await walk.control<Shown>('state?user=bo');
    const shown = ephemerals.at(-1);
    const value = (shown?.blocks ?? [])
      .flatMap(({ elements = [] }) => elements)
      .find(({ action_id }) => action_id === 'publish')?.value;
    expect(value).toEqual(expect.any(String));
    for (const user of ['U0ANA00001', FINN]) await clicks(user, value ?? '');
    await clicks(BO, value ?? '');
    let told = await posts();
    while (told.length < 2) told = await posts();
    // Two others clicked first.
    expect(JSON.stringify(told.at(-1))).toContain(BO);
    expect(told.map(({ text }) => text)).toEqual([
      expect.stringContaining('We know the cause.'),
      expect.stringContaining('It recovers.'),
    ]);
  });

  test('they correct and withdraw what stands there', async () => {
    const n = (await posts()).at(-1)?.n;
    expect(await type('bo', `publish --correct ${n} It recovers slowly. --yes`)).toContain('recorded');
    expect(await type('bo', `publish --withdraw ${n} wrong`)).toContain('recorded');
  });

  test('at the machine it is anybody’s, as every verb there', async () => {
    const made = await walk.tocsin('publish', 'INC-1', 'monitoring', 'From the machine.', '--yes');
    expect([made.code, made.err]).toEqual([0, '']);
    expect((await posts()).at(-1)?.text).toContain('From the machine.');
  });

  test('a token needs the scope, and to be named', async () => {
    const token = async (name: string, scope: string) =>
      (await walk.tocsin('token', 'create', '--name', name, '--scope', scope)).out.trim();
    const ask = async (bearer: string, text: string) => {
      const response = await fetch(`${bot.url}/api/v1/commands`, {
        method: 'POST',
        headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
        body: JSON.stringify({ text }),
      });
      const { error = null } = (await response.json()) as { error?: string };
      return [response.status, error];
    };
    const words = 'publish INC-1 monitoring From a program. --yes';
    const herald = await token('herald', 'publish');
    expect(await ask(await token('clerk', 'write'), words)).toEqual([403, 'ONLY_WRITES']);
    expect(await ask(await token('stranger', 'publish'), words)).toEqual([422, 'NOT_PERMITTED']);
    expect(await ask(herald, words)).toEqual([201, null]);
    expect(await ask(herald, 'maintenance From a program --from 2h --to 3h --component API')).toEqual([
      201,
      null,
    ]);
    expect((await posts()).filter(({ text }) => text?.includes('From a program.'))).toHaveLength(1);
  });

  test('who has subscribed stands in no export, and on no page', async () => {
    const address = 'somebody.private@example.org';
    const added = await walk.tocsin('subscribers', 'add', 'email', address, '--component', 'API');
    expect([added.code, added.err]).toEqual([0, '']);
    const hook = await walk.tocsin('subscribers', 'add', 'webhook', 'https://private.example.org/hook');
    expect([hook.code, hook.err]).toEqual([0, '']);
    const [, secret = 'none'] = /(whsec_\S+)/.exec(hook.out) ?? [];
    expect(await type('bo', 'publish resolved All is well. --yes')).toContain('recorded');
    for (;;) if ((await page('/incidents/INC-1')).includes('All is well.')) break;
    const theirs = [address, 'somebody.private', 'private.example.org', secret, added.out.trim()];
    for (const ref of ['INC-1', 'INC-0'])
      for (const format of FORMATS) {
        const { out, code } = await walk.tocsin('export', ref, '--format', format);
        expect([ref, format, code, theirs.filter((text) => out.includes(text))]).toEqual([
          ref,
          format,
          0,
          [],
        ]);
      }
    for (const path of ['', '/incidents/INC-1', '/api/v2/summary.json', '/feed.atom']) {
      const text = await page(path);
      expect([path, theirs.filter((one) => text.includes(one))]).toEqual([path, []]);
    }
    expect(theirs.filter((text) => bot.log().includes(text))).toEqual([]);
  });
});

/** A click as Slack would deliver it, with a value that was shown to somebody else. */
async function clicks(user: string, value: string): Promise<void> {
  const payload = {
    ...{ type: 'block_actions', team: { id: 'T0SANDBOX1' }, user: { id: user, team_id: 'T0SANDBOX1' } },
    ...{ channel: { id: channel }, container: { type: 'message', channel_id: channel }, response_url: '' },
    ...{ trigger_id: '1.2.3', api_app_id: 'A0', token: '', is_enterprise_install: false, enterprise: null },
    actions: [{ type: 'button', action_id: 'publish', block_id: 'b', value, action_ts: '1.000001' }],
  };
  const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  const at = String(Math.floor(Date.now() / 1000));
  const signature = createHmac('sha256', walk.slack.signingSecret).update(`v0:${at}:${body}`).digest('hex');
  const response = await fetch(`${bot.url}/slack/events`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': at,
      'x-slack-signature': `v0=${signature}`,
    },
    body,
  });
  expect(response.status).toBe(200);
}
