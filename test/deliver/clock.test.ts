import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Gate } from '#deliver/attempt.js';
import type { World } from '#deliver/ports.js';
import type { RunContext } from '#runbooks/action.js';
import { definition, eachWithRunKit, type RunKit } from '../runs/kit.js';
import { ANA, type Kit, laneOf, startKit } from './kit.js';

// This machine's clock was an hour ahead for some seconds, and is right again: what was written or waited for meanwhile
// takes as long as it should, not an hour.

const HOUR = 3_600_000;

describe('a run', () => {
  let kit: RunKit;
  eachWithRunKit((one) => {
    kit = one;
  });
  const waits = async (_: object, { waited, now }: RunContext) =>
    waited
      ? undefined
      : ({ kind: 'wait', until: new Date(now().getTime() + 30_000), summary: 'waits' } as const);
  const LONG = { approval: { required: 1, expires: '5h' } };
  const names = () => kit.outside.calls.map(({ name }) => name);

  test('that waits for half a minute goes on after a minute at most, and never too early', async () => {
    kit.outside.doing.set('t.idem', waits);
    const run = await kit.planned(definition(['one t.idem', 'two t.cas'], LONG));
    kit.windOn(HOUR);
    await kit.approve(run);
    await kit.drive(run);
    kit.windOn(-HOUR);
    await kit.passes(20_000, run);
    expect(names()).toEqual(['t.idem']);
    await kit.passes(11_000, run);
    // Found out when its alarm went off: from here on it is the span that counts.
    const step = (await kit.view(run)).steps.get('one')?.run;
    expect(Date.parse(step?.waitsUntil ?? '') - kit.now().getTime()).toBeLessThanOrEqual(30_000);
    expect(step).toMatchObject({ waitedFor: 'time', failures: 0 });
    await kit.passes(31_000, run);
    expect(names()).toEqual(['t.idem', 't.idem', 't.cas']);
    expect((await kit.view(run)).state.end).toBe('succeeded');
  });

  test('whose step is to be tried again counts its failures once, and still says what failed', async () => {
    let fails = 2;
    kit.outside.doing.set('t.idem', async () => {
      if (fails-- > 0) throw new Error('not yet');
      return undefined;
    });
    const retry = { attempts: 3, backoff: '30s' };
    const run = await kit.planned(definition([{ id: 'one', uses: 't.idem', retry }], LONG));
    kit.windOn(HOUR);
    await kit.approve(run);
    await kit.drive(run);
    kit.windOn(-HOUR);
    await kit.passes(31_000, run);
    const step = (await kit.view(run)).steps.get('one')?.run;
    expect(step).toMatchObject({ waitedFor: 'retry', failures: 1, error: 'not yet', attempt: 1 });
    await kit.passes(31_000, run);
    await kit.passes(61_000, run);
    expect((await kit.view(run)).state.end).toBe('succeeded');
    expect(names()).toHaveLength(3);
  });

  test('can be approved for as long as it says, and not for an hour more', async () => {
    const plan = () => definition(['one t.cas'], { approval: { required: 1, expires: '15m' } });
    const run = await kit.propose(plan());
    if (typeof run !== 'number') throw new Error(JSON.stringify(run));
    kit.windOn(HOUR);
    await kit.drive(run);
    kit.windOn(-HOUR);
    await kit.passes(15 * 60_000, run);
    const { approvers } = (await kit.view(run)).state;
    expect(Date.parse(approvers?.expiresAt ?? '') - kit.now().getTime()).toBeLessThanOrEqual(15 * 60_000);
    await kit.passes(15 * 60_000 + 1_000, run);
    expect((await kit.view(run)).state).toMatchObject({ status: 'ended', end: 'expired' });
  });
});

describe('a delivery', () => {
  let kit: Kit;
  let ahead = 0;
  const now = () => new Date(Date.now() + ahead);
  beforeEach(async () => {
    ahead = 0;
    kit = await startKit({ announce: 'incidents' });
  });
  afterEach(() => kit.stop());
  const opensAhead = async (title: string) => {
    const plain = { severity: null, components: [], private: false, drill: false, moment: null };
    const asking = {
      ...{ team: 'T1', by: ANA, source: 'slack' as const, key: null, seesPrivate: true },
      now: new Date(Date.now() + HOUR),
    };
    const said = await kit.handle({ type: 'OpenIncident', title, ...plain }, null, asking);
    if (!('incident' in said)) throw new Error(said.sentence);
    return said.incident;
  };
  const texts = async (incident: number) => (await kit.said(incident)).map(({ text }) => text).join('\n');

  test('that has to wait a second when the clock is put right waits a second', async () => {
    const incident = await kit.opens('First');
    await kit.pays(incident);
    await kit.notes(incident, 'one');
    // The channel may be posted to again: its second is over.
    await kit.winds(1_100);
    const gate = new Gate(now);
    ahead = HOUR;
    let looks = 0;
    const world: World = {
      ...kit.world,
      now,
      outbox: {
        ...kit.store.outbox,
        // It is put right after the second post was told to wait for the first.
        owedRows: async (...of) => {
          looks += 1;
          if (looks === 2) await kit.notes(incident, 'two');
          // In the midst of a look, and there is something else to do before the lane is left.
          if (looks === 3) {
            ahead = 0;
            await kit.owes(incident, { kind: 'headline.refresh', payload: {} });
          }
          return kit.store.outbox.owedRows(...of);
        },
      },
    };
    const back = await kit.visits(incident, gate, world);
    expect(looks).toBeGreaterThanOrEqual(4);
    expect(await texts(incident)).not.toContain('two');
    expect((back?.getTime() ?? 0) - Date.now()).toBeLessThan(60_000);
    const { rows } = await kit.client.query(
      "select next_at > now() + interval '1 minute' as long from lane where lane = $1",
      [laneOf(incident)],
    );
    expect(rows).toEqual([{ long: false }]);
  });

  test('that announces an incident does not wait until the time at which it says that it was opened', async () => {
    const incident = await opensAhead('Announced');
    await kit.visits(incident, new Gate(now), kit.world, `${laneOf(incident)}/announcement.refresh`);
    const incidents = (await kit.channels()).find(({ name }) => name === 'incidents');
    expect(incidents?.messages.filter(({ text }) => text.includes('Announced'))).toHaveLength(1);
  });

  test('whose answer was lost finds what it made, and makes nothing twice', async () => {
    const incident = await opensAhead('Found again');
    await kit.fault('conversations.create', 'drop');
    await kit.fault('chat.postMessage', 'drop', undefined, 2);
    await kit.winds(10 * 60_000);
    await kit.pays(incident);
    const names = (await kit.channels()).map(({ name }) => name).filter((name) => name?.startsWith('inc-'));
    expect(names).toEqual(['inc-1-found-again']);
    expect(
      (await kit.said(incident)).filter(({ metadata }) => metadata?.event_payload.id === 'headline'),
    ).toHaveLength(1);
    const asking = { team: 'T1', by: ANA, source: 'slack' as const, key: null, seesPrivate: true };
    await kit.handle({ type: 'RecordNote', moment: null, text: 'said once' }, incident, {
      ...asking,
      now: new Date(Date.now() + HOUR),
    });
    await kit.fault('chat.postMessage', 'drop');
    await kit.visits(incident);
    await kit.winds(10 * 60_000);
    await kit.pays(incident);
    expect((await texts(incident)).split('said once')).toHaveLength(2);
  });
});
