import { describe, expect, test } from '@jest/globals';
import { readAlertSettings } from '#alerts/settings.js';
import { openAlerts } from '#compose/alerts.js';
import { sectionsWrong } from '#compose/runbooks.js';
import { readOrganisation } from '#config/organisation.js';

const SECRETS = 'secrets: { am-token: env:AM, og: env:OG }\n';
const FULL = `${SECRETS}alerts:
  sources:
    prometheus: { type: alertmanager, secrets: [secret:am-token], mode: shadow, poll: { url: "http://am.example:9093", every: 1m, secret: secret:am-token, receiver: tocsin } }
    ops: { type: opsgenie, secrets: [secret:og, secret:am-token], max_bytes: 20000, per_minute: 60 }
  rules:
    - name: noise
      match: { labels: { severity: info } }
      ignore: true
    - name: tts-failing
      match: { source: prometheus, labels: { alertname: "Tts*", severity: [critical, page], code: 500 } }
      group_by: [service]
      open:
        title: "{{ labels.alertname }}"
        severity: { label: severity, map: { critical: sev2 }, default: sev3 }
        components: [tts]
        private: true
        people: [U012AB3CD]
        groups: [S012AB3CD]
        runbook: key-sync
        inputs: { from: a, times: 3 }
      for: 5m
      count: 3 in 10m
      quiet: "22:00-06:00 Europe/Berlin"
      resolve: auto
    - name: rest
      match: { source: "o*" }
      attach: true
  keep: 30d
`;

const read = (text: string) => readOrganisation(text, 'tocsin.yml', sectionsWrong);
const problems = (text: string): string[] => {
  const found = read(text);
  return Array.isArray(found) ? found : [];
};

test('everything that may stand there', () => {
  const org = read(FULL);
  if (Array.isArray(org)) throw new Error(org.join('\n'));
  const found = readAlertSettings(org.alerts, Object.keys(org.secrets), org.at);
  if ('problems' in found) throw new Error(found.problems.join('\n'));
  const { sources, rules, keepMs } = found.settings;
  expect(sources.get('prometheus')).toMatchObject({
    shadow: true,
    secrets: ['am-token'],
    maxBytes: 1_000_000,
    poll: { everyMs: 60_000, secret: 'am-token', receiver: 'tocsin' },
  });
  expect(sources.get('ops')).toMatchObject({
    shadow: false,
    secrets: ['og', 'am-token'],
    maxBytes: 20_000,
    perMinute: 60,
    poll: null,
  });
  expect(rules[1]).toEqual({
    name: 'tts-failing',
    match: {
      sources: ['prometheus'],
      labels: { alertname: ['Tts*'], severity: ['critical', 'page'], code: ['500'] },
    },
    does: {
      open: {
        title: '{{ labels.alertname }}',
        severity: { label: 'severity', map: { critical: 'sev2' }, otherwise: 'sev3' },
        components: ['tts'],
        private: true,
        people: ['U012AB3CD'],
        groups: ['S012AB3CD'],
        runbook: { name: 'key-sync', inputs: { from: 'a', times: '3' } },
      },
    },
    groupBy: ['service'],
    forMs: 300_000,
    count: { times: 3, withinMs: 600_000 },
    quiet: { from: 22 * 60, to: 6 * 60, zone: 'Europe/Berlin' },
    resolve: 'auto',
  });
  expect(rules.map(({ does }) => Object.keys(does))).toEqual([['ignore'], ['open'], ['attach']]);
  expect(keepMs).toBe(30 * 86_400_000);
});

test('a secret that is new is not there until a restart, and that is what is said', () => {
  const started = readOrganisation('secrets: { am-token: env:AM }\n', 'tocsin.yml', sectionsWrong);
  const next = read(FULL);
  if (Array.isArray(started) || Array.isArray(next)) throw new Error('these are right');
  const alerts = openAlerts({ org: started });
  expect(() => alerts.renew({ org: next })).toThrow(
    /tocsin\.yml:5: alerts\.sources\.ops\.secrets refers to a secret that this bot was started without; restart it$/,
  );
  expect(alerts.settings().sources.size).toBe(0);
});

test.each(['', 'alerts:\n', 'alerts: {}\n'])('%j is none of it', (text) => {
  expect(problems(text)).toEqual([]);
});

/** A file with one source and the lines of one rule; its rule begins in line 5. */
const rule = (...lines: string[]) =>
  `${SECRETS}alerts:\n  sources: { am: { type: alertmanager, secrets: [secret:am-token] } }\n  rules:\n${lines.map((line) => `    ${line}\n`).join('')}`;
const source = (settings: string) => `${SECRETS}alerts:\n  sources:\n    am: ${settings}\n`;

