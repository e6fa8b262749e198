import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Entry } from '#domain/incident/entry.js';
import type { About, Told } from '#domain/incident/reminder.js';
import type { IncidentState } from '#domain/incident/state.js';
import { POWERS } from '#domain/permission.js';
import type { RunState } from '#domain/run/state.js';
import { COMPONENT_STATES } from '#domain/status/page.js';
import type { PostPreview } from '#domain/status/publish.js';
import { POST_STATES } from '#domain/words.js';
import { nextButtons, whichIncident } from '#slack/blocks/buttons.js';
import { entryMessage, linesOffer, type Shown } from '#slack/blocks/entry.js';
import {
  announcementMessage,
  headlineMessage,
  incidentCard,
  incidentEntity,
  topic,
} from '#slack/blocks/headline.js';
import { homeView } from '#slack/blocks/home.js';
import { pageAlarm, pageMessage } from '#slack/blocks/page.js';
import { caughtUpMessage, crowdMessage, vacantMessage } from '#slack/blocks/people.js';
import { findingsOf, publishQuestion } from '#slack/blocks/publish.js';
import { reminderMessage } from '#slack/blocks/reminder.js';
import { type Block, cut, escaped, link, receiptBlocks, whenLabel } from '#slack/blocks/text.js';
import { watchMessage, watchOffer } from '#slack/blocks/watch.js';
import { previewModal } from '#slack/modals/preview.js';

const NASTY = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom(
    '<!channel>',
    '<@U012345>',
    '<!subteam^S1>',
    '@here',
    '@channel',
    '&lt;!here&gt;',
    '*b*',
    '```',
    '~',
    '<#C1|x>',
  ),
  fc.string({ unit: 'grapheme', minLength: 3_000, maxLength: 9_000 }),
);
const text = fc.array(NASTY, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(' '));

