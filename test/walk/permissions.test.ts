import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { type BotHere, pause, startWalk, type Walk } from './kit.js';

// Who may do what, with the real bot and people of every kind: ana, bo and chen are full members, finn is a guest.
let walk: Walk;
let bot: BotHere;
const REFUSED = /is for the lead|is for full members/;

beforeAll(async () => {
  walk = await startWalk();
  await mkdir(join(walk.folder, 'runbooks'));
  await writeFile(
    join(walk.folder, 'runbooks/look.yml'),
    `name: look
title: Look for a while
inputs:
  n: { type: number, default: 1 }
target: "look:{{ inputs.n }}"
approval: { required: 1 }
steps:
  - id: pause
    uses: wait
    with: { for: 1s }
`,
  );
  bot = await walk.here();
  // The bot has read who everybody is once a guest is known to be one.
  await walk.until('people are known', () => known());
});
afterAll(() => walk.end());

let probes = 0;
async function known(): Promise<boolean> {
  probes += 1;
  return (await walk.type('finn', 'general', `open sev4 a guest's incident ${probes}`)).text.includes(
    'full members',
  );
}

async function opened(text: string, by = 'ana'): Promise<{ ref: string; channel: string }> {
  const said = await walk.type(by, 'general', `open ${text}`);
  const ref = /INC-\d+/.exec(said.text)?.[0] ?? '';
  const channel = await walk.until(`the channel of ${ref}`, (state) => {
    const found = state.channels.find((one) => one.name.startsWith(`${ref.toLowerCase()}-`));
    return found && found.pins.length > 0 && found.members.length > 1 && found.id;
  });
  return { ref, channel };
}

const idOf = async (name: string) => (await walk.state()).users.find((one) => one.name === name)?.id ?? '';
const isIn = async (channel: string, name: string) => {
  const id = await idOf(name);
  return (state: Awaited<ReturnType<Walk['state']>>) =>
    state.channels.find((one) => one.id === channel)?.members.includes(id);
};

describe('a guest', () => {
  test('opens nothing', async () => {
    const said = await walk.type('finn', 'general', 'open sev1 everything is down');
    expect(said.text).toMatch(
      /^Opening an incident is for full members of the workspace; you are a guest in this workspace\./,
    );
  });

  test('reads and notes where they are members, and no more', async () => {
    const { ref, channel } = await opened('sev3 requests fail');
    for (const ask of ['show', 'timeline', 'catchup', 'runs'])
      expect((await walk.type('finn', 'general', `${ask} ${ref}`)).text).toContain(
        `There is no ${ref} that you can see.`,
      );
    expect((await walk.type('finn', 'general', 'list')).text).not.toContain(ref);
    expect((await walk.type('finn', 'general', `note ${ref} from outside`)).text).toContain(
      `There is no ${ref}`,
    );
    await walk.control('join', { user: 'finn', channel });
    expect((await walk.type('finn', channel, 'note the vendor sees it too')).text).toContain('recorded');
    expect((await walk.type('finn', channel, 'show')).text).toContain(ref);
    expect((await walk.type('finn', 'general', `timeline ${ref}`)).text).toContain('the vendor sees it too');
    for (const verb of [
      ...[
        'status identified x',
        'resolve',
        'sev sev1',
        'lead @finn',
        'title x',
        'mark started 01:00',
        'undo',
      ],
      ...[
        'impact x',
        'cause x',
        'action x',
        'invite @bo',
        'uninvite @ana',
        'publish x',
        'export md',
        'postmortem',
      ],
      ...[
        'run look',
        'run look --plan',
        'run no-such-runbook',
        'approve RUN-1',
        'reject RUN-1',
        'cancel RUN-1',
      ],
      ...[
        'approve RUN-1 --break-glass because',
        'retry RUN-1',
        'skip RUN-1 x',
        'undo RUN-1',
        'answer RUN-1 x',
      ],
      ...['edit 1 x', 'time 1 01:00', 'strike 1 x', 'component add X', 'done 1', 'reopen x'],
    ]) {
      const said = (await walk.type('finn', channel, verb)).text;
      expect([verb, said]).toEqual([verb, expect.stringMatching(REFUSED)]);
      expect(said).toContain('you are a guest in this workspace');
    }
  });
});

