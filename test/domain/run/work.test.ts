import { describe, expect, test } from '@jest/globals';
import type { Intent } from '#domain/incident/intent.js';
import {
  approved,
  BOT,
  cancelled,
  decided,
  EXPIRES,
  ended,
  going,
  HASH,
  planned,
  proposed,
  standing,
  started,
  stepAnswered,
  stepAsked,
  stepFinished,
  stepStarted,
  stepWaits,
  undoing,
} from './facts.js';

type Case = [string, Parameters<typeof decided>, object];
const worker = { who: BOT, source: 'bot' as const };
const moved = (why: string) => ({
  refused: true,
  code: 'RUN_MOVED_ON',
  sentence: `RUN-1 has moved on: ${why}.`,
});
const at = '2024-11-10T02:00:00.000Z';

const start = (step: string, over: object = {}): Intent =>
  ({
    type: 'StartStep',
    run: 1,
    step,
    phase: 'run',
    attempt: 1,
    fence: 1,
    at,
    captured: null,
    ...over,
  }) as Intent;
const finish = (step: string, over: object = {}): Intent =>
  ({
    type: 'FinishStep',
    run: 1,
    step,
    phase: 'run',
    attempt: 1,
    fence: 1,
    outcome: 'done',
    startedAt: at,
    output: null,
    summary: null,
    error: null,
    log: null,
    posts: [],
    ...over,
  }) as Intent;
const ask = (step: string, over: object = {}): Intent =>
  ({
    type: 'AskStep',
    run: 1,
    step,
    phase: 'run',
    attempt: 1,
    fence: 1,
    why: 'failed',
    question: '?',
    choices: [],
    ...over,
  }) as Intent;
const plan = (over: object = {}): Intent =>
  ({
    type: 'NoteRunPlanned',
    run: 1,
    fence: 1,
    hash: HASH,
    steps: ['add'],
    changes: 1,
    approvers: { required: 1, from: [], people: [], self: false, expiresAt: EXPIRES },
    plan: '{}',
    ...over,
  }) as Intent;
const begin = (over: object = {}): Intent =>
  ({ type: 'StartRun', run: 1, fence: 1, hash: HASH, ...over }) as Intent;
const undo: Intent = { type: 'BeginUndo', run: 1, fence: 1 };
const end: Intent = { type: 'EndRun', run: 1, fence: 1, end: 'succeeded', summary: null };

const begun = [...going, stepStarted('add')];
const waits = [proposed(), planned(), approved()];

