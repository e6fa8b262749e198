/** One of everything that an app may post or show. */
const plain = (text: string) => ({ type: 'plain_text' as const, text });
const mrkdwn = (text: string) => ({ type: 'mrkdwn' as const, text });
const option = (text: string, value: string, more: object = {}) => ({ text: plain(text), value, ...more });
const section = (...elements: object[]) => ({ type: 'rich_text_section', elements });
const words = (text: string, style?: object) => ({ type: 'text', text, ...(style ? { style } : {}) });
const rich = (...elements: object[]) => ({ type: 'rich_text', elements });
const outside = 'https://pictures.example/disk.png';
const severities = [
  option('SEV1', 'sev1', { description: plain('Everything is down') }),
  option('SEV2', 'sev2'),
];

const text = [
  { type: 'header', text: plain('INC-7 Checkout is slow :rotating_light:') },
  {
    type: 'section',
    text: mrkdwn(
      '*Bold*, _italic_, ~struck~, `code`, <https://example.com|a link>, <@U0BO000002>, <#C0INCIDENT>, <!here> :tada:\n&gt; quoted *words*\n```\nselect 1;\n```',
    ),
    accessory: { type: 'image', image_url: outside, alt_text: 'Disk usage' },
  },
  {
    type: 'section',
    fields: [
      mrkdwn('*Severity*\nSEV1'),
      mrkdwn('*Lead*\n<@U0BO000002>'),
      plain('Started 14:02'),
      plain('Impact 12 %'),
    ],
  },
  {
    type: 'section',
    text: mrkdwn(Array.from({ length: 30 }, (_, index) => `Line ${index + 1} of a long story`).join('\n')),
  },
  { type: 'divider' },
  {
    type: 'context',
    elements: [
      { type: 'image', image_url: outside, alt_text: 'Icon' },
      mrkdwn('Opened <!date^1392734382^{date_short_pretty} at {time}|in 2014> by *ana*'),
      plain('and bo'),
    ],
  },
  { type: 'image', title: plain('Latency'), image_url: outside, alt_text: 'Latency doubled at noon' },
  rich(
    section(words('Rich ', { bold: true }), words('text', { italic: true }), words(' with '), {
      type: 'color',
      value: '#2eb67d',
    }),
    {
      type: 'rich_text_list',
      style: 'ordered',
      indent: 0,
      elements: [section(words('one')), section(words('two'))],
    },
    { type: 'rich_text_list', style: 'bullet', indent: 1, elements: [section(words('inner'))] },
    { type: 'rich_text_list', style: 'ordered', indent: 0, offset: 2, elements: [section(words('three'))] },
    { type: 'rich_text_quote', elements: [words('quoted')] },
    { type: 'rich_text_preformatted', elements: [words('kubectl get pods')] },
  ),
];

const tables = [
  {
    type: 'markdown',
    text: '# Summary\n\n- [x] **paged**\n- [ ] fixed\n\n| Service | Errors |\n|---|--:|\n| api | 12 |\n\n> see [the runbook](https://example.com)',
  },
  {
    type: 'table',
    column_settings: [{ is_wrapped: true }, { align: 'right' }],
    rows: [
      [
        { type: 'raw_text', text: 'Region' },
        { type: 'raw_text', text: 'Errors' },
      ],
      [rich(section(words('eu-west', { bold: true }))), { type: 'raw_text', text: '1,204' }],
      [
        { type: 'raw_text', text: 'us-east' },
        { type: 'raw_text', text: '3' },
      ],
    ],
  },
];

const data = [
  {
    type: 'data_table',
    caption: 'Hosts',
    page_size: 2,
    rows: [
      [
        { type: 'raw_text', text: 'Host' },
        { type: 'raw_text', text: 'Load' },
      ],
      ...['a', 'b', 'c'].map((host, index) => [
        { type: 'raw_text', text: `db-${host}` },
        { type: 'raw_number', value: index * 10, text: `${index * 10} %` },
      ]),
    ],
  },
  {
    type: 'data_visualization',
    title: 'Errors by hour',
    chart: {
      type: 'line',
      series: [
        {
          name: 'api',
          data: [
            { label: '12:00', value: 4 },
            { label: '13:00', value: 18 },
            { label: '14:00', value: 9 },
          ],
        },
        {
          name: 'web',
          data: [
            { label: '12:00', value: 2 },
            { label: '13:00', value: 5 },
            { label: '14:00', value: 11 },
          ],
        },
      ],
      axis_config: { categories: ['12:00', '13:00', '14:00'], x_label: 'Hour', y_label: 'Errors' },
    },
  },
  {
    type: 'data_visualization',
    title: 'Causes',
    chart: {
      type: 'pie',
      segments: [
        { label: 'Deploy', value: 6 },
        { label: 'Load', value: 3 },
        { label: 'Network', value: 1 },
      ],
    },
  },
];

