// `node scripts/pictures.mjs [NAME]…`: the pictures of the local Slack in docs/pictures, made anew of a real demo.
// `walk`: those of docs/three-minutes.md. `--slack URL`: of a demo that runs already. Wants chromium, and fonts with letters and emoji (Debian: fonts-noto-core, fonts-noto-color-emoji).
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { person } from '../demo/slack.mjs';
import { ensureBuilt, ensureInstalled, ROOT } from './prepare.mjs';
import { threeMinutes, toTop } from './three-minutes.mjs';

const WIDE = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const MARGIN = 24;
/** All of docs/three-minutes.md: its pictures are made one after the other, or not at all. */
const WALK = 'walk';

/** How each is framed: who looks, at what, and what they do before it is taken. */
const PICTURES = {
  sandbox: { as: 'ana', at: ({ second }) => `/archives/${second}`, act: showOpening },
  'local-slack-thread': { as: 'bo', at: ({ second }) => `/archives/${second}`, act: openThread },
  'local-slack-modal': { as: 'bo', at: ({ announced }) => `/archives/${announced}`, act: openForm },
  'local-slack-traffic': { as: 'ana', at: () => '/traffic', act: unfold },
  'local-slack-side-by-side': {
    at: ({ second }) => `/side-by-side?people=ana,bo&channel=${second}`,
    act: noteInOneColumn,
  },
  'local-slack-phone': {
    ...{ as: 'chen', at: ({ second }) => `/archives/${second}`, act: showOpening },
    ...{ viewport: PHONE, deviceScaleFactor: 2 },
  },
  'local-slack-dark': {
    as: 'chen',
    at: ({ second }) => `/archives/${second}`,
    act: showOpening,
    colorScheme: 'dark',
  },
};

/** What people say to each other beside the record, as they would: a thread, and a reaction on what began it. */
async function talk(url, channel) {
  const act = async (path, body) => {
    const headers = { 'content-type': 'application/json' };
    const told = { method: 'POST', headers, body: JSON.stringify({ channel, ...body }) };
    return (await fetch(`${url}/control/${path}`, told)).json();
  };
  const { ts } = await act('message', {
    user: 'bo',
    text: '@chen is the old key still needed anywhere? `tts-old` had it',
  });
  for (const [user, text] of [
    ['chen', 'Nobody has sent it for ten minutes:\n```tts-old  0 requests\ntts-new  40 requests/s```'],
    ['ana', '*Keep it until tomorrow*, please. I would rather watch first :eyes:'],
    ['chen', 'Fine with me. See https://example.com/keys'],
  ])
    await act('message', { user, text, thread_ts: ts });
  await act('reaction', { user: 'bo', ts, name: 'white_check_mark' });
}

/** The channel from its first messages on: what the alert opened. */
async function showOpening(page) {
  const pinned = page.locator('.message', { hasText: 'Pinned by' }).first();
  await pinned.waitFor();
  await toTop(pinned);
}

async function openThread(page) {
  await page.locator('.replies').last().click();
  await page.locator('.panel .message').nth(3).waitFor();
}

async function openForm(page) {
  await page.fill('#text', '/incident open');
  await page.press('#text', 'Enter');
  const form = page.locator('dialog[open], [role=dialog]');
  await form.getByRole('textbox').first().fill('Checkout returns 500s');
}

async function unfold(page) {
  await page.locator('.exchange', { hasText: 'chat.postMessage' }).last().click();
  await page.locator('.exchanged').waitFor();
}

/** Of a note its author sees the receipt, and everybody the entry. */
async function noteInOneColumn(page) {
  const ana = page.frameLocator('iframe').first();
  const bo = page.frameLocator('iframe').nth(1);
  await ana.locator('#text').fill('/incident note -2m the cache is warm again');
  await ana.locator('#text').press('Enter');
  const entry = bo.locator('.message', { hasText: 'the cache is warm again' }).last();
  await entry.waitFor();
  await entry.scrollIntoViewIfNeeded();
}

/** Starts a demo and waits for its end. @returns its local Slack's address, and what ends it */
async function startDemo() {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-pictures-'));
  const child = spawn(
    process.execPath,
    [join(ROOT, 'scripts/demo.mjs'), '--out', join(folder, 'out'), '--data', join(folder, 'data')],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = new Promise((resolve) => child.once('close', resolve));
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for await (const line of createInterface({ input: child.stdout })) {
    const [, url] = /Now you\. Open (\S+)\//.exec(line) ?? [];
    if (!url) continue;
    child.stdout.resume();
    return { url, stop };
  }
  await stop();
  throw new Error('the demo has ended before it was done');
}

async function take(browser, url, name, places) {
  const { as, at, act, viewport = WIDE, colorScheme = 'light', deviceScaleFactor = 1 } = PICTURES[name];
  const context = await browser.newContext({ viewport, colorScheme, deviceScaleFactor, timezoneId: 'UTC' });
  const page = await context.newPage();
  const address = new URL(at(places), url);
  if (as) address.searchParams.set('as', as);
  await page.goto(address.href);
  await page.locator('#text, iframe, .exchange').first().waitFor();
  await act(page);
  await keep(name, page);
  // A form that is left open is open in the next picture too.
  await page.keyboard.press('Escape');
  await context.close();
}

/** @param around only what is around that element */
async function keep(name, page, around) {
  // Otherwise what the pointer rests on has its buttons shown.
  await page.mouse.move(0, 0);
  if (!around) await page.evaluate(() => document.activeElement?.blur());
  // Nothing to wait for: pictures are decoded, and what slides in has slid.
  await page.waitForTimeout(1000);
  const path = join(ROOT, 'docs/pictures', `${name}.png`);
  const clip = around && (await frameOf(page, around));
  writeFileSync(path, smaller(await page.screenshot({ clip })));
  console.error(`  ${name}.png ${Math.round(statSync(path).size / 1024)} kB`);
}

async function frameOf(page, element) {
  const { x, y, width, height } = await element.boundingBox();
  const most = page.viewportSize();
  const [left, top] = [Math.max(0, x - MARGIN), Math.max(0, y - MARGIN)];
  return {
    ...{ x: left, y: top },
    width: Math.min(most.width, x + width + MARGIN) - left,
    height: Math.min(most.height, y + height + MARGIN) - top,
  };
}

/** A palette of 256 colours, where pngquant is installed; else the picture as it is. */
function smaller(png) {
  const { status, stdout } = spawnSync('pngquant', ['--speed', '1', '-'], { input: png, maxBuffer: 2 ** 26 });
  return status === 0 ? stdout : png;
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { slack: { type: 'string' } } });
const every = [...Object.keys(PICTURES), WALK];
const unknown = positionals.filter((name) => !every.includes(name));
if (unknown.length > 0) throw new Error(`no picture ${unknown.join(', ')}; there are ${every.join(', ')}`);
ensureInstalled();
ensureBuilt();
const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));
const demo = values.slack ? { url: values.slack, stop: () => {} } : await startDemo();
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
try {
  const { channels } = await person(demo.url).state();
  const second = channels.find(({ name }) => name.startsWith('inc-2-')).id;
  const announced = channels.find(({ name }) => name === 'incidents').id;
  // As in a demo that is already there, they may have talked before.
  if (!values.slack || positionals.length === 0) await talk(demo.url, second);
  for (const name of positionals.length > 0 ? positionals : every) {
    if (name === WALK) await threeMinutes(browser, demo.url, keep);
    else await take(browser, demo.url, name, { second, announced });
  }
} finally {
  await browser.close();
  await demo.stop();
}