describe('what a worker says', () => {
  test.each<Case>([
    [
      'the first plan',
      [[proposed()], plan()],
      [{ type: 'RunPlanned', data: { again: false }, texts: { plan: '{}' } }],
    ],
    ['a plan anew', [waits, plan()], [{ type: 'RunPlanned', data: { again: true } }]],
    ['a plan after changes began', [going, plan()], moved('changes have begun')],
    ['it begins', [waits, begin()], [{ type: 'RunStarted', data: { fence: 1 } }]],
    [
      'it begins on another plan',
      [waits, begin({ hash: 'cafe'.repeat(16) })],
      moved('that is not the plan which was approved'),
    ],
    ['it begins twice', [going, begin()], moved('it does not wait to begin')],
    ['it begins before there is a plan', [[proposed()], begin()], moved('it does not wait to begin')],

    [
      'a step begins',
      [going, start('add', { captured: '{"a":1}' })],
      [{ type: 'StepStarted', texts: { captured: '{"a":1}' } }],
    ],
    ['a step that runs begins', [begun, start('add')], moved('step add is running')],
    [
      'a step that is done begins',
      [[...begun, stepFinished('add')], start('add', { attempt: 2 })],
      moved('step add is done'),
    ],
    [
      'a step that was skipped begins',
      [[...begun, stepFinished('add', 'skipped')], start('add')],
      moved('step add is skipped'),
    ],
    [
      'a step that waited begins again',
      [[...begun, stepWaits('add')], start('add', { attempt: 2 })],
      [{ data: { attempt: 2 } }],
    ],
    [
      'a step begins again because somebody said so',
      [
        [...begun, stepFinished('add', 'failed'), stepAsked('add'), stepAnswered('add', 'retry')],
        start('add', { attempt: 2 }),
      ],
      [{ data: { attempt: 2 } }],
    ],
    ['a step begins while it asks', [[...begun, stepAsked('add')], start('verify')], moved('it is asking')],
    ['a step begins before the run', [waits, start('add')], moved('it is waiting')],
    ['a step begins while it is undone', [[...going, undoing], start('add')], moved('it is undoing')],
    ['a step is undone while it runs', [going, start('add', { phase: 'undo' })], moved('it is running')],
    [
      'a step is undone',
      [[...begun, stepFinished('add'), undoing], start('add', { phase: 'undo' })],
      [{ data: { phase: 'undo' } }],
    ],

    [
      'it is finished',
      [begun, finish('add', { posts: ['{}', '{}'], log: 'l' })],
      [{ type: 'StepFinished', data: { posts: 2 }, texts: { log: 'l', 'post.0': '{}', 'post.1': '{}' } }],
    ],
    ['what was never begun is finished', [going, finish('add')], moved('step add was not begun')],
    [
      'what was left out is finished',
      [going, finish('add', { outcome: 'skipped', startedAt: null })],
      [{ data: { outcome: 'skipped' } }],
    ],
    [
      'it is finished twice',
      [[...begun, stepFinished('add')], finish('add')],
      moved('step add was not begun'),
    ],
    [
      'it is finished under an earlier attempt',
      [[...going, stepStarted('add', { attempt: 2 })], finish('add')],
      moved('step add is at attempt 2'),
    ],
    ['it is finished after the end', [[...begun, ended('cancelled')], finish('add')], moved('it has ended')],

    ['it asks', [begun, ask('add')], [{ type: 'StepAsked', texts: { question: '?' } }]],
    [
      'it asks before it begins',
      [going, ask('add', { why: 'question', choices: ['yes'] })],
      [{ data: { choices: ['yes'] } }],
    ],
    [
      'it asks because it failed',
      [[...begun, stepFinished('add', 'failed')], ask('add')],
      [{ type: 'StepAsked' }],
    ],
    [
      'it asks about what is done',
      [[...begun, stepFinished('add')], ask('add')],
      moved('step add was not begun'),
    ],

    [
      'it waits',
      [begun, { ...start('add'), type: 'DelayStep', until: at, error: 'busy' } as Intent],
      [{ type: 'StepWaits', texts: { error: 'busy' } }],
    ],
    [
      'it is taken over',
      [begun, { ...start('add'), type: 'TakeStep', fence: 2 } as Intent],
      [{ type: 'StepTaken', data: { fence: 2 } }],
    ],
    [
      'what nobody began is taken over',
      [going, { ...start('add'), type: 'TakeStep', fence: 2 } as Intent],
      moved('step add was not begun'),
    ],

    ['a failure is undone', [begun, undo], [{ type: 'RunUndoing', data: { why: 'failed' } }]],
    ['it is undone twice', [[...begun, undoing], undo], moved('there is nothing to undo')],
    ['it is undone before it began', [waits, undo], moved('there is nothing to undo')],
    ['it begins though it was cancelled', [[...waits, cancelled], begin()], moved('it was cancelled')],
    [
      'a step begins though it was cancelled',
      [[...going, cancelled], start('add')],
      moved('it was cancelled'),
    ],
    ['what was begun says how it ended', [[...begun, cancelled], finish('add')], [{ type: 'StepFinished' }]],
    ['it ends', [going, end], [{ type: 'RunEnded', data: { end: 'succeeded' }, texts: {} }]],
    ['it ends twice', [[...going, ended('failed')], end], moved('it has ended')],
    [
      'it ends as expired although somebody has agreed since',
      [[proposed(), planned(), approved()], { ...end, end: 'expired' } as Intent],
      moved('it was approved'),
    ],
    [
      'an end is said once more while it is being undone',
      [[...going, stepStarted('add'), stepFinished('add'), ended('succeeded'), undoing], end],
      moved('it is being undone'),
    ],
    [
      'its message is shown, even after the end',
      [[...going, ended('failed')], { type: 'NoteRunShown', run: 1, channel: 'C7', ts: '1.2' }],
      [{ type: 'RunShown', data: { channel: 'C7', ts: '1.2' } }],
    ],
  ])('%s', (_, [drafts, intent], expected) =>
    expect(decided(drafts, intent, worker)).toMatchObject(expected),
  );
});

describe('fences', () => {
  const late = [...going, stepStarted('add', { fence: 5 })];
  test.each<[string, Intent]>([
    ['begins a step', start('verify', { fence: 4 })],
    ['finishes its step', finish('add', { fence: 4 })],
    ['asks', ask('add', { fence: 4 })],
    ['puts it off', { ...start('add', { fence: 4 }), type: 'DelayStep', until: at, error: null } as Intent],
    ['takes it over', { ...start('add', { fence: 4 }), type: 'TakeStep' } as Intent],
    ['undoes', { ...undo, fence: 4 } as Intent],
    ['ends it', { ...end, fence: 4 } as Intent],
  ])('a worker with an old fence changes nothing: it %s', (_, intent) => {
    expect(decided(late, intent, worker)).toMatchObject(moved('its fence is old'));
  });

  test('the step that another has taken over is no longer the earlier one’s to finish', () => {
    const taken = { ...start('add', { fence: 6 }), type: 'TakeStep' } as Intent;
    const [fact] = decided(late, taken, worker) as [never];
    const now = [...late, fact];
    expect(standing(...now).runs?.list[0]?.fence).toBe(6);
    expect(decided(now, finish('add', { fence: 5 }), worker)).toMatchObject(moved('its fence is old'));
    expect(decided(now, finish('add', { fence: 6 }), worker)).toMatchObject([{ type: 'StepFinished' }]);
  });

  test('the run’s own fence counts before any step has one', () => {
    const from = [proposed(), planned(), approved(), started(3)];
    expect(decided(from, start('add', { fence: 2 }), worker)).toMatchObject(moved('its fence is old'));
    expect(decided(from, start('add', { fence: 3 }), worker)).toMatchObject([{ type: 'StepStarted' }]);
  });
});
