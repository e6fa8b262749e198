import { describe, expect, test } from '@jest/globals';
import { zoneRemark } from '#domain/command/verbs.js';
import type { DraftFact } from '#domain/incident/fact.js';
import { type Outcome, receiptOf } from '#render/receipt.js';
import { note, opened, type Recorded, when } from './incident.js';

const now = new Date('2024-11-10T02:10:00Z');
const receipt = (facts: Recorded[], more: Partial<Outcome> = {}) =>
  receiptOf({ ref: 'INC-7', facts: facts as DraftFact[], notes: [], now, ...more });
const noteAt = (moment: ReturnType<typeof when>, text = 'requests fail'): Recorded => ({
  type: 'NoteRecorded',
  data: moment,
  texts: { text },
});

test('a note: what, where, when in UTC, and how to correct it', () => {
  expect(receipt([note(12, '01:41', 'requests fail')])).toBe(
    'INC-7 #12 recorded, 01:41 UTC: requests fail\nTo correct: `edit 12 TEXT`, `time 12 TIME`, `undo`',
  );
});

test.each([
  [when(2, '01:41', 'approx'), '~01:41 UTC'],
  [when(2, '01:41:09', 'second'), '01:41:09 UTC'],
  [when(2, '01:41', 'minute', '01:44'), '01:41–01:44 UTC'],
  [when(2, '2024-11-09T23:50:00Z'), '2024-11-09 23:50 UTC'],
  [when(2, '2023-11-10T01:41:00Z', 'approx'), '2023-11-10 ~01:41 UTC'],
  [when(2, '2024-11-09T00:00:00Z', 'date'), '2024-11-09'],
])('the moment as it was given, with its date when that is not today: %j', (moment, shown) => {
  expect(receipt([noteAt(moment)])).toContain(`recorded, ${shown}: requests fail`);
});

test('the zone in which a bare time was read', () => {
  const moment = { at: '2024-11-10T01:41:00Z', until: null, precision: 'minute' } as const;
  const read = { moment, typed: '01:41', rest: '', zone: 'UTC', zoneAssumed: true, dated: false };
  expect(receipt([note(2, '01:41', 'x')], { notes: zoneRemark(read) })).toContain(
    '01:41 UTC: x\n01:41 was read in UTC, because your time zone is not known; write a zone behind the time',
  );
  expect(
    receipt([note(2, '01:41', 'x')], { notes: zoneRemark({ ...read, zoneAssumed: false }) }),
  ).not.toContain('read in');
});

test('an incident that was opened, with remarks', () => {
  expect(
    receipt([opened('TTS fails', ['Foo'])], { notes: ['No component is called “Foo” in the settings.'] }),
  ).toBe(
    'INC-7 opened and recorded as #1, 01:42:10 UTC: sev3 TTS fails · the channel follows\n' +
      'No component is called “Foo” in the settings.\n' +
      'To correct: `title TEXT`, `time 1 TIME`',
  );
});

describe('every other fact says that it was recorded', () => {
  test.each<[Recorded, string]>([
    [
      { type: 'EntryEdited', data: { entry: 3 }, texts: { text: 'better' } },
      'INC-7 #3 edited, recorded: better',
    ],
    [
      {
        type: 'EntryRetimed',
        data: { entry: 3, at: '2024-11-10T01:40:00Z', until: null, precision: 'approx' },
        texts: {},
      },
      'INC-7 #3 moved, recorded: ~01:40 UTC',
    ],
    [
      { type: 'EntryStruck', data: { entry: 3, restored: null }, texts: { reason: 'wrong' } },
      'INC-7 #3 struck, recorded: wrong · it stays in the timeline, marked',
    ],
    [
      { type: 'PeopleInvited', data: { people: ['U1', 'U2'] }, texts: { 'person.1': 'Bo' } },
      'INC-7 recorded: U1, Bo invited',
    ],
    [
      { type: 'MilestoneMarked', data: { ...when(4, '01:41'), milestone: 'started' }, texts: {} },
      'INC-7 #4 recorded, 01:41 UTC: milestone started\nTo correct: `time 4 TIME`, `undo`',
    ],
    [
      {
        type: 'StatusPosted',
        data: { ...when(4, '01:41'), state: 'monitoring' },
        texts: { text: 'public words' },
      },
      'INC-7 #4 recorded, 01:41 UTC: monitoring: public words\nTo correct: `publish --correct 4 TEXT`, `publish --withdraw 4 REASON`',
    ],
    [
      {
        type: 'ActionAdded',
        data: { ...when(4, '01:41'), action: 1, owner: 'U2' },
        texts: { text: 'rotate', owner: 'Bo' },
      },
      'INC-7 #4 recorded, 01:41 UTC: #1 rotate (owner Bo)\nTo correct: `edit 4 TEXT`, `time 4 TIME`, `undo`',
    ],
  ])('%j', (fact, text) => {
    expect(receipt([fact])).toBe(text);
  });
});

test('a log has a line per entry, and is summed up when it is long', () => {
  const log = (count: number) =>
    Array.from({ length: count }, (_, i) =>
      note(i + 5, `01:${String(59 - i).padStart(2, '0')}`, `line ${i}`),
    );
  expect(receipt(log(3))).toBe(
    'INC-7 #5 recorded, 01:59 UTC: line 0\nINC-7 #6 recorded, 01:58 UTC: line 1\nINC-7 #7 recorded, 01:57 UTC: line 2\n' +
      'To correct: `edit N TEXT`, `time N TIME`, `strike N REASON`',
  );
  expect(receipt(log(30)).split('\n')[0]).toBe(
    'INC-7 #5 to #34: 30 entries recorded, from 01:30 UTC to 01:59 UTC',
  );
});

test('what a run did is not for people to correct, however many entries it has', () => {
  const step = { run: 3, step: 'add', phase: 'run', attempt: 1 };
  const answered = {
    type: 'StepAnswered',
    data: { ...when(5, '02:00'), ...step, choice: 'undo' },
    texts: {},
  };
  const undoing = { type: 'RunUndoing', data: { ...when(6, '02:00'), run: 3, why: 'asked' }, texts: {} };
  const told = receipt([answered, undoing] as unknown as Recorded[]);
  expect(told.split('\n')).toHaveLength(2);
  expect(told).not.toContain('To correct');
});

test('a long text is cut in the receipt, between characters', () => {
  const [line = ''] = receipt([note(2, '01:41', `${'👩‍👩‍👧 '.repeat(200)}end`)]).split('\n');
  expect(line.endsWith('…')).toBe(true);
  expect([...line].length).toBeLessThan(220);
  expect(line).not.toMatch(/\p{Surrogate}/u);
});
