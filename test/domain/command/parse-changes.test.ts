import { describe, expect, test } from '@jest/globals';
import { intended, parsed, refused, typed } from './support.js';

const at = (time: string) => ({ at: `2024-11-10T${time}Z`, until: null, precision: 'minute' });
const opened = {
  type: 'OpenIncident',
  severity: null,
  components: [],
  private: false,
  drill: false,
  moment: null,
};

describe('open', () => {
  test.each([
    ['open API down', { title: 'API down' }],
    ['open sev1 API down', { title: 'API down', severity: 'sev1' }],
    ['open SEV-4 API down', { title: 'API down', severity: 'sev4' }],
    ['open sev1down', { title: 'sev1down' }],
    ['open 1 node down', { title: '1 node down' }],
    ['open --private --drill API down', { title: 'API down', private: true, drill: true }],
    [
      'open --drill sev2 --private API down',
      { title: 'API down', severity: 'sev2', private: true, drill: true },
    ],
    ['open API down --private', { title: 'API down', private: true }],
    [
      'open API down --component A --component "B, C" --component A',
      { title: 'API down', components: ['A', 'B, C'] },
    ],
    [
      'open —component “Payments API” –drill API down',
      { title: 'API down', components: ['Payments API'], drill: true },
    ],
    ['open API down —component “Payments API”', { title: 'API down', components: ['Payments API'] }],
    ['open API down --component=A --component="B C"', { title: 'API down', components: ['A', 'B C'] }],
    ['open --component Payments API down', { title: 'API down', components: ['Payments'] }],
    ['open API down --at 01:42', { title: 'API down', moment: at('01:42:00') }],
    ['open API down --at "2024-11-10 01:42 UTC"', { title: 'API down', moment: at('01:42:00') }],
    ['open --at -5m API down', { title: 'API down', moment: at('14:27:10') }],
    ['open -- sev1 is --private', { title: 'sev1 is --private' }],
    ['open sev1 -- --private', { title: '--private', severity: 'sev1' }],
    ['open API down -- --private', { title: 'API down --private' }],
    ['open API down -- EU only', { title: 'API down -- EU only' }],
    ['open API --force', { title: 'API --force' }],
    ['open API —force', { title: 'API —force' }],
    ['open Fix "--private" in docs', { title: 'Fix "--private" in docs' }],
    ['open non--private x', { title: 'non--private x' }],
    ['open  API <@U1> &amp; co ', { title: 'API @ana & co' }],
    ['declare API down', { title: 'API down' }],
    ['open API down --component "a --private b"', { title: 'API down', components: ['a --private b'] }],
  ])('%s', (line, expected) => expect(intended(line)).toEqual({ ...opened, ...expected }));

  test.each([
    ['open sev1', 'MISSING_ARGUMENT'],
    ['open --private', 'MISSING_ARGUMENT'],
    ['open sev5 x', 'BAD_ARGUMENT'],
    ['open two\nlines', 'BAD_ARGUMENT'],
    [`open ${'x'.repeat(201)}`, 'TEXT_TOO_LONG'],
    ['open API --component', 'BAD_FLAG'],
    ['open API --component --private', 'BAD_FLAG'],
    ['open API --component ""', 'BAD_FLAG'],
    ['open API --component "x', 'BAD_FLAG'],
    ['open --private=yes API', 'BAD_FLAG'],
    ['open API --at 01:41 --at 01:42', 'BAD_FLAG'],
    // In the middle: a private incident must not become public by a slip.
    ['open Leak --private see thread', 'BAD_FLAG'],
    ['open API down --at 01:42 UTC', 'BAD_FLAG'],
    ['open API --at soon', 'BAD_ARGUMENT'],
    ['open API --at 01:41-01:44', 'BAD_ARGUMENT'],
    ['open API --at "01:42 PST"', 'TIME_ZONE_AMBIGUOUS'],
    ['open API --at "2099-01-01 00:00"', 'TIME_IN_FUTURE'],
    [`open API ${Array.from({ length: 51 }, (_, i) => `--component c${i}`).join(' ')}`, 'TOO_MANY'],
  ])('%s is refused: %s', (line, code) => expect(refused(line)).toBe(code));

  test.each([
    ['P1: API down', 'sev1'],
    ['P1 API down', 'sev1'],
    ['Severity: P1 API down', 'sev1'],
    ['Priority P-2: API down', 'sev2'],
    ['sev two API down', 'sev2'],
    ['P 1: API down', 'sev1'],
    ['P1—API down', 'sev1'],
    ['\u200bsev1\u200b API down', 'sev1'],
    ['sev\u00ad1: API down', 'sev1'],
    ['𝗦𝗘𝗩𝟭 API down', 'sev1'],
    ['p2:API down', 'sev2'],
    ['p-3 - API down', 'sev3'],
    ['Sev1: API down', 'sev1'],
    ['sev 1 API down', 'sev1'],
    ['Sev 2: API down', 'sev2'],
    ['SEV-2 API down', 'sev2'],
    ['SEV–2 API down', 'sev2'],
    ['sev - 2 API down', 'sev2'],
    ['sev_2 API down', 'sev2'],
    ['sev:2 API down', 'sev2'],
    ['sev #2 API down', 'sev2'],
    ['SEVERITY 2 API down', 'sev2'],
    ['Severity: 2 - API down', 'sev2'],
    ['severity=2 API down', 'sev2'],
    ['Priority 2: API down', 'sev2'],
    ['sev2 - API down', 'sev2'],
    ['sev2 – API down', 'sev2'],
    ['sev2— API down', 'sev2'],
    ['sev2 : API down', 'sev2'],
    ['sev2 | API down', 'sev2'],
    ['sev2, API down', 'sev2'],
    ['sev2. API down', 'sev2'],
    ['[sev2] API down', 'sev2'],
    ['[SEV-2]: API down', 'sev2'],
    ['[ Sev 2 ] - API down', 'sev2'],
    ['(P2) API down', 'sev2'],
    ['[P2]API down', 'sev2'],
    ['&lt;P2&gt; API down', 'sev2'],
    ['【sev2】API down', 'sev2'],
    ['*P2* API down', 'sev2'],
    ['*P2:* API down', 'sev2'],
    ['**sev2**: API down', 'sev2'],
    ['`SEV2` API down', 'sev2'],
    ['_sev2_ API down', 'sev2'],
    ['S2: API down', 'sev2'],
    ['[S2] API down', 'sev2'],
    ['ＳＥＶ２：API down', 'sev2'],
    ['critical: API down', 'sev1'],
    ['Major: API down', 'sev2'],
    ['[critical] API down', 'sev1'],
    ['MINOR - API down', 'sev3'],
    ['sev critical API down', 'sev1'],
    ['severity: low API down', 'sev4'],
    ['severity high: API down', 'sev2'],
    ['--drill P1: API down --private', 'sev1'],
  ])('open %s', (line, severity) =>
    expect(intended(`open ${line}`)).toMatchObject({ severity, title: 'API down' }),
  );

  test.each([
    '1 node down',
    '1: node down',
    '[1] node down',
    'critical bug in checkout',
    'Critical, and nobody knows why',
    '*critical* bug in checkout',
    'major outage in EU',
    'high latency',
    'Severe latency',
    'severity is wrong on the status page',
    'severity high latency',
    'priority queue is stuck',
    'several nodes down',
    'sev1down',
    'sev1-api is down',
    'sev1/sev2 pages do not go out',
    'P2P sync fails',
    'P95 latency is high',
    'P1.5 release fails',
    'p4 is unreachable',
    'P1 and P2 nodes down',
    'P1, P2 and P3 nodes down',
    'P5 sketches do not load',
    'S3 bucket is gone',
    'S3: access denied',
    '[S3] uploads fail',
    's2 cells are wrong',
    'S/4HANA down',
    '[API] sev',
    '[sev2 API down',
    '(P1 and P2) down',
    'low',
    'critical',
  ])('open %s: all of it is the title', (title) =>
    expect(intended(`open ${title}`)).toMatchObject({ severity: null, title }),
  );

  test.each([
    'sev5: x',
    'sev 0 x',
    'P0: x',
    'P0 x',
    '[P9] x',
    'sev 12 x',
    'P1:',
    'P1',
    '[sev1]',
    'critical:',
  ])('open %s is refused', (line) => expect(refused(`open ${line}`)).toMatch(/^(BAD|MISSING)_ARGUMENT$/));

  test.each([
    ['API down P1', 'P1'],
    ['SEV1API down', 'SEV1'],
    ['sev1-2 API down', 'sev1'],
    ['S3 buckets', 'S3'],
    ['API down (sev 2)', 'sev 2'],
    ['p4 is unreachable', 'p4'],
    ['S3 bucket is gone', 'S3'],
  ])('open %s: what may be meant as a severity is named in the receipt', (title, word) =>
    expect(parsed(`open ${title}`).notes).toEqual([
      `“${word}” was kept as part of the title; \`sev SEVERITY\` sets a severity.`,
    ]),
  );

  test.each([
    'P1: P2 queue is full',
    '-- P1: x',
    'API down',
    'EC2 p3.2xlarge gone',
    'P95 rises',
    'S3x is slow',
  ])('open %s says nothing of severities', (line) => expect(parsed(`open ${line}`).notes).toEqual([]));

  test('what looks like a flag and is none is pointed out', () => {
    expect(parsed('open API --privat').notes).toEqual([expect.stringContaining('`--privat`')]);
    expect(parsed('open API down').notes).toEqual([]);
  });
});

