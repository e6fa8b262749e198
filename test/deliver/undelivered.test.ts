import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createRead } from '#read.js';
import { look } from '../../src/answer/look.js';
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
  const seen = await look(createRead(kit.store), { type }, incident, asking, 'UTC', '/incident');
  return seen.kind === 'text' ? seen.text : JSON.stringify(seen);
}

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

test('an archived channel is told of what it missed with the first message that it takes again', async () => {
  const incident = await standing('Closed');
  const { name } = await kit.channel(incident);
  await kit.act('channel/archive', { user: 'ana', channel: name });
  await kit.notes(incident, 'unsaid');
  await kit.notes(incident, 'unsaid too');
  await kit.pays(incident);
  expect(await ask('show', incident)).toContain('not in Slack: #2–#3 (is_archived)');
  await kit.act('channel/archive', { user: 'ana', channel: name, remove: true });
  await kit.notes(incident, 'again');
  await kit.pays(incident);
  const said = await posts(incident);
  expect(said).toHaveLength(2);
  expect(said[1]).toContain(`Not shown here: INC-${incident} #2–#3.`);
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
