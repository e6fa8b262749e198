import { describe, expect, test } from '@jest/globals';
import { h } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { fromWall, toWall } from '#sandbox/page/app/elements/times.js';
import { safeHref } from '#sandbox/page/app/text/addresses.js';
import { formatDate } from '#sandbox/page/app/text/dates.js';
import { standardEmoji } from '#sandbox/page/app/text/emoji.js';
import { Markdown } from '#sandbox/page/app/text/markdown.js';
import { Mrkdwn } from '#sandbox/page/app/text/mrkdwn.js';
import { TextObject } from '#sandbox/page/app/text/plain.js';
import { RichText } from '#sandbox/page/app/text/rich-text.js';
import { NOW, names } from './names.js';

/** Markup without what only looks and assistive technology need. */
const bare = (html: string) =>
  html
    .replace(/ (class|title|target|rel|role|datetime|tabindex|aria-[a-z]+)="[^"]*"/gi, '')
    .replace(/<svg.*?<\/svg>/g, '')
    .replace(/<\/?span>/g, '')
    .replaceAll('&quot;', '"');
const mrkdwn = (text: string, autolink = false) => bare(renderToString(h(Mrkdwn, { text, names, autolink })));
const rich = (...elements: object[]) =>
  bare(renderToString(h(RichText, { block: { type: 'rich_text', elements }, names }))).replace(
    /^<div>|<\/div>$/g,
    '',
  );
const section = (...elements: object[]) => rich({ type: 'rich_text_section', elements });
const markdown = (text: string) =>
  bare(renderToString(h(Markdown, { text, names }))).replace(/^<div>|<\/div>$/g, '');
const link = (href: string, text = href) => `<a href="${href}">${text}</a>`;

