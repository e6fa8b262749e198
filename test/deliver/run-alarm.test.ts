import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Gate } from '#deliver/attempt.js';
import { type Kit, startKit } from './kit.js';
import { mortal } from './mortal.js';
import { asksForRun, HASH, hasPlan } from './run-given.js';

let kit: Kit;
beforeAll(async () => {
  kit = await startKit({ announce: 'C0INCIDENT' });
  // The bot may look into the announcement channel.
  await kit.act('join', { user: 'U0BOT00000', channel: 'incidents' });
});
beforeEach(async () => {
  await kit.act('fault/clear', {});
  kit.world.org = { ...kit.world.org, announce: 'C0INCIDENT' };
});
afterAll(() => kit.stop());

/** An incident with a run that waits for somebody's agreement, all of it delivered. */
async function waiting(title: string, more: Parameters<Kit['opens']>[1] = {}): Promise<number> {
  const incident = await kit.opens(title, more);
  await asksForRun(kit, incident);
  await hasPlan(kit, incident, { required: 2 });
  await kit.pays(incident);
  return incident;
}

const breaks = (incident: number, reason: string) =>
  kit.says({ type: 'ApproveRun', run: 1, hash: HASH, breakGlass: reason }, incident);

/** What was said of it, with the channel: the incident's own, and the one for announcements. */
async function heard(incident: number) {
  const all = await kit.channels();
  const loud = (name: RegExp) =>
    all
      .filter((one) => one.name.match(name))
      .flatMap(({ messages }) => messages.map(({ text }) => text))
      .filter((text) => text.includes('Glass broken') && text.includes(`INC-${incident} `));
  return { here: loud(new RegExp(`^inc-${incident}(-|$)`)), announced: loud(/^incidents$/) };
}

const said = (incident: number, reason: string) =>
  `*Glass broken*: ana goes on with RUN-1 of INC-${incident} without the agreement that it needs: ${reason}`;

describe('glass that is broken', () => {
  test('is heard in the channel by everybody who is there, and where incidents are announced', async () => {
    const incident = await waiting('Loud');
    await breaks(incident, 'nobody <!channel> answers & it burns');
    await kit.pays(incident);
    const line = said(incident, 'nobody &lt;!channel&gt; answers &amp; it burns');
    expect(await heard(incident)).toEqual({ here: [`<!here> ${line}`], announced: [line] });
  });

  test('of a private incident is heard in its own channel only', async () => {
    const incident = await waiting('Quiet', { private: true });
    await breaks(incident, 'at once');
    await kit.pays(incident);
    expect(await heard(incident)).toEqual({
      here: [`<!here> ${said(incident, 'at once')}`],
      announced: [],
    });
  });

  test('is heard where there is nowhere to announce, and where the announcement is refused', async () => {
    kit.world.org = { ...kit.world.org, announce: 'C0GONE0000' };
    const incident = await waiting('Nowhere');
    await breaks(incident, 'at once');
    await kit.pays(incident);
    expect(await heard(incident)).toEqual({
      here: [`<!here> ${said(incident, 'at once')}`],
      announced: [],
    });
    const row = (await kit.rows(incident, 'run.alarm'))[0];
    expect(row).toMatchObject({ done: true, dead: false });
  });

  test('is heard where incidents are announced though its own channel takes nothing, and that is said', async () => {
    const incident = await waiting('Archived');
    await kit.act('channel/archive', { user: 'ana', channel: (await kit.channel(incident)).id });
    await breaks(incident, 'at once');
    await kit.pays(incident);
    expect(await heard(incident)).toEqual({ here: [], announced: [said(incident, 'at once')] });
    const row = (await kit.rows(incident, 'run.alarm'))[0];
    expect(row).toMatchObject({ dead: true, error: expect.stringContaining('is_archived') });
  });

  test.each(['drop', 'cut', 'http500', 'ratelimit'])('%s: it is heard once in each place', async (kind) => {
    const incident = await waiting(`Unsure ${kind}`);
    await breaks(incident, 'at once');
    await kit.fault('chat.postMessage', kind);
    await kit.pays(incident);
    const line = said(incident, 'at once');
    expect(await heard(incident)).toEqual({ here: [`<!here> ${line}`], announced: [line] });
  });

  test('by a worker that is killed at any of its dealings, it is heard once in each place', async () => {
    let n = 0;
    for (let survived = false; !survived; ) {
      n += 1;
      const incident = await waiting(`Killed ${n}`);
      await breaks(incident, 'at once');
      const gate = new Gate(kit.world.now);
      const its = mortal(kit.world, n);
      for (let visit = 0; visit < 20 && !its.died(); visit++) {
        const back = await kit.visits(incident, gate, its.world).catch(() => null);
        if (!back) break;
        await kit.winds(back.getTime() - kit.world.now().getTime() + 1);
      }
      survived = !its.died();
      await kit.leaseEnds(incident);
      await kit.pays(incident);
      const line = said(incident, 'at once');
      expect([n, await heard(incident)]).toEqual([n, { here: [`<!here> ${line}`], announced: [line] }]);
    }
    expect(n).toBeGreaterThan(8);
  });
});
