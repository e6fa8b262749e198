import { describe, expect, test } from '@jest/globals';
import MarkdownIt from 'markdown-it';
import { closed } from '#render/clock.js';
import { renderExport } from '#render/exports.js';
import { mdText } from '#render/md.js';
import { collected, dossierOf, note, opened, type Recorded, when } from './incident.js';
import { elements, page, textOf } from './parsed.js';

const exported = (format: 'md' | 'html' | 'csv', ...entries: Recorded[]) =>
  collected(renderExport(format, dossierOf([opened('API down'), ...entries]), 'UTC'));

describe('addresses in Markdown', () => {
  test.each([
    'https://ab.example',
    'https://ab.example/d/x?from=now-1h&to=now#panel',
    'see http://localhost:3000/a_b, and call',
    '(https://ab.example/x).',
    'https://k.example/app#/?_g=(a:!(b))&_a=c',
    'https://a.example https://b.example',
  ])('%s stays as it was typed', (text) => expect(mdText(text)).toBe(text));

  test.each([
    ['https://ab.example/Foo_(bar)', '[https://ab.example/Foo\\_(bar)](<https://ab.example/Foo_(bar)>)'],
    ['see https://ab.example/%7Bx%7D.', 'see [https://ab.example/%7Bx%7D](https://ab.example/%7Bx%7D).'],
    ['!https://ab.example/a*b', '\\![https://ab.example/a\\*b](https://ab.example/a*b)'],
  ])('%s is a link around its own text', (text, written) => expect(mdText(text)).toBe(written));

  test('every one of them is a link for a reader', async () => {
    const texts = [
      'https://ab.example/a?b=c&d=e#f',
      'https://ab.example/x_(y)',
      'at https://ab.example/a*b, now',
    ];
    const md = await exported('md', ...texts.map((text, i) => note(i + 2, '01:50', text)));
    const html = page(new MarkdownIt({ linkify: true }).render(md));
    expect(elements(html, 'a').map((a) => a.attrs.find(({ name }) => name === 'href')?.value)).toEqual([
      'https://ab.example/a?b=c&d=e#f',
      'https://ab.example/x_(y)',
      'https://ab.example/a*b',
    ]);
    expect(md).not.toContain('\\:');
  });
});

test('a stack trace keeps its lines, in the source and for a reader', async () => {
  const trace = 'Error: no key\n    at gateway (auth.ts:12)\n\n- retry\n1. again\n\tat main';
  const md = await exported('md', note(2, '01:50', trace));
  expect(md).toContain(
    [
      '- 01:50 [#2] Error: no key  ',
      '  &#32;   at gateway (auth.ts:12)  ',
      '  \\',
      '  \\- retry  ',
      '  1\\. again  ',
      '  &#9;at main — Ana',
    ].join('\n'),
  );
  const html = new MarkdownIt().render(md);
  expect(html.split('<br>')).toHaveLength(6);
});

describe('a direction of writing that a text leaves open', () => {
  const open = ['\u202Eabc', '\u2066abc', '\u2067a\u202Eb', '\u202Aa\u2068b\u202Dc', 'a\u2069\u202Bb'];

  test.each([
    ['abc', ''],
    ['\u202Eabc', '\u202C'],
    ['\u202Eabc\u202C', ''],
    ['\u2067a\u202Eb', '\u202C\u2069'],
    ['\u2067a\u202Eb\u2069', ''],
    ['\u202Ea\u2069b\u202C\u202C', ''],
    ['\u2066a\u202Cb', '\u2069'],
  ])('%j is ended by %j', (text, end) => expect(closed(text)).toBe(text + end));

  test.each(open)('%j does not reach who said it in Markdown', async (text) => {
    const md = await exported('md', note(2, '01:50', text));
    expect(md).toContain(`[#2] ${closed(text)} — Ana`);
    expect(closed(text)).not.toBe(text);
  });

  test.each(open)('%j stays in its own element in HTML', async (text) => {
    const html = page(
      await exported('html', note(2, '01:50', text), {
        type: 'EntryStruck',
        data: { entry: 2, restored: null },
        texts: { reason: text },
      }),
    );
    expect(elements(html, 'bdi').map(textOf)).toEqual(expect.arrayContaining([text, 'Ana', text]));
  });

  test('of a name it does not reach whoever recorded the message', async () => {
    const captured: Recorded = {
      type: 'MessageCaptured',
      data: { ...when(2, '01:50'), channel: 'C7', ts: '1.2', author: 'U2', link: null },
      texts: { text: 'x', author: '\u202EoB' },
    };
    expect(await exported('md', captured)).toContain('\u202EoB\u202C (recorded by Ana)');
  });
});

test('CSV says who recorded a message and, in its last column, who wrote it', async () => {
  const captured: Recorded = {
    type: 'MessageCaptured',
    data: { ...when(3, '01:51'), channel: 'C7', ts: '1.2', author: 'U2', link: null },
    texts: { text: '\nx', author: '＝Bo' },
  };
  const [head, ...rows] = (await exported('csv', note(2, '01:50', '＠x'), captured)).split('\r\n');
  expect(head).toBe('\uFEFFn,at,until,precision,kind,text,by,source,link,struck,author');
  expect(rows).toContain("2,2024-11-10T01:50:00Z,,minute,note,'＠x,Ana,slack,,false,".replace('Z', '+00:00'));
  expect(rows).toContain('3,2024-11-10T01:51:00+00:00,,minute,message,"\'\nx",Ana,slack,,false,\'＝Bo');
});
