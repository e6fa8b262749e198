import { describe, expect, test } from '@jest/globals';
import { h } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { Attachments, barColour } from '#sandbox/page/app/blocks/attachments.js';
import { Blocks } from '#sandbox/page/app/blocks/blocks.js';
import { chartData, slices, ticksOf } from '#sandbox/page/app/blocks/chart-shapes.js';
import { dispatchOn, troubleOf } from '#sandbox/page/app/elements/form.js';
import { marksOf, richTextOf } from '#sandbox/page/app/elements/rich-marks.js';
import { fromState, initialOf } from '#sandbox/page/app/elements/values.js';
import { stillThere, valuesOf } from '#sandbox/page/app/forms/view-values.js';
import { place } from './names.js';

const html = (...blocks: object[]) =>
  renderToString(h(Blocks, { blocks: blocks.map((it) => ({ ...it })), place }));
const plain = (text: string) => ({ type: 'plain_text', text });
const option = (value: string) => ({ text: plain(value.toUpperCase()), value });

describe('what an element holds', () => {
  const a = option('a');
  test.each([
    ['plain_text_input', { initial_value: 'x' }, 'x', { value: 'y' }, 'y'],
    ['static_select', { initial_option: a }, 'a', { selected_option: option('b') }, 'b'],
    ['external_select', { initial_option: a }, a, { selected_option: a }, a],
    ['multi_static_select', { initial_options: [a] }, ['a'], { selected_options: [] }, []],
    ['multi_external_select', { initial_options: [a] }, [a], { selected_options: [a] }, [a]],
    ['radio_buttons', { initial_option: a }, 'a', { selected_option: null }, null],
    ['checkboxes', {}, undefined, { selected_options: [a] }, ['a']],
    ['users_select', { initial_user: 'U1' }, 'U1', { selected_user: 'U2' }, 'U2'],
    ['multi_channels_select', { initial_channels: ['C1'] }, ['C1'], { selected_channels: ['C2'] }, ['C2']],
    ['datetimepicker', { initial_date_time: 1 }, 1, { selected_date_time: 2 }, 2],
    ['file_input', {}, undefined, { files: [{ id: 'F1' }] }, ['F1']],
    ['button', {}, undefined, undefined, undefined],
  ])('%s', (type, more, initial, state, typed) => {
    const element = { type, action_id: 'it', ...more };
    expect(initialOf(element)).toEqual(initial);
    expect(fromState(element, state)).toEqual(typed);
  });

  test('a view begins with what the server knows, and forgets what it no longer has', () => {
    const input = (id: string, more: object = {}) => ({
      ...{ type: 'input', block_id: id },
      element: { type: 'plain_text_input', action_id: 'it', ...more },
    });
    const view = {
      blocks: [input('typed'), input('empty'), input('emptied', { initial_value: 'x' })],
      state: {
        values: {
          typed: { it: { value: 'y' } },
          empty: { it: { value: null } },
          emptied: { it: { value: null } },
        },
      },
    };
    expect(valuesOf(view)).toEqual({ typed: { it: 'y' }, emptied: { it: null } });
    expect(stillThere(view, { typed: { it: 'z', other: 1 }, gone: { it: 1 } })).toEqual({
      typed: { it: 'z' },
    });
  });

  test.each([
    ['an input is silent', { type: 'input' }, {}, { enter: false, characters: false }],
    [
      'an input that dispatches speaks on Enter',
      { type: 'input', dispatch_action: true },
      {},
      { enter: true, characters: false },
    ],
    [
      'or on characters',
      { type: 'input', dispatch_action: true },
      { dispatch_action_config: { trigger_actions_on: ['on_character_entered'] } },
      { enter: false, characters: true },
    ],
  ])('%s', (_what, block, element, on) => {
    expect(dispatchOn(block, element)).toEqual(on);
  });
});

