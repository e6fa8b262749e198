import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fold } from '#domain/command/entered.js';
import { readTime } from '#domain/command/time/time.js';
import { effort } from '../../support/effort.js';
import { intended, NOW, parsed, refused, typed } from './support.js';

const at = (time: string) => ({ at: `2024-11-10T${time}Z`, until: null, precision: 'minute' });

describe('note', () => {
  test.each([
    ['note requests fail', null, 'requests fail'],
    ['NOTE requests fail', null, 'requests fail'],
    ['note 01:41 requests fail', at('01:41:00'), 'requests fail'],
    ['note   01:41 requests fail', at('01:41:00'), 'requests fail'],
    ['note 01:41 PSTN lines fail', at('01:41:00'), 'PSTN lines fail'],
    ['note -- 14:32 was when it began', null, '14:32 was when it began'],
    ['note --  14:32', null, ' 14:32'],
    ['note 01:41 -- UTC is a zone', at('01:41:00'), 'UTC is a zone'],
    ['note 01:41 --private is a flag', at('01:41:00'), '--private is a flag'],
    ['note --on monday x', null, '--on monday x'],
    ['note a -- b', null, 'a -- b'],
    ['note a, “b” --c="d"  e ', null, 'a, “b” --c="d"  e '],
    ['note  two blanks', null, ' two blanks'],
    ['note\nfirst\r\n\r\nthird', null, 'first\r\n\r\nthird'],
    ['note 01:41\nfirst\nsecond', at('01:41:00'), 'first\nsecond'],
    ['note <@U1> saw &lt;b&gt; &amp;amp;', null, '@ana saw <b> &amp;'],
    ['note 10% of nodes fail', null, '10% of nodes fail'],
  ])('%j', (line, moment, text) => expect(intended(line)).toEqual({ type: 'RecordNote', moment, text }));

  test.each([
    ['note 01:41', 'TIME_WITHOUT_TEXT'],
    ['note 01:41 UTC  ', 'TIME_WITHOUT_TEXT'],
    ['note 01:41 --', 'TIME_WITHOUT_TEXT'],
    ['note --', 'MISSING_ARGUMENT'],
    ['note ??:?? x', 'TIME_UNKNOWN'],
    ['note --at 01:41 x', 'TIME_UNKNOWN'],
    ['note 07:05 MDT', 'TIME_ZONE_AMBIGUOUS'],
    ['note 2099-01-01 x', 'TIME_IN_FUTURE'],
    ['note a\0b', 'BAD_TEXT'],
    ['note \ud83d', 'BAD_TEXT'],
    [`note ${'x'.repeat(40_001)}`, 'TEXT_TOO_LONG'],
  ])('%j is refused: %s', (line, code) => expect(refused(line)).toBe(code));

  test('40,000 characters fit, however many bytes they have', () => {
    expect(intended(`note ${'🔥'.repeat(40_000)}`)).toMatchObject({ text: '🔥'.repeat(40_000) });
  });

  test('every character of any text is kept, after a time and without one', () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1 }),
      fc.string({ unit: 'binary', minLength: 1 }),
    );
    const fits = (s: string) =>
      s.trim() !== '' && !/\0|\p{Surrogate}/u.test(s) && !/[<&]/.test(s) && !/^\s*--(\s|$)/.test(s);
    fc.assert(
      fc.property(text.filter(fits), (s) => {
        // What begins with something like a zone or a part of a clock, or continues a range, is for the tables.
        const seen = fold(s).text;
        if (
          !/^[\sA-Z([{<"'`+~–—−/*_“‘«.…→⇒=-]/.test(seen) &&
          !/^[a-z]+\//i.test(seen) &&
          !/^\d/.test(seen) &&
          !/^(utc|gmt|am|pm|a\.m\.|p\.m\.|\p{L}{1,5}(?!\p{L}))/iu.test(seen)
        )
          expect(intended(`note 01:41 ${s}`)).toMatchObject({ text: s });
        for (const verb of ['cause', 'reopen']) expect(Object.values(intended(`${verb} ${s}`))).toContain(s);
        if (readTime(s, { now: NOW, zone: 'UTC', zoneKnown: true }) === null)
          expect(intended(`note ${s}`)).toEqual({ type: 'RecordNote', moment: null, text: s });
      }),
      { numRuns: effort(100) },
    );
  });
});

