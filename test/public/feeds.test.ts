import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseAtomFeed, parseJsonFeed } from 'feedsmith';
import { parseFragment, type DefaultTreeAdapterTypes as Tree } from 'parse5';
import Reader from 'rss-parser';
import { z } from 'zod';
import type { PublicIncident, PublicPage } from '#domain/status/page.js';
import { feedFiles } from '#public/files/feeds.js';
import { escaped, piecesOf, shown, shownLine, textAsHtml } from '#public/plain.js';
import { LANGUAGES, type LookSettings } from '#public/settings.js';
import { entered } from '../render/texts.js';
import { effort } from '../support/effort.js';
import { component, founding, idOf, LOOK, maintenance, pageOf, post, TTS, WORDS } from './made-page.js';

const filesOf = (page: PublicPage, look: LookSettings = LOOK) => new Map(feedFiles(page, look, WORDS));

function fileOf(page: PublicPage, path: string, look: LookSettings = LOOK): string {
  const file = filesOf(page, look).get(path);
  if (file === undefined) throw new Error(`there is no ${path}`);
  return file;
}

/** From the specification, https://www.jsonfeed.org/version/1.1/, and no field besides. */
const jsonFeed = z.strictObject({
  version: z.literal('https://jsonfeed.org/version/1.1'),
  title: z.string().min(1),
  home_page_url: z.url().optional(),
  feed_url: z.url().optional(),
  language: z.enum(LANGUAGES),
  authors: z.array(z.strictObject({ name: z.string().min(1), url: z.url().optional() })).min(1),
  items: z.array(
    z.strictObject({
      id: z.string().regex(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      url: z.url().optional(),
      title: z.string().min(1),
      content_html: z.string().min(1),
      date_published: z.iso.datetime(),
      date_modified: z.iso.datetime(),
      tags: z.array(z.string().min(1)).min(1).optional(),
    }),
  ),
});

/** What each reader finds. Titles are text. */
interface Found {
  title: string;
  entries: Array<{ id: string; title: string; link: string | null; html: string; updated: string }>;
}

const seconds = (time: string | undefined) => (time === undefined ? '' : new Date(time).toISOString());

/** Three ways to read a feed: two parsers of Atom and one of JSON Feed. All must find the same. */
async function readAll(
  page: PublicPage,
  look: LookSettings = LOOK,
  path = 'feed',
): Promise<Record<string, Found>> {
  const atom = fileOf(page, `${path}.atom`, look);
  const smith = parseAtomFeed(atom);
  const rss = await new Reader({ customFields: { item: ['updated'] } }).parseString(atom);
  const json = parseJsonFeed(fileOf(page, `${path}.json`, look));
  jsonFeed.parse(JSON.parse(fileOf(page, `${path}.json`, look)));
  return {
    'feedsmith, Atom': {
      title: smith.title?.value ?? '',
      entries: (smith.entries ?? []).map(({ id, title, links, content, updated }) => ({
        ...{ id: id ?? '', title: textOf(title?.value ?? ''), link: links?.[0]?.href ?? null },
        ...{ html: content?.value ?? '', updated: seconds(updated) },
      })),
    },
    'rss-parser': {
      title: rss.title ?? '',
      entries: rss.items.map((item) => ({
        ...{ id: (item as { id?: string }).id ?? '', title: textOf(item.title ?? '') },
        ...{ link: item.link ?? null, html: item.content ?? '', updated: seconds(item.updated) },
      })),
    },
    'feedsmith, JSON Feed': {
      title: json.title ?? '',
      entries: (json.items ?? []).map(({ id, title, url, content_html, date_modified }) => ({
        ...{ id: id ?? '', title: title ?? '', link: url ?? null },
        ...{ html: content_html ?? '', updated: seconds(date_modified) },
      })),
    },
  };
}

function textOf(html: string): string {
  const text = (node: Tree.ChildNode): string => {
    if (node.nodeName === '#text') return (node as Tree.TextNode).value;
    if (node.nodeName === 'br') return '\n';
    return ((node as Tree.Element).childNodes ?? []).map(text).join('');
  };
  return parseFragment(html).childNodes.map(text).join('');
}

function elements(html: string): Tree.Element[] {
  const inside = (nodes: Tree.ChildNode[]): Tree.Element[] =>
    nodes.flatMap((node) => ('tagName' in node ? [node, ...inside(node.childNodes)] : []));
  return inside(parseFragment(html).childNodes);
}

/** The words of posts in an entry: those paragraphs whose direction follows from what they say. */
const wordsIn = (html: string): string[] =>
  html
    .split('\n')
    .filter((line) => line.startsWith('<p dir="auto">'))
    .map(textOf);

/** What XML 1.0 cannot hold, and what would turn a text round. */
const FORBIDDEN = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]|[\u202a-\u202e\u2066-\u2069]/u;

