import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { DraftFact } from '#domain/incident/fact.js';
import { COMPONENT_STATES, type PublicPage } from '#domain/status/page.js';
import { folded, idOf, imported, known, pageAt, plan, post, record, set, TTS, works } from './given.js';

const component = (page: PublicPage, name = 'API') => {
  const found = page.components.find((one) => one.name === name);
  if (!found) throw new Error(`no component ${name}`);
  return found;
};
const today = (page: PublicPage, name = 'API') => component(page, name).days.at(-1);
const day = (page: PublicPage, date: string, name = 'API') =>
  component(page, name).days.find((one) => one.date === date);

const SINCE = known('API', '2020-01-01T00:00:00Z');

describe('a component that was taken out of tocsin.yml', () => {
  const began = post(5, '2024-11-10T01:41:00Z', 'identified', { said: { Old: 'partial', API: 'degraded' } });
  const ended = post(6, '2024-11-10T02:02:00Z', 'resolved');
  const listed = (at: string, records: Parameters<typeof pageAt>[1], components = [SINCE]) =>
    pageAt(at, records, components).components.map(({ name }) => name);

  test('is listed while an incident that goes on names it, and stays in what was published of it', () => {
    expect(listed('2024-11-10T01:50:00Z', [record(7, began)])).toEqual(['API', 'Old']);
    const page = pageAt('2024-11-10T03:00:00Z', [record(7, began, ended)], [SINCE]);
    expect(page.components.map(({ name }) => name)).toEqual(['API']);
    expect(page.incidents[0]?.components.map(({ name }) => name).sort()).toEqual(['API', 'Old']);
  });

  test('does not make the page ill by what was said of it alone', () => {
    const alone = record(0, set(3, '2024-11-10T01:00:00Z', 'Old', 'major'));
    const page = pageAt('2024-11-10T03:00:00Z', [alone], [SINCE]);
    expect([page.components.map(({ name }) => name), page.overall.kind]).toEqual([['API'], 'operational']);
  });

  test('is listed while planned work on it is under way', () => {
    const work = plan(3, 'MNT-1', ['2024-11-10T01:00:00Z', '2024-11-10T04:00:00Z'], ['Old']);
    const begun = works(4, 'MNT-1', '2024-11-10T01:00:00Z', 'in_progress');
    expect(listed('2024-11-10T00:30:00Z', [record(0, work)])).toEqual(['API']);
    expect(listed('2024-11-10T02:00:00Z', [record(0, work, begun)])).toEqual(['API', 'Old']);
  });

  test('is listed where tocsin.yml names none at all', () => {
    expect(listed('2024-11-10T03:00:00Z', [record(7, began, ended)], [])).toEqual(['API', 'Old']);
  });

  test('leaves its address to nobody while it is away', () => {
    const old = post(5, '2024-11-10T01:41:00Z', 'identified', { said: { 'api!': 'partial' } });
    const young = known('API', null);
    const slugs = (...posts: (typeof old)[]) =>
      pageAt('2024-11-10T03:00:00Z', [record(7, old, ...posts)], [young]).components.map(({ slug }) => slug);
    expect(slugs(ended)[0]).toBe(slugs()[0]);
  });
});

