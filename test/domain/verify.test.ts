import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  CHAIN_START,
  canonical,
  commitmentOf,
  factLine,
  hashOf,
  type SealedFact,
  seal,
} from '#domain/incident/chain.js';
import { type DraftFact, FACT_SHAPES } from '#domain/incident/fact.js';
import { faultOfFact, verifyFacts, verifyFile } from '#domain/incident/verify.js';
import { effort } from '../support/effort.js';
import { ana, mark, note, opened, status } from './given.js';
import * as run from './run/facts.js';

const HAPPENED = { n: 9, at: '2024-11-10T02:00:00Z', until: null, precision: 'minute' } as const;
const draft = (type: string, data: object, texts: Record<string, string> = {}) =>
  ({ type, data, texts }) as unknown as DraftFact;

/** One fact of every type. */
const EVERY: DraftFact[] = [
  opened,
  note(2, 'requests fail\n\u2028 "x" 🔥'),
  draft(
    'MessageCaptured',
    {
      ...{ ...HAPPENED, channel: 'C1', ts: '1.2', author: 'U2', link: null, edited: '1.3' },
      files: [{ id: 'F1', type: 'image/png', size: 12 }],
    },
    { text: 'm', author: 'Bo', 'file.0': 'a.png' },
  ),
  draft(
    'MessageEdited',
    { entry: 2, ts: '1.4', shown: true, secrets: ['password'], recorder: 'U1', channel: 'C1' },
    { text: 'm2' },
  ),
  draft('MessageDeleted', { entry: 2, ts: '1.5', hidden: true, corrected: true }),
  draft('FilesKept', { entry: 2, files: [{ id: 'F1', type: 'image/png', size: 12 }] }, { 'image.0': 'abcd' }),
  status(3, 'identified'),
  draft('SeverityChanged', { ...HAPPENED, severity: 'sev1' }, { text: 'worse' }),
  draft('RoleAssigned', { ...HAPPENED, role: 'lead', person: 'U1' }),
  draft('PeopleInvited', { people: ['U1', 'U2'] }, { 'person.1': 'Bo' }),
  draft('PeopleLeft', { people: ['U2'], how: 'left' }, { 'person.0': 'Bo' }),
  draft('TitleChanged', HAPPENED, { title: 'New' }),
  mark(4, 'started', '2024-11-10T01:41:00Z'),
  draft('ComponentAdded', HAPPENED, { component: 'API' }),
  draft('ComponentRemoved', HAPPENED, { component: 'API' }),
  draft(
    'ImpactRecorded',
    { ...HAPPENED, failed: 19, total: null, from: null, to: null, components: 1, unaffected: 1 },
    { 'component.0': 'API', 'component.1': 'Web' },
  ),
  draft(
    'MeasureAsked',
    { from: HAPPENED.at, to: HAPPENED.at, start: 'started', end: 'now', components: 1 },
    { 'component.0': 'API' },
  ),
  draft(
    'ImpactMeasured',
    {
      ...{ ...HAPPENED, from: HAPPENED.at, to: HAPPENED.at, start: 'asked', end: 'mitigated', asked: 3 },
      ...{ looked: '2024-11-10T02:00:00.000Z', stepMs: 15_000, failed: 1, total: 2, limited: true },
      components: [{ failed: 1, total: 2 }],
      noted: {
        resets: 1,
        begun: 2,
        gone: 3,
        gaps: 4,
        before: 5,
        after: 6,
        more: 7,
        absent: true,
        open: true,
        partial: true,
      },
      ...{ bucketMs: 15_000, failedIn: [1], totalIn: [2] },
    },
    { failedQuery: 'f{a="b"}', totalQuery: 'f', groups: '[]', 'component.0': 'API' },
  ),
  draft('CauseRecorded', HAPPENED, { text: 'keys' }),
  draft(
    'ActionAdded',
    { ...HAPPENED, action: 1, owner: 'U2', due: '2024-12-05' },
    { text: 'rotate', owner: 'Bo' },
  ),
  draft('ActionChanged', { ...HAPPENED, action: 1, owner: 'U2', due: null }, { owner: 'Bo' }),
  draft('ActionReopened', { ...HAPPENED, action: 1 }),
  draft(
    'ActionFiled',
    { action: 1, entry: 2, tracker: 'github' },
    { ticket: 'acme/app#12', url: 'https://github.com/acme/app/issues/12' },
  ),
  draft('ActionCompleted', { ...HAPPENED, action: 1 }),
  draft(
    'StatusPosted',
    { ...HAPPENED, state: 'identified', components: 1, states: ['partial'], next: '2024-11-10T02:30:00Z' },
    { text: 'public', title: 'Clips fail', anyway: 'known', 'component.0': 'API' },
  ),
  draft('ComponentStateSet', { ...HAPPENED, state: 'major' }, { component: 'API' }),
  draft(
    'MaintenancePlanned',
    { ...HAPPENED, until: '2024-11-10T03:00:00Z', maintenance: 1, components: 1 },
    { title: 'Upgrade', text: 'short', anyway: 'known', 'component.0': 'API' },
  ),
  draft(
    'MaintenancePosted',
    { ...HAPPENED, maintenance: 1, state: 'in_progress' },
    { text: 'x', anyway: 'known' },
  ),
  draft(
    'PostImported',
    { ...HAPPENED, from: 'abc', external: 'def', state: 'resolved', components: 1, states: [null] },
    { text: 'over', title: 'Outage', 'component.0': 'API' },
  ),
  draft('EntryEdited', { entry: 2 }, { text: 'requests failed' }),
  draft('EntryRetimed', { entry: 2, at: HAPPENED.at, until: null, precision: 'approx' }),
  draft(
    'EntryStruck',
    {
      entry: 2,
      restored: {
        status: { status: 'identified', n: null },
        severity: { severity: null },
        title: true,
        role: { role: 'lead', person: 'U2' },
        components: 1,
        milestones: {
          resolved: { at: '2024-11-10T02:02:00Z', precision: 'minute', marked: true, n: 3 },
          started: null,
        },
        post: null,
      },
    },
    { reason: 'wrong', title: 'T', person: 'Bo', 'component.0': 'X' },
  ),
  draft('ChannelOpened', { channel: 'C1' }, { name: 'inc-7' }),
  draft('ChannelLost', { channel: 'C1', how: 'removed' }),
  draft('ChannelFound', { channel: 'C1' }),
  draft('ChannelRenamed', { channel: 'C1' }, { name: 'inc-7-db' }),
  draft('HeadlinePosted', { channel: 'C1', ts: '1.2' }),
  draft('Announced', { channel: 'C1', ts: '1.2' }),
  draft('NumbersSkipped', { entries: 12, actions: 0, runs: 2 }),
  draft('WatchStarted', {
    ...HAPPENED,
    ...{ watch: 1, ends: '2024-11-10T02:32:00Z', everyMs: 30_000, probes: ['api'], queries: ['errors'] },
  }),
  draft('WatchStopped', { watch: 1, how: 'stopped' }),
  draft(
    'WatchFailed',
    { ...HAPPENED, watch: 1, slot: 3, looks: 4, good: 3, names: ['api'], last: true },
    { why: 'answered 503' },
  ),
  draft('WatchRecovered', { ...HAPPENED, watch: 1, slot: 4, looks: 5, good: 4, names: ['api'] }),
  draft(
    'WatchEnded',
    {
      ...HAPPENED,
      ...{ watch: 1, how: 'impossible', looks: 5, good: 4, missed: 1, who: 'U1' },
      each: [{ name: 'api', good: 4 }],
    },
    { why: 'gone', who: 'Ana' },
  ),
  draft(
    'AlertFired',
    { ...HAPPENED, alert: 'a1', group: 'g1', source: 'prometheus', rule: 'tts' },
    { title: 'TtsFailing', key: 'service=tts', text: 't', labels: '{}', values: '{}', link: 'https://g' },
  ),
  draft('AlertChanged', {
    ...{ entry: 9, alert: 'a1', group: 'g1' },
    ...{ does: 'resolved', at: '2024-11-10T02:05:00Z', times: 1 },
  }),
  draft('AlertsShown', { group: 'g1', channel: 'C1', ts: '1.2' }),
  draft('IncidentLinked', { ...HAPPENED, other: 9, theirs: 4 }, { text: 'one deploy' }),
  draft('IncidentMerged', { ...HAPPENED, into: 9, channel: 'C9' }, { text: 'the same' }),
  draft('BridgeOpened', HAPPENED, { host: 'meet.example', url: 'https://meet.example/7' }),
  draft('BridgeShown', { bridge: 3, channel: 'C1', ts: '1.2', call: null }),
  draft('IncidentTakenIn', { ...HAPPENED, from: 9, theirs: 4 }),
  draft('UpdatePromised', { ...HAPPENED, next: '2024-11-10T02:30:00Z' }),
  draft('RemindersSnoozed', { until: null }),
  draft('OngoingConfirmed', {}),
  draft('ChannelReminded', { about: 'update', nth: 3, promise: 2, last: true }),
  draft(
    'PageStarted',
    {
      ...{ ...HAPPENED, page: 1, policy: null, people: ['U2'], repeat: 0, openly: true, severity: 'sev1' },
      steps: [{ notify: ['U2', 'service:main'], waitMs: 300_000 }],
    },
    { text: 'all is red', 'person.0': 'bo' },
  ),
  draft('PageSent', { page: 1, step: 0, to: 'U2', channel: 'D1', ts: '1.2', bare: true }),
  draft('PageFailed', { ...HAPPENED, page: 1, step: 0, to: 'service:main' }, { why: 'does not answer' }),
  draft('PageEscalated', { ...HAPPENED, page: 1, step: 1, of: 1, notify: ['U2'], late: 61 }),
  draft('PageEnded', { ...HAPPENED, page: 1, policy: null }),
  draft('PageAcknowledged', { ...HAPPENED, page: 1 }),
  draft('AlertsMoved', { ...HAPPENED, group: 'g1', to: null, firing: 0 }, { key: 'service=tts' }),
  draft(
    'AlertsTaken',
    { ...HAPPENED, group: 'g1', source: 'prometheus', rule: null, from: 8, hidden: true },
    { key: 'service=tts' },
  ),
  run.proposed(),
  run.planned(),
  run.approved(run.HASH, 'night'),
  run.askedAgain,
  run.started(),
  run.stepStarted('add'),
  run.stepTaken('add', 2),
  run.stepWaits('add'),
  run.stepFinished('add', 'failed', { output: '{}', summary: 's', error: 'e', log: 'l' }),
  run.stepAsked('add', 'go?', { why: 'question', choices: ['yes'] }),
  run.stepAnswered('add', 'yes'),
  run.cancelled,
  run.undoing,
  run.ended('partly-undone', 'not undone: add'),
  run.shown('1.2'),
  draft('LineTakenIn', { ...HAPPENED, entry: 2, author: 'U2', link: null }, { text: 'a line', author: 'Bo' }),
  draft('CaughtUp', { people: ['U2'] }),
];

