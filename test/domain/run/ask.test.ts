import { describe, expect, test } from '@jest/globals';
import type { DraftFact } from '#domain/incident/fact.js';
import type { Intent } from '#domain/incident/intent.js';
import { decide } from '#domain/incident/rules/decide.js';
import type { IncidentState } from '#domain/incident/state.js';
import { RUNS_KEPT, type RunState, runsOf } from '#domain/run/state.js';
import { asking, INSIDE } from '../given.js';
import {
  approved,
  bo,
  cancelled,
  decided,
  ended,
  going,
  planned,
  proposed,
  standing,
  started,
  stepAnswered,
  stepAsked,
  stepFinished,
  stepStarted,
  undoing,
} from './facts.js';

type Case = [string, Parameters<typeof decided>, object];
const no = (code: string) => ({ refused: true, code });
const failed = [...going, stepStarted('add'), stepFinished('add', 'failed', { error: 'x' })];
const done = [...going, stepStarted('add'), stepFinished('add'), ended('succeeded')];
/** At its gate, a step that only reads. */
const gate = [...going, stepStarted('compare'), stepFinished('compare', 'failed', { error: 'x' })];
const asks = [...failed, stepAsked('add')];
const question = [...going, stepAsked('add', 'go?', { why: 'question', choices: ['Yes', 'no'] })];
const elsewhere = { found: { holder: { incident: 6, run: 2 } } };
const own = { found: { holder: { incident: 7, run: 1 } } };

describe('asking for a run', () => {
  const ask = (over: object = {}): Intent =>
    ({
      type: 'ProposeRun',
      runbook: 'key-sync',
      definition: 'd',
      inputs: '{}',
      target: 't',
      planOnly: false,
      ...over,
    }) as Intent;
  test.each<Case>([
    [
      'the first',
      [[], ask()],
      [
        {
          type: 'RunProposed',
          data: { run: 1, target: 't', planOnly: false },
          texts: { definition: 'd', inputs: '{}' },
        },
      ],
    ],
    ['the next', [[proposed(), ended('rejected')], ask()], [{ data: { run: 2 } }]],
    ['a busy target', [[], ask(), elsewhere], no('RUN_TARGET_BUSY')],
    [
      'a plan only of a busy target',
      [[], ask({ planOnly: true }), elsewhere],
      [{ data: { run: 1, planOnly: true } }],
    ],
    [
      'one too many',
      [Array.from({ length: RUNS_KEPT }, (_, i) => proposed({ run: i + 1 })), ask()],
      no('TOO_MANY'),
    ],
    [
      'after many that ended',
      [
        Array.from({ length: RUNS_KEPT + 5 }, (_, i) => [
          proposed({ run: i + 1 }),
          { ...ended('rejected'), data: { ...ended('rejected').data, run: i + 1 } as never },
        ]).flat(),
        ask(),
      ],
      [{ data: { run: RUNS_KEPT + 6 } }],
    ],
  ])('%s', (_, args, expected) => expect(decided(...args)).toMatchObject(expected));

  test('a run that ended long ago is known to have been', () => {
    const many = Array.from({ length: RUNS_KEPT + 5 }, (_, i) => [
      proposed({ run: i + 1 }),
      { ...ended('rejected'), data: { ...ended('rejected').data, run: i + 1 } as never },
    ]).flat();
    expect(decided(many, { type: 'UndoRun', run: 1 })).toMatchObject(no('RUN_FORGOTTEN'));
    expect(decided(many, { type: 'UndoRun', run: 99 })).toMatchObject(no('NO_SUCH_RUN'));
  });
});

describe('cancelling', () => {
  const stop: Intent = { type: 'CancelRun', run: 1, reason: 'wrong store' };
  const done = [{ type: 'RunCancelled', data: { run: 1 }, texts: { reason: 'wrong store' } }];
  test.each<Case>([
    ['while it is planned', [[proposed()], stop], done],
    ['while it waits', [[proposed(), planned()], stop], done],
    ['while it runs', [going, stop], done],
    ['while it asks', [asks, stop], done],
    ['while it is undone', [[...failed, undoing], stop], done],
    [
      'its undoing, when the run was cancelled before',
      [[...asks, cancelled, ended('cancelled'), undoing], stop],
      done,
    ],
    ['twice', [[...going, cancelled], stop], no('RUN_CANCELLED_ALREADY')],
    ['after its end', [[...going, ended('succeeded')], stop], no('RUN_ENDED')],
    ['without a reason', [going, { ...stop, reason: null } as Intent], [{ texts: {} }]],
  ])('%s', (_, args, expected) => expect(decided(...args)).toMatchObject(expected));
});

