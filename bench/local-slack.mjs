// From a person's post to the painted frame of somebody else's page: in a workspace of 200 channels and 20,000 messages, and in an empty one.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { median, quantile, round, target } from './lib/figures.mjs';
import { start, workplace } from './lib/processes.mjs';
import { report } from './lib/report.mjs';

const { values } = parseArgs({
  strict: false,
  options: {
    channels: { type: 'string' },
    posts: { type: 'string' },
    rounds: { type: 'string' },
    quick: { type: 'boolean' },
  },
});
const channels = Number(values.channels ?? (values.quick ? 20 : 200));
const posts = Number(values.posts ?? (values.quick ? 10 : 60));
const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
const MESSAGES = 100;
const PAUSE_MS = 60;
const MANIFEST = fileURLToPath(new URL('../examples/sandbox/manifest.yml', import.meta.url));

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));
if (!executablePath) throw new Error('apt-get install -y --no-install-recommends chromium');

const place = workplace();
try {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  place.onClose(() => browser.close());
  const full = await open(browser, 'full', channels);
  const empty = await open(browser, 'empty', 1);
  // The first posts of either pay for what is compiled only once.
  for (const it of [full, empty]) await measure(it, rounds);
  const raw = { full: [], empty: [] };
  for (let i = 0; i < rounds; i++) {
    raw.full.push(await measure(full, i));
    raw.empty.push(await measure(empty, i));
  }
  const of = (which, how) => median(raw[which].map(how));
  const p95 = (all) => quantile(all, 0.95);
  report('local-slack', {
    targets: [
      target('full ÷ empty, p50', median(raw.full.map((all, i) => median(all) / median(raw.empty[i]))), 1.5),
      target('full ÷ empty, p95', median(raw.full.map((all, i) => p95(all) / p95(raw.empty[i]))), 2),
      target('ms from post to painted frame, full, p95', of('full', p95), 100, { digits: 0 }),
    ],
    figures: {
      messages: channels * MESSAGES,
      full_ms: {
        p50: round(of('full', median), 1),
        p95: round(of('full', p95), 1),
        shown_after: full.shownMs,
      },
      empty_ms: {
        p50: round(of('empty', median), 1),
        p95: round(of('empty', p95), 1),
        shown_after: empty.shownMs,
      },
    },
    raw,
  });
} finally {
  await place.close();
}

/** A sandbox with so many channels of a hundred messages (one: without any), and somebody's page on the one in the middle. */
async function open(browser, name, count) {
  const text = (at) => `message ${at}: the queue of checkout grows, *who* looks? \`kubectl logs\``;
  const messages = (of) =>
    count === 1
      ? []
      : Array.from({ length: MESSAGES }, (_, at) => ({ user: of % 2 ? 'ana' : 'bo', text: text(at) }));
  const seed = {
    channels: Array.from({ length: count }, (_, at) => ({
      ...{ id: `C0LOAD${String(at).padStart(4, '0')}`, name: `load-${at}` },
      ...{ members: ['ana', 'bo'], messages: messages(at) },
    })),
  };
  const file = join(place.folder, `${name}.json`);
  writeFileSync(file, JSON.stringify(seed));
  const args = ['--manifest', MANIFEST, '--seed', file, '--port', '0', '--quiet', '--with-parent'];
  const { line } = await start(place, 'dist/sandbox/main.js', args);
  const { url } = JSON.parse(line);
  const channel = seed.channels[count >> 1].id;
  const page = await browser.newPage();
  const began = performance.now();
  await page.goto(`${url}/archives/${channel}?as=ana`);
  await page
    .locator(count === 1 ? '#text' : '.message')
    .last()
    .waitFor();
  const shownMs = round(performance.now() - began, 0);
  // When a post is in the list the next frame shows it: its callback runs just before, a message behind it just after that frame.
  await page.evaluate(() => {
    globalThis.painted = {};
    const seen = (post) => {
      if (post === undefined || post in globalThis.painted) return;
      globalThis.painted[post] = null;
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        globalThis.painted[post] = performance.timeOrigin + performance.now();
      };
      requestAnimationFrame(() => port2.postMessage(''));
    };
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes)
        for (const node of addedNodes) seen(/post-(\d+-\d+);/.exec(node.textContent ?? '')?.[1]);
    }).observe(document.body, { childList: true, subtree: true });
  });
  return { url, channel, page, shownMs };
}

/** Posts one after the other. @returns milliseconds of each */
async function measure({ url, channel, page }, round) {
  // A page that nobody sees draws less often.
  await page.bringToFront();
  const took = [];
  for (let at = 0; at < posts; at++) {
    const post = `${round}-${at}`;
    const from = performance.timeOrigin + performance.now();
    const response = await fetch(`${url}/control/message`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user: 'bo', channel, text: `post-${post};` }),
    });
    if (!response.ok) throw new Error(`the post was refused: ${await response.text()}`);
    const painted = await page.waitForFunction((it) => globalThis.painted[it], post, { polling: 20 });
    took.push((await painted.jsonValue()) - from);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return took;
}
