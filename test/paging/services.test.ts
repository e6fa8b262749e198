import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readOrganisation } from '#config/organisation.js';
import { createService, NotTaken, type PageEvent } from '#paging/services.js';
import { type PagingSettings, readPagingSettings } from '#paging/settings.js';
import { ActionFailed } from '#runbooks/action.js';
import { Scrub } from '#runbooks/scrub.js';
import { fingerprints, Secret } from '#runbooks/secret.js';
import { GENIE_KEY, ROUTING_KEY, startOpsgenie, startPagerDuty } from './there.js';

let duty: Awaited<ReturnType<typeof startPagerDuty>>;
let genie: Awaited<ReturnType<typeof startOpsgenie>>;
beforeAll(async () => {
  [duty, genie] = await Promise.all([startPagerDuty(), startOpsgenie()]);
});
beforeEach(() => {
  for (const there of [duty, genie]) {
    there.fates.length = 0;
    there.asked.length = 0;
    there.alerts.clear();
  }
});
afterAll(() => Promise.all([duty.stop(), genie.stop()]));

const SECRETS: Record<string, string> = { pd: ROUTING_KEY, og: GENIE_KEY, wrong: 'f'.repeat(32) };
function read(yaml: string) {
  const org = readOrganisation(yaml, 'tocsin.yml');
  if (Array.isArray(org)) throw new Error(org.join('\n'));
  return readPagingSettings(org.paging, Object.keys(org.secrets), org.at);
}
function settings(yaml: string): PagingSettings {
  const found = read(yaml);
  if ('problems' in found) throw new Error(found.problems.join('\n'));
  return found.settings;
}
const wrongIn = (yaml: string) => {
  const found = read(yaml);
  return 'problems' in found ? found.problems : [];
};
const HELD = `secrets: { pd: "env:PD", og: "env:OG", wrong: "env:W", gone: "env:GONE" }\n`;

/** A service as tocsin.yml has it, with its secrets found. */
function service(kind: 'pagerduty' | 'opsgenie', secret: string, { ms = 5_000 } = {}) {
  const key = kind === 'pagerduty' ? 'routing_key' : 'api_key';
  const { url } = kind === 'pagerduty' ? duty : genie;
  const yaml = `${HELD}paging: { services: { main: { kind: ${kind}, url: "${url}/", ${key}: "secret:${secret}" } } }`;
  const main = settings(yaml).services.get('main');
  if (!main) throw new Error('no service');
  const scrub = new Scrub(fingerprints('pepper'));
  return createService(main, {
    secret(name) {
      const value = SECRETS[name];
      if (value === undefined)
        throw new ActionFailed(`the secret ${name} is empty: there is nothing in env:GONE`);
      const found = new Secret(value);
      scrub.learn(found);
      return found;
    },
    ...{ scrub, ms },
  });
}
const event = (more: Partial<PageEvent> = {}): PageEvent => ({
  ...{ does: 'trigger', key: 'tocsin-1', summary: 'INC-7 sev1: all is red', ref: 'INC-7', severity: 'sev1' },
  ...{ link: 'https://slack.com/app_redirect?channel=C7', by: null, details: { policy: 'sre' } },
  ...more,
});
const never = new AbortController().signal;
const no = async (asked: Promise<void>) => {
  const error: unknown = await asked.then(() => null).catch((thrown: unknown) => thrown);
  if (!(error instanceof NotTaken)) throw error ?? new Error('it was taken');
  for (const value of Object.values(SECRETS)) expect(error.message).not.toContain(value);
  return error;
};

describe('`paging:` of tocsin.yml', () => {
  test('is read, with what holds where it does not say', () => {
    const { rules, services } = settings(`${HELD}paging:
  services:
    main: { kind: pagerduty, routing_key: "secret:pd" }
    eu: { kind: opsgenie, url: "https://api.eu.opsgenie.com/v2/alerts", api_key: "secret:og" }
  policies:
    sre:
      steps: [{ notify: ["@sre", U012AB3CD] }, { notify: [service:main], wait: 10m }]
      repeat: 1
      private: true
  by_severity: { sev1: sre }`);
    expect(services.get('main')).toEqual({
      ...{ name: 'main', kind: 'pagerduty', url: 'https://events.pagerduty.com', secret: 'pd' },
    });
    expect(services.get('eu')?.url).toBe('https://api.eu.opsgenie.com');
    expect(rules).toMatchObject({ bySeverity: { sev1: 'sre' }, holdMs: 900_000, waitMs: 300_000 });
    expect(rules.policies.get('sre')).toEqual({
      steps: [
        { notify: ['@sre', 'U012AB3CD'], waitMs: 300_000 },
        { notify: ['service:main'], waitMs: 600_000 },
      ],
      ...{ repeat: 1, openly: true },
    });
    expect(settings('').rules.policies.size).toBe(0);
  });

  test.each<[string, RegExp]>([
    ['services: { main: { kind: pager } }', /tocsin\.yml:2: paging\.services\.main needs a `kind`/],
    ['services: { main: { kind: pagerduty } }', /services\.main\.routing_key/],
    ['services: { main: { kind: pagerduty, routing_key: abc } }', /routing_key must be a reference such as/],
    [
      'services: { main: { kind: opsgenie, api_key: "secret:nope" } }',
      /not under `secrets:`; there are pd, og/,
    ],
    [
      'services: { main: { kind: opsgenie, api_key: "secret:og", url: "http://pager.example" } }',
      /must begin with https/,
    ],
    [
      'services: { main: { kind: opsgenie, api_key: "secret:og", url: "https://169.254.169.254" } }',
      /never asked/,
    ],
    ['services: { main: { kind: opsgenie, api_key: "secret:og", rl: x } }', /services\.main\.rl/],
    ['policies: { sre: { steps: [] } }', /policies\.sre\.steps/],
    ['policies: { sre: { steps: [{ notify: [ana] }] } }', /notify\.0 is nobody/],
    ['policies: { sre: { steps: [{ notify: [service:main] }] } }', /names no service; there is none/],
    ['policies: { sre: { steps: [{ notify: ["@sre"], wait: 1s }] } }', /wait is too short/],
    ['policies: { Sre: { steps: [{ notify: ["@sre"] }] } }', /policies\.Sre is not a name/],
    ['by_severity: { sev1: sre }', /by_severity\.sev1 names no policy/],
    ['by_severity: { sev9: sre }', /by_severity/],
    ['on: { sev1: sre }', /paging\.on means nothing here; the known ones are services, policies/],
  ])('%s is said with its line', (yaml, words) => {
    const wrong = wrongIn(`${HELD}paging: { ${yaml} }`);
    expect(wrong.join('\n')).toMatch(words);
    expect(wrong.every((line) => line.startsWith('tocsin.yml:2: paging'))).toBe(true);
    expect(wrong.join('\n')).not.toContain('abc');
  });
});

