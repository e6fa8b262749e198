import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { FORMATS, fileNameOf, renderExport } from '#render/exports.js';
import { showText } from '#render/lists.js';
import { headlineMessage } from '#slack/blocks/headline.js';
import { collected, dossierOf, measured, opened, type Recorded, richIncident, when } from './incident.js';
import { page } from './parsed.js';

const typed = (n: number, failed: number | null, total: number | null = null, of: object = {}, texts = {}) =>
  ({
    type: 'ImpactRecorded',
    data: { ...when(n, '02:00'), failed, total, from: null, to: null, components: 0, ...of },
    texts,
  }) as Recorded;
const struck = (entry: number): Recorded => ({
  type: 'EntryStruck',
  data: { entry, restored: null },
  texts: { reason: 'wrong' },
});

const NOTED = { resets: 1, before: 2, open: true };
const GROUPS = JSON.stringify([{ name: 'status="401"', failed: 19, total: 19 }]);
/** Somebody counted 20, Prometheus 19. */
const both = (): Recorded[] => [
  opened('TTS fails', ['Developer API']),
  { type: 'MilestoneMarked', data: { ...when(2, '01:41'), milestone: 'started' }, texts: {} } as Recorded,
  { type: 'MilestoneMarked', data: { ...when(3, '01:44'), milestone: 'mitigated' }, texts: {} } as Recorded,
  typed(4, 20, 1124, { unaffected: 1 }, { text: 'clips fail', 'component.0': 'Dashboard' }),
  measured(5, { noted: NOTED }, { groups: GROUPS }),
];
const json = async (drafts: Recorded[]) =>
  JSON.parse(await collected(renderExport('json', dossierOf(drafts))));
const written = (format: 'md' | 'html' | 'postmortem.md' | 'postmortem.html', drafts: Recorded[]) =>
  collected(renderExport(format, dossierOf(drafts)));

const golden = (name: string) => fileURLToPath(new URL(`golden/${name}`, import.meta.url));

test.each(FORMATS)(
  'the %s export of a measured impact is, byte for byte, what it always was',
  async (format) => {
    const text = await collected(renderExport(format, dossierOf(both()), 'Europe/Berlin'));
    expect(await collected(renderExport(format, dossierOf(both()), 'Europe/Berlin'))).toBe(text);
    const path = golden(`measured-${fileNameOf(7, format)}.golden`);
    // `RECORD=1` writes the files anew, see golden.test.ts.
    if (process.env.RECORD === '1') writeFileSync(path, text);
    expect(text).toBe(readFileSync(path, 'utf8'));
  },
);

describe('figures that were typed and figures that were counted', () => {
  const DIFFERS = 'typed 20 failed, measured 19: 1 more typed than measured';

  test('both stand, and how they differ', async () => {
    const { impact } = await json(both());
    expect(impact).toHaveLength(2);
    const [counted, said] = impact;
    expect(said).toMatchObject({ failed: 20, unaffected: ['Dashboard'] });
    expect(said).not.toHaveProperty('measured');
    expect(counted).toMatchObject({ failed: 19, total: 1124, unaffected: ['Internal API'] });
    expect(counted.measured.differs).toEqual({ entry: 4, text: DIFFERS });
    for (const format of ['md', 'html', 'postmortem.md', 'postmortem.html'] as const)
      expect(await written(format, both())).toContain(
        `Typed 20 failed, measured 19: 1 more typed than measured`,
      );
    const { state } = dossierOf(both());
    expect(showText(state)).toContain(`the figures differ: ${DIFFERS}`);
    expect(showText(state)).toContain('impact: clips fail — 20 of 1124 requests failed');
    expect(showText(state)).toContain(
      'impact, measured: 19 of 1124 requests failed; not affected: Internal API',
    );
    expect(JSON.stringify(headlineMessage(state, '/incident'))).toContain(DIFFERS);
  });

  test.each<[string, Recorded[]]>([
    ['they agree', [opened('x'), typed(2, 19), measured(5)]],
    ['one of them is struck', [opened('x'), typed(2, 20), measured(5), struck(2)]],
    ['only some components were measured', [opened('x'), typed(2, 20), measured(5, { limited: true })]],
    ['nobody typed a figure', [opened('x'), typed(2, null, null, {}, { text: 'clips fail' }), measured(5)]],
  ])('nothing is said where %s', async (_, drafts) => {
    expect(await written('md', drafts)).not.toContain('which figure is right');
    expect(showText(dossierOf(drafts).state)).not.toContain('differ');
    expect(JSON.stringify(await json(drafts))).not.toContain('differs');
  });

  test('measured again, the newest counts', async () => {
    const drafts = [opened('x'), typed(2, 20), measured(5), measured(6, { failed: 20 })];
    expect(await written('md', drafts)).not.toContain('which figure is right');
    expect((await written('html', drafts)).match(/<svg /g)).toHaveLength(1);
    expect(await written('html', drafts)).toContain('id="picture-6-title"');
  });
});

