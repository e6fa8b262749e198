import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { App } from '@slack/bolt';
import type { Page } from 'playwright-core';
import { type Kit, socketApp, startKit } from '../kit.js';
import { axe, type Eyes, hasBrowser, shot, startEyes, until, walkTo } from './browser.js';

const text = (value: string) => ({ type: 'plain_text' as const, text: value });
const CHANNEL = 'C0INCIDENT';
const HERE = `/archives/${CHANNEL}?as=ana`;
const NASTY = '<img src=x onerror=alert(1)><script>alert(2)</script> "quotes" & [x](javascript:alert(3))';

(hasBrowser ? describe : describe.skip)('the live page for everybody', () => {
  let kit: Kit;
  let app: App;
  let eyes: Eyes;
  const message = (page: Page, said: string) => page.locator('.message', { hasText: said }).last();
  const focused = (page: Page) =>
    page.evaluate(
      () => document.activeElement?.closest('.message')?.textContent ?? document.activeElement?.id,
    );

  beforeAll(async () => {
    kit = await startKit();
    app = socketApp(kit.sandbox);
    app.command('/incident', async ({ ack }) => ack('recorded'));
    app.shortcut('declare', async ({ ack, client, shortcut }) => {
      await ack();
      const blocks = [{ type: 'section' as const, text: text('What is broken?') }];
      await client.views.open({
        trigger_id: shortcut.trigger_id,
        view: { type: 'modal', title: text('Declare'), blocks },
      });
    });
    await app.start();
    await kit.client.conversations.join({ channel: CHANNEL });
    await kit.client.conversations.setTopic({ channel: CHANNEL, topic: NASTY });
    await kit.act('message', { user: 'bo', channel: CHANNEL, text: NASTY });
    await kit.client.chat.postMessage({
      channel: CHANNEL,
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
        { type: 'actions', elements: [{ type: 'button', action_id: 'b', text: text('In a message') }] },
      ],
    });
    for (let n = 1; n <= 5; n += 1)
      await kit.act('message', { user: n % 2 ? 'bo' : 'chen', channel: CHANNEL, text: `line ${n}` });
    eyes = await startEyes(kit.sandbox.url);
  });
  afterAll(async () => {
    await eyes?.close();
    await app?.stop();
    await kit?.stop();
  });

  test('what people and the app write is shown as text, never as markup', async () => {
    const page = await eyes.open(HERE);
    await page.getByRole('heading', { name: '<b>header</b>' }).waitFor();
    const quoted = page.locator('.message .text', { hasText: 'quotes' });
    expect(await quoted.count()).toBe(2);
    for (const said of await quoted.allTextContents()) expect(said).toContain(NASTY);
    expect(await page.locator('#topic').textContent()).toBe(NASTY);
    expect(await page.locator('.messages img, .messages script').count()).toBe(0);
    const links = await page
      .locator('.messages .text a')
      .evaluateAll((all) => all.map((it) => it.getAttribute('href')));
    expect(links).toContain('https://example.com/?a=1&b=2');
    expect(links.filter((it) => it?.startsWith('javascript'))).toEqual([]);
    const policy = (await fetch(`${kit.sandbox.url}/`)).headers.get('content-security-policy');
    expect(policy).toContain("default-src 'self'");
    await page.context().close();
  });

  test('by keyboard alone, from the page as it loads to a posted reply and a reaction', async () => {
    const page = await eyes.open(HERE);
    await message(page, 'line 5').waitFor();
    await walkTo(page, '.skip', 'Tab', 1);
    await page.keyboard.press('Enter');
    expect(await focused(page)).toBe('text');
    await page.keyboard.type('by keyboard');
    await page.keyboard.press('Enter');
    await message(page, 'by keyboard').waitFor();
    // The list is one stop on the way back; the arrows go through it.
    await walkTo(page, '.message', 'Shift+Tab', 1);
    expect(await focused(page)).toContain('by keyboard');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    expect(await focused(page)).toContain('line 4');
    await page.keyboard.press('r');
    await page.getByRole('dialog', { name: 'Pick an emoji' }).waitFor();
    await page.keyboard.type('rocket');
    await page.keyboard.press('Enter');
    await message(page, 'line 4')
      .getByRole('button', { name: /^rocket, 1: you/ })
      .waitFor();
    await until(async () => String(await focused(page)).includes('line 4'));
    await page.keyboard.press('t');
    await page.locator('.panel .message').waitFor();
    await until(async () => (await focused(page)) === 'reply');
    // The regions in turn: from the last to the first and back.
    await page.keyboard.press('F6');
    expect(await page.evaluate(() => document.activeElement?.closest('.side') !== null)).toBe(true);
    await page.keyboard.press('Shift+F6');
    expect(await focused(page)).toBe('reply');
    await page.keyboard.type('a reply');
    await page.keyboard.press('Enter');
    await page.locator('.panel .message', { hasText: 'a reply' }).waitFor();
    // Tab from a message goes through its own buttons and out of the list.
    await page.focus('#text');
    await walkTo(page, '.message', 'Shift+Tab', 1);
    while (!String(await focused(page)).includes('In a message')) await page.keyboard.press('ArrowUp');
    await walkTo(page, '.message .button', 'Tab', 4);
    await walkTo(page, '#text', 'Tab', 9);
    await page.context().close();
  });

  test('menus and dialogs hold the focus and give it back', async () => {
    const page = await eyes.open(HERE);
    await message(page, 'line 5').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menu').waitFor();
    await page.keyboard.press('End');
    await page.keyboard.press('Escape');
    await until(async () => String(await focused(page)).includes('line 5'));
    await page.keyboard.press('Control+k');
    const jump = page.getByRole('dialog', { name: 'Jump to or search' });
    await jump.waitFor();
    for (let step = 0; step < 6; step += 1) {
      await page.keyboard.press('Tab');
      expect(await jump.evaluate((it) => it.contains(document.activeElement))).toBe(true);
    }
    expect(await axe(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await jump.waitFor({ state: 'detached' });
    expect(await focused(page)).toContain('line 5');
    await page.focus('#text');
    await page.keyboard.type('thanks @che');
    await page.getByRole('option', { name: /chen/ }).waitFor();
    await page.keyboard.press('Tab');
    expect(await page.inputValue('#text')).toBe('thanks @chen ');
    await page.keyboard.type(':rock');
    await page.getByRole('option', { name: /:rocket:/ }).waitFor();
    await page.keyboard.press('Escape');
    await page.fill('#text', '/inc');
    await page.getByRole('option', { name: /\/incident/ }).waitFor();
    expect(await axe(page)).toEqual([]);
    await page.context().close();
  });

  test('on a phone: the drawer leads to other people and channels, a thread covers the channel', async () => {
    const page = await eyes.open(HERE, { viewport: { width: 390, height: 844 }, hasTouch: true });
    await message(page, 'line 5').waitFor();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide).toBeLessThanOrEqual(390);
    await shot(page, 'phone');
    await page.getByRole('button', { name: 'Channels' }).click();
    await page.getByLabel('You are').waitFor();
    expect(await axe(page)).toEqual([]);
    await page.getByLabel('You are').selectOption({ label: 'Bo Lindgren' });
    await until(async () => (await page.title()).endsWith('bo'));
    await message(page, 'line 5').waitFor();
    await page.getByRole('button', { name: /1 reply/ }).click();
    await page.locator('#reply').waitFor();
    expect(await axe(page)).toEqual([]);
    await page.context().close();
  });

  test('axe finds nothing in any view, light or dark; the chosen theme stays', async () => {
    const page = await eyes.open(HERE, { colorScheme: 'dark', viewport: { width: 1280, height: 800 } });
    await message(page, 'line 5').waitFor();
    const surface = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await surface();
    expect(await axe(page)).toEqual([]);
    await shot(page, 'dark');
    await page.getByLabel('Theme').selectOption('light');
    expect(await surface()).not.toBe(dark);
    await page.reload();
    await message(page, 'line 5').waitFor();
    expect(await surface()).toBe('rgb(255, 255, 255)');
    expect(await axe(page)).toEqual([]);
    await page.locator('.head > .tab').click();
    await page.getByRole('list', { name: 'Members' }).getByText('Bo Lindgren').waitFor();
    expect(await axe(page)).toEqual([]);
    await page.getByRole('button', { name: 'Shortcuts' }).click();
    await page.getByRole('menuitem', { name: /Declare/ }).click();
    await page.getByRole('dialog').getByText('What is broken?').waitFor();
    expect(await axe(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.context().close();
  });

  test('the traffic: requests and deliveries, filtered, unfolded, sent again', async () => {
    const page = await eyes.open('/traffic?as=ana', { viewport: { width: 1280, height: 800 } });
    await kit.act('command', { user: 'ana', channel: CHANNEL, command: '/incident', text: 'look' });
    await page
      .getByRole('button', { name: /chat\.postMessage ok/ })
      .first()
      .waitFor();
    await page.getByLabel('Kind').selectOption('command');
    await page.getByRole('button', { name: /\/incident/ }).click();
    const full = page.getByRole('region', { name: '/incident in full' });
    await full.getByText('"look"').waitFor();
    expect(await axe(page)).toEqual([]);
    await shot(page, 'traffic');
    await full.getByRole('button', { name: 'Send again' }).click();
    await until(async () => (await page.getByRole('button', { name: /\/incident/ }).count()) === 2);
    await page.context().close();
  });

  test('nothing broke on the way, and nothing was asked of the network', () => {
    expect(eyes.broken).toEqual([]);
  });
});
