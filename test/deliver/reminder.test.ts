import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Intent } from '#domain/incident/intent.js';
import { toSeconds } from '#domain/words.js';
import { BO, type Kit, startKit } from './kit.js';
import { mortal } from './mortal.js';

let kit: Kit;
beforeAll(async () => {
  kit = await startKit();
});
beforeEach(() => kit.act('fault/clear', {}));
afterAll(() => kit.stop());

const HALF_HOUR_MS = 1_800_000;

/** @returns by when another post is promised */
async function publishes(incident: number, text: string, promises = true): Promise<string> {
  // The clock of the kit runs ahead of the wall's, by what earlier tests waited for.
  const next = toSeconds(new Date(kit.world.now().getTime() + HALF_HOUR_MS));
  const intent: Intent = {
    ...{ type: 'PublishPost', state: 'identified', moment: null, text, confirmed: true },
    ...(promises && { next: { at: next, until: null, precision: 'minute' } }),
  };
  await kit.says(intent, incident);
  return next;
}
const reminders = async (incident: number) =>
  (await kit.said(incident)).filter(({ text }) => text.includes('promised another update'));

describe('another public post was promised', () => {
  test('who leads is reminded when it is due and not before, with a button that opens the form', async () => {
    const incident = await kit.opens('Promised');
    await kit.says({ type: 'AssignRole', role: 'lead', person: BO }, incident);
    const next = await publishes(incident, 'We know');
    // Everything that is due by now.
    for (const lane of await kit.owing(incident)) await kit.visits(incident, undefined, kit.world, lane);
    expect(await reminders(incident)).toHaveLength(0);
    await kit.pays(incident);
    const [said, ...more] = await reminders(incident);
    expect(more).toHaveLength(0);
    expect(said?.text).toMatch(/^<@U0BO000002> The public was promised another update by <!date\^/);
    expect(said?.text).toContain(`|${next.slice(11, 16)} UTC>`);
    expect(JSON.stringify(said?.blocks)).toContain('"action_id":"publish:write"');
    // Should a backup be put back: the number of the entry is not given again.
    const { lastPost } = await kit.state(incident);
    expect(said?.metadata?.event_payload).toMatchObject({ entry: lastPost?.n });
  });

  test('of a private incident in its own channel', async () => {
    const incident = await kit.opens('Between us', { private: true });
    await publishes(incident, 'We know');
    await kit.pays(incident);
    const where = (await kit.channels()).filter(({ messages, name }) =>
      messages.some(({ text }) => text.includes('promised another') && name.includes(`inc-${incident}`)),
    );
    expect(where.map(({ is_private }) => is_private)).toEqual([true]);
  });

  test('nobody is reminded of what has been written since', async () => {
    const incident = await kit.opens('Kept');
    await publishes(incident, 'We know');
    await publishes(incident, 'It is over', false);
    await kit.pays(incident);
    expect(await reminders(incident)).toHaveLength(0);
    const [row] = await kit.rows(incident, 'status.remind');
    expect(row).toMatchObject({ done: true, result: { overtaken: true } });
  });

  test('of what was withdrawn nobody is reminded; of the promise before it, once', async () => {
    const incident = await kit.opens('Withdrawn');
    await publishes(incident, 'We know');
    const { lastPost } = await kit.state(incident);
    await kit.says({ type: 'WithdrawPost', entry: lastPost?.n ?? 0, reason: 'wrong one' }, incident);
    await kit.pays(incident);
    expect(await reminders(incident)).toHaveLength(0);
  });

  test('it is said once, whenever a worker is killed', async () => {
    let survived = false;
    for (let n = 1; !survived; n++) {
      const incident = await kit.opens(`Killed ${n}`);
      await kit.pays(incident);
      await publishes(incident, 'We know');
      await kit.winds(HALF_HOUR_MS + 1_000);
      const its = mortal(kit.world, n);
      await kit.visits(incident, undefined, its.world).catch(() => undefined);
      survived = !its.died();
      await kit.leaseEnds(incident);
      await kit.pays(incident);
      expect({ n, said: (await reminders(incident)).length }).toEqual({ n, said: 1 });
    }
  });
});
