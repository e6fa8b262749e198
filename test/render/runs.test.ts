import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import type { DraftFact } from '#domain/incident/fact.js';
import { runViewOf } from '#domain/run/view.js';
import { FORMATS, fileNameOf, renderExport } from '#render/exports.js';
import { showText } from '#render/lists.js';
import { durationText, runItem, runsText, stepLines } from '#render/runs.js';
import { fold, opened as givenOpened, stream } from '../domain/given.js';
import {
  approved,
  cancelled,
  ended,
  going,
  planned,
  proposed,
  stepAnswered,
  stepAsked,
  stepFinished,
  stepStarted,
  stepWaits,
  undoing,
  viewOf,
} from '../domain/run/facts.js';
import { collected, dossierOf, note, opened, type Recorded } from './incident.js';

const did = (step: string) => [stepStarted(step), stepFinished(step)];
const undid = (step: string) => [
  stepStarted(step, { phase: 'undo' }),
  stepFinished(step, 'done', {}, { phase: 'undo' }),
];
const failed = [
  ...going,
  ...did('compare'),
  stepStarted('add'),
  stepFinished('add', 'failed', { error: 'x' }),
];

describe('a run in the json export', () => {
  test.each<[string, DraftFact[], string, string]>([
    ['asked for', [proposed()], 'planning', ''],
    ['planned', [proposed(), planned()], 'waiting', 'pending pending pending'],
    [
      'only planned',
      [proposed({ planOnly: true }), planned(), ended('planned')],
      'planned',
      'pending pending pending',
    ],
    ['rejected', [proposed(), planned(), ended('rejected')], 'rejected', 'pending pending pending'],
    ['running', [...going, ...did('compare'), stepStarted('add')], 'running', 'done running pending'],
    [
      'a step waits',
      [...going, stepStarted('compare'), stepWaits('compare')],
      'running',
      'waiting pending pending',
    ],
    ['asking', [...failed, stepAsked('add')], 'asking', 'done asking pending'],
    [
      'tried again',
      [...failed, stepAsked('add'), stepAnswered('add', 'retry')],
      'running',
      'done waiting pending',
    ],
    [
      'skipped',
      [
        ...failed,
        stepAsked('add'),
        stepFinished('add', 'skipped', {}, { startedAt: null }),
        ...did('verify'),
        ended('succeeded'),
      ],
      'succeeded',
      'done skipped done',
    ],
    [
      'cancelled while it asks',
      [...failed, stepAsked('add'), cancelled, ended('cancelled')],
      'cancelled',
      'done failed pending',
    ],
    [
      'cancelled on the way',
      [...going, stepStarted('compare'), cancelled, ended('cancelled')],
      'cancelled',
      'failed pending pending',
    ],
    [
      'being undone',
      [...failed, undoing, stepStarted('add', { phase: 'undo' })],
      'undoing',
      'done running pending',
    ],
    ['undone', [...failed, undoing, ...undid('add'), ended('undone')], 'undone', 'done undone pending'],
    [
      'an undo skipped',
      [
        ...going,
        ...did('compare'),
        ...did('add'),
        undoing,
        stepFinished('add', 'skipped', {}, { phase: 'undo', startedAt: null }),
        ended('partly-undone'),
      ],
      'partly-undone',
      'done done pending',
    ],
  ])('%s', (_, drafts, state, steps) => {
    const item = runItem(viewOf(...drafts));
    expect(item).toMatchObject({ id: 'RUN-1', runbook: 'key-sync', state });
    expect(item.steps.map((step) => step.state).join(' ')).toBe(steps);
  });

  // A minute apart, so that each time says which fact it is of.
  const timed = (...drafts: DraftFact[]) => {
    const facts = stream(givenOpened, ...drafts).map((fact, i) => ({ ...fact, recordedAt: minute(i) }));
    const view = runViewOf(facts, 1);
    if (!view) throw new Error('no run in these facts');
    return view;
  };
  const minute = (n: number) => `2024-11-10T02:${String(n).padStart(2, '0')}:00.000Z`;
  const open = [...going, stepStarted('compare')];
  const answeredUndo = [...failed, stepAsked('add'), stepAnswered('add', 'undo'), undoing];

  test.each<[string, DraftFact[], string, string | null]>([
    [
      'a wait that was cancelled',
      [...open, stepWaits('compare'), cancelled, ended('cancelled')],
      'failed',
      minute(8),
    ],
    [
      'a wait that was cancelled, then undone',
      [...open, stepWaits('compare'), cancelled, ended('cancelled'), undoing, ended('undone')],
      'failed',
      minute(8),
    ],
    [
      'a question that was cancelled',
      [...open, stepAsked('compare'), cancelled, ended('cancelled')],
      'failed',
      minute(8),
    ],
    [
      'a question that was answered by undo',
      [...open, stepAsked('compare'), stepAnswered('compare', 'undo'), undoing],
      'failed',
      minute(8),
    ],
    [
      'one that never began',
      [...going, stepAsked('compare'), cancelled, ended('cancelled')],
      'pending',
      null,
    ],
  ])('%s has the time at which it ended', (_, drafts, state, finished) => {
    const [step] = runItem(timed(...drafts)).steps;
    expect(step).toMatchObject({ id: 'compare', state, finished_at: finished });
  });

  test('what failed stays failed while the run is undone', () => {
    const undoFails = [
      stepStarted('compare', { phase: 'undo' }),
      stepFinished('compare', 'failed', { error: 'y' }, { phase: 'undo' }),
    ];
    expect(runItem(timed(...answeredUndo)).steps[1]).toMatchObject({
      state: 'failed',
      finished_at: minute(8),
    });
    const asks = [...undoFails, stepAsked('compare', 'what now?', { phase: 'undo' })];
    expect(runItem(timed(...answeredUndo, ...asks)).steps.map((step) => step.state)).toEqual([
      'asking',
      'failed',
      'pending',
    ]);
    const over = timed(...answeredUndo, ...asks, cancelled, ended('cancelled'));
    expect(runItem(over).steps[0]).toMatchObject({ state: 'failed', finished_at: minute(6) });
    expect(stepLines(over)[0]).toMatchObject({ phase: 'undo', view: { finishedAt: minute(13) } });
  });

  test('times are those of the step as it was run; open ones have no end', () => {
    expect(runItem(viewOf(...failed, stepAsked('add'))).steps).toEqual([
      {
        id: 'compare',
        state: 'done',
        started_at: '2024-11-10T01:59:58.000Z',
        finished_at: '2024-11-10T02:00:00.000Z',
      },
      { id: 'add', state: 'asking', started_at: '2024-11-10T01:59:58.000Z', finished_at: null },
      { id: 'verify', state: 'pending', started_at: null, finished_at: null },
    ]);
  });
});

