import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { freePort } from '../support/wire.js';
import { type BotHere, startWalk, type Walk } from './kit.js';

// Who may do what, tried at every front, with a rule of tocsin.yml that names a role, people of whom the bot has heard
// nothing, and people who have gone since: ana, bo, chen, dana are full members; gil, gina, gus and gwen are guests.
let walk: Walk;
let bot: BotHere;
let env: Record<string, string>;
const GUESTS = ['gil', 'gina', 'gus', 'gwen'];

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
  - { id: pause, uses: wait, with: { for: 1s } }
`,
  );
  await writeFile(
    join(walk.folder, 'tocsin.yml'),
    `roles: [lead, comms]
permissions:
  export: { from: [comms] }
paging:
  policies: { sre: { steps: [{ notify: ["@sre"], wait: 5s }] } }
  by_severity: { sev1: sre }
`,
  );
  // Slack tells neither who is new nor who there is: the bot meets them one by one.
  await walk.control('settings', { retry_scale: 0 });
  for (const [i, name] of GUESTS.entries())
    await walk.control('user/join', { id: `U0GUEST000${i}`, name, is_restricted: true });
  for (const user of GUESTS) await walk.control('join', { user, channel: 'general' });
  await walk.control('fault', { method: 'users.list', kind: 'error', value: 'internal_error', times: 99 });
  const port = await freePort();
  const more = { TOCSIN_CONFIG: join(walk.folder, 'tocsin.yml'), PUBLIC_URL: `http://127.0.0.1:${port}` };
  env = { ...walk.environment, ...more };
  // The sandbox tells events to the port of the walk; the bot listens there.
  bot = await walk.here({}, { ...more, PUBLIC_URL: 'http://public.example' });
});
afterAll(() => walk.end());

async function opened(text: string, by = 'ana'): Promise<{ ref: string; channel: string }> {
  const said = await walk.type(by, 'general', `open ${text}`);
  const ref = /INC-\d+/.exec(said.text)?.[0] ?? '';
  const channel = await walk.until(`the channel of ${ref}`, (state) => {
    const found = state.channels.find((one) => one.name.startsWith(`${ref.toLowerCase()}-`));
    return found && found.pins.length > 0 && found.members.length > 1 && found.id;
  });
  return { ref, channel };
}

const tocsin = (...args: string[]) => walk.verb(args, env);
const made = async (...flags: string[]) => (await tocsin('token', 'create', ...flags)).out.trim();
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const post = async (text: string, token: string) => {
  const answer = await fetch(`${bot.url}/api/v1/commands`, {
    method: 'POST',
    headers: { ...bearer(token), 'content-type': 'application/json' },
    body: JSON.stringify({ text }),
  });
  return { status: answer.status, said: JSON.stringify(await answer.json()) };
};
const get = async (path: string, headers = {}) => {
  const answer = await fetch(`${bot.url}${path}`, { headers });
  return { status: answer.status, said: await answer.text() };
};
const messages = async (channel: string) =>
  (await walk.state()).channels.find((one) => one.id === channel)?.messages ?? [];

describe('somebody of whom nothing is known yet', () => {
  test('is asked about before anything is shown or exported, wherever they ask', async () => {
    const { ref, channel } = await opened('sev3 customers of ours');
    expect((await walk.type('gil', 'general', 'list')).text).not.toContain('customers of ours');
    expect((await walk.type('gina', 'general', `show ${ref}`)).text).toContain(`There is no ${ref}`);
    expect((await walk.type('gus', 'general', `invite ${ref} @bo`)).text).toContain(`There is no ${ref}`);
    // The shortcut would offer the only incident that is open.
    const { ts } = await walk.control<{ ts: string }>('message', {
      user: 'ana',
      channel: 'general',
      text: 'look at this',
    });
    await walk.control('shortcut', { user: 'gwen', channel: 'general', ts, callback_id: 'add_to_timeline' });
    expect((await walk.type('ana', channel, 'timeline')).text).not.toContain('look at this');
  });
});

