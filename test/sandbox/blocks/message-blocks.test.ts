import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { supportedTypes } from '#sandbox/blocks/block.js';
import { type Kit, manifest, startKit } from '../kit.js';
import {
  actions,
  button,
  card,
  chart,
  confirm,
  container,
  dataTable,
  feedback,
  INPUTS,
  image,
  inline,
  input,
  long,
  mrkdwn,
  option,
  pie,
  plain,
  raw,
  rich,
  section,
  select,
  table,
  task,
  times,
  trash,
  video,
} from './pieces.js';

type Piece = Record<string, unknown>;

let kit: Kit;
const channel = 'C0INCIDENT';
beforeAll(async () => {
  const made = manifest((it) => Object.assign(it.features, { unfurl_domains: ['example.com'] }));
  kit = await startKit({ manifest: made });
  await kit.refusal('conversations.join', { channel });
});
afterAll(() => kit.stop());

const post = (more: Piece) => kit.refusal('chat.postMessage', { channel, text: 'x', ...more });

describe('what may be posted', () => {
  const RICH = [
    inline(
      {
        type: 'text',
        text: 'a',
        style: { bold: true, italic: true, strike: true, code: true, underline: true },
      },
      { type: 'link', url: 'https://example.com', text: 'b' },
      { type: 'emoji', name: 'tada', unicode: '1f389' },
      { type: 'user', user_id: 'U0ANA00001' },
      { type: 'usergroup', usergroup_id: 'S1' },
      { type: 'channel', channel_id: 'C1' },
      { type: 'team', team_id: 'T1' },
      { type: 'broadcast', range: 'here' },
      { type: 'color', value: '#A0b1C2' },
      { type: 'date', timestamp: 1_700_000_000, format: '{date}', fallback: 'then' },
    ),
    rich(
      {
        type: 'rich_text_list',
        style: 'ordered',
        indent: 1,
        offset: 2,
        border: 1,
        elements: [{ type: 'rich_text_section', elements: [] }],
      },
      { type: 'rich_text_preformatted', language: 'sql', elements: [{ type: 'text', text: 'select' }] },
      { type: 'rich_text_quote', border: 0, elements: [{ type: 'user', user_id: 'U1' }] },
    ),
  ];
  const VALID: Piece[] = [
    section({ fields: [plain(), mrkdwn()], accessory: image(), expand: true, block_id: long(255) }),
    section({ text: undefined, fields: [plain()] }),
    ...[
      button({ url: 'https://x.example', style: 'primary', confirm, accessibility_label: 'y' }),
      select(),
    ].map((accessory) => section({ accessory })),
    { type: 'header', text: plain(long(150)), level: 2 },
    { type: 'divider' },
    {
      type: 'context',
      elements: [image({ image_url: undefined, slack_file: { id: 'F1' } }), plain(), mrkdwn()],
    },
    actions(
      button({ action_id: 'a', value: long(2000) }),
      { type: 'overflow', action_id: 'b', options: [option('a', { url: 'https://x.example' })] },
      {
        type: 'workflow_button',
        text: plain(),
        workflow: {
          trigger: { url: 'https://x.example', customizable_input_parameters: [{ name: 'n', value: 'v' }] },
        },
      },
      { type: 'rich_text_input', action_id: 'c' },
      { type: 'datepicker', action_id: 'd', confirm },
    ),
    image({ title: plain(), slack_file: { url: 'https://files.example/F1' }, image_url: undefined }),
    ...RICH,
    { type: 'markdown', text: `# a\n\n${long(11_990)}` },
    table({ rows: times(100, () => [raw()]), column_settings: [null, { align: 'right', is_wrapped: true }] }),
    table({ rows: [[inline({ type: 'text', text: 'x' }), { type: 'raw_number', value: 1, text: '1' }]] }),
    dataTable({ page_size: 100, row_header_column_index: 1 }),
    ...['line', 'bar', 'area'].map((type) => chart({ type })),
    pie(),
    video({ author_name: 'A', provider_name: 'P', description: plain(), title_url: 'https://example.com' }),
    ...['default', 'info', 'warning', 'error', 'success'].map((level) => ({
      type: 'alert',
      text: plain(),
      level,
    })),
    card({
      hero_image: image(),
      icon: image(),
      subtitle: mrkdwn(),
      body: plain(),
      subtext: mrkdwn(),
      actions: [button({ action_id: 'go' })],
      slack_icon: { type: 'icon', name: 'bot' },
    }),
    { type: 'carousel', elements: [card(), card({ title: undefined, body: mrkdwn() })] },
    container({
      subtitle: mrkdwn(),
      icon: image(),
      width: 'wide',
      is_collapsible: true,
      default_collapsed: true,
      child_blocks: [section(), table(), actions(button()), { type: 'divider' }],
    }),
    container({ title: undefined, rich_text_title: inline({ type: 'text', text: 'x' }) }),
    { type: 'context_actions', elements: [feedback, trash] },
    { type: 'task_card', ...task({ sources: [{ type: 'url', url: 'https://x.example', text: 'x' }] }) },
    { type: 'plan', title: 'Plan', tasks: [task({ output: inline({ type: 'text', text: 'x' }) }), task()] },
    ...INPUTS.map((element) => input(element, { optional: true, hint: plain() })),
  ];

  test.each(VALID.map((block): [string, Piece] => [nameOf(block), block]))('%s', async (_name, block) => {
    expect(await post({ blocks: [block] })).toMatchObject({ ok: true });
  });

  test('there is one of every kind among these', () => {
    // A call must be known before it is shown: its own tests post one.
    const found = new Set<unknown>(['call']);
    JSON.stringify(VALID, (key, value) => {
      if (key === 'type') found.add(value);
      return value;
    });
    expect(
      Object.values(supportedTypes)
        .flat()
        .filter((type) => !found.has(type)),
    ).toEqual([]);
  });

  test('what is left out is given an id; a markdown block keeps none', async () => {
    const { message } = await post({
      blocks: [
        { type: 'markdown', text: 'x', block_id: 'mine' },
        container({ child_blocks: [actions(button(), button({ action_id: 'own' }))] }),
      ],
    });
    const id = expect.stringMatching(/^[0-9a-f]{5}$/);
    expect(message).toMatchObject({
      blocks: [
        { type: 'markdown', block_id: id },
        {
          block_id: id,
          child_blocks: [{ block_id: id, elements: [{ action_id: id }, { action_id: 'own' }] }],
        },
      ],
    });
  });

  test('one action may stand in several blocks', async () => {
    const twice = [actions(button({ action_id: 'go' })), actions(button({ action_id: 'go' }))];
    expect(await post({ blocks: twice })).toMatchObject({ ok: true });
  });
});

