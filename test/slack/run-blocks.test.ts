import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { DraftFact } from '#domain/incident/fact.js';
import type { RunView } from '#domain/run/view.js';
import { checkMessageBlocks } from '#sandbox/blocks/check.js';
import { unpacked } from '#slack/blocks/buttons.js';
import { code, RUN_VALUE, runMessage, tail } from '#slack/blocks/run.js';
import type { Block } from '#slack/blocks/text.js';
import {
  approved,
  cancelled,
  ended,
  going,
  HASH,
  planned,
  planStep,
  proposed,
  started,
  stepAnswered,
  stepAsked,
  stepFinished,
  stepStarted,
  stepWaits,
  undoing,
  viewOf,
} from '../domain/run/facts.js';
import { effort } from '../support/effort.js';

const message = (view: RunView) =>
  runMessage(view, { incident: 7, title: 'Copy missing keys', nameOf: () => null });
const shown = (...drafts: DraftFact[]) => message(viewOf(...drafts));

function texts(blocks: readonly Block[]): string[] {
  return blocks.flatMap((block) => {
    if (block.type === 'section') return [block.text?.text ?? ''];
    if (block.type === 'context') return block.elements.map((one) => ('text' in one ? String(one.text) : ''));
    return [];
  });
}

/** Labels of the buttons in order. */
function buttons(blocks: readonly Block[]) {
  return blocks.flatMap((block) =>
    block.type === 'actions' ? block.elements.flatMap((one) => (one.type === 'button' ? [one] : [])) : [],
  );
}
const labels = (...drafts: DraftFact[]) => buttons(shown(...drafts).blocks).map((one) => one.text.text);

describe('what it says', () => {
  test('while it waits: the plan, who must agree, until when', () => {
    const { text, blocks } = shown(proposed(), planned());
    expect(text).toBe('RUN-1 key-sync waits for approval, plan deadbeef (asked for by ana)');
    const all = texts(blocks).join('\n');
    expect(all).toContain('*RUN-1 key-sync waits for approval*\nCopy missing keys');
    expect(all).toContain('target `keys:tts-new` · with `from=tts-old` `to=tts-new`');
    expect(all).toContain(
      '2. *add* adds 2 keys\n      touches `tts-new` · `12 keys` → `14 keys` · undo: keys.remove: 2 keys',
    );
    expect(all).toContain('1. *compare* compares');
    expect(all).toContain('Plan `deadbeef`, 1 of its steps would change something.');
    expect(all).toContain(
      'Needs 1 approval from lead, not by whoever asked for it, until <!date^1731204900^{date_short_pretty} {time}|2024-11-10 02:15 UTC>.',
    );
  });

  test('what cannot be undone says so, long plan or short', () => {
    const steps = Array.from({ length: 40 }, (_, i) =>
      planStep(`step-${i}`, { undo: null, does: 'does a lot '.repeat(20) }),
    );
    const all = texts(shown(proposed(), planned({}, {}, steps)).blocks).join('\n');
    expect(all.match(/cannot be undone/g)).toHaveLength(40);
    expect(all).toContain('40. *step-39* does');
    expect(all).toContain('Shortened to fit');
    expect(
      texts(shown(proposed(), planned({}, {}, [planStep('a', { undo: null })])).blocks).join(),
    ).toContain('*cannot be undone*');
  });

  test('a quorum counts down, and approvers are called by name', () => {
    const view = viewOf(
      proposed(),
      planned({ required: 2, from: ['lead', 'U0BO000002'], self: true }),
      approved(),
    );
    const all = texts(
      runMessage(view, { incident: 7, title: null, nameOf: (id) => (id === 'U0BO000002' ? 'bo' : null) })
        .blocks,
    ).join('\n');
    expect(all).toContain('Needs 1 approval more from lead or bo, until');
    expect(all).toContain('Approved by ana.');
  });

  test('every step has a word and how long it took', () => {
    const all = texts(
      shown(
        ...going,
        stepStarted('compare'),
        stepFinished('compare', 'done', { summary: '2 keys are missing' }),
        stepStarted('add'),
      ).blocks,
    ).join('\n');
    expect(all).toContain('1. *compare* done, 2.0 s · 2 keys are missing');
    expect(all).toContain('2. *add* running, since <!date^1731203998^{time_secs}|01:59:58 UTC>');
    expect(all).toContain('3. *verify* not yet');
    const waits = texts(shown(...going, stepStarted('compare'), stepWaits('compare')).blocks).join();
    expect(waits).toContain('*compare* waits, again at <!date^');
  });

  test('a question says what happened and what can be done', () => {
    const failed = [...going, stepStarted('add'), stepFinished('add', 'failed', { error: 'refused' })];
    expect(texts(shown(...failed, stepAsked('add', 'refused')).blocks).join()).toContain(
      'Step *add* failed: refused',
    );
    expect(
      texts(
        shown(...going, stepStarted('add'), stepAsked('add', 'no answer', { why: 'unknown' })).blocks,
      ).join(),
    ).toContain('did not come to its end: no answer');
    expect(shown(...failed, stepAsked('add', 'a < b')).text).toContain('asks about step add');
    expect(shown(...failed, stepAsked('add', 'a < b')).text).toContain('a &lt; b');
  });

  test('the end: what failed with its error, what was undone and what not', () => {
    const failed = [...going, stepStarted('add'), stepFinished('add', 'failed', { error: 'HTTP 503' })];
    expect(texts(shown(...failed, ended('failed', 'add failed')).blocks).join('\n')).toMatch(
      /\*RUN-1 key-sync failed\*: add failed[\s\S]*\*add\* failed, 2\.0 s · HTTP 503[\s\S]*\*verify\* not begun/,
    );
    const undone = [
      ...going,
      stepStarted('compare'),
      stepFinished('compare'),
      stepStarted('add'),
      stepFinished('add'),
      undoing,
      stepStarted('add', { phase: 'undo' }),
      stepFinished('add', 'done', {}, { phase: 'undo' }),
      ended('partly-undone', 'not undone: verify'),
    ];
    const all = texts(shown(...undone).blocks).join('\n');
    expect(all).toContain('*RUN-1 key-sync was undone in part*: not undone: verify');
    expect(all).toContain('2. *add* undone, 2.0 s');
    expect(all).toContain('1. *compare* done');
  });

  test('the end of a log, of the failed step first', () => {
    const log = (words: string) => ({ log: words });
    const all = texts(
      shown(
        ...going,
        stepStarted('compare'),
        stepFinished('compare', 'failed', log('bad news')),
        stepAsked('compare'),
        stepAnswered('compare', 'skip'),
        stepStarted('add'),
        stepFinished('add', 'done', log('good news')),
      ).blocks,
    ).join('\n');
    expect(all).toContain('compare printed:\n```\nbad news\n```');
    expect(all).not.toContain('good news');
  });
});