describe('sev', () => {
  test.each([
    ['sev sev1', 'sev1', null],
    ['sev 1', 'sev1', null],
    ['sev P2 because', 'sev2', 'because'],
    ['severity SEV-3 01:41  x', 'sev3', '01:41  x'],
    ['sev critical', 'sev1', null],
    ['sev Major', 'sev2', null],
    ['sev minor', 'sev3', null],
    ['sev low', 'sev4', null],
    ['sev S3 one bucket', 'sev3', 'one bucket'],
    ['sev sev 1 all regions', 'sev1', 'all regions'],
    ['sev 1: all regions', 'sev1', 'all regions'],
    ['sev [SEV-1] all regions', 'sev1', 'all regions'],
    ['sev critical - all regions', 'sev1', 'all regions'],
    ['sev P1 is what it is', 'sev1', 'is what it is'],
  ])('%s', (line, severity, reason) =>
    expect(intended(line)).toEqual({ type: 'ChangeSeverity', severity, reason }),
  );

  test.each([
    'sev sev5',
    'sev 0',
    'sev constructor',
    'sev down',
    'sev 1.5',
    'sev 15',
    'sev P0: x',
    'sev sev',
  ])('%s is refused', (line) => expect(refused(line)).toBe('BAD_ARGUMENT'));
});

