import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createPolls } from '#alerts/poll.js';
import type { Poll, Source } from '#alerts/settings.js';
import { alertmanagerAvailable, startAlertmanager, type TestAlertmanager } from '../support/alertmanager.js';
import { until } from '../support/until.js';
import { type Hooked, hooked, KEPT } from './hooked.js';

const suite = alertmanagerAvailable() ? describe : describe.skip;

const settings = (url: string) => `
  sources:
    am: { type: alertmanager, secrets: [secret:am-token], poll: { url: "${url}", receiver: hook } }
    pd: { type: pagerduty-events, secrets: [secret:pd] }
    og: { type: opsgenie, secrets: [secret:og] }
  rules:
    - { name: all, group_by: [alertname], open: {} }
`;

suite('a real Alertmanager', () => {
  let at: Hooked;
  let alertmanager: TestAlertmanager;
  let team: string | null = 'T1';

  beforeAll(async () => {
    at = await hooked(settings('http://127.0.0.1:1'), { team: async () => team });
    const http_config = { authorization: { type: 'Bearer', credentials: KEPT['am-token'] } };
    const to = (receiver: string, sender: string) => ({ receiver, matchers: [`sender="${sender}"`] });
    alertmanager = await startAlertmanager({
      route: {
        receiver: 'nobody',
        group_by: ['...'],
        ...{ group_wait: '10ms', group_interval: '1s', repeat_interval: '1h' },
        routes: [to('hook', 'webhook'), to('pagerduty', 'pagerduty'), to('opsgenie', 'opsgenie')],
      },
      receivers: [
        { name: 'nobody' },
        { name: 'hook', webhook_configs: [{ url: `${at.url}/am`, send_resolved: true, http_config }] },
        {
          name: 'pagerduty',
          pagerduty_configs: [
            {
              url: `${at.url}/pd/v2/enqueue`,
              routing_key: KEPT.pd,
              severity: 'critical',
              description: '{{ .CommonLabels.alertname }} fires',
              details: { team: 'voice' },
            },
          ],
        },
        {
          name: 'opsgenie',
          opsgenie_configs: [
            {
              api_url: `${at.url}/og/`,
              api_key: KEPT.og,
              message: '{{ .CommonLabels.alertname }} fires',
              priority: 'P2',
            },
          ],
        },
      ],
    });
    at.set(settings(alertmanager.url));
  });
  beforeEach(() => {
    team = 'T1';
  });
  afterAll(async () => {
    await alertmanager?.stop();
    await at?.close();
  });

  const of = async (name: string) =>
    (await at.signals()).filter(({ body, key }) => JSON.stringify(body).includes(name) || key.includes(name));
  const statuses = async (name: string) => (await of(name)).map(({ status }) => status);

  test.each([
    [
      'webhook',
      'am',
      (name: string) => ({ title: `${name} is wrong`, labels: { alertname: name, sender: 'webhook' } }),
    ],
    [
      'pagerduty',
      'pd',
      (name: string) => ({
        title: `${name} fires`,
        labels: expect.objectContaining({ severity: 'critical', team: 'voice' }),
      }),
    ],
    [
      'opsgenie',
      'og',
      (name: string) => ({
        title: `${name} fires`,
        labels: expect.objectContaining({ priority: 'P2', alertname: name }),
      }),
    ],
  ] as const)(
    'speaks to us as to its receiver %s: an alert begins, and ends',
    async (sender, source, expected) => {
      const name = `Speaks-${sender}`;
      const labels = { alertname: name, sender };
      await alertmanager.fires(labels, { annotations: { summary: `${name} is wrong` } });
      const [began] = await until('it is taken', async () => {
        const found = await of(name);
        return found.length > 0 && found;
      });
      expect(began).toMatchObject({ source, status: 'firing', rule: 'all', body: expected(name) });
      const { alert } = began?.body ?? {};
      await alertmanager.fires(labels, { ended: true });
      const [, end] = await until('its end is taken', async () => {
        const found = (await at.signals()).filter(({ body }) => body.alert === alert);
        return found.length > 1 && found;
      });
      expect(end).toMatchObject({ source, status: 'resolved', rule: 'all', key: began?.key });
    },
  );

  test('is told to wait, and sends it again until it is taken', async () => {
    team = null;
    await alertmanager.fires({ alertname: 'Waits', sender: 'webhook' });
    await until('it was told to wait', () => /unexpected status code 503/.test(alertmanager.log()));
    expect(await statuses('Waits')).toEqual([]);
    team = 'T1';
    await until('it is taken', async () => (await statuses('Waits')).length > 0);
    expect(await statuses('Waits')).toEqual(['firing']);
  });

  test('is asked for what it announced while nobody listened', async () => {
    const source = at.ports.settings().sources.get('am') as Source & { poll: Poll };
    const polls = createPolls({ ...at.ports, signals: at.db.store.signals, intake: at.intake });
    const signal = AbortSignal.timeout(60_000);
    // Nobody is told of it: not even that there is such a receiver.
    const silent = { alertname: 'Unheard', sender: 'webhook' };
    team = null;
    await alertmanager.fires(silent);
    await until('it is known there', async () =>
      (await (await fetch(`${alertmanager.url}/api/v2/alerts`)).text()).includes('Unheard'),
    );
    expect(await polls.look(source, signal)).toBeNull();
    team = 'T1';
    await until('it is routed', async () => ((await polls.look(source, signal))?.firing ?? 0) > 0);
    expect(await statuses('Unheard')).toEqual(['firing']);
    // It has forgotten all of it when it comes back: two looks later that has ended here, too.
    await at.db.sql(
      `update signal set outcome = 'opened', fires = true, incident = 1 where body ->> 'title' = 'Unheard'`,
    );
    await alertmanager.kill9();
    await expect(polls.look(source, signal)).rejects.toThrow(/could not be asked/);
    expect(await statuses('Unheard')).toEqual(['firing']);
    await alertmanager.start();
    await polls.look(source, signal);
    expect(await statuses('Unheard')).toEqual(['firing']);
    await polls.look(source, signal);
    expect(await statuses('Unheard')).toEqual(['firing', 'resolved']);
  });

  test('with a wrong secret is refused, and says so itself', async () => {
    const other = await startAlertmanager({
      route: { receiver: 'hook', group_wait: '10ms', group_interval: '1s' },
      receivers: [
        {
          name: 'hook',
          webhook_configs: [
            { url: `${at.url}/am`, http_config: { authorization: { credentials: 'wrong' } } },
          ],
        },
      ],
    });
    try {
      await other.fires({ alertname: 'Refused' });
      await until('it was refused', () => /unexpected status code 401/.test(other.log()));
      expect(await statuses('Refused')).toEqual([]);
    } finally {
      await other.stop();
    }
  });
});