describe('the founding incident', () => {
  const identified = post(5, '2024-11-10T01:41:00Z', 'identified', {
    ...{ said: { [TTS]: 'partial' }, title: 'Developer TTS API authorization failures' },
    ...{ text: 'Some Developer API nodes use wrong API keys.', next: '2024-11-10T02:30:00Z' },
  });
  const monitoring = post(6, '2024-11-10T01:44:00Z', 'monitoring', { said: { [TTS]: 'degraded' } });
  const resolved = post(9, '2024-11-10T02:02:00Z', 'resolved');
  const postmortem = post(11, '2024-11-10T03:21:00Z', 'postmortem', { said: { [TTS]: null } });
  const components = [known(TTS, '2024-01-01T00:00:00Z'), known('Studio', '2024-01-01T00:00:00Z')];
  const at = (now: string, ...entries: Parameters<typeof record>[1][]) =>
    pageAt(now, entries.length > 0 ? [record(7, ...entries)] : [], components);

  test('before: nothing is wrong', () => {
    const page = at('2024-11-10T01:40:00Z');
    expect(page).toMatchObject({
      ...{ at: '2024-11-10T01:40:00Z', updatedAt: null, overall: { kind: 'operational', indicator: 'none' } },
      ...{ incidents: [], maintenances: [] },
    });
    expect(page.components.map(({ name, state, stateSince }) => [name, state, stateSince])).toEqual([
      [TTS, 'operational', null],
      ['Studio', 'operational', null],
    ]);
  });

  test('during: what was said last, and until when more is promised', () => {
    const page = at('2024-11-10T01:43:00Z', identified);
    expect(page.overall).toEqual({ kind: 'partial', indicator: 'major' });
    expect(component(page, TTS)).toMatchObject({ state: 'partial', stateSince: '2024-11-10T01:41:00Z' });
    expect(page.incidents).toMatchObject([
      {
        ...{ id: idOf('INC-7'), ref: 'INC-7', title: 'Developer TTS API authorization failures' },
        ...{ state: 'identified', over: false, impact: 'major', nextBy: '2024-11-10T02:30:00Z' },
        ...{ startedAt: '2024-11-10T01:41:00Z', monitoringAt: null, resolvedAt: null },
        components: [{ name: TTS, worst: 'partial', state: 'partial' }],
      },
    ]);
  });

  test('after: Identified, Monitoring, Resolved, Postmortem with the times of the report', () => {
    const page = at('2024-11-10T04:00:00Z', identified, monitoring, resolved, postmortem);
    expect(page.overall).toEqual({ kind: 'operational', indicator: 'none' });
    expect(page.updatedAt).toBe('2024-11-10T03:21:00Z');
    const [incident] = page.incidents;
    expect(incident?.posts.map(({ state, at, components }) => [at, state, components])).toEqual([
      ['2024-11-10T03:21:00Z', 'postmortem', [{ name: TTS, from: 'operational', to: null }]],
      ['2024-11-10T02:02:00Z', 'resolved', [{ name: TTS, from: 'degraded', to: 'operational' }]],
      ['2024-11-10T01:44:00Z', 'monitoring', [{ name: TTS, from: 'partial', to: 'degraded' }]],
      ['2024-11-10T01:41:00Z', 'identified', [{ name: TTS, from: 'operational', to: 'partial' }]],
    ]);
    expect(incident).toMatchObject({
      ...{ state: 'postmortem', over: true, impact: 'major', nextBy: null },
      ...{ monitoringAt: '2024-11-10T01:44:00Z', resolvedAt: '2024-11-10T02:02:00Z' },
      components: [{ name: TTS, worst: 'partial', state: 'operational' }],
    });
    expect(component(page, TTS)).toMatchObject({
      ...{ state: 'operational', stateSince: '2024-11-10T02:02:00Z', slug: 'text-to-speech-developer-api' },
      // 3 of 89 days and four hours at 30 %.
      uptime: { downSeconds: 0.3 * 180, knownSeconds: 89 * 86_400 + 4 * 3600 },
    });
    expect(today(page, TTS)).toEqual({
      ...{ date: '2024-11-10', worst: 'partial', known: 4 * 3600, refs: ['INC-7'] },
      seconds: { partial: 180, degraded: 18 * 60, operational: 4 * 3600 - 21 * 60 },
    });
    expect(component(page, 'Studio').uptime?.ratio).toBe(1);
  });

  test('out of facts, with its corrections', () => {
    const stamped = (recordedAt: string, draft: unknown) => ({ ...(draft as DraftFact), recordedAt });
    const when = (n: number, at: string) => ({ n, at, until: null, precision: 'minute' });
    const { record: facts } = folded(7, [
      stamped('2024-11-10T01:42:10.123Z', {
        type: 'IncidentOpened',
        data: {
          ...when(1, '2024-11-10T01:42:00Z'),
          severity: 'sev3',
          private: false,
          drill: false,
          components: 0,
        },
        texts: { title: 'Internal: keys of tts-gw-3 are wrong' },
      }),
      stamped('2024-11-10T01:43:00.000Z', {
        type: 'StatusPosted',
        data: { ...when(2, '2024-11-10T01:43:00Z'), state: 'identified', components: 1, states: ['major'] },
        texts: { text: 'Wrong kees.', title: 'API fails', 'component.0': 'API' },
      }),
      stamped('2024-11-10T01:43:30.000Z', {
        type: 'EntryEdited',
        data: { entry: 2, public: true },
        texts: { text: 'Wrong keys.' },
      }),
      stamped('2024-11-10T01:44:00.000Z', {
        type: 'EntryRetimed',
        data: { entry: 2, at: '2024-11-10T01:41:00Z', until: null, precision: 'minute', public: true },
        texts: {},
      }),
      stamped('2024-11-10T01:50:00.000Z', {
        type: 'StatusPosted',
        data: { ...when(3, '2024-11-10T01:50:00Z'), state: 'resolved', components: 0, states: [] },
        texts: { text: 'That was for another incident.' },
      }),
      stamped('2024-11-10T01:51:00.000Z', {
        type: 'EntryStruck',
        data: { entry: 3, restored: null, public: true },
        texts: { reason: 'wrong incident' },
      }),
      stamped('2024-11-10T02:10:00.000Z', {
        type: 'ComponentStateSet',
        data: { ...when(4, '2024-11-10T01:55:00Z'), state: 'degraded' },
        texts: { component: 'API' },
      }),
      stamped('2024-11-10T02:15:00.000Z', {
        type: 'StatusPosted',
        data: { ...when(5, '2024-11-10T02:02:00Z'), state: 'resolved', components: 0, states: [] },
        texts: { text: 'It works.' },
      }),
    ]);
    const page = pageAt('2024-11-10T03:00:00Z', [facts]);
    expect(today(page)?.seconds).toEqual({ major: 14 * 60, degraded: 7 * 60, operational: 58 * 60 });
    const [incident] = page.incidents;
    expect(incident).toMatchObject({
      title: 'API fails',
      updatedAt: '2024-11-10T02:15:00Z',
      impact: 'critical',
    });
    expect(incident?.posts).toMatchObject([
      { n: 5, text: 'It works.', recordedAt: '2024-11-10T02:15:00Z', withdrawnAt: null, correctedAt: null },
      { n: 3, text: null, at: '2024-11-10T01:50:00Z', withdrawnAt: '2024-11-10T01:51:00Z', components: [] },
      { n: 2, text: 'Wrong keys.', at: '2024-11-10T01:41:00Z', correctedAt: '2024-11-10T01:44:00Z' },
    ]);
    expect(JSON.stringify(page)).not.toMatch(/Internal|tts-gw|another incident|kees|wrong incident/);
  });
});

