import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { laneBeside } from '#domain/incident/effect.js';
import type { Intent } from '#domain/incident/intent.js';
import { toSeconds } from '#domain/words.js';
import { ANA, BO, type Kit, startKit } from './kit.js';
import { mortal } from './mortal.js';

let kit: Kit;
beforeAll(async () => {
  kit = await startKit();
});
beforeEach(() => kit.act('fault/clear', {}));
afterAll(() => kit.stop());

const POST = {
  ...{ type: 'PublishPost', state: 'identified', moment: null, confirmed: true },
} as const satisfies Partial<Intent>;

/** An hour ago another post was promised for by now, and the reminder of it is owed. @returns by when, and in which lane */
async function promised(incident: number, text: string) {
  const now = new Date(Date.now() - 3_600_000);
  const next = toSeconds(new Date(Date.now() - 60_000));
  const moment = { at: next, until: null, precision: 'minute' } as const;
  await kit.says({ ...POST, text, next: moment }, incident, ANA, { now });
  const { lastPost, team } = await kit.state(incident);
  const lane = laneBeside(team, incident, 'status.remind');
  const effect = { kind: 'status.remind', payload: { n: lastPost?.n ?? 0 } } as const;
  await kit.store.outbox.owe(effect, { team, lane, incident, key: null });
  return { next, lane };
}
const reminders = async (incident: number) =>
  (await kit.said(incident)).filter(({ text }) => text.includes('promised another update'));
/** Everything but the public's pages, which other workers make. */
async function pays(incident: number): Promise<void> {
  await kit.client.query("update outbox set done_at = now() where kind in ('status.page', 'status.tell')");
  await kit.pays(incident);
}

describe('another public post was promised', () => {
  test('who leads is reminded, with a button that opens the form', async () => {
    const incident = await kit.opens('Promised');
    await kit.says({ type: 'AssignRole', role: 'lead', person: BO }, incident);
    const { next } = await promised(incident, 'We know');
    await pays(incident);
    const [said, ...more] = await reminders(incident);
    expect(more).toHaveLength(0);
    expect(said?.text).toMatch(/^<@U0BO000002> The public was promised another update by <!date\^/);
    expect(said?.text).toContain(`|${next.slice(11, 16)} UTC>`);
    expect(JSON.stringify(said?.blocks)).toContain('"action_id":"publish:write"');
    // Should a backup be put back: the number of the entry is not given again.
    const { lastPost } = await kit.state(incident);
    expect(said?.metadata?.event_payload).toMatchObject({ entry: lastPost?.n });
  });

  test('where nobody leads, the channel is', async () => {
    const incident = await kit.opens('Led by a program', {}, { id: 'cli:root', name: null });
    await promised(incident, 'We know');
    await pays(incident);
    expect((await reminders(incident))[0]?.text).toMatch(/^The public was promised/);
  });

  test('of a private incident in its own channel', async () => {
    const incident = await kit.opens('Between us', { private: true });
    await promised(incident, 'We know');
    await pays(incident);
    const where = (await kit.channels()).filter(
      ({ messages, name }) =>
        name.startsWith(`inc-${incident}`) && messages.some(({ text }) => text.includes('promised another')),
    );
    expect(where.map(({ is_private }) => is_private)).toEqual([true]);
    expect(await reminders(incident)).toHaveLength(1);
  });

  test('nobody is reminded of what has been written since, nor of what was withdrawn', async () => {
    const incident = await kit.opens('Kept');
    await promised(incident, 'We know');
    await kit.says({ ...POST, text: 'It is over' }, incident);
    await pays(incident);
    await promised(incident, 'Not yet');
    const { lastPost } = await kit.state(incident);
    await kit.says({ type: 'WithdrawPost', entry: lastPost?.n ?? 0, reason: 'wrong one' }, incident);
    await pays(incident);
    expect(await reminders(incident)).toHaveLength(0);
    const rows = await kit.rows(incident, 'status.remind');
    expect(rows).toMatchObject([
      { done: true, result: { overtaken: true } },
      { done: true, result: { overtaken: true } },
    ]);
  });

  test('of two promises the last one counts', async () => {
    const incident = await kit.opens('Again');
    await promised(incident, 'We know');
    await promised(incident, 'Still at it');
    await pays(incident);
    expect(await reminders(incident)).toHaveLength(1);
    expect((await kit.rows(incident, 'status.remind')).map(({ result }) => result)).toEqual([
      { overtaken: true },
      expect.objectContaining({ ts: expect.any(String) }),
    ]);
  });

  test('it is said once, whenever a worker is killed', async () => {
    let survived = false;
    for (let n = 1; !survived; n++) {
      const incident = await kit.opens(`Killed ${n}`);
      await pays(incident);
      const { lane } = await promised(incident, 'We know');
      const its = mortal(kit.world, n);
      await kit.visits(incident, undefined, its.world, lane).catch(() => undefined);
      survived = !its.died();
      await kit.client.query(
        "update lane set lease_until = now() - interval '1 s', next_at = null where lane = $1",
        [lane],
      );
      await pays(incident);
      expect({ n, said: (await reminders(incident)).length }).toEqual({ n, said: 1 });
    }
  });
});
