import { createHmac } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import express from 'express';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { assets } from '#public/pages/pages.js';
import { LANGUAGES, type Language } from '#public/settings.js';
import { createForms, subscribeFile } from '#public/subscribe/front.js';
import { readSubscriberSettings, type SubscriberSettings } from '#public/subscribe/settings.js';
import { wakeShare } from '#public/subscribe/share.js';
import { mailWords } from '#public/subscribe/words.js';
import { Secret } from '#runbooks/secret.js';
import { subscribeRoutes } from '#web/subscribe.js';
import { change, type Kit, LOOK, startKit, startSmtp, TEAM } from './kit.js';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
];
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Where pictures of all forms are put, for somebody who looks at them. */
const SHOTS = process.env.TOCSIN_SHOTS;

if (!CHROMIUM && process.env.CI)
  throw new Error('The tests of forms need chromium: apt-get install -y --no-install-recommends chromium');
if (!CHROMIUM) console.info('skipped: apt-get install -y --no-install-recommends chromium');

const NAMES = [
  'Text to Speech (Developer API)',
  'Studio',
  'واجهة برمجة التطبيقات',
  '支払い',
  `A component with a name that is much longer than anybody would like ${'w'.repeat(60)}`,
];
const LOOKS: ReadonlyArray<readonly [string, BrowserContextOptions]> = [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['phone', { viewport: { width: 390, height: 844 }, hasTouch: true }],
  ['dark-narrow', { viewport: { width: 320, height: 600 }, colorScheme: 'dark' }],
];