describe('the state of a component', () => {
  test('is the worst that any incident says', () => {
    const one = record(
      1,
      post(2, '2024-11-10T01:00:00Z', 'investigating', { said: { API: 'degraded' } }),
      post(3, '2024-11-10T05:00:00Z', 'resolved'),
    );
    const other = record(
      2,
      post(2, '2024-11-10T02:00:00Z', 'investigating', { said: { API: 'major' } }),
      post(3, '2024-11-10T03:00:00Z', 'resolved'),
    );
    const recorded = (now: string) =>
      [other, one].map((of) => ({ ...of, entries: of.entries.filter(({ recordedAt }) => recordedAt < now) }));
    const states = (now: string) => component(pageAt(now, recorded(now), [SINCE]));
    expect(states('2024-11-10T02:30:00Z')).toMatchObject({
      state: 'major',
      stateSince: '2024-11-10T02:00:00Z',
    });
    expect(states('2024-11-10T04:00:00Z')).toMatchObject({
      state: 'degraded',
      stateSince: '2024-11-10T03:00:00Z',
    });
    expect(states('2024-11-10T06:00:00Z').days.at(-1)).toMatchObject({
      seconds: { degraded: 3 * 3600, major: 3600, operational: 2 * 3600 },
      refs: ['INC-1', 'INC-2'],
    });
  });

  test('is operational again once its incident is resolved, unless that post says otherwise', () => {
    const begun = post(2, '2024-11-10T01:00:00Z', 'investigating', {
      said: { API: 'major', Web: 'partial', Docs: null },
    });
    const resolved = post(5, '2024-11-10T02:00:00Z', 'resolved', { said: { Web: 'degraded', Docs: null } });
    // Well already, and not named: nothing is said of it.
    const well = ['major', 'operational'].map((state, i) =>
      set(3 + i, `2024-11-10T01:0${i}:00Z`, 'Blog', state as 'major'),
    );
    const page = pageAt('2024-11-10T03:00:00Z', [record(1, begun, ...well, resolved)]);
    expect(page.components.map(({ name, state }) => [name, state])).toEqual([
      ['API', 'operational'],
      ['Blog', 'operational'],
      ['Docs', 'operational'],
      ['Web', 'degraded'],
    ]);
    expect(page.incidents[0]?.posts[0]?.components).toEqual([
      { name: 'Web', from: 'partial', to: 'degraded' },
      { name: 'Docs', from: 'operational', to: 'operational' },
      { name: 'API', from: 'major', to: 'operational' },
    ]);
  });

  test('or unless something later says so, and then until the next end', () => {
    const entries = [
      post(2, '2024-11-10T01:00:00Z', 'identified', { said: { API: 'major' } }),
      post(3, '2024-11-10T02:00:00Z', 'resolved'),
      set(4, '2024-11-10T02:30:00Z', 'API', 'degraded'),
    ];
    const now = '2024-11-10T04:00:00Z';
    expect(component(pageAt(now, [record(1, ...entries)])).state).toBe('degraded');
    const again = post(5, '2024-11-10T03:00:00Z', 'resolved');
    expect(component(pageAt(now, [record(1, ...entries, again)])).state).toBe('operational');
  });

  test('a postmortem ends what nobody has said to be resolved, and nothing else', () => {
    const begun = post(2, '2024-11-10T01:00:00Z', 'identified', { said: { API: 'major' } });
    const postmortem = post(9, '2024-11-10T03:00:00Z', 'postmortem');
    const page = pageAt('2024-11-10T04:00:00Z', [record(1, begun, postmortem)]);
    expect(component(page)).toMatchObject({ state: 'operational', stateSince: '2024-11-10T03:00:00Z' });
    expect(page.incidents[0]).toMatchObject({ over: true, resolvedAt: '2024-11-10T03:00:00Z' });
    const left = [
      post(3, '2024-11-10T02:00:00Z', 'resolved'),
      set(4, '2024-11-10T02:30:00Z', 'API', 'partial'),
    ];
    expect(component(pageAt('2024-11-10T04:00:00Z', [record(1, begun, ...left, postmortem)])).state).toBe(
      'partial',
    );
  });

  test('said later of earlier moves history, and not what was said of later', () => {
    const entries = [
      post(2, '2024-11-10T01:00:00Z', 'identified', { said: { API: 'major' } }),
      set(3, '2024-11-10T02:00:00Z', 'API', 'degraded'),
      set(4, '2024-11-10T00:30:00Z', 'API', 'partial'),
    ];
    const page = pageAt('2024-11-10T03:00:00Z', [record(1, ...entries)], [SINCE]);
    expect(component(page).state).toBe('degraded');
    expect(today(page)?.seconds).toEqual({ operational: 1800, partial: 1800, major: 3600, degraded: 3600 });
    expect(page.incidents[0]?.startedAt).toBe('2024-11-10T00:30:00Z');
  });

  test('that was never another is so since anything is known of it', () => {
    const well = record(1, set(2, '2024-11-10T01:00:00Z', 'API', 'operational'));
    expect(component(pageAt('2024-11-10T03:00:00Z', [well], [SINCE])).stateSince).toBe(
      '2020-01-01T00:00:00Z',
    );
  });

  test('of one moment the one that was recorded later counts', () => {
    const entries = [
      set(3, '2024-11-10T01:00:00Z', 'API', 'degraded'),
      set(2, '2024-11-10T01:00:00Z', 'API', 'major'),
    ];
    expect(component(pageAt('2024-11-10T03:00:00Z', [record(1, ...entries)])).state).toBe('degraded');
  });

  test('with a date alone counts from the beginning of that day, UTC', () => {
    const entry = set(2, '2024-11-09T15:00:00Z', 'API', 'major', { precision: 'date' });
    expect(component(pageAt('2024-11-10T03:00:00Z', [record(1, entry)]))).toMatchObject({
      ...{ knownFrom: '2024-11-09T00:00:00Z', stateSince: '2024-11-09T00:00:00Z' },
    });
  });

  test('what lies in the future is not yet; what a clock ahead of ours has recorded is', () => {
    const later = set(2, '2024-11-10T05:00:00Z', 'API', 'major', { recordedAt: '2024-11-10T02:00:00.000Z' });
    expect(component(pageAt('2024-11-10T03:00:00Z', [record(1, later)], [SINCE]))).toMatchObject({
      ...{ state: 'operational', stateSince: null },
    });
    const ahead = set(2, '2024-11-10T03:00:02Z', 'API', 'major', { recordedAt: '2024-11-10T03:00:02.000Z' });
    expect(component(pageAt('2024-11-10T03:00:00Z', [record(1, ahead)], [SINCE]))).toMatchObject({
      ...{ state: 'major', stateSince: '2024-11-10T03:00:00Z' },
    });
  });

  test('counts also where nothing was posted, and there is nothing to read then', () => {
    const page = pageAt('2024-11-10T03:00:00Z', [record(4, set(2, '2024-11-10T01:00:00Z', 'API', 'major'))]);
    expect(page).toMatchObject({
      incidents: [],
      updatedAt: '2024-11-10T01:00:00Z',
      overall: { kind: 'major' },
    });
    expect(today(page)).toMatchObject({ worst: 'major', refs: [] });
  });
});

