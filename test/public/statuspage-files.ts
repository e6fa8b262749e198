/** Files as the public API (v2) of a Statuspage gives them, written by hand after its description; with members that nobody here knows. */

export const page = () => ({
  id: 'kctbh9vrtdwd',
  name: 'Voices',
  url: 'https://status.voices.example',
  time_zone: 'Etc/UTC',
  updated_at: '2024-11-10T03:21:00.000Z',
});

const touched = (old_status: string, new_status: string) => [
  { code: 'c2', name: 'Developer API - Text to Speech (Developer API)', old_status, new_status },
];

export const update = (more: object = {}) => ({
  id: 'u1',
  status: 'identified',
  body: 'Requests with old keys fail &amp; are &lt;refused&gt;.<br />See <a href="https://docs.voices.example/?a=1&amp;b=2">our guide</a>.' as unknown,
  incident_id: 'p31zjtct2jer',
  created_at: '2024-11-10T01:41:07.412Z',
  updated_at: '2024-11-10T01:41:07.412Z',
  display_at: '2024-11-10T01:41:00.000Z' as string | null,
  affected_components: touched('operational', 'partial_outage') as unknown,
  deliver_notifications: true,
  custom_tweet: null,
  tweet_id: null,
  ...more,
});

export const incident = (more: object = {}) => ({
  id: 'p31zjtct2jer',
  name: 'Text to Speech fails for some customers',
  status: 'postmortem',
  created_at: '2024-11-10T01:41:07.400Z',
  updated_at: '2024-11-10T03:21:00.000Z',
  monitoring_at: '2024-11-10T01:44:00.000Z',
  resolved_at: '2024-11-10T02:02:00.000Z',
  impact: 'major',
  shortlink: 'https://stspg.io/p31zjtct2jer',
  started_at: '2024-11-10T01:41:00.000Z',
  page_id: 'kctbh9vrtdwd',
  incident_updates: [
    at('u4', 'postmortem', '2024-11-10T03:21:00.000Z', '<h2>What happened</h2><p>Keys.</p>', null),
    at(
      'u3',
      'resolved',
      '2024-11-10T02:02:00.000Z',
      'All works.',
      touched('degraded_performance', 'operational'),
    ),
    at(
      'u2',
      'monitoring',
      '2024-11-10T01:44:00.000Z',
      'We watch.',
      touched('partial_outage', 'degraded_performance'),
    ),
    update(),
  ],
  components: [{ id: 'c2', name: 'Text to Speech (Developer API)' }],
  reminder_intervals: null,
  ...more,
});

function at(id: string, status: string, time: string, body: string, affected_components: unknown) {
  return update({
    id,
    status,
    body,
    affected_components,
    created_at: time,
    updated_at: time,
    display_at: time,
  });
}

export const maintenance = () => ({
  ...incident({ id: 'm1', name: 'New racks', status: 'completed', impact: 'maintenance' }),
  scheduled_for: '2024-12-01T00:00:00.000Z',
  scheduled_until: '2024-12-01T01:00:00.000Z',
});

const component = (id: string, name: string, more: object = {}) => ({
  ...{ id, name, status: 'operational', position: 1, description: null, showcase: true, start_date: null },
  ...{ group_id: null, page_id: 'kctbh9vrtdwd', group: false, only_show_if_degraded: false },
  ...more,
});

export const components = () => ({
  page: page(),
  components: [
    component('g1', 'Developer API', { group: true, position: 2, components: ['c2', 'c3'] }),
    component('c2', 'Text to Speech (Developer API)', {
      ...{ group_id: 'g1', position: 1, start_date: '2023-05-01', description: 'Streaming &amp; batch' },
    }),
    component('c3', 'Europe', { group_id: 'g1', position: 2 }),
    component('g2', 'Console', { group: true, position: 3, components: ['c4'] }),
    component('c4', 'Europe', { group_id: 'g2', position: 1 }),
    component('c1', 'Website', { position: 1 }),
  ],
});

export const incidents = () => ({ page: page(), incidents: [incident()] });

export const summary = () => ({
  ...components(),
  status: { indicator: 'none', description: 'All Systems Operational' },
  incidents: [],
  scheduled_maintenances: [maintenance()],
});
