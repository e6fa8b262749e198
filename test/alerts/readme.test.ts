import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import type { Sender } from '#alerts/sender.js';
import { SENDERS } from '#alerts/senders/senders.js';
import { readAlertSettings } from '#alerts/settings.js';
import { readOrganisation } from '#config/organisation.js';
import { hookOf, reported, SECRETS } from './kit.js';

// What the pages say is what is there.

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));
const page = (name: string) => readFile(join(CHECKOUT, name), 'utf8');

test('the example of the README is a sender', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-readme-'));
  try {
    const [, code = ''] = /^```ts\n(.*?)^```/ms.exec(await page('src/alerts/README.md')) ?? [];
    await writeFile(join(folder, 'checker.ts'), code.replaceAll("from '../", "from '#alerts/"));
    await symlink(join(CHECKOUT, 'node_modules'), join(folder, 'node_modules'));
    const { checker } = (await import(join(folder, 'checker.ts'))) as { checker: Sender };
    const hook = hookOf(
      { check: 'tts', up: false, at: '2026-11-10T01:43:00Z' },
      { headers: { authorization: 'Bearer x' } },
    );
    expect(checker.refuses(hook, SECRETS, {})).toMatch(/none of the secrets/);
    expect(checker.read(hook, {}).alerts).toMatchObject([{ alert: 'tts', status: 'firing' }]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('docs/alerts.md has a section for every kind of sender, and no other', async () => {
  const text = await page('docs/alerts.md');
  const [, sources = ''] = /^## Sources\n(.*?)^## /ms.exec(text) ?? [];
  const sections = [...sources.matchAll(/^### (.+)$/gm)].flatMap(([, heading = '']) =>
    [...heading.matchAll(/`([^`]+)`/g)].map(([, type]) => type),
  );
  const types = SENDERS.map(({ type }) => type);
  expect([...sections].sort()).toEqual(types);
  expect(sources).toContain(`| \`type\` | ${types.map((type) => `\`${type}\``).join(', ')} |`);
});

test('the template for Datadog is what is read of it', async () => {
  const [, template = ''] = /^```json\n(.*?)^```/ms.exec(await page('docs/alerts.md')) ?? [];
  // As Datadog fills it in: the variables, wherever they stand.
  const filled: Record<string, string> = {
    ALERT_CYCLE_KEY: '42',
    ALERT_TRANSITION: 'Triggered',
    EVENT_TITLE: '[Triggered] Disk',
    TAGS: 'service:tts',
    DATE: '1794274980000',
    LINK: 'https://x.example',
    HOSTNAME: 'h',
    ALERT_ID: '7',
  };
  const body = template.replace(/\$([A-Z_]+)/g, (whole, name: string) => filled[name] ?? whole);
  expect(reported('datadog', hookOf(body))).toMatchObject({
    alert: '42',
    status: 'firing',
    title: 'Disk',
    since: '1794274980000',
    labels: { service: 'tts', monitor: '7', host: 'h' },
  });
});

test('every example of settings can be used', async () => {
  const pages = [await page('docs/alerts.md'), await page('docs/alerts-drop-in.md')];
  const examples = pages.flatMap((text) =>
    [...text.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, code = '']) => code),
  );
  const read = examples
    .filter((code) => !code.startsWith('# alertmanager.yml'))
    .map((code) => {
      const whole = /^alerts:/m.test(code)
        ? code
        : code.startsWith('  rules:')
          ? `alerts:\n  sources: { prometheus: { type: sentry, secrets: [secret:x] } }\n${code}`
          : `alerts:\n  sources:\n${code}`;
      const org = readOrganisation(whole, 'tocsin.yml');
      if (Array.isArray(org)) return org;
      // Every secret that an example names is there.
      const secrets = [...whole.matchAll(/secret:([\w-]+)/g)].map(([, name = '']) => name);
      const found = readAlertSettings(org.alerts, secrets, org.at);
      return 'problems' in found ? found.problems : [];
    });
  expect(read.length).toBeGreaterThan(5);
  expect(read.flat()).toEqual([]);
});