describe('what is known', () => {
  test('begins when it was first watched, or first spoken of', () => {
    const entry = set(2, '2024-11-09T12:00:00Z', 'API', 'degraded');
    const at = (since: string | null) =>
      component(pageAt('2024-11-10T12:00:00Z', [record(1, entry)], [known('API', since)]));
    expect(at(null).knownFrom).toBe('2024-11-09T12:00:00Z');
    expect(at('2024-11-10T00:00:00Z').knownFrom).toBe('2024-11-09T12:00:00Z');
    expect(at('2024-11-08T18:00:00.250Z')).toMatchObject({ knownFrom: '2024-11-08T18:00:00Z' });
    expect(at('2024-11-08T18:00:00Z').days.slice(-4)).toMatchObject([
      { date: '2024-11-07', worst: null, known: 0, seconds: {} },
      { date: '2024-11-08', worst: 'operational', known: 6 * 3600 },
      {
        date: '2024-11-09',
        worst: 'degraded',
        known: 86_400,
        seconds: { operational: 43_200, degraded: 43_200 },
      },
      { date: '2024-11-10', worst: 'degraded', known: 43_200, seconds: { degraded: 43_200 } },
    ]);
  });

  test('a year without incidents is 100 %', () => {
    const { uptime, days } = component(
      pageAt('2024-11-10T03:00:00Z', [], [known('API', '2023-11-10T00:00:00Z')]),
    );
    expect(uptime).toEqual({ ratio: 1, knownSeconds: 89 * 86_400 + 3 * 3600, downSeconds: 0 });
    expect(new Set(days.map(({ worst }) => worst))).toEqual(new Set(['operational']));
  });

  test('nothing is no 100 %', () => {
    const { uptime, days, knownFrom, state, stateSince } = component(
      pageAt('2024-11-10T03:00:00Z', [], [known('API')]),
    );
    expect({ uptime, knownFrom, state, stateSince }).toEqual({
      ...{ uptime: null, knownFrom: '2024-11-10T03:00:00Z', state: 'operational', stateSince: null },
    });
    expect(days.every(({ known, worst }) => known === 0 && worst === null)).toBe(true);
  });

  test('a partial outage counts for 30 %, a major one whole, the rest not at all', () => {
    const entries = [
      set(2, '2024-11-10T01:00:00Z', 'API', 'partial'),
      set(3, '2024-11-10T02:00:00Z', 'API', 'major'),
      set(4, '2024-11-10T03:00:00Z', 'API', 'degraded'),
      set(5, '2024-11-10T04:00:00Z', 'API', 'maintenance'),
      set(6, '2024-11-10T05:00:00Z', 'API', 'operational'),
    ];
    const { uptime } = component(pageAt('2024-11-10T11:00:00Z', [record(1, ...entries)]));
    expect(uptime).toEqual({ ratio: 1 - 1.3 / 10, knownSeconds: 36_000, downSeconds: 1.3 * 3600 });
  });

  test('days are those of the page, with the hours that they have', () => {
    const page = (zone: string, now: string) => pageAt(now, [], [SINCE], { zone });
    expect(day(page('Europe/Berlin', '2024-11-01T00:00:00Z'), '2024-10-27')?.known).toBe(25 * 3600);
    expect(day(page('Australia/Lord_Howe', '2024-10-10T00:00:00Z'), '2024-10-06')?.known).toBe(23.5 * 3600);
    expect(today(page('Asia/Kolkata', '2024-11-09T19:00:00Z'))).toMatchObject({
      date: '2024-11-10',
      known: 1800,
    });
  });

  test('an incident over midnight touches both days; one that is open every day since', () => {
    const entries = [
      post(2, '2024-11-08T23:59:00Z', 'identified', { said: { API: 'major', Web: null } }),
      post(3, '2024-11-09T00:01:00Z', 'resolved'),
      post(4, '2024-11-10T09:00:00Z', 'postmortem', { said: { API: null } }),
    ];
    const page = pageAt('2024-11-10T12:00:00Z', [record(1, ...entries)]);
    for (const name of ['API', 'Web'])
      expect(
        component(page, name)
          .days.slice(-4)
          .map(({ refs }) => refs),
      ).toEqual([[], ['INC-1'], ['INC-1'], []]);
    const open = pageAt('2024-11-10T12:00:00Z', [record(1, entries[0] as never)]);
    expect(
      component(open, 'Web')
        .days.slice(-4)
        .map(({ refs }) => refs),
    ).toEqual([[], ...Array(3).fill(['INC-1'])]);
  });

  test.each(['00:00:00', '09:00:00'])(
    'an incident of which only its end was posted touches that day (%s)',
    (time) => {
      const page = pageAt('2024-11-10T12:00:00Z', [
        record(1, post(2, `2024-11-10T${time}Z`, 'resolved', { said: { API: null } })),
      ]);
      expect(
        component(page)
          .days.slice(-2)
          .map(({ refs }) => refs),
      ).toEqual([[], ['INC-1']]);
      expect(page.incidents[0]).toMatchObject({ impact: 'none', resolvedAt: `2024-11-10T${time}Z` });
    },
  );
});

