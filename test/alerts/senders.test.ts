import { describe, expect, test } from '@jest/globals';
import { CloudEvent, HTTP } from 'cloudevents';
import { SENDERS } from '#alerts/senders/senders.js';
import { keyOfPage } from '#domain/paging/page.js';
import { alertmanagerAlert, alertmanagerBody, hookOf, received, reported, unreadable } from './kit.js';

const RESOLVED = alertmanagerAlert({ status: 'resolved', endsAt: '2026-11-10T01:51:00Z' });

describe('Alertmanager', () => {
  test('an alert that fires', () => {
    expect(reported('alertmanager', hookOf(alertmanagerBody()))).toMatchObject({
      alert: '4c2e6f1f8b0d7a11',
      status: 'firing',
      since: '2026-11-10T01:43:00.512Z',
      title: 'TTS refuses its keys',
      text: '41 % of requests get 401',
      labels: { service: 'tts' },
      links: expect.arrayContaining([{ title: 'Runbook', url: 'https://wiki.example/tts' }]),
    });
  });

  test('one that has ended keeps its identity', () => {
    expect(reported('alertmanager', hookOf(alertmanagerBody([RESOLVED])))).toMatchObject({
      alert: '4c2e6f1f8b0d7a11',
      status: 'resolved',
      until: '2026-11-10T01:51:00Z',
    });
  });

  test('without a fingerprint, and with labels that are no texts, it is known all the same', () => {
    const labels = { a: { toString: 1, valueOf: 1 }, b: [{ toString: null }], c: null };
    const alert = alertmanagerAlert({ fingerprint: undefined, labels });
    expect(reported('alertmanager', hookOf(alertmanagerBody([alert]))).alert).toMatch(/^[0-9a-f]{40}$/);
  });
  test('without a fingerprint its labels are what it is known by, in whatever order', () => {
    const bare = (labels: object) =>
      reported(
        'alertmanager',
        hookOf(alertmanagerBody([alertmanagerAlert({ fingerprint: undefined, labels })])),
      ).alert;
    expect(bare({ a: '1', b: '2' })).toBe(bare({ b: '2', a: '1' }));
    expect(bare({ a: '1', b: '2' })).not.toBe(bare({ a: '1', b: '3' }));
  });

  test('the same notification sent again is the same delivery; another firing is another', () => {
    const delivery = (...alerts: object[]) =>
      received('alertmanager', hookOf(alertmanagerBody(alerts))).delivery;
    const other = alertmanagerAlert({ fingerprint: 'f'.repeat(16) });
    expect(delivery(alertmanagerAlert(), other)).toBe(
      delivery(other, alertmanagerAlert({ annotations: {} })),
    );
    expect(delivery(alertmanagerAlert())).not.toBe(delivery(RESOLVED));
    expect(delivery(alertmanagerAlert())).not.toBe(
      delivery(alertmanagerAlert({ startsAt: '2026-11-10T02:00:00Z' })),
    );
  });

  test('what it left out is known', () => {
    expect(received('alertmanager', hookOf(alertmanagerBody([RESOLVED], { truncatedAlerts: 7 }))).left).toBe(
      7,
    );
  });

  test('a later version whose members are the same is taken, with what it has more', () => {
    const later = alertmanagerBody([alertmanagerAlert({ notes: [1] })], {
      version: '5',
      notification_reason: 'new',
      routeLabels: {},
    });
    expect(reported('alertmanager', hookOf(later)).alert).toBe('4c2e6f1f8b0d7a11');
  });

  test('a version whose members are others is refused, with what is wrong', () => {
    const { status, message } = unreadable(() =>
      received('alertmanager', hookOf({ version: '3', alert: [] })),
    );
    expect([status, message]).toEqual([
      400,
      expect.stringMatching(/Alertmanager \(version 4.*alerts \(expected array/),
    ]);
  });
});

describe('Grafana', () => {
  const alert = {
    ...alertmanagerAlert(),
    values: { B: 44.2, C: 1 },
    panelURL: 'https://grafana.example/d/a?viewPanel=2',
    silenceURL: 'https://grafana.example/silence',
  };
  const body = {
    ...alertmanagerBody([alert]),
    version: '1',
    orgId: 2,
    title: '[FIRING:1]',
    state: 'alerting',
    message: '**Firing**',
  };

  test('values, links, and the organisation within the identity', () => {
    expect(reported('grafana', hookOf(body))).toMatchObject({
      alert: '2/4c2e6f1f8b0d7a11',
      values: { B: 44.2, C: 1 },
      links: expect.arrayContaining([{ title: 'Panel', url: 'https://grafana.example/d/a?viewPanel=2' }]),
    });
  });
  test('two organisations have the same labels, and two alerts', () => {
    const of = (orgId: number) => received('grafana', hookOf({ ...body, orgId }));
    expect(of(1).delivery).not.toBe(of(2).delivery);
  });
});

describe('PagerDuty', () => {
  const event = (event_type: string, more: object = {}) => ({
    event: {
      id: '01EXAMPLE00000000000000001',
      event_type,
      resource_type: 'incident',
      occurred_at: '2026-11-10T01:44:00.169Z',
      agent: { id: 'PUSER01', type: 'user_reference' },
      client: { name: 'PagerDuty' },
      data: {
        id: 'PINC001',
        type: 'incident',
        html_url: 'https://acme.pagerduty.example/incidents/PINC001',
        number: 2,
        status: 'triggered',
        incident_key: 'k1',
        created_at: '2026-11-10T01:43:00Z',
        title: 'TTS refuses its keys',
        service: { id: 'PSVC001', summary: 'TTS', type: 'service_reference' },
        priority: { id: 'PPRI001', summary: 'P2' },
        teams: [{ id: 'PTEAM01', summary: 'Voice' }],
        urgency: 'high',
        ...more,
      },
    },
  });

  test('an incident there is an alert here, its event the delivery', () => {
    expect(received('pagerduty', hookOf(event('incident.triggered')))).toMatchObject({
      delivery: '01EXAMPLE00000000000000001',
      alerts: [
        {
          alert: 'PINC001',
          status: 'firing',
          since: '2026-11-10T01:43:00Z',
          labels: { service: 'TTS', priority: 'P2', urgency: 'high', team: 'Voice' },
        },
      ],
    });
  });
  test.each([
    ['incident.resolved', 'resolved', '2026-11-10T01:43:00Z'],
    ['incident.reopened', 'firing', '2026-11-10T01:44:00.169Z'],
  ])('%s', (type, status, since) => {
    expect(reported('pagerduty', hookOf(event(type)))).toMatchObject({ alert: 'PINC001', status, since });
  });
  test('an acknowledgement and a note are remarks, at their time', () => {
    const at = '2026-11-10T01:44:00.169Z';
    const acknowledged = received('pagerduty', hookOf(event('incident.acknowledged')));
    expect(acknowledged).toMatchObject({
      alerts: [],
      remarks: [{ alert: 'PINC001', does: 'acknowledged', by: null, text: null, at }],
    });
    const { event: note } = event('incident.annotated', { incident: { id: 'PINC001' }, content: 'looking' });
    const agent = { type: 'user_reference', summary: 'Ana Example' };
    const noted = received('pagerduty', hookOf({ event: { ...note, agent } }));
    expect(noted).toMatchObject({
      alerts: [],
      remarks: [{ alert: 'PINC001', does: 'noted', by: 'Ana Example', text: 'looking', at }],
    });
  });
  test.each([
    'incident.unacknowledged',
    'constructor',
    'incident.priority_updated',
    'service.updated',
    'pagey.ping',
    'incident.of.tomorrow',
  ])('%s is taken and begins or ends nothing', (type) => {
    expect(received('pagerduty', hookOf(event(type)))).toEqual({
      delivery: event(type).event.id,
      alerts: [],
    });
  });
  test('what we have paged there is taken and opens nothing here: it would be paged again', () => {
    const ours = event('incident.triggered', { incident_key: keyOfPage('T1', 7, 1) });
    expect(received('pagerduty', hookOf(ours)).alerts).toEqual([]);
  });
  test('an incident without an id is refused', () => {
    expect(
      unreadable(() => received('pagerduty', hookOf(event('incident.triggered', { id: null })))).message,
    ).toContain('id');
  });
});

describe('CloudEvents', () => {
  const data = {
    title: 'TTS refuses its keys',
    severity: 'critical',
    labels: { service: 'tts' },
    value: 0.41,
  };
  const sent = (type: string, more: object = {}) =>
    new CloudEvent({
      type,
      source: '/monitors/tts',
      subject: 'auth',
      time: '2026-11-10T01:43:00.000Z',
      id: 'e1',
      data,
      ...more,
    });
  /** As the library of its makers sends it. */
  const over = (mode: 'binary' | 'structured', event: CloudEvent<unknown>) => {
    const { headers, body } = HTTP[mode](event);
    const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]);
    return hookOf(typeof body === 'string' ? body : JSON.stringify(body), {
      headers: Object.fromEntries(lower),
    });
  };

  test.each(['binary', 'structured'] as const)('%s, as its own library sends it', (mode) => {
    expect(reported('cloudevents', over(mode, sent('example.alert.firing')))).toMatchObject({
      alert: '/monitors/tts auth',
      status: 'firing',
      since: '2026-11-10T01:43:00.000Z',
      title: 'TTS refuses its keys',
      labels: { service: 'tts', severity: 'critical', type: 'example.alert.firing' },
      values: { value: 0.41 },
    });
  });
  test('a batch is one delivery', () => {
    const body = [sent('a.firing', { id: 'e1' }), sent('a.firing', { id: 'e2', subject: 'other' })];
    const hook = hookOf(JSON.stringify(body), {
      headers: { 'content-type': 'application/cloudevents-batch+json; charset=utf-8' },
    });
    expect(received('cloudevents', hook).alerts.map(({ alert }) => alert)).toEqual([
      '/monitors/tts auth',
      '/monitors/tts other',
    ]);
  });
  test('source and id are what a delivery is known by', () => {
    const of = (more: object) => received('cloudevents', over('structured', sent('a.firing', more))).delivery;
    expect(of({ subject: 'x' })).toBe(of({ subject: 'y' }));
    expect(of({ id: 'e2' })).not.toBe(of({ id: 'e1' }));
    expect(of({ source: '/b' })).not.toBe(of({ source: '/a' }));
  });
  test.each([
    ['its type', 'example.alert.resolved', {}],
    ['its data', 'example.alert', { data: { status: 'OK' } }],
  ])('an end is known by %s', (_, type, more) => {
    expect(reported('cloudevents', over('binary', sent(type, more)))).toMatchObject({
      status: 'resolved',
      until: '2026-11-10T01:43:00.000Z',
    });
  });
  test('what is said of its status counts more than its type', () => {
    expect(
      reported('cloudevents', over('binary', sent('a.resolved', { data: { status: 'firing' } }))),
    ).toMatchObject({ status: 'firing' });
  });
  test('types that are not asked for are passed over', () => {
    expect(
      received('cloudevents', over('binary', sent('deploy.done')), { types: ['*.alert.*'] }).alerts,
    ).toEqual([]);
  });
  test('a value in a header is percent-encoded', () => {
    const headers = {
      'ce-specversion': '1.0',
      'ce-id': 'e1',
      'ce-source': '/a',
      'ce-type': 't',
      'ce-subject': 'K%C3%B6ln',
    };
    expect(reported('cloudevents', hookOf('{}', { headers }))).toMatchObject({ labels: { subject: 'Köln' } });
  });
  test.each([
    ['JSON without attributes', { 'content-type': 'application/json' }],
    ['another format', { 'content-type': 'application/cloudevents+avro', 'ce-specversion': '1.0' }],
    [
      'a body of another kind',
      {
        'content-type': 'image/png',
        'ce-specversion': '1.0',
        'ce-id': 'a',
        'ce-source': 'b',
        'ce-type': 'c',
      },
    ],
  ])('%s is not understood: 415', (_, headers) => {
    expect(unreadable(() => received('cloudevents', hookOf('{}', { headers }))).status).toBe(415);
  });
  test('another version of the specification is refused', () => {
    const headers = { 'content-type': 'application/cloudevents+json' };
    expect(
      unreadable(() =>
        received('cloudevents', hookOf({ specversion: '0.3', id: 'a', source: 'b', type: 'c' }, { headers })),
      ).message,
    ).toContain('specversion (must be 1.0)');
  });
  test('a subject of two sources is two alerts', () => {
    const of = (source: string) =>
      reported('cloudevents', over('binary', sent('a.firing', { source }))).alert;
    expect(of('/a')).not.toBe(of('/b'));
  });
});

