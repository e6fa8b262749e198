import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createAnswer } from '#answer/answer.js';
import { answerAsk } from '#answer/questions.js';
import { plain } from '#domain/command/entered.js';
import type { Asking } from '#domain/incident/intent.js';
import { createRead } from '#read/read.js';
import { ANA, type Kit, startKit } from './kit.js';
import { asksForRun, HASH, hasPlan } from './run-given.js';

// Whoever waits for something is told when it does not come; `show`, `list` and `deliveries` agree about it.
let kit: Kit;
beforeAll(async () => {
  kit = await startKit({ announce: 'incidents' });
  await kit.act('join', { user: 'U0BOT00000', channel: 'incidents' });
});
beforeEach(async () => {
  await kit.act('fault/clear', {});
  kit.world.org = { ...kit.world.org, announce: 'incidents' };
});
afterAll(() => kit.stop());

async function ask(type: 'show' | 'list', incident: number): Promise<string> {
  const asking = {
    team: 'T1',
    by: ANA,
    source: 'slack' as const,
    key: null,
    now: new Date(),
    seesPrivate: true,
  };
  const seen = await answerAsk(createRead(kit.store), { type }, incident, asking, 'UTC', '/incident');
  return seen.kind === 'text' ? seen.text : JSON.stringify(seen);
}

/** What somebody is told who types a line about an incident. */
async function types(line: string, more: Partial<Asking> = {}) {
  const { handle } = kit;
  const ports = {
    handle,
    read: createRead(kit.store),
    roles: ['lead'],
    components: [],
    command: '/incident',
  };
  return createAnswer(ports)({
    entered: plain(line),
    implied: null,
    asking: {
      ...{ team: 'T1', by: ANA, source: 'slack', key: null, now: new Date(), seesPrivate: true },
      ...more,
    },
    zone: 'UTC',
    zoneKnown: true,
  });
}

/** What the bot said to somebody alone, in a channel. */
const whispered = async (channel: string, about: string) =>
  (await kit.calls('chat.postEphemeral')).filter(
    ({ args, answer }) => answer.ok === true && args.channel === channel && String(args.text).includes(about),
  );

/** What the bot said to somebody directly. */
async function direct(user: string, about: string): Promise<string[]> {
  await kit.act('dm', { user });
  const response = await fetch(`${kit.sandbox.url}/control/state?user=${user}`);
  const { channels } = (await response.json()) as {
    channels: Array<{ kind: string; messages: Array<{ text: string }> }>;
  };
  return channels
    .filter(({ kind }) => kind !== 'channel')
    .flatMap(({ messages }) => messages.map(({ text }) => text))
    .filter((text) => text.includes(about));
}

const announced = async (incident: number, about = `*INC-${incident}*`) =>
  ((await kit.channels()).find((one) => one.name === 'incidents')?.messages ?? [])
    .map(({ text }) => text)
    .filter((text) => text.includes(about));
const posts = async (incident: number) => (await kit.said(incident)).slice(1).map(({ text }) => text);
const standing = async (title = 'Strange'): Promise<number> => {
  const incident = await kit.opens(title);
  await kit.pays(incident);
  return incident;
};

