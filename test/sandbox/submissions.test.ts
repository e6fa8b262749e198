import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { App } from '@slack/bolt';
import { button, input, modal, option, plain, section } from './blocks/pieces.js';
import { type Kit, socketApp, startKit } from './kit.js';

type Piece = Record<string, unknown>;

interface Shown {
  readonly id: string;
  readonly hash: string;
  readonly previous_view_id: string | null;
  readonly root_view_id: string;
  readonly title: { text: string };
  readonly state: { values: Record<string, Record<string, Piece>> };
}

let kit: Kit;
let app: App;
const heard: Piece[] = [];
/** What the app answers to the next submission. */
let answer: Piece | (() => Promise<Piece | undefined>) | undefined;

const field = (blockId: string, element: Piece, more: Piece = {}) =>
  input({ action_id: 'it', ...element }, { block_id: blockId, ...more });

beforeAll(async () => {
  kit = await startKit();
  app = socketApp(kit.sandbox);
  app.view({ callback_id: /.*/, type: 'view_submission' }, async ({ ack, body }) => {
    heard.push(body as unknown as Piece);
    const said = typeof answer === 'function' ? await answer() : answer;
    await ack(said as never);
  });
  app.view({ callback_id: /.*/, type: 'view_closed' }, async ({ ack, body }) => {
    heard.push(body as unknown as Piece);
    await ack();
  });
  app.action(/.*/, async ({ ack, body }) => {
    heard.push(body as unknown as Piece);
    await ack();
  });
  app.shortcut('declare', async ({ ack, shortcut }) => {
    heard.push(shortcut as unknown as Piece);
    await ack();
  });
  await app.start();
  // A machine that stalls must not let triggers expire by themselves.
  await kit.act('clock', { freeze: true });
});
afterAll(async () => {
  await app.stop();
  await kit.stop();
});
afterEach(async () => {
  answer = undefined;
  heard.length = 0;
  await kit.act('reset');
  await kit.act('clock', { freeze: true });
});

const last = () => heard.at(-1) as Piece & { trigger_id: string };
async function open(blocks: Piece[], more: Piece = {}): Promise<Shown> {
  const { trigger_id } = await kit.act<{ trigger_id: string }>('shortcut', {
    user: 'ana',
    callback_id: 'declare',
  });
  const opened = await kit.refusal('views.open', {
    trigger_id,
    view: modal(blocks, { callback_id: 'f', ...more }),
  });
  expect(opened).toMatchObject({ ok: true });
  return opened.view as Shown;
}
const submit = (values: Piece = {}, more: Piece = {}) =>
  kit.act('view/submit', { user: 'ana', values, ...more });
const views = async () => (await kit.look<{ views: Shown[] }>('state')).views;
const valuesSent = () => (last().view as Shown).state.values;

