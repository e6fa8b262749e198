import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { IncidentState } from '#domain/incident/state.js';
import { refuse } from '#domain/refusal.js';
import { alertsMessage } from '#slack/blocks/alert.js';
import { fired, GROUP } from '../domain/alert/given.js';
import { fold, opened, stream } from '../domain/given.js';
import { ANA, Behind, type Outcome, startInChannel, until } from './kit.js';

const state = fold(stream(opened, fired(2))) as IncidentState;
const INPUTS = { from: 'tts-old', to: 'tts new', say: 'say "x" now, \\ and\nthen --plan <!here>' };
const other = (number: number): IncidentState => ({ ...state, number, title: `Other ${number}` });

describe('buttons under alerts', () => {
  let kit: Awaited<ReturnType<typeof startInChannel>>;
  beforeAll(async () => {
    kit = await startInChannel('inc-7-alerts');
  });
  afterAll(() => kit.stop());
  beforeEach(() => {
    Object.assign(kit.behind, { handle: new Behind().handle, state, open: [] });
    for (const list of [kit.behind.handled, kit.behind.muted, kit.behind.ran]) list.length = 0;
  });

  async function click(
    what: string,
    { copies = 1, user = 'ana', where = kit.channel, firing = 1, muted = false, mark = '2' } = {},
  ) {
    const group = { ...(state.alerts?.[GROUP] as NonNullable<IncidentState['alerts']>[string]), firing };
    const message = alertsMessage({
      ...{ incident: 7, open: true, id: GROUP, group, firing, alerts: [], mark },
      mutedUntil: muted ? new Date('2099-01-01T00:00:00Z') : null,
      offer: { name: 'key-sync', inputs: INPUTS },
    });
    const ts = await kit.post(where, message);
    return kit.act<Outcome>('action', { user, channel: where, ts, action_id: what, copies });
  }

  test.each<[string, number, object]>([
    ['alerts:split', 1, { type: 'MoveAlerts', group: GROUP, to: null }],
    ['alerts:dismiss', 1, { type: 'DismissIncident', reason: null }],
    ['alerts:resolve', 0, { type: 'ChangeStatus', status: 'resolved', moment: null, text: null }],
  ])('%s is asked for by whoever clicked, who alone reads the receipt', async (what, firing, intent) => {
    const clicked = await click(what, { firing });
    expect(kit.behind.handled).toMatchObject([
      { intent, target: 7, asking: { by: { id: ANA, name: 'ana' }, source: 'slack', seesPrivate: true } },
    ]);
    expect(await kit.told(clicked)).toMatchObject({
      response_type: 'ephemeral',
      replace_original: false,
      text: 'INC-7 #2 recorded',
    });
  });

  test('a double click is one request; another state of the incident, or another person, asks anew', async () => {
    const keys = async (more: object) => {
      kit.behind.handled.length = 0;
      await click('alerts:dismiss', { copies: 2, ...more });
      return kit.behind.handled.map(({ asking }) => asking.key);
    };
    const all = [...(await keys({})), ...(await keys({ mark: '9' })), ...(await keys({ user: 'bo' }))];
    expect(all).toHaveLength(6);
    expect(new Set(all).size).toBe(3);
  });

  test('clicked elsewhere, what is private stays private; who may not is told', async () => {
    await kit.act('join', { user: 'U0BOT00000', channel: 'incidents' });
    await click('alerts:split', { where: 'C0INCIDENT' });
    expect(kit.behind.handled[0]?.asking.seesPrivate).toBe(false);
    const who = { doing: 'Changing an incident', why: 'you are a guest', who: 'full members', reach: 'Ask.' };
    kit.behind.handle = async () => refuse('NOT_PERMITTED', who);
    expect((await kit.told(await click('alerts:dismiss')))?.text).toContain(
      'Changing an incident is for full members',
    );
  });

  test('mutes the key for an hour, and ends that', async () => {
    await click('alerts:mute');
    await click('alerts:unmute', { muted: true });
    const [mute, unmute] = kit.behind.muted;
    expect(mute).toMatchObject({ mute: { key: 'service=tts' }, asking: { by: { id: ANA } } });
    expect((mute?.mute.until?.getTime() ?? 0) - (mute?.asking.now.getTime() ?? 0)).toBe(3_600_000);
    expect(unmute?.mute).toEqual({ key: 'service=tts', until: null });
  });

  test('plans the runbook; whatever stands in its inputs arrives as it is', async () => {
    await click('offer:plan');
    expect(kit.behind.ran).toMatchObject([
      {
        run: { runbook: 'key-sync', inputs: INPUTS, planOnly: false },
        ...{ incident: 7, asking: { by: { id: ANA }, source: 'slack', seesPrivate: true } },
      },
    ]);
    kit.behind.ran.length = 0;
    await kit.act('join', { user: 'U0BOT00000', channel: 'incidents' });
    await click('offer:plan', { where: 'C0INCIDENT' });
    expect(kit.behind.ran).toMatchObject([{ incident: 7, asking: { seesPrivate: false } }]);
  });

  test('attaches to one of the open incidents, chosen in a form', async () => {
    kit.behind.open = [other(8), state, other(9)];
    await click('alerts:attach');
    await until(async () => (await kit.calls('views.open')).length === 1);
    const [call] = await kit.calls('views.open');
    const shown = JSON.stringify(call?.args.view);
    expect(shown).toContain('INC-8 Other 8');
    expect(shown).toContain('INC-9 Other 9');
    // Not to itself.
    expect(shown).not.toContain('INC-7');
    await kit.act('view/submit', { user: 'ana', values: { incident: { incident: '8' } } });
    await until(() => kit.behind.handled.length === 1);
    expect(kit.behind.handled).toMatchObject([
      {
        ...{ intent: { type: 'MoveAlerts', group: GROUP, to: 8 }, target: 7 },
        asking: { by: { id: ANA }, seesPrivate: true },
      },
    ]);
  });

  test('where its form cannot be opened, it is said what to type instead', async () => {
    kit.behind.open = [other(8), state];
    await kit.act('fault', { method: 'views.open', kind: 'error', value: 'expired_trigger_id', times: 1 });
    const told = await kit.told(await click('alerts:attach'));
    expect(told?.text).toContain(
      'Type it: /incident attach service=tts INC-N, with the number of the other incident',
    );
  });

  test('where no other is open, it says so', async () => {
    kit.behind.open = [state];
    expect((await kit.told(await click('alerts:attach')))?.text).toContain('No other incident is open');
  });
});
