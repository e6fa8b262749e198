import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cli } from '#cli/cli.js';
import { alertmanagerAlert, alertmanagerBody } from '../alerts/kit.js';

// What the rules would make of what was sent: no database is there, and none is asked for.

const SETTINGS = `secrets: { am: env:TRY_AM }
alerts:
  sources:
    am: { type: alertmanager, secrets: [secret:am] }
    dark: { type: alertmanager, secrets: [secret:am], mode: shadow }
    sentry: { type: sentry, secrets: [secret:am] }
    og: { type: opsgenie, secrets: [secret:am] }
  rules:
    - { name: noise, match: { labels: { severity: info } }, ignore: true }
    - name: tts
      match: { labels: { service: tts } }
      group_by: [service]
      open: { title: "{{ labels.alertname }}: {{ title }}", severity: { label: severity, map: { critical: sev2 } }, runbook: key-snyc, people: [U012AB3CD], private: true }
      for: 5m
      count: 3 in 10m
      quiet: "22:00-06:00"
    - { name: db, match: { labels: { service: db } }, group_by: [service], attach: true }
`;
let folder = '';
const path = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tocsin-try-'));
  await mkdir(path('captured'));
  await writeFile(path('tocsin.yml'), SETTINGS);
  const labelled = (labels: object) => alertmanagerAlert({ labels, fingerprint: JSON.stringify(labels) });
  const sent = {
    'a.json': [
      alertmanagerAlert(),
      labelled({ service: 'db' }),
      labelled({ severity: 'info' }),
      labelled({ service: 'web' }),
    ],
    'b.json': [
      alertmanagerAlert({ status: 'resolved', annotations: { summary: 'over, says the-key-of-the-test' } }),
    ],
  };
  for (const [name, alerts] of Object.entries(sent))
    await writeFile(path(`captured/${name}`), JSON.stringify(alertmanagerBody(alerts)));
  await writeFile(path('broken.json'), '{"alerts":[');
  await writeFile(path('note.json'), JSON.stringify({ user: 'bo', note: 'looking' }));
  await writeFile(path('sentry.json'), JSON.stringify({ action: 'assigned', data: { issue: { id: '1' } } }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function tocsin(...args: string[]) {
  let out = '';
  let err = '';
  const code = await cli(['alerts', ...args], {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    stdin: async () => '',
    env: {
      TOCSIN_CONFIG: path('tocsin.yml'),
      TRY_AM: 'the-key-of-the-test',
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
    },
  });
  return { code, out, err };
}

test('a file: which rule takes each, and what it would do', async () => {
  const { code, out } = await tocsin('try', path('captured/a.json'), '--source', 'am');
  expect(out.split('\n')).toEqual([
    'a.json',
    '  firing “TTS refuses its keys” tts → opens “TtsAuthFailing: TTS refuses its keys” (sev2, private, invites U012AB3CD, offers key-snyc) once it has fired for 5 m and once 3 have begun within 10 m and outside of its quiet hours; key private service=tts',
    '  firing “TTS refuses its keys” db → attached to the open incident with the key service=db, or to one that is opened within a day',
    '  firing “TTS refuses its keys” noise → ignored',
    '  firing “TTS refuses its keys” no rule matches: nothing is opened',
    expect.stringMatching(
      /tocsin\.yml:\d+: alerts\.rules\.1\.open\.runbook names no runbook \(key-snyc\); the closest are key-sync, /,
    ),
    'Nothing was recorded, and no secret was looked at.',
    '',
  ]);
  expect(code).toBe(0);
});

test('a folder: each, and a summary; a secret that is known is not shown', async () => {
  const { out } = await tocsin('try', path('captured'), '--source', 'dark');
  expect(out).toMatch(
    /b\.json\n {2}resolved “over, says \[secret fp:\S+\]” tts → recorded as ended where it began; key private service=tts \(shadow: only counted\)\n/,
  );
  expect(out).toMatch(/\n2 files:\n( +1 {2}\S+: \S+\n| +1 {2}\(none\): firing\n|.*\n)*Nothing was recorded/);
  expect(out).toContain('firing: tts');
  expect(out).not.toContain('the-key-of-the-test');
});

test('what would be refused is said, and is a failure', async () => {
  expect(await tocsin('try', path('broken.json'), '--source', 'am')).toMatchObject({
    code: 1,
    out: expect.stringMatching(/would be refused with 400: The body is not JSON/),
  });
});

test('what begins nothing is said', async () => {
  const { code, out } = await tocsin(
    'try',
    path('sentry.json'),
    '--source',
    'sentry',
    '--header',
    'Sentry-Hook-Resource: issue',
  );
  expect([code, out]).toEqual([0, expect.stringContaining('begins and ends no alert')]);
});

test('what is said of an alert: who, what, and where it goes', async () => {
  const of = ['--source', 'og', '--path', '/v2/alerts/x/notes'];
  expect((await tocsin('try', path('note.json'), ...of)).out).toMatch(
    /^note\.json\n {2}noted by bo “looking” → a note where its alert is, else nothing\n.*alerts\.rules\.1\.open\.runbook names no runbook.*\nNothing was recorded, and no secret was looked at\.\n$/,
  );
});

test.each([
  ['no source', ['try', 'x.json'], 2, /name the source with --source: there is am, dark, sentry, og/],
  [
    'another source',
    ['try', 'x.json', '--source', 'none'],
    1,
    /no source none .* there is am, dark, sentry, og/,
  ],
  ['no file', ['try', '--source', 'am'], 2, /name one file/],
  [
    'a file that is not there',
    ['try', '/nowhere/x.json', '--source', 'am'],
    1,
    /There is no \/nowhere\/x\.json/,
  ],
  [
    'no header',
    ['try', 'x.json', '--source', 'am', '--header', 'x'],
    1,
    /There is no x\.json|header is written/,
  ],
  ['another verb', ['test'], 2, /say which: alerts try FILE --source NAME, or alerts report/],
])('%s', async (_, args, code, err) => {
  expect(await tocsin(...args)).toMatchObject({ code, err: expect.stringMatching(err) });
});
