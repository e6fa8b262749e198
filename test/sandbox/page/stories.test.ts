import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { App } from '@slack/bolt';
import type { Page } from 'playwright-core';
import { type Kit, manifest, socketApp, startKit } from '../kit.js';
import { axe, type Eyes, hasBrowser, shot, startEyes, until } from './browser.js';

const text = (value: string) => ({ type: 'plain_text' as const, text: value });
const CHANNEL = 'C0INCIDENT';
const HERE = `/archives/${CHANNEL}`;
const WIDE = { viewport: { width: 1280, height: 800 } };

const LONG_FORM = {
  type: 'modal' as const,
  callback_id: 'long',
  title: text('Long'),
  submit: text('Send'),
  blocks: [
    {
      type: 'input' as const,
      block_id: 'sev',
      label: text('Severity'),
      element: {
        type: 'static_select' as const,
        action_id: 'it',
        options: ['SEV1', 'SEV2'].map((it) => ({ text: text(it), value: it })),
      },
    },
    {
      type: 'input' as const,
      block_id: 'log',
      label: text('Log'),
      element: { type: 'file_input' as const, action_id: 'it', max_files: 1 },
    },
    {
      type: 'actions' as const,
      elements: [{ type: 'button' as const, action_id: 'deeper', text: text('Go deeper') }],
    },
  ],
};

