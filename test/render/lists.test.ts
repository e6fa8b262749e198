import { describe, expect, test } from '@jest/globals';
import { nextIn, runsWaiting } from '#domain/command/next.js';
import type { ActionItem } from '#domain/incident/action.js';
import { unseal } from '#domain/incident/chain.js';
import type { IncidentState } from '#domain/incident/state.js';
import { proposed, type RunState } from '#domain/run/state.js';
import { actionItems } from '#render/document.js';
import { hereText } from '#render/here.js';
import {
  actionsText,
  catchupText,
  historyText,
  listText,
  ownActionsText,
  showText,
  timelineText,
} from '#render/lists.js';
import { lateLine } from '#render/undelivered.js';
import { parsed } from '../domain/command/support.js';
import { ana, dossierOf, note, opened, type Recorded, richIncident, when } from './incident.js';

const rich = () => dossierOf(richIncident());

test('the history of an entry says who changed what, when, from what to what', () => {
  const { sealed } = dossierOf([
    opened('x'),
    {
      type: 'MessageCaptured',
      data: { ...when(2, '01:50'), channel: 'C7', ts: '1731203400.2', author: 'U2', link: null },
      texts: { text: 'first \u202Ewords', author: 'Bo' },
    },
    {
      type: 'MessageEdited',
      data: { entry: 2, ts: '1731203460.2', shown: true },
      texts: { text: 'second words' },
      by: { id: 'U2', name: 'Bo' },
    },
    { type: 'EntryEdited', data: { entry: 2 }, texts: { text: 'by hand' } },
    {
      type: 'MessageEdited',
      data: { entry: 2, ts: '1731203520.2', shown: false },
      texts: { text: 'third words' },
      by: { id: 'U2', name: 'Bo' },
    },
    {
      type: 'EntryRetimed',
      data: { entry: 2, at: '2024-11-10T01:49:00Z', until: null, precision: 'minute' },
      texts: {},
    },
    { type: 'MessageDeleted', data: { entry: 2, ts: '1731203580.2', corrected: true }, texts: {} },
    { type: 'EntryStruck', data: { entry: 2, restored: null }, texts: { reason: 'wrong incident' } },
  ]);
  const facts = sealed.slice(1).map(unseal);
  const about = { ref: 'INC-7', entry: 2, zone: 'UTC' };
  expect(historyText(facts, { ...about, words: true })).toMatchInlineSnapshot(`
"History of INC-7 #2, times in UTC
2024-11-10 02:10 Ana recorded it, a message of Bo, of 2024-11-10 01:50: “first ‮words‬”
2024-11-10 01:51 Bo edited the message in Slack: “second words”
2024-11-10 02:10 Ana corrected it: “by hand”
2024-11-10 01:52 Bo edited the message in Slack, which is not shown: “third words”
2024-11-10 02:10 Ana set its time: 2024-11-10 01:49, was 2024-11-10 01:50
2024-11-10 01:53 the message was deleted in Slack, which does not say by whom
2024-11-10 02:10 Ana struck it: wrong incident"
`);
  // Whoever may not correct it reads that it was changed, and not what somebody took back.
  expect(historyText(facts, { ...about, words: false })).toMatchInlineSnapshot(`
"History of INC-7 #2, times in UTC
2024-11-10 02:10 Ana recorded it, a message of Bo, of 2024-11-10 01:50
2024-11-10 01:51 Bo edited the message in Slack
2024-11-10 02:10 Ana corrected it
2024-11-10 01:52 Bo edited the message in Slack, which is not shown
2024-11-10 02:10 Ana set its time: 2024-11-10 01:49, was 2024-11-10 01:50
2024-11-10 01:53 the message was deleted in Slack, which does not say by whom
2024-11-10 02:10 Ana struck it: wrong incident
What it said before is shown to those who may correct entries."
`);
  expect(historyText(facts.slice(0, 1), { ...about, words: false })).toContain('Nobody has changed it.');
  expect(historyText([], { ...about, words: true })).toBeNull();
});