describe.each(['pagerduty', 'opsgenie'] as const)('%s', (kind) => {
  const there = () => (kind === 'pagerduty' ? duty : genie);
  const secret = kind === 'pagerduty' ? 'pd' : 'og';
  const statuses = () => [...there().alerts.values()].map(({ status }) => status);

  test('an alert is made once, acknowledged and closed, each as often as one likes', async () => {
    const main = service(kind, secret);
    for (const does of ['trigger', 'trigger', 'acknowledge', 'acknowledge'] as const)
      await main.notify(event({ does, by: 'bo' }), never);
    expect(statuses()).toEqual(['acknowledged']);
    for (let i = 0; i < 2; i++) await main.notify(event({ does: 'resolve' }), never);
    expect(statuses()).toEqual([kind === 'pagerduty' ? 'resolved' : 'closed']);
    // What is said of one that was never made is taken as well.
    await main.notify(event({ does: 'resolve', key: 'tocsin-2' }), never);
  });

  test('nothing is longer than it may be, and what may not be known is not said', async () => {
    const main = service(kind, secret);
    const long = '⚠️ “all” is <red> & '.repeat(2_000);
    await main.notify(event({ summary: long, severity: null, by: long, details: { reason: long } }), never);
    await main.notify(event({ does: 'acknowledge', by: long }), never);
    const bare = {
      key: 'tocsin-3',
      summary: 'A private incident needs you',
      details: {},
      link: null,
      ref: null,
    };
    await main.notify(event(bare), never);
    expect(there().alerts.size).toBe(2);
    expect(JSON.stringify(there().asked.at(-1)?.body)).not.toContain('INC-7');
  });

  test('an answer that is lost, or never comes, is asked for again, and makes one alert', async () => {
    there().fates.push('after', 'drop', 'silence');
    const main = service(kind, secret, { ms: 200 });
    for (const words of [/gave no answer/, /gave no answer/, /did not answer within 0\.2 s/]) {
      const error = await no(main.notify(event(), never));
      expect(error).toMatchObject({ final: false, retryMs: null });
      expect(error.message).toMatch(words);
    }
    await main.notify(event(), never);
    expect(statuses()).toHaveLength(1);
  });

  test.each<[number, string | undefined, boolean, number | null]>([
    [429, undefined, false, 30_000],
    [429, '7', false, 7_000],
    [429, '86400', false, 300_000],
    [500, undefined, false, null],
    [503, undefined, false, null],
    [408, undefined, false, null],
    [200, undefined, false, null],
    [302, undefined, true, null],
    [413, undefined, true, null],
  ])('%s (Retry-After %s)', async (status, after, final, retryMs) => {
    const headers = { location: 'https://elsewhere.example/', ...(after && { 'retry-after': after }) };
    there().fates.push({ status, headers, body: 'a page of a proxy' });
    const error = await no(service(kind, secret).notify(event(), never));
    expect(error).toMatchObject({ final, retryMs });
    expect(error.message).toContain(`answered ${status}`);
    expect(there().asked).toHaveLength(1);
  });

  test('a key that is wrong, or not there, is said without the key', async () => {
    const wrong = await no(service(kind, 'wrong').notify(event(), never));
    expect(wrong.final).toBe(true);
    expect(wrong.message).toMatch(
      kind === 'pagerduty'
        ? /^main \(PagerDuty\) answered 400: Event object is invalid; Invalid routing key/
        : /^main \(Opsgenie\) answered 403: You are not authorized/,
    );
    const gone = await no(service(kind, 'gone').notify(event(), never));
    expect(gone.final).toBe(true);
    expect(gone.message).toContain('env:GONE');
  });

  test('errors are said field by field, and in one line', async () => {
    there().fates.push({
      status: 422,
      body: JSON.stringify({
        message: 'not\nprocessable',
        errors: kind === 'pagerduty' ? ['a', 'b'] : { a: 'b' },
      }),
    });
    const { message } = await no(service(kind, secret).notify(event(), never));
    expect(message).toContain(
      kind === 'pagerduty' ? '422: not processable; a; b' : '422: not processable; a b',
    );
  });
});
