import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Entry } from '#domain/incident/entry.js';
import type { About } from '#domain/incident/reminder.js';
import type { IncidentState } from '#domain/incident/state.js';
import { refuse } from '#domain/refusal.js';
import { remindMessage } from '#slack/blocks/action.js';
import { button, packed } from '#slack/blocks/buttons.js';
import { reminderMessage } from '#slack/blocks/reminder.js';
import { watchMessage } from '#slack/blocks/watch.js';
import { fold, opened, stream } from '../domain/given.js';
import { ANA, type Outcome, startInChannel, until } from './kit.js';

describe('buttons under what the bot said', () => {
  let kit: Awaited<ReturnType<typeof startInChannel>>;
  beforeAll(async () => {
    kit = await startInChannel('inc-7-said');
  });
  afterAll(() => kit.stop());
  beforeEach(() => {
    kit.behind.handled.length = 0;
    kit.behind.typed.length = 0;
  });

  test('the receipt of `resolve` offers it, and a click is the line that it stands for', async () => {
    kit.behind.answer = async () => ({
      kind: 'recorded',
      text: 'INC-7 #5 recorded: *resolved* <!here>',
      watch: { incident: 7, n: 5, span: '30m' },
    });
    const said = await kit.act<Outcome>('command', {
      ...{ user: 'ana', channel: kit.channel, command: '/incident', text: 'resolve' },
    });
    const { blocks, text } = said.responses[0] ?? said.ack.body;
    expect(text).toContain('recorded');
    // What people wrote is shown literally.
    expect(blocks?.[0]).toMatchObject({
      text: { type: 'plain_text', text: 'INC-7 #5 recorded: *resolved* <!here>' },
    });
    expect(blocks?.[1]?.elements).toMatchObject([{ action_id: 'watch:start', text: { text: 'Watch 30m' } }]);
    const { ephemerals } = await kit.look<Outcome>('state?user=ana');
    const ts = ephemerals.at(-1)?.ts;
    kit.behind.typed.length = 0;
    await kit.act('action', { user: 'ana', channel: kit.channel, ts, action_id: 'watch:start', copies: 2 });
    expect(
      kit.behind.typed.map(({ entered, implied, chosen, asking }) => ({
        ...{ line: entered.text, implied, chosen },
        key: asking.key,
      })),
    ).toEqual(
      // However often it is clicked, it is one watch.
      Array(2).fill({ line: 'watch 30m', implied: 7, chosen: false, key: 'watch:7:5' }),
    );
  });

  test('without an offer the receipt is a receipt', async () => {
    kit.behind.answer = async () => ({ kind: 'recorded', text: 'INC-7 #5 recorded' });
    const said = await kit.act<Outcome>('command', {
      ...{ user: 'ana', channel: kit.channel, command: '/incident', text: 'resolve' },
    });
    expect(JSON.stringify((said.responses[0] ?? said.ack.body).blocks)).not.toContain('actions');
  });

  async function shown(where: string): Promise<string> {
    const message = watchMessage({
      ...{ incident: 7, watch: 2, words: 'watch: api fails', people: [], reopens: true },
      entry: { n: 9, at: '2024-11-10T02:10:00Z', until: null, precision: 'second', recordedAt: '' } as Entry,
    });
    return kit.post(where, message);
  }

  test('*Reopen* reopens, by whoever clicked; by two of them once', async () => {
    const ts = await shown(kit.channel);
    await kit.act('action', { user: 'ana', channel: kit.channel, ts, action_id: 'watch:reopen', copies: 2 });
    await kit.act('join', { user: 'bo', channel: kit.channel });
    await kit.act('action', { user: 'bo', channel: kit.channel, ts, action_id: 'watch:reopen' });
    const intent = { type: 'ReopenIncident', reason: 'the watch saw it fail (#9)' };
    expect(kit.behind.handled).toMatchObject([
      { intent, target: 7, asking: { by: { id: ANA }, seesPrivate: true } },
      { intent, target: 7 },
      { intent, target: 7, asking: { by: { name: 'bo' } } },
    ]);
    expect(new Set(kit.behind.handled.map(({ asking }) => asking.key))).toEqual(
      new Set(['watch:reopen:7:2:9']),
    );
  });

  test('clicked elsewhere, what is private stays private', async () => {
    await kit.act('join', { user: 'U0BOT00000', channel: 'incidents' });
    const ts = await shown('C0INCIDENT');
    await kit.act('action', { user: 'ana', channel: 'C0INCIDENT', ts, action_id: 'watch:reopen' });
    expect(kit.behind.handled[0]?.asking.seesPrivate).toBe(false);
  });

  describe('a reminder', () => {
    const FORM = { kind: 'form', form: 'status', incident: 7 } as const;
    const now = new Date();
    const bo = { id: 'U0BO000002', name: 'bo' };
    const state = fold(stream(opened)) as IncidentState;
    beforeEach(() => {
      kit.behind.state = { ...state, members: [ANA] };
      kit.behind.answer = async ({ entered }) => ({
        kind: 'recorded',
        text: `INC-7 recorded: ${entered.text}`,
      });
    });
    const reminds = (about: About, where = kit.channel) =>
      kit.post(where, reminderMessage(state, about, { seq: 9 }, { command: '/incident', now }));
    const press = (ts: string, action_id: string, copies = 1) =>
      kit.act<Outcome>('action', { user: 'ana', channel: kit.channel, ts, action_id, copies });
    /** What stands in the reminder's place. */
    const stands = async (ts: string) => {
      const { channels } = await kit.look<{
        channels: Array<{ messages: Array<{ ts: string; text: string }> }>;
      }>('state');
      return channels.flatMap(({ messages }) => messages).find((one) => one.ts === ts)?.text ?? '';
    };

    test('*Snooze* is the line that it stands for, once for all who press it; the reminder gives way to what came of it', async () => {
      const ts = await reminds('update');
      const end = new Date(now.getTime() + 900_000).toISOString();
      kit.behind.state = { ...state, rhythm: { snoozed: { until: end, at: now.toISOString(), who: bo } } };
      await press(ts, 'remind:snooze:15m', 2);
      expect(
        kit.behind.typed.map(({ entered, implied, asking }) => [entered.text, implied, asking.key]),
      ).toEqual(Array(2).fill(['snooze 15m', 7, 'remind:7:9:snooze:15m']));
      await until(async () =>
        /^Reminders are snoozed until <!date.*by <@U0BO000002>\.$/.test(await stands(ts)),
      );
    });

    test('*Update now* opens the form of the status, with a promise in it; a mistake is said beside its field', async () => {
      kit.behind.answer = async () => FORM;
      await press(await reminds('update'), 'remind:update');
      const { views } = await kit.look<Outcome>('state?user=ana');
      expect(views.map(({ callback_id }) => callback_id)).toEqual(['status']);
      const submit = (next: string) =>
        kit.act<Outcome>('view/submit', {
          user: 'ana',
          values: { status: { status: 'monitoring' }, text: { text: 'keys synced' }, next: { next } },
        });
      expect((await submit('soon')).errors).toMatchObject({ next: expect.stringContaining('30m') });
      expect(kit.behind.handled).toHaveLength(0);
      expect((await submit('30m')).ok).toBe(true);
      expect(kit.behind.handled).toMatchObject([
        {
          target: 7,
          intent: {
            type: 'ChangeStatus',
            status: 'monitoring',
            text: 'keys synced',
            next: { precision: 'minute' },
          },
        },
      ]);
    });

    test('*I lead* takes the lead where nobody has it, and from nobody', async () => {
      const ts = await reminds('lead');
      await press(ts, 'remind:lead');
      const intent = { type: 'AssignRole', role: 'lead', person: { id: ANA, name: 'ana' } };
      expect(kit.behind.handled).toMatchObject([{ intent, target: 7, asking: { key: 'remind:7:9:lead' } }]);
      await until(async () => (await stands(ts)) === `<@${ANA}> leads.`);
      kit.behind.state = { ...state, roles: { lead: bo } };
      const said = await kit.told(await press(await reminds('lead'), 'remind:lead'));
      expect(said?.text).toBe('bo leads by now. To take over: /incident lead @NAME');
      expect(kit.behind.handled).toHaveLength(1);
    });

    test('*Still going* and *Resolve* answer a quiet incident; a refusal leaves the question standing', async () => {
      const ts = await reminds('quiet');
      kit.behind.answer = async () => ({
        kind: 'refused',
        refusal: refuse('STATUS_UNCHANGED', { ref: 'INC-7', status: 'resolved' }),
      });
      const refused = await kit.told(await press(ts, 'remind:resolve'));
      expect(refused).toMatchObject({ replace_original: false });
      expect(await stands(ts)).toMatch(/Still going\?|still going\?/);
      await press(ts, 'remind:going');
      expect(kit.behind.handled).toMatchObject([
        { intent: { type: 'ConfirmOngoing' }, asking: { key: 'remind:7:9:going' } },
      ]);
      await until(async () => (await stands(ts)) === `Still going, says <@${ANA}>.`);
    });

    test('a button of another version says what to type', async () => {
      const elements = [
        button('remind:nothing', 'x', packed({ incident: 7, seq: 1 }) ?? ''),
        button('remind:lead', 'x', 'x'),
      ];
      const ts = await kit.post(kit.channel, { text: 'x', blocks: [{ type: 'actions', elements }] });
      for (const id of ['remind:nothing', 'remind:lead'])
        expect((await kit.told(await press(ts, id)))?.text).toMatch(
          /too old to be understood\. Type `status`/,
        );
    });
  });

  describe('a reminder of action items', () => {
    const item = (n: number) => ({
      incident: { number: 7, title: 'Keys', channel: null },
      item: { n, entry: n, text: `item ${n}`, owner: null, due: '2024-11-01', done: false, ticket: null },
    });
    const seen = async (ts: string): Promise<string> => {
      const { channels } = await kit.look<{
        channels: Array<{ messages: Array<{ ts: string; blocks?: unknown[] }> }>;
      }>('state');
      const found = channels.flatMap(({ messages }) => messages).find((one) => one.ts === ts);
      return JSON.stringify(found?.blocks ?? []);
    };
    const press = (ts: string, action_id: string, block: number, copies = 1) =>
      kit.act('action', {
        ...{ user: 'ana', channel: kit.channel, ts, action_id, copies },
        block_id: `action-7-${block}`,
      });

    test('each stands for what is typed; the outcome takes the place of that item’s buttons, others stay', async () => {
      const ts = await kit.post(
        kit.channel,
        remindMessage([item(1), item(2), item(3)], '2024-11-10', '/incident'),
      );
      await press(ts, 'action:done', 1, 2);
      await press(ts, 'action:week', 2);
      expect(kit.behind.handled.slice(0, 2)).toMatchObject([
        { intent: { type: 'CompleteAction', action: 1 }, target: 7, asking: { by: { id: ANA } } },
        { intent: { type: 'CompleteAction', action: 1 } },
      ]);
      // A double click is one decision.
      expect(new Set(kit.behind.handled.map(({ asking }) => asking.key)).size).toBe(2);
      const [, , week] = kit.behind.handled;
      expect(week?.intent).toMatchObject({
        type: 'ChangeAction',
        action: 2,
        due: expect.stringMatching(/^20/),
      });
      const due = week?.intent.type === 'ChangeAction' ? String(week.intent.due) : '';
      expect(Date.parse(due)).toBeGreaterThan(Date.now() + 5 * 86_400_000);
      await until(async () => (await seen(ts)).match(/action:week/g)?.length === 1);
      expect(await seen(ts)).toContain('INC-7 #2 recorded');
      kit.behind.handle = async () =>
        refuse('NOT_PERMITTED', { doing: 'It', why: 'no', who: 'ana', reach: '' });
      await press(ts, 'action:pass', 3);
      expect(kit.behind.handled.at(-1)?.intent).toEqual({
        ...{ type: 'ChangeAction', action: 3, owner: null, whose: ANA },
      });
      // What may be mended can be pressed again.
      expect(await seen(ts)).toContain('action:pass');
    });
  });
});