describe('the client refuses', () => {
  const TOO_BIG = 'Must be no more than 5.';
  test.each<[string, Piece, unknown, string]>([
    ['nothing', { type: 'plain_text_input' }, '', 'Please complete this required field.'],
    ['no choice', { type: 'multi_users_select' }, [], 'Please complete this required field.'],
    [
      'too few characters',
      { type: 'plain_text_input', min_length: 3 },
      'ab',
      'Must be at least 3 characters.',
    ],
    ['too many', { type: 'plain_text_input', max_length: 3 }, 'abcd', 'Must be no more than 3 characters.'],
    ['99 of at most 5', { type: 'number_input', is_decimal_allowed: false, max_value: '5' }, '99', TOO_BIG],
    ['a number', { type: 'number_input', is_decimal_allowed: true, max_value: '5' }, 5.1, TOO_BIG],
    [
      'too small',
      { type: 'number_input', is_decimal_allowed: true, min_value: '-1.5' },
      '-2',
      'Must be at least -1.5.',
    ],
    ['a decimal', { type: 'number_input', is_decimal_allowed: false }, '1.5', 'Please enter a whole number.'],
    ['no number', { type: 'number_input', is_decimal_allowed: true }, 'many', 'Please enter a number.'],
    ['no e-mail', { type: 'email_text_input' }, 'ana@', 'Please enter a valid email address.'],
    ['no address', { type: 'url_text_input' }, 'javascript:alert(1)', 'Please enter a valid URL.'],
    [
      '2 of at most 1',
      { type: 'multi_static_select', options: [option('a'), option('b')], max_selected_items: 1 },
      ['a', 'b'],
      'Please select no more than 1 item.',
    ],
    [
      'what is not in the menu',
      { type: 'static_select', options: [option('a')] },
      'z',
      'Please choose one of the options.',
    ],
    ['what was not offered', { type: 'external_select' }, 'z', 'Please choose one of the options.'],
    ['a file that is not there', { type: 'file_input' }, ['F0'], 'This file is not there any more.'],
  ])('%s', async (_name, element, typed, sentence) => {
    await open([field('b', element)]);
    expect(await submit({ b: { it: typed } })).toMatchObject({
      ok: false,
      error: 'client_refused',
      errors: { b: sentence },
    });
    expect(await views()).toHaveLength(1);
    expect(heard.filter(({ type }) => type === 'view_submission')).toEqual([]);
  });

  test('too many files and files of another kind', async () => {
    const ids = await upload(['one.png', 'two.PNG', 'three.txt']);
    await open([field('b', { type: 'file_input', filetypes: ['png'], max_files: 2 })]);
    expect(await submit({ b: { it: ids } })).toMatchObject({
      errors: { b: 'Please upload no more than 2 files.' },
    });
    expect(await submit({ b: { it: ids.slice(1) } })).toMatchObject({
      errors: { b: 'Only files of these types can be uploaded: png.' },
    });
    expect(await submit({ b: { it: ids.slice(0, 2) } })).toMatchObject({ ok: true });
    expect(valuesSent()).toMatchObject({
      b: { it: { type: 'file_input', files: [{ id: ids[0], name: 'one.png' }, {}] } },
    });
  });

  test('to press a button that is not there, or not seen', async () => {
    const first = await open([section()], { submit: undefined });
    expect(await submit()).toMatchObject({ ok: false, error: 'no_submit_button', ack: { status: null } });
    await open([section({ accessory: button({ action_id: 'go' }) })]);
    await push();
    const [below, top] = await views();
    expect(await submit({}, { view_id: below?.id })).toMatchObject({ ok: false, error: 'not_on_top' });
    expect(await submit({}, { view_id: first.id })).toMatchObject({ ok: false });
    expect(await submit({}, { hash: 'as it was' })).toMatchObject({ ok: false, error: 'hash_conflict' });
    expect(await submit({}, { hash: top?.hash })).toMatchObject({ ok: true });
  });
});

describe('what is sent', () => {
  test('a value for every element: typed, chosen, as it was at first, or nothing', async () => {
    const rich = {
      type: 'rich_text',
      elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text: 'hi' }] }],
    };
    const menu = [option('a'), option('b', { description: plain('why') })];
    await open([
      field('text', { type: 'plain_text_input', initial_value: 'first' }),
      field('left', { type: 'plain_text_input' }, { optional: true }),
      field('none', { type: 'multi_channels_select' }, { optional: true }),
      field('number', { type: 'number_input', is_decimal_allowed: true }),
      field('rich', { type: 'rich_text_input' }),
      field('made', { type: 'rich_text_input' }),
      field('menu', { type: 'static_select', option_groups: [{ label: plain(), options: menu }] }),
      field('ticks', { type: 'checkboxes', options: menu }),
      field('people', { type: 'multi_users_select' }),
      field('time', { type: 'timepicker', timezone: 'Europe/Berlin' }),
      field('when', { type: 'datetimepicker' }),
    ]);
    const typed = {
      ...{ number: 1.5, rich: 'hi', made: rich, menu: 'b', ticks: ['a', 'b'], people: ['U0BO000002'] },
      ...{ time: '23:59', when: '1700000000' },
    };
    const values = Object.fromEntries(Object.entries(typed).map(([id, it]) => [id, { it }]));
    expect(await submit(values)).toMatchObject({ ok: true, ack: { status: 200, body: '' } });
    const sent = Object.fromEntries(Object.entries(valuesSent()).map(([id, { it }]) => [id, it]));
    expect(sent).toEqual({
      text: { type: 'plain_text_input', value: 'first' },
      left: { type: 'plain_text_input', value: null },
      none: { type: 'multi_channels_select', selected_channels: [] },
      number: { type: 'number_input', value: '1.5' },
      rich: { type: 'rich_text_input', rich_text_value: rich },
      made: { type: 'rich_text_input', rich_text_value: rich },
      menu: { type: 'static_select', selected_option: menu[1] },
      ticks: { type: 'checkboxes', selected_options: menu },
      people: { type: 'multi_users_select', selected_users: ['U0BO000002'] },
      time: { type: 'timepicker', selected_time: '23:59', timezone: 'Europe/Berlin' },
      when: { type: 'datetimepicker', selected_date_time: 1_700_000_000 },
    });
    expect(last()).toMatchObject({ response_urls: [], view: { submit_disabled: false } });
  });

  test('an address to answer at, where the form asks for a conversation', async () => {
    const conversation = { type: 'conversations_select', response_url_enabled: true };
    await open([field('where', conversation), field('else', { type: 'channels_select' })]);
    const { delivery } = await submit({ where: { it: 'C0GENERAL1' }, else: { it: 'C0INCIDENT' } });
    expect(last().response_urls).toEqual([
      {
        block_id: 'where',
        action_id: 'it',
        channel_id: 'C0GENERAL1',
        response_url: expect.stringContaining('/commands/'),
      },
    ]);
    const [{ response_url: url }] = last().response_urls as [{ response_url: string }];
    const body = JSON.stringify({ response_type: 'in_channel', text: 'from the form' });
    const posted = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    });
    expect(await posted.text()).toBe('ok');
    expect(await kit.look(`responses?delivery=${delivery}`)).toMatchObject({
      responses: [{ text: 'from the form' }],
    });
    const { channels } = await kit.look<{ channels: Array<{ id: string; messages: Piece[] }> }>(
      'state?channel=general',
    );
    expect(channels.find(({ id }) => id === 'C0GENERAL1')?.messages.at(-1)).toMatchObject({
      text: 'from the form',
    });
  });
});