describe('a rule that names a role', () => {
  const NO = 'Exporting an incident is for the comms';
  test('holds for commands, for programs and for downloads, and for whoever owns a token', async () => {
    const { ref, channel } = await opened('sev3 exports are for comms');
    await walk.type('ana', channel, 'invite @bo');
    const page = `/incidents/${ref}/timeline.md`;
    const anas = await made('--name', 'anas', '--owner', 'U0ANA00001');
    const nobodys = await made('--name', 'nobodys', '--scope', 'read');
    expect((await walk.type('ana', channel, 'export md')).text).toContain(NO);
    expect((await walk.type('ana', channel, 'postmortem')).text).toContain(NO);
    for (const token of [anas, nobodys]) {
      const asked = await post(`export md ${ref}`, token);
      expect([asked.status, asked.said]).toEqual([422, expect.stringContaining(NO)]);
      const loaded = await get(page, bearer(token));
      expect([loaded.status, loaded.said]).toEqual([403, expect.stringContaining(NO)]);
    }
    expect((await get('/incidents/INC-99/timeline.md', bearer(anas))).status).toBe(404);
    expect((await walk.type('ana', channel, 'role comms @ana')).text).toContain('recorded');
    expect((await walk.type('ana', channel, 'export md')).text).toContain('follows as a file');
    expect((await get(page, bearer(anas))).status).toBe(200);
    expect((await get(page, bearer(nobodys))).status).toBe(403);
  });

  test('and for a link that was made for somebody who has it no more, or is no member any more', async () => {
    const { channel } = await opened('sev3 a link');
    await walk.type('ana', channel, 'role comms @chen');
    await walk.control('join', { user: 'chen', channel });
    await walk.control('fault', {
      method: 'files.getUploadURLExternal',
      kind: 'error',
      value: 'file_uploads_disabled',
      times: 9,
    });
    expect((await walk.type('chen', channel, 'export csv')).text).toContain('follows as a file');
    let path = '';
    while (path === '') {
      const link = /<http:\/\/public\.example(\/incidents\/[^|>]*)/.exec(
        JSON.stringify(await messages(channel)),
      );
      path = link?.[1]?.replaceAll('&amp;', '&') ?? '';
    }
    expect((await get(path)).status).toBe(200);
    expect((await get(path.replace('user=U0CHEN0003', 'user=U0ANA00001'))).status).toBe(401);
    await walk.type('ana', channel, 'role comms @ana');
    expect(await get(path)).toMatchObject({ status: 403, said: expect.stringContaining(NO) });
    await walk.type('ana', channel, 'role comms @chen');
    expect((await get(path)).status).toBe(200);
    await walk.control('user', { user: 'chen', deleted: true });
    while ((await get(path)).status === 200);
    expect((await get(path)).status).toBeGreaterThanOrEqual(403);
    await walk.control('user', { user: 'chen', deleted: false });
  });
});

describe('who has gone since', () => {
  async function form(user: string, channel: string): Promise<void> {
    const id = (await walk.state()).users.find((one) => one.name === user)?.id;
    await walk.type(user, channel, 'note');
    await walk.until('a form', (state) =>
      (state as unknown as { views: Array<{ user: string }> }).views.some((view) => view.user === id),
    );
  }
  const submit = (user: string, text: string) =>
    walk.control<{ errors?: Record<string, string> }>('view/submit', { user, values: { text: { text } } });

  test('does not record with a form that was open before', async () => {
    const { ref, channel } = await opened('sev2 quiet matter --private');
    await walk.type('ana', channel, 'invite @bo');
    await walk.until('bo is in', (state) =>
      state.channels.find((one) => one.id === channel)?.members.includes('U0BO000002'),
    );
    await form('bo', channel);
    expect((await submit('bo', 'while in')).errors ?? {}).toEqual({});
    await form('bo', channel);
    await walk.control('leave', { user: 'bo', channel });
    while (!(await walk.type('bo', 'general', `show ${ref}`)).text.includes(`There is no ${ref}`));
    expect(Object.values((await submit('bo', 'long gone')).errors ?? {})).toEqual([
      expect.stringContaining(`There is no ${ref}`),
    ]);
    const shown = (await walk.type('ana', channel, 'timeline')).text;
    expect(shown).toContain('while in');
    expect(shown).not.toContain('long gone');
  });

  test('nor does a guest, in a public one', async () => {
    const { ref, channel } = await opened('sev3 with a vendor');
    await walk.control('join', { user: 'gil', channel });
    await form('gil', channel);
    await walk.control('leave', { user: 'gil', channel });
    while (!(await walk.type('gil', 'general', `show ${ref}`)).text.includes(`There is no ${ref}`));
    expect(Object.values((await submit('gil', 'long gone')).errors ?? {})).toEqual([
      expect.stringContaining(`There is no ${ref}`),
    ]);
    expect((await walk.type('ana', channel, 'timeline')).text).not.toContain('long gone');
  });
});

