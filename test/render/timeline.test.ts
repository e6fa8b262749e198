import { expect, test } from '@jest/globals';
import { renderExport } from '#render/exports.js';
import { collected, dossierOf, note, opened, type Recorded, richIncident, when } from './incident.js';

/** Lines of the Markdown export's timeline. */
async function timeline(drafts: Recorded[], zone: string): Promise<string[]> {
  const markdown = await collected(renderExport('md', dossierOf(drafts), zone));
  const [, after = ''] = markdown.split('## Timeline\n');
  return (
    after
      .split(/\n(?:## |---)/)[0]
      ?.split('\n')
      .filter(Boolean) ?? []
  );
}

test('the day is told where it changes in that zone, and once', async () => {
  const drafts = [opened('x'), note(2, '23:30', 'late'), note(3, '2024-11-11T00:30:00Z', 'later')];
  expect(await timeline(drafts, 'UTC')).toEqual([
    '### 2024-11-10',
    '- 01:42:10 [#1] *opened* x — Ana',
    '- 23:30 [#2] late — Ana',
    '### 2024-11-11',
    '- 00:30 [#3] later — Ana',
  ]);
  expect((await timeline(drafts, 'Asia/Kolkata')).map((line) => line.slice(0, 14))).toEqual([
    '### 2024-11-10',
    '- 07:12:10 [#1',
    '### 2024-11-11',
    '- 05:00 [#2] l',
    '- 06:00 [#3] l',
  ]);
});

test('entries of the same time stand in order of recording', async () => {
  const drafts = [opened('x'), note(2, '01:42:10', 'b'), note(3, '01:42:10', 'c'), note(4, '01:42', 'a')];
  const order = (await timeline(drafts, 'UTC')).map((line) => line.match(/\[#(\d)\]/)?.[1]).filter(Boolean);
  expect(order).toEqual(['4', '1', '2', '3']);
});

test('the hour that comes twice does not read as if time went back', async () => {
  const drafts = [
    opened('x'),
    note(2, '2024-10-27T00:30:00Z', 'first'),
    note(3, '2024-10-27T01:10:00Z', 'second'),
  ];
  expect(await timeline(drafts, 'Europe/Berlin')).toEqual([
    '### 2024-10-27',
    '- 02:30 [#2] first — Ana',
    '*(the clocks change here, from +02:00 to +01:00)*',
    '- 02:10 [#3] second — Ana',
    '### 2024-11-10',
    '- 02:42:10 [#1] *opened* x — Ana',
  ]);
});

test('precision is shown as it was given', async () => {
  const drafts: Recorded[] = [
    opened('x'),
    { type: 'NoteRecorded', data: when(2, '03:00', 'approx'), texts: { text: 'about' } },
    { type: 'NoteRecorded', data: when(3, '03:01', 'minute', '03:05'), texts: { text: 'range' } },
    {
      type: 'NoteRecorded',
      data: when(4, '03:02', 'approx', '2024-11-11T03:00:00Z'),
      texts: { text: 'long' },
    },
    { type: 'NoteRecorded', data: when(5, '2024-11-12T00:00:00Z', 'date'), texts: { text: 'day' } },
    {
      type: 'NoteRecorded',
      data: when(6, '2024-11-13T00:00:00Z', 'date', '2024-11-14T00:00:00Z'),
      texts: { text: 'days' },
    },
  ];
  const lines = await timeline(drafts, 'UTC');
  expect(lines.filter((line) => line.startsWith('- ')).slice(1)).toEqual([
    '- \\~03:00 [#2] about — Ana',
    '- 03:01–03:05 [#3] range — Ana',
    '- \\~03:02–2024-11-11 03:00 [#4] long — Ana',
    '- 2024-11-12 [#5] day — Ana',
    '- 2024-11-13–2024-11-14 [#6] days — Ana',
  ]);
  // A bare date is the same date everywhere, and no days run backwards because of it.
  for (const zone of ['America/New_York', 'Pacific/Auckland', 'Pacific/Pago_Pago']) {
    const shown = await timeline(drafts, zone);
    expect(shown).toContainEqual('- 2024-11-12 [#5] day — Ana');
    const days = shown.filter((line) => line.startsWith('###'));
    expect(days).toEqual([...new Set(days)].sort());
  }
});

test.each(['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', '+05:30'])(
  '%s is named once',
  async (zone) => {
    for (const format of ['md', 'html', 'postmortem.md', 'postmortem.html'] as const) {
      const text = await collected(renderExport(format, dossierOf(richIncident()), zone));
      expect(`${format} ${text.replaceAll('\\', '').split(zone).length - 1}`).toBe(`${format} 1`);
    }
  },
);

test('all exports list the same entries in the same order', async () => {
  const dossier = dossierOf(richIncident());
  const numbers = dossier.entryList.map((entry) => entry.n);
  const of = async (format: Parameters<typeof renderExport>[0]) =>
    collected(renderExport(format, dossier, 'Asia/Tokyo'));
  expect(JSON.parse(await of('json')).timeline.map((entry: { n: number }) => entry.n)).toEqual(numbers);
  const [, ...rows] = (await of('csv')).split('\r\n').map((row) => Number(row.split(',')[0]));
  expect(rows.filter((n) => n > 0)).toEqual(numbers);
  const inTimeline = /^- [\d~\\–: -]+ (?:~~)?\[#(\d+)\]/gm;
  for (const format of ['md', 'postmortem.md'] as const) {
    const [, after = ''] = (await of(format)).split('## Timeline\n');
    const [timelineOnly = ''] = after.split('\n## ');
    expect([...timelineOnly.matchAll(inTimeline)].map((m) => Number(m[1]))).toEqual(numbers);
  }
  for (const format of ['html', 'postmortem.html'] as const) {
    expect([...(await of(format)).matchAll(/<li id="e(\d+)">/g)].map((m) => Number(m[1]))).toEqual(numbers);
  }
});

test('CSV times carry the offset of their own day', async () => {
  const drafts = [
    opened('x'),
    note(2, '2024-07-01T12:00:00Z', 'summer'),
    note(3, '1850-01-01T12:00:00Z', 'before zones'),
  ];
  const csv = await collected(renderExport('csv', dossierOf(drafts), 'Europe/Berlin'));
  expect(csv).toContain('2,2024-07-01T14:00:00+02:00,,minute');
  expect(csv).toContain('1,2024-11-10T02:42:10+01:00,,second');
  const old = csv.match(/^3,([^,]+),/m)?.[1] ?? '';
  expect(Date.parse(old)).toBe(Date.parse('1850-01-01T12:00:00Z'));
  expect(await collected(renderExport('csv', dossierOf(drafts), 'UTC'))).toContain(
    '1,2024-11-10T01:42:10+00:00,,second',
  );
});

test('CSV quotes whatever a reader could take for the end of a record or drop', async () => {
  const texts = ['a\rb', 'a\nb', 'a\r\nb', ' a', 'a ', 'a,b', 'a"b'];
  const drafts = [opened('x'), ...texts.map((text, i) => note(i + 2, '02:00', text))];
  const csv = await collected(renderExport('csv', dossierOf(drafts), 'UTC'));
  for (const text of texts) expect(csv).toContain(`,note,"${text.replace('"', '""')}",Ana,`);
  expect(csv.endsWith(',false,\r\n')).toBe(true);
});