test('list has a line per incident', () => {
  expect(listText([rich().state, dossierOf([opened('second')]).state])).toBe(
    'INC-7 sev2 resolved: Developer TTS API: keys did not match <gateway> · lead Ana · #inc-7-developer-tts-api\n' +
      'INC-7 sev3 investigating: second · no lead · no channel yet',
  );
  expect(listText([])).toBe('No incident is open. `open TITLE` opens one.');
});

test('a direction of writing that a title leaves open ends with it, also where it is cut short', () => {
  const turned = dossierOf([opened(`\u202Eabc \u2066${'x'.repeat(200)}`)]).state;
  expect(listText([turned])).toContain('…\u2069\u202C · no lead');
  expect(listText([dossierOf([opened('\u202Eabc')]).state])).toContain('\u202Eabc\u202C · no lead');
});

test('what waits for Slack has a line for whoever runs the bot, with what stands in its way', () => {
  const late = { lane: 'T1/INC-7/RUN-1', kind: 'run.show', ms: 84_400, error: null };
  expect(lateLine(late)).toBe('waits  INC-7/RUN-1  run.show  for 84 s, tried by itself');
  expect(lateLine({ ...late, error: 'chat.update: ekm_access_denied' })).toBe(
    'waits  INC-7/RUN-1  run.show  for 84 s, tried by itself: chat.update: ekm_access_denied, that is the administrators of the organisation have suspended posting',
  );
});

test('show says what is known, and what is not', () => {
  expect(showText(rich().state, 'Europe/Berlin')).toMatchInlineSnapshot(`
"INC-7: Developer TTS API: keys did not match <gateway>
resolved · sev2
lead: Ana
components: Text to Speech (Developer API), Gateway
channel: #inc-7-developer-tts-api
opened: 2024-11-10 02:42:10
started: 2024-11-10 02:41
detected: 2024-11-10 02:43 (2 min after the start)
mitigated: 2024-11-10 02:44 (3 min after the start)
resolved: 2024-11-10 03:20 (39 min after the start)
impact: 19 requests failed
last public post: identified
25 entries · times in Europe/Berlin"
`);
  expect(showText(dossierOf([opened('x')]).state)).toMatchInlineSnapshot(`
"INC-7: x
investigating · sev3
no lead yet
channel: not made yet
opened: 2024-11-10 01:42:10
impact: not recorded
1 entry · times in UTC"
`);
});

test('what an alert has opened says so, and a source is named as people would', async () => {
  const { state } = dossierOf([opened('x')]);
  const opener = { id: 'alerts:prometheus', name: null };
  expect(showText({ ...state, opener })).toContain('opened: 2024-11-10 01:42:10 by an alert from prometheus');
  const { entries } = dossierOf([opened('x'), { ...note(2, '01:43', 'seen'), by: opener }]);
  expect(await timelineText(entries(), { ref: 'INC-7', zone: 'UTC' })).toContain(
    'seen — prometheus (alerts)',
  );
});

test('actions, open ones first; struck ones are gone, a struck completion did not happen', async () => {
  const action = (n: number, action: number): Recorded => ({
    type: 'ActionAdded',
    data: { ...when(n, '02:00'), action, owner: null },
    texts: { text: `item ${action}` },
  });
  const done = (n: number, action: number): Recorded => ({
    type: 'ActionCompleted',
    data: { ...when(n, '02:05'), action },
    texts: {},
  });
  const strike = (entry: number): Recorded => ({
    type: 'EntryStruck',
    data: { entry, restored: null },
    texts: { reason: 'no' },
  });
  const dossier = dossierOf([
    opened('x'),
    action(2, 1),
    action(3, 2),
    action(4, 3),
    action(5, 4),
    done(6, 1),
    done(7, 2),
    strike(7),
    strike(5),
  ]);
  expect(actionsText('INC-7', await actionItems(dossier.entries({ kinds: ['action'] })))).toBe(
    'Action items of INC-7: 2 open, 1 done\n☐ 2. item 2 · nobody yet\n☐ 3. item 3 · nobody yet\n☑ 1. item 1 · nobody yet\n`done N` ticks one off; `action N @owner --due friday` gives it to somebody',
  );
  expect(actionsText('INC-7', [])).toBe('INC-7 has no action items. `action TEXT @owner` adds one.');
});

