import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Kit, startKit } from '../kit.js';
import {
  actions,
  button,
  card,
  container,
  dataTable,
  INPUTS,
  input,
  long,
  modal,
  plain,
  section,
  table,
  times,
  video,
} from './pieces.js';

type Piece = Record<string, unknown>;

let kit: Kit;
beforeAll(async () => {
  kit = await startKit();
});
afterAll(() => kit.stop());

/** A view is looked at before the trigger, so a trigger of no use shows that nothing is wrong with the view. */
const open = (view: unknown) => kit.refusal('views.open', { trigger_id: '1.2.a', view });
const publish = (blocks: Piece[], more: Piece = {}) =>
  kit.refusal('views.publish', { user_id: 'U0ANA00001', view: { type: 'home', blocks, ...more } });
const ALERT = { type: 'alert', text: plain() };

describe('what a view may hold', () => {
  test('a modal: every input, alerts, and all that it says of itself', async () => {
    const blocks = [...INPUTS.map((element) => input(element)), ALERT, actions(button())];
    const more = {
      close: plain('Leave'),
      private_metadata: long(3000),
      callback_id: long(255),
      external_id: long(255),
      clear_on_close: true,
      notify_on_close: true,
      submit_disabled: true,
    };
    expect(await open(modal(blocks, more))).toEqual({ ok: false, error: 'invalid_trigger_id' });
  });

  test('a Home tab: inputs, and no button to send them', async () => {
    const { view } = await publish([...INPUTS.map((element) => input(element)), section()]);
    expect(view).toMatchObject({ type: 'home', submit_disabled: false, state: { values: {} } });
  });

  const only = (type: string) => `unsupported type: ${type} [json-pointer:/view/blocks/0/type]`;
  test.each<[string, Piece]>([
    ['markdown', { type: 'markdown', text: 'x' }],
    ['table', table()],
    ['data_table', dataTable()],
    ['card', card()],
    ['carousel', { type: 'carousel', elements: [card()] }],
    ['container', container()],
    ['context_actions', { type: 'context_actions', elements: [] }],
    ['task_card', { type: 'task_card' }],
    ['plan', { type: 'plan', title: 'x' }],
    ['data_visualization', { type: 'data_visualization' }],
    ['file', { type: 'file' }],
  ])('no %s, which is for messages', async (type, block) => {
    expect(await open(modal([block]))).toMatchObject({ error: 'invalid_arguments', errors: [only(type)] });
    expect(await publish([block])).toMatchObject({ error: 'invalid_arguments', errors: [only(type)] });
  });

  test.each<[string, unknown, string]>([
    ['no object', '[]', 'must provide an object [json-pointer:/view]'],
    ['no type', { blocks: [] }, 'missing required field: type [json-pointer:/view]'],
    ['another type', { type: 'panel' }, 'unsupported type: panel [json-pointer:/view/type]'],
    ['no blocks', modal([]), 'must provide at least 1 items [json-pointer:/view/blocks]'],
    [
      'no title',
      modal([section()], { title: undefined }),
      'missing required field: title [json-pointer:/view]',
    ],
    [
      'a title with marks',
      modal([section()], { title: { type: 'mrkdwn', text: 'x' } }),
      'must be a valid enum value [json-pointer:/view/title/type]',
    ],
    [
      'submit',
      modal([section()], { submit: plain(long(25)) }),
      'must be less than 25 characters [json-pointer:/view/submit/text]',
    ],
    [
      'close',
      modal([section()], { close: plain(long(25)) }),
      'must be less than 25 characters [json-pointer:/view/close/text]',
    ],
    [
      'callback_id',
      modal([section()], { callback_id: long(256) }),
      'must be less than 256 characters [json-pointer:/view/callback_id]',
    ],
    [
      'external_id',
      modal([section()], { external_id: long(256) }),
      'must be less than 256 characters [json-pointer:/view/external_id]',
    ],
    [
      'another member',
      modal([section()], { state: {} }),
      'invalid additional property: state [json-pointer:/view]',
    ],
    [
      'submit of a Home tab',
      { type: 'home', blocks: [section()], submit: plain() },
      'invalid additional property: submit [json-pointer:/view]',
    ],
    [
      'two in focus',
      modal(times(2, (i) => input({ type: 'email_text_input', action_id: `a${i}`, focus_on_load: true }))),
      'only one element may have `focus_on_load` [json-pointer:/view/blocks]',
    ],
    [
      'an alert on a Home tab',
      { type: 'home', blocks: [ALERT] },
      'unsupported type: alert [json-pointer:/view/blocks/0/type]',
    ],
    [
      'a video of nobody',
      modal([video()]),
      "must be of one of the app's unfurl domains [json-pointer:/view/blocks/0/video_url]",
    ],
  ])('%s', async (_name, view, message) => {
    expect(await open(view)).toMatchObject({
      error: 'invalid_arguments',
      response_metadata: { messages: [`[ERROR] ${message}`] },
    });
  });
});

