type Piece = Record<string, unknown>;

export const plain = (text = 'x') => ({ type: 'plain_text', text });
export const mrkdwn = (text = 'x') => ({ type: 'mrkdwn', text });
export const option = (value = 'a', more: Piece = {}) => ({ text: plain(value), value, ...more });
export const section = (more: Piece = {}) => ({ type: 'section', text: mrkdwn(), ...more });
export const actions = (...elements: Piece[]) => ({ type: 'actions', elements });
export const input = (element: Piece, more: Piece = {}) => ({
  type: 'input',
  label: plain('Label'),
  element,
  ...more,
});
export const button = (more: Piece = {}) => ({ type: 'button', text: plain(), ...more });
export const image = (more: Piece = {}) => ({
  type: 'image',
  image_url: 'https://example.com/cat.png',
  alt_text: 'a cat',
  ...more,
});
export const rich = (...elements: Piece[]) => ({ type: 'rich_text', elements });
export const inline = (...elements: Piece[]) => rich({ type: 'rich_text_section', elements });
export const confirm = { title: plain(), text: mrkdwn(), confirm: plain(), deny: plain(), style: 'danger' };
export const raw = (text = 'cell') => ({ type: 'raw_text', text });
export const table = (more: Piece = {}) => ({ type: 'table', rows: [[raw()]], ...more });
export const dataTable = (more: Piece = {}) => ({
  type: 'data_table',
  caption: 'Scores',
  rows: [
    [raw('Name'), raw('Score')],
    [raw('Ana'), { type: 'raw_number', value: 4, text: '4' }],
  ],
  ...more,
});
export const chart = (more: Piece = {}, points: Piece[] = [{ label: 'Mon', value: 1 }]) => ({
  type: 'data_visualization',
  title: 'Load',
  chart: {
    type: 'line',
    series: [{ name: 'cpu', data: points }],
    axis_config: { categories: ['Mon', 'Tue'], x_label: 'Day', y_label: '%' },
    ...more,
  },
});
export const pie = (segments: Piece[] = [{ label: 'Ours', value: 3 }]) => ({
  type: 'data_visualization',
  title: 'Share',
  chart: { type: 'pie', segments },
});
export const video = (more: Piece = {}) => ({
  type: 'video',
  title: plain(),
  video_url: 'https://videos.example.com/embed/1',
  thumbnail_url: 'https://videos.example.com/1.png',
  alt_text: 'how it works',
  ...more,
});
export const card = (more: Piece = {}) => ({ type: 'card', title: mrkdwn(), ...more });
export const task = (more: Piece = {}) => ({ task_id: 't1', title: 'Look', status: 'pending', ...more });
export const container = (more: Piece = {}) => ({
  type: 'container',
  title: plain(),
  child_blocks: [section()],
  ...more,
});
export const select = (more: Piece = {}) => ({ type: 'static_select', options: [option()], ...more });
export const feedback = {
  type: 'feedback_buttons',
  action_id: 'rate',
  positive_button: { text: plain('Good'), value: 'good' },
  negative_button: { text: plain('Bad'), value: 'bad' },
};
export const trash = {
  type: 'icon_button',
  action_id: 'drop',
  icon: 'trash',
  text: plain('Delete'),
  value: '7',
};
export const modal = (blocks: Piece[], more: Piece = {}) => ({
  type: 'modal',
  title: plain('Title'),
  submit: plain('Send'),
  blocks,
  ...more,
});
export const long = (length: number) => 'x'.repeat(length);
export const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

/** One of each element that a form can hold, by its type. */
export const INPUTS: Piece[] = [
  {
    type: 'plain_text_input',
    multiline: true,
    min_length: 1,
    max_length: 9,
    initial_value: 'x',
    placeholder: plain(),
  },
  { type: 'email_text_input', initial_value: 'a@b.example' },
  { type: 'url_text_input', dispatch_action_config: { trigger_actions_on: ['on_enter_pressed'] } },
  { type: 'number_input', is_decimal_allowed: true, min_value: '-1', max_value: '2.5', initial_value: '0.5' },
  { type: 'rich_text_input', initial_value: inline({ type: 'text', text: 'x' }), min_lines: 1, max_lines: 3 },
  { type: 'checkboxes', options: [{ text: mrkdwn('*a*'), value: 'a', description: mrkdwn() }] },
  { type: 'radio_buttons', options: [option()], initial_option: option() },
  {
    type: 'static_select',
    options: [option()],
    initial_option: { ...option(), text: { ...plain('a'), emoji: true } },
  },
  { type: 'static_select', option_groups: [{ label: plain(), options: [option()] }] },
  { type: 'external_select', min_query_length: 0, initial_option: option() },
  { type: 'users_select', initial_user: 'U0ANA00001' },
  { type: 'conversations_select', default_to_current_conversation: true, response_url_enabled: true },
  { type: 'channels_select', initial_channel: 'C0GENERAL1' },
  {
    type: 'multi_static_select',
    options: [option(), option('b')],
    initial_options: [option('b')],
    max_selected_items: 1,
  },
  { type: 'multi_external_select' },
  { type: 'multi_users_select', initial_users: ['U0ANA00001'] },
  { type: 'multi_conversations_select', filter: { include: ['public', 'im'], exclude_bot_users: true } },
  { type: 'multi_channels_select' },
  { type: 'datepicker', initial_date: '2024-02-29' },
  { type: 'timepicker', initial_time: '23:59', timezone: 'Europe/Berlin' },
  { type: 'datetimepicker', initial_date_time: 1_700_000_000 },
  { type: 'file_input', filetypes: ['png'], max_files: 2 },
];
