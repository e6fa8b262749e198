import { describe, expect, test } from '@jest/globals';
import { lineOf } from '#cli/cli.js';
import { takesValue } from '#domain/command/verbs.js';
import { intended, parsed, refused, typed } from './support.js';

describe('run', () => {
  test.each([
    ['run key-sync', { inputs: {} }],
    ['run Key-Sync', { inputs: {} }],
    ['run key-sync --plan', { inputs: {}, planOnly: true }],
    ['run —plan key-sync', { inputs: {}, planOnly: true }],
    ['run key-sync from=a –plan to=b', { inputs: { from: 'a', to: 'b' }, planOnly: true }],
    ['run key-sync from=tts-old\n  to=tts-new', { inputs: { from: 'tts-old', to: 'tts-new' } }],
    ['run key-sync From=tts-old', { inputs: { from: 'tts-old' } }],
    ['run key-sync note="two words" to=x', { inputs: { note: 'two words', to: 'x' } }],
    [
      'run key-sync note=“two words” to=„three more words“',
      { inputs: { note: 'two words', to: 'three more words' } },
    ],
    ['run key-sync note="a"b c"', { inputs: { note: 'a"b c' } }],
    ['run key-sync note="a "b" c"', 'BAD_ARGUMENT'],
    ['run key-sync note="say --plan"', { inputs: { note: 'say --plan' } }],
    ['run key-sync note=""', { inputs: { note: '' } }],
    ['run key-sync url=http://x/?a=1&amp;b=2', { inputs: { url: 'http://x/?a=1&b=2' } }],
    ['run key-sync who=<@U1>', { inputs: { who: '@ana' } }],
    ['run -- key-sync a=b', { inputs: { a: 'b' } }],
    ['run "key-sync" a=b', { inputs: { a: 'b' } }],
    ['run “Key-Sync” --plan', { inputs: {}, planOnly: true }],
    ['run key-sync note=“” to=""', { inputs: { note: '', to: '' } }],
    ['run key-sync __proto__=x', 'BAD_ARGUMENT'],
  ])('%s', (line, expected) =>
    typeof expected === 'string'
      ? expect(refused(line)).toBe(expected)
      : expect(parsed(line)).toMatchObject({
          kind: 'run',
          runbook: 'key-sync',
          planOnly: false,
          ...expected,
        }),
  );

  test.each([
    ['run --plan', 'MISSING_ARGUMENT'],
    ['run from=a', 'MISSING_ARGUMENT'],
    ['run from=a key-sync', 'BAD_ARGUMENT'],
    ['run ../key', 'BAD_ARGUMENT'],
    ['run "../key"', 'BAD_ARGUMENT'],
    ['run "key-sync', 'BAD_ARGUMENT'],
    [`run ${'k'.repeat(65)}`, 'BAD_ARGUMENT'],
    ['run key-sync now', 'BAD_ARGUMENT'],
    ['run key-sync from = a', 'BAD_ARGUMENT'],
    ['run key-sync from=', 'BAD_ARGUMENT'],
    ['run key-sync from=a from=a', 'BAD_ARGUMENT'],
    ['run key-sync from=a FROM=b', 'BAD_ARGUMENT'],
    ['run key-sync note="open', 'BAD_ARGUMENT'],
    // A slip in the one flag that keeps the world as it is must not change the world.
    ['run key-sync --pln', 'BAD_FLAG'],
    ['run key-sync --plan=yes', 'BAD_FLAG'],
    ['run key-sync --dry-run', 'BAD_FLAG'],
    ['run -- key-sync --plan', 'BAD_ARGUMENT'],
    [`run x ${Array.from({ length: 31 }, (_, i) => `k${i}=v`).join(' ')}`, 'TOO_MANY'],
  ])('%s is refused: %s', (line, code) => expect(refused(line)).toBe(code));

  test('a refusal never repeats a value', () => {
    for (const line of ['run x key=hunter2 key=hunter2', 'run x key="hunter2']) {
      expect(JSON.stringify(typed(line))).not.toContain('hunter2');
    }
  });

  test('whoever leaves a value out is told how to give an empty one', () => {
    const said = typed('run key-sync from= to=b');
    expect(said).toMatchObject({ code: 'BAD_ARGUMENT', sentence: expect.stringContaining('`from=""`') });
  });

  test('a runbook may have every name that a definition may have', () => {
    expect(parsed('run key_sync')).toMatchObject({ kind: 'run', runbook: 'key_sync' });
  });

  test('of an empty value the shell leaves nothing, and the command line makes it one again', () => {
    const line = lineOf('run', ['key-sync', 'note=', 'to=a b']);
    expect(parsed(line)).toMatchObject({ inputs: { note: '', to: 'a b' } });
  });

  test('outside an incident’s channel the incident stands behind the verb', () => {
    expect(parsed('run INC-7 key-sync a=b', { implied: false })).toMatchObject({
      ref: 7,
      runbook: 'key-sync',
      inputs: { a: 'b' },
    });
    expect(parsed('run key-sync', { implied: false }).ref).toBeNull();
  });
});

