import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type BotProcess, startWalk, type Walk } from './kit.js';

// One incident from `open` to its exports, in both of Slack's transports, with the bot as a real process.
describe.each([
  { transport: 'HTTP', socket: false },
  { transport: 'Socket Mode', socket: true },
])('over $transport', ({ socket }) => {
  let walk: Walk;
  let bot: BotProcess;
  let channel: string;

  beforeAll(async () => {
    walk = await startWalk({ socket });
    bot = await walk.bot();
  });
  afterAll(() => walk.end());

  /** What ana alone is shown; a busy machine may show it later than the answer. */
  const told = async () =>
    (await walk.control<{ ephemerals: Array<{ ts: string; text: string }> }>('state')).ephemerals;
  const shown = (begins: string) =>
    walk.until(
      begins,
      (state) =>
        (state as unknown as { ephemerals: Array<{ ts: string; text: string }> }).ephemerals.findLast(
          ({ text }) => text.startsWith(begins),
        )?.ts,
    );

  test('open: INC-1 at once, the channel follows with its opener in it', async () => {
    const said = await walk.type(
      'ana',
      'incidents',
      'open sev2 Checkout & <login> fail --component "Payments API"',
    );
    expect(said.text).toMatch(/INC-1 opened and recorded/);
    const made = await walk.until('the channel with its headline', (state) => {
      const ana = state.users.find((user) => user.name === 'ana')?.id ?? '';
      return state.channels.find(
        (one) =>
          one.name === 'inc-1-checkout-login-fail' && one.members.includes(ana) && one.pins.length === 1,
      );
    });
    channel = made.id;
    expect(made.topic).toContain('INC-1');
  });

  test('what is typed in the channel is in the record, and the channel shows it', async () => {
    expect((await walk.type('ana', channel, 'note 01:41 first &amp; failing <requests>')).text).toMatch(
      /#2 recorded/,
    );
    expect((await walk.type('ana', channel, 'status identified keys differ')).text).toMatch(/#3 recorded/);
    expect((await walk.type('ana', channel, 'frobnicate')).text).toMatch(/There is no `?frobnicate/);
    const shown = await walk.until('both entries in the channel', (state) => {
      const messages = state.channels.find((one) => one.id === channel)?.messages ?? [];
      const text = JSON.stringify(messages);
      return text.includes('keys differ') && text.includes('failing') && text;
    });
    // At a state change a copy of the chain's head leaves us.
    expect(shown).toMatch(/[0-9a-f]{64}/);
  });

  test('the same bytes from the command line, the web and Slack', async () => {
    const token = (await walk.tocsin('token', 'create', '--name', 'walk')).out.trim();
    for (const [format, path] of [
      ['md', 'timeline.md'],
      ['json', 'timeline.json'],
      ['csv', 'timeline.csv'],
      ['html', 'timeline.html'],
      ['facts', 'facts.jsonl'],
    ] as const) {
      expect((await walk.type('ana', channel, `export ${format}`)).ok).toBe(true);
      const ending = format === 'facts' ? 'INC-1.facts.jsonl' : `INC-1.${format}`;
      const file = await walk.until(`${ending} in the channel`, (state) =>
        state.files.find((one) => one.name === ending && one.channels.includes(channel)),
      );
      const web = await fetch(`${bot.url}/incidents/INC-1/${path}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      expect(web.status).toBe(200);
      // Bytes, not text: `text()` takes the byte order mark away.
      const bytes = Buffer.from(await web.arrayBuffer()).toString('utf8');
      expect((await walk.tocsin('export', 'INC-1', '--format', format)).out).toBe(bytes);
      expect(file.content).toBe(bytes);
      if (format === 'facts') {
        const path = join(walk.folder, 'facts.jsonl');
        await writeFile(path, bytes);
        expect(await walk.tocsin('verify', path)).toMatchObject({ code: 0 });
        await writeFile(path, bytes.replace('keys differ', 'keys agree!'));
        expect(await walk.tocsin('verify', path)).toMatchObject({ code: 1 });
      }
    }
    expect((await fetch(`${bot.url}/incidents/INC-1/timeline.md`)).status).toBe(401);
  });

  test('summaries and entries are readings: rebuilding them changes nothing', async () => {
    const before = (await walk.tocsin('export', 'INC-1', '--format', 'json')).out;
    expect((await walk.tocsin('rebuild')).out).toMatch(/1 incident rebuilt/);
    expect((await walk.tocsin('export', 'INC-1', '--format', 'json')).out).toBe(before);
    expect((await walk.type('ana', channel, 'note after the rebuild')).text).toMatch(/recorded/);
  });

  test('Slack down is not bot down: the command line records, and the channel shows it', async () => {
    const said = await walk.tocsin('note', 'INC-1', '01:50 UTC', 'typed  at a prompt');
    expect(said).toMatchObject({ code: 0, out: expect.stringMatching(/recorded/) });
    await walk.until('that note in the channel', (state) =>
      JSON.stringify(state.channels.find((one) => one.id === channel)).includes('typed  at a prompt'),
    );
    expect(await walk.tocsin('note', 'INC-9', 'x')).toMatchObject({ code: 1, out: '' });
  });

  test('with two incidents open, the channel says which one is meant; elsewhere both are offered', async () => {
    expect((await walk.type('ana', 'incidents', 'open sev4 Another one')).text).toMatch(/INC-2 opened/);
    expect((await walk.type('ana', channel, 'note belongs to the first')).text).toMatch(
      /^INC-1 #\d+ recorded/,
    );
    const other = await walk.until('the second channel', (state) => {
      const ana = state.users.find((user) => user.name === 'ana')?.id ?? '';
      return state.channels.find((one) => one.name.startsWith('inc-2-') && one.members.includes(ana));
    });
    expect((await walk.type('ana', other.id, 'note belongs to the second')).text).toMatch(
      /^INC-2 #\d+ recorded/,
    );
    const elsewhere = await walk.type('ana', 'incidents', 'note belongs to neither');
    expect(elsewhere.text).not.toMatch(/recorded/);
    expect(elsewhere.text).toMatch(/INC-2.*INC-1/s);
    // A press says which, and does it once, whichever else is pressed.
    const ts = await shown('Which incident?');
    const press = (ref: string) =>
      walk.control('action', { user: 'ana', channel: 'incidents', ts, action_id: `choose:${ref}` });
    await Promise.allSettled(['INC-2', 'INC-1', 'INC-2'].map(press));
    await walk.until('it in a channel', (state) =>
      JSON.stringify(state.channels).includes('belongs to neither'),
    );
    const both = [
      (await walk.type('ana', channel, 'timeline')).text,
      (await walk.type('ana', other.id, 'timeline')).text,
    ].join('\n');
    expect(both.match(/belongs to neither/g)).toHaveLength(1);
    expect((await walk.tocsin('export', 'INC-1', '--format', 'md')).out).not.toContain(
      'belongs to the second',
    );
  });

  test('the command alone says where somebody is and what is next; a mention, where the command is', async () => {
    await walk.control('command', { user: 'ana', channel, command: '/incident', text: '' });
    const ts = await shown('INC-1 Checkout &amp; &lt;login&gt; fail');
    const said = (await told()).find((one) => one.ts === ts)?.text;
    expect(said).toMatch(
      /\nsev2 · identified · nobody leads · open for .*\nYou have no role in it\. Nothing waits for you\.\nNext: /,
    );
    for (let twice = 0; twice < 2; twice++)
      await walk.control('action', { user: 'ana', channel, ts, action_id: 'next:0' });
    await walk.until('the lead in the topic', (state) =>
      state.channels.find((one) => one.id === channel)?.topic.includes('lead ana'),
    );
    expect((await walk.type('ana', channel, 'here INC-1')).text).toContain(
      'You lead it. Nothing waits for you.',
    );
    // At a prompt it is text, alone or of one incident.
    expect((await walk.tocsin()).out).toMatch(/^2 incidents are open\.\nINC-2 .*Next: tocsin here INC-2 · /s);
    expect((await walk.tocsin('here', 'INC-1')).out).toMatch(
      /\nNext: tocsin catchup INC-1 · tocsin note INC-1 TEXT · /,
    );
    await walk.control('message', { user: 'ana', channel, text: '@tocsin status fixed all good' });
    const answer = await shown('I do not act on mentions');
    await walk.control('deliver-again', { kind: 'event', type: 'app_mention', copies: 2 });
    const answers = (await told()).filter(({ text }) => text.startsWith('I do not act on mentions'));
    expect(answers).toMatchObject([
      { ts: answer, text: expect.stringContaining('`/incident status resolved all good`') },
    ]);
  });

  test('it stops when told to, and nothing was logged that should worry anybody', async () => {
    expect(await bot.stop('SIGINT')).toBe(0);
    expect(bot.log()).toBe('');
  });
});