function sealed(drafts: DraftFact[], incident = 7, team = 'T1'): SealedFact[] {
  const chain: SealedFact[] = [];
  for (const [i, one] of drafts.entries()) {
    const place = {
      team,
      incident,
      seq: i + 1,
      prev: chain.at(-1)?.hash ?? CHAIN_START,
      recordedAt: '2024-11-10T02:00:00.000Z',
      by: ana,
      source: 'slack' as const,
      salt: () => `${i + 1}`.padStart(32, 'f'),
    };
    chain.push(seal(one, place).sealed);
  }
  return chain;
}

const LINES = sealed(EVERY).map(factLine);
const HEAD = sealed(EVERY).at(-1)?.hash ?? '';
const line = (n: number) => LINES[n - 1] ?? '';
const parsed = (n: number) => JSON.parse(line(n));

async function* each<T>(items: readonly T[]) {
  yield* items;
}
const verify = (lines: readonly string[], head?: string) => verifyFacts(each(lines), { head });
const file = (bytes: string | Uint8Array, step = 7) => {
  const whole = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  const chunks = Array.from({ length: Math.ceil(whole.length / step) }, (_, i) =>
    whole.subarray(i * step, (i + 1) * step),
  );
  return verifyFile(each(chunks));
};
/** The record with line `n` (from 1) put through `change`. */
const changed = (n: number, change: (fact: ReturnType<typeof parsed>) => void) => {
  const fact = parsed(n);
  change(fact);
  return LINES.with(n - 1, JSON.stringify(fact));
};
/** The same with its hash made to fit again: a forger's work, to be found at the next line or by the shape. */
const forged = (n: number, change: (fact: ReturnType<typeof parsed>) => void) =>
  changed(n, (fact) => {
    change(fact);
    const { hash: _, erasable: __, ...body } = fact;
    fact.hash = hashOf(canonical(body));
  });