describe('who is called for', () => {
  interface Direct {
    id: string;
    kind: string;
    messages: Array<{ ts: string; text: string; blocks?: unknown[] }>;
  }
  const paged = async (user: string, ref: string) => {
    const { channels } = await walk.control<{ channels: Direct[] }>(`state?user=${user}`);
    const found = channels.flatMap(({ id, kind, messages }) =>
      kind === 'channel' ? [] : messages.map((message) => ({ channel: id, ...message })),
    );
    return found.filter(({ text }) => text.includes(`*${ref}*`));
  };
  const arrives = async (user: string, ref: string, about: string) => {
    const is = async () => (await paged(user, ref)).find(({ text }) => text.includes(about));
    for (let found = await is(); ; found = await is()) if (found) return found;
  };

  test('is paged for a severity by itself, comes by a button, and everybody sees who; nobody does, and that is said', async () => {
    const { ref, channel } = await opened('sev1 all is red');
    const [{ ts, channel: dm }] = await Promise.all([
      arrives('bo', ref, 'by ana, sre'),
      arrives('chen', ref, 'Press *Acknowledge*'),
    ]);
    const press = { user: 'bo', channel: dm, ts, action_id: 'page:acknowledge', copies: 2 };
    await walk.control('action', press);
    const comes = await arrives('chen', ref, 'bo acknowledged it');
    expect(JSON.stringify(comes.blocks)).toContain('page:open');
    expect(JSON.stringify(comes.blocks)).not.toContain('page:acknowledge');
    await walk.until('bo in the channel', (state) =>
      state.channels.find((one) => one.id === channel)?.members.includes('U0BO000002'),
    );
    const shown = (await walk.type('ana', channel, 'timeline')).text;
    expect(shown.match(/page 1 acknowledged/g)).toHaveLength(1);
    expect((await walk.type('ana', channel, 'ack')).text).toContain('Page 1 was acknowledged at');
    expect((await walk.type('ana', channel, 'page sre')).text).toContain('bo has acknowledged');
    expect((await walk.type('ana', channel, 'show')).text).toContain('page 1 of sre acknowledged by bo');

    // Guests call for nobody.
    await walk.control('join', { user: 'gus', channel });
    let no = (await walk.type('gus', channel, 'page sre help')).text;
    while (no.includes('There is no')) no = (await walk.type('gus', channel, 'page sre help')).text;
    expect(no).toContain('Paging is for full members of the workspace; you are a guest');

    expect((await walk.type('bo', channel, 'page sre --again still red')).text).toContain(
      'page 2: sre (@sre) paged',
    );
    await walk.until('that nobody comes', (state) =>
      state.channels
        .find((one) => one.id === channel)
        ?.messages.some(({ text }) => /page 2: nobody has acknowledged.*<!here>/.test(text)),
    );
    expect((await walk.type('ana', channel, 'resolve')).text).toContain('recorded');
    await arrives('chen', ref, 'It is over');
  });
});