describe('undoing', () => {
  const back: Intent = { type: 'UndoRun', run: 1 };
  const undo = [{ type: 'RunUndoing', data: { run: 1, why: 'asked' } }];
  test.each<Case>([
    ['what succeeded', [done, back], undo],
    ['what failed', [[...failed, ended('failed')], back], undo],
    ['what was cancelled on the way', [[...failed, cancelled, ended('cancelled')], back], undo],
    ['what was undone in part', [[...failed, undoing, ended('partly-undone')], back], undo],
    [
      'what asks: the answer is kept too',
      [asks, back],
      [{ type: 'StepAnswered', data: { step: 'add', attempt: 1, choice: 'undo' } }, ...undo],
    ],
    ['while it holds its own target', [asks, back, own], [{}, {}]],
    ['while another run holds it', [done, back, elsewhere], no('RUN_TARGET_BUSY')],
    [
      'another run of the incident, too',
      [done, back, { found: { holder: { incident: 7, run: 2 } } }],
      no('RUN_TARGET_BUSY'),
    ],
    ['what runs', [going, back], no('RUN_BUSY')],
    ['what is being undone', [[...failed, undoing], back], no('RUN_BUSY')],
    ['what was undone', [[...failed, undoing, ended('undone')], back], no('RUN_NOTHING_TO_UNDO')],
    ['what is being planned', [[proposed()], back], no('RUN_NOTHING_TO_UNDO')],
    ['what waits', [[proposed(), planned()], back], no('RUN_NOTHING_TO_UNDO')],
    [
      'a plan',
      [[proposed({ planOnly: true }), planned(), ended('planned')], back],
      no('RUN_NOTHING_TO_UNDO'),
    ],
    ['what failed at a step that reads', [[...gate, ended('failed')], back], no('RUN_NOTHING_TO_UNDO')],
    ['what asks about a step that reads', [[...gate, stepAsked('compare')], back], no('RUN_NOTHING_TO_UNDO')],
    ['what had nothing to do', [[...going, ended('succeeded')], back], no('RUN_NOTHING_TO_UNDO')],
    ['what was rejected', [[proposed(), planned(), ended('rejected')], back], no('RUN_NOTHING_TO_UNDO')],
    ['what expired', [[proposed(), planned(), ended('expired')], back], no('RUN_NOTHING_TO_UNDO')],
    [
      'what was cancelled before it began',
      [[proposed(), planned(), cancelled, ended('cancelled')], back],
      no('RUN_NOTHING_TO_UNDO'),
    ],
  ])('%s', (_, args, expected) => expect(decided(...args)).toMatchObject(expected));

  test('where it is not known what its steps do, a step that began may have changed something', () => {
    const erased = [proposed(), { ...planned(), texts: {} }, approved(), started(), stepStarted('compare')];
    expect(decided([...erased, ended('failed')], back)).toMatchObject(undo);
  });

  test('of a run that was kept before changes were told apart, only its beginning is known', () => {
    const old = (run: RunState): RunState => {
      const { changed: _, reads: __, ...rest } = run;
      return rest;
    };
    const kept = (...facts: DraftFact[]) => {
      const state = standing(...facts);
      const runs = runsOf(state);
      return { ...state, runs: { ...runs, list: runs.list.map(old) } };
    };
    const found = { entry: null, changes: [], captured: null, actionDone: false, number: 7 };
    const asked = (state: IncidentState) =>
      decide(state, back, { ...asking(), by: bo }, { asker: INSIDE, ...found });
    expect(asked(kept(...gate, ended('failed')))).toMatchObject(undo);
    expect(asked(kept(proposed(), planned(), ended('rejected')))).toMatchObject(no('RUN_NOTHING_TO_UNDO'));
  });

  test('what asks gives two entries two numbers', () => {
    const decision = decided(asks, back) as Array<{ data: { n: number } }>;
    expect((decision[1]?.data.n ?? 0) - (decision[0]?.data.n ?? 0)).toBe(1);
  });
});

describe('answering', () => {
  const retry: Intent = { type: 'RetryStep', run: 1 };
  const skip: Intent = { type: 'SkipStep', run: 1, reason: 'done by hand' };
  const answer = (choice: string, step: string | null = null): Intent => ({
    type: 'AnswerStep',
    run: 1,
    step,
    choice,
  });
  test.each<Case>([
    [
      'retry',
      [asks, retry],
      [{ type: 'StepAnswered', data: { step: 'add', phase: 'run', attempt: 1, choice: 'retry' } }],
    ],
    [
      'skip',
      [asks, skip],
      [
        { type: 'StepAnswered', data: { choice: 'skip' }, texts: { reason: 'done by hand' } },
        { type: 'StepFinished', data: { step: 'add', outcome: 'skipped', startedAt: null, posts: 0 } },
      ],
    ],
    [
      'a step that is undone',
      [[...failed, undoing, stepAsked('add', '?', { phase: 'undo' })], retry],
      [{ data: { phase: 'undo' } }],
    ],
    [
      'a choice, in any case',
      [question, answer(' yes ')],
      [{ type: 'StepAnswered', data: { choice: 'Yes' } }],
    ],
    ['the button of that question', [question, answer('no', 'add')], [{ data: { choice: 'no' } }]],
    ['another choice', [question, answer('perhaps')], no('RUN_WANTS_AN_ANSWER')],
    ['a question with retry', [question, retry], no('RUN_WANTS_AN_ANSWER')],
    ['a failure with a choice', [asks, answer('yes')], no('RUN_NOT_ASKING')],
    ['the button of an earlier question', [question, answer('no', 'compare')], no('RUN_NOT_ASKING')],
    ['twice', [[...asks, stepAnswered('add', 'retry')], retry], no('RUN_NOT_ASKING')],
    ['what runs', [going, skip], no('RUN_NOT_ASKING')],
    ['what waits for approval', [[proposed(), planned()], retry], no('RUN_NOT_ASKING')],
    ['what has ended', [[...asks, ended('cancelled')], retry], no('RUN_NOT_ASKING')],
  ])('%s', (_, args, expected) => expect(decided(...args)).toMatchObject(expected));

  test('a refusal names the choices', () => {
    expect(decided(question, answer('perhaps'))).toMatchObject({
      next: 'Type `answer RUN-1 Yes` or `answer RUN-1 no`.',
    });
  });
});
