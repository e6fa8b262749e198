import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { VERBS } from '#domain/command/verbs.js';
import { openStore } from '#store/store.js';
import { hashOfToken } from '#web/auth.js';
import { EXPORT_FILES, signedPath } from '#web/exports.js';
import { alertmanagerAlert, alertmanagerBody } from '../alerts/kit.js';
import { until } from '../support/until.js';
import {
  type Door,
  known as knownDoors,
  LINES,
  lineDoor,
  listened,
  pressedDoors,
  startDoors,
  toldBy,
} from './doors.js';
import { type BotHere, pause, startWalk, type Walk } from './kit.js';

// Who may do what, with the real bot and people of every kind: ana, bo and chen are full members, finn is a guest.
let walk: Walk;
let bot: BotHere;
const HOOK = 'a-token-of-the-walk-0123456789';
const PUBLIC_URL = 'https://tocsin.example';
const ENVIRONMENT = { PUBLIC_URL };
const SETTINGS = `announce: incidents
components: [Checkout]
secrets: { am: file:am.secret }
alerts:
  sources: { am: { type: alertmanager, secrets: [secret:am] } }
  rules:
    - name: quiet
      group_by: [service]
      open: { title: "Zanzibar takeover", severity: sev2, components: [Obsidian], private: true, people: [U0ANA00001] }
status: { title: Example, components: [{ name: Checkout }] }
`;
const REFUSED = /is for the lead|is for full members/;

beforeAll(async () => {
  walk = await startWalk();
  await writeFile(join(walk.folder, 'am.secret'), HOOK);
  await writeFile(
    join(walk.folder, 'tocsin.yml'),
    SETTINGS.replace('file:am.secret', `file:${join(walk.folder, 'am.secret')}`),
  );
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
  bot = await walk.here({}, ENVIRONMENT);
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
    bot = await walk.here({}, ENVIRONMENT);
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
    return tab(user, wanted);
  }
  /** The same without opening it: what came of a press is gone when it is opened again. */
  async function tab(user: string, wanted: string): Promise<string> {
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
    expect(await tab('ana', 'recorded')).toContain(`item:done:${open.ref.slice(4)}:1`);
    await walk.control('leave', { user: 'ana', channel: hidden.channel });
    while ((await home('ana', 'in sight')).includes('out of sight')) await pause(50);
  });
});