describe('a channel that cannot be made', () => {
  const codes = [
    'restricted_action',
    'missing_scope',
    'no_permission',
    'user_is_restricted',
    'never_seen_code',
  ];
  test.each(codes)('%s: announced, told, named, recorded, and made with all that is owed', async (code) => {
    const incident = await kit.opens('No room', { severity: 'sev1' });
    await kit.fault('conversations.create', 'error', code, 99);
    await kit.notes(incident, 'kept meanwhile');
    await kit.says({ type: 'AssignRole', role: 'lead', person: ANA }, incident);
    await kit.pays(incident);
    const [line] = await announced(incident);
    expect(line).toContain('no channel yet');
    const [told, ...more] = await direct('ana', `*INC-${incident}*`);
    expect(more).toEqual([]);
    expect(told).toContain(code);
    expect(told).toContain(`/incident note INC-${incident} TEXT`);
    expect(told).toContain('tocsin deliveries retry');
    expect(await ask('show', incident)).toMatch(
      new RegExp(`channel: none, Slack said ${code}.*deliveries retry all`),
    );
    expect(await ask('list', incident)).toContain(`no channel (${code})`);
    const dead = await kit.store.outbox.dead('T1', incident);
    expect(dead.map((row) => row.effect.kind)).toEqual(['channel.open']);

    // What happens meanwhile reaches those who read announcements.
    await kit.says({ type: 'ChangeStatus', status: 'identified', moment: null, text: null }, incident);
    await kit.pays(incident);
    expect((await announced(incident))[0]).toMatch(new RegExp(`identified.*Slack said ${code}`));

    await kit.act('fault/clear', {});
    expect(await kit.retries()).toBe(1);
    await kit.pays(incident);
    const channel = await kit.channel(incident);
    expect(channel.members).toContain(ANA.id);
    expect((await posts(incident)).join()).toContain('kept meanwhile');
    expect(JSON.stringify(await kit.said(incident))).toContain('identified');
    expect(await announced(incident)).toEqual([expect.stringContaining(`<#${channel.id}>`)]);
    expect(await ask('show', incident)).toContain(`channel: #${channel.name}`);
    expect((await kit.rows(incident)).every((row) => row.done)).toBe(true);
  });

  test('every name taken: told too', async () => {
    const incident = await kit.opens('Taken');
    await kit.fault('conversations.create', 'error', 'name_taken', 99);
    await kit.pays(incident);
    expect((await direct('ana', `*INC-${incident}*`))[0]).toContain('name_taken: every name for it is taken');
    await kit.act('fault/clear', {});
    await kit.retries();
    await kit.pays(incident);
  });

  test('Slack away is said by `show`, and tried again by itself', async () => {
    const incident = await kit.opens('Away');
    await kit.fault('conversations.create', 'http500', 503, 2);
    await kit.visits(incident);
    expect(await ask('show', incident)).toMatch(
      /channel: not made yet, Slack said http_503; it is tried again/,
    );
    expect(await ask('list', incident)).toContain('no channel yet (http_503)');
    await kit.pays(incident);
    expect(await ask('show', incident)).toContain('channel: #inc-');
  });

  test('glass that is broken is heard where incidents are announced', async () => {
    const incident = await kit.opens('Loud');
    await kit.fault('conversations.create', 'error', 'restricted_action', 99);
    await asksForRun(kit, incident);
    await hasPlan(kit, incident, { required: 2 });
    await kit.says({ type: 'ApproveRun', run: 1, hash: HASH, breakGlass: 'it burns' }, incident);
    await kit.pays(incident);
    expect(await announced(incident, `of INC-${incident} without the agreement`)).toHaveLength(1);
  });
});

const MINUTE = 60_000;
const TOKEN = { id: 'token:pager', name: 'pager' };

