import { describe, expect, test } from '@jest/globals';
import { decodeSlack } from '#domain/command/entered.js';
import { messageIn, wordsOf } from '#slack/capture/capture.js';

const read = (message: object) =>
  decodeSlack(messageIn({ ts: '1.2', ...message })?.raw ?? 'none', {
    person: (id) => (id === 'U1' ? 'ana' : null),
    group: (id) => (id === 'S1' ? 'sre' : null),
    channel: (id) => (id === 'C1' ? 'ops' : null),
  }).text;
const plain = (text: string) => ({ type: 'plain_text', text });
const mrkdwn = (text: string) => ({ type: 'mrkdwn', text });
const rich = (...elements: object[]) => ({ type: 'rich_text', elements });
const section = (...elements: object[]) => ({ type: 'rich_text_section', elements });
const words = (text: string) => ({ type: 'text', text });

describe('every kind of block is read', () => {
  test.each<[string, object, string]>([
    ['header', { type: 'header', text: plain('API &amp; voice down') }, 'API & voice down'],
    ['divider', { type: 'divider' }, '(a message without text)'],
    [
      'section with fields and a button',
      {
        type: 'section',
        text: mrkdwn('*Alert* for <@U1> in <#C1>'),
        fields: [mrkdwn('*Service*\napi'), plain('Severity: high')],
        accessory: { type: 'button', text: plain('Runbook'), url: 'https://x.example/r?a=1&b=2' },
      },
      '*Alert* for @ana in #ops\n*Service*\napi\nSeverity: high\n[Runbook (https://x.example/r?a=1&b=2)]',
    ],
    [
      'context',
      {
        type: 'context',
        elements: [{ type: 'image', alt_text: 'logo' }, mrkdwn('fired by'), plain('Prometheus')],
      },
      'fired by Prometheus',
    ],
    ['context of images', { type: 'context', elements: [{ type: 'image', alt_text: 'a graph' }] }, 'a graph'],
    [
      'image',
      { type: 'image', image_url: 'https://x/y.png', alt_text: 'errors', title: plain('Errors, 1 h') },
      '(image: Errors, 1 h)',
    ],
    [
      'image without a title',
      { type: 'image', image_url: 'https://x/y.png', alt_text: 'errors' },
      '(image: errors)',
    ],
    ['markdown', { type: 'markdown', text: '# Down\n- since **14:02**' }, '# Down\n- since **14:02**'],
    [
      'table',
      {
        type: 'table',
        rows: [
          [
            { type: 'raw_text', text: 'host' },
            { type: 'raw_text', text: 'errors' },
          ],
          [rich(section(words('a < b'))), { type: 'raw_number', value: 12 }],
        ],
      },
      'host | errors\na < b | 12',
    ],
    [
      'data_table',
      {
        type: 'data_table',
        caption: 'Hosts',
        rows: [
          [
            { type: 'raw_text', text: 'h1' },
            { type: 'raw_number', text: '7' },
          ],
        ],
      },
      'Hosts\nh1 | 7',
    ],
    [
      'video',
      {
        type: 'video',
        title: plain('The crash'),
        title_url: 'https://v.example',
        description: plain('at 14:02'),
        author_name: 'bo',
        alt_text: 'x',
      },
      'The crash (https://v.example)\nat 14:02\nbo',
    ],
    [
      'actions',
      {
        type: 'actions',
        elements: [
          { type: 'button', text: plain('Acknowledge'), value: '1' },
          { type: 'static_select', placeholder: plain('Assign to') },
        ],
      },
      '[Acknowledge] [Assign to]',
    ],
    [
      'input',
      {
        type: 'input',
        label: plain('What broke'),
        hint: plain('in short'),
        element: { type: 'plain_text_input', initial_value: 'login' },
      },
      'What broke:\nlogin\nin short',
    ],
    [
      'actions of every kind, with what they show',
      {
        type: 'actions',
        elements: [
          { type: 'button', text: plain('Open'), url: 'https://x.example' },
          { type: 'static_select', initial_option: { text: plain('sev1'), value: '1' } },
          { type: 'multi_users_select', initial_users: ['U1', 'U2'], placeholder: plain('Who') },
          { type: 'conversations_select', initial_conversation: 'C1' },
          {
            type: 'checkboxes',
            options: [
              { text: mrkdwn('*Drain* the node'), value: 'a', description: plain('node 7') },
              { text: mrkdwn('Restart'), value: 'b' },
            ],
            initial_options: [{ text: mrkdwn('Restart'), value: 'b' }],
          },
          { type: 'datepicker', initial_date: '2026-11-29' },
          { type: 'timepicker', initial_time: '14:02' },
          { type: 'datetimepicker', initial_date_time: 1392734382 },
        ],
      },
      '[Open (https://x.example)] [sev1] [@ana, @U2] [#ops]\n☐ *Drain* the node (node 7)\n☑ Restart\n[2026-11-29] [14:02] [2014-02-18 14:39 UTC]',
    ],
    [
      'section with something to tick',
      {
        type: 'section',
        text: mrkdwn('Who takes it?'),
        accessory: {
          type: 'radio_buttons',
          options: [
            { text: plain('ana'), value: 'a' },
            { text: plain('bo'), value: 'b' },
          ],
          initial_option: { text: plain('bo'), value: 'b' },
        },
      },
      'Who takes it?\n☐ ana\n☑ bo',
    ],
    [
      'input of a choice',
      {
        type: 'input',
        label: plain('Which region'),
        element: {
          type: 'checkboxes',
          options: [
            { text: plain('eu'), value: 'eu' },
            { text: plain('us'), value: 'us' },
          ],
          initial_options: [{ text: plain('eu'), value: 'eu' }],
        },
      },
      'Which region:\n☑ eu\n☐ us',
    ],
    [
      'a task with its sources',
      {
        type: 'task_card',
        title: 'look',
        status: 'in_progress',
        sources: [{ type: 'url', url: 'https://x.example/a', text: 'the graph' }],
      },
      'look: in_progress\nthe graph (https://x.example/a)',
    ],
    ['file', { type: 'file', external_id: 'graph-7', source: 'remote' }, '(file: graph-7)'],
    [
      'call',
      { type: 'call', call: { v1: { name: 'War room', join_url: 'https://meet.example/1' } } },
      '(call: War room (https://meet.example/1))',
    ],
    ['alert', { type: 'alert', level: 'error', text: mrkdwn('no route to host') }, 'no route to host'],
    [
      'card',
      {
        type: 'card',
        title: plain('CPU'),
        subtitle: plain('node 7'),
        body: mrkdwn('97 %'),
        actions: [{ type: 'button', text: plain('Open') }],
      },
      'CPU\nnode 7\n97 %\n[Open]',
    ],
    [
      'carousel',
      {
        type: 'carousel',
        elements: [
          { type: 'card', title: plain('one') },
          { type: 'card', title: plain('two') },
        ],
      },
      'one\ntwo',
    ],
    [
      'container',
      {
        type: 'container',
        title: plain('Group'),
        child_blocks: [{ type: 'section', text: plain('inside') }],
      },
      'Group\ninside',
    ],
    [
      'plan',
      {
        type: 'plan',
        title: 'Mend it',
        tasks: [
          {
            type: 'task_card',
            title: 'drain',
            status: 'complete',
            details: rich(section(words('done by hand'))),
          },
        ],
      },
      'Mend it\ndrain: complete\ndone by hand',
    ],
    [
      'a block that Slack has yet to invent',
      { type: 'gauge_2029', title: plain('Load'), elements: [{ label: 'now', value: '97' }] },
      'Load\nnow\n97',
    ],
  ])('%s', (_, block, text) => expect(read({ text: '', blocks: [block] })).toBe(text));

  test('rich text: its elements of every kind, lists in lists, quotes and code', () => {
    const blocks = [
      rich(
        section(
          words('Hi '),
          { type: 'user', user_id: 'U1' },
          words(' & '),
          { type: 'usergroup', usergroup_id: 'S1' },
          words(' in '),
          { type: 'channel', channel_id: 'C1' },
          words(': '),
          { type: 'broadcast', range: 'here' },
          words(' '),
          { type: 'emoji', name: 'fire', unicode: '1f525' },
          words(' <b> &amp; '),
          { type: 'link', url: 'https://x.example/?a=1&b=2', text: 'graph' },
          words(' '),
          { type: 'link', url: 'https://y.example' },
          words(' '),
          { type: 'color', value: '#ff0000' },
          words(' '),
          { type: 'date', timestamp: 1392734382, format: '{date_num}', fallback: '2014-02-18' },
          words(' '),
          { type: 'date', timestamp: 1392734382, format: '{date_num}' },
          words(' '),
          { type: 'team', team_id: 'T1' },
          { ...words(' bold'), style: { bold: true } },
        ),
        {
          type: 'rich_text_list',
          style: 'ordered',
          elements: [section(words('drain')), section(words('restart'))],
        },
        { type: 'rich_text_list', style: 'bullet', indent: 1, elements: [section(words('one by one'))] },
        { type: 'rich_text_list', style: 'ordered', offset: 2, elements: [section(words('check'))] },
        { type: 'rich_text_quote', elements: [words('we saw it\nat 14:02')] },
        { type: 'rich_text_preformatted', elements: [words('if (a < b)\n  throw 1')] },
      ),
    ];
    expect(read({ text: "This content can't be displayed.", blocks })).toBe(
      [
        'Hi @ana & @sre in #ops: @here :fire: <b> &amp; graph (https://x.example/?a=1&b=2) https://y.example #ff0000 2014-02-18 2014-02-18 14:39 UTC T1 bold',
        '1. drain',
        '2. restart',
        '  • one by one',
        '3. check',
        '> we saw it',
        '> at 14:02',
        'if (a < b)',
        '  throw 1',
      ].join('\n'),
    );
  });
});

