import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Loss } from '#domain/words.js';
import { BO, type Kit, startKit } from './kit.js';

// What people do to an incident's channel: recording goes on, who leads it is told once, and what is owed comes when it can.
const BOT = 'U0BOT00000';
let kit: Kit;
beforeAll(async () => {
  kit = await startKit({ announce: 'C0INCIDENT' });
});
beforeEach(() => kit.act('fault/clear', {}));
afterAll(() => kit.stop());

async function standing(title: string, isPrivate = false): Promise<{ incident: number; channel: string }> {
  const incident = await kit.opens(title, { private: isPrivate });
  await kit.says({ type: 'AssignRole', role: 'lead', person: BO }, incident);
  await kit.pays(incident);
  return { incident, channel: (await kit.channel(incident)).id };
}

/** As the front does it for an event of Slack's. */
const heard = (incident: number) =>
  kit.store.outbox.owe(
    { kind: 'channel.look', payload: {} },
    { team: 'T1', lane: `T1/INC-${incident}/channel.look`, incident, key: null },
  );

async function direct(user: string, about: string): Promise<string[]> {
  const { channels } = (await (await fetch(`${kit.sandbox.url}/control/state?user=${user}`)).json()) as {
    channels: Array<{ kind: string; messages: Array<{ text: string }> }>;
  };
  const all = channels.filter(({ kind }) => kind === 'im').flatMap(({ messages }) => messages);
  return all.map(({ text }) => text).filter((text) => text.includes(about));
}

const announced = async (incident: number) =>
  ((await kit.channels()).find((one) => one.name === 'incidents')?.messages ?? [])
    .map(({ text }) => text)
    .filter((text) => text.includes(`*INC-${incident}*`));
const said = async (incident: number) => (await kit.said(incident)).map(({ text }) => text).join('\n');
const facts = async (incident: number) => {
  const { rows } = await kit.client.query<{ type: string }>(
    "select type from fact where incident = $1 and type like 'Channel%' and type <> 'ChannelOpened' order by seq",
    [incident],
  );
  return rows.map(({ type }) => type);
};

interface Taken {
  how: Loss;
  isPrivate?: boolean;
  take: (channel: string) => Promise<unknown>;
  giveBack: (channel: string) => Promise<unknown>;
  next: string;
}

const TAKEN: Record<string, Taken> = {
  'removed from a public channel': {
    how: 'removed',
    take: (channel) => kit.act('leave', { user: BOT, channel }),
    giveBack: (channel) => kit.act('join', { user: BOT, channel }),
    next: '/invite @tocsin',
  },
  'removed from a private channel': {
    how: 'gone',
    isPrivate: true,
    take: (channel) => kit.act('leave', { user: BOT, channel }),
    giveBack: (channel) => kit.act('join', { user: BOT, channel }),
    next: '/invite @tocsin',
  },
  archived: {
    how: 'archived',
    take: (channel) => kit.act('channel/archive', { user: 'ana', channel }),
    giveBack: (channel) => kit.act('channel/archive', { user: 'ana', channel, remove: true }),
    next: 'unarchive it',
  },
};

describe.each(Object.entries(TAKEN))('%s', (name, { how, isPrivate = false, take, giveBack, next }) => {
  test.each([true, false])('told by an event: %s', async (byEvent) => {
    const { incident, channel } = await standing(`${name} ${byEvent}`, isPrivate);
    await take(channel);
    if (byEvent) await heard(incident);
    for (const text of ['kept one', 'kept two']) await kit.notes(incident, text);
    await kit.says({ type: 'ChangeSeverity', severity: 'sev1', reason: null }, incident);
    await kit.pays(incident);
    // Said again by Slack, and by another delivery: nobody is told twice.
    await heard(incident);
    await kit.notes(incident, 'kept three');
    await kit.pays(incident);

    expect((await kit.state(incident)).channel?.lost).toBe(how);
    expect(await facts(incident)).toEqual(['ChannelLost']);
    const told = await direct('bo', `INC-${incident}*`);
    expect(told).toHaveLength(1);
    for (const words of [next, `<#${channel}>`, `/incident note INC-${incident} TEXT`])
      expect(told[0]).toContain(words);
    const lines = await announced(incident);
    if (isPrivate) expect(lines).toEqual([]);
    else expect(lines).toEqual([expect.stringContaining(next)]);
    if (!byEvent && how === 'removed') expect(await said(incident)).toContain('kept one');
    else expect(await said(incident)).not.toContain('kept');

    await giveBack(channel);
    await heard(incident);
    await kit.notes(incident, 'kept four');
    await kit.pays(incident);
    expect(await facts(incident)).toEqual(['ChannelLost', 'ChannelFound']);
    const words = await said(incident);
    const all = ['one', 'two', 'three', 'four'].map((n) => words.indexOf(`kept ${n}`));
    expect(all.every((at) => at >= 0)).toBe(true);
    expect([...all].sort((a, b) => a - b)).toEqual(all);
    for (const n of ['one', 'two', 'three', 'four']) expect(words.split(`kept ${n}`)).toHaveLength(2);
    expect(JSON.stringify(await kit.said(incident))).toContain('sev1');
    expect((await kit.rows(incident)).every((row) => row.done)).toBe(true);
    if (!isPrivate) expect((await announced(incident))[0]).not.toContain(next);
  });
});