const bars = [
  ...(['bar', 'area'] as const).map((type) => ({
    type: 'data_visualization',
    title: `Pages by ${type}`,
    chart: {
      type,
      series: [
        {
          name: 'Pages',
          data: [
            { label: 'Mon', value: 3 },
            { label: 'Tue', value: 7 },
          ],
        },
      ],
      axis_config: { categories: ['Mon', 'Tue'] },
    },
  })),
  ...(['default', 'info', 'warning', 'error', 'success'] as const).map((level) => ({
    type: 'alert',
    level,
    text: mrkdwn(`An alert of level *${level}*`),
  })),
];

const card = (title: string) => ({
  type: 'card',
  title: mrkdwn(title),
  subtitle: mrkdwn('eu-west'),
  body: mrkdwn('Error rate *12 %*'),
  actions: [{ type: 'button', action_id: `open_${title}`, text: plain('Open') }],
});

const cards = [
  { ...card('api'), hero_image: { type: 'image', image_url: outside, alt_text: 'Graph of the errors' } },
  { type: 'carousel', elements: [card('web'), card('worker'), card('mail')] },
  {
    type: 'container',
    title: plain('Details'),
    subtitle: plain('two hosts'),
    is_collapsible: true,
    child_blocks: [{ type: 'section', text: mrkdwn('Inside the *container*') }],
  },
  {
    type: 'task_card',
    task_id: 'T1',
    title: 'Reading the logs',
    status: 'in_progress',
    details: rich(section(words('200 lines'))),
    sources: [{ type: 'url', url: 'https://example.com/logs', text: 'logs' }],
  },
  {
    type: 'plan',
    title: 'Plan',
    tasks: [
      { type: 'task_card', task_id: 'T2', title: 'Roll back', status: 'complete' },
      { type: 'task_card', task_id: 'T3', title: 'Watch', status: 'pending' },
      { type: 'task_card', task_id: 'T4', title: 'Page the network team', status: 'error' },
    ],
  },
];

const confirm = {
  title: plain('Close it?'),
  text: mrkdwn('*INC-7* is closed for everyone.'),
  confirm: plain('Close'),
  deny: plain('Keep open'),
  style: 'danger',
};

const actions = [
  {
    type: 'actions',
    block_id: 'buttons',
    elements: [
      { type: 'button', action_id: 'ack', text: plain('Acknowledge'), style: 'primary', value: 'yes' },
      { type: 'button', action_id: 'close', text: plain('Close'), style: 'danger', confirm },
      { type: 'button', action_id: 'link', text: plain('Runbook'), url: 'https://example.com/runbook' },
      {
        type: 'overflow',
        action_id: 'more',
        options: [option('Rename', 'rename'), option('Merge', 'merge')],
      },
      {
        type: 'workflow_button',
        action_id: 'flow',
        text: plain('Workflow'),
        workflow: { trigger: { url: 'https://slack.com/shortcuts/Ft0/x' } },
      },
    ],
  },
  {
    type: 'actions',
    block_id: 'menus',
    elements: [
      { type: 'static_select', action_id: 'sev', placeholder: plain('Severity'), options: severities },
      { type: 'multi_users_select', action_id: 'people', placeholder: plain('Responders') },
      { type: 'datepicker', action_id: 'date', placeholder: plain('Day of the review') },
      { type: 'radio_buttons', action_id: 'how', options: [option('Call', 'call'), option('Chat', 'chat')] },
      {
        type: 'checkboxes',
        action_id: 'flags',
        options: [option('Drill', 'drill'), option('Public', 'public')],
      },
    ],
  },
  {
    type: 'input',
    block_id: 'note',
    dispatch_action: true,
    label: plain('Note'),
    element: { type: 'plain_text_input', action_id: 'text' },
  },
  {
    type: 'context_actions',
    block_id: 'opinion',
    elements: [
      {
        type: 'feedback_buttons',
        action_id: 'feedback',
        positive_button: { text: plain('Good'), value: 'up' },
        negative_button: { text: plain('Bad'), value: 'down' },
      },
      { type: 'icon_button', action_id: 'remove', icon: 'trash', text: plain('Remove') },
    ],
  },
];