describe('what the app answers', () => {
  const next = (more: Piece = {}) => modal([section()], { title: plain('Next'), callback_id: 'f', ...more });

  test('nothing closes one, clear closes all, update replaces, push lays on top', async () => {
    await open([section()]);
    answer = { response_action: 'push', view: next() };
    expect(await submit()).toMatchObject({ ok: true });
    const [root, pushed] = await views();
    expect(pushed).toMatchObject({ previous_view_id: root?.id, root_view_id: root?.id });
    answer = { response_action: 'update', view: next({ title: plain('Other') }) };
    await submit();
    expect((await views()).map(({ id, title }) => [id, title.text])).toEqual([
      [root?.id, 'Title'],
      [pushed?.id, 'Other'],
    ]);
    answer = undefined;
    await submit();
    expect(await views()).toHaveLength(1);
    answer = { response_action: 'push', view: next() };
    await submit();
    answer = { response_action: 'clear' };
    await submit();
    expect(await views()).toEqual([]);
  });

  test('three lie on each other, and no more', async () => {
    await open([section()]);
    answer = { response_action: 'push', view: next() };
    await submit();
    await submit();
    expect(await submit()).toMatchObject({ ok: false, error: 'push_limit_reached' });
    expect(await views()).toHaveLength(3);
  });

  test.each<[string, Piece, Piece]>([
    ['a word that it does not know', { response_action: 'close' }, { error: 'invalid_response_action' }],
    ['a message', { text: 'thanks' }, { error: 'invalid_response_action' }],
    ['no view', { response_action: 'update' }, { error: 'invalid_arguments' }],
    [
      'a bad view',
      { response_action: 'push', view: modal([]) },
      {
        error: 'invalid_arguments',
        errors: { errors: ['must provide at least 1 items [json-pointer:/view/blocks]'] },
      },
    ],
    [
      'a Home tab for a modal',
      { response_action: 'update', view: { type: 'home', blocks: [section()] } },
      {
        error: 'invalid_arguments',
        errors: { errors: ['must match the `type` of the existing view [json-pointer:/view/type]'] },
      },
    ],
    [
      'a Home tab on a modal',
      { response_action: 'push', view: { type: 'home', blocks: [section()] } },
      {
        error: 'invalid_arguments',
        errors: { errors: ['must match the `type` of the root view [json-pointer:/view/type]'] },
      },
    ],
    [
      'an id that is taken',
      { response_action: 'push', view: modal([section()], { external_id: 'mine' }) },
      { error: 'duplicate_external_id' },
    ],
    [
      'errors of nowhere',
      { response_action: 'errors', errors: { nowhere: 'x' } },
      { error: 'invalid_response_errors' },
    ],
    [
      'errors of a block that is no input',
      { response_action: 'errors', errors: { words: 'x' } },
      { error: 'invalid_response_errors' },
    ],
    [
      'errors without words',
      { response_action: 'errors', errors: { b: true } },
      { error: 'invalid_response_errors' },
    ],
    ['no errors', { response_action: 'errors', errors: {} }, { error: 'invalid_response_errors' }],
  ])('%s is not understood, and the form stays', async (_name, said, refused) => {
    await open([section({ block_id: 'words' }), field('b', { type: 'plain_text_input' })], {
      external_id: 'mine',
    });
    answer = said;
    expect(await submit({ b: { it: 'x' } })).toMatchObject({ ok: false, ...refused });
    expect(await views()).toHaveLength(1);
  });

  test('errors stand beside their inputs, and what was typed stays', async () => {
    const { id } = await open([field('b', { type: 'plain_text_input' })]);
    answer = { response_action: 'errors', errors: { b: 'Not that one' } };
    expect(await submit({ b: { it: 'x' } })).toMatchObject({ ok: false, errors: { b: 'Not that one' } });
    // An update keeps what was typed where block, action and kind are the same.
    const same = field('b', { type: 'plain_text_input', multiline: true });
    const other = field('b', { type: 'email_text_input' });
    const kept = await kit.refusal('views.update', { view_id: id, view: modal([same]) });
    expect(kept.view).toMatchObject({ state: { values: { b: { it: { value: 'x' } } } } });
    const lost = await kit.refusal('views.update', { view_id: id, view: modal([other]) });
    expect(lost.view).toMatchObject({ state: { values: {} } });
  });

  test('an answer to a form that is closed meanwhile changes nothing', async () => {
    await open([section()], { title: plain('One') });
    answer = async () => {
      await kit.act('view/close', { user: 'ana' });
      await open([section()], { title: plain('Two') });
      return { response_action: 'update', view: next() };
    };
    expect(await submit()).toMatchObject({ ok: true });
    expect((await views()).map(({ title }) => title.text)).toEqual(['Two']);
    answer = async () => {
      await open([section()], { title: plain('Three') });
      return undefined;
    };
    expect(await submit()).toMatchObject({ ok: true });
    expect((await views()).map(({ title }) => title.text)).toEqual(['Three']);
    answer = async () => {
      await open([section()], { title: plain('Four') });
      return { response_action: 'clear' };
    };
    expect(await submit()).toMatchObject({ ok: true });
    expect((await views()).map(({ title }) => title.text)).toEqual(['Four']);
  });
});