describe('buttons', () => {
  const failed = [
    ...going,
    stepStarted('add'),
    stepFinished('add', 'failed', { error: 'x' }),
    stepAsked('add'),
  ];
  const did = [...going, stepStarted('add'), stepFinished('add')];
  test.each<[string, DraftFact[], string[]]>([
    ['being planned', [proposed()], ['Cancel']],
    ['waiting', [proposed(), planned()], ['Approve', 'Reject', 'Cancel']],
    [
      'waiting for a second',
      [proposed(), planned({ required: 2 }), approved()],
      ['Approve', 'Reject', 'Cancel'],
    ],
    ['approved', [proposed(), planned(), approved()], ['Cancel']],
    ['the glass broken', [proposed(), planned({ required: 2 }), approved(HASH, 'night')], ['Cancel']],
    ['only planned', [proposed({ planOnly: true }), planned()], []],
    ['running', going, ['Cancel']],
    ['cancelled', [...going, cancelled], []],
    ['a step failed', failed, ['Retry', 'Skip', 'Undo', 'Cancel']],
    [
      'a question',
      [...going, stepAsked('add', 'go?', { why: 'question', choices: ['yes', 'no', ' '] })],
      ['yes', 'no', 'Cancel'],
    ],
    ['succeeded', [...did, ended('succeeded')], ['Undo']],
    ['undone', [...did, undoing, stepFinished('add', 'done', {}, { phase: 'undo' }), ended('undone')], []],
    ['partly undone', [...did, undoing, ended('partly-undone')], ['Undo']],
    [
      'nothing to take back',
      [...going, stepStarted('compare'), stepFinished('compare'), ended('failed')],
      [],
    ],
    ['rejected', [proposed(), planned(), ended('rejected')], []],
  ])('%s', (_, drafts, expected) => expect(labels(...drafts)).toEqual(expected));

  test('they carry incident, run and what they were shown under; what cannot be taken back is asked twice', () => {
    const [approve] = buttons(shown(proposed(), planned()).blocks);
    expect(unpacked(RUN_VALUE, approve?.value)).toEqual({
      incident: 7,
      run: 1,
      mark: `${HASH}/2024-11-10T02:15:00.000Z`,
    });
    const asked = buttons(shown(...failed).blocks);
    expect(unpacked(RUN_VALUE, asked[0]?.value)?.mark).toBe('run/add/1');
    expect(asked.filter((one) => one.confirm).map((one) => one.text.text)).toEqual(['Undo', 'Cancel']);
    const [yes] = buttons(
      shown(...going, stepAsked('add', 'go?', { why: 'question', choices: ['yes & no'] })).blocks,
    );
    expect(unpacked(RUN_VALUE, yes?.value)).toMatchObject({ mark: 'run/add/1', choice: 'yes & no' });
  });
});