describe('people', () => {
  const ana = { id: 'U1', name: 'ana' };
  const bo = { id: null, name: 'bo' };
  const ROTATE = { type: 'AddAction', text: 'rotate keys' };
  test.each([
    ['lead <@U1>', { type: 'AssignRole', role: 'lead', person: ana }],
    ['lead @bo', { type: 'AssignRole', role: 'lead', person: bo }],
    ['role scribe @bo', { type: 'AssignRole', role: 'scribe', person: bo }],
    ['role COMMS lead <@U1|x>', { type: 'AssignRole', role: 'Comms Lead', person: ana }],
    ['role Lead @bo', { type: 'AssignRole', role: 'lead', person: bo }],
    ['invite <@U1>, @bo @Bo', { type: 'InvitePeople', people: [ana, bo] }],
    ['action rotate the keys <@U1>', { type: 'AddAction', text: 'rotate the keys', owner: ana }],
    ['action rotate the keys @bo ', { type: 'AddAction', text: 'rotate the keys', owner: bo }],
    ['action <@U1> rotates  keys ', { type: 'AddAction', text: '@ana rotates  keys ', owner: null }],
    ['action ask <@U1> or @bo', { type: 'AddAction', text: 'ask @ana or', owner: bo }],
    ['action write to keys@bo', { type: 'AddAction', text: 'write to keys@bo', owner: null }],
    ['action tell <!channel>', { type: 'AddAction', text: 'tell @channel', owner: null }],
    ['action page <!subteam^S1|@sre>', { type: 'AddAction', text: 'page @sre', owner: null }],
    ['action <@U1> pages <!subteam^S1|@sre>', { type: 'AddAction', text: '@ana pages @sre', owner: null }],
    ['invite <!subteam^S1|@sre> <@U1>', { type: 'InvitePeople', people: [{ id: 'S1', name: 'sre' }, ana] }],
    ['action use --yes, 01:41', { type: 'AddAction', text: 'use --yes, 01:41', owner: null }],
    // NOW is a Sunday.
    ['action rotate keys <@U1> --due friday', { ...ROTATE, owner: ana, due: '2024-11-15' }],
    ['action rotate keys —due 2w @bo', { ...ROTATE, owner: bo, due: '2024-11-24' }],
    ['action --due=2026-12-05 rotate keys', { ...ROTATE, owner: null, due: '2026-12-05' }],
    ['action rotate keys --due sunday', { ...ROTATE, owner: null, due: '2024-11-17' }],
    ['action rotate keys --due "1 week"', { ...ROTATE, owner: null, due: '2024-11-17' }],
    ['action rotate keys --due none', { ...ROTATE, owner: null }],
    ['action 3 @bo', { type: 'ChangeAction', action: 3, owner: bo }],
    ['action #3 --due tomorrow', { type: 'ChangeAction', action: 3, due: '2024-11-11' }],
    ['action 3 <@U1> --due none', { type: 'ChangeAction', action: 3, owner: ana, due: null }],
    ['action 3 --unassign', { type: 'ChangeAction', action: 3, owner: null }],
    ['action 3 replicas more @bo', { type: 'AddAction', text: '3 replicas more', owner: bo }],
    ['action -- write about --due', { type: 'AddAction', text: 'write about --due', owner: null }],
  ])('%s', (line, intent) => expect(intended(line)).toEqual(intent));

  test.each([
    ['lead ana', 'BAD_ARGUMENT'],
    ['lead <@U1> please', 'BAD_ARGUMENT'],
    ['lead <@U1> @bo', 'BAD_ARGUMENT'],
    ['role @bo', 'MISSING_ARGUMENT'],
    ['role scribe', 'MISSING_ARGUMENT'],
    ['role scribe @bo now', 'BAD_ARGUMENT'],
    [`role ${'x'.repeat(33)} @bo`, 'TEXT_TOO_LONG'],
    ['lead <!subteam^S1|@sre>', 'GROUP_IS_NOBODY'],
    ['role scribe <!subteam^S1>', 'GROUP_IS_NOBODY'],
    ['role scribe <@U1> <!subteam^S1>', 'GROUP_IS_NOBODY'],
    ['invite', 'MISSING_ARGUMENT'],
    ['invite bo', 'BAD_ARGUMENT'],
    ['invite <!here>', 'BAD_ARGUMENT'],
    [`invite ${Array.from({ length: 101 }, (_, i) => `@p${i}`).join(' ')}`, 'TOO_MANY'],
    ['action @bo', 'MISSING_ARGUMENT'],
    ['action 3', 'MISSING_ARGUMENT'],
    ['action 3 @bo --unassign', 'BAD_FLAG'],
    ['action rotate --unassign', 'BAD_FLAG'],
    ['action rotate --due friday the keys', 'BAD_FLAG'],
    ['action rotate --due', 'BAD_FLAG'],
    ['action rotate --due soon', 'DUE_UNKNOWN'],
    ['action rotate --due 2024-02-31', 'DUE_UNKNOWN'],
    ['action rotate --due 2h', 'DUE_UNKNOWN'],
    ['action rotate --due 9999d', 'DUE_UNKNOWN'],
    ['action rotate --due 2024-11-09', 'DUE_PAST'],
  ])('%s is refused: %s', (line, code) => expect(refused(line)).toBe(code));

  test('a day is that of who types: of three on one evening each has their own', () => {
    const due = (zone: string) => intended('action rotate --due today', { zone });
    expect(['Pacific/Auckland', 'UTC', 'America/Los_Angeles'].map(due)).toMatchObject([
      ...[{ due: '2024-11-11' }, { due: '2024-11-10' }, { due: '2024-11-10' }],
    ]);
  });

  test('a role that nobody configured is taken, with a remark', () => {
    expect(parsed('role Driver @bo')).toMatchObject({
      intent: { role: 'driver' },
      notes: [expect.stringContaining('driver')],
    });
    expect(parsed('role scribe @bo').notes).toEqual([]);
  });
});