describe('views that are pushed', () => {
  test('onto a Home tab: they do not match', async () => {
    const blocks = [section({ accessory: button({ action_id: 'go' }) })];
    const view = { type: 'home', blocks };
    const published = await kit.refusal('views.publish', { user_id: 'U0ANA00001', view });
    const { id } = published.view as Shown;
    await kit.act('action', { user: 'ana', view_id: id, action_id: 'go' });
    expect(last()).toMatchObject({ container: { type: 'view', view_id: id } });
    expect(last()).not.toHaveProperty('response_url');
    expect(
      await kit.refusal('views.push', { trigger_id: last().trigger_id, view: modal([section()]) }),
    ).toEqual({
      ok: false,
      error: 'invalid_arguments',
      errors: ['must match the `type` of the root view [json-pointer:/view/type]'],
      response_metadata: {
        messages: ['[ERROR] must match the `type` of the root view [json-pointer:/view/type]'],
      },
    });
  });

  test('are closed one by one, or all at once', async () => {
    const go = section({ accessory: button({ action_id: 'go' }) });
    await open([go], { notify_on_close: true });
    await push({ notify_on_close: true });
    const [root, top] = await views();
    await kit.act('view/close', { user: 'ana' });
    expect(last()).toMatchObject({ type: 'view_closed', is_cleared: false, view: { id: top?.id } });
    await push();
    await kit.act('view/close', { user: 'ana', all: true });
    expect(last()).toMatchObject({ type: 'view_closed', is_cleared: true, view: { id: root?.id } });
    expect(last().view).toMatchObject({ state: { values: {} } });
    expect(await views()).toEqual([]);
  });

  test('with clear_on_close, Cancel takes all with it', async () => {
    await open([section({ accessory: button({ action_id: 'go' }) })]);
    await push({ clear_on_close: true, notify_on_close: true });
    await kit.act('view/close', { user: 'ana' });
    expect(last()).toMatchObject({ is_cleared: true });
    expect(await views()).toEqual([]);
  });
});

/** Presses the button of the view on top, and pushes another with what comes of it. */
async function push(more: Piece = {}): Promise<void> {
  await kit.act('action', { user: 'ana', action_id: 'go' });
  const view = modal([section()], { callback_id: 'f', ...more });
  expect(await kit.refusal('views.push', { trigger_id: last().trigger_id, view })).toMatchObject({
    ok: true,
  });
}

async function upload(names: string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const filename of names) {
    const content = Buffer.from('x');
    const { upload_url: url, file_id: id } = await kit.client.files.getUploadURLExternal({
      filename,
      length: 1,
    });
    await fetch(url ?? '', { method: 'POST', body: content });
    await kit.client.files.completeUploadExternal({ files: [{ id: id ?? '' }] });
    ids.push(id ?? '');
  }
  return ids;
}
