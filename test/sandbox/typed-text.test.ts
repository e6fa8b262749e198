import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isEmoji, namedEmoji } from '#sandbox/workspace/writing/emoji.js';
import { mrkdwnOf } from '#sandbox/workspace/writing/markdown.js';
import { richText } from '#sandbox/workspace/writing/rich-text.js';
import { ANA, BO, type ChatKit, type Fields, startChatKit } from './chat-kit.js';

const text = (words: string, ...styles: string[]) => ({
  type: 'text',
  text: words,
  ...(styles.length > 0 ? { style: Object.fromEntries(styles.map((it) => [it, true])) } : {}),
});
const section = (...elements: object[]) => ({ type: 'rich_text_section', elements });
const list = (style: string, indent: number, ...items: string[]) => ({
  type: 'rich_text_list',
  style,
  indent,
  border: 0,
  elements: items.map((item) => section(text(item))),
});

describe('kept text becomes the elements of a rich text', () => {
  test.each<[string, object[]]>([
    ['plain', [section(text('plain'))]],
    [
      '*b* _i_ ~s~',
      [section(text('b', 'bold'), text(' '), text('i', 'italic'), text(' '), text('s', 'strike'))],
    ],
    ['*b _both_*', [section(text('b ', 'bold'), text('both', 'bold', 'italic'))]],
    ['`a &lt; *b*`', [section(text('a < *b*', 'code'))]],
    ['2*3*4 a_b_c', [section(text('2*3*4 a_b_c'))]],
    ['* not* and *not *', [section(text('* not* and *not *'))]],
    [
      '<@U1> <#C1|x> <!here> <!subteam^S1>',
      [
        section(
          { type: 'user', user_id: 'U1' },
          text(' '),
          { type: 'channel', channel_id: 'C1' },
          text(' '),
          { type: 'broadcast', range: 'here' },
          text(' '),
          { type: 'usergroup', usergroup_id: 'S1' },
        ),
      ],
    ],
    [
      '<https://x.y/?a=1&amp;b=2|x &amp; y>',
      [section({ type: 'link', url: 'https://x.y/?a=1&b=2', text: 'x & y' })],
    ],
    [
      ':tada: :nothing_like_it: 10:30:15',
      [section({ type: 'emoji', name: 'tada', unicode: '1f389' }, text(' :nothing_like_it: 10:30:15'))],
    ],
    [':wave::skin-tone-3:', [section({ type: 'emoji', name: 'wave', unicode: '1f44b-1f3fc', skin_tone: 3 })]],
    [':ours:', [section({ type: 'emoji', name: 'ours' })]],
    [
      '<!date^1700000000^{date}|then>',
      [section({ type: 'date', timestamp: 1700000000, format: '{date}', fallback: 'then' })],
    ],
    [
      '&gt; one\n&gt; two\nafter',
      [{ type: 'rich_text_quote', elements: [text('one\ntwo')] }, section(text('after'))],
    ],
    ['• a\n• b\n◦ c', [list('bullet', 0, 'a', 'b'), list('bullet', 1, 'c')]],
    ['3. a\n4. b', [{ ...list('ordered', 0, 'a', 'b'), offset: 2 }]],
    [
      'see\n```\nif (a &lt; b)\n  *x*\n```\ndone',
      [
        section(text('see')),
        { type: 'rich_text_preformatted', elements: [text('if (a < b)\n  *x*')], border: 0 },
        section(text('done')),
      ],
    ],
    ['', []],
  ])('%j', (kept, elements) => {
    expect(richText(kept, new Map([['ours', 'https://x.y/ours.png']]))).toEqual(elements);
  });
});

