import { describe, expect, test } from '@jest/globals';
import { Secret } from '#runbooks/secret.js';
import { hmac, hookOf, NOW, refusal, SECRETS } from './kit.js';

const [OLD, NEW] = SECRETS as [Secret, Secret];
const OTHER = new Secret('somebody else’s secret');
const BODY = Buffer.from('{"routing_key":"none", "ü": "raw bytes"}\n');
const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;
const seconds = (time: Date) => String(Math.floor(time.getTime() / 1_000));
const hooked = (headers: Record<string, string>) => hookOf(BODY, { headers });

/** `says` makes the headers that a holder of the secret would send. */
const WAYS: Array<
  [name: string, type: string, settings: object, says: (secret: Secret) => Record<string, string>]
> = [
  ['a token', 'alertmanager', {}, (one) => ({ authorization: `Bearer ${tight(one)}` })],
  ['a password', 'alertmanager', {}, (one) => ({ authorization: basic(`anybody:${one.reveal()}`) })],
  ['a token', 'datadog', {}, (one) => ({ authorization: `bearer ${tight(one)}` })],
  ['a password', 'grafana', {}, (one) => ({ authorization: basic(`tocsin:${one.reveal()}`) })],
  ['a signature', 'grafana', {}, (one) => ({ 'x-grafana-alerting-signature': hmac(one, BODY) })],
  [
    'a signature, as its library names it',
    'grafana',
    {},
    (one) => ({ 'x-grafana-alert-signature': hmac(one, BODY) }),
  ],
  [
    'a signature in a header of one’s own',
    'grafana',
    { signature_header: 'X-Ours' },
    (one) => ({ 'x-ours': hmac(one, BODY) }),
  ],
  [
    'a signature with its time',
    'grafana',
    { timestamp_header: 'X-Time' },
    (one) => ({ 'x-time': seconds(NOW), 'x-grafana-alerting-signature': hmac(one, seconds(NOW), ':', BODY) }),
  ],
  ['a signature', 'pagerduty', {}, (one) => ({ 'x-pagerduty-signature': `v1=${hmac(one, BODY)}` })],
  [
    'one of several signatures',
    'pagerduty',
    {},
    (one) => ({ 'x-pagerduty-signature': `v1=${hmac(OTHER, BODY)},v1=${hmac(one, BODY)}` }),
  ],
  ['a signature', 'sentry', {}, (one) => ({ 'sentry-hook-signature': hmac(one, BODY) })],
  ['a token', 'cloudevents', {}, (one) => ({ authorization: `Bearer ${tight(one)}` })],
  ['a key', 'opsgenie', {}, (one) => ({ authorization: `GenieKey ${tight(one)}` })],
  ['a token', 'json', { members: { alert: '/id' } }, (one) => ({ authorization: `Bearer ${tight(one)}` })],
  [
    'a signature',
    'json',
    { members: { alert: '/id' }, signature: { header: 'X-Hub-Signature-256', prefix: 'sha256=' } },
    (one) => ({ 'x-hub-signature-256': `sha256=${hmac(one, BODY)}` }),
  ],
];

/** Tokens have no blanks. */
const tight = (secret: Secret) => secret.reveal().replaceAll(' ', '-');
const TIGHT = SECRETS.map((one) => new Secret(tight(one)));
const all = [...SECRETS, ...TIGHT];

describe.each(WAYS)('%s to %s', (_, type, settings, says) => {
  test('each of the secrets is good', () => {
    expect(refusal(type, hooked(says(OLD)), settings, all)).toBeNull();
    expect(refusal(type, hooked(says(NEW)), settings, all)).toBeNull();
  });
  test('another is not, nor is none, and what is said of it holds none of it', () => {
    const why = refusal(type, hooked(says(OTHER)), settings, all);
    expect(why).toEqual(expect.any(String));
    expect(`${why}`).not.toContain(tight(OTHER));
    expect(refusal(type, hooked({}), settings, all)).toEqual(expect.any(String));
    expect(refusal(type, hooked(says(OLD)), settings, [NEW, new Secret(tight(NEW))])).toEqual(
      expect.any(String),
    );
  });
});

describe.each(WAYS.filter(([name]) => name.includes('signature')))('%s to %s', (_, type, settings, says) => {
  test('is over the bytes as they came', () => {
    const spaced = Buffer.from(BODY.toString().replace('{', '{ '));
    expect(refusal(type, hookOf(spaced, { headers: says(OLD) }), settings)).toEqual(expect.any(String));
  });
  test.each(['', 'v1=', 'f'.repeat(64), 'f'.repeat(62), 'zz', '\u0000', ','.repeat(9_000)])(
    '“%s” is none',
    (given) => {
      const headers = Object.fromEntries(
        Object.keys(says(OLD)).map((name) => [name, name === 'x-time' ? seconds(NOW) : given]),
      );
      expect(refusal(type, hooked(headers), settings)).toEqual(expect.any(String));
    },
  );
});

describe('Grafana', () => {
  const timed = { timestamp_header: 'X-Time', window: '1m' };
  const at = (ms: number) => {
    const time = seconds(new Date(NOW.getTime() + ms));
    return hooked({ 'x-time': time, 'x-grafana-alerting-signature': hmac(OLD, time, ':', BODY) });
  };
  test.each([[-59_000], [59_000]])('a signature of %d ms is within the window', (ms) => {
    expect(refusal('grafana', at(ms), timed)).toBeNull();
  });
  test.each([[-70_000], [70_000]])('one of %d ms is not', (ms) => {
    expect(refusal('grafana', at(ms), timed)).toMatch(/70 s away/);
  });
  test('its time is signed: another one breaks it', () => {
    const headers = { 'x-time': seconds(NOW), 'x-grafana-alerting-signature': hmac(OLD, BODY) };
    expect(refusal('grafana', hooked(headers), timed)).toMatch(/time and the body/);
  });
  test.each([{ signature_header: 'X-Ours' }, timed])(
    'where a signature is asked for (%j), a token is not enough',
    (settings) => {
      expect(refusal('grafana', hooked({ authorization: `Bearer ${tight(OLD)}` }), settings, all)).toMatch(
        /signature is missing/,
      );
    },
  );
});

describe('PagerDuty’s own API', () => {
  const event = (routing_key: unknown) => hookOf({ routing_key, event_action: 'trigger' });
  test('the routing key is the secret', () => {
    expect(refusal('pagerduty-events', event(NEW.reveal()))).toBeNull();
    expect(refusal('pagerduty-events', event(OTHER.reveal()))).toMatch(/none of the secrets/);
  });
  test.each([[null], [''], [[NEW.reveal()]], [{ toString: 1 }]])('%j is none', (key) => {
    expect(refusal('pagerduty-events', event(key))).toMatch(/no routing_key/);
  });
  test('what cannot be read has none', () => {
    expect(refusal('pagerduty-events', hookOf('{"routing_key"'))).toMatch(/no routing_key/);
  });
});

test('CloudEvents may bring their token in the address', () => {
  const query = new URLSearchParams({ access_token: OLD.reveal() });
  expect(refusal('cloudevents', hookOf(BODY, { query }))).toBeNull();
  expect(refusal('cloudevents', hookOf(BODY, { query: new URLSearchParams({ access_token: 'x' }) }))).toMatch(
    /none/,
  );
});

test('a key of Opsgenie is no token of another kind', () => {
  expect(refusal('opsgenie', hooked({ authorization: `Bearer ${tight(OLD)}` }), {}, all)).toMatch(
    /Authorization/,
  );
});