describe('mrkdwn', () => {
  test.each([
    ['styles', '*b* _i_ ~s~ `c`', '<b>b</b> <i>i</i> <s>s</s> <code>c</code>'],
    ['styles in styles', '*_~x~_*', '<b><i><s>x</s></i></b>'],
    ['punctuation around', '(*b*), "_i_"!', '(<b>b</b>), "<i>i</i>"!'],
    ['no style within words', 'a*b*c snake_case_name 2*3*4', 'a*b*c snake_case_name 2*3*4'],
    ['no style around spaces', '* a * and _ b _', '* a * and _ b _'],
    ['no style across lines', '*a\nb*', '*a\nb*'],
    ['a mark alone', '*', '*'],
    ['two marks in a row', '** x **', '** x **'],
    ['other letters', '*Größe*, *日本*', '<b>Größe</b>, <b>日本</b>'],
    ['code keeps marks', '`*b* <@U0BO000002> :tada:`', '<code>*b* &lt;@U0BO000002> :tada:</code>'],
    ['code shows addresses', '`<https://x.y|label> <https://x.z>`', '<code>label https://x.z</code>'],
    ['a style around code', '*`c`*', '<b><code>c</code></b>'],
    ['a block of code', 'a\n```\n*b*\n  c\n```\nd', 'a<pre><code>*b*\n  c</code></pre>d'],
    ['a block within a line', 'a ```b``` c', 'a <pre><code>b</code></pre> c'],
    ['an open block is text', '```a', '```a'],
    ['a quote in code is none', '```\n> a\n```', '<pre><code>> a</code></pre>'],
    ['quotes', 'a\n&gt; b\n> *c*\nd', 'a<blockquote>b\n<b>c</b></blockquote>d'],
    ['a quote of all that follows', 'a\n&gt;&gt;&gt; b\nc', 'a<blockquote>b\nc</blockquote>'],
    ['a greater sign elsewhere', 'a &gt; b', 'a > b'],
    ['entities once', '&amp;lt; &lt;b&gt; &quot;', '&amp;lt; &lt;b> &amp;quot;'],
    ['a link', '<https://x.y/?a=1&amp;b=2|site>', link('https://x.y/?a=1&amp;b=2', 'site')],
    ['a bare link', '<https://x.y>', link('https://x.y')],
    [
      'mail and telephone',
      '<mailto:a@b.c> <tel:+1|call>',
      `${link('mailto:a@b.c', 'a@b.c')} ${link('tel:+1', 'call')}`,
    ],
    ['a script is no link', '<javascript:alert(1)|run>', 'run'],
    ['data is no link', '<data:text/html,x|run>', 'run'],
    [
      'bold around a link with marks',
      '*<https://x.y/a*b_c_|a*b>*',
      `<b>${link('https://x.y/a*b_c_', 'a*b')}</b>`,
    ],
    ['people', '<@U0BO000002> <@U0BO000002|old>', '@bo @bo'],
    ['somebody unknown', '<@U0NOBODY|nora> <@U0NOBODY>', '@nora @U0NOBODY'],
    ['channels', '<#C0INCIDENT> <#C0INCIDENT|old>', '#incident #incident'],
    ['a channel one cannot see', '<#C0SECRET|secret>', ' private channel'],
    ['groups', '<!subteam^S0ONCALL01> <!subteam^S0OTHER|@sre>', '@oncall @sre'],
    ['broadcasts', '<!here> <!channel> <!everyone|everyone>', '@here @channel @everyone'],
    ['emoji', ':tada: :nope: 10:30:45', '🎉 :nope: 10:30:45'],
    ['emoji in a row', ':tada::tada:', '🎉🎉'],
    ['a skin tone', ':wave::skin-tone-4:', '👋🏽'],
    ['an emoji of the workspace', ':shipit:', '<img src="/emoji/shipit.png" alt=":shipit:"/>'],
    ['bare addresses stay', 'https://x.y', 'https://x.y'],
    ['hostile text', '<img src=x onerror=alert(1)>', 'img src=x onerror=alert(1)'],
  ])('%s', (_what, text, html) => {
    expect(mrkdwn(text)).toBe(html);
  });

  test('bare addresses become links in text objects, unless verbatim', () => {
    const object = (more: object) =>
      bare(
        renderToString(
          h(TextObject, { text: { type: 'mrkdwn', text: 'see https://x.y/z.', ...more }, names }),
        ),
      );
    expect(object({})).toBe(`see ${link('https://x.y/z')}.`);
    expect(object({ verbatim: true })).toBe('see https://x.y/z.');
  });

  test('plain text has emoji and nothing else', () => {
    const plain = (more: object) =>
      bare(
        renderToString(
          h(TextObject, { text: { type: 'plain_text', text: '*a* <@U0BO000002> :tada:', ...more }, names }),
        ),
      );
    expect(plain({})).toBe('*a* &lt;@U0BO000002> 🎉');
    expect(plain({ emoji: false })).toBe('*a* &lt;@U0BO000002> :tada:');
  });

  test('marks without an end stay, however many there are', () => {
    const text = '*a _b ~c '.repeat(4000);
    expect(mrkdwn(text)).toBe(text);
  });

  test('only the own mention and broadcasts stand out', () => {
    const html = renderToString(h(Mrkdwn, { text: '<@U0ANA00001> <@U0BO000002> <!here>', names }));
    expect(html.match(/class="mention mine"/g)).toHaveLength(2);
  });
});

