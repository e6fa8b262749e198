import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Entry } from '#domain/incident/entry.js';
import type { Intent } from '#domain/incident/intent.js';
import { decide } from '#domain/incident/rules/decide.js';
import type { IncidentState } from '#domain/incident/state.js';
import { isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import type { PublicRules } from '#domain/status/publish.js';
import type { Moment } from '#domain/words.js';
import { type AskedPost, PUBLISH_ACTIONS } from '#slack/blocks/publish.js';
import { reminderMessage } from '#slack/blocks/reminder.js';
import { valuesOf } from '#slack/modals/form.js';
import { changeModal, PUBLISH_FORM } from '#slack/modals/publish.js';
import { asking, fold, INSIDE, opened, stream } from '../domain/given.js';
import { ANA, Behind, type Outcome, startInChannel } from './kit.js';

/** A leak check of two rules; which ones there are in truth is tested where they are. */
const rules = (names: readonly string[] | null = ['TTS', 'Voice']): PublicRules => ({
  components: names,
  leaks: (text) =>
    [...text.matchAll(/\S+\.internal|\bSECRET-\d+/g)].map(({ 0: found, index: start }) => ({
      ...{ kind: found.endsWith('.internal') ? ('host' as const) : ('ticket' as const), found },
      ...{ start, end: start + found.length },
    })),
  leakText: ({ found }) => `“${found}” means nothing to the public: write what they know it as.`,
});

interface Block {
  type: string;
  block_id?: string;
  text?: { type: string; text: string };
  label?: { text: string };
  elements?: Array<{ action_id?: string; text: string | { text: string }; style?: string; value?: string }>;
  element?: { initial_value?: string; initial_option?: { value: string; text: { text: string } } };
}
interface View {
  callback_id: string;
  title: { text: string };
  submit?: { text: string };
  private_metadata: string;
  blocks: Block[];
}

const shownIn = (blocks: readonly Block[] = []) =>
  blocks
    .flatMap(({ text, label, elements }) => [
      text?.text ?? label?.text ?? '',
      ...(elements ?? []).map((one) => (typeof one.text === 'string' ? one.text : one.text.text)),
    ])
    .join('\n');
const buttonsIn = (blocks: readonly Block[] = []) =>
  blocks
    .filter(({ type }) => type === 'actions')
    .flatMap(({ elements = [] }) =>
      elements.map(({ text, style }) => [typeof text === 'string' ? text : text.text, style ?? '']),
    );

describe('publishing from Slack', () => {
  let kit: Awaited<ReturnType<typeof startInChannel>>;
  let state: IncidentState;
  let publicly: PublicRules;
  let entry: Entry | null;
  /** What stands on the page, and under which key it came. */
  const posts = new Map<string, Intent>();
  const fresh = new Behind();

  beforeAll(async () => {
    kit = await startInChannel('inc-7-publish');
  });
  afterAll(() => kit.stop());
  beforeEach(async () => {
    state = fold(stream(opened)) as IncidentState;
    publicly = rules();
    entry = null;
    posts.clear();
    const { behind } = kit;
    behind.state = { ...state, members: [ANA] };
    behind.typed.length = behind.handled.length = 0;
    behind.answer = fresh.answer;
    // The domain decides, and a key stands for one post, as in the record.
    behind.handle = async (intent) => {
      const { key } = behind.handled.at(-1)?.asking ?? {};
      const decided = decide(state, intent as Intent, asking(), {
        ...{ asker: INSIDE, changes: [], captured: null, actionDone: false, number: 7, entry, publicly },
      });
      if (key && posts.has(key)) return { recorded: true, receipt: 'INC-7 #2 recorded (the first)' };
      if (isRefusal(decided)) return decided;
      if (key) posts.set(key, intent as Intent);
      return { recorded: true, receipt: 'INC-7 #2 recorded' };
    };
    for (const view of await views()) if (view) await kit.act('view/close', { user: 'ana', all: true });
  });

  const views = async () => (await kit.look<Outcome>('state?user=ana')).views as unknown as View[];
  const open = async () => {
    const [view] = await views();
    if (!view) throw new Error('no form is open');
    return view;
  };
  /** Somebody types a post; the answer is that of the domain. */
  async function types(intent: AskedPost, channel = kit.channel): Promise<Outcome> {
    kit.behind.answer = async ({ asking }) => {
      kit.behind.handled.push({ intent, target: 7, asking });
      const refusal = (await kit.behind.handle(intent)) as Refusal;
      kit.behind.handled.length = 0;
      return { kind: 'refused', refusal, intent, incident: 7 };
    };
    const typed = await kit.act<Outcome>('command', {
      ...{ user: 'ana', channel, command: '/incident', text: 'publish …' },
    });
    // From now on every line is `publish` alone, which a button types to open the form.
    kit.behind.answer = async () => ({ kind: 'form', form: 'publish', incident: 7 });
    return typed;
  }
  const post = (
    text: string,
    more: Partial<Extract<AskedPost, { type: 'PublishPost' }>> = {},
  ): AskedPost => ({
    ...{ type: 'PublishPost', state: 'identified', moment: null, text, confirmed: false },
    ...more,
  });
  /** What asks ana something, with that button under it. */
  async function askingAna(action_id: string) {
    const { ephemerals } = await kit.look<Outcome>('state?user=ana');
    return ephemerals.filter((one) => JSON.stringify(one).includes(`"action_id":"${action_id}"`));
  }
  async function click(action_id: string, copies = 1, channel = kit.channel): Promise<Outcome> {
    const ts = (await askingAna(action_id)).at(-1)?.ts;
    return kit.act('action', { user: 'ana', channel, ts, action_id, copies });
  }
  const clickInForm = () => kit.act<Outcome>('action', { user: 'ana', action_id: PUBLISH_ACTIONS.edit });
  const submit = (values: Record<string, string>, more: object = {}): Promise<Outcome> =>
    kit.act('view/submit', {
      ...{ user: 'ana', ...more },
      values: Object.fromEntries(Object.entries(values).map(([id, value]) => [id, { [id]: value }])),
    });
  const blocksOf = ({ ack, responses }: Outcome) =>
    ((responses?.[0] ?? ack.body).blocks ?? []) as unknown as Block[];
  const reasonIds = (view: View) =>
    view.blocks.flatMap(({ block_id }) => (block_id?.startsWith('why:') ? [block_id] : []));
  async function opensForm(): Promise<Outcome> {
    kit.behind.answer = async () => ({ kind: 'form', form: 'publish', incident: 7 });
    return kit.act<Outcome>('command', {
      ...{ user: 'ana', channel: kit.channel, command: '/incident', text: 'publish' },
    });
  }

  test('the preview is what the public will read, and a click publishes it; twice clicked is once', async () => {
    state = { ...state, components: ['TTS', 'db-prod'] };
    const moment: Moment = { at: '2024-11-10T01:41:00Z', until: null, precision: 'minute' };
    const next: Moment = { at: '2024-11-10T02:30:00Z', until: null, precision: 'minute' };
    const intent = post('We found the cause.\nA mend is on its way.', {
      ...{ moment, next, title: 'Speech fails', state: null },
      states: [{ component: 'TTS', state: 'partial' }],
    });
    state = { ...state, status: 'monitoring' };
    const typed = await types(intent);
    const blocks = blocksOf(typed);
    const shown = shownIn(blocks);
    expect(shown).toContain('*INC-7: the public will read*');
    expect(shown).toContain(
      ':eyes: *Monitoring* · 2024-11-10 01:41 UTC (for you <!date^1731202860^{time}|01:41 UTC>)',
    );
    expect(shown).toContain('*Speech fails*');
    expect(blocks.find(({ text }) => text?.type === 'plain_text')?.text?.text).toBe(
      'We found the cause.\nA mend is on its way.',
    );
    expect(shown).toContain('Affects: :large_orange_circle: TTS (partial outage)');
    expect(shown).toContain('Next update by 2024-11-10 02:30 UTC');
    expect(shown).toContain('Not told: db-prod');
    expect(buttonsIn(blocks)).toEqual([
      ['Publish', 'primary'],
      ['Change', ''],
      ['Cancel', ''],
    ]);
    // What is so meanwhile changes nothing of what was shown.
    state = { ...state, status: 'resolved' };
    const clicked = await click('publish', 2);
    expect(kit.behind.handled.map(({ intent: asked, asking: by }) => [asked, by.key])).toEqual(
      Array(2).fill([
        // The components that were shown, and no others that come meanwhile.
        { ...intent, state: 'monitoring', confirmed: true, components: ['TTS'], only: true },
        `trigger:${typed.trigger_id}`,
      ]),
    );
    expect([...posts.values()]).toHaveLength(1);
    expect(await kit.told(clicked)).toMatchObject({
      replace_original: true,
      text: expect.stringContaining('recorded'),
    });
  });

  test('a click that comes to nothing leaves the question where it is', async () => {
    await types(post('We know'));
    kit.behind.handle = async () => refuse('NOT_RECORDED', { why: 'the database is away' });
    const told = await kit.told(await click('publish'));
    expect(told).toMatchObject({
      replace_original: false,
      text: expect.stringContaining('Nothing was kept'),
    });
    kit.behind.handle = async () => {
      throw new Error('boom');
    };
    expect(await kit.told(await click('publish'))).toMatchObject({ replace_original: false });
  });

  test('*Cancel* publishes nothing', async () => {
    await types(post('We know'));
    expect((await kit.told(await click('cancel')))?.text).toContain('Nothing was kept');
    expect(kit.behind.handled).toHaveLength(0);
  });

  test('Slack’s own words in a post are shown, and do nothing', async () => {
    const text = '*We* <!channel> <@U0ANA00001> @here & <https://x.y|link> \u202eevil\u202c :tada:';
    const title = '<!here> \u2066x';
    const typed = await types(post(text, { title, components: ['<!everyone>'] }));
    // It is no component of the page.
    expect(typed.ack.body.text ?? typed.responses[0]?.text).not.toMatch(/<[!@#]/);
    publicly = rules(null);
    const blocks = blocksOf(await types(post(text, { title, components: ['<!everyone> \u202ex'] })));
    const literal = blocks.find(({ text }) => text?.type === 'plain_text')?.text;
    expect(literal).toEqual({
      ...{ type: 'plain_text', emoji: false },
      text: '*We* <!channel> <@U0ANA00001> @here & <https://x.y|link> evil :tada:',
    });
    const rest = shownIn(blocks.filter((block) => block.text !== literal));
    expect(rest.replace(literal?.text ?? '', '').replaceAll('<!date^', '')).not.toMatch(
      /<[@#!]|[\u202a-\u202e\u2066-\u2069]/,
    );
  });

  test('a drill says so', async () => {
    state = { ...state, drill: true };
    const blocks = blocksOf(await types(post('db-1.internal is back')));
    expect(shownIn(blocks)).toContain('A drill: no public page shows this');
    expect(shownIn(blocks)).toContain(':warning: “db-1.internal”');
    // Nobody reads it, so there is nothing to answer for.
    expect(buttonsIn(blocks)[0]).toEqual(['Publish', 'primary']);
    await click('publish');
    expect(posts.size).toBe(1);
  });

  test('in a private incident a click elsewhere is not that of somebody inside', async () => {
    await kit.act('join', { user: 'U0BOT00000', channel: 'incidents' });
    await types(post('We know'), 'incidents');
    await click('publish', 1, 'incidents');
    expect(kit.behind.handled.at(-1)?.asking.seesPrivate).toBe(false);
    await types(post('We know'));
    await click('publish');
    expect(kit.behind.handled.at(-1)?.asking.seesPrivate).toBe(true);
  });

  test('a text that fits no button leaves the flag to type', async () => {
    const text = Array.from({ length: 4_000 }, (_, i) => String.fromCharCode(0x4e00 + ((i * 7919) % 20_000)));
    const { ok, ack } = await types(post(text.join('')));
    expect(ok).toBe(true);
    expect(ack.body.blocks).toBeUndefined();
    expect(ack.body.text).toContain('--yes');
  });

  test('a button that we did not make is not obeyed', async () => {
    kit.behind.answer = async () => ({
      ...{ kind: 'refused', intent: post('x'), incident: -1 },
      refusal: decide(state, post('x') as Intent, asking(), {
        ...{ asker: INSIDE, changes: [], captured: null, actionDone: false, number: 7, entry: null },
      }) as Refusal,
    });
    await kit.act('command', { user: 'ana', channel: kit.channel, command: '/incident', text: 'publish x' });
    const ts = (await askingAna('publish')).at(-1)?.ts;
    for (const action of ['publish:change', 'publish']) {
      const clicked = await kit.act<Outcome>('action', {
        user: 'ana',
        channel: kit.channel,
        ts,
        action_id: action,
      });
      expect((await kit.told(clicked))?.text).toContain('too old');
    }
    expect(kit.behind.handled).toHaveLength(0);
  });

  describe('*Change*', () => {
    test('opens the form with what was typed; what comes of it takes the place of the question', async () => {
      const moment: Moment = { at: '2024-11-10T01:41:00Z', until: null, precision: 'approx' };
      const next: Moment = { at: '2024-11-10T02:30:00Z', until: null, precision: 'minute' };
      const states = [{ component: null, state: 'partial' as const }];
      const before = (await askingAna('publish')).length;
      const typed = await types(post('We kno', { moment, next, title: 'Speech', states }));
      await click('publish:change');
      expect(kit.behind.typed.at(-1)).toMatchObject({
        entered: { text: 'publish' },
        implied: 7,
        chosen: false,
      });
      const form = await open();
      expect([form.callback_id, form.title.text]).toEqual(['publish', 'Publish INC-7']);
      const filled = Object.fromEntries(
        form.blocks.flatMap(({ block_id = '', element }) =>
          element ? [[block_id, element.initial_value ?? element.initial_option?.value]] : [],
        ),
      );
      expect(filled).toEqual({
        ...{ text: 'We kno', state: 'identified', states: 'partial', title: 'Speech' },
        ...{ next: '2024-11-10 02:30 UTC', at: '~2024-11-10 01:41 UTC' },
      });
      expect((await submit({ text: 'We know', next: '' })).ok).toBe(true);
      const preview = await open();
      expect([preview.callback_id, preview.title.text, preview.submit?.text]).toEqual([
        ...['publish_preview', 'Publish for INC-7?', 'Publish'],
      ]);
      expect(shownIn(preview.blocks)).toContain('We know');
      expect(posts.size).toBe(0);
      expect((await submit({}, { copies: 2 })).ok).toBe(true);
      expect(await views()).toHaveLength(0);
      expect([...posts]).toEqual([
        [
          `trigger:${typed.trigger_id}`,
          {
            ...{ type: 'PublishPost', state: 'identified', moment, text: 'We know', title: 'Speech', states },
            // Taken out, and not put back.
            ...{ confirmed: true, anyway: null, components: ['TTS'], only: true, next: null },
          },
        ],
      ]);
      // The question that stood there before is answered.
      expect((await askingAna('publish')).length).toBe(before);
      const { ephemerals } = await kit.look<Outcome>('state?user=ana');
      expect(ephemerals.at(-1)?.text).toContain('recorded');
    });

    test('whoever may not publish gets no form', async () => {
      await types(post('We know'));
      kit.behind.answer = async () => ({
        kind: 'refused',
        refusal: refuse('NO_SUCH_INCIDENT', { ref: 'INC-7' }),
      });
      const told = await kit.told(await click('publish:change'));
      expect(told).toMatchObject({ replace_original: false, text: expect.stringContaining('INC-7') });
      expect(await views()).toHaveLength(0);
    });

    test('keeps components that were named with a state each, unless another is chosen for all', async () => {
      const states = [
        { component: 'TTS', state: 'major' as const },
        { component: 'Voice', state: 'degraded' as const },
      ];
      for (const [chosen, expected] of [
        [{}, states],
        [{ states: 'operational' }, [{ component: null, state: 'operational' }]],
      ] as const) {
        await types(post('We know', { states, components: ['Voice'] }));
        await click('publish:change');
        const option = (await open()).blocks.find(({ block_id }) => block_id === 'states')?.element;
        expect(option?.initial_option?.text.text).toBe('As typed: TTS major, Voice degraded');
        await submit(chosen);
        await submit({});
        expect([...posts.values()].at(-1)).toMatchObject({ states: expected, components: ['TTS', 'Voice'] });
      }
    });

    test('in the preview of a form leads back to it', async () => {
      await opensForm();
      await submit({ text: 'first', next: '30m' });
      await clickInForm();
      const form = await open();
      expect(form.callback_id).toBe('publish');
      const { element } = form.blocks.find(({ block_id }) => block_id === 'text') ?? {};
      expect(element?.initial_value).toBe('first');
      await submit({ text: 'second' });
      await submit({});
      expect([...posts.values()]).toMatchObject([{ text: 'second' }]);
    });
  });

  describe('the form', () => {
    test('says what is so, asks with a preview, and what is clicked there is one post', async () => {
      state = fold(stream(opened)) as IncidentState;
      kit.behind.state = {
        ...state,
        ...{ status: 'monitoring', publicTitle: { n: 3, title: 'Speech <fails>' } },
        lastPost: { state: 'identified', at: '2024-11-10T01:41:00Z', n: 4 },
        promised: { n: 4, at: '2024-11-10T01:41:00Z', by: '2024-11-10T02:10:00Z' },
      };
      const { delivery } = await opensForm();
      const form = await open();
      expect(shownIn(form.blocks)).toContain(
        'It is *monitoring* now. Last post: identified, 01:41 UTC (#4), and another was promised by 02:10 UTC. The public calls it “Speech &lt;fails&gt;”.',
      );
      const sent = await submit({
        ...{ text: 'It works <again> & stays so', state: 'monitoring', states: 'operational' },
        ...{ title: ' Speech ', next: '1h30m', at: '2024-11-10 01:44 UTC' },
      });
      expect(sent.ok).toBe(true);
      expect(kit.behind.handled.at(-1)?.intent).toMatchObject({ confirmed: false, next: expect.anything() });
      expect(shownIn((await open()).blocks)).toContain(':large_green_circle: TTS (operational)');
      await submit({}, { copies: 2 });
      expect([...posts]).toMatchObject([
        [
          `trigger:${sent.trigger_id}`,
          {
            ...{ type: 'PublishPost', state: 'monitoring', title: 'Speech', confirmed: true },
            text: 'It works <again> & stays so',
            states: [{ component: null, state: 'operational' }],
            moment: { at: '2024-11-10T01:44:00Z', precision: 'minute' },
          },
        ],
      ]);
      const { responses } = await kit.look<Outcome>(`responses?delivery=${delivery}&count=1`);
      expect(responses[0]?.text).toBe('INC-7 #2 recorded');
    });

    test('what is wrong is said at its field', async () => {
      await opensForm();
      for (const [block, values] of [
        ['text', { text: ' ' }],
        ['text', { text: 'NUL \0 byte' }],
        ['next', { text: 'x', next: 'soon' }],
        ['next', { text: 'x', next: '14:30 or so' }],
        ['next', { text: 'x', next: '2024-11-10 01:00 UTC' }],
        ['title', { text: 'x', next: '', title: 'a\u2028b' }],
        ['at', { text: 'x', title: '', at: 'noon' }],
      ] as const) {
        const { ok, errors } = await submit(values as Record<string, string>);
        expect({ values, ok, at: Object.keys(errors ?? {}) }).toEqual({ values, ok: false, at: [block] });
        expect(Object.values(errors).join()).not.toContain('`');
      }
      state = { ...state, components: [] };
      const { errors } = await submit({ text: 'x', at: '', states: 'major' });
      expect(Object.keys(errors)).toEqual(['states']);
      expect(posts.size).toBe(0);
    });

    test('a text that no preview can carry is refused at its field, and nothing typed is lost', async () => {
      await opensForm();
      const text = Array.from({ length: 3_000 }, (_, i) =>
        String.fromCharCode(0x4e00 + ((i * 7919) % 20_000)),
      );
      const { errors } = await submit({ text: text.join('') });
      expect(errors.text).toContain('/incident publish identified --yes TEXT');
      expect((await open()).callback_id).toBe('publish');
    });

    test('what fails at the end is said in the preview, and can be tried again as the same post', async () => {
      await opensForm();
      const sent = await submit({ text: 'We know' });
      const { handle } = kit.behind;
      for (const failing of [
        async () => refuse('NOT_RECORDED', { why: 'the database is away' }),
        async () => refuse('NOT_CONFIRMED', {}),
        async () => {
          throw new Error('boom');
        },
      ]) {
        kit.behind.handle = failing;
        expect((await submit({})).ok).toBe(true);
        const view = await open();
        expect(view.submit?.text).toBe('Try again');
        expect(shownIn(view.blocks)).toMatch(/:x: (Nothing was kept|Not confirmed)[\s\S]*We know/);
      }
      kit.behind.handle = handle;
      await submit({});
      expect([...posts.keys()]).toEqual([`trigger:${sent.trigger_id}`]);
    });

    test('a preview that comes late is a question in the channel, and its buttons work', async () => {
      const { delivery } = await opensForm();
      const { handle } = kit.behind;
      let finish = () => {};
      const late = new Promise<void>((resolve) => {
        finish = resolve;
      });
      kit.behind.handle = async (intent) => {
        await late;
        return handle(intent);
      };
      expect((await submit({ text: 'We know' })).ok).toBe(true);
      expect(await views()).toHaveLength(0);
      finish();
      const { responses } = await kit.look<Outcome>(`responses?delivery=${delivery}&count=1`);
      expect(buttonsIn(responses[0]?.blocks as unknown as Block[])[0]).toEqual(['Publish', 'primary']);
      kit.behind.handle = handle;
      await click('publish');
      expect(posts.size).toBe(1);
    });
  });

  describe('what the check finds', () => {
    test('each is a line of its own, and the first button is *Change*', async () => {
      const blocks = blocksOf(await types(post('db-1.internal and SECRET-9, again db-1.internal')));
      const warnings = blocks.filter(({ text }) => text?.text.startsWith(':warning:'));
      expect(warnings.map(({ text }) => text?.text.slice(0, 27))).toEqual([
        ':warning: “db-1.internal” m',
        ':warning: “SECRET-9” means ',
      ]);
      expect(buttonsIn(blocks)).toEqual([
        ['Change', 'primary'],
        ['Publish anyway…', ''],
        ['Cancel', ''],
      ]);
    });

    test('is answered one by one: published with the reasons, and not before all of them are there', async () => {
      const typed = await types(post('db-1.internal and SECRET-9'));
      await click('publish:anyway');
      const view = await open();
      expect(view.callback_id).toBe('publish_preview');
      const labels = view.blocks.flatMap(({ label }) => (label ? [label.text] : []));
      expect(labels).toEqual([
        'The public may read “db-1.internal”? Say why.',
        'The public may read “SECRET-9”? Say why.',
      ]);
      const [first = '', second = ''] = reasonIds(view);
      // Slack itself asks for what is empty; blanks get past it.
      expect((await submit({ [first]: 'it is in our docs' })).ok).toBe(false);
      await submit({ [first]: 'it is in our docs', [second]: '  ' });
      expect(posts.size).toBe(0);
      expect(shownIn((await open()).blocks)).toContain(':x: This was found since, or has no reason yet.');
      expect(kit.behind.handled.every(({ intent }) => 'confirmed' in intent && !intent.confirmed)).toBe(true);
      expect((await submit({ [second]: 'customers know it' })).ok).toBe(true);
      expect([...posts]).toMatchObject([
        [
          `trigger:${typed.trigger_id}`,
          { anyway: '“db-1.internal”: it is in our docs; “SECRET-9”: customers know it', confirmed: true },
        ],
      ]);
      expect(await views()).toHaveLength(0);
      const { ephemerals } = await kit.look<Outcome>('state?user=ana');
      expect(ephemerals.at(-1)?.text).toContain('recorded');
    });

    test('what is found only when it is sent is asked about then', async () => {
      await opensForm();
      await submit({ text: 'db-1.internal and Acme' });
      const [first = ''] = reasonIds(await open());
      const before = rules();
      publicly = {
        ...before,
        leaks: (text, people) => [
          ...before.leaks(text, people),
          { kind: 'internal', found: 'Acme', start: text.indexOf('Acme'), end: text.indexOf('Acme') + 4 },
        ],
      };
      await submit({ [first]: 'known' });
      expect(posts.size).toBe(0);
      const again = await open();
      expect(reasonIds(again)).toHaveLength(2);
      // The reason that was given stays.
      expect(again.blocks.find(({ block_id }) => block_id === first)?.element?.initial_value).toBe('known');
      await submit({ [reasonIds(again)[1] ?? '']: 'a customer, they agreed' });
      expect([...posts.values()]).toMatchObject([
        { anyway: '“db-1.internal”: known; “Acme”: a customer, they agreed' },
      ]);
    });

    test('what is found only when *Publish* is clicked is shown, and not published', async () => {
      await types(post('Acme is down'));
      publicly = {
        ...publicly,
        leaks: () => [{ kind: 'internal', found: 'Acme', start: 0, end: 4 }],
      };
      const told = await kit.told(await click('publish'));
      expect(told?.replace_original).toBe(true);
      expect(buttonsIn(told?.blocks as unknown as Block[])[0]).toEqual(['Change', 'primary']);
      expect(posts.size).toBe(0);
    });

    test('hundreds of findings are asked about in one form', async () => {
      const names = Array.from({ length: 60 }, (_, i) => `h${i}.internal`);
      await types(post(names.join(' ')));
      await click('publish:anyway');
      const view = await open();
      const ids = reasonIds(view);
      expect(ids).toHaveLength(12);
      expect(shownIn(view.blocks)).toContain('The public may read 49 more? Say why.');
      await submit(Object.fromEntries(ids.map((id) => [id, 'w'.repeat(150)])));
      const anyway = (posts.values().next().value as { anyway?: string } | undefined)?.anyway ?? '';
      expect(anyway).toContain('49 more: ');
      expect(anyway.length).toBeLessThanOrEqual(3_000);
    });
  });

  describe('a correction', () => {
    beforeEach(() => {
      entry = {
        ...{
          n: 4,
          at: '2024-11-10T01:41:00Z',
          until: null,
          precision: 'minute',
          kind: 'post',
          struck: false,
        },
        detail: { state: 'identified', components: ['TTS'], states: ['major'] },
      } as unknown as Entry;
    });
    const corrected = (text: string): AskedPost => ({
      type: 'CorrectPost',
      entry: 4,
      text,
      confirmed: false,
    });

    test('says which post it is of, and a click makes it', async () => {
      const blocks = blocksOf(await types(corrected('We know the cause')));
      expect(shownIn(blocks)).toContain('*INC-7 #4, corrected: the public will read*');
      expect(shownIn(blocks)).toContain(':dart: *Identified* · 2024-11-10 01:41 UTC');
      expect(shownIn(blocks)).toContain(':red_circle: TTS (major outage)');
      await click('publish', 2);
      expect([...posts.values()]).toEqual([{ ...corrected('We know the cause'), confirmed: true }]);
    });

    test('is changed in a form of its words alone, and answers for what is found', async () => {
      await types(corrected('db-1.internal'));
      await click('publish:change');
      const form = await open();
      expect(form.title.text).toBe('Correct #4');
      expect(form.blocks.map(({ block_id }) => block_id)).toEqual(['text']);
      await submit({ text: 'db-2.internal' });
      const preview = await open();
      expect(preview.title.text).toBe('Correct #4?');
      await submit({ [reasonIds(preview)[0] ?? '']: 'known' });
      expect([...posts.values()]).toEqual([
        { ...corrected('db-2.internal'), confirmed: true, anyway: '“db-2.internal”: known' },
      ]);
    });
  });

  test('*Write the update* under a reminder opens the form of that incident, for whoever may', async () => {
    kit.behind.answer = async () => ({ kind: 'form', form: 'publish', incident: 7 });
    const ts = await kit.post(
      kit.channel,
      reminderMessage(
        { ...state, promised: { n: 4, at: '', by: '2024-11-10T02:10:00Z' } },
        'public',
        { seq: 9, promise: 4 },
        { command: '/incident', now: new Date() },
      ),
    );
    const write = () =>
      kit.act<Outcome>('action', { user: 'ana', channel: kit.channel, ts, action_id: 'publish:write' });
    await write();
    expect(kit.behind.typed.at(-1)).toMatchObject({ entered: { text: 'publish' }, implied: 7 });
    await submit({ text: 'Still at it', next: '30m' });
    const sent = await submit({});
    expect(sent.ok).toBe(true);
    expect([...posts.values()]).toMatchObject([{ text: 'Still at it', confirmed: true }]);
    kit.behind.answer = async () => ({
      kind: 'refused',
      refusal: refuse('NO_SUCH_INCIDENT', { ref: 'INC-7' }),
    });
    expect((await kit.told(await write()))?.replace_original).toBe(false);
    expect(await views()).toHaveLength(0);
  });

  test('when Slack opens no form, the line to type is the answer', async () => {
    await kit.act('fault', { method: 'views.open', times: 1, kind: 'error', value: 'fatal_error' });
    expect((await opensForm()).ack.body.text).toContain('/incident publish identified --next 30m TEXT');
    for (const action of ['publish:change', 'publish:anyway']) {
      await types(post('db-1.internal'));
      await kit.act('fault', { method: 'views.open', times: 1, kind: 'error', value: 'fatal_error' });
      const told = await kit.told(await click(action));
      expect(told).toMatchObject({ replace_original: false });
      expect(told?.text).toContain('/incident publish identified');
    }
  });
});

describe('what stands in the form', () => {
  const context = {
    ...{ now: new Date('2024-11-10T02:00:00Z'), zone: 'Europe/Berlin', zoneKnown: true },
    ...{ command: '/incident', components: [] },
  };
  const from = { incident: 7, channel: null, reply: null, key: null, replaces: false };
  /** The values of a form that somebody opened and sent as it was. */
  function sentBack(intent: AskedPost) {
    const view = changeModal(intent, from, null) as unknown as View;
    const values = Object.fromEntries(
      view.blocks.map(({ block_id = '', element }) => [
        block_id,
        { [block_id]: { value: element?.initial_value, selected_option: element?.initial_option } },
      ]),
    );
    const { post } = JSON.parse(view.private_metadata);
    return PUBLISH_FORM.meant(valuesOf({ state: { values } }), { ...context, post });
  }

  test('means the same, whatever was typed', () => {
    const seconds = fc.integer({ min: Date.UTC(2000, 0) / 1000, max: context.now.getTime() / 1000 - 90_000 });
    const iso = (s: number) => new Date(s * 1000).toISOString().replace('.000', '');
    const moment = fc
      .tuple(
        seconds,
        fc.option(fc.integer({ min: 60, max: 80_000 })),
        fc.constantFrom('minute', 'second', 'approx', 'date'),
      )
      .map(([s, more, precision]): Moment => {
        const unit = { minute: 60, second: 1, approx: 60, date: 86_400 }[precision] as number;
        const on = Math.floor(s / unit) * unit;
        const until =
          more === null || precision === 'date' ? null : iso(Math.floor((on + more) / unit) * unit);
        return { at: iso(on), until, precision: precision as Moment['precision'] };
      });
    const next = fc.integer({ min: 1, max: 10_000 }).map(
      (minutes): Moment => ({
        at: iso(context.now.getTime() / 1000 + minutes * 60),
        ...{ until: null, precision: 'minute' },
      }),
    );
    fc.assert(
      fc.property(
        fc.record({
          text: fc.string({ minLength: 1 }).filter((text) => text.trim() !== ''),
          state: fc.constantFrom('identified', 'resolved', 'postmortem', null),
          moment: fc.option(moment),
          next: fc.option(next),
          title: fc.option(fc.constantFrom('Speech', '“x” --y')),
          all: fc.option(fc.constantFrom('operational', 'major', 'maintenance')),
        }),
        ({ all, title, next: promised, ...words }) => {
          const intent = {
            ...{ type: 'PublishPost', confirmed: false, ...words },
            ...(title !== null && { title }),
            ...(all !== null && { states: [{ component: null, state: all }] }),
            ...(promised !== null && { next: promised }),
          } as AskedPost;
          expect(sentBack(intent)).toMatchObject({ intent });
        },
      ),
    );
  });

  test('too much for Slack opens no form', () => {
    const long: AskedPost = {
      ...{ type: 'PublishPost', state: null, moment: null, confirmed: false },
      text: 'x'.repeat(3_001),
    };
    expect(changeModal(long, from, null)).toBeNull();
    const components = Array.from({ length: 50 }, (_, i) => `${i}${'x'.repeat(90)}`);
    expect(changeModal({ ...long, text: 'x', components }, from, null)).toBeNull();
  });
});