describe('Sentry', () => {
  const event = {
    action: 'triggered',
    actor: { id: 'sentry', name: 'Sentry', type: 'application' },
    data: {
      event: {
        event_id: 'e4874d66',
        issue_id: '1117540176',
        title: 'ReferenceError: heck is not defined',
        culprit: '?(<anonymous>)',
        level: 'error',
        platform: 'javascript',
        project: 1,
        datetime: '2026-11-10T01:43:06.677000Z',
        tags: [['browser', 'Chrome'], ['level', 'forged'], ['environment', 'prod'], ['odd']],
        web_url: 'https://sentry.example/issues/1117540176/events/e4874d66/',
      },
      triggered_rule: 'Very important',
    },
    installation: { uuid: 'a8e5d37a' },
  };
  const issue = (action: string) => ({
    action,
    data: {
      issue: {
        id: '1117540176',
        title: 'ReferenceError: heck is not defined',
        level: 'error',
        firstSeen: '2026-11-10T01:43:06.677000+00:00',
        lastSeen: '2026-11-10T01:50:00Z',
        project: { slug: 'front' },
        web_url: 'https://sentry.example/issues/1117540176/',
      },
    },
  });
  const of = (body: object, resource: string) =>
    hookOf(body, { headers: { 'sentry-hook-resource': resource, 'request-id': 'r-1' } });

  test('an alert of an issue, and its own end, are one alert', () => {
    const fired = reported('sentry', of(event, 'event_alert'));
    expect(fired).toMatchObject({
      alert: 'issue 1117540176',
      status: 'firing',
      labels: { rule: 'Very important', level: 'error', environment: 'prod', browser: 'Chrome' },
    });
    expect(reported('sentry', of(issue('resolved'), 'issue'))).toMatchObject({
      alert: fired.alert,
      status: 'resolved',
    });
  });
  test.each([
    ['critical', 'firing', 'critical'],
    ['warning', 'firing', 'warning'],
    ['resolved', 'resolved', undefined],
  ])('a metric that is %s', (action, status, severity) => {
    const body = {
      action,
      data: {
        description_text: '1000 events',
        web_url: 'https://sentry.example/alerts/1/',
        metric_alert: {
          id: '4',
          date_started: '2026-11-10T01:40:00.000000Z',
          date_closed: null,
          projects: ['bar'],
          alert_rule: { name: 'Too many errors' },
        },
      },
    };
    const { labels, ...told } = reported('sentry', of(body, 'metric_alert'));
    expect(told).toMatchObject({
      alert: 'metric 4',
      status,
      title: 'Too many errors',
      since: '2026-11-10T01:40:00.000000Z',
    });
    expect(labels.severity ?? undefined).toBe(severity);
  });
  test.each([
    ['unresolved', 'firing', '2026-11-10T01:50:00Z'],
    ['archived', 'resolved', '2026-11-10T01:43:06.677000+00:00'],
  ])('an issue that is %s', (action, status, since) => {
    expect(reported('sentry', of(issue(action), 'issue'))).toMatchObject({ status, since });
  });
  test.each([
    ['issue', issue('assigned')],
    ['installation', { action: 'created', data: {} }],
    ['comment', { action: 'created', data: { comment: 'x' } }],
  ])('what a resource %s says else begins nothing', (resource, body) => {
    expect(received('sentry', of(body, resource)).alerts).toEqual([]);
  });
  test('its request is the delivery', () => {
    expect(received('sentry', of(event, 'event_alert')).delivery).toBe('r-1');
  });
});

