import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Statuspage } from 'statuspage.io';
import { z } from 'zod';
import type { Overall, PublicMaintenance, PublicPage } from '#domain/status/page.js';
import { apiFiles } from '#public/files/api.js';
import { shown, shownLine } from '#public/plain.js';
import type { LookSettings } from '#public/settings.js';
import { entered } from '../render/texts.js';
import { effort } from '../support/effort.js';
import { component, founding, idOf, LOOK, maintenance, pageOf, post, TTS, WORDS } from './made-page.js';

// From Statuspage's documentation (each page's /api) and answers of real pages, not from our code: nothing is missing there,
// and nothing else is known to clients.
const time = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const id = z.string().regex(/^[a-z0-9]{12}$/);
const componentStatus = z.enum([
  'operational',
  'degraded_performance',
  'partial_outage',
  'major_outage',
  'under_maintenance',
]);
const pageShape = z.strictObject({
  id,
  name: z.string().min(1),
  url: z.string(),
  time_zone: z.string().min(1),
  updated_at: time,
});
const statusShape = z.strictObject({
  indicator: z.enum(['none', 'minor', 'major', 'critical', 'maintenance']),
  description: z.enum([
    'All Systems Operational',
    'Partially Degraded Service',
    'Minor Service Outage',
    'Partial System Outage',
    'Major Service Outage',
    'Service Under Maintenance',
  ]),
});
const componentShape = z.strictObject({
  id,
  name: z.string().min(1),
  status: componentStatus,
  created_at: time,
  updated_at: time,
  position: z.int().positive(),
  description: z.string().nullable(),
  showcase: z.boolean(),
  start_date: z.iso.date().nullable(),
  group_id: id.nullable(),
  page_id: id,
  group: z.boolean(),
  only_show_if_degraded: z.boolean(),
  components: z.array(id).min(1).optional(),
});
const updateOf = <T extends z.ZodType>(status: T) =>
  z.strictObject({
    id,
    status,
    body: z.string().min(1),
    incident_id: id,
    created_at: time,
    updated_at: time,
    display_at: time,
    affected_components: z
      .array(
        z.strictObject({
          code: id,
          name: z.string().min(1),
          old_status: componentStatus,
          new_status: componentStatus,
        }),
      )
      .min(1)
      .nullable(),
    deliver_notifications: z.boolean(),
    custom_tweet: z.null(),
    tweet_id: z.null(),
  });
const common = {
  id,
  name: z.string().min(1),
  created_at: time,
  updated_at: time,
  monitoring_at: time.nullable(),
  resolved_at: time.nullable(),
  shortlink: z.string(),
  started_at: time,
  page_id: id,
  components: z.array(componentShape),
};
const incidentStatus = z.enum(['investigating', 'identified', 'monitoring', 'resolved', 'postmortem']);
const incidentShape = z.strictObject({
  ...common,
  status: incidentStatus,
  impact: z.enum(['none', 'minor', 'major', 'critical']),
  incident_updates: z.array(updateOf(incidentStatus)).min(1),
});
const maintenanceStatus = z.enum(['scheduled', 'in_progress', 'verifying', 'completed']);
const maintenanceShape = z.strictObject({
  ...common,
  status: maintenanceStatus,
  impact: z.literal('maintenance'),
  incident_updates: z.array(updateOf(maintenanceStatus)).min(1),
  scheduled_for: time,
  scheduled_until: time,
});
const incidents = z.strictObject({ page: pageShape, incidents: z.array(incidentShape) });
const maintenances = z.strictObject({ page: pageShape, scheduled_maintenances: z.array(maintenanceShape) });
const components = z.strictObject({ page: pageShape, components: z.array(componentShape) });
const SHAPES = {
  'api/v2/summary.json': z.strictObject({
    page: pageShape,
    components: z.array(componentShape),
    incidents: z.array(incidentShape),
    scheduled_maintenances: z.array(maintenanceShape),
    status: statusShape,
  }),
  'api/v2/status.json': z.strictObject({ page: pageShape, status: statusShape }),
  'api/v2/components.json': components,
  'api/v2/incidents.json': incidents,
  'api/v2/incidents/unresolved.json': incidents,
  'api/v2/scheduled-maintenances.json': maintenances,
  'api/v2/scheduled-maintenances/upcoming.json': maintenances,
  'api/v2/scheduled-maintenances/active.json': maintenances,
};