describe('which incident', () => {
  test.each([
    ['note INC-8 is related', true, null, 'INC-8 is related'],
    ['note INC-8 is related', false, 8, 'is related'],
    ['note inc-8 01:41 x', false, 8, 'x'],
    ['note INC-8: x', false, null, 'INC-8: x'],
    ['note INC-08 x', false, null, 'INC-08 x'],
    ['note -- INC-8 x', false, null, 'INC-8 x'],
    ['note INC-8 INC-9 x', false, 8, 'INC-9 x'],
  ])('%s (implied: %s)', (line, implied, ref, text) =>
    expect(parsed(line, { implied })).toMatchObject({ ref, intent: { text } }),
  );

  test('verbs that only look may name another incident anywhere', () => {
    expect(parsed('show INC-8')).toMatchObject({ ref: 8, ask: { type: 'show' } });
    expect(parsed('export INC-8 md UTC')).toMatchObject({
      ref: 8,
      ask: { type: 'export', format: 'md', zone: 'UTC' },
    });
    expect(refused('undo INC-8')).toBe('BAD_ARGUMENT');
    expect(refused('done INC-8')).toBe('BAD_ARGUMENT');
    expect(parsed('undo INC-8', { implied: false })).toMatchObject({
      ref: 8,
      intent: { type: 'UndoLastEntry' },
    });
  });

  test('opening one names none', () => {
    expect(intended('open INC-8 again', { implied: false })).toMatchObject({ title: 'INC-8 again' });
  });
});

describe('impact', () => {
  const none = { text: null, failed: null, total: null, from: null, to: null, components: [] };
  test('may name what was not affected', () => {
    expect(intended('impact --unaffected "Internal API" --unaffected Web')).toEqual({
      ...{ type: 'RecordImpact', ...none },
      unaffected: ['Internal API', 'Web'],
    });
    expect(intended('impact clips fail --component TTS')).not.toHaveProperty('unaffected');
  });

  test.each([
    ['impact measure', { from: null, to: null, components: [] }],
    ['impact MEASURE', { from: null, to: null, components: [] }],
    [
      'impact measure --from 01:41 --to 01:44 --component "Developer API"',
      { from: at('01:41:00'), to: at('01:44:00'), components: ['Developer API'] },
    ],
    ['impact --from 01:41 measure', { from: at('01:41:00'), to: null, components: [] }],
  ])('%j has it measured', (line, of) => expect(intended(line)).toEqual({ type: 'MeasureImpact', ...of }));

  test.each([
    ['impact measure Developer API', 'BAD_ARGUMENT'],
    ['impact measure Developer API INC-8', 'BAD_ARGUMENT'],
    ['impact measure --failed 3', 'BAD_FLAG'],
    ['impact measure --unaffected Web', 'BAD_FLAG'],
    ['impact measure --from 01:44 --to 01:41', 'IMPACT_CONTRADICTS'],
    ['impact measure --to 2099-01-01', 'TIME_IN_FUTURE'],
  ])('%j is refused: %s', (line, code) => expect(refused(line)).toBe(code));

  test('outside of a channel the incident may stand behind both words', () => {
    expect(parsed('impact measure INC-8', { implied: false })).toMatchObject({ ref: 8 });
    expect(parsed('impact INC-8 measure', { implied: false })).toMatchObject({ ref: 8 });
  });

  test('a text may begin with that word all the same', () => {
    expect(intended('impact -- measure')).toMatchObject({ type: 'RecordImpact', text: 'measure' });
    expect(intended('impact measured by hand')).toMatchObject({ text: 'measured by hand' });
  });

  test('outside of its channel the incident is named', () => {
    const away = { implied: false };
    expect(parsed('impact INC-7 measure', away)).toMatchObject({ ref: 7, intent: { type: 'MeasureImpact' } });
  });
});

test('an assumed zone is named for the receipt, once', () => {
  const unknown = { zone: 'Europe/Berlin', zoneKnown: false };
  expect(parsed('note 01:41 x', unknown).notes).toEqual([
    expect.stringContaining('01:41 was read in Europe/Berlin'),
  ]);
  expect(parsed('log 01:41 a\n01:42 b', unknown).notes).toHaveLength(1);
  expect(parsed('impact --from 01:41 --to 01:42', unknown).notes).toHaveLength(1);
  expect(parsed('note 01:41 UTC x', unknown).notes).toEqual([]);
  expect(parsed('note -5m x', unknown).notes).toEqual([]);
  expect(parsed('note x', unknown)).toMatchObject({ notes: [] });
  expect(parsed('note 01:41 x').notes).toEqual([]);
});