describe('what acts on production', () => {
  test('is for the lead and for full members in the channel; whoever is told no is told where', async () => {
    const { ref, channel } = await opened('sev3 a run is wanted');
    const away = (await walk.type('bo', 'general', `run ${ref} look`)).text;
    expect(away).toMatch(
      /^Running a runbook is for the lead \(nobody yet: `lead @NAME`\), or full members of the workspace who are in #inc-\d+-a-run-is-wanted; you are not in that channel\./,
    );
    expect(away).toContain('join it and type it there');
    expect((await walk.type('ana', channel, 'run look')).text).toContain('recorded');
    await walk.until('the plan', (state) =>
      JSON.stringify(state.channels.find((one) => one.id === channel)?.messages ?? []).includes(
        'Needs 1 approval',
      ),
    );
    expect((await walk.type('bo', 'general', `approve ${ref} RUN-1`)).text).toMatch(REFUSED);
    await walk.control('join', { user: 'bo', channel });
    // In the channel, and typing elsewhere: the channel's own list is looked at.
    expect((await walk.type('bo', 'general', `approve ${ref} RUN-1`)).text).toContain('recorded');
  });

  test('whoever makes himself lead while a plan waits does not agree to it', async () => {
    const { channel } = await opened('sev3 four eyes');
    await walk.control('join', { user: 'bo', channel });
    await walk.type('ana', channel, 'run look n=2');
    await walk.until('the plan', (state) =>
      JSON.stringify(state.channels.find((one) => one.id === channel)?.messages ?? []).includes(
        'Needs 1 approval',
      ),
    );
    expect((await walk.type('bo', channel, 'lead @bo')).text).toContain('recorded');
    expect((await walk.type('bo', channel, 'approve RUN-1')).text).toContain(
      'You have changed who is lead since the plan of RUN-1 was shown',
    );
  });
});