describe('title, mark, component', () => {
  test.each([
    ['title API --down, “x” ', { type: 'ChangeTitle', title: 'API --down, “x” ' }],
    ['title 01:41 -- API', { type: 'ChangeTitle', title: '01:41 -- API' }],
    ['mark started 01:41', { type: 'MarkMilestone', milestone: 'started', moment: at('01:41:00') }],
    [
      'mark Detected 2024-11-10 01:41 UTC',
      { type: 'MarkMilestone', milestone: 'detected', moment: at('01:41:00') },
    ],
    [
      'component state “Payments EU” partial 01:41',
      { type: 'SetComponentState', component: 'Payments EU', state: 'partial', moment: at('01:41:00') },
    ],
    [
      'component state Payments EU Operational',
      { type: 'SetComponentState', component: 'Payments EU', state: 'operational', moment: null },
    ],
    [
      'component state major incidents API major 2024-11-10 01:41 UTC',
      { type: 'SetComponentState', component: 'major incidents API', state: 'major', moment: at('01:41:00') },
    ],
    ['component add Payments, EU', { type: 'AddComponent', component: 'Payments, EU' }],
    ['component remove “Payments EU”', { type: 'RemoveComponent', component: 'Payments EU' }],
  ])('%s', (line, intent) => expect(intended(line)).toEqual(intent));

  test.each([
    ['title', 'MISSING_ARGUMENT'],
    ['title a\nb', 'BAD_ARGUMENT'],
    ['mark', 'MISSING_ARGUMENT'],
    ['mark started', 'MISSING_ARGUMENT'],
    ['mark begun 01:41', 'BAD_ARGUMENT'],
    ['mark started soon', 'BAD_ARGUMENT'],
    ['mark started 01:41 x', 'BAD_ARGUMENT'],
    ['mark started 01:41-01:44', 'BAD_ARGUMENT'],
    ['mark started 01:41 EST', 'TIME_ZONE_AMBIGUOUS'],
    ['component', 'MISSING_ARGUMENT'],
    ['component state', 'MISSING_ARGUMENT'],
    ['component state partial', 'BAD_ARGUMENT'],
    ['component state API', 'BAD_ARGUMENT'],
    ['component state API down', 'BAD_ARGUMENT'],
    ['component state API partial soon', 'BAD_ARGUMENT'],
    ['component state API partial 01:41-01:44', 'BAD_ARGUMENT'],
    ['component state API partial 2024-11-11 02:30', 'TIME_IN_FUTURE'],
    ['component API', 'BAD_ARGUMENT'],
    ['component add', 'MISSING_ARGUMENT'],
    [`component add ${'x'.repeat(101)}`, 'TEXT_TOO_LONG'],
  ])('%s is refused: %s', (line, code) => expect(refused(line)).toBe(code));
});

