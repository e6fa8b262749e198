import type {
  ComponentState,
  Overall,
  PublicComponent,
  PublicDay,
  PublicIncident,
  PublicMaintenance,
  PublicPage,
  PublicPost,
} from '#domain/status/page.js';
import type { LookSettings } from '#public/settings.js';

// Readings for the public, made by hand: what `publicPage` gives is tested where it is made.

export const LOOK: LookSettings = {
  title: 'Example Voices',
  url: 'https://status.example.com',
  language: 'en',
  zone: 'UTC',
  logo: null,
  colours: { accent: null, accentDark: null },
  links: [
    { text: 'Documentation', url: 'https://docs.example.com/' },
    { text: 'Support', url: 'https://support.example.com/?a=1&b=2' },
  ],
  about: 'The state of our studio and of our interfaces for developers, as we know it.',
};

const TTS = 'Text to Speech (Developer API)';
const FULL = 86_400;
const DAY = FULL * 1_000;

/** @returns `2024-11-09`, so many days before `date` */
const daysBefore = (date: string, count: number) =>
  new Date(Date.parse(date) - count * DAY).toISOString().slice(0, 10);

interface Trouble {
  readonly seconds: PublicDay['seconds'];
  readonly refs: readonly string[];
}

/** Ninety days of which `unknown` at the beginning are not known; the rest is well but for those in `troubles`. */
export function ninety(today: string, unknown: number, troubles: Record<string, Trouble> = {}): PublicDay[] {
  const worstFirst: readonly ComponentState[] = ['major', 'partial', 'degraded', 'maintenance'];
  return Array.from({ length: 90 }, (_, i) => {
    const date = daysBefore(today, 89 - i);
    if (i < unknown) return { date, worst: null, known: 0, seconds: {}, refs: [] };
    const { seconds, refs } = troubles[date] ?? { seconds: {}, refs: [] };
    const bad = Object.values(seconds).reduce((sum, count) => sum + count, 0);
    const worst = worstFirst.find((state) => (seconds[state] ?? 0) > 0) ?? 'operational';
    return { date, worst, known: FULL, seconds: { ...seconds, operational: FULL - bad }, refs };
  });
}

export function component(name: string, given: Partial<PublicComponent> = {}): PublicComponent {
  const slug = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return {
    id: slug.replace(/-/g, '').padEnd(12, '0').slice(0, 12),
    name,
    slug: slug || 'component',
    group: null,
    description: null,
    state: 'operational',
    stateSince: null,
    knownFrom: '2024-01-01T00:00:00Z',
    days: ninety('2024-11-10', 0),
    uptime: { ratio: 1, knownSeconds: 90 * FULL, downSeconds: 0 },
    ...given,
  };
}

export function post(n: number, given: Partial<PublicPost> = {}): PublicPost {
  return {
    id: `post${String(n).padStart(8, '0')}`,
    n,
    state: 'investigating',
    at: '2024-11-10T01:41:00Z',
    precision: 'minute',
    recordedAt: '2024-11-10T01:41:30Z',
    text: 'We are looking into it.',
    correctedAt: null,
    withdrawnAt: null,
    nextBy: null,
    components: [],
    ...given,
  };
}

export function incident(given: Partial<PublicIncident> = {}): PublicIncident {
  return {
    id: 'a1b2c3d4e5f6',
    ref: 'INC-7',
    title: 'Clips cannot be created through the API',
    state: 'identified',
    over: false,
    impact: 'major',
    startedAt: '2024-11-10T01:41:00Z',
    updatedAt: '2024-11-10T01:41:30Z',
    createdAt: '2024-11-10T01:41:30Z',
    monitoringAt: null,
    resolvedAt: null,
    nextBy: null,
    components: [],
    posts: [post(1)],
    ...given,
  };
}

export function maintenance(given: Partial<PublicMaintenance> = {}): PublicMaintenance {
  return {
    id: 'm1b2c3d4e5f6',
    ref: 'MNT-3',
    title: 'Moving the database to a larger machine',
    state: 'scheduled',
    from: '2024-11-12T22:00:00Z',
    to: '2024-11-12T23:30:00Z',
    startedAt: null,
    endedAt: null,
    createdAt: '2024-11-08T09:00:00Z',
    updatedAt: '2024-11-08T09:00:00Z',
    components: ['Studio'],
    posts: [
      post(1, {
        state: 'scheduled',
        at: '2024-11-08T09:00:00Z',
        text: 'The studio cannot be used for about ten minutes within this time.\nClips that are being rendered are kept.',
      }),
    ],
    ...given,
  };
}

export function page(given: Partial<PublicPage> = {}): PublicPage {
  return {
    at: '2024-11-10T01:46:12Z',
    updatedAt: null,
    overall: { indicator: 'none', kind: 'operational' },
    components: [],
    incidents: [],
    maintenances: [],
    ...given,
  };
}