describe('what is refused', () => {
  const at = '/blocks/0';
  const REFUSED: Array<[string, Piece[], string, string]> = [
    // Which blocks there are.
    ['file', [{ type: 'file', source: 'remote', external_id: 'x' }], 'unsupported type: file', `${at}/type`],
    ['no type', [{ text: plain() }], 'missing required field: type', at],
    [
      'element of another block',
      [actions({ type: 'plain_text_input' })],
      'unsupported type: plain_text_input',
      `${at}/elements/0/type`,
    ],
    ['button in an input', [input(button())], 'unsupported type: button', `${at}/element/type`],
    [
      'file input in actions',
      [actions({ type: 'file_input' })],
      'unsupported type: file_input',
      `${at}/elements/0/type`,
    ],
    [
      'input beside a section',
      [section({ accessory: { type: 'number_input' } })],
      'unsupported type: number_input',
      `${at}/accessory/type`,
    ],
    [
      'button in a context',
      [{ type: 'context', elements: [button()] }],
      'unsupported type: button',
      `${at}/elements/0/type`,
    ],
    [
      'markdown in a container',
      [container({ child_blocks: [{ type: 'markdown', text: 'x' }] })],
      'unsupported type: markdown',
      `${at}/child_blocks/0/type`,
    ],
    [
      'section in a carousel',
      [{ type: 'carousel', elements: [section()] }],
      'unsupported type: section',
      `${at}/elements/0/type`,
    ],
    [
      'button in context_actions',
      [{ type: 'context_actions', elements: [button()] }],
      'unsupported type: button',
      `${at}/elements/0/type`,
    ],
    // Lengths and counts.
    [
      'alert text',
      [{ type: 'alert', text: plain(long(201)) }],
      'must be less than 201 characters',
      `${at}/text/text`,
    ],
    [
      'card title',
      [card({ title: mrkdwn(long(151)) })],
      'must be less than 151 characters',
      `${at}/title/text`,
    ],
    ['card body', [card({ body: mrkdwn(long(201)) })], 'must be less than 201 characters', `${at}/body/text`],
    [
      'card actions',
      [card({ actions: times(4, (i) => button({ action_id: `a${i}` })) })],
      'no more than 3 items allowed',
      `${at}/actions`,
    ],
    [
      'carousel',
      [{ type: 'carousel', elements: times(11, () => card()) }],
      'no more than 10 items allowed',
      `${at}/elements`,
    ],
    [
      'empty carousel',
      [{ type: 'carousel', elements: [] }],
      'must provide at least 1 items',
      `${at}/elements`,
    ],
    [
      'container',
      [container({ child_blocks: times(11, () => section()) })],
      'no more than 10 items allowed',
      `${at}/child_blocks`,
    ],
    [
      'context_actions',
      [{ type: 'context_actions', elements: times(6, () => trash) }],
      'no more than 5 items allowed',
      `${at}/elements`,
    ],
    [
      'context',
      [{ type: 'context', elements: times(11, () => plain()) }],
      'no more than 10 items allowed',
      `${at}/elements`,
    ],
    [
      'fields',
      [section({ fields: times(11, () => plain()) })],
      'no more than 10 items allowed',
      `${at}/fields`,
    ],
    [
      'a field',
      [section({ fields: [plain(long(2001))] })],
      'must be less than 2001 characters',
      `${at}/fields/0/text`,
    ],
    [
      'header level',
      [{ type: 'header', text: plain(), level: 5 }],
      'must be less than or equal to 4',
      `${at}/level`,
    ],
    [
      'block_id',
      [{ type: 'divider', block_id: long(256) }],
      'must be less than 256 characters',
      `${at}/block_id`,
    ],
    [
      'action_id',
      [actions(button({ action_id: long(256) }))],
      'must be less than 256 characters',
      `${at}/elements/0/action_id`,
    ],
    [
      'button address',
      [actions(button({ url: long(3001) }))],
      'must be less than 3001 characters',
      `${at}/elements/0/url`,
    ],
    [
      'confirm title',
      [actions(button({ confirm: { ...confirm, title: plain(long(101)) } }))],
      'must be less than 101 characters',
      `${at}/elements/0/confirm/title/text`,
    ],
    [
      'confirm without text',
      [actions(button({ confirm: { ...confirm, text: undefined } }))],
      'missing required field: text',
      `${at}/elements/0/confirm`,
    ],
    [
      'options',
      [actions(select({ options: times(101, (i) => option(`v${i}`)) }))],
      'no more than 100 items allowed',
      `${at}/elements/0/options`,
    ],
    [
      'option text',
      [actions(select({ options: [{ text: plain(long(76)), value: 'a' }] }))],
      'must be less than 76 characters',
      `${at}/elements/0/options/0/text/text`,
    ],
    [
      'option value',
      [actions(select({ options: [{ text: plain(), value: long(151) }] }))],
      'must be less than 151 characters',
      `${at}/elements/0/options/0/value`,
    ],
    [
      'overflow',
      [actions({ type: 'overflow', options: times(6, (i) => option(`v${i}`)) })],
      'no more than 5 items allowed',
      `${at}/elements/0/options`,
    ],
    [
      'ticks',
      [actions({ type: 'checkboxes', options: times(11, (i) => option(`v${i}`)) })],
      'no more than 10 items allowed',
      `${at}/elements/0/options`,
    ],
    [
      'placeholder',
      [actions(select({ placeholder: plain(long(151)) }))],
      'must be less than 151 characters',
      `${at}/elements/0/placeholder/text`,
    ],
    ['image words', [image({ alt_text: long(2001) })], 'must be less than 2001 characters', `${at}/alt_text`],
    [
      'table rows',
      [table({ rows: times(101, () => [raw()]) })],
      'no more than 100 items allowed',
      `${at}/rows`,
    ],
    [
      'table cells',
      [table({ rows: [times(21, () => raw())] })],
      'no more than 20 items allowed',
      `${at}/rows/0`,
    ],
    ['empty cell', [table({ rows: [[raw('')]] })], 'must be more than 0 characters', `${at}/rows/0/0/text`],
    [
      'table text',
      [table({ rows: [[raw(long(5001)), raw(long(5000))]] })],
      'must be less than 10001 characters',
      `${at}/rows`,
    ],
    ['data table rows', [dataTable({ rows: [[raw()]] })], 'must provide at least 2 items', `${at}/rows`],
    [
      'data table page',
      [dataTable({ page_size: 101 })],
      'must be less than or equal to 100',
      `${at}/page_size`,
    ],
    [
      'series',
      [chart({ series: times(13, (i) => ({ name: `s${i}`, data: [{ label: 'Mon', value: 1 }] })) })],
      'no more than 12 items allowed',
      `${at}/chart/series`,
    ],
    [
      'segment of nothing',
      [pie([{ label: 'x', value: 0 }])],
      'must be greater than 0',
      `${at}/chart/segments/0/value`,
    ],
    ['chart title', [{ ...pie(), title: long(51) }], 'must be less than 51 characters', `${at}/title`],
    // What must be there, and must not.
    [
      'empty card',
      [card({ title: undefined })],
      'must provide at least one of `hero_image`, `title`, `actions` or `body`',
      at,
    ],
    ['container title', [container({ title: undefined })], 'missing required field: title', at],
    [
      'collapsed for ever',
      [container({ default_collapsed: true })],
      'requires `is_collapsible` to be true',
      `${at}/default_collapsed`,
    ],
    ['data table caption', [dataTable({ caption: undefined })], 'missing required field: caption', at],
    [
      'ragged data table',
      [dataTable({ rows: [[raw()], [raw(), raw()]] })],
      'must have the same number of cells as the header: 1',
      `${at}/rows/1`,
    ],
    [
      'rich header cell',
      [dataTable({ rows: [[inline()], [raw()]] })],
      'unsupported type: rich_text',
      `${at}/rows/0/0/type`,
    ],
    [
      'row header',
      [dataTable({ row_header_column_index: 2 })],
      'must be less than or equal to 1',
      `${at}/row_header_column_index`,
    ],
    [
      'point of no category',
      [chart({}, [{ label: 'Wed', value: 1 }])],
      'must be one of the categories of `axis_config`',
      `${at}/chart/series/0/data/0/label`,
    ],
    [
      'unknown chart',
      [{ type: 'data_visualization', title: 'x', chart: { type: 'donut' } }],
      'unsupported type: donut',
      `${at}/chart/type`,
    ],
    [
      'task status',
      [{ type: 'task_card', ...task({ status: 'done' }) }],
      'must be a valid enum value',
      `${at}/status`,
    ],
    [
      'task of a plan',
      [{ type: 'plan', title: 'x', tasks: [task({ title: undefined })] }],
      'missing required field: title',
      `${at}/tasks/0`,
    ],
    [
      'alert level',
      [{ type: 'alert', text: plain(), level: 'fatal' }],
      'must be a valid enum value',
      `${at}/level`,
    ],
    [
      'decimals not said',
      [input({ type: 'number_input' })],
      'missing required field: is_decimal_allowed',
      `${at}/element`,
    ],
    [
      'member of a select',
      [actions(select({ filter: {} }))],
      'invalid additional property: filter',
      `${at}/elements/0`,
    ],
    [
      'link in a select',
      [actions(select({ options: [option('a', { url: 'https://x.example' })] }))],
      'invalid additional property: url',
      `${at}/elements/0/options/0`,
    ],
    [
      'workflow',
      [actions({ type: 'workflow_button', text: plain() })],
      'missing required field: workflow',
      `${at}/elements/0`,
    ],
    [
      'style',
      [actions(button({ style: 'default' }))],
      'must be a valid enum value',
      `${at}/elements/0/style`,
    ],
    // Pictures and videos.
    [
      'image of nothing',
      [image({ image_url: undefined })],
      'must provide exactly one of `image_url` or `slack_file`',
      at,
    ],
    [
      'image of two',
      [image({ slack_file: { id: 'F1' } })],
      'must provide exactly one of `image_url` or `slack_file`',
      at,
    ],
    [
      'image in a section',
      [section({ accessory: image({ image_url: undefined }) })],
      'must provide exactly one of `image_url` or `slack_file`',
      `${at}/accessory`,
    ],
    [
      'file of nothing',
      [image({ image_url: undefined, slack_file: {} })],
      'must provide exactly one of `id` or `url`',
      `${at}/slack_file`,
    ],
    ['no words for it', [image({ alt_text: undefined })], 'missing required field: alt_text', at],
    [
      'video of another domain',
      [video({ video_url: 'https://example.org/1' })],
      "must be of one of the app's unfurl domains",
      `${at}/video_url`,
    ],
    [
      'video without TLS',
      [video({ video_url: 'http://example.com/1' })],
      'must be a valid HTTPS URL',
      `${at}/video_url`,
    ],
    [
      'video title',
      [video({ title: plain(long(200)) })],
      'must be less than 200 characters',
      `${at}/title/text`,
    ],
    // Options and first values.
    [
      'same value',
      [actions(select({ options: [option(), option()] }))],
      '`value` "a" already exists',
      `${at}/elements/0/options/1/value`,
    ],
    [
      'same value in another group',
      [
        actions(
          select({
            options: undefined,
            option_groups: times(2, () => ({ label: plain(), options: [option()] })),
          }),
        ),
      ],
      '`value` "a" already exists',
      `${at}/elements/0/option_groups/1/options/0/value`,
    ],
    [
      'no options',
      [actions(select({ options: undefined }))],
      'missing required field: options',
      `${at}/elements/0`,
    ],
    [
      'both',
      [actions(select({ option_groups: [{ label: plain(), options: [option('b')] }] }))],
      'only one of `options` and `option_groups` is allowed',
      `${at}/elements/0`,
    ],
    [
      'empty group',
      [actions(select({ options: undefined, option_groups: [{ label: plain(), options: [] }] }))],
      'must provide at least 1 items',
      `${at}/elements/0/option_groups/0/options`,
    ],
    [
      'first option',
      [actions(select({ initial_option: option('z') }))],
      'must match one of the options',
      `${at}/elements/0/initial_option`,
    ],
    [
      'its text',
      [actions(select({ initial_option: { text: plain('other'), value: 'a' } }))],
      'must match one of the options',
      `${at}/elements/0/initial_option`,
    ],
    [
      'first ticks',
      [actions({ type: 'checkboxes', options: [option()], initial_options: [option(), option('q')] })],
      'must match one of the options',
      `${at}/elements/0/initial_options/1`,
    ],
    [
      'too many first',
      [actions({ type: 'multi_users_select', max_selected_items: 1, initial_users: ['U1', 'U2'] })],
      'no more than 1 items allowed',
      `${at}/elements/0/initial_users`,
    ],
    [
      'no such day',
      [actions({ type: 'datepicker', initial_date: '2023-02-29' })],
      'must be a date in the format YYYY-MM-DD',
      `${at}/elements/0/initial_date`,
    ],
    [
      'no such time',
      [actions({ type: 'timepicker', initial_time: '24:00' })],
      'must match the expected format',
      `${at}/elements/0/initial_time`,
    ],
    [
      'milliseconds',
      [actions({ type: 'datetimepicker', initial_date_time: 1_700_000_000_000 })],
      'must be less than or equal to 9999999999',
      `${at}/elements/0/initial_date_time`,
    ],
    [
      'lengths',
      [input({ type: 'plain_text_input', min_length: 9, max_length: 3 })],
      '`min_length` must be less than or equal to `max_length`',
      `${at}/element/min_length`,
    ],
    [
      'bounds',
      [
        input({ type: 'number_input', is_decimal_allowed: false, min_value: '9', max_value: '10.5' }),
        input({ type: 'number_input', is_decimal_allowed: false, min_value: '10', max_value: '9' }),
      ],
      '`min_value` must be less than or equal to `max_value`',
      '/blocks/1/element/min_value',
    ],
    [
      'first number',
      [input({ type: 'number_input', is_decimal_allowed: false, max_value: '5', initial_value: '9' })],
      'must be less than or equal to 5',
      `${at}/element/initial_value`,
    ],
    [
      'first decimal',
      [input({ type: 'number_input', is_decimal_allowed: false, initial_value: '1.5' })],
      'must be a whole number',
      `${at}/element/initial_value`,
    ],
    [
      'first text',
      [input({ type: 'plain_text_input', max_length: 2, initial_value: 'abc' })],
      'must be less than 3 characters',
      `${at}/element/initial_value`,
    ],
    [
      'number as a number',
      [input({ type: 'number_input', is_decimal_allowed: false, max_value: 5 })],
      'must provide a string',
      `${at}/element/max_value`,
    ],
    [
      'files',
      [input({ type: 'file_input', max_files: 11 })],
      'must be less than or equal to 10',
      `${at}/element/max_files`,
    ],
    [
      'files at once',
      [input({ type: 'file_input' }, { dispatch_action: true })],
      'is not allowed for `file_input`',
      `${at}/dispatch_action`,
    ],
    // Rich text.
    [
      'rich text element',
      [inline({ type: 'mention' })],
      'unsupported type: mention',
      `${at}/elements/0/elements/0/type`,
    ],
    [
      'rich text member',
      [inline({ type: 'user', id: 'U1', user_id: 'U1' })],
      'invalid additional property: id',
      `${at}/elements/0/elements/0`,
    ],
    [
      'rich text style',
      [inline({ type: 'text', text: 'x', style: { loud: true } })],
      'invalid additional property: loud',
      `${at}/elements/0/elements/0/style`,
    ],
    [
      'empty rich text',
      [inline({ type: 'text', text: '' })],
      'must be more than 0 characters',
      `${at}/elements/0/elements/0/text`,
    ],
    [
      'range',
      [inline({ type: 'broadcast', range: 'all' })],
      'must be a valid enum value',
      `${at}/elements/0/elements/0/range`,
    ],
    [
      'list style',
      [rich({ type: 'rich_text_list', elements: [] })],
      'missing required field: style',
      `${at}/elements/0`,
    ],
    [
      'mention in code',
      [rich({ type: 'rich_text_preformatted', elements: [{ type: 'user', user_id: 'U1' }] })],
      'unsupported type: user',
      `${at}/elements/0/elements/0/type`,
    ],
    ['block of rich text', [rich({ type: 'section' })], 'unsupported type: section', `${at}/elements/0/type`],
    // Together.
    [
      'markdown',
      [{ type: 'markdown', text: long(6000) }, section(), { type: 'markdown', text: long(6001) }],
      'must be less than 12001 characters',
      '/blocks/2/text',
    ],
    ['three charts', times(3, () => pie()), 'no more than 2 `data_visualization` blocks allowed', '/blocks'],
    [
      'same block_id inside',
      [section({ block_id: 'b' }), container({ child_blocks: [section({ block_id: 'b' })] })],
      '`block_id` "b" already exists',
      '/blocks/1/child_blocks/0/block_id',
    ],
    [
      'same action',
      [{ type: 'context_actions', elements: [trash, trash] }],
      '`action_id` "drop" already exists',
      `${at}/elements/1/action_id`,
    ],
  ];

  test.each(REFUSED)('%s', async (_name, blocks, message, pointer) => {
    const said = `${message} [json-pointer:${pointer}]`;
    expect(await post({ blocks })).toEqual({
      ok: false,
      error: 'invalid_blocks',
      errors: [said],
      response_metadata: { messages: [`[ERROR] ${said}`] },
    });
  });

  test('two tables, wherever they stand', async () => {
    const refused = {
      ok: false,
      error: 'invalid_attachments',
      errors: ['only_one_table_allowed'],
      response_metadata: { messages: ['[ERROR] only_one_table_allowed'] },
    };
    expect(await post({ blocks: [table(), table()] })).toEqual(refused);
    expect(await post({ blocks: [table(), container({ child_blocks: [table()] })] })).toEqual(refused);
    expect(await post({ blocks: [table()], attachments: [{ blocks: [table()] }] })).toEqual(refused);
  });

  test('the sum of all texts, which can be set', async () => {
    const blocks = times(5, () => section({ text: plain(long(2700)) }));
    expect(await post({ blocks })).toMatchObject({ error: 'msg_blocks_too_long' });
    await kit.act('settings', { block_text_cap: null });
    expect(await post({ blocks })).toMatchObject({ ok: true });
    expect(await kit.act('settings', { block_text_cap: 10 })).toMatchObject({
      settings: { blockTextCap: 10 },
    });
    expect(await post({ blocks: [section({ text: plain(long(11)) })] })).toMatchObject({
      error: 'msg_blocks_too_long',
    });
    await kit.act('settings', { block_text_cap: 13_000 });
  });
});