describe('`runs`', () => {
  const now = new Date('2024-11-10T02:02:10.000Z');

  test('a line per run, and the steps of those under way', () => {
    const waits = viewOf(proposed(), planned());
    expect(runsText('INC-7', [viewOf(...failed, ended('failed', 'add failed')), waits], now)).toBe(
      [
        'Runs of INC-7:',
        'RUN-1 key-sync failed: add failed (asked for by ana 2 min ago; ended 2 min ago)',
        'RUN-1 key-sync waits for approval (asked for by ana 2 min ago)',
        '  compare: pending',
        '  add: pending',
        '  verify: pending',
      ].join('\n'),
    );
    expect(runsText('INC-7', [viewOf(...failed, stepAsked('add', 'refused by the target'))], now)).toContain(
      '  add: asking · 2.0 s · refused by the target',
    );
    expect(runsText('INC-7', [viewOf(...going, cancelled)], now)).toContain('is being cancelled');
    const late = viewOf(proposed(), planned(), ended('expired', 'nobody approved it in time'));
    expect(runsText('INC-7', [late], now)).toContain('RUN-1 key-sync expired: nobody approved it in time (');
  });

  test('none, and too many', () => {
    expect(runsText('INC-7', [], now)).toContain('`run RUNBOOK`');
    const many = Array.from({ length: 13 }, () => viewOf(proposed(), ended('rejected')));
    const lines = runsText('INC-7', [...many, viewOf(proposed())], now).split('\n');
    expect(lines).toHaveLength(13);
    expect(lines[1]).toContain('3 earlier ended');
  });

  test('`show` names those under way only', () => {
    const state = fold(stream(givenOpened, proposed(), planned()));
    expect(state && showText(state)).toContain('RUN-1 key-sync waits for approval');
    const over = fold(stream(givenOpened, proposed(), ended('rejected')));
    expect(over && showText(over)).not.toContain('RUN-1');
  });

  test.each([
    ['02:00:00.000', 'under 0.1 s'],
    ['02:00:09.949', '9.9 s'],
    ['02:00:59.999', '59 s'],
    ['02:01:05.000', '1 min 5 s'],
    // Clocks that disagree.
    ['01:59:00.000', 'under 0.1 s'],
  ])('until %s: %s', (to, words) =>
    expect(durationText('2024-11-10T02:00:00.000Z', `2024-11-10T${to}Z`)).toBe(words),
  );
});