describe('a private incident', () => {
  test('is not for whoever has left its channel, or was taken out', async () => {
    const { ref, channel } = await opened('sev2 quiet matter --private');
    expect((await walk.type('ana', channel, 'invite @bo @chen')).text).toContain('recorded');
    for (const name of ['bo', 'chen']) await walk.until(`${name} is in`, await isIn(channel, name));
    expect((await walk.type('bo', 'general', `show ${ref}`)).text).toContain('quiet matter');
    await walk.control('leave', { user: 'bo', channel });
    // Slack's word of it is on its way.
    while ((await walk.type('bo', 'general', `show ${ref}`)).text.includes('quiet matter')) await pause(20);
    for (const verb of ['show', 'timeline', 'export', 'note', 'invite']) {
      const rest = { export: ' md', note: ' still here', invite: ' @dana' }[verb] ?? '';
      const said = await walk.type('bo', 'general', `${verb} ${ref}${rest}`);
      expect([verb, said.text]).toEqual([
        verb,
        expect.stringContaining(`There is no ${ref} that you can see.`),
      ]);
    }
    expect((await walk.type('bo', 'general', 'list')).text).not.toContain(ref);

    expect((await walk.type('ana', channel, 'uninvite @chen')).text).toContain(
      'removed; the channel follows',
    );
    expect((await walk.type('chen', 'general', `show ${ref}`)).text).toContain(`There is no ${ref}`);
    const there = await isIn(channel, 'chen');
    await walk.until('chen is out', (state) => there(state) === false);
    expect((await walk.type('ana', channel, 'uninvite @chen')).text).toContain('chen is not a member of');
    // Back in by a member's word.
    expect((await walk.type('ana', channel, 'invite @chen')).text).toContain('recorded');
    expect((await walk.type('chen', 'general', `show ${ref}`)).text).toContain('quiet matter');
    const client = new pg.Client(walk.database.config);
    await client.connect();
    const { rows } = await client.query<{ how: string; people: string[] }>(
      `select body::jsonb #>> '{data,how}' as how, body::jsonb #> '{data,people}' as people
       from fact where type = 'PeopleLeft' order by seq`,
    );
    await client.end();
    expect(rows).toEqual([
      { how: 'left', people: ['U0BO000002'] },
      { how: 'removed', people: ['U0CHEN0003'] },
    ]);
  });

  test('nor for whoever left while the bot was not told', async () => {
    const { ref, channel } = await opened('sev2 missed word --private');
    await walk.type('ana', channel, 'invite @bo');
    await walk.until('bo is in', await isIn(channel, 'bo'));
    expect((await walk.type('bo', 'general', `show ${ref}`)).text).toContain('missed word');
    // Every repeat of the event comes while nobody listens, and the invitation is no news any more.
    await bot.stop();
    await walk.control('settings', { retry_scale: 0 });
    await walk.control('leave', { user: 'bo', channel });
    const client = new pg.Client(walk.database.config);
    await client.connect();
    await client.query(
      `update incident set state = jsonb_set(state, '{since}', '{}'), epoch = epoch + 1 where state ->> 'title' = 'missed word'`,
    );
    bot = await walk.here();
    expect((await walk.type('bo', 'general', `show ${ref}`)).text).toContain(`There is no ${ref}`);
    expect((await walk.type('bo', 'general', `note ${ref} x`)).text).toContain(`There is no ${ref}`);
    // What the look at the channel has shown is recorded.
    const left = `select 1 from fact where type = 'PeopleLeft' and incident = $1`;
    while ((await client.query(left, [Number(ref.slice(4))])).rowCount === 0) await pause(50);
    await client.end();
  });
});

