import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Frame, type Page } from 'playwright-core';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));
const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
];
/** Where to leave pictures of the page for somebody to look at. */
const { SHOTS } = process.env;

if (!CHROMIUM && process.env.CI)
  throw new Error('The page test needs chromium: apt-get install -y --no-install-recommends chromium');
if (!CHROMIUM) console.info('skipped: apt-get install -y --no-install-recommends chromium');

/** False where there is no browser. */
export const hasBrowser = CHROMIUM !== undefined;

/** A browser whose pages note what breaks in them. */
export interface Eyes {
  /** Errors of scripts, questions of the browser, and requests that left the machine. */
  readonly broken: string[];
  /** A page of its own, as nobody has seen it before. */
  open(path: string, options?: BrowserContextOptions): Promise<Page>;
  close(): Promise<void>;
}

/** @param url address of the sandbox */
export async function startEyes(url: string): Promise<Eyes> {
  const browser: Browser = await chromium.launch({ executablePath: CHROMIUM ?? '', args: FLAGS });
  const broken: string[] = [];
  return {
    broken,
    open: async (path, options) => {
      const context = await browser.newContext({ timezoneId: 'UTC', ...options });
      const page = await context.newPage();
      page.on('pageerror', (error) => broken.push(error.message));
      page.on('console', (said) => {
        if (said.type() === 'error') broken.push(said.text());
      });
      page.on('dialog', (dialog) => {
        broken.push(`dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      page.on('request', (request) => {
        if (!request.url().startsWith(url)) broken.push(`left the machine: ${request.url()}`);
      });
      await page.goto(`${url}${path}`);
      return page;
    },
    close: () => browser.close(),
  };
}

/** What axe finds in the page and in its frames; nothing when all is well. */
export async function axe(page: Page): Promise<string[]> {
  const source = await readFile(createRequire(import.meta.url).resolve('axe-core'), 'utf8');
  const found: string[] = [];
  for (const frame of page.frames()) found.push(...(await axeIn(frame, source)));
  return found;
}

async function axeIn(frame: Frame, source: string): Promise<string[]> {
  await frame.evaluate(source);
  return frame.evaluate(async () => {
    const { violations } = await Reflect.get(globalThis, 'axe').run(document, {
      resultTypes: ['violations'],
    });
    return violations.map(
      (it: { id: string; nodes: Array<{ html: string; failureSummary: string }> }) =>
        `${it.id}: ${it.nodes.map((node) => `${node.html} ${node.failureSummary}`).join(' | ')}`,
    );
  });
}

/** A picture for somebody to look at, where they are wanted. */
export async function shot(page: Page, name: string): Promise<void> {
  if (SHOTS) await page.screenshot({ path: join(SHOTS, `page-${name}.png`) });
}

const PATIENCE_MS = 60_000;

/** Waits until it is true; fails when it never becomes so. */
export async function until(what: () => Promise<boolean> | boolean): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!(await what())) {
    if (Date.now() > end) throw new Error(`never came true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}

/** Walks with a key until the element has the focus. @returns how many steps it took; fails after `most` */
export async function walkTo(page: Page, selector: string, key = 'Tab', most = 40): Promise<number> {
  for (let step = 1; step <= most; step += 1) {
    await page.keyboard.press(key);
    if (await page.evaluate((it) => document.activeElement?.matches(it) ?? false, selector)) return step;
  }
  const at = await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 200));
  throw new Error(`${selector} was not reached with ${key}; the focus is at ${at}`);
}
