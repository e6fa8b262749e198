import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePort } from '../support/wire.js';
import { type BotProcess, pause, signedCommand, startWalk, type Walk } from './kit.js';

// A receipt is a promise: kept through repeats, races, kills and hostile requests.
let walk: Walk;
let one: BotProcess;
let two: BotProcess;

beforeAll(async () => {
  walk = await startWalk();
  one = await walk.bot();
  two = await walk.bot(await freePort());
  expect((await walk.type('ana', 'incidents', 'open sev3 Promises')).text).toMatch(/INC-1/);
});
afterAll(() => walk.end());

const send = async (bot: BotProcess, request: ReturnType<typeof signedCommand>) => {
  const response = await fetch(`${bot.url}/slack/events`, request);
  const body = await response.text();
  return {
    status: response.status,
    text: body.startsWith('{') ? (JSON.parse(body) as { text: string }).text : body,
  };
};

interface Exported {
  incident: { status: string };
  timeline: Array<{ n: number; text: string; at: string }>;
}
const exported = async () =>
  JSON.parse((await walk.tocsin('export', 'INC-1', '--format', 'json')).out) as Exported;

test('one delivery, twice at the same moment in two processes: one entry, the first receipt twice', async () => {
  for (let round = 0; round < 10; round++) {
    const request = signedCommand(walk.slack.signingSecret, { text: `note INC-1 twice ${round}` });
    const [a, b] = await Promise.all([send(one, request), send(two, request)]);
    expect(a.text).toMatch(/recorded/);
    expect(b.text).toBe(a.text);
    const later = await send(round % 2 ? one : two, request);
    expect(later.text).toBe(a.text);
  }
  const { timeline } = await exported();
  for (let round = 0; round < 10; round++) {
    expect(timeline.filter((entry) => entry.text === `twice ${round}`)).toHaveLength(1);
  }
});

test('two people typing the same words are two entries', async () => {
  const requests = [1, 2].map(() =>
    signedCommand(walk.slack.signingSecret, { text: 'note INC-1 same words' }),
  );
  await Promise.all(requests.map((request, i) => send(i ? one : two, request)));
  expect((await exported()).timeline.filter((entry) => entry.text === 'same words')).toHaveLength(2);
});

test('a repeated resolve gets its receipt again, a new one is refused', async () => {
  const request = signedCommand(walk.slack.signingSecret, { text: 'resolve INC-1' });
  const first = await send(one, request);
  expect(first.text).toMatch(/recorded/);
  expect(await send(two, request)).toEqual(first);
  const again = await send(one, signedCommand(walk.slack.signingSecret, { text: 'resolve INC-1' }));
  expect(again.text).toMatch(/resolved already/);
  expect(
    (await send(one, signedCommand(walk.slack.signingSecret, { text: 'reopen INC-1 again' }))).text,
  ).toMatch(/recorded/);
});

test('undo goes back as far as one likes, the record with it', async () => {
  const type = async (text: string) =>
    (await send(one, signedCommand(walk.slack.signingSecret, { text: `${text.replace(' ', ' INC-1 ')}` })))
      .text;
  for (const line of ['sev sev1', 'sev sev2', 'status identified', 'status monitoring']) {
    expect(await type(line)).toMatch(/recorded/);
  }
  const undo = () => send(two, signedCommand(walk.slack.signingSecret, { text: 'undo INC-1' }));
  expect((await undo()).text).toMatch(/recorded.*\nThe status is identified again\./s);
  expect((await undo()).text).toMatch(/The status is investigating again/);
  expect((await undo()).text).toMatch(/The severity is sev1 again/);
  expect((await undo()).text).toMatch(/The severity is sev3 again/);
  const before = (await walk.tocsin('export', 'INC-1', '--format', 'json')).out;
  expect(JSON.parse(before).incident).toMatchObject({ status: 'investigating', severity: 'sev3' });
  await walk.tocsin('rebuild');
  expect((await walk.tocsin('export', 'INC-1', '--format', 'json')).out).toBe(before);
  const file = `${walk.folder}/undone.jsonl`;
  await walk.tocsin('export', 'INC-1', '--format', 'facts', '--out', file);
  expect(await walk.tocsin('verify', file)).toMatchObject({ code: 0 });
});