describe('an incident', () => {
  const now = '2024-11-10T12:00:00Z';
  const of = (...entries: Parameters<typeof record>[1][]) =>
    pageAt(now, [record(1, ...entries)]).incidents[0];

  test.each([
    ['maintenance', 'none'],
    ['degraded', 'minor'],
    ['partial', 'major'],
    ['major', 'critical'],
    ['operational', 'none'],
  ] as const)('that set %s at worst has the impact %s', (state, impact) => {
    expect(of(post(2, '2024-11-10T01:00:00Z', 'identified', { said: { API: state } }))?.impact).toBe(impact);
  });

  test('that nobody has explained yet is not nothing', () => {
    const page = pageAt(now, [
      record(1, post(2, '2024-11-10T01:00:00Z', 'investigating', { said: { API: null } })),
    ]);
    expect(page.incidents[0]?.impact).toBe('minor');
    expect(page.overall).toEqual({ kind: 'incident', indicator: 'minor' });
  });

  test('is called as it was called last, and stands as its newest moment says', () => {
    const incident = of(
      post(2, '2024-11-10T01:00:00Z', 'investigating', { title: 'Trouble' }),
      post(3, '2024-11-10T03:00:00Z', 'monitoring', { next: '2024-11-10T13:00:00Z' }),
      post(4, '2024-11-10T00:30:00Z', 'identified', { title: 'Trouble with keys' }),
      post(
        5,
        '2024-11-10T02:30:00Z',
        'identified',
        { title: 'A slip' },
        { struck: true, editedAt: '2024-11-10T04:00:00.100Z' },
      ),
    );
    expect(incident).toMatchObject({
      ...{ title: 'Trouble with keys', state: 'monitoring', nextBy: '2024-11-10T13:00:00Z' },
      ...{ updatedAt: '2024-11-10T04:00:00Z', createdAt: '2024-11-10T00:30:00Z' },
    });
  });

  test('that was opened again is open', () => {
    const entries = [
      post(2, '2024-11-10T01:00:00Z', 'monitoring', { said: { API: 'major' } }),
      post(3, '2024-11-10T02:00:00Z', 'resolved'),
      post(4, '2024-11-10T03:00:00Z', 'investigating'),
    ];
    expect(of(...entries)).toMatchObject({
      over: false,
      resolvedAt: null,
      monitoringAt: null,
      impact: 'critical',
    });
    const end = post(5, '2024-11-10T04:00:00Z', 'postmortem');
    expect(of(...entries, end)).toMatchObject({
      over: true,
      state: 'postmortem',
      resolvedAt: '2024-11-10T04:00:00Z',
    });
  });

  test('all of whose posts were withdrawn stays, and is over', () => {
    const struck = { struck: true, editedAt: '2024-11-10T05:00:00.000Z' };
    const page = pageAt(now, [
      record(
        1,
        post(2, '2024-11-10T01:00:00Z', 'identified', { said: { API: 'major' }, title: 'Wrong' }, struck),
      ),
    ]);
    expect(page.incidents).toMatchObject([
      {
        ...{ over: true, impact: 'none', title: null, nextBy: null, resolvedAt: null, components: [] },
        ...{ startedAt: '2024-11-10T01:00:00Z', updatedAt: '2024-11-10T05:00:00Z' },
        posts: [{ text: null, withdrawnAt: '2024-11-10T05:00:00Z', components: [], nextBy: null }],
      },
    ]);
    expect(page.components).toEqual([]);
    expect(page.overall.kind).toBe('operational');
  });

  test('an erased text is gone, and the post is not withdrawn', () => {
    const erased = post(
      2,
      '2024-11-10T01:00:00Z',
      'identified',
      { said: { '[erased]': 'major' } },
      { text: null, erased: true },
    );
    const page = pageAt(now, [
      record(1, erased, set(3, '2024-11-10T01:00:00Z', '', 'major', { text: null, erased: true })),
    ]);
    expect(page.incidents[0]?.posts).toMatchObject([{ text: null, withdrawnAt: null, correctedAt: null }]);
    expect(page.components).toEqual([]);
  });

  test('what was posted before there was a page is on it only if that is asked for', () => {
    const early = post(2, '2024-11-10T01:00:00Z', 'identified', {}, { detail: { state: 'identified' } });
    expect(pageAt(now, [record(1, early)])).toMatchObject({ incidents: [], updatedAt: null });
    expect(pageAt(now, [record(1, early)], [], { earlier: true }).incidents).toMatchObject([
      { state: 'identified' },
    ]);
  });

  test('newest first', () => {
    const begun = (incident: number, at: string) => record(incident, post(2, at, 'resolved'));
    const page = pageAt(now, [
      begun(1, '2024-11-02T00:00:00Z'),
      begun(2, '2024-11-03T00:00:00Z'),
      begun(3, '2024-11-01T00:00:00Z'),
    ]);
    expect(page.incidents.map(({ ref }) => ref)).toEqual(['INC-2', 'INC-1', 'INC-3']);
  });
});