/** What could ping somebody, or name something of Slack's. */
const CONTROL = /<[@#!]/;

function texts(blocks: readonly Block[]): string[] {
  return blocks.flatMap((block) => {
    if (block.type === 'section') return [block.text?.text ?? ''];
    if (block.type === 'context') return block.elements.map((one) => ('text' in one ? String(one.text) : ''));
    return [];
  });
}

function fits(message: { text: string; blocks: readonly Block[] }): void {
  expect(message.text.length).toBeGreaterThan(0);
  expect(message.text.length).toBeLessThanOrEqual(4_000);
  expect(message.blocks.length).toBeLessThanOrEqual(50);
  const all = texts(message.blocks);
  for (const one of all) {
    expect(one.length).toBeGreaterThan(0);
    expect(one.length).toBeLessThanOrEqual(3_000);
  }
  expect(all.join('').length).toBeLessThan(10_000);
  for (const block of message.blocks) {
    if (block.type === 'section' && block.text?.type === 'mrkdwn') expect(block.text.verbatim).toBe(true);
  }
}

function entry(over: Partial<Entry> = {}): Entry {
  return {
    n: 12,
    at: '2024-11-10T01:41:00Z',
    until: null,
    precision: 'minute',
    recordedAt: '2024-11-10T01:43:00.000Z',
    editedAt: null,
    kind: 'note',
    text: 'x',
    erased: false,
    detail: {},
    struck: false,
    by: { id: 'U1', name: 'ana' },
    source: 'slack',
    link: null,
    ...over,
  };
}

function shown(words: string, over: Partial<Shown> = {}): Shown {
  return { entry: entry(), words, how: 'new', ...over };
}

function state(over: Partial<IncidentState> = {}): IncidentState {
  return {
    team: 'T1',
    number: 7,
    title: 'TTS requests fail',
    severity: 'sev2',
    status: 'identified',
    statusEntry: null,
    private: false,
    drill: false,
    components: ['Developer API'],
    opener: { id: 'U1', name: 'ana' },
    members: ['U1'],
    roles: { lead: { id: 'U1', name: 'ana' } },
    channel: { id: 'C7', name: 'inc-7' },
    headline: null,
    announcement: null,
    opened: { at: '2024-11-10T01:42:10Z', precision: 'second', n: 1 },
    milestones: {
      started: { at: '2024-11-10T01:41:00Z', precision: 'approx', marked: true, n: 2 },
      detected: null,
      mitigated: null,
      resolved: null,
    },
    impact: { n: 4, text: 'only the Developer API', failed: 19, total: 2_000 },
    lastPost: null,
    entries: 5,
    actions: 0,
    recordedAt: '2024-11-10T01:42:10.000Z',
    ...over,
  };
}

describe('escaping', () => {
  test('only the three control characters change, and nothing pings', () => {
    expect(escaped('a < b && c > d *bold* <!channel>')).toBe(
      'a &lt; b &amp;&amp; c &gt; d *bold* &lt;!channel&gt;',
    );
    expect(escaped('@channel and ana@channel.io, @HERE')).not.toMatch(/@(channel|here)\b/i);
    expect(escaped('@ana')).toBe('@ana');
  });

  test('whatever is typed, no control sequence comes out, and undoing gives the text back', () => {
    fc.assert(
      fc.property(text, (typed) => {
        const out = escaped(typed);
        expect(out).not.toMatch(/[<>]/);
        const back = out
          .replaceAll('\u2060', '')
          .replaceAll('&lt;', '<')
          .replaceAll('&gt;', '>')
          .replaceAll('&amp;', '&');
        expect(back).toBe(typed.replaceAll('\u2060', ''));
      }),
    );
  });

  test('a label cannot end a link early', () => {
    expect(link('https://x.y/?a=1&b=2', 'a|b> <!here>')).toBe(
      '<https://x.y/?a=1&amp;b=2|a¦b&gt; &lt;!here&gt;>',
    );
  });
});

describe('cutting', () => {
  test('keeps whole characters and whole references', () => {
    expect(cut('short', 5)).toBe('short');
    expect(cut('abc&amp;def', 8)).toBe('abc…');
    expect(cut('ab😀cd', 4)).toBe('ab…');
    fc.assert(
      fc.property(text, fc.integer({ min: 10, max: 500 }), (typed, max) => {
        const out = cut(escaped(typed), max);
        expect(out.length).toBeLessThanOrEqual(max);
        expect(out.replace(/&(?:amp|lt|gt);/g, '')).not.toContain('&');
        if (!/\p{Surrogate}/u.test(typed)) expect(out).not.toMatch(/\p{Surrogate}/u);
      }),
    );
  });
});

describe('times', () => {
  test('show what was typed, never more, and the day only where it is another', () => {
    const day = '2024-11-10';
    const label = (at: string, precision: Entry['precision'], until: string | null = null) =>
      whenLabel({ at, until, precision }, day);
    expect(label('2024-11-10T01:41:07Z', 'second')).toBe('01:41:07');
    expect(label('2024-11-10T01:41:00Z', 'approx')).toBe('~01:41');
    expect(label('2024-11-09T23:41:00Z', 'minute')).toBe('2024-11-09 23:41');
    expect(label('2024-11-09T00:00:00Z', 'date')).toBe('2024-11-09');
    expect(label('2024-11-10T01:41:00Z', 'minute', '2024-11-10T01:44:00Z')).toBe('01:41–01:44');
  });
});

describe('entries in the channel', () => {
  test('one line says number, time, words, and who', () => {
    const { text: line, blocks } = entryMessage([shown('requests fail & burn')]);
    expect(line).toBe('*#12* 01:41 UTC requests fail &amp; burn — ana');
    expect(texts(blocks)).toEqual([line]);
  });

  test('a message names its author and who added it', () => {
    const message = entry({ kind: 'message', detail: { author: { id: 'U2', name: 'bo' } } });
    expect(entryMessage([shown('drain', { entry: message })]).text).toBe(
      '*#12* 01:41 UTC drain — bo, added by ana',
    );
  });

  test('a correction says so, and what was struck is struck on every line', () => {
    expect(entryMessage([shown('one\ntwo', { how: 'struck' })]).text).toBe(
      '*#12* 01:41 UTC (struck) ~one~\n~two~ — ana',
    );
    expect(entryMessage([shown('one', { how: 'edited' })]).text).toContain('(edited) one');
  });

  test('a change of state carries the head of the chain', () => {
    const head = 'ab'.repeat(32);
    const { blocks } = entryMessage([shown('identified', { record: { facts: 31, head } })]);
    expect(texts(blocks)[1]).toBe(`record: 31 facts, head \`${head}\``);
  });

  test('a long text is cut and says where the rest is', () => {
    const { text: line, blocks } = entryMessage([shown('x'.repeat(14_000))]);
    expect(texts(blocks)[0]).toContain('… (#12, 14,000 characters, in the timeline) — ana');
    expect(line.length).toBeLessThan(4_000);
  });

  test('as many as fit, in order, none left out: whatever they say', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 80 }), fc.boolean(), (many, record) => {
        let rest = many.map((words, i) =>
          shown(words, {
            entry: entry({ n: i + 1 }),
            record: record ? { facts: i, head: 'f'.repeat(64) } : null,
          }),
        );
        const seen: number[] = [];
        while (rest.length > 0) {
          const message = entryMessage(rest);
          expect(message.count).toBeGreaterThan(0);
          fits(message);
          for (const one of texts(message.blocks)) {
            expect(one.replace(/^record: .*$/, '')).not.toMatch(CONTROL);
            const n = /^\*#(\d+)\*/.exec(one)?.[1];
            if (n) seen.push(Number(n));
          }
          rest = rest.slice(message.count);
        }
        expect(seen).toEqual(many.map((_, i) => i + 1));
      }),
      { numRuns: 25 },
    );
  });

  test('fifty short entries are few messages', () => {
    const many = Array.from({ length: 50 }, (_, i) => shown('ok', { entry: entry({ n: i + 1 }) }));
    expect(entryMessage(many).count).toBe(50);
  });
});

