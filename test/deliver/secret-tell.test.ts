import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Gate } from '#deliver/attempt.js';
import type { Entry } from '#domain/incident/entry.js';
import { ANA, BO, type Kit, laneOf, startKit } from './kit.js';
import { mortal } from './mortal.js';

let kit: Kit;
let incident: number;
beforeAll(async () => {
  kit = await startKit();
  incident = await kit.opens('Told');
  await kit.pays(incident);
  await kit.act('join', { user: 'bo', channel: name() });
});
beforeEach(() => kit.act('fault/clear', {}));
afterAll(() => kit.stop());

const name = (of = incident, title = 'told') => `inc-${of}-${title}`;
const SECRET = 'Winter2024!';
const TEXT = `password: ${SECRET}`;

interface Told {
  user: string;
  text: string;
  channel: string;
}

async function ephemerals(): Promise<Told[]> {
  const state = (await (await fetch(`${kit.sandbox.url}/control/state`)).json()) as { ephemerals: Told[] };
  return state.ephemerals;
}

/** Bo writes a message with a secret, and Ana pins it. @returns its place, and who is told beside it */
async function pinned(channel = name(), of = incident, by = ANA.id) {
  const posted = await kit.act('message', { user: 'bo', channel, text: TEXT });
  const ts = String(posted.ts);
  const { id } = (await kit.channels()).find((one) => one.name === channel) ?? { id: '' };
  const before = (await ephemerals()).length;
  await kit.owes(of, { kind: 'message.capture', payload: { channel: id, ts, by } });
  return { ts, id, told: async () => (await ephemerals()).slice(before) };
}

const captured = (channel: string, ts: string, of = incident): Promise<Entry | null> =>
  kit.store.incidents.capturedEntry('T1', of, channel, ts);

const rows = async (of = incident) => (await kit.rows(of, 'secret.tell')).slice(-2);

test('the message is kept without its secret; its author and who recorded it are told, each alone, with its address and what to do', async () => {
  const { ts, id, told } = await pinned();
  await kit.pays(incident);
  const entry = await captured(id, ts);
  expect(entry?.text).toBe('password: [secret removed: password]');
  const link = `/p${ts.replace('.', '')}`;
  const all = await told();
  expect(all.map(({ user }) => user).sort()).toEqual([ANA.id, BO.id]);
  const [author, recorder] = [BO.id, ANA.id].map((user) => all.find((one) => one.user === user)?.text ?? '');
  expect(author).toMatch(
    /^A message of yours was recorded in INC-\d+ as #\d+, without the secret that it holds \(password\)/,
  );
  expect(author).toMatch(
    /1\. Delete the message.* 2\. Change the secret.* 3\. Tell whoever looks after security\./,
  );
  expect(recorder).toMatch(
    /^The message that you recorded .* holds a secret \(password\).*Its author is told too/,
  );
  for (const text of [author, recorder]) {
    expect(text).toContain(link);
    expect(text).not.toContain(SECRET);
  }
});

test('nothing of it is in the database, nor in what the channel is shown', async () => {
  const { rows: tables } = await kit.client.query<{ text: string }>(
    `select (select string_agg(t::text, ' ') from fact t) || (select string_agg(t::text, ' ') from entry t)
       || (select string_agg(t::text, ' ') from outbox t) as text`,
  );
  expect(tables[0]?.text).toContain('[secret removed: password]');
  expect(tables[0]?.text).not.toContain(SECRET);
  expect(JSON.stringify(await kit.said(incident))).not.toContain(SECRET);
});

test('written into it later it is not recorded either, and both are told', async () => {
  const posted = await kit.act('message', { user: 'bo', channel: name(), text: 'look at this' });
  const { id } = await kit.channel(incident);
  const at = { channel: id, ts: String(posted.ts) };
  await kit.owes(incident, { kind: 'message.capture', payload: { ...at, by: ANA.id } });
  await kit.pays(incident);
  const before = (await ephemerals()).length;
  const edit = { ts: `${Number.parseInt(at.ts, 10) + 5}.000100`, channel: id, text: TEXT };
  await kit.says({ type: 'NoteMessageEdited', at, edit }, incident, BO, { source: 'bot' });
  await kit.pays(incident);
  expect((await captured(id, at.ts))?.text).toBe('password: [secret removed: password]');
  const told = (await ephemerals()).slice(before);
  expect(told.map(({ user }) => user).sort()).toEqual([ANA.id, BO.id]);
  for (const { text } of told) expect(text).toContain(`/p${at.ts.replace('.', '')}`);
});

