import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { DraftFact } from '#domain/incident/fact.js';
import type { IncidentState } from '#domain/incident/state.js';
import { refuse } from '#domain/refusal.js';
import { runMessage } from '#slack/blocks/run.js';
import { fold, opened, stream } from '../domain/given.js';
import {
  cancelled,
  ended,
  going,
  HASH,
  planned,
  proposed,
  stepAnswered,
  stepAsked,
  stepFinished,
  stepStarted,
  undoing,
  viewOf,
} from '../domain/run/facts.js';
import { ANA, Behind, type Outcome, startInChannel } from './kit.js';

const waiting = [proposed(), planned()];
const failed = (attempt = 1) => [
  stepStarted('add', { attempt }),
  stepFinished('add', 'failed', { error: 'x' }, { attempt }),
  stepAsked('add', 'x', { attempt }),
];
const question = [...going, stepAsked('add', 'go?', { why: 'question', choices: ['yes', 'no'] })];

describe('buttons of a run', () => {
  let kit: Awaited<ReturnType<typeof startInChannel>>;
  beforeAll(async () => {
    kit = await startInChannel('inc-7-runs');
  });
  afterAll(() => kit.stop());
  beforeEach(() => {
    Object.assign(kit.behind, { handle: new Behind().handle });
    kit.behind.handled.length = 0;
  });

  /** The incident as it is now. */
  const stands = (...drafts: DraftFact[]) => {
    kit.behind.state = fold(stream(opened, ...drafts)) as IncidentState;
  };
  /** Shows a run in the channel as it was then, and clicks. */
  async function click(
    drafts: DraftFact[],
    what: string,
    { copies = 1, user = 'ana', where = kit.channel } = {},
  ) {
    const message = runMessage(viewOf(...drafts), { incident: 7, title: null, nameOf: () => null });
    const ts = await kit.post(where, message);
    return kit.act<Outcome>('action', { user, channel: where, ts, action_id: `run:${what}`, copies });
  }

  test.each<[string, DraftFact[], object]>([
    ['approve', waiting, { type: 'ApproveRun', run: 1, hash: HASH, breakGlass: null }],
    ['reject', waiting, { type: 'RejectRun', run: 1, reason: null }],
    ['cancel', going, { type: 'CancelRun', run: 1, reason: null }],
    ['retry', [...going, ...failed()], { type: 'RetryStep', run: 1 }],
    ['skip', [...going, ...failed()], { type: 'SkipStep', run: 1, reason: 'skipped in Slack by ana' }],
    ['undo', [...going, ...failed()], { type: 'UndoRun', run: 1 }],
    [
      'undo',
      [...going, stepStarted('add'), stepFinished('add'), ended('succeeded')],
      { type: 'UndoRun', run: 1 },
    ],
    ['answer:1', question, { type: 'AnswerStep', run: 1, step: 'add', choice: 'no' }],
  ])('%s is decided by whoever clicked, who alone reads the receipt', async (what, drafts, intent) => {
    stands(...drafts);
    const clicked = await click(drafts, what);
    expect(clicked.ok).toBe(true);
    expect(kit.behind.handled).toMatchObject([
      { intent, target: 7, asking: { by: { id: ANA, name: 'ana' }, source: 'slack', seesPrivate: true } },
    ]);
    expect(await kit.told(clicked)).toMatchObject({
      response_type: 'ephemeral',
      replace_original: false,
      text: 'INC-7 #2 recorded',
    });
  });

  test('clicked elsewhere, what is private stays private', async () => {
    stands(...waiting);
    await kit.act('join', { user: 'U0BOT00000', channel: 'incidents' });
    await click(waiting, 'approve', { where: 'C0INCIDENT' });
    expect(kit.behind.handled[0]?.asking.seesPrivate).toBe(false);
  });

  test('a double click is one decision; another attempt, plan or person is another', async () => {
    const keys = async (drafts: DraftFact[], what: string, user = 'ana') => {
      stands(...drafts);
      kit.behind.handled.length = 0;
      await click(drafts, what, { copies: 2, user });
      return kit.behind.handled.map(({ asking }) => asking.key);
    };
    const [first, again] = await keys([...going, ...failed()], 'retry');
    expect(again).toBe(first);
    const second = await keys([...going, ...failed(), stepAnswered('add', 'retry'), ...failed(2)], 'retry');
    expect(second[0]).not.toBe(first);
    const plans = [
      ...(await keys(waiting, 'approve')),
      ...(await keys(waiting, 'approve', 'bo')),
      // The world moved there and back: the same hash, and yet it is asked anew.
      ...(await keys([proposed(), planned({ expiresAt: '2024-11-10T03:00:00.000Z' })], 'approve')),
    ];
    expect(new Set(plans).size).toBe(3);
    expect(plans).toHaveLength(6);
  });

  test.each<[string, string, DraftFact[], DraftFact[], RegExp]>([
    [
      'retry',
      'of attempt 1 while it asks about attempt 2',
      [...going, ...failed()],
      [...going, ...failed(), stepAnswered('add', 'retry'), ...failed(2)],
      /asks about step add now/,
    ],
    [
      'skip',
      'of an earlier step',
      [...going, ...failed()],
      [...going, ...failed(), stepAnswered('add', 'skip'), stepAsked('verify')],
      /asks about step verify now/,
    ],
    [
      'answer:0',
      'of an earlier question',
      question,
      [
        ...question,
        stepAnswered('add', 'yes'),
        stepAsked('verify', '?', { why: 'question', choices: ['yes'] }),
      ],
      /asks about step verify now/,
    ],
    [
      'reject',
      'of an earlier plan',
      waiting,
      [proposed(), planned({}, { hash: 'cafe'.repeat(16) })],
      /out of date[\s\S]*cafecafe/,
    ],
    ['cancel', 'from before it was undone', going, [...going, undoing], /is being undone/],
  ])('%s %s changes nothing', async (what, _, then, now, words) => {
    stands(...now);
    const clicked = await click(then, what);
    expect((await kit.told(clicked))?.text).toMatch(words);
    expect(await kit.told(clicked)).toMatchObject({ response_type: 'ephemeral', replace_original: false });
    expect(kit.behind.handled).toEqual([]);
  });

  test('an old approval goes on with its own hash, and the undoing can be cancelled', async () => {
    stands(proposed(), planned({}, { hash: 'cafe'.repeat(16) }));
    await click(waiting, 'approve');
    expect(kit.behind.handled[0]?.intent).toMatchObject({ type: 'ApproveRun', hash: HASH });
    stands(...going, undoing);
    await click([...going, undoing], 'cancel');
    expect(kit.behind.handled[1]?.intent).toMatchObject({ type: 'CancelRun' });
  });

  test('a refusal is for one person’s eyes', async () => {
    stands(...going, cancelled);
    kit.behind.handle = async () => refuse('RUN_CANCELLED_ALREADY', { run: 'RUN-1' });
    expect((await kit.told(await click(going, 'cancel')))?.text).toContain('RUN-1 was cancelled already');
  });

  test('when nothing can be looked up, nothing was recorded', async () => {
    kit.behind.state = null;
    expect((await kit.told(await click(waiting, 'approve')))?.text).toContain('Nothing was kept');
    expect(kit.behind.handled).toEqual([]);
  });
});
