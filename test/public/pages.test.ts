import { readdirSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type DefaultTreeAdapterMap, defaultTreeAdapter, parse } from 'parse5';
import type { PublicPage } from '#domain/status/page.js';
import { assets, htmlFiles, type Wanted } from '#public/pages/pages.js';
import { beginning } from '#public/pages/pieces.js';
import { shown, shownLine } from '#public/plain.js';
import type { LookSettings } from '#public/settings.js';
import { entered } from '../render/texts.js';
import { effort } from '../support/effort.js';
import {
  component,
  everything,
  founding,
  incident,
  LOOK,
  large,
  maintenance,
  ninety,
  page,
  post,
} from './kit.js';

type Node = DefaultTreeAdapterMap['node'];
type Element = DefaultTreeAdapterMap['element'];

/** A parsed file, and what is asked of it. */
interface Doc {
  readonly source: string;
  /** All elements, in order. */
  readonly all: readonly Element[];
  /** By tag, or by `.class`, or by `#id`. */
  find(what: string): Element[];
  one(what: string): Element;
}

function docOf(source: string): Doc {
  const all: Element[] = [];
  const walk = (node: Node) => {
    if (defaultTreeAdapter.isElementNode(node)) all.push(node);
    if ('childNodes' in node) for (const child of node.childNodes) walk(child);
  };
  walk(parse(source));
  const find = (what: string) =>
    all.filter((element) => {
      if (what.startsWith('#')) return attribute(element, 'id') === what.slice(1);
      if (what.startsWith('.')) return attribute(element, 'class')?.split(' ').includes(what.slice(1));
      return element.tagName === what;
    });
  const one = (what: string) => {
    const [found] = find(what);
    if (!found) throw new Error(`there is no ${what}`);
    return found;
  };
  return { source, all, find, one };
}

const attribute = (element: Element, name: string) => element.attrs.find((it) => it.name === name)?.value;

function textOf(node: Node): string {
  if (defaultTreeAdapter.isTextNode(node)) return node.value;
  return 'childNodes' in node ? node.childNodes.map(textOf).join('') : '';
}

const within = (element: Element, tag: string): Element[] =>
  element.childNodes
    .filter((child) => defaultTreeAdapter.isElementNode(child))
    .flatMap((child) => [...(child.tagName === tag ? [child] : []), ...within(child, tag)]);

const built = (of: PublicPage, look: LookSettings = LOOK, wanted?: Wanted) =>
  new Map([...htmlFiles(of, look, wanted)]);

function file(files: ReadonlyMap<string, string>, path: string): Doc {
  const source = files.get(path);
  if (source === undefined) throw new Error(`there is no ${path}: ${[...files.keys()].join(' ')}`);
  return docOf(source);
}

const of = (what: PublicPage, path: string, look?: LookSettings) => file(built(what, look), path);