describe('impact', () => {
  const none = {
    type: 'RecordImpact',
    text: null,
    failed: null,
    total: null,
    from: null,
    to: null,
    components: [],
  };
  test.each([
    ['impact 19 requests failed', { text: '19 requests failed' }],
    ['impact --failed 19', { failed: 19 }],
    ['impact --failed 0 --total 1,900,000', { failed: 0, total: 1_900_000 }],
    ['impact —failed 19 –total 19', { failed: 19, total: 19 }],
    [
      'impact clips failed --failed 19 --component “Dev API”',
      { text: 'clips failed', failed: 19, components: ['Dev API'] },
    ],
    ['impact --failed 19 clips failed', { text: 'clips failed', failed: 19 }],
    ['impact --from 01:41 --to "01:44 UTC"', { from: at('01:41:00'), to: at('01:44:00') }],
    ['impact --to 01:44', { to: at('01:44:00') }],
    ['impact -- --failed 19', { text: '--failed 19' }],
    ['impact 01:41 was bad', { text: '01:41 was bad' }],
    ['impact --from 01:41 -- UTC clocks', { text: 'UTC clocks', from: at('01:41:00') }],
    ['impact --from 01:41 +5000 requests', { text: '+5000 requests', from: at('01:41:00') }],
    ['impact --from 2024-11-10T01:41Z EST lines', { text: 'EST lines', from: at('01:41:00') }],
    ['impact --from 01:41\nUTC clocks', { text: 'UTC clocks', from: at('01:41:00') }],
  ])('%s', (line, expected) => expect(intended(line)).toEqual({ ...none, ...expected }));

  test.each([
    ['impact', 'MISSING_ARGUMENT'],
    ['impact --', 'IMPACT_EMPTY'],
    ['impact --failed many', 'BAD_FLAG'],
    ['impact --failed -1', 'BAD_FLAG'],
    ['impact --failed 1.5', 'BAD_FLAG'],
    ['impact --failed 1,90', 'BAD_FLAG'],
    ['impact --failed 19%', 'BAD_FLAG'],
    ['impact --failed 9999999999999', 'BAD_FLAG'],
    ['impact --failed 19 --failed 20', 'BAD_FLAG'],
    ['impact --failed 20 --total 19', 'IMPACT_CONTRADICTS'],
    ['impact --from 01:44 --to 01:41', 'IMPACT_CONTRADICTS'],
    ['impact --from "2024-10-01 01:41" --to 01:44', 'BAD_FLAG'],
    ['impact --from 01:41-01:44', 'BAD_ARGUMENT'],
  ])('%s is refused: %s', (line, code) => expect(refused(line)).toBe(code));
});