describe('verbs about a run', () => {
  test.each([
    ['approve RUN-3', { type: 'ApproveRun', run: 3, hash: null, breakGlass: null }],
    ['approve run-3', { type: 'ApproveRun', run: 3, hash: null, breakGlass: null }],
    ['approve 3 DEADBEEF', { type: 'ApproveRun', run: 3, hash: 'deadbeef', breakGlass: null }],
    [
      'approve RUN-3 --break-glass nobody else is awake',
      { type: 'ApproveRun', run: 3, hash: null, breakGlass: 'nobody else is awake' },
    ],
    [
      'approve RUN-3 deadbeef —break-glass “nobody else”',
      { type: 'ApproveRun', run: 3, hash: 'deadbeef', breakGlass: 'nobody else' },
    ],
    [
      'approve --break-glass "nobody else" RUN-3 deadbeef',
      { type: 'ApproveRun', run: 3, hash: 'deadbeef', breakGlass: 'nobody else' },
    ],
    ['approve –break-glass=night RUN-3', { type: 'ApproveRun', run: 3, hash: null, breakGlass: 'night' }],
    ['reject RUN-3', { type: 'RejectRun', run: 3, reason: null }],
    ['reject 3 not during the release', { type: 'RejectRun', run: 3, reason: 'not during the release' }],
    ['cancel RUN-3 --now  please', { type: 'CancelRun', run: 3, reason: '--now  please' }],
    ['cancel RUN-3', { type: 'CancelRun', run: 3, reason: null }],
    ['retry RUN-12', { type: 'RetryStep', run: 12 }],
    ['skip RUN-3 done by hand', { type: 'SkipStep', run: 3, reason: 'done by hand' }],
    ['answer RUN-3 yes', { type: 'AnswerStep', run: 3, step: null, choice: 'yes' }],
    ['answer RUN-3 “go on”', { type: 'AnswerStep', run: 3, step: null, choice: 'go on' }],
    ['undo', { type: 'UndoLastEntry' }],
    ['undo Run-3', { type: 'UndoRun', run: 3 }],
  ])('%s', (line, intent) => expect(intended(line)).toEqual(intent));

  test.each([
    ['approve', 'MISSING_ARGUMENT'],
    ['approve key-sync', 'BAD_ARGUMENT'],
    ['approve RUN-0', 'BAD_ARGUMENT'],
    ['approve RUN-3 please', 'BAD_ARGUMENT'],
    ['approve RUN-3 ab', 'BAD_ARGUMENT'],
    ['approve RUN-3 deadbeef deadbeef', 'BAD_ARGUMENT'],
    ['approve RUN-3 --break-glass', 'BAD_FLAG'],
    ['approve RUN-3 --break-glass ""', 'BAD_FLAG'],
    ['approve --break-glass RUN-3', 'MISSING_ARGUMENT'],
    ['approve RUN-3 --force', 'BAD_FLAG'],
    ['approve RUN-3 --break-glass "a" --break-glass "b"', 'BAD_FLAG'],
    [`approve RUN-3 --break-glass ${'x'.repeat(3_001)}`, 'TEXT_TOO_LONG'],
    ['reject', 'MISSING_ARGUMENT'],
    [`reject RUN-3 ${'x'.repeat(3_001)}`, 'TEXT_TOO_LONG'],
    ['cancel everything', 'BAD_ARGUMENT'],
    ['retry RUN-3 now', 'BAD_ARGUMENT'],
    ['skip RUN-3', 'MISSING_ARGUMENT'],
    ['answer RUN-3', 'MISSING_ARGUMENT'],
    ['runs all', 'BAD_ARGUMENT'],
    // It may well mean entry 3.
    ['undo 3', 'BAD_ARGUMENT'],
    ['undo RUN-3 now', 'BAD_ARGUMENT'],
  ])('%s is refused: %s', (line, code) => expect(refused(line)).toBe(code));

  test.each([
    ['approve INC-7 RUN-1', { type: 'ApproveRun', run: 1, hash: null, breakGlass: null }],
    ['undo INC-7 RUN-1', { type: 'UndoRun', run: 1 }],
    ['skip inc-7 1 done', { type: 'SkipStep', run: 1, reason: 'done' }],
  ])('outside an incident’s channel: %s', (line, intent) =>
    expect(parsed(line, { implied: false })).toMatchObject({ ref: 7, kind: 'intent', intent }),
  );

  test('`runs` asks, of another incident too', () => {
    expect(parsed('runs')).toMatchObject({ kind: 'ask', ask: { type: 'runs' }, ref: null });
    expect(parsed('runs INC-8')).toMatchObject({ kind: 'ask', ref: 8 });
  });

  test('only the reason for breaking the glass is a flag’s value', () => {
    expect(takesValue('approve', '--break-glass')).toBe(true);
    expect(takesValue('run', '--plan')).toBe(false);
  });
});