describe('a mistake is told with its line and what to write', () => {
  test.each([
    [
      'a key that means nothing',
      `${SECRETS}alerts:\n  sauces: {}\n`,
      /^tocsin\.yml:3: alerts\.sauces means nothing here; the known ones are sources, rules, keep$/,
    ],
    ['sources as a list', `${SECRETS}alerts:\n  sources: [a]\n`, /:3: alerts\.sources is not a mapping/],
    [
      'a name that is no part of an address',
      `${SECRETS}alerts:\n  sources:\n    A/b: { type: sentry, secrets: [secret:og] }\n`,
      /:4: alerts\.sources\.A\/b is not a name/,
    ],
    [
      'no type',
      source('{ secrets: [secret:og] }'),
      /:4: alerts\.sources\.am needs a `type`: alertmanager, cloudevents, .*sentry$/,
    ],
    [
      'no secret',
      source('{ type: sentry, secrets: [] }'),
      /secrets names none; write at least one, such as \[secret:am-token\]$/,
    ],
    ['secrets left out', source('{ type: sentry }'), /alerts\.sources\.am\.secrets is missing/],
    [
      'a secret itself',
      source('{ type: sentry, secrets: [hunter22222] }'),
      /secrets\.0 must be a reference such as secret:NAME/,
    ],
    [
      'a secret that is not there',
      source('{ type: sentry, secrets: [secret:none] }'),
      /secrets refers to a secret that is not under `secrets:`; there are am-token, og; write one of them, or add it there$/,
    ],
    [
      'a setting of another kind',
      source('{ type: sentry, secrets: [secret:og], window: 1m }'),
      /am\.window means nothing here/,
    ],
    [
      'another mode',
      source('{ type: sentry, secrets: [secret:og], mode: dark }'),
      /mode is none of the values allowed; write live, shadow/,
    ],
    [
      'a body without end',
      source('{ type: sentry, secrets: [secret:og], max_bytes: 99000000 }'),
      /max_bytes is too much; write at most 10000000/,
    ],
    [
      'a poll of what cannot be asked',
      source('{ type: sentry, secrets: [secret:og], poll: { url: "http://a.example" } }'),
      /poll can only be asked of alertmanager and grafana/,
    ],
    [
      'a poll of the metadata of a cloud',
      source('{ type: alertmanager, secrets: [secret:og], poll: { url: "http://169.254.169.254" } }'),
      /poll\.url is a link-local or metadata address, .*; write the address of the source$/,
    ],
    [
      'a poll with a password',
      source('{ type: alertmanager, secrets: [secret:og], poll: { url: "http://u:p@a.example" } }'),
      /poll\.url must not hold a user or a password/,
    ],
    [
      'a poll without rest',
      source('{ type: alertmanager, secrets: [secret:og], poll: { url: "http://a.example", every: 1s } }'),
      /every is too short; write 10s or more, such as 2m$/,
    ],
    [
      'no JSON pointer',
      source('{ type: json, secrets: [secret:og], members: { alert: id } }'),
      /members\.alert is no JSON pointer; write one such as \/alert\/id$/,
    ],
    ['a rule without a name', rule('- { ignore: true }'), /:5: alerts\.rules\.0\.name is missing/],
    ['a rule that does nothing', rule('- { name: a }'), /:5: alerts\.rules\.0 needs one of `open/],
    ['a rule that does two things', rule('- { name: a, attach: true, ignore: true }'), /needs one of/],
    [
      'a rule of a name that is taken',
      rule('- { name: a, match: { labels: { b: c } }, ignore: true }', '- { name: a, ignore: true }'),
      /:6: alerts\.rules\.1\.name is the name of an earlier rule/,
    ],
    [
      'a rule behind one that matches everything',
      rule(
        '- { name: a, match: { source: "*", labels: { b: "*" } }, ignore: true }',
        '- { name: b, attach: true }',
      ),
      /:6: alerts\.rules\.1 can never match: the rule a before it/,
    ],
    [
      'a rule of a source that is not there',
      rule('- { name: a, match: { source: promethus }, ignore: true }'),
      /match\.source names no source; there are am; write one of them, or add it under `sources:`$/,
    ],
    [
      'a match that is no pattern',
      rule('- { name: a, match: { labels: { b: { c: d } } }, ignore: true }'),
      /match\.labels\.b is no pattern; write one such as "Tts\*", or a list of them$/,
    ],
    [
      'a title with a field that nobody knows',
      rule('- { name: a, open: { title: "{{ summary }}" } }'),
      /open\.title holds “\{\{ summary \}\}”/,
    ],
    ['a severity that there is none of', rule('- { name: a, open: { severity: sev9 } }'), /open\.severity/],
    [
      'a map to one that there is none of',
      rule('- { name: a, open: { severity: { label: s, map: { x: high } } } }'),
      /severity\.map\.x is none of the values allowed; write sev1/,
    ],
    [
      'somebody by name',
      rule('- { name: a, open: { people: ["@ana"] } }'),
      /people\.0 is not a user id; write one such as U012AB3CD$/,
    ],
    [
      'a group by name',
      rule('- { name: a, open: { groups: [sre] } }'),
      /groups\.0 is not a user group id; write one such as S012AB3CD$/,
    ],
    [
      'a runbook that is none by its name',
      rule('- { name: a, open: { runbook: "Key sync" } }'),
      /open\.runbook is not the name of a runbook; write one such as key-sync$/,
    ],
    [
      'inputs without a runbook',
      rule('- { name: a, open: { inputs: { a: b } } }'),
      /open\.inputs are for a runbook/,
    ],
    [
      'a count in other words',
      rule('- { name: a, open: {}, count: 3 per hour }'),
      /count is not a count; write it as "3 in 10m"/,
    ],
    [
      'quiet hours without a zone of this world',
      rule('- { name: a, open: {}, quiet: "22:00-06:00 Mars/Base" }'),
      /quiet is not a window/,
    ],
    [
      'a threshold of what opens nothing',
      rule('- { name: a, ignore: true, for: 5m }'),
      /for is only for a rule that opens/,
    ],
    [
      'to keep for an hour',
      `${SECRETS}alerts: { keep: 1h }\n`,
      /alerts\.keep is too short; write a day or more, such as 90d$/,
    ],
  ])('%s', (_, text, expected) => {
    const found = problems(text);
    expect(found).toEqual([expect.stringMatching(expected)]);
    expect(found.join()).not.toContain('hunter22222');
    // What fits is said.
    expect(found.join()).not.toContain('write what fits');
  });

  test('all of them at once', () => {
    expect(
      problems(`${SECRETS}alerts:\n  sources: { A: { type: none } }\n  rules: [{}, 7]\n  keep: x\n`).length,
    ).toBeGreaterThanOrEqual(5);
  });
});