describe('Datadog', () => {
  const body = (more: object = {}) => ({
    id: '2468',
    cycle: '1234567890123456789',
    aggregate: '9bd4ac31',
    monitor: '1234',
    transition: 'Triggered',
    title: '[Triggered on {host:i-01}] [P2] Disk is full',
    text: 'It is.',
    status: 'system.disk over host:i-01 was > 0.9',
    priority: 'P2',
    type: 'error',
    metric: 'system.disk',
    scope: 'host:i-01',
    tags: 'env:prod,service:tts,urgent',
    host: 'i-01',
    date: '1794274980000',
    link: 'https://app.datadog.example/event/1',
    snapshot: 'null',
    ...more,
  });
  test('no tag and no title is slow to read, whatever stands in it', () => {
    const blanks = ' '.repeat(500_000);
    const tags = [blanks, `a:${blanks}b`, ` c : d ${blanks}`, ':e'].join('x,');
    const title = '[a]'.repeat(2_000_000);
    const { labels, title: kept } = reported('datadog', hookOf(body({ tags, title })));
    expect(Object.keys(labels)).toEqual(expect.arrayContaining(['a', 'c']));
    expect(String(kept)).toMatch(/^\[a/);
  });
  test('an alert, with its tags as labels', () => {
    expect(reported('datadog', hookOf(body()))).toMatchObject({
      alert: '1234567890123456789',
      status: 'firing',
      since: '1794274980000',
      title: 'Disk is full',
      labels: { env: 'prod', service: 'tts', priority: 'P2', monitor: '1234', transition: 'Triggered' },
    });
  });
  test.each([
    ['Recovered', 'resolved'],
    ['Re-Triggered', 'firing'],
    ['No Data', 'firing'],
    ['Re-Warn', 'firing'],
    ['Renotify', 'firing'],
  ])('%s', (transition, status) => {
    expect(reported('datadog', hookOf(body({ transition })))).toMatchObject({
      alert: '1234567890123456789',
      status,
    });
  });
  test.each(['', 'null', '$ALERT_TRANSITION', 'Something'])(
    'with “%s” for a transition it begins nothing',
    (transition) => {
      expect(received('datadog', hookOf(body({ transition }))).alerts).toEqual([]);
    },
  );
  test('variables that it did not fill in are nothing', () => {
    expect(reported('datadog', hookOf(body({ cycle: '$ALERT_CYCLE_KEY', title: 'null' })))).toMatchObject({
      alert: '9bd4ac31',
      title: null,
    });
  });
  test('a webhook with a payload of its own is told what it needs', () => {
    expect(
      unreadable(() => received('datadog', hookOf({ transition: 'Triggered', title: 'x' }))).message,
    ).toContain('docs/alerts.md');
  });
});

describe('JSON of one’s own', () => {
  const settings = {
    alerts: '/alarms',
    members: {
      alert: '/id',
      status: '/state',
      title: '/text',
      since: '/at',
      link: '/a~1b',
      labels: { service: '/tags/0' },
      values: '/numbers',
    },
    resolved: ['Gone'],
  };
  const one = {
    id: 7,
    state: 'UP',
    text: 'It burns',
    at: 1794274980,
    tags: ['tts'],
    'a/b': 'https://x.example',
    numbers: { load: 3 },
  };

  test('things are where tocsin.yml says', () => {
    expect(reported('json', hookOf({ alarms: [one] }), settings)).toMatchObject({
      alert: '7',
      status: 'firing',
      since: 1794274980,
      title: 'It burns',
      labels: { service: 'tts' },
      values: { load: 3 },
      links: [{ url: 'https://x.example' }],
    });
  });
  test('its words for an end, in any case', () => {
    expect(reported('json', hookOf({ alarms: [{ ...one, state: 'GONE' }] }), settings).status).toBe(
      'resolved',
    );
  });
  test('where nothing says when, the same words later are another delivery', () => {
    const of = (at: string) =>
      received('json', hookOf({ id: 'a' }, { now: new Date(at) }), { members: { alert: '/id' } }).delivery;
    expect(of('2026-11-10T01:00:00Z')).not.toBe(of('2026-11-10T02:00:00Z'));
  });
  test('no pointer leads to what every object has', () => {
    expect(
      unreadable(() => received('json', hookOf({ id: 'a' }), { members: { alert: '/constructor/name' } }))
        .message,
    ).toContain('/constructor/name');
  });
  test.each([
    ['no list', { alarms: {} }, /no list at \/alarms/],
    ['an alert without identity', { alarms: [one, { ...one, id: null }] }, /no text at \/id of alert 2/],
  ])('%s', (_, body, what) => {
    expect(unreadable(() => received('json', hookOf(body), settings)).message).toMatch(what);
  });
});

test('every kind is named once, and its file is called so', () => {
  const types = SENDERS.map(({ type }) => type);
  expect(types).toEqual([...new Set(types)].sort());
});