describe('feeds', () => {
  test('each parser finds the founding incident: its title, link, times and posts, the newest first', async () => {
    const found = await readAll(pageOf({ maintenances: [] }));
    for (const { title, entries } of Object.values(found)) {
      expect(title).toBe('Sonora status');
      expect(entries).toHaveLength(1);
      const [entry] = entries;
      expect(entry).toMatchObject({
        title: 'Text to Speech requests fail',
        link: 'https://status.sonora.example/incidents/INC-1.html',
        updated: '2024-11-10T03:21:00.000Z',
      });
      expect(entry?.html.split('\n')).toEqual([
        '<p><strong>State postmortem</strong> · <time datetime="2024-11-10T03:21:00Z">2024-11-10 04:21 (UTC+01:00)</time></p>',
        '<p dir="auto">A key was rotated too early.</p>',
        '<p><strong>State resolved</strong> · <time datetime="2024-11-10T02:02:00Z">2024-11-10 03:02 (UTC+01:00)</time></p>',
        '<p dir="auto">All requests succeed.</p>',
        `<ul><li><bdi>${TTS}</bdi>: Component operational</li></ul>`,
        '<p><strong>State monitoring</strong> · <time datetime="2024-11-10T01:44:00Z">2024-11-10 02:44 (UTC+01:00)</time></p>',
        '<p dir="auto">A fix is in place.<br>We watch it.</p>',
        `<ul><li><bdi>${TTS}</bdi></li></ul>`,
        '<p><em>Corrected at 2024-11-10 02:50 (UTC+01:00)</em></p>',
        '<p><strong>State identified</strong> · <time datetime="2024-11-10T01:41:00Z">2024-11-10 02:41 (UTC+01:00)</time></p>',
        '<p dir="auto">Requests fail with 401 &amp; &lt;nothing&gt;.</p>',
        `<ul><li><bdi>${TTS}</bdi>: Component partial</li></ul>`,
      ]);
    }
  });

  test('an Atom feed has all that the specification wants of it', () => {
    const feed = parseAtomFeed(fileOf(pageOf(), 'feed.atom', { ...LOOK, language: 'de' }));
    expect(feed).toMatchObject({
      id: expect.stringMatching(/^urn:uuid:/),
      title: { value: 'Sonora status' },
      updated: '2024-11-12T09:00:00.000Z',
      authors: [{ name: 'Sonora status' }],
      links: [
        { rel: 'alternate', href: 'https://status.sonora.example/' },
        { rel: 'self', href: 'https://status.sonora.example/feed.atom' },
      ],
      generator: { text: 'Tocsin' },
      xml: { lang: 'de' },
    });
    for (const entry of feed.entries ?? [])
      expect(entry).toMatchObject({
        id: expect.stringMatching(/^urn:uuid:/),
        title: { type: 'html' },
        content: { type: 'html' },
        published: expect.any(String),
        updated: expect.any(String),
      });
    const ids = [feed.id, ...(feed.entries ?? []).map(({ id }) => id)];
    expect(new Set(ids).size).toBe(3);
  });

  test('a JSON feed is of version 1.1, and says its language, author, addresses and components', () => {
    const feed = jsonFeed.parse(JSON.parse(fileOf(pageOf(), 'feed.json')));
    expect(feed).toMatchObject({
      home_page_url: 'https://status.sonora.example',
      feed_url: 'https://status.sonora.example/feed.json',
      language: 'en',
      authors: [{ name: 'Sonora status', url: 'https://status.sonora.example' }],
      items: [{ title: 'Database upgrade', tags: ['Dubbing'] }, { tags: [TTS] }],
    });
  });

  test('planned work says for when it is planned and of what; where nobody wrote anything only the state is said', async () => {
    const posts = [
      post({ at: '2024-11-20T22:00:00Z', state: 'in_progress', text: null }),
      ...maintenance().posts,
    ];
    const page = pageOf({ incidents: [], maintenances: [maintenance({ state: 'in_progress', posts })] });
    for (const { entries } of Object.values(await readAll(page))) {
      expect(entries[0]).toMatchObject({
        title: 'Database upgrade',
        link: 'https://status.sonora.example/incidents/MNT-3.html',
      });
      expect(entries[0]?.html.split('\n').map(textOf)).toEqual([
        'Planned from 2024-11-20 23:00 (UTC+01:00) to 2024-11-21 01:00 (UTC+01:00)',
        'Dubbing',
        'State in_progress · 2024-11-20 23:00 (UTC+01:00)',
        'State scheduled · 2024-11-12 10:00 (UTC+01:00)',
        'Dubbing will be slow.',
      ]);
    }
  });

  test('a withdrawn post keeps its place and its time, and loses its words; erased words are said to be', async () => {
    const posts = [
      post({ at: '2024-11-10T02:00:00Z', text: null, withdrawnAt: '2024-11-10T02:05:00Z' }),
      post({ at: '2024-11-10T01:50:00Z', text: 'Left by mistake', withdrawnAt: '2024-11-10T02:06:00Z' }),
      post({ at: '2024-11-10T01:41:00Z', text: null }),
    ];
    const page = pageOf({ incidents: [founding({ posts })], maintenances: [] });
    for (const { entries } of Object.values(await readAll(page)))
      expect(entries[0]?.html.split('\n').map(textOf)).toEqual([
        'State investigating · 2024-11-10 03:00 (UTC+01:00)',
        'Withdrawn at 2024-11-10 03:05 (UTC+01:00)',
        'State investigating · 2024-11-10 02:50 (UTC+01:00)',
        'Withdrawn at 2024-11-10 03:06 (UTC+01:00)',
        'State investigating · 2024-11-10 02:41 (UTC+01:00)',
        'These words were erased.',
      ]);
  });

  test('a time is as exact as it was given', () => {
    const page = pageOf({
      maintenances: [],
      incidents: [
        founding({
          posts: (['second', 'minute', 'approx', 'date'] as const).map((precision) =>
            post({ at: '2024-11-10T01:41:09Z', precision }),
          ),
        }),
      ],
    });
    const { items } = jsonFeed.parse(JSON.parse(fileOf(page, 'feed.json')));
    const times = [...(items[0]?.content_html.matchAll(/<time datetime="(.*?)">(.*?)<\/time>/g) ?? [])];
    expect(times.map(([, machine, people]) => [machine, people])).toEqual([
      ['2024-11-10T01:41:09Z', '2024-11-10 02:41:09 (UTC+01:00)'],
      ['2024-11-10T01:41:09Z', '2024-11-10 02:41 (UTC+01:00)'],
      ['2024-11-10T01:41:09Z', '2024-11-10 ~02:41 (UTC+01:00)'],
      ['2024-11-10', '2024-11-10'],
    ]);
  });

  test('a next update is promised as long as the incident is open', () => {
    const at = (over: boolean) => {
      const posts = [post({ at: '2024-11-10T01:41:00Z', nextBy: '2024-11-10T02:11:00Z' })];
      return fileOf(pageOf({ incidents: [founding({ over, posts })] }), 'feed.json');
    };
    expect(at(false)).toContain('Next by 2024-11-10 03:11 (UTC+01:00)');
    expect(at(true)).not.toContain('Next by');
  });

  test('an entry keeps its id when its title, words and the address of the page change', () => {
    const ids = (page: PublicPage, look?: LookSettings) =>
      jsonFeed.parse(JSON.parse(fileOf(page, 'feed.json', look))).items.map(({ id }) => id);
    const before = ids(pageOf({ maintenances: [] }));
    const changed = founding({
      title: 'Something else',
      updatedAt: '2024-11-11T00:00:00Z',
      posts: [post({ at: '2024-11-10T01:41:00Z' })],
    });
    expect(
      ids(pageOf({ incidents: [changed], maintenances: [] }), {
        ...LOOK,
        url: 'https://other.example/status',
      }),
    ).toEqual(before);
    expect(ids(pageOf({ incidents: [founding({ id: idOf('another') })], maintenances: [] }))).not.toEqual(
      before,
    );
  });

  test('the same page gives the same bytes later', () => {
    expect(filesOf(pageOf({ at: '2030-01-01T00:00:00Z' }))).toEqual(filesOf(pageOf()));
    const nothing = { updatedAt: null, incidents: [], maintenances: [] };
    const young = (knownFrom: string) =>
      filesOf(
        pageOf({
          ...nothing,
          at: knownFrom,
          components: [component({ name: 'New', knownFrom, uptime: null })],
        }),
      );
    expect(young('2024-11-15T12:00:01Z')).toEqual(young('2024-11-15T12:00:00Z'));
  });

  test('of many the newest 50 by when they were last spoken of; what was never written about is in none', () => {
    const at = (i: number) =>
      new Date(Date.UTC(2024, 0, 1) + i * 3_600_000).toISOString().replace('.000', '');
    const incidents = Array.from({ length: 80 }, (_, i) =>
      founding({ id: idOf(`many ${i}`), title: `Incident ${i}`, updatedAt: at(i) }),
    ).reverse();
    const spoken: PublicIncident = founding({ id: idOf('old'), title: 'Old', updatedAt: at(500) });
    const silent: PublicIncident = founding({
      id: idOf('silent'),
      title: 'Silent',
      updatedAt: at(600),
      posts: [],
    });
    const page = pageOf({
      incidents: [...incidents, spoken, silent],
      maintenances: [maintenance({ updatedAt: at(78) })],
    });
    const feed = jsonFeed.parse(JSON.parse(fileOf(page, 'feed.json')));
    const titles = feed.items.map(({ title }) => title);
    expect(titles).toHaveLength(50);
    expect(titles[0]).toBe('Old');
    expect(titles[1]).toBe('Incident 79');
    expect(new Set(titles.slice(2, 4))).toEqual(new Set(['Database upgrade', 'Incident 78']));
    expect(titles).not.toContain('Silent');
    expect(parseAtomFeed(fileOf(page, 'feed.atom')).updated).toBe(seconds(at(500)));
  });

  test('5,000 incidents and 500 components: each feed has its newest 50, and each entry is worded once', () => {
    const names = Array.from({ length: 500 }, (_, i) => `Component ${i}`);
    const incidents = Array.from({ length: 5_000 }, (_, i) => {
      const touched = [...new Set([i % 500, (i * 7) % 500, 0])].map((n) => ({
        name: names[n] ?? '',
        worst: 'major' as const,
      }));
      const posts = [post({ at: '2024-11-10T01:41:00Z' })];
      return founding({
        id: idOf(`${i}`),
        title: null,
        posts,
        components: touched.map((each) => ({ ...each, state: 'operational' })),
      });
    });
    const page = pageOf({ incidents, components: names.map((name) => component({ name })) });
    let worded = 0;
    const titleOf = () => `Trouble ${++worded}`;
    const files = new Map(feedFiles(page, LOOK, { ...WORDS, titleOf }));
    expect(files.size).toBe(1_002);
    expect(worded).toBeLessThanOrEqual(5_000);
    for (const [path, most] of [
      ['feed', 50],
      ['components/component-0', 50],
      ['components/component-499', 20],
    ] as const) {
      expect(parseAtomFeed(files.get(`${path}.atom`) ?? '').entries).toHaveLength(most);
      expect(parseJsonFeed(files.get(`${path}.json`) ?? '').items).toHaveLength(most);
    }
  });

  test('a component has feeds of its own, with what touched it and nothing else', async () => {
    const page = pageOf();
    expect([...filesOf(page).keys()].sort()).toEqual(
      ['feed', 'components/dubbing', 'components/text-to-speech-developer-api', 'components/website']
        .flatMap((path) => [`${path}.atom`, `${path}.json`])
        .sort(),
    );
    for (const { title, entries } of Object.values(
      await readAll(page, LOOK, 'components/text-to-speech-developer-api'),
    )) {
      expect(title).toBe(`Sonora status – ${TTS}`);
      expect(entries.map((entry) => entry.title)).toEqual(['Text to Speech requests fail']);
    }
    for (const { entries } of Object.values(await readAll(page, LOOK, 'components/website')))
      expect(entries).toEqual([]);
    expect(parseAtomFeed(fileOf(page, 'components/dubbing.atom'))).toMatchObject({
      updated: '2024-11-12T09:00:00.000Z',
      links: [
        { href: 'https://status.sonora.example/components/dubbing.html' },
        { href: 'https://status.sonora.example/components/dubbing.atom' },
      ],
      entries: [{ title: { value: 'Database upgrade' } }],
    });
  });

  test('a page whose address is not known has ids and no links', async () => {
    const look = { ...LOOK, url: null };
    const page = pageOf({ incidents: [founding({ title: '<link href="urn:uuid:1"/>' })] });
    expect(fileOf(page, 'feed.atom', look)).not.toMatch(/<link|https?:\/\/(?!www\.w3)/);
    const json = JSON.parse(fileOf(page, 'feed.json', look));
    expect([json.home_page_url, json.feed_url, json.authors]).toEqual([
      undefined,
      undefined,
      [{ name: LOOK.title }],
    ]);
    for (const { entries } of Object.values(await readAll(page, look)))
      expect(entries.map(({ title, link }) => ({ title, link }))).toEqual([
        { title: 'Database upgrade', link: null },
        { title: '<link href="urn:uuid:1"/>', link: null },
      ]);
    expect(parseAtomFeed(fileOf(page, 'feed.atom', look)).links ?? []).toEqual([]);
    const ids = async (of: LookSettings) =>
      Object.values(await readAll(page, of)).flatMap(({ entries }) => entries.map(({ id }) => id));
    expect(await ids(look)).toEqual(await ids(LOOK));
  });

  const WILD: Readonly<Record<string, string>> = {
    'the end of CDATA': ']]>',
    'many ends of CDATA': 'a ]]> b ]]> c ]]&gt; ]]]]><![CDATA[>',
    references: '&amp; &amp;amp; &lt; &#38; & &unknown;',
    script: '<script>alert(1)</script><img src=x onerror=alert(1)><svg/onload=alert(1)>',
    'the end of the document': "</p></content></entry></feed><!-- --> <?xml version='1.0'?> <!DOCTYPE x>",
    'control characters': '\u0000\u0001\u0008\u000b\u000c\u001b[31mred\u001b[0m\u007f\u0085\u009f',
    'halves of characters': 'high \ud83d low \ude00 \ufffe\uffff \ufdd0 \u{1fffe}',
    'marks of direction': 'user\u202egnp.exe \u2066isolated\u2069 \u200fright',
    'line breaks': 'one\r\ntwo\rthree\u2028four\u2029five\n\n  six',
    emoji: 'family 👩‍👩‍👧 flag 🏴󠁧󠁢󠁥󠁮󠁧󠁿 é e\u0301',
    Arabic: 'مرحبا بالعالم',
    addresses: 'see https://a.example/x?y=1&z=<2>"3" and (http://b.example/c_(d)). javascript:alert(1)',
    '40,000 characters': `${'word & <tag> ]]> '.repeat(2_500)}`,
  };
  test.each(Object.entries(WILD))(
    '%s: comes back from every parser, wherever it was written',
    async (_, text) => {
      await comesBack(text, text, text);
    },
  );

  test('any text comes back from every parser, wherever it was written', async () => {
    await fc.assert(fc.asyncProperty(entered, entered, entered, comesBack), { numRuns: effort(150) });
  });

  async function comesBack(text: string, title: string, name: string) {
    const page = pageOf({
      components: [component({ name, slug: 'x' })],
      incidents: [
        founding({
          title,
          components: [{ name, worst: 'major', state: 'major' }],
          posts: [
            post({ at: '2024-11-10T01:44:00Z', text, components: [{ name, from: 'major', to: 'partial' }] }),
            post({ at: '2024-11-10T01:41:00Z', text: `${text}${text}` }),
          ],
        }),
      ],
      maintenances: [maintenance({ title, components: [name], posts: [] })],
    });
    const look = { ...LOOK, title };
    for (const [path, content] of filesOf(page, look)) {
      if (FORBIDDEN.test(content)) throw new Error(`${path} holds what nobody is to be given`);
    }
    const known = new Set(['p', 'strong', 'time', 'em', 'ul', 'li', 'bdi', 'br', 'a']);
    for (const [reader, found] of Object.entries(await readAll(page, look, 'components/x'))) {
      const told = { reader, title: found.title, titles: found.entries.map((entry) => entry.title) };
      const line = shownLine(title);
      expect(told).toEqual({
        reader,
        title: `${shownLine(title)} – ${shownLine(name)}`,
        titles: [line, line],
      });
      const html = found.entries.find((entry) => entry.link?.includes('INC-1'))?.html ?? '';
      expect({ reader, words: wordsIn(html) }).toEqual({
        reader,
        words: [text, `${text}${text}`].map(shown),
      });
      for (const { tagName, attrs } of elements(html)) {
        expect(known).toContain(tagName);
        for (const attr of attrs) expect(['dir', 'datetime', 'href', 'rel']).toContain(attr.name);
        const href = attrs.find(({ name: of }) => of === 'href')?.value;
        if (href !== undefined) expect(href).toMatch(/^https?:\/\//);
      }
      expect(textOf(html)).toContain(shownLine(name));
    }
  }
});

describe('a text as the public is given it', () => {
  test('pieces put together are the text, and links lead to where they say', () => {
    fc.assert(
      fc.property(entered, (text) => {
        const pieces = piecesOf(text);
        expect(pieces.map((piece) => (typeof piece === 'string' ? piece : piece.text)).join('')).toBe(text);
        for (const piece of pieces)
          if (typeof piece !== 'string') expect(new URL(piece.text).href).toBe(piece.url);
        expect(textOf(textAsHtml(text))).toBe(shown(text));
      }),
      { numRuns: effort(500) },
    );
  });

  test.each([
    ['See https://a.example/x.', ['https://a.example/x']],
    ['(https://a.example/b_(c)), http://d.example!', ['https://a.example/b_(c)', 'http://d.example']],
    ['HTTPS://A.example/?q=1&r=2#h and ftp://no.example', ['HTTPS://A.example/?q=1&r=2#h']],
    ['https://bank.example@evil.example/ https:// javascript:alert(1) xhttps://a.example', []],
    ['状況は「https://a.example/b」をご覧ください', ['https://a.example/b']],
  ])('in %p the addresses are %p', (text, addresses) => {
    expect(piecesOf(text).flatMap((piece) => (typeof piece === 'string' ? [] : [piece.text]))).toEqual(
      addresses,
    );
  });

  test.each([
    ['one\r\ntwo\rthree\u2028four\u2029five\nsix', 'one\ntwo\nthree\nfour\nfive\nsix'],
    ['\u001b[31mred \u0000bell\u0007\ttab\u0085end', '[31mred bell\ttab\nend'],
    ['user\u202egnp.exe \u2066a\u2069', 'usergnp.exe a'],
    ['\ufeffa\ud83d \ufffeb\u{1ffff} \ufff9c', 'a b c'],
    ['👩‍👩‍👧 e\u0301 \u200fא نامه\u200cها', '👩‍👩‍👧 e\u0301 \u200fא نامه\u200cها'],
    ['a\u200bb\u00adc\u2060d \u{e0041}\u{e007f}', 'abcd '],
    ['a  b &amp; <c>', 'a  b &amp; <c>'],
  ])('%j is shown as %j', (text, as) => {
    expect(shown(text)).toBe(as);
  });

  test('a title is one line, and never nothing', () => {
    expect(['a\n\tb  c\r', ' ', '\u202e\u0000'].map(shownLine)).toEqual(['a b c', '–', '–']);
  });

  test('shown twice is shown once, and leaves nothing that XML cannot hold or that turns a text round', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), entered, (one, other) => {
        const text = shown(one + other);
        expect(text).not.toMatch(FORBIDDEN);
        expect(shown(text)).toBe(text);
        expect(escaped(shownLine(one))).not.toMatch(/[\n<>]/);
      }),
      { numRuns: effort(500) },
    );
  });
});