describe('what alerting apps post', () => {
  test.each<[string, object, string]>([
    [
      'attachments with a title, a text and fields; the fallback only repeats',
      {
        text: '',
        attachments: [
          {
            fallback: '[FIRING:2] HighErrorRate api | https://am.example/#/alerts',
            title: '[FIRING:2] HighErrorRate (api)',
            title_link: 'https://am.example/#/alerts?receiver=slack&x=1',
            text: '*Summary:* 5xx above 5 %\n*Description:* p99 &gt; 2 s',
            fields: [
              { title: 'Severity', value: 'critical', short: true },
              { title: 'Cluster', value: 'eu-1', short: true },
            ],
            footer: 'Grafana v11.2',
            mrkdwn_in: ['fallback', 'pretext', 'text'],
          },
        ],
      },
      '[FIRING:2] HighErrorRate (api) (https://am.example/#/alerts?receiver=slack&x=1)\n*Summary:* 5xx above 5 %\n*Description:* p99 > 2 s\nSeverity: critical\nCluster: eu-1\nGrafana v11.2',
    ],
    [
      'blocks in an attachment, and no preview',
      {
        text: '',
        attachments: [
          {
            color: '#cc0000',
            fallback: '[no preview available]',
            blocks: [
              {
                type: 'section',
                text: mrkdwn(':red_circle: *Triggered #1234:* <https://pd.example/i/1|api is down>'),
              },
              { type: 'section', fields: [mrkdwn('*Assigned:* <@U1>'), mrkdwn('*Service:* api')] },
              { type: 'actions', elements: [{ type: 'button', text: plain('Acknowledge') }] },
            ],
          },
        ],
      },
      ':red_circle: *Triggered #1234:* api is down (https://pd.example/i/1)\n*Assigned:* @ana\n*Service:* api\n[Acknowledge]',
    ],
    [
      'a pretext, an author and a title',
      {
        text: '',
        attachments: [
          {
            pretext: 'Pull request opened by <https://git.example/bo|bo>',
            author_name: 'bo',
            title: '#12 Drain first',
            text: 'before the restart',
          },
        ],
      },
      'Pull request opened by bo (https://git.example/bo)\nbo\n#12 Drain first\nbefore the restart',
    ],
    [
      'a fallback and nothing else',
      { text: '', attachments: [{ fallback: 'Triggered: &lt;api&gt; is down' }] },
      'Triggered: <api> is down',
    ],
    [
      'an image and nothing else',
      {
        text: '',
        attachments: [{ fallback: '[no preview available]', image_url: 'https://g.example/1.png' }],
      },
      '(image: https://g.example/1.png)',
    ],
    ['a text beside an attachment', { text: 'Look', attachments: [{ text: 'at this' }] }, 'Look\nat this'],
    [
      'nothing at all',
      {
        text: 'This content can’t be displayed.',
        blocks: [],
        attachments: [{ fallback: '[no preview available]' }],
      },
      '(a message without text)',
    ],
    [
      'a placeholder and a file',
      { text: '[no preview available]', files: [{ name: 'a & b.png' }] },
      '(file: a & b.png)',
    ],
  ])('%s', (_, message, text) => expect(read(message)).toBe(text));
});