describe('status, resolve, reopen, cause', () => {
  test.each([
    ['status identified', { status: 'identified', moment: null, text: null }],
    ['status Monitoring keys synced', { status: 'monitoring', moment: null, text: 'keys synced' }],
    ['status identified 01:43', { status: 'identified', moment: at('01:43:00'), text: null }],
    [
      'status identified 01:43 UTC keys  --x ',
      { status: 'identified', moment: at('01:43:00'), text: 'keys  --x ' },
    ],
    ['status identified -- 01:43 is it', { status: 'identified', moment: null, text: '01:43 is it' }],
    ['resolve', { status: 'resolved', moment: null, text: null }],
    ['resolve 02:02 all well', { status: 'resolved', moment: at('02:02:00'), text: 'all well' }],
    ['resolve all well', { status: 'resolved', moment: null, text: 'all well' }],
  ])('%s', (line, change) => expect(intended(line)).toEqual({ type: 'ChangeStatus', ...change }));

  test.each([
    ['status fixed', 'BAD_ARGUMENT'],
    ['status identified 01:43 PST', 'TIME_ZONE_AMBIGUOUS'],
    ['resolve 25:00', 'TIME_UNKNOWN'],
    ['reopen', 'MISSING_ARGUMENT'],
    [`reopen ${'x'.repeat(3001)}`, 'TEXT_TOO_LONG'],
    ['cause  ', 'MISSING_ARGUMENT'],
  ])('%s is refused', (line, code) => expect(refused(line)).toBe(code));

  test('cause and reopen keep every character and take no time', () => {
    expect(intended('cause -- 01:41 --x “y”')).toEqual({ type: 'RecordCause', text: '-- 01:41 --x “y”' });
    expect(intended('reopen 01:41 again')).toEqual({ type: 'ReopenIncident', reason: '01:41 again' });
  });
});

describe('log', () => {
  const line = (time: string, text: string) => ({ moment: at(time), text });

  test.each([
    'log 01:41 a\n01:42 b',
    'log\n01:41 a\r\n\r\n  01:42 b',
    'log \r\n\n01:41 a\n01:42 b\n\n',
    'log INC-7\n01:41 a\n01:42 b',
  ])('%j', (paste) =>
    expect(intended(paste, { implied: false })).toEqual({
      type: 'RecordLog',
      lines: [line('01:41:00', 'a'), line('01:42:00', 'b')],
    }),
  );

  test('texts are kept, with flags, blanks and zones that belong to them', () => {
    expect(intended('log 01:41  a --b \n01:42\tPSTN\n01:43 -- UTC x')).toEqual({
      type: 'RecordLog',
      lines: [line('01:41:00', ' a --b '), line('01:42:00', 'PSTN'), line('01:43:00', 'UTC x')],
    });
  });

  test('one wrong line refuses all, by the numbers of the paste', () => {
    const said = typed('log\n01:41 a\n\nno time\n01:43\n07:05 MST x\n01:44 b');
    expect(said).toMatchObject({ code: 'BAD_LOG_LINES' });
    const { sentence } = said as { sentence: string };
    expect([...sentence.matchAll(/Line (\d+):/g)].map((match) => match[1])).toEqual(['3', '4', '5']);
    expect(sentence).toContain('America/Denver');
  });

  test('ten wrong lines are named, the rest counted', () => {
    const said = typed(`log\n${Array(13).fill('x').join('\n')}`) as { sentence: string };
    expect(said.sentence.match(/Line /g)).toHaveLength(10);
    expect(said.sentence).toContain('3 more');
  });

  test('1,000 lines fit', () => {
    const lines = (n: number) => `log\n${Array(n).fill('01:41 x').join('\n')}`;
    expect(intended(lines(1000))).toMatchObject({ type: 'RecordLog' });
    expect(refused(lines(1001))).toBe('TOO_MANY');
  });
});

test('open, note and log without arguments ask for a form', () => {
  expect(parsed('open')).toMatchObject({ kind: 'form', form: 'open' });
  expect(parsed('note ')).toMatchObject({ kind: 'form', form: 'note' });
  expect(parsed('log INC-7', { implied: false })).toMatchObject({ kind: 'form', form: 'log', ref: 7 });
});