describe('blocks.validate', () => {
  const validate = (args: Piece) => kit.refusal('blocks.validate', args);

  test('says nothing of what is right, as text or as it is, without any scope', async () => {
    expect(await validate({ blocks: JSON.stringify([section()]) })).toEqual({ ok: true });
    expect(
      await validate({ message: { text: 'x', blocks: [table()], attachments: [{ text: 'x' }] } }),
    ).toEqual({
      ok: true,
    });
    expect(await validate({ view: modal([input({ type: 'url_text_input' })]) })).toEqual({ ok: true });
  });

  test('points at what is wrong, from what was given on, and says what was expected', async () => {
    const bad = section({ text: { type: 'invalid', text: 'x' } });
    const error = {
      code: 'failed_constraint',
      message: 'unsupported type: invalid',
      constraint: { type: 'enum', expected: ['plain_text', 'mrkdwn'], got: 'invalid' },
    };
    expect(await validate({ blocks: [bad] })).toEqual({
      ok: false,
      error: 'invalid_blocks',
      errors: [{ ...error, pointer: '/0/text/type' }],
    });
    expect(await validate({ message: { blocks: [bad] } })).toEqual({
      ok: false,
      error: 'invalid_message',
      errors: [{ ...error, pointer: '/blocks/0/text/type' }],
    });
    expect(await validate({ view: modal([bad]) })).toEqual({
      ok: false,
      error: 'invalid_view',
      errors: [{ ...error, pointer: '/blocks/0/text/type' }],
    });
  });

  test.each<[string, Piece, Piece]>([
    [
      'a length',
      { blocks: [section({ text: plain(long(3001)) })] },
      { pointer: '/0/text/text', constraint: { type: 'max_length', expected: 3000 } },
    ],
    [
      'a count',
      { blocks: [actions()] },
      { pointer: '/0/elements', constraint: { type: 'min_items', expected: 1 } },
    ],
    [
      'a member too few',
      { blocks: [section({ text: undefined })] },
      { pointer: '/0', constraint: { type: 'required' }, field: 'text' },
    ],
    [
      'a member too many',
      { view: modal([section({ colour: 1 })]) },
      { pointer: '/blocks/0', field: 'colour' },
    ],
    [
      'an attachment',
      { message: { attachments: [{ blocks: [{ type: 'x' }] }] } },
      { pointer: '/attachments/0/blocks/0/type' },
    ],
    [
      'a second table',
      { message: { blocks: [table()], attachments: [{ blocks: [table()] }] } },
      { pointer: '', message: 'only_one_table_allowed' },
    ],
    ['no list', { blocks: {} }, { pointer: '', message: 'must provide an array' }],
    ['no message', { message: [] }, { pointer: '', message: 'must provide an object' }],
    ['no view', { view: [] }, { pointer: '', message: 'must provide an object' }],
  ])('%s', async (_name, args, error) => {
    const [name] = Object.keys(args);
    expect(await validate(args)).toMatchObject({ error: `invalid_${name}`, errors: [error] });
  });

  test('exactly one at a time', async () => {
    const refused = {
      ok: false,
      error: 'invalid_arguments',
      response_metadata: { messages: ['must provide exactly one of `blocks`, `view`, or `message`'] },
    };
    expect(await validate({})).toEqual(refused);
    expect(await validate({ blocks: [], view: {} })).toEqual(refused);
    expect(await validate({ blocks: '[' })).toEqual({ ok: false, error: 'invalid_arguments' });
  });
});