/** Messages that together have every block and element that a message may have. */
export const MESSAGES: ReadonlyArray<{ text: string; blocks?: object[]; attachments?: object[] }> = [
  { text: 'text', blocks: text },
  { text: 'tables', blocks: tables },
  { text: 'data', blocks: data },
  { text: 'bars', blocks: bars },
  { text: 'cards', blocks: cards },
  {
    text: 'attachments',
    attachments: [
      {
        color: 'danger',
        pretext: 'From *the monitor*',
        author_name: 'Monitor',
        author_link: 'https://example.com',
        title: 'Disk full',
        title_link: 'https://example.com/disk',
        text: 'db-1 has `2 %` left',
        fields: [
          { title: 'Host', value: 'db-1', short: true },
          { title: 'Since', value: '14:02', short: true },
          { title: 'Note', value: 'a longer one', short: false },
        ],
        footer: 'monitor',
        ts: '1392734382',
        fallback: 'Disk full',
      },
      {
        color: '#36a64f',
        blocks: [{ type: 'section', text: mrkdwn('Blocks in an *attachment*') }],
        fallback: 'x',
      },
    ],
  },
  { text: 'actions', blocks: actions },
];

const input = (id: string, label: string, element: object, more: object = {}) => ({
  type: 'input',
  block_id: id,
  label: plain(label),
  element: { action_id: 'it', ...element },
  ...more,
});
const groups = [
  { label: plain('Backend'), options: [option('api', 'api'), option('worker', 'worker')] },
  { label: plain('Frontend'), options: [option('web', 'web')] },
];

/** A modal with every element that a modal may have. */
export const MODAL = {
  type: 'modal' as const,
  callback_id: 'gallery',
  title: plain('Every element'),
  submit: plain('Send'),
  blocks: [
    input(
      'text',
      'Title',
      { type: 'plain_text_input', focus_on_load: true, max_length: 40 },
      { hint: plain('In a few words') },
    ),
    input('lines', 'Story', { type: 'plain_text_input', multiline: true }),
    input('email', 'E-mail', { type: 'email_text_input' }),
    input('url', 'Address', { type: 'url_text_input' }),
    input('number', 'How many', { type: 'number_input', is_decimal_allowed: true }),
    input('rich', 'Formatted', { type: 'rich_text_input' }),
    input('static', 'Severity', { type: 'static_select', options: severities }),
    input('grouped', 'Service', { type: 'static_select', option_groups: groups }),
    input('external', 'Runbook', { type: 'external_select', min_query_length: 2 }),
    input('user', 'Lead', { type: 'users_select' }),
    input('conversation', 'Where', { type: 'conversations_select', default_to_current_conversation: true }),
    input('channel', 'Channel', { type: 'channels_select' }),
    input('statics', 'Services', { type: 'multi_static_select', option_groups: groups }),
    input('externals', 'Runbooks', { type: 'multi_external_select', min_query_length: 2 }),
    input('users', 'Responders', { type: 'multi_users_select', max_selected_items: 2 }),
    input('conversations', 'Places', { type: 'multi_conversations_select' }, { optional: true }),
    input('channels', 'Channels', { type: 'multi_channels_select' }),
    input('date', 'Day', { type: 'datepicker' }),
    input('time', 'Time', { type: 'timepicker', initial_time: '09:00' }),
    input('both', 'Moment', { type: 'datetimepicker' }),
    input('checks', 'Flags', {
      type: 'checkboxes',
      options: [option('Drill', 'drill'), option('Public', 'public')],
    }),
    input('radio', 'How', {
      type: 'radio_buttons',
      options: [
        { text: mrkdwn('*Call*'), value: 'call', description: mrkdwn('with _video_') },
        { text: mrkdwn('Chat'), value: 'chat' },
      ],
    }),
    input('file', 'Files', { type: 'file_input', filetypes: ['txt'], max_files: 2 }, { optional: true }),
    input(
      'live',
      'Tell me at once',
      { type: 'static_select', options: severities },
      { dispatch_action: true, optional: true },
    ),
  ],
};

/** The Home tab. */
export const HOME = {
  type: 'home' as const,
  blocks: [
    { type: 'header', text: plain('Open incidents') },
    {
      type: 'section',
      text: mrkdwn('*INC-7* Checkout is slow'),
      accessory: { type: 'button', action_id: 'home_open', text: plain('Open') },
    },
  ],
};