describe('a time of several words behind a flag needs quotes', () => {
  test.each([
    'impact --failed 2 --to 01:44 UTC',
    'impact --to 01:44 UTC --failed 2',
    'impact --to=01:44 +02:00 clips fail',
    'impact --from 01:41 --to 01:44 EST',
    'impact --from 2024-11-10 01:41',
    'impact --from 2024-11-10\u00a001:41 --to 01:44',
    'impact --from 2024-11-10 5pm',
    'impact --from 1:07 pm clips fail',
    'impact --from ~ 01:41',
    'impact --from yesterday 23:50 clips fail',
    'impact --from 01:41 Europe/Berlim',
    'impact --from -12m Z',
    'open --at 01:41 UTC API down',
    'open sev1 --at 01:41 EST API down',
    'open API down --at 01:41 UTC',
  ])('%s', (line) =>
    expect(typed(line)).toMatchObject({ code: 'BAD_FLAG', sentence: expect.stringContaining('in quotes') }),
  );
});

describe('publish', () => {
  const post = { type: 'PublishPost', state: null, moment: null, confirmed: false };
  test.each([
    ['publish All is well', { text: 'All is well' }],
    ['publish Resolved All is well --yes', { state: 'resolved', text: 'All is well', confirmed: true }],
    ['publish --yes postmortem Read it', { state: 'postmortem', text: 'Read it', confirmed: true }],
    [
      'publish monitoring —yes 01:44 UTC We watch',
      { state: 'monitoring', moment: at('01:44:00'), text: 'We watch', confirmed: true },
    ],
    ['publish 01:44 We watch', { moment: at('01:44:00'), text: 'We watch' }],
    ['publish identified -- --yes', { state: 'identified', text: '--yes' }],
    [
      'publish identified 01:41 -- GMT --yes',
      { state: 'identified', moment: at('01:41:00'), text: 'GMT --yes' },
    ],
    ['publish -- Resolved at 02:02', { text: 'Resolved at 02:02' }],
    ['publish We watch --private', { text: 'We watch --private' }],
    [
      'publish identified 2024-11-10 01:41 --yes wrong keys',
      { state: 'identified', moment: at('01:41:00'), text: 'wrong keys', confirmed: true },
    ],
    ['publish 01:41 UTC —yes  a  b ', { moment: at('01:41:00'), text: ' a  b ', confirmed: true }],
    ['publish 01:41 --yes -- --yes', { moment: at('01:41:00'), text: '--yes', confirmed: true }],
    ['publish 01:41 --yes -- UTC x', { moment: at('01:41:00'), text: 'UTC x', confirmed: true }],
  ])('%s', (line, expected) => expect(intended(line)).toEqual({ ...post, ...expected }));

  test.each([
    ['publish identified', 'MISSING_ARGUMENT'],
    ['publish --yes', 'MISSING_ARGUMENT'],
    ['publish identified 01:41 --yes', 'TIME_WITHOUT_TEXT'],
    ['publish Use --yes to agree', 'BAD_FLAG'],
    ['publish 01:41 wrong --yes keys', 'BAD_FLAG'],
    ['publish 01:41 --yes wrong --yes keys', 'BAD_FLAG'],
    ['publish 01:41 --yes UTC wrong keys', 'BAD_FLAG'],
    ['publish 01:41 --yes EST wrong keys', 'BAD_FLAG'],
    ['publish 2024-11-10 --yes 01:41 wrong keys', 'BAD_FLAG'],
    [`publish ${'x'.repeat(10_001)}`, 'TEXT_TOO_LONG'],
  ])('%s is refused: %s', (line, code) => expect(refused(line)).toBe(code));
});