describe('the files', () => {
  test('are the first page, the history and its months, and one for each thing there is', () => {
    expect([...built(founding('after')).keys()].sort()).toEqual([
      'components/archive.html',
      'components/sign-in.html',
      'components/studio.html',
      'components/text-to-speech-developer-api.html',
      'components/voice-rendering.html',
      'components/webhooks.html',
      'history.html',
      'history/2024-09.html',
      'history/2024-11.html',
      'incidents/INC-5.html',
      'incidents/INC-7.html',
      'incidents/MNT-3.html',
      'incidents/o1b2c3d4e5f6.html',
      'index.html',
    ]);
    expect([...built(page()).keys()]).toEqual(['index.html', 'history.html']);
  });

  test('are made one after the other, none before it is asked for', () => {
    const [first] = htmlFiles(large(1, 20_000), LOOK);
    expect(first?.[0]).toBe('index.html');
  });

  test('one thing that changed: of incidents only its own page is made, and all that shows several', () => {
    const some = built(founding('after'), LOOK, { refs: new Set(['INC-5']) });
    const paths = [...built(founding('after')).keys()];
    expect([...some.keys()].sort()).toEqual(
      paths.filter((path) => !path.startsWith('incidents/') || path === 'incidents/INC-5.html').sort(),
    );
    const all = built(founding('after'));
    for (const [path, content] of some) expect(all.get(path)).toBe(content);
  });

  test('of 5,000 incidents and one that changed, one has its own page made', () => {
    const some = built(large(500, 5_000), LOOK, { refs: new Set(['INC-2500']) });
    expect([...some.keys()].filter((path) => path.startsWith('incidents/'))).toEqual([
      'incidents/INC-2500.html',
    ]);
  });

  test('begin as who serves them needs it, and lead nowhere but within the folder', () => {
    const files = built(everything(), LOOK, { refs: null, subscribe: true });
    const there = new Set([...files.keys(), ...[...assets(LOOK)].map(([path]) => path), 'subscribe.html']);
    for (const name of ['feed.atom', 'feed.json']) there.add(name);
    for (const { slug } of everything().components)
      for (const kind of ['atom', 'json']) there.add(`components/${slug}.${kind}`);
    const broken: string[] = [];
    for (const [path, source] of files) {
      expect(source).toMatch(/^<!doctype html>\n<html lang="en" dir="ltr"><head>/);
      const doc = docOf(source);
      for (const element of doc.all)
        for (const { name, value } of element.attrs) {
          if (!['href', 'src'].includes(name) || /^(?:https?:|data:|#)/.test(value)) continue;
          const { origin, pathname } = new URL(value, `http://folder/${path}`);
          if (
            value.startsWith('/') ||
            origin !== 'http://folder' ||
            !there.has(decodeURIComponent(pathname.slice(1)))
          )
            broken.push(`${path}: ${value}`);
        }
      const [skip] = doc.find('.skip');
      expect(skip && attribute(skip, 'href')).toBe('#main');
    }
    expect(broken).toEqual([]);
  });

  test('hold no style, no script and no handler of their own, for the policy forbids them', () => {
    for (const source of built(everything()).values()) {
      const doc = docOf(source);
      expect(doc.find('style')).toEqual([]);
      expect(doc.find('script').map((script) => [attribute(script, 'src'), textOf(script)])).toEqual([
        [expect.stringMatching(/^(?:\.\.\/)?page\.js$/), ''],
      ]);
      const names = new Set(doc.all.flatMap(({ attrs }) => attrs.map(({ name }) => name)));
      expect([...names].filter((name) => name === 'style' || name.startsWith('on'))).toEqual([]);
    }
  });

  test('have one h1, headings that skip no level, landmarks, and no id twice', () => {
    for (const [path, source] of built(everything())) {
      const doc = docOf(source);
      for (const once of ['h1', 'main', '#top', '#foot'])
        expect([path, once, doc.find(once).length]).toEqual([path, once, 1]);
      const levels = doc.all.flatMap(({ tagName }) => (/^h\d$/.test(tagName) ? [Number(tagName[1])] : []));
      levels.reduce((before, level) => {
        expect([path, level - before <= 1]).toEqual([path, true]);
        return level;
      });
      const ids = doc.all.flatMap((element) => attribute(element, 'id') ?? []);
      expect(new Set(ids).size).toBe(ids.length);
    }
  });

  test('are the same each time', () => {
    expect(isDeepStrictEqual(built(everything()), built(everything()))).toBe(true);
  });
});

describe('the first page', () => {
  test('says how things are in one polite line, with a shape beside its words', () => {
    const doc = of(founding('during'), 'index.html');
    expect(textOf(doc.one('#sentence'))).toBe('Some systems are not working as they should');
    expect(attribute(doc.one('#sentence'), 'role')).toBe('status');
    expect(within(doc.one('main'), 'p').filter((it) => attribute(it, 'role') === 'status')).toHaveLength(1);
    expect(within(doc.one('#overall'), 'svg').map((it) => attribute(it, 'aria-hidden'))).toEqual(['true']);
    expect(textOf(doc.one('title'))).toBe('Some systems are not working as they should · Example Voices');
  });

  test('shows the founding incident with the times of its report, before, during and after', () => {
    const posts = (when: 'before' | 'during' | 'after') =>
      of(founding(when), 'index.html')
        .find('.post')
        .filter((it) => attribute(it, 'id')?.startsWith('INC-7'))
        .map((it) => [
          textOf(within(it, 'h4')[0] as Element),
          textOf(within(it, 'time')[0] as Element),
          attribute(within(it, 'time')[0] as Element, 'datetime'),
        ]);
    const all = [
      ['Postmortem', '10 Nov 2024, 03:21 UTC', '2024-11-10T03:21:00Z'],
      ['Resolved', '10 Nov 2024, 02:02 UTC', '2024-11-10T02:02:00Z'],
      ['Monitoring', '10 Nov 2024, 01:44 UTC', '2024-11-10T01:44:00Z'],
      ['Identified', '10 Nov 2024, 01:41 UTC', '2024-11-10T01:41:00Z'],
    ];
    expect([posts('before'), posts('during'), posts('after')]).toEqual([[], all.slice(2), all]);
    const during = of(founding('during'), 'index.html');
    expect(textOf(during.one('.next'))).toBe('Next update by 10 Nov 2024, 02:15 UTC');
    expect(of(founding('after'), 'index.html').find('.next')).toEqual([]);
  });

  test('what is over for more than fourteen days is in the history alone', () => {
    expect(of(founding('after'), 'index.html').find('#i-o1b2c3d4e5f6')).toEqual([]);
    const quiet = textOf(of(page(), 'index.html').one('#past'));
    expect(quiet).toContain('No incidents in the last 14 days.');
  });

  test('every day has its words, and what is not known is neither well nor counted', () => {
    const doc = of(founding('after'), 'index.html');
    const runs = within(doc.one('#d-text-to-speech-developer-api'), 'li').map((it) =>
      textOf(it).replace(/\u2009/g, ' '),
    );
    expect(runs).toEqual([
      '10 Nov 2024 Partial outagePartial outage 3 mins, Degraded 18 mins · Clips cannot be created through the API',
      '25 Aug – 9 Nov 2024 Operational',
      '13 – 24 Aug 2024 Not known',
    ]);
    expect(textOf(doc.one('#d-text-to-speech-developer-api'))).toContain(
      '99.99% uptime in the 78 days that are known',
    );
    expect(textOf(doc.one('#d-archive'))).toContain('Uptime not known');
    expect(textOf(doc.one('#c-archive'))).not.toContain('100%');
    expect(textOf(doc.one('#counted'))).toContain('a partial outage counts 30%');
  });

  test('a day of each state is drawn in its own way', () => {
    const drawn = (state: 'maintenance' | 'degraded' | 'partial' | 'major' | 'operational' | null) => {
      const days = ninety('2024-11-10', state === null ? 90 : 0).slice(-1);
      const [day] =
        state === null || state === 'operational'
          ? days
          : ninety('2024-11-10', 0, { '2024-11-10': { seconds: { [state]: 60 }, refs: [] } }).slice(-1);
      const doc = of(page({ components: [component('X', { days: day ? [day] : [] })] }), 'components/x.html');
      const [svg] = within(doc.one('.bars'), 'path');
      return svg && attribute(svg, 'd');
    };
    const ways = [
      drawn('maintenance'),
      drawn('degraded'),
      drawn('partial'),
      drawn('operational'),
      drawn(null),
    ];
    expect(new Set(ways).size).toBe(5);
  });

  test('500 components are folded away, but those that are not well', () => {
    const doc = of(large(500, 0), 'index.html');
    const open = doc.find('.group').filter((group) => attribute(group, 'open') !== undefined);
    expect(open).toEqual([]);
    const inside = new Set(
      doc.find('.group').flatMap((group) => within(group, 'li').map((it) => attribute(it, 'id'))),
    );
    const all = doc.find('.component').map((it) => attribute(it, 'id'));
    expect(all).toHaveLength(500);
    expect(all.filter((id) => !inside.has(id)).sort()).toEqual(
      [
        'c-component-101',
        'c-component-198',
        'c-component-295',
        'c-component-392',
        'c-component-4',
        'c-component-489',
      ].sort(),
    );
  });

  test('links the form for subscribers where there is one', () => {
    const links = (subscribe: boolean) =>
      file(built(founding('after'), LOOK, { refs: null, subscribe }), 'index.html')
        .find('a')
        .filter((a) => attribute(a, 'href') === 'subscribe.html').length;
    expect([links(false), links(true)]).toEqual([0, 2]);
  });

  test('wears the look of the organisation', () => {
    const look: LookSettings = {
      ...LOOK,
      logo: { file: 'logo & co.svg', alt: 'Acme' },
      title: 'Acme',
      about: null,
      links: [],
    };
    const [img] = of(founding('after'), 'incidents/INC-7.html', look).find('img');
    expect(img && [attribute(img, 'src'), attribute(img, 'alt')]).toEqual(['../logo%20%26%20co.svg', 'Acme']);
    const style = new Map(assets({ colours: { accent: '#123456', accentDark: '#abcdef' } })).get('style.css');
    expect(style).toMatch(/light\)[^}]*--accent: #123456[\s\S]*dark\)[^}]*--accent: #abcdef/);
  });
});

describe('an incident', () => {
  const posts = (given: Parameters<typeof post>[1]) =>
    textOf(
      of(page({ incidents: [incident({ posts: [post(3, given)] })] }), 'incidents/INC-7.html').one('.posts'),
    );

  test('nobody reads how much else is recorded of it', () => {
    const posts = [post(4_711, { id: 'k3j9x2m4p8q1' })];
    for (const [path, source] of built(page({ incidents: [incident({ posts })] })))
      expect([path, source]).toEqual([path, expect.not.stringMatching(/4,?711/)]);
  });

  test('a time is as exact as it was said', () => {
    const when = (precision: 'second' | 'minute' | 'approx' | 'date') =>
      posts({ precision, at: '2024-11-10T23:41:09Z' });
    expect(when('approx')).toContain('about 10 Nov 2024, 23:41 UTC');
    expect(when('minute')).toContain('10 Nov 2024, 23:41 UTC');
    expect(when('date')).toContain('Investigating10 Nov 2024We');
  });

  test('a bare date stays the date that was typed, east and west', () => {
    for (const zone of ['Pacific/Kiritimati', 'Pacific/Pago_Pago']) {
      const doc = of(
        page({
          incidents: [incident({ posts: [post(1, { precision: 'date', at: '2024-11-10T00:00:00Z' })] })],
        }),
        'incidents/INC-7.html',
        { ...LOOK, zone },
      );
      const [time] = within(doc.one('.post'), 'time');
      expect(time && [attribute(time, 'datetime'), textOf(time)]).toEqual(['2024-11-10', '10 Nov 2024']);
    }
  });

  test('times are in the zone of the page, with half hours, and months follow it', () => {
    const files = built(
      page({
        incidents: [
          incident({ startedAt: '2024-10-31T19:00:00Z', posts: [post(1, { at: '2024-10-31T19:00:00Z' })] }),
        ],
      }),
      { ...LOOK, zone: 'Asia/Kolkata' },
    );
    expect(textOf(file(files, 'incidents/INC-7.html').one('.post'))).toContain('1 Nov 2024, 00:30 GMT+5:30');
    expect([...files.keys()]).toContain('history/2024-11.html');
  });

  test('a correction is seen with its time, a withdrawn post without its words', () => {
    expect(posts({ correctedAt: '2024-11-10T01:50:00Z' })).toContain('Corrected 10 Nov 2024, 01:50 UTC');
    const gone = posts({ text: null, withdrawnAt: '2024-11-10T01:55:00Z' });
    expect(gone).toContain('Withdrawn 10 Nov 2024, 01:55 UTC. This update was published by mistake.');
    expect(gone).toContain('10 Nov 2024, 01:41 UTC');
    expect(posts({ text: null })).toContain('The words of this update have been removed.');
    // Whatever a reading may still hold of it.
    expect(posts({ text: 'secret', withdrawnAt: '2024-11-10T01:55:00Z' })).not.toContain('secret');
  });

  test('without a title it is called by its components, without these it is an incident', () => {
    const names = ['Studio', 'Sign-in', 'A', 'B', 'C'].map(
      (name) => ({ name, worst: 'major', state: 'major' }) as const,
    );
    const title = (count: number) =>
      textOf(
        of(
          page({ incidents: [incident({ title: null, components: names.slice(0, count) })] }),
          'incidents/INC-7.html',
        ).one('h1'),
      );
    expect([0, 1, 2, 5].map(title)).toEqual([
      'Incident',
      'Problems with Studio',
      'Problems with Studio and Sign-in',
      'Problems with Studio, Sign-in, A and 2 more',
    ]);
  });

  test('the number of a private one is nowhere', () => {
    const doc = of(founding('after'), 'incidents/o1b2c3d4e5f6.html');
    expect(textOf(doc.one('.kind'))).toBe('Incident');
    expect(textOf(doc.one('main'))).not.toMatch(/INC-|o1b2c3d4e5f6/);
  });

  test('maintenance says what was planned and what was', () => {
    const doc = of(
      page({
        maintenances: [
          maintenance({
            state: 'completed',
            startedAt: '2024-11-12T22:03:00Z',
            endedAt: '2024-11-12T22:40:00Z',
          }),
        ],
      }),
      'incidents/MNT-3.html',
    );
    expect(textOf(doc.one('.facts'))).toBe(
      'Planned12 Nov 2024, 22:00 UTC to 12 Nov 2024, 23:30 UTCTook place12 Nov 2024, 22:03 UTC to 12 Nov 2024, 22:40 UTC',
    );
  });

  test('a post of 40,000 characters is whole on its page, and begun on the first', () => {
    const text = `${'word '.repeat(7_999)}last.`;
    const files = built(page({ incidents: [incident({ posts: [post(1, { text })] })] }));
    expect(textOf(file(files, 'incidents/INC-7.html').one('.words'))).toBe(text);
    expect(textOf(file(files, 'index.html').one('.words')).length).toBeLessThanOrEqual(701);
    expect(textOf(file(files, 'index.html').one('.read-on'))).toBe('Read on');
  });
});

describe('the history', () => {
  test('leads from month to month over those in which nothing was', () => {
    const at = (date: string) =>
      incident({ id: `x${date}`, ref: `INC-${date}`, startedAt: `${date}T12:00:00Z` });
    const files = built(page({ incidents: [at('2024-11-03'), at('2023-06-01'), at('2023-01-09')] }));
    expect([...files.keys()].filter((path) => path.startsWith('history/'))).toEqual([
      'history/2024-11.html',
      'history/2023-06.html',
      'history/2023-01.html',
    ]);
    const paging = within(file(files, 'history/2023-06.html').one('.paging'), 'a');
    expect(paging.map((a) => [attribute(a, 'rel'), attribute(a, 'href'), textOf(a)])).toEqual([
      ['prev', '2023-01.html', 'Earlier January 2023'],
      ['next', '2024-11.html', 'Later November 2024'],
    ]);
    expect(textOf(file(files, 'history.html').one('#newest'))).toBe('November 2024');
  });

  test('what is only planned has not happened', () => {
    expect(textOf(of(page({ maintenances: [maintenance()] }), 'history.html').one('main'))).toContain(
      'Nothing has happened yet.',
    );
  });
});

describe('what people wrote', () => {
  const nasty = [
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    '</title><svg onload=alert(1)>',
    '<!-- --><b>x</b>',
    '[x](javascript:alert(1)) javascript:alert(1) data:text/html,x',
  ];

  test('is a text, wherever it is shown', () => {
    for (const text of nasty) {
      const wild = wildPage(text);
      const look: LookSettings = {
        ...LOOK,
        title: text,
        about: text,
        links: [{ text, url: 'javascript:alert(1)' }],
      };
      const calm = built(wildPage('calm'), {
        ...LOOK,
        title: 'calm',
        about: 'calm',
        links: [{ text: 'calm', url: 'javascript:x' }],
      });
      for (const [path, source] of built(wild, look)) {
        const [ours, theirs] = [docOf(source), file(calm, path)];
        expect(ours.all.map(({ tagName }) => tagName)).toEqual(theirs.all.map(({ tagName }) => tagName));
        expect(textOf(ours.one('main'))).toContain(text);
        expect(
          ours.all.filter((it) => /^\s*(?:javascript|data:text)/i.test(attribute(it, 'href') ?? '')),
        ).toEqual([]);
      }
    }
  });

  test('whatever goes in, its words come out, and no element with them', () => {
    fc.assert(
      fc.property(entered, (text) => {
        fc.pre(shown(text).trim() !== '');
        const files = built(wildPage(text));
        const calm = built(wildPage('calm'));
        for (const [path, source] of files) {
          const doc = docOf(source);
          const tags = (it: Doc) => it.all.map(({ tagName }) => tagName).filter((tag) => tag !== 'a');
          expect(tags(doc)).toEqual(tags(file(calm, path)));
          expect(source).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b\ufeff]|[^\P{Cc}\n\t]/u);
        }
        const doc = file(files, 'incidents/INC-7.html');
        expect(textOf(doc.one('.words'))).toBe(shown(text).trim());
        expect(textOf(doc.one('h1'))).toBe(shownLine(text));
      }),
      { numRuns: effort(40) },
    );
  });

  test('its own direction of writing is its own, and nobody else’s', () => {
    const doc = of(wildPage('שלום'), 'incidents/INC-7.html');
    for (const place of ['.words', 'h1']) expect(attribute(doc.one(place), 'dir')).toBe('auto');
    const bidi = 'safe \u202egnihtemos\u202c \u2066else\u2069 \u0007end';
    expect(textOf(of(wildPage(bidi), 'incidents/INC-7.html').one('.words'))).toBe('safe gnihtemos else end');
  });

  const linksIn = (text: string) =>
    within(
      of(page({ incidents: [incident({ posts: [post(1, { text })] })] }), 'incidents/INC-7.html').one(
        '.words',
      ),
      'a',
    ).map((a) => [textOf(a), attribute(a, 'href'), attribute(a, 'rel')]);

  test.each([
    ['See https://a.example/b.', 'https://a.example/b', 'https://a.example/b'],
    ['(https://a.example/Foo_(bar))', 'https://a.example/Foo_(bar)', 'https://a.example/Foo_(bar)'],
    ['https://a.example/?q=a&b=c!?', 'https://a.example/?q=a&b=c', 'https://a.example/?q=a&b=c'],
    ['"http://a.example"', 'http://a.example', 'http://a.example/'],
    ['詳細は https://a.example/b。続き', 'https://a.example/b', 'https://a.example/b'],
    ['HTTPS://A.Example/X', 'HTTPS://A.Example/X', 'https://a.example/X'],
  ])('an address becomes a link without the sentence around it: %s', (text, shown, href) => {
    expect(linksIn(text)).toEqual([[shown, href, 'nofollow noopener noreferrer']]);
  });

  test.each([
    'javascript:alert(1)',
    'mailto:a@b.example',
    'ftp://a.example/',
    'https://',
    'https://bank.example@evil.example/',
    'xhttps://a.example',
    'data:text/html,<b>',
  ])('nothing else does: %s', (text) => {
    expect(linksIn(text)).toEqual([]);
  });

  test('an address of 40,000 brackets costs no more than its length', () => {
    const text = `https://a.example/${')'.repeat(39_000)}`;
    expect(linksIn(text)).toEqual([
      ['https://a.example/', 'https://a.example/', 'nofollow noopener noreferrer'],
    ]);
    expect(linksIn('https://'.repeat(5_000))).toEqual([]);
  });

  test('an excerpt never ends inside a character', () => {
    expect(beginning('a'.repeat(9), 10)).toBe('aaaaaaaaa');
    expect(beginning('one two three', 10)).toBe('one two…');
    expect(beginning(`${'a'.repeat(9)}🔥🔥`, 10)).toBe(`${'a'.repeat(9)}…`);
  });

  /** The text in every place that people fill. */
  function wildPage(text: string): PublicPage {
    return page({
      components: [component('c', { name: text, slug: 'c', group: text, description: text })],
      incidents: [
        incident({
          title: text,
          components: [{ name: text, worst: 'major', state: 'partial' }],
          posts: [post(1, { text, components: [{ name: text, from: 'operational', to: 'major' }] })],
        }),
      ],
      maintenances: [
        maintenance({
          title: text,
          state: 'in_progress',
          components: [text],
          posts: [post(1, { state: 'in_progress', text })],
        }),
      ],
    });
  }
});

test('what pages load is read from beside the code, and is what a build copies', () => {
  const here = new URL('../../src/public/pages/', import.meta.url);
  const files = new Map(assets(LOOK));
  expect(files.get('page.js')).toBe(readFileSync(new URL('page.js', here), 'utf8'));
  expect(files.get('style.css')).toBe(readFileSync(new URL('style.css', here), 'utf8'));
  expect(readdirSync(here)).toEqual(expect.arrayContaining(['page.js', 'style.css']));
});