// Whoever is not in a private incident hears of it through no door. INC-P is it: opened by an alert, with all that an incident
// may have; INC-Q is public; and of INC-900 there is nothing, so that whoever asks for INC-P must hear what they hear of that.
describe('every door to a private incident', () => {
  const KEY = '"private service=zeppelin"';
  const NOBODYS = 900;
  const ids: Record<string, string> = {
    ...{ bo: 'U0BO000002', chen: 'U0CHEN0003', finn: 'U0FINN0006', eva: 'U0EVA00005', rob: 'U0BOT00000' },
    ...{ gus: 'U0GUS00007', mia: 'U0MIA00008', otto: 'U0OTTO0009', hal: 'U0HAL00010' },
  };
  const OUTSIDERS = ['bo', 'chen', 'gus', 'hal', 'finn', 'mia', 'otto', 'eva', 'rob'];
  /** Who hears the same as others of what there is not. */
  const KINDS: Record<string, string> = {
    finn: 'guest',
    mia: 'another guest',
    otto: 'outside',
    eva: 'gone',
    rob: 'bot',
  };
  const heardOfNone = new Map<string, Promise<string>>();
  /** What stands in it, and nowhere else: whoever was paged may know that there is one, and no more. */
  const WORDS = /zanzibar|takeover|quagmire|obsidian|overturn|zeppelin/i;
  let doors: Awaited<ReturnType<typeof startDoors>>;
  let [p, q] = [0, 0];
  let channelP = '';
  let tells = /never/;
  let client: pg.Client;
  const facts = async (incident: number): Promise<number> =>
    (await client.query<{ n: number }>('select count(*)::int as n from fact where incident = $1', [incident]))
      .rows[0]?.n ?? 0;

  beforeAll(async () => {
    client = new pg.Client(walk.database.config);
    await client.connect();
    await walk.control('user/join', { id: ids.gus, name: 'gus' });
    await walk.control('user/join', { id: ids.hal, name: 'hal' });
    await walk.control('user/join', { id: ids.mia, name: 'mia', is_restricted: true });
    await walk.control('user/join', { id: ids.otto, name: 'otto', team_id: 'T0ANOTHER1' });
    for (const user of ['gus', 'hal', 'mia', 'otto'])
      await walk.control('join', { user, channel: 'general' });
    doors = await startDoors(`http://127.0.0.1:${walk.port}`, walk.slack.signingSecret);
    const open = await opened('sev3 In plain view', 'dana');
    q = Number(open.ref.slice(4));
    const alert = alertmanagerAlert({
      labels: { alertname: 'Quagmire', service: 'zeppelin', severity: 'critical' },
    });
    await until('the alert is taken', async () => {
      const { status } = await fetch(`${bot.url}/hooks/am`, {
        ...{ method: 'POST', headers: { authorization: `Bearer ${HOOK}` } },
        body: JSON.stringify(alertmanagerBody([alert])),
      });
      return status === 202;
    });
    const made = await walk.until('its channel', ({ channels }) =>
      channels.find(
        ({ name, pins, members }) =>
          name.endsWith('zanzibar-takeover') && pins.length > 0 && members.length > 1,
      ),
    );
    [p, channelP] = [Number(/^inc-(\d+)/.exec(made.name)?.[1]), made.id];
    tells = new RegExp(`INC-${p}\\b|inc-${p}-|${channelP}|${WORDS.source}`, 'i');
    const type = async (text: string, by = 'ana') => {
      const said = (await walk.type(by, channelP, text)).text;
      expect([text, said]).toEqual([text, expect.stringContaining('recorded')]);
    };
    await type('note quagmire of papers');
    await type('invite @dana @bo @chen');
    for (const name of ['dana', 'bo', 'chen']) await walk.until(`${name} is in`, await isIn(channelP, name));
    await type('lead @dana');
    await type('action overturn the papers @bo --due 3d');
    await type('action overturn the rest @chen');
    await type('bridge https://meet.example/zeppelin');
    await type('run look n=77');
    await walk.until('the plan', (state) =>
      JSON.stringify(state.channels.find((one) => one.id === channelP)?.messages ?? []).includes(
        'Needs 1 approval',
      ),
    );
    await type('page @hal overturn it');
    await walk.until('hal is paged', ({ channels }) =>
      channels.some(({ messages }) =>
        messages.some(({ text }) => text.includes('paged for *a private incident*')),
      ),
    );
    // What has been answered once is answered the same again: to those who may hear it.
    for (const door of pressedDoors(p, '').filter(({ name }) => /^remind:(going|snooze)/.test(name)))
      expect(await doors.asks('U0ANA00001', door)).toMatch(/are snoozed|Still going, says/);
    await walk.control('leave', { user: 'bo', channel: channelP });
    await type('uninvite @chen');
    const there = await isIn(channelP, 'chen');
    await walk.until('chen is out', (state) => there(state) === false);
    const left = `select 1 from fact where type = 'PeopleLeft' and incident = $1`;
    await until('it is kept that both went', async () => (await client.query(left, [p])).rowCount === 2);
  });
  afterAll(async () => {
    await doors.stop();
    await client.end();
  });

  /** What a person hears of the one must be what they hear of the other. @returns doors where it is not, or that tell of it */
  async function leaks(who: string, of: (incident: number) => Door[]): Promise<unknown[]> {
    const user = ids[who] ?? who;
    const hears = async (incident: number, door: Door) =>
      toldBy(await doors.asks(user, door)).replaceAll(new RegExp(`INC-${incident}\\b`, 'g'), 'INC-N');
    const none = of(NOBODYS);
    const found: unknown[] = [];
    const kind = KINDS[who] ?? 'member';
    const pairs = of(p).flatMap((door, i) => {
      const other = none[i];
      return other ? [{ door, other }] : [];
    });
    for (let i = 0; i < pairs.length; i += 10)
      await Promise.all(
        pairs.slice(i, i + 10).map(async ({ door, other }) => {
          const one = await hears(p, door);
          // What does not name it is looked at by itself.
          const same = door.name === other.name;
          // Which incidents are offered instead is another's with everybody.
          const name = `${/attach/.test(other.name) ? who : kind} ${other.name}`;
          const nothing = same ? one : (heardOfNone.get(name) ?? hears(NOBODYS, other));
          if (!same) heardOfNone.set(name, Promise.resolve(nothing));
          const two = await nothing;
          // What they typed themselves they knew.
          const own = door.name.match(new RegExp(WORDS.source, 'gi')) ?? [];
          const told = own.reduce((text, word) => text.replaceAll(word, '…'), one);
          if (one !== two || tells.test(told)) found.push([who, door.name, one, two]);
        }),
      );
    return found;
  }

  test('all verbs, buttons and forms of the code are tried', () => {
    expect(Object.keys(LINES).sort()).toEqual(VERBS.map(({ name }) => name).sort());
    expect([...knownDoors.actions].sort()).toEqual([...new Set(listened().actions)].sort());
    expect([...knownDoors.views].sort()).toEqual([...new Set(listened().views)].sort());
  });

  test.each(OUTSIDERS)('%s hears nothing by a line, a button or a form', async (who) => {
    const before = await facts(p);
    const beside = { other: `INC-${q}`, key: KEY };
    const lines = (incident: number) =>
      VERBS.flatMap(({ name }) => LINES[name](`INC-${incident}`, beside)).map(lineDoor);
    // Whoever was paged may say that they come.
    const may = ({ name }: Door) => !(who === 'hal' && /^(\/incident ack|page:acknowledge)/.test(name));
    const found = [
      ...(await leaks(who, (incident) => lines(incident).filter(may))),
      ...(await leaks(who, (incident) => pressedDoors(incident, KEY.slice(1, -1)).filter(may))),
    ];
    expect(found).toEqual([]);
    expect(await facts(p)).toBe(before);
  });

  /** Somebody did something: what the bot has done for it is what we look at in the end. */
  test('nor by what Slack tells the bot of them: a mention, a link, the Home tab, a message that is to be noted', async () => {
    const ts = (await walk.control<{ ts: string }>('message', { user: 'bo', channel: 'general', text: 'x' }))
      .ts;
    for (const who of ['bo', 'gus', 'finn']) {
      const user = ids[who] ?? '';
      await doors.event({
        type: 'app_mention',
        user,
        channel: 'C0GENERAL1',
        ts,
        text: `<@U0BOT00000> show INC-${p}`,
      });
      const url = `${PUBLIC_URL}/incidents/INC-${p}/timeline.md`;
      const shared = { channel: 'C0GENERAL1', message_ts: ts, links: [{ domain: 'tocsin.example', url }] };
      await doors.event({
        type: 'link_shared',
        user,
        ...shared,
        unfurl_id: 'x',
        source: 'conversations_history',
      });
      await walk.control('shortcut', { user: who, callback_id: 'add_to_timeline', channel: 'general', ts });
      await walk.control('home', { user: who });
      const seen = () => walk.control<{ homes: object[]; views: object[] }>(`state?user=${who}`);
      const { homes } = await until('the Home tab', async () => {
        const shown = await seen();
        return shown.homes.length > 0 && shown;
      });
      expect(JSON.stringify(homes)).not.toMatch(tells);
      expect(JSON.stringify((await seen()).views)).not.toMatch(tells);
    }
  });

  test('programs hear nothing without a token for what is private; of the public nobody does', async () => {
    const store = openStore(walk.database.config, () => {});
    const team = (await client.query<{ team: string }>('select team from fact limit 1')).rows[0]?.team ?? '';
    const tokens: Record<string, Partial<Parameters<typeof store.tokens.create>[0]>> = {
      ...{ reads: { scope: 'read' }, writes: { scope: 'write' }, publishes: { scope: 'publish' } },
      ...{ administers: { scope: 'admin' }, ofAna: { scope: 'write', owner: 'U0ANA00001' } },
      ...{ ofBo: { scope: 'publish', owner: ids.bo }, ofFinn: { scope: 'write', owner: ids.finn } },
      inside: { scope: 'read', private: true },
    };
    for (const [name, more] of Object.entries(tokens))
      await store.tokens.create({
        ...{ team, name, hash: hashOfToken(name), scope: 'read', private: false, ...more },
      });
    await store.close();
    const url = `http://127.0.0.1:${walk.port}`;
    const plain = (text: string, incident: number) => text.replaceAll(`INC-${incident}`, 'INC-N');
    const gets = async (path: (incident: number) => string, incident: number, token: string | null) => {
      const headers = token === null ? undefined : { authorization: `Bearer ${token}` };
      const response = await fetch(`${url}${path(incident)}`, { ...(headers && { headers }) });
      return `${response.status} ${plain(await response.text(), incident)}`;
    };
    const posts = async (text: string, incident: number, token: string) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const response = await fetch(`${url}/api/v1/commands`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ text }),
      });
      return `${response.status} ${plain(await response.text(), incident)}`;
    };
    const found: unknown[] = [];
    const beside = { other: `INC-${q}`, key: KEY };
    for (const token of [null, 'nobody', ...Object.keys(tokens)]) {
      for (const file of Object.values(EXPORT_FILES)) {
        const path = (incident: number) => `/incidents/INC-${incident}/${file}`;
        const [one, two] = [await gets(path, p, token), await gets(path, NOBODYS, token)];
        if (token === 'inside') expect(one).toMatch(/^200 /);
        else if (one !== two || tells.test(one)) found.push([token, file, one, two]);
      }
      if (token === null || token === 'inside') continue;
      // What each scope may is for one of them to try in full.
      const verbs = token === 'publishes' || token === 'ofBo' ? VERBS : VERBS.filter(({ looks }) => looks);
      for (const line of verbs.flatMap(({ name }) => LINES[name](`INC-${p}`, beside))) {
        if (/^(maintenance|mute|help|open)/.test(line)) continue;
        const [one, two] = await Promise.all([
          posts(line, p, token),
          posts(line.replaceAll(new RegExp(`INC-${p}\\b`, 'g'), `INC-${NOBODYS}`), NOBODYS, token),
        ]);
        const own = line.match(new RegExp(WORDS.source, 'gi')) ?? [];
        const told = own.reduce((text, word) => text.replaceAll(word, '…'), one);
        if (one !== two || tells.test(told)) found.push([token, line, one, two]);
      }
    }
    expect(found).toEqual([]);

    const link = (user: string) =>
      signedPath(
        'a secret for tests only, 32 bytes',
        { team, incident: p, user, file: 'timeline.md', expires: Math.floor(Date.now() / 1_000) + 600 },
        'UTC',
      );
    expect(await gets(() => link('U0ANA00001'), p, null)).toMatch(/^200 .*quagmire/s);
    for (const who of OUTSIDERS) expect(await gets(() => link(ids[who] ?? ''), p, null)).toMatch(/^404 /);

    expect(
      (await walk.type('ana', channelP, 'publish identified We look into sign-ins. --yes')).text,
    ).toContain('recorded');
    await until('the public is told', async () =>
      (await gets(() => '/status', p, null)).includes('We look into sign-ins.'),
    );
    const pages = [
      '',
      '/history',
      '/feed.atom',
      '/incidents/INC-1',
      ...['summary', 'incidents', 'incidents/unresolved'].map((name) => `/api/v2/${name}.json`),
    ];
    for (const path of [
      ...pages.map((page) => `/status${page}`),
      '/metrics',
      '/healthz',
      '/readyz',
      '/incidents',
      '/api/v1/openapi.json',
    ])
      expect([path, await gets(() => path, 0, null)]).toEqual([path, expect.not.stringMatching(tells)]);
  });

  test('and Slack was told nothing of it but where it is', async () => {
    const { calls } = await walk.control<{ calls: Array<{ method: string; args: Record<string, unknown> }> }>(
      'log',
    );
    const directs = await walk.state();
    const inside = new Set([channelP, 'U0ANA00001', 'U0DANA0004']);
    for (const { id, members } of directs.channels)
      if (
        id.startsWith('D') &&
        members.every((one) => ['U0ANA00001', 'U0DANA0004', 'U0BOT00000'].includes(one))
      )
        inside.add(id);
    const strange = calls.filter(({ method, args }) => {
      const said = toldBy(JSON.stringify(args)).replaceAll(`There is no INC-${p} that you can see.`, '');
      return (
        tells.test(said) &&
        !inside.has(String(args.channel ?? args.user_id)) &&
        !['conversations.create', 'calls.add'].includes(method)
      );
    });
    expect(strange.map(({ method, args }) => [method, JSON.stringify(args).slice(0, 600)])).toEqual([]);
  });

  test('nor by what is opened beside it', async () => {
    for (const by of ['gus', 'bo']) {
      const said = await walk.type(by, 'general', 'open sev4 The zanzibar takeover --component Obsidian');
      expect(said.text).toMatch(/recorded/);
      expect(said.text).not.toMatch(new RegExp(`INC-${p}\\b|Perhaps related:\\nINC-${p}`));
    }
  });

  test('in a public one, whoever is no full member is told so by every button and form, but those that record', async () => {
    const limited = ['finn', 'otto', 'eva', 'rob'];
    // And those that only look, are about none, or tell directly.
    const RECORDS =
      /^(cancel|publish:edit|page:open|home:|item:|head:note|form (open|which|note|log|attach)|(choose|next):.*"(note|note x|show|timeline)")/;
    const { channels } = await walk.state();
    const channel = channels.find(({ name }) => name.startsWith(`inc-${q}-`))?.id;
    for (const who of limited) await walk.control('join', { user: ids[who], channel });
    const told: unknown[] = [];
    for (const who of limited)
      await Promise.all(
        pressedDoors(q, 'x').map(async (door) => {
          const said = toldBy(await doors.asks(ids[who] ?? '', door));
          if (RECORDS.test(door.name)) return;
          if (
            !/you are a guest|you are of another workspace|a bot is nobody|that account is deactivated/.test(
              said,
            )
          )
            told.push([who, door.name, said.slice(0, 300)]);
        }),
      );
    expect(told).toEqual([]);
    const { rows } = await client.query<{ type: string }>(
      `select distinct type from fact where incident = $1 and body::jsonb #>> '{by,id}' = any($2)`,
      [q, limited.map((who) => ids[who])],
    );
    expect(rows.map(({ type }) => type).sort()).toEqual(['MessageCaptured', 'NoteRecorded']);
  });
});
