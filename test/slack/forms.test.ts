import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Typed } from '#answer/answer.js';
import type { IncidentState } from '#domain/incident/state.js';
import { type Refusal, refuse } from '#domain/refusal.js';
import { meantByNote } from '#slack/modals/record.js';
import { Behind, type Kit, type Outcome, startKit, until } from './kit.js';

describe('forms and buttons', () => {
  let kit: Kit;
  beforeAll(async () => {
    kit = await startKit('http');
    await until(() => kit.behind.people.has('U0ANA00001'));
  });
  afterAll(() => kit.stop());
  beforeEach(() => {
    const fresh = new Behind();
    Object.assign(kit.behind, { answer: fresh.answer, handle: fresh.handle, open: [] });
    kit.behind.typed.length = kit.behind.handled.length = kit.behind.owed.length = 0;
  });

  const type = (text: string, channel = 'incidents'): Promise<Outcome> =>
    kit.act('command', { user: 'ana', channel, command: '/incident', text });
  const submit = (values: object, more: object = {}): Promise<Outcome> =>
    kit.act('view/submit', { user: 'ana', values, ...more });
  /** What a person is told after an answer that holds nothing. */
  const told = async ({ delivery }: Outcome) =>
    (await kit.look<Outcome>(`responses?delivery=${delivery}&count=1`)).responses[0];
  const views = async () => (await kit.look<Outcome>('state?user=ana')).views;

  /** Has Slack's five answers said through the address that the open form remembers. */
  async function useUp(): Promise<void> {
    const [view] = await views();
    const { reply } = JSON.parse(view?.private_metadata ?? '{}') as { reply: string };
    for (let n = 0; n < 5; n++) {
      await fetch(reply, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ response_type: 'ephemeral', text: 'x' }),
      });
    }
  }

  /** Opens a form by its verb; further lines get the usual receipt. */
  async function openForm(
    form: 'open' | 'note' | 'log',
    incident: number | null,
    channel = 'incidents',
  ): Promise<Outcome> {
    const usual = kit.behind.answer;
    kit.behind.answer = async () => ({ kind: 'form', form, incident });
    const outcome = await type(form, channel);
    kit.behind.answer = usual;
    kit.behind.typed.length = 0;
    return outcome;
  }

  test('a bare note opens a form; what is submitted goes the way of a typed line, and the receipt follows', async () => {
    let opened = await openForm('note', 7);
    // Where the machine stands still for longer than Slack waits, people are told so, and try again.
    while (Object.keys(opened.ack.body).length > 0) opened = await openForm('note', 7);
    const { ok, delivery } = opened;
    expect(ok).toBe(true);
    const [view] = await views();
    expect(view?.callback_id).toBe('note');

    const done = await submit({
      text: { text: '14:32 is <when> & it\nburns' },
      at: { at: '2024-11-10 01:41' },
    });
    expect(done.ok).toBe(true);
    expect(await views()).toHaveLength(0);
    expect(kit.behind.handled).toEqual([
      {
        intent: {
          type: 'RecordNote',
          moment: { at: '2024-11-10T00:41:00Z', until: null, precision: 'minute' },
          text: '14:32 is <when> & it\nburns',
        },
        target: 7,
        asking: expect.objectContaining({
          key: `trigger:${done.trigger_id}`,
          by: { id: 'U0ANA00001', name: 'ana' },
          seesPrivate: false,
        }),
      },
    ]);
    const { responses } = await kit.look<Outcome>(`responses?delivery=${delivery}&count=1`);
    expect(responses[0]?.text).toBe('INC-7 #2 recorded');
  });

  test('delivered again, a submission has one key; mended and submitted again, it has another', async () => {
    await openForm('note', 7);
    kit.behind.handle = async () => refuse('NOT_RECORDED', { why: 'x' });
    const first = await submit({ text: { text: 'first' } }, { copies: 3 });
    expect(first.ok).toBe(false);
    const second = await submit({ text: { text: 'mended' } });
    expect(await views()).toHaveLength(1);
    expect(second.trigger_id).not.toBe(first.trigger_id);
    expect(kit.behind.handled.map(({ intent, asking }) => [asking.key, intent])).toEqual([
      ...Array(3).fill([`trigger:${first.trigger_id}`, expect.objectContaining({ text: 'first' })]),
      [`trigger:${second.trigger_id}`, expect.objectContaining({ text: 'mended' })],
    ]);
    await kit.act('view/close', { user: 'ana' });
  });

  test('a form opened in an incident’s own channel may write there; one opened elsewhere may not, if it is private', async () => {
    const { channel } = await kit.act<Outcome>('channel', { user: 'ana', name: 'inc-7' });
    kit.behind.channels.set(channel, 7);
    kit.behind.state = { private: false, members: [] as string[], roles: {} } as unknown as IncidentState;
    await openForm('note', 7, channel);
    await submit({ text: { text: 'x' } });
    await openForm('log', 8, channel);
    await submit({ text: { text: '-5m x' } });
    expect(kit.behind.handled.map(({ target, asking }) => [target, asking.seesPrivate])).toEqual([
      [7, true],
      [8, false],
    ]);
    kit.behind.state = null;
  });

  test('into a private one only whoever is in its channel when the form is sent; where Slack does not say, the record does', async () => {
    const { channel } = await kit.act<Outcome>('channel', { user: 'ana', name: 'inc-9', private: true });
    await kit.act('join', { user: 'U0BOT00000', channel });
    kit.behind.channels.set(channel, 9);
    const sends = async (members: string[]) => {
      kit.behind.state = { private: true, members, roles: {} } as unknown as IncidentState;
      await openForm('note', 9, channel);
      await submit({ text: { text: 'x' } });
      return kit.behind.handled.at(-1)?.asking.seesPrivate;
    };
    const silent = () =>
      kit.act('fault', { method: 'conversations.members', kind: 'error', value: 'internal_error', times: 1 });
    await silent();
    expect(await sends([])).toBe(false);
    await silent();
    expect(await sends(['U0ANA00001'])).toBe(true);
    expect(await sends([])).toBe(true);
    await openForm('note', 9, channel);
    await kit.act('leave', { user: 'ana', channel });
    await until(async () => (await kit.slack.members.has(channel, 'U0ANA00001')) === false);
    await submit({ text: { text: 'x' } });
    expect(kit.behind.handled.at(-1)?.asking.seesPrivate).toBe(false);
    kit.behind.state = null;
  });

  test('what is no time is refused at its field, and the form stays open', async () => {
    await openForm('note', 7);
    for (const at of ['soon', '01:41 or so', '25:00', '01:41 PST', 'noon', '-90', '2999-01-01']) {
      const { ok, errors } = await submit({ text: { text: 'x' }, at: { at } });
      expect(ok).toBe(false);
      expect(Object.keys(errors)).toEqual(['at']);
      // No text can follow there that dashes would keep.
      expect(Object.values(errors).join()).not.toMatch(/--|`/);
    }
    expect(kit.behind.handled).toHaveLength(0);
    expect(await views()).toHaveLength(1);
    await kit.act('view/close', { user: 'ana' });
  });

  test.each(['13:41 requests fail', '7:05 PT x', 'noon x'])(
    '%s in the field of the text, with no time: the receipt says that it is no time',
    (text) => {
      const values = { text: (id: string) => (id === 'text' ? text : ''), chosen: () => [], all: () => text };
      const context = { now: new Date(), zone: 'UTC', zoneKnown: true, command: '/incident', components: [] };
      expect(meantByNote(values, context)).toMatchObject({
        intent: { moment: null, text },
        notes: [expect.stringContaining('begins like a time')],
      });
    },
  );

  test('a pasted log is read as the grammar reads it, and what is wrong is shown at its field', async () => {
    await openForm('log', 7);
    const { errors } = await submit({ text: { text: '01:41 x\ny' } });
    expect(errors.text).toContain('Line 2: “y” does not start with a time.');
    expect(errors.text).not.toContain('`');
    expect(kit.behind.handled).toHaveLength(0);
    expect((await submit({ text: { text: '2024-11-10 01:41 UTC INC-8 -- x\n\n-5m  y' } })).ok).toBe(true);
    expect(kit.behind.handled[0]?.intent).toMatchObject({
      type: 'RecordLog',
      lines: [{ moment: { at: '2024-11-10T01:41:00Z' }, text: 'INC-8 -- x' }, { text: ' y' }],
    });
  });

  test('the form for a new incident says all that a line can say, and no quote ends a field', async () => {
    await openForm('open', null);
    const { ok } = await submit({
      title: { title: '--private is “in” the "title" --component x' },
      severity: { severity: 'sev2' },
      known: { known: ['Developer API'] },
      components: { components: 'A "q” b\n\n Voice, EU \nDeveloper API\n“c” "d" e' },
      at: { at: '2024-11-10 01:41 UTC' },
      options: { options: ['drill'] },
    });
    expect(ok).toBe(true);
    expect(kit.behind.handled[0]).toMatchObject({
      intent: {
        type: 'OpenIncident',
        title: '--private is “in” the "title" --component x',
        severity: 'sev2',
        components: ['Developer API', 'A "q” b', 'Voice, EU', '“c” "d" e'],
        private: false,
        drill: true,
        moment: { at: '2024-11-10T01:41:00Z', until: null, precision: 'minute' },
      },
      target: null,
      notes: [
        '“A "q” b” is not among the known components (Developer API); taken as typed.',
        expect.stringContaining('“Voice, EU”'),
        expect.stringContaining('“"c” "d" e”'.replace('“"', '““')),
      ],
    });
  });

  test('what cannot be opened is refused at the field that is at fault', async () => {
    await openForm('open', null);
    for (const [block, values] of [
      ['title', { title: { title: ' ' } }],
      ['components', { title: { title: 'x' }, components: { components: 'c'.repeat(101) } }],
      ['at', { title: { title: 'x' }, at: { at: '2024-11-10 01:41-01:50 UTC' } }],
      ['at', { title: { title: 'x' }, at: { at: '2999-01-01 01:41 UTC' } }],
    ] as const) {
      const { errors } = await submit({ components: { components: '' }, at: { at: '' }, ...values });
      expect(Object.keys(errors)).toEqual([block]);
    }
    expect(kit.behind.handled).toHaveLength(0);
    await kit.act('view/close', { user: 'ana' });
  });

  test('a used-up response address does not lose the receipt: the channel, else a direct message', async () => {
    // Neither can the bot speak in that channel.
    const { channel } = await kit.act<Outcome>('channel', { user: 'ana', name: 'elsewhere', private: true });
    const before = await kit.calls('chat.postMessage');
    await openForm('note', 7, channel);
    await useUp();
    await submit({ text: { text: 'x' } });
    await until(async () => (await kit.calls('chat.postMessage')).length > before.length);
    expect((await kit.calls('chat.postMessage')).at(-1)?.args).toMatchObject({
      channel: 'U0ANA00001',
      text: 'INC-7 #2 recorded',
    });
  });

  test('when Slack does not open the form, the line to type is the answer, in time', async () => {
    for (const fault of [
      { kind: 'error', value: 'fatal_error' },
      { kind: 'error', value: 'expired_trigger_id' },
      { kind: 'delay', value: 4_000 },
    ]) {
      await kit.act('fault', { method: 'views.open', times: 1, ...fault });
      const { ok, ack } = await openForm('note', 7);
      expect(ok).toBe(true);
      expect(ack.body.text).toContain('/incident note 14:32 TEXT');
    }
  });

  test('a form whose outcome comes late closes, and nothing typed is lost', async () => {
    const { delivery } = await openForm('note', 7);
    let finish = (_: Refusal) => {};
    kit.behind.handle = () =>
      new Promise((resolve) => {
        finish = resolve;
      });
    const { ok } = await submit({ text: { text: 'long story' } });
    expect(ok).toBe(true);
    finish(refuse('NOT_RECORDED', { why: 'the database does not answer' }));
    const { responses } = await kit.look<Outcome>(`responses?delivery=${delivery}&count=1`);
    expect(responses[0]?.text).toContain('Nothing was kept');
    expect(responses[0]?.text).toContain('You typed: long story');
  });

  test('a form whose outcome is not known closes, so that it is not sent again unseen', async () => {
    for (const failing of [
      async () => refuse('NOT_CONFIRMED', {}),
      async () => {
        throw new Error('boom');
      },
    ]) {
      const { delivery } = await openForm('note', 7);
      kit.behind.handle = failing;
      expect((await submit({ text: { text: 'a story' } })).ok).toBe(true);
      expect(await views()).toHaveLength(0);
      const { responses } = await kit.look<Outcome>(`responses?delivery=${delivery}&count=1`);
      expect(responses[0]?.text).toMatch(/Not confirmed[\s\S]*You typed: a story/);
    }
  });

  test('when it was not said which incident, a click says it', async () => {
    const title = '<!channel> is slow';
    const usual = kit.behind.answer;
    kit.behind.answer = async () => ({
      kind: 'refused',
      refusal: refuse('WHICH_INCIDENT', { verb: 'note', open: [{ ref: 'INC-7', title: 'x' }] }),
      offered: [
        { incident: 8, title, yours: true },
        { incident: 7, title, yours: false },
      ],
    });
    const { ack, trigger_id } = await type('note it burns @bo');
    const buttons = ack.body.blocks?.[1]?.elements ?? [];
    expect(buttons.map((button) => button.action_id)).toEqual(['choose:INC-8', 'choose:INC-7']);
    expect(buttons[0]?.text.text).toBe('INC-8 <!channel> is slow · yours');
    const before = kit.behind.typed[0] as Typed;
    kit.behind.answer = usual;
    kit.behind.typed.length = 0;
    const { ephemerals } = await kit.look<Outcome>('state?user=ana');
    const clicked = await kit.act<Outcome>('action', {
      user: 'ana',
      channel: 'incidents',
      ts: ephemerals.at(-1)?.ts,
      action_id: 'choose:INC-8',
    });
    expect(clicked.ok).toBe(true);
    expect(kit.behind.typed[0]).toMatchObject({
      implied: 8,
      entered: before.entered,
      // One line is one request, whichever button is pressed.
      asking: { key: `trigger:${trigger_id}` },
    });
    expect((await told(clicked))?.text).toContain('recorded: note it burns @bo');
  });

  test('what is likely next is pressed as if it were typed; the buttons stay, and two presses are one request', async () => {
    const usual = kit.behind.answer;
    const next = (label: string, line: string) => ({ label, line, typed: line, power: null });
    kit.behind.answer = async () => ({
      kind: 'text',
      text: 'INC-7 x\nNext: …',
      next: {
        ...{ head: 'INC-7 x', incident: 7, channels: [] },
        choices: [next('I lead', 'lead me'), next('Note', 'note')],
      },
    });
    const { ack, trigger_id } = await type('');
    expect(ack.body.blocks?.[1]?.elements?.map(({ text }) => text.text)).toEqual(['I lead', 'Note']);
    kit.behind.answer = usual;
    kit.behind.typed.length = 0;
    const { ephemerals } = await kit.look<Outcome>('state?user=ana');
    const press = () =>
      kit.act<Outcome>('action', {
        ...{ user: 'ana', channel: 'incidents', ts: ephemerals.at(-1)?.ts, action_id: 'next:0' },
      });
    const clicked = [await press(), await press()];
    const asked = kit.behind.typed.map(({ entered, implied, asking }) => [entered.text, implied, asking.key]);
    expect(asked).toEqual(Array(2).fill(['lead me', 7, `trigger:${trigger_id}:lead me`]));
    for (const one of clicked)
      expect(await told(one)).toMatchObject({
        text: expect.stringContaining('recorded'),
        replace_original: false,
      });
  });
});