describe('dates', () => {
  const at = Date.UTC(2014, 1, 18, 14, 39, 45) / 1000;
  const today = NOW / 1000;
  const day = 86_400;
  test.each([
    [at, '{date_num}', '2014-02-18'],
    [at, '{date}', 'February 18th, 2014'],
    [at, '{date_short}', 'Feb 18th, 2014'],
    [at, '{date_long}', 'Tuesday, February 18th, 2014'],
    [at, 'Posted {date_num} {time_secs}', 'Posted 2014-02-18 3:39:45 PM'],
    [at, '{time}', '3:39 PM'],
    [at, '{ago}', '12 years ago'],
    [today, '{date}', 'March 10th'],
    [today + 100 * day, '{date_short}', 'Jun 18th'],
    [today - 200 * day, '{date}', 'August 22nd, 2025'],
    [today, '{date_pretty}', 'today'],
    [today - day, '{date_short_pretty}', 'yesterday'],
    [today + day, '{date_long_pretty}', 'tomorrow'],
    [today + 2 * day, '{date_long_pretty}', 'Thursday, March 12th'],
    // 23:30 UTC is tomorrow in Berlin.
    [today + 8.5 * 3600, '{date_num} {date_pretty}', '2026-03-11 tomorrow'],
    [today - 180, '{ago}', '3 minutes ago'],
    [today + 7200, '{ago}', 'in 2 hours'],
    [today, 'on {nothing}', undefined],
    [Number.NaN, '{date}', undefined],
  ])('%d as %s is %s', (timestamp, format, text) => {
    expect(formatDate(timestamp, format, names)).toBe(text);
  });

  test('the clock of 24 hours begins with zero', () => {
    const calendar = { now: () => NOW, tz: 'UTC', hour12: false };
    expect(formatDate(Date.UTC(2026, 2, 10, 0, 5) / 1000, '{time}', calendar)).toBe('00:05');
  });

  test.each([
    [`<!date^${at}^{date_num}|then>`, '<time>2014-02-18</time>'],
    [`<!date^${at}^{date_num}^https://x.y|then>`, link('https://x.y', '<time>2014-02-18</time>')],
    ['<!date^soon^{date_num}|later &amp; more>', 'later &amp; more'],
    [`<!date^${at}^{nothing}|then>`, 'then'],
  ])('%s', (text, html) => {
    expect(mrkdwn(text)).toBe(html);
  });

  test.each([
    ['2026-03-10T16:00', 'Europe/Berlin', Date.UTC(2026, 2, 10, 15)],
    ['2026-07-01T00:00', 'America/New_York', Date.UTC(2026, 6, 1, 4)],
    ['2026-03-29T03:30', 'Europe/Berlin', Date.UTC(2026, 2, 29, 1, 30)],
    ['2026-10-25T12:00', 'Europe/Berlin', Date.UTC(2026, 9, 25, 11)],
    ['2026-03-10T05:45', 'Asia/Kathmandu', Date.UTC(2026, 2, 10, 0)],
  ])('%s in %s', (wall, tz, time) => {
    expect(fromWall(wall, tz)).toBe(time / 1000);
    expect(toWall(time / 1000, tz)).toBe(wall);
  });
});

