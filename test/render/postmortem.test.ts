import { expect, test } from '@jest/globals';
import { renderExport } from '#render/exports.js';
import { collected, dossierOf, note, opened, type Recorded, richIncident, when } from './incident.js';

const draft = async (drafts: Recorded[], zone = 'UTC') =>
  collected(renderExport('postmortem.md', dossierOf(drafts), zone));
const headings = (markdown: string) => [...markdown.matchAll(/^## (.*)$/gm)].map((m) => m[1]);
const questions = (markdown: string) => [...markdown.matchAll(/^> Open question: (.*)$/gm)].map((m) => m[1]);
const part = (markdown: string, heading: string) =>
  markdown.split(`## ${heading}\n`)[1]?.split(/\n(?:## |---)/)[0] ?? '';

const ORDER = [
  'Summary',
  'Impact',
  'Timeline',
  'Root cause',
  'Detection',
  'Resolution',
  'What went well',
  'What went badly',
  'Luck',
  'Action items',
];

test('sections stand in their order, with or without anything to say', async () => {
  expect(headings(await draft(richIncident()))).toEqual(ORDER);
  expect(headings(await draft([opened('x')]))).toEqual(ORDER);
});

test('every sentence of its own cites entries that exist', async () => {
  const dossier = dossierOf(richIncident());
  const markdown = await collected(renderExport('postmortem.md', dossier));
  const known = new Set(dossier.entryList.map((entry) => entry.n));
  for (const heading of ['Summary', 'Impact', 'Root cause', 'Detection', 'Resolution', 'Action items']) {
    const lines = part(markdown, heading)
      .split('\n')
      .filter((line) => line && !line.startsWith('> '));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      const cited = [...line.matchAll(/\[#(\d+)\]/g)].map((m) => Number(m[1]));
      expect({ line, cites: cited.length > 0 && cited.every((n) => known.has(n)) }).toEqual({
        line,
        cites: true,
      });
    }
  }
});

test('says how long it took only where start and end are known', async () => {
  expect(await draft(richIncident())).toContain(
    'It was resolved at 2024-11-10 02:20, 39 min after it started [#22] [#4].',
  );
  const markdown = await draft([
    opened('x'),
    { type: 'StatusChanged', data: { ...when(2, '02:20'), status: 'resolved', reopened: false }, texts: {} },
  ]);
  expect(markdown).toContain('It was resolved at 2024-11-10 02:20 [#2].');
  expect(markdown).not.toContain('after it started');
});

test('asks what is not recorded, and invents none of it', async () => {
  const markdown = await draft([
    { ...opened('x'), data: { ...opened('x').data, severity: null } } as Recorded,
  ]);
  expect(questions(markdown)).toEqual([
    'how severe was it?',
    'which components did it affect?',
    'when did it start?',
    'whom did it affect, for how long, and how many requests failed?',
    'what was the cause?',
    'when was it detected?',
    'what showed it first: an alert, a colleague or a customer?',
    'when did the damage stop, and what stopped it?',
    'it is investigating: what is left to do? [#1]',
    'what will be done so that it does not happen again, and by whom?',
  ]);
});

test('asks about a silence of a quarter of an hour between start and end, and about no other', async () => {
  const mark = (n: number, time: string, milestone: 'started' | 'resolved'): Recorded => ({
    type: 'MilestoneMarked',
    data: { ...when(n, time), milestone },
    texts: {},
  });
  const markdown = await draft([
    opened('x'),
    note(2, '00:10', 'long before'),
    mark(3, '01:00', 'started'),
    note(4, '01:14', 'soon enough'),
    note(5, '01:29', 'just late enough'),
    { type: 'NoteRecorded', data: when(6, '01:45', 'minute', '02:20'), texts: { text: 'a long job' } },
    note(11, '01:50', 'during the job'),
    note(7, '02:30', 'after the job'),
    note(8, '02:40', 'struck'),
    { type: 'EntryStruck', data: { entry: 8, restored: null }, texts: { reason: 'wrong' } },
    mark(9, '02:45', 'resolved'),
    note(10, '09:00', 'long after'),
  ]);
  expect(questions(part(markdown, 'Timeline'))).toEqual([
    'what happened in the 15 min between 01:14 and 01:29? Nothing is recorded there [#4] [#5]',
    'what happened in the 15 min between 02:30 and 02:45? Nothing is recorded there [#7] [#9]',
  ]);
});

test('contradictory times are asked about', async () => {
  const mark = (n: number, time: string, milestone: 'started' | 'detected'): Recorded => ({
    type: 'MilestoneMarked',
    data: { ...when(n, time), milestone },
    texts: {},
  });
  const markdown = await draft([opened('x'), mark(2, '01:50', 'started'), mark(3, '01:45', 'detected')]);
  expect(questions(markdown)).toContain(
    'which is right? detected (2024-11-10 01:45) is before started (2024-11-10 01:50) [#3] [#2]',
  );
  expect(markdown).toContain('It was detected at 2024-11-10 01:45 [#3].');
});