describe('corrections', () => {
  test.each([
    ['edit 5 -- 01:41  x ', { type: 'EditEntry', entry: 5, text: '-- 01:41  x ' }],
    ['edit #12 x', { type: 'EditEntry', entry: 12, text: 'x' }],
    ['time 5 01:41', { type: 'RetimeEntry', entry: 5, moment: at('01:41:00') }],
    [
      'time #5 01:41-01:44',
      { type: 'RetimeEntry', entry: 5, moment: { ...at('01:41:00'), until: '2024-11-10T01:44:00Z' } },
    ],
    ['strike 5 wrong incident', { type: 'StrikeEntry', entry: 5, reason: 'wrong incident' }],
    ['undo', { type: 'UndoLastEntry' }],
    ['done #1', { type: 'CompleteAction', action: 1 }],
  ])('%s', (line, intent) => expect(intended(line)).toEqual(intent));

  test.each([
    ['edit', 'MISSING_ARGUMENT'],
    ['edit 5', 'MISSING_ARGUMENT'],
    ['edit five x', 'BAD_ARGUMENT'],
    ['edit 0 x', 'BAD_ARGUMENT'],
    ['time 5', 'MISSING_ARGUMENT'],
    ['time 5 01:41 x', 'BAD_ARGUMENT'],
    ['time 5 soon', 'BAD_ARGUMENT'],
    ['strike 5', 'MISSING_ARGUMENT'],
    ['undo 5', 'BAD_ARGUMENT'],
    ['done', 'MISSING_ARGUMENT'],
    ['done 1 2', 'BAD_ARGUMENT'],
  ])('%s is refused: %s', (line, code) => expect(refused(line)).toBe(code));
});

describe('bridge', () => {
  test.each([
    ['bridge', null],
    ['call', null],
    ['bridge https://meet.example/7', 'https://meet.example/7'],
    ['bridge <https://meet.example/7?a=1&amp;b=2>', 'https://meet.example/7?a=1&b=2'],
    ['bridge <https://meet.example/7|meet.example/7>', 'https://meet.example/7'],
    ['bridge INC-7 https://meet.example/7', 'https://meet.example/7'],
    ['bridge meet.example', 'https://meet.example'],
  ])('%s', (line, url) => expect(intended(line, { implied: false })).toEqual({ type: 'OpenBridge', url }));

  test.each([
    ['bridge http://meet.example/7', 'BAD_ARGUMENT'],
    ['bridge zoom', 'BAD_ARGUMENT'],
    ['bridge https://meet.example/7 now', 'BAD_ARGUMENT'],
  ])('%s is refused', (line, code) => expect(refused(line)).toBe(code));
});
