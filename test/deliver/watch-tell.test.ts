import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ANA, BO, type Kit, startKit } from './kit.js';
import { mortal } from './mortal.js';

const BOT = { id: 'tocsin', name: null };

let kit: Kit;
beforeAll(async () => {
  kit = await startKit();
});
beforeEach(() => kit.act('fault/clear', {}));
afterAll(() => kit.stop());

const fails = (incident: number, slot: number, why = 'api answered 503') =>
  kit.says(
    {
      type: 'NoteWatchLook',
      ...{ watch: 1, slot, failed: ['api'], good: [], why, counted: { looks: slot + 1, good: slot } },
    },
    incident,
    BOT as never,
  );
const well = (incident: number, slot: number) =>
  kit.says(
    {
      type: 'NoteWatchLook',
      ...{ watch: 1, slot, failed: [], good: ['api'], why: null, counted: { looks: slot + 1, good: slot } },
    },
    incident,
    BOT as never,
  );

/** An incident that is resolved and watched, all of it delivered. */
async function watched(title: string, status: 'monitoring' | 'resolved' = 'resolved', lead = true) {
  const incident = await kit.opens(title, { private: title === 'Private' });
  if (lead) await kit.says({ type: 'AssignRole', role: 'lead', person: BO }, incident);
  await kit.says({ type: 'ChangeStatus', status, moment: null, text: null }, incident);
  const watch = { type: 'StartWatch', forMs: 60_000, everyMs: 1_000, probes: ['api'], queries: [] } as const;
  await kit.says({ ...watch, probes: ['api'], queries: [] }, incident);
  await pays(incident);
  return incident;
}
/** Everything but the looks, which other workers make. */
async function pays(incident: number): Promise<void> {
  await kit.client.query("update outbox set done_at = now() where kind = 'watch.look'");
  await kit.pays(incident);
}
const buttons = (blocks: unknown) => JSON.stringify(blocks).match(/"action_id":"[^"]*"/g) ?? [];

describe('what a watch saw', () => {
  test('is told at once in the channel, to the lead by name, with a button that reopens', async () => {
    const incident = await watched('Loud');
    await fails(incident, 3, 'it said <!channel> & *no*');
    await pays(incident);
    const said = (await kit.said(incident)).at(-1);
    expect(said?.text).toMatch(
      /^\*#\d+\* \d\d:\d\d:\d\d UTC watch: api fails: it said &lt;!channel&gt; &amp; \*no\* <@U0BO000002>$/,
    );
    expect(buttons(said?.blocks)).toEqual(['"action_id":"watch:reopen"']);
    // Should a backup be put back: the number of the entry is not given again.
    const { entries } = await kit.state(incident);
    expect(said?.metadata?.event_payload).toMatchObject({ entry: entries });
    await well(incident, 4);
    await pays(incident);
    expect((await kit.said(incident)).at(-1)?.text).toMatch(/watch: api is well again — tocsin$/);
  });

  test('is told to who asked for it, where nobody leads; without the button, where it is not resolved', async () => {
    const incident = await watched('Monitored', 'monitoring', false);
    await fails(incident, 0);
    await pays(incident);
    const said = (await kit.said(incident)).at(-1);
    expect(said?.text).toContain(`<@${ANA.id}>`);
    expect(buttons(said?.blocks)).toEqual([]);
  });

  test('that it cannot go on is told to the lead and to who asked', async () => {
    const incident = await watched('Gone');
    const counted = { looks: 1, good: 1, missed: 0, each: { api: 1 } };
    const why = 'tocsin.yml names no “api” any more; `watch` begins another with what it names';
    await kit.says({ type: 'EndWatch', watch: 1, how: 'impossible', why, counted }, incident, BOT as never);
    await pays(incident);
    const said = (await kit.said(incident)).at(-1);
    expect(said?.text).toMatch(
      /it cannot go on: tocsin\.yml names no “api” any more; `watch` begins another.*<@U0BO000002> <@U0ANA00001>$/,
    );
    expect(buttons(said?.blocks)).toEqual([]);
  });

  test('of a private incident stays in its channel', async () => {
    const incident = await watched('Private');
    await fails(incident, 0, 'between us');
    await pays(incident);
    const where = (await kit.channels()).filter(({ messages }) =>
      messages.some(({ text }) => text.includes('between us')),
    );
    expect(where.map(({ is_private }) => is_private)).toEqual([true]);
  });

  test('stands there once, whenever a worker is killed', async () => {
    let survived = false;
    for (let n = 1; !survived; n++) {
      const incident = await watched(`Killed ${n}`);
      await fails(incident, 0);
      const its = mortal(kit.world, n);
      await kit.visits(incident, undefined, its.world).catch(() => undefined);
      survived = !its.died();
      await kit.leaseEnds(incident);
      await pays(incident);
      const said = (await kit.said(incident)).filter(({ text }) => text.includes('api fails'));
      expect({ n, said: said.length }).toEqual({ n, said: 1 });
    }
  });
});