describe('messages that were forwarded', () => {
  const from = {
    is_share: true,
    is_msg_unfurl: true,
    from_url: 'https://x.slack.com/archives/C1/p1',
    author_name: 'Bo Lindgren',
  };
  test.each<[string, object, string]>([
    [
      'with their blocks',
      {
        text: '',
        attachments: [
          {
            ...from,
            fallback: '[November 10th, 2024 1:41 AM] bo: keys differ',
            message_blocks: [
              {
                team: 'T1',
                channel: 'C1',
                ts: '1.1',
                message: { blocks: [rich(section(words('keys differ')))] },
              },
            ],
          },
        ],
      },
      'Bo Lindgren wrote:\nkeys differ',
    ],
    [
      'with a text that says the same',
      {
        text: 'fyi',
        attachments: [
          {
            ...from,
            text: 'keys <@U1>',
            message_blocks: [
              { message: { blocks: [rich(section(words('keys '), { type: 'user', user_id: 'U1' }))] } },
            ],
          },
        ],
      },
      'fyi\nBo Lindgren wrote:\nkeys @ana',
    ],
    [
      'of an app, with attachments of its own',
      {
        text: '',
        attachments: [
          { ...from, author_name: 'Alerts', blocks: [{ type: 'header', text: plain('api down') }] },
        ],
      },
      'Alerts wrote:\napi down',
    ],
    [
      'by somebody who is an id',
      { text: '', attachments: [{ is_share: true, author_id: 'U1', text: 'x' }] },
      '@ana wrote:\nx',
    ],
  ])('%s', (_, message, text) => expect(read(message)).toBe(text));

  test('the preview of a page is not what was written, unless nothing else is', () => {
    const attachments = [
      { from_url: 'https://x.example', original_url: 'https://x.example', title: 'A page', text: 'About it' },
    ];
    expect(read({ text: 'see <https://x.example>', attachments })).toBe('see https://x.example');
    expect(read({ text: '', attachments })).toBe('A page\nAbout it');
  });
});