test('what became of an action item: whose it is, when it is due and its ticket; what was struck is as before', async () => {
  const change = (n: number, data: object, texts = {}): Recorded => ({
    type: 'ActionChanged',
    data: { ...when(n, '02:10'), action: 1, ...data },
    texts,
  });
  const facts: Recorded[] = [
    opened('x'),
    {
      type: 'ActionAdded',
      data: { ...when(2, '02:00'), action: 1, owner: null, due: '2024-12-05' },
      texts: { text: 'rotate' },
    },
    {
      type: 'ActionFiled',
      data: { action: 1, entry: 2, tracker: 'github' },
      texts: { ticket: 'acme/app#12', url: 'https://github.com/acme/app/issues/12' },
    },
    change(3, { owner: 'U2' }, { owner: 'bo' }),
    { type: 'ActionCompleted', data: { ...when(4, '02:11'), action: 1 }, texts: {} },
    { type: 'ActionReopened', data: { ...when(5, '02:12'), action: 1 }, texts: {} },
    change(6, { owner: null, due: null }),
    { type: 'EntryStruck', data: { entry: 6, restored: null, action: 1 }, texts: { reason: 'no' } },
  ];
  const dossier = dossierOf(facts);
  const items = await actionItems(dossier.entries({ kinds: ['action'] }));
  const listed = (today: string) => actionsText('INC-7', items, today).split('\n')[1];
  expect(listed('2024-12-04')).toBe('☐ 1. rotate · bo · due in 1 day (2024-12-05) · acme/app#12');
  expect(listed('2024-12-05')).toContain('due today');
  expect(listed('2024-12-14')).toContain('overdue by 9 days (2024-12-05)');
  const lines = await timelineText(dossier.entries(), { ref: 'INC-7', zone: 'UTC' });
  for (const said of ['#1 rotate (due 2024-12-05)', '#1 owner bo', '#1 done', '#1 is open again'])
    expect(lines).toContain(said);
  expect(lines).toContain('#1 has no owner now, no due date');
  const own = (number: number, due: string | null, done = false) => ({
    incident: { number, title: 't', drill: number === 9 },
    item: { ...(items[0] as ActionItem), due, done, ticket: null },
  });
  const mine = ownActionsText(
    [own(7, null), own(8, null, true), own(9, '2024-12-06'), own(4, '2024-12-01')],
    '2024-12-05',
  );
  expect(mine.split('\n')).toEqual([
    'Action items of yours: 3 open, 1 overdue, 1 done lately',
    '☐ INC-4 1. rotate · overdue by 4 days (2024-12-01)',
    '☐ INC-9 1. rotate · due in 1 day (2024-12-06) · drill',
    '☐ INC-7 1. rotate',
    '☑ INC-8 1. rotate',
    '`done INC-4 1` ticks the first one off',
  ]);
});

