import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { PublicPage } from '#domain/status/page.js';
import { assets, htmlFiles } from '#public/pages/pages.js';
import type { LookSettings } from '#public/settings.js';
import { everything, founding, LOOK, large } from './kit.js';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
];
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'self'";
const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
};
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

if (!CHROMIUM && process.env.CI)
  throw new Error('The tests of pages need chromium: apt-get install -y --no-install-recommends chromium');
if (!CHROMIUM) console.info('skipped: apt-get install -y --no-install-recommends chromium');

(CHROMIUM ? describe : describe.skip)('in a browser', () => {
  let server: Server;
  let browser: Browser;
  let base: string;
  /** What is served now: another page, or nothing at all. */
  let files = new Map<string, string>();
  let down = false;
  let asked = 0;
  const broken: string[] = [];

  const serve = (page: PublicPage, look: Partial<LookSettings> = {}) => {
    const all = { ...LOOK, ...look };
    files = new Map([...htmlFiles(page, all, { refs: null, subscribe: true }), ...assets(all)]);
  };

  beforeAll(async () => {
    server = createServer((request, response) => {
      const path = decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname.slice(1));
      if (path.endsWith('.html')) asked++;
      // As the bot serves the first page without a slash behind its name.
      const below = path === 'status';
      const content =
        path === 'axe.js' ? AXE : files.get(below ? 'index.html' : path.replace(/^status\//, ''));
      if (content === undefined || down) return void response.writeHead(down ? 503 : 404).end();
      response.writeHead(200, {
        'content-type': TYPES[below ? 'html' : (path.split('.').pop() ?? '')],
        'content-security-policy': POLICY,
        'cache-control': 'max-age=10',
      });
      response.end(below ? content.replace('<head>', '<head><base href="status/">') : content);
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  });
  afterAll(async () => {
    await browser?.close();
    server?.closeAllConnections();
    server?.close();
    expect(broken).toEqual([]);
  });
  beforeEach(() => {
    down = false;
    asked = 0;
  });

  async function opened(path: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({
      timezoneId: 'UTC',
      viewport: { width: 1100, height: 800 },
      ...options,
    });
    const page = await context.newPage();
    page.on('pageerror', (error) => broken.push(`${path}: ${error.message}`));
    page.on('console', (message) => {
      // Chromium reports what a test makes fail; a policy that was broken is another thing.
      if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
        broken.push(`${path}: ${message.text()}`);
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(base) && !request.url().startsWith('data:')) broken.push(request.url());
    });
    await page.clock.install({ time: new Date('2024-11-10T01:46:30Z') });
    await page.goto(`${base}/${path}`);
    return page;
  }

  /** What axe finds, and what is wider than the window. */
  async function faultsOf(page: Page): Promise<string[]> {
    await page.addScriptTag({ url: '/axe.js' });
    return page.evaluate(async () => {
      const world = globalThis as unknown as {
        axe: {
          run(options: object): Promise<{
            violations: Array<{ id: string; nodes: Array<{ html: string; failureSummary: string }> }>;
          }>;
        };
        document: { documentElement: { scrollWidth: number; clientWidth: number } };
      };
      const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
      const { violations } = await world.axe.run({ runOnly: { type: 'tag', values: tags } });
      const { scrollWidth, clientWidth } = world.document.documentElement;
      return [
        ...violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`),
        ...(scrollWidth > clientWidth ? [`scrolls sideways: ${scrollWidth} > ${clientWidth}`] : []),
      ];
    });
  }

  const PAGES = [
    'index.html',
    'incidents/INC-7.html',
    'incidents/INC-9.html',
    'incidents/MNT-3.html',
    'history.html',
    'history/2024-09.html',
    'components/c-major.html',
  ];
  const LOOKS: ReadonlyArray<readonly [string, BrowserContextOptions]> = [
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    ['a phone', { viewport: { width: 390, height: 844 }, hasTouch: true }],
    // 1280 pixels wide, four times as large.
    ['400 %', { viewport: { width: 320, height: 256 } }],
    [
      'a dark phone without motion',
      { viewport: { width: 320, height: 600 }, colorScheme: 'dark', reducedMotion: 'reduce' },
    ],
    ['forced colours', { forcedColors: 'active' }],
  ];

  test.each(LOOKS)('axe finds nothing, and nothing scrolls sideways: %s', async (name, options) => {
    serve(everything());
    const faults: Record<string, string[]> = {};
    // Every page in both themes and on a phone; the other ways to look at three that hold every kind of thing.
    const ordinary = ['light', 'dark', 'a phone'].includes(name);
    for (const path of ordinary ? PAGES : ['index.html', 'incidents/INC-9.html', 'components/c-major.html']) {
      const page = await opened(path, options);
      // What is folded away is looked at too.
      await page.evaluate(`for (const fold of document.querySelectorAll('details')) fold.open = true`);
      const found = await faultsOf(page);
      if (found.length > 0) faults[path] = found;
      await page.context().close();
    }
    expect(faults).toEqual({});
  });

  test.each(['de', 'fr', 'es', 'ja'] as const)(
    'nor in %s, in an organisation’s colours',
    async (language) => {
      serve(founding('during'), {
        language,
        zone: 'Asia/Kolkata',
        colours: { accent: '#7a1fa2', accentDark: '#e0b0ff' },
      });
      for (const colorScheme of ['light', 'dark'] as const) {
        const page = await opened('index.html', { colorScheme, viewport: { width: 320, height: 600 } });
        expect(await faultsOf(page)).toEqual([]);
        await page.context().close();
      }
    },
  );

  test('500 components can be used, and fold', async () => {
    serve(large(500, 200));
    const page = await opened('index.html', { viewport: { width: 320, height: 600 } });
    expect(await faultsOf(page)).toEqual([]);
    expect(await page.locator('.component:visible').count()).toBe(6);
    await page.locator('.group > summary').first().click();
    expect(await page.locator('.component:visible').count()).toBeGreaterThan(40);
    await page.context().close();
  });

  test('everything is there, and reads on, without a script', async () => {
    serve(founding('during'));
    const page = await opened('index.html', { javaScriptEnabled: false });
    expect(await page.textContent('#sentence')).toBe('Some systems are not working as they should');
    await page.click('#i-INC-7 .card-title a');
    expect(await page.textContent('h1')).toBe('Clips cannot be created through the API');
    await page.context().close();
  });

  test('the keyboard reaches all there is to do, the skip link first, and is seen where it is', async () => {
    serve(everything());
    const page = await opened('index.html');
    const all = await page.locator('a[href]:visible, summary:visible').count();
    const reached = new Set<string>();
    for (let i = 0; i <= all + 2; i++) {
      await page.keyboard.press('Tab');
      const at = await page.evaluate(() => {
        const { document, getComputedStyle } = globalThis as unknown as {
          document: {
            activeElement: {
              outerHTML: string;
              tagName: string;
              getBoundingClientRect(): { top: number; width: number };
            };
          };
          getComputedStyle(element: unknown): { outlineStyle: string };
        };
        const element = document.activeElement;
        const { top, width } = element.getBoundingClientRect();
        const seen =
          element.tagName === 'BODY' || (getComputedStyle(element).outlineStyle !== 'none' && width > 1);
        return { is: `${top}${element.outerHTML}`, tag: element.tagName, seen };
      });
      if (at.tag === 'BODY') break;
      expect([at.is, at.seen]).toEqual([at.is, true]);
      reached.add(at.is);
      if (i === 0) expect(at.is).toContain('class="skip"');
    }
    // The skip link is seen only while it has the focus; it is the one that is not counted above.
    expect(reached.size).toBeGreaterThanOrEqual(all);
    await page.context().close();
  });

  test('the skip link and a fold work where the bot serves the page below its name', async () => {
    serve(founding('during'));
    const page = await opened('status');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    expect(page.url()).toBe(`${base}/status`);
    await page.click('#i-INC-7 .card-title a');
    expect(page.url()).toBe(`${base}/status/incidents/INC-7.html`);
    await page.context().close();
  });

  test('times are shown in the reader’s zone, the page’s in their title; a bare date stays', async () => {
    serve(everything());
    const page = await opened('incidents/INC-9.html', { timezoneId: 'America/New_York' });
    const time = page.locator('#INC-9-post00000009 time');
    expect(await time.textContent()).toBe('9 Nov 2024, 20:41 GMT-5');
    expect(await time.getAttribute('title')).toBe('10 Nov 2024, 01:41 UTC');
    expect(await page.textContent('#INC-9-post00000008 .post-time')).toBe('about 9 Nov 2024, 20:41 GMT-5');
    expect(await page.textContent('#INC-9-post00000006 .post-time')).toBe('10 Nov 2024');
    expect(await page.textContent('#zone')).toContain('Times are in your time zone, America/New_York.');
    await page.context().close();
  });

  test('a post appears by itself, once; what has the focus or is unfolded stays, and one line is read aloud', async () => {
    serve(founding('before'));
    const page = await opened('index.html', { timezoneId: 'America/New_York' });
    await page.locator('#d-webhooks > summary').click();
    await page.locator('#c-webhooks .component-name a').focus();
    await page.evaluate(`
      window.kept = document.getElementById('sentence');
      window.heard = [];
      new MutationObserver(() => heard.push(kept.textContent)).observe(kept, { childList: true, characterData: true, subtree: true });
    `);
    serve(founding('during'));
    await page.clock.runFor(31_000);
    await page.waitForSelector('#INC-7-post00000009');
    expect(await page.evaluate('window.heard')).toEqual(['Some systems are not working as they should']);
    expect(await page.evaluate('window.kept === document.getElementById("sentence")')).toBe(true);
    expect(await page.evaluate('document.activeElement.closest("li").id')).toBe('c-webhooks');
    expect(await page.getAttribute('#d-webhooks', 'open')).toBe('');
    expect(await page.title()).toBe('Some systems are not working as they should · Example Voices');
    expect(await page.textContent('#INC-7-post00000009 time')).toBe('9 Nov 2024, 20:44 GMT-5');
    // Nothing new: nothing is touched.
    const before = asked;
    await page.evaluate(`
      window.touched = 0;
      new MutationObserver(() => touched++).observe(document.body, { childList: true, characterData: true, attributes: true, subtree: true });
    `);
    const answered = page.waitForResponse(/index\.html$/);
    await page.clock.runFor(31_000);
    await (await answered).finished();
    // What is asked for after it is there after it.
    await page.evaluate(`fetch('style.css').then((answer) => answer.text())`);
    expect(asked).toBe(before + 1);
    expect(await page.evaluate('window.touched')).toBe(0);
    // All of it is what a reader would see who came now.
    serve(founding('after'));
    await page.clock.runFor(31_000);
    await page.waitForSelector('#INC-7-post00000016');
    const fresh = await opened('index.html', { timezoneId: 'America/New_York' });
    await fresh.locator('#d-webhooks > summary').click();
    const same = `document.getElementById('main').isEqualNode(new DOMParser()
      .parseFromString(${JSON.stringify(await fresh.content())}, 'text/html').getElementById('main'))`;
    expect(await page.evaluate(same)).toBe(true);
    await fresh.context().close();
    await page.context().close();
  });

  test('what is gone takes the focus to the page, not out of it', async () => {
    serve(founding('during'));
    const page = await opened('index.html');
    await page.locator('#i-INC-7 .card-title a').focus();
    serve(founding('before'));
    await page.clock.runFor(31_000);
    await page.waitForSelector('#i-INC-7', { state: 'detached' });
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    await page.context().close();
  });

  test('a page that cannot be refreshed says so, is asked for less often, and says when it can again', async () => {
    serve(founding('during'));
    const page = await opened('index.html');
    down = true;
    await page.clock.runFor(31_000);
    await page.waitForSelector('#stale:has-text("could not be refreshed since 10 Nov 2024, 01:46 UTC")');
    const before = asked;
    await page.clock.runFor(31_000);
    expect(asked).toBe(before);
    down = false;
    await page.clock.runFor(31_000);
    await page.waitForSelector('#stale:empty', { state: 'attached' });
    expect(asked).toBe(before + 1);
    await page.context().close();
  });

  test('another page in its place, as of a network that wants a login, is no refreshed one', async () => {
    serve(founding('during'));
    const page = await opened('index.html');
    files.set('index.html', '<!doctype html><title>Log in</title><main id="main">Log in</main>');
    await page.clock.runFor(31_000);
    await page.waitForSelector('#stale:has-text("could not be refreshed")');
    expect(await page.textContent('#sentence')).toBe('Some systems are not working as they should');
    await page.context().close();
  });

  test('on paper it is light, and has what there is to read', async () => {
    serve(founding('after'));
    const page = await opened('index.html', { colorScheme: 'dark' });
    await page.emulateMedia({ media: 'print' });
    expect(await page.evaluate('getComputedStyle(document.body).color')).toBe('rgb(22, 25, 29)');
    expect(await page.locator('#i-INC-7').isVisible()).toBe(true);
    expect(await page.locator('.top nav').first().isVisible()).toBe(false);
    await page.context().close();
  });
});
