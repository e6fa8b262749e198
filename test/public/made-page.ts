import { createHash } from 'node:crypto';
import type {
  ComponentState,
  PublicComponent,
  PublicIncident,
  PublicMaintenance,
  PublicPage,
  PublicPost,
} from '#domain/status/page.js';
import type { FeedWords } from '#public/files/feeds.js';
import type { LookSettings } from '#public/settings.js';

/** Readings as `publicPage` gives them, part by part; tests change what they are about. */

export const idOf = (what: string) =>
  BigInt(`0x${createHash('sha256').update(what).digest('hex')}`)
    .toString(36)
    .padStart(50, '0')
    .slice(-12);

export const LOOK: LookSettings = {
  title: 'Sonora status',
  url: 'https://status.sonora.example',
  language: 'en',
  zone: 'Europe/Berlin',
  logo: null,
  colours: { accent: null, accentDark: null },
  links: [],
  about: null,
};

export const WORDS: FeedWords = {
  idOf,
  titleOf: ({ title, components }) =>
    title ?? `Trouble with ${components.map(({ name }) => name).join(', ')}`,
  stateOf: (state) => `State ${state}`,
  componentStateOf: (state) => `Component ${state}`,
  withdrawnAt: (time) => `Withdrawn at ${time}`,
  erased: 'These words were erased.',
  correctedAt: (time) => `Corrected at ${time}`,
  nextBy: (time) => `Next by ${time}`,
  planned: (from, to) => `Planned from ${from} to ${to}`,
};

export const TTS = 'Text to Speech (Developer API)';

export function component(over: Partial<PublicComponent> & { name: string }): PublicComponent {
  return {
    id: idOf(`component ${over.name}`),
    slug: over.name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, ''),
    group: null,
    description: null,
    state: 'operational',
    stateSince: null,
    knownFrom: '2024-01-31T23:30:00Z',
    days: [],
    uptime: { ratio: 1, knownSeconds: 7_776_000, downSeconds: 0 },
    ...over,
  };
}

export function post(over: Partial<PublicPost> & { at: string }): PublicPost {
  return {
    id: idOf(`post ${over.at} ${over.n ?? 0}`),
    n: 1,
    state: 'investigating',
    precision: 'minute',
    recordedAt: over.at,
    text: 'We are looking into it.',
    correctedAt: null,
    withdrawnAt: null,
    nextBy: null,
    components: [],
    ...over,
  };
}

const hit = (name: string, from: ComponentState, to: ComponentState | null) => ({ name, from, to });

/** The founding incident, as it was published. */
export function founding(over: Partial<PublicIncident> = {}): PublicIncident {
  return {
    id: idOf('incident 1'),
    ref: 'INC-1',
    title: 'Text to Speech requests fail',
    state: 'postmortem',
    over: true,
    impact: 'major',
    startedAt: '2024-11-10T01:41:00Z',
    updatedAt: '2024-11-10T03:21:00Z',
    createdAt: '2024-11-10T01:41:00Z',
    monitoringAt: '2024-11-10T01:44:00Z',
    resolvedAt: '2024-11-10T02:02:00Z',
    nextBy: null,
    components: [{ name: TTS, worst: 'partial', state: 'operational' }],
    posts: [
      post({ n: 4, at: '2024-11-10T03:21:00Z', state: 'postmortem', text: 'A key was rotated too early.' }),
      post({
        ...{ n: 3, at: '2024-11-10T02:02:00Z', state: 'resolved', text: 'All requests succeed.' },
        components: [hit(TTS, 'partial', 'operational')],
      }),
      post({
        ...{
          n: 2,
          at: '2024-11-10T01:44:00Z',
          state: 'monitoring',
          text: 'A fix is in place.\nWe watch it.',
        },
        ...{ correctedAt: '2024-11-10T01:50:00Z', components: [hit(TTS, 'partial', null)] },
      }),
      post({
        ...{
          n: 1,
          at: '2024-11-10T01:41:00Z',
          state: 'identified',
          text: 'Requests fail with 401 & <nothing>.',
        },
        components: [hit(TTS, 'operational', 'partial')],
      }),
    ],
    ...over,
  };
}

export function maintenance(over: Partial<PublicMaintenance> = {}): PublicMaintenance {
  return {
    id: idOf('maintenance 3'),
    ref: 'MNT-3',
    title: 'Database upgrade',
    state: 'scheduled',
    from: '2024-11-20T22:00:00Z',
    to: '2024-11-21T00:00:00Z',
    startedAt: null,
    endedAt: null,
    createdAt: '2024-11-12T09:00:00Z',
    updatedAt: '2024-11-12T09:00:00Z',
    components: ['Dubbing'],
    posts: [post({ n: 20, at: '2024-11-12T09:00:00Z', state: 'scheduled', text: 'Dubbing will be slow.' })],
    ...over,
  };
}

export function pageOf(over: Partial<PublicPage> = {}): PublicPage {
  return {
    at: '2024-11-15T12:00:00Z',
    updatedAt: '2024-11-12T09:00:00Z',
    overall: { indicator: 'none', kind: 'operational' },
    components: [
      component({ name: 'Website', description: 'What you see' }),
      component({ name: TTS, group: 'Speech', stateSince: '2024-11-10T02:02:00Z' }),
      component({ name: 'Dubbing', group: 'Speech' }),
    ],
    incidents: [founding()],
    maintenances: [maintenance()],
    ...over,
  };
}