function filesOf(page: PublicPage, look: LookSettings = LOOK) {
  return new Map(apiFiles(page, look, WORDS));
}

/** All files, read by their shapes. */
function read(page: PublicPage, look: LookSettings = LOOK) {
  const files = filesOf(page, look);
  expect([...files.keys()].sort()).toEqual(Object.keys(SHAPES).sort());
  const parsed = <K extends keyof typeof SHAPES>(path: K) =>
    SHAPES[path].parse(JSON.parse(files.get(path) ?? '')) as z.infer<(typeof SHAPES)[K]>;
  return {
    summary: parsed('api/v2/summary.json'),
    status: parsed('api/v2/status.json'),
    components: parsed('api/v2/components.json').components,
    incidents: parsed('api/v2/incidents.json').incidents,
    unresolved: parsed('api/v2/incidents/unresolved.json').incidents,
    all: parsed('api/v2/scheduled-maintenances.json').scheduled_maintenances,
    upcoming: parsed('api/v2/scheduled-maintenances/upcoming.json').scheduled_maintenances,
    active: parsed('api/v2/scheduled-maintenances/active.json').scheduled_maintenances,
  };
}

const open = () =>
  founding({
    ...{
      id: idOf('incident 2'),
      ref: 'INC-2',
      title: null,
      state: 'identified',
      over: false,
      impact: 'critical',
    },
    ...{ resolvedAt: null, monitoringAt: null, startedAt: '2024-11-14T08:00:00Z' },
    posts: [post({ at: '2024-11-14T08:00:00Z', state: 'identified', text: 'Down.' })],
  });