describe('the headline', () => {
  test('says what a newcomer must know', () => {
    const message = headlineMessage(state(), '/oncall');
    const all = texts(message.blocks).join('\n');
    expect(all).toContain('*INC-7* TTS requests fail');
    expect(all).toContain('sev2 · *identified*');
    expect(all).toContain('Lead: ana');
    expect(all).toContain('Components: Developer API');
    expect(all).toContain('Impact: 19 failed of 2,000 · only the Developer API');
    expect(all).toContain('Opened 2024-11-10 01:42:10 · Started ~01:41 (UTC)');
    // As it is called here.
    expect(all).toContain('`/oncall` alone says what is next; react with :pushpin: to keep a message.');
    const other = texts(headlineMessage(state(), '/oncall', 'memo').blocks).join('\n');
    expect(other).toContain('react with :memo: to keep');
    expect(texts(headlineMessage(state(), '/oncall', null).blocks).join('\n')).toContain('what is next.');
    fits(message);
  });

  test('a drill, a private one, and one without a lead say so', () => {
    const all = texts(
      headlineMessage(state({ drill: true, private: true, roles: {} }), '/incident').blocks,
    ).join('\n');
    expect(all).toContain('*DRILL*');
    expect(all).toContain('private');
    expect(all).toContain('Lead: nobody yet');
  });

  test('one that an alert opened says so, and how somebody takes it', () => {
    const opened = state({ opener: { id: 'alerts:prometheus', name: null }, roles: {} });
    const all = texts(headlineMessage(opened, '/oncall').blocks).join('\n');
    expect(all).toContain('Lead: nobody yet · `/oncall lead @NAME` says who');
    expect(all).toContain('Opened 2024-11-10 01:42:10 by an alert from prometheus · Started');
    expect(announcementMessage(opened).text).toContain(
      '*identified* · opened by an alert from prometheus, nobody leads it yet → ',
    );
    const led = { ...opened, roles: { lead: { id: 'U1', name: 'ana' } } };
    expect(announcementMessage(led).text).not.toContain('opened by');
    expect(announcementMessage({ ...opened, status: 'resolved' }).text).not.toContain('opened by');
  });

  const into = { n: 9, how: 'into', other: 8, theirs: null } as const;
  test.each<[string, Partial<IncidentState>, string]>([
    ['open, led', {}, 'Note Status Severity Lead Run Actions Export'],
    ['open, nobody leads', { roles: {} }, 'Note Status Severity I lead Run Actions Export'],
    ['resolved', { status: 'resolved' }, 'Note Postmortem Actions Export Reopen'],
    ['merged', { status: 'resolved', links: [into as never] }, 'Actions Export'],
  ])('has the buttons that are of use: %s', (_, over, labels) => {
    const actions = headlineMessage(state(over), '/incident').blocks.find(({ type }) => type === 'actions');
    if (actions?.type !== 'actions') throw new Error('no buttons');
    expect(actions.elements.map((one) => ('text' in one ? one.text?.text : '')).join(' ')).toBe(labels);
  });

  test('headline, announcement and topic keep Slack’s limits and ping nobody, whatever was typed', () => {
    fc.assert(
      fc.property(text, fc.array(text, { maxLength: 50 }), (title, names) => {
        const wild = state({
          title,
          components: names,
          roles: Object.fromEntries(names.slice(0, 20).map((name, i) => [`role-${i}`, { id: 'U1', name }])),
          impact: { n: 1, text: title, failed: null, total: null },
        });
        fits(headlineMessage(wild, '/incident'));
        fits(announcementMessage(wild));
        const card = incidentCard(wild, '/incident');
        fits({ text: 'card', blocks: card });
        const entity = incidentEntity(wild, { shared: 'https://t.example/a', url: 'https://t.example/a' });
        expect(JSON.stringify(entity).length).toBeLessThan(5_000);
        expect(headlineMessage(wild, '/incident').text).not.toMatch(CONTROL);
        // Its own link to the channel is the only one.
        expect(announcementMessage(wild).text.replace('<#C7>', '')).not.toMatch(CONTROL);
        expect(topic(wild).length).toBeLessThanOrEqual(250);
      }),
      { numRuns: 25 },
    );
  });

  test('the topic is plain: reference, severity, status, lead, title', () => {
    expect(topic(state())).toBe('INC-7 · sev2 · identified · lead ana · TTS requests fail');
  });
});