test('who pins what they wrote themselves is told once', async () => {
  const { told } = await pinned(name(), incident, BO.id);
  await kit.pays(incident);
  expect((await told()).map(({ user, text }) => [user, text.slice(0, 20)])).toEqual([
    [BO.id, 'A message of yours w'],
  ]);
});

test('an author who has left the channel is told directly; whoever recorded it beside it', async () => {
  const { told } = await pinned();
  const { id } = await kit.channel(incident);
  await kit.act('leave', { user: 'bo', channel: id });
  await kit.pays(incident);
  expect(await told()).toHaveLength(1);
  const results = (await rows()).map(({ result }) => result?.told).sort();
  expect(results).toEqual(['beside', 'direct']);
  const calls = (await kit.calls('chat.postMessage')).map(({ args }) => String(args.text));
  expect(calls.filter((text) => /^(?:A message of yours|The message that you)/.test(text))).toHaveLength(1);
  await kit.act('join', { user: 'bo', channel: name() });
});

test('where nobody can be told, it is paid all the same, and not told to the channel', async () => {
  await pinned();
  const said = (await kit.said(incident)).length;
  await kit.fault('chat.postEphemeral', 'error', 'user_not_in_channel', 2);
  await kit.fault('conversations.open', 'error', 'user_disabled', 2);
  await kit.pays(incident);
  expect((await rows()).map(({ done, result }) => [done, result?.told])).toEqual([
    [true, null],
    [true, null],
  ]);
  const more = (await kit.said(incident)).slice(said).map(({ text }) => text);
  expect(more.join('\n')).not.toMatch(/holds a secret/);
});

test.each([
  ['chat.postEphemeral', 'ratelimit'],
  ['chat.postEphemeral', 'drop'],
  ['chat.postEphemeral', 'cut'],
  ['chat.postEphemeral', 'http500'],
])('a failure of %s (%s) is got over: both are told', async (method, kind) => {
  const { told } = await pinned();
  await kit.fault(method, kind === 'ratelimit' ? 'ratelimited' : kind, kind === 'ratelimit' ? 1 : undefined);
  await kit.pays(incident);
  expect(new Set((await told()).map(({ user }) => user))).toEqual(new Set([ANA.id, BO.id]));
  expect((await rows()).map(({ done }) => done)).toEqual([true, true]);
});

test('in another channel nothing is said of a private incident to an author who may not know of it', async () => {
  const secret = await kit.opens('Hush', { private: true });
  await kit.pays(secret);
  await kit.act('channel', { user: 'bo', name: 'elsewhere' });
  await kit.act('join', { user: 'ana', channel: 'elsewhere' });
  const { id } = (await kit.channels()).find((one) => one.name === 'elsewhere') ?? { id: '' };
  await kit.says(
    {
      type: 'CaptureMessage',
      message: { channel: id, ts: '1732931234.000100', text: TEXT, author: BO, link: null },
    },
    secret,
    ANA,
  );
  const before = (await ephemerals()).length;
  const calls = (await kit.calls()).length;
  await kit.pays(secret);
  const told = (await ephemerals()).slice(before);
  const direct = (await kit.calls()).slice(calls).filter(({ method }) => method === 'chat.postMessage');
  const texts = [...told.map(({ text }) => text), ...direct.map(({ args }) => String(args.text))];
  const author = texts.filter((text) => text.startsWith('A message of yours'));
  expect(author.length).toBeGreaterThan(0);
  for (const text of author) expect(text).not.toMatch(/INC-|Hush/);
});

test('a worker killed at any of its dealings leaves nobody untold, and tells nobody more than once more', async () => {
  let survived = false;
  let n = 1;
  for (; !survived; n += 1) {
    const { told } = await pinned();
    await kit.visits(incident);
    const lane = `${laneOf(incident)}/secret.tell`;
    const its = mortal(kit.world, n);
    const gate = new Gate(kit.world.now);
    for (let visit = 0; visit < 10 && !its.died(); visit++) {
      const back = await kit.visits(incident, gate, its.world, lane).catch(() => null);
      if (!back) break;
      await kit.winds(back.getTime() - kit.world.now().getTime() + 1);
    }
    survived = !its.died();
    await kit.client.query(
      "update lane set lease_until = now() - interval '1 s', next_at = null where lane = $1",
      [lane],
    );
    await kit.pays(incident);
    const counts = [ANA.id, BO.id].map((id) =>
      told().then((all) => all.filter(({ user }) => user === id).length),
    );
    for (const count of await Promise.all(counts)) {
      expect(count).toBeGreaterThanOrEqual(1);
      expect(count).toBeLessThanOrEqual(2);
    }
    expect((await rows()).map(({ done }) => done)).toEqual([true, true]);
  }
  expect(n).toBeGreaterThan(8);
}, 120_000);