describe('planned work', () => {
  const planned = plan(2, 'MNT-3', ['2024-11-10T22:00:00Z', '2024-11-10T23:00:00Z'], ['API']);
  const begun = works(3, 'MNT-3', '2024-11-10T22:04:00Z', 'in_progress');
  const done = works(4, 'MNT-3', '2024-11-10T22:40:00Z', 'completed');
  const at = (now: string, ...entries: Parameters<typeof record>[1][]) =>
    pageAt(now, [record(0, ...entries)], [SINCE]);

  test('is announced, and changes nothing before it begins', () => {
    const page = at('2024-11-10T22:02:00Z', planned);
    expect(page.overall.kind).toBe('operational');
    expect(page.maintenances).toMatchObject([
      {
        ...{ id: idOf('MNT-3'), ref: 'MNT-3', title: 'Work MNT-3', state: 'scheduled', components: ['API'] },
        ...{ from: '2024-11-10T22:00:00Z', to: '2024-11-10T23:00:00Z', startedAt: null, endedAt: null },
        posts: [{ state: 'scheduled', at: '2024-11-01T09:00:00Z', text: 'We will work on it.' }],
      },
    ]);
    expect(page.incidents).toEqual([]);
    expect(today(page)?.refs).toEqual([]);
  });

  test('holds its components from its beginning to its end', () => {
    expect(at('2024-11-10T22:10:00Z', planned, begun).overall).toEqual({
      kind: 'maintenance',
      indicator: 'maintenance',
    });
    const page = at('2024-11-10T23:00:00Z', planned, begun, done);
    expect(today(page)).toMatchObject({
      worst: 'maintenance',
      seconds: { maintenance: 36 * 60 },
      refs: ['MNT-3'],
    });
    expect(page.maintenances[0]).toMatchObject({
      ...{ state: 'completed', startedAt: '2024-11-10T22:04:00Z', endedAt: '2024-11-10T22:40:00Z' },
      posts: [
        {
          state: 'completed',
          text: null,
          withdrawnAt: null,
          components: [{ name: 'API', from: 'maintenance', to: 'operational' }],
        },
        { state: 'in_progress', components: [{ name: 'API', from: 'operational', to: 'maintenance' }] },
        { state: 'scheduled', components: [{ name: 'API', from: 'operational', to: null }] },
      ],
    });
  });

  test('an outage meanwhile is worse', () => {
    const outage = record(1, post(2, '2024-11-10T22:10:00Z', 'identified', { said: { API: 'degraded' } }));
    const page = pageAt('2024-11-10T22:30:00Z', [record(0, planned, begun), outage], [SINCE]);
    expect(component(page).state).toBe('degraded');
  });

  test('cancelled, it has held nothing', () => {
    const page = at('2024-11-10T23:30:00Z', planned, works(3, 'MNT-3', '2024-11-10T21:00:00Z', 'cancelled'));
    expect(page.maintenances[0]).toMatchObject({
      state: 'cancelled',
      startedAt: null,
      endedAt: '2024-11-10T21:00:00Z',
    });
    expect(today(page)).toMatchObject({ worst: 'operational', refs: [] });
  });

  test('may be recorded when it is over', () => {
    const late = { ...planned, recordedAt: '2024-11-10T23:30:00.000Z' };
    expect(at('2024-11-10T23:40:00Z', late, begun, done).maintenances[0]).toMatchObject({
      ...{ state: 'completed', endedAt: '2024-11-10T22:40:00Z' },
    });
  });

  test('whose plan was withdrawn is called by its number, and holds nothing', () => {
    const struck = { ...planned, struck: true, editedAt: '2024-11-10T22:20:00.000Z' };
    const page = at('2024-11-10T22:30:00Z', struck, begun);
    expect(page.maintenances[0]).toMatchObject({ title: 'MNT-3', state: 'cancelled', components: [] });
    expect(component(page).state).toBe('operational');
  });
});

describe('what another page told', () => {
  const said = { API: 'partial' } as const;
  const entries = [
    imported(2, 'p31zjtct2jer', '2023-05-01T10:00:00Z', 'identified', { said, title: 'Slow' }),
    imported(3, 'p31zjtct2jer', '2023-05-01T11:00:00Z', 'resolved', { title: 'Slow' }),
    imported(4, 'INC-7', '2023-06-01T10:00:00Z', 'resolved', { said, title: 'Other' }),
    imported(5, 'inc-7', '2023-06-02T10:00:00Z', 'resolved', { said, title: 'Other' }),
    imported(6, '../../etc', '2023-06-03T10:00:00Z', 'resolved', { said, title: 'Other' }),
  ];
  const page = pageAt('2025-06-02T00:00:00Z', [record(0, ...entries)]);

  test('is an incident of its own, at its own times', () => {
    expect(page.incidents.at(-1)).toMatchObject({
      ...{
        id: idOf('imported:p31zjtct2jer'),
        ref: 'p31zjtct2jer',
        title: 'Slow',
        over: true,
        impact: 'major',
      },
      ...{
        startedAt: '2023-05-01T10:00:00Z',
        createdAt: '2023-05-01T10:00:00Z',
        updatedAt: '2023-05-01T11:00:00Z',
      },
      posts: [{ n: 3, recordedAt: '2023-05-01T11:00:00Z', id: idOf('INC-0#3') }, { n: 2 }],
    });
    expect(page.updatedAt).toBe('2023-06-03T10:00:00Z');
  });

  test('has an address that is none of ours', () => {
    expect(page.incidents.map(({ ref }) => ref)).toEqual([
      `etc-${idOf('imported:../../etc')}`,
      `inc-7-${idOf('imported:inc-7')}`,
      `inc-7-${idOf('imported:INC-7')}`,
      'p31zjtct2jer',
    ]);
  });
});

