import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ANA, type Kit, startKit } from './kit.js';

// After an attempt whose answer was lost we look for what we may have said. Others can write our words, and apps our metadata.
let kit: Kit;
beforeAll(async () => {
  kit = await startKit({ announce: 'C0INCIDENT' });
  await kit.act('join', { user: 'U0BOT00000', channel: 'incidents' });
});
beforeEach(() => kit.act('fault/clear', {}));
afterAll(() => kit.stop());

const forges = (channel: string, payload: object) =>
  kit.act('message/app', {
    channel,
    app: 'Forger',
    text: 'nothing to see here',
    metadata: { event_type: 'tocsin', event_payload: payload },
  });
const standing = async (title: string) => {
  const incident = await kit.opens(title);
  await kit.pays(incident);
  return { incident, channel: await kit.channel(incident) };
};
const texts = async (incident: number) => (await kit.said(incident)).map(({ text }) => text).join('\n');

describe("another app's metadata does not pass for ours", () => {
  test('an entry', async () => {
    const { incident, channel } = await standing('Forged entry');
    await kit.notes(incident, 'unheard');
    await kit.fault('chat.postMessage', 'cut');
    await kit.visits(incident);
    const row = (await kit.rows(incident)).at(-1);
    expect(row).toMatchObject({ kind: 'channel.entry', done: false });
    await forges(channel.name, { rows: String(row?.id) });
    await kit.pays(incident);
    expect(await texts(incident)).toContain('unheard');
  });

  test('the announcement', async () => {
    const incident = await kit.opens('Forged announcement');
    await kit.visits(incident);
    const lane = `T1/INC-${incident}/announcement.refresh`;
    await kit.fault('chat.postMessage', 'cut');
    await kit.visits(incident, undefined, kit.world, lane);
    await forges('incidents', { id: `announcement T1 ${incident}` });
    await kit.pays(incident);
    const { announcement } = await kit.state(incident);
    const { messages } = (await kit.channels()).find(({ name }) => name === 'incidents') ?? { messages: [] };
    const found = messages.find(({ ts }) => ts === announcement?.ts);
    expect(found).toMatchObject({ user: 'U0BOT00000', text: expect.stringContaining(`*INC-${incident}*`) });
  });

  test("the bot's own message still does", async () => {
    const { incident } = await standing('Heard');
    await kit.notes(incident, 'heard once');
    await kit.fault('chat.postMessage', 'drop');
    await kit.pays(incident);
    expect((await texts(incident)).split('heard once')).toHaveLength(2);
  });
});

test("somebody's message in the words of ours does not stop an export", async () => {
  const { incident, channel } = await standing('Forged export');
  const payload = { format: 'md', zone: 'UTC', channel: channel.id, user: ANA.id };
  await kit.owes(incident, { kind: 'export.send', payload });
  await kit.fault('files.completeUploadExternal', 'cut');
  await kit.visits(incident);
  await kit.act('message', {
    user: 'ana',
    channel: channel.name,
    text: `INC-${incident}.md · for @ana`,
  });
  await kit.pays(incident);
  const { messages } = await kit.channel(incident);
  expect(messages.flatMap(({ files }) => files ?? [])).toHaveLength(1);
});

test('where Slack does not tell who we are, it is said once more rather than not at all', async () => {
  const { incident } = await standing('Nobody');
  await kit.notes(incident, 'said');
  await kit.fault('chat.postMessage', 'cut');
  await kit.fault('auth.test', 'error', 'missing_scope', 9);
  await kit.pays(incident);
  expect(await texts(incident)).toContain('said');
});