test('an update that was promised and does not come is asked for once, by whichever bot', async () => {
  const type = async (text: string) =>
    (await send(one, signedCommand(walk.slack.signingSecret, { text: `${text} INC-1` }))).text;
  expect(await type('next 1s')).toMatch(/recorded.*next update by/);
  const asked = await walk.until('the reminder', ({ channels }) => {
    const here = channels.find(({ name }) => name.startsWith('inc-1-'))?.messages ?? [];
    const found = here.filter(({ text }) => text.includes('The next update was promised by'));
    return found.length > 0 && found;
  });
  expect(asked).toHaveLength(1);
  expect(await type('show')).toMatch(/next update promised by/);
  expect(await type('snooze 10m')).toMatch(/recorded: reminders are snoozed until/);
  expect(await type('show')).toMatch(/reminders snoozed until .* \(ana\)/);
  const { out } = await walk.tocsin('export', 'INC-1', '--format', 'facts');
  expect(out.match(/"type":"ChannelReminded"/g)).toHaveLength(1);
});

test('requests that Slack did not sign, or long ago, or not yet, are refused and leave nothing', async () => {
  const before = (await exported()).timeline.length;
  const good = signedCommand(walk.slack.signingSecret, { text: 'note INC-1 hostile' });
  const forged = { ...good, body: `${good.body}&x=1` };
  const unsigned = { ...good, headers: { 'content-type': good.headers['content-type'] } };
  const old = signedCommand(walk.slack.signingSecret, { text: 'note INC-1 hostile' }, Date.now() - 301_000);
  const early = signedCommand(walk.slack.signingSecret, { text: 'note INC-1 hostile' }, Date.now() + 600_000);
  for (const request of [forged, unsigned, old, early]) {
    expect((await fetch(`${one.url}/slack/events`, request as RequestInit)).status).toBe(401);
  }
  expect((await exported()).timeline.length).toBe(before);
});

test('kill -9 while many people type: what was called recorded is there once, in order', async () => {
  const recorded: string[] = [];
  const unknown: string[] = [];
  let number = 0;
  let killed = 0;
  let bot = two;
  let stop = false;
  const person = async (name: string) => {
    while (!stop) {
      const text = `${name} ${number++}`;
      try {
        const answer = await send(
          bot,
          signedCommand(walk.slack.signingSecret, { text: `note INC-1 ${text}` }),
        );
        if (/recorded/.test(answer.text)) recorded.push(text);
        else unknown.push(text);
      } catch {
        unknown.push(text);
        await pause(20);
      }
    }
  };
  const people = ['p', 'q', 'r', 's', 't', 'u', 'v', 'w'].map(person);
  for (; killed < 4; killed++) {
    const before = recorded.length;
    while (recorded.length < before + 50) await pause(10);
    await bot.kill9();
    bot = await walk.bot(await freePort());
  }
  stop = true;
  await Promise.all(people);
  const texts = (await exported()).timeline.map((entry) => entry.text);
  const count = new Map<string, number>();
  for (const text of texts) count.set(text, (count.get(text) ?? 0) + 1);
  expect(recorded.filter((text) => count.get(text) !== 1)).toEqual([]);
  expect(unknown.filter((text) => (count.get(text) ?? 0) > 1)).toEqual([]);
  expect(recorded.length).toBeGreaterThan(200);
  expect((await walk.tocsin('export', 'INC-1', '--format', 'facts', '--out', `${walk.folder}/f`)).code).toBe(
    0,
  );
  expect(await walk.tocsin('verify', `${walk.folder}/f`)).toMatchObject({ code: 0 });
}, 240_000);

test('no token of ours is in any log', () => {
  for (const bot of [one, two]) {
    for (const secret of [walk.slack.botToken, walk.slack.signingSecret])
      expect(bot.log()).not.toContain(secret);
  }
});