const ITEM = { n: 1, entry: 1, text: 'x', owner: null, due: '2024-11-01', done: false, ticket: null };

describe('the Home tab', () => {
  test('fits and pings nobody, whatever was typed and however much there is', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 0, max: 120 }), (typed, count) => {
        const of = state({ title: typed, roles: { lead: { id: 'U1', name: typed } } });
        const many = Array.from({ length: count }, () => of);
        const run = { run: 1, runbook: typed, approvers: null } as unknown as RunState;
        const { blocks } = homeView({
          mine: {
            ...{ incidents: many, others: many },
            waiting: many.map(() => ({ of, run, what: 'approve' as const })),
            items: many.map((_, i) => ({
              incident: state({ number: i + 1 }),
              item: { ...ITEM, text: typed },
            })),
            powers: POWERS.map((power) => ({ power, reach: 'there' as const })),
          },
          ...{ notices: [typed], problem: typed, unsure: true, limited: true, command: '/incident' },
          ...{ links: new Map([['7/1', 'https://x.example/p1']]), now: new Date('2024-11-10T02:00:00Z') },
          today: '2024-11-10',
        });
        expect(blocks.length).toBeLessThanOrEqual(100);
        for (const one of texts(blocks as Block[])) {
          expect(one.length).toBeGreaterThan(0);
          expect(one.length).toBeLessThanOrEqual(3_000);
        }
        const marked = blocks.flatMap((block) =>
          block.type === 'section' && 'text' in block && block.text?.type === 'mrkdwn'
            ? [block.text.text]
            : [],
        );
        expect(marked.join(' ').replaceAll('<#C7>', '')).not.toMatch(CONTROL);
      }),
      { numRuns: 15 },
    );
  });
});

describe('questions', () => {
  test('at most 25 buttons, with labels that fit and ids that differ', () => {
    const many = Array.from({ length: 40 }, (_, i) => ({
      ref: `INC-${i}`,
      title: 'x'.repeat(100),
      yours: i % 2 === 0,
      value: 'p',
    }));
    const actions = whichIncident(many, 'note x')[1];
    if (actions?.type !== 'actions') throw new Error('no buttons');
    expect(actions.elements).toHaveLength(25);
    const ids = actions.elements.map((one) => ('action_id' in one ? one.action_id : ''));
    expect(new Set(ids).size).toBe(25);
    for (const one of actions.elements)
      if (one.type === 'button') expect(one.text.text.length).toBeLessThanOrEqual(75);
  });
});

