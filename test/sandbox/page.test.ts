import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { App } from '@slack/bolt';
import { type Browser, chromium, type Page } from 'playwright-core';
import { type Kit, socketApp, startKit } from './kit.js';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));
const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
];
const text = (value: string) => ({ type: 'plain_text' as const, text: value });

if (!CHROMIUM && process.env.CI)
  throw new Error('The page test needs chromium: apt-get install -y --no-install-recommends chromium');
if (!CHROMIUM) console.info('skipped: apt-get install -y --no-install-recommends chromium');

(CHROMIUM ? describe : describe.skip)('the live page', () => {
  let kit: Kit;
  let app: App;
  let browser: Browser;
  let page: Page;
  const broken: string[] = [];
  const submitted: unknown[] = [];

  beforeAll(async () => {
    kit = await startKit();
    await kit.act('clock', { freeze: true });
    app = socketApp(kit.sandbox);
    app.command('/incident', async ({ ack, client, command }) => {
      if (command.text) return ack(`recorded: ${command.text}`);
      await client.views.open({
        trigger_id: command.trigger_id,
        view: {
          type: 'modal',
          callback_id: 'form',
          title: text('Open'),
          submit: text('Send'),
          blocks: [
            {
              type: 'input',
              block_id: 'title',
              label: text('Title'),
              element: { type: 'plain_text_input', action_id: 'text' },
            },
            {
              type: 'input',
              block_id: 'sev',
              label: text('Severity'),
              element: {
                type: 'static_select',
                action_id: 'pick',
                options: [{ text: text('SEV1'), value: 'sev1' }],
              },
            },
            {
              type: 'input',
              block_id: 'who',
              label: text('Lead'),
              element: { type: 'users_select', action_id: 'pick' },
            },
            {
              type: 'input',
              block_id: 'flags',
              optional: true,
              label: text('Flags'),
              element: {
                type: 'checkboxes',
                action_id: 'pick',
                options: [{ text: text('Drill'), value: 'drill' }],
              },
            },
            {
              type: 'input',
              block_id: 'when',
              label: text('When'),
              element: { type: 'datetimepicker', action_id: 'pick' },
            },
          ],
        },
      });
      await ack();
    });
    app.view('form', async ({ ack, view }) => {
      submitted.push(view.state.values);
      if (submitted.length === 1) await ack({ response_action: 'errors', errors: { title: 'Say more' } });
      else await ack();
    });
    await app.start();
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    page = await browser.newPage({ timezoneId: 'UTC' });
    page.on('pageerror', (error) => broken.push(error.message));
    page.on('dialog', (dialog) => {
      broken.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(kit.sandbox.url)) broken.push(`left the machine: ${request.url()}`);
    });
    await page.goto(kit.sandbox.url);
    await page.waitForSelector('#channels button');
  });
  afterAll(async () => {
    await browser?.close();
    await app?.stop();
    await kit?.stop();
  });

  test('what people and the app write is shown as text, never as markup', async () => {
    const nasty = '<img src=x onerror=alert(1)><script>alert(2)</script> "quotes" & [x](javascript:alert(3))';
    await page.fill('#text', nasty);
    await page.press('#text', 'Enter');
    await page.waitForSelector('.message .text');
    await kit.client.chat.postMessage({
      channel: 'C0INCIDENT',
      text: 'x',
      blocks: [
        { type: 'header', text: text('<b>header</b>') },
        {
          type: 'section',
          text: {
            type: 'mrkdwn',
            text: '*bold* <javascript:alert(4)|run> <https://example.com/?a=1&amp;b=2|site>',
          },
        },
      ],
    });
    await page.waitForSelector('.block.header');
    expect(await page.textContent('.message .text')).toBe(nasty);
    expect(await page.textContent('.block.header')).toBe('<b>header</b>');
    expect(await page.$$eval('#messages img, #messages script', (found) => found.length)).toBe(0);
    expect(
      await page.$$eval('.block.section a', (found) => found.map((it) => it.getAttribute('href'))),
    ).toEqual(['https://example.com/?a=1&b=2']);
  });

  test('a command answers one person, who can fill and correct a modal', async () => {
    await page.fill('#text', '/incident note keys differ');
    await page.press('#text', 'Enter');
    await page.waitForSelector('.message.only:has-text("recorded: note keys differ")');
    await page.fill('#text', '/incident');
    await page.press('#text', 'Enter');
    await page.waitForSelector('.modal');
    await page.fill('.modal input[type=text]', 'Voices silent');
    await page.selectOption('.modal select >> nth=0', 'sev1');
    await page.selectOption('.modal select >> nth=1', 'U0BO000002');
    await page.check('.modal input[value=drill]');
    await page.fill('.modal input[type=datetime-local]', '2024-11-10T01:42');
    await page.click('.modal .primary');
    await page.waitForSelector('.wrong:has-text("Say more")');
    expect(await page.inputValue('.modal input[type=text]')).toBe('Voices silent');
    await page.fill('.modal input[type=text]', 'Voices silent again');
    await page.click('.modal .primary');
    await page.waitForSelector('.modal', { state: 'detached' });
    expect(submitted.at(-1)).toMatchObject({
      title: { text: { value: 'Voices silent again' } },
      sev: { pick: { selected_option: { value: 'sev1' } } },
      who: { pick: { selected_user: 'U0BO000002' } },
      flags: { pick: { selected_options: [{ value: 'drill' }] } },
      when: { pick: { selected_date_time: Date.UTC(2024, 10, 10, 1, 42) / 1000 } },
    });
    await page.selectOption('#me', 'bo');
    await page.waitForSelector('.message.only', { state: 'detached' });
  });

  test('reactions, pins and files are seen by everyone', async () => {
    await kit.client.conversations.join({ channel: 'C0INCIDENT' });
    const { ts } = await kit.client.chat.postMessage({ channel: 'C0INCIDENT', text: 'pin me' });
    await page.hover('.message:has-text("pin me")');
    await page.click('.message:has-text("pin me") .tools button[title*=pushpin]');
    await page.waitForSelector('.message:has-text("pin me") .reactions .mine');
    await kit.client.pins.add({ channel: 'C0INCIDENT', timestamp: ts! });
    await kit.client.conversations.setTopic({ channel: 'C0INCIDENT', topic: 'INC-1 <i>investigating</i>' });
    await page.waitForSelector('.message.pinned:has-text("pin me")');
    await page.waitForSelector('#topic:has-text("INC-1 <i>investigating</i>")');
    await kit.client.filesUploadV2({ channel_id: 'C0INCIDENT', filename: 'INC-1.md', content: '# INC-1' });
    const address = await page.getAttribute('.file', 'href');
    expect(await (await fetch(`${kit.sandbox.url}${address}`)).text()).toBe('# INC-1');
  });

  test('nothing broke on the way, and nothing was asked of the network', () => {
    expect(broken).toEqual([]);
  });
});