(CHROMIUM ? describe : describe.skip)('the forms in a browser', () => {
  let kit: Kit;
  let smtp: Awaited<ReturnType<typeof startSmtp>>;
  let server: Server;
  let browser: Browser;
  let base: string;
  let language: Language = 'en';
  let settings: SubscriberSettings;
  const broken: string[] = [];
  const look = () => ({ ...LOOK, language });

  beforeAll(async () => {
    kit = await startKit();
    smtp = await startSmtp();
    kit.settings.smtp = smtp.mailer();
    const email = { smtp: 'smtp://127.0.0.1:25', from: 'Example <status@example.org>' };
    const read = readSubscriberSettings(
      { email, webhooks: true, per_hour: 9_999, per_hour_and_network: 9_999 },
      () => 'tocsin.yml:1',
      [],
    );
    if (!('settings' in read) || read.settings === null) throw new Error(JSON.stringify(read));
    settings = read.settings;
    const app = express();
    subscribeRoutes(
      app,
      createForms({
        subscribers: kit.store.subscribers,
        settings: () => settings,
        look,
        components: async () => NAMES,
        team: async () => TEAM,
        wake: async (team, share) => void (await wakeShare(kit.store.outbox, team, share)),
        seal: (text) => new Secret(createHmac('sha256', 'pepper').update(text).digest('base64url')),
        log: { info() {}, warn() {}, error() {} },
        resolve: async () => [{ address: '93.184.215.14' }],
      }),
    );
    app.use((request, response) => {
      const file = new Map(assets(look())).get(request.path.replace(/^\/status\//, ''));
      if (request.path === '/status/subscribe.html')
        return void response.type('html').send(subscribeFile(look(), settings, NAMES, `${base}/status`));
      if (file === undefined) return void response.status(request.path === '/favicon.ico' ? 204 : 404).end();
      response.type(request.path.split('.').pop() ?? '').send(file);
    });
    server = createServer(app);
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  });
  beforeEach(() => {
    language = 'en';
  });
  afterEach(async () => {
    smtp.mails.length = 0;
    await kit.empties();
  });
  afterAll(async () => {
    await browser?.close();
    server?.closeAllConnections();
    server?.close();
    await kit.close();
    await smtp.close();
    expect(broken).toEqual([]);
  });

  async function opened(path: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 1100, height: 800 }, ...options });
    const page = await context.newPage();
    page.on('pageerror', (error) => broken.push(`${path}: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
        broken.push(`${path}: ${message.text()}`);
    });
    await page.goto(`${base}/status/${path}`);
    return page;
  }

  /** What axe finds, what is wider than the window, and whether the style is there. @param shot name of its picture */
  async function faultsOf(page: Page, shot: string): Promise<string[]> {
    if (SHOTS) await page.screenshot({ path: `${SHOTS}/forms-${shot}.png`, fullPage: true });
    // Not as an element, which the policy of these pages would not let run.
    await page.evaluate(AXE);
    return page.evaluate(async () => {
      const world = globalThis as unknown as {
        axe: {
          run(options: object): Promise<{
            violations: Array<{ id: string; nodes: Array<{ html: string; failureSummary: string }> }>;
          }>;
        };
        document: {
          documentElement: { scrollWidth: number; clientWidth: number };
          styleSheets: { length: number };
        };
      };
      const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
      const { violations } = await world.axe.run({ runOnly: { type: 'tag', values: tags } });
      const { scrollWidth, clientWidth } = world.document.documentElement;
      return [
        ...violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`),
        ...(scrollWidth > clientWidth ? [`scrolls sideways: ${scrollWidth} > ${clientWidth}`] : []),
        ...(world.document.styleSheets.length === 0 ? ['has no style'] : []),
      ];
    });
  }

  const linkIn = (text = '') =>
    /https:\/\/bot\.example\.org\/status\/(\w+\/[\w-]+)/.exec(text)?.[1] ?? 'none';
  /** Asks as somebody who types. @returns the path behind the link of the mail */
  async function asked(page: Page, address: string): Promise<string> {
    await page.fill('#email', address);
    await page.click('form:has(#email) button');
    await page.waitForSelector('[role=status]');
    await kit.paysAll();
    return linkIn(smtp.to(address)[0]?.text);
  }

  describe.each(LOOKS)('%s', (name, options) => {
    test('from the form to the mail, and out again', async () => {
      const page = await opened('subscribe', options);
      const at = async (what: string) =>
        expect([what, await faultsOf(page, `${what}-${name}`)]).toEqual([what, []]);
      await at('subscribe');
      await page.click('form:has(#email) summary');
      await at('subscribe-open');
      await page.check('#email-0');
      const confirm = await asked(page, 'ana@example.org');
      await at('asked');
      expect(confirm).toMatch(/^confirm\//);
      await page.goto(`${base}/status/${confirm}`);
      await at('confirm');
      await page.click('button');
      await page.waitForSelector('[role=status]');
      await at('confirmed');
      await page.goto(`${base}/status/${confirm}`);
      await at('used');
      await kit.says(change(1, { components: [NAMES[0] ?? ''] }));
      await kit.paysAll();
      const manage = /https:\/\/bot\.example\.org\/status\/(manage\/[\w-]+)/.exec(
        smtp.mails.at(-1)?.text ?? '',
      )?.[1];
      await page.goto(`${base}/status/${manage}`);
      expect(await page.isChecked('#mine-0')).toBe(true);
      await at('manage');
      await page.check('#mine-1');
      await page.click('button');
      await page.waitForSelector('.saved');
      await at('saved');
      await page.click('a[href*="unsubscribe"]');
      await page.waitForSelector('form button');
      await at('unsubscribe');
      await page.click('button');
      await page.waitForSelector('[role=status]');
      await at('unsubscribed');
      expect(await kit.sql('select 1 from subscriber')).toEqual([]);
      await page.context().close();
    });

    test('what is wrong stands beside its field, and what was typed is there still', async () => {
      const page = await opened('subscribe', options);
      for (const [kind, address] of [
        ['email', 'ana@nowhere'],
        ['webhook', 'https://10.0.0.1/hook'],
      ] as const) {
        await page.goto(`${base}/status/subscribe`);
        await page.click(`form:has(#${kind}) summary`);
        await page.check(`#${kind}-1`);
        await page.fill(`#${kind}`, address);
        await Promise.all([
          page.waitForResponse((response) => response.status() === 422),
          page.click(`form:has(#${kind}) button`),
        ]);
        await page.waitForSelector('[role=alert]');
        expect(await page.inputValue(`#${kind}`)).toBe(address);
        expect(await page.isChecked(`#${kind}-1`)).toBe(true);
        expect(await page.locator('[aria-invalid]').count()).toBe(1);
        const described = await page.getAttribute(`#${kind}`, 'aria-describedby');
        expect(await page.textContent(`#${described}`)).toBe(mailWords('en')(`page.wrong.${kind}`));
        expect(await page.evaluate('document.activeElement.id')).toBe(kind);
        expect(await page.title()).toMatch(/^That does not work: /);
        expect([kind, await faultsOf(page, `wrong-${kind}-${name}`)]).toEqual([kind, []]);
      }
      await page.context().close();
    });
  });

  test.each(LANGUAGES)('in %s', async (one) => {
    language = one;
    const page = await opened('subscribe', { viewport: { width: 390, height: 844 } });
    expect(await page.getAttribute('html', 'lang')).toBe(one);
    expect(await page.textContent('h1')).toBe(mailWords(one)('page.subscribe'));
    await page.click('form:has(#email) summary');
    expect(await faultsOf(page, `${one}-subscribe`)).toEqual([]);
    await page.goto(`${base}/status/subscribe.html`);
    expect(await faultsOf(page, `${one}-file`)).toEqual([]);
    const confirm = await asked(page, `ana-${one}@example.org`);
    expect(await faultsOf(page, `${one}-asked`)).toEqual([]);
    await page.goto(`${base}/status/${confirm}`);
    expect(await faultsOf(page, `${one}-confirm`)).toEqual([]);
    await page.context().close();
  });

  test('with the keyboard alone, each field with a ring around it', async () => {
    const page = await opened('subscribe');
    const tab = async () => {
      await page.keyboard.press('Tab');
      return page.evaluate(`(() => {
        const { activeElement: on } = document;
        const { outlineStyle, outlineWidth } = getComputedStyle(on);
        return [on.id || on.tagName.toLowerCase(), outlineStyle !== 'none' && outlineWidth !== '0px'];
      })()`);
    };
    expect(await tab()).toEqual(['a', true]);
    expect(await tab()).toEqual(['email', true]);
    await page.keyboard.type('bo@example.org');
    expect(await tab()).toEqual(['summary', true]);
    await page.keyboard.press('Enter');
    expect(await tab()).toEqual(['email-0', true]);
    await page.keyboard.press('Space');
    for (let i = 1; i < NAMES.length; i++) await tab();
    expect(await tab()).toEqual(['button', true]);
    await page.keyboard.press('Enter');
    await page.waitForSelector('[role=status]');
    expect(await kit.sql('select address, components from subscriber')).toEqual([
      { address: 'bo@example.org', components: [NAMES[0]] },
    ]);
    await page.context().close();
  });
});
