import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkText, decodeSlack, plain } from '#domain/command/entered.js';

const names = {
  person: (id: string) => ({ U1: 'ana', W2: 'Bo Berg' })[id] ?? null,
  channel: (id: string) => ({ C1: 'ops' })[id] ?? null,
  group: (id: string) => ({ S2: 'oncall' })[id] ?? null,
};
const decoded = (raw: string) => decodeSlack(raw, names).text;

describe('what Slack sends becomes what was typed', () => {
  test.each([
    ['<@U1> restarts', '@ana restarts'],
    ['<@U1|old.name>', '@ana'],
    ['<@U9|cy>', '@cy'],
    ['<@U9>', '@U9'],
    ['<@W2>', '@Bo Berg'],
    ['<#C9|x>', '#x'],
    ['<#C1|>', '#ops'],
    ['<#C1>', '#ops'],
    ['<#C9|>', '#C9'],
    ['<#G5|secret>', '#secret'],
    ['<!here> <!channel> <!everyone>', '@here @channel @everyone'],
    ['<!here|here>', '@here'],
    ['<!subteam^S1|@sre>', '@sre'],
    ['<!subteam^S1|sre>', '@sre'],
    ['<!subteam^S1>', '@S1'],
    ['<!subteam^S2>', '@oncall'],
    ['<!subteam^S2|>', '@oncall'],
    ['<!group>', '@group'],
    ['<!date^1392734382^{date_num}>', '2014-02-18 14:39 UTC'],
    ['<!date^99999999999999999^{date_num}>', '<!date^99999999999999999^{date_num}>'],
    ['<!date^1392734382^{date_num} {time_secs}|2014-02-18 6:39:42 AM>', '2014-02-18 6:39:42 AM'],
    ['<!date^1392734382^{date}^https://x.y|Feb 18>', 'Feb 18'],
    ['<https://x.y>', 'https://x.y'],
    ['<https://x.y/?a=1&amp;b=2#c>', 'https://x.y/?a=1&b=2#c'],
    ['<http://x.y|x.y>', 'x.y'],
    ['<https://x.y/a|x.y/a>', 'x.y/a'],
    ['<http://x.y/|x.y>', 'x.y'],
    ['<mailto:ana@x.y|ana@x.y>', 'ana@x.y'],
    ['<tel:+15551234|+1 555-1234>', '+1 555-1234'],
    ['<https://x.y|the runbook>', 'the runbook (https://x.y)'],
    ['<https://x.y|a &lt; b>', 'a < b (https://x.y)'],
    ['&lt;b&gt; &amp; c', '<b> & c'],
    ['&amp;lt; &amp;amp;', '&lt; &amp;'],
    ['&lt;@U1&gt;', '<@U1>'],
    ['&quot; &#39; & &amp', '&quot; &#39; & &amp'],
    ['<foo> <> <std::vector> a < b', '<foo> <> <std::vector> a < b'],
    ['<!unknown^x|y>', '<!unknown^x|y>'],
    ['< https://x.y', '< https://x.y'],
    [':fire: *bold* `code` ‮ي e\u0301 👩‍🚒\r\n\t\u0007', ':fire: *bold* `code` ‮ي e\u0301 👩‍🚒\r\n\t\u0007'],
  ])('%j is %j', (raw, text) => expect(decoded(raw)).toBe(text));

  test('any text, encoded as Slack does, comes back', () => {
    const encode = (s: string) => s.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    const text = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({
        unit: fc.constantFrom('&', '<', '>', 'amp;', 'lt;', 'gt;', '@', 'U1', '|', '#', '!', ' '),
      }),
    );
    fc.assert(fc.property(text, (s) => expect(decoded(encode(s))).toBe(s)));
  });
});

describe('who is named', () => {
  test('spans point into the decoded text', () => {
    const entered = decodeSlack('&lt;3 <@U1>, <@W2> and @cy.', names);
    expect(entered.text).toBe('<3 @ana, @Bo Berg and @cy.');
    expect(entered.mentions.map((m) => [entered.text.slice(m.start, m.end), m.id, m.name])).toEqual([
      ['@ana', 'U1', 'ana'],
      ['@Bo Berg', 'W2', 'Bo Berg'],
      ['@cy', null, 'cy'],
    ]);
  });

  test('somebody unknown has only an id', () => {
    expect(decodeSlack('<@U9>', names).mentions).toEqual([{ start: 0, end: 3, id: 'U9', name: null }]);
  });

  test('addresses and everybody are nobody', () => {
    expect(decodeSlack('<!here> @channel x@y.z <mailto:a@b.c|a@b.c>', names).mentions).toEqual([]);
  });

  test('a user group is told from a person by its id', () => {
    expect(decodeSlack('<!subteam^S1|@sre> <!subteam^S2> <!subteam^S3>', names).mentions).toEqual([
      { start: 0, end: 4, id: 'S1', name: 'sre' },
      { start: 5, end: 12, id: 'S2', name: 'oncall' },
      { start: 13, end: 16, id: 'S3', name: null },
    ]);
  });

  test('a terminal has no control sequences', () => {
    expect(plain('&lt; <@U1> @ana')).toEqual({
      text: '&lt; <@U1> @ana',
      mentions: [
        { start: 6, end: 9, id: null, name: 'U1' },
        { start: 11, end: 15, id: null, name: 'ana' },
      ],
    });
  });
});

describe('what cannot be kept is refused', () => {
  test.each([
    ['a\0b', 'BAD_TEXT'],
    ['\ud83d', 'BAD_TEXT'],
    ['x\udc00y', 'BAD_TEXT'],
    ['xxxxxx', 'TEXT_TOO_LONG'],
    ['🔥🔥🔥🔥🔥', null],
    ['🔥🔥🔥🔥🔥🔥', 'TEXT_TOO_LONG'],
    ['\u0001\u200b\uffff', null],
  ])('%j: %s', (text, code) => expect(checkText(text, 5)?.code ?? null).toBe(code));
});