describe("Statuspage's API, v2", () => {
  test('the founding incident is told with its times, newest update first, and what it did to components', () => {
    const { incidents, unresolved, summary } = read(pageOf());
    expect(unresolved).toEqual([]);
    expect(summary.incidents).toEqual([]);
    expect(incidents).toHaveLength(1);
    const [incident] = incidents;
    expect(incident).toMatchObject({
      ...{
        id: idOf('incident 1'),
        name: 'Text to Speech requests fail',
        status: 'postmortem',
        impact: 'major',
      },
      started_at: '2024-11-10T01:41:00.000Z',
      monitoring_at: '2024-11-10T01:44:00.000Z',
      resolved_at: '2024-11-10T02:02:00.000Z',
      shortlink: 'https://status.sonora.example/incidents/INC-1.html',
    });
    expect(incident?.components.map(({ name, status }) => [name, status])).toEqual([[TTS, 'operational']]);
    expect(
      incident?.incident_updates.map(({ status, display_at }) => [status, display_at.slice(11, 16)]),
    ).toEqual([
      ['postmortem', '03:21'],
      ['resolved', '02:02'],
      ['monitoring', '01:44'],
      ['identified', '01:41'],
    ]);
    const [, resolved, monitoring, identified] = incident?.incident_updates ?? [];
    const code = idOf(`component ${TTS}`);
    const name = `Speech - ${TTS}`;
    expect(identified).toMatchObject({
      body: 'Requests fail with 401 & <nothing>.',
      affected_components: [{ code, name, old_status: 'operational', new_status: 'partial_outage' }],
    });
    expect(monitoring).toMatchObject({
      body: 'A fix is in place.\nWe watch it.',
      created_at: '2024-11-10T01:44:00.000Z',
      updated_at: '2024-11-10T01:50:00.000Z',
      affected_components: [{ code, name, old_status: 'partial_outage', new_status: 'partial_outage' }],
    });
    expect(resolved?.affected_components).toEqual([
      { code, name, old_status: 'partial_outage', new_status: 'operational' },
    ]);
  });

  test('an open incident without a title is in the summary, and is named by the words handed in', () => {
    const { summary, unresolved, incidents } = read(pageOf({ incidents: [open(), founding()] }));
    expect(unresolved.map(({ name }) => name)).toEqual([`Trouble with ${TTS}`]);
    expect(summary.incidents).toEqual(unresolved);
    expect(incidents.map(({ name }) => name)).toEqual([
      `Trouble with ${TTS}`,
      'Text to Speech requests fail',
    ]);
  });

  test('groups are components that name theirs and stand before them; a group is as bad as its worst', () => {
    const { components, summary } = read(
      pageOf({
        components: [
          component({
            name: 'Dubbing',
            group: 'Speech',
            state: 'degraded',
            knownFrom: '2024-05-01T00:00:00Z',
          }),
          component({ name: 'Website', state: 'maintenance', description: 'What you see' }),
          component({ name: TTS, group: 'Speech', state: 'partial', stateSince: '2024-11-10T01:41:00Z' }),
          component({ name: 'Speech', state: 'major', group: 'Other' }),
        ],
      }),
    );
    expect(summary.components).toEqual(components);
    const speech = idOf('group:Speech');
    const [dubbing, tts] = [idOf('component Dubbing'), idOf(`component ${TTS}`)];
    expect(
      components.map(({ name, status, position, group, group_id }) => ({
        name,
        status,
        position,
        group,
        group_id,
      })),
    ).toEqual([
      { name: 'Speech', status: 'partial_outage', position: 1, group: true, group_id: null },
      { name: 'Dubbing', status: 'degraded_performance', position: 1, group: false, group_id: speech },
      { name: TTS, status: 'partial_outage', position: 2, group: false, group_id: speech },
      { name: 'Website', status: 'under_maintenance', position: 2, group: false, group_id: null },
      { name: 'Other', status: 'major_outage', position: 3, group: true, group_id: null },
      { name: 'Speech', status: 'major_outage', position: 1, group: false, group_id: idOf('group:Other') },
    ]);
    expect(components[0]).toMatchObject({
      ...{ id: speech, components: [dubbing, tts] },
      ...{ created_at: '2024-01-31T23:30:00.000Z', updated_at: '2024-11-10T01:41:00.000Z', start_date: null },
    });
    expect(components[1]?.components).toBeUndefined();
    // Half past eleven in the evening, UTC, is the next day in Berlin.
    expect(components[2]).toMatchObject({ start_date: '2024-02-01', updated_at: '2024-11-10T01:41:00.000Z' });
    expect(components[3]).toMatchObject({ description: 'What you see', showcase: true });
  });

  test('a component of which nothing was ever said gives the same bytes, whenever it is looked at', () => {
    const at = (knownFrom: string) =>
      filesOf(pageOf({ at: knownFrom, components: [component({ name: 'New', knownFrom, uptime: null })] }));
    expect(at('2024-11-15T12:00:00Z')).toEqual(at('2024-11-15T12:00:01Z'));
    expect(
      read(pageOf({ components: [component({ name: 'New', uptime: null })] })).components[0]?.start_date,
    ).toBeNull();
  });

  test.each<[Overall['kind'], Overall['indicator'], string]>([
    ['operational', 'none', 'All Systems Operational'],
    ['maintenance', 'maintenance', 'Service Under Maintenance'],
    ['degraded', 'minor', 'Partially Degraded Service'],
    ['partial', 'major', 'Partial System Outage'],
    ['major', 'critical', 'Major Service Outage'],
    ['incident', 'none', 'All Systems Operational'],
    ['incident', 'minor', 'Minor Service Outage'],
    ['incident', 'major', 'Partial System Outage'],
    ['incident', 'critical', 'Major Service Outage'],
  ])('%s with the indicator %s is “%s”, in English on every page', (kind, indicator, description) => {
    const { status, summary } = read(pageOf({ overall: { kind, indicator } }), { ...LOOK, language: 'ja' });
    expect(status.status).toEqual({ indicator, description });
    expect(summary.status).toEqual({ indicator, description });
  });

  test('what was withdrawn is gone, so that the first update says how the incident stands', () => {
    const [newest, ...rest] = founding().posts;
    if (!newest) throw new Error('no posts');
    const withdrawn = { ...newest, text: null, withdrawnAt: '2024-11-10T03:30:00Z' };
    const { incidents } = read(
      pageOf({ incidents: [founding({ state: 'resolved', posts: [withdrawn, ...rest] })] }),
    );
    expect(incidents[0]?.incident_updates.map(({ status }) => status)).toEqual([
      'resolved',
      'monitoring',
      'identified',
    ]);
    expect(incidents[0]?.status).toBe('resolved');
  });

  test('erased words are replaced, because the update may be the one that says how the incident stands', () => {
    const [newest, ...rest] = founding().posts;
    if (!newest) throw new Error('no posts');
    const { incidents } = read(
      pageOf({ incidents: [founding({ posts: [{ ...newest, text: null }, ...rest] })] }),
    );
    expect(incidents[0]?.incident_updates[0]).toMatchObject({
      ...{ status: 'postmortem', body: 'The text of this update has been removed.' },
    });
  });

  test('an incident of which nothing can be read is not there', () => {
    const posts = founding().posts;
    const gone = [
      founding({
        posts: posts.map((each) => ({ ...each, text: null, withdrawnAt: '2024-11-10T04:00:00Z' })),
      }),
      founding({ over: false, posts: posts.map((each) => ({ ...each, text: null })) }),
      founding({ over: false, posts: [] }),
    ];
    const { incidents, unresolved, summary } = read(pageOf({ incidents: gone }));
    expect([incidents, unresolved, summary.incidents]).toEqual([[], [], []]);
  });

  test('a component that the page does not know is not named: it has no id', () => {
    const touched = [{ name: 'Secret', from: 'operational', to: 'major' } as const];
    const incident = founding({
      components: [{ name: 'Secret', worst: 'major', state: 'major' }],
      posts: [post({ at: '2024-11-10T01:41:00Z', components: touched })],
    });
    const files = filesOf(pageOf({ incidents: [incident] }));
    expect([...files.values()].join('')).not.toContain('Secret');
    expect(
      read(pageOf({ incidents: [incident] })).incidents[0]?.incident_updates[0]?.affected_components,
    ).toBeNull();
  });

  test('planned work goes from upcoming to active to none of them; what is cancelled counts as completed, in its words', () => {
    const at = (state: PublicMaintenance['state'], over: Partial<PublicMaintenance> = {}) => {
      const { all, upcoming, active, summary } = read(
        pageOf({ maintenances: [maintenance({ state, ...over })] }),
      );
      expect(all).toHaveLength(1);
      expect(summary.scheduled_maintenances).toEqual([...upcoming, ...active]);
      return { upcoming: upcoming.length, active: active.length, told: all[0] };
    };
    const scheduled = at('scheduled');
    expect(scheduled).toMatchObject({ upcoming: 1, active: 0 });
    expect(scheduled.told).toMatchObject({
      ...{ name: 'Database upgrade', status: 'scheduled', impact: 'maintenance', resolved_at: null },
      scheduled_for: '2024-11-20T22:00:00.000Z',
      scheduled_until: '2024-11-21T00:00:00.000Z',
      started_at: '2024-11-20T22:00:00.000Z',
      components: [{ name: 'Dubbing', group: false }],
      incident_updates: [{ status: 'scheduled', body: 'Dubbing will be slow.' }],
    });
    const begun = { startedAt: '2024-11-20T22:05:00Z' };
    expect(at('in_progress', begun)).toMatchObject({
      ...{ upcoming: 0, active: 1 },
      told: { status: 'in_progress', started_at: '2024-11-20T22:05:00.000Z', resolved_at: null },
    });
    expect(at('completed', { ...begun, endedAt: '2024-11-20T23:10:00Z' })).toMatchObject({
      ...{ upcoming: 0, active: 0 },
      told: { status: 'completed', resolved_at: '2024-11-20T23:10:00.000Z' },
    });
    const words = post({ at: '2024-11-19T00:00:00Z', state: 'cancelled', text: 'Not needed any more.' });
    const cancelled = at('cancelled', {
      updatedAt: '2024-11-19T00:00:00Z',
      posts: [words, ...maintenance().posts],
    });
    expect(cancelled).toMatchObject({ upcoming: 0, active: 0 });
    expect(cancelled.told).toMatchObject({
      ...{ status: 'completed', resolved_at: '2024-11-19T00:00:00.000Z' },
      incident_updates: [{ status: 'completed', body: 'Not needed any more.' }, { status: 'scheduled' }],
    });
  });

  test('planned work of which nobody wrote anything says what Statuspage says then', () => {
    const silent = (state: PublicMaintenance['state']) =>
      post({ at: '2024-11-20T22:00:00Z', state, text: null });
    const posts = (['completed', 'in_progress', 'scheduled'] as const).map(silent);
    const { all } = read(
      pageOf({ maintenances: [maintenance({ state: 'completed', posts }), maintenance({ posts: [] })] }),
    );
    expect(all.map((each) => each.incident_updates.map(({ status, body }) => `${status}: ${body}`))).toEqual([
      [
        'completed: The scheduled maintenance has been completed.',
        'in_progress: Scheduled maintenance is currently in progress. We will provide updates as necessary.',
        'scheduled: We will be undergoing scheduled maintenance during this time.',
      ],
      ['scheduled: We will be undergoing scheduled maintenance during this time.'],
    ]);
  });

  test('lists hold the newest 50; what is open is all there', () => {
    const many = Array.from({ length: 120 }, (_, i) =>
      founding({ id: idOf(`many ${i}`), over: i % 2 === 1 }),
    );
    const work = Array.from({ length: 60 }, (_, i) => maintenance({ id: idOf(`work ${i}`) }));
    const { incidents, unresolved, all, upcoming } = read(pageOf({ incidents: many, maintenances: work }));
    expect(incidents.map((each) => each.id)).toEqual(many.slice(0, 50).map((each) => each.id));
    expect(unresolved).toHaveLength(60);
    expect(all).toHaveLength(50);
    expect(upcoming).toHaveLength(60);
  });

  test('a page whose address is not known has no links, and the same shape', () => {
    const { summary, incidents } = read(pageOf(), { ...LOOK, url: null, zone: 'UTC' });
    expect(summary.page).toEqual({
      ...{ id: idOf('page'), name: 'Sonora status', url: '', time_zone: 'Etc/UTC' },
      updated_at: '2024-11-12T09:00:00.000Z',
    });
    expect(incidents[0]?.shortlink).toBe('');
  });

  test('a page of which nothing was ever published has the shape too', () => {
    const nothing = { updatedAt: null, components: [], incidents: [], maintenances: [] };
    expect(read(pageOf(nothing)).summary).toMatchObject({ components: [], incidents: [] });
  });

  test('any text comes out as it went in, but for what is invisible', () => {
    const around = fc.record({ text: entered, name: entered, group: entered, title: entered });
    fc.assert(
      fc.property(around, ({ text, name, group, title }) => {
        const incident = founding({
          title,
          components: [{ name, worst: 'major', state: 'major' }],
          posts: [
            post({ at: '2024-11-10T01:41:00Z', text, components: [{ name, from: 'major', to: 'partial' }] }),
          ],
        });
        const files = filesOf(
          pageOf({
            components: [component({ name, group, description: text })],
            incidents: [incident],
            maintenances: [maintenance({ title, components: [name] })],
          }),
        );
        const summary = JSON.parse(files.get('api/v2/summary.json') ?? '');
        const told = JSON.parse(files.get('api/v2/incidents.json') ?? '').incidents[0];
        expect(summary.components.map((each: { name: string }) => each.name)).toEqual(
          [group, name].map(shownLine),
        );
        expect(summary.components[1].description).toBe(shown(text));
        expect(summary.scheduled_maintenances[0].name).toBe(shownLine(title));
        expect(told.name).toBe(shownLine(title));
        expect(told.incident_updates[0].body).toBe(shown(text));
        expect(told.incident_updates[0].affected_components[0].name).toBe(
          `${shownLine(group)} - ${shownLine(name)}`,
        );
      }),
      { numRuns: effort(150) },
    );
  });
});