describe('attachments', () => {
  const said = (errors: string[]) => ({ ok: false, error: 'invalid_attachments', errors });

  test('what Slack knows of them is taken, numbered, and given a fallback', async () => {
    const { message } = await post({
      attachments: [
        {
          color: 'danger',
          title: 'T',
          fields: [{ title: 'a', value: 'b', short: true }],
          ts: 1_700_000_000,
          own: 1,
        },
        { blocks: [section({ accessory: button() })] },
        { text: 'x', fallback: 'y', actions: [{ type: 'button', name: 'n', text: 'Go', value: '1' }] },
      ],
    });
    const id = expect.any(String);
    expect(message).toMatchObject({
      attachments: [
        { id: 1, fallback: 'T', own: 1 },
        {
          id: 2,
          fallback: '[no preview available]',
          blocks: [{ block_id: id, accessory: { action_id: id } }],
        },
        { id: 3, fallback: 'y' },
      ],
    });
  });

  test.each<[string, unknown, string[]]>([
    [
      'bogus blocks',
      [{ text: 'x' }, { blocks: [{ type: 'sectoin' }] }],
      ['unsupported type: sectoin [json-pointer:/attachments/1/blocks/0/type]'],
    ],
    [
      'a rule of blocks',
      [{ blocks: [{ type: 'section' }] }],
      ['missing required field: text [json-pointer:/attachments/0/blocks/0]'],
    ],
    [
      '51 blocks',
      [{ blocks: times(51, () => section()) }],
      ['no more than 50 items allowed [json-pointer:/attachments/0/blocks]'],
    ],
    ['text that is none', [{ text: 7 }], ['must provide a string [json-pointer:/attachments/0/text]']],
    [
      'fields that are none',
      [{ fields: {} }],
      ['must provide an array [json-pointer:/attachments/0/fields]'],
    ],
    [
      'six buttons',
      [{ actions: times(6, () => ({ type: 'button', text: 'x' })) }],
      ['no more than 5 items allowed [json-pointer:/attachments/0/actions]'],
    ],
    [
      'a long footer',
      [{ footer: long(301) }],
      ['must be less than 301 characters [json-pointer:/attachments/0/footer]'],
    ],
  ])('%s', async (_name, attachments, errors) => {
    expect(await post({ attachments })).toMatchObject(said(errors));
  });

  test('no list, no objects, too many', async () => {
    for (const attachments of ['{', {}, ['x']])
      expect(await post({ attachments })).toEqual({ ok: false, error: 'invalid_attachments' });
    expect(await post({ attachments: times(101, () => ({ text: 'x' })) })).toEqual({
      ok: false,
      error: 'too_many_attachments',
    });
  });
});

function nameOf(block: Piece): string {
  const { type, element } = block as { type: string; element?: { type: string } };
  return element ? `${type} of ${element.type}` : type;
}