test('timeline shows the newest that fit, and how many more there are', async () => {
  const notes = Array.from({ length: 500 }, (_, i) =>
    note(i + 2, `03:${String(i % 60).padStart(2, '0')}`, `note ${i}`),
  );
  const dossier = dossierOf([opened('x'), ...notes]);
  const text = await timelineText(dossier.entries(), { ref: 'INC-7', zone: 'UTC' });
  expect(text.length).toBeLessThan(3_700);
  const lines = text.split('\n');
  expect(lines[0]).toBe('Timeline of INC-7, times in UTC');
  const earlier = Number(lines[1]?.match(/^… (\d+) earlier/)?.[1]);
  expect(earlier + lines.length - 3).toBe(501);
  expect(lines.at(-1)).toMatch(/^03:59 #\d+ note 479 — Ana$/);
});

test('timeline of few entries is whole, with days and marks', async () => {
  expect(
    await timelineText(rich().entries(), { ref: 'INC-7', zone: 'Europe/Berlin' }),
  ).toMatchInlineSnapshot(`
"Timeline of INC-7, times in Europe/Berlin
— 2024-11-09 —
2024-11-09 #23 Change announced to customers — Ana
— 2024-11-10 —
02:39:30 #3 Migration of the internal TTS service starts — Ana
02:41 #4 milestone started — Ana
~02:41 #5 Nodes on the *new* service fail: \`401\` for auth_key_id — Ana
02:41–02:44 #15 impact Some clips could not be made — 19 of 400 requests failed, Text to Speech (Developer API) — Ana
02:42:10 #1 opened Developer TTS API: authorization failures <gateway> — Ana
02:42:30 #2 role lead: Ana — Ana
02:43 #6 milestone detected — Ana
02:43 #8 cause Keys of the gateway and the new service do not match — Ana
02:43:12 #7 stack trace: at gateway [auth.ts:12] #1 & done — Bo
02:44 #9 status identified: keys differ — Ana
02:44 #10 post identified: We know the cause and are mending it. — Ana
02:44–02:51 #11 Keys added by hand — Bo
02:44 #14 milestone mitigated — Ana
02:45 #17 severity sev2: customers call — Ana
02:45 #18 component added Gateway — Ana
02:50 #12 (struck) =HYPERLINK("https://evil.example","wrong channel") — U3
02:52 #13 Keys verified by a real call — Ana
03:00 #16 impact 19 requests failed — Ana
03:04 #19 action #1 Rotate the keys automatically (owner Bo) — Ana
03:04 #20 action #2 Alert on 401 — Ana
03:20 #22 status resolved — Ana
03:30 #25 title Developer TTS API: keys did not match <gateway> — Ana
— 2024-11-11 —
~00:50–01:10 #24 Watched until after midnight — Ana
10:00 #21 action #2 done — Ana"
`);
});

test('one huge entry still gives an answer that fits', async () => {
  const dossier = dossierOf([opened('x'), note(2, '03:00', '<&>\n'.repeat(10_000))]);
  expect((await timelineText(dossier.entries(), { ref: 'INC-7', zone: 'UTC' })).length).toBeLessThan(500);
});

test('catchup says where things stand and what is new', async () => {
  const { state, entryList } = rich();
  const fresh = entryList.filter((entry) => entry.n > 23);
  const text = await catchupText(state, fresh);
  expect(text.startsWith(showText(state))).toBe(true);
  expect(text.split('\n').slice(-4)).toEqual(
    [
      '— 2024-11-10 —',
      '02:30 #25 title Developer TTS API: keys did not match <gateway> — Ana',
      '~23:50–2024-11-11 00:10 #24 Watched until after midnight — Ana',
    ].toSpliced(0, 0, ''),
  );
  expect(await catchupText(state, [])).toContain('\nnothing new');
});

test('answers are the same whether entries come as a list or as a stream', async () => {
  const { entries, entryList } = rich();
  const about = { ref: 'INC-7', zone: 'UTC' };
  expect(await timelineText(entryList, about)).toBe(await timelineText(entries(), about));
});

describe('where somebody is', () => {
  const now = new Date('2024-11-10T03:42:30Z');
  const plain = dossierOf([opened('x')]).state;
  const me = { id: 'U9', name: 'Nils' };
  const proposal = {
    ...{ type: 'RunProposed' as const, by: ana, texts: { definition: '', inputs: '' } },
    data: { ...when(9, '02:00'), run: 3, runbook: 'key-sync', planOnly: false, target: 'keys' },
  };
  const approvers = { required: 1, from: [], people: [], self: false, expiresAt: '2024-11-10T04:00:00.000Z' };
  const waiting: RunState = { ...proposed(proposal), status: 'waiting', hash: 'h', approvers };
  const asked = { step: 'verify', phase: 'run' as const, attempt: 1, why: 'question' as const };
  const asking: RunState = {
    ...waiting,
    run: 4,
    status: 'asking',
    asked: { ...asked, choices: ['yes', 'no'] },
  };
  const runs = { count: 2, list: [waiting, asking] };
  const page = {
    ...{
      page: 1,
      n: 2,
      policy: 'sre',
      people: [],
      steps: [],
      repeat: 0,
      by: ana,
      began: '',
      since: '',
      step: 0,
    },
    ...{ sent: [{ to: me.id, step: 0 }], failed: [] },
  };
  const here = (state: IncidentState, may = { approve: true, run: true }) =>
    hereText({
      ...{ state, person: me.id, now, zone: 'UTC', runs: [], actions: [] },
      waiting: runsWaiting(state, me.id, may),
    });

  test('what waits for them: a yes that counts, an answer, what was promised; what waits for others is said as that', () => {
    const promised = { n: 2, at: '2024-11-10T03:00:00Z', by: '2024-11-10T03:30:00Z' };
    const rhythm = { next: { n: 3, at: promised.at, by: '2024-11-10T03:50:00Z', who: ana } };
    const state = { ...plain, runs, promised, rhythm, roles: { scribe: me } };
    expect(here(state)).toMatchInlineSnapshot(`
"INC-7 x
sev3 · investigating · nobody leads · open for 2 h
You are scribe.
• RUN-3 key-sync waits for your approval: look at its plan in the channel, press *Approve* there or type \`approve RUN-3\`
• RUN-4 key-sync asks about step verify: \`answer RUN-4 yes\` or \`answer RUN-4 no\`
• The public was promised an update by 03:30 UTC, which has passed: \`publish TEXT\`
• The channel is promised an update by 03:50 UTC: \`status investigating TEXT\`"
`);
    expect(here({ ...state, pages: { list: [page] } })).toContain('• You are paged: `ack`');
    const over = { status: 'resolved', lastPost: { state: 'identified', at: '', n: 4 } } as const;
    expect(here({ ...plain, ...over })).toContain(
      '• The public still reads *identified*: `publish resolved TEXT`',
    );
    expect(here({ ...plain, ...over, drill: true })).not.toContain('public');
    expect(here(state, { approve: false, run: true })).toContain(
      '• RUN-3 key-sync waits for approval by others',
    );
    expect(runsWaiting(state, ana.id, { approve: true, run: true })[0]).toMatchObject({ yours: false });
    expect(here({ ...plain, drill: true, private: true, severity: null })).toContain(
      'DRILL · no severity · investigating · private · nobody leads · open for 2 h',
    );
  });

  test.each<[string, Partial<IncidentState>, string[]]>([
    ['nobody leads', {}, ['I lead', 'Catch up', 'Note', 'Identified', 'Tell the public']],
    ['they are in it', { members: [me.id], roles: { lead: ana } }, ['Note', 'Identified', 'Tell the public']],
    ['identified', { status: 'identified', roles: { lead: me } }, ['Note', 'Monitoring', 'Resolve']],
    ['monitoring', { status: 'monitoring', roles: { lead: me } }, ['Note', 'Resolve', 'Tell the public']],
    ['a run waits', { roles: { lead: me }, runs }, ['Runs', 'Note', 'Identified']],
    [
      'an update is due',
      { roles: { lead: me }, rhythm: { next: { n: 3, at: '', by: '2024-11-10T03:00:00Z', who: ana } } },
      ['Update', 'Note'],
    ],
    ['they are paged', { pages: { list: [page] } }, ['I have the page', 'I lead']],
    ['resolved', { status: 'resolved' }, ['Postmortem', 'Export', 'Watch 30m', 'Note', 'Timeline']],
    [
      'resolved, and the public reads otherwise',
      { status: 'resolved', lastPost: { state: 'identified', at: '', n: 4 } },
      ['Tell the public', 'Postmortem'],
    ],
    [
      'resolved, as the public reads',
      { status: 'resolved', lastPost: { state: 'resolved', at: '', n: 4 } },
      ['Postmortem'],
    ],
    ['a false alarm', { status: 'resolved', falseAlarm: true }, ['Export', 'Watch 30m', 'Note']],
    [
      'merged',
      { status: 'resolved', links: [{ n: 2, other: 9, how: 'into' }] },
      ['Go on in INC-9', 'Timeline'],
    ],
  ])('what is likely next where %s', (_, more, labels) => {
    const around = { person: me.id, me: true, now, watchSpan: '30m', named: true, actions: 0 };
    const next = nextIn({ ...plain, ...more }, around);
    expect(next.slice(0, labels.length).map(({ label }) => label)).toEqual(labels);
    // Whatever is offered is understood, also as it is typed elsewhere.
    for (const { line, typed } of next) {
      expect(parsed(line, { me }).kind).not.toBe('help');
      expect(parsed(typed, { me, implied: false }).ref).not.toBeNull();
    }
  });
});
