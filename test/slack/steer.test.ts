import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { DraftFact } from '#domain/incident/fact.js';
import type { IncidentState } from '#domain/incident/state.js';
import { refuse } from '#domain/refusal.js';
import type { Runbook } from '#domain/run/runbook.js';
import { runsOf } from '#domain/run/state.js';
import { headlineMessage } from '#slack/blocks/headline.js';
import { fold, opened, status, stream } from '../domain/given.js';
import { planned, proposed } from '../domain/run/facts.js';
import { ANA, Behind, type Outcome, startInChannel, until } from './kit.js';

const BO = { id: 'U0BO000002', name: 'bo' };
const stands = (...drafts: DraftFact[]) => fold(stream(opened, ...drafts)) as IncidentState;
const led: DraftFact = {
  type: 'RoleAssigned',
  data: { n: 2, at: '2024-11-10T01:50:00Z', until: null, precision: 'minute', role: 'lead', person: BO.id },
  texts: { person: 'bo' },
};

const ITEM = { n: 1, entry: 1, text: 'x', owner: null, due: null, done: false, ticket: null };

interface View {
  id: string;
  callback_id: string;
  blocks: Array<Record<string, unknown>>;
  state: { values: Record<string, Record<string, unknown>> };
}

describe('buttons of the headline, the forms that they open, and the Home tab', () => {
  let kit: Awaited<ReturnType<typeof startInChannel>>;
  beforeAll(async () => {
    kit = await startInChannel('inc-7-steer');
    await until(() => kit.behind.people.has('U0FINN0006'));
  });
  afterAll(() => kit.stop());
  beforeEach(() => {
    const fresh = new Behind();
    Object.assign(kit.behind, { answer: fresh.answer, handle: fresh.handle, items: [], mine: null });
    kit.behind.typed.length = kit.behind.handled.length = kit.behind.ran.length = 0;
    kit.behind.state = stands();
  });

  const views = async (user = 'ana') =>
    (await kit.look<{ views: View[] }>(`state?user=${user}`)).views as View[];
  const top = async () => (await views()).at(-1);
  const submit = (values: object): Promise<Outcome> => kit.act('view/submit', { user: 'ana', values });
  const close = () => kit.act('view/close', { user: 'ana', all: true });
  /** Shows the headline as it was then, and presses. */
  async function press(verb: string, state: IncidentState, user = 'ana'): Promise<Outcome> {
    const ts = await kit.post(kit.channel, { ...headlineMessage(state, '/incident') });
    return kit.act<Outcome>('action', { user, channel: kit.channel, ts, action_id: `head:${verb}` });
  }
  /** Opens a form as its button does. */
  async function form(verb: 'note' | 'status' | 'sev' | 'lead' | 'action' | 'run' | 'export'): Promise<void> {
    kit.behind.answer = async () => ({ kind: 'form', form: verb, incident: 7 });
    // That of an open one with a lead has all of them.
    await press(verb, stands(led));
    kit.behind.answer = new Behind().answer;
    expect((await top())?.callback_id).toBe(verb);
  }

  test('each is the bare verb of whoever pressed, and opens its form', async () => {
    for (const verb of ['note', 'status', 'sev', 'lead', 'action', 'run', 'export'] as const) {
      kit.behind.state = stands(led);
      await form(verb);
      expect(kit.behind.typed.at(-1)).toMatchObject({
        ...{ entered: { text: verb }, implied: 7, chosen: false, asking: { by: { id: ANA } } },
      });
      await close();
    }
  });

  test('one that this version does not know, or did not make, is answered; what may not be is refused', async () => {
    const odd = (action_id: string, value: string) => ({
      ...{
        text: 'x',
        blocks: [
          {
            type: 'actions',
            elements: [{ type: 'button', action_id, value, text: { type: 'plain_text', text: 'x' } }],
          },
        ],
      },
    });
    for (const [id, value] of [
      ['head:zap', 'AAA'],
      ['head:status', 'AAA'],
    ] as const) {
      const ts = await kit.post(kit.channel, odd(id, value));
      const clicked = await kit.act<Outcome>('action', {
        user: 'ana',
        channel: kit.channel,
        ts,
        action_id: id,
      });
      expect((await kit.told(clicked))?.text).toContain('too old');
    }
    kit.behind.answer = async () => ({
      kind: 'refused',
      refusal: refuse('NO_SUCH_INCIDENT', { ref: 'INC-7' }),
    });
    expect((await kit.told(await press('status', stands())))?.text).toContain('There is no INC-7');
    expect(await views()).toHaveLength(0);
  });

  test('*I lead* takes what nobody has, and says who was first', async () => {
    const pressed = await press('take', stands());
    expect(kit.behind.handled).toMatchObject([
      { intent: { type: 'AssignRole', role: 'lead', person: { id: ANA }, seen: null }, target: 7 },
    ]);
    expect((await kit.told(pressed))?.text).toContain('recorded');
    kit.behind.handle = async () =>
      refuse('CHANGED_SINCE', { ref: 'INC-7', now: 'in the hands of bo as lead' });
    expect((await kit.told(await press('take', stands())))?.text).toContain('in the hands of bo');
  });

  test('of two people at once the second is shown what is so now, keeps what they typed, and may go on', async () => {
    await form('status');
    kit.behind.state = stands(status(9, 'resolved'));
    kit.behind.handle = async () => refuse('CHANGED_SINCE', { ref: 'INC-7', now: 'resolved (#9)' });
    const typed = { status: { status: 'monitoring' }, text: { text: 'we watch <it>' }, at: { at: '' } };
    expect((await submit(typed)).ok).toBe(true);
    const shown = await top();
    expect(JSON.stringify(shown?.blocks)).toMatch(/resolved \(#9\) by now.*we watch <it>/);
    kit.behind.handle = new Behind().handle;
    // As it stands: nothing is typed twice.
    expect((await submit({})).ok).toBe(true);
    expect(kit.behind.handled.map(({ intent }) => intent)).toMatchObject([
      { type: 'ChangeStatus', status: 'monitoring', text: 'we watch <it>', seen: null },
      { type: 'ChangeStatus', status: 'monitoring', text: 'we watch <it>', seen: 9 },
    ]);
    expect(await views()).toHaveLength(0);
  });

  test('a note that is sent after the incident was resolved is kept, and says so', async () => {
    await form('note');
    kit.behind.state = stands(status(9, 'resolved'));
    await submit({ text: { text: 'too late?' } });
    expect(kit.behind.handled[0]?.notes).toEqual(['INC-7 was resolved while the form was open.']);
  });

  test.each<['sev' | 'lead' | 'action' | 'status', object, object]>([
    [
      'sev',
      { severity: { severity: 'sev1' } },
      { type: 'ChangeSeverity', severity: 'sev1', reason: null, seen: 'sev3' },
    ],
    ['lead', {}, { type: 'AssignRole', role: 'lead', person: { id: ANA, name: null }, seen: null }],
    ['lead', { person: { person: BO.id } }, { type: 'AssignRole', person: { id: BO.id } }],
    [
      'action',
      { text: { text: 'a "b" @c' }, owner: { owner: BO.id }, due: { due: '2026-12-05' } },
      { type: 'AddAction', text: 'a "b" @c', owner: { id: BO.id }, due: '2026-12-05' },
    ],
    [
      'status',
      { status: { status: 'identified' }, text: { text: '' }, at: { at: '2024-11-10 01:41 UTC' } },
      {
        type: 'ChangeStatus',
        status: 'identified',
        text: null,
        moment: { at: '2024-11-10T01:41:00Z' },
        seen: null,
      },
    ],
  ])('%s %j asks for what its verb asks for', async (verb, values, intent) => {
    await form(verb);
    expect((await submit(values)).ok).toBe(true);
    expect(kit.behind.handled).toMatchObject([{ intent, target: 7 }]);
  });

  test('an action item is ticked off in its form, which shows what is left, and keeps what was typed in it', async () => {
    const item = (n: number, done = false) => ({
      n,
      entry: n,
      text: `item <${n}>`,
      owner: null,
      due: null,
      ticket: null,
      done,
    });
    kit.behind.items = [item(1), item(2), item(3, true)];
    await form('action');
    const open = await top();
    expect(JSON.stringify(open?.blocks)).not.toContain('item <3>');
    kit.behind.items = [item(1, true), item(2), item(3, true)];
    await kit.act('action', {
      ...{ user: 'ana', view_id: open?.id, action_id: 'item:done:7:1' },
      values: { text: { text: 'half a sent' } },
    });
    expect(kit.behind.handled).toMatchObject([{ intent: { type: 'CompleteAction', action: 1 }, target: 7 }]);
    await until(async () => !JSON.stringify((await top())?.blocks).includes('item <1>'));
    const after = JSON.stringify(await top());
    expect(after).toContain('INC-7 #2 recorded');
    expect(after).toContain('half a sent');
    await close();
  });

  test('a run is asked for in two steps, and what is wrong with an input is said at its field', async () => {
    kit.behind.runbooks = [
      {
        ...{
          name: 'drain',
          title: 'Drain *a* node',
          description: null,
          target: null,
          onFailure: 'ask',
          steps: [],
        },
        inputs: {
          node: { type: 'string', description: 'which', enum: null },
          count: { type: 'number', description: null, default: 2, enum: null },
          slow: { type: 'boolean', description: null, default: true, enum: null },
        },
        approval: { required: 1, from: [], self: false, expiresS: 60 },
      } satisfies Runbook,
    ];
    await form('run');
    await submit({ runbook: { runbook: 'drain' } });
    const second = { 'in.node': { 'in.node': 'n "1" x=y' }, 'in.count': { 'in.count': 'many' } };
    expect((await submit(second)).errors).toEqual({ 'in.count': expect.stringContaining('is not a number') });
    // What is wrong with all of it: of the form that asks for the inputs, where no field is the runbook's.
    kit.behind.noRun = refuse('RUN_TARGET_BUSY', { target: 'nodes', of: { ref: 'INC-7', run: 'RUN-2' } });
    const busy = await submit({ ...second, 'in.count': { 'in.count': '' } });
    expect(busy.errors).toEqual({ plan: expect.stringContaining('RUN-2') });
    kit.behind.noRun = null;
    kit.behind.ran.length = 0;
    await submit({ ...second, 'in.count': { 'in.count': '' }, plan: { plan: ['plan'] } });
    expect(kit.behind.ran).toMatchObject([
      { run: { runbook: 'drain', inputs: { node: 'n "1" x=y', slow: 'true' }, planOnly: true }, incident: 7 },
    ]);
    kit.behind.runbooks = [];
    await form('run');
    expect(JSON.stringify((await top())?.blocks)).toContain('There is no runbook');
    await close();
  });

  test('an export is chosen, with a zone that can be known', async () => {
    await form('export');
    expect(Object.keys((await submit({ zone: { zone: 'PST' } })).errors)).toEqual(['zone']);
    await submit({ format: { format: 'csv' }, zone: { zone: 'Europe/Berlin' } });
    expect(kit.behind.exported.at(-1)).toMatchObject({
      ask: { type: 'export', format: 'csv', zone: 'Europe/Berlin' },
      incident: 7,
    });
  });

  describe('the Home tab', () => {
    const everywhere = { power: 'declare', reach: 'everywhere' } as const;
    const home = async (user: string) => {
      const state = await kit.look<{ homes: Array<{ user: string; view?: View } & View> }>(
        `state?user=${user}`,
      );
      return JSON.stringify(state.homes ?? []);
    };
    const opens = async (user: string) => {
      const before = (await kit.calls('views.publish')).length;
      await kit.act('home', { user });
      await until(async () => (await kit.calls('views.publish')).length > before);
    };
    const mine = (): NonNullable<Behind['mine']> => {
      const channel = { id: kit.channel, name: 'inc-7-steer' };
      const of = { ...stands(proposed(), planned()), channel };
      const run = runsOf(of).list[0];
      if (!run) throw new Error('no run');
      return {
        ...{ incidents: [of], others: [{ ...stands(), number: 8, title: '<!channel> other' }] },
        waiting: [{ of, run, what: 'approve' }],
        items: [{ incident: of, item: { ...ITEM, n: 3, text: 'rotate <keys>' } }],
        powers: [everywhere, { power: 'run', reach: 'there' }, { power: 'publish', reach: 'nowhere' }],
      };
    };

    test('shows what somebody has before them, and what they may', async () => {
      kit.behind.mine = mine();
      await opens('ana');
      await until(async () => (await home('ana')).includes('Waits for you'));
      const shown = await home('ana');
      for (const words of [
        'Declare an incident',
        'wants your approval',
        'INC-7',
        `<#${kit.channel}>`,
        'rotate <keys>',
        'Other open incidents (1)',
        'running a runbook',
        'opening an incident',
        '*Not you*: publishing',
      ])
        expect(shown).toContain(words);
      expect(shown).not.toContain('<!channel>');
    });

    test('says why it is empty where it cannot be read, and offers nothing that it does not know of', async () => {
      await opens('bo');
      await until(async () => (await home('bo')).includes('warning'));
      expect(await home('bo')).not.toContain('Declare an incident');
    });

    test('a guest is told what they see, and declares nothing', async () => {
      kit.behind.mine = {
        ...mine(),
        waiting: [],
        items: [],
        others: [],
        powers: [{ power: 'declare', reach: 'nowhere' }],
      };
      await opens('finn');
      await until(async () => (await home('finn')).includes('no others are shown to you'));
      expect(await home('finn')).not.toContain('Declare an incident');
    });

    test('never more than Slack takes: what does not fit is counted', async () => {
      const many = <T>(one: T) => Array.from({ length: 60 }, () => one);
      const { incidents, others, waiting, items } = mine();
      const states = Array.from({ length: 60 }, (_, i) => ({
        ...(incidents[0] as IncidentState),
        number: i + 1,
        title: 'x'.repeat(200),
      }));
      kit.behind.mine = {
        ...mine(),
        ...{
          incidents: states,
          others: many(others[0] as IncidentState),
          waiting: many(waiting[0] as never),
        },
        items: states.map((incident, i) => ({
          incident,
          item: { ...ITEM, n: i + 1, text: 'y'.repeat(5_000) },
        })),
      };
      expect(items).toHaveLength(1);
      await opens('ana');
      await until(async () => (await home('ana')).includes('… and 40 more'));
    });

    test('what is pressed in it is done, shown there, and nothing is told elsewhere', async () => {
      kit.behind.mine = mine();
      await opens('ana');
      await until(async () => (await home('ana')).includes('item:done:7:3'));
      const view = (await kit.calls('views.publish')).length;
      const state = await kit.look<{ homes: Array<{ id: string }> }>('state?user=ana');
      const view_id = state.homes[0]?.id;
      await kit.act('action', { user: 'ana', view_id, action_id: 'item:done:7:3' });
      expect(kit.behind.handled).toMatchObject([
        { intent: { type: 'CompleteAction', action: 3 }, target: 7 },
      ]);
      await until(async () => (await home('ana')).includes('INC-7 #2 recorded'));
      expect((await kit.calls('views.publish')).length).toBeGreaterThan(view);

      kit.behind.answer = async () => ({ kind: 'form', form: 'open', incident: null });
      await kit.act('action', { user: 'ana', view_id, action_id: 'home:declare' });
      expect((await top())?.callback_id).toBe('open');
      await submit({ title: { title: 'from home' } });
      // There is no channel to be told in: the receipt takes the place of the form.
      expect(JSON.stringify(await top())).toContain('INC-7 #2 recorded');
      await close();
    });

    test.each(['http500', 'cut', 'ratelimit'])(
      'what came of a press in a tab that Slack does not take is told directly, also after %s',
      async (kind) => {
        kit.behind.mine = mine();
        await opens('ana');
        await until(async () => (await home('ana')).includes('item:done:7:3'));
        const { homes } = await kit.look<{ homes: Array<{ id: string }> }>('state?user=ana');
        const told = async () =>
          (await kit.calls('chat.postMessage')).filter(
            ({ args, answer }) => args.channel === 'U0ANA00001' && answer.ok === true,
          );
        const before = (await told()).length;
        await kit.act('fault', { method: 'views.publish', kind: 'error', value: 'missing_scope', times: 1 });
        await kit.act('fault', { method: 'chat.postMessage', kind, times: 1 });
        await kit.act('action', { user: 'ana', view_id: homes[0]?.id, action_id: 'item:done:7:3' });
        await until(async () => (await told()).length > before);
        expect((await told()).at(-1)?.args.text).toContain('recorded');
        expect(await told()).toHaveLength(before + 1);
      },
    );

    test('the global shortcut is `open` alone; a *no* is said on top of what they look at', async () => {
      kit.behind.answer = async () => ({ kind: 'form', form: 'open', incident: null });
      await kit.act('shortcut', { user: 'ana', callback_id: 'declare' });
      expect(kit.behind.typed.at(-1)).toMatchObject({ entered: { text: 'open' }, implied: null });
      expect((await top())?.callback_id).toBe('open');
      await close();
      kit.behind.answer = async () => ({
        kind: 'refused',
        refusal: refuse('NOT_PERMITTED', {
          doing: 'Opening an incident',
          why: 'you are a guest',
          who: 'x',
          reach: 'y',
        }),
      });
      await kit.act('shortcut', { user: 'ana', callback_id: 'declare' });
      await until(async () => JSON.stringify(await top()).includes('Opening an incident is for x'));
      await close();
    });
  });
});