/** An incident that a run mended: numbers given in order, as `handle` gives them. */
function mended(): Recorded[] {
  const bot = { id: 'tocsin', name: null };
  const facts = [
    proposed(),
    planned(),
    { ...approved(), by: { id: 'U2', name: 'Bo' } },
    ...going.slice(3),
    ...failed.slice(4),
    stepAsked('add', 'HTTP 503 <html>'),
    stepAnswered('add', 'retry'),
    stepStarted('add', { attempt: 2 }),
    stepFinished('add', 'done', { summary: 'added 2 keys', log: 'secret-free *log*' }, { attempt: 2 }),
    ...did('verify'),
    ended('succeeded'),
  ];
  let n = 1;
  const drafts = facts.map((fact) => {
    const who = /^Step(?:S|W|F|Asked)|RunPlanned|RunStarted|RunEnded/.test(fact.type) ? { by: bot } : {};
    if (!('n' in fact.data)) return { ...who, ...fact };
    return { ...who, ...fact, data: { ...fact.data, n: ++n } };
  });
  return [opened('API answers 401'), ...drafts, note(++n, '02:05', 'all well')] as Recorded[];
}

const golden = (name: string) => fileURLToPath(new URL(`golden/${name}`, import.meta.url));

describe('exports of an incident with runs', () => {
  // `RECORD=1` writes the files anew, see golden.test.ts.
  test.each(FORMATS)('%s is, byte for byte, what it always was', async (format) => {
    const text = await collected(renderExport(format, dossierOf(mended()), 'UTC'));
    const path = golden(`runs-${fileNameOf(7, format)}.golden`);
    if (process.env.RECORD === '1') writeFileSync(path, text);
    expect(text).toBe(readFileSync(path, 'utf8'));
  });

  test('erased texts leave the run as it was', async () => {
    const dossier = dossierOf(mended());
    const whole = JSON.parse(await collected(renderExport('json', dossier)));
    for (const sealed of dossier.sealed) {
      for (const kept of sealed.texts) Object.assign(kept, { salt: null, text: null });
    }
    const erased = JSON.parse(await collected(renderExport('json', dossier)));
    expect(erased.runs).toEqual(whole.runs);
    expect(erased.runs[0].steps).toHaveLength(3);
  });

  test('the postmortem tells under Resolution how runs ended, and cites them', async () => {
    const md = await collected(renderExport('postmortem.md', dossierOf(mended())));
    const resolution = /## Resolution([\s\S]*?)\n## /.exec(md)?.[1] ?? '';
    expect(resolution).toMatch(/#\d+\\?\][^\n]*RUN-1 key-sync succeeded/);
    const rejected = dossierOf([
      opened('x'),
      { ...proposed(), data: { ...proposed().data } },
      { ...ended('rejected'), data: { ...ended('rejected').data, n: 3 } },
    ] as Recorded[]);
    expect(
      /## Resolution([\s\S]*?)\n## /.exec(await collected(renderExport('postmortem.md', rejected)))?.[1],
    ).not.toContain('RUN-1');
  });
});
