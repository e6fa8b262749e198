import { describe, expect, test } from '@jest/globals';
import { hookOf, received, reported, senderOf, unreadable } from './kit.js';

describe('PagerDuty’s Events API v2', () => {
  const send = (more: object, path = '/v2/enqueue') => hookOf({ routing_key: 'r', ...more }, { path });
  const trigger = (more: object = {}, payload: object = {}) =>
    send({
      event_action: 'trigger',
      dedup_key: 'k',
      payload: { summary: 'Disk is full', source: 'db-1', severity: 'error', ...payload },
      ...more,
    });

  test('a trigger', () => {
    const hook = trigger(
      {
        client: 'Monitor',
        client_url: 'https://monitor.example',
        links: [{ href: 'https://x.example', text: 'Graph' }],
        images: [{ src: 'https://x.example/a.png' }],
      },
      {
        timestamp: '2026-11-10T01:42:58.315+0000',
        component: 'postgres',
        class: 'disk',
        custom_details: { 'load avg': 0.75, severity: 'forged' },
      },
    );
    expect(reported('pagerduty-events', hook)).toMatchObject({
      alert: 'k',
      status: 'firing',
      since: '2026-11-10T01:42:58.315+0000',
      title: 'Disk is full',
      labels: { source: 'db-1', severity: 'error', component: 'postgres', class: 'disk', 'load avg': 0.75 },
      links: [{ title: 'Monitor' }, { title: 'Graph', url: 'https://x.example' }],
    });
    expect(received('pagerduty-events', hook).answer).toEqual({
      status: 202,
      body: { status: 'success', message: 'Event processed', dedup_key: 'k' },
    });
  });
  test('nothing of its routing key is an alert’s', () => {
    expect(
      JSON.stringify(received('pagerduty-events', trigger({ routing_key: 'a-routing-key' }))),
    ).not.toContain('a-routing-key');
  });
  test('without a key each is another, and is told which', () => {
    const keys = [1, 2].map(() => {
      const { alerts, answer } = received('pagerduty-events', trigger({ dedup_key: undefined }));
      expect(answer?.body).toMatchObject({ dedup_key: alerts[0]?.alert });
      return alerts[0]?.alert;
    });
    expect(keys[0]).not.toBe(keys[1]);
  });
  test('its end', () => {
    expect(reported('pagerduty-events', send({ event_action: 'resolve', dedup_key: 'k' }))).toMatchObject({
      alert: 'k',
      status: 'resolved',
      until: expect.any(String),
    });
  });
  test('the same words later are another delivery: they may be of another firing', () => {
    expect(received('pagerduty-events', trigger()).delivery).not.toBe(
      received('pagerduty-events', trigger()).delivery,
    );
  });
  test('an acknowledgement begins and ends nothing, and is a remark', () => {
    const of = (event: object) => received('pagerduty-events', send({ dedup_key: 'k', ...event }));
    const first = of({ event_action: 'acknowledge' });
    expect(first).toMatchObject({
      alerts: [],
      remarks: [{ alert: 'k', does: 'acknowledged', by: null, text: null }],
      answer: { status: 202, body: { status: 'success', message: 'Event processed' } },
    });
    expect(of({ event_action: 'acknowledge', dedup_key: 'l' }).delivery).not.toBe(first.delivery);
    expect(of({ event_action: 'resolve' }).remarks).toBeUndefined();
  });
  test('a change is taken, and nothing comes of it', () => {
    const body = { payload: { summary: 'Deployed', source: 'ci' } };
    const { alerts, remarks, answer } = received('pagerduty-events', send(body, '/v2/change/enqueue'));
    expect([alerts, remarks]).toEqual([[], undefined]);
    expect(answer).toMatchObject({
      status: 202,
      body: { status: 'success', message: 'Change event processed' },
    });
  });
  test.each([
    [
      'no summary',
      { event_action: 'trigger', payload: { source: 'a', severity: 'info' } },
      "'payload.summary' is missing or blank",
    ],
    [
      'another severity',
      { event_action: 'trigger', payload: { summary: 'a', source: 'a', severity: 'fatal' } },
      "'payload.severity' must be critical, error, warning or info",
    ],
    ['another action', { event_action: 'open' }, "'event_action' must be trigger, acknowledge or resolve"],
    ['an end of nothing', { event_action: 'resolve' }, "'dedup_key' is missing or blank"],
  ])('%s: 400, with what clients of theirs read', (_, body, error) => {
    const { status, message, wrong } = unreadable(() => received('pagerduty-events', send(body)));
    expect(status).toBe(400);
    expect(senderOf('pagerduty-events').no?.(status, message, wrong)).toEqual({
      status: 'invalid event',
      message: 'Event object is invalid',
      errors: [error],
    });
  });
  test('another address is not there', () => {
    expect(unreadable(() => received('pagerduty-events', send({}, '/v1/x'))).status).toBe(404);
  });
});