describe('the text beside blocks', () => {
  const blocks = [
    { type: 'header', text: plain('api down') },
    { type: 'section', text: mrkdwn('since *14:02* on <https://h.example|host 7>') },
  ];
  test.each([
    [
      'says the same: once',
      'api down since 14:02 on host 7',
      'api down\nsince *14:02* on host 7 (https://h.example)',
    ],
    ['is a summary of it: once', 'api down', 'api down\nsince *14:02* on host 7 (https://h.example)'],
    [
      'says something else: both',
      'Incident 12',
      'Incident 12\napi down\nsince *14:02* on host 7 (https://h.example)',
    ],
    [
      'says more: the text',
      'api down, since 14:02 on <https://h.example|host 7>, and voice',
      'api down, since 14:02 on host 7 (https://h.example), and voice',
    ],
    ['is a placeholder', '[no preview available]', 'api down\nsince *14:02* on host 7 (https://h.example)'],
  ])('%s', (_, text, expected) => expect(read({ text, blocks })).toBe(expected));

  test('what a person types stays exactly as it is', () => {
    const text = '*bold* &lt;b&gt; <@U1> <#C1|ops> `code`\n&gt; quoted\n• one \n';
    const made = rich(
      section(
        { ...words('bold'), style: { bold: true } },
        words(' <b> '),
        { type: 'user', user_id: 'U1' },
        words(' '),
        { type: 'channel', channel_id: 'C1' },
        words(' '),
        { ...words('code'), style: { code: true } },
      ),
      { type: 'rich_text_quote', elements: [words('quoted')] },
      { type: 'rich_text_list', style: 'bullet', elements: [section(words('one'))] },
    );
    expect(wordsOf({ text, blocks: [made] })).toBe(text);
  });

  test('nothing that is odd breaks it', () => {
    for (const odd of [null, 1, 'x', [], [null], [1], [{}], [{ type: 1 }], [{ type: 'section' }], { a: 1 }]) {
      expect(wordsOf({ text: 'x', blocks: odd, attachments: odd })).toBe('x');
      expect(() =>
        wordsOf({
          blocks: [
            { type: 'rich_text', elements: odd },
            { type: 'table', rows: odd },
          ],
        }),
      ).not.toThrow();
    }
    expect(wordsOf(null)).toBe('');
  });
});