const FOUNDING: readonly PublicPost[] = [
  post(16, {
    state: 'postmortem',
    at: '2024-11-10T03:21:00Z',
    text: 'Postmortem posted: https://status.example.com/postmortems/2024-11-10.\n\n19 requests failed within three minutes. We will rotate and refresh the keys between the two services automatically.',
  }),
  post(14, {
    state: 'resolved',
    at: '2024-11-10T02:02:00Z',
    text: 'All nodes of the Developer API talk to the text-to-speech service as they should.',
    components: [{ name: TTS, from: 'degraded', to: 'operational' }],
  }),
  post(9, {
    state: 'monitoring',
    at: '2024-11-10T01:44:00Z',
    text: 'The keys are in step again and requests succeed. We are watching until every node has the change.',
    nextBy: '2024-11-10T02:15:00Z',
    components: [{ name: TTS, from: 'partial', to: 'degraded' }],
  }),
  post(2, {
    state: 'identified',
    at: '2024-11-10T01:41:00Z',
    text: 'Some nodes of the Developer API present wrong keys to our text-to-speech service.',
    components: [{ name: TTS, from: 'operational', to: 'partial' }],
  }),
];

const EARLIER = incident({
  id: 'e1b2c3d4e5f6',
  ref: 'INC-5',
  title: 'Clips rendered more slowly than usual',
  state: 'resolved',
  over: true,
  impact: 'minor',
  startedAt: '2024-11-02T14:05:00Z',
  resolvedAt: '2024-11-02T15:20:00Z',
  updatedAt: '2024-11-02T15:20:00Z',
  components: [{ name: 'Voice rendering', worst: 'degraded', state: 'operational' }],
  posts: [
    post(4, {
      state: 'resolved',
      at: '2024-11-02T15:20:00Z',
      text: 'Rendering takes as long as always again.',
    }),
    post(2, {
      state: 'investigating',
      at: '2024-11-02T14:05:00Z',
      precision: 'approx',
      text: 'Clips take up to a minute longer.',
    }),
  ],
});

const OLD = incident({
  id: 'o1b2c3d4e5f6',
  ref: 'o1b2c3d4e5f6',
  title: null,
  state: 'resolved',
  over: true,
  impact: 'critical',
  startedAt: '2024-09-18T07:12:00Z',
  resolvedAt: '2024-09-18T07:49:00Z',
  updatedAt: '2024-09-18T07:49:00Z',
  components: [
    { name: 'Studio', worst: 'major', state: 'operational' },
    { name: 'Sign-in', worst: 'partial', state: 'operational' },
  ],
  posts: [
    post(3, { state: 'resolved', at: '2024-09-18T07:49:00Z', text: 'The studio can be reached again.' }),
  ],
});

/** The founding incident as the public saw it: before it, while it was watched, and on the next morning. */
export function founding(when: 'before' | 'during' | 'after'): PublicPage {
  const today = '2024-11-10';
  const during = when === 'during';
  const at = {
    before: '2024-11-10T01:30:00Z',
    during: '2024-11-10T01:46:12Z',
    after: '2024-11-10T08:00:00Z',
  };
  const trouble = { partial: 180, degraded: during ? 132 : 1_080 };
  const worst: ComponentState = during ? 'degraded' : 'operational';
  const overall: Overall = during
    ? { indicator: 'minor', kind: 'degraded' }
    : { indicator: 'none', kind: 'operational' };
  const founded = incident({
    ...(during
      ? { state: 'monitoring', nextBy: '2024-11-10T02:15:00Z' }
      : { state: 'postmortem', over: true, resolvedAt: '2024-11-10T02:02:00Z' }),
    monitoringAt: '2024-11-10T01:44:00Z',
    components: [{ name: TTS, worst: 'partial', state: worst }],
    posts: during ? FOUNDING.slice(2) : FOUNDING,
  });
  const old = {
    '2024-09-18': { seconds: { major: 2_220 }, refs: [OLD.ref] },
    '2024-10-20': { seconds: { maintenance: 3_600 }, refs: [] },
  };
  const slow = { '2024-11-02': { seconds: { degraded: 4_500 }, refs: ['INC-5'] } };
  return page({
    at: at[when],
    updatedAt: {
      before: '2024-11-08T09:00:00Z',
      during: '2024-11-10T01:44:20Z',
      after: '2024-11-10T03:21:10Z',
    }[when],
    overall,
    components: [
      component(TTS, {
        slug: 'text-to-speech-developer-api',
        group: 'For developers',
        description: 'Makes clips for your own programs.',
        state: worst,
        stateSince: during ? '2024-11-10T01:44:00Z' : '2024-11-10T02:02:00Z',
        knownFrom: '2024-08-25T00:00:00Z',
        days: ninety(today, 12, when === 'before' ? {} : { [today]: { seconds: trouble, refs: ['INC-7'] } }),
        uptime: {
          ratio: when === 'before' ? 1 : 1 - 54 / (78 * FULL),
          knownSeconds: 78 * FULL,
          downSeconds: when === 'before' ? 0 : 54,
        },
      }),
      component('Webhooks', {
        group: 'For developers',
        description: 'Tell your programs when a clip is ready.',
      }),
      component('Studio', {
        group: 'Studio',
        description: 'Where clips are written and heard.',
        days: ninety(today, 0, old),
        uptime: { ratio: 1 - 2_220 / (90 * FULL), knownSeconds: 90 * FULL, downSeconds: 2_220 },
      }),
      component('Voice rendering', { group: 'Studio', days: ninety(today, 0, slow) }),
      component('Sign-in', {
        group: 'Studio',
        days: ninety(today, 0, { '2024-09-18': { seconds: { partial: 2_220 }, refs: [OLD.ref] } }),
        uptime: { ratio: 1 - 666 / (90 * FULL), knownSeconds: 90 * FULL, downSeconds: 666 },
      }),
      component('Archive', {
        group: 'Studio',
        description: 'New this week.',
        knownFrom: '2024-11-10T00:00:00Z',
        days: ninety(today, 90),
        uptime: null,
      }),
    ],
    incidents: [...(when === 'before' ? [] : [founded]), EARLIER, OLD],
    maintenances: [maintenance()],
  });
}