describe('whatever people and targets write', () => {
  test('no code ends early', () => {
    expect(code('a`b\n`c', 40)).toBe('`aˋb ˋc`');
    expect(tail('x\n```\n<!channel>\n```\n', 600)).toBe(
      '```\nx\n`\u2060`\u2060`\n&lt;!channel&gt;\n`\u2060`\u2060`\n```',
    );
    expect(tail('\u001b[31mred\u001b[0m\rnext', 600)).toBe('```\nred\nnext\n```');
    expect(tail(' \n', 600)).toBe('');
    expect(tail('x'.repeat(700), 600)).toBe(`\`\`\`\n…${'x'.repeat(599)}\n\`\`\``);
    expect(tail('<'.repeat(700), 600).length).toBeLessThan(1_300);
  });

  const nasty = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom('<!channel>', '<@U012345>', '@here', '```', '`', '*b*', '~', '&lt;', '\u202e', '\n\n'),
    fc.string({ unit: 'grapheme', minLength: 500, maxLength: 4_000 }),
  );
  const text = fc.array(nasty, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(' '));

  test('no message exceeds Slack’s limits, and none pings', () => {
    fc.assert(
      fc.property(
        fc.array(text, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 40 }),
        (wild, count) => {
          const word = (i: number) => wild[i % wild.length] ?? '';
          const ids = Array.from({ length: count }, (_, i) => `step-${i}`);
          const steps = ids.map((id, i) =>
            planStep(id, {
              does: word(i),
              touches: [word(i + 1), word(i + 2)],
              current: word(i + 3),
              desired: i % 2 ? null : word(i),
              undo: i % 3 ? null : word(i + 1),
            }),
          );
          const inputs = JSON.stringify(Object.fromEntries(wild.map((one, i) => [`in${i}`, one])));
          const begin = proposed({ target: word(0) }, { inputs });
          const plan = planned({ from: wild, required: 2 }, {}, steps);
          const ran = ids.flatMap((id, i) => [
            stepStarted(id),
            stepFinished(id, i % 2 ? 'failed' : 'done', {
              summary: word(i),
              error: word(i + 1),
              log: word(i + 2),
            }),
          ]);
          const go = [begin, plan, approved(HASH, word(1)), started(), ...ran];
          const ways: DraftFact[][] = [
            [begin],
            [begin, plan],
            go,
            [...go, stepAsked('step-0', word(2))],
            [...go, stepAsked('step-0', word(2), { why: 'question', choices: [...wild, ...wild] })],
            [...go, undoing],
            [...go, ended('partly-undone', word(3))],
          ];
          for (const drafts of ways) {
            const { text: fallback, blocks } = runMessage(viewOf(...drafts), {
              incident: 7,
              title: word(4),
              nameOf: () => word(5),
            });
            expect(() => checkMessageBlocks(JSON.parse(JSON.stringify(blocks)))).not.toThrow();
            expect(fallback.length).toBeLessThanOrEqual(3_900);
            const all = texts(blocks);
            expect(all.join('').length).toBeLessThan(10_000);
            for (const one of [...all, fallback]) {
              expect(one.length).toBeLessThanOrEqual(3_000);
              expect(one.replace(/<!date\^\d+\^\{[^|]*\|[^>]*>/g, '')).not.toMatch(
                /[<>]|@(?:here|channel)\b/,
              );
            }
          }
        },
      ),
      { numRuns: effort(15), endOnFailure: true },
    );
  });
});
