import { describe, expect, test } from '@jest/globals';
import { renderExport } from '#render/exports.js';
import { listText, mutedText, mutesText, showText } from '#render/lists.js';
import { changed, fired, moved } from '../domain/alert/given.js';
import { collected, dossierOf, note, opened, type Recorded, when } from './incident.js';

const started: Recorded = {
  type: 'MilestoneMarked',
  data: { ...when(2, '01:41'), milestone: 'started' },
  texts: {},
};
const detected = (n: number, time: string): Recorded => ({
  type: 'MilestoneMarked',
  data: { ...when(n, time), milestone: 'detected' },
  texts: {},
});
const resolved = (n: number, more: object = {}): Recorded => ({
  type: 'StatusChanged',
  data: { ...when(n, '02:20'), status: 'resolved', reopened: false, ...more } as never,
  texts: {},
});
const exported = (format: Parameters<typeof renderExport>[0], drafts: Recorded[]) =>
  collected(renderExport(format, dossierOf(drafts), 'UTC'));
const json = async (drafts: Recorded[]) => JSON.parse(await exported('json', drafts));

describe('an alert in the exports', () => {
  const flapped = [
    ...[opened('x'), fired(2, {}, { values: '{"rate":"0.19"}', link: 'https://p.example/g' })],
    ...[changed(2, 'resolved', '2024-11-10T01:50:00Z'), changed(2, 'fired', '2024-11-10T01:55:00Z', 2)],
    changed(2, 'resolved', '2024-11-10T01:59:00Z', 2),
  ];

  test('JSON: when, until when, and what it said', async () => {
    expect((await json(flapped)).timeline[1]).toMatchObject({
      ...{ n: 2, at: '2024-11-10T01:43:00Z', until: '2024-11-10T01:59:00Z', kind: 'alert', edited_at: null },
      ...{ text: 'TtsFailing: ended, fired 2 times', link: 'https://p.example/g' },
      alert: {
        ...{ id: 'a1', source: 'prometheus', rule: 'tts-failing', key: 'service=tts', title: 'TtsFailing' },
        ...{ text: null, firing: false, times: 2, labels: {}, values: { rate: '0.19' } },
      },
    });
    // Nothing of it where there is none: old exports stay as they were.
    expect(Object.keys((await json([opened('x'), note(2, '01:50', 'y')])).timeline[1])).not.toContain(
      'alert',
    );
  });

  test('Markdown, HTML and CSV: a span with its sentence', async () => {
    expect(await exported('md', flapped)).toContain('01:43:00–01:59:00');
    for (const format of ['md', 'html', 'csv'] as const)
      expect(await exported(format, flapped)).toContain('TtsFailing: ended, fired 2 times');
  });
});

describe('`Detection` of the postmortem', () => {
  const detection = async (...drafts: Recorded[]) =>
    (await exported('postmortem.md', drafts)).split('## Detection\n')[1]?.split('\n## ')[0]?.trim();

  test('an alert showed it first, and which', async () => {
    expect(await detection(opened('x'), started, fired(3))).toBe(
      [
        'It was detected at 2024-11-10 01:43:00, 2 min after it started [#3] [#2].',
        'An alert showed it first: “TtsFailing”, from prometheus, at 2024-11-10 01:43:00 [#3].',
      ].join('\n\n'),
    );
  });

  test('before any mark or note; what a person saw earlier is asked', async () => {
    const text = await detection(opened('x'), note(2, '01:42', 'calls'), fired(3), detected(4, '01:42'));
    expect(text).toContain('It was detected at 2024-11-10 01:42 [#4].');
    expect(text).toContain(
      'An alert showed it first: “TtsFailing”, from prometheus, at 2024-11-10 01:43:00 [#3].',
    );
    expect(text).toContain('a person marks an earlier moment: what showed it then? [#4]');
    expect(await detection(opened('x'), fired(2), detected(3, '01:50'))).not.toContain('earlier moment');
  });

  test('without an alert of its own it is asked', async () => {
    for (const drafts of [[opened('x')], [opened('x'), fired(2), moved(3, null)]])
      expect(await detection(...drafts)).toContain(
        'what showed it first: an alert, a colleague or a customer?',
      );
  });
});

describe('a false alarm', () => {
  const dismissed = [opened('x'), started, fired(3), resolved(4, { dismissed: true })];

  test('is measured by nothing, and says so everywhere', async () => {
    const { incident } = await json(dismissed);
    expect(incident).toMatchObject({
      false_alarm: true,
      metrics: { time_to_detect_s: null, time_to_mitigate_s: null, time_to_resolve_s: null },
    });
    const real = (await json([opened('x'), started, fired(3), resolved(4)])).incident;
    expect(real.metrics).toMatchObject({ time_to_detect_s: 120, time_to_resolve_s: 2_340 });
    expect('false_alarm' in real).toBe(false);
    for (const format of ['md', 'html'] as const) {
      expect(await exported(format, dismissed)).toContain('False alarm');
      expect(await exported(format, dismissed)).not.toContain('Time to');
    }
    expect(await exported('postmortem.md', dismissed)).not.toContain('after it started');
    expect(showText(dossierOf(dismissed).state)).toContain('resolved · false alarm');
  });
});

test('`show` and `list` say how many alerts fire', () => {
  const { state } = dossierOf([
    opened('x'),
    fired(2),
    fired(3, { alert: 'a2', until: '2024-11-10T01:50:00Z' }),
  ]);
  expect(showText(state)).toContain('alerts: 1 of 2 firing · service=tts (1)');
  expect(listText([state])).toContain(' · 1 alert fires');
  const { state: quiet } = dossierOf([opened('x')]);
  expect(showText(quiet)).not.toContain('alert');
  expect(listText([quiet])).not.toContain('alert');
});

test('what is muted, and until when', () => {
  const by = { id: 'U1', name: 'ana' };
  const until = new Date('2024-11-10T14:00:00Z');
  expect(mutedText({ key: 'service=tts', until })).toContain(
    'service=tts is muted until 2024-11-10 14:00 UTC: its alerts open no new incident before then; one that is open is still added to, and what still fires then opens one. `mute service=tts off` ends it.',
  );
  expect(mutedText({ key: 'service=tts', until: null })).toContain('is not muted');
  expect(mutesText([{ key: 'service=tts', until, by }], 'Europe/Berlin')).toContain(
    'service=tts until 2024-11-10 15:00, by ana',
  );
  expect(mutesText([], 'UTC')).toContain('Nothing is muted');
});
