import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Gate } from '#deliver/attempt.js';
import { ANA, type Kit, startKit } from './kit.js';
import { mortal } from './mortal.js';

let kit: Kit;

/** An incident that owes one of everything. */
async function owing(): Promise<{ incident: number; export: string }> {
  const incident = await kit.opens(`Voices are silent`);
  await kit.notes(incident, 'first');
  await kit.says({ type: 'ChangeStatus', status: 'identified', moment: null, text: 'keys' }, incident);
  await kit.notes(incident, 'third');
  await kit.owes(incident, {
    kind: 'export.send',
    payload: { format: `x${incident}`, zone: 'UTC', channel: 'C0INCIDENT', user: ANA.id },
  });
  const posted = await kit.act('message', { user: 'ana', channel: 'incidents', text: `pinned ${incident}` });
  const ts = String(posted.ts);
  await kit.owes(incident, { kind: 'message.capture', payload: { channel: 'C0INCIDENT', ts, by: ANA.id } });
  return { incident, export: `INC-${incident}.x${incident}` };
}

/** Paid, all of it, and nothing twice. */
async function expectPaid({ incident, export: file }: { incident: number; export: string }): Promise<void> {
  const rows = await kit.rows(incident);
  expect(rows.filter((row) => !row.done || row.dead)).toEqual([]);
  const all = await kit.channels();
  const ours = all.filter((one) => one.name?.match(`^inc-${incident}(-|$)`));
  expect(ours.map((one) => one.name)).toEqual([`inc-${incident}-voices-are-silent`]);
  const [headline, ...posts] = await kit.said(incident);
  expect(headline?.metadata?.event_payload).toMatchObject({ id: 'headline' });
  expect(ours[0]?.pins).toEqual([headline?.ts]);
  expect(ours[0]?.members).toEqual(expect.arrayContaining([ANA.id, 'U0BO000002', 'U0CHEN0003']));
  expect(ours[0]?.topic).toContain('identified');
  const text = posts.map((post) => post.text).join('\n');
  const order = ['first', '_status_ identified: keys', 'third', `pinned ${incident}`];
  expect(order.map((words) => text.split(words).length - 1)).toEqual([1, 1, 1, 1]);
  expect(order.map((words) => text.indexOf(words))).toEqual(
    order.map((words) => text.indexOf(words)).sort((a, b) => a - b),
  );
  expect((await kit.state(incident)).headline?.ts).toBe(headline?.ts);
  const announcements = all.find((one) => one.name === 'incidents')?.messages ?? [];
  expect(announcements.filter((one) => one.text.includes(`*INC-${incident}*`))).toHaveLength(1);
  expect(announcements.filter((one) => one.files?.some(({ title }) => title === file))).toHaveLength(1);
}

/**
 * Registers the test. Dead just after a dealing is dead before the next one: the world cannot tell them apart.
 * @param first of its dealings at which a worker is killed, then every `stride`-th
 */
export function crashStory({ first, stride }: { first: number; stride: number }): void {
  beforeAll(async () => {
    kit = await startKit({ announce: 'C0INCIDENT', invite: { people: ['bo'], groups: ['@sre'] } });
    // The bot may look into the announcement channel.
    await kit.act('join', { user: 'U0BOT00000', channel: 'incidents' });
  });
  afterAll(() => kit.stop());

  test('a worker killed at any of its dealings leaves nothing undone and nothing doubled', async () => {
    let survived = false;
    let n = first;
    for (; !survived; n += stride) {
      const owed = await owing();
      const gate = new Gate(kit.world.now);
      const its = mortal(kit.world, n);
      for (let visit = 0; visit < 20 && !its.died(); visit++) {
        const back = await kit.visits(owed.incident, gate, its.world).catch(() => null);
        if (!back) break;
        await kit.winds(back.getTime() - kit.world.now().getTime() + 1);
      }
      survived = !its.died();
      await kit.leaseEnds(owed.incident);
      await kit.pays(owed.incident);
      await expectPaid(owed).catch((error: unknown) => {
        throw new Error(`killed at dealing ${n}: ${String(error)}`);
      });
    }
    // A walk that ended early would have tested nothing.
    expect(n - stride).toBeGreaterThan(40);
  }, 240_000);
}