describe('buttons, forms and the Home tab', () => {
  interface Seen {
    homes: Array<{ id: string; user: string }>;
    views: Array<{ id: string; callback_id: string }>;
  }
  const seen = (user: string) => walk.control<Seen>(`state?user=${user}`);
  /** What somebody's Home tab holds, once it holds what is waited for. */
  async function home(user: string, wanted: string): Promise<string> {
    await walk.control('home', { user });
    for (;;) {
      const shown = JSON.stringify((await seen(user)).homes);
      if (shown.includes(wanted)) return shown;
      await pause(50);
    }
  }
  const press = (user: string, channel: string, ts: string, action_id: string) =>
    walk.control<{ delivery: string }>('action', { user, channel, ts, action_id });
  const heard = async ({ delivery }: { delivery: string }) =>
    (await walk.control<{ responses: Array<{ text: string }> }>(`responses?delivery=${delivery}&count=1`))
      .responses[0]?.text;
  const headlineOf = (channel: string) =>
    walk.until('the headline', (state) => state.channels.find((one) => one.id === channel)?.pins[0]);

  test('two who press *I lead* at the same moment: one leads, the other is told who; a status that somebody has set since is not undone', async () => {
    const { ref, channel } = await opened('sev3 at once');
    for (const user of ['bo', 'chen']) await walk.control('join', { user, channel });
    const ts = await headlineOf(channel);
    const pressed = await Promise.all(['bo', 'chen'].map((user) => press(user, channel, ts, 'head:take')));
    const told = (await Promise.all(pressed.map(heard))).sort();
    expect(told).toEqual([
      expect.stringMatching(/^INC-\d+ #2 recorded/),
      expect.stringMatching(/^INC-\d+ is in the hands of (bo|chen) as lead by now/),
    ]);

    await press('ana', channel, ts, 'head:status');
    expect((await walk.type('bo', channel, 'resolve')).text).toContain('recorded');
    const sent = await walk.control<{ ok: boolean }>('view/submit', {
      user: 'ana',
      values: { status: { status: 'monitoring' }, text: { text: 'nearly' } },
    });
    expect(sent.ok).toBe(true);
    expect(JSON.stringify((await seen('ana')).views)).toMatch(/resolved \(#3\) by now.*nearly/);
    expect((await walk.type('bo', 'general', `show ${ref}`)).text).toContain('resolved');
    // Sent again, it is meant.
    await walk.control('view/submit', { user: 'ana', values: {} });
    expect((await walk.type('bo', 'general', `show ${ref}`)).text).toContain('monitoring');
    // The guest is told what typing it would tell.
    await walk.control('join', { user: 'finn', channel });
    expect(await heard(await press('finn', channel, ts, 'head:status'))).toMatch(REFUSED);
  });

  test('a message becomes an incident, with it as the first entry; the title is its first line', async () => {
    const said = await walk.control<{ ts: string }>('message', {
      ...{ user: 'bo', channel: 'general', text: 'checkout answers 500 for all\nsince the deploy' },
    });
    await walk.control('shortcut', {
      ...{ user: 'ana', callback_id: 'declare_from_message', channel: 'general', ts: said.ts },
    });
    await walk.control('view/submit', { user: 'ana', values: { severity: { severity: 'sev2' } } });
    const list = (await walk.type('ana', 'general', 'list')).text;
    const ref = /(INC-\d+) sev2 investigating: checkout answers 500 for all/.exec(list)?.[1] ?? '';
    const client = new pg.Client(walk.database.config);
    await client.connect();
    const { rows } = await client.query(
      'select n, kind, text, link from entry where incident = $1 order by n',
      [Number(ref.slice(4))],
    );
    await client.end();
    expect(rows).toEqual([
      { n: 1, kind: 'opened', text: 'checkout answers 500 for all', link: null },
      {
        ...{ n: 2, kind: 'message', text: 'checkout answers 500 for all\nsince the deploy' },
        link: expect.stringMatching(/^http/),
      },
    ]);
    await walk.control('shortcut', {
      ...{ user: 'finn', callback_id: 'declare_from_message', channel: 'general', ts: said.ts },
    });
    expect((await seen('finn')).views).toEqual([]);
  });

  test('Home shows everybody their own: what is private to its members alone, to a guest what they are in', async () => {
    const open = await opened('sev3 in sight');
    const hidden = await opened('sev2 out of sight --private');
    for (const { channel } of [open, hidden]) await walk.type('ana', channel, 'action do it @ana');
    await walk.type('ana', open.channel, 'run look n=3');
    await walk.control('join', { user: 'bo', channel: open.channel });
    await walk.until('the plan', (state) =>
      JSON.stringify(state.channels.find((one) => one.id === open.channel)?.messages ?? []).includes(
        'Needs 1 approval',
      ),
    );

    const anas = await home('ana', 'out of sight');
    expect(anas).toContain('in sight');
    expect(anas).toContain(`item:done:${hidden.ref.slice(4)}:1`);
    // She asked for that run, and does not agree with herself.
    expect(anas).not.toContain('wants your approval');
    const bos = await home('bo', 'wants your approval');
    expect(bos).toContain('Declare an incident');
    expect(bos).not.toContain('out of sight');

    expect(await home('finn', 'no others are shown to you')).not.toMatch(/in sight|Declare an incident/);
    await walk.control('join', { user: 'finn', channel: open.channel });
    expect(await home('finn', 'in sight')).not.toMatch(
      /out of sight|Declare an incident|wants your approval/,
    );

    const view_id = (await seen('ana')).homes[0]?.id;
    const action_id = `item:done:${hidden.ref.slice(4)}:1`;
    await walk.control('action', { user: 'ana', view_id, action_id });
    expect(await home('ana', 'recorded')).toContain(`item:done:${open.ref.slice(4)}:1`);
    await walk.control('leave', { user: 'ana', channel: hidden.channel });
    while ((await home('ana', 'in sight')).includes('out of sight')) await pause(50);
  });
});