describe('emoji', () => {
  test.each([
    ...[
      'white_check_mark',
      'large_green_circle',
      'large_blue_circle',
      'thinking_face',
      '+1',
      'flag-nl',
      'us',
    ],
    ...['thumbsup::skin-tone-6', 'simple_smile', 'knife_fork_plate', 'man-facepalming'],
  ])('%s is one', (name) => expect(isEmoji(name)).toBe(true));
  test.each(['nope', 'tada::skin-tone-3', '+1::skin-tone-7', ':tada:', 'Tada', ''])('%j is none', (name) =>
    expect(isEmoji(name)).toBe(false),
  );
  test('the workspace has its own', () => expect(isEmoji('ours', new Map([['ours', 'x']]))).toBe(true));
  test('signs become names, letters that only look like signs do not', () => {
    expect(namedEmoji('🎉 ✅ 👋🏽 🇩🇪 🇳🇱 🟢 © ✓ → 1')).toBe(
      ':tada: :white_check_mark: :wave::skin-tone-4: :de: :flag-nl: :large_green_circle: © ✓ → 1',
    );
  });
});

test.each([
  ['# Title\n**bold** *it* ~~no~~', '*Title*\n*bold* _it_ ~no~'],
  ['- a\n- [b](https://x.y)', '• a\n• <https://x.y|b>'],
  ['`**code**` 2*3', '`**code**` 2*3'],
])('Markdown %j as mrkdwn', (markdown, mrkdwn) => expect(mrkdwnOf(markdown)).toBe(mrkdwn));

describe('what a person types', () => {
  let kit: ChatKit;
  let channel: string;
  beforeAll(async () => {
    kit = await startChatKit({ seed: { emoji: { ours: 'https://x.y/ours.png' } } });
    channel = (await kit.client.conversations.create({ name: 'typed' })).channel?.id ?? '';
    await kit.client.conversations.invite({ channel, users: `${ANA},${BO}` });
  });
  afterAll(() => kit.stop());
  const elements = (message: Fields) =>
    (message.blocks as Array<{ type: string; elements: Fields[] }>).flatMap((block) => block.elements);

  test('arrives as people, channels, links and styled words, in text and blocks alike', async () => {
    const ts = await kit.say('ana', 'typed', '@bo #general https://x.y *b* 🎉 :ours: & @sre');
    const message = await kit.read(channel, ts);
    expect(message.text).toBe(
      `<@${BO}> <#C0GENERAL1|general> <https://x.y> *b* :tada: :ours: &amp; <!subteam^S0SRE00001>`,
    );
    expect(message.blocks).toMatchObject([{ type: 'rich_text', block_id: expect.any(String) }]);
    expect(elements(message)).toEqual([
      section(
        { type: 'user', user_id: BO },
        text(' '),
        { type: 'channel', channel_id: 'C0GENERAL1' },
        text(' '),
        { type: 'link', url: 'https://x.y' },
        text(' '),
        text('b', 'bold'),
        text(' '),
        { type: 'emoji', name: 'tada', unicode: '1f389' },
        text(' '),
        { type: 'emoji', name: 'ours' },
        text(' & '),
        { type: 'usergroup', usergroup_id: 'S0SRE00001' },
      ),
    ]);
  });

  test('code is left alone, and dashes make a list', async () => {
    const ts = await kit.say('ana', 'typed', '- one\n- two\n`@bo 🎉`\n```\n- @bo\n```');
    const message = await kit.read(channel, ts);
    expect(message.text).toBe('• one\n• two\n`@bo 🎉`\n```\n- @bo\n```');
    expect(elements(message)).toEqual([
      list('bullet', 0, 'one', 'two'),
      section(text('@bo 🎉', 'code')),
      { type: 'rich_text_preformatted', elements: [text('- @bo')], border: 0 },
    ]);
  });

  test('after an edit text, blocks and the event agree', async () => {
    const ts = await kit.say('ana', 'typed', 'old *words*');
    const events = await kit.during(() =>
      kit.act('message/edit', { user: 'ana', channel: 'typed', ts, text: 'new _words_ for @bo' }),
    );
    const after = await kit.read(channel, ts);
    expect(after).toMatchObject({ text: `new _words_ for <@${BO}>`, edited: { user: ANA } });
    expect(elements(after)).toEqual([
      section(text('new '), text('words', 'italic'), text(' for '), { type: 'user', user_id: BO }),
    ]);
    expect(events).toMatchObject([
      {
        subtype: 'message_changed',
        message: { text: after.text, blocks: after.blocks },
        previous_message: { text: 'old *words*' },
      },
    ]);
  });
});