describe('what a measurement rests on', () => {
  test('is said with it: window, step, queries, groups, and what nobody should overlook', async () => {
    const text = await written('md', both());
    for (const words of [
      '2024-11-10 01:41–01:44:30 (3 min 30 s)',
      'every 15 s: failed tts_requests_total{status!\\~"2.."}, total tts_requests_total',
      'status="401": 19 of 19 requests failed',
      '1 counter began anew: what it had counted since it was last read is not in it',
      '2 of the failed may have been just before the measured window: they were first read in it',
      'the last samples were not in yet: measure again',
    ])
      expect(text).toContain(words);
    const { timeline } = await json(both());
    expect(timeline.find((one: { n: number }) => one.n === 5).text).toMatch(
      /^19 of 1124 requests failed \(Developer API\); not affected: Internal API; measured from 2024-11-10 01:41:00 to 01:44:30 UTC, every 15 s: failed tts_requests_total\{status!~"2\.\."\}, total tts_requests_total; 1 counter began anew/,
    );
  });

  test('the postmortem names what was not affected, and where that is said', async () => {
    const text = await written('postmortem.md', both());
    expect(text).toContain('19 of 1124 requests failed, as measured [#5].');
    expect(text).toContain('It did not affect Dashboard [#4], Internal API [#5].');
  });

  test('erased, it says so, and the figures stay', async () => {
    const dossier = dossierOf([opened('x'), measured(5, {}, { groups: '{not json' })]);
    const [entry] = dossier.entryList.filter(({ kind }) => kind === 'impact');
    expect(entry?.detail.measured?.groups).toEqual([]);
  });
});

describe('in a page', () => {
  test('the picture stands with its table, and one that is struck is not drawn', async () => {
    const html = await written('html', both());
    expect(html).toContain('<div role="figure"><svg ');
    expect(html.match(/<tr>/g)).toHaveLength(15);
    expect(html).toContain('<th scope="col">from (UTC)</th>');
    expect(() => page(html)).not.toThrow();
    expect(await written('html', [...both(), struck(5)])).not.toContain('<svg');
    expect(await written('postmortem.html', both())).toContain('<div role="figure"><svg ');
  });

  test('labels of others making are text', async () => {
    const wild = '</svg><script>alert(1)</script> \u202e"&';
    const texts = {
      'component.0': wild,
      failedQuery: wild,
      groups: JSON.stringify([{ name: wild, failed: 1, total: 2 }]),
    };
    for (const format of ['html', 'postmortem.html'] as const) {
      const html = await written(format, [opened('x'), measured(5, {}, texts)]);
      expect(html).not.toContain('<script>');
      expect(html).toContain('&lt;script&gt;alert(1)');
    }
    const { impact } = await json([opened('x'), measured(5, {}, texts)]);
    expect(impact[0].components).toEqual([wild]);
    expect(impact[0].measured.queries.failed).toBe(wild);
  });
});

test('an incident in which nothing was measured has none of it', async () => {
  for (const format of FORMATS) {
    const text = await collected(renderExport(format, dossierOf(richIncident())));
    expect(text).not.toMatch(/<svg|measured|unaffected/);
  }
});