describe('formatted text that is typed', () => {
  const section = (...elements: object[]) => ({ type: 'rich_text_section', elements });
  const text = (words: string, style?: object) => ({
    type: 'text',
    text: words,
    ...(style ? { style } : {}),
  });
  test.each([
    ['plain', 'hello', [section(text('hello'))]],
    [
      'styles',
      '*b* _~x~_ `c`',
      [
        section(
          text('b', { bold: true }),
          text(' '),
          text('x', { italic: true, strike: true }),
          text(' '),
          text('c', { code: true }),
        ),
      ],
    ],
    ['lines', 'a\nb', [section(text('a'), text('\n'), text('b'))]],
    [
      'mentions',
      '@bo #incident @here',
      [
        section(
          { type: 'user', user_id: 'U0BO000002' },
          text(' '),
          { type: 'channel', channel_id: 'C0INCIDENT' },
          text(' '),
          { type: 'broadcast', range: 'here' },
        ),
      ],
    ],
    ['no mention in an address', 'x@bo', [section(text('x@bo'))]],
    [
      'links and emoji',
      'https://x.y :tada:',
      [section({ type: 'link', url: 'https://x.y' }, text(' '), { type: 'emoji', name: 'tada' })],
    ],
    [
      'lists',
      'a\n- b\n- *c*\n  1. d\ne',
      [
        section(text('a')),
        {
          type: 'rich_text_list',
          style: 'bullet',
          indent: 0,
          elements: [section(text('b')), section(text('c', { bold: true }))],
        },
        { type: 'rich_text_list', style: 'ordered', indent: 1, elements: [section(text('d'))] },
        section(text('e')),
      ],
    ],
    [
      'quotes and code',
      '> q\n```\n*p*\n```',
      [
        { type: 'rich_text_quote', elements: [text('q')] },
        { type: 'rich_text_preformatted', elements: [text('*p*')] },
      ],
    ],
  ])('%s', (_what, typed, elements) => {
    const block = richTextOf(typed, place);
    expect(block).toEqual({ type: 'rich_text', elements });
    // What an app put there can be changed as if it had been typed.
    expect(richTextOf(marksOf(block, place), place)).toEqual(block);
  });

  test('blank text is nothing', () => {
    expect(richTextOf(' \n ', place)).toBeNull();
  });
});

describe('blocks', () => {
  test('pictures from elsewhere are described, those of the workspace are shown', () => {
    const image = { type: 'image', alt_text: 'Graph <1>' };
    const outside = html({ ...image, image_url: 'https://x.y/p.png' });
    expect(outside).not.toContain('<img');
    expect(outside).toContain('aria-label="Graph &lt;1>"');
    for (const slack_file of [
      { id: 'F0ABCDEF' },
      { url: 'https://files.slack.com/files-pri/T0-F0ABCDEF/p.png' },
    ])
      expect(html({ ...image, slack_file })).toContain('src="/view-file/F0ABCDEF"');
    expect(html({ ...image, image_url: '//x.y/p.png' })).not.toContain('<img');
  });

  test('a block of a kind that nobody knows says so', () => {
    expect(html({ type: 'hologram' })).toContain(
      'This block cannot be shown: <code class="code">hologram</code>',
    );
    expect(html({ type: 'actions', elements: [{ type: 'knob' }] })).toContain(
      'This element cannot be shown: knob',
    );
  });

  test('an icon button is for those who may see it', () => {
    const block = (...ids: string[]) => ({
      type: 'context_actions',
      elements: [{ type: 'icon_button', icon: 'trash', text: plain('Remove'), visible_to_user_ids: ids }],
    });
    expect(html(block('U0ANA00001'))).toContain('Remove');
    expect(html(block('U0BO000002'))).not.toContain('Remove');
  });

  test('labels, hints and errors belong to their input', () => {
    const block = {
      type: 'input',
      block_id: 'b',
      label: plain('Title'),
      hint: plain('Short'),
      element: { type: 'plain_text_input', action_id: 'a' },
    };
    const out = renderToString(h(Blocks, { blocks: [block], place, errors: { b: 'Too long' } }));
    const id = /<input[^>]* id="([^"]+)"/.exec(out)?.[1];
    expect(out).toContain(`for="${id}"`);
    expect(out).toContain(`aria-describedby="${id}-hint ${id}-wrong"`);
    expect(out).toContain(`id="${id}-wrong">Too long`);
    expect(out).toContain('aria-invalid="true"');
    expect(out).toContain('aria-required="true"');
  });

  test('a menu shows what is chosen by its words', () => {
    const select = (more: object) =>
      html({ type: 'actions', block_id: 'b', elements: [{ action_id: 'a', ...more }] });
    expect(select({ type: 'static_select', options: [option('a')], initial_option: option('a') })).toContain(
      'value="A"',
    );
    expect(select({ type: 'external_select', initial_option: option('z') })).toContain('value="Z"');
    expect(select({ type: 'users_select', initial_user: 'U0BO000002' })).toContain('value="bo"');
    expect(select({ type: 'multi_channels_select', initial_channels: ['C0INCIDENT'] })).toContain(
      'Remove #incident',
    );
  });

  test('what an app did not answer is said in words, with its code', () => {
    expect(['operation_timeout', 'dispatch_failed', 'http_error'].map(troubleOf)).toEqual([
      'This app did not respond in time (operation_timeout). Try again?',
      'This app did not respond (dispatch_failed). Try again?',
      'Something went wrong (http_error). Try again?',
    ]);
  });
});

test('a call names itself and can be joined while it lasts; of one that is not known only that much is said', () => {
  const v1 = { name: 'Bridge of <INC-7>', join_url: 'https://meet.example/1' };
  const block = { type: 'call', call_id: 'R1' };
  const on = html({ ...block, call: { v1: { ...v1, has_ended: false } } });
  expect(on).toContain('Bridge of &lt;INC-7>');
  expect(on).toContain('href="https://meet.example/1"');
  const over = html({ ...block, call: { v1: { ...v1, has_ended: true } } });
  expect(over).toContain('The call has ended.');
  expect(over).not.toContain('href');
  expect(html(block)).toContain('Call');
  expect(html({ ...block, call: { v1: { ...v1, join_url: 'javascript:alert(1)' } } })).not.toContain('href');
});