/** All that can be seen on a page at once: each state, marks, times of every precision, two directions of writing. */
export function everything(): PublicPage {
  const states: readonly ComponentState[] = ['operational', 'maintenance', 'degraded', 'partial', 'major'];
  const names = ['Studio', 'Datenbank', 'واجهة برمجة التطبيقات', 'Webhooks <b>', '支払い'];
  const base = founding('during');
  const components = states.map((state, i) =>
    component(names[i] ?? state, {
      slug: `c-${state}`,
      state,
      group: i < 2 ? null : 'تطبيقات',
      description: i === 2 ? 'الواجهة التي يستخدمها المطورون.' : null,
      days: ninety('2024-11-10', i * 10, {
        '2024-11-10': { seconds: { [state]: 3_000 }, refs: ['INC-9'] },
        '2024-11-01': { seconds: { degraded: 500, partial: 60, major: 7 }, refs: ['INC-9', 'MNT-3'] },
      }),
    }),
  );
  const rtl = incident({
    id: 'r1b2c3d4e5f6',
    ref: 'INC-9',
    title: 'تعذّر تسجيل الدخول في API',
    impact: 'critical',
    state: 'investigating',
    nextBy: '2024-11-10T02:30:00Z',
    components: states.map((state, i) => ({
      name: names[i] ?? state,
      worst: i === 0 ? 'partial' : state,
      state,
    })),
    posts: [
      post(9, {
        text: 'نحقق في المشكلة الآن. انظر https://status.example.com/a?b=1.\nسنوافيكم بالمزيد.',
        precision: 'second',
      }),
      post(8, { text: null, withdrawnAt: '2024-11-10T01:45:00Z', precision: 'approx' }),
      post(7, { text: null }),
      post(6, { correctedAt: '2024-11-10T01:44:00Z', precision: 'date' }),
      post(5, { text: `A long word: ${'w'.repeat(600)} https://example.com/${'p'.repeat(600)}` }),
    ],
  });
  return {
    ...base,
    overall: { indicator: 'critical', kind: 'major' },
    components,
    incidents: [rtl, ...base.incidents],
    maintenances: [
      maintenance({ components: ['Datenbank', 'Somewhere else'] }),
      maintenance({
        id: 'n1b2c3d4e5f6',
        ref: 'MNT-4',
        title: 'A longer one',
        state: 'in_progress',
        from: '2024-11-10T01:00:00Z',
        to: '2024-11-10T05:00:00Z',
        startedAt: '2024-11-10T01:02:00Z',
        posts: [post(3, { state: 'in_progress', text: 'It has begun.' })],
      }),
      maintenance({
        id: 'p1b2c3d4e5f6',
        ref: 'MNT-2',
        title: 'One that was called off',
        state: 'cancelled',
        from: '2024-11-05T01:00:00Z',
        to: '2024-11-05T02:00:00Z',
        posts: [post(4, { state: 'cancelled', text: 'Another day.' })],
      }),
    ],
  };
}

/** As many of both as somebody may have; incidents are spread over ten years, the newest is open. */
export function large(components: number, incidents: number): PublicPage {
  const now = Date.parse('2024-11-10T01:46:12Z');
  const names = Array.from({ length: components }, (_, i) => `Component ${i + 1}`);
  return page({
    components: names.map((name, i) =>
      component(name, {
        group: i % 5 === 4 ? null : `Group ${(i % 7) + 1}`,
        state: i % 97 === 3 ? 'partial' : 'operational',
      }),
    ),
    incidents: Array.from({ length: incidents }, (_, i) => {
      const started = new Date(now - i * ((3_650 * DAY) / Math.max(1, incidents)));
      const at = `${started.toISOString().slice(0, 19)}Z`;
      const name = names[i % Math.max(1, names.length)];
      return incident({
        id: `i${String(i).padStart(11, '0')}`,
        ref: `INC-${incidents - i}`,
        title: `Number ${incidents - i}`,
        state: i === 0 ? 'investigating' : 'resolved',
        over: i > 0,
        startedAt: at,
        resolvedAt: i === 0 ? null : at,
        components: name === undefined ? [] : [{ name, worst: 'partial', state: 'operational' }],
        posts: [post(2, { state: 'resolved', at }), post(1, { at })],
      });
    }),
  });
}