describe('a channel that cannot be made is tried again by itself', () => {
  test('every ten minutes at first, told once, and made when it becomes possible', async () => {
    const incident = await kit.opens('Some day');
    await kit.notes(incident, 'kept meanwhile');
    await kit.fault('conversations.create', 'error', 'restricted_action', 99);
    await kit.pays(incident);
    expect(await kit.triesAgain(incident, 9 * MINUTE)).toBe(false);
    const [dead] = await kit.store.outbox.dead('T1', incident);
    expect(Date.parse(String(dead?.again)) - Date.parse(String(dead?.deadAt))).toBe(10 * MINUTE);
    const at = String(dead?.again).slice(11, 16);
    expect(await ask('show', incident)).toContain(`it is tried again by itself, next at ${at} UTC`);
    expect((await direct('ana', `*INC-${incident}*`))[0]).toContain('every ten minutes in the first hour');

    const asked = async () => (await kit.calls('conversations.create')).length;
    const before = await asked();
    expect(await kit.triesAgain(incident, 2 * MINUTE)).toBe(true);
    // On its way it is late for nobody.
    expect(await ask('show', incident)).toContain('not made yet, Slack said restricted_action');
    expect(
      (await kit.store.outbox.late(MINUTE, 9)).lanes.filter(({ lane }) => lane === `T1/INC-${incident}`),
    ).toEqual([]);
    await kit.pays(incident);
    expect(await asked()).toBe(before + 1);
    expect(await ask('show', incident)).toContain('channel: none, Slack said restricted_action');
    expect(await direct('ana', `*INC-${incident}*`)).toHaveLength(1);

    await kit.act('fault/clear', {});
    expect(await kit.triesAgain(incident, 11 * MINUTE)).toBe(true);
    await kit.pays(incident);
    expect((await kit.channel(incident)).members).toContain(ANA.id);
    expect((await posts(incident)).join()).toContain('kept meanwhile');
    expect((await kit.rows(incident)).every((row) => row.done)).toBe(true);
  });

  test('every hour later on, and no more after a week', async () => {
    const opened = async (hours: number) => {
      const now = new Date(Date.now() - hours * 60 * MINUTE);
      const incident = await kit.opens(`Opened ${hours} hours ago`, {}, ANA, { now });
      await kit.pays(incident);
      return incident;
    };
    await kit.fault('conversations.create', 'error', 'no_permission', 99);
    const [yesterday, long] = [await opened(24), await opened(8 * 24)];
    expect(await kit.triesAgain(yesterday, 58 * MINUTE)).toBe(false);
    expect(await ask('show', yesterday)).toContain('tried again by itself');
    expect(await kit.triesAgain(yesterday, 3 * MINUTE)).toBe(true);
    expect(await kit.triesAgain(long, 0)).toBe(false);
    expect(await ask('show', long)).not.toContain('tried again by itself');
    expect((await kit.store.outbox.dead('T1', long))[0]?.again).toBeNull();
    await kit.pays(yesterday);
  });

  test('a code that nobody has told us of is heard once each time, not five times', async () => {
    const incident = await kit.opens('Still strange');
    await kit.fault('conversations.create', 'error', 'brand_new_code', 99);
    await kit.pays(incident);
    const before = (await kit.calls('conversations.create')).length;
    await kit.triesAgain(incident, 11 * MINUTE);
    await kit.pays(incident);
    expect(await kit.calls('conversations.create')).toHaveLength(before + 1);
    expect((await kit.store.outbox.dead('T1', incident))[0]?.error).toBe(
      'conversations.create: brand_new_code (try 5 of 5)',
    );
  });

  test('few at a time, and a time of death that a clock ahead has written does not keep it waiting', async () => {
    await kit.fault('conversations.create', 'error', 'restricted_action', 99);
    const incidents: number[] = [];
    for (let i = 0; i < 7; i++) incidents.push(await kit.opens(`One of many ${i}`));
    for (const incident of incidents) await kit.pays(incident);
    await kit.client.query("update outbox set dead_at = now() + interval '1 day' where dead_at is not null");
    expect(await kit.store.outbox.reviveOpenings(5)).toBe(5);
    await kit.act('fault/clear', {});
    await kit.retries();
    for (const incident of incidents) await kit.pays(incident);
  });
});