(hasBrowser ? describe : describe.skip)('stories on the live page', () => {
  let kit: Kit;
  let app: App;
  let eyes: Eyes;
  let ana: Page;
  let bo: Page;
  const submitted: Array<Record<string, unknown>> = [];
  /** What the app waits for before it answers the long form. */
  let gate = Promise.resolve();

  const say = (user: string, said: string, more: object = {}) =>
    kit.act<{ ts: string }>('message', { user, channel: CHANNEL, text: said, ...more });
  const message = (page: Page, said: string) => page.locator('.message', { hasText: said }).last();
  const write = async (page: Page, said: string, box = '#text') => {
    await page.fill(box, said);
    await page.press(box, 'Enter');
  };
  const fromMenu = async (page: Page, said: string, item: string) => {
    await message(page, said).hover();
    await message(page, said).getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: item }).click();
  };

  beforeAll(async () => {
    kit = await startKit({ manifest: manifest((it) => it.oauth_config.scopes.bot.push('canvases:write')) });
    app = socketApp(kit.sandbox);
    app.command('/incident', async ({ ack, client, command }) => {
      if (command.text === 'late') return;
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
          ],
        },
      });
      await ack();
    });
    app.command('/raw', async ({ ack, client, command }) => {
      await ack();
      await client.views.open({ trigger_id: command.trigger_id, view: LONG_FORM });
    });
    app.action('deeper', async ({ ack, body, client }) => {
      await ack();
      if (!('trigger_id' in body)) return;
      const blocks = [{ type: 'section' as const, text: text('Below is another') }];
      await client.views.push({
        trigger_id: body.trigger_id,
        view: { type: 'modal', title: text('Deeper'), blocks },
      });
    });
    app.view('long', async ({ ack, view }) => {
      submitted.push(view.state.values);
      await gate;
      await ack();
    });
    app.view('form', async ({ ack, view }) => {
      submitted.push(view.state.values);
      if (submitted.length === 1) await ack({ response_action: 'errors', errors: { title: 'Say more' } });
      else await ack();
    });
    app.shortcut('add', async ({ ack, respond }) => {
      await ack();
      await respond('Added to the timeline');
    });
    app.action('press', async ({ ack, respond }) => {
      await ack();
      await respond({ replace_original: true, text: 'It was pressed' });
    });
    app.event('app_home_opened', async ({ event, client }) => {
      if (event.tab !== 'home') return;
      const blocks = [{ type: 'header' as const, text: text('Open incidents') }];
      await client.views.publish({ user_id: event.user, view: { type: 'home', blocks } });
    });
    await app.start();
    await kit.client.conversations.join({ channel: CHANNEL });
    eyes = await startEyes(kit.sandbox.url);
    [ana, bo] = await Promise.all([
      eyes.open(`${HERE}?as=ana`, WIDE),
      eyes.open(`${HERE}?as=bo`, { ...WIDE, colorScheme: 'dark' }),
    ]);
    await Promise.all([ana.waitForSelector('#text'), bo.waitForSelector('#text')]);
  });
  afterAll(async () => {
    await eyes?.close();
    await app?.stop();
    await kit?.stop();
  });

  test('two people: one writes, reacts, edits and deletes, the other sees it', async () => {
    await write(ana, 'checkout fails :tada: @bo');
    await message(bo, 'checkout fails').waitFor();
    expect(await message(bo, 'checkout fails').locator('.name').textContent()).toBe('ana');
    await message(bo, 'checkout fails').hover();
    await message(bo, 'checkout fails').getByRole('button', { name: 'React with eyes' }).click();
    await message(ana, 'checkout fails')
      .getByRole('button', { name: /^eyes, 1: bo/ })
      .waitFor();
    await fromMenu(ana, 'checkout fails', 'Edit message');
    expect(await ana.inputValue('.editor textarea')).toBe('checkout fails :tada: @bo');
    await ana.fill('.editor textarea', 'checkout is well again');
    await ana.press('.editor textarea', 'Enter');
    await message(bo, 'checkout is well again').locator('.edited').waitFor();
    expect(await bo.locator('.messages').getByText('checkout fails').count()).toBe(0);
    // Others may neither edit nor delete it.
    await message(bo, 'checkout is well again').hover();
    await message(bo, 'checkout is well again').getByRole('button', { name: 'More actions' }).click();
    expect(await bo.getByRole('menuitem', { name: /Edit|Delete/ }).count()).toBe(0);
    await bo.keyboard.press('Escape');
    await fromMenu(ana, 'checkout is well again', 'Delete message');
    await ana.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await bo.locator('.messages').getByText('checkout is well again').waitFor({ state: 'detached' });
  });

  test('what only one person sees is theirs, and gone when the page is loaded again', async () => {
    await write(ana, '/incident note keys differ');
    await ana.locator('.message.only', { hasText: 'recorded: note keys differ' }).waitFor();
    await say('chen', 'after the note');
    await message(bo, 'after the note').waitFor();
    expect(await bo.locator('.messages').getByText('recorded: note').count()).toBe(0);
    await ana.reload();
    await message(ana, 'after the note').waitFor();
    expect(await ana.locator('.messages').getByText('recorded: note').count()).toBe(0);
  });

  test('a draft in a thread stays whole and keeps the focus while 20 messages arrive, each said once', async () => {
    const { ts } = await say('bo', 'what is it?');
    await say('chen', 'first reply', { thread_ts: ts });
    await message(ana, 'what is it?').getByRole('button', { name: '1 reply' }).click();
    await ana.locator('.panel .message', { hasText: 'first reply' }).waitFor();
    await ana.locator('#reply').pressSequentially('half a wo');
    const spoken = ana.locator('[role=log] > p');
    const before = await spoken.count();
    const typing = ana.locator('#reply').pressSequentially('rd that stays whole', { delay: 10 });
    for (let n = 1; n <= 20; n += 1) await say('bo', `line ${n}`, n % 2 ? {} : { thread_ts: ts });
    await typing;
    await ana.locator('.panel .message', { hasText: 'line 20' }).waitFor();
    await message(ana, 'line 19').waitFor();
    expect(await ana.inputValue('#reply')).toBe('half a word that stays whole');
    expect(await ana.evaluate(() => document.activeElement?.id)).toBe('reply');
    expect(await spoken.count()).toBe(before + 20);
    expect(await spoken.last().textContent()).toBe('bo: line 20');
    await ana.getByLabel('Also send to #incidents').check();
    await ana.press('#reply', 'Enter');
    await bo.locator('.main .message', { hasText: 'half a word that stays whole' }).waitFor();
    expect(await axe(ana)).toEqual([]);
    await shot(ana, 'thread');
    await ana.getByRole('button', { name: 'Close thread' }).click();
  });

  test('a modal: corrected after an error, and the focus comes back', async () => {
    await ana.focus('#text');
    await write(ana, '/incident');
    const modal = ana.getByRole('dialog');
    await modal.getByLabel('Title').fill('Voices');
    expect(await axe(ana)).toEqual([]);
    await shot(ana, 'modal');
    await modal.getByRole('button', { name: 'Send' }).click();
    await modal.getByText('Say more').waitFor();
    expect(await modal.getByLabel('Title').inputValue()).toBe('Voices');
    await modal.getByLabel('Title').fill('Voices are silent');
    await modal.getByRole('button', { name: 'Send' }).click();
    await modal.waitFor({ state: 'detached' });
    expect(submitted.at(-1)).toMatchObject({ title: { text: { value: 'Voices are silent' } } });
    expect(await ana.evaluate(() => document.activeElement?.id)).toBe('text');
  });

  test('a form by mouse: menu, file, waiting, no answer in time; × takes all that lies below along', async () => {
    await write(ana, '/raw');
    const modal = ana.getByRole('dialog');
    await modal.getByLabel('Severity').click();
    await modal.getByRole('option', { name: 'SEV2' }).click();
    const log = { name: 'log.txt', mimeType: 'text/plain', buffer: Buffer.from('a log') };
    await modal.locator('input[type=file]').setInputFiles(log);
    await modal.locator('.file-list').getByText('log.txt').waitFor();
    // Deeper and back: what was chosen below is still there.
    await modal.getByRole('button', { name: 'Go deeper' }).click();
    await modal.getByText('Below is another').waitFor();
    await modal.getByRole('button', { name: 'Back' }).click();
    expect(await modal.getByLabel('Severity').inputValue()).toBe('SEV2');
    let open = () => {};
    gate = new Promise((resolve) => {
      open = resolve;
    });
    const send = modal.getByRole('button', { name: 'Send' });
    const before = submitted.length;
    await kit.act('settings', { ack_ms: 60 });
    await send.click();
    await modal.getByRole('alert').getByText('operation_timeout').waitFor();
    expect(await modal.getByLabel('Severity').inputValue()).toBe('SEV2');
    await until(() => submitted.length === before + 1);
    await kit.act('settings', { ack_ms: 20_000 });
    await send.click();
    await until(async () => (await send.getAttribute('aria-busy')) === 'true');
    await send.dispatchEvent('click');
    await until(() => submitted.length === before + 2);
    open();
    await modal.waitFor({ state: 'detached' });
    expect(submitted).toHaveLength(before + 2);
    expect(submitted.at(-1)).toMatchObject({
      sev: { it: { selected_option: { value: 'SEV2' } } },
      log: { it: { files: [{ name: 'log.txt' }] } },
    });
    await kit.act('settings', { ack_ms: 3000 });
    await write(ana, '/raw');
    await modal.getByRole('button', { name: 'Go deeper' }).click();
    await modal.getByText('Below is another').waitFor();
    await modal.getByRole('button', { name: 'Close', exact: true }).click();
    await modal.waitFor({ state: 'detached' });
    expect((await kit.look<{ views: unknown[] }>('state')).views).toEqual([]);
  });

  test('a channel is renamed, filled, archived, opened again and left', async () => {
    await kit.act('channel', { user: 'ana', name: 'forms' });
    await ana.locator('.place', { hasText: 'forms' }).click();
    await ana.locator('.head > .tab').click();
    const about = ana.getByRole('complementary', { name: 'About' });
    const dialog = ana.getByRole('dialog');
    await about.getByRole('button', { name: 'Rename' }).click();
    await dialog.getByLabel('Name').fill('no!good');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByRole('alert').getByText('can’t contain').waitFor();
    await dialog.getByLabel('Name').fill('More Forms');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await ana.locator('h1', { hasText: 'more-forms' }).waitFor();
    await about.getByRole('button', { name: 'Invite people' }).click();
    await dialog.getByRole('checkbox', { name: /^bo/ }).check();
    await dialog.getByRole('button', { name: 'Invite' }).click();
    await bo.locator('.place', { hasText: 'more-forms' }).waitFor();
    await about.getByRole('button', { name: 'Archive' }).click();
    await dialog.getByRole('button', { name: 'Archive' }).click();
    await about.getByRole('button', { name: 'Unarchive' }).click();
    await about.getByRole('button', { name: 'Leave' }).click();
    await dialog.getByRole('button', { name: 'Leave' }).click();
    // It stays in the list while it is looked at.
    await ana.getByRole('button', { name: 'Join' }).waitFor();
    await ana.locator('.place', { hasText: 'incidents' }).click();
    await ana.locator('.place', { hasText: 'more-forms' }).waitFor({ state: 'detached' });
    await ana.locator('h1', { hasText: 'incidents' }).waitFor();
  });

  test('a shortcut on a message, a button in one, and what the app did not answer', async () => {
    await say('bo', 'remember this');
    await fromMenu(ana, 'remember this', 'Add to timeline');
    await message(ana, 'Added to the timeline').waitFor();
    await kit.client.chat.postMessage({
      channel: CHANNEL,
      text: 'press',
      blocks: [
        { type: 'actions', elements: [{ type: 'button', action_id: 'press', text: text('Press me') }] },
      ],
    });
    await message(ana, 'Press me').getByRole('button', { name: 'Press me' }).click();
    await message(bo, 'It was pressed').waitFor();
    await kit.act('settings', { ack_ms: 60 });
    await write(ana, '/incident late');
    await message(ana, 'failed with the error "operation_timeout"').waitFor();
    await kit.client.chat.postMessage({
      channel: CHANNEL,
      text: 'nobody',
      blocks: [
        { type: 'actions', elements: [{ type: 'button', action_id: 'nobody', text: text('Nobody hears') }] },
      ],
    });
    await message(ana, 'Nobody hears').getByRole('button', { name: 'Nobody hears' }).click();
    await message(ana, 'did not respond in time (operation_timeout)').waitFor();
    await kit.act('settings', { ack_ms: 3000 });
  });

  test('channels: created, described, left, found again; unread ones are marked until they are read', async () => {
    await ana.getByRole('button', { name: 'Create a channel' }).click();
    await ana.getByRole('dialog').getByLabel('Name').fill('no!good');
    await ana.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
    await ana.getByRole('dialog').getByRole('alert').getByText('can’t contain').waitFor();
    await ana.getByRole('dialog').getByLabel('Name').fill('Launch');
    await ana.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
    await ana.locator('h1', { hasText: 'launch' }).waitFor();
    await ana.locator('.head > .tab').click();
    await ana.getByRole('button', { name: 'Edit topic' }).click();
    await ana.getByRole('textbox', { name: 'Topic' }).fill('The <b>big</b> day');
    await ana.getByRole('button', { name: 'Save' }).click();
    await ana.locator('#topic', { hasText: 'The <b>big</b> day' }).waitFor();
    await bo.getByRole('button', { name: 'Browse channels' }).click();
    await bo.getByRole('button', { name: 'Join launch' }).click();
    await bo.getByRole('button', { name: 'Leave launch' }).waitFor();
    await bo
      .getByRole('dialog')
      .getByRole('button', { name: /^launch/ })
      .click();
    await write(bo, 'ready, @ana?');
    await message(ana, 'ready, @ana?').waitFor();
    await ana.locator('.place', { hasText: 'incidents' }).click();
    await ana.locator('h1', { hasText: 'incidents' }).waitFor();
    await write(bo, 'are you there, @ana?');
    await ana.locator('.place.unread', { hasText: 'launch' }).locator('.badge', { hasText: '1' }).waitFor();
    await until(async () => (await ana.title()).startsWith('(1) '));
    await ana.locator('.place', { hasText: 'launch' }).click();
    await ana.locator('.new-line').waitFor();
    await ana.locator('.place.unread', { hasText: 'launch' }).waitFor({ state: 'detached' });
    await ana.locator('.place', { hasText: 'incidents' }).click();
    await bo.locator('.place', { hasText: 'incidents' }).click();
    await bo.locator('h1', { hasText: 'incidents' }).waitFor();
  });

  test('direct messages, pins, bookmarks and files', async () => {
    await ana.getByRole('button', { name: 'New message' }).click();
    await ana.getByRole('dialog').getByRole('checkbox', { name: /^bo/ }).check();
    await ana.getByRole('dialog').getByRole('button', { name: 'Go' }).click();
    await write(ana, 'between us');
    await bo.locator('.place.unread', { hasText: 'ana' }).click();
    await message(bo, 'between us').waitFor();
    for (const page of [ana, bo]) await page.locator('.place', { hasText: 'incidents' }).click();
    const { ts } = await kit.client.chat.postMessage({ channel: CHANNEL, text: 'pin me' });
    await fromMenu(ana, 'pin me', 'Pin to channel');
    await message(bo, 'pin me').getByText('Pinned by ana').waitFor();
    await bo.getByRole('button', { name: /^Pins/ }).click();
    await message(bo, 'pin me').waitFor();
    await bo.getByRole('button', { name: 'Messages', exact: true }).click();
    await kit.act('pin', { user: 'bo', channel: CHANNEL, ts, remove: true });
    await kit.client.bookmarks.add({
      channel_id: CHANNEL,
      title: 'Run',
      type: 'link',
      link: 'https://example.com/run',
    });
    await ana.getByRole('navigation', { name: 'Bookmarks' }).getByRole('link', { name: 'Run' }).waitFor();
    await kit.client.filesUploadV2({ channel_id: CHANNEL, filename: 'INC-1.md', content: '# INC-1' });
    const address = await ana.locator('.file-card').last().getAttribute('href');
    expect(await (await fetch(`${kit.sandbox.url}${address}`)).text()).toBe('# INC-1');
    const picture = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
      'base64',
    );
    await ana.setInputFiles('.composer input[type=file]', {
      name: 'dot.png',
      mimeType: 'image/png',
      buffer: picture,
    });
    await ana.getByRole('list', { name: 'Files to be sent' }).getByText('dot.png').waitFor();
    await write(ana, 'look at this');
    await message(bo, 'look at this').getByRole('img', { name: 'dot.png' }).waitFor();
    await until(() =>
      message(bo, 'look at this')
        .locator('img')
        .evaluate((it) => Reflect.get(it, 'naturalWidth') === 1),
    );
    await kit.client.conversations.canvases.create({
      channel_id: CHANNEL,
      document_content: { type: 'markdown', markdown: '# Plan\n- first' },
    });
    await bo.getByRole('button', { name: 'Canvas' }).click();
    await bo.getByRole('heading', { name: 'Plan' }).waitFor();
    expect(await axe(bo)).toEqual([]);
    await bo.getByRole('button', { name: 'Messages', exact: true }).click();
  });

  test('the Home tab, and several people side by side', async () => {
    const columns = await eyes.open(`/side-by-side?people=ana,bo&channel=${CHANNEL}`, {
      viewport: { width: 1400, height: 800 },
    });
    const [left, right] = ['ana', 'bo'].map((name) => columns.frameLocator(`iframe[title$="${name}"]`));
    await left?.locator('#text').fill('from the left');
    await left?.locator('#text').press('Enter');
    await right?.locator('.message', { hasText: 'from the left' }).waitFor();
    expect(await axe(columns)).toEqual([]);
    await shot(columns, 'side-by-side');
    await columns.context().close();
    await bo.locator('.place', { hasText: 'Test app' }).click();
    await bo.getByRole('heading', { name: 'Open incidents' }).waitFor();
    expect(await axe(bo)).toEqual([]);
    await shot(bo, 'home');
    await bo.goBack();
    await bo.locator('h1', { hasText: 'incidents' }).waitFor();
  });

  test('a permalink shows its message', async () => {
    const { ts } = await say('chen', 'the one to link to');
    const page = await eyes.open(`${HERE}/p${ts.replace('.', '')}?as=ana`);
    await page.locator('.message.target', { hasText: 'the one to link to' }).waitFor();
    await page.context().close();
  });

  test('nothing broke on the way, and nothing was asked of the network', () => {
    expect(eyes.broken).toEqual([]);
  });
});