describe('a page', () => {
  const paged = { incident: 7, page: 1, drill: false, by: 'ana', policy: 'sre', stands: null };
  test('fits, and pings nobody else, whatever it is about', () => {
    fc.assert(
      fc.property(text, text, (title, reason) => {
        const address = 'https://acme.slack.com/archives/C7/p1';
        const about = { ref: 'INC-7', title, severity: 'sev1', reason, channel: 'C7', address };
        for (const message of [
          pageMessage({ ...paged, by: title, about }),
          pageMessage({ ...paged, about, stands: { acknowledgedBy: title, at: '2026-11-10T01:41:00.000Z' } }),
          pageAlarm({ entry: entry(), words: reason, people: [], everybody: false }),
        ]) {
          fits(message);
          for (const one of [message.text, ...texts(message.blocks)])
            expect(one.replace(/<#C7>|<!date\^\d+\^\{time\}\|01:41 UTC>/g, '')).not.toMatch(CONTROL);
        }
      }),
    );
  });

  test('says nothing of what may not be known, and of a drill that it is one', () => {
    const hidden = pageMessage({ ...paged, about: null, drill: true });
    expect(hidden.text).toMatch(/^\*Drill\.\* You are paged for \*a private incident\*\nby ana, sre\n/);
    expect(pageMessage({ ...paged, about: null, stands: 'over' }).blocks).toHaveLength(1);
  });
});

describe('where somebody is', () => {
  test('people’s words are shown as they are, channels are links, and what is hard to take back is asked about', () => {
    const head = 'INC-7 <!channel> & `x` · #inc-7-api\nINC-8 y · #inc-7-api is text here';
    const choices = [
      { label: 'Note', value: 'p' },
      { label: 'Resolve', value: 'q', sure: 'It is over.' },
    ];
    const [said, actions] = nextButtons(head, choices, [{ id: 'C7', name: 'inc-7-api' }]);
    expect(said).toMatchObject({
      text: { text: 'INC-7 &lt;!channel&gt; &amp; `x` · <#C7>\nINC-8 y · #inc-7-api is text here' },
    });
    if (actions?.type !== 'actions') throw new Error('no buttons');
    expect(actions.elements.map((one) => 'confirm' in one)).toEqual([false, true]);
    expect(nextButtons(head, [], [])).toHaveLength(1);
  });
});

describe('what a watch saw', () => {
  const told = { incident: 7, watch: 1, entry: entry(), people: ['U1'], reopens: true };
  test('names who is to know it, and carries a button', () => {
    const message = watchMessage({ ...told, words: 'watch: api fails' });
    expect(message.text).toBe('*#12* 01:41 UTC watch: api fails <@U1>');
    expect(message.blocks.map(({ type }) => type)).toEqual(['section', 'actions']);
    expect(watchMessage({ ...told, words: 'x', reopens: false, people: [] }).blocks).toHaveLength(1);
  });

  test('fits, and pings nobody else, whatever was answered', () => {
    fc.assert(
      fc.property(text, (words) => {
        const message = watchMessage({ ...told, words });
        fits(message);
        for (const one of [message.text, ...texts(message.blocks)]) {
          expect(one.endsWith(' <@U1>')).toBe(true);
          expect(one.slice(0, -' <@U1>'.length)).not.toMatch(CONTROL);
        }
        const offer = watchOffer(words, { incident: 7, n: 5, span: '30m' }) ?? [];
        fits({ text: 'x', blocks: offer });
        expect(offer.map(({ type }) => type)).toEqual(['section', 'actions']);
      }),
    );
  });
});

test('a receipt shows people’s words as they are, and how to correct them as code', () => {
  const receipt =
    'INC-7 #3 recorded, 00:12 UTC: *x* <!channel>\nTo correct: `edit 3 TEXT`, `undo`\nNo channel yet.';
  expect(receiptBlocks(receipt)).toEqual([
    { type: 'section', text: expect.objectContaining({ type: 'plain_text' }) },
    {
      type: 'context',
      elements: [{ type: 'mrkdwn', text: 'To correct: `edit 3 TEXT`, `undo`', verbatim: true }],
    },
  ]);
  const [only, ...more] = receiptBlocks('To correct: nothing');
  expect([only?.type, more]).toEqual(['section', []]);
});

test('what is said to who comes late, of who goes, and of lines of a message, fits whatever was written', () => {
  fc.assert(
    fc.property(text, (words) => {
      const late = caughtUpMessage(words, '/incident');
      const of = { incident: 7, name: words, roles: ['lead', 'comms'], others: ['U1'], command: '/incident' };
      const vacant = vacantMessage(of);
      for (const message of [late, vacant, crowdMessage(8, '/incident')]) fits(message);
      expect(late.text).not.toMatch(CONTROL);
      expect(vacant.text.replace('<@U1>', '')).not.toMatch(CONTROL);
      expect(vacant.text).toMatch(/<@U1>: who takes over\? Press, or type `\/incident lead @NAME`\.$/);
      const lines = linesOffer(words, { incident: 7, channel: 'C1', ts: '1.2' });
      fits({ text: 'x', blocks: lines });
      expect(lines.map(({ type }) => type)).toEqual(['section', 'actions']);
    }),
  );
});

describe('what the public is to read', () => {
  const wild = fc.record({
    state: fc.constantFrom(...POST_STATES),
    at: fc.option(fc.constant('2024-11-10T01:41:00Z')),
    title: fc.option(text),
    text,
    components: fc.array(fc.record({ name: text, state: fc.option(fc.constantFrom(...COMPONENT_STATES)) }), {
      maxLength: 50,
    }),
    next: fc.option(fc.constant('2024-11-10T02:11:00Z')),
    withheld: fc.array(text, { maxLength: 20 }),
    drill: fc.boolean(),
    corrects: fc.option(fc.integer({ min: 1, max: 999_999 })),
    found: fc.array(text, { maxLength: 40 }),
  });
  const previewed = ({ found, ...rest }: { found: string[] } & Omit<PostPreview, 'leaks' | 'warnings'>) => ({
    ...rest,
    leaks: found.map((one) => ({ kind: 'host' as const, found: one, start: 0, end: one.length })),
    warnings: found.map((one) => `“${one}” is a host.`),
  });
  const withoutDates = (shown: string) => shown.replaceAll('<!date^', '');

  test('fits, acts on nothing and turns nothing round, whatever was typed', () => {
    fc.assert(
      fc.property(wild, (of) => {
        const preview = previewed(of);
        const blocks = publishQuestion(preview, 'INC-7', 'v'.repeat(2_000));
        fits({ text: 'x', blocks });
        for (const block of blocks) {
          if (block.type === 'section' && block.text?.type === 'plain_text')
            expect(block.text.emoji).toBe(false);
          else for (const one of texts([block])) expect(withoutDates(one)).not.toMatch(CONTROL);
        }
        expect(texts(blocks).join('')).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
        const actions = blocks.at(-1);
        if (actions?.type !== 'actions') throw new Error('no buttons');
        expect(actions.elements).toHaveLength(3);
      }),
      { numRuns: 25 },
    );
  });

  test('as a form, too: a question for each finding, of Slack’s lengths', () => {
    fc.assert(
      fc.property(wild, (of) => {
        const preview = previewed(of);
        const view = previewModal(preview, {
          ...{ incident: 999_999_999, key: null, channel: 'C1', reply: 'https://x', replaces: false },
          intent: { type: 'PublishPost', state: null, moment: null, text: 'x', confirmed: true },
        });
        if (!view) throw new Error('it does not fit');
        expect(view.title.text.length).toBeLessThanOrEqual(24);
        expect(view.private_metadata?.length).toBeLessThanOrEqual(3_000);
        const blocks = view.blocks as Block[];
        expect(blocks.length).toBeLessThanOrEqual(100);
        const asked = blocks.flatMap((block) => (block.type === 'input' ? [block] : []));
        expect(asked).toHaveLength(findingsOf(preview).length);
        expect(new Set(asked.map(({ block_id }) => block_id)).size).toBe(asked.length);
        for (const { label, hint } of asked) {
          expect(label.text.length).toBeLessThanOrEqual(2_000);
          expect(hint?.text.length ?? 1).toBeLessThanOrEqual(2_000);
          expect(hint?.text.length ?? 1).toBeGreaterThan(0);
        }
        for (const one of texts(blocks)) {
          expect(one.length).toBeGreaterThan(0);
          expect(one.length).toBeLessThanOrEqual(3_000);
        }
      }),
      { numRuns: 25 },
    );
  });

  test('a long post says that it is cut here, and not there', () => {
    const preview = previewed({
      ...{ state: 'identified', at: null, title: null, text: 'word '.repeat(2_000), components: [] },
      ...{ next: null, withheld: [], drill: false, corrects: null, found: [] },
    });
    const shown = texts(publishQuestion(preview, 'INC-7', 'v')).join('\n');
    expect(shown).toContain('… (cut here, not on the page)');
    expect(shown).toContain('Affects: no component is named.');
    expect(shown).toContain('_The page words a title from the components._');
    expect(shown).toContain('at the time of publishing');
  });

  describe('reminders', () => {
    const now = new Date('2024-11-10T02:42:10.000Z');
    const reminded = (about: About, over: Partial<IncidentState> = {}, told: Partial<Told> = {}) =>
      reminderMessage(state(over), about, { seq: 9, ...told }, { command: '/oncall', now });
    const { roles, ...unled } = state();
    const ids = (message: ReturnType<typeof reminderMessage>) =>
      message.blocks.flatMap((block) =>
        block.type === 'actions'
          ? block.elements.map((one) => ('action_id' in one ? one.action_id : ''))
          : [],
      );

    test('that another post was promised is told to who leads, with a button that opens the form', () => {
      const promised = { n: 4, at: '', by: '2024-11-10T02:40:00Z' };
      const message = reminded('public', { promised }, { promise: 4 });
      expect(message.text).toContain('<@U1> The public was promised another update by <!date^');
      expect(message.text).toContain('`/oncall publish TEXT`');
      expect(message.text).not.toContain('ago');
      expect(message.blocks[1]).toMatchObject({
        elements: [
          { action_id: 'publish:write', style: 'primary', text: { text: 'Write the update' } },
          {},
          {},
          {},
        ],
      });
      const lead = { id: 'cli:root', name: null };
      expect(reminded('public', { promised, roles: { lead } }, { promise: 4 }).text).toMatch(/^The public/);
    });

    test('the last one says so; the day is named where it is another', () => {
      const rhythm = {
        updated: '2024-11-10T01:42:10.000Z',
        heard: '2024-11-09T01:42:10.000Z',
        next: { n: 3, by: '2024-11-08T23:00:00Z', at: '', who: { id: 'U2', name: 'bo' } },
      };
      expect(reminded('update', { rhythm }, { last: true }).text).toBe(
        '<@U1> <@U2> The next update was promised by <!date^1731106800^{date_short_pretty} {time}|2024-11-08 23:00 UTC>. That was 1 d 3 h 42 min ago. This is the last reminder of it. Say how it stands: `/oncall status identified TEXT`; by when there is more: `/oncall next 30m`.',
      );
      expect(reminded('quiet', { rhythm }).text).toMatch(
        /^<@U1> Nothing was recorded here for 1 d 1 h\. Is it/,
      );
    });

    test('where nobody leads it says that too, and offers to', () => {
      const message = reminderMessage({ ...unled, roles: {} }, 'update', { seq: 9 }, { command: '/i', now });
      expect(message.text).toMatch(/^No update for 1 h\. Nobody leads\. Say how/);
      expect(ids(message)).toEqual([
        'remind:update',
        'remind:snooze:15m',
        'remind:snooze:30m',
        'remind:snooze:1h',
        'remind:lead',
      ]);
      expect(ids(reminded('update', { roles }))).toHaveLength(4);
      for (const about of ['update', 'public', 'lead', 'quiet'] as const) fits(reminded(about));
    });
  });
});