describe('who opened it and cannot be told directly', () => {
  const refusing = async (incident: number) => {
    await kit.fault('conversations.create', 'error', 'restricted_action', 99);
    await kit.pays(incident);
  };
  test.each([
    ['conversations.open', 'user_disabled'],
    ['conversations.open', 'cannot_dm_bot'],
    ['conversations.open', 'missing_scope'],
    ['conversations.open', 'never_seen_code'],
    ['chat.postMessage', 'messages_tab_disabled'],
  ])('%s: %s: told where it was typed', async (method, code) => {
    const incident = await kit.opens('Deaf', {}, ANA, { channel: 'C0INCIDENT' });
    // The announcement goes first, where messages are what is refused.
    await kit.act('fault', {
      method,
      kind: 'error',
      value: code,
      times: 9,
      after: method === 'chat.postMessage' ? 1 : 0,
    });
    await refusing(incident);
    const told = await whispered('C0INCIDENT', `*INC-${incident}*`);
    expect(told.map(({ args }) => args.user)).toEqual([ANA.id]);
    expect(String(told[0]?.args.text)).toContain('Slack said restricted_action');
    expect((await kit.rows(incident, 'person.tell')).map(({ done, result }) => [done, result])).toEqual([
      [true, { told: 'typed', refused: { direct: `${method}: ${code}` } }],
    ]);
  });

  test('nor there: whoever leads is told', async () => {
    const incident = await kit.opens('Deafer', {}, ANA, { channel: 'D0OTHERS00' });
    await kit.says({ type: 'AssignRole', role: 'lead', person: { id: 'U0BO000002', name: 'bo' } }, incident);
    await kit.fault('conversations.open', 'error', 'user_disabled');
    await refusing(incident);
    expect((await kit.rows(incident, 'person.tell')).map(({ result }) => result)).toMatchObject([
      { told: 'lead' },
    ]);
    expect(await direct('bo', `*INC-${incident}*`)).toHaveLength(1);
  });

  test('nobody at all: who writes to it next is told, and everything that lists says it', async () => {
    const incident = await kit.opens('Deafest');
    await kit.fault('conversations.open', 'error', 'user_disabled', 9);
    await refusing(incident);
    expect((await kit.rows(incident, 'person.tell'))[0]).toMatchObject({
      done: true,
      result: { told: null },
    });
    const answer = await types(`note INC-${incident} anybody there?`);
    expect(answer).toMatchObject({
      kind: 'recorded',
      remark: `INC-${incident} has no channel: Slack said restricted_action: a setting of this workspace forbids it. \`show INC-${incident}\` says what to do.`,
    });
    // The receipt stays what it is.
    expect(answer.kind === 'recorded' && answer.text).not.toContain('no channel');
    expect(await ask('show', incident)).toContain('channel: none');
    expect(await ask('list', incident)).toContain('no channel (restricted_action)');
    expect((await kit.store.outbox.dead('T1', incident)).map(({ effect }) => effect.kind)).toEqual([
      'channel.open',
    ]);
  });

  test('a program: its owner is told; without one, whoever writes to it next', async () => {
    const owned = await kit.opens('Paged', {}, TOKEN, { source: 'api', owner: ANA });
    await refusing(owned);
    expect(await direct('ana', `*INC-${owned}*`)).toHaveLength(1);
    const nobodys = await kit.opens('Paged too', {}, TOKEN, { source: 'api' });
    await kit.pays(nobodys);
    const api = { by: TOKEN, source: 'api' as const };
    expect(await types(`sev INC-${nobodys} sev2`, api)).toMatchObject({
      remark: expect.stringContaining(`INC-${nobodys} has no channel: Slack said restricted_action`),
    });
    await kit.act('fault/clear', {});
    await kit.retries();
    await kit.pays(nobodys);
    expect(await types(`sev INC-${nobodys} sev3`, api)).not.toHaveProperty('remark');
  });

  test('a Slack that is asked again and again says so too', async () => {
    const incident = await kit.opens('Suspended');
    await kit.fault('conversations.create', 'error', 'token_revoked', 99);
    await kit.tries(incident, 3);
    expect(await types(`note INC-${incident} hello`)).toMatchObject({
      remark: expect.stringContaining(`INC-${incident} has no channel yet: Slack said token_revoked`),
    });
    expect(await ask('show', incident)).toMatch(
      /not made yet.*tried again by itself; what to do: install the app again/,
    );
    await kit.act('fault/clear', {});
    await kit.pays(incident);
    expect((await kit.channel(incident)).members).toContain(ANA.id);
  });
});

test.each(['user_is_restricted', 'missing_scope'])(
  'an opener whom Slack does not let into the channel (%s) is told where it is',
  async (code) => {
    const incident = await kit.opens('Outside');
    await kit.fault('conversations.invite', 'error', code, 2);
    await kit.pays(incident);
    const channel = await kit.channel(incident);
    expect(channel.members).not.toContain(ANA.id);
    const told = await direct('ana', `*INC-${incident}*`);
    expect(told).toEqual([expect.stringContaining(`<#${channel.id}>`)]);
    expect(told[0]).toContain(`Slack said ${code}`);
    expect((await posts(incident)).join()).toContain('Could not be added: ana');
  },
);

describe('an announcement that is refused', () => {
  test.each(['archived', 'misspelt'])('%s: in the deliveries, and said once in the channel', async (how) => {
    if (how === 'archived') await kit.act('channel/archive', { user: 'ana', channel: 'incidents' });
    else kit.world.org = { ...kit.world.org, announce: 'incidnets' };
    const incident = await standing('Unheard');
    await kit.says({ type: 'ChangeSeverity', severity: 'sev2', reason: null }, incident);
    await kit.pays(incident);
    const code = how === 'archived' ? 'is_archived' : 'channel_not_found';
    expect((await kit.store.outbox.dead('T1', incident))[0]).toMatchObject({
      effect: { kind: 'announcement.refresh' },
      error: `chat.postMessage: ${code}`,
    });
    const lines = (await posts(incident)).filter((text) => text.includes('not announced'));
    expect(lines).toEqual([expect.stringContaining(code)]);
    expect(lines[0]).toContain('deliveries retry all');
    expect(await ask('show', incident)).toMatch(/not in Slack: its announcement/);
    kit.world.org = { ...kit.world.org, announce: 'incidents' };
    if (how === 'archived')
      await kit.act('channel/archive', { user: 'ana', channel: 'incidents', remove: true });
    await kit.retries();
    await kit.pays(incident);
    expect(await announced(incident)).toHaveLength(1);
    expect(await ask('show', incident)).not.toContain('not in Slack');
  });
});