describe('the npm client statuspage.io, unchanged', () => {
  const started: Array<() => Promise<void>> = [];
  afterAll(async () => {
    for (const stop of started) await stop();
  });

  /** A folder with the files, and a server that knows nothing but the folder. */
  async function served(page: PublicPage) {
    const folder = await mkdtemp(join(tmpdir(), 'tocsin-api-'));
    for (const [path, content] of apiFiles(page, LOOK, WORDS)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://here');
      if (request.method !== 'GET') return void response.writeHead(405).end();
      readFile(join(folder, pathname)).then(
        (content) => response.writeHead(200, { 'Content-Type': 'application/json' }).end(content),
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    started.push(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true });
    });
    const client = new Statuspage('kctbh9vrtdwd');
    client.setApiUrl(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return client.api;
  }

  test('gets by every call that a page answers what the page says', async () => {
    const work = [maintenance(), maintenance({ id: idOf('at work'), state: 'in_progress' })];
    const page = pageOf({
      overall: { indicator: 'major', kind: 'partial' },
      incidents: [open(), founding()],
      maintenances: work,
    });
    const api = await served(page);
    const summary = await api.getSummary();
    expect(summary.status).toEqual({ indicator: 'major', description: 'Partial System Outage' });
    expect(summary.page).toMatchObject({ name: 'Sonora status', url: LOOK.url, time_zone: 'Europe/Berlin' });
    expect(summary.incidents.map(({ status }) => status)).toEqual(['identified']);
    expect(summary.scheduled_maintenances.map(({ status }) => status)).toEqual(['scheduled', 'in_progress']);
    expect(await api.getStatus()).toEqual({ page: summary.page, status: summary.status });
    expect(await api.getComponents()).toEqual({ page: summary.page, components: summary.components });
    const all = await api.incidents.getAll();
    expect(all.incidents.map(({ name, impact }) => [name, impact])).toEqual([
      [`Trouble with ${TTS}`, 'critical'],
      ['Text to Speech requests fail', 'major'],
    ]);
    expect(all.incidents[1]?.incident_updates.map(({ body }) => body)).toEqual(
      founding().posts.map(({ text }) => text),
    );
    expect((await api.incidents.getUnresolved()).incidents).toEqual(summary.incidents);
    // Whichever of the three is asked, this client fetches `upcoming.json`: a mistake of its own.
    for (const asked of ['getUpcoming', 'getActive', 'getAll'] as const) {
      const { scheduled_maintenances: told } = await api.scheduledMaintenances[asked]();
      expect(told.map(({ id, status }) => [id, status])).toEqual([[maintenance().id, 'scheduled']]);
    }
  });

  test('is told that the page takes no subscribers this way', async () => {
    const api = await served(pageOf());
    const email = { email: 'ana@example.com' };
    await expect(api.subscribers.createPageSubscription(email)).rejects.toMatchObject({
      response: { status: 404 },
    });
    await expect(api.subscribers.getSubscription('1')).rejects.toMatchObject({ response: { status: 404 } });
    await expect(api.subscribers.removeSubscription('1')).rejects.toMatchObject({
      response: { status: 405 },
    });
  });
});