test('there is a shape for every type, and it accepts what is sealed', async () => {
  expect(EVERY.map((fact) => fact.type).sort()).toEqual(Object.keys(FACT_SHAPES).sort());
  expect(Object.values(FACT_SHAPES).every(({ v }) => v === 1)).toBe(true);
  expect(await verify(LINES)).toEqual({
    ok: true,
    incident: 'INC-7',
    facts: LINES.length,
    head: HEAD,
    erased: 0,
    after: 0,
  });
});

test('an erased text is reported and breaks nothing', async () => {
  const lines = changed(2, (fact) => {
    fact.erasable.text = null;
    fact.erasable.by = null;
  });
  expect(await verify(lines, HEAD)).toMatchObject({ ok: true, erased: 2 });
});

test('layout is not part of the record: order of members, spaces, CRLF, a missing last line end', async () => {
  const reversed = LINES.map((l) =>
    JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(l)).reverse())),
  );
  expect(await verify(reversed, HEAD)).toMatchObject({ ok: true });
  expect(await verify(LINES.map((l) => l.replace(/(?<!\\)":\{/g, '" : {')))).toMatchObject({ ok: true });
  expect(await file(`${LINES.join('\r\n')}\r\n`)).toMatchObject({ ok: true, head: HEAD });
  expect(await file(LINES.join('\n'))).toMatchObject({ ok: true, head: HEAD });
  expect(await file(`${LINES.join('\n')}\n`, 100_000)).toMatchObject({ ok: true, head: HEAD });
});

describe('names the first broken line', () => {
  const cases: Array<[string, number, RegExp, () => readonly string[]]> = [
    ['nothing at all', 1, /no fact/, () => []],
    [
      'a changed text',
      2,
      /text "text"/,
      () =>
        changed(2, (f) => {
          f.erasable.text.text = 'all fine';
        }),
    ],
    [
      'a changed name of the actor',
      2,
      /text "by"/,
      () =>
        changed(2, (f) => {
          f.erasable.by.text = 'bo';
        }),
    ],
    [
      'a changed salt',
      2,
      /text "text"/,
      () =>
        changed(2, (f) => {
          f.erasable.text.salt = '0'.repeat(32);
        }),
    ],
    [
      'a changed time',
      9,
      /it was changed/,
      () =>
        changed(9, (f) => {
          f.data.at = '2024-11-10T01:40:00Z';
        }),
    ],
    [
      'a changed commitment',
      2,
      /it was changed/,
      () =>
        changed(2, (f) => {
          f.texts.text = commitmentOf(f.erasable.text.salt, 'x');
          f.erasable.text.text = 'x';
        }),
    ],
    [
      'a changed hash',
      2,
      /hash is not/,
      () =>
        changed(2, (f) => {
          f.hash = '0'.repeat(64);
        }),
    ],
    [
      'a fact forged with a fitting hash',
      3,
      /hash of the fact before/,
      () =>
        forged(2, (f) => {
          f.recorded_at = '2024-11-10T02:00:01.000Z';
        }),
    ],
    ['a removed line', 5, /fact 6 stands where fact 5/, () => LINES.toSpliced(4, 1)],
    ['a removed first line', 1, /fact 2 stands where fact 1/, () => LINES.slice(1)],
    ['a doubled line', 6, /fact 5 stands where fact 6/, () => LINES.toSpliced(5, 0, line(5))],
    ['swapped lines', 4, /fact 5 stands where fact 4/, () => LINES.with(3, line(5)).with(4, line(4))],
    [
      'a line of another incident',
      3,
      /INC-8 in the record of INC-7/,
      () => LINES.with(2, factLine(sealed(EVERY, 8)[2] as SealedFact)),
    ],
    [
      'a line of another workspace',
      3,
      /another workspace/,
      () => LINES.with(2, factLine(sealed(EVERY, 7, 'T2')[2] as SealedFact)),
    ],
    [
      'a record that does not begin at its beginning',
      1,
      /begins with IncidentOpened/,
      () => sealed([note(2)]).map(factLine),
    ],
    ['an incident opened twice', 2, /opened once/, () => sealed([opened, opened]).map(factLine)],
    [
      'an unknown member',
      3,
      /"extra" is not known/,
      () =>
        changed(3, (f) => {
          f.extra = 1;
        }),
    ],
    [
      'an unknown member, hashed',
      3,
      /"extra" is not known/,
      () =>
        forged(3, (f) => {
          f.extra = 1;
        }),
    ],
    [
      'an unknown member within data',
      3,
      /"data.extra" is not known/,
      () =>
        forged(3, (f) => {
          f.data.extra = 1;
        }),
    ],
    [
      'an unknown member within by',
      3,
      /"by.name" is not known/,
      () =>
        forged(3, (f) => {
          f.by.name = 'x';
        }),
    ],
    [
      'an unknown text',
      3,
      /"texts.extra" is not known/,
      () =>
        forged(3, (f) => {
          f.texts.extra = 'a'.repeat(64);
        }),
    ],
    [
      'one component too many',
      1,
      /"texts.component.1" is not known/,
      () =>
        forged(1, (f) => {
          f.texts['component.1'] = 'a'.repeat(64);
        }),
    ],
    [
      'an unknown erasable text',
      3,
      /"erasable.extra" is not known/,
      () =>
        changed(3, (f) => {
          f.erasable.extra = null;
        }),
    ],
    [
      'an unknown member beside a text',
      3,
      /"erasable.text" is wrong/,
      () =>
        changed(3, (f) => {
          f.erasable.text.note = 1;
        }),
    ],
    [
      'a short salt',
      3,
      /"erasable.text" is wrong/,
      () =>
        changed(3, (f) => {
          f.erasable.text.salt = 'ff';
        }),
    ],
    [
      '__proto__ within data',
      3,
      /not known/,
      () => LINES.with(2, line(3).replace('"data":{', '"data":{"__proto__":1,')),
    ],
    [
      '__proto__ within by',
      3,
      /not known/,
      () => LINES.with(2, line(3).replace('"by":{', '"by":{"__proto__":1,')),
    ],
    [
      '__proto__ within texts',
      3,
      /not known/,
      () => LINES.with(2, line(3).replace('"texts":{', `"texts":{"__proto__":"${'a'.repeat(64)}",`)),
    ],
    [
      '__proto__ as a member',
      3,
      /"__proto__" is not known/,
      () => LINES.with(2, line(3).replace('{"by"', '{"__proto__":1,"by"')),
    ],
    [
      '__proto__ among the erasable',
      3,
      /"erasable.__proto__" is not known/,
      () => LINES.with(2, line(3).replace('"erasable":{', '"erasable":{"__proto__":null,')),
    ],
    ...(
      [
        'v',
        'type',
        'team',
        'incident',
        'seq',
        'recorded_at',
        'by',
        'source',
        'data',
        'texts',
        'prev',
        'hash',
        'erasable',
      ] as const
    ).map((member): [string, number, RegExp, () => readonly string[]] => [
      `no ${member}`,
      3,
      new RegExp(`"${member}" is missing`),
      () =>
        changed(3, (f) => {
          delete f[member];
        }),
    ]),
    [
      'a missing member of data',
      3,
      /"data.link" is missing/,
      () =>
        forged(3, (f) => {
          delete f.data.link;
        }),
    ],
    [
      'a missing text',
      3,
      /"texts.text" is missing/,
      () =>
        forged(3, (f) => {
          delete f.texts.text;
        }),
    ],
    [
      'a text without its erasable part',
      3,
      /"erasable.text" is missing/,
      () =>
        changed(3, (f) => {
          delete f.erasable.text;
        }),
    ],
    [
      'an unknown type',
      3,
      /"type" is wrong/,
      () =>
        forged(3, (f) => {
          f.type = 'Hacked';
        }),
    ],
    [
      'a type of Object.prototype',
      3,
      /"type" is wrong/,
      () =>
        forged(3, (f) => {
          f.type = 'toString';
        }),
    ],
    [
      'an unknown version',
      3,
      /version 2 of MessageCaptured/,
      () =>
        forged(3, (f) => {
          f.v = 2;
        }),
    ],
    [
      'a number as text',
      3,
      /"seq" is wrong/,
      () =>
        forged(3, (f) => {
          f.seq = '3';
        }),
    ],
    [
      'a member given twice',
      3,
      /"seq" twice/,
      () => LINES.with(2, line(3).replace('"seq":3', '"seq":9,"seq":3')),
    ],
    [
      'a member given twice under an escape',
      3,
      /"seq" twice/,
      () => LINES.with(2, line(3).replace('"seq":3', '"\\u0073eq":9,"seq":3')),
    ],
    [
      'an erasable text given twice',
      3,
      /"text" twice/,
      () => LINES.with(2, line(3).replace('"erasable":{', '"erasable":{"text":null,')),
    ],
    [
      'a number in another form',
      3,
      /number 3.0/,
      () => LINES.with(2, line(3).replace('"seq":3', '"seq":3.0')),
    ],
    [
      'a number in scientific form',
      3,
      /number 3e0/,
      () => LINES.with(2, line(3).replace('"seq":3', '"seq":3e0')),
    ],
    ['half of a surrogate pair', 2, /surrogate/, () => LINES.with(1, line(2).replace('requests', '\\ud83d'))],
    ['an empty line', 3, /empty line/, () => LINES.toSpliced(2, 0, '')],
    [
      'a line cut short',
      LINES.length,
      /not the JSON/,
      () => LINES.with(-1, LINES.at(-1)?.slice(0, -5) ?? ''),
    ],
    ['two facts on a line', 3, /not the JSON/, () => LINES.with(2, line(3) + line(3))],
    ['something that is no object', 3, /not an object/, () => LINES.with(2, '[]')],
    ['null', 3, /not an object/, () => LINES.with(2, 'null')],
  ];
  test.each(cases)('%s', async (_, at, why, lines) => {
    expect(await verify(lines())).toEqual({ ok: false, line: at, why: expect.stringMatching(why) });
  });
});

describe('as bytes', () => {
  test('a byte order mark', async () => {
    expect(await file(`\uFEFF${LINES.join('\n')}\n`)).toMatchObject({
      ok: false,
      line: 1,
      why: expect.stringMatching(/byte order/),
    });
  });
  test('a damaged character is not taken for U+FFFD', async () => {
    const chain = sealed([opened, note(2, 'a\uFFFDb')])
      .map(factLine)
      .join('\n');
    const damaged = Buffer.from(chain);
    const at = damaged.indexOf(Buffer.from('\uFFFD'));
    const bytes = Buffer.concat([damaged.subarray(0, at), Buffer.from([0xff]), damaged.subarray(at + 3)]);
    expect(await file(damaged)).toMatchObject({ ok: true });
    expect(await file(bytes)).toEqual({ ok: false, line: 2, why: 'not UTF-8' });
  });
  test('an empty file, and one of line ends', async () => {
    expect(await file('')).toMatchObject({ ok: false, line: 1 });
    expect(await file('\n\n')).toMatchObject({ ok: false, line: 1 });
    expect(await file(`${LINES.join('\n')}\n\n`)).toMatchObject({ ok: false, line: LINES.length + 1 });
  });
});

describe('with a head that was noted', () => {
  test('finds a record that was cut short, at every length', async () => {
    for (let kept = 1; kept < LINES.length; kept++) {
      const answer = await verify(LINES.slice(0, kept), HEAD);
      expect(answer).toMatchObject({
        ok: false,
        line: kept + 1,
        why: expect.stringMatching(/facts are missing/),
      });
    }
  });
  test('accepts the record it was noted from, and counts what came after', async () => {
    expect(await verify(LINES, HEAD)).toMatchObject({ ok: true, after: 0 });
    expect(await verify(LINES, parsed(20).hash.toUpperCase())).toMatchObject({
      ok: true,
      after: LINES.length - 20,
    });
  });
  test('refuses a head of another record, and an empty one', async () => {
    expect(await verify(LINES, sealed(EVERY, 8).at(-1)?.hash)).toMatchObject({ ok: false });
    expect(await verify(LINES, '')).toMatchObject({ ok: false });
  });
});

test('a change of any byte is found, or changes nothing but layout', async () => {
  const bytes = Buffer.from(`${LINES.slice(0, 3).join('\n')}\n`);
  const head = parsed(3).hash;
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 }), async (at, byte) => {
      fc.pre(bytes[at] !== byte);
      const other = Buffer.from(bytes);
      other[at] = byte;
      const answer = await verifyFile(each([other]), { head });
      const layout =
        /^[\s]$/.test(String.fromCharCode(byte)) && /^[\s]$/.test(String.fromCharCode(bytes[at] ?? 0));
      expect(answer.ok).toBe(layout && answer.ok);
    }),
    { numRuns: effort(700) },
  );
});

test('a row of the database is checked by the same shapes', () => {
  expect(faultOfFact(JSON.parse(sealed(EVERY)[0]?.body ?? ''))).toBeNull();
  expect(faultOfFact({})).toMatch(/is missing/);
  expect(faultOfFact(null)).toBe('not an object');
});