describe('attachments', () => {
  const show = (...attachments: object[]) =>
    renderToString(h(Attachments, { attachments: attachments.map((it) => ({ ...it })), place }));

  test('a work object says what it is, with people by their names; one of any shape breaks nothing', () => {
    const attributes = { title: { text: 'Clips <fail>' }, display_id: 'INC-7', product_name: 'Tocsin' };
    const fields = {
      status: { value: 'identified' },
      assigned_to: { type: 'slack#/types/user', user: { user_id: 'U0BO000002' } },
      date_created: { value: 1_773_154_800 },
    };
    const entity = { url: 'https://tocsin.example/incidents/INC-7', entity_payload: { attributes, fields } };
    const shown = show({ from_url: 'https://tocsin.example/incidents/INC-7', entity });
    for (const words of ['Tocsin · INC-7', 'Clips &lt;fail>', 'identified', 'Assigned to', '@bo', '10'])
      expect(shown).toContain(words);
    expect(shown).toContain('href="https://tocsin.example/incidents/INC-7"');
    expect(
      show({ entity: { entity_payload: { attributes: 1, fields: { a: 'b', date_x: null } } } }),
    ).toContain('entity');
  });

  test.each([
    ['good', 'var(--bar-good)'],
    ['warning', 'var(--bar-warning)'],
    ['danger', 'var(--bar-danger)'],
    ['#36a64f', '#36a64f'],
    ['36A64F', '#36A64F'],
    ['#abc', '#abc'],
    ['red; background: url(x)', undefined],
    [undefined, undefined],
  ])('the colour %s', (colour, bar) => {
    expect(barColour(colour)).toBe(bar);
  });

  test('every member of the older kind is shown', () => {
    const out = show({
      pretext: '*before*',
      author_name: 'Mon',
      author_link: 'https://m.x',
      title: 'Disk',
      title_link: 'https://d.x',
      text: '`2 %`',
      fields: [
        { title: 'Host', value: '*db*', short: true },
        { title: 'Why', value: 'x' },
      ],
      footer: 'monitor',
      ts: 1392734382,
      actions: [{ type: 'button', name: 'b', text: 'Mute', style: 'danger' }],
    });
    for (const piece of [
      '<b>before</b>',
      'href="https://m.x"',
      'href="https://d.x"',
      '2 %</code>',
      'class="short"><b>Host</b><div class="plain"><span class="lines"><b>db</b>',
      'class="long"',
      'monitor | ',
      'Feb 18th, 2014 at 3:39 PM',
      'class="button danger" disabled>Mute',
    ])
      expect(out).toContain(piece);
  });

  test('markup can be kept out of a member, and the fallback stands for nothing else', () => {
    expect(show({ text: '*a*', mrkdwn_in: ['pretext'] })).toContain('*a*');
    expect(show({ fallback: 'all of it' })).toContain('all of it');
    expect(show({ fallback: 'all of it', text: 'more' })).not.toContain('all of it');
  });
});

describe('charts', () => {
  test.each([
    [
      [3, 7],
      [0, 2, 4, 6, 8],
    ],
    [
      [-5, 12],
      [-5, 0, 5, 10, 15],
    ],
    [
      [0.1, 0.35],
      [0, 0.1, 0.2, 0.3, 0.4],
    ],
    [
      [12_000, 45_000],
      [0, 20_000, 40_000, 60_000],
    ],
    [[], [0, 0.5, 1]],
  ])('the axis of %j', (values, ticks) => {
    const found = ticksOf(values);
    if (values.length > 0) expect(found).toEqual(ticks);
    expect(found[0]).toBe(ticks[0]);
  });

  test('points go to their categories, and gaps stay gaps', () => {
    const chart = {
      type: 'line',
      series: [
        {
          name: 'a',
          data: [
            { label: 'y', value: 2 },
            { label: 'x', value: 1 },
          ],
        },
        { name: 'b', data: [{ label: 'x', value: 3 }] },
      ],
      axis_config: { categories: ['x', 'y'] },
    };
    expect(chartData({ chart })).toMatchObject({
      categories: ['x', 'y'],
      series: [{ values: [1, 2] }, { values: [3, undefined] }],
    });
    expect(chartData({ chart: { type: 'radar' } })).toBeUndefined();
  });

  test('a pie is whole, and one slice alone is a circle', () => {
    const found = slices([6, 3, 1, 0]);
    expect(found.map((it) => it.share)).toEqual([0.6, 0.3, 0.1, 0]);
    expect(found[3]?.path).toBe('');
    expect(slices([5])[0]?.path).toMatch(/^M0,-1A/);
    expect(slices([0, 0]).map((it) => it.path)).toEqual(['', '']);
  });
});