describe('the list of components', () => {
  test('is that of tocsin.yml, with those behind it that only posts name', () => {
    const configured = { name: 'Web', group: 'Apps', description: 'For people', since: null };
    const page = pageAt(
      '2024-11-10T12:00:00Z',
      [
        record(
          1,
          post(2, '2024-11-10T01:00:00Z', 'identified', { said: { Zoo: null, API: 'major', Web: null } }),
        ),
      ],
      [configured, known('Docs'), configured],
    );
    expect(page.components.map(({ name, group, description }) => [name, group, description])).toEqual([
      ['Web', 'Apps', 'For people'],
      ['Docs', null, null],
      ['API', null, null],
      ['Zoo', null, null],
    ]);
    expect(page.components[0]).toMatchObject({ id: idOf('component:Web'), slug: 'web' });
  });

  test('of two with one address the one that we met first keeps it', () => {
    const slugs = (...components: Parameters<typeof known>[]) =>
      Object.fromEntries(
        pageAt(
          '2024-11-10T12:00:00Z',
          [],
          components.map((one) => known(...one)),
        ).components.map((one) => [one.name, one.slug]),
      );
    expect(slugs(['A P I', '2024-01-02T00:00:00Z'], ['A+P+I', '2024-01-01T00:00:00Z'])).toEqual({
      ...{ 'A P I': `a-p-i-${idOf('component:A P I').slice(0, 6)}`, 'A+P+I': 'a-p-i' },
    });
    // What was said later of earlier does not make it older.
    const late = { recordedAt: '2024-11-10T11:00:00.000Z' };
    const spoken = record(
      1,
      set(2, '2024-11-10T02:00:00Z', 'A.P.I', 'degraded'),
      set(3, '2024-11-10T01:00:00Z', 'A P I', 'degraded', late),
      set(4, '2024-11-10T00:00:00Z', 'A.P.I', 'degraded', { recordedAt: '2024-11-10T11:30:00.000Z' }),
    );
    const { components } = pageAt('2024-11-10T12:00:00Z', [spoken]);
    expect(components.find(({ slug }) => slug === 'a-p-i')?.name).toBe('A.P.I');
    expect(slugs(['Übersetzung'], ['翻訳'], ['index'], ['---'])).toEqual({
      ...{ Übersetzung: 'ubersetzung', 翻訳: idOf('component:翻訳'), '---': idOf('component:---') },
      index: `index-${idOf('component:index').slice(0, 6)}`,
    });
  });

  test('addresses are fit for addresses, all different, and stay when another component comes', () => {
    const names = fc.uniqueArray(
      fc.oneof(
        fc.string({ unit: fc.constantFrom('a', 'A', 'ä', ' ', '-', '語', '.') }),
        fc.string({ unit: 'grapheme' }),
      ),
      { minLength: 1, maxLength: 20 },
    );
    fc.assert(
      fc.property(names, fc.nat(), (all, place) => {
        const dated = all.map((name, i) => known(name, `2024-01-01T00:00:${10 + i}Z`));
        const slugs = (of: typeof dated) =>
          new Map(pageAt('2024-11-10T12:00:00Z', [], of).components.map(({ name, slug }) => [name, slug]));
        const before = slugs(dated.slice(0, -1));
        const newest = dated.at(-1) as (typeof dated)[number];
        const after = slugs(dated.slice(0, -1).toSpliced(place % all.length, 0, newest));
        expect(new Set(after.values()).size).toBe(all.length);
        for (const slug of after.values()) expect(slug).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
        for (const [name, slug] of before) expect(after.get(name)).toBe(slug);
      }),
    );
  });
});