test('what is owed when the channel is found again does not overtake what waited for it', async () => {
  const { incident, channel } = await standing('found in between');
  const look = `T1/INC-${incident}/channel.look`;
  await kit.act('channel/archive', { user: 'ana', channel });
  await heard(incident);
  await kit.visits(incident, undefined, undefined, look);
  await kit.notes(incident, 'kept one');
  await kit.pays(incident);
  // Owed, and not put aside yet.
  await kit.notes(incident, 'kept two');
  await kit.act('channel/archive', { user: 'ana', channel, remove: true });
  await heard(incident);
  await kit.visits(incident, undefined, undefined, look);
  await kit.pays(incident);
  expect((await said(incident)).match(/kept (one|two)/g)).toEqual(['kept one', 'kept two']);
});

test('whoever missed the event finds the channel again by looking', async () => {
  const { incident, channel } = await standing('Missed');
  await kit.act('leave', { user: BOT, channel });
  await heard(incident);
  await kit.pays(incident);
  await kit.notes(incident, 'kept for later');
  await kit.pays(incident);
  expect(await said(incident)).not.toContain('kept for later');
  const looks = async () =>
    (await kit.calls('conversations.info')).filter(({ args }) => args.channel === channel).length;
  const before = await looks();
  const lane = `T1/INC-${incident}/channel.await`;
  for (let look = 1; look <= 2; look++) {
    await kit.winds(10 * 60_000);
    await kit.visits(incident, undefined, kit.world, lane);
    expect(await looks()).toBe(before + look);
  }
  await kit.act('join', { user: BOT, channel });
  await kit.winds(10 * 60_000);
  await kit.visits(incident, undefined, kit.world, lane);
  await kit.pays(incident);
  expect(await said(incident)).toContain('kept for later');
});

test('of an incident that is over the channel may go: nobody is woken, and whoever writes hears it', async () => {
  const { incident, channel } = await standing('Over');
  await kit.says({ type: 'ChangeStatus', status: 'resolved', moment: null, text: null }, incident);
  await kit.pays(incident);
  await kit.act('channel/archive', { user: 'ana', channel });
  await heard(incident);
  await kit.pays(incident);
  expect(await direct('bo', `INC-${incident}*`)).toEqual([]);
  expect((await kit.state(incident)).channel?.lost).toBe('archived');
});

test('a channel with another name is called by it; a deleted one is said to be gone', async () => {
  const { incident, channel } = await standing('Renamed');
  await kit.act('channel/rename', { user: 'ana', channel, name: `inc-${incident}-tts` });
  await heard(incident);
  await kit.pays(incident);
  expect((await kit.state(incident)).channel).toEqual({ id: channel, name: `inc-${incident}-tts` });
  await kit.act('channel/delete', { user: 'ana', channel });
  await kit.notes(incident, 'where to?');
  await kit.pays(incident);
  expect((await kit.state(incident)).channel).toMatchObject({ lost: 'gone', name: `inc-${incident}-tts` });
  expect(await direct('bo', `INC-${incident}*`)).toHaveLength(1);
});

test('a headline that somebody deletes is posted anew, once', async () => {
  const { incident, channel } = await standing('Tidy');
  const deletes = async () => {
    const { headline } = await kit.state(incident);
    await kit.act('message/delete', { user: BOT, channel, ts: headline?.ts ?? '' });
  };
  const changes = async (severity: 'sev1' | 'sev2' | 'sev3') => {
    await kit.says({ type: 'ChangeSeverity', severity, reason: null }, incident);
    await kit.pays(incident);
  };
  await deletes();
  await changes('sev2');
  await changes('sev1');
  const { headline } = await kit.state(incident);
  expect((await kit.channel(incident)).pins).toEqual([headline?.ts]);
  const mine = (await kit.said(incident)).filter(({ ts }) => ts === headline?.ts);
  expect(JSON.stringify(mine)).toContain('sev1');
  await deletes();
  await changes('sev3');
  expect((await kit.channel(incident)).pins).toEqual([]);
  expect((await kit.rows(incident)).every((row) => row.done)).toBe(true);
});