describe('a button in a public channel', () => {
  test('is no proof of being in it: whoever only looks at the channel does not approve', async () => {
    const { channel } = await opened('sev3 looked at from outside');
    await walk.type('ana', channel, 'run look');
    const ts = await walk.until(
      'the plan',
      (state) =>
        state.channels
          .find((one) => one.id === channel)
          ?.messages.find((one) => JSON.stringify(one.blocks ?? []).includes('run:approve'))?.ts,
    );
    const press = async (user: string, action_id: string) => {
      const press = { user, channel, ts, action_id };
      const { delivery } = await walk.control<{ delivery: string }>('action', press);
      const { responses } = await walk.control<{ responses: Array<{ text?: string }> }>(
        `responses?delivery=${delivery}&count=1`,
      );
      return responses.map(({ text }) => text ?? '').join('\n');
    };
    for (const action of ['run:approve', 'run:reject', 'run:cancel'])
      expect([action, await press('dana', action)]).toEqual([
        action,
        expect.stringContaining('you are not in that channel'),
      ]);
    await walk.control('join', { user: 'dana', channel });
    // Who came in a moment ago counts as in it two seconds later at most, where Slack's word of it was missed.
    let said = await press('dana', 'run:approve');
    while (said.includes('you are not in that channel')) said = await press('dana', 'run:approve');
    expect(said).toContain('recorded');
  });
});

describe('who is named', () => {
  let writer: string;
  let ref: string;
  beforeAll(async () => {
    ({ ref } = await opened('sev3 people are named'));
    writer = await made('--name', 'writer', '--scope', 'write');
    await walk.control('user', { user: 'bo', deleted: true });
    while (!(await walk.type('ana', 'general', `action ${ref} x @bo`)).text.includes('deactivated'));
  });

  test('a deactivated account is remarked on at every front', async () => {
    for (const verb of ['lead', 'role comms', 'action call them']) {
      const [word = '', ...rest] = verb.split(' ');
      const slash = `${word} ${ref} ${[...rest, '@bo'].join(' ')}`;
      const others = `${word} ${ref} ${[...rest, '@ana'].join(' ')}`;
      expect([verb, (await walk.type('ana', 'general', slash)).text]).toEqual([
        verb,
        expect.stringContaining('account is deactivated'),
      ]);
      await walk.type('ana', 'general', others);
      expect([verb, (await post(slash, writer)).said]).toEqual([
        verb,
        expect.stringContaining('account is deactivated'),
      ]);
      await walk.type('ana', 'general', others);
      const typed = await tocsin(word, ref, ...rest, '@bo');
      expect([verb, typed.code, typed.out]).toEqual([
        verb,
        0,
        expect.stringContaining('account is deactivated'),
      ]);
    }
  });

  test('a user group is invited from every front; where people are meant it is refused for what it is', async () => {
    expect((await post(`invite ${ref} @sre`, writer)).said).toContain('recorded: @sre invited');
    expect(await tocsin('invite', ref, '@SRE', '@dana')).toMatchObject({
      code: 0,
      out: expect.stringContaining('recorded: @sre, Dana Osei invited'),
    });
    expect(await tocsin('invite', ref, '@S0SRE00001', '@U0CHEN0003')).toMatchObject({ code: 0 });
    for (const verb of [['lead'], ['role', 'comms'], ['action', 'call'], ['uninvite']]) {
      const [word = '', ...rest] = verb;
      const typed = await tocsin(word, ref, ...rest, '@sre');
      expect([verb, typed.code, typed.err]).toEqual([
        verb,
        1,
        expect.stringContaining(`@sre is a user group, and ${word} is about people.`),
      ]);
    }
    const nobody = await tocsin('invite', ref, '@no-such');
    expect(nobody).toMatchObject({
      code: 1,
      err: expect.stringContaining('Nobody here is called “no-such”'),
    });
    expect(nobody.err).not.toContain('could not be found out');
  });

  test('who gives himself a group’s name is not let in for it', async () => {
    await walk.control('user', { user: 'dana', display_name: 'sre' });
    let said = await post(`invite ${ref} @sre`, writer);
    while (said.said.includes('recorded')) said = await post(`invite ${ref} @sre`, writer);
    expect(said.said).toContain('“sre” is the name of a person and of a user group.');
    await walk.control('user', { user: 'dana', display_name: 'Dana Osei' });
    while (!(await post(`invite ${ref} @sre`, writer)).said.includes('recorded'));
  });

  test('where the groups cannot be asked for, that is said, and what to write', async () => {
    const { SLACK_BOT_TOKEN: _, ...without } = env;
    const alone = await walk.verb(['invite', ref, '@sre'], without);
    expect(alone).toMatchObject({ code: 1 });
    expect(alone.err).toContain('could not be found out (SLACK_BOT_TOKEN is not set here)');
    expect(alone.err).toContain('@S012AB3CD for a group');
    await walk.control('fault', {
      method: 'usergroups.list',
      kind: 'error',
      value: 'missing_scope',
      times: 1,
    });
    expect((await tocsin('invite', ref, '@sre')).err).toContain('could not be found out (missing_scope)');
  });
});