test('an announcement that cannot be brought up to date any more is missed too; one that somebody deleted is not', async () => {
  const incident = await standing('Heard once');
  const changes = async (severity: 'sev1' | 'sev2') => {
    await kit.says({ type: 'ChangeSeverity', severity, reason: null }, incident);
    await kit.pays(incident);
  };
  await kit.fault('chat.update', 'error', 'message_not_found', 2);
  await changes('sev2');
  expect(await ask('show', incident)).not.toContain('not in Slack');
  await kit.act('channel/archive', { user: 'ana', channel: 'incidents' });
  await changes('sev1');
  await kit.act('channel/archive', { user: 'ana', channel: 'incidents', remove: true });
  expect(await ask('show', incident)).toContain('not in Slack: its announcement (is_inactive)');
  expect((await posts(incident)).filter((text) => text.includes('not announced'))).toHaveLength(1);
  await kit.retries();
  await kit.pays(incident);
  expect(await announced(incident)).toEqual([expect.stringContaining('sev1')]);
});

describe('a code that nobody has told us of', () => {
  test('for a while: everything is said in order, nothing is lost', async () => {
    const incident = await standing();
    for (const text of ['one', 'two', 'three']) await kit.notes(incident, text);
    await kit.fault('chat.postMessage', 'error', 'brand_new_code', 3);
    await kit.pays(incident);
    expect((await posts(incident)).join(' ').match(/one|two|three/g)).toEqual(['one', 'two', 'three']);
    expect((await kit.rows(incident)).every((row) => row.done)).toBe(true);
  });

  test('for good: given up after a few times, and one line says which', async () => {
    const incident = await standing();
    await kit.fault('chat.postMessage', 'error', 'brand_new_code', 99);
    for (let i = 2; i <= 4; i++) await kit.notes(incident, `lost ${i}`);
    await kit.pays(incident);
    const dead = await kit.store.outbox.dead('T1', incident);
    expect(dead.map((row) => row.error)).toEqual(
      Array(3).fill('chat.postMessage: brand_new_code (try 5 of 5)'),
    );
    await kit.act('fault/clear', {});
    await kit.notes(incident, 'goes on');
    await kit.pays(incident);
    const said = await posts(incident);
    expect(said).toHaveLength(2);
    expect(said[0]).toContain('goes on');
    expect(said[1]).toContain(`INC-${incident} #2–#4.`);
    expect(said[1]).toContain('tocsin deliveries');
    expect(await kit.retries()).toBe(3);
    await kit.pays(incident);
    expect((await posts(incident)).join(' ').match(/lost \d/g)).toEqual(['lost 2', 'lost 3', 'lost 4']);
    expect(await posts(incident)).toHaveLength(3);
  });

  test('one message is to blame: the others are said', async () => {
    const incident = await standing();
    await kit.notes(incident, 'poison');
    await kit.notes(incident, 'healthy');
    // Four times together, once alone.
    await kit.fault('chat.postMessage', 'error', 'brand_new_code', 5);
    await kit.pays(incident);
    const said = (await posts(incident)).join(' ');
    expect(said).toContain('healthy');
    expect(said).toContain(`INC-${incident} #2. Slack said brand_new_code`);
  });

  test('in a part of the opening: a channel that works all the same', async () => {
    const incident = await kit.opens('Parts');
    await kit.fault('conversations.setTopic', 'error', 'brand_new_code', 99);
    await kit.pays(incident);
    expect(await kit.rows(incident)).toMatchObject([
      { done: true, result: { refused: { topic: 'conversations.setTopic: brand_new_code' } } },
    ]);
  });
});

