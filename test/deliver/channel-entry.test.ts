import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Gate } from '#deliver/attempt.js';
import { ANA, BO, type Kit, startKit } from './kit.js';

let kit: Kit;
beforeAll(async () => {
  kit = await startKit();
});
beforeEach(() => kit.act('fault/clear', {}));
afterAll(() => kit.stop());

/** An incident with its channel and headline. */
async function standing(title = 'Voices'): Promise<number> {
  const incident = await kit.opens(title);
  await kit.pays(incident);
  return incident;
}

/** What was said below the headline. */
async function posts(incident: number): Promise<string[]> {
  return (await kit.said(incident)).slice(1).map((one) => one.text);
}

test('entries stand in order with number, time and author; fifty of them are a few messages', async () => {
  const incident = await standing();
  for (let i = 2; i <= 51; i++) await kit.notes(incident, `what happened ${i}`);
  await kit.pays(incident);
  const said = await posts(incident);
  expect(said.length).toBeLessThanOrEqual(2);
  const numbers = [...said.join('\n').matchAll(/\*#(\d+)\* \d\d:\d\d:\d\d UTC what happened (\d+) — ana/g)];
  expect(numbers.map(([, n]) => Number(n))).toEqual(Array.from({ length: 50 }, (_, i) => i + 2));
  expect(numbers.every(([, n, text]) => n === text)).toBe(true);
  // Every app in the channel can read it.
  const marks = (await kit.channel(incident)).messages.map(({ metadata }) => metadata?.event_payload ?? {});
  expect(marks.some((mark) => Object.keys(mark).length > 0)).toBe(true);
  expect(JSON.stringify(marks)).not.toMatch(/happened/);
});

test('a change of state shows the chain: how many facts, and its whole head', async () => {
  const incident = await standing();
  await kit.says({ type: 'ChangeStatus', status: 'identified', moment: null, text: 'keys' }, incident);
  await kit.pays(incident);
  const blocks = JSON.stringify((await kit.said(incident)).at(-1)?.blocks);
  const { rows } = await kit.client.query<{ seq: number; hash: string }>(
    `select seq, hash from fact where incident = $1 and type = 'StatusChanged'`,
    [incident],
  );
  expect(blocks).toContain(`record: ${rows[0]?.seq} facts, head \`${rows[0]?.hash}\``);
});

test('corrections are said too, and nobody is pinged by what was typed', async () => {
  const incident = await standing();
  await kit.notes(incident, 'hello <!channel> <@U0BO000002>');
  await kit.says({ type: 'EditEntry', entry: 2, text: 'goodbye' }, incident);
  await kit.says({ type: 'StrikeEntry', entry: 2, reason: 'wrong' }, incident);
  await kit.pays(incident);
  const text = (await posts(incident)).join('\n');
  expect(text).toContain('(edited)');
  expect(text).toContain('(struck)');
  expect(text).not.toMatch(/<[!@]/);
});

describe('an answer that was lost', () => {
  test('is looked for before anything is said again: one message', async () => {
    const incident = await standing();
    await kit.notes(incident, 'once');
    await kit.notes(incident, 'only');
    await kit.fault('chat.postMessage', 'drop');
    const gate = new Gate(kit.world.now);
    const back = await kit.visits(incident, gate);
    // Meanwhile more has happened.
    await kit.notes(incident, 'later');
    await kit.winds((back?.getTime() ?? 0) - kit.world.now().getTime() + 1);
    await kit.pays(incident);
    const text = (await posts(incident)).join('\n');
    for (const words of ['once', 'only', 'later']) expect(text.split(words)).toHaveLength(2);
    expect((await kit.rows(incident)).every((row) => row.done)).toBe(true);
  });

  test('that says nothing happened costs no look', async () => {
    const incident = await standing();
    await kit.notes(incident, 'after a while');
    await kit.fault('chat.postMessage', 'ratelimit', 3);
    const before = (await kit.calls('conversations.history')).length;
    await kit.pays(incident);
    expect(await posts(incident)).toHaveLength(1);
    expect(await kit.calls('conversations.history')).toHaveLength(before);
  });
});

describe('one broken entry', () => {
  test('among many is dead alone; the others are said in order; retried, it is said', async () => {
    const incident = await standing();
    for (const text of ['one', 'two', 'three']) await kit.notes(incident, text);
    // The batch is refused, then the first of them alone.
    await kit.fault('chat.postMessage', 'error', 'invalid_blocks', 2);
    await kit.pays(incident);
    const rows = (await kit.rows(incident)).filter((row) => row.kind === 'channel.entry');
    expect(rows.map((row) => [row.dead, row.done])).toEqual([
      [true, false],
      [false, true],
      [false, true],
    ]);
    expect(rows[0]?.error).toBe('chat.postMessage: invalid_blocks');
    expect((await posts(incident)).join(' ').match(/one|two|three/g)).toEqual(['two', 'three']);
    expect(await kit.retries()).toBe(1);
    await kit.pays(incident);
    expect((await posts(incident)).join()).toContain('one');
  });
});

test('an archived channel keeps back only its own entries, at once and visibly', async () => {
  const broken = await standing('Broken');
  const fine = await standing('Fine');
  await kit.act('channel/archive', { user: 'ana', channel: `inc-${broken}-broken` });
  await kit.notes(broken, 'unsaid');
  await kit.notes(fine, 'said');
  await kit.pays(broken);
  await kit.pays(fine);
  expect((await kit.rows(broken)).at(-1)).toMatchObject({
    dead: true,
    error: 'channel: is_archived',
  });
  expect(await posts(fine)).toEqual([expect.stringContaining('said')]);
});

test('Slack away for a while: everything arrives afterwards, in order', async () => {
  const incident = await kit.opens('Outage');
  await kit.fault('*', 'cut', undefined, 25);
  for (let i = 2; i <= 6; i++) await kit.notes(incident, `while away ${i}`);
  await kit.says({ type: 'AssignRole', role: 'lead', person: BO }, incident);
  await kit.pays(incident);
  const text = (await posts(incident)).join('\n');
  expect([...text.matchAll(/while away (\d)/g)].map(([, n]) => n)).toEqual(['2', '3', '4', '5', '6']);
  expect((await kit.channel(incident)).members).toEqual(expect.arrayContaining([ANA.id, BO.id]));
  expect((await kit.rows(incident)).every((row) => row.done)).toBe(true);
});

test('a bot that is shut out keeps what it owes', async () => {
  const incident = await standing();
  await kit.notes(incident, 'kept');
  await kit.fault('chat.postMessage', 'error', 'token_revoked', 15);
  await kit.pays(incident);
  expect(await posts(incident)).toEqual([expect.stringContaining('kept')]);
});

describe('what a workspace may post is shared by all workers', () => {
  const PACE = { everyMs: 60_000, burst: 20, gapMs: 1_000 };

  test('when it is used up an entry waits, and is said when there is some again', async () => {
    const incident = await kit.opens('Used up');
    await kit.pays(incident);
    await kit.winds(1_100);
    // Another worker has heard from Slack that it was too much.
    await kit.store.outbox.tooManyPosts('T1', PACE);
    await kit.notes(incident, 'patience');
    expect(await kit.visits(incident)).not.toBeNull();
    const said = async () => (await kit.said(incident)).some(({ text }) => text.includes('patience'));
    expect(await said()).toBe(false);
    await kit.winds(PACE.burst * PACE.everyMs);
    await kit.visits(incident);
    expect(await said()).toBe(true);
  });

  test('a rate limit that one of them meets slows all of them down', async () => {
    const incident = await kit.opens('Slowed');
    await kit.pays(incident);
    await kit.winds(600_000);
    const owing = async () =>
      (
        await kit.client.query<{ ms: number }>(
          `select (extract(epoch from next_at - set_at) * 1000)::float8 as ms from lane where lane = 'T1/posts'`,
        )
      ).rows[0]?.ms ?? 0;
    await kit.fault('chat.postMessage', 'ratelimit', 3);
    await kit.notes(incident, 'too much');
    await kit.visits(incident);
    // A whole burst at the slower pace: nothing is left that could be posted at once.
    expect(await owing()).toBeGreaterThan(20 * (60_000 / 270));
    await kit.pays(incident);
  });
});

test('a flood in several channels, paid by two processes: never two posts of one channel within a second, and few of them', async () => {
  const incidents = [await standing('Flood one'), await standing('Flood two')];
  const posted = new Map<unknown, number[]>();
  let limited = 0;
  // Two workers, each with its own memory, that a database has in common. Times are of the clock that they go by.
  const workers = [0, 1].map(() => ({
    gate: new Gate(kit.world.now),
    world: {
      ...kit.world,
      slack: {
        call: async (method: string, args: Record<string, unknown> = {}) => {
          const at = kit.world.now().getTime();
          const result = await kit.world.slack.call(method, args);
          if (result.kind === 'ratelimited') limited++;
          if (method === 'chat.postMessage' && result.kind === 'ok')
            posted.set(args.channel, [...(posted.get(args.channel) ?? []), at]);
          return result;
        },
      },
    },
  }));
  for (let i = 0; i < 120; i++) await kit.notes(incidents[i % 2] ?? 0, `drop ${i}`);
  for (
    let turn = 0;
    (await Promise.all(incidents.map(kit.owing))).some((lanes) => lanes.length > 0);
    turn++
  ) {
    const worker = workers[turn % 2];
    for (const incident of incidents) await kit.visits(incident, worker?.gate, worker?.world);
    await kit.winds(200);
  }
  expect(limited).toBe(0);
  for (const times of posted.values()) {
    // Sixty entries: fifty fit into one message.
    expect(times.length).toBeLessThanOrEqual(3);
    times.forEach((at, i) => {
      // The moments at which a call begins are looked at before its turn is taken: a little less than the second.
      if (i > 0) expect(at - (times[i - 1] ?? 0)).toBeGreaterThanOrEqual(990);
    });
  }
  for (const [at, incident] of incidents.entries()) {
    const numbers = [...(await posts(incident)).join('\n').matchAll(/drop (\d+)/g)].map(([, n]) => Number(n));
    expect(numbers).toEqual(Array.from({ length: 60 }, (_, i) => 2 * i + at));
  }
});
