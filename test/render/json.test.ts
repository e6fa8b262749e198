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
