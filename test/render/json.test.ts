import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { renderExport } from '#render/exports.js';
import {
  ana,
  collected,
  dossierOf,
  nameless,
  note,
  opened,
  type Recorded,
  richIncident,
  when,
} from './incident.js';

const json = async (drafts: Recorded[]) =>
  JSON.parse(await collected(renderExport('json', dossierOf(drafts))));

test('a message with files, one of which is kept, and one that was deleted in Slack', async () => {
  const captured = (n: number): Recorded => ({
    type: 'MessageCaptured',
    data: {
      ...{ ...when(n, '01:50'), channel: 'C7', ts: `${n}.2`, author: 'U1', link: null },
      files: [
        { id: 'F1', type: 'image/png', size: 12_345 },
        { id: 'F2', type: null, size: null },
      ],
    },
    texts: { text: 'see', 'file.0': 'a.png', 'file.1': 'b' },
  });
  const bytes = Buffer.from('of an image');
  const digest = createHash('sha256').update(bytes).digest('hex');
  const kept = (entry: number): Recorded => ({
    ...{ type: 'FilesKept', data: { entry, files: [{ id: 'F1', type: 'image/png', size: 11 }] } },
    texts: { 'image.0': digest },
  });
  const deleted: Recorded = {
    type: 'MessageDeleted',
    data: { entry: 3, ts: '1731203520.2', hidden: true },
    texts: {},
  };
  const drafts = [opened('x'), captured(2), kept(2), captured(3), kept(3), deleted];
  const { timeline } = await json(drafts);
  expect(timeline[1]).toMatchObject({
    text: 'see',
    files: [
      {
        name: 'a.png',
        type: 'image/png',
        size: 12_345,
        kept: { type: 'image/png', size: 11, sha256: digest },
      },
      { name: 'b', type: null, size: null },
    ],
  });
  expect(timeline[1]).not.toHaveProperty('deleted_at');
  expect(timeline[2]).toMatchObject({
    ...{ text: '[deleted in Slack 2024-11-10 01:52 UTC]', deleted_at: '2024-11-10T01:52:00Z' },
  });
  expect(timeline[2]).not.toHaveProperty('files');

  const md = await collected(renderExport('md', dossierOf(drafts)));
  expect(md).toContain('[#2] see — Ana · 📎 a.png (image/png, 12 kB), 📎 b\n');
  // In HTML the image itself stands, where its bytes are those of the record; nothing of the one that was deleted does.
  const asked: string[] = [];
  const html = async (given: Buffer | null) =>
    collected(
      renderExport('html', {
        ...dossierOf(drafts),
        image: async (n, file) => {
          asked.push(`${n} ${file}`);
          return given;
        },
      }),
    );
  const shown = await html(bytes);
  expect(shown).toContain(`<img src="data:image/png;base64,${bytes.toString('base64')}" alt="a.png">`);
  expect(shown).toContain('img-src data:;');
  for (const other of [null, Buffer.from('of another')]) expect(await html(other)).not.toContain('<img');
  expect(new Set(asked)).toEqual(new Set(['2 F1']));
  // A page without images is what it always was.
  expect(await collected(renderExport('html', dossierOf([opened('x')])))).not.toContain('img');
});

test('an incident of which nothing else is known', async () => {
  const dossier = dossierOf([opened('x')]);
  expect(JSON.parse(await collected(renderExport('json', dossier)))).toEqual({
    format: 'tocsin.incident/1',
    incident: {
      ref: 'INC-7',
      title: 'x',
      severity: 'sev3',
      status: 'investigating',
      private: false,
      drill: false,
      components: [],
      lead: null,
      channel: null,
      milestones: {
        opened: '2024-11-10T01:42:10Z',
        started: null,
        detected: null,
        mitigated: null,
        resolved: null,
      },
      metrics: { time_to_detect_s: null, time_to_mitigate_s: null, time_to_resolve_s: null },
      contradictions: [],
    },
    timeline: [
      {
        n: 1,
        at: '2024-11-10T01:42:10Z',
        until: null,
        precision: 'second',
        recorded_at: '2024-11-10T02:10:00.000Z',
        edited_at: null,
        kind: 'opened',
        text: 'x',
        struck: false,
        by: ana,
        source: 'slack',
        link: null,
      },
    ],
    status_posts: [],
    impact: [],
    causes: [],
    actions: [],
    runs: [],
    integrity: { algorithm: 'sha256', facts: 1, head: dossier.head },
  });
});

test('members stand in the order that is written down', async () => {
  const rich = await json(richIncident());
  expect(Object.keys(rich)).toEqual(
    'format incident timeline status_posts impact causes actions runs integrity'.split(' '),
  );
  expect(Object.keys(rich.incident)).toEqual(
    'ref title severity status private drill components lead channel milestones metrics contradictions'.split(
      ' ',
    ),
  );
  expect(Object.keys(rich.timeline[0])).toEqual(
    'n at until precision recorded_at edited_at kind text struck by source link'.split(' '),
  );
});

test('struck entries are in the timeline, marked, and nowhere else', async () => {
  const drafts: Recorded[] = [
    opened('x'),
    { type: 'CauseRecorded', data: when(2, '02:00'), texts: { text: 'c' } },
    {
      type: 'ImpactRecorded',
      data: { ...when(3, '02:00'), failed: 1, total: null, from: null, to: null, components: 0 },
      texts: {},
    },
    { type: 'StatusPosted', data: { ...when(4, '02:00'), state: 'identified' }, texts: { text: 'p' } },
    { type: 'ActionAdded', data: { ...when(5, '02:00'), action: 1, owner: null }, texts: { text: 'a' } },
  ];
  const before = await json(drafts);
  expect(
    [before.causes, before.impact, before.status_posts, before.actions].map((list) => list.length),
  ).toEqual([1, 1, 1, 1]);
  const strikes = [2, 3, 4, 5].map(
    (entry): Recorded => ({ type: 'EntryStruck', data: { entry, restored: null }, texts: { reason: 'no' } }),
  );
  const after = await json([...drafts, ...strikes]);
  expect([after.causes, after.impact, after.status_posts, after.actions]).toEqual([[], [], [], []]);
  expect(after.timeline.map((entry: { struck: boolean }) => entry.struck)).toEqual([
    false,
    true,
    true,
    true,
    true,
  ]);
});

test('a name that was not known when it was recorded stays unknown', async () => {
  const { timeline } = await json([opened('x'), { ...note(2, '02:00', 'y'), by: nameless }]);
  expect(timeline[1].by).toEqual({ id: 'U3', name: null });
});

test('contradictory times are said', async () => {
  const mark = (n: number, time: string, milestone: 'started' | 'resolved'): Recorded => ({
    type: 'MilestoneMarked',
    data: { ...when(n, time), milestone },
    texts: {},
  });
  const { incident } = await json([opened('x'), mark(2, '01:50', 'started'), mark(3, '01:45', 'resolved')]);
  expect(incident.metrics.time_to_resolve_s).toBeNull();
  expect(incident.contradictions).toEqual([
    'resolved (2024-11-10T01:45:00Z) is before started (2024-11-10T01:50:00Z)',
  ]);
});
