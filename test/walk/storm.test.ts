import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { alertmanagerAlert, alertmanagerBody } from '../alerts/kit.js';
import { until } from '../support/until.js';
import { startWalk, type Walk } from './kit.js';

// A storm of alerts at a whole bot: an incident for each key, and a handful of calls to Slack. Kills in it are for the soak.

const TOKEN = 'a-token-of-the-storm-0123456789';
const KEYS = ['tts', 'stt'];
const ALERTS = 500;
/** Alerts of one delivery. */
const BATCH = 5;
/** Deliveries under way at the same time. */
const SENDERS = 10;

let walk: Walk;
let url: string;
beforeAll(async () => {
  walk = await startWalk();
  const file = (name: string) => join(walk.folder, name);
  await writeFile(file('am.secret'), TOKEN);
  await writeFile(
    file('tocsin.yml'),
    `secrets: { am: "file:${file('am.secret')}" }
alerts:
  sources: { am: { type: alertmanager, secrets: [secret:am], per_minute: 100000 } }
  rules: [{ name: storm, group_by: [service], open: { title: "{{ labels.service }} is in a storm" } }]
`,
  );
  ({ url } = await walk.here());
});
afterAll(() => walk.end());

const alerts = Array.from({ length: ALERTS }, (_, n) => ({
  name: `alert ${n}`,
  service: KEYS[n % KEYS.length] ?? '',
}));

/** All of them, by several senders at once. */
async function sends(status: 'firing' | 'resolved'): Promise<void> {
  const left = [...alerts];
  const send = async () => {
    for (let some = left.splice(0, BATCH); some.length > 0; some = left.splice(0, BATCH)) {
      const body = some.map(({ name, service }) =>
        alertmanagerAlert({
          ...{ status, fingerprint: name, labels: { service }, annotations: { summary: name } },
          ...(status === 'resolved' && { endsAt: '2026-11-10T01:53:00.512Z' }),
        }),
      );
      const request = {
        method: 'POST',
        headers: { authorization: `Bearer ${TOKEN}` },
        body: JSON.stringify(alertmanagerBody(body, { groupKey: some[0]?.name })),
      };
      // As senders do: again, while a bot that has just started does not know yet whose alerts they are.
      await until('it is taken', async () => {
        const response = await fetch(`${url}/hooks/am`, request);
        expect([202, 503]).toContain(response.status);
        return response.status === 202;
      });
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, send));
}

const calls = async () =>
  (await walk.control<{ calls: Array<{ method: string; args: { text?: string } }> }>('log')).calls;

/** Waits until each incident's channel says so, in the one message that it has of alerts. */
const shown = (words: RegExp) =>
  walk.until(String(words), ({ channels }) => {
    const storms = channels.filter(({ name }) => /^inc-\d+-/.test(name));
    const told = storms.map(({ messages }) =>
      messages.filter(({ text }) => /\balerts? (?:fires?|ha(?:s|ve) ended)/.test(text)),
    );
    if (told.some((messages) => messages.length > 1)) throw new Error('alerts of a key are shown twice');
    return told.filter(([message]) => words.test(message?.text ?? '')).length === KEYS.length && storms;
  });

test('of 500 alerts each stands once in the incident of its key, and Slack is called a handful of times', async () => {
  const before = (await calls()).length;
  const began = performance.now();
  await sends('firing');
  await shown(/^250 of 250 alerts fire/);
  await sends('resolved');
  const channels = await shown(/^All 250 alerts have ended/);
  const made = (await calls()).slice(before);
  const seconds = (performance.now() - began) / 1_000;
  const updates = made.filter(
    ({ method, args }) => method === 'chat.update' && /^(?:All )?\d+ .*alerts /.test(args.text ?? ''),
  ).length;
  // Opening takes what it takes; then messages are brought up to date, one a second, however many alerts there are.
  expect(made.length - updates).toBeLessThanOrEqual(KEYS.length * 12);
  expect(updates).toBeLessThanOrEqual(1 + seconds);
  // So it is at most 30 for each incident, unless the machine takes most of a minute for what is a few seconds.
  expect(made.length).toBeLessThanOrEqual(KEYS.length * 30 + Math.max(0, seconds - 30));

  expect(channels.map(({ name }) => name.replace(/^inc-\d+-/, '')).sort()).toEqual(
    KEYS.map((key) => `${key}-is-in-a-storm`).sort(),
  );
  const found: string[] = [];
  for (const number of [1, 2]) {
    const { out } = await walk.tocsin('export', `INC-${number}`, '--format', 'json');
    const { incident, timeline } = JSON.parse(out) as {
      incident: { title: string };
      timeline: Array<{ kind: string; until: string | null; alert?: { title: string } }>;
    };
    const service = incident.title.split(' ')[0];
    for (const { kind, until, alert } of timeline)
      if (kind === 'alert') found.push(`${alert?.title} of ${service}, until ${until}`);
  }
  expect(found.sort()).toEqual(
    alerts.map(({ name, service }) => `${name} of ${service}, until 2026-11-10T01:53:00Z`).sort(),
  );
  expect((await walk.tocsin('list')).out).not.toContain('INC-3');
});