describe('whatever was recorded', () => {
  const NOW = '2024-11-10T12:00:00Z';
  const times = fc
    .integer({ min: 0, max: 100 * 24 * 60 })
    .map((minutes) =>
      new Date(Date.parse('2024-08-05T00:00:00Z') + minutes * 60_000).toISOString().replace('.000Z', 'Z'),
    );
  const names = fc.constantFrom('API', 'Web', 'Docs');
  const states = fc.constantFrom(...COMPONENT_STATES);
  const flags = fc.record({
    struck: fc.boolean(),
    precision: fc.constantFrom('minute' as const, 'date' as const),
  });
  const entries = fc.array(
    fc.oneof(
      fc.tuple(times, names, states, flags).map(
        ([at, name, state, more]) =>
          (n: number) =>
            set(n, at, name, state, more),
      ),
      fc
        .tuple(
          times,
          fc.constantFrom(
            'investigating' as const,
            'monitoring' as const,
            'resolved' as const,
            'postmortem' as const,
          ),
          fc.dictionary(names, fc.option(states)),
          flags,
        )
        .map(
          ([at, state, said, more]) =>
            (n: number) =>
              post(n, at, state, { said }, more),
        ),
    ),
    { maxLength: 8 },
  );
  const records = fc.array(
    entries.map((all) => all.map((entry, i) => entry(i + 2))),
    { maxLength: 5 },
  );
  const numbered = (all: Parameters<typeof record>[1][][]) => all.map((one, i) => record(i + 1, ...one));
  const zones = fc.constantFrom(
    'UTC',
    'Asia/Kolkata',
    'Australia/Lord_Howe',
    'Europe/Berlin',
    'America/Havana',
  );
  const configured = [
    known('API', '2024-09-01T12:34:56Z'),
    known('Idle', '2024-01-01T00:00:00Z'),
    known('New'),
  ];

  test('what is known of a day is one state or another, and the sum of them', () => {
    fc.assert(
      fc.property(records, zones, (all, zone) => {
        for (const { days, uptime } of pageAt(NOW, numbered(all), configured, { zone }).components) {
          const sum = (seconds: object) => Object.values(seconds).reduce((a: number, b) => a + b, 0);
          for (const { known, seconds, worst } of days) {
            expect(sum(seconds)).toBe(known);
            expect(worst === null).toBe(known === 0);
            for (const one of Object.values(seconds)) expect(one).toBeGreaterThan(0);
          }
          const all = days.reduce((total, { known }) => total + known, 0);
          expect(uptime?.knownSeconds ?? 0).toBe(all);
          if (uptime) expect(uptime.ratio >= 0 && uptime.ratio <= 1).toBe(true);
        }
      }),
    );
  });

  test('a moment has the worst state that any incident gives it, found the slow way', () => {
    const slow = (all: Parameters<typeof record>[1][][], name: string, moment: number) => {
      const each = all.map((one) => {
        const from = (entry: (typeof one)[number]) =>
          Date.parse(entry.precision === 'date' ? `${entry.at.slice(0, 10)}T00:00:00Z` : entry.at);
        const before = one
          .filter((entry) => !entry.struck && from(entry) <= moment)
          .sort((a, b) => from(a) - from(b) || a.n - b.n);
        let state: (typeof COMPONENT_STATES)[number] = 'operational';
        let over = false;
        for (const { kind, text, detail } of before) {
          if (kind === 'component') state = text === name ? (detail.state as typeof state) : state;
          else {
            const said = detail.states?.[detail.components?.indexOf(name) ?? -1] ?? null;
            const ends: boolean = detail.state === 'resolved' || (detail.state === 'postmortem' && !over);
            state = said ?? (ends ? 'operational' : state);
            over = ends || (over && detail.state === 'postmortem');
          }
        }
        return COMPONENT_STATES.indexOf(state);
      });
      return COMPONENT_STATES[Math.max(0, ...each)];
    };
    fc.assert(
      fc.property(records, times, (recorded, now) => {
        // Before all of it: what lies behind `now` is the future then.
        const all = recorded.map((one) =>
          one.map((entry) => ({ ...entry, recordedAt: '2024-08-01T00:00:00.000Z' })),
        );
        for (const { name, state, stateSince, days } of pageAt(now, numbered(all), configured).components) {
          const at = Date.parse(now);
          expect(state).toBe(slow(all, name, at));
          const since = Date.parse(stateSince ?? now);
          expect(slow(all, name, since)).toBe(state);
          // Every moment of today in which anything changes, or the first of it.
          const begin = Date.parse(`${now.slice(0, 10)}T00:00:00Z`);
          const { known = 0, seconds = {} } = days.at(-1) ?? {};
          const from = at - known * 1000;
          const moments = all
            .flat()
            .flatMap((entry) => [Date.parse(entry.at), begin])
            .filter((one) => one > from && one < at);
          const edges = [from, ...[...new Set(moments)].sort((a, b) => a - b), at];
          const expected: Record<string, number> = {};
          edges.slice(0, -1).forEach((edge, i) => {
            const one = slow(all, name, edge) as string;
            const length = ((edges[i + 1] as number) - edge) / 1000;
            if (length > 0) expected[one] = (expected[one] ?? 0) + length;
          });
          expect(seconds).toEqual(expected);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('the order in which it is read does not matter', () => {
    fc.assert(
      fc.property(records, fc.infiniteStream(fc.nat()), (all, chance) => {
        const numbers = chance[Symbol.iterator]();
        const shuffled = <T>(of: readonly T[]) =>
          of
            .map((one) => ({ one, key: numbers.next().value ?? 0 }))
            .sort((a, b) => a.key - b.key)
            .map(({ one }) => one);
        const page = pageAt(NOW, numbered(all), configured);
        const mixed = shuffled(numbered(all)).map((one) => ({ ...one, entries: shuffled(one.entries) }));
        expect(pageAt(NOW, mixed, configured)).toEqual(page);
      }),
    );
  });

  test('of components a struck entry was never there', () => {
    fc.assert(
      fc.property(records, (all) => {
        const without = all.map((one) => one.filter(({ struck }) => !struck));
        const [page, bare] = [
          pageAt(NOW, numbered(all), configured),
          pageAt(NOW, numbered(without), configured),
        ];
        expect(page.components).toEqual(bare.components);
        expect(page.overall).toEqual(bare.overall);
      }),
    );
  });

  test('nothing of a private incident but what was posted, nor of what is no post', () => {
    // Longer than anything that stands there by itself.
    const wild = fc
      .string({ unit: 'grapheme', minLength: 4, maxLength: 40 })
      .map((text) => `${text}§secret§`);
    fc.assert(
      fc.property(records, wild, fc.integer({ min: 1_000_000, max: 99_999_999 }), (all, secret, incident) => {
        const hidden = all.map((one, i) => ({
          ...{ incident: incident + i, private: true },
          entries: [
            {
              ...post(1, NOW, 'identified'),
              kind: 'opened' as const,
              text: secret,
              detail: { private: true },
            },
            { ...post(90, NOW, 'identified'), kind: 'title' as const, text: secret },
            { ...post(91, NOW, 'identified'), kind: 'note' as const, text: secret },
            { ...post(92, NOW, 'identified', { text: secret, title: secret }), struck: true },
            { ...post(93, NOW, 'identified', { text: secret }), erased: true },
            { ...set(94, NOW, secret, 'major'), detail: { change: 'added' as const } },
            ...one.map((entry) => ({
              ...entry,
              detail: {
                ...entry.detail,
                anyway: secret,
                struckReason: secret,
                person: { id: secret, name: secret },
              },
              ...{ by: { id: secret, name: secret }, link: secret },
              text: entry.struck ? secret : entry.text,
            })),
          ],
        }));
        const page = pageAt(NOW, hidden, configured);
        const text = JSON.stringify(page);
        expect(text).not.toContain(JSON.stringify(secret).slice(1, -1));
        expect(text).not.toContain('§secret§');
        expect(text).not.toMatch(/INC-/);
        hidden.forEach((_, i) => {
          expect(text).not.toContain(String(incident + i));
        });
        for (const { id, ref } of page.incidents) expect(ref).toBe(id);
      }),
    );
  });
});