test('an archived channel: what it does not show is said to whoever looks or writes, and follows', async () => {
  const incident = await standing('Closed');
  const { name } = await kit.channel(incident);
  await kit.act('channel/archive', { user: 'ana', channel: name });
  await kit.notes(incident, 'unsaid');
  await kit.notes(incident, 'unsaid too');
  await kit.pays(incident);
  expect(await ask('show', incident)).toContain(
    'it is archived; unarchive it, and type `/invite @tocsin` there',
  );
  expect(await ask('show', incident)).toContain(
    'not in Slack yet: #2–#3 (is_archived); it follows when the channel is there',
  );
  expect(await ask('list', incident)).toContain(`#${name} (it is archived)`);
  expect(JSON.stringify(await types(`note INC-${incident} more`))).toContain(
    `#${name}: nothing is shown there now: it is archived; unarchive it`,
  );
  const { dead } = await kit.store.outbox.late(MINUTE, 9);
  expect(dead).toBe((await kit.store.outbox.dead()).length);
  await kit.act('channel/archive', { user: 'ana', channel: name, remove: true });
  await kit.notes(incident, 'again');
  await kit.pays(incident);
  expect((await posts(incident)).join()).toMatch(/unsaid.*unsaid too.*more.*again/s);
});

test.each(['msg_too_long', 'invalid_blocks'])(
  'one message for several changes that is refused for what it is (%s): asked once, and given up',
  async (code) => {
    const incident = await standing('Too much');
    await kit.notes(incident, 'too much');
    await kit.says({ type: 'ChangeSeverity', severity: 'sev2', reason: null }, incident);
    await kit.says({ type: 'ChangeSeverity', severity: 'sev3', reason: null }, incident);
    const refused = async (method: string) =>
      (await kit.calls(method)).filter(({ answer }) => answer.error === code).length;
    const [posts, updates] = [await refused('chat.postMessage'), await refused('chat.update')];
    await kit.fault('chat.update', 'error', code, 40);
    await kit.fault('chat.postMessage', 'error', code, 40);
    await kit.pays(incident);
    // The headline and the announcement.
    expect((await refused('chat.update')) - updates).toBe(2);
    // Three entries together and one by one, and what is said of all that: no more than that.
    expect((await refused('chat.postMessage')) - posts).toBeLessThanOrEqual(15);
    expect((await kit.rows(incident, 'announcement.refresh')).filter(({ dead }) => dead)).toHaveLength(2);
  },
);

test('a headline that Slack does not take when the channel is opened is listed, said, and posted when it is tried again', async () => {
  const incident = await kit.opens('Headless');
  await kit.fault('chat.postMessage', 'error', 'restricted_action', 2);
  await kit.visits(incident);
  expect(await ask('show', incident)).toContain('not in Slack: the headline (restricted_action)');
  await kit.pays(incident);
  expect((await kit.said(incident)).map(({ text }) => text)).toEqual([
    expect.stringContaining(`INC-${incident} the headline. Slack said restricted_action`),
  ]);
  await kit.retries();
  await kit.pays(incident);
  const { headline } = await kit.state(incident);
  expect((await kit.channel(incident)).pins).toEqual([headline?.ts]);
  expect(await ask('show', incident)).not.toContain('not in Slack');
});

test('a headline that Slack does not let us change is said once, not left to tell what is not so', async () => {
  const incident = await standing('Stale');
  await kit.fault('chat.update', 'error', 'cant_update_message', 2);
  for (const severity of ['sev2', 'sev3'] as const) {
    await kit.says({ type: 'ChangeSeverity', severity, reason: null }, incident);
    await kit.pays(incident);
  }
  expect((await posts(incident)).filter((text) => text.includes('the headline'))).toEqual([
    expect.stringContaining('Slack said cant_update_message'),
  ]);
  expect(await ask('show', incident)).toContain('not in Slack: the headline');
});

test('whoever asked for an export is told that it does not come', async () => {
  const incident = await standing('Papers');
  await kit.fault('files.getUploadURLExternal', 'error', 'restricted_action', 1);
  await kit.fault('chat.postMessage', 'error', 'restricted_action', 1);
  const payload = { format: 'md', zone: 'UTC', channel: 'C0INCIDENT', user: ANA.id };
  await kit.owes(incident, { kind: 'export.send', payload });
  await kit.pays(incident);
  expect(await direct('ana', `INC-${incident}: the md export does not come`)).toHaveLength(1);
});