describe('Opsgenie’s Alert API', () => {
  const to = (path: string, body: unknown = '', method = 'POST', query = '') =>
    hookOf(body, { path, method, query: new URLSearchParams(query) });
  const create = (more: object = {}) =>
    to('/v2/alerts', {
      message: 'Disk is full',
      alias: 'disk/db-1',
      description: 'It is.',
      details: { service: 'tts', priority: 'forged' },
      tags: ['a', 'b'],
      entity: 'db-1',
      source: 'cron',
      priority: 'P1',
      ...more,
    });

  test('an alert is created', () => {
    expect(reported('opsgenie', create())).toMatchObject({
      status: 'firing',
      title: 'Disk is full',
      text: 'It is.',
      labels: { service: 'tts', priority: 'P1', tags: 'a,b', alias: 'disk/db-1' },
    });
    expect(received('opsgenie', create()).answer).toMatchObject({
      status: 202,
      body: { result: 'Request will be processed', requestId: expect.any(String) },
    });
  });

  const alert = reported('opsgenie', create()).alert;
  test.each([
    ['by its alias', to('/v2/alerts/disk%2Fdb-1/close', '{}', 'POST', 'identifierType=alias')],
    ['by its id', to(`/v2/alerts/${alert}/close`)],
    [
      'by its id, said to be one',
      to(`/v2/alerts/${alert.toUpperCase()}/close`, '', 'POST', 'identifierType=id'),
    ],
    ['by being deleted', to(`/v2/alerts/${alert}`, '', 'DELETE')],
  ])('it is closed %s', (_, hook) => {
    expect(reported('opsgenie', hook)).toMatchObject({ alert, status: 'resolved' });
  });
  test('one without an alias has its id for one', () => {
    const { alert: made } = reported('opsgenie', create({ alias: undefined }));
    expect(
      reported('opsgenie', to(`/v2/alerts/${made}/close`, '', 'POST', 'identifierType=alias')).alert,
    ).toBe(made);
  });
  test.each(['unacknowledge', 'snooze', 'tags', 'message'])(
    '%s is taken, and nothing comes of it',
    (does) => {
      const method = does === 'message' ? 'PUT' : 'POST';
      const { alerts, remarks, answer } = received(
        'opsgenie',
        to(`/v2/alerts/${alert}/${does}`, { note: 'x' }, method),
      );
      expect([alerts, remarks, answer?.status]).toEqual([[], undefined, 202]);
    },
  );
  test.each([
    ['acknowledge', 'acknowledged'],
    ['notes', 'noted'],
  ])('%s is a remark; a request that is sent again is the same', (does, what) => {
    const hook = (time: string, note = 'x') => ({
      ...to(`/v2/alerts/${alert}/${does}`, { user: 'bo', source: 'cli', note }),
      now: new Date(`2026-11-10T01:${time}Z`),
    });
    const first = received('opsgenie', hook('43:07'));
    expect(first).toMatchObject({
      alerts: [],
      remarks: [{ alert, does: what, by: 'bo', text: 'x' }],
      answer: { status: 202, body: { requestId: first.delivery } },
    });
    expect(received('opsgenie', hook('43:59')).delivery).toBe(first.delivery);
    expect(received('opsgenie', hook('44:00')).earlier).toBe(first.delivery);
    for (const other of [hook('43:07', 'y'), hook('45:00')]) {
      const { delivery, earlier } = received('opsgenie', other);
      expect([delivery, earlier]).not.toContain(first.delivery);
    }
    // What became of it can be asked for, as of any other.
    const asked = senderOf('opsgenie').asks?.(to(`/v2/alerts/requests/${first.delivery}`, '', 'GET'));
    expect(asked?.answer(true)).toMatchObject({ status: 200, body: { data: { alertId: alert } } });
  });

  test('what became of a request can be asked for by what it was answered', () => {
    const { answer, delivery } = received('opsgenie', create());
    const { requestId } = (answer?.body ?? {}) as { requestId: string };
    const asked = senderOf('opsgenie').asks?.(to(`/v2/alerts/requests/${requestId}`, '', 'GET'));
    expect(asked?.delivery).toBe(delivery);
    expect(asked?.answer(true)).toMatchObject({
      status: 200,
      body: { data: { success: true, alertId: alert } },
    });
    expect(asked?.answer(false).status).toBe(404);
  });
  test('a request that never was is not there', () => {
    const asked = senderOf('opsgenie').asks?.(to('/v2/alerts/requests/../../x', '', 'GET'));
    expect(asked?.answer(true).status).toBe(404);
    expect(senderOf('opsgenie').asks?.(to('/v2/alerts', '', 'POST'))).toBeNull();
  });

  test.each([
    ['no message', create({ message: undefined }), 422],
    ['an alias that is too long', create({ alias: 'x'.repeat(600) }), 422],
    ['a list of alerts', to('/v2/alerts', '', 'GET'), 404],
    ['all alerts changed at once', to('/v2/alerts', '', 'PUT'), 405],
    ['an alert that is looked at', to(`/v2/alerts/${alert}`, '', 'GET'), 404],
    ['a tiny id', to('/v2/alerts/12/close', '', 'POST', 'identifierType=tiny'), 422],
    ['another address', to('/v2/heartbeats/x/ping'), 404],
  ])('%s', (_, hook, status) => {
    const { message, wrong, status: given } = unreadable(() => received('opsgenie', hook));
    expect(given).toBe(status);
    expect(senderOf('opsgenie').no?.(status, message, wrong)).toMatchObject({
      message: expect.any(String),
      requestId: expect.any(String),
    });
  });
});
