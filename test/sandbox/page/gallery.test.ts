import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { App } from '@slack/bolt';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import { type Kit, manifest, socketApp, startKit } from '../kit.js';
import { HOME, MESSAGES, MODAL } from './every-block.js';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));
const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
];
const HERE = fileURLToPath(new URL('.', import.meta.url));
const SHEETS = ['theme', 'text/text', 'elements/elements', 'blocks/blocks', 'forms/forms'];
const HTML = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Gallery</title>
<meta http-equiv="content-security-policy" content="default-src 'self'; img-src 'self' data:">
<link rel="stylesheet" href="/gallery.css"><script type="module" src="/gallery.js"></script></head>
<body><div id="root"></div></body></html>`;
/** Where to leave pictures of the page for somebody to look at. */
const { SHOTS } = process.env;

if (!CHROMIUM && process.env.CI)
  throw new Error('The page test needs chromium: apt-get install -y --no-install-recommends chromium');
if (!CHROMIUM) console.info('skipped: apt-get install -y --no-install-recommends chromium');

/** The script and the style sheet of the gallery. */
async function bundled(): Promise<{ script: string; style: string }> {
  const options = { bundle: true, write: false, format: 'esm', target: 'es2022', jsx: 'automatic' } as const;
  const from = join(HERE, '../../../src/sandbox/page/app');
  const [script, style] = await Promise.all([
    build({ ...options, entryPoints: [join(HERE, 'gallery.tsx')], jsxImportSource: 'preact' }),
    build({
      ...options,
      stdin: {
        contents: `${SHEETS.map((it) => `@import './${it}.css';`).join('')}
          body { margin: 16px; background: var(--surface); color: var(--text); font: 15px/1.46 var(--font); }
          article { margin-bottom: 24px; }`,
        resolveDir: from,
        loader: 'css',
      },
    }),
  ]);
  return { script: script.outputFiles[0]?.text ?? '', style: style.outputFiles[0]?.text ?? '' };
}

(CHROMIUM ? describe : describe.skip)('a gallery of every block', () => {
  let kit: Kit;
  let app: App;
  let browser: Browser;
  let page: Page;
  let folder: string;
  const broken: string[] = [];
  const acted: Array<Record<string, unknown>> = [];
  const submitted: Array<Record<string, Record<string, Record<string, unknown>>>> = [];

  const shot = async (name: string) => {
    if (SHOTS) await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: !name.includes('modal') });
  };
  /** What axe finds wrong in a part of the page. */
  const axe = async (part: string, rule?: string) => {
    await page.evaluate(await readFile(createRequire(import.meta.url).resolve('axe-core'), 'utf8'));
    return page.evaluate(
      async ([within, only]) => {
        const options = only ? { runOnly: { type: 'rule', values: [only] } } : {};
        const { violations } = await Reflect.get(globalThis, 'axe').run(within, options);
        return violations.map(
          (it: { id: string; nodes: Array<{ html: string; failureSummary: string }> }) => ({
            id: it.id,
            nodes: it.nodes.map((node) => `${node.html} ${node.failureSummary}`),
          }),
        );
      },
      [part, rule] as const,
    );
  };
  /** Walks with the Tab key until the element has the focus: what cannot be reached this way fails. */
  const tabTo = async (selector: string, key: 'Tab' | 'Shift+Tab' = 'Tab') => {
    for (let step = 0; step < 80; step++) {
      await page.keyboard.press(key);
      if (await page.evaluate((it) => document.activeElement?.matches(it) ?? false, selector)) return;
    }
    throw new Error(`the Tab key does not lead to ${selector}`);
  };
  const field = (id: string) => `[data-block=${id}] :is(input, textarea)`;
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('data-action'));
  /** Waits until the app has heard of so many actions. */
  const heard = async (count: number) => {
    for (let tries = 0; acted.length < count && tries < 500; tries++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    return acted.slice(count - 1);
  };

  beforeAll(async () => {
    kit = await startKit({
      manifest: manifest((it) => {
        it.oauth_config.scopes.bot.push('links:write');
      }),
    });
    await kit.act('clock', { freeze: true });
    app = socketApp(kit.sandbox);
    app.action(/.*/, async ({ ack, body, action, client }) => {
      await ack();
      acted.push({ ...action });
      const { view } = { view: undefined, ...body };
      if (!view || !('block_id' in action) || action.block_id !== 'live') return;
      // The same form with one more block: what was typed stays.
      const said = { type: 'section' as const, text: { type: 'plain_text' as const, text: 'Told at once' } };
      const { id } = Object(view);
      await client.views.update({
        view_id: id,
        view: { ...MODAL, blocks: [...MODAL.blocks, said] } as never,
      });
    });
    app.options(/.*/, async ({ ack, options }) => {
      const all = ['payments', 'paging', 'database'].filter((it) => it.includes(options.value));
      await ack({
        options: all.map((it) => ({ text: { type: 'plain_text', text: `Runbook ${it}` }, value: it })),
      });
    });
    app.command('/incident', async ({ ack, client, command }) => {
      await client.views.open({ trigger_id: command.trigger_id, view: MODAL as never });
      await ack();
    });
    app.view('gallery', async ({ ack, view }) => {
      submitted.push(view.state.values as never);
      if (submitted.length === 1) await ack({ response_action: 'errors', errors: { number: 'Too many' } });
      else await ack();
    });
    await app.start();
    for (const message of MESSAGES)
      await kit.client.chat.postMessage({ channel: 'C0INCIDENT', ...message } as never);
    await kit.client.views.publish({ user_id: 'U0ANA00001', view: HOME as never });

    folder = await mkdtemp(join(tmpdir(), 'gallery-'));
    await writeFile(join(folder, 'log.txt'), 'a log');
    const { script, style } = await bundled();
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    page = await browser.newPage({ timezoneId: 'UTC', viewport: { width: 800, height: 900 } });
    page.on('pageerror', (error) => broken.push(error.message));
    page.on('console', (line) => line.type() === 'error' && broken.push(line.text()));
    page.on('request', (request) => {
      if (!request.url().startsWith(kit.sandbox.url)) broken.push(`left the machine: ${request.url()}`);
    });
    const serve = (path: string, contentType: string, body: string) =>
      page.route(`${kit.sandbox.url}${path}`, (route) => route.fulfill({ contentType, body }));
    await serve('/gallery', 'text/html', HTML);
    await serve('/gallery.js', 'text/javascript', script);
    await serve('/gallery.css', 'text/css', style);
    await page.exposeFunction('uploadHere', async (filename: string, content: string) => {
      const { files } = await kit.client.filesUploadV2({ filename, content });
      return Object(files)[0].files[0].id;
    });
    await page.goto(`${kit.sandbox.url}/gallery`);
    await page.waitForSelector('.home');
  });
  afterAll(async () => {
    await browser?.close();
    await app?.stop();
    await kit?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('every block is shown, in light and dark, on a telephone too, without a word from axe', async () => {
    expect(
      await page.$$eval('.unknown, .unknown-block', (found) => found.map((it) => it.textContent)),
    ).toEqual([]);
    await shot('gallery-light');
    expect(await axe('html')).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    await shot('gallery-dark');
    expect(await axe('html', 'color-contrast')).toEqual([]);
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: 360, height: 740 });
    await shot('gallery-phone');
    const wide = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(await wide()).toBeLessThanOrEqual(0);
    await page.setViewportSize({ width: 800, height: 900 });
  });

  test('long texts and long tables are read on by keyboard', async () => {
    await tabTo('.see-more');
    await page.keyboard.press('Enter');
    expect(await page.getAttribute('.see-more', 'aria-expanded')).toBe('true');
    const next = page.locator('.data-table [aria-label=Next]');
    expect(await page.locator('.data-table tbody tr').allTextContents()).toEqual(['db-a0 %', 'db-b10 %']);
    await next.press('Enter');
    expect(await page.locator('.data-table tbody tr').allTextContents()).toEqual(['db-c20 %']);
    expect(await page.locator('.pager').textContent()).toContain('Rows 3–3 of 3');
    await page.locator('.chart summary').first().press('Enter');
    expect(await page.locator('.chart').first().locator('tbody tr').allTextContents()).toEqual([
      '12:0042',
      '13:00185',
      '14:00911',
    ]);
  });

  test('buttons, menus and dates of a message tell the app, by keyboard', async () => {
    await page.locator('[data-action=ack]').focus();
    await page.keyboard.press('Enter');
    expect(await heard(1)).toMatchObject([{ action_id: 'ack', block_id: 'buttons', value: 'yes' }]);

    // Thought better of, then confirmed; the focus comes back both times.
    await tabTo('[data-action=close]');
    await page.keyboard.press('Enter');
    await page.waitForSelector('[role=alertdialog]');
    expect(await page.textContent('[role=alertdialog]')).toContain('INC-7 is closed for everyone.');
    expect(await axe('dialog')).toEqual([]);
    await shot('gallery-modal-confirm');
    for (let step = 0; step < 5; step++) {
      await page.keyboard.press('Tab');
      expect(await page.evaluate(() => Boolean(document.activeElement?.closest('[role=alertdialog]')))).toBe(
        true,
      );
    }
    await page.keyboard.press('Escape');
    await page.waitForSelector('[role=alertdialog]', { state: 'detached' });
    expect(await focused()).toBe('close');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    expect(await heard(2)).toMatchObject([{ action_id: 'close' }]);

    await tabTo('[data-action=more]');
    await page.keyboard.press('Enter');
    await page.waitForSelector('[role=menu]');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    expect(await heard(3)).toMatchObject([{ action_id: 'more', selected_option: { value: 'merge' } }]);
    expect(await focused()).toBe('more');

    await tabTo('[data-action=sev]');
    await page.keyboard.type('everything');
    await page.keyboard.press('Enter');
    expect(await heard(4)).toMatchObject([{ action_id: 'sev', selected_option: { value: 'sev1' } }]);
    await tabTo('[data-action=people]');
    await page.keyboard.type('bo');
    await page.keyboard.press('Enter');
    expect(await heard(5)).toMatchObject([{ action_id: 'people', selected_users: ['U0BO000002'] }]);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Backspace');
    expect(await heard(6)).toMatchObject([{ action_id: 'people', selected_users: [] }]);

    // One action for a date, not one for each digit of its year.
    await tabTo('[data-action=date]');
    await page.keyboard.type('03102026');
    await tabTo('[data-action=how]');
    expect(await heard(7)).toMatchObject([{ action_id: 'date', selected_date: '2026-03-10' }]);
    await page.keyboard.press('Space');
    expect(await heard(8)).toMatchObject([{ action_id: 'how', selected_option: { value: 'call' } }]);
    await tabTo('[data-action=flags]');
    await page.keyboard.press('Space');
    expect(await heard(9)).toMatchObject([{ action_id: 'flags', selected_options: [{ value: 'drill' }] }]);
    await tabTo('[data-action=text]');
    await page.keyboard.type('all well');
    await page.keyboard.press('Enter');
    expect(await heard(10)).toMatchObject([{ action_id: 'text', value: 'all well' }]);
    await tabTo('[aria-label=Bad]');
    await page.keyboard.press('Enter');
    expect(await heard(11)).toMatchObject([{ action_id: 'feedback', value: 'down' }]);
    await tabTo('[data-action=remove]');
    await page.keyboard.press('Enter');
    expect(await heard(12)).toMatchObject([{ action_id: 'remove' }]);
    await page.locator('[data-action=home_open]').press('Enter');
    expect(await heard(13)).toMatchObject([{ action_id: 'home_open' }]);
  });

  test('a modal with every element is filled by keyboard, corrected and sent', async () => {
    await page.locator('[data-action=ack]').focus();
    await kit.act('command', { user: 'ana', channel: 'C0INCIDENT', command: '/incident' });
    await page.waitForSelector('dialog.modal');
    expect(await focused()).toBe('it');
    expect(await axe('dialog')).toEqual([]);
    await shot('gallery-modal-top');

    const type = async (id: string, text: string, ...keys: string[]) => {
      if (id !== 'text') await tabTo(field(id));
      await page.keyboard.type(text);
      for (const key of keys) await page.keyboard.press(key);
    };
    await type('text', 'Voices silent');
    await type('lines', 'one', 'Enter');
    await page.keyboard.type('two');
    await type('email', 'ana@example.com');
    await type('url', 'https://example.com/x');
    await type('number', '2.5');
    await type('rich', 'ask @bo in #incidents, *now* :tada:');
    await type('static', 'sev2', 'Enter');
    await type('grouped', 'web', 'Enter');
    await type('external', 'pa');
    await page.waitForSelector('[role=option]:has-text("Runbook payments")');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await type('user', 'bo', 'Enter');
    await type('channel', 'incident', 'Enter');
    await type('statics', 'api', 'Enter');
    await page.keyboard.type('web');
    await page.keyboard.press('Enter');
    await shot('gallery-modal-menu');
    expect(await axe('dialog')).toEqual([]);
    await page.keyboard.press('Escape');
    await type('externals', 'data');
    await page.waitForSelector('[role=option]:has-text("Runbook database")');
    await page.keyboard.press('Enter');
    await type('users', 'ana', 'Enter');
    await page.keyboard.type('bo');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.menu-note:has-text("at most 2")');
    await type('channels', 'incident', 'Enter', 'Escape');
    await type('date', '03102026');
    await type('time', '1430');
    await page.keyboard.type('P');
    await type('both', '11102024');
    await page.keyboard.press('Tab');
    await page.keyboard.type('0142A');
    await type('checks', '', 'Space');
    await type('radio', '', 'ArrowDown');
    await page.setInputFiles(field('file'), join(folder, 'log.txt'));
    await page.waitForSelector('.file-list:has-text("log.txt")');
    // The view changes while it is filled; the app hears of this one field alone.
    await tabTo(field('live'));
    await page.keyboard.type('sev1');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.modal :text("Told at once")');
    expect(acted.at(-1)).toMatchObject({ block_id: 'live', selected_option: { value: 'sev1' } });
    expect(await focused()).toBe('it');
    expect(await page.inputValue(field('lines'))).toBe('one\ntwo');
    await shot('gallery-modal-filled');

    await tabTo('[type=submit]');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.field.wrong');
    const wrong = page.locator(field('number'));
    expect(
      await page.evaluate(() => document.activeElement?.closest('[data-block]')?.getAttribute('data-block')),
    ).toBe('number');
    expect(await wrong.getAttribute('aria-invalid')).toBe('true');
    const described = await wrong.getAttribute('aria-describedby');
    expect(await page.textContent(`[id="${described}"]`)).toBe('Too many');
    expect(await axe('dialog')).toEqual([]);
    await shot('gallery-modal-error');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('1');
    await page.keyboard.press('Enter');
    await page.waitForSelector('dialog', { state: 'detached' });
    expect(await focused()).toBe('ack');

    const files = submitted.at(-1)?.file?.it?.files;
    expect(submitted).toHaveLength(2);
    expect(submitted.at(-1)).toMatchObject({
      text: { it: { value: 'Voices silent' } },
      lines: { it: { value: 'one\ntwo' } },
      email: { it: { value: 'ana@example.com' } },
      url: { it: { value: 'https://example.com/x' } },
      number: { it: { value: '1' } },
      rich: {
        it: {
          rich_text_value: {
            type: 'rich_text',
            elements: [
              {
                type: 'rich_text_section',
                elements: [
                  { type: 'text', text: 'ask ' },
                  { type: 'user', user_id: 'U0BO000002' },
                  { type: 'text', text: ' in ' },
                  { type: 'channel', channel_id: 'C0INCIDENT' },
                  { type: 'text', text: ', ' },
                  { type: 'text', text: 'now', style: { bold: true } },
                  { type: 'text', text: ' ' },
                  { type: 'emoji', name: 'tada' },
                ],
              },
            ],
          },
        },
      },
      static: { it: { selected_option: { value: 'sev2', text: { text: 'SEV2' } } } },
      grouped: { it: { selected_option: { value: 'web' } } },
      external: { it: { selected_option: { value: 'paging', text: { text: 'Runbook paging' } } } },
      user: { it: { selected_user: 'U0BO000002' } },
      conversation: { it: { selected_conversation: 'C0INCIDENT' } },
      channel: { it: { selected_channel: 'C0INCIDENT' } },
      statics: { it: { selected_options: [{ value: 'api' }, { value: 'web' }] } },
      externals: { it: { selected_options: [{ value: 'database', text: { text: 'Runbook database' } }] } },
      users: { it: { selected_users: ['U0ANA00001', 'U0BO000002'] } },
      conversations: { it: { selected_conversations: [] } },
      channels: { it: { selected_channels: ['C0INCIDENT'] } },
      date: { it: { selected_date: '2026-03-10' } },
      time: { it: { selected_time: '14:30' } },
      both: { it: { selected_date_time: Date.UTC(2024, 10, 10, 1, 42) / 1000 } },
      checks: { it: { selected_options: [{ value: 'drill' }] } },
      radio: { it: { selected_option: { value: 'chat' } } },
      live: { it: { selected_option: { value: 'sev1' } } },
    });
    expect(files).toMatchObject([{ name: 'log.txt' }]);
  });

  test('Escape closes one view, and the focus goes back; nothing left the machine', async () => {
    await page.locator('[data-action=close]').focus();
    await kit.act('command', { user: 'ana', channel: 'C0INCIDENT', command: '/incident' });
    await page.waitForSelector('dialog.modal');
    for (let step = 0; step < 3; step++) {
      await page.keyboard.press('Shift+Tab');
      expect(await page.evaluate(() => Boolean(document.activeElement?.closest('dialog')))).toBe(true);
    }
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog', { state: 'detached' });
    expect(await focused()).toBe('close');
    expect(broken).toEqual([]);
  });
});