describe('rich text', () => {
  const text = (words: string, style?: object) => ({
    type: 'text',
    text: words,
    ...(style ? { style } : {}),
  });
  test.each([
    [
      'styles',
      [text('a', { bold: true, italic: true }), text('b', { strike: true, code: true })],
      '<i><b>a</b></i><s><code>b</code></s>',
    ],
    [
      'underline and highlight',
      [text('a', { underline: true }), text('b', { highlight: true })],
      '<u>a</u><mark>b</mark>',
    ],
    [
      'links',
      [
        { type: 'link', url: 'https://x.y', text: 'x' },
        { type: 'link', url: 'javascript:1' },
      ],
      `${link('https://x.y', 'x')}javascript:1`,
    ],
    [
      'emoji',
      [
        { type: 'emoji', name: 'wave', skin_tone: 3 },
        { type: 'emoji', name: 'new-one', unicode: '1f600' },
      ],
      '👋🏼😀',
    ],
    [
      'people and places',
      [
        { type: 'user', user_id: 'U0BO000002' },
        { type: 'channel', channel_id: 'C0INCIDENT' },
      ],
      '@bo#incident',
    ],
    [
      'groups',
      [
        { type: 'usergroup', usergroup_id: 'S0ONCALL01' },
        { type: 'broadcast', range: 'here' },
      ],
      '@oncall@here',
    ],
    ['a colour', [{ type: 'color', value: '#ff0000' }], '<span style="background:#ff0000;">#ff0000'],
    [
      'a date',
      [{ type: 'date', timestamp: 1392734382, format: '{date_num}', fallback: 'x' }],
      '<time>2014-02-18</time>',
    ],
    ['a date that is none', [{ type: 'date', timestamp: 'x', format: '{date}', fallback: 'then' }], 'then'],
    ['something new', [{ type: 'hologram' }], '(hologram)'],
  ])('%s', (_what, elements, html) => {
    expect(
      section(...elements)
        .replace(/<\/?div>/g, '')
        .replace(/;?"><\/span>/, ';">'),
    ).toBe(html);
  });

  test('preformatted text and quotes', () => {
    expect(rich({ type: 'rich_text_preformatted', elements: [text('*a*\n b')] })).toBe(
      '<div><pre><code>*a*\n b</code></pre></div>',
    );
    expect(rich({ type: 'rich_text_quote', elements: [text('a')] })).toBe('<blockquote>a</blockquote>');
    expect(
      renderToString(
        h(RichText, {
          names,
          block: {
            elements: [{ type: 'rich_text_preformatted', language: 'go', border: 1, elements: [text('a')] }],
          },
        }),
      ),
    ).toContain('class="pre-frame bordered"><pre class="pre" data-language="go"');
  });

  test('lists stand in the items above them and go on with their numbers', () => {
    const list = (style: string, indent: number, words: string[], more: object = {}) => ({
      ...{ type: 'rich_text_list', style, indent, ...more },
      elements: words.map((it) => ({ type: 'rich_text_section', elements: [text(it)] })),
    });
    const lists = [
      list('ordered', 0, ['a', 'b']),
      list('bullet', 1, ['b1']),
      list('ordered', 2, ['b1i']),
      list('ordered', 0, ['c'], { offset: 2 }),
      list('bullet', 0, ['d']),
    ];
    expect(rich(...lists)).toBe(
      [
        '<ol><li value="1">a</li><li value="2">b',
        '<ul><li>b1<ol><li value="1">b1i</li></ol></li></ul></li>',
        '<li value="3">c</li></ol><ul><li>d</li></ul>',
      ].join(''),
    );
    expect(rich(list('ordered', 0, ['x'], { offset: 4 }))).toBe('<ol><li value="5">x</li></ol>');
    expect(
      renderToString(h(RichText, { names, block: { elements: [list('bullet', 0, ['x'], { border: 1 })] } })),
    ).toContain('mark-0 deep-0 bordered');
  });

  test('a few emoji alone are large', () => {
    const html = (...elements: object[]) =>
      renderToString(h(RichText, { names, block: { elements: [{ type: 'rich_text_section', elements }] } }));
    const tada = { type: 'emoji', name: 'tada' };
    expect(html(tada, text(' '), tada)).toContain('jumbo');
    expect(html(tada, text(' x'))).not.toContain('jumbo');
  });
});

describe('standard Markdown', () => {
  test.each([
    ['headings', '# a\n\n### b\n\n###### c', '<h3>a</h3><h3>b</h3><h3>c</h3>'],
    ['styles', '**b** *i* ~~s~~ `c`', '<p><b>b</b> <i>i</i> <s>s</s> <code>c</code></p>'],
    ['lists', '- a\n  1. b', '<ul><li><p>a</p><ol start="1"><li><p>b</p></li></ol></li></ul>'],
    ['tasks', '- [x] a\n- [ ] b', '<ul><li>☑<p>a</p></li><li>☐<p>b</p></li></ul>'],
    ['code', '```js\n*a*\n```', '<pre data-language="js"><code>*a*</code></pre>'],
    ['quotes and rules', '> a\n\n---', '<blockquote><p>a</p></blockquote><hr/>'],
    [
      'links',
      '[a](https://x.y) [b](javascript:1) https://z.y',
      `<p>${link('https://x.y', 'a')} b ${link('https://z.y')}</p>`,
    ],
    ['pictures are not fetched', '![a](https://x.y/p.png)', `<p>${link('https://x.y/p.png', ' a')}</p>`],
    ['HTML stays text', '<b onclick="x">a</b>', '<p>&lt;b onclick="x">a&lt;/b></p>'],
    ['mentions and emoji', '<@U0BO000002> <!here> :tada:', '<p>@bo @here 🎉</p>'],
    [
      'tables',
      '| a | b |\n|---|--:|\n| 1 | 2 |',
      '<figure><table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table></figure>',
    ],
  ])('%s', (_what, text, html) => {
    expect(markdown(text)).toBe(html);
  });
});

test('links lead to the web, to mail and to telephones only', () => {
  const tried = [
    'https://a.b',
    'http://a',
    'mailto:a@b',
    'tel:1',
    'javascript:1',
    'JAVASCRIPT:1',
    ' javascript:1',
    'data:x',
    'file:///x',
    '/x',
    'x',
  ];
  expect(tried.filter((it) => safeHref(it) !== undefined)).toEqual(tried.slice(0, 4));
});

test('emoji go by the names that Slack gives them', () => {
  const tried = [
    'tada',
    'rotating_light',
    'white_check_mark',
    'large_green_circle',
    'flag-de',
    'wave::skin-tone-2',
    'point_up::skin-tone-6',
    'nope',
  ];
  expect(tried.map(standardEmoji)).toEqual(['🎉', '🚨', '✅', '🟢', '🇩🇪', '👋🏻', '☝🏿', undefined]);
});