describe('a channel that people take away', () => {
  const TOCSIN = 'U0BOT00000';
  const heard = (ref: string, words: RegExp) =>
    walk.until(`ana hears of ${ref} directly`, ({ channels }) =>
      channels.find((one) => {
        const { kind } = one as typeof one & { kind?: string };
        return kind === 'im' && one.messages.some(({ text }) => text.includes(ref) && words.test(text));
      }),
    );
  test.each([
    ['the bot is removed, and let in again', 'leave', 'join', { user: TOCSIN }],
    ['archived, and taken out of the archive', 'channel/archive', 'channel/archive', { user: 'ana' }],
  ])('%s: what was recorded meanwhile is there then, once and in order', async (_, take, giveBack, by) => {
    const { ref, channel } = await opened(`sev3 taken by ${take.replace('/', ' ')}`);
    await walk.control(take, { ...by, channel });
    for (const words of ['first', 'second', 'third'])
      expect((await walk.type('ana', 'general', `note ${ref} ${words} word`)).text).toContain('recorded');
    await heard(ref, /\/invite @tocsin/);
    await walk.control(giveBack, { ...by, channel, ...(take === giveBack && { remove: true }) });
    await walk.until('the last of them', ({ channels }) =>
      channels.find((one) => one.id === channel)?.messages.some(({ text }) => text.includes('third word')),
    );
    const said = (await messages(channel)).map(({ text }) => text).join('\n');
    expect(said.match(/(first|second|third) word/g)).toEqual(['first word', 'second word', 'third word']);
  });

  test('deleted: recording goes on, and who opened it hears that the channel is gone', async () => {
    const { ref, channel } = await opened('sev3 taken for good');
    await walk.control('channel/delete', { user: 'ana', channel });
    expect((await walk.type('ana', 'general', `note ${ref} gone word`)).text).toContain('recorded');
    await heard(ref, /deleted/);
    expect((await walk.type('ana', 'general', `timeline ${ref}`)).text).toContain('gone word');
    expect((await walk.type('ana', 'general', `resolve ${ref}`)).text).toContain('recorded');
  });
});

// Last: Slack's clock is wound on.
describe('who comes late, and who goes', () => {
  test('the one is told alone how it stands, of the other the channel is told, and somebody takes over', async () => {
    const { ref, channel } = await opened('sev2 tokens are refused');
    await walk.type('ana', channel, 'lead @chen');
    await walk.type('ana', channel, 'cause the keys do not match');
    await walk.control('clock', { advance_ms: 600_000 });
    await walk.control('join', { user: 'gina', channel });
    const told = await walk.until('what gina is told', (state) =>
      (state as unknown as { ephemerals: Array<{ user: string; text: string }> }).ephemerals.find(
        ({ user, text }) => user === 'U0GUEST0001' && text.includes(`${ref}: tokens are refused`),
      ),
    );
    expect(told.text).toContain('cause the keys do not match');
    await walk.control('user', { user: 'chen', deleted: true });
    const ts = await walk.until('the word of chen', (state) => {
      const found = state.channels.find((one) => one.id === channel);
      return found?.messages.find(({ text }) => text.includes('who is *lead* here, was deactivated'))?.ts;
    });
    await walk.control('action', { user: 'ana', channel, ts, action_id: 'role:take:lead' });
    await walk.until('the entry of the new lead', (state) => {
      const found = state.channels.find((one) => one.id === channel);
      return found?.messages.some(({ text }) => /_role_ lead: ana/i.test(text));
    });
    await walk.control('user', { user: 'chen', deleted: false });
  });
});
