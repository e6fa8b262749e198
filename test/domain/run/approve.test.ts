import { describe, expect, test } from '@jest/globals';
import type { Intent } from '#domain/incident/intent.js';
import { isApproved, runsOf } from '#domain/run/state.js';
import { ana } from '../given.js';
import {
  approved,
  BOT,
  bo,
  by,
  cancelled,
  chen,
  decided,
  EXPIRES,
  ended,
  going,
  HASH,
  lead,
  planned,
  proposed,
  standing,
  started,
} from './facts.js';

const yes = (over: object = {}): Intent =>
  ({ type: 'ApproveRun', run: 1, hash: null, breakGlass: null, ...over }) as Intent;
const broken = yes({ breakGlass: 'nobody else is awake' });
/** Ana has asked; bo leads and may approve. */
const waits = [lead(bo), proposed(), planned()];
const quorum = [proposed(), planned({ required: 2, from: [] })];

type Case = [string, Parameters<typeof decided>, object];
const GONE = { account: 'gone', present: true, among: false } as const;
const ok = (data: object = {}, texts: object = {}) => [
  { type: 'RunApproved', data: { run: 1, hash: HASH, breakGlass: false, ...data }, texts },
];
const no = (code: string) => ({ refused: true, code });

describe('approving', () => {
  test.each<Case>([
    ['who leads', [waits, yes()], ok()],
    ['the plan by its short hash', [waits, yes({ hash: HASH.slice(0, 8) })], ok()],
    ['anybody, where nobody is named', [[proposed(), planned({ from: [] })], yes(), { who: chen }], ok()],
    ['somebody named', [[proposed(), planned({ from: ['U3'] })], yes(), { who: chen }], ok()],
    [
      'a member of a named group',
      [[proposed(), planned({ from: ['@sre'], people: ['U3'] })], yes(), { who: chen }],
      ok(),
    ],
    [
      'who asked, where that is allowed',
      [[lead(ana), proposed(), planned({ self: true })], yes(), { who: ana }],
      ok(),
    ],
    ['a millisecond before it expires', [waits, yes(), { now: new Date(Date.parse(EXPIRES) - 1) }], ok()],
    ['the second of two', [[...quorum, by(bo, approved())], yes(), { who: chen }], ok()],

    ['who asked', [[lead(ana), proposed(), planned()], yes(), { who: ana }], no('RUN_OWN')],
    ['somebody else', [waits, yes(), { who: chen }], no('RUN_NOT_AN_APPROVER')],
    ['who leads no more', [[lead(bo), lead(chen), proposed(), planned()], yes()], no('RUN_NOT_AN_APPROVER')],
    [
      'who may approve himself but is no approver',
      [[proposed(), planned({ self: true })], yes(), { who: ana }],
      no('RUN_NOT_AN_APPROVER'),
    ],
    ['twice', [[...quorum, by(bo, approved())], yes()], no('RUN_APPROVED_ALREADY')],
    [
      'when enough have',
      [[...quorum, by(bo, approved()), by(chen, approved())], yes(), { who: { id: 'U4', name: null } }],
      no('RUN_APPROVED_ALREADY'),
    ],
    ['when it expires', [waits, yes(), { now: new Date(EXPIRES) }], no('RUN_APPROVAL_EXPIRED')],
    [
      'when it has expired',
      [[...waits, ended('expired')], yes()],
      {
        code: 'RUN_APPROVAL_EXPIRED',
        sentence: `The plan of RUN-1 could be approved until ${EXPIRES.slice(11, 16)} UTC.`,
        next: 'Ask again: `run key-sync`.',
      },
    ],
    [
      'a plan that never was',
      [waits, yes({ hash: 'cafecafe' })],
      { code: 'RUN_NO_SUCH_PLAN', sentence: 'No plan of RUN-1 begins with “cafecafe”.' },
    ],
    [
      'the plan before the last but one, by its short hash',
      [
        [
          ...waits,
          planned({}, { hash: 'cafe'.repeat(16), again: true }),
          planned({}, { hash: 'beef'.repeat(16), again: true }),
        ],
        yes({ hash: HASH.slice(0, 8) }),
      ],
      no('RUN_PLAN_CHANGED'),
    ],
    [
      'the plan before the world moved',
      [[...waits, planned({}, { hash: 'cafe'.repeat(16), again: true })], yes({ hash: HASH })],
      no('RUN_PLAN_CHANGED'),
    ],
    ['at a machine', [waits, yes(), { source: 'cli' }], no('RUN_NEEDS_A_PERSON')],
    ['a program', [waits, yes(), { source: 'api' }], no('RUN_NEEDS_A_PERSON')],
    ['an account that was deactivated', [waits, yes(), { found: { asker: GONE } }], no('RUN_APPROVER_GONE')],
    ['before there is a plan', [[lead(bo), proposed()], yes()], no('RUN_NOT_WAITING')],
    ['while it runs', [[lead(bo), ...going], yes()], no('RUN_NOT_WAITING')],
    ['after its end', [[...waits, ended('rejected')], yes()], no('RUN_NOT_WAITING')],
    ['when it was cancelled', [[...waits, cancelled], yes()], no('RUN_NOT_WAITING')],
    ['a run that never was', [waits, yes({ run: 2 })], no('NO_SUCH_RUN')],

    [
      'breaking the glass: who asked',
      [waits, broken, { who: ana }],
      ok({ breakGlass: true }, { reason: 'nobody else is awake' }),
    ],
    ['breaking the glass: no approver', [waits, broken, { who: chen }], ok({ breakGlass: true })],
    [
      'breaking the glass: after a yes of one’s own',
      [[...quorum, by(bo, approved())], broken],
      ok({ breakGlass: true }),
    ],
    ['breaking the glass: at a machine', [waits, broken, { source: 'cli' }], no('RUN_NEEDS_A_PERSON')],
    [
      'breaking the glass: a deactivated account',
      [waits, broken, { found: { asker: GONE } }],
      no('RUN_APPROVER_GONE'),
    ],
    ['breaking the glass: too late', [waits, broken, { now: new Date(EXPIRES) }], no('RUN_APPROVAL_EXPIRED')],
    [
      'breaking the glass: another plan',
      [waits, { ...broken, hash: 'cafecafe' } as Intent],
      no('RUN_NO_SUCH_PLAN'),
    ],
    [
      'breaking the glass: that is broken',
      [[...waits, by(chen, approved(HASH, 'night'))], broken],
      no('RUN_APPROVED_ALREADY'),
    ],
  ])('%s', (_, args, expected) => expect(decided(...args)).toMatchObject(expected));

  const run = (...drafts: Parameters<typeof standing>) => {
    const [only] = runsOf(standing(...drafts)).list;
    if (!only) throw new Error('no run');
    return only;
  };

  test('a quorum is as many people, not as many clicks; a new plan begins at nobody', () => {
    expect(isApproved(run(...quorum, by(bo, approved()), by(bo, approved())))).toBe(false);
    const two = [...quorum, by(bo, approved()), by(chen, approved())];
    expect(isApproved(run(...two))).toBe(true);
    expect(isApproved(run(...two, planned({ required: 2, from: [] }, { hash: 'cafe'.repeat(16) })))).toBe(
      false,
    );
  });

  test('a broken glass is enough for that plan, and for no other', () => {
    const glass = [...quorum, approved(HASH, 'night')];
    expect(isApproved(run(...glass))).toBe(true);
    expect(isApproved(run(...glass, planned({ required: 2 }, { hash: 'cafe'.repeat(16) })))).toBe(false);
  });

  test('what refuses says what to do: the glass with its exact line, how many more are missing', () => {
    expect(decided([proposed(), planned()], yes(), { who: ana })).toMatchObject({
      next: expect.stringContaining('`approve RUN-1 --break-glass REASON`'),
    });
    expect(decided([...quorum, by(bo, approved())], yes())).toMatchObject({
      next: '1 more must agree: other people.',
    });
  });
});

describe('rejecting', () => {
  const no1: Intent = { type: 'RejectRun', run: 1, reason: 'not now' };
  test.each<Case>([
    [
      'a plan',
      [waits, no1],
      [{ type: 'RunEnded', data: { run: 1, end: 'rejected' }, texts: { summary: 'not now' } }],
    ],
    ['by who asked', [waits, no1, { who: ana }], [{ type: 'RunEnded' }]],
    ['by anybody, at a machine too', [waits, no1, { who: chen, source: 'cli' }], [{ type: 'RunEnded' }]],
    ['before there is a plan', [[proposed()], { ...no1, reason: null }], [{ type: 'RunEnded', texts: {} }]],
    ['twice', [[...waits, ended('rejected')], no1], no('RUN_NOT_WAITING')],
    ['what runs', [[...waits, by(bo, approved()), by(BOT, started())], no1], no('RUN_NOT_WAITING')],
  ])('%s', (_, args, expected) => expect(decided(...args)).toMatchObject(expected));
});
